package builtin

import (
	"fmt"
	"math"
	"strings"
	"time"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions that make dates and times: make_*, the clocks, to_timestamp of a
// number, overlaps, generate_series.

func init() {
	define("make_date(int4,int4,int4)", f3e(makeDate))
	define("make_time(int4,int4,float8)", f3e(func(h, m int64, s float64) (int64, error) { return makeTime(h, m, s) }))
	define("make_timestamp(int4,int4,int4,int4,int4,float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		t, err := makeTimestamp(a)
		return types.NewInt(t), err
	}))
	define("make_timestamptz(int4,int4,int4,int4,int4,float8)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		t, err := makeTimestamp(a)
		if err == nil {
			t, err = types.LocalToUTC(t, ctx.zone())
		}
		return types.NewInt(t), err
	}))
	define("make_timestamptz(int4,int4,int4,int4,int4,float8,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		t, err := makeTimestamp(a)
		if err != nil {
			return types.Null, err
		}
		off, err := types.SaneZoneOffset(a[6].S, t)
		if err != nil {
			return types.Null, err
		}
		if t -= int64(off) * types.MicrosPerSecond; !types.ValidTimestamp(t) {
			return types.Null, types.TimestampRangeError()
		}
		return types.NewInt(t), nil
	}))
	define("make_interval(int4,int4,int4,int4,int4,int4,float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		sec := a[6].Float()
		if math.IsInf(sec, 0) || math.IsNaN(sec) {
			return types.Null, types.IntervalRangeError()
		}
		micros := math.RoundToEven(sec * types.MicrosPerSecond)
		return types.NewSpan(types.Span{
			Months: int32(a[0].I)*12 + int32(a[1].I),
			Days:   int32(a[2].I)*7 + int32(a[3].I),
			Micros: a[4].I*types.MicrosPerHour + a[5].I*types.MicrosPerMinute + int64(micros),
		}), nil
	}))
	define("to_timestamp(float8)", f1e(fromUnix))

	define("now() transaction_timestamp()", fn(func(ctx *Ctx, _ []types.Datum) (types.Datum, error) { return types.NewInt(ctx.env().NowMicros), nil }))
	define("statement_timestamp()", fn(func(ctx *Ctx, _ []types.Datum) (types.Datum, error) { return types.NewInt(ctx.StmtMicros), nil }))
	define("clock_timestamp()", fn(func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewInt(clockMicros()), nil }))
	define("timeofday()", fn(func(ctx *Ctx, _ []types.Datum) (types.Datum, error) {
		t := clockMicros()
		off, abbrev, _ := ctx.zone().At(t)
		at := time.UnixMicro(t + unixEpochMicros + int64(off)*types.MicrosPerSecond).UTC()
		return types.NewString(at.Format("Mon Jan 02 15:04:05.000000 2006 ") + abbrev), nil
	}))

	define("overlaps(timestamp,timestamp,timestamp,timestamp) overlaps(timestamptz,timestamptz,timestamptz,timestamptz) overlaps(time,time,time,time)",
		overlapsFn(func(a, b types.Datum) int { return cmpInt(a.I, b.I) }, nil))
	define("overlaps(timetz,timetz,timetz,timetz)", overlapsFn(func(a, b types.Datum) int { return types.CompareTimeTZ(a.Span(), b.Span()) }, nil))
	byInt := func(a, b types.Datum) int { return cmpInt(a.I, b.I) }
	for t, add := range map[string]func(*Ctx, int64, types.Span) (int64, error){
		"timestamp":   func(_ *Ctx, t int64, s types.Span) (int64, error) { return types.TimestampAdd(t, s) },
		"timestamptz": func(ctx *Ctx, t int64, s types.Span) (int64, error) { return types.TimestampTZAdd(t, s, ctx.zone()) },
		"time":        func(_ *Ctx, t int64, s types.Span) (int64, error) { return timeAdd(t, s), nil },
	} {
		for _, form := range [][2]bool{{true, true}, {false, true}, {true, false}} {
			kind := map[bool]string{true: "interval", false: t}
			f := overlapsFn(byInt, func(ctx *Ctx, start, length types.Datum) (types.Datum, error) {
				if start.IsNull() || length.IsNull() {
					return types.Null, nil
				}
				r, err := add(ctx, start.I, length.Span())
				return types.NewInt(r), err
			}, form[0], form[1])
			define(fmt.Sprintf("overlaps(%s,%s,%s,%s)", t, kind[form[0]], t, kind[form[1]]), f)
		}
	}

	// Waiting: sleep is pg_sleep's.
	define("pg_sleep_for(interval)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		now := clockMicros()
		end, err := types.TimestampTZAdd(now, a[0].Span(), ctx.zone())
		if err != nil {
			return types.Null, err
		}
		return types.NewString(""), sleep(ctx, float64(end-now)/types.MicrosPerSecond)
	}))
	define("pg_sleep_until(timestamptz)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewString(""), sleep(ctx, (float64(a[0].I)-float64(clockMicros()))/types.MicrosPerSecond)
	}))

	for _, t := range []*types.Type{types.Date, types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ, types.Interval} {
		define(t.Name+"_send("+t.Name+")", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewString(string(types.AppendBinary(nil, t, a[0], nil))), nil
		}))
	}
	define("time_hash(time) timestamp_hash(timestamp)", f1(hashInt8))
	define("timetz_hash(timetz)", f1(func(t types.Span) int64 {
		return int64(int32(uint32(hashInt8(t.Micros)) ^ hashUint32(uint32(t.Days))))
	}))
	define("interval_hash(interval)", f1(func(s types.Span) int64 {
		// Of the 128-bit length in microseconds the lower half counts.
		return hashInt8((int64(s.Months)*30+int64(s.Days))*types.MicrosPerDay + s.Micros)
	}))

	series := func(add func(ctx *Ctx, t int64, s types.Span) (int64, error)) Func {
		return streamFn(func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			t, end, step := a[0].I, a[1].I, a[2].Span()
			sign := types.CompareSpan(step, types.Span{})
			if sign == 0 {
				return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
			}
			for n := 0; sign > 0 && t <= end || sign < 0 && t >= end; n++ {
				if err := ctx.cancelled(n); err != nil {
					return err
				}
				next, err := add(ctx, t, step) // first, as in PostgreSQL: its error comes in place of t
				if err != nil {
					return err
				}
				if err := emit([]types.Datum{types.NewInt(t)}); err != nil {
					return err
				}
				t = next
			}
			return nil
		})
	}
	define("generate_series(timestamp,timestamp,interval)", series(func(_ *Ctx, t int64, s types.Span) (int64, error) { return types.TimestampAdd(t, s) }))
	define("generate_series(timestamptz,timestamptz,interval)", series(func(ctx *Ctx, t int64, s types.Span) (int64, error) {
		return types.TimestampTZAdd(t, s, ctx.zone())
	}))
}

