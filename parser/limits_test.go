package parser

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// Long and deep statements end quickly: parsed, or refused with 54001.
func TestLimits(t *testing.T) {
	const n = 100_000
	rep := func(s string, n int) string { return strings.Repeat(s, n) }
	for _, c := range []struct {
		name, sql string
		want      string // SQLSTATE, "" for success
	}{
		{"parentheses", "SELECT " + rep("(", n) + "1" + rep(")", n), "54001"},
		{"parentheses, unbalanced", "SELECT " + rep("(", n), "54001"},
		{"parentheses within the limit", "SELECT " + rep("(", 2000) + "1" + rep(")", 2000), ""},
		{"OR", "SELECT 1 WHERE a = 1" + rep(" OR a = 1", n), ""},
		{"AND", "SELECT 1 WHERE a = 1" + rep(" AND a = 1", n), ""},
		{"plus", "SELECT 1" + rep("+ 1", n), "54001"},
		{"plus within the limit", "SELECT 1" + rep("+ 1", 4000), ""},
		{"concatenation", "SELECT 'a'" + rep("|| 'a'", n), "54001"},
		{"concatenation within the limit", "SELECT 'a'" + rep("|| 'a'", 4000), ""},
		{"minus", "SELECT " + rep("- ", n) + "a", "54001"},
		{"NOT", "SELECT " + rep("NOT ", n) + "a", "54001"},
		{"NOT of many operands", "SELECT NOT a" + rep(" AND NOT - a = NOT b", n), ""},
		{"NOT as operand", "SELECT " + rep("a = NOT ", n) + "a", "54001"},
		{"casts", "SELECT a" + rep("::int", n), "54001"},
		{"at time zone", "SELECT a" + rep(" at time zone b", n), "54001"},
		{"prefix operators", "SELECT " + rep("@ ", n) + "a", "54001"},
		{"IN list", "SELECT a IN (1" + rep(", 1", n) + ")", ""},
		{"IN list of expressions", "SELECT a IN (1" + rep(", 1+1", n) + ")", ""},
		{"IS NULL", "SELECT a" + rep(" IS NULL", n), "54001"},
		{"IN after IN", "SELECT a" + rep(" IN (1)", n), "54001"},
		{"targets", "SELECT a" + rep(", a+1", n), ""},
		{"FROM list", "SELECT 1 FROM t" + rep(", t", n), ""},
		{"joins", "SELECT 1 FROM t" + rep(" JOIN t ON a=b", n), "54001"},
		{"joins within the limit", "SELECT 1 FROM t" + rep(" JOIN t ON a=b", 1000), ""},
		{"nested joins", "SELECT 1 FROM t" + rep(" JOIN t", n) + rep(" ON a=b", n), "54001"},
		{"unions", "SELECT 1" + rep(" UNION ALL SELECT 1", n), "54001"},
		{"unions within the limit", "SELECT 1" + rep(" UNION ALL SELECT 1", 2000), ""},
		{"subqueries", rep("SELECT (", n) + "1" + rep(")", n), "54001"},
		{"subqueries within the limit", rep("SELECT (", 500) + "SELECT 1" + rep(")", 500), ""},
		{"calls", "SELECT " + rep("f(", n) + "1" + rep(")", n), "54001"},
		{"case", "SELECT " + rep("case when a then ", n) + "1" + rep(" end", n), "54001"},
		{"arrays", "SELECT ARRAY" + rep("[", n) + rep("]", n), "54001"},
		{"subscripts", "SELECT a" + rep("[1]", n), ""},
		{"FROM parentheses", "SELECT 1 FROM " + rep("(", n) + "a join b on c" + rep(")", n), "54001"},
		{"query parentheses", rep("(", n) + "SELECT 1" + rep(")", n), "54001"},
		{"statements", rep("SELECT 1;", n/10), ""},
		{"comments", "SELECT 1 " + rep("/*", n) + rep("*/", n), ""},
		{"semicolons", rep(";", n), ""},
		{"string", "SELECT '" + rep("''", n) + "'", ""},
		{"operators", "SELECT 1 " + rep("~", 63) + " 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := cpuTime(t)
			_, err := Parse(c.sql)
			took := cpuTime(t) - start
			got := ""
			if err != nil {
				got = err.(*Error).Code
			}
			if got != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if took > 5*time.Second*slowness {
				t.Errorf("took %v", took)
			}
			if took > 200*time.Millisecond {
				t.Logf("took %v", took)
			}
		})
	}
}

// cpuTime is what the process has used: what others do at the time is none of the parser's.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
