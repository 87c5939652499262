package session

import (
	"strings"

	"rowkey/catalog"
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
	snap := s.db.cat.Latest()
	role := snap.RoleNamed(s.user)
	if role == nil {
		s.authenticated, s.bootstrap = catalog.BootstrapRoleOID, s.user
		role = snap.Role(catalog.BootstrapRoleOID)
	} else {
		s.authenticated = role.OID
	}
	if !role.Login {
		return &pgerr.Error{Severity: "FATAL", Code: pgerr.InvalidAuthorization, Message: "role \"" + s.user + "\" is not permitted to log in"}
	}
	if !role.Super && snap.DatabaseRights(role.OID, catalog.Connect) == 0 {
		e := pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for database \"%s\"", s.databaseName()).
			WithDetail("User does not have CONNECT privilege.")
		e.Severity = "FATAL"
		return e
	}
	next := s.set.with("session_authorization", s.user)
	next.auth = s.authenticated
	s.set = next.with("is_superuser", onOff(role.Super))
	db := snap.Database()
	for _, list := range [][]string{db.AllConfig, db.Config, role.Config, db.RoleConfig[role.OID]} {
		for _, kv := range list {
			name, value, _ := strings.Cut(kv, "=")
			_ = s.assign(name, value, atConnect) // what is no longer valid must keep nobody out
		}
	}
	return nil
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
		e := pgerr.Newf(pgerr.TooManyConnections, "too many connections for role \"%s\"", role.Name)
		e.Severity = "FATAL"
		return e
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
