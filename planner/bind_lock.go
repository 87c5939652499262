package planner

import (
	"slices"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// FOR UPDATE and kin. The clause reaches through views and subqueries in FROM down to
// the tables, but not into WITH queries, set operations and subqueries of expressions:
//
//	SELECT … FROM v, (SELECT … FROM t LIMIT 3) s FOR UPDATE
//
//	lock a ── join ─┬─ project (v) ── filter ── a
//	                └─ project (s) ── limit ── lock t ── t
//
// A subquery that PostgreSQL merges with the query around it leaves its locks to that
// one, which takes them after its own conditions: of a only the rows are locked that
// come through all of them. Any other locks all the rows that it gives. A lock stands
// for every query that has something to lock, even if that is only a subquery.
//
// What cannot be locked is refused when the statement is analyzed, as it is with the
// clause written there; but below a view not before it is planned.

// pushedLock is what a query is asked to lock by the query it stands in.
type pushedLock struct {
	strength plan.LockStrength
	wait     plan.WaitPolicy
	late     bool // below a view: refused when planned
	apart    bool // not merged with the query around it
}

// lockedBelow is what a query leaves to the one it stands in: the locks to take, the
// columns of what is locked, or why it cannot be.
type lockedBelow struct {
	pushed  bool
	tables  []lockItem
	marks   []colSet
	cols    colSet
	scans   []*lScan // all that are locked, by the query itself too
	refusal error
}

func lockName(s ast.LockStrength) string {
	return [...]string{"FOR KEY SHARE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE"}[s]
}

func lockOf(c *ast.LockingClause) pushedLock {
	wait := plan.LockWait
	switch c.Wait {
	case ast.LockSkip:
		wait = plan.LockSkip
	case ast.LockNoWait:
		wait = plan.LockNowait
	}
	return pushedLock{strength: plan.LockStrength(c.Strength) + 1, wait: wait}
}

// locks tells whether the query has something to lock for itself or for others.
func (q *query) locks() bool { return len(q.locking) > 0 || q.pushed != nil }

// pushInto is what a subquery or view in FROM is to lock, nil for nothing.
func (p *planner) pushInto(q *query, alias string, view bool) *pushedLock {
	var out *pushedLock
	add := func(l pushedLock) {
		if out == nil {
			out = &l
			return
		}
		out.strength, out.wait, out.late = max(out.strength, l.strength), max(out.wait, l.wait), out.late && l.late
	}
	for _, c := range q.locking {
		named := len(c.Relations) == 0
		for _, rv := range c.Relations {
			named = named || rv.Schema == "" && rv.Name == alias && alias != ""
		}
		if named {
			add(lockOf(c))
		}
	}
	if q.pushed != nil {
		l := *q.pushed
		l.apart = false
		add(l)
	}
	if out != nil && view {
		out.late = true
	}
	return out
}

// mayLock tells whether the rows of a query can be locked, which are those of its
// tables: each result row must be made of one row of each.
func (p *planner) mayLock(q *query, sel *ast.SelectStmt) bool {
	what := ""
	switch {
	case sel.Distinct:
		what = "DISTINCT clause"
	case len(sel.GroupBy) > 0:
		what = "GROUP BY clause"
	case sel.Having != nil:
		what = "HAVING clause"
	case len(q.aggs) > 0:
		what = "aggregate functions"
	case len(q.windows) > 0:
		what = "window functions"
	case len(q.srfs) > 0:
		what = "set-returning functions in the target list"
	default:
		return true
	}
	if len(sel.Locking) > 0 {
		bail(notLockable(lockName(sel.Locking[0].Strength), what))
	}
	some := false
	for _, it := range q.items {
		some = some || it.scan != nil || it.locks.pushed
	}
	if some {
		p.refuseLock(q, what)
	}
	return false
}

func notLockable(name, what string) error {
	return pgerr.Newf(pgerr.FeatureNotSupported, "%s is not allowed with %s", name, what).At(-1)
}

// failed notes an error of planning.
func (p *planner) failed(err error) {
	if p.fault == nil {
		p.fault = err
	}
}

// refuseLock notes that what the query around wants locked cannot be.
func (p *planner) refuseLock(q *query, what string) {
	if q.pushed == nil {
		return
	}
	err := notLockable(lockName(ast.LockStrength(q.pushed.strength-1)), what)
	switch {
	case !q.pushed.late:
		q.below.refusal = err
	default:
		p.failed(err)
	}
}

// bindLocked puts the locks of FOR UPDATE and kin, and ORDER BY, below the
// projection: what it computes is of the rows as they are once locked.
//
//	project ── lock ── sort ── (project, of computed sort keys) ── from
func (p *planner) bindLocked(proj *lProject, q *query, sel *ast.SelectStmt, targets []target, order []plan.SortKey, orderAt []int) rel {
	r := proj.in
	if len(order) > 0 {
		keys := append([]plan.SortKey(nil), order...)
		below := &lProject{in: r}
		for i := range keys {
			t := &targets[orderAt[i]]
			if c, ok := t.expr.(*plan.Col); ok && c.Idx == t.id {
				continue
			}
			id := p.newCol(t.name, t.expr.Type(), t.expr.Typmod())
			below.items = append(below.items, projItem{id, t.expr})
			keys[i].Expr = p.col(id)
		}
		if len(below.items) > 0 {
			for _, c := range r.outCols() {
				below.items = append(below.items, projItem{c, p.col(c)})
			}
			r = below
		}
		r = &lSort{in: r, keys: keys}
	}
	apart := len(sel.Locking) > 0 || q.pushed.apart || len(order) > 0 || sel.Limit != nil || sel.Offset != nil || sel.With != nil
	for i := range targets {
		apart = apart || isVolatile(targets[i].expr)
	}
	lock := p.lockItems(q, sel)
	for i := range lock.tables {
		q.below.scans = append(q.below.scans, lock.tables[i].scan)
	}
	switch {
	case len(lock.marks) == 0:
	case apart:
		lock.in, p.hasLocks = r, true
		r = lock
	default:
		q.below.tables, q.below.marks = lock.tables, lock.marks
	}
	proj.in = r
	return proj
}

// lockItems are the tables that a query locks.
func (p *planner) lockItems(q *query, sel *ast.SelectStmt) *lLock {
	lock := &lLock{}
	var lifted []lockItem
	lifts := map[*rangeItem]bool{}
	add := func(it *rangeItem, l pushedLock) {
		if it.scan != nil || it.locks.pushed {
			lock.strength = max(lock.strength, l.strength)
			if q.firstLocked == nil && q.pushed == nil {
				q.firstLocked = it
			}
		}
		switch {
		case it.scan != nil:
			var mark colSet
			mark.add(it.scan.rowKey())
			lock.marks = append(lock.marks, mark)
			if it.table.Kind == catalog.KindMatView && p.refused == nil {
				p.refused = pgerr.Newf(pgerr.WrongObjectType, "cannot lock rows in materialized view %q", it.table.Name)
			}
			if a := p.cols[it.scan.tableOID()].access; a != nil {
				a.needs(catalog.Update)
			}
			if it.table.Virtual != nil {
				return
			}
			p.writes = true
			for i := range lock.tables {
				if have := &lock.tables[i]; have.scan == it.scan {
					have.strength, have.wait = max(have.strength, l.strength), max(have.wait, l.wait)
					return
				}
			}
			lock.tables = append(lock.tables, lockItem{scan: it.scan, strength: l.strength, wait: l.wait})
		case it.locks.pushed && !lifts[it]:
			lifts[it] = true
			if it.table != nil {
				p.writes = true // as PostgreSQL counts a view
			}
			if err := it.locks.refusal; err != nil && q.below.refusal == nil {
				q.below.refusal = err
			}
			lock.marks = append(append(lock.marks, it.locks.cols), it.locks.marks...)
			lifted = append(lifted, it.locks.tables...)
			for _, s := range it.locks.scans {
				if !slices.ContainsFunc(it.locks.tables, func(l lockItem) bool { return l.scan == s }) {
					q.below.scans = append(q.below.scans, s)
				}
			}
		}
	}
	for _, c := range sel.Locking {
		if len(c.Relations) == 0 {
			for _, it := range q.items {
				add(it, lockOf(c))
			}
		}
		for _, rv := range c.Relations {
			add(p.lockNamed(q, c, rv), lockOf(c))
		}
		if q.below.refusal != nil {
			bail(q.below.refusal)
		}
	}
	if q.pushed != nil {
		for _, it := range q.items {
			add(it, *q.pushed)
		}
	}
	lock.tables = append(lock.tables, lifted...)
	return lock
}

// lockNamed finds what FOR UPDATE OF names.
func (p *planner) lockNamed(q *query, c *ast.LockingClause, rv *ast.RangeVar) *rangeItem {
	name := lockName(c.Strength)
	if rv.Schema != "" {
		fail(rv.Pos(), pgerr.SyntaxError, "%s must specify unqualified relation names", name)
	}
	for _, it := range q.items {
		if it.alias != rv.Name {
			continue
		}
		if it.unlockable != "" {
			fail(rv.Pos(), pgerr.FeatureNotSupported, "%s cannot be applied to %s", name, it.unlockable)
		}
		return it
	}
	fail(rv.Pos(), pgerr.UndefinedTable, "relation %q in %s clause not found in FROM clause", rv.Name, name)
	return nil
}
