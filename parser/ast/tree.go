package ast

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Tree draws a syntax tree, one node a line with its plain fields, leaves as
// SQL; what is absent is left out, and so are positions:
//
//	SelectStmt
//	├─ Targets ResTarget
//	│  └─ Value ColumnRef a
//	├─ From RangeVar Name=t
//	└─ Where OpExpr Op==
//	   ├─ Left ColumnRef id
//	   └─ Right ParamRef $1
func Tree(n Node) string {
	var t treePrinter
	t.node("", "", "", reflect.ValueOf(n))
	return t.b.String()
}

// enumNames are the names of enumerations in queries; "" is not worth a word.
var enumNames = map[reflect.Type][]string{
	reflect.TypeFor[BoolOp]():       {"AND", "OR", "NOT"},
	reflect.TypeFor[SortDir]():      {"", "ASC", "DESC", "USING"},
	reflect.TypeFor[NullsOrder]():   {"", "FIRST", "LAST"},
	reflect.TypeFor[SubLinkKind]():  {"", "EXISTS", "ANY", "ALL", "ARRAY"},
	reflect.TypeFor[JoinKind]():     {"INNER", "LEFT", "FULL", "RIGHT"},
	reflect.TypeFor[SetOp]():        {"", "UNION", "INTERSECT", "EXCEPT"},
	reflect.TypeFor[Persistence]():  {"", "TEMPORARY", "UNLOGGED"},
	reflect.TypeFor[LockStrength](): {"KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"},
}

type treePrinter struct{ b strings.Builder }

// branch is a field that holds nodes, one for each.
type branch struct {
	name string
	v    reflect.Value
}

// node prints v behind a field's name; below is what its branches are indented by.
func (t *treePrinter) node(lead, below, name string, v reflect.Value) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	t.b.WriteString(lead)
	if name != "" {
		t.b.WriteString(name + " ")
	}
	if v.Kind() != reflect.Struct { // a list in a list, such as a row of VALUES
		t.b.WriteString("Row\n")
		t.branches(below, t.parts(nil, "", v))
		return
	}
	t.b.WriteString(v.Type().Name())
	switch leaf := v.Addr().Interface().(type) {
	case *Const, *ColumnRef, *ParamRef, *SQLValueFunction, *TypeName:
		t.b.WriteString(" " + Format(leaf.(Node)) + "\n")
		return
	}
	var parts []branch
	for i := range v.NumField() {
		f, fv := v.Type().Field(i), v.Field(i)
		if f.Anonymous && f.Type == reflect.TypeFor[At]() || !f.IsExported() {
			continue
		}
		if names := enumNames[f.Type]; names != nil {
			if name := names[fv.Uint()]; name != "" {
				t.b.WriteString(" " + f.Name + "=" + name)
			}
			continue
		}
		if fv.IsZero() {
			continue
		}
		if s, ok := plainText(fv); ok {
			t.b.WriteString(" " + f.Name + "=" + s)
			continue
		}
		parts = t.parts(parts, f.Name, fv)
	}
	t.b.WriteByte('\n')
	t.branches(below, parts)
}

// parts adds the branches of a field: each element of a list is one.
func (t *treePrinter) parts(to []branch, name string, v reflect.Value) []branch {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if e := v.Index(i); !e.IsZero() {
				to = append(to, branch{name, e})
			}
		}
		return to
	}
	return append(to, branch{name, v})
}

func (t *treePrinter) branches(below string, parts []branch) {
	for i, p := range parts {
		if i < len(parts)-1 {
			t.node(below+"├─ ", below+"│  ", p.name, p.v)
		} else {
			t.node(below+"└─ ", below+"   ", p.name, p.v)
		}
	}
}

// plainText writes a value that is no node: text, numbers, lists of them.
func plainText(v reflect.Value) (string, bool) {
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(v.Interface()), true
	case reflect.String:
		s := v.String()
		if s == "" || strings.ContainsAny(s, " \n\t\"") {
			s = strconv.Quote(s)
		}
		return s, true
	case reflect.Slice:
		var list []string
		for i := range v.Len() {
			s, ok := plainText(v.Index(i))
			if !ok {
				return "", false
			}
			list = append(list, s)
		}
		return strings.Join(list, "."), true
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Operator]() {
			return v.Field(1).String(), true
		}
	}
	return "", false
}
