// Package keyspace is the Redis data model as commands on tables: what SET
// writes is a row of kv.strings, and what SQL inserts there GET returns.
//
//	kv.strings      (key, value, expires_at)          a string is one row
//	kv.collections  (key, type, size, expires_at …)   the directory: all other keys
//	kv.hashes       (key, field, value)               one row a field
//	kv.lists        (key, position, value)            one row an element
//	kv.sets         (key, member)                     one row a member
//	kv.zsets        (key, member, score)              with an index (key, score, member)
//
// The tables have the ordinary row encoding (catalog/rowenc); this package
// writes its bytes straight, for the speed of the command path. SELECT n is the
// schema kv‹n›, made when it is first asked for.
//
// # A command
//
//	args → Find: the table of commands, one file a family
//	     → Runner: a kv transaction, the keys locked, the newest state read
//	     → Run(*Call): reads, writes, appends to the Reply
//	     → commit, for all commands that came in one pipeline at once
//
// # Invariants
//
//   - A key is a row of strings, or a row of collections with its elements, never
//     both. A row of collections has at least one element; size is their number.
//   - Who writes anything of a key holds the lock of its row in strings, there or
//     not: commands and SQL alike. Under it every other row of the key is covered.
//   - What has expired is not there. Readers pass over it, writers remove it first,
//     and the sweeper removes it in small transactions.
//   - A command that fails has written nothing.
//
// Not here: connections, MULTI's queue, blocking, pub/sub (wire/resp); SQL's
// side of the rules, which is in package executor and calls Guard.
package keyspace

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/catalog"
	"rowkey/kv"
)

// Databases is how many key spaces there are: SELECT 0 … 15.
const Databases = 16

// Keyspace runs commands on one database. Safe for concurrent use.
type Keyspace struct {
	store   kv.Store
	cat     *catalog.Catalog
	create  func(ctx context.Context, number int) error
	spaces  [Databases]atomic.Pointer[Space]
	making  sync.Mutex
	runners sync.Pool

	combining atomic.Bool
	combiner  combiner
	ready     atomic.Pointer[func(db int, key string)]
	tick      atomic.Pointer[func() int64] // of tests
	cursors   cursors
}

// New makes a Keyspace. create makes the tables of a key space that is not there yet.
func New(store kv.Store, cat *catalog.Catalog, create func(ctx context.Context, number int) error) *Keyspace {
	return &Keyspace{store: store, cat: cat, create: create}
}

// SetClock replaces the clock, for tests: microseconds since 1970.
func (k *Keyspace) SetClock(clock func() int64) { k.tick.Store(&clock) }

// Now is the clock's time. As with Redis it ticks in milliseconds.
func (k *Keyspace) Now() int64 {
	if f := k.tick.Load(); f != nil {
		return (*f)()
	}
	return time.Now().UnixMilli() * 1000
}

// Space gives a key space, made if need be. Errors that are an Error are the client's.
func (k *Keyspace) Space(ctx context.Context, number int) (*Space, error) {
	if number < 0 || number >= Databases {
		return nil, ErrDBIndex
	}
	if s := k.spaces[number].Load(); s != nil {
		return s, nil
	}
	k.making.Lock()
	defer k.making.Unlock()
	s := NewSpace(k.cat.Latest(), number)
	if s == nil {
		if err := k.create(ctx, number); err != nil {
			return nil, err
		}
		if s = NewSpace(k.cat.Latest(), number); s == nil {
			return nil, fmt.Errorf("key space %d lacks tables", number)
		}
	}
	k.spaces[number].Store(s)
	return s, nil
}

// existing lists the key spaces that are there.
func (k *Keyspace) existing() []*Space {
	var out []*Space
	for n := range Databases {
		s := k.spaces[n].Load()
		if s == nil {
			if s = NewSpace(k.cat.Latest(), n); s == nil {
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// Existing lists the numbers of the key spaces that are there.
func (k *Keyspace) Existing() []int {
	var out []int
	for _, s := range k.existing() {
		out = append(out, s.Number)
	}
	return out
}

// OnReady asks to be told of lists and sorted sets that came to be, once that
// is committed: those who block on them try again. One function at a time.
func (k *Keyspace) OnReady(f func(db int, key string)) { k.ready.Store(&f) }

// tellReady tells of keys that came to be.
func (k *Keyspace) tellReady(keys []readyKey) {
	if f := k.ready.Load(); f != nil {
		for _, r := range keys {
			(*f)(r.db, r.key)
		}
	}
}
