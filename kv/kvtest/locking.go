package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowkey/kv"
)

func tryLock(t *testing.T, txn kv.Txn, key string, mode kv.LockMode) bool {
	t.Helper()
	res, err := txn.Lock(bg, k(key), kv.LockOptions{Mode: mode, Wait: kv.WaitSkip})
	must(t, err)
	return res.Acquired
}

// # PostgreSQL's conflict tables, row and table modes, both ways round.
func testLockTable(t *testing.T, s kv.Store) {
	row := []string{
		"...x.x.", // KEY SHARE
		"..xxxx.", // SHARE
		".xxxxx.", // NO KEY UPDATE
		"xxxxxx.", // UPDATE
		".xxxxx.", // FOR NO KEY UPDATE
		"xxxxxx.", // FOR UPDATE
		"..xx...", // SETTLED, for which nobody waits
	}
	table := []string{
		".......x",
		"......xx",
		"....xxxx",
		"...xxxxx",
		"..xx.xxx",
		"..xxxxxx",
		".xxxxxxx",
		"xxxxxxxx",
	}
	check := func(base kv.LockMode, conflicts []string) {
		for i := range conflicts {
			for j := range conflicts {
				one, two := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
				a, b := base+kv.LockMode(i), base+kv.LockMode(j)
				if !tryLock(t, one, "x", a) {
					t.Fatalf("%v is not granted alone", a)
				}
				if got := tryLock(t, two, "x", b); got == (conflicts[j][i] == 'x') {
					t.Errorf("%v beside %v: %v", b, a, got)
				}
				if !tryLock(t, one, "x", a) || !tryLock(t, two, "y", b) {
					t.Errorf("%v, %v: own lock or other key refused", a, b)
				}
				one.Rollback()
				two.Rollback()
			}
		}
	}
	check(kv.LockKeyShare, row)
	check(kv.LockTableAccessShare, table)
}

// # Locks that are taken together exclude others as those taken one by one, and end as they do.
func testLockTogether(t *testing.T, s kv.Store) {
	one, two := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
	defer two.Rollback()
	keys := [][]byte{k("b"), k("a"), k("b"), k("c")}
	if !one.TryLockAll(keys, kv.LockUpdate) {
		t.Fatal("nobody holds a lock, and yet it cannot be had")
	}
	if two.TryLockAll([][]byte{k("d")}, kv.LockUpdate) {
		t.Error("two have locked together")
	}
	if h := s.LockHolders(k("a")); len(h) != 1 || h[0].Modes != 1<<kv.LockUpdate {
		t.Errorf("who holds a: %v", h)
	}
	if h := s.LockHolders(k("d")); len(h) != 0 {
		t.Errorf("who holds d: %v", h)
	}
	if tryLock(t, two, "a", kv.LockKeyShare) || tryLock(t, two, "c", kv.LockUpdate) || !tryLock(t, two, "d", kv.LockUpdate) {
		t.Error("locked together is not locked")
	}
	if !tryLock(t, one, "a", kv.LockUpdate) || tryLock(t, one, "d", kv.LockUpdate) {
		t.Error("the holder's own locks")
	}
	waited := async(t, func() error {
		_, err := two.Lock(bg, k("b"), kv.LockOptions{Mode: kv.LockUpdate})
		return err
	})
	must(t, one.PutCovered(k("b"), k("1")))
	must(t, one.Commit(bg))
	must(t, soon(t, waited))
	if v, ok, err := two.GetLatest(k("b")); err != nil || !ok || string(v) != "1" {
		t.Errorf("b is %q %v %v", v, ok, err)
	}
	three := begin(t, s, kv.TxnOptions{})
	defer three.Rollback()
	if three.TryLockAll(keys, kv.LockUpdate) {
		t.Error("another holds locks")
	}
	if !tryLock(t, three, "a", kv.LockUpdate) || tryLock(t, three, "b", kv.LockUpdate) {
		t.Error("what was locked together is not let go of with the rest")
	}
}

