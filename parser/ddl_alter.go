package parser

import "rowkey/parser/ast"

// parseAlter parses ALTER, the current token.
func (p *parser) parseAlter() ast.Stmt {
	at := p.here()
	p.expect("alter")
	switch {
	case p.accept("table"):
		return p.parseAlterRelation(at, ast.ObjectTable)
	case p.accept("index"):
		return p.parseAlterRelation(at, ast.ObjectIndex)
	case p.accept("sequence"):
		return p.parseAlterRelation(at, ast.ObjectSequence)
	case p.accept("view"):
		return p.parseAlterRelation(at, ast.ObjectView)
	case p.accept("materialized"):
		p.expect("view")
		return p.parseAlterRelation(at, ast.ObjectMaterializedView)
	case p.accept("foreign"):
		if p.accept("table") {
			return p.parseAlterRelation(at, ast.ObjectForeignTable)
		}
		p.expect("data", "wrapper")
		return p.parseAlterWrapper(at)
	case p.accept("type"):
		return p.parseAlterType(at)
	case p.accept("domain"):
		return p.parseAlterDomain(at)
	case p.is("function"), p.is("procedure"), p.is("routine"):
		return p.parseAlterFunction(at)
	case p.accept("aggregate"):
		return p.alterRest(at, p.aggregateRef(), canRename|canSchema|canOwner)
	case p.accept("collation"):
		return p.parseAlterCollation(at)
	case p.accept("conversion"):
		return p.alterRest(at, p.dotted(ast.ObjectConversion), canRename|canSchema|canOwner)
	case p.accept("database"):
		return p.parseAlterDatabase(at)
	case p.accept("default"):
		p.expect("privileges")
		return p.parseAlterDefaultPrivileges(at)
	case p.accept("event"):
		return p.parseAlterEventTrigger(at)
	case p.accept("extension"):
		return p.parseAlterExtension(at)
	case p.accept("group"):
		return p.parseAlterGroup(at)
	case p.accept("role"):
		return p.parseAlterRole(at)
	case p.accept("user"):
		if p.is("mapping", "for") {
			return p.parseAlterUserMapping(at)
		}
		return p.parseAlterRole(at)
	case p.accept("procedural"):
		p.expect("language")
		return p.alterRest(at, p.named(ast.ObjectLanguage), canRename|canOwner)
	case p.accept("language"):
		return p.alterRest(at, p.named(ast.ObjectLanguage), canRename|canOwner)
	case p.accept("large"):
		p.expect("object")
		return p.alterRest(at, &ast.Object{At: p.here(), Kind: ast.ObjectLargeObject, Number: p.numberText()}, canOwner)
	case p.accept("operator"):
		return p.parseAlterOperator(at)
	case p.accept("policy"):
		return p.parseAlterPolicy(at)
	case p.accept("publication"):
		return p.parseAlterPublication(at)
	case p.accept("rule"):
		return p.alterRest(at, p.onTable(ast.ObjectRule), canRename)
	case p.accept("trigger"):
		return p.alterRest(at, p.onTable(ast.ObjectTrigger), canRename|canDepend)
	case p.accept("schema"):
		return p.alterRest(at, p.named(ast.ObjectSchema), canRename|canOwner)
	case p.accept("server"):
		return p.parseAlterServer(at)
	case p.accept("statistics"):
		return p.parseAlterStatistics(at)
	case p.accept("subscription"):
		return p.parseAlterSubscription(at)
	case p.accept("system"):
		return p.parseAlterSystem(at)
	case p.accept("tablespace"):
		return p.parseAlterTablespace(at)
	case p.accept("text"):
		p.expect("search")
		return p.parseAlterTextSearch(at)
	}
	p.fail()
	return nil
}

// alterAbility says which of the common endings of ALTER a kind takes.
type alterAbility uint8

const (
	canRename alterAbility = 1 << iota // RENAME TO name
	canSchema                          // SET SCHEMA name
	canOwner                           // OWNER TO role
	canDepend                          // [NO] DEPENDS ON EXTENSION name
)

