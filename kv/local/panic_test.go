package local_test

import (
	"context"
	"errors"
	"testing"

	"rowkey/kv"
	"rowkey/kv/local"
)

// # An engine that panics in Apply stops the store for writing; nobody hangs, and
// reading goes on.
func TestPanicInApply(t *testing.T) {
	s, err := local.New(&brokenEngine{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for range 3 {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := txn.Put([]byte("a"), nil); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(ctx); !errors.Is(err, kv.ErrCommitUnknown) {
			t.Fatalf("Commit returns %v", err)
		}
		if _, _, err := s.Snapshot().Get([]byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

type brokenEngine struct{}

func (brokenEngine) Apply([]*local.Buffer, uint64, bool) error { panic("a bug") }
func (brokenEngine) DropRange(kv.Range, uint64) (bool, error)  { return true, nil }
func (brokenEngine) View() (local.View, error)                 { return emptyView{}, nil }
func (brokenEngine) Seq() uint64                               { return 0 }
func (brokenEngine) Traits() local.Traits                      { return local.Traits{GroupCommit: true} }
func (brokenEngine) Size() (keys, bytes int64)                 { return 0, 0 }
func (brokenEngine) Close() error                              { return nil }

type emptyView struct{ local.View }

func (emptyView) Get([]byte) ([]byte, bool, error) { return nil, false, nil }
