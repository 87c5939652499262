package builtin

import (
	"strings"
	"sync"
	"unicode/utf8"

	"rowkey/builtin/are"
	"rowkey/pgerr"
	"rowkey/types"
)

// The functions of regular expressions. Compiled patterns are kept: queries
// match many strings with few patterns.

type regexKey struct {
	pattern string
	o       are.Options
}

var regexes struct {
	sync.RWMutex
	m map[regexKey]*are.Regexp
}

// regexFor compiles a pattern or finds it compiled.
func regexFor(pattern string, o are.Options) (*are.Regexp, error) {
	if p, ok := strings.CutPrefix(pattern, patternOfC); ok {
		pattern, o.ASCII = p, true
	}
	key := regexKey{pattern, o}
	regexes.RLock()
	re := regexes.m[key]
	regexes.RUnlock()
	if re != nil {
		return re, nil
	}
	re, err := are.Compile(pattern, o)
	if err != nil {
		return nil, err
	}
	regexes.Lock()
	if regexes.m == nil || len(regexes.m) >= 512 {
		regexes.m = map[regexKey]*are.Regexp{}
	}
	regexes.m[key] = re
	regexes.Unlock()
	return re, nil
}

// regexTest makes ~ and its kin: fold ignores case, ascii knows only the
// characters of the C collation.
func regexTest(negate, fold, ascii bool) Func {
	o := are.Options{IgnoreCase: fold, ASCII: ascii}
	f := f2e(func(s, p string) (bool, error) {
		re, err := regexFor(p, o)
		if err != nil {
			return false, err
		}
		ok, err := re.Match(s)
		return ok != negate, err
	})
	f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		s, p, o2 := args[0].S, args[1].S, out.B
		ms, mp := args[0].mask(), args[1].mask()
		var re *are.Regexp
		var last string
		return rows(n, sel, nullMask(out), func(i int) error {
			if q := p[i&mp]; re == nil || q != last {
				var err error
				if re, err = regexFor(q, o); err != nil {
					return err
				}
				last = q
			}
			ok, err := re.Match(s[i&ms])
			o2[i] = ok != negate
			return err
		})
	}
	return f
}

// flagged compiles with a flags argument; global says whether g is allowed for
// function name.
func flagged(name, pattern, flags string, globalOK bool) (*are.Regexp, bool, error) {
	o, global, err := are.ParseFlags(flags)
	if err != nil {
		return nil, false, err
	}
	if global && !globalOK {
		e := pgerr.Newf(pgerr.InvalidParameterValue, "%s() does not support the \"global\" option", name)
		if name == "regexp_match" {
			e.WithHint("Use the regexp_matches function instead.")
		}
		return nil, false, e
	}
	re, err := regexFor(pattern, o)
	return re, global, err
}

// eachMatch calls visit with each match from byte from on, one or all; split
// passes over empty matches at the ends and right behind another match.
func eachMatch(re *are.Regexp, s string, from int, all, split bool, visit func(m []int) (bool, error)) error {
	end := 0
	for from <= len(s) {
		m, err := re.Find(s, from)
		if err != nil || m == nil {
			return err
		}
		if !split || m[0] < len(s) && m[1] > end {
			more, err := visit(m)
			if err != nil || !more {
				return err
			}
		}
		if !all {
			return nil
		}
		end = m[1]
		from = m[1]
		if m[0] == m[1] {
			from = nextChar(s, from)
		}
	}
	return nil
}

// nextChar gives the offset of the character behind the one at i.
func nextChar(s string, i int) int {
	if i >= len(s) {
		return i + 1
	}
	_, w := utf8.DecodeRuneInString(s[i:])
	return i + w
}

func subText(s string, m []int, k int) types.Datum {
	if 2*k+1 >= len(m) || m[2*k] < 0 {
		return types.Null
	}
	return types.NewString(s[m[2*k]:m[2*k+1]])
}

// matchArray gives a match as regexp_match does: its subexpressions, or all of
// it if there are none.
func matchArray(re *are.Regexp, s string, m []int) types.Datum {
	if re.NumSub() == 0 {
		return arrayOf(types.Text, []types.Datum{subText(s, m, 0)})
	}
	list := make([]types.Datum, re.NumSub())
	for k := range list {
		list[k] = subText(s, m, k+1)
	}
	return arrayOf(types.Text, list)
}

