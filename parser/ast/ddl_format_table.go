package ast

// This file prints tables, indexes, views and sequences.

func (s *CreateTableStmt) format(p *printer) {
	p.s("CREATE ")
	p.when(s.Foreign, "FOREIGN ")
	p.persistence(s.Persistence)
	p.s("TABLE ", ifNotExists(s.IfNotExists))
	p.relation(s.Name)
	if s.OfType != nil {
		p.s(" OF ")
		p.name(s.OfType)
	}
	if s.PartitionOf != nil {
		p.s(" PARTITION OF ")
		p.relation(s.PartitionOf)
	}
	if len(s.Elements) > 0 || s.OfType == nil && s.PartitionOf == nil {
		p.s(" ")
		p.parens(func() { commas(p, s.Elements, func(e TableElement) { p.node(e) }) })
	}
	if s.Bound != nil {
		p.s(" ")
		p.partitionBound(s.Bound)
	}
	if len(s.Inherits) > 0 {
		p.s(" INHERITS ")
		p.parens(func() { p.relations(s.Inherits) })
	}
	if s.PartitionBy != nil {
		p.s(" PARTITION BY ")
		p.id(s.PartitionBy.Strategy)
		p.s(" ")
		p.parens(func() { commas(p, s.PartitionBy.Elements, p.partitionElem) })
	}
	p.tableTail(s.AccessMethod, s.Options, s.WithoutOids, s.OnCommit, s.Tablespace)
	p.clause(" SERVER ", s.Server)
	p.foreignOptions(s.ForeignOptions)
}

func (p *printer) tableTail(method string, options []*Option, withoutOids bool, onCommit OnCommit, tablespace string) {
	p.clause(" USING ", method)
	p.withOptions(" WITH ", options)
	p.when(withoutOids, " WITHOUT OIDS")
	p.s([...]string{OnCommitNone: "", OnCommitPreserve: " ON COMMIT PRESERVE ROWS",
		OnCommitDelete: " ON COMMIT DELETE ROWS", OnCommitDrop: " ON COMMIT DROP"}[onCommit])
	p.clause(" TABLESPACE ", tablespace)
}

func (p *printer) partitionBound(b *PartitionBound) {
	exprs := func(words string, list []Expr) {
		p.s(words)
		p.parens(func() { p.exprs(list) })
	}
	switch {
	case b.Default:
		p.s("DEFAULT")
	case b.Hash:
		p.s("FOR VALUES WITH (MODULUS ", itoa(b.Modulus), ", REMAINDER ", itoa(b.Remainder), ")")
	case b.In != nil:
		exprs("FOR VALUES IN ", b.In)
	default:
		exprs("FOR VALUES FROM ", b.From)
		exprs(" TO ", b.To)
	}
}

func (p *printer) partitionElem(e *PartitionElem) {
	p.columnOrExpr(e.Column, e.Expr)
	p.collation(e.Collation)
	if e.OpClass != nil {
		p.s(" ")
		p.name(e.OpClass)
	}
}

// columnOrExpr prints what is indexed or partitioned by.
func (p *printer) columnOrExpr(column string, e Expr) {
	if e == nil {
		p.id(column)
		return
	}
	if f, ok := e.(*FuncCall); ok && !f.SQLSyntax && f.Over == nil && f.Filter == nil && !f.WithinGroup {
		p.any(e)
		return
	}
	p.parens(func() { p.any(e) })
}

func (p *printer) collation(name []string) {
	if name != nil {
		p.s(" COLLATE ")
		p.name(name)
	}
}

func (p *printer) collate(c *CollateClause) {
	if c != nil {
		p.collation(c.Name)
	}
}

func (c *ColumnDef) format(p *printer) {
	p.id(c.Name)
	if c.Type != nil {
		p.s(" ")
		p.typeName(c.Type)
	}
	if c.Compression != "" {
		p.s(" COMPRESSION ")
		p.word(c.Compression)
	}
	p.foreignOptions(c.ForeignOptions)
	p.collate(c.Collation)
	for _, x := range c.Constraints {
		p.s(" ")
		p.constraint(x, true)
	}
}

