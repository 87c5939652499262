package planner

import (
	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// WHERE CURRENT OF: the row whose key is that of the cursor's current row. The
// session knows the key when the statement runs:
//
//	key = current_of('c1', 'uctest'::regclass)
//
// To that end a cursor's plan yields the keys of its rows, too (cursorKeys).

// CursorRows is what current_of asks of the session.
type CursorRows interface {
	// CursorRow gives the key of the row of a table that a cursor stands on;
	// false if that row is one of another member of the table's family.
	CursorRow(cursor string, table types.OID) (key string, ok bool, err error)
}

var currentOf = &builtin.Func{Name: "current_of", Args: []*types.Type{types.Text, types.Oid}, Result: types.Bytea, Kind: builtin.Scalar, Volatility: builtin.Volatile,
	Eval: func(ctx *builtin.Ctx, args []types.Datum) (types.Datum, error) {
		rows, ok := ctx.Session.(CursorRows)
		if !ok {
			return types.Null, pgerr.Newf(pgerr.InvalidCursorName, "cursor \"%s\" does not exist", args[0].S)
		}
		key, ok, err := rows.CursorRow(args[0].S, types.OID(args[1].I))
		if err != nil || !ok {
			return types.Null, err
		}
		return types.NewString(key), nil
	}}

// currentOfTable refuses WHERE CURRENT OF for views.
func currentOfTable(t *dmlTarget, where ast.Expr) {
	if _, ok := where.(*ast.CurrentOf); ok && len(t.views) > 0 {
		fail(-1, pgerr.FeatureNotSupported, "WHERE CURRENT OF on a view is not implemented")
	}
}

// currentOf makes the condition of WHERE CURRENT OF.
func (p *planner) currentOf(q *query, e *ast.CurrentOf) plan.Expr {
	it := q.items[0]
	s := it.scan
	name := &plan.Const{T: plan.T{Typ: types.Text, Mod: -1}, Val: types.NewString(e.Cursor)}
	oid := &plan.Const{T: plan.T{Typ: types.Oid, Mod: -1}, Val: types.NewInt(int64(s.table.OID))}
	key := &plan.Call{T: plan.T{Typ: types.Bytea, Mod: -1}, Fn: currentOf, Args: []plan.Expr{name, oid}, Pos: e.Pos()}
	return p.binaryOp("=", arg{p.col(s.rowKey()), -1}, arg{key, -1}, -1)
}

// cursorKey is a table whose rows' keys a cursor yields.
type cursorKey struct {
	scan   *lScan
	locked bool
}

// cursorKeys are the tables on whose rows a cursor stands: of a query that
// makes one row of each, those that FOR UPDATE locks, or else the only one.
func (p *planner) cursorKeys(q *query, sel *ast.SelectStmt) []cursorKey {
	if sel.Cursor == nil || q.up != nil || p.viewDepth > 0 || q.grouped || sel.Distinct || len(q.windows) > 0 || len(q.srfs) > 0 {
		return nil
	}
	var out []cursorKey
	if len(sel.Locking) == 0 {
		if len(q.items) == 1 && q.items[0].scan != nil && q.items[0].scan.table.Virtual == nil && len(sel.OrderBy) == 0 {
			out = append(out, cursorKey{q.items[0].scan, false})
		}
		return out
	}
	for _, it := range q.items {
		for _, s := range it.locks.scans {
			out = append(out, cursorKey{s, true})
		}
		if it.scan == nil || it.scan.table.Virtual != nil {
			continue
		}
		locked := false
		for _, l := range sel.Locking {
			locked = locked || len(l.Relations) == 0
			for _, rv := range l.Relations {
				locked = locked || rv.Name == it.alias
			}
		}
		if locked {
			out = append(out, cursorKey{it.scan, true})
		}
	}
	return out
}

// cursorOptions refuses options of DECLARE CURSOR that contradict each other.
func (p *planner) cursorOptions(o *ast.CursorOptions) {
	const both = "cannot specify both %s and %s"
	switch {
	case o.Scroll && o.NoScroll:
		fail(-1, pgerr.InvalidCursorDefinition, both, "SCROLL", "NO SCROLL")
	case o.Asensitive && o.Insensitive:
		fail(-1, pgerr.InvalidCursorDefinition, both, "ASENSITIVE", "INSENSITIVE")
	}
}

// cursorReads refuses a cursor whose query changes or locks rows where it may not.
func (p *planner) cursorReads(sel *ast.SelectStmt, q *query) {
	for _, c := range q.ctes {
		if c.modifies {
			fail(-1, pgerr.FeatureNotSupported, "DECLARE CURSOR must not contain data-modifying statements in WITH")
		}
	}
	if q.firstLocked == nil {
		return
	}
	refuse := func(code, what, verdict, kind string) {
		name := lockName(ast.LockStrength(p.pushInto(q, q.firstLocked.alias, false).strength - 1))
		bail(pgerr.Newf(code, "DECLARE %s ... %s is not %s", what, name, verdict).WithDetail("%s cursors must be READ ONLY.", kind))
	}
	switch {
	case sel.Cursor.Hold:
		refuse(pgerr.FeatureNotSupported, "CURSOR WITH HOLD", "supported", "Holdable")
	case sel.Cursor.Scroll:
		refuse(pgerr.FeatureNotSupported, "SCROLL CURSOR", "supported", "Scrollable")
	case sel.Cursor.Insensitive:
		refuse(pgerr.InvalidCursorDefinition, "INSENSITIVE CURSOR", "valid", "Insensitive")
	}
}
