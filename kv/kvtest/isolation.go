package kvtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"rowkey/kv"
)

// # READ COMMITTED sees each commit from its next statement on; higher levels never.
func testRefresh(t *testing.T, s kv.Store) {
	put(t, s, "a=1")
	rc := begin(t, s, at(kv.ReadCommitted))
	rr := begin(t, s, at(kv.RepeatableRead))
	unused := begin(t, s, at(kv.RepeatableRead))
	want(t, get(t, rc, "a"), "1")
	want(t, get(t, rr, "a"), "1")
	write(t, rc, "own=1")
	put(t, s, "a=2")
	want(t, get(t, rc, "a"), "1")
	want(t, get(t, rr, "a"), "1")
	v, _, err := rr.GetLatest(k("a"))
	must(t, err)
	want(t, string(v), "2")
	v, _, err = rc.GetLatest(k("own"))
	must(t, err)
	want(t, string(v), "1")
	want(t, showIter(t, rc.ScanLatest(all, kv.ScanOptions{}), 2), "a=2 own=1")
	want(t, show(t, rc, all, kv.ScanOptions{}), "a=1 own=1")
	it := rc.Scan(all, kv.ScanOptions{})
	must(t, rc.Refresh())
	want(t, get(t, rc, "a"), "2")
	want(t, showIter(t, it, 1), "a=1 own=1")
	mustBe(t, rr.Refresh(), kv.ErrRefresh)
	want(t, get(t, rr, "a"), "1")
	must(t, unused.Refresh())
	want(t, get(t, unused, "a"), "2")
}

// # Lost update: two read a key and write it back; the second must fail.
func testLostUpdate(t *testing.T, s kv.Store) {
	for _, level := range []kv.Isolation{kv.RepeatableRead, kv.Serializable} {
		put(t, s, "n=0")
		one, two := begin(t, s, at(level)), begin(t, s, at(level))
		want(t, get(t, one, "n"), "0")
		want(t, get(t, two, "n"), "0")
		must(t, one.Put(k("n"), k("1")))
		done := async(t, func() error { return two.Put(k("n"), k("1")) })
		must(t, one.Commit(bg))
		mustBe(t, soon(t, done), kv.ErrConflict)
		two.Rollback()

		// Without waiting, too: the commit lies between snapshot and write.
		late := begin(t, s, at(level))
		want(t, get(t, late, "n"), "1")
		put(t, s, "n=2")
		mustBe(t, late.Put(k("n"), k("3")), kv.ErrConflict)
		late.Rollback()
		late = begin(t, s, at(level))
		put(t, s, "n")
		mustBe(t, late.Delete(k("n")), kv.ErrConflict)
		late.Rollback()
	}
}

// # A blind write at READ COMMITTED waits for the other writer, then wins.
func testBlindWrites(t *testing.T, s kv.Store) {
	one, two := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
	must(t, one.Put(k("n"), k("1")))
	done := async(t, func() error { return two.Put(k("n"), k("2")) })
	must(t, one.Commit(bg))
	must(t, soon(t, done))
	must(t, two.Commit(bg))
	sn := s.Snapshot()
	defer sn.Close()
	want(t, get(t, sn, "n"), "2")
}

func skew(t *testing.T, s kv.Store, level kv.Isolation) (first, second error) {
	put(t, s, "x=1", "y=1")
	one, two := begin(t, s, at(level)), begin(t, s, at(level))
	want(t, get(t, one, "x")+get(t, one, "y"), "11")
	want(t, show(t, two, rng("x", "z"), kv.ScanOptions{}), "x=1 y=1")
	must(t, one.Put(k("x"), k("0")))
	must(t, two.Put(k("y"), k("0")))
	return one.Commit(bg), two.Commit(bg)
}

// # Write skew: snapshot isolation permits it; SERIALIZABLE must not.
func testWriteSkewAllowed(t *testing.T, s kv.Store) {
	first, second := skew(t, s, kv.RepeatableRead)
	must(t, first)
	must(t, second)
}

func testWriteSkewRefused(t *testing.T, s kv.Store) {
	first, second := skew(t, s, kv.Serializable)
	must(t, first)
	mustBe(t, second, kv.ErrConflict)
	sn := s.Snapshot()
	defer sn.Close()
	want(t, show(t, sn, rng("x", "z"), kv.ScanOptions{}), "x=0 y=1")
}

