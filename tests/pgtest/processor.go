package pgtest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ProcessorTime is what a server has used of the processors so far, in user and
// system mode, with the processes it started, ended ones included; 0 where the
// machine does not tell. It depends less than the clock on what else the machine does.
func ProcessorTime(pid int) time.Duration {
	ticks := 0
	if own, ok := statOf(pid); ok {
		ticks = own.ticks + own.reaped
	}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if s, ok := statOf(child); ok && s.parent == pid {
			ticks += s.ticks + s.reaped
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// procStat is what /proc/PID/stat tells, in ticks of a hundredth of a second.
type procStat struct{ parent, ticks, reaped int }

func statOf(pid int) (s procStat, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, false
	}
	// The name, in parentheses, may hold spaces.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 15 {
		return s, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(fields[i]); return v }
	return procStat{parent: n(1), ticks: n(11) + n(12), reaped: n(13) + n(14)}, true
}
