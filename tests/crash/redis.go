package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"rowkey"
	"rowkey/tests/resp"
)

// Clients of the Redis protocol. Step n of one changes its own keys, by n:
//
//	0  SET r<w>:s n        3  ZADD r<w>:z n n
//	1  INCR r<w>:i         4  all of it, in MULTI
//	2  LPUSH r<w>:l n
//
// so that what is there tells how many steps there were, and whether they are a prefix.

const redisClients = 2

// pipelined is the most steps sent before the first reply is read. Where operations fail
// it is one: what comes behind a step that failed may succeed.
const pipelined = 6

// steps gives what keys hold after n steps: the string, the counter, and how many
// elements the list and the sorted set have, whose elements are numbers of steps.
func steps(n int64) (str string, counter int64, list, set []string) {
	for i := int64(1); i <= n; i++ {
		kind := i % 5
		if kind == 0 || kind == 4 {
			str = fmt.Sprint(i)
		}
		if kind == 1 || kind == 4 {
			counter++
		}
		if kind == 2 || kind == 4 {
			list = append(list, fmt.Sprint(i))
		}
		if kind == 3 || kind == 4 {
			set = append(set, fmt.Sprint(i))
		}
	}
	slices.Reverse(list) // LPUSH
	return str, counter, list, set
}

// step gives the commands of step n of client w.
func step(w int, n int64) [][]string {
	key, num := fmt.Sprintf("r%d:", w), fmt.Sprint(n)
	all := [][]string{{"SET", key + "s", num}, {"INCR", key + "i"}, {"LPUSH", key + "l", num}, {"ZADD", key + "z", num, num}}
	if n%5 < 4 {
		return all[n%5 : n%5+1]
	}
	return append(append([][]string{{"MULTI"}}, all...), []string{"EXEC"})
}

// redis runs client w.
func redis(ctx context.Context, addr string, l *ledger, w int, rng *rand.Rand, most int) error {
	c, err := resp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	for range most {
		first, ahead := l.steps[w].Load()+1, int64(1)
		if !l.failing && rng.IntN(3) == 0 {
			ahead += rng.Int64N(pipelined)
		}
		var out []byte
		for n := first; n < first+ahead; n++ {
			for _, cmd := range step(w, n) {
				out = resp.Append(out, cmd...)
			}
		}
		l.stepsBegun[w].Store(first + ahead - 1)
		if _, err := c.Conn.Write(out); err != nil {
			return gone(ctx, err)
		}
		for n := first; n < first+ahead; n++ {
			for range step(w, n) {
				v, err := c.Read()
				if err != nil {
					return gone(ctx, err)
				}
				for _, r := range append(v.Items, v) { // EXEC gives many
					if r.Kind == '-' {
						return refused(r.Text)
					}
				}
			}
			l.told(fmt.Sprint("r", w), &l.steps[w], n)
		}
	}
	return nil
}

// gone tells of a connection that broke: the server does not break it.
func gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("redis: %w", err)
}

// refused tells whether an error reply is what clients of a failing store get.
func refused(reply string) error {
	for _, s := range []string{"MISCONF", "input/output error", "space left", "no more writes", "no power", "outcome of the commit", "is closed", "shutting down"} {
		if strings.Contains(reply, s) {
			return nil
		}
	}
	return errors.New("redis: " + reply)
}

// serveRedis listens for clients of the Redis protocol until stop is called.
func serveRedis(db *rowkey.DB) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := db.Redis()
	ended := make(chan struct{})
	go func() { s.Serve(ctx, l); close(ended) }()
	return l.Addr().String(), func() {
		cancel()
		<-ended
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Shutdown(end)
	}, nil
}

// redis compares what is there with what clients of the Redis protocol were told.
func (v *verifier) redis() {
	addr, stop, err := serveRedis(v.db)
	if err != nil {
		v.wrong("redis: %w", err)
		return
	}
	defer stop()
	c, err := resp.Dial(addr)
	if err != nil {
		v.wrong("redis: %w", err)
		return
	}
	defer c.Close()
	do := func(args ...string) resp.Value {
		r, err := c.Do(args...)
		if err != nil || r.Kind == '-' {
			v.wrong("redis: %q: %s, %v", args, r, err)
		}
		return r
	}
	texts := func(r resp.Value) (out []string) {
		for _, item := range r.Items {
			out = append(out, item.Text)
		}
		return out
	}
	for w := range redisClients {
		key := fmt.Sprintf("r%d:", w)
		str, counter := do("GET", key+"s").Text, int64(0)
		if r := do("GET", key+"i"); r.Kind == '$' {
			counter, _ = strconv.ParseInt(r.Text, 10, 64)
		}
		list, set := texts(do("LRANGE", key+"l", "0", "-1")), texts(do("ZRANGE", key+"z", "0", "-1"))
		acked, begun := v.l.steps[w].Load(), v.l.stepsBegun[w].Load()
		found, about := int64(-1), counter/2*5 // of five steps, two increment
		for n := max(acked, about-5); n <= min(begun, about+10) && found < 0; n++ {
			s, i, l, z := steps(n)
			if s == str && i == counter && slices.Equal(l, list) && slices.Equal(z, set) {
				found = n
			}
		}
		if found < 0 {
			v.wrong("redis client %d: %d steps were acknowledged, %d begun; there are %q, %d, %d and %d elements", w, acked, begun, str, counter, len(list), len(set))
			continue
		}
		v.l.steps[w].Store(found)
		v.l.stepsBegun[w].Store(found)
	}
}
