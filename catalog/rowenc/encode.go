package rowenc

import (
	"encoding/binary"
	"fmt"
	"math"

	"rowkey/catalog"
	"rowkey/types"
)

// Encoder makes row values of one list of columns. It is read-only and may be
// shared.
type Encoder struct {
	types []*types.Type // nil for a dropped column
	forms []form
	// fixed is the number of data bytes of a row without NULLs in the columns
	// of fixed length, varying lists the others.
	fixed   int
	varying []int
}

// NewEncoder makes the encoder of a table's rows, all columns by attnum.
func NewEncoder(t *catalog.Table) *Encoder {
	ts := make([]*types.Type, len(t.Columns))
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			ts[i] = c.Type
		}
	}
	return newEncoder(ts)
}

func newEncoder(ts []*types.Type) *Encoder {
	e := &Encoder{types: ts, forms: make([]form, len(ts))}
	for i, t := range ts {
		e.forms[i] = formOf(t)
		if n := fixedBytes[e.forms[i]]; n > 0 {
			e.fixed += n
		} else if e.forms[i] != formNone {
			e.varying = append(e.varying, i)
		}
	}
	return e
}

// AppendRow appends the value of one row; row[i] is column i.
func (e *Encoder) AppendRow(dst []byte, row []types.Datum) ([]byte, error) {
	from := len(dst)
	n := len(e.forms)
	nulls := false
	size := 0
	for i, f := range e.forms {
		if f == formNone || row[i].IsNull() {
			nulls = true
			continue
		}
		if k := fixedBytes[f]; k > 0 {
			size += k
		} else if f == formBytes {
			size += len(row[i].S)
		} // the others' bytes are not known yet: if they do not fit, once more
	}
	w := widthOf(size)
	for {
		dst = e.appendHeader(dst[:from], n, w, nulls)
		var err error
		var ok bool
		if dst, ok, err = e.appendColumns(dst, from, row, w, nulls); err != nil {
			return dst[:from], err
		}
		if ok {
			break
		}
		w++
	}
	if invariants {
		e.verify(dst[from:], row)
	}
	return dst, nil
}

func (e *Encoder) appendHeader(dst []byte, n, w int, nulls bool) []byte {
	h := byte(version | w)
	size := headerBytes + n<<w
	if nulls {
		h |= flagNulls
		size += (n + 7) / 8
	}
	from := len(dst)
	dst = grow(dst, size)
	clear(dst[from:])
	dst[from] = h
	binary.LittleEndian.PutUint16(dst[from+1:], uint16(n))
	return dst
}

// appendColumns appends the data; ok is false when offsets of width w do not reach.
func (e *Encoder) appendColumns(dst []byte, from int, row []types.Datum, w int, nulls bool) (_ []byte, ok bool, err error) {
	data := len(dst)
	offs := data - len(row)<<w
	mask := from + headerBytes
	for i, f := range e.forms {
		if f == formNone || row[i].IsNull() {
			dst[mask+i/8] |= 1 << (i % 8)
		} else if dst, err = appendValue(dst, f, e.types[i], row[i]); err != nil {
			return dst, false, err
		}
		putOffset(dst[offs:], i, w, len(dst)-data)
	}
	return dst, widthOf(len(dst)-data) <= w, nil
}

// widthOf is the width code of the end offsets for so many data bytes.
func widthOf(size int) int {
	switch {
	case size < 1<<8:
		return 0
	case size < 1<<16:
		return 1
	}
	return 2
}

func putOffset(b []byte, i, w, off int) {
	switch w {
	case 0:
		b[i] = byte(off)
	case 1:
		binary.LittleEndian.PutUint16(b[2*i:], uint16(off))
	default:
		binary.LittleEndian.PutUint32(b[4*i:], uint32(off))
	}
}

// grow lengthens b by n bytes of any content.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		c := make([]byte, len(b), max(2*cap(b), len(b)+n))
		copy(c, b)
		b = c
	}
	return b[:len(b)+n]
}

// verify panics unless the value decodes to the row it was made of.
func (e *Encoder) verify(value []byte, row []types.Datum) {
	out := make([]types.Datum, len(e.forms))
	idx := make([]int, len(e.forms))
	for i := range idx {
		idx[i] = i
	}
	d := newDecoder(e.types, idx, nil)
	if err := d.Row(nil, value, out); err != nil {
		panic(fmt.Sprintf("rowenc: %x does not decode: %v", value, err))
	}
	again := make([]byte, 0, len(value))
	for i, f := range e.forms {
		null := f == formNone || row[i].IsNull()
		if null != out[i].IsNull() {
			panic(fmt.Sprintf("rowenc: column %d of %x changes its nullness", i, value))
		}
		if !null {
			a, err1 := appendValue(nil, f, e.types[i], row[i])
			b, err2 := appendValue(again, f, e.types[i], out[i])
			if err1 != nil || err2 != nil || string(a) != string(b) {
				panic(fmt.Sprintf("rowenc: column %d of %x decodes to another value", i, value))
			}
		}
	}
}

// Values receives the row values of a batch: row i is Data[Ends[i-1]:Ends[i]].
// It may be reused; Data is overwritten then.
type Values struct {
	Data []byte
	Ends []int
	size []int
	pos  []int
	base []int
	wide []uint8
	cols int // columns a row
}

// Row is the value of the i-th row.
func (v *Values) Row(i int) []byte {
	from := 0
	if i > 0 {
		from = v.Ends[i-1]
	}
	return v.Data[from:v.Ends[i]:v.Ends[i]]
}

