package types

import (
	"encoding/binary"
	"strings"

	"rowkey/pgerr"
)

// The text and binary forms of ranges, [1,10), and multiranges, {[1,10),[20,30)}.

// The bits of a range's binary form.
const (
	rangeEmpty    = 0x01
	rangeLowerInc = 0x02
	rangeUpperInc = 0x04
	rangeLowerInf = 0x08
	rangeUpperInf = 0x10
)

func (r *Range) flags() (f byte) {
	for _, b := range []struct {
		on  bool
		bit byte
	}{{r.Empty, rangeEmpty}, {r.LowerInc, rangeLowerInc}, {r.UpperInc, rangeUpperInc}, {r.LowerInf, rangeLowerInf}, {r.UpperInf, rangeUpperInf}} {
		if b.on {
			f |= b.bit
		}
	}
	return f
}

func malformedRange(s, detail string) error {
	e := pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed range literal: \"%s\"", s)
	e.Detail = detail
	return e
}

func hasFoldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func trimSpaceLeft(s string) string { return strings.TrimLeft(s, " \t\n\v\f\r") }

// parseRange reads empty, or two bounds between parentheses and brackets. What is
// wrong with the whole comes before what is wrong with a bound.
func parseRange(t *Type, s string, env *Env) (Datum, error) {
	p := trimSpaceLeft(s)
	if hasFoldPrefix(p, "empty") {
		if trimSpaceLeft(p[len("empty"):]) != "" {
			return Null, malformedRange(s, "Junk after \"empty\" key word.")
		}
		return NewAny(EmptyRange(t)), nil
	}
	if p == "" || p[0] != '(' && p[0] != '[' {
		return Null, malformedRange(s, "Missing left parenthesis or bracket.")
	}
	lower, upper := Bound{Inc: p[0] == '[', IsLower: true}, Bound{}
	lowerText, p, ok := boundText(p[1:], &lower.Infinite)
	if !ok {
		return Null, malformedRange(s, "Unexpected end of input.")
	}
	if p[0] != ',' {
		return Null, malformedRange(s, "Missing comma after lower bound.")
	}
	upperText, p, ok := boundText(p[1:], &upper.Infinite)
	switch {
	case !ok:
		return Null, malformedRange(s, "Unexpected end of input.")
	case p[0] == ',':
		return Null, malformedRange(s, "Too many commas.")
	}
	upper.Inc = p[0] == ']'
	if trimSpaceLeft(p[1:]) != "" {
		return Null, malformedRange(s, "Junk after right parenthesis or bracket.")
	}
	var err error
	if !lower.Infinite {
		if lower.Val, err = Parse(t.Subtype, -1, lowerText, env); err != nil {
			return Null, err
		}
	}
	if !upper.Infinite {
		if upper.Val, err = Parse(t.Subtype, -1, upperText, env); err != nil {
			return Null, err
		}
	}
	return rangeDatum(MakeRange(t, lower, upper))
}

func rangeDatum(r *Range, err error) (Datum, error) {
	if err != nil {
		return Null, err
	}
	return NewAny(r), nil
}

// boundText takes the text of a bound, without its quotes and escapes, off p; none
// is an infinite bound. rest begins with what ended it.
func boundText(p string, infinite *bool) (text, rest string, ok bool) {
	if p == "" {
		return "", "", false
	}
	if strings.IndexByte(",)]", p[0]) >= 0 {
		*infinite = true
		return "", p, true
	}
	var b []byte
	quoted := false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\':
			if i++; i == len(p) {
				return "", "", false
			}
			b = append(b, p[i])
		case c == '"':
			switch {
			case !quoted:
				quoted = true
			case i+1 < len(p) && p[i+1] == '"':
				b = append(b, c)
				i++
			default:
				quoted = false
			}
		case !quoted && (c == ',' || c == ')' || c == ']'):
			return string(b), p[i:], true
		default:
			b = append(b, c)
		}
	}
	return "", "", false
}

func appendRangeText(dst []byte, r *Range, env *Env) []byte {
	if r.Empty {
		return append(dst, "empty"...)
	}
	open, end := byte('('), byte(')')
	if r.LowerInc {
		open = '['
	}
	if r.UpperInc {
		end = ']'
	}
	bound := func(v Datum) {
		start := len(dst)
		dst = AppendText(dst, r.Type.Subtype, v, env)
		dst = quoteFrom(dst, start, boundNeedsQuotes, false)
	}
	dst = append(dst, open)
	if !r.LowerInf {
		bound(r.Lower)
	}
	dst = append(dst, ',')
	if !r.UpperInf {
		bound(r.Upper)
	}
	return append(dst, end)
}

