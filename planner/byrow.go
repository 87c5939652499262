package planner

import (
	"slices"
	"strings"

	"rowkey/builtin"
	"rowkey/planner/plan"
)

// Batches of rows are as good as rows for everything whose calls cannot be told
// apart. Of some functions they can: what a user wrote may raise notices or write,
// locks are taken one by one, and a sequence counts. A plan that calls those is run
// a row at a time (plan.ByRow), so that they are called for the rows and in the order
// in which PostgreSQL calls them:
//
//	SELECT id FROM jobs WHERE pg_try_advisory_lock(id) LIMIT 1   -- locks one
//	SELECT nextval('s'), currval('s') FROM t                     -- (1,1), (2,2), …
//	SELECT * FROM (SELECT nextval('s') FROM t) LIMIT 3           -- counts three

// noteCall notes a call that decides whether the plan is run a row at a time.
func (p *planner) noteCall(c *plan.Call) {
	switch fn := c.Fn; {
	case fn.User != nil:
		p.byRow = p.byRow || fn.Volatility == builtin.Volatile
	case strings.HasPrefix(fn.Name, "pg_advisory_"), strings.HasPrefix(fn.Name, "pg_try_advisory_"), strings.HasPrefix(fn.Name, "pg_sleep"):
		p.byRow = true
	case fn.Name == "nextval", fn.Name == "setval", fn.Name == "currval", fn.Name == "lastval":
		for _, d := range p.sequenced {
			p.byRow = p.byRow || sameSequence(c, d) && (moves(c.Fn) || moves(d.Fn))
		}
		p.sequenced = append(p.sequenced, c)
	}
}

// noteCalls notes the calls of an expression that was bound apart, a default.
func (p *planner) noteCalls(e plan.Expr) {
	walkExpr(e, func(x plan.Expr) bool {
		if c, ok := x.(*plan.Call); ok {
			p.noteCall(c)
		}
		return true
	})
}

// runsByRow tells whether calls can be told apart.
func (p *planner) runsByRow() bool {
	return p.byRow || p.cut && slices.ContainsFunc(p.sequenced, func(c *plan.Call) bool { return moves(c.Fn) })
}

// moves tells whether a function of sequences changes one.
func moves(fn *builtin.Func) bool { return fn.Name == "nextval" || fn.Name == "setval" }

// sameSequence tells whether two calls may be about one sequence.
func sameSequence(a, b *plan.Call) bool {
	if len(a.Args) == 0 || len(b.Args) == 0 { // lastval
		return true
	}
	x, ok := a.Args[0].(*plan.Const)
	y, too := b.Args[0].(*plan.Const)
	return !ok || !too || x.Val == y.Val
}
