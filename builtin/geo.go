package builtin

import (
	"math"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// Geometric functions and operators:
// https://www.postgresql.org/docs/15/functions-geometry.html. Coordinates that
// differ by no more than types.Epsilon count as equal, as there; the shapes' own
// mathematics is in geo_shapes.go and geo_polygon.go.

type (
	point = types.GeoPoint
	geo   = types.Geo
)

// unpack gives a value's parts.
func unpack(t *types.Type, d types.Datum) geo { return types.UnpackGeo(t, d.S) }

func packed(t *types.Type, g geo) types.Datum { return types.NewString(types.PackGeo(t, g)) }

// geo1 makes a function of one shape; the result is NULL when f says not ok.
func geo1(t *types.Type, f func(geo) (types.Datum, error)) Func {
	return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return f(unpack(t, a[0])) })
}

func geo2(t, u *types.Type, f func(a, b geo) (types.Datum, error)) Func {
	return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return f(unpack(t, a[0]), unpack(u, a[1])) })
}

// The same for results that are plain.
func geoBool(t, u *types.Type, f func(a, b geo) bool) Func {
	return geo2(t, u, func(a, b geo) (types.Datum, error) { return types.NewBool(f(a, b)), nil })
}

func geoFloat(t, u *types.Type, f func(a, b geo) float64) Func {
	return geo2(t, u, func(a, b geo) (types.Datum, error) { return types.NewFloat(f(a, b)), nil })
}

func geoBool1(t *types.Type, f func(geo) bool) Func {
	return geo1(t, func(g geo) (types.Datum, error) { return types.NewBool(f(g)), nil })
}

func geoFloat1(t *types.Type, f func(geo) float64) Func {
	return geo1(t, func(g geo) (types.Datum, error) { return types.NewFloat(f(g)), nil })
}

// geoMap makes a function that gives a shape of type out.
func geoMap(t, out *types.Type, f func(geo) geo) Func {
	return geo1(t, func(g geo) (types.Datum, error) { return packed(out, f(g)), nil })
}

func pointGeo(p point) geo { return geo{P: []point{p}} }

// Comparisons under types.Epsilon.
func near(a, b float64) bool { return types.Near(a, b) }
func zero(a float64) bool    { return math.Abs(a) <= types.Epsilon }
func lt(a, b float64) bool   { return b-a > types.Epsilon }
func gt(a, b float64) bool   { return a-b > types.Epsilon }
func le(a, b float64) bool   { return a-b <= types.Epsilon }
func ge(a, b float64) bool   { return b-a <= types.Epsilon }

// compareBy defines the six comparisons of a measure; names are those of <, >, <=,
// >=, = and, where there is one, <>.
func compareBy(t *types.Type, measure func(geo) float64, names ...string) {
	by := func(f func(a, b float64) bool) Func {
		return geoBool(t, t, func(a, b geo) bool { return f(measure(a), measure(b)) })
	}
	for i, f := range []func(a, b float64) bool{lt, gt, le, ge, near, func(a, b float64) bool { return math.Abs(a-b) > types.Epsilon }} {
		if i < len(names) {
			define(names[i]+"("+t.Name+","+t.Name+")", by(f))
		}
	}
}