func boundNeedsQuotes(b []byte) bool {
	if recordNeedsQuotes(b) {
		return true
	}
	for _, c := range b {
		if c == '[' || c == ']' {
			return true
		}
	}
	return false
}

func appendRangeBinary(dst []byte, r *Range, env *Env) []byte {
	dst = append(dst, r.flags())
	if !r.Empty && !r.LowerInf {
		dst = appendSized(dst, r.Type.Subtype, r.Lower, env)
	}
	if !r.Empty && !r.UpperInf {
		dst = appendSized(dst, r.Type.Subtype, r.Upper, env)
	}
	return dst
}

func parseRangeBinary(t *Type, b []byte, env *Env) (*Range, error) {
	r := wireReader{b: b}
	flag := r.bytes(1)
	if r.err != nil {
		return nil, r.err
	}
	f := flag[0]
	bound := func(inf, inc byte) (b Bound, err error) {
		if f&rangeEmpty != 0 || f&inf != 0 {
			b.Infinite = true
			return b, nil
		}
		b.Inc = f&inc != 0
		n := r.int32()
		raw := r.bytes(int(n))
		if r.err != nil {
			return b, r.err
		}
		b.Val, err = ParseBinary(t.Subtype, -1, raw, env)
		return b, err
	}
	lower, err := bound(rangeLowerInf, rangeLowerInc)
	if err != nil {
		return nil, err
	}
	upper, err := bound(rangeUpperInf, rangeUpperInc)
	if err != nil {
		return nil, err
	}
	if len(r.b) > 0 {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid message format")
	}
	if f&rangeEmpty != 0 {
		return EmptyRange(t), nil
	}
	lower.IsLower = true
	return MakeRange(t, lower, upper)
}

// parseMultirange reads ranges between braces.
func parseMultirange(t *Type, s string, env *Env) (Datum, error) {
	fail := func(detail string) (Datum, error) {
		e := pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed multirange literal: \"%s\"", s)
		e.Detail = detail
		return Null, e
	}
	p := trimSpaceLeft(s)
	if p == "" || p[0] != '{' {
		return fail("Missing left brace.")
	}
	p = p[1:]
	var list []*Range
	for seen := 0; ; seen++ {
		p = trimSpaceLeft(p)
		switch {
		case p == "":
			return fail("Unexpected end of input.")
		case p[0] == '}' && seen == 0:
		case hasFoldPrefix(p, "empty"):
			p = p[len("empty"):]
		case p[0] == '[' || p[0] == '(':
			n := rangeTextLen(p)
			if n < 0 {
				return fail("Unexpected end of input.")
			}
			d, err := parseRange(t.Range, p[:n], env)
			if err != nil {
				return Null, err
			}
			list = append(list, d.Range())
			p = p[n:]
		default:
			return fail("Expected range start.")
		}
		p = trimSpaceLeft(p)
		switch {
		case p == "":
			return fail("Unexpected end of input.")
		case p[0] == '}':
			if trimSpaceLeft(p[1:]) != "" {
				return fail("Junk after closing right brace.")
			}
			return NewAny(MakeMultirange(t, list)), nil
		case p[0] != ',':
			return fail("Expected comma or end of multirange.")
		}
		p = p[1:]
	}
}

// rangeTextLen is the length of the range literal at the front of p, -1 if it has
// no end.
func rangeTextLen(p string) int {
	quoted := false
	for i := 1; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted // a doubled one ends the quotes and begins them again
		case !quoted && (c == ']' || c == ')'):
			return i + 1
		}
	}
	return -1
}

func appendMultirangeText(dst []byte, m *Multirange, env *Env) []byte {
	dst = append(dst, '{')
	for i, r := range m.Ranges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRangeText(dst, r, env)
	}
	return append(dst, '}')
}

func appendMultirangeBinary(dst []byte, m *Multirange, env *Env) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(m.Ranges)))
	for _, r := range m.Ranges {
		at := len(dst)
		dst = appendRangeBinary(append(dst, 0, 0, 0, 0), r, env)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

func parseMultirangeBinary(t *Type, b []byte, env *Env) (Datum, error) {
	r := wireReader{b: b}
	n := r.uint32()
	if r.err != nil {
		return Null, r.err
	}
	var list []*Range
	for ; n > 0; n-- {
		size := r.int32()
		raw := r.bytes(int(size))
		if r.err != nil {
			return Null, r.err
		}
		x, err := parseRangeBinary(t.Range, raw, env)
		if err != nil {
			return Null, err
		}
		list = append(list, x)
	}
	if len(r.b) > 0 {
		return Null, pgerr.New(pgerr.ProtocolViolation, "invalid message format")
	}
	return NewAny(MakeMultirange(t, list)), nil
}
