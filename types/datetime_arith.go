package types

import (
	"math"

	"rowkey/pgerr"
)

// Arithmetic on dates and times, which operators and functions are made of.
// Infinite timestamps and dates stay infinite unless said.

// Clock is a local date and time taken apart. Year 0 is 1 BC.
type Clock struct {
	Year, Month, Day  int
	Hour, Minute, Sec int
	Micro             int
}

// ClockOf takes a finite local timestamp apart.
func ClockOf(local int64) Clock {
	c := clockOf(local)
	return Clock{c.year, c.mon, c.day, c.hour, c.min, c.sec, c.usec}
}

// TimeClock takes a time of day apart.
func TimeClock(t int64) Clock {
	var c clock
	c.setTime(t)
	return Clock{Hour: c.hour, Minute: c.min, Sec: c.sec, Micro: c.usec}
}

// Timestamp puts the parts together; ok is false beyond the range.
func (c Clock) Timestamp() (t int64, ok bool) {
	k := clock{year: c.Year, mon: c.Month, day: c.Day, hour: c.Hour, min: c.Minute, sec: c.Sec, usec: c.Micro}
	t, ok = k.timestamp()
	return t, ok && ValidTimestamp(t)
}

// Local is the local timestamp of the parts, whose zone may bring it back
// into range: only its calendar day is checked.
func (c Clock) Local() (t int64, ok bool) {
	k := clock{year: c.Year, mon: c.Month, day: c.Day, hour: c.Hour, min: c.Minute, sec: c.Sec, usec: c.Micro}
	return k.timestamp()
}

// ValidDay reports whether a date's year and month are within what can be
// computed with.
func ValidDay(year, month int) bool { return validJulian(year, month) }

func finite(t int64) bool { return t != Infinity && t != NegInfinity }

// addMonths moves a local timestamp by months, to the month's last day at most.
func addMonths(t int64, months int32) (int64, bool) {
	days := floorDiv64(t, MicrosPerDay)
	y, m, d := YMD(days)
	n := int64(y)*12 + int64(m-1) + int64(months)
	y, m = int(floorDiv64(n, 12)), int(floorMod(n, 12))+1
	if !validJulian(y, m) {
		return 0, false
	}
	if d > 28 {
		d = min(d, DaysIn(y, m))
	}
	r, ok := mulInt64(DateOf(y, m, d), MicrosPerDay)
	if !ok {
		return 0, false
	}
	return addInt64(r, t-days*MicrosPerDay)
}

func addDays(t int64, days int32) (int64, bool) {
	d, ok := mulInt64(int64(days), MicrosPerDay)
	if !ok {
		return 0, false
	}
	return addInt64(t, d)
}

// TimestampAdd is timestamp + interval: months, then days, then microseconds.
func TimestampAdd(t int64, s Span) (int64, error) {
	if !finite(t) {
		return t, nil
	}
	ok := true
	if s.Months != 0 {
		if t, ok = addMonths(t, s.Months); !ok || !ValidTimestamp(t) {
			return 0, TimestampRangeError()
		}
	}
	if s.Days != 0 {
		if t, ok = addDays(t, s.Days); !ok || !ValidTimestamp(t) {
			return 0, TimestampRangeError()
		}
	}
	if t, ok = addInt64(t, s.Micros); !ok || !ValidTimestamp(t) {
		return 0, TimestampRangeError()
	}
	return t, nil
}

// TimestampTZAdd is timestamptz + interval: months and days count in the zone.
func TimestampTZAdd(t int64, s Span, z *Zone) (int64, error) {
	if !finite(t) {
		return t, nil
	}
	ok := true
	if s.Months != 0 {
		local, ok := addMonths(z.ToLocal(t), s.Months)
		if t = z.ToUTC(local); !ok || !ValidTimestamp(t) {
			return 0, TimestampRangeError()
		}
	}
	if s.Days != 0 {
		local, ok := addDays(z.ToLocal(t), s.Days)
		if t = z.ToUTC(local); !ok || !ValidTimestamp(t) {
			return 0, TimestampRangeError()
		}
	}
	if t, ok = addInt64(t, s.Micros); !ok || !ValidTimestamp(t) {
		return 0, TimestampRangeError()
	}
	return t, nil
}

// Neg is the interval with all signs turned, as subtraction uses it.
func (s Span) Neg() Span { return Span{-s.Months, -s.Days, -s.Micros} }

// IsZero reports whether all parts are zero.
func (s Span) IsZero() bool { return s == Span{} }

