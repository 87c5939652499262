package session

import (
	"context"
	"fmt"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/planner"
	"rowkey/types"
)

// CheckCounts tell how much a check has looked at.
type CheckCounts struct{ Tables, Rows, Indexes, Views int64 }

// Check verifies the whole database as it is now, while others go on: the catalog,
// every row, constraint and index entry, the positions of sequences, and that views can
// still be read. report is told each damage; an error of its own ends the check.
//
// A catalog that is damaged is all that a check then speaks of: without it, nothing
// says what the rows should be.
func (db *DB) Check(ctx context.Context, report func(kv.Damage) error) (n CheckCounts, err error) {
	s, err := db.NewSession(ctx, SessionOptions{})
	if err != nil {
		return n, err
	}
	defer s.Close()
	// The rows must be those of one moment, and the catalog that of the same.
	if err := s.begin(ctx, false, true, &ast.TransactionModes{Isolation: ast.RepeatableRead}); err != nil {
		return n, err
	}
	s.tx.readOnly = true
	snap, err := s.enter(ctx, true)
	if err != nil {
		return n, err
	}
	damages := 0
	told := func(d kv.Damage) error {
		if !d.Harmless {
			damages++
		}
		return report(d)
	}
	if stored, err := catalog.CheckCatalog(s.tx.kv, told); err != nil || stored == nil || damages > 0 {
		return n, err
	}
	for _, t := range snap.Tables() {
		if t.Virtual != nil || len(t.Indexes) == 0 || t.Storage == 0 || !t.Stored() {
			continue
		}
		rows, err := s.checkTable(ctx, snap, t, told)
		n.Tables, n.Rows, n.Indexes = n.Tables+1, n.Rows+rows, n.Indexes+int64(len(t.Indexes)-1)
		if err != nil {
			return n, err
		}
	}
	if err := catalog.CheckStored(s.tx.kv, snap, told); err != nil {
		return n, err
	}
	for number := range keyspace.Databases {
		if space := keyspace.NewSpace(snap, number); space != nil {
			if err := keyspace.Check(s.tx.kv, space, told); err != nil {
				return n, err
			}
		}
	}
	s.rollback()
	for _, t := range snap.Tables() {
		if t.View == nil || t.Virtual != nil {
			continue
		}
		n.Views++
		if err := s.checkView(ctx, t, told); err != nil {
			return n, err
		}
	}
	return n, nil
}

// checkTable checks one table. What the rows of one table bring about, be it a panic,
// does not keep the others from being checked.
func (s *Session) checkTable(ctx context.Context, snap *catalog.Snapshot, t *catalog.Table, report func(kv.Damage) error) (rows int64, err error) {
	failed := func(what any) error {
		return report(kv.Damage{Place: fmt.Sprintf("table %q", t.Name), What: fmt.Sprintf("the check could not be finished: %v", what)})
	}
	defer func() {
		if r := recover(); r != nil {
			err = failed(s.panicked(r, "check of table "+t.Name))
		}
	}()
	rules, _, err := planner.TableRules(snap, s.execEnv(), t)
	if err != nil {
		return 0, report(kv.Damage{Place: fmt.Sprintf("table %q", t.Name), What: fmt.Sprintf("its expressions cannot be bound: %v", err)})
	}
	var told *reported
	rows, err = executor.CheckTable(s.execCtx(ctx, &statement{}), t, &rules, func(d kv.Damage) error {
		if err := report(d); err != nil {
			told = &reported{err}
			return told
		}
		return nil
	})
	switch {
	case err == nil:
		return rows, nil
	case told != nil:
		return rows, told.error
	case ctx.Err() != nil:
		return rows, err
	}
	return rows, failed(err)
}

// reported is an error of the caller's own, which ends a check.
type reported struct{ error }

// checkView sees whether a view can still be planned.
func (s *Session) checkView(ctx context.Context, t *catalog.Table, report func(kv.Damage) error) error {
	err := s.Simple(ctx, fmt.Sprintf("EXPLAIN SELECT * FROM %s.%s", types.QuoteIdent(t.Schema.Name), types.QuoteIdent(t.Name)), Discard)
	if err == nil || ctx.Err() != nil || s.db.cat.Latest().Table(t.OID) == nil { // fine, cancelled, dropped meanwhile
		return ctx.Err()
	}
	return report(kv.Damage{Place: fmt.Sprintf("view %q", t.Name), What: fmt.Sprintf("it cannot be planned: %v", err)})
}
