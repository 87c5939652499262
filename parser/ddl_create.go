package parser

import (
	"strconv"

	"rowkey/parser/ast"
)

// parseCreateOrReplace parses the kinds that take OR REPLACE, beside views and
// triggers; nil if none starts here.
func (p *parser) parseCreateOrReplace(at ast.At, orReplace bool) ast.Stmt {
	switch {
	case p.accept("function"):
		return p.parseCreateFunction(at, orReplace, false)
	case p.accept("procedure"):
		return p.parseCreateFunction(at, orReplace, true)
	case p.accept("aggregate"):
		return p.parseCreateAggregate(at, orReplace)
	case p.accept("rule"):
		return p.parseCreateRule(at, orReplace)
	case p.accept("transform"):
		return p.parseCreateTransform(at)
	case p.is("trusted"), p.is("procedural"), p.is("language"):
		return p.parseCreateLanguage(at)
	}
	return nil
}

// parseCreateObject parses CREATE of the kinds without OR REPLACE; nil if none
// starts here.
func (p *parser) parseCreateObject(at ast.At) ast.Stmt {
	switch {
	case p.accept("schema"):
		return p.parseCreateSchema(at)
	case p.accept("type"):
		return p.parseCreateType(at)
	case p.accept("domain"):
		return p.parseCreateDomain(at)
	case p.accept("extension"):
		return p.parseCreateExtension(at)
	case p.accept("materialized"):
		p.expect("view")
		return p.parseCreateMaterializedView(at, ast.Permanent)
	case p.accept("role"):
		return p.parseCreateRole(at, ast.RoleStmtRole)
	case p.accept("group"):
		return p.parseCreateRole(at, ast.RoleStmtGroup)
	case p.accept("user"):
		if p.is("mapping", "for") || p.is("mapping", "if") {
			return p.parseCreateUserMapping(at)
		}
		return p.parseCreateRole(at, ast.RoleStmtUser)
	case p.accept("database"):
		s := &ast.CreateDatabaseStmt{At: at, Name: p.colID()}
		p.optWith()
		s.Options = p.databaseOptions()
		return s
	case p.accept("statistics"):
		return p.parseCreateStatistics(at)
	case p.accept("policy"):
		return p.parsePolicy(at)
	case p.accept("cast"):
		return p.parseCreateCast(at)
	case p.accept("operator"):
		return p.parseCreateOperator(at)
	case p.accept("collation"):
		return p.parseCreateCollation(at)
	case p.accept("text"):
		p.expect("search")
		s := &ast.DefineStmt{At: at, Kind: p.textSearchKind(), Name: p.anyName()}
		s.Options = p.definition()
		return s
	case p.accept("publication"):
		return p.parseCreatePublication(at)
	case p.accept("subscription"):
		return p.parseCreateSubscription(at)
	case p.accept("event"):
		return p.parseCreateEventTrigger(at)
	case p.accept("tablespace"):
		return p.parseCreateTablespace(at)
	case p.accept("access"):
		return p.parseCreateAccessMethod(at)
	case p.accept("server"):
		return p.parseCreateServer(at)
	case p.accept("foreign"):
		if p.accept("table") {
			return p.parseCreateForeignTable(at)
		}
		p.expect("data", "wrapper")
		p.colID()
		p.fdwOptions()
		p.optGenericOptions()
		return unsupported(at, "CREATE FOREIGN DATA WRAPPER")
	case p.accept("assertion"):
		return p.parseCreateAssertion(at)
	case p.accept("default"):
		p.expect("conversion")
		return p.parseCreateConversion(at)
	case p.accept("conversion"):
		return p.parseCreateConversion(at)
	}
	return nil
}

// unsupported is a statement that only its tag is kept of.
func unsupported(at ast.At, tag string) ast.Stmt { return &ast.UnsupportedStmt{At: at, Command: tag} }

func (p *parser) parseCreateSchema(at ast.At) ast.Stmt {
	s := &ast.CreateSchemaStmt{At: at}
	s.IfNotExists = p.acceptIfNotExists()
	if !p.is("authorization") {
		s.Name = p.colID()
	}
	if p.accept("authorization") {
		s.Owner = p.roleSpec()
	}
	for {
		start := p.here()
		switch {
		case p.is("create"):
			s.Elements = append(s.Elements, p.parseCreate(createSchema))
		case p.is("grant"):
			s.Elements = append(s.Elements, p.parseGrant(true))
		default:
			return s
		}
		if s.IfNotExists && len(s.Elements) == 1 {
			defer func() { // the complaint comes when the whole list is read
				raise(int(start), codeUnsupported, "CREATE SCHEMA IF NOT EXISTS cannot include schema elements")
			}()
		}
	}
}

