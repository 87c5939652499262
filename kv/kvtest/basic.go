package kvtest

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"rowkey/kv"
)

func testGetPutDelete(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=2", "empty=")
	txn := begin(t, s, kv.TxnOptions{})
	want(t, get(t, txn, "a"), "1")
	want(t, get(t, txn, "nothing"), "none")
	v, ok, err := txn.Get(k("empty"))
	must(t, err)
	if !ok || v == nil || len(v) != 0 {
		t.Fatalf("an empty value is present and not nil: %v %v", v, ok)
	}
	must(t, txn.Put(k("a"), k("one")))
	must(t, txn.Delete(k("b")))
	must(t, txn.Delete(k("never was")))
	want(t, get(t, txn, "a"), "one")
	want(t, get(t, txn, "b"), "none")
	sn := s.Snapshot()
	want(t, get(t, sn, "a"), "1")
	must(t, sn.Close())
	must(t, txn.Commit(bg))
	sn = s.Snapshot()
	want(t, show(t, sn, all, kv.ScanOptions{}), "a=one empty=")
	must(t, sn.Close())

	txn = begin(t, s, kv.TxnOptions{})
	write(t, txn, "x=1", "a")
	txn.Rollback()
	sn = s.Snapshot()
	want(t, show(t, sn, all, kv.ScanOptions{}), "a=one empty=")
	must(t, sn.Close())

	put(t, s, "a=x", "a", "a=y", "z=1", "z")
	sn = s.Snapshot()
	want(t, show(t, sn, all, kv.ScanOptions{}), "a=y empty=")
	must(t, sn.Close())
}

// scanReaders calls f with a snapshot, a clean transaction, and one whose own writes
// hold half of the same contents.
func scanReaders(t *testing.T, s kv.Store, pairs []string, f func(t *testing.T, r kv.Reader)) {
	put(t, s, pairs...)
	t.Run("snapshot", func(t *testing.T) {
		sn := s.Snapshot()
		defer sn.Close()
		f(t, sn)
	})
	for _, level := range []kv.Isolation{kv.ReadCommitted, kv.Serializable} {
		t.Run(level.String(), func(t *testing.T) {
			txn := begin(t, s, at(level))
			defer txn.Rollback()
			f(t, txn)
		})
	}
	t.Run("own writes", func(t *testing.T) {
		txn := begin(t, s, kv.TxnOptions{})
		defer txn.Rollback()
		for i, p := range pairs {
			if i%2 == 0 {
				key, _, _ := bytes.Cut(k(p), k("="))
				must(t, txn.Delete(key))
			}
		}
		for i, p := range pairs {
			if i%2 == 0 {
				write(t, txn, p)
			}
		}
		f(t, txn)
	})
}

func testScanBounds(t *testing.T, s kv.Store) {
	pairs := []string{"a=1", "b=2", "ba=3", "c=4", "c\x00=5", "d=6", "e=7"}
	scanReaders(t, s, pairs, func(t *testing.T, r kv.Reader) {
		for _, c := range []struct {
			r        kv.Range
			up, down string
		}{
			{all, "a=1 b=2 ba=3 c=4 c\x00=5 d=6 e=7", "e=7 d=6 c\x00=5 c=4 ba=3 b=2 a=1"},
			{rng("b", "d"), "b=2 ba=3 c=4 c\x00=5", "c\x00=5 c=4 ba=3 b=2"},
			{rng("b0", "c0"), "ba=3 c=4 c\x00=5", "c\x00=5 c=4 ba=3"},
			{rng("c", "c\x00"), "c=4", "c=4"},
			{rng("c", "c"), "", ""},
			{rng("d", "b"), "", ""},
			{rng("e", ""), "e=7", "e=7"},
			{rng("f", ""), "", ""},
			{rng("", "b"), "a=1", "a=1"},
			{kv.Range{End: []byte{}}, "", ""},
			{kv.PrefixRange(k("b")), "b=2 ba=3", "ba=3 b=2"},
		} {
			want(t, show(t, r, c.r, kv.ScanOptions{}), c.up)
			want(t, show(t, r, c.r, kv.ScanOptions{Reverse: true}), c.down)
		}
	})
}

