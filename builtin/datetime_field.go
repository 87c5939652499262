package builtin

import (
	"math"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// extract, date_part, date_trunc, date_bin.

func init() {
	for _, t := range []*types.Type{types.Date, types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ, types.Interval} {
		define("extract(text,"+t.Name+")", extractFunc(t))
		define("date_part(text,"+t.Name+")", partFunc(t))
	}
	define("date_trunc(text,timestamp)", truncFunc(false))
	define("date_trunc(text,timestamptz)", truncFunc(true))
	define("date_trunc(text,timestamptz,text)", f3e(func(field string, t int64, zone string) (int64, error) {
		if !finiteTime(t) {
			return t, nil
		}
		z, err := types.NamedZone(zone)
		if err != nil {
			return 0, err
		}
		u, err := truncUnit(field, types.TimestampTZ)
		if err != nil {
			return 0, err
		}
		return truncTZ(u, field, t, z)
	}))
	define("date_trunc(text,interval)", f2e(truncSpan))
	define("date_bin(interval,timestamp,timestamp) date_bin(interval,timestamptz,timestamptz)", f3e(types.DateBin))
}

// sqlTypeName is the name that messages have.
func sqlTypeName(t *types.Type) string {
	switch t.OID {
	case types.Time.OID:
		return "time without time zone"
	case types.TimeTZ.OID:
		return "time with time zone"
	case types.Timestamp.OID:
		return "timestamp without time zone"
	case types.TimestampTZ.OID:
		return "timestamp with time zone"
	}
	return t.Name
}

func badUnit(field string, t *types.Type, known bool) error {
	field = strings.ToLower(field)
	if known {
		return pgerr.Newf(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", field, sqlTypeName(t))
	}
	return pgerr.Newf(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", field, sqlTypeName(t))
}

// fieldUnit finds the field that extract wants of type t.
func fieldUnit(field string, t *types.Type) (types.Unit, error) {
	u, kind := types.LookupUnit(lowerField(field), true)
	if kind == types.NoWord {
		return 0, badUnit(field, t, false)
	}
	ok := false
	switch u {
	case types.UnitMicrosecond, types.UnitMillisecond, types.UnitSecond, types.UnitMinute, types.UnitHour:
		ok = t != types.Date
	case types.UnitDay, types.UnitMonth, types.UnitQuarter, types.UnitYear, types.UnitDecade, types.UnitCentury, types.UnitMillennium:
		ok = t != types.Time && t != types.TimeTZ
	case types.UnitWeek, types.UnitJulian, types.UnitISOYear, types.UnitDOW, types.UnitISODOW, types.UnitDOY:
		ok = t == types.Date || t == types.Timestamp || t == types.TimestampTZ
	case types.UnitTZ, types.UnitTZHour, types.UnitTZMinute:
		ok = t == types.TimestampTZ || t == types.TimeTZ || t == types.Timestamp
	case types.UnitEpoch:
		ok = true
	}
	if !ok {
		return 0, badUnit(field, t, kind == types.FieldWord || t == types.Timestamp || t == types.TimestampTZ || t == types.Date)
	}
	return u, nil
}

func lowerField(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

// part is the value of a field: n / 10^scale, exactly; or, for what fits no
// int64 or is a quotient, dec.
type part struct {
	n     int64
	scale int32
	null  bool
	bad   bool // the type has no such field after all
	inf   int  // ±1: infinite
	dec   *types.Decimal
}

func (p part) decimal() types.Decimal {
	switch {
	case p.inf > 0:
		return types.Decimal{Form: types.PosInf}
	case p.inf < 0:
		return types.Decimal{Form: types.NegInf}
	case p.dec != nil:
		return *p.dec
	}
	return types.Decimal{Coef: p.n, Scale: p.scale}
}

// calendarPart is a field of a day. day is its date.
func calendarPart(u types.Unit, day int64) int64 {
	switch u {
	case types.UnitDOW:
		return int64(types.Weekday(day))
	case types.UnitISODOW:
		if w := types.Weekday(day); w > 0 {
			return int64(w)
		}
		return 7
	case types.UnitJulian:
		return day + 2451545
	case types.UnitWeek:
		_, w := types.IsoWeek(day)
		return int64(w)
	case types.UnitISOYear:
		y, _ := types.IsoWeek(day)
		return noYearZero(y)
	}
	y, m, d := types.YMD(day)
	switch u {
	case types.UnitDay:
		return int64(d)
	case types.UnitMonth:
		return int64(m)
	case types.UnitQuarter:
		return int64((m-1)/3 + 1)
	case types.UnitYear:
		return noYearZero(y)
	case types.UnitDOY:
		return day - types.DateOf(y, 1, 1) + 1
	case types.UnitDecade:
		if y >= 0 {
			return int64(y / 10)
		}
		return int64(-((8 - (y - 1)) / 10))
	case types.UnitCentury:
		if y > 0 {
			return int64((y + 99) / 100)
		}
		return int64(-((99 - (y - 1)) / 100))
	case types.UnitMillennium:
		if y > 0 {
			return int64((y + 999) / 1000)
		}
		return int64(-((999 - (y - 1)) / 1000))
	}
	return 0
}

func noYearZero(y int) int64 {
	if y > 0 {
		return int64(y)
	}
	return int64(y - 1)
}

// timePart is a field of a time of day (or an interval's time part); ok is
// false for other fields.
func timePart(u types.Unit, t int64) (p part, ok bool) {
	switch u {
	case types.UnitMicrosecond:
		return part{n: t % types.MicrosPerMinute}, true
	case types.UnitMillisecond:
		return part{n: t % types.MicrosPerMinute, scale: 3}, true
	case types.UnitSecond:
		return part{n: t % types.MicrosPerMinute, scale: 6}, true
	case types.UnitMinute:
		return part{n: t / types.MicrosPerMinute % 60}, true
	case types.UnitHour:
		return part{n: t / types.MicrosPerHour}, true
	}
	return part{}, false
}

// growing reports whether a field grows with time without end, so that it is
// infinite for an infinite value; other fields are NULL.
func growing(u types.Unit) bool {
	switch u {
	case types.UnitYear, types.UnitDecade, types.UnitCentury, types.UnitMillennium, types.UnitJulian, types.UnitISOYear, types.UnitEpoch:
		return true
	}
	return false
}

func infinitePart(u types.Unit, positive bool) part {
	if !growing(u) {
		return part{null: true}
	}
	if positive {
		return part{inf: 1}
	}
	return part{inf: -1}
}

func zonePart(u types.Unit, off int32) (part, bool) {
	switch u {
	case types.UnitTZ:
		return part{n: int64(off)}, true
	case types.UnitTZHour:
		return part{n: int64(off / 3600)}, true
	case types.UnitTZMinute:
		return part{n: int64(off / 60 % 60)}, true
	}
	return part{}, false
}

// quotient gives a + b/c as numeric computes it.
func quotient(a, b, c int64) part {
	q, err := types.DecimalInt(b).Div(types.DecimalInt(c))
	if err == nil {
		q, err = types.DecimalInt(a).Add(q)
	}
	if err != nil {
		return part{null: true}
	}
	return part{dec: &q}
}

// fieldOf computes a field of a value of type t (in 64-bit classes, v).
func fieldOf(u types.Unit, t *types.Type, v int64, z *types.Zone) part {
	switch t {
	case types.Date:
		if !finiteDate(v) {
			return infinitePart(u, v > 0)
		}
		if u == types.UnitEpoch {
			return part{n: (v + 10957) * 86400}
		}
		return part{n: calendarPart(u, v)}
	case types.Time:
		if p, ok := timePart(u, v); ok {
			return p
		}
		return part{n: v, scale: 6}
	}
	if !finiteTime(v) {
		return infinitePart(u, v > 0)
	}
	if u == types.UnitEpoch {
		if v < math.MaxInt64-unixEpochMicros {
			return part{n: v + unixEpochMicros, scale: 6}
		}
		// numeric division keeps too few digits here for the last microsecond.
		d, err := types.DecimalInt(v).Add(types.DecimalInt(unixEpochMicros))
		if err == nil {
			d, err = d.Div(types.DecimalInt(types.MicrosPerSecond))
		}
		if err == nil {
			d, err = d.Round(6)
		}
		if err != nil {
			return part{null: true}
		}
		return part{dec: &d}
	}
	if t == types.TimestampTZ {
		off := z.OffsetAt(v)
		if p, ok := zonePart(u, off); ok {
			return p
		}
		v += int64(off) * types.MicrosPerSecond
	} else if _, zone := zonePart(u, 0); zone {
		// Only of an infinite timestamp can it be asked, for a NULL.
		return part{bad: true}
	}
	tod := timeOfDay(v)
	if p, ok := timePart(u, tod); ok {
		return p
	}
	day := types.TimestampToDate(v)
	if u == types.UnitJulian {
		return quotient(day+2451545, tod, types.MicrosPerDay)
	}
	return part{n: calendarPart(u, day)}
}

// fieldOfSpan computes a field of an interval or timetz.
func fieldOfSpan(u types.Unit, t *types.Type, s types.Span) part {
	if t == types.TimeTZ {
		if u == types.UnitEpoch {
			return part{n: s.Micros + int64(s.Days)*types.MicrosPerSecond, scale: 6}
		}
		if p, ok := zonePart(u, -s.Days); ok {
			return p
		}
		p, _ := timePart(u, s.Micros)
		return p
	}
	if p, ok := timePart(u, s.Micros); ok {
		return p
	}
	y, m := int64(s.Months/12), int64(s.Months%12)
	switch u {
	case types.UnitDay:
		return part{n: int64(s.Days)}
	case types.UnitMonth:
		return part{n: m}
	case types.UnitQuarter:
		return part{n: m/3 + 1}
	case types.UnitYear:
		return part{n: y}
	case types.UnitDecade:
		return part{n: y / 10}
	case types.UnitCentury:
		return part{n: y / 100}
	case types.UnitMillennium:
		return part{n: y / 1000}
	}
	// epoch: a year is 365.25 days, a month 30.
	sec := (1461*y + 120*m + 4*int64(s.Days)) * 21600
	if sec < 9_000_000_000_000 && sec > -9_000_000_000_000 {
		us := sec * types.MicrosPerSecond
		if r := us + s.Micros; (r > us) == (s.Micros > 0) {
			return part{n: r, scale: 6}
		}
	}
	d, err := types.Decimal{Coef: s.Micros, Scale: 6}.Add(types.DecimalInt(sec))
	if err != nil {
		return part{null: true}
	}
	return part{dec: &d}
}

func isSpan(t *types.Type) bool { return t.Phys == types.PhysInterval }

// extractFunc is extract(field from t): exact, with the field's scale.
func extractFunc(t *types.Type) Func {
	f := fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		u, err := fieldUnit(a[0].S, t)
		if err != nil {
			return types.Null, err
		}
		var p part
		if isSpan(t) {
			p = fieldOfSpan(u, t, a[1].Span())
		} else {
			p = fieldOf(u, t, a[1].I, ctx.zone())
		}
		if p.bad {
			return types.Null, badUnit(a[0].S, t, true)
		}
		if p.null {
			return types.Null, nil
		}
		return types.NewDecimal(p.decimal()), nil
	})
	general := partKernel(t, func(out *types.Vec, i int, p part) { out.D[i] = p.decimal() })
	f.Vec = func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		if u, ok := calendarField(t, args); ok {
			return calendarKernel(u, t, ctx.zone(), args[1], out, n, sel)
		}
		return general(ctx, args, out, n, sel)
	}
	return f
}

// calendarField reports whether a column's field is one and the same, known,
// and a whole number that follows from the day alone: year, month, dow …
func calendarField(t *types.Type, args []Arg) (types.Unit, bool) {
	if !args[0].Const || args[1].Const || isSpan(t) || t == types.Time {
		return 0, false
	}
	u, err := fieldUnit(args[0].S[0], t)
	if err != nil {
		return 0, false
	}
	switch u {
	case types.UnitDay, types.UnitMonth, types.UnitQuarter, types.UnitYear, types.UnitWeek, types.UnitISOYear,
		types.UnitDOW, types.UnitISODOW, types.UnitDOY, types.UnitDecade, types.UnitCentury, types.UnitMillennium:
		return u, true
	}
	return 0, false
}

func calendarKernel(u types.Unit, t *types.Type, z *types.Zone, arg Arg, out *types.Vec, n int, sel []int32) error {
	return rows(n, sel, nullMask(out), func(i int) error {
		v := arg.I[i]
		if t == types.Date && !finiteDate(v) || t != types.Date && !finiteTime(v) {
			p := infinitePart(u, v > 0)
			if p.null {
				out.SetNull(i)
			} else {
				out.D[i] = p.decimal()
			}
			return nil
		}
		if t != types.Date {
			if t == types.TimestampTZ {
				v += int64(z.OffsetAt(v)) * types.MicrosPerSecond
			}
			v = types.TimestampToDate(v)
		}
		out.D[i] = types.Decimal{Coef: calendarPart(u, v)}
		return nil
	})
}

// partKernel computes a field for a column; the field's name is looked up
// once when it is constant.
func partKernel(t *types.Type, set func(out *types.Vec, i int, p part)) VecFunc {
	return func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		var u types.Unit
		var err error
		mf, mv, z := args[0].mask(), args[1].mask(), ctx.zone()
		if args[0].Const {
			if u, err = fieldUnit(args[0].S[0], t); err != nil {
				// Only an error if there is a row to compute.
				return rows(n, sel, nullMask(out), func(int) error { return err })
			}
		}
		return rows(n, sel, nullMask(out), func(i int) error {
			if !args[0].Const {
				if u, err = fieldUnit(args[0].S[i&mf], t); err != nil {
					return err
				}
			}
			var p part
			if isSpan(t) {
				p = fieldOfSpan(u, t, args[1].V[i&mv])
			} else {
				p = fieldOf(u, t, args[1].I[i&mv], z)
			}
			if p.bad {
				return badUnit(args[0].S[i&mf], t, true)
			}
			if p.null {
				out.SetNull(i)
				return nil
			}
			set(out, i, p)
			return nil
		})
	}
}

