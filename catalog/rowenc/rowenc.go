// Package rowenc turns rows into the keys and values of the store and back.
// It owns the bytes of row values and of index entries; package keyenc owns
// those of the columns within keys.
//
//	/Table/<storage>/1/<primary key…>             → row value
//	/Table/<storage>/1/<row id>                   → row value, without a primary key
//	/Table/<storage>/<i>/<columns…>               → entry value with the primary key (unique)
//	/Table/<storage>/<i>/<columns…>/<primary key…> → entry value (not unique, or with a NULL)
//
// A row value holds every column, those of the primary key too, by attnum:
//
//	byte 0        0x10 | width | 4 if there is a null mask
//	              width of an end offset: 0 one byte, 1 two bytes, 2 four bytes
//	bytes 1–2     n, the number of columns stored, little-endian
//	null mask     (n+7)/8 bytes, bit i%8 of byte i/8 set when column i is NULL
//	end offsets   n of them, little-endian: where column i's bytes end
//	data          the columns' bytes, one after another
//
//	(7, NULL, 'bo')   14 0300 02 040406 07000000 626f
//
// So column i is read from two offsets, whatever lies before it. A column
// added later is missing from the rows stored before: attnum > n reads as
// Column.MissingVal. A dropped column is stored as NULL. Neither rewrites rows.
//
// The bytes of a value, by type:
//
//	bool "char"                            1 byte
//	int2                                   2 bytes, little-endian (so all numbers)
//	int4 date oid xid reg…                 4 bytes
//	int8 time timestamp timestamptz enum   8 bytes
//	float4, float8                         4, 8 bytes, IEEE 754
//	text bytea uuid json …                 the bytes themselves
//	interval timetz                        micros:8 days:4 months:4
//	numeric     kind:1 scale:varint coefficient: least two's complement bytes
//	            (kind 0), or the magnitude beyond int64 (1 positive, 2 negative);
//	            3 NaN, 4 Infinity, 5 -Infinity stand alone
//	array       dims:varint {len:varint lower:zigzag}… elements
//	record      fields:varint fields
//	            element, field: 00 NULL, or length+1:varint and its bytes
//
// An index entry's value is empty, or
//
//	byte 0        1 if the primary key follows (else it ends the key)
//	              2 if a row value of stored columns ends the entry
//	primary key   length:varint and the bytes behind the primary index's prefix
//	row value     the columns that an index-only scan could not get back from
//	              the key: INCLUDE columns, and key columns whose key form
//	              loses something (numeric's scale, char's blanks, -0 …)
//
// Invariants: decoding never panics, damaged bytes are an error; strings
// decoded alias the pair's bytes, which the store never changes (callers of a
// PairBatch call Keep).
package rowenc

import (
	"encoding/binary"
	"math"
	"math/big"

	"rowkey/pgerr"
	"rowkey/types"
)

const (
	headerBytes = 3
	version     = 0x10
	flagNulls   = 0x04
	widthMask   = 0x03
)

// form is how the bytes of a value are laid out.
type form uint8

const (
	formNone form = iota // a dropped column: always NULL
	formBool
	formInt1
	formInt2
	formInt4
	formUint4
	formInt8
	formFloat4
	formFloat8
	formBytes
	formSpan
	formDecimal
	formArray
	formTuple
)

// fixedBytes is the length of the values of a form, 0 when it varies.
var fixedBytes = [...]int{formBool: 1, formInt1: 1, formInt2: 2, formInt4: 4, formUint4: 4, formInt8: 8,
	formFloat4: 4, formFloat8: 8, formSpan: 16, formTuple: 0}

func formOf(t *types.Type) form {
	if t == nil {
		return formNone
	}
	t = t.Under()
	switch t.Phys {
	case types.PhysBool:
		return formBool
	case types.PhysInt64:
		if t.Kind == types.KindEnum {
			return formInt8
		}
		switch t.OID {
		case types.Char.OID:
			return formInt1
		case types.Int2.OID:
			return formInt2
		case types.Int4.OID, types.Date.OID:
			return formInt4
		}
		if t.Len == 4 {
			return formUint4
		}
		return formInt8
	case types.PhysFloat64:
		if t.OID == types.Float4.OID {
			return formFloat4
		}
		return formFloat8
	case types.PhysBytes:
		return formBytes
	case types.PhysInterval:
		return formSpan
	case types.PhysDecimal:
		return formDecimal
	}
	if t.Elem != nil {
		return formArray
	}
	return formTuple
}

