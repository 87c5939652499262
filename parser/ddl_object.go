package parser

import "rowkey/parser/ast"

// ---- roles ----

func (p *parser) roleSpec() *ast.RoleSpec {
	r := &ast.RoleSpec{At: p.here()}
	switch {
	case p.accept("current_role"):
		r.Kind = ast.RoleCurrentRole
	case p.accept("current_user"):
		r.Kind = ast.RoleCurrentUser
	case p.accept("session_user"):
		r.Kind = ast.RoleSessionUser
	default:
		switch r.Name = p.nonReserved(); r.Name {
		case "public":
			r.Kind, r.Name = ast.RolePublic, ""
		case "none":
			raise(int(r.At), codeReservedName, `role name "none" is reserved`)
		}
	}
	return r
}

// roleID parses a role that must have a name of its own.
func (p *parser) roleID() string {
	r := p.roleSpec()
	requireOwnName(r)
	return r.Name
}

func requireOwnName(r *ast.RoleSpec) {
	switch r.Kind {
	case ast.RoleNamed:
	case ast.RolePublic:
		raise(r.Pos(), codeReservedName, `role name "public" is reserved`)
	default:
		raise(r.Pos(), codeReservedName, "%s cannot be used as a role name here", r)
	}
}

func (p *parser) roleList() []*ast.RoleSpec { return listOf(p, (*parser).roleSpec) }

// ---- references to objects of any kind ----

// objectAnyName parses the words of a kind whose objects have dotted names;
// ObjectNone if none starts here.
func (p *parser) objectAnyName() ast.ObjectKind {
	switch {
	case p.accept("table"):
		return ast.ObjectTable
	case p.accept("sequence"):
		return ast.ObjectSequence
	case p.accept("view"):
		return ast.ObjectView
	case p.accept("materialized"):
		p.expect("view")
		return ast.ObjectMaterializedView
	case p.accept("index"):
		return ast.ObjectIndex
	case p.accept("foreign", "table"):
		return ast.ObjectForeignTable
	case p.accept("collation"):
		return ast.ObjectCollation
	case p.accept("conversion"):
		return ast.ObjectConversion
	case p.accept("statistics"):
		return ast.ObjectStatistics
	case p.accept("text"):
		p.expect("search")
		return p.textSearchKind()
	}
	return ast.ObjectNone
}

func (p *parser) textSearchKind() ast.ObjectKind {
	switch {
	case p.accept("parser"):
		return ast.ObjectTextSearchParser
	case p.accept("dictionary"):
		return ast.ObjectTextSearchDictionary
	case p.accept("template"):
		return ast.ObjectTextSearchTemplate
	case p.accept("configuration"):
		return ast.ObjectTextSearchConfiguration
	}
	p.fail()
	return ast.ObjectNone
}

// objectDropName parses the words of a kind whose objects have simple names.
func (p *parser) objectDropName() ast.ObjectKind {
	switch {
	case p.accept("access"):
		p.expect("method")
		return ast.ObjectAccessMethod
	case p.accept("event"):
		p.expect("trigger")
		return ast.ObjectEventTrigger
	case p.accept("extension"):
		return ast.ObjectExtension
	case p.accept("foreign"):
		p.expect("data", "wrapper") // FOREIGN TABLE was taken before
		return ast.ObjectForeignDataWrapper
	case p.accept("procedural"):
		p.expect("language")
		return ast.ObjectLanguage
	case p.accept("language"):
		return ast.ObjectLanguage
	case p.accept("publication"):
		return ast.ObjectPublication
	case p.accept("schema"):
		return ast.ObjectSchema
	case p.accept("server"):
		return ast.ObjectForeignServer
	}
	return ast.ObjectNone
}

// objectName is objectDropName and the shared objects.
func (p *parser) objectName() ast.ObjectKind {
	switch {
	case p.accept("database"):
		return ast.ObjectDatabase
	case p.accept("role"):
		return ast.ObjectRole
	case p.accept("subscription"):
		return ast.ObjectSubscription
	case p.accept("tablespace"):
		return ast.ObjectTablespace
	}
	return p.objectDropName()
}

// objectOnName parses POLICY, RULE or TRIGGER.
func (p *parser) objectOnName() ast.ObjectKind {
	switch {
	case p.accept("policy"):
		return ast.ObjectPolicy
	case p.accept("rule"):
		return ast.ObjectRule
	case p.accept("trigger"):
		return ast.ObjectTrigger
	}
	return ast.ObjectNone
}

// routineKind parses FUNCTION, PROCEDURE or ROUTINE.
func (p *parser) routineKind() ast.ObjectKind {
	switch {
	case p.accept("function"):
		return ast.ObjectFunction
	case p.accept("procedure"):
		return ast.ObjectProcedure
	case p.accept("routine"):
		return ast.ObjectRoutine
	}
	return ast.ObjectNone
}

// named parses an object with a simple name.
func (p *parser) named(kind ast.ObjectKind) *ast.Object {
	return &ast.Object{At: p.here(), Kind: kind, Name: []string{p.colID()}}
}

// dotted parses an object with a dotted name.
func (p *parser) dotted(kind ast.ObjectKind) *ast.Object {
	return &ast.Object{At: p.here(), Kind: kind, Name: p.anyName()}
}

// typed parses a TYPE or DOMAIN by its type name.
func (p *parser) typed(kind ast.ObjectKind) *ast.Object {
	return &ast.Object{At: p.here(), Kind: kind, Type: p.typeName()}
}

// opClass parses name USING method, behind OPERATOR CLASS or FAMILY.
func (p *parser) opClass(kind ast.ObjectKind) *ast.Object {
	o := p.dotted(kind)
	p.expect("using")
	o.Using = p.colID()
	return o
}

// acceptOpClass parses CLASS or FAMILY behind OPERATOR; either may also be the
// schema of an operator's name.
func (p *parser) acceptOpClass() ast.ObjectKind {
	if p.isAt(1, ".") {
		return ast.ObjectNone
	}
	if p.accept("class") {
		return ast.ObjectOperatorClass
	}
	if p.accept("family") {
		return ast.ObjectOperatorFamily
	}
	return ast.ObjectNone
}

// castPair parses (source AS target).
func (p *parser) castPair() *ast.Object {
	o := &ast.Object{At: p.here(), Kind: ast.ObjectCast}
	p.expect("(")
	o.Type = p.typeName()
	p.expect("as")
	o.Target = p.typeName()
	p.expect(")")
	return o
}

// transformRef parses FOR type LANGUAGE name.
func (p *parser) transformRef() *ast.Object {
	o := &ast.Object{At: p.here(), Kind: ast.ObjectTransform}
	p.expect("for")
	o.Type = p.typeName()
	p.expect("language")
	o.Using = p.colID()
	return o
}
