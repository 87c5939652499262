package planner

import (
	"rowkey/catalog"
	"slices"
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Conversions: which are allowed where (PostgreSQL manual, chapter 10), and
// the expressions that do them.

// bailout carries an error out of the binder's recursion; every entry point of
// the package turns it back into an error value (caught).
type bailout struct{ err error }

func bail(err error) { panic(bailout{err}) }

func fail(pos int, code, format string, args ...any) {
	bail(pgerr.Newf(code, format, args...).At(pos))
}

func caught(err *error) {
	switch r := recover().(type) {
	case nil:
	case bailout:
		*err = r.err
	default:
		panic(r)
	}
}

// arg is a bound expression and the place it stands in the source.
type arg struct {
	e   plan.Expr
	pos int
}

func typeName(t *types.Type) string {
	if t == nil {
		return "-"
	}
	return types.Display(t)
}

// pathKind is how one type becomes another.
type pathKind uint8

const (
	noPath pathKind = iota
	relabelPath
	funcPath
	arrayPath
	ioPath
)

func allows(ctx, need builtin.CastContext) bool {
	rank := func(c builtin.CastContext) int {
		switch c {
		case builtin.Implicit:
			return 0
		case builtin.Assignment:
			return 1
		}
		return 2
	}
	return rank(ctx) >= rank(need)
}

// castPath finds how src becomes dst in a context.
func castPath(src, dst *types.Type, ctx builtin.CastContext) (pathKind, *builtin.Cast) {
	src, dst = src.Under(), dst.Under()
	if sameType(src, dst) {
		return relabelPath, nil
	}
	if c := builtin.FindCast(src, dst); c != nil {
		if !allows(ctx, c.Context) {
			return noPath, nil
		}
		if c.Func == nil {
			return relabelPath, nil
		}
		return funcPath, c
	}
	if src.IsArray() && dst.IsArray() && !dst.IsVector() {
		if k, c := castPath(src.Elem, dst.Elem, ctx); k != noPath {
			switch {
			case k != relabelPath:
				return arrayPath, c
			case sameType(src.Elem.Under(), dst.Elem.Under()) || src.Elem.Category == 'S' || src.Elem.Category == 'V':
				return relabelPath, nil
			}
			return arrayPath, sameElement // it knows what its elements are, and prints them so
		}
	}
	if src.IsRange() && sameType(dst, src.Multirange) && allows(ctx, builtin.Explicit) { // a user's; the others are in the table
		f := builtin.RangeFuncs(src)[3]
		return funcPath, &builtin.Cast{From: src, To: dst, Context: builtin.Explicit, Method: 'f', Func: f}
	}
	if allows(ctx, builtin.Assignment) && dst.Category == 'S' {
		return ioPath, nil
	}
	if allows(ctx, builtin.Explicit) && src.Category == 'S' {
		return ioPath, nil
	}
	return noPath, nil
}

// sameElement is the cast between types of which the values are the same.
var sameElement = &builtin.Cast{Context: builtin.Implicit, Method: 'b', Func: &builtin.Func{
	Args: []*types.Type{types.Oid}, Kind: builtin.Scalar, Volatility: builtin.Immutable,
	Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) { return a[0], nil },
}}

func isPolymorphic(t *types.Type) bool { return isAnyElementFamily(t) || isAnyCompatibleFamily(t) }

func isAnyElementFamily(t *types.Type) bool {
	switch t {
	case types.AnyElement, types.AnyArray, types.AnyNonArray, types.AnyEnum, types.AnyRange, types.AnyMultirange:
		return true
	}
	return false
}

func isAnyCompatibleFamily(t *types.Type) bool {
	switch t {
	case types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray, types.AnyCompatibleRange, types.AnyCompatibleMultirange:
		return true
	}
	return false
}

func isRowType(t *types.Type) bool { return t.Kind == types.KindComposite || t.OID == types.Record.OID }

