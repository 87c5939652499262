package executor

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Inserter inserts batches of rows into a table: the writing half of COPY
// FROM. Rules and defaults are those that the planner would give an Insert.
type Inserter struct {
	x     *exec
	w     *tableWriter
	maker *rowMaker
	rows  int64
	// family routes the rows of a partitioned table.
	family *family
	// instead hands rows to a view's triggers.
	instead *insteadOp
}

// NewInserter prepares to insert rows of which the columns attnums are given;
// defaults fills the others.
func NewInserter(ctx *Ctx, t *catalog.Table, attnums []int16, defaults []plan.ColumnExpr, rules *plan.RowRules) (*Inserter, error) {
	x := newExec(ctx, emptyPlan)
	x.statement().root = true
	i := &Inserter{x: x}
	var err error
	switch t.Kind {
	case catalog.KindPartitioned:
		i.family, err = x.newFamily(t, nil)
	case catalog.KindView:
		i.instead = x.newInstead(t, catalog.OnInsert)
	default:
		i.w, err = x.writer(t, rules)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case i.family != nil:
		i.family.ownW.given = attnums
	case i.w != nil:
		i.w.given = attnums
	}
	if i.maker, err = x.newRowMaker(t, attnums, defaults); err != nil {
		return nil, err
	}
	return i, x.beginStatement(t, nil, catalog.OnInsert)
}

// Insert inserts rows: cols[i] is the column attnums[i], n rows each, at best
// some types.BatchSize. The vectors may be used again afterwards.
func (i *Inserter) Insert(cols []*types.Vec, n int) error {
	if n == 0 {
		return nil
	}
	if err := i.x.cancelled(); err != nil {
		return err
	}
	b, err := i.maker.make_(cols, n)
	if err != nil {
		return err
	}
	switch {
	case i.instead != nil:
		_, _, err = i.instead.fire(nil, b, b.N)
	case i.family != nil:
		b, err = i.family.insert(b, false, nil)
	default:
		err = i.w.insert(b)
	}
	if err != nil {
		return err
	}
	i.rows += int64(b.N)
	return nil
}

// Finish runs the checks due at the end of the statement and gives the number
// of rows inserted.
func (i *Inserter) Finish() (int64, error) { return i.rows, i.x.stmt.finish() }
