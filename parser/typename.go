package parser

import (
	"rowkey/parser/ast"
)

// Bits of an interval's fields in a type modifier, as in PostgreSQL.
const (
	intervalMonth  = 1 << 1
	intervalYear   = 1 << 2
	intervalDay    = 1 << 3
	intervalHour   = 1 << 10
	intervalMinute = 1 << 11
	intervalSecond = 1 << 12
	intervalFull   = 0x7fff
)

// The types whose names are grammar. Trees share these slices.
var systemTypes = map[string][]string{}

func systemType(name string) []string { return systemTypes[name] }

func init() {
	for _, n := range []string{"int2", "int4", "int8", "float4", "float8", "numeric", "bool", "bpchar", "varchar",
		"bit", "varbit", "time", "timetz", "timestamp", "timestamptz", "interval"} {
		systemTypes[n] = []string{"pg_catalog", n}
	}
}

// typeKeywords are the col_name keywords that begin a type.
var typeKeywords = map[string]bool{"int": true, "integer": true, "smallint": true, "bigint": true, "real": true,
	"float": true, "double": true, "decimal": true, "dec": true, "numeric": true, "boolean": true, "bit": true,
	"character": true, "char": true, "varchar": true, "national": true, "nchar": true, "time": true,
	"timestamp": true, "interval": true}

// typeName takes a type with its modifiers and array bounds (Typename).
func (p *parser) typeName() *ast.TypeName {
	t := &ast.TypeName{At: p.here()}
	t.SetOf = p.accept("setof")
	if t.SetOf {
		t.At = p.here()
	}
	p.simpleType(t, false)
	if p.accept("array") {
		bound := -1
		if p.accept("[") {
			bound = p.intConst()
			p.expect("]")
		}
		t.Bounds = []int{bound}
		return t
	}
	for p.accept("[") {
		bound := -1
		if !p.is("]") {
			bound = p.intConst()
		}
		p.expect("]")
		t.Bounds = append(t.Bounds, bound)
	}
	return t
}

// funcType takes a type of a function's argument or result: typeName or name%TYPE (func_type).
func (p *parser) funcType() *ast.TypeName {
	save := p.i
	t := &ast.TypeName{SetOf: p.accept("setof"), At: p.here()}
	if p.tok().isTypeFuncName() && p.peek(1).isWord(".") {
		t.Names = p.attrs([]string{p.typeFuncName()})
		if p.accept("%") {
			if p.isWordIdent("type") {
				p.i++
				t.PctType = true
				return t
			}
			p.fail()
		}
	}
	p.i = save
	return p.typeName()
}

// simpleType takes a type without array bounds into t (SimpleTypename). For a
// typed literal (char 'x') a missing length means no limit, not 1.
func (p *parser) simpleType(t *ast.TypeName, literal bool) {
	tok := p.tok()
	// DOUBLE alone of these words is unreserved: without PRECISION it is a name.
	if tok.kind != tokKeyword || !typeKeywords[tok.text] || tok.class != colName && !p.is("double", "precision") {
		t.Names = p.attrs([]string{p.typeFuncName()})
		t.Mods = p.typeMods()
		return
	}
	p.i++
	switch tok.text {
	case "int", "integer":
		t.Names = systemType("int4")
	case "smallint":
		t.Names = systemType("int2")
	case "bigint":
		t.Names = systemType("int8")
	case "real":
		t.Names = systemType("float4")
	case "boolean":
		t.Names = systemType("bool")
	case "float":
		t.Names = systemType("float8")
		if p.accept("(") {
			at := p.pos()
			switch n := p.intConst(); {
			case n < 1:
				raise(at, codeInvalidParam, "precision for type float must be at least 1 bit")
			case n <= 24:
				t.Names = systemType("float4")
			case n > 53:
				raise(at, codeInvalidParam, "precision for type float must be less than 54 bits")
			}
			p.expect(")")
		}
	case "double":
		p.expect("precision")
		t.Names = systemType("float8")
	case "decimal", "dec", "numeric":
		t.Names = systemType("numeric")
		t.Mods = p.typeMods()
	case "bit":
		t.Names = systemType("bit")
		if p.accept("varying") {
			t.Names = systemType("varbit")
		}
		if t.Mods = p.typeMods(); t.Mods == nil && t.Names[1] == "bit" && !literal {
			t.Mods = []ast.Expr{intNode(1, ast.Unknown)}
		}
	case "character", "char", "nchar", "varchar", "national":
		p.characterType(t, tok.text, literal)
	case "time", "timestamp":
		name := tok.text
		if p.is("(") {
			p.i++
			t.Mods = []ast.Expr{p.intNodeHere()}
			p.expect(")")
		}
		if p.is("with", "time") {
			p.i++
			p.expect("time", "zone")
			name += "tz"
		} else if p.is("without", "time") {
			p.i++
			p.expect("time", "zone")
		}
		t.Names = systemType(name)
	case "interval":
		t.Names = systemType("interval")
		if p.accept("(") {
			n := p.intNodeHere()
			p.expect(")")
			t.Mods = []ast.Expr{intNode(intervalFull, ast.Unknown), n}
		} else if !literal {
			p.intervalFields(t)
		}
	}
}

