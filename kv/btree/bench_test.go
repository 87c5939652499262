package btree

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Ten keys at a time among 200,000.
func BenchmarkGetAll(b *testing.B) {
	var tr Tree
	for _, i := range rand.Perm(200000) {
		tr.Put(NewEntry(fmt.Appendf(nil, "table/key:%012d", i), []byte("0123456789012345")))
	}
	keys := make([][]byte, 1<<16)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "table/key:%012d", rand.IntN(200000))
	}
	var values [10][]byte
	b.ResetTimer()
	for i := range b.N {
		at := i * 10 % (len(keys) - 10)
		tr.GetAll(keys[at:at+10], values[:])
	}
}

// One key at a time, looked up and replaced, among 200,000.
func BenchmarkGetPut(b *testing.B) {
	var tr Tree
	entries := make([]Entry, 200000)
	for i, at := range rand.Perm(len(entries)) {
		entries[i] = NewEntry(fmt.Appendf(nil, "table/key:%012d", at), []byte("0123456789012345"))
		tr.Put(entries[i])
	}
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	b.Run("get", func(b *testing.B) {
		for i := range b.N {
			if _, ok := tr.Get(entries[i%len(entries)].Key()); !ok {
				b.Fatal("missing")
			}
		}
	})
	b.Run("put", func(b *testing.B) {
		for i := range b.N {
			tr.Put(entries[i%len(entries)])
		}
	})
}