const unixEpochMicros = 946684800 * types.MicrosPerSecond

// clockMicros is the time now, microseconds since 2000-01-01 UTC.
func clockMicros() int64 { return time.Now().UnixMicro() - unixEpochMicros }

func makeDate(y, m, d int64) (int64, error) {
	days, ok := types.CheckedDate(int(y), int(m), int(d))
	if y < 0 && y > math.MinInt32 {
		y++ // messages count 1 BC as year 0
	}
	if !ok {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", y, m, d)
	}
	if !types.ValidDate(days) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", y, m, d)
	}
	return days, nil
}

func makeTime(h, m int64, s float64) (int64, error) {
	us := math.RoundToEven(s * types.MicrosPerSecond)
	bad := math.IsNaN(s) || h < 0 || h > 24 || m < 0 || m > 59 || us < 0 || us > types.MicrosPerMinute
	t := int64(0)
	if !bad {
		t = h*types.MicrosPerHour + m*types.MicrosPerMinute + int64(us)
		bad = t > types.MicrosPerDay
	}
	if bad {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", h, m, cG(s, 2))
	}
	return t, nil
}

// cG prints a float as C's %0*g.
func cG(x float64, width int) string {
	s := cFloatG(x)
	if neg := strings.HasPrefix(s, "-"); len(s) < width {
		pad := strings.Repeat("0", width-len(s))
		if neg {
			return "-" + pad + s[1:]
		}
		return pad + s
	}
	return s
}

