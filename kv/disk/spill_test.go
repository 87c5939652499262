package disk_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/kvtest"
	"rowkey/kv/memory"
)

// # A store whose transactions go to files after some writes is a store like any other.
func TestConformanceSpilling(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store {
		return open(t, t.TempDir(), disk.Options{MemtableBytes: 20_000, TxnBytes: 2000, NoSync: true})
	})
}

func TestSpillingMirrorsMemory(t *testing.T) {
	small := open(t, t.TempDir(), disk.Options{MemtableBytes: 64 << 10, TxnBytes: 2000, NoSync: true})
	kvtest.Mirror(t, small, memory.New(), 6000)
}

// # What a transaction deletes beyond its memory is gone for those that follow, and for
// nobody before; rolled back, it is there; the files it needed are gone either way.
func TestSpilledDeletions(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{MemtableBytes: 32 << 10, TxnBytes: 2000})
	const keys = 2000
	key := func(i int) []byte { return fmt.Appendf(nil, "key%05d", i) }
	write := func(end func(kv.Txn) error, each func(kv.Txn, int) error) {
		t.Helper()
		txn, err := s.Begin(context.Background(), kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Rollback()
		for i := range keys {
			if err := each(txn, i*7%keys); err != nil {
				t.Fatal(err)
			}
		}
		if err := end(txn); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(txn kv.Txn) error { return txn.Commit(context.Background()) }
	count := func(r kv.Reader) (n int) {
		t.Helper()
		it := r.Scan(kv.Range{}, kv.ScanOptions{})
		defer it.Close()
		var b kv.PairBatch
		for {
			got, err := it.Next(&b)
			if err != nil {
				t.Fatal(err)
			}
			if got == 0 {
				return n
			}
			n += got
		}
	}
	write(commit, func(txn kv.Txn, i int) error { return txn.Put(key(i), []byte("value")) })
	before := s.Snapshot()
	defer before.Close()
	deleteHalf := func(txn kv.Txn, i int) error {
		if i%2 == 0 {
			return txn.Delete(key(i))
		}
		return txn.Put(key(i), []byte("other"))
	}
	write(func(txn kv.Txn) error {
		if n := count(txn); n != keys/2 {
			t.Errorf("the transaction sees %d keys", n)
		}
		txn.Rollback()
		return nil
	}, deleteHalf)
	if n := count(s.Snapshot()); n != keys {
		t.Errorf("%d keys after rolling back", n)
	}
	write(commit, deleteHalf)
	if n := count(s.Snapshot()); n != keys/2 {
		t.Errorf("%d keys after deleting half", n)
	}
	if n := count(before); n != keys {
		t.Errorf("a snapshot from before sees %d keys", n)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "tmp-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// # A transaction that writes its files is stopped by its context, at once, and goes on with another
// from the savepoint before: merging many files, which takes as long as all of them, is no exception.
func TestSpillStops(t *testing.T) {
	s := open(t, t.TempDir(), disk.Options{TxnBytes: 128 << 10, NoSync: true})
	txn, err := s.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	put := func(i int) error { return txn.Put(fmt.Appendf(nil, "key%07d", i*7919%1_000_003), make([]byte, 20)) }
	cause := errors.New("enough")
	var kept []int
	for i := 0; i < 60_000; i++ {
		if i%10_000 == 0 {
			sp := txn.Savepoint()
			ctx, cancel := context.WithCancelCause(context.Background())
			txn.SetContext(ctx)
			cancel(cause)
			n, err := 0, error(nil)
			for ; n < 20_000 && err == nil; n++ {
				err = put(500_000 + i + n)
			}
			if !errors.Is(err, cause) || n > 10_000 {
				t.Fatalf("%d writes after the end: %v", n, err)
			}
			txn.SetContext(context.Background())
			if err := txn.RollbackTo(sp); err != nil {
				t.Fatal(err)
			}
			if err := txn.Release(sp); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(i); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, i)
	}
	if err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := kv.Each(s.Snapshot().Scan(kv.Range{}, kv.ScanOptions{KeysOnly: true}), func(_, _ []byte) error { n++; return nil }); err != nil || n != len(kept) {
		t.Errorf("%d keys, want %d, %v", n, len(kept), err)
	}
}
