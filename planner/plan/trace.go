package plan

import "rowkey/kv"

// KeyTrace is what a node asked of the store in one execution (EXPLAIN
// (ANALYZE, KV)): the first operations one by one, and all of them counted.
type KeyTrace struct {
	Ops    []KeyOp
	Totals [kv.OpRollback + 1]KeyTotal // by kv.Op
}

// KeyOp is one operation on the store.
type KeyOp struct {
	kv.Event
	Number int    // of the statement's operations, in the order they began
	Why    string // on whose account, beyond the node's: "unique", "foreign key NAME"
}

// KeyTotal counts the operations of a kind.
type KeyTotal struct{ Ops, Pairs, Bytes int64 }

// Count is the number of operations.
func (t *KeyTrace) Count() (n int64) {
	for _, k := range t.Totals {
		n += k.Ops
	}
	return n
}
