package parser

import "rowkey/parser/ast"

// parseAlterRelation parses ALTER of a relation from behind the words of its
// kind: the commands of ALTER TABLE, which the grammar allows for every kind,
// and what is peculiar to one: sequence options, partitions, RENAME, SET
// SCHEMA, DEPENDS ON EXTENSION.
func (p *parser) parseAlterRelation(at ast.At, kind ast.ObjectKind) ast.Stmt {
	canAll := kind == ast.ObjectTable || kind == ast.ObjectIndex || kind == ast.ObjectMaterializedView
	if canAll && p.is("all") {
		return p.parseAlterTablespaceAll(at, kind)
	}
	ifExists := p.acceptIfExists()
	var table *ast.RangeVar
	if kind == ast.ObjectTable || kind == ast.ObjectForeignTable {
		table = p.relationExpr()
	} else {
		table = p.qualifiedName()
	}
	depends := !ifExists && (kind == ast.ObjectIndex || kind == ast.ObjectMaterializedView)
	switch {
	case p.accept("rename"):
		return p.parseRenameRelation(at, kind, table, ifExists)
	case kind != ast.ObjectIndex && p.is("set", "schema"):
		p.expect("set", "schema")
		return &ast.AlterSchemaStmt{At: at, Kind: kind, Table: table, IfExists: ifExists, Schema: p.colID()}
	case depends && (p.is("depends") || p.is("no", "depends")):
		s := &ast.AlterDependsStmt{At: at, Kind: kind, Table: table}
		s.Remove, s.Extension = p.dependsOnExtension()
		return s
	case kind == ast.ObjectSequence && p.isSequenceOption() && !p.is("no", "inherit") && !p.is("no", "force"):
		return &ast.AlterSequenceStmt{At: at, Name: table, IfExists: ifExists, Options: p.sequenceOptions()}
	}
	s := &ast.AlterTableStmt{At: at, Kind: kind, Table: table, IfExists: ifExists}
	if p.is("attach") && (kind == ast.ObjectTable || kind == ast.ObjectIndex && !ifExists) ||
		p.is("detach") && kind == ast.ObjectTable {
		s.Commands = []*ast.AlterTableCommand{p.partitionCommand(kind)}
		return s
	}
	s.Commands = listOf(p, (*parser).alterTableCommand)
	return s
}

// parseAlterTablespaceAll parses ALL IN TABLESPACE ….
func (p *parser) parseAlterTablespaceAll(at ast.At, kind ast.ObjectKind) ast.Stmt {
	s := &ast.AlterTablespaceAllStmt{At: at, Kind: kind}
	p.expect("all", "in", "tablespace")
	s.From = p.colID()
	if p.accept("owned") {
		p.expect("by")
		s.Owners = p.roleList()
	}
	p.expect("set", "tablespace")
	s.To = p.colID()
	s.NoWait = p.accept("nowait")
	return s
}

// dependsOnExtension parses [NO] DEPENDS ON EXTENSION name.
func (p *parser) dependsOnExtension() (remove bool, extension string) {
	remove = p.accept("no")
	p.expect("depends", "on", "extension")
	return remove, p.colID()
}

// parseRenameRelation parses what follows ALTER TABLE t RENAME.
func (p *parser) parseRenameRelation(at ast.At, kind ast.ObjectKind, table *ast.RangeVar, ifExists bool) ast.Stmt {
	s := &ast.RenameStmt{At: at, Kind: kind, RelationKind: kind, Table: table, IfExists: ifExists}
	hasColumns := kind != ast.ObjectIndex && kind != ast.ObjectSequence
	switch {
	case p.accept("to"):
	case kind == ast.ObjectTable && p.accept("constraint"):
		s.Kind = ast.ObjectTableConstraint
		s.SubName = p.colID()
		p.expect("to")
	case hasColumns:
		p.accept("column")
		s.Kind = ast.ObjectColumn
		s.SubName = p.colID()
		p.expect("to")
	default:
		p.fail()
	}
	s.NewName = p.colID()
	return s
}

// partitionCommand parses ATTACH and DETACH PARTITION.
func (p *parser) partitionCommand(kind ast.ObjectKind) *ast.AlterTableCommand {
	c := &ast.AlterTableCommand{At: p.here()}
	if p.accept("attach") {
		p.expect("partition")
		c.Op = ast.AttachPartition
		c.Relation = p.qualifiedName()
		if kind == ast.ObjectTable {
			c.Bound = p.partitionBound()
		}
		return c
	}
	p.expect("detach", "partition")
	c.Op = ast.DetachPartition
	c.Relation = p.qualifiedName()
	if p.accept("finalize") {
		c.Op = ast.DetachPartitionFinalize
	} else {
		c.Concurrently = p.accept("concurrently")
	}
	return c
}

