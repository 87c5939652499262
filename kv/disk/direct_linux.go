package disk

import (
	"errors"
	"os"
	"syscall"
)

// openDirect opens a file that is there for writes past the page cache which are durable
// when they return; nil where that cannot be had.
func openDirect(name string) *os.File {
	f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_DIRECT|syscall.O_DSYNC, 0)
	if err != nil {
		return nil
	}
	return f
}

// notDirect tells the error of a file system that does not take a direct write.
func notDirect(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EOPNOTSUPP)
}
