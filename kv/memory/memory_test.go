package memory_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"rowkey/kv"
	"rowkey/kv/kvtest"
	"rowkey/kv/memory"
)

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store {
		s := memory.New()
		t.Cleanup(func() { s.Close() })
		return s
	})
}

func fill(tb testing.TB, s kv.Store, n int) {
	ctx := context.Background()
	val := make([]byte, 100)
	key := make([]byte, 16)
	for i := 0; i < n; {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			tb.Fatal(err)
		}
		for j := 0; j < 10000 && i < n; j++ {
			binary.BigEndian.PutUint64(key[8:], uint64(i))
			key[0] = 2
			if err := txn.PutCovered(key, val); err != nil {
				tb.Fatal(err)
			}
			i++
		}
		if err := txn.Commit(ctx); err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkLoad1M(b *testing.B) {
	for b.Loop() {
		fill(b, memory.New(), 1_000_000)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/entry")
}

func BenchmarkScan1M(b *testing.B) {
	s := memory.New()
	fill(b, s, 1_000_000)
	var batch kv.PairBatch
	for b.Loop() {
		sn := s.Snapshot()
		it := sn.Scan(kv.Range{}, kv.ScanOptions{})
		n, sum := 0, 0
		for {
			m, _ := it.Next(&batch)
			if m == 0 {
				break
			}
			n += m
			for _, v := range batch.Values {
				sum += int(v[0])
			}
		}
		if n != 1_000_000 {
			b.Fatal(n)
		}
		it.Close()
		sn.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/entry")
}

func BenchmarkGet1M(b *testing.B) {
	s := memory.New()
	fill(b, s, 1_000_000)
	txn, _ := s.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
	key := make([]byte, 16)
	key[0] = 2
	b.ReportAllocs()
	for b.Loop() {
		binary.BigEndian.PutUint64(key[8:], uint64(rand.IntN(1_000_000)))
		if _, ok, _ := txn.Get(key); !ok {
			b.Fatal("missing")
		}
	}
}

func BenchmarkGetAll1M(b *testing.B) {
	s := memory.New()
	fill(b, s, 1_000_000)
	snap := s.Snapshot()
	defer snap.Close()
	keys, values := make([][]byte, 10), make([][]byte, 10)
	for i := range keys {
		keys[i] = make([]byte, 16)
		keys[i][0] = 2
	}
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		for _, k := range keys {
			binary.BigEndian.PutUint64(k[8:], uint64(r.IntN(1_000_000)))
		}
		if err := snap.GetAll(keys, values); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAutocommitPut(b *testing.B) {
	ctx := context.Background()
	s := memory.New()
	fill(b, s, 100_000)
	key := make([]byte, 16)
	key[0] = 2
	val := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		binary.BigEndian.PutUint64(key[8:], uint64(rand.IntN(100_000)))
		txn, _ := s.Begin(ctx, kv.TxnOptions{})
		txn.Put(key, val)
		if err := txn.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadOnlyBegin(b *testing.B) {
	ctx := context.Background()
	s := memory.New()
	fill(b, s, 100)
	key := make([]byte, 16)
	key[0] = 2
	b.ReportAllocs()
	for b.Loop() {
		txn, _ := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		txn.Get(key)
		txn.Rollback()
	}
}

func BenchmarkReadWriteBegin(b *testing.B) {
	ctx := context.Background()
	s := memory.New()
	fill(b, s, 100)
	key := make([]byte, 16)
	key[0] = 2
	b.ReportAllocs()
	for b.Loop() {
		txn, _ := s.Begin(ctx, kv.TxnOptions{})
		txn.Get(key)
		txn.Rollback()
	}
}

// BenchmarkInsertRows is what an INSERT of a thousand rows does to a table with one
// unique and one other index, per row.
func BenchmarkInsertRows(b *testing.B) {
	ctx := context.Background()
	s := memory.New()
	row, entry := make([]byte, 16), make([]byte, 24)
	row[0], entry[0], entry[1] = 2, 2, 1
	val := make([]byte, 100)
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		txn, _ := s.Begin(ctx, kv.TxnOptions{})
		for range 1000 {
			n++
			binary.BigEndian.PutUint64(row[8:], n)
			if _, err := txn.Lock(ctx, row, kv.LockOptions{Mode: kv.LockUpdate, Newest: true}); err != nil {
				b.Fatal(err)
			}
			if _, ok, err := txn.GetLatest(row); ok || err != nil {
				b.Fatal(ok, err)
			}
			if err := txn.Put(row, val); err != nil {
				b.Fatal(err)
			}
			binary.BigEndian.PutUint64(entry[8:], rand.Uint64())
			binary.BigEndian.PutUint64(entry[16:], n)
			if err := txn.PutCovered(entry, nil); err != nil {
				b.Fatal(err)
			}
		}
		if err := txn.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}

// BenchmarkUpdateRow is an UPDATE of one row by key in its own transaction.
func BenchmarkUpdateRow(b *testing.B) {
	ctx := context.Background()
	s := memory.New()
	fill(b, s, 100_000)
	key := make([]byte, 16)
	key[0] = 2
	val := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		binary.BigEndian.PutUint64(key[8:], uint64(rand.IntN(100_000)))
		txn, _ := s.Begin(ctx, kv.TxnOptions{})
		if _, _, err := txn.Get(key); err != nil {
			b.Fatal(err)
		}
		if res, err := txn.Lock(ctx, key, kv.LockOptions{Mode: kv.LockNoKeyUpdate}); err != nil || res.Changed {
			b.Fatal(res, err)
		}
		if err := txn.Put(key, val); err != nil {
			b.Fatal(err)
		}
		if err := txn.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEstimate(b *testing.B) {
	s := memory.New()
	fill(b, s, 1_000_000)
	sn := s.Snapshot()
	b.ReportAllocs()
	for b.Loop() {
		if keys, _ := sn.EstimateKeys(kv.Range{Start: []byte{2}}); keys < 500_000 {
			b.Fatal(keys)
		}
	}
}

func BenchmarkShortScan(b *testing.B) {
	s := memory.New()
	fill(b, s, 1_000_000)
	sn := s.Snapshot()
	from, to := make([]byte, 16), make([]byte, 16)
	from[0], to[0] = 2, 2
	var batch kv.PairBatch
	b.ReportAllocs()
	for b.Loop() {
		i := rand.IntN(1_000_000 - 10)
		binary.BigEndian.PutUint64(from[8:], uint64(i))
		binary.BigEndian.PutUint64(to[8:], uint64(i+10))
		it := sn.Scan(kv.Range{Start: from, End: to}, kv.ScanOptions{})
		if n, err := it.Next(&batch); n != 10 || err != nil {
			b.Fatal(n, err)
		}
		it.Close()
	}
}

// BenchmarkParallelUpdate is 16 sessions updating rows by key: of many, and of ten.
func BenchmarkParallelUpdate(b *testing.B) {
	for _, rows := range []int{100_000, 10} {
		b.Run(fmt.Sprint("rows=", rows), func(b *testing.B) {
			ctx := context.Background()
			s := memory.New()
			fill(b, s, rows)
			val := make([]byte, 100)
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				key := make([]byte, 16)
				key[0] = 2
				for pb.Next() {
					binary.BigEndian.PutUint64(key[8:], uint64(rand.IntN(rows)))
					txn, _ := s.Begin(ctx, kv.TxnOptions{})
					if _, _, err := txn.Get(key); err != nil {
						b.Error(err)
					}
					if _, err := txn.Lock(ctx, key, kv.LockOptions{Mode: kv.LockNoKeyUpdate}); err != nil {
						b.Error(err)
					}
					if err := txn.Put(key, val); err != nil {
						b.Error(err)
					}
					if err := txn.Commit(ctx); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(s.Stats().LockWaits)/float64(b.N), "waits/op")
		})
	}
}

// # A transaction that writes more than it may is refused, and leaves nothing.
func TestTransactionTooLarge(t *testing.T) {
	s := memory.NewBounded(1 << 20)
	defer s.Close()
	txn, err := s.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; err == nil && i < 1<<20; i++ {
		err = txn.PutCovered(fmt.Append(nil, "key", i), []byte("value"))
	}
	if !errors.Is(err, kv.ErrTxnTooLarge) {
		t.Errorf("writing without end: %v", err)
	}
	txn.Rollback()
	if keys := s.Stats().Keys; keys != 0 {
		t.Errorf("%d keys are left", keys)
	}
}
