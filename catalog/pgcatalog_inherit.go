package catalog

import (
	"strings"

	"rowkey/builtin"
	"rowkey/types"
)

// pg_inherits, pg_partitioned_table and the functions about partitions.

func inheritRows() map[string]rows {
	return map[string]rows{
		"pg_inherits":          {"inhrelid inhparent", pgInheritsRows},
		"pg_partitioned_table": {"partrelid", partitionedTableRows},
	}
}

func pgInheritsRows(q *query) error {
	emit := func(t *Table) error {
		for i, p := range t.Inherits {
			if err := q.row(vOID(t.OID), vOID(p), vInt(i+1), vBool(t.Detaching)); err != nil {
				return err
			}
		}
		return nil
	}
	emitIndexes := func(t *Table) error {
		for _, ix := range t.Indexes {
			if ix.Parent != 0 {
				if err := q.row(vOID(ix.OID), vOID(ix.Parent), vInt(1), vBool(false)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if oid, ok := q.oid("inhrelid"); ok {
		if t := q.snap.Table(oid); t != nil {
			return emit(t)
		}
		if t := q.snap.TableOfIndex(oid); t != nil {
			return emitIndexes(t)
		}
		return nil
	}
	if oid, ok := q.oid("inhparent"); ok {
		table := q.snap.Table(oid)
		if t := q.snap.TableOfIndex(oid); table == nil && t != nil {
			table = t
		}
		if table == nil {
			return nil
		}
		for _, c := range q.snap.AllChildren(table.OID) {
			if err := emit(c); err != nil {
				return err
			}
			if err := emitIndexes(c); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range q.snap.index().tables {
		if len(t.Inherits) == 0 {
			continue
		}
		if err := emit(t); err != nil {
			return err
		}
		if err := emitIndexes(t); err != nil {
			return err
		}
	}
	return nil
}

func partitionedTableRows(q *query) error {
	return q.eachTable("partrelid", "", func(t *Table) error {
		key := t.PartitionBy
		if key == nil {
			return nil
		}
		def := OID(0)
		if p := q.snap.Partitions(t); p.Default >= 0 {
			def = p.Parts[p.Default].OID
		}
		var attnums, classes, collations []int64
		var exprs []string
		for i := range key.Columns {
			c := &key.Columns[i]
			attnums, collations = append(attnums, int64(c.Attnum)), append(collations, int64(c.Collation))
			class := OID(0)
			if key.Strategy == PartitionHash {
				class = hashOpclass(c)
			} else if oc := opclassOf(c.Type, c.Opclass); oc != nil {
				class = oc.oid
			}
			classes = append(classes, int64(class))
			if c.Attnum == 0 {
				exprs = append(exprs, c.Expr)
			}
		}
		return q.row(vOID(t.OID), vChar(byte(key.Strategy)), vInt(len(key.Columns)), vOID(def), types.NewVector(types.Int2Vector, attnums...),
			types.NewVector(types.OidVector, classes...), types.NewVector(types.OidVector, collations...), vOpt(strings.Join(exprs, ", ")))
	})
}

func hashOpclass(c *PartitionColumn) OID {
	for _, k := range opclasses() {
		if k.method != hashAM {
			continue
		}
		if c.Opclass != "" && k.name == c.Opclass || c.Opclass == "" && k.isDefault && (types.ByOID(k.input) == c.Type.Under() || k.input == types.Text.OID && c.Type.Under() == types.VarChar) {
			return k.oid
		}
	}
	return 0
}

// partitionFunctions defines the functions about partitions.
func partitionFunctions() {
	builtin.Define("pg_get_partkeydef(oid)", textOf(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		t := snap.Table(arg(a[0]))
		if t == nil || t.PartitionBy == nil {
			return "", false
		}
		return partKeyDef(t), true
	}))
	builtin.Define("pg_get_partition_constraintdef(oid)", textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		t := snap.Table(arg(a[0]))
		if t == nil || t.Bound == nil {
			return "", false
		}
		s := partitionConstraint(snap, envOf(ctx), t)
		return s, s != ""
	}))
	builtin.Define("pg_partition_root(regclass)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		m := snap.partMember(arg(a[0]))
		if m == nil {
			return types.Null, nil
		}
		for up := m.up(snap); up != nil; up = m.up(snap) {
			m = up
		}
		return vOID(m.oid()), nil
	}))
	builtin.Define("pg_partition_ancestors(regclass)", builtin.Func{Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		snap, err := snapshotOf(ctx)
		if err != nil {
			return err
		}
		for m := snap.partMember(arg(a[0])); m != nil; m = m.up(snap) {
			if err := emit([]types.Datum{vOID(m.oid())}); err != nil {
				return err
			}
		}
		return nil
	}})
	builtin.Define("pg_partition_tree(regclass)", builtin.Func{Set: func(ctx *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		snap, err := snapshotOf(ctx)
		if err != nil {
			return err
		}
		m := snap.partMember(arg(a[0]))
		if m == nil {
			return nil
		}
		type level struct {
			m *partMember
			n int
		}
		list := []level{{m, 0}}
		for i := 0; i < len(list); i++ {
			l := list[i]
			parent := types.Null
			if up := l.m.up(snap); up != nil {
				parent = vOID(up.oid())
			}
			if err := emit([]types.Datum{vOID(l.m.oid()), parent, vBool(l.m.t.Kind != KindPartitioned), vInt(l.n)}); err != nil {
				return err
			}
			for _, d := range l.m.down(snap) {
				list = append(list, level{d, l.n + 1})
			}
		}
		return nil
	}})
}

// partMember is a table or index that is a partition or has some.
type partMember struct {
	t  *Table
	ix *Index
}

// partMember finds one by OID; nil for what has to do with no partitions.
func (s *Snapshot) partMember(oid OID) *partMember {
	if t := s.Table(oid); t != nil {
		if t.Kind == KindPartitioned || t.Bound != nil {
			return &partMember{t: t}
		}
		return nil
	}
	if t := s.TableOfIndex(oid); t != nil {
		if ix := t.IndexByOID(oid); t.Kind == KindPartitioned || ix.Parent != 0 {
			return &partMember{t, ix}
		}
	}
	return nil
}

func (m *partMember) oid() OID {
	if m.ix != nil {
		return m.ix.OID
	}
	return m.t.OID
}

func (m *partMember) up(s *Snapshot) *partMember {
	if m.ix != nil {
		if m.ix.Parent == 0 {
			return nil
		}
		return s.partMember(m.ix.Parent)
	}
	if p := s.ParentOf(m.t); p != nil && !m.t.Detaching {
		return &partMember{t: p}
	}
	return nil
}

func (m *partMember) down(s *Snapshot) []*partMember {
	var out []*partMember
	if m.t.Kind != KindPartitioned {
		return nil
	}
	for _, c := range s.Children(m.t.OID) {
		if m.ix == nil {
			out = append(out, &partMember{t: c})
			continue
		}
		for _, ix := range c.Indexes {
			if ix.Parent == m.ix.OID {
				out = append(out, &partMember{c, ix})
			}
		}
	}
	return out
}

// envOf is how a session writes values.
func envOf(ctx *builtin.Ctx) *types.Env {
	if ctx != nil && ctx.Env != nil {
		return ctx.Env
	}
	return &boundEnv
}
