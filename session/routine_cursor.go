package session

import (
	"fmt"
	"strings"

	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/plpgsql"
	"rowkey/types"
)

// Cursors of PL/pgSQL: portals of the session, as those of DECLARE CURSOR.

// OpenCursor implements plpgsql.Engine.
func (g *plEngine) OpenCursor(fr *plpgsql.Frame, name string, e *plpgsql.Expr, text string, args []plpgsql.Value, scroll *bool) (string, error) {
	s := g.s
	if name == "" {
		for {
			s.unnamed++
			name = fmt.Sprintf("<unnamed portal %d>", s.unnamed)
			if s.portals[name] == nil {
				break
			}
		}
	} else if s.portals[name] != nil {
		return "", pgerr.Newf(pgerr.DuplicateCursor, "cursor %q already in use", name)
	}
	var q *nested
	var params []types.Datum
	if e != nil {
		p, err := g.prepared(fr, e)
		if err != nil {
			return "", err
		}
		if p.plan == nil || p.plan.Columns == nil {
			return "", pgerr.Newf(pgerr.InvalidCursorDefinition, "cannot open %s query as cursor", ast.Tag(p.raw.Stmt))
		}
		if params, err = g.bind(fr, p); err != nil {
			return "", err
		}
		cp := p.nested
		q = &cp
		text = e.Shown
	} else {
		list, err := parser.Parse(text)
		if err != nil {
			return "", (&nested{text: text}).place(err)
		}
		if len(list) != 1 || !isQuery(list[0].Stmt) {
			return "", pgerr.New(pgerr.InvalidCursorDefinition, "cannot open multi-query plan as cursor")
		}
		q = &nested{raw: list[0], text: text}
		ptypes := make([]*types.Type, len(args))
		for i, a := range args {
			params = append(params, a.Datum)
			ptypes[i] = a.Type
		}
		if err := s.planNested(q, func(r *planner.Request) { r.ParamTypes = ptypes }); err != nil {
			return "", err
		}
	}
	c := &cursor{st: &statement{raw: q.raw, text: q.text, params: params, plan: q.plan}, scroll: scrollable(q.plan.Root)}
	if scroll != nil {
		c.scroll = *scroll
	}
	if c.scroll && q.plan.Locks {
		err := pgerr.New(pgerr.FeatureNotSupported, "DECLARE SCROLL CURSOR ... FOR UPDATE/SHARE is not supported").
			WithDetail("Scrollable cursors must be READ ONLY.")
		return "", within(err, "SQL statement \""+text+"\"")
	}
	exec, err := s.openNested(s.ctx, q, params)
	if err != nil {
		return "", err
	}
	s.portals[name] = &Portal{Name: name, st: c.st, exec: exec, cursor: c, query: text, born: nowMicros(), columns: q.plan.Columns, marks: len(s.tx.marks)}
	return name, nil
}

// FetchCursor implements plpgsql.Engine.
func (g *plEngine) FetchCursor(name, direction string, move bool, visit func(*plpgsql.Row) error) (int64, error) {
	if p := g.s.portals[name]; p == nil {
		return 0, pgerr.Newf(pgerr.InvalidCursorName, "cursor %q does not exist", name)
	}
	list, err := g.s.parseBody("FETCH " + strings.ToUpper(direction) + " FROM \"" + strings.ReplaceAll(name, `"`, `""`) + "\"")
	if err != nil {
		return 0, err
	}
	n := *list[0].Stmt.(*ast.FetchStmt)
	w := &plWriter{visit: visit}
	if move {
		n.Move = true
		count := &countWriter{}
		err := g.s.fetch(g.ctx, &n, count)
		return count.n, err
	}
	err = g.s.fetch(g.ctx, &n, w)
	if w.err != nil {
		err = w.err
	}
	return w.rows, err
}

// countWriter reads the count of a command's tag.
type countWriter struct {
	discard
	n int64
}

func (w *countWriter) Complete(tag string) error {
	_, _ = fmt.Sscanf(tag, "MOVE %d", &w.n)
	return nil
}

// CloseCursor implements plpgsql.Engine.
func (g *plEngine) CloseCursor(name string) error {
	if g.s.portals[name] == nil {
		return pgerr.Newf(pgerr.InvalidCursorName, "cursor %q does not exist", name)
	}
	g.s.ClosePortal(name)
	return nil
}
