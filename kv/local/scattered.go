package local

import (
	"bytes"
	"hash/maphash"

	"rowkey/kv/btree"
)

// scattered is the writes of a transaction that writes many keys in no order and is hardly asked for it
// (kv.TxnOptions.Scattered): entries as they came, the last one of each key, and where they are by a hash of the key.
// In a tree each would be searched for as often as there are levels, among memory that is far apart.
type scattered struct {
	es    []Entry
	slots []uint64 // half of a hash, and 1 + the place in es; 0: free
}

// scatteredSeed is secret, so that nobody can choose keys that meet in one slot.
var scatteredSeed = maphash.MakeSeed()

// find gives the place of key in es, or where in slots it belongs.
func (s *scattered) find(key []byte) (at int, hash uint64, slot int) {
	hash = maphash.Bytes(scatteredSeed, key) &^ (1<<32 - 1)
	mask := len(s.slots) - 1
	for slot = int(hash>>32) & mask; s.slots[slot] != 0; slot = (slot + 1) & mask {
		v := s.slots[slot]
		if v&^(1<<32-1) == hash && bytes.Equal(s.es[uint32(v)-1].Key(), key) {
			return int(uint32(v)) - 1, hash, slot
		}
	}
	return -1, hash, slot
}

func (s *scattered) put(e Entry) {
	if 2*len(s.es) >= len(s.slots) {
		s.grow()
	}
	at, hash, slot := s.find(e.Key())
	if at >= 0 {
		s.es[at] = e
		return
	}
	s.es = append(s.es, e)
	s.slots[slot] = hash | uint64(len(s.es))
}

func (s *scattered) grow() {
	was := s.slots
	s.slots = make([]uint64, max(4*len(was), 4*smallMax))
	mask := len(s.slots) - 1
	for _, v := range was {
		if v == 0 {
			continue
		}
		slot := int(v>>32) & mask
		for s.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.slots[slot] = v
	}
}

func (s *scattered) get(key []byte) (Entry, bool) {
	if at, _, _ := s.find(key); at >= 0 {
		return s.es[at], true
	}
	return Entry{}, false
}

// order makes the buffer one in order, for good, if it is scattered.
func (b *Buffer) order() {
	if b.scattered == nil {
		return
	}
	b.tree = new(btree.Tree)
	for _, e := range b.scattered.es {
		b.tree.Put(e)
	}
	b.scattered = nil
}
