package planner

import (
	"rowkey/parser/ast"
	"rowkey/planner/plan"
)

// shapes is what a query's clauses were bound to, before anything was done
// with them: what ruledef.go prints the query from.
type shapes struct {
	queries map[*ast.SelectStmt]*queryShape
	// exprs are the bound items of clauses: ORDER BY, GROUP BY, ON, VALUES,
	// LIMIT, functions in FROM.
	exprs map[ast.Expr]plan.Expr
	keys  map[*ast.SortBy]plan.SortKey
	keyAt map[*ast.SortBy]int // the number of the column, for VALUES and set operations
	// at is the number, from 1, of the item of the select list that an item of ORDER BY, GROUP BY
	// or DISTINCT ON is.
	at    map[ast.Expr]int
	items map[ast.TableExpr]*rangeItem
	// rows are references to whole rows, merged the columns that a FULL JOIN
	// USING makes of two.
	rows map[plan.Expr]*rangeItem
	// moved are queries that were bound in another form, with so many targets more.
	moved  map[*ast.SelectStmt]movedQuery
	merged map[plan.Expr]string
}

type movedQuery struct {
	to    *ast.SelectStmt
	extra int
}

// of gives the shape of a query, nil for a set operation.
func (s *shapes) of(sel *ast.SelectStmt) *queryShape {
	m, ok := s.moved[sel]
	if !ok {
		return s.queries[sel]
	}
	shape := *s.queries[m.to]
	shape.targets = shape.targets[:len(shape.targets)-m.extra]
	return &shape
}

// queryShape is a SELECT or VALUES as bound.
type queryShape struct {
	q       query // a copy, from before grouping changed it
	windows map[*windowInfo]windowInfo
	targets []target
	where   plan.Expr
	having  plan.Expr
}

func newShapes() *shapes {
	return &shapes{queries: map[*ast.SelectStmt]*queryShape{}, exprs: map[ast.Expr]plan.Expr{}, keys: map[*ast.SortBy]plan.SortKey{}, keyAt: map[*ast.SortBy]int{}, at: map[ast.Expr]int{},
		items: map[ast.TableExpr]*rangeItem{}, rows: map[plan.Expr]*rangeItem{}, moved: map[*ast.SelectStmt]movedQuery{}, merged: map[plan.Expr]string{}}
}

// shapes gives the collector, nil if nobody asked or a view's own query is being bound.
func (p *planner) shapes() *shapes {
	if p.req.Names == nil || p.viewDepth > 0 {
		return nil
	}
	return p.req.Names.shapes
}

// noteExpr records what an item of a clause was bound to.
func (p *planner) noteExpr(e ast.Expr, x plan.Expr) {
	if s := p.shapes(); s != nil {
		s.exprs[e] = x
	}
}

// noteTarget records which item of the select list an item of a clause is, if it is one.
func (p *planner) noteTarget(e ast.Expr, at, visible int) {
	if s := p.shapes(); s != nil && at < visible {
		s.at[e] = at + 1
	}
}

// noteQuery records a query level, all of whose clauses are bound.
func (p *planner) noteQuery(sel *ast.SelectStmt, q *query, targets []target, where, having plan.Expr) {
	s := p.shapes()
	if s == nil {
		return
	}
	shape := &queryShape{q: *q, windows: map[*windowInfo]windowInfo{}, where: where, having: having}
	shape.targets = append(shape.targets, targets...)
	shape.q.items = append([]*rangeItem(nil), q.items...)
	shape.q.aggs = append([]aggItem(nil), q.aggs...)
	shape.q.windows = append([]windowCall(nil), q.windows...)
	shape.q.srfs = append([]srfCall(nil), q.srfs...)
	shape.q.groupings = append([]groupingCall(nil), q.groupings...)
	for _, w := range q.windefs {
		shape.windows[w] = *w
	}
	s.queries[sel] = shape
}
