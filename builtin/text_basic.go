package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"rowkey/pgerr"
	"rowkey/types"
)

// String functions whose unit is the character. Text that is all ASCII, which
// is nearly all text, is recognised where it saves decoding.

// maxText is the size no value may exceed.
const maxText = 1<<30 - 8

func errTooLong() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

// arena is memory for the results of one kernel call: many strings in few
// allocations. Bytes written are never changed again.
type arena struct{ buf []byte }

// room makes sure that n bytes can be appended without moving what is there.
func (a *arena) room(n int) {
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(n, min(2*cap(a.buf), 1<<16), 1024))
	}
}

// from gives what has been appended since the buffer was start long.
func (a *arena) from(start int) string {
	if start == len(a.buf) {
		return ""
	}
	return unsafe.String(&a.buf[start], len(a.buf)-start)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// charOffset gives the byte offset of character n (from 0), len(s) at most.
func charOffset(s string, n int) int {
	if n <= 0 {
		return 0
	}
	for i := 0; i < len(s); {
		if n == 0 {
			return i
		}
		if s[i] < utf8.RuneSelf {
			i++
		} else {
			_, w := utf8.DecodeRuneInString(s[i:])
			i += w
		}
		n--
	}
	return len(s)
}

func charCount(s string) int64 { return int64(utf8.RuneCountInString(s)) }

func errNegativeSubstring() error {
	return pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
}

// span reduces substring's start (from 1) and length to the half-open range
// of units wanted; end is -1 when the range is open.
func substringSpan(start, length int64, bounded bool) (from, end int64, err error) {
	end = -1
	if bounded {
		if length < 0 {
			return 0, 0, errNegativeSubstring()
		}
		end = max(start+length-1, 0)
	}
	return max(start-1, 0), end, nil
}

func substringChars(s string, start, length int64, bounded bool) (string, error) {
	from, end, err := substringSpan(start, length, bounded)
	if err != nil {
		return "", err
	}
	if end >= 0 && end <= from {
		return "", nil
	}
	if from > int64(len(s)) {
		return "", nil
	}
	if isASCII(s) {
		if end < 0 || end > int64(len(s)) {
			return s[from:], nil
		}
		return s[from:end], nil
	}
	s = s[charOffset(s, int(from)):]
	if end >= 0 && end-from < int64(len(s)) {
		s = s[:charOffset(s, int(end-from))]
	}
	return s, nil
}

func substringBytes(s string, start, length int64, bounded bool) (string, error) {
	from, end, err := substringSpan(start, length, bounded)
	if err != nil || from >= int64(len(s)) || end >= 0 && end <= from {
		return "", err
	}
	if end >= 0 && end < int64(len(s)) {
		return s[from:end], nil
	}
	return s[from:], nil
}

// mapCase changes case character by character; ascii is what it does to ASCII.
func mapCase(lo, hi byte, toRune func(rune) rune) Func {
	one := func(a *arena, s string) string {
		i := 0
		for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < lo || s[i] > hi) {
			i++
		}
		if i == len(s) {
			return s
		}
		a.room(len(s) + len(s)/2 + 4)
		start := len(a.buf)
		a.buf = append(a.buf, s[:i]...)
		for i < len(s) {
			c := s[i]
			if c >= utf8.RuneSelf {
				break
			}
			if c >= lo && c <= hi {
				c ^= 0x20
			}
			a.buf = append(a.buf, c)
			i++
		}
		if i < len(s) {
			// The tail is not ASCII; a character may grow, so it gets memory of its own.
			head := a.from(start)
			return head + strings.Map(toRune, s[i:])
		}
		return a.from(start)
	}
	f := f1(func(s string) string { var a arena; return one(&a, s) })
	f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		var a arena
		vec1(func(s string) string { return one(&a, s) }, args, out, n, sel)
		return nil
	}
	return f
}

