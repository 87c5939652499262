package builtin

import (
	"math"

	"rowkey/builtin/fmath"
	"rowkey/pgerr"
	"rowkey/types"
)

// Paths, polygons and circles.

// segments calls f with each segment of a path until f says to stop.
func segments(h geo, f func(geo) bool) {
	for i, p := range h.P {
		prev := i - 1
		if i == 0 {
			if !h.Closed {
				continue
			}
			prev = len(h.P) - 1
		}
		if !f(seg(h.P[prev], p)) {
			return
		}
	}
}

func pathDistance(h geo, p point) (d float64, ok bool) {
	if len(h.P) == 1 {
		return dist(p, h.P[0]), true
	}
	segments(h, func(s geo) bool {
		if _, e := closestOfSegToPoint(s, p); !ok || e < d {
			d, ok = e, true
		}
		return true
	})
	return d, ok
}

// segmentsDistance is that of the nearest segments of two paths; ok is false where
// one of them has none.
func segmentsDistance(a, b geo) (d float64, ok bool) {
	segments(a, func(s geo) bool {
		segments(b, func(t geo) bool {
			if _, e := closestOfSeg(s, t); !ok || e < d {
				d, ok = e, true
			}
			return true
		})
		return true
	})
	return d, ok
}

// onPath tells whether a point lies on an open path, or in a closed one.
func onPath(h geo, p point) bool {
	if h.Closed {
		return inPolygon(p, h.P)
	}
	on := false
	segments(h, func(s geo) bool {
		on = onSeg(s, p)
		return !on
	})
	return on
}

func definePaths() {
	H := types.Path
	define("area(path)", geo1(H, func(g geo) (types.Datum, error) {
		if !g.Closed {
			return types.Null, nil
		}
		sum := 0.0
		for i, p := range g.P {
			q := g.P[(i+1)%len(g.P)]
			sum += p.X * q.Y
			sum -= p.Y * q.X
		}
		return types.NewFloat(math.Abs(sum) / 2), nil
	}))
	count := func(f func(a, b int) bool) Func {
		return geoBool(H, H, func(a, b geo) bool { return f(len(a.P), len(b.P)) })
	}
	define("path_n_lt(path,path)", count(func(a, b int) bool { return a < b }))
	define("path_n_gt(path,path)", count(func(a, b int) bool { return a > b }))
	define("path_n_le(path,path)", count(func(a, b int) bool { return a <= b }))
	define("path_n_ge(path,path)", count(func(a, b int) bool { return a >= b }))
	define("path_n_eq(path,path)", count(func(a, b int) bool { return a == b }))
	define("isclosed(path)", geoBool1(H, func(g geo) bool { return g.Closed }))
	define("isopen(path)", geoBool1(H, func(g geo) bool { return !g.Closed }))
	define("npoints(path) path_npoints(path)", geo1(H, func(g geo) (types.Datum, error) { return types.NewInt(int64(len(g.P))), nil }))
	define("pclose(path)", geoMap(H, H, func(g geo) geo { g.Closed = true; return g }))
	define("popen(path)", geoMap(H, H, func(g geo) geo { g.Closed = false; return g }))
	define("path_length(path) length(path)", geoFloat1(H, func(g geo) (sum float64) {
		segments(g, func(s geo) bool { sum += dist(s.P[0], s.P[1]); return true })
		return sum
	}))
	define("path_inter(path,path)", geoBool(H, H, func(a, b geo) (cross bool) {
		if !overlap(bounds(a.P), bounds(b.P)) {
			return false
		}
		segments(a, func(s geo) bool {
			segments(b, func(t geo) bool { _, cross = crossSegs(s, t); return !cross })
			return !cross
		})
		return cross
	}))
	define("path_distance(path,path)", geo2(H, H, func(a, b geo) (types.Datum, error) {
		d, ok := segmentsDistance(a, b)
		if !ok {
			return types.Null, nil
		}
		return types.NewFloat(d), nil
	}))
	define("path_add(path,path)", geo2(H, H, func(a, b geo) (types.Datum, error) {
		if a.Closed || b.Closed {
			return types.Null, nil
		}
		return packed(H, geo{P: append(a.P, b.P...)}), nil
	}))
	define("path(polygon)", geoMap(types.Polygon, H, func(g geo) geo { g.Closed = true; return g }))
}

