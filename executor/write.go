package executor

import (
	"errors"
	"strings"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// tableWriter writes rows of one table with their index entries. Rows come as
// batches of the table's columns in attnum order (dropped ones NULL), without a
// selection. It checks NOT NULL, CHECK and uniqueness; foreign keys are left
// to the end of the statement (stmt).
//
// A row's key is locked before it is written; entries of secondary indexes
// that end in the primary key are covered by that lock, those that guard
// uniqueness are locked themselves.
type tableWriter struct {
	x       *exec
	t       *catalog.Table
	enc     *rowenc.Encoder
	primary *rowenc.Index
	indexes []*indexWriter // secondary
	typs    []*types.Type
	notNull []int // columns
	gen     []genColumn
	checks  []namedCheck
	fks     []*childCheck // of this table
	parents []*parentCheck
	bounds  *boundCheck // of a partition
	// routed tells that the rows at hand belong to the partition; shown, if not nil,
	// prints them as rows of the table that the statement names.
	routed bool
	shown  func(b *types.Batch, i int) string
	given  []int16     // columns that the statement gives values
	trig   *triggerSet // nil: none
	kept   []int32     // of the last insert, update or delete: rows that triggers left in; nil: all
	// leaves, unless nil, is asked of each row that BEFORE UPDATE triggers have made
	// whether it leaves the partition; one that does is not updated here.
	leaves func(i int32, row *types.Batch) (bool, error)
	vals   rowenc.Values
	key    []byte

	// Of the rows being inserted.
	rowKeys   [][]byte
	arena     []byte
	entryBufs []entryBuf
	claims    [][]byte
	claimRows []int
	found     [][]byte
}

type genColumn struct {
	idx int
	e   expr
	typ *types.Type
	buf *types.Vec
}

type namedCheck struct {
	name string
	e    expr
}

// indexWriter writes the entries of one secondary index.
type indexWriter struct {
	codec *rowenc.Index
	exprs []expr // per key: an expression, or nil for a column
	typs  []*types.Type
	where pred
	uses  map[int16]bool // columns whose change changes the entry; nil: any
	bufs  []*types.Vec
	in    []bool // rows of the batch that the predicate admits
	sel   []int32
	keys  []*types.Vec
}

// writer gives the statement's writer of a table, made at its first use. rules
// nil asks the binder.
func (x *exec) writer(t *catalog.Table, rules *plan.RowRules) (*tableWriter, error) {
	st := x.statement()
	if w := st.writers[t.OID]; w != nil {
		return w, nil
	}
	if rules == nil {
		rules = &plan.RowRules{}
		if needsRules(t) {
			if x.Binder == nil {
				return nil, pgerr.Newf(pgerr.InternalError, "no binder for the expressions of table %q", t.Name)
			}
			r, err := x.Binder.RowRules(t)
			if err != nil {
				return nil, err
			}
			rules = r
		}
	}
	w, err := x.newTableWriter(t, rules)
	if err != nil {
		return nil, err
	}
	st.writers[t.OID] = w
	return w, nil
}

// needsRules tells whether a table has expressions that writing it must run.
func needsRules(t *catalog.Table) bool {
	if len(t.Checks) > 0 {
		return true
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Dropped && (c.Generated != "" || c.Type != nil && c.Type.Kind == types.KindDomain) {
			return true
		}
	}
	for _, ix := range t.Indexes {
		if ix.Where != "" {
			return true
		}
		for _, k := range ix.Keys {
			if k.Attnum == 0 && !ix.RowID {
				return true
			}
		}
	}
	return false
}

func (x *exec) newTableWriter(t *catalog.Table, rules *plan.RowRules) (*tableWriter, error) {
	w := &tableWriter{x: x, t: t, enc: rowenc.NewEncoder(t)}
	var err error
	if len(t.Indexes) == 0 {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "cannot write to relation %q", t.Name)
	}
	if w.primary, err = rowenc.NewIndex(t, t.Indexes[0]); err != nil {
		return nil, err
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		typ := types.Text
		if !c.Dropped {
			typ = c.Type
			if c.NotNull {
				w.notNull = append(w.notNull, i)
			}
		}
		w.typs = append(w.typs, typ)
	}
	for _, g := range rules.Generated {
		e, err := x.compile(g.Expr)
		if err != nil {
			return nil, err
		}
		w.gen = append(w.gen, genColumn{idx: int(g.Attnum) - 1, e: e, typ: t.Col(g.Attnum).Type})
	}
	for _, c := range rules.Checks {
		e, err := x.compile(c.Expr)
		if err != nil {
			return nil, err
		}
		w.checks = append(w.checks, namedCheck{c.Name, e})
	}
	for i, ix := range t.Indexes[1:] {
		iw, err := x.newIndexWriter(t, ix, rules, i+1)
		if err != nil {
			return nil, err
		}
		w.indexes = append(w.indexes, iw)
	}
	if w.bounds, err = x.boundCheckOf(t); err != nil {
		return nil, err
	}
	if len(t.Triggers) > 0 && x.Triggers != nil {
		w.trig = x.newTriggerSet(t)
	}
	return w, w.bindForeignKeys()
}