func init() {
	P, L, H, B, G, N, C := types.Point, types.Lseg, types.Path, types.Box, types.Polygon, types.Line, types.Circle

	// Points.
	onPoints := func(sig string, f func(a, b point) bool) {
		define(sig, geoBool(P, P, func(a, b geo) bool { return f(a.P[0], b.P[0]) }))
	}
	onPoints("point_left(point,point)", func(a, b point) bool { return lt(a.X, b.X) })
	onPoints("point_right(point,point)", func(a, b point) bool { return gt(a.X, b.X) })
	onPoints("point_above(point,point)", func(a, b point) bool { return gt(a.Y, b.Y) })
	onPoints("point_below(point,point)", func(a, b point) bool { return lt(a.Y, b.Y) })
	onPoints("point_vert(point,point) isvertical(point,point)", func(a, b point) bool { return near(a.X, b.X) })
	onPoints("point_horiz(point,point) ishorizontal(point,point)", func(a, b point) bool { return near(a.Y, b.Y) })
	onPoints("point_eq(point,point)", types.NearPoints)
	onPoints("point_ne(point,point)", func(a, b point) bool { return !types.NearPoints(a, b) })
	define("point_distance(point,point)", geoFloat(P, P, func(a, b geo) float64 { return dist(a.P[0], b.P[0]) }))
	define("slope(point,point)", geoFloat(P, P, func(a, b geo) float64 { return types.Slope(a.P[0], b.P[0]) }))
	define("point(float8,float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		return packed(P, pointGeo(point{X: a[0].Float(), Y: a[1].Float()})), nil
	}))

	// Moving, turning and scaling, by complex arithmetic.
	defineMove("point_add(point,point) box_add(box,point) path_add_pt(path,point) circle_add_pt(circle,point)", addPoint, nil)
	defineMove("point_sub(point,point) box_sub(box,point) path_sub_pt(path,point) circle_sub_pt(circle,point)", subPoint, nil)
	defineMove("point_mul(point,point) box_mul(box,point) path_mul_pt(path,point) circle_mul_pt(circle,point)", mulPoint, (*calc).mul)
	defineMove("point_div(point,point) box_div(box,point) path_div_pt(path,point) circle_div_pt(circle,point)", divPoint, (*calc).div)

	// Line segments.
	define("lseg(point,point)", geo2(P, P, func(a, b geo) (types.Datum, error) { return packed(L, geo{P: []point{a.P[0], b.P[0]}}), nil }))
	define("lseg_parallel(lseg,lseg) isparallel(lseg,lseg)", geoBool(L, L, func(a, b geo) bool { return near(slope(a), slope(b)) }))
	define("lseg_perp(lseg,lseg) isperp(lseg,lseg)", geoBool(L, L, func(a, b geo) bool { return near(slope(a), invSlope(b.P[0], b.P[1])) }))
	define("lseg_vertical(lseg) isvertical(lseg)", geoBool1(L, func(g geo) bool { return near(g.P[0].X, g.P[1].X) }))
	define("lseg_horizontal(lseg) ishorizontal(lseg)", geoBool1(L, func(g geo) bool { return near(g.P[0].Y, g.P[1].Y) }))
	same := func(a, b geo) bool { return types.NearPoints(a.P[0], b.P[0]) && types.NearPoints(a.P[1], b.P[1]) }
	define("lseg_eq(lseg,lseg)", geoBool(L, L, same))
	define("lseg_ne(lseg,lseg)", geoBool(L, L, func(a, b geo) bool { return !same(a, b) }))
	length := func(g geo) float64 { return dist(g.P[0], g.P[1]) }
	compareBy(L, length, "lseg_lt", "lseg_gt", "lseg_le", "lseg_ge")
	define("lseg_length(lseg) length(lseg)", geoFloat1(L, length))
	define("lseg_center(lseg) point(lseg)", geoMap(L, P, func(g geo) geo { return pointGeo(middle(g.P[0], g.P[1])) }))
	define("lseg_intersect(lseg,lseg)", geoBool(L, L, func(a, b geo) bool { _, ok := crossSegs(a, b); return ok }))
	define("lseg_interpt(lseg,lseg)", geo2(L, L, func(a, b geo) (types.Datum, error) { return pointOrNull(crossSegs(a, b)) }))
	define("lseg_distance(lseg,lseg)", geoFloat(L, L, func(a, b geo) float64 { _, d := closestOfSeg(a, b); return d }))

	// Lines.
	define("line(point,point)", geo2(P, P, func(a, b geo) (types.Datum, error) {
		if types.NearPoints(a.P[0], b.P[0]) {
			return types.Null, errParameter("invalid line specification: must be two distinct points")
		}
		return packed(N, types.LineOf(a.P[0], types.Slope(a.P[0], b.P[0]))), nil
	}))
	define("line_parallel(line,line) isparallel(line,line)", geoBool(N, N, func(a, b geo) bool { _, ok := crossLines(a, b); return !ok }))
	define("line_intersect(line,line)", geoBool(N, N, func(a, b geo) bool { _, ok := crossLines(a, b); return ok }))
	define("line_interpt(line,line)", geo2(N, N, func(a, b geo) (types.Datum, error) { return pointOrNull(crossLines(a, b)) }))
	define("line_perp(line,line) isperp(line,line)", geoBool(N, N, perpendicular))
	define("line_vertical(line) isvertical(line)", geoBool1(N, func(g geo) bool { return zero(g.F[1]) }))
	define("line_horizontal(line) ishorizontal(line)", geoBool1(N, func(g geo) bool { return zero(g.F[0]) }))
	define("line_eq(line,line)", geoBool(N, N, sameLine))
	define("line_distance(line,line)", geoFloat(N, N, lineDistance))

	// Boxes.
	box := func(sig string, f func(a, b geo) bool) { define(sig, geoBool(B, B, f)) }
	box("box_same(box,box)", same)
	box("box_overlap(box,box)", overlap)
	box("box_left(box,box)", func(a, b geo) bool { return lt(a.P[0].X, b.P[1].X) })
	box("box_overleft(box,box)", func(a, b geo) bool { return le(a.P[0].X, b.P[0].X) })
	box("box_right(box,box)", func(a, b geo) bool { return gt(a.P[1].X, b.P[0].X) })
	box("box_overright(box,box)", func(a, b geo) bool { return ge(a.P[1].X, b.P[1].X) })
	box("box_below(box,box)", func(a, b geo) bool { return lt(a.P[0].Y, b.P[1].Y) })
	box("box_overbelow(box,box)", func(a, b geo) bool { return le(a.P[0].Y, b.P[0].Y) })
	box("box_above(box,box)", func(a, b geo) bool { return gt(a.P[1].Y, b.P[0].Y) })
	box("box_overabove(box,box)", func(a, b geo) bool { return ge(a.P[1].Y, b.P[1].Y) })
	box("box_below_eq(box,box)", func(a, b geo) bool { return le(a.P[0].Y, b.P[1].Y) })
	box("box_above_eq(box,box)", func(a, b geo) bool { return ge(a.P[1].Y, b.P[0].Y) })
	box("box_contain(box,box)", boxContains)
	box("box_contained(box,box)", func(a, b geo) bool { return boxContains(b, a) })
	area := func(g geo) float64 { return (g.P[0].X - g.P[1].X) * (g.P[0].Y - g.P[1].Y) }
	compareBy(B, area, "box_lt", "box_gt", "box_le", "box_ge", "box_eq")
	define("area(box)", geoFloat1(B, area))
	define("width(box)", geoFloat1(B, func(g geo) float64 { return g.P[0].X - g.P[1].X }))
	define("height(box)", geoFloat1(B, func(g geo) float64 { return g.P[0].Y - g.P[1].Y }))
	define("box_center(box) center(box) point(box)", geoMap(B, P, func(g geo) geo { return pointGeo(middle(g.P[0], g.P[1])) }))
	define("box_distance(box,box)", geoFloat(B, B, func(a, b geo) float64 { return dist(middle(a.P[0], a.P[1]), middle(b.P[0], b.P[1])) }))
	define("box_intersect(box,box)", geo2(B, B, func(a, b geo) (types.Datum, error) {
		if !overlap(a, b) {
			return types.Null, nil
		}
		return packed(B, geo{P: []point{{X: math.Min(a.P[0].X, b.P[0].X), Y: math.Min(a.P[0].Y, b.P[0].Y)},
			{X: math.Max(a.P[1].X, b.P[1].X), Y: math.Max(a.P[1].Y, b.P[1].Y)}}}), nil
	}))
	define("diagonal(box) lseg(box)", geoMap(B, L, func(g geo) geo { return g }))
	define("box(point,point)", geo2(P, P, func(a, b geo) (types.Datum, error) { return packed(B, types.BoxOf(a.P[0], b.P[0])), nil }))
	define("box(point)", geoMap(P, B, func(g geo) geo { return types.BoxOf(g.P[0], g.P[0]) }))
	define("bound_box(box,box)", geo2(B, B, func(a, b geo) (types.Datum, error) { return packed(B, bounds(append(a.P, b.P...))), nil }))
	define("box_contain_pt(box,point)", geoBool(B, P, func(a, b geo) bool { return inBox(a, b.P[0]) }))
	define("on_pb(point,box)", geoBool(P, B, func(a, b geo) bool { return inBox(b, a.P[0]) }))
	define("on_sb(lseg,box)", geoBool(L, B, func(a, b geo) bool { return inBox(b, a.P[0]) && inBox(b, a.P[1]) }))
	define("inter_sb(lseg,box)", geoBool(L, B, crossBox))
	define("inter_lb(line,box)", geoBool(N, B, func(a, b geo) bool {
		for _, s := range sides(b) {
			if _, ok := crossSegLine(s, a); ok {
				return true
			}
		}
		return false
	}))

	// Distances between different shapes, both ways round.
	both := func(t, u *types.Type, sig, back string, f func(a, b geo) float64) {
		define(sig, geoFloat(t, u, f))
		define(back, geoFloat(u, t, func(b, a geo) float64 { return f(a, b) }))
	}
	both(P, N, "dist_pl(point,line)", "dist_lp(line,point)", func(a, b geo) float64 { _, d := closestOfLine(b, a.P[0]); return d })
	both(P, L, "dist_ps(point,lseg)", "dist_sp(lseg,point)", func(a, b geo) float64 { _, d := closestOfSegToPoint(b, a.P[0]); return d })
	both(P, B, "dist_pb(point,box)", "dist_bp(box,point)", func(a, b geo) float64 { _, d := closestOfBox(b, a.P[0]); return d })
	both(L, N, "dist_sl(lseg,line)", "dist_ls(line,lseg)", func(a, b geo) float64 { _, d := closestOfSegToLine(a, b); return d })
	both(L, B, "dist_sb(lseg,box)", "dist_bs(box,lseg)", func(a, b geo) float64 { _, d := closestOfBoxToSeg(b, a); return d })
	both(P, G, "dist_ppoly(point,polygon)", "dist_polyp(polygon,point)", func(a, b geo) float64 { return polygonDistance(b, a.P[0]) })
	both(C, G, "dist_cpoly(circle,polygon)", "dist_polyc(polygon,circle)", func(a, b geo) float64 {
		return math.Max(0, polygonDistance(b, a.P[0])-a.F[0])
	})
	both(P, C, "dist_pc(point,circle)", "dist_cpoint(circle,point)", func(a, b geo) float64 {
		return math.Max(0, dist(a.P[0], b.P[0])-b.F[0])
	})
	pathDist := func(p, path geo) (types.Datum, error) {
		d, ok := pathDistance(path, p.P[0])
		if !ok {
			return types.Null, nil
		}
		return types.NewFloat(d), nil
	}
	define("dist_ppath(point,path)", geo2(P, H, pathDist))
	define("dist_pathp(path,point)", geo2(H, P, func(h, p geo) (types.Datum, error) { return pathDist(p, h) }))

	// The nearest points.
	closest := func(p point, d float64) (types.Datum, error) {
		if d != d {
			return types.Null, nil
		}
		return packed(P, pointGeo(p)), nil
	}
	define("close_pl(point,line)", geo2(P, N, func(a, b geo) (types.Datum, error) { return closest(closestOfLine(b, a.P[0])) }))
	define("close_ps(point,lseg)", geo2(P, L, func(a, b geo) (types.Datum, error) { return closest(closestOfSegToPoint(b, a.P[0])) }))
	define("close_pb(point,box)", geo2(P, B, func(a, b geo) (types.Datum, error) { return closest(closestOfBox(b, a.P[0])) }))
	define("close_sb(lseg,box)", geo2(L, B, func(a, b geo) (types.Datum, error) { return closest(closestOfBoxToSeg(b, a)) }))
	define("close_lseg(lseg,lseg)", geo2(L, L, func(a, b geo) (types.Datum, error) {
		if slope(a) == slope(b) {
			return types.Null, nil
		}
		return closest(closestOfSeg(b, a))
	}))
	define("close_ls(line,lseg)", geo2(N, L, func(a, b geo) (types.Datum, error) {
		if slope(b) == lineSlope(a) {
			return types.Null, nil
		}
		return closest(closestOfSegToLine(b, a))
	}))

	// What lies on what.
	define("on_pl(point,line)", geoBool(P, N, func(a, b geo) bool { return onLine(b, a.P[0]) }))
	define("on_ps(point,lseg)", geoBool(P, L, func(a, b geo) bool { return onSeg(b, a.P[0]) }))
	define("on_sl(lseg,line)", geoBool(L, N, func(a, b geo) bool { return onLine(b, a.P[0]) && onLine(b, a.P[1]) }))
	define("inter_sl(lseg,line)", geoBool(L, N, func(a, b geo) bool { _, ok := crossSegLine(a, b); return ok }))
	define("on_ppath(point,path)", geoBool(P, H, func(a, b geo) bool { return onPath(b, a.P[0]) }))
	define("path_contain_pt(path,point)", geoBool(H, P, func(a, b geo) bool { return onPath(a, b.P[0]) }))

	definePaths()
	definePolygons()
	defineCircles()

	for _, t := range []*types.Type{P, N} {
		RegisterFunc(&Func{Name: "raw_array_subscript", Args: []*types.Type{t, types.Int4}, Result: types.Float8, Kind: Scalar, Volatility: Immutable,
			Eval: fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return geoElement(a[0].S, 8, a[1].I, true) }).Eval})
	}
	for _, t := range []*types.Type{L, B} {
		RegisterFunc(&Func{Name: "raw_array_subscript", Args: []*types.Type{t, types.Int4}, Result: P, Kind: Scalar, Volatility: Immutable,
			Eval: fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return geoElement(a[0].S, 16, a[1].I, false) }).Eval})
	}
}

