package planner

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/planner/plan"
	"rowkey/types"
)

// EXPLAIN. A plan becomes a tree of entries – PostgreSQL's node names,
// properties in its words – which is printed as text, or as XML, JSON or YAML.
//
// Some of PostgreSQL's nodes are not operators here: a Filter is a property
// of the node below, a projection shows only under VERBOSE, and a LookupJoin
// is shown as the nested loop over an index scan that it is.

// ExplainOptions say what to show.
type ExplainOptions struct {
	Analyze, Verbose, Costs, KV, Algebra, Timing, Summary bool
	Format                                                Format
	PlanningMicros, ExecutionMicros                       int64
	// Counters are the run's, by node number (Analyze).
	Counters []plan.Counters
	// KeyRanges gives the key ranges a node reads, KeyNames names the tables in
	// keys (KV); either may be nil.
	KeyRanges func(plan.Node) []kv.Range
	KeyNames  keyenc.Namer
	// Catalog has the tables that foreign keys refer to (KV).
	Catalog *catalog.Snapshot
	Env     *types.Env
}

// Explain prints a plan, one string a line.
func Explain(p *plan.Plan, o ExplainOptions) ([]string, error) {
	x := newExplainer(p, &o)
	root := x.tree()
	if o.Format != FormatText {
		return x.document(root), nil
	}
	x.text(root, 0, "")
	if o.Algebra {
		x.algebra()
	}
	if o.Summary {
		x.lines = append(x.lines, fmt.Sprintf("Planning Time: %.3f ms", float64(o.PlanningMicros)/1000))
		if o.Analyze {
			x.lines = append(x.lines, fmt.Sprintf("Execution Time: %.3f ms", float64(o.ExecutionMicros)/1000))
		}
	}
	return x.lines, nil
}

func newExplainer(p *plan.Plan, o *ExplainOptions) *explainer {
	x := &explainer{o: o, plan: p, env: o.Env}
	if x.env == nil {
		x.env = defaultEnv
	}
	x.countRelations(p.Root)
	for _, c := range p.CTEs {
		x.countRelations(c.Plan)
	}
	return x
}

// tree makes the entries of the whole plan.
func (x *explainer) tree() *entry {
	root := x.node(x.plan.Root)
	for i := range x.plan.CTEs {
		if !x.cteShown[i] {
			root.subs = append(root.subs, x.cte(i))
		}
	}
	return root
}

type explainer struct {
	o       *ExplainOptions
	plan    *plan.Plan
	env     *types.Env
	lines   []string
	qualify bool
	bare    bool // the conditions of a scan are printed: they need no table's name
	// unqualified: the output of a statement of one table is printed, likewise.
	unqualified bool
	cteShown    map[int]bool
	inits       map[*plan.Subplan]bool // InitPlans shown
	rels        int
	names       map[plan.Node]string // of relations
	taken       map[string]int       // names, and how often others wanted them
	asked       []nodeTrace
}

// entry is one node as shown.
type entry struct {
	name       string // text form, with relation
	nodeType   string // of the structured formats
	head       []attr // of the structured formats: what comes before the node's place among others,
	attrs      []attr // and what comes after
	base       *plan.Base
	rows       float64
	props      []attr
	subs, kids []*entry
	label      string // "InitPlan 1 (returns $0)", "CTE x"
	after      []*entry
	synthetic  bool // no counters of its own
	targets    []string
	trace      *plan.KeyTrace
}

// attr is a property: one line, or several values.
type attr struct {
	name string
	val  string
	list []string
}

