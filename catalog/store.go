package catalog

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/types"
)

// Catalog is the catalog of one database of a store. Safe for concurrent use.
//
// The databases of a store have their own schemas and what is in them; roles and the
// databases themselves are shared:
//
//	/Catalog/"object"/<kind>/<OID>               what is shared, and the main database
//	/Catalog/"database"/<database>/<kind>/<OID>  each other database
//
// OIDs, the numbers of storages and versions are given out once for all databases, so
// that keys of rows, sequences and locks need not name the database.
//
// A statement must see the catalog as of its own kv snapshot, and looking that
// up must cost next to nothing. So the newest catalog is published together
// with a sequence number that is not smaller than that of the commit that made
// it; who reads at or past that number, while no catalog commit is under way,
// may use it. Everyone else reads the version key and finds, or loads, the
// catalog of that version.
type Catalog struct {
	*cluster
	database OID
}

// cluster is what the catalogs of a store have in common.
type cluster struct {
	store  kv.Store
	latest atomic.Pointer[published]
	// committing counts catalog commits between their kv commit and their publication.
	committing atomic.Int32

	mu      sync.Mutex // serialises catalog commits; guards recent
	recent  []*state
	oidMu   sync.Mutex
	nextOID OID
	endOID  OID
}

// state is the catalogs of all databases at one version. Immutable.
type state struct {
	version uint64
	of      map[OID]*Snapshot
}

// in gives the catalog of one database; an empty one if it has been dropped.
func (st *state) in(database OID) *Snapshot {
	if s := st.of[database]; s != nil {
		return s
	}
	return Empty()
}

type published struct {
	state *state
	seq   uint64
}

// Main is the catalog of the store's main database, which every store has.
func (c *Catalog) Main() *Catalog { return c.In(DatabaseOID) }

// In is the catalog of another database of the store.
func (c *Catalog) In(database OID) *Catalog {
	if database == c.database {
		return c
	}
	return &Catalog{c.cluster, database}
}

// Database tells whose catalog it is.
func (c *Catalog) Database() OID { return c.database }

// Exists tells whether the database has not been dropped.
func (c *Catalog) Exists() bool { return c.latest.Load().state.of[c.database] != nil }

// keepVersions is how many old versions stay in memory for open transactions.
const keepVersions = 16

// Keys of the catalog's own.
var (
	versionKey = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "version")
	oidKey     = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "next oid")
)

// Where descriptors are stored: of the main database and what is shared, and of others.
var (
	mainPrefix  = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "object")
	otherPrefix = keyenc.AppendString(keyenc.AppendKind(nil, keyenc.KindCatalog), "database")
)

// descKey is where an object's descriptor is stored, of a database other than 0 and the
// main one behind its OID: /Catalog/"object"/4/16384.
func descKey(database OID, o Object) []byte {
	kind, oid := o.objectKey()
	k := slices.Clone(mainPrefix)
	if database != 0 && database != DatabaseOID {
		k = keyenc.AppendUint32(slices.Clone(otherPrefix), uint32(database))
	}
	k = keyenc.AppendInt16(k, int16(kind))
	return keyenc.AppendUint32(k, uint32(oid))
}

// parseDescKey takes apart what descKey gives.
func parseDescKey(key []byte) (database OID, kind objectKind, err error) {
	rest, ok := bytes.CutPrefix(key, otherPrefix)
	if ok {
		var n uint32
		if n, rest, err = keyenc.DecodeUint32(rest); err != nil {
			return 0, 0, err
		}
		database = OID(n)
	} else {
		rest = rest[len(mainPrefix):]
	}
	n, _, err := keyenc.DecodeInt16(rest)
	return database, objectKind(n), err
}

// shared tells what belongs to all databases.
func shared(o Object) bool {
	switch o.(type) {
	case *Role, *Database:
		return true
	}
	return false
}

// TableLockKey is the name under which a table is locked as a whole: by those
// who write it (weakly) and those who change its definition (exclusively).
func TableLockKey(database, table OID) []byte {
	k := keyenc.AppendKind(nil, keyenc.KindLock)
	k = keyenc.AppendString(k, "table")
	k = keyenc.AppendUint32(k, uint32(database))
	return keyenc.AppendUint32(k, uint32(table))
}

// nameLockKey serialises those who make an object of one name.
func nameLockKey(database, schema OID, name string) []byte {
	k := keyenc.AppendKind(nil, keyenc.KindLock)
	k = keyenc.AppendString(k, "name")
	k = keyenc.AppendUint32(k, uint32(database))
	k = keyenc.AppendUint32(k, uint32(schema))
	return keyenc.AppendString(k, name)
}

// PublicSchema is the schema that every database begins with.
func PublicSchema() *Schema {
	return &Schema{OID: PublicOID, Name: "public", Owner: BootstrapRoleOID, Comment: "standard public schema"}
}

