package keyspace

import (
	"encoding/binary"
	"fmt"
	"math"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Type is the type of a key.
type Type uint8

// The types; None is the type of a key that does not exist.
const (
	None Type = iota
	String
	Hash
	List
	Set
	ZSet
)

var typeNames = [...]string{"none", "string", "hash", "list", "set", "zset"}

func (t Type) String() string { return typeNames[t] }

// typeOf reads the column kv.collections.type.
func typeOf(name []byte) Type {
	for t := Hash; t <= ZSet; t++ {
		if string(name) == typeNames[t] {
			return t
		}
	}
	return None
}

// TableNames are the tables of a key space; the first has the strings, the
// second the directory of all else.
var TableNames = [...]string{"strings", "collections", "hashes", "lists", "sets", "zsets"}

// Space is one numbered key space: where its tables lie in the store. Read-only.
type Space struct {
	Number int
	// Prefixes of the primary indexes, by Type; that of None is the directory's.
	tables [ZSet + 1][]byte
	// Prefixes of the indexes by expires_at, of strings and of the directory.
	stringExpiry, dirExpiry []byte
	scores                  []byte      // of the index of zsets by (key, score, member)
	notPlain                [2]kv.Range // see Call.plain
}

// SchemaName is the schema of a key space: kv, kv1, kv2 …
func SchemaName(number int) string {
	if number == 0 {
		return "kv"
	}
	return fmt.Sprintf("kv%d", number)
}

// NewSpace finds the tables of a key space; nil if they are not there yet.
func NewSpace(snap *catalog.Snapshot, number int) *Space {
	schema := snap.SchemaByName(SchemaName(number))
	if schema == nil || schema.KeySpace != number+1 {
		return nil
	}
	s := &Space{Number: number}
	for i, name := range TableNames {
		t := snap.Table(snap.Relation(schema, name))
		if t == nil || t.PrimaryKey() == nil {
			return nil
		}
		p := keyenc.AppendIndexPrefix(nil, t.Storage, t.Indexes[0].Number)
		second := func() []byte {
			if len(t.Indexes) < 2 {
				return nil
			}
			return keyenc.AppendIndexPrefix(nil, t.Storage, t.Indexes[1].Number)
		}
		switch i {
		case 0:
			s.tables[String], s.stringExpiry = p, second()
		case 1:
			s.tables[None], s.dirExpiry = p, second()
		default:
			s.tables[Hash+Type(i)-2] = p
			if name == "zsets" {
				s.scores = second()
			}
		}
	}
	if s.stringExpiry == nil || s.dirExpiry == nil || s.scores == nil {
		return nil
	}
	s.notPlain = [2]kv.Range{kv.PrefixRange(s.tables[None]), kv.PrefixRange(s.stringExpiry)}
	return s
}

// StringKey appends the store's key of a row of strings. It is also the name
// under which a key is locked, whatever its type.
func (s *Space) StringKey(dst, key []byte) []byte {
	return keyenc.AppendBytes(append(dst, s.tables[String]...), key)
}

// dirKey appends the store's key of a row of the directory.
func (s *Space) dirKey(dst, key []byte) []byte {
	return keyenc.AppendBytes(append(dst, s.tables[None]...), key)
}

// elemPrefix appends what begins the store's keys of the elements of a key.
func (s *Space) elemPrefix(dst []byte, t Type, key []byte) []byte {
	return keyenc.AppendBytes(append(dst, s.tables[t]...), key)
}

// scorePrefix appends what begins the entries of a key in the index by score.
func (s *Space) scorePrefix(dst, key []byte) []byte {
	return keyenc.AppendBytes(append(dst, s.scores...), key)
}

// Times are microseconds since 1970, 0 for never; rows count from 2000.
const epochMicros = 946_684_800_000_000

func timeFromRow(micros int64) int64 {
	switch micros {
	case math.MaxInt64: // infinity
		return 0
	case -epochMicros:
		return 1
	}
	if micros < math.MinInt64+epochMicros {
		return math.MinInt64
	}
	return micros + epochMicros
}

// The rows, as package rowenc writes them: a header, the mask of NULLs if there
// are any, end offsets, data. The shapes are fixed, so the bytes are written
// straight; a test holds them against rowenc.

const rowVersion = 0x10

// rowHead appends the head of a row of n columns with so many bytes of data;
// nulls is the mask of those that are NULL. ends is where the offsets begin.
func rowHead(dst []byte, n, size int, nulls byte) (_ []byte, ends, width int) {
	switch {
	case size < 1<<8:
	case size < 1<<16:
		width = 1
	default:
		width = 2
	}
	h := byte(rowVersion | width)
	if nulls != 0 {
		dst = append(dst, h|4, byte(n), 0, nulls)
	} else {
		dst = append(dst, h, byte(n), 0)
	}
	ends = len(dst)
	var zero [32]byte
	return append(dst, zero[:n<<width]...), ends, width
}

func putEnd(dst []byte, ends, width, i, off int) {
	switch width {
	case 0:
		dst[ends+i] = byte(off)
	case 1:
		binary.LittleEndian.PutUint16(dst[ends+2*i:], uint16(off))
	default:
		binary.LittleEndian.PutUint32(dst[ends+4*i:], uint32(off))
	}
}

// row is a row value taken apart.
type row struct {
	data  []byte
	ends  []byte
	width uint8
	nulls byte
	n     int
}

// openRow reads the head of a row of at least n columns; ok is false when it is damaged.
func openRow(v []byte, n int) (r row, ok bool) {
	if len(v) < 3 || v[0]&0xf8 != rowVersion || v[0]&3 == 3 {
		return r, false
	}
	r.n = int(v[1]) | int(v[2])<<8
	r.width = v[0] & 3
	at := 3
	if v[0]&4 != 0 {
		m := (r.n + 7) / 8
		if len(v) < at+m || m == 0 {
			return r, false
		}
		r.nulls = v[at]
		at += m
	}
	data := at + r.n<<r.width
	if r.n < n || len(v) < data {
		return r, false
	}
	r.ends, r.data = v[at:data], v[data:]
	return r, true
}

func (r *row) end(i int) int {
	switch r.width {
	case 0:
		return int(r.ends[i])
	case 1:
		return int(binary.LittleEndian.Uint16(r.ends[2*i:]))
	}
	return int(binary.LittleEndian.Uint32(r.ends[4*i:]))
}

// col gives the bytes of column i.
func (r *row) col(i int) (b []byte, ok bool) {
	from := 0
	if i > 0 {
		from = r.end(i - 1)
	}
	to := r.end(i)
	if from > to || to > len(r.data) {
		return nil, false
	}
	return r.data[from:to:to], true
}

func (r *row) null(i int) bool { return r.nulls&(1<<i) != 0 }

func (r *row) int8(i int) (int64, bool) {
	b, ok := r.col(i)
	if !ok || len(b) != 8 {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(b)), true
}

// appendString appends a row of strings: (key, value, expires_at).
func appendString(dst, key, value []byte, expires int64) []byte {
	size := len(key) + len(value)
	var nulls byte = 4
	if expires != 0 {
		size += 8
		nulls = 0
	}
	dst, ends, w := rowHead(dst, 3, size, nulls)
	putEnd(dst, ends, w, 0, len(key))
	putEnd(dst, ends, w, 1, len(key)+len(value))
	putEnd(dst, ends, w, 2, size)
	dst = append(append(dst, key...), value...)
	if expires != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(expires-epochMicros))
	}
	return dst
}