// inPolygon tells whether a point lies in a polygon or on its edge, by the number
// of times that the polygon winds around it.
func inPolygon(p point, ps []point) bool {
	winds := 0
	prev := point{X: ps[0].X - p.X, Y: ps[0].Y - p.Y}
	for i := range ps {
		q := ps[(i+1)%len(ps)]
		at := point{X: q.X - p.X, Y: q.Y - p.Y}
		n, on := crossing(at, prev)
		if on {
			return true
		}
		winds += n
		prev = at
	}
	return winds != 0
}

// crossing tells how the edge from prev to at crosses the positive x axis: 0 not,
// ±1 half (an end lies on it), ±2 upwards or downwards; on when it meets the origin.
func crossing(at, prev point) (n int, on bool) {
	if zero(at.Y) {
		switch {
		case zero(at.X):
			return 0, true
		case gt(at.X, 0):
			if zero(prev.Y) {
				return 0, !gt(prev.X, 0)
			}
			if lt(prev.Y, 0) {
				return 1, false
			}
			return -1, false
		}
		if zero(prev.Y) {
			return 0, !lt(prev.X, 0)
		}
		return 0, false
	}
	sign := -1
	if gt(at.Y, 0) {
		sign = 1
	}
	if zero(prev.Y) {
		if lt(prev.X, 0) {
			return 0, false
		}
		return sign, false
	}
	if sign < 0 && lt(prev.Y, 0) || sign > 0 && gt(prev.Y, 0) {
		return 0, false
	}
	if ge(at.X, 0) && gt(prev.X, 0) {
		return 2 * sign, false
	}
	if lt(at.X, 0) && le(prev.X, 0) {
		return 0, false
	}
	z := (at.X-prev.X)*at.Y - (at.Y-prev.Y)*at.X
	if zero(z) {
		return 0, true
	}
	if sign < 0 && lt(z, 0) || sign > 0 && gt(z, 0) {
		return 0, false
	}
	return 2 * sign, false
}

// polygonDistance is 0 inside.
func polygonDistance(g geo, p point) float64 {
	if inPolygon(p, g.P) {
		return 0
	}
	g.Closed = true
	d, _ := pathDistance(g, p)
	return d
}

// segInPolygon tells whether the segment from a to b lies in a polygon, looking at
// the edges from number start on. Where the segment touches or crosses an edge, its
// parts are looked at by themselves.
func segInPolygon(a, b point, ps []point, start int) bool {
	t := seg(a, b)
	prev := ps[(start-1+len(ps))%len(ps)]
	crossed := false
	for i := start; i < len(ps); i++ {
		s := seg(prev, ps[i])
		prev = ps[i]
		switch {
		case onSeg(s, a):
			if onSeg(s, b) {
				return true
			}
			if !touchInPolygon(a, b, s, ps, i+1) {
				return false
			}
		case onSeg(s, b):
			if !touchInPolygon(b, a, s, ps, i+1) {
				return false
			}
		default:
			if p, ok := crossSegs(t, s); ok {
				crossed = true
				if !segInPolygon(a, p, ps, i+1) || !segInPolygon(b, p, ps, i+1) {
					return false
				}
			}
		}
	}
	return crossed || inPolygon(middle(a, b), ps)
}

// touchInPolygon deals with a segment whose end a lies on the edge s: if the edge
// lies along it, only what is beyond the edge is left to look at.
func touchInPolygon(a, b point, s geo, ps []point, start int) bool {
	t := seg(a, b)
	switch {
	case types.NearPoints(a, s.P[0]):
		if onSeg(t, s.P[1]) {
			return segInPolygon(b, s.P[1], ps, start)
		}
	case types.NearPoints(a, s.P[1]):
		if onSeg(t, s.P[0]) {
			return segInPolygon(b, s.P[0], ps, start)
		}
	case onSeg(t, s.P[0]):
		return segInPolygon(b, s.P[0], ps, start)
	case onSeg(t, s.P[1]):
		return segInPolygon(b, s.P[1], ps, start)
	}
	return true
}

// polygonIn tells whether polygon b lies in polygon a.
func polygonIn(a, b geo) bool {
	if !boxContains(bounds(a.P), bounds(b.P)) {
		return false
	}
	prev := b.P[len(b.P)-1]
	for _, p := range b.P {
		if !segInPolygon(prev, p, a.P, 0) {
			return false
		}
		prev = p
	}
	return true
}

func polygonsOverlap(a, b geo) bool {
	if !overlap(bounds(a.P), bounds(b.P)) {
		return false
	}
	a.Closed, b.Closed = true, true
	cross := false
	segments(a, func(s geo) bool {
		segments(b, func(t geo) bool { _, cross = crossSegs(s, t); return !cross })
		return !cross
	})
	return cross || inPolygon(a.P[0], b.P) || inPolygon(b.P[0], a.P)
}

