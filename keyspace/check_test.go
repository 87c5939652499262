package keyspace_test

import (
	"bytes"
	"context"
	"testing"

	"rowkey/keyspace"
	"rowkey/kv"
)

// A sound space has no damage; without any one pair of it, but for that of a string
// that stays, it has.
func TestCheckNotices(t *testing.T) {
	db := newSpace(t)
	c := newClient(db)
	for _, line := range []string{"set stays v", "set goes v ex 1000", "hset h a 1 b 2", "rpush l a b c", "sadd s x", "zadd z 1 a 2 b", "expire z 1000", "expire l 1000"} {
		c.do(line)
	}
	ctx := context.Background()
	space, err := db.Keyspace().Space(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	damages := func(r kv.Reader) (n int) {
		if err := keyspace.Check(r, space, func(kv.Damage) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	snap := db.Store().Snapshot()
	defer snap.Close()
	if n := damages(snap); n != 0 {
		t.Errorf("%d damages of a sound space", n)
	}
	stays := space.StringKey(nil, []byte("stays"))
	for _, key := range keysOf(t, db) {
		txn, err := db.Store().Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := txn.DeleteCovered(key); err != nil {
			t.Fatal(err)
		}
		if n := damages(txn); n == 0 && !bytes.Equal(key, stays) {
			t.Errorf("the loss of %x is not noticed", key)
		}
		txn.Rollback()
	}
}
