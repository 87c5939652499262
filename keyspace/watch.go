package keyspace

import (
	"bytes"
	"context"
	"sync/atomic"

	"rowkey/kv"
)

// Watch is what a connection watches: for each WATCH a transaction that began
// with it. What others commit to the keys meanwhile is found as any conflict is,
// when they are locked.
type Watch struct {
	ks    *Keyspace
	owner uint64
	txns  []kv.Txn
	keys  []watchedKey
}

type watchedKey struct {
	txn     kv.Txn
	space   *Space
	key     []byte
	expires int64 // it will be gone then; 0: never, or is already
}

// owners counts the owners of watches, apart from those of sessions.
var owners atomic.Uint64

// Watch begins to watch keys, in addition to those of w, which may be nil.
func (k *Keyspace) Watch(ctx context.Context, w *Watch, db int, keys ...[]byte) (*Watch, error) {
	space, err := k.Space(ctx, db)
	if err != nil {
		return w, err
	}
	if w == nil {
		w = &Watch{ks: k, owner: owners.Add(1) | 1<<62}
	}
	// Not the command's context: the transaction outlives it.
	txn, err := k.store.Begin(context.WithoutCancel(ctx), kv.TxnOptions{Owner: w.owner})
	if err != nil {
		return w, err
	}
	w.txns = append(w.txns, txn)
	c := Call{Keyspace: k, Context: ctx, Txn: txn, Space: space, Now: k.Now()}
	for _, key := range keys {
		if w.has(space, key) {
			continue
		}
		e, err := c.Lookup(key)
		if err != nil {
			return w, err
		}
		w.keys = append(w.keys, watchedKey{txn, space, bytes.Clone(key), e.Expires})
	}
	return w, nil
}

func (w *Watch) has(space *Space, key []byte) bool {
	for i := range w.keys {
		if w.keys[i].space.Number == space.Number && bytes.Equal(w.keys[i].key, key) {
			return true
		}
	}
	return false
}

// Owner is the owner of the watch's locks, for a transaction that shall not wait for them.
func (w *Watch) Owner() uint64 { return w.owner }

// Check locks the watched keys until Close and tells whether they are unchanged.
func (w *Watch) Check(ctx context.Context) (unchanged bool, err error) {
	for i := range w.keys {
		if err := w.keys[i].check(ctx, w.ks.Now()); err != nil {
			if err == errWatched || retryable(err) {
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

// Close stops watching. Of a nil Watch it does nothing.
func (w *Watch) Close() {
	if w != nil {
		for _, txn := range w.txns {
			txn.Rollback()
		}
		w.txns, w.keys = nil, nil
	}
}

// check locks a watched key and tells by errWatched if it has changed.
func (w *watchedKey) check(ctx context.Context, now int64) error {
	if w.expires != 0 && w.expires <= now {
		return errWatched
	}
	for _, k := range [][]byte{w.space.StringKey(nil, w.key), w.space.dirKey(nil, w.key)} {
		res, err := w.txn.Lock(ctx, k, kv.LockOptions{Mode: kv.LockShare, Newest: true})
		if err != nil {
			return err
		}
		if res.Changed {
			return errWatched
		}
	}
	return nil
}
