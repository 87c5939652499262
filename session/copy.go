package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
	"rowkey/types/charset"
)

// copyFormat is one of COPY's three formats.
type copyFormat uint8

const (
	copyText copyFormat = iota
	copyCSV
	copyBinary
)

// copyOptions are the options of a COPY, checked.
type copyOptions struct {
	format      copyFormat
	delim       byte
	null        string
	header      bool
	headerMatch bool
	quote       byte
	escape      byte
	forceQuote  map[string]bool // columns; "*" for all
	notNull     map[string]bool
	forceNull   map[string]bool
	freeze      bool
	charset     *charset.Charset // of the data; nil: UTF8
}

func copyError(code, format string, args ...any) *pgerr.Error {
	return pgerr.Newf(code, format, args...)
}

// readCopyOptions checks the options as PostgreSQL's ProcessCopyOptions does.
func readCopyOptions(n *ast.CopyStmt, client *charset.Charset) (*copyOptions, error) {
	o := &copyOptions{charset: client}
	seen := map[string]bool{}
	set := map[string]string{}
	list := func(opt *ast.Option) map[string]bool {
		m := map[string]bool{}
		if opt.Kind == ast.OptionStar {
			m["*"] = true
		}
		for _, c := range opt.List {
			m[c] = true
		}
		return m
	}
	for _, opt := range n.Options {
		name := strings.ToLower(opt.Name)
		if seen[name] {
			return nil, copyError(pgerr.SyntaxError, "conflicting or redundant options").At(opt.Pos())
		}
		seen[name] = true
		switch name {
		case "format":
			switch strings.ToLower(opt.Text) {
			case "text":
			case "csv":
				o.format = copyCSV
			case "binary":
				o.format = copyBinary
			default:
				return nil, copyError(pgerr.InvalidParameterValue, "COPY format %q not recognized", opt.Text).At(opt.Pos())
			}
		case "delimiter", "null", "quote", "escape":
			set[name] = opt.Text
		case "header":
			switch {
			case opt.Kind == ast.OptionAbsent:
				o.header = true
			case strings.EqualFold(opt.Text, "match"):
				if !n.From {
					return nil, copyError(pgerr.FeatureNotSupported, "cannot use \"match\" with HEADER in COPY TO").At(opt.Pos())
				}
				o.header, o.headerMatch = true, true
			default:
				v, ok := parseBool(opt.Text)
				if !ok {
					return nil, copyError(pgerr.SyntaxError, "header requires a Boolean value or \"match\"")
				}
				o.header = v
			}
		case "force_quote":
			o.forceQuote = list(opt)
		case "force_not_null":
			o.notNull = list(opt)
		case "force_null":
			o.forceNull = list(opt)
		case "freeze":
			v, ok := true, true
			if opt.Kind != ast.OptionAbsent {
				v, ok = parseBool(opt.Text)
			}
			if !ok {
				return nil, copyError(pgerr.SyntaxError, "freeze requires a Boolean value")
			}
			o.freeze = v && n.From
		case "encoding":
			if charset.Number(opt.Text) < 0 {
				return nil, copyError(pgerr.InvalidParameterValue, "argument to option \"encoding\" must be a valid encoding name").At(opt.Pos())
			}
			if _, err := canonEncoding(opt.Text); err != nil {
				return nil, err
			}
			o.charset = clientCharset(opt.Text)
		default:
			return nil, copyError(pgerr.SyntaxError, "option %q not recognized", opt.Name).At(opt.Pos())
		}
	}
	if o.format == copyBinary {
		if _, ok := set["delimiter"]; ok {
			return nil, copyError(pgerr.SyntaxError, "cannot specify DELIMITER in BINARY mode")
		}
		if _, ok := set["null"]; ok {
			return nil, copyError(pgerr.SyntaxError, "cannot specify NULL in BINARY mode")
		}
		if o.header {
			return nil, copyError(pgerr.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
		}
	}
	csv := o.format == copyCSV
	o.delim, o.quote, o.null = '\t', '"', `\N`
	if csv {
		o.delim, o.null = ',', ""
	}
	if d, ok := set["delimiter"]; ok {
		if len(d) != 1 {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY delimiter must be a single one-byte character")
		}
		o.delim = d[0]
		if o.delim == '\r' || o.delim == '\n' {
			return nil, copyError(pgerr.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
		}
		if !csv && strings.IndexByte(`\.abcdefghijklmnopqrstuvwxyz0123456789`, o.delim) >= 0 {
			return nil, copyError(pgerr.InvalidParameterValue, "COPY delimiter cannot be %q", d)
		}
	}
	if v, ok := set["null"]; ok {
		if strings.ContainsAny(v, "\r\n") {
			return nil, copyError(pgerr.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
		}
		o.null = v
	}
	if q, ok := set["quote"]; ok {
		if !csv {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY quote available only in CSV mode")
		}
		if len(q) != 1 {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY quote must be a single one-byte character")
		}
		o.quote = q[0]
	}
	o.escape = o.quote
	if e, ok := set["escape"]; ok {
		if !csv {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY escape available only in CSV mode")
		}
		if len(e) != 1 {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY escape must be a single one-byte character")
		}
		o.escape = e[0]
	}
	switch {
	case csv && o.delim == o.quote:
		return nil, copyError(pgerr.InvalidParameterValue, "COPY delimiter and quote must be different")
	case o.forceQuote != nil && (!csv || n.From):
		if !csv {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY force quote available only in CSV mode")
		}
		return nil, copyError(pgerr.FeatureNotSupported, "COPY force quote only available using COPY TO")
	case (o.notNull != nil || o.forceNull != nil) && (!csv || !n.From):
		what := "force not null"
		if o.notNull == nil {
			what = "force null"
		}
		if !csv {
			return nil, copyError(pgerr.FeatureNotSupported, "COPY %s available only in CSV mode", what)
		}
		return nil, copyError(pgerr.FeatureNotSupported, "COPY %s only available using COPY FROM", what)
	case strings.IndexByte(o.null, o.delim) >= 0:
		return nil, copyError(pgerr.FeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
	case csv && strings.IndexByte(o.null, o.quote) >= 0:
		return nil, copyError(pgerr.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	}
	return o, nil
}

// runCopy runs COPY.
func (s *Session) runCopy(ctx context.Context, st *statement, n *ast.CopyStmt, w Writer) error {
	opts, err := readCopyOptions(n, s.set.charset)
	if err != nil {
		return err
	}
	if n.Program {
		return pgerr.Unsupported("COPY with PROGRAM is not supported").WithHint("Use psql's \\copy.")
	}
	if err := s.mayCopyFiles(n); err != nil {
		return err
	}
	if n.From {
		if err := s.writable("COPY FROM"); err != nil {
			return err
		}
		return s.copyFrom(ctx, st, n, opts, w)
	}
	return s.copyTo(ctx, st, n, opts, w)
}

// copyColumns finds the columns of COPY's column list, all insertable ones without a list.
func copyColumns(t *catalog.Table, names []string) ([]*catalog.Column, error) {
	var cols []*catalog.Column
	if names == nil {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && c.Generated == "" {
				cols = append(cols, c)
			}
		}
		return cols, nil
	}
	for _, name := range names {
		c := t.ColumnByName(name)
		if c == nil {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
		}
		if c.Generated != "" {
			return nil, pgerr.Newf(pgerr.InvalidColumnReference, "column %q is a generated column", name).
				WithDetail("Generated columns cannot be used in COPY.")
		}
		for _, o := range cols {
			if o == c {
				return nil, pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", name)
			}
		}
		cols = append(cols, c)
	}
	return cols, nil
}

// ---- COPY FROM

func (s *Session) copyFrom(ctx context.Context, st *statement, n *ast.CopyStmt, o *copyOptions, w Writer) error {
	snap, err := s.enter(ctx, false)
	if err != nil {
		return err
	}
	t, err := planner.ResolveTable(snap, s.searchPath(), n.Table)
	if err != nil {
		return placeless(err)
	}
	if snap.Sequence(t.OID) != nil {
		return pgerr.Newf(pgerr.WrongObjectType, "cannot copy to sequence %q", t.Name)
	}
	if (!t.IsTable() || t.Virtual != nil) && !(t.Kind == catalog.KindView && t.Virtual == nil && planner.TakesInserts(t)) {
		switch {
		case t.Virtual != nil:
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
		case t.Kind == catalog.KindMatView:
			return pgerr.Newf(pgerr.WrongObjectType, "cannot copy to materialized view %q", t.Name)
		}
		return pgerr.Newf(pgerr.WrongObjectType, "cannot copy to view %q", t.Name).
			WithHint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")
	}
	cols, err := copyColumns(t, n.Columns)
	if err != nil {
		return err
	}
	ins, err := s.insertPlan(snap, st, t, n.Table, cols)
	if err != nil {
		return err
	}
	where, err := s.copyWhere(snap, n, t, cols)
	if err != nil {
		return err
	}
	if err := s.settlePortals(); err != nil {
		return err
	}
	if err := ins.Authorize(s.snapshot(), s.role()); err != nil {
		return err
	}
	waited, err := s.lockTables(ctx, ins)
	if err != nil {
		return err
	}
	if waited && s.tx.level == kv.ReadCommitted {
		return s.copyFrom(ctx, st, n, o, w) // who held the lock may have changed the table
	}
	s.tx.fresh = false
	node, ok := ins.Root.(*plan.Insert)
	if !ok {
		return pgerr.Unsupported("COPY into %q is not supported", t.Name)
	}
	s.state.Begin(ins)
	defer s.state.End(ins)
	inserter, err := executor.NewInserter(s.execCtx(ctx, st), t, node.Attnums, node.Defaults, &node.Rules)
	if err != nil {
		return err
	}
	var src io.Reader
	if n.Stdio {
		if src, err = w.CopyIn(o.format == copyBinary, len(cols)); err != nil {
			return err
		}
	} else {
		f, err := os.Open(n.Filename)
		if err != nil {
			return pgerr.Newf(pgerr.UndefinedFile, "could not open file %q for reading: %v", n.Filename, unwrapPath(err)).
				WithHint("COPY FROM instructs the server process to read a file. You may want a client-side facility such as psql's \\copy.")
		}
		defer f.Close()
		src = f
	}
	if o.freeze && t.Kind == catalog.KindPartitioned {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot perform COPY FREEZE on a partitioned table")
	}
	if o.freeze && s.cat.Latest().Table(t.OID) != nil && t.Storage == s.cat.Latest().Table(t.OID).Storage {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState,
			"cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction")
	}
	in := &copyIn{opts: o, table: t, cols: cols, env: s.execEnv(), src: src}
	in.init()
	ec := s.execCtx(ctx, st)
	for i, c := range cols {
		check, err := planner.CheckInput(snap, s.execEnv(), c.Type)
		if err != nil {
			return err
		}
		if check == nil {
			continue
		}
		if in.domains == nil {
			in.domains = make([]func(types.Datum) error, len(cols))
		}
		in.domains[i] = func(d types.Datum) error {
			_, err := executor.EvalExpr(ec, check, []types.Datum{d})
			return err
		}
	}
	if where != nil {
		row := make([]types.Datum, len(t.Columns))
		in.keep = func(b *types.Batch, i int) (bool, error) {
			for k, c := range cols {
				row[c.Attnum-1] = b.Cols[k].Datum(i)
			}
			v, err := executor.EvalExpr(ec, where, row)
			return err == nil && !v.IsNull() && v.Bool(), err
		}
	}
	for {
		b, err := in.next()
		if err != nil {
			return in.locate(err)
		}
		if b == nil {
			break
		}
		if err := inserter.Insert(b.Cols, b.N); err != nil {
			return in.locate(err)
		}
	}
	rows, err := inserter.Finish()
	if err != nil {
		return err
	}
	return w.Complete(fmt.Sprintf("COPY %d", rows))
}

// copyWhere binds the condition of COPY FROM … WHERE over the table's columns.
func (s *Session) copyWhere(snap *catalog.Snapshot, n *ast.CopyStmt, t *catalog.Table, cols []*catalog.Column) (plan.Expr, error) {
	if n.Where == nil {
		return nil, nil
	}
	e, err := planner.BindExpr(planner.ExprRequest{Catalog: snap, SearchPath: s.searchPath(), Env: s.execEnv(), Place: planner.ForCheck, Table: t, Expr: n.Where})
	if err != nil {
		return nil, err
	}
	for _, a := range planner.ColumnsUsed(e) {
		given := false
		for _, c := range cols {
			given = given || c.Attnum == a
		}
		if !given {
			return nil, pgerr.Unsupported("COPY FROM … WHERE with column %q, which the data lack, is not supported", t.Col(a).Name).At(n.Where.Pos())
		}
	}
	return e, nil
}

func unwrapPath(err error) string {
	if pe, ok := err.(*os.PathError); ok {
		msg := pe.Err.Error()
		return strings.ToUpper(msg[:1]) + msg[1:]
	}
	return err.Error()
}

// insertPlan plans an INSERT of the given columns: its defaults, checks and
// generated columns are what COPY needs too.
func (s *Session) insertPlan(snap *catalog.Snapshot, st *statement, t *catalog.Table, rv *ast.RangeVar, cols []*catalog.Column) (*plan.Plan, error) {
	ins := &ast.InsertStmt{At: ast.At(rv.Pos()), Relation: rv, Overriding: ast.OverridingSystem}
	row := make([]ast.Expr, len(cols))
	for i, c := range cols {
		ins.Columns = append(ins.Columns, &ast.ColumnTarget{At: ast.Unknown, Name: c.Name})
		row[i] = &ast.Const{At: ast.Unknown, Kind: ast.ConstNull}
	}
	if len(cols) > 0 {
		ins.Source = &ast.SelectStmt{At: ast.Unknown, Values: [][]ast.Expr{row}}
	}
	return planner.Plan(planner.Request{Catalog: snap, Stmt: ins, SearchPath: s.searchPath(), Env: s.execEnv(), CurrentUser: s.userName(), Role: s.role(), EstimateRows: s.estimateRows})
}

// ---- COPY TO

func (s *Session) copyTo(ctx context.Context, st *statement, n *ast.CopyStmt, o *copyOptions, w Writer) error {
	query := n.Query
	if q, ok := query.(*ast.SelectStmt); ok && q.IntoTarget() != nil {
		return pgerr.New(pgerr.FeatureNotSupported, "COPY (SELECT INTO) is not supported")
	}
	if n.Table != nil {
		snap, err := s.enter(ctx, s.tx == nil)
		if err != nil {
			return err
		}
		t, err := planner.ResolveTable(snap, s.searchPath(), n.Table)
		if err != nil {
			return placeless(err)
		}
		if snap.Sequence(t.OID) != nil {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot copy from sequence %q", t.Name)
		}
		if t.Kind == catalog.KindView {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot copy from view %q", t.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
		}
		if t.Kind == catalog.KindMatView {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot copy from materialized view %q", t.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
		}
		if t.Kind == catalog.KindPartitioned {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot copy from partitioned table %q", t.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
		}
		cols, err := copyColumns(t, n.Columns)
		if err != nil {
			return err
		}
		alone := *n.Table // not what inherits from it
		alone.Only = true
		q := &ast.SelectStmt{At: ast.Unknown, From: []ast.TableExpr{&alone}}
		for _, c := range cols {
			q.Targets = append(q.Targets, &ast.ResTarget{At: ast.Unknown, Value: &ast.ColumnRef{At: ast.Unknown, Fields: []string{c.Name}}})
		}
		query = q
	}
	inner := &statement{raw: &ast.RawStmt{Stmt: query, Start: st.raw.Start, Len: st.raw.Len, Params: st.raw.Params}, text: st.text}
	if err := s.prepareRun(ctx, inner); err != nil {
		return err
	}
	cols := inner.plan.Columns
	if cols == nil {
		return pgerr.New(pgerr.FeatureNotSupported, "COPY query must have a RETURNING clause")
	}
	s.tx.fresh = false
	out := &copyOut{opts: o, cols: cols, env: s.execEnv()}
	if n.Stdio {
		if err := w.CopyOut(o.format == copyBinary, len(cols)); err != nil {
			return err
		}
		out.send = w.CopyData
	} else {
		f, err := os.OpenFile(n.Filename, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return pgerr.Newf(pgerr.UndefinedFile, "could not open file %q for writing: %v", n.Filename, unwrapPath(err)).
				WithHint("COPY TO instructs the server process to write a file. You may want a client-side facility such as psql's \\copy.")
		}
		defer f.Close()
		out.send = func(p []byte) error { _, err := f.Write(p); return err }
	}
	if err := out.begin(); err != nil {
		return err
	}
	res, err := executor.Run(s.execCtx(ctx, inner), inner.plan, out.rows)
	if err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	if n.Stdio {
		if err := w.CopyDone(); err != nil {
			return err
		}
	}
	return w.Complete(fmt.Sprintf("COPY %d", res.Rows))
}

// copyOut encodes rows for COPY TO.
type copyOut struct {
	opts *copyOptions
	cols []Column
	env  *types.Env
	send func([]byte) error
	buf  []byte
	val  []byte
	// header: buf holds the binary header, still to be sent
	header bool
}

// binarySignature begins a binary COPY.
const binarySignature = "PGCOPY\n\377\r\n\000"

func (c *copyOut) begin() error {
	switch {
	case c.opts.format == copyBinary:
		c.buf = append(append(c.buf[:0], binarySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
		c.header = true // it goes with the first row
		return nil
	case c.opts.header:
		c.buf = c.buf[:0]
		for i, col := range c.cols {
			if i > 0 {
				c.buf = append(c.buf, c.opts.delim)
			}
			if c.opts.format == copyCSV {
				c.appendCSV([]byte(col.Name), false, false)
			} else {
				c.appendText([]byte(col.Name))
			}
		}
		c.buf = append(c.buf, '\n')
		return c.sendText(c.buf)
	}
	return nil
}

func (c *copyOut) end() error {
	if c.opts.format == copyBinary {
		if c.header {
			return c.send(append(c.buf, 0xff, 0xff))
		}
		return c.send([]byte{0xff, 0xff})
	}
	return nil
}

func (c *copyOut) rows(b *types.Batch) error {
	for r := 0; r < b.Rows(); r++ {
		row := b.Row(r)
		if !c.header {
			c.buf = c.buf[:0]
		}
		c.header = false
		if c.opts.format == copyBinary {
			c.buf = append(c.buf, byte(len(c.cols)>>8), byte(len(c.cols)))
		}
		for i := range c.cols {
			v := b.Cols[i]
			null := v.IsNull(row)
			switch c.opts.format {
			case copyBinary:
				if null {
					c.buf = append(c.buf, 0xff, 0xff, 0xff, 0xff)
					continue
				}
				at := len(c.buf)
				var err error
				if c.buf, err = AppendBinary(append(c.buf, 0, 0, 0, 0), v, row, c.env, c.opts.charset); err != nil {
					return err
				}
				n := len(c.buf) - at - 4
				c.buf[at], c.buf[at+1], c.buf[at+2], c.buf[at+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
				continue
			}
			if i > 0 {
				c.buf = append(c.buf, c.opts.delim)
			}
			if null {
				c.buf = append(c.buf, c.opts.null...)
				continue
			}
			c.val = types.AppendTextAt(c.val[:0], v, row, c.env)
			if c.opts.format == copyCSV {
				c.appendCSV(c.val, c.opts.forceQuote["*"] || c.opts.forceQuote[c.cols[i].Name], len(c.cols) == 1)
			} else {
				c.appendText(c.val)
			}
		}
		send := c.send
		if c.opts.format != copyBinary {
			c.buf = append(c.buf, '\n')
			send = c.sendText
		}
		if err := send(c.buf); err != nil {
			return err
		}
	}
	return nil
}

// sendText sends lines in the encoding of the data.
func (c *copyOut) sendText(p []byte) (err error) {
	if c.opts.charset != nil {
		if p, err = c.opts.charset.EncodeTail(p, 0); err != nil {
			return err
		}
	}
	return c.send(p)
}

func (c *copyOut) appendText(v []byte) {
	for _, ch := range v {
		switch ch {
		case '\\':
			c.buf = append(c.buf, '\\', '\\')
		case '\b':
			c.buf = append(c.buf, '\\', 'b')
		case '\f':
			c.buf = append(c.buf, '\\', 'f')
		case '\n':
			c.buf = append(c.buf, '\\', 'n')
		case '\r':
			c.buf = append(c.buf, '\\', 'r')
		case '\t':
			c.buf = append(c.buf, '\\', 't')
		case '\v':
			c.buf = append(c.buf, '\\', 'v')
		case c.opts.delim:
			c.buf = append(c.buf, '\\', ch)
		default:
			c.buf = append(c.buf, ch)
		}
	}
}

// appendCSV quotes where a reader would otherwise misread the value: special
// characters, the NULL string, and \. alone on a line.
func (c *copyOut) appendCSV(v []byte, force, alone bool) {
	q := force || string(v) == c.opts.null || alone && string(v) == `\.`
	for i := 0; !q && i < len(v); i++ {
		q = v[i] == c.opts.delim || v[i] == c.opts.quote || v[i] == '\n' || v[i] == '\r'
	}
	if !q {
		c.buf = append(c.buf, v...)
		return
	}
	c.buf = append(c.buf, c.opts.quote)
	for _, ch := range v {
		if ch == c.opts.quote || ch == c.opts.escape {
			c.buf = append(c.buf, c.opts.escape)
		}
		c.buf = append(c.buf, ch)
	}
	c.buf = append(c.buf, c.opts.quote)
}
