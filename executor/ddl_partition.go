package executor

import (
	"errors"

	"rowkey/catalog"
	"rowkey/types"
)

// What DDL on partitions asks of stored rows.

// MisplacedRow tells whether a partition has a row that its bounds, or those of
// the partitions around it, do not admit.
func MisplacedRow(ctx *Ctx, t *catalog.Table) (bool, error) {
	x := newExec(ctx, emptyPlan)
	c, err := x.boundCheckOf(t)
	if err != nil || c == nil {
		return false, err
	}
	found := errors.New("found")
	err = x.eachBatch(t, func(b *types.Batch) error {
		i, err := c.outside(b)
		if err == nil && i >= 0 {
			err = found
		}
		return err
	})
	if errors.Is(err, found) {
		return true, nil
	}
	return false, err
}

// ReferredRow looks for a row of partition part that rows of t refer to by fk, and
// gives its key as text; "" if there is none.
func ReferredRow(ctx *Ctx, t *catalog.Table, fk *catalog.ForeignKey, part *catalog.Table) (string, error) {
	x := newExec(ctx, emptyPlan)
	key := ""
	found := errors.New("found")
	for _, m := range x.storedMembers(part) {
		up := catalog.AttnumMap(part, m)
		err := x.eachBatch(m, func(b *types.Batch) error {
			cols := make([]*types.Vec, len(fk.RefColumns))
			for k, a := range fk.RefColumns {
				cols[k] = b.Cols[up[a-1]-1]
			}
		rows:
			for i := range b.N {
				for _, v := range cols {
					if v.IsNull(i) {
						continue rows
					}
				}
				hit, err := x.childExists(t, fk.Columns, cols, i)
				if err != nil {
					return err
				}
				if hit {
					key = rowText(x, cols, i)
					return found
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, found) {
			return "", err
		}
		if key != "" {
			break
		}
	}
	return key, nil
}

// storedMembers are the tables that hold the rows of t: t itself, or the
// partitions of a partitioned one.
func (x *exec) storedMembers(t *catalog.Table) []*catalog.Table {
	if t.Kind != catalog.KindPartitioned {
		return []*catalog.Table{t}
	}
	return x.Catalog.Members(t)
}
