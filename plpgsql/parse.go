package plpgsql

import (
	"errors"
	"strings"
	"unicode/utf8"

	"rowkey/parser"
	"rowkey/pgerr"
	"rowkey/types"
)

// Signature is what a function's definition says beside its source.
type Signature struct {
	Name      string // as contexts name it
	Function  string // its own name, which qualifies its parameters
	Params    []Param
	Result    *types.Type
	Fields    []types.Field // of a row result
	SetOf     bool
	Procedure bool
	// Own is the type of $0, a variable that functions have whose result's type comes from the call; else nil.
	Own *types.Type
	// Trigger is the row type of the table that a trigger function is called for.
	Trigger *types.Type
	IsTrig  bool
}

// Param is a parameter with the type it has in the call.
type Param struct {
	Name    string
	Type    *types.Type
	In, Out bool
}

// compiler is the state of compiling one function.
type compiler struct {
	src   string
	toks  []parser.Token
	i     int
	env   Env
	fn    *Function
	scope *Scope
	loops []loopLabel
}

type loopLabel struct {
	name string
	loop bool
}

type failure struct{ err error }

// Compile compiles a function's source.
func Compile(src string, sig Signature, env Env) (fn *Function, err error) {
	c := &compiler{src: src, env: env}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			fn, err = nil, r.err
		default:
			panic(r)
		}
	}()
	var lexErr error
	if c.toks, lexErr = parser.Tokens(src); lexErr != nil {
		var pe *parser.Error
		if errors.As(lexErr, &pe) {
			return nil, &pgerr.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Query: src, QueryPosition: pe.Position}
		}
		return nil, lexErr
	}
	c.fn = &Function{Name: sig.Name, Source: src, Result: sig.Result, Fields: sig.Fields, SetOf: sig.SetOf, Procedure: sig.Procedure, New: -1, Old: -1}
	c.scope = &Scope{label: sig.Function, names: map[string]int{}, fn: c.fn}
	for _, p := range sig.Params {
		v := c.addVar(&Var{Name: p.Name, Type: p.Type, Mod: -1, Record: isRow(p.Type)})
		if p.Name != "" {
			c.scope.names[p.Name] = v
		}
		if p.In {
			c.fn.Args = append(c.fn.Args, v)
			c.scope.names["$"+itoa(len(c.fn.Args))] = v
		}
		if p.Out {
			c.fn.Outs = append(c.fn.Outs, v)
		}
	}
	if sig.Own != nil {
		c.scope.names["$0"] = c.addVar(&Var{Name: "$0", Type: sig.Own, Mod: -1, Record: isRow(sig.Own)})
	}
	c.fn.found = c.addVar(&Var{Name: "found", Type: types.Bool, Mod: -1})
	c.scope.names["found"] = c.fn.found
	if sig.IsTrig {
		c.triggerVars(sig.Trigger)
	}
	c.options()
	label := c.label()
	c.fn.Body = c.block(label)
	c.accept(";")
	if c.tok().Kind != parser.TokenEnd {
		c.syntax()
	}
	return c.fn, nil
}

func (c *compiler) triggerVars(row *types.Type) {
	if row == nil {
		row = types.Record
	}
	add := func(name string, t *types.Type) int {
		v := c.addVar(&Var{Name: name, Type: t, Mod: -1, Record: isRow(t)})
		c.scope.names[name] = v
		return v
	}
	c.fn.New, c.fn.Old = add("new", row), add("old", row)
	c.fn.trigger = map[string]int{}
	for name, t := range map[string]*types.Type{"tg_name": types.Name, "tg_when": types.Text, "tg_level": types.Text, "tg_op": types.Text, "tg_relid": types.Oid,
		"tg_relname": types.Name, "tg_table_name": types.Name, "tg_table_schema": types.Name, "tg_nargs": types.Int4, "tg_argv": types.Text.Array} {
		c.fn.trigger[name] = add(name, t)
	}
}