func (p *parser) parseCreateType(at ast.At) ast.Stmt {
	name := p.anyName()
	if p.is("(") {
		return &ast.DefineStmt{At: at, Kind: ast.ObjectType, Name: name, Options: p.definition()}
	}
	if !p.accept("as") {
		return &ast.DefineStmt{At: at, Kind: ast.ObjectType, Name: name} // a shell type
	}
	switch {
	case p.accept("enum"):
		s := &ast.CreateEnumStmt{At: at, Name: name}
		p.expect("(")
		if !p.accept(")") {
			s.Labels = p.stringList()
			p.expect(")")
		}
		return s
	case p.accept("range"):
		return &ast.CreateRangeTypeStmt{At: at, Name: name, Options: p.definition()}
	}
	s := &ast.CreateCompositeTypeStmt{At: at, Name: name}
	p.expect("(")
	if p.accept(")") {
		return s
	}
	s.Columns = listOf(p, (*parser).simpleColumn)
	p.expect(")")
	return s
}

func (p *parser) stringList() []string { return listOf(p, (*parser).stringConst) }

func (p *parser) parseCreateDomain(at ast.At) ast.Stmt {
	s := &ast.CreateDomainStmt{At: at, Name: p.anyName()}
	p.accept("as")
	s.Type = p.typeName()
	s.Constraints, s.Collation = p.columnQualifiers()
	return s
}

func (p *parser) parseCreateExtension(at ast.At) ast.Stmt {
	s := &ast.CreateExtensionStmt{At: at}
	s.IfNotExists = p.acceptIfNotExists()
	s.Name = p.colID()
	p.optWith()
	for {
		o := &ast.Option{At: p.here()}
		switch {
		case p.accept("schema"):
			o.Name, o.Kind, o.Text = "schema", ast.OptionWord, p.colID()
		case p.accept("version"):
			o.Name, o.Kind, o.Text = "new_version", ast.OptionString, p.wordOrString()
		case p.accept("from"):
			p.wordOrString()
			raise(int(o.At), codeUnsupported, "CREATE EXTENSION ... FROM is no longer supported")
		case p.accept("cascade"):
			o.Name, o.Kind, o.Text = "cascade", ast.OptionWord, "true"
		default:
			return s
		}
		s.Options = append(s.Options, o)
	}
}

// ---- roles ----

func (p *parser) parseCreateRole(at ast.At, kind ast.RoleStmtKind) ast.Stmt {
	s := &ast.CreateRoleStmt{At: at, Kind: kind, Name: p.roleID()}
	p.optWith()
	s.Options = p.roleOptions(true)
	return s
}

// roleWords are the role options that are no keywords: a word, the option it
// sets and its value.
var roleWords = map[string]struct {
	name  string
	value bool
}{
	"superuser": {"superuser", true}, "nosuperuser": {"superuser", false},
	"createrole": {"createrole", true}, "nocreaterole": {"createrole", false},
	"replication": {"isreplication", true}, "noreplication": {"isreplication", false},
	"createdb": {"createdb", true}, "nocreatedb": {"createdb", false},
	"login": {"canlogin", true}, "nologin": {"canlogin", false},
	"bypassrls": {"bypassrls", true}, "nobypassrls": {"bypassrls", false},
	"noinherit": {"inherit", false},
}

