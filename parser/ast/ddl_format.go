package ast

import "strconv"

// This file prints what definition statements share; ddl_format_table.go and
// ddl_format_object.go print the statements, utility_format.go the utilities.

// when prints words if the condition holds.
func (p *printer) when(cond bool, words string) {
	if cond {
		p.s(words)
	}
}

// clause prints words and a name, unless the name is empty.
func (p *printer) clause(words, name string) {
	if name != "" {
		p.s(words)
		p.id(name)
	}
}

// parens prints (…).
func (p *printer) parens(f func()) {
	p.s("(")
	f()
	p.s(")")
}

// columnList prints " (a, b)", or nothing for an empty list.
func (p *printer) columnList(list []string) {
	if len(list) > 0 {
		p.s(" ")
		p.names(list)
	}
}

func (p *printer) idents(list []string)       { commas(p, list, p.id) }
func (p *printer) relations(list []*RangeVar) { commas(p, list, p.relation) }
func (p *printer) types(list []*TypeName)     { commas(p, list, p.typeName) }

func (p *printer) strings(list []string) {
	commas(p, list, func(s string) { p.s(QuoteString(s)) })
}

// operatorName prints a possibly qualified operator.
func (p *printer) operatorName(name []string) {
	for _, part := range name[:len(name)-1] {
		p.id(part)
		p.s(".")
	}
	p.s(name[len(name)-1])
}

// word prints a bare word, which may be a reserved one.
func (p *printer) word(w string) {
	if quotedWords[w] {
		p.s(w)
	} else {
		p.id(w)
	}
}

func (p *printer) behavior(b DropBehavior) { p.when(b == DropCascade, " CASCADE") }

func (p *printer) persistence(x Persistence) {
	p.s([...]string{Permanent: "", Temporary: "TEMPORARY ", Unlogged: "UNLOGGED "}[x])
}

// optionValue prints an option's value with sep before it.
func (p *printer) optionValue(o *Option, sep string) {
	if o.Kind == OptionAbsent {
		return
	}
	p.s(sep)
	switch o.Kind {
	case OptionString:
		p.s(QuoteString(o.Text))
	case OptionWord:
		p.word(o.Text)
	case OptionNumber:
		p.s(o.Text)
	case OptionType:
		p.typeName(o.Type)
	case OptionOperator:
		if len(o.Names) == 1 {
			p.s(o.Names[0])
			return
		}
		p.s("OPERATOR")
		p.parens(func() { p.operatorName(o.Names) })
	case OptionList:
		p.parens(func() { commas(p, o.List, p.word) })
	case OptionStar:
		p.s("*")
	case OptionDefault:
		p.s("DEFAULT")
	case OptionNull:
		p.s("NULL")
	}
}

// options prints (a = b, c), each value behind sep.
func (p *printer) options(list []*Option, sep string) {
	p.parens(func() {
		commas(p, list, func(o *Option) {
			p.s([...]string{OptionUnspecified: "", OptionSet: "SET ", OptionAdd: "ADD ", OptionDrop: "DROP "}[o.Action])
			if o.Namespace != "" {
				p.id(o.Namespace)
				p.s(".")
			}
			p.id(o.Name)
			p.optionValue(o, sep)
		})
	})
}

// with prints words and options, if there are any.
func (p *printer) withOptions(words string, list []*Option) {
	if len(list) > 0 {
		p.s(words)
		p.options(list, " = ")
	}
}

func (p *printer) foreignOptions(list []*Option) {
	if len(list) > 0 {
		p.s(" OPTIONS ")
		p.options(list, " ")
	}
}

func (p *printer) sequenceOptions(list []*SequenceOption) {
	for i, o := range list {
		if i > 0 {
			p.s(" ")
		}
		p.sequenceOption(o)
	}
}