// alterRest parses the end of ALTER kind object.
func (p *parser) alterRest(at ast.At, o *ast.Object, can alterAbility) ast.Stmt {
	if s := p.alterCommon(at, o, can); s != nil {
		return s
	}
	p.fail()
	return nil
}

// alterCommon is alterRest for kinds that take more: nil if the end is none of
// the common ones.
func (p *parser) alterCommon(at ast.At, o *ast.Object, can alterAbility) ast.Stmt {
	switch {
	case can&canRename != 0 && p.accept("rename"):
		p.expect("to")
		return &ast.RenameStmt{At: at, Kind: o.Kind, Object: o, NewName: p.colID()}
	case can&canSchema != 0 && p.is("set", "schema"):
		p.expect("set", "schema")
		return &ast.AlterSchemaStmt{At: at, Kind: o.Kind, Object: o, Schema: p.colID()}
	case can&canSchema != 0 && p.is("set") && p.isAt(1, "(") && (o.Kind == ast.ObjectOperator || o.Kind == ast.ObjectType):
		p.advance()
		return &ast.AlterOptionsStmt{At: at, Object: o, Options: p.operatorOptions()}
	case can&canOwner != 0 && p.accept("owner"):
		p.expect("to")
		return &ast.AlterOwnerStmt{At: at, Object: o, Owner: p.roleSpec()}
	case can&canDepend != 0 && (p.is("no") || p.is("depends")):
		s := &ast.AlterDependsStmt{At: at, Kind: o.Kind, Object: o}
		s.Remove, s.Extension = p.dependsOnExtension()
		return s
	case can&canSchema != 0 && p.is("set"):
		p.expect("set", "schema") // fails behind SET
	}
	return nil
}

// onTable parses name ON table.
func (p *parser) onTable(kind ast.ObjectKind) *ast.Object {
	o := p.named(kind)
	p.expect("on")
	o.On = p.relationName()
	return o
}

// relationName parses a relation's name into its parts.
func (p *parser) relationName() []string {
	r := p.qualifiedName()
	var name []string
	for _, part := range []string{r.Catalog, r.Schema, r.Name} {
		if part != "" {
			name = append(name, part)
		}
	}
	return name
}

// operatorOptions parses (name = value, …) of ALTER OPERATOR and ALTER TYPE,
// where the value is not optional.
func (p *parser) operatorOptions() []*ast.Option {
	return parenListOf(p, func(p *parser) *ast.Option {
		o := &ast.Option{At: p.here(), Name: p.colLabel()}
		p.expect("=")
		p.defArg(o)
		return o
	})
}

// ---- types and domains ----

func (p *parser) parseAlterType(at ast.At) ast.Stmt {
	namePos := p.here()
	o := &ast.Object{At: namePos, Kind: ast.ObjectType, Name: p.anyName()}
	switch {
	case p.is("add", "value"):
		p.expect("add", "value")
		s := &ast.AlterEnumStmt{At: at, Name: o.Name}
		if p.is("if") {
			p.expect("if", "not", "exists")
			s.IfNotExists = true
		}
		s.New = p.stringConst()
		if s.After = p.accept("after"); s.After || p.accept("before") {
			s.HasNeighbor, s.Neighbor = true, p.stringConst()
		}
		return s
	case p.is("rename", "value"):
		p.expect("rename", "value")
		s := &ast.AlterEnumStmt{At: at, Name: o.Name, Rename: true, Old: p.stringConst()}
		p.expect("to")
		s.New = p.stringConst()
		return s
	case p.is("rename", "attribute"):
		p.expect("rename", "attribute")
		s := &ast.RenameStmt{At: at, Kind: ast.ObjectAttribute, RelationKind: ast.ObjectType}
		s.Table = &ast.RangeVar{At: namePos}
		p.setRangeName(s.Table, o.Name)
		s.SubName = p.colID()
		p.expect("to")
		s.NewName = p.colID()
		s.Behavior = p.dropBehavior()
		return s
	case p.is("add"), p.is("drop"), p.is("alter"):
		s := &ast.AlterTableStmt{At: at, Kind: ast.ObjectType, Table: &ast.RangeVar{At: namePos}}
		s.Commands = listOf(p, (*parser).alterAttribute)
		p.setRangeName(s.Table, o.Name)
		return s
	}
	return p.alterRest(at, o, canRename|canSchema|canOwner)
}

