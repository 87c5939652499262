package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// race runs n workers until the span is over, beside an observer that looks at the
// invariant all the while.
func race(t *testing.T, url string, n int, work func(ctx context.Context, c *pgx.Conn, rnd *rand.Rand) error, observe func(ctx context.Context, c *pgx.Conn) error) (done int64) {
	t.Helper()
	s := seed(t)
	ctx := context.Background()
	end := time.Now().Add(*span)
	var wg sync.WaitGroup
	var total atomic.Int64
	for i := range n {
		c := connect(t, url)
		rnd := rand.New(rand.NewPCG(s, uint64(i)))
		wg.Go(func() {
			for time.Now().Before(end) && !t.Failed() {
				switch err := work(ctx, c, rnd); {
				case err == nil:
					total.Add(1)
				case !retryable(err):
					t.Error(err)
					return
				}
			}
		})
	}
	watcher := connect(t, url)
	wg.Go(func() {
		for time.Now().Before(end) && !t.Failed() {
			if err := observe(ctx, watcher); err != nil && !retryable(err) {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	if err := observe(ctx, watcher); err != nil {
		t.Error(err)
	}
	return total.Load()
}

// inTxn runs f in a transaction, rolled back if it fails.
func inTxn(ctx context.Context, c *pgx.Conn, level string, f func() error) error {
	if _, err := c.Exec(ctx, "BEGIN ISOLATION LEVEL "+level); err != nil {
		return err
	}
	if err := f(); err != nil {
		c.Exec(ctx, "ROLLBACK")
		return err
	}
	_, err := c.Exec(ctx, "COMMIT")
	return err
}

// TestBank: transfers between accounts, at every level in the way that is safe
// there, never change the sum that anyone sees.
func TestBank(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		for _, level := range []string{rc, rr, ser} {
			t.Run(level, func(t *testing.T) {
				setup := connect(t, url)
				exec(t, setup, "DROP TABLE IF EXISTS bank")
				exec(t, setup, "CREATE TABLE bank (id int PRIMARY KEY, balance int NOT NULL CHECK (balance >= 0))")
				exec(t, setup, "INSERT INTO bank SELECT i, 100 FROM generate_series(1, 10) i")
				n := race(t, url, 6, func(ctx context.Context, c *pgx.Conn, rnd *rand.Rand) error {
					from, to, sum := 1+rnd.IntN(10), 1+rnd.IntN(10), 1+rnd.IntN(20)
					if from == to {
						return nil
					}
					return inTxn(ctx, c, level, func() error {
						if rnd.IntN(4) == 0 { // savepoints on the way
							if _, err := c.Exec(ctx, "SAVEPOINT s; UPDATE bank SET balance = balance + 1; ROLLBACK TO s"); err != nil {
								return err
							}
						}
						lock := " FOR UPDATE"
						if level != rc {
							lock = "" // a concurrent change is an error there
						}
						var has, gets int
						if err := c.QueryRow(ctx, "SELECT balance FROM bank WHERE id = $1"+lock, from).Scan(&has); err != nil {
							return err
						}
						if has < sum {
							return nil
						}
						if err := c.QueryRow(ctx, "SELECT balance FROM bank WHERE id = $1"+lock, to).Scan(&gets); err != nil {
							return err
						}
						if _, err := c.Exec(ctx, "UPDATE bank SET balance = $2 WHERE id = $1", from, has-sum); err != nil {
							return err
						}
						_, err := c.Exec(ctx, "UPDATE bank SET balance = $2 WHERE id = $1", to, gets+sum)
						return err
					})
				}, func(ctx context.Context, c *pgx.Conn) error {
					var sum, least int
					if err := c.QueryRow(ctx, "SELECT sum(balance), min(balance) FROM bank").Scan(&sum, &least); err != nil {
						return err
					}
					if sum != 1000 || least < 0 {
						return fmt.Errorf("the accounts hold %d, the least %d", sum, least)
					}
					return nil
				})
				t.Logf("%d transfers", n)
			})
		}
	})
}

// TestCounter: every increment that was acknowledged counts, in whatever way made.
func TestCounter(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		setup := connect(t, url)
		exec(t, setup, "DROP TABLE IF EXISTS counter")
		exec(t, setup, "CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL)")
		exec(t, setup, "INSERT INTO counter VALUES (1, 0)")
		var acknowledged atomic.Int64
		race(t, url, 6, func(ctx context.Context, c *pgx.Conn, rnd *rand.Rand) error {
			var err error
			switch rnd.IntN(4) {
			case 0:
				_, err = c.Exec(ctx, "UPDATE counter SET n = n + 1 WHERE id = 1")
			case 1:
				_, err = c.Exec(ctx, "INSERT INTO counter AS x VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = x.n + 1")
			case 2, 3:
				level, lock := rc, " FOR UPDATE"
				if rnd.IntN(2) == 0 {
					level, lock = ser, ""
				}
				err = inTxn(ctx, c, level, func() error {
					var n int
					if err := c.QueryRow(ctx, "SELECT n FROM counter WHERE id = 1"+lock).Scan(&n); err != nil {
						return err
					}
					_, err := c.Exec(ctx, "UPDATE counter SET n = $1 WHERE id = 1", n+1)
					return err
				})
			}
			if err == nil {
				acknowledged.Add(1)
			}
			return err
		}, func(ctx context.Context, c *pgx.Conn) error {
			least := acknowledged.Load()
			var n int64
			if err := c.QueryRow(ctx, "SELECT n FROM counter WHERE id = 1").Scan(&n); err != nil {
				return err
			}
			if n < least {
				return fmt.Errorf("the counter shows %d after %d increments", n, least)
			}
			return nil
		})
		var n int64
		if err := setup.QueryRow(context.Background(), "SELECT n FROM counter").Scan(&n); err != nil || n != acknowledged.Load() {
			t.Errorf("the counter ends at %d after %d increments (%v)", n, acknowledged.Load(), err)
		}
	})
}

