package types

import (
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
