package executor

import (
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// cteState is a WITH query that is computed once and kept; every CTEScan of
// it reads the same rows.
type cteState struct {
	plan plan.CTE
	in   op
	rows *rowSet
	opn  bool
	done bool
}

// finishCTEs runs the data-modifying WITH queries to their ends, which run whether they are
// read or not: what nobody has read of them follows the statement itself, the last of them first.
func (x *exec) finishCTEs() error {
	for i := len(x.plan.CTEs) - 1; i >= 0; i-- {
		if x.plan.CTEs[i].Modifies {
			if err := x.cteAll(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *exec) closeCTEs() {
	for _, c := range x.ctes {
		if c != nil && c.in != nil {
			c.in.close()
			c.rows.drop()
		}
	}
	x.ctes = nil
}

// cte gives the state of WITH query i, made at its first use.
func (x *exec) cte(i int) (*cteState, error) {
	if x.worker != nil {
		return nil, pgerr.New(pgerr.InternalError, "WITH query in a parallel worker")
	}
	if x.ctes == nil {
		x.ctes = make([]*cteState, len(x.plan.CTEs))
	}
	if i < 0 || i >= len(x.ctes) {
		return nil, pgerr.Newf(pgerr.InternalError, "no WITH query %d", i)
	}
	if x.ctes[i] == nil {
		c := &cteState{plan: x.plan.CTEs[i]}
		x.ctes[i] = c
		in, err := x.build(c.plan.Plan)
		if err != nil {
			return nil, err
		}
		c.in = in
		c.rows = newRowSet(colTypes(c.plan.Plan), x.Memory)
	}
	return x.ctes[i], nil
}

// fill reads one more batch; false at the end.
func (c *cteState) fill(x *exec) (bool, error) {
	if c.done {
		return false, nil
	}
	if !c.opn {
		c.opn = true
		if err := c.in.open(); err != nil {
			return false, err
		}
	}
	b, err := c.in.next()
	if err != nil {
		return false, err
	}
	if b == nil {
		c.done = true
		return false, nil
	}
	return true, c.rows.add(b)
}

// cteAll runs WITH query i to its end.
func (x *exec) cteAll(i int) error {
	c, err := x.cte(i)
	if err != nil {
		return err
	}
	for {
		if err := x.cancelled(); err != nil {
			return err
		}
		more, err := c.fill(x)
		if err != nil || !more {
			return err
		}
	}
}

// cteReads tells whether WITH query i reads the working table of a recursive
// query around it (-1: of any), directly or through other WITH queries: it is
// computed anew in each of that query's rounds.
func (x *exec) cteReads(i, work int) bool {
	works := x.worksRead(i)
	return works[work] || work < 0 && len(works) > 0
}

// worksRead gives the working tables that WITH query i reads and does not make.
func (x *exec) worksRead(i int) map[int]bool {
	if reads, ok := x.cteWorks[i]; ok {
		return reads
	}
	var own []int
	reads := map[int]bool{}
	walkNodes(x.plan.CTEs[i].Plan, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.RecursiveUnion:
			own = append(own, n.Work)
		case *plan.WorkScan:
			reads[n.Work] = true
		case *plan.CTEScan:
			for w := range x.worksRead(n.Index) {
				reads[w] = true
			}
		}
	})
	for _, w := range own {
		delete(reads, w)
	}
	if x.cteWorks == nil {
		x.cteWorks = map[int]map[int]bool{}
	}
	x.cteWorks[i] = reads
	return reads
}

// nextRound forgets what the WITH queries gave in the round before.
func (x *exec) nextRound(work int) {
	for i, c := range x.ctes {
		if c != nil && c.opn && x.cteReads(i, work) {
			c.rows.drop()
			c.opn, c.done = false, false
		}
	}
}

// cteOp reads a WITH query, computing no more of it than is asked for.
type cteOp struct {
	x   *exec
	n   *plan.CTEScan
	c   *cteState
	cur cursor
}

func (x *exec) newCTEScan(n *plan.CTEScan) (op, error) { return &cteOp{x: x, n: n}, nil }

func (o *cteOp) open() error {
	var err error
	o.cur.at = 0
	o.c, err = o.x.cte(o.n.Index)
	return err
}

func (o *cteOp) next() (*types.Batch, error) {
	for {
		if b := o.cur.next(o.c.rows); b != nil {
			return b, nil
		}
		more, err := o.c.fill(o.x)
		if err != nil || !more {
			return nil, err
		}
	}
}

func (o *cteOp) close() {}
