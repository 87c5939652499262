package builtin

import "rowkey/types"

// UserAgg describes an aggregate that a user made: a transition function over
// a state, and perhaps a final function.
type UserAgg struct {
	// Transition has the arguments (state, inputs …), Final the state and Extra NULLs.
	Transition, Final *Func
	Extra             int
	Initial           types.Datum
	// FirstInput tells that the first inputs that are not NULL become the state:
	// of a strict transition function without an initial value.
	FirstInput bool
}

// NewUserAgg makes the aggregate. A group keeps its input until its result is
// asked for, so that groups can be merged although nothing is known of the
// transition function.
func NewUserAgg(make_ func(args []*types.Type) (*UserAgg, error)) *Agg {
	type S struct {
		rows [][]types.Datum
	}
	f := rowAgg(func(t []*types.Type) rowFold[S] {
		u, err := make_(t)
		return rowFold[S]{
			step: func(_ *Ctx, s *S, row []types.Datum) error {
				if err != nil {
					return err
				}
				if !u.Transition.NotStrict {
					for _, d := range row {
						if d.IsNull() {
							return nil
						}
					}
				}
				s.rows = append(s.rows, append([]types.Datum(nil), row...))
				return nil
			},
			merge: func(s, o *S) error {
				s.rows = append(s.rows, o.rows...)
				return nil
			},
			result: func(ctx *Ctx, s *S) (types.Datum, error) {
				if err != nil {
					return types.Null, err
				}
				return u.fold(ctx, s.rows)
			},
			size: func(s *S) int64 { return int64(len(s.rows)) * int64(len(t)+1) * datumBytes(types.Null) },
		}
	})
	return f.Agg
}

// fold computes the aggregate of rows.
func (u *UserAgg) fold(ctx *Ctx, rows [][]types.Datum) (types.Datum, error) {
	state := u.Initial
	first := u.FirstInput
	var args []types.Datum
	for i, row := range rows {
		if err := ctx.cancelled(i); err != nil {
			return types.Null, err
		}
		if first {
			state, first = row[0], false
			continue
		}
		args = append(append(args[:0], state), row...)
		var err error
		if state, err = Call(u.Transition, ctx, args); err != nil {
			return types.Null, err
		}
	}
	return u.final(ctx, state)
}

// final gives the result that a state stands for.
func (u *UserAgg) final(ctx *Ctx, state types.Datum) (types.Datum, error) {
	if u.Final == nil {
		return state, nil
	}
	args := make([]types.Datum, 1+u.Extra)
	args[0] = state
	for i := range u.Extra {
		args[1+i] = types.Null
	}
	return Call(u.Final, ctx, args)
}
