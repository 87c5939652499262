package btree

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// # An overlay over a map tells what both have, and what is new of it, put over the map below,
// makes the same: while it is written to, generations go down, it learns of pairs and gaps, and
// forgets. What was frozen stays as it was.
func TestOverlay(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for round := range 6 {
		testOverlay(t, rnd, []int{10, 60, 400, 400, 3000, 3000}[round], round%2 == 0)
	}
	if empty < 100 {
		t.Errorf("only %d ranges are known to be empty", empty)
	}
}

func testOverlay(t *testing.T, rnd *rand.Rand, keys int, forgets bool) {
	o := NewOverlay()
	live, below := map[string]string{}, map[string]string{}
	key := func() string { return fmt.Sprintf("table/%05d", rnd.IntN(keys)) }
	for range keys / 8 {
		k := key()
		live[k], below[k] = "old", "old"
	}
	type frozen struct {
		f           *Frozen
		live, below map[string]string
	}
	var old []frozen
	var down *Frozen
	var hand []byte
	newest := o.Freeze()
	gone := 0
	for step := range 4000 {
		switch op := rnd.IntN(20); {
		case op < 10:
			if rnd.IntN(2) == 0 { // nobody reads it
				o.Unclone(&newest.Tree)
			}
			w := map[string]Entry{}
			for range 1 + rnd.IntN(3+keys/500) {
				k := key()
				if rnd.IntN(2) == 0 {
					w[k] = NewDeletion([]byte(k))
					delete(live, k)
				} else {
					v := fmt.Sprint(step)
					w[k] = NewEntry([]byte(k), []byte(v))
					live[k] = v
				}
			}
			var es []Entry
			for _, k := range slices.Sorted(maps.Keys(w)) {
				es = append(es, w[k])
			}
			before := o.Len()
			o.Write(es)
			if o.Len() < before {
				gone++
			}
		case op < 11 && down == nil:
			down = o.Begin()
		case op < 12 && down != nil:
			down.AscendNew(nil, func(es []Entry, new uint32) bool {
				for i, e := range es {
					switch {
					case new>>i&1 == 0:
					case e.Deleted():
						delete(below, string(e.Key()))
					default:
						below[string(e.Key())] = string(e.Value())
					}
				}
				return true
			})
			o.Ended()
			down = nil
		case op < 16: // somebody asked below
			k := key()
			if _, found, mark := o.Find([]byte(k)); found || mark {
				break
			}
			if v, ok := below[k]; ok {
				o.Know(NewEntry([]byte(k), []byte(v)))
				break
			}
			o.Know(NewDeletion([]byte(k)))
			next, ok := o.From([]byte(k + "\x00"))
			free := true
			for b := range below {
				free = free && !(b > k && (!ok || b < string(next.Key())))
			}
			if free {
				o.SetMark([]byte(k), true)
			}
		case op < 18 && forgets:
			for range rnd.IntN(6) {
				hand, _ = o.Sweep(hand)
			}
		case op < 19:
			old = append(old, frozen{o.Freeze(), maps.Clone(live), maps.Clone(below)})
			if len(old) > 3 {
				old = old[1:]
			}
		}
		newest = o.Freeze()
		if step%40 == 0 {
			checkOverlay(t, newest, live, below)
			for _, f := range old {
				checkOverlay(t, f.f, f.live, f.below)
			}
			checkSizes(t, &o)
		}
		if t.Failed() {
			t.Fatalf("step %d, %d keys", step, keys)
		}
	}
	t.Logf("%d keys: %d entries at the end, %d writes left fewer", keys, o.Len(), gone)
}

// empty is how often checkOverlay was told that nothing is in some range.
var empty int

