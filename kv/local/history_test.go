package local_test

import (
	"context"
	"errors"
	"fmt"
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
// they compare values; what cannot be checked at SERIALIZABLE is refused.
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
