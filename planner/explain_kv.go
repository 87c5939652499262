package planner

import (
	"fmt"
	"slices"
	"strings"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/planner/plan"
)

// EXPLAIN (KV): the keys that each node reads and writes, as planned; with
// ANALYZE, every operation on the store that it asked for.
//
//	Index Scan using people_age on people
//	  Index Cond: (age > 25)
//	  Keys: [/Table/people/people_age/26 - /Table/people/people_age/NULL)
//	  Rows: /Table/people/people_pkey/…
//	  Operations:
//	    scan [/Table/people/people_age/26 - /Table/people/people_age/NULL) → 1 pair, 18 bytes
//	    get /Table/people/people_pkey/1 → 1 pair, 35 bytes
//
// What depends on the rows of another node is written ‹as an expression›.

// What is shown of one node in text: the ranges of a planned scan and the tables
// written, and the operations of a run. Of more, sums are shown.
const (
	plannedRanges = 20
	shownOps      = 25 // a node
)

// storeKeys shows what a node asks of the store.
func (x *explainer) storeKeys(e *entry, n plan.Node) {
	if !x.o.KV {
		return
	}
	prop := func(name string, list ...string) {
		if len(list) > 0 {
			e.props = append(e.props, attr{name: name, list: list})
		}
	}
	rows := func(t *catalog.Table, ix *catalog.Index, indexOnly bool) {
		if ix != t.Indexes[0] && !indexOnly {
			prop("Rows", x.indexPath(t, t.Indexes[0])+"/…")
		}
	}
	switch n := n.(type) {
	case *plan.Scan:
		prop("Keys", x.scanKeys(n)...)
		rows(n.Table, n.Index, n.IndexOnly)
	case *plan.LookupJoin:
		var b strings.Builder
		b.WriteString(x.indexPath(n.Table, n.Index))
		for _, k := range n.Keys {
			b.WriteString("/‹" + x.expr(k, []plan.Node{n.Input}) + "›")
		}
		if len(n.Keys) < len(n.Index.Keys) || !n.Index.Unique && !n.Index.Primary {
			b.WriteString("/…")
		}
		prop("Keys", b.String())
		rows(n.Table, n.Index, n.IndexOnly)
	case *plan.LockRows:
		for _, t := range n.Tables {
			prop("Locks", x.indexPath(t.Table, t.Table.Indexes[0])+"/…")
		}
	case *plan.Insert:
		x.writeKeys(n.Table, true, n.Conflict != nil, prop)
	case *plan.Update:
		x.writeKeys(n.Table, true, true, prop)
	case *plan.Delete:
		x.writeKeys(n.Table, false, true, prop)
	case *plan.Merge:
		x.writeKeys(n.Table, true, true, prop)
	}
	if c := x.counters(n.Info()); c != nil {
		if c.Keys+c.Gets > 0 && c.Trace == nil {
			prop("Store", fmt.Sprintf("%d keys scanned, %d fetched, %d bytes", c.Keys, c.Gets, c.KeyBytes))
		}
	}
	x.traceInto(e, n)
}

// traceInto adds what n asked of the store to the entry that shows n, and
// maybe others.
func (x *explainer) traceInto(e *entry, n plan.Node) {
	c := x.counters(n.Info())
	if !x.o.KV || c == nil || c.Trace == nil {
		return
	}
	x.asked = append(x.asked, nodeTrace{e, c.Trace})
	if e.trace == nil {
		e.trace = c.Trace
		return
	}
	t := *e.trace
	t.Ops = append(t.Ops[:len(t.Ops):len(t.Ops)], c.Trace.Ops...)
	for op, k := range c.Trace.Totals {
		t.Totals[op].Ops += k.Ops
		t.Totals[op].Pairs += k.Pairs
		t.Totals[op].Bytes += k.Bytes
	}
	e.trace = &t
}

func (x *explainer) indexPath(t *catalog.Table, ix *catalog.Index) string {
	return keyenc.PrettyNamed(keyenc.AppendIndexPrefix(nil, t.Storage, ix.Number), x.o.KeyNames)
}

