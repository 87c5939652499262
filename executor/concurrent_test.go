package executor_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rowkey/executor"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/types"
)

// session is one transaction of a test.
type session struct {
	t   *testing.T
	w   *benchWorld
	txn kv.Txn
	iso kv.Isolation
}

func (w *benchWorld) session(t *testing.T, iso kv.Isolation) *session {
	txn, err := w.store.Begin(context.Background(), kv.TxnOptions{Isolation: iso})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(txn.Rollback)
	return &session{t, w, txn, iso}
}

func (s *session) exec(sql string) (string, error) {
	p := s.w.plan(s.t, sql)
	if s.iso == kv.ReadCommitted {
		if err := s.txn.Refresh(); err != nil {
			return "", err
		}
	}
	ctx := s.w.ctx(s.txn)
	ctx.Isolation = s.iso
	ctx.LockTimeout = 2 * time.Second
	var out []string
	_, err := executor.Run(ctx, p, func(b *types.Batch) error {
		for i := range b.Rows() {
			var row []string
			for k, c := range b.Cols {
				row = append(row, types.TextOf(p.Columns[k].Type, c.Datum(b.Row(i)), s.w.env))
			}
			out = append(out, strings.Join(row, "|"))
		}
		return nil
	})
	return strings.Join(out, " "), err
}

