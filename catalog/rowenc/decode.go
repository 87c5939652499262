package rowenc

import (
	"encoding/binary"
	"math"
	"unsafe"

	"rowkey/catalog"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/types"
)

// The hidden attnums a Decoder can be asked for.
const (
	attRowKey   = -1
	attTableOID = -6
)

// alias makes a string of bytes that will never change.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Decoder reads chosen columns of row values, column by column over a batch.
// It is made once per table and list of columns. It is not safe for
// concurrent use (Clone gives another).
type Decoder struct {
	cols    []decodeCol
	most    int // the highest column read + 1
	rows    []rowPlace
	hasText bool
}

type decodeCol struct {
	idx     int // column's place in the row, or a hidden attnum
	form    form
	typ     *types.Type
	missing types.Datum
	oid     int64
}

// rowPlace tells where the parts of one row value are.
type rowPlace struct {
	offs  int32 // end offsets
	data  int32
	n     int32 // columns stored
	width uint8
	nulls bool
}

// NewDecoder makes the decoder of the columns attnums (in that order) of a
// table's rows. The hidden attnums -1 (the row's key) and -6 (tableoid) may
// be among them.
func NewDecoder(t *catalog.Table, attnums []int16) *Decoder {
	d := &Decoder{}
	for _, a := range attnums {
		switch {
		case a == attRowKey:
			d.cols = append(d.cols, decodeCol{idx: attRowKey, typ: types.Bytea})
			d.hasText = true
		case a == attTableOID:
			d.cols = append(d.cols, decodeCol{idx: attTableOID, typ: types.Oid, oid: int64(t.OID)})
		default:
			c := t.Col(a)
			if c.Dropped {
				d.cols = append(d.cols, decodeCol{idx: int(a) - 1, typ: types.Text})
				continue
			}
			d.add(int(a)-1, c.Type, c.MissingVal)
		}
	}
	return d
}

// newDecoder makes a decoder of columns by their place in the row value.
func newDecoder(ts []*types.Type, idx []int, missing []types.Datum) *Decoder {
	d := &Decoder{}
	for _, i := range idx {
		var m types.Datum
		if missing != nil {
			m = missing[i]
		}
		d.add(i, ts[i], m)
	}
	return d
}

func (d *Decoder) add(i int, t *types.Type, missing types.Datum) {
	f := formOf(t)
	d.cols = append(d.cols, decodeCol{idx: i, form: f, typ: t, missing: missing})
	d.most = max(d.most, i+1)
	if f == formBytes {
		d.hasText = true
	}
}

// Clone gives a decoder of the same columns for another goroutine.
func (d *Decoder) Clone() *Decoder {
	c := *d
	c.rows = nil
	return &c
}

// Types gives the types of the columns decoded; text for dropped ones.
func (d *Decoder) Types() []*types.Type {
	ts := make([]*types.Type, len(d.cols))
	for i, c := range d.cols {
		ts[i] = c.typ
		if ts[i] == nil {
			ts[i] = types.Text
		}
	}
	return ts
}

// Aliases tells whether decoded vectors hold strings that alias the pairs.
func (d *Decoder) Aliases() bool { return d.hasText }

// Damaged is the error for a stored value that is not what was written.
func Damaged(key []byte) error {
	return pgerr.Newf(pgerr.DataCorrupted, "stored value is damaged at key %s", keyenc.Pretty(key))
}

// place finds the parts of a row value; ok is false when it is damaged.
func place(v []byte) (p rowPlace, ok bool) {
	if len(v) < headerBytes || v[0]&0xf0 != version || v[0]&widthMask > 2 || len(v) > math.MaxInt32 {
		return p, false
	}
	n := int32(binary.LittleEndian.Uint16(v[1:]))
	p.n, p.width, p.nulls = n, v[0]&widthMask, v[0]&flagNulls != 0
	p.offs = headerBytes
	if p.nulls {
		p.offs += (n + 7) / 8
	}
	p.data = p.offs + n<<p.width
	return p, int(p.data) <= len(v)
}

