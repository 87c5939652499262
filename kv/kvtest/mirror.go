package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rowkey/kv"
)

// Seed is the seed of a random test: of ROWKEY_SEED if that is set, else a new one. It
// is printed, so that a failure can be repeated.
func Seed(t testing.TB) uint64 {
	seed := rand.Uint64()
	if s := os.Getenv("ROWKEY_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("ROWKEY_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("ROWKEY_SEED=%d", seed)
	return seed
}

// Mirror applies random operations, as many as steps says, to both stores in
// lockstep, in several transactions that overlap, and compares every answer: values,
// scans, lock results, errors of each kind, commits.
func Mirror(t *testing.T, a, b kv.Store, steps int) {
	seed := Seed(t)
	m := &mirror{t: t, rnd: rand.New(rand.NewPCG(seed, 0)), stores: [2]kv.Store{a, b}}
	for m.step = range steps {
		m.one()
		if t.Failed() {
			t.Fatalf("at step %d of seed %d; the last operations:\n%s", m.step, seed, strings.Join(m.log[max(0, len(m.log)-20):], "\n"))
		}
	}
	for len(m.txns) > 0 {
		m.end(0, true)
	}
	m.same("all", func(i int) string {
		sn := m.stores[i].Snapshot()
		defer sn.Close()
		return show(t, sn, all, kv.ScanOptions{})
	})
}

type mirror struct {
	t      *testing.T
	rnd    *rand.Rand
	stores [2]kv.Store
	txns   [][2]kv.Txn
	saves  [][]kv.Savepoint
	log    []string
	step   int
}

// same does one operation on both sides and compares what f says about it.
func (m *mirror) same(what string, f func(side int) string) string {
	x, y := f(0), f(1)
	m.log = append(m.log, fmt.Sprintf("%6d %s → %.200s", m.step, what, x))
	if x != y {
		m.t.Errorf("%s:\n one %s\n two %s", what, x, y)
	}
	return x
}

func (m *mirror) key() []byte {
	n := m.rnd.IntN(60)
	key := []byte{byte(m.rnd.IntN(3)), byte(n)}
	if n%7 == 0 {
		key = append(key, bytes.Repeat([]byte{0}, n/7)...)
	}
	if n%11 == 0 {
		key = append(key, 0xff, 0xff)
	}
	return key
}

func (m *mirror) randomRange() kv.Range {
	r := kv.Range{Start: m.key(), End: m.key()}
	switch m.rnd.IntN(6) {
	case 0:
		r.Start = nil
	case 1:
		r.End = nil
	case 2:
		r = kv.PrefixRange(m.key()[:1])
	}
	return r
}

// kind names an error without what may differ between stores.
func kind(err error) string {
	if err == nil {
		return "ok"
	}
	for _, e := range []error{kv.ErrConflict, kv.ErrLockNotAvailable, kv.ErrLockTimeout, kv.ErrDeadlock, kv.ErrTxnDone,
		kv.ErrRefresh, kv.ErrReadOnly, kv.ErrNoSavepoint, kv.ErrReservedKey, kv.ErrEmptyKey, kv.ErrKeyTooLarge} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return "unexpected: " + err.Error()
}

func (m *mirror) one() {
	if len(m.txns) == 0 || (len(m.txns) < 5 && m.rnd.IntN(10) == 0) {
		opts := kv.TxnOptions{Isolation: kv.Isolation(m.rnd.IntN(3)), NoSync: m.rnd.IntN(4) > 0}
		var pair [2]kv.Txn
		for i, s := range m.stores {
			txn, err := s.Begin(bg, opts)
			if err != nil {
				m.t.Fatal(err)
			}
			pair[i] = txn
		}
		m.txns = append(m.txns, pair)
		m.saves = append(m.saves, nil)
		m.log = append(m.log, fmt.Sprintf("%6d begin %v", m.step, opts.Isolation))
		return
	}
	n := m.rnd.IntN(len(m.txns))
	txn := m.txns[n]
	name := func(op string) string { return fmt.Sprintf("t%d %s", n, op) }
	switch op := m.rnd.IntN(100); {
	case op < 15:
		key := m.key()
		latest := m.rnd.IntN(3) == 0
		m.same(name(fmt.Sprintf("get %x", key)), func(i int) string {
			get := txn[i].Get
			if latest {
				get = txn[i].GetLatest
			}
			v, ok, err := get(key)
			return fmt.Sprintf("%q %v %s", v, ok, kind(err))
		})
	case op < 20:
		keys := make([][]byte, m.rnd.IntN(20))
		for i := range keys {
			keys[i] = m.key()
		}
		if m.rnd.IntN(2) == 0 {
			slices.SortFunc(keys, bytes.Compare)
		}
		latest := m.rnd.IntN(3) == 0
		m.same(name(fmt.Sprintf("get all %x", keys)), func(i int) string {
			get := txn[i].GetAll
			if latest {
				get = txn[i].GetAllLatest
			}
			values := make([][]byte, len(keys))
			err := get(keys, values)
			return fmt.Sprintf("%q %v", values, kind(err))
		})
	case op < 55:
		// Without another thread a wait would never end: lock first, skipping.
		key := m.key()
		value := fmt.Appendf(nil, "%d.%s", m.step, strings.Repeat("v", m.rnd.IntN(40)))
		newest := m.rnd.IntN(4) == 0
		del := m.rnd.IntN(3) == 0
		m.same(name(fmt.Sprintf("write %x", key)), func(i int) string {
			res, err := txn[i].Lock(bg, key, kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.WaitSkip, Newest: newest})
			if err != nil || !res.Acquired {
				return fmt.Sprintf("%+v %s", res, kind(err))
			}
			if del {
				return fmt.Sprintf("%+v %s", res, kind(txn[i].Delete(key)))
			}
			return fmt.Sprintf("%+v %s", res, kind(txn[i].Put(key, value)))
		})
	case op < 75:
		r := m.randomRange()
		opts := kv.ScanOptions{Reverse: m.rnd.IntN(2) == 0, KeysOnly: m.rnd.IntN(5) == 0}
		if m.rnd.IntN(3) == 0 {
			opts.Limit = 1 + m.rnd.IntN(10)
		}
		batch, latest := 1+m.rnd.IntN(20), m.rnd.IntN(4) == 0
		again := m.randomRange()
		m.same(name(fmt.Sprintf("scan [%x - %x) %+v", r.Start, r.End, opts)), func(i int) string {
			scan := txn[i].Scan
			if latest {
				scan = txn[i].ScanLatest
			}
			it := scan(r, opts)
			one := drain(it, batch)
			it.Reset(again)
			two := drain(it, batch)
			return one + " | " + two + kind(it.Close())
		})
	case op < 80:
		mode := kv.LockMode(m.rnd.IntN(4))
		key := m.key()
		m.same(name(fmt.Sprintf("lock %v %x", mode, key)), func(i int) string {
			res, err := txn[i].Lock(bg, key, kv.LockOptions{Mode: mode, Wait: kv.WaitNot})
			return fmt.Sprintf("%+v %s", res, kind(err))
		})
	case op < 84:
		m.same(name("refresh"), func(i int) string { return kind(txn[i].Refresh()) })
	case op < 88:
		var sp kv.Savepoint
		m.same(name("savepoint"), func(i int) string { sp = txn[i].Savepoint(); return fmt.Sprint(sp) })
		m.saves[n] = append(m.saves[n], sp)
	case op < 92 && len(m.saves[n]) > 0:
		at := m.rnd.IntN(len(m.saves[n]))
		sp := m.saves[n][at]
		if m.rnd.IntN(2) == 0 {
			m.saves[n] = m.saves[n][:at+1]
			m.same(name(fmt.Sprint("rollback to ", sp)), func(i int) string { return kind(txn[i].RollbackTo(sp)) })
		} else {
			m.saves[n] = m.saves[n][:at]
			m.same(name(fmt.Sprint("release ", sp)), func(i int) string { return kind(txn[i].Release(sp)) })
		}
	case op < 93:
		r := m.randomRange()
		if m.rnd.IntN(5) == 0 {
			m.same("drop range", func(i int) string { return kind(m.stores[i].DropRange(bg, r)) })
		}
	default:
		m.end(n, m.rnd.IntN(5) > 0)
	}
}

func drain(it kv.Iterator, batch int) string {
	var out strings.Builder
	b := kv.PairBatch{Max: batch}
	for {
		n, err := it.Next(&b)
		if n == 0 || err != nil {
			out.WriteString(kind(err))
			return out.String()
		}
		for i := range b.Keys {
			fmt.Fprintf(&out, "%x=%.12q ", b.Keys[i], b.Values[i])
		}
	}
}

func (m *mirror) end(n int, commit bool) {
	txn := m.txns[n]
	m.txns = slices.Delete(m.txns, n, n+1)
	m.saves = slices.Delete(m.saves, n, n+1)
	if commit {
		m.same(fmt.Sprintf("t%d commit", n), func(i int) string { return kind(txn[i].Commit(bg)) })
	} else {
		m.log = append(m.log, fmt.Sprintf("%6d t%d rollback", m.step, n))
		txn[0].Rollback()
		txn[1].Rollback()
	}
	m.same("state", func(i int) string {
		sn := m.stores[i].Snapshot()
		defer sn.Close()
		return show(m.t, sn, all, kv.ScanOptions{}) + fmt.Sprint(sn.Seq())
	})
}
