package ddl

import (
	"bytes"
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// Databases: CREATE, ALTER and DROP DATABASE. A database is a catalog of its own in the
// same store, with rows under numbers of its own; who makes or drops one stands in another.

// databaseNamed finds a database by name, the session's own by the name it was asked for by.
func (c *Ctx) databaseNamed(name string) (*catalog.Database, error) {
	if d := c.findDatabase(name); d != nil {
		return d, nil
	}
	return nil, noDatabase(name)
}

func noDatabase(name string) error {
	return pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", name)
}

func (c *Ctx) findDatabase(name string) *catalog.Database {
	return c.snap().DatabaseCalled(name, c.database())
}

// databaseText is a database's name.
func (c *Ctx) databaseText(d *catalog.Database) string {
	return c.snap().DatabaseText(d, c.database())
}

// ownDatabase demands ownership of a database, which the statement calls name.
func (c *Ctx) ownDatabase(d *catalog.Database, name string) error {
	if c.owns(d.Owner) {
		return nil
	}
	return catalog.MustBeOwner("database", name)
}

// databaseOptions reads the options of CREATE and ALTER DATABASE, each at most once.
func databaseOptions(list []*ast.Option, known ...string) (map[string]*ast.Option, error) {
	out := map[string]*ast.Option{}
	for _, o := range list {
		found := false
		for _, k := range known {
			found = found || k == o.Name
		}
		if o.Name == "location" && found {
			continue
		}
		switch {
		case !found:
			return nil, pgerr.Newf(pgerr.SyntaxError, "option \"%s\" not recognized", o.Name).At(o.Pos())
		case out[o.Name] != nil:
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos())
		}
		out[o.Name] = o
	}
	for name, o := range out {
		if o.Kind == ast.OptionDefault {
			delete(out, name)
		}
	}
	return out, nil
}

// applyDatabaseOptions sets what both CREATE and ALTER DATABASE can.
func applyDatabaseOptions(d *catalog.Database, opts map[string]*ast.Option) error {
	if o := opts["connection_limit"]; o != nil {
		n, err := strconv.Atoi(o.Text)
		if err != nil || n < -1 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid connection limit: %s", o.Text)
		}
		d.Limit, d.Limited = max(n, 0), n >= 0
	}
	for name, set := range map[string]func(bool){
		"is_template":       func(on bool) { d.Template = on },
		"allow_connections": func(on bool) { d.Closed = !on },
	} {
		if o := opts[name]; o != nil {
			on, ok := o.AsBool()
			if !ok {
				return pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", name)
			}
			set(on)
		}
	}
	return nil
}

// createDatabase is CREATE DATABASE. TEMPLATE template0 and template1 are a database
// with nothing in it.
func (c *Ctx) createDatabase(n *ast.CreateDatabaseStmt) error {
	opts, err := databaseOptions(n.Options, "tablespace", "owner", "template", "encoding", "locale", "lc_collate", "lc_ctype", "icu_locale",
		"locale_provider", "is_template", "allow_connections", "connection_limit", "collation_version", "location", "oid", "strategy")
	if err != nil {
		return err
	}
	d := &catalog.Database{Name: n.Name, Owner: c.role()}
	if err := c.createOptions(opts); err != nil {
		return err
	}
	if err := applyDatabaseOptions(d, opts); err != nil {
		return err
	}
	if o := opts["owner"]; o != nil {
		r := c.roles().ByName(o.Text)
		if r == nil {
			return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", o.Text)
		}
		d.Owner = r.OID
	}
	if r := c.snap().Role(c.role()); !c.superuser() && (r == nil || !r.CreateDB) {
		return denied("permission denied to create database")
	}
	if !c.snap().IsMember(c.role(), d.Owner) {
		return denied("must be member of role \"%s\"", c.roles().Name(d.Owner))
	}
	if len(n.Name) > maxNameBytes {
		return pgerr.Newf(pgerr.NameTooLong, "name \"%s\" is longer than %d bytes", n.Name, maxNameBytes)
	}
	if err := c.lockName(0, n.Name); err != nil {
		return err
	}
	if err := c.Refresh(); err != nil {
		return err
	}
	if c.findDatabase(n.Name) != nil {
		return pgerr.Newf(pgerr.DuplicateDatabase, "database \"%s\" already exists", n.Name)
	}
	var from *catalog.Database
	if o := opts["template"]; o != nil && o.Text != "template0" && o.Text != "template1" {
		from = c.findDatabase(o.Text)
		switch {
		case from == nil:
			return pgerr.Newf(pgerr.InvalidCatalogName, "template database \"%s\" does not exist", o.Text)
		case !from.Template && !c.owns(from.Owner):
			return denied("permission denied to copy database \"%s\"", o.Text)
		}
		if others := c.InUse(from.OID); others > 0 {
			return usedDatabase("source database", o.Text, others)
		}
	}
	if d.OID, err = c.newOID(); err != nil {
		return err
	}
	if err := c.put(d); err != nil {
		return err
	}
	if from != nil {
		return c.copyDatabase(d, from)
	}
	return executor.StoreError(c.Change.PutIn(c, d.OID, catalog.PublicSchema(), c.LockTimeout))
}

