package parser

import "rowkey/parser/ast"

// parseCopy parses COPY, the current token.
func (p *parser) parseCopy() ast.Stmt {
	s := &ast.CopyStmt{At: p.here()}
	p.expect("copy")
	if p.accept("(") {
		p.preparable(&s.Query)
		p.expect(")")
		to := p.here()
		p.expect("to")
		p.copyFile(s)
		if s.Program && s.Stdio {
			p.syntaxErrorf(to, "STDIN/STDOUT not allowed with PROGRAM")
		}
		p.copyOptions(s)
		return s
	}
	if at := p.here(); p.accept("binary") {
		s.Options = append(s.Options, copyFormat(at, "binary"))
	}
	s.Table = p.qualifiedName()
	s.Columns = p.optParenNames()
	if s.From = p.accept("from"); !s.From {
		p.expect("to")
	}
	p.copyFile(s)
	delimiters := ast.Unknown
	if p.is("using") || p.is("delimiters") {
		o := &ast.Option{At: p.here(), Name: "delimiter", Kind: ast.OptionString}
		if p.accept("using") {
			delimiters = o.At
		}
		o.At = p.here()
		p.expect("delimiters")
		o.Text = p.stringConst()
		s.Options = append(s.Options, o)
	}
	p.copyOptions(s)
	where := p.here()
	if p.accept("where") {
		p.expr(&s.Where)
		if !s.From {
			p.syntaxErrorf(where, "WHERE clause not allowed with COPY TO")
		}
	}
	if s.Program && s.Stdio {
		p.syntaxErrorf(delimiters, "STDIN/STDOUT not allowed with PROGRAM")
	}
	return s
}

// copyFile parses [PROGRAM] 'file', STDIN or STDOUT, which mean the same.
func (p *parser) copyFile(s *ast.CopyStmt) {
	s.Program = p.accept("program")
	if s.Stdio = p.accept("stdin") || p.accept("stdout"); !s.Stdio {
		s.Filename = p.stringConst()
	}
}

func copyFormat(at ast.At, format string) *ast.Option {
	return &ast.Option{At: at, Name: "format", Kind: ast.OptionWord, Text: format}
}

// copyOptions parses [WITH] and the options: a list in parentheses, or, of old,
// words one after the other.
func (p *parser) copyOptions(s *ast.CopyStmt) {
	p.optWith()
	if p.is("(") {
		p.genericCopyOptions(s)
		return
	}
	for {
		o := &ast.Option{At: p.here()}
		flag := func(name string) { o.Name, o.Kind, o.Text = name, ast.OptionWord, "true" }
		text := func(name string) {
			p.accept("as")
			o.Name, o.Kind, o.Text = name, ast.OptionString, p.stringConst()
		}
		switch {
		case p.accept("binary"):
			o = copyFormat(o.At, "binary")
		case p.accept("csv"):
			o = copyFormat(o.At, "csv")
		case p.accept("freeze"):
			flag("freeze")
		case p.accept("header"):
			flag("header")
		case p.accept("delimiter"):
			text("delimiter")
		case p.accept("null"):
			text("null")
		case p.accept("quote"):
			text("quote")
		case p.accept("escape"):
			text("escape")
		case p.accept("encoding"):
			o.Name, o.Kind, o.Text = "encoding", ast.OptionString, p.stringConst()
		case p.accept("force"):
			p.copyForce(o)
		default:
			return
		}
		s.Options = append(s.Options, o)
	}
}

// copyForce parses QUOTE columns | *, NOT NULL columns and NULL columns.
func (p *parser) copyForce(o *ast.Option) {
	o.Kind = ast.OptionList
	switch {
	case p.accept("quote"):
		o.Name = "force_quote"
		if p.accept("*") {
			o.Kind = ast.OptionStar
			return
		}
	case p.acceptNot():
		p.expect("null")
		o.Name = "force_not_null"
	default:
		p.expect("null")
		o.Name = "force_null"
	}
	o.List = p.nameList()
}

// genericCopyOptions parses (name [value | * | (value, …)], …).
func (p *parser) genericCopyOptions(s *ast.CopyStmt) {
	p.expect("(")
	for {
		o := &ast.Option{At: p.here(), Name: p.colLabel()}
		switch {
		case p.accept("*"):
			o.Kind = ast.OptionStar
		case p.accept("("):
			o.Kind = ast.OptionList
			for {
				var item ast.Option
				p.boolOrString(&item)
				if o.List = append(o.List, item.Text); !p.accept(",") {
					break
				}
			}
			p.expect(")")
		case p.isNumericOnly(), p.is("+"), p.is("-"):
			o.Kind, o.Text = ast.OptionNumber, p.numberText()
		case p.isBoolOrString():
			p.boolOrString(o)
		}
		if s.Options = append(s.Options, o); !p.accept(",") {
			break
		}
	}
	p.expect(")")
}