func testLockWaits(t *testing.T, s kv.Store) {
	holder, other := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
	res, err := holder.Lock(bg, k("x"), kv.LockOptions{Mode: kv.LockUpdate})
	must(t, err)
	if !res.Acquired || res.Waited || res.Changed {
		t.Fatalf("a free lock: %+v", res)
	}
	_, err = other.Lock(bg, k("x"), kv.LockOptions{Mode: kv.LockKeyShare, Wait: kv.WaitNot})
	mustBe(t, err, kv.ErrLockNotAvailable)
	res, err = other.Lock(bg, k("x"), kv.LockOptions{Mode: kv.LockKeyShare, Wait: kv.WaitSkip})
	must(t, err)
	if res.Acquired {
		t.Fatal("skipping acquired")
	}
	start := time.Now()
	_, err = other.Lock(bg, k("x"), kv.LockOptions{Mode: kv.LockKeyShare, Timeout: 20 * time.Millisecond})
	mustBe(t, err, kv.ErrLockTimeout)
	if d := time.Since(start); d < 20*time.Millisecond || d > 5*time.Second {
		t.Fatalf("timed out after %v", d)
	}
	ctx, cancel := context.WithCancel(bg)
	done := async(t, func() error {
		_, err := other.Lock(ctx, k("x"), kv.LockOptions{Mode: kv.LockKeyShare})
		return err
	})
	cancel()
	mustBe(t, soon(t, done), context.Canceled)

	// The implicit lock of Put obeys its transaction's timeout.
	hasty := begin(t, s, kv.TxnOptions{LockTimeout: 10 * time.Millisecond})
	mustBe(t, hasty.Put(k("x"), nil), kv.ErrLockTimeout)

	done = async(t, func() error {
		res, err := other.Lock(bg, k("x"), kv.LockOptions{Mode: kv.LockShare})
		if err == nil && (!res.Acquired || !res.Waited) {
			t.Errorf("after a wait: %+v", res)
		}
		return err
	})
	holder.Rollback()
	must(t, soon(t, done))
	if s.Stats().LockWaits < 4 {
		t.Error("waits are not counted")
	}
}

// # A row is settled as soon as nobody changes it: locks of it do not matter, nor who is next to
// change it, and who has asked is in nobody's way.
func testLockSettled(t *testing.T, s kv.Store) {
	lock := func(txn kv.Txn, mode kv.LockMode) <-chan error {
		return async(t, func() error {
			_, err := txn.Lock(bg, k("x"), kv.LockOptions{Mode: mode, Newest: true})
			return err
		})
	}
	waits := func(n int) {
		t.Helper()
		for len(s.LockWaits()) != n {
			time.Sleep(time.Millisecond)
		}
	}
	first, second, asks := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
	if !tryLock(t, first, "x", kv.LockForUpdate) || !tryLock(t, asks, "x", kv.LockSettled) {
		t.Error("what is only locked is not settled")
	}
	asks.Unlock(k("x"), kv.LockSettled)
	if !tryLock(t, first, "x", kv.LockNoKeyUpdate) { // now it is changed
		t.Error("own lock refused")
	}
	next := lock(second, kv.LockUpdate)
	waits(1)
	settled := lock(asks, kv.LockSettled)
	waits(2)
	first.Rollback()
	must(t, soon(t, next))
	must(t, soon(t, settled)) // for a moment it was
	if tryLock(t, begin(t, s, kv.TxnOptions{}), "x", kv.LockSettled) {
		t.Error("what is changed is settled")
	}
	// Who finds nothing to change keeps the row for itself, and it is settled.
	if !tryLock(t, second, "x", kv.LockForUpdate) || !second.Unlock(k("x"), kv.LockUpdate) {
		t.Error("the lock was held")
	}
	other := begin(t, s, kv.TxnOptions{})
	if !tryLock(t, other, "x", kv.LockSettled) || tryLock(t, other, "x", kv.LockKeyShare) {
		t.Error("after the change was given up")
	}
}

func testLockFair(t *testing.T, s kv.Store) {
	var mu sync.Mutex
	var order []int
	reader := begin(t, s, kv.TxnOptions{})
	if !tryLock(t, reader, "x", kv.LockTableShare) {
		t.Fatal("not granted")
	}
	var done []<-chan error
	for i := range 5 {
		txn := begin(t, s, kv.TxnOptions{})
		mode := kv.LockTableExclusive
		if i == 2 {
			mode = kv.LockTableShare // must not overtake the writers before it
		}
		done = append(done, async(t, func() error {
			_, err := txn.Lock(bg, k("x"), kv.LockOptions{Mode: mode})
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			txn.Rollback()
			return err
		}))
	}
	late := begin(t, s, kv.TxnOptions{})
	if tryLock(t, late, "x", kv.LockTableShare) {
		t.Error("a late reader overtook waiting writers")
	}
	reader.Rollback()
	for _, d := range done {
		must(t, soon(t, d))
	}
	want(t, fmt.Sprint(order), "[0 1 2 3 4]")
}

