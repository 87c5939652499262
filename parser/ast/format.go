package ast

import (
	"strconv"
	"strings"
)

// Format prints a node as SQL that parses to the same tree. It is faithful
// rather than pretty: one line, parentheses where precedence asks for them,
// names quoted as needed. Definition and utility statements that have no
// printer print as a comment with their type.
func Format(n Node) string {
	var p printer
	p.node(n)
	return p.b.String()
}

// printer builds the text.
type printer struct{ b strings.Builder }

// formatter is a node that prints itself.
type formatter interface{ format(p *printer) }

func (p *printer) s(parts ...string) {
	for _, x := range parts {
		p.b.WriteString(x)
	}
}

func (p *printer) id(name string) { p.b.WriteString(QuoteIdent(name)) }

func (p *printer) name(parts []string) {
	for i, x := range parts {
		if i > 0 {
			p.s(".")
		}
		p.id(x)
	}
}

// names prints (a, b), or nothing for an empty list.
func (p *printer) names(list []string) {
	if len(list) > 0 {
		p.s("(")
		for i, x := range list {
			if i > 0 {
				p.s(", ")
			}
			p.id(x)
		}
		p.s(")")
	}
}

// commas prints a list.
func commas[T any](p *printer, list []T, f func(T)) {
	for i, x := range list {
		if i > 0 {
			p.s(", ")
		}
		f(x)
	}
}

func (p *printer) exprs(list []Expr) { commas(p, list, p.any) }

func (p *printer) node(n Node) {
	switch x := n.(type) {
	case nil:
	case Expr:
		p.any(x)
	case *SelectStmt:
		p.query(x)
	case *InsertStmt:
		p.insert(x)
	case *UpdateStmt:
		p.update(x)
	case *DeleteStmt:
		p.delete(x)
	case *MergeStmt:
		p.merge(x)
	case TableExpr:
		p.table(x)
	case *TypeName:
		p.typeName(x)
	case *RawStmt:
		p.node(x.Stmt)
	case *ResTarget:
		p.target(x)
	case *SortBy:
		p.sort(x)
	case *WindowDef:
		p.window(x)
	case formatter:
		x.format(p)
	default:
		p.s("/* ", strings.TrimPrefix(typeString(n), "*ast."), " */")
	}
}

// Levels of precedence, loosest first.
const (
	levelAny = iota
	levelOr
	levelAnd
	levelNot
	levelIs
	levelCompare
	levelPredicate // LIKE, IN, BETWEEN
	levelOp
	levelAdd
	levelMul
	levelPower
	levelZone
	levelCollate
	levelSign
	levelCast
	levelAtom
)

// opLevel is the level of an infix operator.
func opLevel(o Operator) int {
	if o.Schema == "" {
		switch o.Name {
		case "<", ">", "=", "<=", ">=", "<>":
			return levelCompare
		case "+", "-":
			return levelAdd
		case "*", "/", "%":
			return levelMul
		case "^":
			return levelPower
		}
	}
	return levelOp
}

// level is the level of an expression as it prints.
func level(e Expr) int {
	switch x := e.(type) {
	case *BoolExpr:
		return [...]int{And: levelAnd, Or: levelOr, Not: levelNot}[x.Op]
	case *NullTest, *BooleanTest, *DistinctExpr:
		return levelIs
	case *OpExpr:
		if x.Left == nil {
			if x.Op.Schema == "" && (x.Op.Name == "-" || x.Op.Name == "+") {
				return levelSign
			}
			return levelOp
		}
		return opLevel(x.Op)
	case *OpAnyExpr:
		return opLevel(x.Op)
	case *LikeExpr, *InExpr, *BetweenExpr:
		return levelPredicate
	case *SubLink:
		if x.Kind == SubAny || x.Kind == SubAll {
			if x.Op == (Operator{}) {
				return levelPredicate
			}
			return opLevel(x.Op)
		}
	case *CollateExpr:
		return levelCollate
	case *TypeCast:
		return levelCast
	case *Const:
		if (strings.HasPrefix(x.Text, "-") || x.Int < 0) && (x.Kind == ConstInt || x.Kind == ConstFloat) {
			return levelSign
		}
	case *FuncCall:
		switch x.syntax() {
		case "timezone":
			return levelZone
		case "overlaps", "is_normalized":
			return levelIs
		}
	case *CurrentOf, *NamedArg, *GroupingSet:
		return levelAny
	}
	return levelAtom
}

// any prints an expression where any may stand.
func (p *printer) any(e Expr) { p.expr(e, levelAny) }

// expr prints an expression, in parentheses if it is looser than min.
func (p *printer) expr(e Expr, min int) {
	if e == nil {
		return
	}
	if level(e) < min {
		p.s("(")
		p.bare(e)
		p.s(")")
		return
	}
	p.bare(e)
}

