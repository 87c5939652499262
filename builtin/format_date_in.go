package builtin

import (
	"math"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// to_date and to_timestamp: reading a text by a template.

func init() {
	define("to_date(text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		in, err := readByTemplate(a[0].S, a[1].S)
		if err != nil {
			return types.Null, err
		}
		c := in.clock
		out := func() error {
			return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", a[0].S)
		}
		if !types.ValidDay(c.Year, c.Month) {
			return types.Null, out()
		}
		d := types.DateOf(c.Year, c.Month, c.Day)
		if !types.ValidDate(d) {
			return types.Null, out()
		}
		return types.NewInt(d), nil
	}))
	define("to_timestamp(text,text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		in, err := readByTemplate(a[0].S, a[1].S)
		if err != nil {
			return types.Null, err
		}
		t, ok := in.clock.Local()
		if !ok {
			return types.Null, types.TimestampRangeError()
		}
		if in.zoneSign != 0 {
			t -= int64(in.zoneSign*(in.zoneHour*60+in.zoneMinute)*60) * types.MicrosPerSecond
		} else {
			t = ctx.zone().ToUTC(t)
		}
		if !types.ValidTimestamp(t) {
			return types.Null, types.TimestampRangeError()
		}
		if in.precision > 0 {
			return types.ApplyTypmod(types.Timestamp, int32(in.precision), types.NewInt(t), true)
		}
		return types.NewInt(t), nil
	}))
}

// dateInput collects what the patterns of a template read.
type dateInput struct {
	clock                          types.Clock
	zoneSign, zoneHour, zoneMinute int

	cal                                  calendar
	hour, minute, sec, ssss              int
	day, weekday, yearDay, month, year   int
	milli, micro                         int
	week, monthWeek, century, julian, bc int
	pm, yearDigits                       int
	precision                            int // n of FFn
	twelveHours                          bool
}

func badValue(text, name string) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", text, name)
}

// reader is the text being read.
type reader struct {
	in    *dateInput
	s     string
	at    int
	nodes []dateNode
}

func (r *reader) skipBlanks() int {
	n := 0
	for r.at < len(r.s) && isBlank(r.s[r.at]) {
		r.at++
		n++
	}
	return n
}

func (r *reader) skipChar() {
	if r.at < len(r.s) {
		r.at += charLen(r.s[r.at:])
	}
}

func set(dst *int, v int, n *dateNode) error {
	if *dst != 0 && *dst != v {
		return pgerr.Newf(pgerr.InvalidDatetimeFormat, "conflicting values for \"%s\" field in formatting string", n.name).
			WithDetail("This value contradicts a previous setting for the same field type.")
	}
	*dst = v
	return nil
}

// endsAtNonDigit reports whether what follows node i cannot be digits, so that
// the number there may be of any length.
func (r *reader) endsAtNonDigit(i int) bool {
	if r.nodes[i].th != 0 {
		return true
	}
	if i+1 >= len(r.nodes) {
		return true
	}
	next := &r.nodes[i+1]
	if next.kind == nodePattern {
		return !next.word.digit
	}
	return !(len(next.char) == 1 && next.char[0] >= '0' && next.char[0] <= '9')
}

// strtol reads an integer as C does, at the start of s.
func strtol(s string) (v int64, used int, over bool) {
	i := 0
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	start := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		if v > (math.MaxInt64-9)/10 {
			over = true
		} else {
			v = v*10 + int64(s[i]-'0')
		}
		i++
	}
	if i == start {
		return 0, 0, false
	}
	if neg {
		v = -v
	}
	return v, i, over
}