func initcap(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		c := r
		if inWord {
			c = unicode.ToLower(r)
		} else {
			c = unicode.ToUpper(r)
		}
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
		return c
	}, s)
}

func leftChars(s string, n int64) string {
	if n < 0 {
		n = max(charCount(s)+n, 0)
	}
	if n >= int64(len(s)) {
		return s
	}
	return s[:charOffset(s, int(n))]
}

func rightChars(s string, n int64) string {
	if n < 0 {
		n = -n
	} else {
		n = charCount(s) - n
	}
	if n >= int64(len(s)) {
		return ""
	}
	return s[charOffset(s, int(n)):]
}

func strpos(s, sub string) int64 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return charCount(s[:i]) + 1
}

// pad makes lpad or rpad.
func pad(s string, n int64, fill string, left bool) (string, error) {
	if n <= 0 {
		return "", nil
	}
	have := charCount(s)
	if have >= n || fill == "" {
		return leftChars(s, n), nil
	}
	if n > maxText/4 {
		return "", errTooLong()
	}
	missing, unit := n-have, charCount(fill)
	p := strings.Repeat(fill, int(missing/unit)) + leftChars(fill, missing%unit)
	if left {
		return p + s, nil
	}
	return s + p, nil
}

func repeat(s string, n int64) (string, error) {
	if n <= 0 || s == "" {
		return "", nil
	}
	if int64(len(s)) > maxText/n {
		return "", errTooLong()
	}
	return strings.Repeat(s, int(n)), nil
}

func replaceAll(s, old, with string) string {
	if old == "" {
		return s
	}
	return strings.ReplaceAll(s, old, with)
}

func translate(s, from, to string) string {
	if s == "" || from == "" {
		return s
	}
	f, t := []rune(from), []rune(to)
	return strings.Map(func(r rune) rune {
		for i, c := range f {
			if c == r {
				if i < len(t) {
					return t[i]
				}
				return -1
			}
		}
		return r
	}, s)
}

func reverse(s string) string {
	b := make([]byte, len(s))
	if isASCII(s) {
		for i := range b {
			b[i] = s[len(s)-1-i]
		}
		return string(b)
	}
	at := len(b)
	for i := 0; i < len(s); {
		_, w := utf8.DecodeRuneInString(s[i:])
		at -= w
		copy(b[at:], s[i:i+w])
		i += w
	}
	return string(b)
}

func splitPart(s, sep string, n int64) (string, error) {
	if n == 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	}
	if s == "" {
		return "", nil
	}
	if sep == "" {
		if n == 1 || n == -1 {
			return s, nil
		}
		return "", nil
	}
	if n < 0 {
		n += int64(strings.Count(s, sep)) + 2
		if n <= 0 {
			return "", nil
		}
	}
	for ; n > 1; n-- {
		i := strings.Index(s, sep)
		if i < 0 {
			return "", nil
		}
		s = s[i+len(sep):]
	}
	part, _, _ := strings.Cut(s, sep)
	return part, nil
}

// trimChars takes characters of set off either end.
func trimChars(s, set string, left, right bool) string {
	if len(set) == 1 {
		c := set[0]
		for left && s != "" && s[0] == c {
			s = s[1:]
		}
		for right && s != "" && s[len(s)-1] == c {
			s = s[:len(s)-1]
		}
		return s
	}
	if set == "" {
		return s
	}
	if left {
		s = strings.TrimLeft(s, set)
	}
	if right {
		s = strings.TrimRight(s, set)
	}
	return s
}

func trimBytes(s, set string, left, right bool) string {
	for left && s != "" && strings.IndexByte(set, s[0]) >= 0 {
		s = s[1:]
	}
	for right && s != "" && strings.IndexByte(set, s[len(s)-1]) >= 0 {
		s = s[:len(s)-1]
	}
	return s
}

