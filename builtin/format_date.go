package builtin

import (
	"strconv"
	"strings"
	"sync"

	"rowkey/pgerr"
	"rowkey/types"
)

// to_char, to_date and to_timestamp: templates of dates and times. This file
// reads templates and writes values by them; format_date_in.go reads values.

func init() {
	define("to_char(timestamp,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" || !finiteTime(a[0].I) {
			return types.Null, nil
		}
		c := stampClock(a[0].I)
		return c.toChar(a[1].S)
	}))
	define("to_char(timestamptz,text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" || !finiteTime(a[0].I) {
			return types.Null, nil
		}
		off, abbrev, _ := ctx.zone().At(a[0].I)
		c := stampClock(a[0].I + int64(off)*types.MicrosPerSecond)
		c.off, c.zone = int(off), abbrev
		return c.toChar(a[1].S)
	}))
	define("to_char(interval,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" {
			return types.Null, nil
		}
		s := a[0].Span()
		c := charClock{interval: true}
		c.Year, c.Month, c.Day = int(s.Months/12), int(s.Months%12), int(s.Days)
		t := s.Micros
		c.Hour = int(t / types.MicrosPerHour)
		t -= int64(c.Hour) * types.MicrosPerHour
		c.Minute = int(t / types.MicrosPerMinute)
		t -= int64(c.Minute) * types.MicrosPerMinute
		c.Sec = int(t / types.MicrosPerSecond)
		c.Micro = int(t - int64(c.Sec)*types.MicrosPerSecond)
		c.yday = int(int32((c.Year*12+c.Month)*30 + c.Day))
		return c.toChar(a[1].S)
	}))
}

// dateKey is a template pattern of dates.
type dateKey uint8

const (
	keyADdots dateKey = iota
	keyAD
	keyAMdots
	keyAM
	keyCC
	keyDay
	keyDDD
	keyDD
	keyDy
	keyD
	keyFF
	keyFX
	keyHH24
	keyHH12
	keyIDDD
	keyID
	keyIW
	keyIYYY
	keyIYY
	keyIY
	keyI
	keyJ
	keyMI
	keyMM
	keyMonth
	keyMon
	keyMS
	keyOF
	keyQ
	keyRM
	keySSSS
	keySS
	keyTZH
	keyTZM
	keyTZ
	keyUS
	keyWW
	keyW
	keyYcommaYYY
	keyYYYY
	keyYYY
	keyYY
	keyY
)

// calendar tells the conventions a pattern belongs to: one template may not
// mix them in input.
type calendar uint8

const (
	anyCalendar calendar = iota
	gregorian
	isoWeeks
)

type dateWord struct {
	name  string
	key   dateKey
	digit bool // is read and written as digits
	cal   calendar
	frac  int // digits of FFn
}

// dateWordList has the patterns in upper case, longer before shorter.
var dateWordList = []dateWord{
	{"A.D.", keyADdots, false, anyCalendar, 0}, {"A.M.", keyAMdots, false, anyCalendar, 0}, {"AD", keyAD, false, anyCalendar, 0}, {"AM", keyAM, false, anyCalendar, 0},
	{"B.C.", keyADdots, false, anyCalendar, 0}, {"BC", keyAD, false, anyCalendar, 0}, {"CC", keyCC, true, anyCalendar, 0},
	{"DAY", keyDay, false, anyCalendar, 0}, {"DDD", keyDDD, true, gregorian, 0}, {"DD", keyDD, true, gregorian, 0}, {"DY", keyDy, false, anyCalendar, 0}, {"D", keyD, true, gregorian, 0},
	{"FF1", keyFF, true, anyCalendar, 1}, {"FF2", keyFF, true, anyCalendar, 2}, {"FF3", keyFF, true, anyCalendar, 3}, {"FF4", keyFF, true, anyCalendar, 4}, {"FF5", keyFF, true, anyCalendar, 5}, {"FF6", keyFF, true, anyCalendar, 6},
	{"FX", keyFX, false, anyCalendar, 0}, {"HH24", keyHH24, true, anyCalendar, 0}, {"HH12", keyHH12, true, anyCalendar, 0}, {"HH", keyHH12, true, anyCalendar, 0},
	{"IDDD", keyIDDD, true, isoWeeks, 0}, {"ID", keyID, true, isoWeeks, 0}, {"IW", keyIW, true, isoWeeks, 0}, {"IYYY", keyIYYY, true, isoWeeks, 0}, {"IYY", keyIYY, true, isoWeeks, 0}, {"IY", keyIY, true, isoWeeks, 0}, {"I", keyI, true, isoWeeks, 0},
	{"J", keyJ, true, anyCalendar, 0}, {"MI", keyMI, true, anyCalendar, 0}, {"MM", keyMM, true, gregorian, 0}, {"MONTH", keyMonth, false, gregorian, 0}, {"MON", keyMon, false, gregorian, 0}, {"MS", keyMS, true, anyCalendar, 0},
	{"OF", keyOF, false, anyCalendar, 0}, {"P.M.", keyAMdots, false, anyCalendar, 0}, {"PM", keyAM, false, anyCalendar, 0}, {"Q", keyQ, true, anyCalendar, 0}, {"RM", keyRM, false, gregorian, 0},
	{"SSSSS", keySSSS, true, anyCalendar, 0}, {"SSSS", keySSSS, true, anyCalendar, 0}, {"SS", keySS, true, anyCalendar, 0},
	{"TZH", keyTZH, false, anyCalendar, 0}, {"TZM", keyTZM, true, anyCalendar, 0}, {"TZ", keyTZ, false, anyCalendar, 0}, {"US", keyUS, true, anyCalendar, 0},
	{"WW", keyWW, true, gregorian, 0}, {"W", keyW, true, gregorian, 0}, {"Y,YYY", keyYcommaYYY, true, gregorian, 0}, {"YYYY", keyYYYY, true, gregorian, 0}, {"YYY", keyYYY, true, gregorian, 0}, {"YY", keyYY, true, gregorian, 0}, {"Y", keyY, true, gregorian, 0},
}

