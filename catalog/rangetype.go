package catalog

import (
	"fmt"

	"rowkey/builtin"
	"rowkey/types"
)

// Range types that users make. One descriptor makes two types, the range and its
// multirange, and the functions that construct their values.

// addRange completes t as a range type, and makes its multirange type known.
func (s *Snapshot) addRange(t *types.Type, u *UserType) error {
	sub := s.Type(u.BaseOID)
	if sub == nil || u.Range == nil {
		return fmt.Errorf("catalog: range type %s is over type %d, which does not exist", u.Name, u.BaseOID)
	}
	align := byte('i')
	if sub.Align == 'd' {
		align = 'd'
	}
	t.Phys, t.Len, t.Align, t.Category, t.Subtype = types.PhysAny, -1, align, 'R', sub
	t.Multirange = &types.Type{OID: u.Range.MultirangeOID, Name: u.Range.Multirange, Schema: t.Schema, Phys: types.PhysAny,
		Kind: types.KindMultirange, Len: -1, Align: align, Category: 'R', Range: t}
	s.linkType(t.Multirange, u.SchemaOID, u.Range.MultirangeArrayOID)
	return nil
}

// addConstructors makes the constructors of a range type known.
func (s *Snapshot) addConstructors(t *types.Type, u *UserType) {
	byName := map[string][]*builtin.Func{}
	for i, f := range builtin.RangeFuncs(t) {
		f.OID = u.Range.Funcs[i]
		byName[f.Name] = append(byName[f.Name], f)
	}
	for name, list := range byName {
		s.constructors.set(relName{u.SchemaOID, name}, list)
	}
}

// Constructors gives the functions that make values of the range or multirange type
// of this name.
func (s *Snapshot) Constructors(schema *Schema, name string) []*builtin.Func {
	if schema == nil {
		return nil
	}
	return s.constructors.at(relName{schema.OID, name})
}

// HasConstructors tells whether there are any.
func (s *Snapshot) HasConstructors() bool {
	for range s.constructors.all() {
		return true
	}
	return false
}
