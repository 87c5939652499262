package catalog

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Catalog is the catalog of one store. Safe for concurrent use.
//
// A statement must see the catalog as of its own kv snapshot, and looking that
// up must cost next to nothing. So the newest catalog is published together
// with a sequence number that is not smaller than that of the commit that made
// it; who reads at or past that number, while no catalog commit is under way,
// may use it. Everyone else reads the version key and finds, or loads, the
// catalog of that version.
type Catalog struct {
	store  kv.Store
	latest atomic.Pointer[published]
	// committing counts catalog commits between their kv commit and their publication.
	committing atomic.Int32

	mu      sync.Mutex // serialises catalog commits; guards recent
	recent  []*Snapshot
	oidMu   sync.Mutex
	nextOID OID
	endOID  OID
}

type published struct {
	snap *Snapshot
	seq  uint64
}

// keepVersions is how many old versions stay in memory for open transactions.
const keepVersions = 16

// Keys of the catalog's own.
var (
	versionKey = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "version")
	oidKey     = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "next oid")
)

// descKey is where an object's descriptor is stored: /Catalog/"table"/16384.
func descKey(o Object) []byte {
	kind, oid := o.objectKey()
	k := keyenc.AppendKind(nil, keyenc.KindCatalog)
	k = keyenc.AppendString(k, "object")
	k = keyenc.AppendInt16(k, int16(kind))
	return keyenc.AppendUint32(k, uint32(oid))
}

// TableLockKey is the name under which a table is locked as a whole: by those
// who write it (weakly) and those who change its definition (exclusively).
func TableLockKey(table OID) []byte {
	k := keyenc.AppendKind(nil, keyenc.KindLock)
	k = keyenc.AppendString(k, "table")
	return keyenc.AppendUint32(k, uint32(table))
}

// nameLockKey serialises those who make an object of one name.
func nameLockKey(schema OID, name string) []byte {
	k := keyenc.AppendKind(nil, keyenc.KindLock)
	k = keyenc.AppendString(k, "name")
	k = keyenc.AppendUint32(k, uint32(schema))
	return keyenc.AppendString(k, name)
}

// Open reads the catalog of a store, making it first if the store is empty.
func Open(ctx context.Context, store kv.Store) (*Catalog, error) {
	c := &Catalog{store: store}
	txn, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return nil, err
	}
	defer txn.Rollback()
	if _, ok, err := txn.Get(versionKey); err != nil {
		return nil, err
	} else if !ok {
		if err := txn.Put(versionKey, binary.BigEndian.AppendUint64(nil, 1)); err != nil {
			return nil, err
		}
		if err := txn.Put(oidKey, binary.BigEndian.AppendUint32(nil, uint32(FirstUserOID))); err != nil {
			return nil, err
		}
		public := &Schema{OID: PublicOID, Name: "public", Owner: BootstrapRoleOID, Comment: "standard public schema"}
		val, err := json.Marshal(public)
		if err != nil {
			return nil, err
		}
		if err := txn.Put(descKey(public), val); err != nil {
			return nil, err
		}
		if err := txn.Commit(ctx); err != nil {
			return nil, err
		}
	}
	kvSnap := store.Snapshot()
	defer kvSnap.Close()
	snap, err := load(kvSnap)
	if err != nil {
		return nil, err
	}
	c.recent = []*Snapshot{snap}
	c.latest.Store(&published{snap, kvSnap.Seq()})
	return c, nil
}

// load reads every descriptor.
func load(r kv.Reader) (*Snapshot, error) {
	version, err := readVersion(r)
	if err != nil {
		return nil, err
	}
	base, err := Empty().Without(&Schema{OID: PublicOID}) // public is stored like users' schemas
	if err != nil {
		return nil, err
	}
	prefix := keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "object")
	it := r.Scan(kv.PrefixRange(prefix), kv.ScanOptions{})
	defer it.Close()
	var changes []change
	var batch kv.PairBatch
	for {
		n, err := it.Next(&batch)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		for i, key := range batch.Keys {
			obj, err := decodeObject(key[len(prefix):], batch.Values[i])
			if err != nil {
				return nil, fmt.Errorf("catalog: damaged descriptor at %s: %w", keyenc.Pretty(key), err)
			}
			changes = append(changes, change{obj: obj})
		}
	}
	snap, err := base.apply(loadOrder(changes))
	if err != nil {
		return nil, err
	}
	snap.Version = version
	return snap, nil
}

