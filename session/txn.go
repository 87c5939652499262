package session

import (
	"context"
	"errors"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// txn is a session's open transaction.
type txn struct {
	kv       kv.Txn
	change   *catalog.Change   // nil until DDL
	base     *catalog.Snapshot // catalog of the current statement, without change
	implicit bool              // not a block: ends with the statement (or Sync)
	shared   bool              // implicit, of several statements of one text
	failed   bool
	// isolation is the level's name as it was asked for, level what it means here.
	isolation string
	level     kv.Isolation
	readOnly  bool
	reading   bool // no statement so far could write: kv was begun ReadOnly
	// deferrable: SERIALIZABLE READ ONLY waits for a snapshot that cannot fail.
	deferrable bool
	fresh      bool // no statement has run yet: modes may still change
	nowMicros  int64
	id         int64
	settings   *settings // to return to on rollback
	localSet   *settings // nil, or: to return to at the end of the transaction (SET LOCAL)
	marks      []savepoint
	onCommit   []func()
	deferred   executor.Deferred                 // checks that wait for the end
	drawn      map[catalog.OID]*catalog.Sequence // locked for nextval; nil: as in the snapshot
	strong     bool                              // counted in DB.strong
	temporary  bool                              // has had to do with temporary objects
	notes      []Notification                    // to send at commit
	noted      map[Notification]struct{}
	listens    []listenAction
	// sequences are those this transaction restarted: others see it once it commits.
	sequences map[catalog.OID]*ownSequence
	used      []*catalog.Sequence // those that gave it numbers
	exports   []string            // snapshots that others may begin with
}

// savepoint is one SAVEPOINT.
type savepoint struct {
	name     string
	kv       kv.Savepoint
	change   int
	settings *settings
	localSet *settings
	hooks    int // len of onCommit
	deferred executor.DeferredMark
	notes    int
	listens  int
	readOnly bool
	restarts map[catalog.OID]*ownSequence
}

// begin starts a transaction.
func (s *Session) begin(ctx context.Context, implicit, readOnlyHint bool, modes *ast.TransactionModes) error {
	t := &txn{implicit: implicit, nowMicros: nowMicros(), settings: s.set, fresh: true,
		isolation: s.set.isolation, readOnly: s.set.readOnly, deferrable: s.set.deferrable}
	if modes != nil {
		if modes.Isolation != ast.IsolationUnspecified {
			t.isolation = modes.Isolation.String()
		}
		if modes.ReadOnly != nil {
			t.readOnly = *modes.ReadOnly
		}
		if modes.Deferrable != nil {
			t.deferrable = *modes.Deferrable
		}
	}
	t.level = levelOf(t.isolation)
	if err := s.openKV(ctx, t, readOnlyHint); err != nil {
		return err
	}
	s.tx = t
	s.txStart.Store(t.nowMicros)
	return nil
}

func levelOf(isolation string) kv.Isolation {
	switch isolation {
	case "serializable":
		return kv.Serializable
	case "repeatable read":
		return kv.RepeatableRead
	}
	return kv.ReadCommitted
}

func (s *Session) openKV(ctx context.Context, t *txn, readOnlyHint bool) error {
	var err error
	t.reading = readOnlyHint && t.level != kv.Serializable // who may have to write yet cannot promise not to
	t.kv, err = s.db.store.Begin(ctx, s.txnOptions(t))     // until the statement ends: guard
	return mapKV(err)
}

// txnOptions describe a transaction to the store.
func (s *Session) txnOptions(t *txn) kv.TxnOptions {
	return kv.TxnOptions{
		Isolation: t.level, ReadOnly: t.reading, Declared: t.readOnly,
		NoSync: s.set.noSync, LockTimeout: s.lockTimeout(), DeadlockTimeout: s.set.deadlockTimeout, Owner: s.owner(),
	}
}

// enter makes the session ready to run a statement: a transaction is open, its
// snapshot is the statement's, and the catalog of that snapshot is known.
func (s *Session) enter(ctx context.Context, readOnly bool) (*catalog.Snapshot, error) {
	if s.tx == nil {
		if err := s.begin(ctx, true, readOnly, nil); err != nil {
			return nil, err
		}
	} else {
		s.tx.kv.SetTimeouts(s.lockTimeout(), s.set.deadlockTimeout)
		if s.tx.reading && !readOnly { // in a pipeline, after statements that only read
			if err := s.tx.kv.AllowWrites(); err != nil {
				return nil, mapKV(err)
			}
			s.tx.reading = false
		}
	}
	switch t := s.tx; {
	case t.level == kv.ReadCommitted || t.fresh: // the first statement takes the snapshot, not BEGIN
		if err := t.kv.Refresh(); err != nil && !errors.Is(err, kv.ErrRefresh) {
			return nil, mapKV(err)
		}
		if t.deferrable && t.readOnly && t.fresh && t.level == kv.Serializable {
			if err := t.kv.AwaitSafe(ctx); err != nil && !errors.Is(err, kv.ErrRefresh) {
				return nil, mapKV(err)
			}
		}
	}
	return s.catalogNow()
}

// catalogNow gives the catalog that the transaction's snapshot sees, with its
// own changes.
func (s *Session) catalogNow() (*catalog.Snapshot, error) {
	t := s.tx
	base, err := s.cat.At(t.kv, t.kv.Seq())
	if err != nil {
		return nil, mapKV(err)
	}
	t.base = base
	if t.change == nil {
		return base, nil
	}
	if err := t.change.Rebase(base); err != nil {
		return nil, err
	}
	return t.change.Snapshot(), nil
}

// snapshot gives the catalog as of the last enter plus own changes since.
func (s *Session) snapshot() *catalog.Snapshot {
	switch {
	case s.tx == nil || s.tx.base == nil:
		return s.cat.Latest()
	case s.tx.change != nil:
		return s.tx.change.Snapshot()
	}
	return s.tx.base
}

// changeCatalog gives the transaction's catalog change, begun if need be.
func (s *Session) changeCatalog() *catalog.Change {
	if s.tx.change == nil {
		s.tx.change = s.cat.Change(s.tx.kv, s.tx.base)
	}
	return s.tx.change
}

// putObject makes an object part of the transaction's catalog.
func (s *Session) putObject(ctx context.Context, o catalog.Object) error {
	return mapKV(s.changeCatalog().Put(ctx, o, s.lockTimeout()))
}

// finish ends an implicit transaction after a statement (or at Sync): commit,
// or roll back when the statement failed.
func (s *Session) finish(ctx context.Context, failed bool) error {
	if s.tx == nil || !s.tx.implicit {
		return nil
	}
	if failed {
		s.rollback()
		return nil
	}
	return s.commit(ctx)
}

// commit commits the open transaction; it is over in any case.
func (s *Session) commit(ctx context.Context) error {
	t := s.tx
	if err := s.beforeCommit(ctx); err != nil {
		s.rollback()
		return err
	}
	for _, p := range s.portals { // one that has failed is not kept
		p.hold = p.hold && !(p.failed && p.heldBy == t)
	}
	s.closePortals()
	for _, p := range s.portals {
		p.heldBy = nil
	}
	if len(t.notes) > 0 {
		s.db.hub.order.Lock()
		defer s.db.hub.order.Unlock()
		if s.db.hub.queued.Load() > maxNotifyBytes {
			s.rollback()
			return pgerr.New(pgerr.ProgramLimitExceeded, "too many notifications in the NOTIFY queue")
		}
	}
	s.tx = nil
	s.txStart.Store(0)
	s.db.exports.drop(t)
	defer s.weaken(t)
	for _, q := range t.sequences { // restarted: that is part of the commit
		if err := t.kv.PutCovered(catalog.SequenceKey(q.seq.OID), catalog.SequenceRecord(q.last, q.called)); err != nil {
			t.kv.Rollback()
			s.restore(t.settings)
			return mapKV(err)
		}
	}
	wrote := t.kv.HasWrites()
	if k, ok := t.kv.(interface{ SetNoSync(bool) }); ok { // the setting counts as it is now
		k.SetNoSync(s.set.noSync)
	}
	var err error
	if t.change != nil && !t.change.Empty() {
		err = t.change.Commit(ctx)
	} else {
		err = t.kv.Commit(ctx)
	}
	if err == nil {
		err = s.syncSequences(ctx, t, wrote)
	}
	if err != nil {
		s.restore(t.settings)
		return mapKV(err)
	}
	if t.localSet != nil {
		s.restore(t.localSet)
	}
	for _, q := range t.sequences {
		if err := s.db.seqs.Set(ctx, q.seq, q.last, q.called); err != nil {
			return mapKV(err)
		}
	}
	for _, f := range t.onCommit {
		f()
	}
	s.commitNotes(t)
	s.forgetAdvisory()
	return nil
}

// beforeCommit does what is due at the end of a transaction and may still
// fail: deferred checks, the rows of cursors WITH HOLD, ON COMMIT of temporary tables.
func (s *Session) beforeCommit(ctx context.Context) error {
	t := s.tx
	if t.deferred.Waiting() {
		if _, err := s.enter(ctx, false); err != nil {
			return err
		}
		if err := t.deferred.Run(s.execCtx(ctx, &statement{})); err != nil {
			return err
		}
	}
	for _, p := range s.portals {
		if p.hold && p.heldBy == t && !p.failed {
			if err := s.fill(p, -1); err != nil {
				return err
			}
		}
	}
	if s.tempOnCommit {
		return s.onCommitTables(ctx)
	}
	return nil
}

// rollback ends the open transaction without effect.
func (s *Session) rollback() {
	t := s.tx
	for _, p := range s.portals { // those made to outlive it do not
		p.hold = p.hold && p.heldBy != t
	}
	s.closePortals()
	s.tx = nil
	s.txStart.Store(0)
	s.db.exports.drop(t)
	t.kv.Rollback()
	s.weaken(t)
	s.restore(t.settings)
	s.forgetAdvisory()
}

// strengthen notes that the transaction may lock tables against readers, who then
// take locks even where a snapshot would do.
func (s *Session) strengthen() {
	if !s.tx.strong {
		s.tx.strong = true
		s.db.strong.Add(1)
	}
}

func (s *Session) weaken(t *txn) {
	if t.strong {
		s.db.strong.Add(-1)
	}
}

// restore returns to earlier settings, telling the client of reported ones that change.
func (s *Session) restore(st *settings) {
	if st == s.set {
		return
	}
	old := s.set
	s.set = st
	if s.opts.ParameterStatus == nil {
		return
	}
	for _, d := range settingTable {
		if d.report {
			if v := st.str(d.name); v != old.str(d.name) {
				s.opts.ParameterStatus(d.name, v)
			}
		}
	}
}

func (s *Session) closePortals() {
	for name, p := range s.portals {
		if !p.hold {
			p.drop()
			delete(s.portals, name)
		}
	}
}

// fail notes an error: a block becomes failed, an implicit transaction ends.
// What was written and locked, in a block with savepoints since the last of them, is let go
// of at once: others need not wait for ROLLBACK.
func (s *Session) fail() {
	switch t := s.tx; {
	case t == nil:
	case t.implicit:
		s.rollback()
	default:
		t.failed = true
		s.act.Store(actFailed)
		if n := len(t.marks); n > 0 {
			_ = t.kv.RollbackTo(t.marks[n-1].kv) // ROLLBACK TO meets what may be wrong with that again
			return
		}
		s.closePortals()
		t.kv.Rollback()
	}
}

// transaction runs BEGIN, COMMIT and their kin.
func (s *Session) transaction(ctx context.Context, st *ast.TransactionStmt, w Writer) error {
	switch st.Kind {
	case ast.TransactionBegin, ast.TransactionStart:
		switch {
		case s.tx == nil:
			if err := s.begin(ctx, false, false, st.Modes); err != nil {
				return err
			}
		case s.tx.implicit: // within a simple query of several statements: from here on a block
			s.tx.implicit = false
			if err := s.setModes(ctx, st.Modes); err != nil {
				return err
			}
		default:
			s.warn(pgerr.ActiveSQLTransaction, "there is already a transaction in progress")
		}
	case ast.TransactionCommit, ast.TransactionRollback:
		commit := st.Kind == ast.TransactionCommit
		if s.tx == nil || s.tx.implicit {
			if st.Chain {
				return pgerr.Newf(pgerr.NoActiveSQLTransaction, "%s AND CHAIN can only be used in transaction blocks", ast.Tag(st))
			}
			s.warn(pgerr.NoActiveSQLTransaction, "there is no transaction in progress")
			if s.tx != nil {
				if err := s.finish(ctx, !commit); err != nil {
					return err
				}
			}
			return w.Complete(ast.Tag(st))
		}
		isolation, readOnly := s.tx.isolation, s.tx.readOnly
		deferrable := s.tx.deferrable
		tag := ast.Tag(st)
		if s.tx.failed || !commit {
			s.rollback()
			tag = "ROLLBACK"
		} else if err := s.commit(ctx); err != nil {
			return err
		}
		if st.Chain {
			if err := s.begin(ctx, false, false, nil); err != nil {
				return err
			}
			if s.tx.isolation != isolation || s.tx.readOnly != readOnly {
				if err := s.setIsolation(ctx, isolation); err != nil {
					return err
				}
				s.tx.readOnly = readOnly
			}
			s.tx.deferrable = deferrable
		}
		return w.Complete(tag)
	case ast.TransactionSavepoint:
		if err := s.needBlock("SAVEPOINT"); err != nil {
			return err
		}
		t := s.tx
		t.marks = append(t.marks, s.mark(st.Name))
		t.fresh = false
	case ast.TransactionRelease:
		if err := s.needBlock("RELEASE SAVEPOINT"); err != nil {
			return err
		}
		i, err := s.findSavepoint(st.Name)
		if err != nil {
			return err
		}
		if err := s.tx.kv.Release(s.tx.marks[i].kv); err != nil {
			return mapKV(err)
		}
		s.tx.readOnly = s.tx.marks[i].readOnly
		s.tx.marks = s.tx.marks[:i]
	case ast.TransactionRollbackTo:
		if err := s.needBlock("ROLLBACK TO SAVEPOINT"); err != nil {
			return err
		}
		i, err := s.findSavepoint(st.Name)
		if err != nil {
			return err
		}
		if err := s.rollbackTo(i); err != nil {
			return err
		}
		s.tx.failed = false
	case ast.TransactionPrepare: // as with PostgreSQL's max_prepared_transactions of zero
		if s.tx == nil || s.tx.implicit {
			s.warn(pgerr.NoActiveSQLTransaction, "there is no transaction in progress")
			return w.Complete("ROLLBACK")
		}
		if s.tx.failed {
			s.rollback()
			return w.Complete("ROLLBACK")
		}
		temporary := s.tx.temporary
		s.rollback()
		if temporary {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot PREPARE a transaction that has operated on temporary objects")
		}
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "prepared transactions are disabled").
			WithHint("Set max_prepared_transactions to a nonzero value.")
	default:
		if err := s.forbidBlock(ast.Tag(st)); err != nil {
			return err
		}
		return pgerr.Newf(pgerr.UndefinedObject, "prepared transaction with identifier %q does not exist", st.Name)
	}
	return w.Complete(ast.Tag(st))
}

