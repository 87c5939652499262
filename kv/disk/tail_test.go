package disk

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey/kv"
)

// # What a crash leaves at the end of a log does not matter when the store was opened and
// closed since, though the log is still wanted: after files were taken in, Pebble does not
// write a large commit that follows to a table when it opens, and keeps the logs from there.
func TestLogIsCut(t *testing.T) {
	if checked {
		t.Skip("Pebble's check mode takes files in only after a flush, which this test holds back")
	}
	fs := vfs.NewCrashableMem()
	release := make(chan struct{})
	hold := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.Contains(op.Path, "MANIFEST") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			<-release // nothing is noted as written to tables
		}
		return nil
	})}
	opts := Options{FS: errorfs.Wrap(fs, &hold), CacheBytes: 1 << 20, MemtableBytes: 64 << 10, TxnBytes: 30_000}
	commit := func(s kv.Store, what string, n, size int) {
		t.Helper()
		txn, err := s.Begin(context.Background(), kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Rollback()
		for i := range n {
			if err := txn.PutCovered(fmt.Appendf(nil, "%s%05d", what, i), make([]byte, size)); err != nil {
				t.Fatal(err)
			}
		}
		if err := txn.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open("/db", opts)
	if err != nil {
		t.Fatal(err)
	}
	commit(s, "first", 1, 10)
	hold.On()
	commit(s, "files", 100, 1000)
	commit(s, "batch", 400, 10)
	if err := s.(*Store).e.db.LogData(nil, pebble.Sync); err != nil { // as after a commit that did not wait
		t.Fatal(err)
	}
	fs2 := fs.CrashClone(vfs.CrashCloneCfg{})
	close(release)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opts.FS = fs2
	for i := range 4 {
		s, err := Open("/db", opts)
		if err != nil {
			t.Fatalf("opening for the time %d after the crash: %v", i+1, err)
		}
		sn := s.Snapshot()
		for _, key := range []string{"first00000", "files00000", "files00099", "batch00000", "batch00399"} {
			if _, ok, err := sn.Get([]byte(key)); !ok || err != nil {
				t.Errorf("open %d: %s: %v %v", i+1, key, ok, err)
			}
		}
		sn.Close()
		commit(s, fmt.Sprint("later", i), 1, 10)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