// geoElement gives one of the parts of a value of fixed length, counted from 0.
func geoElement(s string, size int, i int64, number bool) (types.Datum, error) {
	if i < 0 || i >= int64(len(s)/size) {
		return types.Null, nil
	}
	part := s[int(i)*size : (int(i)+1)*size]
	if number {
		return types.NewFloat(types.UnpackGeo(types.Point, part+part).P[0].X), nil
	}
	return types.NewString(part), nil
}

func pointOrNull(p point, ok bool) (types.Datum, error) {
	if !ok {
		return types.Null, nil
	}
	return packed(types.Point, pointGeo(p)), nil
}

// calc computes with floats and keeps the first error, as float8's operators have it.
type calc struct{ err error }

func (c *calc) check(r float64, infinite, tiny bool) float64 {
	switch {
	case c.err != nil:
	case math.IsInf(r, 0) && !infinite:
		c.err = pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
	case r == 0 && tiny:
		c.err = pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
	}
	return r
}

func (c *calc) add(a, b float64) float64 {
	return c.check(a+b, math.IsInf(a, 0) || math.IsInf(b, 0), false)
}

func (c *calc) sub(a, b float64) float64 { return c.add(a, -b) }

func (c *calc) mul(a, b float64) float64 {
	return c.check(a*b, math.IsInf(a, 0) || math.IsInf(b, 0), a != 0 && b != 0)
}