func testScanBatches(t *testing.T, s kv.Store) {
	var pairs []string
	for i := range 1000 {
		pairs = append(pairs, fmt.Sprintf("%04d=%d", i, i))
	}
	scanReaders(t, s, pairs, func(t *testing.T, r kv.Reader) {
		for _, max := range []int{1, 7, 16, 17, 256, 999, 1000, 1001, 0} {
			for _, limit := range []int{0, 1, 16, 100, 999, 1000, 5000} {
				for _, reverse := range []bool{false, true} {
					it := r.Scan(rng("0000", "0990"), kv.ScanOptions{Limit: limit, Reverse: reverse, KeysOnly: max == 7})
					b := kv.PairBatch{Max: max}
					seen := 0
					for {
						n, err := it.Next(&b)
						must(t, err)
						if n == 0 {
							break
						}
						for i, key := range b.Keys {
							expect := fmt.Sprintf("%04d", seen)
							if reverse {
								expect = fmt.Sprintf("%04d", 989-seen)
							}
							if string(key) != expect {
								t.Fatalf("pair %d has key %s (max %d limit %d reverse %v)", seen, key, max, limit, reverse)
							}
							if (b.Values[i] == nil) != (max == 7) {
								t.Fatalf("pair %d has value %v", seen, b.Values[i])
							}
							seen++
						}
					}
					expect := 990
					if limit > 0 {
						expect = min(limit, expect)
					}
					if seen != expect {
						t.Fatalf("saw %d pairs, want %d (max %d limit %d reverse %v)", seen, expect, max, limit, reverse)
					}
					if n, err := it.Next(&b); n != 0 || err != nil {
						t.Fatalf("Next after the end: %d %v", n, err)
					}
					must(t, it.Close())
				}
			}
		}
	})
}

func testKeep(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=2", "c=3", "d=4")
	for _, own := range []bool{false, true} {
		txn := begin(t, s, kv.TxnOptions{})
		if own {
			write(t, txn, "bb=9")
		}
		it := txn.Scan(all, kv.ScanOptions{})
		b := kv.PairBatch{Max: 1}
		var held [][]byte
		for {
			n, err := it.Next(&b)
			must(t, err)
			if n == 0 {
				break
			}
			held = append(held, b.Keys[0], b.Values[0])
			b.Keep()
		}
		must(t, it.Close())
		txn.Rollback()
		expect := "a1b2c3d4"
		if own {
			expect = "a1b2bb9c3d4"
		}
		want(t, string(bytes.Join(held, nil)), expect)
	}
}

func testReset(t *testing.T, s kv.Store) {
	pairs := []string{"a=1", "b=2", "c=3", "d=4", "e=5"}
	scanReaders(t, s, pairs, func(t *testing.T, r kv.Reader) {
		for _, reverse := range []bool{false, true} {
			it := r.Scan(rng("a", "b"), kv.ScanOptions{Reverse: reverse, Limit: 2})
			b := kv.PairBatch{Max: 1}
			for _, c := range []struct {
				r        kv.Range
				up, down string
			}{{rng("a", "b"), "a", "a"}, {rng("b", "e"), "b", "d"}, {rng("a", "c"), "a", "b"}, {rng("x", ""), "", ""}, {all, "a", "e"}} {
				it.Reset(c.r)
				expect := c.up
				if reverse {
					expect = c.down
				}
				n, err := it.Next(&b)
				must(t, err)
				got := ""
				if n > 0 {
					got = string(b.Keys[0])
				}
				want(t, got, expect)
			}
			// The last Reset left off after one pair; the limit counts anew.
			n, err := it.Next(&b)
			must(t, err)
			if n != 1 {
				t.Fatal("second pair is missing")
			}
			n, err = it.Next(&b)
			must(t, err)
			if n != 0 {
				t.Fatal("limit of 2 was passed")
			}
			must(t, it.Close())
		}
	})
}

