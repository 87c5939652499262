package catalog

import (
	"context"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// The rows of a dropped table, the entries of a dropped index, are removed after the
// commit that drops it, all at once and outside of transactions. That commit leaves a
// note, /Catalog/"dropped"/<storage>[/<index>], so that what a crash keeps from being
// removed is removed when the store is opened again: only what somebody dropped, never
// what merely seems to belong to nothing.

var droppedPrefix = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "dropped")

// Dropped names rows to be removed: those of a table, or of one of its indexes.
type Dropped struct{ Storage, Index uint32 }

func (d Dropped) key() []byte {
	k := keyenc.AppendUint32(append([]byte(nil), droppedPrefix...), d.Storage)
	if d.Index != 0 {
		k = keyenc.AppendUint32(k, d.Index)
	}
	return k
}

func (d Dropped) keys() kv.Range {
	if d.Index != 0 {
		return kv.PrefixRange(keyenc.AppendIndexPrefix(nil, d.Storage, d.Index))
	}
	return kv.PrefixRange(keyenc.AppendTablePrefix(nil, d.Storage))
}

// Note makes the removal part of the transaction that drops.
func (d Dropped) Note(txn kv.Txn) error { return txn.PutCovered(d.key(), nil) }

// Remove removes the rows, once that transaction has committed.
func (d Dropped) Remove(ctx context.Context, store kv.Store) error {
	if err := store.DropRange(ctx, d.keys()); err != nil {
		return err
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{NoSync: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if err := txn.DeleteCovered(d.key()); err != nil {
		return err
	}
	return txn.Commit(ctx)
}

// RemoveDropped removes what notes say that a crash kept from being removed.
func RemoveDropped(ctx context.Context, store kv.Store) error {
	snap := store.Snapshot()
	defer snap.Close()
	return kv.Each(snap.Scan(kv.PrefixRange(droppedPrefix), kv.ScanOptions{KeysOnly: true}), func(key, _ []byte) error {
		var d Dropped
		rest := key[len(droppedPrefix):]
		var err error
		if d.Storage, rest, err = keyenc.DecodeUint32(rest); err != nil {
			return kv.AtKey(kv.ErrCorrupt, key)
		}
		if len(rest) > 0 {
			if d.Index, _, err = keyenc.DecodeUint32(rest); err != nil {
				return kv.AtKey(kv.ErrCorrupt, key)
			}
		}
		return d.Remove(ctx, store)
	})
}
