package planner

import (
	"slices"
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Which operator or function a name and argument types mean: PostgreSQL
// manual, sections 10.2 and 10.3.

// candidate is an operator or function that might be meant, with its
// argument types spread out over the arguments given.
type candidate struct {
	args     []*types.Type
	fn       *builtin.Func
	op       *builtin.Operator
	variadic bool  // VARIADIC array spread out
	defaults int   // arguments to be filled by defaults
	order    []int // named notation: argument i of the function is argument order[i] of the call, -1 default
}

// selectCandidate is func_select_candidate: it narrows down candidates that all
// accept the input; nil when it cannot decide.
func selectCandidate(input []*types.Type, cands []candidate) *candidate {
	n := len(input)
	base := make([]*types.Type, n)
	unknowns := 0
	for i, t := range input {
		if t == types.Unknown {
			unknowns++
			base[i] = t
		} else {
			base[i] = t.Under()
		}
	}
	cands = keepBest(cands, func(c *candidate) int {
		m := 0
		for i, t := range base {
			if t != types.Unknown && sameType(c.args[i], t) {
				m++
			}
		}
		return m
	})
	if len(cands) == 1 {
		return &cands[0]
	}
	cands = keepBest(cands, func(c *candidate) int {
		m := 0
		for i, t := range base {
			if t != types.Unknown && (sameType(c.args[i], t) || c.args[i].Category == t.Category && c.args[i].Preferred) {
				m++
			}
		}
		return m
	})
	if len(cands) == 1 {
		return &cands[0]
	}
	if unknowns == 0 {
		return nil
	}
	resolved := false
	cats := make([]byte, n)
	prefs := make([]bool, n)
	for i := range base {
		if base[i] != types.Unknown {
			continue
		}
		resolved = true
		cats[i] = 0
		conflict := false
		for _, c := range cands {
			t := c.args[i]
			switch {
			case cats[i] == 0:
				cats[i], prefs[i] = t.Category, t.Preferred
			case t.Category == cats[i]:
				prefs[i] = prefs[i] || t.Preferred
			case t.Category == 'S':
				cats[i], prefs[i] = 'S', t.Preferred
			default:
				conflict = true
			}
		}
		if conflict && cats[i] != 'S' {
			resolved = false
			break
		}
	}
	if resolved {
		var keep []candidate
		for _, c := range cands {
			ok := true
			for i := range base {
				if base[i] != types.Unknown {
					continue
				}
				if c.args[i].Category != cats[i] || prefs[i] && !c.args[i].Preferred {
					ok = false
					break
				}
			}
			if ok {
				keep = append(keep, c)
			}
		}
		if len(keep) > 0 {
			cands = keep
		}
		if len(cands) == 1 {
			return &cands[0]
		}
	}
	// Last resort: take the unknowns for the type that the known ones share.
	if unknowns < n {
		var known *types.Type
		for _, t := range base {
			if t == types.Unknown {
				continue
			}
			if known != nil && !sameType(known, t) {
				return nil
			}
			known = t
		}
		all := make([]*types.Type, n)
		for i := range all {
			all[i] = known
		}
		var found *candidate
		for k := range cands {
			if canCoerceAll(all, cands[k].args, builtin.Implicit) {
				if found != nil {
					return nil
				}
				found = &cands[k]
			}
		}
		return found
	}
	return nil
}

func keepBest(cands []candidate, score func(*candidate) int) []candidate {
	best := 0
	var keep []candidate
	for i := range cands {
		s := score(&cands[i])
		if s > best || keep == nil {
			best = s
			keep = append(keep[:0:0], cands[i])
		} else if s == best {
			keep = append(keep, cands[i])
		}
	}
	return keep
}

// findOperator finds the operator meant; left is nil for a prefix operator.
// The second result tells why there is none: ambiguous.
func findOperator(name string, left, right *types.Type) (op *builtin.Operator, ambiguous bool) {
	ops := builtin.Operators(name)
	exact := func(l, r *types.Type) *builtin.Operator {
		for _, o := range ops {
			if o.Left == l && o.Right == r {
				return o
			}
		}
		return nil
	}
	l, r := left, right
	if left != nil {
		if l == types.Unknown && r != types.Unknown {
			l = r
		} else if r == types.Unknown && l != types.Unknown {
			r = l
		}
		if o := exact(l, r); o != nil {
			return o, false
		}
		lb, rb := l.Under(), r.Under()
		if lb != l || rb != r {
			if o := exact(lb, rb); o != nil {
				return o, false
			}
		}
	} else {
		if o := exact(nil, right); o != nil {
			return o, false
		}
		if o := exact(nil, right.Under()); o != nil {
			return o, false
		}
	}
	var cands []candidate
	var input []*types.Type
	if left != nil {
		input = []*types.Type{left, right}
	} else {
		input = []*types.Type{right}
	}
	for _, o := range ops {
		if (o.Left == nil) != (left == nil) {
			continue
		}
		args := []*types.Type{o.Right}
		if left != nil {
			args = []*types.Type{o.Left, o.Right}
		}
		if canCoerceAll(input, args, builtin.Implicit) {
			cands = append(cands, candidate{args: args, op: o})
		}
	}
	switch len(cands) {
	case 0:
		return nil, false
	case 1:
		return cands[0].op, false
	}
	if c := selectCandidate(input, cands); c != nil {
		return c.op, false
	}
	return nil, true
}

// opError is the error for an operator that is not there.
func opError(name string, left, right *types.Type, ambiguous bool, pos int) {
	what := name + " " + typeName(right)
	if left != nil {
		what = typeName(left) + " " + what
	}
	hint := "No operator matches the given name and argument types. You might need to add explicit type casts."
	if left == nil {
		hint = "No operator matches the given name and argument type. You might need to add an explicit type cast."
	}
	if ambiguous {
		bail(pgerr.Newf(pgerr.AmbiguousFunction, "operator is not unique: %s", what).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.").At(pos))
	}
	bail(pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", what).WithHint("%s", hint).At(pos))
}

// operator is findOperator or an error.
func (p *planner) operator(name string, left, right *types.Type, pos int) *builtin.Operator {
	op, amb := findOperator(name, left, right)
	if op == nil {
		opError(name, left, right, amb, pos)
	}
	return op
}

// binaryOp makes left name right.
func (p *planner) binaryOp(name string, l, r arg, pos int) *plan.Call {
	op := p.operator(name, l.e.Type(), r.e.Type(), pos)
	return p.applyOp(op, l, r, pos)
}

func (p *planner) applyOp(op *builtin.Operator, l, r arg, pos int) *plan.Call {
	declared := []*types.Type{op.Left, op.Right}
	result := op.Result
	if isPolymorphic(op.Left) || isPolymorphic(op.Right) || isPolymorphic(op.Result) {
		var err *pgerr.Error
		declared, result, err = polymorphic([]*types.Type{l.e.Type(), r.e.Type()}, declared, op.Result)
		if err != nil {
			bail(err.At(pos))
		}
	}
	args := []plan.Expr{
		p.coerceType(l, declared[0], -1, builtin.Implicit, true),
		p.coerceType(r, declared[1], -1, builtin.Implicit, true),
	}
	c := &plan.Call{T: plan.T{Typ: result, Mod: -1}, Fn: p.bound(op.Func, args), Args: args, Op: op, Pos: pos}
	p.derived(c)
	return c
}

func (p *planner) prefixOp(name string, r arg, pos int) plan.Expr {
	op := p.operator(name, nil, r.e.Type(), pos)
	args := []plan.Expr{p.coerceType(r, op.Right, -1, builtin.Implicit, true)}
	return p.derived(&plan.Call{T: plan.T{Typ: op.Result, Mod: -1}, Fn: p.bound(op.Func, args), Args: args, Op: op, Pos: pos})
}

// compareOp finds the comparison operator of a type with itself: "=", "<" …
func compareOp(kind string, t *types.Type) *builtin.Operator {
	op, _ := findOperator(kind, t, t)
	return op
}

// eqOp is compareOp("=") or PostgreSQL's error.
func eqOp(t *types.Type, pos int) *builtin.Operator {
	op := compareOp("=", t)
	if op == nil && isRowType(t) {
		return nil
	}
	if op == nil || !equatable(t) {
		fail(pos, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", typeName(t))
	}
	return op
}

// equatable tells whether equal values of a type are one: what = says of shapes
// (equal areas) is no reason to call them so, nor of what is made of them.
func equatable(t *types.Type) bool {
	t = t.Under()
	if t.IsArray() {
		return isRowType(t.Elem) || compareOp("=", t.Elem) != nil && equatable(t.Elem)
	}
	return t.Category != 'G'
}

// sortable checks that a type has an order.
func sortable(t *types.Type, pos int) {
	if isRowType(t) || t == types.Unknown {
		return
	}
	if op := compareOp("<", t); op == nil || op.Compare != "<" {
		bail(pgerr.Newf(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", typeName(t)).
			WithHint("Use an explicit ordering operator or modify the query.").At(pos))
	}
}

// signatureOf prints a call for errors: f(integer, x => text).
func signatureOf(name string, ts []*types.Type, names []string) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('(')
	positional := len(ts) - len(names)
	for i, t := range ts {
		if i > 0 {
			b.WriteString(", ")
		}
		if i >= positional {
			b.WriteString(names[i-positional])
			b.WriteString(" => ")
		}
		b.WriteString(typeName(t))
	}
	b.WriteByte(')')
	return b.String()
}

// candidatesFor lists the functions of a name that take n arguments, the last len(names) of them named.
func candidatesFor(fns []*builtin.Func, n int, names []string, expandVariadic bool) []candidate {
	var out []candidate
	for _, f := range fns {
		nargs := len(f.Args)
		if len(names) > 0 { // what VARIADIC would be spread out of has no names
			if c, ok := namedCandidate(f, n, names); ok && (f.Variadic == nil || !expandVariadic) {
				out = append(out, c)
			}
			continue
		}
		variadicAny := f.Variadic == types.AnyType && nargs > 0 && f.Args[nargs-1] == types.AnyType
		switch {
		case variadicAny:
			if n < nargs || !expandVariadic && n != nargs {
				continue
			}
			args := append([]*types.Type(nil), f.Args...)
			for len(args) < n {
				args = append(args, types.AnyType)
			}
			out = append(out, candidate{args: args, fn: f})
		default:
			// Without VARIADIC an array is one of the values, not all of them.
			if n == nargs && (f.Variadic == nil || !expandVariadic) {
				out = append(out, candidate{args: f.Args, fn: f})
			} else if n < nargs && nargs-n <= len(f.Defaults) {
				out = append(out, candidate{args: f.Args[:n], fn: f, defaults: nargs - n})
			}
			if f.Variadic != nil && expandVariadic && n >= nargs {
				args := append([]*types.Type(nil), f.Args[:nargs-1]...)
				for len(args) < n {
					args = append(args, f.Variadic)
				}
				out = append(out, candidate{args: args, fn: f, variadic: true})
			}
		}
	}
	return out
}

func namedCandidate(f *builtin.Func, n int, names []string) (candidate, bool) {
	if n > len(f.Args) || len(f.ArgNames) < len(f.Args) {
		return candidate{}, false
	}
	c := candidate{fn: f, order: make([]int, len(f.Args))}
	for i := range c.order {
		c.order[i] = -1
	}
	positional := n - len(names)
	for i := 0; i < positional; i++ {
		c.order[i] = i
	}
	c.args = append(c.args, f.Args[:positional]...)
	for k, name := range names {
		at := -1
		for j := positional; j < len(f.Args); j++ {
			if f.ArgNames[j] == name {
				at = j
			}
		}
		if at < 0 || c.order[at] >= 0 {
			return candidate{}, false
		}
		c.order[at] = positional + k
		c.args = append(c.args, f.Args[at])
	}
	for j, o := range c.order {
		if o < 0 && j < len(f.Args)-len(f.Defaults) {
			return candidate{}, false
		}
	}
	return c, true
}

// written tells which arguments were written, the last of them by these names.
func (c *candidate) written(n int, names []string) []plan.WrittenArg {
	if c.variadic || c.order == nil && c.defaults == 0 {
		return nil
	}
	out := make([]plan.WrittenArg, n)
	for i := range out {
		out[i].At = i
		if at := i - (n - len(names)); c.order != nil {
			out[i].At = slices.Index(c.order, i)
			if at >= 0 {
				out[i].Name = names[at]
			}
		}
	}
	return out
}

// findFunction picks the function of a name for argument types.
func findFunction(fns []*builtin.Func, input []*types.Type, names []string, variadic bool) (c *candidate, ambiguous bool) {
	cands := candidatesFor(fns, len(input), names, !variadic)
	same := func(c *candidate) bool {
		for i, t := range input {
			if !sameType(c.args[i], t) {
				return false
			}
		}
		return true
	}
	var exact *candidate
	for i := range cands {
		c := &cands[i]
		if same(c) && (exact == nil || exact.variadic && !c.variadic || exact.defaults > c.defaults) {
			exact = c
		}
	}
	if exact != nil {
		return exact, false
	}
	var fit []candidate
	for _, c := range cands {
		if canCoerceAll(input, c.args, builtin.Implicit) {
			fit = append(fit, c)
		}
	}
	// Of two with the same argument types the one that is not spread out, or
	// needs fewer defaults, hides the other.
	for i := 0; i < len(fit); i++ {
		for j := 0; j < len(fit); j++ {
			if i == j || !sameTypes(fit[i].args, fit[j].args) {
				continue
			}
			a, b := fit[i], fit[j]
			if !a.variadic && b.variadic || a.variadic == b.variadic && a.defaults < b.defaults {
				fit = append(fit[:j], fit[j+1:]...)
				if j < i {
					i--
				}
				j--
			}
		}
	}
	switch len(fit) {
	case 0:
		return nil, false
	case 1:
		return &fit[0], false
	}
	if c := selectCandidate(input, fit); c != nil {
		return c, false
	}
	return nil, true
}

func sameTypes(a, b []*types.Type) bool {
	for i := range a {
		if !sameType(a[i], b[i]) {
			return false
		}
	}
	return true
}
