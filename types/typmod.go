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
	case oidVarChar, oidBPChar, oidNumeric, oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ, oidInterval:
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
			return s + strings.Repeat(" ", n-have), nil
		}
	}
	return s, nil
}

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
