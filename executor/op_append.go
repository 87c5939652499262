package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// appendOp yields the rows of its inputs one after another.
type appendOp struct {
	ins []op
	at  int
	opn bool
}

func (x *exec) newAppend(n *plan.Append) (op, error) {
	o := &appendOp{}
	for _, c := range n.Inputs {
		in, err := x.build(c)
		if err != nil {
			return nil, err
		}
		o.ins = append(o.ins, in)
	}
	return o, nil
}

func (o *appendOp) open() error {
	o.at, o.opn = 0, false
	return nil
}

func (o *appendOp) next() (*types.Batch, error) {
	for o.at < len(o.ins) {
		if !o.opn {
			if err := o.ins[o.at].open(); err != nil {
				return nil, err
			}
			o.opn = true
		}
		b, err := o.ins[o.at].next()
		if err != nil || b != nil {
			return b, err
		}
		o.at++
		o.opn = false
	}
	return nil, nil
}

func (o *appendOp) close() {
	for _, in := range o.ins {
		in.close()
	}
}
