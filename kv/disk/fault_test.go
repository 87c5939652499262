package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey/kv"
)

// # When the log cannot be written, the commit says that its outcome is unknown, later
// ones are refused, reads go on, closing ends, and the store opens again with all that
// was acknowledged.
func TestLogFails(t *testing.T) {
	for _, fault := range []struct {
		name string
		op   errorfs.OpKind
		err  error
		is   error
	}{
		{"sync fails", errorfs.OpFileSyncData, syscall.EIO, kv.ErrIO},
		{"disk is full", errorfs.OpFileWrite, syscall.ENOSPC, kv.ErrDiskFull},
	} {
		t.Run(fault.name, func(t *testing.T) {
			on := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
				if strings.HasSuffix(op.Path, ".log") && op.Kind == fault.op {
					return fault.err
				}
				return nil
			})}
			dir := t.TempDir()
			s, err := Open(dir, Options{CacheBytes: 8 << 20, FS: errorfs.Wrap(vfs.Default, &on)})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 10 {
				if err := putOne(s, fmt.Sprint("good", i)); err != nil {
					t.Fatal(err)
				}
			}
			on.On()
			err = putOne(s, "bad")
			if !errors.Is(err, kv.ErrCommitUnknown) || !errors.Is(err, fault.is) {
				t.Errorf("the commit returns %v", err)
			}
			t.Log(err)
			on.Off()
			if err := putOne(s, "later"); !errors.Is(err, kv.ErrCommitUnknown) {
				t.Errorf("a later commit returns %v", err)
			}
			sn := s.Snapshot()
			if _, ok, err := sn.Get([]byte("good3")); !ok || err != nil {
				t.Errorf("reading after the fault: %v %v", ok, err)
			}
			if _, ok, err := sn.Get([]byte("bad")); ok || err != nil {
				t.Errorf("the failed commit is visible: %v %v", ok, err)
			}
			sn.Close()
			done := make(chan error, 1)
			go func() { done <- s.Close() }()
			select {
			case err := <-done:
				t.Log("closing:", err)
			case <-time.After(10 * time.Second):
				t.Fatal("closing hangs")
			}
			s, err = Open(dir, Options{CacheBytes: 8 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			sn = s.Snapshot()
			defer sn.Close()
			for i := range 10 {
				if _, ok, err := sn.Get(fmt.Append(nil, "good", i)); !ok || err != nil {
					t.Errorf("commit %d is lost: %v", i, err)
				}
			}
			if _, ok, _ := sn.Get([]byte("later")); ok {
				t.Error("a refused commit is there")
			}
		})
	}
}

func putOne(s kv.Store, key string) error {
	txn, err := s.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if err := txn.Put([]byte(key), []byte("value")); err != nil {
		return err
	}
	return txn.Commit(context.Background())
}

// # A damaged file is an error that names the key, not a wrong answer.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{CacheBytes: 1 << 20, MemtableBytes: 256 << 10, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	value := []byte(strings.Repeat("0123456789", 20))
	for i := range 50 {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for j := range 200 {
			if err := txn.PutCovered(fmt.Appendf(nil, "key%05d", i*200+j), value); err != nil {
				t.Fatal(err)
			}
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "kv", "*.sst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files to damage: %v", err)
	}
	for _, f := range files {
		damage(t, f)
	}
	s, err = Open(dir, Options{CacheBytes: 1 << 20})
	if err != nil {
		if !errors.Is(err, kv.ErrCorrupt) {
			t.Fatalf("opening says %v", err)
		}
		return
	}
	defer s.Close()
	sn := s.Snapshot()
	defer sn.Close()
	failed := 0
	for i := range 10000 {
		key := fmt.Appendf(nil, "key%05d", i)
		v, ok, err := sn.Get(key)
		switch {
		case err != nil:
			if !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), " at key /") {
				t.Fatalf("reading %s: %v", key, err)
			}
			failed++
		case !ok || string(v) != string(value):
			t.Fatalf("reading %s gives %q, %v", key, v, ok)
		}
	}
	if failed == 0 {
		t.Error("no read met the damage")
	}
	it := sn.Scan(kv.Range{}, kv.ScanOptions{})
	defer it.Close()
	var b kv.PairBatch
	for {
		n, err := it.Next(&b)
		if err != nil {
			if !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("scanning: %v", err)
			}
			break
		}
		if n == 0 {
			t.Error("a scan ended as if nothing were damaged")
			break
		}
	}
}

// damage flips some bytes in the first half of a file, where data blocks are.
func damage(t *testing.T, path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := st.Size() / 8; at < st.Size()/2; at += st.Size() / 8 {
		var b [1]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 0x55
		if _, err := f.WriteAt(b[:], at); err != nil {
			t.Fatal(err)
		}
	}
}