func (x *exec) newIndexWriter(t *catalog.Table, ix *catalog.Index, rules *plan.RowRules, number int) (*indexWriter, error) {
	iw := &indexWriter{uses: map[int16]bool{}}
	var err error
	if iw.codec, err = rowenc.NewIndex(t, ix); err != nil {
		return nil, err
	}
	use := func(e plan.Expr) {
		walkExpr(e, func(e plan.Expr) {
			if c, ok := e.(*plan.Col); ok {
				iw.uses[int16(c.Idx+1)] = true
			}
		})
	}
	for j, k := range ix.Keys {
		if k.Attnum != 0 {
			iw.uses[k.Attnum] = true
			iw.exprs = append(iw.exprs, nil)
			iw.typs = append(iw.typs, t.Col(k.Attnum).Type)
			continue
		}
		if number >= len(rules.IndexExprs) || j >= len(rules.IndexExprs[number]) || rules.IndexExprs[number][j] == nil {
			return nil, pgerr.Newf(pgerr.InternalError, "index %q has an expression that is not bound", ix.Name)
		}
		pe := rules.IndexExprs[number][j]
		use(pe)
		e, err := x.compile(pe)
		if err != nil {
			return nil, err
		}
		iw.exprs = append(iw.exprs, e)
		iw.typs = append(iw.typs, pe.Type())
	}
	if ix.Where != "" {
		if number >= len(rules.IndexWhere) || rules.IndexWhere[number] == nil {
			return nil, pgerr.Newf(pgerr.InternalError, "index %q has a predicate that is not bound", ix.Name)
		}
		use(rules.IndexWhere[number])
		if iw.where, err = x.compilePred(rules.IndexWhere[number]); err != nil {
			return nil, err
		}
	}
	for _, a := range iw.codec.Stored() {
		iw.uses[a] = true
	}
	iw.bufs = make([]*types.Vec, len(ix.Keys))
	iw.keys = make([]*types.Vec, len(ix.Keys))
	return iw, nil
}

// compute finds the rows of a batch that the index holds and their key columns.
func (iw *indexWriter) compute(b *types.Batch) error {
	iw.in = sizedBools(iw.in, b.N)
	var sel []int32
	if iw.where != nil {
		var err error
		if iw.sel, err = iw.where.filter(b, nil, room(iw.sel[:0], b.N)); err != nil {
			return err
		}
		sel = iw.sel
		for _, i := range sel {
			iw.in[i] = true
		}
	} else {
		for i := range iw.in {
			iw.in[i] = true
		}
	}
	for j, e := range iw.exprs {
		if e == nil {
			iw.keys[j] = b.Cols[iw.codec.Attnums[j]-1]
			continue
		}
		a, err := e.eval(b, sel)
		if err != nil {
			return err
		}
		iw.keys[j] = flat(a, iw.typs[j], b.N, sel, &iw.bufs[j])
	}
	return nil
}

// entryBuf holds the entries of a batch: keys and values end to end.
type entryBuf struct {
	data    []byte
	key     []int // ends
	val     []int
	guarded []bool
	has     []bool
}