func (c *calc) div(a, b float64) float64 {
	if b == 0 && a == a && c.err == nil {
		c.err = pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return c.check(a/b, math.IsInf(a, 0), a != 0 && !math.IsInf(b, 0))
}

// defineMove defines functions that move each point of a shape by a point; scale
// tells what becomes of a circle's radius, by the distance of that from the origin.
func defineMove(sigs string, move func(c *calc, p, by point) point, scale func(c *calc, r, by float64) float64) {
	ts := []*types.Type{types.Point, types.Box, types.Path, types.Circle}
	for i, sig := range strings.Fields(sigs) {
		t := ts[i]
		define(sig, geo2(t, types.Point, func(g, by geo) (types.Datum, error) {
			var c calc
			out := geo{Closed: g.Closed, F: g.F}
			for _, p := range g.P {
				out.P = append(out.P, move(&c, p, by.P[0]))
			}
			switch {
			case t == types.Box:
				out = types.BoxOf(out.P[0], out.P[1])
			case t == types.Circle && scale != nil:
				out.F[0] = scale(&c, out.F[0], math.Hypot(by.P[0].X, by.P[0].Y))
			}
			if c.err != nil {
				return types.Null, c.err
			}
			return packed(t, out), nil
		}))
	}
}

func addPoint(c *calc, p, q point) point { return point{X: c.add(p.X, q.X), Y: c.add(p.Y, q.Y)} }

func subPoint(c *calc, p, q point) point { return point{X: c.sub(p.X, q.X), Y: c.sub(p.Y, q.Y)} }

func mulPoint(c *calc, p, q point) point {
	return point{X: c.sub(c.mul(p.X, q.X), c.mul(p.Y, q.Y)), Y: c.add(c.mul(p.X, q.Y), c.mul(p.Y, q.X))}
}

func divPoint(c *calc, p, q point) point {
	d := c.add(c.mul(q.X, q.X), c.mul(q.Y, q.Y))
	return point{X: c.div(c.add(c.mul(p.X, q.X), c.mul(p.Y, q.Y)), d), Y: c.div(c.sub(c.mul(p.Y, q.X), c.mul(p.X, q.Y)), d)}
}
