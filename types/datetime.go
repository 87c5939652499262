package types

import (
	"math"

	"rowkey/pgerr"
)

// Dates and times. How values are held:
//
//	date         days since 2000-01-01; ±infinity are DateInfinity, DateNegInfinity
//	time         microseconds since midnight, 24:00:00 included
//	timetz       Span{Micros: time of day, Days: seconds west of UTC}
//	timestamp    microseconds since 2000-01-01 00:00, local or (timestamptz) UTC;
//	             ±infinity are Infinity, NegInfinity
//	interval     Span
//
// Files: datetime.go calendar and entry points, datetime_fast.go the common
// ISO forms, datetime_lex.go and datetime_decode.go everything else that
// input accepts, datetime_out.go text output, interval*.go, zone*.go, and
// datetime_arith.go the arithmetic that operators are made of.

// Infinities of date and of timestamp, timestamptz.
const (
	DateInfinity    = math.MaxInt32
	DateNegInfinity = math.MinInt32
	Infinity        = math.MaxInt64
	NegInfinity     = math.MinInt64
)

// Lengths of time in microseconds.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour
)

const (
	minDate      = -2451545            // 4714-11-24 BC
	endDate      = 2145031949          // 5874898-06-03
	minTimestamp = -211813488000000000 // 4714-11-24 BC
	endTimestamp = 9223371331200000000 // 294277-01-01

	unixEpochSeconds = 946684800 // 2000-01-01 in Unix time
	unixEpochDays    = 10957
	julianEpoch      = 2451545 // Julian day of 2000-01-01
)

// clock is a date and time taken apart. Year 0 is 1 BC.
type clock struct {
	year, mon, day int
	hour, min, sec int
	usec           int
	yday           int
}

// DateOf gives the date (days since 2000-01-01) of a proleptic Gregorian
// year, month and day; year 0 is 1 BC. Days beyond the month count on.
func DateOf(year, month, day int) int64 {
	y := int64(year)
	if month <= 2 {
		y--
		month += 12
	}
	era := floorDiv64(y, 400)
	yoe := y - era*400
	doy := int64((153*(month-3)+2)/5 + day - 1)
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 730425
}