// canCoerce tells whether values of type src may stand where dst is wanted.
func canCoerce(src, dst *types.Type, ctx builtin.CastContext) bool {
	if sameType(src, dst) || dst == types.AnyType || src == types.Unknown {
		return true
	}
	if isPolymorphic(dst) {
		return true // settled by polymorphic
	}
	if k, _ := castPath(src, dst, ctx); k != noPath {
		return true
	}
	if src.OID == types.Record.OID && dst.Under().Kind == types.KindComposite {
		return true
	}
	if dst == types.Record && src.Under().Kind == types.KindComposite {
		return true
	}
	if dst.OID == 2287 && src.IsArray() && src.Elem.Kind == types.KindComposite {
		return true // record[]
	}
	return false
}

// canCoerceAll is canCoerce for argument lists, polymorphic types included.
func canCoerceAll(src, dst []*types.Type, ctx builtin.CastContext) bool {
	poly := false
	for i := range src {
		if !canCoerce(src[i], dst[i], ctx) {
			return false
		}
		poly = poly || isPolymorphic(dst[i])
	}
	if poly {
		_, _, err := polymorphic(src, dst, nil)
		return err == nil || strings.HasSuffix(err.Message, unknownPolymorphic) && !slices.Contains(dst, types.AnyEnum)
	}
	return true
}

// unknownPolymorphic is an error of the call, not of the choice of its function.
const unknownPolymorphic = "because input has type unknown"

// coerceType converts e to target, which canCoerce said is possible. The typmod is
// applied by coerceTypmod.
func (p *planner) coerceType(a arg, target *types.Type, mod int32, ctx builtin.CastContext, implicit bool) plan.Expr {
	e := a.e
	src := e.Type()
	if sameType(src, target) || target == types.AnyType || isPolymorphic(target) && target != types.AnyArray {
		return e
	}
	if c, ok := e.(*plan.Relabel); ok && c.Collation != "" { // the conversion goes below COLLATE
		x := p.coerceType(arg{c.Arg, a.pos}, target, mod, ctx, implicit)
		if !target.Under().Collate {
			return x
		}
		out := &plan.Relabel{T: plan.T{Typ: x.Type(), Mod: x.Typmod()}, Arg: x, Collation: c.Collation}
		if in, ok := p.collations[c]; ok {
			p.collations[out] = in
		}
		return out
	}
	if target == types.AnyArray {
		if src.Kind == types.KindDomain {
			return &plan.Relabel{T: plan.T{Typ: src.Under(), Mod: -1}, Arg: e, Implicit: true}
		}
		return e
	}
	if src == types.Unknown {
		switch x := e.(type) {
		case *plan.Const:
			return p.literal(x, a.pos, target, mod, ctx)
		case *plan.Param:
			return p.paramAs(x, a.pos, target)
		}
		return p.ioConvert(e, target, a.pos, implicit)
	}
	if x, ok := e.(*plan.Param); ok && x.Typ == types.Unknown {
		return p.paramAs(x, a.pos, target)
	}
	if target == types.Record && src.Under().Kind == types.KindComposite || target.OID == types.Record.Array.OID && src.IsArray() && src.Elem.Kind == types.KindComposite {
		return e // a row is a record as it is
	}
	k, c := castPath(src, target, ctx)
	if k == noPath {
		if base := target.Under(); src.OID == types.Record.OID && target.Kind == types.KindDomain && base.Kind == types.KindComposite {
			return p.toDomain(p.coerceRow(a, base, ctx, true), target, implicit, a.pos, ctx)
		}
		if src.OID == types.Record.OID && target.Kind == types.KindComposite || src.Kind == types.KindComposite && isRowType(target) {
			return p.coerceRow(a, target, ctx, implicit)
		}
		fail(a.pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(src), typeName(target))
	}
	base := target.Under()
	var out plan.Expr
	domain := target.Kind == types.KindDomain
	hidden := implicit || domain // behind the cast to the domain
	switch k {
	case relabelPath:
		out = e
		if !sameType(src, base) {
			if base == target || !sameType(src.Under(), base) {
				m := int32(-1)
				if src.Under() == base {
					m = e.Typmod()
				}
				out = &plan.Relabel{T: plan.T{Typ: base, Mod: m}, Arg: e, Implicit: hidden}
			}
		}
	case funcPath:
		if src.Kind == types.KindDomain {
			e = &plan.Relabel{T: plan.T{Typ: src.Under(), Mod: -1}, Arg: e, Implicit: true}
		}
		out = p.castCall(c.Func, e, base, mod, ctx, hidden, a.pos)
	case arrayPath:
		out = p.arrayConvert(e, base, c, mod, ctx, hidden, a.pos)
	case ioPath:
		out = p.ioConvert(e, base, a.pos, hidden)
		if base.Kind == types.KindComposite || base.IsArray() && base.Elem.Kind == types.KindComposite {
			out = p.checkInside(out, base)
		}
	}
	if base.IsArray() && base.Elem.Kind == types.KindDomain && src.Under() != base {
		out = p.toDomainElems(out, base, a.pos, ctx)
	}
	if domain {
		return p.toDomain(out, target, implicit, a.pos, ctx)
	}
	return p.derived(out)
}

