package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/kv/memory"
)

// SQL and commands change the same keys at the same time. A counter that both
// increment loses nothing, be it a string or the field of a hash; what moves
// between a row of a table and a key is never seen half done.
func TestKeyspaceMixedLoad(t *testing.T) {
	const workers, rounds = 3, 60
	ctx := context.Background()
	db, err := Open(ctx, memory.New(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	open := func() *Session {
		s, err := db.NewSession(ctx, SessionOptions{})
		if err != nil {
			t.Error(err)
		}
		return s
	}
	query := func(s *Session, q string) (string, error) {
		w := &textWriter{}
		err := s.Simple(ctx, q, w)
		return w.b.String(), err
	}
	// retry runs a statement until no other is in its way.
	retry := func(s *Session, q string) string {
		for {
			out, err := query(s, q)
			if err == nil {
				return out
			}
			query(s, "ROLLBACK")
			if m := err.Error(); !strings.Contains(m, "40001") && !strings.Contains(m, "40P01") {
				t.Errorf("%s: %v", q, err)
				return ""
			}
		}
	}
	setup := open()
	defer setup.Close()
	retry(setup, `CREATE TABLE accounts (id int PRIMARY KEY, balance int); INSERT INTO accounts VALUES (1, 1000);
		SELECT kv.command('SET', 'n', '0'), kv.command('HSET', 'h', 'f', '0'), kv.command('SET', 'purse', '1000')`)
	var wg sync.WaitGroup
	work := func(f func(s *Session, do func(args ...string) string)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := open()
			defer s.Close()
			r := db.Keyspace().Runner()
			f(s, func(args ...string) string {
				raw := make([][]byte, len(args))
				for i, a := range args {
					raw[i] = []byte(a)
				}
				var reply keyspace.Reply
				r.Run(ctx, []keyspace.Request{{Cmd: keyspace.Find(raw[0]), Args: raw}}, &reply)
				if reply.Buf[0] == '-' {
					t.Errorf("%v: %s", args, reply.Buf)
				}
				return string(reply.Buf)
			})
		}()
	}
	for i := range workers {
		work(func(_ *Session, do func(...string) string) {
			for range rounds {
				do("INCR", "n")
				do("HINCRBY", "h", "f", "1")
				do("SADD", "members", fmt.Sprint(i))
				do("SREM", "members", fmt.Sprint(i))
			}
		})
		work(func(s *Session, _ func(...string) string) {
			for range rounds {
				retry(s, `UPDATE kv.strings SET value = (kv.text(value)::int + 1)::text::bytea WHERE key = 'n'`)
				retry(s, `UPDATE kv.hashes SET value = (kv.text(value)::int + 1)::text::bytea WHERE key = 'h'`)
				retry(s, `INSERT INTO kv.sets VALUES ('members', 'sql') ON CONFLICT DO NOTHING`)
				retry(s, `DELETE FROM kv.sets WHERE key = 'members' AND member = 'sql'`)
			}
		})
		work(func(s *Session, _ func(...string) string) {
			for range rounds {
				level := [...]string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}[i%3]
				retry(s, `BEGIN ISOLATION LEVEL `+level+`; SELECT kv.command('DECRBY', 'purse', 7); UPDATE accounts SET balance = balance + 7 WHERE id = 1; COMMIT`)
			}
		})
	}
	work(func(s *Session, _ func(...string) string) {
		for range 2 * rounds {
			if got := retry(s, `SELECT balance + kv.text(value)::int FROM accounts, kv.strings WHERE key = 'purse'`); got != "2000\nSELECT 1\n" {
				t.Errorf("a transfer was seen half done: %s", got)
				return
			}
		}
	})
	wg.Wait()
	want := fmt.Sprintf("%d|%d|%d\nSELECT 1\n", 2*workers*rounds, 2*workers*rounds, 1000-7*workers*rounds)
	if got := retry(setup, `SELECT kv.text(value), (SELECT kv.text(value) FROM kv.hashes), (SELECT kv.text(value) FROM kv.strings WHERE key = 'purse') FROM kv.strings WHERE key = 'n'`); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	space, err := db.Keyspace().Space(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	snap := db.Store().Snapshot()
	defer snap.Close()
	if err := keyspace.Check(snap, space, func(d kv.Damage) error { return errors.New(d.String()) }); err != nil {
		t.Error(err)
	}
}