// alterAttribute parses ADD, DROP or ALTER ATTRIBUTE.
func (p *parser) alterAttribute() *ast.AlterTableCommand {
	c := &ast.AlterTableCommand{At: p.here()}
	switch {
	case p.accept("add"):
		p.expect("attribute")
		c.Op, c.Column = ast.AddColumn, p.simpleColumn()
	case p.accept("drop"):
		p.expect("attribute")
		c.Op, c.IfExists = ast.DropColumn, p.acceptIfExists()
		c.Name = p.colID()
	default:
		p.expect("alter", "attribute")
		c.Op, c.Name = ast.AlterColumnType, p.colID()
		if p.accept("set") {
			p.expect("data")
		}
		p.expect("type")
		c.Type = p.typeName()
		c.Collation = p.optCollate()
	}
	c.Behavior = p.dropBehavior()
	return c
}

func (p *parser) parseAlterDomain(at ast.At) ast.Stmt {
	o := p.dotted(ast.ObjectDomain)
	s := &ast.AlterDomainStmt{At: at, Name: o.Name}
	switch {
	case p.is("rename", "constraint"):
		p.expect("rename", "constraint")
		r := &ast.RenameStmt{At: at, Kind: ast.ObjectDomainConstraint, RelationKind: ast.ObjectDomain, Object: o}
		r.SubName = p.colID()
		p.expect("to")
		r.NewName = p.colID()
		return r
	case p.is("set", "default"):
		p.expect("set", "default")
		s.Op = ast.SetColumnDefault
		p.expr(&s.Expr)
		return s
	case p.is("set", "not"):
		p.expect("set", "not", "null")
		s.Op = ast.SetNotNull
		return s
	case p.accept("drop"):
		switch {
		case p.accept("default"):
			s.Op = ast.SetColumnDefault
		case p.acceptNot():
			p.expect("null")
			s.Op = ast.DropNotNull
		default:
			p.expect("constraint")
			s.Op, s.IfExists = ast.DropConstraint, p.acceptIfExists()
			s.ConstraintName = p.colID()
			s.Behavior = p.dropBehavior()
		}
		return s
	case p.accept("add"):
		s.Op, s.Constraint = ast.AddConstraint, p.tableConstraint()
		return s
	case p.accept("validate"):
		p.expect("constraint")
		s.Op, s.ConstraintName = ast.ValidateConstraint, p.colID()
		return s
	}
	return p.alterRest(at, o, canRename|canSchema|canOwner)
}

// ---- functions, operators ----

func (p *parser) parseAlterFunction(at ast.At) ast.Stmt {
	f := p.functionRef(p.routineKind())
	if !p.is("set") || p.is("set", "schema") && p.peek(2).kind != tokString && !p.isSettingNameAt(1) {
		if s := p.alterCommon(at, f, canRename|canSchema|canOwner|canDepend); s != nil {
			return s
		}
	}
	s := &ast.AlterFunctionStmt{At: at, Func: f}
	for {
		o := p.funcOption(false)
		if o == nil {
			break
		}
		s.Options = append(s.Options, o)
	}
	if len(s.Options) == 0 {
		p.fail()
	}
	p.accept("restrict")
	return s
}

func (p *parser) parseAlterOperator(at ast.At) ast.Stmt {
	if kind := p.acceptOpClass(); kind != ast.ObjectNone {
		o := p.opClass(kind)
		if kind == ast.ObjectOperatorFamily && (p.is("add") || p.is("drop")) {
			if p.accept("add") {
				p.opClassItems()
			} else {
				p.expect("drop")
				p.opClassDrops()
			}
			return unsupported(at, "ALTER OPERATOR FAMILY")
		}
		return p.alterRest(at, o, canRename|canSchema|canOwner)
	}
	return p.alterRest(at, p.operatorRef(), canSchema|canOwner)
}

