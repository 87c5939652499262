package catalog

import (
	"strconv"

	"rowkey/types"
)

func schemaConstraintRows() map[string]rows {
	return map[string]rows{
		"information_schema.table_constraints":       {"table_name", tableConstraintsRows},
		"information_schema.check_constraints":       {"", checkConstraintsRows},
		"information_schema.domain_constraints":      {"", domainConstraintsRows},
		"information_schema.key_column_usage":        {"table_name", keyColumnRows},
		"information_schema.constraint_column_usage": {"table_name", constraintColumnRows},
		"information_schema.constraint_table_usage":  {"table_name", constraintTableRows},
		"information_schema.referential_constraints": {"", referentialRows},
	}
}

// eachTableConstraint visits the constraints of the tables the query is about.
func (q *query) eachTableConstraint(nameCol string, visit func(t *Table, r constraintRef) error) error {
	return q.eachTable("", nameCol, func(t *Table) error {
		var err error
		eachConstraint(t, func(_ OID, r constraintRef) {
			if err == nil {
				err = visit(t, r)
			}
		})
		return err
	})
}

// notNullName names the CHECK constraint that the standard sees in NOT NULL.
func notNullName(t *Table, c *Column) string {
	return strconv.Itoa(int(t.SchemaOID)) + "_" + strconv.Itoa(int(t.OID)) + "_" + strconv.Itoa(int(c.Attnum)) + "_not_null"
}

var constraintKinds = map[byte]string{'c': "CHECK", 'f': "FOREIGN KEY", 'p': "PRIMARY KEY", 'u': "UNIQUE"}

func tableConstraintsRows(q *query) error {
	emit := func(t *Table, name, kind string, deferrable, deferred bool, nullsDistinct types.Datum) error {
		return q.emit(append(append(q.in(t.SchemaOID, name), q.in(t.SchemaOID, t.Name)...), vStr(kind), vYes(deferrable), vYes(deferred), vStr("YES"), nullsDistinct))
	}
	return q.eachTable("", "table_name", func(t *Table) error {
		if t.Kind != KindTable {
			return nil
		}
		var err error
		eachConstraint(t, func(_ OID, r constraintRef) {
			deferrable, deferred, distinct := false, false, types.Null
			if r.index != nil {
				deferrable, deferred = r.index.Deferrable, r.index.Deferred
				if !r.index.Primary {
					distinct = vYes(!r.index.NullsEqual)
				}
			} else if r.fk != nil {
				deferrable, deferred = r.fk.Deferrable, r.fk.Deferred
			}
			if err == nil {
				err = emit(t, r.name(), constraintKinds[r.kind()], deferrable, deferred, distinct)
			}
		})
		for i := range t.Columns {
			if c := &t.Columns[i]; c.NotNull && !c.Dropped && err == nil {
				err = emit(t, notNullName(t, c), "CHECK", false, false, types.Null)
			}
		}
		return err
	})
}