// roleOptions parses the options of CREATE ROLE (create) or ALTER ROLE.
func (p *parser) roleOptions(create bool) []*ast.RoleOption {
	var options []*ast.RoleOption
	for {
		o := &ast.RoleOption{At: p.here()}
		switch {
		case p.accept("password"):
			o.Name = "password"
			if o.Null = p.accept("null"); !o.Null {
				o.Text = p.stringConst()
			}
		case p.accept("encrypted"):
			p.expect("password")
			o.Name, o.Text = "password", p.stringConst()
		case p.accept("unencrypted"):
			p.expect("password")
			p.stringConst()
			raiseHint(o.At, codeUnsupported, "UNENCRYPTED PASSWORD is no longer supported",
				"Remove UNENCRYPTED to store the password in encrypted form instead.")
		case p.accept("inherit"):
			o.Name, o.Bool = "inherit", true
		case p.accept("connection"):
			p.expect("limit")
			o.Name, o.Text = "connectionlimit", p.signedIntText()
		case p.accept("valid"):
			p.expect("until")
			o.Name, o.Text = "validUntil", p.stringConst()
		case p.accept("user"):
			o.Name, o.Roles = "rolemembers", p.roleList()
		case create && p.accept("sysid"):
			o.Name, o.Text = "sysid", strconv.Itoa(p.intConst())
		case create && p.accept("admin"):
			o.Name, o.Roles = "adminmembers", p.roleList()
		case create && p.accept("role"):
			o.Name, o.Roles = "rolemembers", p.roleList()
		case create && p.accept("in"):
			if !p.accept("role") {
				p.expect("group")
			}
			o.Name, o.Roles = "addroleto", p.roleList()
		case p.tok().kind == tokIdent:
			word := p.word()
			option, ok := roleWords[word]
			if !ok {
				p.syntaxErrorf(o.At, `unrecognized role option "%s"`, word)
			}
			o.Name, o.Bool = option.name, option.value
		default:
			return options
		}
		options = append(options, o)
	}
}

// databaseOptions parses the options of CREATE and ALTER DATABASE.
func (p *parser) databaseOptions() []*ast.Option {
	var options []*ast.Option
	for {
		o := &ast.Option{At: p.here()}
		switch {
		case p.accept("connection"):
			p.expect("limit")
			o.Name = "connection_limit"
		case p.is("encoding"), p.is("location"), p.is("owner"), p.is("tablespace"), p.is("template"), p.tok().kind == tokIdent:
			o.Name = p.word()
		default:
			return options
		}
		p.accept("=")
		switch {
		case p.accept("default"):
			o.Kind = ast.OptionDefault
		case p.isNumericOnly(), p.is("+"), p.is("-"):
			o.Kind, o.Text = ast.OptionNumber, p.numberText()
		default:
			p.boolOrString(o)
		}
		options = append(options, o)
	}
}

// ---- policies, casts, collations ----

// parsePolicy parses what follows CREATE POLICY.
func (p *parser) parsePolicy(at ast.At) ast.Stmt {
	s := &ast.CreatePolicyStmt{At: at, Name: p.colID(), Command: "all"}
	p.expect("on")
	s.Table = p.qualifiedName()
	if p.accept("as") {
		word := p.here()
		if p.tok().kind != tokIdent {
			p.fail()
		}
		switch name := p.word(); name {
		case "permissive":
		case "restrictive":
			s.Restrictive = true
		default:
			raiseHint(word, codeSyntax, `unrecognized row security option "`+name+`"`,
				"Only PERMISSIVE or RESTRICTIVE policies are supported currently.")
		}
	}
	if p.accept("for") {
		if !p.is("all") && !p.is("select") && !p.is("insert") && !p.is("update") && !p.is("delete") {
			p.fail()
		}
		s.Command = p.word()
	}
	p.policyRest(s)
	return s
}

// policyRest parses [TO roles] [USING (…)] [WITH CHECK (…)].
func (p *parser) policyRest(s *ast.CreatePolicyStmt) {
	if p.accept("to") {
		s.Roles = p.roleList()
	}
	if p.accept("using") {
		p.expect("(")
		p.expr(&s.Using)
		p.expect(")")
	}
	if p.acceptWith() {
		p.expect("check", "(")
		p.expr(&s.Check)
		p.expect(")")
	}
}

func (p *parser) parseCreateCast(at ast.At) ast.Stmt {
	pair := p.castPair()
	s := &ast.CreateCastStmt{At: at, Source: pair.Type, Target: pair.Target}
	if p.accept("without") {
		p.expect("function")
	} else {
		p.expect("with")
		if p.accept("inout") {
			s.Inout = true
		} else {
			p.expect("function")
			s.Func = p.functionRef(ast.ObjectFunction)
		}
	}
	if p.accept("as") {
		if p.accept("implicit") {
			s.Context = ast.CastImplicit
		} else {
			p.expect("assignment")
			s.Context = ast.CastAssignment
		}
	}
	return s
}

