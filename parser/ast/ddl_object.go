package ast

// CreateSchemaStmt is CREATE SCHEMA. Elements are CreateTableStmt,
// CreateIndexStmt, CreateSequenceStmt, CreateTriggerStmt, GrantStmt and
// CreateViewStmt.
type CreateSchemaStmt struct {
	At
	Name        string // empty: that of the role
	Owner       *RoleSpec
	IfNotExists bool
	Elements    []Stmt
}

// Tag implements Stmt's command tag.
func (*CreateSchemaStmt) Tag() string { return "CREATE SCHEMA" }

// CreateEnumStmt is CREATE TYPE … AS ENUM.
type CreateEnumStmt struct {
	At
	Name   []string
	Labels []string
}

// Tag implements Stmt's command tag.
func (*CreateEnumStmt) Tag() string { return "CREATE TYPE" }

// CreateCompositeTypeStmt is CREATE TYPE … AS (…).
type CreateCompositeTypeStmt struct {
	At
	Name    []string
	Columns []*ColumnDef
}

// Tag implements Stmt's command tag.
func (*CreateCompositeTypeStmt) Tag() string { return "CREATE TYPE" }

// CreateRangeTypeStmt is CREATE TYPE … AS RANGE.
type CreateRangeTypeStmt struct {
	At
	Name    []string
	Options []*Option
}

// Tag implements Stmt's command tag.
func (*CreateRangeTypeStmt) Tag() string { return "CREATE TYPE" }

// DefineStmt is CREATE of an object that is defined by options alone: a base
// type (or, without options, a shell type), aggregate, operator, collation or
// text search object.
type DefineStmt struct {
	At
	Kind        ObjectKind
	Name        []string
	OrReplace   bool
	IfNotExists bool
	OldStyle    bool // CREATE AGGREGATE name (basetype = …)
	Args        *Object
	Options     []*Option
	From        []string // CREATE COLLATION … FROM
}

// Tag is CREATE and the kind.
func (s *DefineStmt) Tag() string { return "CREATE " + s.Kind.String() }

// AlterEnumStmt is ALTER TYPE … ADD VALUE or RENAME VALUE.
type AlterEnumStmt struct {
	At
	Name        []string
	Old         string // RENAME VALUE
	Rename      bool
	New         string
	Neighbor    string // BEFORE or AFTER
	HasNeighbor bool
	After       bool
	IfNotExists bool
}

// Tag implements Stmt's command tag.
func (*AlterEnumStmt) Tag() string { return "ALTER TYPE" }

// CreateDomainStmt is CREATE DOMAIN.
type CreateDomainStmt struct {
	At
	Name        []string
	Type        *TypeName
	Collation   *CollateClause
	Constraints []*Constraint
}

// Tag implements Stmt's command tag.
func (*CreateDomainStmt) Tag() string { return "CREATE DOMAIN" }

// AlterDomainStmt is ALTER DOMAIN, but for RENAME, OWNER and SET SCHEMA. Op is
// SetColumnDefault, SetNotNull, DropNotNull, AddConstraint, DropConstraint or
// ValidateConstraint.
type AlterDomainStmt struct {
	At
	Name           []string
	Op             AlterTableOp
	Expr           Expr
	Constraint     *Constraint
	ConstraintName string
	IfExists       bool
	Behavior       DropBehavior
}

// Tag implements Stmt's command tag.
func (*AlterDomainStmt) Tag() string { return "ALTER DOMAIN" }

// ParamMode is the mode of a function's parameter.
type ParamMode uint8

// The modes. ParamTable is a column of RETURNS TABLE.
const (
	ParamDefault ParamMode = iota // IN left unsaid
	ParamIn
	ParamOut
	ParamInOut
	ParamVariadic
	ParamTable
)

// FuncParam is a parameter of a function.
type FuncParam struct {
	At
	Name    string
	Type    *TypeName
	Mode    ParamMode
	Default Expr
}

// FuncOptionKind is one clause of CREATE or ALTER FUNCTION.
type FuncOptionKind uint8

// The clauses.
const (
	FuncAs FuncOptionKind = iota
	FuncLanguage
	FuncTransform
	FuncWindow
	FuncStrict
	FuncVolatility // Text: immutable, stable, volatile
	FuncSecurity   // Bool: SECURITY DEFINER
	FuncLeakproof
	FuncCost
	FuncRows
	FuncSupport
	FuncSet
	FuncParallel
)

// FuncOption is one clause of CREATE or ALTER FUNCTION, in the order written.
type FuncOption struct {
	At
	Kind  FuncOptionKind
	Text  string
	Text2 string // AS 'object file', 'symbol'
	Bool  bool
	Name  []string
	Types []*TypeName
	Set   *SetStmt
}