// float is the field as date_part gives it, computed the way that it does.
func (p part) float(u types.Unit, t *types.Type, v types.Datum, z *types.Zone) float64 {
	switch {
	case p.inf != 0:
		return math.Inf(p.inf)
	case u == types.UnitMillisecond:
		sec, us := p.n/types.MicrosPerSecond, p.n%types.MicrosPerSecond
		return float64(sec*1000) + float64(us)/1000
	case u == types.UnitSecond:
		sec, us := p.n/types.MicrosPerSecond, p.n%types.MicrosPerSecond
		return float64(sec) + float64(us)/1e6
	case u == types.UnitJulian:
		local := v.I
		switch t {
		case types.Date:
			return float64(p.n)
		case types.TimestampTZ:
			local = z.ToLocal(v.I)
		}
		tod := timeOfDay(local)
		day := types.TimestampToDate(local) + 2451545
		return float64(day) + float64(float64(tod/types.MicrosPerSecond)+float64(tod%types.MicrosPerSecond)/1e6)/86400
	case u == types.UnitEpoch:
		switch t {
		case types.Interval:
			r := float64(v.I) / 1e6
			r += float64(365.25 * 86400 * float64(v.M/12))
			r += float64(30.0 * 86400 * float64(v.M%12))
			return r + 86400*float64(v.D)
		case types.TimeTZ:
			return float64(v.I)/1e6 + float64(v.D)
		}
		if p.dec != nil {
			return (float64(v.I) + unixEpochMicros) / 1e6
		}
	}
	if p.scale == 6 {
		return float64(p.n) / 1e6
	}
	return float64(p.n)
}