func testOwnWrites(t *testing.T, s kv.Store) {
	put(t, s, "b=2", "d=4", "f=6")
	txn := begin(t, s, kv.TxnOptions{})
	write(t, txn, "a=own", "d=own", "f", "g=own", "h=own", "h")
	want(t, show(t, txn, all, kv.ScanOptions{}), "a=own b=2 d=own g=own")
	want(t, show(t, txn, all, kv.ScanOptions{Reverse: true}), "g=own d=own b=2 a=own")
	want(t, show(t, txn, rng("b", "g"), kv.ScanOptions{}), "b=2 d=own")
	want(t, show(t, txn, all, kv.ScanOptions{Limit: 3}), "a=own b=2 d=own")
	want(t, show(t, txn, all, kv.ScanOptions{Limit: 3, Reverse: true}), "g=own d=own b=2")
	write(t, txn, "a", "b", "d")
	want(t, show(t, txn, all, kv.ScanOptions{Limit: 1}), "g=own")

	// Many own writes, past every small-size shortcut, against a plain map.
	for i := range 3000 {
		write(t, txn, fmt.Sprintf("n%05d=%d", (i*7919)%10007, i))
	}
	for i := 0; i < 3000; i += 3 {
		write(t, txn, fmt.Sprintf("n%05d", (i*7919)%10007))
	}
	up := show(t, txn, rng("n", "o"), kv.ScanOptions{})
	n := len(bytes.Fields(k(up)))
	if n != 2000 {
		t.Fatalf("saw %d own writes, want 2000", n)
	}
	must(t, txn.Commit(bg))
	sn := s.Snapshot()
	defer sn.Close()
	want(t, show(t, sn, rng("n", "o"), kv.ScanOptions{}), up)
}

// # Writes in no order are what they would be in order: for reads between them, for scans, savepoints and
// after the commit. Beside a map.
func testScatteredWrites(t *testing.T, s kv.Store) {
	rnd := rand.New(rand.NewPCG(Seed(t), 1))
	put(t, s, "s00001=0", "s00002=0", "s00003=0")
	model := map[string]string{"s00001": "0", "s00002": "0", "s00003": "0"}
	shown := func() string {
		keys := slices.Sorted(maps.Keys(model))
		for i, k := range keys {
			keys[i] = k + "=" + model[k]
		}
		return strings.Join(keys, " ")
	}
	for _, scan := range []int{0, 1, 40, 2000} { // one after so many writes
		txn := begin(t, s, kv.TxnOptions{Scattered: true})
		written := map[string]bool{}
		for i := range 3000 {
			key := fmt.Sprintf("s%05d", rnd.IntN(2000))
			if _, had, err := txn.Written([]byte(key)); err != nil || had != written[key] {
				t.Fatalf("%s is written: %v %v", key, had, err)
			}
			written[key] = true
			if rnd.IntN(4) == 0 {
				delete(model, key)
				must(t, txn.DeleteCovered([]byte(key)))
			} else {
				model[key] = fmt.Sprint(i)
				must(t, txn.PutCovered([]byte(key), []byte(model[key])))
			}
			keys := [][]byte{[]byte(key), fmt.Appendf(nil, "s%05d", rnd.IntN(2000))}
			values := make([][]byte, 2)
			must(t, txn.GetAll(keys, values))
			for i, k := range keys {
				if is, ok := model[string(k)]; ok != (values[i] != nil) || is != string(values[i]) {
					t.Fatalf("%s is %q, not %q %v", k, values[i], is, ok)
				}
			}
			if i+1 == scan {
				want(t, show(t, txn, rng("s", "t"), kv.ScanOptions{}), shown())
			}
		}
		must(t, txn.Commit(bg))
		sn := s.Snapshot()
		want(t, show(t, sn, rng("s", "t"), kv.ScanOptions{}), shown())
		must(t, sn.Close())
	}
}

// # Where nothing is said to be in a range, nothing is, and a range that stays empty is known to be before long.
func testNoneIn(t *testing.T, s kv.Store) {
	rnd := rand.New(rand.NewPCG(Seed(t), 1))
	put(t, s, "a=1", "z=1")
	none := func(r kv.Range) bool {
		txn := begin(t, s, kv.TxnOptions{})
		defer txn.Rollback()
		none := txn.NoneIn(r)
		if some := show(t, txn, r, kv.ScanOptions{}); none && some != "" {
			t.Fatalf("nothing in [%q - %q), it says, and there is %s", r.Start, r.End, some)
		}
		return none
	}
	soon := func(r kv.Range) {
		t.Helper()
		for range 2000 {
			if none(r) {
				return
			}
		}
		t.Errorf("[%q - %q) is not known to be empty", r.Start, r.End)
	}
	soon(rng("m", "n"))
	put(t, s, "l=1", "m0=1", "n=1")
	if none(rng("m", "n")) || none(rng("a", "b")) || none(rng("lx", "n0")) {
		t.Error("something was written")
	}
	put(t, s, "m0")
	soon(rng("m", "n"))
	for range 300 {
		kvs := make([]string, 1+rnd.IntN(5))
		for i := range kvs {
			kvs[i] = fmt.Sprintf("r%02d", rnd.IntN(60))
			if rnd.IntN(3) == 0 {
				kvs[i] += "=1"
			}
		}
		put(t, s, kvs...)
		for range 10 {
			from := rnd.IntN(60)
			none(rng(fmt.Sprintf("r%02d", from), fmt.Sprintf("r%02d", from+1+rnd.IntN(10))))
		}
	}
	must(t, s.DropRange(bg, rng("r", "s")))
	soon(rng("r", "s"))
	serial := begin(t, s, kv.TxnOptions{Isolation: kv.Serializable})
	defer serial.Rollback()
	if serial.NoneIn(rng("r", "s")) {
		t.Error("a serializable transaction would have to remember what it was told")
	}
}

