package ast

// Statements that work on objects of any kind.

// DropStmt is DROP of every kind but ROLE and DATABASE, and DROP OWNED.
type DropStmt struct {
	At
	Kind         ObjectKind
	Objects      []*Object
	IfExists     bool
	Concurrently bool // DROP INDEX CONCURRENTLY
	Behavior     DropBehavior
}

// Tag is DROP and the kind.
func (s *DropStmt) Tag() string { return "DROP " + s.Kind.String() }

// RenameStmt is every RENAME. What is renamed is, for relations, Table itself,
// or its column (Kind ObjectColumn, ObjectAttribute) or constraint
// (ObjectTableConstraint) SubName; for other kinds Object.
type RenameStmt struct {
	At
	Kind         ObjectKind
	RelationKind ObjectKind // as written: ALTER VIEW v RENAME COLUMN …
	Table        *RangeVar
	Object       *Object
	SubName      string
	NewName      string
	IfExists     bool
	Behavior     DropBehavior
}

// Tag is ALTER and the kind that was written.
func (s *RenameStmt) Tag() string {
	if s.RelationKind != ObjectNone {
		return "ALTER " + s.RelationKind.String()
	}
	return "ALTER " + s.Kind.String()
}

// AlterSchemaStmt is ALTER … SET SCHEMA.
type AlterSchemaStmt struct {
	At
	Kind     ObjectKind
	Table    *RangeVar // relations
	Object   *Object   // everything else
	Schema   string
	IfExists bool
}

// Tag is ALTER and the kind.
func (s *AlterSchemaStmt) Tag() string { return "ALTER " + s.Kind.String() }

// AlterOwnerStmt is ALTER … OWNER TO of what is not a relation.
type AlterOwnerStmt struct {
	At
	Object *Object
	Owner  *RoleSpec
}

// Tag is ALTER and the kind.
func (s *AlterOwnerStmt) Tag() string { return "ALTER " + s.Object.Kind.String() }

// AlterDependsStmt is ALTER … [NO] DEPENDS ON EXTENSION.
type AlterDependsStmt struct {
	At
	Kind      ObjectKind
	Table     *RangeVar
	Object    *Object
	Extension string
	Remove    bool
}

// Tag is ALTER and the kind.
func (s *AlterDependsStmt) Tag() string { return "ALTER " + s.Kind.String() }

// AlterOptionsStmt is ALTER of an object by a list of options: ALTER OPERATOR o
// SET (…), ALTER TYPE t SET (…), ALTER TEXT SEARCH DICTIONARY d (…), ALTER
// TABLESPACE t SET (…) and RESET (…).
type AlterOptionsStmt struct {
	At
	Object  *Object
	Reset   bool
	Options []*Option
}

// Tag is ALTER and the kind.
func (s *AlterOptionsStmt) Tag() string { return "ALTER " + s.Object.Kind.String() }

// CommentStmt is COMMENT ON.
type CommentStmt struct {
	At
	Object *Object
	Text   string
	Null   bool // IS NULL removes the comment
}

// Tag implements Stmt's command tag.
func (*CommentStmt) Tag() string { return "COMMENT" }

// SecurityLabelStmt is SECURITY LABEL.
type SecurityLabelStmt struct {
	At
	Provider string
	Object   *Object
	Label    string
	Null     bool
}

// Tag implements Stmt's command tag.
func (*SecurityLabelStmt) Tag() string { return "SECURITY LABEL" }

// GrantTarget is what stands behind ON in GRANT.
type GrantTarget uint8

// The targets.
const (
	GrantObjects     GrantTarget = iota // the named objects
	GrantAllInSchema                    // ALL TABLES IN SCHEMA: Objects are schemas
	GrantDefaults                       // ALTER DEFAULT PRIVILEGES: no objects
)

// Privilege is one privilege, lower case, with its columns.
type Privilege struct {
	At
	Name    string // empty: ALL with columns
	Columns []string
}

// GrantStmt is GRANT and REVOKE of privileges on objects.
type GrantStmt struct {
	At
	Revoke      bool
	Target      GrantTarget
	Kind        ObjectKind   // a bare list is of ObjectTable
	Privileges  []*Privilege // empty: ALL
	Objects     []*Object
	Grantees    []*RoleSpec
	GrantOption bool // WITH GRANT OPTION; GRANT OPTION FOR
	GrantedBy   *RoleSpec
	Behavior    DropBehavior
}

// Tag is GRANT or REVOKE.
func (s *GrantStmt) Tag() string {
	if s.Revoke {
		return "REVOKE"
	}
	return "GRANT"
}

// GrantRoleStmt is GRANT and REVOKE of roles.
type GrantRoleStmt struct {
	At
	Revoke      bool
	Roles       []*Privilege // role names; columns are refused later
	Grantees    []*RoleSpec
	AdminOption bool
	GrantedBy   *RoleSpec
	Behavior    DropBehavior
}

// Tag is GRANT ROLE or REVOKE ROLE.
func (s *GrantRoleStmt) Tag() string {
	if s.Revoke {
		return "REVOKE ROLE"
	}
	return "GRANT ROLE"
}

// AlterDefaultPrivilegesStmt is ALTER DEFAULT PRIVILEGES.
type AlterDefaultPrivilegesStmt struct {
	At
	Schemas []string
	Roles   []*RoleSpec
	Action  *GrantStmt
}

// Tag implements Stmt's command tag.
func (*AlterDefaultPrivilegesStmt) Tag() string { return "ALTER DEFAULT PRIVILEGES" }

// DropOwnedStmt is DROP OWNED BY.
type DropOwnedStmt struct {
	At
	Roles    []*RoleSpec
	Behavior DropBehavior
}

// Tag implements Stmt's command tag.
func (*DropOwnedStmt) Tag() string { return "DROP OWNED" }

// ReassignOwnedStmt is REASSIGN OWNED BY.
type ReassignOwnedStmt struct {
	At
	Roles    []*RoleSpec
	NewOwner *RoleSpec
}

// Tag implements Stmt's command tag.
func (*ReassignOwnedStmt) Tag() string { return "REASSIGN OWNED" }

// AlterSystemStmt is ALTER SYSTEM.
type AlterSystemStmt struct {
	At
	Set *SetStmt
}

// Tag implements Stmt's command tag.
func (*AlterSystemStmt) Tag() string { return "ALTER SYSTEM" }
