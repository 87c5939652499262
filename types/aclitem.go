package types

import (
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// An aclitem is kept with the numbers of roles, "16385=r*w/10", and shown with
// their names. Grantee 0 is PUBLIC, written as nothing.

// aclLetters are the privileges in the order of their bits; options to grant
// them are the bits sixteen above.
const aclLetters = "arwdDxtXUCTcsA"

// ACLItem makes an aclitem.
func ACLItem(grantee, grantor OID, rights uint32) Datum {
	b := make([]byte, 0, 24)
	if grantee != 0 {
		b = strconv.AppendUint(b, uint64(grantee), 10)
	}
	return NewString(string(strconv.AppendUint(append(aclRights(append(b, '='), rights), '/'), uint64(grantor), 10)))
}

func aclRights(b []byte, rights uint32) []byte {
	for i := range len(aclLetters) {
		if (rights|rights>>16)&(1<<i) != 0 {
			b = append(b, aclLetters[i])
			if rights>>16&(1<<i) != 0 {
				b = append(b, '*')
			}
		}
	}
	return b
}

// ACLParts takes an aclitem apart.
func ACLParts(d Datum) (grantee, grantor OID, rights uint32) {
	who, rest, _ := strings.Cut(d.S, "=")
	letters, by, _ := strings.Cut(rest, "/")
	number := func(s string) OID {
		n, _ := strconv.ParseUint(s, 10, 32)
		return OID(n)
	}
	last := 0
	for i := range len(letters) {
		if letters[i] == '*' {
			rights |= 1 << (last + 16)
			continue
		}
		last = strings.IndexByte(aclLetters, letters[i])
		rights |= 1 << last
	}
	return number(who), number(by), rights
}

// appendACL prints an aclitem with the names of roles.
func appendACL(dst []byte, s string, env *Env) []byte {
	grantee, grantor, rights := ACLParts(NewString(s))
	if grantee != 0 {
		dst = appendACLName(dst, grantee, env)
	}
	dst = append(aclRights(append(dst, '='), rights), '/')
	return appendACLName(dst, grantor, env)
}

func appendACLName(dst []byte, role OID, env *Env) []byte {
	name := ""
	if env != nil && env.Names != nil {
		name = env.Names.RegName(RegRole, role)
	}
	if name == "" {
		return strconv.AppendUint(dst, uint64(role), 10)
	}
	if n := len(name); n >= 2 && name[0] == '"' { // as regrole quotes it; here fewer need it
		name = strings.ReplaceAll(name[1:n-1], `""`, `"`)
	}
	if strings.IndexFunc(name, func(c rune) bool { return !aclWord(c) }) < 0 {
		return append(dst, name...)
	}
	return append(append(append(dst, '"'), strings.ReplaceAll(name, `"`, `""`)...), '"')
}

func aclWord(c rune) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// parseACL reads an aclitem: [user|group] name=privileges[/grantor].
func parseACL(s string, env *Env) (Datum, error) {
	rest := strings.TrimLeft(s, " ")
	name := func() (string, bool) {
		rest = strings.TrimLeft(rest, " ")
		var b strings.Builder
		quoted, any := false, false
		for len(rest) > 0 {
			c := rest[0]
			switch {
			case c == '"' && quoted && strings.HasPrefix(rest, `""`):
				rest = rest[1:]
				b.WriteByte('"')
			case c == '"':
				quoted, any = !quoted, true
			case !quoted && !aclWord(rune(c)):
				return b.String(), any
			default:
				b.WriteByte(c)
				any = true
			}
			rest = rest[1:]
		}
		return b.String(), any
	}
	role := func(n string) (OID, error) {
		if env.Names == nil {
			return 0, pgerr.Unsupported("cannot look up the role \"%s\" here", n)
		}
		return env.Names.ParseReg(RegRole, QuoteIdent(n))
	}
	who, any := name()
	if !strings.HasPrefix(rest, "=") && any {
		if who != "group" && who != "user" {
			return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "unrecognized key word: \"%s\"", who).
				WithHint("ACL key word must be \"group\" or \"user\".")
		}
		if who, any = name(); !any {
			return Null, pgerr.New(pgerr.InvalidTextRepresentation, "missing name").
				WithHint("A name must follow the \"group\" or \"user\" key word.")
		}
	}
	if !strings.HasPrefix(rest, "=") {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "missing \"=\" sign")
	}
	rest = rest[1:]
	var rights uint32
	last := -1
	for rest != "" && rest[0] != '/' && rest[0] != ' ' {
		if rest[0] == '*' {
			if last >= 0 {
				rights |= 1 << (last + 16)
			}
		} else if last = strings.IndexByte(aclLetters, rest[0]); last >= 0 {
			rights |= 1 << last
		} else {
			return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid mode character: must be one of \"%s\"", aclLetters)
		}
		rest = rest[1:]
	}
	grantee, grantor := OID(0), OID(10)
	var err error
	if who != "" {
		if grantee, err = role(who); err != nil {
			return Null, err
		}
	}
	if strings.HasPrefix(rest, "/") {
		rest = rest[1:]
		by, any := name()
		if !any {
			return Null, pgerr.New(pgerr.InvalidTextRepresentation, "a name must follow the \"/\" sign")
		}
		if grantor, err = role(by); err != nil {
			return Null, err
		}
	}
	if strings.TrimLeft(rest, " ") != "" {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "extra garbage at the end of the ACL specification")
	}
	return ACLItem(grantee, grantor, rights), nil
}
