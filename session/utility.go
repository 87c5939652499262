package session

import (
	"context"
	"fmt"
	"strings"
	"time"

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
		Env: s.execEnv(), User: s.userName(), Text: st.text, RawStmt: st.raw,
		Role: s.role(), OuterRole: s.outerRole(), SessionRole: s.sessionRole(), Bootstrap: s.bootstrap,
		Notice:       s.noticeErr,
		EstimateRows: s.estimateRows,
		// Exec and Run see the catalog as changed so far.
		Exec:    func() *executor.Ctx { return s.execCtx(ctx, st) },
		Pending: func(table catalog.OID) bool { return s.tx.deferred.Pending(table) },
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
			_, err := locks.Lock(ctx, catalog.TableLockKey(table), s.lockOpts(mode))
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
	inner := &statement{raw: &ast.RawStmt{Stmt: q, Start: outer.raw.Start, Len: outer.raw.Len, Params: outer.raw.Params}, text: outer.text,
		params: outer.params, ptypes: outer.ptypes}
	snap := s.snapshot()
	req := planner.Request{Catalog: snap, Stmt: q, ParamTypes: inner.ptypes, SearchPath: s.searchPath(),
		Env: s.execEnv(), CurrentUser: s.userName(), Role: s.role(), EstimateRows: s.estimateRows, Settings: s.plannerSettings()}
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

// utilityColumns gives the columns a utility statement returns, nil if none.
func (s *Session) utilityColumns(ctx context.Context, st ast.Stmt) ([]Column, error) {
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
		b, err := s.bindCall(n, nil)
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

// ---- settings

func (s *Session) runSet(ctx context.Context, n *ast.SetStmt, w Writer) error {
	switch n.Kind {
	case ast.SetTransaction:
		if s.tx == nil || s.tx.implicit && !s.tx.shared {
			s.warn(pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")
			return w.Complete("SET")
		}
		if err := s.setModes(ctx, n.Modes); err != nil {
			return err
		}
		return w.Complete("SET")
	case ast.SetCharacteristics:
		m := n.Modes
		if m.Isolation != ast.IsolationUnspecified {
			if err := s.setSetting("default_transaction_isolation", m.Isolation.String(), false); err != nil {
				return err
			}
		}
		for name, v := range map[string]*bool{"default_transaction_read_only": m.ReadOnly, "default_transaction_deferrable": m.Deferrable} {
			if v != nil {
				if err := s.setSetting(name, map[bool]string{true: "on", false: "off"}[*v], false); err != nil {
					return err
				}
			}
		}
		return w.Complete("SET")
	case ast.SetSnapshot:
		if s.tx == nil || s.tx.implicit {
			s.warn(pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")
		}
		if err := s.importSnapshot(n.Values[0].Text); err != nil {
			return err
		}
		return w.Complete("SET")
	case ast.ResetAll:
		keep := s.setStart
		for _, name := range []string{"transaction_isolation", "transaction_read_only", "session_authorization", "role", "is_superuser"} {
			if v := s.set.str(name); v != keep.str(name) {
				keep = keep.with(name, v)
			}
		}
		next := *keep
		next.epoch = epochs.Add(1)
		next.auth, next.role = s.set.auth, s.set.role
		s.restore(&next)
		return w.Complete("RESET")
	case ast.Reset, ast.SetToDefault:
		def, ok := s.setStart.get(n.Name)
		if !ok {
			if !strings.Contains(n.Name, ".") {
				return unknownSetting(n.Name)
			}
		}
		if err := s.setSetting(n.Name, def, n.Local); err != nil {
			return err
		}
		return w.Complete(ast.Tag(n))
	case ast.SetFromCurrent:
		return w.Complete("SET")
	}
	value, err := s.setValue(n)
	if err != nil {
		return err
	}
	if err := s.setSetting(n.Name, value, n.Local); err != nil {
		return err
	}
	if n.Local && (s.tx == nil || s.tx.implicit) {
		s.warn(pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")
	}
	return w.Complete("SET")
}

// setValue joins the values of SET as PostgreSQL does.
func (s *Session) setValue(n *ast.SetStmt) (string, error) {
	d := settingTable[strings.ToLower(n.Name)]
	if len(n.Values) > 1 && (d == nil || !d.list) {
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "SET %s takes only one argument", n.Name)
	}
	var parts []string
	for _, v := range n.Values {
		if v.Interval != nil {
			iv, err := types.Parse(types.Interval, -1, v.Text, s.execEnv())
			if err != nil {
				return "", err
			}
			zone, err := zoneOfInterval(iv)
			if err != nil {
				return "", err
			}
			parts = append(parts, zone)
			continue
		}
		t := v.Text
		if d != nil && d.list && strings.EqualFold(n.Name, "search_path") {
			t = ast.QuoteIdent(t)
		}
		parts = append(parts, t)
	}
	return strings.Join(parts, ", "), nil
}

// zoneOfInterval gives the time zone that an interval east of UTC means, as a POSIX name.
func zoneOfInterval(d types.Datum) (string, error) {
	if d.M != 0 || d.D != 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": cannot specify months or days in time zone interval")
	}
	sec := d.I / 1e6
	text := func(n int64) string {
		sign := "+"
		if n < 0 {
			sign, n = "-", -n
		}
		t := fmt.Sprintf("%s%02d", sign, n/3600)
		if n%3600 != 0 {
			t += fmt.Sprintf(":%02d", n/60%60)
		}
		if n%60 != 0 {
			t += fmt.Sprintf(":%02d", n%60)
		}
		return t
	}
	return "<" + text(sec) + ">" + text(-sec), nil
}

func unknownSetting(name string) error {
	return pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
}

// setSetting changes a run-time parameter; within a transaction it is undone
// by rollback, and local changes by its end in any case.
func (s *Session) setSetting(name, value string, local bool) error {
	before := s.set
	if err := s.assign(name, value, userSet); err != nil {
		return err
	}
	if s.tx == nil {
		if local { // over at once
			s.restore(before)
		}
		return nil
	}
	switch {
	case local && s.tx.localSet == nil:
		s.tx.localSet = before
	case !local && s.tx.localSet != nil:
		v, _ := s.set.get(name)
		s.tx.localSet = s.tx.localSet.with(name, v)
	}
	return nil
}

// assign checks and sets a parameter.
func (s *Session) assign(name, value string, who settingContext) error {
	lower := strings.ToLower(name)
	d := settingTable[lower]
	if d == nil {
		if strings.Contains(name, ".") { // a custom parameter
			s.set = s.set.with(name, value)
			return nil
		}
		return unknownSetting(name)
	}
	switch d.context {
	case internal:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.name)
	case atStart:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed without restarting the server", d.name)
	case onReload:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed now", d.name)
	}
	var v string
	var err error
	if lower == "datestyle" {
		v, err = dateStyleWith(s.set.str("DateStyle"), value)
	} else {
		v, err = d.check(value)
	}
	if err != nil {
		return err
	}
	switch lower {
	case "transaction_isolation":
		if s.tx != nil && !s.tx.implicit {
			return s.setModes(s.ctx, &ast.TransactionModes{Isolation: map[string]ast.Isolation{"read uncommitted": ast.ReadUncommitted,
				"read committed": ast.ReadCommitted, "repeatable read": ast.RepeatableRead, "serializable": ast.Serializable}[v]})
		}
	case "transaction_read_only":
		if s.tx != nil && !s.tx.implicit {
			on := v == "on"
			return s.setModes(s.ctx, &ast.TransactionModes{ReadOnly: &on})
		}
		return nil
	case "standard_conforming_strings":
		if v == "off" { // it would change what '\n' means
			return pgerr.Unsupported("standard_conforming_strings cannot be turned off")
		}
	case "session_authorization", "role":
		next, err := s.setRole(lower, v, who)
		if err == nil {
			s.restore(next)
		}
		return err
	}
	if d.context == superOnly && who == userSet && !s.superuser() {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set parameter \"%s\"", d.name)
	}
	next := s.set.with(d.name, v)
	if d.report && v != s.set.str(d.name) && s.opts.ParameterStatus != nil && who == userSet {
		s.opts.ParameterStatus(d.name, v)
	}
	s.set = next
	return nil
}