// alterTableCommand parses one subcommand of ALTER TABLE.
func (p *parser) alterTableCommand() *ast.AlterTableCommand {
	c := &ast.AlterTableCommand{At: p.here()}
	switch {
	case p.accept("add"):
		p.alterAdd(c)
	case p.accept("alter"):
		p.alterColumn(c)
	case p.accept("drop"):
		p.alterDrop(c)
	case p.accept("validate"):
		p.expect("constraint")
		c.Op, c.Name = ast.ValidateConstraint, p.colID()
	case p.accept("set"):
		p.alterSet(c)
	case p.accept("reset"):
		c.Op, c.Options = ast.ResetOptions, p.relOptions()
	case p.accept("cluster"):
		p.expect("on")
		c.Op, c.Name = ast.ClusterOn, p.colID()
	case p.accept("enable"):
		p.alterEnable(c)
	case p.accept("disable"):
		p.alterDisable(c)
	case p.accept("force"):
		p.expect("row", "level", "security")
		c.Op = ast.ForceRowSecurity
	case p.accept("no"):
		if p.accept("force") {
			p.expect("row", "level", "security")
			c.Op = ast.NoForceRowSecurity
		} else {
			p.expect("inherit")
			c.Op, c.Relation = ast.DropInherit, p.qualifiedName()
		}
	case p.accept("inherit"):
		c.Op, c.Relation = ast.AddInherit, p.qualifiedName()
	case p.accept("of"):
		c.Op, c.OfType = ast.AddOf, p.anyName()
	case p.acceptNot():
		p.expect("of")
		c.Op = ast.DropOf
	case p.accept("owner"):
		p.expect("to")
		c.Op, c.Owner = ast.ChangeOwner, p.roleSpec()
	case p.accept("replica"):
		p.expect("identity")
		p.replicaIdentity(c)
	case p.is("options"):
		c.Op, c.Options = ast.SetForeignOptions, p.genericOptions(true)
	default:
		p.fail()
	}
	return c
}

func (p *parser) alterAdd(c *ast.AlterTableCommand) {
	if !p.is("column") && p.isTableConstraint() {
		c.Op, c.Constraint = ast.AddConstraint, p.tableConstraint()
		return
	}
	c.Op = ast.AddColumn
	p.accept("column")
	c.IfNotExists = p.acceptIfNotExists()
	c.Column = p.columnDef()
}

func (p *parser) alterDrop(c *ast.AlterTableCommand) {
	if p.accept("constraint") {
		c.Op = ast.DropConstraint
	} else {
		p.accept("column")
		c.Op = ast.DropColumn
	}
	c.IfExists = p.acceptIfExists()
	c.Name = p.colID()
	c.Behavior = p.dropBehavior()
}

func (p *parser) alterSet(c *ast.AlterTableCommand) {
	switch {
	case p.accept("without"):
		if p.accept("cluster") {
			c.Op = ast.SetWithoutCluster
		} else {
			p.expect("oids")
			c.Op = ast.SetWithoutOids
		}
	case p.accept("logged"):
		c.Op = ast.SetLogged
	case p.accept("unlogged"):
		c.Op = ast.SetUnlogged
	case p.accept("access"):
		p.expect("method")
		c.Op, c.Name = ast.SetAccessMethod, p.colID()
	case p.accept("tablespace"):
		c.Op, c.Name = ast.SetTablespace, p.colID()
	default:
		c.Op, c.Options = ast.SetOptions, p.relOptions()
	}
}

// triggerName parses ALL, USER or a name into one of three operations.
func (p *parser) triggerName(c *ast.AlterTableCommand, named, all, user ast.AlterTableOp) {
	switch {
	case p.accept("all"):
		c.Op = all
	case p.accept("user"):
		c.Op = user
	default:
		c.Op, c.Name = named, p.colID()
	}
}

func (p *parser) alterEnable(c *ast.AlterTableCommand) {
	switch {
	case p.accept("trigger"):
		p.triggerName(c, ast.EnableTrigger, ast.EnableTriggerAll, ast.EnableTriggerUser)
	case p.accept("rule"):
		c.Op, c.Name = ast.EnableRule, p.colID()
	case p.accept("row"):
		p.expect("level", "security")
		c.Op = ast.EnableRowSecurity
	case p.accept("always"):
		if p.accept("rule") {
			c.Op = ast.EnableAlwaysRule
		} else {
			p.expect("trigger")
			c.Op = ast.EnableAlwaysTrigger
		}
		c.Name = p.colID()
	default:
		p.expect("replica")
		if p.accept("rule") {
			c.Op = ast.EnableReplicaRule
		} else {
			p.expect("trigger")
			c.Op = ast.EnableReplicaTrigger
		}
		c.Name = p.colID()
	}
}

func (p *parser) alterDisable(c *ast.AlterTableCommand) {
	switch {
	case p.accept("trigger"):
		p.triggerName(c, ast.DisableTrigger, ast.DisableTriggerAll, ast.DisableTriggerUser)
	case p.accept("rule"):
		c.Op, c.Name = ast.DisableRule, p.colID()
	default:
		p.expect("row", "level", "security")
		c.Op = ast.DisableRowSecurity
	}
}

