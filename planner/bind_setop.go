package planner

import (
	"strconv"

	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// bindValues binds VALUES lists.
func (p *planner) bindValues(sel *ast.SelectStmt, q *query, resolve bool) *bound {
	b := &binder{p: p, q: q, kind: inValues}
	q.clause = inValues
	if len(sel.Locking) > 0 {
		fail(-1, pgerr.FeatureNotSupported, "%s cannot be applied to VALUES", lockName(sel.Locking[0].Strength))
	}
	n := len(sel.Values[0])
	rows := make([][]arg, len(sel.Values))
	for i, row := range sel.Values {
		if hasStar(row) {
			rows[i] = b.expandArgs(row)
			if i == 0 {
				n = len(rows[i])
			}
		}
		if len(row) != n && rows[i] == nil || rows[i] != nil && len(rows[i]) != n {
			pos := -1
			if len(row) > 0 {
				pos = exprLoc(row[0])
			}
			fail(pos, pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
		for _, e := range row {
			if d, ok := e.(*ast.Default); ok {
				fail(d.Pos(), pgerr.SyntaxError, "DEFAULT is not allowed in this context")
			}
		}
		if rows[i] == nil {
			rows[i] = b.args(row)
		}
	}
	v := &lValues{rows: make([][]plan.Expr, len(rows))}
	for i := range rows {
		v.rows[i] = make([]plan.Expr, n)
	}
	bd := &bound{rel: v}
	for c := 0; c < n; c++ {
		col := make([]arg, len(rows))
		for i := range rows {
			col[i] = rows[i][c]
		}
		unknown := true
		for _, a := range col {
			unknown = unknown && a.e.Type() == types.Unknown
		}
		t := types.Unknown
		if !unknown || resolve {
			t = commonType(col, "VALUES")
		}
		list := make([]plan.Expr, len(rows))
		for i := range rows {
			list[i] = p.coerceCommon(col[i], t, "VALUES")
			if len(sel.Values[i]) == n {
				p.noteExpr(sel.Values[i][c], list[i])
			}
			v.rows[i][c] = list[i]
		}
		name := "column" + strconv.Itoa(c+1)
		id := p.newCol(name, t, commonMod(list, t))
		if p.collates {
			cs := make([]collation, len(list))
			for i, e := range list {
				cs[i] = p.collationOf(e)
			}
			bd.collations = append(bd.collations, p.common(cs, true))
			p.cols[id].collation = p.collationColumn(t, bd.collations[c])
		}
		v.cols = append(v.cols, id)
		bd.cols = append(bd.cols, outCol{name, id})
	}
	return p.finish(bd, sel, q, "VALUES")
}

// finish adds ORDER BY and LIMIT to a VALUES list or set operation, whose
// ORDER BY can name only output columns.
func (p *planner) finish(bd *bound, sel *ast.SelectStmt, q *query, what string) *bound {
	b := &binder{p: p, q: q, kind: inOrderBy}
	if what == "VALUES" {
		it := &rangeItem{alias: "*VALUES*", relVisible: true, colsVisible: true}
		for _, c := range bd.cols {
			it.cols = append(it.cols, rangeCol{name: c.name, expr: p.col(c.id)})
		}
		q.items = append(q.items, it)
	}
	var keys []plan.SortKey
	for _, s := range sel.OrderBy {
		at := -1
		switch e := s.Expr.(type) {
		case *ast.ColumnRef:
			if len(e.Fields) == 1 && !e.Star {
				for i, c := range bd.cols {
					if c.name == e.Fields[0] {
						if at >= 0 {
							fail(e.Pos(), pgerr.AmbiguousColumn, "ORDER BY %q is ambiguous", c.name)
						}
						at = i
					}
				}
				if at < 0 && what != "VALUES" {
					local := *q
					local.items = []*rangeItem{{alias: "*", cols: nil}}
					p.missingColumn(&local, nil, "", e.Fields[0], e.Pos())
				}
			}
		case *ast.Const:
			if e.Kind != ast.ConstInt {
				fail(e.Pos(), pgerr.SyntaxError, "non-integer constant in ORDER BY")
			}
			if e.Int < 1 || int(e.Int) > len(bd.cols) {
				fail(e.Pos(), pgerr.InvalidColumnReference, "ORDER BY position %d is not in select list", e.Int)
			}
			at = int(e.Int) - 1
		}
		var x plan.Expr
		if at >= 0 {
			x = p.col(bd.cols[at].id)
		} else {
			if what != "VALUES" {
				bail(pgerr.New(pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
					WithDetail("Only result column names can be used, not expressions or functions.").
					WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(exprLoc(s.Expr)))
			}
			x = b.expr(s.Expr)
		}
		keys = append(keys, b.sortKey(s, arg{x, exprLoc(s.Expr)}))
		p.oneCollation(x)
		if n := p.shapes(); n != nil {
			n.keys[s], n.keyAt[s] = keys[len(keys)-1], at+1
		}
	}
	q.items = nil
	b.kind, q.clause = inLimit, inLimit
	count := b.limit(sel.Limit, "LIMIT")
	offset := b.limit(sel.Offset, "OFFSET")
	if len(keys) > 0 {
		// keys that are expressions become columns first
		proj := &lProject{in: bd.rel}
		need := false
		for _, c := range bd.cols {
			proj.items = append(proj.items, projItem{c.id, p.col(c.id)})
		}
		for i := range keys {
			if _, ok := keys[i].Expr.(*plan.Col); !ok {
				need = true
				keys[i].Expr = p.col(p.addItem(proj, "?column?", keys[i].Expr))
			}
		}
		if need {
			bd.rel = proj
		}
		bd.rel = &lSort{in: bd.rel, keys: keys}
	}
	bd.rel = p.addLimit(bd.rel, sel, count, offset, keys)
	return bd
}

// giveType converts column i of a bound query to a type: in place when it is
// an unknown literal, else by a projection (wrap collects those).
func (p *planner) giveType(bd *bound, i int, t *types.Type, mod int32, conv func(arg) plan.Expr, pos int) {
	c := &bd.cols[i]
	have := p.cols[c.id].typ
	if have == types.Unknown {
		if v, ok := bd.rel.(*lValues); ok {
			for r := range v.rows {
				v.rows[r][i] = conv(arg{v.rows[r][i], pos})
			}
			p.cols[c.id].typ, p.cols[c.id].mod = t, mod
			return
		}
		if bd.proj != nil && i < len(bd.proj.items) && bd.proj.items[i].id == c.id {
			bd.proj.items[i].expr = conv(arg{bd.proj.items[i].expr, pos})
			p.cols[c.id].typ, p.cols[c.id].mod = t, mod
			return
		}
	}
	if sameType(have, t) && (mod < 0 || p.cols[c.id].mod == mod) {
		return
	}
	e := conv(arg{p.col(c.id), pos})
	proj := &lProject{in: bd.rel}
	// keep everything the rel yields (sort columns), replace this one
	for j, o := range bd.cols {
		if j != i {
			proj.items = append(proj.items, projItem{o.id, p.col(o.id)})
			continue
		}
		id := p.newCol(c.name, e.Type(), e.Typmod())
		p.cols[id].collation = p.columnCollation(e)
		proj.items = append(proj.items, projItem{id, e})
	}
	c.id = proj.items[i].id
	bd.rel, bd.proj = proj, nil
}

// bindSetOp binds UNION, INTERSECT, EXCEPT.
func (p *planner) bindSetOp(sel *ast.SelectStmt, q *query, resolve bool) *bound {
	if len(sel.Locking) > 0 {
		fail(-1, pgerr.FeatureNotSupported, "%s is not allowed with UNION/INTERSECT/EXCEPT", lockName(sel.Locking[0].Strength))
	}
	if q.pushed != nil && !q.pushed.late {
		p.refuseLock(q, "UNION/INTERSECT/EXCEPT")
	}
	// Operands see this level's WITH through q, but not its columns (it has none).
	l := p.bindQuery(sel.Left, q, false)
	if into := sel.Right.IntoTarget(); into != nil {
		fail(into.Relation.Pos(), pgerr.SyntaxError, "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT")
	}
	r := p.bindQuery(sel.Right, q, false)
	bd := p.unite(sel, l, r, resolve)
	bd.locks = q.below
	return p.finish(bd, sel, q, "UNION")
}

func setOpName(op ast.SetOp) string {
	return [...]string{"", "UNION", "INTERSECT", "EXCEPT"}[op]
}

func (p *planner) unite(sel *ast.SelectStmt, l, r *bound, resolve bool) *bound {
	name := setOpName(sel.Op)
	if len(l.cols) != len(r.cols) {
		fail(firstTarget(sel.Right), pgerr.SyntaxError, "each %s query must have the same number of columns", name)
	}
	bd := &bound{}
	var ids []colID
	for i := range l.cols {
		li, ri := p.cols[l.cols[i].id], p.cols[r.cols[i].id]
		args := []arg{{p.col(l.cols[i].id), targetPos(sel.Left, i)}, {p.col(r.cols[i].id), targetPos(sel.Right, i)}}
		var t *types.Type
		if li.typ == types.Unknown && ri.typ == types.Unknown && !resolve {
			t = types.Unknown
		} else {
			t = commonType(args, name)
		}
		if t == types.Unknown {
			// resolved by whoever stands above, or as text
			t = types.Text
		}
		for k, side := range []*bound{l, r} {
			p.giveType(side, i, t, -1, func(a arg) plan.Expr { return p.coerceCommon(a, t, name) }, args[k].pos)
		}
		mod := int32(-1)
		if li.mod == ri.mod && sameType(li.typ, ri.typ) {
			mod = li.mod
		}
		id := p.newCol(l.cols[i].name, t, mod)
		if p.collates && t.Collate {
			in := p.common([]collation{l.collation(p, i), r.collation(p, i)}, sel.Op == ast.Union && sel.All)
			p.cols[id].collation = p.collationColumn(t, in)
		}
		if t == types.Record {
			p.cols[id].fields = li.fields
		}
		ids = append(ids, id)
		bd.cols = append(bd.cols, outCol{l.cols[i].name, id})
		if !(sel.Op == ast.Union && sel.All) && !isRowType(t) {
			eqOp(t, targetPos(sel.Left, i))
		}
	}
	switch {
	case sel.Op == ast.Union:
		p.hasUnion, p.hasDistinct = true, p.hasDistinct || !sel.All
		u := &lUnion{ins: []rel{l.rel, r.rel}, inCols: [][]colID{l.ids(), r.ids()}, cols: ids}
		bd.rel = u
		if !sel.All {
			bd.rel = &lDistinct{in: u}
		}
	default:
		kind := plan.Intersect
		if sel.Op == ast.Except {
			kind = plan.Except
		}
		if sel.All {
			kind++
		}
		bd.rel = &lSetOp{kind: kind, l: l.rel, r: r.rel, lcols: l.ids(), rcols: r.ids(), cols: ids}
	}
	return bd
}

// firstTarget and targetPos find where a query's columns stand in the source.
func firstTarget(s *ast.SelectStmt) int { return targetPos(s, 0) }

func targetPos(s *ast.SelectStmt, i int) int {
	for s.Op != ast.SetNone {
		s = s.Left
	}
	if s.Values != nil {
		if i < len(s.Values[0]) {
			return exprLoc(s.Values[0][i])
		}
		return s.Pos()
	}
	if i < len(s.Targets) {
		return exprLoc(s.Targets[i].Value)
	}
	return s.Pos()
}
