package local

import (
	"bytes"

	"rowkey/kv"
)

// txnView is what a transaction saw at one moment: its snapshot of then and its own
// writes until then.
type txnView struct {
	t      *Txn
	v      *version
	writes Buffer
	closed bool
}

// View implements kv.Txn.
func (t *Txn) View() kv.View {
	if t.store.traits.counted() {
		t.version.refs.Add(1)
	}
	return &txnView{t: t, v: t.version, writes: t.freeze()}
}

// beginAt begins t with the snapshot of another transaction's view.
func (t *Txn) beginAt(at kv.Snapshot) error {
	view, ok := at.(*txnView)
	if !ok || view.t.store != t.store || view.closed {
		return kv.ErrIsolation
	}
	take := func() uint64 {
		t.version = view.v
		if t.store.traits.counted() {
			t.version.refs.Add(1)
		}
		if !t.opts.ReadOnly {
			t.activity.seq.Store(t.version.seq)
		}
		return t.version.seq
	}
	if t.opts.Isolation != kv.Serializable {
		take()
		return nil
	}
	if view.t.serial == nil {
		return kv.ErrIsolation
	}
	t.serial = &serial{owner: t.opts.Owner, readOnly: t.opts.ReadOnly || t.opts.Declared, writes: &t.writes}
	t.store.ssi.beginAt(t.serial, view.t.serial, take)
	return nil
}

func (n *txnView) check() error {
	if n.closed {
		return kv.ErrClosed
	}
	return n.t.check()
}

// Overwritten implements kv.View.
func (n *txnView) Overwritten(key []byte) (bool, error) {
	if err := n.check(); err != nil {
		return false, err
	}
	t := n.t
	if t.writes.Len() == 0 || !t.filter.mayHave(key) {
		return false, nil
	}
	now, written, err := t.writes.Get(key)
	if !written || err != nil {
		return false, err
	}
	was, before, err := n.writes.Get(key)
	if !before || err != nil {
		return err == nil, err
	}
	if len(t.writes.runs) == 0 {
		return now != was, nil // an entry is never changed in place
	}
	// What was read from a file is not known by where it lies.
	return now.Deleted() != was.Deleted() || !bytes.Equal(now.Value(), was.Value()), nil
}

// Get implements kv.Reader.
func (n *txnView) Get(key []byte) ([]byte, bool, error) {
	if err := n.check(); err != nil {
		return nil, false, err
	}
	return n.t.get(&n.writes, n.v, key)
}

// GetAll implements kv.Reader.
func (n *txnView) GetAll(keys, values [][]byte) error {
	if err := n.check(); err != nil {
		return err
	}
	return n.t.getAll(&n.writes, n.v, keys, values)
}

// Scan implements kv.Reader.
func (n *txnView) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	if err := n.check(); err != nil {
		return failedIter{err}
	}
	return n.t.scan(n.writes, n.v, r, opts)
}

// SplitRange implements kv.Reader.
func (n *txnView) SplitRange(r kv.Range, k int) []kv.Range { return n.t.SplitRange(r, k) }

// EstimateKeys implements kv.Reader.
func (n *txnView) EstimateKeys(r kv.Range) (keys, bytes int64) { return n.t.EstimateKeys(r) }

// Seq implements kv.Snapshot.
func (n *txnView) Seq() uint64 { return n.v.seq }

// Close implements kv.Snapshot.
func (n *txnView) Close() error {
	if !n.closed {
		n.closed = true
		n.t.store.letGo(n.v)
	}
	return nil
}