// castCall applies a cast's function, which may want the typmod and whether
// the cast is explicit.
func (p *planner) castCall(f *builtin.Func, e plan.Expr, t *types.Type, mod int32, ctx builtin.CastContext, implicit bool, pos int) plan.Expr {
	args := []plan.Expr{e}
	if len(f.Args) > 1 {
		args = append(args, constInt(int64(mod), types.Int4))
	}
	if len(f.Args) > 2 {
		v := falseExpr
		if ctx == builtin.Explicit {
			v = trueExpr
		}
		args = append(args, v)
	}
	m := int32(-1)
	if len(f.Args) > 1 {
		m = mod
	}
	return &plan.Call{T: plan.T{Typ: t, Mod: m}, Fn: p.bound(f, args), Args: args, Cast: true, Implicit: implicit, Pos: pos}
}

func (p *planner) bound(f *builtin.Func, args []plan.Expr) *builtin.Func {
	if f.Bind == nil {
		return f
	}
	ts := make([]*types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	return f.Bound(ts)
}

// coerceTypmod applies a type's modifier: varchar(10), numeric(8,2).
func (p *planner) coerceTypmod(e plan.Expr, mod int32, ctx builtin.CastContext, implicit bool, pos int) plan.Expr {
	t := e.Type()
	if mod < 0 || e.Typmod() == mod {
		return e
	}
	if t.Kind == types.KindDomain {
		return e
	}
	if t.IsArray() {
		c := builtin.FindCast(t.Elem, t.Elem)
		if c == nil {
			return e
		}
		return p.derived(p.arrayConvert(e, t, c, mod, ctx, implicit, pos))
	}
	c := builtin.FindCast(t, t)
	if c == nil || c.Func == nil {
		return e
	}
	return p.derived(p.castCall(c.Func, e, t, mod, ctx, implicit, pos))
}

// coerceTo converts e to a type with modifier; nil when there is no way.
func (p *planner) coerceTo(a arg, target *types.Type, mod int32, ctx builtin.CastContext, implicit bool) plan.Expr {
	if !canCoerce(a.e.Type(), target, ctx) {
		return nil
	}
	e := p.coerceType(a, target, mod, ctx, implicit)
	if target.Kind == types.KindDomain {
		return e
	}
	x := p.coerceTypmod(e, mod, ctx, implicit, a.pos)
	if x != e && e != a.e { // one cast in two steps: the first is not shown
		switch e := e.(type) {
		case *plan.Call:
			e.Implicit = e.Cast
		case *plan.Relabel:
			e.Implicit = true
		}
	}
	return x
}

// literal turns an unknown-type constant into one of type t.
func (p *planner) literal(c *plan.Const, pos int, t *types.Type, mod int32, ctx builtin.CastContext) plan.Expr {
	base := t.Under()
	var out plan.Expr
	if c.Val.IsNull() {
		out = nullOf(base, -1)
	} else {
		if base.Kind == types.KindPseudo && base != types.Unknown && base != types.CString {
			if base == types.Record {
				fail(pos, pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
			}
			if base != types.Void {
				fail(pos, pgerr.FeatureNotSupported, "cannot accept a value of type %s", typeName(base))
			}
		}
		m := int32(-1)
		if base == types.Interval {
			m = mod
		}
		if base == types.Interval && t.Kind == types.KindDomain {
			m = t.BaseMod
		}
		s := c.Val.Str()
		var v types.Datum
		if base == types.Text || base == types.VarChar && m < 0 || base == types.Unknown {
			v = types.NewString(s)
		} else {
			var err error
			if v, err = types.Parse(base, m, s, p.env); err != nil {
				bail(pgerr.PlaceAt(err, pos))
			}
		}
		if names := p.names(); names != nil && catalog.StoredReg(base, types.OID(v.I)) != "" {
			names.Regs[pos] = Reg{base, types.OID(v.I)}
		}
		p.collates = p.collates || base == types.Name
		out = &plan.Const{T: plan.T{Typ: base, Mod: -1}, Val: v}
		switch {
		case base.IsArray() && base.Elem.Kind == types.KindDomain:
			out = p.toDomainElems(out, base, pos, ctx)
		case base.Kind == types.KindComposite || base.IsArray() && base.Elem.Kind == types.KindComposite:
			out = p.checkInside(out, base)
		}
	}
	if t.Kind == types.KindDomain {
		return p.toDomain(out, t, false, pos, ctx)
	}
	return out
}

// toDomain wraps a value of a domain's base type in the domain's checks.
func (p *planner) toDomain(e plan.Expr, d *types.Type, implicit bool, pos int, ctx builtin.CastContext) plan.Expr {
	out := &plan.CoerceDomain{T: plan.T{Typ: d, Mod: -1}, Arg: e}
	for t := d; t != nil && t.Kind == types.KindDomain; t = t.Base {
		out.Arg = p.coerceTypmod(out.Arg, t.BaseMod, ctx, true, pos)
		u := p.snap.UserType(t.OID)
		if u == nil {
			continue
		}
		out.NotNull = out.NotNull || u.NotNull
		out.Checks = append(p.domainChecks(u), out.Checks...)
	}
	return out
}

// toDomainElems wraps an array in the checks of its elements' domain, and cuts these to its modifier.
func (p *planner) toDomainElems(e plan.Expr, t *types.Type, pos int, ctx builtin.CastContext) plan.Expr {
	d := t.Elem
	if u := d.Under(); d.BaseMod >= 0 && u.Array != nil {
		e = &plan.Relabel{T: plan.T{Typ: u.Array, Mod: -1}, Arg: e, Implicit: true}
		e = p.coerceTypmod(e, d.BaseMod, ctx, true, pos)
		e = &plan.Relabel{T: plan.T{Typ: t, Mod: -1}, Arg: e, Implicit: true}
	}
	return p.checkInside(e, t)
}

// checkInside wraps a value in the checks of the domains that its elements and
// fields are of: what is read from text or JSON was never seen by them.
func (p *planner) checkInside(e plan.Expr, t *types.Type) plan.Expr {
	var inside []*plan.CoerceDomain
	seen := map[*types.Type]bool{}
	var visit func(t *types.Type)
	visit = func(t *types.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		if t.Kind == types.KindDomain {
			if d, ok := p.toDomain(nullOf(t.Under(), -1), t, true, -1, builtin.Explicit).(*plan.CoerceDomain); ok && (d.NotNull || len(d.Checks) > 0) {
				d.Arg = nil
				inside = append(inside, d)
			}
		}
		switch u := t.Under(); {
		case u.IsArray():
			visit(u.Elem)
		case u.Kind == types.KindComposite:
			for _, f := range u.Fields {
				visit(f.Type)
			}
		}
	}
	visit(t)
	if len(inside) == 0 {
		return e
	}
	return &plan.CoerceDomain{T: plan.T{Typ: e.Type(), Mod: e.Typmod()}, Arg: e, Inside: inside}
}

// paramAs gives a parameter of unknown type its type.
func (p *planner) paramAs(x *plan.Param, pos int, t *types.Type) plan.Expr {
	i := x.Num - 1
	switch have := p.params[i]; {
	case have == nil || have == types.Unknown:
		p.params[i] = t
	case !sameType(have, t):
		bail(pgerr.Newf(pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", x.Num).
			WithDetail("%s versus %s", typeName(have), typeName(t)).At(pos))
	}
	return &plan.Param{T: plan.T{Typ: t, Mod: -1}, Num: x.Num}
}

// coerceRow converts a row value to a named row type field by field.
func (p *planner) coerceRow(a arg, target *types.Type, ctx builtin.CastContext, implicit bool) plan.Expr {
	if target == types.Record {
		return &plan.Relabel{T: plan.T{Typ: target, Mod: -1}, Arg: a.e, Implicit: true}
	}
	if row := p.wholeRows[a.e]; row != nil {
		c := *a.e.(*plan.Case)
		x := p.coerceRow(arg{row, a.pos}, target, ctx, implicit)
		c.T, c.Whens = plan.T{Typ: target, Mod: -1}, []plan.When{{Cond: c.Whens[0].Cond, Result: x}}
		return &c
	}
	row, ok := a.e.(*plan.RowExpr)
	if !ok {
		if a.e.Type() == types.Record {
			// fields are known only at run time, and checked there
			return p.ioConvert(a.e, target, a.pos, true)
		}
		fail(a.pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(a.e.Type()), typeName(target))
	}
	out := &plan.RowExpr{T: plan.T{Typ: target, Mod: -1}, Fields: target.Fields, Cast: !implicit}
	if len(row.Args) > len(target.Fields) {
		bail(pgerr.Newf(pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(a.e.Type()), typeName(target)).
			WithDetail("Input has too many columns.").At(a.pos))
	}
	if len(row.Args) < len(target.Fields) {
		bail(pgerr.Newf(pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(a.e.Type()), typeName(target)).
			WithDetail("Input has too few columns.").At(a.pos))
	}
	for i, f := range target.Fields {
		x := arg{row.Args[i], a.pos}
		if x.e.Type() == types.Unknown && row.At != nil {
			x.pos = row.At[i]
		}
		e := p.coerceTo(x, f.Type, f.Typmod, ctx, true)
		if e == nil {
			bail(pgerr.Newf(pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(a.e.Type()), typeName(target)).
				WithDetail("Cannot cast type %s to %s in column %d.", typeName(row.Args[i].Type()), typeName(f.Type), i+1).At(a.pos))
		}
		out.Args = append(out.Args, e)
	}
	return out
}

// coerceBool is for conditions: WHERE, AND, CASE WHEN …
func (p *planner) coerceBool(a arg, construct string) plan.Expr {
	if a.e.Type() == types.Bool {
		return a.e
	}
	e := p.coerceTo(a, types.Bool, -1, builtin.Assignment, true)
	if e == nil {
		fail(a.pos, pgerr.DatatypeMismatch, "argument of %s must be type %s, not type %s", construct, "boolean", typeName(a.e.Type()))
	}
	return e
}

// commonType is select_common_type: the one type that all the expressions of
// a UNION column, a CASE, a VALUES column … become.
func commonType(args []arg, construct string) *types.Type {
	t, bad := commonTypeOf(args)
	if bad >= 0 {
		fail(args[bad].pos, pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched", construct, typeName(t), typeName(args[bad].e.Type()))
	}
	return t
}

// commonTypeOf gives the common type, or the index of the argument that has no
// type in common with those before it (else -1).
func commonTypeOf(args []arg) (*types.Type, int) {
	first := args[0].e.Type()
	if first != types.Unknown {
		same := true
		for _, a := range args[1:] {
			if !sameType(a.e.Type(), first) {
				same = false
				break
			}
		}
		if same {
			return first, -1
		}
	}
	pt := first.Under()
	for i, a := range args[1:] {
		nt := a.e.Type().Under()
		if nt == types.Unknown || sameType(nt, pt) {
			continue
		}
		if pt == types.Unknown {
			pt = nt
			continue
		}
		if nt.Category != pt.Category {
			return pt, i + 1
		}
		if !pt.Preferred && canCoerce(pt, nt, builtin.Implicit) && !canCoerce(nt, pt, builtin.Implicit) {
			pt = nt
		}
	}
	if pt == types.Unknown {
		pt = types.Text
	}
	return pt, -1
}

// coerceCommon converts to the common type.
func (p *planner) coerceCommon(a arg, t *types.Type, construct string) plan.Expr {
	if sameType(a.e.Type(), t) {
		return a.e
	}
	if !canCoerce(a.e.Type(), t, builtin.Implicit) {
		fail(a.pos, pgerr.CannotCoerce, "%s could not convert type %s to %s", construct, typeName(a.e.Type()), typeName(t))
	}
	return p.coerceType(a, t, -1, builtin.Implicit, true)
}

// commonMod is the typmod that all expressions share, else -1.
func commonMod(args []plan.Expr, t *types.Type) int32 {
	m := int32(-1)
	for i, e := range args {
		if !sameType(e.Type(), t) {
			return -1
		}
		if i == 0 {
			m = e.Typmod()
		} else if e.Typmod() != m {
			return -1
		}
	}
	return m
}

// rangeArgs gathers what the arguments of a call say of anyrange and anymultirange,
// or of anycompatiblerange and anycompatiblemultirange.
type rangeArgs struct {
	over, multi          *types.Type
	rangeName, multiName string
}

// add takes in an argument of type a where d is declared.
func (r *rangeArgs) add(d, a *types.Type) *pgerr.Error {
	if a == types.Unknown {
		return nil
	}
	a = a.Under()
	known, name := &r.over, &r.rangeName
	if d == types.AnyMultirange || d == types.AnyCompatibleMultirange {
		known, name = &r.multi, &r.multiName
	}
	if *known != nil && !sameType(*known, a) {
		return pgerr.Newf(pgerr.DatatypeMismatch, "arguments declared %q are not all alike", d.Name).
			WithDetail("%s versus %s", typeName(*known), typeName(a))
	}
	*known, *name = a, d.Name
	return nil
}

// settle checks that they fit together, and finds the range type of a multirange.
func (r *rangeArgs) settle() *pgerr.Error {
	if r.over != nil && !r.over.IsRange() {
		return pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not a range type but type %s", r.rangeName, typeName(r.over))
	}
	if r.multi == nil {
		return nil
	}
	if !r.multi.IsMultirange() {
		return pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not a multirange type but type %s", r.multiName, typeName(r.multi))
	}
	if r.over == nil {
		r.over = r.multi.Range
	} else if !sameType(r.over, r.multi.Range) {
		return pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", r.multiName, r.rangeName).
			WithDetail("%s versus %s", typeName(r.multi), typeName(r.over))
	}
	return nil
}

func (r *rangeArgs) rangeOr(t *types.Type) *types.Type {
	if r.over != nil {
		return r.over
	}
	return t
}

func (r *rangeArgs) multiOr(t *types.Type) *types.Type {
	if r.over != nil {
		return r.over.Multirange
	}
	return t
}

// polymorphic settles polymorphic argument types: the declared types with
// every any… replaced by what the actual types make it, and the result type.
func polymorphic(actual, declared []*types.Type, result *types.Type) ([]*types.Type, *types.Type, *pgerr.Error) {
	var elem, array *types.Type
	var ranges, compatRanges rangeArgs
	haveElem, haveCompat := false, false
	needNonArray, needEnum, compatNonArray := false, false, false
	unknownElem := false
	var compat []arg
	for i, d := range declared {
		a := actual[i]
		switch d {
		case types.AnyElement, types.AnyNonArray, types.AnyEnum:
			haveElem = true
			needNonArray = needNonArray || d == types.AnyNonArray
			needEnum = needEnum || d == types.AnyEnum
			if a == types.Unknown {
				unknownElem = true
				continue
			}
			if elem != nil && !sameType(a, elem) {
				return nil, nil, pgerr.New(pgerr.DatatypeMismatch, "arguments declared \"anyelement\" are not all alike").
					WithDetail("%s versus %s", typeName(elem), typeName(a))
			}
			elem = a
		case types.AnyArray:
			haveElem = true
			if a == types.Unknown {
				unknownElem = true
				continue
			}
			a = a.Under()
			if a == types.AnyArray {
				continue
			}
			if array != nil && !sameType(a, array) {
				return nil, nil, pgerr.New(pgerr.DatatypeMismatch, "arguments declared \"anyarray\" are not all alike").
					WithDetail("%s versus %s", typeName(array), typeName(a))
			}
			array = a
		case types.AnyRange, types.AnyMultirange:
			haveElem = true
			unknownElem = unknownElem || a == types.Unknown
			if err := ranges.add(d, a); err != nil {
				return nil, nil, err
			}
		case types.AnyCompatibleRange, types.AnyCompatibleMultirange:
			haveCompat = true
			if err := compatRanges.add(d, a); err != nil {
				return nil, nil, err
			}
		case types.AnyCompatible, types.AnyCompatibleNonArray:
			haveCompat = true
			compatNonArray = compatNonArray || d == types.AnyCompatibleNonArray
			compat = append(compat, arg{&plan.Const{T: plan.T{Typ: a}}, -1})
		case types.AnyCompatibleArray:
			haveCompat = true
			if a == types.Unknown {
				continue
			}
			a = a.Under()
			if a.Elem == nil {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", "anycompatiblearray", typeName(a))
			}
			compat = append(compat, arg{&plan.Const{T: plan.T{Typ: a.Elem}}, -1})
		}
	}
	if haveElem {
		if array != nil {
			if array.Elem == nil {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", "anyarray", typeName(array))
			}
			if elem == nil {
				elem = array.Elem
			} else if !sameType(elem, array.Elem) {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement").
					WithDetail("%s versus %s", typeName(array), typeName(elem))
			}
		}
		if err := ranges.settle(); err != nil {
			return nil, nil, err
		}
		if ranges.over != nil {
			if elem == nil {
				elem = ranges.over.Subtype
			} else if !sameType(elem, ranges.over.Subtype) {
				t, name := ranges.over, "anyrange"
				if ranges.multi != nil {
					t, name = ranges.multi, "anymultirange"
				}
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", name, "anyelement").
					WithDetail("%s versus %s", typeName(t), typeName(elem))
			}
		}
		if elem == nil && unknownElem {
			return nil, nil, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type "+unknownPolymorphic)
		}
		if elem != nil && needNonArray && elem.Under().IsArray() {
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "type matched to anynonarray is an array type: %s", typeName(elem))
		}
		if elem != nil && needEnum && elem.Under().Kind != types.KindEnum {
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", typeName(elem))
		}
		if elem != nil && array == nil {
			array = elem.Array
		}
	}
	var common *types.Type
	if haveCompat {
		common = types.Text
		if err := compatRanges.settle(); err != nil {
			return nil, nil, err
		}
		if t := compatRanges.over; t != nil {
			compat = append(compat, arg{&plan.Const{T: plan.T{Typ: t.Subtype}}, -1})
		}
		if len(compat) > 0 {
			var bad int
			if common, bad = commonTypeOf(compat); bad >= 0 {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
			}
			for _, a := range compat {
				if !canCoerce(a.e.Type(), common, builtin.Implicit) {
					return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
				}
			}
		}
		if t := compatRanges.over; t != nil && !sameType(t.Subtype, common) {
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "anycompatiblerange type %s does not match anycompatible type %s", typeName(t), typeName(common))
		}
		if compatNonArray && common.IsArray() {
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "type matched to anycompatiblenonarray is an array type: %s", typeName(common))
		}
	}
	settle := func(t *types.Type, a *types.Type) *types.Type {
		switch t {
		case types.AnyElement, types.AnyNonArray, types.AnyEnum:
			if elem != nil {
				return elem
			}
		case types.AnyArray:
			if array != nil {
				return array
			}
			if a != nil {
				return a
			}
		case types.AnyCompatible, types.AnyCompatibleNonArray:
			if common != nil {
				return common
			}
		case types.AnyCompatibleArray:
			if common != nil && common.Array != nil {
				return common.Array
			}
		case types.AnyRange:
			return ranges.rangeOr(t)
		case types.AnyMultirange:
			return ranges.multiOr(t)
		case types.AnyCompatibleRange:
			return compatRanges.rangeOr(t)
		case types.AnyCompatibleMultirange:
			return compatRanges.multiOr(t)
		}
		return t
	}
	out := make([]*types.Type, len(declared))
	for i, d := range declared {
		if d == types.AnyCompatibleArray && result != nil && common != nil && common.Array == nil {
			return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "could not find array type for data type %s", typeName(common))
		}
		out[i] = settle(d, actual[i])
		switch out[i] {
		case types.AnyRange, types.AnyMultirange, types.AnyCompatibleRange, types.AnyCompatibleMultirange:
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "could not determine polymorphic type %s %s", out[i].Name, unknownPolymorphic)
		}
	}
	if result != nil {
		r := settle(result, nil)
		if isPolymorphic(r) && isPolymorphic(result) {
			return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "could not find array type for data type %s", typeName(elem))
		}
		result = r
	}
	return out, result, nil
}
