package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// projectOp computes expressions over each row; plain columns are passed on
// without copying.
type projectOp struct {
	in  op
	set *exprSet
	out types.Batch
}

func (x *exec) newProject(n *plan.Project) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	set, err := x.newExprSet(n.Exprs)
	if err != nil {
		return nil, err
	}
	return &projectOp{in: in, set: set}, nil
}

func (o *projectOp) open() error { return o.in.open() }

func (o *projectOp) next() (*types.Batch, error) {
	b, err := o.in.next()
	if err != nil || b == nil {
		return nil, err
	}
	vecs, err := o.set.eval(b, b.Sel)
	if err != nil {
		return nil, err
	}
	o.out = types.Batch{Cols: vecs, N: b.N, Sel: b.Sel}
	return &o.out, nil
}

func (o *projectOp) close() { o.in.close() }