// checkOverlay compares what it tells with what is there.
func checkOverlay(t *testing.T, f *Frozen, live, below map[string]string) {
	t.Helper()
	over := maps.Clone(below)
	var last []byte
	var fresh []Entry
	f.AscendNew(nil, func(es []Entry, new uint32) bool {
		for i, e := range es {
			if new>>i&1 == 0 {
				continue
			}
			if bytes.Compare(e.Key(), last) <= 0 {
				t.Errorf("%s after %s", e.Key(), last)
			}
			last = e.Key()
			fresh = append(fresh, e)
			if e.Deleted() {
				delete(over, string(e.Key()))
			} else {
				over[string(e.Key())] = string(e.Value())
			}
		}
		return true
	})
	if !maps.Equal(over, live) {
		t.Errorf("what is new over what is below: %d pairs, there are %d", len(over), len(live))
		for k, v := range live {
			if over[k] != v {
				t.Errorf("%s is %q, want %q, below %q", k, over[k], v, below[k])
				break
			}
		}
		for k := range over {
			if _, ok := live[k]; !ok {
				t.Errorf("%s is there", k)
				break
			}
		}
	}
	f.DescendNew(nil, func(es []Entry, new uint32) bool {
		for i := len(es) - 1; i >= 0; i-- {
			if new>>i&1 != 0 {
				if len(fresh) == 0 || fresh[len(fresh)-1] != es[i] {
					t.Errorf("%s is not there forwards", es[i].Key())
					return false
				}
				fresh = fresh[:len(fresh)-1]
			}
		}
		return true
	})
	if len(fresh) > 0 {
		t.Errorf("%d are not there backwards", len(fresh))
	}
	for from := range 200 {
		from *= 16
		start, end := fmt.Sprintf("table/%05d", from), fmt.Sprintf("table/%05d", from+1<<(from/16%8))
		some := false
		for k := range live {
			some = some || start <= k && k < end
		}
		none, unknown := f.NoneIn([]byte(start), []byte(end))
		switch {
		case none && (some || unknown != nil):
			t.Errorf("nothing from %s to %s, it says: %q", start, end, unknown)
		case unknown != nil:
			if e, found, mark := f.Find(unknown); found || mark || string(unknown) < start || string(unknown) >= end {
				t.Errorf("from %s to %s: it knows of %q: %q %v", start, end, unknown, e.Value(), mark)
			}
		case none:
			empty++
		}
	}
	for k := range 3000 {
		if k%7 != len(live)%7 { // Find keeps leaves from being forgotten
			continue
		}
		key := fmt.Sprintf("table/%05d", k)
		e, found, mark := f.Find([]byte(key))
		want, ok := live[key]
		switch {
		case found:
			if e.Deleted() == ok || string(e.Value()) != want {
				t.Errorf("%s is %q %v, want %q %v", key, e.Value(), !e.Deleted(), want, ok)
			}
		case mark && ok:
			t.Errorf("%s is told to be absent", key)
		case !mark:
			if b, there := below[key]; there != ok || b != want {
				t.Errorf("%s is unknown, below %q %v, want %q %v", key, b, there, want, ok)
			}
		}
	}
}

func checkSizes(t *testing.T, o *Overlay) {
	t.Helper()
	n, all, newer, older := 0, int64(0), int64(0), int64(0)
	o.Ascend(nil, func(es []Entry) bool {
		for _, e := range es {
			n++
			all += size(e)
		}
		return true
	})
	f := o.Freeze()
	f.AscendNew(nil, func(es []Entry, new uint32) bool {
		for i, e := range es {
			if new>>i&1 != 0 {
				older += size(e)
			}
		}
		return true
	})
	f.since = f.gen
	f.AscendNew(nil, func(es []Entry, new uint32) bool {
		for i, e := range es {
			if new>>i&1 != 0 {
				newer += size(e)
			}
		}
		return true
	})
	older -= newer
	if n != o.Len() || all != o.bytes || newer != o.newer || older != o.older {
		t.Errorf("%d entries of %d bytes, %d newer, %d older; told: %d, %d, %d, %d", n, all, newer, older, o.Len(), o.bytes, o.newer, o.older)
	}
}

// # What comes and goes in a gap leaves nothing to go down, until it has begun to.
func TestOverlayQueue(t *testing.T) {
	o := NewOverlay()
	o.Know(NewDeletion([]byte("a")))
	o.SetMark([]byte("a"), true)
	for i := range 10000 {
		o.Write([]Entry{NewEntry(fmt.Appendf(nil, "queue/%06d", i), []byte("item"))})
		if i >= 100 {
			o.Write([]Entry{NewDeletion(fmt.Appendf(nil, "queue/%06d", i-100))})
		}
		if n := o.Len(); n > 101 {
			t.Fatalf("%d entries", n)
		}
	}
	o.Write([]Entry{NewDeletion([]byte("nothing"))})
	if n, b := o.Len(), o.NewBytes(); n != 101 || b != 100*(12+4+entryBytes) {
		t.Errorf("%d entries, %d bytes are new", n, b)
	}
	o.Begin()
	o.Write([]Entry{NewDeletion([]byte("queue/009950"))})
	if n := o.NewBytes(); n != 12+entryBytes || !o.IsNew([]byte("queue/009950")) {
		t.Errorf("the deletion of what goes down: %d bytes are new", n)
	}
}
