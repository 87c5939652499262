package builtin

import (
	"math"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// Comparison, arithmetic and casts of dates and times. The arithmetic itself
// stands in package types; datetime_field.go has extract and date_trunc,
// datetime_make.go what makes values, datetime_zone.go time zones,
// format_*.go to_char and its kin.

func init() {
	ints := comparisons[int64]()
	for _, t := range []string{"date", "time", "timestamp", "timestamptz"} {
		defineSix(t+"_%("+t+","+t+")", ints)
		define(t+"_cmp("+t+","+t+")", ints.cmp)
		define(t+"_larger("+t+","+t+")", f2(func(a, b int64) int64 { return max(a, b) }))
		define(t+"_smaller("+t+","+t+")", f2(func(a, b int64) int64 { return min(a, b) }))
	}
	spans := func(t string, cmp func(a, b types.Span) int) {
		six := comparisonsBy(cmp)
		defineSix(t+"_%("+t+","+t+")", six)
		define(t+"_cmp("+t+","+t+")", six.cmp)
		define(t+"_larger("+t+","+t+")", f2(func(a, b types.Span) types.Span {
			if cmp(a, b) > 0 {
				return a
			}
			return b
		}))
		define(t+"_smaller("+t+","+t+")", f2(func(a, b types.Span) types.Span {
			if cmp(a, b) < 0 {
				return a
			}
			return b
		}))
	}
	spans("interval", types.CompareSpan)
	spans("timetz", types.CompareTimeTZ)
	mixed("date", "timestamp", func(_ *Ctx, d, t int64) int { return cmpDateTimestamp(d, t, nil) })
	mixed("date", "timestamptz", func(ctx *Ctx, d, t int64) int { return cmpDateTimestamp(d, t, ctx.zone()) })
	mixed("timestamp", "timestamptz", func(ctx *Ctx, a, b int64) int {
		if a == types.Infinity || a == types.NegInfinity {
			return cmpInt(a, b)
		}
		return cmpBeyond(ctx.zone().ToUTC(a), b)
	})

	define("date_mi(date,date)", f2e(func(a, b int64) (int64, error) {
		if !finiteDate(a) || !finiteDate(b) {
			return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
		}
		return a - b, nil
	}))
	define("date_pli(date,int4)", f2e(types.DateAdd))
	define("date_mii(date,int4)", f2e(func(d, n int64) (int64, error) { return types.DateAdd(d, -n) }))
	define("integer_pl_date(int4,date)", f2e(func(n, d int64) (int64, error) { return types.DateAdd(d, n) }))
	define("date_pl_interval(date,interval)", f2e(dateAddSpan))
	define("interval_pl_date(interval,date)", f2e(func(s types.Span, d int64) (int64, error) { return dateAddSpan(d, s) }))
	define("date_mi_interval(date,interval)", f2e(func(d int64, s types.Span) (int64, error) { return dateAddSpan(d, s.Neg()) }))
	define("datetime_pl(date,time) timestamp(date,time)", f2e(dateAddTime))
	define("timedate_pl(time,date)", f2e(func(t, d int64) (int64, error) { return dateAddTime(d, t) }))
	define("datetimetz_pl(date,timetz) timestamptz(date,timetz)", f2e(dateAddTimeTZ))
	define("timetzdate_pl(timetz,date)", f2e(func(t types.Span, d int64) (int64, error) { return dateAddTimeTZ(d, t) }))
	define("timestamptz(date,time)", f2c(func(ctx *Ctx, d, t int64) (int64, error) {
		r, err := dateAddTime(d, t)
		if err != nil {
			return 0, err
		}
		return types.LocalToUTC(r, ctx.zone())
	}))

	define("timestamp_pl_interval(timestamp,interval)", spanKernel(false, false))
	define("timestamp_mi_interval(timestamp,interval)", spanKernel(false, true))
	define("timestamptz_pl_interval(timestamptz,interval)", spanKernel(true, false))
	define("timestamptz_mi_interval(timestamptz,interval)", spanKernel(true, true))
	define("interval_pl_timestamp(interval,timestamp)", f2e(func(s types.Span, t int64) (int64, error) { return types.TimestampAdd(t, s) }))
	define("interval_pl_timestamptz(interval,timestamptz)", f2c(func(ctx *Ctx, s types.Span, t int64) (int64, error) {
		return types.TimestampTZAdd(t, s, ctx.zone())
	}))
	define("timestamp_mi(timestamp,timestamp) timestamptz_mi(timestamptz,timestamptz)", f2e(types.TimestampDiff))

	define("time_pl_interval(time,interval)", f2(timeAdd))
	define("interval_pl_time(interval,time)", f2(func(s types.Span, t int64) int64 { return timeAdd(t, s) }))
	define("time_mi_interval(time,interval)", f2(timeSub))
	define("time_mi_time(time,time)", f2(func(a, b int64) types.Span { return types.Span{Micros: a - b} }))
	define("timetz_pl_interval(timetz,interval)", f2(func(t, s types.Span) types.Span {
		t.Micros = timeAdd(t.Micros, s)
		return t
	}))
	define("interval_pl_timetz(interval,timetz)", f2(func(s, t types.Span) types.Span {
		t.Micros = timeAdd(t.Micros, s)
		return t
	}))
	define("timetz_mi_interval(timetz,interval)", f2(func(t, s types.Span) types.Span {
		t.Micros = timeSub(t.Micros, s)
		return t
	}))

	define("interval_um(interval)", f1e(types.SpanNeg))
	define("interval_pl(interval,interval)", f2e(types.SpanAdd))
	define("interval_mi(interval,interval)", f2e(types.SpanSub))
	define("interval_mul(interval,float8)", f2e(types.SpanMul))
	define("mul_d_interval(float8,interval)", f2e(func(f float64, s types.Span) (types.Span, error) { return types.SpanMul(s, f) }))
	define("interval_div(interval,float8)", f2e(types.SpanDiv))
	define("justify_hours(interval)", f1e(types.JustifyHours))
	define("justify_days(interval)", f1e(types.JustifyDays))
	define("justify_interval(interval)", f1e(types.JustifyInterval))

	define("age(timestamp,timestamp)", f2e(age))
	define("age(timestamptz,timestamptz)", f2c(func(ctx *Ctx, a, b int64) (types.Span, error) { return ageTZ(ctx, a, b) }))
	define("age(timestamp)", f1c(func(ctx *Ctx, a int64) (types.Span, error) { return age(ctx.today()*types.MicrosPerDay, a) }))
	define("age(timestamptz)", f1c(func(ctx *Ctx, a int64) (types.Span, error) {
		return ageTZ(ctx, ctx.zone().ToUTC(ctx.today()*types.MicrosPerDay), a)
	}))

	define("isfinite(date)", f1(finiteDate))
	define("isfinite(timestamp) isfinite(timestamptz)", f1(finiteTime))
	define("isfinite(interval)", f1(func(types.Span) bool { return true }))

	define("timestamp(date)", f1e(types.DateToTimestamp))
	define("timestamptz(date)", f1c(func(ctx *Ctx, d int64) (int64, error) { return types.DateToTimestampTZ(d, ctx.zone()) }))
	define("date(timestamp)", f1(types.TimestampToDate))
	define("date(timestamptz)", f1c(func(ctx *Ctx, t int64) (int64, error) {
		if finiteTime(t) {
			t = ctx.zone().ToLocal(t)
		}
		return types.TimestampToDate(t), nil
	}))
	define("timestamptz(timestamp)", f1c(func(ctx *Ctx, t int64) (int64, error) { return types.LocalToUTC(t, ctx.zone()) }))
	define("timestamp(timestamptz)", f1c(func(ctx *Ctx, t int64) (int64, error) { return types.UTCToLocal(t, ctx.zone()) }))
	define("time(timestamp)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if !finiteTime(a[0].I) {
			return types.Null, nil
		}
		return types.NewInt(timeOfDay(a[0].I)), nil
	}))
	define("time(timestamptz)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		if !finiteTime(a[0].I) {
			return types.Null, nil
		}
		return types.NewInt(timeOfDay(ctx.zone().ToLocal(a[0].I))), nil
	}))
	define("timetz(timestamptz)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		if !finiteTime(a[0].I) {
			return types.Null, nil
		}
		off := ctx.zone().OffsetAt(a[0].I)
		return types.NewSpan(types.Span{Micros: timeOfDay(a[0].I + int64(off)*types.MicrosPerSecond), Days: -off}), nil
	}))
	define("timetz(time)", f1c(func(ctx *Ctx, t int64) (types.Span, error) {
		off := ctx.zone().LocalOffset(ctx.today()*types.MicrosPerDay + t)
		return types.Span{Micros: t, Days: -off}, nil
	}))
	define("time(timetz)", f1(func(s types.Span) int64 { return s.Micros }))
	define("interval(time)", f1(func(t int64) types.Span { return types.Span{Micros: t} }))
	define("time(interval)", f1(func(s types.Span) int64 {
		t := s.Micros
		if t >= types.MicrosPerDay {
			t %= types.MicrosPerDay
		} else if t < 0 {
			t = wrapDay(t)
		}
		return t
	}))

	for sig, t := range map[string]*types.Type{
		"timestamp(timestamp,int4)": types.Timestamp, "timestamptz(timestamptz,int4)": types.TimestampTZ,
		"time(time,int4)": types.Time, "timetz(timetz,int4)": types.TimeTZ, "interval(interval,int4)": types.Interval,
	} {
		define(sig, fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			mod := int32(a[1].I)
			if mod < -1 && strings.HasPrefix(sig, "timestamp") && a[0].I != math.MinInt64 && a[0].I != math.MaxInt64 {
				return types.Null, pgerr.Newf(pgerr.InvalidParameterValue, "timestamp(%d) precision must be between 0 and 6", mod)
			}
			return types.ApplyTypmod(t, mod, a[0], true)
		}))
	}
	inRanges()
}