// # When files behind the log cannot be written, commits are refused, reads go on, and
// commits are taken again once there is room; when the list of files cannot be written,
// commits are refused for good, and reads go on.
func TestBackgroundFails(t *testing.T) {
	for _, fault := range []struct {
		name, file string
		recovers   bool
	}{{"files", ".sst", true}, {"list of files", "MANIFEST", false}} {
		t.Run(fault.name, func(t *testing.T) {
			on := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
				if strings.Contains(op.Path, fault.file) && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
					return syscall.ENOSPC
				}
				return nil
			})}
			dir := t.TempDir()
			s, err := Open(dir, Options{CacheBytes: 8 << 20, MemtableBytes: 64 << 10, FS: errorfs.Wrap(vfs.Default, &on)})
			if err != nil {
				t.Fatal(err)
			}
			if err := putOne(s, "good"); err != nil {
				t.Fatal(err)
			}
			on.On()
			committed := 0
			for i := 0; err == nil && i < 100_000; i++ {
				if err = putOne(s, fmt.Sprintf("more%06d%s", i, strings.Repeat("x", 1000))); err == nil {
					committed++
				}
			}
			if !errors.Is(err, kv.ErrDiskFull) {
				t.Fatalf("writing on: %v", err)
			}
			t.Logf("after %d commits: %v", committed, err)
			sn := s.Snapshot()
			if _, ok, err := sn.Get([]byte("good")); !ok || err != nil {
				t.Errorf("reading: %v, %v", ok, err)
			}
			sn.Close()
			on.Off()
			for range 100 {
				if err = putOne(s, "later"); err == nil {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if (err == nil) != fault.recovers {
				t.Errorf("with room again: %v", err)
			}
			s.Close()
			s, err = Open(dir, Options{CacheBytes: 8 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			sn = s.Snapshot()
			defer sn.Close()
			for i := range committed {
				if _, ok, err := sn.Get(fmt.Appendf(nil, "more%06d%s", i, strings.Repeat("x", 1000))); !ok || err != nil {
					t.Fatalf("commit %d is lost: %v", i, err)
				}
			}
		})
	}
}

// # A commit by files that waits for background work which fails ends, too.
func TestIngestFails(t *testing.T) {
	var on atomic.Bool
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if on.Load() && strings.Contains(op.Path, "/kv/") && strings.HasSuffix(op.Path, ".sst") && (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate) {
			time.Sleep(100 * time.Millisecond) // until a commit waits for what fails
			return syscall.ENOSPC
		}
		return nil
	}))
	dir := t.TempDir()
	s, err := Open(dir, Options{CacheBytes: 8 << 20, MemtableBytes: 64 << 10, TxnBytes: 100, FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	on.Store(true)
	err = errors.New("nothing was written")
	committed := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		for err = nil; err == nil && committed < 1000; committed++ {
			err = putOne(s, fmt.Sprintf("more%06d%s", committed, strings.Repeat("x", 1000*(committed%2))))
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("a commit hangs")
	}
	if !errors.Is(err, kv.ErrDiskFull) {
		t.Errorf("writing on: %v", err)
	}
	t.Logf("after %d commits: %v", committed, err)
	s.Close()
}

// # A transaction whose scratch files cannot be written fails, and nothing else does.
func TestSpillFails(t *testing.T) {
	for _, fault := range []struct {
		err, is error
		op      errorfs.OpKind
	}{{syscall.ENOSPC, kv.ErrDiskFull, errorfs.OpFileWrite}, {syscall.EIO, kv.ErrIO, errorfs.OpCreate}, {syscall.EIO, kv.ErrIO, errorfs.OpFileSync}} {
		on := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
			if strings.Contains(op.Path, "/"+scratchPrefix) && op.Kind == fault.op {
				return fault.err
			}
			return nil
		})}
		s, err := Open(t.TempDir(), Options{CacheBytes: 8 << 20, TxnBytes: 1000, FS: errorfs.Wrap(vfs.Default, &on)})
		if err != nil {
			t.Fatal(err)
		}
		large := func() error {
			txn, err := s.Begin(context.Background(), kv.TxnOptions{})
			if err != nil {
				return err
			}
			defer txn.Rollback()
			for i := range 100 {
				if err := txn.Put(fmt.Appendf(nil, "key%d", i), make([]byte, 100)); err != nil {
					return err
				}
			}
			return txn.Commit(context.Background())
		}
		on.On()
		if err := large(); !errors.Is(err, fault.is) || errors.Is(err, kv.ErrCommitUnknown) {
			t.Errorf("%v at %v: the transaction says %v", fault.err, fault.op, err)
		}
		if err := putOne(s, "small"); err != nil {
			t.Errorf("a small transaction says %v", err)
		}
		on.Off()
		if err := large(); err != nil {
			t.Errorf("with room again: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// # A store whose list of files cannot be made is none, since its marker comes last: the directory
// becomes one later.
func TestCreationFails(t *testing.T) {
	for _, kind := range []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpCreate} {
		failed := false
		on := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
			if strings.HasSuffix(op.Path, "/"+listName) && op.Kind == kind {
				failed = true
				return syscall.EIO
			}
			return nil
		})}
		dir := filepath.Join(t.TempDir(), "db")
		opts := Options{CacheBytes: 1 << 20, FS: errorfs.Wrap(vfs.Default, &on)}
		on.On()
		s, err := Open(dir, opts)
		if !failed {
			t.Logf("%v: is not done", kind)
		} else if !errors.Is(err, kv.ErrIO) {
			t.Errorf("%v fails: %v", kind, err)
		}
		on.Off()
		if err == nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if s, err = Open(dir, opts); err != nil {
			t.Errorf("after %v failed: %v", kind, err)
			continue
		}
		if err := errors.Join(putOne(s, "key"), s.Close()); err != nil {
			t.Error(err)
		}
	}
}
