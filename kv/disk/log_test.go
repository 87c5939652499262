package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/kvtest"
)

// linkingMem keeps Link and CrashClone of Pebble's MemFS apart: Link takes a read lock twice,
// which stops for ever where a clone waits for the lock in between.
type linkingMem struct {
	*vfs.MemFS
	links sync.RWMutex
}

func (m *linkingMem) Link(old, new string) error {
	m.links.RLock()
	defer m.links.RUnlock()
	return m.MemFS.Link(old, new)
}

func (m *linkingMem) clone() *vfs.MemFS {
	m.links.Lock()
	defer m.links.Unlock()
	return m.CrashClone(vfs.CrashCloneCfg{})
}

// # A commit that was acknowledged survives the loss of power, although segments of the log
// end, are given to Pebble and removed at any moment.
func TestPowerLossWhileSegmentsEnd(t *testing.T) {
	rnd := rand.New(rand.NewPCG(kvtest.Seed(t), 7))
	for round := range 15 {
		fs := &linkingMem{MemFS: vfs.NewCrashableMem()}
		s, err := Open("store", Options{FS: fs, MemtableBytes: 32 << 10})
		if err != nil {
			t.Fatal(err)
		}
		e := s.(*Store).e
		const writers = 3
		var acked [writers]atomic.Int64
		var stop atomic.Bool
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := int64(1); !stop.Load(); i++ {
					txn, err := s.Begin(context.Background(), kv.TxnOptions{NoSync: i%7 == 3})
					if err == nil {
						err = txn.Put(fmt.Appendf(nil, "w%d", w), binary.BigEndian.AppendUint64(nil, uint64(i)))
					}
					if err == nil {
						err = txn.Put(fmt.Appendf(nil, "w%d/%d", w, i), make([]byte, 100*w))
					}
					for n := int64(0); n < 40 && i%3 == 0 && err == nil; n++ {
						err = txn.Put(fmt.Appendf(nil, "w%d/%d/%d", w, i, n), make([]byte, 10))
					}
					if err == nil {
						err = txn.Commit(context.Background())
					}
					if err != nil {
						t.Error(err)
						return
					}
					if i%7 != 3 {
						acked[w].Store(i)
					}
				}
			})
		}
		wg.Go(func() {
			for !stop.Load() {
				if err := e.handOver(false); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for target := int64(20 + rnd.IntN(200)); acked[0].Load() < target && !t.Failed(); {
			time.Sleep(50 * time.Microsecond)
		}
		var want [writers]int64 // what is acknowledged by now must be there
		for w := range want {
			want[w] = acked[w].Load()
		}
		after := fs.clone()
		stop.Store(true)
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open("store", Options{FS: after})
		if err != nil {
			t.Fatal(err)
		}
		sn := s.Snapshot()
		for w, least := range want {
			v, ok, err := sn.Get(fmt.Appendf(nil, "w%d", w))
			if err == nil && !ok && least == 0 {
				continue
			}
			if err != nil || !ok || int64(binary.BigEndian.Uint64(v)) < least {
				t.Errorf("round %d: writer %d was told of %d commits, the store has %x, %v", round, w, least, v, err)
			}
		}
		sn.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// # A segment that is missing between others is seen, as are records that are; what is torn at
// the end is not.
func TestLogGaps(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, fs *vfs.MemFS, logs []string)
		want  int // commits; -1: refused
	}{
		{"nothing", func(*testing.T, *vfs.MemFS, []string) {}, 30},
		{"first removed", func(t *testing.T, fs *vfs.MemFS, logs []string) { remove(t, fs, logs[0]) }, -1},
		{"second removed", func(t *testing.T, fs *vfs.MemFS, logs []string) { remove(t, fs, logs[1]) }, -1},
		{"last removed", func(t *testing.T, fs *vfs.MemFS, logs []string) { remove(t, fs, logs[2]) }, -1}, // by FILES
		{"second cut", func(t *testing.T, fs *vfs.MemFS, logs []string) { cutAt(t, fs, logs[1], 0.5) }, -1},
		{"first removed and not listed", func(t *testing.T, fs *vfs.MemFS, logs []string) { removeUnlisted(t, fs, logs[0]) }, -1},
		{"second removed and not listed", func(t *testing.T, fs *vfs.MemFS, logs []string) { removeUnlisted(t, fs, logs[1]) }, -1},
		{"last cut", func(t *testing.T, fs *vfs.MemFS, logs []string) { cutAt(t, fs, logs[2], 0.999) }, 29},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			s, err := Open("/db", Options{FS: fs, CacheBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			e := s.(*Store).e
			for i := range 30 {
				if i%10 == 0 && i > 0 { // the segment ends, nothing is given
					e.wlog.mu.Lock()
					err := e.wlog.rotate()
					e.wlog.mu.Unlock()
					if err != nil {
						t.Fatal(err)
					}
				}
				if err := putOne(s, fmt.Sprintf("key%02d", i)); err != nil {
					t.Fatal(err)
				}
			}
			left := fs.CrashClone(vfs.CrashCloneCfg{})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			ss, err := segments(left, "/db/kv")
			if err != nil || len(ss) != 3 {
				t.Fatalf("%d segments, %v", len(ss), err)
			}
			c.spoil(t, left, []string{ss[0].path, ss[1].path, ss[2].path})
			before := contents(t, left, func(name string) bool { return name != "LOCK" })
			for _, reading := range []bool{true, false} {
				s, err := Open("/db", Options{FS: left, CacheBytes: 1 << 20, ReadOnly: reading})
				if err != nil {
					if after := contents(t, left, func(name string) bool { return name != "LOCK" }); !maps.Equal(before, after) {
						t.Errorf("what cannot be opened was changed: %v, now %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
					}
					if c.want >= 0 || !errors.Is(err, kv.ErrCorrupt) {
						t.Error(err)
					}
					continue
				}
				n := 0
				for ; readOne(s, fmt.Sprintf("key%02d", n)) == nil; n++ {
				}
				if n != c.want {
					t.Errorf("reading %v: %d commits, want %d", reading, n, c.want)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func remove(t *testing.T, fs *vfs.MemFS, path string) {
	if err := fs.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// removeUnlisted removes a file that the list of what must be there does not know of.
func removeUnlisted(t *testing.T, fs *vfs.MemFS, path string) {
	remove(t, fs, path)
	l := newFileList(fs, "/db")
	if err := l.read(); err != nil {
		t.Fatal(err)
	}
	delete(l.claims, fs.PathBase(path))
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
}

// cutAt cuts a file within what was written to it.
func cutAt(t *testing.T, fs *vfs.MemFS, path string, part float64) {
	b, err := readAll(fs, path)
	if err != nil {
		t.Fatal(err)
	}
	n := len(bytes.TrimRight(b, "\x00"))
	remove(t, fs, path)
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(b[:int(float64(n)*part)])
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// A commit without rows, the deletion of a range with nothing in it, stays in the log until
// Pebble has its number.
func TestLogOfCommitsWithoutRows(t *testing.T) {
	fs := vfs.NewCrashableMem()
	ctx := context.Background()
	open := func() kv.Store {
		t.Helper()
		s, err := Open("/db", Options{FS: fs, CacheBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	if err := putOne(s, "key"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for i := range 3 { // its rows are given when it is opened; then come commits without
		s = open()
		if err := s.DropRange(ctx, kv.Range{Start: []byte("none"), End: []byte("nonf")}); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open()
		if i == 2 {
			if err := putOne(s, "another"); err != nil {
				t.Fatal(err)
			}
		} else if err := s.DropRange(ctx, kv.Range{Start: []byte("none"), End: []byte("nonf")}); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	s = open()
	defer s.Close()
	for _, key := range []string{"key", "another"} {
		txn, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if v, ok, err := txn.Get([]byte(key)); err != nil || !ok {
			t.Errorf("%s: %q, %v", key, v, err)
		}
		txn.Rollback()
	}
}

// # What comes and goes, as in a queue, is never given to Pebble, and the log ends all the same.
func TestLogOfQueue(t *testing.T) {
	fs := vfs.NewCrashableMem()
	opts := Options{FS: fs, CacheBytes: 1 << 20, MemtableBytes: 64 << 10}
	s, err := Open("/db", opts)
	if err != nil {
		t.Fatal(err)
	}
	e := s.(*Store).e
	e.rows.setEvery(1)
	if err := readOne(s, "queue/"); err == nil {
		t.Fatal("there is nothing") // which is remembered
	}
	ctx := context.Background()
	const commits, long = 3000, 10
	for i := range commits {
		txn, err := s.Begin(ctx, kv.TxnOptions{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		err = txn.Put(fmt.Appendf(nil, "queue/%06d", i), make([]byte, 200))
		if err == nil && i >= long {
			err = txn.Delete(fmt.Appendf(nil, "queue/%06d", i-long))
		}
		if err == nil {
			err = txn.Commit(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := e.wlog.sync(); err != nil {
		t.Fatal(err)
	}
	after := fs.CrashClone(vfs.CrashCloneCfg{})
	if n := e.wlog.seg.number; n < 4 {
		t.Errorf("segment %d after %d commits", n, commits)
	}
	if n := e.rows.over.NewBytes(); n > 20<<10 {
		t.Errorf("%d bytes are new", n)
	}
	tables := int64(0)
	for _, l := range e.db.Metrics().Levels {
		tables += int64(l.TablesSize)
	}
	if tables > 60<<10 {
		t.Errorf("tables of %d bytes", tables)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, fs := range []vfs.FS{fs, after} {
		opts.FS = fs
		if s, err = Open("/db", opts); err != nil {
			t.Fatal(err)
		}
		sn := s.Snapshot()
		n := 0
		err := kv.Each(sn.Scan(kv.Range{}, kv.ScanOptions{}), func(k, _ []byte) error {
			if want := fmt.Sprintf("queue/%06d", commits-long+n); string(k) != want {
				t.Errorf("%s, want %s", k, want)
			}
			n++
			return nil
		})
		if err != nil || n != long {
			t.Errorf("%d items, want %d, %v", n, long, err)
		}
		sn.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// # After a sync of the log that failed nothing is appended, not even by a commit that had looked
// before: the system may say of the next sync that all is well, and what the first was to sync is lost.
func TestLogEndsWithFailedSync(t *testing.T) {
	fs := vfs.NewCrashableMem()
	fail := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, segmentSuffix) && (op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSync) {
			return syscall.EIO
		}
		return nil
	})}
	s, err := Open("/db", Options{FS: errorfs.Wrap(fs, &fail), CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := s.(*Store).e
	if begun, err := e.wlog.append(nil, []btree.Entry{btree.NewEntry([]byte("a"), nil)}, 0, 1, false); !begun || err != nil {
		t.Fatal(begun, err)
	}
	fail.On()
	if err := e.wlog.sync(); err == nil {
		t.Fatal("the sync is to fail")
	}
	fail.Off()
	before := e.wlog.seg.written
	begun, err := e.wlog.append(nil, []btree.Entry{btree.NewEntry([]byte("b"), nil)}, 1, 2, true)
	if begun || !errors.Is(err, kv.ErrIO) || errors.Is(err, kv.ErrCommitUnknown) {
		t.Errorf("a commit after the failure: begun %v, %v", begun, err)
	}
	if e.wlog.seg.written != before {
		t.Error("something was written")
	}
}

// # What a process that was killed had written to the log and not synced is durable before another goes on
// from it, though there is no row in it: else a loss of power could take it from under what follows.
func TestUnsyncedCommitWithoutRows(t *testing.T) {
	fs := vfs.NewCrashableMem()
	open := func(fs vfs.FS) kv.Store {
		t.Helper()
		s, err := Open("/db", Options{FS: fs, CacheBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open(fs)
	if err := putOne(s, "key"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(fs) // which gives all to Pebble
	seq := s.(*Store).e.seq
	path := s.(*Store).e.wlog.seg.path
	s.Close()
	record := binary.LittleEndian.AppendUint64(make([]byte, 8), seq)
	record = binary.LittleEndian.AppendUint64(record, seq+1)
	binary.LittleEndian.PutUint32(record[4:], uint32(len(record)-8))
	binary.LittleEndian.PutUint32(record, crc32.Checksum(record[4:], castagnoli))
	f, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(record, int64(len(segmentTitle)))
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(fs)
	if got := s.(*Store).e.seq; got != seq+1 {
		t.Fatalf("commit %d was read, want %d", got, seq+1)
	}
	if err := putOne(s, "another"); err != nil {
		t.Fatal(err)
	}
	after := fs.CrashClone(vfs.CrashCloneCfg{})
	s.Close()
	s = open(after)
	defer s.Close()
	for _, key := range []string{"key", "another"} {
		if err := readOne(s, key); err != nil {
			t.Error(err)
		}
	}
}
