package types

import (
	"encoding/binary"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must exist on machines without a zone database

	"rowkey/pgerr"
)

// Zone is a time zone as PostgreSQL names it: an IANA zone, a fixed offset or
// a POSIX specification. A Zone is safe for concurrent use and must not be
// copied.
type Zone struct {
	Name string // as SHOW TimeZone prints it
	Loc  *time.Location

	once sync.Once
	tab  zoneTable
}

// UTC is the zone of that name.
var UTC = &Zone{Name: "UTC", Loc: time.UTC}

// zoneTable is the zone's history as sorted arrays, which answers in a few
// nanoseconds what time.Location answers in a hundred. Period i runs from
// start[i] (seconds since 1970) to the next start. The table holds from begin to
// end, which mostly is all of time.
type zoneTable struct {
	start  []int64
	off    []int32 // seconds east of UTC
	dst    []bool
	abbrev []string
	begin  int64
	end    int64
}

// How far tables reach: 1800-01-01 to 2100-01-01.
const (
	zoneTableBegin = -5364662400
	zoneTableEnd   = 4102444800
)

const maxInt64 = 1<<63 - 1
const minInt64 = -1 << 63

func (z *Zone) table() *zoneTable {
	z.once.Do(func() {
		loc := z.Loc
		if loc == nil {
			loc = time.UTC
		}
		t := &z.tab
		// No zone of the database changes before 1800; rules without a beginning do.
		at := time.Unix(zoneTableBegin, 0).In(loc)
		t.begin, t.end = minInt64, maxInt64
		if start, _ := at.ZoneBounds(); !start.IsZero() {
			t.begin = zoneTableBegin
		}
		for {
			name, off := at.Zone()
			dst := at.IsDST()
			_, end := at.ZoneBounds()
			// The library begins a period at the turn of some years where nothing
			// changes.
			if n := len(t.start); n == 0 || t.off[n-1] != int32(off) || t.dst[n-1] != dst || t.abbrev[n-1] != name {
				s := int64(minInt64)
				if n > 0 {
					s = at.Unix()
				}
				t.start = append(t.start, s)
				t.off = append(t.off, int32(off))
				t.dst = append(t.dst, dst)
				t.abbrev = append(t.abbrev, name)
			}
			if end.IsZero() {
				return
			}
			if end.Unix() >= zoneTableEnd || len(t.start) > 10_000 {
				t.end = end.Unix()
				return
			}
			// In leap years it can claim an end that lies behind; go on from the
			// next day then.
			if !end.After(at) {
				end = at.Add(24 * time.Hour)
			}
			at = end
		}
	})
	return &z.tab
}