// number reads an integer for node i, width digits wide where that matters;
// used is how much text it took.
func (r *reader) number(dst *int, width, i int) (used int, err error) {
	n := &r.nodes[i]
	from := r.at
	r.skipBlanks()
	left := r.s[r.at:]
	text := left[:min(width, len(left))]
	var v int64
	var over bool
	if n.fill || r.endsAtNonDigit(i) {
		var k int
		v, k, over = strtol(r.s[from:])
		r.at = from + k
	} else {
		if len(left) < width {
			return 0, pgerr.Newf(pgerr.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", n.name).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(left)).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		var k int
		v, k, over = strtol(text)
		if k > 0 && k < width {
			return 0, badValue(text, n.name).WithDetail("Field requires %d characters, but only %d could be parsed.", width, k).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		r.at += k
	}
	if r.at == from {
		return 0, badValue(text, n.name).WithDetail("Value must be an integer.")
	}
	if over || v > math.MaxInt32 || v < math.MinInt32 {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.name).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	if dst != nil {
		if err := set(dst, int(v), n); err != nil {
			return 0, err
		}
	}
	return r.at - from, nil
}

// oneOf reads one of some words, in any case.
func (r *reader) oneOf(words []string, n *dateNode) (int, error) {
	left := r.s[r.at:]
	for i, w := range words {
		if len(left) >= len(w) && strings.EqualFold(left[:len(w)], w) {
			r.at += len(w)
			return i, nil
		}
	}
	if i := strings.IndexAny(left, " \t\n\r\f"); i >= 0 {
		left = left[:i]
	}
	return 0, badValue(left, n.name).WithDetail("The given value did not match any of the allowed values for this field.")
}

var monthShorts, dayShorts = shorten(monthNames[:]), shorten(dayNames[:])

func shorten(names []string) []string {
	s := make([]string, len(names))
	for i, n := range names {
		s[i] = n[:3]
	}
	return s
}

// read goes through template and text.
func (r *reader) read() error {
	fixed := false
	extra := 0 // characters skipped beyond what the template has
	for i := range r.nodes {
		if r.at >= len(r.s) {
			break
		}
		n := &r.nodes[i]
		isFX := n.kind == nodePattern && n.word.key == keyFX
		if !fixed && !isFX && (n.kind == nodePattern || i == 0) {
			extra += r.skipBlanks()
		}
		switch n.kind {
		case nodeSpace, nodeSeparator:
			if fixed {
				r.skipChar()
				continue
			}
			extra--
			if r.at < len(r.s) && (isBlank(r.s[r.at]) || isSeparator(r.s[r.at])) {
				r.at++
				extra++
			}
			continue
		case nodeChar:
			if !fixed && extra > 0 {
				extra--
			} else {
				r.skipChar()
			}
			continue
		}
		if n.word.cal != anyCalendar {
			if r.in.cal == anyCalendar {
				r.in.cal = n.word.cal
			} else if r.in.cal != n.word.cal {
				return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid combination of date conventions").
					WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
			}
		}
		if isFX {
			fixed = true
		} else if err := r.pattern(i, extra); err != nil {
			return err
		}
		if !fixed {
			extra = r.skipBlanks()
		}
	}
	return nil
}

// pattern reads the value of the pattern at node i.
func (r *reader) pattern(i, extra int) (err error) {
	n, in := &r.nodes[i], r.in
	width := len(n.word.name)
	ordinal := func() {
		if n.th != 0 {
			r.skipChar()
			r.skipChar()
		}
	}
	num := func(dst *int, width int) error {
		_, err := r.number(dst, width, i)
		if err == nil {
			ordinal()
		}
		return err
	}
	var v int
	switch n.word.key {
	case keyAMdots, keyAM:
		words := []string{"AM", "PM"}
		if n.word.key == keyAMdots {
			words = []string{"A.M.", "P.M."}
		}
		if v, err = r.oneOf(words, n); err != nil {
			return err
		}
		in.twelveHours = true
		return set(&in.pm, v, n)
	case keyAD, keyADdots:
		words := []string{"AD", "BC"}
		if n.word.key == keyADdots {
			words = []string{"A.D.", "B.C."}
		}
		if v, err = r.oneOf(words, n); err != nil {
			return err
		}
		return set(&in.bc, v, n)
	case keyHH12:
		in.twelveHours = true
		return num(&in.hour, 2)
	case keyHH24:
		return num(&in.hour, 2)
	case keyMI:
		return num(&in.minute, width)
	case keySS:
		return num(&in.sec, width)
	case keySSSS:
		return num(&in.ssss, width)
	case keyMS:
		used, err := r.number(&in.milli, 3, i)
		if err != nil {
			return err
		}
		for ; used < 3; used++ {
			in.milli *= 10
		}
		ordinal()
		return nil
	case keyFF, keyUS:
		digits := 6
		if n.word.key == keyFF {
			digits = n.word.frac
			in.precision = digits
		}
		used, err := r.number(&in.micro, digits, i)
		if err != nil {
			return err
		}
		for ; used < 6; used++ {
			in.micro *= 10
		}
		ordinal()
		return nil
	case keyTZ, keyOF:
		return pgerr.Newf(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.name)
	case keyTZH:
		if r.at < len(r.s) && (r.s[r.at] == '+' || r.s[r.at] == '-' || r.s[r.at] == ' ') {
			in.zoneSign = 1
			if r.s[r.at] == '-' {
				in.zoneSign = -1
			}
			r.at++
		} else if extra > 0 && r.s[r.at-1] == '-' {
			in.zoneSign = -1
		} else {
			in.zoneSign = 1
		}
		_, err := r.number(&in.zoneHour, 2, i)
		return err
	case keyTZM:
		if in.zoneSign == 0 {
			in.zoneSign = 1
		}
		_, err := r.number(&in.zoneMinute, 2, i)
		return err
	case keyMonth, keyMon, keyRM:
		words := monthNames[:]
		switch n.word.key {
		case keyMon:
			words = monthShorts
		case keyRM:
			words = romanMonths[:]
		}
		if v, err = r.oneOf(words, n); err != nil {
			return err
		}
		if n.word.key == keyRM {
			return set(&in.month, 12-v, n)
		}
		return set(&in.month, v+1, n)
	case keyMM:
		return num(&in.month, width)
	case keyDay, keyDy:
		words := dayNames[:]
		if n.word.key == keyDy {
			words = dayShorts
		}
		if v, err = r.oneOf(words, n); err != nil {
			return err
		}
		if err = set(&in.weekday, v, n); err == nil {
			in.weekday++
		}
		return err
	case keyDDD:
		return num(&in.yearDay, width)
	case keyIDDD:
		return num(&in.yearDay, 3)
	case keyDD:
		return num(&in.day, width)
	case keyD:
		return num(&in.weekday, width)
	case keyID:
		if _, err = r.number(&in.weekday, 1, i); err != nil {
			return err
		}
		if in.weekday++; in.weekday > 7 {
			in.weekday = 1
		}
		ordinal()
		return nil
	case keyWW, keyIW:
		return num(&in.week, width)
	case keyQ:
		return num(nil, width)
	case keyCC:
		return num(&in.century, width)
	case keyYcommaYYY:
		y, ok := r.commaYear()
		if !ok {
			return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
		}
		if err := set(&in.year, y, n); err != nil {
			return err
		}
		in.yearDigits = 4
		ordinal()
		return nil
	case keyYYYY, keyIYYY:
		in.yearDigits = 4
		return num(&in.year, width)
	case keyYYY, keyYY, keyY, keyIYY, keyIY, keyI:
		in.yearDigits = 3
		switch n.word.key {
		case keyYY, keyIY:
			in.yearDigits = 2
		case keyY, keyI:
			in.yearDigits = 1
		}
		used, err := r.number(&in.year, in.yearDigits, i)
		if err != nil {
			return err
		}
		if used < 4 {
			in.year = fullYear(in.year)
		}
		ordinal()
		return nil
	case keyW:
		return num(&in.monthWeek, width)
	case keyJ:
		return num(&in.julian, width)
	}
	return nil
}

// commaYear reads a year with a thousands comma.
func (r *reader) commaYear() (int, bool) {
	thousands, k, _ := strtol(r.s[r.at:])
	if k == 0 || r.at+k >= len(r.s) || r.s[r.at+k] != ',' {
		return 0, false
	}
	rest := r.s[r.at+k+1:]
	lead := 0
	for lead < len(rest) && isBlank(rest[lead]) {
		lead++
	}
	years, m, _ := strtol(rest[lead:min(len(rest), lead+3)])
	if m == 0 {
		return 0, false
	}
	r.at += k + 1 + lead + m
	return int(int32(thousands*1000 + years)), true
}

// fullYear completes a year of fewer than four digits to the one nearest 2020.
func fullYear(y int) int {
	switch {
	case y < 70:
		return y + 2000
	case y < 100:
		return y + 1900
	case y < 520:
		return y + 2000
	case y < 1000:
		return y + 1000
	}
	return y
}

// readByTemplate reads a text and completes and checks its fields.
func readByTemplate(text, template string) (*dateInput, error) {
	in := &dateInput{}
	c := &in.clock
	c.Month, c.Day = 1, 1
	overflow := func() error {
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	}
	if template != "" {
		r := reader{in: in, s: text, nodes: dateTemplate(template)}
		if err := r.read(); err != nil {
			return nil, err
		}
	}
	if in.ssss != 0 {
		c.Hour, c.Minute, c.Sec = in.ssss/3600, in.ssss%3600/60, in.ssss%60
	}
	if in.sec != 0 {
		c.Sec = in.sec
	}
	if in.minute != 0 {
		c.Minute = in.minute
	}
	if in.hour != 0 {
		c.Hour = in.hour
	}
	if in.twelveHours {
		if c.Hour < 1 || c.Hour > 12 {
			return nil, pgerr.Newf(pgerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", c.Hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		if in.pm != 0 && c.Hour < 12 {
			c.Hour += 12
		} else if in.pm == 0 && c.Hour == 12 {
			c.Hour = 0
		}
	}
	hasYear, hasMonth, hasDay := in.resolveYear(), false, false
	setDate := func(d int64) {
		c.Year, c.Month, c.Day = types.YMD(d)
		hasYear, hasMonth, hasDay = true, true, true
	}
	if in.julian != 0 {
		setDate(int64(in.julian) - 2451545)
	}
	if in.week != 0 {
		if in.cal == isoWeeks {
			d := isoYearStart(c.Year) + int64(in.week-1)*7
			if in.weekday > 1 {
				d += int64(in.weekday - 2)
			} else if in.weekday == 1 {
				d += 6
			}
			setDate(d)
		} else {
			in.yearDay = (in.week-1)*7 + 1
		}
	}
	if in.monthWeek != 0 {
		in.day = (in.monthWeek-1)*7 + 1
	}
	if in.day != 0 {
		c.Day, hasDay = in.day, true
	}
	if in.month != 0 {
		c.Month, hasMonth = in.month, true
	}
	if in.yearDay != 0 && (c.Month <= 1 || c.Day <= 1) {
		if c.Year == 0 && in.bc == 0 {
			return nil, pgerr.New(pgerr.InvalidDatetimeFormat, "cannot calculate day of year without year information")
		}
		if in.cal == isoWeeks {
			setDate(isoYearStart(c.Year) - 1 + int64(in.yearDay))
		} else {
			month, before := 1, 0
			for month <= 12 && in.yearDay > before+types.DaysIn(c.Year, month) {
				before += types.DaysIn(c.Year, month)
				month++
			}
			if c.Month <= 1 {
				c.Month = month
			}
			if c.Day <= 1 {
				if month > 12 {
					before -= 0
				}
				c.Day = in.yearDay - before
			}
			hasMonth, hasDay = true, true
		}
	}
	c.Micro = in.milli*1000 + in.micro
	if hasMonth && (c.Month < 1 || c.Month > 12) || hasDay && (c.Day < 1 || c.Day > 31) {
		return nil, overflow()
	}
	if hasYear && hasMonth && hasDay && c.Day > types.DaysIn(c.Year, c.Month) {
		return nil, overflow()
	}
	if c.Hour < 0 || c.Hour >= 24 || c.Minute < 0 || c.Minute >= 60 || c.Sec < 0 || c.Sec >= 60 || c.Micro < 0 || c.Micro >= types.MicrosPerSecond {
		return nil, overflow()
	}
	if in.zoneSign != 0 && (in.zoneHour < 0 || in.zoneHour > 15 || in.zoneMinute < 0 || in.zoneMinute >= 60) {
		return nil, pgerr.Newf(pgerr.InvalidTimeZoneDisplacement, "time zone displacement out of range: \"%s\"", text)
	}
	return in, nil
}

// resolveYear makes the year of year, century and era; it tells whether there
// was one.
func (in *dateInput) resolveYear() bool {
	c := &in.clock
	if in.bc != 0 && (in.year == 0 || in.century != 0 && in.yearDigits <= 2) {
		in.century = -in.century
	}
	switch {
	case in.year != 0 && in.century != 0 && in.yearDigits <= 2:
		y := in.year % 100
		switch {
		case y != 0 && in.century >= 0:
			y += (in.century - 1) * 100
		case y != 0:
			y = (in.century+1)*100 - y + 1
		case in.century >= 0:
			y = in.century * 100
		default:
			y = in.century*100 + 1
		}
		c.Year = y
	case in.year != 0:
		c.Year = in.year
		if in.bc != 0 {
			c.Year = -c.Year
		}
		if c.Year < 0 {
			c.Year++
		}
	case in.century > 0:
		c.Year = (in.century-1)*100 + 1
	case in.century < 0:
		c.Year = in.century*100 + 1
	default:
		return false
	}
	return true
}