// overlay replaces length units of s from start (from 1) with what is given.
func overlay(s, with string, start, length int64, sub func(string, int64, int64, bool) (string, error)) (string, error) {
	if start <= 0 {
		return "", errNegativeSubstring()
	}
	next := start + length
	if next > 1<<31-1 {
		return "", integer.outOfRange()
	}
	head, err := sub(s, 1, start-1, true)
	if err != nil {
		return "", err
	}
	tail, err := sub(s, next, 0, false)
	return head + with + tail, err
}

// concat2 is ||: all results of a batch share one piece of memory.
func concat2() Func {
	f := f2e(func(a, b string) (string, error) {
		if len(a)+len(b) > maxText {
			return "", errTooLong()
		}
		return a + b, nil
	})
	f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		x, y, o, nulls := args[0].S, args[1].S, out.S, nullMask(out)
		mx, my := args[0].mask(), args[1].mask()
		total := 0
		for j := range rowCount(n, sel) {
			i := j
			if sel != nil {
				i = int(sel[j])
			}
			total += len(x[i&mx]) + len(y[i&my])
		}
		var a arena
		a.room(min(total, 1<<20))
		for j := range rowCount(n, sel) {
			i := j
			if sel != nil {
				i = int(sel[j])
			}
			if nulls != nil && nulls[i] {
				continue
			}
			s, t := x[i&mx], y[i&my]
			switch {
			case s == "":
				o[i] = t
			case t == "":
				o[i] = s
			case len(s)+len(t) > maxText:
				return errTooLong()
			default:
				a.room(len(s) + len(t))
				start := len(a.buf)
				a.buf = append(append(a.buf, s...), t...)
				o[i] = a.from(start)
			}
		}
		return nil
	}
	return f
}

