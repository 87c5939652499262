package catalog

import (
	"strings"

	"rowkey/pgerr"
)

// What a role may do with an object. Superusers may do anything; everybody else
// what the object's list says (acl.go), and what predefined roles add.

// privateRelations are the system relations that not everybody may read.
var privateRelations = map[string]bool{"pg_authid": true, "pg_shadow": true, "pg_statistic": true, "pg_statistic_ext_data": true,
	"pg_user_mapping": true, "pg_subscription": true, "pg_hba_file_rules": true, "pg_ident_file_mappings": true, "pg_file_settings": true,
	"pg_config": true, "pg_backend_memory_contexts": true, "pg_shmem_allocations": true, "pg_replication_origin_status": true, "pg_largeobject": true}

// unsharedRelations are relations of information_schema that PostgreSQL lets nobody
// else read.
var unsharedRelations = map[string]bool{"sql_parts": true, "transforms": true, "_pg_foreign_table_columns": true,
	"_pg_foreign_data_wrappers": true, "_pg_foreign_servers": true, "_pg_foreign_tables": true, "_pg_user_mappings": true}

// privateFunctions are the built-in functions that only superusers may call
// unless they are granted.
var privateFunctions = map[string]bool{"pg_reload_conf": true, "pg_rotate_logfile": true, "pg_read_file": true, "pg_read_binary_file": true,
	"pg_stat_file": true, "pg_ls_dir": true, "pg_ls_logdir": true, "pg_ls_waldir": true, "pg_ls_tmpdir": true, "pg_ls_archive_statusdir": true,
	"pg_switch_wal": true, "pg_create_restore_point": true, "pg_backup_start": true, "pg_backup_stop": true, "pg_stat_reset": true,
	"pg_stat_reset_shared": true, "pg_stat_reset_slru": true, "pg_stat_reset_single_table_counters": true,
	"pg_stat_reset_single_function_counters": true, "pg_promote": true, "pg_wal_replay_pause": true, "pg_wal_replay_resume": true,
	"pg_log_backend_memory_contexts": true, "pg_current_logfile": true, "lo_import": true, "lo_export": true}

// privateFunction tells it of a name as package builtin has it: those that show or
// change what lies below tables are private, too.
func privateFunction(name string) bool {
	return privateFunctions[name] || strings.HasPrefix(name, keySpacePrefix) || strings.HasPrefix(name, rowkeyPrefix)
}

func aclOf(acl *ACL, kind byte, owner OID) *ACL {
	if acl != nil {
		return acl
	}
	return DefaultFor(kind, owner)
}

// TableACL gives a relation's list; set tells that it is not the default one.
func (s *Snapshot) TableACL(t *Table) (acl *ACL, set bool) {
	switch {
	case t.Virtual != nil && t.SchemaOID != RowkeyOID:
		if g := s.GrantsOf(t.OID); g != nil {
			return g.ACL, true
		}
		a := DefaultFor(ACLRelation, BootstrapRoleOID)
		switch {
		case unsharedRelations[t.Name]:
			return a, false
		case t.Name == "pg_settings":
			a.Items = append(a.Items, ACLItem{0, Select | Update, BootstrapRoleOID})
		case t.Name == "pg_shmem_allocations" || t.Name == "pg_backend_memory_contexts":
			a.Items = append(a.Items, ACLItem{RoleReadAllStats, Select, BootstrapRoleOID})
		case !privateRelations[t.Name]:
			a.Items = append(a.Items, ACLItem{0, Select, BootstrapRoleOID})
		}
		return a, true
	case t.Virtual != nil:
		if g := s.GrantsOf(t.OID); g != nil {
			return g.ACL, true
		}
	}
	return aclOf(t.ACL, ACLRelation, ownerOr(t.Owner)), t.ACL != nil
}

// TableRights gives those of want that a role has on a whole table or view.
func (s *Snapshot) TableRights(role OID, t *Table, want Rights) Rights {
	if q := s.Sequence(t.OID); q != nil {
		return s.SequenceRights(role, q, want)
	}
	if s.Superuser(role) {
		return want
	}
	if t.Virtual != nil && t.Kind != KindView {
		want &^= Insert | Update | Delete | Truncate | Usage
	}
	acl, _ := s.TableACL(t)
	return s.withAllData(role, want, acl.held(s, role, ownerOr(t.Owner), want))
}

