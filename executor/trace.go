package executor

import (
	"bytes"
	"slices"

	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Trace finds out which node of a running plan asks what of the store. The
// operators know nothing of it: the transaction they read is wrapped, and
// each operator says when it starts and stops working.
//
//	trace := NewTrace(plan, counters, 100)
//	ctx.Txn, ctx.Trace = trace.Txn(ctx.Txn), trace
//
// It is for plans run by one goroutine (Ctx.Workers 1).
type Trace struct {
	counters []plan.Counters
	limit    int // operations kept per node
	begun    int
	asker
}

// asker is who works now.
type asker struct {
	node int
	why  string
}

// asked is an operation that has begun.
type asked struct {
	asker
	number int
}

// NewTrace makes a trace that fills in Trace of each of counters, keeping
// every operation's details up to limit a node.
func NewTrace(p *plan.Plan, counters []plan.Counters, limit int) *Trace {
	return &Trace{counters: counters, limit: limit, asker: asker{node: p.Root.Info().ID}}
}

// Txn is txn with the trace listening.
func (t *Trace) Txn(txn kv.Txn) kv.Txn {
	return kv.TracedFor(txn, t.hear, func() any {
		t.begun++
		return asked{t.asker, t.begun}
	})
}

// hear notes an operation that has ended. They are kept in the order in which
// they began: a scan before the gets that it led to.
func (t *Trace) hear(e kv.Event) {
	by := e.Asker.(asked)
	c := &t.counters[by.node]
	if c.Trace == nil {
		c.Trace = &plan.KeyTrace{}
	}
	n := &c.Trace.Totals[e.Op]
	n.Ops++
	n.Pairs += int64(e.Pairs)
	n.Bytes += int64(e.Bytes)
	ops := c.Trace.Ops
	at := len(ops)
	for at > 0 && ops[at-1].Number > by.number {
		at--
	}
	if at == t.limit {
		return
	}
	if len(ops) == t.limit {
		ops = ops[:t.limit-1]
	}
	e.Key, e.Range.Start, e.Range.End, e.Asker = bytes.Clone(e.Key), bytes.Clone(e.Range.Start), bytes.Clone(e.Range.End), nil
	c.Trace.Ops = slices.Insert(ops, at, plan.KeyOp{Event: e, Number: by.number, Why: by.why})
}

// works makes node the one at work, and gives who was.
func (t *Trace) works(node int) asker {
	was := t.asker
	t.asker = asker{node: node}
	return was
}

func nothing() {}

// because says why the store is asked, until the function it gives is called.
func (x *exec) because(why, name string) (end func()) {
	t := x.Trace
	if t == nil {
		return nothing
	}
	was := t.why
	if name != "" {
		why += " " + name
	}
	t.why = why
	return func() { t.why = was }
}

// traced is a counted operator that says when it works.
type traced struct {
	counted
	t    *Trace
	node int
}

func (o *traced) open() error {
	was := o.t.works(o.node)
	err := o.counted.open()
	o.t.asker = was
	return err
}

func (o *traced) next() (*types.Batch, error) {
	was := o.t.works(o.node)
	b, err := o.counted.next()
	o.t.asker = was
	return b, err
}
