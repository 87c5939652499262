package disk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey/kv"
	"rowkey/kv/kvtest"
)

// # A file of any kind that is cut, flipped, zeroed or removed is found: the store does not
// open and nothing is changed, or reading says that it is damaged, or all is there. What
// was synced before the store was closed, or a second before a crash, is never lost in
// silence.
func TestDamagedFiles(t *testing.T) {
	for _, closed := range []bool{true, false} {
		left := damageable(t, closed)
		files := kinds(t, left)
		for _, kind := range []string{"ROWKEY", "FILES", "MANIFEST", "OPTIONS", "marker.manifest", "marker.format-version", "log 1", "log 2", "table"} {
			path := files[kind]
			if path == "" {
				t.Errorf("closed %v: no file of kind %s among %v", closed, kind, slices.Sorted(maps.Values(files)))
				continue
			}
			t.Run(fmt.Sprintf("%s closed=%v", kind, closed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(kvtest.Seed(t), 1))
				was, err := readAll(left, path)
				if err != nil {
					t.Fatal(err)
				}
				outcomes := map[string]int{}
				try := func(what string, b []byte) {
					outcome, err := openDamaged(t, left, path, b)
					if err != nil {
						t.Errorf("%s, %s: %v", path, what, err)
					}
					outcomes[outcome]++
				}
				try("removed", nil)
				if kind != "OPTIONS" && outcomes["refused"] != 1 {
					t.Errorf("%s was removed: %v", path, outcomes)
				}
				n := len(was)
				for at := range places(n, rng) {
					try(fmt.Sprintf("cut at %d of %d", at, n), was[:at:at])
					b := slices.Clone(was)
					b[at] ^= 1 << rng.IntN(8)
					try(fmt.Sprintf("flipped at %d of %d", at, n), b)
					clear(b[at:min(n, at+4096)])
					try(fmt.Sprintf("zeroed from %d of %d", at, n), b)
				}
				t.Log(outcomes)
			})
		}
	}
}

// places are where a file is damaged.
func places(n int, rng *rand.Rand) map[int]bool {
	at := map[int]bool{}
	for _, p := range []int{0, n / 3, n - 1} {
		if p >= 0 && p < n {
			at[p] = true
		}
	}
	for range min(n, 2) {
		at[rng.IntN(n)] = true
	}
	return at
}

// kinds gives a file of each kind; logs are numbered.
func kinds(t *testing.T, fs vfs.FS) map[string]string {
	files := map[string]string{}
	for _, dir := range []string{"/db", "/db/kv"} {
		names, err := fs.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		slices.Reverse(names) // the newest first
		logs := 0
		for _, n := range names {
			kind, _, _ := strings.Cut(n, "-")
			switch m, ok := parseMarker(n); {
			case ok:
				kind = "marker." + m.name
			case strings.HasSuffix(n, ".log"):
				if b, err := readAll(fs, dir+"/"+n); err != nil || !strings.Contains(string(b), "key0") {
					continue
				}
				logs++
				kind = fmt.Sprint("log ", logs)
			case strings.HasSuffix(n, ".sst"):
				kind = "table"
			}
			if files[kind] == "" {
				files[kind] = dir + "/" + n
			}
		}
	}
	return files
}

const damageKeys = 2000

func damageKey(i int) []byte { return fmt.Appendf(nil, "key%05d", i) }

func damageValue(i int) []byte { return fmt.Appendf(nil, "value %d %s", i, strings.Repeat("x", i%200)) }

