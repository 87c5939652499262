package types

import (
	"encoding/binary"
	"math"
	"strings"

	"rowkey/pgerr"
)

// The geometric types: https://www.postgresql.org/docs/15/datatype-geometric.html.
// Their values are held as their binary forms, strings of big-endian float64:
//
//	point    x y
//	lseg     x1 y1 x2 y2
//	box      the upper right corner, the lower left one
//	line     A B C of Ax + By + C = 0
//	circle   x y radius
//	path     a byte (1: closed), int32 number of points, points
//	polygon  int32 number of points, points

// GeoPoint is a point.
type GeoPoint struct{ X, Y float64 }

// Geo is any geometric value taken apart: the points of a point, lseg, box (upper
// right, lower left), path or polygon, the center of a circle; F has a line's A, B
// and C, or a circle's radius.
type Geo struct {
	P      []GeoPoint
	F      [3]float64
	Closed bool
}

func appendFloats(dst []byte, fs ...float64) []byte {
	for _, f := range fs {
		dst = appendFloatBinary(dst, Float8, f)
	}
	return dst
}

func appendPoints(dst []byte, ps []GeoPoint) []byte {
	for _, p := range ps {
		dst = appendFloats(dst, p.X, p.Y)
	}
	return dst
}

// PackGeo gives the value of type t that holds g.
func PackGeo(t *Type, g Geo) string {
	var b []byte
	switch t.OID {
	case oidLine:
		b = appendFloats(b, g.F[:]...)
	case oidCircle:
		b = appendFloats(appendPoints(b, g.P), g.F[0])
	case oidPath, oidPolygon:
		if t.OID == oidPath {
			c := byte(0)
			if g.Closed {
				c = 1
			}
			b = append(b, c)
		}
		b = appendPoints(binary.BigEndian.AppendUint32(b, uint32(len(g.P))), g.P)
	default:
		b = appendPoints(b, g.P)
	}
	return string(b)
}

func floatAt(s string, i int) float64 {
	var b [8]byte
	copy(b[:], s[8*i:])
	return math.Float64frombits(binary.BigEndian.Uint64(b[:]))
}

func pointsOf(s string) []GeoPoint {
	ps := make([]GeoPoint, len(s)/16)
	for i := range ps {
		ps[i] = GeoPoint{floatAt(s, 2*i), floatAt(s, 2*i+1)}
	}
	return ps
}

// UnpackGeo takes a value of type t apart.
func UnpackGeo(t *Type, s string) (g Geo) {
	switch t.OID {
	case oidLine:
		if len(s) >= 24 {
			g.F = [3]float64{floatAt(s, 0), floatAt(s, 1), floatAt(s, 2)}
		}
	case oidCircle:
		if len(s) >= 24 {
			g.P, g.F[0] = pointsOf(s[:16]), floatAt(s, 2)
		}
	case oidPath:
		if len(s) >= 5 {
			g.Closed, g.P = s[0] == 1, pointsOf(s[5:])
		}
	case oidPolygon:
		if len(s) >= 4 {
			g.P = pointsOf(s[4:])
		}
	default:
		g.P = pointsOf(s)
	}
	return g
}

// BoxOf gives a box of any two opposite corners.
func BoxOf(a, b GeoPoint) Geo {
	if floatGreater(b.X, a.X) {
		a.X, b.X = b.X, a.X
	}
	if floatGreater(b.Y, a.Y) {
		a.Y, b.Y = b.Y, a.Y
	}
	return Geo{P: []GeoPoint{a, b}}
}

// floatGreater orders NaN behind all numbers.
func floatGreater(a, b float64) bool { return a > b || a != a && b == b }

// Epsilon is what coordinates may differ by and count as equal.
const Epsilon = 1e-6

// Near tells whether two coordinates count as equal.
func Near(a, b float64) bool { return a == b || math.Abs(a-b) <= Epsilon }

// NearPoints tells whether two points count as the same.
func NearPoints(a, b GeoPoint) bool {
	if a.X != a.X || a.Y != a.Y || b.X != b.X || b.Y != b.Y {
		same := func(x, y float64) bool { return x == y || x != x && y != y }
		return same(a.X, b.X) && same(a.Y, b.Y)
	}
	return Near(a.X, b.X) && Near(a.Y, b.Y)
}

// Slope is that of the line through two points, infinite when it is vertical.
func Slope(a, b GeoPoint) float64 {
	switch {
	case Near(a.X, b.X):
		return math.Inf(1)
	case Near(a.Y, b.Y):
		return 0
	}
	return (a.Y - b.Y) / (a.X - b.X)
}