// stringRow reads a row of strings.
func stringRow(v []byte) (value []byte, expires int64, ok bool) {
	r, ok := openRow(v, 3)
	if !ok {
		return nil, 0, false
	}
	if value, ok = r.col(1); !ok {
		return nil, 0, false
	}
	if !r.null(2) {
		t, ok := r.int8(2)
		if !ok {
			return nil, 0, false
		}
		expires = timeFromRow(t)
	}
	return value, expires, true
}

// Entry is what the directory knows of a key.
type Entry struct {
	Type    Type
	Expires int64 // microseconds since 1970; 0: never
	// Size is the number of elements; of a string, its bytes.
	Size int64
	// First and Last are the bounds of a list's positions, both used.
	First, Last int64
	// revision differs after every change.
	revision int64
}

// appendDir appends a row of collections: (key, type, size, expires_at, first,
// last, revision).
func appendDir(dst, key []byte, e *Entry) []byte {
	name := typeNames[e.Type]
	size := len(key) + len(name) + 8 + 8
	var nulls byte
	if e.Expires != 0 {
		size += 8
	} else {
		nulls |= 1 << 3
	}
	if e.Type == List {
		size += 16
	} else {
		nulls |= 1<<4 | 1<<5
	}
	dst, ends, w := rowHead(dst, 7, size, nulls)
	at := len(key)
	putEnd(dst, ends, w, 0, at)
	dst = append(dst, key...)
	at += len(name)
	putEnd(dst, ends, w, 1, at)
	dst = append(dst, name...)
	put := func(i int, present bool, v int64) {
		if present {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
			at += 8
		}
		putEnd(dst, ends, w, i, at)
	}
	put(2, true, e.Size)
	put(3, e.Expires != 0, e.Expires-epochMicros)
	put(4, e.Type == List, e.First)
	put(5, e.Type == List, e.Last)
	put(6, true, e.revision)
	return dst
}