// partFunc is date_part(field, t).
func partFunc(t *types.Type) Func {
	return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		as, v := t, a[1]
		if t == types.Date {
			// date_part of a date is that of its midnight.
			ts, err := types.DateToTimestamp(v.I)
			if err != nil {
				return types.Null, err
			}
			as, v = types.Timestamp, types.NewInt(ts)
		}
		u, err := fieldUnit(a[0].S, as)
		if err != nil {
			return types.Null, err
		}
		z := ctx.zone()
		var p part
		if isSpan(as) {
			p = fieldOfSpan(u, as, v.Span())
		} else {
			p = fieldOf(u, as, v.I, z)
		}
		if p.bad {
			return types.Null, badUnit(a[0].S, as, true)
		}
		if p.null {
			return types.Null, nil
		}
		return types.NewFloat(p.float(u, as, v, z)), nil
	})
}

// truncUnit finds the field that date_trunc is to keep.
func truncUnit(field string, t *types.Type) (types.Unit, error) {
	u, kind := types.LookupUnit(lowerField(field), false)
	if kind != types.FieldWord {
		return 0, badUnit(field, t, false)
	}
	return u, nil
}

func truncTZ(u types.Unit, field string, t int64, z *types.Zone) (int64, error) {
	r, ok := types.TruncUTC(u, t, z)
	if !ok {
		return 0, badUnit(field, types.TimestampTZ, true)
	}
	if !types.ValidTimestamp(r) {
		return 0, types.TimestampRangeError()
	}
	return r, nil
}

