// Package kvtest judges kv.Store implementations.
//
//   - Run is the conformance suite; a backend's test is
//     kvtest.Run(t, func(t *testing.T) kv.Store { return memory.New() }).
//   - RunDurable adds what must hold across closing and opening again.
//   - Mirror drives two stores in lockstep with random operations and compares.
//   - Faulty wraps a store and injects errors and delays.
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rowkey/kv"
)

// Open gives a fresh, empty store; it registers its own cleanup.
type Open func(t *testing.T) kv.Store

// Run runs the whole suite against stores made by open.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s kv.Store)
	}{
		{"GetPutDelete", testGetPutDelete},
		{"ScanBoundsBothWays", testScanBounds},
		{"ScanBatchesAndLimits", testScanBatches},
		{"KeepOutlivesNextFill", testKeep},
		{"ScanReset", testReset},
		{"OwnWritesInScans", testOwnWrites},
		{"ScatteredWrites", testScatteredWrites},
		{"NoneIn", testNoneIn},
		{"ScanDoesNotMeetLaterWrites", testHalloween},
		{"Savepoints", testSavepoints},
		{"SnapshotsStandStill", testSnapshots},
		{"GetAll", testGetAll},
		{"RandomAgainstModel", testModel},
		{"Limits", testLimits},
		{"EndedTransactions", testEnded},
		{"ReadOnly", testReadOnly},
		{"Seq", testSeq},
		{"DropRange", testDropRange},
		{"SplitAndEstimate", testSplit},
		{"ParallelScan", testParallelScan},
		{"CallerMayReuseItsMemory", testReuse},
		{"ReadCommittedRefresh", testRefresh},
		{"View", testView},
		{"LostUpdateRefused", testLostUpdate},
		{"BlindWritesAtReadCommitted", testBlindWrites},
		{"WriteSkewAllowedAtSnapshot", testWriteSkewAllowed},
		{"WriteSkewRefusedAtSerializable", testWriteSkewRefused},
		{"PhantomRefusedAtSerializable", testPhantom},
		{"LimitedScanIsNotWholeRange", testLimitedScan},
		{"ReadOnlyAnomalyRefused", testReadOnlyAnomaly},
		{"SerializableCounters", testSerializableCounters},
		{"LockConflictTable", testLockTable},
		{"LockWaits", testLockWaits},
		{"LockSettled", testLockSettled},
		{"LockFirstComeFirstServed", testLockFair},
		{"LockTellsChange", testLockChanged},
		{"LockNewestAtRepeatableRead", testLockNewest},
		{"LockOwnersAndUnlock", testLockOwners},
		{"Deadlock", testDeadlock},
		{"UpgradeDeadlock", testUpgradeDeadlock},
		{"DeadlockOfMany", testDeadlockRing},
		{"LockTogether", testLockTogether},
		{"LockStorm", testLockStorm},
		{"TransfersKeepTheSum", testTransfers},
		{"CountersAtEveryLevel", testCounters},
		{"CloseEndsEverything", testClose},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var bg = context.Background()

func begin(t testing.TB, s kv.Store, opts kv.TxnOptions) kv.Txn {
	t.Helper()
	txn, err := s.Begin(bg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(txn.Rollback)
	return txn
}

func at(level kv.Isolation) kv.TxnOptions { return kv.TxnOptions{Isolation: level} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func k(s string) []byte { return []byte(s) }

// put commits pairs given as "key=value", or a deletion as "key".
func put(t testing.TB, s kv.Store, pairs ...string) {
	t.Helper()
	txn := begin(t, s, kv.TxnOptions{})
	write(t, txn, pairs...)
	must(t, txn.Commit(bg))
}

func write(t testing.TB, txn kv.Txn, pairs ...string) {
	t.Helper()
	for _, p := range pairs {
		key, value, ok := bytes.Cut(k(p), k("="))
		if ok {
			must(t, txn.Put(key, value))
		} else {
			must(t, txn.Delete(key))
		}
	}
}

// show reads all of a range and prints it as "a=1 b=2".
func show(t testing.TB, r kv.Reader, rng kv.Range, opts kv.ScanOptions) string {
	t.Helper()
	return showIter(t, r.Scan(rng, opts), 3)
}

func showIter(t testing.TB, it kv.Iterator, max int) string {
	t.Helper()
	var out bytes.Buffer
	b := kv.PairBatch{Max: max}
	for {
		n, err := it.Next(&b)
		must(t, err)
		if n == 0 {
			break
		}
		if n != b.Len() || n > max {
			t.Fatalf("Next says %d pairs, the batch has %d, at most %d were asked for", n, b.Len(), max)
		}
		for i := range b.Keys {
			if out.Len() > 0 {
				out.WriteByte(' ')
			}
			fmt.Fprintf(&out, "%s=%s", b.Keys[i], b.Values[i])
		}
	}
	must(t, it.Close())
	return out.String()
}

func get(t testing.TB, r kv.Reader, key string) string {
	t.Helper()
	v, ok, err := r.Get(k(key))
	must(t, err)
	if !ok {
		return "none"
	}
	return string(v)
}

func want(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

var all kv.Range

func rng(start, end string) kv.Range {
	r := kv.Range{Start: k(start)}
	if end != "" {
		r.End = k(end)
	}
	return r
}

// soon fails the test unless done is closed or sent to within a few seconds.
func soon[T any](t testing.TB, done <-chan T) T {
	t.Helper()
	select {
	case x := <-done:
		return x
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting after 10 s")
		panic("unreachable")
	}
}

// async runs f on another goroutine and makes sure that it blocks.
func async(t testing.TB, f func() error) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		t.Fatalf("did not wait; returned %v", err)
	case <-time.After(30 * time.Millisecond):
	}
	return done
}
