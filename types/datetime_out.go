package types

import (
	"encoding/binary"
	"strconv"

	"rowkey/pgerr"
)

// Text and binary output, and binary input.

const digitPairs = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

var monthAbbrevs = [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
var dayAbbrevs = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

func appendTwo(dst []byte, n int) []byte {
	if n < 100 {
		return append(dst, digitPairs[2*n], digitPairs[2*n+1])
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

func appendYear(dst []byte, y int) []byte {
	if y <= 0 {
		y = 1 - y
	}
	if y >= 10000 {
		return strconv.AppendInt(dst, int64(y), 10)
	}
	return appendTwo(appendTwo(dst, y/100), y%100)
}

func appendBC(dst []byte, y int) []byte {
	if y <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// appendFraction adds .ffffff without trailing zeros.
func appendFraction(dst []byte, usec int) []byte {
	if usec == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendTwo(appendTwo(appendTwo(dst, usec/10000), usec/100%100), usec%100)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendClock adds HH:MM:SS[.ffffff] of a time of day.
func appendClock(dst []byte, t int64) []byte {
	sec := int(t / MicrosPerSecond)
	usec := int(t - int64(sec)*MicrosPerSecond)
	m := sec / 60
	h := m / 60
	dst = append(appendTwo(dst, h), ':')
	dst = append(appendTwo(dst, m-h*60), ':')
	return appendFraction(appendTwo(dst, sec-m*60), usec)
}

// appendOffset adds +HH[:MM[:SS]] of seconds east of UTC.
func appendOffset(dst []byte, east int) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	dst = appendTwo(append(dst, sign), east/3600)
	if east%3600 != 0 {
		dst = appendTwo(append(dst, ':'), east/60%60)
		if east%60 != 0 {
			dst = appendTwo(append(dst, ':'), east%60)
		}
	}
	return dst
}

func appendISODate(dst []byte, y, m, d int) []byte {
	dst = append(appendYear(dst, y), '-')
	dst = append(appendTwo(dst, m), '-')
	return appendTwo(dst, d)
}

// appendDateTime adds the text form of a date or time value.
func appendDateTime(dst []byte, t *Type, d Datum, env *Env) []byte {
	if env == nil {
		env = DefaultEnv
	}
	switch t.OID {
	case Date.OID:
		return AppendDate(dst, d.I, env)
	case Timestamp.OID:
		return AppendTimestamp(dst, d.I, env)
	case TimestampTZ.OID:
		return AppendTimestampTZ(dst, d.I, env)
	case Time.OID:
		return appendClock(dst, d.I)
	case TimeTZ.OID:
		return appendOffset(appendClock(dst, d.I), -int(d.D))
	}
	return AppendInterval(dst, d.Span(), env.IntervalStyle)
}

func appendInfinity(dst []byte, negative bool) []byte {
	if negative {
		return append(dst, "-infinity"...)
	}
	return append(dst, "infinity"...)
}

// AppendDate adds the text form of a date.
func AppendDate(dst []byte, days int64, env *Env) []byte {
	if days == DateInfinity || days == DateNegInfinity {
		return appendInfinity(dst, days < 0)
	}
	y, m, d := YMD(days)
	if env.DateStyle == DateISO {
		return appendBC(appendISODate(dst, y, m, d), y)
	}
	return appendBC(appendDayMonthYear(dst, y, m, d, env), y)
}

// appendDayMonthYear adds the date as the styles other than ISO write it.
func appendDayMonthYear(dst []byte, y, m, d int, env *Env) []byte {
	sep := byte('/')
	switch env.DateStyle {
	case DateGerman:
		sep = '.'
	case DatePostgres:
		sep = '-'
	}
	if env.DateStyle != DateGerman && env.DateOrder != OrderDMY {
		m, d = d, m
	}
	dst = append(appendTwo(dst, d), sep)
	dst = append(appendTwo(dst, m), sep)
	return appendYear(dst, y)
}

// AppendTimestamp adds the text form of a timestamp.
func AppendTimestamp(dst []byte, t int64, env *Env) []byte {
	if t == Infinity || t == NegInfinity {
		return appendInfinity(dst, t < 0)
	}
	dst, y := appendLocal(dst, t, env)
	return appendBC(dst, y)
}

// appendLocal adds date and time without BC.
func appendLocal(dst []byte, t int64, env *Env) ([]byte, int) {
	days := floorDiv64(t, MicrosPerDay)
	tod := t - days*MicrosPerDay
	y, m, d := YMD(days)
	switch env.DateStyle {
	case DateISO:
		dst = appendISODate(dst, y, m, d)
	case DatePostgres:
		dst = append(append(dst, dayAbbrevs[Weekday(days)]...), ' ')
		if env.DateOrder == OrderDMY {
			dst = append(append(appendTwo(dst, d), ' '), monthAbbrevs[m-1]...)
		} else {
			dst = appendTwo(append(append(dst, monthAbbrevs[m-1]...), ' '), d)
		}
		dst = appendClock(append(dst, ' '), tod)
		return appendYear(append(dst, ' '), y), y
	default:
		dst = appendDayMonthYear(dst, y, m, d, env)
	}
	return appendClock(append(dst, ' '), tod), y
}

// AppendTimestampTZ adds the text form of a timestamp with time zone.
func AppendTimestampTZ(dst []byte, t int64, env *Env) []byte {
	if t == Infinity || t == NegInfinity {
		return appendInfinity(dst, t < 0)
	}
	z := env.zone()
	var y int
	if env.DateStyle == DateISO {
		off := z.OffsetAt(t)
		dst, y = appendLocal(dst, t+int64(off)*MicrosPerSecond, env)
		return appendBC(appendOffset(dst, int(off)), y)
	}
	off, abbrev, _ := z.At(t)
	dst, y = appendLocal(dst, t+int64(off)*MicrosPerSecond, env)
	dst = append(append(dst, ' '), cutZone(abbrev)...)
	return appendBC(dst, y)
}

func cutZone(s string) string {
	if len(s) > 10 {
		return s[:10]
	}
	return s
}

// appendDateTimeBinary adds the binary form of a date or time value.
func appendDateTimeBinary(dst []byte, t *Type, d Datum) []byte {
	switch t.OID {
	case Date.OID:
		return binary.BigEndian.AppendUint32(dst, uint32(int32(d.I)))
	case TimeTZ.OID:
		dst = binary.BigEndian.AppendUint64(dst, uint64(d.I))
		return binary.BigEndian.AppendUint32(dst, uint32(d.D))
	case Interval.OID:
		dst = binary.BigEndian.AppendUint64(dst, uint64(d.I))
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.D))
		return binary.BigEndian.AppendUint32(dst, uint32(d.M))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(d.I))
}

// parseDateTimeBinary reads the binary form of a date or time value.
func parseDateTimeBinary(t *Type, typmod int32, b []byte, env *Env) (Datum, error) {
	want := int(t.Len)
	if len(b) < want {
		return Null, pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	if len(b) > want {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	if t.OID == Date.OID {
		v := int64(int32(binary.BigEndian.Uint32(b)))
		if v != DateInfinity && v != DateNegInfinity && !ValidDate(v) {
			return Null, DateRangeError()
		}
		return NewInt(v), nil
	}
	v := int64(binary.BigEndian.Uint64(b))
	switch t.OID {
	case Timestamp.OID, TimestampTZ.OID:
		if v != Infinity && v != NegInfinity && !ValidTimestamp(v) {
			return Null, TimestampRangeError()
		}
		return NewInt(roundTimestamp(v, typmod)), nil
	case Time.OID, TimeTZ.OID:
		if v < 0 || v > MicrosPerDay {
			return Null, pgerr.New(pgerr.DatetimeFieldOverflow, "time out of range")
		}
		v = roundTime(v, typmod)
		if t.OID == Time.OID {
			return NewInt(v), nil
		}
		zone := int32(binary.BigEndian.Uint32(b[8:]))
		if zone <= -16*3600 || zone >= 16*3600 {
			return Null, pgerr.New(pgerr.InvalidTimeZoneDisplacement, "time zone displacement out of range")
		}
		return NewSpan(Span{Micros: v, Days: zone}), nil
	}
	s := Span{Micros: v, Days: int32(binary.BigEndian.Uint32(b[8:])), Months: int32(binary.BigEndian.Uint32(b[12:]))}
	s, err := adjustInterval(s, typmod)
	if err != nil {
		return Null, err
	}
	return NewSpan(s), nil
}
