package ast

// This file prints definitions of everything but tables and their like, and the
// statements that work on objects of any kind.

func (s *CreateSchemaStmt) format(p *printer) {
	p.s("CREATE SCHEMA", map[bool]string{true: " IF NOT EXISTS"}[s.IfNotExists])
	p.clause(" ", s.Name)
	if s.Owner != nil {
		p.s(" AUTHORIZATION ")
		p.role(s.Owner)
	}
	for _, e := range s.Elements {
		p.s(" ")
		p.node(e)
	}
}

func (s *CreateEnumStmt) format(p *printer) {
	p.s("CREATE TYPE ")
	p.name(s.Name)
	p.s(" AS ENUM ")
	p.parens(func() { p.strings(s.Labels) })
}

func (s *CreateCompositeTypeStmt) format(p *printer) {
	p.s("CREATE TYPE ")
	p.name(s.Name)
	p.s(" AS ")
	p.parens(func() { commas(p, s.Columns, func(c *ColumnDef) { c.format(p) }) })
}

func (s *CreateRangeTypeStmt) format(p *printer) {
	p.s("CREATE TYPE ")
	p.name(s.Name)
	p.withOptions(" AS RANGE ", s.Options)
}

func (s *DefineStmt) format(p *printer) {
	p.s("CREATE ", orReplace(s.OrReplace), s.Kind.String(), " ", ifNotExists(s.IfNotExists))
	if s.Kind == ObjectOperator {
		p.operatorName(s.Name)
	} else {
		p.name(s.Name)
	}
	if s.Args != nil {
		p.params(s.Args)
	}
	p.withOptions(" ", s.Options)
	if s.From != nil {
		p.s(" FROM ")
		p.name(s.From)
	}
}

func (s *AlterEnumStmt) format(p *printer) {
	p.s("ALTER TYPE ")
	p.name(s.Name)
	if s.Rename {
		p.s(" RENAME VALUE ", QuoteString(s.Old), " TO ", QuoteString(s.New))
		return
	}
	p.s(" ADD VALUE ", ifNotExists(s.IfNotExists), QuoteString(s.New))
	if s.HasNeighbor {
		p.s(map[bool]string{true: " AFTER ", false: " BEFORE "}[s.After], QuoteString(s.Neighbor))
	}
}

func (s *CreateDomainStmt) format(p *printer) {
	p.s("CREATE DOMAIN ")
	p.name(s.Name)
	p.s(" AS ")
	p.typeName(s.Type)
	p.collate(s.Collation)
	for _, c := range s.Constraints {
		p.s(" ")
		p.constraint(c, true)
	}
}

func (s *AlterDomainStmt) format(p *printer) {
	p.s("ALTER DOMAIN ")
	p.name(s.Name)
	switch s.Op {
	case SetColumnDefault:
		if s.Expr == nil {
			p.s(" DROP DEFAULT")
			return
		}
		p.s(" SET DEFAULT ")
		p.any(s.Expr)
	case SetNotNull:
		p.s(" SET NOT NULL")
	case DropNotNull:
		p.s(" DROP NOT NULL")
	case AddConstraint:
		p.s(" ADD ")
		s.Constraint.format(p)
	case ValidateConstraint:
		p.clause(" VALIDATE CONSTRAINT ", s.ConstraintName)
	default:
		p.s(" DROP CONSTRAINT ", ifExists(s.IfExists))
		p.id(s.ConstraintName)
		p.behavior(s.Behavior)
	}
}

// ---- functions, triggers, rules ----

func (s *CreateFunctionStmt) format(p *printer) {
	p.s("CREATE ", orReplace(s.OrReplace), map[bool]string{true: "PROCEDURE ", false: "FUNCTION "}[s.Procedure])
	p.name(s.Name)
	var in, table []*FuncParam
	for _, f := range s.Params {
		if f.Mode == ParamTable {
			table = append(table, f)
		} else {
			in = append(in, f)
		}
	}
	p.parens(func() { commas(p, in, p.param) })
	if s.ReturnsTable {
		p.s(" RETURNS TABLE ")
		p.parens(func() { commas(p, table, p.param) })
	} else if s.Returns != nil {
		p.s(" RETURNS ")
		p.typeName(s.Returns)
	}
	for _, o := range s.Options {
		p.s(" ")
		p.funcOption(o)
	}
	switch {
	case s.Return != nil:
		p.s(" ")
		s.Return.format(p)
	case s.HasBody:
		p.s(" BEGIN ATOMIC ")
		for _, b := range s.Body {
			p.node(b)
			p.s("; ")
		}
		p.s("END")
	}
}

