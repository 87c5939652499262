package random

import (
	"fmt"
	"math/rand"
	"regexp"
	"strings"
	"time"
)

// A proof shows that two answers differ for the rows that a server looks at,
// the order in which it does, or the mistake that it finds first.
type proof struct {
	r *runner
	// a gave want and b gave got.
	a, b      *engine
	want, got result
	m         mode
	ordered   bool
	place     place
	off       []string // methods that b had switched off
	rnd       *rand.Rand
	until     time.Time
}

// place is where statements are tried: what begins a try, and what takes it back.
type place struct{ begin, end string }

var (
	alone = place{"BEGIN", "ROLLBACK"}
	// within a transaction, without its end.
	within = place{"SAVEPOINT proof", "ROLLBACK TO proof"}
)

// proofTime bounds the search.
const proofTime = 20 * time.Second

func (r *runner) proof(a, b *engine, want, got result, m mode, ordered bool, where place) *proof {
	return &proof{r: r, a: a, b: b, want: want, got: got, m: m, ordered: ordered, place: where,
		rnd: rand.New(rand.NewSource(r.seed)), until: time.Now().Add(proofTime)}
}

// class is the class of a difference that was looked into: an excuse if it is proven.
func (p *proof) class(class, sql string, q *node) string {
	proven := false
	switch class {
	case "rows":
		want, got := p.want, p.got
		if want.bin {
			text := p.m
			text.binary = false
			want, got = p.run(p.a, sql, text), p.run(p.b, sql, text)
		}
		if sameDigits(sql, want, got) {
			return lastDigits
		}
		if sameValues(want, got) && p.order(sql, q) {
			return equalValues
		}
	case orderOfEvaluation:
		if p.planning(sql) {
			return whilePlanning
		}
		proven = p.order(sql, q)
	case severalMistakes:
		proven = p.mistakes(sql, q)
	case slow:
		proven = p.want.took > timeout/20
	case refusedThere, undone:
		proven = true
	}
	if proven {
		return class
	}
	return unprovenClass(class)
}

// run runs a statement as it was run on b, or on a.
func (p *proof) run(e *engine, sql string, m mode) result {
	if e == p.b && p.off != nil {
		return p.r.toggled(p.off, sql, m)
	}
	return e.run(sql, m)
}

// planning tells whether PostgreSQL fails while it plans.
func (p *proof) planning(sql string) bool {
	return p.want.code != "" && p.a == p.r.pg && p.m.params == nil && p.like(p.want, p.try(p.a, "EXPLAIN "+sql))
}

// like tells whether two errors are one, of the two that are looked for.
func (p *proof) like(x, y result) bool {
	return x.code == y.code && (p.want.code != p.got.code || x.msg == y.msg)
}

// try runs a statement after others that prepare it, and takes all of it back.
func (p *proof) try(e *engine, sql string, before ...string) result {
	return p.tryMode(e, sql, p.m, before...)
}

func (p *proof) tryMode(e *engine, sql string, m mode, before ...string) result {
	e.run(p.place.begin, mode{})
	for _, s := range before {
		if res := e.run(s, mode{}); res.code != "" {
			e.run(p.place.end, mode{})
			return res
		}
	}
	res := e.run(sql, m)
	e.run(p.place.end, mode{})
	return res
}

// same tells whether an answer is the one looked for.
func (p *proof) same(answer, got result) bool {
	if answer.code != "" || got.code != "" {
		return p.like(answer, got)
	}
	class, _ := difference(answer, got, p.ordered)
	return class == ""
}

// order tells whether the answers to sql differ for the rows that expressions are
// evaluated for, and for nothing else. q, if there is one, is the statement in its parts.
func (p *proof) order(sql string, q *node) bool {
	return p.want.code != "" && p.got.code != "" && p.bothErrors(sql, q, "") ||
		p.otherPlan(p.a, sql, p.got) || p.otherPlan(p.b, sql, p.want) ||
		p.otherForm(p.a, sql, q, p.got) || p.otherForm(p.b, sql, q, p.want) || p.unasked(q)
}

