// Package ddl carries out definition statements: it turns their syntax trees
// into catalog descriptors and does to the stored rows what a change of
// definition asks for.
//
//	CREATE TABLE … ──▶ *catalog.Table ──▶ Change.Put          (nothing stored yet)
//	CREATE INDEX … ──▶ *catalog.Index ──▶ Put, then backfill  (executor)
//	ALTER … TYPE   ──▶ new descriptor with new storage, rows rewritten
//	ADD/DROP COLUMN, SET DEFAULT …                            (descriptor only)
//
// Everything happens in the session's transaction, so it commits or rolls back
// with it. A statement that changes an existing table first locks it against
// writers (and readers never wait: they have their snapshot and its catalog).
//
// Expressions are stored as SQL text, printed from their bound form, so that
// names in them are resolved once and for all.
//
// Not here: what the statements look like (parser), how descriptors are stored
// (catalog).
package ddl

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Ctx is what the session lends to a definition statement.
type Ctx struct {
	context.Context
	Txn       kv.Txn
	Store     kv.Store
	Change    *catalog.Change
	Catalog   *catalog.Catalog
	Sequences *catalog.Sequences
	// SearchPath gives the schemas that names are looked up in; CreationPath those
	// that new objects may go to.
	SearchPath   func() []string
	CreationPath func() []string
	// TempSchema gives the name of the session's schema of temporary tables, making it if need be.
	TempSchema func() (string, error)
	Env        *types.Env
	User       string
	// Role is the role in whose name the statement runs, OuterRole the one that SET
	// ROLE chose, SessionRole the session's own; 0 is the bootstrap role. Bootstrap is what
	// the session calls that one, "" its name.
	Role, OuterRole, SessionRole catalog.OID
	Bootstrap                    string
	Text                         string // the whole query text
	RawStmt                      *ast.RawStmt
	Vars                         planner.Variables // names that stand for parameters; may be nil
	Notice                       func(*pgerr.Error)
	// EstimateRows guesses a table's size.
	EstimateRows func(*catalog.Table) float64
	// Exec gives an execution context that sees the catalog as changed so far.
	Exec func() *executor.Ctx
	// Query plans a query and, when sink is not nil, runs it.
	Query func(q ast.Stmt, sink func(*types.Batch) error) (*plan.Plan, int64, error)
	// QueryFor runs a statement in the name of a materialized view's owner, with the search
	// path that the view was made with. It may change the view's rows; tables that nobody
	// else knows are in extra, by name.
	QueryFor func(view *catalog.Table, q ast.Stmt, extra map[string]*catalog.Table, sink func(*types.Batch) error) (int64, error)
	// Refresh moves the statement's snapshot (and catalog) forward after a lock
	// was waited for; at REPEATABLE READ and above it does nothing.
	Refresh func() error
	// Frozen: the transaction reads by one snapshot, REPEATABLE READ or above.
	Frozen bool
	// Await waits for the transactions to end that hold locks on a table which conflict
	// with mode, then refreshes.
	Await func(t *catalog.Table, mode kv.LockMode) error
	// Hold keeps a lock of a table beyond the ends of transactions, until release.
	Hold func(table catalog.OID, mode kv.LockMode) (release func(), err error)
	// Beside begins another transaction of the session, READ COMMITTED and not synced alone.
	Beside func() (kv.Txn, error)
	// Next commits what the statement has done so far and gives the Ctx of the transaction
	// in which it goes on. Only for statements that refuse to run in a block.
	Next func() (*Ctx, error)
	// Restart makes a sequence go on with value: for this transaction at once, for
	// others when it commits.
	Restart func(s *catalog.Sequence, value int64)
	// InUse counts the other sessions that have a database open.
	InUse func(database catalog.OID) int
	// Pending tells whether checks of a table's foreign keys wait for the end of the
	// transaction.
	Pending func(table catalog.OID) bool
	// Opened tells whether a query of the session that is under way has a table or index
	// open.
	Opened func(relation catalog.OID) bool
	// Alone refuses a statement, named for the message, in a transaction block.
	Alone func(what string) error
	// LockTimeout bounds each wait for a lock; 0 does not.
	LockTimeout time.Duration
	// CheckRoutine compiles a new function's body as far as that can be done before
	// it is called, and gives the objects that an SQL-standard body depends on.
	// CheckSetting sees that a parameter can be set to a value.
	CheckSetting func(name, value string) error
	CheckRoutine func(f *catalog.Function) ([]catalog.OID, error)
	// OnCommit registers what to do once the transaction is committed.
	OnCommit func(func())
	// System lets the statement define what belongs to the system: key spaces.
	System bool

	// stale are the tables whose rows ALTER TABLE has yet to store anew; nil at other times.
	stale *staleRows
	// begun is 1 more than the Mark at which the statement may begin anew (lockIfThere); 0: it may not.
	begun int
}

