package builtin

import (
	"strings"
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types"
)

// Casts between the string types, and the length coercions. The casts among
// numbers stand with their arithmetic; pg_cast's other facts are in casts.txt.

func init() {
	define("text(bpchar)", f1(types.TrimBlanks))
	define("text(name) varchar(name) bpchar(name)", f1(func(s string) string { return s }))
	define("name(text) name(varchar)", f1(types.TruncateName))
	define("name(bpchar)", f1(func(s string) string { return types.TruncateName(types.TrimBlanks(s)) }))
	define("text(char) bpchar(char)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewString(string(types.AppendText(nil, types.Char, a[0], nil))), nil
	}))
	define("char(text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return types.Parse(types.Char, -1, a[0].S, nil) }))
	define("text(bool)", f1(boolWord))
	define("regclass(text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		if s := a[0].S; s != "" && strings.Trim(s, "0123456789") == "" { // a name, where the type's text form has a number
			return types.Null, pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", s)
		}
		return types.Parse(types.RegClass, -1, a[0].S, ctx.env())
	}))

	length := func(t *types.Type) Func {
		f := fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			return types.ApplyTypmod(t, int32(a[1].I), a[0], a[2].I != 0)
		})
		f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			s, o, ms := args[0].S, out.S, args[0].mask()
			mt, me := args[1].mask(), args[2].mask()
			return rows(n, sel, nullMask(out), func(i int) error {
				v, typmod := s[i&ms], args[1].I[i&mt]
				// What is short enough in bytes is so in characters.
				if t == types.VarChar && (typmod < 4 || int64(len(v)) <= typmod-4) ||
					t == types.BPChar && int64(len(v)) == typmod-4 && utf8.RuneCountInString(v) == len(v) {
					o[i] = v
					return nil
				}
				d, err := types.ApplyTypmod(t, int32(typmod), types.NewString(v), args[2].B[i&me])
				o[i] = d.S
				return err
			})
		}
		return f
	}
	define("varchar(varchar,int4,bool)", length(types.VarChar))
	define("bpchar(bpchar,int4,bool)", length(types.BPChar))
	define("numeric(numeric,int4)", f2e(func(d types.Decimal, typmod int64) (types.Decimal, error) {
		r, err := types.ApplyTypmod(types.Numeric, int32(typmod), types.NewDecimal(d), true)
		return r.Decimal(), err
	}))
}