// The kinds of a stored numeric.
const (
	decInt = iota
	decBigPos
	decBigNeg
	decNaN
	decPosInf
	decNegInf
)

func appendDecimal(dst []byte, d types.Decimal) []byte {
	switch d.Form {
	case types.NaN:
		return append(dst, decNaN)
	case types.PosInf:
		return append(dst, decPosInf)
	case types.NegInf:
		return append(dst, decNegInf)
	}
	if d.Big != nil && !d.Big.IsInt64() {
		kind := byte(decBigPos)
		if d.Big.Sign() < 0 {
			kind = decBigNeg
		}
		dst = binary.AppendUvarint(append(dst, kind), uint64(d.Scale))
		return append(dst, d.Big.Bytes()...)
	}
	dst = binary.AppendUvarint(append(dst, decInt), uint64(d.Scale))
	if d.Big != nil {
		d.Coef = d.Big.Int64()
	}
	c := d.Coef
	for c != 0 && c != -1 {
		dst = append(dst, byte(c))
		c >>= 8
	}
	// The last byte must show the sign.
	if d.Coef > 0 && dst[len(dst)-1] >= 0x80 {
		dst = append(dst, 0)
	} else if d.Coef == -1 || d.Coef < 0 && dst[len(dst)-1] < 0x80 {
		dst = append(dst, 0xff)
	}
	return dst
}

func decimalBytes(d *types.Decimal) int {
	if d.Form != types.Finite {
		return 1
	}
	n := 2
	if d.Scale >= 0x80 {
		n = 3
	}
	if d.Big != nil && !d.Big.IsInt64() {
		return n + (d.Big.BitLen()+7)/8
	}
	c := d.Coef
	if d.Big != nil {
		c = d.Big.Int64()
	}
	u := uint64(c ^ c>>63)
	if c == 0 {
		return n
	}
	for {
		n++
		if u < 0x80 {
			return n
		}
		u >>= 8
	}
}

func decodeDecimal(b []byte) (d types.Decimal, ok bool) {
	if len(b) == 0 {
		return d, false
	}
	switch b[0] {
	case decNaN, decPosInf, decNegInf:
		forms := [...]types.DecimalForm{decNaN: types.NaN, decPosInf: types.PosInf, decNegInf: types.NegInf}
		d.Form = forms[b[0]]
		return d, len(b) == 1
	case decInt, decBigPos, decBigNeg:
	default:
		return d, false
	}
	if len(b) < 2 {
		return d, false
	}
	p := 2
	d.Scale = int32(b[1])
	if b[1] >= 0x80 {
		if len(b) < 3 || b[2] >= 0x80 {
			return d, false
		}
		d.Scale = int32(b[1]&0x7f) | int32(b[2])<<7
		p = 3
	}
	c := b[p:]
	if b[0] == decInt {
		if len(c) > 8 {
			return d, false
		}
		var u uint64
		for i, x := range c {
			u |= uint64(x) << (8 * i)
		}
		if n := len(c); n > 0 {
			shift := 64 - 8*uint(n)
			d.Coef = int64(u<<shift) >> shift
		}
		return d, true
	}
	d.Big = new(big.Int).SetBytes(c)
	if b[0] == decBigNeg {
		d.Big.Neg(d.Big)
	}
	if d.Big.IsInt64() {
		return d, false
	}
	return d, true
}

// AppendValue appends the bytes of a value of type t that is not NULL.
func AppendValue(dst []byte, t *types.Type, d types.Datum) ([]byte, error) {
	return appendValue(dst, formOf(t), t, d)
}

func appendValue(dst []byte, f form, t *types.Type, d types.Datum) ([]byte, error) {
	switch f {
	case formBool, formInt1:
		return append(dst, byte(d.I)), nil
	case formInt2:
		return binary.LittleEndian.AppendUint16(dst, uint16(d.I)), nil
	case formInt4, formUint4:
		return binary.LittleEndian.AppendUint32(dst, uint32(d.I)), nil
	case formInt8, formFloat8:
		return binary.LittleEndian.AppendUint64(dst, uint64(d.I)), nil
	case formFloat4:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(d.Float()))), nil
	case formBytes:
		return append(dst, d.S...), nil
	case formSpan:
		return appendSpan(dst, d.Span()), nil
	case formDecimal:
		return appendDecimal(dst, d.Decimal()), nil
	case formArray, formTuple:
		return appendAny(dst, t, d.X)
	}
	return dst, pgerr.Newf(pgerr.InternalError, "a value of type %s cannot be stored", t)
}

