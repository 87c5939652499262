package executor

import (
	"bytes"
	"errors"
	"slices"
	"sort"

	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// ahead lets an inner side that is run anew for each of many outer rows look at the
// store for several of them at once:
//
//	NestLoop  outer rows 1 2 3 4 5 …
//	 └ Agg                               one run an outer row, as ever
//	    └ Scan                           entries for rows 2–9 → keys of rows, sorted → one GetAll
//
// Seeking thousands of rows one by one, through an iterator opened for every few, is
// what such a loop costs. The rows read for at once grow from one to aheadRows, so
// that a LIMIT above is not made to read much that nobody asks for; equal ranges are
// read once. An error here is none: that row's own run will meet it, if it comes to that.
type ahead struct {
	x    *exec
	scan *scanOp
	// set puts the values of an outer row into the exec params.
	set func(row int)
	// known tells that there is an answer already for what the params hold; may be nil.
	known   func() bool
	pending []int32 // outer rows of the batch that nothing was read for
	window  int
	rows    []int32 // read for, ascending
	at      int     // in rows
	wants   []wanted
}

// wanted is what an outer row wants of the scan.
type wanted struct {
	ranges []kv.Range
	row    int32 // in ahead.rows
}

// errNotThere stops reading ahead at an entry without a row: the run that meets it
// says which.
var errNotThere = errors.New("an entry without a row")

const (
	aheadRows  = types.BatchSize
	aheadPairs = 4 * types.BatchSize // read for no more rows when there are so many
)

// aheadOf gives nil where reading ahead is of no use: there is no index scan that
// depends on the params sets, or not all of it is read.
func (x *exec) aheadOf(inner op, sets []int, set func(row int)) *ahead {
	s := scanBelow(inner)
	if s == nil || len(sets) == 0 || x.plan.ByRow || !(s.fetch || s.points) || s.arms != nil || s.limit != nil ||
		x.worker != nil && x.worker.scan == s.n {
		return nil
	}
	depends, calls := false, false
	for i := range s.n.Spans {
		sp := &s.n.Spans[i]
		for _, e := range slices.Concat(sp.Eq, sp.LowMore, sp.HighMore, []plan.Expr{sp.Low, sp.High, sp.In, sp.Key}) {
			if e == nil {
				continue
			}
			calls = calls || hasCalls(e)
			walkExpr(e, func(e plan.Expr) {
				p, ok := e.(*plan.ExecParam)
				depends = depends || ok && slices.Contains(sets, p.Slot)
			})
		}
	}
	if !depends || calls || s.points && !s.spans.whole() {
		return nil
	}
	return &ahead{x: x, scan: s, set: set}
}

// scanBelow is the scan that an inner side reads to its end whenever it is run.
func scanBelow(o op) *scanOp {
	for {
		switch n := o.(type) {
		case *scanOp:
			return n
		case *counted:
			o = n.in
		case *traced:
			o = n.in
		case *aggOp:
			o = n.in
		case *gatherOp:
			o = n.in
		case *filterOp:
			o = n.in
		case *projectOp:
			o = n.in
		case *sortOp:
			o = n.in
		case *lookupJoinOp:
			o = n.in
		default:
			return nil
		}
	}
}

// restart forgets the batch of outer rows.
func (a *ahead) restart() {
	if a != nil {
		a.window = 1
		a.begin(nil)
	}
}

// begin takes a batch of outer rows, ascending.
func (a *ahead) begin(rows []int32) {
	if a != nil {
		a.pending, a.rows, a.at = rows, a.rows[:0], 0
		a.scan.ahead.drop(a.x.Memory)
	}
}

// ready is called before the inner side is opened for an outer row.
func (a *ahead) ready(row int32) {
	if a == nil {
		return
	}
	for a.at < len(a.rows) && a.rows[a.at] < row {
		a.at++
	}
	if a.at == len(a.rows) {
		a.read(row)
	}
	if a.at < len(a.rows) && a.rows[a.at] == row {
		a.scan.ahead.serve = int32(a.at) + 1
	}
}

// read reads for an outer row and those after it.
func (a *ahead) read(row int32) {
	for len(a.pending) > 0 && a.pending[0] < row {
		a.pending = a.pending[1:]
	}
	a.rows, a.at = a.rows[:0], 0
	a.wants = a.wants[:0]
	n := a.window
	a.window = min(8*max(n, 1), aheadRows)
	if n <= 1 || len(a.pending) <= 1 {
		return
	}
	s := a.scan
	for len(a.pending) > 0 && len(a.rows) < n {
		r := a.pending[0]
		a.pending = a.pending[1:]
		a.set(int(r))
		if r != row && a.known != nil && a.known() {
			continue
		}
		ranges, err := s.spans.ranges(nil)
		if err != nil {
			break
		}
		if s.n.Reverse {
			slices.Reverse(ranges)
		}
		a.wants = append(a.wants, wanted{ranges, int32(len(a.rows))})
		a.rows = append(a.rows, r)
	}
	a.set(int(row))
	if s.readAhead(a.wants) != nil {
		a.rows = a.rows[:0]
		s.ahead.drop(a.x.Memory)
	}
}

// scanAhead is what a scan has read for several runs.
type scanAhead struct {
	keys, vals [][]byte
	runs       []span // of keys, for each run; from < 0: not read
	serve      int32  // the run to come, from 1; 0: an ordinary one
	bytes      int64  // of memory accounted for
}

func (s *scanAhead) drop(mem *Account) {
	if s.bytes != 0 {
		_ = mem.grow(-s.bytes)
		s.bytes = 0
	}
	clear(s.keys)
	clear(s.vals)
	s.keys, s.vals, s.runs, s.serve = s.keys[:0], s.vals[:0], s.runs[:0], 0
}

// readAhead reads what the runs want, in the order of the keys.
func (o *scanOp) readAhead(wants []wanted) error {
	a := &o.ahead
	a.drop(o.x.Memory)
	for range wants {
		a.runs = append(a.runs, span{-1, -1})
	}
	start := func(w wanted) []byte {
		if len(w.ranges) == 0 {
			return nil
		}
		return w.ranges[0].Start
	}
	sort.Slice(wants, func(i, k int) bool { return bytes.Compare(start(wants[i]), start(wants[k])) < 0 })
	var buf []byte // row keys may be handed out: fresh memory
	var ends []int
	for i, w := range wants {
		if len(a.keys)+len(ends) >= aheadPairs {
			break
		}
		if i > 0 && len(w.ranges) == 1 && len(wants[i-1].ranges) == 1 && equalRange(w.ranges[0], wants[i-1].ranges[0]) {
			a.runs[w.row] = a.runs[wants[i-1].row]
			continue
		}
		from := int32(len(a.keys) + len(ends))
		for _, r := range w.ranges {
			if o.points {
				a.keys = append(a.keys, r.Start)
				continue
			}
			var err error
			if buf, ends, err = o.entriesAhead(r, buf, ends); err != nil {
				return err
			}
		}
		a.runs[w.row] = span{from, int32(len(a.keys) + len(ends))}
	}
	from := 0
	for _, e := range ends {
		a.keys = append(a.keys, buf[from:e:e])
		from = e
	}
	a.vals = sizedBytes(a.vals, len(a.keys))
	if err := o.x.read.GetAll(a.keys, a.vals); err != nil {
		return err
	}
	for i, v := range a.vals {
		if v == nil && !o.points {
			return errNotThere
		}
		a.bytes += int64(len(a.keys[i]) + len(v))
		if o.c != nil {
			o.c.Gets++
			o.c.KeyBytes += int64(len(a.keys[i]) + len(v))
		}
	}
	return o.x.Memory.grow(a.bytes)
}

// entriesAhead appends the keys of the rows that the entries in a range lead to.
func (o *scanOp) entriesAhead(r kv.Range, buf []byte, ends []int) ([]byte, []int, error) {
	if o.it == nil {
		o.it = o.x.read.Scan(r, kv.ScanOptions{Reverse: o.n.Reverse})
	} else {
		o.it.Reset(r)
	}
	for {
		o.pairs.Max = 0
		n, err := o.it.Next(&o.pairs)
		if err != nil || n == 0 {
			return buf, ends, err
		}
		if err := o.x.cancelled(); err != nil {
			return buf, ends, err
		}
		for i, k := range o.pairs.Keys {
			if buf, err = o.index.AppendRowKey(buf, k, o.pairs.Values[i]); err != nil {
				return buf, ends, err
			}
			ends = append(ends, len(buf))
			if o.c != nil {
				o.c.Keys++
				o.c.KeyBytes += int64(len(k) + len(o.pairs.Values[i]))
			}
		}
	}
}

// fillAhead gives the next pairs of a run that was read ahead.
func (o *scanOp) fillAhead() (keys, values [][]byte) {
	for o.run.from < o.run.to {
		to := min(o.run.to, o.run.from+types.BatchSize)
		keys, values = o.ahead.keys[o.run.from:to], o.ahead.vals[o.run.from:to]
		o.run.from = to
		if !o.points {
			return keys, values
		}
		o.entryKeys, o.rowVals = o.entryKeys[:0], o.rowVals[:0]
		for i, v := range values {
			if v != nil {
				o.entryKeys, o.rowVals = append(o.entryKeys, keys[i]), append(o.rowVals, v)
			}
		}
		if len(o.entryKeys) > 0 {
			return o.entryKeys, o.rowVals
		}
	}
	return nil, nil
}

func equalRange(a, b kv.Range) bool {
	return bytes.Equal(a.Start, b.Start) && bytes.Equal(a.End, b.End)
}
