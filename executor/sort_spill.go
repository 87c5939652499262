package executor

import (
	"fmt"

	"rowkey/planner/plan"
	"rowkey/types"
)

// External merge sort (Knuth, The Art of Computer Programming, volume 3, 5.4):
// whenever what a sort holds outgrows work_mem it is sorted and put on disk as a
// run; at the end the runs are merged, the first of equal rows first, so that the
// sort is as stable as one in memory.

// mergeFanIn is how many runs are merged at once. More are first merged into fewer.
const mergeFanIn = 64

// sortRun is a run being read: its rows, then its keys.
type sortRun struct {
	spool *spool
	batch *types.Batch
	row   int
}

// advance moves to the next row; false at the end.
func (r *sortRun) advance() (bool, error) {
	if r.batch != nil && r.row+1 < r.batch.N {
		r.row++
		return true, nil
	}
	var err error
	r.batch, err = r.spool.next()
	r.row = 0
	return r.batch != nil, err
}

// spillRun sorts what is held and puts it on disk.
func (o *sortOp) spillRun() error {
	if o.rows.n == 0 {
		return nil
	}
	perm, err := o.x.sortRows(o.kvals.cols, o.n.Keys, o.rows.n, -1)
	if err != nil {
		return err
	}
	run := o.x.newSpool(append(colTypes(o.n.Input), o.keys.typs...))
	o.runs = append(o.runs, run)
	b := &types.Batch{N: o.rows.n, Cols: append(append([]*types.Vec(nil), o.rows.cols...), o.kvals.cols...)}
	if err := run.add(b, perm); err != nil {
		return err
	}
	if err := run.rewind(); err != nil {
		return err
	}
	o.spilled += run.size
	o.rows.drop()
	o.kvals.drop()
	return nil
}

// startMerge readies the runs for reading in order.
func (o *sortOp) startMerge() error {
	for len(o.runs) > mergeFanIn {
		// The oldest runs become one, at their place: the order of equal rows stays.
		m, err := o.mergeOf(o.runs[:mergeFanIn])
		if err != nil {
			return err
		}
		to := o.x.newSpool(append(colTypes(o.n.Input), o.keys.typs...))
		for {
			b, err := m.next(types.BatchSize)
			if err != nil {
				to.close()
				return err
			}
			if b == nil {
				break
			}
			if err := to.add(b, iota32(b.N)); err != nil {
				to.close()
				return err
			}
			if err := o.x.cancelled(); err != nil {
				to.close()
				return err
			}
		}
		for _, r := range o.runs[:mergeFanIn] {
			r.close()
		}
		o.runs = append([]*spool{to}, o.runs[mergeFanIn:]...)
		if err := to.rewind(); err != nil {
			return err
		}
	}
	var err error
	o.merge, err = o.mergeOf(o.runs)
	if c := o.x.counter(o.n); c != nil {
		c.Detail = fmt.Sprintf("Sort Method: external merge  Disk: %dkB", (o.spilled+1023)>>10)
	}
	return err
}

// runMerge merges runs by a heap of their next rows.
type runMerge struct {
	keys []plan.SortKey
	cols int // of the rows; the keys follow
	runs []*sortRun
	heap []int // of runs by their next rows; the number of a run orders equal ones
	out  types.Batch
}

func (o *sortOp) mergeOf(spools []*spool) (*runMerge, error) {
	m := &runMerge{keys: o.n.Keys, cols: len(o.rows.cols)}
	for i, s := range spools {
		r := &sortRun{spool: s}
		ok, err := r.advance()
		if err != nil {
			return nil, err
		}
		m.runs = append(m.runs, r)
		if ok {
			m.heap = append(m.heap, i)
		}
	}
	for _, c := range append(append([]*types.Vec(nil), o.rows.cols...), o.kvals.cols...) {
		m.out.Cols = append(m.out.Cols, types.NewVec(c.Type, types.BatchSize))
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

// less orders the next rows of two runs.
func (m *runMerge) less(a, b int) bool {
	x, y := m.runs[a], m.runs[b]
	for k := range m.keys {
		if c := orderAt(&m.keys[k], x.batch.Cols[m.cols+k], x.row, y.batch.Cols[m.cols+k], y.row); c != 0 {
			return c < 0
		}
	}
	return a < b
}

func (m *runMerge) down(i int) {
	h := m.heap
	for {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && m.less(h[c+1], h[c]) {
			c++
		}
		if !m.less(h[c], h[i]) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

// next gives up to n rows with their keys, nil at the end.
func (m *runMerge) next(n int) (*types.Batch, error) {
	for _, c := range m.out.Cols {
		c.HasNulls = false
		c.Resize(n)
	}
	k := 0
	for ; k < n && len(m.heap) > 0; k++ {
		r := m.runs[m.heap[0]]
		for i, c := range m.out.Cols {
			setVec(c, k, r.batch.Cols[i], r.row)
		}
		more, err := r.advance()
		if err != nil {
			return nil, err
		}
		if !more {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.down(0)
	}
	if k == 0 {
		return nil, nil
	}
	for _, c := range m.out.Cols {
		c.Resize(k)
	}
	m.out.N = k
	return &m.out, nil
}

// dropRuns gives up what is on disk.
func (o *sortOp) dropRuns() {
	for _, r := range o.runs {
		r.close()
	}
	o.runs, o.merge, o.spilled = nil, nil, 0
}
