package builtin

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rowkey/pgerr"
	"rowkey/types"
)

// What fits nowhere else: Unicode normalisation, identifiers, sizes, enums,
// window ranges.

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, errParameter("invalid normalization form: %s", name)
}

// unistr replaces Unicode escapes: \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX.
func unistr(s string) (string, error) {
	bad := pgerr.New(pgerr.SyntaxError, "invalid Unicode escape").
		WithHint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
	pairBad := pgerr.New(pgerr.SyntaxError, "invalid Unicode surrogate pair")
	var b strings.Builder
	high := rune(0)
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			if high != 0 {
				return "", pairBad
			}
			b.WriteByte(s[i])
			i++
			continue
		}
		if strings.HasPrefix(s[i:], `\\`) {
			if high != 0 {
				return "", pairBad
			}
			b.WriteByte('\\')
			i += 2
			continue
		}
		start, digits := i+1, 4
		switch {
		case strings.HasPrefix(s[i:], `\+`):
			start, digits = i+2, 6
		case strings.HasPrefix(s[i:], `\u`):
			start = i + 2
		case strings.HasPrefix(s[i:], `\U`):
			start, digits = i+2, 8
		}
		if start+digits > len(s) || strings.ContainsFunc(s[start:start+digits], func(r rune) bool { return !unicode.Is(unicode.ASCII_Hex_Digit, r) }) {
			return "", bad
		}
		v, err := strconv.ParseUint(s[start:start+digits], 16, 32)
		if err != nil {
			return "", bad
		}
		if v > unicode.MaxRune || v == 0 {
			return "", errParameter("invalid Unicode code point: %04X", v)
		}
		r := rune(v)
		i = start + digits
		low := r >= 0xdc00 && r <= 0xdfff
		switch {
		case high != 0 && !low, high == 0 && low:
			return "", pairBad
		case high != 0:
			r = (high-0xd800)<<10 + (r - 0xdc00) + 0x10000
			high = 0
		case r >= 0xd800 && r <= 0xdbff:
			high = r
			continue
		}
		b.WriteRune(r)
	}
	if high != 0 {
		return "", pairBad
	}
	return b.String(), nil
}