func (c *LikeClause) format(p *printer) {
	p.s("LIKE ")
	p.relation(c.Table)
	if c.Options&LikeAll == LikeAll {
		p.s(" INCLUDING ALL")
		return
	}
	all := c.Options > LikeAll>>1 // ALL, less some
	p.when(all, " INCLUDING ALL")
	for _, o := range []struct {
		word   string
		option LikeOption
	}{
		{"COMMENTS", LikeComments}, {"COMPRESSION", LikeCompression}, {"CONSTRAINTS", LikeConstraints},
		{"DEFAULTS", LikeDefaults}, {"GENERATED", LikeGenerated}, {"IDENTITY", LikeIdentity},
		{"INDEXES", LikeIndexes}, {"STATISTICS", LikeStatistics}, {"STORAGE", LikeStorage},
	} {
		switch on := c.Options&o.option != 0; {
		case on && !all:
			p.s(" INCLUDING ", o.word)
		case !on && all:
			p.s(" EXCLUDING ", o.word)
		}
	}
}

func (c *Constraint) format(p *printer) { p.constraint(c, false) }

// constraint prints a constraint of a column or a table.
func (p *printer) constraint(c *Constraint, column bool) {
	if c.Name != "" {
		p.clause("CONSTRAINT ", c.Name)
		p.s(" ")
	}
	switch c.Kind {
	case ConstraintNull, ConstraintNotNull:
		p.s(c.Kind.String())
	case ConstraintDefault:
		p.s("DEFAULT ")
		p.tight(c.Expr)
	case ConstraintIdentity:
		p.s("GENERATED ", generatedWhen(c.ByDefault), " AS IDENTITY")
		if len(c.SequenceOptions) > 0 {
			p.s(" ")
			p.parens(func() { p.sequenceOptions(c.SequenceOptions) })
		}
	case ConstraintGenerated:
		p.s("GENERATED ALWAYS AS ")
		p.parens(func() { p.any(c.Expr) })
		p.s(" STORED")
	case ConstraintCheck:
		p.s("CHECK ")
		p.parens(func() { p.any(c.Expr) })
	case ConstraintPrimaryKey, ConstraintUnique:
		p.s(c.Kind.String())
		p.when(c.NullsNotDistinct, " NULLS NOT DISTINCT")
		p.columnList(c.Columns)
		p.clause(" USING INDEX ", c.UsingIndex)
		p.indexTail(c)
	case ConstraintExclusion:
		p.exclusion(c)
	case ConstraintForeignKey:
		p.foreignKey(c, column)
	}
	p.constraintAttributes(c)
}

func (p *printer) constraintAttributes(c *Constraint) {
	p.when(c.Deferrable, " DEFERRABLE")
	p.when(c.InitiallyDeferred, " INITIALLY DEFERRED")
	p.when(c.NotValid, " NOT VALID")
	p.when(c.NoInherit, " NO INHERIT")
}

// indexTail prints INCLUDE, WITH and USING INDEX TABLESPACE.
func (p *printer) indexTail(c *Constraint) {
	if len(c.Including) > 0 {
		p.s(" INCLUDE")
		p.columnList(c.Including)
	}
	p.withOptions(" WITH ", c.Options)
	p.clause(" USING INDEX TABLESPACE ", c.IndexTablespace)
}

func (p *printer) exclusion(c *Constraint) {
	p.s("EXCLUDE ")
	if c.AccessMethod != "" {
		p.clause("USING ", c.AccessMethod)
		p.s(" ")
	}
	p.parens(func() {
		commas(p, c.Exclusions, func(e *ExclusionElem) {
			e.Element.format(p)
			p.s(" WITH ")
			p.operatorName(e.Operator)
		})
	})
	p.indexTail(c)
	if c.Where != nil {
		p.s(" WHERE ")
		p.parens(func() { p.any(c.Where) })
	}
}

var foreignKeyActions = [...]string{NoAction: "", Restrict: "RESTRICT", Cascade: "CASCADE", SetNull: "SET NULL",
	SetDefault: "SET DEFAULT"}

