package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// valuesOp yields constant rows. Its batches live until the next.
type valuesOp struct {
	x    *exec
	n    *plan.Values
	rows [][]expr
	lit  *rowSet
	cur  cursor
	at   int
	err  error // of the row that comes next
	out  types.Batch
}

func (x *exec) newValues(n *plan.Values) (op, error) {
	o := &valuesOp{x: x, n: n}
	if n.Lit != nil {
		o.lit = &rowSet{cols: n.Lit}
		if len(n.Lit) > 0 {
			o.lit.n = n.Lit[0].Len
		}
		return o, nil
	}
	for _, r := range n.RowsExprs {
		es, err := x.compileAll(r)
		if err != nil {
			return nil, err
		}
		o.rows = append(o.rows, es)
	}
	return o, nil
}

func (o *valuesOp) open() error {
	o.at, o.cur.at, o.err = 0, 0, nil
	return nil
}

func (o *valuesOp) next() (*types.Batch, error) {
	if o.lit != nil {
		return o.cur.next(o.lit), nil
	}
	if o.at >= len(o.rows) || o.err != nil {
		return nil, o.err
	}
	n := min(len(o.rows)-o.at, types.BatchSize)
	if o.x.plan.ByRow {
		n = 1
	}
	if o.out.Cols == nil {
		o.out.Cols = newVecs(colTypes(o.n), n)
	}
	for _, c := range o.out.Cols {
		c.HasNulls = false
		c.Resize(n)
	}
	for i := range n {
		if o.err = o.row(i); o.err != nil {
			if i == 0 {
				return nil, o.err
			}
			n = i // the rows before come first
			break
		}
	}
	o.at += n
	o.out.N = n
	return &o.out, nil
}

// row computes the i-th of the next rows.
func (o *valuesOp) row(i int) error {
	one := &types.Batch{N: 1}
	for k, e := range o.rows[o.at+i] {
		a, err := e.eval(one, nil)
		if err != nil {
			return err
		}
		setVec(o.out.Cols[k], i, a.Vec, 0)
	}
	return nil
}

func (o *valuesOp) close() {}
