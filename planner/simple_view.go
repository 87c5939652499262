package planner

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"slices"
	"strings"
)

// simpleView is a view that is updatable by itself: it shows rows of one relation as
// they are.
type simpleView struct {
	query   *ast.SelectStmt
	from    *ast.RangeVar  // what it reads,
	base    *catalog.Table // which is this
	role    catalog.OID    // with whose privileges
	columns []viewColumn   // the view's, in order
}

// onlyOneRelation is why a view over anything else is not updatable.
const onlyOneRelation = "Views that do not select from a single table or view are not automatically updatable."

// systemViewReasons are the views of pg_catalog and information_schema that are not updatable
// for other reasons, by what they do; their queries are not known here.
var systemViewReasons = map[string]string{
	"containing UNION, INTERSECT, or EXCEPT": "check_constraints role_usage_grants table_constraints transforms usage_privileges pg_seclabels",
	"containing DISTINCT": "check_constraint_routine_usage column_column_usage routine_column_usage routine_routine_usage " +
		"routine_sequence_usage routine_table_usage view_column_usage view_routine_usage view_table_usage",
	"containing GROUP BY": "pg_stat_all_tables pg_stat_sys_tables pg_stat_user_tables pg_stat_xact_all_tables " +
		"pg_stat_xact_sys_tables pg_stat_xact_user_tables",
	"containing LIMIT or OFFSET":          "character_sets",
	"that return window functions":        "triggers",
	"that have no updatable columns":      "enabled_roles",
	"that return set-returning functions": "column_options foreign_data_wrapper_options foreign_server_options foreign_table_options",
}

func systemViewReason(view string) string {
	for what, views := range systemViewReasons {
		if slices.Contains(strings.Fields(views), view) {
			return "Views " + what + " are not automatically updatable."
		}
	}
	return onlyOneRelation
}

// simpleView tells what a view shows, or why it is not updatable by itself.
func (p *planner) simpleView(view *catalog.Table) (v simpleView, why string) {
	if view.Virtual != nil {
		return v, systemViewReason(view.Name)
	}
	s := p.parseQuery(view.View.Query)
	switch {
	case s.Op != ast.SetNone:
		return v, "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable."
	case s.Distinct:
		return v, "Views containing DISTINCT are not automatically updatable."
	case len(s.GroupBy) > 0:
		return v, "Views containing GROUP BY are not automatically updatable."
	case s.Having != nil:
		return v, "Views containing HAVING are not automatically updatable."
	case s.With != nil:
		return v, "Views containing WITH are not automatically updatable."
	case s.Limit != nil || s.Offset != nil:
		return v, "Views containing LIMIT or OFFSET are not automatically updatable."
	case s.Values != nil:
		return v, onlyOneRelation
	}
	path := p.path
	p.path = viewPath(view, p.path)
	p.viewDepth++
	p.within(view, func() { v.role = p.asRole })
	// bound once as a query, to learn whether it aggregates and what its columns are
	sub := &query{depth: 1}
	p.bindFrom(sub, s.From)
	targets := (&binder{p: p, q: sub, kind: inTarget}).targetList(s.Targets)
	if len(s.From) == 1 {
		if v.from, _ = s.From[0].(*ast.RangeVar); v.from != nil {
			v.base = p.resolveTable(v.from)
		}
	}
	p.path = path
	p.viewDepth--
	switch {
	case len(sub.aggs) > 0:
		return v, "Views that return aggregate functions are not automatically updatable."
	case len(sub.windows) > 0:
		return v, "Views that return window functions are not automatically updatable."
	case len(sub.srfs) > 0:
		return v, "Views that return set-returning functions are not automatically updatable."
	case v.base == nil || v.base.Kind == catalog.KindMatView:
		return v, onlyOneRelation
	}
	shown := map[colID]bool{} // the relation's own columns
	for _, c := range sub.items[0].cols {
		if pc, ok := c.expr.(*plan.Col); ok {
			shown[pc.Idx] = true
		}
	}
	v.query = s
	for i := range view.Columns {
		vc, k := &view.Columns[i], len(v.columns)
		if vc.Dropped || k >= len(targets) {
			continue
		}
		n := viewColumn{name: vc.Name, attnum: vc.Attnum}
		if len(targets) == len(s.Targets) {
			n.expr = s.Targets[k].Value
		}
		if pc, ok := targets[k].expr.(*plan.Col); ok && shown[pc.Idx] {
			if a := p.cols[pc.Idx].attnum; a > 0 && int(a) <= len(v.base.Columns) {
				n.col = &v.base.Columns[a-1]
			}
		}
		if n.col == nil {
			n.of, n.as = view.Name, vc.Name
		}
		v.columns = append(v.columns, n)
	}
	return v, ""
}

// NotUpdatable says why a view is not updatable by itself, "" if it is.
func NotUpdatable(req Request, view *catalog.Table) (why string, err error) {
	defer caught(&err)
	v, why := newPlanner(&req).simpleView(view)
	if why != "" {
		return why, nil
	}
	for _, c := range v.columns {
		if c.col != nil {
			return "", nil
		}
	}
	return "Views that have no updatable columns are not automatically updatable.", nil
}

func init() { catalog.ShownBy = shownBy }

// shownBy is catalog.ShownBy. A view that cannot be read shows nothing.
func shownBy(snap *catalog.Snapshot, view *catalog.Table) (*catalog.Table, map[int16]int16) {
	read := func() (v simpleView, err error) {
		defer caught(&err)
		v, why := newPlanner(&Request{Catalog: snap}).simpleView(view)
		if why != "" {
			v.base = nil
		}
		return v, nil
	}
	v, err := read()
	if err != nil || v.base == nil {
		return nil, nil
	}
	columns := map[int16]int16{}
	for _, c := range v.columns {
		if c.col != nil {
			columns[c.attnum] = c.col.Attnum
		}
	}
	return v.base, columns
}
