package catalog

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rowkey/types"
)

// sysIndex is what the system relations look up in a Snapshot besides its
// descriptors: constraints, defaults and rules by number, the sequences a table
// owns, the views on a relation. Made once for a Snapshot, when first asked for.
type sysIndex struct {
	tables      []*Table // all, by OID
	storages    map[uint32]*Table
	constraints map[OID]constraintRef
	defaults    map[OID]columnRef
	defaultOID  map[columnRef]OID
	rules       map[OID]*Table
	ruleOID     map[OID]OID         // view → its rule
	owned       map[OID][]*Sequence // table → sequences of its columns
	users       map[OID][]*Table    // sequence → tables whose columns draw from it
	drawn       func(*Column) OID   // the sequence that a column draws from
	dependents  map[OID][]*Table    // relation or type → views that read it
}

// constraintRef says whose constraint: one of index, check, fk is set.
type constraintRef struct {
	table  *Table
	domain *UserType
	index  *Index
	check  *Check
	fk     *ForeignKey
}

type columnRef struct {
	table  OID
	attnum int16
}

func (s *Snapshot) index() *sysIndex {
	if x := s.sys.Load(); x != nil {
		return x
	}
	x := &sysIndex{
		tables: s.Tables(), storages: map[uint32]*Table{}, constraints: map[OID]constraintRef{}, defaults: map[OID]columnRef{}, defaultOID: map[columnRef]OID{},
		rules: map[OID]*Table{}, ruleOID: map[OID]OID{}, owned: map[OID][]*Sequence{}, users: map[OID][]*Table{}, dependents: map[OID][]*Table{},
	}
	taken := map[OID]bool{}
	drawn := s.drawnSequence()
	x.drawn = drawn
	for _, t := range x.tables {
		if t.Storage != 0 {
			x.storages[t.Storage] = t
		}
		eachConstraint(t, func(oid OID, ref constraintRef) { x.constraints[oid] = ref })
		for i := range t.Columns {
			if seq := drawn(&t.Columns[i]); seq != 0 && !slices.Contains(x.users[seq], t) {
				x.users[seq] = append(x.users[seq], t)
			}
			if c := &t.Columns[i]; !c.Dropped && (c.Default != "" || c.Generated != "") {
				ref := columnRef{t.OID, c.Attnum}
				oid := derivedOID(taken, "default", t.OID, int(c.Attnum))
				x.defaults[oid], x.defaultOID[ref] = ref, oid
			}
		}
		if t.View != nil {
			oid := derivedOID(taken, "rule", t.OID, 0)
			x.rules[oid], x.ruleOID[t.OID] = t, oid
			for _, d := range t.View.DependsOn {
				x.dependents[d] = append(x.dependents[d], t)
			}
		}
	}
	for _, u := range s.UserTypes() {
		for _, c := range u.Checks {
			x.constraints[c.OID] = constraintRef{domain: u, check: c}
		}
	}
	for _, q := range s.Sequences() {
		if q.OwnerTable != 0 {
			x.owned[q.OwnerTable] = append(x.owned[q.OwnerTable], q)
		}
	}
	s.sys.CompareAndSwap(nil, x)
	return s.sys.Load()
}

// eachConstraint visits the constraints of a table: those of indexes, checks,
// foreign keys.
func eachConstraint(t *Table, visit func(oid OID, ref constraintRef)) {
	for _, c := range t.Checks {
		visit(c.OID, constraintRef{table: t, check: c})
	}
	for _, ix := range t.Indexes {
		if ix.Constraint != 0 {
			visit(ix.Constraint, constraintRef{table: t, index: ix})
		}
	}
	for _, f := range t.ForeignKeys {
		visit(f.OID, constraintRef{table: t, fk: f})
	}
}

// derivedOID makes the number of an object that has no descriptor: from its
// owner's, in the half of the number space that counting up never reaches, so
// that it stays the same as long as the object lives.
func derivedOID(taken map[OID]bool, what string, owner OID, n int) OID {
	h := fnv.New32a()
	h.Write([]byte(what + "/" + strconv.Itoa(int(owner)) + "/" + strconv.Itoa(n)))
	oid := OID(h.Sum32()) | 1<<31
	for taken[oid] {
		oid = (oid + 1) | 1<<31
	}
	taken[oid] = true
	return oid
}

