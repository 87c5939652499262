package plpgsql

import (
	"strings"

	"rowkey/parser"
	"rowkey/pgerr"
	"rowkey/types"
)

// options takes #variable_conflict and its like.
func (c *compiler) options() {
	for isTok(c.tok(), "#") {
		c.i++
		c.word()
		c.i++
	}
}

// label takes <<name>>, "" if there is none.
func (c *compiler) label() string {
	if !isTok(c.tok(), "<<") {
		return ""
	}
	c.i++
	name := c.word()
	c.expect(">>")
	return name
}

func (c *compiler) endLabel(label string) {
	if c.tok().Kind == parser.TokenWord && !c.is(";") {
		t := c.tok()
		end := c.word()
		switch {
		case label == "":
			c.failAt(t.Pos, pgerr.SyntaxError, "end label %q specified for unlabeled block", end)
		case label != end:
			c.failAt(t.Pos, pgerr.SyntaxError, "end label %q differs from block's label %q", end, label)
		}
	}
}

func (c *compiler) push(label string) func() {
	old := c.scope
	c.scope = &Scope{up: old, label: label, names: map[string]int{}, fn: c.fn}
	return func() { c.scope = old }
}

// block takes [DECLARE …] BEGIN … [EXCEPTION …] END [label].
func (c *compiler) block(label string) *Block {
	b := &Block{at: at{c.line(), "statement block"}, label: label}
	defer c.push(label)()
	c.loops = append(c.loops, loopLabel{label, false})
	defer func() { c.loops = c.loops[:len(c.loops)-1] }()
	for c.accept("declare") {
		for !c.is("begin") && !c.is("declare") {
			b.vars = append(b.vars, c.declaration()...)
		}
	}
	b.line = c.line()
	c.expect("begin")
	b.body = c.statements("end", "exception")
	if c.accept("exception") {
		out := c.push("")
		b.state = c.addVar(&Var{Name: "sqlstate", Type: types.Text, Mod: -1, Const: true})
		b.message = c.addVar(&Var{Name: "sqlerrm", Type: types.Text, Mod: -1, Const: true})
		c.scope.names["sqlstate"], c.scope.names["sqlerrm"] = b.state, b.message
		for c.accept("when") {
			h := &handler{}
			for {
				h.conditions = append(h.conditions, c.condition()...)
				if !c.accept("or") {
					break
				}
			}
			c.expect("then")
			h.body = c.statements("when", "end")
			b.handlers = append(b.handlers, h)
		}
		out()
	}
	c.expect("end")
	c.endLabel(label)
	return b
}

// condition takes a condition's name or SQLSTATE 'xxxxx'.
func (c *compiler) condition() []string {
	name := c.word()
	if name == "sqlstate" && c.tok().Kind == parser.TokenString {
		code := c.tok().Text
		if !validState(code) {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "invalid SQLSTATE code")
		}
		c.i++
		return []string{code}
	}
	if name == "others" {
		return []string{""}
	}
	codes := conditionCodes(name)
	if codes == nil {
		c.fail(pgerr.Newf(pgerr.UndefinedObject, "unrecognized exception condition %q", name))
	}
	return codes
}

