package keyspace

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Check walks over all rows and entries of a key space and tells of every
// broken rule: a key of two types, an empty collection, a wrong size, bounds of a
// list that are none, entries that do not fit their rows. For tests, and for
// whoever doubts a store.
func Check(r kv.Reader, s *Space) error {
	var bad []error
	fault := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	walk := func(prefix []byte, visit func(rest, k, v []byte)) {
		it := r.Scan(kv.PrefixRange(bytes.Clone(prefix)), kv.ScanOptions{})
		defer it.Close()
		for {
			var b kv.PairBatch
			n, err := it.Next(&b)
			if err != nil {
				bad = append(bad, err)
			}
			if n == 0 || err != nil {
				return
			}
			for i := range b.Keys {
				visit(b.Keys[i][len(prefix):], b.Keys[i], b.Values[i])
			}
		}
	}
	part := func(k []byte) (v, rest []byte) {
		v, rest, err := keyenc.DecodeBytes(k, nil)
		if err != nil {
			fault("damaged key %x", k)
		}
		return v, rest
	}
	expiry := map[string]int{} // entries that must be there
	isString := map[string]bool{}
	walk(s.tables[String], func(rest, k, v []byte) {
		key, _ := part(rest)
		isString[string(key)] = true
		_, expires, ok := stringRow(v)
		if !ok {
			bad = append(bad, rowenc.Damaged(k))
		} else if expires != 0 {
			expiry[string(appendExpiryKey(nil, s.stringExpiry, expires, key))]++
		}
	})
	type seen struct {
		Entry
		count       int64
		first, last int64
	}
	dir := map[string]*seen{}
	walk(s.tables[None], func(rest, k, v []byte) {
		key, _ := part(rest)
		e, ok := dirRow(v)
		if !ok {
			bad = append(bad, rowenc.Damaged(k))
			return
		}
		dir[string(key)] = &seen{Entry: e}
		if isString[string(key)] {
			fault("key %q is a string and a %s", key, e.Type)
		}
		if e.Expires != 0 {
			expiry[string(appendExpiryKey(nil, s.dirExpiry, e.Expires, key))]++
		}
	})
	scores := map[string]float64{}
	h := &Collection{}
	for t := Hash; t <= ZSet; t++ {
		walk(s.tables[t], func(rest, k, v []byte) {
			key, rest := part(rest)
			d := dir[string(key)]
			if d == nil || d.Type != t {
				fault("an element of %s %q is not in the directory", t, key)
				return
			}
			n := 3
			if t == Set {
				n = 2
			}
			row, ok := openRow(v, n)
			if !ok {
				bad = append(bad, rowenc.Damaged(k))
				return
			}
			if stored, _ := row.col(0); !bytes.Equal(stored, key) {
				fault("row of key %q holds key %q", key, stored)
			}
			if d.count++; t == List {
				p, _ := row.int8(1)
				if d.count == 1 {
					d.first = p
				}
				d.last = p
			}
			if t == ZSet {
				member, _ := part(rest)
				b, _ := row.col(2)
				score, _ := scoreOf(b)
				h.scores, h.key = s.scorePrefix(nil, key), key
				scores[string(h.scoreKey(score, member))] = score
			}
		})
	}
	for key, d := range dir {
		if d.count != d.Size || d.count == 0 {
			fault("%s %q has %d elements and size %d", d.Type, key, d.count, d.Size)
		}
		if d.Type == List && (d.first != d.First || d.last != d.Last) {
			fault("list %q has positions %d to %d, not %d to %d", key, d.first, d.last, d.First, d.Last)
		}
	}
	walk(s.scores, func(_, k, v []byte) {
		want, ok := scores[string(k)]
		if !ok {
			fault("entry by score %x has no row", k)
			return
		}
		delete(scores, string(k))
		if row, ok := openRow(v[1:], 1); !ok {
			bad = append(bad, rowenc.Damaged(k))
		} else if b, _ := row.col(0); !sameScore(b, want) {
			fault("entry by score %x has another score than its row", k)
		}
	})
	for k := range scores {
		fault("row lacks the entry by score %x", k)
	}
	for _, index := range [2][]byte{s.stringExpiry, s.dirExpiry} {
		walk(index, func(_, k, _ []byte) {
			if expiry[string(k)]--; expiry[string(k)] < 0 {
				fault("entry by expires_at %x has no row", k)
			}
		})
	}
	for k, n := range expiry {
		if n > 0 {
			fault("row lacks the entry by expires_at %x", k)
		}
	}
	return errors.Join(bad...)
}

func sameScore(b []byte, want float64) bool {
	got, ok := scoreOf(b)
	return ok && math.Float64bits(got) == math.Float64bits(want)
}
