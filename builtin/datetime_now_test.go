package builtin

import (
	"context"
	"strconv"
	"testing"

	"rowkey/types"
)

// What depends on the time of the transaction, with PostgreSQL's now() here too.
func TestNowAgainstPostgres(t *testing.T) {
	c := connect(t)
	for _, zone := range []string{"UTC", "Pacific/Auckland", "America/New_York"} {
		run(t, c, "begin; set timezone = '"+zone+"'; set datestyle = 'ISO, MDY'")
		us := *query(c, "select (extract(epoch from now()) * 1000000)::bigint").rows[0][0]
		unix, err := strconv.ParseInt(us, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		z, err := types.LookupZone(zone)
		if err != nil {
			t.Fatal(err)
		}
		env := &types.Env{TimeZone: z, NowMicros: unix - unixEpochMicros, ExtraFloatDigit: 1}
		for _, typ := range []*types.Type{types.Date, types.Timestamp, types.TimestampTZ, types.Time, types.TimeTZ} {
			for _, s := range []string{"now", "today", "tomorrow", "yesterday", "today 12:00", "yesterday 12:30:15.5 America/New_York", "tomorrow allballs", "12:34:56", "12:00 msk", "12:00 Europe/Berlin", "now 2000-01-01", "2000-01-01 now"} {
				q := "select " + sqlLiteral(typ, s)
				want := query(c, q)
				if want.code != "" {
					run(t, c, "rollback; begin; set timezone = '"+zone+"'")
					us := *query(c, "select (extract(epoch from now()) * 1000000)::bigint").rows[0][0]
					unix, _ := strconv.ParseInt(us, 10, 64)
					env.NowMicros = unix - unixEpochMicros
				}
				var got answer
				if d, err := types.Parse(typ, -1, s, env); err != nil {
					got = ourError(err)
				} else {
					text := string(types.AppendText(nil, typ, d, env))
					got = answer{rows: [][]*string{{&text}}}
				}
				if got.String() != want.String() {
					t.Errorf("%s: %s gives %s, want %s", zone, q, got, want)
				}
			}
		}
		for _, call := range []struct {
			sig  string
			args []string
		}{
			{"age(timestamp)", []string{"2001-02-03 04:05:06"}}, {"age(timestamptz)", []string{"2001-02-03 04:05:06+02"}}, {"timetz(time)", []string{"12:34:56"}},
			{"timezone(text,timetz)", []string{"Europe/Berlin", "12:34:56+03"}}, {"timezone(text,timetz)", []string{"msk", "12:34:56+03"}}, {"timezone(interval,timetz)", []string{"-05:30", "01:34:56+03"}},
			{"now()", nil}, {"transaction_timestamp()", nil},
		} {
			f := bySignature(call.sig)
			var args []types.Datum
			q := "select " + f.Name + "("
			for i, s := range call.args {
				d, err := types.Parse(f.Args[i], -1, s, env)
				if err != nil {
					t.Fatal(err)
				}
				args = append(args, d)
				if i > 0 {
					q += ", "
				}
				q += sqlLiteral(f.Args[i], s)
			}
			q += ")"
			want := query(c, q)
			if got := callEnv(f, env, args); !sameAnswer(f, got, want) {
				t.Errorf("%s: %s gives %s, want %s", zone, q, got, want)
			}
		}
		run(t, c, "rollback")
	}
}

func TestClocks(t *testing.T) {
	ctx := &Ctx{Context: context.Background(), Env: &types.Env{TimeZone: types.UTC, NowMicros: 5}, StmtMicros: 7}
	for sig, want := range map[string]int64{"now()": 5, "transaction_timestamp()": 5, "statement_timestamp()": 7} {
		if d, err := Call(bySignature(sig), ctx, nil); err != nil || d.I != want {
			t.Errorf("%s gives %v, %v", sig, d, err)
		}
	}
	a, _ := Call(bySignature("clock_timestamp()"), ctx, nil)
	b, _ := Call(bySignature("clock_timestamp()"), ctx, nil)
	if a.I > b.I || a.I < 0 {
		t.Errorf("the clock goes from %d to %d", a.I, b.I)
	}
	if d, err := Call(bySignature("timeofday()"), ctx, nil); err != nil || len(d.S) != len("Sun Nov 22 12:28:00.123456 2026 UTC") {
		t.Errorf("timeofday gives %q, %v", d.S, err)
	}
}

func BenchmarkDateTimeKernels(b *testing.B) {
	n := types.BatchSize
	ctx := &Ctx{Context: context.Background(), Env: &types.Env{TimeZone: types.UTC}}
	ts := types.NewVec(types.Timestamp, n)
	for i := 0; i < n; i++ {
		ts.Append(types.NewInt(int64(i) * 86_461_000_123))
	}
	text := func(s string) Arg {
		v := types.NewVec(types.Text, 1)
		v.Append(types.NewString(s))
		return Arg{v, true}
	}
	span := types.NewVec(types.Interval, 1)
	span.Append(types.NewSpan(types.Span{Days: 3}))
	month := types.NewVec(types.Interval, 1)
	month.Append(types.NewSpan(types.Span{Months: 1}))
	for _, c := range []struct {
		name, sig string
		args      []Arg
	}{
		{"lt", "timestamp_lt(timestamp,timestamp)", []Arg{{ts, false}, {ts, true}}},
		{"plus-days", "timestamp_pl_interval(timestamp,interval)", []Arg{{ts, false}, {span, true}}},
		{"plus-month", "timestamp_pl_interval(timestamp,interval)", []Arg{{ts, false}, {month, true}}},
		{"extract-year", "extract(text,timestamp)", []Arg{text("year"), {ts, false}}},
		{"extract-epoch", "extract(text,timestamp)", []Arg{text("epoch"), {ts, false}}},
		{"trunc-day", "date_trunc(text,timestamp)", []Arg{text("day"), {ts, false}}},
		{"trunc-month-tz", "date_trunc(text,timestamptz)", []Arg{text("month"), {ts, false}}},
		{"to_char", "to_char(timestamp,text)", []Arg{{ts, false}, text("YYYY-MM-DD HH24:MI:SS")}},
	} {
		f := bySignature(c.sig)
		out := types.NewVec(f.Result, n)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				if err := CallVec(f, ctx, c.args, out, n, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
}
