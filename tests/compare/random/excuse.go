package random

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
)

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
//	parameters          PostgreSQL makes a plan for the values of the parameters, and fails
//	                     while it computes constants of them; rowkey's plan serves all values,
//	                     and computes them where a row asks for them. Proven when rowkey answers
//	                     like PostgreSQL with the values written out.
//	last digits          what cube roots, sines and kin give differs in the last digit, which
//	                     PostgreSQL has from the C library it runs with, and it was made text or
//	                     numeric, so that it shows. Proven when nothing differs to 13 digits.
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
	// foldedParameters is a plan of PostgreSQL's that has the parameters' values in it.
	foldedParameters = "parameters"
	// lastDigits are those of the C library.
	lastDigits = "last digits"
	unproven   = ", not proven"
)

// excuses are the classes that do not fail a run.
var excuses = map[string]bool{refusedThere: true, orderOfEvaluation: true, severalMistakes: true, foldedParameters: true, lastDigits: true, slow: true, undone: true,
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

// provenParameters tells whether rowkey answers as PostgreSQL does once the parameters'
// values are written into the statement.
func (r *runner) provenParameters(q query, m mode, b *engine, off []string, want result) bool {
	if r.pg == nil || m.params == nil {
		return false
	}
	var got result
	if plain := q.SQL(); off != nil {
		got = r.toggled(off, plain, mode{extended: m.extended, binary: m.binary})
	} else {
		got = b.run(plain, mode{extended: m.extended, binary: m.binary})
	}
	class, _ := difference(want, got, q.ordered())
	return class == ""
}

// libm are the functions whose last digit is a library's.
var libm = regexp.MustCompile(`\b(cbrt|exp|ln|log|log10|power|pow|sind?|cosd?|tand?|cotd?|asind?|acosd?|atan2?d?|sinh|cosh|tanh|asinh|acosh|atanh|degrees|radians|stddev\w*|var\w*|corr|regr_\w*|covar\w*)\(|\^`)

var digits = regexp.MustCompile(`-?\d+\.\d+(e[-+]?\d+)?`)

// sameDigits tells whether rows are the same to 13 digits of every fraction in them.
func sameDigits(sql string, want, got result) bool {
	if !libm.MatchString(sql) || want.bin || len(want.rows) != len(got.rows) {
		return false
	}
	rounded := func(r result) []string {
		lines := r.lines()
		for i := range lines {
			lines[i] = digits.ReplaceAllStringFunc(lines[i], func(s string) string {
				f, _ := strconv.ParseFloat(s, 64)
				return strconv.FormatFloat(f, 'g', 13, 64)
			})
		}
		sort.Strings(lines)
		return lines
	}
	return slices.Equal(rounded(want), rounded(got))
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
