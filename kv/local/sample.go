package local

import (
	"bytes"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/google/btree"

	"rowkey/kv"
)

// Sampler keeps every 256th key or so, chosen by a fixed hash, so that the size of a
// range can be guessed and the range cut into equal parts without walking it. It
// follows the newest state, whatever the reader's version. Safe for concurrent use.
type Sampler struct {
	mu   sync.RWMutex
	tree [len(sampleRates)]*btree.BTreeG[sample]
}

// sampleRates are how many keys a sample stands for: the fine level is precise, the
// coarser ones, each a part of the one before, are fast for large ranges.
var sampleRates = [...]uint64{256, 2048, 16384}

type sample struct {
	key   []byte
	bytes int64 // of the pair
}

// NewSampler returns an empty Sampler.
func NewSampler() *Sampler {
	s := new(Sampler)
	for i := range s.tree {
		s.tree[i] = btree.NewG(32, func(a, b sample) bool { return bytes.Compare(a.key, b.key) < 0 })
	}
	return s
}

// Wants reports whether key is one of the samples.
func (s *Sampler) Wants(key []byte) bool { return xxhash.Sum64(key)%sampleRates[0] == 0 }

// Put remembers a key that Wants wants, with the size of its pair. The key is kept.
func (s *Sampler) Put(key []byte, bytes int64) {
	h := xxhash.Sum64(key)
	s.mu.Lock()
	for i, rate := range sampleRates {
		if h%rate == 0 {
			s.tree[i].ReplaceOrInsert(sample{key, bytes})
		}
	}
	s.mu.Unlock()
}

// Delete forgets a key.
func (s *Sampler) Delete(key []byte) {
	s.mu.Lock()
	for i := range s.tree {
		s.tree[i].Delete(sample{key: key})
	}
	s.mu.Unlock()
}

// DeleteRange forgets the keys of r.
func (s *Sampler) DeleteRange(r kv.Range) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.tree {
		var gone []sample
		s.walk(i, r, func(x sample) bool { gone = append(gone, x); return true })
		for _, x := range gone {
			s.tree[i].Delete(x)
		}
	}
}

func (s *Sampler) walk(level int, r kv.Range, visit func(sample) bool) {
	s.tree[level].AscendGreaterOrEqual(sample{key: r.Start}, func(x sample) bool {
		if r.End != nil && bytes.Compare(x.key, r.End) >= 0 {
			return false
		}
		return visit(x)
	})
}

// enough is how many coarse samples make looking at finer ones needless: the guess is
// then off by about a sixth.
const enough = 40

// level chooses the coarsest level that has enough samples of r.
func (s *Sampler) level(r kv.Range, enough int) int {
	for i := len(sampleRates) - 1; i > 0; i-- {
		n := 0
		s.walk(i, r, func(sample) bool { n++; return n < enough })
		if n >= enough {
			return i
		}
	}
	return 0
}

// Estimate guesses the number of keys of r and the bytes of their pairs.
func (s *Sampler) Estimate(r kv.Range) (keys, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := s.level(r, enough)
	s.walk(l, r, func(x sample) bool {
		keys++
		bytes += x.bytes
		return true
	})
	rate := int64(sampleRates[l])
	return keys * rate, bytes * rate
}

// Split cuts r into at most n parts of about equal numbers of keys.
func (s *Sampler) Split(r kv.Range, n int) []kv.Range {
	if n <= 1 || r.Empty() {
		return []kv.Range{r}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var keys [][]byte
	s.walk(s.level(r, 16*n), r, func(x sample) bool {
		keys = append(keys, x.key)
		return true
	})
	out := make([]kv.Range, 0, n)
	start := r.Start
	for i := 1; i < n; i++ {
		at := i * len(keys) / n
		if at >= len(keys) || bytes.Compare(keys[at], start) <= 0 {
			continue
		}
		out = append(out, kv.Range{Start: start, End: keys[at]})
		start = keys[at]
	}
	return append(out, kv.Range{Start: start, End: r.End})
}

// exactUpTo is how many keys EstimateKeys counts before it turns to samples.
const exactUpTo = 128

var estimateBatches = sync.Pool{New: func() any { return &kv.PairBatch{Max: exactUpTo + 1} }}

// EstimateKeys is Reader.EstimateKeys for a view with samples.
func EstimateKeys(v kv.Reader, s *Sampler, r kv.Range) (keys, bytes int64) {
	it := v.Scan(r, kv.ScanOptions{Limit: exactUpTo + 1})
	defer it.Close()
	b := estimateBatches.Get().(*kv.PairBatch)
	defer estimateBatches.Put(b)
	n, err := it.Next(b)
	if err != nil {
		return 0, 0
	}
	for i := range b.Keys {
		bytes += int64(len(b.Keys[i]) + len(b.Values[i]))
	}
	if n <= exactUpTo {
		return int64(n), bytes
	}
	k, by := s.Estimate(r)
	return max(k, int64(n)), max(by, bytes)
}
