package parser

import "rowkey/parser/ast"

// parseCreateTable parses what follows CREATE [TEMP] TABLE: a table by its
// elements, OF a type, PARTITION OF a parent, or AS a query.
func (p *parser) parseCreateTable(at ast.At, persistence ast.Persistence, scope createScope) ast.Stmt {
	ifNotExists := p.acceptIfNotExists()
	name := p.qualifiedName()
	s := &ast.CreateTableStmt{At: at, Name: name, Persistence: persistence, IfNotExists: ifNotExists}
	switch {
	case p.is("(") && p.isNameListAhead() && scope != createSchema:
		return p.parseCreateTableAs(at, name, persistence, ifNotExists)
	case p.is("("):
		s.Elements = p.tableElements()
		if p.accept("inherits") {
			p.expect("(")
			s.Inherits = p.qualifiedNameList()
			p.expect(")")
		}
	case p.accept("of"):
		s.OfType = p.anyName()
		s.Elements = p.typedTableElements()
	case p.accept("partition"):
		p.expect("of")
		s.PartitionOf = p.qualifiedName()
		s.Elements = p.typedTableElements()
		s.Bound = p.partitionBound()
	case scope != createSchema:
		return p.parseCreateTableAs(at, name, persistence, ifNotExists)
	default:
		p.fail()
	}
	s.PartitionBy = p.optPartitionBy()
	if p.accept("using") {
		s.AccessMethod = p.colID()
	}
	s.Options, s.WithoutOids = p.tableWith()
	s.OnCommit = p.onCommit()
	s.Tablespace = p.optTablespace()
	return s
}

// isNameListAhead decides between (a int …) and the column names of CREATE
// TABLE AS by what follows the first name.
func (p *parser) isNameListAhead() bool {
	return p.peek(1).isColID() && (p.isAt(2, ",") || p.isAt(2, ")"))
}

// tableWith parses WITH (…) or WITHOUT OIDS.
func (p *parser) tableWith() ([]*ast.Option, bool) {
	if p.acceptWith() {
		return p.relOptions(), false
	}
	if p.accept("without") {
		p.expect("oids")
		return nil, true
	}
	return nil, false
}

func (p *parser) onCommit() ast.OnCommit {
	if !p.accept("on") {
		return ast.OnCommitNone
	}
	p.expect("commit")
	switch {
	case p.accept("drop"):
		return ast.OnCommitDrop
	case p.accept("delete"):
		p.expect("rows")
		return ast.OnCommitDelete
	}
	p.expect("preserve", "rows")
	return ast.OnCommitPreserve
}

func (p *parser) optTablespace() string {
	if p.accept("tablespace") {
		return p.colID()
	}
	return ""
}

// parseCreateTableAsOnly parses the CREATE that EXPLAIN takes: CREATE TABLE AS
// or CREATE MATERIALIZED VIEW, behind CREATE.
func (p *parser) parseCreateTableAsOnly(at ast.At) ast.Stmt {
	persistence := p.persistence()
	if (persistence == ast.Permanent || persistence == ast.Unlogged) && p.accept("materialized") {
		p.expect("view")
		return p.parseCreateMaterializedView(at, persistence)
	}
	p.expect("table")
	ifNotExists := p.acceptIfNotExists()
	return p.parseCreateTableAs(at, p.qualifiedName(), persistence, ifNotExists)
}

// parseCreateTableAs parses CREATE TABLE AS from behind the table's name.
func (p *parser) parseCreateTableAs(at ast.At, name *ast.RangeVar, persistence ast.Persistence, ifNotExists bool) ast.Stmt {
	s := &ast.CreateTableAsStmt{At: at, Name: name, Persistence: persistence, IfNotExists: ifNotExists}
	s.Columns = p.optParenNames()
	if p.accept("using") {
		s.AccessMethod = p.colID()
	}
	s.Options, s.WithoutOids = p.tableWith()
	s.OnCommit = p.onCommit()
	s.Tablespace = p.optTablespace()
	p.expect("as")
	if p.is("execute") {
		s.Execute = p.parseExecute()
	} else {
		p.query(&s.Query)
	}
	s.WithNoData = p.optWithData()
	return s
}

// parseCreateMaterializedView parses what follows CREATE MATERIALIZED VIEW.
func (p *parser) parseCreateMaterializedView(at ast.At, persistence ast.Persistence) ast.Stmt {
	s := &ast.CreateTableAsStmt{At: at, Materialized: true, Persistence: persistence}
	s.IfNotExists = p.acceptIfNotExists()
	s.Name = p.qualifiedName()
	s.Columns = p.optParenNames()
	if p.accept("using") {
		s.AccessMethod = p.colID()
	}
	if p.acceptWith() {
		s.Options = p.relOptions()
	}
	s.Tablespace = p.optTablespace()
	p.expect("as")
	p.query(&s.Query)
	s.WithNoData = p.optWithData()
	return s
}

// parseCreateForeignTable parses what follows CREATE FOREIGN TABLE.
func (p *parser) parseCreateForeignTable(at ast.At) ast.Stmt {
	s := &ast.CreateTableStmt{At: at, Foreign: true}
	s.IfNotExists = p.acceptIfNotExists()
	s.Name = p.qualifiedName()
	if p.accept("partition") {
		p.expect("of")
		s.PartitionOf = p.qualifiedName()
		s.Elements = p.typedTableElements()
		s.Bound = p.partitionBound()
	} else {
		s.Elements = p.tableElements()
		if p.accept("inherits") {
			p.expect("(")
			s.Inherits = p.qualifiedNameList()
			p.expect(")")
		}
	}
	p.expect("server")
	s.Server = p.colID()
	s.ForeignOptions = p.optGenericOptions()
	return s
}

