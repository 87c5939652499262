package session

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// statement is one statement on its way to execution.
type statement struct {
	raw    *ast.RawStmt
	text   string // the whole text that raw's positions refer to
	params []types.Datum
	// ptypes are the parameter types, known once planned (or given by the client).
	ptypes []*types.Type
	plan   *plan.Plan
	// settings under which plan was made
	epoch uint64
	// vars, if not nil, are names that stand for params: a function's variables.
	vars planner.Variables
}

// inner is the statement's query, q, with the parameters that the statement has.
func (st *statement) inner(q ast.Stmt) *statement {
	return &statement{raw: &ast.RawStmt{Stmt: q, Start: st.raw.Start, Len: st.raw.Len, Params: st.raw.Params}, text: st.text,
		params: st.params, ptypes: st.ptypes, vars: st.vars}
}

// Simple runs the statements of one text (the simple query protocol). The
// error, if any, is also the last thing that happened: statements after it were
// not run, and an implicit transaction is rolled back.
func (s *Session) Simple(ctx context.Context, text string, w Writer) error {
	delete(s.prepared, "") // the unnamed ones end here
	if s.portals[""] != nil {
		s.ClosePortal("")
	}
	if st := s.fromTemplate(text); st != nil {
		return s.runAll(ctx, text, []*ast.RawStmt{st.raw}, st, w)
	}
	done, err := s.readText(text)
	if err != nil {
		s.fail()
		s.finish(ctx, true)
		return s.report(err, text)
	}
	defer done()
	stmts, err := s.db.stmts.Parse(text)
	if err != nil {
		s.fail()
		s.finish(ctx, true)
		return s.report(err, text)
	}
	if len(stmts) == 0 {
		return w.Empty()
	}
	return s.runAll(ctx, text, stmts, nil, w)
}

// runAll runs the statements of a simple query; only, if any, is the one there is.
func (s *Session) runAll(ctx context.Context, text string, stmts []*ast.RawStmt, only *statement, w Writer) error {
	for i, raw := range stmts {
		st := only
		if st == nil {
			st = &statement{raw: raw, text: text}
		}
		if len(stmts) > 1 && s.tx == nil && !isTransactionControl(raw.Stmt) {
			if err := s.begin(ctx, true, false, nil); err != nil { // shared by the statements
				return s.report(err, text)
			}
			s.tx.shared = true
		}
		held := &heldTag{Writer: w}
		err := s.guard(ctx, st, held, func(ctx context.Context) error { return s.runSimple(ctx, st, held) })
		if err != nil {
			s.fail()
			s.finish(ctx, true)
			return err
		}
		if i == len(stmts)-1 {
			if err := s.finish(ctx, false); err != nil {
				return s.report(err, text)
			}
		}
		if err := held.send(); err != nil {
			return err
		}
	}
	return nil
}

// heldTag keeps back the end of a statement until its transaction has
// committed: a client must not hear of success first.
type heldTag struct {
	Writer
	tag  string
	done bool
}

func (h *heldTag) Complete(tag string) error {
	h.tag, h.done = tag, true
	return nil
}

func (h *heldTag) send() error {
	if !h.done {
		return nil
	}
	return h.Writer.Complete(h.tag)
}

func (h *heldTag) binaryRows(on bool) { setBinary(h.Writer, on) }

func isTransactionControl(st ast.Stmt) bool {
	_, ok := st.(*ast.TransactionStmt)
	return ok
}

// Step begins a message of the extended protocol: statement_timeout runs from the
// first that serves a statement to the end of its Execute. Its error is 57014.
func (s *Session) Step() error {
	d := s.set.statementTimeout
	switch {
	case d == 0:
	case s.stepped.IsZero():
		s.stepped = time.Now()
	case time.Since(s.stepped) >= d:
		s.stepped = time.Time{}
		return errStatementTimeout
	}
	return nil
}

