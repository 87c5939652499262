package planner

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// FoldConstants simplifies expressions (consts.go), and conditions further: NOT is pushed to the comparisons,
// constants drop out of AND and OR, a condition that is never true leaves no rows, nor does a join with nothing;
// nor is anything read for the one row of HAVING alone.
func foldConstants(p *planner, r rel) rel {
	r = p.simplifyConsts(r)
	return p.everywhere(r, func(x rel) rel {
		switch n := x.(type) {
		case *lFilter:
			conds, never := p.foldConds(n.conds)
			if never || isNothing(n.in) {
				if gate := p.askedOnce(n); len(gate) > 0 && !isNothing(n.in) {
					return &lFilter{in: p.nothing(n.in), conds: append(gate, falseExpr)}
				}
				return p.nothing(n.in)
			}
			if conds == nil {
				return x
			}
			if len(conds) == 0 {
				return n.in
			}
			return &lFilter{in: n.in, conds: conds}
		case *lGroup: // HAVING alone: one row, whatever FROM holds
			if len(n.groups) > 0 || n.sets != nil || len(n.calls) > 0 || len(n.groupings) > 0 {
				return x
			}
			p.changed = true
			return &lValues{rows: [][]plan.Expr{{}}}
		case *lProject:
			if isNothing(n.in) {
				return p.nothing(n)
			}
		case *lJoin:
			if p.joinsNothing(n) {
				return p.nothing(n)
			}
			if n.kind == plan.AntiNullJoin {
				return p.foldAntiNull(n)
			}
			conds, never := p.foldConds(n.conds)
			if conds == nil && !never {
				return x
			}
			c := n.clone().(*lJoin)
			c.conds = conds
			if never {
				c.conds = []plan.Expr{falseExpr}
				switch n.kind {
				case plan.InnerJoin, plan.SemiJoin:
					return p.nothing(n)
				case plan.LeftJoin: // the right side is not even looked at
					if !isNothing(c.r) {
						c.r = p.nothing(c.r)
					}
				}
			}
			return c
		}
		return x
	})
}

// foldAntiNull simplifies NOT IN, where NULL is not as good as false: a comparison that is
// never known lets no row through beside any row on the right.
func (p *planner) foldAntiNull(n *lJoin) rel {
	if len(n.conds) != 1 || !isConst(n.conds[0]) {
		return n
	}
	p.changed = true
	c := n.clone().(*lJoin)
	c.kind, c.conds = plan.AntiJoin, nil
	if k := n.conds[0]; isFalse(k) && !isNullConst(k) {
		c.conds = n.conds
	}
	return c
}

// nothing is a rel without rows.
func (p *planner) nothing(r rel) rel {
	p.changed = true
	return &lValues{cols: r.outCols(), rows: [][]plan.Expr{}}
}

// askedOnce are the conditions before the one that is never true that PostgreSQL asks first
// for all that, once: those that read no column, and are not known before they are asked.
func (p *planner) askedOnce(f *lFilter) (gate []plan.Expr) {
	if in, ok := f.in.(*lFilter); ok {
		gate = p.askedOnce(in)
	}
	for _, c := range f.conds {
		switch c = p.simplifyCond(c); {
		case isFalse(c):
			return gate
		case !isConst(c) && colsOf(c).empty() && !isVolatile(c) && !hasSubquery(c):
			gate = append(gate, c)
		}
	}
	return gate
}

func isNothing(r rel) bool {
	v, ok := r.(*lValues)
	return ok && len(v.rows) == 0
}

// joinsNothing tells whether a join has no rows since a side has none.
func (p *planner) joinsNothing(j *lJoin) bool {
	switch j.kind {
	case plan.InnerJoin, plan.SemiJoin:
		return isNothing(j.l) || isNothing(j.r)
	case plan.FullJoin:
		return isNothing(j.l) && isNothing(j.r)
	case plan.LeftJoin, plan.AntiJoin, plan.AntiNullJoin:
		return isNothing(j.l)
	}
	return false
}

// foldConds simplifies a conjunction; nil when nothing changed.
func (p *planner) foldConds(conds []plan.Expr) (out []plan.Expr, never bool) {
	changed := false
	for _, c := range conds {
		s := p.simplifyCond(c)
		if s != c {
			changed = true
		}
		if isFalse(s) {
			return nil, true
		}
		if isTrue(s) {
			changed = true
			continue
		}
		out = splitAnd(s, out)
	}
	if !changed {
		return nil, false
	}
	p.changed = true
	if out == nil {
		out = []plan.Expr{}
	}
	return out, false
}

