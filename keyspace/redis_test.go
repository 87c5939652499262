package keyspace_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/kv/memory"
	"rowkey/session"
)

// newSpace opens a database in memory.
func newSpace(t testing.TB) *session.DB {
	t.Helper()
	db, err := session.Open(context.Background(), memory.New(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// client runs commands written as words on a key space, and reads the replies
// in the form of redis-cli's one-line output.
type client struct {
	r     *keyspace.Runner
	db    int
	reply keyspace.Reply
}

func newClient(db *session.DB) *client { return &client{r: db.Keyspace().Runner()} }

// words splits a command line; quoted words may hold spaces and \-escapes.
func words(line string) [][]byte {
	var out [][]byte
	for i := 0; i < len(line); {
		switch {
		case line[i] == ' ':
			i++
		case line[i] == '"':
			j := i + 1
			for line[j] != '"' {
				if line[j] == '\\' {
					j++
				}
				j++
			}
			var s string
			if _, err := fmt.Sscanf(line[i:j+1], "%q", &s); err != nil {
				panic(err)
			}
			out = append(out, []byte(s))
			i = j + 1
		default:
			j := strings.IndexByte(line[i:], ' ')
			if j < 0 {
				j = len(line) - i
			}
			out = append(out, []byte(line[i:i+j]))
			i += j
		}
	}
	return out
}

func (c *client) raw(args [][]byte) []byte {
	c.reply.Reset()
	cmd := keyspace.Find(args[0])
	switch {
	case cmd == nil:
		c.reply.Error(keyspace.UnknownCommand(args))
	case !cmd.CheckArity(len(args)):
		c.reply.Error(keyspace.ErrArity(cmd.Name))
	default:
		c.r.Run(context.Background(), []keyspace.Request{{DB: c.db, Cmd: cmd, Args: args}}, &c.reply)
	}
	return c.reply.Buf
}

func (c *client) do(line string) string {
	s, rest := show(bufio.NewReader(strings.NewReader(string(c.raw(words(line))))))
	if rest != nil {
		return rest.Error()
	}
	return s
}

// show reads one reply.
func show(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	switch line[0] {
	case '+', '-', ':':
		return line, nil
	case '$':
		var n int
		fmt.Sscan(line[1:], &n)
		if n < 0 {
			return "nil", nil
		}
		b := make([]byte, n+2)
		for got := 0; got < len(b); {
			k, err := r.Read(b[got:])
			if err != nil {
				return "", err
			}
			got += k
		}
		return fmt.Sprintf("%q", b[:n]), nil
	case '*':
		var n int
		fmt.Sscan(line[1:], &n)
		if n < 0 {
			return "nil array", nil
		}
		parts := make([]string, n)
		for i := range parts {
			if parts[i], err = show(r); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(parts, " ") + "]", nil
	}
	return "", fmt.Errorf("reply %q", line)
}

// realRedis is a redis-server of the machine.
type realRedis struct {
	conn net.Conn
	r    *bufio.Reader
}

func startRedis(t testing.TB) *realRedis {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	dir := t.TempDir()
	sock := filepath.Join(dir, "redis.sock")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", sock, "--save", "", "--appendonly", "no", "--dir", dir)
	cmd.Env = append(os.Environ(), "LC_ALL=C") // SORT ALPHA compares as the locale says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 100 {
		conn, err := net.Dial("unix", sock)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			return &realRedis{conn, bufio.NewReader(conn)}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return nil
}

func (s *realRedis) do(line string) string {
	args := words(line)
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := s.conn.Write([]byte(b.String())); err != nil {
		return err.Error()
	}
	out, err := show(s.r)
	if err != nil {
		return err.Error()
	}
	return out
}

// rows counts the pairs of key space 0 in the store.
func rows(t testing.TB, db *session.DB) int { return len(keysOf(t, db)) }

// keysOf lists the store's keys of key space 0.
func keysOf(t testing.TB, db *session.DB) (out [][]byte) {
	t.Helper()
	snap := db.Store().Snapshot()
	defer snap.Close()
	cat := db.Catalog().Latest()
	for _, name := range keyspace.TableNames {
		d := cat.Table(cat.Relation(cat.SchemaByName("kv"), name))
		it := snap.Scan(kv.PrefixRange(keyenc.AppendTablePrefix(nil, d.Storage)), kv.ScanOptions{KeysOnly: true})
		for {
			var b kv.PairBatch
			n, err := it.Next(&b)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			out = append(out, b.Keys...)
		}
		it.Close()
	}
	return out
}
