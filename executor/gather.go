package executor

import "rowkey/types"

// gatherOp puts small batches together, for an operator that looks rows up for a whole
// batch at once: a scan of a large table of which a condition leaves a few rows in each
// batch would otherwise make it look up a few at a time, here and there in the table.
//
// It waits for as many batches as it has read before, so that a LIMIT above makes it
// read no more than twice what is needed. Large batches pass through; others live, as
// ever, until the next. An error comes after the rows before it.
type gatherOp struct {
	in    op
	rows  *rowSet
	read  int          // batches so far
	held  *types.Batch // large, to come after rows
	ended bool
	err   error // to come
}

// gatherRows is what makes a batch large enough.
const gatherRows = types.BatchSize / 4

// gathered wraps an input with columns of types ts.
func (x *exec) gathered(in op, ts []*types.Type) op {
	if x.plan.ByRow {
		return in
	}
	return &gatherOp{in: in, rows: newRowSet(ts, x.Memory)}
}

func (o *gatherOp) open() error {
	o.read, o.held, o.ended, o.err = 0, nil, false, nil
	o.rows.reset()
	return o.in.open()
}

func (o *gatherOp) next() (*types.Batch, error) {
	o.rows.reset()
	if b := o.held; b != nil {
		o.held = nil
		return b, nil
	}
	for most := max(2*o.read, 1); !o.ended; {
		b, err := o.in.next()
		if b == nil || err != nil {
			o.ended, o.err = true, err
			break
		}
		o.read++
		k := b.Rows()
		if k == 0 && o.rows.n == 0 {
			continue
		}
		if o.rows.n == 0 && (o.read >= most || k >= gatherRows) {
			return b, nil
		}
		if k >= gatherRows {
			o.held = b
			break
		}
		if err := o.rows.add(b); err != nil {
			return nil, err
		}
		if o.read >= most || o.rows.n > types.BatchSize-gatherRows {
			break
		}
	}
	if o.rows.n == 0 {
		return nil, o.err
	}
	return o.rows.slice(0, o.rows.n), nil
}

func (o *gatherOp) close() {
	o.rows.drop()
	o.held = nil
	o.in.close()
}
