package keyspace

import (
	"context"
	"errors"
	"time"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// The sweeper removes what has expired. Nobody sees it any more when it goes, so
// there is no hurry: it follows the indexes by expires_at, a few keys a
// transaction, and passes over keys that others have locked.

const (
	// sweepPause is how long the sweeper rests when nothing is due.
	sweepPause = 250 * time.Millisecond
	// sweepKeys and sweepElements bound a transaction of the sweeper.
	sweepKeys     = 64
	sweepElements = 4096
)

// SweepUntil sweeps until ctx ends.
func (k *Keyspace) SweepUntil(ctx context.Context) {
	t := time.NewTimer(sweepPause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		more := false
		for _, s := range k.existing() {
			n, err := k.Sweep(ctx, s.Number)
			if ctx.Err() != nil || errors.Is(err, kv.ErrClosed) {
				return
			}
			more = more || err == nil && n == sweepKeys
		}
		pause := sweepPause
		if more {
			pause = time.Millisecond // others first
		}
		t.Reset(pause)
	}
}

// Sweep removes some keys of a space that have expired, in one transaction, and
// tells how many: fewer than can be due at once when none is left but what is locked.
func (k *Keyspace) Sweep(ctx context.Context, number int) (removed int, err error) {
	space, err := k.Space(ctx, number)
	if err != nil {
		return 0, err
	}
	now := k.Now()
	due, err := k.due(space, now)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	txn, err := k.store.Begin(ctx, kv.TxnOptions{NoSync: true})
	if err != nil {
		return 0, err
	}
	defer txn.Rollback()
	c := &Call{Keyspace: k, Context: ctx, Txn: txn, Space: space, Now: now}
	var locked [][]byte
	for _, key := range due {
		c.lockBuf = space.StringKey(c.lockBuf[:0], key)
		res, err := txn.Lock(ctx, c.lockBuf, kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.WaitSkip, Newest: true, Untold: true})
		if err != nil {
			return 0, err
		}
		if res.Acquired {
			locked = append(locked, key)
		}
	}
	if err := txn.Refresh(); err != nil {
		return 0, err
	}
	for _, key := range locked {
		done, err := c.sweepKey(key)
		if err != nil {
			return 0, err
		}
		if done {
			removed++
		}
		if c.writes > sweepElements {
			break
		}
	}
	if c.writes == 0 {
		return 0, nil
	}
	return removed, txn.Commit(ctx)
}

// due lists keys whose entries by expires_at are due.
func (k *Keyspace) due(s *Space, now int64) ([][]byte, error) {
	snap := k.store.Snapshot()
	defer snap.Close()
	var out [][]byte
	for _, index := range [2][]byte{s.stringExpiry, s.dirExpiry} {
		it := snap.Scan(kv.Range{Start: index, End: appendExpiryEnd(nil, index, now)}, kv.ScanOptions{KeysOnly: true, Limit: sweepKeys})
		b := kv.PairBatch{Max: sweepKeys}
		_, err := it.Next(&b)
		it.Close()
		if err != nil {
			return nil, err
		}
		b.Keep()
		for _, e := range b.Keys {
			rest, err := keyenc.Skip(e[len(index):])
			if err != nil {
				return nil, err
			}
			key, _, err := keyenc.DecodeBytes(rest, nil)
			if err != nil {
				return nil, err
			}
			out = append(out, key)
		}
	}
	return out, nil
}

// sweepKey removes a key if it has expired. A large collection goes in parts:
// its row in the directory, which keeps it hidden, last.
func (c *Call) sweepKey(key []byte) (done bool, err error) {
	s, err := c.openAny(key)
	if err != nil {
		return false, err
	}
	switch {
	case s.row && !s.ok:
	case s.coll.Type != None && c.Expired(s.coll.Expires):
		if s.coll.Size > sweepElements {
			return c.sweepPart(key, &s.coll)
		}
	default:
		return false, nil
	}
	_, err = c.Delete(key)
	return err == nil, err
}

// sweepPart removes some elements of a collection and makes it smaller by them.
func (c *Call) sweepPart(key []byte, e *Entry) (done bool, err error) {
	h := &Collection{c: c, Entry: *e, was: *e, key: key, prefix: c.Space.elemPrefix(nil, e.Type, key)}
	if e.Type == ZSet {
		h.scores = c.Space.scorePrefix(nil, key)
	}
	cur := h.Scan(ScanOptions{Limit: sweepElements})
	defer cur.Close()
	h.touched = true
	for cur.Next() {
		if e.Type == List {
			h.Size--
			h.First = cur.Position() + 1
			if err := c.delete(h.itemKey(cur.Position())); err != nil {
				return false, err
			}
		} else if _, err := h.Remove(cur.Elem()); err != nil {
			return false, err
		}
	}
	if cur.Err() != nil {
		return false, cur.Err()
	}
	return true, h.Save()
}
