package types

import "strconv"

// Interval output.

// spanParts is an interval taken apart; all time parts have the same sign.
type spanParts struct {
	year, mon, day  int64
	hour            int64
	min, sec, micro int64
}

func partsOf(s Span) (p spanParts) {
	p.year, p.mon, p.day = int64(s.Months/12), int64(s.Months%12), int64(s.Days)
	p.hour = s.Micros / MicrosPerHour
	r := s.Micros - p.hour*MicrosPerHour
	p.min = r / MicrosPerMinute
	r -= p.min * MicrosPerMinute
	p.sec = r / MicrosPerSecond
	p.micro = r - p.sec*MicrosPerSecond
	return p
}

func abs64(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// AppendInterval adds the text form of an interval.
func AppendInterval(dst []byte, s Span, style IntervalStyle) []byte {
	p := partsOf(s)
	switch style {
	case IntervalPostgresVerbose:
		return p.appendVerbose(dst)
	case IntervalSQLStandard:
		return p.appendSQL(dst)
	case IntervalISO8601:
		return p.appendISO(dst)
	}
	return p.appendPostgres(dst)
}

// appendSeconds adds the absolute value of seconds, filled to two digits.
func (p *spanParts) appendSeconds(dst []byte, fill bool) []byte {
	if fill {
		dst = appendTwo(dst, int(abs64(p.sec)))
	} else {
		dst = strconv.AppendInt(dst, abs64(p.sec), 10)
	}
	return appendFraction(dst, int(abs64(p.micro)))
}

func (p *spanParts) timeSign() int {
	switch {
	case p.hour < 0 || p.min < 0 || p.sec < 0 || p.micro < 0:
		return -1
	case p.hour != 0 || p.min != 0 || p.sec != 0 || p.micro != 0:
		return 1
	}
	return 0
}

func (p *spanParts) appendPostgres(dst []byte) []byte {
	zero, before := true, false
	for i, v := range [3]int64{p.year, p.mon, p.day} {
		if v == 0 {
			continue
		}
		if !zero {
			dst = append(dst, ' ')
		}
		if before && v > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, v, 10)
		dst = append(append(dst, ' '), [3]string{"year", "mon", "day"}[i]...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero, before = false, v < 0
	}
	sign := p.timeSign()
	if !zero && sign == 0 {
		return dst
	}
	if !zero {
		dst = append(dst, ' ')
	}
	if sign < 0 {
		dst = append(dst, '-')
	} else if before {
		dst = append(dst, '+')
	}
	return p.appendTime(dst, true)
}

// appendTime adds hours:minutes:seconds without sign.
func (p *spanParts) appendTime(dst []byte, fillHour bool) []byte {
	h := abs64(p.hour)
	if fillHour && h < 100 {
		dst = appendTwo(dst, int(h))
	} else {
		dst = strconv.AppendInt(dst, h, 10)
	}
	dst = appendTwo(append(dst, ':'), int(abs64(p.min)))
	return p.appendSeconds(append(dst, ':'), true)
}

func (p *spanParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	for i, v := range [5]int64{p.year, p.mon, p.day, p.hour, p.min} {
		if v == 0 {
			continue
		}
		if zero {
			before = v < 0
			v = abs64(v)
		} else if before {
			v = -v
		}
		dst = strconv.AppendInt(append(dst, ' '), v, 10)
		dst = append(append(dst, ' '), [5]string{"year", "mon", "day", "hour", "min"}[i]...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if p.sec != 0 || p.micro != 0 {
		dst = append(dst, ' ')
		if p.sec < 0 || p.micro < 0 {
			if zero {
				before = true
			} else if !before {
				dst = append(dst, '-')
			}
		} else if before {
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, false), " sec"...)
		if abs64(p.sec) != 1 || p.micro != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (p *spanParts) appendSQL(dst []byte) []byte {
	t := p.timeSign()
	negative := p.year < 0 || p.mon < 0 || p.day < 0 || t < 0
	positive := p.year > 0 || p.mon > 0 || p.day > 0 || t > 0
	months := p.year != 0 || p.mon != 0
	rest := p.day != 0 || t != 0
	q := *p
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case negative && positive || months && rest:
		// Not a standard interval: every part gets its sign.
		sign := func(neg bool) byte {
			if neg {
				return '-'
			}
			return '+'
		}
		dst = append(dst, sign(q.year < 0 || q.mon < 0))
		dst = strconv.AppendInt(dst, abs64(q.year), 10)
		dst = strconv.AppendInt(append(dst, '-'), abs64(q.mon), 10)
		dst = append(dst, ' ', sign(q.day < 0))
		dst = strconv.AppendInt(dst, abs64(q.day), 10)
		dst = append(dst, ' ', sign(t < 0))
		return q.appendTime(dst, false)
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case months:
		dst = strconv.AppendInt(dst, abs64(q.year), 10)
		return strconv.AppendInt(append(dst, '-'), abs64(q.mon), 10)
	case q.day != 0:
		dst = strconv.AppendInt(dst, abs64(q.day), 10)
		return q.appendTime(append(dst, ' '), false)
	}
	return q.appendTime(dst, false)
}

func (p *spanParts) appendISO(dst []byte) []byte {
	t := p.timeSign()
	if p.year == 0 && p.mon == 0 && p.day == 0 && t == 0 {
		return append(dst, "PT0S"...)
	}
	dst = append(dst, 'P')
	part := func(v int64, unit byte) {
		if v != 0 {
			dst = append(strconv.AppendInt(dst, v, 10), unit)
		}
	}
	part(p.year, 'Y')
	part(p.mon, 'M')
	part(p.day, 'D')
	if t == 0 {
		return dst
	}
	dst = append(dst, 'T')
	part(p.hour, 'H')
	part(p.min, 'M')
	if p.sec != 0 || p.micro != 0 {
		if p.sec < 0 || p.micro < 0 {
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, false), 'S')
	}
	return dst
}