func validState(s string) bool {
	if len(s) != 5 {
		return false
	}
	return strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// declaration takes one declaration; a cursor's brings its arguments.
func (c *compiler) declaration() []int {
	if isTok(c.tok(), "<<") {
		c.failAt(c.tok().Pos, pgerr.SyntaxError, "block label must be placed before DECLARE, not after")
	}
	line := c.line()
	pos := c.tok().Pos
	name := c.word()
	if _, dup := c.scope.names[name]; dup {
		c.failAt(pos, pgerr.SyntaxError, "duplicate declaration")
	}
	if c.accept("alias", "for") {
		t := c.tok()
		v, fields, ok := c.maybeVariable()
		if !ok || len(fields) > 0 && !c.fn.Vars[v].Record {
			c.failAt(t.Pos, pgerr.UndefinedObject, "variable %q does not exist", c.src[t.Pos:c.toks[c.i-1].End])
		}
		c.scope.names[name] = v
		c.expect(";")
		return nil
	}
	scroll := c.scrollOption()
	if c.accept("cursor") {
		return []int{c.cursorDeclaration(name, line, scroll)}
	}
	v := &Var{Name: name, Line: line, Mod: -1}
	v.Const = c.accept("constant")
	c.varType(v)
	if c.accept("collate") {
		c.word()
		for c.accept(".") {
			c.word()
		}
	}
	if c.accept("not") {
		c.expect("null")
		v.NotNull = true
	}
	if c.accept(":=") || c.accept("=") || c.accept("default") {
		v.Default = c.expr(";")
	} else if v.NotNull {
		c.failAt(c.tok().Pos, pgerr.NullValueNotAllowed, "variable %q must have a default value, since it's declared NOT NULL", name)
	}
	c.expect(";")
	i := c.addVar(v)
	c.scope.names[name] = i
	return []int{i}
}

func (c *compiler) scrollOption() *bool {
	yes, no := true, false
	switch {
	case c.is("no", "scroll"):
		c.i += 2
		return &no
	case c.is("scroll", "cursor"):
		c.i++
		return &yes
	}
	return nil
}

func (c *compiler) cursorDeclaration(name string, line int, scroll *bool) int {
	v := &Var{Name: name, Line: line, Type: types.RefCursor, Mod: -1, Scroll: scroll}
	done := c.push("")
	if c.accept("(") {
		for {
			a := &Var{Name: c.word(), Line: line, Mod: -1}
			c.varType(a)
			k := c.addVar(a)
			c.scope.names[a.Name] = k
			v.CursorArgs = append(v.CursorArgs, k)
			if !c.accept(",") {
				break
			}
		}
		c.expect(")")
	}
	if !c.accept("is") {
		c.expect("for")
	}
	v.Cursor = c.query(";")
	done()
	c.expect(";")
	i := c.addVar(v)
	c.scope.names[name] = i
	return i
}

// varType takes a declaration's type: SQL's, or variable%TYPE, relation%ROWTYPE.
func (c *compiler) varType(v *Var) {
	first := c.tok()
	start, end, depth := first.Pos, first.Pos, 0
	var names []string
	var last parser.Token
	for {
		t := c.tok()
		if t.Kind == parser.TokenEnd {
			c.syntax()
		}
		if depth == 0 && (isTok(t, ";") || isTok(t, ":=") || isTok(t, "=") || isTok(t, "default") || isTok(t, "not") || isTok(t, "collate") || isTok(t, ",") || isTok(t, ")")) {
			break
		}
		switch {
		case isTok(t, "("), isTok(t, "["):
			depth++
		case isTok(t, ")"), isTok(t, "]"):
			depth--
		}
		switch t.Kind {
		case parser.TokenWord:
			names = append(names, t.Text)
		case parser.TokenParam:
			names = append(names, "$"+strings.TrimPrefix(t.Text, "$"))
		}
		last = *t
		end = t.End
		c.i++
	}
	if start == end {
		c.failAt(start, pgerr.SyntaxError, "missing data type declaration")
	}
	text := c.src[start:end]
	pct := strings.LastIndexByte(text, '%')
	switch {
	case pct >= 0 && last.Text == "type" && len(names) > 1:
		if k, used, ok := c.scope.Find(names[:len(names)-1]); ok {
			src := c.fn.Vars[k]
			v.Type, v.Mod, v.Record = src.Type, src.Mod, src.Record
			for _, f := range names[used : len(names)-1] {
				v.Record = false
				found := false
				for _, fd := range v.Type.Under().Fields {
					if fd.Name == f {
						v.Type, v.Mod, found = fd.Type, fd.Typmod, true
						break
					}
				}
				if !found {
					c.failAt(start, pgerr.UndefinedColumn, "record %q has no field %q", src.Name, f)
				}
			}
			v.Record = isRow(v.Type)
			return
		}
	case pct >= 0 && last.Text == "rowtype":
		t, err := c.env.RowType(strings.TrimSpace(text[:pct]))
		if err != nil {
			panic(failure{placeless(err)})
		}
		v.Type, v.Record = t, true
		return
	}
	t, mod, err := c.env.Type(text)
	if err != nil {
		e := *pgerr.Of(err)
		if e.BytePos > 0 || e.Position > 0 {
			e.BytePos, e.Position = 0, 0
		}
		panic(failure{&e})
	}
	if t.Kind == types.KindPseudo && t != types.Record {
		c.failAt(start, pgerr.FeatureNotSupported, "variable %q has pseudo-type %s", v.Name, types.Format(t, -1))
	}
	v.Type, v.Mod, v.Record = t, mod, isRow(t)
}

func placeless(err error) error {
	e := *pgerr.Of(err)
	e.BytePos, e.Position = 0, 0
	return &e
}

// variable takes a variable's name: the variable, and the parts of the name
// that are fields in it.
func (c *compiler) variable() (int, []string) {
	t := c.tok()
	v, fields, ok := c.maybeVariable()
	if !ok {
		end := c.toks[c.i-1].End
		c.failAt(t.Pos, pgerr.SyntaxError, "%q is not a known variable", c.src[t.Pos:end])
	}
	return v, fields
}

// maybeVariable takes a dotted name that may be a variable's.
func (c *compiler) maybeVariable() (v int, fields []string, ok bool) {
	var names []string
	if c.tok().Kind == parser.TokenParam {
		names = []string{"$" + strings.TrimPrefix(c.tok().Text, "$")}
		c.i++
	} else {
		names = []string{c.word()}
	}
	for c.is(".") && c.peek(1).Kind == parser.TokenWord {
		c.i++
		names = append(names, c.word())
	}
	v, used, ok := c.scope.Find(names)
	if !ok {
		return 0, nil, false
	}
	return v, names[used:], true
}