func regexSubstring(s, p string) (types.Datum, error) {
	re, err := regexFor(p, are.Options{})
	if err != nil {
		return types.Null, err
	}
	m, err := re.Find(s, 0)
	if err != nil || m == nil {
		return types.Null, err
	}
	if re.NumSub() > 0 {
		return subText(s, m, 1), nil
	}
	return subText(s, m, 0), nil
}

// regexReplace replaces match number nth, all when 0, from byte from on.
func regexReplace(re *are.Regexp, s, with string, from int, nth int64) (string, error) {
	var b strings.Builder
	done, count := 0, int64(0)
	plain := strings.IndexByte(with, '\\') < 0
	err := eachMatch(re, s, from, true, false, func(m []int) (bool, error) {
		if count++; nth > 0 && count != nth {
			return true, nil
		}
		b.WriteString(s[done:m[0]])
		if plain {
			b.WriteString(with)
		} else {
			appendReplacement(&b, s, with, m)
		}
		done = m[1]
		return nth == 0, nil
	})
	if err != nil {
		return "", err
	}
	if done == 0 && b.Len() == 0 {
		return s, nil
	}
	b.WriteString(s[done:])
	return b.String(), nil
}

// appendReplacement writes the replacement text: \1 … \9 are subexpressions,
// \& the whole match, \\ a backslash.
func appendReplacement(b *strings.Builder, s, with string, m []int) {
	for i := 0; i < len(with); i++ {
		c := with[i]
		if c != '\\' || i+1 == len(with) {
			b.WriteByte(c)
			continue
		}
		i++
		k := 0
		switch c = with[i]; {
		case c >= '1' && c <= '9':
			k = int(c - '0')
		case c == '&':
		case c == '\\':
			b.WriteByte('\\')
			continue
		default:
			// Not an escape: the backslash stands for itself.
			b.WriteByte('\\')
			i--
			continue
		}
		b.WriteString(subText(s, m, k).S)
	}
}

// positive checks an argument that must be greater than zero.
func positive(name string, v int64) error {
	if v <= 0 {
		return errParameter("invalid value for parameter \"%s\": %d", name, v)
	}
	return nil
}

// regexArgs takes apart the arguments of the newer functions: string, pattern,
// then what defaults names in order.
type regexArgs struct {
	start, n, endOption, subexpr int64
	flags                        string
}

func regexStart(s string, start int64) int {
	if start-1 > int64(len(s)) {
		return len(s) + 1
	}
	from := charOffset(s, int(start-1))
	if charCount(s) < start-1 {
		return len(s) + 1
	}
	return from
}

// newer makes regexp_count, regexp_instr or regexp_substr: order tells which
// argument each optional one is.
func newer(name string, order string, run func(re *are.Regexp, s string, a regexArgs) (types.Datum, error)) Func {
	return fn(func(_ *Ctx, args []types.Datum) (types.Datum, error) {
		a := regexArgs{start: 1, n: 1}
		for k, d := range args[2:] {
			switch order[k] {
			case 's':
				a.start = d.I
				if err := positive("start", a.start); err != nil {
					return types.Null, err
				}
			case 'n':
				a.n = d.I
				if err := positive("n", a.n); err != nil {
					return types.Null, err
				}
			case 'e':
				a.endOption = d.I
				if a.endOption != 0 && a.endOption != 1 {
					return types.Null, errParameter("invalid value for parameter \"%s\": %d", "endoption", a.endOption)
				}
			case 'f':
				a.flags = d.S
			case 'x':
				a.subexpr = d.I
				if a.subexpr < 0 {
					return types.Null, errParameter("invalid value for parameter \"%s\": %d", "subexpr", a.subexpr)
				}
			}
		}
		re, _, err := flagged(name, args[1].S, a.flags, false)
		if err != nil {
			return types.Null, err
		}
		return run(re, args[0].S, a)
	})
}

// nthMatch finds match number a.n, nil if there are not so many.
func nthMatch(re *are.Regexp, s string, a regexArgs) (found []int, err error) {
	left := a.n
	err = eachMatch(re, s, regexStart(s, a.start), true, false, func(m []int) (bool, error) {
		if left--; left == 0 {
			found = append(found, m...)
		}
		return left > 0, nil
	})
	if a.subexpr > int64(max(re.NumSub(), 1)) {
		return nil, err
	}
	return found, err
}

