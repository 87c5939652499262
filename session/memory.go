package session

import (
	"cmp"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"rowkey/executor"
)

// Memory of queries, from the narrowest bound to the widest:
//
//	work_mem          what one operator holds before it puts rows on disk
//	                  (times hash_mem_multiplier for hash tables)
//	statement         QueryMemoryBytes, 53200 beyond
//	all statements    TotalMemoryBytes, 53200 beyond
//	the process       GOMEMLIMIT, set by serve: the collector works harder near it
//
// The figures are of the values held; the collector's own share comes on top, for
// which the defaults leave room.

// MachineMemory is the memory, in bytes, that this process may use: what the
// machine has or its control group allows; 0 if that is not known.
func MachineMemory() int64 {
	machine, err := memlimit.FromSystem()
	if err != nil {
		machine = 0
	}
	if group, err := memlimit.FromCgroup(); err == nil && group > 0 && (machine == 0 || group < machine) {
		return int64(group)
	}
	return int64(machine)
}

// MemoryUsed is what all statements, cursors and prepared statements have at the moment.
func (db *DB) MemoryUsed() int64 { return db.memory.Used() }

// budgets completes the memory options and makes what depends on them.
func (db *DB) budgets() {
	o := &db.opts
	o.TotalMemoryBytes = cmp.Or(o.TotalMemoryBytes, MachineMemory()/2, 4<<30)
	o.QueryMemoryBytes = min(cmp.Or(o.QueryMemoryBytes, 2<<30), o.TotalMemoryBytes)
	db.memory = executor.NewPool(o.TotalMemoryBytes)
	db.temp = &executor.TempFiles{Dir: cmp.Or(o.TempDir, os.TempDir())}
}
