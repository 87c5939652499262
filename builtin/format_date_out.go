package builtin

import (
	"strconv"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// to_char of dates, times and intervals: writing by a template.

// charClock is a value on its way through to_char.
type charClock struct {
	types.Clock
	date     int64
	yday     int
	interval bool
	off      int
	zone     string
}

func stampClock(local int64) charClock {
	c := charClock{Clock: types.ClockOf(local), date: types.TimestampToDate(local)}
	c.yday = int(c.date-types.DateOf(c.Year, 1, 1)) + 1
	return c
}

var monthNames = [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
var dayNames = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// romanMonths, from XII down to I.
var romanMonths = [12]string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}

// appendNumber adds n filled with zeros to width, its sign included.
func appendNumber(dst []byte, n, width int) []byte {
	neg := n < 0
	if neg {
		dst = append(dst, '-')
		n = -n
		width--
	}
	var buf [20]byte
	b := strconv.AppendInt(buf[:0], int64(n), 10)
	for i := len(b); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, b...)
}

// appendOrdinal adds st, nd, rd or th after the number that ends dst.
func appendOrdinal(dst []byte, start int, th byte) []byte {
	if th == 0 || len(dst) == start {
		return dst
	}
	last := dst[len(dst)-1]
	if len(dst)-start > 1 && dst[len(dst)-2] == '1' {
		last = '0'
	}
	s := "th"
	switch last {
	case '1':
		s = "st"
	case '2':
		s = "nd"
	case '3':
		s = "rd"
	}
	if th == 'T' {
		s = strings.ToUpper(s)
	}
	return append(dst, s...)
}

func inCase(s string, c letterCase) string {
	switch c {
	case upperCase:
		return strings.ToUpper(s)
	case lowerCase:
		return strings.ToLower(s)
	}
	return s
}

func appendPadded(dst []byte, s string, width int) []byte {
	dst = append(dst, s...)
	for i := len(s); i < width; i++ {
		dst = append(dst, ' ')
	}
	return dst
}

func errNotForInterval() error {
	return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
		WithHint("Intervals are not tied to specific calendar dates.")
}

func (c *charClock) toChar(template string) (types.Datum, error) {
	out := make([]byte, 0, len(template)+16)
	nodes := dateTemplate(template)
	for i := range nodes {
		n := &nodes[i]
		if n.kind != nodePattern {
			out = append(out, n.char...)
			continue
		}
		var err error
		if out, err = c.appendPattern(out, n); err != nil {
			return types.Null, err
		}
	}
	return types.NewString(string(out)), nil
}

// shownYear counts years BC from 1 on.
func (c *charClock) shownYear(y int) int {
	if !c.interval && y <= 0 {
		return 1 - y
	}
	return y
}

