package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"rowkey/kv"
)

// testView: what View gives does not change with later writes, commits and Refresh.
func testView(t *testing.T, s kv.Store) {
	put(t, s, "a=1", "b=2")
	txn := begin(t, s, kv.TxnOptions{})
	empty := txn.View()
	write(t, txn, "c=3", "b")
	before := show(t, txn, all, kv.ScanOptions{})
	view := txn.View()
	write(t, txn, "d=4", "a")
	put(t, s, "e=5")
	must(t, txn.Refresh())
	want(t, show(t, txn, all, kv.ScanOptions{}), "c=3 d=4 e=5")
	want(t, show(t, view, all, kv.ScanOptions{}), before)
	want(t, before, "a=1 c=3")
	want(t, show(t, empty, all, kv.ScanOptions{}), "a=1 b=2")
	want(t, get(t, view, "a"), "1")
	want(t, get(t, view, "b"), "none")
	want(t, get(t, view, "d"), "none")
	want(t, get(t, empty, "c"), "none")
	want(t, get(t, empty, "b"), "2")
	values := make([][]byte, 3)
	must(t, view.GetAll([][]byte{k("a"), k("c"), k("d")}, values))
	if string(values[0]) != "1" || string(values[1]) != "3" || values[2] != nil {
		t.Errorf("GetAll of a view: %q", values)
	}
	overwritten := func(n kv.View, want string) {
		t.Helper()
		got := ""
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			is, err := n.Overwritten(k(key))
			must(t, err)
			if is {
				got += key
			}
		}
		if got != want {
			t.Errorf("overwritten are %q, want %q", got, want)
		}
	}
	overwritten(empty, "abcd")
	overwritten(view, "ad")
	sp := txn.Savepoint()
	write(t, txn, "c=3", "e") // the same bytes again
	overwritten(view, "acde")
	must(t, txn.RollbackTo(sp))
	overwritten(view, "ad")
	overwritten(txn.View(), "")
	for i := range 100 { // more than a small transaction has
		write(t, txn, fmt.Sprintf("x%d=1", i))
	}
	overwritten(view, "ad")
	must(t, empty.Close())
	must(t, view.Close())
	if _, err := view.Overwritten(k("a")); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("a closed view: %v", err)
	}
	must(t, view.Close())
	last := txn.View()
	must(t, txn.Commit(bg))
	if _, _, err := last.Get(k("a")); !errors.Is(err, kv.ErrTxnDone) {
		t.Errorf("a view of a transaction that is over: %v", err)
	}
	must(t, last.Close())
}
