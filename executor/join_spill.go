package executor

import (
	"errors"
	"fmt"

	"rowkey/planner/plan"
	"rowkey/types"
)

// A hash join whose right input outgrows its share of memory becomes a Grace join
// (Kitsuregawa et al., 1983): both inputs are cut into partitions by the hash of
// their keys, on disk, and each pair of partitions is joined in memory. A partition
// that is still too large is cut again by other bits of the hash, a few times;
// after that its rows have the same key, and the statement's budget decides.
//
//	right ─┬─ part 0 ─ table ─┐
//	       ├─ part 1          ├─ rows
//	left  ─┼─ part 0 ─ probe ─┘
//	       └─ part 1
//
// The left input loses its order, on which the planner never relies.

// errOutgrown tells that something needs more than its share of memory.
var errOutgrown = errors.New("outgrown its share of memory")

// graceJoin is the state of a join in partitions.
type graceJoin struct {
	pairs []gracePair
	// Of the whole right input.
	rightRows int64
	rightNull bool
	disk      int64
	parts     int
}

// gracePair is a partition of both inputs that is still to be joined.
type gracePair struct {
	left, right *spool
	level       int
}

// openGrace reads both inputs into partitions; t is what was read of the right one.
func (o *hashJoinOp) openGrace(t *joinTable) error {
	g := &graceJoin{}
	o.grace, o.built, o.table = g, false, nil
	rs := o.x.newSpillSet(colTypes(o.n.Right), 0)
	ls := o.x.newSpillSet(colTypes(o.n.Left), 0)
	for i := range rs.spools {
		g.pairs = append(g.pairs, gracePair{ls.spools[i], rs.spools[i], 0})
	}
	var h []uint64
	put := func(s *spillSet, b *types.Batch, keys []*types.Vec) error {
		rows := selected(b.N, b.Sel)
		h = hashRows(h, keys, b.N, rows)
		return s.add(b, rows, h)
	}
	right := func(b *types.Batch, keys []*types.Vec) error {
		g.rightRows += int64(b.Rows())
		for _, i := range selected(b.N, b.Sel) {
			g.rightNull = g.rightNull || t.nullKey(keys, int(i), o.n.NullsEqual)
		}
		return put(rs, b, keys)
	}
	for from := 0; from < t.rows.n; from += types.BatchSize {
		to := min(from+types.BatchSize, t.rows.n)
		if err := right(t.rows.slice(from, to), t.kvals.slice(from, to).Cols); err != nil {
			return err
		}
	}
	t.drop()
	if err := o.x.eachKeyed(o.right, o.rkeys, right); err != nil {
		return err
	}
	if err := o.left.open(); err != nil {
		return err
	}
	left := func(b *types.Batch, keys []*types.Vec) error { return put(ls, b, keys) }
	if err := o.x.eachKeyed(o.left, o.lkeys, left); err != nil {
		return err
	}
	g.disk, g.parts = rs.size()+ls.size(), spillParts
	o.lb, o.ended, o.tail = nil, true, 0
	o.table, o.rhit = newJoinTable(colTypes(o.n.Right), o.rkeys.typs, o.x.Memory), nil
	if err := o.table.build(o.n.NullsEqual); err != nil {
		return err
	}
	if o.c != nil {
		o.c.Detail = fmt.Sprintf("Batches: %d  Disk: %dkB", g.parts, (g.disk+1023)>>10)
		o.c.Memory = o.x.HashMem
	}
	return nil
}

// nextPart goes on to the next pair of partitions; false when none is left.
func (o *hashJoinOp) nextPart() (bool, error) {
	g := o.grace
	o.part.close()
	o.part = nil
	o.table.drop()
	for len(g.pairs) > 0 {
		if err := o.x.cancelled(); err != nil {
			return false, err
		}
		p := g.pairs[0]
		g.pairs = g.pairs[1:]
		if !o.matters(p) {
			p.left.close()
			p.right.close()
			continue
		}
		if p.right.bytes > o.x.HashMem && p.level+1 < spillLevels {
			if err := o.cutAgain(p); err != nil {
				return false, err
			}
			continue
		}
		o.part = p.left
		err := o.loadPart(p)
		p.right.close()
		return err == nil, err
	}
	return false, nil
}

