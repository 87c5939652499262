package planner

import (
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// What a statement needs privileges for. Binding notes it, column by column;
// plan.Authorize checks it before the plan runs.
//
//	SELECT a FROM v WHERE b > 0      v: SELECT (a, b)   in the caller's name
//	  v: SELECT x AS a, y AS b       t: SELECT (x, y)   in that of v's owner
//	     FROM t
//
// The names of schemas are checked here, at once, as PostgreSQL does.

// access is one relation of the statement. Of the table below a view that is
// written to, through are the views above: they need the same.
type access struct {
	catalog.Access
	through []throughView
}

// throughView is a view over a table that is written to, and which of its
// columns show those of the table.
type throughView struct {
	view *access
	cols map[int16]int16
}

// newAccess notes a relation that the statement names.
func (p *planner) newAccess(t *catalog.Table, rights catalog.Rights) *access {
	a := &access{Access: catalog.Access{Table: t, As: p.asRole, Rights: rights}}
	p.accesses = append(p.accesses, a)
	return a
}

// reads notes that a column is read.
func (p *planner) reads(a *access, attnum int16) {
	a.Rights |= catalog.Select
	a.Selected.Add(max(attnum, 0)) // 0: system columns, which only the whole relation gives
	if p.viewDepth > 0 {
		return
	}
	for _, v := range a.through {
		v.view.Rights |= catalog.Select
		if n := v.cols[attnum]; n > 0 {
			v.view.Selected.Add(n)
		}
	}
}

// readsExpr notes the columns of an expression.
func (p *planner) readsExpr(e plan.Expr) {
	walkExpr(e, func(x plan.Expr) bool {
		if c, ok := x.(*plan.Col); ok {
			if info := &p.cols[c.Idx]; info.access != nil {
				p.reads(info.access, info.attnum)
			}
		}
		return true
	})
}

// readOf makes reading a scan's columns count for a.
func (p *planner) readOf(s *lScan, a *access) {
	for i := range s.table.Columns {
		p.cols[s.base+i].access = a
	}
	p.cols[s.tableOID()].access = a
}

// writes notes that columns are given values (Insert) or changed (Update).
func (a *access) writes(right catalog.Rights, attnum int16) {
	a.Rights |= right
	if right == catalog.Insert {
		a.Inserted.Add(attnum)
	} else {
		a.Updated.Add(attnum)
	}
	for _, v := range a.through {
		if n := v.cols[attnum]; n > 0 {
			v.view.writes(right, n)
		}
	}
}

// needs notes rights on the relation and on the views above it.
func (a *access) needs(right catalog.Rights) {
	a.Rights |= right
	for _, v := range a.through {
		v.view.Rights |= right
	}
}

// within binds a view's query: in the name of its owner, or of whoever runs
// the statement, if the view says so.
func (p *planner) within(view *catalog.Table, f func()) {
	before := p.asRole
	p.asRole = view.Owner
	if p.asRole == 0 {
		p.asRole = catalog.BootstrapRoleOID
	}
	if view.SecurityInvoker() {
		p.asRole = 0
	}
	f()
	p.asRole = before
}

// usableSchema refuses a schema that is named and may not be used.
func (p *planner) usableSchema(name string, pos int) {
	role := p.req.Role
	if role == 0 || role == catalog.BootstrapRoleOID || p.viewDepth > 0 || strings.HasPrefix(name, "pg_temp") {
		return
	}
	if s := p.snap.SchemaByName(name); s != nil && p.snap.SchemaRights(role, s, catalog.Usage) == 0 {
		fail(pos, pgerr.InsufficientPrivilege, "permission denied for schema %s", name)
	}
}

// calling notes a call of a function that not everybody may call.
func (p *planner) calling(f *builtin.Func) {
	if p.snap.Restricted(f.OID, f.Name) {
		p.restricted = append(p.restricted, f.OID)
	}
}

// privileges are what the plan needs.
func (p *planner) privileges(pl *plan.Plan) {
	pl.Access = make([]*catalog.Access, len(p.accesses))
	for i, a := range p.accesses {
		pl.Access[i] = &a.Access
	}
	pl.Functions = append(p.routines[:len(p.routines):len(p.routines)], p.restricted...)
}
