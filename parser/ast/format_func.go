package ast

import (
	"fmt"
	"strconv"
)

// This file prints calls, types and windows.

func typeString(n any) string { return fmt.Sprintf("%T", n) }

// syntax is the construct that a call stands for, or "" for a plain call.
func (f *FuncCall) syntax() string {
	if !f.SQLSyntax || len(f.Name) != 2 {
		return ""
	}
	n := len(f.Args)
	switch name := f.Name[1]; name {
	case "timezone", "position", "extract":
		if n == 2 {
			return name
		}
	case "overlaps":
		if n == 4 {
			return name
		}
	case "overlay":
		if n == 3 || n == 4 {
			return name
		}
	case "substring":
		if n == 2 || n == 3 {
			return name
		}
	case "btrim", "ltrim", "rtrim":
		if n > 0 {
			return name
		}
	case "normalize", "is_normalized":
		if n == 1 || n == 2 {
			return name
		}
	case "pg_collation_for":
		if n == 1 {
			return name
		}
	}
	return ""
}

func (p *printer) funcCall(x *FuncCall) {
	arg := func(i int) Expr { return x.Args[i] }
	text := func(i int) string {
		if c, ok := x.Args[i].(*Const); ok {
			return c.Text
		}
		return ""
	}
	switch x.syntax() {
	case "timezone":
		p.expr(arg(1), levelZone)
		p.s(" AT TIME ZONE ")
		p.expr(arg(0), levelZone+1)
		return
	case "position":
		p.s("POSITION(")
		p.tight(arg(1))
		p.s(" IN ")
		p.tight(arg(0))
	case "extract":
		p.s("EXTRACT(")
		switch f := text(0); f {
		case "year", "month", "day", "hour", "minute", "second":
			p.s(f)
		default:
			p.s(QuoteString(f))
		}
		p.s(" FROM ")
		p.any(arg(1))
	case "overlaps":
		p.s("(")
		p.exprs(x.Args[:2])
		p.s(") OVERLAPS (")
		p.exprs(x.Args[2:])
	case "overlay":
		p.s("OVERLAY(")
		p.any(arg(0))
		p.s(" PLACING ")
		p.any(arg(1))
		p.s(" FROM ")
		p.any(arg(2))
		if len(x.Args) == 4 {
			p.s(" FOR ")
			p.any(arg(3))
		}
	case "substring":
		p.s("SUBSTRING(")
		p.any(arg(0))
		p.s(" FROM ")
		p.any(arg(1))
		if len(x.Args) == 3 {
			p.s(" FOR ")
			p.any(arg(2))
		}
	case "btrim", "ltrim", "rtrim":
		p.s("TRIM(", map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[x.Name[1]], " ")
		if len(x.Args) == 2 {
			p.any(arg(1))
			p.s(" FROM ")
			p.any(arg(0))
			break
		}
		p.s("FROM ")
		p.exprs(x.Args)
	case "normalize":
		p.s("NORMALIZE(")
		p.any(arg(0))
		if len(x.Args) == 2 {
			p.s(", ", text(1))
		}
	case "is_normalized":
		p.expr(arg(0), levelIs+1)
		p.s(" IS ")
		if len(x.Args) == 2 {
			p.s(text(1), " ")
		}
		p.s("NORMALIZED")
		return
	case "pg_collation_for":
		p.s("COLLATION FOR (")
		p.any(arg(0))
	default:
		p.plainCall(x)
		return
	}
	p.s(")")
}

func (p *printer) plainCall(x *FuncCall) {
	p.name(x.Name)
	p.s("(")
	if x.Distinct {
		p.s("DISTINCT ")
	}
	if x.Star {
		p.s("*")
	}
	for i, a := range x.Args {
		if i > 0 {
			p.s(", ")
		}
		if x.Variadic && i == len(x.Args)-1 {
			p.s("VARIADIC ")
		}
		p.any(a)
	}
	if len(x.OrderBy) > 0 && !x.WithinGroup {
		p.orderBy(" ORDER BY ", x.OrderBy)
	}
	p.s(")")
	if x.WithinGroup {
		p.s(" WITHIN GROUP (")
		p.orderBy("ORDER BY ", x.OrderBy)
		p.s(")")
	}
	if x.Filter != nil {
		p.s(" FILTER (WHERE ")
		p.any(x.Filter)
		p.s(")")
	}
	if x.Over != nil {
		p.s(" OVER ")
		if x.Over.Name != "" {
			p.id(x.Over.Name)
		} else {
			p.window(x.Over)
		}
	}
}

func (p *printer) orderBy(words string, list []*SortBy) {
	if len(list) > 0 {
		p.s(words)
		commas(p, list, p.sort)
	}
}

func (p *printer) sort(x *SortBy) {
	p.any(x.Expr)
	switch x.Dir {
	case SortAsc:
		p.s(" ASC")
	case SortDesc:
		p.s(" DESC")
	case SortUsing:
		p.s(" USING ")
		p.op(x.Using)
	}
	p.nulls(x.Nulls)
}

func (p *printer) nulls(n NullsOrder) {
	switch n {
	case NullsFirst:
		p.s(" NULLS FIRST")
	case NullsLast:
		p.s(" NULLS LAST")
	}
}

