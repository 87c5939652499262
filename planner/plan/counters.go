package plan

import "time"

// Counters are what a node did in one execution (EXPLAIN ANALYZE). The
// executor keeps one per node, by Base.ID.
type Counters struct {
	// Loops is how often the node was started, Rows how many rows it gave over
	// all loops.
	Loops, Rows int64
	// Removed are the rows its filter or join condition turned away.
	Removed int64
	// First and Total are the time to the first row of each loop, and to the
	// last row over all loops, its inputs' included.
	First, Total time.Duration
	// Keys are the pairs read from the store, Gets the keys looked up one by one,
	// KeyBytes the bytes of both, keys and values.
	Keys, Gets, KeyBytes int64
	// Trace is what it asked of the store, nil if that was not traced.
	Trace *KeyTrace
	// Memory is the most memory it held, in bytes.
	Memory int64
	// Workers is how many goroutines ran it, 0 when it was the caller's own.
	Workers int
	// Detail is what else the node has to say: sort method, hash buckets …
	Detail string
}
