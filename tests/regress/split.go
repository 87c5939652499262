package main

import (
	"regexp"
	"strings"
)

// A chunk is whole lines of a script: what precedes a statement
// (comments, psql commands) and the statement or statements up to a line's end.
type chunk struct {
	lines []string // as psql echoes them
	sql   string
}

var copyFromStdin = regexp.MustCompile(`(?is)^\s*copy\s.*\sfrom\s+stdin\b`)

// split cuts a script into chunks as psql's scanner sees it.
func split(src string) []chunk {
	var (
		out     []chunk
		cur     chunk
		sc      scanner
		lines   = strings.Split(strings.TrimSuffix(src, "\n"), "\n")
		pending strings.Builder // of the statement being read
		seen    bool            // a statement or psql command has begun in cur
	)
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" && !sc.quoted() { // psql passes over these
			continue
		}
		cur.lines = append(cur.lines, line)
		sc.line(line)
		pending.WriteString(line + "\n")
		if sc.command || sc.sent {
			seen = true
		}
		if !sc.clean() || !seen {
			if sc.clean() { // a comment or a blank line: part of what follows
				pending.Reset()
			}
			continue
		}
		cur.sql = strings.TrimSpace(pending.String())
		out = append(out, cur)
		data := copyFromStdin.MatchString(cur.sql)
		cur, seen = chunk{}, false
		pending.Reset()
		if data { // the rows of COPY are not echoed
			for i+1 < len(lines) && lines[i+1] != `\.` {
				i++
			}
			i++
		}
	}
	if len(cur.lines) > 0 {
		out = append(out, cur)
	}
	return out
}

// scanner follows quotes, comments and parentheses through the lines.
type scanner struct {
	quote   byte   // ' " or 0
	escape  bool   // of an E'' string
	dollar  string // the tag of a $tag$ string
	comment int    // depth of /* */
	parens  int
	text    bool // something of a statement has been read and not yet sent
	sent    bool // the line ended a statement
	command bool // the line holds a psql command
}

func (s *scanner) quoted() bool { return s.quote != 0 || s.dollar != "" || s.comment > 0 }

func (s *scanner) clean() bool { return !s.quoted() && !s.text }

func (s *scanner) line(l string) {
	s.sent, s.command = false, false
	for i := 0; i < len(l); i++ {
		c := l[i]
		rest := l[i:]
		switch {
		case s.dollar != "":
			if strings.HasPrefix(rest, s.dollar) {
				i += len(s.dollar) - 1
				s.dollar = ""
			}
		case s.comment > 0:
			if strings.HasPrefix(rest, "*/") {
				s.comment--
				i++
			} else if strings.HasPrefix(rest, "/*") {
				s.comment++
				i++
			}
		case s.quote != 0:
			if c == '\\' && s.escape {
				i++
			} else if c == s.quote {
				if i+1 < len(l) && l[i+1] == s.quote {
					i++
				} else {
					s.quote = 0
				}
			}
		case strings.HasPrefix(rest, "--"):
			return
		case strings.HasPrefix(rest, "/*"):
			s.comment = 1
			i++
		case c == '\'' || c == '"':
			s.text = true
			s.quote = c
			s.escape = c == '\'' && i > 0 && (l[i-1] == 'E' || l[i-1] == 'e') && (i == 1 || !wordByte(l[i-2]))
		case c == '$' && (i == 0 || !wordByte(l[i-1])) && dollarTag.MatchString(rest):
			s.text = true
			s.dollar = dollarTag.FindString(rest)
			i += len(s.dollar) - 1
		case c == '\\':
			if strings.HasPrefix(rest, `\;`) {
				i++
				continue
			}
			s.command = true
			if sendsBuffer.MatchString(rest) {
				s.text, s.sent = false, true
			}
			return
		case c == '(':
			s.parens++
			s.text = true
		case c == ')':
			s.parens = max(0, s.parens-1)
			s.text = true
		case c == ';' && s.parens == 0:
			s.text, s.sent = false, true
		case c != ' ' && c != '\t':
			s.text = true
		}
	}
}

var (
	dollarTag   = regexp.MustCompile(`^\$([A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*)?\$`)
	sendsBuffer = regexp.MustCompile(`^\\(g|gx|gset|gexec|gdesc|crosstabview|r|reset|watch)\b`)
)

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// cut gives the output of each chunk: what stands between its echo and the
// next one's. A chunk whose echo is missing has the output "\x00".
func cut(out string, chunks []chunk) []string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	res := make([]string, len(chunks))
	last, from := -1, 0 // the chunk before, the line after its echo
	for k, c := range chunks {
		at := find(lines, from, c.lines)
		if at < 0 {
			res[k] = "\x00"
			continue
		}
		if last >= 0 {
			res[last] = strings.Join(lines[from:at], "\n")
		}
		last, from = k, at+len(c.lines)
	}
	if last >= 0 {
		res[last] = strings.Join(lines[from:], "\n")
	}
	return res
}

func find(lines []string, from int, want []string) int {
next:
	for i := from; i+len(want) <= len(lines); i++ {
		for j, w := range want {
			if lines[i+j] != w {
				continue next
			}
		}
		return i
	}
	return -1
}