// window prints a window's definition in its parentheses.
func (p *printer) window(x *WindowDef) {
	p.s("(")
	sep := ""
	if x.RefName != "" {
		p.id(x.RefName)
		sep = " "
	}
	if len(x.Partition) > 0 {
		p.s(sep, "PARTITION BY ")
		p.exprs(x.Partition)
		sep = " "
	}
	if len(x.OrderBy) > 0 {
		p.orderBy(sep+"ORDER BY ", x.OrderBy)
		sep = " "
	}
	if f := x.Frame; f != nil {
		p.s(sep, [...]string{FrameRange: "RANGE ", FrameRows: "ROWS ", FrameGroups: "GROUPS "}[f.Mode])
		if f.Between {
			p.s("BETWEEN ")
		}
		p.bound(f.Start)
		if f.Between {
			p.s(" AND ")
			p.bound(f.End)
		}
		p.s([...]string{ExcludeNoOthers: "", ExcludeCurrentRow: " EXCLUDE CURRENT ROW", ExcludeGroup: " EXCLUDE GROUP",
			ExcludeTies: " EXCLUDE TIES"}[f.Exclude])
	}
	p.s(")")
}

func (p *printer) bound(b FrameBound) {
	if b.Offset != nil {
		p.any(b.Offset)
		p.s(" ")
	}
	p.s([...]string{UnboundedPreceding: "UNBOUNDED PRECEDING", Preceding: "PRECEDING", CurrentRow: "CURRENT ROW",
		Following: "FOLLOWING", UnboundedFollowing: "UNBOUNDED FOLLOWING"}[b.Kind])
}

// ---- types --------------------------------------------------------------------

var sqlTypeNames = map[string]string{"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real",
	"float8": "double precision", "bool": "boolean", "numeric": "numeric", "varchar": "character varying",
	"varbit": "bit varying", "time": "time", "timestamp": "timestamp", "timetz": "time", "timestamptz": "timestamp",
	"interval": "interval", "bpchar": "character", "bit": "bit"}

func (p *printer) typeName(t *TypeName) {
	if t.SetOf {
		p.s("SETOF ")
	}
	if !p.sqlType(t) {
		p.name(t.Names)
		if len(t.Mods) > 0 {
			p.call("", t.Mods)
		}
	}
	if t.PctType {
		p.s("%TYPE")
	}
	for _, b := range t.Bounds {
		p.s("[")
		if b >= 0 {
			p.s(strconv.Itoa(b))
		}
		p.s("]")
	}
}

// sqlType prints a type by the name that SQL gives it, if that means exactly the same.
func (p *printer) sqlType(t *TypeName) bool {
	if len(t.Names) != 2 || t.Names[0] != "pg_catalog" || t.PctType {
		return false
	}
	name, ok := sqlTypeNames[t.Names[1]]
	if !ok {
		return false
	}
	one := len(t.Mods) == 1 && isUnsigned(t.Mods[0])
	switch t.Names[1] {
	case "numeric":
		p.s(name)
		if len(t.Mods) > 0 {
			p.call("", t.Mods)
		}
		return true
	case "bpchar":
		if !one {
			return false
		}
		p.call(name, t.Mods)
		return true
	case "bit":
		if len(t.Mods) == 0 {
			return false
		}
		p.call(name, t.Mods)
		return true
	case "varbit":
		p.s(name)
		if len(t.Mods) > 0 {
			p.call("", t.Mods)
		}
		return true
	case "interval":
		return p.intervalType(t)
	}
	if len(t.Mods) > 0 {
		switch t.Names[1] {
		case "varchar", "time", "timestamp", "timetz", "timestamptz":
			if !one {
				return false
			}
			p.call(name, t.Mods)
		default:
			return false
		}
	} else {
		p.s(name)
	}
	switch t.Names[1] {
	case "timetz", "timestamptz":
		p.s(" with time zone")
	case "time", "timestamp":
		p.s(" without time zone")
	}
	return true
}

func isUnsigned(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.Kind == ConstInt && c.Int >= 0
}

// intervalFields are an interval's fields by PostgreSQL's mask.
var intervalFields = map[int32]string{
	1 << 2: "year", 1 << 1: "month", 1 << 3: "day", 1 << 10: "hour", 1 << 11: "minute", 1 << 12: "second",
	1<<2 | 1<<1: "year to month", 1<<3 | 1<<10: "day to hour", 1<<3 | 1<<10 | 1<<11: "day to minute",
	1<<3 | 1<<10 | 1<<11 | 1<<12: "day to second", 1<<10 | 1<<11: "hour to minute",
	1<<10 | 1<<11 | 1<<12: "hour to second", 1<<11 | 1<<12: "minute to second",
}

const intervalFull = 0x7fff

func (p *printer) intervalType(t *TypeName) bool {
	if len(t.Mods) == 0 {
		p.s("interval")
		return true
	}
	if len(t.Mods) > 2 || !isUnsigned(t.Mods[0]) || len(t.Mods) == 2 && !isUnsigned(t.Mods[1]) {
		return false
	}
	mask := t.Mods[0].(*Const).Int
	fields, ok := intervalFields[mask]
	switch {
	case mask == intervalFull && len(t.Mods) == 2:
		p.s("interval")
	case !ok, len(t.Mods) == 2 && mask&(1<<12) == 0:
		return false
	default:
		p.s("interval ", fields)
	}
	if len(t.Mods) == 2 {
		p.call("", t.Mods[1:])
	}
	return true
}
