package resp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQL and Redis clients work on the same keys at once:
//
//   - a counter that both raise, by UPDATE and by INCR, loses no change;
//   - money moved between a row of a table and a key is never seen half moved,
//     whoever moves it (a SQL transaction with kv.command, or MULTI with SQL in it)
//     and whoever looks (either language);
//   - a list that one side pushes to and the other pops from loses and doubles nothing.
func TestMixedLoad(t *testing.T) {
	redis, postgres := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	setup := dial(t, redis)
	setup.want(t, "+OK", "SET", "counter", "0")
	setup.want(t, "+OK", "SET", "purse", "1000")
	setup.want(t, "+CREATE TABLE", "SQL", "CREATE TABLE accounts (id int PRIMARY KEY, money int NOT NULL)")
	setup.want(t, "+INSERT 0 1", "SQL", "INSERT INTO accounts VALUES (1, 1000)")

	end := time.Now().Add(2 * time.Second)
	if testing.Short() {
		end = time.Now().Add(500 * time.Millisecond)
	}
	var wg sync.WaitGroup
	var raised, moved, retried, looks, pushed, popped atomic.Int64
	// On a busy machine it takes longer until each has done something.
	idle := func() bool {
		return raised.Load() == 0 || moved.Load() == 0 || looks.Load() == 0 || popped.Load() == 0
	}
	worker := func(f func(c *Client, db *pgx.Conn) error) {
		c := dial(t, redis)
		db, err := pgx.Connect(ctx, postgres)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close(context.Background()) })
		wg.Add(1)
		go func() {
			defer wg.Done()
			for (time.Now().Before(end) || idle()) && ctx.Err() == nil && !t.Failed() {
				if err := f(c, db); err != nil {
					var e *pgconn.PgError
					if errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") {
						retried.Add(1)
						continue
					}
					t.Error(err)
					return
				}
			}
		}()
	}
	for range 3 {
		worker(func(c *Client, _ *pgx.Conn) error {
			v, err := c.Do("INCR", "counter")
			if err == nil && v.Kind != ':' {
				err = errors.New(v.String())
			}
			raised.Add(1)
			return err
		})
		worker(func(_ *Client, db *pgx.Conn) error {
			tag, err := db.Exec(ctx, `UPDATE kv.strings SET value = convert_to((convert_from(value, 'UTF8')::int + 1)::text, 'UTF8') WHERE key = 'counter'`)
			if err == nil {
				if tag.RowsAffected() != 1 {
					return fmt.Errorf("the counter is gone: %s", tag)
				}
				raised.Add(1)
			}
			return err
		})
	}
	// A SQL transaction moves money, the key's part by a command.
	worker(func(_ *Client, db *pgx.Conn) error {
		n := rand.IntN(10) - 5
		err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE accounts SET money = money - $1 WHERE id = 1`, n); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT kv.command('INCRBY', 'purse', $1::text)`, strconv.Itoa(n))
			return err
		})
		if err == nil {
			moved.Add(1)
		}
		return err
	})
	// MULTI moves money, the row's part by SQL. (The row comes first here too: the
	// other order would meet the one above in deadlocks.)
	worker(func(c *Client, _ *pgx.Conn) error {
		n := rand.IntN(10) - 5
		var batch []byte
		batch = Append(batch, "MULTI")
		batch = Append(batch, "SQL", "UPDATE accounts SET money = money - $1 WHERE id = 1", strconv.Itoa(n))
		batch = Append(batch, "INCRBY", "purse", strconv.Itoa(n))
		batch = Append(batch, "EXEC")
		c.Conn.Write(batch)
		var v Value
		var err error
		for range 4 {
			if v, err = c.Read(); err != nil {
				return err
			}
		}
		if v.Kind == '-' {
			return errors.New(v.String())
		}
		if len(v.Items) != 2 || v.Items[0].Text != "UPDATE 1" {
			return fmt.Errorf("EXEC gives %s", v)
		}
		moved.Add(1)
		return nil
	})
	check := func(who string, purse, account int) error {
		if looks.Add(1); purse+account != 2000 {
			return fmt.Errorf("%s sees %d in the purse and %d in the account", who, purse, account)
		}
		return nil
	}
	worker(func(_ *Client, db *pgx.Conn) error {
		var purse, account int
		if err := db.QueryRow(ctx, `SELECT convert_from(value, 'UTF8')::int, money FROM kv.strings, accounts WHERE key = 'purse'`).Scan(&purse, &account); err != nil {
			return err
		}
		return check("SQL", purse, account)
	})
	worker(func(c *Client, _ *pgx.Conn) error {
		c.Conn.Write(Append(Append(Append(Append(nil, "MULTI"), "GET", "purse"), "SQL", "SELECT money FROM accounts"), "EXEC"))
		var v Value
		var err error
		for range 4 {
			if v, err = c.Read(); err != nil {
				return err
			}
		}
		if len(v.Items) != 2 || len(v.Items[1].Items) != 1 {
			return fmt.Errorf("EXEC gives %s", v)
		}
		purse, _ := strconv.Atoi(v.Items[0].Text)
		account, _ := strconv.Atoi(v.Items[1].Items[0].Items[1].Text)
		return check("MULTI", purse, account)
	})
	// SQL makes lists; a blocked client takes what comes.
	worker(func(c *Client, db *pgx.Conn) error {
		if _, err := db.Exec(ctx, `SELECT kv.command('RPUSH', 'jobs', $1::text)`, strconv.FormatInt(pushed.Load(), 10)); err != nil {
			return err
		}
		pushed.Add(1)
		return nil
	})
	worker(func(c *Client, _ *pgx.Conn) error {
		v, err := c.Do("BLPOP", "jobs", "0.2")
		if err != nil || v.Kind == Null {
			return err
		}
		if n := strconv.FormatInt(popped.Load(), 10); len(v.Items) != 2 || v.Items[1].Text != n {
			return fmt.Errorf("job %s comes where %s should", v, n)
		}
		popped.Add(1)
		return nil
	})
	wg.Wait()
	if t.Failed() {
		return
	}
	setup.want(t, fmt.Sprintf("%q", strconv.FormatInt(raised.Load(), 10)), "GET", "counter")
	v, err := setup.Do("LLEN", "jobs")
	if n, _ := strconv.ParseInt(v.Text, 10, 64); err != nil || n != pushed.Load()-popped.Load() {
		t.Fatalf("%d jobs pushed, %d popped, %s left", pushed.Load(), popped.Load(), v)
	}
	t.Logf("raised %d, moved %d, looked %d times, jobs %d of %d, tried again %d times", raised.Load(), moved.Load(), looks.Load(), popped.Load(), pushed.Load(), retried.Load())
	if idle() {
		t.Fatal("some did nothing")
	}
}
