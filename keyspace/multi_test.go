package keyspace_test

import (
	"bufio"
	"context"
	"strings"
	"testing"

	"rowkey/keyspace"
)

// exec runs lines as a MULTI; "DB n" chooses the space of those that follow.
func (c *client) exec(w *keyspace.Watch, lines ...string) string {
	var reqs []keyspace.Request
	db := c.db
	for _, l := range lines {
		args := words(l)
		if string(args[0]) == "DB" {
			db = int(args[1][0] - '0')
			continue
		}
		reqs = append(reqs, keyspace.Request{DB: db, Cmd: keyspace.Find(args[0]), Args: args})
	}
	c.reply.Reset()
	done, err := c.r.Exec(context.Background(), reqs, w, &c.reply)
	if err != nil {
		return err.Error()
	}
	if !done {
		return "aborted"
	}
	s, err := show(bufio.NewReader(strings.NewReader(string(c.reply.Buf))))
	if err != nil {
		return err.Error()
	}
	return s
}

// A MULTI sees its own changes of whole spaces, fails command by command, and is not
// run when a watched key has changed, be it to what it was before.
func TestExec(t *testing.T) {
	db := newSpace(t)
	c, other := newClient(db), newClient(db)
	ctx := context.Background()
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check(c.exec(nil, "set a 1", "copy a b db 1", "DB 1", "get b", "DB 0", "flushdb", "get a", "dbsize", "rpush l x", "swapdb 0 1", "keys *"),
		`[+OK :1 "1" +OK nil :0 :1 +OK ["b"]]`)
	check(c.do("get b"), `"1"`)
	check(c.exec(nil, "set a 1", "incr b", "lpush a x", "mset k 1 l 2", "get k"),
		`[+OK :2 -WRONGTYPE Operation against a key holding the wrong kind of value +OK "1"]`)
	watch := func(keys ...string) *keyspace.Watch {
		var w *keyspace.Watch
		for _, k := range keys {
			var err error
			if w, err = db.Keyspace().Watch(ctx, w, 0, []byte(k)); err != nil {
				t.Fatal(err)
			}
		}
		return w
	}
	check(c.exec(watch("a", "none"), "get a"), `["1"]`)
	w := watch("a")
	other.do("set a 2")
	other.do("set a 1")
	check(c.exec(w, "get a"), "aborted")
	w = watch("none")
	other.do("hset none f v")
	other.do("del none")
	check(c.exec(w, "get a"), "aborted")
	other.do("hset h f v")
	w = watch("a", "h")
	other.do("hset h f w")
	check(c.exec(w, "get a"), "aborted")
	w = watch("h")
	other.do("set a 5")
	check(c.exec(w, "incr a", "hget h f"), `[:6 "w"]`)
	w = watch("a")
	check(c.exec(w, "incr a"), `[:7]`)
	other.do("set gone v px 1000000")
	w = watch("gone")
	now := db.Keyspace().Now()
	db.Keyspace().SetClock(func() int64 { return now + 2_000_000_000 })
	check(c.exec(w, "get a"), "aborted")
}
