package random

import (
	"regexp"
	"strings"
)

// table is a base table.
type table struct {
	name   string
	cols   []tableCol
	pk     []string
	unique [][]string // with the primary key
	rows   int
	view   bool // or a view that is changed like a table
}

type tableCol struct {
	name, typ string
	notNull   bool
}

// source is a named thing in FROM with columns.
type source struct {
	name   string
	cols   []tableCol
	unique []string
	rows   int
}

// ofColumn finds a column in an expression.
var ofColumn = regexp.MustCompile(`\ba\d+\.`)

func (t *table) source() source {
	return source{name: t.name, cols: t.cols, unique: t.pk, rows: t.rows}
}

type selectOpts struct {
	small bool // few FROM items, nothing fancy
	one   bool // exactly or at most one row
	top   bool // the outermost
}

// query is a statement. order is the ORDER BY over all of its columns, if it has one.
type query struct {
	*node
	order *node
	// single is set of a single call, which every plan makes.
	single bool
}

// ordered tells whether the outermost query has a total order: its rows are
// compared in sequence then. Making it smaller may take the order away.
func (q query) ordered() bool { return q.order != nil && len(q.order.parts) > 0 }

// query makes a statement that reads.
func (g *gen) query() query {
	g.names, g.subs, g.nested, g.ctes = 0, g.r.Intn(4), 0, nil
	var types []string
	for range 1 + g.r.Intn(4) {
		types = append(types, oneOf(g, weighted))
	}
	with := optional()
	if g.chance(20) {
		with = g.with()
	}
	ordered := g.chance(50)
	var body *node
	if g.chance(15) {
		body = g.setOperation(types)
	} else {
		body = g.selectNode(nil, types, selectOpts{top: true})
	}
	root := structural(with, body)
	q := query{node: root}
	if ordered {
		q.order = g.orderAll(len(types))
		root.parts = append(root.parts, q.order)
	} else if g.chance(10) {
		root.parts = append(root.parts, optional(" ORDER BY 1"+g.direction().SQL()))
	}
	return q
}

// orderAll orders by all output columns, with a LIMIT perhaps.
func (g *gen) orderAll(n int) *node {
	var b strings.Builder
	b.WriteString(" ORDER BY ")
	perm := g.r.Perm(n)
	for i, p := range perm {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(itoa(p+1) + g.direction().SQL())
	}
	order := text(b.String())
	limit := optional()
	switch g.r.Intn(5) {
	case 0:
		limit.parts = []any{" LIMIT " + itoa(g.r.Intn(8))}
	case 1:
		limit.parts = []any{" LIMIT " + itoa(1+g.r.Intn(8)) + " OFFSET " + itoa(g.r.Intn(5))}
	case 2:
		if g.chance(40) {
			limit.parts = []any{" FETCH FIRST " + itoa(1+g.r.Intn(4)) + " ROWS WITH TIES"}
		}
	}
	// Both go or the order stays: a LIMIT without it picks any rows.
	return optional(order, limit)
}

func (g *gen) setOperation(types []string) *node {
	n := structural()
	k := 2 + g.r.Intn(2)
	for i := range k {
		if i > 0 {
			n.parts = append(n.parts, " "+oneOf(g, []string{"UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"})+" ")
		}
		list := types
		if g.chance(20) { // of types that become one
			list = append([]string{}, types...)
			for j, t := range list {
				for _, c := range crossed {
					if c[1] == t && g.chance(50) {
						list[j] = c[0]
					}
				}
			}
		}
		n.parts = append(n.parts, structural("(", g.selectNode(nil, list, selectOpts{small: true}), ")"))
	}
	return n
}

