package random

// Some differences are no mistakes of either server, but only if they
// are what they seem. An excuse that is not proven is a difference of its own
// class, shown with -random.v.
//
//	order of evaluation  one server fails for a value in a row that the other never
//	                     looks at. Proven when a server gives the other's answer once
//	                     its planner's methods are switched off, or when PostgreSQL
//	                     fails already while it plans (constants are folded there).
//	several mistakes     both refuse, for different mistakes. Proven when smaller forms
//	                     of the statement are refused by both for the one, and for the other.
//	refused by PostgreSQL  FULL JOIN on conditions that can be neither merged nor
//	                     hashed, UNION of recursive queries over types without a hash.
//	not supported        rowkey says so, which docs/limits.md does too.
//	slow                 rowkey runs into the timeout; timed only, never proven.
const (
	orderOfEvaluation = "order of evaluation"
	// severalMistakes: a random statement may have several, and which is found first
	// is the binder's own order. tests/compare holds single mistakes to PostgreSQL's words.
	severalMistakes = "several mistakes"
	slow            = "slow"
	// undone is what rowkey says that it does not do (docs/limits.md).
	undone = "not supported"
	// refusedThere is what PostgreSQL 15 refuses and rowkey knowingly does.
	refusedThere = "refused by PostgreSQL"
	unproven     = ", not proven"
)

// excuses are the classes that do not fail a run.
var excuses = map[string]bool{refusedThere: true, orderOfEvaluation: true, severalMistakes: true, slow: true, undone: true,
	orderOfEvaluation + unproven: true, severalMistakes + unproven: true}

// unprovenClass is the class of what was not seen to be what it seems.
func unprovenClass(class string) string {
	if excuses[class] {
		return class + unproven
	}
	return class
}

// variants are settings that give other plans of the same statement.
var variants = [][]string{
	{"enable_hashjoin = off"}, {"enable_nestloop = off"}, {"enable_hashjoin = off", "enable_mergejoin = off"}, {"enable_mergejoin = off", "enable_nestloop = off"},
	{"enable_seqscan = off"}, {"enable_indexscan = off", "enable_bitmapscan = off", "enable_indexonlyscan = off"},
	{"enable_hashagg = off"}, {"enable_sort = off"}, {"enable_material = off", "enable_memoize = off"}, {"enable_incremental_sort = off"},
	{"from_collapse_limit = 1", "join_collapse_limit = 1"}, {"join_collapse_limit = 1", "enable_hashjoin = off", "enable_mergejoin = off"},
	{"enable_hashagg = off", "enable_hashjoin = off", "enable_seqscan = off"}, {"enable_sort = off", "enable_mergejoin = off", "enable_nestloop = off", "from_collapse_limit = 1"},
}

// otherPlan tells whether an engine gives an answer with another plan.
func otherPlan(e *engine, sql string, m mode, answer result, ordered bool) bool {
	for _, v := range variants {
		e.run("BEGIN", mode{})
		for _, s := range v {
			e.run("SET LOCAL "+s, mode{})
		}
		got := e.run(sql, m)
		e.run("ROLLBACK", mode{})
		if answer.code != "" && got.code == answer.code {
			return true
		}
		if class, _ := difference(answer, got, ordered); class == "" && answer.code == "" {
			return true
		}
	}
	return false
}

// provenOrder tells whether want of engine a and got of engine b differ for the
// rows that expressions are evaluated for, and nothing else.
func (r *runner) provenOrder(a, b *engine, sql string, m mode, want, got result, ordered bool) bool {
	if want.code != "" && a == r.pg && m.params == nil {
		if plan := a.run("EXPLAIN "+sql, mode{}); plan.code == want.code {
			return true
		}
	}
	return otherPlan(a, sql, m, got, ordered) || otherPlan(b, sql, m, want, ordered)
}

// provenMistakes makes the statement smaller until both refusals were seen to
// be shared: one form refused by both as a refused the whole, another as b did.
func (r *runner) provenMistakes(q query, a, b *engine, want, got result) bool {
	seenWant, seenGot := false, false
	copied := *q.node
	minimise(clone(&copied), r.o.Budget, func(sql string) bool {
		if seenWant && seenGot {
			return false
		}
		x := a.run("EXPLAIN "+sql, mode{})
		if x.code == "" {
			return false
		}
		y := b.run("EXPLAIN "+sql, mode{})
		if x.code == y.code && x.msg == y.msg {
			seenWant = seenWant || x.code == want.code && x.msg == want.msg
			seenGot = seenGot || x.code == got.code && x.msg == got.msg
			return false
		}
		return x.code == want.code && y.code == got.code && x.msg == want.msg && y.msg == got.msg
	})
	return seenWant && seenGot
}

// clone copies a statement, so that it can be made smaller and yet be kept.
func clone(n *node) *node {
	c := *n
	c.parts = make([]any, len(n.parts))
	for i, p := range n.parts {
		if d, ok := p.(*node); ok {
			p = clone(d)
		}
		c.parts[i] = p
	}
	return &c
}