// mistakes tells whether the statement has two mistakes, of which each server finds another first.
func (p *proof) mistakes(sql string, q *node) bool { return p.bothErrors(sql, q, "EXPLAIN ") }

// variants are settings that give other plans of the same statement.
var variants = [][]string{
	{"enable_hashjoin = off"}, {"enable_nestloop = off"}, {"enable_hashjoin = off", "enable_mergejoin = off"}, {"enable_mergejoin = off", "enable_nestloop = off"},
	{"enable_seqscan = off"}, {"enable_indexscan = off", "enable_bitmapscan = off", "enable_indexonlyscan = off"},
	{"enable_hashagg = off"}, {"enable_sort = off"}, {"enable_material = off", "enable_memoize = off"}, {"enable_incremental_sort = off"},
	{"from_collapse_limit = 1", "join_collapse_limit = 1"}, {"join_collapse_limit = 1", "enable_hashjoin = off", "enable_mergejoin = off"},
	{"enable_hashagg = off", "enable_hashjoin = off", "enable_seqscan = off"}, {"enable_sort = off", "enable_mergejoin = off", "enable_nestloop = off", "from_collapse_limit = 1"},
}

// choices are settings of which any may be set.
var choices = []string{"enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off", "enable_seqscan = off", "enable_indexscan = off",
	"enable_bitmapscan = off", "enable_indexonlyscan = off", "enable_hashagg = off", "enable_sort = off", "enable_material = off", "enable_memoize = off",
	"enable_incremental_sort = off", "from_collapse_limit = 1", "join_collapse_limit = 1"}

// costs are settings that PostgreSQL weighs plans by; with geqo_threshold joins are ordered by chance.
var costs = []string{"geqo_threshold = 2", "cpu_operator_cost = 0", "cpu_operator_cost = 10", "cpu_tuple_cost = 10", "seq_page_cost = 100", "random_page_cost = 0",
	"cpu_index_tuple_cost = 0", "constraint_exclusion = on"}

// otherPlan tells whether an engine gives an answer with another plan.
func (p *proof) otherPlan(e *engine, sql string, answer result) bool {
	for i := 0; i < 60 && time.Now().Before(p.until); i++ {
		var list []string
		if i < len(variants) {
			list = variants[i]
		} else {
			list = p.settings(e)
		}
		before := make([]string, len(list))
		for j, s := range list {
			before[j] = "SET LOCAL " + s
		}
		if p.same(answer, p.try(e, sql, before...)) {
			return true
		}
	}
	return false
}

// settings are some that an engine knows.
func (p *proof) settings(e *engine) (list []string) {
	for _, s := range choices {
		if p.rnd.Intn(3) == 0 {
			list = append(list, s)
		}
	}
	if e == p.r.pg {
		for _, s := range costs {
			if p.rnd.Intn(3) == 0 {
				list = append(list, s)
			}
		}
		list = append(list, fmt.Sprintf("geqo_seed = %.3f", p.rnd.Float64()), "geqo_generations = 1")
	}
	return list
}

// fromTable is a table or view with its alias.
var fromTable = regexp.MustCompile(`(FROM|JOIN|USING) (t\d|tp|uv|iv|v\d|w\d+) AS ([asfu]\d*)\b`)

// tableName is one whose rows have an id.
var tableName = regexp.MustCompile(` (t\d|tp|uv|iv) `)

// materialized is what WITH says of how it is planned.
var materialized = regexp.MustCompile(` AS (NOT MATERIALIZED |MATERIALIZED )?\((SELECT|WITH)`)

// constants are values as they are written, with a type.
var constants = regexp.MustCompile(`'(?:[^']|'')*'(?:::[a-z0-9_]+(?:\[\])?)?|\bNULL::[a-z0-9_]+(?:\[\])?|\b(?:true|false)\b`)

// hidden writes some constants so that no planner knows them.
func (p *proof) hidden(sql string, percent int) string {
	sql = strings.ReplaceAll(sql, " HAVING false", " HAVING count(*) < 0")
	return constants.ReplaceAllStringFunc(sql, func(s string) string {
		switch {
		case p.rnd.Intn(100) >= percent || s[0] == '\'' && !strings.Contains(s, "'::"):
			return s
		case s == "true":
			return "(now() IS NOT NULL)"
		case s == "false":
			return "(now() IS NULL)"
		}
		return "(SELECT " + s + ")"
	})
}

