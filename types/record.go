package types

import (
	"encoding/binary"
	"strings"

	"rowkey/pgerr"
)

// Text and binary forms of records and named row types, and their order.

// NewTuple makes an anonymous record of the given values.
func NewTuple(fields []Field, vals []Datum) *Tuple {
	return &Tuple{Type: Record, Fields: fields, Vals: vals}
}

func appendRecordText(dst []byte, r *Tuple, env *Env) []byte {
	dst = append(dst, '(')
	for i, d := range r.Vals {
		if i > 0 {
			dst = append(dst, ',')
		}
		if d.K == PhysNull {
			continue
		}
		start := len(dst)
		dst = AppendText(dst, r.Fields[i].Type, d, env)
		dst = quoteFrom(dst, start, recordNeedsQuotes, false)
	}
	return append(dst, ')')
}

func recordNeedsQuotes(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	for _, c := range b {
		switch c {
		case '"', '\\', '(', ')', ',':
			return true
		}
		if isSpace(c) {
			return true
		}
	}
	return false
}

// parseRecord reads a row literal, (a,"b c",), for the row type t.
func parseRecord(t *Type, s string, env *Env) (Datum, error) {
	fail := func(detail string) (Datum, error) {
		e := pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed record literal: \"%s\"", s)
		e.Detail = detail
		return Null, e
	}
	p := strings.TrimLeft(s, " \t\n\v\f\r")
	if p == "" || p[0] != '(' {
		return fail("Missing left parenthesis.")
	}
	p = p[1:]
	r := &Tuple{Type: t, Fields: t.Fields, Vals: make([]Datum, len(t.Fields))}
	for i, f := range t.Fields {
		if i > 0 {
			if p == "" || p[0] != ',' {
				return fail("Too few columns.")
			}
			p = p[1:]
		}
		if p != "" && (p[0] == ',' || p[0] == ')') {
			continue // NULL
		}
		var buf []byte
		quoted := false
		n := 0
	scan:
		for {
			if n >= len(p) {
				return fail("Unexpected end of input.")
			}
			c := p[n]
			n++
			switch {
			case c == '\\':
				if n >= len(p) {
					return fail("Unexpected end of input.")
				}
				buf = append(buf, p[n])
				n++
			case c == '"':
				switch {
				case !quoted:
					quoted = true
				case n < len(p) && p[n] == '"':
					buf = append(buf, '"')
					n++
				default:
					quoted = false
				}
			case !quoted && (c == ',' || c == ')'):
				n--
				break scan
			default:
				buf = append(buf, c)
			}
		}
		p = p[n:]
		var err error
		if r.Vals[i], err = Parse(f.Type, f.Typmod, string(buf), env); err != nil {
			return Null, err
		}
	}
	switch {
	case p == "" || p[0] != ')':
		return fail("Too many columns.")
	case strings.TrimLeft(p[1:], " \t\n\v\f\r") != "":
		return fail("Junk after right parenthesis.")
	}
	return NewAny(r), nil
}

func appendRecordBinary(dst []byte, r *Tuple, env *Env) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(r.Vals)))
	for i, d := range r.Vals {
		t := r.Fields[i].Type
		dst = binary.BigEndian.AppendUint32(dst, uint32(t.OID))
		dst = appendSized(dst, t, d, env)
	}
	return dst
}

func parseRecordBinary(t *Type, b []byte, env *Env) (Datum, error) {
	in := wireReader{b: b}
	n := in.int32()
	if in.err != nil {
		return Null, in.err
	}
	if int(n) != len(t.Fields) {
		return Null, pgerr.Newf(pgerr.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(t.Fields))
	}
	r := &Tuple{Type: t, Fields: t.Fields, Vals: make([]Datum, len(t.Fields))}
	for i, f := range t.Fields {
		oid := OID(in.uint32())
		if in.err != nil {
			return Null, in.err
		}
		if oid != f.Type.OID {
			return Null, pgerr.Newf(pgerr.DatatypeMismatch, "binary data has type %d (%s) instead of expected %d (%s) in record column %d",
				oid, formatOID(oid), f.Type.OID, Format(f.Type, -1), i+1)
		}
		var err error
		if r.Vals[i], err = in.sized(f.Type, f.Typmod, env); err != nil {
			return Null, err
		}
	}
	if len(in.b) > 0 {
		return Null, errBadBinary()
	}
	return NewAny(r), nil
}

// compareTuple orders records field by field, NULL last. That the field types
// agree is for whoever resolves the comparison to check.
func compareTuple(a, b *Tuple) int {
	for i := 0; i < len(a.Vals) && i < len(b.Vals); i++ {
		if c := compareNullable(a.Fields[i].Type, a.Vals[i], b.Vals[i]); c != 0 {
			return c
		}
	}
	return len(a.Vals) - len(b.Vals)
}