func testHalloween(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=2", "c=3")
	for _, before := range []string{"", "aa=own"} {
		txn := begin(t, s, kv.TxnOptions{})
		expect := "a=1 b=2 c=3"
		if before != "" {
			write(t, txn, before)
			expect = "a=1 aa=own b=2 c=3"
		}
		it := txn.Scan(all, kv.ScanOptions{})
		b := kv.PairBatch{Max: 1}
		n, err := it.Next(&b)
		must(t, err)
		if n != 1 {
			t.Fatal("no first pair")
		}
		got := fmt.Sprintf("%s=%s", b.Keys[0], b.Values[0])
		write(t, txn, "ab=later", "b=later", "d=later", "c")
		for i := range 100 {
			write(t, txn, fmt.Sprintf("e%d=later", i))
		}
		want(t, got+" "+showIter(t, it, 1), expect)
		want(t, get(t, txn, "b"), "later")
		txn.Rollback()
	}
}

func testSavepoints(t *testing.T, s kv.Store) {
	put(t, s, "a=1")
	for _, many := range []int{0, 1000} {
		txn := begin(t, s, kv.TxnOptions{})
		for i := range many {
			write(t, txn, fmt.Sprintf("m%d=x", i))
		}
		write(t, txn, "b=1")
		one := txn.Savepoint()
		write(t, txn, "a=2", "b=2", "c=2")
		two := txn.Savepoint()
		write(t, txn, "a", "b=3", "d=3")
		it := txn.Scan(rng("a", "m"), kv.ScanOptions{})
		must(t, txn.RollbackTo(two))
		want(t, showIter(t, it, 2), "b=3 c=2 d=3")
		want(t, show(t, txn, rng("a", "m"), kv.ScanOptions{}), "a=2 b=2 c=2")
		write(t, txn, "e=4")
		must(t, txn.RollbackTo(two))
		must(t, txn.RollbackTo(two))
		want(t, show(t, txn, rng("a", "m"), kv.ScanOptions{}), "a=2 b=2 c=2")
		must(t, txn.RollbackTo(one))
		want(t, show(t, txn, rng("a", "m"), kv.ScanOptions{}), "a=1 b=1")
		mustBe(t, txn.RollbackTo(two), kv.ErrNoSavepoint)
		write(t, txn, "f=5")
		three := txn.Savepoint()
		write(t, txn, "g=6")
		must(t, txn.Release(three))
		mustBe(t, txn.RollbackTo(three), kv.ErrNoSavepoint)
		must(t, txn.Release(one))
		mustBe(t, txn.Release(one), kv.ErrNoSavepoint)
		if many == 0 {
			txn.Rollback()
			continue
		}
		must(t, txn.Commit(bg))
	}
	sn := s.Snapshot()
	defer sn.Close()
	want(t, show(t, sn, rng("a", "m"), kv.ScanOptions{}), "a=1 b=1 f=5 g=6")

	txn := begin(t, s, kv.TxnOptions{})
	sp := txn.Savepoint()
	if txn.HasWrites() {
		t.Fatal("nothing was written")
	}
	write(t, txn, "z=1")
	if !txn.HasWrites() {
		t.Fatal("something was written")
	}
	must(t, txn.RollbackTo(sp))
	if txn.HasWrites() {
		t.Fatal("nothing is written any more")
	}
}

