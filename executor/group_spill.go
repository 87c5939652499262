package executor

import (
	"fmt"

	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Groups and distinct rows beyond their share of memory. What is in the table by
// then stays there and goes on to collect its rows; rows of other keys go to disk,
// cut by hash, and each part is dealt with like an input of its own when what is in
// memory has come out.

// groupSpill is what an operator with a groupTable has on disk.
type groupSpill struct {
	x     *exec
	can   bool
	typs  []*types.Type // of the input's rows
	level int           // of the part being read
	set   *spillSet     // nil: all keys are in memory
	queue []spilledPart
	part  *spool // being read, nil: the operator's input
	// found and missing are room for the rows of a batch.
	found, missing []int32
	parts          int
	disk           int64
}

// spilledPart is a part that is still to be read.
type spilledPart struct {
	s     *spool
	level int
}

// newGroupSpill readies an operator over input, whose keys are computed by exprs.
func (x *exec) newGroupSpill(input plan.Node, exprs []plan.Expr) groupSpill {
	g := groupSpill{x: x, typs: colTypes(input), can: true}
	for _, e := range exprs {
		// A key is computed again when its row comes back.
		g.can = g.can && !volatile(e)
	}
	g.can = g.can && x.canSpill(g.typs)
	return g
}

func volatile(e plan.Expr) bool {
	found := false
	walkExpr(e, func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.Subplan:
			found = true
		case *plan.Call:
			found = found || e.Fn.Volatility == builtin.Volatile
		}
	})
	return found
}

// outgrown is called with the bytes in memory; from when they are too many, rows
// of new keys go to disk. A parallel worker gets errOutgrown instead.
func (g *groupSpill) outgrown(bytes int64) error {
	if g.x.HashMem <= 0 || bytes <= g.x.HashMem || g.set != nil {
		return nil
	}
	if g.x.worker != nil {
		return errOutgrown
	}
	if g.can && g.level < spillLevels {
		g.set = g.x.newSpillSet(g.typs, g.level)
	}
	return nil
}

// divide puts the rows whose keys are not in the table on disk, and gives the
// others, whose groups go to out (which may be nil).
func (g *groupSpill) divide(t *groupTable, keys []*types.Vec, b *types.Batch, out []int32) ([]int32, error) {
	g.found, g.missing = t.lookup(keys, b.N, selected(b.N, b.Sel), out, g.found[:0], g.missing[:0])
	if len(g.missing) == 0 {
		return g.found, nil
	}
	return g.found, g.set.add(b, g.missing, t.h)
}

// more goes on to the next part; false when none is left.
func (g *groupSpill) more() (bool, error) {
	g.part.close()
	g.part = nil
	if g.set != nil {
		for _, s := range g.set.spools {
			if s.rows == 0 {
				s.close()
				continue
			}
			if err := s.flush(); err != nil {
				return false, err
			}
			g.parts++
			g.disk += s.size
			g.queue = append(g.queue, spilledPart{s, g.level + 1})
		}
		g.set = nil
	}
	if len(g.queue) == 0 {
		return false, nil
	}
	p := g.queue[len(g.queue)-1]
	g.queue = g.queue[:len(g.queue)-1]
	g.part, g.level = p.s, p.level
	return true, p.s.rewind()
}

// detail tells EXPLAIN ANALYZE.
func (g *groupSpill) detail(c *plan.Counters) {
	if c != nil && g.parts > 0 {
		c.Detail = fmt.Sprintf("Batches: %d  Disk Usage: %dkB", g.parts+1, (g.disk+1023)>>10)
	}
}

// drop gives up what is on disk.
func (g *groupSpill) drop() {
	g.set.close()
	g.part.close()
	for _, p := range g.queue {
		p.s.close()
	}
	g.set, g.part, g.queue, g.level, g.parts, g.disk = nil, nil, nil, 0, 0, 0
}
