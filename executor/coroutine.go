package executor

import (
	"errors"
	"iter"
)

// errStopped is what a coroutine's give fails with once the coroutine is stopped.
var errStopped = errors.New("no more is wanted")

// coroutine runs a function that gives values one after another, each when it is pulled, and in the
// end its error. Once it is stopped give fails with errStopped, which run is to return.
func coroutine[T any](run func(give func(T) error) error) (pull func() (T, error, bool), stop func()) {
	return iter.Pull2(func(yield func(T, error) bool) {
		err := run(func(v T) error {
			if !yield(v, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			var none T
			yield(none, err)
		}
	})
}