func testLockChanged(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=1")
	rc := begin(t, s, at(kv.ReadCommitted))
	put(t, s, "a=2")
	res, err := rc.Lock(bg, k("a"), kv.LockOptions{Mode: kv.LockUpdate})
	must(t, err)
	if !res.Changed || res.Waited {
		t.Fatalf("changed without a wait: %+v", res)
	}
	v, _, err := rc.GetLatest(k("a"))
	must(t, err)
	want(t, string(v), "2")
	if res, err = rc.Lock(bg, k("b"), kv.LockOptions{Mode: kv.LockUpdate}); err != nil || res.Changed {
		t.Fatalf("unchanged key: %+v %v", res, err)
	}
	must(t, rc.Refresh())
	if res, err = rc.Lock(bg, k("a"), kv.LockOptions{Mode: kv.LockUpdate}); err != nil || res.Changed {
		t.Fatalf("after Refresh: %+v %v", res, err)
	}
	rc.Rollback()

	// Much later, when short cuts through the recent past do not reach.
	rc = begin(t, s, at(kv.ReadCommitted))
	rr := begin(t, s, at(kv.RepeatableRead))
	put(t, s, "a=3")
	for i := range 300 {
		put(t, s, fmt.Sprintf("other%d=x", i))
	}
	if res, err = rc.Lock(bg, k("a"), kv.LockOptions{Mode: kv.LockUpdate}); err != nil || !res.Changed {
		t.Fatalf("changed long ago: %+v %v", res, err)
	}
	if res, err = rc.Lock(bg, k("b"), kv.LockOptions{Mode: kv.LockUpdate}); err != nil || res.Changed {
		t.Fatalf("unchanged for long: %+v %v", res, err)
	}
	rc.Rollback()
	must(t, rr.Put(k("b"), k("2")))
	mustBe(t, rr.Put(k("a"), k("4")), kv.ErrConflict)
}

func testLockNewest(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "gone=1")
	rr := begin(t, s, at(kv.RepeatableRead))
	want(t, get(t, rr, "a"), "1")
	put(t, s, "a=2", "new=1", "gone")
	_, err := rr.Lock(bg, k("a"), kv.LockOptions{Mode: kv.LockUpdate})
	mustBe(t, err, kv.ErrConflict)
	for _, key := range []string{"new", "gone"} {
		res, err := rr.Lock(bg, k(key), kv.LockOptions{Mode: kv.LockUpdate, Newest: true})
		must(t, err)
		if !res.Changed {
			t.Errorf("%s: %+v", key, res)
		}
		must(t, rr.Put(k(key), k("mine")))
	}
	// Names that are locked in table modes have no versions.
	put(t, s, "table=1")
	_, err = rr.Lock(bg, k("table"), kv.LockOptions{Mode: kv.LockTableRowExclusive})
	must(t, err)
	must(t, rr.Commit(bg))
	sn := s.Snapshot()
	defer sn.Close()
	want(t, get(t, sn, "new")+get(t, sn, "gone"), "minemine")
}

