package catalog

import (
	"slices"
	"strings"
)

// Roles. A role is a user, a group or both. The bootstrap role (OID 10) and
// PostgreSQL's predefined roles are part of every catalog; a descriptor is stored
// for them only once they are altered.
//
//	Role{alice} ──MemberOf──▶ Role{staff} ──MemberOf──▶ Role{pg_read_all_data}
//
// A role has the privileges of those it is a member of as far as each role on
// the way inherits; it may become (SET ROLE) any of them.

// Role is a user or a group.
type Role struct {
	OID         OID
	Name        string
	Super       bool         `json:",omitempty"`
	Inherit     bool         `json:",omitempty"`
	CreateRole  bool         `json:",omitempty"`
	CreateDB    bool         `json:",omitempty"`
	Login       bool         `json:",omitempty"`
	Replication bool         `json:",omitempty"`
	BypassRLS   bool         `json:",omitempty"`
	ConnLimit   int          // -1: none
	Password    string       `json:",omitempty"` // SCRAM verifier, never the password
	ValidUntil  *int64       `json:",omitempty"` // microseconds since 2000-01-01 UTC
	MemberOf    []Membership `json:",omitempty"`
	Config      []string     `json:",omitempty"` // name=value, set when the role connects
	Comment     string       `json:",omitempty"`
}

// Membership makes the role that has it a member of another.
type Membership struct {
	Role    OID
	Grantor OID
	Admin   bool `json:",omitempty"`
}

// Predefined roles that checks know by number.
const (
	roleMonitor          OID = 3373
	RoleReadAllSettings  OID = 3374
	RoleReadAllStats     OID = 3375
	RoleStatScanTables   OID = 3377
	RoleSignalBackend    OID = 4200
	RoleCheckpoint       OID = 4544
	RoleReadServerFiles  OID = 4569
	RoleWriteServerFiles OID = 4570
	RoleExecuteProgram   OID = 4571
	RoleDatabaseOwner    OID = 6171
	roleReadAllData      OID = 6181
	roleWriteAllData     OID = 6182
)

// MainName is the main database's name, as long as it has no other. MaintenanceName is the
// one that tools connect to in order to make databases; it leads there, too.
const (
	MainName        = "rowkey"
	MaintenanceName = "postgres"
)

// NamesMain tells the names that always lead to the main database.
func NamesMain(name string) bool { return name == MainName || name == MaintenanceName }

// Database describes a database; the main one only once something about it was changed.
type Database struct {
	OID     OID
	Name    string   `json:",omitempty"` // "": the main one, which every name leads to that no other has
	Owner   OID      `json:",omitempty"`
	ACL     *ACL     `json:",omitempty"`
	Config  []string `json:",omitempty"` // ALTER DATABASE … SET
	Comment string   `json:",omitempty"`
	// RoleConfig is ALTER ROLE … IN DATABASE … SET, AllConfig ALTER ROLE ALL SET.
	RoleConfig map[OID][]string `json:",omitempty"`
	AllConfig  []string         `json:",omitempty"`
	// Template: whoever may make databases may copy it. Closed: nobody may connect.
	Template, Closed bool `json:",omitempty"`
	// Limit bounds the connections of those who are not superusers, if Limited.
	Limit   int  `json:",omitempty"`
	Limited bool `json:",omitempty"`
}

// Grants holds the privileges of a built-in object whose defaults were changed.
type Grants struct {
	OID  OID
	Kind byte // as in pg_default_acl and acldefault: r, f, T, l …
	ACL  *ACL
}

// DefaultACL is what ALTER DEFAULT PRIVILEGES keeps: privileges of objects a role will make.
type DefaultACL struct {
	OID    OID
	Role   OID
	Schema OID  `json:",omitempty"` // 0: all
	Kind   byte // r, S, f, T, n
	ACL    ACL
}

