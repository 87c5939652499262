package types

import (
	"math"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// Interval input: verbose and SQL-standard forms (decodeInterval) and ISO
// 8601 (decodeISOInterval).

// Bits of the field set in an interval's typmod.
const (
	maskMonth  = 1 << 1
	maskYear   = 1 << 2
	maskDay    = 1 << 3
	maskHour   = 1 << 10
	maskMinute = 1 << 11
	maskSecond = 1 << 12

	fullRange     = 0x7FFF
	fullPrecision = 0xFFFF
)

// spanIn collects an interval being read; its parts are wider than a Span's.
type spanIn struct {
	usec           int64
	day, mon, year int32
}

func add32(p *int32, v int64) bool {
	if v > math.MaxInt32 || v < math.MinInt32 {
		return false
	}
	n := int64(*p) + v
	*p = int32(n)
	return n == int64(*p)
}

func (s *spanIn) addDays(v int64, scale int64) bool {
	return v <= math.MaxInt32 && v >= math.MinInt32 && add32(&s.day, v*scale)
}
func (s *spanIn) addMonths(v int64) bool { return add32(&s.mon, v) }
func (s *spanIn) addYears(v int64, scale int64) bool {
	return v <= math.MaxInt32 && v >= math.MinInt32 && add32(&s.year, v*scale)
}

func (s *spanIn) addMicros(v int64, frac float64, scale int64) bool {
	p, ok := mulInt64(v, scale)
	if !ok {
		return false
	}
	if s.usec, ok = addInt64(s.usec, p); !ok {
		return false
	}
	return s.addFracMicros(frac, scale)
}

func (s *spanIn) addFracMicros(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	u := int64(frac)
	frac -= float64(u)
	if frac > 0.5 {
		u++
	} else if frac < -0.5 {
		u--
	}
	var ok bool
	s.usec, ok = addInt64(s.usec, u)
	return ok
}

func (s *spanIn) addFracDays(frac float64, scale int) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	days := int64(frac)
	if !add32(&s.day, days) {
		return false
	}
	return s.addFracMicros(frac-float64(days), MicrosPerDay)
}

func (s *spanIn) addFracYears(frac float64, scale int) bool {
	return add32(&s.mon, int64(math.RoundToEven(frac*float64(scale)*12)))
}

// parseInterval reads an interval; typmod says what a number without unit means.
func parseInterval(s string, typmod int32, style IntervalStyle) (Span, error) {
	fields := int32(fullRange)
	if typmod >= 0 {
		fields = typmod >> 16 & fullRange
	}
	var in spanIn
	var buf [maxFields]field
	fs, f := splitFields(s, buf[:0], 256)
	if f == fine {
		f = in.decode(fs, fields, style)
	}
	if f == badFormat {
		in = spanIn{}
		f = in.decodeISO(s)
	}
	if f != fine {
		if f == fieldOverflow {
			f = intervalOverflow
		}
		return Span{}, f.err("interval", s)
	}
	months := int64(in.year)*12 + int64(in.mon)
	if months > math.MaxInt32 || months < math.MinInt32 {
		return Span{}, IntervalRangeError()
	}
	return Span{Months: int32(months), Days: in.day, Micros: in.usec}, nil
}

