package keyspace_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"rowkey/keyspace"
	"rowkey/kv"
)

// With combined commits every connection gets its own replies, errors among them;
// nothing is lost or done twice, also where another transaction holds a key.
func TestCombinedCommits(t *testing.T) {
	db := newSpace(t)
	ks := db.Keyspace()
	ks.CombineCommits(true)
	space, err := ks.Space(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	const workers, rounds = 16, 200
	newClient(db).do("incr counter")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := newClient(db)
			own := fmt.Sprintf("own%d", w)
			for i := range rounds {
				for line, want := range map[string]string{
					"incr " + own:                      fmt.Sprintf(":%d", i+1),
					fmt.Sprintf("set last%d %d", w, i): "+OK",
					"lpush counter x":                  "-WRONGTYPE Operation against a key holding the wrong kind of value",
				} {
					if got := c.do(line); got != want {
						t.Errorf("%s: %s, want %s", line, got, want)
					}
				}
				c.do("incr counter")
			}
		}()
	}
	wg.Add(1)
	go func() { // holds a key now and then, as a SQL transaction does
		defer wg.Done()
		for range 20 {
			txn, err := db.Store().Begin(context.Background(), kv.TxnOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := txn.Lock(context.Background(), space.StringKey(nil, []byte("counter")), kv.LockOptions{Mode: kv.LockUpdate, Newest: true}); err != nil {
				t.Error(err)
			}
			txn.Rollback()
		}
	}()
	wg.Wait()
	c := newClient(db)
	if got, want := c.do("get counter"), fmt.Sprintf("%q", fmt.Sprint(workers*rounds+1)); got != want {
		t.Errorf("counter: %s, want %s", got, want)
	}
	snap := db.Store().Snapshot()
	defer snap.Close()
	if err := keyspace.Check(snap, space, func(d kv.Damage) error { return errors.New(d.String()) }); err != nil {
		t.Error(err)
	}
}

// Keys that come twice in MSET, whatever they were; requests tried together, of which
// the reader of a key comes before its writer.
func TestManyKeys(t *testing.T) {
	db := newSpace(t)
	c := newClient(db)
	for _, line := range []string{"set a 1 ex 100", "rpush b x y", "set c 1 ex 100", "zadd d 1 m"} {
		c.do(line)
	}
	for line, want := range map[string]string{"mset a 1 b 2 a 3 b 4 d 5 new 6 new 7": "+OK"} {
		if got := c.do(line); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
	for line, want := range map[string]string{"ttl a": ":-1", "get a": `"3"`, "get b": `"4"`, "get d": `"5"`, "get new": `"7"`, "mget c none b": `["1" nil "4"]`, "exists a b c d new": ":5"} {
		if got := c.do(line); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	ks := db.Keyspace()
	space, err := ks.Space(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	snap := db.Store().Snapshot()
	defer snap.Close()
	if err := keyspace.Check(snap, space, func(d kv.Damage) error { return errors.New(d.String()) }); err != nil {
		t.Error(err)
	}

	var one, two keyspace.Reply
	request := func(to *keyspace.Reply, words ...string) keyspace.Request {
		q := keyspace.Request{Cmd: keyspace.Find([]byte(words[0])), To: to}
		for _, w := range words {
			q.Args = append(q.Args, []byte(w))
		}
		return q
	}
	reqs := []keyspace.Request{request(&one, "get", "a"), request(&two, "incr", "a"), request(&one, "incr", "b"), request(&one, "incr", "a")}
	r := ks.Runner()
	if !r.Try(context.Background(), reqs) || string(one.Buf) != "$1\r\n3\r\n:5\r\n:5\r\n" || string(two.Buf) != ":4\r\n" {
		t.Errorf("together: %q, %q", one.Buf, two.Buf)
	}
	txn, err := db.Store().Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	if _, err := txn.Lock(context.Background(), space.StringKey(nil, []byte("a")), kv.LockOptions{Mode: kv.LockKeyShare, Newest: true}); err != nil {
		t.Fatal(err)
	}
	if r.Try(context.Background(), reqs) {
		t.Error("ran beside a lock")
	}
	if got := c.do("get b"); got != `"5"` {
		t.Errorf("done in part: %s", got)
	}
}
