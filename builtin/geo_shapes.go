package builtin

import (
	"math"

	"rowkey/types"
)

// The mathematics of points, lines, line segments and boxes. What is nearest comes
// with its distance, which is NaN when coordinates are.

func dist(a, b point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }

func middle(a, b point) point { return point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2} }

func seg(a, b point) geo { return geo{P: []point{a, b}} }

func slope(s geo) float64 { return types.Slope(s.P[0], s.P[1]) }

// invSlope is the slope perpendicular to that through two points.
func invSlope(a, b point) float64 {
	switch {
	case near(a.X, b.X):
		return 0
	case near(a.Y, b.Y):
		return math.Inf(1)
	}
	return (a.X - b.X) / (b.Y - a.Y)
}

func lineSlope(n geo) float64 {
	switch {
	case zero(n.F[0]):
		return 0
	case zero(n.F[1]):
		return math.Inf(1)
	}
	return n.F[0] / -n.F[1]
}

func lineInvSlope(n geo) float64 {
	switch {
	case zero(n.F[0]):
		return math.Inf(1)
	case zero(n.F[1]):
		return 0
	}
	return n.F[1] / n.F[0]
}

func onLine(n geo, p point) bool { return zero(n.F[0]*p.X + n.F[1]*p.Y + n.F[2]) }

func onSeg(s geo, p point) bool {
	return near(dist(p, s.P[0])+dist(p, s.P[1]), dist(s.P[0], s.P[1]))
}

func perpendicular(a, b geo) bool {
	switch {
	case zero(a.F[0]):
		return zero(b.F[1])
	case zero(b.F[0]):
		return zero(a.F[1])
	case zero(a.F[1]):
		return zero(b.F[0])
	case zero(b.F[1]):
		return zero(a.F[0])
	}
	return near(a.F[0]*b.F[0]/(a.F[1]*b.F[1]), -1)
}

func sameLine(a, b geo) bool {
	for i := range a.F {
		if a.F[i] != a.F[i] || b.F[i] != b.F[i] {
			for k := range a.F {
				if a.F[k] != b.F[k] && !(a.F[k] != a.F[k] && b.F[k] != b.F[k]) {
					return false
				}
			}
			return true
		}
	}
	ratio := 1.0
	for i := range a.F {
		if !zero(b.F[i]) {
			ratio = a.F[i] / b.F[i]
			break
		}
	}
	for i := range a.F {
		if !near(a.F[i], ratio*b.F[i]) {
			return false
		}
	}
	return true
}

func lineDistance(a, b geo) float64 {
	if _, ok := crossLines(a, b); ok {
		return 0
	}
	ratio := 1.0
	usable := func(i int) bool {
		return !zero(a.F[i]) && a.F[i] == a.F[i] && !zero(b.F[i]) && b.F[i] == b.F[i]
	}
	if usable(0) {
		ratio = a.F[0] / b.F[0]
	} else if usable(1) {
		ratio = a.F[1] / b.F[1]
	}
	return math.Abs(a.F[2]-ratio*b.F[2]) / math.Hypot(a.F[0], a.F[1])
}

// crossLines gives the point that two lines share.
func crossLines(a, b geo) (p point, ok bool) {
	if zero(a.F[1]) {
		a, b = b, a
		if zero(a.F[1]) {
			return p, false
		}
	}
	if near(b.F[0], a.F[0]*(b.F[1]/a.F[1])) {
		return p, false
	}
	p.X = (a.F[1]*b.F[2] - b.F[1]*a.F[2]) / (a.F[0]*b.F[1] - b.F[0]*a.F[1])
	p.Y = -(a.F[0]*p.X + a.F[2]) / a.F[1]
	if p.X == 0 {
		p.X = 0 // not -0
	}
	if p.Y == 0 {
		p.Y = 0
	}
	return p, true
}

// crossSegLine gives the point that a segment and a line share.
func crossSegLine(s, n geo) (point, bool) {
	p, ok := crossLines(types.LineOf(s.P[0], slope(s)), n)
	if !ok || !onSeg(s, p) {
		return point{}, false
	}
	for _, end := range s.P {
		if types.NearPoints(end, p) {
			return end, true // without what was lost in rounding
		}
	}
	return p, true
}

// crossSegs gives the point that two segments share.
func crossSegs(a, b geo) (point, bool) {
	p, ok := crossSegLine(a, types.LineOf(b.P[0], slope(b)))
	if !ok || !onSeg(b, p) {
		return point{}, false
	}
	return p, true
}