// column gives the bytes of column i < p.n. null and ok as they say.
func (p *rowPlace) column(v []byte, i int) (b []byte, null, ok bool) {
	if p.nulls && v[headerBytes+i/8]&(1<<(i%8)) != 0 {
		return nil, true, true
	}
	var start, end int
	o := v[p.offs:p.data]
	switch p.width {
	case 0:
		if i > 0 {
			start = int(o[i-1])
		}
		end = int(o[i])
	case 1:
		if i > 0 {
			start = int(binary.LittleEndian.Uint16(o[2*i-2:]))
		}
		end = int(binary.LittleEndian.Uint16(o[2*i:]))
	default:
		if i > 0 {
			start = int(binary.LittleEndian.Uint32(o[4*i-4:]))
		}
		end = int(binary.LittleEndian.Uint32(o[4*i:]))
	}
	start += int(p.data)
	end += int(p.data)
	if start > end || end > len(v) {
		return nil, false, false
	}
	return v[start:end:end], false, true
}

// Row decodes one row value into out, a Datum per column asked for.
func (d *Decoder) Row(key, value []byte, out []types.Datum) error {
	p, ok := place(value)
	if !ok {
		return Damaged(key)
	}
	for j := range d.cols {
		c := &d.cols[j]
		switch {
		case c.idx < 0:
			if c.idx == attRowKey {
				out[j] = types.NewString(alias(key))
			} else {
				out[j] = types.NewInt(c.oid)
			}
		case c.idx >= int(p.n):
			out[j] = c.missing
		default:
			b, null, ok := p.column(value, c.idx)
			if ok && (null || c.form == formNone) {
				out[j] = types.Null
				continue
			}
			if ok {
				out[j], ok = decodeValue(c.form, c.typ, b, 0)
			}
			if !ok {
				return Damaged(key)
			}
		}
	}
	return nil
}

// Batch decodes row values into out, one vector a column, each of which must
// have been Init'ed with the column's type; they get Len len(values).
func (d *Decoder) Batch(keys, values [][]byte, out []*types.Vec) error {
	n := len(values)
	plain := d.plain(values)
	placed := false
	for j := range d.cols {
		c := &d.cols[j]
		v := out[j]
		v.HasNulls = false
		v.Resize(n)
		switch {
		case c.idx == attRowKey:
			for r, k := range keys[:n] {
				v.S[r] = alias(k)
			}
			continue
		case c.idx == attTableOID:
			for r := range v.I[:n] {
				v.I[r] = c.oid
			}
			continue
		case c.form == formNone:
			for r := range n {
				v.Set(r, types.Null)
			}
			continue
		}
		if plain > 0 && plainColumn(c, plain, values, v) {
			continue
		}
		if !placed {
			if bad := d.placeAll(values); bad >= 0 {
				return Damaged(keys[bad])
			}
			placed = true
		}
		if bad := d.column(c, values, v); bad >= 0 {
			return Damaged(keys[bad])
		}
	}
	return nil
}

// plain gives the number of stored columns when all rows are of the common
// kind: the same columns, no NULLs, one-byte offsets, and no column missing;
// else 0. It then holds for every row that the offsets lie within it, and, as
// the high byte of n is 0, that the byte before the offsets reads as the
// offset 0 at which the first column starts.
func (d *Decoder) plain(values [][]byte) int {
	if len(values) == 0 || len(values[0]) < headerBytes {
		return 0
	}
	h0, h1 := values[0][0], values[0][1]
	n := int(h1)
	if h0 != version || values[0][2] != 0 || n < d.most || n == 0 {
		return 0
	}
	for _, v := range values {
		if len(v) < headerBytes+n || v[0] != h0 || v[1] != h1 || v[2] != 0 {
			return 0
		}
	}
	return n
}