// withAllData adds what the members of pg_read_all_data and pg_write_all_data may.
func (s *Snapshot) withAllData(role OID, want, have Rights) Rights {
	if want&^have&Select != 0 && s.HasPrivsOf(role, roleReadAllData) {
		have |= Select
	}
	if w := want &^ have & (Insert | Update | Delete); w != 0 && s.HasPrivsOf(role, roleWriteAllData) {
		have |= w
	}
	return have
}

// ColumnRights gives those of want that a role has on a column by its own list.
func (s *Snapshot) ColumnRights(role OID, t *Table, attnum int16, want Rights) Rights {
	if attnum < 1 || int(attnum) > len(t.Columns) || t.Virtual != nil {
		return 0
	}
	c := t.Col(attnum)
	if c.ACL == nil || c.Dropped {
		return 0
	}
	return c.ACL.held(s, role, ownerOr(t.Owner), want)
}

// SequenceRights gives those of want that a role has on a sequence.
func (s *Snapshot) SequenceRights(role OID, q *Sequence, want Rights) Rights {
	if s.Superuser(role) {
		return want
	}
	have := aclOf(q.ACL, ACLSequence, ownerOr(q.Owner)).held(s, role, ownerOr(q.Owner), want)
	return s.withAllData(role, want, have)
}

// SchemaACL gives a schema's list and owner; set tells that it is not the default one.
func (s *Snapshot) SchemaACL(n *Schema) (acl *ACL, owner OID, set bool) {
	owner = ownerOr(n.Owner)
	if n.OID == PublicOID && n.ACL == nil {
		owner = RoleDatabaseOwner
	}
	switch acl := n.ACL; {
	case acl != nil:
		return acl, owner, true
	case n.OID == PgCatalogOID || n.OID == InformationSchemaOID || n.OID == PublicOID:
		if g := s.GrantsOf(n.OID); g != nil {
			return g.ACL, owner, true
		}
		a := DefaultFor(ACLSchema, owner)
		a.Items = append(a.Items, ACLItem{0, Usage, owner})
		return a, owner, true
	}
	return DefaultFor(ACLSchema, owner), owner, false
}

// SchemaRights gives those of want that a role has on a schema.
func (s *Snapshot) SchemaRights(role OID, n *Schema, want Rights) Rights {
	if s.Superuser(role) {
		return want
	}
	acl, owner, _ := s.SchemaACL(n)
	have := acl.held(s, role, owner, want)
	if want&^have&Usage != 0 && (s.HasPrivsOf(role, roleReadAllData) || s.HasPrivsOf(role, roleWriteAllData)) {
		have |= Usage
	}
	return have
}

// SchemaOwner gives the role that owns a schema.
func (s *Snapshot) SchemaOwner(n *Schema) OID {
	_, owner, _ := s.SchemaACL(n)
	return owner
}

// DatabaseACL gives a database's list; set tells that it is not the default one.
func (s *Snapshot) DatabaseACL(d *Database) (acl *ACL, set bool) {
	return aclOf(d.ACL, ACLDatabase, ownerOr(d.Owner)), d.ACL != nil
}

// DatabaseRights gives those of want that a role has on a database.
func (s *Snapshot) DatabaseRights(role OID, d *Database, want Rights) Rights {
	if s.Superuser(role) {
		return want
	}
	acl, _ := s.DatabaseACL(d)
	return acl.held(s, role, ownerOr(d.Owner), want)
}

// FunctionACL gives a function's list and owner; set tells that it is not the default one.
func (s *Snapshot) FunctionACL(oid OID) (acl *ACL, owner OID, set bool) {
	if f := s.Function(oid); f != nil {
		return aclOf(f.ACL, ACLFunction, ownerOr(f.Owner)), ownerOr(f.Owner), f.ACL != nil
	}
	if g := s.GrantsOf(oid); g != nil {
		return g.ACL, BootstrapRoleOID, true
	}
	a := DefaultFor(ACLFunction, BootstrapRoleOID)
	if p := s.proc(oid); p != nil && p.fn != nil && privateFunction(p.fn.Name) {
		a.Items = a.Items[1:]
		return a, BootstrapRoleOID, true
	}
	return a, BootstrapRoleOID, false
}