// dirRow reads a row of collections.
func dirRow(v []byte) (e Entry, ok bool) {
	r, ok := openRow(v, 7)
	if !ok {
		return e, false
	}
	name, ok := r.col(1)
	if !ok {
		return e, false
	}
	if e.Type = typeOf(name); e.Type == None {
		return e, false
	}
	if e.Size, ok = r.int8(2); !ok {
		return e, false
	}
	if !r.null(3) {
		t, ok := r.int8(3)
		if !ok {
			return e, false
		}
		e.Expires = timeFromRow(t)
	}
	if e.Type == List {
		var ok1, ok2 bool
		e.First, ok1 = r.int8(4)
		e.Last, ok2 = r.int8(5)
		if !ok1 || !ok2 {
			return e, false
		}
	}
	if !r.null(6) {
		e.revision, ok = r.int8(6)
	}
	return e, ok
}

// appendCols2 appends a row of two varying columns: sets.
func appendCols2(dst, a, b []byte) []byte {
	size := len(a) + len(b)
	dst, ends, w := rowHead(dst, 2, size, 0)
	putEnd(dst, ends, w, 0, len(a))
	putEnd(dst, ends, w, 1, size)
	return append(append(dst, a...), b...)
}

func appendCols3(dst, a, b, c []byte) []byte {
	size := len(a) + len(b) + len(c)
	dst, ends, w := rowHead(dst, 3, size, 0)
	putEnd(dst, ends, w, 0, len(a))
	putEnd(dst, ends, w, 1, len(a)+len(b))
	putEnd(dst, ends, w, 2, size)
	return append(append(append(dst, a...), b...), c...)
}

// appendItem appends a row of lists: (key, position, value).
func appendItem(dst, key []byte, position int64, value []byte) []byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(position))
	return appendCols3(dst, key, b[:], value)
}

// appendMember appends a row of zsets: (key, member, score).
func appendMember(dst, key, member []byte, score float64) []byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], math.Float64bits(score))
	return appendCols3(dst, key, member, b[:])
}

// appendScoreValue appends the value of an entry of the index by score: the
// score, which its key does not give back to the bit.
func appendScoreValue(dst []byte, score float64) []byte {
	dst = append(dst, 2)
	dst, ends, w := rowHead(dst, 1, 8, 0)
	putEnd(dst, ends, w, 0, 8)
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(score))
}

func scoreOf(b []byte) (float64, bool) {
	if len(b) != 8 {
		return 0, false
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), true
}

// appendExpiryKey appends the key of an entry of an index by expires_at.
func appendExpiryKey(dst, index []byte, expires int64, key []byte) []byte {
	dst = keyenc.AppendTimestampTZ(append(dst, index...), expires-epochMicros)
	return keyenc.AppendBytes(dst, key)
}