// find gives the period that the instant (seconds since 1970, before t.end) is in.
func (t *zoneTable) find(sec int64) int {
	lo, hi := 0, len(t.start)
	for hi-lo > 1 {
		m := int(uint(lo+hi) >> 1)
		if t.start[m] <= sec {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}

// OffsetAt gives the zone's offset, in seconds east of UTC, at an instant
// (microseconds since 2000-01-01 UTC).
func (z *Zone) OffsetAt(micros int64) int32 {
	t := z.table()
	if len(t.start) == 1 && t.end == maxInt64 {
		return t.off[0]
	}
	sec := floorDiv64(micros, 1e6) + unixEpochSeconds
	if sec >= t.begin && sec < t.end {
		return t.off[t.find(sec)]
	}
	_, off := time.Unix(sec, 0).In(z.Loc).Zone()
	return int32(off)
}

// At gives the zone's offset in seconds east of UTC, its abbreviation and
// whether daylight saving time is in force at an instant (microseconds since
// 2000-01-01 UTC).
func (z *Zone) At(micros int64) (off int32, abbrev string, dst bool) {
	t := z.table()
	sec := floorDiv64(micros, 1e6) + unixEpochSeconds
	if sec >= t.begin && sec < t.end {
		i := t.find(sec)
		return t.off[i], t.abbrev[i], t.dst[i]
	}
	at := time.Unix(sec, 0).In(z.Loc)
	abbrev, o := at.Zone()
	return int32(o), abbrev, at.IsDST()
}

// LocalOffset gives the offset (seconds east of UTC) that a local time
// (microseconds since local 2000-01-01 00:00) has in the zone. A time that a
// spring-forward transition skips is read with the offset before it; one that
// occurs twice is the later, that is, it has the offset after the transition.
func (z *Zone) LocalOffset(local int64) int32 {
	t := z.table()
	if len(t.start) == 1 && t.end == maxInt64 {
		return t.off[0]
	}
	sec := floorDiv64(local, 1e6) + unixEpochSeconds
	prev := sec - 86400
	var before, after int32
	var boundary int64
	if i := t.find(prev); prev >= t.begin && prev < t.end && i+1 < len(t.start) {
		before, after, boundary = t.off[i], t.off[i+1], t.start[i+1]
	} else {
		at := time.Unix(prev, 0).In(z.Loc)
		_, o := at.Zone()
		_, end := at.ZoneBounds()
		before = int32(o)
		if end.IsZero() {
			return before
		}
		_, o = end.Zone()
		after, boundary = int32(o), end.Unix()
	}
	b, a := sec-int64(before), sec-int64(after)
	switch {
	case b < boundary && a < boundary:
		return before
	case b > boundary && a >= boundary:
		return after
	case b > a:
		return before
	}
	return after
}

// ToUTC gives the instant of a local time in the zone (both in microseconds
// since 2000-01-01), under the rules of LocalOffset.
func (z *Zone) ToUTC(local int64) int64 { return local - int64(z.LocalOffset(local))*1e6 }

// ToLocal gives the local time of an instant (both in microseconds since 2000-01-01).
func (z *Zone) ToLocal(micros int64) int64 { return micros + int64(z.OffsetAt(micros))*1e6 }

// fixedOffset gives the zone's offset if it never changes.
func (z *Zone) fixedOffset() (int32, bool) {
	t := z.table()
	for _, o := range t.off {
		if o != t.off[0] {
			return 0, false
		}
	}
	return t.off[0], true
}

// abbrevOffset tells what an abbreviation (upper case) meant in the zone: the
// offset of its latest use up to sec, or of its first use after it.
func (z *Zone) abbrevOffset(abbrev string, sec int64) (int32, bool) {
	t := z.table()
	at := len(t.start) - 1
	if sec < t.end {
		at = t.find(sec)
	}
	for i := at; i >= 0; i-- {
		if t.abbrev[i] == abbrev {
			return t.off[i], true
		}
	}
	for i := at + 1; i < len(t.start); i++ {
		if t.abbrev[i] == abbrev {
			return t.off[i], true
		}
	}
	return 0, false
}

var zoneIndex = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 640)
	for _, n := range ZoneNames() {
		m[strings.ToLower(n)] = n
	}
	return m
})

// ZoneNames lists the IANA time zone names, as pg_timezone_names shows them.
func ZoneNames() []string { return strings.Fields(zoneNames) }

// ZoneAbbrev is one time zone abbreviation that input accepts.
type ZoneAbbrev struct {
	Abbrev string // upper case
	Offset int32  // seconds east of UTC, now
	DST    bool
}

// ZoneAbbrevs lists the abbreviations that input accepts with their meaning
// at an instant, as pg_timezone_abbrevs shows them.
func ZoneAbbrevs(micros int64) []ZoneAbbrev {
	list := make([]ZoneAbbrev, 0, len(zoneAbbrevs))
	for n, a := range zoneAbbrevs {
		e := ZoneAbbrev{Abbrev: strings.ToUpper(n), Offset: a.off, DST: a.dst}
		if a.zone != "" {
			z := zoneByName(a.zone)
			if z == nil {
				continue
			}
			sec := floorDiv64(micros, 1e6) + unixEpochSeconds
			if o, ok := z.abbrevOffset(e.Abbrev, sec); ok {
				e.Offset = o
				t := z.table()
				for i := range t.start {
					if t.abbrev[i] == e.Abbrev && t.off[i] == o {
						e.DST = t.dst[i]
					}
				}
			} else {
				e.Offset, _, e.DST = z.At(micros)
			}
		}
		list = append(list, e)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Abbrev < list[j].Abbrev })
	return list
}

var zoneCache sync.Map // lower-case name → *Zone