func (s *ReturnStmt) format(p *printer) {
	p.s("RETURN ")
	p.any(s.Expr)
}

func (p *printer) funcOption(o *FuncOption) {
	choose := func(yes, no string) {
		if o.Bool {
			p.s(yes)
		} else {
			p.s(no)
		}
	}
	switch o.Kind {
	case FuncAs:
		p.s("AS ", QuoteString(o.Text))
		p.when(o.Text2 != "", ", "+QuoteString(o.Text2))
	case FuncLanguage:
		p.s("LANGUAGE ", QuoteString(o.Text))
	case FuncTransform:
		p.s("TRANSFORM ")
		commas(p, o.Types, func(t *TypeName) {
			p.s("FOR TYPE ")
			p.typeName(t)
		})
	case FuncWindow:
		p.s("WINDOW")
	case FuncStrict:
		choose("STRICT", "CALLED ON NULL INPUT")
	case FuncVolatility:
		p.s(o.Text)
	case FuncSecurity:
		choose("SECURITY DEFINER", "SECURITY INVOKER")
	case FuncLeakproof:
		choose("LEAKPROOF", "NOT LEAKPROOF")
	case FuncCost:
		p.s("COST ", o.Text)
	case FuncRows:
		p.s("ROWS ", o.Text)
	case FuncSupport:
		p.s("SUPPORT ")
		p.name(o.Name)
	case FuncSet:
		o.Set.format(p)
	case FuncParallel:
		p.clause("PARALLEL ", o.Text)
	}
}

func (s *AlterFunctionStmt) format(p *printer) {
	p.s("ALTER ", s.Func.Kind.String(), " ")
	p.object(s.Func)
	for _, o := range s.Options {
		p.s(" ")
		p.funcOption(o)
	}
}

func (s *CreateTriggerStmt) format(p *printer) {
	p.s("CREATE ", orReplace(s.OrReplace))
	p.when(s.Constraint, "CONSTRAINT ")
	p.s("TRIGGER ")
	p.id(s.Name)
	p.s([...]string{TriggerBefore: " BEFORE ", TriggerAfter: " AFTER ", TriggerInsteadOf: " INSTEAD OF "}[s.Timing])
	first := true
	for _, e := range []struct {
		event TriggerEvent
		word  string
	}{{TriggerInsert, "INSERT"}, {TriggerDelete, "DELETE"}, {TriggerUpdate, "UPDATE"}, {TriggerTruncate, "TRUNCATE"}} {
		if s.Events&e.event == 0 {
			continue
		}
		p.when(!first, " OR ")
		p.s(e.word)
		if e.event == TriggerUpdate && len(s.Columns) > 0 {
			p.s(" OF ")
			p.idents(s.Columns)
		}
		first = false
	}
	p.s(" ON ")
	p.relation(s.Table)
	if s.ConstraintFrom != nil {
		p.s(" FROM ")
		p.relation(s.ConstraintFrom)
	}
	p.when(s.Deferrable, " DEFERRABLE")
	p.when(s.InitiallyDeferred, " INITIALLY DEFERRED")
	for i, t := range s.Transitions {
		p.when(i == 0, " REFERENCING")
		p.s(map[bool]string{true: " NEW", false: " OLD"}[t.New], map[bool]string{true: " TABLE ", false: " ROW "}[t.Table])
		p.id(t.Name)
	}
	p.when(s.ForEachRow, " FOR EACH ROW")
	if s.When != nil {
		p.s(" WHEN ")
		p.parens(func() { p.any(s.When) })
	}
	p.s(" EXECUTE FUNCTION ")
	p.name(s.Func)
	p.parens(func() { p.strings(s.Args) })
}

func (s *CreateRuleStmt) format(p *printer) {
	p.s("CREATE ", orReplace(s.OrReplace), "RULE ")
	p.id(s.Name)
	p.s(" AS ON ", s.Event, " TO ")
	p.relation(s.Table)
	p.where(s.Where)
	p.s(" DO ")
	p.when(s.Instead, "INSTEAD ")
	if len(s.Actions) == 0 {
		p.s("NOTHING")
		return
	}
	p.parens(func() {
		for i, a := range s.Actions {
			p.when(i > 0, "; ")
			p.node(a)
		}
	})
}

// ---- roles, databases and the rest ----

