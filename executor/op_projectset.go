package executor

import (
	"errors"
	"unsafe"

	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// projectSetOp computes expressions of which some are set-returning: each
// input row becomes as many rows as its longest set has. Rows are made as they
// are asked for, a batch at a time, and those before an error come before it.
type projectSetOp struct {
	x     *exec
	in    op
	n     *plan.ProjectSet
	plain []expr   // nil where set-returning
	args  [][]expr // of the set-returning ones
	sets  []*setOf // nil where not
	out   *rowSet
	cur   cursor

	b      *types.Batch // the input batch at work, and of its rows the one at work
	rows   []int32
	at     int
	failed error           // comes next
	begun  bool            // the sets of the row at work have been begun
	vals   []builtin.Arg   // of plain
	given  [][]builtin.Arg // of args
}

func (x *exec) newProjectSet(n *plan.ProjectSet) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &projectSetOp{x: x, in: in, n: n, out: newRowSet(colTypes(n), nil)}
	for _, e := range n.Exprs {
		if c, ok := e.(*plan.Call); ok && c.Fn.SetOf {
			as, err := x.compileAll(c.Args)
			if err != nil {
				return nil, err
			}
			o.plain, o.args, o.sets = append(o.plain, nil), append(o.args, as), append(o.sets, &setOf{x: x, fn: boundCall(c), typ: e.Type()})
			continue
		}
		k, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		o.plain, o.args, o.sets = append(o.plain, k), append(o.args, nil), append(o.sets, nil)
	}
	o.vals = make([]builtin.Arg, len(o.plain))
	o.given = make([][]builtin.Arg, len(o.plain))
	for k, as := range o.args {
		o.given[k] = make([]builtin.Arg, len(as))
	}
	return o, nil
}

func (o *projectSetOp) open() error {
	o.endSets()
	o.out.reset()
	o.cur.at = 0
	o.b, o.failed = nil, nil
	return o.in.open()
}

func (o *projectSetOp) next() (*types.Batch, error) {
	o.out.drop() // strings and sets may be large: the old ones are let go
	o.cur.at = 0
	for o.failed == nil && o.out.n < types.BatchSize {
		if o.b == nil {
			if o.out.n > 0 {
				break // rather than wait for more
			}
			b, err := o.in.next()
			if err != nil || b == nil {
				return nil, err
			}
			if err := o.begin(b); err != nil {
				return nil, err
			}
		}
		if o.failed = o.expand(); o.failed != nil {
			break
		}
	}
	if o.out.n == 0 {
		return nil, o.failed
	}
	return o.cur.next(o.out), nil
}

// begin computes what is no set, and the arguments of the sets, for an input batch.
func (o *projectSetOp) begin(b *types.Batch) error {
	for k, e := range o.plain {
		var err error
		if e != nil {
			o.vals[k], err = e.eval(b, b.Sel)
		} else {
			err = evalAll(o.args[k], b, b.Sel, o.given[k])
		}
		if err != nil {
			return err
		}
	}
	o.b, o.rows, o.at, o.begun = b, selected(b.N, b.Sel), 0, false
	return nil
}

// expand makes rows until there are enough or the input batch is over.
func (o *projectSetOp) expand() error {
	for o.at < len(o.rows) {
		i := int(o.rows[o.at])
		if !o.begun {
			for k, s := range o.sets {
				if s == nil {
					continue
				}
				row1 := make([]types.Datum, len(o.given[k]))
				for j, a := range o.given[k] {
					row1[j] = a.Datum(row(a, i))
				}
				if err := s.begin(row1); err != nil {
					return err
				}
			}
			o.begun = true
		}
		for {
			if o.out.n >= types.BatchSize {
				return nil
			}
			some := false
			for _, s := range o.sets {
				if s == nil {
					continue
				}
				if err := s.fill(); err != nil {
					return err
				}
				some = some || s.at < len(s.vals)
			}
			if !some {
				break
			}
			for k, c := range o.out.cols {
				s := o.sets[k]
				switch {
				case s == nil:
					c.Append(o.vals[k].Datum(row(o.vals[k], i)))
				case s.at < len(s.vals):
					c.Append(s.vals[s.at])
					s.at++
				default:
					c.Append(types.Null)
				}
			}
			o.out.n++
		}
		o.at++
		o.begun = false
	}
	o.b = nil
	return nil
}

