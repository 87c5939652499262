package catalog

import (
	"fmt"
	"sort"
	"sync"
	"sync/atomic"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// relName is the key of the name space that the tables, views, indexes and
// sequences of a schema share (and of the one its types share).
type relName struct {
	schema OID
	name   string
}

// Snapshot is the catalog at one version. Immutable; safe for concurrent use.
type Snapshot struct {
	Version  uint64
	database OID // whose catalog it is

	schemas   cowMap[OID, *Schema]
	tables    cowMap[OID, *Table]
	sequences cowMap[OID, *Sequence]
	usertypes cowMap[OID, *UserType]
	indexes   cowMap[OID, *Table] // index OID → its table
	stats     cowMap[OID, *TableStats]
	functions cowMap[OID, *Function]

	extensions cowMap[OID, *Extension]
	// constructors of the users' range and multirange types, by their names
	constructors cowMap[relName, []*builtin.Func]

	schemaByName cowMap[string, *Schema]
	relByName    cowMap[relName, OID]
	typeByName   cowMap[relName, *types.Type]
	typeByOID    cowMap[OID, *types.Type]
	referredBy   cowMap[OID, []OID] // table → tables with a foreign key to it
	funcsByName  cowMap[relName, []OID]
	typeUsers    cowMap[OID, []OID] // user-made type → tables with columns of it
	children     cowMap[OID, []OID] // table → tables that inherit from it, partitions too

	roles       cowMap[OID, *Role]
	roleByName  cowMap[string, *Role]
	grants      cowMap[OID, *Grants]
	defaultACLs cowMap[OID, *DefaultACL]
	databases   cowMap[OID, *Database] // the main one only once something about it was changed
	members     sync.Map               // OID → *memberships, made on first need

	sys   atomic.Pointer[sysIndex] // what the system relations look up, made on first need
	parts sync.Map                 // OID → *Partitions, made on first need
}

// SchemaByName finds a schema, nil if there is none.
func (s *Snapshot) SchemaByName(name string) *Schema { return s.schemaByName.at(name) }

// Schema finds a schema by OID, nil if there is none.
func (s *Snapshot) Schema(oid OID) *Schema { return s.schemas.at(oid) }

// Schemas gives all schemas by OID.
func (s *Snapshot) Schemas() []*Schema { return sorted(&s.schemas) }

// Table finds a table, view or computed relation, nil if there is none.
func (s *Snapshot) Table(oid OID) *Table { return s.tables.at(oid) }

// Tables gives all tables, views and computed relations by OID.
func (s *Snapshot) Tables() []*Table { return sorted(&s.tables) }

// Sequence finds a sequence, nil if there is none.
func (s *Snapshot) Sequence(oid OID) *Sequence { return s.sequences.at(oid) }

// Sequences gives all sequences by OID.
func (s *Snapshot) Sequences() []*Sequence { return sorted(&s.sequences) }

// UserType finds a user-made type, nil if there is none.
func (s *Snapshot) UserType(oid OID) *UserType { return s.usertypes.at(oid) }

// UserTypes gives all user-made types by OID.
func (s *Snapshot) UserTypes() []*UserType { return sorted(&s.usertypes) }

// TableOfIndex finds the table that has the index, nil if there is none.
func (s *Snapshot) TableOfIndex(index OID) *Table { return s.indexes.at(index) }

// NoTable is the error of who opens a relation as a table that is an index or a composite
// type, nil for others.
func (s *Snapshot) NoTable(oid OID, name string) *pgerr.Error {
	if s.indexes.at(oid) != nil {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an index", name)
	}
	if t := s.Table(oid); t != nil && t.Kind == KindComposite {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is a composite type", name)
	}
	return nil
}

// ReferredBy gives the tables that have a foreign key to table.
func (s *Snapshot) ReferredBy(table OID) []*Table {
	oids := s.referredBy.at(table)
	out := make([]*Table, 0, len(oids))
	for _, oid := range oids {
		if t := s.Table(oid); t != nil {
			out = append(out, t)
		}
	}
	return out
}

// Relation finds a table, view, index or sequence by name in one schema: its
// OID, 0 if there is none. Table, TableOfIndex and Sequence tell what it is.
func (s *Snapshot) Relation(schema *Schema, name string) OID {
	if schema == nil {
		return 0
	}
	return s.relByName.at(relName{schema.OID, name})
}

// Resolve finds a relation by name along a search path (schema names).
func (s *Snapshot) Resolve(path []string, name string) OID {
	for _, p := range path {
		if oid := s.Relation(s.SchemaByName(p), name); oid != 0 {
			return oid
		}
	}
	return 0
}

// Type finds a type by OID, built-in or user-made, nil if there is none.
func (s *Snapshot) Type(oid OID) *types.Type {
	if t := types.ByOID(oid); t != nil {
		return t
	}
	return s.typeByOID.at(oid)
}

// TypeByName finds a type in one schema by its catalog name, nil if there is none.
func (s *Snapshot) TypeByName(schema *Schema, name string) *types.Type {
	if schema == nil {
		return nil
	}
	if schema.OID == PgCatalogOID {
		if t := types.ByName(name); t != nil {
			return t
		}
	}
	return s.typeByName.at(relName{schema.OID, name})
}

// ResolveType finds a type by its catalog name along a search path.
func (s *Snapshot) ResolveType(path []string, name string) *types.Type {
	for _, p := range path {
		if t := s.TypeByName(s.SchemaByName(p), name); t != nil {
			return t
		}
	}
	return nil
}

// Stats gives a table's statistics, nil if it was never analysed.
func (s *Snapshot) Stats(table OID) *TableStats { return s.stats.at(table) }

// Own gives the descriptors that are stored for this database alone.
func (s *Snapshot) Own() []Object {
	var out []Object
	for _, o := range s.Schemas() {
		if o.OID >= FirstUserOID || o.OID == PublicOID {
			out = append(out, o)
		}
	}
	for _, o := range s.UserTypes() {
		if o.OID >= FirstUserOID {
			out = append(out, o)
		}
	}
	for _, o := range s.Sequences() {
		out = append(out, o)
	}
	for _, o := range s.Tables() {
		if o.Virtual == nil {
			out = append(out, o)
		}
	}
	for oid, o := range s.stats.all() {
		out = append(out, &StatsObject{Table: oid, Stats: o})
	}
	for _, o := range s.Extensions() {
		out = append(out, o)
	}
	for _, o := range s.Functions() {
		out = append(out, o)
	}
	for _, o := range s.AllGrants() {
		out = append(out, o)
	}
	for _, o := range s.DefaultACLs() {
		out = append(out, o)
	}
	return out
}

func sorted[V any](m *cowMap[OID, V]) []V {
	var oids []OID
	for oid := range m.all() {
		oids = append(oids, oid)
	}
	sort.Slice(oids, func(i, j int) bool { return oids[i] < oids[j] })
	out := make([]V, len(oids))
	for i, oid := range oids {
		out[i] = m.at(oid)
	}
	return out
}

// Object is one descriptor: *Schema, *Table, *Sequence, *UserType, *Function,
// *StatsObject, *Role, *Database, *Grants or *DefaultACL.
type Object interface {
	objectKey() (kind objectKind, oid OID)
}

// StatsObject stores a table's statistics.
type StatsObject struct {
	Table OID
	Stats *TableStats
}

type objectKind byte

const (
	kindSchema   objectKind = 1
	kindType     objectKind = 2
	kindSequence objectKind = 3
	kindTable    objectKind = 4
	kindStats    objectKind = 5
	kindFunction objectKind = 6

	kindRole       objectKind = 7
	kindDatabase   objectKind = 8
	kindGrants     objectKind = 9
	kindDefaultACL objectKind = 10
	kindExtension  objectKind = 11
)

func (o *Schema) objectKey() (objectKind, OID)      { return kindSchema, o.OID }
func (o *UserType) objectKey() (objectKind, OID)    { return kindType, o.OID }
func (o *Sequence) objectKey() (objectKind, OID)    { return kindSequence, o.OID }
func (o *Table) objectKey() (objectKind, OID)       { return kindTable, o.OID }
func (o *StatsObject) objectKey() (objectKind, OID) { return kindStats, o.Table }
func (o *Function) objectKey() (objectKind, OID)    { return kindFunction, o.OID }

// change is one object put or dropped.
type change struct {
	obj      Object // for a drop: the object dropped
	drop     bool
	database OID // that obj is in; 0: shared
}

// concerns tells whether a database's catalog shows the object.
func (c *change) concerns(database OID) bool { return c.database == 0 || c.database == database }

// With gives a new Snapshot in which the objects stand (replacing those of
// the same OID). It is how tests make catalogs; sessions use Change.
func (s *Snapshot) With(objs ...Object) (*Snapshot, error) {
	changes := make([]change, len(objs))
	for i, o := range objs {
		changes[i] = change{obj: o}
	}
	return s.apply(changes)
}

// Without gives a new Snapshot that lacks the objects.
func (s *Snapshot) Without(objs ...Object) (*Snapshot, error) {
	changes := make([]change, len(objs))
	for i, o := range objs {
		changes[i] = change{obj: o, drop: true}
	}
	return s.apply(changes)
}

func (s *Snapshot) copy() *Snapshot {
	return &Snapshot{
		Version: s.Version, schemas: s.schemas.copy(), tables: s.tables.copy(), sequences: s.sequences.copy(),
		usertypes: s.usertypes.copy(), indexes: s.indexes.copy(), stats: s.stats.copy(),
		schemaByName: s.schemaByName.copy(), relByName: s.relByName.copy(), typeByName: s.typeByName.copy(),
		typeByOID: s.typeByOID.copy(), referredBy: s.referredBy.copy(),
		extensions:   s.extensions.copy(),
		constructors: s.constructors.copy(), functions: s.functions.copy(), funcsByName: s.funcsByName.copy(), typeUsers: s.typeUsers.copy(),
		children: s.children.copy(), roles: s.roles.copy(), roleByName: s.roleByName.copy(), grants: s.grants.copy(),
		defaultACLs: s.defaultACLs.copy(), databases: s.databases.copy(), database: s.database,
	}
}

// apply gives s with the changes made, in order.
func (s *Snapshot) apply(changes []change) (*Snapshot, error) {
	n := s.copy()
	retyped := map[OID]bool{} // types that other descriptors may hold an older description of
	for _, c := range changes {
		if !c.concerns(n.database) {
			continue
		}
		_, oid := c.obj.objectKey()
		switch o := c.obj.(type) {
		case *Schema:
			if old := n.schemas.at(oid); old != nil {
				n.schemaByName.delete(old.Name)
				n.schemas.delete(oid)
			}
			if !c.drop {
				n.schemas.set(oid, o)
				n.schemaByName.set(o.Name, o)
			}
		case *UserType:
			n.removeType(oid)
			if !c.drop {
				if err := n.addType(o); err != nil {
					return nil, err
				}
				retyped[oid] = true
			}
		case *Sequence:
			if old := n.sequences.at(oid); old != nil {
				n.relByName.delete(relName{old.SchemaOID, old.Name})
				n.sequences.delete(oid)
			}
			if !c.drop {
				cp := *o
				cp.Schema = n.Schema(cp.SchemaOID)
				n.sequences.set(oid, &cp)
				n.relByName.set(relName{cp.SchemaOID, cp.Name}, oid)
			}
		case *Table:
			n.removeTable(oid)
			if !c.drop {
				if err := n.addTable(o); err != nil {
					return nil, err
				}
				if o.RowTypeOID != 0 {
					retyped[o.RowTypeOID] = true
				}
			}
		case *Function:
			n.removeFunction(oid)
			if !c.drop {
				if err := n.addFunction(o); err != nil {
					return nil, err
				}
				if err := n.renewAggregates(oid); err != nil {
					return nil, err
				}
			}
		case *Extension:
			if c.drop {
				n.extensions.delete(oid)
			} else {
				n.extensions.set(oid, o)
			}
		case *Role:
			n.applyRole(o, c.drop)
		case *Database:
			if c.drop {
				n.databases.delete(oid)
			} else {
				n.databases.set(oid, o)
			}
		case *Grants:
			if c.drop {
				n.grants.delete(oid)
			} else {
				n.grants.set(oid, o)
			}
		case *DefaultACL:
			if c.drop {
				n.defaultACLs.delete(oid)
			} else {
				n.defaultACLs.set(oid, o)
			}
		case *StatsObject:
			if c.drop {
				n.stats.delete(oid)
			} else {
				n.stats.set(oid, o.Stats)
			}
			if t := n.tables.at(oid); t != nil {
				cp := *t
				cp.Stats = n.stats.at(oid)
				n.tables.set(oid, &cp)
				n.relinkIndexes(&cp)
			}
		}
	}
	return n, n.retype(retyped)
}

func (s *Snapshot) addType(o *UserType) error {
	cp := *o
	cp.Schema = s.Schema(cp.SchemaOID)
	name := ""
	if cp.Schema != nil {
		name = cp.Schema.Name
	}
	t := &types.Type{OID: cp.OID, Name: cp.Name, Schema: name, Kind: cp.Kind}
	switch cp.Kind {
	case types.KindEnum:
		t.Phys, t.Len, t.ByVal, t.Align, t.Category, t.Labels = types.PhysInt64, 4, true, 'i', 'E', cp.Labels
	case types.KindDomain:
		base := s.Type(cp.BaseOID)
		if base == nil {
			return fmt.Errorf("catalog: domain %s is over type %d, which does not exist", cp.Name, cp.BaseOID)
		}
		t.Phys, t.Len, t.ByVal, t.Align, t.Category, t.Collate = base.Phys, base.Len, base.ByVal, base.Align, base.Category, base.Collate
		t.Base, t.BaseMod, t.Elem, t.Collation = base, cp.BaseMod, nil, cp.Collation
	case types.KindRange:
		if err := s.addRange(t, &cp); err != nil {
			return err
		}
	default:
		return fmt.Errorf("catalog: type %s is of unknown kind %q", cp.Name, cp.Kind)
	}
	s.linkType(t, cp.SchemaOID, cp.ArrayOID)
	if t.IsRange() {
		s.addConstructors(t, &cp)
	}
	cp.Type = t
	s.usertypes.set(cp.OID, &cp)
	return nil
}

// linkType makes t, and its array type if arrayOID is not 0, known by OID and name.
func (s *Snapshot) linkType(t *types.Type, schema, arrayOID OID) {
	s.typeByOID.set(t.OID, t)
	s.typeByName.set(relName{schema, t.Name}, t)
	if arrayOID == 0 {
		return
	}
	align := byte('i')
	if t.Align == 'd' {
		align = 'd'
	}
	name := "_" + t.Name
	for s.typeByName.at(relName{schema, name}) != nil {
		name = "_" + name
	}
	t.Array = &types.Type{OID: arrayOID, Name: name, Schema: t.Schema, Phys: types.PhysAny, Kind: types.KindBase,
		Len: -1, Align: align, Category: 'A', Elem: t, Collate: t.Collate}
	s.typeByOID.set(arrayOID, t.Array)
	s.typeByName.set(relName{schema, name}, t.Array)
}

func (s *Snapshot) unlinkType(t *types.Type, schema OID) {
	if t == nil {
		return
	}
	s.typeByOID.delete(t.OID)
	s.typeByName.delete(relName{schema, t.Name})
	if t.Array != nil {
		s.typeByOID.delete(t.Array.OID)
		s.typeByName.delete(relName{schema, t.Array.Name})
	}
}

func (s *Snapshot) removeType(oid OID) {
	if old := s.usertypes.at(oid); old != nil {
		s.unlinkType(old.Type, old.SchemaOID)
		if old.Range != nil {
			s.unlinkType(old.Type.Multirange, old.SchemaOID)
			s.constructors.delete(relName{old.SchemaOID, old.constructor()})
			s.constructors.delete(relName{old.SchemaOID, old.Range.Multirange})
		}
		s.usertypes.delete(oid)
	}
}

func (s *Snapshot) addTable(o *Table) error {
	t := *o
	t.Columns = append([]Column(nil), o.Columns...)
	t.Schema = s.Schema(t.SchemaOID)
	t.Stats = s.stats.at(t.OID)
	t.byName = make(map[string]int, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			if c.Type = s.Type(c.TypeOID); c.Type == nil {
				c.Type = types.Text
			}
			continue
		}
		if c.Type = s.Type(c.TypeOID); c.Type == nil {
			return fmt.Errorf("catalog: column %s.%s is of type %d, which does not exist", t.Name, c.Name, c.TypeOID)
		}
		if c.HasMissing {
			v, err := types.Parse(c.Type, c.Typmod, c.Missing, &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1})
			if err != nil {
				return fmt.Errorf("catalog: column %s.%s: value for old rows: %w", t.Name, c.Name, err)
			}
			c.MissingVal = v
		}
		t.byName[c.Name] = i
	}
	t.Indexes = make([]*Index, len(o.Indexes))
	for i, ix := range o.Indexes {
		cp := *ix
		cp.Keys = append([]IndexKey(nil), ix.Keys...)
		for k := range cp.Keys {
			key := &cp.Keys[k]
			if key.Attnum > 0 {
				key.Type = t.Columns[key.Attnum-1].Type
			} else if key.Type = s.Type(key.ExprType); key.Type == nil {
				return fmt.Errorf("catalog: index %s: expression of type %d, which does not exist", ix.Name, key.ExprType)
			}
		}
		t.Indexes[i] = &cp
	}
	if err := s.resolvePartitionKey(&t); err != nil {
		return err
	}
	if t.RowTypeOID != 0 {
		schema := ""
		if t.Schema != nil {
			schema = t.Schema.Name
		}
		rt := &types.Type{OID: t.RowTypeOID, Name: t.Name, Schema: schema, Phys: types.PhysAny, Kind: types.KindComposite,
			Len: -1, Align: 'd', Category: 'C', RelID: t.OID}
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped {
				rt.Fields = append(rt.Fields, types.Field{Name: c.Name, Type: c.Type, Typmod: c.Typmod, Place: i})
			}
		}
		s.linkType(rt, t.SchemaOID, t.ArrayTypeOID)
		t.RowType = rt
	}
	s.tables.set(t.OID, &t)
	s.relByName.set(relName{t.SchemaOID, t.Name}, t.OID)
	s.relinkIndexes(&t)
	for i := range t.Columns {
		if oid := t.Columns[i].TypeOID; oid >= FirstUserOID && !t.Columns[i].Dropped {
			s.typeUsers.set(oid, addOID(s.typeUsers.at(oid), t.OID))
		}
	}
	for _, fk := range t.ForeignKeys {
		s.referredBy.set(fk.RefTable, addOID(s.referredBy.at(fk.RefTable), t.OID))
	}
	for _, parent := range t.Inherits {
		s.children.set(parent, addOID(s.children.at(parent), t.OID))
	}
	return nil
}

