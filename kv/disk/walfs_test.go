package disk

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func testLogFS() walFS {
	e := &engine{faults: faults{died: make(chan struct{})}}
	e.faults.opened.Store(true)
	return walFS{fencedFS{FS: vfs.Default, e: e}, &e.debt}
}

// A log's file begins with all that was written, whatever the sizes of writes and whether
// the file is new or an old one with other content; behind it there is room for small
// commits.
func TestLogFile(t *testing.T) {
	for trial := range uint64(30) {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, trial))
		dir := t.TempDir()
		fs := testLogFS()
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
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		synced("Close")
	}
}

// Small commits find room that is there already; large ones make none.
func TestLogFileRoom(t *testing.T) {
	f, err := testLogFS().Create(filepath.Join(t.TempDir(), "log"), walCategory)
	if err != nil {
		t.Fatal(err)
	}
	w := f.(*walFile)
	commit := func(size int) (grown int64) {
		before := w.end
		if _, err := f.Write(bytes.Repeat([]byte{7}, size)); err != nil {
			t.Fatal(err)
		}
		if err := f.SyncData(); err != nil {
			t.Fatal(err)
		}
		return w.end - before
	}
	if n := commit(walSmall); n != walSmall {
		t.Errorf("a large commit grows the log by %d", n)
	}
	commit(100)
	for i := range 300 {
		if n := commit(100); n != 0 {
			t.Fatalf("small commit %d grows the log by %d", i, n)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// stuckFile is a log whose sync never returns, as that of an engine that died of it.
type stuckFile struct {
	vfs.File
	begun chan struct{}
}

func (f stuckFile) SyncData() error {
	close(f.begun)
	select {}
}

// A commit whose sync is due does not wait for ever for a log that dies being closed.
func TestSettleBesideDyingClose(t *testing.T) {
	debt := &walDebt{due: make(chan struct{}, 1)}
	stuck := stuckFile{begun: make(chan struct{})}
	f := newWALFile(stuck, debt, 0)
	debt.lend()
	f.owed = true
	debt.owing.Store(f)
	go f.Close()
	<-stuck.begun
	died := make(chan struct{})
	settled := make(chan error, 1)
	go func() { settled <- debt.settle(died) }()
	select {
	case err := <-settled:
		t.Fatalf("settled (%v), though the log is neither closed nor dead", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(died)
	select {
	case err := <-settled:
		if err == nil {
			t.Error("a sync that was never made is told as made")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits on")
	}
}
