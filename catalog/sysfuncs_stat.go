package catalog

import (
	"rowkey/builtin"
	"rowkey/types"
)

// Functions of PostgreSQL that package builtin's table does not list: the
// statistics collector's, and those of information_schema.

// schemaPrefix marks the functions of information_schema, which are found only
// by their qualified names.
const schemaPrefix = "information_schema."

// rowkeyPrefix does so for those of schema rowkey.
const rowkeyPrefix = "rowkey."

// keySpacePrefix does so for those of schema kv.
const keySpacePrefix = "kv."

// extra registers a function with PostgreSQL's OID.
func extra(oid OID, name string, volatility builtin.Volatility, result *types.Type, args []*types.Type, impl builtin.Func) {
	impl.OID, impl.Name, impl.Volatility, impl.Result, impl.Args, impl.Kind = oid, name, volatility, result, args, builtin.Scalar
	f := impl
	builtin.RegisterFunc(&f)
}

func init() {
	oid := []*types.Type{types.Oid}
	extra(3403, "pg_statistics_obj_is_visible", builtin.Stable, types.Bool, oid, constant(types.Null))

	// What name[n] means; not a function of PostgreSQL's, so without an OID.
	extra(0, "raw_array_subscript", builtin.Immutable, types.Char, []*types.Type{types.Name, types.Int4},
		builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
			switch i := a[1].I; {
			case i < 0 || i > 63:
				return types.Null, nil
			case i >= int64(len(a[0].S)):
				return vChar(0), nil
			default:
				return vChar(a[0].S[i]), nil
			}
		}})

	// Accesses are not counted here, so nothing is known of them: NULL.
	for name, o := range map[string]OID{
		"pg_stat_get_numscans": 1928, "pg_stat_get_tuples_returned": 1929, "pg_stat_get_tuples_fetched": 1930,
		"pg_stat_get_tuples_inserted": 1931, "pg_stat_get_tuples_updated": 1932, "pg_stat_get_tuples_deleted": 1933,
		"pg_stat_get_blocks_fetched": 1934, "pg_stat_get_blocks_hit": 1935, "pg_stat_get_tuples_hot_updated": 1972,
		"pg_stat_get_dead_tuples": 2879, "pg_stat_get_mod_since_analyze": 3177, "pg_stat_get_ins_since_vacuum": 5053,
		"pg_stat_get_vacuum_count": 3054, "pg_stat_get_autovacuum_count": 3055, "pg_stat_get_analyze_count": 3056,
		"pg_stat_get_autoanalyze_count": 3057,
	} {
		extra(o, name, builtin.Stable, types.Int8, oid, constant(types.Null))
	}
	for name, o := range map[string]OID{
		"pg_stat_get_last_vacuum_time": 2781, "pg_stat_get_last_autovacuum_time": 2782,
		"pg_stat_get_last_analyze_time": 2783, "pg_stat_get_last_autoanalyze_time": 2784,
	} {
		extra(o, name, builtin.Stable, types.TimestampTZ, oid, constant(types.Null))
	}
	extra(2878, "pg_stat_get_live_tuples", builtin.Stable, types.Int8, oid, withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		if t := snap.Table(arg(a[0])); t != nil && t.Stats != nil {
			return types.NewInt(int64(t.Stats.Rows)), nil
		}
		return types.Null, nil
	}))

	typeMod := []*types.Type{types.Oid, types.Int4}
	for _, f := range []struct {
		oid    OID
		name   string
		result *types.Type
		eval   func(t *types.Type, typmod int32) types.Datum
	}{
		{13212, "_pg_char_max_length", types.Int4, charMaxLength},
		{13213, "_pg_char_octet_length", types.Int4, charOctetLength},
		{13215, "_pg_numeric_precision", types.Int4, numericPrecision},
		{13216, "_pg_numeric_precision_radix", types.Int4, numericRadix},
		{13217, "_pg_numeric_scale", types.Int4, numericScale},
		{13218, "_pg_datetime_precision", types.Int4, datetimePrecision},
		{13219, "_pg_interval_type", types.Text, intervalType},
	} {
		names := []string{"typid", "typmod"}
		if f.name == "_pg_interval_type" {
			names[1] = "mod"
		}
		extra(f.oid, schemaPrefix+f.name, builtin.Immutable, f.result, typeMod, builtin.Func{ArgNames: names, Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
			return f.eval(types.ByOID(arg(a[0])), int32(a[1].I)), nil
		}})
	}
	extra(13209, schemaPrefix+"_pg_index_position", builtin.Stable, types.Int4, []*types.Type{types.Oid, types.Int2},
		withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
			if t := snap.TableOfIndex(arg(a[0])); t != nil {
				for i, k := range t.IndexByOID(arg(a[0])).Keys {
					if k.Attnum != 0 && int64(k.Attnum) == a[1].I {
						return vInt(i + 1), nil
					}
				}
			}
			return types.Null, nil
		}))
	out := func(x *types.Type) []types.Field {
		return []types.Field{{Name: "x", Type: x, Typmod: -1}, {Name: "n", Type: types.Int4, Typmod: -1}}
	}
	set := func(_ *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		arr := a[0].Array()
		if len(arr.Dims) != 1 {
			return nil
		}
		for i, e := range arr.Elems {
			if err := emit([]types.Datum{e, vInt(i + 1)}); err != nil {
				return err
			}
		}
		return nil
	}
	expand := &builtin.Func{OID: 13208, Name: schemaPrefix + "_pg_expandarray", Args: []*types.Type{types.AnyArray}, Result: types.Record, Kind: builtin.Scalar,
		SetOf: true, Volatility: builtin.Immutable, Out: out(types.AnyElement), Set: set,
		Bind: func(t []*types.Type) *builtin.Func {
			if elem := t[0].Under().Elem; elem != nil {
				return &builtin.Func{Set: set, Out: out(elem)}
			}
			return nil
		}}
	builtin.RegisterFunc(expand)
}