// LookupZone finds a time zone by its IANA name (in any case) or makes one
// from a POSIX specification such as EST5EDT,M3.2.0,M11.1.0.
func LookupZone(name string) (*Zone, error) {
	if z := zoneByName(name); z != nil {
		return z, nil
	}
	return nil, pgerr.Newf(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

func zoneByName(name string) *Zone {
	if len(name) > 255 {
		return nil
	}
	key := strings.ToLower(name)
	if z, ok := zoneCache.Load(key); ok {
		return z.(*Zone)
	}
	var z *Zone
	if full, ok := zoneIndex()[key]; ok {
		if loc, err := time.LoadLocation(full); err == nil {
			z = &Zone{Name: full, Loc: loc}
			if full == "UTC" {
				z = UTC
			}
		}
	}
	if z == nil {
		if z = posixZone(strings.ToUpper(name)); z == nil {
			return nil
		}
		// Names are unbounded here, so they do not go into the cache.
		return z
	}
	got, _ := zoneCache.LoadOrStore(key, z)
	return got.(*Zone)
}

// FixedZone makes the zone of a constant offset in seconds east of UTC, named
// as SET TIME ZONE names it.
func FixedZone(east int) *Zone {
	abs := east
	if abs < 0 {
		abs = -abs
	}
	d := appendTwo(nil, abs/3600)
	if abs%3600 != 0 {
		d = appendTwo(append(d, ':'), abs/60%60)
		if abs%60 != 0 {
			d = appendTwo(append(d, ':'), abs%60)
		}
	}
	iso, posix := "+", "-"
	if east < 0 {
		iso, posix = "-", "+"
	}
	abbrev := iso + string(d)
	return &Zone{Name: "<" + abbrev + ">" + posix + string(d), Loc: time.FixedZone(abbrev, east)}
}

// ParseZoneSetting reads the value of SET TIME ZONE: a number of hours east
// of UTC, INTERVAL '…' or a name.
func ParseZoneSetting(value string) (*Zone, error) {
	bad := func(detail string) error {
		e := pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", value)
		e.Detail = detail
		return e
	}
	fixed := func(seconds float64) (*Zone, error) {
		if !(math.Abs(seconds) < 168*3600) {
			return nil, bad("UTC timezone offset is out of range.")
		}
		return FixedZone(int(seconds)), nil
	}
	if len(value) >= 8 && strings.EqualFold(value[:8], "interval") {
		s := strings.TrimSpace(value[8:])
		if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
			return nil, bad("")
		}
		d, err := parseInterval(s[1:len(s)-1], -1, IntervalPostgres)
		if err != nil {
			return nil, err
		}
		if d.Months != 0 {
			return nil, bad("Cannot specify months in time zone interval.")
		}
		if d.Days != 0 {
			return nil, bad("Cannot specify days in time zone interval.")
		}
		return fixed(float64(d.Micros / MicrosPerSecond))
	}
	if h, err := strconv.ParseFloat(strings.TrimLeft(value, " \t\n\r\f\v"), 64); err == nil {
		return fixed(h * 3600)
	}
	z := zoneByName(value)
	if z == nil {
		return nil, bad("")
	}
	if z.OffsetAt(0)%60 != 0 {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "time zone \"%s\" appears to use leap seconds", value).
			WithDetail("PostgreSQL does not support leap seconds.")
	}
	return z, nil
}

// posixZone makes a zone of a POSIX specification: STD offset [DST [offset]
// [,rule,rule]]. The standard library reads such a rule only as the tail of a
// zone file, so one is made up around it.
func posixZone(s string) *Zone {
	std, rest, ok := posixName(s)
	if !ok || rest == "" {
		if s == "GMT" {
			return UTC
		}
		return nil
	}
	stdOff, rest, ok := posixOffset(rest)
	if !ok {
		return nil
	}
	if rest == "" {
		return &Zone{Name: s, Loc: time.FixedZone(std, -stdOff)}
	}
	dst, rest, ok := posixName(rest)
	if !ok || dst == "" {
		return nil
	}
	dstOff := stdOff - 3600
	if rest != "" && rest[0] != ',' && rest[0] != ';' {
		if dstOff, rest, ok = posixOffset(rest); !ok {
			return nil
		}
	}
	if rest == "" {
		rest = ",M3.2.0,M11.1.0"
	}
	if rest[0] != ',' && rest[0] != ';' || strings.ContainsAny(std+dst, "<>\n") {
		return nil
	}
	rule := "<" + std + ">" + posixHMS(stdOff) + "<" + dst + ">" + posixHMS(dstOff) + "," + rest[1:]
	loc, err := time.LoadLocationFromTZData(s, tzFile(std, -stdOff, rule))
	if err != nil {
		return nil
	}
	// The library ignores a tail it cannot read.
	if _, a := time.Unix(1e9, 0).In(loc).Zone(); a == -stdOff {
		if _, b := time.Unix(1e9+182*86400, 0).In(loc).Zone(); b == -stdOff && dstOff != stdOff {
			return nil
		}
	}
	return &Zone{Name: s, Loc: loc}
}

