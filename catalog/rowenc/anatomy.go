package rowenc

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"rowkey/catalog"
	"rowkey/kv/keyenc"
	"rowkey/types"
)

// Span is some bytes of a key or a value, and what they are. The spans of a
// key or value follow each other without a gap. Those of the key of an index
// entry, 'bo' → row 7:
//
//	02        part of the key space     Table
//	00004010  table                     16400 = people
//	00000002  index                     2 = people_name
//	39        type of name              text
//	626f      name                      bo
//	0000      end of name
//	21        type of id (primary key)  int4
//	80000007  id (primary key)          7
type Span struct {
	At, Len int
	What    string
	Value   string // as text; HasValue tells the empty one from none
	HasValue,
	Column bool // What is a column's name
}

// Anatomist explains the bytes of keys and values by a catalog, which may be
// nil: then only what the bytes say themselves is told. Env decides the text
// form of values. It takes any bytes.
type Anatomist struct {
	Catalog *catalog.Snapshot
	Env     *types.Env
}

// dissection is the spans of some bytes so far.
type dissection struct {
	*Anatomist
	b     []byte
	at    int
	spans []Span
}

func (d *dissection) rest() []byte { return d.b[d.at:] }

// add makes the next n bytes a span.
func (d *dissection) add(n int, what string) *Span {
	d.spans = append(d.spans, Span{At: d.at, Len: n, What: what})
	d.at += n
	return &d.spans[len(d.spans)-1]
}

func (d *dissection) addValue(n int, what, value string) *Span {
	s := d.add(n, what)
	s.Value, s.HasValue = value, true
	return s
}

// finish makes what is left unknown.
func (d *dissection) finish() []Span {
	if n := len(d.b) - d.at; n > 0 {
		d.add(n, "unknown")
	}
	return d.spans
}

// Key explains a key.
func (a *Anatomist) Key(key []byte) []Span {
	d := &dissection{Anatomist: a, b: key}
	if len(key) == 0 {
		return nil
	}
	kind := keyenc.Kind(key[0])
	d.addValue(1, "part of the key space", kind.String())
	switch kind {
	case keyenc.KindTable:
		d.tableKey()
	case keyenc.KindCatalog:
		d.keyValues([]string{"what", "kind of object", "OID"})
	case keyenc.KindSequence:
		d.keyValues([]string{"sequence OID"})
	default:
		d.keyValues(nil)
	}
	return d.finish()
}

// tableKey explains what follows the first byte of a row's or an entry's key.
func (d *dissection) tableKey() {
	if len(d.rest()) < 4 {
		return
	}
	number := binary.BigEndian.Uint32(d.rest())
	var t *catalog.Table
	if d.Catalog != nil {
		t = d.Catalog.TableByStorage(number)
	}
	label := strconv.FormatUint(uint64(number), 10)
	if t != nil {
		label += " = " + tableName(t)
	}
	d.addValue(4, "table", label)
	if len(d.rest()) < 4 {
		return
	}
	number = binary.BigEndian.Uint32(d.rest())
	var ix *catalog.Index
	if t != nil {
		ix = t.IndexByNumber(number)
	}
	label = strconv.FormatUint(uint64(number), 10)
	if ix != nil {
		label += " = " + ix.Name
	}
	d.addValue(4, "index", label)
	x := codecOf(t, ix)
	if x == nil {
		d.keyValues(nil)
		return
	}
	d.keyColumns(x, "")
	if !x.IsPrimary() && d.at < len(d.b) {
		d.keyColumns(x.Primary, " (primary key)")
	}
}

func tableName(t *catalog.Table) string {
	if t.Schema != nil && t.Schema.OID != catalog.PublicOID {
		return t.Schema.Name + "." + t.Name
	}
	return t.Name
}

// codecOf is the codec of an index, nil if there is none.
func codecOf(t *catalog.Table, ix *catalog.Index) *Index {
	if t == nil || ix == nil {
		return nil
	}
	x, err := NewIndex(t, ix)
	if err != nil {
		return nil
	}
	return x
}

