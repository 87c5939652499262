package btree

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sort"
	"testing"
)

// # Marks stay with their entries through splits, merges, copies and deletions; a new entry
// takes that of the entry before it.
func TestMarks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var tr Tree
	marks := map[string]bool{}
	var keys []string // sorted
	before := func(k string) (string, bool) {
		i := sort.SearchStrings(keys, k)
		if i == 0 {
			return "", false
		}
		return keys[i-1], true
	}
	var clones []*Tree
	for step := range 60000 {
		k := fmt.Sprintf("key%06d", rnd.IntN(4000))
		_, has := marks[k]
		prev, hasPrev := before(k)
		switch op := rnd.IntN(10); {
		case op < 4:
			tr.Put(NewEntry([]byte(k), nil))
			if !has {
				marks[k] = hasPrev && marks[prev]
				i := sort.SearchStrings(keys, k)
				keys = append(keys, "")
				copy(keys[i+1:], keys[i:])
				keys[i] = k
			}
		case op < 5 || op < 8 && step%20000 > 12000:
			if _, had := tr.Delete([]byte(k)); had != has {
				t.Fatal(k, had)
			}
			if has {
				delete(marks, k)
				i := sort.SearchStrings(keys, k)
				keys = append(keys[:i], keys[i+1:]...)
			}
		case op < 9 && has:
			m := rnd.IntN(2) == 0
			tr.SetMark([]byte(k), m)
			marks[k] = m
		case rnd.IntN(50) == 0:
			clones = append(clones, tr.Clone())
			if rnd.IntN(2) == 0 {
				tr.Unclone(clones[len(clones)-1])
			}
		}
		k = fmt.Sprintf("key%06d", rnd.IntN(4000))
		_, has = marks[k]
		prev, hasPrev = before(k)
		_, found, mark := tr.Find([]byte(k))
		want := hasPrev && marks[prev]
		if has {
			want = marks[k]
		}
		if found != has || mark != want {
			t.Fatalf("step %d: find %s: %v %v, want %v %v", step, k, found, mark, has, want)
		}
		e, mark, ok := tr.Before([]byte(k))
		if ok != hasPrev || ok && (string(e.Key()) != prev || mark != marks[prev]) {
			t.Fatalf("step %d: before %s: %s %v %v", step, k, e.Key(), mark, ok)
		}
		i := sort.SearchStrings(keys, k)
		e, ok = tr.From([]byte(k))
		if ok != (i < len(keys)) || ok && string(e.Key()) != keys[i] {
			t.Fatalf("step %d: from %s: %s", step, k, e.Key())
		}
		leaf, used := tr.Leaf(nil, []byte(k))
		if len(leaf) > 0 != ok || ok && !bytes.Equal(leaf[0].Key(), e.Key()) {
			t.Fatalf("step %d: leaf of %s", step, k)
		}
		if _, again := tr.Leaf(nil, []byte(k)); again || found && !used {
			t.Fatalf("step %d: use of a leaf: %v, then %v", step, used, again)
		}
	}
}
