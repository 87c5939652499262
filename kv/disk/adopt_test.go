package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey/kv"
	"rowkey/kv/kvtest"
)

// formerStore makes what programs of an earlier format left at /db: commits that are in Pebble's
// log, of which some are in tables, too, and a large one behind files that were taken in;
// closed, or as a loss of power leaves it, with something behind the last record. It gives
// the keys.
func formerStore(t *testing.T, marker string, closed bool, rng *rand.Rand) (*vfs.MemFS, []string) {
	mem := vfs.NewCrashableMem()
	hold := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".sst") && strings.Contains(op.Path, "/kv/") && op.Kind == errorfs.OpFileWrite {
			return errors.New("nothing is written to tables")
		}
		return nil
	})}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(mem.MkdirAll("/db", 0o700))
	root, err := mem.OpenDir("/")
	must(err)
	must(errors.Join(root.Sync(), root.Close()))
	opts := &pebble.Options{FS: errorfs.Wrap(mem, &hold), MemTableSize: 64 << 10, MemTableStopWritesThreshold: 100, FormatMajorVersion: pebble.FormatNewest, Logger: quiet{}}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = filterPolicy
	}
	db, err := pebble.Open("/db/kv", opts)
	must(err)
	var keys []string
	seq := uint64(0)
	number := func() []byte { seq++; return binary.BigEndian.AppendUint64(nil, seq) }
	commit := func(n int) {
		b := db.NewBatch()
		for range n {
			keys = append(keys, fmt.Sprintf("key%06d", len(keys)))
			must(b.Set([]byte(keys[len(keys)-1]), []byte("value"), nil))
		}
		must(b.Set(seqKey, number(), nil))
		must(b.Commit(pebble.Sync))
	}
	for range 20 {
		commit(1 + rng.IntN(5))
	}
	must(db.Flush())
	if !closed {
		hold.On()
	}
	for range 20 {
		commit(1 + rng.IntN(5))
	}
	// Files that the log in memory overlaps are taken in by a record of the log.
	f, err := mem.Create("/db/in.sst", vfs.WriteCategoryUnspecified)
	must(err)
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(f), sstable.WriterOptions{TableFormat: db.TableFormat()})
	for range 10 {
		keys = append(keys, fmt.Sprintf("key%06d", len(keys)))
		must(w.Set([]byte(keys[len(keys)-1]), []byte("value")))
	}
	must(w.Set(seqKey, number()))
	must(w.Close())
	must(db.Ingest(t.Context(), []string{"/db/in.sst"}))
	commit(4000)
	commit(1)
	left := mem
	if closed {
		must(db.Close())
	} else {
		left = mem.CrashClone(vfs.CrashCloneCfg{})
		hold.Off()
		must(db.Close())
		torn(t, left)
	}
	m, err := left.Create("/db/"+markerName, vfs.WriteCategoryUnspecified)
	must(err)
	_, err = m.Write([]byte(marker))
	must(errors.Join(err, m.Sync(), m.Close()))
	if err := left.Remove("/db/in.sst"); err != nil && !closed {
		t.Log(err)
	}
	if marker != markerOlder {
		files := newFileList(left, "/db")
		must(files.adopt())
		must(files.create())
	}
	must(syncDir(left, "/db"))
	return left, keys
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(s string, a ...any) {
	panic(fmt.Sprintf(s, a...))
}

// torn adds what a crash leaves to the newest log that has something.
func torn(t *testing.T, fs *vfs.MemFS) {
	names, err := fs.List("/db/kv")
	if err != nil {
		t.Fatal(err)
	}
	newest := ""
	for _, n := range names {
		if strings.HasSuffix(n, ".log") && n > newest {
			newest = n
		}
	}
	b, err := readAll(fs, "/db/kv/"+newest)
	if err != nil || len(b) == 0 {
		t.Fatalf("the newest log, %s, has %d bytes: %v", newest, len(b), err)
	}
	f, err := fs.OpenReadWrite("/db/kv/"+newest, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(append(make([]byte, 0, 30), b[:30]...), int64(len(b)))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// # Directories of earlier formats are opened with all that is in them, and are of this format
// from then on; reading changes nothing; and a loss of power at any moment of it, or of the
// next opening, loses nothing either.
func TestFormerFormats(t *testing.T) {
	rng := rand.New(rand.NewPCG(kvtest.Seed(t), 3))
	for _, marker := range []string{markerOlder, markerOld} {
		for _, closed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%.11s closed=%v", marker, closed), func(t *testing.T) {
				left, keys := formerStore(t, marker, closed, rng)
				before := everything(t, left)
				look := func(fs vfs.FS, reading bool) error {
					s, err := Open("/db", Options{FS: fs, CacheBytes: 1 << 20, MemtableBytes: 64 << 10, ReadOnly: reading})
					if err != nil {
						return err
					}
					defer s.Close()
					sn := s.Snapshot()
					defer sn.Close()
					for _, k := range keys {
						if v, ok, err := sn.Get([]byte(k)); !ok || err != nil || string(v) != "value" {
							return fmt.Errorf("%s: %q, %v, %v", k, v, ok, err)
						}
					}
					n := 0
					it := sn.Scan(kv.PrefixRange([]byte("key")), kv.ScanOptions{KeysOnly: true})
					if err := kv.Each(it, func(_, _ []byte) error { n++; return nil }); err != nil || n != len(keys) {
						return fmt.Errorf("a scan has %d of %d keys, %v", n, len(keys), err)
					}
					if !reading {
						return putOne(s, "later")
					}
					return nil
				}
				if err := look(left.CrashClone(vfs.CrashCloneCfg{}), true); err != nil {
					t.Fatalf("reading: %v", err)
				}
				if after := everything(t, left); fmt.Sprint(after) != fmt.Sprint(before) {
					t.Error("reading changes files")
				}
				// The moments are counted first, and then some taken.
				moments := func(stop int) (n int, at *vfs.MemFS) {
					fs := left.CrashClone(vfs.CrashCloneCfg{})
					var mu sync.Mutex
					err := look(errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
						mu.Lock()
						defer mu.Unlock()
						if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
							if n++; n == stop {
								at = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100 * (stop % 2) / 2, RNG: rng})
							}
						}
						return nil
					})), false)
					if err != nil {
						t.Fatalf("opening: %v", err)
					}
					if at == nil {
						at = fs.CrashClone(vfs.CrashCloneCfg{})
					}
					return n, at
				}
				all, last := moments(0)
				if b, err := readAll(last, "/db/"+markerName); string(b) != markerText {
					t.Errorf("the marker says %q, %v", b, err)
				}
				step := max(1, all/12)
				for stop := 1 + rng.IntN(step); stop <= all; stop += step {
					_, at := moments(stop)
					for again := range 3 {
						if err := look(at, false); err != nil {
							t.Fatalf("power gone at operation %d of %d, opening for the time %d: %v", stop, all, again+1, err)
						}
					}
				}
				t.Logf("%d moments", all)
			})
		}
	}
}
