package builtin

import (
	"context"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions that reach beyond the session: advisory locks, other sessions,
// notifications. A session that can do these things implements the interfaces
// below next to Session; without them the functions are an error.

// AdvisoryKey names an advisory lock: one number, or two (Pair), which are
// different spaces.
type AdvisoryKey struct {
	Pair bool
	Key  int64 // of a pair: the first in the upper half, the second in the lower
}

// AdvisoryLocker is implemented by sessions that have advisory locks.
type AdvisoryLocker interface {
	// AdvisoryLock takes a lock, waiting for it unless try is set: then false
	// tells that it was not free. A lock taken for the transaction (xact) goes
	// with it; others are counted and stay until unlocked or the session ends.
	AdvisoryLock(ctx context.Context, key AdvisoryKey, shared, xact, try bool) (bool, error)
	// AdvisoryUnlock gives back a session's lock; false if it has none.
	AdvisoryUnlock(key AdvisoryKey, shared bool) (bool, error)
	// AdvisoryUnlockAll gives back all of the session's locks.
	AdvisoryUnlockAll() error
}

// Signaller is implemented by sessions that can reach others.
type Signaller interface {
	// CancelBackend and TerminateBackend stop another session's statement, or
	// the session; false if there is none of that number.
	CancelBackend(pid int32) (bool, error)
	TerminateBackend(pid int32) (bool, error)
}

// Notifier is implemented by sessions that have LISTEN and NOTIFY.
type Notifier interface {
	Notify(channel, payload string) error
	ListeningChannels() []string
	// NotificationQueueUsage is the part of the room for notifications not yet
	// taken that is in use.
	NotificationQueueUsage() float64
}

// SnapshotExporter is implemented by sessions whose transactions lend their snapshots.
type SnapshotExporter interface {
	// ExportSnapshot gives what SET TRANSACTION SNAPSHOT takes.
	ExportSnapshot() (string, error)
}

// via makes a function of a session that implements I.
func via[I any](what string, run func(ctx *Ctx, s I, a []types.Datum) (types.Datum, error)) Func {
	return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		s, err := ctx.session()
		if err != nil {
			return types.Null, err
		}
		i, ok := s.(I)
		if !ok {
			return types.Null, pgerr.Unsupported("%s are not supported", what)
		}
		return run(ctx, i, a)
	})
}

func advisoryKey(a []types.Datum) AdvisoryKey {
	if len(a) == 1 {
		return AdvisoryKey{Key: a[0].I}
	}
	return AdvisoryKey{Pair: true, Key: a[0].I<<32 | int64(uint32(a[1].I))}
}

func init() {
	const locks = "advisory locks"
	for _, v := range []struct {
		name              string
		shared, xact, try bool
	}{
		{"pg_advisory_lock", false, false, false}, {"pg_advisory_lock_shared", true, false, false},
		{"pg_advisory_xact_lock", false, true, false}, {"pg_advisory_xact_lock_shared", true, true, false},
		{"pg_try_advisory_lock", false, false, true}, {"pg_try_advisory_lock_shared", true, false, true},
		{"pg_try_advisory_xact_lock", false, true, true}, {"pg_try_advisory_xact_lock_shared", true, true, true},
	} {
		define(v.name+"(int8) "+v.name+"(int4,int4)", via(locks, func(ctx *Ctx, s AdvisoryLocker, a []types.Datum) (types.Datum, error) {
			ok, err := s.AdvisoryLock(ctx, advisoryKey(a), v.shared, v.xact, v.try)
			if !v.try {
				return void, err
			}
			return types.NewBool(ok), err
		}))
	}
	for _, shared := range []bool{false, true} {
		name := "pg_advisory_unlock"
		if shared {
			name += "_shared"
		}
		define(name+"(int8) "+name+"(int4,int4)", via(locks, func(_ *Ctx, s AdvisoryLocker, a []types.Datum) (types.Datum, error) {
			ok, err := s.AdvisoryUnlock(advisoryKey(a), shared)
			return types.NewBool(ok), err
		}))
	}
	define("pg_advisory_unlock_all()", via(locks, func(_ *Ctx, s AdvisoryLocker, _ []types.Datum) (types.Datum, error) {
		return void, s.AdvisoryUnlockAll()
	}))

	const signals = "signals to other sessions"
	define("pg_cancel_backend(int4)", via(signals, func(_ *Ctx, s Signaller, a []types.Datum) (types.Datum, error) {
		ok, err := s.CancelBackend(int32(a[0].I))
		return types.NewBool(ok), err
	}))
	define("pg_terminate_backend(int4,int8)", via(signals, func(_ *Ctx, s Signaller, a []types.Datum) (types.Datum, error) {
		ok, err := s.TerminateBackend(int32(a[0].I))
		return types.NewBool(ok), err
	}))

	define("pg_export_snapshot()", via("snapshots", func(_ *Ctx, s SnapshotExporter, _ []types.Datum) (types.Datum, error) {
		id, err := s.ExportSnapshot()
		return types.NewString(id), err
	}))

	const notifications = "notifications"
	define("pg_notify(text,text)", via(notifications, func(_ *Ctx, s Notifier, a []types.Datum) (types.Datum, error) {
		if a[0].S == "" {
			return types.Null, errParameter("channel name cannot be empty")
		}
		if len(a[0].S) > 63 {
			return types.Null, errParameter("channel name too long")
		}
		if len(a[1].S) > 7999 {
			return types.Null, errParameter("payload string too long")
		}
		return void, s.Notify(a[0].S, a[1].S)
	}))
	define("pg_notification_queue_usage()", via(notifications, func(_ *Ctx, s Notifier, _ []types.Datum) (types.Datum, error) {
		return types.NewFloat(s.NotificationQueueUsage()), nil
	}))
	define("pg_listening_channels()", setFn(func(ctx *Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
		s, err := ctx.session()
		if err != nil {
			return err
		}
		if n, ok := s.(Notifier); ok {
			for _, c := range n.ListeningChannels() {
				if err := emit([]types.Datum{types.NewString(c)}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}