// samePolygon tells whether two polygons have the same points in the same order, or
// in the opposite one, wherever they begin.
func samePolygon(a, b geo) bool {
	n := len(a.P)
	if n != len(b.P) {
		return false
	}
	for at := range b.P {
		for _, step := range []int{1, n - 1} {
			same := true
			for i := 0; i < n && same; i++ {
				same = types.NearPoints(a.P[i], b.P[(at+i*step)%n])
			}
			if same {
				return true
			}
		}
	}
	return false
}

// circleOf is around the mean of a polygon's points, with their mean distance.
func circleOf(g geo) geo {
	var c point
	for _, p := range g.P {
		c.X, c.Y = c.X+p.X, c.Y+p.Y
	}
	n := float64(len(g.P))
	c = point{X: c.X / n, Y: c.Y / n}
	r := 0.0
	for _, p := range g.P {
		r += dist(p, c)
	}
	return geo{P: []point{c}, F: [3]float64{r / n}}
}

func definePolygons() {
	G := types.Polygon
	by := func(sig string, f func(a, b geo) bool) {
		define(sig, geoBool(G, G, func(a, b geo) bool { return f(bounds(a.P), bounds(b.P)) }))
	}
	by("poly_left(polygon,polygon)", func(a, b geo) bool { return a.P[0].X < b.P[1].X })
	by("poly_overleft(polygon,polygon)", func(a, b geo) bool { return a.P[0].X <= b.P[0].X })
	by("poly_right(polygon,polygon)", func(a, b geo) bool { return a.P[1].X > b.P[0].X })
	by("poly_overright(polygon,polygon)", func(a, b geo) bool { return a.P[1].X >= b.P[1].X })
	by("poly_below(polygon,polygon)", func(a, b geo) bool { return a.P[0].Y < b.P[1].Y })
	by("poly_overbelow(polygon,polygon)", func(a, b geo) bool { return a.P[0].Y <= b.P[0].Y })
	by("poly_above(polygon,polygon)", func(a, b geo) bool { return a.P[1].Y > b.P[0].Y })
	by("poly_overabove(polygon,polygon)", func(a, b geo) bool { return a.P[1].Y >= b.P[1].Y })
	define("poly_same(polygon,polygon)", geoBool(G, G, samePolygon))
	define("poly_overlap(polygon,polygon)", geoBool(G, G, polygonsOverlap))
	define("poly_contain(polygon,polygon)", geoBool(G, G, polygonIn))
	define("poly_contained(polygon,polygon)", geoBool(G, G, func(a, b geo) bool { return polygonIn(b, a) }))
	define("poly_contain_pt(polygon,point)", geoBool(G, types.Point, func(a, b geo) bool { return inPolygon(b.P[0], a.P) }))
	define("pt_contained_poly(point,polygon)", geoBool(types.Point, G, func(a, b geo) bool { return inPolygon(a.P[0], b.P) }))
	define("npoints(polygon) poly_npoints(polygon)", geo1(G, func(g geo) (types.Datum, error) { return types.NewInt(int64(len(g.P))), nil }))
	define("poly_center(polygon) point(polygon)", geoMap(G, types.Point, func(g geo) geo { return pointGeo(circleOf(g).P[0]) }))
	define("poly_distance(polygon,polygon)", geoFloat(G, G, func(a, b geo) float64 {
		if polygonsOverlap(a, b) {
			return 0
		}
		a.Closed, b.Closed = true, true
		d, _ := segmentsDistance(a, b)
		return d
	}))
	define("box(polygon)", geoMap(G, types.Box, func(g geo) geo { return bounds(g.P) }))
	define("circle(polygon)", geoMap(G, types.Circle, circleOf))
	define("polygon(box)", geoMap(types.Box, G, func(g geo) geo {
		hi, lo := g.P[0], g.P[1]
		return geo{P: []point{lo, {X: lo.X, Y: hi.Y}, hi, {X: hi.X, Y: lo.Y}}}
	}))
	define("polygon(path)", geo1(types.Path, func(g geo) (types.Datum, error) {
		if !g.Closed {
			return types.Null, errParameter("open path cannot be converted to polygon")
		}
		return packed(G, g), nil
	}))
	around := func(n int64, c geo) (types.Datum, error) {
		switch {
		case zero(c.F[0]):
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot convert circle with radius zero to polygon")
		case n < 2:
			return types.Null, errParameter("must request at least 2 points")
		case n > (1<<30)/16:
			return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "too many points requested")
		}
		var g geo
		for i := range n {
			a := 2 * math.Pi / float64(n) * float64(i)
			g.P = append(g.P, point{X: c.P[0].X - c.F[0]*fmath.Cos(a), Y: c.P[0].Y + c.F[0]*fmath.Sin(a)})
		}
		return packed(G, g), nil
	}
	define("polygon(int4,circle)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		return around(a[0].I, unpack(types.Circle, a[1]))
	}))
	define("polygon(circle)", geo1(types.Circle, func(c geo) (types.Datum, error) { return around(12, c) }))
}

