package executor

import (
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/types"
)

// RowEntry is a key that a row occupies.
type RowEntry struct {
	Index *catalog.Index
	Key   []byte
}

// RowEntries gives the keys that a stored row occupies: its own, and one in
// each index that holds it.
func RowEntries(ctx *Ctx, t *catalog.Table, key, value []byte) ([]RowEntry, error) {
	x := newExec(ctx, emptyPlan)
	w, err := x.writer(t, nil)
	if err != nil {
		return nil, err
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	dec := rowenc.NewDecoder(t, all)
	row := &types.Batch{N: 1, Cols: newVecs(dec.Types(), 0)}
	if err := dec.Batch([][]byte{key}, [][]byte{value}, row.Cols); err != nil {
		return nil, err
	}
	out := []RowEntry{{t.Indexes[0], key}}
	for _, iw := range w.indexes {
		var buf entryBuf
		if err := iw.entries(row, func(int) []byte { return w.primary.Suffix(key) }, &buf); err != nil {
			return nil, err
		}
		if buf.has[0] {
			k, _ := buf.at(0)
			out = append(out, RowEntry{iw.codec.Desc, k})
		}
	}
	return out, nil
}