func (o *Role) objectKey() (objectKind, OID)       { return kindRole, o.OID }
func (o *Database) objectKey() (objectKind, OID)   { return kindDatabase, o.OID }
func (o *Grants) objectKey() (objectKind, OID)     { return kindGrants, o.OID }
func (o *DefaultACL) objectKey() (objectKind, OID) { return kindDefaultACL, o.OID }

// builtinRoles are the roles of every catalog.
func builtinRoles() []Object {
	var out []Object
	for _, f := range roles {
		r := &Role{OID: f.oid, Name: f.name, Inherit: true, ConnLimit: -1}
		switch f.oid {
		case BootstrapRoleOID:
			r.Super, r.CreateRole, r.CreateDB, r.Login, r.Replication, r.BypassRLS = true, true, true, true, true, true
		case roleMonitor:
			for _, m := range []OID{RoleReadAllSettings, RoleReadAllStats, RoleStatScanTables} {
				r.MemberOf = append(r.MemberOf, Membership{Role: m, Grantor: BootstrapRoleOID})
			}
		}
		out = append(out, r)
	}
	return out
}

// Role finds a role, nil if there is none.
func (s *Snapshot) Role(oid OID) *Role { return s.roles.at(oid) }

// RoleNamed finds a role by name, nil if there is none.
func (s *Snapshot) RoleNamed(name string) *Role { return s.roleByName.at(name) }

// Roles gives all roles by OID.
func (s *Snapshot) Roles() []*Role { return sorted(&s.roles) }

// DefaultACLs gives what ALTER DEFAULT PRIVILEGES stored, by OID.
func (s *Snapshot) DefaultACLs() []*DefaultACL { return sorted(&s.defaultACLs) }

// GrantsOf finds the changed privileges of a built-in object, nil if there are none.
func (s *Snapshot) GrantsOf(oid OID) *Grants { return s.grants.at(oid) }

// AllGrants gives the changed privileges of built-in objects, by OID.
func (s *Snapshot) AllGrants() []*Grants { return sorted(&s.grants) }

// Database describes the database whose catalog it is; never nil.
func (s *Snapshot) Database() *Database {
	if d := s.databases.at(s.database); d != nil {
		return d
	}
	return s.MainDatabase()
}

// MainDatabase describes the main database; never nil.
func (s *Snapshot) MainDatabase() *Database {
	if d := s.databases.at(DatabaseOID); d != nil {
		return d
	}
	return &Database{OID: DatabaseOID, Owner: BootstrapRoleOID}
}

// Databases gives all databases, the main one first.
func (s *Snapshot) Databases() []*Database {
	out := []*Database{s.MainDatabase()}
	for _, d := range sorted(&s.databases) {
		if d.OID != DatabaseOID {
			out = append(out, d)
		}
	}
	return out
}

// DatabaseNamed finds a database by the name it was given, nil if there is none.
func (s *Snapshot) DatabaseNamed(name string) *Database {
	for _, d := range s.Databases() {
		if d.Name == name && name != "" {
			return d
		}
	}
	return nil
}

// DatabaseCalled finds a database by what a session calls it, whose own is called own; nil if
// there is none.
func (s *Snapshot) DatabaseCalled(name, own string) *Database {
	if name == own {
		return s.Database()
	}
	if d := s.DatabaseNamed(name); d != nil {
		return d
	}
	if main := s.MainDatabase(); main.Name == "" && NamesMain(name) {
		return main
	}
	return nil
}

// DatabaseText is what a session, whose own database is called own, calls a database.
func (s *Snapshot) DatabaseText(d *Database, own string) string {
	switch {
	case d.OID == s.Database().OID:
		return own
	case d.Name == "":
		return MainName
	}
	return d.Name
}

// DatabaseByOID finds a database, nil if there is none.
func (s *Snapshot) DatabaseByOID(oid OID) *Database {
	if oid == DatabaseOID {
		return s.MainDatabase()
	}
	return s.databases.at(oid)
}

// RoleNames are the roles as one session names them. The session of the
// bootstrap role may call that role by the name it connected with.
type RoleNames struct {
	Snap      *Snapshot
	Bootstrap string // "": the stored name
}

