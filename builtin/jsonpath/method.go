package jsonpath

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// typeName is what .type() calls an item.
func (i *item) typeName() string {
	if i.typ != nil {
		return types.Format(i.typ, -1)
	}
	return i.Kind.String()
}

// text is the item as JSON.
func (i *item) text(env *types.Env) string {
	if i.typ == nil {
		return i.String()
	}
	iso := isoEnv(env)
	if i.typ == types.TimestampTZ {
		iso.TimeZone = types.FixedZone(i.zone)
	}
	s := types.TextOf(i.typ, i.when, iso)
	if i.typ == types.TimestampTZ || i.typ == types.Timestamp {
		s = strings.Replace(s, " ", "T", 1)
	}
	if i.typ == types.TimestampTZ || i.typ == types.TimeTZ {
		if n := len(s); n > 3 && (s[n-3] == '+' || s[n-3] == '-') {
			s += ":00"
		}
	}
	return quoted(s)
}

// isoEnv prints dates and times as ISO has them.
func isoEnv(env *types.Env) *types.Env {
	iso := types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}
	if env != nil {
		iso.TimeZone = env.TimeZone
	}
	return &iso
}

func (e *eval) method(n *node, v item, found *seq, unwrap bool) result {
	array := v.is(types.JSONArray)
	str := func(s string) item { return item{JSONValue: &types.JSONValue{Kind: types.JSONString, Str: s}} }
	switch n.kind {
	case kType:
		return e.next(n, str(v.typeName()), found)
	case kSize:
		size := 1
		if array {
			size = len(v.Elems)
		} else if !e.path.Lax {
			if !e.ignore {
				return e.failf(noArray, "jsonpath item method .%s() can only be applied to an array", names[n.kind])
			}
			return notFound
		}
		return e.next(n, number(types.Decimal{Coef: int64(size)}), found)
	}
	if unwrap && array {
		return e.each(n, v.Elems, found, false)
	}
	switch n.kind {
	case kAbs, kFloor, kCeiling:
		if !v.is(types.JSONNumber) {
			return e.failf(notNumeric, "jsonpath item method .%s() can only be applied to a numeric value", names[n.kind])
		}
		d := v.Num
		switch n.kind {
		case kAbs:
			d = d.Abs()
		case kFloor:
			d = d.Floor()
		default:
			d = d.Ceil()
		}
		return e.next(n, number(d), found)
	case kDouble:
		return e.double(n, v, found)
	case kDatetime:
		return e.datetime(n, v, found)
	}
	return e.keyValue(n, v, found)
}

func (e *eval) double(n *node, v item, found *seq) result {
	finite := func(f float64, err error) bool { return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) }
	switch {
	case v.is(types.JSONNumber):
		if f, err := v.Num.ToFloat8(); !finite(f, err) {
			return e.failf(notNumeric, "numeric argument of jsonpath item method .%s() is out of range for type double precision", names[n.kind])
		}
	case v.is(types.JSONString):
		d, err := types.Parse(types.Float8, -1, v.Str, e.o.Env)
		if err != nil || !finite(d.Float(), nil) {
			return e.failf(notNumeric, "string argument of jsonpath item method .%s() is not a valid representation of a double precision number", names[n.kind])
		}
		num, err := types.ParseDecimal(strconv.FormatFloat(d.Float(), 'g', 15, 64))
		if err != nil {
			return e.fail(err)
		}
		v = number(num)
	default:
		return e.failf(notNumeric, "jsonpath item method .%s() can only be applied to a string or numeric value", names[n.kind])
	}
	return e.next(n, v, found)
}

// The forms that .datetime() knows without a template.
var (
	dateForm = regexp.MustCompile(`^\d{4,}-\d\d?-\d\d?$`)
	timeForm = regexp.MustCompile(`^\d\d?:\d\d?:\d\d?(\.\d{1,6})?( ?[+-]\d\d?(:\d\d?)?)?$`)
	bothForm = regexp.MustCompile(`^\d{4,}-\d\d?-\d\d?[ T]\d\d?:\d\d?:\d\d?(\.\d{1,6})?( ?[+-]\d\d?(:\d\d?)?)?$`)
)

