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
// READ COMMITTED a row that changed since the snapshot is read anew: its
// columns are refreshed and it must still meet the condition. SKIP LOCKED
// passes over rows that others hold.
type lockRowsOp struct {
	x      *exec
	n      *plan.LockRows
	in     op
	tables []lockTable
	sel    []int32
	one    []int32
	out    types.Batch
	cur    *types.Batch // the input's batch at work
	rows   []int32      // its rows not looked at yet
	cloned bool
	max    int64 // lock no more rows than this in one call; 0 no bound
}

// wanter is an operator that can be told how many rows will be asked for at
// most, where giving more would do harm: rows locked though nobody reads them.
type wanter interface{ want(n int64) }

func (o *lockRowsOp) want(n int64) { o.max = n }

func (o *projectOp) want(n int64) { tellWanted(o.in, n) }

func (o *counted) want(n int64) { tellWanted(o.in, n) }

func tellWanted(in op, n int64) {
	if w, ok := in.(wanter); ok {
		w.want(n)
	}
}

type lockTable struct {
	plan  *plan.LockTable
	mode  kv.LockMode
	wait  kv.WaitPolicy
	dec   *rowenc.Decoder
	check pred
	keys  *rowenc.Decoder // of what unique indexes hold; nil until needed
	// parts are the decoders of a table's children, by storage number, whose columns
	// stand in the order of plan.Attnums.
	parts map[uint32]*rowenc.Decoder
}

var lockModes = map[plan.LockStrength]kv.LockMode{
	plan.LockKeyShare: kv.LockKeyShare, plan.LockShare: kv.LockShare,
	plan.LockNoKeyUpdate: kv.LockNoKeyUpdate, plan.LockUpdate: kv.LockUpdate,
}

func (x *exec) newLockRows(n *plan.LockRows) (op, error) {
	o := &lockRowsOp{x: x, n: n}
	var err error
	if o.in, err = x.build(n.Input); err != nil {
		return nil, err
	}
	for i := range n.Tables {
		t := &n.Tables[i]
		strength := t.Strength
		if strength == plan.NoLock {
			strength = n.Strength
		}
		l := lockTable{plan: t, mode: lockModes[strength], dec: rowenc.NewDecoder(t.Table, t.Attnums)}
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
		if l.check, err = x.compilePred(t.Recheck); err != nil {
			return nil, err
		}
		o.tables = append(o.tables, l)
	}
	return o, nil
}

func (o *lockRowsOp) open() error {
	o.cur, o.rows, o.max = nil, nil, 0
	return o.in.open()
}

func (o *lockRowsOp) next() (*types.Batch, error) {
	for {
		if len(o.rows) == 0 {
			b, err := o.in.next()
			if err != nil || b == nil {
				return nil, err
			}
			o.cur, o.rows, o.cloned = b, selected(b.N, b.Sel), false
		}
		sel := o.sel[:0]
		for len(o.rows) > 0 && (o.max == 0 || int64(len(sel)) < o.max) {
			i := o.rows[0]
			o.rows = o.rows[1:]
			keep := true
			for k := range o.tables {
				var err error
				if keep, err = o.lock(&o.tables[k], i); err != nil {
					return nil, err
				}
				if !keep {
					break
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

// lock locks row i's row of one table; false when it is to be left out.
func (o *lockRowsOp) lock(t *lockTable, i int32) (bool, error) {
	x := o.x
	keys := o.cur.Cols[t.plan.KeyCol]
	if keys.IsNull(int(i)) {
		return true, nil // the empty side of an outer join
	}
	key := []byte(keys.S[i])
	if acquired, err := x.lockOwner(t.plan.Table, key, t.mode, t.wait); err != nil || !acquired {
		if pgerr.CodeOf(err) == pgerr.LockNotAvailable && t.wait == kv.WaitNot {
			err = pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", t.plan.Table.Name)
		}
		return false, err
	}
	share := t.mode == kv.LockKeyShare // may go on with the snapshot's version
	res, err := x.Txn.Lock(x.context(), key, kv.LockOptions{Mode: t.mode, Wait: t.wait, Timeout: x.LockTimeout, Newest: share})
	if err != nil {
		err = o.x.rowConflict(key, err)
		if pgerr.CodeOf(err) == pgerr.LockNotAvailable && t.wait == kv.WaitNot {
			return false, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", t.plan.Table.Name)
		}
		return false, err
	}
	if !res.Acquired {
		return false, nil
	}
	if !res.Changed {
		return true, nil
	}
	value, ok, err := x.Txn.GetLatest(key)
	if err != nil {
		return false, storeError(err)
	}
	if share {
		if ok {
			if same, err := o.sameKey(t, key, value); same || err != nil {
				return same, err
			}
		}
		if x.Isolation != kv.ReadCommitted {
			return false, x.rowConflict(key, kv.ErrConcurrentUpdate)
		}
	}
	if !ok {
		key, value, err = x.lockMoved(key, kv.LockOptions{Mode: t.mode, Wait: t.wait, Timeout: x.LockTimeout})
		if err != nil {
			if errors.Is(err, kv.ErrLockNotAvailable) && t.wait == kv.WaitNot {
				return false, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", t.plan.Table.Name)
			}
			return false, storeError(err)
		}
		if key == nil {
			return false, nil
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
		return false, err
	}
	for k, c := range t.plan.Cols {
		setVec(o.cur.Cols[c], int(i), vecs[k], 0)
	}
	if t.check == nil {
		return true, nil
	}
	o.one = append(o.one[:0], i)
	hit, err := t.check.filter(o.cur, o.one, nil)
	return len(hit) > 0, err
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
