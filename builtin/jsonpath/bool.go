package jsonpath

import (
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// truth is a predicate's value.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// predicate evaluates a predicate; errors in its operands make it unknown.
func (e *eval) predicate(n *node, v item) truth {
	switch n.kind {
	case kAnd:
		l := e.predicate(n.left, v)
		if l == no {
			return no
		}
		if r := e.predicate(n.right, v); r != yes {
			return r
		}
		return l
	case kOr:
		l := e.predicate(n.left, v)
		if l == yes {
			return yes
		}
		if r := e.predicate(n.right, v); r != no {
			return r
		}
		return l
	case kNot:
		switch e.predicate(n.left, v) {
		case yes:
			return no
		case no:
			return yes
		}
		return unknown
	case kIsUnknown:
		return truthOf(e.predicate(n.left, v) == unknown)
	case kExists:
		var res result
		var all seq
		into := &all
		if e.path.Lax {
			into = nil
		}
		e.quietly(func() { res = e.node(n.left, v, into) })
		if res == failed {
			return unknown
		}
		if into != nil {
			return truthOf(len(all) > 0)
		}
		return truthOf(res == ok)
	case kLikeRegex:
		return e.pairs(n.left, nil, v, false, func(l, _ *item) truth {
			if !l.is(types.JSONString) {
				return unknown
			}
			hit, err := n.re.Match(l.Str)
			if err != nil {
				e.always(err)
				return unknown
			}
			return truthOf(hit)
		})
	case kStartsWith:
		return e.pairs(n.left, n.right, v, false, func(l, r *item) truth {
			if !l.is(types.JSONString) || !r.is(types.JSONString) {
				return unknown
			}
			return truthOf(strings.HasPrefix(l.Str, r.Str))
		})
	}
	return e.pairs(n.left, n.right, v, true, func(l, r *item) truth { return e.compare(n.kind, l, r) })
}

// quietly runs f without throwing errors of the path.
func (e *eval) quietly(f func()) {
	throw := e.throw
	e.throw = false
	f()
	e.throw = throw
}

// pairs tests every pair of items of two operands: lax mode is content with
// the first that fits, strict mode wants no errors in any.
func (e *eval) pairs(left, right *node, v item, unwrapRight bool, test func(l, r *item) truth) truth {
	var ls, rs seq
	bad := false
	e.quietly(func() {
		bad = e.operands(left, v, true, &ls) == failed || right != nil && e.operands(right, v, unwrapRight, &rs) == failed
	})
	if bad {
		return unknown
	}
	if right == nil {
		rs = seq{{}}
	}
	found, failed := false, false
	for i := range ls {
		for k := range rs {
			switch test(&ls[i], &rs[k]) {
			case unknown:
				if !e.path.Lax {
					return unknown
				}
				failed = true
			case yes:
				if e.path.Lax {
					return yes
				}
				found = true
			}
		}
	}
	switch {
	case found:
		return yes
	case failed:
		return unknown
	}
	return no
}

func (e *eval) compare(op kind, l, r *item) truth {
	var c int
	switch {
	case l.typ != nil && r.typ != nil:
		var t truth
		if c, t = e.compareTimes(l, r); t == unknown {
			return unknown
		}
	case l.typ != nil || r.typ != nil:
		if l.typ == nil && l.Kind == types.JSONNull || r.typ == nil && r.Kind == types.JSONNull {
			return truthOf(op == kNotEqual)
		}
		return unknown
	case l.Kind != r.Kind:
		if l.Kind == types.JSONNull || r.Kind == types.JSONNull {
			return truthOf(op == kNotEqual)
		}
		return unknown
	default:
		switch l.Kind {
		case types.JSONNull:
		case types.JSONBool:
			if l.Bool != r.Bool {
				c = -1
				if l.Bool {
					c = 1
				}
			}
		case types.JSONNumber:
			c = l.Num.Cmp(r.Num)
		case types.JSONString:
			c = strings.Compare(l.Str, r.Str)
		default:
			return unknown
		}
	}
	switch op {
	case kEqual:
		return truthOf(c == 0)
	case kNotEqual:
		return truthOf(c != 0)
	case kLess:
		return truthOf(c < 0)
	case kGreater:
		return truthOf(c > 0)
	case kLessEqual:
		return truthOf(c <= 0)
	}
	return truthOf(c >= 0)
}

// compareTimes compares dates and times: of different types after conversion,
// which for those with and without time zone depends on the session's.
func (e *eval) compareTimes(l, r *item) (int, truth) {
	rank := map[*types.Type]int{types.Date: 0, types.Timestamp: 1, types.TimestampTZ: 2, types.Time: 10, types.TimeTZ: 11}
	a, b := rank[l.typ], rank[r.typ]
	if a/10 != b/10 {
		return 0, unknown
	}
	target := l.typ
	if b > a {
		target = r.typ
	}
	x, y := l.when, r.when
	for _, s := range []struct {
		v   *types.Datum
		typ *types.Type
	}{{&x, l.typ}, {&y, r.typ}} {
		if s.typ == target {
			continue
		}
		if (target == types.TimestampTZ || target == types.TimeTZ) && !e.o.TimeZone {
			e.always(pgerr.Newf(unsupportedTimeZone, "cannot convert value from %s to %s without time zone usage", s.typ.Name, target.Name).
				WithHint("Use *_tz() function for time zone support."))
			return 0, unknown
		}
		d, err := types.Parse(target, -1, types.TextOf(s.typ, *s.v, isoEnv(e.o.Env)), e.o.Env)
		if err != nil {
			return 0, unknown
		}
		*s.v = d
	}
	return types.Compare(target, x, y), yes
}