// simplifyCond simplifies a condition (where NULL is as good as false).
func (p *planner) simplifyCond(e plan.Expr) plan.Expr {
	switch e := e.(type) {
	case *plan.And:
		var args []plan.Expr
		changed := false
		for _, a := range e.Args {
			s := p.simplifyCond(a)
			changed = changed || s != a
			if isFalse(s) {
				return falseExpr
			}
			if isTrue(s) {
				changed = true
				continue
			}
			args = append(args, s)
		}
		if !changed {
			return e
		}
		if len(args) == 0 {
			return trueExpr
		}
		return makeAnd(args)
	case *plan.Or:
		var args []plan.Expr
		changed := false
		for _, a := range e.Args {
			s := p.simplifyCond(a)
			changed = changed || s != a
			if isTrue(s) {
				return trueExpr
			}
			if isFalse(s) {
				changed = true
				continue
			}
			args = append(args, s)
		}
		if in := p.orToIn(args); in != nil {
			return in
		}
		if f := factor(args); f != nil {
			return f
		}
		if !changed {
			return e
		}
		return makeOr(args)
	case *plan.Not:
		if n := p.negated(e.Arg); n != nil {
			return p.simplifyCond(n)
		}
	case *plan.IsNull:
		arg := p.refold(e.Arg)
		if k, ok := arg.(*plan.Const); ok && !isRowType(k.Typ) {
			if k.Val.IsNull() != e.Not {
				return trueExpr
			}
			return falseExpr
		}
		if arg != e.Arg {
			return &plan.IsNull{T: e.T, Arg: arg, Not: e.Not}
		}
	case *plan.Call:
		if l, r, nulls, ok := equality(e); ok && !nulls && equalExprs(l, r) && !isVolatile(l) && !isRowType(l.Type()) && !e.Fn.NotStrict {
			return p.simplifyCond(&plan.IsNull{T: boolT, Arg: l, Not: true}) // x = x
		}
		return p.refold(e)
	case *plan.Relabel:
		return p.refold(e)
	}
	return e
}

// refold folds calls whose arguments have become constants.
func (p *planner) refold(e plan.Expr) plan.Expr {
	if n, ok := e.(*plan.NullIf); ok {
		return p.foldNullIf(n)
	}
	c, ok := e.(*plan.Call)
	if !ok {
		return e
	}
	var args []plan.Expr
	for i, a := range c.Args {
		x := p.refold(a)
		if x != a && args == nil {
			args = copyExprs(c.Args)
		}
		if args != nil {
			args[i] = x
		}
	}
	if args != nil {
		cc := *c
		cc.Args = args
		c = &cc
	}
	e, _ = p.evalCall(c, false)
	return e
}

// foldNullIf folds NULLIF of constants.
func (p *planner) foldNullIf(n *plan.NullIf) plan.Expr {
	l, ok := n.L.(*plan.Const)
	if !ok {
		return n
	}
	if isNullConst(n.L) || isNullConst(n.R) {
		return l
	}
	args := []plan.Expr{n.L, n.R}
	switch eq, _ := p.evalCall(&plan.Call{T: boolT, Fn: p.bound(n.Eq.Func, args), Args: args, Op: n.Eq, Pos: -1}, false); {
	case isTrue(eq):
		return nullOf(n.Typ, n.Mod)
	case isFalse(eq):
		return l
	}
	return n
}

// negated gives NOT e in a simpler form, nil if there is none.
func (p *planner) negated(e plan.Expr) plan.Expr {
	switch e := e.(type) {
	case *plan.Const:
		if e.Val.IsNull() {
			return e
		}
		if e.Val.Bool() {
			return falseExpr
		}
		return trueExpr
	case *plan.Not:
		return e.Arg
	case *plan.And, *plan.Or:
		var args []plan.Expr
		and, isAnd := e.(*plan.And)
		if isAnd {
			args = and.Args
		} else {
			args = e.(*plan.Or).Args
		}
		out := make([]plan.Expr, len(args))
		for i, a := range args {
			if n := p.negated(a); n != nil {
				out[i] = n
			} else {
				out[i] = negate(a)
			}
		}
		if isAnd {
			return &plan.Or{T: boolT, Args: out}
		}
		return &plan.And{T: boolT, Args: out}
	case *plan.IsNull:
		if isRowType(e.Arg.Type()) {
			return nil
		}
		return &plan.IsNull{T: e.T, Arg: e.Arg, Not: !e.Not}
	case *plan.IsDistinct:
		c := *e
		c.Not = !e.Not
		return &c
	case *plan.BoolTest:
		return &plan.BoolTest{T: e.T, Arg: e.Arg, Kind: e.Kind ^ 1}
	case *plan.Call:
		if e.Op == nil || e.Op.Negator == "" || len(e.Args) != 2 {
			return nil
		}
		op := exactOp(e.Op.Negator, e.Op.Left, e.Op.Right)
		if op == nil {
			return nil
		}
		return &plan.Call{T: e.T, Fn: p.bound(op.Func, e.Args), Args: e.Args, Op: op, Pos: e.Pos}
	case *plan.ScalarArray:
		if e.Op.Negator == "" {
			return nil
		}
		op := exactOp(e.Op.Negator, e.Op.Left, e.Op.Right)
		if op == nil {
			return nil
		}
		return &plan.ScalarArray{T: e.T, Op: op, L: e.L, R: e.R, All: !e.All}
	}
	return nil
}

