package planner

import (
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// live is the predicate of every scan of a key space's table: what has expired is
// not there. The clock is the statement's. A row that has expires_at is judged by
// it, one that has not by that of the key it belongs to.
func (p *planner) live(t *catalog.Table, s *lScan) plan.Expr {
	b := plan.T{Typ: types.Bool, Mod: -1}
	if c := t.ColumnByName("expires_at"); c != nil {
		return &plan.Call{T: b, Fn: builtin.Live, Args: []plan.Expr{p.col(s.base + int(c.Attnum) - 1)}}
	}
	space := &plan.Const{T: plan.T{Typ: types.Int4, Mod: -1}, Val: types.NewInt(int64(t.Schema.KeySpace - 1))}
	return &plan.Call{T: b, Fn: builtin.LiveKey, Args: []plan.Expr{space, p.col(s.base)}}
}

// funcName prints a function's name; that of one which PostgreSQL does not have
// may begin with a schema's.
func funcName(f *builtin.Func) string {
	if schema, name, ok := strings.Cut(f.Name, "."); ok && f.User == nil {
		return quoteIdent(schema) + "." + quoteIdent(name)
	}
	// Stored expressions must find it whatever the search path is.
	if u, ok := f.User.(*catalog.Function); ok && u.Schema != nil && u.Schema.Name != "public" {
		return quoteIdent(u.Schema.Name) + "." + quoteIdent(f.Name)
	}
	return quoteIdent(f.Name)
}
