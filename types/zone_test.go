package types

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What SET TIME ZONE takes, and the views of zones, as PostgreSQL has them.
func TestZoneSettingsAgainstPostgres(t *testing.T) {
	c := pgConn(t)
	ctx := context.Background()
	for _, v := range []string{"UTC", "utc", "GMT", "europe/berlin", "EUROPE/BERLIN", "3", "-3", "+3", "3.5", "-3.75", "0", "EST5EDT", "PST8PDT,M3.2.0,M11.1.0", "FOO+3", "<+05>-5", "<x>3",
		"foo", "foo/bar", "", "interval '5:30'", "INTERVAL '-2:00'", "1e1", "abc3def", "AAA-2:30:15", "GMT0", "gmt+5", "Etc/GMT+5", "EST", "12:30", "-08:30", "+08:00", "Europe/Berlin ", "LMT-1LMT,J60,J300", "AB3", "A3B", "interval '1 day'", "interval '1 mon'", "1000", "-168", "167", "interval '200:00'", " 3", "NaN"} {
		var shown string
		_, err := c.Exec(ctx, "set timezone = "+quote(v))
		if err == nil {
			err = c.QueryRow(ctx, "select current_setting('timezone') || ' ' || extract(epoch from timestamptz '2020-07-01 12:00')::bigint || ' ' || extract(epoch from timestamptz '2020-01-01 12:00')::bigint", pgx.QueryExecModeSimpleProtocol).Scan(&shown)
		}
		z, ours := ParseZoneSetting(v)
		if (err == nil) != (ours == nil) {
			t.Errorf("zone %q: %v here, %v there", v, ours, err)
			continue
		}
		if err != nil {
			if pe := (*pgconn.PgError)(nil); errors.As(err, &pe) && pe.Code+" "+pe.Message != errText(ours) {
				t.Errorf("zone %q: %v here, %v there", v, ours, err)
			}
			continue
		}
		unix := func(local string) int64 {
			l, err := parseTimestamp(local, false, DefaultEnv)
			if err != nil {
				t.Fatal(err)
			}
			return floorDiv64(z.ToUTC(l), MicrosPerSecond) + unixEpochSeconds
		}
		if got := fmt.Sprintf("%s %d %d", z.Name, unix("2020-07-01 12:00"), unix("2020-01-01 12:00")); got != shown {
			t.Errorf("zone %q is %s, want %s", v, got, shown)
		}
	}
	if _, err := c.Exec(ctx, "set timezone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	var now int64
	if err := c.QueryRow(ctx, "select (extract(epoch from now()) * 1000000)::bigint").Scan(&now); err != nil {
		t.Fatal(err)
	}
	now -= unixEpochSeconds * MicrosPerSecond
	rows, err := c.Query(ctx, "select abbrev, extract(epoch from utc_offset)::int, is_dst from pg_timezone_abbrevs order by abbrev collate \"C\"")
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	list := ZoneAbbrevs(now)
	for rows.Next() {
		var a ZoneAbbrev
		if err := rows.Scan(&a.Abbrev, &a.Offset, &a.DST); err != nil {
			t.Fatal(err)
		}
		if i >= len(list) || list[i] != a {
			t.Errorf("abbreviation %v, want %v", list[min(i, len(list)-1)], a)
		}
		i++
	}
	if i != len(list) {
		t.Errorf("%d abbreviations, want %d", len(list), i)
	}
	rows, err = c.Query(ctx, "select name, abbrev, extract(epoch from utc_offset)::int, is_dst from pg_timezone_names where name !~ '^posix' and name <> 'localtime'")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name, abbrev string
		var off int32
		var dst bool
		if err := rows.Scan(&name, &abbrev, &off, &dst); err != nil {
			t.Fatal(err)
		}
		z, err := LookupZone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if o, a, d := z.At(now); o != off || a != abbrev || d != dst {
			t.Errorf("%s: %d %s %v, want %d %s %v", name, o, a, d, off, abbrev, dst)
		}
	}
}