// guard runs f as one statement: cancellable, timed, with a panic ending it
// (and the session's transaction) alone, and its error ready for the client.
func (s *Session) guard(ctx context.Context, st *statement, w Writer, f func(ctx context.Context) error) (err error) {
	if s.ctx.Err() != nil {
		return errTerminated
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s.running.Store(&cancel)
	s.act.Store(actActive)
	s.within(ctx)
	defer func() {
		s.within(s.ctx)
		s.running.Store(nil)
		cancel(nil)
		s.rest()
	}()
	if d := s.set.statementTimeout; d > 0 {
		if !s.stepped.IsZero() {
			d = max(1, d-time.Since(s.stepped))
		}
		t := time.AfterFunc(d, func() { cancel(errStatementTimeout) })
		defer t.Stop()
	}
	s.stepped = time.Time{}
	s.infoMu.Lock()
	s.query, s.queryAt = st.text, time.Now()
	s.infoMu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = s.panicked(r, st.text)
		}
		if err != nil {
			if cause := context.Cause(ctx); cause != nil && (errors.Is(err, context.Canceled) || pgerr.CodeOf(err) == pgerr.QueryCanceled) {
				err = inContextOf(cause, err)
			}
			err = s.report(err, st.text)
		}
	}()
	if s.tx != nil && s.tx.failed && !endsFailed(st.raw.Stmt) {
		return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	}
	return f(ctx)
}

// inContextOf gives what cancelled a statement, with the context in which that was noticed.
func inContextOf(cause, noticed error) error {
	var c, n *pgerr.Error
	if !errors.As(cause, &c) || !errors.As(noticed, &n) || n.Where == "" {
		return cause
	}
	e := *c
	e.Where = n.Where
	return &e
}

// within has the open transaction, if there is one, obey a context.
func (s *Session) within(ctx context.Context) {
	if s.tx != nil && s.tx.kv != nil {
		s.tx.kv.SetContext(ctx)
	}
}

// endsFailed tells the statements that a failed block still takes.
func endsFailed(st ast.Stmt) bool {
	t, ok := st.(*ast.TransactionStmt)
	return ok && (t.Kind == ast.TransactionCommit || t.Kind == ast.TransactionRollback || t.Kind == ast.TransactionRollbackTo || t.Kind == ast.TransactionPrepare)
}

// report makes err fit for the client: a *pgerr.Error with its position in
// characters of text.
func (s *Session) report(err error, text string) error {
	var pe *parser.Error
	if errors.As(err, &pe) {
		return &pgerr.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Position: pe.Position}
	}
	e := pgerr.Of(mapKV(err))
	if e.BytePos > 0 {
		c := *e // the error may come from a cached plan
		if c.BytePos-1 <= len(text) {
			c.Position = utf8.RuneCountInString(text[:c.BytePos-1]) + 1
		}
		c.BytePos = 0
		e = &c
	}
	if e.Code == pgerr.InternalError {
		s.db.log.Error("internal error", "error", e.Message, "query", text)
	}
	return e
}

// runSimple runs one statement of a simple query.
func (s *Session) runSimple(ctx context.Context, st *statement, w Writer) error {
	if !isQuery(st.raw.Stmt) {
		return s.runUtility(ctx, st, w)
	}
	if err := s.prepareRun(ctx, st); err != nil {
		return err
	}
	return s.runPlan(ctx, st, w, true)
}

// isQuery tells the statements that have plans.
func isQuery(st ast.Stmt) bool {
	switch st := st.(type) {
	case *ast.SelectStmt:
		return st.IntoTarget() == nil
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.MergeStmt:
		return true
	}
	return false
}

// readsOnly tells a query that surely writes and locks nothing, from its form.
func readsOnly(st ast.Stmt) bool {
	q, ok := st.(*ast.SelectStmt)
	if !ok || len(q.Locking) > 0 {
		return false
	}
	if q.With != nil {
		for _, c := range q.With.CTEs {
			if !readsOnly(c.Query) {
				return false
			}
		}
	}
	simple := true
	ast.Walk(q, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncCall); ok && len(f.Name) > 1 && f.Name[len(f.Name)-1] == "command" {
			simple = false
		}
		if sub, ok := n.(*ast.SelectStmt); ok && len(sub.Locking) > 0 {
			simple = false
		}
		return simple
	})
	return simple
}

