package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// Aggregates that keep their input: string_agg, array_agg and the JSON ones.

func stringAgg() Func {
	type S struct {
		buf   []byte
		ok    bool
		first int // length of the delimiter at the front, which is not part of the result
	}
	return rowAgg(func([]*types.Type) rowFold[S] {
		return rowFold[S]{
			step: func(_ *Ctx, s *S, row []types.Datum) error {
				if row[0].IsNull() {
					return nil
				}
				if !s.ok {
					// The first delimiter matters only if this state is merged behind another.
					s.ok, s.first = true, len(row[1].S)
				}
				s.buf = append(append(s.buf, row[1].S...), row[0].S...)
				if len(s.buf) > maxText {
					return errTooLong()
				}
				return nil
			},
			merge: func(s, o *S) error {
				if !o.ok {
					return nil
				}
				if !s.ok {
					*s = *o
					return nil
				}
				s.buf = append(s.buf, o.buf...)
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if !s.ok {
					return types.Null, nil
				}
				return types.NewString(string(s.buf[s.first:])), nil
			},
			size: func(s *S) int64 { return int64(cap(s.buf)) },
		}
	})
}

func arrayAgg() Func {
	type S struct {
		list []types.Datum
		ok   bool
	}
	return rowAgg(func(t []*types.Type) rowFold[S] {
		return rowFold[S]{
			step: func(_ *Ctx, s *S, row []types.Datum) error {
				s.list, s.ok = append(s.list, row[0]), true
				return nil
			},
			merge: func(s, o *S) error {
				s.list, s.ok = append(s.list, o.list...), s.ok || o.ok
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if !s.ok {
					return types.Null, nil
				}
				return arrayOf(t[0], s.list), nil
			},
			size: func(s *S) int64 { return int64(cap(s.list)) * datumBytes(types.Null) },
		}
	})
}

// arrayAggArrays puts arrays of the same dimensions into one of a dimension
// more.
func arrayAggArrays() Func {
	type S struct{ a *types.Array }
	errShape := func() error {
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	}
	return rowAgg(func(t []*types.Type) rowFold[S] {
		return rowFold[S]{
			step: func(_ *Ctx, s *S, row []types.Datum) error {
				if row[0].IsNull() {
					return pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
				}
				x := row[0].Array()
				if len(x.Dims) == 0 && s.a == nil {
					return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
				}
				if s.a == nil {
					s.a = &types.Array{Elem: x.Elem, Dims: append([]types.ArrayDim{{Len: 0, Lower: 1}}, x.Dims...)}
				} else if len(x.Dims) != len(s.a.Dims)-1 {
					return errShape()
				}
				for i, d := range x.Dims {
					if d != s.a.Dims[i+1] {
						return errShape()
					}
				}
				s.a.Dims[0].Len++
				s.a.Elems = append(s.a.Elems, x.Elems...)
				return nil
			},
			merge: func(s, o *S) error {
				if o.a == nil || s.a == nil {
					if s.a == nil {
						s.a = o.a
					}
					return nil
				}
				if len(s.a.Dims) != len(o.a.Dims) {
					return errShape()
				}
				for i := 1; i < len(s.a.Dims); i++ {
					if s.a.Dims[i] != o.a.Dims[i] {
						return errShape()
					}
				}
				s.a.Dims[0].Len += o.a.Dims[0].Len
				s.a.Elems = append(s.a.Elems, o.a.Elems...)
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if s.a == nil {
					return types.Null, nil
				}
				a := *s.a
				a.Dims = append([]types.ArrayDim(nil), a.Dims...)
				if t[0].IsVector() { // the result's type, too
					return types.Null, types.CheckVector(t[0], &a)
				}
				return types.NewAny(&a), nil
			},
			size: func(s *S) int64 {
				if s.a == nil {
					return 0
				}
				return int64(cap(s.a.Elems)) * datumBytes(types.Null)
			},
		}
	})
}

// jsonAgg makes json_agg and jsonb_agg.
func jsonAgg(jsonb bool) Func {
	type S struct {
		buf []byte
		ok  bool
	}
	return rowAgg(func(t []*types.Type) rowFold[S] {
		u := t[0].Under()
		sep := ", "
		if !jsonb && (u.IsArray() || u == types.Record || u.Kind == types.KindComposite) {
			sep = ", \n "
		}
		return rowFold[S]{
			step: func(ctx *Ctx, s *S, row []types.Datum) error {
				switch {
				case s.ok && row[0].IsNull():
					s.buf = append(s.buf, ", "...)
				case s.ok:
					s.buf = append(s.buf, sep...)
				}
				s.ok = true
				if !jsonb {
					s.buf = appendJSON(s.buf, ctx, t[0], row[0], false)
					return nil
				}
				v, err := toJSONB(ctx, t[0], row[0])
				s.buf = append(s.buf, v...)
				return err
			},
			merge: func(s, o *S) error {
				if s.ok && o.ok {
					s.buf = append(s.buf, sep...)
				}
				s.buf, s.ok = append(s.buf, o.buf...), s.ok || o.ok
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if !s.ok {
					return types.Null, nil
				}
				return types.NewString("[" + string(s.buf) + "]"), nil
			},
			size: func(s *S) int64 { return int64(cap(s.buf)) },
		}
	})
}

func jsonObjectAgg(jsonb bool) Func {
	type S struct {
		list []jsonMember
		size int64
	}
	return rowAgg(func(t []*types.Type) rowFold[S] {
		return rowFold[S]{
			step: func(ctx *Ctx, s *S, row []types.Datum) error {
				if row[0].IsNull() {
					return errJSON("field name must not be null")
				}
				key, err := jsonKeyText(ctx, t[0], row[0])
				if err != nil {
					return err
				}
				var v string
				if jsonb {
					v, err = toJSONB(ctx, t[1], row[1])
				} else {
					v = string(appendJSON(nil, ctx, t[1], row[1], false))
				}
				s.list = append(s.list, jsonMember{string(appendJSONString(nil, key)), v})
				s.size += int64(len(key) + len(v) + 32)
				return err
			},
			merge: func(s, o *S) error {
				s.list, s.size = append(s.list, o.list...), s.size+o.size
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if s.list == nil {
					return types.Null, nil
				}
				r := writeObject(s.list, jsonb)
				if !jsonb {
					// The aggregate has blanks inside the braces, the function has not.
					r = "{ " + r[1:len(r)-1] + " }"
				}
				return types.NewString(r), nil
			},
			size: func(s *S) int64 { return s.size },
		}
	})
}

func init() {
	define("string_agg(text,text) string_agg(bytea,bytea)", stringAgg())
	define("array_agg(anynonarray)", arrayAgg())
	define("array_agg(anyarray)", arrayAggArrays())
	define("json_agg(anyelement)", jsonAgg(false))
	define("jsonb_agg(anyelement)", jsonAgg(true))
	define("json_object_agg(any,any)", jsonObjectAgg(false))
	define("jsonb_object_agg(any,any)", jsonObjectAgg(true))
}