func (p *parser) parseCreateCollation(at ast.At) ast.Stmt {
	s := &ast.DefineStmt{At: at, Kind: ast.ObjectCollation}
	s.IfNotExists = p.acceptIfNotExists()
	s.Name = p.anyName()
	if p.accept("from") {
		s.From = p.anyName()
	} else {
		s.Options = p.definition()
	}
	return s
}

// ---- replication ----

func (p *parser) parseCreatePublication(at ast.At) ast.Stmt {
	s := &ast.PublicationStmt{At: at, Name: p.colID()}
	if p.accept("for") {
		if p.accept("all") {
			p.expect("tables")
			s.All = true
		} else {
			s.Objects = p.publicationObjects()
		}
	}
	s.Options = p.optDefinition()
	return s
}

// publicationObjects parses TABLE t [(columns)] [WHERE (…)] and TABLES IN SCHEMA
// s, each of which may go on with bare names of its kind.
func (p *parser) publicationObjects() []*ast.PublicationObject {
	const continuation = ast.PublicationObjectKind(255)
	var objects []*ast.PublicationObject
	filtered := map[*ast.PublicationObject]bool{} // has a WHERE, whose expression comes later
	for {
		o := &ast.PublicationObject{At: p.here()}
		switch {
		case p.accept("table"):
			o.Kind, o.Table = ast.PublicationTable, p.relationExpr()
			filtered[o] = p.publicationTable(o)
		case p.is("tables", "in"):
			p.expect("tables", "in", "schema")
			o.At = p.here()
			o.Kind = ast.PublicationSchema
			if p.accept("current_schema") {
				o.Kind = ast.PublicationCurrentSchema
			} else {
				o.Schema = p.colID()
			}
		case p.accept("current_schema"):
			o.Kind = continuation
		default:
			o.Kind, o.Table = continuation, p.relationExpr()
			filtered[o] = p.publicationTable(o)
		}
		objects = append(objects, o)
		if !p.accept(",") {
			break
		}
	}
	kind := continuation
	for _, o := range objects {
		if o.Kind != continuation {
			kind = o.Kind
			continue
		}
		simple := o.Table != nil && o.Table.Schema == "" && !o.Table.Only
		switch {
		case kind == continuation:
			raiseDetail(o.At, codeSyntax, "invalid publication object list",
				"One of TABLE or TABLES IN SCHEMA must be specified before a standalone table or schema name.")
		case kind == ast.PublicationTable:
			if o.Kind = kind; o.Table == nil {
				p.syntaxErrorf(o.At, "invalid table name")
			}
		case o.Table == nil:
			o.Kind = ast.PublicationCurrentSchema
		case filtered[o]:
			p.syntaxErrorf(o.At, "WHERE clause not allowed for schema")
		case o.Columns != nil:
			p.syntaxErrorf(o.At, "column specification not allowed for schema")
		case !simple:
			p.syntaxErrorf(o.At, "invalid schema name")
		default:
			o.Kind, o.Schema, o.Table = ast.PublicationSchema, o.Table.Name, nil
		}
		kind = o.Kind
		if kind == ast.PublicationCurrentSchema {
			kind = ast.PublicationSchema
		}
	}
	return objects
}

// publicationTable parses [(columns)] [WHERE (…)] and returns whether there is
// a WHERE.
func (p *parser) publicationTable(o *ast.PublicationObject) bool {
	o.Columns = p.optParenNames()
	if !p.accept("where") {
		return false
	}
	p.expect("(")
	p.expr(&o.Where)
	p.expect(")")
	return true
}

func (p *parser) parseCreateSubscription(at ast.At) ast.Stmt {
	s := &ast.SubscriptionStmt{At: at, Name: p.colID()}
	p.expect("connection")
	s.Connection = p.stringConst()
	p.expect("publication")
	s.Publications = p.nameList()
	s.Options = p.optDefinition()
	return s
}

// ---- kinds that are recognised and refused ----

func (p *parser) parseCreateLanguage(at ast.At) ast.Stmt {
	p.accept("trusted")
	p.accept("procedural")
	p.expect("language")
	p.colID()
	if p.accept("handler") {
		p.handlerName()
		if p.accept("inline") {
			p.handlerName()
		}
		if p.accept("validator") {
			p.handlerName()
		} else if p.accept("no") {
			p.expect("validator")
		}
	}
	return unsupported(at, "CREATE LANGUAGE")
}