// node makes the entry of a node.
func (x *explainer) node(n plan.Node) *entry {
	base := n.Info()
	e := &entry{base: base, rows: base.Rows}
	ins := inputsOf(n)
	prop := func(name, val string) {
		if val != "" {
			e.props = append(e.props, attr{name: name, val: val})
		}
	}
	props := func(name string, list []string) {
		if len(list) > 0 {
			e.props = append(e.props, attr{name: name, list: list})
		}
	}
	set := func(name string) { e.name, e.nodeType = name, name }
	kid := func(k plan.Node) { e.kids = append(e.kids, x.node(k)) }
	aggregate := func(strategy string) {
		e.head = []attr{{name: "Strategy", val: strategy}, {name: "Partial Mode", val: "Simple"}}
	}
	modify := func(operation string, t *catalog.Table, alias string) {
		e.name, e.nodeType = operation+" on "+x.relation(t, alias), "ModifyTable"
		e.head = []attr{{name: "Operation", val: operation}}
		x.relationOf(e, t, alias)
	}
	setOp := func(strategy string, k int) {
		e.nodeType, e.head = "SetOp", []attr{{name: "Strategy", val: strategy}}
		e.attrs = []attr{{name: "Command", val: setOpNames[k]}}
	}
	switch n := n.(type) {
	case *plan.Project:
		if v, ok := n.Input.(*plan.Values); ok && len(v.Cols) == 0 && v.Lit == nil && len(v.RowsExprs) == 1 {
			set("Result")
		} else {
			// not shown: the node below takes its place
			e = x.node(n.Input)
			c := *e.base
			c.ID, c.Width, c.Total, c.Rows, c.Startup = base.ID, base.Width, base.Total, base.Rows, base.Startup
			e.base = &c
			x.output(e, n)
			x.subplans(e, n)
			x.traceInto(e, n)
			return e
		}
	case *plan.Filter:
		if n.Once != nil {
			set("Result")
			prop("One-Time Filter", x.expr(n.Once, ins))
			if n.Cond != nil {
				prop("Filter", x.expr(n.Cond, ins))
				x.removed(e, n, "Filter")
			}
			kid(n.Input)
			break
		}
		e = x.node(n.Input)
		c := *e.base
		c.ID, c.Total, c.Rows = base.ID, base.Total, base.Rows
		e.base = &c
		x.bare = isScan(n.Input)
		e.props = append(e.props, attr{name: "Filter", val: x.exprIn(n.Cond, ins)})
		x.bare = false
		x.removed(e, n, "Filter")
		x.subplans(e, n)
		x.traceInto(e, n)
		return e
	case *plan.Values:
		switch {
		case len(n.Cols) == 0 && n.Lit == nil && len(n.RowsExprs) == 0, n.Lit == nil && n.RowsExprs != nil && len(n.RowsExprs) == 0:
			set("Result")
			prop("One-Time Filter", "false")
		case len(n.Cols) == 0 || n.Lit == nil && len(n.RowsExprs) == 1 || n.Lit != nil && n.Lit[0].Len == 1:
			set("Result")
		default:
			e.name, e.nodeType = "Values Scan on "+quoteIdent(x.nameOf(n)), "Values Scan"
			e.attrs = append(e.attrs, attr{name: "Alias", val: x.nameOf(n)})
		}
	case *plan.Scan:
		x.scan(e, n)
	case *plan.VirtualScan:
		e.name, e.nodeType = "Seq Scan on "+x.relation(n.Table, x.nameOf(n)), "Seq Scan"
		x.relationOf(e, n.Table, x.nameOf(n))
		if n.EqCol != 0 {
			prop("Lookup", "("+quoteIdent(attName(n.Table, n.EqCol))+" = "+x.expr(n.EqKey, nil)+")")
		}
		x.bare = true
		prop("Filter", x.expr(n.Filter, ins))
		x.bare = false
		x.removed(e, n, "Filter")
	case *plan.ProjectSet:
		set("ProjectSet")
		kid(n.Input)
	case *plan.Limit:
		set("Limit")
		kid(n.Input)
	case *plan.Sort:
		set("Sort")
		if n.Presorted > 0 {
			set("Incremental Sort")
		}
		ks := x.keys(n.Keys, ins)
		props("Sort Key", ks)
		if n.Presorted > 0 {
			props("Presorted Key", ks[:n.Presorted])
		}
		x.detail(e, n)
		kid(n.Input)
	case *plan.Agg:
		switch {
		case n.Sets != nil:
			set("HashAggregate")
			for _, s := range n.Sets {
				if len(s) == 0 {
					set("MixedAggregate")
				}
			}
			e.nodeType = "Aggregate"
			for _, s := range n.Sets {
				var ks []string
				for _, g := range s {
					ks = append(ks, x.expr(n.Groups[g], ins))
				}
				if len(ks) == 0 {
					prop("Group Key", "()")
				} else {
					props("Hash Key", ks)
				}
			}
		case len(n.Groups) == 0:
			set("Aggregate")
		default:
			if n.Ordered && len(n.Calls) == 0 {
				set("Group")
			} else if n.Ordered {
				set("GroupAggregate")
			} else {
				set("HashAggregate")
			}
			if e.name != "Group" {
				e.nodeType = "Aggregate"
			}
			var ks []string
			for _, g := range n.Groups {
				k := x.expr(g, ins)
				if _, plain := g.(*plan.Col); !plain && n.Ordered {
					k = "(" + k + ")"
				}
				ks = append(ks, k)
			}
			props("Group Key", ks)
		}
		switch {
		case e.nodeType != "Aggregate":
		case e.name == "Aggregate":
			aggregate("Plain")
		case e.name == "GroupAggregate":
			aggregate("Sorted")
		case e.name == "MixedAggregate":
			aggregate("Mixed")
		default:
			aggregate("Hashed")
		}
		x.detail(e, n)
		kid(n.Input)
	case *plan.Distinct:
		if n.Ordered {
			set("Unique")
		} else {
			set("HashAggregate")
			e.nodeType = "Aggregate"
			aggregate("Hashed")
			var ks []string
			if n.On != nil {
				for _, on := range n.On {
					ks = append(ks, x.expr(on, ins))
				}
			} else {
				for i := range n.Cols {
					ks = append(ks, x.columnText(n.Input, i))
				}
			}
			props("Group Key", ks)
		}
		kid(n.Input)
		x.detail(e, n)
	case *plan.Window:
		set("WindowAgg")
		prop("Run Condition", x.exprIn(n.Run, []plan.Node{n}))
		x.detail(e, n)
		kid(n.Input)
	case *plan.HashJoin:
		e.name, e.nodeType = joinName("Hash", n.Kind), "Hash Join"
		e.attrs = append(e.attrs, attr{name: "Join Type", val: joinType(n.Kind)})
		var cs []string
		for i := range n.LeftKeys {
			op := " = "
			l, r := x.expr(n.LeftKeys[i], []plan.Node{n.Left}), x.expr(n.RightKeys[i], []plan.Node{n.Right})
			if n.NullsEqual != nil && n.NullsEqual[i] {
				op = " IS NOT DISTINCT FROM "
			}
			cs = append(cs, "("+l+op+r+")")
		}
		prop("Hash Cond", andList(cs))
		prop("Join Filter", x.expr(n.Cond, ins))
		x.removed(e, n, "Join Filter")
		x.detail(e, n)
		kid(n.Left)
		e.kids = append(e.kids, x.below("Hash", n.Right))
	case *plan.MergeJoin:
		e.name, e.nodeType = joinName("Merge", n.Kind), "Merge Join"
		e.attrs = append(e.attrs, attr{name: "Join Type", val: joinType(n.Kind)})
		var cs []string
		for i := range n.LeftKeys {
			cs = append(cs, "("+x.expr(n.LeftKeys[i].Expr, []plan.Node{n.Left})+" = "+x.expr(n.RightKeys[i].Expr, []plan.Node{n.Right})+")")
		}
		prop("Merge Cond", andList(cs))
		prop("Join Filter", x.expr(n.Cond, ins))
		x.removed(e, n, "Join Filter")
		kid(n.Left)
		kid(n.Right)
	case *plan.NestLoop:
		e.name, e.nodeType = loopName(n.Kind), "Nested Loop"
		e.attrs = append(e.attrs, attr{name: "Join Type", val: joinType(n.Kind)})
		prop("Join Filter", x.expr(n.Cond, ins))
		x.removed(e, n, "Join Filter")
		kid(n.Left)
		if len(n.Sets) == 0 && n.Right.Info().Rows > 1 {
			e.kids = append(e.kids, x.below("Materialize", n.Right))
		} else {
			kid(n.Right)
		}
	case *plan.LookupJoin:
		e.name, e.nodeType = loopName(n.Kind), "Nested Loop"
		e.attrs = append(e.attrs, attr{name: "Join Type", val: joinType(n.Kind)})
		x.detail(e, n)
		kid(n.Input)
		inner := x.lookup(n)
		x.storeKeys(inner, n)
		e.kids = append(e.kids, inner)
	case *plan.Append:
		set("Append")
		if n.Keys != nil {
			e.name, e.nodeType = "Merge Append", "Merge Append"
			props("Sort Key", x.keys(n.Keys, []plan.Node{n}))
		}
		if n.Sides {
			x.sides(e, n.Inputs)
			break
		}
		for _, c := range n.Inputs {
			kid(c)
		}
	case *plan.SetOp:
		if n.Sorted != nil {
			set("SetOp " + setOpNames[n.Kind])
			setOp("Sorted", int(n.Kind))
			kid(n.Sorted)
			break
		}
		set("HashSetOp " + setOpNames[n.Kind])
		setOp("Hashed", int(n.Kind))
		x.detail(e, n)
		in := &entry{name: "Append", nodeType: "Append", base: base, synthetic: true}
		x.sides(in, []plan.Node{n.Left, n.Right})
		e.kids = append(e.kids, in)
	case *plan.CTEScan:
		x.cteScan(e, "CTE Scan", n, n.Name)
		if !x.cteShown[n.Index] && n.Index < len(x.plan.CTEs) {
			e.subs = append(e.subs, x.cte(n.Index))
		}
	case *plan.RecursiveUnion:
		set("Recursive Union")
		kid(n.Seed)
		kid(n.Step)
	case *plan.WorkScan:
		x.cteScan(e, "WorkTable Scan", n, n.Name)
	case *plan.FuncScan:
		name := "Function Scan"
		fn := n.Alias
		if c, ok := n.Calls[0].(*plan.Call); ok && len(n.Calls) == 1 {
			fn = funcName(c.Fn)
		}
		shown := fn
		if x.o.Verbose && len(n.Calls) == 1 && !strings.Contains(fn, ".") {
			shown = "pg_catalog." + fn
		}
		e.name, e.nodeType = name+" on "+shown, name
		a := x.nameOf(n)
		if a != "" && a != fn {
			e.name += " " + quoteIdent(a)
		}
		if len(n.Calls) == 1 {
			e.attrs = append(e.attrs, attr{name: "Function Name", val: fn})
			if x.o.Verbose {
				e.attrs = append(e.attrs, attr{name: "Schema", val: strings.TrimSuffix(shown, "."+fn)})
			}
		}
		e.attrs = append(e.attrs, attr{name: "Alias", val: a})
		if x.o.Verbose {
			var calls []string
			for _, c := range n.Calls {
				calls = append(calls, x.expr(c, nil))
			}
			prop("Function Call", strings.Join(calls, ", "))
		}
	case *plan.LockRows:
		set("LockRows")
		kid(n.Input)
	case *plan.Insert:
		modify("Insert", n.Table, n.Alias)
		if c := n.Conflict; c != nil {
			if c.DoNothing {
				prop("Conflict Resolution", "NOTHING")
			} else {
				prop("Conflict Resolution", "UPDATE")
			}
			var names []string
			for _, ix := range c.Indexes {
				names = append(names, quoteIdent(ix.Name))
			}
			props("Conflict Arbiter Indexes", names)
			if c.Where != nil {
				var row tableRow
				row.t = n.Table
				prop("Conflict Filter", x.expr(c.Where, []plan.Node{&row, &tableRow{t: n.Table, alias: "excluded"}}))
			}
		}
		kid(n.Input)
	case *plan.Update:
		modify("Update", n.Table, n.Alias)
		x.targets(e, "Update", n.Tree, n.Input)
		kid(n.Input)
	case *plan.Delete:
		modify("Delete", n.Table, n.Alias)
		x.targets(e, "Delete", n.Tree, n.Input)
		kid(n.Input)
	case *plan.Merge:
		modify("Merge", n.Table, n.Alias)
		x.targets(e, "Merge", n.Tree, n.Input)
		kid(n.Input)
	default:
		set(fmt.Sprintf("%T", n))
	}
	x.output(e, n)
	x.subplans(e, n)
	if _, ok := n.(*plan.LookupJoin); !ok {
		x.storeKeys(e, n)
	}
	return e
}

