package parser

import "rowkey/parser/ast"

// parseGrant parses GRANT, the current token: of privileges on objects, or of
// roles. As an element of CREATE SCHEMA it is of privileges only.
func (p *parser) parseGrant(schemaElement bool) ast.Stmt {
	s := &ast.GrantStmt{At: p.here()}
	p.expect("grant")
	all := p.grantPrivileges(s)
	if !all && !schemaElement && p.accept("to") {
		r := &ast.GrantRoleStmt{At: s.At, Roles: s.Privileges, Grantees: p.roleList()}
		if p.acceptWith() {
			p.expect("admin", "option")
			r.AdminOption = true
		}
		r.GrantedBy = p.grantedBy()
		return r
	}
	p.expect("on")
	p.grantTarget(s)
	p.expect("to")
	s.Grantees = p.grantees()
	p.withGrantOption(s)
	s.GrantedBy = p.grantedBy()
	return s
}

// parseRevoke parses REVOKE, the current token.
func (p *parser) parseRevoke() ast.Stmt {
	s := &ast.GrantStmt{At: p.here(), Revoke: true}
	p.expect("revoke")
	adminOption := p.is("admin", "option")
	switch {
	case adminOption:
		p.expect("admin", "option", "for")
	case p.accept("grant"):
		p.expect("option", "for")
		s.GrantOption = true
	}
	var all bool
	if adminOption {
		s.Privileges = p.privilegeList()
	} else {
		all = p.grantPrivileges(s)
	}
	if adminOption || !all && !s.GrantOption && p.is("from") {
		p.expect("from")
		r := &ast.GrantRoleStmt{At: s.At, Revoke: true, Roles: s.Privileges, AdminOption: adminOption}
		r.Grantees = p.roleList()
		r.GrantedBy = p.grantedBy()
		r.Behavior = p.dropBehavior()
		return r
	}
	p.expect("on")
	p.grantTarget(s)
	p.expect("from")
	s.Grantees = p.grantees()
	s.GrantedBy = p.grantedBy()
	s.Behavior = p.dropBehavior()
	return s
}

// grantPrivileges parses ALL [PRIVILEGES] [(columns)] or a list, and returns
// whether it was ALL.
func (p *parser) grantPrivileges(s *ast.GrantStmt) (all bool) {
	at := p.here()
	if !p.accept("all") {
		s.Privileges = p.privilegeList()
		return false
	}
	p.accept("privileges")
	if columns := p.optParenNames(); columns != nil {
		s.Privileges = []*ast.Privilege{{At: at, Columns: columns}}
	}
	return true
}

func (p *parser) privilegeList() []*ast.Privilege {
	var list []*ast.Privilege
	for {
		g := &ast.Privilege{At: p.here()}
		switch {
		case p.is("select"), p.is("references"), p.is("create"):
			g.Name = p.word()
			g.Columns = p.optParenNames()
		case p.is("alter", "system"):
			p.advance()
			p.advance()
			g.Name = "alter system"
		default:
			g.Name = p.colID()
			g.Columns = p.optParenNames()
		}
		if list = append(list, g); !p.accept(",") {
			return list
		}
	}
}

// grantTarget parses what stands behind ON. A word that names a kind can also
// be a table, if nothing that could name an object follows.
func (p *parser) grantTarget(s *ast.GrantStmt) {
	bare := p.isAt(1, ",") || p.isAt(1, "to") || p.isAt(1, "from") || p.isAt(1, ".")
	one := p.named
	s.Kind = ast.ObjectNone
	switch {
	case p.accept("table"):
		s.Kind, one = ast.ObjectTable, p.relationRef
	case p.accept("foreign"):
		if p.accept("server") {
			s.Kind = ast.ObjectForeignServer
		} else {
			p.expect("data", "wrapper")
			s.Kind = ast.ObjectForeignDataWrapper
		}
	case p.accept("all"):
		p.grantAllInSchema(s)
		return
	case bare:
	case p.accept("sequence"):
		s.Kind, one = ast.ObjectSequence, p.relationRef
	case p.is("function"), p.is("procedure"), p.is("routine"):
		s.Kind, one = p.routineKind(), p.functionRef
	case p.accept("database"):
		s.Kind = ast.ObjectDatabase
	case p.accept("domain"):
		s.Kind, one = ast.ObjectDomain, p.dotted
	case p.accept("language"):
		s.Kind = ast.ObjectLanguage
	case p.accept("large"):
		p.expect("object")
		s.Kind = ast.ObjectLargeObject
		one = func(kind ast.ObjectKind) *ast.Object {
			return &ast.Object{At: p.here(), Kind: kind, Number: p.numberText()}
		}
	case p.accept("parameter"):
		s.Kind = ast.ObjectParameter
		one = func(kind ast.ObjectKind) *ast.Object {
			o := p.named(kind)
			for p.accept(".") {
				o.Name = append(o.Name, p.colID())
			}
			return o
		}
	case p.accept("schema"):
		s.Kind = ast.ObjectSchema
	case p.accept("tablespace"):
		s.Kind = ast.ObjectTablespace
	case p.accept("type"):
		s.Kind, one = ast.ObjectType, p.dotted
	}
	if s.Kind == ast.ObjectNone {
		s.Kind, one = ast.ObjectTable, p.relationRef
	}
	s.Objects = listOf(p, func(*parser) *ast.Object { return one(s.Kind) })
}

