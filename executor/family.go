package executor

import (
	"slices"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// A family is a table with children as the target of INSERT, UPDATE, DELETE or
// MERGE. The statement speaks of the named table's columns; each row is in some
// member, whose columns of those names may stand elsewhere, and which may
// have more. A row's key says which member it is in.
//
//	INSERT   row of the named table ─route─▶ partition ─relay─▶ its writer
//	UPDATE   old row as the named table's ─SET─▶ new row ─relay─▶ the member's
//	         writer, or out of it and into another partition

// family writes the rows of a table and its children.
type family struct {
	x       *exec
	t       *catalog.Table
	members map[types.OID]*member
	stores  map[uint32]*catalog.Table // by storage number
	root    *router                   // of a partitioned table
	keyCols map[int16]bool            // columns of t that decide, at any level, where a row goes
	own     *boundCheck               // of t, when it is itself a partition
	ownW    *tableWriter              // prints rows of t; writes nothing
}

// member is one table of a family.
type member struct {
	t     *catalog.Table
	w     *tableWriter
	up    []int16 // by attnum-1 of the named table: attnum here
	down  []int16 // by attnum-1 here: attnum in the named table, 0 for what it lacks
	same  bool    // both have the same columns in the same places
	more  bool    // has columns that the named table lacks
	dec   *rowenc.Decoder
	nulls []*types.Vec
}

// newFamily makes the family of a table; tables are the members whose rows may
// be read.
func (x *exec) newFamily(t *catalog.Table, tables []*catalog.Table) (*family, error) {
	f := &family{x: x, t: t, members: map[types.OID]*member{}, stores: map[uint32]*catalog.Table{}}
	for _, m := range tables {
		f.stores[m.Storage] = m
	}
	f.ownW = &tableWriter{x: x, t: t}
	for i := range t.Columns {
		f.ownW.typs = append(f.ownW.typs, columnType(&t.Columns[i]))
	}
	if t.Kind != catalog.KindPartitioned {
		return f, nil
	}
	var err error
	if f.root, err = x.router(t); err != nil {
		return nil, err
	}
	if f.own, err = x.boundCheckOf(t); err != nil {
		return nil, err
	}
	f.keyCols = map[int16]bool{}
	around := x.Catalog.Tree(t)
	for p := x.Catalog.ParentOf(t); p != nil; p = x.Catalog.ParentOf(p) {
		around = append(around, p)
	}
	for _, p := range around {
		if p.PartitionBy == nil {
			continue
		}
		m := catalog.AttnumMap(p, t)
		for _, c := range p.PartitionBy.Columns {
			for _, a := range append([]int16{c.Attnum}, c.Uses...) {
				if a > 0 {
					f.keyCols[m[a-1]] = true
				}
			}
		}
	}
	return f, nil
}

func columnType(c *catalog.Column) *types.Type {
	if c.Dropped {
		return types.Text
	}
	return c.Type
}

// member gives the member that is table t.
func (f *family) member(t *catalog.Table) (*member, error) {
	if m := f.members[t.OID]; m != nil {
		return m, nil
	}
	w, err := f.x.writer(t, nil)
	if err != nil {
		return nil, err
	}
	m := &member{t: t, w: w, up: catalog.AttnumMap(f.t, t), down: catalog.AttnumMap(t, f.t), nulls: make([]*types.Vec, max(len(t.Columns), len(f.t.Columns)))}
	m.same = len(t.Columns) == len(f.t.Columns)
	for i, a := range m.down {
		if a == 0 && !t.Columns[i].Dropped {
			m.more = true
		}
		m.same = m.same && (int(a) == i+1 || a == 0 && t.Columns[i].Dropped && f.t.Columns[i].Dropped)
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	m.dec = rowenc.NewDecoder(t, all)
	if t != f.t {
		w.shown = func(b *types.Batch, i int) string {
			return f.ownW.rowText(m.named(b), i)
		}
	}
	f.members[t.OID] = m
	return m, nil
}

// of gives the member that a row's key is in.
func (f *family) of(key string) (*member, error) {
	storage, _, _, err := keyenc.DecodeIndexPrefix([]byte(key))
	if err != nil {
		return nil, storeError(err)
	}
	t := f.stores[storage]
	if t == nil {
		return nil, pgerr.Newf(pgerr.InternalError, "row of storage %d is in no table below %q", storage, f.t.Name)
	}
	return f.member(t)
}

// null gives n NULLs of the type of column i of the columns cs.
func (m *member) null(cs []catalog.Column, i, n int) *types.Vec {
	v := m.nulls[i]
	if t := columnType(&cs[i]); v == nil || v.Type != t {
		v = types.NewVec(t, n)
		m.nulls[i] = v
	}
	nullVec(v, n)
	return v
}

// local gives rows of the named table as rows of the member; what it has
// besides comes from old, or is NULL.
func (m *member) local(b, old *types.Batch) *types.Batch {
	if m.same {
		return &types.Batch{N: b.N, Cols: append([]*types.Vec(nil), b.Cols[:len(m.down)]...)}
	}
	out := &types.Batch{N: b.N, Cols: make([]*types.Vec, len(m.down))}
	for i, a := range m.down {
		switch {
		case a > 0:
			out.Cols[i] = b.Cols[a-1]
		case old != nil:
			out.Cols[i] = old.Cols[i]
		default:
			out.Cols[i] = m.null(m.t.Columns, i, b.N)
		}
	}
	return out
}

// named gives rows of the member as rows of the named table.
func (m *member) named(b *types.Batch) *types.Batch {
	out := &types.Batch{N: b.N, Cols: make([]*types.Vec, len(m.up))}
	for i, a := range m.up {
		if a > 0 {
			out.Cols[i] = b.Cols[a-1]
		} else {
			v := types.NewVec(types.Text, b.N)
			nullVec(v, b.N)
			out.Cols[i] = v
		}
	}
	return out
}

// changed tells which of the member's columns change when those of the named table do.
func (m *member) changed(named []bool) []bool {
	out := make([]bool, len(m.down))
	for i, a := range m.down {
		out[i] = a > 0 && named[a-1]
	}
	return out
}

// written collects rows of several members as rows of the named table, in
// the order in which they were given, with a column for tableoid behind.
type written struct {
	cols []*types.Vec
}

func (f *family) newWritten(n int) *written {
	s := &written{}
	for i := range f.t.Columns {
		s.cols = append(s.cols, types.NewVec(columnType(&f.t.Columns[i]), n))
	}
	s.cols = append(s.cols, types.NewVec(types.Oid, n))
	for _, v := range s.cols {
		v.Resize(n)
	}
	return s
}

// put stores rows of a member at the places rows.
func (s *written) put(m *member, b *types.Batch, rows []int32) {
	for i, a := range m.up {
		for k, at := range rows {
			if a > 0 {
				setVec(s.cols[i], int(at), b.Cols[a-1], k)
			} else {
				s.cols[i].Set(int(at), types.Null)
			}
		}
	}
	oid := s.cols[len(m.up)]
	for _, at := range rows {
		oid.I[at] = int64(m.t.OID)
	}
}

// insert writes new rows of the named table, which is partitioned, and gives
// them as they were written: their columns only if they are wanted.
func (f *family) insert(b *types.Batch, wanted bool, check func(*types.Batch) error) (*types.Batch, error) {
	if err := f.admit(b); err != nil {
		return nil, err
	}
	var out *written
	if wanted {
		out = f.newWritten(b.N)
	}
	var done []int32
	failed := f.root.inOrder(b, func(leaf *catalog.Table, rows []int32) error {
		m, err := f.member(leaf)
		if err != nil {
			return err
		}
		in := m.local(compacted(b, rows), nil)
		m.w.routed = true
		defer func() { m.w.routed = false }()
		failed := m.w.insert(in)
		if failed != nil {
			if m.w.trig != nil { // they may have left rows out
				return inRow(failed, rows)
			}
			in = rowsBefore(in, failed)
			rows, failed = rows[:in.N], inRow(failed, rows)
		} else if kept := m.w.kept; kept != nil {
			rows = rowsAt(rows, kept)
		}
		if check != nil && in.N > 0 {
			if err := check(m.named(in)); err != nil {
				in = rowsBefore(in, err)
				rows, failed = rows[:in.N], inRow(err, rows)
			}
		}
		done = append(done, rows...)
		if out != nil {
			out.put(m, in, rows)
		}
		return failed
	})
	if failed != nil {
		n := rowsBefore(b, failed).N
		done = slices.DeleteFunc(done, func(i int32) bool { return int(i) >= n })
	}
	if out == nil {
		return &types.Batch{N: len(done)}, failed
	}
	all := &types.Batch{N: b.N, Cols: out.cols}
	if len(done) < b.N {
		slices.Sort(done)
		all = compacted(all, done)
	}
	return all, failed
}

// admit checks that new rows belong to the named table, when it is a partition itself.
func (f *family) admit(b *types.Batch) error {
	if f.own == nil {
		return nil
	}
	i, err := f.own.outside(b)
	if err != nil || i < 0 {
		return err
	}
	return f.ownW.boundError(b, i)
}

// inRow gives an error about a row of a part of a batch its place in the batch.
func inRow(err error, rows []int32) error {
	if e := pgerr.Of(err); e != nil && e.Row > 0 && e.Row <= len(rows) {
		e.Row = int(rows[e.Row-1]) + 1
	}
	return err
}

// portion is rows of one member that are locked and to be changed.
type portion struct {
	m    *member
	in   *types.Batch // the statement's input, the named table's columns as of now
	from []int32      // where its rows were in the batch
	anew []int32      // its rows that were read anew
	keys []string
	old  *types.Batch // rows of the member
	left []int32      // the rows that triggers left in, once updated; nil: all
}

// lock locks the rows that a batch of the target's input names and gives them
// by member, in order of appearance. modes tells how rows of the batch are locked.
func (f *family) lock(g *target, b *types.Batch, modes func(*member, []int32) (rowModes, error)) ([]*portion, error) {
	keys := b.Cols[g.keyCol]
	groups := map[*member][]int32{}
	var order []*member
	for _, i := range selected(b.N, b.Sel) {
		if keys.IsNull(int(i)) {
			continue
		}
		m, err := f.of(keys.S[i])
		if err != nil {
			return nil, err
		}
		if groups[m] == nil {
			order = append(order, m)
		}
		groups[m] = append(groups[m], i)
	}
	var out []*portion
	for _, m := range order {
		how, err := modes(m, groups[m])
		if err != nil {
			return nil, err
		}
		in, names, err := g.lockAs(&types.Batch{Cols: b.Cols, N: b.N, Sel: groups[m]}, how, m.dec, m.up)
		if err != nil {
			return nil, err
		}
		if in.N == 0 {
			continue
		}
		p := &portion{m: m, in: in, from: slices.Clone(g.sel), anew: slices.Clone(g.fresh), keys: names}
		if m.more {
			if p.old, err = f.x.rowsAt(m, names, g.verb); err != nil {
				return nil, err
			}
		} else {
			p.old = m.local(g.old(in), nil)
		}
		out = append(out, p)
	}
	return out, nil
}

// rowsAt reads whole rows of a member by their keys, for what verb says.
func (x *exec) rowsAt(m *member, names []string, verb string) (*types.Batch, error) {
	keys, vals := make([][]byte, len(names)), make([][]byte, len(names))
	for i, k := range names {
		keys[i] = []byte(k)
		v, ok, err := x.Txn.GetLatest(keys[i])
		if err != nil {
			return nil, storeError(err)
		}
		if !ok {
			if err := x.untouched(names[i:i+1], verb); err != nil {
				return nil, err
			}
			return nil, storeError(kv.ErrConcurrentUpdate)
		}
		vals[i] = append([]byte(nil), v...)
	}
	vecs := newVecs(m.dec.Types(), len(names))
	if err := m.dec.Batch(keys, vals, vecs); err != nil {
		return nil, err
	}
	return &types.Batch{N: len(names), Cols: vecs}, nil
}

// update changes the rows of a portion to now, rows of the named table of which
// the columns changed may differ. Rows that do not belong to their partition
// any more move. It gives their keys, "" for those that moved, and, if they are
// wanted, the rows as written.
func (f *family) update(p *portion, now *types.Batch, changed []bool, wanted bool, check func(*types.Batch) error) ([]string, *types.Batch, error) {
	m := p.m
	local := m.local(now, p.old)
	var moves []bool
	if f.root != nil && m.w.bounds != nil && f.moving(changed) {
		var err error
		if moves, err = m.w.bounds.misplaced(local); err != nil {
			return nil, nil, err
		}
	}
	stay, go_ := make([]int32, 0, now.N), []int32(nil)
	triggered := m.w.trig != nil && len(m.w.trig.beforeUpdate) > 0
	if triggered && f.root != nil && m.w.bounds != nil { // they decide where a row belongs
		moves = nil
		m.w.leaves = func(i int32, row *types.Batch) (bool, error) {
			out, err := m.w.bounds.misplaced(row)
			if err != nil || !out[0] {
				return false, err
			}
			opts := kv.LockOptions{Mode: kv.LockUpdate, Timeout: f.x.LockTimeout, Newest: true, Untold: true}
			if _, err := f.x.Txn.Lock(f.x.context(), []byte(p.keys[i]), opts); err != nil {
				return false, f.x.rowConflict([]byte(p.keys[i]), err)
			}
			if len(go_) == 0 {
				now = cloneBatch(now)
			}
			for k, v := range m.named(row).Cols {
				setVec(now.Cols[k], int(i), v, 0)
			}
			go_ = append(go_, i)
			return true, nil
		}
		defer func() { m.w.leaves = nil }()
	}
	for i := range now.N {
		if moves != nil && moves[i] {
			go_ = append(go_, int32(i))
		} else {
			stay = append(stay, int32(i))
		}
	}
	out := f.newWritten(0)
	if wanted {
		out = f.newWritten(now.N)
	}
	keys := make([]string, now.N)
	if len(stay) > 0 {
		in, old, names := compacted(local, stay), compacted(p.old, stay), make([]string, len(stay))
		for k, i := range stay {
			names[k] = p.keys[i]
		}
		m.w.routed = f.root != nil
		fresh, err := m.w.update(names, old, in, m.changed(changed))
		m.w.routed = false
		if err != nil {
			return nil, nil, err
		}
		if kept := m.w.kept; kept != nil {
			stay = rowsAt(stay, kept)
			p.left = append(append([]int32{}, stay...), go_...)
			slices.Sort(p.left)
		}
		if check != nil {
			if err := check(m.named(in)); err != nil {
				return nil, nil, err
			}
		}
		for k, i := range stay {
			keys[i] = fresh[k]
		}
		if wanted {
			out.put(m, in, stay)
		}
	}
	if len(go_) > 0 {
		moved, gone, err := f.move(p, now, go_, check)
		if err != nil {
			return nil, nil, err
		}
		if len(gone) < len(go_) {
			go_ = gone
			p.left = append(append([]int32{}, stay...), go_...)
			slices.Sort(p.left)
		}
		for i, v := range out.cols {
			for k, at := range go_ {
				if wanted && k < moved.N {
					setVec(v, int(at), moved.Cols[i], k)
				}
			}
		}
	}
	return keys, &types.Batch{N: now.N, Cols: out.cols}, nil
}

// moving tells whether a change of columns can change a row's partition.
func (f *family) moving(changed []bool) bool {
	for a := range f.keyCols {
		if a > 0 && changed[a-1] {
			return true
		}
	}
	return false
}

// move takes rows out of their partition and into another. It gives them as written
// and says which they are: triggers may keep some from leaving.
func (f *family) move(p *portion, now *types.Batch, rows []int32, check func(*types.Batch) error) (*types.Batch, []int32, error) {
	fresh := compacted(now, rows)
	if err := f.admit(fresh); err != nil {
		return nil, nil, err
	}
	names := make([]string, len(rows))
	for k, i := range rows {
		names[k] = p.keys[i]
	}
	// Where the rows go is known before they leave, so that a row that has no
	// place is an error that has changed nothing.
	if err := f.root.leaves(fresh, iota32(fresh.N), func(*catalog.Table, []int32) error { return nil }); err != nil {
		return nil, nil, err
	}
	if err := f.checkMovable(p.m.t); err != nil {
		return nil, nil, err
	}
	was := compacted(p.old, rows)
	parents := p.m.w.parents
	p.m.w.parents = nil
	for _, c := range parents { // for what refers to this very partition, the rows are gone
		if c.fk.Parent == 0 {
			p.m.w.parents = append(p.m.w.parents, c)
		}
	}
	st := f.x.statement()
	st.moving = true
	defer func() { st.moving = false }()
	err := p.m.w.delete(names, was)
	p.m.w.parents = parents
	if err != nil {
		return nil, nil, err
	}
	if kept := p.m.w.kept; kept != nil && len(kept) < len(rows) {
		rows, names = rowsAt(rows, kept), namesAt(names, kept)
		fresh, was = compacted(fresh, kept), compacted(was, kept)
	}
	for _, k := range names {
		f.x.Txn.Moved([]byte(k), nil)
	}
	out, err := f.insert(fresh, true, check)
	if err != nil {
		return nil, nil, err
	}
	if st.transitions != nil {
		st.collect(p.m.w, catalog.OnUpdate, was, nil)
		st.collect(f.ownW, catalog.OnUpdate, nil, out)
	}
	return out, rows, f.movedKeys(p.m, was, out)
}

// checkMovable refuses to move rows out of a partition when a foreign key refers to
// a table between it and the one named: it would see them vanish.
func (f *family) checkMovable(t *catalog.Table) error {
	for up := f.x.Catalog.ParentOf(t); up != nil && up.OID != f.t.OID; up = f.x.Catalog.ParentOf(up) {
		for _, r := range f.x.Catalog.ReferredBy(up.OID) {
			for _, fk := range r.ForeignKeys {
				if fk.RefTable == up.OID && fk.Parent == 0 {
					return pgerr.New(pgerr.FeatureNotSupported, "cannot move tuple across partitions when a non-root ancestor of the source partition is directly referenced in a foreign key").
						WithDetail("A foreign key points to ancestor %q but not the root ancestor %q.", up.Name, f.t.Name).
						WithHint("Consider defining the foreign key on table %q.", f.t.Name)
				}
			}
		}
	}
	return nil
}

// movedKeys tells the foreign keys that refer to rows which moved to another
// partition what became of their keys: to those the rows changed in the table
// as a whole.
func (f *family) movedKeys(m *member, was, now *types.Batch) error {
	if len(m.w.parents) == 0 {
		return nil
	}
	if f.ownW.parents == nil {
		f.ownW.bindParents()
	}
	return f.ownW.parentRows(m.named(was), now)
}

// familyConflict is INSERT … ON CONFLICT into a partitioned table, row by row.
type familyConflict struct {
	f     *family
	n     *plan.OnConflict
	views viewChecks
	parts map[types.OID]*conflict
}

func (x *exec) newFamilyConflict(f *family, n *plan.OnConflict) *familyConflict {
	return &familyConflict{f: f, n: n, parts: map[types.OID]*conflict{}}
}

// insert inserts or updates each row and gives the rows so written.
func (c *familyConflict) insert(b *types.Batch) (*types.Batch, error) {
	if err := c.f.admit(b); err != nil {
		return nil, err
	}
	out, n := c.f.newWritten(0), 0
	written := func() *types.Batch { return &types.Batch{N: n, Cols: out.cols} }
	for i := range b.N {
		if i%256 == 255 {
			if err := c.f.x.cancelled(); err != nil {
				return nil, err
			}
		}
		one := compacted(b, []int32{int32(i)})
		leaf, err := c.f.root.leaf(one, 0)
		if err != nil {
			return nil, err
		}
		if leaf == nil { // say so
			return written(), c.f.root.leaves(one, []int32{int32(i)}, nil)
		}
		m, err := c.f.member(leaf)
		if err != nil {
			return nil, err
		}
		k := c.parts[leaf.OID]
		if k == nil {
			if k, err = c.f.x.newMemberConflict(c.f, m, c.n); err != nil {
				return nil, err
			}
			k.views = c.views
			c.parts[leaf.OID] = k
		}
		m.w.routed = true
		done, err := k.one(m.local(one, nil))
		m.w.routed = false
		if err != nil {
			return written(), err
		}
		if done == nil {
			continue
		}
		row := c.f.newWritten(1)
		row.put(m, done, []int32{0})
		for j, v := range out.cols {
			v.AppendRows(row.cols[j], []int32{0})
		}
		n++
	}
	return written(), nil
}

// clear forgets the rows touched, for another execution.
func (c *familyConflict) clear() {
	for _, k := range c.parts {
		k.reset()
	}
}

// lockMode is the lock that a change of columns of the named table needs in a member.
func (f *family) lockMode(m *member, changed []bool) kv.LockMode {
	if f.root != nil && f.moving(changed) {
		return kv.LockUpdate
	}
	return m.w.lockMode(m.changed(changed))
}