// LineOf gives the line of a slope through a point.
func LineOf(p GeoPoint, slope float64) Geo {
	switch {
	case math.IsInf(slope, 0):
		return Geo{F: [3]float64{-1, 0, p.X}}
	case slope == 0:
		return Geo{F: [3]float64{0, -1, p.Y}}
	}
	c := p.Y - slope*p.X
	if c == 0 {
		c = 0 // not -0
	}
	return Geo{F: [3]float64{slope, -1, c}}
}

func badGeo(code, format string, args ...any) error { return pgerr.Newf(code, format, args...) }

// geoText reads the text forms. What is wrong is told of once, at the end.
type geoText struct {
	typ, all string
	s        string
	err      error
}

func (r *geoText) fail() {
	if r.err == nil {
		r.err = badSyntax(r.typ, r.all)
	}
	r.s = ""
}

func isGeoSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (r *geoText) spaces() {
	for r.s != "" && isGeoSpace(r.s[0]) {
		r.s = r.s[1:]
	}
}

// take passes over a character if it comes next.
func (r *geoText) take(c byte) bool {
	if r.s == "" || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

func (r *geoText) want(c byte) {
	if !r.take(c) {
		r.fail()
	}
}

func (r *geoText) number() float64 {
	r.spaces()
	n := 0
	for n < len(r.s) && !isGeoSpace(r.s[n]) && strings.IndexByte(",()[]{}<>", r.s[n]) < 0 {
		n++
	}
	if n == 0 {
		r.fail()
		return 0
	}
	f, err := parseFloat(r.s[:n], 64, "double precision")
	if err != nil {
		if r.err == nil {
			r.err = err
			if strings.HasPrefix(err.Error(), "ERROR: invalid input") {
				r.err = badSyntax(r.typ, r.all)
			}
		}
		r.s = ""
		return 0
	}
	r.s = r.s[n:]
	r.spaces()
	return f
}

// pair reads x,y or (x,y).
func (r *geoText) pair() (p GeoPoint) {
	r.spaces()
	paren := r.take('(')
	p.X = r.number()
	r.want(',')
	p.Y = r.number()
	if paren {
		r.want(')')
		r.spaces()
	}
	return p
}

// points reads n points in parentheses, brackets (an open path) or nothing.
func (r *geoText) points(n int, brackets bool) (ps []GeoPoint, open bool) {
	depth := 0
	r.spaces()
	switch {
	case r.s != "" && r.s[0] == '[':
		open = true
		if !brackets {
			r.fail()
			return nil, false
		}
		depth++
		r.s = r.s[1:]
	case r.s != "" && r.s[0] == '(':
		rest := strings.TrimLeft(r.s[1:], " \t\n\v\f\r")
		if strings.HasPrefix(rest, "(") || strings.LastIndexByte(r.s, '(') == 0 {
			depth++
			r.s = rest
		}
	}
	for range n {
		ps = append(ps, r.pair())
		r.take(',')
		if r.err != nil {
			return nil, false
		}
	}
	for ; depth > 0; depth-- {
		if !r.take(')') && !(open && depth == 1 && r.take(']')) {
			r.fail()
			return nil, false
		}
		r.spaces()
	}
	return ps, open
}

func (r *geoText) end() {
	if r.s != "" {
		r.fail()
	}
}

// parseGeo reads the text form of a geometric type.
func parseGeo(t *Type, s string) (Datum, error) {
	name := t.Name
	r := &geoText{typ: name, all: s, s: s}
	var g Geo
	switch t.OID {
	case oidPoint:
		g.P = []GeoPoint{r.pair()}
		r.end()
	case oidLseg:
		g.P, _ = r.points(2, true)
		r.end()
	case oidBox:
		ps, _ := r.points(2, false)
		r.end()
		if r.err == nil {
			g = BoxOf(ps[0], ps[1])
		}
	case oidLine:
		g = r.line()
	case oidCircle:
		g = r.circle()
	default:
		n := strings.Count(s, ",")
		if n%2 == 0 {
			r.fail()
			break
		}
		n = (n + 1) / 2
		if t.OID == oidPolygon {
			g.P, _ = r.points(n, false)
			r.end()
			break
		}
		r.spaces()
		single := r.s != "" && r.s[0] == '(' && strings.LastIndexByte(r.s, '(') == 0
		if single {
			r.s = r.s[1:]
		}
		var open bool
		g.P, open = r.points(n, true)
		if single && r.err == nil {
			r.want(')')
			r.spaces()
		}
		r.end()
		g.Closed = !open
	}
	if r.err != nil {
		return Null, r.err
	}
	return NewString(PackGeo(t, g)), nil
}

func (r *geoText) line() (g Geo) {
	r.spaces()
	if r.take('{') {
		g.F[0] = r.number()
		r.want(',')
		g.F[1] = r.number()
		r.want(',')
		g.F[2] = r.number()
		r.want('}')
		r.spaces()
		r.end()
		if r.err == nil && Near(g.F[0], 0) && Near(g.F[1], 0) {
			r.err = badGeo(pgerr.InvalidTextRepresentation, "invalid line specification: A and B cannot both be zero")
		}
		return g
	}
	ps, _ := r.points(2, true)
	r.end()
	if r.err != nil {
		return g
	}
	if NearPoints(ps[0], ps[1]) {
		r.err = badGeo(pgerr.InvalidTextRepresentation, "invalid line specification: must be two distinct points")
		return g
	}
	return LineOf(ps[0], Slope(ps[0], ps[1]))
}

func (r *geoText) circle() (g Geo) {
	depth := 0
	r.spaces()
	if r.take('<') {
		depth++
	} else if r.s != "" && r.s[0] == '(' {
		if rest := strings.TrimLeft(r.s[1:], " \t\n\v\f\r"); strings.HasPrefix(rest, "(") {
			depth++
			r.s = rest
		}
	}
	g.P = []GeoPoint{r.pair()}
	r.take(',')
	g.F[0] = r.number()
	if g.F[0] < 0 {
		r.fail()
	}
	for ; depth > 0; depth-- {
		if !r.take(')') && !(depth == 1 && r.take('>')) {
			r.fail()
			return g
		}
		r.spaces()
	}
	r.end()
	return g
}

// appendGeo writes the text form of a geometric value.
func appendGeo(dst []byte, t *Type, s string, env *Env) []byte {
	g := UnpackGeo(t, s)
	num := func(f float64) { dst = AppendFloat8(dst, f, env.ExtraFloatDigit) }
	points := func() {
		for i, p := range g.P {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '(')
			num(p.X)
			dst = append(dst, ',')
			num(p.Y)
			dst = append(dst, ')')
		}
	}
	around := func(open, end byte, f func()) {
		dst = append(dst, open)
		f()
		dst = append(dst, end)
	}
	switch t.OID {
	case oidPoint, oidBox:
		points()
	case oidLseg:
		around('[', ']', points)
	case oidPath:
		if g.Closed {
			around('(', ')', points)
		} else {
			around('[', ']', points)
		}
	case oidPolygon:
		around('(', ')', points)
	case oidLine:
		around('{', '}', func() {
			num(g.F[0])
			dst = append(dst, ',')
			num(g.F[1])
			dst = append(dst, ',')
			num(g.F[2])
		})
	case oidCircle:
		around('<', '>', func() {
			points()
			dst = append(dst, ',')
			num(g.F[0])
		})
	}
	return dst
}