// closestOfLine gives the point of a line nearest to p.
func closestOfLine(n geo, p point) (point, float64) {
	q, ok := crossLines(types.LineOf(p, lineInvSlope(n)), n)
	if !ok {
		return p, 0
	}
	return q, dist(q, p)
}

// closestOfSegToPoint gives the point of a segment nearest to p.
func closestOfSegToPoint(s geo, p point) (point, float64) {
	q, _ := closestOfSegToLine(s, types.LineOf(p, invSlope(s.P[0], s.P[1])))
	return q, dist(q, p)
}

// closestOfSegToLine gives the point of a segment nearest to a line.
func closestOfSegToLine(s, n geo) (point, float64) {
	if p, ok := crossSegLine(s, n); ok {
		return p, 0
	}
	_, d := closestOfLine(n, s.P[0])
	_, e := closestOfLine(n, s.P[1])
	if d < e {
		return s.P[0], d
	}
	return s.P[1], e
}

// closestOfSeg gives the point of a segment nearest to another.
func closestOfSeg(s, to geo) (point, float64) {
	if p, ok := crossSegs(s, to); ok {
		return p, 0
	}
	p, d := closestOfSegToPoint(s, to.P[0])
	if q, e := closestOfSegToPoint(s, to.P[1]); e < d {
		p, d = q, e
	}
	for _, end := range s.P {
		if _, e := closestOfSegToPoint(to, end); e < d {
			p, d = end, e
		}
	}
	return p, d
}

// overlap tells whether two boxes share a point.
func overlap(a, b geo) bool {
	return le(a.P[1].X, b.P[0].X) && le(b.P[1].X, a.P[0].X) && le(a.P[1].Y, b.P[0].Y) && le(b.P[1].Y, a.P[0].Y)
}

// boxContains tells whether box b lies in box a.
func boxContains(a, b geo) bool {
	return ge(a.P[0].X, b.P[0].X) && le(a.P[1].X, b.P[1].X) && ge(a.P[0].Y, b.P[0].Y) && le(a.P[1].Y, b.P[1].Y)
}

func inBox(b geo, p point) bool {
	return b.P[0].X >= p.X && b.P[1].X <= p.X && b.P[0].Y >= p.Y && b.P[1].Y <= p.Y
}

// bounds is the smallest box around points.
func bounds(ps []point) geo {
	hi, lo := ps[0], ps[0]
	for _, p := range ps[1:] {
		hi.X, hi.Y = math.Max(hi.X, p.X), math.Max(hi.Y, p.Y)
		lo.X, lo.Y = math.Min(lo.X, p.X), math.Min(lo.Y, p.Y)
	}
	return geo{P: []point{hi, lo}}
}

// sides are a box's: left, upper, lower, right.
func sides(b geo) []geo {
	hi, lo := b.P[0], b.P[1]
	ul, lr := point{X: lo.X, Y: hi.Y}, point{X: hi.X, Y: lo.Y}
	return []geo{seg(lo, ul), seg(hi, ul), seg(lo, lr), seg(hi, lr)}
}

// closestOfBox gives the point of a box nearest to p.
func closestOfBox(b geo, p point) (point, float64) {
	if inBox(b, p) {
		return p, 0
	}
	return nearestSide(b, func(s geo) (point, float64) { return closestOfSegToPoint(s, p) })
}

// closestOfBoxToSeg gives the point of a box nearest to a segment.
func closestOfBoxToSeg(b, s geo) (point, float64) {
	if crossBox(s, b) {
		p, _ := closestOfSegToPoint(s, middle(b.P[0], b.P[1]))
		return p, 0
	}
	return nearestSide(b, func(side geo) (point, float64) { return closestOfSeg(side, s) })
}

func nearestSide(b geo, f func(geo) (point, float64)) (p point, d float64) {
	for i, s := range sides(b) {
		if q, e := f(s); i == 0 || e < d {
			p, d = q, e
		}
	}
	return p, d
}

// crossBox tells whether a segment and a box share a point.
func crossBox(s, b geo) bool {
	if !overlap(bounds(s.P), b) {
		return false
	}
	if inBox(b, s.P[0]) || inBox(b, s.P[1]) {
		return true
	}
	for _, side := range sides(b) {
		if _, ok := crossSegs(side, s); ok {
			return true
		}
	}
	return false
}