// matters tells whether rows can come of a pair of partitions.
func (o *hashJoinOp) matters(p gracePair) bool {
	switch o.n.Kind {
	case plan.InnerJoin, plan.SemiJoin:
		return p.left.rows > 0 && p.right.rows > 0
	case plan.RightJoin:
		return p.right.rows > 0
	case plan.FullJoin:
		return p.left.rows > 0 || p.right.rows > 0
	}
	return p.left.rows > 0
}

// loadPart makes the table of a pair's right side and readies its left side.
func (o *hashJoinOp) loadPart(p gracePair) error {
	t := newJoinTable(colTypes(o.n.Right), o.rkeys.typs, o.x.Memory)
	o.table = t
	if err := p.right.rewind(); err != nil {
		return err
	}
	if err := o.x.eachKeyed(spoolOp{p.right}, o.rkeys, t.add); err != nil {
		return err
	}
	if err := t.build(o.n.NullsEqual); err != nil {
		return err
	}
	o.probe = newProber(t, o.n.NullsEqual)
	o.lb, o.ended, o.tail = nil, false, 0
	if o.n.Kind == plan.RightJoin || o.n.Kind == plan.FullJoin {
		o.rhit = make([]bool, t.rows.n)
	}
	return p.left.rewind()
}

// cutAgain replaces a pair by smaller ones.
func (o *hashJoinOp) cutAgain(p gracePair) error {
	g := o.grace
	rs := o.x.newSpillSet(colTypes(o.n.Right), p.level+1)
	ls := o.x.newSpillSet(colTypes(o.n.Left), p.level+1)
	for i := range rs.spools {
		g.pairs = append(g.pairs, gracePair{ls.spools[i], rs.spools[i], p.level + 1})
	}
	g.parts += spillParts - 1
	var h []uint64
	move := func(from *spool, to *spillSet, keys *exprSet) error {
		defer from.close()
		if err := from.rewind(); err != nil {
			return err
		}
		return o.x.eachKeyed(spoolOp{from}, keys, func(b *types.Batch, ks []*types.Vec) error {
			rows := selected(b.N, b.Sel)
			h = hashRows(h, ks, b.N, rows)
			return to.add(b, rows, h)
		})
	}
	if err := move(p.right, rs, o.rkeys); err != nil {
		p.left.close()
		return err
	}
	return move(p.left, ls, o.lkeys)
}

// spoolOp reads a spool as an operator.
type spoolOp struct{ s *spool }

func (o spoolOp) open() error                 { return o.s.rewind() }
func (o spoolOp) next() (*types.Batch, error) { return o.s.next() }
func (o spoolOp) close()                      {}

// nextLeft gives the next batch of the left input, or of its partition.
func (o *hashJoinOp) nextLeft() (*types.Batch, error) {
	if o.grace != nil {
		return o.part.next()
	}
	return o.left.next()
}

// rightNull and rightEmpty tell about the whole right input.
func (o *hashJoinOp) rightNull() bool {
	if o.grace != nil {
		return o.grace.rightNull
	}
	return o.table.hasNull
}

func (o *hashJoinOp) rightEmpty() bool {
	if o.grace != nil {
		return o.grace.rightRows == 0
	}
	return o.table.rows.n == 0
}

// dropParts gives up what is on disk.
func (o *hashJoinOp) dropParts() {
	if o.grace == nil {
		return
	}
	for _, p := range o.grace.pairs {
		p.left.close()
		p.right.close()
	}
	o.part.close()
	o.grace, o.part = nil, nil
	if o.table != nil {
		o.table.drop()
		o.table = nil
	}
}