func exactOp(name string, l, r *types.Type) *builtin.Operator {
	for _, o := range builtin.Operators(name) {
		if o.Left == l && o.Right == r {
			return o
		}
	}
	return nil
}

// orToIn makes a = 1 OR a = 2 OR a IN (3, 4) one list.
func (p *planner) orToIn(args []plan.Expr) plan.Expr {
	if len(args) < 2 {
		return nil
	}
	var key plan.Expr
	var op *builtin.Operator
	var vals []types.Datum
	var et *types.Type
	for _, a := range args {
		switch x := a.(type) {
		case *plan.Call:
			if x.Op == nil || x.Op.Compare != "=" || len(x.Args) != 2 {
				return nil
			}
			l, r := x.Args[0], x.Args[1]
			k, ok := r.(*plan.Const)
			if !ok {
				return nil
			}
			if _, isCol := bareColumn(l); !isCol {
				return nil
			}
			if key == nil {
				key, op, et = l, x.Op, k.Typ
			} else if !equalExprs(key, l) || op != x.Op || !sameType(et, k.Typ) {
				return nil
			}
			vals = append(vals, k.Val)
		case *plan.ScalarArray:
			if x.All || x.Op.Compare != "=" {
				return nil
			}
			k, ok := x.R.(*plan.Const)
			if !ok {
				return nil
			}
			arr, ok := k.Val.X.(*types.Array)
			if !ok {
				return nil
			}
			if key == nil {
				key, op, et = x.L, x.Op, arr.Elem
			} else if !equalExprs(key, x.L) || op != x.Op || !sameType(et, arr.Elem) {
				return nil
			}
			vals = append(vals, arr.Elems...)
		default:
			return nil
		}
	}
	if et.Array == nil {
		return nil
	}
	arr := &types.Array{Elem: et, Dims: []types.ArrayDim{{Len: int32(len(vals)), Lower: 1}}, Elems: vals}
	return &plan.ScalarArray{T: boolT, Op: op, L: key, R: &plan.Const{T: plan.T{Typ: et.Array, Mod: -1}, Val: types.NewAny(arr)}}
}

// factor takes the conditions common to all arms out of an OR:
// (a AND x) OR (a AND y) is a AND (x OR y).
func factor(args []plan.Expr) plan.Expr {
	if len(args) < 2 {
		return nil
	}
	arms := make([][]plan.Expr, len(args))
	for i, a := range args {
		arms[i] = splitAnd(a, nil)
	}
	var common []plan.Expr
	for _, c := range arms[0] {
		everywhere := true
		for _, arm := range arms[1:] {
			if indexExpr(arm, c) < 0 {
				everywhere = false
				break
			}
		}
		if everywhere && !isVolatile(c) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return nil
	}
	var rest []plan.Expr
	for _, arm := range arms {
		var keep []plan.Expr
		for _, c := range arm {
			if indexExpr(common, c) < 0 {
				keep = append(keep, c)
			}
		}
		if len(keep) == 0 {
			return makeAnd(common) // an arm with nothing else: true
		}
		rest = append(rest, makeAnd(keep))
	}
	return makeAnd(append(common, makeOr(rest)))
}

func indexExpr(list []plan.Expr, e plan.Expr) int {
	for i, x := range list {
		if equalExprs(x, e) {
			return i
		}
	}
	return -1
}

// TransitiveEqualities carries constants over joins: a.x = b.x AND a.x = 5
// makes b.x = 5.
func transitiveEqualities(p *planner, r rel) rel {
	return p.transitive(r, nil, true)
}