// prepareRun enters a transaction and makes sure st has a plan that is
// current, with the table locks it needs.
func (s *Session) prepareRun(ctx context.Context, st *statement) error {
	for attempt := 0; ; attempt++ {
		readOnly := (s.tx == nil || s.tx.reading) && (st.plan != nil && st.plan.ReadOnly && !st.plan.Calls || st.plan == nil && !s.cat.Latest().HasFunctions() && readsOnly(st.raw.Stmt))
		snap, err := s.enter(ctx, readOnly)
		if err != nil {
			return err
		}
		if st.plan == nil || st.plan.Uncalled || st.plan.CatalogVersion != snap.Version || st.epoch != s.epoch() {
			if err := s.plan(snap, st, st.raw.Params > len(st.params)); err != nil {
				return err
			}
		}
		if st.plan.ReadOnly {
			if s.tx.implicit && s.db.strong.Load() == 0 {
				// Nobody excludes readers, and the statement reads a state of tables and
				// rows that go together: it can do without locks.
				return nil
			}
			waited, err := s.lockTables(ctx, st.plan)
			if err != nil || !waited || attempt == 10 {
				return err
			}
			s.tx.fresh = s.tx.fresh && s.tx.level == kv.ReadCommitted
			continue
		}
		what := st.plan.Tag
		if q, ok := st.raw.Stmt.(*ast.SelectStmt); ok && len(q.Locking) > 0 {
			what = "SELECT " + [...]string{ast.ForKeyShare: "FOR KEY SHARE", ast.ForShare: "FOR SHARE", ast.ForNoKeyUpdate: "FOR NO KEY UPDATE", ast.ForUpdate: "FOR UPDATE"}[q.Locking[0].Strength]
		}
		if !s.writesTemporary(st.plan) {
			if err := s.writable(what); err != nil {
				return err
			}
		}
		if err := s.settlePortals(); err != nil {
			return err
		}
		again, err := s.lockTables(ctx, st.plan)
		if err != nil {
			return err
		}
		if !again || attempt == 10 && s.tx.level != kv.ReadCommitted {
			return nil
		}
		// Definitions may have changed: look again. What is locked stays as it is from now on.
		if err := ctx.Err(); err != nil {
			return mapKV(context.Cause(ctx))
		}
		s.tx.fresh = false
	}
}

// plan plans st against snap, or takes the plan from the session's cache.
func (s *Session) plan(snap *catalog.Snapshot, st *statement, noParams bool) error {
	key := planKey{st.raw, snap.Version, s.epoch()}
	if p := s.plans.get(key); p != nil && !p.Uncalled && sameTypes(st.ptypes, p.Params) {
		st.plan, st.epoch = p, s.epoch()
		return nil
	}
	r := s.planRequest(snap, st)
	r.NoParams = noParams
	p, err := planner.Plan(r)
	if err != nil {
		return err
	}
	st.plan, st.epoch = p, s.epoch()
	if len(st.text) <= maxCachedPlanText {
		s.plans.put(key, p)
	}
	return nil
}

// planRequest is what the planner is told of st.
func (s *Session) planRequest(snap *catalog.Snapshot, st *statement) planner.Request {
	r := planner.Request{
		Catalog: snap, Stmt: st.raw.Stmt, ParamTypes: st.ptypes, SearchPath: s.searchPath(),
		Env: s.execEnv(), CurrentUser: s.userName(), Role: s.role(), EstimateRows: s.estimateRows, Settings: s.plannerSettings(), Vars: st.vars,
	}
	if s.tx != nil { // when a statement is prepared no function is called yet
		r.Session = (*host)(s)
	}
	return r
}

// plannerSettings are the planner's switches as the settings have them. What
// PostgreSQL calls a nested loop over an index is a lookup join here.
func (s *Session) plannerSettings() planner.Settings {
	off := func(name string) bool { return !s.set.on(name) }
	return planner.Settings{
		NoSeqScan: off("enable_seqscan"), NoIndexScan: off("enable_indexscan"), NoIndexOnlyScan: off("enable_indexonlyscan"),
		NoHashJoin: off("enable_hashjoin"), NoMergeJoin: off("enable_mergejoin"), NoNestLoop: off("enable_nestloop"), NoLookupJoin: off("enable_nestloop"),
		NoSort: off("enable_sort"), NoHashAgg: off("enable_hashagg"), NoMaterial: off("enable_material"), NoIncrementalSort: off("enable_incremental_sort"),
		NoBitmapScan: off("enable_bitmapscan"), NoViews: s.set.restricts("view"),
	}
}

