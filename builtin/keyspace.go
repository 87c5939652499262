package builtin

import (
	"strings"
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of the key-value model, in schema kv: commands within a SQL
// transaction, the text and JSON forms of values, and what hides that which has
// expired. They have no counterpart in PostgreSQL.

// KeySession is what they ask of a session that has key spaces.
type KeySession interface {
	// Command runs a command in the statement's transaction and gives its reply
	// as JSON text; ok is false when the reply is null.
	Command(ctx *Ctx, args [][]byte) (json string, ok bool, err error)
	// KeyAlive tells whether a collection of a key space is there, by the
	// statement's clock. Safe for concurrent use.
	KeyAlive(ctx *Ctx, space int64, key string) (bool, error)
	// AnyExpired tells whether KeyAlive may be false of a collection of the space,
	// which is seldom.
	AnyExpired(ctx *Ctx, space int64) (bool, error)
}

func keySession(c *Ctx) (KeySession, error) {
	s, err := c.session()
	if err != nil {
		return nil, err
	}
	k, ok := s.(KeySession)
	if !ok {
		return nil, pgerr.Unsupported("commands are not supported here")
	}
	return k, nil
}

// Live are the predicates of the scans of key spaces: by a row's own expires_at,
// and by that of the key it belongs to in a numbered space.
var Live, LiveKey *Func

func init() {
	Live = &Func{OID: 15100, Name: "kv.live", Args: []*types.Type{types.TimestampTZ}, Result: types.Bool, Kind: Scalar, Volatility: Stable,
		NotStrict: true, Doc: "tells whether a time to live has not passed",
		Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewBool(a[0].IsNull() || a[0].I > ctx.StmtMicros), nil
		},
		Vec: func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			mask := args[0].mask()
			for j := range rowCount(n, sel) {
				i := j
				if sel != nil {
					i = int(sel[j])
				}
				k := i & mask
				out.B[i] = args[0].IsNull(k) || args[0].I[k] > ctx.StmtMicros
			}
			return nil
		}}
	LiveKey = &Func{OID: 15101, Name: "kv.live", Args: []*types.Type{types.Int4, types.Bytea}, Result: types.Bool, Kind: Scalar, Volatility: Stable,
		Doc: "tells whether the time to live of a key has not passed",
		Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			s, err := keySession(ctx)
			if err != nil {
				return types.Null, err
			}
			alive, err := s.KeyAlive(ctx, a[0].I, a[1].S)
			return types.NewBool(alive), err
		},
		Vec: func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			ms, mk := args[0].mask(), args[1].mask()
			var s KeySession // once a row asks
			any := true
			for j := range rowCount(n, sel) {
				i := j
				if sel != nil {
					i = int(sel[j])
				}
				out.B[i] = true
				if !any || out.IsNull(i) {
					continue
				}
				var err error
				if s == nil {
					if s, err = keySession(ctx); err != nil {
						return err
					}
					if args[0].Const {
						if any, err = s.AnyExpired(ctx, args[0].I[0]); err != nil {
							return err
						}
					}
				}
				if any {
					if out.B[i], err = s.KeyAlive(ctx, args[0].I[i&ms], args[1].S[i&mk]); err != nil {
						return err
					}
				}
			}
			return nil
		}}
	RegisterFunc(Live)
	RegisterFunc(LiveKey)

	command := poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			s, err := keySession(ctx)
			if err != nil {
				return types.Null, err
			}
			args := make([][]byte, len(a))
			for i, d := range a {
				switch {
				case d.IsNull():
					return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "an argument of a command cannot be NULL")
				case t[i].Under() == types.Bytea:
					args[i] = []byte(d.S)
				default:
					args[i] = []byte(castText(ctx, t[i], d))
				}
			}
			json, ok, err := s.Command(ctx, args)
			if err != nil || !ok {
				return types.Null, err
			}
			return types.NewString(json), nil
		}
	})
	command.OID, command.Name, command.Args, command.Result, command.Kind = 15102, "kv.command", []*types.Type{types.AnyType}, types.JSONB, Scalar
	command.Variadic, command.NotStrict, command.Volatility, command.Writes = types.AnyType, true, Volatile, true
	command.Doc = "runs a command of the key-value model within the transaction and gives its reply"
	RegisterFunc(&command)

	bytesFunc := func(oid types.OID, name string, result *types.Type, doc string, f func(s string) (string, bool)) {
		RegisterFunc(&Func{OID: oid, Name: name, Args: []*types.Type{types.Bytea}, Result: result, Kind: Scalar, Volatility: Immutable, Doc: doc,
			Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				return optional(f(a[0].S))
			}})
	}
	bytesFunc(15103, "kv.text", types.Text, "gives bytes that are UTF-8 as text, NULL for others", bytesAsText)
	bytesFunc(15104, "kv.json", types.JSONB, "gives bytes that are JSON as jsonb, NULL for others", func(s string) (string, bool) {
		if !utf8.ValidString(s) {
			return "", false
		}
		c, err := types.CanonicalJSON(s)
		return c, err == nil
	})

	// -> ->> #> #>> on bytes that are JSON: NULL on others, as on JSON that has no
	// such field.
	path := types.Text.Array
	for _, op := range []struct {
		oid    types.OID
		name   string
		right  *types.Type
		result *types.Type
		fn     string
	}{
		{15110, "->", types.Text, types.JSONB, "bytea_object_field"},
		{15112, "->", types.Int4, types.JSONB, "bytea_array_element"},
		{15114, "->>", types.Text, types.Text, "bytea_object_field_text"},
		{15116, "->>", types.Int4, types.Text, "bytea_array_element_text"},
		{15118, "#>", path, types.JSONB, "bytea_extract_path"},
		{15120, "#>>", path, types.Text, "bytea_extract_path_text"},
	} {
		f := &Func{OID: op.oid, Name: "kv." + op.fn, Args: []*types.Type{types.Bytea, op.right}, Result: op.result, Kind: Scalar,
			Volatility: Immutable, Doc: "implementation of " + op.name + " operator",
			Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				s := a[0].S
				if !utf8.ValidString(s) || types.ValidateJSON(s) != nil {
					return types.Null, nil
				}
				var v string
				var ok bool
				switch op.right {
				case types.Text:
					v, ok = objectField(strings.TrimLeft(s, " \t\r\n"), a[1].S)
				case types.Int4:
					v, ok = jsonElement(strings.TrimLeft(s, " \t\r\n"), a[1].I)
				default:
					v, ok = jsonPath(s, a[1].Array().Elems)
				}
				v = strings.Trim(v, " \t\r\n")
				if op.result == types.Text {
					return optionalText(v, ok)
				}
				if !ok {
					return types.Null, nil
				}
				c, err := types.CanonicalJSON(v)
				if err != nil {
					return types.Null, nil
				}
				return types.NewString(c), nil
			}}
		RegisterFunc(f)
		ownOperators = append(ownOperators, &Operator{OID: op.oid + 1, Name: op.name, Left: types.Bytea, Right: op.right, Result: op.result, Func: f})
	}
}

// bytesAsText gives bytes as text if they are text.
func bytesAsText(s string) (string, bool) {
	return s, utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// ownOperators are those PostgreSQL does not have.
var ownOperators []*Operator