// CreateFunctionStmt is CREATE FUNCTION and CREATE PROCEDURE.
type CreateFunctionStmt struct {
	At
	Name         []string
	OrReplace    bool
	Procedure    bool
	Params       []*FuncParam // those of RETURNS TABLE last
	Returns      *TypeName
	ReturnsTable bool
	Options      []*FuncOption
	HasBody      bool   // an SQL-standard body follows
	Body         []Stmt // BEGIN ATOMIC …; ReturnStmt or any statement
	Return       *ReturnStmt
}

// Tag implements Stmt's command tag.
func (s *CreateFunctionStmt) Tag() string {
	if s.Procedure {
		return "CREATE PROCEDURE"
	}
	return "CREATE FUNCTION"
}

// ReturnStmt is RETURN expr in a function's body.
type ReturnStmt struct {
	At
	Expr Expr
}

// Tag implements Stmt's command tag.
func (*ReturnStmt) Tag() string { return "RETURN" }

// AlterFunctionStmt is ALTER FUNCTION, PROCEDURE or ROUTINE with options.
type AlterFunctionStmt struct {
	At
	Func    *Object
	Options []*FuncOption
}

// Tag is ALTER and the kind.
func (s *AlterFunctionStmt) Tag() string { return "ALTER " + s.Func.Kind.String() }

// TriggerTiming is when a trigger fires.
type TriggerTiming uint8

// The timings.
const (
	TriggerBefore TriggerTiming = iota
	TriggerAfter
	TriggerInsteadOf
)

// TriggerEvent is a set of events, a bit each.
type TriggerEvent uint8

// The events.
const (
	TriggerInsert TriggerEvent = 1 << iota
	TriggerDelete
	TriggerUpdate
	TriggerTruncate
)

// TriggerTransition is REFERENCING OLD|NEW TABLE|ROW AS name.
type TriggerTransition struct {
	Name  string
	New   bool
	Table bool
}

// CreateTriggerStmt is CREATE [CONSTRAINT] TRIGGER.
type CreateTriggerStmt struct {
	At
	Name              string
	OrReplace         bool
	Constraint        bool
	Table             *RangeVar
	Timing            TriggerTiming
	Events            TriggerEvent
	Columns           []string // UPDATE OF
	Transitions       []*TriggerTransition
	ForEachRow        bool
	When              Expr
	Func              []string
	Args              []string
	ConstraintFrom    *RangeVar
	Deferrable        bool
	InitiallyDeferred bool
}

// Tag implements Stmt's command tag.
func (*CreateTriggerStmt) Tag() string { return "CREATE TRIGGER" }

// CreateRuleStmt is CREATE RULE.
type CreateRuleStmt struct {
	At
	Name      string
	OrReplace bool
	Event     string // SELECT, UPDATE, DELETE, INSERT
	Table     *RangeVar
	Where     Expr
	Instead   bool
	Actions   []Stmt // empty: NOTHING
}

// Tag implements Stmt's command tag.
func (*CreateRuleStmt) Tag() string { return "CREATE RULE" }

// CreateExtensionStmt is CREATE EXTENSION.
type CreateExtensionStmt struct {
	At
	Name        string
	IfNotExists bool
	Options     []*Option // schema, new_version, cascade
}

// Tag implements Stmt's command tag.
func (*CreateExtensionStmt) Tag() string { return "CREATE EXTENSION" }

// RoleStmtKind is the word a role was created by; it decides the defaults.
type RoleStmtKind uint8

// The words.
const (
	RoleStmtRole RoleStmtKind = iota
	RoleStmtUser
	RoleStmtGroup
)

// CreateRoleStmt is CREATE ROLE, USER and GROUP.
type CreateRoleStmt struct {
	At
	Kind    RoleStmtKind
	Name    string
	Options []*RoleOption
}

// Tag implements Stmt's command tag.
func (*CreateRoleStmt) Tag() string { return "CREATE ROLE" }

// RoleOption is an option of CREATE or ALTER ROLE, with PostgreSQL's internal
// name: password, superuser, inherit, createrole, createdb, isreplication,
// canlogin, bypassrls, connectionlimit, validUntil, rolemembers (USER and ROLE),
// adminmembers (ADMIN), addroleto (IN ROLE), sysid.
type RoleOption struct {
	At
	Name  string
	Bool  bool
	Text  string
	Null  bool // PASSWORD NULL
	Roles []*RoleSpec
}

// AlterRoleStmt is ALTER ROLE with options, and ALTER GROUP ADD/DROP USER
// (one option rolemembers; Drop says which).
type AlterRoleStmt struct {
	At
	Role    *RoleSpec
	Options []*RoleOption
	Group   bool
	Drop    bool
}