func checkConstraintsRows(q *query) error {
	clause := func(e string) types.Datum { return vStr("(" + e + ")") }
	if err := q.eachTable("", "", func(t *Table) error {
		for _, c := range t.Checks {
			if err := q.emit(append(q.in(t.SchemaOID, c.Name), clause(c.Expr))); err != nil {
				return err
			}
		}
		if t.Kind != KindTable {
			return nil
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; c.NotNull && !c.Dropped {
				if err := q.emit(append(q.in(t.SchemaOID, notNullName(t, c)), vStr(c.Name+" IS NOT NULL"))); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, u := range q.snap.UserTypes() {
		for _, c := range u.Checks {
			if err := q.emit(append(q.in(u.SchemaOID, c.Name), clause(c.Expr))); err != nil {
				return err
			}
		}
	}
	return nil
}

func domainConstraintsRows(q *query) error {
	for _, u := range q.snap.UserTypes() {
		for _, c := range u.Checks {
			if err := q.emit(append(append(q.in(u.SchemaOID, c.Name), q.in(u.SchemaOID, u.Name)...), vStr("NO"), vStr("NO"))); err != nil {
				return err
			}
		}
	}
	return nil
}

// constraintColumns gives the columns of a key or foreign key.
func (r constraintRef) columns() []int16 {
	if r.fk != nil {
		return r.fk.Columns
	}
	if r.check != nil {
		return r.check.Attnums
	}
	nums := make([]int16, len(r.index.Keys))
	for i, k := range r.index.Keys {
		nums[i] = k.Attnum
	}
	return nums
}

func keyColumnRows(q *query) error {
	return q.eachTableConstraint("table_name", func(t *Table, r constraintRef) error {
		if r.check != nil {
			return nil
		}
		for i, n := range r.columns() {
			position := types.Null
			if r.fk != nil {
				if ref := q.snap.Table(r.fk.RefTable); ref != nil {
					if ix := ref.IndexByOID(r.fk.RefIndex); ix != nil {
						for k := range ix.Keys {
							if ix.Keys[k].Attnum == r.fk.RefColumns[i] {
								position = vInt(k + 1)
							}
						}
					}
				}
			}
			if err := q.emit(append(append(q.in(t.SchemaOID, r.name()), q.in(t.SchemaOID, t.Name)...), vStr(t.Col(n).Name), vInt(i+1), position)); err != nil {
				return err
			}
		}
		return nil
	})
}

// constraintColumnRows shows the columns a constraint uses; table_name is the
// table of the columns, which for a foreign key is the referenced one.
func constraintColumnRows(q *query) error {
	emit := func(used *Table, nums []int16, t *Table, r constraintRef) error {
		if name, ok := q.name("table_name"); ok && used.Name != name {
			return nil
		}
		for _, n := range nums {
			if err := q.emit(append(append(q.in(used.SchemaOID, used.Name), vStr(used.Col(n).Name)), q.in(t.SchemaOID, r.name())...)); err != nil {
				return err
			}
		}
		return nil
	}
	return q.eachUse(func(used *Table, t *Table, r constraintRef) error {
		if r.fk != nil {
			return emit(used, r.fk.RefColumns, t, r)
		}
		return emit(used, r.columns(), t, r)
	})
}

// eachUse visits constraints with the table they use: their own, or the one a
// foreign key refers to. A hint on table_name is about the table used.
func (q *query) eachUse(visit func(used, t *Table, r constraintRef) error) error {
	own := func(t *Table, r constraintRef) error {
		if r.fk == nil {
			return visit(t, t, r)
		}
		if ref := q.snap.Table(r.fk.RefTable); ref != nil && q.col == "" {
			return visit(ref, t, r)
		}
		return nil
	}
	if err := q.eachTableConstraint("table_name", own); err != nil || q.col == "" {
		return err
	}
	return q.eachTable("", "table_name", func(used *Table) error {
		for _, t := range q.snap.ReferredBy(used.OID) {
			for _, fk := range t.ForeignKeys {
				if fk.RefTable == used.OID {
					if err := visit(used, t, constraintRef{table: t, fk: fk}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

func constraintTableRows(q *query) error {
	return q.eachUse(func(used, t *Table, r constraintRef) error {
		if r.check != nil {
			return nil
		}
		return q.emit(append(q.in(used.SchemaOID, used.Name), q.in(t.SchemaOID, r.name())...))
	})
}

var ruleNames = map[FKAction]string{FKNoAction: "NO ACTION", FKRestrict: "RESTRICT", FKCascade: "CASCADE", FKSetNull: "SET NULL", FKSetDefault: "SET DEFAULT"}

func referentialRows(q *query) error {
	return q.eachTableConstraint("", func(t *Table, r constraintRef) error {
		if r.fk == nil {
			return nil
		}
		unique := nulls(3)
		if ref := q.snap.Table(r.fk.RefTable); ref != nil {
			if ix := ref.IndexByOID(r.fk.RefIndex); ix != nil && ix.Constraint != 0 {
				unique = q.in(ref.SchemaOID, ix.Name)
			}
		}
		match := "NONE"
		if r.fk.MatchFull {
			match = "FULL"
		}
		return q.emit(append(append(q.in(t.SchemaOID, r.fk.Name), unique...), vStr(match), vStr(ruleNames[r.fk.OnUpdate]), vStr(ruleNames[r.fk.OnDelete])))
	})
}
