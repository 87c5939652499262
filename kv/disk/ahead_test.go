package disk

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"rowkey/kv"
)

// # A commit of many keys is seen whole as soon as it is acknowledged, though they go into
// Pebble's list meanwhile: by scans, by look-ups of rows too large to be remembered, and by
// the next commit; and a snapshot from before goes on to see what it saw.
func TestReadersBesideAhead(t *testing.T) {
	s, err := Open(t.TempDir(), Options{MemtableBytes: 1 << 20, CacheBytes: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	const keys = 300
	all := kv.Range{Start: []byte("k"), End: []byte("l")}
	// same fails unless the snapshot has one round's values, not before that of at least.
	same := func(sn kv.Snapshot, least int) (round int) {
		it := sn.Scan(all, kv.ScanOptions{})
		defer it.Close()
		var b kv.PairBatch
		n, first := 0, ""
		for {
			got, err := it.Next(&b)
			if err != nil {
				t.Error(err)
				return
			}
			if got == 0 {
				break
			}
			for _, v := range b.Values {
				if n++; first == "" {
					first = string(v[:8])
				}
				if string(v[:8]) != first {
					t.Errorf("values of rounds %s and %s", first, v[:8])
					return
				}
			}
		}
		if round, _ = strconv.Atoi(first); round < least || n != keys && n > 0 {
			t.Errorf("%d keys of round %q, after round %d", n, first, least)
		}
		return round
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for last := 0; ; {
				select {
				case <-stop:
					return
				default:
				}
				sn := s.Snapshot()
				last = same(sn, last)
				time.Sleep(time.Millisecond)
				same(sn, last)
				sn.Close()
			}
		})
	}
	for round := 1; round <= 150 && !t.Failed(); round++ {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		value := fmt.Appendf(nil, "%08d", round)
		for i := range keys {
			v := value
			if i%100 == 7 {
				v = append(bytes.Clone(value), make([]byte, maxRowBytes)...)
			}
			if err := txn.Put(fmt.Appendf(nil, "k%05d", (i*7919)%keys), v); err != nil {
				t.Fatal(err)
			}
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		sn := s.Snapshot()
		v, ok, err := sn.Get(fmt.Appendf(nil, "k%05d", (7*7919)%keys))
		if err != nil || !ok || !bytes.HasPrefix(v, value) {
			t.Fatalf("round %d: %.8q, %v, %v", round, v, ok, err)
		}
		if round%2 == 0 {
			same(sn, round)
		}
		sn.Close()
	}
	close(stop)
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
