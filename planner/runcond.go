package planner

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
)

// runConds takes out of the conditions on a window's rows those that, once false
// in a partition, stay false to its end:
//
//	row_number() <= 10, rank() < 3     they only grow
//	count(*) <= 5                      with a frame from the start on; >= 5 with one to the end
//	dense_rank() = 2                   as dense_rank() <= 2, and the condition itself
//
// PostgreSQL calls them run conditions: rows behind are not computed.
func (p *planner) runConds(w *lWindow, conds []plan.Expr) (run, rest []plan.Expr) {
	if w.run != nil {
		return nil, conds
	}
	for _, c := range conds {
		r, whole := p.runCond(w, c)
		if r != nil {
			run = append(run, r)
		}
		if r == nil || !whole {
			rest = append(rest, c)
		}
	}
	return run, rest
}

func (p *planner) runCond(w *lWindow, cond plan.Expr) (run plan.Expr, whole bool) {
	c, ok := cond.(*plan.Call)
	if !ok || c.Op == nil || len(c.Args) != 2 {
		return nil, false
	}
	op := c.Op.Compare
	left := true
	col, ok := c.Args[0].(*plan.Col)
	if !ok {
		if col, ok = c.Args[1].(*plan.Col); !ok {
			return nil, false
		}
		left, op = false, flip(op)
	}
	other := c.Args[1]
	if !left {
		other = c.Args[0]
	}
	if !colsOf(other).empty() || isVolatile(other) || hasSubquery(other) {
		return nil, false
	}
	for i := range w.calls {
		if w.calls[i].id != col.Idx {
			continue
		}
		grows, shrinks := monotonic(w, &w.calls[i].call)
		switch {
		case op == "<" || op == "<=":
			if grows {
				return cond, true
			}
		case op == ">" || op == ">=":
			if shrinks {
				return cond, true
			}
		case op == "=" && grows && shrinks:
			return cond, true
		case op == "=" && (grows || shrinks):
			name := "<="
			if !grows {
				name = ">="
			}
			if !left {
				name = flip(name)
			}
			if o := exactOp(name, c.Op.Left, c.Op.Right); o != nil {
				return &plan.Call{T: c.T, Fn: p.bound(o.Func, c.Args), Args: c.Args, Op: o, Pos: c.Pos}, false
			}
		}
		return nil, false
	}
	return nil, false
}

// monotonic tells whether a call's results only grow, only shrink, from each row
// of a partition to the next.
func monotonic(w *lWindow, c *plan.AggCall) (grows, shrinks bool) {
	if c.Fn.Kind == builtin.Window {
		switch c.Fn.Name {
		case "row_number", "rank", "dense_rank":
			return true, false
		}
		return false, false
	}
	if c.Fn.Name != "count" || c.Distinct || c.Filter != nil || w.frame.Exclude != plan.ExcludeNoOthers {
		return false, false
	}
	for _, a := range c.Args {
		if !isConst(a) {
			return false, false
		}
	}
	if len(w.order) == 0 && w.frame.Mode != plan.FrameRows { // all are peers
		return true, true
	}
	return w.frame.Start == plan.UnboundedPreceding, w.frame.End == plan.UnboundedFollowing
}
