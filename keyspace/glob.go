package keyspace

// Glob patterns as Redis has them: * ? [abc] [^a-z] and \ before what is meant
// as it is.

// MatchGlob tells whether s fits a pattern.
func MatchGlob(pattern, s []byte) bool {
	// One place to return to is enough: an earlier * could not do better than a later one.
	back, backS := -1, 0
	p, i := 0, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			if p == len(pattern) {
				return true
			}
			back, backS = p, i
			continue
		}
		if i == len(s) {
			return p == len(pattern)
		}
		if p < len(pattern) {
			if next, ok := matchOne(pattern, p, s[i]); ok {
				p, i = next, i+1
				continue
			}
		}
		if back < 0 || backS >= len(s) {
			return false
		}
		backS++
		p, i = back, backS
	}
}

// matchOne matches one byte with the pattern's element at p and gives where the
// next begins.
func matchOne(pattern []byte, p int, b byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
		return p + 1, pattern[p] == b
	case '[':
		p++
		not := p < len(pattern) && pattern[p] == '^'
		if not {
			p++
		}
		for {
			switch {
			case p >= len(pattern): // never closed: the end closes it
				return p, ok != not
			case pattern[p] == '\\' && p+1 < len(pattern):
				p++
				ok = ok || pattern[p] == b
			case pattern[p] == ']':
				return p + 1, ok != not
			case p+2 < len(pattern) && pattern[p+1] == '-':
				lo, hi := pattern[p], pattern[p+2]
				if lo > hi {
					lo, hi = hi, lo
				}
				ok = ok || lo <= b && b <= hi
				p += 2
			default:
				ok = ok || pattern[p] == b
			}
			p++
		}
	}
	return p + 1, pattern[p] == b
}

// globPrefix is what all matches of a pattern begin with.
func globPrefix(pattern []byte) []byte {
	var out []byte
	for i := 0; i < len(pattern); i++ {
		switch b := pattern[i]; b {
		case '*', '?', '[':
			return out
		case '\\':
			if i+1 < len(pattern) {
				i++
			}
			out = append(out, pattern[i])
		default:
			out = append(out, b)
		}
	}
	return out
}