// keyColumns explains the key columns of an index.
func (d *dissection) keyColumns(x *Index, note string) {
	for j := range x.Keys {
		if len(d.rest()) == 0 || !d.keyValue(x.keyColumnName(j)+note, &x.Keys[j]) {
			return
		}
	}
}

// keyColumnName names key column j for a reader.
func (x *Index) keyColumnName(j int) string {
	switch k := x.Attnums[j]; {
	case x.Desc.RowID:
		return "row id"
	case k > 0:
		return x.Table.Col(k).Name
	}
	return x.Desc.Keys[j].Expr
}

// keyValues explains values that say themselves what they are.
func (d *dissection) keyValues(names []string) {
	for i := 0; len(d.rest()) > 0; i++ {
		name := fmt.Sprintf("value %d", i+1)
		if i < len(names) {
			name = names[i]
		}
		if !d.keyValue(name, nil) {
			return
		}
	}
}

// keyValue explains one value of a key, of the column if one is given; false
// when the bytes are none.
func (d *dissection) keyValue(name string, col *KeyCol) bool {
	b := d.rest()
	p, rest, err := keyenc.Take(b)
	if err != nil {
		return false
	}
	if p.Type == "NULL" {
		d.addValue(1, name+": NULL mark", "NULL")
		return true
	}
	typ := p.Type
	if p.Descending {
		typ += ", descending"
	}
	if p.Tag > 0 {
		d.addValue(p.Tag, "type of "+name, typ)
	}
	text, _, _ := keyenc.PrettyValue(b)
	if col != nil && col.Lossless {
		if v, _, err := col.Decode(b[:len(b)-len(rest)]); err == nil {
			text = valueText(col.Type, v, d.Env)
		}
	} else if s, err := strconv.Unquote(text); err == nil && p.Type == "text" {
		text = s
	}
	d.addValue(p.Body, name, text)
	if p.End > 0 {
		d.add(p.End, "end of "+name)
	}
	return true
}

// valueText writes a value that may come from damaged bytes.
func valueText(t *types.Type, v types.Datum, env *types.Env) string {
	if v.IsNull() {
		return "NULL"
	}
	s := types.TextOf(t, v, env)
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return `\x` + hex.EncodeToString([]byte(s))
	}
	return s
}

// Value explains the value stored under a key.
func (a *Anatomist) Value(key, value []byte) []Span {
	d := &dissection{Anatomist: a, b: value}
	if len(key) == 0 || len(value) == 0 {
		return d.finish()
	}
	switch keyenc.Kind(key[0]) {
	case keyenc.KindTable:
		d.tableValue(key)
	case keyenc.KindSequence:
		if len(value) == 9 && value[8] <= 1 {
			d.addValue(8, "last value", strconv.FormatInt(int64(binary.BigEndian.Uint64(value)), 10))
			d.addValue(1, "is called", strconv.FormatBool(value[8] == 1))
		}
	default:
		switch {
		case value[0] == '{' && utf8.Valid(value):
			d.addValue(len(value), "JSON", string(value))
		case len(value) == 8:
			d.addValue(8, "number", strconv.FormatUint(binary.BigEndian.Uint64(value), 10))
		case len(value) == 4:
			d.addValue(4, "number", strconv.FormatUint(uint64(binary.BigEndian.Uint32(value)), 10))
		}
	}
	return d.finish()
}

func (d *dissection) tableValue(key []byte) {
	table, index, _, err := keyenc.DecodeIndexPrefix(key)
	if err != nil {
		return
	}
	var x *Index
	if d.Catalog != nil {
		if t := d.Catalog.TableByStorage(table); t != nil {
			x = codecOf(t, t.IndexByNumber(index))
		}
	}
	switch {
	case x != nil && x.IsPrimary():
		d.row(tableColumns(x.Table))
	case x != nil:
		d.entry(x)
	case index == 1:
		d.row(nil)
	}
}

