package session

import (
	"context"
	"time"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// The databases of a store. A session stands in one, chosen when it connects; the main one
// has the key-value model. Roles are the same in all.

// openDatabase finds the session's database, which has to let it in.
func (s *Session) openDatabase() (*catalog.Database, error) {
	snap := s.db.cat.Latest()
	if in := s.opts.inside; in != 0 {
		s.cat = s.db.cat.In(in)
		return s.cat.Latest().Database(), nil
	}
	d := snap.DatabaseNamed(s.opts.Database)
	if d == nil {
		d = snap.MainDatabase()
		if !s.asksMain() {
			return nil, fatal(pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", s.opts.Database))
		}
	}
	s.cat = s.db.cat.In(d.OID)
	if d.Closed {
		return nil, fatal(pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "database \"%s\" is not currently accepting connections", s.databaseName()))
	}
	return d, nil
}

// asksMain tells whether the name the session asks for, which no database has, means the main
// one: its names, and the user's name, which clients ask for when they were given none.
func (s *Session) asksMain() bool {
	name := s.opts.Database
	return name == "" || name == s.user || name == s.db.opts.Database || catalog.NamesMain(name)
}

// databaseName is the name of the session's database: of the main one, the one that the
// client asked for.
func (s *Session) databaseName() string {
	if s.cat != nil {
		if name := s.cat.Latest().Database().Name; name != "" {
			return name
		}
	}
	if s.opts.Database != "" {
		return s.opts.Database
	}
	return s.db.opts.Database
}

// admit refuses a session, about to be registered, whose database is going or full. db.mu
// is held.
func (db *DB) admit(s *Session) error {
	d := s.cat.Latest().Database()
	switch {
	case !s.cat.Exists() || db.closing[s.cat.Database()]:
		return fatal(pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", s.opts.Database).
			WithDetail("It seems to have just been dropped or renamed."))
	case d.Limited && !s.cat.Latest().Superuser(s.authenticated) && db.inUse(s.cat.Database(), nil) >= d.Limit:
		return fatal(pgerr.Newf(pgerr.TooManyConnections, "too many connections for database \"%s\"", s.databaseName()))
	}
	return nil
}

// inUse counts the sessions in a database other than one. db.mu is held.
func (db *DB) inUse(database catalog.OID, but *Session) int {
	n := 0
	for _, s := range db.sessions {
		if s != but && s.cat.Database() == database {
			n++
		}
	}
	return n
}

// usersOf counts the other sessions in a database. They get five seconds to go, as with
// PostgreSQL: a client that has just disconnected may not be gone yet.
func (s *Session) usersOf(ctx context.Context, database catalog.OID) int {
	for wait := 0; ; wait++ {
		s.db.mu.Lock()
		n := s.db.inUse(database, s)
		s.db.mu.Unlock()
		if n == 0 || wait == 50 || ctx.Err() != nil {
			return n
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// dropDatabase is DROP DATABASE: nobody gets in until it has committed or failed.
func (s *Session) dropDatabase(ctx context.Context, st *statement, n *ast.DropDatabaseStmt, w Writer) error {
	db := s.db
	var gone catalog.OID
	defer func() {
		db.mu.Lock()
		delete(db.closing, gone)
		db.mu.Unlock()
	}()
	err := s.ddlCtx(ctx, st).DropDatabase(n, func(database catalog.OID) int {
		gone = database
		db.mu.Lock()
		db.closing[database] = true
		var there []*Session
		for _, o := range db.sessions {
			if o != s && o.cat.Database() == database {
				there = append(there, o)
			}
		}
		db.mu.Unlock()
		if n.Force {
			for _, o := range there {
				o.Terminate()
			}
		}
		return s.usersOf(ctx, database)
	})
	if err != nil {
		return err
	}
	if err := s.commit(ctx); err != nil {
		return err
	}
	if _, err := s.enter(ctx, false); err != nil {
		return err
	}
	return w.Complete(ast.Tag(n))
}

// CatalogOf gives the newest catalog of a database, for pg_database_size.
func (h *host) CatalogOf(database catalog.OID) *catalog.Snapshot {
	return h.db.cat.In(database).Latest()
}

// mainOnly refuses what belongs to the main database in all others.
func (s *Session) mainOnly(what string) error {
	if s.cat.Database() == catalog.DatabaseOID {
		return nil
	}
	return pgerr.Unsupported("%s is not supported in this database", what).
		WithHint("The key-value model is in the main database.")
}

// databaseOf finds the database whose catalog has something, 0 if none has it.
func (db *DB) databaseOf(has func(*catalog.Snapshot) bool) catalog.OID {
	for _, d := range db.cat.Latest().Databases() {
		if has(db.cat.In(d.OID).Latest()) {
			return d.OID
		}
	}
	return 0
}
