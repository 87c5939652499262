package parser

import "rowkey/parser/ast"

// Definition statements: a recursive descent over PostgreSQL 15's grammar,
// straight to the tree. Where PostgreSQL's table-driven parser reports an error
// at the first token that cannot continue any statement, so does this one: a
// choice is made only by tokens that decide it, and everything behind it is
// expected token by token.
//
// Many words that start a clause can also be names (IF, MAPPING, SESSION…);
// what follows decides, as in PostgreSQL, and the places that look at a second
// token say so.
//
//	ddl.go             dispatch, words and errors
//	ddl_names.go       lists of names, literals, operators, calls
//	ddl_options.go     options and sequence options
//	ddl_object.go      roles and references to objects of any kind
//	ddl_table.go       CREATE TABLE, partitions, CREATE TABLE AS
//	ddl_constraint.go  constraints of columns and tables
//	ddl_relation.go    views, indexes, sequences, statistics
//	ddl_altertable.go  ALTER TABLE and its kin
//	ddl_create.go      CREATE of everything else
//	ddl_function.go    functions, triggers, rules, operators
//	ddl_alter.go       ALTER of everything else
//	ddl_drop.go        DROP, COMMENT, SECURITY LABEL
//	ddl_grant.go       GRANT, REVOKE, default privileges

// createScope says which CREATE statements are allowed.
type createScope uint8

const (
	createAny    createScope = iota
	createSchema             // elements of CREATE SCHEMA
	createAs                 // EXPLAIN: only CREATE TABLE AS and materialized views
)

// parseDDL parses a statement that starts with CREATE, ALTER, DROP, COMMENT,
// SECURITY, GRANT, REVOKE, TRUNCATE, REASSIGN, REFRESH or IMPORT; nil if the
// current token starts none of these.
func (p *parser) parseDDL() ast.Stmt {
	at := p.here()
	switch {
	case p.is("create"):
		return p.parseCreate(createAny)
	case p.is("alter"):
		return p.parseAlter()
	case p.is("drop"):
		return p.parseDrop()
	case p.is("comment"):
		return p.parseComment()
	case p.is("security"):
		return p.parseSecurityLabel()
	case p.is("grant"):
		return p.parseGrant(false)
	case p.is("revoke"):
		return p.parseRevoke()
	case p.accept("truncate"):
		return p.parseTruncate(at)
	case p.accept("reassign"):
		p.expect("owned", "by")
		s := &ast.ReassignOwnedStmt{At: at, Roles: p.roleList()}
		p.expect("to")
		s.NewOwner = p.roleSpec()
		return s
	case p.accept("refresh"):
		p.expect("materialized", "view")
		s := &ast.RefreshMaterializedViewStmt{At: at, Concurrently: p.accept("concurrently"), Name: p.qualifiedName()}
		s.WithNoData = p.optWithData()
		return s
	case p.accept("import"):
		return p.parseImportForeignSchema(at)
	}
	return nil
}

func (p *parser) parseTruncate(at ast.At) ast.Stmt {
	s := &ast.TruncateStmt{At: at}
	p.accept("table")
	s.Tables = p.relationList()
	if p.accept("continue") {
		p.expect("identity")
	} else if p.accept("restart") {
		p.expect("identity")
		s.RestartIdentity = true
	}
	s.Behavior = p.dropBehavior()
	return s
}