// TimestampDiff is timestamp - timestamp, in days and time.
func TimestampDiff(a, b int64) (Span, error) {
	if !finite(a) || !finite(b) {
		return Span{}, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	d := a - b
	if (b < 0) != (d > a) && b != 0 {
		return Span{}, IntervalRangeError()
	}
	return JustifyHours(Span{Micros: d})
}

// JustifyHours makes days of every 24 hours.
func JustifyHours(s Span) (Span, error) {
	w := s.Micros / MicrosPerDay
	s.Micros -= w * MicrosPerDay
	if !add32(&s.Days, w) {
		return s, IntervalRangeError()
	}
	s.alignTime()
	return s, nil
}

// alignTime gives the time part the sign of the days.
func (s *Span) alignTime() {
	if s.Days > 0 && s.Micros < 0 {
		s.Micros += MicrosPerDay
		s.Days--
	} else if s.Days < 0 && s.Micros > 0 {
		s.Micros -= MicrosPerDay
		s.Days++
	}
}

// JustifyDays makes months of every 30 days.
func JustifyDays(s Span) (Span, error) {
	w := s.Days / 30
	s.Days -= w * 30
	if !add32(&s.Months, int64(w)) {
		return s, IntervalRangeError()
	}
	if s.Months > 0 && s.Days < 0 {
		s.Days += 30
		s.Months--
	} else if s.Months < 0 && s.Days > 0 {
		s.Days -= 30
		s.Months++
	}
	return s, nil
}

// JustifyInterval does both and gives all parts one sign.
func JustifyInterval(s Span) (Span, error) {
	if s.Days > 0 && s.Micros > 0 || s.Days < 0 && s.Micros < 0 {
		w := s.Days / 30
		s.Days -= w * 30
		if !add32(&s.Months, int64(w)) {
			return s, IntervalRangeError()
		}
	}
	w := s.Micros / MicrosPerDay
	s.Micros -= w * MicrosPerDay
	if !add32(&s.Days, w) {
		return s, IntervalRangeError()
	}
	m := s.Days / 30
	s.Days -= m * 30
	if !add32(&s.Months, int64(m)) {
		return s, IntervalRangeError()
	}
	if s.Months > 0 && (s.Days < 0 || s.Days == 0 && s.Micros < 0) {
		s.Days += 30
		s.Months--
	} else if s.Months < 0 && (s.Days > 0 || s.Days == 0 && s.Micros > 0) {
		s.Days -= 30
		s.Months++
	}
	s.alignTime()
	return s, nil
}

// SpanAdd is interval + interval.
func SpanAdd(a, b Span) (Span, error) {
	ok := add32(&a.Months, int64(b.Months)) && add32(&a.Days, int64(b.Days))
	var o bool
	a.Micros, o = addInt64(a.Micros, b.Micros)
	if !ok || !o {
		return a, IntervalRangeError()
	}
	return a, nil
}

// SpanSub is interval - interval.
func SpanSub(a, b Span) (Span, error) {
	months, days := int64(a.Months)-int64(b.Months), int64(a.Days)-int64(b.Days)
	a.Months, a.Days = int32(months), int32(days)
	ok := int64(a.Months) == months && int64(a.Days) == days
	d := a.Micros - b.Micros
	if !ok || (d < a.Micros) != (b.Micros > 0) {
		return a, IntervalRangeError()
	}
	a.Micros = d
	return a, nil
}

// SpanNeg is - interval.
func SpanNeg(s Span) (Span, error) { return SpanSub(Span{}, s) }

// roundMicro rounds seconds or days to six decimals.
func roundMicro(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }

// SpanMul is interval * factor: what does not fill a month becomes days (30
// to the month), what does not fill a day becomes time.
func SpanMul(s Span, f float64) (Span, error) {
	return spanScale(s, float64(s.Months)*f, float64(s.Days)*f, float64(s.Micros)*f)
}

// SpanDiv is interval / factor.
func SpanDiv(s Span, f float64) (Span, error) {
	if f == 0 {
		return s, pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return spanScale(s, float64(s.Months)/f, float64(s.Days)/f, float64(s.Micros)/f)
}

func spanScale(s Span, months, days, micros float64) (Span, error) {
	// Conversions stay explicit: they forbid fused multiply-add, which would
	// round otherwise than PostgreSQL does.
	if !(months >= math.MinInt32 && months <= math.MaxInt32) || !(days >= math.MinInt32 && days <= math.MaxInt32) {
		return s, IntervalRangeError()
	}
	s.Months, s.Days = int32(months), int32(days)
	restDays := roundMicro(float64((months - float64(s.Months)) * 30))
	sec := roundMicro(float64((days - float64(s.Days) + restDays - float64(int64(restDays))) * 86400))
	if math.Abs(sec) >= 86400 {
		w := int64(sec / 86400)
		if !add32(&s.Days, w) {
			return s, IntervalRangeError()
		}
		sec -= float64(w * 86400)
	}
	if !add32(&s.Days, int64(restDays)) {
		return s, IntervalRangeError()
	}
	t := math.RoundToEven(micros + float64(sec*MicrosPerSecond))
	if !(t >= -9223372036854775808 && t < 9223372036854775808) {
		return s, IntervalRangeError()
	}
	s.Micros = int64(t)
	return s, nil
}

// Age is the symbolic difference of two local timestamps in years, months,
// days and time. local gives the local time of each (nil: they are local). Infinity
// is the moment that its number stands for, as in PostgreSQL.
func Age(a, b int64, local func(int64) int64) Span {
	at := func(t int64) clock {
		end := t == Infinity
		if end { // whose local time may be past the numbers
			t -= MicrosPerDay
		}
		if local != nil {
			t = local(t)
		}
		c := clockOf(t)
		if end {
			c.day++ // in January
		}
		return c
	}
	x, y, less := at(a), at(b), a < b
	us, sec, mn, h := x.usec-y.usec, x.sec-y.sec, x.min-y.min, x.hour-y.hour
	day, mon, yr := x.day-y.day, x.mon-y.mon, x.year-y.year
	if less {
		us, sec, mn, h, day, mon, yr = -us, -sec, -mn, -h, -day, -mon, -yr
	}
	borrow := func(lo, hi *int, n int) {
		for *lo < 0 {
			*lo += n
			*hi--
		}
	}
	borrow(&us, &sec, MicrosPerSecond)
	borrow(&sec, &mn, 60)
	borrow(&mn, &h, 60)
	borrow(&h, &day, 24)
	for day < 0 {
		if less {
			day += DaysIn(x.year, x.mon)
		} else {
			day += DaysIn(y.year, y.mon)
		}
		mon--
	}
	borrow(&mon, &yr, 12)
	s := Span{
		Months: int32(yr*12 + mon), Days: int32(day),
		Micros: ((int64(h)*60+int64(mn))*60+int64(sec))*MicrosPerSecond + int64(us),
	}
	if less {
		s = s.Neg()
	}
	return s
}

// DateAdd is date + days.
func DateAdd(d, n int64) (int64, error) {
	if d == DateInfinity || d == DateNegInfinity {
		return d, nil
	}
	if d += n; !ValidDate(d) {
		return 0, DateRangeError()
	}
	return d, nil
}

// DateToTimestamp is a date's midnight.
func DateToTimestamp(d int64) (int64, error) {
	switch d {
	case DateInfinity:
		return Infinity, nil
	case DateNegInfinity:
		return NegInfinity, nil
	}
	if d >= endTimestamp/MicrosPerDay {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return d * MicrosPerDay, nil
}

// DateToTimestampTZ is a date's midnight in the zone.
func DateToTimestampTZ(d int64, z *Zone) (int64, error) {
	t, err := DateToTimestamp(d)
	if err != nil || !finite(t) {
		return t, err
	}
	if t = z.ToUTC(t); !ValidTimestamp(t) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return t, nil
}

// TimestampToDate is the day of a local timestamp.
func TimestampToDate(t int64) int64 {
	switch t {
	case Infinity:
		return DateInfinity
	case NegInfinity:
		return DateNegInfinity
	}
	return floorDiv64(t, MicrosPerDay)
}

// LocalToUTC is timestamp → timestamptz in the zone.
func LocalToUTC(t int64, z *Zone) (int64, error) {
	if !finite(t) {
		return t, nil
	}
	if t = z.ToUTC(t); !ValidTimestamp(t) {
		return 0, TimestampRangeError()
	}
	return t, nil
}

// UTCToLocal is timestamptz → timestamp in the zone.
func UTCToLocal(t int64, z *Zone) (int64, error) {
	if !finite(t) {
		return t, nil
	}
	if t = z.ToLocal(t); !ValidTimestamp(t) {
		return 0, TimestampRangeError()
	}
	return t, nil
}

// DateBin gives the start of the stride-long bin, counted from origin, that t
// is in.
func DateBin(stride Span, t, origin int64) (int64, error) {
	if !finite(t) {
		return t, nil
	}
	if !finite(origin) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "origin out of range")
	}
	if stride.Months != 0 {
		return 0, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	n, ok := mulInt64(int64(stride.Days), MicrosPerDay)
	if ok {
		n, ok = addInt64(n, stride.Micros)
	}
	if !ok {
		return 0, IntervalRangeError()
	}
	if n <= 0 {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := t - origin
	if (origin < 0) != (diff > t) && origin != 0 {
		return 0, IntervalRangeError()
	}
	rest := diff % n
	r := origin + diff - rest
	if rest < 0 {
		if r, ok = addInt64(r, -n); !ok || !ValidTimestamp(r) {
			return 0, TimestampRangeError()
		}
	}
	return r, nil
}

// WordKind is what LookupUnit found.
type WordKind uint8

// The kinds of word: a field, a reserved value (epoch, infinity, now …) that
// some functions take as a field, or neither.
const (
	NoWord WordKind = iota
	FieldWord
	ReservedWord
)

// LookupUnit finds the field of a name in lower case, as date_trunc knows
// them; wide adds those that only extract knows (dow, epoch, julian …).
func LookupUnit(name string, wide bool) (Unit, WordKind) {
	w, ok := unitWords[cut10(name)]
	if !ok && wide {
		w = dateWords[cut10(name)]
	}
	switch w.kind {
	case wordUnits:
		return Unit(w.val), FieldWord
	case wordReserved:
		return Unit(w.val), ReservedWord
	}
	return 0, NoWord
}

// IsoWeek gives the ISO year and week of a date.
func IsoWeek(days int64) (year, week int) {
	// The week belongs to the year its Thursday is in.
	th := days - floorMod(days+5, 7) + 3
	year, _, _ = YMD(th)
	return year, int(th-DateOf(year, 1, 1))/7 + 1
}

// TruncLocal is date_trunc on a local timestamp; ok is false when the field
// is not one that it knows.
func TruncLocal(u Unit, t int64) (r int64, ok bool) {
	switch u {
	case UnitMicrosecond:
		return t, true
	case UnitMillisecond:
		return t - floorMod(t, 1000), true
	case UnitSecond:
		return t - floorMod(t, MicrosPerSecond), true
	case UnitMinute:
		return t - floorMod(t, MicrosPerMinute), true
	case UnitHour:
		return t - floorMod(t, MicrosPerHour), true
	case UnitDay:
		return t - floorMod(t, MicrosPerDay), true
	}
	days := floorDiv64(t, MicrosPerDay)
	if u == UnitWeek {
		return (days - floorMod(days+5, 7)) * MicrosPerDay, true
	}
	y, m, _ := YMD(days)
	switch u {
	case UnitMonth:
	case UnitQuarter:
		m = (m-1)/3*3 + 1
	case UnitYear:
		m = 1
	case UnitDecade:
		m = 1
		if y > 0 {
			y = y / 10 * 10
		} else {
			y = -((8 - (y - 1)) / 10) * 10
		}
	case UnitCentury:
		m = 1
		if y > 0 {
			y = (y+99)/100*100 - 99
		} else {
			y = -((99-(y-1))/100)*100 + 1
		}
	case UnitMillennium:
		m = 1
		if y > 0 {
			y = (y+999)/1000*1000 - 999
		} else {
			y = -((999-(y-1))/1000)*1000 + 1
		}
	default:
		return 0, false
	}
	return DateOf(y, m, 1) * MicrosPerDay, true
}

// TruncUTC is date_trunc on a timestamptz in a zone.
func TruncUTC(u Unit, t int64, z *Zone) (r int64, ok bool) {
	off := int64(z.OffsetAt(t)) * MicrosPerSecond
	local, ok := TruncLocal(u, t+off)
	switch u {
	case UnitMicrosecond, UnitMillisecond, UnitSecond, UnitMinute, UnitHour:
		return local - off, ok
	}
	return z.ToUTC(local), ok
}

// CheckedDate makes a date of year (negative ones are BC), month and day; ok
// is false when there is no such day. The result may be out of range.
func CheckedDate(year, month, day int) (days int64, ok bool) {
	if year == 0 || year == math.MinInt32 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	if year < 0 {
		year++
	}
	if day > DaysIn(year, month) {
		return 0, false
	}
	if !validJulian(year, month) {
		return endDate, true
	}
	return DateOf(year, month, day), true
}