// crossed lets two SERIALIZABLE transactions each write what the other may have read:
// the first calls read and writes "result", the second reads "result" and writes the
// pair. It gives the first error.
func crossed(t *testing.T, s kv.Store, read func(kv.Txn), pair string) error {
	t.Helper()
	one, two := begin(t, s, at(kv.Serializable)), begin(t, s, at(kv.Serializable))
	defer one.Rollback()
	defer two.Rollback()
	read(one)
	get(t, two, "result")
	err := one.Put(k("result"), k("1"))
	key, value, _ := cut(pair)
	for _, next := range []func() error{
		func() error { return two.Put(k(key), k(value)) },
		func() error { return two.Commit(bg) },
		func() error { return one.Commit(bg) },
	} {
		if err == nil {
			err = next()
		}
	}
	return err
}

// # A key that appears in a range that was scanned, or a missing key that was asked
// for, is a dependency at SERIALIZABLE: two transactions that have one on each other
// cannot both commit.
func testPhantom(t *testing.T, s kv.Store) {
	put(t, s, "a1=1", "a9=1", "b=1")
	for name, read := range map[string]func(txn kv.Txn){
		"scan":    func(txn kv.Txn) { show(t, txn, rng("a", "b"), kv.ScanOptions{}) },
		"reverse": func(txn kv.Txn) { show(t, txn, rng("a", "b"), kv.ScanOptions{Reverse: true}) },
		"get":     func(txn kv.Txn) { get(t, txn, "a5") },
		"getall": func(txn kv.Txn) {
			must(t, txn.GetAll([][]byte{k("a5")}, make([][]byte, 1)))
		},
		"reset": func(txn kv.Txn) {
			it := txn.Scan(rng("a", "b"), kv.ScanOptions{})
			_, _ = it.Next(new(kv.PairBatch))
			_, _ = it.Next(new(kv.PairBatch))
			it.Reset(rng("x", "y"))
			must(t, it.Close())
		},
		"own writes": func(txn kv.Txn) {
			write(t, txn, "a7=own")
			show(t, txn, rng("a", "b"), kv.ScanOptions{})
		},
	} {
		if err := crossed(t, s, read, "a5=phantom"); !errors.Is(err, kv.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		put(t, s, "a5", "a7", "result")

		// Outside of what was read there is no conflict.
		if err := crossed(t, s, read, "b5=elsewhere"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		put(t, s, "a5", "a7", "b5", "result")
	}
}

func testLimitedScan(t *testing.T, s kv.Store) {
	put(t, s, "a1=1", "a3=1", "a5=1", "a7=1")
	for _, c := range []struct {
		reverse bool
		write   string
		clash   bool
	}{{false, "a4=1", false}, {false, "a2=1", true}, {true, "a4=1", false}, {true, "a6=1", true}} {
		err := crossed(t, s, func(txn kv.Txn) {
			show(t, txn, rng("a", "b"), kv.ScanOptions{Limit: 2, Reverse: c.reverse})
		}, c.write)
		if errors.Is(err, kv.ErrConflict) != c.clash {
			t.Errorf("%+v: %v", c, err)
		}
		key, _, _ := cut(c.write)
		put(t, s, key, "result")
	}
}

func cut(pair string) (key, value string, ok bool) {
	for i := range pair {
		if pair[i] == '=' {
			return pair[:i], pair[i+1:], true
		}
	}
	return pair, "", false
}

// # The read-only anomaly of Fekete, O'Neil and O'Neil: withdrawal, deposit, and a
// report that sees the deposit but not the withdrawal's penalty.
func testReadOnlyAnomaly(t *testing.T, s kv.Store) {
	put(t, s, "x=0", "y=0")
	withdraw := begin(t, s, at(kv.Serializable))
	want(t, get(t, withdraw, "x")+get(t, withdraw, "y"), "00")
	deposit := begin(t, s, at(kv.Serializable))
	want(t, get(t, deposit, "y"), "0")
	write(t, deposit, "y=20")
	must(t, deposit.Commit(bg))
	report := begin(t, s, kv.TxnOptions{Isolation: kv.Serializable, ReadOnly: true})
	want(t, get(t, report, "x")+" "+get(t, report, "y"), "0 20")
	must(t, report.Commit(bg))
	mustBe(t, withdraw.Put(k("x"), k("-11")), kv.ErrConflict)
	mustBe(t, withdraw.Commit(bg), kv.ErrConflict)
}

// # Serializable transactions that each move the sum of a range by a computed amount
// end in a state that a serial execution explains: every one saw all before it.
func testSerializableCounters(t *testing.T, s kv.Store) {
	const workers, rounds = 4, 40
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				for {
					txn, err := s.Begin(bg, at(kv.Serializable))
					if err != nil {
						t.Error(err)
						return
					}
					n := countRange(t, txn, rng("c", "d"))
					err = txn.Put(fmt.Appendf(nil, "c%d.%d", w, i), k(strconv.Itoa(n)))
					if err == nil {
						err = txn.Commit(bg)
					}
					txn.Rollback()
					if err == nil {
						break
					}
					if !errors.Is(err, kv.ErrConflict) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	sn := s.Snapshot()
	defer sn.Close()
	seen := make(map[string]bool)
	it := sn.Scan(rng("c", "d"), kv.ScanOptions{})
	defer it.Close()
	var b kv.PairBatch
	for {
		n, err := it.Next(&b)
		must(t, err)
		if n == 0 {
			break
		}
		for _, v := range b.Values {
			if seen[string(v)] {
				t.Fatalf("two transactions saw %s others before them", v)
			}
			seen[string(v)] = true
		}
	}
	if len(seen) != workers*rounds {
		t.Fatalf("%d of %d counters", len(seen), workers*rounds)
	}
}

// # Concurrent transfers between accounts keep the sum, in every snapshot.
func testTransfers(t *testing.T, s kv.Store) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const accounts, workers, rounds = 8, 6, 60
	for i := range accounts {
		put(t, s, fmt.Sprintf("acct%d=100", i))
	}
	levels := []kv.Isolation{kv.ReadCommitted, kv.RepeatableRead, kv.Serializable}
	stop := make(chan struct{})
	var watch, wg sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if sum := sumAccounts(t, s); sum != accounts*100 {
				t.Errorf("a snapshot shows the sum %d", sum)
				return
			}
		}
	})
	for w := range workers {
		rnd := rand.New(rand.NewPCG(seed, uint64(w)))
		wg.Go(func() {
			for done := 0; done < rounds; {
				err := transfer(s, levels[w%len(levels)], rnd.IntN(accounts), rnd.IntN(accounts), rnd.IntN(10))
				switch {
				case err == nil:
					done++
				case errors.Is(err, kv.ErrConflict), errors.Is(err, kv.ErrDeadlock):
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	watch.Wait()
	if sum := sumAccounts(t, s); sum != accounts*100 {
		t.Errorf("the sum is %d", sum)
	}
}

func sumAccounts(t *testing.T, s kv.Store) int {
	sn := s.Snapshot()
	defer sn.Close()
	it := sn.Scan(kv.PrefixRange(k("acct")), kv.ScanOptions{})
	defer it.Close()
	var b kv.PairBatch
	sum := 0
	for {
		n, err := it.Next(&b)
		if err != nil {
			t.Error(err)
		}
		if n == 0 {
			return sum
		}
		for _, v := range b.Values {
			x, _ := strconv.Atoi(string(v))
			sum += x
		}
	}
}

func transfer(s kv.Store, level kv.Isolation, from, to, amount int) error {
	txn, err := s.Begin(bg, at(level))
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if from == to {
		return nil
	}
	for _, m := range []struct{ account, delta int }{{from, -amount}, {to, amount}} {
		key := fmt.Appendf(nil, "acct%d", m.account)
		if _, err := txn.Lock(bg, key, kv.LockOptions{Mode: kv.LockNoKeyUpdate}); err != nil {
			return err
		}
		v, _, err := txn.GetLatest(key)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(v))
		if err != nil {
			return err
		}
		if err := txn.Put(key, strconv.AppendInt(nil, int64(n+m.delta), 10)); err != nil {
			return err
		}
	}
	return txn.Commit(bg)
}

// # Increments by read and write lose nothing: by locking and re-reading at READ
// COMMITTED, by retrying above.
func testCounters(t *testing.T, s kv.Store) {
	const workers, rounds = 6, 50
	for _, level := range []kv.Isolation{kv.ReadCommitted, kv.RepeatableRead, kv.Serializable} {
		put(t, s, "n=0")
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for done := 0; done < rounds; {
					err := increment(s, level)
					if err == nil {
						done++
					} else if !errors.Is(err, kv.ErrConflict) {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		sn := s.Snapshot()
		want(t, get(t, sn, "n"), strconv.Itoa(workers*rounds))
		sn.Close()
	}
}

func increment(s kv.Store, level kv.Isolation) error {
	txn, err := s.Begin(bg, at(level))
	if err != nil {
		return err
	}
	defer txn.Rollback()
	v, _, err := txn.Get(k("n"))
	if err != nil {
		return err
	}
	res, err := txn.Lock(bg, k("n"), kv.LockOptions{Mode: kv.LockUpdate})
	if err != nil {
		return err
	}
	if res.Changed {
		if v, _, err = txn.GetLatest(k("n")); err != nil {
			return err
		}
	}
	n, err := strconv.Atoi(string(v))
	if err != nil {
		return err
	}
	if err := txn.Put(k("n"), strconv.AppendInt(nil, int64(n+1), 10)); err != nil {
		return err
	}
	return txn.Commit(bg)
}
