package jsonpath

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// item is a value in a sequence: JSON, or a date or time that .datetime() made.
type item struct {
	*types.JSONValue
	when types.Datum
	typ  *types.Type // of when, nil for JSON
	zone int         // of a timestamptz, as written: seconds east
}

// result of evaluating a node.
type result uint8

const (
	ok result = iota
	notFound
	failed
)

// SQLSTATEs of SQL/JSON.
const (
	noArray             = "22039"
	noMember            = "2203A"
	noNumber            = "2203B"
	noObject            = "2203C"
	badSubscript        = "22033"
	notNumeric          = "22036"
	notSingleton        = "22038"
	invalidDatetime     = "22031"
	undefinedObject     = pgerr.UndefinedObject
	invalidParameter    = pgerr.InvalidParameterValue
	unsupportedTimeZone = pgerr.FeatureNotSupported
)

// Options of an evaluation.
type Options struct {
	// Vars are the variables, a canonical object; "" for none.
	Vars string
	// Silent makes nothing of errors in the path.
	Silent bool
	// TimeZone allows comparisons that depend on the session's time zone.
	TimeZone bool
	Env      *types.Env
}

type eval struct {
	path       *Path
	o          *Options
	vars       *types.JSONValue
	root       item
	current    item
	ignore     bool // structural errors
	throw      bool
	arraySize  int
	base       object // what .keyvalue() counts ids from
	lastObject int
	err        error // the error to throw
}

// object is a generated or given object and its number.
type object struct {
	root *types.JSONValue
	id   int
}

// seq collects items; a nil one asks only whether there are any.
type seq []item

// Query gives the items that the path finds in a value.
func (p *Path) Query(json string, o *Options) ([]string, error) {
	var found seq
	if _, err := p.run(json, o, &found); err != nil {
		return nil, err
	}
	out := make([]string, len(found))
	for i := range found {
		out[i] = found[i].text(o.Env)
	}
	return out, nil
}

// Exists tells whether the path finds anything; null: it cannot say.
func (p *Path) Exists(json string, o *Options) (yes, null bool, err error) {
	res, err := p.run(json, o, nil)
	return res == ok, res == failed, err
}

// Match gives the path's single boolean; null where there is none.
func (p *Path) Match(json string, o *Options) (yes, null bool, err error) {
	var found seq
	if _, err := p.run(json, o, &found); err != nil {
		return false, false, err
	}
	if len(found) == 1 {
		switch f := found[0]; {
		case f.typ != nil:
		case f.Kind == types.JSONBool:
			return f.Bool, false, nil
		case f.Kind == types.JSONNull:
			return false, true, nil
		}
	}
	if !o.Silent {
		return false, false, pgerr.New(notSingleton, "single boolean result is expected")
	}
	return false, true, nil
}

func (p *Path) run(json string, o *Options, found *seq) (result, error) {
	e := &eval{path: p, o: o, ignore: p.Lax, throw: !o.Silent, arraySize: -1, lastObject: 1}
	e.root = item{JSONValue: types.JSONTree(json)}
	e.current = e.root
	if o.Vars != "" {
		if e.vars = types.JSONTree(o.Vars); e.vars.Kind != types.JSONObject {
			return failed, pgerr.New(invalidParameter, "\"vars\" argument is not an object").
				WithDetail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.")
		}
		e.lastObject = 2
	}
	var res result
	if !p.Lax && found == nil {
		var all seq
		if res = e.node(p.root, e.root, &all); res != failed {
			res = notFound
			if len(all) > 0 {
				res = ok
			}
		}
	} else {
		res = e.node(p.root, e.root, found)
	}
	return res, e.err
}

// fail gives the result of an error, which is thrown unless errors are silent.
func (e *eval) fail(err error) result {
	if e.throw && e.err == nil {
		e.err = err
	}
	return failed
}

func (e *eval) failf(code, format string, args ...any) result {
	return e.fail(pgerr.Newf(code, format, args...))
}

// always throws an error that is not one of the path.
func (e *eval) always(err error) result {
	if e.err == nil {
		e.err = err
	}
	return failed
}

func (i *item) is(k types.JSONKind) bool { return i.typ == nil && i.Kind == k }

// node evaluates a node and what comes after it, unwrapping in lax mode.
func (e *eval) node(n *node, v item, found *seq) result { return e.unwrapping(n, v, found, e.path.Lax) }

// next goes on behind a node with a value.
func (e *eval) next(n *node, v item, found *seq) result {
	if n != nil && n.next != nil {
		return e.node(n.next, v, found)
	}
	if found != nil {
		*found = append(*found, v)
	}
	return ok
}

func number(d types.Decimal) item {
	return item{JSONValue: &types.JSONValue{Kind: types.JSONNumber, Num: d}}
}