// Batch encodes the rows that sel names (all n when nil) into out, column by
// column. cols[i] is column i; nil stands for a column of NULLs.
func (e *Encoder) Batch(cols []*types.Vec, n int, sel []int32, out *Values) error {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	out.Ends = sized(out.Ends, rows)
	out.size = sized(out.size, rows)
	out.pos = sized(out.pos, rows)
	out.base = sized(out.base, rows)
	out.wide = sized(out.wide, rows)
	nulls := out.wide // 1 when the row has a NULL, until widths are known
	clear(nulls)
	for k := range out.size {
		out.size[k] = e.fixed
	}
	for i, f := range e.forms {
		if f == formNone || cols[i] == nil {
			for k := range nulls {
				nulls[k] = 1
				out.size[k] -= fixedBytes[f]
			}
			continue
		}
		v := cols[i]
		if v.HasNulls {
			fix := fixedBytes[f]
			for k := range nulls {
				if v.Nulls[at(sel, k)] {
					nulls[k] = 1
					out.size[k] -= fix
				}
			}
		}
	}
	var anys [][][]byte // bytes of arrays and records, made once
	for _, i := range e.varying {
		v := cols[i]
		if v == nil {
			continue
		}
		switch e.forms[i] {
		case formBytes:
			if sel == nil {
				for k, s := range v.S[:rows] {
					out.size[k] += len(s)
				}
			} else {
				for k, r := range sel {
					out.size[k] += len(v.S[r])
				}
			}
		case formDecimal:
			for k := range out.size {
				if r := at(sel, k); !v.IsNull(r) {
					out.size[k] += decimalBytes(&v.D[r])
				}
			}
		default:
			if anys == nil {
				anys = make([][][]byte, len(cols))
			}
			bs := make([][]byte, rows)
			for k := range bs {
				r := at(sel, k)
				if v.IsNull(r) {
					continue
				}
				b, err := appendAny(nil, e.types[i], v.A[r])
				if err != nil {
					return err
				}
				bs[k] = b
				out.size[k] += len(b)
			}
			anys[i] = bs
		}
	}
	e.layout(out, len(e.forms))
	for i, f := range e.forms {
		if f == formNone || cols[i] == nil {
			for k := range out.pos {
				out.end(k, i, true)
			}
			continue
		}
		var bs [][]byte
		if anys != nil {
			bs = anys[i]
		}
		out.column(f, i, cols[i], sel, bs)
	}
	if invariants {
		row := make([]types.Datum, len(e.forms))
		for k := range rows {
			for i, v := range cols {
				row[i] = types.Null
				if v != nil {
					row[i] = v.Datum(at(sel, k))
				}
			}
			e.verify(out.Row(k), row)
		}
	}
	return nil
}

func at(sel []int32, k int) int {
	if sel != nil {
		return int(sel[k])
	}
	return k
}

func sized[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// layout gives every row its place and writes the headers.
func (e *Encoder) layout(out *Values, n int) {
	out.cols = n
	total := 0
	for k, size := range out.size {
		w := widthOf(size)
		head := headerBytes + n<<w
		if out.wide[k] != 0 {
			head += (n + 7) / 8
		}
		total += head + size
		out.Ends[k] = total
	}
	out.Data = sized(out.Data, total)
	from := 0
	for k, size := range out.size {
		w := widthOf(size)
		h := byte(version | w)
		at := from + headerBytes
		if out.wide[k] != 0 {
			h |= flagNulls
			m := (n + 7) / 8
			clear(out.Data[at : at+m])
			at += m
		}
		out.Data[from] = h
		binary.LittleEndian.PutUint16(out.Data[from+1:], uint16(n))
		out.base[k] = at // of the offsets
		out.pos[k] = at + n<<w
		out.wide[k] = uint8(w)
		from = out.Ends[k]
	}
}

// end notes where column i of row k ends.
func (v *Values) end(k, i int, null bool) {
	n := v.base[k]
	w := int(v.wide[k])
	if null {
		start := 0
		if k > 0 {
			start = v.Ends[k-1]
		}
		v.Data[start+headerBytes+i/8] |= 1 << (i % 8)
	}
	putOffset(v.Data[n:], i, w, v.pos[k]-(n+v.cols<<w))
}

// column writes one column of all rows.
func (v *Values) column(f form, i int, c *types.Vec, sel []int32, anys [][]byte) {
	fix := fixedBytes[f]
	for k := range v.pos {
		r := at(sel, k)
		if c.HasNulls && c.Nulls[r] {
			v.end(k, i, true)
			continue
		}
		p := v.pos[k]
		b := v.Data[p:v.Ends[k]]
		n := fix
		switch f {
		case formBool:
			b[0] = 0
			if c.B[r] {
				b[0] = 1
			}
		case formInt1:
			b[0] = byte(c.I[r])
		case formInt2:
			binary.LittleEndian.PutUint16(b, uint16(c.I[r]))
		case formInt4, formUint4:
			binary.LittleEndian.PutUint32(b, uint32(c.I[r]))
		case formInt8:
			binary.LittleEndian.PutUint64(b, uint64(c.I[r]))
		case formFloat4:
			binary.LittleEndian.PutUint32(b, math.Float32bits(float32(c.F[r])))
		case formFloat8:
			binary.LittleEndian.PutUint64(b, math.Float64bits(c.F[r]))
		case formBytes:
			n = copy(b, c.S[r])
		case formSpan:
			appendSpan(b[:0], c.V[r])
		case formDecimal:
			n = len(appendDecimal(b[:0:len(b)], c.D[r]))
		default:
			n = copy(b, anys[k])
		}
		v.pos[k] = p + n
		v.end(k, i, false)
	}
}
