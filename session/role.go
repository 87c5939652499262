package session

import (
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// Who a session is. It connects as one role; SET SESSION AUTHORIZATION makes it
// another, SET ROLE lends it one's privileges, a SECURITY DEFINER function that
// of its owner while it runs:
//
//	connected as ──SET SESSION AUTHORIZATION──▶ session_user ──SET ROLE──▶ current_user
//	                                                           a definer's call ──▶ current_user
//
// Who connects by a name that no role has is the bootstrap superuser, under that name.

// login finds out which role a client is, and what settings it begins with.
func (s *Session) login() error {
	db, err := s.openDatabase()
	if err != nil {
		return err
	}
	snap := s.cat.Latest()
	role := snap.RoleNamed(s.user)
	if role == nil {
		s.authenticated, s.bootstrap = catalog.BootstrapRoleOID, s.user
		role = snap.Role(catalog.BootstrapRoleOID)
	} else {
		s.authenticated = role.OID
	}
	if !role.Login {
		return fatal(pgerr.New(pgerr.InvalidAuthorization, "role \""+s.user+"\" is not permitted to log in"))
	}
	if !role.Super && snap.DatabaseRights(role.OID, db, catalog.Connect) == 0 {
		return fatal(pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for database \"%s\"", s.databaseName()).
			WithDetail("User does not have CONNECT privilege."))
	}
	next := s.set.with("session_authorization", s.user)
	next.auth = s.authenticated
	s.set = next.with("is_superuser", onOff(role.Super))
	for _, list := range [][]string{snap.MainDatabase().AllConfig, db.Config, role.Config, db.RoleConfig[role.OID]} {
		for _, kv := range list {
			name, value, _ := strings.Cut(kv, "=")
			_ = s.assign(name, value, atConnect) // what is no longer valid must keep nobody out
		}
	}
	return nil
}

// fatal makes an error one that ends, or refuses, the session.
func fatal(e *pgerr.Error) *pgerr.Error {
	e.Severity = "FATAL"
	return e
}

// tooMany refuses a role's connection over its limit.
func (db *DB) tooMany(role *catalog.Role) error {
	if role == nil || role.ConnLimit < 0 || role.Super {
		return nil
	}
	n := 0
	for _, s := range db.sessions {
		if s.authenticated == role.OID {
			n++
		}
	}
	if n >= role.ConnLimit {
		return fatal(pgerr.Newf(pgerr.TooManyConnections, "too many connections for role \"%s\"", role.Name))
	}
	return nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// sessionRole is session_user, outerRole current_user outside of definers' functions.
func (s *Session) sessionRole() catalog.OID { return s.set.auth }

func (s *Session) outerRole() catalog.OID {
	if s.set.role != 0 {
		return s.set.role
	}
	return s.set.auth
}

// role is current_user: whose privileges count.
func (s *Session) role() catalog.OID {
	if s.definer != 0 {
		return s.definer
	}
	return s.outerRole()
}

// superuser tells whether the current role may do anything.
func (s *Session) superuser() bool {
	r := s.role()
	return r == catalog.BootstrapRoleOID || s.snapshot().Superuser(r)
}

// roles are the roles as the session names them.
func (s *Session) roles() catalog.RoleNames {
	return catalog.RoleNames{Snap: s.snapshot(), Bootstrap: s.bootstrap}
}

// userName is the current role's name.
func (s *Session) userName() string { return s.roles().Name(s.role()) }

// epoch changes when plans that were made may no longer be right.
func (s *Session) epoch() uint64 { return s.set.epoch ^ uint64(s.definer)<<32 }

// setRole is the assignment of role and session_authorization. It gives the
// settings that follow.
func (s *Session) setRole(name, value string, who settingContext) (*settings, error) {
	if s.definer != 0 && who == userSet {
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "cannot set parameter \"%s\" within security-definer function", name)
	}
	snap := s.snapshot()
	var role *catalog.Role
	if name != "role" || value != "none" {
		if role = s.roles().ByName(value); role == nil {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "role \"%s\" does not exist", value)
		}
	}
	if name == "session_authorization" {
		if role.OID != s.authenticated && !snap.Superuser(s.authenticated) {
			return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set session authorization")
		}
		next := s.set.with("role", "none")
		next = next.with(name, value)
		next.auth, next.role = role.OID, 0
		return next.with("is_superuser", onOff(role.Super)), nil
	}
	next := s.set.with(name, value)
	if role == nil {
		next.role = 0
		return next.with("is_superuser", onOff(snap.Superuser(next.auth))), nil
	}
	if !snap.IsMember(s.sessionRole(), role.OID) {
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set role \"%s\"", value)
	}
	next.role = role.OID
	return next.with("is_superuser", onOff(role.Super)), nil
}