// damageable is a store with tables and two parts of a log that count, closed or as a loss of power
// leaves it.
func damageable(t *testing.T, closed bool) *vfs.MemFS {
	fs := vfs.NewCrashableMem()
	release := make(chan struct{})
	hold := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".sst") && op.Kind == errorfs.OpCreate {
			<-release
			return syscall.EIO
		}
		return nil
	})}
	s, err := Open("/db", Options{FS: errorfs.Wrap(fs, &hold), CacheBytes: 1 << 20, MemtableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	e := s.(*Store).e
	for i := range damageKeys {
		if i == damageKeys-100 {
			if err := e.giveAll(); err != nil {
				t.Fatal(err)
			}
			for e.db.Metrics().Compact.NumInProgress > 0 {
				time.Sleep(time.Millisecond)
			}
			hold.On()
		}
		if i == damageKeys-50 {
			if err := e.handOver(false); err != nil { // begins the second segment
				t.Fatal(err)
			}
		}
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := txn.PutCovered(damageKey(i), damageValue(i)); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.files.save(); err != nil { // as each second
		t.Fatal(err)
	}
	if !closed {
		left := fs.CrashClone(vfs.CrashCloneCfg{})
		close(release)
		s.Close()
		return left
	}
	close(release)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return fs.CrashClone(vfs.CrashCloneCfg{})
}

// openDamaged opens a copy of a store in which one file has other contents; nil: none.
func openDamaged(t *testing.T, left *vfs.MemFS, path string, b []byte) (outcome string, err error) {
	fs := left.CrashClone(vfs.CrashCloneCfg{})
	if err := fs.Remove(path); err != nil {
		t.Fatal(err)
	}
	if b != nil {
		f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(b)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	before := everything(t, fs)
	for _, reading := range []bool{true, false} {
		s, err := Open("/db", Options{FS: fs, CacheBytes: 1 << 20, MemtableBytes: 64 << 10, ReadOnly: reading})
		if err != nil {
			if !errors.Is(err, kv.ErrCorrupt) && !errors.Is(err, kv.ErrFormat) {
				return "refused", fmt.Errorf("opening says %w", err)
			}
			if outcome != "" && outcome != "refused" {
				return outcome, fmt.Errorf("%s when it is only read; opening says %w", outcome, err)
			}
			if after := everything(t, fs); !strings.HasSuffix(path, ".sst") && !maps.Equal(before, after) {
				return "refused", fmt.Errorf("opening changed files: %v", err)
			}
			outcome = "refused"
			continue
		}
		if outcome == "refused" {
			s.Close()
			return outcome, fmt.Errorf("it opens")
		}
		outcome = "whole"
		sn := s.Snapshot()
		for i := range damageKeys {
			v, ok, err := sn.Get(damageKey(i))
			switch {
			case errors.Is(err, kv.ErrCorrupt):
				outcome = "met"
			case err != nil || !ok || string(v) != string(damageValue(i)):
				sn.Close()
				s.Close()
				return "lost", fmt.Errorf("key %d is %q, %v, %v", i, v, ok, err)
			}
			if outcome == "met" {
				break
			}
		}
		sn.Close()
		if reading {
			damages := 0
			_, _, err = s.(*Store).Verify(context.Background(), func(kv.Damage) error { damages++; return nil })
			if outcome == "met" && damages == 0 && err == nil {
				return outcome, errors.New("reading meets damage that verifying does not find")
			}
		}
		s.Close()
	}
	return outcome, nil
}

// everything is what files hold, but for locks, logs and what says how these begin: the end
// of the newest log may be cut off.
func everything(t *testing.T, fs vfs.FS) map[string]string {
	return contents(t, fs, func(name string) bool {
		return name != "LOCK" && name != listName && !strings.HasSuffix(name, ".log")
	})
}

// contents is what the files hold that are wanted.
func contents(t *testing.T, fs vfs.FS, wanted func(name string) bool) map[string]string {
	all := map[string]string{}
	for _, dir := range []string{"/db", "/db/kv"} {
		names, err := fs.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if n == "kv" || !wanted(n) {
				continue
			}
			b, err := readAll(fs, dir+"/"+n)
			if err != nil {
				t.Fatal(err)
			}
			all[dir+"/"+n] = string(b)
		}
	}
	return all
}