// cFloatG prints a float as C's %g.
func cFloatG(x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	s := fmt.Sprintf("%.5e", x)
	i := strings.IndexByte(s, 'e')
	exp := 0
	fmt.Sscanf(s[i+1:], "%d", &exp)
	if exp < -4 || exp >= 6 {
		return strings.TrimSuffix(strings.TrimRight(s[:i], "0"), ".") + s[i:]
	}
	s = fmt.Sprintf("%.*f", 5-exp, x)
	if strings.IndexByte(s, '.') >= 0 {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func makeTimestamp(a []types.Datum) (int64, error) {
	days, ok := types.CheckedDate(int(a[0].I), int(a[1].I), int(a[2].I))
	if !ok {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", a[0].I, a[1].I, a[2].I)
	}
	if !types.ValidDate(days) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", a[0].I, a[1].I, a[2].I)
	}
	t, err := makeTime(a[3].I, a[4].I, a[5].Float())
	if err != nil {
		return 0, err
	}
	if days <= 107_000_000 {
		if r := days*types.MicrosPerDay + t; days < 106_751_991 && types.ValidTimestamp(r) {
			return r, nil
		}
	}
	return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
		a[0].I, a[1].I, a[2].I, a[3].I, a[4].I, cG(a[5].Float(), 2))
}

// fromUnix is to_timestamp of seconds since 1970.
func fromUnix(sec float64) (int64, error) {
	switch {
	case math.IsNaN(sec):
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp cannot be NaN")
	case math.IsInf(sec, 1):
		return types.Infinity, nil
	case math.IsInf(sec, -1):
		return types.NegInfinity, nil
	}
	out := func() error {
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", cFloatG(sec))
	}
	if sec < 86400.0*(0-2440588) || sec >= 86400.0*(109203528-2440588) {
		return 0, out()
	}
	r := int64(math.RoundToEven((sec - 946684800) * types.MicrosPerSecond))
	if !types.ValidTimestamp(r) {
		return 0, out()
	}
	return r, nil
}

// overlapsFn is (start, end) OVERLAPS (start, end). lengths tells which of
// the two periods are given by their length, which end makes an end of.
func overlapsFn(cmp func(a, b types.Datum) int, end func(ctx *Ctx, start, length types.Datum) (types.Datum, error), lengths ...bool) Func {
	return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		p := [4]types.Datum{a[0], a[1], a[2], a[3]}
		for i, isLength := range lengths {
			if isLength {
				e, err := end(ctx, p[2*i], p[2*i+1])
				if err != nil {
					return types.Null, err
				}
				p[2*i+1] = e
			}
		}
		for i := 0; i < 4; i += 2 {
			switch {
			case p[i].IsNull() && p[i+1].IsNull():
				return types.Null, nil
			case p[i].IsNull():
				p[i], p[i+1] = p[i+1], types.Null
			case !p[i+1].IsNull() && cmp(p[i], p[i+1]) > 0:
				p[i], p[i+1] = p[i+1], p[i]
			}
		}
		c := cmp(p[0], p[2])
		if c == 0 {
			if p[1].IsNull() || p[3].IsNull() {
				return types.Null, nil
			}
			return types.NewBool(true), nil
		}
		// The later start against the earlier period's end.
		late, e, other := p[0], p[3], p[1]
		if c < 0 {
			late, e, other = p[2], p[1], p[3]
		}
		if e.IsNull() {
			return types.Null, nil
		}
		if cmp(late, e) < 0 {
			return types.NewBool(true), nil
		}
		if other.IsNull() {
			return types.Null, nil
		}
		return types.NewBool(false), nil
	})
}
