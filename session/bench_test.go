package session_test

import (
	"context"
	"encoding/binary"
	"testing"

	"rowkey/kv/memory"
	"rowkey/session"
)

// BenchmarkStatement is what a prepared statement costs between the protocol and the
// store, as a driver runs it: Bind, Execute, Sync.
func BenchmarkStatement(b *testing.B) {
	ctx := context.Background()
	db, err := session.Open(ctx, memory.New(), session.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	s, err := db.NewSession(ctx, session.SessionOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Simple(ctx, `CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
		INSERT INTO accounts SELECT g, 1, 0, '' FROM generate_series(1, 10000) g;
		CREATE TABLE history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
		CREATE TABLE ins (id bigint PRIMARY KEY, v int, t text)`, session.Discard); err != nil {
		b.Fatal(err)
	}
	next := 0
	key := func() []byte { next++; return binary.BigEndian.AppendUint32(nil, uint32(1+next*7919%10000)) }
	seven := binary.BigEndian.AppendUint32(nil, 7)
	for _, c := range []struct {
		name, text string
		params     func() [][]byte
	}{
		{"select", `SELECT abalance FROM accounts WHERE aid = $1`, func() [][]byte { return [][]byte{key()} }},
		{"update", `UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2`, func() [][]byte { return [][]byte{seven, key()} }},
		{"insert", `INSERT INTO ins VALUES ($1, $2, $3)`, func() [][]byte {
			next++
			return [][]byte{binary.BigEndian.AppendUint64(nil, uint64(next)), seven, []byte("some text")}
		}},
		{"insert without key", `INSERT INTO history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)`, func() [][]byte {
			return [][]byte{seven, seven, seven, seven}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			if _, err := s.Prepare(ctx, c.name, c.text, nil); err != nil {
				b.Fatal(err)
			}
			defer s.CloseStatement(c.name)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Bind(ctx, "", c.name, c.params(), []int16{1}, nil); err != nil {
					b.Fatal(err)
				}
				if err := s.Execute(ctx, "", 0, session.Discard); err != nil {
					b.Fatal(err)
				}
				if err := s.Sync(ctx, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, p := range []struct{ name, text string }{
		{"begin", "begin"}, {"commit", "commit"},
		{"balance", `SELECT abalance FROM accounts WHERE aid = $1`},
		{"account", `UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2`},
		{"branch", `UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2 AND bid = 1`},
		{"history", `INSERT INTO history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)`},
	} {
		if _, err := s.Prepare(ctx, p.name, p.text, nil); err != nil {
			b.Fatal(err)
		}
	}
	// A transaction like TPC-B's, as drivers send it: seven times Bind, Execute, Sync.
	b.Run("tpcb", func(b *testing.B) {
		run := func(name string, params ...[]byte) {
			if _, err := s.Bind(ctx, "", name, params, []int16{1}, nil); err != nil {
				b.Fatal(err)
			}
			if err := s.Execute(ctx, "", 0, session.Discard); err != nil {
				b.Fatal(err)
			}
			if err := s.Sync(ctx, false); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			aid := key()
			run("begin")
			run("account", seven, aid)
			run("balance", aid)
			run("account", seven, seven)
			run("branch", seven, key())
			run("history", seven, seven, aid, seven)
			run("commit")
		}
	})
	b.Run("block", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, q := range []string{"begin", "commit"} {
				if err := s.Simple(ctx, q, session.Discard); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