func (e *eval) unwrapping(n *node, v item, found *seq, unwrap bool) result {
	if e.err != nil {
		return failed
	}
	array := v.is(types.JSONArray)
	elements := func() result { return e.each(n, v.Elems, found, false) }
	switch n.kind {
	case kAnd, kOr, kNot, kIsUnknown, kEqual, kNotEqual, kLess, kGreater, kLessEqual, kGreaterEqual, kExists, kStartsWith, kLikeRegex:
		t := e.predicate(n, v)
		if e.err != nil {
			return failed
		}
		if n.next == nil && found == nil {
			return ok
		}
		out := &types.JSONValue{Kind: types.JSONNull}
		if t != unknown {
			out = &types.JSONValue{Kind: types.JSONBool, Bool: t == yes}
		}
		return e.next(n, item{JSONValue: out}, found)
	case kKey:
		switch {
		case v.is(types.JSONObject):
			if m := v.Find(n.str); m != nil {
				return e.next(n, item{JSONValue: m}, found)
			}
			if !e.ignore {
				return e.failf(noMember, "JSON object does not contain key \"%s\"", n.str)
			}
		case unwrap && array:
			return elements()
		case !e.ignore:
			return e.failf(noMember, "jsonpath member accessor can only be applied to an object")
		}
		return notFound
	case kRoot:
		base := e.base
		e.base = object{e.root.JSONValue, 0}
		res := e.next(n, e.root, found)
		e.base = base
		return res
	case kCurrent:
		return e.next(n, e.current, found)
	case kAnyArray:
		switch {
		case array:
			return e.each(n.next, v.Elems, found, e.path.Lax)
		case e.path.Lax:
			return e.next(n, v, found)
		case !e.ignore:
			return e.failf(noArray, "jsonpath wildcard array accessor can only be applied to an array")
		}
		return notFound
	case kIndex:
		if !array && !e.path.Lax {
			if !e.ignore {
				return e.failf(noArray, "jsonpath array accessor can only be applied to an array")
			}
			return notFound
		}
		return e.index(n, v, found)
	case kLast:
		if e.arraySize < 0 {
			return e.always(pgerr.New(pgerr.InternalError, "evaluating jsonpath LAST outside of array subscript"))
		}
		return e.next(n, number(types.Decimal{Coef: int64(e.arraySize - 1)}), found)
	case kAnyKey:
		switch {
		case v.is(types.JSONObject):
			return e.each(n.next, children(v.JSONValue), found, e.path.Lax)
		case unwrap && array:
			return elements()
		case !e.ignore:
			return e.failf(noObject, "jsonpath wildcard member accessor can only be applied to an object")
		}
		return notFound
	case kAdd, kSub, kMul, kDiv, kMod:
		return e.arithmetic(n, v, found)
	case kPlus, kMinus:
		return e.sign(n, v, found)
	case kFilter:
		if unwrap && array {
			return elements()
		}
		before := e.current
		e.current = v
		t := e.predicate(n.left, v)
		e.current = before
		if e.err != nil {
			return failed
		}
		if t != yes {
			return notFound
		}
		return e.next(n, v, found)
	case kAny:
		res := notFound
		if n.first == 0 {
			ignore := e.ignore
			e.ignore = true
			res = e.next(n, v, found)
			e.ignore = ignore
			if res == failed || res == ok && found == nil {
				return res
			}
		}
		if v.is(types.JSONArray) || v.is(types.JSONObject) {
			res = e.any(n.next, v.JSONValue, found, 1, n.first, n.last)
		}
		return res
	case kNull, kBool, kNumber, kString:
		out := &types.JSONValue{Kind: [...]types.JSONKind{kNull: types.JSONNull, kString: types.JSONString, kNumber: types.JSONNumber, kBool: types.JSONBool}[n.kind],
			Bool: n.yes, Str: n.str, Num: n.num}
		return e.next(n, item{JSONValue: out}, found)
	case kVariable:
		out := &types.JSONValue{Kind: types.JSONNull}
		base := e.base
		if e.vars != nil {
			if out = e.vars.Find(n.str); out == nil {
				return e.always(pgerr.Newf(undefinedObject, "could not find jsonpath variable \"%s\"", n.str))
			}
			e.base = object{e.vars, 1}
		}
		res := e.next(n, item{JSONValue: out}, found)
		e.base = base
		return res
	}
	return e.method(n, v, found, unwrap)
}

// children are the elements of an array or the values of an object.
func children(v *types.JSONValue) []*types.JSONValue {
	if v.Kind == types.JSONArray {
		return v.Elems
	}
	out := make([]*types.JSONValue, len(v.Members))
	for i := range v.Members {
		out[i] = v.Members[i].Val
	}
	return out
}

// each evaluates a node (nil: nothing more) for each of some values.
func (e *eval) each(n *node, vals []*types.JSONValue, found *seq, unwrap bool) result {
	res := notFound
	for _, v := range vals {
		if n == nil {
			if found == nil {
				return ok
			}
			*found = append(*found, item{JSONValue: v})
			res = ok
			continue
		}
		res = e.unwrapping(n, item{JSONValue: v}, found, unwrap)
		if res == failed || res == ok && found == nil {
			return res
		}
	}
	return res
}