func (p *printer) sequenceOption(o *SequenceOption) {
	number := func(word string) {
		if o.Value == "" {
			p.s("NO ", word)
		} else {
			p.s(word, " ", o.Value)
		}
	}
	switch o.Kind {
	case SequenceAs:
		p.s("AS ")
		p.typeName(o.Type)
	case SequenceCache:
		p.s("CACHE ", o.Value)
	case SequenceCycle:
		p.when(o.Value != "", "NO ")
		p.s("CYCLE")
	case SequenceIncrement:
		p.s("INCREMENT ", o.Value)
	case SequenceMaxValue:
		number("MAXVALUE")
	case SequenceMinValue:
		number("MINVALUE")
	case SequenceOwnedBy:
		p.s("OWNED BY ")
		p.name(o.Name)
	case SequenceName:
		p.s("SEQUENCE NAME ")
		p.name(o.Name)
	case SequenceStart:
		p.s("START ", o.Value)
	case SequenceRestart:
		p.s("RESTART")
		p.when(o.Value != "", " "+o.Value)
	case SequenceLogged:
		p.s("LOGGED")
	case SequenceUnlogged:
		p.s("UNLOGGED")
	case SequenceGenerated:
		p.s("GENERATED ", generatedWhen(o.Value != "always"))
	}
}

func generatedWhen(byDefault bool) string {
	if byDefault {
		return "BY DEFAULT"
	}
	return "ALWAYS"
}

func (p *printer) role(r *RoleSpec) {
	if r.Kind == RoleNamed {
		p.id(r.Name)
	} else {
		p.s(r.String())
	}
}

func (p *printer) roles(list []*RoleSpec) { commas(p, list, p.role) }

func (p *printer) param(f *FuncParam) {
	p.s([...]string{ParamDefault: "", ParamIn: "IN ", ParamOut: "OUT ", ParamInOut: "INOUT ",
		ParamVariadic: "VARIADIC ", ParamTable: ""}[f.Mode])
	if f.Name != "" {
		p.id(f.Name)
		p.s(" ")
	}
	p.typeName(f.Type)
	if f.Default != nil {
		p.s(" DEFAULT ")
		p.any(f.Default)
	}
}

// params prints the argument types of a function or aggregate.
func (p *printer) params(o *Object) {
	p.parens(func() {
		switch {
		case o.Star:
			p.s("*")
		case o.Kind != ObjectAggregate || o.DirectParams < 0:
			commas(p, o.Params, p.param)
		default:
			direct, ordered := o.Params[:o.DirectParams], o.Params[o.DirectParams:]
			if len(ordered) == 0 { // the variadic argument of both
				ordered = o.Params[o.DirectParams-1:]
			}
			commas(p, direct, p.param)
			p.when(len(direct) > 0, " ")
			p.s("ORDER BY ")
			commas(p, ordered, p.param)
		}
	})
}

// object prints a reference to an object, without its kind.
func (p *printer) object(o *Object) {
	switch o.Kind {
	case ObjectType, ObjectDomain:
		if o.Type != nil {
			p.typeName(o.Type)
		} else {
			p.name(o.Name)
		}
	case ObjectCast:
		p.parens(func() {
			p.typeName(o.Type)
			p.s(" AS ")
			p.typeName(o.Target)
		})
	case ObjectTransform:
		p.s("FOR ")
		p.typeName(o.Type)
		p.clause(" LANGUAGE ", o.Using)
	case ObjectLargeObject:
		p.s(o.Number)
	case ObjectOperator:
		p.operatorName(o.Name)
		p.parens(func() {
			p.operand1(o.Left)
			p.s(", ")
			p.operand1(o.Right)
		})
	default:
		p.name(o.Name)
		if o.ParamsGiven {
			p.params(o)
		}
		p.clause(" USING ", o.Using)
		if o.On != nil {
			p.s(" ON ")
			p.when(o.Kind == ObjectDomainConstraint, "DOMAIN ")
			p.name(o.On)
		}
	}
}

// operand1 prints the type of one side of an operator.
func (p *printer) operand1(t *TypeName) {
	if t == nil {
		p.s("NONE")
	} else {
		p.typeName(t)
	}
}

func ifExists(yes bool) string {
	if yes {
		return "IF EXISTS "
	}
	return ""
}

func ifNotExists(yes bool) string {
	if yes {
		return "IF NOT EXISTS "
	}
	return ""
}

func orReplace(yes bool) string {
	if yes {
		return "OR REPLACE "
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