// copyDatabase puts into a new database what another has, as of this transaction: its
// objects under new OIDs, their rows under new numbers. Key spaces and what is temporary
// stay behind.
func (c *Ctx) copyDatabase(to, from *catalog.Database) error {
	snap, err := c.Catalog.In(from.OID).At(c.Txn, c.Txn.Seq())
	if err != nil {
		return executor.StoreError(err)
	}
	left := func(schema catalog.OID) bool {
		s := snap.Schema(schema)
		return s != nil && (s.KeySpace != 0 || strings.HasPrefix(s.Name, "pg_temp_"))
	}
	numbers := map[catalog.OID]catalog.OID{}
	number := func(oid catalog.OID) (catalog.OID, error) {
		if oid < catalog.FirstUserOID || snap.Role(oid) != nil {
			return oid, nil
		}
		n, ok := numbers[oid]
		if !ok {
			var err error
			if n, err = c.newOID(); err != nil {
				return 0, err
			}
			numbers[oid] = n
		}
		return n, nil
	}
	for _, o := range snap.Own() {
		switch o := o.(type) {
		case *catalog.Schema:
			if left(o.OID) {
				continue
			}
		case *catalog.StatsObject:
			if t := snap.Table(o.Table); t == nil || left(t.SchemaOID) {
				continue
			}
		default:
			if left(schemaOf(o)) {
				continue
			}
		}
		cp, err := catalog.Renumber(o, number)
		if err != nil {
			return pgerr.Internal(err)
		}
		switch cp := cp.(type) {
		case *catalog.Table:
			if cp.Storage != 0 {
				storage, err := c.newOID()
				if err != nil {
					return err
				}
				was := cp.Storage
				cp.Storage = uint32(storage)
				if err := c.copyRows(cp.Storage, was); err != nil {
					return err
				}
			}
		case *catalog.Sequence:
			last, called, err := c.Sequences.Position(o.(*catalog.Sequence))
			if err != nil {
				return executor.StoreError(err)
			}
			if err := c.Txn.Put(catalog.SequenceKey(cp.OID), catalog.SequenceRecord(last, called)); err != nil {
				return executor.StoreError(err)
			}
		}
		if err := c.Change.PutIn(c, to.OID, cp, c.LockTimeout); err != nil {
			return executor.StoreError(err)
		}
	}
	return nil
}

// copyRows copies the rows and index entries of one storage to another.
func (c *Ctx) copyRows(to, from uint32) error {
	prefix := keyenc.AppendTablePrefix(nil, to)
	err := kv.Each(c.Txn.Scan(kv.PrefixRange(keyenc.AppendTablePrefix(nil, from)), kv.ScanOptions{}), func(key, value []byte) error {
		if err := c.Err(); err != nil {
			return err
		}
		return c.Txn.PutCovered(append(prefix[:len(prefix):len(prefix)], key[len(prefix):]...), bytes.Clone(value))
	})
	return executor.StoreError(err)
}

// createOptions refuses what CREATE DATABASE cannot give: there is one encoding, one
// locale and one place for files.
func (c *Ctx) createOptions(opts map[string]*ast.Option) error {
	if o := opts["tablespace"]; o != nil && o.Text != "pg_default" {
		return pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", o.Text)
	}
	if o := opts["encoding"]; o != nil && !utf8Name(o.Text) {
		return pgerr.Unsupported("encoding \"%s\" is not supported", o.Text).At(o.Pos()).WithHint("The encoding of every database is UTF8.")
	}
	for _, name := range []string{"locale", "lc_collate", "lc_ctype"} {
		if o := opts[name]; o != nil && !byteOrder(o.Text) {
			return pgerr.Unsupported("locale \"%s\" is not supported", o.Text).At(o.Pos()).
				WithHint("Text compares by bytes in every database: the locales are C, POSIX and C.UTF-8.")
		}
	}
	if o := opts["locale_provider"]; o != nil && o.Text != "libc" {
		return pgerr.Unsupported("locale provider \"%s\" is not supported", o.Text).At(o.Pos())
	}
	if o := opts["icu_locale"]; o != nil {
		return pgerr.Newf(pgerr.InvalidObjectDefinition, "ICU locale cannot be specified unless locale provider is ICU")
	}
	if o := opts["strategy"]; o != nil && !strings.EqualFold(o.Text, "wal_log") && !strings.EqualFold(o.Text, "file_copy") {
		return pgerr.Newf(pgerr.InvalidParameterValue, "invalid create database strategy \"%s\"", o.Text).
			WithHint("Valid strategies are \"wal_log\" and \"file_copy\".")
	}
	if o := opts["oid"]; o != nil {
		if n, err := strconv.ParseUint(o.Text, 10, 32); err == nil && n < uint64(catalog.FirstUserOID) {
			return pgerr.Newf(pgerr.InvalidParameterValue, "OIDs less than %d are reserved for system objects", catalog.FirstUserOID)
		}
		return pgerr.Unsupported("the OID of a database cannot be chosen").At(o.Pos())
	}
	return nil
}

