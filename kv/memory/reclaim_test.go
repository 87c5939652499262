package memory

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"rowkey/kv"
	"rowkey/kv/local"
)

func putAll(t *testing.T, s kv.Store, value string, keys ...string) {
	t.Helper()
	txn, err := s.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	for _, k := range keys {
		if err := txn.Put([]byte(k), []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// # A version nobody reads is changed in place; one that is read is not: by a
// snapshot, a transaction, or an iterator, which may outlive both.
func TestReclaim(t *testing.T) {
	e := newEngine()
	s, err := local.New(e)
	if err != nil {
		t.Fatal(err)
	}
	putAll(t, s, "1", "a", "b")
	root := e.tree
	putAll(t, s, "2", "a", "b")
	if !e.tree.Same(&root) {
		t.Error("a node that nobody sees was copied")
	}

	snap := s.Snapshot()
	txn, err := s.Begin(context.Background(), kv.TxnOptions{Isolation: kv.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	putAll(t, s, "3", "a")
	if e.tree.Same(&root) {
		t.Error("a node that a snapshot sees was not copied")
	}
	for name, r := range map[string]kv.Reader{"snapshot": snap, "transaction": txn} {
		if v, _, err := r.Get([]byte("a")); string(v) != "2" || err != nil {
			t.Errorf("%s sees %q, %v", name, v, err)
		}
	}
	txn.Rollback()
	snap.Close()

	putAll(t, s, "4", "a", "b", "c")
	snap = s.Snapshot()
	it := snap.Scan(kv.Range{}, kv.ScanOptions{})
	snap.Close()
	putAll(t, s, "5", "a", "b", "c")
	putAll(t, s, "6", "a", "b", "c")
	n := 0
	if err := kv.Each(it, func(_, v []byte) error {
		n++
		if string(v) != "4" {
			return fmt.Errorf("an iterator sees %q", v)
		}
		return nil
	}); err != nil || n != 3 {
		t.Error(n, err)
	}
	root = e.tree
	putAll(t, s, "7", "a")
	if !e.tree.Same(&root) {
		t.Error("a node that only former versions' readers could see was copied")
	}
}

// # Readers beside writers see each commit whole or not at all, however they read.
func TestReclaimBesideReaders(t *testing.T) {
	s := New()
	const keys, commits = 300, 2000
	key := func(i int) []byte { return binary.BigEndian.AppendUint32([]byte("key"), uint32(i)) }
	ctx := context.Background()
	write := func(round int) error {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			return err
		}
		defer txn.Rollback()
		for i := range keys / 10 {
			k := key((round*7 + i*10) % keys)
			if round%5 == 4 {
				err = txn.Delete(k)
			} else {
				err = txn.Put(k, fmt.Append(nil, round))
			}
			if err != nil {
				return err
			}
		}
		if err := txn.Put([]byte("first"), fmt.Append(nil, round)); err != nil {
			return err
		}
		if err := txn.Put([]byte("last"), fmt.Append(nil, round)); err != nil {
			return err
		}
		return txn.Commit(ctx)
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for r := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				snap := s.Snapshot()
				a, _, _ := snap.Get([]byte("first"))
				if r%2 == 0 {
					var before []byte
					for range 2 {
						var all []byte
						err := kv.Each(snap.Scan(kv.Range{}, kv.ScanOptions{Reverse: r == 2}), func(k, v []byte) error {
							all = append(append(all, k...), v...)
							return nil
						})
						if err != nil {
							t.Error(err)
						}
						if before != nil && string(all) != string(before) {
							t.Error("a snapshot changed")
						}
						before = all
					}
				}
				b, _, _ := snap.Get([]byte("last"))
				snap.Close()
				if string(a) != string(b) {
					t.Errorf("half a commit: %s and %s", a, b)
					return
				}
			}
		}()
	}
	for i := range commits {
		if err := write(i + 1); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
}
