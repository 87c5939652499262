package random

import (
	"math/rand"
	"strings"
)

// gen makes statements.
type gen struct {
	r        *rand.Rand
	tables   []*table
	ctes     []source
	views    []source
	names    int
	subs     int // subqueries left for this statement
	nested   int
	cursors  int
	matviews []string
	// viewBodies are those that can be replaced.
	viewBodies []viewBody
	logs       []string // tables that triggers write
	calls      []callable
	kinds      []string // their types
	// wild schemas have values from the ends of the types' ranges.
	wild bool
	// within: a call's values are not from there.
	within bool
}

func newGen(seed int64) *gen { return &gen{r: rand.New(rand.NewSource(seed))} }

// chance is true in percent of a hundred cases.
func (g *gen) chance(percent int) bool { return g.r.Intn(100) < percent }

func (g *gen) name(prefix string) string {
	g.names++
	return prefix + itoa(g.names)
}

func oneOf[T any](g *gen, xs []T) T { return xs[g.r.Intn(len(xs))] }

// column is something a scope offers: a column or, above a GROUP BY, a group's
// expression or an aggregate.
type column struct {
	typ  string
	expr *node
}

// scope is what an expression may refer to.
type scope struct {
	cols []column
	// unique are columns that tell every row apart; nil when only all do.
	unique []column
	outer  *scope
	rows   []string // aliases of tables, for whole rows
	// plain forbids subqueries.
	plain bool
}

// comparable types have an order, of their own.
func (g *gen) anyType(s *scope) string {
	if s != nil && len(s.cols) > 0 && g.chance(75) {
		return oneOf(g, s.cols).typ
	}
	return oneOf(g, weighted)
}

// expr makes an expression of a type, at most depth templates deep.
func (g *gen) expr(typ string, s *scope, depth int) *node {
	if depth <= 0 || g.chance(18) {
		return g.leaf(typ, s)
	}
	if g.subs > 0 && s != nil && !s.plain && g.chance(7) {
		g.subs--
		return g.subqueryExpr(typ, s)
	}
	list := templates[typ]
	if len(list) == 0 {
		return g.leaf(typ, s)
	}
	n := g.fill(typ, oneOf(g, list), s, depth-1)
	return n
}

// leaf is a column or a literal.
func (g *gen) leaf(typ string, s *scope) *node {
	if s != nil && !g.chance(8) {
		var c []column
		for _, x := range s.cols {
			if x.typ == typ {
				c = append(c, x)
			}
		}
		if s.outer != nil && (len(c) == 0 || g.chance(25)) {
			for _, x := range s.outer.cols {
				if x.typ == typ {
					c = append(c, x)
				}
			}
		}
		if len(c) > 0 {
			return oneOf(g, c).expr
		}
	}
	if typ == "bool" && s != nil && len(s.cols) > 0 {
		c := oneOf(g, s.cols)
		return &node{typ: "bool", parts: []any{"(", c.expr, " IS NOT NULL)"}}
	}
	return g.literal(typ)
}

