package keyspace_test

import (
	"context"
	"fmt"
	"testing"

	"rowkey/keyspace"
)

// Each command of redis-benchmark, one at a time and 16 in a pipeline, on the
// memory engine, without a connection.
func BenchmarkCommands(b *testing.B) {
	value := []byte("xxx")
	for _, bc := range []struct {
		name string
		args func(i int) [][]byte
	}{
		{"get", func(i int) [][]byte { return [][]byte{[]byte("get"), key(i)} }},
		{"set", func(i int) [][]byte { return [][]byte{[]byte("set"), key(i), value} }},
		{"incr", func(i int) [][]byte { return [][]byte{[]byte("incr"), []byte("counter")} }},
		{"lpush", func(i int) [][]byte { return [][]byte{[]byte("lpush"), []byte("list"), value} }},
		{"sadd", func(i int) [][]byte { return [][]byte{[]byte("sadd"), []byte("set"), key(i)} }},
		{"hset", func(i int) [][]byte { return [][]byte{[]byte("hset"), []byte("hash"), key(i), value} }},
		{"zadd", func(i int) [][]byte { return [][]byte{[]byte("zadd"), []byte("zset"), []byte("0"), key(i)} }},
		{"mset", func(i int) [][]byte {
			out := [][]byte{[]byte("mset")}
			for j := range 10 {
				out = append(out, key((i*10+j)*7919), value)
			}
			return out
		}},
	} {
		for _, depth := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/pipeline=%d", bc.name, depth), func(b *testing.B) {
				r := newSpace(b).Keyspace().Runner()
				var reply keyspace.Reply
				reqs := make([]keyspace.Request, 0, depth)
				cmd := keyspace.Find([]byte(bc.name))
				n := 100000 // as many keys, in no order
				if bc.name == "mset" {
					n /= 10
				}
				made := make([][][]byte, n)
				for i := range made {
					made[i] = bc.args(i * 7919)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					reqs = append(reqs, keyspace.Request{Cmd: cmd, Args: made[i%len(made)]})
					if len(reqs) == depth {
						reply.Reset()
						r.Run(context.Background(), reqs, &reply)
						reqs = reqs[:0]
					}
				}
			})
		}
	}
}

func key(i int) []byte { return fmt.Appendf(nil, "key:%012d", i%100000) }
