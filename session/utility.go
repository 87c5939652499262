package session

import (
	"context"
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/ddl"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// runUtility runs a statement that has no plan of its own.
func (s *Session) runUtility(ctx context.Context, st *statement, w Writer) error {
	switch n := st.raw.Stmt.(type) {
	case *ast.TransactionStmt:
		return s.transaction(ctx, n, w)
	case *ast.SetStmt:
		return s.runSet(ctx, n, w)
	case *ast.ShowStmt:
		return s.runShow(n, w)
	case *ast.DiscardStmt:
		return s.discard(ctx, n, w)
	case *ast.PrepareStmt:
		return s.runPrepare(ctx, st, n, w)
	case *ast.ExecuteStmt:
		return s.runExecute(ctx, st, n, w)
	case *ast.DeallocateStmt:
		return s.deallocate(n, w)
	case *ast.ExplainStmt:
		return s.runExplain(ctx, st, n, w)
	case *ast.DeclareCursorStmt:
		return s.declareCursor(ctx, st, n, w)
	case *ast.FetchStmt:
		return s.fetch(ctx, n, w)
	case *ast.CloseStmt:
		return s.closeCursor(n, w)
	case *ast.CopyStmt:
		return s.runCopy(ctx, st, n, w)
	case *ast.LockStmt:
		return s.lockStatement(ctx, n, w)
	case *ast.VacuumStmt:
		return s.vacuum(ctx, n, w)
	case *ast.CheckpointStmt:
		return w.Complete(ast.Tag(n))
	case *ast.SetConstraintsStmt:
		return s.setConstraints(ctx, n, w)
	case *ast.ListenStmt, *ast.UnlistenStmt, *ast.NotifyStmt:
		return s.listenNotify(ctx, n, w)
	case *ast.DoStmt:
		return s.runDo(ctx, st, n, w)
	case *ast.CallStmt:
		return s.runCall(ctx, st, n, w)
	}
	return s.runDDL(ctx, st, w)
}

// enterDDL readies the open transaction for a definition statement.
func (s *Session) enterDDL(ctx context.Context, tag string) error {
	if err := s.writable(tag); err != nil {
		return err
	}
	if err := s.settlePortals(); err != nil {
		return err
	}
	if _, err := s.enter(ctx, false); err != nil {
		return err
	}
	s.strengthen()
	s.tx.fresh = false
	return nil
}

// runDDL runs a definition statement in the open transaction.
func (s *Session) runDDL(ctx context.Context, st *statement, w Writer) error {
	tag := ast.Tag(st.raw.Stmt)
	if err := s.ownBlock(st.raw.Stmt); err != nil {
		return err
	}
	if err := s.enterDDL(ctx, tag); err != nil {
		return err
	}
	switch n := st.raw.Stmt.(type) {
	case *ast.DropDatabaseStmt:
		return s.dropDatabase(ctx, st, n, w)
	case *ast.CreateTableStmt:
		s.tempOnCommit = s.tempOnCommit || n.OnCommit == ast.OnCommitDelete || n.OnCommit == ast.OnCommitDrop
	case *ast.CreateTableAsStmt:
		s.tempOnCommit = s.tempOnCommit || n.OnCommit == ast.OnCommitDelete || n.OnCommit == ast.OnCommitDrop
		if n.Execute != nil {
			var err error
			if st, err = s.tableFromExecute(ctx, st, n); err != nil {
				return err
			}
		}
	}
	rows, err := ddl.Run(s.ddlCtx(ctx, st), st.raw.Stmt)
	if err != nil {
		return err
	}
	if rows >= 0 { // CREATE TABLE AS and SELECT INTO count rows
		return w.Complete(fmt.Sprintf("SELECT %d", rows))
	}
	return w.Complete(tag)
}

// ownBlock refuses in a block the statements that PostgreSQL runs in
// transactions of their own.
func (s *Session) ownBlock(st ast.Stmt) error {
	if what := ownsTransaction(st); what != "" {
		return s.forbidBlock(what)
	}
	return nil
}

// ownsTransaction names a statement that runs in transactions of its own; "" others.
func ownsTransaction(st ast.Stmt) string {
	switch n := st.(type) {
	case *ast.CreateIndexStmt:
		if n.Concurrently {
			return "CREATE INDEX CONCURRENTLY"
		}
	case *ast.DropStmt:
		if n.Concurrently {
			return "DROP INDEX CONCURRENTLY"
		}
		if n.Kind == ast.ObjectTablespace {
			return "DROP TABLESPACE"
		}
	case *ast.ReindexStmt:
		if n.Concurrently {
			return "REINDEX CONCURRENTLY"
		}
		switch n.Kind {
		case ast.ObjectSchema:
			return "REINDEX SCHEMA"
		case ast.ObjectDatabase:
			return "REINDEX DATABASE"
		case ast.ObjectNone:
			return "REINDEX SYSTEM"
		}
	case *ast.AlterTableStmt:
		if cmd := n.Commands[0]; cmd.Op == ast.DetachPartition && cmd.Concurrently {
			return "ALTER TABLE ... DETACH CONCURRENTLY"
		}
	case *ast.VacuumStmt:
		if !n.Analyze {
			return "VACUUM"
		}
	case *ast.DropDatabaseStmt:
		return "DROP DATABASE"
	case *ast.CreateDatabaseStmt:
		return "CREATE DATABASE"
	}
	return ""
}

// tableFromExecute makes CREATE TABLE AS query of CREATE TABLE AS EXECUTE.
func (s *Session) tableFromExecute(ctx context.Context, st *statement, n *ast.CreateTableAsStmt) (*statement, error) {
	p, err := s.Statement(n.Execute.Name)
	if err != nil {
		return nil, err
	}
	inner, err := s.bindExecute(ctx, p, n.Execute)
	if err != nil {
		return nil, err
	}
	q, ok := p.raw.Stmt.(*ast.SelectStmt)
	if !ok || q.IntoTarget() != nil {
		return nil, pgerr.New(pgerr.WrongObjectType, "prepared statement is not a SELECT")
	}
	cp := *n
	cp.Execute, cp.Query = nil, q
	return &statement{raw: &ast.RawStmt{Stmt: &cp, Start: p.raw.Start, Len: p.raw.Len, Params: p.raw.Params}, text: p.Text,
		params: inner.params, ptypes: inner.ptypes}, nil
}

// ddlCtx lends package ddl what it needs of the session.
func (s *Session) ddlCtx(ctx context.Context, st *statement) *ddl.Ctx {
	temp := func() (string, error) {
		s.tx.temporary = true
		return s.tempSchema(ctx)
	}
	return &ddl.Ctx{
		Context: ctx, Change: s.changeCatalog(), Catalog: s.cat, Sequences: s.db.seqs,
		SearchPath: s.searchPath, CreationPath: func() []string { return s.appendPath(nil) }, TempSchema: temp,
		Env: s.execEnv(), User: s.userName(), Text: st.text, RawStmt: st.raw, Vars: st.vars,
		Role: s.role(), OuterRole: s.outerRole(), SessionRole: s.sessionRole(), Bootstrap: s.bootstrap,
		Notice:       s.noticeErr,
		EstimateRows: s.estimateRows,
		// Exec and Run see the catalog as changed so far.
		Exec:    func() *executor.Ctx { return s.execCtx(ctx, st) },
		Pending: func(table catalog.OID) bool { return s.tx.deferred.Pending(table) },
		Opened:  s.opened,
		Query: func(q ast.Stmt, sink func(*types.Batch) error) (*plan.Plan, int64, error) {
			return s.runInner(ctx, st, q, sink, nil)
		},
		QueryFor: func(view *catalog.Table, q ast.Stmt, extra map[string]*catalog.Table, sink func(*types.Batch) error) (int64, error) {
			definer := s.definer
			defer func() { s.definer = definer }()
			if s.definer = view.Owner; view.Owner == 0 {
				s.definer = catalog.BootstrapRoleOID
			}
			_, rows, err := s.runInner(ctx, st, q, sink, func(r *planner.Request) {
				r.SearchPath, r.Maintains, r.Relations = view.View.Path, view.OID, extra
			})
			return rows, err
		},
		InUse:        func(database catalog.OID) int { return s.usersOf(ctx, database) },
		CheckSetting: s.checkSetting,
		CheckRoutine: func(f *catalog.Function) ([]catalog.OID, error) { return s.checkRoutine(ctx, f, st.text) },
		OnCommit:     func(f func()) { s.tx.onCommit = append(s.tx.onCommit, f) },
		Txn:          s.tx.kv,
		Store:        s.db.store,
		Refresh:      func() error { return s.refresh() },
		Frozen:       s.tx.level != kv.ReadCommitted,
		Restart:      s.restartSequence,
		Await: func(t *catalog.Table, mode kv.LockMode) error {
			if err := s.awaitUsers(ctx, t.OID, mode); err != nil {
				return err
			}
			return s.refresh()
		},
		Hold: func(table catalog.OID, mode kv.LockMode) (func(), error) {
			locks := s.db.store.Locks(s.owner())
			_, err := locks.Lock(ctx, s.tableLockKey(table), s.lockOpts(mode))
			return locks.UnlockAll, mapKV(err)
		},
		Beside: func() (kv.Txn, error) {
			t, err := s.db.store.Begin(ctx, kv.TxnOptions{NoSync: true, DeadlockTimeout: s.set.deadlockTimeout, LockTimeout: s.lockTimeout(), Owner: s.owner()})
			return t, mapKV(err)
		},
		Next: func() (*ddl.Ctx, error) {
			if err := s.commit(ctx); err != nil {
				return nil, err
			}
			if _, err := s.enter(ctx, false); err != nil {
				return nil, err
			}
			s.strengthen()
			s.tx.fresh = false
			return s.ddlCtx(ctx, st), nil
		},
		Alone:       s.forbidBlock,
		LockTimeout: s.lockTimeout(),
		System:      s.system,
	}
}

// refresh moves a READ COMMITTED statement's snapshot and catalog forward after
// a lock wait.
func (s *Session) refresh() error {
	if s.tx.level != kv.ReadCommitted {
		return nil
	}
	if err := s.tx.kv.Refresh(); err != nil {
		return mapKV(err)
	}
	_, err := s.catalogNow()
	return err
}

// runInner plans and runs a query inside another statement; adjust, if not nil, has the
// last word about how it is planned. sink nil: only plan.
func (s *Session) runInner(ctx context.Context, outer *statement, q ast.Stmt, sink func(*types.Batch) error, adjust func(*planner.Request)) (*plan.Plan, int64, error) {
	inner := outer.inner(q)
	req := s.planRequest(s.snapshot(), inner)
	req.NoParams = inner.raw.Params > len(inner.params)
	if adjust != nil {
		adjust(&req)
	}
	p, err := planner.Plan(req)
	if err != nil || sink == nil {
		return p, 0, err
	}
	inner.plan = p
	if !p.ReadOnly {
		if err := s.writable(p.Tag); err != nil {
			return nil, 0, err
		}
		if err := s.lockInner(ctx, p); err != nil {
			return nil, 0, err
		}
	}
	res, err := executor.Run(s.execCtx(ctx, inner), p, sink)
	return p, res.Rows, err
}

// utilityColumns gives the columns a utility statement returns, nil if none. params are the
// types of its parameters.
func (s *Session) utilityColumns(ctx context.Context, st ast.Stmt, params []*types.Type) ([]Column, error) {
	text := func(name string) []Column { return []Column{{Name: name, Type: types.Text, Typmod: -1}} }
	switch n := st.(type) {
	case *ast.ShowStmt:
		if n.Name == "all" {
			return []Column{{Name: "name", Type: types.Text, Typmod: -1}, {Name: "setting", Type: types.Text, Typmod: -1},
				{Name: "description", Type: types.Text, Typmod: -1}}, nil
		}
		name := n.Name
		if d := settingTable[strings.ToLower(name)]; d != nil {
			name = d.name
		} else if _, ok := s.show(name); !ok {
			return nil, unknownSetting(name)
		}
		return text(name), nil
	case *ast.ExplainStmt:
		c := text("QUERY PLAN")
		for _, opt := range n.Options { // the others are looked at when it is run
			if strings.EqualFold(opt.Name, "format") {
				name, err := formatName(opt)
				if err != nil {
					return nil, err
				}
				c[0].Type = types.Text
				if planner.Formats[name] == planner.FormatJSON {
					c[0].Type = types.JSON
				}
			}
		}
		return c, nil
	case *ast.ExecuteStmt:
		p := s.prepared[n.Name]
		if p == nil {
			return nil, nil // it will be missed when it is run
		}
		if err := s.renew(p); err != nil {
			return nil, s.report(err, p.Text) // positions are in its own text
		}
		return p.Columns, nil
	case *ast.CallStmt:
		b, err := s.bindCall(n, func(r *planner.Request) { r.ParamTypes = params })
		if err != nil {
			return nil, err
		}
		return b.cols, nil
	case *ast.FetchStmt:
		p := s.portals[n.Cursor]
		if p == nil || n.Move {
			return nil, nil
		}
		return p.columns, nil
	}
	return nil, nil
}

// writeRows sends a small result.
func writeRows(w Writer, cols []Column, rows [][]types.Datum) error {
	if err := w.Columns(cols); err != nil {
		return err
	}
	for len(rows) > 0 {
		n := min(len(rows), types.BatchSize)
		b := &types.Batch{N: n}
		for c := range cols {
			v := types.NewVec(cols[c].Type, n)
			v.Resize(n)
			for i := 0; i < n; i++ {
				v.Set(i, rows[i][c])
			}
			b.Cols = append(b.Cols, v)
		}
		if err := w.Rows(b, cols); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (s *Session) discard(ctx context.Context, n *ast.DiscardStmt, w Writer) error {
	switch n.Target {
	case ast.DiscardAll:
		if err := s.forbidBlock("DISCARD ALL"); err != nil {
			return err
		}
		s.closePortals()
		s.dropAllPrepared()
		s.set = s.setStart
		s.currvals, s.lastSeq = map[catalog.OID]int64{}, 0
		s.plans.clear()
		s.unlockAll()
		s.listen(listenAction{})
		if err := s.dropTemporary(ctx); err != nil {
			return err
		}
	case ast.DiscardPlans:
		s.plans.clear()
		for _, p := range s.prepared {
			p.plan = nil
		}
	case ast.DiscardSequences:
		s.currvals, s.lastSeq = map[catalog.OID]int64{}, 0
	case ast.DiscardTemp:
		if err := s.dropTemporary(ctx); err != nil {
			return err
		}
	}
	return w.Complete(ast.Tag(n))
}

// formatName is the name that an option FORMAT gives.
func formatName(opt *ast.Option) (string, error) {
	if opt.Kind == ast.OptionAbsent {
		return "", pgerr.Newf(pgerr.SyntaxError, "%s requires a parameter", opt.Name)
	}
	return strings.ToLower(opt.Text), nil
}

// ---- locks and upkeep

func (s *Session) lockStatement(ctx context.Context, n *ast.LockStmt, w Writer) error {
	if err := s.needBlock("LOCK TABLE"); err != nil {
		return err
	}
	snap, err := s.enter(ctx, false)
	if err != nil {
		return err
	}
	mode := kv.LockTableAccessShare + kv.LockMode(n.Mode-ast.AccessShareLock)
	if mode == kv.LockTableAccessExclusive {
		s.strengthen()
	}
	for _, rv := range n.Tables {
		t, err := planner.ResolveTable(snap, s.searchPath(), rv)
		if err != nil {
			return placeless(err)
		}
		if t.Kind == catalog.KindMatView {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot lock relation %q", t.Name).
				WithDetail("This operation is not supported for materialized views.")
		}
		if err := s.mayLock(t, n.Mode); err != nil {
			return err
		}
		s.tx.temporary = s.tx.temporary || t.Persistence == catalog.Temporary
		o := s.lockOpts(mode)
		if n.NoWait {
			o.Wait = kv.WaitNot
		}
		tables := []*catalog.Table{t}
		if !rv.Only {
			tables = snap.Tree(t)
		}
		for _, t := range tables {
			if _, err := s.tx.kv.Lock(ctx, s.tableLockKey(t.OID), o); err != nil {
				if pgerr.CodeOf(mapKV(err)) == pgerr.LockNotAvailable && n.NoWait {
					return pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on relation %q", t.Name)
				}
				return mapKV(err)
			}
		}
	}
	return w.Complete("LOCK TABLE")
}

func (s *Session) setConstraints(ctx context.Context, n *ast.SetConstraintsStmt, w Writer) error {
	if s.tx == nil || s.tx.implicit {
		s.warn(pgerr.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks")
	}
	snap, err := s.enter(ctx, false)
	if err != nil {
		return err
	}
	var oids []types.OID
	for _, rv := range n.Names {
		found, err := findConstraint(snap, s.searchPath(), rv)
		if err != nil {
			return err
		}
		oids = append(oids, found...)
	}
	oids = withDerived(snap, oids)
	s.tx.fresh = false
	if err := s.tx.deferred.Set(s.execCtx(ctx, &statement{}), n.Deferred, oids...); err != nil {
		return err
	}
	return w.Complete("SET CONSTRAINTS")
}

// withDerived adds the foreign keys that derive from those of a list: partitions
// have their own.
func withDerived(snap *catalog.Snapshot, oids []types.OID) []types.OID {
	in := map[types.OID]bool{}
	for _, oid := range oids {
		in[oid] = true
	}
	for more := len(oids) > 0; more; {
		more = false
		for _, t := range snap.Tables() {
			for _, fk := range t.ForeignKeys {
				if in[fk.Parent] && !in[fk.OID] {
					in[fk.OID], more = true, true
					oids = append(oids, fk.OID)
				}
			}
			for _, ix := range t.Indexes {
				if ix.Parent == 0 || ix.Constraint == 0 || in[ix.Constraint] {
					continue
				}
				if p := snap.TableOfIndex(ix.Parent); p != nil && in[p.IndexByOID(ix.Parent).Constraint] {
					in[ix.Constraint], more = true, true
					oids = append(oids, ix.Constraint)
				}
			}
		}
	}
	return oids
}

// findConstraint finds the deferrable constraints of a name: those of the first
// schema on the path that has any of that name.
func findConstraint(snap *catalog.Snapshot, path []string, rv *ast.RangeVar) ([]types.OID, error) {
	if rv.Schema != "" {
		if snap.SchemaByName(rv.Schema) == nil {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", rv.Schema)
		}
		path = []string{rv.Schema}
	}
	for _, p := range path {
		schema := snap.SchemaByName(p)
		if schema == nil {
			continue
		}
		var out []types.OID
		found := false
		add := func(oid types.OID, deferrable bool) {
			found = true
			if deferrable {
				out = append(out, oid)
			}
		}
		for _, t := range snap.Tables() {
			if t.SchemaOID != schema.OID {
				continue
			}
			for _, fk := range t.ForeignKeys {
				if fk.Name == rv.Name {
					add(fk.OID, fk.Deferrable)
				}
			}
			for _, ix := range t.Indexes {
				if ix.Constraint != 0 && ix.Name == rv.Name {
					add(ix.Constraint, ix.Deferrable)
				}
			}
			for _, k := range t.Checks {
				if k.Name == rv.Name {
					add(k.OID, false)
				}
			}
		}
		if found && len(out) == 0 {
			return nil, pgerr.Newf(pgerr.WrongObjectType, "constraint %q is not deferrable", rv.Name)
		}
		if found {
			return out, nil
		}
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "constraint %q does not exist", rv.Name)
}