func truncLocal(u types.Unit, field string, t int64) (int64, error) {
	r, ok := types.TruncLocal(u, t)
	if !ok {
		return 0, badUnit(field, types.Timestamp, true)
	}
	if !types.ValidTimestamp(r) {
		return 0, types.TimestampRangeError()
	}
	return r, nil
}

// truncFunc is date_trunc(field, t).
func truncFunc(tz bool) Func {
	typ := types.Timestamp
	if tz {
		typ = types.TimestampTZ
	}
	one := func(ctx *Ctx, field string, t int64) (int64, error) {
		if !finiteTime(t) {
			return t, nil
		}
		u, err := truncUnit(field, typ)
		if err != nil {
			return 0, err
		}
		if tz {
			return truncTZ(u, field, t, ctx.zone())
		}
		return truncLocal(u, field, t)
	}
	f := f2c(one)
	slow := f.Vec
	f.Vec = func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		if !args[0].Const || args[1].Const {
			return slow(ctx, args, out, n, sel)
		}
		field := args[0].S[0]
		u, err := truncUnit(field, typ)
		if err != nil {
			return slow(ctx, args, out, n, sel)
		}
		z, a, o := ctx.zone(), args[1].I, out.I
		return rows(n, sel, nullMask(out), func(i int) (err error) {
			t := a[i]
			switch {
			case !finiteTime(t):
				o[i] = t
			case tz:
				o[i], err = truncTZ(u, field, t, z)
			default:
				o[i], err = truncLocal(u, field, t)
			}
			return err
		})
	}
	return f
}