func (s *CreateExtensionStmt) format(p *printer) {
	p.s("CREATE EXTENSION ", ifNotExists(s.IfNotExists))
	p.id(s.Name)
	for _, o := range s.Options {
		switch o.Name {
		case "schema":
			p.clause(" SCHEMA ", o.Text)
		case "new_version":
			p.s(" VERSION ", QuoteString(o.Text))
		default:
			p.s(" CASCADE")
		}
	}
}

func (s *CreateRoleStmt) format(p *printer) {
	p.s("CREATE ", [...]string{RoleStmtRole: "ROLE ", RoleStmtUser: "USER ", RoleStmtGroup: "GROUP "}[s.Kind])
	p.id(s.Name)
	p.roleOptions(s.Options)
}

// roleFlags are the options that are one word or its opposite.
var roleFlags = map[string][2]string{
	"superuser": {"NOSUPERUSER", "SUPERUSER"}, "inherit": {"NOINHERIT", "INHERIT"},
	"createrole": {"NOCREATEROLE", "CREATEROLE"}, "createdb": {"NOCREATEDB", "CREATEDB"},
	"isreplication": {"NOREPLICATION", "REPLICATION"}, "canlogin": {"NOLOGIN", "LOGIN"},
	"bypassrls": {"NOBYPASSRLS", "BYPASSRLS"},
}

func (p *printer) roleOptions(list []*RoleOption) {
	for _, o := range list {
		p.s(" ")
		if words, ok := roleFlags[o.Name]; ok {
			p.s(words[map[bool]int{true: 1}[o.Bool]])
			continue
		}
		switch o.Name {
		case "password":
			if o.Null {
				p.s("PASSWORD NULL")
			} else {
				p.s("PASSWORD ", QuoteString(o.Text))
			}
		case "connectionlimit":
			p.s("CONNECTION LIMIT ", o.Text)
		case "validUntil":
			p.s("VALID UNTIL ", QuoteString(o.Text))
		case "sysid":
			p.s("SYSID ", o.Text)
		default:
			p.s(map[string]string{"rolemembers": "USER ", "adminmembers": "ADMIN ", "addroleto": "IN ROLE "}[o.Name])
			p.roles(o.Roles)
		}
	}
}

func (s *AlterRoleStmt) format(p *printer) {
	if s.Group {
		p.s("ALTER GROUP ")
		p.role(s.Role)
		p.s(map[bool]string{true: " DROP", false: " ADD"}[s.Drop])
	} else {
		p.s("ALTER ROLE ")
		p.role(s.Role)
	}
	p.roleOptions(s.Options)
}

func (s *AlterRoleSetStmt) format(p *printer) {
	p.s("ALTER ROLE ")
	if s.Role == nil {
		p.s("ALL")
	} else {
		p.role(s.Role)
	}
	p.clause(" IN DATABASE ", s.Database)
	p.s(" ")
	s.Set.format(p)
}

func (s *DropRoleStmt) format(p *printer) {
	p.s("DROP ROLE ", ifExists(s.IfExists))
	p.roles(s.Roles)
}

func (s *CreateDatabaseStmt) format(p *printer) {
	p.s("CREATE DATABASE ")
	p.id(s.Name)
	p.databaseOptions(s.Options)
}

func (p *printer) databaseOptions(list []*Option) {
	for _, o := range list {
		p.s(" ")
		if o.Name == "connection_limit" {
			p.s("CONNECTION LIMIT")
		} else {
			p.id(o.Name)
		}
		p.optionValue(o, " = ")
	}
}

func (s *AlterDatabaseStmt) format(p *printer) {
	p.s("ALTER DATABASE ")
	p.id(s.Name)
	if s.RefreshCollation {
		p.s(" REFRESH COLLATION VERSION")
	}
	p.databaseOptions(s.Options)
}

func (s *AlterDatabaseSetStmt) format(p *printer) {
	p.s("ALTER DATABASE ")
	p.id(s.Name)
	p.s(" ")
	s.Set.format(p)
}

func (s *DropDatabaseStmt) format(p *printer) {
	p.s("DROP DATABASE ", ifExists(s.IfExists))
	p.id(s.Name)
	p.when(s.Force, " (FORCE)")
}

func (s *CreatePolicyStmt) format(p *printer) {
	p.s(s.Tag(), " ")
	p.id(s.Name)
	p.s(" ON ")
	p.relation(s.Table)
	p.when(s.Restrictive, " AS RESTRICTIVE")
	p.when(s.Command != "", " FOR "+s.Command)
	if len(s.Roles) > 0 {
		p.s(" TO ")
		p.roles(s.Roles)
	}
	if s.Using != nil {
		p.s(" USING ")
		p.parens(func() { p.any(s.Using) })
	}
	if s.Check != nil {
		p.s(" WITH CHECK ")
		p.parens(func() { p.any(s.Check) })
	}
}