// scanKeys are the keys or key ranges of a scan.
func (x *explainer) scanKeys(n *plan.Scan) []string {
	if x.o.KeyRanges == nil || spansDepend(n.Spans) {
		return x.spanPaths(n)
	}
	point := n.Unique && n.Index == n.Table.Indexes[0]
	for i := range n.Spans {
		keys := len(n.Spans[i].Eq)
		if n.Spans[i].In != nil {
			keys++
		}
		point = point && keys == len(n.Index.Keys)
	}
	var out []string
	ranges := x.o.KeyRanges(n)
	for i, r := range ranges {
		if i == plannedRanges {
			out = append(out, fmt.Sprintf("… and %d more", len(ranges)-i))
			break
		}
		if point {
			out = append(out, keyenc.PrettyNamed(r.Start, x.o.KeyNames))
		} else {
			out = append(out, keyenc.PrettyRangeNamed(r.Start, r.End, x.o.KeyNames))
		}
	}
	if out == nil {
		out = []string{"none"}
	}
	return out
}

// spansDepend tells whether spans depend on rows of other nodes.
func spansDepend(spans []plan.KeySpan) bool {
	depend := false
	look := func(e plan.Expr) {
		if e == nil {
			return
		}
		walkExprOnly(e, func(y plan.Expr) {
			switch y.(type) {
			case *plan.ExecParam, *plan.Subplan:
				depend = true
			}
		})
	}
	for _, s := range spans {
		for _, e := range s.Eq {
			look(e)
		}
		look(s.Low)
		look(s.High)
		for _, e := range append(s.LowMore[:len(s.LowMore):len(s.LowMore)], s.HighMore...) {
			look(e)
		}
		look(s.In)
	}
	return depend
}

// spanPaths writes the spans of a scan with their expressions.
func (x *explainer) spanPaths(n *plan.Scan) []string {
	var out []string
	for _, s := range n.Spans {
		var b strings.Builder
		b.WriteString(x.indexPath(n.Table, n.Index))
		for i, e := range s.Eq {
			if s.EqNull != nil && s.EqNull[i] {
				b.WriteString("/NULL")
			} else {
				b.WriteString("/‹" + x.expr(e, nil) + "›")
			}
		}
		bound := func(op, inc string, inclusive bool, e plan.Expr, more []plan.Expr) {
			if e != nil {
				if inclusive {
					op = inc
				}
				text := x.expr(e, nil)
				for _, m := range more {
					text += "/" + x.expr(m, nil)
				}
				b.WriteString("/‹" + op + " " + text + "›")
			}
		}
		bound("= ANY", "", false, s.In, nil)
		bound(">", ">=", s.LowInc, s.Low, s.LowMore)
		bound("<", "<=", s.HighInc, s.High, s.HighMore)
		out = append(out, b.String())
	}
	if out == nil {
		out = []string{x.indexPath(n.Table, n.Index) + "/…"}
	}
	return out
}

// writeKeys shows where rows of a table and their index entries are written,
// and where foreign keys have the statement look: to find the rows referred to
// (adds), and those that refer (removes).
func (x *explainer) writeKeys(t *catalog.Table, adds, removes bool, prop func(string, ...string)) {
	var writes, checks []string
	members := []*catalog.Table{t}
	if x.o.Catalog != nil && x.o.Catalog.HasChildren(t.OID) {
		members = x.o.Catalog.Members(t)
	}
	for i, m := range members {
		if i == plannedRanges {
			writes = append(writes, fmt.Sprintf("and %d more tables", len(members)-i))
			break
		}
		for _, ix := range m.Indexes {
			writes = append(writes, x.indexPath(m, ix)+"/…")
		}
	}
	prop("Writes", writes...)
	if x.o.Catalog == nil {
		return
	}
	table := func(fk *catalog.ForeignKey, other *catalog.Table) {
		if other != nil {
			checks = append(checks, quoteIdent(fk.Name)+" "+keyenc.PrettyNamed(keyenc.AppendTablePrefix(nil, other.Storage), x.o.KeyNames)+"/…")
		}
	}
	for _, fk := range t.ForeignKeys {
		if adds {
			table(fk, x.o.Catalog.Table(fk.RefTable))
		}
	}
	for _, child := range x.o.Catalog.ReferredBy(t.OID) {
		for _, fk := range child.ForeignKeys {
			if removes && fk.RefTable == t.OID {
				table(fk, child)
			}
		}
	}
	prop("Foreign Keys", checks...)
}

// traceLines writes the operations of a node, one a line.
func (x *explainer) traceLines(t *plan.KeyTrace) []string {
	var out []string
	ops := t.Ops[:min(len(t.Ops), shownOps)]
	for _, op := range ops {
		l := op.Named(x.o.KeyNames)
		if op.Why != "" {
			l = op.Why + ": " + l
		}
		out = append(out, l)
	}
	if more := t.Count() - int64(len(ops)); more > 0 {
		out = append(out, fmt.Sprintf("… and %d more; in all %s", more, traceTotals(t)))
	}
	return out
}