// storedColumn is a column of a row value.
type storedColumn struct {
	name    string
	typ     *types.Type // nil if dropped
	missing types.Datum // what it is in rows that do not have it
}

func tableColumns(t *catalog.Table) []storedColumn {
	out := make([]storedColumn, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		out[i] = storedColumn{c.Name, c.Type, c.MissingVal}
		if c.Dropped {
			out[i].typ = nil
		}
	}
	return out
}

// entry explains the value of an index entry.
func (d *dissection) entry(x *Index) {
	h := d.b[0]
	if h == 0 || h > 3 {
		return
	}
	var has []string
	if h&1 != 0 {
		has = append(has, "the primary key")
	}
	if h&2 != 0 {
		has = append(has, "stored columns")
	}
	d.addValue(1, "entry header", "with "+strings.Join(has, " and "))
	if h&1 != 0 {
		n, rest, ok := uvarint(d.rest())
		if !ok || n > uint64(len(rest)) {
			return
		}
		d.addValue(len(d.rest())-len(rest), "length of the primary key", strconv.FormatUint(n, 10))
		end := d.at + int(n)
		whole := d.b
		d.b = whole[:end]
		d.keyColumns(x.Primary, " (primary key)")
		d.b = whole
		if d.at != end {
			return
		}
	}
	if h&2 != 0 {
		var cols []storedColumn
		for _, a := range x.stored {
			c := x.Table.Col(a)
			cols = append(cols, storedColumn{name: c.Name, typ: c.Type})
		}
		d.row(cols)
	}
}

// row explains a row value of the columns, by their place; nil: not known.
func (d *dissection) row(cols []storedColumn) {
	v := d.rest()
	p, ok := place(v)
	if !ok {
		return
	}
	column := func(i int) storedColumn {
		if i < len(cols) {
			return cols[i]
		}
		return storedColumn{name: fmt.Sprintf("column %d", i+1)}
	}
	header := fmt.Sprintf("version 1, ends of %d byte", 1<<p.width)
	if p.width > 0 {
		header += "s"
	}
	if p.nulls {
		header += ", with a null mask"
	}
	d.addValue(1, "row header", header)
	d.addValue(2, "number of columns", strconv.Itoa(int(p.n)))
	if p.nulls {
		var null []string
		for i, m := range v[headerBytes:p.offs] {
			for ; m != 0; m &= m - 1 {
				if at := 8*i + bits.TrailingZeros8(m); at < int(p.n) {
					null = append(null, column(at).name)
				}
			}
		}
		d.addValue(int(p.offs)-headerBytes, "null mask", strings.Join(null, ", "))
	}
	width := 1 << p.width
	ends := make([]int, p.n)
	for i := range ends {
		for k := width - 1; k >= 0; k-- {
			ends[i] = ends[i]<<8 | int(v[int(p.offs)+i*width+k])
		}
		d.addValue(width, "end of "+column(i).name, strconv.Itoa(ends[i]))
	}
	from := 0
	for i, end := range ends {
		if end < from || end-from > len(d.rest()) {
			return // damaged
		}
		col, b := column(i), d.rest()[:end-from]
		from = end
		if p.nulls && v[headerBytes+i/8]&(1<<(i%8)) != 0 {
			if len(b) > 0 {
				d.add(len(b), "unknown")
			}
			continue
		}
		value := `\x` + hex.EncodeToString(b)
		if col.typ != nil {
			if dv, ok := decodeValue(formOf(col.typ), col.typ, b, 0); ok {
				value = valueText(col.typ, dv, d.Env)
			}
		}
		d.addValue(len(b), col.name, value).Column = true
	}
	for _, col := range cols[min(int(p.n), len(cols)):] {
		if col.typ != nil {
			d.addValue(0, col.name+" (added since)", valueText(col.typ, col.missing, d.Env))
		}
	}
}