// relation is a row of pg_class: a table (or view), an index or a sequence.
type relation struct {
	oid    OID
	name   string
	schema OID
	table  *Table // the table, or the one the index belongs to
	ix     *Index
	seq    *Sequence
}

func (r *relation) kind() byte {
	switch {
	case r.ix != nil && r.table.Kind == KindPartitioned:
		return 'I'
	case r.ix != nil:
		return 'i'
	case r.seq != nil:
		return 'S'
	}
	return byte(r.table.Kind)
}

func (s *Snapshot) relation(oid OID) *relation {
	if t := s.Table(oid); t != nil {
		return &relation{oid: oid, name: t.Name, schema: t.SchemaOID, table: t}
	}
	if t := s.TableOfIndex(oid); t != nil {
		ix := t.IndexByOID(oid)
		return &relation{oid: oid, name: ix.Name, schema: t.SchemaOID, table: t, ix: ix}
	}
	if q := s.Sequence(oid); q != nil {
		return &relation{oid: oid, name: q.Name, schema: q.SchemaOID, seq: q}
	}
	return nil
}

// eachRelation visits the relations the query is about, given the names of the
// columns that hold a relation's OID and name.
func (q *query) eachRelation(oidCol, nameCol string, visit func(r *relation) error) error {
	if oid, ok := q.oid(oidCol); ok {
		if r := q.snap.relation(oid); r != nil {
			return visit(r)
		}
		return nil
	}
	if name, ok := q.name(nameCol); ok {
		for _, sc := range q.snap.Schemas() {
			if oid := q.snap.Relation(sc, name); oid != 0 {
				if err := visit(q.snap.relation(oid)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, t := range q.snap.index().tables {
		if err := visit(&relation{oid: t.OID, name: t.Name, schema: t.SchemaOID, table: t}); err != nil {
			return err
		}
		for _, ix := range t.Indexes {
			if ix.OID != 0 {
				if err := visit(&relation{oid: ix.OID, name: ix.Name, schema: t.SchemaOID, table: t, ix: ix}); err != nil {
					return err
				}
			}
		}
	}
	for _, seq := range q.snap.Sequences() {
		if err := visit(&relation{oid: seq.OID, name: seq.Name, schema: seq.SchemaOID, seq: seq}); err != nil {
			return err
		}
	}
	return nil
}

// eachTable visits the tables and views the query is about.
func (q *query) eachTable(oidCol, nameCol string, visit func(t *Table) error) error {
	if q.col != "" && (q.col == oidCol || q.col == nameCol) {
		return q.eachRelation(oidCol, nameCol, func(r *relation) error {
			if r.ix == nil && r.seq == nil {
				return visit(r.table)
			}
			return nil
		})
	}
	for _, t := range q.snap.index().tables {
		if err := visit(t); err != nil {
			return err
		}
	}
	return nil
}

// ownerOr gives the owner of an object: the bootstrap role when none is stored.
func ownerOr(oid OID) OID {
	if oid == 0 {
		return BootstrapRoleOID
	}
	return oid
}

// drawnSequence gives a function that finds the sequence a column draws from: its own, or
// the one that its default names.
func (s *Snapshot) drawnSequence() func(*Column) OID {
	byText := sync.OnceValue(func() map[string]OID {
		m := map[string]OID{}
		for _, seq := range s.Sequences() {
			name := types.QuoteIdent(seq.Name)
			m[types.QuoteLiteral(StoredReg(types.RegClass, seq.OID))] = seq.OID
			m[types.QuoteLiteral(types.QuoteIdent(seq.Schema.Name)+"."+name)] = seq.OID // as earlier versions kept it
			if seq.Schema.Name == "public" {
				m[types.QuoteLiteral(name)] = seq.OID
			}
		}
		return m
	})
	return func(c *Column) OID {
		if c.SeqOID != 0 || c.Default == "" {
			return c.SeqOID
		}
		_, rest, ok := strings.Cut(c.Default, "nextval(")
		if !ok {
			return 0
		}
		name, _, _ := strings.Cut(rest, "::regclass)")
		return byText()[name]
	}
}
