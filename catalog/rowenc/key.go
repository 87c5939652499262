package rowenc

import (
	"math/big"
	"strings"

	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/types"
)

// keyKind says how a type is encoded in keys.
type keyKind uint8

const (
	keyBool keyKind = iota
	keyInt64
	keyInt32
	keyInt16
	keyUint32
	keyFloat64
	keyFloat32
	keyDecimal
	keyBytes
	keyText
	keyBPChar
	keyDate
	keyTimestamp
	keyTimestampTZ
	keyTime
	keyTimeTZ
	keyInterval
	keyUUID
	keyArray
	keyOidVector
	keyTuple
	keyRange
	keyMultirange
	keyJSONB
)

// KeyCol encodes and decodes one column of keys. The adapter to keyenc is
// chosen once, from the column's type.
type KeyCol struct {
	Type  *types.Type
	Order keyenc.Order
	// Lossless tells that the value comes back from the key exactly.
	Lossless bool
	kind     keyKind
	elem     *KeyCol  // of an array; of a range and multirange, the bounds
	fields   []KeyCol // of a record
}

// NewKeyCol chooses the encoding of a type.
func NewKeyCol(t *types.Type, desc, nullsFirst bool) (KeyCol, error) {
	k := KeyCol{Type: t, Order: keyenc.OrderOf(desc, nullsFirst), Lossless: true}
	if t == nil {
		return k, pgerr.New(pgerr.InternalError, "key column without a type")
	}
	u := t.Under()
	switch u.Phys {
	case types.PhysBool:
		k.kind = keyBool
	case types.PhysInt64:
		k.kind = keyInt64
		switch {
		case u.Kind == types.KindEnum:
		case u == types.Int4:
			k.kind = keyInt32
		case u == types.Int2 || u == types.Char:
			k.kind = keyInt16
		case u == types.Date:
			k.kind = keyDate
		case u == types.Timestamp:
			k.kind = keyTimestamp
		case u == types.TimestampTZ:
			k.kind = keyTimestampTZ
		case u == types.Time:
			k.kind = keyTime
		case u.Len == 4:
			k.kind = keyUint32
		}
	case types.PhysFloat64:
		k.kind = keyFloat64
		if u == types.Float4 {
			k.kind = keyFloat32
		}
		k.Lossless = false // -0
	case types.PhysBytes:
		switch u {
		case types.BPChar:
			k.kind, k.Lossless = keyBPChar, false
		case types.UUID:
			k.kind = keyUUID
		case types.Bytea, types.InetType, types.Cidr, types.MacAddr, types.MacAddr8, types.Bit, types.VarBit:
			k.kind = keyBytes
		case types.JSON:
			return k, pgerr.Unsupported("keys of type %s are not supported", u.Name)
		case types.JSONB:
			k.kind, k.Lossless = keyJSONB, false
		default:
			k.kind = keyText
		}
	case types.PhysInterval:
		k.kind = keyInterval
		k.Lossless = false
		if u == types.TimeTZ {
			k.kind, k.Lossless = keyTimeTZ, true
		}
	case types.PhysDecimal:
		k.kind, k.Lossless = keyDecimal, false
	default:
		k.Lossless = false
		if u.Elem != nil {
			e, err := NewKeyCol(u.Elem, false, false)
			if err != nil {
				return k, err
			}
			k.kind, k.elem = keyArray, &e
			if u == types.OidVector {
				k.kind = keyOidVector
			}
			break
		}
		if u.IsRange() || u.IsMultirange() {
			sub := u.Subtype
			k.kind = keyRange
			if u.IsMultirange() {
				sub, k.kind = u.Range.Subtype, keyMultirange
			}
			e, err := NewKeyCol(sub, false, false)
			if err != nil {
				return k, err
			}
			k.elem = &e
			break
		}
		if len(u.Fields) == 0 {
			return k, pgerr.Unsupported("keys of type %s are not supported", u.Name)
		}
		k.kind = keyTuple
		for _, f := range u.Fields {
			c, err := NewKeyCol(f.Type, false, false)
			if err != nil {
				return k, err
			}
			k.fields = append(k.fields, c)
		}
	}
	return k, nil
}

// Append appends the key form of d.
func (k *KeyCol) Append(dst []byte, d types.Datum) []byte {
	if d.IsNull() {
		return k.Order.AppendNull(dst)
	}
	from := len(dst)
	dst = k.ascending(dst, d)
	if k.Order.Descending() {
		keyenc.Invert(dst[from:])
	}
	return dst
}

