package btree

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"testing"
	"time"
)

// Against a map: puts, deletions, searches and walks in both directions, with clones
// that later changes leave alone, on keys of many shapes.
func TestTree(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	shapes := []func() []byte{
		func() []byte { return fmt.Appendf(nil, "table/key:%012d", rnd.IntN(3000)) },
		func() []byte { return fmt.Appendf(nil, "%s%04d", bytes.Repeat([]byte("long"), 20), rnd.IntN(2000)) },
		func() []byte { return bytes.Repeat([]byte{byte(rnd.IntN(3))}, 1+rnd.IntN(60)) },
		func() []byte {
			b := make([]byte, 1+rnd.IntN(12))
			for i := range b {
				b[i] = byte(rnd.IntN(3)) * 127
			}
			return b
		},
		func() []byte { return []byte{byte(rnd.IntN(256)), byte(rnd.IntN(256))} },
	}
	type version struct {
		t *Tree
		m map[string]string
	}
	for _, shape := range shapes {
		var tr Tree
		m := map[string]string{}
		var kept []version
		steps := 20000
		for step := range steps {
			k := shape()
			if rnd.IntN(30) == 0 {
				var es []Entry
				grown := int64(0)
				for i := range rnd.IntN(40) {
					k, v := shape(), fmt.Sprint(step, i)
					if was, ok := m[string(k)]; ok {
						grown -= int64(len(k) + len(was))
					}
					if rnd.IntN(6) == 0 {
						es = append(es, NewDeletion(k))
						delete(m, string(k))
					} else {
						es = append(es, NewEntry(k, []byte(v)))
						m[string(k)] = v
						grown += int64(len(k) + len(v))
					}
				}
				if got := tr.Write(es); got != grown {
					t.Fatalf("%d entries make it grow by %d, not %d", len(es), got, grown)
				}
			} else if step > steps/2 && rnd.IntN(3) > 0 || rnd.IntN(3) == 0 {
				old, had := tr.Delete(k)
				want, ok := m[string(k)]
				if had != ok || had && string(old.Value()) != want {
					t.Fatalf("delete %x: %v %q, want %v %q", k, had, old.Value(), ok, want)
				}
				delete(m, string(k))
			} else {
				v := strconv.Itoa(step)
				old, had := tr.Put(NewEntry(k, []byte(v)))
				want, ok := m[string(k)]
				if had != ok || had && string(old.Value()) != want {
					t.Fatalf("put %x: %v %q, want %v %q", k, had, old.Value(), ok, want)
				}
				m[string(k)] = v
			}
			probe := shape()
			e, ok := tr.Get(probe)
			if want, has := m[string(probe)]; ok != has || ok && string(e.Value()) != want {
				t.Fatalf("get %x: %v %q, want %v %q", probe, ok, e.Value(), has, want)
			}
			if rnd.IntN(2000) == 0 || step == steps-1 {
				copied := map[string]string{}
				for k, v := range m {
					copied[k] = v
				}
				kept = append(kept, version{tr.Clone(), copied})
			}
		}
		for _, v := range kept {
			checkTree(t, v.t, v.m, shape)
		}
		for k := range m {
			tr.Delete([]byte(k))
		}
		if tr.root != nil || tr.size != 0 {
			t.Error("an emptied tree is not empty")
		}
	}
}

func checkTree(t *testing.T, tr *Tree, m map[string]string, probe func() []byte) {
	t.Helper()
	if tr.size != len(m) {
		t.Fatalf("size %d, want %d", tr.size, len(m))
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	if tr.root == nil {
		return
	}
	walk := func(from []byte, up bool) (got []string) {
		if up {
			tr.Ascend(from, func(es []Entry) bool {
				for _, e := range es {
					got = append(got, string(e.Key()))
					if m[string(e.Key())] != string(e.Value()) {
						t.Fatalf("value of %x is %q", e.Key(), e.Value())
					}
				}
				return true
			})
			return got
		}
		tr.Descend(from, func(es []Entry) bool {
			for i := len(es) - 1; i >= 0; i-- {
				got = append(got, string(es[i].Key()))
			}
			return true
		})
		for i, j := 0, len(got)-1; i < j; i, j = i+1, j-1 {
			got[i], got[j] = got[j], got[i]
		}
		return got
	}
	same := func(what string, got, want []string) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: %d keys, want %d", what, len(got), len(want))
		}
	}
	same("up", walk(nil, true), keys)
	same("down", walk(nil, false), keys)
	for range 10 {
		p := probe()
		i := sort.SearchStrings(keys, string(p))
		same("up from a key", walk(p, true), keys[i:])
		if i < len(keys) && keys[i] == string(p) {
			i++
		}
		same("down from a key", walk(p, false), keys[:i])
	}
}

// # Of two trees that were one, neither sees what the other does.
func TestFork(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	type one struct {
		t *Tree
		m map[string]string
	}
	all := []one{{new(Tree), map[string]string{}}}
	for step := range 40000 {
		x := all[rnd.IntN(len(all))]
		k := fmt.Sprintf("key%05d", rnd.IntN(3000))
		switch v := strconv.Itoa(step); {
		case rnd.IntN(2000) == 0 && len(all) < 12:
			m := map[string]string{}
			for k, v := range x.m {
				m[k] = v
			}
			all = append(all, one{x.t.Fork(), m})
		case rnd.IntN(3) == 0:
			x.t.Delete([]byte(k))
			delete(x.m, k)
		default:
			x.t.Put(NewEntry([]byte(k), []byte(v)))
			x.m[k] = v
		}
	}
	for _, x := range all {
		checkTree(t, x.t, x.m, func() []byte { return fmt.Appendf(nil, "key%05d", rnd.IntN(3000)) })
	}
}
