package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"rowkey/kv"
)

// RunDurable checks what must survive closing and opening again. open opens, or opens
// again, the store in dir.
func RunDurable(t *testing.T, open func(dir string) (kv.Store, error)) {
	t.Run("Reopen", func(t *testing.T) {
		dir := t.TempDir()
		expect := ""
		seq := uint64(0)
		for i := range 5 {
			s, err := open(dir)
			must(t, err)
			if s.Seq() != seq {
				t.Fatalf("reopened at number %d, closed at %d", s.Seq(), seq)
			}
			sn := s.Snapshot()
			want(t, show(t, sn, all, kv.ScanOptions{}), expect)
			must(t, sn.Close())
			put(t, s, fmt.Sprintf("k%d=%d", i, i), "k0=again", "gone=1")
			put(t, s, "gone")
			if i == 3 {
				must(t, s.DropRange(bg, rng("k1", "k3")))
			}
			open := begin(t, s, kv.TxnOptions{})
			write(t, open, "uncommitted=1")
			sn = s.Snapshot()
			expect = show(t, sn, all, kv.ScanOptions{})
			must(t, sn.Close())
			seq = s.Seq()
			must(t, s.Close())
		}
		want(t, expect, "k0=again k3=3 k4=4")
	})
	t.Run("OneOpenerAtATime", func(t *testing.T) {
		dir := t.TempDir()
		s, err := open(dir)
		must(t, err)
		if _, err := open(dir); !errors.Is(err, kv.ErrInUse) {
			t.Errorf("a second opening gives %v", err)
		}
		must(t, s.Close())
		s, err = open(dir)
		must(t, err)
		must(t, s.Close())
	})
	t.Run("SamplesSurvive", func(t *testing.T) {
		dir := t.TempDir()
		s, err := open(dir)
		must(t, err)
		loadMany(t, s, 40000)
		must(t, s.Close())
		s, err = open(dir)
		must(t, err)
		sn := s.Snapshot()
		if keys, _ := sn.EstimateKeys(all); keys < 20000 || keys > 80000 {
			t.Errorf("40000 keys are estimated as %d", keys)
		}
		if parts := sn.SplitRange(all, 4); len(parts) != 4 {
			t.Errorf("%d parts", len(parts))
		}
		must(t, sn.Close())
		must(t, s.Close())
	})
}
