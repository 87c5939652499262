package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// Moving computes an aggregate that a user has given an inverse transition function
// (MSFUNC, MINVFUNC): over frames that move on, what enters is added and what leaves is
// taken out again, in PostgreSQL's order, since functions can tell.
type Moving struct {
	UserAgg
	Inverse *Func

	state types.Datum
	count int // rows in the state
	args  []types.Datum
}

// Reset empties the state.
func (m *Moving) Reset() {
	m.state, m.count = m.Initial, 0
}

// skips tells whether a row is none to the transition functions.
func (m *Moving) skips(row []types.Datum) bool {
	if m.Transition.NotStrict {
		return false
	}
	for _, d := range row {
		if d.IsNull() {
			return true
		}
	}
	return false
}

func (m *Moving) call(ctx *Ctx, f *Func, row []types.Datum) (types.Datum, error) {
	m.args = append(append(m.args[:0], m.state), row...)
	return Call(f, ctx, m.args)
}

// Add takes a row in.
func (m *Moving) Add(ctx *Ctx, row []types.Datum) error {
	if m.skips(row) {
		return nil
	}
	m.count++
	if m.FirstInput && m.count == 1 && m.state.IsNull() {
		m.state = row[0]
		return nil
	}
	state, err := m.call(ctx, m.Transition, row)
	if err != nil {
		return err
	}
	if state.IsNull() {
		return pgerr.New(pgerr.NullValueNotAllowed, "moving-aggregate transition function must not return null")
	}
	m.state = state
	return nil
}

// Remove takes a row out that Add has taken in; ok false if that cannot be: the aggregate is
// to be computed anew.
func (m *Moving) Remove(ctx *Ctx, row []types.Datum) (ok bool, err error) {
	if m.skips(row) {
		return true, nil
	}
	if m.count == 1 { // the last one: what rounding has left goes with it
		m.Reset()
		return true, nil
	}
	state, err := m.call(ctx, m.Inverse, row)
	if err != nil || state.IsNull() {
		return false, err
	}
	m.state = state
	m.count--
	return true, nil
}

// Result gives the aggregate of the rows taken in.
func (m *Moving) Result(ctx *Ctx) (types.Datum, error) { return m.final(ctx, m.state) }
