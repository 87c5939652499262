package executor

import (
	"fmt"

	"rowkey/planner/plan"
	"rowkey/types"
)

// setOp computes INTERSECT and EXCEPT: it counts the right side's rows by
// value, then passes the left side's rows as the kind says.
//
// When the values outgrow their share of memory, those in the table stay there and rows
// of other values go to disk, of both sides, cut by hash; each pair of parts is then
// dealt with like the two sides, when what is in memory has come out.
type setOp struct {
	x           *exec
	n           *plan.SetOp
	left, right op
	table       *groupTable
	count       []int64 // rows of the right side not yet used up
	done        []bool  // of the left side's values: passed already
	groups      []int32
	sel         []int32
	ran         bool
	out         types.Batch

	// What is on disk.
	typs           []*types.Type
	can            bool
	level          int
	now            setParts // the pair being read, nil spools: the inputs
	queue          []setParts
	lset, rset     *spillSet
	found, missing []int32
	parts          int
	disk           int64
}

// setParts are rows of both sides whose hashes fall into one part.
type setParts struct {
	left, right *spool
	level       int
}

func (x *exec) newSetOp(n *plan.SetOp) (op, error) {
	if n.Sorted != nil {
		in, err := x.build(n.Sorted)
		if err != nil {
			return nil, err
		}
		return &sortedSetOp{x: x, n: n, in: in}, nil
	}
	l, err := x.build(n.Left)
	if err != nil {
		return nil, err
	}
	r, err := x.build(n.Right)
	if err != nil {
		return nil, err
	}
	o := &setOp{x: x, n: n, left: l, right: r, typs: colTypes(n)}
	o.can = x.canSpill(o.typs)
	return o, nil
}

func (o *setOp) open() error {
	o.drop()
	o.begin()
	if err := o.right.open(); err != nil {
		return err
	}
	return o.left.open()
}

// begin starts on a pair of sides.
func (o *setOp) begin() {
	o.table, o.count, o.done, o.ran = newGroupTable(o.typs, o.x.Memory), nil, nil, false
}

// assign finds the groups of a batch's rows, and gives the rows that have one: all,
// unless those of new values go to disk.
func (o *setOp) assign(b *types.Batch, away **spillSet) ([]int32, error) {
	if len(o.groups) < b.N {
		o.groups = make([]int32, b.N)
	}
	keys, rows := b.Cols[:len(o.typs)], selected(b.N, b.Sel)
	if o.spilling() {
		o.found, o.missing = o.table.lookup(keys, b.N, rows, o.groups, o.found[:0], o.missing[:0])
		if len(o.missing) > 0 {
			if err := (*away).add(b, o.missing, o.table.h); err != nil {
				return nil, err
			}
		}
		return o.found, nil
	}
	if err := o.table.assign(keys, b.N, rows, o.groups); err != nil {
		return nil, err
	}
	for len(o.count) < o.table.n {
		o.count = append(o.count, 0)
		o.done = append(o.done, false)
	}
	if o.can && o.x.HashMem > 0 && o.level < spillLevels && o.table.bytes+int64(9*o.table.n) > o.x.HashMem {
		o.lset, o.rset = o.x.newSpillSet(o.typs, o.level), o.x.newSpillSet(o.typs, o.level)
	}
	return rows, nil
}

func (o *setOp) spilling() bool { return o.lset != nil }

// input gives the next batch of one side of the pair.
func (o *setOp) input(in op, part *spool) (*types.Batch, error) {
	if err := o.x.cancelled(); err != nil {
		return nil, err
	}
	if part != nil {
		return part.next()
	}
	return in.next()
}

func (o *setOp) next() (*types.Batch, error) {
	for {
		b, err := o.nextOfPair()
		if b != nil || err != nil {
			return b, err
		}
		if more, err := o.more(); !more || err != nil {
			return nil, err
		}
	}
}

func (o *setOp) nextOfPair() (*types.Batch, error) {
	if !o.ran {
		o.ran = true
		for {
			b, err := o.input(o.right, o.now.right)
			if err != nil {
				return nil, err
			}
			if b == nil {
				break
			}
			rows, err := o.assign(b, &o.rset)
			if err != nil {
				return nil, err
			}
			for _, i := range rows {
				o.count[o.groups[i]]++
			}
		}
	}
	for {
		b, err := o.input(o.left, o.now.left)
		if err != nil || b == nil {
			return nil, err
		}
		rows, err := o.assign(b, &o.lset)
		if err != nil {
			return nil, err
		}
		o.sel = o.sel[:0]
		for _, i := range rows {
			g := o.groups[i]
			var pass bool
			switch o.n.Kind {
			case plan.Intersect:
				pass = o.count[g] > 0 && !o.done[g]
			case plan.IntersectAll:
				pass = o.count[g] > 0
				o.count[g]--
			case plan.Except:
				pass = o.count[g] == 0 && !o.done[g]
			default:
				pass = o.count[g] <= 0
				o.count[g]--
			}
			o.done[g] = o.done[g] || pass
			if pass {
				o.sel = append(o.sel, i)
			}
		}
		if len(o.sel) > 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
			return &o.out, nil
		}
	}
}

// more goes on to the next pair of parts; false when none is left.
func (o *setOp) more() (bool, error) {
	o.now.left.close()
	o.now.right.close()
	if o.spilling() {
		for i, l := range o.lset.spools {
			r := o.rset.spools[i]
			if l.rows == 0 { // nothing can come of it
				l.close()
				r.close()
				continue
			}
			for _, s := range []*spool{l, r} {
				if err := s.rewind(); err != nil {
					return false, err
				}
				o.disk += s.size
			}
			o.parts++
			o.queue = append(o.queue, setParts{l, r, o.level + 1})
		}
		o.lset, o.rset = nil, nil
		if c := o.x.counter(o.n); c != nil {
			c.Detail = fmt.Sprintf("Batches: %d  Disk Usage: %dkB", o.parts+1, (o.disk+1023)>>10)
		}
	}
	o.now = setParts{}
	if len(o.queue) == 0 {
		return false, nil
	}
	o.now = o.queue[len(o.queue)-1]
	o.queue = o.queue[:len(o.queue)-1]
	o.level = o.now.level
	o.table.release()
	o.begin()
	return true, nil
}

// drop gives up what is in memory and on disk.
func (o *setOp) drop() {
	if o.table != nil {
		o.table.release()
		o.table = nil
	}
	o.lset.close()
	o.rset.close()
	for _, p := range append(o.queue, o.now) {
		p.left.close()
		p.right.close()
	}
	o.lset, o.rset, o.queue, o.now = nil, nil, nil, setParts{}
	o.level, o.parts, o.disk = 0, 0, 0
}

func (o *setOp) close() {
	o.drop()
	o.left.close()
	o.right.close()
}