// with makes common table expressions.
func (g *gen) with() *node {
	defs := listOf(", ")
	recursive := ""
	for range 1 + g.r.Intn(2) {
		name := g.name("w")
		if g.chance(30) {
			recursive = "RECURSIVE "
			if g.chance(30) {
				def, src := g.graph(name)
				defs.parts = append(defs.parts, def)
				g.ctes = append(g.ctes, src)
				continue
			}
			typ := oneOf(g, weighted)
			s := &scope{cols: []column{{"int4", colRef("int4", name+".n")}, {typ, colRef(typ, name+".x")}}, plain: true}
			var step *node
			if g.chance(50) {
				step = structural("SELECT "+name+".n + 1, ", g.expr(typ, s, 2), " FROM "+name+" WHERE "+name+".n < "+itoa(3+g.r.Intn(5)))
			} else {
				t := oneOf(g, g.tables)
				step = structural("SELECT "+name+".n + 1, ", g.expr(typ, s, 2), " FROM "+name+" JOIN (SELECT DISTINCT id FROM "+t.name+") q ON q.id = "+name+".n + 1 WHERE "+name+".n < 8")
			}
			defs.parts = append(defs.parts, structural(name+"(n, x) AS (SELECT "+itoa(g.r.Intn(3))+", ", g.expr(typ, nil, 2), oneOf(g, []string{" UNION ", " UNION ALL "}), step, ")"))
			g.ctes = append(g.ctes, source{name: name, cols: []tableCol{{name: "n", typ: "int4"}, {name: "x", typ: typ}}, rows: 10})
			continue
		}
		src, body := g.derived(nil)
		src.name = name
		defs.parts = append(defs.parts, structural(name+"("+colNames(src)+") AS "+oneOf(g, []string{"", "", "MATERIALIZED ", "NOT MATERIALIZED "})+"(", body, ")"))
		g.ctes = append(g.ctes, src)
	}
	return structural("WITH "+recursive, defs, " ")
}

// graph walks a graph with SEARCH or CYCLE, or both.
func (g *gen) graph(name string) (*node, source) {
	src := source{name: name, cols: []tableCol{{name: "n", typ: "int4"}, {name: "m", typ: "int4"}}, rows: 20}
	clauses := ""
	if g.chance(60) {
		clauses += " SEARCH " + oneOf(g, []string{"DEPTH", "BREADTH"}) + " FIRST BY " + oneOf(g, []string{"n", "n, m", "m"}) + " SET o"
		src.cols = append(src.cols, tableCol{name: "o::text", typ: "text"})
	}
	limit := " WHERE " + name + ".n + " + name + ".m < 12"
	if clauses == "" || g.chance(50) {
		if g.chance(50) {
			clauses += " CYCLE n SET c USING p"
			src.cols = append(src.cols, tableCol{name: "c", typ: "bool"})
		} else {
			clauses += " CYCLE n, m SET c TO 'Y' DEFAULT 'N' USING p"
			src.cols = append(src.cols, tableCol{name: "c", typ: "text"})
		}
		src.cols = append(src.cols, tableCol{name: "p::text", typ: "text"})
		limit = ""
	}
	mod := itoa(3 + g.r.Intn(3))
	step := "SELECT (" + name + ".n * 2 + e.x) % " + mod + ", " + name + ".m + 1 - " + name + ".m % 2 * 2 FROM " + name + ", (VALUES (1), (2)) e(x)"
	if limit != "" {
		step = "SELECT " + name + ".n + e.x, " + name + ".m + 1 FROM " + name + ", (VALUES (1), (2)) e(x)" + limit
	}
	return text(name + "(n, m) AS (SELECT " + itoa(g.r.Intn(3)) + ", " + itoa(g.r.Intn(2)) + " UNION ALL " + step + ")" + clauses), src
}

// derived is a query for use as a table, its columns named c1, c2, ….
func (g *gen) derived(outer *scope) (source, *node) {
	var src source
	var types []string
	for range 1 + g.r.Intn(3) {
		types = append(types, oneOf(g, weighted))
	}
	if g.chance(70) { // something to join by
		types[0] = "int4"
	}
	for i, t := range types {
		src.cols = append(src.cols, tableCol{name: "c" + itoa(i+1), typ: t})
	}
	src.rows = 20
	return src, g.selectNode(outer, types, selectOpts{small: true})
}

func colRef(typ, ref string) *node { return &node{typ: typ, parts: []any{ref}} }

// fromItem is one thing in FROM and what it offers.
type fromItem struct {
	n        *node
	cols     []column
	unique   []column // nil: all of them
	rows     int
	rowNames []string
	// id is set when the item has a column named id of type int4 and nothing else merges.
	id string
}

