package parser

import "rowkey/parser/ast"

// parseDrop parses DROP, the current token.
func (p *parser) parseDrop() ast.Stmt {
	at := p.here()
	p.expect("drop")
	s := &ast.DropStmt{At: at}
	switch {
	case p.is("role"), p.is("group"), p.is("user") && !p.is("user", "mapping", "for") && !p.is("user", "mapping", "if"):
		p.advance()
		r := &ast.DropRoleStmt{At: at, IfExists: p.acceptIfExists()}
		r.Roles = p.roleList()
		return r
	case p.accept("user"):
		p.expect("mapping")
		if p.is("if") {
			p.expect("if", "exists")
		}
		p.expect("for")
		p.authIdent()
		p.expect("server")
		p.colID()
		return unsupported(at, "DROP USER MAPPING")
	case p.accept("database"):
		return p.parseDropDatabase(at)
	case p.accept("tablespace"):
		s.Kind = ast.ObjectTablespace
		s.IfExists = p.acceptIfExists()
		s.Objects = []*ast.Object{p.named(s.Kind)}
		return s
	case p.accept("subscription"):
		s.Kind = ast.ObjectSubscription
		s.IfExists = p.acceptIfExists()
		s.Objects = []*ast.Object{p.named(s.Kind)}
	case p.accept("owned"):
		p.expect("by")
		o := &ast.DropOwnedStmt{At: at, Roles: p.roleList()}
		o.Behavior = p.dropBehavior()
		return o
	case p.is("type"), p.is("domain"):
		s.Kind = ast.ObjectType
		if p.is("domain") {
			s.Kind = ast.ObjectDomain
		}
		p.advance()
		s.IfExists = p.acceptIfExists()
		p.dropList(s, p.typed)
	case p.is("function"), p.is("procedure"), p.is("routine"):
		s.Kind = p.routineKind()
		s.IfExists = p.acceptIfExists()
		s.Objects = p.functionRefs(s.Kind)
	case p.accept("aggregate"):
		s.Kind = ast.ObjectAggregate
		s.IfExists = p.acceptIfExists()
		p.dropList(s, func(ast.ObjectKind) *ast.Object { return p.aggregateRef() })
	case p.accept("operator"):
		p.parseDropOperator(s)
	case p.accept("cast"):
		s.Kind = ast.ObjectCast
		s.IfExists = p.optIfExists()
		s.Objects = []*ast.Object{p.castPair()}
	case p.accept("transform"):
		s.Kind = ast.ObjectTransform
		s.IfExists = p.optIfExists()
		s.Objects = []*ast.Object{p.transformRef()}
	default:
		p.parseDropNamed(s)
	}
	s.Behavior = p.dropBehavior()
	return s
}

// dropList parses a list of objects, each by one.
func (p *parser) dropList(s *ast.DropStmt, one func(ast.ObjectKind) *ast.Object) {
	s.Objects = listOf(p, func(*parser) *ast.Object { return one(s.Kind) })
}

// parseDropNamed parses the kinds whose objects have plain names.
func (p *parser) parseDropNamed(s *ast.DropStmt) {
	if s.Kind = p.objectAnyName(); s.Kind != ast.ObjectNone {
		if s.Kind == ast.ObjectIndex {
			s.Concurrently = p.accept("concurrently")
		}
		s.IfExists = p.acceptIfExists()
		p.dropList(s, p.dotted)
		return
	}
	if s.Kind = p.objectOnName(); s.Kind != ast.ObjectNone {
		s.IfExists = p.acceptIfExists()
		s.Objects = []*ast.Object{p.onAnyName(s.Kind)}
		return
	}
	if s.Kind = p.objectDropName(); s.Kind == ast.ObjectNone {
		p.fail()
	}
	s.IfExists = p.acceptIfExists()
	p.dropList(s, p.named)
}

// onAnyName parses name ON any_name.
func (p *parser) onAnyName(kind ast.ObjectKind) *ast.Object {
	o := p.named(kind)
	p.expect("on")
	o.On = p.anyName()
	return o
}

func (p *parser) parseDropOperator(s *ast.DropStmt) {
	if s.Kind = p.acceptOpClass(); s.Kind != ast.ObjectNone {
		s.IfExists = p.acceptIfExists()
		s.Objects = []*ast.Object{p.opClass(s.Kind)}
		return
	}
	s.Kind = ast.ObjectOperator
	s.IfExists = p.acceptIfExists()
	p.dropList(s, func(ast.ObjectKind) *ast.Object { return p.operatorRef() })
}

func (p *parser) parseDropDatabase(at ast.At) ast.Stmt {
	s := &ast.DropDatabaseStmt{At: at, IfExists: p.acceptIfExists()}
	s.Name = p.colID()
	if p.is("with") || p.is("(") {
		p.optWith()
		p.expect("(")
		for {
			p.expect("force")
			s.Force = true
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
	}
	return s
}

// parseComment parses COMMENT ON, the current token.
func (p *parser) parseComment() ast.Stmt {
	s := &ast.CommentStmt{At: p.here()}
	p.expect("comment", "on")
	switch {
	case p.accept("constraint"):
		s.Object = p.named(ast.ObjectTableConstraint)
		p.expect("on")
		// DOMAIN may also be the name of a table.
		if p.is("domain") && !p.isAt(1, "is") && !p.isAt(1, ".") {
			p.advance()
			s.Object.Kind = ast.ObjectDomainConstraint
		}
		s.Object.On = p.anyName()
	case p.accept("operator"):
		if kind := p.acceptOpClass(); kind != ast.ObjectNone {
			s.Object = p.opClass(kind)
		} else {
			s.Object = p.operatorRef()
		}
	case p.accept("transform"):
		s.Object = p.transformRef()
	case p.accept("cast"):
		s.Object = p.castPair()
	default:
		if kind := p.objectOnName(); kind != ast.ObjectNone {
			s.Object = p.onAnyName(kind)
		} else {
			s.Object = p.describedObject()
		}
	}
	p.expect("is")
	if s.Null = p.accept("null"); !s.Null {
		s.Text = p.stringConst()
	}
	return s
}

// describedObject parses the objects that both COMMENT and SECURITY LABEL take.
func (p *parser) describedObject() *ast.Object {
	switch {
	case p.accept("column"):
		return p.dotted(ast.ObjectColumn)
	case p.accept("type"):
		return p.typed(ast.ObjectType)
	case p.accept("domain"):
		return p.typed(ast.ObjectDomain)
	case p.accept("aggregate"):
		return p.aggregateRef()
	case p.accept("large"):
		p.expect("object")
		return &ast.Object{At: p.here(), Kind: ast.ObjectLargeObject, Number: p.numberText()}
	}
	if kind := p.routineKind(); kind != ast.ObjectNone {
		return p.functionRef(kind)
	}
	if kind := p.objectAnyName(); kind != ast.ObjectNone {
		return p.dotted(kind)
	}
	if kind := p.objectName(); kind != ast.ObjectNone {
		return p.named(kind)
	}
	p.fail()
	return nil
}

// parseSecurityLabel parses SECURITY LABEL, the current token.
func (p *parser) parseSecurityLabel() ast.Stmt {
	s := &ast.SecurityLabelStmt{At: p.here()}
	p.expect("security", "label")
	if p.accept("for") {
		s.Provider = p.wordOrString()
	}
	p.expect("on")
	s.Object = p.describedObject()
	p.expect("is")
	if s.Null = p.accept("null"); !s.Null {
		s.Label = p.stringConst()
	}
	return s
}
