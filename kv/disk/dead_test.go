package disk

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey/kv"
)

// soon fails the test if f does not end.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}

// # When the list of files cannot be written, made or named, nothing waits for ever:
// readers read and end, sizes are told, closing ends, and the directory can be opened.
func TestListFailsBesideReaders(t *testing.T) {
	on := func(kind errorfs.OpKind, name string) func(errorfs.Op) bool {
		return func(op errorfs.Op) bool {
			return op.Kind == kind && strings.HasPrefix(filepath.Base(op.Path), name)
		}
	}
	for _, fault := range []struct {
		name  string
		fails func(op errorfs.Op) bool
	}{
		{"write", on(errorfs.OpFileWrite, "MANIFEST")},
		{"sync", on(errorfs.OpFileSync, "MANIFEST")},
		{"new list", on(errorfs.OpCreate, "MANIFEST")},
		{"name of the new list", on(errorfs.OpCreate, "marker.manifest")},
	} {
		t.Run(fault.name, func(t *testing.T) {
			var hits atomic.Int64
			on := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
				if fault.fails(op) {
					hits.Add(1)
					return syscall.ENOSPC
				}
				return nil
			})}
			dir := t.TempDir()
			s, err := Open(dir, Options{listBytes: 1 << 10, CacheBytes: 8 << 20, MemtableBytes: 64 << 10, FS: errorfs.Wrap(vfs.Default, &on)})
			if err != nil {
				t.Fatal(err)
			}
			if err := putOne(s, "good"); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			var stop atomic.Bool
			var reads atomic.Int64
			for range 3 {
				wg.Go(func() {
					for !stop.Load() {
						if err := readOne(s, "good"); err != nil {
							t.Error(err)
							return
						}
						reads.Add(1)
					}
				})
			}
			on.On()
			for i := 0; err == nil && i < 2000; i++ {
				err = putOne(s, fmt.Sprintf("more%06d%s", i, strings.Repeat("x", 1000)))
			}
			if err == nil || hits.Load() == 0 {
				t.Fatalf("writing on, with %d faults: %v", hits.Load(), err)
			}
			soon(t, "reading", func() {
				for n := reads.Load(); reads.Load() < n+1000 && !t.Failed(); {
					time.Sleep(time.Millisecond)
				}
				stop.Store(true)
				wg.Wait()
			})
			soon(t, "telling the size", func() { s.Stats() })
			soon(t, "closing", func() { s.Close() })
			s, err = Open(dir, Options{CacheBytes: 8 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if err := readOne(s, "good"); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// readOne reads a key by a scan and by a get.
func readOne(s kv.Store, key string) error {
	txn, err := s.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if _, ok, err := txn.Get([]byte(key)); err != nil || !ok {
		return fmt.Errorf("reading: %v, %v", ok, err)
	}
	it := txn.Scan(kv.PrefixRange([]byte(key)), kv.ScanOptions{})
	var b kv.PairBatch
	if n, err := it.Next(&b); err != nil || n != 1 {
		return fmt.Errorf("scanning: %d, %v", n, err)
	}
	return it.Close()
}