func (s *session) must(sql string) string {
	s.t.Helper()
	out, err := s.exec(sql)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func (s *session) commit() {
	s.t.Helper()
	if err := s.txn.Commit(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

type outcome struct {
	rows string
	err  error
}

// async runs a statement that will wait.
func (s *session) async(sql string) chan outcome {
	ch := make(chan outcome, 1)
	go func() {
		rows, err := s.exec(sql)
		ch <- outcome{rows, err}
	}()
	time.Sleep(30 * time.Millisecond)
	return ch
}

// READ COMMITTED: a writer that waited sees the newest version of the row,
// and leaves it alone when it no longer meets the condition.
func TestReadCommittedRecheck(t *testing.T) {
	w := newBenchWorld(t, true, true)
	setup := w.session(t, kv.ReadCommitted)
	setup.must("insert into t values (1, 10, 'x', 0), (2, 20, 'y', 0), (3, 30, 'z', 0)")
	setup.commit()

	a, b := w.session(t, kv.ReadCommitted), w.session(t, kv.ReadCommitted)
	a.must("update t set a = a + 1 where id = 1")
	a.must("update t set b = 'moved' where id = 2")
	a.must("delete from t where id = 3")
	wait := b.async("update t set a = a + 100 where b <> 'moved' returning id, a")
	a.commit()
	r := <-wait
	if r.err != nil || r.rows != "1|111" {
		t.Errorf("got %q, %v", r.rows, r.err)
	}
	b.commit()
	c := w.session(t, kv.ReadCommitted)
	if got := c.must("select id, a, b from t order by id"); got != "1|111|x 2|20|moved" {
		t.Error(got)
	}
	if got := c.must("select id from t where a = 111"); got != "1" {
		t.Errorf("by index: %q", got)
	}
}

// REPEATABLE READ: the same is a serialization failure.
func TestRepeatableReadConflict(t *testing.T) {
	w := newBenchWorld(t, true, false)
	setup := w.session(t, kv.ReadCommitted)
	setup.must("insert into t values (1, 10, 'x', 0)")
	setup.commit()
	b := w.session(t, kv.RepeatableRead)
	b.must("select * from t")
	a := w.session(t, kv.ReadCommitted)
	a.must("update t set a = 11 where id = 1")
	a.commit()
	if got := b.must("select a from t"); got != "10" {
		t.Errorf("snapshot: %s", got)
	}
	_, err := b.exec("update t set a = 12 where id = 1")
	if e := pgerr.Of(err); e.Code != pgerr.SerializationFailure || e.Message != "could not serialize access due to concurrent update" {
		t.Error(err)
	}
}

// Two inserts of one key: the second waits, and fails or goes on.
func TestUniqueWait(t *testing.T) {
	w := newBenchWorld(t, true, false)
	for _, commit := range []bool{true, false} {
		id := "1"
		if commit {
			id = "2"
		}
		a, b := w.session(t, kv.ReadCommitted), w.session(t, kv.ReadCommitted)
		a.must("insert into t values (" + id + ", 1, 'a', 0)")
		wait := b.async("insert into t values (" + id + ", 2, 'b', 0)")
		if commit {
			a.commit()
		} else {
			a.txn.Rollback()
		}
		r := <-wait
		if commit && pgerr.CodeOf(r.err) != pgerr.UniqueViolation || !commit && r.err != nil {
			t.Errorf("commit %v: %v", commit, r.err)
		}
		b.txn.Rollback()
	}
	a, b := w.session(t, kv.ReadCommitted), w.session(t, kv.ReadCommitted)
	a.must("insert into t values (9, 1, 'a', 0)")
	wait := b.async("insert into t values (9, 2, 'b', 0) on conflict (id) do update set b = t.b || excluded.b returning b")
	a.commit()
	if r := <-wait; r.err != nil || r.rows != "ab" {
		t.Errorf("upsert: %q, %v", r.rows, r.err)
	}
}

// FOR UPDATE waits, refreshes the row, and obeys NOWAIT and SKIP LOCKED.
func TestRowLocks(t *testing.T) {
	w := newBenchWorld(t, true, false)
	setup := w.session(t, kv.ReadCommitted)
	setup.must("insert into t values (1, 10, 'x', 0), (2, 20, 'y', 0)")
	setup.commit()
	a, b := w.session(t, kv.ReadCommitted), w.session(t, kv.ReadCommitted)
	a.must("select * from t where id = 1 for update")
	if got := b.must("select id from t order by id for update skip locked"); got != "2" {
		t.Errorf("skip locked: %q", got)
	}
	_, err := b.exec("select id from t where id = 1 for update nowait")
	if e := pgerr.Of(err); e.Code != pgerr.LockNotAvailable || e.Message != `could not obtain lock on row in relation "t"` {
		t.Error(err)
	}
	a.must("update t set a = 99 where id = 1")
	wait := b.async("select id, a from t where id = 1 for update")
	a.commit()
	if r := <-wait; r.err != nil || r.rows != "1|99" {
		t.Errorf("for update: %q, %v", r.rows, r.err)
	}
}

// FOR UPDATE SKIP LOCKED LIMIT 1 locks one row: workers of a queue do not take
// each other's jobs away.
func TestLockQueue(t *testing.T) {
	w := newBenchWorld(t, true, false)
	setup := w.session(t, kv.ReadCommitted)
	setup.must("insert into t select i, i, 'job', 0 from generate_series(1, 50) i")
	setup.commit()
	for i, want := range []string{"1", "2", "3"} {
		s := w.session(t, kv.ReadCommitted)
		if got := s.must("select id from t order by id limit 1 for update skip locked"); got != want {
			t.Errorf("worker %d got %s, want %s", i, got, want)
		}
	}
	s := w.session(t, kv.ReadCommitted)
	if got := s.must("select id from t order by id limit 2 offset 1 for update skip locked"); got != "5 6" {
		t.Errorf("with an offset: %s", got)
	}
}

// A cancelled context ends a statement with 57014.
func TestCancel(t *testing.T) {
	w := newBenchWorld(t, true, false)
	s := w.session(t, kv.ReadCommitted)
	p := w.plan(t, "select count(*) from generate_series(1, 100000000) a")
	ctx := w.ctx(s.txn)
	c, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	ctx.Context = c
	_, err := executor.Run(ctx, p, nil)
	if pgerr.CodeOf(err) != pgerr.QueryCanceled {
		t.Error(err)
	}
}

// askedCtx counts how often it is asked whether it has ended.
type askedCtx struct {
	context.Context
	asked atomic.Int64
}

func (c *askedCtx) Err() error {
	c.asked.Add(1)
	return nil
}

// What passes no rows on for long asks whether it is cancelled as it goes.
func TestCancelIsAskedFor(t *testing.T) {
	w := newBenchWorld(t, true, false)
	s := w.session(t, kv.ReadCommitted)
	const rows = 40_000
	s.must("insert into t select i, i, 'job', 0 from generate_series(1, 40000) i")
	for _, sql := range []string{
		"select id from t where b = 'none'",
		"select id from t where id = any(array(select i + 1000000 from generate_series(1, 40000) i))",
		"select id from t order by id offset 40000",
	} {
		ctx := w.ctx(s.txn)
		c := &askedCtx{Context: context.Background()}
		ctx.Context = c
		if _, err := executor.Run(ctx, w.plan(t, sql), nil); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		if n := c.asked.Load(); n < rows/4096 {
			t.Errorf("%s: asked %d times while %d rows went by", sql, n, rows)
		}
	}
}
