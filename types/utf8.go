package types

import "unicode/utf8"

// InvalidUTF8 gives the index of the first byte of s that is not valid UTF-8
// text as PostgreSQL stores it (a zero byte is not), -1 if there is none.
func InvalidUTF8(s string) int {
	i := 0
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			if c == 0 {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