func testLockOwners(t *testing.T, s kv.Store) {
	session := begin(t, s, kv.TxnOptions{Owner: 7})
	txn := begin(t, s, kv.TxnOptions{Owner: 7})
	other := begin(t, s, kv.TxnOptions{Owner: 8})
	if !tryLock(t, session, "adv", kv.LockTableExclusive) || !tryLock(t, txn, "adv", kv.LockTableExclusive) {
		t.Fatal("transactions of one owner block each other")
	}
	if tryLock(t, other, "adv", kv.LockTableShare) {
		t.Fatal("another owner got the lock")
	}
	txn.Rollback()
	if tryLock(t, other, "adv", kv.LockTableShare) {
		t.Fatal("the end of one transaction freed the other's lock")
	}
	if session.Unlock(k("adv"), kv.LockTableShare) || session.Unlock(k("nothing"), kv.LockTableShare) {
		t.Fatal("unlocked what was not locked")
	}
	done := async(t, func() error {
		_, err := other.Lock(bg, k("adv"), kv.LockOptions{Mode: kv.LockTableShare})
		return err
	})
	if !session.Unlock(k("adv"), kv.LockTableExclusive) {
		t.Fatal("not unlocked")
	}
	must(t, soon(t, done))

	// A deadlock that runs through the two transactions of one owner is found.
	one, oneToo := begin(t, s, kv.TxnOptions{Owner: 1}), begin(t, s, kv.TxnOptions{Owner: 1})
	two := begin(t, s, kv.TxnOptions{Owner: 2})
	tryLock(t, one, "p", kv.LockTableExclusive)
	tryLock(t, two, "q", kv.LockTableExclusive)
	type end struct {
		txns []kv.Txn
		err  error
	}
	ends := make(chan end, 2)
	go func() {
		_, err := oneToo.Lock(bg, k("q"), kv.LockOptions{Mode: kv.LockTableExclusive})
		ends <- end{[]kv.Txn{one, oneToo}, err}
	}()
	go func() {
		_, err := two.Lock(bg, k("p"), kv.LockOptions{Mode: kv.LockTableExclusive})
		ends <- end{[]kv.Txn{two}, err}
	}()
	first := soon(t, ends)
	mustBe(t, first.err, kv.ErrDeadlock)
	for _, txn := range first.txns {
		txn.Rollback()
	}
	must(t, soon(t, ends).err)
}

func testDeadlock(t *testing.T, s kv.Store) {
	one, two := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
	must(t, one.Put(k("a"), k("1")))
	must(t, two.Put(k("b"), k("2")))
	// Whichever of the two comes last closes the circle and is refused.
	type end struct {
		txn kv.Txn
		err error
	}
	ends := make(chan end, 2)
	start := time.Now()
	go func() { ends <- end{one, one.Put(k("b"), k("x"))} }()
	go func() { ends <- end{two, two.Put(k("a"), k("x"))} }()
	first := soon(t, ends)
	mustBe(t, first.err, kv.ErrDeadlock)
	if d := time.Since(start); d > time.Second {
		t.Errorf("found after %v only", d)
	}
	first.txn.Rollback()
	second := soon(t, ends)
	must(t, second.err)
	must(t, second.txn.Commit(bg))
	wantPairs := "a=1 b=x"
	if second.txn == two {
		wantPairs = "a=x b=2"
	}
	sn := s.Snapshot()
	defer sn.Close()
	want(t, show(t, sn, all, kv.ScanOptions{}), wantPairs)
	if s.Stats().Deadlocks != 1 {
		t.Errorf("counted %d deadlocks", s.Stats().Deadlocks)
	}
}

// # Two hold a lock in share mode and both want it exclusively.
func testUpgradeDeadlock(t *testing.T, s kv.Store) {
	one, two := begin(t, s, kv.TxnOptions{}), begin(t, s, kv.TxnOptions{})
	if !tryLock(t, one, "x", kv.LockShare) || !tryLock(t, two, "x", kv.LockShare) {
		t.Fatal("not shared")
	}
	// A third that waits in the queue does not stand in the way of an upgrade.
	third := begin(t, s, kv.TxnOptions{})
	waiting := async(t, func() error { return third.Put(k("x"), k("3")) })
	type end struct {
		txn kv.Txn
		err error
	}
	ends := make(chan end, 2)
	go func() { ends <- end{one, one.Put(k("x"), k("1"))} }()
	go func() { ends <- end{two, two.Put(k("x"), k("2"))} }()
	first := soon(t, ends)
	mustBe(t, first.err, kv.ErrDeadlock)
	first.txn.Rollback()
	second := soon(t, ends)
	must(t, second.err)
	must(t, second.txn.Commit(bg))
	must(t, soon(t, waiting))
	must(t, third.Commit(bg))
	sn := s.Snapshot()
	defer sn.Close()
	want(t, get(t, sn, "x"), "3")
}