func (p *parser) parseCreateUserMapping(at ast.At) ast.Stmt {
	p.expect("mapping")
	if p.is("if") {
		p.expect("if", "not", "exists")
	}
	p.expect("for")
	p.authIdent()
	p.expect("server")
	p.colID()
	p.optGenericOptions()
	return unsupported(at, "CREATE USER MAPPING")
}

// authIdent parses a role or USER.
func (p *parser) authIdent() {
	if !p.accept("user") {
		p.roleSpec()
	}
}

func (p *parser) parseCreateEventTrigger(at ast.At) ast.Stmt {
	p.expect("trigger")
	p.colID()
	p.expect("on")
	p.colLabel()
	if p.accept("when") {
		for {
			p.colID()
			p.expect("in", "(")
			p.stringList()
			p.expect(")")
			if !p.accept("and") {
				break
			}
		}
	}
	p.expect("execute")
	p.functionOrProcedure()
	p.funcName()
	p.expect("(", ")")
	return unsupported(at, "CREATE EVENT TRIGGER")
}

func (p *parser) parseCreateTablespace(at ast.At) ast.Stmt {
	p.colID()
	if p.accept("owner") {
		p.roleSpec()
	}
	p.expect("location")
	p.stringConst()
	if p.acceptWith() {
		p.relOptions()
	}
	return unsupported(at, "CREATE TABLESPACE")
}

func (p *parser) parseCreateAccessMethod(at ast.At) ast.Stmt {
	p.expect("method")
	p.colID()
	p.expect("type")
	if !p.accept("index") {
		p.expect("table")
	}
	p.expect("handler")
	p.handlerName()
	return unsupported(at, "CREATE ACCESS METHOD")
}

func (p *parser) parseCreateServer(at ast.At) ast.Stmt {
	p.acceptIfNotExists()
	p.colID()
	if p.accept("type") {
		p.stringConst()
	}
	p.serverVersion()
	p.expect("foreign", "data", "wrapper")
	p.colID()
	p.optGenericOptions()
	return unsupported(at, "CREATE SERVER")
}

func (p *parser) serverVersion() bool {
	if !p.accept("version") {
		return false
	}
	if !p.accept("null") {
		p.stringConst()
	}
	return true
}

// fdwOptions parses HANDLER f, NO HANDLER, VALIDATOR f and NO VALIDATOR.
func (p *parser) fdwOptions() (any bool) {
	for ; ; any = true {
		switch {
		case p.accept("handler"), p.accept("validator"):
			p.handlerName()
		case p.accept("no"):
			if !p.accept("handler") {
				p.expect("validator")
			}
		default:
			return any
		}
	}
}

func (p *parser) parseCreateAssertion(at ast.At) ast.Stmt {
	p.anyName()
	p.expect("check", "(")
	var e ast.Expr
	p.expr(&e)
	p.expect(")")
	p.constraintAttributes(&ast.Constraint{}, "", 0xff)
	raise(-1, codeUnsupported, "CREATE ASSERTION is not yet implemented")
	return nil
}

func (p *parser) parseCreateConversion(at ast.At) ast.Stmt {
	p.anyName()
	p.expect("for")
	p.stringConst()
	p.expect("to")
	p.stringConst()
	p.expect("from")
	p.anyName()
	return unsupported(at, "CREATE CONVERSION")
}

func (p *parser) parseImportForeignSchema(at ast.At) ast.Stmt {
	p.expect("foreign", "schema")
	p.colID()
	if p.is("limit") || p.is("except") {
		if p.accept("limit") {
			p.expect("to")
		} else {
			p.advance()
		}
		p.expect("(")
		p.relationList()
		p.expect(")")
	}
	p.expect("from", "server")
	p.colID()
	p.expect("into")
	p.colID()
	p.optGenericOptions()
	return unsupported(at, "IMPORT FOREIGN SCHEMA")
}

func (p *parser) parseCreateTransform(at ast.At) ast.Stmt {
	p.transformRef()
	p.expect("(")
	from := p.is("from")
	if !p.accept("from") {
		p.expect("to")
	}
	p.transformFunc()
	if p.accept(",") {
		if from {
			p.expect("to")
		} else {
			p.expect("from")
		}
		p.transformFunc()
	}
	p.expect(")")
	return unsupported(at, "CREATE TRANSFORM")
}

func (p *parser) transformFunc() {
	p.expect("sql", "with", "function")
	p.functionRef(ast.ObjectFunction)
}