func (s *spanIn) decode(fields []field, mask int32, style IntervalStyle) fault {
	// In the SQL standard a leading minus counts for all fields, unless others
	// have signs of their own.
	negate := style == IntervalSQLStandard && len(fields) > 0 && fields[0].text[0] == '-'
	if negate {
		for _, fd := range fields[1:] {
			if fd.text[0] == '-' || fd.text[0] == '+' {
				negate = false
				break
			}
		}
	}
	var seen set
	before := false
	unit := tokDate // none yet
	// From right to left, so that units come before their numbers.
	for i := len(fields) - 1; i >= 0; i-- {
		text := fields[i].text
		var got set
		switch fields[i].kind {
		case kindTime:
			if f := s.decodeTime(text, mask); f != fine {
				return f
			}
			if negate && s.usec > 0 {
				s.usec = -s.usec
			}
			got, unit = hasTime, UnitDay
		case kindTZ, kindDate, kindNumber:
			if fields[i].kind == kindTZ && strings.IndexByte(text[1:], ':') >= 0 {
				save := s.usec
				if s.decodeTime(text[1:], mask) == fine {
					if text[0] == '-' {
						s.usec = -s.usec
					}
					if negate && s.usec > 0 {
						s.usec = -s.usec
					}
					got, unit = hasTime, UnitDay
					break
				}
				s.usec = save
			}
			var f fault
			if got, f = s.decodeNumber(text, &unit, mask, negate); f != fine {
				return f
			}
		case kindString, kindSpecial:
			w := unitWords[cut10(text)]
			switch w.kind {
			case wordUnits:
				unit = Unit(w.val)
			case wordAgo:
				before = true
				unit = UnitEpoch // no unit: the next field must name one
			default:
				return badFormat
			}
		default:
			return badFormat
		}
		if got&seen != 0 {
			return badFormat
		}
		seen |= got
	}
	if seen == 0 {
		return badFormat
	}
	if before {
		if s.usec == math.MinInt64 || s.day == math.MinInt32 || s.mon == math.MinInt32 || s.year == math.MinInt32 {
			return fieldOverflow
		}
		s.usec, s.day, s.mon, s.year = -s.usec, -s.day, -s.mon, -s.year
	}
	return fine
}

func (s *spanIn) decodeTime(text string, mask int32) fault {
	h, m, sec, usec, f := splitTime(text, mask)
	if f != fine {
		return f
	}
	t, good := mulInt64(h, MicrosPerHour)
	if good {
		t, good = addInt64(t, int64(m)*MicrosPerMinute+int64(sec)*MicrosPerSecond+int64(usec))
	}
	if !good {
		return fieldOverflow
	}
	s.usec = t
	return fine
}

// rightmostUnit tells what a number without unit means under a field set.
func rightmostUnit(mask int32) Unit {
	switch {
	case mask == maskYear:
		return UnitYear
	case mask == maskMonth, mask == maskYear|maskMonth:
		return UnitMonth
	case mask == maskDay:
		return UnitDay
	case mask == maskHour, mask == maskDay|maskHour:
		return UnitHour
	case mask == maskMinute, mask == maskHour|maskMinute, mask == maskDay|maskHour|maskMinute:
		return UnitMinute
	}
	return UnitSecond
}

func (s *spanIn) decodeNumber(text string, unit *Unit, mask int32, negate bool) (set, fault) {
	if *unit == tokDate {
		*unit = rightmostUnit(mask)
	}
	val, rest, over := leadingInt64(text)
	if over {
		return 0, fieldOverflow
	}
	minus := text[0] == '-'
	frac := 0.0
	switch {
	case rest == "":
	case rest[0] == '-':
		months, tail, over := leadingInt(rest[1:])
		if over || months < 0 || months >= 12 {
			return 0, fieldOverflow
		}
		if tail != "" {
			return 0, badFormat
		}
		if minus {
			months = -months
		}
		*unit = UnitMonth
		var good bool
		if val, good = mulInt64(val, 12); good {
			val, good = addInt64(val, int64(months))
		}
		if !good {
			return 0, fieldOverflow
		}
	case rest[0] == '.' || rest[0] == '-' || rest[0] == '+':
		if len(rest) == len(text) && rest[0] != '.' {
			// A sign with nothing but a fraction behind it.
			rest = rest[1:]
		}
		if rest == "" || rest[0] != '.' {
			return 0, badFormat
		}
		var f fault
		if frac, f = fraction(rest); f != fine {
			return 0, f
		}
		if minus {
			frac = -frac
		}
	default:
		return 0, badFormat
	}
	if negate {
		if val > 0 {
			val = -val
		}
		if frac > 0 {
			frac = -frac
		}
	}
	var got set
	good := true
	switch *unit {
	case UnitMicrosecond:
		good, got = s.addMicros(val, frac, 1), hasMicro
	case UnitMillisecond:
		good, got = s.addMicros(val, frac, 1000), hasMilli
	case UnitSecond:
		good, got = s.addMicros(val, frac, MicrosPerSecond), hasSecond
		if frac != 0 {
			got = hasAllSecs
		}
	case UnitMinute:
		good, got = s.addMicros(val, frac, MicrosPerMinute), hasMinute
	case UnitHour:
		good, got = s.addMicros(val, frac, MicrosPerHour), hasHour
		*unit = UnitDay
	case UnitDay:
		good, got = s.addDays(val, 1) && s.addFracMicros(frac, MicrosPerDay), hasDay
	case UnitWeek:
		good, got = s.addDays(val, 7) && s.addFracDays(frac, 7), hasWeek
	case UnitMonth:
		good, got = s.addMonths(val) && s.addFracDays(frac, 30), hasMonth
	case UnitYear:
		good, got = s.addYears(val, 1) && s.addFracYears(frac, 1), hasYear
	case UnitDecade:
		good, got = s.addYears(val, 10) && s.addFracYears(frac, 10), hasDecade
	case UnitCentury:
		good, got = s.addYears(val, 100) && s.addFracYears(frac, 100), hasCentury
	case UnitMillennium:
		good, got = s.addYears(val, 1000) && s.addFracYears(frac, 1000), hasMillennium
	default:
		return 0, badFormat
	}
	if !good {
		return 0, fieldOverflow
	}
	return got, fine
}