// show gives a parameter as SHOW prints it.
func (s *Session) show(name string) (string, bool) {
	lower := strings.ToLower(name)
	switch lower {
	case "transaction_isolation":
		if s.tx != nil {
			return s.tx.isolation, true
		}
		return s.set.str("default_transaction_isolation"), true
	case "transaction_read_only":
		on := s.set.readOnly
		if s.tx != nil {
			on = s.tx.readOnly
		}
		return map[bool]string{true: "on", false: "off"}[on], true
	case "transaction_deferrable":
		on := s.set.deferrable
		if s.tx != nil {
			on = s.tx.deferrable
		}
		return map[bool]string{true: "on", false: "off"}[on], true
	}
	v, ok := s.set.get(lower)
	if d := settingTable[lower]; d != nil && ok {
		return d.display(v), true
	}
	return v, ok
}

func (s *Session) runShow(n *ast.ShowStmt, w Writer) error {
	cols, err := s.utilityColumns(s.ctx, n)
	if err != nil {
		return err
	}
	var rows [][]types.Datum
	if n.Name == "all" {
		for _, i := range s.set.all() {
			v, _ := s.show(i.Name)
			rows = append(rows, []types.Datum{types.NewString(i.Name), types.NewString(v), types.NewString(i.Doc)})
		}
	} else {
		v, ok := s.show(n.Name)
		if !ok {
			return unknownSetting(n.Name)
		}
		rows = append(rows, []types.Datum{types.NewString(v)})
	}
	if err := writeRows(w, cols, rows); err != nil {
		return err
	}
	return w.Complete("SHOW")
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

// ---- prepared statements of SQL

func (s *Session) runPrepare(ctx context.Context, st *statement, n *ast.PrepareStmt, w Writer) error {
	if _, err := s.enter(ctx, true); err != nil {
		return err
	}
	p := &Prepared{Name: n.Name, Text: st.text, fromSQL: true, born: nowMicros(),
		raw: &ast.RawStmt{Stmt: n.Stmt, Start: st.raw.Start, Len: st.raw.Len, Params: st.raw.Params}}
	p.given = make([]*types.Type, max(len(n.Types), st.raw.Params))
	for i, tn := range n.Types {
		t, _, err := planner.ResolveTypeName(s.snapshot(), s.searchPath(), tn)
		if err != nil {
			return err
		}
		if t != types.Unknown {
			p.given[i] = t
		}
	}
	if err := s.describe(ctx, p); err != nil {
		return err
	}
	if s.prepared[n.Name] != nil {
		return pgerr.Newf(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", n.Name)
	}
	if !s.tx.implicit && p.plan != nil { // definitions, and the snapshot, are kept as they are from here on
		s.tx.fresh = s.tx.fresh && s.tx.level == kv.ReadCommitted
		if _, err := s.lockTables(ctx, p.plan); err != nil {
			return err
		}
	}
	if err := s.keepPrepared(p); err != nil {
		return err
	}
	return w.Complete("PREPARE")
}

func (s *Session) runExecute(ctx context.Context, st *statement, n *ast.ExecuteStmt, w Writer) error {
	p, err := s.Statement(n.Name)
	if err != nil {
		return err
	}
	inner, err := s.bindExecute(ctx, p, n)
	if err != nil {
		return err
	}
	if inner.raw == nil {
		return w.Complete("EXECUTE")
	}
	if !isQuery(p.raw.Stmt) {
		return s.runUtility(ctx, inner, w)
	}
	if err := s.prepareRun(ctx, inner); err != nil {
		return s.report(err, inner.text) // positions are in its own text
	}
	if !sameColumns(p.Columns, inner.plan.Columns) {
		return planChanged()
	}
	return s.runPlan(ctx, inner, w, true)
}

func (s *Session) bindExecute(ctx context.Context, p *Prepared, n *ast.ExecuteStmt) (*statement, error) {
	if len(n.Args) != len(p.Params) {
		return nil, pgerr.Newf(pgerr.SyntaxError, "wrong number of parameters for prepared statement %q", n.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.Params), len(n.Args))
	}
	inner := &statement{raw: p.raw, text: p.Text, ptypes: p.Params, plan: p.plan, epoch: p.epoch}
	if len(n.Args) > 0 {
		if _, err := s.enter(ctx, false); err != nil {
			return nil, err
		}
		for i, a := range n.Args {
			e, err := planner.BindExpr(planner.ExprRequest{Catalog: s.snapshot(), SearchPath: s.searchPath(), Env: s.execEnv(),
				Expr: a, Place: planner.ForExecute, Target: p.Params[i], TargetMod: -1, Column: fmt.Sprintf("$%d", i+1)})
			if err != nil {
				return nil, err
			}
			v, err := executor.EvalExpr(s.execCtx(ctx, inner), e, nil)
			if err != nil {
				return nil, err
			}
			inner.params = append(inner.params, v)
		}
	}
	return inner, nil
}

func (s *Session) deallocate(n *ast.DeallocateStmt, w Writer) error {
	if n.All {
		s.dropAllPrepared()
	} else {
		if _, err := s.Statement(n.Name); err != nil {
			return err
		}
		s.dropPrepared(n.Name)
	}
	return w.Complete(ast.Tag(n))
}

// ---- EXPLAIN

func explainOptions(n *ast.ExplainStmt) (planner.ExplainOptions, error) {
	o := planner.ExplainOptions{Costs: true}
	timing, summary, wal := -1, -1, false
	for _, opt := range n.Options {
		on := true
		if opt.Kind != ast.OptionAbsent {
			v, ok := parseBool(opt.Text)
			on = v
			if !ok && !strings.EqualFold(opt.Name, "format") {
				return o, pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", opt.Name)
			}
		}
		b := map[bool]int{true: 1, false: 0}[on]
		switch strings.ToLower(opt.Name) {
		case "analyze":
			o.Analyze = on
		case "verbose":
			o.Verbose = on
		case "costs":
			o.Costs = on
		case "kv":
			o.KV = on
		case "algebra":
			o.Algebra = on
		case "timing":
			timing = b
		case "summary":
			summary = b
		case "wal":
			wal = on
		case "buffers", "settings":
		case "format":
			f, err := formatName(opt)
			if err != nil {
				return o, err
			}
			format, ok := planner.Formats[f]
			if !ok {
				return o, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized value for EXPLAIN option %q: %q", opt.Name, f).At(opt.Pos())
			}
			o.Format = format
		default:
			return o, pgerr.Newf(pgerr.SyntaxError, "unrecognized EXPLAIN option %q", opt.Name).At(opt.Pos())
		}
	}
	o.Timing = o.Analyze && timing != 0
	if timing == 1 && !o.Analyze {
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	if wal && !o.Analyze {
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option WAL requires ANALYZE")
	}
	o.Summary = summary == 1 || summary == -1 && o.Analyze
	return o, nil
}

// formatName is the name that an option FORMAT gives.
func formatName(opt *ast.Option) (string, error) {
	if opt.Kind == ast.OptionAbsent {
		return "", pgerr.Newf(pgerr.SyntaxError, "%s requires a parameter", opt.Name)
	}
	return strings.ToLower(opt.Text), nil
}

func (s *Session) runExplain(ctx context.Context, st *statement, n *ast.ExplainStmt, w Writer) error {
	opts, err := explainOptions(n)
	if err != nil {
		return err
	}
	inner := &statement{raw: &ast.RawStmt{Stmt: n.Stmt, Start: st.raw.Start, Len: st.raw.Len, Params: st.raw.Params}, text: st.text,
		params: st.params, ptypes: st.ptypes}
	var made *ast.CreateTableAsStmt
	switch q := n.Stmt.(type) {
	case *ast.ExecuteStmt:
		p, err := s.Statement(q.Name)
		if err != nil {
			return err
		}
		if inner, err = s.bindExecute(ctx, p, q); err != nil {
			return err
		}
	case *ast.DeclareCursorStmt:
		inner.raw.Stmt = q.Query
	case *ast.CreateTableAsStmt:
		if q.Execute != nil {
			if st, err = s.tableFromExecute(ctx, st, q); err != nil {
				return err
			}
			q = st.raw.Stmt.(*ast.CreateTableAsStmt)
			raw := *st.raw
			inner = &statement{raw: &raw, text: st.text, params: st.params, ptypes: st.ptypes}
		}
		inner.raw.Stmt, made = q.Query, q
	case *ast.RefreshMaterializedViewStmt:
		return s.explained(ctx, n, planner.Utility(opts.Format), w)
	}
	if !isQuery(inner.raw.Stmt) {
		return pgerr.Unsupported("EXPLAIN of %s is not supported", ast.Tag(inner.raw.Stmt))
	}
	start := nowMicros()
	if err := s.prepareRun(ctx, inner); err != nil {
		return err
	}
	if err := inner.plan.Authorize(s.snapshot(), s.role()); err != nil {
		return err
	}
	if err := inner.plan.Refused; err != nil {
		return err
	}
	opts.PlanningMicros = nowMicros() - start
	if opts.Algebra { // plan once more, keeping the algebra
		if inner.plan, err = s.planTraced(inner); err != nil {
			return err
		}
	}
	s.showKeys(ctx, inner, &opts)
	if opts.Analyze {
		if made != nil {
			err = s.analyzeMaking(ctx, st, made, inner, &opts)
		} else {
			_, err = s.analyzeRun(ctx, inner, &opts, nil)
		}
		if err != nil {
			return err
		}
	}
	if opts.Analyze && opts.Counters == nil { // the relation was there: nothing was done
		return s.explained(ctx, n, nil, w)
	}
	opts.Env = s.execEnv()
	lines, err := planner.Explain(inner.plan, opts)
	if err != nil {
		return err
	}
	return s.explained(ctx, n, lines, w)
}

// analyzeMaking makes the relation of an EXPLAIN ANALYZE CREATE TABLE AS, whose query
// is q.
func (s *Session) analyzeMaking(ctx context.Context, st *statement, n *ast.CreateTableAsStmt, q *statement, opts *planner.ExplainOptions) error {
	if err := s.enterDDL(ctx, ast.Tag(n)); err != nil {
		return err
	}
	s.tempOnCommit = s.tempOnCommit || n.OnCommit == ast.OnCommitDelete || n.OnCommit == ast.OnCommitDrop
	dc := s.ddlCtx(ctx, st)
	query := dc.Query
	dc.Query = func(stmt ast.Stmt, sink func(*types.Batch) error) (*plan.Plan, int64, error) {
		if sink == nil {
			return query(stmt, nil)
		}
		res, err := s.analyzeRun(ctx, q, opts, sink)
		return q.plan, res.Rows, err
	}
	if n.WithNoData {
		opts.Counters = make([]plan.Counters, q.plan.Nodes)
	}
	was := s.snapshot().Version
	if _, err := ddl.Run(dc, n); err != nil {
		return err
	}
	if s.snapshot().Version == was { // it was there
		opts.Counters = nil
	}
	return nil
}

// explained sends the lines of an EXPLAIN.
func (s *Session) explained(ctx context.Context, n *ast.ExplainStmt, lines []string, w Writer) error {
	cols, _ := s.utilityColumns(ctx, n)
	rows := make([][]types.Datum, len(lines))
	for i, l := range lines {
		rows[i] = []types.Datum{types.NewString(l)}
	}
	if err := writeRows(w, cols, rows); err != nil {
		return err
	}
	return w.Complete("EXPLAIN")
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
			if _, err := s.tx.kv.Lock(ctx, catalog.TableLockKey(t.OID), o); err != nil {
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

// ---- temporary tables

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