// AppendAt appends the key form of row i of v.
func (k *KeyCol) AppendAt(dst []byte, v *types.Vec, i int) []byte {
	if v.HasNulls && v.Nulls[i] {
		return k.Order.AppendNull(dst)
	}
	from := len(dst)
	switch k.kind {
	case keyInt64:
		dst = keyenc.AppendInt64(dst, v.I[i])
	case keyInt32:
		dst = keyenc.AppendInt32(dst, int32(v.I[i]))
	case keyText:
		dst = keyenc.AppendString(dst, v.S[i])
	default:
		dst = k.ascending(dst, v.Datum(i))
	}
	if k.Order.Descending() {
		keyenc.Invert(dst[from:])
	}
	return dst
}

func (k *KeyCol) ascending(dst []byte, d types.Datum) []byte {
	switch k.kind {
	case keyBool:
		return keyenc.AppendBool(dst, d.I != 0)
	case keyInt64:
		return keyenc.AppendInt64(dst, d.I)
	case keyInt32:
		return keyenc.AppendInt32(dst, int32(d.I))
	case keyInt16:
		return keyenc.AppendInt16(dst, int16(d.I))
	case keyUint32:
		return keyenc.AppendUint32(dst, uint32(d.I))
	case keyFloat64:
		return keyenc.AppendFloat64(dst, d.Float())
	case keyFloat32:
		return keyenc.AppendFloat32(dst, float32(d.Float()))
	case keyDecimal:
		return appendKeyDecimal(dst, d)
	case keyBytes:
		return keyenc.AppendBytes(dst, []byte(d.S))
	case keyText:
		return keyenc.AppendString(dst, d.S)
	case keyBPChar:
		return keyenc.AppendString(dst, strings.TrimRight(d.S, " "))
	case keyDate:
		return keyenc.AppendDate(dst, int32(d.I))
	case keyTimestamp:
		return keyenc.AppendTimestamp(dst, d.I)
	case keyTimestampTZ:
		return keyenc.AppendTimestampTZ(dst, d.I)
	case keyTime:
		return keyenc.AppendTime(dst, d.I)
	case keyTimeTZ:
		return keyenc.AppendTimeTZ(dst, d.I+int64(d.D)*1_000_000, d.D)
	case keyInterval:
		return keyenc.AppendInterval(dst, d.M, d.D, d.I)
	case keyUUID:
		var u [16]byte
		copy(u[:], d.S)
		return keyenc.AppendUUID(dst, u)
	case keyArray:
		a := d.Array()
		dst = keyenc.AppendArrayStart(dst)
		for _, e := range a.Elems {
			if e.IsNull() {
				dst = keyenc.AppendElementNull(dst)
			} else {
				dst = k.elem.ascending(dst, e)
			}
		}
		var buf [6]keyenc.Dim
		dims := buf[:0]
		for _, m := range a.Dims {
			dims = append(dims, keyenc.Dim{Length: m.Len, LowerBound: m.Lower})
		}
		return keyenc.AppendArrayEnd(dst, dims...)
	case keyOidVector: // shorter ones first
		elems := d.Array().Elems
		dst = keyenc.AppendInt32(keyenc.AppendTupleStart(dst), int32(len(elems)))
		for _, e := range elems {
			dst = k.elem.ascending(dst, e)
		}
		return keyenc.AppendTupleEnd(dst)
	case keyRange:
		return k.appendRange(dst, d.Range())
	case keyMultirange:
		dst = keyenc.AppendTupleStart(dst)
		for _, r := range d.Multirange().Ranges {
			dst = k.appendRange(dst, r)
		}
		return keyenc.AppendTupleEnd(dst)
	case keyJSONB:
		v := types.JSONTree(d.S)
		dst = keyenc.AppendTupleStart(dst)
		if v.Kind == types.JSONArray && len(v.Elems) == 0 { // below all others (types.CompareJSON)
			return keyenc.AppendTupleEnd(dst)
		}
		return keyenc.AppendTupleEnd(appendJSON(dst, v))
	default: // keyTuple
		t := d.Tuple()
		dst = keyenc.AppendTupleStart(dst)
		for i := range k.fields {
			if i >= len(t.Vals) || t.Vals[i].IsNull() {
				dst = keyenc.AppendElementNull(dst)
			} else {
				dst = k.fields[i].ascending(dst, t.Vals[i])
			}
		}
		return keyenc.AppendTupleEnd(dst)
	}
}

