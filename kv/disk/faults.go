package disk

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
)

// faults are what went wrong in the background.
type faults struct {
	// flush and compaction hold the error of the last such work, nil once it succeeds.
	flush, compaction atomic.Pointer[error]
	// dead is what was fatal to Pebble: it will write nothing any more, nor close.
	dead atomic.Pointer[error]
}

// stopWritesL0 is the number of unmerged files that makes Pebble hold up commits until
// compactions have merged some.
const stopWritesL0 = 24

// writable refuses commits that would fail, or wait for ever for background work
// that fails. Their outcome is known: nothing was done.
func (e *engine) writable() error {
	if e.reading {
		return kv.ErrReadOnly
	}
	if err := e.faults.dead.Load(); err != nil {
		return fmt.Errorf("store accepts no more writes after: %w", translate(*err))
	}
	if err := e.faults.flush.Load(); err != nil {
		return fmt.Errorf("writing files: %w", translate(*err))
	}
	if err := e.faults.compaction.Load(); err != nil && e.db.Metrics().Levels[0].Sublevels >= stopWritesL0-2 {
		return fmt.Errorf("merging files: %w", translate(*err))
	}
	return nil
}

// events are what Pebble tells of its background work.
func (e *engine) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			e.log.Error("storage: background work failed", "err", err)
			time.Sleep(failedPause) // Pebble tries again at once
		},
		FlushEnd:      func(i pebble.FlushInfo) { note(&e.faults.flush, i.Err) },
		CompactionEnd: func(i pebble.CompactionInfo) { note(&e.faults.compaction, i.Err) },
		// Readers get the error of what they cannot read; the rest stays of use.
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			e.log.Error("storage: a file is damaged", "path", i.Path, "details", i.Details)
		},
		DiskSlow: func(i pebble.DiskSlowInfo) { e.log.Warn("storage: slow disk", "info", i.String()) },
	}
}

// failedPause is between attempts of background work that fails.
const failedPause = 20 * time.Millisecond

func note(at *atomic.Pointer[error], err error) {
	switch {
	case err == nil:
		at.Store(nil)
	case !errors.Is(err, pebble.ErrCancelledCompaction) && !errors.Is(err, pebble.ErrClosed):
		at.Store(&err)
	}
}

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

// pebbleLogger passes on errors only: Pebble's other messages tell of its everyday life.
type pebbleLogger struct{ e *engine }

func (p pebbleLogger) Infof(string, ...any) {}

func (p pebbleLogger) Errorf(format string, args ...any) {
	p.e.log.Error("storage: " + fmt.Sprintf(format, args...))
}

// Fatalf is where Pebble expects the process to end. A call that came from this package
// ends by a panic, see recoverFatal: so a commit that could not be logged. Pebble's own
// goroutines just end, and the engine is dead: readers go on with what is there.
func (p pebbleLogger) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	err := fmt.Errorf(format, args...)
	for _, a := range args {
		if cause, ok := a.(error); ok {
			err = cause
		}
	}
	if calledFromHere() {
		panic(fatalError{err})
	}
	p.e.faults.dead.CompareAndSwap(nil, &err)
	runtime.Goexit()
}

type fatalError struct{ error }

func (f fatalError) Unwrap() error { return f.error }

// recoverFatal, deferred, turns the panic of a Fatalf into an error.
func recoverFatal(err *error) {
	if r := recover(); r != nil {
		fatal, ok := r.(fatalError)
		if !ok {
			panic(r)
		}
		*err = fatal
	}
}

// calledFromHere tells whether the goroutine is in a call of this package's engine.
func calledFromHere() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "/kv/disk.(*engine)") || !more {
			return more
		}
	}
}
