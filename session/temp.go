package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rowkey/catalog"
	"rowkey/ddl"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// ownSequence is where a sequence stands that the open transaction restarted.
type ownSequence struct {
	seq    *catalog.Sequence
	last   int64
	called bool
}

// next gives the next value.
func (q *ownSequence) next() (int64, error) {
	s := q.seq
	if !q.called {
		q.called = true
		return q.last, nil
	}
	v := q.last + s.Increment
	over := s.Increment > 0 && (v > s.Max || v < q.last)
	under := s.Increment < 0 && (v < s.Min || v > q.last)
	switch {
	case (over || under) && !s.Cycle:
		if under {
			return 0, &catalog.ErrSequenceLimit{Name: s.Name, Limit: s.Min}
		}
		return 0, &catalog.ErrSequenceLimit{Name: s.Name, Max: true, Limit: s.Max}
	case over:
		v = s.Min
	case under:
		v = s.Max
	}
	q.last = v
	return v, nil
}

// usedSequence remembers that the transaction told its client where a sequence is.
func (s *Session) usedSequence(seq *catalog.Sequence) {
	if t := s.tx; t != nil && !slices.Contains(t.used, seq) {
		t.used = append(t.used, seq)
	}
}

// syncSequences makes the numbers durable that a transaction told its client, unless its
// commit does, before which they were stored.
func (s *Session) syncSequences(ctx context.Context, t *txn, wrote bool) error {
	if wrote || s.set.noSync {
		return nil
	}
	for _, seq := range t.used {
		if err := s.db.seqs.Sync(ctx, seq); err != nil {
			return mapKV(err)
		}
	}
	return nil
}

func copySequences(m map[catalog.OID]*ownSequence) map[catalog.OID]*ownSequence {
	if m == nil {
		return nil
	}
	out := make(map[catalog.OID]*ownSequence, len(m))
	for oid, q := range m {
		cp := *q
		out[oid] = &cp
	}
	return out
}

// restartSequence makes a sequence go on with value, for others once the
// transaction commits.
func (s *Session) restartSequence(seq *catalog.Sequence, value int64) {
	if s.tx.sequences == nil {
		s.tx.sequences = map[catalog.OID]*ownSequence{}
	}
	s.tx.sequences[seq.OID] = &ownSequence{seq: seq, last: value}
}

// onCommitTables does what ON COMMIT says for the session's temporary tables.
func (s *Session) onCommitTables(ctx context.Context) error {
	schema := s.snapshot().SchemaByName(s.tempName)
	if schema == nil {
		return nil
	}
	var drop []*catalog.Table
	for _, t := range s.snapshot().Tables() {
		if t.SchemaOID != schema.OID {
			continue
		}
		switch t.OnCommit {
		case 'd':
			for _, r := range s.snapshot().ReferredBy(t.OID) {
				if r.OnCommit != 'd' {
					return pgerr.New(pgerr.FeatureNotSupported, "unsupported ON COMMIT and foreign key combination").
						WithDetail("Table %q references %q, but they do not have the same ON COMMIT setting.", r.Name, t.Name)
				}
			}
			if err := deleteKeys(s.tx.kv, kv.PrefixRange(tablePrefix(t))); err != nil {
				return mapKV(err)
			}
		case 'D':
			drop = append(drop, t)
		}
	}
	if len(drop) == 0 {
		return nil
	}
	if _, err := s.enter(ctx, false); err != nil {
		return err
	}
	return ddl.DropTables(s.ddlCtx(ctx, &statement{}), drop)
}

// deleteKeys deletes all keys of a range that the transaction sees.
func deleteKeys(txn kv.Txn, r kv.Range) error {
	it := txn.Scan(r, kv.ScanOptions{KeysOnly: true})
	var b kv.PairBatch
	var keys [][]byte
	for {
		n, err := it.Next(&b)
		if err != nil {
			it.Close()
			return err
		}
		if n == 0 {
			break
		}
		for _, k := range b.Keys {
			keys = append(keys, append([]byte(nil), k...))
		}
	}
	it.Close()
	for _, k := range keys {
		if err := txn.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// tempSchema gives the name of the session's schema for temporary tables,
// made at first use.
func (s *Session) tempSchema(ctx context.Context) (string, error) {
	name := fmt.Sprintf("pg_temp_%d", s.pid)
	if s.snapshot().SchemaByName(name) == nil { // also when the transaction that made it was rolled back
		oid, err := s.cat.NewOID(ctx)
		if err != nil {
			return "", mapKV(err)
		}
		if err := s.putObject(ctx, &catalog.Schema{OID: oid, Name: name, Owner: catalog.BootstrapRoleOID}); err != nil {
			return "", err
		}
	}
	s.tempName = name
	return name, nil
}

// dropTemporary drops the session's temporary objects and what depends on them.
func (s *Session) dropTemporary(ctx context.Context) error {
	if s.tempName == "" {
		return nil
	}
	snap, err := s.enter(ctx, false)
	if err != nil {
		return err
	}
	s.tx.fresh = false
	schema := snap.SchemaByName(s.tempName)
	if schema == nil {
		return nil
	}
	return ddl.DropSchema(s.ddlCtx(ctx, &statement{}), schema)
}

// dropAtEnd drops the temporary objects of a session that ends. What it does not
// get done in time, because others hold locks, is done when the database is opened.
func (s *Session) dropAtEnd() error {
	if s.tempName == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), dropAtEndTime)
	defer cancel()
	s.ctx = ctx
	s.set = s.setStart.with("synchronous_commit", "off")
	err := s.begin(ctx, true, false, &ast.TransactionModes{Isolation: ast.ReadCommitted, ReadOnly: new(bool)})
	if err == nil {
		err = s.dropTemporary(ctx)
	}
	if s.tx != nil {
		if e := s.finish(ctx, err != nil); err == nil {
			err = e
		}
	}
	return err
}

const dropAtEndTime = 10 * time.Second
