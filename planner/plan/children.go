package plan

// This file lists every node's inputs, and every expression's.

// Children implements Node.
func (n *Values) Children() []Node { return nil }

// Children implements Node.
func (n *Scan) Children() []Node { return nil }

// Children implements Node.
func (n *VirtualScan) Children() []Node { return nil }

// Children implements Node.
func (n *Filter) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Project) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *ProjectSet) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Limit) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Sort) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Agg) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Distinct) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Window) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *HashJoin) Children() []Node { return []Node{n.Left, n.Right} }

// Children implements Node.
func (n *MergeJoin) Children() []Node { return []Node{n.Left, n.Right} }

// Children implements Node.
func (n *NestLoop) Children() []Node { return []Node{n.Left, n.Right} }

// Children implements Node.
func (n *LookupJoin) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Append) Children() []Node { return n.Inputs }

// Children implements Node.
func (n *SetOp) Children() []Node {
	if n.Sorted != nil {
		return []Node{n.Sorted}
	}
	return []Node{n.Left, n.Right}
}

// Children implements Node.
func (n *CTEScan) Children() []Node { return nil }

// Children implements Node.
func (n *RecursiveUnion) Children() []Node { return []Node{n.Seed, n.Step} }

// Children implements Node.
func (n *WorkScan) Children() []Node { return nil }

// Children implements Node.
func (n *FuncScan) Children() []Node { return nil }

// Children implements Node.
func (n *LockRows) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Insert) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Update) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Delete) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Merge) Children() []Node { return []Node{n.Input} }

// Parts calls f for the expressions directly below e, but for the checks of domains.
func Parts(e Expr, f func(Expr)) {
	one := func(x Expr) {
		if x != nil {
			f(x)
		}
	}
	each := func(es []Expr) {
		for _, x := range es {
			one(x)
		}
	}
	switch e := e.(type) {
	case *Call:
		each(e.Args)
	case *Relabel:
		one(e.Arg)
	case *And:
		each(e.Args)
	case *Or:
		each(e.Args)
	case *Not:
		one(e.Arg)
	case *IsNull:
		one(e.Arg)
	case *BoolTest:
		one(e.Arg)
	case *IsDistinct:
		one(e.L)
		one(e.R)
	case *Case:
		one(e.Arg)
		for _, w := range e.Whens {
			one(w.Cond)
			one(w.Result)
		}
		one(e.Else)
	case *Coalesce:
		each(e.Args)
	case *MinMax:
		each(e.Args)
	case *NullIf:
		one(e.L)
		one(e.R)
	case *ArrayExpr:
		each(e.Elems)
	case *RowExpr:
		each(e.Args)
	case *FieldSelect:
		one(e.Arg)
	case *Subscript:
		one(e.Arg)
		for _, x := range e.Index {
			one(x.Lower)
			one(x.Upper)
		}
	case *ScalarArray:
		one(e.L)
		one(e.R)
	case *RowCompare:
		each(e.L)
		each(e.R)
	case *CoerceDomain:
		one(e.Arg)
	case *Subplan:
		each(e.Args)
		one(e.Test)
		each(e.HashL)
	}
}
