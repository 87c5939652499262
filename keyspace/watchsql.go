package keyspace

import (
	"context"

	"rowkey/kv"
)

// A MULTI with SQL in it runs in the transaction of a SQL session, not in the
// watch's. There the session reads the watched keys first, which pins its
// snapshot and makes its commit depend on them; then Changed asks whether they
// had changed before.

// Each calls f for every watched key. Of a nil Watch it does nothing.
func (w *Watch) Each(f func(db int, key []byte) error) error {
	if w == nil {
		return nil
	}
	for i := range w.keys {
		if err := f(w.keys[i].space.Number, w.keys[i].key); err != nil {
			return err
		}
	}
	return nil
}

// Changed tells whether a watched key has changed since it was watched. It keeps
// no locks: the session that asks may go on to write the keys.
func (w *Watch) Changed(ctx context.Context) (bool, error) {
	if w == nil {
		return false, nil
	}
	unchanged, err := w.Check(ctx)
	for i := range w.keys {
		k := &w.keys[i]
		k.txn.Unlock(k.space.StringKey(nil, k.key), kv.LockShare)
		k.txn.Unlock(k.space.dirKey(nil, k.key), kv.LockShare)
	}
	return !unchanged, err
}