func (s *Session) needBlock(what string) error {
	if s.tx == nil || s.tx.implicit {
		return pgerr.Newf(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", what)
	}
	return nil
}

// forbidBlock refuses statements that manage transactions of their own.
func (s *Session) forbidBlock(what string) error {
	if s.tx != nil && (!s.tx.implicit || s.tx.shared) {
		return pgerr.Newf(pgerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", what)
	}
	return nil
}

func (s *Session) findSavepoint(name string) (int, error) {
	for i := len(s.tx.marks) - 1; i >= 0; i-- {
		if s.tx.marks[i].name == name {
			return i, nil
		}
	}
	return 0, pgerr.Newf(pgerr.InvalidSavepointSpecification, "savepoint %q does not exist", name)
}

// mark is a savepoint of the transaction as it stands.
func (s *Session) mark(name string) savepoint {
	t := s.tx
	m := savepoint{name: name, kv: t.kv.Savepoint(), settings: s.set, localSet: t.localSet, hooks: len(t.onCommit),
		deferred: t.deferred.Mark(), notes: len(t.notes), listens: len(t.listens),
		readOnly: t.readOnly, restarts: copySequences(t.sequences)}
	if t.change != nil {
		m.change = t.change.Mark()
	}
	return m
}

// rollbackTo returns to savepoint i, which stays.
func (s *Session) rollbackTo(i int) error {
	t := s.tx
	m := t.marks[i]
	if err := s.keepPortals(i); err != nil {
		return err
	}
	if err := t.kv.RollbackTo(m.kv); err != nil {
		return mapKV(err)
	}
	if t.change != nil {
		if err := t.change.RollbackTo(m.change); err != nil {
			return err
		}
	}
	t.localSet, t.readOnly = m.localSet, m.readOnly
	t.onCommit = t.onCommit[:m.hooks]
	t.deferred.RollbackTo(m.deferred)
	t.notes, t.listens = t.notes[:m.notes], t.listens[:m.listens]
	t.drawn = nil // whose locks may be gone
	t.sequences = copySequences(m.restarts)
	s.restore(m.settings)
	t.marks = t.marks[:i+1]
	return nil
}

// setModes applies SET TRANSACTION to the open transaction.
func (s *Session) setModes(ctx context.Context, m *ast.TransactionModes) error {
	if m == nil {
		return nil
	}
	t := s.tx
	if m.Isolation != ast.IsolationUnspecified {
		isolation := m.Isolation.String()
		if isolation != t.isolation {
			if !t.fresh {
				return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
			}
			if len(t.marks) > 0 {
				return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
			}
			if err := s.setIsolation(ctx, isolation); err != nil {
				return err
			}
		}
	}
	if m.ReadOnly != nil {
		if !*m.ReadOnly && t.readOnly && len(t.marks) > 0 {
			return pgerr.New(pgerr.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
		}
		if !*m.ReadOnly && t.readOnly && !t.fresh {
			return pgerr.New(pgerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
		}
		changes := t.readOnly != *m.ReadOnly
		t.readOnly = *m.ReadOnly
		if changes && t.fresh && len(t.marks) == 0 && t.level == kv.Serializable { // which the store has to know
			if err := s.setIsolation(ctx, t.isolation); err != nil {
				return err
			}
		}
	}
	if m.Deferrable != nil {
		if !t.fresh {
			return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
		}
		t.deferrable = *m.Deferrable
	}
	return nil
}

func (s *Session) setIsolation(ctx context.Context, isolation string) error {
	s.tx.kv.Rollback()
	s.tx.isolation, s.tx.level = isolation, levelOf(isolation)
	return s.openKV(ctx, s.tx, false)
}

// writable refuses a statement that writes in a read-only transaction.
func (s *Session) writable(what string) error {
	if s.tx != nil && s.tx.readOnly || s.tx == nil && s.set.readOnly {
		return pgerr.Newf(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", what)
	}
	return nil
}
