package rowkey

import (
	"context"
	"database/sql"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// SQL gives the database as a *sql.DB: pgx's driver speaking the PostgreSQL
// protocol over connections within the process, without a port. Closed with the DB.
func (db *DB) SQL() *sql.DB {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.sql == nil {
		db.sql = stdlib.OpenDB(*db.PgxConfig())
	}
	return db.sql
}

// PgxConfig gives a configuration with which pgx connects within the process.
func (db *DB) PgxConfig() *pgx.ConnConfig {
	cfg, err := pgx.ParseConfig("host=rowkey.inprocess user=postgres sslmode=disable database=" + db.eng.Name())
	if err != nil {
		panic(err) // a constant text
	}
	cfg.LookupFunc = func(ctx context.Context, host string) ([]string, error) { return []string{host}, nil }
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		client, server := newPipe()
		go db.server.ServeConn(context.Background(), server)
		return client, nil
	}
	cfg.ConnectTimeout = 10 * time.Second
	return cfg
}