func defineCircles() {
	C, P := types.Circle, types.Point
	// Each compares the ends of two circles along an axis.
	by := func(sig string, f func(a, b, r, s float64) bool, axis func(point) float64) {
		define(sig, geoBool(C, C, func(a, b geo) bool { return f(axis(a.P[0]), axis(b.P[0]), a.F[0], b.F[0]) }))
	}
	x, y := func(p point) float64 { return p.X }, func(p point) float64 { return p.Y }
	before := func(a, b, r, s float64) bool { return lt(a+r, b-s) }
	behind := func(a, b, r, s float64) bool { return gt(a-r, b+s) }
	notBehind := func(a, b, r, s float64) bool { return le(a+r, b+s) }
	notBefore := func(a, b, r, s float64) bool { return ge(a-r, b-s) }
	by("circle_left(circle,circle)", before, x)
	by("circle_right(circle,circle)", behind, x)
	by("circle_overleft(circle,circle)", notBehind, x)
	by("circle_overright(circle,circle)", notBefore, x)
	by("circle_below(circle,circle)", before, y)
	by("circle_above(circle,circle)", behind, y)
	by("circle_overbelow(circle,circle)", notBehind, y)
	by("circle_overabove(circle,circle)", notBefore, y)
	define("circle_same(circle,circle)", geoBool(C, C, func(a, b geo) bool {
		r, s := a.F[0], b.F[0]
		return (r != r && s != s || near(r, s)) && types.NearPoints(a.P[0], b.P[0])
	}))
	define("circle_overlap(circle,circle)", geoBool(C, C, func(a, b geo) bool { return le(dist(a.P[0], b.P[0]), a.F[0]+b.F[0]) }))
	contain := func(a, b geo) bool { return le(dist(a.P[0], b.P[0]), a.F[0]-b.F[0]) }
	define("circle_contain(circle,circle)", geoBool(C, C, contain))
	define("circle_contained(circle,circle)", geoBool(C, C, func(a, b geo) bool { return contain(b, a) }))
	area := func(g geo) float64 { return g.F[0] * g.F[0] * math.Pi }
	compareBy(C, area, "circle_lt", "circle_gt", "circle_le", "circle_ge", "circle_eq", "circle_ne")
	define("area(circle)", geoFloat1(C, area))
	define("radius(circle)", geoFloat1(C, func(g geo) float64 { return g.F[0] }))
	define("diameter(circle)", geoFloat1(C, func(g geo) float64 { return 2 * g.F[0] }))
	define("circle_center(circle) center(circle) point(circle)", geoMap(C, P, func(g geo) geo { return pointGeo(g.P[0]) }))
	define("circle_distance(circle,circle)", geoFloat(C, C, func(a, b geo) float64 {
		return math.Max(0, dist(a.P[0], b.P[0])-(a.F[0]+b.F[0]))
	}))
	in := func(c geo, p point) bool { return dist(c.P[0], p) <= c.F[0] }
	define("circle_contain_pt(circle,point)", geoBool(C, P, func(a, b geo) bool { return in(a, b.P[0]) }))
	define("pt_contained_circle(point,circle)", geoBool(P, C, func(a, b geo) bool { return in(b, a.P[0]) }))
	define("circle(point,float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		return packed(C, geo{P: unpack(P, a[0]).P, F: [3]float64{a[1].Float()}}), nil
	}))
	define("circle(box)", geoMap(types.Box, C, func(g geo) geo {
		c := middle(g.P[0], g.P[1])
		return geo{P: []point{c}, F: [3]float64{dist(c, g.P[0])}}
	}))
	define("box(circle)", geoMap(C, types.Box, func(g geo) geo {
		d := g.F[0] / math.Sqrt(2)
		c := g.P[0]
		return types.BoxOf(point{X: c.X + d, Y: c.Y + d}, point{X: c.X - d, Y: c.Y - d})
	}))
}
