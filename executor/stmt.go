package executor

import (
	"maps"
	"slices"

	"rowkey/catalog"
	"rowkey/keyspace"
	"rowkey/types"
)

// stmt is what the data-modifying operators of one statement share: the
// writers of its tables and what is to be done at its end. Foreign key actions
// and checks run there, first in, first out, and may add to the queue.
type stmt struct {
	// touched are the rows that the statement has written, nil unless several of its parts
	// may: none is changed twice, the first to come has it, and ON CONFLICT DO UPDATE fails.
	touched map[string]bool
	// chased are those of them that others had changed since the snapshot, as the
	// statement left them.
	chased map[string][]byte
	// watched tells that the statement calls what may change the rows it is about,
	// merging that it is a MERGE.
	watched, merging bool

	x       *exec
	writers map[types.OID]*tableWriter
	guards  map[types.OID]*keyspace.Guard // of tables of key spaces
	routers map[types.OID]*router
	// moving tells that rows go from one partition to another: to transition tables
	// they are updated, not deleted and inserted.
	moving bool
	queue  []func() error
	unique []uniqueWatch
	// frozen tells that the statement reads what was there when it began: one that
	// writes and has subqueries, or WITH queries that write, must not see it.
	frozen bool
	// root tells that the statement itself writes (not only a WITH query).
	root bool
	// after and afterStmt are the triggers to be fired at the end: those of rows and then those of
	// the statement, which stand before what foreign keys add; transitions are what the statement
	// changed, where a trigger asks for that.
	after       []afterRow
	afterStmt   []*TriggerCall
	transitions []*transition
	// begun are those whose BEFORE STATEMENT triggers have fired.
	begun map[begunOn]bool
	// node is the data-modifying one, in whose name the trace shows the work of the end.
	node int
}

// uniqueWatch is a key of a deferrable unique constraint to be counted.
type uniqueWatch struct {
	w   *tableWriter
	ix  *catalog.Index
	key string // the entry's key without the primary key
	row []types.Datum
}

func (x *exec) statement() *stmt {
	if x.stmt == nil {
		x.stmt = &stmt{x: x, writers: map[types.OID]*tableWriter{}}
		if x.plan.Modifies() {
			x.stmt.touched = map[string]bool{}
		}
		x.stmt.renew()
	}
	return x.stmt
}

// renew readies the statement for another execution.
func (s *stmt) renew() {
	s.after, s.afterStmt, s.transitions, s.begun = nil, nil, nil, nil
	s.guards = nil
	clear(s.touched)
	s.chased, s.merging = nil, false
	s.queue, s.unique = nil, nil
	for _, w := range s.writers {
		for _, c := range w.fks {
			c.seen = nil
		}
	}
}

// finish runs what is due at the end of the statement.
func (s *stmt) finish() error {
	if t := s.x.Trace; t != nil {
		defer func(was asker) { t.asker = was }(t.works(s.node))
	}
	// What is done now are commands of their own.
	s.x.began, s.merging = nil, false
	for _, w := range s.writers {
		w.flushChildren()
	}
	for _, c := range s.afterStmt {
		s.after = append(s.after, afterRow{call: c})
	}
	s.afterStmt = nil
	for len(s.queue) > 0 {
		f := s.queue[0]
		s.queue = s.queue[1:]
		if err := f(); err != nil {
			return err
		}
		for _, w := range s.writers {
			w.flushChildren()
		}
	}
	watched := s.unique
	s.unique = nil
	for _, u := range watched {
		check := func(x *exec) error { return u.check(x) }
		if d := s.x.Deferred; d != nil && d.deferred(u.ix.Constraint, u.ix.Deferred) {
			d.add(u.ix.Constraint, u.w.t.OID, check)
			continue
		}
		if err := check(s.x); err != nil {
			return err
		}
	}
	if len(s.after) > 0 {
		return s.fireAfter()
	}
	return nil
}

// Deferred holds the checks of one transaction that wait for its end or for
// SET CONSTRAINTS … IMMEDIATE. The session keeps one per transaction, gives it
// to every statement's Ctx and calls Run before the commit.
type Deferred struct {
	checks []deferredCheck
	all    *bool              // SET CONSTRAINTS ALL
	set    map[types.OID]bool // by constraint: deferred or immediate
}

type deferredCheck struct {
	constraint types.OID
	run        func(x *exec) error
	table      types.OID
}

// add notes a check of rows of a table.
func (d *Deferred) add(constraint, table types.OID, run func(x *exec) error) {
	d.checks = append(d.checks, deferredCheck{constraint, run, table})
}