func (p *parser) opClassDrops() {
	for {
		if !p.accept("operator") {
			p.expect("function")
		}
		p.intConst()
		p.expect("(")
		p.typeList()
		p.expect(")")
		if !p.accept(",") {
			return
		}
	}
}

func (p *parser) parseAlterCollation(at ast.At) ast.Stmt {
	o := p.dotted(ast.ObjectCollation)
	if p.accept("refresh") {
		p.expect("version")
		return unsupported(at, "ALTER COLLATION")
	}
	return p.alterRest(at, o, canRename|canSchema|canOwner)
}

// ---- databases, roles, the system ----

func (p *parser) parseAlterDatabase(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectDatabase)
	name := o.Name[0]
	switch {
	case p.is("rename"), p.is("owner", "to"):
		return p.alterRest(at, o, canRename|canOwner)
	case p.accept("refresh"):
		p.expect("collation", "version")
		return &ast.AlterDatabaseStmt{At: at, Name: name, RefreshCollation: true}
	case p.is("set", "tablespace") && !p.isSettingNameAt(1):
		p.advance()
		option := &ast.Option{At: p.here(), Name: "tablespace", Kind: ast.OptionWord}
		p.advance()
		option.Text = p.colID()
		return &ast.AlterDatabaseStmt{At: at, Name: name, Options: []*ast.Option{option}}
	case p.is("set"), p.is("reset"):
		return &ast.AlterDatabaseSetStmt{At: at, Name: name, Set: p.setReset()}
	}
	p.acceptWith()
	return &ast.AlterDatabaseStmt{At: at, Name: name, Options: p.databaseOptions()}
}

// setReset parses SET or RESET inside another statement (SetResetClause).
func (p *parser) setReset() *ast.SetStmt {
	at := p.here()
	if p.is("reset") {
		return p.parseReset()
	}
	p.expect("set")
	return p.setRest(at)
}

func (p *parser) parseAlterRole(at ast.At) ast.Stmt {
	if p.accept("all") {
		s := &ast.AlterRoleSetStmt{At: at}
		p.roleSettings(s)
		return s
	}
	role := p.roleSpec()
	switch {
	case p.accept("rename"):
		p.expect("to")
		o := &ast.Object{At: role.At, Kind: ast.ObjectRole, Name: []string{ownName(role)}}
		return &ast.RenameStmt{At: at, Kind: ast.ObjectRole, Object: o, NewName: p.roleID()}
	case p.is("in"), p.is("set"), p.is("reset"):
		s := &ast.AlterRoleSetStmt{At: at, Role: role}
		p.roleSettings(s)
		return s
	}
	p.optWith()
	return &ast.AlterRoleStmt{At: at, Role: role, Options: p.roleOptions(false)}
}

// roleSettings parses [IN DATABASE name] SET or RESET.
func (p *parser) roleSettings(s *ast.AlterRoleSetStmt) {
	if p.accept("in") {
		p.expect("database")
		s.Database = p.colID()
	}
	s.Set = p.setReset()
}

func (p *parser) parseAlterGroup(at ast.At) ast.Stmt {
	role := p.roleSpec()
	if p.accept("rename") {
		p.expect("to")
		o := &ast.Object{At: role.At, Kind: ast.ObjectRole, Name: []string{ownName(role)}}
		return &ast.RenameStmt{At: at, Kind: ast.ObjectRole, Object: o, NewName: p.roleID()}
	}
	s := &ast.AlterRoleStmt{At: at, Role: role, Group: true}
	if s.Drop = p.accept("drop"); !s.Drop {
		p.expect("add")
	}
	option := &ast.RoleOption{At: p.here(), Name: "rolemembers"}
	p.expect("user")
	option.Roles = p.roleList()
	s.Options = []*ast.RoleOption{option}
	return s
}