// parseCreate parses what follows CREATE, the current token.
func (p *parser) parseCreate(scope createScope) ast.Stmt {
	at := p.here()
	p.expect("create")
	if scope == createAs {
		return p.parseCreateTableAsOnly(at)
	}
	orReplace := false
	if p.is("or") && (scope == createAny || scope == createSchema) {
		p.expect("or", "replace")
		orReplace = true
	}
	switch {
	case p.is("temporary"), p.is("temp"), p.is("local"), p.is("global"), p.is("unlogged"):
		persistence := p.persistence()
		switch {
		case !orReplace && p.accept("table"):
			return p.parseCreateTable(at, persistence, scope)
		case !orReplace && p.accept("sequence"):
			return p.parseCreateSequence(at, persistence)
		case !orReplace && scope == createAny && persistence == ast.Unlogged && p.accept("materialized"):
			p.expect("view")
			return p.parseCreateMaterializedView(at, persistence)
		case p.is("view"), p.is("recursive"):
			return p.parseCreateView(at, orReplace, persistence)
		}
		p.fail()
	case p.is("view"), p.is("recursive"):
		return p.parseCreateView(at, orReplace, ast.Permanent)
	case p.accept("trigger"):
		return p.parseCreateTrigger(at, orReplace, false)
	case p.accept("constraint"):
		p.expect("trigger")
		return p.parseCreateTrigger(at, orReplace, true)
	case orReplace:
		if scope == createAny {
			if s := p.parseCreateOrReplace(at, true); s != nil {
				return s
			}
		}
	case p.accept("table"):
		return p.parseCreateTable(at, ast.Permanent, scope)
	case p.accept("sequence"):
		return p.parseCreateSequence(at, ast.Permanent)
	case p.accept("unique"):
		p.expect("index")
		return p.parseCreateIndex(at, true)
	case p.accept("index"):
		return p.parseCreateIndex(at, false)
	case scope == createAny:
		if s := p.parseCreateOrReplace(at, false); s != nil {
			return s
		}
		if s := p.parseCreateObject(at); s != nil {
			return s
		}
	}
	p.fail()
	return nil
}

// persistence parses TEMP, LOCAL TEMP, GLOBAL TEMP (which PostgreSQL takes with
// a warning) and UNLOGGED.
func (p *parser) persistence() ast.Persistence {
	if p.accept("unlogged") {
		return ast.Unlogged
	}
	if p.accept("local") || p.accept("global") {
		if !p.is("temporary") && !p.is("temp") {
			p.fail()
		}
	}
	if p.accept("temporary") || p.accept("temp") {
		return ast.Temporary
	}
	return ast.Permanent
}

// Codes of errors that only definitions give.
const (
	codeReservedName    = "42939"
	codeDuplicateObject = "42710"
)

// ---- words ----

// acceptIfNotExists parses IF NOT EXISTS. IF alone may be a name; IF NOT may
// not go on in any other way.
func (p *parser) acceptIfNotExists() bool {
	if p.is("if", "not") {
		p.expect("if", "not", "exists")
		return true
	}
	return false
}

// acceptIfExists parses IF EXISTS; IF alone may be a name.
func (p *parser) acceptIfExists() bool { return p.accept("if", "exists") }

func (p *parser) dropBehavior() ast.DropBehavior {
	if p.accept("cascade") {
		return ast.DropCascade
	}
	p.accept("restrict")
	return ast.DropRestrict
}

// optWith skips an optional WITH.
func (p *parser) optWith() { p.accept("with") }

// acceptWith parses WITH where PostgreSQL's scanner would give it as such: before
// TIME and ORDINALITY it gives another token, which only optWith takes.
func (p *parser) acceptWith() bool {
	return !p.isAt(1, "time") && !p.isAt(1, "ordinality") && p.accept("with")
}

// acceptNot parses NOT, which before BETWEEN, IN and the LIKE family is another
// token, too.
func (p *parser) acceptNot() bool {
	switch {
	case p.isAt(1, "between"), p.isAt(1, "in"), p.isAt(1, "like"), p.isAt(1, "ilike"), p.isAt(1, "similar"):
		return false
	}
	return p.accept("not")
}

// isNullsOrder reports whether NULLS FIRST or NULLS LAST follows.
func (p *parser) isNullsOrder() bool { return p.is("nulls", "first") || p.is("nulls", "last") }

// optWithData parses [WITH [NO] DATA] and returns whether it was NO.
func (p *parser) optWithData() bool {
	if !p.acceptWith() {
		return false
	}
	no := p.accept("no")
	p.expect("data")
	return no
}

// ---- errors of the grammar's own ----

// syntaxErrorf raises a 42601 with a message of the grammar's own.
func (p *parser) syntaxErrorf(at ast.At, format string, args ...any) {
	raise(int(at), codeSyntax, format, args...)
}

func raiseHint(at ast.At, code, message, hint string) {
	e := newError(int(at), code, "%s", message)
	e.Hint = hint
	panic(e)
}

func raiseDetail(at ast.At, code, message, detail string) {
	e := newError(int(at), code, "%s", message)
	e.Detail = detail
	panic(e)
}