func (s *Snapshot) relinkIndexes(t *Table) {
	for _, ix := range t.Indexes {
		if ix.OID != 0 {
			s.indexes.set(ix.OID, t)
			s.relByName.set(relName{t.SchemaOID, ix.Name}, ix.OID)
		}
	}
}

func (s *Snapshot) removeTable(oid OID) {
	t := s.tables.at(oid)
	if t == nil {
		return
	}
	s.tables.delete(oid)
	s.relByName.delete(relName{t.SchemaOID, t.Name})
	for _, ix := range t.Indexes {
		if ix.OID != 0 {
			s.indexes.delete(ix.OID)
			s.relByName.delete(relName{t.SchemaOID, ix.Name})
		}
	}
	s.unlinkType(t.RowType, t.SchemaOID)
	for i := range t.Columns {
		if oid := t.Columns[i].TypeOID; oid >= FirstUserOID && !t.Columns[i].Dropped {
			s.typeUsers.set(oid, removeOID(s.typeUsers.at(oid), t.OID))
		}
	}
	for _, fk := range t.ForeignKeys {
		s.referredBy.set(fk.RefTable, removeOID(s.referredBy.at(fk.RefTable), oid))
	}
	for _, parent := range t.Inherits {
		s.children.set(parent, removeOID(s.children.at(parent), oid))
	}
}

func addOID(list []OID, oid OID) []OID {
	for _, o := range list {
		if o == oid {
			return list
		}
	}
	return append(append([]OID(nil), list...), oid)
}

func removeOID(list []OID, oid OID) []OID {
	var out []OID
	for _, o := range list {
		if o != oid {
			out = append(out, o)
		}
	}
	return out
}

// virtuals are the computed relations; files of this package register them.
var virtuals []*Table

// RegisterVirtual adds a computed relation to every catalog. Only from init.
func RegisterVirtual(t *Table) { virtuals = append(virtuals, t) }
