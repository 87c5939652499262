package executor

import (
	"cmp"
	"slices"

	"rowkey/planner/plan"
	"rowkey/types"
)

// projectOp computes expressions over each row; plain columns are passed on
// without copying.
type projectOp struct {
	in  op
	set *exprSet
	out types.Batch
	// split: an error in the middle of a batch comes after the rows before it.
	split bool
	err   error // to come
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
	return &projectOp{in: in, set: set, split: !afterSort(n.Input) && !slices.ContainsFunc(n.Exprs, hasCalls)}, nil
}

func (o *projectOp) open() error {
	o.err = nil
	return o.in.open()
}

func (o *projectOp) next() (*types.Batch, error) {
	if o.err != nil {
		return nil, o.err
	}
	b, err := o.in.next()
	if err != nil || b == nil {
		return nil, err
	}
	sel := b.Sel
	vecs, err := o.set.eval(b, sel)
	if err != nil && o.split {
		sel, o.err = before(selected(b.N, sel), func(row []int32) error {
			_, err := o.set.eval(b, row)
			return err
		})
		if len(sel) > 0 {
			vecs, err = o.set.eval(b, sel)
		}
	}
	if err != nil {
		return nil, cmp.Or(o.err, err)
	}
	o.out = types.Batch{Cols: vecs, N: b.N, Sel: sel}
	return &o.out, nil
}

// afterSort tells whether rows come from a sort, before which PostgreSQL computes what
// comes after it here.
func afterSort(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Sort:
		return true
	case *plan.Limit:
		return afterSort(n.Input)
	}
	return false
}

// before finds the rows before the first that fails, whose error it gives. Clients
// get them, as from an executor that takes a row at a time.
func before(rows []int32, try func(row []int32) error) ([]int32, error) {
	for i := range rows {
		if err := try(rows[i : i+1]); err != nil {
			return rows[:i], err
		}
	}
	return rows, nil
}

func (o *projectOp) close() { o.in.close() }
