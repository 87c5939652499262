package executor

import (
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// target finds and locks the rows that an UPDATE, DELETE or MERGE is to
// change. A row that another transaction changed since the snapshot is read
// anew and must still meet the condition (READ COMMITTED); a row that the
// statement has changed already is passed over.
type target struct {
	x       *exec
	t       *catalog.Table
	keyCol  int
	oldFrom int
	recheck pred
	dec     *rowenc.Decoder
	seen    map[string]bool // nil: the input cannot name a row twice
	shared  bool            // seen is the whole statement's
	verb    string          // what is done to the rows, as errors say
	// Of the last lock: the rows of its input that it gave, and which of them, as it gave
	// them, have been read anew.
	sel   []int32
	fresh []int32
	one   []int32
}

func (x *exec) newTarget(t *catalog.Table, keyCol, oldFrom int, recheck plan.Expr, once bool) (*target, error) {
	g := &target{x: x, t: t, keyCol: keyCol, oldFrom: oldFrom, verb: toUpdate}
	var err error
	if g.recheck, err = x.compilePred(recheck); err != nil {
		return nil, err
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	g.dec = rowenc.NewDecoder(t, all)
	g.seen = x.statement().touched
	if g.shared = g.seen != nil; !g.shared && !once {
		g.seen = map[string]bool{}
	}
	return g, nil
}

// reset readies the target for another run over its input.
func (g *target) reset() {
	if !g.shared {
		clear(g.seen)
	}
}

// lock locks the rows of a batch and gives those that are to be changed, as a
// batch of their own without selection, with their keys.
func (g *target) lock(b *types.Batch, modes rowModes) (*types.Batch, []string, error) {
	return g.lockAs(b, modes, g.dec, nil)
}

// rowModes are the locks of the rows of a batch: one for all, or that of UPDATE for those
// whose keys change.
type rowModes struct {
	all  kv.LockMode
	keys []bool // by row; nil: no row's
}

func (m rowModes) of(i int32) kv.LockMode {
	if m.keys != nil && m.keys[i] {
		return kv.LockUpdate
	}
	return m.all
}

// lockAs is lock of rows that dec decodes: those of the target, or, with up,
// of a member of its family, where column up[c] stands for the target's c+1.
func (g *target) lockAs(b *types.Batch, modes rowModes, dec *rowenc.Decoder, up []int16) (*types.Batch, []string, error) {
	x := g.x
	keys := b.Cols[g.keyCol]
	sel := room(g.sel[:0], b.N)
	g.fresh = g.fresh[:0]
	cloned := false
	for _, i := range selected(b.N, b.Sel) {
		mode := modes.of(i)
		if keys.IsNull(int(i)) {
			continue
		}
		k := keys.S[i]
		if g.seen[k] {
			if err := x.statement().ours(k, g.verb); err != nil {
				return nil, nil, err
			}
			continue
		}
		if _, err := x.lockOwner(g.t, []byte(k), kv.LockUpdate, kv.Wait); err != nil {
			return nil, nil, err
		}
		value, changed, gone, err := x.lockRow([]byte(k), mode)
		if err != nil {
			return nil, nil, err
		}
		var to []byte
		if gone {
			if to, value, err = x.lockMoved([]byte(k), kv.LockOptions{Mode: mode, Timeout: x.LockTimeout}); err != nil {
				return nil, nil, storeError(err)
			}
			if x.Txn.Unlock([]byte(k), mode); to == nil {
				continue
			}
			if k = string(to); g.seen[k] {
				continue
			}
		}
		if changed {
			if !cloned {
				// The vectors may belong to someone who shows them to others.
				b, cloned = cloneBatch(b), true
				keys = b.Cols[g.keyCol]
			}
			if to != nil {
				keys.S[i] = k
			}
			if err := g.put(b, i, []byte(k), value, dec, up); err != nil {
				return nil, nil, err
			}
			if g.recheck != nil {
				g.one = append(g.one[:0], i)
				hit, err := g.recheck.filter(b, g.one, nil)
				if err != nil {
					return nil, nil, err
				}
				if len(hit) == 0 {
					if err := x.spare([]byte(k), mode); err != nil {
						return nil, nil, err
					}
					continue
				}
			}
		}
		if g.seen != nil {
			g.seen[k] = true
		}
		if changed && g.shared && x.began != nil {
			x.stmt.chases(k)
		}
		if changed {
			g.fresh = append(g.fresh, int32(len(sel)))
		}
		sel = append(sel, i)
	}
	g.sel = sel
	out := compacted(b, sel)
	names := make([]string, out.N)
	copy(names, out.Cols[g.keyCol].S)
	return out, names, nil
}

// put decodes a row into the target's columns of row i of a batch; dec and up are as
// in lockAs.
func (g *target) put(b *types.Batch, i int32, key, value []byte, dec *rowenc.Decoder, up []int16) error {
	now := newVecs(dec.Types(), 1)
	if err := dec.Batch([][]byte{key}, [][]byte{value}, now); err != nil {
		return err
	}
	if up == nil {
		for c, v := range now {
			setVec(b.Cols[g.oldFrom+c], int(i), v, 0)
		}
	}
	for c, a := range up {
		if a > 0 {
			setVec(b.Cols[g.oldFrom+c], int(i), now[a-1], 0)
		}
	}
	return nil
}

func cloneBatch(b *types.Batch) *types.Batch {
	out := &types.Batch{N: b.N, Sel: b.Sel}
	for _, c := range b.Cols {
		v := types.NewVec(c.Type, b.N)
		v.CopyFrom(c, iota32(b.N))
		out.Cols = append(out.Cols, v)
	}
	return out
}

// old gives the table's columns within a batch of the input.
func (g *target) old(b *types.Batch) *types.Batch {
	return &types.Batch{N: b.N, Cols: b.Cols[g.oldFrom : g.oldFrom+len(g.t.Columns)]}
}

// single tells that an input names each row once: it is made of one scan.
func single(n plan.Node) bool {
	ok := streams(n, nil)
	walkNodes(n, func(n plan.Node) {
		if _, is := n.(*plan.ProjectSet); is {
			ok = false
		}
	})
	return ok
}