func (c *charClock) appendPattern(dst []byte, n *dateNode) ([]byte, error) {
	start := len(dst)
	// num adds a number at least width digits wide (and its sign).
	num := func(v, width int) []byte {
		if n.fill {
			width = 0
		} else if v < 0 {
			width++
		}
		return appendOrdinal(appendNumber(dst, v, width), start, n.th)
	}
	// fixed counts the sign in the width.
	fixed := func(v, width int) []byte {
		if n.fill {
			width = 0
		}
		return appendOrdinal(appendNumber(dst, v, width), start, n.th)
	}
	name := func(s string, width int) []byte {
		if n.fill || n.tm {
			width = 0
		}
		return appendPadded(dst, inCase(s, n.letters), width)
	}
	switch n.word.key {
	case keyTZ, keyTZH, keyTZM, keyOF, keyAD, keyADdots, keyMonth, keyMon, keyDay, keyDy, keyD, keyID:
		if c.interval {
			return nil, errNotForInterval()
		}
	}
	switch n.word.key {
	case keyAMdots, keyAM:
		s := "AM"
		if c.Hour%24 >= 12 {
			s = "PM"
		}
		if n.word.key == keyAMdots {
			s = s[:1] + ".M."
		}
		return append(dst, inCase(s, n.letters)...), nil
	case keyAD, keyADdots:
		s := "AD"
		if c.Year <= 0 {
			s = "BC"
		}
		if n.word.key == keyADdots {
			s = s[:1] + "." + s[1:] + "."
		}
		return append(dst, inCase(s, n.letters)...), nil
	case keyHH12:
		h := c.Hour % 12
		if h == 0 {
			h = 12
		}
		w := 2
		if c.Hour < 0 && !n.fill && h > 0 {
			w = 3
		}
		return num(h, w), nil
	case keyHH24:
		return num(c.Hour, 2), nil
	case keyMI:
		return num(c.Minute, 2), nil
	case keySS:
		return num(c.Sec, 2), nil
	case keyFF, keyMS, keyUS:
		digits := n.word.frac
		if n.word.key == keyMS {
			digits = 3
		} else if n.word.key == keyUS {
			digits = 6
		}
		v := c.Micro
		for i := digits; i < 6; i++ {
			v /= 10
		}
		return appendOrdinal(appendNumber(dst, v, digits), start, n.th), nil
	case keySSSS:
		return appendOrdinal(appendNumber(dst, c.Hour*3600+c.Minute*60+c.Sec, 0), start, n.th), nil
	case keyTZ:
		return append(dst, inCase(c.zone, n.letters)...), nil
	case keyTZH, keyTZM, keyOF:
		off, sign := c.off, byte('+')
		if off < 0 {
			off, sign = -off, '-'
		}
		switch n.word.key {
		case keyTZH:
			return appendNumber(append(dst, sign), off/3600, 2), nil
		case keyTZM:
			return appendNumber(dst, off%3600/60, 2), nil
		}
		w := 2
		if n.fill {
			w = 0
		}
		dst = appendNumber(append(dst, sign), off/3600, w)
		if off%3600 != 0 {
			dst = appendNumber(append(dst, ':'), off%3600/60, 2)
		}
		return dst, nil
	case keyMonth:
		return name(monthNames[c.Month-1], 9), nil
	case keyMon:
		return name(monthNames[c.Month-1][:3], 0), nil
	case keyMM:
		return num(c.Month, 2), nil
	case keyDay:
		return name(dayNames[types.Weekday(c.date)], 9), nil
	case keyDy:
		return name(dayNames[types.Weekday(c.date)][:3], 0), nil
	case keyDDD:
		return fixed(c.yday, 3), nil
	case keyIDDD:
		return fixed(c.isoDay(), 3), nil
	case keyDD:
		return fixed(c.Day, 2), nil
	case keyD:
		return num(types.Weekday(c.date)+1, 0), nil
	case keyID:
		d := types.Weekday(c.date)
		if d == 0 {
			d = 7
		}
		return num(d, 0), nil
	case keyWW:
		return fixed((c.yday-1)/7+1, 2), nil
	case keyIW:
		_, w := c.isoWeek()
		return fixed(w, 2), nil
	case keyQ:
		if c.Month == 0 {
			return dst, nil
		}
		return num((c.Month-1)/3+1, 0), nil
	case keyCC:
		var i int
		switch {
		case c.interval:
			i = c.Year / 100
		case c.Year > 0:
			i = (c.Year-1)/100 + 1
		default:
			i = c.Year/100 - 1
		}
		if i > 99 || i < -99 {
			return appendOrdinal(appendNumber(dst, i, 0), start, n.th), nil
		}
		return num(i, 2), nil
	case keyYcommaYYY:
		y := c.shownYear(c.Year)
		dst = append(appendNumber(dst, y/1000, 0), ',')
		r := y - y/1000*1000
		w := 3
		return appendOrdinal(appendNumber(dst, r, w), start, n.th), nil
	case keyYYYY, keyYYY, keyYY, keyY:
		return fixed(c.yearPart(c.shownYear(c.Year), int(n.word.key-keyYYYY))), nil
	case keyIYYY, keyIYY, keyIY, keyI:
		y, _ := c.isoWeek()
		return fixed(c.yearPart(c.shownYear(y), int(n.word.key-keyIYYY))), nil
	case keyRM:
		if c.Month == 0 && c.Year == 0 {
			return dst, nil
		}
		m := 12 - c.Month
		if c.Month == 0 {
			m = 0
			if c.Year < 0 {
				m = 11
			}
		} else if c.Month < 0 {
			m = -(c.Month + 1)
		}
		w := 4
		if n.fill {
			w = 0
		}
		return appendPadded(dst, inCase(romanMonths[m], n.letters), w), nil
	case keyW:
		return num((c.Day-1)/7+1, 0), nil
	case keyJ:
		return num(int(c.julian()), 0), nil
	}
	return dst, nil // FX
}

// yearPart cuts a year to its last digits (short of them left out) and gives
// the width it is written in; the calendar year's sign decides whether that
// has room for one.
func (c *charClock) yearPart(y, short int) (v, width int) {
	width = 4 - short
	if short == 3 {
		return y % 10, 1
	}
	if c.shownYear(c.Year) < 0 {
		width++
	}
	return y % [3]int{1 << 40, 1000, 100}[short], width
}

// julian is the Julian day; of an interval's fields too.
func (c *charClock) julian() int64 {
	if c.interval {
		return julianOf(c.Year, c.Month, c.Day)
	}
	return c.date + 2451545
}

// julianOf computes a Julian day in 32 bits of whatever fields an interval
// has, which DateOf, made for dates, does not.
func julianOf(y, m, d int) int64 {
	if m > 2 {
		m++
		y += 4800
	} else {
		m += 13
		y += 4799
	}
	century := y / 100
	j := y*365 - 32167
	j += y/4 - century + century/4
	j += 7834*m/256 + d
	return int64(int32(j))
}

func (c *charClock) isoWeek() (year, week int) {
	return types.IsoWeek(c.julian() - 2451545)
}

func (c *charClock) isoDay() int {
	y, _ := c.isoWeek()
	return int(c.julian()-2451545-isoYearStart(y)) + 1
}

// isoYearStart is the date of the Monday of an ISO year's first week.
func isoYearStart(year int) int64 {
	d := types.DateOf(year, 1, 4)
	return d - int64((types.Weekday(d)+6)%7)
}