// parseGeoBinary reads the binary form of a geometric type.
func parseGeoBinary(t *Type, b []byte) (Datum, error) {
	bad := func(format string, args ...any) (Datum, error) {
		return Null, badGeo(pgerr.InvalidBinaryRepresentation, format, args...)
	}
	switch t.OID {
	case oidPath, oidPolygon:
		head := 4
		if t.OID == oidPath {
			head = 5
		}
		if len(b) < head {
			return Null, errInsufficient()
		}
		n := int32(binary.BigEndian.Uint32(b[head-4:]))
		if n <= 0 || n > (1<<30)/16 {
			return bad("invalid number of points in external \"%s\" value", t.Name)
		}
		if err := needBytes(b, head+16*int(n)); err != nil {
			return Null, err
		}
		if t.OID == oidPath {
			b = append([]byte(nil), b...)
			if b[0] != 0 {
				b[0] = 1
			}
		}
		return NewString(string(b)), nil
	}
	if err := needBytes(b, int(t.Len)); err != nil {
		return Null, err
	}
	s := string(b)
	switch t.OID {
	case oidBox:
		g := UnpackGeo(t, s)
		return NewString(PackGeo(t, BoxOf(g.P[0], g.P[1]))), nil
	case oidLine:
		if g := UnpackGeo(t, s); Near(g.F[0], 0) && Near(g.F[1], 0) {
			return bad("invalid line specification: A and B cannot both be zero")
		}
	case oidCircle:
		if g := UnpackGeo(t, s); g.F[0] < 0 {
			return bad("invalid radius in external \"circle\" value")
		}
	}
	return NewString(s), nil
}
