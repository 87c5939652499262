package keyspace

import (
	"errors"
	"fmt"

	"rowkey/kv"
)

// Error is an error of a command, as a Redis client reads it: its first word is
// the code. A command that returns one has changed nothing.
type Error string

func (e Error) Error() string { return string(e) }

// Errorf makes an Error.
func Errorf(format string, args ...any) Error { return Error(fmt.Sprintf(format, args...)) }

// The errors that many commands share, in Redis' words.
const (
	ErrWrongType     Error = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrSyntax        Error = "ERR syntax error"
	ErrNotInteger    Error = "ERR value is not an integer or out of range"
	ErrNotFloat      Error = "ERR value is not a valid float"
	ErrNoSuchKey     Error = "ERR no such key"
	ErrOutOfRange    Error = "ERR index out of range"
	ErrSameObject    Error = "ERR source and destination objects are the same"
	ErrMinMaxFloat   Error = "ERR min or max is not a float"
	ErrMinMaxString  Error = "ERR min or max not valid string range item"
	ErrOverflow      Error = "ERR increment or decrement would overflow"
	ErrNaN           Error = "ERR resulting score is not a number (NaN)"
	ErrNaNOrInfinity Error = "ERR increment would produce NaN or Infinity"
	ErrTooLong       Error = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrOffset        Error = "ERR offset is out of range"
	ErrDBIndex       Error = "ERR DB index is out of range"
	ErrCursor        Error = "ERR invalid cursor"
)

// ErrArity is the error of a wrong number of arguments.
func ErrArity(name string) Error {
	return Errorf("ERR wrong number of arguments for '%s' command", name)
}

// AsError gives the reply of any error: a command's own, or the store's in words.
func AsError(err error) Error {
	var e Error
	if errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, kv.ErrKeyTooLarge):
		return Errorf("ERR key and element together exceed %d bytes", kv.MaxKeyBytes)
	case errors.Is(err, kv.ErrValueTooLarge):
		return ErrTooLong
	case errors.Is(err, kv.ErrReadOnly):
		return "READONLY You can't write against a read only replica."
	case errors.Is(err, kv.ErrDiskFull):
		return "MISCONF " + Error(err.Error())
	case retryable(err):
		return "TRYAGAIN " + Error(err.Error())
	}
	return "ERR " + Error(err.Error())
}

// retryable tells whether running the transaction again may cure the error.
func retryable(err error) bool {
	return errors.Is(err, kv.ErrConflict) || errors.Is(err, kv.ErrDeadlock)
}
