package session

import (
	"context"
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
)

// vacuuming is one VACUUM or ANALYZE. VACUUM finds nothing to do, since the store
// keeps no dead rows; but it takes the lock that PostgreSQL's takes, as ANALYZE does:
// who runs it to wait for others, or to see that it need not, is not deceived.
type vacuuming struct {
	s                      *Session
	vacuum, analyze        bool
	full, skip, everything bool
}

// vacuumed is a table in the order in which they are done.
type vacuumed struct {
	t     *catalog.Table
	named bool // by the statement: it is told what becomes of it
	whole bool // a partitioned table
}

// vacuum runs VACUUM and ANALYZE.
func (s *Session) vacuum(ctx context.Context, n *ast.VacuumStmt, w Writer) error {
	v := vacuuming{s: s, vacuum: !n.Analyze, analyze: n.Analyze, everything: len(n.Relations) == 0}
	for _, o := range n.Options {
		on, _ := parseBool(o.Text)
		on = on || o.Kind == ast.OptionAbsent
		switch strings.ToLower(o.Name) {
		case "analyze":
			v.analyze = on
		case "full":
			v.full = on
		case "skip_locked":
			v.skip = on
		}
	}
	if v.vacuum {
		if err := s.forbidBlock("VACUUM"); err != nil {
			return err
		}
	}
	snap, err := s.enter(ctx, false)
	if err != nil {
		return err
	}
	list, err := v.tables(ctx, snap, n)
	if err != nil {
		return err
	}
	s.tx.fresh = false
	for _, t := range list {
		if err := v.do(ctx, n, t); err != nil {
			return err
		}
	}
	return w.Complete(ast.Tag(n))
}

// passOver warns of a relation that has no rows to look after.
func (v *vacuuming) passOver(name string) {
	doing := "analyze"
	if v.vacuum {
		doing = "vacuum"
	}
	v.s.warn(pgerr.Warning, fmt.Sprintf("skipping %q --- cannot %s non-tables or special system tables", name, doing))
}

// tables lists what the statement names, partitions after the whole.
func (v *vacuuming) tables(ctx context.Context, snap *catalog.Snapshot, n *ast.VacuumStmt) ([]vacuumed, error) {
	s := v.s
	var list []vacuumed
	if v.everything {
		for _, t := range snap.Tables() {
			if t.Stored() && t.Virtual == nil && s.mayVacuum(t, n.Analyze) {
				list = append(list, vacuumed{t: t})
			}
		}
	}
	for _, r := range n.Relations {
		t, err := planner.ResolveTable(snap, s.searchPath(), r.Table)
		if err != nil && pgerr.Of(err).Code == pgerr.WrongObjectType { // an index, a composite type
			v.passOver(r.Table.Name)
			continue
		}
		if err != nil {
			return nil, placeless(err)
		}
		for _, name := range r.Columns {
			if t.ColumnByName(name) == nil {
				return nil, pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
			}
		}
		if t.Virtual == nil && t.Kind != catalog.KindView && !s.mayVacuum(t, n.Analyze) {
			continue
		}
		if t.Kind == catalog.KindPartitioned {
			list = append(list, vacuumed{t: t, named: true, whole: true})
			for _, m := range snap.Members(t) {
				list = append(list, vacuumed{t: m})
			}
			continue
		}
		if snap.Sequence(t.OID) == nil && t.Kind == catalog.KindTable && t.Virtual != nil {
			continue // a catalog, which is computed
		}
		if !t.Stored() || snap.Sequence(t.OID) != nil {
			v.passOver(t.Name)
			continue
		}
		list = append(list, vacuumed{t: t, named: true})
	}
	return list, nil
}

// do locks one table and, for ANALYZE, reads it.
func (v *vacuuming) do(ctx context.Context, n *ast.VacuumStmt, at vacuumed) error {
	s := v.s
	mode := kv.LockTableShareUpdateExclusive
	if v.vacuum && v.full && !at.whole {
		mode = kv.LockTableAccessExclusive
		s.strengthen()
	}
	if !v.analyze && v.everything {
		return nil
	}
	opts := s.lockOpts(mode)
	if v.skip {
		opts.Wait = kv.WaitSkip
	}
	sp := s.tx.kv.Savepoint()
	res, err := s.tx.kv.Lock(ctx, s.tableLockKey(at.t.OID), opts)
	if err != nil {
		return mapKV(err)
	}
	if !res.Acquired {
		v.skipped(at, "lock not available")
		return mapKV(s.tx.kv.Release(sp))
	}
	if res.Waited {
		if err := s.refresh(); err != nil {
			return err
		}
	}
	t := s.snapshot().Table(at.t.OID)
	switch {
	case t == nil:
		v.skipped(at, "relation no longer exists")
	case v.analyze && at.whole: // its statistics are its partitions': who changes them is waited for
		for _, m := range s.snapshot().Members(t) {
			if _, err := s.tx.kv.Lock(ctx, s.tableLockKey(m.OID), s.lockOpts(kv.LockTableAccessShare)); err != nil {
				return mapKV(err)
			}
		}
		if err := s.tx.kv.RollbackTo(sp); err != nil {
			return mapKV(err)
		}
	case v.analyze:
		stats, err := executor.Analyze(s.execCtx(ctx, &statement{raw: &ast.RawStmt{Stmt: n}}), t)
		if err != nil {
			return err
		}
		if err := s.putObject(ctx, &catalog.StatsObject{Table: t.OID, Stats: stats}); err != nil {
			return err
		}
	default: // VACUUM keeps no lock while it waits for the next
		if err := s.tx.kv.RollbackTo(sp); err != nil {
			return mapKV(err)
		}
	}
	return mapKV(s.tx.kv.Release(sp))
}

// skipped warns of a table that the statement names.
func (v *vacuuming) skipped(at vacuumed, why string) {
	what := "analyze"
	if v.vacuum {
		what = "vacuum"
	}
	if at.named {
		v.s.warn(pgerr.Warning, fmt.Sprintf("skipping %s of %q --- %s", what, at.t.Name, why))
	}
}
