package catalog

import (
	"slices"
	"sort"

	"rowkey/builtin"
	"rowkey/types"
)

// The views of pg_catalog that list tables, views, indexes and sequences by
// name, statistics, and what only the session knows.

func operatorExists(oid OID) bool { return builtin.OperatorByOID(oid) != nil }

func viewRows() map[string]rows {
	return map[string]rows{
		"pg_tables":    {"tablename", tablesRows},
		"pg_views":     {"viewname", viewsRows},
		"pg_matviews":  {"matviewname", matViewsRows},
		"pg_indexes":   {"tablename indexname", indexesRows},
		"pg_sequences": {"sequencename", sequencesRows},
	}
}

func (s *Snapshot) schemaName(oid OID) string {
	if sc := s.Schema(oid); sc != nil {
		return sc.Name
	}
	return ""
}

func tablesRows(q *query) error {
	return q.eachTable("", "tablename", func(t *Table) error {
		if t.Kind != KindTable {
			return nil
		}
		return q.row(vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(q.owner(t.Owner)), vNull(), vBool(t.indexed()), vBool(false),
			vBool(len(t.ForeignKeys) > 0 || len(q.snap.ReferredBy(t.OID)) > 0), vBool(false))
	})
}

// indexed tells whether a table has an index with a name; the hidden key has none.
func (t *Table) indexed() bool {
	return slices.ContainsFunc(t.Indexes, func(ix *Index) bool { return ix.OID != 0 })
}

func viewsRows(q *query) error {
	return q.eachTable("", "viewname", func(t *Table) error {
		if t.Kind != KindView {
			return nil
		}
		def := types.Null
		if t.View != nil {
			def = vStr(q.viewDef(t))
		}
		return q.row(vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(q.owner(t.Owner)), def)
	})
}

func matViewsRows(q *query) error {
	return q.eachTable("", "matviewname", func(t *Table) error {
		if t.Kind != KindMatView {
			return nil
		}
		return q.row(vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(q.owner(t.Owner)), vNull(), vBool(t.indexed()), vBool(t.Scannable()), vStr(q.viewDef(t)))
	})
}

func indexesRows(q *query) error {
	emit := func(t *Table, ix *Index) error {
		if ix.OID == 0 {
			return nil
		}
		return q.row(vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(ix.Name), vNull(), vStr(indexDef(q.snap, nil, t, ix, false)))
	}
	if _, ok := q.name("indexname"); ok {
		return q.eachRelation("", "indexname", func(r *relation) error {
			if r.ix == nil {
				return nil
			}
			return emit(r.table, r.ix)
		})
	}
	return q.eachTable("", "tablename", func(t *Table) error {
		for _, ix := range t.Indexes {
			if err := emit(t, ix); err != nil {
				return err
			}
		}
		return nil
	})
}

// lastValue gives the last value a sequence gave, NULL if none.
func lastValue(ctx *builtin.Ctx, s *Sequence) (types.Datum, error) {
	if ctx == nil {
		return types.Null, nil
	}
	host, ok := ctx.Session.(interface{ Sequences() *Sequences })
	if !ok {
		return types.Null, nil
	}
	last, called, err := host.Sequences().Position(s)
	if err != nil || !called {
		return types.Null, err
	}
	return types.NewInt(last), nil
}

func sequencesRows(q *query) error {
	return q.eachSequence("", "sequencename", func(s *Sequence) error {
		last, err := lastValue(q.ctx, s)
		if err != nil {
			return err
		}
		return q.row(vStr(q.snap.schemaName(s.SchemaOID)), vStr(s.Name), vStr(q.owner(s.Owner)), vOID(s.TypeOID), types.NewInt(s.Start), types.NewInt(s.Min),
			types.NewInt(s.Max), types.NewInt(s.Increment), vBool(s.Cycle), types.NewInt(s.Cache), last)
	})
}

func statRows() map[string]rows {
	m := map[string]rows{
		"pg_statistic":     {"starelid", statisticRows},
		"pg_stats":         {"tablename", statsRows},
		"pg_stat_database": {"", statDatabaseRows},
	}
	user, system := func(t *Table) bool { return t.Virtual == nil }, func(t *Table) bool { return t.Virtual != nil }
	all := func(*Table) bool { return true }
	for name, which := range map[string]func(*Table) bool{"all": all, "user": user, "sys": system} {
		m["pg_stat_"+name+"_tables"] = rows{"relid relname", tableStatRows(which, statTable)}
		m["pg_stat_xact_"+name+"_tables"] = rows{"relid relname", tableStatRows(which, func(t *Table) []types.Datum { return nulls(8) })}
		m["pg_statio_"+name+"_tables"] = rows{"relid relname", tableStatRows(which, func(*Table) []types.Datum { return nulls(8) })}
		m["pg_stat_"+name+"_indexes"] = rows{"relid relname", indexStatRows(which, 3)}
		m["pg_statio_"+name+"_indexes"] = rows{"relid relname", indexStatRows(which, 2)}
		m["pg_statio_"+name+"_sequences"] = rows{"relid relname", func(q *query) error {
			if which(&Table{Virtual: &VirtualTable{}}) && !which(&Table{}) {
				return nil
			}
			return q.eachSequence("relid", "relname", func(s *Sequence) error {
				return q.row(vOID(s.OID), vStr(q.snap.schemaName(s.SchemaOID)), vStr(s.Name), vNull(), vNull())
			})
		}}
	}
	return m
}