// FunctionRights gives those of want that a role has on a function.
func (s *Snapshot) FunctionRights(role, oid OID, want Rights) Rights {
	if s.Superuser(role) {
		return want
	}
	acl, owner, _ := s.FunctionACL(oid)
	return acl.held(s, role, owner, want)
}

// TypeACL gives a type's list and owner; set tells that it is not the default
// one. Arrays have those of their elements.
func (s *Snapshot) TypeACL(oid OID) (acl *ACL, owner OID, set bool) {
	if t := s.Type(oid); t != nil && t.IsArray() {
		oid = t.Elem.OID
	}
	if u := s.UserType(oid); u != nil {
		return aclOf(u.ACL, ACLType, ownerOr(u.Owner)), ownerOr(u.Owner), u.ACL != nil
	}
	if t := s.Type(oid); t != nil && t.RelID != 0 {
		if r := s.Table(t.RelID); r != nil && r.Virtual == nil {
			return aclOf(r.TypeACL, ACLType, ownerOr(r.Owner)), ownerOr(r.Owner), r.TypeACL != nil
		}
	}
	if g := s.GrantsOf(oid); g != nil {
		return g.ACL, BootstrapRoleOID, true
	}
	return DefaultFor(ACLType, BootstrapRoleOID), BootstrapRoleOID, false
}

// TypeRights gives those of want that a role has on a type.
func (s *Snapshot) TypeRights(role, oid OID, want Rights) Rights {
	if s.Superuser(role) {
		return want
	}
	acl, owner, _ := s.TypeACL(oid)
	return acl.held(s, role, owner, want)
}

// LanguageACL gives a language's list; set tells that it is not the default one.
func (s *Snapshot) LanguageACL(oid OID) (acl *ACL, set bool) {
	if g := s.GrantsOf(oid); g != nil {
		return g.ACL, true
	}
	return DefaultFor(ACLLanguage, BootstrapRoleOID), false
}

// LanguageRights gives those of want that a role has on a language.
func (s *Snapshot) LanguageRights(role OID, name string, want Rights) Rights {
	if s.Superuser(role) {
		return want
	}
	for _, l := range languages {
		if l.name == name {
			acl, _ := s.LanguageACL(l.oid)
			return acl.held(s, role, BootstrapRoleOID, want)
		}
	}
	return 0
}

// Access is what a statement does with one relation: in whose name, and with
// which columns.
type Access struct {
	Table *Table
	// As is the role that must have the privileges: 0 is whoever runs the statement,
	// for what a view reads it is the view's owner.
	As     OID
	Rights Rights
	// The columns read, given values on insertion, and changed.
	Selected, Inserted, Updated Attnums
}

// Attnums is a set of columns.
type Attnums []uint64

// Add puts a column into the set.
func (a *Attnums) Add(attnum int16) {
	for len(*a) <= int(attnum)/64 {
		*a = append(*a, 0)
	}
	(*a)[attnum/64] |= 1 << (attnum % 64)
}

func (a Attnums) each(f func(attnum int16) bool) bool {
	for w, bits := range a {
		for i := 0; bits != 0; i, bits = i+1, bits>>1 {
			if bits&1 != 0 && !f(int16(w*64+i)) {
				return false
			}
		}
	}
	return true
}

// Check refuses an access that role may not have (42501).
func (a *Access) Check(s *Snapshot, role OID) error {
	if a.As != 0 {
		role = a.As
	}
	t := a.Table
	missing := a.Rights &^ s.TableRights(role, t, a.Rights)
	if missing == 0 {
		return nil
	}
	if now := s.Table(t.OID); now != nil {
		t = now
	}
	if missing&^(Select|Insert|Update) != 0 ||
		missing&Select != 0 && !s.hasColumns(role, t, a.Selected, Select) ||
		missing&Insert != 0 && !s.hasColumns(role, t, a.Inserted, Insert) ||
		missing&Update != 0 && !s.hasColumns(role, t, a.Updated, Update) {
		return PermissionDenied(s.KindOf(t), t.Name)
	}
	return nil
}

