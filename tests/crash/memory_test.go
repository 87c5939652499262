package crash

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rowkey"
	"rowkey/kv/disk"
)

var (
	crashes = flag.Int("crashes", 40, "how many crashes each test makes")
	seedArg = flag.Uint64("seed", 0, "seed of all chances; 0: another each time")
)

// # A file system that forgets, tears and fails loses no acknowledged commit.
//
// At a random operation the power goes: what was not synced is lost, or stays in part, in
// blocks. Or an operation fails first, as on a full or broken disk, and the power goes some
// operations later. What is left is opened again and verified, and the load goes on. In
// some rounds all but the smallest transactions are too large for the memory they may take.
func TestPowerLoss(t *testing.T) {
	seed := *seedArg
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (go test ./tests/crash -run %s -seed %d)", seed, t.Name(), seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	total, failed := int64(0), 0
	fs, l := vfs.NewCrashableMem(), &ledger{}
	for i := range *crashes {
		if i%40 == 0 {
			fs, l = vfs.NewCrashableMem(), &ledger{}
		}
		p := newPower(fs, l, rng)
		before := l.commits.Load()
		if err := p.round(rng.Uint64()); err != nil {
			t.Fatalf("crash %d (%s): %v", i, p, err)
		}
		total += l.commits.Load() - before
		if p.failing {
			failed++
		}
		fs, l = p.left, p.known
		if err := p.look(); err != nil {
			dir := dump(t, p.left)
			t.Fatalf("after crash %d (%s), left in %s:\n%v", i, p, dir, err)
		}
	}
	t.Logf("%d commits acknowledged over %d crashes, %d of them after failing operations; none lost", total, *crashes, failed)
}

// power is a file system that loses power at some operation.
type power struct {
	mem     *vfs.MemFS
	l       *ledger
	ops     atomic.Int64
	cut     int64 // the operation at which power goes
	percent int   // of unsynced blocks that stay
	rng     *rand.Rand

	failing  bool // operations fail before power goes
	failAt   int64
	failFor  atomic.Int64
	fails    int64 // failFor, to begin with
	failWith error
	failKind func(errorfs.Op) bool
	kindName string

	off   atomic.Bool
	left  *vfs.MemFS // what the next start finds
	known *ledger    // what was acknowledged then
	done  chan struct{}
}

func newPower(fs *vfs.MemFS, l *ledger, rng *rand.Rand) *power {
	p := &power{mem: fs, l: l, rng: rng, done: make(chan struct{})}
	p.cut = int64(1 + rng.IntN(20<<rng.IntN(7)))
	l.failing = false
	p.percent = []int{0, 0, 50, 90, 100}[rng.IntN(5)]
	if rng.IntN(2) == 0 {
		p.failing, l.failing = true, true
		p.failAt = 1 + rng.Int64N(p.cut)
		p.failFor.Store([]int64{1, 1, 3, 1 << 30}[rng.IntN(4)])
		p.fails = p.failFor.Load()
		p.failWith = []error{syscall.EIO, syscall.ENOSPC}[rng.IntN(2)]
		switch rng.IntN(4) {
		case 0:
			p.kindName, p.failKind = "sync", func(op errorfs.Op) bool {
				return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
			}
		case 1:
			p.kindName, p.failKind = "log", func(op errorfs.Op) bool { return filepath.Ext(op.Path) == ".log" }
		case 2:
			p.kindName, p.failKind = "file", func(op errorfs.Op) bool { return filepath.Ext(op.Path) != ".log" }
		default:
			p.kindName, p.failKind = "any", func(errorfs.Op) bool { return true }
		}
	}
	return p
}

func (p *power) String() string {
	s := fmt.Sprintf("power goes at operation %d, %d%% of what was not synced stays", p.cut, p.percent)
	if p.failing {
		s += fmt.Sprintf("; %d operations (%s) fail from %d with %v", p.fails, p.kindName, p.failAt, p.failWith)
	}
	return s
}

var errOff error = &os.PathError{Op: "write", Path: "anything", Err: errors.New("no power")}