func (p *printer) foreignKey(c *Constraint, column bool) {
	if !column {
		p.s("FOREIGN KEY")
		p.columnList(c.Columns)
		p.s(" ")
	}
	p.s("REFERENCES ")
	p.relation(c.References)
	p.columnList(c.RefColumns)
	p.when(c.MatchFull, " MATCH FULL")
	p.when(c.OnUpdate != NoAction, " ON UPDATE "+foreignKeyActions[c.OnUpdate])
	p.when(c.OnDelete != NoAction, " ON DELETE "+foreignKeyActions[c.OnDelete])
	p.columnList(c.OnDeleteColumns)
}

func (s *CreateTableAsStmt) format(p *printer) {
	p.s("CREATE ")
	p.persistence(s.Persistence)
	if s.Materialized {
		p.s("MATERIALIZED VIEW ")
	} else {
		p.s("TABLE ")
	}
	p.s(ifNotExists(s.IfNotExists))
	p.relation(s.Name)
	p.columnList(s.Columns)
	p.tableTail(s.AccessMethod, s.Options, s.WithoutOids, s.OnCommit, s.Tablespace)
	p.s(" AS ")
	if s.Execute != nil {
		s.Execute.format(p)
	} else {
		p.query(s.Query)
	}
	p.when(s.WithNoData, " WITH NO DATA")
}

func (s *RefreshMaterializedViewStmt) format(p *printer) {
	p.s("REFRESH MATERIALIZED VIEW ")
	p.when(s.Concurrently, "CONCURRENTLY ")
	p.relation(s.Name)
	p.when(s.WithNoData, " WITH NO DATA")
}

func (s *CreateViewStmt) format(p *printer) {
	p.s("CREATE ", orReplace(s.OrReplace))
	p.persistence(s.Persistence)
	p.when(s.Recursive, "RECURSIVE ")
	p.s("VIEW ")
	p.relation(s.Name)
	p.columnList(s.Columns)
	p.withOptions(" WITH ", s.Options)
	p.s(" AS ")
	p.query(s.Query)
	p.s([...]string{CheckNone: "", CheckLocal: " WITH LOCAL CHECK OPTION",
		CheckCascaded: " WITH CASCADED CHECK OPTION"}[s.Check])
}

func (s *CreateIndexStmt) format(p *printer) {
	p.s("CREATE ")
	p.when(s.Unique, "UNIQUE ")
	p.s("INDEX ")
	p.when(s.Concurrently, "CONCURRENTLY ")
	p.s(ifNotExists(s.IfNotExists))
	if s.Name != "" {
		p.id(s.Name)
		p.s(" ")
	}
	p.s("ON ")
	p.relation(s.Table)
	p.clause(" USING ", s.AccessMethod)
	p.s(" ")
	elems := func(list []*IndexElem) {
		p.parens(func() { commas(p, list, func(e *IndexElem) { e.format(p) }) })
	}
	elems(s.Elements)
	if len(s.Including) > 0 {
		p.s(" INCLUDE ")
		elems(s.Including)
	}
	p.when(s.NullsNotDistinct, " NULLS NOT DISTINCT")
	p.withOptions(" WITH ", s.Options)
	p.clause(" TABLESPACE ", s.Tablespace)
	p.where(s.Where)
}

// format prints an element as CREATE INDEX takes it.
func (e *IndexElem) format(p *printer) {
	p.columnOrExpr(e.Name, e.Expr)
	p.collation(e.Collation)
	if e.OpClass != nil {
		p.s(" ")
		p.name(e.OpClass)
		p.withOptions(" ", e.OpClassOptions)
	}
	p.s([...]string{SortDefault: "", SortAsc: " ASC", SortDesc: " DESC", SortUsing: ""}[e.Dir])
	p.nulls(e.Nulls)
}

func (s *CreateSequenceStmt) format(p *printer) {
	p.s("CREATE ")
	p.persistence(s.Persistence)
	p.s("SEQUENCE ", ifNotExists(s.IfNotExists))
	p.relation(s.Name)
	p.when(len(s.Options) > 0, " ")
	p.sequenceOptions(s.Options)
}

func (s *AlterSequenceStmt) format(p *printer) {
	p.s("ALTER SEQUENCE ", ifExists(s.IfExists))
	p.relation(s.Name)
	p.s(" ")
	p.sequenceOptions(s.Options)
}

