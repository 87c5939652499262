package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// rowsOp passes its input a row at a time: it stands on every operator of a plan
// whose function calls can be told apart (plan.ByRow), so that each row goes all the
// way up before the next is looked at. Its batches are views of the input's.
type rowsOp struct {
	in   op
	rows []int32 // of the input's batch, to be passed yet
	set  rowSet
}

func (o *rowsOp) open() error {
	o.rows = nil
	return o.in.open()
}

func (o *rowsOp) next() (*types.Batch, error) {
	for len(o.rows) == 0 {
		b, err := o.in.next()
		if err != nil || b == nil || b.N == 1 && b.Sel == nil {
			return b, err
		}
		if len(o.set.cols) != len(b.Cols) {
			o.set = rowSet{}
		}
		o.set.cols, o.set.n = b.Cols, b.N
		o.rows = selected(b.N, b.Sel)
	}
	i := int(o.rows[0])
	o.rows = o.rows[1:]
	return o.set.slice(i, i+1), nil
}

func (o *rowsOp) want(n int64) { tellWanted(o.in, n) }

func (o *rowsOp) close() { o.in.close() }

// newScanByRow is newScan whose filter, as far as it calls what can be told apart,
// looks at one row after the other, conditions in their order.
func (x *exec) newScanByRow(n *plan.Scan) (op, error) {
	conds := []plan.Expr{n.Filter}
	if a, ok := n.Filter.(*plan.And); ok {
		conds = a.Args
	}
	var plain, calls []plan.Expr
	for _, c := range conds {
		if hasCalls(c) {
			calls = append(calls, c)
		} else if c != nil {
			plain = append(plain, c)
		}
	}
	if len(calls) == 0 {
		return x.newScan(n)
	}
	under := *n
	under.Filter = andOf(plain)
	in, err := x.newScan(&under)
	if err != nil {
		return nil, err
	}
	p, err := x.compileSplit(andOf(calls))
	if err != nil {
		return nil, err
	}
	return &filterOp{in: &rowsOp{in: in}, p: p, c: x.counter(n)}, nil
}

// hasCalls tells whether a condition calls volatile functions or has subqueries.
func hasCalls(e plan.Expr) bool {
	found := false
	walkExpr(e, func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.Call:
			found = found || e.Fn.Volatility == builtin.Volatile
		case *plan.Subplan:
			found = true
		}
	})
	return found
}

func andOf(conds []plan.Expr) plan.Expr {
	switch len(conds) {
	case 0:
		return nil
	case 1:
		return conds[0]
	}
	return &plan.And{T: plan.T{Typ: types.Bool, Mod: -1}, Args: conds}
}