// relationRef parses a relation's name as an object.
func (p *parser) relationRef(kind ast.ObjectKind) *ast.Object {
	return &ast.Object{At: p.here(), Kind: kind, Name: p.relationName()}
}

// grantAllInSchema parses TABLES IN SCHEMA s and its like, behind ALL.
func (p *parser) grantAllInSchema(s *ast.GrantStmt) {
	s.Target = ast.GrantAllInSchema
	switch {
	case p.accept("tables"):
		s.Kind = ast.ObjectTable
	case p.accept("sequences"):
		s.Kind = ast.ObjectSequence
	case p.accept("functions"):
		s.Kind = ast.ObjectFunction
	case p.accept("procedures"):
		s.Kind = ast.ObjectProcedure
	default:
		p.expect("routines")
		s.Kind = ast.ObjectRoutine
	}
	p.expect("in", "schema")
	s.Objects = listOf(p, func(*parser) *ast.Object { return p.named(ast.ObjectSchema) })
}

// grantees parses [GROUP] role, ….
func (p *parser) grantees() []*ast.RoleSpec {
	var roles []*ast.RoleSpec
	for {
		p.accept("group")
		if roles = append(roles, p.roleSpec()); !p.accept(",") {
			return roles
		}
	}
}

func (p *parser) withGrantOption(s *ast.GrantStmt) {
	if p.acceptWith() {
		p.expect("grant", "option")
		s.GrantOption = true
	}
}

func (p *parser) grantedBy() *ast.RoleSpec {
	if !p.accept("granted") {
		return nil
	}
	p.expect("by")
	return p.roleSpec()
}

// parseAlterDefaultPrivileges parses what follows ALTER DEFAULT PRIVILEGES.
func (p *parser) parseAlterDefaultPrivileges(at ast.At) ast.Stmt {
	s := &ast.AlterDefaultPrivilegesStmt{At: at}
	for {
		if p.accept("in") {
			p.expect("schema")
			s.Schemas = append(s.Schemas, p.nameList()...)
		} else if p.accept("for") {
			if !p.accept("role") {
				p.expect("user")
			}
			s.Roles = append(s.Roles, p.roleList()...)
		} else {
			break
		}
	}
	g := &ast.GrantStmt{At: p.here(), Target: ast.GrantDefaults}
	s.Action = g
	if g.Revoke = p.accept("revoke"); g.Revoke {
		if p.accept("grant") {
			p.expect("option", "for")
			g.GrantOption = true
		}
	} else {
		p.expect("grant")
	}
	p.grantPrivileges(g)
	p.expect("on")
	switch {
	case p.accept("tables"):
		g.Kind = ast.ObjectTable
	case p.accept("functions"), p.accept("routines"):
		g.Kind = ast.ObjectFunction
	case p.accept("sequences"):
		g.Kind = ast.ObjectSequence
	case p.accept("types"):
		g.Kind = ast.ObjectType
	default:
		p.expect("schemas")
		g.Kind = ast.ObjectSchema
	}
	if g.Revoke {
		p.expect("from")
		g.Grantees = p.grantees()
		g.Behavior = p.dropBehavior()
	} else {
		p.expect("to")
		g.Grantees = p.grantees()
		p.withGrantOption(g)
	}
	return s
}
