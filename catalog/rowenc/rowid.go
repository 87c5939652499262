package rowenc

import (
	"sync"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// RowIDs hands out the hidden row ids of tables without a primary key: for
// each storage number an ordered counter in memory, which at its first use
// goes on behind the greatest id stored. One per store; safe for concurrent
// use. Ids of transactions rolled back are not used again.
type RowIDs struct {
	mu   sync.Mutex
	last map[uint32]int64
}

// NewRowIDs makes the counters of one store.
func NewRowIDs() *RowIDs { return &RowIDs{last: map[uint32]int64{}} }

// Take reserves n ids of a table's storage and gives the first. t reads the
// newest committed state (used only the first time).
func (c *RowIDs) Take(t kv.Txn, storage uint32, n int) (first int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.last[storage]
	if !ok {
		if last, err = lastRowID(t, storage); err != nil {
			return 0, err
		}
	}
	c.last[storage] = last + int64(n)
	return last + 1, nil
}

// Forget drops the counter of a storage number that is no longer used.
func (c *RowIDs) Forget(storage uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.last, storage)
}

func lastRowID(t kv.Txn, storage uint32) (int64, error) {
	prefix := keyenc.AppendIndexPrefix(nil, storage, 1)
	it := t.ScanLatest(kv.PrefixRange(prefix), kv.ScanOptions{Reverse: true, KeysOnly: true, Limit: 1})
	defer it.Close()
	var b kv.PairBatch
	n, err := it.Next(&b)
	if err != nil || n == 0 {
		return 0, err
	}
	key := b.Keys[0]
	id, rest, err := keyenc.DecodeInt64(key[len(prefix):])
	if err != nil || len(rest) > 0 {
		return 0, Damaged(key)
	}
	return id, nil
}
