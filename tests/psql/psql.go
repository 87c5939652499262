// Package psql reads scripts as psql does: it finds the ends of statements.
package psql

import (
	"regexp"
	"strings"
)

// A Chunk is whole lines of a script: what precedes a statement
// (comments, psql commands) and the statement or statements up to a line's end.
type Chunk struct {
	Lines []string // as psql echoes them
	SQL   string
}

var copyFromStdin = regexp.MustCompile(`(?is)^\s*copy\s.*\sfrom\s+stdin\b`)

// Split cuts a script into chunks as psql's scanner sees it.
func Split(src string) []Chunk {
	var (
		out     []Chunk
		cur     Chunk
		sc      Scanner
		lines   = strings.Split(strings.TrimSuffix(src, "\n"), "\n")
		pending strings.Builder // of the statement being read
		seen    bool            // a statement or psql command has begun in cur
	)
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" && !sc.Quoted() { // psql passes over these
			continue
		}
		cur.Lines = append(cur.Lines, line)
		sc.Line(line)
		pending.WriteString(line + "\n")
		if sc.Command || sc.Sent {
			seen = true
		}
		if !sc.Clean() || !seen {
			if sc.Clean() { // a comment or a blank line: part of what follows
				pending.Reset()
			}
			continue
		}
		cur.SQL = strings.TrimSpace(pending.String())
		out = append(out, cur)
		data := copyFromStdin.MatchString(cur.SQL)
		cur, seen = Chunk{}, false
		pending.Reset()
		if data { // the rows of COPY are not echoed
			for i+1 < len(lines) && lines[i+1] != `\.` {
				i++
			}
			i++
		}
	}
	if len(cur.Lines) > 0 {
		out = append(out, cur)
	}
	return out
}

// A Scanner follows quotes, comments, parentheses and bodies of BEGIN ATOMIC through the lines.
type Scanner struct {
	Sent    bool // the line ended a statement
	Command bool // the line holds a psql command

	quote   byte   // ' " or 0
	escape  bool   // of an E'' string
	dollar  string // the tag of a $tag$ string
	comment int    // depth of /* */
	parens  int
	atomic  int    // depth of BEGIN ATOMIC and of CASE in it
	word    string // the word before
	text    bool   // something of a statement has been read and not yet sent
}

// Quoted tells whether the next line goes on within quotes or a comment.
func (s *Scanner) Quoted() bool { return s.quote != 0 || s.dollar != "" || s.comment > 0 }

// Nested tells whether the next line goes on within anything that keeps a semicolon from ending the statement.
func (s *Scanner) Nested() bool { return s.Quoted() || s.parens > 0 || s.atomic > 0 }

// Clean tells whether the next line begins a statement.
func (s *Scanner) Clean() bool { return !s.Quoted() && !s.text }

// Line reads a line.
func (s *Scanner) Line(l string) {
	s.Sent, s.Command = false, false
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
			s.Command = true
			if sendsBuffer.MatchString(rest) {
				s.text, s.Sent = false, true
			}
			return
		case c == '(':
			s.parens++
			s.text = true
		case c == ')':
			s.parens = max(0, s.parens-1)
			s.text = true
		case c == ';' && s.parens == 0 && s.atomic == 0:
			s.text, s.Sent = false, true
		case wordByte(c):
			s.text = true
			n := 1
			for n < len(rest) && wordByte(rest[n]) {
				n++
			}
			s.follow(strings.ToLower(rest[:n]))
			i += n - 1
		case c != ' ' && c != '\t':
			s.text = true
		}
	}
}

// follow keeps count of what END ends.
func (s *Scanner) follow(word string) {
	switch {
	case s.word == "begin" && word == "atomic", s.atomic > 0 && word == "case":
		s.atomic++
	case s.atomic > 0 && word == "end":
		s.atomic--
	}
	s.word = word
}

var (
	dollarTag   = regexp.MustCompile(`^\$([A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*)?\$`)
	sendsBuffer = regexp.MustCompile(`^\\(g|gx|gset|gexec|gdesc|crosstabview|r|reset|watch)\b`)
)

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
