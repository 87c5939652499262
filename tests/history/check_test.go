package history

import (
	"strings"
	"testing"
)

func app(key, value int) Op         { return Op{Append: true, Key: key, Value: value} }
func read(key int, list ...int) Op  { return Op{Key: key, List: list} }
func txn(id int, ops ...Op) *Txn    { return &Txn{ID: id, Ops: ops, Committed: true} }
func failed(id int, ops ...Op) *Txn { return &Txn{ID: id, Ops: ops} }

// TestCheck: the checker finds what is broken, from the level on that forbids it,
// and nothing in what is not.
func TestCheck(t *testing.T) {
	const never = Serializable + 1
	for name, c := range map[string]struct {
		txns []*Txn
		from Level // weakest level that forbids it
		want string
	}{
		"serial":          {[]*Txn{txn(1, app(1, 1)), txn(2, read(1, 1), app(1, 2)), txn(3, read(1, 1, 2))}, never, ""},
		"aborted read":    {[]*Txn{failed(1, app(1, 1)), txn(2, read(1, 1))}, ReadCommitted, "G1a"},
		"intermediate":    {[]*Txn{txn(1, app(1, 1), app(1, 2)), txn(2, read(1, 1)), txn(3, read(1, 1, 2))}, ReadCommitted, "G1b"},
		"two orders":      {[]*Txn{txn(1, app(1, 1)), txn(2, app(1, 2)), txn(3, read(1, 1, 2)), txn(4, read(1, 2, 1))}, ReadCommitted, "orders"},
		"nobody's":        {[]*Txn{txn(1, read(1, 7))}, ReadCommitted, "nobody"},
		"own lost":        {[]*Txn{txn(1, app(1, 1), read(1))}, ReadCommitted, "own appends"},
		"dirty write":     {[]*Txn{txn(1, app(1, 1), app(2, 1)), txn(2, app(1, 2), app(2, 2)), txn(3, read(1, 1, 2), read(2, 2, 1))}, ReadCommitted, "cycle"},
		"circular flow":   {[]*Txn{txn(1, app(1, 1), read(2, 2)), txn(2, app(2, 2), read(1, 1))}, ReadCommitted, "cycle"},
		"read skew":       {[]*Txn{txn(1, read(1), read(2, 2)), txn(2, app(1, 1), app(2, 2)), txn(3, read(1, 1))}, Snapshot, "cycle"},
		"lost update":     {[]*Txn{txn(1, read(1), app(1, 1)), txn(2, read(1), app(1, 2)), txn(3, read(1, 1, 2))}, Snapshot, "cycle"},
		"write skew":      {[]*Txn{txn(1, read(1), read(2), app(1, 1)), txn(2, read(1), read(2), app(2, 2)), txn(3, read(1, 1), read(2, 2))}, Serializable, "cycle"},
		"long fork":       {[]*Txn{txn(1, app(1, 1)), txn(2, app(2, 2)), txn(3, read(1, 1), read(2)), txn(4, read(1), read(2, 2)), txn(5, read(1, 1), read(2, 2))}, Snapshot, "cycle"},
		"read-only":       {[]*Txn{txn(1, read(1), read(2), app(1, 1)), txn(2, read(2), app(2, 2)), txn(3, read(1), read(2, 2)), txn(4, read(1, 1))}, Serializable, "cycle"},
		"failed is apart": {[]*Txn{failed(1, read(1), app(2, 1)), txn(2, app(1, 1)), txn(3, read(1, 1), read(2))}, never, ""},
	} {
		for level := ReadCommitted; level <= Serializable; level++ {
			err := Check(c.txns, level)
			if level < c.from && err != nil {
				t.Errorf("%s at level %d: %v", name, level, err)
			}
			if level >= c.from && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s at level %d: %v, want %q", name, level, err, c.want)
			}
		}
	}
}