func appendSpan(dst []byte, s types.Span) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.Micros))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(s.Days))
	return binary.LittleEndian.AppendUint32(dst, uint32(s.Months))
}

// appendAny appends an array or a record.
func appendAny(dst []byte, t *types.Type, x any) ([]byte, error) {
	t = t.Under()
	var err error
	switch v := x.(type) {
	case *types.Array:
		if t.Elem == nil {
			break
		}
		dst = binary.AppendUvarint(dst, uint64(len(v.Dims)))
		for _, dim := range v.Dims {
			dst = binary.AppendUvarint(dst, uint64(uint32(dim.Len)))
			dst = binary.AppendVarint(dst, int64(dim.Lower))
		}
		f := formOf(t.Elem)
		for _, e := range v.Elems {
			if dst, err = appendItem(dst, f, t.Elem, e); err != nil {
				return dst, err
			}
		}
		return dst, nil
	case *types.Range:
		return appendRange(dst, v)
	case *types.Multirange:
		for _, r := range v.Ranges {
			var b []byte
			if b, err = appendRange(nil, r); err != nil {
				return dst, err
			}
			dst = append(binary.AppendUvarint(dst, uint64(len(b))), b...)
		}
		return dst, nil
	case *types.Tuple:
		if len(t.Fields) == 0 {
			break
		}
		dst = binary.AppendUvarint(dst, uint64(t.Fields[len(t.Fields)-1].Place+1))
		at := 0
		for i, f := range t.Fields {
			for ; at < f.Place; at++ {
				dst = append(dst, 0) // dropped: NULL
			}
			if dst, err = appendItem(dst, formOf(f.Type), f.Type, v.Vals[i]); err != nil {
				return dst, err
			}
			at++
		}
		return dst, nil
	}
	return dst, pgerr.Unsupported("a value of type %s cannot be stored", t)
}

// CanStore tells whether values of a type have a stored form.
func CanStore(t *types.Type) bool {
	t = t.Under()
	if t.Phys != types.PhysAny {
		return true
	}
	if t.Elem != nil {
		return CanStore(t.Elem)
	}
	if t.IsRange() || t.IsMultirange() {
		return true
	}
	for _, f := range t.Fields {
		if !CanStore(f.Type) {
			return false
		}
	}
	return len(t.Fields) > 0
}

// AppendAny appends the stored form of an array or record of type t, as rows hold it.
func AppendAny(dst []byte, t *types.Type, x any) ([]byte, error) { return appendAny(dst, t, x) }

// DecodeAny reads what AppendAny made, nil if it is damaged. The value may hold on to b.
func DecodeAny(t *types.Type, b []byte) any { return decodeAny(t, b, 0) }

// appendItem appends an element or field with its length.
func appendItem(dst []byte, f form, t *types.Type, d types.Datum) ([]byte, error) {
	if d.IsNull() {
		return append(dst, 0), nil
	}
	if n := fixedBytes[f]; n > 0 {
		return appendValue(append(dst, byte(n+1)), f, t, d)
	}
	if f == formBytes {
		dst = binary.AppendUvarint(dst, uint64(len(d.S))+1)
		return append(dst, d.S...), nil
	}
	b, err := appendValue(nil, f, t, d)
	if err != nil {
		return dst, err
	}
	dst = binary.AppendUvarint(dst, uint64(len(b))+1)
	return append(dst, b...), nil
}

// DecodeValue reads the bytes of a value of type t; ok is false when they are
// damaged. Strings alias b.
func DecodeValue(t *types.Type, b []byte) (d types.Datum, ok bool) {
	return decodeValue(formOf(t), t, b, 0)
}

// maxDepth bounds the nesting of arrays and records against damaged bytes.
const maxDepth = 64