// errRenewed tells Run that what the statement has read of a table was changed before it got
// the table's lock.
var errRenewed = errors.New("definition changed while its lock was waited for")

// Run carries out one definition statement. rows is the number of rows that
// CREATE TABLE AS or SELECT INTO stored, -1 for all other statements.
//
// A statement looks names up, locks what they name, and may have to wait for that. If what
// it waited for has changed the table, it begins anew, keeping its locks: the name may be
// another's by now, an index may be gone.
func Run(c *Ctx, st ast.Stmt) (rows int64, err error) {
	tell, begun := c.Notice, c.begun
	var told []string
	for {
		before := slices.Clone(told)
		c.Notice = func(e *pgerr.Error) {
			if i := slices.Index(before, e.Message); i >= 0 { // the client knows
				before = slices.Delete(before, i, i+1)
				return
			}
			told = append(told, e.Message)
			tell(e)
		}
		c.begun = c.Change.Mark() + 1
		rows, err = c.run(st)
		if err != errRenewed {
			break
		}
		if err := c.Err(); err != nil {
			return -1, executor.StoreError(context.Cause(c))
		}
	}
	c.Notice, c.begun = tell, begun
	return rows, err
}

func (c *Ctx) run(st ast.Stmt) (rows int64, err error) {
	rows = -1
	switch n := st.(type) {
	case *ast.CreateTableStmt:
		err = c.createTable(n)
	case *ast.CreateTableAsStmt:
		return c.createTableAs(n)
	case *ast.SelectStmt: // SELECT INTO
		return c.createTableAs(n.TableInto())
	case *ast.CreateIndexStmt:
		err = c.createIndex(n)
	case *ast.CreateViewStmt:
		err = c.createView(n)
	case *ast.RefreshMaterializedViewStmt:
		err = c.refreshMatView(n)
	case *ast.CreateSequenceStmt:
		err = c.createSequence(n)
	case *ast.AlterSequenceStmt:
		err = c.alterSequence(n)
	case *ast.CreateSchemaStmt:
		err = c.createSchema(n)
	case *ast.CreateRangeTypeStmt:
		err = c.createRange(n)
	case *ast.CreateEnumStmt:
		err = c.createEnum(n)
	case *ast.CreateCompositeTypeStmt:
		err = c.createComposite(n)
	case *ast.CreateFunctionStmt:
		err = c.createFunction(n)
	case *ast.DefineStmt:
		if n.Kind != ast.ObjectAggregate {
			return -1, unsupported(st)
		}
		err = c.createAggregate(n)
	case *ast.CreateTriggerStmt:
		err = c.createTrigger(n)
	case *ast.CreateExtensionStmt:
		err = c.createExtension(n)
	case *ast.AlterFunctionStmt:
		err = c.alterFunction(n)
	case *ast.AlterEnumStmt:
		err = c.alterEnum(n)
	case *ast.CreateDomainStmt:
		err = c.createDomain(n)
	case *ast.AlterDomainStmt:
		err = c.alterDomain(n)
	case *ast.ReindexStmt:
		err = c.reindex(n)
	case *ast.AlterTableStmt:
		err = c.alterTable(n)
	case *ast.DropStmt:
		err = c.drop(n)
	case *ast.RenameStmt:
		err = c.rename(n)
	case *ast.AlterSchemaStmt:
		err = c.setSchema(n)
	case *ast.CommentStmt:
		err = c.comment(n)
	case *ast.TruncateStmt:
		err = c.truncate(n)
	case *ast.CreateRoleStmt:
		err = c.createRole(n)
	case *ast.AlterRoleStmt:
		err = c.alterRole(n)
	case *ast.AlterRoleSetStmt:
		err = c.alterRoleSet(n)
	case *ast.CreateDatabaseStmt:
		err = c.createDatabase(n)
	case *ast.AlterDatabaseStmt:
		err = c.alterDatabase(n)
	case *ast.AlterDatabaseSetStmt:
		err = c.alterDatabaseSet(n)
	case *ast.DropRoleStmt:
		err = c.dropRole(n)
	case *ast.GrantRoleStmt:
		err = c.grantRole(n)
	case *ast.GrantStmt:
		err = c.grant(n)
	case *ast.AlterDefaultPrivilegesStmt:
		err = c.alterDefaultPrivileges(n)
	case *ast.AlterOwnerStmt:
		err = c.alterOwner(n)
	case *ast.ReassignOwnedStmt:
		err = c.reassignOwned(n)
	case *ast.DropOwnedStmt:
		err = c.dropOwned(n)
	default:
		return -1, unsupported(st)
	}
	return rows, err
}

