package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"rowkey"
)

// ballastBytes is the size of a piece of memory that is never touched, so it costs
// addresses only. The collector counts it: it runs no more often than every so many
// bytes of allocations, where with the few megabytes that live between statements it
// would run all the time.
const ballastBytes = 256 << 20

// tuneCollector sets Go's garbage collector up for a server, unless the environment
// (GOGC, GOMEMLIMIT) says how: rare collections while memory is plenty, and harder
// work as three quarters of the machine's memory come near. The server is to keep the
// ballast as long as it runs.
func tuneCollector() (ballast []byte) {
	if os.Getenv("GOGC") == "" {
		ballast = make([]byte, ballastBytes)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if total := rowkey.MachineMemory(); total > 2*ballastBytes {
			debug.SetMemoryLimit(total / 4 * 3)
		}
	}
	return ballast
}

// tuneScheduler gives Go's scheduler a processor more than the machine has, unless the environment
// (GOMAXPROCS) says how many, for a server whose commits go to a disk: a thread that waits in a sync
// keeps its processor until the runtime's monitor takes it away, which often is not before the
// sync's end, and for so long the others have one less. See docs/adr/096.
func tuneScheduler() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
