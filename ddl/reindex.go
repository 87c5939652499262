package ddl

import (
	"sort"
	"strings"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// reindexing is one REINDEX. Entries are kept in step with their rows, so there is
// nothing to mend but what CREATE INDEX CONCURRENTLY has left INVALID; what is named must exist, and
// whom PostgreSQL waits for is waited for.
type reindexing struct {
	*Ctx
	n       *ast.ReindexStmt
	verbose bool
	several bool // tables, which the statement has not named itself
}

func (c *Ctx) reindex(n *ast.ReindexStmt) error {
	r := reindexing{Ctx: c, n: n}
	if err := r.options(); err != nil {
		return err
	}
	switch n.Kind {
	case ast.ObjectTable, ast.ObjectIndex:
		return r.relation()
	}
	system := n.Kind == ast.ObjectNone
	if system && n.Concurrently {
		return errReindexCatalog
	}
	schema := catalog.OID(0)
	if n.Kind == ast.ObjectSchema {
		s := c.snap().SchemaByName(n.Name)
		if s == nil {
			return pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", n.Name)
		}
		if err := c.ownSchema(s); err != nil {
			return err
		}
		schema = s.OID
	} else if err := c.reindexesDatabase(n.Name); err != nil {
		return err
	}
	if n.Concurrently && (schema == 0 || schema == catalog.PgCatalogOID) {
		e := *errReindexCatalog
		e.Severity, e.Message = "WARNING", e.Message+", skipping all"
		c.Notice(&e)
	}
	if system {
		return nil
	}
	var tables []*catalog.Table
	for _, t := range c.snap().Tables() {
		if t.Stored() && (schema == 0 || t.SchemaOID == schema) {
			tables = append(tables, t)
		}
	}
	sort.Slice(tables, func(i, j int) bool { return tables[i].OID < tables[j].OID })
	r.several = true
	return r.all(tables)
}

var errReindexCatalog = pgerr.New(pgerr.FeatureNotSupported, "cannot reindex system catalogs concurrently")

// options reads what is in parentheses.
func (r *reindexing) options() error {
	for _, o := range r.n.Options {
		on := o.Kind == ast.OptionAbsent
		switch strings.ToLower(o.Text) {
		case "true", "on", "1":
			on = true
		}
		switch name := strings.ToLower(o.Name); name {
		case "verbose", "concurrently":
			if off := strings.ToLower(o.Text); !on && off != "false" && off != "off" && off != "0" {
				return pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", name)
			}
			r.verbose = r.verbose || on && name == "verbose"
		case "tablespace":
			if o.Text != "pg_default" {
				return pgerr.Newf(pgerr.UndefinedObject, "tablespace %q does not exist", o.Text)
			}
		default:
			return pgerr.Newf(pgerr.SyntaxError, "unrecognized REINDEX option %q", o.Name).At(o.Pos())
		}
	}
	return nil
}

// reindexesDatabase allows REINDEX DATABASE and SYSTEM to who owns the database.
func (c *Ctx) reindexesDatabase(name string) error {
	db := c.snap().Database()
	if named := c.findDatabase(name); named == nil || named.OID != db.OID {
		return pgerr.New(pgerr.FeatureNotSupported, "can only reindex the currently open database")
	}
	if !c.owns(db.Owner) {
		return catalog.MustBeOwner("database", name)
	}
	return nil
}

// relation is REINDEX TABLE and REINDEX INDEX.
func (r *reindexing) relation() error {
	rv := r.n.Table
	oid := r.find(rv)
	if oid == 0 {
		return r.missing(rv)
	}
	t, index := r.snap().Table(oid), catalog.OID(0)
	if r.n.Kind == ast.ObjectIndex {
		if t = r.snap().TableOfIndex(oid); t == nil {
			return pgerr.Newf(pgerr.WrongObjectType, "%q is not an index", rv.Name)
		}
		index = oid
	} else if t == nil || t.Kind != catalog.KindPartitioned && !t.Stored() && t.Virtual == nil {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a table or materialized view", rv.Name)
	}
	if err := r.ownOf(oid); err != nil {
		return err
	}
	switch {
	case t.Virtual != nil && r.n.Concurrently:
		return errReindexCatalog
	case t.Virtual != nil:
		return nil
	case t.Kind == catalog.KindPartitioned:
		return r.partitioned(t, index)
	case index == 0:
		return r.all([]*catalog.Table{t})
	}
	return r.one(t, index)
}

// partitioned reindexes the partitions of a table, or the parts of one of its indexes.
func (r *reindexing) partitioned(t *catalog.Table, index catalog.OID) error {
	what, name := "table", t.Name
	if index != 0 {
		what, name = "index", t.IndexByOID(index).Name
	}
	if err := r.Alone("REINDEX " + strings.ToUpper(what)); err != nil {
		e := *pgerr.Of(err)
		e.Where = "while reindexing partitioned " + what + " \"" + t.Schema.Name + "." + name + "\""
		return &e
	}
	r.several = index == 0
	if index == 0 {
		var tables []*catalog.Table
		for _, m := range r.snap().Members(t) {
			if m.Stored() {
				tables = append(tables, m)
			}
		}
		return r.all(tables)
	}
	for _, part := range r.partsOfIndex(t, t.IndexByOID(index)) {
		if part.table.Kind == catalog.KindPartitioned {
			if err := r.partitioned(part.table, part.index.OID); err != nil {
				return err
			}
		} else if err := r.one(part.table, part.index.OID); err != nil {
			return err
		}
	}
	return nil
}

// all reindexes tables.
func (r *reindexing) all(tables []*catalog.Table) error {
	for _, t := range tables {
		if err := r.one(t, 0); err != nil {
			return err
		}
	}
	return nil
}

// one reindexes a table, or one index of it.
func (r *reindexing) one(t *catalog.Table, index catalog.OID) error {
	named := index != 0
	var done []*catalog.Index
	skipped := false
	for _, ix := range t.Indexes {
		switch {
		case ix.RowID, named && ix.OID != index:
		case ix.Building && r.n.Concurrently && !named:
			r.warn(pgerr.FeatureNotSupported, "cannot reindex invalid index \"%s.%s\" concurrently, skipping", t.Schema.Name, ix.Name)
			skipped = true
		default:
			done = append(done, ix)
		}
	}
	if !named && !r.several && len(done) == 0 && (skipped || !toasts(t)) {
		verb := "to reindex"
		if r.n.Concurrently {
			verb = "that can be reindexed concurrently"
		}
		r.notice(pgerr.SuccessfulCompletion, "table %q has no indexes %s", t.Name, verb)
	}
	if r.n.Concurrently && t.Persistence != catalog.Temporary {
		if err := r.reindexBeside(t, index); err != nil {
			return err
		}
	} else {
		locked, err := r.lockToIndex(t, kv.LockTableShare)
		if pgerr.CodeOf(err) == pgerr.UndefinedTable {
			return nil // dropped meanwhile
		}
		if err != nil {
			return err
		}
		for _, ix := range done {
			if err := r.notOpened(ix.OID, ix.Name, "REINDEX INDEX"); err != nil {
				return err
			}
		}
		for _, ix := range locked.Indexes {
			if ix.Building && (!named || ix.OID == index) {
				if err := r.rebuild(t.OID, ix.OID); err != nil {
					return err
				}
			}
		}
	}
	r.tell(t, done, named)
	return nil
}

// tell says under VERBOSE what was done.
func (r *reindexing) tell(t *catalog.Table, done []*catalog.Index, named bool) {
	if !r.verbose {
		return
	}
	info := func(what, name string) {
		e := pgerr.Newf(pgerr.SuccessfulCompletion, "%s \"%s\" was reindexed", what, name)
		e.Severity = "INFO"
		r.Notice(e)
	}
	beside := r.n.Concurrently && t.Persistence != catalog.Temporary
	for _, ix := range done {
		if beside {
			info("index", t.Schema.Name+"."+ix.Name)
		} else {
			info("index", ix.Name)
		}
	}
	if !named && (beside || r.several) {
		info("table", t.Schema.Name+"."+t.Name)
	}
}

// toasts tells whether PostgreSQL would keep long values of a table apart, by an index
// that this engine has no need of.
func toasts(t *catalog.Table) bool {
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && c.Type.Len < 0 && c.Typmod < 0 && c.Storage != 'p' {
			return true
		}
	}
	return false
}

// reindexBeside is REINDEX CONCURRENTLY of a table's indexes: PostgreSQL waits for
// writers when it has made new indexes and when it has filled them, and for all who may
// use the old ones before and after they are marked dead.
func (c *Ctx) reindexBeside(t *catalog.Table, only catalog.OID) error {
	t, err := c.lock(t, kv.LockTableShareUpdateExclusive)
	if pgerr.CodeOf(err) == pgerr.UndefinedTable {
		return nil
	}
	if err != nil {
		return err
	}
	if ix := t.IndexByOID(only); ix != nil && ix.Building {
		return c.resume(t.OID, only)
	}
	for _, mode := range []kv.LockMode{kv.LockTableShare, kv.LockTableShare, kv.LockTableAccessExclusive, kv.LockTableAccessExclusive} {
		if err := c.Await(t, mode); err != nil {
			return err
		}
	}
	return nil
}
