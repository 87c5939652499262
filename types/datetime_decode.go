package types

import (
	"math"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// The second step of date and time input: give each field its meaning. The
// order of the rules is PostgreSQL's, since it decides what ambiguous input
// means.

// set is a set of date parts already seen.
type set uint32

const (
	hasMonth set = 1 << iota
	hasYear
	hasDay
	hasTZ
	hasDTZ
	hasDTZMod
	hasAMPM
	hasADBC
	hasDow
	hasDOY
	hasHour
	hasMinute
	hasSecond
	hasMilli
	hasMicro
	hasWeek
	hasDecade
	hasCentury
	hasMillennium
	hasReserved
	hasDynTZ

	hasDate    = hasYear | hasMonth | hasDay
	hasTime    = hasHour | hasMinute | hasAllSecs
	hasAllSecs = hasSecond | hasMilli | hasMicro
)

// decoder is the state of reading one date, time or timestamp.
type decoder struct {
	clock
	tz    int // seconds west of UTC
	dtype Unit
	env   *Env

	seen      set
	isJulian  bool
	twoDigits bool // the year had at most two digits
	textMonth bool
	bc        bool
	meridiem  int
	zone      *Zone      // full zone, whose offset needs the date
	abbrev    string     // abbreviation whose offset needs the date, upper case
	abbrevIn  zoneAbbrev // its entry
	zoneName  string     // for the error
}

func (d *decoder) err(f fault, typeName, s string) error {
	if f == badZone {
		return pgerr.Newf(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", d.zoneName)
	}
	return f.err(typeName, s)
}

// decodeString reads s as a date and time, or (timeOnly) as a time.
func (d *decoder) decodeString(s string, env *Env, timeOnly bool) fault {
	d.env = env
	var buf [maxFields]field
	fields, f := splitFields(s, buf[:0], 128+maxFields)
	if f != fine {
		return f
	}
	if f := d.decodeFields(fields, timeOnly); f != fine {
		return f
	}
	if f := d.validate(); f != fine {
		return f
	}
	if d.meridiem != meridiemNone && d.hour > 12 {
		return fieldOverflow
	}
	if d.meridiem == meridiemAM && d.hour == 12 {
		d.hour = 0
	} else if d.meridiem == meridiemPM && d.hour != 12 {
		d.hour += 12
	}
	if timeOnly {
		return d.finishTime()
	}
	if d.dtype != tokDate {
		return fine
	}
	if d.seen&hasDate != hasDate {
		return badFormat
	}
	return d.finishZone(d.clock)
}

// finishZone finds the offset from UTC where it depends on the date at.
func (d *decoder) finishZone(at clock) fault {
	if (d.zone != nil || d.abbrev != "" || d.seen&hasTZ == 0) && d.seen&hasDTZMod != 0 {
		return badFormat
	}
	switch {
	case d.zone != nil:
		d.tz = -int(zoneOffsetOf(&at, d.zone))
	case d.abbrev != "":
		d.tz = -int(abbrevOffsetOf(&at, d.abbrev, d.abbrevIn))
	case d.seen&hasTZ == 0:
		d.tz = -int(zoneOffsetOf(&at, d.env.zone()))
	}
	return fine
}

func zoneOffsetOf(c *clock, z *Zone) int32 {
	t, ok := c.timestamp()
	if !ok {
		return 0
	}
	return z.LocalOffset(t)
}

func abbrevOffsetOf(c *clock, abbrev string, a zoneAbbrev) int32 {
	z := zoneByName(a.zone)
	if z == nil {
		return a.off
	}
	t, ok := c.timestamp()
	if !ok {
		return 0
	}
	o := z.LocalOffset(t)
	sec := floorDiv64(t, MicrosPerSecond) - int64(o) + unixEpochSeconds
	if ao, ok := z.abbrevOffset(abbrev, sec); ok {
		return ao
	}
	return o
}

func (d *decoder) overflows() bool {
	return d.hour < 0 || d.hour > 24 || d.min < 0 || d.min > 59 || d.sec < 0 || d.sec > 60 ||
		d.usec < 0 || d.usec > MicrosPerSecond || d.time() > MicrosPerDay
}

func (d *decoder) finishTime() fault {
	if d.overflows() {
		return fieldOverflow
	}
	if d.seen&hasTime != hasTime {
		return badFormat
	}
	at := d.clock
	if d.zone != nil {
		if off, fixed := d.zone.fixedOffset(); fixed && d.seen&hasDTZMod == 0 {
			d.tz = -int(off)
			return fine
		}
		if d.seen&hasDate != hasDate {
			return badFormat
		}
	} else if d.abbrev != "" || d.seen&hasTZ == 0 {
		if d.seen&hasDate == 0 {
			now := clockOf(d.now())
			at.year, at.mon, at.day = now.year, now.mon, now.day
		} else if d.seen&hasDate != hasDate {
			return badFormat
		}
	}
	return d.finishZone(at)
}

// now is the start of the transaction in local time.
func (d *decoder) now() int64 { return d.env.zone().ToLocal(d.env.NowMicros) }

// decodeFields goes through the fields. For times (timeOnly) fewer forms of
// date are welcome and bare digits are read as a time.
func (d *decoder) decodeFields(fields []field, timeOnly bool) fault {
	nf := len(fields)
	assume := set(0) // parts taken as seen where bare digits must be a time
	if timeOnly {
		assume = hasDate
	}
	var expect Unit // the unit that the next field must be, when not tokDate
	for i := 0; i < nf; i++ {
		fd := &fields[i]
		var got set
		var f fault
		switch fd.kind {
		case kindDate:
			if !timeOnly && expect == UnitJulian {
				val, rest, over := leadingInt(fd.text)
				if over || val < 0 {
					return fieldOverflow
				}
				d.year, d.mon, d.day = YMD(int64(val) - julianEpoch)
				d.isJulian = true
				if f = d.decodeTZ(rest); f != fine {
					return f
				}
				got = hasDate | hasTime | hasTZ
				expect = tokDate
				break
			}
			asDate := expect == tokDate && d.seen&(hasMonth|hasDay) != hasMonth|hasDay
			if timeOnly {
				asDate = i == 0 && nf >= 2 && (fields[nf-1].kind == kindDate || fields[1].kind == kindTime)
			}
			if asDate {
				if got, f = d.decodeDate(fd.text); f != fine {
					return f
				}
				break
			}
			if isDigit(fd.text[0]) || !timeOnly && expect != tokDate {
				if !timeOnly && expect != tokDate {
					if expect != UnitTime {
						return badFormat
					}
					expect = tokDate
				}
				if d.seen&hasTime == hasTime {
					return badFormat
				}
				cut := strings.IndexByte(fd.text, '-')
				if cut < 0 {
					return badFormat
				}
				if f = d.decodeTZ(fd.text[cut:]); f != fine {
					return f
				}
				if got, f = d.decodeNumberField(fd.text[:cut], d.seen|assume); f != fine {
					return f
				}
				if timeOnly {
					fd.kind = kindTime
				}
				got |= hasTZ
				break
			}
			if d.zone = zoneByName(fd.text); d.zone == nil {
				d.zoneName = fd.text
				return badZone
			}
			if timeOnly {
				fd.kind = kindTZ
			}
			got = hasTZ

		case kindTime:
			if !timeOnly && expect != tokDate {
				if expect != UnitTime {
					return badFormat
				}
				expect = tokDate
			}
			if f = d.decodeTime(fd.text); f != fine {
				return f
			}
			got = hasTime
			if !timeOnly && d.overflows() {
				return fieldOverflow
			}

		case kindTZ:
			if f = d.decodeTZ(fd.text); f != fine {
				return f
			}
			got = hasTZ

		case kindNumber:
			if expect != tokDate {
				if got, f = d.decodeLabelled(fd.text, expect); f != fine {
					return f
				}
				expect = tokDate
				break
			}
			text := fd.text
			dot := strings.IndexByte(text, '.')
			number := false
			switch {
			case timeOnly && dot >= 0:
				if i == 0 && nf >= 2 && fields[nf-1].kind == kindDate {
					got, f = d.decodeDate(text)
				} else if dot > 2 {
					got, f = d.decodeNumberField(text, d.seen|assume)
				} else {
					f = badFormat
				}
			case timeOnly:
				if number = len(text) <= 4; !number {
					got, f = d.decodeNumberField(text, d.seen|assume)
				}
			case dot >= 0 && d.seen&hasDate == 0:
				got, f = d.decodeDate(text)
			case dot > 2:
				got, f = d.decodeNumberField(text, d.seen)
			case len(text) >= 6 && (d.seen&hasDate == 0 || d.seen&hasTime == 0):
				got, f = d.decodeNumberField(text, d.seen)
			default:
				number = true
			}
			if number {
				got, f = d.decodeNumber(text, d.textMonth, d.seen|assume)
			}
			if f != fine {
				return f
			}

		case kindString, kindSpecial:
			var skip bool
			if got, skip, f = d.decodeWord(fields, i, timeOnly, &expect); f != fine {
				return f
			}
			if skip {
				continue
			}
		}
		if got&d.seen != 0 {
			return badFormat
		}
		d.seen |= got
	}
	return fine
}

// decodeWord reads a field of letters.
func (d *decoder) decodeWord(fields []field, i int, timeOnly bool, expect *Unit) (got set, skip bool, f fault) {
	text := fields[i].text
	if a, found := zoneAbbrevs[cut10(text)]; found {
		switch {
		case a.zone != "":
			d.abbrev, d.abbrevIn = strings.ToUpper(text), a
			return hasTZ | hasDynTZ, false, fine
		case a.dst:
			d.tz = -int(a.off)
			return hasTZ | hasDTZ, false, fine
		}
		d.tz = -int(a.off)
		return hasTZ, false, fine
	}
	w := dateWords[cut10(text)]
	switch w.kind {
	case wordIgnore:
		return 0, true, fine
	case wordReserved:
		v := Unit(w.val)
		if timeOnly && v != tokNow && v != tokZulu {
			return 0, false, badFormat
		}
		switch v {
		case tokNow:
			if timeOnly {
				d.setTime(floorMod(d.now(), MicrosPerDay))
				return hasTime, false, fine
			}
			d.clock, d.dtype = clockOf(d.now()), tokDate
			d.tz = -int(d.env.zone().OffsetAt(d.env.NowMicros))
			return hasDate | hasTime | hasTZ, false, fine
		case tokZulu:
			d.hour, d.min, d.sec, d.usec, d.tz, d.dtype = 0, 0, 0, 0, 0, tokDate
			return hasTime | hasTZ, false, fine
		case tokToday, tokTomorrow, tokYesterday:
			day := floorDiv64(d.now(), MicrosPerDay)
			if v == tokTomorrow {
				day++
			} else if v == tokYesterday {
				day--
			}
			d.year, d.mon, d.day = YMD(day)
			d.dtype = tokDate
			return hasDate, false, fine
		}
		d.dtype = v
		return hasReserved, false, fine
	case wordMonth:
		if timeOnly {
			return 0, false, badFormat
		}
		got = hasMonth
		if d.seen&hasMonth != 0 && !d.textMonth && d.seen&hasDay == 0 && d.mon >= 1 && d.mon <= 31 {
			d.day = d.mon
			got = hasDay
		}
		d.textMonth = true
		d.mon = w.val
		return got, false, fine
	case wordDSTMod:
		d.tz -= w.val
		return hasDTZMod | hasDTZ, false, fine
	case wordAMPM:
		d.meridiem = w.val
		return hasAMPM, false, fine
	case wordADBC:
		d.bc = w.val == 1
		return hasADBC, false, fine
	case wordDow:
		if timeOnly {
			return 0, false, badFormat
		}
		return hasDow, false, fine
	case wordUnits:
		*expect = Unit(w.val)
		return 0, false, fine
	case wordISOTime:
		if !timeOnly && d.seen&hasDate != hasDate {
			return 0, false, badFormat
		}
		if i >= len(fields)-1 {
			return 0, false, badFormat
		}
		if k := fields[i+1].kind; k != kindNumber && k != kindTime && k != kindDate {
			return 0, false, badFormat
		}
		*expect = UnitTime
		return 0, false, fine
	}
	if d.zone = zoneByName(text); d.zone == nil {
		return 0, false, badFormat
	}
	return hasTZ, false, fine
}

// decodeLabelled reads a number that a label went before (y2001, j2451187.5).
func (d *decoder) decodeLabelled(text string, unit Unit) (got set, f fault) {
	val, rest, over := leadingInt(text)
	if over {
		return 0, fieldOverflow
	}
	if rest != "" {
		if rest[0] != '.' || unit != UnitJulian && unit != UnitTime && unit != UnitSecond {
			return 0, badFormat
		}
	}
	d.dtype = tokDate
	switch unit {
	case UnitYear:
		d.year, got = val, hasYear
	case UnitMonth:
		if d.seen&hasMonth != 0 && d.seen&hasHour != 0 {
			d.min, got = val, hasMinute
		} else {
			d.mon, got = val, hasMonth
		}
	case UnitDay:
		d.day, got = val, hasDay
	case UnitHour:
		d.hour, got = val, hasHour
	case UnitMinute:
		d.min, got = val, hasMinute
	case UnitSecond:
		d.sec, got = val, hasSecond
		if rest != "" {
			if d.usec, f = fractionMicros(rest); f != fine {
				return 0, f
			}
			got = hasAllSecs
		}
	case UnitJulian:
		if val < 0 {
			return 0, fieldOverflow
		}
		got = hasDate
		d.year, d.mon, d.day = YMD(int64(val) - julianEpoch)
		d.isJulian = true
		if rest != "" {
			x, f := fraction(rest)
			if f != fine {
				return 0, f
			}
			d.setTime(int64(x * MicrosPerDay))
			got |= hasTime
		}
	case UnitTime:
		if got, f = d.decodeNumberField(text, d.seen|hasDate); f != fine {
			return 0, f
		}
		if got != hasTime {
			return 0, badFormat
		}
	default:
		return 0, badFormat
	}
	return got, fine
}

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
