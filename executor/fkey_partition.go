package executor

import (
	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/types"
)

// Foreign keys where one side is partitioned.

// partLookup finds rows of a partitioned table by a unique key, which includes
// its partition key.
type partLookup struct {
	x       *exec
	t       *catalog.Table
	index   types.OID
	attnums []int16
	conv    []*builtin.Func
	r       *router
	row     *types.Batch // of t, one row
	parts   map[types.OID]*keyLookup
}

func (x *exec) newPartLookup(t *catalog.Table, index types.OID, attnums []int16, typs []*types.Type) (*partLookup, error) {
	l := &partLookup{x: x, t: t, index: index, attnums: attnums, parts: map[types.OID]*keyLookup{}}
	var err error
	if l.r, err = x.router(t); err != nil {
		return nil, err
	}
	l.row = &types.Batch{N: 1, Cols: make([]*types.Vec, len(t.Columns))}
	for i := range t.Columns {
		v := types.NewVec(columnType(&t.Columns[i]), 1)
		v.Resize(1)
		nullVec(v, 1)
		l.row.Cols[i] = v
	}
	for j, a := range attnums {
		conv, err := keyConversion(typs[j], t.Col(a).Type)
		if err != nil {
			return nil, err
		}
		l.conv = append(l.conv, conv)
	}
	return l, nil
}

func (l *partLookup) find(cols []*types.Vec, i int) (bool, error) {
	look, key, err := l.leaf(cols, i)
	if err != nil || look == nil {
		return false, err
	}
	return look.find(key, 0)
}

// leaf gives the look-up in the partition where row i of cols belongs, nil if there is
// none, and the one row to look up there.
func (l *partLookup) leaf(cols []*types.Vec, i int) (*keyLookup, []*types.Vec, error) {
	key := make([]*types.Vec, len(l.attnums))
	for j, a := range l.attnums {
		d := cols[j].Datum(i)
		if l.conv[j] != nil {
			var err error
			if d, err = builtin.Call(l.conv[j], l.x.Eval, []types.Datum{d}); err != nil {
				return nil, nil, err
			}
		}
		v := types.NewVec(l.t.Col(a).Type, 1)
		v.Resize(1)
		v.Set(0, d)
		l.row.Cols[a-1], key[j] = v, v
	}
	leaf, err := l.r.leaf(l.row, 0)
	if err != nil || leaf == nil {
		return nil, nil, err
	}
	look, known := l.parts[leaf.OID]
	if !known {
		if gone, err := l.x.detaching(leaf); err != nil || gone {
			l.parts[leaf.OID] = nil
			return nil, nil, err
		}
		attnums, typs := mapped(l.t, leaf, l.attnums), make([]*types.Type, len(key))
		for j, v := range key {
			typs[j] = v.Type
		}
		if look, err = l.x.newKeyLookup(leaf, l.x.partIndex(leaf, l.index), attnums, typs); err != nil {
			return nil, nil, err
		}
		l.parts[leaf.OID] = look
	}
	return look, key, nil
}

// detaching tells that a partition, which the snapshot still sees in its table, is
// being detached: nobody may come to refer to its rows any more.
func (x *exec) detaching(leaf *catalog.Table) (bool, error) {
	if x.Isolation == kv.ReadCommitted || x.Newest == nil {
		return false, nil
	}
	newest, err := x.Newest()
	if err != nil {
		return false, err
	}
	return newest.Leaving(leaf, x.Catalog), nil
}

// partIndex finds the index of a partition that is part of whole, at any remove.
func (x *exec) partIndex(leaf *catalog.Table, whole types.OID) types.OID {
	for _, ix := range leaf.Indexes {
		if ix.Parent != 0 && x.partOfIndex(ix, whole) {
			return ix.OID
		}
	}
	return 0
}

// referredAsAWhole is what a constraint refers to as it was declared: where it
// refers to a partition on behalf of the whole table, the whole.
func (x *exec) referredAsAWhole(e *parentEvent) (*catalog.Table, types.OID, []int16) {
	fk, t := e.fk, e.w.t
	for fk.Referenced {
		up := e.child.ForeignKey(fk.Parent)
		if up == nil {
			break
		}
		fk = up
	}
	if fk != e.fk {
		if whole := x.Catalog.Table(fk.RefTable); whole != nil {
			t = whole
		}
	}
	return t, fk.RefIndex, fk.RefColumns
}
