package catalog

import (
	"slices"
	"strings"
)

// Access control lists, as PostgreSQL keeps them: who may do what with an
// object, and who said so.
//
//	{alice=arwdDxt/alice, bob=r*w/alice, =r/bob}
//	                       │   ││  │      └ PUBLIC
//	              grantee ─┘   ││  └ grantor
//	                privilege ─┘└ may grant it on

// Rights is a set of privileges (low half) and of the options to grant them
// (high half).
type Rights uint32

// The privileges, in the order of their letters in an aclitem.
const (
	Insert Rights = 1 << iota
	Select
	Update
	Delete
	Truncate
	References
	TriggerRight
	Execute
	Usage
	Create
	CreateTemp
	Connect
	SetParameter
	AlterSystem

	rightsMask Rights = 1<<16 - 1
)

// rightNames are the privileges' letters and words, by bit.
var rightNames = []struct {
	letter byte
	word   string
}{{'a', "INSERT"}, {'r', "SELECT"}, {'w', "UPDATE"}, {'d', "DELETE"}, {'D', "TRUNCATE"}, {'x', "REFERENCES"}, {'t', "TRIGGER"},
	{'X', "EXECUTE"}, {'U', "USAGE"}, {'C', "CREATE"}, {'T', "TEMPORARY"}, {'c', "CONNECT"}, {'s', "SET"}, {'A', "ALTER SYSTEM"}}

// Option gives the options to grant the privileges of r.
func (r Rights) Option() Rights { return r & rightsMask << 16 }

// Plain gives the privileges of r without options, Granting those it has options for.
func (r Rights) Plain() Rights    { return r & rightsMask }
func (r Rights) Granting() Rights { return r >> 16 }

// RightNamed finds a privilege by its word in lower case, 0 if there is none.
func RightNamed(word string) Rights {
	if word == "temp" {
		return CreateTemp
	}
	for i, n := range rightNames {
		if strings.EqualFold(n.word, word) {
			return 1 << i
		}
	}
	return 0
}

// EachRight calls f for each single privilege of r, in order.
func EachRight(r Rights, f func(right Rights, letter byte, word string)) {
	for i, n := range rightNames {
		if r&(1<<i) != 0 {
			f(1<<i, n.letter, n.word)
		}
	}
}

// ACLItem is what one role was granted by another. Grantee 0 is PUBLIC.
type ACLItem struct {
	Grantee OID    `json:",omitempty"`
	Rights  Rights // with options
	Grantor OID
}

// ACL is an access control list. Where a pointer to one is nil, the object
// has the defaults of its kind.
type ACL struct{ Items []ACLItem }

// Kinds of objects with privileges, as acldefault has them.
const (
	ACLColumn     byte = 'c'
	ACLRelation   byte = 'r'
	ACLSequence   byte = 's'
	ACLDatabase   byte = 'd'
	ACLFunction   byte = 'f'
	ACLLanguage   byte = 'l'
	ACLSchema     byte = 'n'
	ACLTablespace byte = 't'
	ACLType       byte = 'T'
)

// AllRights are the privileges that objects of a kind have.
func AllRights(kind byte) Rights {
	switch kind {
	case ACLColumn:
		return Select | Insert | Update | References
	case ACLRelation:
		return Insert | Select | Update | Delete | Truncate | References | TriggerRight
	case ACLSequence:
		return Usage | Select | Update
	case ACLDatabase:
		return Create | CreateTemp | Connect
	case ACLFunction:
		return Execute
	case ACLLanguage, ACLType, 'F', 'S':
		return Usage
	case ACLSchema:
		return Usage | Create
	case ACLTablespace:
		return Create
	case 'L':
		return Select | Update
	case 'p':
		return SetParameter | AlterSystem
	}
	return 0
}

// DefaultFor is the list of an object whose privileges nobody has changed.
func DefaultFor(kind byte, owner OID) *ACL {
	var public Rights
	switch kind {
	case ACLColumn:
		return &ACL{}
	case ACLDatabase:
		public = CreateTemp | Connect
	case ACLFunction:
		public = Execute
	case ACLLanguage, ACLType:
		public = Usage
	}
	a := &ACL{}
	if public != 0 {
		a.Items = append(a.Items, ACLItem{0, public, owner})
	}
	a.Items = append(a.Items, ACLItem{owner, AllRights(kind), owner})
	return a
}

