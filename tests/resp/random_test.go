package resp

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	seed  = flag.Uint64("seed", 0, "of the random commands; 0: of the clock, or ROWKEY_SEED")
	count = flag.Int("commands", 6000, "random commands to compare")
)

// startRedis starts a redis-server 7 to compare with.
func startRedis(t testing.TB, args ...string) string {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed (Debian's package redis-server): nothing to compare with")
	}
	if out, _ := exec.Command(bin, "--version").Output(); !strings.Contains(string(out), "v=7.") {
		t.Skipf("redis-server is not version 7: %s", out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	c := exec.Command(bin, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)...)
	c.Env = append(os.Environ(), "LC_ALL=C") // SORT ALPHA compares as the locale says
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for range 200 {
		if c, err := Dial(addr); err == nil {
			c.Close()
			return addr
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return ""
}

// Random commands have the same replies as redis-server's, in RESP2 and RESP3,
// one by one and in pipelines, outside of MULTI and in it. Where Redis promises
// no order, none is compared; where it chooses at random, only the shape is.
func TestRandomCommands(t *testing.T) {
	redis := startRedis(t)
	ours, _ := serve(t)
	s := *seed
	if s == 0 {
		s, _ = strconv.ParseUint(os.Getenv("ROWKEY_SEED"), 10, 64)
	}
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (go test ./tests/resp -run TestRandomCommands -seed %d)", s, s)
	for _, protocol := range []string{"2", "3"} {
		g := &generator{rng: rand.New(rand.NewPCG(s, 1))}
		a, b := dial(t, redis), dial(t, ours)
		for _, c := range []*Client{a, b} {
			if _, err := c.Do("HELLO", protocol); err != nil {
				t.Fatal(err)
			}
			c.want(t, "+OK", "FLUSHALL")
		}
		var history []string
		for n := 0; n < *count/2; {
			batch := g.batch()
			n += len(batch)
			var sent []byte
			for _, cmd := range batch {
				sent = Append(sent, cmd...)
			}
			a.Conn.Write(sent)
			b.Conn.Write(sent)
			var queue [][]string
			differ := false
			for i, cmd := range batch {
				want, err := a.Read()
				if err != nil {
					t.Fatalf("redis-server: %q: %v", cmd, err)
				}
				got, err := b.Read()
				if err != nil {
					t.Fatalf("%q: %v", cmd, err)
				}
				history = append(history, fmt.Sprintf("%q", cmd))
				w, o := canonical(cmd, want), canonical(cmd, got)
				if isTime(cmd, want) && isTime(cmd, got) && near(cmd, want, got) {
					o = w
				}
				if tie(batch[:i], cmd) && want.Kind == ':' && got.Kind == ':' {
					o = w
				}
				if cmd[0] == "EXEC" {
					w, o = executed(queue, want, want), executed(queue, got, want)
				}
				if want.Text == "QUEUED" {
					queue = append(queue, cmd)
				}
				if w != o {
					t.Fatalf("seed %d, RESP%s, command %d: %q\n got\n%s\nwant\n%s\nbefore:\n%s", s, protocol, n, cmd, o, w,
						strings.Join(history[max(0, len(history)-30):], "\n"))
				}
				differ = differ || strings.EqualFold(cmd[0], "SPOP") && want.Kind != '-'
			}
			if differ { // the sets, by what was chosen
				a.want(t, "+OK", "FLUSHALL")
				b.want(t, "+OK", "FLUSHALL")
			}
		}
	}
}

// tie tells whether a command sets a time to live if it is GT or LT one that was set just before it:
// whether a millisecond has passed meanwhile decides.
func tie(before [][]string, cmd []string) bool {
	last := cmd[len(cmd)-1]
	if len(cmd) != 4 || !strings.HasSuffix(strings.ToUpper(cmd[0]), "EXPIRE") || !strings.EqualFold(last, "GT") && !strings.EqualFold(last, "LT") {
		return false
	}
	return slices.ContainsFunc(before, func(b []string) bool { return len(b) > 2 && b[1] == cmd[1] && slices.Contains(b[2:], cmd[2]) })
}

// canonical gives a reply in a form that is equal where it shall be.
func canonical(cmd []string, v Value) string {
	switch strings.ToUpper(cmd[0]) {
	case "SMEMBERS", "SINTER", "SUNION", "SDIFF", "KEYS", "HKEYS", "HVALS":
		return sorted(v, 1)
	case "SORT":
		return sortReply(cmd, v)
	case "HGETALL":
		return sorted(v, 2)
	case "SCAN", "SSCAN", "HSCAN", "ZSCAN":
		if len(v.Items) == 2 { // the walk may go another way
			return "cursor and elements"
		}
	case "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "RANDOMKEY", "SPOP":
		return shape(v)
	}
	return v.String()
}

// sortReply is canonical for SORT. BY nosort leaves a set as it lies; what is in the key lex is
// none. ALPHA compares up to a zero byte, by qsort or, with LIMIT, a part of Redis' own
// quicksort: of those that are equal there, any may come first.
func sortReply(cmd []string, v Value) string {
	args := strings.ToUpper(strings.Join(cmd[2:], " "))
	if strings.HasPrefix(args, "BY") && cmd[1] != "lex" {
		return sorted(v, 1)
	}
	if v.Kind != '*' || !strings.Contains(args, "ALPHA") {
		return v.String()
	}
	var order []string
	for _, item := range v.Items {
		s, _, _ := strings.Cut(item.Text, "\x00")
		order = append(order, s)
	}
	all := ""
	if !strings.Contains(args, "LIMIT") {
		all = sorted(v, 1)
	}
	return fmt.Sprintf("%q %s", order, all)
}

// isTime tells replies that change while the clock goes on.
func isTime(cmd []string, v Value) bool {
	switch strings.ToUpper(cmd[0]) {
	case "TTL", "PTTL", "EXPIRETIME":
		return v.Kind == ':' && !strings.HasPrefix(v.Text, "-")
	}
	return false
}

// near tells whether both servers may have replied so, one a little after the other.
func near(cmd []string, a, b Value) bool {
	bound := 3.0 // seconds; the machine may be busy
	if strings.EqualFold(cmd[0], "PTTL") {
		bound *= 1000
	}
	x, err1 := strconv.ParseInt(a.Text, 10, 64)
	y, err2 := strconv.ParseInt(b.Text, 10, 64)
	return err1 == nil && err2 == nil && math.Abs(float64(x-y)) <= bound
}

// executed is canonical for the replies of an EXEC, with the times of want where they are near.
func executed(queue [][]string, v, want Value) string {
	if len(v.Items) != len(queue) || len(want.Items) != len(queue) {
		return v.String()
	}
	parts := make([]string, len(queue))
	for i, cmd := range queue {
		item := v.Items[i]
		if w := want.Items[i]; isTime(cmd, w) && isTime(cmd, item) && near(cmd, w, item) {
			item = w
		}
		parts[i] = canonical(cmd, item)
	}
	return strings.Join(parts, "\n")
}

func sorted(v Value, group int) string {
	if len(v.Items) == 0 || len(v.Items)%group != 0 {
		return v.String()
	}
	var parts []string
	for i := 0; i < len(v.Items); i += group {
		s := ""
		for _, item := range v.Items[i : i+group] {
			s += item.String() + " "
		}
		parts = append(parts, s)
	}
	slices.Sort(parts)
	return fmt.Sprintf("%c%v", v.Kind, parts)
}

func shape(v Value) string {
	switch v.Kind {
	case '$', ',', ':':
		return string(v.Kind)
	case '*', '~', '%':
	default:
		return v.String()
	}
	parts := make([]string, len(v.Items))
	for i, item := range v.Items {
		parts[i] = shape(item)
	}
	return fmt.Sprintf("%c%v", v.Kind, parts)
}

// generator makes commands that often meet: few keys, few elements.
type generator struct{ rng *rand.Rand }

func (g *generator) one(list ...string) string { return list[g.rng.IntN(len(list))] }

func (g *generator) key() string { return g.one("a", "b", "c", "d", "e", "") }
func (g *generator) elem() string {
	return g.one("1", "2", "x", "y", "zz", "\x00\xff", "", "-5", "10.5", "long value that does not fit anywhere")
}
func (g *generator) number() string {
	return g.one("0", "1", "2", "-1", "-2", "5", "100", "-100", "1.5", "x", "", "9223372036854775807", "-9223372036854775808")
}
func (g *generator) small() string { return g.one("0", "1", "2", "3", "-1", "-2", "-3") }
func (g *generator) float() string {
	return g.one("0", "1", "-1", "1.5", "0.1", "3e5", "inf", "-inf", "nan", "x", "1e-7", "123456789012")
}
func (g *generator) score() string {
	return g.one("0", "1", "(1", "1.5", "(-inf", "-inf", "+inf", "inf", "2", "(2", "x")
}
func (g *generator) lex() string { return g.one("-", "+", "[a", "(a", "[x", "(y", "[", "(", "q", "") }

// batch is one command, a pipeline, or a MULTI.
func (g *generator) batch() (out [][]string) {
	switch g.rng.IntN(10) {
	case 0:
		for range 1 + g.rng.IntN(20) {
			if c := g.command(); !strings.EqualFold(c[0], "SPOP") {
				out = append(out, c)
			}
		}
		out = append(out, g.command())
	case 1:
		out = append(out, []string{"MULTI"})
		for range 1 + g.rng.IntN(5) {
			if c := g.command(); !strings.EqualFold(c[0], "SPOP") {
				out = append(out, c)
			}
		}
		out = append(out, []string{g.one("EXEC", "EXEC", "EXEC", "DISCARD")})
	default:
		out = append(out, g.command())
	}
	return out
}

// templates name commands with what is to be put in: k a key, e an element, n a
// number, i a small one, f a float, s a score bound, l a lexical bound, d a database; […] may
// be left out, a|b is one of two, and * behind a word repeats it.
var templates = strings.Split(strings.TrimSpace(`
SET k e [NX|XX] [GET] [KEEPTTL|EX n|PX 100000]
GET k
GETSET k e
GETDEL k
GETEX k [PERSIST|EX 1000|EX n]
SETNX k e
SETEX k n e
PSETEX k 100000 e
MGET k*
MSET k e k e
MSETNX k e k e
APPEND k e
STRLEN k
INCR k
DECR k
INCRBY k n
DECRBY k n
INCRBYFLOAT k f
GETRANGE k i i
SUBSTR k i i
SETRANGE k i e
LCS k k [LEN|IDX] [MINMATCHLEN i] [WITHMATCHLEN]
DEL k*
UNLINK k
EXISTS k*
TYPE k
TOUCH k*
RENAME k k
RENAMENX k k
COPY k k [REPLACE]
COPY k k [REPLACE] DB d [REPLACE]
COPY k k DB d DB d
MOVE k d
SELECT d
SELECT 0
KEYS *|a|[ab]
DBSIZE
RANDOMKEY
SCAN 0 [MATCH *] [COUNT 5] [TYPE hash]
EXPIRE k n [NX|XX|GT|LT]
PEXPIRE k 100000 [NX|XX|GT|LT]
EXPIREAT k 99999999999
PERSIST k
TTL k
PTTL k
EXPIRETIME k
HSET k e e [e e]
HMSET k e e
HSETNX k e e
HGET k e
HMGET k e*
HDEL k e*
HLEN k
HSTRLEN k e
HEXISTS k e
HGETALL k
HKEYS k
HVALS k
HINCRBY k e n
HINCRBYFLOAT k e f
HRANDFIELD k [i] [WITHVALUES]
HSCAN k 0 [MATCH *]
LPUSH k e*
RPUSH k e*
LPUSHX k e
RPUSHX k e
LPOP k [i]
RPOP k [i]
LLEN k
LINDEX k i
LRANGE k i i
LSET k i e
LTRIM k i i
LREM k i e
LINSERT k BEFORE|AFTER e e
LPOS k e [RANK i] [COUNT i] [MAXLEN i]
LMOVE k k LEFT|RIGHT LEFT|RIGHT
RPOPLPUSH k k
LMPOP i k k LEFT|RIGHT [COUNT i]
BLPOP k k 0.01
BRPOP k 0.01
BLMOVE k k LEFT RIGHT 0.01
BLMPOP 0.01 1 k LEFT
BZPOPMIN k 0.01
BZMPOP 0.01 1 k MAX
SADD k e*
SREM k e*
SMOVE k k e
SISMEMBER k e
SMISMEMBER k e*
SCARD k
SMEMBERS k
SPOP k [i]
SRANDMEMBER k [i]
SINTER k*
SUNION k*
SDIFF k*
SINTERSTORE k k*
SUNIONSTORE k k*
SDIFFSTORE k k*
SINTERCARD i k k [LIMIT i]
SSCAN k 0
ZADD k [NX|XX|GT|LT] [CH] [INCR] f e [f e]
ZADD k 1 e 2 e 3 e
ZINCRBY k f e
ZREM k e*
ZCARD k
ZSCORE k e
ZMSCORE k e*
ZRANK k e
ZREVRANK k e
ZCOUNT k s s
ZRANGE k i i [REV] [WITHSCORES]
ZRANGE k s s BYSCORE [REV] [LIMIT i i] [WITHSCORES]
ZRANGEBYSCORE k s s [WITHSCORES] [LIMIT i i]
ZREVRANGEBYSCORE k s s
ZREVRANGE k i i
ZRANGESTORE k k i i [REV]
ZRANGESTORE k k s s BYSCORE [LIMIT i i]
ZREMRANGEBYRANK k i i
ZREMRANGEBYSCORE k s s
ZPOPMIN k [i]
ZPOPMAX k [i]
ZMPOP i k k MIN|MAX [COUNT i]
ZRANDMEMBER k [i] [WITHSCORES]
ZUNION 2 k k [WEIGHTS f f] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]
ZINTER 2 k k [WEIGHTS f f] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]
ZDIFF i k k [WITHSCORES]
ZUNIONSTORE k 2 k k [AGGREGATE MIN]
ZINTERSTORE k i k k
ZDIFFSTORE k 2 k k
ZINTERCARD i k k [LIMIT i]
ZSCAN k 0
ZADD lex 0 e 0 e
ZADD lex 0 e
ZREM lex e
ZRANGEBYLEX lex l l [LIMIT i i]
ZREVRANGEBYLEX lex l l
ZRANGE lex l l BYLEX [REV] [LIMIT i i]
ZRANGESTORE k lex l l BYLEX
ZLEXCOUNT lex l l
ZREMRANGEBYLEX lex l l
SORT k [DESC] [ALPHA] [LIMIT i i] [STORE k]
SORT k BY nosort [GET #]
SORT lex BY nosort [DESC] [LIMIT i i] [GET #]
SORT lex [DESC] [ALPHA] [LIMIT i i]
FLUSHDB
SWAPDB d d
NOSUCH k e
GET
SET k
ECHO e
`), "\n")

func (g *generator) command() []string {
	var out []string
	words := strings.Fields(templates[g.rng.IntN(len(templates))])
	if words[0] == "FLUSHDB" && g.rng.IntN(20) > 0 {
		return g.command()
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if strings.HasPrefix(w, "[") && w != "[ab]" {
			group := []string{strings.TrimPrefix(w, "[")}
			for !strings.HasSuffix(group[len(group)-1], "]") {
				i++
				group = append(group, words[i])
			}
			last := &group[len(group)-1]
			*last = strings.TrimSuffix(*last, "]")
			if g.rng.IntN(3) > 0 {
				continue
			}
			// a|b c is a, or b with c behind it
			alternatives := strings.Split(strings.Join(group, " "), "|")
			for _, x := range strings.Fields(alternatives[g.rng.IntN(len(alternatives))]) {
				out = append(out, g.fill(x)...)
			}
			continue
		}
		out = append(out, g.fill(w)...)
	}
	if g.rng.IntN(3) == 0 {
		out[0] = strings.ToLower(out[0])
	}
	return out
}

func (g *generator) fill(w string) []string {
	if len(w) > 1 && strings.HasSuffix(w, "*") {
		var out []string
		for range 1 + g.rng.IntN(3) {
			out = append(out, g.fill(w[:len(w)-1])...)
		}
		return out
	}
	if strings.Contains(w, "|") {
		return []string{g.one(strings.Split(w, "|")...)}
	}
	switch w {
	case "k":
		return []string{g.key()}
	case "e":
		return []string{g.elem()}
	case "n":
		return []string{g.number()}
	case "i":
		return []string{g.small()}
	case "f":
		return []string{g.float()}
	case "s":
		return []string{g.score()}
	case "l":
		return []string{g.lex()}
	case "d":
		return []string{g.one("0", "0", "1", "1", "2", "16", "-1", "x", "99999999999")}
	}
	return []string{w}
}
