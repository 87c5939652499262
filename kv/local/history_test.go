package local_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"rowkey/kv"
	"rowkey/kv/memory"
)

func put(t *testing.T, s kv.Store, key, value string) {
	t.Helper()
	ctx := context.Background()
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err == nil {
		err = txn.Put([]byte(key), []byte(value))
	}
	if err == nil {
		err = txn.Commit(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// # A transaction older than the history can tell: point checks stay exact, since
// they compare values.
func TestForgottenHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 300,000 commits")
	}
	s := memory.New()
	defer s.Close()
	put(t, s, "same", "1")
	put(t, s, "changed", "1")
	ctx := context.Background()
	begin := func(level kv.Isolation) kv.Txn {
		txn, err := s.Begin(ctx, kv.TxnOptions{Isolation: level})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := txn.Get([]byte("same")); err != nil {
			t.Fatal(err)
		}
		return txn
	}
	old := begin(kv.RepeatableRead)
	put(t, s, "changed", "2")
	for i := range 300_000 {
		put(t, s, fmt.Sprint("other", i%100), "x")
	}
	if err := old.Put([]byte("same"), nil); err != nil {
		t.Error(err)
	}
	if err := old.Put([]byte("changed"), nil); !errors.Is(err, kv.ErrConflict) {
		t.Errorf("a changed key is written: %v", err)
	}
	if err := old.Commit(ctx); err != nil {
		t.Error(err)
	}
	if n := s.Stats().Transactions; n != 0 {
		t.Errorf("%d transactions are open", n)
	}
}

// # A transaction that stays open while others write large values holds back no more of
// them than the history may take, and its checks stay exact.
func TestHistoryBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 1 GB")
	}
	s := memory.New()
	defer s.Close()
	ctx := context.Background()
	put(t, s, "mine", "1")
	put(t, s, "other", "1")
	old, err := s.Begin(ctx, kv.TxnOptions{Isolation: kv.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Rollback()
	if _, _, err := old.Get([]byte("mine")); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		put(t, s, "other", strings.Repeat("x", 1<<20))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 400<<20 {
		t.Errorf("%d MB are held", m.HeapAlloc>>20)
	}
	if err := old.Put([]byte("mine"), []byte("2")); err != nil {
		t.Error(err)
	}
	if err := old.Put([]byte("other"), nil); !errors.Is(err, kv.ErrConflict) {
		t.Errorf("a changed key is written: %v", err)
	}
}