func testSnapshots(t *testing.T, s kv.Store) {
	var snaps []kv.Snapshot
	for i := range 50 {
		put(t, s, "a="+fmt.Sprint(i), fmt.Sprintf("k%02d=x", i))
		snaps = append(snaps, s.Snapshot())
	}
	for i, sn := range snaps {
		want(t, get(t, sn, "a"), fmt.Sprint(i))
		n := len(bytes.Fields(k(show(t, sn, all, kv.ScanOptions{}))))
		if n != i+2 {
			t.Fatalf("snapshot %d has %d keys", i, n)
		}
		must(t, sn.Close())
	}
	_, _, err := snaps[0].Get(k("a"))
	mustBe(t, err, kv.ErrClosed)
}

func testGetAll(t *testing.T, s kv.Store) {
	scanReaders(t, s, []string{"a=1", "b=2", "c=", "d=4"}, func(t *testing.T, r kv.Reader) {
		keys := [][]byte{k("d"), k("x"), k("a"), k("c"), k("a")}
		values := [][]byte{k("junk"), k("junk"), k("junk"), k("junk"), nil}
		must(t, r.GetAll(keys, values))
		want(t, fmt.Sprintf("%s %v %s %v %s", values[0], values[1] == nil, values[2], values[3] != nil, values[4]), "4 true 1 true 1")
	})
}

func testLimits(t *testing.T, s kv.Store) {
	txn := begin(t, s, kv.TxnOptions{})
	mustBe(t, txn.Put(nil, k("v")), kv.ErrEmptyKey)
	mustBe(t, txn.Put(make([]byte, kv.MaxKeyBytes+1), nil), kv.ErrKeyTooLarge)
	mustBe(t, txn.Put([]byte{0xff, 1}, nil), kv.ErrReservedKey)
	big := bytes.Repeat([]byte{7}, kv.MaxKeyBytes)
	must(t, txn.Put(big, big))
	must(t, txn.Put([]byte{0}, nil))
	must(t, txn.Put([]byte{0xfe, 0xff, 0xff}, bytes.Repeat(k("x"), 5<<20)))
	must(t, txn.Commit(bg))
	sn := s.Snapshot()
	defer sn.Close()
	v, ok, err := sn.Get(big)
	must(t, err)
	if !ok || !bytes.Equal(v, big) {
		t.Fatal("the largest key is lost")
	}
	it := sn.Scan(all, kv.ScanOptions{})
	defer it.Close()
	var b kv.PairBatch
	n, err := it.Next(&b)
	must(t, err)
	if n != 3 || len(b.Values[2]) != 5<<20 || !bytes.Equal(b.Keys[1], big) {
		t.Fatalf("scan finds %d pairs", n)
	}
}

func testEnded(t *testing.T, s kv.Store) {
	for _, commit := range []bool{false, true} {
		txn := begin(t, s, kv.TxnOptions{})
		must(t, txn.Put(k("a"), k("1")))
		if commit {
			must(t, txn.Commit(bg))
		} else {
			txn.Rollback()
		}
		txn.Rollback()
		mustBe(t, txn.Commit(bg), kv.ErrTxnDone)
		_, _, err := txn.Get(k("a"))
		mustBe(t, err, kv.ErrTxnDone)
		mustBe(t, txn.Put(k("a"), nil), kv.ErrTxnDone)
		mustBe(t, txn.Delete(k("a")), kv.ErrTxnDone)
		mustBe(t, txn.Refresh(), kv.ErrTxnDone)
		_, err = txn.Lock(bg, k("a"), kv.LockOptions{})
		mustBe(t, err, kv.ErrTxnDone)
		var b kv.PairBatch
		_, err = txn.Scan(all, kv.ScanOptions{}).Next(&b)
		mustBe(t, err, kv.ErrTxnDone)
	}
}