// zone is the session's time zone.
func (c *Ctx) zone() *types.Zone {
	if z := c.env().TimeZone; z != nil {
		return z
	}
	return types.UTC
}

// localNow is the start of the transaction in local time.
func (c *Ctx) localNow() int64 { return c.zone().ToLocal(c.env().NowMicros) }

// today is the date of the start of the transaction.
func (c *Ctx) today() int64 { return types.TimestampToDate(c.localNow()) }

func finiteTime(t int64) bool { return t != types.Infinity && t != types.NegInfinity }

func finiteDate(d int64) bool { return d != types.DateInfinity && d != types.DateNegInfinity }

func cmpInt(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// cmpBeyond compares a finite value, which may lie beyond what timestamps can
// be, with a timestamp.
func cmpBeyond(a, b int64) int {
	if a == types.Infinity {
		a--
	} else if a == types.NegInfinity {
		a++
	}
	return cmpInt(a, b)
}

// cmpDateTimestamp compares a date's midnight (in z if not nil) with a timestamp.
func cmpDateTimestamp(d, t int64, z *types.Zone) int {
	switch d {
	case types.DateInfinity:
		return cmpInt(types.Infinity, t)
	case types.DateNegInfinity:
		return cmpInt(types.NegInfinity, t)
	}
	if d > math.MaxInt64/types.MicrosPerDay {
		return cmpInt(types.Infinity-1, t)
	}
	d *= types.MicrosPerDay
	if z != nil {
		d = z.ToUTC(d)
	}
	return cmpBeyond(d, t)
}

// mixed defines the comparisons between two types, both ways.
func mixed(a, b string, cmp func(ctx *Ctx, x, y int64) int) {
	for _, swap := range []bool{false, true} {
		l, r, sign := a, b, 1
		if swap {
			l, r, sign = b, a, -1
		}
		c := func(ctx *Ctx, x, y int64) int {
			if swap {
				x, y = y, x
			}
			return sign * cmp(ctx, x, y)
		}
		def := func(name string, test func(int) bool) {
			define(l+"_"+name+"_"+r+"("+l+","+r+")", f2c(func(ctx *Ctx, x, y int64) (bool, error) { return test(c(ctx, x, y)), nil }))
		}
		def("eq", func(c int) bool { return c == 0 })
		def("ne", func(c int) bool { return c != 0 })
		def("lt", func(c int) bool { return c < 0 })
		def("le", func(c int) bool { return c <= 0 })
		def("gt", func(c int) bool { return c > 0 })
		def("ge", func(c int) bool { return c >= 0 })
		define(l+"_cmp_"+r+"("+l+","+r+")", f2c(func(ctx *Ctx, x, y int64) (int64, error) { return int64(c(ctx, x, y)), nil }))
	}
}

func dateAddSpan(d int64, s types.Span) (int64, error) {
	t, err := types.DateToTimestamp(d)
	if err != nil {
		return 0, err
	}
	return types.TimestampAdd(t, s)
}

func dateAddTime(d, t int64) (int64, error) {
	r, err := types.DateToTimestamp(d)
	if err != nil || !finiteTime(r) {
		return r, err
	}
	if r += t; !types.ValidTimestamp(r) {
		return 0, types.TimestampRangeError()
	}
	return r, nil
}

func dateAddTimeTZ(d int64, t types.Span) (int64, error) {
	r, err := types.DateToTimestamp(d)
	if err != nil || !finiteTime(r) {
		return r, err
	}
	if r += t.Micros + int64(t.Days)*types.MicrosPerSecond; !types.ValidTimestamp(r) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return r, nil
}

// spanKernel is timestamp ± interval. A constant interval of days or less on
// local time is one addition a row.
func spanKernel(tz, minus bool) Func {
	add := func(ctx *Ctx, t int64, s types.Span) (int64, error) {
		if minus {
			s = s.Neg()
		}
		if tz {
			return types.TimestampTZAdd(t, s, ctx.zone())
		}
		return types.TimestampAdd(t, s)
	}
	f := f2c(add)
	slow := f.Vec
	f.Vec = func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		if !args[1].Const || args[0].Const {
			return slow(ctx, args, out, n, sel)
		}
		s := args[1].V[0]
		if s.Months != 0 || tz && s.Days != 0 || s.Micros > 1<<60 || s.Micros < -1<<60 {
			return slow(ctx, args, out, n, sel)
		}
		// Within 100,000 years of today nothing can overflow.
		const far = 100_000 * 366 * types.MicrosPerDay
		step := int64(s.Days)*types.MicrosPerDay + s.Micros
		if step > far || step < -far {
			return slow(ctx, args, out, n, sel)
		}
		if minus {
			step = -step
		}
		a, o := args[0].I, out.I
		return rows(n, sel, nullMask(out), func(i int) (err error) {
			if t := a[i]; t < far && t > -far/20 {
				if r := t + step; types.ValidTimestamp(r) {
					o[i] = r
					return nil
				}
			}
			o[i], err = add(ctx, a[i], s)
			return err
		})
	}
	return f
}

