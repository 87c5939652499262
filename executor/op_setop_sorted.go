package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// sortedSetOp computes INTERSECT and EXCEPT over the rows of both sides, which come
// sorted by value, the last column telling the side: it counts the equal rows of
// each side and gives as many as the kind says. It holds one row; its output is
// sorted.
type sortedSetOp struct {
	x     *exec
	n     *plan.SetOp
	in    op
	b     *types.Batch
	rows  []int32
	pos   int
	key   []*types.Vec // the row being counted, nil before the first
	count [2]int64
	give  int64 // copies of it still to be given
	ended bool
	out   types.Batch
}

func (o *sortedSetOp) open() error {
	o.b, o.pos, o.key, o.ended, o.give = nil, 0, nil, false, 0
	return o.in.open()
}

func (o *sortedSetOp) next() (*types.Batch, error) {
	if o.out.Cols == nil {
		o.out.Cols = newVecs(colTypes(o.n), 0)
	}
	for _, c := range o.out.Cols {
		c.HasNulls = false
		c.Resize(0)
	}
	o.out.N = 0
	for {
		for o.give > 0 {
			if o.out.N == types.BatchSize {
				return &o.out, nil
			}
			for k, c := range o.out.Cols {
				c.Resize(o.out.N + 1)
				setVec(c, o.out.N, o.key[k], 0)
			}
			o.out.N++
			o.give--
		}
		if o.ended {
			if o.out.N == 0 {
				return nil, nil
			}
			return &o.out, nil
		}
		if err := o.group(); err != nil {
			return nil, err
		}
	}
}

// group goes on to the end of the rows equal to key; then the next row, if any,
// becomes key once the copies of this one are given.
func (o *sortedSetOp) group() error {
	first := true
	for {
		if o.b == nil || o.pos == len(o.rows) {
			if err := o.x.cancelled(); err != nil {
				return err
			}
			b, err := o.in.next()
			if err != nil {
				return err
			}
			if b == nil {
				o.ended = true
				break
			}
			o.b, o.rows, o.pos = b, selected(b.N, b.Sel), 0
			continue
		}
		i := int(o.rows[o.pos])
		if first {
			o.key = newVecs(colTypes(o.n), 1)
			for k, c := range o.key {
				c.Resize(1)
				setVec(c, 0, o.b.Cols[k], i)
			}
			o.count, first = [2]int64{}, false
		} else if !o.same(i) {
			break
		}
		o.count[o.b.Cols[len(o.key)].I[i]]++
		o.pos++
	}
	if first {
		return nil
	}
	l, r := o.count[0], o.count[1]
	switch o.n.Kind {
	case plan.Intersect:
		o.give = min(l, r, 1)
	case plan.IntersectAll:
		o.give = min(l, r)
	case plan.Except:
		if r == 0 {
			o.give = min(l, 1)
		}
	default:
		o.give = max(l-r, 0)
	}
	return nil
}

func (o *sortedSetOp) same(i int) bool {
	for k, v := range o.key {
		if !types.EqualAt(v, 0, o.b.Cols[k], i) {
			return false
		}
	}
	return true
}

func (o *sortedSetOp) close() { o.in.close() }
