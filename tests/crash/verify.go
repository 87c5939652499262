package crash

import (
	"context"
	"errors"
	"fmt"

	"rowkey"
	"rowkey/kv"
	"rowkey/kv/disk"
)

// verify compares a database opened after a crash with what clients were told, and
// then brings the ledger to what is there.
func verify(ctx context.Context, db *rowkey.DB, l *ledger) error {
	v := &verifier{ctx: ctx, db: db, l: l}
	v.stored()
	v.logs()
	v.invariants()
	v.definitions()
	v.sequences()
	v.redis()
	return errors.Join(v.errs...)
}

type verifier struct {
	ctx  context.Context
	db   *rowkey.DB
	l    *ledger
	errs []error
}

func (v *verifier) wrong(format string, args ...any) {
	if len(v.errs) < 20 {
		v.errs = append(v.errs, fmt.Errorf(format, args...))
	}
}

// one gives the integer that a query yields.
func (v *verifier) one(query string) int64 {
	rows, err := v.db.Query(v.ctx, query)
	if err != nil {
		v.wrong("%s: %w", query, err)
		return 0
	}
	var n int64
	if rows.Next() {
		if err := rows.Scan(&n); err != nil {
			v.wrong("%s: %w", query, err)
		}
	}
	return n
}

// stored is what rowkey check looks at.
func (v *verifier) stored() {
	report := func(d kv.Damage) error {
		if !d.Harmless {
			v.wrong("check: %s", d)
		}
		return nil
	}
	if s, ok := v.db.Engine().Store().(*disk.Store); ok {
		if _, _, err := s.Verify(v.ctx, report); err != nil {
			v.wrong("verifying files: %w", err)
		}
	}
	if _, err := v.db.Engine().Check(v.ctx, report); err != nil {
		v.wrong("checking: %w", err)
	}
}

// logs compares the commits there with those acknowledged.
func (v *verifier) logs() {
	var last [writers]int64
	for w := range writers {
		last[w] = v.one(fmt.Sprintf("SELECT coalesce(max(n), 0) FROM log WHERE w = %d", w))
		if n := v.one(fmt.Sprintf("SELECT count(*) FROM log WHERE w = %d", w)); n != last[w] {
			v.wrong("writer %d: %d commits are there, the last is %d", w, n, last[w])
		}
		if acked := v.l.acked[w].Load(); last[w] < acked && !unsynced(w) {
			v.wrong("writer %d: %d commits were acknowledged, %d are there", w, acked, last[w])
		}
		if attempted := v.l.attempted[w].Load(); last[w] > attempted {
			v.wrong("writer %d: %d commits are there, %d were attempted", w, last[w], attempted)
		}
		v.l.acked[w].Store(last[w])
		v.l.attempted[w].Store(last[w])
	}
	// What a commit's client knew to be committed must be there.
	for w := range writers {
		for o := range writers {
			if seen := v.one(fmt.Sprintf("SELECT coalesce(max(seen[%d]), 0) FROM log WHERE w = %d", o+1, w)); seen > last[o] {
				v.wrong("writer %d saw commit %d of writer %d, of which %d are there", w, seen, o, last[o])
			}
		}
	}
}

func (v *verifier) invariants() {
	if sum := v.one("SELECT sum(bal) FROM acct"); sum != accounts*balance {
		v.wrong("the accounts have %d together", sum)
	}
	if n := v.one("SELECT count(*) - count(DISTINCT val) FROM log"); n != 0 {
		v.wrong("%d numbers of a sequence were given twice", n)
	}
}

// definitions: d<n> and d<n-1> are there, and no others.
func (v *verifier) definitions() {
	n := v.one("SELECT coalesce(max(n), 0) FROM log WHERE w = -1")
	if acked := v.l.ddl.Load(); n < acked {
		v.wrong("%d definitions were acknowledged, %d are there", acked, n)
	}
	if begun := v.l.ddlBegun.Load(); n > begun {
		v.wrong("%d definitions are there, %d were attempted", n, begun)
	}
	v.l.ddl.Store(n)
	v.l.ddlBegun.Store(n)
	want := min(n, 2)
	if tables := v.one("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^d[0-9]+$'"); tables != want {
		v.wrong("after definition %d, %d of %d tables are there", n, tables, want)
	}
	for i := max(n-1, 1); i <= n; i++ {
		rows := v.one(fmt.Sprintf("SELECT count(*) FROM d%d", i))
		if byIndex := v.one(fmt.Sprintf("SELECT count(*) FROM d%d WHERE a > 0", i)); byIndex != rows {
			v.wrong("table d%d has %d rows, %d by its index", i, rows, byIndex)
		}
	}
}

// sequences must go on behind every number that a client saw.
func (v *verifier) sequences() {
	if next, seen := v.one("SELECT nextval('lone')"), v.l.lone.Load(); next <= seen {
		v.wrong("sequence lone gives %d after a client saw %d", next, seen)
	}
	if last, seen := v.one("SELECT last_value FROM jump"), v.l.jump.Load(); last < seen || last > v.l.jumpBegun.Load() && last > 1 {
		v.wrong("sequence jump is at %d after it was set to %d", last, seen)
	} else {
		v.l.jump.Store(max(last, 1))
	}
	if next, used := v.one("SELECT nextval('s')"), v.one("SELECT coalesce(max(val), 0) FROM log"); next <= used {
		v.wrong("sequence s gives %d after %d was used", next, used)
	}
}
