package executor

import (
	"math/rand"
	"slices"
	"testing"
	"time"

	"rowkey/builtin"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Fast conditions, on IN lists and on values padded with blanks, find the rows that
// the general form of the same expression finds.
func TestFastConditions(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	ctx, txn := newWorld(t).begin(kv.ReadCommitted)
	defer txn.Rollback()
	operator := func(name string, of *types.Type) *builtin.Operator {
		for _, o := range builtin.Operators(name) {
			if o.Left == of && o.Right == of {
				return o
			}
		}
		t.Fatalf("no operator %s of %s", name, of.Name)
		return nil
	}
	const rows = 40
	fast := 0
	for range 3000 {
		of := []*types.Type{types.Int4, types.Int8, types.Date, types.Text, types.BPChar}[r.Intn(5)]
		value := func() types.Datum {
			switch {
			case r.Intn(8) == 0:
				return types.Null
			case of.Phys == types.PhysInt64:
				return types.Datum{K: types.PhysInt64, I: int64(r.Intn(20))}
			}
			return types.NewString([]string{"", " ", "a", "a ", "ab", "ab   ", "b", "a b", "ab\x01"}[r.Intn(9)])
		}
		v := types.NewVec(of, rows)
		for range rows {
			v.Append(value())
		}
		in := &types.Batch{N: rows, Cols: []*types.Vec{v}}
		col := &plan.Col{T: plan.T{Typ: of, Mod: -1}}
		boolean := plan.T{Typ: types.Bool, Mod: -1}
		var e plan.Expr
		if r.Intn(3) > 0 {
			a := &types.Array{Elem: of}
			for range r.Intn(14) {
				a.Elems = append(a.Elems, value())
			}
			if len(a.Elems) > 0 {
				a.Dims = []types.ArrayDim{{Len: int32(len(a.Elems)), Lower: 1}}
			}
			all := r.Intn(2) == 0
			e = &plan.ScalarArray{T: boolean, All: all, L: col, Op: operator([]string{"=", "<>"}[r.Intn(2)], of),
				R: &plan.Const{T: plan.T{Typ: of.Array, Mod: -1}, Val: types.NewAny(a)}}
		} else {
			o := operator([]string{"=", "<>", "<", "<=", ">", ">="}[r.Intn(6)], of)
			e = &plan.Call{T: boolean, Fn: o.Func, Op: o, Args: []plan.Expr{col, &plan.Const{T: plan.T{Typ: of, Mod: -1}, Val: value()}}}
		}
		var sel []int32
		if r.Intn(2) == 0 {
			sel = []int32{}
			for i := range int32(rows) {
				if r.Intn(2) == 0 {
					sel = append(sel, i)
				}
			}
		}
		c := &compiler{x: &exec{Ctx: ctx, gen: 1}}
		p, err := c.pred(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.(*exprPred); !ok {
			fast++
		}
		k, err := c.compile(e)
		if err != nil {
			t.Fatal(err)
		}
		want, err := (&exprPred{k}).filter(in, sel, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.filter(in, sel, nil)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%#v of %v, rows %v: %v (%v), want %v", e, v, sel, got, err, want)
		}
		if sel != nil { // in place
			if got, err := p.filter(in, sel, sel[:0]); err != nil || !slices.Equal(got, want) {
				t.Fatalf("in place: %v (%v), want %v", got, err, want)
			}
		}
	}
	if fast < 1500 {
		t.Errorf("only %d conditions had a fast form", fast)
	}
}
