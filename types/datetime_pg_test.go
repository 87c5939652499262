package types

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowkey/pgerr"
)

// Dates and times against a live PostgreSQL: every text that goes in must
// give the same value or the same error, under several settings.

const pgTry = `create or replace function pg_temp.try(q text) returns text language plpgsql as $$
declare r text; h text;
begin execute q into r; return r;
exception when others then get stacked diagnostics h = pg_exception_hint;
  return sqlstate || ' ' || sqlerrm || case when h <> '' then ' / ' || h else '' end; end $$`

func pgConn(t testing.TB) *pgx.Conn {
	t.Helper()
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL to compare with")
	}
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	if _, err := c.Exec(context.Background(), pgTry); err != nil {
		t.Fatal(err)
	}
	return c
}

// pgTryAll runs each query (of one text column) and gives its result, or its error as text.
func pgTryAll(t testing.TB, c *pgx.Conn, queries []string) []string {
	t.Helper()
	rows, err := c.Query(context.Background(), "select coalesce(pg_temp.try(q), 'NULL') from unnest($1::text[]) with ordinality u(q, n) order by n", queries)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func errText(err error) string {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Hint != "" {
		return e.Code + " " + e.Message + " / " + e.Hint
	}
	return e.Code + " " + e.Message
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

var dtTypes = map[string]*Type{"date": Date, "time": Time, "timetz": TimeTZ, "timestamp": Timestamp, "timestamptz": TimestampTZ, "interval": Interval}

var hugeUnit = regexp.MustCompile(`[hms] *[0-9]{6}`)

type dtSetting struct {
	style string
	ds    DateStyle
	order DateOrder
	istl  IntervalStyle
	zone  string
}

var dtSettings = []dtSetting{
	{"ISO, MDY", DateISO, OrderMDY, IntervalPostgres, "UTC"},
	{"SQL, DMY", DateSQL, OrderDMY, IntervalSQLStandard, "America/New_York"},
	{"Postgres, MDY", DatePostgres, OrderMDY, IntervalPostgresVerbose, "Europe/Berlin"},
	{"German, YMD", DateGerman, OrderYMD, IntervalISO8601, "Asia/Kolkata"},
	{"Postgres, DMY", DatePostgres, OrderDMY, IntervalPostgres, "Australia/Lord_Howe"},
	{"SQL, YMD", DateSQL, OrderYMD, IntervalSQLStandard, "<+03:30>-03:30"},
	{"ISO, YMD", DateISO, OrderYMD, IntervalSQLStandard, "EST5EDT,M3.2.0,M11.1.0"},
}

func (s dtSetting) apply(t testing.TB, c *pgx.Conn) *Env {
	t.Helper()
	istl := [...]string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}[s.istl]
	_, err := c.Exec(context.Background(), fmt.Sprintf("set datestyle = %s; set intervalstyle = %s; set timezone = %s", quote(s.style), istl, quote(s.zone)))
	if err != nil {
		t.Fatal(err)
	}
	z, err := ParseZoneSetting(s.zone)
	if err != nil {
		t.Fatal(err)
	}
	var show string
	if err := c.QueryRow(context.Background(), "show timezone").Scan(&show); err != nil || show != z.Name {
		t.Fatalf("zone %s is called %q here, %q there (%v)", s.zone, z.Name, show, err)
	}
	return &Env{DateStyle: s.ds, DateOrder: s.order, IntervalStyle: s.istl, TimeZone: z}
}

var dtCorpus = map[string][]string{
	"date": {"2000-01-01", "1999-01-08", "January 8, 1999", "1/8/1999", "1/18/1999", "18/1/1999", "01/02/03", "1999-Jan-08", "Jan-08-1999", "08-Jan-1999",
		"99-Jan-08", "08-Jan-99", "Jan-08-99", "19990108", "990108", "1999.008", "J2451187", "January 8, 99 BC", "2000-02-30", "1900-02-29", "2000-13-01", "99-08-Jan",
		"0000-01-01", "epoch", "infinity", "-infinity", "4714-11-24 BC", "4714-11-23 BC", "5874897-12-31", "5874898-01-01", "2001-02-03 04:05:06", "1999 Jan 08", "08 Jan 1999", "Jan 08 1999",
		"99 Jan 08", "08 Jan 99", "Jan 08 99", "1999 08 Jan", "", " ", "foo", "1/1", "12:00", "2000-1-1", "2000/1/1", "2000.1.1", "1.1.2000", "y2001m02d04", "2001-02-29", "2020-060", "20200", "Sat Jan 1 2000",
		"2000-01-01 America/New_York", "2000-01-01 foo/bar", "2000-01-01+5", "J0", "J-1", "j2451187.5", "20010203T040506", "20010203T040506+03", "20010203040506", "2001-02-03T04:05:06.789-0530", "12 31 1999", "31 12 1999", "1999 12 31",
		"'2000", "2000-01-01 bc", "2000-01-01 ad", "1 bc", "01-01-01 BC", "99999999999-01-01", "2000-01-01 24:00:00", "2000-01-01 25:00:00", "Feb 29 2001", "tomorrow x", "jan5", "99-jan5", "2000-jan5-6", "12/25/99 8:15pm", "may may 2000", "2-3-4", "2000-01-01-", "2000--01", "mon", "t", "12:00 2000-01-01"},
	"timestamp": {"2000-01-01", "2000-01-01 12:34:56", "2000-01-01 12:34:56.789", "2000-01-01T12:34", "2000-01-01 12:34:56.7891239", "2000-01-01 24:00", "2000-01-01 24:00:01", "2000-01-01 23:59:60", "2000-01-01 12:60",
		"Feb 10 17:32:01 1997", "Mon Feb 10 17:32:01 1997 PST", "Feb 10 17:32:01.5 1997 PST8PDT", "19970210 173201", "19970210 173201 America/New_York", "1997-02-10 5:32:01 PM", "1997-02-10 13:00 PM", "12:00 AM 2000-01-01", "12:30pm 2000-01-01", "2000.045 12:00",
		"294276-12-31 23:59:59", "294277-01-01", "4714-11-24 00:00:00 BC", "4714-11-23 BC", "20000101 999999", "2000-01-01 12:00:00+24", "2000-01-01 12:00:00+15:59:59", "2000-01-01 12:00 foo", "2000-01-01 12:00 est", "2000-07-01 12:00 MSK", "2012-07-01 12:00 MSK", "epoch", "now x", "allballs", "2000-01-01 allballs",
		"1999-01-08 04:05:06 -8:00", "1999-01-08 04:05:06 Europe/Berlin", "2020-03-08 02:30 America/New_York", "2020-11-01 01:30 America/New_York", "2020-03-08 02:30", "2020-11-01 01:30", "2020-03-29 02:30", "2020-10-25 02:30", "J2451187 12:00", "J2451187T12:00", "J2451187-5", "2000-01-01 12", "2000-01-01 1234", "2000-01-01 123456.7", "2000-01-01 12:00:00.", "1e5", "2000-01-01 12:00:00:00", "12:34:56.7", "1-1-1 1:1:1", "2000-01-01 12:00 MET DST", "2000-01-01 12:00 zulu", "2000-01-01 12:00Z", "2000-01-01 12:00:00 z", "Dec 31 17:00:00 1969 GMT", "1890-01-01 12:00", "1850-06-01 00:00 Europe/Amsterdam", "3000-07-01 12:00", "290000-07-01 12:00", "2000-01-01 12:34:56.9999999", "infinity", "-infinity", "2000-01-01 00:00:00 -", "2000-01-01 00:00 GMT+3", "2000-01-01 00:00 XYZ+3", "2000-01-01 00:00 EST5EDT", "on 2000-01-01 at 12:00", "h12 m30 2000-01-01", "2000-01-01 h12m30s20", "2000-01-01T t12:00"},
	"time":     {"12:34:56", "12:34", "04:05:06.789", "040506", "04:05 AM", "04:05 PM", "12:00 am", "24:00:00", "24:00:01", "23:59:60", "23:59:59.9999999", "25:00", "0405", "1:2:3", "allballs", "04:05:06-8", "04:05:06 PST", "04:05-08:00", "040506-08", "2003-04-12 04:05:06 America/New_York", "04:05:06 America/New_York", "04:05:06 UTC", "04:05:06 Asia/Kolkata", "12", "12345", "123456.7", "", "foo", "12:60", "-1:00", "12:00:00+99", "13:00 pm", "T04:05", "2000-01-01 12:00", "2020-07-01 12:00 EDT", "12:00 msk", "12:00:00.5 foo/bar", "h12m30", "12:00 12:00", "12:00 jan", "12:00 bc", "11:59:59.9999995 pm", "04:05.5", "12.5", "epoch", "infinity"},
	"interval": {"1 day", "1-2", "-1-2", "+1-2", "1 2:03:04", "-1 2:03:04", "1-2 3 4:05:06", "-1-2 +3 -4:05:06", "P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06", "P00010203T040506", "PT-6.5S", "P1.5Y", "P1W", "1.5 days", "1.5 months", "1.5 years", "0.5 weeks", "1 year 2 mons 3 days 04:05:06", "1 day ago", "@ 1 minute", "1 century 2 decades 3 millennia", "1.5 hours 2.25 min", "1ms 2us", "3 qtr", "3 quarters", "1 fortnight", "", "1", "1.5", ".5", "-.5", "- 5 days", "+5 days", "5 days 5 days", "1 day 2", "1:2:3.4", "2:3.4", "1:2", "100000:00:00", "2147483647 days", "2147483648 days", "178956970 years 7 mons", "178956970 years 8 mons", "178956971 years", "9223372036854775807 us", "9223372036854775808 us", "P", "PT", "P1", "P1H", "PT1D", "P1Y-2", "P2023-10", "P20231005", "PT102030", "PT10:20:30", "PT10:20", "P1DT", "1 month -1 days", "-1 months +1 day 02:00", "infinity", "now", "1 day 25:00:00", "12:60", "0:0:61", "1.123456789 s", "0.0000005 s", "1 y 1 m", "1 d 1 h 1 m 1 s", "1-13", "1 12:34:56.789 ago", "-0-1", "4 timezone", "1 dow", "1.5.5 days", "1 day -", "'1 day'", "1e3 days", "10 days-5", "1 2 3", "1-2-3", "-23:59", "+23:59", "-1 23:59", "00:00:00.0000001", "P-1Y-2M-3DT-4H-5M-6S", "P1Y2M3W4D", "P.5D", "P1.D", "1 ago", "ago", "1 mon ago 1 day"},
}

var dtWords = []string{"2000-01-01", "1999-12-31", "12:34:56", "23:59", "01", "12", "31", "99", "1999", "jan", "december", "Feb", "am", "PM", "bc", "AD", "utc", "EST", "msk", "z", "+03", "-8:30", "+0530", "t", "T", "J", "2451545", "y", "m", "d", "h", "s", "19991231", "123456", "12.5", ".25", "-", "/", ".", ",", " ", "  ", "mon", "tuesday", "dst", "America/New_York", "Asia/Tokyo", "epoch", "allballs", "at", "on",
	"1", "-1", "5", "1.5", "-2.75", "year", "years", "mons", "month", "day", "days", "hours", "min", "sec", "ms", "us", "week", "decade", "century", "ago", "@", "+", ":", "1-2", "04:05:06.789", "P1Y", "P", "PT5M"}

func dtRandom(r *rand.Rand, typ string) string {
	c := dtCorpus[typ]
	if typ == "timetz" {
		c = dtCorpus["time"]
	} else if typ == "timestamptz" {
		c = dtCorpus["timestamp"]
	}
	var b strings.Builder
	switch r.Intn(4) {
	case 0: // a corpus entry, slightly damaged
		s := []byte(c[r.Intn(len(c))])
		for n := 1 + r.Intn(2); n > 0 && len(s) > 0; n-- {
			i := r.Intn(len(s))
			switch r.Intn(3) {
			case 0:
				s = append(s[:i], s[i+1:]...)
			case 1:
				s[i] = "0123456789-/:. +PTYMDjan"[r.Intn(24)]
			default:
				s = append(s[:i], append([]byte{"0123456789-/:. +TZ"[r.Intn(18)]}, s[i:]...)...)
			}
		}
		return string(s)
	case 1: // corpus entry with words
		b.WriteString(c[r.Intn(len(c))])
		b.WriteString(" ")
		b.WriteString(dtWords[r.Intn(len(dtWords))])
	case 2:
		for n := 2 + r.Intn(4); n > 0; n-- {
			b.WriteString(dtWords[r.Intn(len(dtWords))])
			if r.Intn(3) > 0 {
				b.WriteByte(' ')
			}
		}
	default: // a well-formed value
		y, m, d := 1+r.Intn(3000), 1+r.Intn(12), 1+r.Intn(28)
		date := fmt.Sprintf("%04d-%02d-%02d", y, m, d)
		tod := fmt.Sprintf("%02d:%02d:%02d.%0*d", r.Intn(24), r.Intn(60), r.Intn(60), 1+r.Intn(7), r.Intn(10))
		switch typ {
		case "date":
			return date
		case "time", "timetz":
			return tod + []string{"", "+05", "-03:30"}[r.Intn(3)]
		case "interval":
			return fmt.Sprintf("%d years %d mons %d days %d:%02d:%02d.%d", r.Intn(40)-20, r.Intn(40)-20, r.Intn(80)-40, r.Intn(50), r.Intn(60), r.Intn(60), r.Intn(1000))
		}
		return date + " " + tod + []string{"", "", "+05", "-03:30", " BC", " Europe/Paris"}[r.Intn(6)]
	}
	return b.String()
}

func TestDateTimeAgainstPostgres(t *testing.T) {
	c := pgConn(t)
	r := newRand(t)
	for _, set := range dtSettings {
		env := set.apply(t, c)
		for name, typ := range dtTypes {
			var ins []string
			switch name {
			case "timetz":
				ins = append(ins, dtCorpus["time"]...)
			case "timestamptz":
				ins = append(append(ins, dtCorpus["timestamp"]...), dtCorpus["date"]...)
			case "timestamp":
				ins = append(append(ins, dtCorpus["timestamp"]...), dtCorpus["date"]...)
			default:
				ins = append(ins, dtCorpus[name]...)
			}
			// Far back, rules are extended differently here and there.
			for i := 0; i < 400 && !strings.HasPrefix(set.zone, "EST5EDT"); i++ {
				ins = append(ins, dtRandom(r, name))
			}
			qs := make([]string, len(ins))
			for i, s := range ins {
				qs[i] = "select " + quote(s) + "::" + name + "::text"
			}
			want := pgTryAll(t, c, qs)
			bad := 0
			for i, s := range ins {
				if hugeUnit.MatchString(strings.ToLower(s)) {
					continue // overflows there
				}
				// The date in force decides, and may differ between here and there.
				low := strings.ToLower(s)
				if strings.Contains(low, "now") || strings.Contains(low, "today") || strings.Contains(low, "tomorrow") || strings.Contains(low, "yesterday") || name == "timetz" && set.zone != "UTC" {
					continue
				}
				var got string
				d, err := parseDateTime(typ, -1, s, env)
				if err != nil {
					got = errText(err)
				} else {
					got = string(appendDateTime(nil, typ, d, env))
				}
				if got != want[i] {
					if bad++; bad <= 6 {
						t.Errorf("%s, %s, %s: %q gives\n   %s, want\n   %s", set.style, set.zone, name, s, got, want[i])
					}
					continue
				}
				if err == nil {
					b := appendDateTimeBinary(nil, typ, d)
					if e, err := parseDateTimeBinary(typ, -1, b, env); (err != nil || e != d) && !(name == "timetz" && strings.Contains(fmt.Sprint(err), "displacement")) {
						t.Errorf("%s %q: binary form gives %v, %v", name, s, e, err)
					}
				}
			}
		}
	}
}

func TestIntervalTypmodAgainstPostgres(t *testing.T) {
	c := pgConn(t)
	mods := map[string]int32{
		"interval year": maskYear<<16 | fullPrecision, "interval month": maskMonth<<16 | fullPrecision, "interval day": maskDay<<16 | fullPrecision,
		"interval hour": maskHour<<16 | fullPrecision, "interval minute": maskMinute<<16 | fullPrecision, "interval second": maskSecond<<16 | fullPrecision,
		"interval year to month": (maskYear|maskMonth)<<16 | fullPrecision, "interval day to hour": (maskDay|maskHour)<<16 | fullPrecision,
		"interval day to minute": (maskDay|maskHour|maskMinute)<<16 | fullPrecision, "interval day to second": (maskDay|maskHour|maskMinute|maskSecond)<<16 | fullPrecision,
		"interval hour to minute": (maskHour|maskMinute)<<16 | fullPrecision, "interval hour to second": (maskHour|maskMinute|maskSecond)<<16 | fullPrecision,
		"interval minute to second": (maskMinute|maskSecond)<<16 | fullPrecision, "interval(3)": fullRange<<16 | 3, "interval second(2)": maskSecond<<16 | 2, "interval(0)": fullRange << 16,
	}
	env := dtSettings[0].apply(t, c)
	for name, mod := range mods {
		var qs []string
		for _, s := range dtCorpus["interval"] {
			fields := name
			if strings.Contains(name, "interval(") {
				qs = append(qs, "select "+name+" "+quote(s)+"::text")
				continue
			}
			qs = append(qs, "select ("+strings.Replace(fields, "interval", "interval "+quote(s), 1)+")::text")
		}
		for i, q := range qs {
			if strings.Contains(name, "interval(") {
				qs[i] = "select (" + name + " " + quote(dtCorpus["interval"][i]) + ")::text"
			}
			_ = q
		}
		want := pgTryAll(t, c, qs)
		for i, s := range dtCorpus["interval"] {
			var got string
			if d, err := parseDateTime(Interval, mod, s, env); err != nil {
				got = errText(err)
			} else {
				got = string(appendDateTime(nil, Interval, d, env))
			}
			if got != want[i] {
				t.Errorf("%s %q gives %s, want %s", name, s, got, want[i])
			}
		}
	}
}

// Offsets of many instants and local times in many zones.
func TestZonesAgainstPostgres(t *testing.T) {
	c := pgConn(t)
	r := newRand(t)
	names := ZoneNames()
	_, err := c.Exec(context.Background(), "set datestyle = 'ISO, MDY'; set timezone = 'UTC'")
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for n := 0; n < 60; n++ {
		name := names[r.Intn(len(names))]
		if _, ok := zoneAbbrevs[strings.ToLower(name)]; ok {
			continue // AT TIME ZONE would take the abbreviation
		}
		z, err := LookupZone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var qs, got []string
		for k := 0; k < 60; k++ {
			v := (r.Int63n(300*365*24) - 150*365*24) * MicrosPerHour
			if tab := z.table(); k%2 == 0 && len(tab.start) > 1 {
				s := tab.start[1+r.Intn(len(tab.start)-1)]
				v = (s - unixEpochSeconds + int64(r.Intn(3*3600)) - 5400 + int64(tab.off[0])*int64(r.Intn(2))) * MicrosPerSecond
			}
			lit := quote(string(AppendTimestamp(nil, v, DefaultEnv)))
			qs = append(qs, fmt.Sprintf("select (timestamp %s at time zone %s)::text || '|' || (timestamptz %s at time zone %s)", lit, quote(name), lit, quote(name)))
			got = append(got, string(AppendTimestampTZ(nil, z.ToUTC(v), DefaultEnv))+"|"+string(AppendTimestamp(nil, z.ToLocal(v), DefaultEnv)))
		}
		for i, w := range pgTryAll(t, c, qs) {
			w = strings.ReplaceAll(w, "+00|", "+00|")
			if got[i] != w {
				if bad++; bad < 10 {
					t.Errorf("%s gives %s, want %s", qs[i], got[i], w)
				}
			}
		}
	}
}