// Pending tells whether checks of rows of a table wait.
func (d *Deferred) Pending(table types.OID) bool {
	for _, c := range d.checks {
		if c.table == table {
			return true
		}
	}
	return false
}

// deferred tells whether a deferrable constraint is deferred now.
func (d *Deferred) deferred(constraint types.OID, initially bool) bool {
	if v, ok := d.set[constraint]; ok {
		return v
	}
	if d.all != nil {
		return *d.all
	}
	return initially
}

// Set is SET CONSTRAINTS: names are constraint OIDs, none for ALL. Making
// constraints immediate runs what waited for them. It lasts until the end of the transaction, or until the
// savepoint before it is returned to.
func (d *Deferred) Set(ctx *Ctx, deferred bool, constraints ...types.OID) error {
	if len(constraints) == 0 {
		d.all = &deferred
		d.set = nil
	}
	if len(constraints) > 0 {
		set := make(map[types.OID]bool, len(d.set)+len(constraints)) // marks have the former
		maps.Copy(set, d.set)
		for _, c := range constraints {
			set[c] = deferred
		}
		d.set = set
	}
	if deferred {
		return nil
	}
	return d.run(ctx, func(c types.OID) bool {
		if len(constraints) == 0 {
			return true
		}
		for _, k := range constraints {
			if k == c {
				return true
			}
		}
		return false
	})
}

// Run runs all checks that wait: before a commit.
func (d *Deferred) Run(ctx *Ctx) error {
	return d.run(ctx, func(types.OID) bool { return true })
}

// DeferredMark is what a transaction's Deferred was at a savepoint.
type DeferredMark struct {
	checks []deferredCheck
	all    *bool
	set    map[types.OID]bool
}

// Mark and RollbackTo bracket a savepoint: checks added since are forgotten, those that
// SET CONSTRAINTS ran wait again, and what is deferred is what was.
func (d *Deferred) Mark() DeferredMark { return DeferredMark{slices.Clip(d.checks), d.all, d.set} }

// RollbackTo returns to m.
func (d *Deferred) RollbackTo(m DeferredMark) {
	n := len(m.checks)
	if n > 0 && len(d.checks) >= n && &d.checks[0] == &m.checks[0] {
		d.checks = d.checks[:n] // whose room behind is no mark's
	} else {
		d.checks = m.checks
	}
	d.all, d.set = m.all, m.set
}

// Waiting tells whether there are checks to run.
func (d *Deferred) Waiting() bool { return len(d.checks) > 0 }

func (d *Deferred) run(ctx *Ctx, due func(types.OID) bool) error {
	var kept []deferredCheck
	todo := d.checks
	d.checks = nil
	c := *ctx
	c.Deferred = nil
	x := newExec(&c, emptyPlan)
	for _, k := range todo {
		if !due(k.constraint) {
			kept = append(kept, k)
			continue
		}
		if err := k.run(x); err != nil {
			return err
		}
	}
	d.checks = append(kept, d.checks...)
	if x.stmt != nil {
		return x.stmt.finish()
	}
	return nil
}

// watchUnique notes the key of row i, which iw has computed, for counting.
func (s *stmt) watchUnique(w *tableWriter, iw *indexWriter, i int) {
	if iw.codec.Desc.ChecksOff || s.x.Replica {
		return
	}
	key, null := iw.codec.AppendKeys(append([]byte(nil), iw.codec.Prefix...), iw.keys, i)
	if null && !iw.codec.Desc.NullsEqual {
		return
	}
	row := make([]types.Datum, len(iw.keys))
	for j, v := range iw.keys {
		row[j] = v.Datum(i)
	}
	s.unique = append(s.unique, uniqueWatch{w, iw.codec.Desc, string(key), row})
}

// check counts the entries with the key.
func (u *uniqueWatch) check(x *exec) error {
	defer x.because("unique", "")()
	_, _, err := x.lockKey([]byte(u.key))
	if err != nil {
		return err
	}
	n, err := x.countLatest([]byte(u.key), 2)
	if err != nil {
		return err
	}
	if n < 2 {
		return nil
	}
	keys := make([]*types.Vec, len(u.row))
	for j, d := range u.row {
		t := u.ix.Keys[j].Type
		if a := u.ix.Keys[j].Attnum; a != 0 {
			t = u.w.t.Col(a).Type
		}
		keys[j] = constArg(t, d).Vec
	}
	w := *u.w
	w.x = x
	return w.duplicate(u.ix, keys, 0)
}