func (g *gen) item(src source, text func(alias string) *node) fromItem {
	alias := g.name("a")
	it := fromItem{n: text(alias), rows: src.rows, rowNames: []string{alias}}
	for _, c := range src.cols {
		col := column{c.typ, colRef(c.typ, alias+"."+c.name)}
		it.cols = append(it.cols, col)
		for _, u := range src.unique {
			if u == c.name {
				it.unique = append(it.unique, col)
			}
		}
		if c.name == "id" && c.typ == "int4" {
			it.id = alias + ".id"
		}
	}
	return it
}

func colNames(src source) string {
	var s []string
	for _, c := range src.cols {
		s = append(s, c.name)
	}
	return strings.Join(s, ", ")
}

// fromSource is a random thing for FROM. lateral is what stands at its left.
func (g *gen) fromSource(outer *scope, lateral *scope) fromItem {
	switch k := g.r.Intn(100); {
	case k < 12 && len(g.ctes) > 0, len(g.ctes) > 0 && g.chance(40):
		c := oneOf(g, g.ctes)
		return g.item(c, func(a string) *node { return text(c.name + " AS " + a) })
	case k < 24 && g.nested < 2:
		g.nested++
		src, body := g.derived(outer)
		g.nested--
		return g.item(src, func(a string) *node { return structural("(", body, ") AS "+a+"("+colNames(src)+")") })
	case k < 32 && g.nested < 2 && lateral != nil:
		g.nested++
		src, body := g.derived(lateral)
		g.nested--
		return g.item(src, func(a string) *node { return structural("LATERAL (", body, ") AS "+a+"("+colNames(src)+")") })
	case k < 35:
		src := source{cols: []tableCol{{name: "g", typ: "int4"}}, unique: []string{"g"}, rows: 6}
		return g.item(src, func(a string) *node {
			return text("generate_series(" + itoa(g.r.Intn(3)) + ", " + itoa(2+g.r.Intn(6)) + ") AS " + a + "(g)")
		})
	case k < 39:
		src := source{cols: []tableCol{{name: "v", typ: "int4"}, {name: "w", typ: oneOf(g, weighted)}}, rows: 3}
		rows := listOf(", ")
		for range 1 + g.r.Intn(3) {
			rows.parts = append(rows.parts, structural("(", g.expr("int4", nil, 1), ", ", g.expr(src.cols[1].typ, nil, 1), ")"))
		}
		return g.item(src, func(a string) *node { return structural("(VALUES ", rows, ") AS "+a+"(v, w)") })
	case k < 47 && k >= 42:
		c := oneOf(g, tableCalls)
		s := lateral
		if s != nil {
			s = &scope{cols: lateral.cols, outer: lateral.outer, plain: true}
		}
		e := g.fill("from", c.tmpl, s, 1)
		e.typ = ""
		src := source{cols: c.cols, rows: 4}
		return g.item(src, func(a string) *node {
			if strings.HasPrefix(c.tmpl, "jsonb_to_recordset") {
				return structural(e, " AS "+a+"(a int4, c text)")
			}
			return structural("LATERAL ", e, " AS "+a+"("+colNames(src)+")")
		})
	case k < 42 && lateral != nil:
		src := source{cols: []tableCol{{name: "u", typ: "int4"}, {name: "o", typ: "int8"}}, rows: 3}
		e := g.expr("int4[]", lateral, 1)
		return g.item(src, func(a string) *node { return structural("unnest(", e, ") WITH ORDINALITY AS "+a+"(u, o)") })
	}
	if len(g.views) > 0 && g.chance(10) {
		v := oneOf(g, g.views)
		return g.item(v, func(a string) *node { return text(v.name + " AS " + a) })
	}
	t := oneOf(g, g.tables)
	return g.item(t.source(), func(a string) *node { return text(t.name + " AS " + a) })
}

