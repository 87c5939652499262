package types

import (
	"strings"

	"rowkey/pgerr"
)

// ApplyTypmod coerces d to the length, precision or fields that typmod
// demands of type t, as the casts from a type to itself do. explicit tells
// that the user wrote a cast: then strings are cut silently. NULL and
// typmod -1 pass unchanged.
func ApplyTypmod(t *Type, typmod int32, d Datum, explicit bool) (Datum, error) {
	if t.Kind == KindDomain {
		return ApplyTypmod(t.Base, t.BaseMod, d, explicit)
	}
	if d.K == PhysNull || typmod < 0 {
		return d, nil
	}
	switch t.OID {
	case oidVarChar, oidBPChar:
		s, err := coerceString(t, typmod, d.S, explicit)
		d.S = s
		return d, err
	case oidBit, oidVarBit:
		s, err := coerceBits(t, typmod, d.S, explicit)
		d.S = s
		return d, err
	case oidNumeric:
		n, err := d.Decimal().applyTypmod(typmod)
		if err != nil {
			return Null, err
		}
		return NewDecimal(n), nil
	case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ, oidInterval:
		return applyDateTimeTypmod(t, typmod, d)
	}
	if t.IsArray() && d.K == PhysAny {
		a := d.Array()
		b := &Array{Elem: a.Elem, Dims: a.Dims, Elems: make([]Datum, len(a.Elems))}
		for i, e := range a.Elems {
			var err error
			if b.Elems[i], err = ApplyTypmod(t.Elem, typmod, e, explicit); err != nil {
				return Null, err
			}
		}
		return NewAny(b), nil
	}
	return d, nil
}

// HasTypmod reports whether values of t are subject to modifiers at all.
func HasTypmod(t *Type) bool {
	if t.IsArray() {
		t = t.Elem
	}
	switch t.OID {
	case oidVarChar, oidBPChar, oidBit, oidVarBit, oidNumeric, oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ, oidInterval:
		return true
	}
	return false
}

// coerceString fits s to varchar(n) or bpchar(n). Blanks past n go silently;
// other characters only in an explicit cast.
func coerceString(t *Type, typmod int32, s string, explicit bool) (string, error) {
	n, ok := CharTypmodLen(typmod)
	if !ok {
		return s, nil
	}
	cut, all := charPrefix(s, n)
	if !all {
		if !explicit && strings.Trim(s[cut:], " ") != "" {
			return "", pgerr.Newf(pgerr.StringDataRightTruncation, "value too long for type %s(%d)", sqlNames[t.OID], n)
		}
		return s[:cut], nil
	}
	if t.OID == oidBPChar {
		if have := CharLen(s); have < n {
			if size := len(s) + n - have + 4; size > maxAlloc { // no column is that wide: a call's own number
				return "", pgerr.Newf(pgerr.InternalError, "invalid memory alloc request size %d", size)
			}
			return s + strings.Repeat(" ", n-have), nil
		}
	}
	return s, nil
}

// maxAlloc is the size of the largest value of PostgreSQL, with the word before it.
const maxAlloc = 1<<30 - 1

// applyTypmod rounds d to a numeric typmod's scale and checks its precision.
func (d Decimal) applyTypmod(typmod int32) (Decimal, error) {
	precision, scale, ok := NumericTypmodParts(typmod)
	if !ok || d.Form == NaN {
		return d, nil
	}
	if d.Form != Finite {
		return d, errNumericField(precision, scale, "an infinite value")
	}
	r := d.rescale(int32(scale), halfAway)
	maxDigits := precision - scale
	if r.digits()-int(r.Scale) > maxDigits {
		if maxDigits == 0 {
			return d, errNumericField(precision, scale, "an absolute value less than 1")
		}
		return d, errNumericField(precision, scale, "")
	}
	return r, nil
}

func errNumericField(precision, scale int, what string) error {
	e := pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow")
	switch what {
	case "an infinite value":
		return e.WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	case "":
		return e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 10^%d.", precision, scale, precision-scale)
	}
	return e.WithDetail("A field with precision %d, scale %d must round to %s.", precision, scale, what)
}

// maxCharLen is the largest n of varchar(n) and char(n).
const maxCharLen = 10485760

// EncodeTypmod makes the modifier that the numbers in parentheses behind a
// type's name mean (its typmod input function). Interval's fields come from
// its grammar: see IntervalTypmod.
func EncodeTypmod(t *Type, args []int64) (int32, error) {
	invalid := func(format string, args ...any) (int32, error) {
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
	}
	if t.IsArray() {
		t = t.Elem
	}
	switch t.OID {
	case oidNumeric:
		if len(args) < 1 || len(args) > 2 {
			return invalid("invalid NUMERIC type modifier")
		}
		if p := args[0]; p < 1 || p > MaxPrecision {
			return invalid("NUMERIC precision %d must be between 1 and %d", p, MaxPrecision)
		}
		scale := int64(0)
		if len(args) == 2 {
			if scale = args[1]; scale < -MaxPrecision || scale > MaxPrecision {
				return invalid("NUMERIC scale %d must be between %d and %d", scale, -MaxPrecision, MaxPrecision)
			}
		}
		return NumericTypmod(int(args[0]), int(scale)), nil
	case oidVarChar, oidBPChar:
		if len(args) != 1 {
			return invalid("invalid type modifier")
		}
		name := "varchar"
		if t.OID == oidBPChar {
			name = "char"
		}
		if args[0] < 1 {
			return invalid("length for type %s must be at least 1", name)
		}
		if args[0] > maxCharLen {
			return invalid("length for type %s cannot exceed %d", name, maxCharLen)
		}
		return CharTypmod(int(args[0])), nil
	case oidBit, oidVarBit:
		if len(args) != 1 {
			return invalid("invalid type modifier")
		}
		if args[0] < 1 {
			return invalid("length for type %s must be at least 1", t.Name)
		}
		if args[0] > MaxBits {
			return invalid("length for type %s cannot exceed %d", t.Name, MaxBits)
		}
		return int32(args[0]), nil
	case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ, oidInterval:
		if len(args) != 1 {
			return invalid("invalid type modifier")
		}
		if args[0] < 0 {
			name, zone := map[OID]string{oidTime: "TIME", oidTimeTZ: "TIME", oidTimestamp: "TIMESTAMP", oidTimestampTZ: "TIMESTAMP", oidInterval: "INTERVAL"}[t.OID], ""
			if t.OID == oidTimeTZ || t.OID == oidTimestampTZ {
				zone = " WITH TIME ZONE"
			}
			return invalid("%s(%d)%s precision must not be negative", name, args[0], zone)
		}
		p := int(min(args[0], 6)) // more is a warning and 6 in PostgreSQL
		if t.OID == oidInterval {
			return IntervalTypmod(0, p), nil
		}
		return int32(p), nil
	}
	return -1, pgerr.Newf(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", t.Name)
}