func nulls(n int) []types.Datum { return make([]types.Datum, n) }

// statTable gives the counters of pg_stat_all_tables. Accesses are not counted
// here, so those columns are NULL; the number of rows is ANALYZE's.
func statTable(t *Table) []types.Datum {
	out := nulls(20)
	if t.Stats != nil {
		out[8] = types.NewInt(int64(t.Stats.Rows))
	}
	return out
}

func tableStatRows(which func(*Table) bool, counters func(t *Table) []types.Datum) func(q *query) error {
	return func(q *query) error {
		return q.eachTable("relid", "relname", func(t *Table) error {
			if !t.Stored() || !which(t) {
				return nil
			}
			return q.row(append([]types.Datum{vOID(t.OID), vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name)}, counters(t)...)...)
		})
	}
}

func indexStatRows(which func(*Table) bool, counters int) func(q *query) error {
	return func(q *query) error {
		return q.eachTable("relid", "relname", func(t *Table) error {
			if !which(t) {
				return nil
			}
			for _, ix := range t.Indexes {
				if ix.OID == 0 {
					continue
				}
				if err := q.row(append([]types.Datum{vOID(t.OID), vOID(ix.OID), vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(ix.Name)},
					nulls(counters)...)...); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func statDatabaseRows(q *query) error {
	for _, d := range q.snap.Databases() {
		if err := q.row(append([]types.Datum{vOID(d.OID), vStr(q.databaseName(d))}, nulls(26)...)...); err != nil {
			return err
		}
	}
	return nil
}

// eachColumnStats visits the statistics of columns, in order.
func (q *query) eachColumnStats(oidCol, nameCol string, visit func(t *Table, c *Column, s *ColumnStats) error) error {
	return q.eachTable(oidCol, nameCol, func(t *Table) error {
		if t.Stats == nil {
			return nil
		}
		var nums []int16
		for n := range t.Stats.Columns {
			if int(n) <= len(t.Columns) && n > 0 && !t.Col(n).Dropped {
				nums = append(nums, n)
			}
		}
		sort.Slice(nums, func(i, j int) bool { return nums[i] < nums[j] })
		for _, n := range nums {
			if err := visit(t, t.Col(n), t.Stats.Columns[n]); err != nil {
				return err
			}
		}
		return nil
	})
}

func vValues(t *types.Type, list []types.Datum) types.Datum {
	if len(list) == 0 {
		return types.Null
	}
	return types.NewAny(types.NewArray(t, list))
}

func vFloats(list []float64) types.Datum {
	if len(list) == 0 {
		return types.Null
	}
	elems := make([]types.Datum, len(list))
	for i, f := range list {
		elems[i] = vFlt(float64(float32(f)))
	}
	return types.NewAny(types.NewArray(types.Float4, elems))
}

func statsRows(q *query) error {
	role := asking(q.ctx)
	return q.eachColumnStats("", "tablename", func(t *Table, c *Column, s *ColumnStats) error {
		if q.snap.TableRights(role, t, Select) == 0 && q.snap.ColumnRights(role, t, c.Attnum, Select) == 0 {
			return nil
		}
		correlation := types.Null
		if len(s.Histogram) > 0 || s.Correlate != 0 {
			correlation = vFlt(float64(float32(s.Correlate)))
		}
		return q.row(vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(c.Name), vBool(false), vFlt(float64(float32(s.NullFrac))), vInt(int(s.AvgWidth)),
			vFlt(float64(float32(s.NDistinct))), vValues(c.Type, s.MCV), vFloats(s.MCF), vValues(c.Type, s.Histogram), correlation, vNull(), vNull(), vNull())
	})
}

func statisticRows(q *query) error {
	return q.eachColumnStats("starelid", "", func(t *Table, c *Column, s *ColumnStats) error {
		row := []types.Datum{vOID(t.OID), vInt(int(c.Attnum)), vBool(false), vFlt(float64(float32(s.NullFrac))), vInt(int(s.AvgWidth)), vFlt(float64(float32(s.NDistinct)))}
		kinds, ops, colls, numbers, values := make([]types.Datum, 5), make([]types.Datum, 5), make([]types.Datum, 5), nulls(5), nulls(5)
		for i := range kinds {
			kinds[i], ops[i], colls[i] = vInt(0), vOID(0), vOID(0)
		}
		n := 0
		slot := func(kind int, op OID, nums, vals types.Datum) {
			kinds[n], ops[n], colls[n], numbers[n], values[n] = vInt(kind), vOID(op), vOID(typeCollation(c.Type)), nums, vals
			n++
		}
		less := lessOperator(c.Type)
		if len(s.MCV) > 0 {
			slot(1, equalOperator(c.Type, c.Type), vFloats(s.MCF), vValues(c.Type, s.MCV))
		}
		if len(s.Histogram) > 0 {
			slot(2, less, types.Null, vValues(c.Type, s.Histogram))
		}
		if s.Correlate != 0 {
			slot(3, less, vFloats([]float64{s.Correlate}), types.Null)
		}
		for _, part := range [][]types.Datum{kinds, ops, colls, numbers, values} {
			row = append(row, part...)
		}
		return q.row(row...)
	})
}

func lessOperator(t *types.Type) OID {
	if oc := opclassOf(t, ""); oc != nil {
		for _, op := range builtin.Operators("<") {
			if op.Left != nil && op.Left.OID == oc.input && op.Right.OID == oc.input {
				return op.OID
			}
		}
	}
	return 0
}