// transitive works on each tree of filters and inner joins from its top.
// known are conditions that hold for the rows r is joined to.
func (p *planner) transitive(r rel, known []plan.Expr, top bool) rel {
	r = p.inSubqueries(r, func(q rel) rel { return p.transitive(q, nil, true) })
	switch n := r.(type) {
	case *lFilter, *lJoin:
		if j, ok := r.(*lJoin); ok && j.kind != plan.InnerJoin {
			return p.transitiveOuter(j, known)
		}
		if top {
			conds := append(treeConds(n, nil), known...)
			derived := append(p.constantsFor(conds, outSet(n)), p.rangesFor(conds, outSet(n))...)
			c := n.clone()
			for _, k := range c.kids() {
				*k = p.transitive(*k, append(conds, derived...), false)
			}
			if len(derived) > 0 {
				p.changed = true
				return filterOver(c, derived)
			}
			return c
		}
		c := n.clone()
		for _, k := range c.kids() {
			*k = p.transitive(*k, known, false)
		}
		return c
	}
	if len(r.kids()) == 0 {
		return r
	}
	c := r.clone()
	for _, k := range c.kids() {
		*k = p.transitive(*k, nil, true)
	}
	return c
}

// transitiveOuter: what is known of the left rows makes more conditions of ON,
// on the right side alone.
func (p *planner) transitiveOuter(j *lJoin, known []plan.Expr) rel {
	c := j.clone().(*lJoin)
	switch j.kind {
	case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin:
		all := append(append(append([]plan.Expr(nil), known...), treeConds(j.l, nil)...), j.conds...)
		derived := append(p.constantsFor(all, outSet(j.r)), p.rangesFor(all, outSet(j.r))...)
		if len(derived) > 0 {
			p.changed = true
			c.conds = append(c.conds, derived...)
		}
		c.l = p.transitive(j.l, known, true)
		c.r = p.transitive(j.r, nil, true)
	default:
		c.l, c.r = p.transitive(j.l, nil, true), p.transitive(j.r, nil, true)
	}
	return c
}

// treeConds are the conditions of a tree of filters and inner joins (through
// the left sides of other joins).
func treeConds(r rel, out []plan.Expr) []plan.Expr {
	switch n := r.(type) {
	case *lFilter:
		return treeConds(n.in, append(out, n.conds...))
	case *lScan:
		return append(out, n.conds...)
	case *lJoin:
		switch n.kind {
		case plan.InnerJoin:
			out = append(out, n.conds...)
			return treeConds(n.r, treeConds(n.l, out))
		case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			return treeConds(n.l, out)
		}
	}
	return out
}

// constantsFor derives column = constant for columns of a set.
func (p *planner) constantsFor(conds []plan.Expr, cols colSet) []plan.Expr {
	type fact struct {
		val plan.Expr
	}
	known := map[colID]fact{}
	type eq struct {
		l, r colID
	}
	var eqs []eq
	for _, c := range conds {
		call, ok := c.(*plan.Call)
		if !ok || call.Op == nil || call.Op.Compare != "=" || len(call.Args) != 2 {
			continue
		}
		lc, lok := call.Args[0].(*plan.Col)
		rc, rok := call.Args[1].(*plan.Col)
		switch {
		case lok && rok:
			if sameType(lc.Typ, rc.Typ) {
				eqs = append(eqs, eq{lc.Idx, rc.Idx})
			}
		case lok && isParamOrConst(call.Args[1]):
			known[lc.Idx] = fact{call.Args[1]}
		case rok && isParamOrConst(call.Args[0]):
			known[rc.Idx] = fact{call.Args[0]}
		}
	}
	if len(known) == 0 || len(eqs) == 0 {
		return nil
	}
	var out []plan.Expr
	for again := true; again; {
		again = false
		for _, e := range eqs {
			for _, d := range [][2]colID{{e.l, e.r}, {e.r, e.l}} {
				f, have := known[d[0]]
				if _, has := known[d[1]]; !have || has {
					continue
				}
				known[d[1]] = f
				again = true
				if !cols.has(d[1]) {
					continue
				}
				col := p.col(d[1])
				op, _ := findOperator("=", col.Typ, f.val.Type())
				if op == nil || isPolymorphic(op.Left) || isPolymorphic(op.Right) || op.Left != col.Typ || op.Right != f.val.Type() {
					continue
				}
				args := []plan.Expr{col, f.val}
				out = append(out, &plan.Call{T: boolT, Fn: p.bound(op.Func, args), Args: args, Op: op, Pos: -1})
			}
		}
	}
	return out
}

