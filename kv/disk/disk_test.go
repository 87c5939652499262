package disk_test

import (
	"testing"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/kvtest"
)

func open(t testing.TB, dir string, opts disk.Options) kv.Store {
	t.Helper()
	opts.CacheBytes = 32 << 20
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
