package btree

import (
	"bytes"
	"unsafe"
)

// Entry is a key and its value, or a key's deletion, in one immutable piece of
// memory: 16 bytes in a tree node, one allocation, one cache miss for both.
type Entry struct {
	p    unsafe.Pointer // key, then value
	klen uint32
	vlen uint32 // or deleted
}

const deleted = ^uint32(0)

var noBytes = []byte{}

// NewEntry copies key and value.
func NewEntry(key, value []byte) Entry {
	b := make([]byte, len(key)+len(value))
	copy(b, key)
	copy(b[len(key):], value)
	return Entry{unsafe.Pointer(unsafe.SliceData(b)), uint32(len(key)), uint32(len(value))}
}

// NewDeletion copies key.
func NewDeletion(key []byte) Entry {
	b := bytes.Clone(key)
	return Entry{unsafe.Pointer(unsafe.SliceData(b)), uint32(len(key)), deleted}
}

// Key is the entry's key.
func (e Entry) Key() []byte { return unsafe.Slice((*byte)(e.p), e.klen) }

// Value is the entry's value; nil for a deletion.
func (e Entry) Value() []byte {
	switch e.vlen {
	case 0:
		return noBytes // the end of one allocation may be the start of another
	case deleted:
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(e.p, e.klen)), e.vlen)
}

// Deleted reports whether the entry is a deletion.
func (e Entry) Deleted() bool { return e.vlen == deleted }

// None reports whether the entry is none: the zero Entry.
func (e Entry) None() bool { return e.p == nil }

// EntryAt is an entry over the memory of kv, which holds a key of klen bytes and then its
// value, or nothing if it is a deletion, and does not change any more.
func EntryAt(kv []byte, klen int, deletion bool) Entry {
	e := Entry{unsafe.Pointer(unsafe.SliceData(kv)), uint32(klen), uint32(len(kv) - klen)}
	if deletion {
		e.vlen = deleted
	}
	return e
}

// Bytes is the size of key and value.
func (e Entry) Bytes() int64 {
	if e.Deleted() {
		return int64(e.klen)
	}
	return int64(e.klen) + int64(e.vlen)
}