// tableCalls are functions in FROM; their arguments may come from the left.
var tableCalls = []struct {
	cols []tableCol
	tmpl string
}{
	{[]tableCol{{name: "k", typ: "text"}, {name: "v", typ: "jsonb"}}, "jsonb_each(CASE WHEN jsonb_typeof({jsonb}) = 'object' THEN {objlit} ELSE {objlit} END)"},
	{[]tableCol{{name: "v", typ: "jsonb"}, {name: "o", typ: "int8"}}, "jsonb_array_elements(jsonb_build_array({any}, {any})) WITH ORDINALITY"},
	{[]tableCol{{name: "v", typ: "text"}}, "regexp_split_to_table({text}, {re})"},
	{[]tableCol{{name: "v", typ: "text"}}, "string_to_table({text}, 'a')"},
	{[]tableCol{{name: "v", typ: "timestamp"}}, "generate_series({date}::timestamp, {date}::timestamp, interval '97 days')"},
	{[]tableCol{{name: "u", typ: "int4"}, {name: "v", typ: "text"}}, "unnest({int4[]}, {text[]})"},
	{[]tableCol{{name: "v", typ: "int4"}}, "generate_subscripts({text[]}, 1)"},
	{[]tableCol{{name: "v", typ: "text"}}, "jsonb_object_keys({objlit})"},
	{[]tableCol{{name: "u", typ: "int4"}, {name: "v", typ: "int4"}}, "ROWS FROM (generate_series(1, {pos}), unnest({int4[]}))"},
	{[]tableCol{{name: "a", typ: "int4"}, {name: "c", typ: "text"}}, "jsonb_to_recordset('[{\"a\": 1, \"c\": \"x\"}, {\"a\": null}, {\"c\": 5}]')"},
}