// rangesFor derives bounds for columns that lead an index from bounds on what
// they equal: a.x = b.x AND a.x > 5 makes b.x > 5.
func (p *planner) rangesFor(conds []plan.Expr, cols colSet) []plan.Expr {
	type bound struct {
		id  colID
		op  string
		val plan.Expr
	}
	var bounds []bound
	equal := map[colID][]colID{}
	fixed := map[colID]bool{}
	for _, c := range conds {
		call, ok := c.(*plan.Call)
		if !ok || call.Op == nil || len(call.Args) != 2 || call.Op.Compare == "" || call.Op.Compare == "<>" {
			continue
		}
		l, r, op := call.Args[0], call.Args[1], call.Op.Compare
		lc, lok := l.(*plan.Col)
		rc, rok := r.(*plan.Col)
		if lok && rok {
			if op == "=" && sameType(lc.Typ, rc.Typ) {
				equal[lc.Idx] = append(equal[lc.Idx], rc.Idx)
				equal[rc.Idx] = append(equal[rc.Idx], lc.Idx)
			}
			continue
		}
		if !lok {
			lc, lok, r, op = rc, rok, l, flip(op)
		}
		switch {
		case !lok || !isParamOrConst(r):
		case op == "=":
			fixed[lc.Idx] = true
		default:
			bounds = append(bounds, bound{lc.Idx, op, r})
		}
	}
	if len(bounds) == 0 || len(equal) == 0 {
		return nil
	}
	has := func(id colID, op string) bool {
		for _, b := range bounds {
			if b.id == id && b.op[0] == op[0] {
				return true
			}
		}
		return fixed[id]
	}
	var out []plan.Expr
	given := bounds
	for _, b := range given {
		seen := map[colID]bool{b.id: true}
		for todo := []colID{b.id}; len(todo) > 0; todo = todo[1:] {
			for _, id := range equal[todo[0]] {
				if seen[id] {
					continue
				}
				seen[id] = true
				todo = append(todo, id)
				if !cols.has(id) || has(id, b.op) || !p.leadsIndex(id) {
					continue
				}
				col := p.col(id)
				op, _ := findOperator(b.op, col.Typ, b.val.Type())
				if op == nil || op.Left != col.Typ || op.Right != b.val.Type() {
					continue
				}
				args := []plan.Expr{col, b.val}
				e := &plan.Call{T: boolT, Fn: p.bound(op.Func, args), Args: args, Op: op, Pos: -1}
				bounds = append(bounds, bound{id, b.op, b.val})
				if p.ranged == nil {
					p.ranged = map[colID][]plan.Expr{}
				}
				p.ranged[id] = append(p.ranged[id], e)
				out = append(out, e)
			}
		}
	}
	return out
}

// leadsIndex tells whether a column is the first of an index of its table.
func (p *planner) leadsIndex(id colID) bool {
	ci := &p.cols[id]
	if ci.scan == nil || ci.attnum <= 0 || ci.scan.table.Virtual != nil {
		return false
	}
	for _, ix := range ci.scan.indexes() {
		if len(ix.Keys) > 0 && ix.Keys[0].Attnum == ci.attnum {
			return true
		}
	}
	return false
}

func isParamOrConst(e plan.Expr) bool {
	switch e.(type) {
	case *plan.Const, *plan.Param:
		return true
	}
	return false
}

// PushDownLimit gives each input of a UNION ALL the limit that stands above it.
func pushDownLimit(p *planner, r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		l, ok := x.(*lLimit)
		if !ok || l.count == nil || l.ties != nil {
			return x
		}
		u, ok := l.in.(*lUnion)
		if !ok {
			return x
		}
		count := l.count
		if l.offset != nil {
			a, ok1 := l.count.(*plan.Const)
			b, ok2 := l.offset.(*plan.Const)
			if !ok1 || !ok2 || a.Val.IsNull() || b.Val.IsNull() || a.Val.I < 0 || b.Val.I < 0 || a.Val.I > 1<<40 || b.Val.I > 1<<40 {
				return x
			}
			count = constInt(a.Val.I+b.Val.I, types.Int8)
		}
		for _, in := range u.ins {
			if _, done := in.(*lLimit); done {
				return x
			}
		}
		p.changed = true
		c := u.clone().(*lUnion)
		for i := range c.ins {
			c.ins[i] = &lLimit{in: c.ins[i], count: count}
		}
		n := l.clone().(*lLimit)
		n.in = c
		return n
	})
}