func sameTypes(want, have []*types.Type) bool {
	for i, t := range want {
		if t != nil && (i >= len(have) || have[i] != t) {
			return false
		}
	}
	return true
}

// lockTables takes the locks that keep definitions of the plan's tables still. again: they
// may have changed since it was planned.
func (s *Session) lockTables(ctx context.Context, p *plan.Plan) (again bool, err error) {
	reads := !s.tx.implicit || s.db.strong.Load() > 0
	waited, writes := false, false
	for _, u := range p.Tables {
		s.tx.temporary = s.tx.temporary || u.Table.Persistence == catalog.Temporary
		mode := tableReadLock
		switch {
		case u.Write && p.Tag == "SELECT":
			mode = tableMarkLock
		case u.Write:
			mode = tableWriteLock
		case u.Mark:
			mode = tableMarkLock
		case !reads:
			continue
		}
		if u.Table.Virtual != nil {
			continue
		}
		if u.Referred && s.tx.level != kv.ReadCommitted && u.Table.Bound != nil {
			// The keys in a partition that is being detached are nobody's to refer to any
			// more, so foreign keys do not look there; and to wait for who detaches it, and may
			// wait for this transaction, would be a deadlock.
			newest, err := s.newestCatalog()
			if err != nil {
				return false, err
			}
			if newest.Leaving(u.Table, s.tx.base) {
				continue
			}
		}
		r, err := s.tx.kv.Lock(ctx, s.tableLockKey(u.Table.OID), s.lockOpts(mode))
		if err != nil {
			return false, mapKV(err)
		}
		waited = waited || r.Waited
		writes = writes || mode != tableReadLock
	}
	if !writes {
		return waited, nil
	}
	if s.tx.level == kv.ReadCommitted {
		// The definitions may have changed before the locks were taken, and who changed
		// them let go in time: that is no wait, but the plan is old.
		newer, err := s.cat.Newer(s.tx.kv, s.tx.base)
		return waited || newer, mapKV(err)
	}
	for _, u := range p.Tables {
		if u.Write {
			if err := s.checkDefinition(u.Table); err != nil {
				return waited, err
			}
		}
	}
	return waited, nil
}

// lockInner is lockTables for a statement inside another, which cannot be planned again by a
// newer snapshot: the outer one reads by this.
func (s *Session) lockInner(ctx context.Context, p *plan.Plan) error {
	again, err := s.lockTables(ctx, p)
	if err != nil || !again {
		return err
	}
	for _, u := range p.Tables {
		if u.Write || u.Mark {
			if err := s.sameDefinition(u.Table); err != nil {
				return err
			}
		}
	}
	return nil
}

// writesTemporary tells that a plan changes temporary tables and no others,
// which read-only transactions may.
func (s *Session) writesTemporary(p *plan.Plan) bool {
	if s.tempName == "" {
		return false
	}
	schema := s.snapshot().SchemaByName(s.tempName)
	writes := false
	for _, u := range p.Tables {
		if u.Write {
			if schema == nil || u.Table.SchemaOID != schema.OID {
				return false
			}
			writes = true
		}
	}
	return writes
}

