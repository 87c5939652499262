package session

import (
	"context"
	"fmt"
	"slices"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// cursor is what DECLARE CURSOR adds to a portal. The rows seen so far are
// kept when the cursor may scroll back; pos is the current row, counted from 1; 0
// is before the first, len+1 (when complete) after the last.
type cursor struct {
	st       *statement
	scroll   bool
	kept     []*types.Batch
	total    int64 // rows in kept
	complete bool  // all rows are in kept
	pos      int64
	binary   bool
}

func (s *Session) declareCursor(ctx context.Context, st *statement, n *ast.DeclareCursorStmt, w Writer) error {
	inner := st.inner(n.CursorQuery())
	if err := s.prepareRun(ctx, inner); err != nil {
		return err
	}
	if !n.Hold && s.tx.implicit {
		return pgerr.New(pgerr.NoActiveSQLTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if s.portals[n.Name] != nil {
		return pgerr.Newf(pgerr.DuplicateCursor, "cursor %q already exists", n.Name)
	}
	s.tx.fresh = false
	exec, err := executor.Open(s.execCtx(s.ctx, inner), inner.plan)
	if err != nil {
		return err
	}
	c := &cursor{st: inner, scroll: n.Scroll || !n.NoScroll && scrollable(inner.plan.Root), binary: n.Binary}
	p := &Portal{Name: n.Name, st: inner, exec: exec, cursor: c, query: st.text, born: nowMicros(), columns: inner.plan.Columns, marks: len(s.tx.marks)}
	if n.Hold {
		p.hold, p.heldBy = true, s.tx
	}
	s.portals[n.Name] = p
	return w.Complete("DECLARE CURSOR")
}

// asCursor gives a portal that is under way what a cursor has: the rows it
// has yet to give.
func (s *Session) asCursor(p *Portal) *cursor {
	if p.cursor == nil {
		p.cursor = &cursor{st: p.st, complete: p.exec == nil}
		if p.left != nil {
			rest := *p.left
			sel := make([]int32, 0, p.left.Rows()-p.leftAt)
			for i := p.leftAt; i < p.left.Rows(); i++ {
				sel = append(sel, int32(p.left.Row(i)))
			}
			rest.Sel = sel
			_ = s.keep(p, &rest) // a batch that is there already
			p.left = nil
		}
	}
	return p.cursor
}

// executeCursor answers an Execute message for a cursor.
func (s *Session) executeCursor(p *Portal, limit int64, w Writer) error {
	c := p.cursor
	want := int64(-1)
	if limit > 0 {
		want = c.pos + limit
	}
	if err := s.fill(p, want); err != nil {
		return err
	}
	n := int64(0)
	for c.pos < c.total && (limit == 0 || n < limit) {
		c.pos++
		if err := p.row(c.pos, w); err != nil {
			return err
		}
		n++
	}
	if limit > 0 && n == limit {
		return w.Suspended()
	}
	return w.Complete(completionTag(c.st.plan.Tag, n))
}

// settlePortals reads all rows of the portals under way: what the transaction
// writes from here on is not theirs to see.
func (s *Session) settlePortals() error {
	for _, p := range s.portals {
		if p.exec == nil || p.running {
			continue
		}
		s.asCursor(p)
		if err := s.fill(p, -1); err != nil {
			return err
		}
	}
	return nil
}

// opened tells whether a statement under way or a portal has a table or index open. A
// portal that gives rows has until it is closed, or kept beyond its transaction.
func (s *Session) opened(relation catalog.OID) bool {
	if s.state.Opened(relation) {
		return true
	}
	for _, p := range s.portals {
		if p.failed || p.hold && p.heldBy == nil || p.cursor == nil && p.exec == nil && !p.done || p.st == nil || p.st.plan == nil {
			continue
		}
		if q := p.st.plan; q.Tag == "SELECT" && !q.Modifies() && slices.Contains(q.Opened, relation) {
			return true
		}
	}
	return false
}

// fill reads rows until n are kept (n < 0: all).
func (s *Session) fill(p *Portal, n int64) error {
	c := p.cursor
	if p.failed {
		return p.cannotRun()
	}
	p.running = true
	defer func() { p.running = false }()
	for !c.complete && (n < 0 || c.total < n) {
		b, err := p.exec.Next()
		if err != nil {
			p.failed = true
			p.close()
			return err
		}
		if b == nil {
			c.complete = true
			p.close()
			break
		}
		if err := s.keep(p, b); err != nil {
			return err
		}
	}
	return nil
}

// cannotRun is the error of a portal whose query has failed, or is not one to run again.
func (p *Portal) cannotRun() error {
	return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "portal %q cannot be run", p.Name)
}

// keep keeps a copy of the rows of a batch.
func (s *Session) keep(p *Portal, b *types.Batch) error {
	kept := &types.Batch{N: b.Rows()}
	rows := make([]int32, b.Rows())
	for i := range rows {
		rows[i] = int32(b.Row(i))
	}
	cols := len(p.columns)
	if p.cursor.st != nil && p.cursor.st.plan != nil {
		cols += 2 * len(p.cursor.st.plan.RowKeys)
	}
	for _, v := range b.Cols[:min(cols, len(b.Cols))] {
		k := types.NewVec(v.Type, len(rows))
		k.CopyFrom(v, rows)
		kept.Cols = append(kept.Cols, k)
	}
	p.cursor.kept = append(p.cursor.kept, kept)
	p.cursor.total += int64(kept.N)
	if p.kept == nil {
		p.kept = executor.NewAccount(s.db.opts.QueryMemoryBytes, s.db.memory)
	}
	return p.kept.Take(executor.BatchBytes(kept))
}

// row sends row i (from 1) of the kept rows.
func (p *Portal) row(i int64, w Writer) error {
	b, at := p.at(i)
	if b == nil {
		return fmt.Errorf("session: cursor %s has no row %d", p.Name, i)
	}
	part := *b
	part.Cols = part.Cols[:len(p.columns)]
	part.Sel = []int32{int32(at)}
	return w.Rows(&part, p.columns)
}

// at finds row i (from 1) of the kept rows, nil if there is none.
func (p *Portal) at(i int64) (b *types.Batch, row int) {
	i--
	for _, b := range p.cursor.kept {
		if i >= 0 && i < int64(b.N) {
			return b, int(i)
		}
		i -= int64(b.N)
	}
	return nil, 0
}

// scrollable tells whether a cursor declared without SCROLL or NO SCROLL can
// go back: where PostgreSQL's plan could. (Here every one could.)
func scrollable(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan, *plan.VirtualScan, *plan.FuncScan, *plan.CTEScan, *plan.Sort:
		return true
	case *plan.Values:
		return len(n.Cols) > 0 && (n.Lit != nil || len(n.RowsExprs) > 1)
	case *plan.Project, *plan.Filter, *plan.Limit:
		return scrollable(n.Children()[0])
	case *plan.Append:
		for _, c := range n.Children() {
			if !scrollable(c) {
				return false
			}
		}
		return true
	}
	return false
}

// CursorRow implements planner.CursorRows.
func (h *host) CursorRow(name string, table types.OID) (string, bool, error) {
	s := h.s()
	p := s.portals[name]
	if p == nil {
		return "", false, pgerr.Newf(pgerr.InvalidCursorName, "cursor %q does not exist", name)
	}
	state := func(format string, args ...any) (string, bool, error) {
		return "", false, pgerr.Newf(pgerr.InvalidCursorState, format, args...)
	}
	t := s.snapshot().Table(table)
	if t == nil || p.cursor == nil && (p.st == nil || !isQuery(p.st.raw.Stmt)) {
		return state("cursor %q is not a SELECT query", name)
	}
	if p.hold && p.heldBy == nil {
		return state("cursor %q is held from a previous transaction", name)
	}
	if p.cursor == nil || p.cursor.st == nil || p.cursor.st.plan == nil {
		return state("cursor %q is not a simply updatable scan of table %q", name, t.Name)
	}
	c := p.cursor
	var key *plan.RowKey
	locking := false
	if q, ok := c.st.raw.Stmt.(*ast.SelectStmt); ok {
		locking = len(q.Locking) > 0
	}
	b, row := p.at(c.pos)
	for i := range c.st.plan.RowKeys {
		k := &c.st.plan.RowKeys[i]
		if k.Table != table && (b == nil || types.OID(b.Cols[k.Member].I[row]) != table) {
			continue
		}
		if key != nil {
			return state("cursor %q has multiple FOR UPDATE/SHARE references to table %q", name, t.Name)
		}
		key = k
	}
	switch {
	case key == nil && locking:
		return state("cursor %q does not have a FOR UPDATE/SHARE reference to table %q", name, t.Name)
	case key == nil:
		return state("cursor %q is not a simply updatable scan of table %q", name, t.Name)
	case b == nil:
		return state("cursor %q is not positioned on a row", name)
	}
	return b.Cols[key.Key].S[row], true, nil
}

func (s *Session) fetch(ctx context.Context, n *ast.FetchStmt, w Writer) error {
	p := s.portals[n.Cursor]
	if p != nil && p.cursor == nil && p.st != nil && isQuery(p.st.raw.Stmt) { // made by Bind
		if p.exec == nil && !p.done {
			if err := s.prepareRun(ctx, p.st); err != nil {
				return err
			}
			exec, err := executor.Open(s.execCtx(s.ctx, p.st), p.st.plan)
			if err != nil {
				return err
			}
			p.exec = exec
		}
		s.asCursor(p)
	}
	if p == nil || p.cursor == nil {
		return pgerr.Newf(pgerr.InvalidCursorName, "cursor %q does not exist", n.Cursor)
	}
	if p.failed {
		return p.cannotRun()
	}
	// Rows are found first and sent then: an error comes before the first of them.
	rows, err := s.travel(p, n)
	if err != nil {
		return err
	}
	if n.Move {
		return w.Complete(fmt.Sprintf("%s %d", ast.Tag(n), len(rows)))
	}
	if p.cursor.binary {
		setBinary(w, true)
		defer setBinary(w, false)
	}
	if err := w.Columns(p.columns); err != nil {
		return err
	}
	for _, i := range rows {
		if err := p.row(i, w); err != nil {
			return err
		}
	}
	return w.Complete(fmt.Sprintf("%s %d", ast.Tag(n), len(rows)))
}

// travel takes a cursor where FETCH or MOVE wants it and gives the rows that it fetches, in
// order. It goes the way that PostgreSQL goes, which decides when a cursor that scans
// forward only is refused.
func (s *Session) travel(p *Portal, n *ast.FetchStmt) (rows []int64, err error) {
	c := p.cursor
	k, forward := n.Count, n.Direction != ast.FetchBackward
	switch n.Direction {
	case ast.FetchAbsolute:
		switch {
		case k == 0:
			return nil, s.rewind(p)
		case k < 0:
			if _, err := s.step(p, true, ast.FetchAll); err != nil {
				return nil, err
			}
			return s.after(p, false, -k)
		case k-1 <= min(c.pos, c.total)/2: // nearer to the start than to where it stands
			if err := s.rewind(p); err != nil {
				return nil, err
			}
			return s.after(p, true, k)
		case k <= c.pos:
			if _, err := s.step(p, false, c.pos-k+1); err != nil {
				return nil, err
			}
			return s.step(p, true, 1)
		}
		return s.after(p, true, k-c.pos)
	case ast.FetchRelative:
		if k != 0 {
			return s.after(p, k > 0, max(k, -k))
		}
	default:
		if k < 0 {
			k, forward = -k, !forward
		}
	}
	switch {
	case k == 0 && c.pos > 0 && c.pos <= c.total: // the current row once more
		if n.Move {
			return []int64{c.pos}, nil
		}
		if _, err := s.step(p, false, 1); err != nil {
			return nil, err
		}
		return s.step(p, true, 1)
	case k == 0 && n.Move:
		return nil, nil
	case !forward && k == ast.FetchAll && n.Move:
		rows = make([]int64, max(min(c.pos-1, c.total), 0))
		return rows, s.rewind(p)
	}
	return s.step(p, forward, k)
}

// after gives the row n rows further on.
func (s *Session) after(p *Portal, forward bool, n int64) ([]int64, error) {
	if n > 1 {
		if _, err := s.step(p, forward, n-1); err != nil {
			return nil, err
		}
	}
	return s.step(p, forward, 1)
}

// step goes over n rows (FetchAll: all that there are) and gives their numbers.
func (s *Session) step(p *Portal, forward bool, n int64) (rows []int64, err error) {
	c := p.cursor
	if !forward {
		if err := p.mayScroll(); err != nil {
			return nil, err
		}
		for n > 0 && c.pos > 0 {
			if c.pos--; c.pos > 0 {
				rows = append(rows, c.pos)
			}
			n--
		}
		return rows, nil
	}
	end := int64(-1)
	if n != ast.FetchAll {
		end = c.pos + n
	}
	if n == 0 || c.complete && c.pos > c.total {
		return nil, nil
	}
	if err := s.fill(p, end); err != nil {
		return nil, err
	}
	if end < 0 || end > c.total {
		end = c.total + 1
	}
	for c.pos < end {
		if c.pos++; c.pos <= c.total {
			rows = append(rows, c.pos)
		}
	}
	return rows, nil
}

// rewind goes to before the first row.
func (s *Session) rewind(p *Portal) error {
	if p.cursor.pos == 0 {
		return nil
	}
	err := p.mayScroll()
	if err == nil {
		p.cursor.pos = 0
	}
	return err
}

// mayScroll refuses a cursor that scans forward only, which is of no use any more then.
func (p *Portal) mayScroll() error {
	if p.cursor.scroll {
		return nil
	}
	p.failed = true
	p.close()
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cursor can only scan forward").
		WithHint("Declare it with SCROLL option to enable backward scan.")
}

// setBinary asks w for rows in binary form, if it can choose.
func setBinary(w Writer, on bool) {
	if b, ok := w.(interface{ binaryRows(bool) }); ok {
		b.binaryRows(on)
	} else if b, ok := w.(interface{ BinaryRows(bool) }); ok {
		b.BinaryRows(on)
	}
}

// keepPortals prepares portals for a return to savepoint i: those made since go,
// the cursors made before get their rows now, while their scans can go on.
func (s *Session) keepPortals(i int) error {
	for name, p := range s.portals {
		switch {
		case p.hold && p.heldBy == nil, p.running:
		case p.marks > i:
			p.drop()
			delete(s.portals, name)
		case p.exec != nil:
			s.asCursor(p)
			_ = s.fill(p, -1) // it would have failed at its next FETCH, and is failed now
		}
	}
	return nil
}

func (s *Session) closeCursor(n *ast.CloseStmt, w Writer) error {
	if n.All {
		for name, p := range s.portals {
			if p.cursor != nil {
				s.ClosePortal(name)
			}
		}
		return w.Complete(ast.Tag(n))
	}
	if p := s.portals[n.Cursor]; p == nil {
		return pgerr.Newf(pgerr.InvalidCursorName, "cursor %q does not exist", n.Cursor)
	}
	s.ClosePortal(n.Cursor)
	return w.Complete(ast.Tag(n))
}