func testDeadlockRing(t *testing.T, s kv.Store) {
	const n = 10
	results := make(chan error, n)
	var ready, wg sync.WaitGroup
	ready.Add(n)
	for i := range n {
		wg.Go(func() {
			txn, err := s.Begin(bg, kv.TxnOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer txn.Rollback()
			err = txn.Put(fmt.Appendf(nil, "ring%d", i), nil)
			ready.Done()
			ready.Wait()
			if err == nil {
				err = txn.Put(fmt.Appendf(nil, "ring%d", (i+1)%n), nil)
			}
			if err == nil {
				err = txn.Commit(bg)
			}
			results <- err
		})
	}
	failed := 0
	for range n {
		if err := soon(t, results); err != nil {
			mustBe(t, err, kv.ErrDeadlock)
			failed++
		}
	}
	wg.Wait()
	if failed != 1 {
		t.Errorf("%d victims of one ring", failed)
	}
}

// # Under a storm of locks, waits that time out, cancellations and deadlocks, no two
// owners ever hold what excludes each other, and all come to an end.
func testLockStorm(t *testing.T, s kv.Store) {
	seed := Seed(t)
	const workers, rounds, keys = 8, 150, 4
	var mu sync.Mutex
	var held [keys]map[int]uint16 // by worker: bits 1<<mode
	for i := range held {
		held[i] = make(map[int]uint16)
	}
	enter := func(w, key int, mode kv.LockMode) {
		mu.Lock()
		defer mu.Unlock()
		for other, modes := range held[key] {
			if other != w && mode.Conflicts()&modes != 0 {
				t.Errorf("%v and modes %b are held at once", mode, modes)
			}
		}
		held[key][w] |= 1 << mode
	}
	var together atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		rnd := rand.New(rand.NewPCG(seed, uint64(w)))
		wg.Go(func() {
			for range rounds {
				txn, err := s.Begin(bg, kv.TxnOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				if rnd.IntN(2) == 0 {
					a, b := rnd.IntN(keys), rnd.IntN(keys)
					if txn.TryLockAll([][]byte{{'k', byte(a)}, {'k', byte(b)}}, kv.LockUpdate) {
						together.Add(1)
						enter(w, a, kv.LockUpdate)
						enter(w, b, kv.LockUpdate)
					}
				}
				for range 1 + rnd.IntN(3) {
					key, mode := rnd.IntN(keys), kv.LockMode(rnd.IntN(6))
					opts := kv.LockOptions{Mode: mode, Wait: kv.WaitPolicy(rnd.IntN(8) / 3)}
					ctx, cancel := bg, func() {}
					switch rnd.IntN(6) {
					case 0:
						opts.Timeout = time.Duration(rnd.IntN(2000)) * time.Microsecond
					case 1:
						ctx, cancel = context.WithTimeout(bg, time.Duration(rnd.IntN(2000))*time.Microsecond)
					}
					res, err := txn.Lock(ctx, []byte{'k', byte(key)}, opts)
					cancel()
					if err == nil && res.Acquired {
						enter(w, key, mode)
					} else if err != nil {
						switch {
						case errors.Is(err, kv.ErrDeadlock), errors.Is(err, kv.ErrLockTimeout),
							errors.Is(err, kv.ErrLockNotAvailable), errors.Is(err, context.DeadlineExceeded):
						default:
							t.Error(err)
						}
						break
					}
				}
				if rnd.IntN(4) == 0 {
					time.Sleep(time.Duration(rnd.IntN(300)) * time.Microsecond)
				}
				mu.Lock()
				for i := range held {
					delete(held[i], w)
				}
				mu.Unlock()
				txn.Rollback()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("the storm does not end")
	}
	// Nothing is left behind: who is alone may lock together, after some tries, where that was in vain before.
	for n := 0; together.Load() == 0; n++ {
		txn := begin(t, s, kv.TxnOptions{})
		if txn.TryLockAll([][]byte{{'k', 0}}, kv.LockUpdate) {
			together.Add(1)
		} else if n == 1000 {
			t.Fatal("nobody can lock together")
		}
		txn.Rollback()
	}
	last := begin(t, s, kv.TxnOptions{})
	for key := range keys {
		if !tryLock(t, last, string([]byte{'k', byte(key)}), kv.LockUpdate) {
			t.Errorf("key %d is still locked", key)
		}
	}
}