func readVersion(r kv.Reader) (uint64, error) {
	v, ok, err := r.Get(versionKey)
	if err != nil {
		return 0, err
	}
	if !ok || len(v) != 8 {
		return 0, fmt.Errorf("catalog: the version at %s is missing or damaged", keyenc.Pretty(versionKey))
	}
	return binary.BigEndian.Uint64(v), nil
}

func decodeObject(key, value []byte) (Object, error) {
	kind, _, err := keyenc.DecodeInt16(key)
	if err != nil {
		return nil, err
	}
	var obj Object
	switch objectKind(kind) {
	case kindSchema:
		obj = new(Schema)
	case kindType:
		obj = new(UserType)
	case kindSequence:
		obj = new(Sequence)
	case kindTable:
		obj = new(Table)
	case kindStats:
		obj = new(StatsObject)
	case kindFunction:
		obj = new(Function)
	case kindRole:
		obj = new(Role)
	case kindDatabase:
		obj = new(Database)
	case kindGrants:
		obj = new(Grants)
	case kindDefaultACL:
		obj = new(DefaultACL)
	default:
		return nil, fmt.Errorf("kind %d is unknown", kind)
	}
	return obj, json.Unmarshal(value, obj)
}

// Latest gives the newest published catalog, whatever any transaction sees.
func (c *Catalog) Latest() *Snapshot { return c.latest.Load().snap }

// At gives the catalog that a reader at sequence number seq sees.
func (c *Catalog) At(r kv.Reader, seq uint64) (*Snapshot, error) {
	if c.committing.Load() == 0 {
		if p := c.latest.Load(); seq >= p.seq {
			return p.snap, nil
		}
	}
	version, err := readVersion(r)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	for _, s := range c.recent {
		if s.Version == version {
			c.mu.Unlock()
			return s, nil
		}
	}
	c.mu.Unlock()
	return load(r)
}

// NewOID gives a number that no object has or had.
func (c *Catalog) NewOID(ctx context.Context) (OID, error) {
	c.oidMu.Lock()
	defer c.oidMu.Unlock()
	if c.nextOID == c.endOID {
		const block = 256
		txn, err := c.store.Begin(ctx, kv.TxnOptions{NoSync: true})
		if err != nil {
			return 0, err
		}
		defer txn.Rollback()
		v, ok, err := txn.Get(oidKey)
		if err != nil {
			return 0, err
		}
		if !ok || len(v) != 4 {
			return 0, fmt.Errorf("catalog: the counter at %s is missing or damaged", keyenc.Pretty(oidKey))
		}
		next := binary.BigEndian.Uint32(v)
		if err := txn.Put(oidKey, binary.BigEndian.AppendUint32(nil, next+block)); err != nil {
			return 0, err
		}
		if err := txn.Commit(ctx); err != nil {
			return 0, err
		}
		c.nextOID, c.endOID = OID(next), OID(next+block)
	}
	oid := c.nextOID
	c.nextOID++
	return oid, nil
}

// Change is the DDL of one transaction: the descriptors it put and dropped,
// buffered in its kv transaction, and the catalog it therefore sees. Not safe
// for concurrent use.
type Change struct {
	cat     *Catalog
	txn     kv.Txn
	changes []change
	base    *Snapshot
	snap    *Snapshot
}

// Change begins changing the catalog within txn, which sees base.
func (c *Catalog) Change(txn kv.Txn, base *Snapshot) *Change {
	return &Change{cat: c, txn: txn, base: base, snap: base}
}

// Snapshot gives the catalog with the changes so far.
func (ch *Change) Snapshot() *Snapshot { return ch.snap }

