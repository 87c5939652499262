package session

import (
	"errors"
	"fmt"
	"strings"

	"rowkey/parser"
	"rowkey/pgerr"
	"rowkey/plpgsql"
)

// What functions and their statements were doing when something happened in them: the CONTEXT
// of errors, which get a line from everything that they leave, and of notices, which are told
// where they come from by what is running then.

// running is something that runs, and what runs it.
type running struct {
	what  interface{ Context() string }
	outer *running
}

// textual is the context of what has no more than a line.
type textual string

// Context is the line.
func (t textual) Context() string { return string(t) }

// pushContext notes that something runs, until pop is called.
func (s *Session) pushContext(what interface{ Context() string }) (pop func()) {
	outer := s.inside
	s.inside = &running{what, outer}
	return func() { s.inside = outer }
}

// contextLines tells of everything that runs, what is innermost first.
func (s *Session) contextLines() string {
	var lines []string
	for r := s.inside; r != nil; r = r.outer {
		lines = append(lines, r.what.Context())
	}
	return strings.Join(lines, "\n")
}

// within adds a line of context to an error.
func within(err error, line string) error {
	if err == nil {
		return nil
	}
	cp := *pgerr.Of(mapKV(err))
	if cp.Where != "" {
		cp.Where += "\n"
	}
	cp.Where += line
	return &cp
}

// wrongIn places an error in an expression: at its position, or by a line of context.
func wrongIn(e *plpgsql.Expr, err error) error {
	var pe *parser.Error
	if errors.As(err, &pe) {
		return e.ErrorIn(&pgerr.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Position: pe.Position})
	}
	x := *pgerr.Of(mapKV(err))
	if x.Query == e.Text && x.QueryPosition > 0 {
		x.Position, x.Query, x.QueryPosition = x.QueryPosition, "", 0
	}
	if x.Query == "" && (x.Position > 0 || x.BytePos > 0) {
		return e.ErrorIn(&x)
	}
	return within(&x, e.Context())
}

// sqlStatement is the context of a statement of an SQL function.
type sqlStatement struct {
	function string
	n        int
}

// Context is the line that tells of it.
func (q sqlStatement) Context() string {
	return fmt.Sprintf("SQL function %q statement %d", q.function, q.n)
}