// usable leaves those schemas of a search path that the current role may use.
func (s *Session) usable(path []string) []string {
	if s.superuser() {
		return path
	}
	snap, role := s.snapshot(), s.role()
	out := path[:0]
	for _, name := range path {
		n := snap.SchemaByName(name)
		if n == nil || name == s.tempName || snap.SchemaRights(role, n, catalog.Usage) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// RoleOID and the like tell package catalog who asks.
func (h *host) RoleOID() catalog.OID         { return h.s().role() }
func (h *host) SessionRoleOID() catalog.OID  { return h.s().sessionRole() }
func (h *host) RoleNames() catalog.RoleNames { return h.s().roles() }
func (h *host) TemporarySchema() string      { return h.tempName }

// may demands privileges on a sequence, any of them.
func (h *host) may(seq *catalog.Sequence, any catalog.Rights) error {
	s := h.s()
	if r := s.role(); r == catalog.BootstrapRoleOID || s.snapshot().SequenceRights(r, seq, any) != 0 {
		return nil
	}
	return catalog.PermissionDenied("sequence", seq.Name)
}

// mayCopyFiles demands the right to read or write files of the server.
func (s *Session) mayCopyFiles(n *ast.CopyStmt) error {
	if n.Stdio {
		return nil
	}
	role, name, what := catalog.RoleWriteServerFiles, "pg_write_server_files", "COPY to a file"
	if n.From {
		role, name, what = catalog.RoleReadServerFiles, "pg_read_server_files", "COPY from a file"
	}
	if s.snapshot().HasPrivsOf(s.role(), role) {
		return nil
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be superuser or have privileges of the %s role to %s", name, what).
		WithHint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.")
}

// mayLock demands a privilege that lets one lock a table in a mode.
func (s *Session) mayLock(t *catalog.Table, mode ast.LockMode) error {
	any := catalog.Update | catalog.Delete | catalog.Truncate
	switch mode {
	case ast.AccessShareLock:
		any = catalog.Select
	case ast.RowExclusiveLock:
		any |= catalog.Insert
	}
	snap := s.snapshot()
	if snap.TableRights(s.role(), t, any) != 0 {
		return nil
	}
	return catalog.PermissionDenied(snap.KindOf(t), t.Name)
}

// mayVacuum tells whether the current role may VACUUM or ANALYZE a table, which
// is passed over with a warning if not.
func (s *Session) mayVacuum(t *catalog.Table, analyze bool) bool {
	snap, role := s.snapshot(), s.role()
	owner := t.Owner
	if owner == 0 {
		owner = catalog.BootstrapRoleOID
	}
	if snap.HasPrivsOf(role, owner) || snap.HasPrivsOf(role, snap.DatabaseOwner()) {
		return true
	}
	verb := "vacuum"
	if analyze {
		verb = "analyze"
	}
	s.warn(pgerr.Warning, fmt.Sprintf("skipping \"%s\" --- only table or database owner can %s it", t.Name, verb))
	return false
}

// mayUseLanguage demands USAGE of a language.
func (s *Session) mayUseLanguage(name string) error {
	if s.snapshot().LanguageRights(s.role(), name, catalog.Usage) == 0 {
		return catalog.PermissionDenied("language", name)
	}
	return nil
}

// maySignal demands the right to stop another session's statement, or the session.
func (h *host) maySignal(other *Session, verb, process, superuser string) error {
	s := h.s()
	snap, target := s.snapshot(), other.authenticated
	if snap.Superuser(target) && !s.superuser() {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be a superuser to %s superuser %s", verb, superuser)
	}
	if snap.HasPrivsOf(s.role(), target) || snap.HasPrivsOf(s.role(), catalog.RoleSignalBackend) {
		return nil
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be a member of the role whose %s or member of pg_signal_backend", process)
}

// checkSetting sees that a parameter may be given a value when sessions begin.
func (s *Session) checkSetting(name, value string) error {
	d := settingTable[strings.ToLower(name)]
	if d == nil {
		if strings.Contains(name, ".") {
			return nil
		}
		return unknownSetting(name)
	}
	switch d.context {
	case internal, atStart, onReload:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed", d.name)
	case superOnly:
		if !s.superuser() {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set parameter \"%s\"", d.name)
		}
	}
	_, err := d.check(value)
	return err
}

// Verifier gives what a role's password is checked against, "" if there is no
// such role, or it has none, or it is no longer valid.
func (db *DB) Verifier(role string) string {
	r := db.cat.Latest().RoleNamed(role)
	if r == nil || r.ValidUntil != nil && *r.ValidUntil < nowMicros() {
		return ""
	}
	return r.Password
}
