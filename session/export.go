package session

import (
	"fmt"
	"strings"
	"sync"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
)

// Snapshots that a transaction lends to others (pg_export_snapshot, SET TRANSACTION
// SNAPSHOT), so that several sessions read one state: pg_dump does it to dump in parallel.

var _ builtin.SnapshotExporter = (*host)(nil)

// exports are the snapshots that open transactions lend.
type exports struct {
	mu sync.Mutex
	by map[string]export
}

type export struct {
	view     kv.Snapshot
	level    kv.Isolation
	readOnly bool
	database catalog.OID
}

// ExportSnapshot implements builtin.SnapshotExporter.
func (h *host) ExportSnapshot() (string, error) {
	s := h.s()
	t := s.tx
	if len(t.marks) > 0 {
		return "", pgerr.New(pgerr.ActiveSQLTransaction, "cannot export a snapshot from a subtransaction")
	}
	e := &s.db.exports
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by == nil {
		e.by = map[string]export{}
	}
	id := fmt.Sprintf("%08X-%08X-%d", uint32(s.pid), uint32(h.TxnID()), len(t.exports)+1)
	e.by[id] = export{t.kv.View(), t.level, t.readOnly, s.cat.Database()}
	t.exports = append(t.exports, id)
	return id, nil
}

// drop takes back what a transaction lent; it is about to end.
func (e *exports) drop(t *txn) {
	if len(t.exports) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range t.exports {
		e.by[id].view.Close()
		delete(e.by, id)
	}
}

// importSnapshot gives the open transaction, which has done nothing yet, the snapshot that
// another one lends.
func (s *Session) importSnapshot(id string) error {
	t := s.tx
	switch {
	case t != nil && !t.fresh || t != nil && len(t.marks) > 0:
		return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION SNAPSHOT must be called before any query")
	case t == nil || t.level == kv.ReadCommitted:
		return pgerr.New(pgerr.FeatureNotSupported, "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ")
	}
	e := &s.db.exports
	e.mu.Lock() // the one that lends it must not end meanwhile
	defer e.mu.Unlock()
	x, ok := e.by[strings.ToUpper(id)]
	switch {
	case !ok:
		return pgerr.Newf(pgerr.InvalidParameterValue, "invalid snapshot identifier: \"%s\"", id)
	case t.level == kv.Serializable && x.level != kv.Serializable:
		return pgerr.New(pgerr.FeatureNotSupported, "a serializable transaction cannot import a snapshot from a non-serializable transaction")
	case t.level == kv.Serializable && x.readOnly && !t.readOnly:
		return pgerr.New(pgerr.FeatureNotSupported, "a non-read-only serializable transaction cannot import a snapshot from a read-only transaction")
	case x.database != s.cat.Database():
		return pgerr.New(pgerr.FeatureNotSupported, "cannot import a snapshot from a different database")
	}
	opts := s.txnOptions(t)
	opts.At = x.view
	with, err := s.db.store.Begin(s.ctx, opts)
	if err != nil {
		return mapKV(err)
	}
	t.kv.Rollback()
	t.kv, t.fresh = with, false
	return nil
}