// decodeISO reads P[n]Y[n]M[n]W[n]DT[n]H[n]M[n]S and the alternative forms
// PYYYY-MM-DDTHH:MM:SS and PYYYYMMDDTHHMMSS.
func (s *spanIn) decodeISO(str string) fault {
	if len(str) < 2 || str[0] != 'P' {
		return badFormat
	}
	str = str[1:]
	datePart, have := true, false
	for str != "" {
		if str[0] == 'T' {
			datePart, have = false, false
			str = str[1:]
			continue
		}
		start := str
		val, frac, rest, f := isoNumber(str)
		if f != fine {
			return f
		}
		unit := byte(0)
		if rest != "" {
			unit, rest = rest[0], rest[1:]
		}
		str = rest
		good := true
		if datePart {
			switch unit {
			case 'Y':
				good = s.addYears(val, 1) && s.addFracYears(frac, 1)
			case 'M':
				good = s.addMonths(val) && s.addFracDays(frac, 30)
			case 'W':
				good = s.addDays(val, 7) && s.addFracDays(frac, 7)
			case 'D':
				good = s.addDays(val, 1) && s.addFracMicros(frac, MicrosPerDay)
			case 'T', 0, '-':
				if unit != '-' && digitsIn(start) == 8 && !have {
					if !(s.addYears(val/10000, 1) && s.addMonths(val/100%100) && s.addDays(val%100, 1) && s.addFracMicros(frac, MicrosPerDay)) {
						return fieldOverflow
					}
					if unit == 0 {
						return fine
					}
					datePart, have = false, false
					continue
				}
				if have {
					return badFormat
				}
				if !(s.addYears(val, 1) && s.addFracYears(frac, 1)) {
					return fieldOverflow
				}
				if unit == 0 {
					return fine
				}
				if unit == 'T' {
					datePart, have = false, false
					continue
				}
				if val, frac, str, f = isoNumber(str); f != fine {
					return f
				}
				if !(s.addMonths(val) && s.addFracDays(frac, 30)) {
					return fieldOverflow
				}
				if str == "" {
					return fine
				}
				if str[0] == 'T' {
					datePart, have = false, false
					continue
				}
				if str[0] != '-' {
					return badFormat
				}
				if val, frac, str, f = isoNumber(str[1:]); f != fine {
					return f
				}
				if !(s.addDays(val, 1) && s.addFracMicros(frac, MicrosPerDay)) {
					return fieldOverflow
				}
				if str == "" {
					return fine
				}
				if str[0] == 'T' {
					datePart, have = false, false
					continue
				}
				return badFormat
			default:
				return badFormat
			}
		} else {
			switch unit {
			case 'H':
				good = s.addMicros(val, frac, MicrosPerHour)
			case 'M':
				good = s.addMicros(val, frac, MicrosPerMinute)
			case 'S':
				good = s.addMicros(val, frac, MicrosPerSecond)
			case 0, ':':
				if unit == 0 && digitsIn(start) == 6 && !have {
					if !(s.addMicros(val/10000, 0, MicrosPerHour) && s.addMicros(val/100%100, 0, MicrosPerMinute) &&
						s.addMicros(val%100, 0, MicrosPerSecond) && s.addFracMicros(frac, 1)) {
						return fieldOverflow
					}
					return fine
				}
				if have {
					return badFormat
				}
				if !s.addMicros(val, frac, MicrosPerHour) {
					return fieldOverflow
				}
				if unit == 0 {
					return fine
				}
				if val, frac, str, f = isoNumber(str); f != fine {
					return f
				}
				if !s.addMicros(val, frac, MicrosPerMinute) {
					return fieldOverflow
				}
				if str == "" {
					return fine
				}
				if str[0] != ':' {
					return badFormat
				}
				if val, frac, str, f = isoNumber(str[1:]); f != fine {
					return f
				}
				if !s.addMicros(val, frac, MicrosPerSecond) {
					return fieldOverflow
				}
				if str == "" {
					return fine
				}
				return badFormat
			default:
				return badFormat
			}
		}
		if !good {
			return fieldOverflow
		}
		have = true
	}
	return fine
}