// wrapDay brings a time into the day.
func wrapDay(t int64) int64 {
	if t %= types.MicrosPerDay; t < 0 {
		t += types.MicrosPerDay
	}
	return t
}

func timeAdd(t int64, s types.Span) int64 { return wrapDay(t + s.Micros) }
func timeSub(t int64, s types.Span) int64 { return wrapDay(t - s.Micros) }

func timeOfDay(t int64) int64 {
	if t %= types.MicrosPerDay; t < 0 {
		t += types.MicrosPerDay
	}
	return t
}

func age(a, b int64) (types.Span, error) {
	if a == types.NegInfinity || b == types.NegInfinity {
		return types.Span{}, types.TimestampRangeError()
	}
	return types.Age(a, b, nil), nil
}

func ageTZ(ctx *Ctx, a, b int64) (types.Span, error) {
	if a == types.NegInfinity || b == types.NegInfinity {
		return types.Span{}, types.TimestampRangeError()
	}
	return types.Age(a, b, ctx.zone().ToLocal), nil
}

// inRanges defines in_range for window frames: val <= base ± offset (less),
// or val >= it.
func inRanges() {
	negative := func(s types.Span) error {
		if types.CompareSpan(s, types.Span{}) < 0 {
			return pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
		}
		return nil
	}
	verdict := func(c int, less bool) types.Datum { return types.NewBool(less && c <= 0 || !less && c >= 0) }
	stamps := func(add func(ctx *Ctx, t int64, s types.Span) (int64, error), conv func(int64) (int64, error)) Func {
		return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			val, err := conv(a[0].I)
			if err != nil {
				return types.Null, err
			}
			base, err := conv(a[1].I)
			if err != nil {
				return types.Null, err
			}
			s := a[2].Span()
			if err := negative(s); err != nil {
				return types.Null, err
			}
			if a[3].Bool() {
				s = s.Neg()
			}
			if base, err = add(ctx, base, s); err != nil {
				return types.Null, err
			}
			return verdict(cmpInt(val, base), a[4].Bool()), nil
		})
	}
	same := func(t int64) (int64, error) { return t, nil }
	local := func(_ *Ctx, t int64, s types.Span) (int64, error) { return types.TimestampAdd(t, s) }
	define("in_range(date,date,interval,bool,bool)", stamps(local, types.DateToTimestamp))
	define("in_range(timestamp,timestamp,interval,bool,bool)", stamps(local, same))
	define("in_range(timestamptz,timestamptz,interval,bool,bool)", stamps(func(ctx *Ctx, t int64, s types.Span) (int64, error) {
		return types.TimestampTZAdd(t, s, ctx.zone())
	}, same))
	define("in_range(interval,interval,interval,bool,bool)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		s := a[2].Span()
		if err := negative(s); err != nil {
			return types.Null, err
		}
		sum := types.SpanAdd
		if a[3].Bool() {
			sum = types.SpanSub
		}
		base, err := sum(a[1].Span(), s)
		if err != nil {
			return types.Null, err
		}
		return verdict(types.CompareSpan(a[0].Span(), base), a[4].Bool()), nil
	}))
	// Times do not wrap around here: beyond the day lies the end of the frame.
	timeRange := func(c func(val, base types.Datum) int) Func {
		return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			s := a[2].Span()
			if s.Micros < 0 {
				return types.Null, pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
			}
			base := a[1]
			if a[3].Bool() {
				base.I -= s.Micros
			} else if base.I > math.MaxInt64-s.Micros {
				return types.NewBool(a[4].Bool()), nil
			} else {
				base.I += s.Micros
			}
			return verdict(c(a[0], base), a[4].Bool()), nil
		})
	}
	define("in_range(time,time,interval,bool,bool)", timeRange(func(v, b types.Datum) int { return cmpInt(v.I, b.I) }))
	define("in_range(timetz,timetz,interval,bool,bool)", timeRange(func(v, b types.Datum) int { return types.CompareTimeTZ(v.Span(), b.Span()) }))
}