// unsupported is the answer to statements that PostgreSQL has and this engine lacks.
func unsupported(st ast.Stmt) error {
	if u, ok := st.(*ast.UnsupportedStmt); ok && u.Detail != "" {
		return pgerr.Unsupported("%s", u.Detail)
	}
	return pgerr.Unsupported("%s is not supported", ast.Tag(st)).
		WithHint("docs/compatibility.md lists what is.")
}

// NextTransaction commits what was done so far and goes on in a new transaction.
func (c *Ctx) NextTransaction() error {
	next, err := c.Next()
	if err == nil {
		*c = *next // which does not begin anew
	}
	return err
}

func (c *Ctx) snap() *catalog.Snapshot { return c.Change.Snapshot() }

func (c *Ctx) put(o catalog.Object) error {
	if err := c.checkKeySpace(o); err != nil {
		return err
	}
	c.newObject(o)
	return executor.StoreError(c.Change.Put(c, o, c.LockTimeout))
}

func (c *Ctx) dropObject(o catalog.Object) error {
	if err := c.checkKeySpace(o); err != nil {
		return err
	}
	return executor.StoreError(c.Change.Drop(c, o, c.LockTimeout))
}

func (c *Ctx) newOID() (catalog.OID, error) {
	oid, err := c.Catalog.NewOID(c)
	return oid, executor.StoreError(err)
}

func (c *Ctx) notice(code, format string, args ...any) {
	e := pgerr.Newf(code, format, args...)
	e.Severity = "NOTICE"
	c.Notice(e)
}

// placeless takes the position out of an error where PostgreSQL gives none.
func placeless(err error) error {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err
	}
	cp := *e
	cp.BytePos, cp.Position = 0, 0
	return &cp
}

// ---- names

// maxNameBytes is PostgreSQL's NAMEDATALEN - 1.
const maxNameBytes = 63

// creationSchema finds the schema a new relation goes to.
func (c *Ctx) creationSchema(name string, temporary bool, pos int) (*catalog.Schema, error) {
	if temporary {
		if name != "" && name != "pg_temp" && !strings.HasPrefix(name, "pg_temp_") {
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema").At(pos)
		}
		if err := c.mayMakeTemporary(); err != nil {
			return nil, err
		}
		t, err := c.TempSchema()
		if err != nil {
			return nil, err
		}
		return c.snap().SchemaByName(t), nil
	}
	if name == "pg_temp" {
		return c.creationSchema("", true, pos)
	}
	if name != "" {
		s := c.snap().SchemaByName(name)
		if s == nil {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", name).At(pos)
		}
		if s.OID == catalog.PgCatalogOID || s.OID == catalog.InformationSchemaOID || s.OID == catalog.RowkeyOID {
			return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to create objects in schema %q", name).
				WithDetail("System catalog modifications are currently disallowed.")
		}
		return s, c.mayCreateIn(s, pos)
	}
	for _, p := range c.CreationPath() {
		if s := c.snap().SchemaByName(p); s != nil && s.OID != catalog.PgCatalogOID {
			return s, c.mayCreateIn(s, pos)
		}
	}
	return nil, pgerr.New(pgerr.InvalidSchemaName, "no schema has been selected to create in")
}

// typeSchema finds the schema a new type goes to, from its written name.
func (c *Ctx) typeSchema(names []string, pos int) (*catalog.Schema, string, error) {
	if len(names) == 1 {
		s, err := c.creationSchema("", false, pos)
		return s, names[0], err
	}
	s, err := c.creationSchema(names[len(names)-2], false, pos)
	return s, names[len(names)-1], err
}

// checkDatabase refuses names of other databases (a.b.c).
func (c *Ctx) checkDatabase(rv *ast.RangeVar) error {
	if rv.Catalog != "" && rv.Catalog != c.Exec().Eval.Session.CurrentDatabase() {
		return pgerr.Newf(pgerr.FeatureNotSupported, "cross-database references are not implemented: %q", rv.Catalog+"."+rv.Schema+"."+rv.Name).At(rv.Pos())
	}
	return nil
}

