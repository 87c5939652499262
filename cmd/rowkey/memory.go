package main

import (
	"bufio"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
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
		if total := machineBytes(); total > 2*ballastBytes {
			debug.SetMemoryLimit(total / 4 * 3)
		}
	}
	return ballast
}

// machineBytes is the memory that this process may use, 0 if that is not known.
func machineBytes() int64 {
	total := int64(math.MaxInt64)
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if text, err := os.ReadFile(path); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				total = min(total, n)
			}
		}
	}
	if f, err := os.Open("/proc/meminfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if words := strings.Fields(lines.Text()); len(words) == 3 && words[0] == "MemTotal:" {
				if n, err := strconv.ParseInt(words[1], 10, 64); err == nil {
					total = min(total, n<<10)
				}
				break
			}
		}
	}
	if total == math.MaxInt64 {
		return 0
	}
	return total
}
