package types

import (
	"math"
	"strconv"
	"strings"
)

// The parts that datetime_decode.go puts together: dates, times, run-together
// digits, offsets, numbers.

// validate checks and completes year, month and day.
func (d *decoder) validate() fault {
	if d.seen&hasYear != 0 && !d.isJulian {
		switch {
		case d.bc:
			if d.year <= 0 {
				return fieldOverflow
			}
			d.year = 1 - d.year
		case d.twoDigits:
			if d.year < 0 {
				return fieldOverflow
			}
			if d.year < 70 {
				d.year += 2000
			} else if d.year < 100 {
				d.year += 1900
			}
		case d.year <= 0:
			return fieldOverflow
		}
	}
	if d.seen&hasDOY != 0 {
		d.year, d.mon, d.day = YMD(DateOf(d.year, 1, 1) + int64(d.yday) - 1)
	}
	if d.seen&hasMonth != 0 && (d.mon < 1 || d.mon > 12) {
		return dayMonthOverflow
	}
	if d.seen&hasDay != 0 && (d.day < 1 || d.day > 31) {
		return dayMonthOverflow
	}
	if d.seen&hasDate == hasDate && d.day > DaysIn(d.year, d.mon) {
		return fieldOverflow
	}
	return fine
}

// decodeDate reads a field that holds a whole date.
func (d *decoder) decodeDate(s string) (got set, f fault) {
	var parts [maxFields]string
	n := 0
	for i := 0; i < len(s) && n < maxFields; {
		for i < len(s) && !isDigit(s[i]) && !isAlpha(s[i]) {
			i++
		}
		if i == len(s) {
			return 0, badFormat
		}
		start := i
		if isDigit(s[i]) {
			for i < len(s) && isDigit(s[i]) {
				i++
			}
		} else {
			for i < len(s) && isAlpha(s[i]) {
				i++
			}
		}
		parts[n] = s[start:i]
		n++
		i++
	}
	seen := d.seen
	textMonth := false
	for i := 0; i < n; i++ {
		if !isAlpha(parts[i][0]) {
			continue
		}
		w := dateWords[cut10(parts[i])]
		switch w.kind {
		case wordIgnore:
			continue
		case wordMonth:
		default:
			return 0, badFormat
		}
		d.mon, textMonth = w.val, true
		if seen&hasMonth != 0 {
			return 0, badFormat
		}
		seen |= hasMonth
		got |= hasMonth
		parts[i] = ""
	}
	for _, p := range parts[:n] {
		if p == "" {
			continue
		}
		g, f := d.decodeNumber(p, textMonth, seen)
		if f != fine {
			return 0, f
		}
		if seen&g != 0 {
			return 0, badFormat
		}
		seen |= g
		got |= g
	}
	if seen&^(hasDOY|hasTZ) != hasDate {
		return 0, badFormat
	}
	return got, fine
}

// decodeTime reads hh:mm[:ss[.fff]]; mm:ss.fff is read as such.
func (d *decoder) decodeTime(s string) fault {
	h, m, sec, usec, f := splitTime(s, fullRange)
	if f != fine {
		return f
	}
	if h > math.MaxInt32 {
		return fieldOverflow
	}
	d.hour, d.min, d.sec, d.usec = int(h), m, sec, usec
	return fine
}

func splitTime(s string, fields int32) (h int64, m, sec, usec int, f fault) {
	h, s, over := leadingInt64(s)
	if over {
		return 0, 0, 0, 0, fieldOverflow
	}
	if s == "" || s[0] != ':' {
		return 0, 0, 0, 0, badFormat
	}
	if m, s, over = leadingInt(s[1:]); over {
		return 0, 0, 0, 0, fieldOverflow
	}
	switch {
	case s == "":
		if fields == maskMinute|maskSecond {
			if h > math.MaxInt32 {
				return 0, 0, 0, 0, fieldOverflow
			}
			h, m, sec = 0, int(h), m
		}
	case s[0] == '.':
		if usec, f = fractionMicros(s); f != fine {
			return 0, 0, 0, 0, f
		}
		if h > math.MaxInt32 {
			return 0, 0, 0, 0, fieldOverflow
		}
		h, m, sec = 0, int(h), m
	case s[0] == ':':
		if sec, s, over = leadingInt(s[1:]); over {
			return 0, 0, 0, 0, fieldOverflow
		}
		if s != "" {
			if s[0] != '.' {
				return 0, 0, 0, 0, badFormat
			}
			if usec, f = fractionMicros(s); f != fine {
				return 0, 0, 0, 0, f
			}
		}
	default:
		return 0, 0, 0, 0, badFormat
	}
	if h < 0 || m < 0 || m > 59 || sec < 0 || sec > 60 || usec < 0 || usec > MicrosPerSecond {
		return 0, 0, 0, 0, fieldOverflow
	}
	return h, m, sec, usec, fine
}