// ByName finds a role, nil if there is none.
func (n RoleNames) ByName(name string) *Role {
	if n.Bootstrap != "" && name == n.Bootstrap {
		return n.Snap.Role(BootstrapRoleOID)
	}
	return n.Snap.RoleNamed(name)
}

// Name gives the name of a role, "" if there is none.
func (n RoleNames) Name(oid OID) string {
	if oid == BootstrapRoleOID && n.Bootstrap != "" {
		return n.Bootstrap
	}
	if r := n.Snap.Role(oid); r != nil {
		return r.Name
	}
	return ""
}

// Superuser tells whether a role may do anything.
func (s *Snapshot) Superuser(role OID) bool {
	if role == BootstrapRoleOID {
		return true
	}
	r := s.roles.at(role)
	return r != nil && r.Super
}

// memberships are the roles that one role is a member of, itself included.
type memberships struct {
	inherits map[OID]bool // whose privileges it has
	member   map[OID]bool // it may become
	admin    map[OID]bool // it may grant
}

// membershipsOf computes what a role is a member of, directly or not, once for
// every catalog.
func (s *Snapshot) membershipsOf(role OID) *memberships {
	if m, ok := s.members.Load(role); ok {
		return m.(*memberships)
	}
	m := &memberships{admin: map[OID]bool{}}
	closure := func(follow func(*Role) bool) map[OID]bool {
		seen := map[OID]bool{role: true}
		for todo := []OID{role}; len(todo) > 0; todo = todo[1:] {
			r := s.Role(todo[0])
			if r == nil || !follow(r) {
				continue
			}
			add := func(o OID) {
				if !seen[o] {
					seen[o] = true
					todo = append(todo, o)
				}
			}
			for _, of := range r.MemberOf {
				if of.Admin {
					m.admin[of.Role] = true
				}
				add(of.Role)
			}
			if r.OID == s.DatabaseOwner() {
				add(RoleDatabaseOwner)
			}
		}
		return seen
	}
	m.inherits = closure(func(r *Role) bool { return r.Inherit })
	m.admin = map[OID]bool{}
	m.member = closure(func(*Role) bool { return true })
	s.members.Store(role, m)
	return m
}

// DatabaseOwner is the role that owns the database.
func (s *Snapshot) DatabaseOwner() OID { return ownerOr(s.Database().Owner) }

// HasPrivsOf tells whether role has the privileges of another role.
func (s *Snapshot) HasPrivsOf(role, of OID) bool {
	return role == of || s.Superuser(role) || s.membershipsOf(role).inherits[of]
}

// IsMember tells whether role may become another role.
func (s *Snapshot) IsMember(role, of OID) bool {
	return role == of || s.Superuser(role) || s.membershipsOf(role).member[of]
}

// IsMemberNoSuper is IsMember without what superusers may.
func (s *Snapshot) IsMemberNoSuper(role, of OID) bool {
	return role == of || s.membershipsOf(role).member[of]
}

// IsAdmin tells whether role may grant another role.
func (s *Snapshot) IsAdmin(role, of OID) bool {
	return s.Superuser(role) || s.membershipsOf(role).admin[of]
}

// applyRole makes a change of a role.
func (s *Snapshot) applyRole(o *Role, drop bool) {
	if old := s.roles.at(o.OID); old != nil {
		s.roles.delete(old.OID)
		s.roleByName.delete(old.Name)
	}
	if !drop {
		s.roles.set(o.OID, o)
		s.roleByName.set(o.Name, o)
	}
}

// ReservedRoleName tells the names that no role can have.
func ReservedRoleName(name string) bool {
	return strings.HasPrefix(name, "pg_")
}

// WithMembership gives the memberships with one changed or added.
func (r *Role) WithMembership(m Membership) []Membership {
	out := slices.Clone(r.MemberOf)
	for i := range out {
		if out[i].Role == m.Role {
			out[i] = m
			return out
		}
	}
	return append(out, m)
}
