package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
	"rowkey/kv/disk"
)

// # Bytes that are not those written are never data.
//
// Bytes of some file are flipped, cut off or zeroed, or the file is removed. The store then
// does not open, with an error that says so, or what it gives is what was written, but for
// errors. Only one loss is silent: of the last commits in the last log, which is what a
// torn write at the end of a log looks like.
func TestFlippedBytes(t *testing.T) {
	seed := *seedArg
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	refused, met, hidden, lost := 0, 0, 0, 0
	var whole *vfs.MemFS
	for i := range *crashes * 2 {
		if i%50 == 0 {
			whole = written(t, rng)
		}
		fs := whole.CrashClone(vfs.CrashCloneCfg{})
		what := damage(t, fs, rng)
		switch err := read(fs); {
		case errors.Is(err, errRefused):
			refused++
		case errors.Is(err, errMet):
			met++
		case errors.Is(err, errTail) && strings.Contains(what, ".log "):
			lost++
		case err != nil:
			t.Fatalf("damage %d, %s: %v", i, what, err)
		default:
			hidden++
		}
	}
	t.Logf("%d damages: %d refused at opening, %d met by readers, %d met by none, %d took the end of the log",
		*crashes*2, refused, met, hidden, lost)
	if met == 0 || refused == 0 {
		t.Error("the test shows little")
	}
}

const flipKeys = 3000

var (
	errRefused = errors.New("refused")
	errMet     = errors.New("met")
	errTail    = errors.New("the end of the log is gone")
)

func flipKey(i int) []byte { return fmt.Appendf(nil, "key%05d", i) }

func flipValue(i int) []byte {
	return fmt.Appendf(nil, "value %d of many words, so that blocks fill up", i*i)
}

// written makes a store with files and a log, as a crash leaves it.
func written(t *testing.T, rng *rand.Rand) *vfs.MemFS {
	fs := vfs.NewCrashableMem()
	s, err := disk.Open("/data/db", disk.Options{FS: fs, CacheBytes: 1 << 20, MemtableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for i := 0; i < flipKeys; {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + rng.IntN(20) {
			if err := txn.PutCovered(flipKey(i), flipValue(i)); err != nil {
				t.Fatal(err)
			}
			i++
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond) // flushes and compactions
	left := fs.CrashClone(vfs.CrashCloneCfg{})
	s.Close()
	return left
}

// damage changes some bytes of some file, or removes it.
func damage(t *testing.T, fs *vfs.MemFS, rng *rand.Rand) string {
	var paths []string
	for _, dir := range []string{"/data/db", "/data/db/kv"} {
		names, err := fs.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if n != "LOCK" && n != "kv" {
				paths = append(paths, filepath.Join(dir, n))
			}
		}
	}
	slices.Sort(paths)
	path := paths[rng.IntN(len(paths))]
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close(), fs.Remove(path)); err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("%s of %d bytes", path, len(b))
	if len(b) == 0 || rng.IntN(8) == 0 {
		return what + ", removed"
	}
	at := rng.IntN(len(b))
	what += fmt.Sprintf(", at %d", at)
	switch rng.IntN(4) {
	case 0:
		what += ", cut off"
		b = b[:at]
	case 1:
		what += ", zeroed"
		clear(b[at:min(at+4096, len(b))])
	default:
		b[at] ^= 1 << rng.IntN(8)
	}
	w, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return what
}

// read reads all keys in two ways.
func read(fs *vfs.MemFS) error {
	s, err := disk.Open("/data/db", disk.Options{FS: fs, CacheBytes: 1 << 20, ReadOnly: true})
	if err != nil {
		if !errors.Is(err, kv.ErrCorrupt) && !errors.Is(err, kv.ErrIO) && !errors.Is(err, kv.ErrFormat) {
			return err
		}
		return errRefused
	}
	defer s.Close()
	snap := s.Snapshot()
	defer snap.Close()
	met := 0 // finding out how a block is damaged takes long: a few are enough
	for i := 0; i < flipKeys && met < 3; i++ {
		v, ok, err := snap.Get(flipKey(i))
		switch {
		case err != nil:
			if !errors.Is(err, kv.ErrCorrupt) {
				return fmt.Errorf("reading key %d: %w", i, err)
			}
			met++
			i += 100
		case !ok:
			for j := i; j < flipKeys; j++ { // all that follows must be gone, too
				if _, ok, _ := snap.Get(flipKey(j)); ok {
					return fmt.Errorf("key %d is gone, key %d is there", i, j)
				}
			}
			return errTail
		case string(v) != string(flipValue(i)):
			return fmt.Errorf("key %d has the value %q", i, v)
		}
	}
	if met > 0 {
		return errMet
	}
	return nil
}