func (a *ACL) clone() *ACL { return &ACL{slices.Clone(a.Items)} }

// Equal compares two lists, whatever the order of their items.
func (a *ACL) Equal(b *ACL) bool {
	if len(a.Items) != len(b.Items) {
		return false
	}
	for _, it := range a.Items {
		if !slices.Contains(b.Items, it) {
			return false
		}
	}
	return true
}

// held gives those rights of want that role has by the list, or, for options,
// by owning the object.
func (a *ACL) held(s *Snapshot, role, owner OID, want Rights) Rights {
	var have Rights
	if want>>16 != 0 && s.HasPrivsOf(role, owner) {
		have = want &^ rightsMask
	}
	for _, it := range a.Items {
		if it.Rights&want&^have != 0 && (it.Grantee == 0 || it.Grantee == role || s.HasPrivsOf(role, it.Grantee)) {
			have |= it.Rights & want
		}
	}
	return have
}

// Held gives those rights of want that role has by the list, or, for options, by
// owning the object; superusers have no more.
func (a *ACL) Held(s *Snapshot, role, owner OID, want Rights) Rights {
	return a.held(s, role, owner, want)
}

// BestGrantor chooses in whose name role grants rights on an object: the owner's,
// if it has the owner's privileges, else that of the role with most options.
func (a *ACL) BestGrantor(s *Snapshot, role, owner OID, rights Rights) (grantor OID, options Rights) {
	if role == owner || s.HasPrivsOf(role, owner) {
		return owner, rights.Option()
	}
	need := rights.Option()
	candidates := []OID{role}
	for _, r := range s.Roles() {
		if r.OID != role && s.membershipsOf(role).inherits[r.OID] {
			candidates = append(candidates, r.OID)
		}
	}
	grantor, best := role, -1
	for _, c := range candidates {
		// what the role itself has been granted; membership is looked at role by role
		var other Rights
		for _, it := range a.Items {
			if it.Grantee == 0 || it.Grantee == c {
				other |= it.Rights & need
			}
		}
		if other == need {
			return c, other
		}
		if n := bitCount(other); n > best {
			grantor, options, best = c, other, n
		}
	}
	return grantor, options
}

func bitCount(r Rights) (n int) {
	for ; r != 0; r &= r - 1 {
		n++
	}
	return n
}

// GrantMode says what Changed does with rights.
type GrantMode byte

// The modes.
const (
	GrantAdd GrantMode = iota
	GrantRevoke
	GrantRevokeOption // GRANT OPTION FOR
)

// A DependentError tells that privileges granted on stand in the way of REVOKE.
type DependentError struct{}

func (DependentError) Error() string { return "dependent privileges exist" }

// A CircularError tells that options would be granted back to who gave them.
type CircularError struct{}

func (CircularError) Error() string {
	return "grant options cannot be granted back to your own grantor"
}