func (s *CreateStatisticsStmt) format(p *printer) {
	p.s("CREATE STATISTICS ", ifNotExists(s.IfNotExists))
	p.name(s.Name)
	p.columnList(s.Kinds)
	p.s(" ON ")
	commas(p, s.Elements, func(e *IndexElem) { p.columnOrExpr(e.Name, e.Expr) })
	p.s(" FROM ")
	commas(p, s.From, p.table)
}

func (s *AlterStatisticsStmt) format(p *printer) {
	p.s("ALTER STATISTICS ", ifExists(s.IfExists))
	p.name(s.Name)
	p.s(" SET STATISTICS ", itoa(s.Target))
}

func (s *TruncateStmt) format(p *printer) {
	p.s("TRUNCATE ")
	p.relations(s.Tables)
	p.when(s.RestartIdentity, " RESTART IDENTITY")
	p.behavior(s.Behavior)
}

func (s *AlterTablespaceAllStmt) format(p *printer) {
	p.s("ALTER ", s.Kind.String(), " ALL IN TABLESPACE ")
	p.id(s.From)
	if len(s.Owners) > 0 {
		p.s(" OWNED BY ")
		p.roles(s.Owners)
	}
	p.clause(" SET TABLESPACE ", s.To)
	p.when(s.NoWait, " NOWAIT")
}

// ---- ALTER TABLE ----

func (s *AlterTableStmt) format(p *printer) {
	p.s("ALTER ", s.Kind.String(), " ", ifExists(s.IfExists))
	p.relation(s.Table)
	p.s(" ")
	commas(p, s.Commands, func(c *AlterTableCommand) {
		if s.Kind == ObjectType {
			p.attributeCommand(c)
		} else {
			c.format(p)
		}
	})
}

// attributeCommand prints a subcommand of ALTER TYPE.
func (p *printer) attributeCommand(c *AlterTableCommand) {
	switch c.Op {
	case AddColumn:
		p.s("ADD ATTRIBUTE ")
		c.Column.format(p)
	case DropColumn:
		p.s("DROP ATTRIBUTE ", ifExists(c.IfExists))
		p.id(c.Name)
	default:
		p.s("ALTER ATTRIBUTE ")
		p.id(c.Name)
		p.s(" TYPE ")
		p.typeName(c.Type)
		p.collate(c.Collation)
	}
	p.behavior(c.Behavior)
}

// alterWords are the subcommands that are words and, perhaps, a name.
var alterWords = map[AlterTableOp]string{
	ValidateConstraint: "VALIDATE CONSTRAINT ", ClusterOn: "CLUSTER ON ", SetWithoutCluster: "SET WITHOUT CLUSTER",
	SetWithoutOids: "SET WITHOUT OIDS", SetLogged: "SET LOGGED", SetUnlogged: "SET UNLOGGED",
	EnableTrigger: "ENABLE TRIGGER ", EnableAlwaysTrigger: "ENABLE ALWAYS TRIGGER ",
	EnableReplicaTrigger: "ENABLE REPLICA TRIGGER ", DisableTrigger: "DISABLE TRIGGER ",
	EnableTriggerAll: "ENABLE TRIGGER ALL", DisableTriggerAll: "DISABLE TRIGGER ALL",
	EnableTriggerUser: "ENABLE TRIGGER USER", DisableTriggerUser: "DISABLE TRIGGER USER",
	EnableRule: "ENABLE RULE ", EnableAlwaysRule: "ENABLE ALWAYS RULE ", EnableReplicaRule: "ENABLE REPLICA RULE ",
	DisableRule: "DISABLE RULE ", DropOf: "NOT OF", SetAccessMethod: "SET ACCESS METHOD ",
	SetTablespace: "SET TABLESPACE ", EnableRowSecurity: "ENABLE ROW LEVEL SECURITY",
	DisableRowSecurity: "DISABLE ROW LEVEL SECURITY", ForceRowSecurity: "FORCE ROW LEVEL SECURITY",
	NoForceRowSecurity: "NO FORCE ROW LEVEL SECURITY",
}

// columnWords are the subcommands of ALTER COLUMN that are mere words.
var columnWords = map[AlterTableOp]string{
	SetNotNull: "SET NOT NULL", DropNotNull: "DROP NOT NULL", DropExpression: "DROP EXPRESSION",
	DropIdentity: "DROP IDENTITY", SetColumnStatistics: "SET STATISTICS ", SetColumnStorage: "SET STORAGE ",
	SetColumnCompression: "SET COMPRESSION ",
}

