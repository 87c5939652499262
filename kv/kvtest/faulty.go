package kvtest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"rowkey/kv"
)

// Faults says what goes wrong in a Faulty store, and how often: a probability from 0
// to 1 for each kind of operation.
type Faults struct {
	Read   float64 // Get and Next fail with Err
	Write  float64 // Put and Delete do
	Lock   float64 // Lock does
	Commit float64 // Commit does, and commits nothing
	Delay  float64 // any of them takes up to MaxDelay longer
	// Err is the error to fail with; nil: kv.ErrIO.
	Err      error
	MaxDelay time.Duration
	Seed     uint64
}

// Faulty is s with faults, for the tests of those above it: whatever fails, they give
// an error, not a wrong answer, and what was not committed leaves no trace.
func Faulty(s kv.Store, f Faults) *FaultyStore {
	if f.Err == nil {
		f.Err = kv.ErrIO
	}
	return &FaultyStore{Store: s, faults: f, rnd: rand.New(rand.NewPCG(f.Seed, 1)), on: true}
}

// FaultyStore is a kv.Store that fails at random.
type FaultyStore struct {
	kv.Store
	mu     sync.Mutex
	faults Faults
	rnd    *rand.Rand
	on     bool
	count  int
}

// Enable switches the faults on or off.
func (s *FaultyStore) Enable(on bool) {
	s.mu.Lock()
	s.on = on
	s.mu.Unlock()
}

// Count is how many errors were injected.
func (s *FaultyStore) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *FaultyStore) strike(probability float64) error {
	s.mu.Lock()
	var wait time.Duration
	var err error
	if s.on {
		if s.faults.MaxDelay > 0 && s.rnd.Float64() < s.faults.Delay {
			wait = time.Duration(s.rnd.Int64N(int64(s.faults.MaxDelay)))
		}
		if s.rnd.Float64() < probability {
			err = s.faults.Err
			s.count++
		}
	}
	s.mu.Unlock()
	if wait > 0 {
		time.Sleep(wait)
	}
	return err
}

// Begin implements kv.Store.
func (s *FaultyStore) Begin(ctx context.Context, opts kv.TxnOptions) (kv.Txn, error) {
	txn, err := s.Store.Begin(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &faultyTxn{txn, s}, nil
}

// Snapshot implements kv.Store.
func (s *FaultyStore) Snapshot() kv.Snapshot { return faultySnapshot{s.Store.Snapshot(), s} }

type faultySnapshot struct {
	kv.Snapshot
	s *FaultyStore
}

func (n faultySnapshot) Get(key []byte) ([]byte, bool, error) {
	if err := n.s.strike(n.s.faults.Read); err != nil {
		return nil, false, kv.AtKey(err, key)
	}
	return n.Snapshot.Get(key)
}

func (n faultySnapshot) GetAll(keys, values [][]byte) error {
	if err := n.s.strike(n.s.faults.Read); err != nil {
		return err
	}
	return n.Snapshot.GetAll(keys, values)
}

func (n faultySnapshot) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	return faultyIter{n.Snapshot.Scan(r, opts), n.s}
}

type faultyIter struct {
	kv.Iterator
	s *FaultyStore
}

func (it faultyIter) Next(b *kv.PairBatch) (int, error) {
	if err := it.s.strike(it.s.faults.Read); err != nil {
		b.Clear()
		return 0, err
	}
	return it.Iterator.Next(b)
}

type faultyTxn struct {
	kv.Txn
	s *FaultyStore
}

func (t *faultyTxn) Get(key []byte) ([]byte, bool, error) {
	if err := t.s.strike(t.s.faults.Read); err != nil {
		return nil, false, kv.AtKey(err, key)
	}
	return t.Txn.Get(key)
}

func (t *faultyTxn) GetAll(keys, values [][]byte) error {
	if err := t.s.strike(t.s.faults.Read); err != nil {
		return err
	}
	return t.Txn.GetAll(keys, values)
}

func (t *faultyTxn) GetLatest(key []byte) ([]byte, bool, error) {
	if err := t.s.strike(t.s.faults.Read); err != nil {
		return nil, false, kv.AtKey(err, key)
	}
	return t.Txn.GetLatest(key)
}

func (t *faultyTxn) GetAllLatest(keys, values [][]byte) error {
	if err := t.s.strike(t.s.faults.Read); err != nil {
		return err
	}
	return t.Txn.GetAllLatest(keys, values)
}

func (t *faultyTxn) NoneIn(r kv.Range) bool {
	return t.s.strike(t.s.faults.Read) == nil && t.Txn.NoneIn(r)
}

func (t *faultyTxn) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	return faultyIter{t.Txn.Scan(r, opts), t.s}
}

func (t *faultyTxn) ScanLatest(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	return faultyIter{t.Txn.ScanLatest(r, opts), t.s}
}

func (t *faultyTxn) Put(key, value []byte) error {
	if err := t.s.strike(t.s.faults.Write); err != nil {
		return err
	}
	return t.Txn.Put(key, value)
}

func (t *faultyTxn) Delete(key []byte) error {
	if err := t.s.strike(t.s.faults.Write); err != nil {
		return err
	}
	return t.Txn.Delete(key)
}

func (t *faultyTxn) PutCovered(key, value []byte) error {
	if err := t.s.strike(t.s.faults.Write); err != nil {
		return err
	}
	return t.Txn.PutCovered(key, value)
}

func (t *faultyTxn) DeleteCovered(key []byte) error {
	if err := t.s.strike(t.s.faults.Write); err != nil {
		return err
	}
	return t.Txn.DeleteCovered(key)
}

func (t *faultyTxn) Lock(ctx context.Context, key []byte, opts kv.LockOptions) (kv.LockResult, error) {
	if err := t.s.strike(t.s.faults.Lock); err != nil {
		return kv.LockResult{}, err
	}
	return t.Txn.Lock(ctx, key, opts)
}

func (t *faultyTxn) TryLockAll(keys [][]byte, mode kv.LockMode) bool {
	return t.s.strike(t.s.faults.Lock) == nil && t.Txn.TryLockAll(keys, mode)
}

func (t *faultyTxn) Commit(ctx context.Context) error {
	if t.Txn.HasWrites() {
		if err := t.s.strike(t.s.faults.Commit); err != nil {
			t.Txn.Rollback()
			return err
		}
	}
	return t.Txn.Commit(ctx)
}
