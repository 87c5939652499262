package session

import (
	"context"
	"strings"
	"testing"

	"rowkey/keyspace"
	"rowkey/kv/memory"
	"rowkey/types"
)

func TestKeyspaceSmoke(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memory.New(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.NewSession(ctx, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_ = keyspace.None
	run := func(q string) {
		t.Helper()
		w := &textWriter{}
		err := s.Simple(ctx, q, w)
		t.Logf("%s\n%s%v", q, w.b.String(), err)
	}
	run(`INSERT INTO kv.strings VALUES ('user:1', '{"name":"Ann","tags":["x"]}')`)
	run(`SELECT kv.command('GET', 'user:1')`)
	run(`SELECT value->>'name', value#>>'{tags,0}', value->'tags', kv.text(key), kv.json(value) FROM kv.strings WHERE key = 'user:1'`)
	run(`SELECT kv.command('ZADD', 'board', 10, 'ann', 2.5, 'bob')`)
	run(`SELECT kv.command('HSET', 'h', 'f', 'v', 'g', 'w')`)
	run(`SELECT kv.command('HGETALL', 'h')`)
	run(`SELECT kv.command('RPUSH', 'l', 'a', 'b')`)
	run(`SELECT key, type, size FROM kv.keys ORDER BY key`)
	run(`SELECT kv.text(key) k, * FROM kv.zsets ORDER BY score`)
	run(`INSERT INTO kv.hashes VALUES ('h', 'new', 'x'), ('h2', 'a', 'b'), ('h2', 'c', 'd')`)
	run(`INSERT INTO kv.hashes VALUES ('user:1', 'new', 'x')`)
	run(`INSERT INTO kv.sets VALUES ('h', 'new')`)
	run(`INSERT INTO kv.strings VALUES ('h', 'new')`)
	run(`SELECT * FROM kv.collections ORDER BY key`)
	run(`DELETE FROM kv.hashes WHERE key = 'h2'`)
	run(`INSERT INTO kv.lists VALUES ('l', 10, 'z')`)
	run(`SELECT kv.command('LRANGE', 'l', 0, -1)`)
	run(`UPDATE kv.lists SET position = position + 100 WHERE key = 'l'`)
	run(`SELECT * FROM kv.collections ORDER BY key`)
	run(`UPDATE kv.collections SET expires_at = now() - interval '1 s' WHERE key = 'h'`)
	run(`SELECT * FROM kv.collections ORDER BY key`)
	run(`SELECT * FROM kv.hashes`)
	run(`INSERT INTO kv.sets VALUES ('h', 'now-a-set')`)
	run(`SELECT * FROM kv.sets`)
	run(`SELECT * FROM kv.hashes`)
	run(`UPDATE kv.collections SET size = 3`)
	run(`DELETE FROM kv.collections WHERE key = 'l'`)
	run(`SELECT count(*) FROM kv.lists`)
	run(`EXPLAIN (KV) SELECT * FROM kv.strings WHERE key = 'user:100'`)
	run(`EXPLAIN (KV) SELECT * FROM kv.strings WHERE key LIKE 'user:%'`)
	run(`EXPLAIN (KV) SELECT * FROM kv.strings WHERE key >= 'user:' and key < 'user;'`)
	run(`EXPLAIN (KV) SELECT * FROM kv.keys WHERE key = 'board'`)
	run(`EXPLAIN (KV) SELECT member FROM kv.zsets WHERE key = 'board' ORDER BY score DESC LIMIT 10`)
	run(`INSERT INTO kv.zsets SELECT 'big', i::text::bytea, i FROM generate_series(1, 20000) i`)
	run(`EXPLAIN (KV) SELECT member FROM kv.zsets WHERE key = 'big' ORDER BY score LIMIT 10`)
	run(`EXPLAIN (KV) SELECT member FROM kv.zsets WHERE key = 'big' ORDER BY score DESC LIMIT 10`)
	run(`EXPLAIN (KV) SELECT member FROM kv.zsets WHERE key = 'big' AND score > 100 ORDER BY score LIMIT 10`)
	run(`SELECT kv.command('ZRANGE', 'big', 0, 3, 'WITHSCORES'), kv.command('ZCARD', 'big')`)
	run(`DROP TABLE kv.strings`)
	run(`CREATE TABLE kv.foo (a int)`)
	run(`ALTER TABLE kv.strings ADD COLUMN x int`)
	run(`CREATE INDEX ON kv.strings ((value->>'name'))`)
	run(`DROP SCHEMA kv CASCADE`)
	run(`TRUNCATE kv.zsets; SELECT count(*) FROM kv.zsets; SELECT count(*) FROM kv.collections WHERE type = 'zset'`)
	run(`CREATE TABLE r (k bytea REFERENCES kv.strings)`)
	run(`INSERT INTO kv.strings VALUES ('user:1', 'x') ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING value`)
	run(`SELECT kv.command('INCR', 'user:1')`)
	run(`SELECT kv.command('GET', 'board')`)
	run(`SELECT kv.command('FOO')`)
	run(`BEGIN; SELECT kv.command('SET', 'tx', 1); SELECT kv.text(value) FROM kv.strings WHERE key = 'tx'; UPDATE kv.strings SET value = '7' WHERE key = 'tx'; SELECT kv.command('INCR', 'tx'); ROLLBACK`)
	run(`SELECT kv.command('GET', 'tx')`)
}

// textWriter collects results as lines.
type textWriter struct{ b strings.Builder }

func (w *textWriter) Columns([]Column) error { return nil }
func (w *textWriter) Rows(b *types.Batch, cols []Column) error {
	env := &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}
	each := func(i int) {
		for k, c := range cols {
			if k > 0 {
				w.b.WriteByte('|')
			}
			if v := b.Cols[k]; !v.IsNull(i) {
				w.b.WriteString(types.TextOf(c.Type, v.Datum(i), env))
			}
		}
		w.b.WriteByte('\n')
	}
	if b.Sel != nil {
		for _, i := range b.Sel {
			each(int(i))
		}
	} else {
		for i := range b.N {
			each(i)
		}
	}
	return nil
}
func (w *textWriter) Complete(tag string) error { w.b.WriteString(tag + "\n"); return nil }
func (w *textWriter) Empty() error              { return nil }
func (w *textWriter) Suspended() error          { return nil }
func (w *textWriter) CopyIn(bool, int) (CopyReader, error) {
	return nil, nil
}
func (w *textWriter) CopyOut(bool, int) error { return nil }
func (w *textWriter) CopyData(p []byte) error { w.b.Write(p); return nil }
func (w *textWriter) CopyDone() error         { return nil }