// entries computes the index's entries for a batch; pk gives the primary key
// behind its prefix.
func (iw *indexWriter) entries(b *types.Batch, pk func(i int) []byte, out *entryBuf) error {
	if err := iw.compute(b); err != nil {
		return err
	}
	out.data, out.key, out.val, out.guarded, out.has = out.data[:0], out.key[:0], out.val[:0], out.guarded[:0], out.has[:0]
	for i := range b.N {
		guarded := false
		if iw.in[i] {
			out.data, guarded = iw.codec.AppendEntryKey(out.data, iw.keys, i, pk(i))
		}
		out.key = append(out.key, len(out.data))
		if iw.in[i] {
			var err error
			if out.data, err = iw.codec.AppendEntryValue(out.data, guarded, pk(i), b.Cols, i); err != nil {
				return err
			}
		}
		out.val = append(out.val, len(out.data))
		out.guarded = append(out.guarded, guarded)
		out.has = append(out.has, iw.in[i])
	}
	return nil
}

func (e *entryBuf) at(i int) (key, val []byte) {
	from := 0
	if i > 0 {
		from = e.val[i-1]
	}
	return e.data[from:e.key[i]:e.key[i]], e.data[e.key[i]:e.val[i]:e.val[i]]
}

// prepare computes generated columns and checks constraints. bad is the first
// row that violates one, with its error; -1 if none does.
func (w *tableWriter) prepare(b *types.Batch) (bad int, violation error, err error) {
	for i := range w.gen {
		g := &w.gen[i]
		a, err := g.e.eval(b, nil)
		if err != nil {
			return 0, nil, err
		}
		g.buf = nil // the batch keeps the vector
		v := a.Vec
		if a.Const {
			v = flat(a, g.typ, b.N, nil, &g.buf)
		}
		b.Cols[g.idx] = v
	}
	bad = -1
	note := func(i int, e func() error) {
		if bad < 0 || i < bad {
			bad, violation = i, e()
		}
	}
	for _, k := range w.notNull {
		v := b.Cols[k]
		if !v.HasNulls {
			continue
		}
		for i, null := range v.Nulls[:b.N] {
			if null {
				note(i, func() error { return w.nullError(b, i, k) })
				break
			}
		}
	}
	for _, c := range w.checks {
		a, err := c.e.eval(b, nil)
		if err != nil {
			if bad >= 0 {
				return bad, violation, nil
			}
			return 0, nil, err
		}
		for i := range b.N {
			r := row(a, i)
			if !a.IsNull(r) && !a.B[r] {
				note(i, func() error { return w.checkError(b, i, c.name) })
				break
			}
		}
	}
	if w.bounds != nil && (!w.routed || w.trig != nil && len(w.trig.beforeInsert)+len(w.trig.beforeUpdate) > 0) {
		i, err := w.bounds.outside(b)
		if err != nil {
			return 0, nil, err
		}
		if i >= 0 {
			note(i, func() error { return w.boundError(b, i) })
		}
	}
	return bad, violation, nil
}

func (x *exec) env() *types.Env {
	if x.Eval != nil && x.Eval.Env != nil {
		return x.Eval.Env
	}
	return &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}
}

func schemaName(t *catalog.Table) string {
	if t.Schema != nil {
		return t.Schema.Name
	}
	return ""
}

