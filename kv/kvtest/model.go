package kvtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rowkey/kv"
)

// # One transaction after another, with savepoints, against a plain map.
func testModel(t *testing.T, s kv.Store) {
	seed := Seed(t)
	rnd := rand.New(rand.NewPCG(seed, 2))
	committed := make(map[string]string)
	for round := range 40 {
		txn := begin(t, s, at(kv.Isolation(round%3)))
		now := maps.Clone(committed)
		type save struct {
			sp    kv.Savepoint
			state map[string]string
		}
		var saves []save
		key := func() string { return fmt.Sprintf("%03d", rnd.IntN(300)) }
		for range rnd.IntN(300) {
			switch k1 := key(); rnd.IntN(12) {
			case 0, 1, 2, 3:
				now[k1] = fmt.Sprint(rnd.IntN(1000))
				must(t, txn.Put(k(k1), k(now[k1])))
			case 4, 5:
				delete(now, k1)
				must(t, txn.Delete(k(k1)))
			case 6:
				v, ok := now[k1]
				if !ok {
					v = "none"
				}
				want(t, get(t, txn, k1), v)
			case 7:
				saves = append(saves, save{txn.Savepoint(), maps.Clone(now)})
			case 8:
				if n := len(saves); n > 0 {
					at := rnd.IntN(n)
					must(t, txn.RollbackTo(saves[at].sp))
					now = maps.Clone(saves[at].state)
					saves = saves[:at+1]
				}
			default:
				r := rng(k1, key())
				opts := kv.ScanOptions{Reverse: rnd.IntN(2) == 0, Limit: rnd.IntN(30)}
				want(t, showIter(t, txn.Scan(r, opts), 1+rnd.IntN(40)), modelScan(now, r, opts))
			}
		}
		if rnd.IntN(4) == 0 {
			txn.Rollback()
		} else {
			must(t, txn.Commit(bg))
			committed = now
		}
		sn := s.Snapshot()
		want(t, show(t, sn, all, kv.ScanOptions{}), modelScan(committed, all, kv.ScanOptions{}))
		must(t, sn.Close())
	}
}

func modelScan(m map[string]string, r kv.Range, opts kv.ScanOptions) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if r.Contains(k(key)) {
			out = append(out, key+"="+m[key])
		}
	}
	if opts.Reverse {
		slices.Reverse(out)
	}
	if opts.Limit > 0 && len(out) > opts.Limit {
		out = out[:opts.Limit]
	}
	return strings.Join(out, " ")
}