// fill makes an expression from a template.
func (g *gen) fill(typ, tmpl string, s *scope, depth int) *node {
	n := &node{typ: typ}
	shared := map[string]string{}
	var last *node
	pair := -1
	for {
		before, rest, ok := strings.Cut(tmpl, "{")
		if before != "" {
			n.parts = append(n.parts, before)
		}
		if !ok {
			return n
		}
		hole, after, _ := strings.Cut(rest, "}")
		if strings.HasPrefix(hole, "\"") || strings.ContainsAny(hole, ",: ") && !strings.HasPrefix(hole, "lit:") && !strings.HasPrefix(hole, "unknown:") && !strings.HasPrefix(hole, "array:") || hole == "" || len(hole) == 1 && hole >= "a" && hole <= "z" && hole != "d" {
			n.parts = append(n.parts, "{"+hole+"}")
			tmpl = after
			continue
		}
		tmpl = after
		lit := false
		if h, ok := strings.CutPrefix(hole, "lit:"); ok {
			hole, lit = h, true
		}
		if h, ok := strings.CutPrefix(hole, "unknown:"); ok {
			n.parts = append(n.parts, g.unknown(g.shared(h, shared, s)))
			continue
		}
		if h, ok := strings.CutPrefix(hole, "array:"); ok {
			t := strings.TrimSuffix(g.shared(h, shared, s), "[]")
			n.parts = append(n.parts, quote("{"+g.element(t)+","+g.element(t)+",NULL}")+"::"+t+"[]")
			continue
		}
		switch hole {
		case "=":
			n.parts = append(n.parts, last)
			continue
		case "row":
			if s == nil || len(s.rows) == 0 {
				n.parts = append(n.parts, "ROW(1, NULL::text)")
				tmpl = strings.TrimPrefix(tmpl, ".*")
				continue
			}
			if shared["row"] == "" {
				shared["row"] = oneOf(g, s.rows)
			}
			n.parts = append(n.parts, shared["row"])
			continue
		case "any":
			hole = g.anyType(s)
		case "T", "U":
			hole = g.shared(hole, shared, s)
		case "A", "B":
			if pair < 0 {
				pair = g.r.Intn(len(crossed))
			}
			hole = crossed[pair][map[string]int{"A": 0, "B": 1}[hole]]
		case "total", "win", "frame", "totalframe":
			n.parts = append(n.parts, g.window(hole, s))
			continue
		default:
			if v, ok := g.small(hole); ok {
				n.parts = append(n.parts, v)
				continue
			}
		}
		if lit {
			last = g.literal(hole)
		} else {
			last = g.expr(hole, s, depth)
		}
		n.parts = append(n.parts, last)
	}
}

// shared is the type that a template's T or U stands for; other names are types.
func (g *gen) shared(hole string, shared map[string]string, s *scope) string {
	if hole != "T" && hole != "U" {
		return hole
	}
	if shared[hole] == "" {
		shared[hole] = g.anyType(s)
	}
	return shared[hole]
}

// unknown is a literal without a type.
func (g *gen) unknown(typ string) string {
	if g.chance(8) {
		return "NULL"
	}
	if typ == "pair" { // a row compared with it would take it for a record
		return quote(g.value(typ)) + "::pair"
	}
	return quote(g.value(typ))
}

