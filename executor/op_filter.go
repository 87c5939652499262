package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// filterOp passes the rows for which a condition is true: its input's batches
// with a narrower selection.
type filterOp struct {
	in op
	p  *splitPred
	// once is a condition that does not depend on the rows: if it is not true,
	// the input is not even opened.
	once   pred
	asked  bool
	opened bool
	sel    []int32
	out    types.Batch
	c      *plan.Counters
}

func (x *exec) newFilter(n *plan.Filter) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	p, err := x.compileSplit(n.Cond)
	if err != nil {
		return nil, err
	}
	once, err := x.compilePred(n.Once)
	if err != nil {
		return nil, err
	}
	return &filterOp{in: in, p: p, once: once, c: x.counter(n)}, nil
}

func (o *filterOp) open() error {
	o.opened, o.asked = false, false
	o.p.restart()
	if o.once != nil { // asked for the first row, which nobody may want
		return nil
	}
	o.opened = true
	return o.in.open()
}

// ask asks the condition that does not depend on the rows.
func (o *filterOp) ask() error {
	if o.once == nil || o.asked {
		return nil
	}
	o.asked = true
	sel, err := o.once.filter(&types.Batch{N: 1}, nil, room(o.sel[:0], 1))
	if err != nil || len(sel) == 0 {
		return err
	}
	o.opened = true
	return o.in.open()
}

func (o *filterOp) next() (*types.Batch, error) {
	if err := o.ask(); err != nil || !o.opened {
		return nil, err
	}
	for {
		if err := o.p.due(); err != nil {
			return nil, err
		}
		b, err := o.in.next()
		if err != nil || b == nil || o.p == nil {
			return b, err
		}
		if o.sel, err = o.p.filter(b, b.Sel, room(o.sel[:0], b.N)); err != nil {
			return nil, err
		}
		if o.c != nil {
			o.c.Removed += int64(b.Rows() - len(o.sel))
		}
		if len(o.sel) == 0 {
			continue
		}
		if len(o.sel) == b.Rows() {
			return b, nil
		}
		o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
		return &o.out, nil
	}
}

func (o *filterOp) close() {
	if o.opened {
		o.in.close()
		o.opened = false
	}
}

// splitPred is a condition whose error comes after the rows before it, as it does
// from an executor that takes a row at a time: a LIMIT or an EXISTS may have enough
// of those. Its operator asks for the error that is due before it takes more rows.
type splitPred struct {
	p     pred
	whole bool // it calls what may not be called for a row twice
	err   error
}

// compileSplit compiles a condition; nil for none.
func (x *exec) compileSplit(cond plan.Expr) (*splitPred, error) {
	p, err := x.compilePred(cond)
	if p == nil {
		return nil, err
	}
	return &splitPred{p: p, whole: hasCalls(cond)}, err
}

func (s *splitPred) due() error {
	if s == nil {
		return nil
	}
	return s.err
}

func (s *splitPred) restart() {
	if s != nil {
		s.err = nil
	}
}

// filter is that of a pred; out must have memory of its own.
func (s *splitPred) filter(b *types.Batch, sel, out []int32) ([]int32, error) {
	pass, err := s.p.filter(b, sel, out)
	if err == nil || s.whole {
		return pass, err
	}
	var one [1]int32
	rows, first := before(selected(b.N, sel), func(row []int32) error {
		_, err := s.p.filter(b, row, one[:0])
		return err
	})
	if first == nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, first
	}
	s.err = first
	return s.p.filter(b, rows, out)
}