func (s *CreateCastStmt) format(p *printer) {
	p.s("CREATE CAST ")
	p.object(&Object{Kind: ObjectCast, Type: s.Source, Target: s.Target})
	switch {
	case s.Inout:
		p.s(" WITH INOUT")
	case s.Func == nil:
		p.s(" WITHOUT FUNCTION")
	default:
		p.s(" WITH FUNCTION ")
		p.object(s.Func)
	}
	p.s([...]string{CastExplicit: "", CastAssignment: " AS ASSIGNMENT", CastImplicit: " AS IMPLICIT"}[s.Context])
}

func (s *PublicationStmt) format(p *printer) {
	p.s(s.Tag(), " ")
	p.id(s.Name)
	switch {
	case s.All:
		p.s(" FOR ALL TABLES")
	case s.Action == "options":
		p.withOptions(" SET ", s.Options)
		return
	case s.Alter:
		p.s(" ", s.Action, " ")
	case len(s.Objects) > 0:
		p.s(" FOR ")
	}
	commas(p, s.Objects, func(o *PublicationObject) {
		switch o.Kind {
		case PublicationSchema:
			p.clause("TABLES IN SCHEMA ", o.Schema)
		case PublicationCurrentSchema:
			p.s("TABLES IN SCHEMA CURRENT_SCHEMA")
		default:
			p.s("TABLE ")
			p.relation(o.Table)
			p.columnList(o.Columns)
			if o.Where != nil {
				p.s(" WHERE ")
				p.parens(func() { p.any(o.Where) })
			}
		}
	})
	p.withOptions(" WITH ", s.Options)
}

func (s *SubscriptionStmt) format(p *printer) {
	p.s(s.Tag(), " ")
	p.id(s.Name)
	switch s.Action {
	case "options":
		p.withOptions(" SET ", s.Options)
		return
	case "skip":
		p.withOptions(" SKIP ", s.Options)
		return
	case "", "connection":
		p.s(" CONNECTION ", QuoteString(s.Connection))
		p.when(s.Action == "", " PUBLICATION ")
	case "refresh":
		p.s(" REFRESH PUBLICATION")
	case "enable", "disable":
		p.s(" ", s.Action)
	default:
		p.s(" ", s.Action, " PUBLICATION ")
	}
	p.idents(s.Publications)
	p.withOptions(" WITH ", s.Options)
}

// ---- objects of any kind ----

func (s *DropStmt) format(p *printer) {
	p.s("DROP ", s.Kind.String(), " ")
	p.when(s.Concurrently, "CONCURRENTLY ")
	p.s(ifExists(s.IfExists))
	commas(p, s.Objects, p.object)
	p.behavior(s.Behavior)
}

func (s *RenameStmt) format(p *printer) {
	p.s(s.Tag(), " ", ifExists(s.IfExists))
	if s.Kind == ObjectPolicy {
		p.id(s.SubName)
		p.s(" ON ")
		p.relation(s.Table)
		p.clause(" RENAME TO ", s.NewName)
		return
	}
	if s.Table != nil {
		p.relation(s.Table)
	} else {
		p.object(s.Object)
	}
	p.s(" RENAME ")
	switch s.Kind {
	case ObjectColumn, ObjectAttribute, ObjectTableConstraint, ObjectDomainConstraint:
		p.s(s.Kind.String(), " ")
		p.id(s.SubName)
		p.s(" ")
	}
	p.clause("TO ", s.NewName)
	p.behavior(s.Behavior)
}

// target prints the object of ALTER, be it a relation or not.
func (p *printer) alterTarget(kind ObjectKind, table *RangeVar, o *Object) {
	p.s("ALTER ", kind.String(), " ")
	if table != nil {
		p.relation(table)
	} else {
		p.object(o)
	}
}

func (s *AlterSchemaStmt) format(p *printer) {
	if s.IfExists {
		p.s("ALTER ", s.Kind.String(), " IF EXISTS ")
		p.relation(s.Table)
	} else {
		p.alterTarget(s.Kind, s.Table, s.Object)
	}
	p.clause(" SET SCHEMA ", s.Schema)
}

func (s *AlterOwnerStmt) format(p *printer) {
	p.alterTarget(s.Object.Kind, nil, s.Object)
	p.s(" OWNER TO ")
	p.role(s.Owner)
}