// decodeNumberField reads run-together digits: a date yymmdd or yyyymmdd, or
// a time hhmm or hhmmss[.fff].
func (d *decoder) decodeNumberField(s string, seen set) (set, fault) {
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		x := leadingFloat(s[dot:])
		d.usec = int(math.RoundToEven(x * MicrosPerSecond))
		s = s[:dot]
	} else if seen&hasDate != hasDate && len(s) >= 6 {
		n := len(s)
		d.day, d.mon, d.year = atoi(s[n-2:]), atoi(s[n-4:n-2]), atoi(s[:n-4])
		if n == 6 {
			d.twoDigits = true
		}
		return hasDate, fine
	}
	if seen&hasTime != hasTime {
		switch len(s) {
		case 6:
			d.hour, d.min, d.sec = atoi(s[:2]), atoi(s[2:4]), atoi(s[4:])
			return hasTime, fine
		case 4:
			d.hour, d.min, d.sec = atoi(s[:2]), atoi(s[2:]), 0
			return hasTime, fine
		}
	}
	return 0, badFormat
}

// decodeNumber reads one number of a date by what is still missing.
func (d *decoder) decodeNumber(s string, textMonth bool, seen set) (set, fault) {
	val, rest, over := leadingInt(s)
	if over {
		return 0, fieldOverflow
	}
	if len(rest) == len(s) {
		return 0, badFormat
	}
	if rest != "" {
		if rest[0] != '.' {
			return 0, badFormat
		}
		if len(s)-len(rest) > 2 {
			return d.decodeNumberField(s, seen|hasDate)
		}
		var f fault
		if d.usec, f = fractionMicros(rest); f != fine {
			return 0, f
		}
	}
	if len(s) == 3 && seen&hasDate == hasYear && val >= 1 && val <= 366 {
		d.yday = val
		return hasDOY | hasMonth | hasDay, fine
	}
	year := func() (set, fault) {
		d.year = val
		d.twoDigits = len(s) <= 2
		return hasYear, fine
	}
	month := func() (set, fault) { d.mon = val; return hasMonth, fine }
	day := func() (set, fault) { d.day = val; return hasDay, fine }
	switch seen & hasDate {
	case 0:
		if len(s) >= 3 || d.env.DateOrder == OrderYMD {
			return year()
		}
		if d.env.DateOrder == OrderDMY {
			return day()
		}
		return month()
	case hasYear:
		return month()
	case hasMonth:
		if textMonth && (len(s) >= 3 || d.env.DateOrder == OrderYMD) {
			return year()
		}
		return day()
	case hasYear | hasMonth:
		if textMonth && len(s) >= 3 && d.twoDigits {
			d.day, d.year = d.year, val
			d.twoDigits = false
			return hasDay, fine
		}
		return day()
	case hasDay:
		return month()
	case hasMonth | hasDay:
		return year()
	case hasDate:
		return d.decodeNumberField(s, seen)
	}
	return 0, badFormat
}

func (d *decoder) decodeTZ(s string) fault {
	tz, f := parseOffset(s)
	if f == fine {
		d.tz = tz
	}
	return f
}

// parseOffset reads +hh[[:]mm[:ss]] and gives seconds west of UTC.
func parseOffset(s string) (int, fault) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, badFormat
	}
	h, rest, over := leadingInt(s[1:])
	m, sec := 0, 0
	if over {
		return 0, zoneOverflow
	}
	if rest != "" && rest[0] == ':' {
		if m, rest, over = leadingInt(rest[1:]); over {
			return 0, zoneOverflow
		}
		if rest != "" && rest[0] == ':' {
			if sec, rest, over = leadingInt(rest[1:]); over {
				return 0, zoneOverflow
			}
		}
	} else if rest == "" && len(s) > 3 {
		h, m = h/100, h%100
	}
	if h < 0 || h > 15 || m < 0 || m > 59 || sec < 0 || sec > 59 {
		return 0, zoneOverflow
	}
	tz := (h*60+m)*60 + sec
	if s[0] != '-' {
		tz = -tz
	}
	if rest != "" {
		return 0, badFormat
	}
	return tz, fine
}

// leadingInt reads an optionally signed 32-bit number at the start of s (0
// when there is none) and gives the rest.
func leadingInt(s string) (int, string, bool) {
	n, rest, over := leadingInt64(s)
	return int(n), rest, over || n > math.MaxInt32 || n < math.MinInt32
}

func leadingInt64(s string) (int64, string, bool) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == start {
		return 0, s, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	return n, s[i:], err != nil
}

func atoi(s string) int {
	n, _, _ := leadingInt64(s)
	return int(int32(n))
}

// leadingFloat reads a number at the start of s as C's strtod does.
func leadingFloat(s string) float64 {
	i := 0
	for i < len(s) && (isDigit(s[i]) || s[i] == '.') {
		i++
	}
	x, _ := strconv.ParseFloat(s[:i], 64)
	return x
}

// fraction reads ".digits".
func fraction(s string) (float64, fault) {
	if s == "." {
		return 0, fine
	}
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, badFormat
		}
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, badFormat
	}
	return x, fine
}

func fractionMicros(s string) (int, fault) {
	x, f := fraction(s)
	return int(math.RoundToEven(x * MicrosPerSecond)), f
}
