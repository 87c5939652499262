package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/kv/memory"
)

// SQL and commands write the same keys in any order, within transactions that
// commit and that do not; whatever happens, a key has one type, no collection is
// empty, and the directory and the indexes fit the rows.
func TestKeyspaceProperty(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
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
	runner := db.Keyspace().Runner()
	var reply keyspace.Reply
	var log []string
	key := func() string { return fmt.Sprintf("k%d", rnd.IntN(6)) }
	elem := func() string { return fmt.Sprintf("e%d", rnd.IntN(5)) }
	num := func() string { return strconv.Itoa(rnd.IntN(10) - 3) }
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	command := func() []string {
		switch rnd.IntN(16) {
		case 0:
			return []string{"SET", key(), elem()}
		case 1:
			return []string{"SET", key(), elem(), "PX", pick("1", "100000")}
		case 2:
			return []string{"HSET", key(), elem(), elem(), elem(), elem()}
		case 3:
			return []string{"HDEL", key(), elem(), elem()}
		case 4:
			return []string{pick("LPUSH", "RPUSH"), key(), elem(), elem()}
		case 5:
			return []string{pick("LPOP", "RPOP"), key(), pick("1", "2")}
		case 6:
			return []string{"SADD", key(), elem(), elem()}
		case 7:
			return []string{pick("SREM", "ZREM"), key(), elem(), elem()}
		case 8, 9:
			return []string{"ZADD", key(), num(), elem(), num(), elem()}
		case 10:
			return []string{"DEL", key()}
		case 11:
			return []string{"PEXPIRE", key(), pick("1", "100000")}
		case 12:
			return []string{"RENAME", key(), key()}
		case 13:
			return []string{"COPY", key(), key(), "REPLACE"}
		case 14:
			return []string{"LREM", key(), "0", elem()}
		}
		return []string{pick("PERSIST", "GETDEL", "SPOP", "ZPOPMIN"), key()}
	}
	do := func(args []string) {
		raw := make([][]byte, len(args))
		for i, a := range args {
			raw[i] = []byte(a)
		}
		cmd := keyspace.Find(raw[0])
		reply.Reset()
		runner.Run(ctx, []keyspace.Request{{Cmd: cmd, Args: raw}}, &reply)
		log = append(log, fmt.Sprintf("%v → %.60q", args, reply.Buf))
	}
	sql := func(q string) {
		err := s.Simple(ctx, q, Discard)
		log = append(log, fmt.Sprintf("%s → %v", q, err))
	}
	inserts := func() string {
		k, e, n := key(), elem(), num()
		what := pick("strings", "hashes", "lists", "sets", "zsets")
		conflict := pick("", " ON CONFLICT DO NOTHING")
		switch what {
		case "strings":
			return fmt.Sprintf("INSERT INTO kv.strings VALUES ('%s', '%s', %s)%s", k, e, pick("NULL", "now() + interval '1 ms'", "now() + interval '1 h'"), pick("", " ON CONFLICT (key) DO UPDATE SET value = excluded.value"))
		case "hashes":
			return fmt.Sprintf("INSERT INTO kv.hashes VALUES ('%s', '%s', 'x'), ('%s', '%s', 'y')%s", k, e, key(), elem(), pick(conflict, " ON CONFLICT (key, field) DO UPDATE SET value = 'z'"))
		case "lists":
			return fmt.Sprintf("INSERT INTO kv.lists VALUES ('%s', %s, 'x'), ('%s', %s, 'y')%s", k, n, k, num(), conflict)
		case "sets":
			return fmt.Sprintf("INSERT INTO kv.sets SELECT '%s', ('e' || i)::bytea FROM generate_series(0, %d) i%s", k, rnd.IntN(4), conflict)
		}
		return fmt.Sprintf("INSERT INTO kv.zsets VALUES ('%s', '%s', %s)%s", k, e, n, pick(conflict, " ON CONFLICT (key, member) DO UPDATE SET score = kv.zsets.score + 1"))
	}
	statement := func() string {
		k := key()
		switch rnd.IntN(14) {
		case 0, 1, 2, 3, 4:
			return inserts()
		case 5:
			return fmt.Sprintf("DELETE FROM kv.%s WHERE key = '%s'", pick("strings", "hashes", "lists", "sets", "zsets", "collections"), k)
		case 6:
			return fmt.Sprintf("DELETE FROM kv.hashes WHERE field = '%s'", elem())
		case 7:
			return fmt.Sprintf("DELETE FROM kv.lists WHERE position = %s", num())
		case 8:
			return fmt.Sprintf("UPDATE kv.%s SET key = '%s' WHERE key = '%s'", pick("strings", "hashes", "lists", "sets", "zsets"), k, key())
		case 9:
			return fmt.Sprintf("UPDATE kv.zsets SET score = score * 2 WHERE member = '%s'", elem())
		case 10:
			return fmt.Sprintf("UPDATE kv.lists SET position = position %s", pick("+ 100", "- 100", "* 3"))
		case 11:
			return fmt.Sprintf("UPDATE kv.%s SET expires_at = %s WHERE key = '%s'", pick("strings", "collections"), pick("NULL", "now() + interval '1 ms'", "now() - interval '1 s'", "now() + interval '1 h'"), k)
		case 12:
			return "TRUNCATE kv." + pick("strings", "hashes", "lists", "sets", "zsets")
		}
		q := "SELECT kv.command("
		for i, a := range command() {
			if i > 0 {
				q += ", "
			}
			q += "'" + a + "'"
		}
		return q + ")"
	}
	space, err := db.Keyspace().Space(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	steps := 3000
	if testing.Short() {
		steps = 500
	}
	for step := range steps {
		switch rnd.IntN(5) {
		case 0, 1:
			do(command())
		case 2, 3:
			sql(statement())
		case 4:
			sql("BEGIN" + pick("", " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE"))
			for range rnd.IntN(4) {
				if rnd.IntN(3) == 0 {
					sql("SAVEPOINT a")
					sql(statement())
					sql("ROLLBACK TO a")
				}
				sql(statement())
			}
			sql(pick("COMMIT", "COMMIT", "ROLLBACK"))
		}
		snap := db.Store().Snapshot()
		err := keyspace.Check(snap, space, func(d kv.Damage) error { return errors.New(d.String()) })
		snap.Close()
		if err != nil {
			for _, l := range log[max(0, len(log)-25):] {
				t.Log(l)
			}
			t.Fatalf("after step %d: %v", step, err)
		}
	}
}
