package keyspace_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"rowkey/keyspace"
)

// Commands that share a transaction reply what they reply one by one: what is looked up ahead
// of all of them is not taken for what those before have left.
func TestPipelineRepliesAsOneByOne(t *testing.T) {
	forms := []string{
		"set K V", "get K", "incr K", "append K V", "setnx K V", "getdel K", "del K K", "exists K K", "mset K V K V", "mget K K",
		"hset K f V f V g V", "hget K f", "hdel K f g f", "hincrby K f 2", "hlen K", "sadd K V V", "srem K V", "sismember K V", "scard K",
		"zadd K 1 V 2 V", "zadd K nx 3 V", "zincrby K 1 V", "zscore K V", "zrem K V V", "lpush K V V", "rpop K", "llen K", "rename K K",
		"setex K 100 V", "persist K", "getex K persist", "type K", "strlen K", "hset K f",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	alone, together := newSpace(t).Keyspace().Runner(), newSpace(t).Keyspace().Runner()
	for range 2000 {
		var reqs []keyspace.Request
		var lines []string
		for range 1 + rng.IntN(20) {
			args := strings.Fields(pick(forms...))
			for i, a := range args {
				switch a {
				case "K":
					args[i] = pick("a", "b", "c")
				case "V":
					args[i] = pick("1", "x", "22")
				}
			}
			line := strings.Join(args, " ")
			lines = append(lines, line)
			w := words(line)
			reqs = append(reqs, keyspace.Request{Cmd: keyspace.Find(w[0]), Args: w})
		}
		var want, got keyspace.Reply
		for i := range reqs {
			alone.Run(context.Background(), reqs[i:i+1], &want)
		}
		together.Run(context.Background(), reqs, &got)
		if string(got.Buf) != string(want.Buf) {
			t.Fatalf("%s\n got %q\nwant %q", strings.Join(lines, "\n"), got.Buf, want.Buf)
		}
	}
}
