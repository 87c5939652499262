package session

import (
	"context"
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/types"
)

// The functions of schema rowkey, which show rows as the keys and values they
// are. What they read is what the transaction sees, its own writes included.
//
//	rowkey.keys_of('people', 7)            the keys a row occupies
//	rowkey.decode_key('\x0200…')           a key, span by span
//	rowkey.decode_value('\x02…', '\x10…')  a value, span by span
//	rowkey.keyspace('/Table/people')       the pairs below a path or prefix

func column(name string, t *types.Type) types.Field {
	return types.Field{Name: name, Type: t, Typmod: -1}
}

var (
	spanColumns = []types.Field{column("pos", types.Int4), column("len", types.Int4), column("bytes", types.Bytea),
		column("what", types.Text), column("value", types.Text)}
	pairColumns = []types.Field{column("path", types.Text), column("key", types.Bytea), column("value", types.Bytea)}
	keyColumns  = append([]types.Field{column("index", types.Text)}, pairColumns...)
)

func init() {
	register := func(oid types.OID, name, doc string, argNames []string, args []*types.Type, out []types.Field, f builtin.Func) {
		f.OID, f.Name, f.Doc, f.ArgNames, f.Args, f.Out = oid, "rowkey."+name, doc, argNames, args, out
		f.Result, f.Kind, f.SetOf, f.Volatility = types.Record, builtin.Scalar, true, builtin.Stable
		builtin.RegisterFunc(&f)
	}
	register(9901, "keys_of", "the keys that a row occupies: its own and one in each index, by its primary key", []string{"table", "primary_key"},
		[]*types.Type{types.RegClass, types.AnyType}, keyColumns,
		builtin.Func{Variadic: types.AnyType, Bind: func(ts []*types.Type) *builtin.Func {
			return &builtin.Func{Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
				return keysOf(ctx, ts, a, emit)
			}}
		}})
	register(9902, "decode_key", "what each byte of a key means", []string{"key"}, []*types.Type{types.Bytea}, spanColumns,
		builtin.Func{Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			key := []byte(a[0].S)
			return emitSpans(key, anatomist(ctx).Key(key), emit)
		}})
	register(9903, "decode_value", "what each byte of the value stored under a key means", []string{"key", "value"}, []*types.Type{types.Bytea, types.Bytea}, spanColumns,
		builtin.Func{Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			value := []byte(a[1].S)
			return emitSpans(value, anatomist(ctx).Value([]byte(a[0].S), value), emit)
		}})
	register(9904, "keyspace", "the pairs of the store whose keys begin with prefix", []string{"prefix"}, []*types.Type{types.Bytea}, pairColumns,
		builtin.Func{Streams: true, Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			return eachPair(ctx, []byte(a[0].S), emit)
		}})
	register(9905, "keyspace", "the pairs of the store below a path, such as /Table/people; all by default", []string{"path"}, []*types.Type{types.Text}, pairColumns,
		builtin.Func{Streams: true, Defaults: []types.Datum{types.NewString("/")}, Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			prefix, err := rowenc.ParsePath(hostOf(ctx).snapshot(), a[0].S)
			if err != nil {
				return err
			}
			return eachPair(ctx, prefix, emit)
		}})
}

// hostOf is the session that runs a function; those above are not immutable,
// so there is one.
func hostOf(ctx *builtin.Ctx) *Session { return ctx.Session.(*host).s() }

func anatomist(ctx *builtin.Ctx) *rowenc.Anatomist {
	return &rowenc.Anatomist{Catalog: hostOf(ctx).snapshot(), Env: ctx.Env}
}