func posixHMS(sec int) string {
	sign := ""
	if sec < 0 {
		sign, sec = "-", -sec
	}
	return sign + strconv.Itoa(sec/3600) + ":" + strconv.Itoa(sec/60%60) + ":" + strconv.Itoa(sec%60)
}

func posixName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "<") {
		i := strings.IndexByte(s, '>')
		if i < 0 {
			return "", "", false
		}
		return s[1:i], s[i+1:], true
	}
	i := 0
	for i < len(s) && s[i] != ',' && s[i] != '+' && s[i] != '-' && (s[i] < '0' || s[i] > '9') {
		i++
	}
	return s[:i], s[i:], true
}

// posixOffset reads [+-]hh[:mm[:ss]], positive west of UTC.
func posixOffset(s string) (sec int, rest string, ok bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	limits := [3]int{24*7 - 1, 59, 60}
	units := [3]int{3600, 60, 1}
	for i := 0; ; i++ {
		n, d := 0, 0
		for d < len(s) && s[d] >= '0' && s[d] <= '9' {
			n = n*10 + int(s[d]-'0')
			if d++; n > limits[i] {
				return 0, "", false
			}
		}
		if d == 0 {
			return 0, "", false
		}
		sec += n * units[i]
		if s = s[d:]; i == 2 || s == "" || s[0] != ':' {
			break
		}
		s = s[1:]
	}
	if neg {
		sec = -sec
	}
	return sec, s, true
}

// tzFile makes a zone file (RFC 8536, version 2) with one zone type and the
// given rule for all times.
func tzFile(abbrev string, east int, rule string) []byte {
	block := func(b []byte, times uint32) []byte {
		b = append(b, "TZif2"...)
		b = append(b, make([]byte, 15)...)
		for _, n := range []uint32{0, 0, 0, times, 1, uint32(len(abbrev) + 1)} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		if times > 0 {
			start := int64(-1 << 40)
			b = append(binary.BigEndian.AppendUint64(b, uint64(start)), 0)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(int32(east)))
		b = append(b, 0, 0)
		return append(append(b, abbrev...), 0)
	}
	b := block(block(nil, 0), 1)
	return append(append(append(b, '\n'), rule...), '\n')
}

// ZoneOffsetAt gives the offset (seconds east of UTC) that a zone name or
// abbreviation, as AT TIME ZONE takes them, means at an instant.
func ZoneOffsetAt(name string, micros int64) (int32, error) {
	low := strings.ToLower(name)
	if a, ok := zoneAbbrevs[cut10(low)]; ok {
		if a.zone == "" {
			return a.off, nil
		}
		if z := zoneByName(a.zone); z != nil {
			if off, ok := z.abbrevOffset(strings.ToUpper(name), floorDiv64(micros, 1e6)+unixEpochSeconds); ok {
				return off, nil
			}
			return z.OffsetAt(micros), nil
		}
	}
	z, err := LookupZone(name)
	if err != nil {
		return 0, err
	}
	return z.OffsetAt(micros), nil
}

// ZoneOffsetLocal is ZoneOffsetAt for a local time.
func ZoneOffsetLocal(name string, local int64) (int32, error) {
	low := strings.ToLower(name)
	if a, ok := zoneAbbrevs[cut10(low)]; ok {
		if a.zone == "" {
			return a.off, nil
		}
		c := clockOf(local)
		return abbrevOffsetOf(&c, strings.ToUpper(name), a), nil
	}
	z, err := LookupZone(name)
	if err != nil {
		return 0, err
	}
	return z.LocalOffset(local), nil
}

// NamedZone finds the zone that date_trunc with a zone name works in:
// abbreviations stand for fixed offsets, or for the zone they belong to.
func NamedZone(name string) (*Zone, error) {
	if a, ok := zoneAbbrevs[cut10(strings.ToLower(name))]; ok {
		if a.zone == "" {
			return FixedZone(int(a.off)), nil
		}
		return LookupZone(a.zone)
	}
	return LookupZone(name)
}

// SaneZoneOffset gives the offset of a zone as make_timestamptz takes it: a
// signed number, an abbreviation or a name.
func SaneZoneOffset(name string, local int64) (int32, error) {
	if name != "" && isDigit(name[0]) {
		return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid input syntax for type %s: \"%s\"", "numeric time zone", name).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	}
	west, f := parseOffset(name)
	switch f {
	case fine:
		return int32(-west), nil
	case zoneOverflow:
		return 0, pgerr.Newf(pgerr.InvalidParameterValue, "numeric time zone \"%s\" out of range", name)
	}
	return ZoneOffsetLocal(name, local)
}
