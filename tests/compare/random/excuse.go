package random

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
)

// Some differences are no mistakes of either server, but only if they
// are what they seem. An excuse that is not proven is a difference of its own
// class, and fails the run.
//
//	order of evaluation  one server fails for a value in a row that the other never
//	                     looks at, or looks at later. Proven (proof.go) when a server gives
//	                     the other's answer with another plan, or when smaller forms of the
//	                     statement or of its tables fail on both with the one error, and with the other.
//	                     Or, where one alone fails, when parts of it fail on both, and both agree without these.
//	while planning       PostgreSQL fails already while it plans: it computes constants there
//	                     that rowkey computes when a row asks for them, or never. Proven by EXPLAIN.
//	several mistakes     both refuse, for different mistakes. Proven when smaller forms
//	                     of the statement are refused by both for the one, and for the other.
//	parameters          PostgreSQL makes a plan for the values of the parameters, and fails
//	                     while it computes constants of them; rowkey's plan serves all values,
//	                     and computes them where a row asks for them. Proven when rowkey answers
//	                     like PostgreSQL with the values written out.
//	last digits          what cube roots, sines and kin give differs in the last digit, which
//	                     PostgreSQL has from the C library it runs with, and it was made text or
//	                     numeric, so that it shows. Proven when nothing differs to 13 digits.
//	equal values         values that are equal and look different, as one day and 24 hours do:
//	                     which of them LIMIT lets through, or stands for a group, is a plan's
//	                     affair. Proven when nothing else differs, and a server gives the other's
//	                     answer with another plan.
//	refused by PostgreSQL  FULL JOIN on conditions that can be neither merged nor
//	                     hashed, UNION of recursive queries over types without a hash.
//	not supported        rowkey says so, which docs/limits.md does too.
//	slow                 rowkey runs into the timeout. Proven when PostgreSQL takes more than
//	                     a twentieth of it.
const (
	orderOfEvaluation = "order of evaluation"
	whilePlanning     = "while planning"
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
	// equalValues look different.
	equalValues = "equal values"
	unproven    = ", not proven"
)

// excuses are the classes that do not fail a run.
var excuses = map[string]bool{refusedThere: true, orderOfEvaluation: true, whilePlanning: true, severalMistakes: true, foldedParameters: true, lastDigits: true, equalValues: true, slow: true, undone: true}

// unprovenClass is the class of what was not seen to be what it seems.
func unprovenClass(class string) string {
	if excuses[class] {
		return class + unproven
	}
	return class
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
	if !libm.MatchString(sql) || want.code != "" || got.code != "" || want.bin || len(want.rows) != len(got.rows) {
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

// sameValues tells whether rows are the same once values that are equal are taken for one.
func sameValues(want, got result) bool {
	if want.code != "" || got.code != "" {
		return false
	}
	a, ok := want.sortKeys()
	b, also := got.sortKeys()
	sort.Strings(a)
	sort.Strings(b)
	return ok && also && slices.Equal(a, b)
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