// Changed gives the list after rights (with options, if they go along) were
// granted to or revoked from the grantees by grantor. cascade also revokes what
// the grantees granted on.
func (a *ACL) Changed(s *Snapshot, mode GrantMode, grantees []OID, rights Rights, option bool, grantor, owner OID, cascade bool) (*ACL, error) {
	out := a.clone()
	for _, g := range grantees {
		item := ACLItem{Grantee: g, Grantor: grantor, Rights: rights.Plain()}
		switch {
		case mode == GrantAdd && option || mode == GrantRevoke:
			item.Rights |= rights.Option()
		case mode == GrantRevokeOption:
			item.Rights = rights.Option()
		}
		if err := out.update(s, mode, item, owner, cascade); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *ACL) update(s *Snapshot, mode GrantMode, item ACLItem, owner OID, cascade bool) error {
	if mode == GrantAdd && item.Rights>>16 != 0 && item.Grantee != 0 {
		if err := a.checkCircular(s, item, owner); err != nil {
			return err
		}
	}
	at := slices.IndexFunc(a.Items, func(it ACLItem) bool { return it.Grantee == item.Grantee && it.Grantor == item.Grantor })
	if at < 0 {
		if mode != GrantAdd {
			return nil
		}
		a.Items = append(a.Items, ACLItem{Grantee: item.Grantee, Grantor: item.Grantor})
		at = len(a.Items) - 1
	}
	old := a.Items[at].Rights
	if mode == GrantAdd {
		a.Items[at].Rights |= item.Rights
	} else {
		a.Items[at].Rights &^= item.Rights
	}
	now := a.Items[at].Rights
	if now == 0 {
		a.Items = slices.Delete(a.Items, at, at+1)
	}
	if lost := old.Granting() &^ now.Granting(); lost != 0 {
		return a.revokeDependent(s, item.Grantee, lost, owner, cascade)
	}
	return nil
}

// checkCircular refuses options that would come back to who granted them: when
// all that grantee granted is taken away, the grantor must still have its own.
func (a *ACL) checkCircular(s *Snapshot, item ACLItem, owner OID) error {
	if item.Grantor == owner {
		return nil
	}
	c := a.clone()
	for again := true; again; {
		again = false
		for _, it := range c.Items {
			if it.Grantee == item.Grantee && it.Rights>>16 != 0 {
				if err := c.update(s, GrantRevoke, ACLItem{it.Grantee, it.Rights.Granting() | it.Rights&^rightsMask, it.Grantor}, owner, true); err != nil {
					return err
				}
				again = true
				break
			}
		}
	}
	own := c.held(s, item.Grantor, owner, item.Rights.Granting().Option())
	if item.Rights.Granting().Option()&^own != 0 {
		return CircularError{}
	}
	return nil
}

// revokeDependent takes back what grantee granted by options it lost.
func (a *ACL) revokeDependent(s *Snapshot, grantee OID, lost Rights, owner OID, cascade bool) error {
	if grantee == owner { // who can grant all the same
		return nil
	}
	// options it still has from others
	still := a.held(s, grantee, owner, lost.Option())
	lost &^= still.Granting()
	if lost == 0 {
		return nil
	}
	for again := true; again; {
		again = false
		for _, it := range a.Items {
			if it.Grantor == grantee && it.Rights.Plain()&lost != 0 {
				if !cascade {
					return DependentError{}
				}
				if err := a.update(s, GrantRevoke, ACLItem{it.Grantee, lost | lost.Option(), it.Grantor}, owner, true); err != nil {
					return err
				}
				again = true
				break
			}
		}
	}
	return nil
}

// NewOwner gives the list after the object went from one owner to another:
// what the old one had and granted is the new one's.
func (a *ACL) NewOwner(old, now OID) *ACL {
	out := &ACL{}
	for _, it := range a.Items {
		if it.Grantor == old {
			it.Grantor = now
		}
		if it.Grantee == old {
			it.Grantee = now
		}
		at := slices.IndexFunc(out.Items, func(x ACLItem) bool { return x.Grantee == it.Grantee && x.Grantor == it.Grantor })
		if at >= 0 {
			out.Items[at].Rights |= it.Rights
			continue
		}
		out.Items = append(out.Items, it)
	}
	return out
}

// Without gives the list without what was granted to or by a role, and whether
// that changes it.
func (a *ACL) Without(role OID) (*ACL, bool) {
	out := &ACL{}
	for _, it := range a.Items {
		if it.Grantee != role && it.Grantor != role {
			out.Items = append(out.Items, it)
		}
	}
	return out, len(out.Items) != len(a.Items)
}

// Names tells whether a role is a grantee or grantor of the list.
func (a *ACL) Names(role OID) bool {
	return a != nil && slices.ContainsFunc(a.Items, func(it ACLItem) bool { return it.Grantee == role || it.Grantor == role })
}

// Merged gives the list with all items of another added.
func (a *ACL) Merged(b *ACL) *ACL {
	out := a.clone()
	for _, it := range b.Items {
		at := slices.IndexFunc(out.Items, func(x ACLItem) bool { return x.Grantee == it.Grantee && x.Grantor == it.Grantor })
		if at >= 0 {
			out.Items[at].Rights |= it.Rights
		} else {
			out.Items = append(out.Items, it)
		}
	}
	return out
}
