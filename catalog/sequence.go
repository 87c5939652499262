package catalog

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Sequences hands out sequence values. They are not part of any transaction:
// a value once given is never given again, whatever becomes of the
// transaction that asked. The store holds, for each sequence, a value up to which
// numbers may have been given out; memory holds the exact position. A crash skips
// the rest of a block, as PostgreSQL does (it logs 32 values ahead).
//
// A block's record needs no sync of its own: a commit that uses a value comes later
// in the store's order, so it cannot survive a crash that the record does not. But a
// transaction that only told its client the value makes the record durable (Sync).
//
// Safe for concurrent use.
type Sequences struct {
	store kv.Store
	mu    sync.Mutex
	seqs  map[OID]*seqState
}

// logAhead is how many values one record in the store covers.
const logAhead = 32

type seqState struct {
	mu     sync.Mutex
	loaded bool
	last   int64 // last value given, or the value the next call gives if !called
	called bool
	ahead  int // values that may still be given before the store must know
	// unsynced holds the store's record while a crash may lose it.
	unsynced []byte
}

// NewSequences serves the sequences of a store.
func NewSequences(store kv.Store) *Sequences {
	return &Sequences{store: store, seqs: map[OID]*seqState{}}
}

// SequenceKey is where a sequence's position is stored: /Sequence/<oid>.
func SequenceKey(seq OID) []byte {
	return keyenc.AppendUint32(keyenc.AppendKind(nil, keyenc.KindSequence), uint32(seq))
}

// ErrSequenceLimit tells that a sequence is used up; Max says at which end.
type ErrSequenceLimit struct {
	Name  string
	Max   bool
	Limit int64
}

// Error gives PostgreSQL's message.
func (e *ErrSequenceLimit) Error() string {
	end := "minimum"
	if e.Max {
		end = "maximum"
	}
	return fmt.Sprintf("nextval: reached %s value of sequence %q (%d)", end, e.Name, e.Limit)
}

func (s *Sequences) state(desc *Sequence) (*seqState, error) {
	s.mu.Lock()
	st := s.seqs[desc.OID]
	if st == nil {
		st = &seqState{}
		s.seqs[desc.OID] = st
	}
	s.mu.Unlock()
	st.mu.Lock()
	if st.loaded {
		return st, nil
	}
	snap := s.store.Snapshot()
	defer snap.Close()
	v, ok, err := snap.Get(SequenceKey(desc.OID))
	switch {
	case err != nil:
	case !ok:
		st.last, st.called = desc.Start, false
	case len(v) != 9:
		err = fmt.Errorf("catalog: the position of sequence %s at %s is damaged", desc.Name, keyenc.Pretty(SequenceKey(desc.OID)))
	default:
		st.last, st.called = int64(binary.BigEndian.Uint64(v)), v[8] != 0
	}
	if err != nil {
		st.mu.Unlock()
		return nil, err
	}
	st.loaded, st.ahead = true, 0
	return st, nil
}

// SequenceRecord is what is stored of a sequence's position.
func SequenceRecord(last int64, called bool) []byte {
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 9), uint64(last))
	if called {
		return append(v, 1)
	}
	return append(v, 0)
}

// save stores a sequence's position; st.mu is held.
func (s *Sequences) save(ctx context.Context, oid OID, st *seqState, record []byte, sync bool) error {
	txn, err := s.store.Begin(ctx, kv.TxnOptions{NoSync: !sync})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if err := txn.PutCovered(SequenceKey(oid), record); err != nil {
		return err
	}
	if err := txn.Commit(ctx); err != nil {
		return err
	}
	st.unsynced = record
	if sync {
		st.unsynced = nil
	}
	return nil
}

// Sync makes durable what was given of a sequence. A transaction that used it and wrote
// nothing does so in place of a commit.
func (s *Sequences) Sync(ctx context.Context, desc *Sequence) error {
	st, err := s.state(desc)
	if err != nil {
		return err
	}
	defer st.mu.Unlock()
	if st.unsynced == nil {
		return nil
	}
	return s.save(ctx, desc.OID, st, st.unsynced, true)
}

// Next advances a sequence and gives its new value.
func (s *Sequences) Next(ctx context.Context, desc *Sequence) (int64, error) {
	st, err := s.state(desc)
	if err != nil {
		return 0, err
	}
	defer st.mu.Unlock()
	next, err := desc.step(st.last, st.called)
	if err != nil {
		return 0, err
	}
	if st.ahead == 0 {
		last, n := next, 0
		for n < logAhead {
			v, err := desc.step(last, true)
			if err != nil || (desc.Increment > 0) != (v > last) { // end, or a cycle's turn
				break
			}
			last, n = v, n+1
		}
		if err := s.save(ctx, desc.OID, st, SequenceRecord(last, true), false); err != nil {
			return 0, err
		}
		st.ahead = n
	} else {
		st.ahead--
	}
	st.last, st.called = next, true
	return next, nil
}

// step gives the value after last (last itself if it was not given yet).
func (d *Sequence) step(last int64, called bool) (int64, error) {
	if !called {
		return last, nil
	}
	next := last + d.Increment
	if d.Increment > 0 && (next > d.Max || next < last) {
		if !d.Cycle {
			return 0, &ErrSequenceLimit{Name: d.Name, Max: true, Limit: d.Max}
		}
		return d.Min, nil
	}
	if d.Increment < 0 && (next < d.Min || next > last) {
		if !d.Cycle {
			return 0, &ErrSequenceLimit{Name: d.Name, Limit: d.Min}
		}
		return d.Max, nil
	}
	return next, nil
}

// Set positions a sequence: setval and RESTART.
func (s *Sequences) Set(ctx context.Context, desc *Sequence, value int64, called bool) error {
	st, err := s.state(desc)
	if err != nil {
		return err
	}
	defer st.mu.Unlock()
	if err := s.save(ctx, desc.OID, st, SequenceRecord(value, called), false); err != nil {
		return err
	}
	st.last, st.called, st.ahead = value, called, 0
	return nil
}

// Position gives the last value given and whether any was (SELECT * FROM seq).
func (s *Sequences) Position(desc *Sequence) (last int64, called bool, err error) {
	st, err := s.state(desc)
	if err != nil {
		return 0, false, err
	}
	defer st.mu.Unlock()
	return st.last, st.called, nil
}
