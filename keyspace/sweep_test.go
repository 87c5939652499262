package keyspace_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
)

// What has expired is invisible at once; the sweeper then removes its rows, a
// part at a time, and nothing else.
func TestSweep(t *testing.T) {
	db := newSpace(t)
	ks := db.Keyspace()
	var now atomic.Int64
	now.Store(1_700_000_000_000_000)
	ks.SetClock(now.Load)
	c := newClient(db)
	for i := range 200 {
		c.do(fmt.Sprintf("set s%d v px 1000", i))
		c.do(fmt.Sprintf("hset h%d f v", i))
		c.do(fmt.Sprintf("pexpire h%d 1000", i))
	}
	for i := range 10000 {
		c.do(fmt.Sprintf("zadd big %d m%d", i, i))
	}
	c.do("pexpire big 1000")
	c.do("set stays v")
	c.do("set stays2 v px 1001")
	now.Add(1_000_000)
	for line, want := range map[string]string{"dbsize": ":2", "get s1": "nil", "hgetall h1": "[]", "zcard big": ":0", "keys *": `["stays" "stays2"]`, "ttl s1": ":-2"} {
		if got := c.do(line); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	for range 1000 {
		n, err := ks.Sweep(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if n := rows(t, db); n != 3 { // two strings and an entry by expires_at
		t.Errorf("%d pairs are left in the store, want 3", n)
	}
	if got := c.do("dbsize"); got != ":2" {
		t.Errorf("dbsize: %s", got)
	}
}
