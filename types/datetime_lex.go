package types

// The first step of date and time input: cut the string into fields and tell
// roughly what each is, as PostgreSQL does.

type fieldKind uint8

const (
	kindNumber  fieldKind = iota // digits, perhaps with a point
	kindString                   // letters
	kindDate                     // digits or letters with -, / or . between
	kindTime                     // digits with colons
	kindTZ                       // sign and digits
	kindSpecial                  // sign and letters
)

const maxFields = 25

type field struct {
	kind fieldKind
	text string // in lower case
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isDigit(c) && !isAlpha(c) }
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// splitFields cuts s into fields, which it appends to buf (of which room is
// the number of bytes, terminators included, that all may take).
func splitFields(s string, buf []field, room int) ([]field, fault) {
	low := lowerASCII(s)
	i, n := 0, len(s)
	at := func(i int) byte {
		if i < n {
			return low[i]
		}
		return 0
	}
	digits := func(i int) int {
		for isDigit(at(i)) {
			i++
		}
		return i
	}
	for i < n {
		c := low[i]
		if isSpace(c) {
			i++
			continue
		}
		start := i
		var kind fieldKind
		prefix := ""
		switch {
		case isDigit(c):
			i = digits(i)
			switch d := at(i); d {
			case ':':
				kind = kindTime
				for isDigit(at(i)) || at(i) == ':' || at(i) == '.' {
					i++
				}
			case '-', '/', '.':
				i++
				if isDigit(at(i)) {
					kind = kindDate
					if d == '.' {
						kind = kindNumber
					}
					i = digits(i)
					if at(i) == d {
						kind = kindDate
						for isDigit(at(i)) || at(i) == d {
							i++
						}
					}
				} else {
					kind = kindDate
					for isDigit(at(i)) || isAlpha(at(i)) || at(i) == d {
						i++
					}
				}
			default:
				kind = kindNumber
			}
		case c == '.':
			i = digits(i + 1)
			kind = kindNumber
		case isAlpha(c):
			kind = kindString
			for isAlpha(at(i)) {
				i++
			}
			isDate := false
			switch d := at(i); {
			case d == '-' || d == '/' || d == '.':
				isDate = true
			case d == '+' || isDigit(d):
				// A word of the date vocabulary followed by digits is two fields
				// (y2001m02); anything else is a time zone.
				_, known := dateWords[cut10(low[start:i])]
				isDate = !known
			}
			if isDate {
				kind = kindDate
				for {
					i++
					if d := at(i); !(d == '+' || d == '-' || d == '/' || d == '_' || d == '.' || d == ':' || isAlpha(d) || isDigit(d)) {
						break
					}
				}
			}
		case c == '+' || c == '-':
			i++
			if isSpace(at(i)) {
				prefix = low[start:i]
				for isSpace(at(i)) {
					i++
				}
				start = i
			}
			switch {
			case isDigit(at(i)):
				kind = kindTZ
				for d := at(i); isDigit(d) || d == ':' || d == '.' || d == '-'; d = at(i) {
					i++
				}
			case isAlpha(at(i)):
				kind = kindSpecial
				for isAlpha(at(i)) {
					i++
				}
			default:
				return nil, badFormat
			}
		case isPunct(c):
			i++
			continue
		default:
			return nil, badFormat
		}
		text := low[start:i]
		if prefix != "" {
			text = prefix + text
		}
		if room -= len(text) + 1; room < 0 || len(buf) >= maxFields {
			return nil, badFormat
		}
		buf = append(buf, field{kind, text})
	}
	return buf, fine
}

func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

// cut10 cuts a word to the ten bytes that PostgreSQL compares.
func cut10(s string) string {
	if len(s) > 10 {
		return s[:10]
	}
	return s
}

// What words mean.
type wordKind uint8

const (
	wordUnknown wordKind = iota
	wordReserved
	wordMonth
	wordADBC
	wordAMPM
	wordIgnore
	wordUnits
	wordDow
	wordDSTMod
	wordISOTime
	wordAgo
	wordTZ
	wordDTZ
	wordDynTZ
)

// Unit is a field of dates and times (or a reserved value such as now).
type Unit int

const (
	tokDate Unit = iota // a date with or without time
	UnitEpoch
	tokLate
	tokEarly
	tokNow
	tokToday
	tokTomorrow
	tokYesterday
	tokZulu

	UnitMicrosecond
	UnitMillisecond
	UnitSecond
	UnitMinute
	UnitHour
	UnitDay
	UnitWeek
	UnitMonth
	UnitQuarter
	UnitYear
	UnitDecade
	UnitCentury
	UnitMillennium
	UnitDOW
	UnitDOY
	UnitISODOW
	UnitISOYear
	UnitJulian
	UnitTZ
	UnitTZHour
	UnitTZMinute
	UnitTime
)

type word struct {
	kind wordKind
	val  int
}

const (
	meridiemNone = iota
	meridiemAM
	meridiemPM
)

