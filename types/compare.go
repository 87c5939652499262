package types

import (
	"strings"
)

// Compare gives the b-tree order of two non-NULL values of type t: negative,
// zero or positive. Types without an order of their own (json) compare by
// their bytes.
func Compare(t *Type, a, b Datum) int {
	t = t.Under()
	switch t.Phys {
	case PhysBool, PhysInt64:
		if t.OID == oidXid8 {
			return cmpUint(uint64(a.I), uint64(b.I))
		}
		return cmpInt(a.I, b.I)
	case PhysFloat64:
		return CompareFloat(a.Float(), b.Float())
	case PhysBytes:
		return compareString(t, a.S, b.S)
	case PhysDecimal:
		return a.Decimal().Cmp(b.Decimal())
	case PhysInterval:
		return compareSpans(t, a.Span(), b.Span())
	}
	return compareAny(t, a.X, b.X)
}

// CompareAt gives the order of row i of v and row j of w, both not NULL, the
// vectors of one type.
func CompareAt(v *Vec, i int, w *Vec, j int) int {
	switch v.Type.Phys {
	case PhysInt64:
		if v.Type.OID == oidXid8 {
			return cmpUint(uint64(v.I[i]), uint64(w.I[j]))
		}
		return cmpInt(v.I[i], w.I[j])
	case PhysBytes:
		return compareString(v.Type.Under(), v.S[i], w.S[j])
	case PhysFloat64:
		return CompareFloat(v.F[i], w.F[j])
	case PhysDecimal:
		return v.D[i].Cmp(w.D[j])
	case PhysBool:
		switch {
		case v.B[i] == w.B[j]:
			return 0
		case w.B[j]:
			return -1
		}
		return 1
	case PhysInterval:
		return compareSpans(v.Type.Under(), v.V[i], w.V[j])
	}
	return compareAny(v.Type.Under(), v.A[i], w.A[j])
}

// Equal reports whether two values of type t are equal; two NULLs are.
func Equal(t *Type, a, b Datum) bool {
	if a.K == PhysNull || b.K == PhysNull {
		return a.K == b.K
	}
	return Compare(t, a, b) == 0
}

// EqualAt reports whether rows of two vectors of one type are equal; two
// NULLs are.
func EqualAt(v *Vec, i int, w *Vec, j int) bool {
	if n, m := v.IsNull(i), w.IsNull(j); n || m {
		return n == m
	}
	if v.Type.Phys == PhysBytes && (v.Type.OID == oidText || v.Type.OID == oidVarChar) {
		return v.S[i] == w.S[j]
	}
	return CompareAt(v, i, w, j) == 0
}

func cmpUint(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareString(t *Type, a, b string) int {
	switch t.OID {
	case oidBPChar:
		return strings.Compare(TrimBlanks(a), TrimBlanks(b))
	case oidJSONB:
		return CompareJSON(a, b)
	}
	return strings.Compare(a, b)
}

func compareSpans(t *Type, a, b Span) int {
	if t.OID == oidTimeTZ {
		return compareTimeTZ(a, b)
	}
	return compareSpan(a, b)
}

func compareAny(t *Type, a, b any) int {
	switch a := a.(type) {
	case *Array:
		if b, ok := b.(*Array); ok {
			if t.OID == oidOidVector {
				return compareOidVector(a, b)
			}
			return compareArray(a, b)
		}
	case *Tuple:
		if b, ok := b.(*Tuple); ok {
			return compareTuple(a, b)
		}
	case *Range:
		if b, ok := b.(*Range); ok {
			return CompareRanges(a, b)
		}
	case *Multirange:
		if b, ok := b.(*Multirange); ok {
			return CompareMultiranges(a, b)
		}
	}
	return 0
}

// compareNullable orders two values that may be NULL, NULL last.
func compareNullable(t *Type, a, b Datum) int {
	if a.K == PhysNull || b.K == PhysNull {
		switch {
		case a.K == b.K:
			return 0
		case a.K == PhysNull:
			return 1
		}
		return -1
	}
	return Compare(t, a, b)
}