func (e *eval) datetime(n *node, v item, found *seq) result {
	if !v.is(types.JSONString) {
		return e.failf(invalidDatetime, "jsonpath item method .%s() can only be applied to a string", names[n.kind])
	}
	if n.left != nil {
		return e.always(pgerr.Unsupported("a template in jsonpath item method .datetime() is not supported"))
	}
	var t *types.Type
	zoned := func(m []string, at int) bool { return m[at] != "" }
	if m := timeForm.FindStringSubmatch(v.Str); m != nil {
		t = types.Time
		if zoned(m, 2) {
			t = types.TimeTZ
		}
	} else if m := bothForm.FindStringSubmatch(v.Str); m != nil {
		t = types.Timestamp
		if zoned(m, 2) {
			t = types.TimestampTZ
		}
	} else if dateForm.MatchString(v.Str) {
		t = types.Date
	}
	if t != nil {
		if d, err := types.Parse(t, -1, strings.Replace(v.Str, "T", " ", 1), isoEnv(e.o.Env)); err == nil {
			return e.next(n, item{when: d, typ: t, zone: offset(v.Str)}, found)
		}
	}
	return e.fail(pgerr.Newf(invalidDatetime, "datetime format is not recognized: \"%s\"", v.Str).
		WithHint("Use a datetime template argument to specify the input data format."))
}

// offset is the time zone at the end of a time, in seconds east of Greenwich.
func offset(s string) int {
	at := max(strings.LastIndexByte(s, '+'), strings.LastIndexByte(s, '-'))
	if at < 0 || at < strings.IndexByte(s, ':') {
		return 0
	}
	h, m, _ := strings.Cut(s[at+1:], ":")
	hours, _ := strconv.Atoi(h)
	minutes, _ := strconv.Atoi(m)
	east := hours*3600 + minutes*60
	if s[at] == '-' {
		return -east
	}
	return east
}

// keyValue gives an object's members as {"id": …, "key": …, "value": …}; id
// tells which object they are of: the number of the value it is part of, and
// its place in that one's binary form.
func (e *eval) keyValue(n *node, v item, found *seq) result {
	if !v.is(types.JSONObject) {
		return e.failf(noObject, "jsonpath item method .%s() can only be applied to an object", names[n.kind])
	}
	if len(v.Members) == 0 {
		return notFound
	}
	at := 0
	if e.base.root != nil {
		at, _ = offsetOf(e.base.root, v.JSONValue)
	}
	id := int64(at) + int64(e.base.id)*10000000000
	res := notFound
	for _, m := range v.Members {
		res = ok
		if n.next == nil && found == nil {
			break
		}
		pair := &types.JSONValue{Kind: types.JSONObject, Members: []types.JSONMember{
			{Key: "id", Val: number(types.Decimal{Coef: id}).JSONValue},
			{Key: "key", Val: &types.JSONValue{Kind: types.JSONString, Str: m.Key}},
			{Key: "value", Val: m.Val}}}
		base := e.base
		e.base = object{pair, e.lastObject}
		e.lastObject++
		res = e.next(n, item{JSONValue: pair}, found)
		e.base = base
		if res == failed || res == ok && found == nil {
			return res
		}
	}
	return res
}

// offsetOf finds a value inside another: its place in PostgreSQL's binary form
// of that one, where a container is a header, an entry for each of its parts,
// and the parts: keys, then values, numbers and containers at multiples of 4.
func offsetOf(in, v *types.JSONValue) (offset int, found bool) {
	if in == v {
		return 0, true
	}
	n := len(in.Elems) + 2*len(in.Members)
	at := 4 + 4*n
	data := at
	for _, m := range in.Members {
		at += len(m.Key)
	}
	for _, c := range children(in) {
		switch c.Kind {
		case types.JSONArray, types.JSONObject:
			start := data + (at-data+3)&^3
			if off, ok := offsetOf(c, v); ok {
				return start + off, true
			}
			at = start + size(c)
		case types.JSONNumber:
			at = data + (at-data+3)&^3 + size(c)
		default:
			at += size(c)
		}
	}
	return 0, false
}

// size of a value in that form.
func size(v *types.JSONValue) int {
	switch v.Kind {
	case types.JSONString:
		return len(v.Str)
	case types.JSONNumber:
		s := strings.TrimPrefix(v.Num.String(), "-")
		whole, frac, _ := strings.Cut(s, ".")
		whole, frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
		digits := (len(whole)+3)/4 + (len(frac)+3)/4 // to the base of 10000
		if whole == "" {
			for strings.HasPrefix(frac, "0000") {
				frac = frac[4:]
				digits--
			}
		}
		if frac == "" {
			for strings.HasSuffix(whole, "0000") {
				whole = whole[:len(whole)-4]
				digits--
			}
		}
		return 4 + 2 + 2*digits
	case types.JSONArray, types.JSONObject:
		at := 0
		for _, m := range v.Members {
			at += len(m.Key)
		}
		for _, c := range children(v) {
			if c.Kind >= types.JSONArray || c.Kind == types.JSONNumber {
				at = (at + 3) &^ 3
			}
			at += size(c)
		}
		return 4 + 4*(len(v.Elems)+2*len(v.Members)) + at
	}
	return 0
}
