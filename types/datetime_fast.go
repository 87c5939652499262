package types

// The ISO forms that programs write, read without the general machinery.
// Whatever does not look exactly like one of them (ok false) is left to it,
// including everything that is wrong.

func two(s string, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

// isoDate reads YYYY-MM-DD at the start of s.
func isoDate(s string) (int64, bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	c, y, m, d := two(s, 0), two(s, 2), two(s, 5), two(s, 8)
	if c < 0 || y < 0 || m < 1 || m > 12 || d < 1 {
		return 0, false
	}
	y += c * 100
	if y == 0 || d > 28 && d > DaysIn(y, m) {
		return 0, false
	}
	return DateOf(y, m, d), true
}

// isoTime reads HH:MM:SS[.ffffff] at the start of s; n is how much of it.
func isoTime(s string) (micros int64, n int, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, 0, false
	}
	h, m, sec := two(s, 0), two(s, 3), two(s, 6)
	if uint(h) > 23 || uint(m) > 59 || uint(sec) > 59 {
		return 0, 0, false
	}
	micros = int64(h*3600+m*60+sec) * MicrosPerSecond
	n = 8
	if len(s) > 8 && s[8] == '.' {
		scale := int64(100000)
		for n = 9; n < len(s) && isDigit(s[n]); n++ {
			if scale == 0 {
				return 0, 0, false
			}
			micros += int64(s[n]-'0') * scale
			scale /= 10
		}
		if n == 9 {
			return 0, 0, false
		}
	}
	return micros, n, true
}

func fastDate(s string) (int64, bool) {
	if len(s) != 10 {
		return 0, false
	}
	return isoDate(s)
}

func fastTime(s string) (int64, bool) {
	t, n, ok := isoTime(s)
	return t, ok && n == len(s)
}

func fastTimestamp(s string, tz bool, env *Env) (int64, bool) {
	d, ok := isoDate(s)
	if !ok {
		return 0, false
	}
	if len(s) == 10 {
		d *= MicrosPerDay
		if tz {
			d = env.zone().ToUTC(d)
		}
		return d, true
	}
	if s[10] != ' ' && s[10] != 'T' {
		return 0, false
	}
	t, n, ok := isoTime(s[11:])
	if !ok {
		return 0, false
	}
	v := d*MicrosPerDay + t
	rest := s[11+n:]
	if rest == "" {
		if tz {
			v = env.zone().ToUTC(v)
		}
		return v, true
	}
	off := 0
	switch {
	case rest == "Z":
	case len(rest) == 3 || len(rest) == 6 && rest[3] == ':':
		h, m := two(rest, 1), 0
		if len(rest) == 6 {
			m = two(rest, 4)
		}
		if uint(h) > 15 || uint(m) > 59 {
			return 0, false
		}
		off = h*3600 + m*60
		switch rest[0] {
		case '-':
			off = -off
		case '+':
		default:
			return 0, false
		}
	default:
		return 0, false
	}
	if tz {
		v -= int64(off) * MicrosPerSecond
	}
	return v, true
}
