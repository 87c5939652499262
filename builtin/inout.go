package builtin

import (
	"strings"

	"rowkey/types"
)

// The functions that types are read and written by (int4in, textout, …), called as any
// other: they are in PostgreSQL's table under the types cstring, and what they do is what
// types does for text from and to clients.

func init() {
	for line := range strings.Lines(procsText) {
		_, tail, _ := strings.Cut(line, "\t")
		sig, tail, _ := strings.Cut(tail, "\t")
		result, _, _ := strings.Cut(tail, "\t")
		name, args, _ := strings.Cut(sig, "(")
		switch args = strings.TrimSuffix(args, ")"); {
		case args == "cstring" && strings.HasSuffix(name, "in"), args == "cstring,oid,int4":
			define(sig, Func{Eval: input(mustType(result))})
		case result == "cstring" && strings.HasSuffix(name, "out"):
			f := poly(output)
			if t := mustType(args); t.Kind != types.KindPseudo || t == types.CString || t == types.Unknown {
				f = Func{Eval: output([]*types.Type{t})}
			}
			define(sig, f)
		}
	}
}

// input reads a value of a type.
func input(t *types.Type) EvalFunc {
	return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		mod := int32(-1)
		if len(a) > 2 {
			mod = int32(a[2].I)
		}
		return types.Parse(t, mod, a[0].S, ctx.env())
	}
}

// output writes a value of a type.
func output(args []*types.Type) EvalFunc {
	return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewString(types.TextOf(args[0], a[0], ctx.env())), nil
	}
}
