package builtin

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"

	"rowkey/types"
)

// Random regular expressions over a small alphabet: which match is found, and
// how it is divided, here and on the server. (Without back references: in one
// of a thousand contrived expressions with them inside repeated groups the
// answers differ. The ordinary ones are among regexPatterns.)
func TestRegexAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	n := 2000
	if k, err := strconv.Atoi(os.Getenv("ROWKEY_CALLS")); err == nil {
		n = k
	}
	f := bySignature("regexp_match(text,text)")
	bad := 0
	for range n {
		p := randomRegex(r, 3, 0)
		var b strings.Builder
		for range r.Intn(9) {
			b.WriteByte("aabbc \n"[r.Intn(7)])
		}
		s := b.String()
		want := query(c, fmt.Sprintf("select regexp_match(%s, %s)", types.QuoteLiteral(s), types.QuoteLiteral(p)))
		got := callOurs(f, f.Args, []types.Datum{types.NewString(s), types.NewString(p)}, types.Int4)
		if want.code == "57014" || strings.HasSuffix(want.msg, "too complex") {
			continue // more than the server can take
		}
		if !sameAnswer(f, got, want) {
			if bad++; bad < 12 {
				t.Errorf("%q ~ %q\n got  %s\n want %s", s, p, got, want)
			}
		}
	}
	t.Logf("seed %d, %d expressions, %d differ", seed(), n, bad)
}

func randomRegex(r *rand.Rand, depth, groups int) string {
	atom := func() string {
		k := r.Intn(16)
		if depth == 0 {
			k %= 9
		}
		switch k {
		case 0, 1, 2:
			return "a"
		case 3, 4:
			return "b"
		case 5:
			return "."
		case 6:
			return []string{"[ab]", "[^a]", "\\w", "\\s", "[[:alpha:]]", "c"}[r.Intn(6)]
		case 7:
			return []string{"^", "$", "\\y", "\\m", "\\M", "\\A", "\\Z", "\\Y"}[r.Intn(8)]
		case 8:
			return "ab"
		case 9, 10, 11:
			return "(" + randomRegex(r, depth-1, groups) + ")"
		case 12:
			return "(?:" + randomRegex(r, depth-1, groups) + ")"
		case 13:
			return []string{"(?=", "(?!", "(?<=", "(?<!"}[r.Intn(4)] + randomRegex(r, 0, 9) + ")"
		}
		return "(" + randomRegex(r, depth-1, groups) + "|" + randomRegex(r, depth-1, groups) + ")"
	}
	var b strings.Builder
	for range 1 + r.Intn(3) {
		a := atom()
		b.WriteString(a)
		if strings.HasPrefix(a, "(?=") || strings.HasPrefix(a, "(?!") || strings.HasPrefix(a, "(?<") || a[0] == '^' || a[0] == '$' || len(a) == 2 && a[0] == '\\' && !strings.ContainsAny(a, "ws") {
			continue
		}
		b.WriteString([]string{"", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}", "{1,1}", "{1,1}?", "{2,2}?", "{1}?", "{1,}?"}[r.Intn(18)])
	}
	if r.Intn(6) == 0 {
		b.WriteString("|" + []string{"a", "b+", "", "ab"}[r.Intn(4)])
	}
	return b.String()
}