func emitSpans(b []byte, spans []rowenc.Span, emit func([]types.Datum) error) error {
	for _, s := range spans {
		value := types.Null
		if s.HasValue {
			value = types.NewString(s.Value)
		}
		row := []types.Datum{types.NewInt(int64(s.At)), types.NewInt(int64(s.Len)), types.NewString(string(b[s.At : s.At+s.Len])),
			types.NewString(s.What), value}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// eachPair emits the pairs of the store whose keys begin with prefix. It reads
// few at first, as many as the first batch of rows that is asked for.
func eachPair(ctx *builtin.Ctx, prefix []byte, emit func([]types.Datum) error) error {
	s := hostOf(ctx)
	name := s.snapshot().KeyNamer(s.searchPath())
	r := kv.Range{}
	if len(prefix) > 0 {
		r = kv.PrefixRange(prefix)
	}
	it := s.tx.kv.Scan(r, kv.ScanOptions{})
	defer it.Close()
	pairs := kv.PairBatch{Max: 16}
	for {
		n, err := it.Next(&pairs)
		if err != nil {
			return mapKV(err)
		}
		if n == 0 {
			return nil
		}
		for i, k := range pairs.Keys {
			row := []types.Datum{types.NewString(keyenc.PrettyNamed(k, name)), types.NewString(string(k)), types.NewString(string(pairs.Values[i]))}
			if err := emit(row); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		pairs.Max = min(4*pairs.Max, kv.DefaultBatchPairs)
	}
}

// keysOf emits the keys of one row, given its table and primary key.
func keysOf(ctx *builtin.Ctx, ts []*types.Type, args []types.Datum, emit func([]types.Datum) error) error {
	s := hostOf(ctx)
	snap := s.snapshot()
	t := snap.Table(types.OID(args[0].I))
	if t == nil || t.Storage == 0 || len(t.Indexes) == 0 {
		err := pgerr.Newf(pgerr.WrongObjectType, "%s has no rows of its own in the store", catalog.RegName(snap, s.searchPath(), types.RegClass, types.OID(args[0].I)))
		if t != nil && t.Kind == catalog.KindPartitioned {
			err = err.WithHint("Name the partition that the row is in.")
		}
		return err
	}
	primary, err := rowenc.NewIndex(t, t.Indexes[0])
	if err != nil {
		return err
	}
	key, err := primaryKey(ctx.Env, primary, ts[1:], args[1:])
	if err != nil {
		return err
	}
	value, ok, err := s.tx.kv.Get(key)
	if err != nil || !ok {
		return mapKV(err)
	}
	entries, err := executor.RowEntries(&executor.Ctx{Context: ctx, Txn: s.tx.kv, Eval: ctx, Catalog: snap, Binder: (*binder)(s)}, t, key, value)
	if err != nil {
		return err
	}
	name := snap.KeyNamer(s.searchPath())
	for _, e := range entries {
		stored := types.Null // not there: damage, which rowkey check tells of
		if v, ok, err := s.tx.kv.Get(e.Key); err != nil {
			return mapKV(err)
		} else if ok {
			stored = types.NewString(string(v))
		}
		row := []types.Datum{types.NewString(e.Index.KeyName()), types.NewString(keyenc.PrettyNamed(e.Key, name)), types.NewString(string(e.Key)), stored}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// primaryKey makes the key of a row of arguments of any type: each goes
// through its text form to the type of its column.
func primaryKey(env *types.Env, primary *rowenc.Index, ts []*types.Type, args []types.Datum) ([]byte, error) {
	key := append([]byte(nil), primary.Prefix...)
	if len(args) != len(primary.Keys) {
		names := make([]string, len(primary.Keys))
		for i, a := range primary.Attnums {
			if names[i] = "row id"; a > 0 {
				names[i] = primary.Table.Col(a).Name
			}
		}
		return nil, pgerr.New(pgerr.InvalidParameterValue, "wrong number of values for the primary key of table "+strconv.Quote(primary.Table.Name)).
			WithDetail("The primary key is (%s).", strings.Join(names, ", "))
	}
	for i := range args {
		col := &primary.Keys[i]
		d := args[i]
		if ts[i] != col.Type {
			var err error
			if d, err = types.Parse(col.Type.Under(), -1, types.TextOf(ts[i], d, env), env); err != nil {
				return nil, err
			}
		}
		key = col.Append(key, d)
	}
	return key, nil
}
