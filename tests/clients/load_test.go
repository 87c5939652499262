package clients

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/pgtest"
)

var loadRows = flag.Int("load-rows", 50_000, "rows that TestLoad loads in each way")

// loadRow gives row i of the loaded tables, as text.
func loadRow(i int) (id, grp, amount, label, day string) {
	return fmt.Sprint(i), fmt.Sprint(i % 977), fmt.Sprintf("%d.%02d", i%10007, i%100), fmt.Sprintf("label %d, \"%c\"", i%1013, 'a'+i%26),
		time.Date(2000, 1, 1+i%3650, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
}

// TestLoad: rows loaded by multi-row INSERT and by COPY in its three formats
// are all there, and counts, joins and aggregates over them are PostgreSQL's.
func TestLoad(t *testing.T) {
	ctx := context.Background()
	mine, err := pgx.Connect(ctx, serve(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close(ctx)
	ways := []string{"by_insert", "by_text", "by_csv", "by_binary"}
	for _, way := range ways {
		start := time.Now()
		load(t, ctx, mine, way)
		t.Logf("%s: %d rows in %.1f s", way, *loadRows, time.Since(start).Seconds())
	}
	var theirs *pgx.Conn
	if url := os.Getenv(pgtest.EnvURL); url == "" {
		t.Log(pgtest.EnvURL + " is not set: not compared with PostgreSQL")
	} else {
		if theirs, err = pgx.Connect(ctx, url); err != nil {
			t.Fatal(err)
		}
		defer theirs.Close(ctx)
		schema := fmt.Sprintf("rowkey_load_%d", time.Now().UnixNano())
		run(t, ctx, theirs, "CREATE SCHEMA "+schema)
		defer run(t, ctx, theirs, "DROP SCHEMA "+schema+" CASCADE")
		run(t, ctx, theirs, "SET search_path = "+schema)
		load(t, ctx, theirs, "by_text")
	}
	for _, q := range []string{
		`SELECT count(*), count(DISTINCT grp), sum(amount), avg(amount), min(label), max(label), min(day), max(day) FROM $t`,
		`SELECT grp, count(*), sum(amount), max(day) FROM $t GROUP BY grp ORDER BY grp`,
		`SELECT a.grp, count(*), sum(b.amount) FROM $t a JOIN $t b ON b.id = a.id + 1 WHERE a.grp < 20 GROUP BY a.grp ORDER BY 1`,
		`SELECT date_trunc('year', day)::date, count(*), round(avg(amount), 3) FROM $t GROUP BY 1 ORDER BY 1`,
		`SELECT id, amount FROM $t ORDER BY amount DESC, id LIMIT 20`,
		`SELECT count(*) FROM $t a LEFT JOIN $t b ON b.id = a.id * 2 WHERE b.id IS NULL`,
	} {
		var want string
		if theirs != nil {
			want = answer(t, ctx, theirs, strings.ReplaceAll(q, "$t", "by_text"))
		}
		for _, way := range ways {
			got := answer(t, ctx, mine, strings.ReplaceAll(q, "$t", way))
			if want == "" {
				want = got // at least all ways must agree
			}
			if got != want {
				t.Errorf("%s: %s\ngot  %.300s\nwant %.300s", way, q, got, want)
			}
		}
	}
}

func run(t *testing.T, ctx context.Context, c *pgx.Conn, q string) {
	t.Helper()
	if _, err := c.Exec(ctx, q, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%.200s: %v", q, err)
	}
}

// answer gives a query's rows as text.
func answer(t *testing.T, ctx context.Context, c *pgx.Conn, q string) string {
	t.Helper()
	res, err := c.PgConn().Exec(ctx, q).ReadAll()
	if err != nil {
		t.Errorf("%s: %v", q, err)
		return "error"
	}
	var b strings.Builder
	for _, row := range res[0].Rows {
		for _, v := range row {
			b.Write(v)
			b.WriteByte('|')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// load makes a table and loads it in the way it is named for.
func load(t *testing.T, ctx context.Context, c *pgx.Conn, way string) {
	t.Helper()
	run(t, ctx, c, "CREATE TABLE "+way+" (id int PRIMARY KEY, grp int, amount numeric(12, 2), label text, day date)")
	n := *loadRows
	var b bytes.Buffer
	copyIn := func(options string) {
		tag, err := c.PgConn().CopyFrom(ctx, &b, "COPY "+way+" FROM STDIN "+options)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if tag.RowsAffected() != int64(n) {
			t.Fatalf("%s: COPY stored %d of %d rows", way, tag.RowsAffected(), n)
		}
	}
	switch way {
	case "by_insert":
		const chunk = 1000
		for from := 0; from < n; from += chunk {
			b.Reset()
			b.WriteString("INSERT INTO " + way + " VALUES ")
			for i := from; i < min(from+chunk, n); i++ {
				if i > from {
					b.WriteByte(',')
				}
				id, grp, amount, label, day := loadRow(i)
				fmt.Fprintf(&b, "(%s, %s, %s, '%s', '%s')", id, grp, amount, label, day)
			}
			run(t, ctx, c, b.String())
		}
	case "by_text":
		for i := range n {
			id, grp, amount, label, day := loadRow(i)
			fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\n", id, grp, amount, label, day)
		}
		copyIn("")
	case "by_csv":
		b.WriteString("id,grp,amount,label,day\n")
		for i := range n {
			id, grp, amount, label, day := loadRow(i)
			fmt.Fprintf(&b, "%s,%s,%s,\"%s\",%s\n", id, grp, amount, strings.ReplaceAll(label, `"`, `""`), day)
		}
		copyIn("(FORMAT csv, HEADER)")
	case "by_binary":
		tag, err := c.CopyFrom(ctx, pgx.Identifier{way}, []string{"id", "grp", "amount", "label", "day"}, pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			_, _, amount, label, day := loadRow(i)
			d, err := time.Parse("2006-01-02", day)
			return []any{int32(i), int32(i % 977), amount, label, d}, err
		}))
		if err != nil || tag != int64(n) {
			t.Fatalf("%s: stored %d of %d rows: %v", way, tag, n, err)
		}
	}
}
