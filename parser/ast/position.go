package ast

// Start is the position at which PostgreSQL says an expression is when it
// complains of the whole of it (exprLocation): the leftmost of its own position
// and that of its first operand or argument. -1 is unknown.
func Start(n Node) int {
	best := -1
	for {
		if n == nil {
			return best
		}
		if at := n.Pos(); at >= 0 && (best < 0 || at < best) {
			best = at
		}
		next := firstPart(n)
		if next == nil {
			return best
		}
		n = next
	}
}

// firstPart is what may begin left of a node's own position, or nil.
func firstPart(n Node) Node {
	first := func(list []Expr) Node {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	var e Expr
	switch x := n.(type) {
	case *OpExpr:
		e = x.Left
	case *OpAnyExpr:
		e = x.Left
	case *DistinctExpr:
		e = x.Left
	case *LikeExpr:
		e = x.Left
	case *BetweenExpr:
		e = x.Expr
	case *InExpr:
		e = x.Left
	case *NullTest:
		e = x.Arg
	case *BooleanTest:
		e = x.Arg
	case *CollateExpr:
		e = x.Arg
	case *TypeCast:
		e = x.Arg
	case *Indirection:
		e = x.Arg
	case *SubLink:
		e = x.Test
	case *SortBy:
		e = x.Expr
	case *BoolExpr:
		return first(x.Args)
	case *FuncCall:
		if x.SQLSyntax && len(x.Args) == 2 && x.syntax() == "timezone" {
			return x.Args[1]
		}
		return first(x.Args)
	}
	if e == nil {
		return nil
	}
	return e
}