// What information_schema says about types: the same functions as above, by
// type and modifier.

func charMaxLength(t *types.Type, typmod int32) types.Datum {
	if t == types.BPChar || t == types.VarChar {
		if n, ok := types.CharTypmodLen(typmod); ok {
			return vInt(n)
		}
	}
	return types.Null
}

func charOctetLength(t *types.Type, typmod int32) types.Datum {
	if t == types.Text || t == types.BPChar || t == types.VarChar {
		if n, ok := types.CharTypmodLen(typmod); ok && t != types.Text {
			return vInt(4 * n)
		}
		return vInt(1 << 30)
	}
	return types.Null
}

func numericPrecision(t *types.Type, typmod int32) types.Datum {
	switch t {
	case types.Int2:
		return vInt(16)
	case types.Int4:
		return vInt(32)
	case types.Int8:
		return vInt(64)
	case types.Float4:
		return vInt(24)
	case types.Float8:
		return vInt(53)
	case types.Numeric:
		if p, _, ok := types.NumericTypmodParts(typmod); ok {
			return vInt(p)
		}
	}
	return types.Null
}

func numericRadix(t *types.Type, _ int32) types.Datum {
	switch t {
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8:
		return vInt(2)
	case types.Numeric:
		return vInt(10)
	}
	return types.Null
}

func numericScale(t *types.Type, typmod int32) types.Datum {
	switch t {
	case types.Int2, types.Int4, types.Int8:
		return vInt(0)
	case types.Numeric:
		if _, s, ok := types.NumericTypmodParts(typmod); ok {
			return vInt(s)
		}
	}
	return types.Null
}

func datetimePrecision(t *types.Type, typmod int32) types.Datum {
	switch t {
	case types.Date:
		return vInt(0)
	case types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ:
		if typmod >= 0 {
			return vInt(int(typmod))
		}
		return vInt(6)
	case types.Interval:
		if _, p := types.IntervalTypmodParts(typmod); p >= 0 {
			return vInt(p)
		}
		return vInt(6)
	}
	return types.Null
}

func intervalType(t *types.Type, typmod int32) types.Datum {
	if t == types.Interval {
		s := types.Format(t, typmod)
		if fields, _ := types.IntervalTypmodParts(typmod); fields != types.IntervalFullRange {
			out := []byte{}
			for i := len("interval "); i < len(s) && s[i] != '('; i++ {
				c := s[i]
				if c >= 'a' && c <= 'z' {
					c -= 32
				}
				out = append(out, c)
			}
			return vStr(string(out))
		}
	}
	return types.Null
}
