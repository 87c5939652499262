package local

import (
	"context"
	"maps"
	"math/rand/v2"
	"testing"

	"rowkey/kv"
)

// Locks of neighbouring keys, held in pages or not, grant what a table of one entry
// a key would: random requests of transactions that never wait, beside a model.
func TestLockPagesAgainstModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	var table lockTable
	table.init()
	lockers := make([]*locker, 5)
	for i := range lockers {
		lockers[i] = &locker{}
	}
	key := func(n int) []byte { return []byte{'k', byte(n >> 8), byte(n)} }
	held := map[int]map[*locker]uint16{}
	ctx := context.Background()
	noted := 0
	for step := range 200_000 {
		l := lockers[rnd.IntN(len(lockers))]
		n := rnd.IntN(300)
		mode := kv.LockMode(rnd.IntN(int(kv.LockTableAccessShare)))
		hash := table.hash(key(n))
		switch rnd.IntN(40) {
		case 4:
			if rnd.IntN(10) > 0 {
				continue
			}
			for _, l := range lockers {
				table.release(l)
			}
			clear(held)
			keys := make([][]byte, rnd.IntN(20))
			for i := range keys {
				keys[i] = key(rnd.IntN(300))
			}
			if !table.tryAll(l, keys, mode) {
				continue
			}
			noted++
			if len(keys) > 0 && rnd.IntN(2) == 0 && table.tryAll(lockers[0], keys, mode) {
				t.Fatalf("step %d: two have noted", step)
			}
			for _, k := range keys {
				n := int(k[1])<<8 | int(k[2])
				if held[n] == nil {
					held[n] = map[*locker]uint16{}
				}
				held[n][l] |= 1 << mode
			}
		case 0:
			table.release(l)
			for _, by := range held {
				delete(by, l)
			}
		case 1, 2, 3:
			want := held[n][l]&(1<<mode) != 0
			if got := table.unlock(l, hash, mode); got != want {
				t.Fatalf("step %d: unlock of %d: %v, want %v", step, n, got, want)
			}
			if by := held[n]; by != nil {
				by[l] &^= 1 << mode
				if by[l] == 0 {
					delete(by, l)
				}
			}
		default:
			if held[n] == nil {
				held[n] = map[*locker]uint16{}
			}
			free := true
			for by, modes := range held[n] {
				free = free && (by == l || modes&mode.Conflicts() == 0)
			}
			covered := held[n][l]&mode.Covers() != 0
			fresh, _, err := table.acquire(ctx, l, nil, hash, kv.LockOptions{Mode: mode, Wait: kv.WaitNot})
			switch {
			case covered:
				if fresh || err != nil {
					t.Fatalf("step %d: key %d held already: %v %v", step, n, fresh, err)
				}
			case free:
				if !fresh || err != nil {
					t.Fatalf("step %d: key %d is free: %v %v", step, n, fresh, err)
				}
				held[n][l] |= 1 << mode
			case err != kv.ErrLockNotAvailable:
				t.Fatalf("step %d: key %d is taken: %v", step, n, err)
			}
		}
	}
	if noted < 10 {
		t.Fatalf("only %d times locks were noted", noted)
	}
	for _, l := range lockers {
		table.release(l)
	}
	if n := table.noted.holders.Load(); n != 0 || table.noted.keys.Load() != nil {
		t.Fatalf("%d holders are left", n)
	}
	for i := range table.shards {
		if sh := &table.shards[i]; len(sh.pages)+len(sh.m) > 0 {
			t.Fatalf("shard %d keeps %d pages and %d locks", i, len(sh.pages), len(sh.m))
		}
	}
}

// What was locked since a savepoint is given up with it, and nothing else: random locks and savepoints
// beside a model. Keys in a row take little room in the log.
func TestLocksSinceSavepoints(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	var table lockTable
	table.init()
	var l, probe locker
	key := func(n int) []byte { return []byte{'k', byte(n >> 16), byte(n >> 8), byte(n)} }
	ctx := context.Background()
	lock := func(n int, mode kv.LockMode) {
		t.Helper()
		if _, _, err := table.acquire(ctx, &l, nil, table.hash(key(n)), kv.LockOptions{Mode: mode, Wait: kv.WaitNot}); err != nil {
			t.Fatal(err)
		}
	}
	const keys = 400
	held := map[int]bool{}
	type point struct {
		at   int
		held map[int]bool
	}
	points := []point{{l.mark(), maps.Clone(held)}}
	modes := []kv.LockMode{kv.LockShare, kv.LockForUpdate, kv.LockNoKeyUpdate, kv.LockUpdate}
	for step := range 20_000 {
		switch rnd.IntN(30) {
		case 0:
			points = append(points, point{l.mark(), maps.Clone(held)})
		case 1:
			n := rnd.IntN(len(points))
			table.releaseSince(&l, points[n].at)
			points, held = points[:n+1], maps.Clone(points[n].held)
			for k := range keys {
				_, _, err := table.acquire(ctx, &probe, nil, table.hash(key(k)), kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.WaitNot})
				if free := err == nil; free == held[k] {
					t.Fatalf("step %d: key %d is held: %v, to another it is free: %v", step, k, held[k], free)
				}
			}
			table.release(&probe)
		default:
			for n, to, mode := rnd.IntN(keys), rnd.IntN(5), modes[rnd.IntN(len(modes))]; n < keys && to >= 0; n, to = n+1, to-1 {
				lock(n, mode)
				held[n] = true
			}
		}
	}
	table.release(&l)
	l.mark()
	const many = 1 << 18
	for n := range many {
		lock(n, kv.LockUpdate)
	}
	if len(l.log) > many/50 {
		t.Errorf("%d locks of keys in a row take %d places", many, len(l.log))
	}
	table.releaseSince(&l, 0)
	lock(7, kv.LockShare)
	table.release(&l)
}