func testReadOnly(t *testing.T, s kv.Store) {
	put(t, s, "a=1")
	for _, level := range []kv.Isolation{kv.ReadCommitted, kv.RepeatableRead, kv.Serializable} {
		txn := begin(t, s, kv.TxnOptions{ReadOnly: true, Isolation: level})
		want(t, get(t, txn, "a"), "1")
		mustBe(t, txn.Put(k("a"), nil), kv.ErrReadOnly)
		mustBe(t, txn.Delete(k("a")), kv.ErrReadOnly)
		_, err := txn.Lock(bg, k("a"), kv.LockOptions{Mode: kv.LockUpdate})
		mustBe(t, err, kv.ErrReadOnly)
		_, err = txn.Lock(bg, k("advisory"), kv.LockOptions{Mode: kv.LockTableExclusive})
		must(t, err)
		must(t, txn.Commit(bg))
	}
	for _, level := range []kv.Isolation{kv.ReadCommitted, kv.RepeatableRead} {
		txn := begin(t, s, kv.TxnOptions{ReadOnly: true, Isolation: level})
		want(t, get(t, txn, "a"), "1")
		put(t, s, "a=2")
		must(t, txn.AllowWrites())
		want(t, get(t, txn, "a"), "1")
		must(t, txn.Put(k("b"), k("3")))
		if level == kv.RepeatableRead {
			_, err := txn.Lock(bg, k("a"), kv.LockOptions{Mode: kv.LockUpdate})
			mustBe(t, err, kv.ErrConflict)
		} else {
			must(t, txn.Put(k("a"), k("1")))
		}
		must(t, txn.Commit(bg))
		put(t, s, "a=1")
	}
	txn := begin(t, s, kv.TxnOptions{ReadOnly: true, Isolation: kv.Serializable})
	mustBe(t, txn.AllowWrites(), kv.ErrIsolation)
	txn.Rollback()
}

func testSeq(t *testing.T, s kv.Store) {
	start := s.Seq()
	txn := begin(t, s, kv.TxnOptions{})
	_, _, _ = txn.Get(k("a"))
	must(t, txn.Commit(bg))
	if s.Seq() != start {
		t.Fatal("a commit without writes has a number")
	}
	put(t, s, "a=1")
	if s.Seq() <= start {
		t.Fatal("a commit did not move the number")
	}
	sn := s.Snapshot()
	defer sn.Close()
	txn = begin(t, s, kv.TxnOptions{})
	if sn.Seq() != s.Seq() || txn.Seq() != s.Seq() {
		t.Fatal("readers have other numbers than the store")
	}
	put(t, s, "a=2")
	if sn.Seq() == s.Seq() || txn.Seq() != sn.Seq() {
		t.Fatal("a reader's number moved")
	}
	if st := s.Stats(); st.Commits < 2 {
		t.Fatalf("stats count %d commits", st.Commits)
	}
}

func testDropRange(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=2", "c=3", "d=4")
	before := s.Snapshot()
	defer before.Close()
	seq := s.Seq()
	must(t, s.DropRange(bg, rng("b", "d")))
	after := s.Snapshot()
	defer after.Close()
	want(t, show(t, before, all, kv.ScanOptions{}), "a=1 b=2 c=3 d=4")
	want(t, show(t, after, all, kv.ScanOptions{}), "a=1 d=4")
	if s.Seq() <= seq {
		t.Fatal("the number did not move")
	}
	put(t, s, "b=new")
	last := s.Snapshot()
	defer last.Close()
	want(t, show(t, last, all, kv.ScanOptions{}), "a=1 b=new d=4")
	must(t, s.DropRange(bg, all))
	last = s.Snapshot()
	defer last.Close()
	want(t, show(t, last, all, kv.ScanOptions{}), "")
	loadMany(t, s, 20000)
	must(t, s.DropRange(bg, rng("key00000100", "key00019900")))
	last = s.Snapshot()
	defer last.Close()
	if n := countRange(t, last, all); n != 200 {
		t.Fatalf("%d keys are left of 200", n)
	}
}

func loadMany(t *testing.T, s kv.Store, n int) {
	for i := 0; i < n; {
		txn := begin(t, s, kv.TxnOptions{NoSync: true})
		for j := 0; j < 5000 && i < n; j++ {
			must(t, txn.PutCovered(fmt.Appendf(nil, "key%08d", i), k("0123456789")))
			i++
		}
		must(t, txn.Commit(bg))
	}
}

