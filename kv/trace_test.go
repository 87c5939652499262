package kv_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/kv/kvtest"
	"rowkey/kv/memory"
)

// # A trace tells each operation with its key as a path.
func TestTraced(t *testing.T) {
	var got []string
	s := kv.Traced(memory.New(), func(e kv.Event) { got = append(got, e.String()) })
	ctx := context.Background()
	row := func(id int32) []byte { return keyenc.AppendInt32(keyenc.AppendIndexPrefix(nil, 7, 1), id) }
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	check(t, err)
	_, err = txn.Lock(ctx, row(1), kv.LockOptions{Mode: kv.LockUpdate})
	check(t, err)
	check(t, txn.Put(row(1), []byte("one")))
	check(t, txn.PutCovered(row(2), []byte("two")))
	check(t, txn.Delete(row(3)))
	_, _, err = txn.Get(row(1))
	check(t, err)
	_, _, err = txn.GetLatest(row(9))
	check(t, err)
	check(t, txn.GetAll([][]byte{row(2), row(9)}, make([][]byte, 2)))
	it := txn.Scan(kv.PrefixRange(keyenc.AppendIndexPrefix(nil, 7, 1)), kv.ScanOptions{})
	var b kv.PairBatch
	for n := 1; n > 0; {
		n, err = it.Next(&b)
		check(t, err)
	}
	it.Reset(kv.Range{Start: row(2)})
	_, err = it.Next(&b)
	check(t, err)
	check(t, it.Close())
	check(t, txn.Commit(ctx))
	err = txn.Put([]byte{0xff}, nil)
	if !errors.Is(err, kv.ErrTxnDone) {
		t.Error(err)
	}
	want := `begin
lock UPDATE /Table/7/1/1
put /Table/7/1/1 (17 bytes)
put /Table/7/1/2 (17 bytes)
delete /Table/7/1/3
get /Table/7/1/1 → 1 pair, 17 bytes
get latest /Table/7/1/9 → nothing
get /Table/7/1/2 → 1 pair, 17 bytes
get /Table/7/1/9 → nothing
scan /Table/7/1/… → 2 pairs, 34 bytes
scan [/Table/7/1/2 - /Max) → 1 pair, 17 bytes
commit
put /0xff → transaction has ended`
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// # A traced store is a store.
func TestTracedConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store {
		s := kv.Traced(memory.New(), func(kv.Event) {})
		t.Cleanup(func() { s.Close() })
		return s
	})
}

// # Without faults switched on, a Faulty store is a store; with them, what failed to
// commit leaves no trace.
func TestFaulty(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return kvtest.Faulty(memory.New(), kvtest.Faults{}) })
	s := kvtest.Faulty(memory.New(), kvtest.Faults{Commit: 0.5, Write: 0.1, Read: 0.1, Lock: 0.1, Seed: kvtest.Seed(t)})
	ctx := context.Background()
	committed := 0
	for i := range 200 {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		check(t, err)
		err = txn.Put(keyenc.AppendInt64([]byte{1}, int64(i)), nil)
		if err == nil {
			err = txn.Commit(ctx)
		}
		txn.Rollback()
		if err == nil {
			committed++
		} else if !errors.Is(err, kv.ErrIO) {
			t.Fatal(err)
		}
	}
	if s.Count() == 0 || committed == 0 {
		t.Fatalf("%d faults, %d commits", s.Count(), committed)
	}
	s.Enable(false)
	sn := s.Snapshot()
	defer sn.Close()
	if keys, _ := sn.EstimateKeys(kv.Range{End: []byte{2}}); int(keys) != min(committed, int(keys)) || s.Stats().Keys != int64(committed) {
		t.Errorf("%d commits, %d keys", committed, s.Stats().Keys)
	}
}
