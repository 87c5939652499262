package types

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// Arrays: makers, binary form, int2vector and oidvector, order. The text form
// is in array_text.go.

// The limits of arrays.
const (
	MaxArrayDims  = 6
	maxArrayItems = 134217727
)

// NewArray makes a one-dimensional array with lower bound 1, or the empty
// array; it takes elems over.
func NewArray(elem *Type, elems []Datum) *Array {
	a := &Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims = []ArrayDim{{Len: int32(len(elems)), Lower: 1}}
	}
	return a
}

func errTooManyDims(n int) error {
	return pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, MaxArrayDims)
}

// errArraySize is what an array of too many elements gives.
func errArraySize() error {
	return pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayItems)
}

// appendArrayBinary appends an array as one of type t, whose elements may be another
// string type than those it was made of.
func appendArrayBinary(dst []byte, t *Type, a *Array, env *Env) []byte {
	be := binary.BigEndian
	elem := a.Elem
	if t.IsArray() && t.Elem.Category == 'S' && elem.Category == 'S' {
		elem = t.Elem
	}
	dims := a.Dims
	if len(a.Elems) == 0 && a.Elem != Int2 && a.Elem != Oid {
		dims = nil // int2vector and oidvector have a dimension even when empty
	}
	dst = be.AppendUint32(dst, uint32(len(dims)))
	hasNull := uint32(0)
	for i := range a.Elems {
		if a.Elems[i].K == PhysNull {
			hasNull = 1
			break
		}
	}
	dst = be.AppendUint32(dst, hasNull)
	dst = be.AppendUint32(dst, uint32(elem.OID))
	for _, d := range dims {
		dst = be.AppendUint32(dst, uint32(d.Len))
		dst = be.AppendUint32(dst, uint32(d.Lower))
	}
	for _, e := range a.Elems {
		dst = appendSized(dst, a.Elem, e, env)
	}
	return dst
}

// appendSized writes a value behind its length, -1 for NULL.
func appendSized(dst []byte, t *Type, d Datum, env *Env) []byte {
	if d.K == PhysNull {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = AppendBinary(dst, t, d, env)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func parseArrayBinary(t *Type, typmod int32, b []byte, env *Env) (Datum, error) {
	r := wireReader{b: b}
	ndim := r.int32()
	flags := r.int32()
	elemOID := OID(r.uint32())
	if r.err != nil {
		return Null, r.err
	}
	if ndim < 0 {
		return Null, pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid number of dimensions: %d", ndim)
	}
	if ndim > MaxArrayDims {
		return Null, errTooManyDims(int(ndim))
	}
	if flags != 0 && flags != 1 {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid array flags")
	}
	if elemOID != t.Elem.OID {
		return Null, pgerr.Newf(pgerr.DatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)",
			elemOID, formatOID(elemOID), t.Elem.OID, Format(t.Elem, -1))
	}
	a := &Array{Elem: t.Elem}
	n := int64(1)
	for i := int32(0); i < ndim; i++ {
		d := ArrayDim{Len: r.int32(), Lower: r.int32()}
		if r.err != nil {
			return Null, r.err
		}
		if d.Len < 0 {
			return Null, errArraySize()
		}
		if int64(d.Lower)+int64(d.Len)-1 > 1<<31-1 {
			return Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", d.Lower)
		}
		a.Dims = append(a.Dims, d)
		if n *= int64(d.Len); n > maxArrayItems {
			return Null, errArraySize()
		}
	}
	if ndim == 0 {
		n = 0
	}
	if n > int64(len(r.b)/4) { // each element has a length word at least
		return Null, errInsufficient()
	}
	if n == 0 && t.Category == 'A' {
		a.Dims = nil
	}
	a.Elems = make([]Datum, n)
	for i := range a.Elems {
		var err error
		if a.Elems[i], err = r.sized(t.Elem, typmod, env); err != nil {
			return Null, err
		}
	}
	if len(r.b) > 0 {
		return Null, errBadBinary()
	}
	return NewAny(a), nil
}

// sized reads a value behind its length.
func (r *wireReader) sized(t *Type, typmod int32, env *Env) (Datum, error) {
	n := r.int32()
	if r.err != nil {
		return Null, r.err
	}
	if n == -1 {
		return Null, nil
	}
	b := r.bytes(int(n))
	if r.err != nil {
		return Null, r.err
	}
	return ParseBinary(t, typmod, b, env)
}

func formatOID(oid OID) string {
	if t := ByOID(oid); t != nil {
		return Format(t, -1)
	}
	return "-"
}

// parseVector reads int2vector and oidvector: numbers with spaces between.
func parseVector(t *Type, s string) (Datum, error) {
	var elems []Datum
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }) {
		var i int64
		var err error
		if t.OID == oidOidVector {
			i, err = parseOid(word)
		} else {
			i, err = ParseInt(word, 16, "smallint")
		}
		if err != nil {
			return Null, err
		}
		elems = append(elems, NewInt(i))
	}
	return NewAny(newVector(t, elems)), nil
}