// runPlan runs st's plan to the end.
func (s *Session) runPlan(ctx context.Context, st *statement, w Writer, announce bool) error {
	p := st.plan
	// Before anything is announced; it costs one comparison where the role is the last one's.
	if err := p.Authorize(s.snapshot(), s.role()); err != nil {
		return err
	}
	if err := p.Runnable(); err != nil {
		return err
	}
	announce = announce && p.Columns != nil
	// What writes, and what reads no table, is announced with its first rows:
	// PostgreSQL computes the one fully, and folds the other, before it says anything.
	late := announce && (p.Tag != "SELECT" || p.Modifies() || len(p.Tables) == 0 && foldable(st.raw.Stmt))
	if announce && !late {
		if err := w.Columns(p.Columns); err != nil {
			return err
		}
	}
	s.tx.fresh = false
	sink := func(b *types.Batch) error {
		if late {
			late = false
			if err := w.Columns(p.Columns); err != nil {
				return err
			}
		}
		return w.Rows(b, p.Columns)
	}
	var res executor.Result
	var err error
	if s.traced != nil {
		res, err = s.runTraced(ctx, st, sink)
	} else {
		res, err = executor.Run(s.execCtx(ctx, st), p, sink)
	}
	if err != nil {
		return err
	}
	if late {
		if err := w.Columns(p.Columns); err != nil {
			return err
		}
	}
	return w.Complete(completionTag(p.Tag, res.Rows))
}

// foldable tells whether a query without tables can be computed while it is planned:
// it calls immutable functions only.
func foldable(st ast.Stmt) bool {
	all := true
	ast.Walk(st, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncCall); ok {
			fns := builtin.Funcs(f.Name[len(f.Name)-1])
			all = all && len(fns) > 0 // a function that a user made: who knows
			for _, b := range fns {
				all = all && b.Volatility == builtin.Immutable
			}
		}
		return all
	})
	return all
}

func completionTag(tag string, rows int64) string {
	if tag == "INSERT" {
		return fmt.Sprintf("INSERT 0 %d", rows)
	}
	return fmt.Sprintf("%s %d", tag, rows)
}

// execCtx makes what the executor needs to run a plan in the open transaction.
func (s *Session) execCtx(ctx context.Context, st *statement) *executor.Ctx {
	env := s.execEnv()
	snap := s.snapshot()
	eval := &s.fctx
	if s.depth > 0 { // within a function: the calling statement is at work with the other
		eval = &builtin.Ctx{StmtMicros: s.fctx.StmtMicros}
	} else {
		eval.StmtMicros = nowMicros()
		s.alive.txn = nil
	}
	eval.Context = ctx
	eval.Env = env
	eval.Session = (*host)(s)
	eval.Catalog = snap
	x := &executor.Ctx{
		Context: ctx, Txn: s.tx.kv, Eval: eval, Catalog: snap, Role: s.role(), Params: st.params, Isolation: s.tx.level,
		Memory:  executor.NewAccount(s.db.opts.QueryMemoryBytes, s.db.memory),
		WorkMem: s.set.workMem, HashMem: s.set.hashMem, Temp: s.db.temp, TempLimit: s.set.tempLimit, RowIDs: s.db.rowIDs, Binder: (*binder)(s),
		LockTimeout: s.lockTimeout(), Workers: s.db.opts.Workers, State: &s.state, Replica: s.set.replica,
		Notice: s.notice, Deferred: &s.tx.deferred, Triggers: (*triggerRunner)(s), KeysReady: s.keysReady,
	}
	if s.tx.level != kv.ReadCommitted {
		x.Newest = s.newestCatalog
	}
	return x
}

// estimateRows guesses a table's number of rows from the store.
func (s *Session) estimateRows(t *catalog.Table) float64 {
	if t.Stats != nil && t.Stats.Rows > 0 {
		return t.Stats.Rows
	}
	if s.tx == nil || t.Virtual != nil || !t.Stored() {
		return 1000
	}
	n, _ := s.tx.kv.EstimateKeys(primaryRange(t))
	if t.Schema != nil && t.Schema.KeySpace != 0 {
		return max(float64(n), 1000) // a plan made while it is empty must do for long
	}
	return float64(n)
}

// panicked turns a panic into the error that ends the statement.
func (s *Session) panicked(r any, text string) error {
	stack := stackTrace()
	s.db.log.Error("panic in a statement", "panic", fmt.Sprint(r), "query", text, "stack", stack)
	return pgerr.Newf(pgerr.InternalError, "internal error: %v", r).
		WithHint("This is a bug in rowkey. The statement was stopped; the server log has the details.")
}
