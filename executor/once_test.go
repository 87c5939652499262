package executor

import (
	"testing"

	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// What reads no column is one value for a batch, and is not computed for a batch
// whose rows are all left out.
func TestSteadyExpressions(t *testing.T) {
	ctx, txn := newWorld(t).begin(kv.ReadCommitted)
	defer txn.Rollback()
	x := &exec{Ctx: ctx, gen: 1}
	x.Params = []types.Datum{types.NewInt(5)}
	int4 := plan.T{Typ: types.Int4, Mod: -1}
	param, col := &plan.Param{T: int4, Num: 1}, &plan.Col{T: int4, Idx: 0}
	v := types.NewVec(types.Int4, 3)
	for i := range 3 {
		v.Append(types.NewInt(int64(i)))
	}
	in := &types.Batch{N: 3, Cols: []*types.Vec{v}}
	array := plan.T{Typ: types.Int4.Array, Mod: -1}
	for _, c := range []struct {
		e    plan.Expr
		once bool
	}{
		{&plan.ArrayExpr{T: array, Elems: []plan.Expr{param, param}}, true},
		{&plan.Coalesce{T: int4, Args: []plan.Expr{param, param}}, true},
		{&plan.MinMax{T: int4, Args: []plan.Expr{&plan.Coalesce{T: int4, Args: []plan.Expr{param}}, param}}, true},
		{&plan.ArrayExpr{T: array, Elems: []plan.Expr{param, col}}, false},
		{&plan.Coalesce{T: int4, Args: []plan.Expr{col, param}}, false},
	} {
		k, err := x.compile(c.e)
		if err != nil {
			t.Fatal(err)
		}
		a, err := k.eval(in, nil)
		if err != nil || a.Const != c.once {
			t.Errorf("%T: constant %v (%v), want %v", c.e, a.Const, err, c.once)
		}
		if a, err := k.eval(in, []int32{}); err != nil || c.once && !a.IsNull(0) {
			t.Errorf("%T is computed for no row: %v", c.e, err)
		}
	}
}