// appendRange appends a range as a tuple: of nothing if it is empty, else of the
// lower bound and whether its value is excluded, the upper bound and whether its
// value is included. A bound that is infinite is a NULL, which sorts first or last.
func (k *KeyCol) appendRange(dst []byte, r *types.Range) []byte {
	dst = keyenc.AppendTupleStart(dst)
	if r.Empty {
		return keyenc.AppendTupleEnd(dst)
	}
	if r.LowerInf {
		dst = keyenc.AscNullsFirst.AppendNull(dst)
	} else {
		dst = keyenc.AppendBool(k.elem.ascending(dst, r.Lower), !r.LowerInc)
	}
	if r.UpperInf {
		dst = keyenc.AppendElementNull(dst)
	} else {
		dst = keyenc.AppendBool(k.elem.ascending(dst, r.Upper), r.UpperInc)
	}
	return keyenc.AppendTupleEnd(dst)
}

// appendJSON appends a jsonb value as fields: its kind, then the value; of containers, the
// number of their elements and these, which is the order in which types.CompareJSON looks.
func appendJSON(dst []byte, v *types.JSONValue) []byte {
	dst = keyenc.AppendInt16(dst, int16(v.Kind))
	switch v.Kind {
	case types.JSONString:
		return keyenc.AppendString(dst, v.Str)
	case types.JSONNumber:
		return appendKeyDecimal(dst, types.NewDecimal(v.Num))
	case types.JSONBool:
		return keyenc.AppendBool(dst, v.Bool)
	case types.JSONArray:
		dst = keyenc.AppendInt32(dst, int32(len(v.Elems)))
		for _, e := range v.Elems {
			dst = appendJSON(dst, e)
		}
	case types.JSONObject:
		dst = keyenc.AppendInt32(dst, int32(len(v.Members)))
		for i := range v.Members {
			dst = appendJSON(keyenc.AppendString(dst, v.Members[i].Key), v.Members[i].Val)
		}
	}
	return dst
}

func appendKeyDecimal(dst []byte, d types.Datum) []byte {
	switch types.DecimalForm(d.D) {
	case types.NaN:
		return keyenc.AppendDecimalSpecial(dst, keyenc.DecimalNaN)
	case types.PosInf:
		return keyenc.AppendDecimalSpecial(dst, keyenc.DecimalInf)
	case types.NegInf:
		return keyenc.AppendDecimalSpecial(dst, keyenc.DecimalNegInf)
	}
	if d.X != nil {
		return keyenc.AppendDecimalBig(dst, d.X.(*big.Int), d.M)
	}
	return keyenc.AppendDecimalInt64(dst, d.I, d.M)
}

// Decode takes the value of a lossless column off the front of a key.
func (k *KeyCol) Decode(b []byte) (d types.Datum, rest []byte, err error) {
	if rest, ok := keyenc.SkipNull(b); ok {
		return types.Null, rest, nil
	}
	switch k.kind {
	case keyBool:
		v, rest, err := keyenc.DecodeBool(b)
		return types.NewBool(v), rest, err
	case keyInt64:
		d.I, rest, err = keyenc.DecodeInt64(b)
	case keyInt32:
		var v int32
		v, rest, err = keyenc.DecodeInt32(b)
		d.I = int64(v)
	case keyInt16:
		var v int16
		v, rest, err = keyenc.DecodeInt16(b)
		d.I = int64(v)
	case keyUint32:
		var v uint32
		v, rest, err = keyenc.DecodeUint32(b)
		d.I = int64(v)
	case keyDate:
		var v int32
		v, rest, err = keyenc.DecodeDate(b)
		d.I = int64(v)
	case keyTimestamp:
		d.I, rest, err = keyenc.DecodeTimestamp(b)
	case keyTimestampTZ:
		d.I, rest, err = keyenc.DecodeTimestampTZ(b)
	case keyTime:
		d.I, rest, err = keyenc.DecodeTime(b)
	case keyTimeTZ:
		u, zone, rest, err := keyenc.DecodeTimeTZ(b)
		return types.NewSpan(types.Span{Micros: u - int64(zone)*1_000_000, Days: zone}), rest, err
	case keyText:
		v, rest, err := keyenc.DecodeText(b, nil)
		return types.NewString(alias(v)), rest, err
	case keyBytes:
		v, rest, err := keyenc.DecodeBytes(b, nil)
		return types.NewString(alias(v)), rest, err
	case keyUUID:
		v, rest, err := keyenc.DecodeUUID(b)
		return types.NewString(string(v[:])), rest, err
	default:
		return d, b, keyenc.ErrMalformed
	}
	d.K = types.PhysInt64
	return d, rest, err
}