func (s *AlterDependsStmt) format(p *printer) {
	p.alterTarget(s.Kind, s.Table, s.Object)
	p.when(s.Remove, " NO")
	p.clause(" DEPENDS ON EXTENSION ", s.Extension)
}

func (s *AlterOptionsStmt) format(p *printer) {
	p.alterTarget(s.Object.Kind, nil, s.Object)
	switch {
	case s.Object.Kind == ObjectTextSearchDictionary:
		p.withOptions(" ", s.Options)
	case s.Reset:
		p.withOptions(" RESET ", s.Options)
	default:
		p.withOptions(" SET ", s.Options)
	}
}

func (p *printer) stringOrNull(text string, null bool) {
	if null {
		p.s("NULL")
	} else {
		p.s(QuoteString(text))
	}
}

func (s *CommentStmt) format(p *printer) {
	p.s("COMMENT ON ", s.Object.Kind.String(), " ")
	p.object(s.Object)
	p.s(" IS ")
	p.stringOrNull(s.Text, s.Null)
}

func (s *SecurityLabelStmt) format(p *printer) {
	p.s("SECURITY LABEL ")
	p.when(s.Provider != "", "FOR "+QuoteString(s.Provider)+" ")
	p.s("ON ", s.Object.Kind.String(), " ")
	p.object(s.Object)
	p.s(" IS ")
	p.stringOrNull(s.Label, s.Null)
}

func (p *printer) privileges(list []*Privilege) {
	if len(list) == 0 {
		p.s("ALL")
	}
	commas(p, list, func(x *Privilege) {
		switch x.Name {
		case "":
			p.s("ALL")
		case "select", "references", "create", "alter system":
			p.s(x.Name)
		default:
			p.id(x.Name)
		}
		p.columnList(x.Columns)
	})
}

func (s *GrantStmt) format(p *printer) {
	if s.Revoke {
		p.s("REVOKE ")
		p.when(s.GrantOption, "GRANT OPTION FOR ")
	} else {
		p.s("GRANT ")
	}
	p.privileges(s.Privileges)
	p.s(" ON ")
	kind := s.Kind.String()
	switch {
	case s.Target != GrantObjects:
		p.when(s.Target == GrantAllInSchema, "ALL ")
		p.s(kind, "S")
		if s.Target == GrantAllInSchema {
			p.s(" IN SCHEMA ")
			commas(p, s.Objects, p.object)
		}
	default:
		p.when(s.Kind == ObjectForeignServer, "FOREIGN ")
		p.s(kind, " ")
		commas(p, s.Objects, p.object)
	}
	p.s(map[bool]string{true: " FROM ", false: " TO "}[s.Revoke])
	p.roles(s.Grantees)
	p.when(s.GrantOption && !s.Revoke, " WITH GRANT OPTION")
	p.grantedBy(s.GrantedBy)
	p.behavior(s.Behavior)
}

func (p *printer) grantedBy(r *RoleSpec) {
	if r != nil {
		p.s(" GRANTED BY ")
		p.role(r)
	}
}

func (s *GrantRoleStmt) format(p *printer) {
	if s.Revoke {
		p.s("REVOKE ")
		p.when(s.AdminOption, "ADMIN OPTION FOR ")
		p.privileges(s.Roles)
		p.s(" FROM ")
	} else {
		p.s("GRANT ")
		p.privileges(s.Roles)
		p.s(" TO ")
	}
	p.roles(s.Grantees)
	p.when(s.AdminOption && !s.Revoke, " WITH ADMIN OPTION")
	p.grantedBy(s.GrantedBy)
	p.behavior(s.Behavior)
}

func (s *AlterDefaultPrivilegesStmt) format(p *printer) {
	p.s("ALTER DEFAULT PRIVILEGES ")
	if len(s.Schemas) > 0 {
		p.s("IN SCHEMA ")
		p.idents(s.Schemas)
		p.s(" ")
	}
	if len(s.Roles) > 0 {
		p.s("FOR ROLE ")
		p.roles(s.Roles)
		p.s(" ")
	}
	s.Action.format(p)
}

func (s *DropOwnedStmt) format(p *printer) {
	p.s("DROP OWNED BY ")
	p.roles(s.Roles)
	p.behavior(s.Behavior)
}

func (s *ReassignOwnedStmt) format(p *printer) {
	p.s("REASSIGN OWNED BY ")
	p.roles(s.Roles)
	p.s(" TO ")
	p.role(s.NewOwner)
}

func (s *AlterSystemStmt) format(p *printer) {
	p.s("ALTER SYSTEM ")
	s.Set.format(p)
}