// parseIdent splits a qualified identifier into its parts.
func parseIdent(s string, strict bool) ([]types.Datum, error) {
	fail := func(detail string, args ...any) error {
		e := errParameter("string is not a valid identifier: \"%s\"", s).(*pgerr.Error)
		if detail != "" {
			e.WithDetail(detail, args...)
		}
		return e
	}
	blank := func(t string) string { return strings.TrimLeft(t, " \t\n\r\f\v") }
	start := func(c byte) bool {
		return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
	}
	var list []types.Datum
	rest, afterDot := blank(s), false
	for {
		switch {
		case rest != "" && rest[0] == '"':
			end := 1
			for end < len(rest) && (rest[end] != '"' || end+1 < len(rest) && rest[end+1] == '"') {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return nil, fail("String has unclosed double quotes.")
			}
			if end == 1 {
				return nil, fail("Quoted identifier must not be empty.")
			}
			list = append(list, types.NewString(strings.ReplaceAll(rest[1:end], `""`, `"`)))
			rest = rest[end+1:]
		case rest != "" && start(rest[0]):
			end := 1
			for end < len(rest) && (start(rest[end]) || rest[end] == '$' || rest[end] >= '0' && rest[end] <= '9') {
				end++
			}
			list = append(list, types.NewString(asciiLower(rest[:end])))
			rest = rest[end:]
		case rest != "" && rest[0] == '.' && !afterDot:
			return nil, fail("No valid identifier before \".\".")
		case afterDot:
			return nil, fail("No valid identifier after \".\".")
		default:
			return nil, fail("")
		}
		rest = blank(rest)
		if rest != "" && rest[0] == '.' {
			rest, afterDot = blank(rest[1:]), true
			continue
		}
		if rest != "" && strict {
			return nil, fail("")
		}
		return list, nil
	}
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// sizeUnits are the units of pg_size_pretty: a size below limit is printed in
// the unit; shift is from one unit to the next, rounding as it goes.
var sizeUnits = []struct {
	name  string
	limit int64
	round bool
	bits  uint
}{
	{"bytes", 10 * 1024, false, 0}, {"kB", 20*1024 - 1, true, 10}, {"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30}, {"TB", 20*1024 - 1, true, 40}, {"PB", 20*1024 - 1, true, 50},
}

func sizePretty(d types.Decimal) (string, error) {
	for i, u := range sizeUnits {
		last := i == len(sizeUnits)-1
		if last || d.Abs().Cmp(types.DecimalInt(u.limit)) < 0 {
			if u.round {
				one := types.DecimalInt(1)
				if d.Sign() < 0 {
					one = types.DecimalInt(-1)
				}
				sum, err := d.Add(one)
				if err != nil {
					return "", err
				}
				if d, err = sum.Quo(types.DecimalInt(2)); err != nil {
					return "", err
				}
			}
			return d.String() + " " + u.name, nil
		}
		next := sizeUnits[i+1]
		shift := next.bits - u.bits
		if next.round {
			shift--
		}
		if u.round {
			shift++
		}
		var err error
		if d, err = d.Quo(types.DecimalInt(1 << shift)); err != nil {
			return "", err
		}
	}
	return "", nil
}

func sizeBytes(s string) (int64, error) {
	invalid := func() error { return errParameter("invalid size: \"%s\"", s) }
	t := strings.Trim(s, " \t\n\r\f\v")
	i := 0
	if i < len(t) && (t[i] == '-' || t[i] == '+') {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(t) && t[i] >= '0' && t[i] <= '9' {
			i++
		}
		return i > from
	}
	have := digits()
	if i < len(t) && t[i] == '.' {
		i++
		have = digits() || have
	}
	if !have {
		return 0, invalid()
	}
	if i < len(t) && (t[i] == 'e' || t[i] == 'E') {
		// An exponent, unless what follows is a unit.
		mark := i
		i++
		if i < len(t) && (t[i] == '-' || t[i] == '+') {
			i++
		}
		if !digits() {
			i = mark
		}
	}
	d, err := types.ParseDecimal(t[:i])
	if err != nil {
		return 0, err
	}
	if unit := strings.TrimLeft(t[i:], " \t\n\r\f\v"); unit != "" {
		found := false
		for _, u := range sizeUnits {
			if strings.EqualFold(u.name, unit) || u.bits == 0 && strings.EqualFold(unit, "B") {
				found = true
				if d, err = d.Mul(types.DecimalInt(1 << u.bits)); err != nil {
					return 0, err
				}
			}
		}
		if !found {
			e := invalid().(*pgerr.Error)
			return 0, e.WithDetail("Invalid size unit: \"%s\".", unit).
				WithHint("Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
		}
	}
	return d.ToInt(types.Int8)
}

func errFrameSize() error {
	return pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
}

// inRange makes in_range for integers: is val within offset of base?
func inRange(_ *Ctx, a []types.Datum) (types.Datum, error) {
	val, base, offset, sub, less := a[0].I, a[1].I, a[2].I, a[3].I != 0, a[4].I != 0
	if offset < 0 {
		return types.Null, errFrameSize()
	}
	sum, ok := addInt64(base, offset)
	if sub {
		sum, ok = subInt64(base, offset)
	}
	if !ok {
		// The bound is beyond every value.
		return types.NewBool(sub != less), nil
	}
	return types.NewBool(less && val <= sum || !less && val >= sum), nil
}

func inRangeFloat(_ *Ctx, a []types.Datum) (types.Datum, error) {
	val, base, offset, sub, less := a[0].Float(), a[1].Float(), a[2].Float(), a[3].I != 0, a[4].I != 0
	switch {
	case math.IsNaN(offset) || offset < 0:
		return types.Null, errFrameSize()
	case math.IsNaN(val):
		return types.NewBool(math.IsNaN(base) || !less), nil
	case math.IsNaN(base):
		return types.NewBool(less), nil
	case inf(offset) && inf(base) && (base > 0) == sub:
		return types.NewBool(true), nil
	}
	sum := base + offset
	if sub {
		sum = base - offset
	}
	return types.NewBool(less && val <= sum || !less && val >= sum), nil
}

func inRangeDecimal(_ *Ctx, a []types.Datum) (types.Datum, error) {
	val, base, offset, sub, less := a[0].Decimal(), a[1].Decimal(), a[2].Decimal(), a[3].I != 0, a[4].I != 0
	switch {
	case offset.IsNaN() || offset.Sign() < 0:
		return types.Null, errFrameSize()
	case val.IsNaN():
		return types.NewBool(base.IsNaN() || !less), nil
	case base.IsNaN():
		return types.NewBool(less), nil
	case offset.IsInf() && base.IsInf() && (base.Sign() > 0) == sub:
		return types.NewBool(true), nil
	}
	sum, err := base.Add(offset)
	if sub {
		sum, err = base.Sub(offset)
	}
	c := val.Cmp(sum)
	return types.NewBool(less && c <= 0 || !less && c >= 0), err
}

// enumRange gives the labels from lo to hi, NULL being no bound.
func enumRange(t *types.Type, lo, hi types.Datum) (types.Datum, error) {
	var list []types.Datum
	for _, l := range t.Labels {
		if (lo.IsNull() || l.Sort >= lo.I) && (hi.IsNull() || l.Sort <= hi.I) {
			if err := l.Usable(t); err != nil {
				return types.Null, err
			}
			list = append(list, types.NewInt(l.Sort))
		}
	}
	return arrayOf(t, list), nil
}

func init() {
	define("normalize(text,text)", f2e(func(s, form string) (string, error) {
		f, err := normalForm(form)
		if err != nil {
			return "", err
		}
		return f.String(s), nil
	}))
	define("is_normalized(text,text)", f2e(func(s, form string) (bool, error) {
		f, err := normalForm(form)
		return err == nil && f.IsNormalString(s), err
	}))
	define("unistr(text)", f1e(unistr))
	define("parse_ident(text,bool)", f2e(func(s string, strict bool) (types.Datum, error) {
		list, err := parseIdent(s, strict)
		return arrayOf(types.Text, list), err
	}))
	define("pg_size_pretty(int8)", f1e(func(n int64) (string, error) { return sizePretty(types.DecimalInt(n)) }))
	define("pg_size_pretty(numeric)", f1e(sizePretty))
	define("pg_size_bytes(text)", f1e(sizeBytes))
	define("nameconcatoid(name,oid)", f2(func(s string, oid int64) string {
		tail := "_" + strconv.FormatInt(oid, 10)
		for len(s)+len(tail) > 63 {
			_, w := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-w]
		}
		return s + tail
	}))
	define("bpchar_larger(bpchar,bpchar)", f2(func(a, b string) string {
		if types.TrimBlanks(a) >= types.TrimBlanks(b) {
			return a
		}
		return b
	}))
	define("bpchar_smaller(bpchar,bpchar)", f2(func(a, b string) string {
		if types.TrimBlanks(a) <= types.TrimBlanks(b) {
			return a
		}
		return b
	}))
	define("booland_statefunc(bool,bool)", f2(func(a, b bool) bool { return a && b }))
	define("boolor_statefunc(bool,bool)", f2(func(a, b bool) bool { return a || b }))
	define("tidlarger(tid,tid)", f2(func(a, b int64) int64 { return max(a, b) }))
	define("tidsmaller(tid,tid)", f2(func(a, b int64) int64 { return min(a, b) }))
	define("xid8_larger(xid8,xid8)", f2(func(a, b int64) int64 { return int64(max(uint64(a), uint64(b))) }))
	define("xid8_smaller(xid8,xid8)", f2(func(a, b int64) int64 { return int64(min(uint64(a), uint64(b))) }))

	define("in_range(int2,int2,int2,bool,bool) in_range(int2,int2,int4,bool,bool) in_range(int2,int2,int8,bool,bool) "+
		"in_range(int4,int4,int2,bool,bool) in_range(int4,int4,int4,bool,bool) in_range(int4,int4,int8,bool,bool) "+
		"in_range(int8,int8,int8,bool,bool)", fn(inRange))
	define("in_range(float4,float4,float8,bool,bool) in_range(float8,float8,float8,bool,bool)", fn(inRangeFloat))
	define("in_range(numeric,numeric,numeric,bool,bool)", fn(inRangeDecimal))

	for _, sig := range slices.Sorted(maps.Keys(facts)) {
		// The send functions of all types: the binary form, as bytea.
		name, arg, _ := strings.Cut(strings.TrimSuffix(sig, ")"), "(")
		if t := types.ByName(arg); t != nil && strings.HasSuffix(name, "send") && funcOIDs[facts[sig].oid] == nil {
			define(sig, poly(func(at []*types.Type) EvalFunc {
				of := t
				if t.Kind == types.KindPseudo && len(at) == 1 {
					of = at[0]
				}
				return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
					return types.NewString(string(types.AppendBinary(nil, of, a[0], ctx.env()))), nil
				}
			}))
		}
	}
	define("enum_first(anyenum)", poly(func(t []*types.Type) EvalFunc {
		return func(*Ctx, []types.Datum) (types.Datum, error) {
			if u := t[0].Under(); len(u.Labels) > 0 {
				return types.NewInt(u.Labels[0].Sort), u.Labels[0].Usable(u)
			}
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "enum "+types.Display(t[0])+" contains no values")
		}
	}))
	define("enum_last(anyenum)", poly(func(t []*types.Type) EvalFunc {
		return func(*Ctx, []types.Datum) (types.Datum, error) {
			if u := t[0].Under(); len(u.Labels) > 0 {
				last := &u.Labels[len(u.Labels)-1]
				return types.NewInt(last.Sort), last.Usable(u)
			}
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "enum "+types.Display(t[0])+" contains no values")
		}
	}))
	define("enum_range(anyenum)", poly(func(t []*types.Type) EvalFunc {
		return func(*Ctx, []types.Datum) (types.Datum, error) {
			return enumRange(t[0].Under(), types.Null, types.Null)
		}
	}))
	define("enum_range(anyenum,anyenum)", poly(func(t []*types.Type) EvalFunc {
		return func(_ *Ctx, a []types.Datum) (types.Datum, error) { return enumRange(t[0].Under(), a[0], a[1]) }
	}))
	for _, kind := range []*types.Type{types.RegClass, types.RegType, types.RegProc, types.RegProcedure, types.RegOper, types.RegOperator, types.RegRole, types.RegNamespace, types.RegCollation} {
		define("to_"+kind.Name+"(text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			if s := a[0].S; s == "-" || s != "" && strings.Trim(s, "0123456789") == "" {
				return types.Null, nil // names only, not numbers
			}
			d, err := types.Parse(kind, -1, a[0].S, ctx.env())
			if err != nil {
				switch pgerr.CodeOf(err) {
				case pgerr.UndefinedTable, pgerr.UndefinedObject, pgerr.UndefinedFunction, pgerr.InvalidSchemaName, pgerr.AmbiguousFunction:
					return types.Null, nil
				}
			}
			return d, err
		}))
	}
}
