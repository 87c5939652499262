package builtin

import (
	"strings"

	"rowkey/builtin/jsonpath"
	"rowkey/types"
)

// The functions and operators of jsonpath.

func init() {
	const args = "(jsonb,jsonpath,jsonb,bool)"
	truth := func(yes, null bool, err error) (types.Datum, error) {
		if err != nil || null {
			return types.Null, err
		}
		return types.NewBool(yes), nil
	}
	for _, tz := range []string{"", "_tz"} {
		options := func(ctx *Ctx, a []types.Datum) (*jsonpath.Path, *jsonpath.Options, error) {
			p, err := jsonpath.Parsed(a[1].S)
			o := &jsonpath.Options{Silent: true, TimeZone: tz != "", Env: ctx.Env}
			if len(a) > 2 {
				o.Vars, o.Silent = a[2].S, a[3].Bool()
			}
			return p, o, err
		}
		exists := fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			p, o, err := options(ctx, a)
			if err != nil {
				return types.Null, err
			}
			return truth(p.Exists(a[0].S, o))
		})
		match := fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			p, o, err := options(ctx, a)
			if err != nil {
				return types.Null, err
			}
			return truth(p.Match(a[0].S, o))
		})
		query := func(ctx *Ctx, a []types.Datum) ([]string, error) {
			p, o, err := options(ctx, a)
			if err != nil {
				return nil, err
			}
			return p.Query(a[0].S, o)
		}
		define("jsonb_path_exists"+tz+args, exists)
		define("jsonb_path_match"+tz+args, match)
		if tz == "" {
			define("jsonb_path_exists_opr(jsonb,jsonpath)", exists)
			define("jsonb_path_match_opr(jsonb,jsonpath)", match)
		}
		define("jsonb_path_query"+tz+args, Func{Set: func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			found, err := query(ctx, a)
			for _, v := range found {
				if err := emit([]types.Datum{types.NewString(v)}); err != nil {
					return err
				}
			}
			return err
		}})
		define("jsonb_path_query_array"+tz+args, fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			found, err := query(ctx, a)
			return types.NewString("[" + strings.Join(found, ", ") + "]"), err
		}))
		define("jsonb_path_query_first"+tz+args, fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			found, err := query(ctx, a)
			if err != nil || len(found) == 0 {
				return types.Null, err
			}
			return types.NewString(found[0]), nil
		}))
	}
}
