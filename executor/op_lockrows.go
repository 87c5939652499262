package executor

import (
	"errors"
	"slices"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// lockRowsOp locks the rows that its input names, for FOR UPDATE and kin. At
// READ COMMITTED a row that changed since the snapshot is read anew: its columns are
// refreshed, and once all the tables' rows are locked the plan's steps tell what becomes
// of the row that is made of them. SKIP LOCKED passes over rows that others hold.
type lockRowsOp struct {
	x      *exec
	n      *plan.LockRows
	in     op
	tables []lockTable
	steps  []lockStep
	sel    []int32
	one    []int32
	out    types.Batch
	given  *types.Batch // the input's batch at work
	cur    *types.Batch // it, or a copy with rows refreshed
	rows   []int32      // its rows not looked at yet
	cloned bool
	max    int64 // lock no more rows than this in one call; 0 no bound
}

// wanter is an operator that can be told how many rows will be asked for at
// most, where giving more would do harm: rows locked though nobody reads them.
type wanter interface{ want(n int64) }

func (o *lockRowsOp) want(n int64) {
	o.max = n
	tellWanted(o.in, n)
}

func (o *projectOp) want(n int64) { tellWanted(o.in, n) }

func (o *counted) want(n int64) { tellWanted(o.in, n) }

func tellWanted(in op, n int64) {
	if w, ok := in.(wanter); ok {
		w.want(n)
	}
}

type lockTable struct {
	plan *plan.LockTable
	mode kv.LockMode
	wait kv.WaitPolicy
	dec  *rowenc.Decoder
	keys *rowenc.Decoder // of what unique indexes hold; nil until needed
	// parts are the decoders of a table's children, by storage number, whose columns
	// stand in the order of plan.Attnums.
	parts map[uint32]*rowenc.Decoder
}

// lockStep is a step of plan.LockRows.
type lockStep struct {
	plan  *plan.LockStep
	cond  pred
	value expr
	same  []expr
}

var lockModes = map[plan.LockStrength]kv.LockMode{
	plan.LockKeyShare: kv.LockKeyShare, plan.LockShare: kv.LockShare,
	plan.LockNoKeyUpdate: kv.LockForNoKeyUpdate, plan.LockUpdate: kv.LockForUpdate,
}

func (x *exec) newLockRows(n *plan.LockRows) (op, error) {
	o := &lockRowsOp{x: x, n: n}
	var err error
	if o.in, err = x.build(n.Input); err != nil {
		return nil, err
	}
	for i := range n.Tables {
		t := &n.Tables[i]
		l := lockTable{plan: t, mode: lockModes[t.Strength], dec: rowenc.NewDecoder(t.Table, t.Attnums)}
		for _, m := range t.Tree {
			if l.parts == nil {
				l.parts = map[uint32]*rowenc.Decoder{}
			}
			up := catalog.AttnumMap(t.Table, m)
			attnums := make([]int16, len(t.Attnums))
			for k, a := range t.Attnums {
				if attnums[k] = a; a > 0 {
					attnums[k] = up[a-1]
				}
			}
			l.parts[m.Storage] = rowenc.NewDecoder(m, attnums)
		}
		switch t.Wait {
		case plan.LockNowait:
			l.wait = kv.WaitNot
		case plan.LockSkip:
			l.wait = kv.WaitSkip
		}
		o.tables = append(o.tables, l)
	}
	if len(o.tables) == 0 { // subqueries alone are locked, which do it themselves
		return o.in, nil
	}
	for i := range n.Steps {
		s := lockStep{plan: &n.Steps[i]}
		if s.cond, err = x.compilePred(s.plan.Cond); err != nil {
			return nil, err
		}
		if s.plan.Value != nil {
			if s.value, err = x.compile(s.plan.Value); err != nil {
				return nil, err
			}
		}
		if s.same, err = x.compileAll(s.plan.Same); err != nil {
			return nil, err
		}
		o.steps = append(o.steps, s)
	}
	return o, nil
}

func (o *lockRowsOp) open() error {
	o.given, o.cur, o.rows, o.max = nil, nil, nil, 0
	return o.in.open()
}

func (o *lockRowsOp) next() (*types.Batch, error) {
	for {
		if len(o.rows) == 0 {
			b, err := o.in.next()
			if err != nil || b == nil {
				return nil, err
			}
			o.given, o.cur, o.rows, o.cloned = b, b, selected(b.N, b.Sel), false
		}
		sel := o.sel[:0]
		for len(o.rows) > 0 && (o.max == 0 || int64(len(sel)) < o.max) {
			i := o.rows[0]
			o.rows = o.rows[1:]
			keep, changed := true, false
			for k := 0; keep && k < len(o.tables); k++ {
				ok, fresh, err := o.lock(&o.tables[k], i)
				if err != nil {
					return nil, err
				}
				keep, changed = ok, changed || fresh
			}
			if keep && changed {
				var err error
				if keep, err = o.remake(i); err != nil {
					return nil, err
				}
			}
			if keep {
				sel = append(sel, i)
			}
		}
		o.sel = sel
		if len(sel) > 0 {
			o.out = types.Batch{Cols: o.cur.Cols, N: o.cur.N, Sel: sel}
			return &o.out, nil
		}
	}
}

// lock locks row i's row of one table: keep is false when it is to be left out, fresh
// tells that it was refreshed.
func (o *lockRowsOp) lock(t *lockTable, i int32) (keep, fresh bool, err error) {
	x := o.x
	keys := o.cur.Cols[t.plan.KeyCol]
	if keys.IsNull(int(i)) {
		return true, false, nil // the empty side of an outer join
	}
	key := []byte(keys.S[i])
	if acquired, err := x.lockOwner(t.plan.Table, key, t.mode, t.wait); err != nil || !acquired {
		if pgerr.CodeOf(err) == pgerr.LockNotAvailable && t.wait == kv.WaitNot {
			err = pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", t.plan.Table.Name)
		}
		return false, false, err
	}
	share := t.mode == kv.LockKeyShare // may go on with the snapshot's version
	res, err := x.Txn.Lock(x.context(), key, kv.LockOptions{Mode: t.mode, Wait: t.wait, Timeout: x.LockTimeout, Newest: share})
	if err != nil {
		err = storeError(err)
		if pgerr.CodeOf(err) == pgerr.LockNotAvailable && t.wait == kv.WaitNot {
			return false, false, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", t.plan.Table.Name)
		}
		return false, false, err
	}
	if !res.Acquired {
		return false, false, nil
	}
	if over, err := x.overwritten(key); over || err != nil {
		return false, false, err
	}
	if !res.Changed {
		return true, false, nil
	}
	value, ok, err := x.Txn.GetLatest(key)
	if err != nil {
		return false, false, storeError(err)
	}
	if share {
		if ok {
			if same, err := o.sameKey(t, key, value); same || err != nil {
				return same, false, err
			}
		}
		if x.Isolation != kv.ReadCommitted {
			return false, false, storeError(kv.ErrConcurrentUpdate)
		}
	}
	if !ok {
		x.Txn.Unlock(key, t.mode)
		key, value, err = x.lockMoved(key, kv.LockOptions{Mode: t.mode, Wait: t.wait, Timeout: x.LockTimeout})
		if err != nil {
			if errors.Is(err, kv.ErrLockNotAvailable) && t.wait == kv.WaitNot {
				return false, false, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", t.plan.Table.Name)
			}
			return false, false, storeError(err)
		}
		if key == nil {
			return false, false, nil
		}
	}
	if !o.cloned {
		o.cur, o.cloned = cloneBatch(o.cur), true
	}
	dec := t.dec
	if t.parts != nil {
		if storage, _, _, err := keyenc.DecodeIndexPrefix(key); err == nil && t.parts[storage] != nil {
			dec = t.parts[storage]
		}
	}
	vecs := newVecs(dec.Types(), 1)
	if err := dec.Batch([][]byte{key}, [][]byte{value}, vecs); err != nil {
		return false, false, err
	}
	for k, c := range t.plan.Cols {
		setVec(o.cur.Cols[c], int(i), vecs[k], 0)
	}
	return true, true, nil
}

// remake makes row i anew of the rows that were refreshed; false when it is no longer
// a row of the query.
func (o *lockRowsOp) remake(i int32) (bool, error) {
	o.one = append(o.one[:0], i)
	value := func(e expr, in *types.Batch) (*types.Vec, error) {
		a, err := e.eval(in, o.one)
		if err != nil {
			return nil, err
		}
		out, from := types.NewVec(a.Vec.Type, 1), int(i)
		out.Resize(1)
		if a.Const {
			from = 0
		}
		setVec(out, 0, a.Vec, from)
		return out, nil
	}
	for k := range o.steps {
		s := &o.steps[k]
		switch {
		case s.cond != nil:
			hit, err := s.cond.filter(o.cur, o.one, nil)
			if err != nil {
				return false, err
			}
			if len(hit) > 0 {
				continue
			}
			if len(s.plan.Null) == 0 {
				return false, nil
			}
			for _, c := range s.plan.Null {
				o.cur.Cols[c].Set(int(i), types.Null)
			}
		case s.value != nil:
			v, err := value(s.value, o.cur)
			if err != nil {
				return false, err
			}
			setVec(o.cur.Cols[s.plan.Col], int(i), v, 0)
		}
		for _, e := range s.same {
			was, err := value(e, o.given)
			if err != nil {
				return false, err
			}
			is, err := value(e, o.cur)
			if err != nil {
				return false, err
			}
			if is.IsNull(0) || was.IsNull(0) || !types.EqualAt(was, 0, is, 0) {
				return false, nil
			}
		}
	}
	return true, nil
}

// sameKey tells that the newest version of a row has the unique keys of the
// snapshot's. FOR KEY SHARE, which only keeps these as they are, then goes on with the
// snapshot's version, as in PostgreSQL.
func (o *lockRowsOp) sameKey(t *lockTable, key, newest []byte) (bool, error) {
	seen, ok, err := o.x.Txn.Get(key)
	if err != nil || !ok || t.parts != nil {
		return false, storeError(err)
	}
	if t.keys == nil {
		var attnums []int16
		for _, ix := range t.plan.Table.Indexes {
			if ix.Unique && ix.Where == "" {
				for _, k := range ix.Keys {
					if k.Attnum > 0 && !slices.Contains(attnums, k.Attnum) {
						attnums = append(attnums, k.Attnum)
					}
				}
			}
		}
		t.keys = rowenc.NewDecoder(t.plan.Table, attnums)
	}
	vecs := newVecs(t.keys.Types(), 2)
	if err := t.keys.Batch([][]byte{key, key}, [][]byte{seen, newest}, vecs); err != nil {
		return false, err
	}
	for _, v := range vecs {
		if !types.EqualAt(v, 0, v, 1) {
			return false, nil
		}
	}
	return true, nil
}

func (o *lockRowsOp) close() { o.in.close() }