// find looks a relation up by name: its OID, 0 if there is none.
func (c *Ctx) find(rv *ast.RangeVar) catalog.OID {
	snap := c.snap()
	if rv.Schema == "" {
		return snap.Resolve(c.SearchPath(), rv.Name)
	}
	schema := rv.Schema
	if schema == "pg_temp" {
		if t, err := c.TempSchema(); err == nil {
			schema = t
		}
	}
	if c.mayUseSchema(schema) != nil {
		return 0 // missing tells why
	}
	return snap.Relation(snap.SchemaByName(schema), rv.Name)
}

func relText(rv *ast.RangeVar) string {
	if rv.Schema != "" {
		return rv.Schema + "." + rv.Name
	}
	return rv.Name
}

func (c *Ctx) missing(rv *ast.RangeVar) error {
	if rv.Schema != "" && rv.Schema != "pg_temp" && c.snap().SchemaByName(rv.Schema) == nil {
		return pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", rv.Schema)
	}
	if err := c.mayUseSchema(rv.Schema); err != nil {
		return err
	}
	return pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", relText(rv))
}

// kindOf says what a relation is, as messages name it.
func (c *Ctx) kindOf(oid catalog.OID) string {
	snap := c.snap()
	if t := snap.Table(oid); t != nil {
		switch t.Kind {
		case catalog.KindView:
			return "view"
		case catalog.KindMatView:
			return "materialized view"
		case catalog.KindComposite:
			return "type"
		}
		return "table"
	}
	if snap.TableOfIndex(oid) != nil {
		return "index"
	}
	if snap.Sequence(oid) != nil {
		return "sequence"
	}
	return "relation"
}

// kindsOf is the plural of kindOf.
func (c *Ctx) kindsOf(oid catalog.OID) string {
	if kind := c.kindOf(oid); kind != "index" {
		return kind + "s"
	}
	return "indexes"
}

// table finds a table that the current role owns, and locks it.
func (c *Ctx) table(rv *ast.RangeVar, mode kv.LockMode) (*catalog.Table, error) {
	return c.tableIf(rv, mode, c.ownTable)
}

// tableIf finds a table that may be changed, if allowed says so, and locks it.
func (c *Ctx) tableIf(rv *ast.RangeVar, mode kv.LockMode, allowed func(*catalog.Table) error) (*catalog.Table, error) {
	oid := c.find(rv)
	if oid == 0 {
		return nil, c.missing(rv)
	}
	t := c.snap().Table(oid)
	if t == nil || !t.IsTable() {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%q is not a table", rv.Name)
	}
	if t.Virtual != nil {
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	if err := allowed(t); err != nil {
		return nil, err
	}
	return c.lock(t, mode)
}

// lock locks a table as a whole and gives its descriptor as of then.
func (c *Ctx) lock(t *catalog.Table, mode kv.LockMode) (*catalog.Table, error) {
	now, err := c.lockIfThere(t, mode)
	if err == nil && now == nil {
		err = pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", t.Name)
	}
	return now, err
}

// lockIfThere is lock, which gives nil for a table that was dropped meanwhile. If it was
// changed, and this statement has not changed anything yet, that begins anew.
func (c *Ctx) lockIfThere(t *catalog.Table, mode kv.LockMode) (*catalog.Table, error) {
	r, err := c.Txn.Lock(c, catalog.TableLockKey(c.snap().Database().OID, t.OID), kv.LockOptions{Mode: mode, Timeout: c.LockTimeout})
	if err != nil {
		return nil, executor.StoreError(err)
	}
	// What was committed since the snapshot may have changed the table, whether it was
	// waited for or not.
	if r.Waited || c.Store.Seq() != c.Txn.Seq() {
		before := c.Change.Base().Table(t.OID)
		if err := c.Refresh(); err != nil {
			return nil, err
		}
		if c.Change.Base().Table(t.OID) != before && c.Change.Mark()+1 == c.begun {
			return nil, errRenewed
		}
	}
	return c.snap().Table(t.OID), nil
}

// notInUse refuses what a statement does to a table while checks of its rows wait for the
// end of the transaction, or a query of the session reads or writes it that is under way:
// a cursor, a loop, or the statement that calls the function which this one stands in.
func (c *Ctx) notInUse(t *catalog.Table, what string) error {
	if err := c.notOpened(t.OID, t.Name, what); err != nil {
		return err
	}
	if c.Pending != nil && c.Pending(t.OID) {
		return pgerr.Newf(pgerr.ObjectInUse, "cannot %s \"%s\" because it has pending trigger events", what, t.Name)
	}
	return nil
}

// notOpened is the part of notInUse for queries; of an index, or a sequence, too.
func (c *Ctx) notOpened(oid catalog.OID, name, what string) error {
	if c.Opened != nil && c.Opened(oid) {
		return pgerr.Newf(pgerr.ObjectInUse, "cannot %s \"%s\" because it is being used by active queries in this session", what, name)
	}
	return nil
}

// lockName keeps a name of a schema for this transaction.
func (c *Ctx) lockName(schema catalog.OID, name string) error {
	ctx := c.Context
	if c.LockTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.LockTimeout, kv.ErrLockTimeout)
		defer cancel()
	}
	err := c.Change.LockName(ctx, schema, name)
	if err != nil && c.Context.Err() == nil && errors.Is(context.Cause(ctx), kv.ErrLockTimeout) {
		err = kv.ErrLockTimeout
	}
	return executor.StoreError(err)
}