// hasColumns tells whether a role has a right on all columns of a set, or, where
// the set is empty, on any column.
func (s *Snapshot) hasColumns(role OID, t *Table, cols Attnums, right Rights) bool {
	if len(cols) == 0 {
		return s.AnyColumnRights(role, t, right)
	}
	return cols.each(func(attnum int16) bool { return s.ColumnRights(role, t, attnum, right) != 0 })
}

// AnyColumnRights tells whether a role has a right on any column.
func (s *Snapshot) AnyColumnRights(role OID, t *Table, right Rights) bool {
	for i := range t.Columns {
		if s.ColumnRights(role, t, int16(i+1), right) == right {
			return true
		}
	}
	return false
}

// KindOf says what a table is, as messages about privileges have it.
func (s *Snapshot) KindOf(t *Table) string {
	switch {
	case s.Sequence(t.OID) != nil:
		return "sequence"
	case t.Kind == KindView:
		return "view"
	case t.Kind == KindMatView:
		return "materialized view"
	case t.Kind == KindComposite:
		return "type"
	}
	return "table"
}

// PermissionDenied is the error for a privilege that is missing.
func PermissionDenied(kind, name string) *pgerr.Error {
	return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for %s %s", kind, name)
}

// MustBeOwner is the error for what only the owner may do.
func MustBeOwner(kind, name string) *pgerr.Error {
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of %s %s", kind, name)
}

// Language finds a language of functions by name.
func Language(name string) (oid OID, trusted, ok bool) {
	for _, l := range languages {
		if l.name == name {
			return l.oid, l.trusted, true
		}
	}
	return 0, false, false
}

// Restricted tells whether a built-in function may not be called by everybody.
func (s *Snapshot) Restricted(oid OID, name string) bool {
	return privateFunction(name) || s.GrantsOf(oid) != nil
}

// SecurityInvoker tells that what a view reads is read in the name of whoever
// asks, not of its owner.
func (t *Table) SecurityInvoker() bool { return t.switchedOn("security_invoker") }

// SecurityBarrier tells that a view's own conditions come before those of who reads it.
func (t *Table) SecurityBarrier() bool { return t.switchedOn("security_barrier") }

func (t *Table) switchedOn(option string) bool {
	for _, o := range t.Options {
		if o == option+"=true" || o == option+"=on" || o == option+"=1" {
			return true
		}
	}
	return false
}

// FunctionName gives the name of a function, built in or not, "" if there is none.
func (s *Snapshot) FunctionName(oid OID) string {
	if p := s.proc(oid); p != nil {
		return p.name
	}
	return ""
}

// DescribeGrants says what built-in object has privileges of its own.
func (s *Snapshot) DescribeGrants(g *Grants) (kind, name string) {
	switch g.Kind {
	case ACLLanguage:
		for _, l := range languages {
			if l.oid == g.OID {
				return "language", l.name
			}
		}
	case ACLFunction:
		return "function", s.FunctionName(g.OID)
	case ACLType:
		if t := s.Type(g.OID); t != nil {
			return "type", t.Name
		}
	case ACLSchema:
		return "schema", s.schemaName(g.OID)
	}
	if t := s.Table(g.OID); t != nil {
		return s.KindOf(t), t.Name
	}
	return "object", ""
}

// mayKnow tells whether information_schema shows a relation to a role: who has
// any privilege on it, or on a column of it.
func (s *Snapshot) mayKnow(role OID, t *Table) bool {
	if t.Kind == KindComposite {
		return false
	}
	if s.HasPrivsOf(role, ownerOr(t.Owner)) || s.TableRights(role, t, AllRights(ACLRelation)) != 0 {
		return true
	}
	for i := range t.Columns {
		if s.ColumnRights(role, t, int16(i+1), AllRights(ACLColumn)) != 0 {
			return true
		}
	}
	return false
}
