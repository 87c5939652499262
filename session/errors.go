package session

import (
	"context"
	"errors"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
)

// mapKV is the one place where errors of the key-value store become SQL errors.
func mapKV(err error) error {
	if err == nil {
		return nil
	}
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		return err
	}
	var limit *catalog.ErrSequenceLimit
	wrap := func(code, msg string) error { return pgerr.New(code, msg).WithCause(err) }
	switch {
	case errors.Is(err, kv.ErrDependency):
		return wrap(pgerr.SerializationFailure, "could not serialize access due to read/write dependencies among transactions")
	case errors.Is(err, kv.ErrConflict):
		return wrap(pgerr.SerializationFailure, "could not serialize access due to concurrent update")
	case errors.Is(err, kv.ErrDeadlock):
		return wrap(pgerr.DeadlockDetected, "deadlock detected")
	case errors.Is(err, kv.ErrLockTimeout):
		return wrap(pgerr.LockNotAvailable, "canceling statement due to lock timeout")
	case errors.Is(err, kv.ErrLockNotAvailable):
		return wrap(pgerr.LockNotAvailable, "could not obtain lock on row")
	case errors.Is(err, kv.ErrReadOnly):
		return wrap(pgerr.ReadOnlySQLTransaction, "cannot execute this statement in a read-only transaction")
	case errors.Is(err, kv.ErrClosed):
		return wrap(pgerr.AdminShutdown, "the database is closed")
	case errors.Is(err, kv.ErrKeyTooLarge):
		return wrap(pgerr.ProgramLimitExceeded, err.Error())
	case errors.Is(err, kv.ErrValueTooLarge):
		return wrap(pgerr.ProgramLimitExceeded, err.Error())
	case errors.Is(err, kv.ErrDiskFull):
		return wrap(pgerr.DiskFull, err.Error())
	case errors.Is(err, kv.ErrIO), errors.Is(err, kv.ErrCommitUnknown):
		return wrap(pgerr.IOError, err.Error())
	case errors.Is(err, kv.ErrIsolation):
		return wrap(pgerr.FeatureNotSupported, err.Error())
	case errors.Is(err, kv.ErrCorrupt):
		return wrap(pgerr.DataCorrupted, err.Error())
	case errors.As(err, &limit):
		return wrap(pgerr.SequenceGeneratorLimitExceeded, limit.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return wrap(pgerr.QueryCanceled, "canceling statement due to user request")
	}
	return pgerr.Internal(err)
}
