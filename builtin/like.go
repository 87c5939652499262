package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"rowkey/pgerr"
	"rowkey/types"
)

// LIKE. A pattern is compiled to the pieces between its % signs:
//
//	abc%d_f%xyz     piece "abc" at the start, "d_f" somewhere, "xyz" at the end
//
// Pieces are matched from left to right, each as early as it can be; that is
// enough, for what a piece leaves over only helps the following ones. Patterns
// of one piece or two become plain string comparisons.

type likePattern struct {
	kind   likeKind
	lit    string // of the plain kinds
	pieces []likePiece
	// A pattern that ends with a lone escape character is an error for a value
	// that matches up to there, and matches no other.
	errIf *likePattern
}

type likeKind uint8

const (
	likeExact    likeKind = iota // lit
	likePrefix                   // lit%
	likeSuffix                   // %lit
	likeContains                 // %lit%
	likeGeneral
)

// likePiece is literal text, or text with single wildcards (any is not nil:
// any[i] says that character i is one).
type likePiece struct {
	lit   string
	runes []rune
	any   []bool
}

func errLikeEscape() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
}

// compileLike compiles a pattern whose escape character is the backslash;
// unit says how to cut it into characters (bytea: bytes).
func compileLike(p string, bytes bool) (*likePattern, error) {
	var (
		pieces []likePiece
		cur    likePiece
		b      []byte
	)
	end := func() {
		cur.lit = string(b)
		pieces = append(pieces, cur)
		cur, b = likePiece{}, nil
	}
	for i := 0; i < len(p); {
		w := 1
		if p[i] >= utf8.RuneSelf && !bytes {
			_, w = utf8.DecodeRuneInString(p[i:])
		}
		c, wild := p[i:i+w], false
		i += w
		switch c {
		case "%":
			end()
			continue
		case "_":
			wild = true
		case `\`:
			if i >= len(p) {
				bad, err := compileLike(p[:i-1]+"_%", bytes)
				return &likePattern{errIf: bad}, err
			}
			if w = 1; !bytes {
				_, w = utf8.DecodeRuneInString(p[i:])
			}
			c = p[i : i+w]
			i += w
		}
		r := rune(c[0])
		if !bytes {
			r, _ = utf8.DecodeRuneInString(c)
		}
		cur.runes = append(cur.runes, r)
		if wild && cur.any == nil {
			cur.any = make([]bool, len(cur.runes), len(p))
		}
		if cur.any != nil {
			cur.any = append(cur.any[:len(cur.runes)-1], wild)
		}
		b = append(b, c...)
	}
	end()
	l := &likePattern{kind: likeGeneral, pieces: pieces}
	plain := true
	for _, q := range pieces {
		plain = plain && q.any == nil
	}
	first, last := pieces[0], pieces[len(pieces)-1]
	switch {
	case !plain:
	case len(pieces) == 1:
		l.kind, l.lit = likeExact, first.lit
	case len(pieces) == 2 && last.lit == "":
		l.kind, l.lit = likePrefix, first.lit
	case len(pieces) == 2 && first.lit == "":
		l.kind, l.lit = likeSuffix, last.lit
	case len(pieces) == 3 && first.lit == "" && last.lit == "":
		l.kind, l.lit = likeContains, pieces[1].lit
	}
	return l, nil
}

func (l *likePattern) match(s string, bytes bool) bool {
	switch l.kind {
	case likeExact:
		return s == l.lit
	case likePrefix:
		return strings.HasPrefix(s, l.lit)
	case likeSuffix:
		return strings.HasSuffix(s, l.lit)
	case likeContains:
		return strings.Contains(s, l.lit)
	}
	first, rest := &l.pieces[0], l.pieces[1:]
	n := first.at(s, bytes)
	if n < 0 {
		return false
	}
	if len(rest) == 0 {
		return n == len(s)
	}
	s = s[n:]
	for i := range rest[:len(rest)-1] {
		at, n := rest[i].find(s, bytes)
		if at < 0 {
			return false
		}
		s = s[at+n:]
	}
	return rest[len(rest)-1].atEnd(s, bytes)
}

// at gives how many bytes of s the piece takes at its start, -1 for no match.
func (p *likePiece) at(s string, bytes bool) int {
	if p.any == nil {
		if strings.HasPrefix(s, p.lit) {
			return len(p.lit)
		}
		return -1
	}
	i := 0
	for k, want := range p.runes {
		if i >= len(s) {
			return -1
		}
		r, w := rune(s[i]), 1
		if r >= utf8.RuneSelf && !bytes {
			r, w = utf8.DecodeRuneInString(s[i:])
		}
		if r != want && !p.any[k] {
			return -1
		}
		i += w
	}
	return i
}

// find gives the first place in s where the piece matches and its length there.
func (p *likePiece) find(s string, bytes bool) (at, n int) {
	if p.any == nil {
		return strings.Index(s, p.lit), len(p.lit)
	}
	for at <= len(s) {
		if n := p.at(s[at:], bytes); n >= 0 {
			return at, n
		}
		if at == len(s) {
			break
		}
		w := 1
		if !bytes {
			_, w = utf8.DecodeRuneInString(s[at:])
		}
		at += w
	}
	return -1, 0
}

func (p *likePiece) atEnd(s string, bytes bool) bool {
	if p.any == nil {
		return strings.HasSuffix(s, p.lit)
	}
	// The piece has a fixed number of characters: count them off the end.
	i := len(s)
	for range p.runes {
		if i == 0 {
			return false
		}
		w := 1
		if !bytes {
			_, w = utf8.DecodeLastRuneInString(s[:i])
		}
		i -= w
	}
	return p.at(s[i:], bytes) == len(s)-i
}

// likeFunc makes LIKE (negate: NOT LIKE); fold, if not nil, makes it ILIKE.
func likeFunc(negate bool, fold func(s string, buf *[]byte) string, bytes bool) Func {
	prepare := func(p string) (*likePattern, error) {
		if fold != nil {
			p = fold(p, new([]byte))
		}
		return compileLike(p, bytes)
	}
	test := func(l *likePattern, s string, buf *[]byte) (bool, error) {
		if fold != nil {
			s = fold(s, buf)
		}
		if l.errIf != nil {
			if l.errIf.match(s, bytes) {
				return false, errLikeEscape()
			}
			return negate, nil
		}
		return l.match(s, bytes) != negate, nil
	}
	f := f2e(func(s, p string) (bool, error) {
		l, err := prepare(p)
		if err != nil {
			return false, err
		}
		return test(l, s, new([]byte))
	})
	f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		s, p, o, nulls := args[0].S, args[1].S, out.B, nullMask(out)
		ms := args[0].mask()
		var buf []byte
		if !args[1].Const {
			var last string
			var l *likePattern
			return rows(n, sel, nulls, func(i int) (err error) {
				if l == nil || p[i] != last {
					if l, err = prepare(p[i]); err != nil {
						return err
					}
					last = p[i]
				}
				o[i], err = test(l, s[i&ms], &buf)
				return err
			})
		}
		l, err := prepare(p[0])
		if err != nil {
			return err
		}
		if sel != nil || fold != nil || ms == 0 || l.errIf != nil {
			return rows(n, sel, nulls, func(i int) (err error) {
				o[i], err = test(l, s[i&ms], &buf)
				return err
			})
		}
		s, o = s[:n], o[:n]
		lit := l.lit
		switch l.kind {
		case likeExact:
			for i, v := range s {
				o[i] = (v == lit) != negate
			}
		case likePrefix:
			for i, v := range s {
				o[i] = strings.HasPrefix(v, lit) != negate
			}
		case likeSuffix:
			for i, v := range s {
				o[i] = strings.HasSuffix(v, lit) != negate
			}
		case likeContains:
			for i, v := range s {
				o[i] = strings.Contains(v, lit) != negate
			}
		default:
			for i, v := range s {
				o[i] = l.match(v, bytes) != negate
			}
		}
		return nil
	}
	return f
}

// foldCase is lower() for ILIKE; ASCII is put into buf, and good until the next
// call.
func foldCase(s string, buf *[]byte) string {
	upper := false
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(unicode.ToLower, s)
		}
		upper = upper || s[i] >= 'A' && s[i] <= 'Z'
	}
	if !upper {
		return s
	}
	b := append((*buf)[:0], s...)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	*buf = b
	return unsafe.String(&b[0], len(b))
}

// likeEscape rewrites a pattern from escape character esc to the backslash.
func likeEscape(p, esc string, bytes bool) (string, error) {
	if esc == `\` {
		return p, nil
	}
	if !bytes && utf8.RuneCountInString(esc) > 1 || bytes && len(esc) > 1 {
		return "", pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	if esc == "" {
		return strings.ReplaceAll(p, `\`, `\\`), nil
	}
	var b strings.Builder
	after := false
	for i := 0; i < len(p); {
		if !after && strings.HasPrefix(p[i:], esc) {
			b.WriteByte('\\')
			after = true
			i += len(esc)
			continue
		}
		if p[i] == '\\' && !after {
			b.WriteByte('\\')
		}
		b.WriteByte(p[i])
		// Bytes after the first of a character are never special.
		after = false
		i++
	}
	return b.String(), nil
}

func init() {
	define("textlike(text,text) like(text,text) namelike(name,text) like(name,text) bpcharlike(bpchar,text)", likeFunc(false, nil, false))
	define("textnlike(text,text) notlike(text,text) namenlike(name,text) notlike(name,text) bpcharnlike(bpchar,text)", likeFunc(true, nil, false))
	define("texticlike(text,text) nameiclike(name,text) bpchariclike(bpchar,text)", likeFunc(false, foldCase, false))
	define("texticnlike(text,text) nameicnlike(name,text) bpcharicnlike(bpchar,text)", likeFunc(true, foldCase, false))
	define("bytealike(bytea,bytea) like(bytea,bytea)", likeFunc(false, nil, true))
	define("byteanlike(bytea,bytea) notlike(bytea,bytea)", likeFunc(true, nil, true))
	define("like_escape(text,text)", f2e(func(p, e string) (string, error) { return likeEscape(p, e, false) }))
	define("like_escape(bytea,bytea)", f2e(func(p, e string) (string, error) { return likeEscape(p, e, true) }))
}
