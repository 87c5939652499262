package disk

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func testLogFS() (walFS, *engine) {
	e := &engine{faults: faults{died: make(chan struct{})}}
	e.faults.opened.Store(true)
	return walFS{fencedFS{FS: vfs.Default, e: e}}, e
}

// After a sync, a log's file begins with all that was written, whatever the sizes of
// writes, whether the file is new or an old one with other content, and whether direct
// writes are taken, stop being taken, or never were.
func TestLogFile(t *testing.T) {
	for trial := range uint64(30) {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, trial))
		dir := t.TempDir()
		fs, _ := testLogFS()
		path := filepath.Join(dir, "log")
		var f vfs.File
		var err error
		if trial%3 == 0 {
			old := make([]byte, r.IntN(300_000))
			for i := range old {
				old[i] = byte(r.Uint32())
			}
			if err := os.WriteFile(path+".old", old, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err = fs.ReuseForWrite(path+".old", path, walCategory)
		} else {
			f, err = fs.Create(path, walCategory)
		}
		if err != nil {
			t.Fatal(err)
		}
		w := f.(*walFile)
		if w.direct == nil {
			t.Log("no direct writes here")
		}
		switch trial % 5 {
		case 1: // as where the file system has no direct writes
			if w.direct != nil {
				w.direct.Close()
			}
			w.holds, w.direct = false, nil
		case 2: // as where it refuses them: they must be aligned
			w.tail = append(make([]byte, 0, walHeld+100)[1:1], w.tail...)
		}
		var want []byte
		synced := func(what string) {
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(got, want) {
				t.Fatalf("seed %d trial %d: after %s of %d bytes the file differs", seed, trial, what, len(want))
			}
			if int64(len(got)) != w.end {
				t.Fatalf("seed %d trial %d: size %d, taken for %d", seed, trial, len(got), w.end)
			}
		}
		most := []int{100, 5000, 20_000, 50_000}[r.IntN(4)]
		for range 150 {
			switch r.IntN(12) {
			case 0:
				if err := f.Sync(); err != nil {
					t.Fatal(err)
				}
				synced("Sync")
			case 1, 2, 3, 4, 5:
				if err := f.SyncData(); err != nil {
					t.Fatal(err)
				}
				synced("SyncData")
			default:
				p := make([]byte, r.IntN(most))
				for i := range p {
					p[i] = byte(1 + r.IntN(255))
				}
				if n, err := f.Write(p); n != len(p) || err != nil {
					t.Fatal(n, err)
				}
				want = append(want, p...)
			}
		}
		if trial%5 == 2 && w.direct != nil && most == 100 {
			t.Errorf("seed %d trial %d: direct writes that are refused go on", seed, trial)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		synced("Close")
	}
}

// Small commits are written directly, and nothing else is.
func TestLogFileDirect(t *testing.T) {
	fs, e := testLogFS()
	path := filepath.Join(t.TempDir(), "log")
	f, err := fs.Create(path, walCategory)
	if err != nil {
		t.Fatal(err)
	}
	w := f.(*walFile)
	if w.direct == nil {
		t.Skip("no direct writes here")
	}
	commit := func(size int) error {
		if _, err := f.Write(bytes.Repeat([]byte{7}, size)); err != nil {
			return err
		}
		return f.SyncData()
	}
	if err := commit(100); err != nil || w.end < walFillLeast-walBlock {
		t.Fatal(err, w.end)
	}
	// A direct descriptor that fails tells which commits use it.
	good := w.direct
	if w.direct, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	if err := commit(40_000); err != nil {
		t.Fatal("a large commit:", err)
	}
	if err := e.faults.log.Load(); err != nil {
		t.Fatal(*err)
	}
	if err := commit(100); err == nil {
		t.Fatal("a small commit is not written directly")
	}
	if e.faults.log.Load() == nil {
		t.Fatal("nothing is known of a write that failed")
	}
	w.direct.Close()
	w.direct = good
	e.faults.log.Store(nil) // or closing is fatal
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