func (c *AlterTableCommand) format(p *printer) {
	if words, ok := alterWords[c.Op]; ok {
		p.s(words)
		if c.Name != "" {
			p.id(c.Name)
		}
		return
	}
	switch c.Op {
	case AddColumn:
		p.s("ADD COLUMN ", ifNotExists(c.IfNotExists))
		c.Column.format(p)
	case DropColumn:
		p.s("DROP COLUMN ", ifExists(c.IfExists))
		p.id(c.Name)
		p.behavior(c.Behavior)
	case AddConstraint:
		p.s("ADD ")
		c.Constraint.format(p)
	case AlterConstraint:
		p.clause("ALTER CONSTRAINT ", c.Constraint.Name)
		p.constraintAttributes(c.Constraint)
	case DropConstraint:
		p.s("DROP CONSTRAINT ", ifExists(c.IfExists))
		p.id(c.Name)
		p.behavior(c.Behavior)
	case AddInherit, DropInherit:
		p.when(c.Op == DropInherit, "NO ")
		p.s("INHERIT ")
		p.relation(c.Relation)
	case AddOf:
		p.s("OF ")
		p.name(c.OfType)
	case ChangeOwner:
		p.s("OWNER TO ")
		p.role(c.Owner)
	case SetOptions:
		p.withOptions("SET ", c.Options)
	case ResetOptions:
		p.withOptions("RESET ", c.Options)
	case SetReplicaIdentity:
		p.s("REPLICA IDENTITY ", [...]string{ReplicaDefault: "DEFAULT", ReplicaFull: "FULL",
			ReplicaNothing: "NOTHING", ReplicaIndex: "USING INDEX "}[c.ReplicaIdentity])
		p.clause("", c.Name)
	case SetForeignOptions:
		p.s("OPTIONS ")
		p.options(c.Options, " ")
	case AttachPartition:
		p.s("ATTACH PARTITION ")
		p.relation(c.Relation)
		if c.Bound != nil {
			p.s(" ")
			p.partitionBound(c.Bound)
		}
	case DetachPartition, DetachPartitionFinalize:
		p.s("DETACH PARTITION ")
		p.relation(c.Relation)
		p.when(c.Concurrently, " CONCURRENTLY")
		p.when(c.Op == DetachPartitionFinalize, " FINALIZE")
	default:
		p.alterColumn(c)
	}
}

func (p *printer) alterColumn(c *AlterTableCommand) {
	p.s("ALTER COLUMN ")
	if c.Number > 0 {
		p.s(itoa(c.Number))
	} else {
		p.id(c.Name)
	}
	p.s(" ")
	if words, ok := columnWords[c.Op]; ok {
		p.s(words)
		if c.Op == SetColumnStatistics {
			p.s(c.Value)
		} else if c.Value != "" {
			p.word(c.Value)
		}
		p.when(c.IfExists, " IF EXISTS")
		return
	}
	switch c.Op {
	case SetColumnDefault:
		if c.Expr == nil {
			p.s("DROP DEFAULT")
			return
		}
		p.s("SET DEFAULT ")
		p.any(c.Expr)
	case AlterColumnType:
		p.s("TYPE ")
		p.typeName(c.Type)
		p.collate(c.Collation)
		if c.Expr != nil {
			p.s(" USING ")
			p.any(c.Expr)
		}
	case SetColumnOptions:
		p.withOptions("SET ", c.Options)
	case ResetColumnOptions:
		p.withOptions("RESET ", c.Options)
	case SetColumnForeignOptions:
		p.s("OPTIONS ")
		p.options(c.Options, " ")
	case AddIdentity:
		p.s("ADD GENERATED ", generatedWhen(c.ByDefault), " AS IDENTITY")
		if len(c.SequenceOptions) > 0 {
			p.s(" ")
			p.parens(func() { p.sequenceOptions(c.SequenceOptions) })
		}
	case SetIdentity:
		for i, o := range c.SequenceOptions {
			p.when(i > 0, " ")
			p.when(o.Kind != SequenceRestart, "SET ")
			p.sequenceOption(o)
		}
	}
}
