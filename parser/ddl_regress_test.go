package parser

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The claim: this parser and PostgreSQL's agree on the statements of
// PostgreSQL's own regression suite. The suite is not part of this repository:
// ROWKEY_REGRESS names its directory of .sql files.

var dollarTag = regexp.MustCompile(`^\$([A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*)?\$`)

// psqlStatements splits a psql script much as psql does: at semicolons outside
// quotes, parentheses and BEGIN ATOMIC bodies. Backslash commands go, and so
// does the data behind COPY … FROM stdin.
func psqlStatements(script string) []string {
	var list []string
	var b strings.Builder
	depth, atomic := 0, 0
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			list = append(list, s)
		}
		b.Reset()
		depth, atomic = 0, 0
	}
	copyIn := regexp.MustCompile(`(?is)^copy\b.*\bfrom\s+stdin\b`)
	word := ""
	for i := 0; i < len(script); {
		c := script[i]
		if isWordByte(c) {
			j := i
			for j < len(script) && isWordByte(script[j]) {
				j++
			}
			prev := word
			word = strings.ToLower(script[i:j])
			head := strings.ToLower(strings.TrimSpace(b.String()))
			if strings.HasPrefix(head, "create") && strings.Contains(head, "function") || strings.Contains(head, "procedure") {
				switch {
				case word == "atomic" && prev == "begin", word == "case" && atomic > 0:
					atomic++
				case word == "end" && atomic > 0:
					atomic--
				}
			}
			b.WriteString(script[i:j])
			i = j
			continue
		}
		n := 1
		switch {
		case c == '\'':
			n = quotedLen(script[i:], '\'', i > 0 && (script[i-1] == 'E' || script[i-1] == 'e'))
		case c == '"':
			n = quotedLen(script[i:], '"', false)
		case c == '$':
			if tag := dollarTag.FindString(script[i:]); tag != "" {
				if j := strings.Index(script[i+len(tag):], tag); j >= 0 {
					n = j + 2*len(tag)
				}
			}
		case strings.HasPrefix(script[i:], "--"):
			for i+n < len(script) && script[i+n] != '\n' {
				n++
			}
			b.WriteByte(' ')
			i += n
			continue
		case strings.HasPrefix(script[i:], "/*"):
			level := 0
			for n = 0; i+n < len(script); {
				if strings.HasPrefix(script[i+n:], "/*") {
					level, n = level+1, n+2
				} else if strings.HasPrefix(script[i+n:], "*/") {
					if level, n = level-1, n+2; level == 0 {
						break
					}
				} else {
					n++
				}
			}
		case c == '\\':
			for i+n < len(script) && script[i+n] != '\n' {
				n++
			}
			if strings.HasPrefix(script[i:], `\;`) {
				n = 2
			}
			i += n
			flush()
			continue
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ';' && depth <= 0 && atomic == 0:
			head := b.String()
			flush()
			i++
			if copyIn.MatchString(strings.TrimSpace(head)) {
				if j := strings.Index(script[i:], "\n\\."); j >= 0 {
					i += j + 3
				}
			}
			continue
		}
		b.WriteString(script[i : i+n])
		i += n
	}
	flush()
	return list
}

func isWordByte(c byte) bool { return charClass[c]&charIdent != 0 && c != '$' }

func quotedLen(s string, quote byte, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

func TestRegressionSuiteAgainstPostgres(t *testing.T) {
	dir := os.Getenv("ROWKEY_REGRESS")
	if dir == "" {
		t.Skip("ROWKEY_REGRESS is not set: no regression suite to read")
	}
	o := newOracle(t)
	files, _ := filepath.Glob(filepath.Join(dir, "*.sql"))
	seen := map[string]bool{}
	var total, taken, accept, position, refused int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range psqlStatements(string(text)) {
			if seen[sql] || strings.Contains(sql, "\x00") {
				continue
			}
			seen[sql] = true
			total++
			pg := o.refusal(t, sql)
			v, ours := compare(sql, pg)
			if pg == nil {
				taken++
				if v.accept {
					accept++
				}
			} else {
				refused++
				if v.position {
					position++
				}
			}
			if !v.same() {
				t.Logf("%s: %s\n\tPostgreSQL %s\n\tours       %s", filepath.Base(file), sql, describe(pg), describeOurs(ours))
			}
		}
	}
	t.Logf("%d statements; of %d that PostgreSQL takes, %.2f%% are taken; of %d it refuses, %.2f%% are refused at the same position",
		total, taken, 100*float64(accept)/float64(max(taken, 1)), refused, 100*float64(position)/float64(max(refused, 1)))
}
