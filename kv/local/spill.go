package local

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"

	"rowkey/kv"
)

// Spiller is an Engine that takes transactions larger than memory.
//
//	put ──▶ tree in memory ──full──▶ run ──▶ run ──▶ …      sorted, immutable files
//	                                  └── newest last ──┘
//	Get, Scan    the tree, then the runs from the newest on: who wrote last, wins
//	Savepoint    the tree as it is and the list of runs: O(1), as ever
//	Commit       the runs become files of the engine, all at once (Ingest)
//	Rollback     the runs are removed
//
// See docs/adr/053.
type Spiller interface {
	Engine
	// NewSpill makes room for what one transaction cannot hold in memory.
	NewSpill() (Spill, error)
}

// Spill is the runs of one transaction. Its methods are called by the transaction's
// goroutine, those of its runs by any.
type Spill interface {
	// Write makes a run of the entries that walk hands out in the order of their keys.
	Write(walk func(func(Entry) error) error) (Run, error)

	// Prepare does what can be done for Ingest beforehand, without holding up the
	// commits of others, until ctx ends. w is final, and wholly in runs.
	Prepare(ctx context.Context, w *Buffer) error

	// Ingest makes what was prepared a commit: as Engine.Apply, and called like it.
	Ingest(seq uint64) error

	// Close removes the runs. Reading them fails from now on.
	Close()
}

// Run is a sorted file of writes, the last one of each key.
type Run interface {
	// Get returns the write of key, if any.
	Get(key []byte) (Entry, bool, error)
	// GetAll fills in those of es that have none yet (see Entry.None). keys are sorted.
	GetAll(keys [][]byte, es []Entry) error
	// Iter visits the run; Seek comes first.
	Iter() RunIter
	// Bounds are the first and the last key.
	Bounds() (first, last []byte)
	Len() int
	Bytes() int64
}

// RunIter visits the writes of a run in order. For one goroutine at a time.
type RunIter interface {
	Seek(r kv.Range, reverse bool)
	// Next appends some entries, none at the end of the range. They live as long as
	// the caller likes.
	Next(dst []Entry) ([]Entry, error)
	Close() error
}

// spill is a transaction's Spill: closed when nobody needs its runs any more, neither
// the transaction nor, if that was serializable, those who have to know what it wrote.
type spill struct {
	Spill
	refs atomic.Int32
}

func (s *spill) hold() {
	if s != nil {
		s.refs.Add(1)
	}
}

func (s *spill) letGo() {
	if s != nil && s.refs.Add(-1) == 0 {
		s.Close()
	}
}

// spillIfFull puts the writes in memory into a run once they are many.
func (t *Txn) spillIfFull() error {
	if most := t.store.spillBytes; most > 0 && t.writes.memBytes() > most {
		return t.spillWrites()
	}
	return nil
}

func (t *Txn) spillWrites() error {
	if t.spill == nil {
		s, err := t.store.engine.(Spiller).NewSpill()
		if err != nil {
			return err
		}
		t.spill = &spill{Spill: s}
		t.spill.hold()
		if t.serial != nil {
			t.serial.spill = t.spill
		}
	}
	t.writes.order()
	run, err := t.spill.Write(func(f func(Entry) error) error {
		var err error
		f = Until(t.ctx, f)
		t.writes.Each(func(e Entry) bool {
			err = f(e)
			return err == nil
		})
		return err
	})
	if err != nil {
		return err
	}
	old := t.writes.runs
	runs, err := t.spill.fewer(t.ctx, append(old[:len(old):len(old)], run))
	if err != nil {
		return err
	}
	if t.serial != nil {
		t.store.ssi.mu.Lock()
		defer t.store.ssi.mu.Unlock()
	}
	t.writes = Buffer{runs: runs}
	for _, r := range runs {
		t.writes.runLen += r.Len()
	}
	t.frozen = nil
	return nil
}

// Until hands out entries to f until ctx ends. There may be millions, of which each is nothing.
func Until(ctx context.Context, f func(Entry) error) func(Entry) error {
	n := 0
	return func(e Entry) error {
		if n++; n&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return f(e)
	}
}

// runsAtOnce is how many runs of about one size are merged: looking a key up means
// asking every run.
const runsAtOnce = 16

// fewer merges the newest runs if they are many of one size, unless they lie side by
// side, where a key is in one at most. Savepoints and iterators may know the old ones,
// which therefore stay.
func (s *spill) fewer(ctx context.Context, runs []Run) ([]Run, error) {
	for len(runs) >= runsAtOnce {
		last := runs[len(runs)-runsAtOnce:]
		least, most := last[0].Bytes(), last[0].Bytes()
		for _, r := range last {
			least, most = min(least, r.Bytes()), max(most, r.Bytes())
		}
		if most > runsAtOnce/2*least || SideBySide(last) {
			break
		}
		part := Buffer{runs: last}
		merged, err := s.Write(func(f func(Entry) error) error { return part.Walk(Until(ctx, f)) })
		if err != nil {
			return nil, err
		}
		runs = append(runs[:len(runs)-runsAtOnce:len(runs)-runsAtOnce], merged)
	}
	return runs, nil
}

// SideBySide tells whether no two runs overlap.
func SideBySide(runs []Run) bool {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b Run) int {
		x, _ := a.Bounds()
		y, _ := b.Bounds()
		return bytes.Compare(x, y)
	})
	for i := 1; i < len(runs); i++ {
		_, last := runs[i-1].Bounds()
		if first, _ := runs[i].Bounds(); bytes.Compare(last, first) >= 0 {
			return false
		}
	}
	return true
}

// prepareSpilled readies a transaction with runs for its commit.
func (t *Txn) prepareSpilled() error {
	if t.writes.lenInMemory() > 0 {
		if err := t.spillWrites(); err != nil {
			return err
		}
	}
	return t.spill.Prepare(t.ctx, &t.writes)
}
