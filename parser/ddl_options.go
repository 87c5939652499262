package parser

import "rowkey/parser/ast"

// ---- options ----

// defArg parses the value of `name = value` in a definition.
func (p *parser) defArg(o *ast.Option) {
	switch {
	case p.tok().kind == tokString:
		o.Kind, o.Text = ast.OptionString, p.stringConst()
	case p.isNumericOnly():
		o.Kind, o.Text = ast.OptionNumber, p.numberText()
	case p.tok().kind == tokOp, p.is("operator", "("):
		o.Kind, o.Names = ast.OptionOperator, p.qualAllOp()
	case p.is("none"), p.tok().kind == tokKeyword && p.tok().class == reserved:
		o.Kind, o.Text = ast.OptionWord, p.word()
	default:
		o.Kind, o.Type = ast.OptionType, p.typeName()
		if t := o.Type; len(t.Names) == 1 && t.Mods == nil && t.Bounds == nil && !t.SetOf && !t.PctType {
			o.Text = t.Names[0]
		}
	}
}

// definition parses (name [= value], …).
func (p *parser) definition() []*ast.Option {
	return parenListOf(p, func(p *parser) *ast.Option {
		o := &ast.Option{At: p.here(), Name: p.colLabel()}
		if p.accept("=") {
			p.defArg(o)
		}
		return o
	})
}

// optDefinition parses [WITH (…)].
func (p *parser) optDefinition() []*ast.Option {
	if p.acceptWith() {
		return p.definition()
	}
	return nil
}

// relOptions parses storage parameters: ([namespace.]name [= value], …).
func (p *parser) relOptions() []*ast.Option {
	return parenListOf(p, func(p *parser) *ast.Option {
		o := &ast.Option{At: p.here(), Name: p.colLabel()}
		if p.accept(".") {
			o.Namespace, o.Name = o.Name, p.colLabel()
		}
		if p.accept("=") {
			p.defArg(o)
		}
		return o
	})
}

// genericOptions parses OPTIONS (name 'value', …), or, for ALTER, with an
// action before each name. The word of an action followed by a string is a name.
func (p *parser) genericOptions(alter bool) []*ast.Option {
	p.expect("options")
	return parenListOf(p, func(p *parser) *ast.Option {
		o := &ast.Option{At: p.here()}
		if alter && p.peek(1).kind != tokString {
			switch {
			case p.accept("set"):
				o.Action = ast.OptionSet
			case p.accept("add"):
				o.Action = ast.OptionAdd
			case p.accept("drop"):
				o.Action = ast.OptionDrop
			}
		}
		o.Name = p.colLabel()
		if o.Action != ast.OptionDrop {
			o.Kind, o.Text = ast.OptionString, p.stringConst()
		}
		return o
	})
}

func (p *parser) optGenericOptions() []*ast.Option {
	if p.is("options") {
		return p.genericOptions(false)
	}
	return nil
}

// utilityOptions parses (name [value], …) of EXPLAIN, VACUUM and the like.
func (p *parser) utilityOptions() []*ast.Option {
	return parenListOf(p, func(p *parser) *ast.Option {
		o := &ast.Option{At: p.here()}
		if p.is("analyze") || p.is("analyse") {
			p.advance()
			o.Name = "analyze"
		} else {
			o.Name = p.nonReserved()
		}
		if p.isNumericOnly() {
			o.Kind, o.Text = ast.OptionNumber, p.numberText()
		} else if p.is("+") || p.is("-") {
			p.numberText() // fails behind the sign
		} else if p.isBoolOrString() {
			p.boolOrString(o)
		}
		return o
	})
}

// word option: a bare legacy word such as VERBOSE, as an option.
func flagOption(at ast.At, name string) *ast.Option { return &ast.Option{At: at, Name: name} }

// ---- sequences ----

// isSequenceOption reports whether SeqOptElem starts here.
func (p *parser) isSequenceOption() bool { return p.isSequenceOptionAt(0) }

func (p *parser) isSequenceOptionAt(n int) bool {
	t := p.peek(n)
	if t.kind != tokKeyword {
		return false
	}
	switch t.text {
	case "as", "cache", "cycle", "increment", "logged", "maxvalue", "minvalue", "owned", "sequence", "start",
		"restart", "unlogged", "no":
		return true
	}
	return false
}

func (p *parser) sequenceOption() *ast.SequenceOption {
	o := &ast.SequenceOption{At: p.here()}
	switch {
	case p.accept("as"):
		o.Kind, o.Type = ast.SequenceAs, p.simpleTypeName()
	case p.accept("cache"):
		o.Kind, o.Value = ast.SequenceCache, p.numberText()
	case p.accept("cycle"):
		o.Kind = ast.SequenceCycle
	case p.accept("increment"):
		p.accept("by")
		o.Kind, o.Value = ast.SequenceIncrement, p.numberText()
	case p.accept("logged"):
		o.Kind = ast.SequenceLogged
	case p.accept("unlogged"):
		o.Kind = ast.SequenceUnlogged
	case p.accept("maxvalue"):
		o.Kind, o.Value = ast.SequenceMaxValue, p.numberText()
	case p.accept("minvalue"):
		o.Kind, o.Value = ast.SequenceMinValue, p.numberText()
	case p.accept("no"):
		switch {
		case p.accept("cycle"):
			o.Kind, o.Value = ast.SequenceCycle, "no"
		case p.accept("maxvalue"):
			o.Kind = ast.SequenceMaxValue
		case p.accept("minvalue"):
			o.Kind = ast.SequenceMinValue
		default:
			p.fail()
		}
	case p.accept("owned"):
		p.expect("by")
		o.Kind, o.Name = ast.SequenceOwnedBy, p.anyName()
	case p.accept("sequence"):
		p.expect("name")
		o.Kind, o.Name = ast.SequenceName, p.anyName()
	case p.accept("start"):
		p.optWith()
		o.Kind, o.Value = ast.SequenceStart, p.numberText()
	case p.accept("restart"):
		o.Kind = ast.SequenceRestart
		o.Value = p.restartValue()
	default:
		p.fail()
	}
	return o
}

// restartValue parses what may follow RESTART: [[WITH] number].
func (p *parser) restartValue() string {
	if p.accept("with") {
		return p.numberText()
	}
	if p.is("+") || p.is("-") || p.peek(0).isNumber() {
		return p.numberText()
	}
	return ""
}

func (p *parser) sequenceOptions() []*ast.SequenceOption {
	var options []*ast.SequenceOption
	for p.isSequenceOption() {
		options = append(options, p.sequenceOption())
	}
	return options
}

// optParenSequenceOptions parses [(option …)]; the parentheses are not empty.
func (p *parser) optParenSequenceOptions() []*ast.SequenceOption {
	if !p.accept("(") {
		return nil
	}
	options := []*ast.SequenceOption{p.sequenceOption()}
	options = append(options, p.sequenceOptions()...)
	p.expect(")")
	return options
}