// Open reads the catalog of a store, that of its main database, making it first if the
// store is empty.
func Open(ctx context.Context, store kv.Store) (*Catalog, error) {
	c := &Catalog{&cluster{store: store}, DatabaseOID}
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
		public := PublicSchema()
		val, err := json.Marshal(public)
		if err != nil {
			return nil, err
		}
		if err := txn.Put(descKey(0, public), val); err != nil {
			return nil, err
		}
		if err := txn.Commit(ctx); err != nil {
			return nil, err
		}
	}
	kvSnap := store.Snapshot()
	defer kvSnap.Close()
	st, err := load(kvSnap)
	if err != nil {
		return nil, err
	}
	c.recent = []*state{st}
	c.latest.Store(&published{st, kvSnap.Seq()})
	return c, nil
}

// load reads every descriptor.
func load(r kv.Reader) (*state, error) {
	version, err := readVersion(r)
	if err != nil {
		return nil, err
	}
	changes := map[OID][]change{} // by database; 0: shared
	err = eachDescriptor(r, func(key, value []byte, database OID, kind objectKind) error {
		obj, err := decodeObject(kind, value)
		if err != nil {
			return damagedDescriptor(key, err)
		}
		if database == 0 && !shared(obj) {
			database = DatabaseOID
		}
		changes[database] = append(changes[database], change{obj: obj})
		return nil
	}, damagedDescriptor)
	if err != nil {
		return nil, err
	}
	st := &state{version: version, of: map[OID]*Snapshot{}}
	add := func(database OID) error {
		own, err := bare(database)
		if err != nil {
			return err
		}
		own.Version = version
		snap, err := own.apply(loadOrder(append(slices.Clip(changes[0]), changes[database]...)))
		st.of[database] = snap
		return err
	}
	if err := add(DatabaseOID); err != nil {
		return nil, err
	}
	for _, d := range st.of[DatabaseOID].Databases()[1:] {
		if err := add(d.OID); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// bare is a database's catalog before anything stored is in it.
func bare(database OID) (*Snapshot, error) {
	own, err := Empty().Without(&Schema{OID: PublicOID}) // public is stored like users' schemas
	if err == nil {
		own.database = database
	}
	return own, err
}

func damagedDescriptor(key []byte, err error) error {
	return fmt.Errorf("catalog: damaged descriptor at %s: %w", keyenc.Pretty(key), err)
}

// eachDescriptor calls f with every descriptor, of database 0 those that the main database
// and all share, and bad with keys that are none.
func eachDescriptor(r kv.Reader, f func(key, value []byte, database OID, kind objectKind) error, bad func(key []byte, err error) error) error {
	for _, prefix := range [][]byte{mainPrefix, otherPrefix} {
		err := kv.Each(r.Scan(kv.PrefixRange(prefix), kv.ScanOptions{}), func(key, value []byte) error {
			database, kind, err := parseDescKey(key)
			if err != nil {
				return bad(key, err)
			}
			return f(key, value, database, kind)
		})
		if err != nil {
			return err
		}
	}
	return nil
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

func decodeObject(kind objectKind, value []byte) (Object, error) {
	var obj Object
	switch kind {
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
	case kindExtension:
		obj = new(Extension)
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
func (c *Catalog) Latest() *Snapshot { return c.latest.Load().state.in(c.database) }

// Newest is Latest, for those who have just got a lock that another commit let go of: it may
// not be published yet, and is waited for.
func (c *Catalog) Newest() *Snapshot {
	if c.committing.Load() != 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	return c.Latest()
}

// At gives the catalog that a reader at sequence number seq sees.
func (c *Catalog) At(r kv.Reader, seq uint64) (*Snapshot, error) {
	if c.committing.Load() == 0 {
		if p := c.latest.Load(); seq >= p.seq {
			return p.state.in(c.database), nil
		}
	}
	version, err := readVersion(r)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	for _, s := range c.recent {
		if s.version == version {
			c.mu.Unlock()
			return s.in(c.database), nil
		}
	}
	c.mu.Unlock()
	st, err := load(r)
	if err != nil {
		return nil, err
	}
	return st.in(c.database), nil
}

// Newer tells whether definitions were, or may have been, committed that base lacks, as txn
// would see them now.
// Who has got a lock that keeps a definition still asks it: the definition may have changed
// between the snapshot and the lock, without a wait. It costs two atomic loads.
func (c *Catalog) Newer(txn kv.Txn, base *Snapshot) (bool, error) {
	if c.committing.Load() == 0 {
		return c.Latest().Version != base.Version, nil
	}
	v, ok, err := txn.GetLatest(versionKey)
	if err != nil {
		return false, err
	}
	if !ok || len(v) != 8 {
		return false, fmt.Errorf("catalog: the version at %s is missing or damaged", keyenc.Pretty(versionKey))
	}
	latest := c.latest.Load().state // not, while it is committed, what has been
	return binary.BigEndian.Uint64(v) != latest.version || latest.in(c.database).Version != base.Version, nil
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
	_, err := ch.txn.Lock(ctx, nameLockKey(ch.base.database, schema, name), kv.LockOptions{Mode: kv.LockTableExclusive})
	return err
}

// LockTable waits until no other transaction uses the table in a conflicting mode.
func (ch *Change) LockTable(ctx context.Context, table OID, mode kv.LockMode) error {
	_, err := ch.txn.Lock(ctx, TableLockKey(ch.base.database, table), kv.LockOptions{Mode: mode})
	return err
}

// LockDefinition keeps others from changing a table's definition, where the table's own lock
// lets several do so at once. The definition is to be looked at again after that.
func (ch *Change) LockDefinition(ctx context.Context, t *Table, timeout time.Duration) error {
	_, err := ch.txn.Lock(ctx, descKey(ch.cat.database, t), kv.LockOptions{Mode: kv.LockUpdate, Timeout: timeout})
	return err
}

// Put makes obj (new, or a changed copy of an old one) part of the catalog. It waits for
// others who change the same object, as long as ctx and timeout (0: for ever) allow, as do
// Drop, PutIn and DropIn.
func (ch *Change) Put(ctx context.Context, obj Object, timeout time.Duration) error {
	return ch.PutIn(ctx, ch.base.database, obj, timeout)
}

// Drop takes obj out of the catalog.
func (ch *Change) Drop(ctx context.Context, obj Object, timeout time.Duration) error {
	return ch.DropIn(ctx, ch.base.database, obj, timeout)
}

// PutIn makes obj part of another database's catalog, which is being made: nobody has
// it open.
func (ch *Change) PutIn(ctx context.Context, database OID, obj Object, timeout time.Duration) error {
	return ch.record(ctx, change{obj: obj, database: database}, timeout)
}

// DropIn takes obj out of another database's catalog, which is being dropped.
func (ch *Change) DropIn(ctx context.Context, database OID, obj Object, timeout time.Duration) error {
	return ch.record(ctx, change{obj: obj, drop: true, database: database}, timeout)
}

func (ch *Change) record(ctx context.Context, c change, timeout time.Duration) error {
	if shared(c.obj) {
		c.database = 0
	}
	snap, err := ch.snap.apply([]change{c})
	if err != nil {
		return err
	}
	key := descKey(c.database, c.obj)
	// obj was made of the descriptor that the snapshot shows. Where no lock of the table kept
	// others from changing that, theirs must not be lost.
	if l, err := ch.txn.Lock(ctx, key, kv.LockOptions{Mode: kv.LockUpdate, Timeout: timeout}); err != nil {
		return err
	} else if l.Changed {
		return kv.AtKey(kv.ErrConcurrentUpdate, key)
	}
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
	for i := range ch.changes {
		ch.changes[i].obj = committed(ch.changes[i].obj)
	}
	latest := c.latest.Load()
	next, err := latest.state.apply(ch.changes)
	if err != nil {
		ch.txn.Rollback()
		return err
	}
	// c.mu orders these writes, so they need no lock in the store.
	if err := ch.txn.PutCovered(versionKey, binary.BigEndian.AppendUint64(nil, next.version)); err != nil {
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
		c.recent = append([]*state(nil), c.recent[len(c.recent)-keepVersions:]...)
	}
	c.latest.Store(&published{next, c.store.Seq()})
	return nil
}

// committed is what an object is once its change is committed: the labels of an enum can be used.
func committed(o Object) Object {
	u, ok := o.(*UserType)
	if !ok || !slices.ContainsFunc(u.Labels, func(l types.EnumLabel) bool { return l.New }) {
		return o
	}
	cp := *u
	cp.Labels = slices.Clone(u.Labels)
	for i := range cp.Labels {
		cp.Labels[i].New = false
	}
	return &cp
}

// apply gives the next version of all catalogs.
func (st *state) apply(changes []change) (*state, error) {
	next := &state{version: st.version + 1, of: maps.Clone(st.of)}
	made := map[OID]bool{}
	for _, c := range changes {
		d, ok := c.obj.(*Database)
		switch {
		case !ok || d.OID == DatabaseOID:
		case c.drop:
			delete(next.of, d.OID)
		case next.of[d.OID] == nil:
			fresh, err := next.fresh(d.OID)
			if err != nil {
				return nil, err
			}
			next.of[d.OID], made[d.OID] = fresh, true
		}
	}
	for database, snap := range next.of {
		if !slices.ContainsFunc(changes, func(c change) bool { return c.concerns(database) }) {
			continue
		}
		order := changes
		if made[database] { // by copying, in any order
			order = loadOrder(slices.Clone(changes))
		}
		changed, err := snap.apply(order)
		if err != nil {
			return nil, err
		}
		changed.Version = next.version
		next.of[database] = changed
	}
	return next, nil
}

// fresh is the catalog of a new database: what is shared.
func (st *state) fresh(database OID) (*Snapshot, error) {
	own, err := bare(database)
	if err != nil {
		return nil, err
	}
	main := st.of[DatabaseOID]
	var all []Object
	for _, r := range main.Roles() {
		all = append(all, r)
	}
	for _, d := range main.Databases() {
		all = append(all, d)
	}
	return own.With(all...)
}