// plainColumn decodes a column of plain rows; false when it meets damage or
// has no fast way for the form.
func plainColumn(c *decodeCol, n int, values [][]byte, out *types.Vec) bool {
	data := headerBytes + n
	so := headerBytes - 1 + c.idx
	switch c.form {
	case formInt4, formUint4:
		dst := out.I[:len(values)]
		signed := c.form == formInt4
		for r, v := range values {
			p := data + int(v[so])
			if p+4 > len(v) || v[so+1]-v[so] != 4 {
				return false
			}
			u := binary.LittleEndian.Uint32(v[p:])
			if signed {
				dst[r] = int64(int32(u))
			} else {
				dst[r] = int64(u)
			}
		}
	case formInt8:
		dst := out.I[:len(values)]
		for r, v := range values {
			p := data + int(v[so])
			if p+8 > len(v) || v[so+1]-v[so] != 8 {
				return false
			}
			dst[r] = int64(binary.LittleEndian.Uint64(v[p:]))
		}
	case formFloat8:
		dst := out.F[:len(values)]
		for r, v := range values {
			p := data + int(v[so])
			if p+8 > len(v) || v[so+1]-v[so] != 8 {
				return false
			}
			dst[r] = math.Float64frombits(binary.LittleEndian.Uint64(v[p:]))
		}
	case formBytes:
		dst := out.S[:len(values)]
		for r, v := range values {
			p, e := data+int(v[so]), data+int(v[so+1])
			if p > e || e > len(v) {
				return false
			}
			dst[r] = alias(v[p:e])
		}
	case formBool:
		dst := out.B[:len(values)]
		for r, v := range values {
			p := data + int(v[so])
			if p+1 > len(v) || v[so+1]-v[so] != 1 {
				return false
			}
			dst[r] = v[p] != 0
		}
	case formDecimal:
		dst := out.D[:len(values)]
		for r, v := range values {
			p, e := data+int(v[so]), data+int(v[so+1])
			if p+2 > e || e > len(v) || v[p] != decInt || v[p+1] >= 0x80 || e-p > 10 {
				return false
			}
			// The coefficient ends the column; read eight bytes where they exist.
			var coef int64
			if k := e - p - 2; k > 0 {
				shift := 64 - 8*uint(k)
				if p+10 <= len(v) {
					coef = int64(binary.LittleEndian.Uint64(v[p+2:])<<shift) >> shift
				} else {
					var u uint64
					for i, x := range v[p+2 : e] {
						u |= uint64(x) << (8 * i)
					}
					coef = int64(u<<shift) >> shift
				}
			}
			dst[r] = types.Decimal{Coef: coef, Scale: int32(v[p+1])}
		}
	default:
		return false
	}
	return true
}

// placeAll finds the parts of every row; the number of the first damaged one, or -1.
func (d *Decoder) placeAll(values [][]byte) int {
	d.rows = sized(d.rows, len(values))
	for r, v := range values {
		p, ok := place(v)
		if !ok {
			return r
		}
		d.rows[r] = p
	}
	return -1
}

// column decodes a column of rows of any kind; the number of the first
// damaged row, or -1.
func (d *Decoder) column(c *decodeCol, values [][]byte, out *types.Vec) int {
	fix := fixedBytes[c.form]
	for r, v := range values {
		p := &d.rows[r]
		if c.idx >= int(p.n) {
			out.Set(r, c.missing)
			continue
		}
		b, null, ok := p.column(v, c.idx)
		if null {
			out.Set(r, types.Null)
			continue
		}
		if !ok || fix > 0 && len(b) != fix {
			return r
		}
		switch c.form {
		case formBool:
			out.B[r] = b[0] != 0
		case formInt1:
			out.I[r] = int64(int8(b[0]))
		case formInt2:
			out.I[r] = int64(int16(binary.LittleEndian.Uint16(b)))
		case formInt4:
			out.I[r] = int64(int32(binary.LittleEndian.Uint32(b)))
		case formUint4:
			out.I[r] = int64(binary.LittleEndian.Uint32(b))
		case formInt8:
			out.I[r] = int64(binary.LittleEndian.Uint64(b))
		case formFloat4:
			out.F[r] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case formFloat8:
			out.F[r] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		case formBytes:
			out.S[r] = alias(b)
		case formSpan:
			out.V[r] = decodeSpan(b)
		case formDecimal:
			dec, ok := decodeDecimal(b)
			if !ok {
				return r
			}
			out.D[r] = dec
		default:
			x := decodeAny(c.typ, b, 0)
			if x == nil {
				return r
			}
			out.A[r] = x
		}
	}
	return -1
}