// MaybeError implements errorfs.Injector.
func (p *power) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	if p.off.Load() {
		return errOff
	}
	n := p.ops.Add(1)
	if n == p.cut {
		p.lose()
		return errOff
	}
	if p.failing && n >= p.failAt && p.failKind(op) {
		if p.failFor.Add(-1) >= 0 {
			return &os.PathError{Op: "write", Path: op.Path, Err: p.failWith}
		}
	}
	return nil
}

// lose is the moment the power goes.
func (p *power) lose() {
	if p.off.Swap(true) {
		return
	}
	p.known = p.l.copy()
	for w := range writers { // those under way may be there
		p.known.attempted[w].Store(p.known.acked[w].Load() + 1)
	}
	for w := range redisClients {
		p.known.stepsBegun[w].Store(p.known.steps[w].Load() + pipelined + 1)
	}
	p.known.ddlBegun.Store(p.known.ddl.Load() + 1)
	p.known.jumpBegun.Store(p.known.jump.Load() + 1000)
	p.left = p.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: p.percent, RNG: p.rng})
	close(p.done)
}

func openOn(fs vfs.FS, rng *rand.Rand) (*rowkey.DB, error) {
	store, err := disk.Open("/data/db", disk.Options{FS: fs, CacheBytes: 1 << 20, MemtableBytes: 16 << 10 << rng.IntN(4),
		TxnBytes: []int64{0, 300, 1500}[rng.IntN(3)]}) // small: transactions commit by files
	if err != nil {
		return nil, err
	}
	db, err := rowkey.OpenStore(store)
	if err != nil {
		store.Close()
		return nil, err
	}
	return db, nil
}

// patience is how long a round may take before it is said to hang: a busy machine under the
// race detector needs a minute.
const patience = 2 * time.Minute

// round loads a database until the power goes.
func (p *power) round(seed uint64) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stuck := time.AfterFunc(patience*3/4, func() { pprof.Lookup("goroutine").WriteTo(os.Stderr, 2) })
	defer stuck.Stop()
	rng := rand.New(rand.NewPCG(seed, 1))
	db, err := openOn(errorfs.Wrap(p.mem, p), rng)
	if err == nil {
		if err = setUp(ctx, db); err == nil {
			err = load(ctx, db, p.l, seed, 1+rng.IntN(60))
		}
		p.lose()
		closed := make(chan struct{})
		go func() { db.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(patience):
			return errors.New("closing hangs")
		}
	}
	p.lose()
	<-p.done
	if ctx.Err() != nil {
		return errors.New("the load hangs")
	}
	if err != nil && !p.expected(err) {
		return err
	}
	return nil
}

// expected tells whether an error is the power's or the failing operation's.
func (p *power) expected(err error) bool {
	return errors.Is(err, errOff) || p.failing && errors.Is(err, p.failWith) || down(context.Background(), err)
}

// look opens what is left and verifies it, twice: closing in order after a crash must leave
// a directory that opens, too.
func (p *power) look() error {
	if err := p.verify(); err != nil {
		return err
	}
	if err := p.verify(); err != nil {
		return fmt.Errorf("the second time: %w", err)
	}
	return nil
}

// verify opens what is left, verifies it and closes it.
func (p *power) verify() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rng := rand.New(rand.NewPCG(1, 1))
	// A copy, so that what is found wrong can be looked at; with nothing unsynced it is the same.
	db, err := openOn(p.left, rng)
	if err != nil {
		return fmt.Errorf("opening: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if rows, err := db.Query(ctx, "SELECT 1 FROM pg_class WHERE relname = 'log'"); err != nil {
		return err
	} else if !rows.Next() {
		for w := range writers {
			if p.known.acked[w].Load() > 0 && !unsynced(w) {
				return fmt.Errorf("the tables are gone; writer %d had %d", w, p.known.acked[w].Load())
			}
		}
		for w := range redisClients {
			if n := p.known.steps[w].Load(); n > 0 {
				return fmt.Errorf("the tables are gone; redis client %d had %d", w, n)
			}
		}
		p.known = &ledger{}
		return nil
	}
	return verify(ctx, db, p.known)
}

// dump writes a file system to a directory, to be looked at.
func dump(t *testing.T, fs *vfs.MemFS) string {
	dir, err := os.MkdirTemp("", "rowkey-crash-")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vfs.Clone(fs, vfs.Default, "/data/db", dir); err != nil {
		t.Log(err)
	}
	return dir
}