// Tag implements Stmt's command tag.
func (*AlterRoleStmt) Tag() string { return "ALTER ROLE" }

// AlterRoleSetStmt is ALTER ROLE … [IN DATABASE d] SET or RESET.
type AlterRoleSetStmt struct {
	At
	Role     *RoleSpec // nil: ALL
	Database string
	Set      *SetStmt
}

// Tag implements Stmt's command tag.
func (*AlterRoleSetStmt) Tag() string { return "ALTER ROLE" }

// DropRoleStmt is DROP ROLE, USER or GROUP.
type DropRoleStmt struct {
	At
	Roles    []*RoleSpec
	IfExists bool
}

// Tag implements Stmt's command tag.
func (*DropRoleStmt) Tag() string { return "DROP ROLE" }

// CreateDatabaseStmt is CREATE DATABASE.
type CreateDatabaseStmt struct {
	At
	Name    string
	Options []*Option
}

// Tag implements Stmt's command tag.
func (*CreateDatabaseStmt) Tag() string { return "CREATE DATABASE" }

// AlterDatabaseStmt is ALTER DATABASE with options, SET TABLESPACE (an option
// tablespace) or REFRESH COLLATION VERSION.
type AlterDatabaseStmt struct {
	At
	Name             string
	Options          []*Option
	RefreshCollation bool
}

// Tag implements Stmt's command tag.
func (*AlterDatabaseStmt) Tag() string { return "ALTER DATABASE" }

// AlterDatabaseSetStmt is ALTER DATABASE … SET or RESET of a setting.
type AlterDatabaseSetStmt struct {
	At
	Name string
	Set  *SetStmt
}

// Tag implements Stmt's command tag.
func (*AlterDatabaseSetStmt) Tag() string { return "ALTER DATABASE" }

// DropDatabaseStmt is DROP DATABASE.
type DropDatabaseStmt struct {
	At
	Name     string
	IfExists bool
	Force    bool
}

// Tag implements Stmt's command tag.
func (*DropDatabaseStmt) Tag() string { return "DROP DATABASE" }

// CreatePolicyStmt is CREATE POLICY and, with Alter set, ALTER POLICY.
type CreatePolicyStmt struct {
	At
	Alter       bool
	Name        string
	Table       *RangeVar
	Restrictive bool
	Command     string // all, select, insert, update, delete
	Roles       []*RoleSpec
	Using       Expr
	Check       Expr
}

// Tag is CREATE POLICY or ALTER POLICY.
func (s *CreatePolicyStmt) Tag() string {
	if s.Alter {
		return "ALTER POLICY"
	}
	return "CREATE POLICY"
}

// CreateCastStmt is CREATE CAST.
type CreateCastStmt struct {
	At
	Source, Target *TypeName
	Func           *Object // nil: WITHOUT FUNCTION, or Inout
	Inout          bool
	Context        CastContext
}

// CastContext is where a cast applies by itself.
type CastContext uint8

// The contexts.
const (
	CastExplicit CastContext = iota
	CastAssignment
	CastImplicit
)

// Tag implements Stmt's command tag.
func (*CreateCastStmt) Tag() string { return "CREATE CAST" }

// PublicationObjectKind is the kind of a PublicationObject.
type PublicationObjectKind uint8

// The kinds.
const (
	PublicationTable PublicationObjectKind = iota
	PublicationSchema
	PublicationCurrentSchema
)

// PublicationObject is a table or a schema of a publication.
type PublicationObject struct {
	At
	Kind    PublicationObjectKind
	Table   *RangeVar
	Columns []string
	Where   Expr
	Schema  string
}

// PublicationStmt is CREATE PUBLICATION and ALTER PUBLICATION.
type PublicationStmt struct {
	At
	Alter   bool
	Name    string
	All     bool   // FOR ALL TABLES
	Action  string // ALTER: add, set, drop
	Objects []*PublicationObject
	Options []*Option
}

// Tag is CREATE PUBLICATION or ALTER PUBLICATION.
func (s *PublicationStmt) Tag() string {
	if s.Alter {
		return "ALTER PUBLICATION"
	}
	return "CREATE PUBLICATION"
}

// SubscriptionStmt is CREATE SUBSCRIPTION and ALTER SUBSCRIPTION.
type SubscriptionStmt struct {
	At
	Alter        bool
	Name         string
	Action       string // ALTER: options, connection, refresh, add, drop, set, enable, disable, skip
	Connection   string
	Publications []string
	Options      []*Option
}

// Tag is CREATE SUBSCRIPTION or ALTER SUBSCRIPTION.
func (s *SubscriptionStmt) Tag() string {
	if s.Alter {
		return "ALTER SUBSCRIPTION"
	}
	return "CREATE SUBSCRIPTION"
}
