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
	// flush is the error of the last attempt to give Pebble what waits, nil once one succeeds.
	flush atomic.Pointer[error]
	// background is the error of Pebble's last merge, nil once one succeeds.
	background atomic.Pointer[error]
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
			if !e.faults.opened.Load() && !pebble.IsCorruptionError(err) { // a merge met that: others may be read
				e.fatal(err) // Pebble would try until it succeeds, and opening not end
			}
			e.faults.background.Store(&err)
			time.Sleep(failedPause) // Pebble tries again at once
		},
		CompactionEnd: func(i pebble.CompactionInfo) {
			if i.Err == nil {
				e.faults.background.Store(nil)
			}
		},
		// Readers get the error of what they cannot read; the rest stays of use.
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			e.log.Error("storage: a file is damaged", "path", i.Path, "details", i.Details)
		},
		DiskSlow: func(i pebble.DiskSlowInfo) { e.log.Warn("storage: slow disk", "info", i.String()) },
	}
}

// failedPause is after what pause background work that failed is tried again.
const failedPause = 20 * time.Millisecond

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
