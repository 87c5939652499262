package executor

import (
	"slices"
	"strings"

	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
)

// Details of errors show rows and keys, but to nobody what they may not read.

// mayShow tells whether the role may read columns of a table; 0 among them is an expression,
// which takes the right to read all of it.
func (x *exec) mayShow(t *catalog.Table, attnums ...int16) bool {
	if x.Role == 0 || x.Catalog == nil || x.Catalog.TableRights(x.Role, t, catalog.Select) != 0 {
		return true
	}
	return len(attnums) > 0 && !slices.ContainsFunc(attnums, func(a int16) bool {
		return a <= 0 || x.Catalog.ColumnRights(x.Role, t, a, catalog.Select) == 0
	})
}

// failing adds to an error the row that it is about.
func (w *tableWriter) failing(err *pgerr.Error, b *types.Batch, i int) *pgerr.Error {
	text := ""
	if w.shown != nil {
		text = w.shown(b, i)
	} else {
		text = w.rowText(b, i)
	}
	if text != "" {
		err.WithDetail("Failing row contains %s.", text)
	}
	return err
}

// rowText prints a row as PostgreSQL does in the details of errors: all of it, or the columns
// that the role may read and those that the statement gives values, with their names; "" for none.
func (w *tableWriter) rowText(b *types.Batch, i int) string {
	all := w.x.mayShow(w.t)
	var names, vals []string
	for k := range w.t.Columns {
		c := &w.t.Columns[k]
		if c.Dropped || !all && !slices.Contains(w.given, c.Attnum) && !w.x.mayShow(w.t, c.Attnum) {
			continue
		}
		names = append(names, c.Name)
		if v := b.Cols[k]; v.IsNull(i) {
			vals = append(vals, "null")
		} else {
			vals = append(vals, clipped(types.TextOf(w.typs[k], v.Datum(i), w.x.env())))
		}
	}
	switch {
	case all:
		return "(" + strings.Join(vals, ", ") + ")"
	case len(names) == 0:
		return ""
	}
	return "(" + strings.Join(names, ", ") + ") = (" + strings.Join(vals, ", ") + ")"
}

// mayShowKey tells whether the role may read the keys of an index.
func (w *tableWriter) mayShowKey(ix *catalog.Index) bool {
	attnums := make([]int16, len(ix.Keys))
	for i, k := range ix.Keys {
		attnums[i] = k.Attnum
	}
	return w.x.mayShow(w.t, attnums...)
}
