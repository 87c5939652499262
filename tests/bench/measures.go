package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// measure is one thing that is measured. run gives operations a second, or,
// when seconds, how long it took.
type measure struct {
	name    string
	seconds bool
	unit    string
	run     func(ctx context.Context, url string) (float64, error)
}

func (m *measure) format(v float64) string {
	if m.seconds {
		return fmt.Sprintf("%.1f ms", v*1000)
	}
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2fM %s", v/1e6, m.unit)
	case v >= 1e3:
		return fmt.Sprintf("%.1fk %s", v/1e3, m.unit)
	}
	return fmt.Sprintf("%.0f %s", v, m.unit)
}

// bench holds the sizes.
type bench struct {
	rows int
	span time.Duration
	next atomic.Int64 // keys for inserts

	operations int64 // of the round just run
}

// dims is the number of rows of the small table that the large one joins.
func (b *bench) dims() int { return max(b.rows/10, 1) }

func connect(ctx context.Context, url string, mode pgx.QueryExecMode) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.DefaultQueryExecMode = mode
	return pgx.ConnectConfig(ctx, cfg)
}

// setup makes and fills the tables.
func (b *bench) setup(ctx context.Context, url string) error {
	c, err := connect(ctx, url, pgx.QueryExecModeCacheStatement)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	for _, q := range []string{
		`CREATE TABLE big (id int PRIMARY KEY, grp int NOT NULL, dim int NOT NULL, v float8 NOT NULL, name text NOT NULL)`,
		`CREATE TABLE dim (id int PRIMARY KEY, kind int NOT NULL, label text NOT NULL)`,
		`CREATE TABLE ins (id bigint PRIMARY KEY, v int, t text)`,
		`CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))`,
		`CREATE TABLE tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84))`,
		`CREATE TABLE branches (bid int PRIMARY KEY, bbalance int, filler char(88))`,
		`CREATE TABLE history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))`,
	} {
		if _, err := c.Exec(ctx, q, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	copyRows := func(table string, cols []string, n int, row func(i int) []any) error {
		_, err := c.CopyFrom(ctx, pgx.Identifier{table}, cols, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil }))
		return err
	}
	if err := copyRows("big", []string{"id", "grp", "dim", "v", "name"}, b.rows, func(i int) []any {
		return []any{int32(i), int32(r.IntN(1000)), int32(r.IntN(b.dims())), r.Float64() * 1000, fmt.Sprintf("name %d", i)}
	}); err != nil {
		return err
	}
	if err := copyRows("dim", []string{"id", "kind", "label"}, b.dims(), func(i int) []any {
		return []any{int32(i), int32(i % 20), fmt.Sprintf("label %d", i)}
	}); err != nil {
		return err
	}
	scale := 10
	if err := copyRows("accounts", []string{"aid", "bid", "abalance", "filler"}, 10000*scale, func(i int) []any {
		return []any{int32(i + 1), int32(i/10000 + 1), int32(0), ""}
	}); err != nil {
		return err
	}
	if err := copyRows("tellers", []string{"tid", "bid", "tbalance", "filler"}, 10*scale, func(i int) []any {
		return []any{int32(i + 1), int32(i/10 + 1), int32(0), ""}
	}); err != nil {
		return err
	}
	if err := copyRows("branches", []string{"bid", "bbalance", "filler"}, scale, func(i int) []any {
		return []any{int32(i + 1), int32(0), ""}
	}); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, `CREATE INDEX big_grp ON big (grp)`, pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	for _, t := range []string{"big", "dim", "accounts", "tellers", "branches"} {
		if _, err := c.Exec(ctx, "ANALYZE "+t, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// rate runs op on n connections for the span and gives operations a second.
func (b *bench) rate(n int, mode pgx.QueryExecMode, op func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error) func(context.Context, string) (float64, error) {
	return func(ctx context.Context, url string) (float64, error) {
		conns := make([]*pgx.Conn, n)
		for i := range conns {
			c, err := connect(ctx, url, mode)
			if err != nil {
				return 0, err
			}
			defer c.Close(ctx)
			conns[i] = c
			if err := op(ctx, c, rand.New(rand.NewPCG(uint64(i), 99))); err != nil { // warm up: prepares
				return 0, err
			}
		}
		var total atomic.Int64
		var firstErr atomic.Pointer[error]
		var wg sync.WaitGroup
		start := time.Now()
		end := start.Add(b.span)
		for i, c := range conns {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := rand.New(rand.NewPCG(uint64(i), uint64(start.UnixNano())))
				for k := 0; k%16 != 0 || time.Now().Before(end); k++ {
					if err := op(ctx, c, r); err != nil {
						firstErr.CompareAndSwap(nil, &err)
						return
					}
					total.Add(1)
				}
			}()
		}
		wg.Wait()
		if e := firstErr.Load(); e != nil {
			return 0, *e
		}
		b.operations = total.Load()
		return float64(total.Load()) / time.Since(start).Seconds(), nil
	}
}

// timed runs a query to its end and gives the seconds it took.
func (b *bench) timed(query string) func(context.Context, string) (float64, error) {
	return func(ctx context.Context, url string) (float64, error) {
		c, err := connect(ctx, url, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return 0, err
		}
		defer c.Close(ctx)
		start := time.Now()
		rows, err := c.Query(ctx, query)
		if err != nil {
			return 0, err
		}
		for rows.Next() {
		}
		rows.Close()
		return time.Since(start).Seconds(), rows.Err()
	}
}

func (b *bench) measures() []measure {
	const prepared, simple = pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol
	point := func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
		var v float64
		var name string
		return c.QueryRow(ctx, `SELECT v, name FROM big WHERE id = $1`, r.IntN(b.rows)).Scan(&v, &name)
	}
	insert := func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
		_, err := c.Exec(ctx, `INSERT INTO ins VALUES ($1, $2, $3)`, b.next.Add(1), r.IntN(1000), "some text")
		return err
	}
	update := func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
		_, err := c.Exec(ctx, `UPDATE big SET v = v + 1 WHERE id = $1`, r.IntN(b.rows))
		return err
	}
	hot := func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
		_, err := c.Exec(ctx, `UPDATE branches SET bbalance = bbalance + 1 WHERE bid = 1`)
		return err
	}
	tpcb := func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
		aid, tid, bid, delta := r.IntN(100000)+1, r.IntN(100)+1, r.IntN(10)+1, r.IntN(10000)-5000
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, `UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2`, delta, aid); err != nil {
			return err
		}
		var bal int
		if err := tx.QueryRow(ctx, `SELECT abalance FROM accounts WHERE aid = $1`, aid).Scan(&bal); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE tellers SET tbalance = tbalance + $1 WHERE tid = $2`, delta, tid); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE branches SET bbalance = bbalance + $1 WHERE bid = $2`, delta, bid); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)`, tid, bid, aid, delta); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	indexRange := func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
		rows, err := c.Query(ctx, `SELECT id, v, name FROM big WHERE grp = $1`, r.IntN(1000))
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		rows.Close()
		return rows.Err()
	}
	return []measure{
		{"point select, prepared, 1 client", false, "/s", b.rate(1, prepared, point)},
		{"point select, prepared, 16 clients", false, "/s", b.rate(16, prepared, point)},
		{"point select, simple protocol, 16 clients", false, "/s", b.rate(16, simple, point)},
		{"insert one row, durable, 1 client", false, "/s", b.rate(1, prepared, insert)},
		{"insert one row, durable, 16 clients", false, "/s", b.rate(16, prepared, insert)},
		{"update by key, durable, 1 client", false, "/s", b.rate(1, prepared, update)},
		{"update by key, durable, 16 clients", false, "/s", b.rate(16, prepared, update)},
		{"TPC-B-like, 1 client of pgx", false, "/s", b.rate(1, prepared, tpcb)},
		{"TPC-B-like, 1 client", false, "/s", b.clients(1, tpcbScript, tpcb)},
		{"TPC-B-like, 4 clients", false, "/s", b.clients(4, tpcbScript, tpcb)},
		{"TPC-B-like, 16 clients", false, "/s", b.clients(16, tpcbScript, tpcb)},
		{"TPC-B-like, 64 clients", false, "/s", b.clients(64, tpcbScript, tpcb)},
		{"hot row update, 1 client", false, "/s", b.clients(1, hotScript, hot)},
		{"hot row update, 4 clients", false, "/s", b.clients(4, hotScript, hot)},
		{"hot row update, 16 clients", false, "/s", b.clients(16, hotScript, hot)},
		{"hot row update, 64 clients", false, "/s", b.clients(64, hotScript, hot)},
		{"COPY FROM STDIN", false, "rows/s", b.copyIn},
		{"full scan, count and sum", true, "", b.timed(`SELECT count(*), sum(v) FROM big`)},
		{"group by 1,000 groups", true, "", b.timed(`SELECT grp, count(*), sum(v) FROM big GROUP BY grp`)},
		{"hash join with a tenth as many rows", true, "", b.timed(`SELECT d.kind, count(*), sum(b.v) FROM big b JOIN dim d ON b.dim = d.id GROUP BY d.kind`)},
		{"top 10 by a column", true, "", b.timed(`SELECT * FROM big ORDER BY v DESC LIMIT 10`)},
		{"index range of a 1,000th, 16 clients", false, "/s", b.rate(16, prepared, indexRange)},
		{"stream all rows to the client", true, "", b.timed(`SELECT * FROM big`)},
	}
}

// copyIn loads a fresh table and gives rows a second.
func (b *bench) copyIn(ctx context.Context, url string) (float64, error) {
	c, err := connect(ctx, url, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return 0, err
	}
	defer c.Close(ctx)
	for _, q := range []string{`DROP TABLE IF EXISTS copied`, `CREATE TABLE copied (id int PRIMARY KEY, grp int, v float8, name text)`} {
		if _, err := c.Exec(ctx, q); err != nil {
			return 0, err
		}
	}
	text := newCopyText(b.rows)
	start := time.Now()
	tag, err := c.PgConn().CopyFrom(ctx, text, `COPY copied FROM STDIN`)
	if err != nil {
		return 0, err
	}
	if tag.RowsAffected() != int64(b.rows) {
		return 0, fmt.Errorf("COPY stored %d of %d rows", tag.RowsAffected(), b.rows)
	}
	b.operations = int64(b.rows)
	return float64(b.rows) / time.Since(start).Seconds(), nil
}