// newVector makes the value of an int2vector or oidvector, which counts from 0
// and has a dimension even when empty.
func newVector(t *Type, elems []Datum) *Array {
	return &Array{Elem: t.Elem, Elems: elems, Dims: []ArrayDim{{Len: int32(len(elems))}}}
}

// NewVector makes the value of an int2vector or oidvector from its numbers.
func NewVector(t *Type, nums ...int64) Datum {
	elems := make([]Datum, len(nums))
	for i, n := range nums {
		elems[i] = NewInt(n)
	}
	return NewAny(newVector(t, elems))
}

func appendVectorText(dst []byte, a *Array) []byte {
	for i := range a.Elems {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = strconv.AppendInt(dst, a.Elems[i].I, 10)
	}
	return dst
}

func parseVectorBinary(t *Type, b []byte) (Datum, error) {
	d, err := parseArrayBinary(&Type{Elem: t.Elem}, -1, b, DefaultEnv)
	if err != nil {
		return Null, err
	}
	a := d.Array()
	if CheckVector(t, a) != nil || a.Dims[0].Lower != 0 {
		return Null, pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid %s data", t.Name)
	}
	return NewAny(newVector(t, a.Elems)), nil
}

// compareArray orders arrays: by their elements, NULL last, then by count,
// dimensions, lengths and bounds.
func compareArray(a, b *Array) int {
	for i := 0; i < len(a.Elems) && i < len(b.Elems); i++ {
		if c := compareNullable(a.Elem, a.Elems[i], b.Elems[i]); c != 0 {
			return c
		}
	}
	if c := len(a.Elems) - len(b.Elems); c != 0 {
		return c
	}
	if c := len(a.Dims) - len(b.Dims); c != 0 {
		return c
	}
	for i := range a.Dims {
		if c := cmpInt(int64(a.Dims[i].Len), int64(b.Dims[i].Len)); c != 0 {
			return c
		}
	}
	for i := range a.Dims {
		if c := cmpInt(int64(a.Dims[i].Lower), int64(b.Dims[i].Lower)); c != 0 {
			return c
		}
	}
	return 0
}

// compareOidVector orders by length first; where an oidvector counts from does not count.
func compareOidVector(a, b *Array) int {
	if c := len(a.Elems) - len(b.Elems); c != 0 {
		return c
	}
	return slices.CompareFunc(a.Elems, b.Elems, func(x, y Datum) int { return cmpInt(x.I, y.I) })
}

// IsVector tells whether a type is int2vector or oidvector: arrays of one dimension
// without NULLs that have a text form of their own.
func (t *Type) IsVector() bool { return t.OID == oidInt2Vector || t.OID == oidOidVector }

// CheckVector tells whether an array can be the value of a vector type, t.
func CheckVector(t *Type, a *Array) error {
	if len(a.Dims) != 1 || slices.ContainsFunc(a.Elems, Datum.IsNull) {
		return pgerr.Newf(pgerr.DatatypeMismatch, "array is not a valid %s", t.Name)
	}
	return nil
}
