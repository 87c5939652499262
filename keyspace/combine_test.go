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
