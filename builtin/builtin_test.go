package builtin

import "testing"

// The tables hold together: building them finds no bad line, and there are no
// operators without a function.
func TestTables(t *testing.T) {
	t.Logf("%d functions, %d operators, %d casts", len(AllFuncs()), len(AllOperators()), len(Casts()))
	for _, op := range AllOperators() {
		if op.Func == nil || op.Func.Eval == nil {
			t.Errorf("operator %s has no function", op.Name)
		}
	}
}