func (p *parser) characterType(t *ast.TypeName, word string, literal bool) {
	name := "bpchar"
	if word == "national" && !p.accept("character") {
		p.expect("char")
	}
	if word == "varchar" || p.accept("varying") {
		name = "varchar"
	}
	t.Names = systemType(name)
	if p.accept("(") {
		t.Mods = []ast.Expr{p.intNodeHere()}
		p.expect(")")
	} else if name == "bpchar" && !literal {
		t.Mods = []ast.Expr{intNode(1, ast.Unknown)}
	}
}

// intervalFields takes YEAR, DAY TO SECOND(3) and their like, if there are any.
func (p *parser) intervalFields(t *ast.TypeName) {
	tok := p.tok()
	if tok.kind != tokKeyword {
		return
	}
	at := p.here()
	mask := 0
	switch tok.text {
	case "year":
		mask = intervalYear
		p.i++
		if p.is("to") {
			p.i++
			p.expect("month")
			mask |= intervalMonth
		}
	case "month":
		p.i++
		mask = intervalMonth
	case "day":
		p.i++
		mask = intervalDay
		if p.accept("to") {
			mask |= p.intervalTo(intervalHour, intervalMinute, intervalSecond)
		}
	case "hour":
		p.i++
		mask = intervalHour
		if p.accept("to") {
			mask |= p.intervalTo(intervalMinute, intervalSecond)
		}
	case "minute":
		p.i++
		mask = intervalMinute
		if p.accept("to") {
			mask |= p.intervalTo(intervalSecond)
		}
	case "second":
		p.i++
		mask = intervalSecond
	default:
		return
	}
	t.Mods = []ast.Expr{intNode(mask, at)}
	if mask&intervalSecond != 0 && p.accept("(") {
		t.Mods = append(t.Mods, p.intNodeHere())
		p.expect(")")
	}
}

// intervalTo takes the last field of a range; the fields between are in it too.
func (p *parser) intervalTo(fields ...int) int {
	mask := 0
	for _, f := range fields {
		mask |= f
		word := map[int]string{intervalHour: "hour", intervalMinute: "minute", intervalSecond: "second"}[f]
		if p.accept(word) {
			return mask
		}
	}
	p.fail()
	return 0
}

// typeMods takes the modifiers of a type: constants and words only, which is
// all that PostgreSQL lets pass in the end.
func (p *parser) typeMods() []ast.Expr {
	if !p.accept("(") {
		return nil
	}
	var mods []ast.Expr
	for {
		t := p.tok()
		switch {
		case t.kind == tokInt || t.kind == tokFloat || t.kind == tokString:
			mods = append(mods, p.literal())
		case t.isWord("-") || t.isWord("+"):
			mods = append(mods, p.numericOnly())
		case t.isColID():
			mods = append(mods, &ast.ColumnRef{At: p.here(), Fields: []string{p.colID()}})
		default:
			p.fail()
		}
		if p.accept(",") {
			continue
		}
		if !p.is(")") && !p.atEnd() && p.tok().kind != tokBad {
			raise(p.pos(), codeSyntax, "type modifiers must be simple constants or identifiers")
		}
		p.expect(")")
		return mods
	}
}

func intNode(n int, at ast.At) *ast.Const {
	return &ast.Const{At: at, Kind: ast.ConstInt, Int: int32(n), Text: itoa(n)}
}

// intNodeHere takes an unsigned integer.
func (p *parser) intNodeHere() *ast.Const {
	if p.tok().kind != tokInt {
		p.fail()
	}
	return p.literal()
}
