package types

import (
	"strings"

	"rowkey/pgerr"
)

// Money is a number of cents. Its text form is that of the C locale, which
// PostgreSQL prints as $1,234.56: https://www.postgresql.org/docs/15/datatype-money.html.

// parseMoney reads an amount: a currency sign, thousands and parentheses or a minus
// sign for negative amounts may be there; digits behind the cents round them.
func parseMoney(s string) (int64, error) {
	t := trimSpace(s)
	negative := false
	// A dollar sign, blanks, a sign or parenthesis, blanks, a dollar sign: each may be missing.
	t = trimSpace(strings.TrimPrefix(t, "$"))
	if t != "" && strings.IndexByte("-(+", t[0]) >= 0 {
		negative, t = t[0] != '+', t[1:]
	}
	t = trimSpace(strings.TrimPrefix(trimSpace(t), "$"))
	tooLarge := pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type money", s)
	// Counted downwards, since there is one more negative number.
	var cents int64
	put := func(d int64) bool {
		if cents < (-1<<63)/10 {
			return false
		}
		if cents *= 10; cents < -1<<63+d {
			return false
		}
		cents -= d
		return true
	}
	behind, point := 0, false
	i := 0
	for ; i < len(t); i++ {
		c := t[i]
		switch {
		case c >= '0' && c <= '9' && behind < 2:
			if !put(int64(c - '0')) {
				return 0, tooLarge
			}
			if point {
				behind++
			}
			continue
		case c == '.' && !point:
			point = true
			continue
		case c == ',':
			continue
		}
		break
	}
	up := i < len(t) && t[i] >= '5' && t[i] <= '9'
	for ; behind < 2; behind++ {
		if !put(0) {
			return 0, tooLarge
		}
	}
	if up {
		if cents == -1<<63 {
			return 0, tooLarge
		}
		cents--
	}
	for i < len(t) && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	for ; i < len(t); i++ {
		switch c := t[i]; {
		case isSpace(c), c == ')', c == '$', c == '+':
		case c == '-':
			negative = true
		default:
			return 0, badSyntax("money", s)
		}
	}
	if negative {
		return cents, nil
	}
	if cents == -1<<63 {
		return 0, tooLarge
	}
	return -cents, nil
}

func appendMoney(dst []byte, cents int64) []byte {
	u := uint64(cents)
	if cents < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = append(dst, '$')
	var b [32]byte
	i := len(b)
	for n := 0; n < 3 || u > 0; n++ {
		if n == 2 {
			i--
			b[i] = '.'
		} else if n > 2 && (n-2)%3 == 0 {
			i--
			b[i] = ','
		}
		i--
		b[i] = byte('0' + u%10)
		u /= 10
	}
	return append(dst, b[i:]...)
}
