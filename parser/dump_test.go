package parser

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"rowkey/parser/ast"
)

// dump prints a tree as (Type@pos field=value …), leaving out what is zero.
func dump(n any, positions bool) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(n), positions)
	return b.String()
}

var atType = reflect.TypeOf(ast.At(0))

func dumpValue(b *strings.Builder, v reflect.Value, positions bool) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteString("nil")
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		dumpValue(b, v.Elem(), positions)
	case reflect.Struct:
		t := v.Type()
		b.WriteByte('(')
		b.WriteString(t.Name())
		if f := v.FieldByName("At"); positions && f.IsValid() && f.Type() == atType {
			fmt.Fprintf(b, "@%d", f.Int())
		}
		for i := 0; i < t.NumField(); i++ {
			f := v.Field(i)
			if t.Field(i).Type == atType || f.IsZero() {
				continue
			}
			b.WriteByte(' ')
			b.WriteString(t.Field(i).Name)
			b.WriteByte('=')
			dumpValue(b, f, positions)
		}
		b.WriteByte(')')
	case reflect.Slice:
		b.WriteByte('[')
		for i := 0; i < v.Len(); i++ {
			if i > 0 {
				b.WriteByte(' ')
			}
			dumpValue(b, v.Index(i), positions)
		}
		b.WriteByte(']')
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	default:
		fmt.Fprint(b, v.Interface())
	}
}