// TestUniqueRace: of those who insert one value at a time, one at most succeeds, and
// who fails does so because another has it.
func TestUniqueRace(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		setup := connect(t, url)
		exec(t, setup, "DROP TABLE IF EXISTS uniq")
		exec(t, setup, "CREATE TABLE uniq (id bigint GENERATED ALWAYS AS IDENTITY, v int, w int, UNIQUE (v, w))")
		exec(t, setup, "CREATE UNIQUE INDEX uniq_lower ON uniq ((v * 2)) WHERE w = 0")
		race(t, url, 6, func(ctx context.Context, c *pgx.Conn, rnd *rand.Rand) error {
			v, w := rnd.IntN(30), rnd.IntN(3)
			var err error
			switch rnd.IntN(5) {
			case 0:
				_, err = c.Exec(ctx, "DELETE FROM uniq WHERE v = $1", v)
			case 1:
				_, err = c.Exec(ctx, "UPDATE uniq SET v = $2 WHERE v = $1 AND w = $3", v, rnd.IntN(30), w)
			case 2:
				_, err = c.Exec(ctx, "INSERT INTO uniq (v, w) VALUES ($1, $2) ON CONFLICT DO NOTHING", v, w)
			case 3:
				err = inTxn(ctx, c, []string{rc, rr, ser}[rnd.IntN(3)], func() error {
					if _, err := c.Exec(ctx, "INSERT INTO uniq (v, w) VALUES ($1, $2)", v, w); err != nil {
						return err
					}
					if rnd.IntN(2) == 0 {
						_, err := c.Exec(ctx, "DELETE FROM uniq WHERE v = $1 AND w = $2", v, w)
						return err
					}
					return nil
				})
			default:
				_, err = c.Exec(ctx, "INSERT INTO uniq (v, w) VALUES ($1, $2)", v, w)
			}
			if code(err) == "23505" {
				err = nil
			}
			return err
		}, func(ctx context.Context, c *pgx.Conn) error {
			var twice, expr, rows, byIndex int
			if err := c.QueryRow(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM uniq GROUP BY v, w HAVING count(*) > 1) d),
				(SELECT count(*) FROM (SELECT 1 FROM uniq WHERE w = 0 GROUP BY v * 2 HAVING count(*) > 1) d),
				(SELECT count(id) FROM uniq), (SELECT count(*) FROM uniq WHERE v BETWEEN 0 AND 30 AND w >= 0)`).Scan(&twice, &expr, &rows, &byIndex); err != nil {
				return err
			}
			if twice+expr > 0 || rows != byIndex {
				return fmt.Errorf("%d and %d values are there twice; %d rows, %d by the index", twice, expr, rows, byIndex)
			}
			return nil
		})
	})
}

// TestForeignKeyRace: whatever comes and goes at once, nobody ever sees an orphan.
func TestForeignKeyRace(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		setup := connect(t, url)
		exec(t, setup, "DROP TABLE IF EXISTS child, parent")
		exec(t, setup, "CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE, note int)")
		exec(t, setup, `CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE,
			q int REFERENCES parent (code) ON DELETE SET NULL, r int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`)
		exec(t, setup, "INSERT INTO parent SELECT i, i, 0 FROM generate_series(1, 12) i")
		race(t, url, 6, func(ctx context.Context, c *pgx.Conn, rnd *rand.Rand) error {
			p, q := 1+rnd.IntN(12), 1+rnd.IntN(12)
			err := inTxn(ctx, c, []string{rc, rc, rr, ser}[rnd.IntN(4)], func() error {
				var err error
				switch rnd.IntN(7) {
				case 0:
					_, err = c.Exec(ctx, "DELETE FROM parent WHERE id = $1", p)
				case 1:
					_, err = c.Exec(ctx, "INSERT INTO parent VALUES ($1, $1, 0) ON CONFLICT DO NOTHING", p)
				case 2:
					_, err = c.Exec(ctx, "UPDATE parent SET note = note + 1 WHERE id = $1", p)
				case 3:
					_, err = c.Exec(ctx, "UPDATE parent SET id = $2 WHERE id = $1", p, 12+p)
					if err == nil {
						_, err = c.Exec(ctx, "UPDATE parent SET id = $2 WHERE id = $1", 12+p, p)
					}
				case 4:
					_, err = c.Exec(ctx, "DELETE FROM child WHERE p = $1", p)
				case 5:
					_, err = c.Exec(ctx, "INSERT INTO child (r) VALUES ($1)", p)
				default:
					_, err = c.Exec(ctx, "INSERT INTO child (p, q) VALUES ($1, $2)", p, q)
				}
				return err
			})
			if c := code(err); c == "23503" || c == "23505" {
				err = nil
			}
			return err
		}, func(ctx context.Context, c *pgx.Conn) error {
			var orphans int
			if err := c.QueryRow(ctx, `SELECT count(*) FROM child c WHERE
				p IS NOT NULL AND NOT EXISTS (SELECT FROM parent WHERE id = c.p) OR
				q IS NOT NULL AND NOT EXISTS (SELECT FROM parent WHERE code = c.q) OR
				r IS NOT NULL AND NOT EXISTS (SELECT FROM parent WHERE id = c.r)`).Scan(&orphans); err != nil {
				return err
			}
			if orphans > 0 {
				return fmt.Errorf("%d orphans", orphans)
			}
			return nil
		})
	})
}