func utf8Name(s string) bool {
	return strings.EqualFold(s, "utf8") || strings.EqualFold(s, "utf-8") || strings.EqualFold(s, "unicode") || s == "6"
}

// byteOrder tells the names of locales in which text compares by bytes.
func byteOrder(s string) bool {
	switch strings.ToLower(s) {
	case "c", "posix", "c.utf-8", "c.utf8":
		return true
	}
	return false
}

// alterDatabase is ALTER DATABASE with options.
func (c *Ctx) alterDatabase(n *ast.AlterDatabaseStmt) error {
	opts, err := databaseOptions(n.Options, "is_template", "allow_connections", "connection_limit", "tablespace")
	if err != nil {
		return err
	}
	d, err := c.databaseNamed(n.Name)
	if err != nil {
		return err
	}
	if err := c.ownDatabase(d, n.Name); err != nil {
		return err
	}
	if n.RefreshCollation {
		c.notice(pgerr.SuccessfulCompletion, "version has not changed")
		return nil
	}
	cp := *d
	if err := applyDatabaseOptions(&cp, opts); err != nil {
		return err
	}
	if o := opts["tablespace"]; o != nil && o.Text != "pg_default" {
		return pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", o.Text)
	}
	if cp.Closed && d.OID == c.Catalog.Database() {
		return pgerr.New(pgerr.InvalidParameterValue, "cannot disallow connections for current database")
	}
	return c.put(&cp)
}

// renameDatabase is ALTER DATABASE … RENAME TO.
func (c *Ctx) renameDatabase(from, to string) error {
	d, err := c.databaseNamed(from)
	if err != nil {
		return err
	}
	if err := c.ownDatabase(d, from); err != nil {
		return err
	}
	if r := c.snap().Role(c.role()); !c.superuser() && (r == nil || !r.CreateDB) {
		return denied("permission denied to rename database")
	}
	if err := c.lockName(0, to); err != nil {
		return err
	}
	if c.findDatabase(to) != nil {
		return pgerr.Newf(pgerr.DuplicateDatabase, "database \"%s\" already exists", to)
	}
	if d.OID == c.Catalog.Database() {
		return pgerr.Unsupported("current database cannot be renamed")
	}
	if others := c.InUse(d.OID); others > 0 {
		return usedDatabase("database", from, others)
	}
	cp := *d
	cp.Name = to
	return c.put(&cp)
}

func usedDatabase(what, name string, sessions int) error {
	e := pgerr.Newf(pgerr.ObjectInUse, "%s \"%s\" is being accessed by other users", what, name)
	if sessions == 1 {
		return e.WithDetail("There is 1 other session using the database.")
	}
	return e.WithDetail("There are %d other sessions using the database.", sessions)
}

// DropDatabase is DROP DATABASE; ends is called, once it is known that the database may
// be dropped, to keep others from it and gives how many use it.
func (c *Ctx) DropDatabase(n *ast.DropDatabaseStmt, ends func(database catalog.OID) (sessions int)) error {
	d := c.findDatabase(n.Name)
	if d == nil {
		if !n.IfExists {
			return noDatabase(n.Name)
		}
		c.notice(pgerr.SuccessfulCompletion, "database \"%s\" does not exist, skipping", n.Name)
		return nil
	}
	if err := c.ownDatabase(d, n.Name); err != nil {
		return err
	}
	switch {
	case d.Template:
		return pgerr.New(pgerr.WrongObjectType, "cannot drop a template database")
	case d.OID == c.Catalog.Database():
		return pgerr.New(pgerr.ObjectInUse, "cannot drop the currently open database")
	case d.OID == catalog.DatabaseOID:
		return pgerr.Unsupported("the main database cannot be dropped").WithHint("It holds the key-value model.")
	}
	if sessions := ends(d.OID); sessions > 0 {
		return usedDatabase("database", n.Name, sessions)
	}
	snap, err := c.Catalog.In(d.OID).At(c.Txn, c.Txn.Seq())
	if err != nil {
		return executor.StoreError(err)
	}
	for _, t := range snap.Tables() {
		if t.Virtual == nil && t.Storage != 0 {
			if err := c.dropStorage(t.Storage); err != nil {
				return err
			}
		}
	}
	for _, s := range snap.Sequences() {
		if err := c.Txn.Delete(catalog.SequenceKey(s.OID)); err != nil {
			return executor.StoreError(err)
		}
	}
	for _, o := range snap.Own() {
		if err := c.Change.DropIn(c, d.OID, o, c.LockTimeout); err != nil {
			return executor.StoreError(err)
		}
	}
	return c.dropObject(d)
}