func isRow(t *types.Type) bool {
	return t.OID == types.Record.OID || t.Under().Kind == types.KindComposite
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func (c *compiler) addVar(v *Var) int {
	c.fn.Vars = append(c.fn.Vars, v)
	return len(c.fn.Vars) - 1
}

// ---- tokens

func (c *compiler) tok() *parser.Token { return &c.toks[c.i] }

func (c *compiler) peek(n int) *parser.Token {
	return &c.toks[min(c.i+n, len(c.toks)-1)]
}

func isTok(t *parser.Token, w string) bool {
	return (t.Kind == parser.TokenWord && !t.Quoted || t.Kind == parser.TokenSymbol) && t.Text == w
}

func (c *compiler) is(words ...string) bool {
	for n, w := range words {
		if !isTok(c.peek(n), w) {
			return false
		}
	}
	return true
}

func (c *compiler) accept(words ...string) bool {
	if !c.is(words...) {
		return false
	}
	c.i += len(words)
	return true
}

func (c *compiler) expect(words ...string) {
	for _, w := range words {
		if !isTok(c.tok(), w) {
			c.syntax()
		}
		c.i++
	}
}

func (c *compiler) line() int { return c.lineAt(c.tok().Pos) }

func (c *compiler) lineAt(pos int) int { return strings.Count(c.src[:pos], "\n") + 1 }

func (c *compiler) fail(e *pgerr.Error) { panic(failure{e}) }

// failAt fails with an error at a byte offset of the source.
func (c *compiler) failAt(pos int, code, format string, args ...any) {
	e := pgerr.Newf(code, format, args...)
	e.Query, e.QueryPosition = c.src, utf8.RuneCountInString(c.src[:pos])+1
	c.fail(e)
}

// syntax is the error for the current token.
func (c *compiler) syntax() {
	t := c.tok()
	if t.Kind == parser.TokenEnd {
		c.failAt(len(c.src), pgerr.SyntaxError, "syntax error at end of input")
	}
	c.failAt(t.Pos, pgerr.SyntaxError, "syntax error at or near %q", c.src[t.Pos:t.End])
}

func (c *compiler) word() string {
	if c.tok().Kind != parser.TokenWord {
		c.syntax()
	}
	w := c.tok().Text
	c.i++
	return w
}

// ---- pieces of SQL

// until finds the next token, outside brackets, that is one of the words; it
// leaves the compiler there.
func (c *compiler) until(words ...string) (start, end int) {
	start = c.tok().Pos
	depth := 0
	end = start
	for {
		t := c.tok()
		if t.Kind == parser.TokenEnd {
			if depth > 0 {
				c.failAt(t.Pos, pgerr.SyntaxError, "mismatched parentheses")
			}
			c.missing(words, start)
		}
		if depth == 0 {
			for _, w := range words {
				if isTok(t, w) {
					return start, end
				}
			}
			if isTok(t, ";") {
				c.missing(words, start)
			}
		}
		switch {
		case isTok(t, "("), isTok(t, "["):
			depth++
		case isTok(t, ")"), isTok(t, "]"):
			if depth--; depth < 0 {
				c.failAt(t.Pos, pgerr.SyntaxError, "mismatched parentheses")
			}
		}
		end = t.End
		c.i++
	}
}

// missing is the error for the word that was to end a piece of SQL.
func (c *compiler) missing(words []string, start int) {
	t := c.tok()
	if words[0] == ";" || t.Kind == parser.TokenEnd {
		c.syntax()
	}
	what := "missing %q at end of SQL expression"
	c.failAt(t.Pos, pgerr.SyntaxError, what, strings.ToUpper(words[0]))
}

// expr takes an expression up to one of the words.
func (c *compiler) expr(words ...string) *Expr {
	start, end := c.until(words...)
	if start == end {
		if words[0] == ";" {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "missing expression at or near %q", c.src[c.tok().Pos:c.tok().End])
		}
		c.failAt(c.tok().Pos, pgerr.SyntaxError, "syntax error at or near %q", c.src[c.tok().Pos:c.tok().End])
	}
	return c.valueExpr(start, end)
}

const selectPrefix = "SELECT "

func (c *compiler) valueExpr(start, end int) *Expr {
	e := &Expr{Text: selectPrefix + c.src[start:end], Shown: c.src[start:end], Prefix: len(selectPrefix), Scope: c.scope, Target: -1}
	c.parseSQL(e, start)
	return e
}

// query takes a statement up to one of the words.
func (c *compiler) query(words ...string) *Expr {
	start, end := c.until(words...)
	return c.queryExpr(c.src[start:end], start)
}

func (c *compiler) queryExpr(text string, start int) *Expr {
	e := &Expr{Text: text, Shown: text, Scope: c.scope, Target: -1, Kind: ExprQuery}
	c.parseSQL(e, start)
	return e
}

// parseSQL checks a piece's syntax; start is where its text stands in the source.
func (c *compiler) parseSQL(e *Expr, start int) {
	err := c.env.Parse(e.Text)
	if err == nil {
		return
	}
	var pe *parser.Error
	if !errors.As(err, &pe) {
		panic(failure{err})
	}
	out := &pgerr.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Query: c.src}
	if pe.Position > 0 {
		if strings.HasSuffix(pe.Message, "at end of input") {
			// what stands there in the function is what is in the way
			t := c.tok()
			if t.Kind != parser.TokenEnd {
				out.Message = "syntax error at or near \"" + c.src[t.Pos:t.End] + "\""
				if isTok(t, ";") {
					out.Message = "syntax error at end of input"
				}
			}
			out.QueryPosition = utf8.RuneCountInString(c.src[:start+len(e.Text)-e.Prefix]) + 1
		} else {
			out.QueryPosition = utf8.RuneCountInString(c.src[:start]) + pe.Position - e.Prefix
		}
	}
	panic(failure{out})
}

// ErrorIn moves the position of an error in e's text to the text shown for e.
func (e *Expr) ErrorIn(err *pgerr.Error) *pgerr.Error {
	cp := *err
	if cp.Query != "" {
		return &cp
	}
	pos := 0
	switch {
	case cp.BytePos > 0 && cp.BytePos-1 <= len(e.Text):
		pos = utf8.RuneCountInString(e.Text[:cp.BytePos-1]) + 1
	case cp.Position > 0:
		pos = cp.Position
	}
	if pos == 0 {
		return &cp
	}
	cp.BytePos, cp.Position = 0, 0
	cp.Query, cp.QueryPosition = e.Shown, max(pos-e.Prefix, 1)+e.Offset
	return &cp
}

// Context is the line that tells of the expression when an error has no position in it.
func (e *Expr) Context() string {
	switch e.Kind {
	case ExprAssign:
		return "PL/pgSQL assignment \"" + e.Shown + "\""
	case ExprQuery:
		return "SQL statement \"" + e.Shown + "\""
	}
	return "SQL expression \"" + e.Shown + "\""
}
