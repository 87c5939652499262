package are

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Which match is found and how it is divided: answers of PostgreSQL 15's
// regexp_match and substring.
func TestFind(t *testing.T) {
	for _, c := range []struct{ pattern, s, want string }{
		{"(a|ab)(c|bcd)(d*)", "abcd", "abcd ab|c|d"},
		{"(ab|a)(bc|c)?", "abc", "abc ab|c"},
		{"a|b|", "xa", " "},
		{"(a+?)(b*)", "aabb", "a a|"},
		{"(a*?)(b+)", "aab", "aab aa|b"},
		{"(.*?)(.*)", "abc", " |"},
		{"(.+)b(.*)", "abab", "abab aba|"},
		{"(.)\\1", "abba", "bb b"},
		{"(a)\\1+", "aaaa", "aaaa a"},
		{"((a)|(b))*", "abab", "abab b|-|b"},
		{"(a*)+", "aa", "aa "},
		{"(a*)*", "b", " "},
		{"(a)*", "b", " -"},
		{"\\mfoo\\M", "a foo b", "foo "},
		{"(?<=a)b", "bab", "b "},
		{"(?!a).", "ab", "b "},
		{"^b", "a\nb", "none"},
		{"(?n)^b", "a\nb", "b "},
		{"(?i)ĄB", "ąb", "ąb "},
		{"***=a.b", "a.b", "a.b "},
		{"(?x) a b # c", "ab", "ab "},
		{"x{2,3}?", "xxxx", "xx "},
		{"[[:digit:]]+", "ab123", "123 "},
		{"\\u0061", "a", "a "},
	} {
		re, err := Compile(c.pattern, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		m, err := re.Find(c.s, 0)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		got := "none"
		if m != nil {
			var subs []string
			for k := 1; k <= re.NumSub(); k++ {
				if m[2*k] < 0 {
					subs = append(subs, "-")
				} else {
					subs = append(subs, c.s[m[2*k]:m[2*k+1]])
				}
			}
			got = c.s[m[0]:m[1]] + " " + strings.Join(subs, "|")
		}
		if got != c.want {
			t.Errorf("%s on %q: %q, want %q", c.pattern, c.s, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"(": "parentheses () not balanced", ")": "parentheses () not balanced", "[": "brackets [] not balanced",
		"a**": "quantifier operand invalid", "*a": "quantifier operand invalid", "a{3,1}": "invalid repetition count(s)",
		"a{300}": "invalid repetition count(s)", "\\": "invalid escape \\ sequence", "[[:foo:]]": "invalid character class",
		"[b-a]": "invalid character range", "(a)\\2": "invalid backreference number", "(?z)a": "invalid embedded option",
		"a{1": "braces {} not balanced", "\\q": "invalid escape \\ sequence", "^*": "quantifier operand invalid",
	} {
		_, err := Compile(pattern, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}

// The automaton and the tree agree where both can answer.
func TestFastAgrees(t *testing.T) {
	patterns := []string{"a|b+c", "(ab)*c?", "[a-c]{2,3}", "^a.c$", "(a|ab)(c|bcd)", "[^ab]+", "x*", "(?n)^b.*$", "(?i)aBc"}
	texts := []string{"", "abc", "aabbcc", "xyz", "abcd", "a\nbc", "ABC", "ababc", "cab"}
	for _, p := range patterns {
		re, err := Compile(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		slow := *re
		slow.fast = nil
		for _, s := range texts {
			for from := 0; from <= len(s); from++ {
				a, _ := re.Find(s, from)
				b, _ := slow.Find(s, from)
				if fmt.Sprint(a) != fmt.Sprint(b) {
					t.Errorf("%s on %q from %d: %v by automaton, %v by tree", p, s, from, a, b)
				}
			}
		}
	}
}

// Patterns that make backtracking matchers run for ever end in time: with an
// answer or with an error.
func TestBounded(t *testing.T) {
	s := strings.Repeat("a", 2000)
	for _, p := range []string{"(a+a+)+b", "(a|aa)*\\1b", "(a*)*b", "(x+x+)+y", "((a?){20}){20}b", "(?=(a*)*b)c", "(a*?)*?b\\M"} {
		re, err := Compile(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = re.Find(s, 0)
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v (%v)", p, d, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, p := range []string{"(a|b)*?c{1,3}", "[[:alpha:]-z\\w]", "(?=a)(?<!b)\\1", "***:(?x)a", "\\m\\M\\y{2}"} {
		f.Add(p, "abc abc")
	}
	f.Fuzz(func(t *testing.T, p, s string) {
		if len(p) > 60 || len(s) > 60 {
			return
		}
		re, err := Compile(p, Options{})
		if err != nil {
			return
		}
		if m, err := re.Find(s, 0); err == nil && m != nil && (m[0] < 0 || m[1] < m[0] || m[1] > len(s)) {
			t.Fatalf("%q on %q: %v", p, s, m)
		}
	})
}
