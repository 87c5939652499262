package keyspace_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/session"
)

// The bytes that commands write are those of the ordinary row encoding: what SQL
// writes to one key space and commands to another differs in nothing but the numbers
// of the tables (and the revisions of the directory).
func TestEncoding(t *testing.T) {
	ctx := context.Background()
	db := newSpace(t)
	if _, err := db.Keyspace().Space(ctx, 1); err != nil {
		t.Fatal(err)
	}
	s, err := db.NewSession(ctx, session.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := newClient(db)
	c.db = 1
	run := func(args ...string) {
		raw := make([][]byte, len(args))
		for i, a := range args {
			raw[i] = []byte(a)
		}
		if out := c.raw(raw); out[0] == '-' {
			t.Fatalf("%.40q: %s", args, out)
		}
	}
	hex := func(s string) string { return fmt.Sprintf(`'\x%x'`, s) }
	var sql strings.Builder
	for i, v := range []string{"", "v", "\x00\xff\x00", strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat("z", 70000)} {
		k := fmt.Sprintf("%d\x00\xff%s", i, v[:min(len(v), 200)])
		fmt.Fprintf(&sql, "INSERT INTO kv.strings VALUES (%s, %s, NULL), (%s, %s, '2100-01-02 03:04:05.678+00');", hex("s"+k), hex(v), hex("e"+k), hex(v))
		run("SET", "s"+k, v)
		run("SET", "e"+k, v, "PXAT", "4102542245678")
		fmt.Fprintf(&sql, "INSERT INTO kv.hashes VALUES (%s, %s, %s), (%s, 'f', %s);", hex("h"+k), hex(k), hex(v), hex("h"+k), hex(v))
		run("HSET", "h"+k, k, v, "f", v)
		fmt.Fprintf(&sql, "INSERT INTO kv.sets VALUES (%s, %s), (%s, '');", hex("m"+k), hex(k), hex("m"+k))
		run("SADD", "m"+k, k, "")
		fmt.Fprintf(&sql, "INSERT INTO kv.lists VALUES (%s, 0, %s), (%s, 1, 'w'), (%s, -1, 'f');", hex("l"+k), hex(v), hex("l"+k), hex("l"+k))
		run("RPUSH", "l"+k, v, "w")
		run("LPUSH", "l"+k, "f")
		for j, score := range []string{"0", "-0.0", "1.5", "-1e300", "inf", "-inf"} {
			sqlScore := "'" + strings.Replace(score, "inf", "Infinity", 1) + "'"
			fmt.Fprintf(&sql, "INSERT INTO kv.zsets VALUES (%s, %s, %s);", hex("z"+k), hex(fmt.Sprint(j, k)), sqlScore)
			run("ZADD", "z"+k, score, fmt.Sprint(j, k))
		}
	}
	sql.WriteString("UPDATE kv.collections SET expires_at = '2100-01-02 03:04:05.678+00' WHERE substr(key, 1, 1) = 'l'")
	for i, v := range []string{"", "v", "\x00\xff\x00", strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat("z", 70000)} {
		run("PEXPIREAT", fmt.Sprintf("l%d\x00\xff%s", i, v[:min(len(v), 200)]), "4102542245678")
	}
	if err := s.Simple(ctx, sql.String(), session.Discard); err != nil {
		t.Fatal(err)
	}
	snap := db.Store().Snapshot()
	defer snap.Close()
	cat := db.Catalog().Latest()
	pairs := func(space int, table string) (out [][2][]byte) {
		tab := cat.Table(cat.Relation(cat.SchemaByName(keyspace.SchemaName(space)), table))
		prefix := keyenc.AppendTablePrefix(nil, tab.Storage)
		it := snap.Scan(kv.PrefixRange(bytes.Clone(prefix)), kv.ScanOptions{})
		defer it.Close()
		for {
			var b kv.PairBatch
			n, err := it.Next(&b)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				return out
			}
			for i, k := range b.Keys {
				v := b.Values[i]
				if table == "collections" && len(v) > 8 {
					v = v[:len(v)-8] // the revision
				}
				out = append(out, [2][]byte{k[len(prefix):], v})
			}
		}
	}
	for _, table := range keyspace.TableNames {
		bySQL, byCommands := pairs(0, table), pairs(1, table)
		if len(bySQL) != len(byCommands) || len(bySQL) == 0 {
			t.Errorf("%s: SQL wrote %d pairs, commands %d", table, len(bySQL), len(byCommands))
			continue
		}
		for i := range bySQL {
			if !bytes.Equal(bySQL[i][0], byCommands[i][0]) || !bytes.Equal(bySQL[i][1], byCommands[i][1]) {
				t.Errorf("%s: SQL wrote\n%x\n%.200x, commands\n%x\n%.200x", table, bySQL[i][0], bySQL[i][1], byCommands[i][0], byCommands[i][1])
				break
			}
		}
	}
}