// element is a value in the text of an array.
func (g *gen) element(typ string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(g.value(typ), `\`, `\\`), `"`, `\"`) + `"`
}

// window makes what stands in OVER ().
func (g *gen) window(kind string, s *scope) *node {
	n := structural()
	if g.chance(50) {
		n.parts = append(n.parts, optional("PARTITION BY ", listOf(", ", g.someExprs(s, 1+g.r.Intn(2))...)), " ")
	}
	total := strings.HasPrefix(kind, "total")
	framed := strings.HasSuffix(kind, "frame")
	if !total && g.chance(20) {
		return n
	}
	keys := listOf(", ")
	numericRange := !total && framed && g.chance(30)
	if numericRange { // RANGE with distances has one key
		typ := oneOf(g, []string{"int4", "int4", "int8", "numeric", "float8", "date", "timestamp", "timestamptz", "interval", "time", "int2", "float4"})
		keys.parts = append(keys.parts, structural(g.expr(typ, s, 1), g.direction()))
		off := map[string]string{"date": "interval '40 days'", "timestamp": "interval '1 mon'", "timestamptz": "interval '1 mon 3 days'", "interval": "interval '1 day'", "time": "interval '2 hours'"}[typ]
		if off == "" {
			off = oneOf(g, []string{"1", "2", "10"})
			if typ == "numeric" || typ == "float8" {
				off = oneOf(g, []string{"1", "0.5", "0", "'Infinity'"})
			}
		}
		lo := oneOf(g, []string{"UNBOUNDED PRECEDING", off + " PRECEDING", "CURRENT ROW"})
		hi := oneOf(g, []string{"UNBOUNDED FOLLOWING", off + " FOLLOWING", "CURRENT ROW"})
		n.parts = append(n.parts, "ORDER BY ", keys, " ", optional("RANGE BETWEEN "+lo+" AND "+hi, g.exclude(false)))
		return n
	}
	for range g.r.Intn(3) {
		keys.parts = append(keys.parts, structural(g.expr(g.anyType(s), s, 1), g.direction()))
	}
	if total {
		cols := s.unique
		if cols == nil {
			cols = s.cols
		}
		for _, c := range cols {
			keys.parts = append(keys.parts, structural(c.expr, g.direction()))
		}
		// What makes the order total must stay.
		n.parts = append(n.parts, "ORDER BY ", structural(frozen(keys)))
	} else if len(keys.parts) > 0 {
		n.parts = append(n.parts, "ORDER BY ", keys)
	}
	if !framed || g.chance(30) || len(keys.parts) == 0 {
		return n
	}
	mode := "GROUPS"
	if total && g.chance(70) {
		mode = "ROWS"
	}
	lo := oneOf(g, []string{"UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW"})
	hi := oneOf(g, []string{"UNBOUNDED FOLLOWING", "2 FOLLOWING", "1 FOLLOWING", "CURRENT ROW"})
	if g.chance(10) {
		lo, hi = "3 PRECEDING", "1 PRECEDING"
	} else if g.chance(10) {
		lo, hi = "1 FOLLOWING", "3 FOLLOWING"
	}
	n.parts = append(n.parts, " ", optional(mode+" BETWEEN "+lo+" AND "+hi, g.exclude(true)))
	return n
}

func (g *gen) exclude(any bool) *node {
	if !g.chance(20) {
		return text("")
	}
	return optional(" EXCLUDE " + oneOf(g, []string{"CURRENT ROW", "GROUP", "TIES", "NO OTHERS"}))
}

// frozen is a list as plain text: the minimiser must not touch it.
func frozen(n *node) *node { return text(n.SQL()) }

func (g *gen) direction() *node {
	return optional(oneOf(g, []string{"", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"}))
}

func (g *gen) someExprs(s *scope, n int) []*node {
	var out []*node
	for range n {
		out = append(out, g.expr(g.anyType(s), s, g.r.Intn(2)))
	}
	return out
}

// subqueryExpr makes an expression of a type with a subquery in it.
func (g *gen) subqueryExpr(typ string, s *scope) *node {
	if typ == "bool" && g.chance(75) {
		n := &node{typ: "bool"}
		not := oneOf(g, []string{"", "NOT "})
		switch g.r.Intn(6) {
		case 0, 1:
			n.parts = []any{"(" + not + "EXISTS (", g.selectNode(s, []string{"int4"}, selectOpts{small: true}), "))"}
		case 2, 3:
			t := g.anyType(s)
			n.parts = []any{"(", g.expr(t, s, 1), " " + not + "IN (", g.selectNode(s, []string{t}, selectOpts{small: true}), "))"}
		case 4:
			t := g.anyType(s)
			op, _ := g.small("cmp")
			n.parts = []any{"(", g.expr(t, s, 1), " " + op + oneOf(g, []string{" ANY", " ALL"}) + " (", g.selectNode(s, []string{t}, selectOpts{small: true}), "))"}
		case 5:
			t, u := g.anyType(s), g.anyType(s)
			n.parts = []any{"((", g.expr(t, s, 1), ", ", g.expr(u, s, 1), ") " + not + "IN (", g.selectNode(s, []string{t, u}, selectOpts{small: true}), "))"}
		}
		return n
	}
	// One row: an aggregate without GROUP BY, or the first in a total order.
	return &node{typ: typ, parts: []any{"(", g.selectNode(s, []string{typ}, selectOpts{small: true, one: true}), ")"}}
}
