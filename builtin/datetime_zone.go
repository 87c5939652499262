package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// AT TIME ZONE (the timezone functions) and the views of time zones.

func init() {
	define("timezone(text,timestamptz)", f2e(func(zone string, t int64) (int64, error) {
		if !finiteTime(t) {
			return t, nil
		}
		off, err := types.ZoneOffsetAt(zone, t)
		if err != nil {
			return 0, err
		}
		return shiftZone(t, int64(off))
	}))
	define("timezone(text,timestamp)", f2e(func(zone string, t int64) (int64, error) {
		if !finiteTime(t) {
			return t, nil
		}
		off, err := types.ZoneOffsetLocal(zone, t)
		if err != nil {
			return 0, err
		}
		return shiftZone(t, -int64(off))
	}))
	define("timezone(text,timetz)", f2c(func(ctx *Ctx, zone string, t types.Span) (types.Span, error) {
		off, err := types.ZoneOffsetAt(zone, ctx.env().NowMicros)
		if err != nil {
			return t, err
		}
		return shiftTimeTZ(t, off), nil
	}))
	define("timezone(interval,timestamptz)", f2c(func(ctx *Ctx, zone types.Span, t int64) (int64, error) {
		if !finiteTime(t) {
			return t, nil
		}
		off, err := spanZone(ctx, zone)
		if err != nil {
			return 0, err
		}
		return shiftZone(t, off)
	}))
	define("timezone(interval,timestamp)", f2c(func(ctx *Ctx, zone types.Span, t int64) (int64, error) {
		if !finiteTime(t) {
			return t, nil
		}
		off, err := spanZone(ctx, zone)
		if err != nil {
			return 0, err
		}
		return shiftZone(t, -off)
	}))
	define("timezone(interval,timetz)", f2c(func(ctx *Ctx, zone, t types.Span) (types.Span, error) {
		off, err := spanZone(ctx, zone)
		if err != nil {
			return t, err
		}
		return shiftTimeTZ(t, int32(off)), nil
	}))
	define("pg_timezone_abbrevs()", setFn(func(ctx *Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
		for _, a := range types.ZoneAbbrevs(ctx.env().NowMicros) {
			row := []types.Datum{types.NewString(a.Abbrev), types.NewSpan(types.Span{Micros: int64(a.Offset) * types.MicrosPerSecond}), types.NewBool(a.DST)}
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	}))
	define("pg_timezone_names()", setFn(func(ctx *Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
		for _, name := range types.ZoneNames() {
			z, err := types.LookupZone(name)
			if err != nil {
				return err
			}
			off, abbrev, dst := z.At(ctx.env().NowMicros)
			row := []types.Datum{types.NewString(name), types.NewString(abbrev), types.NewSpan(types.Span{Micros: int64(off) * types.MicrosPerSecond}), types.NewBool(dst)}
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	}))
}

func shiftZone(t, sec int64) (int64, error) {
	r := t + sec*types.MicrosPerSecond
	if !types.ValidTimestamp(r) {
		return 0, types.TimestampRangeError()
	}
	return r, nil
}

// spanZone is an interval as a zone: seconds east of UTC.
func spanZone(ctx *Ctx, s types.Span) (int64, error) {
	if s.Months != 0 || s.Days != 0 {
		return 0, pgerr.Newf(pgerr.InvalidParameterValue, "interval time zone \"%s\" must not include months or days",
			types.AppendInterval(nil, s, ctx.env().IntervalStyle))
	}
	return int64(int32(s.Micros / types.MicrosPerSecond)), nil
}

func shiftTimeTZ(t types.Span, off int32) types.Span {
	return types.Span{Micros: wrapDay(t.Micros + int64(t.Days+off)*types.MicrosPerSecond), Days: -off}
}