// whole gives the subexpression meant: of a pattern without any, the first is
// the whole match.
func whole(re *are.Regexp, subexpr int64) int {
	if re.NumSub() == 0 {
		return 0
	}
	return int(subexpr)
}

// splitRegex cuts s at the matches.
func splitRegex(name string, a []types.Datum) (parts []types.Datum, err error) {
	flags := ""
	if len(a) > 2 {
		flags = a[2].S
	}
	re, _, err := flagged(name, a[1].S, flags, false)
	if err != nil {
		return nil, err
	}
	s, from := a[0].S, 0
	err = eachMatch(re, s, 0, true, true, func(m []int) (bool, error) {
		parts = append(parts, types.NewString(s[from:m[0]]))
		from = m[1]
		return true, nil
	})
	return append(parts, types.NewString(s[from:])), err
}

func init() {
	for _, t := range []string{"text", "bpchar", "name"} {
		sig := func(op string) string { return t + op + "(" + t + ",text)" }
		// Names have the C collation.
		ascii := t == "name"
		define(sig("regexeq"), regexTest(false, false, ascii))
		define(sig("regexne"), regexTest(true, false, ascii))
		define(sig("icregexeq"), regexTest(false, true, ascii))
		define(sig("icregexne"), regexTest(true, true, ascii))
	}
	define("substring(text,text)", f2e(regexSubstring))
	define("substring(text,text,text)", f3e(func(s, p, esc string) (types.Datum, error) {
		p, err := similarToARE(p, esc, true)
		if err != nil {
			return types.Null, err
		}
		return regexSubstring(s, p)
	}))
	define("similar_to_escape(text)", f1e(func(p string) (string, error) { return similarToARE(p, `\`, true) }))
	define("similar_to_escape(text,text)", f2e(func(p, esc string) (string, error) { return similarToARE(p, esc, true) }))
	define("similar_escape(text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		esc, given := `\`, !a[1].IsNull()
		if given {
			esc = a[1].S
		}
		r, err := similarToARE(a[0].S, esc, given)
		return types.NewString(r), err
	}))

	define("regexp_like(text,text) regexp_like(text,text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		flags := ""
		if len(a) > 2 {
			flags = a[2].S
		}
		re, _, err := flagged("regexp_like", a[1].S, flags, false)
		if err != nil {
			return types.Null, err
		}
		ok, err := re.Match(a[0].S)
		return types.NewBool(ok), err
	}))
	define("regexp_match(text,text) regexp_match(text,text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		flags := ""
		if len(a) > 2 {
			flags = a[2].S
		}
		re, _, err := flagged("regexp_match", a[1].S, flags, false)
		if err != nil {
			return types.Null, err
		}
		m, err := re.Find(a[0].S, 0)
		if err != nil || m == nil {
			return types.Null, err
		}
		return matchArray(re, a[0].S, m), nil
	}))
	define("regexp_matches(text,text) regexp_matches(text,text,text)", setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		flags := ""
		if len(a) > 2 {
			flags = a[2].S
		}
		re, global, err := flagged("regexp_matches", a[1].S, flags, true)
		if err != nil {
			return err
		}
		return eachMatch(re, a[0].S, 0, global, false, func(m []int) (bool, error) {
			return true, emit([]types.Datum{matchArray(re, a[0].S, m)})
		})
	}))
	define("regexp_replace(text,text,text)", f3e(func(s, p, with string) (string, error) {
		re, err := regexFor(p, are.Options{})
		if err != nil {
			return "", err
		}
		return regexReplace(re, s, with, 0, 1)
	}))
	define("regexp_replace(text,text,text,text)", f4e(func(s, p, with, flags string) (string, error) {
		if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
			return "", pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \""+flags[:1]+"\"").
				WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
		}
		re, global, err := flagged("regexp_replace", p, flags, true)
		if err != nil {
			return "", err
		}
		nth := int64(1)
		if global {
			nth = 0
		}
		return regexReplace(re, s, with, 0, nth)
	}))
	define("regexp_replace(text,text,text,int4) regexp_replace(text,text,text,int4,int4) regexp_replace(text,text,text,int4,int4,text)",
		fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			if err := positive("start", a[3].I); err != nil {
				return types.Null, err
			}
			nth, flags := int64(1), ""
			if len(a) > 4 {
				if nth = a[4].I; nth < 0 {
					return types.Null, errParameter("invalid value for parameter \"%s\": %d", "n", nth)
				}
			}
			if len(a) > 5 {
				flags = a[5].S
			}
			re, global, err := flagged("regexp_replace", a[1].S, flags, true)
			if err != nil {
				return types.Null, err
			}
			if global && len(a) < 5 {
				nth = 0
			}
			r, err := regexReplace(re, a[0].S, a[2].S, regexStart(a[0].S, a[3].I), nth)
			return types.NewString(r), err
		}))
	define("regexp_split_to_array(text,text) regexp_split_to_array(text,text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		parts, err := splitRegex("regexp_split_to_array", a)
		return arrayOf(types.Text, parts), err
	}))
	define("regexp_split_to_table(text,text) regexp_split_to_table(text,text,text)", setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		parts, err := splitRegex("regexp_split_to_table", a)
		if err != nil {
			return err
		}
		return emitAll(parts, emit)
	}))
	define("regexp_count(text,text) regexp_count(text,text,int4) regexp_count(text,text,int4,text)",
		newer("regexp_count", "sf", func(re *are.Regexp, s string, a regexArgs) (types.Datum, error) {
			n := int64(0)
			err := eachMatch(re, s, regexStart(s, a.start), true, false, func([]int) (bool, error) { n++; return true, nil })
			return types.NewInt(n), err
		}))
	define("regexp_instr(text,text) regexp_instr(text,text,int4) regexp_instr(text,text,int4,int4) regexp_instr(text,text,int4,int4,int4) "+
		"regexp_instr(text,text,int4,int4,int4,text) regexp_instr(text,text,int4,int4,int4,text,int4)",
		newer("regexp_instr", "snefx", func(re *are.Regexp, s string, a regexArgs) (types.Datum, error) {
			m, err := nthMatch(re, s, a)
			at := 2 * whole(re, a.subexpr)
			if err != nil || m == nil || at >= len(m) || m[at] < 0 {
				return types.NewInt(0), err
			}
			return types.NewInt(charCount(s[:m[at+int(a.endOption)]]) + 1), nil
		}))
	define("regexp_substr(text,text) regexp_substr(text,text,int4) regexp_substr(text,text,int4,int4) "+
		"regexp_substr(text,text,int4,int4,text) regexp_substr(text,text,int4,int4,text,int4)",
		newer("regexp_substr", "snfx", func(re *are.Regexp, s string, a regexArgs) (types.Datum, error) {
			m, err := nthMatch(re, s, a)
			if err != nil || m == nil {
				return types.Null, err
			}
			return subText(s, m, whole(re, a.subexpr)), nil
		}))
}

// similarToARE rewrites a SIMILAR TO pattern as a regular expression.
func similarToARE(p, esc string, given bool) (string, error) {
	if given && utf8.RuneCountInString(esc) > 1 {
		return "", pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	var b strings.Builder
	b.WriteString("^(?:")
	after, quotes := false, 0
	depth, class := 0, 0 // of brackets; class: 1 behind [, 2 behind [^, more inside
	for i := 0; i < len(p); {
		_, w := utf8.DecodeRuneInString(p[i:])
		c := p[i : i+w]
		i += w
		switch {
		case w > 1 && !after:
			if esc != "" && c == esc {
				after = true
			} else {
				b.WriteString(c)
				class = 3
			}
		case after:
			after = false
			switch {
			case c == `"` && depth == 0:
				// Two escaped quotes cut out the part substring() returns.
				switch quotes {
				case 0:
					b.WriteString("){1,1}?(")
				case 1:
					b.WriteString("){1,1}(?:")
				default:
					return "", pgerr.New("2200C", "SQL regular expression may not contain more than two escape-double-quote separators")
				}
				quotes++
			default:
				b.WriteByte('\\')
				b.WriteString(c)
				class = 3
			}
		case esc != "" && c == esc:
			after = true
		case depth > 0:
			if c == `\` {
				b.WriteByte('\\')
			}
			b.WriteString(c)
			switch {
			case c == "]" && class > 2:
				depth--
			case c == "[":
				depth++
				class = 3
			case c == "^":
				class++
			default:
				class = 3
			}
		case c == "[":
			b.WriteString(c)
			depth, class = 1, 1
		case c == "%":
			b.WriteString(".*")
		case c == "_":
			b.WriteByte('.')
		case c == "(":
			b.WriteString("(?:")
		case c == `\` || c == "." || c == "^" || c == "$":
			b.WriteByte('\\')
			b.WriteString(c)
		default:
			b.WriteString(c)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}