// tableElements parses ( [element, …] ).
func (p *parser) tableElements() []ast.TableElement {
	p.expect("(")
	if p.accept(")") {
		return nil
	}
	elements := listOf(p, func(p *parser) ast.TableElement {
		switch {
		case p.is("like"):
			return p.likeClause()
		case p.isTableConstraint():
			return p.tableConstraint()
		}
		return p.columnDef()
	})
	p.expect(")")
	return elements
}

// typedTableElements parses [(column options or constraint, …)] of a typed
// table or a partition; columns have no types there.
func (p *parser) typedTableElements() []ast.TableElement {
	if !p.is("(") {
		return nil
	}
	return parenListOf(p, func(p *parser) ast.TableElement {
		if p.isTableConstraint() {
			return p.tableConstraint()
		}
		c := &ast.ColumnDef{At: p.here(), Name: p.colID()}
		if p.acceptWith() {
			p.expect("options")
		}
		c.Constraints, c.Collation = p.columnQualifiers()
		return c
	})
}

func (p *parser) columnDef() *ast.ColumnDef {
	c := &ast.ColumnDef{At: p.here(), Name: p.colID()}
	c.Type = p.typeName()
	if p.is("compression") {
		c.Compression = p.columnCompression()
	}
	c.ForeignOptions = p.optGenericOptions()
	c.Constraints, c.Collation = p.columnQualifiers()
	return c
}

func (p *parser) columnCompression() string {
	p.expect("compression")
	if p.accept("default") {
		return "default"
	}
	return p.colID()
}

// simpleColumns parses the columns of a composite type: name type [COLLATE c].
func (p *parser) simpleColumn() *ast.ColumnDef {
	c := &ast.ColumnDef{At: p.here(), Name: p.colID()}
	c.Type = p.typeName()
	c.Collation = p.optCollate()
	return c
}

func (p *parser) optCollate() *ast.CollateClause {
	if !p.is("collate") {
		return nil
	}
	c := &ast.CollateClause{At: p.here()}
	p.advance()
	c.Name = p.anyName()
	return c
}

func (p *parser) likeClause() *ast.LikeClause {
	p.expect("like")
	c := &ast.LikeClause{At: p.here(), Table: p.qualifiedName()}
	for {
		including := p.is("including")
		if !including && !p.is("excluding") {
			return c
		}
		p.advance()
		option := p.likeOption()
		if including {
			c.Options |= option
		} else {
			c.Options &^= option
		}
	}
}

var likeOptions = []struct {
	word   string
	option ast.LikeOption
}{
	{"comments", ast.LikeComments}, {"compression", ast.LikeCompression}, {"constraints", ast.LikeConstraints},
	{"defaults", ast.LikeDefaults}, {"generated", ast.LikeGenerated}, {"identity", ast.LikeIdentity},
	{"indexes", ast.LikeIndexes}, {"statistics", ast.LikeStatistics}, {"storage", ast.LikeStorage}, {"all", ast.LikeAll},
}

func (p *parser) likeOption() ast.LikeOption {
	for _, o := range likeOptions {
		if p.accept(o.word) {
			return o.option
		}
	}
	p.fail()
	return 0
}

// optPartitionBy parses [PARTITION BY strategy (element, …)].
func (p *parser) optPartitionBy() *ast.PartitionSpec {
	s := &ast.PartitionSpec{At: p.here()}
	if !p.accept("partition") {
		return nil
	}
	p.expect("by")
	s.Strategy = p.colID()
	s.Elements = parenListOf(p, func(p *parser) *ast.PartitionElem {
		e := &ast.PartitionElem{At: p.here()}
		p.columnOrExpr(&e.Column, &e.Expr)
		if p.accept("collate") {
			e.Collation = p.anyName()
		}
		if p.tok().isColID() {
			e.OpClass = p.anyName()
		}
		return e
	})
	return s
}

// partitionBound parses FOR VALUES … or DEFAULT.
func (p *parser) partitionBound() *ast.PartitionBound {
	b := &ast.PartitionBound{At: p.here()}
	if p.accept("default") {
		b.Default = true
		return b
	}
	p.expect("for", "values")
	b.At = p.here() // where PostgreSQL points, too
	switch {
	case p.acceptWith():
		p.hashBound(b)
	case p.accept("in"):
		p.expect("(")
		p.exprList(&b.In)
		p.expect(")")
	default:
		p.expect("from", "(")
		p.exprList(&b.From)
		p.expect(")", "to", "(")
		p.exprList(&b.To)
		p.expect(")")
	}
	return b
}

func (p *parser) hashBound(b *ast.PartitionBound) {
	type part struct {
		at    ast.At
		name  string
		value int
	}
	var parts []part
	p.expect("(")
	for {
		one := part{at: p.here(), name: p.nonReserved()}
		one.value = p.intConst()
		parts = append(parts, one)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	b.Hash = true
	b.Modulus, b.Remainder = -1, -1
	for _, one := range parts {
		target := &b.Modulus
		switch one.name {
		case "modulus":
		case "remainder":
			target = &b.Remainder
		default:
			p.syntaxErrorf(one.at, "unrecognized hash partition bound specification %q", one.name)
		}
		if *target != -1 {
			raise(int(one.at), codeDuplicateObject, "%s for hash partition provided more than once", one.name)
		}
		*target = one.value
	}
	if b.Modulus == -1 {
		p.syntaxErrorf(ast.Unknown, "modulus for hash partition must be specified")
	}
	if b.Remainder == -1 {
		p.syntaxErrorf(ast.Unknown, "remainder for hash partition must be specified")
	}
}