// YMD is the inverse of DateOf.
func YMD(date int64) (year, month, day int) {
	z := date + 730425
	era := floorDiv64(z, 146097)
	doe := int(z - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	year = int(era)*400 + yoe
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// DaysIn gives the number of days of a month.
func DaysIn(year, month int) int {
	if month == 2 {
		if leap(year) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// Weekday gives a date's day of the week, Sunday 0.
func Weekday(date int64) int { return int(floorMod(date+6, 7)) }

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	r := a % b
	if r < 0 {
		r += b
	}
	return r
}

// validJulian reports whether the day is within the range that dates have.
func validJulian(y, m int) bool {
	return (y > -4713 || y == -4713 && m >= 11) && (y < 5874898 || y == 5874898 && m < 6)
}

// ValidDate reports whether a finite date is within range.
func ValidDate(days int64) bool { return days >= minDate && days < endDate }

// ValidTimestamp reports whether a finite timestamp is within range.
func ValidTimestamp(t int64) bool { return t >= minTimestamp && t < endTimestamp }

// clockOf takes a local timestamp apart.
func clockOf(t int64) (c clock) {
	days := floorDiv64(t, MicrosPerDay)
	c.year, c.mon, c.day = YMD(days)
	c.setTime(t - days*MicrosPerDay)
	return c
}

func (c *clock) setTime(t int64) {
	c.hour = int(t / MicrosPerHour)
	t -= int64(c.hour) * MicrosPerHour
	c.min = int(t / MicrosPerMinute)
	t -= int64(c.min) * MicrosPerMinute
	c.sec = int(t / MicrosPerSecond)
	c.usec = int(t - int64(c.sec)*MicrosPerSecond)
}

func (c *clock) date() int64 { return DateOf(c.year, c.mon, c.day) }

func (c *clock) time() int64 {
	return ((int64(c.hour)*60+int64(c.min))*60+int64(c.sec))*MicrosPerSecond + int64(c.usec)
}

// timestamp puts the parts together; ok is false beyond the range (before any
// time zone is applied, only what cannot be held).
func (c *clock) timestamp() (t int64, ok bool) {
	if !validJulian(c.year, c.mon) {
		return 0, false
	}
	days, tod := c.date(), c.time()
	t = days * MicrosPerDay
	if t/MicrosPerDay != days {
		return 0, false
	}
	r := t + tod
	if (tod > 0) != (r > t) && tod != 0 {
		return 0, false
	}
	return r, true
}

// fault is a reason why input is no date or time.
type fault uint8

const (
	fine fault = iota
	badFormat
	fieldOverflow
	dayMonthOverflow
	intervalOverflow
	zoneOverflow
	badZone // the zone's name is in decoder.zoneName
)

func (f fault) err(typeName, s string) error {
	switch f {
	case fieldOverflow:
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	case dayMonthOverflow:
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case intervalOverflow:
		return pgerr.Newf(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case zoneOverflow:
		return pgerr.Newf(pgerr.InvalidTimeZoneDisplacement, "time zone displacement out of range: \"%s\"", s)
	}
	return pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

var errTimestampRange = pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
var errDateRange = pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
var errIntervalRange = pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")

// TimestampRangeError, DateRangeError and IntervalRangeError make the errors
// of results out of range. A new one each time, since errors get positions.
func TimestampRangeError() error { e := *errTimestampRange; return &e }

// DateRangeError: see TimestampRangeError.
func DateRangeError() error { e := *errDateRange; return &e }

// IntervalRangeError: see TimestampRangeError.
func IntervalRangeError() error { e := *errIntervalRange; return &e }

func (e *Env) zone() *Zone {
	if e == nil || e.TimeZone == nil {
		return UTC
	}
	return e.TimeZone
}

// parseDateTime reads the text form of a date or time type.
func parseDateTime(t *Type, typmod int32, s string, env *Env) (Datum, error) {
	if env == nil {
		env = DefaultEnv
	}
	switch t.OID {
	case Date.OID:
		if d, ok := fastDate(s); ok {
			return NewInt(d), nil
		}
		d, err := parseDate(s, env)
		return NewInt(d), err
	case Timestamp.OID, TimestampTZ.OID:
		v, ok := fastTimestamp(s, t.OID == TimestampTZ.OID, env)
		if !ok {
			var err error
			if v, err = parseTimestamp(s, t.OID == TimestampTZ.OID, env); err != nil {
				return Null, err
			}
		}
		if typmod >= 0 {
			return NewInt(roundTimestamp(v, typmod)), nil
		}
		return NewInt(v), nil
	case Time.OID:
		v, ok := fastTime(s)
		if !ok {
			sp, err := parseTime(s, false, env)
			if err != nil {
				return Null, err
			}
			v = sp.Micros
		}
		return NewInt(roundTime(v, typmod)), nil
	case TimeTZ.OID:
		sp, err := parseTime(s, true, env)
		if err != nil {
			return Null, err
		}
		sp.Micros = roundTime(sp.Micros, typmod)
		return NewSpan(sp), nil
	case Interval.OID:
		sp, err := parseInterval(s, typmod, env.IntervalStyle)
		if err != nil {
			return Null, err
		}
		if sp, err = adjustInterval(sp, typmod); err != nil {
			return Null, err
		}
		return NewSpan(sp), nil
	}
	return Null, pgerr.Newf(pgerr.InternalError, "type %s is no date or time", t.Name)
}

// applyDateTimeTypmod rounds a value to the precision (or fields) of typmod.
func applyDateTimeTypmod(t *Type, typmod int32, d Datum) (Datum, error) {
	if typmod < 0 || d.IsNull() {
		return d, nil
	}
	switch t.OID {
	case Timestamp.OID, TimestampTZ.OID:
		if typmod > 6 && d.I != math.MinInt64 && d.I != math.MaxInt64 {
			return Null, pgerr.Newf(pgerr.InvalidParameterValue, "timestamp(%d) precision must be between 0 and 6", typmod)
		}
		return NewInt(roundTimestamp(d.I, typmod)), nil
	case Time.OID:
		return NewInt(roundTime(d.I, typmod)), nil
	case TimeTZ.OID:
		d.I = roundTime(d.I, typmod)
	case Interval.OID:
		sp, err := adjustInterval(d.Span(), typmod)
		if err != nil {
			return Null, err
		}
		return NewSpan(sp), nil
	}
	return d, nil
}

var roundScale = [7]int64{1000000, 100000, 10000, 1000, 100, 10, 1}

func roundTo(t, scale int64) int64 {
	if t >= 0 {
		return (t + scale/2) / scale * scale
	}
	return -((-t + scale/2) / scale * scale)
}

func roundTimestamp(t int64, typmod int32) int64 {
	if typmod < 0 || typmod >= 6 || t == Infinity || t == NegInfinity {
		return t
	}
	return roundTo(t, roundScale[typmod])
}

func roundTime(t int64, typmod int32) int64 {
	if typmod < 0 || typmod >= 6 {
		return t
	}
	return roundTo(t, roundScale[typmod])
}

func parseDate(s string, env *Env) (int64, error) {
	var d decoder
	f := d.decodeString(s, env, false)
	if f != fine {
		return 0, d.err(f, "date", s)
	}
	switch d.dtype {
	case UnitEpoch:
		return -unixEpochDays, nil
	case tokLate:
		return DateInfinity, nil
	case tokEarly:
		return DateNegInfinity, nil
	}
	if !validJulian(d.year, d.mon) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	v := d.date()
	if !ValidDate(v) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	return v, nil
}

func parseTimestamp(s string, tz bool, env *Env) (int64, error) {
	var d decoder
	name := "timestamp"
	if tz {
		name = "timestamp with time zone"
	}
	f := d.decodeString(s, env, false)
	if f != fine {
		return 0, d.err(f, name, s)
	}
	switch d.dtype {
	case UnitEpoch:
		return -unixEpochSeconds * MicrosPerSecond, nil
	case tokLate:
		return Infinity, nil
	case tokEarly:
		return NegInfinity, nil
	}
	v, ok := d.timestamp()
	if ok && tz {
		v, ok = addInt64(v, int64(d.tz)*MicrosPerSecond)
	}
	if !ok || !ValidTimestamp(v) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", s)
	}
	return v, nil
}

// parseTime reads a time or timetz.
func parseTime(s string, tz bool, env *Env) (Span, error) {
	var d decoder
	name := "time"
	if tz {
		name = "time with time zone"
	}
	f := d.decodeString(s, env, true)
	if f != fine {
		return Span{}, d.err(f, name, s)
	}
	return Span{Micros: d.time(), Days: int32(d.tz)}, nil
}

func addInt64(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func mulInt64(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	if (c < 0) != ((a < 0) != (b < 0)) || c/b != a {
		return 0, false
	}
	return c, true
}

// spanKey gives an interval's place in order: whole days, taking months as 30
// days, and the microseconds left, 0 to a day.
func spanKey(s Span) (days, micros int64) {
	d := floorDiv64(s.Micros, MicrosPerDay)
	return int64(s.Months)*30 + int64(s.Days) + d, s.Micros - d*MicrosPerDay
}

// compareSpan orders intervals.
func compareSpan(a, b Span) int {
	if a.Months == b.Months && a.Days == b.Days {
		return compareInt64(a.Micros, b.Micros)
	}
	ad, am := spanKey(a)
	bd, bm := spanKey(b)
	if c := compareInt64(ad, bd); c != 0 {
		return c
	}
	return compareInt64(am, bm)
}

// compareTimeTZ orders times with zone: by instant, then by zone.
func compareTimeTZ(a, b Span) int {
	if c := compareInt64(a.Micros+int64(a.Days)*MicrosPerSecond, b.Micros+int64(b.Days)*MicrosPerSecond); c != 0 {
		return c
	}
	return compareInt64(int64(a.Days), int64(b.Days))
}

// CompareSpan orders two intervals.
func CompareSpan(a, b Span) int { return compareSpan(a, b) }

// CompareTimeTZ orders two times with zone.
func CompareTimeTZ(a, b Span) int { return compareTimeTZ(a, b) }

func compareInt64(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// hashSpan hashes an interval so that equal ones (24 hours, a day) agree.
func hashSpan(s Span, seed uint64) uint64 {
	d, m := spanKey(s)
	return mixHash(mixHash(seed, uint64(d)), uint64(m))
}

func mixHash(h, v uint64) uint64 {
	h ^= v * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}