func (p *parser) parseAlterUserMapping(at ast.At) ast.Stmt {
	p.expect("mapping", "for")
	p.authIdent()
	p.expect("server")
	p.colID()
	p.genericOptions(true)
	return unsupported(at, "ALTER USER MAPPING")
}

func (p *parser) parseAlterSystem(at ast.At) ast.Stmt {
	if p.is("reset") {
		setAt := p.here()
		p.advance()
		return &ast.AlterSystemStmt{At: at, Set: p.genericReset(setAt)}
	}
	s := &ast.SetStmt{At: p.here()}
	p.expect("set")
	s.Name = p.settingName()
	p.settingValue(s, false)
	return &ast.AlterSystemStmt{At: at, Set: s}
}

func (p *parser) parseAlterTablespace(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectTablespace)
	if p.is("set") || p.is("reset") {
		reset := p.is("reset")
		p.advance()
		return &ast.AlterOptionsStmt{At: at, Object: o, Reset: reset, Options: p.relOptions()}
	}
	return p.alterRest(at, o, canRename|canOwner)
}

// ---- policies, publications, statistics, text search ----

func (p *parser) parseAlterPolicy(at ast.At) ast.Stmt {
	ifExists := p.acceptIfExists()
	o := p.named(ast.ObjectPolicy)
	p.expect("on")
	table := p.qualifiedName()
	if o.On = []string{table.Name}; table.Schema != "" {
		o.On = []string{table.Schema, table.Name}
	}
	if ifExists || p.is("rename") {
		p.expect("rename", "to")
		return &ast.RenameStmt{At: at, Kind: ast.ObjectPolicy, Table: table, Object: o, SubName: o.Name[0],
			NewName: p.colID(), IfExists: ifExists}
	}
	s := &ast.CreatePolicyStmt{At: at, Alter: true, Name: o.Name[0], Table: table}
	p.policyRest(s)
	return s
}

func (p *parser) parseAlterPublication(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectPublication)
	s := &ast.PublicationStmt{At: at, Alter: true, Name: o.Name[0]}
	switch {
	case p.is("set", "("):
		p.advance()
		s.Action, s.Options = "options", p.definition()
	case p.is("set"), p.is("add"), p.is("drop"):
		s.Action = p.word()
		s.Objects = p.publicationObjects()
	default:
		return p.alterRest(at, o, canRename|canOwner)
	}
	return s
}

func (p *parser) parseAlterSubscription(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectSubscription)
	s := &ast.SubscriptionStmt{At: at, Alter: true, Name: o.Name[0]}
	switch {
	case p.is("set", "("):
		p.advance()
		s.Action, s.Options = "options", p.definition()
	case p.accept("connection"):
		s.Action, s.Connection = "connection", p.stringConst()
	case p.accept("refresh"):
		p.expect("publication")
		s.Action, s.Options = "refresh", p.optDefinition()
	case p.is("add"), p.is("drop"), p.is("set"):
		s.Action = p.word()
		p.expect("publication")
		s.Publications = p.nameList()
		s.Options = p.optDefinition()
	case p.is("enable"), p.is("disable"):
		s.Action = p.word()
	case p.accept("skip"):
		s.Action, s.Options = "skip", p.definition()
	default:
		return p.alterRest(at, o, canRename|canOwner)
	}
	return s
}

func (p *parser) parseAlterStatistics(at ast.At) ast.Stmt {
	ifExists := p.acceptIfExists()
	o := p.dotted(ast.ObjectStatistics)
	if ifExists || p.is("set", "statistics") {
		p.expect("set", "statistics")
		return &ast.AlterStatisticsStmt{At: at, Name: o.Name, IfExists: ifExists, Target: p.signedInt()}
	}
	return p.alterRest(at, o, canRename|canSchema|canOwner)
}

