package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/kvtest"
	"rowkey/kv/memory"
)

func open(t testing.TB, dir string, opts disk.Options) kv.Store {
	t.Helper()
	if opts.CacheBytes == 0 {
		opts.CacheBytes = 32 << 20
	}
	s, err := disk.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return open(t, t.TempDir(), disk.Options{}) })
}

func TestDurable(t *testing.T) {
	kvtest.RunDurable(t, func(dir string) (kv.Store, error) {
		return disk.Open(dir, disk.Options{CacheBytes: 8 << 20})
	})
}

// # The two engines give the same answers, with files small enough to be compacted.
func TestMirrorsMemory(t *testing.T) {
	small := open(t, t.TempDir(), disk.Options{MemtableBytes: 64 << 10, NoSync: true})
	kvtest.Mirror(t, small, memory.New(), 6000)
}

// # So they do with rows that are always on their way down.
func TestMirrorsMemoryGiving(t *testing.T) {
	small := open(t, t.TempDir(), disk.Options{MemtableBytes: 2000, NoSync: true})
	kvtest.Mirror(t, small, memory.New(), 3000)
}

// # A directory of something else, or of another version, is refused and left alone.
func TestForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open(dir, disk.Options{}); !errors.Is(err, kv.ErrFormat) {
		t.Errorf("a foreign directory: %v", err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ROWKEY"), []byte("rowkey kv 99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := disk.Open(dir, disk.Options{})
	if !errors.Is(err, kv.ErrFormat) {
		t.Errorf("a directory of the future: %v", err)
	}
	t.Log(err)
	if _, err := disk.Open(filepath.Join(dir, "ROWKEY"), disk.Options{}); err == nil {
		t.Error("opened a file")
	}
}