// tight prints an operand that stands where only a b_expr may: a simple one.
func (p *printer) tight(e Expr) { p.expr(e, levelSign) }

func (p *printer) op(o Operator) {
	if o.Schema != "" {
		p.s("OPERATOR(", QuoteIdent(o.Schema), ".", o.Name, ")")
		return
	}
	p.s(o.Name)
}

var sqlValueNames = [...]string{CurrentDate: "CURRENT_DATE", CurrentTime: "CURRENT_TIME",
	CurrentTimestamp: "CURRENT_TIMESTAMP", LocalTime: "LOCALTIME", LocalTimestamp: "LOCALTIMESTAMP",
	CurrentRole: "CURRENT_ROLE", CurrentUser: "CURRENT_USER", User: "USER", SessionUser: "SESSION_USER",
	CurrentCatalog: "CURRENT_CATALOG", CurrentSchema: "CURRENT_SCHEMA"}

// String is the function's name in SQL.
func (f SQLValue) String() string { return sqlValueNames[f] }

var boolTests = [...]string{IsTrue: "TRUE", IsNotTrue: "NOT TRUE", IsFalse: "FALSE", IsNotFalse: "NOT FALSE",
	IsUnknown: "UNKNOWN", IsNotUnknown: "NOT UNKNOWN"}

