package builtin

import "rowkey/types"

// Procedure is the kind of what CALL calls.
const Procedure Kind = 'p'

// Routines runs functions that users made. A Session that can is one.
type Routines interface {
	// CallRoutine runs a function that returns one value.
	CallRoutine(ctx *Ctx, call *RoutineCall, args []types.Datum) (types.Datum, error)
	// CallSetRoutine runs a function and gives its rows to emit, as a SetFunc does.
	CallSetRoutine(ctx *Ctx, call *RoutineCall, args []types.Datum, emit func([]types.Datum) error) error
}

// RoutineCall is a place that calls a function made by a user: the function
// (package catalog's descriptor) and the types it has there.
type RoutineCall struct {
	Function any
	Args     []*types.Type
	Result   *types.Type
	Out      []types.Field // columns of the result when there are several
	SetOf    bool
	Compiled any // what the session keeps with the place
}