func digitsIn(s string) int {
	s = strings.TrimPrefix(s, "-")
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// isoNumber reads a number as C's strtod does, and splits it.
func isoNumber(s string) (val int64, frac float64, rest string, f fault) {
	if s == "" || !isDigit(s[0]) && s[0] != '-' && s[0] != '.' {
		return 0, 0, "", badFormat
	}
	i := 0
	if s[0] == '-' {
		i++
	}
	digits := 0
	for i < len(s) && isDigit(s[i]) {
		i++
		digits++
	}
	if i < len(s) && s[i] == '.' {
		i++
		for i < len(s) && isDigit(s[i]) {
			i++
			digits++
		}
	}
	if digits == 0 {
		return 0, 0, "", badFormat
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for i = j; i < len(s) && isDigit(s[i]); i++ {
			}
		}
	}
	x, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, 0, "", badFormat
	}
	if x < -1e15 || x > 1e15 {
		return 0, 0, "", fieldOverflow
	}
	w := math.Trunc(x)
	return int64(w), x - w, s[i:], fine
}

// adjustInterval drops what an interval's typmod excludes and rounds.
func adjustInterval(s Span, typmod int32) (Span, error) {
	if typmod < 0 {
		return s, nil
	}
	unit := int64(1)
	switch typmod >> 16 & fullRange {
	case fullRange, maskSecond, maskDay | maskHour | maskMinute | maskSecond, maskHour | maskMinute | maskSecond, maskMinute | maskSecond:
	case maskYear:
		s.Months = s.Months / 12 * 12
		s.Days, s.Micros = 0, 0
	case maskMonth, maskYear | maskMonth:
		s.Days, s.Micros = 0, 0
	case maskDay:
		s.Micros = 0
	case maskHour, maskDay | maskHour:
		unit = MicrosPerHour
	case maskMinute, maskDay | maskHour | maskMinute, maskHour | maskMinute:
		unit = MicrosPerMinute
	default:
		return s, pgerr.Newf(pgerr.InternalError, "unrecognized interval typmod: %d", typmod)
	}
	if unit > 1 {
		s.Micros = s.Micros / unit * unit
	}
	if p := typmod & fullPrecision; p != fullPrecision {
		if p > 6 {
			return s, pgerr.Newf(pgerr.InvalidParameterValue, "interval(%d) precision must be between %d and %d", p, 0, 6)
		}
		if p < 6 {
			s.Micros = roundTo(s.Micros, roundScale[p])
		}
	}
	return s, nil
}