// equality is a condition that two columns are equal.
var equality = regexp.MustCompile(`(AND |ON |WHERE |\()([asfuw]\d*\.\w+ = [asfuw]\d*\.\w+)( |\)|$)`)

// apart writes some equalities so that no planner concludes from them what else is equal.
func (p *proof) apart(sql string) string {
	return equality.ReplaceAllStringFunc(sql, func(s string) string {
		if p.rnd.Intn(3) == 0 {
			return s
		}
		return equality.ReplaceAllString(s, "${1}CASE WHEN now() IS NOT NULL THEN $2 END$3")
	})
}

// otherForm tells whether an engine gives an answer to a statement that means the same, but is planned
// in other pieces: OFFSET 0 keeps a subquery whole, and constants that are parameters are not computed
// while planning.
func (p *proof) otherForm(e *engine, sql string, q *node, answer result) bool {
	for i := 0; i < 60 && time.Now().Before(p.until); i++ {
		form, m := sql, p.m
		var before []string
		if q != nil && p.m.params == nil {
			copied := clone(q)
			if i%4 != 0 {
				p.fence(copied, 30+p.rnd.Intn(70), true)
			}
			form = copied.SQL()
			if i%4 < 2 && !strings.Contains(form, "DISTINCT ON") {
				form, m.params = copied.paramSQL(func() bool { return p.rnd.Intn(10) < 7 })
				m.extended = true
				before = append(before, "SET LOCAL plan_cache_mode = force_generic_plan")
			}
		}
		for _, v := range p.r.g.viewBodies {
			if i%3 != 2 && viewName.MatchString(sql) {
				body := clone(v.body)
				p.fence(body, 30+p.rnd.Intn(70), true)
				before = append(before, v.replace+p.rewritten(body.SQL(), i))
			}
		}
		form = p.rewritten(form, i)
		if form == sql && before == nil {
			continue
		}
		if i%2 == 1 {
			for _, s := range p.settings(e) {
				before = append(before, "SET LOCAL "+s)
			}
		}
		got := p.tryMode(e, form, m, before...)
		if strings.HasPrefix(got.msg, "syntax error") || strings.HasPrefix(got.msg, "multiple OFFSET") {
			continue
		}
		if p.same(answer, got) {
			return true
		}
	}
	return false
}

// rewritten is a form of the i-th try whose tables and constants are hidden in subqueries, and whose
// equalities and WITH queries are planned in other ways.
func (p *proof) rewritten(form string, i int) string {
	pick := p.rnd.Intn(3)
	form = fromTable.ReplaceAllStringFunc(form, func(s string) string {
		if p.rnd.Intn(3) >= pick {
			return s
		}
		order := ""
		if tableName.MatchString(s) { // rows stand in the order in which they were written, or by their keys
			order = []string{"", " ORDER BY id", " ORDER BY id DESC"}[p.rnd.Intn(3)]
		}
		return fromTable.ReplaceAllString(s, "$1 (SELECT * FROM $2"+order+" OFFSET 0) AS $3")
	})
	if p.rnd.Intn(2) == 0 && strings.HasPrefix(form, "WITH") {
		how := []string{"", "MATERIALIZED ", "NOT MATERIALIZED "}[p.rnd.Intn(3)]
		form = materialized.ReplaceAllString(form, " AS "+how+"($2")
	}
	if i%3 == 0 {
		form = p.hidden(form, []int{10, 30, 100}[p.rnd.Intn(3)])
	}
	if i%5 < 2 {
		form = p.apart(form)
	}
	return form
}

