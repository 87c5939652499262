package disk_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"rowkey/kv"
	"rowkey/kv/disk"
)

const benchEntries = 1_000_000

func benchKey(key []byte, i int) []byte {
	key = append(key[:0], 2, 0, 0, 0, 1, 0, 0, 0)
	return binary.BigEndian.AppendUint64(key, uint64(i))
}

// benchValue is half text that compresses, half noise, as rows are.
func benchValue(r *rand.Rand, v []byte) {
	for i := range v[:len(v)/2] {
		v[i] = "the quick brown fox jumps over the lazy dog "[i%44]
	}
	for i := len(v) / 2; i < len(v); i++ {
		v[i] = byte(r.Uint32())
	}
}

func load(tb testing.TB, s kv.Store, n, batch int) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 1))
	var key []byte
	value := make([]byte, 100)
	for i := 0; i < n; {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			tb.Fatal(err)
		}
		for j := 0; j < batch && i < n; j++ {
			benchValue(r, value)
			key = benchKey(key, i)
			if err := txn.PutCovered(key, value); err != nil {
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
		dir := b.TempDir()
		s := open(b, dir, disk.Options{})
		load(b, s, benchEntries, 10_000)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		size := int64(0)
		filepath.Walk(dir, func(_ string, f os.FileInfo, err error) error {
			if err == nil {
				size += f.Size()
			}
			return nil
		})
		b.ReportMetric(float64(size)/benchEntries, "disk-B/entry")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchEntries, "ns/entry")
}

func loaded(b *testing.B) kv.Store {
	dir := b.TempDir()
	s, err := disk.Open(dir, disk.Options{})
	if err != nil {
		b.Fatal(err)
	}
	load(b, s, benchEntries, 10_000)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return open(b, dir, disk.Options{CacheBytes: 512 << 20})
}

func BenchmarkScan1M(b *testing.B) {
	s := loaded(b)
	var batch kv.PairBatch
	for b.Loop() {
		sn := s.Snapshot()
		it := sn.Scan(kv.Range{}, kv.ScanOptions{})
		n := 0
		for {
			m, err := it.Next(&batch)
			if err != nil {
				b.Fatal(err)
			}
			if m == 0 {
				break
			}
			n += m
		}
		if n != benchEntries {
			b.Fatal(n)
		}
		it.Close()
		sn.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchEntries, "ns/entry")
}

func BenchmarkGet1M(b *testing.B) {
	s := loaded(b)
	sn := s.Snapshot()
	defer sn.Close()
	var key []byte
	b.ReportAllocs()
	for b.Loop() {
		key = benchKey(key, rand.IntN(benchEntries))
		if _, ok, err := sn.Get(key); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkGetScattered asks for keys that are too many to be remembered.
func BenchmarkGetScattered(b *testing.B) {
	dir := b.TempDir()
	s, err := disk.Open(dir, disk.Options{})
	if err != nil {
		b.Fatal(err)
	}
	load(b, s, benchEntries, 10_000)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	s = open(b, dir, disk.Options{CacheBytes: 64 << 20})
	sn := s.Snapshot()
	defer sn.Close()
	var key []byte
	for range 300_000 {
		key = benchKey(key, rand.IntN(benchEntries))
		if _, ok, err := sn.Get(key); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		key = benchKey(key, rand.IntN(benchEntries))
		if _, ok, err := sn.Get(key); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkShortScan reads 10 pairs with a fresh iterator, and with one that is Reset.
func BenchmarkShortScan(b *testing.B) {
	s := loaded(b)
	sn := s.Snapshot()
	defer sn.Close()
	var from, to []byte
	batch := kv.PairBatch{Max: 10}
	next := func(b *testing.B, it kv.Iterator) {
		if n, err := it.Next(&batch); n != 10 || err != nil {
			b.Fatal(n, err)
		}
	}
	bounds := func() kv.Range {
		i := rand.IntN(benchEntries - 10)
		from, to = benchKey(from, i), benchKey(to, i+10)
		return kv.Range{Start: from, End: to}
	}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			it := sn.Scan(bounds(), kv.ScanOptions{})
			next(b, it)
			it.Close()
		}
	})
	b.Run("reset", func(b *testing.B) {
		b.ReportAllocs()
		it := sn.Scan(bounds(), kv.ScanOptions{})
		defer it.Close()
		for b.Loop() {
			it.Reset(bounds())
			next(b, it)
		}
	})
}

func BenchmarkDurablePut1(b *testing.B) { benchmarkDurablePut(b, 1) }

func BenchmarkDurablePut16(b *testing.B) { benchmarkDurablePut(b, 16) }

func benchmarkDurablePut(b *testing.B, writers int) {
	s := open(b, b.TempDir(), disk.Options{})
	ctx := context.Background()
	value := make([]byte, 100)
	var at atomic.Int64
	b.SetParallelism(writers / 2)
	put := func() {
		key := benchKey(nil, int(at.Add(1)*7919%1_000_003))
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err == nil {
			err = txn.Put(key, value)
		}
		if err == nil {
			err = txn.Commit(ctx)
		}
		if err != nil {
			b.Error(err)
		}
	}
	b.ReportAllocs()
	if writers == 1 {
		for b.Loop() {
			put()
		}
	} else {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				put()
			}
		})
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	b.ReportMetric(float64(b.N)/float64(max(1, s.Stats().Syncs)), "commits/sync")
}

func BenchmarkDurableBatch1000(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	ctx := context.Background()
	value := make([]byte, 100)
	var key []byte
	i := 0
	for b.Loop() {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for range 1000 {
			key = benchKey(key, i)
			i++
			if err := txn.Put(key, value); err != nil {
				b.Fatal(err)
			}
		}
		if err := txn.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds()/1000, "krows/s")
}

// BenchmarkCommit is a durable commit of one small row, alone.
func BenchmarkCommit(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	ctx := context.Background()
	value := make([]byte, 60)
	var key []byte
	for i := 0; b.Loop(); i++ {
		txn, err := s.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			b.Fatal(err)
		}
		key = benchKey(key, i)
		if err := txn.Put(key, value); err != nil {
			b.Fatal(err)
		}
		if err := txn.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