// Base gives the catalog without the changes.
func (ch *Change) Base() *Snapshot { return ch.base }

// Empty reports whether nothing was changed (or all of it was rolled back).
func (ch *Change) Empty() bool { return len(ch.changes) == 0 }

// Rebase makes the changes stand on a newer catalog: a new statement of a READ
// COMMITTED transaction began.
func (ch *Change) Rebase(base *Snapshot) error {
	if base == ch.base {
		return nil
	}
	snap, err := base.apply(ch.changes)
	if err != nil {
		return err
	}
	ch.base, ch.snap = base, snap
	return nil
}

// LockName waits until no other transaction is making an object of this name.
func (ch *Change) LockName(ctx context.Context, schema OID, name string) error {
	_, err := ch.txn.Lock(ctx, nameLockKey(schema, name), kv.LockOptions{Mode: kv.LockTableExclusive})
	return err
}

// LockTable waits until no other transaction uses the table in a conflicting mode.
func (ch *Change) LockTable(ctx context.Context, table OID, mode kv.LockMode) error {
	_, err := ch.txn.Lock(ctx, TableLockKey(table), kv.LockOptions{Mode: mode})
	return err
}

// Put makes obj (new, or a changed copy of an old one) part of the catalog.
func (ch *Change) Put(obj Object) error { return ch.record(change{obj: obj}) }

// Drop takes obj out of the catalog.
func (ch *Change) Drop(obj Object) error { return ch.record(change{obj: obj, drop: true}) }

func (ch *Change) record(c change) error {
	snap, err := ch.snap.apply([]change{c})
	if err != nil {
		return err
	}
	key := descKey(c.obj)
	if c.drop {
		err = ch.txn.Delete(key)
	} else {
		var val []byte
		if val, err = json.Marshal(c.obj); err != nil {
			return err
		}
		err = ch.txn.Put(key, val)
	}
	if err != nil {
		return err
	}
	// A version no committed catalog has: cached plans of others never match.
	snap.Version = uncommitted.Add(1)
	ch.snap = snap
	ch.changes = append(ch.changes, c)
	return nil
}

// uncommitted numbers the catalogs of open transactions, far above committed versions.
var uncommitted = func() *atomic.Uint64 {
	var v atomic.Uint64
	v.Store(1 << 63)
	return &v
}()

// Mark gives a position to return to, for a savepoint.
func (ch *Change) Mark() int { return len(ch.changes) }

// RollbackTo forgets the changes after a Mark. The kv transaction rolls its own
// writes back.
func (ch *Change) RollbackTo(mark int) error {
	if mark >= len(ch.changes) {
		return nil
	}
	ch.changes = ch.changes[:mark]
	snap, err := ch.base.apply(ch.changes)
	if err != nil {
		return err
	}
	if mark > 0 {
		snap.Version = uncommitted.Add(1)
	} else {
		snap.Version = ch.base.Version
	}
	ch.snap = snap
	return nil
}

// Commit commits the kv transaction with the changes and publishes the new catalog.
func (ch *Change) Commit(ctx context.Context) error {
	if ch.Empty() {
		return ch.txn.Commit(ctx)
	}
	c := ch.cat
	c.mu.Lock()
	defer c.mu.Unlock()
	latest := c.latest.Load()
	next, err := latest.snap.apply(ch.changes)
	if err != nil {
		ch.txn.Rollback()
		return err
	}
	next.Version = latest.snap.Version + 1
	// c.mu orders these writes, so they need no lock in the store.
	if err := ch.txn.PutCovered(versionKey, binary.BigEndian.AppendUint64(nil, next.Version)); err != nil {
		ch.txn.Rollback()
		return err
	}
	c.committing.Add(1)
	defer c.committing.Add(-1)
	if err := ch.txn.Commit(ctx); err != nil {
		return err
	}
	c.recent = append(c.recent, next)
	if len(c.recent) > keepVersions {
		c.recent = append([]*Snapshot(nil), c.recent[len(c.recent)-keepVersions:]...)
	}
	c.latest.Store(&published{next, c.store.Seq()})
	return nil
}
