// Package compare runs SQL scripts on rowkey and on a real PostgreSQL 15 and
// compares everything a client sees: command tags, column names and types, rows,
// errors and notices with all their fields, the transaction state.
//
//	testdata/*.sql   scripts; each runs on a database of its own, twice: by the
//	                 simple and by the extended query protocol
//	script.go        scripts: statements, COPY data, remarks
//	client.go        one connection, spoken to message by message
//	compare_test.go  runs the scripts
//
// Remarks stand on lines of their own before the statement they are about:
//
//	-- differs: reason      the answers differ, and why; it fails once they do not
//	-- differs simple: …    … only by the simple protocol, or by the extended
//	-- ignore rows: reason  the rows are not compared (plans, timings, OIDs)
//	-- unordered            the rows may come in any order
//	-- simple only          not run by the extended protocol
//	-- skip: reason         not run at all
//
// Data of COPY … FROM STDIN follows its statement and ends with a line \. ;
// a line \fail ends it with CopyFail.
package compare

import (
	"fmt"
	"os"
	"strings"
)

// A Statement is one statement of a script and what is remarked about it.
type Statement struct {
	Line       int
	SQL        string
	Differs    string // reason
	DiffersIn  string // "simple" or "extended": only there; "" both
	IgnoreRows bool
	Unordered  bool
	SimpleOnly bool
	Data       string // of COPY FROM STDIN
	HasData    bool
	Fail       bool // COPY ends with CopyFail
}

// ReadScript splits a file into statements.
func ReadScript(path string) ([]Statement, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := string(raw)
	var out []Statement
	var next Statement
	skip := false
	line := 1
	advance := func(n int) {
		line += strings.Count(text[:n], "\n")
		text = text[n:]
	}
	for {
		advance(len(text) - len(strings.TrimLeft(text, " \t\r\n")))
		if text == "" {
			return out, nil
		}
		if strings.HasPrefix(text, "--") {
			end := strings.IndexByte(text, '\n')
			if end < 0 {
				end = len(text)
			}
			remark := strings.TrimSpace(text[2:end])
			reason, isDiffers := strings.CutPrefix(remark, "differs:")
			switch {
			case strings.HasPrefix(remark, "differs simple:"), strings.HasPrefix(remark, "differs extended:"):
				var in string
				in, next.Differs, _ = strings.Cut(remark, ":")
				next.DiffersIn = strings.TrimPrefix(in, "differs ")
			case isDiffers:
				if next.Differs = strings.TrimSpace(reason); next.Differs == "" {
					return nil, fmt.Errorf("%s:%d: differs without a reason", path, line)
				}
			case strings.HasPrefix(remark, "ignore rows"):
				next.IgnoreRows = true
			case remark == "unordered":
				next.Unordered = true
			case remark == "simple only":
				next.SimpleOnly = true
			case strings.HasPrefix(remark, "skip:"):
				skip = true
			}
			advance(end)
			continue
		}
		n, err := statementEnd(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		st := next
		next = Statement{}
		st.Line, st.SQL = line, strings.TrimSuffix(strings.TrimSpace(text[:n]), ";")
		advance(n)
		if isCopyIn(st.SQL) {
			if i := strings.IndexByte(text, '\n'); i >= 0 && strings.TrimSpace(text[:i]) == "" {
				end := strings.Index(text, "\n\\.")
				fail := strings.Index(text, "\n\\fail")
				if fail >= 0 && (end < 0 || fail < end) {
					end, st.Fail = fail, true
				}
				if end < 0 {
					return nil, fmt.Errorf("%s:%d: COPY data without an end", path, line)
				}
				if end > i {
					st.Data = text[i+1 : end+1]
				}
				st.HasData = true
				advance(end + 1)
				if j := strings.IndexByte(text, '\n'); j >= 0 {
					advance(j)
				} else {
					text = ""
				}
			}
		}
		if !skip {
			out = append(out, st)
		}
		skip = false
	}
}

func isCopyIn(sql string) bool {
	up := strings.ToUpper(sql)
	return strings.HasPrefix(up, "COPY") && strings.Contains(up, "FROM STDIN")
}

// statementEnd finds the end of the first statement, behind its semicolon.
// Semicolons doubled (;;) hold statements of one message together.
func statementEnd(s string) (int, error) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ';':
			if i+1 < len(s) && s[i+1] == ';' {
				i += 2
				continue
			}
			return i + 1, nil
		case c == '\'':
			escape := i > 0 && (s[i-1] == 'E' || s[i-1] == 'e')
			i++
			for i < len(s) && (s[i] != '\'' || escape && s[i-1] == '\\' && s[i-2] != '\\') {
				i++
			}
			i++
		case c == '"':
			i++
			for i < len(s) && s[i] != '"' {
				i++
			}
			i++
		case c == '$':
			j := i + 1
			for j < len(s) && (s[j] == '_' || s[j] >= 'a' && s[j] <= 'z' || s[j] >= 'A' && s[j] <= 'Z') {
				j++
			}
			if j < len(s) && s[j] == '$' && (i == 0 || !isWord(s[i-1])) {
				tag := s[i : j+1]
				end := strings.Index(s[j+1:], tag)
				if end < 0 {
					return 0, fmt.Errorf("unterminated %s", tag)
				}
				i = j + 1 + end + len(tag)
				continue
			}
			i++
		case c == '-' && strings.HasPrefix(s[i:], "--"):
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '/' && strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i:], "*/")
			if end < 0 {
				return 0, fmt.Errorf("unterminated comment")
			}
			i += end + 2
		default:
			i++
		}
	}
	return 0, fmt.Errorf("a statement without a semicolon: %.40q", s)
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
