package local

import (
	"rowkey/kv"
	"rowkey/kv/btree"
)

// Entry is a write: a key and its value, or its deletion.
type Entry = btree.Entry

// NewEntry copies key and value.
func NewEntry(key, value []byte) Entry { return btree.NewEntry(key, value) }

// NewDeletion copies key.
func NewDeletion(key []byte) Entry { return btree.NewDeletion(key) }

// EntryAt is an entry over the memory of kv, which holds a key of klen bytes and then its
// value, or nothing if it is a deletion, and does not change any more.
func EntryAt(kv []byte, klen int, deletion bool) Entry { return btree.EntryAt(kv, klen, deletion) }

// check returns the error of a pair that cannot be stored, or nil.
func check(key, value []byte) error {
	if err := kv.CheckKey(key); err != nil {
		return err
	}
	if len(value) > kv.MaxValueBytes {
		return kv.AtKey(kv.ErrValueTooLarge, key)
	}
	return nil
}