// claim makes sure that a relation's name is free in a schema, waiting for
// transactions that are making one of that name.
func (c *Ctx) claim(schema *catalog.Schema, name string) error {
	if err := c.lockName(schema.OID, name); err != nil {
		return err
	}
	if c.snap().Relation(schema, name) != 0 || c.newerHas(schema, name) {
		return pgerr.Newf(pgerr.DuplicateTable, "relation %q already exists", name)
	}
	return nil
}

// newerHas reports whether a commit after this statement's snapshot made the name.
func (c *Ctx) newerHas(schema *catalog.Schema, name string) bool {
	latest := c.Catalog.Newest()
	oid := latest.Relation(latest.Schema(schema.OID), name)
	if oid == 0 {
		return false
	}
	// Dropped or renamed by this transaction, the name is ours to use.
	base := c.Change.Base()
	return base.Relation(base.Schema(schema.OID), name) != oid
}

// truncateName cuts a name to the limit at a character boundary, as PostgreSQL does.
func truncateName(name string, max int) string {
	if len(name) <= max {
		return name
	}
	for max > 0 && name[max]&0xC0 == 0x80 {
		max--
	}
	return name[:max]
}

// makeName builds name1_name2_label within the limit, shortening the longer of
// the first two.
func makeName(name1, name2, label string) string {
	over := 0
	if name2 != "" {
		over++
	}
	if label != "" {
		over += len(label) + 1
	}
	avail := maxNameBytes - over
	n1, n2 := len(name1), len(name2)
	for n1+n2 > avail {
		if n1 > n2 {
			n1--
		} else {
			n2--
		}
	}
	s := truncateName(name1, n1)
	if name2 != "" {
		s += "_" + truncateName(name2, n2)
	}
	if label != "" {
		s += "_" + label
	}
	return s
}

// chooseName makes a name that taken does not know, numbering it if need be.
func chooseName(name1, name2, label string, taken func(string) bool) string {
	for i := 0; ; i++ {
		l := label
		if i > 0 {
			l += itoa(i)
		}
		if s := makeName(name1, name2, l); !taken(s) {
			return s
		}
	}
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + string(rune('0'+i%10))
}

// relTaken tells relation names in use in a schema, and those of names.
func (c *Ctx) relTaken(schema *catalog.Schema, names ...string) func(string) bool {
	return func(s string) bool {
		for _, n := range names {
			if n == s {
				return true
			}
		}
		return c.snap().Relation(schema, s) != 0
	}
}

// dropStorage lets go of rows that no descriptor will name once the
// transaction has committed.
func (c *Ctx) dropStorage(storage uint32) error {
	return c.removeLater(catalog.Dropped{Storage: storage})
}

func (c *Ctx) removeLater(d catalog.Dropped) error {
	store := c.Store
	// Failing to reclaim space harms nobody: the number is never used again.
	c.OnCommit(func() { _ = d.Remove(context.Background(), store) })
	return executor.StoreError(d.Note(c.Txn))
}

// clone gives a copy of a table's descriptor that may be changed.
func clone(t *catalog.Table) *catalog.Table {
	n := *t
	n.Columns = append([]catalog.Column(nil), t.Columns...)
	n.Indexes = make([]*catalog.Index, len(t.Indexes))
	for i, ix := range t.Indexes {
		cp := *ix
		cp.Keys = append([]catalog.IndexKey(nil), ix.Keys...)
		n.Indexes[i] = &cp
	}
	n.Checks = make([]*catalog.Check, len(t.Checks))
	for i, k := range t.Checks {
		cp := *k
		n.Checks[i] = &cp
	}
	n.Triggers = append([]*catalog.Trigger(nil), t.Triggers...)
	n.ForeignKeys = make([]*catalog.ForeignKey, len(t.ForeignKeys))
	for i, k := range t.ForeignKeys {
		cp := *k
		n.ForeignKeys[i] = &cp
	}
	if t.View != nil {
		v := *t.View
		n.View = &v
	}
	return &n
}
