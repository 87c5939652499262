package disk

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
)

// faults are what went wrong.
type faults struct {
	// flush is the error of the last attempt to write a file, nil once one succeeds.
	flush atomic.Pointer[error]
	// stalled: a commit waits for background work.
	stalled atomic.Bool
	// ingesting: a commit takes files in, for which it may wait for background work, too;
	// failed counts how often that failed meanwhile.
	ingesting atomic.Bool
	failed    atomic.Int32
	// log is why the log could not be written: no commit follows.
	log atomic.Pointer[error]
	// dead is what was fatal to Pebble, and died is closed then: it is not to be called
	// any more, but for readers to go on with what is there. See fencedFS.
	dead atomic.Pointer[error]
	died chan struct{}

	opened atomic.Bool
}

// unlessDead runs f, but does not wait for its end when Pebble dies meanwhile: what
// waits for background work would wait for ever.
func (e *engine) unlessDead(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-e.faults.died:
		return *e.faults.dead.Load()
	}
}

// worker makes the calls of those who write, one at a time, so that they need not wait
// for the end of a call when Pebble dies in it.
type worker struct {
	calls   chan func() error
	results chan error
}

func (w worker) run() {
	for f := range w.calls {
		w.results <- f()
	}
}

// call runs f on the worker. For one goroutine at a time.
func (e *engine) call(f func() error) error {
	if err := e.begin(f); err != nil {
		return err
	}
	return e.join()
}

// begin has the worker run f, after what it has been at.
func (e *engine) begin(f func() error) error {
	if err := e.join(); err != nil {
		return err
	}
	select {
	case e.worker.calls <- f:
		e.working = true
		return nil
	case <-e.faults.died:
		return *e.faults.dead.Load()
	}
}

// join waits for the worker's end of what it has begun.
func (e *engine) join() error {
	if !e.working {
		return nil
	}
	select {
	case err := <-e.worker.results:
		e.working = false
		return err
	case <-e.faults.died:
		return *e.faults.dead.Load()
	}
}

// writable refuses commits that would fail, or wait for ever for background work
// that fails. Their outcome is known: nothing was done.
func (e *engine) writable() error {
	if e.reading {
		return kv.ErrReadOnly
	}
	for _, fault := range []*atomic.Pointer[error]{&e.faults.log, &e.faults.dead} {
		if err := fault.Load(); err != nil {
			return fmt.Errorf("store accepts no more writes after: %w", translate(*err))
		}
	}
	if err := e.faults.flush.Load(); err != nil {
		return fmt.Errorf("writing files: %w", translate(*err))
	}
	return nil
}

// events are what Pebble tells of its background work.
func (e *engine) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			e.log.Error("storage: background work failed", "err", err)
			switch {
			case !e.faults.opened.Load() && !pebble.IsCorruptionError(err): // a merge met that: others may be read
				e.fatal(err) // Pebble would try until it succeeds, and opening not end
			case e.faults.stalled.Load():
				e.die(err) // nor that commit
			case e.faults.ingesting.Load() && e.faults.failed.Add(1) >= failedMost:
				e.die(err) // nor that one
			}
			time.Sleep(failedPause) // Pebble tries again at once
		},
		WriteStallBegin: func(pebble.WriteStallBeginInfo) { e.faults.stalled.Store(true) },
		WriteStallEnd:   func() { e.faults.stalled.Store(false) },
		FlushEnd: func(i pebble.FlushInfo) {
			if err := i.Err; err == nil || err.Error() == "pebble: empty table" { // all was deleted since
				e.faults.flush.Store(nil)
			} else {
				e.faults.flush.Store(&err)
			}
		},
		// Readers get the error of what they cannot read; the rest stays of use.
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			e.log.Error("storage: a file is damaged", "path", i.Path, "details", i.Details)
		},
		DiskSlow: func(i pebble.DiskSlowInfo) { e.log.Warn("storage: slow disk", "info", i.String()) },
	}
}

// Background work that fails is tried again after a pause; a commit that may wait for it
// gives up after so many times.
const (
	failedPause = 20 * time.Millisecond
	failedMost  = 50
)

// translate gives Pebble's and the system's errors the names of package kv.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", kv.ErrDiskFull, err)
	case pebble.IsCorruptionError(err):
		return fmt.Errorf("%w: %w", kv.ErrCorrupt, err)
	case errors.Is(err, pebble.ErrClosed):
		return kv.ErrClosed
	}
	return fmt.Errorf("%w: %w", kv.ErrIO, err)
}

// notOpened translates an error of opening. What no call of the operating system says, and
// that a file is missing, says that the files are not those that were written.
func notOpened(err error) error {
	if no := syscall.Errno(0); !errors.As(err, &no) || no == syscall.ENOENT {
		return fmt.Errorf("%w: %w", kv.ErrCorrupt, err)
	}
	return translate(err)
}

// pebbleLogger passes on errors only: Pebble's other messages tell of its everyday life.
type pebbleLogger struct{ e *engine }

func (p pebbleLogger) Infof(string, ...any) {}

func (p pebbleLogger) Errorf(format string, args ...any) {
	p.e.log.Error("storage: " + fmt.Sprintf(format, args...))
}

// Fatalf is where Pebble expects the process to end.
func (p pebbleLogger) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	err := fmt.Errorf(format, args...)
	for _, a := range args {
		if cause, ok := a.(error); ok {
			err = cause
		}
	}
	p.e.fatal(err)
}

// fatal notes that Pebble is dead, and does not return to it. Its goroutine stops for ever
// where it is: whoever needs the result does not wait, see call and unlessDead, and
// unwinding would run what Pebble has deferred, on a state that is not what that expects.
func (e *engine) fatal(err error) {
	e.die(err)
	select {}
}

func (e *engine) die(err error) {
	if e.faults.dead.CompareAndSwap(nil, &err) {
		close(e.faults.died)
	}
}