// traceTotals sums up: "1 scan of 10 pairs (250 bytes), 30 gets of 29 pairs (900 bytes)".
func traceTotals(t *plan.KeyTrace) string {
	var parts []string
	for op, k := range t.Totals {
		if k.Ops == 0 {
			continue
		}
		p := fmt.Sprintf("%d %vs", k.Ops, kv.Op(op))
		switch kv.Op(op) {
		case kv.OpGet, kv.OpScan:
			p += fmt.Sprintf(" of %d pairs (%d bytes)", k.Pairs, k.Bytes)
		case kv.OpPut:
			p += fmt.Sprintf(" (%d bytes)", k.Bytes)
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, ", ")
}

// operations are those of a node.
func (x *explainer) operations(t *plan.KeyTrace) object {
	hex := func(b []byte) text { return text(fmt.Sprintf(`\x%x`, b)) }
	all := objects{element: "Operation", inline: true}
	for _, op := range t.Ops {
		o := object{{"Operation", text(op.Op.String())}}
		add := func(name string, value any) { o = append(o, property{name, value}) }
		if op.Why != "" {
			add("Why", text(op.Why))
		}
		if op.Latest {
			add("Latest", raw("true"))
		}
		switch op.Op {
		case kv.OpScan:
			add("Path", text(keyenc.PrettyRangeNamed(op.Range.Start, op.Range.End, x.o.KeyNames)))
			add("Start", hex(op.Range.Start))
			add("End", hex(op.Range.End))
			if op.Reverse {
				add("Reverse", raw("true"))
			}
		default:
			add("Path", text(keyenc.PrettyNamed(op.Key, x.o.KeyNames)))
			add("Key", hex(op.Key))
		}
		switch {
		case op.Err != nil:
			add("Error", text(op.Err.Error()))
		case op.Op == kv.OpLock:
			add("Mode", text(op.Mode.String()))
		case op.Op != kv.OpDelete:
			add("Pairs", raw(fmt.Sprint(op.Pairs)))
			add("Bytes", raw(fmt.Sprint(op.Bytes)))
		}
		all.list = append(all.list, o)
	}
	o := object{{"Operations", all}}
	if more := t.Count() - int64(len(t.Ops)); more > 0 {
		o = append(o, property{"Operations Not Shown", raw(fmt.Sprint(more))}, property{"Operations In All", text(traceTotals(t))})
	}
	return o
}

// Operation is one operation on the store that running a plan came down to.
type Operation struct {
	Node       string // the plan's node that asked, as EXPLAIN names it
	Why        string // "unique", "foreign key NAME" …; "" for the node's own sake
	Op         string // "get", "scan", "put", "delete" or "lock"
	Path       string // the key, or the range of a scan
	Key        []byte // of all but scans
	Start, End []byte // of scans
	Latest     bool   // reads the newest state, not the snapshot
	Reverse    bool
	Pairs      int
	Bytes      int // of keys and values
}

// Operations gives the operations of a traced run in the order in which they
// began, and how many more there were than the trace kept.
func Operations(p *plan.Plan, o ExplainOptions) (ops []Operation, more int64) {
	o.KV = true
	x := newExplainer(p, &o)
	x.tree()
	number := map[int]Operation{}
	var order []int
	for _, n := range x.asked {
		more += n.trace.Count() - int64(len(n.trace.Ops))
		for _, op := range n.trace.Ops {
			order = append(order, op.Number)
			number[op.Number] = x.operation(n.entry.name, op)
		}
	}
	slices.Sort(order)
	for _, k := range order {
		ops = append(ops, number[k])
	}
	return ops, more
}

func (x *explainer) operation(node string, op plan.KeyOp) Operation {
	o := Operation{Node: node, Why: op.Why, Op: op.Op.String(), Key: op.Key, Start: op.Range.Start, End: op.Range.End,
		Latest: op.Latest, Reverse: op.Reverse, Pairs: op.Pairs, Bytes: op.Bytes}
	if op.Op == kv.OpScan {
		o.Path = keyenc.PrettyRangeNamed(o.Start, o.End, x.o.KeyNames)
	} else {
		o.Path = keyenc.PrettyNamed(o.Key, x.o.KeyNames)
	}
	return o
}

// nodeTrace is what a node asked of the store, with the entry that shows it.
type nodeTrace struct {
	entry *entry
	trace *plan.KeyTrace
}