// truncSpan is date_trunc(field, interval).
func truncSpan(field string, s types.Span) (types.Span, error) {
	u, err := truncUnit(field, types.Interval)
	if err != nil {
		return s, err
	}
	months := int32(0)
	micros := int64(0)
	switch u {
	case types.UnitMillennium:
		months = 12000
	case types.UnitCentury:
		months = 1200
	case types.UnitDecade:
		months = 120
	case types.UnitYear:
		months = 12
	case types.UnitQuarter:
		months = 3
	case types.UnitMonth:
		months = 1
	case types.UnitDay:
		s.Micros, micros = 0, 1
	case types.UnitHour:
		micros = types.MicrosPerHour
	case types.UnitMinute:
		micros = types.MicrosPerMinute
	case types.UnitSecond:
		micros = types.MicrosPerSecond
	case types.UnitMillisecond:
		micros = 1000
	case types.UnitMicrosecond:
		micros = 1
	default:
		e := badUnit(field, types.Interval, true).(*pgerr.Error)
		if u == types.UnitWeek {
			e = e.WithDetail("Months usually have fractional weeks.")
		}
		return s, e
	}
	if months > 0 {
		return types.Span{Months: s.Months / months * months}, nil
	}
	s.Micros = s.Micros / micros * micros
	return s, nil
}