// dateWords is the vocabulary of dates.
var dateWords = map[string]word{
	"-infinity": {wordReserved, int(tokEarly)}, "infinity": {wordReserved, int(tokLate)},
	"epoch": {wordReserved, int(UnitEpoch)}, "now": {wordReserved, int(tokNow)},
	"today": {wordReserved, int(tokToday)}, "tomorrow": {wordReserved, int(tokTomorrow)},
	"yesterday": {wordReserved, int(tokYesterday)}, "allballs": {wordReserved, int(tokZulu)},
	"ad": {wordADBC, 0}, "bc": {wordADBC, 1}, "am": {wordAMPM, meridiemAM}, "pm": {wordAMPM, meridiemPM},
	"at": {wordIgnore, 0}, "on": {wordIgnore, 0}, "dst": {wordDSTMod, 3600}, "t": {wordISOTime, int(UnitTime)},
	"d": {wordUnits, int(UnitDay)}, "dow": {wordUnits, int(UnitDOW)}, "doy": {wordUnits, int(UnitDOY)},
	"h": {wordUnits, int(UnitHour)}, "isodow": {wordUnits, int(UnitISODOW)}, "isoyear": {wordUnits, int(UnitISOYear)},
	"j": {wordUnits, int(UnitJulian)}, "jd": {wordUnits, int(UnitJulian)}, "julian": {wordUnits, int(UnitJulian)},
	"m": {wordUnits, int(UnitMonth)}, "mm": {wordUnits, int(UnitMinute)}, "s": {wordUnits, int(UnitSecond)},
	"y":   {wordUnits, int(UnitYear)},
	"jan": {wordMonth, 1}, "january": {wordMonth, 1}, "feb": {wordMonth, 2}, "february": {wordMonth, 2},
	"mar": {wordMonth, 3}, "march": {wordMonth, 3}, "apr": {wordMonth, 4}, "april": {wordMonth, 4},
	"may": {wordMonth, 5}, "jun": {wordMonth, 6}, "june": {wordMonth, 6}, "jul": {wordMonth, 7}, "july": {wordMonth, 7},
	"aug": {wordMonth, 8}, "august": {wordMonth, 8}, "sep": {wordMonth, 9}, "sept": {wordMonth, 9},
	"september": {wordMonth, 9}, "oct": {wordMonth, 10}, "october": {wordMonth, 10}, "nov": {wordMonth, 11},
	"november": {wordMonth, 11}, "dec": {wordMonth, 12}, "december": {wordMonth, 12},
	"sun": {wordDow, 0}, "sunday": {wordDow, 0}, "mon": {wordDow, 1}, "monday": {wordDow, 1},
	"tue": {wordDow, 2}, "tues": {wordDow, 2}, "tuesday": {wordDow, 2}, "wed": {wordDow, 3}, "weds": {wordDow, 3},
	"wednesday": {wordDow, 3}, "thu": {wordDow, 4}, "thur": {wordDow, 4}, "thurs": {wordDow, 4},
	"thursday": {wordDow, 4}, "fri": {wordDow, 5}, "friday": {wordDow, 5}, "sat": {wordDow, 6}, "saturday": {wordDow, 6},
}

// unitWords is the vocabulary of intervals, and of date_trunc and extract.
var unitWords = map[string]word{
	"ago": {wordAgo, 0},
	"c":   {wordUnits, int(UnitCentury)}, "cent": {wordUnits, int(UnitCentury)}, "centuries": {wordUnits, int(UnitCentury)}, "century": {wordUnits, int(UnitCentury)},
	"d": {wordUnits, int(UnitDay)}, "day": {wordUnits, int(UnitDay)}, "days": {wordUnits, int(UnitDay)},
	"dec": {wordUnits, int(UnitDecade)}, "decade": {wordUnits, int(UnitDecade)}, "decades": {wordUnits, int(UnitDecade)}, "decs": {wordUnits, int(UnitDecade)},
	"h": {wordUnits, int(UnitHour)}, "hour": {wordUnits, int(UnitHour)}, "hours": {wordUnits, int(UnitHour)}, "hr": {wordUnits, int(UnitHour)}, "hrs": {wordUnits, int(UnitHour)},
	"m": {wordUnits, int(UnitMinute)}, "min": {wordUnits, int(UnitMinute)}, "mins": {wordUnits, int(UnitMinute)}, "minute": {wordUnits, int(UnitMinute)}, "minutes": {wordUnits, int(UnitMinute)},
	"microsecon": {wordUnits, int(UnitMicrosecond)}, "us": {wordUnits, int(UnitMicrosecond)}, "usec": {wordUnits, int(UnitMicrosecond)}, "useconds": {wordUnits, int(UnitMicrosecond)}, "usecs": {wordUnits, int(UnitMicrosecond)},
	"mil": {wordUnits, int(UnitMillennium)}, "millennia": {wordUnits, int(UnitMillennium)}, "millennium": {wordUnits, int(UnitMillennium)}, "mils": {wordUnits, int(UnitMillennium)},
	"millisecon": {wordUnits, int(UnitMillisecond)}, "ms": {wordUnits, int(UnitMillisecond)}, "msec": {wordUnits, int(UnitMillisecond)}, "mseconds": {wordUnits, int(UnitMillisecond)}, "msecs": {wordUnits, int(UnitMillisecond)},
	"mon": {wordUnits, int(UnitMonth)}, "mons": {wordUnits, int(UnitMonth)}, "month": {wordUnits, int(UnitMonth)}, "months": {wordUnits, int(UnitMonth)},
	"qtr": {wordUnits, int(UnitQuarter)}, "quarter": {wordUnits, int(UnitQuarter)},
	"s": {wordUnits, int(UnitSecond)}, "sec": {wordUnits, int(UnitSecond)}, "second": {wordUnits, int(UnitSecond)}, "seconds": {wordUnits, int(UnitSecond)}, "secs": {wordUnits, int(UnitSecond)},
	"timezone": {wordUnits, int(UnitTZ)}, "timezone_h": {wordUnits, int(UnitTZHour)}, "timezone_m": {wordUnits, int(UnitTZMinute)},
	"w": {wordUnits, int(UnitWeek)}, "week": {wordUnits, int(UnitWeek)}, "weeks": {wordUnits, int(UnitWeek)},
	"y": {wordUnits, int(UnitYear)}, "year": {wordUnits, int(UnitYear)}, "years": {wordUnits, int(UnitYear)}, "yr": {wordUnits, int(UnitYear)}, "yrs": {wordUnits, int(UnitYear)},
}