func (p *parser) parseAlterTextSearch(at ast.At) ast.Stmt {
	kind := p.textSearchKind()
	o := p.dotted(kind)
	switch {
	case kind == ast.ObjectTextSearchDictionary && p.is("("):
		return &ast.AlterOptionsStmt{At: at, Object: o, Options: p.definition()}
	case kind == ast.ObjectTextSearchConfiguration && (p.is("add") || p.is("alter") || p.is("drop")):
		p.textSearchMapping()
		return unsupported(at, "ALTER TEXT SEARCH CONFIGURATION")
	case kind == ast.ObjectTextSearchDictionary || kind == ast.ObjectTextSearchConfiguration:
		return p.alterRest(at, o, canRename|canSchema|canOwner)
	}
	return p.alterRest(at, o, canRename|canSchema)
}

// textSearchMapping parses ADD, ALTER and DROP MAPPING.
func (p *parser) textSearchMapping() {
	switch {
	case p.accept("add"):
		p.expect("mapping", "for")
		p.nameList()
		p.expect("with")
		p.anyNameList()
	case p.accept("drop"):
		p.expect("mapping")
		if p.is("if") {
			p.expect("if", "exists")
		}
		p.expect("for")
		p.nameList()
	default:
		p.expect("alter", "mapping")
		if !p.accept("replace") {
			p.expect("for")
			p.nameList()
			if p.accept("with") {
				p.anyNameList()
				return
			}
			p.expect("replace")
		}
		p.anyName()
		p.expect("with")
		p.anyName()
	}
}

// ---- foreign data, event triggers, extensions ----

func (p *parser) parseAlterWrapper(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectForeignDataWrapper)
	if p.is("rename") || p.is("owner") {
		return p.alterRest(at, o, canRename|canOwner)
	}
	options := p.fdwOptions()
	if p.is("options") || !options {
		p.genericOptions(true)
	}
	return unsupported(at, "ALTER FOREIGN DATA WRAPPER")
}

func (p *parser) parseAlterServer(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectForeignServer)
	if p.is("rename") || p.is("owner") {
		return p.alterRest(at, o, canRename|canOwner)
	}
	version := p.serverVersion()
	if p.is("options") || !version {
		p.genericOptions(true)
	}
	return unsupported(at, "ALTER SERVER")
}

func (p *parser) parseAlterEventTrigger(at ast.At) ast.Stmt {
	p.expect("trigger")
	o := p.named(ast.ObjectEventTrigger)
	switch {
	case p.accept("enable"):
		_ = p.accept("replica") || p.accept("always")
	case p.accept("disable"):
	default:
		return p.alterRest(at, o, canRename|canOwner)
	}
	return unsupported(at, "ALTER EVENT TRIGGER")
}

func (p *parser) parseAlterExtension(at ast.At) ast.Stmt {
	o := p.named(ast.ObjectExtension)
	switch {
	case p.accept("update"):
		for p.accept("to") {
			p.wordOrString()
		}
		return unsupported(at, "ALTER EXTENSION")
	case p.accept("add"), p.accept("drop"):
		p.extensionMember()
		return unsupported(at, "ALTER EXTENSION")
	}
	return p.alterRest(at, o, canSchema)
}

// extensionMember parses the object of ALTER EXTENSION … ADD or DROP.
func (p *parser) extensionMember() {
	switch {
	case p.accept("cast"):
		p.castPair()
	case p.accept("domain"), p.accept("type"):
		p.typeName()
	case p.accept("aggregate"):
		p.aggregateRef()
	case p.accept("operator"):
		if kind := p.acceptOpClass(); kind != ast.ObjectNone {
			p.opClass(kind)
		} else {
			p.operatorRef()
		}
	case p.accept("transform"):
		p.transformRef()
	default:
		if kind := p.routineKind(); kind != ast.ObjectNone {
			p.functionRef(kind)
		} else if p.objectAnyName() != ast.ObjectNone {
			p.anyName()
		} else if p.objectName() != ast.ObjectNone {
			p.colID()
		} else {
			p.fail()
		}
	}
}

// ownName is the name of a role that must have one.
func ownName(r *ast.RoleSpec) string {
	requireOwnName(r)
	return r.Name
}
