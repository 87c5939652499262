package types

import (
	"math"
	"math/bits"
)

// Hashing: equal values of one type hash equal, whatever their
// representation (1.0 and 1.00, -0 and 0, 'a' and 'a  ' as bpchar). Hashes
// are the same in every process, so they may decide where rows go.

const (
	hashK0   = 0xa0761d6478bd642f
	hashK1   = 0xe7037ed1a0b428db
	hashK2   = 0x8ebc6af09c88c6e3
	hashNull = 0x589965cc75374cc3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashInt mixes twice: after one multiplication the high bits of regular
// numbers are still regular, and partitioning looks at those.
func hashInt(i int64, seed uint64) uint64 {
	return mix(mix(uint64(i)^hashK0, seed^hashK1)^hashK2, hashK0^hashK1)
}

func hashFloat(f float64, seed uint64) uint64 {
	if f == 0 {
		f = 0 // -0 equals 0
	} else if f != f {
		f = math.NaN() // all NaNs are equal
	}
	return hashInt(int64(math.Float64bits(f)), seed)
}

func hashBool(b bool, seed uint64) uint64 {
	if b {
		return hashInt(1, seed)
	}
	return hashInt(0, seed)
}

func load8(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

func load4(s string, i int) uint64 {
	_ = s[i+3]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24
}

// Hashable tells whether PostgreSQL has a hash function for a type; those here
// hash every type. Of a record's fields nothing is known before there are values.
func Hashable(t *Type) bool {
	switch t = t.Under(); {
	case t == Bit || t == VarBit || t == Money:
		return false
	case t.IsArray():
		return Hashable(t.Elem)
	case t.Subtype != nil:
		return Hashable(t.Subtype)
	case t.Range != nil:
		return Hashable(t.Range)
	}
	for _, f := range t.Fields {
		if f.Type != nil && !Hashable(f.Type) {
			return false
		}
	}
	return true
}

// HashString hashes bytes as the text types do.
func HashString(s string, seed uint64) uint64 {
	n := len(s)
	var a, b uint64
	switch {
	case n >= 8:
		i := 0
		for ; n-i > 16; i += 16 {
			seed = mix(load8(s, i)^hashK2, load8(s, i+8)^seed)
		}
		a = load8(s, max(n-16, 0)) // overlaps what was read; harmless
		b = load8(s, n-8)
	case n >= 4:
		a, b = load4(s, 0), load4(s, n-4)
	case n > 0:
		a = uint64(s[0])<<16 | uint64(s[n>>1])<<8 | uint64(s[n-1])
	}
	return mix(hashK1^uint64(n), mix(a^hashK0, b^seed^hashK1))
}

// HashNull is the hash of NULL.
func HashNull(seed uint64) uint64 { return mix(hashNull, seed^hashK1) }

// Hash hashes a value of type t, which may be NULL.
func Hash(t *Type, d Datum, seed uint64) uint64 {
	if d.K == PhysNull {
		return HashNull(seed)
	}
	t = t.Under()
	switch t.Phys {
	case PhysBool, PhysInt64:
		return hashInt(d.I, seed)
	case PhysFloat64:
		return hashFloat(d.Float(), seed)
	case PhysBytes:
		return hashString(t, d.S, seed)
	case PhysDecimal:
		return d.Decimal().hash(seed)
	case PhysInterval:
		return hashSpans(t, d.Span(), seed)
	}
	return hashAny(t, d.X, seed)
}

// HashAt hashes row i of v, which may be NULL.
func HashAt(v *Vec, i int, seed uint64) uint64 {
	if v.HasNulls && v.Nulls[i] {
		return HashNull(seed)
	}
	switch v.Type.Phys {
	case PhysBool:
		return hashBool(v.B[i], seed)
	case PhysInt64:
		return hashInt(v.I[i], seed)
	case PhysFloat64:
		return hashFloat(v.F[i], seed)
	case PhysBytes:
		return hashString(v.Type.Under(), v.S[i], seed)
	case PhysDecimal:
		return v.D[i].hash(seed)
	case PhysInterval:
		return hashSpans(v.Type.Under(), v.V[i], seed)
	}
	return hashAny(v.Type.Under(), v.A[i], seed)
}

// HashVec hashes the rows of v that sel names (the first n when sel is nil)
// and combines each with what out holds for that row: out[i] becomes the hash
// of row i seeded with out[i]. Start with out zeroed (or any seed) and call
// once for each key column.
func HashVec(v *Vec, n int, sel []int32, out []uint64) {
	if v.HasNulls {
		if sel != nil {
			for _, i := range sel {
				out[i] = HashAt(v, int(i), out[i])
			}
			return
		}
		for i := range out[:n] {
			out[i] = HashAt(v, i, out[i])
		}
		return
	}
	t := v.Type.Under()
	switch {
	case t.Phys == PhysInt64:
		hashRows(v.I, n, sel, out, hashInt)
	case t.Phys == PhysFloat64:
		hashRows(v.F, n, sel, out, hashFloat)
	case t.Phys == PhysBytes && t.OID != oidBPChar && t.OID != oidJSONB:
		hashRows(v.S, n, sel, out, HashString)
	case t.Phys == PhysDecimal:
		hashRows(v.D, n, sel, out, Decimal.hash)
	case sel != nil:
		for _, i := range sel {
			out[i] = HashAt(v, int(i), out[i])
		}
	default:
		for i := range out[:n] {
			out[i] = HashAt(v, i, out[i])
		}
	}
}

// hashRows is meant to be inlined with its hash function.
func hashRows[T any](vals []T, n int, sel []int32, out []uint64, hash func(T, uint64) uint64) {
	if sel != nil {
		for _, i := range sel {
			out[i] = hash(vals[i], out[i])
		}
		return
	}
	vals, out = vals[:n], out[:n]
	for i, x := range vals {
		out[i] = hash(x, out[i])
	}
}

func hashString(t *Type, s string, seed uint64) uint64 {
	switch t.OID {
	case oidBPChar:
		s = TrimBlanks(s)
	case oidJSONB:
		return HashJSON(s, seed)
	}
	return HashString(s, seed)
}

func hashSpans(t *Type, s Span, seed uint64) uint64 {
	if t.OID == oidTimeTZ {
		return hashInt(s.Micros, hashInt(int64(s.Days), seed))
	}
	return hashSpan(s, seed)
}

func hashAny(t *Type, x any, seed uint64) uint64 {
	switch x := x.(type) {
	case *Array:
		h := seed
		for _, d := range x.Elems {
			h = Hash(x.Elem, d, h)
		}
		return hashInt(int64(len(x.Elems)), h)
	case *Tuple:
		h := seed
		for i, d := range x.Vals {
			h = Hash(x.Fields[i].Type, d, h)
		}
		return hashInt(int64(len(x.Vals)), h)
	case *Range:
		return hashRange(x, seed)
	case *Multirange:
		h := seed
		for _, r := range x.Ranges {
			h = hashRange(r, h)
		}
		return hashInt(int64(len(x.Ranges)), h)
	}
	return seed
}
