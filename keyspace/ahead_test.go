package keyspace_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/session"
)

// Commands that share a transaction reply what they reply one by one, and leave what they
// leave: what is looked up ahead of all of them is not taken for what those before have left,
// nor is a collection that is held.
func TestPipelineRepliesAsOneByOne(t *testing.T) {
	forms := []string{
		"set K V", "get K", "incr K", "append K V", "setnx K V", "getdel K", "del K K", "exists K K", "mset K V K V", "mget K K",
		"hset K f V f V g V", "hget K f", "hdel K f g f", "hincrby K f 2", "hlen K", "sadd K V V", "srem K V", "sismember K V", "scard K",
		"zadd K 1 V 2 V", "zadd K nx 3 V", "zincrby K 1 V", "zscore K V", "zrem K V V", "lpush K V V", "rpop K", "llen K", "rename K K",
		"setex K 100 V", "persist K", "getex K persist", "type K", "strlen K", "hset K f",
		"hsetnx K f V", "hmget K f g", "hexists K f", "hstrlen K g", "hgetall K", "hincrby K g x", "hmset K f V", "hincrbyfloat K f 1.5",
		"smembers K", "smismember K 1 x", "spop K 9", "zcard K", "zmscore K 1 x", "zrange K 0 -1 withscores", "zadd K 1 V nan V", "zadd K xx ch 7 V",
		"zadd K incr inf V", "zadd K incr -inf V", "zpopmin K", "lpushx K V", "rpushx K V", "lpop K 2", "lindex K 0", "lrange K 0 -1", "lset K 0 V",
		"ltrim K 1 1", "lmove K K left right", "copy K K replace", "expire K 1", "expire K 1000", "pexpire K -1", "flushdb", "dbsize", "msetnx K V K V",
		"mset K V K", "hset huge f V",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	dbs := [2]*session.DB{newSpace(t), newSpace(t)}
	var now atomic.Int64 // the sweepers look at it, too
	now.Store(1_700_000_000_000_000)
	for _, db := range dbs {
		db.Keyspace().SetClock(now.Load)
	}
	alone, together := dbs[0].Keyspace().Runner(), dbs[1].Keyspace().Runner()
	for range 2500 {
		now.Add(int64(rng.IntN(400_000)))
		// Often about few keys and of few kinds, so that commands go on with what those before held.
		forms, names := forms, []string{"a", "b", "c"}
		if rng.IntN(3) > 0 {
			names = names[:1+rng.IntN(2)]
			forms = []string{pick(forms...), pick(forms...), pick(forms...), pick(forms...)}
		}
		var reqs []keyspace.Request
		var lines []string
		for range 1 + rng.IntN(20) {
			args := strings.Fields(pick(forms...))
			for i, a := range args {
				switch a {
				case "K":
					args[i] = pick(names...)
				case "V":
					args[i] = pick("1", "x", "22")
				}
			}
			line := strings.Join(args, " ")
			lines = append(lines, line)
			w := words(line)
			if string(w[1%len(w)]) == "huge" {
				w[1] = make([]byte, 66000)
			}
			reqs = append(reqs, keyspace.Request{DB: rng.IntN(8) / 7, Cmd: keyspace.Find(w[0]), Args: w})
		}
		var want, got keyspace.Reply
		for i := range reqs {
			alone.Run(context.Background(), reqs[i:i+1], &want)
		}
		together.Run(context.Background(), reqs, &got)
		if string(got.Buf) != string(want.Buf) {
			t.Fatalf("%s\n got %q\nwant %q", strings.Join(lines, "\n"), got.Buf, want.Buf)
		}
		a, b := rows(t, dbs[0]), rows(t, dbs[1])
		for i := 0; i < 1000 && a != b; i++ { // the sweepers have not come to the same end yet
			for _, db := range dbs {
				if _, err := db.Keyspace().Sweep(context.Background(), 0); err != nil {
					t.Fatal(err)
				}
			}
			a, b = rows(t, dbs[0]), rows(t, dbs[1])
		}
		if a != b {
			t.Fatalf("%s\nleave %d rows, not %d", strings.Join(lines, "\n"), b, a)
		}
		for n := range 2 {
			if what := damage(t, dbs[1], n); what != "" {
				t.Fatalf("%s\nleave damage: %s", strings.Join(lines, "\n"), what)
			}
		}
	}
}

// damage is what Check finds in a key space.
func damage(t *testing.T, db *session.DB, number int) (what string) {
	space, err := db.Keyspace().Space(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	snap := db.Store().Snapshot()
	defer snap.Close()
	if err := keyspace.Check(snap, space, func(d kv.Damage) error { what += d.What + "; "; return nil }); err != nil {
		t.Fatal(err)
	}
	return what
}
