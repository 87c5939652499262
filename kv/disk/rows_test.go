package disk

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowkey/kv"
)

func seeded(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	return seed
}

// lookups compares what Get and GetAll tell of some keys with what the iterator tells,
// which knows nothing of the remembered rows.
func lookups(r kv.Reader, rnd *rand.Rand, key func() []byte) error {
	keys := make([][]byte, 1+rnd.IntN(40))
	for i := range keys {
		keys[i] = key()
	}
	want := make([][]byte, len(keys))
	for i, k := range keys {
		it := r.Scan(kv.Range{Start: k, End: kv.KeyAfter(k)}, kv.ScanOptions{})
		err := kv.Each(it, func(_, v []byte) error {
			want[i] = append([]byte{}, v...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for range 2 { // the second time, from what the first left
		got := make([][]byte, len(keys))
		if rnd.IntN(2) == 0 {
			if err := r.GetAll(keys, got); err != nil {
				return err
			}
		} else {
			for i, k := range keys {
				v, ok, err := r.Get(k)
				if err != nil {
					return err
				}
				if ok != (v != nil) {
					return fmt.Errorf("get %x: %v with %q", k, ok, v)
				}
				got[i] = v
			}
		}
		for i := range keys {
			if !bytes.Equal(got[i], want[i]) || (got[i] == nil) != (want[i] == nil) {
				return fmt.Errorf("%x is %.20q, the iterator says %.20q", keys[i], got[i], want[i])
			}
		}
	}
	return nil
}

// # What is remembered of rows is what is stored: after commits small and large, deletions,
// dropped ranges and transactions that went to files; for old snapshots and new, for
// readers beside them, with room for everything and for hardly anything.
func TestRows(t *testing.T) {
	for _, room := range []int64{0, 64 << 10} {
		t.Run(fmt.Sprint(room), func(t *testing.T) { testRows(t, room) })
	}
}

func testRows(t *testing.T, room int64) {
	seed := seeded(t)
	opened, err := Open(t.TempDir(), Options{CacheBytes: 8 * room, NoSync: true, TxnBytes: 400 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	e := opened.(*Store).e
	e.rows.setEvery(1)
	ctx := context.Background()
	keyOf := func(rnd *rand.Rand) []byte {
		switch rnd.IntN(3) {
		case 0:
			return fmt.Appendf(nil, "dense/%03d", rnd.IntN(300))
		case 1:
			return fmt.Appendf(nil, "sparse/%09d", rnd.IntN(1_000_000_000))
		default:
			return fmt.Appendf(nil, "some/%05d", rnd.IntN(5000))
		}
	}
	var stop atomic.Bool
	var readers sync.WaitGroup
	failed := make(chan error, 8)
	for n := range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			rnd := rand.New(rand.NewPCG(seed, uint64(n)))
			for !stop.Load() {
				s := opened.Snapshot()
				for range 1 + rnd.IntN(5) {
					if err := lookups(s, rnd, func() []byte { return keyOf(rnd) }); err != nil {
						failed <- fmt.Errorf("reader: %w", err)
						s.Close()
						return
					}
				}
				s.Close()
			}
		}()
	}
	rnd := rand.New(rand.NewPCG(seed, 99))
	key := func() []byte { return keyOf(rnd) }
	var old kv.Snapshot
	until := time.Now().Add(2 * time.Second)
	for step := 0; time.Now().Before(until) && len(failed) == 0; step++ {
		newest := opened.Snapshot()
		if err := lookups(newest, rnd, key); err != nil {
			t.Fatal(err)
		}
		newest.Close()
		if old == nil {
			old = opened.Snapshot()
		} else if err := lookups(old, rnd, key); err != nil {
			t.Fatalf("old snapshot: %v", err)
		} else if rnd.IntN(10) == 0 {
			old.Close()
			old = nil
		}
		if rnd.IntN(200) == 0 {
			a, b := key(), key()
			if bytes.Compare(a, b) > 0 {
				a, b = b, a
			}
			if err := opened.DropRange(ctx, kv.Range{Start: a, End: b}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if rnd.IntN(20) == 0 {
			if err := e.handOver(false); err != nil {
				t.Fatal(err)
			}
		}
		txn, err := opened.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		writes := 1 + rnd.IntN(20)
		switch rnd.IntN(100) {
		case 0:
			writes = 10_000 // in files
		case 1, 2, 3:
			writes = 1500
		}
		deletes := rnd.IntN(4) == 0
		for range writes {
			k := key()
			kind := rnd.IntN(8)
			if deletes {
				kind = 0
			}
			switch kind {
			case 0, 1, 2:
				err = txn.DeleteCovered(k)
			case 3:
				err = txn.PutCovered(k, bytes.Repeat([]byte("x"), 1+rnd.IntN(min(2*maxRowBytes, 100_000/writes))))
			default:
				err = txn.PutCovered(k, fmt.Append(nil, step))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if rnd.IntN(10) == 0 {
			txn.Rollback()
			continue
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	readers.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
	if old != nil {
		old.Close()
	}
	checkRows(t, &e.rows)
}

// checkRows holds what may be forgotten against the room that there is for it.
func checkRows(t *testing.T, r *rows) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(r.seq, r.over.Len()+100)
	if n := r.over.OldBytes(); n > r.most {
		t.Errorf("%d bytes may be forgotten, %d are allowed", n, r.most)
	}
}

// # Asking for keys that are not there soon asks nobody: a few gaps tell of all.
func TestRowsGaps(t *testing.T) {
	s, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := s.(*Store).e
	rnd := rand.New(rand.NewPCG(seeded(t), 1))
	snap := s.Snapshot()
	defer snap.Close()
	for range admitted {
		if _, _, err := snap.Get([]byte("key:")); err != nil {
			t.Fatal(err)
		}
	}
	for range 5000 {
		if _, ok, err := snap.Get(fmt.Appendf(nil, "key:%012d", rnd.IntN(1<<40))); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if n := e.rows.over.Len(); n != 1 {
		t.Errorf("%d entries tell that nothing is there", n)
	}
	ctx := context.Background()
	for i := range 100 {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		k := fmt.Appendf(nil, "key:%012d", i*1000)
		if err := txn.Put(k, k); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	after := s.Snapshot()
	defer after.Close()
	v := e.rows.newest
	for i := range 100 {
		for _, n := range []int{i*1000 - 1, i * 1000, i*1000 + 1, i*1000 + 999} {
			if n < 0 {
				continue
			}
			k := fmt.Appendf(nil, "key:%012d", n)
			value, ok, known := v.layers.Load().find(k)
			if want := n%1000 == 0; i > 0 && (!known || ok != want || ok && !bytes.Equal(value, k)) {
				t.Fatalf("%s: %v %v %q", k, known, ok, value)
			}
		}
	}
}