// from makes a FROM list with its scope.
func (g *gen) from(outer *scope, small bool) (*node, *scope) {
	n := 1 + g.r.Intn(3)
	if small {
		n = 1 + g.r.Intn(2)
	} else if g.chance(8) {
		n = 4 + g.r.Intn(3)
		if g.chance(20) {
			n = 9 // more than are ordered exhaustively
		}
	}
	many := n > 3
	if g.chance(12) {
		return g.usingChain(outer)
	}
	left := g.fromSource(outer, nil)
	for i := 1; i < n; i++ {
		lat := &scope{cols: left.cols, outer: outer}
		right := g.fromSource(outer, lat)
		if !many && g.chance(12) && !strings.HasPrefix(right.n.SQL(), "LATERAL") && !strings.HasPrefix(right.n.SQL(), "unnest") {
			right = g.parenthesised(right, g.fromSource(outer, nil))
		}
		lateral := strings.HasPrefix(right.n.SQL(), "LATERAL") || strings.HasPrefix(right.n.SQL(), "unnest")
		kind := oneOf(g, []string{"JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ","})
		if many && (kind == "CROSS JOIN" || kind == "," || kind == "FULL JOIN") {
			kind = "JOIN"
		}
		if lateral && (kind == "RIGHT JOIN" || kind == "FULL JOIN") {
			kind = "LEFT JOIN"
		}
		if left.rows*right.rows > 20000 && (kind == "CROSS JOIN" || kind == ",") {
			kind = "JOIN"
		}
		joined := fromItem{cols: append(append([]column{}, left.cols...), right.cols...), rowNames: append(append([]string{}, left.rowNames...), right.rowNames...)}
		if left.unique == nil || right.unique == nil {
			joined.unique = nil
		} else {
			joined.unique = append(append([]column{}, left.unique...), right.unique...)
		}
		joined.rows = max(left.rows, right.rows) * 2
		switch kind {
		case "CROSS JOIN":
			joined.rows = left.rows * right.rows
			joined.n = &node{typ: "from", parts: []any{left.n, " CROSS JOIN ", right.n}}
		case ",":
			joined.rows = left.rows * right.rows
			joined.n = &node{typ: "from", parts: []any{left.n, oneOf(g, []string{" CROSS JOIN ", " JOIN "}), right.n}}
			if strings.Contains(joined.n.parts[1].(string), "CROSS") {
				break
			}
			joined.n.parts = append(joined.n.parts, " ON true")
		default:
			s := &scope{cols: joined.cols, outer: outer, plain: !g.chance(25)}
			eq := g.joinCond(left, right)
			if many && right.id != "" { // keep the result small
				var ids []column
				for _, c := range left.cols {
					if c.typ == "int4" {
						ids = append(ids, c)
					}
				}
				if len(ids) > 0 {
					eq = structural(oneOf(g, ids).expr, " = "+right.id)
				}
			}
			on := eq
			if kind == "FULL JOIN" { // hashable or mergeable only
				s = nil
			}
			if s != nil && g.chance(30) {
				on = structural(eq, optional(" AND ", g.expr("bool", s, 2)))
			} else if s != nil && g.chance(10) && left.rows*right.rows < 20000 {
				on = g.expr("bool", s, 3)
			}
			joined.n = &node{typ: "from", parts: []any{left.n, " " + kind + " ", right.n, " ON ", on}}
			if g.chance(5) {
				joined.n.parts = append([]any{"("}, append(joined.n.parts, ")")...)
			}
		}
		left = joined
	}
	return left.n, &scope{cols: left.cols, unique: left.unique, outer: outer, rows: left.rowNames}
}

// parenthesised joins two things that then stand together at one side of a join.
func (g *gen) parenthesised(l, r fromItem) fromItem {
	kind := oneOf(g, []string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT JOIN"})
	it := fromItem{cols: append(append([]column{}, l.cols...), r.cols...), rows: max(l.rows, r.rows) * 2,
		rowNames: append(append([]string{}, l.rowNames...), r.rowNames...)}
	if l.unique != nil && r.unique != nil {
		it.unique = append(append([]column{}, l.unique...), r.unique...)
	}
	it.n = &node{typ: "from", parts: []any{"(", l.n, " " + kind + " ", r.n, " ON ", g.joinCond(l, r), ")"}}
	return it
}

// joinCond is an equality between two sides.
func (g *gen) joinCond(l, r fromItem) *node {
	var pairs [][2]column
	for _, a := range l.cols {
		for _, b := range r.cols {
			if a.typ == b.typ && a.typ != "bool" {
				pairs = append(pairs, [2]column{a, b})
				if a.typ == "int4" {
					pairs = append(pairs, [2]column{a, b}, [2]column{a, b})
				}
			}
		}
	}
	if len(pairs) == 0 {
		return &node{typ: "bool", parts: []any{"true"}}
	}
	p := oneOf(g, pairs)
	n := structural(p[0].expr, " = ", p[1].expr)
	if g.chance(20) {
		p = oneOf(g, pairs)
		n = structural(n, optional(" AND ", p[1].expr, " = ", p[0].expr))
	}
	return n
}

// usingChain joins tables with USING (id) or naturally.
func (g *gen) usingChain(outer *scope) (*node, *scope) {
	s := &scope{outer: outer}
	n := &node{typ: "from"}
	for i := range 2 + g.r.Intn(2) {
		t := oneOf(g, g.tables)
		it := g.item(t.source(), func(a string) *node { return text(t.name + " AS " + a) })
		if i == 0 {
			n.parts = []any{it.n}
		} else {
			n = &node{typ: "from", parts: []any{n, oneOf(g, []string{" JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "}), it.n, " USING (id)"}}
		}
		s.cols = append(s.cols, it.cols...)
	}
	s.cols = append(s.cols, column{"int4", colRef("int4", "id")}, column{"int4", colRef("int4", "id")})
	return n, s
}

// selectNode makes a SELECT with output columns of the types.
func (g *gen) selectNode(outer *scope, types []string, o selectOpts) *node {
	n := &node{typ: "query"}
	if outer == nil && !o.one && g.chance(2) { // no FROM
		items := listOf(", ")
		for _, t := range types {
			items.parts = append(items.parts, g.expr(t, outer, 3))
		}
		n.parts = []any{"SELECT ", items}
		return n
	}
	from, s := g.from(outer, o.small)
	where := optional()
	if g.chance(45) {
		where.parts = []any{" WHERE ", g.expr("bool", s, 3)}
	}
	if outer != nil && g.chance(60) { // correlated by equality, which the planner turns into joins
		if eq := g.joinCond(fromItem{cols: s.cols}, fromItem{cols: outer.cols}); where.parts == nil {
			where.parts = []any{" WHERE ", eq}
		} else {
			where.parts = append(where.parts, " AND ", eq)
		}
	}
	grouped := g.chance(28)
	if o.one {
		grouped = g.chance(65)
	}
	if grouped {
		return g.grouped(types, from, s, where, o)
	}
	items := listOf(", ")
	windowed := !o.one && g.chance(18)
	named := optional()
	totals := 0
	for _, t := range types {
		if list := windows[t]; windowed && len(list) > 0 && g.chance(70) {
			plain := *s
			plain.plain = true
			tmpl := oneOf(g, list)
			if more := namedWindows[t]; len(more) > 0 && (named.parts != nil || g.chance(20)) {
				if named.parts == nil {
					named.parts = []any{" WINDOW nw AS (PARTITION BY ", g.expr(g.anyType(s), &plain, 1), " ORDER BY ", g.expr(g.anyType(s), &plain, 1), "), nw2 AS (nw)"}
				}
				tmpl = oneOf(g, more)
			}
			if strings.Contains(tmpl, "{total") {
				totals++
			}
			// Rows that are the same in all columns get any of the values that a
			// total order gives them: which ones go together is free.
			if totals < 2 || s.unique != nil || !strings.Contains(tmpl, "{total") {
				items.parts = append(items.parts, g.fill(t, tmpl, &plain, 1))
				continue
			}
		}
		if o.top && g.chance(3) && (t == "int4" || t == "text") {
			items.parts = append(items.parts, g.fill(t, map[string]string{"int4": "unnest({int4[]})", "text": "unnest({text[]})"}[t], s, 1))
			continue
		}
		items.parts = append(items.parts, g.expr(t, s, 2+g.r.Intn(2)))
	}
	distinct := ""
	if !windowed && g.chance(10) {
		distinct = "DISTINCT "
	}
	n.parts = []any{"SELECT ", optional(distinct), items, " FROM ", from, where, frozen(named)}
	if o.one {
		n.parts = append(n.parts, " ORDER BY "+ordinals(len(types))+g.direction().SQL()+" LIMIT 1")
	} else if !o.top && g.chance(12) {
		n.parts = append(n.parts, g.orderAll(len(types)))
	} else if o.top && g.chance(4) && distinct == "" {
		on := items.parts[0].(*node)
		if !on.lit && len(on.parts) > 0 && strings.ContainsAny(on.SQL(), "(.") {
			return &node{typ: "query", parts: []any{"SELECT * FROM (SELECT DISTINCT ON (", on, ") ", frozen(items), " FROM ", from, where, " ORDER BY " + ordinals(len(types)) + ") AS dq"}}
		}
	}
	return n
}

// ordinals is 1, 2, … n.
func ordinals(n int) string {
	s := "1"
	for i := 2; i <= n; i++ {
		s += ", " + itoa(i)
	}
	return s
}

// namedWindows are functions over the windows of a WINDOW clause.
var namedWindows = map[string][]string{
	"int8":    {"rank() OVER nw", "count(*) OVER nw", "sum({int4}) OVER (nw GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)", "dense_rank() OVER nw2"},
	"int4":    {"max({int4}) OVER nw", "min({int4}) OVER (nw RANGE UNBOUNDED PRECEDING EXCLUDE CURRENT ROW)"},
	"numeric": {"sum({numeric}) OVER nw", "avg({numeric}) OVER (nw GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP)"},
	"float8":  {"cume_dist() OVER nw", "percent_rank() OVER nw2"},
	"text":    {"max({text}) OVER nw"},
	"bool":    {"bool_and({bool}) OVER nw"},
}

// grouped makes a SELECT with aggregates.
func (g *gen) grouped(types []string, from *node, s *scope, where *node, o selectOpts) *node {
	inner := *s
	inner.plain = !g.chance(20)
	var keys []column
	plain := false // no grouping sets
	if !o.one {
		for range g.r.Intn(4) {
			t := g.anyType(s)
			var e *node
			if g.chance(75) {
				e = g.leaf(t, &scope{cols: s.cols})
			} else {
				e = g.expr(t, &scope{cols: s.cols, plain: true}, 1)
			}
			if strings.ContainsAny(e.SQL(), ".") && !e.lit { // names a column
				keys = append(keys, column{t, e})
			}
		}
	}
	after := &scope{cols: append([]column{}, keys...), outer: s.outer, plain: true}
	agg := func(t string) *node {
		list := aggregates[t]
		if len(list) == 0 {
			return nil
		}
		n := g.fill(t, oneOf(g, list), &inner, 1)
		sql := n.SQL()
		if g.chance(15) && strings.HasSuffix(sql, ")") && !strings.HasPrefix(sql, "(") {
			n = &node{typ: t, parts: []any{n, optional(" FILTER (WHERE ", g.expr("bool", &inner, 2), ")")}}
		}
		return n
	}
	if len(keys) > 0 && g.chance(25) {
		var list []string
		for _, k := range keys {
			list = append(list, k.expr.SQL())
		}
		after.cols = append(after.cols, column{"int4", text("GROUPING(" + strings.Join(list, ", ") + ")")})
	}
	items := listOf(", ")
	for _, t := range types {
		if a := agg(t); a != nil {
			after.cols = append(after.cols, column{t, a})
		}
		if g.chance(30) {
			if a := agg("int4"); a != nil {
				after.cols = append(after.cols, column{"int4", a})
			}
		}
	}
	for _, t := range types {
		var direct []column
		for _, c := range after.cols {
			if c.typ == t {
				direct = append(direct, c)
			}
		}
		if len(direct) > 0 && g.chance(70) {
			items.parts = append(items.parts, oneOf(g, direct).expr)
			continue
		}
		items.parts = append(items.parts, g.expr(t, after, 2))
	}
	n := &node{typ: "query", parts: []any{"SELECT ", items, " FROM ", from, where}}
	for _, k := range keys {
		// PostgreSQL 15 computes a subquery in a key once more for the columns, from
		// columns that a grouping set has not.
		plain = plain || strings.Contains(k.expr.SQL(), "(SELECT ")
		// A key that is constant it takes for sorted already, though the sets make it NULL in some rows.
		plain = plain || !ofColumn.MatchString(k.expr.SQL())
	}
	if len(keys) > 0 {
		var list []*node
		for _, k := range keys {
			list = append(list, frozen(k.expr))
		}
		switch k := g.r.Intn(12); {
		case plain:
			n.parts = append(n.parts, " GROUP BY ", listOf(", ", list...))
		case k >= 10 && len(list) > 1: // several at once
			var b strings.Builder
			b.WriteString(" GROUP BY " + oneOf(g, []string{"", "DISTINCT "}))
			for i := 0; i < len(list); i++ {
				if i > 0 {
					b.WriteString(", ")
				}
				one := list[i].SQL()
				switch g.r.Intn(5) {
				case 0:
					b.WriteString("ROLLUP (" + one + ", " + list[0].SQL() + ")")
				case 1:
					b.WriteString("CUBE (" + one + ", (" + list[len(list)-1].SQL() + ", " + one + "))")
				case 2:
					b.WriteString("GROUPING SETS (" + one + ", (), (" + one + ", " + list[0].SQL() + "), ROLLUP (" + one + "))")
				default:
					b.WriteString(one)
				}
			}
			n.parts = append(n.parts, b.String())
		case k == 0:
			n.parts = append(n.parts, " GROUP BY ROLLUP (", listOf(", ", list...), ")")
		case k == 1:
			n.parts = append(n.parts, " GROUP BY CUBE (", listOf(", ", list...), ")")
		case k == 2:
			sets := listOf(", ", text("()"))
			for _, l := range list {
				sets.parts = append(sets.parts, structural("(", l, ")"))
			}
			n.parts = append(n.parts, " GROUP BY GROUPING SETS (", sets, ")")
		default:
			n.parts = append(n.parts, " GROUP BY ", listOf(", ", list...))
		}
	} else if len(after.cols) == 0 {
		n.parts = append(n.parts, optional(" HAVING count(*) > 0"))
		return n
	} else if aggregated := strings.Contains(items.SQL(), "count(") || strings.Contains(items.SQL(), "sum(") || strings.Contains(items.SQL(), "min("); !aggregated {
		n.parts = append(n.parts, " HAVING count(*) > 0")
		return n
	}
	if g.chance(25) {
		n.parts = append(n.parts, optional(" HAVING ", g.expr("bool", after, 2)))
	}
	if o.one && len(keys) > 0 {
		n.parts = append(n.parts, " ORDER BY "+ordinals(len(types))+" LIMIT 1")
	}
	return n
}
