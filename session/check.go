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

// Check verifies all databases as they are now, while others go on: the catalogs, every row,
// constraint and index entry, the positions of sequences, and that views can still be read.
// report is told each damage; an error of its own ends the check.
//
// A catalog that is damaged is all that a check then speaks of: without it, nothing
// says what the rows should be.
func (db *DB) Check(ctx context.Context, report func(kv.Damage) error) (n CheckCounts, err error) {
	// The rows must be those of one moment, and the catalogs those of the same.
	s, err := db.checking(ctx, catalog.DatabaseOID)
	if err != nil {
		return n, err
	}
	defer s.Close()
	damages := 0
	told := func(d kv.Damage) error {
		if !d.Harmless {
			damages++
		}
		return report(d)
	}
	stored, err := catalog.CheckCatalog(s.tx.kv, told)
	if err != nil || stored == nil || damages > 0 {
		return n, err
	}
	if err := s.checkTables(ctx, &n, told); err != nil {
		return n, err
	}
	if err := catalog.CheckStored(s.tx.kv, stored, told); err != nil {
		return n, err
	}
	if err := s.checkViews(ctx, &n, told); err != nil {
		return n, err
	}
	for _, d := range stored[0].Databases()[1:] {
		if err := db.checkOther(ctx, d.OID, &n, told); err != nil {
			return n, err
		}
	}
	return n, nil
}

// checkOther checks a database other than the main one.
func (db *DB) checkOther(ctx context.Context, database catalog.OID, n *CheckCounts, told func(kv.Damage) error) error {
	s, err := db.checking(ctx, database)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.checkTables(ctx, n, told); err != nil {
		return err
	}
	return s.checkViews(ctx, n, told)
}

// checking opens a session that reads a database as it is now.
func (db *DB) checking(ctx context.Context, database catalog.OID) (*Session, error) {
	s, err := db.NewSession(ctx, SessionOptions{inside: database})
	if err != nil {
		return nil, err
	}
	if err = s.begin(ctx, false, true, &ast.TransactionModes{Isolation: ast.RepeatableRead}); err == nil {
		s.tx.readOnly = true
		_, err = s.enter(ctx, true)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// checkTables checks the tables and key spaces of a checking session's database.
func (s *Session) checkTables(ctx context.Context, n *CheckCounts, told func(kv.Damage) error) error {
	snap := s.snapshot()
	for _, t := range snap.Tables() {
		if t.Virtual != nil || len(t.Indexes) == 0 || t.Storage == 0 || !t.Stored() {
			continue
		}
		rows, err := s.checkTable(ctx, snap, t, told)
		n.Tables, n.Rows, n.Indexes = n.Tables+1, n.Rows+rows, n.Indexes+int64(len(t.Indexes)-1)
		if err != nil {
			return err
		}
	}
	for number := range keyspace.Databases {
		if space := keyspace.NewSpace(snap, number); space != nil {
			if err := keyspace.Check(s.tx.kv, space, told); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkViews sees whether the views of the database can be read; the reading transaction is
// over then.
func (s *Session) checkViews(ctx context.Context, n *CheckCounts, told func(kv.Damage) error) error {
	snap := s.snapshot()
	s.rollback()
	for _, t := range snap.Tables() {
		if t.View == nil || t.Virtual != nil {
			continue
		}
		n.Views++
		if err := s.checkView(ctx, t, told); err != nil {
			return err
		}
	}
	return nil
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
	if err == nil || ctx.Err() != nil || s.cat.Latest().Table(t.OID) == nil { // fine, cancelled, dropped meanwhile
		return ctx.Err()
	}
	return report(kv.Damage{Place: fmt.Sprintf("view %q", t.Name), What: fmt.Sprintf("it cannot be planned: %v", err)})
}