func (p *parser) replicaIdentity(c *ast.AlterTableCommand) {
	c.Op = ast.SetReplicaIdentity
	switch {
	case p.accept("nothing"):
		c.ReplicaIdentity = ast.ReplicaNothing
	case p.accept("full"):
		c.ReplicaIdentity = ast.ReplicaFull
	case p.accept("default"):
		c.ReplicaIdentity = ast.ReplicaDefault
	default:
		p.expect("using", "index")
		c.ReplicaIdentity, c.Name = ast.ReplicaIndex, p.colID()
	}
}

// alterColumn parses what follows ALTER in ALTER TABLE: a constraint or a column.
func (p *parser) alterColumn(c *ast.AlterTableCommand) {
	if p.accept("constraint") {
		c.Op = ast.AlterConstraint
		c.Constraint = &ast.Constraint{At: c.At, Kind: ast.ConstraintForeignKey, Name: p.colID()}
		p.constraintAttributes(c.Constraint, "FOREIGN KEY", attrDeferrable)
		return
	}
	p.accept("column")
	if p.tok().kind == tokInt {
		at := p.here()
		number := p.intConst()
		p.expect("set", "statistics")
		c.Op, c.Number, c.Value = ast.SetColumnStatistics, number, p.signedIntText()
		if number <= 0 || number > 1<<15-1 {
			raise(int(at), codeInvalidParam, "column number must be in range from 1 to %d", 1<<15-1)
		}
		return
	}
	c.Name = p.colID()
	switch {
	case p.accept("drop"):
		p.alterColumnDrop(c)
	case p.is("restart"):
		p.identityOptions(c)
	case p.accept("reset"):
		c.Op, c.Options = ast.ResetColumnOptions, p.relOptions()
	case p.accept("add"):
		p.expect("generated")
		c.Op, c.ByDefault = ast.AddIdentity, p.generatedWhen()
		p.expect("as", "identity")
		c.SequenceOptions = p.optParenSequenceOptions()
	case p.is("options"):
		c.Op, c.Options = ast.SetColumnForeignOptions, p.genericOptions(true)
	case p.is("type"):
		p.alterColumnType(c)
	case p.is("set"):
		p.alterColumnSet(c)
	default:
		p.fail()
	}
}

func (p *parser) alterColumnDrop(c *ast.AlterTableCommand) {
	switch {
	case p.accept("default"):
		c.Op = ast.SetColumnDefault
	case p.acceptNot():
		p.expect("null")
		c.Op = ast.DropNotNull
	case p.accept("expression"):
		c.Op, c.IfExists = ast.DropExpression, p.optIfExists()
	default:
		p.expect("identity")
		c.Op, c.IfExists = ast.DropIdentity, p.optIfExists()
	}
}

// optIfExists parses [IF EXISTS] where IF cannot be anything else.
func (p *parser) optIfExists() bool {
	if p.is("if") {
		p.expect("if", "exists")
		return true
	}
	return false
}

func (p *parser) alterColumnSet(c *ast.AlterTableCommand) {
	if p.isSequenceOptionAt(1) || p.isAt(1, "generated") {
		p.identityOptions(c)
		return
	}
	p.expect("set")
	switch {
	case p.accept("default"):
		c.Op = ast.SetColumnDefault
		p.expr(&c.Expr)
	case p.acceptNot():
		p.expect("null")
		c.Op = ast.SetNotNull
	case p.accept("statistics"):
		c.Op, c.Value = ast.SetColumnStatistics, p.signedIntText()
	case p.is("("):
		c.Op, c.Options = ast.SetColumnOptions, p.relOptions()
	case p.accept("storage"):
		c.Op, c.Value = ast.SetColumnStorage, p.colID()
	case p.is("compression"):
		c.Op, c.Value = ast.SetColumnCompression, p.columnCompression()
	default:
		p.expect("data")
		p.alterColumnType(c)
	}
}

func (p *parser) alterColumnType(c *ast.AlterTableCommand) {
	p.expect("type")
	c.Op = ast.AlterColumnType
	c.Type = p.typeName()
	c.Collation = p.optCollate()
	if p.accept("using") {
		p.expr(&c.Expr)
	}
}

// identityOptions parses RESTART …, SET option and SET GENERATED, repeated.
func (p *parser) identityOptions(c *ast.AlterTableCommand) {
	c.Op = ast.SetIdentity
	for {
		o := &ast.SequenceOption{At: p.here()}
		switch {
		case p.accept("restart"):
			o.Kind, o.Value = ast.SequenceRestart, p.restartValue()
		case p.accept("set"):
			if p.accept("generated") {
				o.Kind, o.Value = ast.SequenceGenerated, "always"
				if p.generatedWhen() {
					o.Value = "by default"
				}
				break
			}
			o = p.sequenceOption()
			if name := map[ast.SequenceOptionKind]string{
				ast.SequenceAs: "as", ast.SequenceRestart: "restart", ast.SequenceOwnedBy: "owned_by",
			}[o.Kind]; name != "" {
				p.syntaxErrorf(o.At, "sequence option %q not supported here", name)
			}
		default:
			return
		}
		c.SequenceOptions = append(c.SequenceOptions, o)
	}
}