func (w *tableWriter) nullError(b *types.Batch, i, k int) error {
	name := w.t.Columns[k].Name
	err := w.failing(pgerr.Newf(pgerr.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", name, w.t.Name), b, i)
	err.Schema, err.Table, err.Column, err.Row = schemaName(w.t), w.t.Name, name, i+1
	return err
}

func (w *tableWriter) checkError(b *types.Batch, i int, name string) error {
	err := w.failing(pgerr.Newf(pgerr.CheckViolation, "new row for relation %q violates check constraint %q", w.t.Name, name), b, i)
	err.Schema, err.Table, err.Constraint, err.Row = schemaName(w.t), w.t.Name, name, i+1
	return err
}

// taken is the error of row i, whose key another row has. At SERIALIZABLE it may be
// that the row could not have been written whatever its key: then that is the error, since
// who tries again will find the other row by looking, as with PostgreSQL.
func (w *tableWriter) taken(key []byte, ix *catalog.Index, keys []*types.Vec, i int) error {
	if w.x.Isolation == kv.Serializable {
		if err := w.x.Txn.DeleteCovered(key); err != nil {
			return storeError(err)
		}
	}
	return w.duplicate(ix, keys, i)
}

// duplicate is the error of a row whose key another row has.
func (w *tableWriter) duplicate(ix *catalog.Index, keys []*types.Vec, i int) error {
	names, vals := make([]string, len(keys)), make([]string, len(keys))
	for j, k := range ix.Keys {
		names[j] = k.Expr
		if k.Attnum != 0 {
			names[j] = w.t.Col(k.Attnum).Name
		}
		vals[j] = "null"
		if !keys[j].IsNull(i) {
			vals[j] = types.TextOf(keys[j].Type, keys[j].Datum(i), w.x.env())
		}
	}
	if ix.Exclusion {
		key := "(" + strings.Join(names, ", ") + ")=(" + strings.Join(vals, ", ") + ")"
		err := pgerr.Newf(pgerr.ExclusionViolation, "conflicting key value violates exclusion constraint %q", ix.Name)
		if w.mayShowKey(ix) {
			err.WithDetail("Key %s conflicts with existing key %s.", key, key)
		} else {
			err.WithDetail("Key conflicts exist.")
		}
		err.Schema, err.Table, err.Constraint, err.Row = schemaName(w.t), w.t.Name, ix.Name, i+1
		return err
	}
	err := pgerr.Newf(pgerr.UniqueViolation, "duplicate key value violates unique constraint %q", ix.Name)
	if w.mayShowKey(ix) {
		err.WithDetail("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(vals, ", "))
	}
	err.Schema, err.Table, err.Constraint, err.Row = schemaName(w.t), w.t.Name, ix.Name, i+1
	return err
}

func (w *tableWriter) primaryKeys(b *types.Batch) []*types.Vec {
	keys := make([]*types.Vec, len(w.primary.Keys))
	for j, a := range w.primary.Attnums {
		keys[j] = b.Cols[a-1]
	}
	return keys
}

// insertRows checks and writes new rows.
func (w *tableWriter) insertRows(b *types.Batch) error {
	bad, violation, err := w.prepare(b)
	if err != nil {
		return err
	}
	if bad >= 0 {
		// The rows before it come first: one of them may fail otherwise.
		if bad > 0 {
			var s rowSet
			s.cols, s.n = b.Cols, b.N
			if err := w.write(s.slice(0, bad)); err != nil {
				return err
			}
		}
		return violation
	}
	return w.write(b)
}

// write writes checked rows.
func (w *tableWriter) write(b *types.Batch) error {
	if b.N == 0 {
		return nil
	}
	x := w.x
	if err := w.enc.Batch(b.Cols, b.N, nil, &w.vals); err != nil {
		return err
	}
	if err := w.makeKeys(b); err != nil {
		return err
	}
	if len(w.entryBufs) < len(w.indexes) {
		w.entryBufs = make([]entryBuf, len(w.indexes))
	}
	pk := func(i int) []byte { return w.primary.Suffix(w.rowKeys[i]) }
	for n, iw := range w.indexes {
		if err := iw.entries(b, pk, &w.entryBufs[n]); err != nil {
			return err
		}
		if iw.codec.Desc.NotReady {
			clear(w.entryBufs[n].has)
		}
	}
	if err := w.enterKeys(b); err != nil {
		return err
	}
	if err := w.claimAll(b); err != nil {
		return err
	}
	for i, key := range w.rowKeys {
		if err := x.Txn.PutCovered(key, w.vals.Row(i)); err != nil {
			return storeError(err)
		}
	}
	if touched := x.statement().touched; touched != nil {
		for _, key := range w.rowKeys {
			touched[string(key)] = true
		}
	}
	for n, iw := range w.indexes {
		buf, d := &w.entryBufs[n], iw.codec.Desc
		for i := range b.N {
			if !buf.has[i] {
				continue
			}
			if d.Unique && d.Deferrable && !buf.guarded[i] {
				x.statement().watchUnique(w, iw, i)
			}
			k, v := buf.at(i)
			if err := x.Txn.PutCovered(k, v); err != nil {
				return storeError(err)
			}
		}
	}
	if err := w.keysAdded(b); err != nil {
		return err
	}
	return w.childRows(b, nil)
}

// makeKeys makes the keys of new rows, which live until it is called again.
func (w *tableWriter) makeKeys(b *types.Batch) error {
	w.rowKeys = sizedBytes(w.rowKeys, b.N)
	w.arena = w.arena[:0]
	var id int64
	var keys []*types.Vec
	byID := w.t.Indexes[0].RowID
	if byID {
		var err error
		if id, err = w.x.RowIDs.Take(w.x.Txn, w.t.Storage, b.N); err != nil {
			return storeError(err)
		}
	} else {
		keys = w.primaryKeys(b)
	}
	for i := range b.N {
		n := len(w.arena)
		if byID {
			w.arena = w.primary.AppendRowID(w.arena, id+int64(i))
		} else {
			w.arena, _ = w.primary.AppendKeys(append(w.arena, w.primary.Prefix...), keys, i)
		}
		w.rowKeys[i] = w.arena[n:len(w.arena):len(w.arena)]
	}
	return nil
}

// putEntry writes the entry of row i of the batch that iw has computed last.
func (w *tableWriter) putEntry(iw *indexWriter, key, value []byte, guarded bool, i int) error {
	if guarded {
		taken, err := w.claimOne(key, iw)
		if err != nil {
			return err
		}
		if taken {
			return w.taken(key, iw.codec.Desc, iw.keys, i)
		}
	} else if d := iw.codec.Desc; d.Unique && d.Deferrable {
		w.x.statement().watchUnique(w, iw, i)
	}
	return storeError(w.x.Txn.PutCovered(key, value))
}

// deleteRows removes rows that are locked: keys are their keys, old their columns.
func (w *tableWriter) deleteRows(keys []string, old *types.Batch) error {
	x := w.x
	pk := func(i int) []byte { return w.primary.Suffix([]byte(keys[i])) }
	var buf entryBuf
	for _, iw := range w.indexes {
		if err := iw.entries(old, pk, &buf); err != nil {
			return err
		}
		for i := range old.N {
			if !buf.has[i] {
				continue
			}
			k, _ := buf.at(i)
			if err := w.dropEntry(iw, k, keys[i], buf.guarded[i]); err != nil {
				return err
			}
		}
	}
	for i := range old.N {
		if err := x.Txn.DeleteCovered([]byte(keys[i])); err != nil {
			return storeError(err)
		}
	}
	if err := w.keysRemoved(old); err != nil {
		return err
	}
	return w.parentRows(old, nil)
}

// dropEntry deletes an entry. One that guards uniqueness is locked, so that
// nobody takes its place before this transaction ends.
func (w *tableWriter) dropEntry(iw *indexWriter, key []byte, row string, guarded bool) error {
	if guarded {
		if _, err := w.x.Txn.Lock(w.x.context(), key, kv.LockOptions{Mode: kv.LockUpdate, Timeout: w.x.LockTimeout, Newest: true}); err != nil {
			return storeError(err)
		}
		if iw.codec.Desc.Building {
			if owns, _, err := w.ownsEntry(iw, key, []byte(row)); err != nil || !owns {
				return err
			}
		}
	}
	return storeError(w.x.Txn.DeleteCovered(key))
}

// updateRows replaces rows that are locked: row i of old, at keys[i], becomes row i
// of b. changed tells, by column, which may differ. It gives the rows' keys,
// which differ from keys where the primary key changed.
func (w *tableWriter) updateRows(keys []string, old, b *types.Batch, changed []bool) ([]string, error) {
	if b.N == 0 {
		return keys, nil
	}
	bad, violation, err := w.prepare(b)
	if err != nil {
		return nil, err
	}
	for i := range w.gen {
		changed[w.gen[i].idx] = true
	}
	if bad >= 0 {
		if bad > 0 { // the rows before it come first
			rows := iota32(bad)
			if _, err := w.replace(keys[:bad], compacted(old, rows), compacted(b, rows), changed); err != nil {
				return nil, err
			}
		}
		return nil, violation
	}
	return w.replace(keys, old, b, changed)
}

// replace is updateRows of rows that are checked.
func (w *tableWriter) replace(keys []string, old, b *types.Batch, changed []bool) ([]string, error) {
	x := w.x
	if err := w.enc.Batch(b.Cols, b.N, nil, &w.vals); err != nil {
		return nil, err
	}
	if err := w.keysReplacing(old, b, changed); err != nil {
		return nil, err
	}
	moved := false
	for _, a := range w.primary.Attnums {
		moved = moved || a > 0 && changed[a-1]
	}
	newKeys := keys
	if moved {
		newKeys = make([]string, b.N)
		pkeys := w.primaryKeys(b)
		for i := range b.N {
			w.key, _ = w.primary.AppendKeys(append(w.key[:0], w.primary.Prefix...), pkeys, i)
			newKeys[i] = string(w.key)
			if newKeys[i] == keys[i] {
				if err := x.Txn.PutCovered(w.key, w.vals.Row(i)); err != nil {
					return nil, storeError(err)
				}
				continue
			}
			taken, err := w.claimOne(w.key, nil)
			if err != nil {
				return nil, err
			}
			if taken {
				return nil, w.taken(w.key, w.t.Indexes[0], pkeys, i)
			}
			if err := x.Txn.DeleteCovered([]byte(keys[i])); err != nil {
				return nil, storeError(err)
			}
			x.Txn.Moved([]byte(keys[i]), w.key)
			if err := x.Txn.PutCovered(w.key, w.vals.Row(i)); err != nil {
				return nil, storeError(err)
			}
		}
	} else {
		for i := range b.N {
			w.key = append(w.key[:0], keys[i]...)
			if err := x.Txn.PutCovered(w.key, w.vals.Row(i)); err != nil {
				return nil, storeError(err)
			}
		}
	}
	var was, is entryBuf
	for _, iw := range w.indexes {
		if !moved && !iw.touched(changed) {
			continue
		}
		if err := iw.entries(old, func(i int) []byte { return w.primary.Suffix([]byte(keys[i])) }, &was); err != nil {
			return nil, err
		}
		if err := iw.entries(b, func(i int) []byte { return w.primary.Suffix([]byte(newKeys[i])) }, &is); err != nil {
			return nil, err
		}
		if iw.codec.Desc.NotReady {
			clear(is.has)
		}
		for i := range b.N {
			ok, ov := was.at(i)
			nk, nv := is.at(i)
			same := was.has[i] && is.has[i] && string(ok) == string(nk)
			if same && string(ov) == string(nv) {
				continue
			}
			if was.has[i] && !same {
				if err := w.dropEntry(iw, ok, keys[i], was.guarded[i]); err != nil {
					return nil, err
				}
			}
			if !is.has[i] {
				continue
			}
			if same && iw.codec.Desc.Building && moved {
				// the row's key is in the value
				if err := w.dropEntry(iw, ok, keys[i], was.guarded[i]); err != nil {
					return nil, err
				}
			}
			if same && iw.codec.Desc.Building {
				if err := w.replaceFilling(iw, nk, nv, []byte(newKeys[i]), is.guarded[i], i); err != nil {
					return nil, err
				}
				continue
			}
			if same {
				if err := x.Txn.PutCovered(nk, nv); err != nil {
					return nil, storeError(err)
				}
				continue
			}
			if err := w.putEntry(iw, nk, nv, is.guarded[i], i); err != nil {
				return nil, err
			}
		}
	}
	if err := w.keysReplaced(old, b); err != nil {
		return nil, err
	}
	if err := w.parentRows(old, b); err != nil {
		return nil, err
	}
	return newKeys, w.childRows(b, changed)
}

// touched tells whether a change of columns can change entries.
func (iw *indexWriter) touched(changed []bool) bool {
	for a := range iw.uses {
		if changed[a-1] {
			return true
		}
	}
	return false
}

// lockMode is the lock that an update of the columns needs: changing what a
// unique index holds excludes foreign key checks.
func (w *tableWriter) lockMode(changed []bool) kv.LockMode {
	hit := func(attnums []int16) bool {
		for _, a := range attnums {
			if a > 0 && changed[a-1] {
				return true
			}
		}
		return false
	}
	if hit(w.primary.Attnums) {
		return kv.LockUpdate
	}
	for _, iw := range w.indexes {
		if iw.codec.Desc.Unique && iw.where == nil && hit(iw.codec.Attnums) {
			return kv.LockUpdate
		}
	}
	return kv.LockNoKeyUpdate
}

// keysChange tells of rows whether an update really changes what a unique index holds of
// them, which excludes foreign key checks: a statement that sets a key to what it is does not
// disturb those who rely on it. nil: of no row.
func (w *tableWriter) keysChange(old, now *types.Batch) []bool {
	var hits []bool
	look := func(attnums []int16) {
		for _, a := range attnums {
			if a <= 0 || old.Cols[a-1] == now.Cols[a-1] {
				continue
			}
			for i := range now.N {
				if (hits == nil || !hits[i]) && !types.EqualAt(old.Cols[a-1], i, now.Cols[a-1], i) {
					if hits == nil {
						hits = make([]bool, now.N)
					}
					hits[i] = true
				}
			}
		}
	}
	look(w.primary.Attnums)
	for _, iw := range w.indexes {
		if iw.codec.Desc.Unique && iw.where == nil {
			look(iw.codec.Attnums)
		}
	}
	return hits
}

// lockKeys locks those of some rows, which are locked already, whose keys change.
func (w *tableWriter) lockKeys(keys []string, change []bool) error {
	opts := kv.LockOptions{Mode: kv.LockUpdate, Timeout: w.x.LockTimeout, Newest: true, Untold: true}
	for i, hit := range change {
		if !hit {
			continue
		}
		if _, err := w.x.Txn.Lock(w.x.context(), []byte(keys[i]), opts); err != nil {
			return w.x.rowConflict([]byte(keys[i]), err)
		}
	}
	return nil
}

// rowConflict is the error of a row that could not be locked to be changed: of a conflict it
// says what the other transaction did. (Of one to be kept as it is, by FOR UPDATE or a
// foreign key, PostgreSQL says "update" of a deletion too.)
func (x *exec) rowConflict(key []byte, err error) error {
	if errors.Is(err, kv.ErrConflict) {
		_, moved := x.Txn.MovedTo(key)
		if _, ok, e := x.Txn.GetLatest(key); e == nil && !ok && !moved {
			return pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent delete").WithCause(err)
		}
	}
	return storeError(err)
}

// lockRow locks a row and, at READ COMMITTED, tells its newest value if that
// is not the one the snapshot has: changed; gone when it was deleted.
func (x *exec) lockRow(key []byte, mode kv.LockMode) (value []byte, changed, gone bool, err error) {
	res, err := x.Txn.Lock(x.context(), key, kv.LockOptions{Mode: mode, Timeout: x.LockTimeout})
	if err != nil {
		return nil, false, false, x.rowConflict(key, err)
	}
	if !res.Changed {
		return nil, false, false, nil
	}
	value, ok, err := x.Txn.GetLatest(key)
	if err != nil {
		return nil, false, false, storeError(err)
	}
	return value, true, !ok, nil
}

// errOtherPartition is the error of a row that another transaction has moved to
// another partition, where it is not followed (Txn.Moved to no key).
var errOtherPartition = pgerr.New(pgerr.SerializationFailure, "tuple to be locked was already moved to another partition due to concurrent update")

// lockMoved finds, locks and reads the newest version of a row that is gone from the
// key it had, since its primary key was changed (READ COMMITTED).
func (x *exec) lockMoved(key []byte, opts kv.LockOptions) (to, value []byte, err error) {
	opts.Newest = true
	for {
		next, ok := x.Txn.MovedTo(key)
		if !ok {
			return nil, nil, nil
		}
		if len(next) == 0 {
			return nil, nil, errOtherPartition
		}
		key = next
		res, err := x.Txn.Lock(x.context(), key, opts)
		if err != nil || !res.Acquired {
			return nil, nil, err
		}
		value, ok, err := x.Txn.GetLatest(key)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			return key, value, nil
		}
		x.Txn.Unlock(key, opts.Mode)
	}
}

// spare gives up the lock of a row that is not to be changed after all, and keeps it as
// FOR UPDATE and kin would: that is all that PostgreSQL has of it then.
func (x *exec) spare(key []byte, mode kv.LockMode) error {
	keep := kv.LockForNoKeyUpdate
	if mode == kv.LockUpdate {
		keep = kv.LockForUpdate
	}
	// It is granted at once: mode excludes all that it excludes.
	if _, err := x.Txn.Lock(x.context(), key, kv.LockOptions{Mode: keep, Newest: true, Untold: true}); err != nil {
		return storeError(err)
	}
	x.Txn.Unlock(key, mode)
	return nil
}