func init() {
	define("length(text) char_length(text) character_length(text) textlen(text)", f1(charCount))
	define("length(bpchar) char_length(bpchar) character_length(bpchar)",
		f1(func(s string) int64 { return charCount(types.TrimBlanks(s)) }))
	define("length(bytea) octet_length(bytea) octet_length(text) octet_length(bpchar)", f1(func(s string) int64 { return int64(len(s)) }))
	define("bit_length(bytea) bit_length(text)", f1(func(s string) int64 { return 8 * int64(len(s)) }))
	define("lower(text)", mapCase('A', 'Z', unicode.ToLower))
	define("upper(text)", mapCase('a', 'z', unicode.ToUpper))
	define("initcap(text)", f1(initcap))
	define("textcat(text,text) byteacat(bytea,bytea)", concat2())

	define("substring(text,int4,int4) substr(text,int4,int4)",
		f3e(func(s string, i, n int64) (string, error) { return substringChars(s, i, n, true) }))
	define("substring(text,int4) substr(text,int4)",
		f2e(func(s string, i int64) (string, error) { return substringChars(s, i, 0, false) }))
	define("substring(bytea,int4,int4) substr(bytea,int4,int4)",
		f3e(func(s string, i, n int64) (string, error) { return substringBytes(s, i, n, true) }))
	define("substring(bytea,int4) substr(bytea,int4)",
		f2e(func(s string, i int64) (string, error) { return substringBytes(s, i, 0, false) }))
	define("left(text,int4)", f2(leftChars))
	define("right(text,int4)", f2(rightChars))
	define("strpos(text,text) position(text,text)", f2(strpos))
	define("position(bytea,bytea)", f2(func(s, sub string) int64 { return int64(strings.Index(s, sub)) + 1 }))
	define("starts_with(text,text)", f2(func(s, p string) bool { return strings.HasPrefix(s, p) }))

	define("btrim(text)", f1(func(s string) string { return trimChars(s, " ", true, true) }))
	define("ltrim(text)", f1(func(s string) string { return trimChars(s, " ", true, false) }))
	define("rtrim(text)", f1(func(s string) string { return trimChars(s, " ", false, true) }))
	define("btrim(text,text)", f2(func(s, set string) string { return trimChars(s, set, true, true) }))
	define("ltrim(text,text)", f2(func(s, set string) string { return trimChars(s, set, true, false) }))
	define("rtrim(text,text)", f2(func(s, set string) string { return trimChars(s, set, false, true) }))
	define("btrim(bytea,bytea)", f2(func(s, set string) string { return trimBytes(s, set, true, true) }))
	define("ltrim(bytea,bytea)", f2(func(s, set string) string { return trimBytes(s, set, true, false) }))
	define("rtrim(bytea,bytea)", f2(func(s, set string) string { return trimBytes(s, set, false, true) }))

	define("lpad(text,int4)", f2e(func(s string, n int64) (string, error) { return pad(s, n, " ", true) }))
	define("rpad(text,int4)", f2e(func(s string, n int64) (string, error) { return pad(s, n, " ", false) }))
	define("lpad(text,int4,text)", f3e(func(s string, n int64, p string) (string, error) { return pad(s, n, p, true) }))
	define("rpad(text,int4,text)", f3e(func(s string, n int64, p string) (string, error) { return pad(s, n, p, false) }))
	define("repeat(text,int4)", f2e(repeat))
	define("replace(text,text,text)", f3(replaceAll))
	define("translate(text,text,text)", f3(translate))
	define("reverse(text)", f1(reverse))
	define("split_part(text,text,int4)", f3e(splitPart))

	define("overlay(text,text,int4,int4)", f4e(func(s, w string, i, n int64) (string, error) { return overlay(s, w, i, n, substringChars) }))
	define("overlay(text,text,int4)", f3e(func(s, w string, i int64) (string, error) { return overlay(s, w, i, charCount(w), substringChars) }))
	define("overlay(bytea,bytea,int4,int4)", f4e(func(s, w string, i, n int64) (string, error) { return overlay(s, w, i, n, substringBytes) }))
	define("overlay(bytea,bytea,int4)", f3e(func(s, w string, i int64) (string, error) { return overlay(s, w, i, int64(len(w)), substringBytes) }))

	define("quote_ident(text)", f1(types.QuoteIdent))
	define("quote_literal(text)", f1(types.QuoteLiteral))
	define("quote_nullable(text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.NewString("NULL"), nil
		}
		return types.NewString(types.QuoteLiteral(a[0].S)), nil
	}))
	define("quote_literal(anyelement)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewString(types.QuoteLiteral(castText(ctx, t[0], a[0]))), nil
		}
	}))
	define("quote_nullable(anyelement)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.NewString("NULL"), nil
			}
			return types.NewString(types.QuoteLiteral(castText(ctx, t[0], a[0]))), nil
		}
	}))
	define("textanycat(text,anynonarray)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewString(a[0].S + castText(ctx, t[1], a[1])), nil
		}
	}))
	define("anytextcat(anynonarray,text)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewString(castText(ctx, t[0], a[0]) + a[1].S), nil
		}
	}))
	define("concat(any)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			var b []byte
			for i, d := range a {
				if !d.IsNull() {
					b = types.AppendText(b, t[i], d, ctx.env())
				}
			}
			return types.NewString(string(b)), nil
		}
	}))
	define("concat_ws(text,any)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			var b []byte
			first := true
			for i, d := range a[1:] {
				if d.IsNull() {
					continue
				}
				if !first {
					b = append(b, a[0].S...)
				}
				first = false
				b = types.AppendText(b, t[i+1], d, ctx.env())
			}
			return types.NewString(string(b)), nil
		}
	}))
}

// castText gives a value as its cast to text does: the text form, except that
// booleans are written out and padding is left off.
func castText(ctx *Ctx, t *types.Type, d types.Datum) string {
	switch t.Under() {
	case types.Bool:
		return boolWord(d.I != 0)
	case types.BPChar:
		return types.TrimBlanks(d.S)
	}
	return textOf(ctx, t.Under(), d)
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
