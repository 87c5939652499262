package session

import (
	"context"
	"fmt"
	"time"

	"rowkey/executor"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Prepared is a prepared statement.
type Prepared struct {
	Name string
	Text string
	// Params are the parameter types, Columns those of the result (nil if none).
	Params  []*types.Type
	Columns []Column

	raw   *ast.RawStmt // nil for an empty text
	given []*types.Type
	// declared is how many parameter types the client gave.
	declared int
	plan     *plan.Plan
	epoch    uint64
	fromSQL  bool // by PREPARE
	born     int64
	bytes    int64 // counted in the session's account
}

// Portal is a prepared statement bound to parameters.
type Portal struct {
	Name     string
	Prepared *Prepared
	// Formats are the result format codes as the client gave them.
	Formats []int16

	st   *statement
	exec *executor.Execution // of a query under way
	// left is what remains of the last batch when a row limit cut it.
	left    *types.Batch
	leftAt  int
	done    bool
	tag     string
	hold    bool
	heldBy  *txn    // that made it, until it commits
	running bool    // its query is being run: a function it calls finds it so
	marks   int     // savepoints there were when it was made
	failed  bool    // its query has failed: it cannot be run again
	cursor  *cursor // of DECLARE CURSOR
	query   string
	born    int64
	columns []Column
	kept    *executor.Account // of the rows that a cursor keeps
}

// Columns gives the portal's result columns, nil if it has none.
func (p *Portal) Columns() []Column { return p.columns }

func (p *Portal) close() {
	if p.exec != nil {
		p.exec.Close()
		p.exec = nil
	}
	p.left = nil
}

// drop ends a portal for good: what it keeps is given back.
func (p *Portal) drop() {
	p.close()
	p.kept.Release()
}

// Prepare parses and plans a statement (the Parse message). Parameter OIDs of
// 0, and those missing, are inferred.
func (s *Session) Prepare(ctx context.Context, name, text string, oids []uint32) (*Prepared, error) {
	p, err := s.prepare(ctx, name, text, oids)
	if err != nil {
		s.fail()
		return nil, s.report(err, text)
	}
	return p, nil
}

func (s *Session) prepare(ctx context.Context, name, text string, oids []uint32) (*Prepared, error) {
	if name != "" && s.prepared[name] != nil {
		return nil, pgerr.Newf(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", name)
	}
	done, err := s.readText(text)
	if err != nil {
		return nil, err
	}
	defer done()
	stmts, err := s.db.stmts.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(stmts) > 1 {
		return nil, pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	p := &Prepared{Name: name, Text: text, born: nowMicros()}
	if len(stmts) == 1 {
		p.raw = stmts[0]
		if s.tx != nil && s.tx.failed && !endsFailed(p.raw.Stmt) {
			return nil, pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
		}
		p.given, p.declared = make([]*types.Type, max(len(oids), p.raw.Params)), len(oids)
		for i, oid := range oids {
			if oid == 0 || types.OID(oid) == types.Unknown.OID {
				continue
			}
			if p.given[i] = s.snapshot().Type(types.OID(oid)); p.given[i] == nil {
				return nil, pgerr.Newf(pgerr.UndefinedObject, "type with OID %d does not exist", oid)
			}
		}
		if err := s.describe(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := s.keepPrepared(p); err != nil {
		return nil, err
	}
	return p, nil
}

// innerQuery gives the query that a utility statement is about, nil if it has none of its own.
func innerQuery(st ast.Stmt) ast.Stmt {
	switch n := st.(type) {
	case *ast.ExplainStmt:
		if isQuery(n.Stmt) {
			return n.Stmt
		}
		return innerQuery(n.Stmt)
	case *ast.DeclareCursorStmt:
		return n.CursorQuery()
	case *ast.CreateTableAsStmt:
		if n.Query != nil {
			return n.Query
		}
	}
	return nil
}

// returnsAnothers tells the statements that return what a cursor, a prepared statement or
// a procedure returns that may be made anew between Parse and Bind.
func returnsAnothers(st ast.Stmt) bool {
	switch st.(type) {
	case *ast.FetchStmt, *ast.ExecuteStmt, *ast.CallStmt:
		return true
	}
	return false
}

// describe plans p (or finds out what a utility statement returns), setting
// its parameter types and columns.
func (s *Session) describe(ctx context.Context, p *Prepared) error {
	if n, ok := p.raw.Stmt.(*ast.CallStmt); ok {
		b, err := s.bindCall(n, func(r *planner.Request) { r.ParamTypes = p.given })
		if err == nil {
			p.Columns, p.Params = b.cols, b.params
		}
		return err
	}
	if !isQuery(p.raw.Stmt) {
		cols, err := s.utilityColumns(ctx, p.raw.Stmt, nil)
		if err != nil {
			return err
		}
		p.Columns, p.Params = cols, p.given[:p.declared]
		if q := innerQuery(p.raw.Stmt); q != nil { // its parameters are the statement's
			a, err := planner.Analyze(planner.Request{Catalog: s.snapshot(), Stmt: q, ParamTypes: p.given, SearchPath: s.searchPath(),
				Env: s.execEnv(), CurrentUser: s.userName()})
			if err != nil {
				return err
			}
			p.Params = a.Params
		}
		for i, t := range p.Params {
			if t == nil {
				p.Params[i] = types.Text
			}
		}
		return nil
	}
	st := &statement{raw: p.raw, text: p.Text, ptypes: p.given}
	snap := s.snapshot()
	if s.tx != nil {
		var err error
		if snap, err = s.catalogNow(); err != nil {
			return err
		}
	}
	if err := s.plan(snap, st, false); err != nil {
		if pgerr.CodeOf(err) == pgerr.IndeterminateDatatype {
			return placeless(err)
		}
		return err
	}
	p.plan, p.epoch = st.plan, st.epoch
	p.Params, p.Columns = st.plan.Params, st.plan.Columns
	return nil
}

// Statement finds a prepared statement.
func (s *Session) Statement(name string) (*Prepared, error) {
	p := s.prepared[name]
	if p == nil {
		if name == "" {
			return nil, pgerr.New(pgerr.InvalidSQLStatementName, "unnamed prepared statement does not exist")
		}
		return nil, pgerr.Newf(pgerr.InvalidSQLStatementName, "prepared statement %q does not exist", name)
	}
	return p, nil
}

// PortalNamed finds a portal.
func (s *Session) PortalNamed(name string) (*Portal, error) {
	p := s.portals[name]
	if p == nil {
		return nil, pgerr.Newf(pgerr.InvalidCursorName, "portal %q does not exist", name)
	}
	return p, nil
}

// CloseStatement and ClosePortal forget what they name, if it exists.
func (s *Session) CloseStatement(name string) { s.dropPrepared(name) }

// ClosePortal forgets a portal.
func (s *Session) ClosePortal(name string) {
	if p := s.portals[name]; p != nil {
		p.drop()
		delete(s.portals, name)
	}
}

// Bind makes a portal. values[i] is nil for NULL, else the value in the
// format formats tells (0 text, 1 binary; none given: all text; one: for all).
func (s *Session) Bind(ctx context.Context, portal, stmt string, values [][]byte, formats, resultFormats []int16) (*Portal, error) {
	p, err := s.bind(ctx, portal, stmt, values, formats, resultFormats)
	if err != nil {
		s.fail()
		text := ""
		if ps := s.prepared[stmt]; ps != nil {
			text = ps.Text
		}
		return nil, s.report(err, text)
	}
	return p, nil
}

func (s *Session) bind(ctx context.Context, portal, stmt string, values [][]byte, formats, resultFormats []int16) (*Portal, error) {
	ps, err := s.Statement(stmt)
	if err != nil {
		return nil, err
	}
	if ps.raw != nil && s.tx != nil && s.tx.failed && !endsFailed(ps.raw.Stmt) {
		return nil, pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	}
	if len(formats) > 1 && len(formats) != len(values) {
		return nil, pgerr.Newf(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(formats), len(values))
	}
	if len(values) != len(ps.Params) {
		return nil, pgerr.Newf(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement %q requires %d", len(values), stmt, len(ps.Params))
	}
	columns := ps.Columns
	if ps.raw != nil && returnsAnothers(ps.raw.Stmt) { // which Parse may not have known, or another than now
		if columns, err = s.utilityColumns(s.ctx, ps.raw.Stmt, ps.Params); err != nil {
			return nil, err
		}
	}
	if n := len(resultFormats); n > 1 && n != len(columns) {
		return nil, pgerr.Newf(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", n, len(columns))
	}
	if old := s.portals[portal]; old != nil {
		if portal != "" {
			return nil, pgerr.Newf(pgerr.DuplicateCursor, "cursor %q already exists", portal)
		}
		old.drop()
	}
	p := &Portal{Name: portal, Prepared: ps, Formats: resultFormats, query: ps.Text, columns: columns}
	if err := s.renew(ps); err != nil {
		return nil, err
	}
	if ps.raw != nil {
		st := &statement{raw: ps.raw, text: ps.Text, ptypes: ps.Params, plan: ps.plan, epoch: ps.epoch}
		if len(values) > 0 {
			env := s.execEnv()
			st.params = make([]types.Datum, len(values))
			for i, v := range values {
				checked := ps.Params[i].HoldsDomains()
				if v == nil && !checked {
					continue
				}
				f := int16(0)
				if len(formats) == 1 {
					f = formats[0]
				} else if i < len(formats) {
					f = formats[i]
				}
				switch {
				case v == nil:
				case f == 0:
					text := string(v)
					if s.set.charset != nil {
						text, err = s.set.charset.Decode(text)
					}
					if err == nil {
						st.params[i], err = types.Parse(ps.Params[i], -1, text, env)
					}
				case f == 1:
					st.params[i], err = parseBinary(ps.Params[i], -1, v, env, s.set.charset)
				default:
					err = pgerr.Newf(pgerr.InvalidParameterValue, "unsupported format code: %d", f)
				}
				if err == nil && checked {
					st.params[i], err = s.checkInput(ctx, ps.Params[i], st.params[i])
				}
				if err != nil {
					e := *pgerr.Of(err)
					if f == 1 && e.Code == pgerr.InvalidBinaryRepresentation && e.Message == "incorrect binary data format" {
						e.Message = fmt.Sprintf("incorrect binary data format in bind parameter %d", i+1)
					}
					if e.Code == pgerr.CharacterNotInRepertoire {
						f = 1 // not shown: it is no text
					}
					if e.Where == "" {
						e.Where = paramContext(portal, i+1, f)
					}
					return nil, &e
				}
			}
		}
		p.st = st
	}
	if s.tx != nil {
		p.marks = len(s.tx.marks)
	}
	s.portals[portal] = p
	return p, nil
}

// checkInput checks a parameter by the domains of its type, whether or not the statement will read it.
func (s *Session) checkInput(ctx context.Context, t *types.Type, v types.Datum) (types.Datum, error) {
	snap, err := s.enter(ctx, false)
	if err != nil {
		return v, err
	}
	e, err := planner.CheckInput(snap, s.execEnv(), t)
	if e == nil || err != nil {
		return v, err
	}
	return executor.EvalExpr(s.execCtx(ctx, &statement{}), e, []types.Datum{v})
}

// renew plans a prepared statement again if the catalog or settings changed
// since; its result must not have.
func (s *Session) renew(ps *Prepared) error {
	if ps.plan == nil {
		return nil
	}
	snap := s.snapshot()
	if ps.plan.CatalogVersion == snap.Version && ps.epoch == s.epoch() {
		return nil
	}
	st := &statement{raw: ps.raw, text: ps.Text, ptypes: ps.Params}
	if err := s.plan(snap, st, false); err != nil {
		return err
	}
	if !sameColumns(ps.Columns, st.plan.Columns) {
		return planChanged()
	}
	ps.plan, ps.epoch = st.plan, st.epoch
	return nil
}

// Abort notes an error of the client's protocol outside of a statement: a block fails.
func (s *Session) Abort() { s.fail() }

// Describable refuses to describe what has a result in a failed block.
func (s *Session) Describable(cols []Column) error {
	if s.tx != nil && s.tx.failed && cols != nil {
		return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	}
	return nil
}

// Execute runs a portal, at most limit rows of it (0: all). After a limited
// run, Execute goes on where it stopped.
func (s *Session) Execute(ctx context.Context, portal string, limit int64, w Writer) error {
	p, err := s.PortalNamed(portal)
	if err != nil {
		s.fail()
		return s.report(err, "")
	}
	if p.st == nil && p.cursor == nil {
		return w.Empty()
	}
	st := p.st
	if p.cursor != nil {
		st = p.cursor.st
	}
	err = s.guard(ctx, st, w, func(ctx context.Context) error { return s.execute(ctx, p, limit, w) })
	if err != nil {
		s.fail()
	}
	return err
}

func (s *Session) execute(ctx context.Context, p *Portal, limit int64, w Writer) error {
	if p.cursor != nil {
		return s.executeCursor(p, limit, w)
	}
	if !isQuery(p.st.raw.Stmt) {
		if p.done {
			return p.cannotRun()
		}
		p.done = true
		return s.runUtility(ctx, p.st, quiet{w})
	}
	if p.done && p.st.plan != nil && p.st.plan.Columns == nil {
		return p.cannotRun()
	}
	if p.exec == nil && !p.done {
		old := p.st.plan
		if err := s.prepareRun(ctx, p.st); err != nil {
			return err
		}
		ps := p.Prepared
		if p.st.plan != old && ps != nil {
			if !sameColumns(ps.Columns, p.st.plan.Columns) {
				return planChanged()
			}
			ps.plan, ps.epoch = p.st.plan, p.st.epoch
		}
		if limit == 0 || p.st.plan.Columns == nil {
			p.done = true
			p.tag = p.st.plan.Tag
			return s.runPlan(ctx, p.st, w, false)
		}
		s.tx.fresh = false
		exec, err := executor.Open(s.execCtx(s.ctx, p.st), p.st.plan)
		if err != nil {
			return err
		}
		p.exec = exec
	}
	n, err := s.pull(p, limit, w)
	if err != nil {
		return err
	}
	if p.exec != nil && n == limit && limit > 0 {
		return w.Suspended()
	}
	return w.Complete(completionTag(p.st.plan.Tag, n))
}

// pull passes up to limit rows (0: all) of a portal's running query to w.
func (s *Session) pull(p *Portal, limit int64, w Writer) (n int64, err error) {
	for p.exec != nil && (limit == 0 || n < limit) {
		if p.left == nil {
			p.running = true
			b, err := p.exec.Next()
			p.running = false
			if err != nil {
				p.close()
				return n, err
			}
			if b == nil {
				p.close()
				p.done = true
				break
			}
			p.left, p.leftAt = b, 0
		}
		rows := p.left.Rows()
		take := int64(rows - p.leftAt)
		if limit > 0 {
			take = min(take, limit-n)
		}
		part := *p.left
		if p.leftAt > 0 || int(take) < rows {
			sel := make([]int32, take)
			for i := range sel {
				sel[i] = int32(p.left.Row(p.leftAt + i))
			}
			part.Sel = sel
		}
		if take > 0 {
			if err := w.Rows(&part, p.st.plan.Columns); err != nil {
				return n, err
			}
		}
		n += take
		if p.leftAt += int(take); p.leftAt == rows {
			p.left = nil
		}
	}
	return n, nil
}

// Sync ends the implicit transaction of the extended protocol; failed tells
// that a message since the last Sync had an error.
func (s *Session) Sync(ctx context.Context, failed bool) error {
	s.stepped = time.Time{}
	if err := s.finish(ctx, failed); err != nil {
		return s.report(err, "")
	}
	if p := s.portals[""]; p != nil && s.tx == nil {
		s.ClosePortal("")
	}
	return nil
}

func sameColumns(a, b []Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type.OID != b[i].Type.OID || a[i].Typmod != b[i].Typmod {
			return false
		}
	}
	return true
}

// quiet drops the announcement of columns: Describe made it already.
type quiet struct{ Writer }

func (quiet) Columns([]Column) error { return nil }

// PrepareCached gives the nameless prepared statement of a text, kept from an
// earlier call where the catalog and settings still are the same.
func (s *Session) PrepareCached(ctx context.Context, text string) (*Prepared, error) {
	if p := s.texts[text]; p != nil && (p.plan == nil || p.plan.CatalogVersion == s.snapshot().Version && p.epoch == s.epoch()) {
		return p, nil
	}
	delete(s.prepared, "")
	p, err := s.Prepare(ctx, "", text, nil)
	if err != nil {
		return nil, err
	}
	delete(s.prepared, "")
	if len(s.texts) >= maxCachedTexts {
		clear(s.texts)
	}
	if s.texts == nil {
		s.texts = map[string]*Prepared{}
	}
	s.texts[text] = p
	return p, nil
}

// maxCachedTexts bounds the statements PrepareCached keeps.
const maxCachedTexts = 256

// Run runs a prepared statement to its end with values of its parameters'
// types. The implicit transaction stays open until Sync.
func (s *Session) Run(ctx context.Context, p *Prepared, params []types.Datum, w Writer) error {
	if p.raw == nil {
		return w.Empty()
	}
	st := &statement{raw: p.raw, text: p.Text, ptypes: p.Params, params: params, plan: p.plan, epoch: p.epoch}
	err := s.guard(ctx, st, w, func(ctx context.Context) error {
		if !isQuery(p.raw.Stmt) {
			return s.runUtility(ctx, st, w)
		}
		if err := s.prepareRun(ctx, st); err != nil {
			return err
		}
		p.plan, p.epoch = st.plan, st.epoch
		return s.runPlan(ctx, st, w, false)
	})
	if err != nil {
		s.fail()
	}
	return err
}

// planChanged is the error of a prepared statement that would give other columns than it was
// described to. pgjdbc and Active Record know it by its routine, and prepare the statement again.
func planChanged() error {
	e := pgerr.New(pgerr.FeatureNotSupported, "cached plan must not change result type")
	e.Routine = "RevalidateCachedQuery"
	return e
}