func not(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

// bare prints an expression without parentheses around it.
func (p *printer) bare(e Expr) {
	switch x := e.(type) {
	case *Const:
		p.constant(x)
	case *ParamRef:
		p.s("$", strconv.Itoa(x.Number))
	case *ColumnRef:
		p.name(x.Fields)
		if x.Star {
			if len(x.Fields) > 0 {
				p.s(".")
			}
			p.s("*")
		}
	case *SQLValueFunction:
		p.s(x.Func.String())
		if x.Precision >= 0 {
			p.s("(", strconv.Itoa(x.Precision), ")")
		}
	case *Default:
		p.s("DEFAULT")
	case *CurrentOf:
		p.s("CURRENT OF ")
		p.id(x.Cursor)
	case *OpExpr:
		p.opExpr(x)
	case *OpAnyExpr:
		p.expr(x.Left, opLevel(x.Op)+1)
		p.s(" ")
		p.op(x.Op)
		p.s(anyWord(x.All), "(")
		p.any(x.Array)
		p.s(")")
	case *BoolExpr:
		p.boolExpr(x)
	case *DistinctExpr:
		p.expr(x.Left, levelIs+1)
		p.s(" IS ", not(x.Not), "DISTINCT FROM ")
		p.expr(x.Right, levelIs+1)
	case *LikeExpr:
		p.expr(x.Left, levelPredicate+1)
		p.s(" ", not(x.Not), [...]string{Like: "LIKE ", ILike: "ILIKE ", SimilarTo: "SIMILAR TO "}[x.Kind])
		p.expr(x.Pattern, levelPredicate+1)
		if x.Escape != nil {
			p.s(" ESCAPE ")
			p.expr(x.Escape, levelPredicate+1)
		}
	case *BetweenExpr:
		p.expr(x.Expr, levelPredicate+1)
		p.s(" ", not(x.Not), "BETWEEN ")
		if x.Symmetric {
			p.s("SYMMETRIC ")
		}
		p.tight(x.Low)
		p.s(" AND ")
		p.expr(x.High, levelPredicate+1)
	case *InExpr:
		p.expr(x.Left, levelPredicate+1)
		p.s(" ", not(x.Not), "IN (")
		p.exprs(x.List)
		p.s(")")
	case *NullTest:
		p.expr(x.Arg, levelIs+1)
		p.s(" IS ", not(x.Not), "NULL")
	case *BooleanTest:
		p.expr(x.Arg, levelIs+1)
		p.s(" IS ", boolTests[x.Test])
	case *NullIfExpr:
		p.s("NULLIF(")
		p.exprs([]Expr{x.Left, x.Right})
		p.s(")")
	case *CollateExpr:
		p.expr(x.Arg, levelCollate)
		p.s(" COLLATE ")
		p.name(x.Collation)
	case *FuncCall:
		p.funcCall(x)
	case *NamedArg:
		p.id(x.Name)
		p.s(" => ")
		p.any(x.Arg)
	case *CoalesceExpr:
		p.call("COALESCE", x.Args)
	case *MinMaxExpr:
		if x.Least {
			p.call("LEAST", x.Args)
		} else {
			p.call("GREATEST", x.Args)
		}
	case *GroupingFunc:
		p.call("GROUPING", x.Args)
	case *TypeCast:
		p.expr(x.Arg, levelCast)
		p.s("::")
		p.typeName(x.Type)
	case *CaseExpr:
		p.caseExpr(x)
	case *ArrayExpr:
		p.s("ARRAY")
		p.array(x)
	case *RowExpr:
		if x.Explicit {
			p.s("ROW")
		}
		p.s("(")
		p.exprs(x.Args)
		p.s(")")
	case *Indirection:
		p.indirection(x)
	case *SubLink:
		p.subLink(x)
	case *GroupingSet:
		p.s([...]string{GroupEmpty: "", GroupRollup: "ROLLUP ", GroupCube: "CUBE ", GroupSets: "GROUPING SETS "}[x.Kind], "(")
		p.exprs(x.Sets)
		p.s(")")
	}
}

func anyWord(all bool) string {
	if all {
		return " ALL "
	}
	return " ANY "
}

func (p *printer) call(name string, args []Expr) {
	p.s(name, "(")
	p.exprs(args)
	p.s(")")
}

func (p *printer) constant(x *Const) {
	switch x.Kind {
	case ConstNull:
		p.s("NULL")
	case ConstBool:
		p.s(map[bool]string{true: "true", false: "false"}[x.Bool])
	case ConstString:
		p.s(QuoteString(x.Text))
		if x.As != "" {
			p.s("::", x.As)
		}
	case ConstBits:
		if x.Text == "" {
			p.s("b''")
			return
		}
		p.s(x.Text[:1], QuoteString(x.Text[1:]))
	case ConstInt:
		if x.Text == "" { // made by hand
			p.s(strconv.Itoa(int(x.Int)))
			return
		}
		p.s(x.Text)
	default:
		p.s(x.Text)
	}
}

func (p *printer) opExpr(x *OpExpr) {
	l := level(x)
	if x.Left == nil {
		p.op(x.Op)
		p.s(" ")
		p.expr(x.Right, l+1)
		return
	}
	left := l
	if l == levelCompare { // comparisons do not associate
		left++
	}
	p.expr(x.Left, left)
	p.s(" ")
	p.op(x.Op)
	p.s(" ")
	p.expr(x.Right, l+1)
}

func (p *printer) boolExpr(x *BoolExpr) {
	if x.Op == Not {
		p.s("NOT ")
		p.expr(x.Args[0], levelNot)
		return
	}
	word, l := " AND ", levelAnd
	if x.Op == Or {
		word, l = " OR ", levelOr
	}
	for i, a := range x.Args {
		if i > 0 {
			p.s(word)
		}
		p.expr(a, l+1)
	}
}

func (p *printer) caseExpr(x *CaseExpr) {
	p.s("CASE")
	if x.Arg != nil {
		p.s(" ")
		p.any(x.Arg)
	}
	for _, w := range x.Whens {
		p.s(" WHEN ")
		p.any(w.When)
		p.s(" THEN ")
		p.any(w.Then)
	}
	if x.Else != nil {
		p.s(" ELSE ")
		p.any(x.Else)
	}
	p.s(" END")
}

// array prints the brackets of an array; one within an array has no ARRAY before it.
func (p *printer) array(x *ArrayExpr) {
	nested := len(x.Elems) > 0
	for _, e := range x.Elems {
		if _, ok := e.(*ArrayExpr); !ok {
			nested = false
		}
	}
	p.s("[")
	commas(p, x.Elems, func(e Expr) {
		if nested {
			p.array(e.(*ArrayExpr))
		} else {
			p.any(e)
		}
	})
	p.s("]")
}

func (p *printer) indirection(x *Indirection) {
	plain := false
	switch a := x.Arg.(type) {
	case *ParamRef:
		plain = true
	case *ColumnRef:
		plain = !a.Star && len(x.Path) > 0 && (x.Path[0].Kind == SelectIndex || x.Path[0].Kind == SelectSlice)
	}
	if !plain {
		p.s("(")
	}
	p.any(x.Arg)
	if !plain {
		p.s(")")
	}
	p.path(x.Path)
}

func (p *printer) path(path []*Selector) {
	for _, s := range path {
		switch s.Kind {
		case SelectField:
			p.s(".")
			p.id(s.Field)
		case SelectStar:
			p.s(".*")
		case SelectIndex:
			p.s("[")
			p.any(s.Lower)
			p.s("]")
		case SelectSlice:
			p.s("[")
			p.any(s.Lower)
			p.s(":")
			p.any(s.Upper)
			p.s("]")
		}
	}
}

func (p *printer) subLink(x *SubLink) {
	switch x.Kind {
	case SubExists:
		p.s("EXISTS ")
	case SubArray:
		p.s("ARRAY")
	case SubAny, SubAll:
		if x.Op == (Operator{}) {
			p.expr(x.Test, levelPredicate+1)
			p.s(" IN ")
			break
		}
		p.expr(x.Test, opLevel(x.Op)+1)
		p.s(" ")
		p.op(x.Op)
		p.s(anyWord(x.Kind == SubAll))
	}
	p.s("(")
	p.query(x.Query)
	p.s(")")
}
