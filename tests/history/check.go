// Package history judges what concurrent transactions have seen: random ones are run
// through SQL, what each read and wrote is recorded, and the record is searched for
// what the isolation level forbids.
//
// A transaction reads lists and appends to them, every number once. So the longest list
// read of a key tells the order of its versions, and from the orders follow the
// dependencies of Adya's theory (A. Adya, "Weak Consistency", 1999; the lists are the
// idea of Elle: Kingsbury, Alvaro, VLDB 2020):
//
//	T1 ──ww──▶ T2   T2 appended right after T1
//	T1 ──wr──▶ T2   T2 read a list that ends in what T1 appended
//	T1 ──rw──▶ T2   T1 read a list that ends right before what T2 appended
//
//	READ COMMITTED    nothing read of those that failed, nothing unfinished, and no
//	                  cycle of ww and wr
//	REPEATABLE READ   (snapshots) nor a cycle in which no two rw follow each other
//	SERIALIZABLE      nor any cycle
package history

import (
	"fmt"
	"slices"
	"strings"
)

// Level is what a history is held against.
type Level int

// The levels, weakest first.
const (
	ReadCommitted Level = iota
	Snapshot
	Serializable
)

// Op is a read of a list or an append to one.
type Op struct {
	Append bool
	Key    int
	Value  int   // appended
	List   []int // read
}

// Txn is a transaction as its client saw it.
type Txn struct {
	ID        int
	Ops       []Op
	Committed bool
}

func (t *Txn) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "T%d", t.ID)
	if !t.Committed {
		b.WriteString(" (failed)")
	}
	for _, op := range t.Ops {
		if op.Append {
			fmt.Fprintf(&b, " append(%d, %d)", op.Key, op.Value)
		} else {
			fmt.Fprintf(&b, " read(%d) = %v", op.Key, op.List)
		}
	}
	return b.String()
}

// kind is a kind of dependency.
type kind byte

const (
	ww kind = iota
	wr
	rw
)

func (k kind) String() string { return [...]string{"ww", "wr", "rw"}[k] }

type dep struct {
	to   int // index of the transaction
	kind kind
	key  int
}

type checker struct {
	txns   []*Txn
	writer map[[2]int]int // key, value → transaction
	lists  map[int][]int  // key → the versions in order
	deps   [][]dep
}

// Check gives what is wrong with a history, nil if nothing is.
func Check(txns []*Txn, level Level) error {
	c := &checker{txns: txns, writer: map[[2]int]int{}, lists: map[int][]int{}, deps: make([][]dep, len(txns))}
	for i, t := range txns {
		for _, op := range t.Ops {
			if op.Append {
				if _, twice := c.writer[[2]int{op.Key, op.Value}]; twice {
					return fmt.Errorf("the history appends %d to %d twice", op.Value, op.Key)
				}
				c.writer[[2]int{op.Key, op.Value}] = i
			}
		}
	}
	if err := c.versions(); err != nil {
		return err
	}
	c.connect()
	return c.search(level)
}

// versions finds the order of every key's versions, and reads that fit none.
func (c *checker) versions() error {
	for _, t := range c.txns {
		own := map[int][]int{} // appended so far
		for _, op := range t.Ops {
			if op.Append {
				own[op.Key] = append(own[op.Key], op.Value)
				continue
			}
			list, mine := op.List, own[op.Key]
			if n := len(list) - len(mine); n < 0 || !slices.Equal(list[n:], mine) {
				return fmt.Errorf("own appends are missing or out of place: %v", t)
			} else {
				list = list[:n]
			}
			for i, v := range list {
				w, ok := c.writer[[2]int{op.Key, v}]
				if !ok {
					return fmt.Errorf("%d was appended by nobody: %v", v, t)
				}
				if !c.txns[w].Committed {
					return fmt.Errorf("aborted read (G1a): %v saw %d of %v", t, v, c.txns[w])
				}
				if i == len(list)-1 && c.last(w, op.Key) != v {
					return fmt.Errorf("intermediate read (G1b): %v saw %d of %v", t, v, c.txns[w])
				}
			}
			if !t.Committed {
				continue // what a failed one has seen of others is judged above only
			}
			long := c.lists[op.Key]
			short := list
			if len(short) > len(long) {
				long, short = short, long
			}
			if !slices.Equal(long[:len(short)], short) {
				return fmt.Errorf("two orders of the versions of key %d, %v and %v: %v", op.Key, long, short, t)
			}
			c.lists[op.Key] = long
		}
	}
	return nil
}

// last is the last value that a transaction appended to key.
func (c *checker) last(txn, key int) (v int) {
	for _, op := range c.txns[txn].Ops {
		if op.Append && op.Key == key {
			v = op.Value
		}
	}
	return v
}

// connect finds the dependencies between committed transactions.
func (c *checker) connect() {
	add := func(from, to int, k kind, key int) {
		if from != to {
			c.deps[from] = append(c.deps[from], dep{to, k, key})
		}
	}
	after := map[[2]int]int{} // key, value → the next value; key, 0 → the first
	for key, list := range c.lists {
		was := 0
		for _, v := range list {
			after[[2]int{key, was}] = v
			if was != 0 {
				add(c.writer[[2]int{key, was}], c.writer[[2]int{key, v}], ww, key)
			}
			was = v
		}
	}
	for i, t := range c.txns {
		if !t.Committed {
			continue
		}
		own := map[int]int{}
		for _, op := range t.Ops {
			if op.Append {
				own[op.Key]++
				continue
			}
			list := op.List[:len(op.List)-own[op.Key]]
			was := 0
			if len(list) > 0 {
				was = list[len(list)-1]
				add(c.writer[[2]int{op.Key, was}], i, wr, op.Key)
			}
			if next, ok := after[[2]int{op.Key, was}]; ok {
				add(i, c.writer[[2]int{op.Key, next}], rw, op.Key)
			}
		}
	}
}

// search looks for a cycle that the level forbids. Where two rw must not follow each
// other, a node is a transaction together with whether it was reached by rw.
func (c *checker) search(level Level) error {
	n := 2 * len(c.txns)
	state := make([]byte, n) // 0 new, 1 on the path, 2 done
	type step struct {
		node int
		dep  dep
		next int
	}
	allowed := func(node int, d dep) bool {
		switch level {
		case ReadCommitted:
			return d.kind != rw
		case Snapshot:
			return d.kind != rw || node%2 == 0
		}
		return true
	}
	target := func(d dep) int {
		if level == Snapshot && d.kind == rw {
			return 2*d.to + 1
		}
		return 2 * d.to
	}
	for start := range n {
		if state[start] != 0 {
			continue
		}
		path := []step{{node: start}}
		state[start] = 1
		for len(path) > 0 {
			top := &path[len(path)-1]
			deps := c.deps[top.node/2]
			if top.next == len(deps) {
				state[top.node] = 2
				path = path[:len(path)-1]
				continue
			}
			d := deps[top.next]
			top.next++
			if !allowed(top.node, d) {
				continue
			}
			switch to := target(d); state[to] {
			case 0:
				state[to] = 1
				path = append(path, step{node: to, dep: d})
			case 1:
				at := slices.IndexFunc(path, func(s step) bool { return s.node == to })
				var b strings.Builder
				fmt.Fprintf(&b, "cycle:\n  %v", c.txns[to/2])
				for _, s := range append(path[at+1:], step{node: to, dep: d}) {
					fmt.Fprintf(&b, "\n    ──%v, key %d──▶\n  %v", s.dep.kind, s.dep.key, c.txns[s.node/2])
				}
				return fmt.Errorf("%s", b.String())
			}
		}
	}
	return nil
}