// letterCase is how a name is to be written.
type letterCase uint8

const (
	upperCase letterCase = iota
	titleCase
	lowerCase
)

type nodeKind uint8

const (
	nodePattern nodeKind = iota
	nodeChar
	nodeSeparator
	nodeSpace
)

// dateNode is a piece of a template: a pattern or one character.
type dateNode struct {
	kind    nodeKind
	char    string
	word    dateWord
	name    string // the pattern as written, for messages
	letters letterCase
	fill    bool // FM
	th      byte // 'T' for TH, 't' for th, 0 for none
	tm      bool // TM
}

var dateTemplates sync.Map // string → []dateNode
var dateTemplateCount int64

// dateTemplate takes a template apart.
func dateTemplate(s string) []dateNode {
	if t, ok := dateTemplates.Load(s); ok {
		return t.([]dateNode)
	}
	t := parseDateTemplate(s)
	if len(s) <= 128 && cacheRoom(&dateTemplateCount) {
		dateTemplates.Store(s, t)
	}
	return t
}

func parseDateTemplate(s string) []dateNode {
	var list []dateNode
	for s != "" {
		n := dateNode{}
		if len(s) >= 2 {
			switch s[:2] {
			case "FM", "fm":
				n.fill = true
				s = s[2:]
			case "TM", "tm":
				n.tm = true
				s = s[2:]
			}
			if s == "" {
				break
			}
		}
		if w, letters, ok := findDateWord(s); ok {
			n.word, n.letters, n.name = w, letters, s[:len(w.name)]
			s = s[len(w.name):]
			if len(s) >= 2 {
				switch s[:2] {
				case "TH":
					n.th = 'T'
					s = s[2:]
				case "th":
					n.th = 't'
					s = s[2:]
				case "SP":
					s = s[2:]
				}
			}
			list = append(list, n)
			continue
		}
		list, s = templateChars(list, s)
	}
	return list
}

// templateChars takes a quoted text or one character off a template.
func templateChars(list []dateNode, s string) ([]dateNode, string) {
	if s[0] == '"' {
		s = s[1:]
		for s != "" {
			if s[0] == '"' {
				return list, s[1:]
			}
			if s[0] == '\\' && len(s) > 1 {
				s = s[1:]
			}
			n := charLen(s)
			list = append(list, dateNode{kind: nodeChar, char: s[:n]})
			s = s[n:]
		}
		return list, s
	}
	if s[0] == '\\' && len(s) > 1 && s[1] == '"' {
		s = s[1:]
	}
	n := charLen(s)
	k := nodeChar
	if isSeparator(s[0]) {
		k = nodeSeparator
	} else if isBlank(s[0]) {
		k = nodeSpace
	}
	return append(list, dateNode{kind: k, char: s[:n]}), s[n:]
}

func findDateWord(s string) (dateWord, letterCase, bool) {
	switch {
	case strings.HasPrefix(s, "Month"):
		return dateWord{"Month", keyMonth, false, gregorian, 0}, titleCase, true
	case strings.HasPrefix(s, "Mon"):
		return dateWord{"Mon", keyMon, false, gregorian, 0}, titleCase, true
	case strings.HasPrefix(s, "Day"):
		return dateWord{"Day", keyDay, false, anyCalendar, 0}, titleCase, true
	case strings.HasPrefix(s, "Dy"):
		return dateWord{"Dy", keyDy, false, anyCalendar, 0}, titleCase, true
	}
	for _, w := range dateWordList {
		if len(s) < len(w.name) {
			continue
		}
		if s[:len(w.name)] == w.name {
			return w, upperCase, true
		}
		if s[0] >= 'a' && s[:len(w.name)] == strings.ToLower(w.name) {
			return w, lowerCase, true
		}
	}
	return dateWord{}, 0, false
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isSeparator: ASCII, printable, neither letter nor digit.
func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !(c|0x20 >= 'a' && c|0x20 <= 'z') && !(c >= '0' && c <= '9')
}

// charLen is the length of the character at the start of s (not empty).
func charLen(s string) int {
	n := 1
	switch c := s[0]; {
	case c >= 0xf0:
		n = 4
	case c >= 0xe0:
		n = 3
	case c >= 0xc0:
		n = 2
	}
	return min(n, len(s))
}

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