func (o *projectSetOp) endSets() {
	for _, s := range o.sets {
		if s != nil {
			s.end()
		}
	}
}

func (o *projectSetOp) close() {
	o.endSets()
	o.in.close()
}

// setOf is one set-returning call, at work for one row of arguments. A set that is
// short, or whose function does not stream, is made whole; a long one is made by a
// coroutine, a part at a time.
type setOf struct {
	x     *exec
	fn    *builtin.Func
	typ   *types.Type
	vals  []types.Datum // what is there, and how much of it was taken
	at    int
	bytes int64 // accounted for
	err   error // what follows them
	pull  func() ([]types.Datum, error, bool)
	stop  func()
}

// longSet is the number of values from which on a set that can be streamed is.
const longSet = 256

var errLongSet = errors.New("the set is to be streamed")

// begin starts the set of one row of arguments.
func (s *setOf) begin(args []types.Datum) error {
	s.end()
	err := s.x.runSet(s.fn, args, func(r []types.Datum) error {
		if s.fn.Streams && len(s.vals) == longSet {
			return errLongSet
		}
		s.vals = append(s.vals, s.value(r))
		if len(s.vals)%1024 == 0 {
			if err := s.charge(); err != nil {
				return err
			}
			return s.x.cancelled()
		}
		return nil
	})
	if !errors.Is(err, errLongSet) {
		if s.fn.Streams {
			s.err, err = err, nil
		}
		return err
	}
	// Functions that stream have no effects: it can be begun again.
	s.vals = s.vals[:0]
	s.pull, s.stop = coroutine(func(give func([]types.Datum) error) error {
		part := make([]types.Datum, 0, types.BatchSize)
		err := s.x.runSet(s.fn, args, func(r []types.Datum) error {
			if part = append(part, s.value(r)); len(part) < types.BatchSize {
				return nil
			}
			if err := give(part); err != nil {
				return err
			}
			part = part[:0]
			return s.x.cancelled()
		})
		if errors.Is(err, errStopped) || len(part) == 0 {
			return err
		}
		if stopped := give(part); stopped != nil { // what came before an error comes before it
			return stopped
		}
		return err
	})
	return nil
}

// fill sees to it that the next value is there, if there is one.
func (s *setOf) fill() error {
	if s.at < len(s.vals) {
		return nil
	}
	if s.pull == nil {
		return s.err
	}
	part, err, ok := s.pull()
	if !ok || err != nil {
		s.end()
		return err
	}
	s.vals, s.at = part, 0
	return nil
}

// value makes one value of what the function gives: its columns are the fields of a row.
func (s *setOf) value(r []types.Datum) types.Datum {
	if len(r) == 1 {
		return r[0]
	}
	return types.NewAny(&types.Tuple{Type: s.typ, Fields: s.fn.Out, Vals: append([]types.Datum(nil), r...)})
}

// charge accounts for the values that came since the last time.
func (s *setOf) charge() error {
	var size int64
	for _, d := range s.vals[len(s.vals)-1024:] {
		size += int64(unsafe.Sizeof(d)) + int64(len(d.S))
	}
	s.bytes += size
	return s.x.Memory.grow(size)
}

// end lets go of the set.
func (s *setOf) end() {
	if s.stop != nil {
		s.stop()
		s.pull, s.stop = nil, nil
		s.vals = nil // the coroutine's
	}
	if s.bytes > 0 {
		_ = s.x.Memory.grow(-s.bytes)
		s.bytes, s.vals = 0, nil
	}
	s.vals, s.at, s.err = s.vals[:0], 0, nil
}