// unasked tells whether one server alone fails, for values that the other does not ask for: parts of
// the statement fail on both with the one error when they stand alone, and both give the same answer
// to the statement with NULL in the place of these.
func (p *proof) unasked(q *node) bool {
	failed := p.want
	if failed.code == "" {
		failed = p.got
	}
	if q == nil || p.m.params != nil || p.want.code != "" && p.got.code != "" {
		return false
	}
	fails := func(x result) bool { return x.code == failed.code && x.msg == failed.msg }
	small := clone(q)
	found := false
	var visit func(n *node)
	visit = func(n *node) { // the smallest first
		for _, x := range n.parts {
			if c, ok := x.(*node); ok {
				visit(c)
			}
		}
		if n.typ == "" || n.typ == "query" || n.typ == "from" || n.lit || time.Now().After(p.until) {
			return
		}
		if alone := "SELECT " + n.SQL(); fails(p.tryMode(p.a, alone, mode{})) && fails(p.tryMode(p.b, alone, mode{})) {
			n.parts, n.list, found = []any{"NULL::" + n.typ}, false, true
		}
	}
	visit(small)
	if !found {
		return false
	}
	x, y := p.try(p.a, small.SQL()), p.try(p.b, small.SQL())
	return !fails(x) && !fails(y) && p.same(x, y)
}

// fence puts OFFSET 0 behind some of the queries in a statement, but not the outermost.
func (p *proof) fence(n *node, percent int, top bool) {
	for _, x := range n.parts {
		if c, ok := x.(*node); ok {
			p.fence(c, percent, top && n.typ != "query" && n.typ != "from")
		}
	}
	if n.typ == "query" && !top && p.rnd.Intn(100) < percent {
		n.parts = append(append([]any{}, n.parts...), " OFFSET 0")
	}
}

// bothErrors makes the statement smaller, and its tables, until each of the two errors was seen to
// be shared: one form fails on both servers as on a, another on both as on b.
func (p *proof) bothErrors(sql string, q *node, prefix string) bool {
	seenWant, seenGot := false, false
	// differ tells whether the two still answer as they did.
	differ := func(sql string, before ...string) bool {
		if seenWant && seenGot || time.Now().After(p.until) {
			return false
		}
		x := p.try(p.a, prefix+sql, before...)
		if x.code == "" {
			return false
		}
		y := p.try(p.b, prefix+sql, before...)
		like := func(x, y result) bool { return p.like(x, y) && (prefix == "" || x.msg == y.msg) }
		if like(x, y) {
			seenWant = seenWant || like(x, p.want)
			seenGot = seenGot || like(x, p.got)
			return false
		}
		return like(x, p.want) && like(y, p.got)
	}
	forms := []string{sql}
	if q != nil && p.m.params == nil {
		small := clone(q)
		minimise(small, p.r.o.Budget, func(s string) bool { return differ(s) })
		forms = append(forms, small.SQL())
		for _, part := range q.descendants("query", nil) { // which may stand alone
			differ(part.SQL())
		}
	}
	for _, form := range forms {
		if prefix != "" {
			break
		}
		tables := p.tablesOf(form)
		var left []string // what was taken out of the tables
		for i := 0; i < 600 && len(tables) > 0 && !(seenWant && seenGot); i++ {
			if i%100 == 0 {
				left = nil
			}
			t := tables[p.rnd.Intn(len(tables))]
			of := 2 + p.rnd.Intn(9)
			// rows are known by their text: there may be no key
			where := fmt.Sprintf("('x' || left(md5(%s::text), 7))::bit(28)::int %% %d %s %d", t, of, []string{"=", "<>"}[p.rnd.Intn(2)], p.rnd.Intn(of))
			less := append(append([]string{}, left...), "DELETE FROM "+t+" WHERE "+where)
			if differ(form, less...) {
				left = less
			}
		}
	}
	return seenWant && seenGot
}

// tablesOf are the tables whose rows may matter to a statement: all if it reads a view.
func (p *proof) tablesOf(sql string) (names []string) {
	all := viewName.MatchString(sql)
	for _, t := range p.r.g.tables {
		if all || regexp.MustCompile(`\b`+t.name+`\b`).MatchString(sql) {
			names = append(names, t.name)
		}
	}
	return names
}

var viewName = regexp.MustCompile(`\b([iu]?v|v\d)\b`)