var setOpNames = [...]string{"Intersect", "Intersect All", "Except", "Except All"}

// sides shows the two sides of a set operation.
func (x *explainer) sides(e *entry, sides []plan.Node) {
	for i, k := range sides {
		c := x.node(k)
		alias := fmt.Sprintf("*SELECT* %d", i+1)
		e.kids = append(e.kids, &entry{name: "Subquery Scan on " + quoteIdent(alias), nodeType: "Subquery Scan",
			attrs: []attr{{name: "Alias", val: alias}}, base: c.base, kids: []*entry{c}, synthetic: true})
	}
}

func andList(cs []string) string {
	if len(cs) == 1 {
		return cs[0]
	}
	return "(" + strings.Join(cs, " AND ") + ")"
}

func joinName(method string, k plan.JoinKind) string {
	switch k {
	case plan.InnerJoin:
		return method + " Join"
	}
	return method + " " + joinType(k) + " Join"
}

func loopName(k plan.JoinKind) string {
	if k == plan.InnerJoin {
		return "Nested Loop"
	}
	return "Nested Loop " + joinType(k) + " Join"
}

func joinType(k plan.JoinKind) string {
	return [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Anti"}[k]
}

// relationOf tells which relation an entry is of.
func (x *explainer) relationOf(e *entry, t *catalog.Table, alias string) {
	e.attrs = append(e.attrs, attr{name: "Relation Name", val: t.Name})
	if x.o.Verbose && t.Schema != nil {
		e.attrs = append(e.attrs, attr{name: "Schema", val: t.Schema.Name})
	}
	if alias == "" {
		alias = t.Name
	}
	e.attrs = append(e.attrs, attr{name: "Alias", val: alias})
}

// cteScan is a scan of a WITH query, or of the rows that its last step made.
func (x *explainer) cteScan(e *entry, nodeType string, n plan.Node, cte string) {
	alias := x.nameOf(n)
	e.name, e.nodeType = nodeType+" on "+quoteIdent(cte), nodeType
	if alias != cte {
		e.name += " " + quoteIdent(alias)
	}
	e.attrs = []attr{{name: "CTE Name", val: cte}, {name: "Alias", val: alias}}
}

func scanDirection(reverse bool) string {
	if reverse {
		return "Backward"
	}
	return "Forward"
}

// scan fills in a table scan.
func (x *explainer) scan(e *entry, n *plan.Scan) {
	rel := x.relation(n.Table, x.nameOf(n))
	ins := []plan.Node{n}
	primary := n.Index == n.Table.Indexes[0]
	switch {
	case n.Bitmap != nil:
		e.name, e.nodeType = "Bitmap Heap Scan on "+rel, "Bitmap Heap Scan"
	case primary && n.Spans == nil && !n.Reverse && (n.Index.RowID || !n.Ordered):
		e.name, e.nodeType = "Seq Scan on "+rel, "Seq Scan"
	case n.IndexOnly || primary && keyOnly(n.Table, n.Attnums):
		e.nodeType = "Index Only Scan"
	default:
		e.nodeType = "Index Scan"
	}
	if e.name == "" {
		e.name = e.nodeType
		if n.Reverse {
			e.name += " Backward"
		}
		e.name += " using " + quoteIdent(n.Index.Name) + " on " + rel
		e.attrs = append(e.attrs, attr{name: "Scan Direction", val: scanDirection(n.Reverse)}, attr{name: "Index Name", val: n.Index.Name})
	}
	x.relationOf(e, n.Table, x.nameOf(n))
	was := x.bare
	x.bare = true
	defer func() { x.bare = was }()
	if n.Spans != nil {
		e.props = append(e.props, attr{name: "Index Cond", val: x.spans(n)})
	}
	if n.Bitmap != nil {
		e.props = append(e.props, attr{name: "Recheck Cond", val: x.expr(n.Any, ins)})
		or := &entry{name: "BitmapOr", nodeType: "BitmapOr", base: e.base, synthetic: true}
		for _, a := range n.Bitmap {
			arm := &entry{name: "Bitmap Index Scan on " + quoteIdent(a.Index.Name), nodeType: "Bitmap Index Scan", base: e.base, synthetic: true}
			arm.attrs = []attr{{name: "Index Name", val: a.Index.Name}}
			arm.props = []attr{{name: "Index Cond", val: x.spans(&plan.Scan{Table: n.Table, Alias: n.Alias, Index: a.Index, Spans: a.Spans})}}
			or.kids = append(or.kids, arm)
		}
		e.kids = append(e.kids, or)
	}
	if n.Filter != nil {
		e.props = append(e.props, attr{name: "Filter", val: x.expr(n.Filter, ins)})
		x.removed(e, n, "Filter")
	}
}

// keyOnly tells whether the columns read of a primary index are in its keys: the
// values of the rows are not looked at.
func keyOnly(t *catalog.Table, attnums []int16) bool {
	ix := t.Indexes[0]
	for _, a := range attnums {
		if a <= 0 {
			return false
		}
		in := false
		for _, k := range ix.Keys {
			in = in || k.Attnum == a && keyExact(t.Col(a).Type)
		}
		if !in {
			return false
		}
	}
	return !ix.RowID
}

func (x *explainer) keyName(t *catalog.Table, alias string, k catalog.IndexKey) string {
	if k.Attnum != 0 {
		return x.qualified(alias, attName(t, k.Attnum))
	}
	return k.Expr
}

// spans prints key spans as the condition they stand for.
func (x *explainer) spans(n *plan.Scan) string {
	var alts []string
	for _, s := range n.Spans {
		var cs []string
		key := func(i int) string { return x.keyName(n.Table, n.Alias, n.Index.Keys[i]) }
		for i, v := range s.Eq {
			if s.EqNull != nil && s.EqNull[i] {
				cs = append(cs, "("+key(i)+" IS NULL)")
			} else {
				cs = append(cs, "("+key(i)+" = "+x.expr(v, nil)+")")
			}
		}
		i := len(s.Eq)
		if i < len(n.Index.Keys) {
			lo, hi := ">", "<"
			if n.Index.Keys[i].Desc {
				lo, hi = hi, lo
			}
			if s.In != nil {
				cs = append(cs, "("+key(i)+" = ANY ("+x.expr(s.In, nil)+"))")
			}
			if s.NotNull {
				cs = append(cs, "("+key(i)+" IS NOT NULL)")
			}
			if s.Low != nil {
				if s.LowInc {
					lo += "="
				}
				cs = append(cs, x.keyBound(key, i, lo, s.Low, s.LowMore))
			}
			if s.High != nil {
				if s.HighInc {
					hi += "="
				}
				cs = append(cs, x.keyBound(key, i, hi, s.High, s.HighMore))
			}
		}
		alts = append(alts, andList(cs))
	}
	if len(alts) == 1 {
		return alts[0]
	}
	return "(" + strings.Join(alts, " OR ") + ")"
}

// keyBound prints a bound on key column i, and those behind it.
func (x *explainer) keyBound(key func(int) string, i int, op string, val plan.Expr, more []plan.Expr) string {
	if len(more) == 0 {
		return "(" + key(i) + " " + op + " " + x.expr(val, nil) + ")"
	}
	keys, vals := []string{key(i)}, []string{x.expr(val, nil)}
	for k, v := range more {
		keys, vals = append(keys, key(i+1+k)), append(vals, x.expr(v, nil))
	}
	return "(ROW(" + strings.Join(keys, ", ") + ") " + op + " ROW(" + strings.Join(vals, ", ") + "))"
}

// isScan tells whether a node reads rows from nowhere but itself.
func isScan(n plan.Node) bool {
	switch n.(type) {
	case *plan.Scan, *plan.VirtualScan, *plan.CTEScan, *plan.WorkScan, *plan.FuncScan, *plan.Values:
		return true
	}
	return false
}

// targets lists the tables of a tree that a statement may change: those that
// its input reads.
func (x *explainer) targets(e *entry, verb string, tree []*catalog.Table, in plan.Node) {
	if tree == nil {
		return
	}
	for _, t := range tree {
		walkNodes(in, func(n plan.Node) {
			if s, ok := n.(*plan.Scan); ok && s.Child && s.Table.OID == t.OID {
				e.targets = append(e.targets, verb+" on "+x.relation(t, s.Alias))
			}
		})
	}
}

// lookup shows the inner side of a LookupJoin as an index scan.
func (x *explainer) lookup(n *plan.LookupJoin) *entry {
	b := &plan.Base{Rows: math.Max(1, math.Round(n.Rows/math.Max(1, n.Input.Info().Rows))), Width: n.Width, Startup: 0, Total: seekCost}
	e := &entry{base: b, synthetic: true, nodeType: "Index Scan"}
	if n.IndexOnly || n.Index == n.Table.Indexes[0] && keyOnly(n.Table, n.Attnums) {
		e.nodeType = "Index Only Scan"
	}
	e.name = e.nodeType + " using " + quoteIdent(n.Index.Name) + " on " + x.relation(n.Table, x.nameOf(n))
	e.attrs = append(e.attrs, attr{name: "Scan Direction", val: scanDirection(false)}, attr{name: "Index Name", val: n.Index.Name})
	x.relationOf(e, n.Table, x.nameOf(n))
	var cs []string
	for i, k := range n.Keys {
		name := x.keyName(n.Table, "", n.Index.Keys[i])
		if x.o.Verbose {
			name = x.keyName(n.Table, x.nameOf(n), n.Index.Keys[i])
		}
		cs = append(cs, "("+name+" = "+x.expr(k, []plan.Node{n.Input})+")")
	}
	e.props = append(e.props, attr{name: "Index Cond", val: andList(cs)})
	if n.Cond != nil {
		was := x.bare
		x.bare = true
		e.props = append(e.props, attr{name: "Filter", val: x.expr(n.Cond, inputsOf(n))})
		x.bare = was
		x.removed(e, n, "Filter")
	}
	return e
}

// output lists a node's columns (VERBOSE).
func (x *explainer) output(e *entry, n plan.Node) {
	if !x.o.Verbose || len(n.Info().Cols) == 0 {
		return
	}
	switch n.(type) {
	case *plan.Append, *plan.RecursiveUnion:
		return // what comes of their inputs; PostgreSQL does not say it twice
	}
	out := x.outputs(n)
	for i := range e.props {
		if e.props[i].name == "Output" {
			e.props[i].list = out
			return
		}
	}
	e.props = append([]attr{{name: "Output", list: out}}, e.props...)
}

// outputs are the columns of a node: in parentheses what a node below computes.
func (x *explainer) outputs(n plan.Node) []string {
	was := x.unqualified
	x.unqualified = x.rels <= 1 && x.plan.Relations <= 1
	defer func() { x.unqualified = was }()
	var out []string
	for i := range n.Info().Cols {
		switch n.(type) {
		case *plan.Insert, *plan.Update, *plan.Delete, *plan.Merge:
			out = append(out, quoteIdent(n.Info().Cols[i].Name))
			continue
		}
		text := x.columnText(n, i)
		if passes(n) && computedBelow(nil, true, n, i) {
			text = "(" + text + ")"
		}
		out = append(out, text)
	}
	return out
}

// below makes the entry of a step that holds the rows of a node and is no
// operator of its own: a hash table, rows kept.
func (x *explainer) below(name string, n plan.Node) *entry {
	in := x.node(n)
	e := &entry{name: name, nodeType: name, base: in.base, kids: []*entry{in}, synthetic: true}
	if x.o.Verbose && len(n.Info().Cols) > 0 {
		e.props = []attr{{name: "Output", list: x.held(n)}}
	}
	return e
}

// held are the columns of a node as one above it shows them.
func (x *explainer) held(n plan.Node) []string {
	out := x.outputs(n)
	for i := range out {
		if !passes(n) && computedBelow(nil, true, n, i) {
			out[i] = "(" + out[i] + ")"
		}
	}
	return out
}

// subplans adds the subplans of a node's expressions.
func (x *explainer) subplans(e *entry, n plan.Node) {
	for _, ex := range nodeExprs(n) {
		for _, s := range subplansIn(ex) {
			if x.inits[s] {
				continue
			}
			if len(s.Sets) == 0 && s.Test == nil { // one value, wherever it is used
				if x.inits == nil {
					x.inits = map[*plan.Subplan]bool{}
				}
				x.inits[s] = true
			}
			k := x.node(s.Plan)
			k.label = s.Name
			if strings.HasPrefix(s.Name, "InitPlan") {
				e.subs = append(e.subs, k)
			} else {
				e.after = append(e.after, k)
			}
		}
	}
}

func (x *explainer) cte(i int) *entry {
	if x.cteShown == nil {
		x.cteShown = map[int]bool{}
	}
	x.cteShown[i] = true
	c := x.plan.CTEs[i]
	k := x.node(c.Plan)
	k.label = "CTE " + quoteIdent(c.Name)
	return k
}

func (x *explainer) counters(b *plan.Base) *plan.Counters {
	if !x.o.Analyze || b.ID >= len(x.o.Counters) {
		return nil
	}
	return &x.o.Counters[b.ID]
}

func (x *explainer) removed(e *entry, n plan.Node, what string) {
	if c := x.counters(n.Info()); c != nil && c.Removed > 0 && c.Loops > 0 {
		e.props = append(e.props, attr{name: "Rows Removed by " + what, val: strconv.FormatInt(int64(math.Round(float64(c.Removed)/float64(c.Loops))), 10)})
	}
}

func (x *explainer) detail(e *entry, n plan.Node) {
	if c := x.counters(n.Info()); c != nil && c.Detail != "" {
		for _, l := range strings.Split(c.Detail, "\n") {
			name, val, ok := strings.Cut(l, ": ")
			if !ok {
				name, val = "Detail", l
			}
			e.props = append(e.props, attr{name: name, val: val})
		}
	}
}

func (x *explainer) algebra() {
	for i, a := range x.plan.Algebra {
		title := "Algebra:"
		if i > 0 {
			title = "Algebra after " + strings.Join(x.plan.Rules, ", ") + ":"
			if len(x.plan.Rules) == 0 {
				title = "Algebra, no rule applied:"
			}
		}
		x.lines = append(x.lines, title)
		for _, l := range strings.Split(strings.TrimRight(a, "\n"), "\n") {
			x.lines = append(x.lines, "  "+l)
		}
	}
}

// text prints an entry, indented as PostgreSQL does.
func (x *explainer) text(e *entry, indent int, arrow string) {
	pad := strings.Repeat(" ", indent)
	line := pad + arrow + e.name
	if x.o.Costs {
		line += fmt.Sprintf("  (cost=%.2f..%.2f rows=%.0f width=%d)", e.base.Startup, e.base.Total, e.base.Rows, e.base.Width)
	}
	if !e.synthetic {
		line += x.actual(e.base)
	}
	x.lines = append(x.lines, line)
	inner := indent + 2
	if arrow != "" {
		inner = indent + len(arrow) + 2
	}
	ip := strings.Repeat(" ", inner)
	for _, t := range e.targets {
		x.lines = append(x.lines, ip+t)
	}
	for _, a := range e.props {
		v := a.val
		if a.list != nil {
			v = strings.Join(a.list, ", ")
		}
		x.lines = append(x.lines, ip+a.name+": "+v)
	}
	if e.trace != nil {
		x.lines = append(x.lines, ip+"Operations:")
		for _, l := range x.traceLines(e.trace) {
			x.lines = append(x.lines, ip+"  "+l)
		}
	}
	for _, s := range e.subs {
		x.lines = append(x.lines, ip+s.label)
		x.text(s, inner+2, "->  ")
	}
	for _, k := range e.kids {
		x.text(k, inner, "->  ")
	}
	for _, s := range e.after {
		x.lines = append(x.lines, ip+s.label)
		x.text(s, inner+2, "->  ")
	}
}

func (x *explainer) actual(b *plan.Base) string {
	c := x.counters(b)
	if c == nil {
		return ""
	}
	if c.Loops == 0 {
		return " (never executed)"
	}
	rows := math.Round(float64(c.Rows) / float64(c.Loops))
	if !x.o.Timing {
		return fmt.Sprintf(" (actual rows=%.0f loops=%d)", rows, c.Loops)
	}
	ms := func(ns int64) float64 { return float64(ns) / 1e6 }
	return fmt.Sprintf(" (actual time=%.3f..%.3f rows=%.0f loops=%d)", ms(int64(c.First))/float64(c.Loops), ms(int64(c.Total))/float64(c.Loops), rows, c.Loops)
}
