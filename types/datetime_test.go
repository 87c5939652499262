package types

import (
	"math/rand"
	"testing"
)

// Every finite value's text form reads back as itself, in every style.
func TestDateTimeRoundTrip(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	berlin, err := LookupZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 20000; i++ {
		env := &Env{DateStyle: DateStyle(r.Intn(4)), DateOrder: DateOrder(r.Intn(2)), IntervalStyle: IntervalStyle(r.Intn(4)), TimeZone: berlin}
		if env.DateStyle == DateGerman {
			env.DateOrder = OrderDMY // what it always writes
		}
		ts := minTimestamp + r.Int63n(endTimestamp-1) + r.Int63n(-minTimestamp)
		if i%2 == 0 {
			ts = r.Int63n(200*365*MicrosPerDay) - 100*365*MicrosPerDay
		}
		vals := map[*Type]Datum{
			Date: NewInt(minDate + r.Int63n(endDate-minDate)), Time: NewInt(r.Int63n(MicrosPerDay + 1)), Timestamp: NewInt(ts),
			TimeTZ:   NewSpan(Span{Micros: r.Int63n(MicrosPerDay), Days: int32(r.Intn(57599) - 28800)}),
			Interval: NewSpan(Span{Months: int32(r.Intn(2400) - 1200), Days: int32(r.Intn(20000) - 10000), Micros: r.Int63n(1<<50) - 1<<49}),
		}
		if env.DateStyle == DateISO {
			vals[TimestampTZ] = NewInt(ts)
		}
		for typ, d := range vals {
			s := string(appendDateTime(nil, typ, d, env))
			got, err := parseDateTime(typ, -1, s, env)
			if err != nil || got != d {
				t.Fatalf("%s %v is written %q (style %d, order %d, interval style %d) and read as %v, %v", typ, d, s, env.DateStyle, env.DateOrder, env.IntervalStyle, got, err)
			}
			b := appendDateTimeBinary(nil, typ, d)
			if got, err := parseDateTimeBinary(typ, -1, b, env); err != nil || got != d {
				t.Fatalf("%s %v: binary form gives %v, %v", typ, d, got, err)
			}
		}
	}
}

// Fast and general readers agree wherever the fast one answers.
func TestFastDateTime(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	z, err := LookupZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	env := &Env{TimeZone: z}
	for i := 0; i < 50000; i++ {
		b := []byte("2024-02-29 23:59:59.123456+05:30")
		b = b[:r.Intn(len(b)+1)]
		for n := r.Intn(3); n > 0 && len(b) > 0; n-- {
			b[r.Intn(len(b))] = "0123456789-: .+TZ"[r.Intn(17)]
		}
		s := string(b)
		if d, ok := fastDate(s); ok {
			if g, err := parseDate(s, env); err != nil || g != d {
				t.Fatalf("date %q: %d, %d, %v", s, d, g, err)
			}
		}
		for _, tz := range []bool{false, true} {
			if d, ok := fastTimestamp(s, tz, env); ok {
				if g, err := parseTimestamp(s, tz, env); err != nil || g != d {
					t.Fatalf("timestamp %q: %d, %d, %v", s, d, g, err)
				}
			}
		}
		if len(s) > 11 {
			if d, ok := fastTime(s[11:]); ok {
				if g, err := parseTime(s[11:], false, env); err != nil || g.Micros != d {
					t.Fatalf("time %q: %d, %d, %v", s[11:], d, g.Micros, err)
				}
			}
		}
	}
}

func TestIntervalOrder(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	span := func() Span {
		return Span{Months: int32(r.Intn(5) - 2), Days: int32(r.Intn(70) - 35), Micros: (r.Int63n(9) - 4) * 12 * MicrosPerHour}
	}
	length := func(s Span) int64 { return (int64(s.Months)*30+int64(s.Days))*MicrosPerDay + s.Micros }
	for i := 0; i < 20000; i++ {
		a, b := span(), span()
		if c := compareSpan(a, b); c != compareInt64(length(a), length(b)) {
			t.Fatalf("%v, %v: %d", a, b, c)
		} else if c == 0 && hashSpan(a, 1) != hashSpan(b, 1) {
			t.Fatalf("%v equals %v but hashes otherwise", a, b)
		}
	}
}

// Nothing that is read panics, and what is read can be written and read again.
func FuzzDateTime(f *testing.F) {
	for _, list := range dtCorpus {
		for _, s := range list {
			f.Add(s)
		}
	}
	z, err := LookupZone("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, style := range []IntervalStyle{IntervalPostgres, IntervalSQLStandard} {
			env := &Env{TimeZone: z, DateOrder: DateOrder(len(s) % 3), IntervalStyle: style}
			for _, typ := range dtTypes {
				d, err := parseDateTime(typ, -1, s, env)
				if err != nil {
					continue
				}
				text := string(appendDateTime(nil, typ, d, env))
				e, err := parseDateTime(typ, -1, text, env)
				// A POSIX zone's offset may exceed what offsets are read as.
				if typ == TimeTZ && (d.D <= -16*3600 || d.D >= 16*3600) {
					continue
				}
				if err != nil || e != d {
					t.Fatalf("%s: %q is %v, written %q, read as %v, %v", typ, s, d, text, e, err)
				}
			}
		}
	})
}

func BenchmarkDateTimeParse(b *testing.B) {
	env := &Env{TimeZone: UTC}
	ny, _ := LookupZone("America/New_York")
	local := &Env{TimeZone: ny}
	for _, c := range []struct {
		name, text string
		typ        *Type
		env        *Env
	}{
		{"date", "2024-02-29", Date, env}, {"timestamp", "2024-02-29 12:34:56.789", Timestamp, env}, {"timestamptz", "2024-02-29 12:34:56.789+00", TimestampTZ, env},
		{"timestamptz-local", "2024-02-29 12:34:56", TimestampTZ, local}, {"time", "12:34:56", Time, env}, {"interval", "3 days 04:05:06", Interval, env},
		{"timestamp-general", "29 Feb 2024 12:34:56", Timestamp, env},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				if _, err := parseDateTime(c.typ, -1, c.text, c.env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDateTimeAppend(b *testing.B) {
	ny, _ := LookupZone("America/New_York")
	env := &Env{TimeZone: ny}
	for _, c := range []struct {
		name, text string
		typ        *Type
	}{
		{"date", "2024-02-29", Date}, {"timestamp", "2024-02-29 12:34:56.789", Timestamp}, {"timestamptz", "2024-02-29 12:34:56.789+00", TimestampTZ},
		{"time", "12:34:56", Time}, {"interval", "3 days 04:05:06", Interval},
	} {
		d, err := parseDateTime(c.typ, -1, c.text, env)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 64)
			for i := 0; i < b.N; i++ {
				buf = appendDateTime(buf[:0], c.typ, d, env)
			}
		})
	}
}