func decodeValue(f form, t *types.Type, b []byte, depth int) (d types.Datum, ok bool) {
	if n := fixedBytes[f]; n > 0 && len(b) != n {
		return d, false
	}
	switch f {
	case formBool:
		return types.Datum{K: types.PhysBool, I: int64(b[0] & 1)}, b[0] <= 1
	case formInt1:
		return types.NewInt(int64(int8(b[0]))), true
	case formInt2:
		return types.NewInt(int64(int16(binary.LittleEndian.Uint16(b)))), true
	case formInt4:
		return types.NewInt(int64(int32(binary.LittleEndian.Uint32(b)))), true
	case formUint4:
		return types.NewInt(int64(binary.LittleEndian.Uint32(b))), true
	case formInt8:
		return types.NewInt(int64(binary.LittleEndian.Uint64(b))), true
	case formFloat8:
		return types.Datum{K: types.PhysFloat64, I: int64(binary.LittleEndian.Uint64(b))}, true
	case formFloat4:
		return types.NewFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))), true
	case formBytes:
		return types.NewString(alias(b)), true
	case formSpan:
		return types.NewSpan(decodeSpan(b)), true
	case formDecimal:
		v, ok := decodeDecimal(b)
		return types.NewDecimal(v), ok
	case formArray, formTuple:
		x := decodeAny(t, b, depth)
		if x == nil {
			return d, false
		}
		return types.NewAny(x), true
	}
	return d, false
}

func decodeSpan(b []byte) types.Span {
	_ = b[15]
	return types.Span{
		Micros: int64(binary.LittleEndian.Uint64(b)),
		Days:   int32(binary.LittleEndian.Uint32(b[8:])),
		Months: int32(binary.LittleEndian.Uint32(b[12:])),
	}
}

// decodeAny reads an array or record, nil when b is damaged.
func decodeAny(t *types.Type, b []byte, depth int) any {
	if depth > maxDepth {
		return nil
	}
	t = t.Under()
	switch {
	case t.IsRange():
		if r := decodeRange(t, b, depth); r != nil {
			return r
		}
		return nil
	case t.IsMultirange():
		m := &types.Multirange{Type: t}
		for len(b) > 0 {
			n, rest, ok := uvarint(b)
			if !ok || n > uint64(len(rest)) {
				return nil
			}
			r := decodeRange(t.Range, rest[:n], depth)
			if r == nil {
				return nil
			}
			m.Ranges = append(m.Ranges, r)
			b = rest[n:]
		}
		return m
	}
	n, b, ok := uvarint(b)
	if !ok {
		return nil
	}
	if t.Elem != nil {
		a := &types.Array{Elem: t.Elem}
		if n == 0 {
			if len(b) != 0 {
				return nil
			}
			return a
		}
		if n > 6 {
			return nil
		}
		total := uint64(1)
		for range n {
			var l uint64
			if l, b, ok = uvarint(b); !ok || l > math.MaxInt32 {
				return nil
			}
			low, k := binary.Varint(b)
			if k <= 0 || low != int64(int32(low)) {
				return nil
			}
			b = b[k:]
			total *= l
			if total > uint64(len(b)) {
				return nil
			}
			a.Dims = append(a.Dims, types.ArrayDim{Len: int32(l), Lower: int32(low)})
		}
		a.Elems = make([]types.Datum, total)
		f := formOf(t.Elem)
		for i := range a.Elems {
			if a.Elems[i], b, ok = decodeItem(f, t.Elem, b, depth); !ok {
				return nil
			}
		}
		if len(b) != 0 {
			return nil
		}
		return a
	}
	if n > uint64(len(b)) {
		return nil
	}
	r := &types.Tuple{Type: t, Fields: t.Fields, Vals: make([]types.Datum, len(t.Fields))}
	i := 0
	for at := range int(n) {
		if i < len(t.Fields) && t.Fields[i].Place == at {
			ft := t.Fields[i].Type
			r.Vals[i], b, ok = decodeItem(formOf(ft), ft, b, depth)
			i++
		} else { // dropped since
			_, b, ok = decodeItem(formBytes, types.Bytea, b, depth)
		}
		if !ok {
			return nil
		}
	}
	if len(b) != 0 {
		return nil
	}
	return r
}

func decodeItem(f form, t *types.Type, b []byte, depth int) (d types.Datum, rest []byte, ok bool) {
	n, b, ok := uvarint(b)
	if !ok || n == 0 {
		return d, b, ok
	}
	n--
	if n > uint64(len(b)) {
		return d, b, false
	}
	d, ok = decodeValue(f, t, b[:n:n], depth+1)
	return d, b[n:], ok
}

func uvarint(b []byte) (u uint64, rest []byte, ok bool) {
	u, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, b, false
	}
	return u, b[n:], true
}
