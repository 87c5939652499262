package kv

import (
	"errors"
	"fmt"

	"rowkey/kv/keyenc"
)

// Errors that a retry of the whole transaction may cure.
var (
	// ErrConflict: another transaction committed to what this one read or writes.
	ErrConflict = errors.New("could not serialize access")
	// ErrConcurrentUpdate is the ErrConflict of a key locked or written.
	ErrConcurrentUpdate = fmt.Errorf("%w due to concurrent update", ErrConflict)
	// ErrDependency is the ErrConflict of a Serializable transaction that has to give
	// way so that the history stays serializable: at a read, a write or Commit.
	ErrDependency = fmt.Errorf("%w due to read/write dependencies among transactions", ErrConflict)
	// ErrDeadlock: waiting would never end, since a holder waits for this owner.
	ErrDeadlock = errors.New("deadlock detected")
)

// Errors of locking, where the transaction may go on. A cancelled context is
// returned as its own error.
var (
	ErrLockTimeout      = errors.New("canceling statement due to lock timeout")
	ErrLockNotAvailable = errors.New("could not obtain lock")
)

// Errors of use.
var (
	ErrClosed        = errors.New("store is closed")
	ErrReadOnly      = errors.New("transaction is read-only")
	ErrTxnDone       = errors.New("transaction has ended")
	ErrNoSavepoint   = errors.New("no such savepoint")
	ErrKeyTooLarge   = fmt.Errorf("key exceeds the limit of %d bytes", MaxKeyBytes)
	ErrValueTooLarge = fmt.Errorf("value exceeds the limit of %d bytes", MaxValueBytes)
	ErrTxnTooLarge   = errors.New("transaction has too many bytes of writes for this store")
	ErrEmptyKey      = errors.New("key is empty")
	ErrReservedKey   = errors.New("keys that begin with the byte FF are the store's own")
	// ErrIsolation: this store cannot give the isolation level asked for.
	ErrIsolation = errors.New("isolation level is not supported by this store")
	// ErrRefresh: a transaction above ReadCommitted keeps the snapshot it has used.
	ErrRefresh = errors.New("snapshot is in use and cannot be refreshed")
)

// Errors of the machine.
var (
	// ErrInUse: another process has the directory open.
	ErrInUse = errors.New("directory is in use by another process")
	// ErrFormat: the directory holds something else, or of another version.
	ErrFormat = errors.New("not a store of this version")
	// ErrCorrupt: stored bytes are not what was written.
	ErrCorrupt = errors.New("stored data is damaged")
	// ErrDiskFull: the device has no room left.
	ErrDiskFull = errors.New("no space left on device")
	// ErrIO: reading or writing failed.
	ErrIO = errors.New("input/output error")
	// ErrCommitUnknown: Commit failed where the writes may still be found after
	// reopening the store. The store accepts no more writes.
	ErrCommitUnknown = errors.New("outcome of the commit is unknown")
)

// KeyError is one of the errors above with the key it is about.
type KeyError struct {
	Err error
	Key []byte
}

// AtKey adds a key to an error. The key is copied.
func AtKey(err error, key []byte) error {
	return &KeyError{Err: err, Key: append([]byte(nil), key...)}
}

func (e *KeyError) Error() string { return e.Err.Error() + " at key " + keyenc.Pretty(e.Key) }

func (e *KeyError) Unwrap() error { return e.Err }

// CheckKey returns the error of a key that cannot be stored, or nil.
func CheckKey(key []byte) error {
	if len(key) == 0 {
		return ErrEmptyKey
	}
	if len(key) > MaxKeyBytes {
		return ErrKeyTooLarge
	}
	if key[0] == ReservedByte {
		return AtKey(ErrReservedKey, key)
	}
	return nil
}
