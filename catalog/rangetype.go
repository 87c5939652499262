package catalog

import (
	"fmt"
	"strconv"

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
		if f.Result == t {
			f.Name = u.constructor()
		}
		byName[f.Name] = append(byName[f.Name], f)
	}
	for name, list := range byName {
		s.constructors.set(relName{u.SchemaOID, name}, list)
	}
}

// constructor is the name of the functions that make a range type's values.
func (u *UserType) constructor() string {
	if u.Range.Constructor != "" {
		return u.Range.Constructor
	}
	return u.Name
}

// constructorProc describes a constructor as the built-in functions are described;
// nil if no range type has this one.
func (s *Snapshot) constructorProc(oid OID) *proc {
	for name, list := range s.constructors.all() {
		for _, f := range list {
			if f.OID == oid {
				return describeConstructor(name.schema, f)
			}
		}
	}
	return nil
}

// constructorProcs describes the constructors of one name, or all.
func (s *Snapshot) constructorProcs(only string) []*proc {
	var out []*proc
	for name, list := range s.constructors.all() {
		if only == "" || only == name.name {
			for _, f := range list {
				out = append(out, describeConstructor(name.schema, f))
			}
		}
	}
	return out
}

func describeConstructor(schema OID, f *builtin.Func) *proc {
	p := &proc{oid: f.OID, name: f.Name, result: f.Result.OID, fn: f, in: schema}
	for _, a := range f.Args {
		p.args = append(p.args, a.OID)
	}
	kind := "range"
	if f.Result.IsMultirange() {
		kind = "multirange"
	}
	p.source = kind + "_constructor" + strconv.Itoa(len(f.Args))
	if f.Variadic != nil {
		p.source = "multirange_constructor2"
	}
	return p
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