// any is .**: values at the levels first to last below v.
func (e *eval) any(n *node, v *types.JSONValue, found *seq, level, first, last uint32) result {
	res := notFound
	if level > last {
		return res
	}
	for _, c := range children(v) {
		nested := c.Kind == types.JSONArray || c.Kind == types.JSONObject
		if level >= first || first == lastLevel && last == lastLevel && !nested {
			switch {
			case n != nil:
				ignore := e.ignore
				e.ignore = true
				res = e.unwrapping(n, item{JSONValue: c}, found, e.path.Lax)
				e.ignore = ignore
				if res == failed || res == ok && found == nil {
					return res
				}
			case found != nil:
				*found = append(*found, item{JSONValue: c})
			default:
				return ok
			}
		}
		if level < last && nested {
			res = e.any(n, c, found, level+1, first, last)
			if res == failed || res == ok && found == nil {
				return res
			}
		}
	}
	return res
}

func (e *eval) index(n *node, v item, found *seq) result {
	elems := []*types.JSONValue{v.JSONValue}
	single := !v.is(types.JSONArray)
	if !single {
		elems = v.Elems
	}
	outer := e.arraySize
	defer func() { e.arraySize = outer }()
	res := notFound
	for _, s := range n.index {
		e.arraySize = len(elems)
		from, r := e.subscript(s.from, v)
		if r == failed {
			return r
		}
		to := from
		if s.to != nil {
			if to, r = e.subscript(s.to, v); r == failed {
				return r
			}
		}
		if !e.ignore && (from < 0 || from > to || to >= len(elems)) {
			return e.failf(badSubscript, "jsonpath array subscript is out of bounds")
		}
		res = notFound
		for i := max(from, 0); i <= min(to, len(elems)-1); i++ {
			if n.next == nil && found == nil {
				return ok
			}
			x := item{JSONValue: elems[i]}
			if single {
				x = v
			}
			res = e.next(n, x, found)
			if res == failed || res == ok && found == nil {
				return res
			}
		}
	}
	return res
}

func (e *eval) subscript(n *node, v item) (int, result) {
	var found seq
	if e.node(n, v, &found) == failed {
		return 0, failed
	}
	if len(found) != 1 || !found[0].is(types.JSONNumber) {
		return 0, e.failf(badSubscript, "jsonpath array subscript is not a single numeric value")
	}
	i, err := found[0].Num.Trunc(0).ToInt(types.Int4)
	if err != nil {
		return 0, e.failf(badSubscript, "jsonpath array subscript is out of integer range")
	}
	return int(i), ok
}

// operands evaluates an expression and unwraps arrays in what it finds.
func (e *eval) operands(n *node, v item, unwrap bool, found *seq) result {
	if !unwrap || !e.path.Lax {
		return e.node(n, v, found)
	}
	var all seq
	if res := e.node(n, v, &all); res == failed {
		return res
	}
	for _, x := range all {
		if x.is(types.JSONArray) {
			e.each(nil, x.Elems, found, false)
		} else {
			*found = append(*found, x)
		}
	}
	return ok
}

func (e *eval) arithmetic(n *node, v item, found *seq) result {
	var ls, rs seq
	if e.operands(n.left, v, true, &ls) == failed || e.operands(n.right, v, true, &rs) == failed {
		return failed
	}
	for _, side := range []struct {
		s    seq
		name string
	}{{ls, "left"}, {rs, "right"}} {
		if len(side.s) != 1 || !side.s[0].is(types.JSONNumber) {
			return e.failf(notSingleton, "%s operand of jsonpath operator %s is not a single numeric value", side.name, names[n.kind])
		}
	}
	l, r := ls[0].Num, rs[0].Num
	var d types.Decimal
	var err error
	switch n.kind {
	case kAdd:
		d, err = l.Add(r)
	case kSub:
		d, err = l.Sub(r)
	case kMul:
		d, err = l.Mul(r)
	case kDiv:
		d, err = l.Div(r)
	default:
		d, err = l.Mod(r)
	}
	if err != nil {
		return e.fail(err)
	}
	return e.next(n, number(d), found)
}

func (e *eval) sign(n *node, v item, found *seq) result {
	var s seq
	if res := e.operands(n.left, v, true, &s); res == failed {
		return res
	}
	res := notFound
	for _, x := range s {
		if !x.is(types.JSONNumber) {
			if found == nil && n.next == nil {
				continue
			}
			return e.failf(noNumber, "operand of unary jsonpath operator %s is not a numeric value", names[n.kind])
		}
		if found == nil && n.next == nil {
			return ok
		}
		d := x.Num
		if n.kind == kMinus {
			d = d.Neg()
		}
		switch e.next(n, number(d), found) {
		case failed:
			return failed
		case ok:
			if found == nil {
				return ok
			}
			res = ok
		}
	}
	return res
}