func testSplit(t *testing.T, s kv.Store) {
	const n = 40000
	loadMany(t, s, n)
	sn := s.Snapshot()
	defer sn.Close()
	for _, r := range []kv.Range{all, rng("key00010000", "key00030000")} {
		total := countRange(t, sn, r)
		parts := sn.SplitRange(r, 4)
		if len(parts) < 2 || len(parts) > 4 {
			t.Fatalf("%d parts of %d keys", len(parts), total)
		}
		sum := 0
		for i, p := range parts {
			if i > 0 && !bytes.Equal(p.Start, parts[i-1].End) {
				t.Fatal("parts are not adjacent")
			}
			c := countRange(t, sn, p)
			if c > total/2+total/10 {
				t.Fatalf("part %d of %d has %d of %d keys", i, len(parts), c, total)
			}
			sum += c
		}
		if sum != total {
			t.Fatalf("parts hold %d of %d keys", sum, total)
		}
		keys, size := sn.EstimateKeys(r)
		if keys < int64(total)/2 || keys > int64(total)*2 || size < keys*10 || size > keys*40 {
			t.Fatalf("%d keys are estimated as %d keys, %d bytes", total, keys, size)
		}
	}
	keys, _ := sn.EstimateKeys(rng("key00000100", "key00000150"))
	if keys != 50 {
		t.Fatalf("50 keys are estimated as %d", keys)
	}
	keys, _ = sn.EstimateKeys(rng("x", ""))
	if keys != 0 {
		t.Fatalf("no keys are estimated as %d", keys)
	}
	if parts := sn.SplitRange(rng("a", "b"), 8); len(parts) != 1 {
		t.Fatalf("an empty range has %d parts", len(parts))
	}
}

func countRange(t *testing.T, r kv.Reader, rg kv.Range) int {
	it := r.Scan(rg, kv.ScanOptions{KeysOnly: true})
	defer it.Close()
	var b kv.PairBatch
	total := 0
	for {
		n, err := it.Next(&b)
		if err != nil {
			t.Error(err)
			return -1
		}
		if n == 0 {
			return total
		}
		total += n
	}
}

func testParallelScan(t *testing.T, s kv.Store) {
	const n = 20000
	loadMany(t, s, n)
	txn := begin(t, s, at(kv.Serializable))
	write(t, txn, "key00000000x=own")
	sn := s.Snapshot()
	defer sn.Close()
	for want, r := range map[int]kv.Reader{n: sn, n + 1: txn} {
		parts := r.SplitRange(all, 4)
		counts := make([]int, len(parts))
		var wg sync.WaitGroup
		for i, p := range parts {
			wg.Go(func() {
				counts[i] = countRange(t, r, p)
				_, _, _ = r.Get(p.Start)
			})
		}
		wg.Wait()
		sum := 0
		for _, c := range counts {
			sum += c
		}
		if sum != want {
			t.Fatalf("parallel scans see %d keys, want %d", sum, want)
		}
	}
}

func testReuse(t *testing.T, s kv.Store) {
	txn := begin(t, s, kv.TxnOptions{})
	key, value := k("a"), k("1")
	for i := range 100 {
		key[0], value[0] = byte('a'+i%26), byte('0'+i%10)
		must(t, txn.Put(key, value))
		_, err := txn.Lock(bg, key, kv.LockOptions{Mode: kv.LockUpdate})
		must(t, err)
	}
	must(t, txn.Commit(bg))
	key[0], value[0] = 'Z', 'Z'
	sn := s.Snapshot()
	defer sn.Close()
	want(t, show(t, sn, rng("a", "d"), kv.ScanOptions{}), "a=8 b=9 c=0")
}

func testClose(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=2")
	txn := begin(t, s, kv.TxnOptions{})
	write(t, txn, "c=3")
	sn := s.Snapshot()
	it := sn.Scan(all, kv.ScanOptions{})
	b := kv.PairBatch{Max: 1}
	_, err := it.Next(&b)
	must(t, err)
	waiter := begin(t, s, kv.TxnOptions{})
	waiting := async(t, func() error { return waiter.Put(k("c"), nil) })
	must(t, s.Close())
	must(t, s.Close())
	mustBe(t, soon(t, waiting), kv.ErrClosed)
	_, err = s.Begin(bg, kv.TxnOptions{})
	mustBe(t, err, kv.ErrClosed)
	_, _, err = sn.Get(k("a"))
	mustBe(t, err, kv.ErrClosed)
	_, _, err = txn.Get(k("a"))
	mustBe(t, err, kv.ErrClosed)
	mustBe(t, txn.Commit(bg), kv.ErrClosed)
	_, _ = it.Next(&b) // may end or fail, not crash
	it.Close()
	sn.Close()
	late := s.Snapshot()
	_, _, err = late.Get(k("a"))
	mustBe(t, err, kv.ErrClosed)
	late.Close()
}
