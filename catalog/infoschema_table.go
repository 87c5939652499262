package catalog

import (
	_ "embed"
	"strconv"
	"strings"

	"rowkey/types"
)

var (
	//go:embed facts/features.txt
	featureFacts string
	//go:embed facts/sizing.txt
	sizingFacts string
	//go:embed facts/implementation.txt
	implementationFacts string
	//go:embed facts/parts.txt
	partFacts string
)

func schemaTableRows() map[string]rows {
	return map[string]rows{
		"information_schema.tables":              {"table_name", schemaTablesRows},
		"information_schema.columns":             {"table_name", columnsRows},
		"information_schema.views":               {"table_name", schemaViewsRows},
		"information_schema.view_table_usage":    {"", viewTableUsageRows},
		"information_schema.domains":             {"", domainsRows},
		"information_schema.element_types":       {"object_name", elementTypesRows},
		"information_schema.column_udt_usage":    {"table_name", columnUDTRows},
		"information_schema.column_domain_usage": {"table_name", columnDomainRows},
		"information_schema.domain_udt_usage":    {"", domainUDTRows},
		"information_schema.column_column_usage": {"table_name", columnColumnRows},
	}
}

func schemaTablesRows(q *query) error {
	return q.eachKnown("table_name", func(t *Table) error {
		kind, commit := "BASE TABLE", types.Null
		switch {
		case t.Persistence == Temporary:
			kind, commit = "LOCAL TEMPORARY", vStr("PRESERVE")
		case t.Kind == KindView:
			kind = "VIEW"
		}
		return q.emit(append(q.in(t.SchemaOID, t.Name), vStr(kind), vNull(), vNull(), vNull(), vNull(), vNull(), vYes(updates(q.snap, t, false, nil)&canInsert != 0), vStr("NO"), commit))
	})
}

// columnColumnRows shows the columns that generated columns are made of.
func columnColumnRows(q *query) error {
	role := asking(q.ctx)
	return q.eachTable("", "table_name", func(t *Table) error {
		if !q.snap.HasPrivsOf(role, ownerOr(t.Owner)) {
			return nil
		}
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Dropped || c.Generated == "" {
				continue
			}
			var err error
			eachMentioned(t, c.Generated, func(n int16) {
				if err == nil && n != c.Attnum {
					err = q.emit(append(q.in(t.SchemaOID, t.Name), vStr(t.Col(n).Name), vStr(c.Name)))
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// eachKnown visits the tables the query is about that the current role has to do with.
func (q *query) eachKnown(nameCol string, visit func(t *Table) error) error {
	role := asking(q.ctx)
	return q.eachTable("", nameCol, func(t *Table) error {
		if t.Kind == KindMatView || !q.snap.mayKnow(role, t) { // the standard knows no materialized views
			return nil
		}
		return visit(t)
	})
}

// eachColumn visits the live columns of the tables the query is about that the
// current role has to do with.
func (q *query) eachColumn(nameCol string, visit func(t *Table, c *Column) error) error {
	role, any := asking(q.ctx), AllRights(ACLColumn)
	return q.eachKnown(nameCol, func(t *Table) error {
		all := q.snap.HasPrivsOf(role, ownerOr(t.Owner)) || q.snap.TableRights(role, t, any) != 0
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && (all || q.snap.ColumnRights(role, t, c.Attnum, any) != 0) {
				if err := visit(t, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func columnsRows(q *query) error {
	cat, no, never, path := q.cat(), vStr("NO"), vStr("NEVER"), q.path()
	return q.eachColumn("table_name", func(t *Table, c *Column) error {
		tt, mod := trueType(c.Type, c.Typmod)
		row := make([]types.Datum, 0, 44)
		def, generated, expr := types.Null, never, types.Null
		if c.Generated != "" {
			generated, expr = vStr("ALWAYS"), vStr(c.Generated)
		} else {
			def = vOpt(namesAsSeen(q.snap, path, defaultText(c)))
		}
		notNull := c.NotNull
		if c.Type.Kind == types.KindDomain {
			if u := q.snap.UserType(c.TypeOID); u != nil {
				notNull = notNull || u.NotNull
			}
		}
		row = append(row, cat, vStr(q.snap.schemaName(t.SchemaOID)), vStr(t.Name), vStr(c.Name), vInt(int(c.Attnum)), def, vYes(!notNull), q.dataType(c.Type),
			charMaxLength(tt, mod), charOctetLength(tt, mod), numericPrecision(tt, mod), numericRadix(tt, mod), numericScale(tt, mod),
			datetimePrecision(tt, mod), intervalType(tt, mod), vNull(), vNull(), vNull(), vNull())
		coll := c.Collation
		if coll == 0 {
			coll = typeCollation(c.Type)
		}
		row = append(row, q.collationOf(coll)...)
		if c.Type.Kind == types.KindDomain {
			row = append(row, q.in(q.snap.schemaOfType(c.Type), c.Type.Name)...)
		} else {
			row = append(row, vNull(), vNull(), vNull())
		}
		row = append(row, q.udt(c.Type)...)
		row = append(row, vNull(), vNull(), vNull(), vNull(), vStr(strconv.Itoa(int(c.Attnum))), no)
		if s := q.snap.Sequence(c.SeqOID); c.Identity != NotIdentity && s != nil {
			how := "BY DEFAULT"
			if c.Identity == IdentityAlways {
				how = "ALWAYS"
			}
			row = append(row, vStr("YES"), vStr(how), vInt64Text(s.Start), vInt64Text(s.Increment), vInt64Text(s.Max), vInt64Text(s.Min), vYes(s.Cycle))
		} else {
			row = append(row, no, vNull(), vNull(), vNull(), vNull(), vNull(), no)
		}
		return q.emit(append(row, generated, expr, vYes(updatesColumn(q.snap, t, c.Attnum, false))))
	})
}

func schemaViewsRows(q *query) error {
	return q.eachTable("", "table_name", func(t *Table) error {
		if t.Kind != KindView {
			return nil
		}
		def, check := types.Null, "NONE"
		if t.View != nil {
			def = vStr(q.viewDef(t))
			switch t.View.CheckOption {
			case 'l':
				check = "LOCAL"
			case 'c':
				check = "CASCADED"
			}
		}
		const both = canUpdate | canDelete
		can, fires := updates(q.snap, t, false, nil), insteadOf(t)
		return q.emit(append(q.in(t.SchemaOID, t.Name), def, vStr(check), vYes(can&both == both), vYes(can&canInsert != 0),
			vYes(fires&canUpdate != 0), vYes(fires&canDelete != 0), vYes(fires&canInsert != 0)))
	})
}

func viewTableUsageRows(q *query) error {
	return q.eachTable("", "", func(t *Table) error {
		if t.Kind != KindView || t.View == nil {
			return nil
		}
		for _, d := range t.View.DependsOn {
			if r := q.snap.relation(d); r != nil && r.ix == nil && r.seq == nil {
				if err := q.emit(append(q.in(t.SchemaOID, t.Name), q.in(r.schema, r.name)...)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func domainsRows(q *query) error {
	for _, u := range q.snap.UserTypes() {
		if u.Kind != types.KindDomain {
			continue
		}
		tt, mod := u.Type.Base, u.BaseMod
		row := append(q.in(u.SchemaOID, u.Name), q.dataType(tt), charMaxLength(tt, mod), charOctetLength(tt, mod), vNull(), vNull(), vNull())
		row = append(row, q.collationOf(typeCollation(u.Type))...)
		row = append(row, numericPrecision(tt, mod), numericRadix(tt, mod), numericScale(tt, mod), datetimePrecision(tt, mod), intervalType(tt, mod), vNull(), vOpt(u.Default))
		row = append(row, q.in(q.snap.schemaOfType(tt), tt.Name)...)
		if err := q.emit(append(row, vNull(), vNull(), vNull(), vNull(), vStr("1"))); err != nil {
			return err
		}
	}
	return nil
}

// elementTypesRows describes the elements of the array types that columns and
// domains are of.
func elementTypesRows(q *query) error {
	emit := func(object []types.Datum, kind, id string, t *types.Type) error {
		if !t.IsArray() {
			return nil
		}
		row := append(append([]types.Datum(nil), object...), vStr(kind), vStr(id), q.dataType(t.Elem))
		row = append(row, nulls(5)...)
		row = append(row, q.collationOf(typeCollation(t.Elem))...)
		row = append(row, nulls(7)...)
		row = append(row, q.udt(t.Elem)...)
		return q.emit(append(row, vNull(), vNull(), vNull(), vNull(), vStr("a"+id)))
	}
	if err := q.eachColumn("object_name", func(t *Table, c *Column) error {
		return emit(q.in(t.SchemaOID, t.Name), "TABLE", strconv.Itoa(int(c.Attnum)), c.Type)
	}); err != nil {
		return err
	}
	for _, u := range q.snap.UserTypes() {
		if u.Kind == types.KindDomain {
			if err := emit(q.in(u.SchemaOID, u.Name), "DOMAIN", "1", u.Type.Base); err != nil {
				return err
			}
		}
	}
	return nil
}

func columnUDTRows(q *query) error {
	return q.eachColumn("table_name", func(t *Table, c *Column) error {
		return q.emit(append(append(q.udt(c.Type), q.in(t.SchemaOID, t.Name)...), vStr(c.Name)))
	})
}

func columnDomainRows(q *query) error {
	return q.eachColumn("table_name", func(t *Table, c *Column) error {
		if c.Type.Kind != types.KindDomain {
			return nil
		}
		return q.emit(append(append(q.in(q.snap.schemaOfType(c.Type), c.Type.Name), q.in(t.SchemaOID, t.Name)...), vStr(c.Name)))
	})
}

func domainUDTRows(q *query) error {
	for _, u := range q.snap.UserTypes() {
		if u.Kind == types.KindDomain {
			if err := q.emit(append(q.in(q.snap.schemaOfType(u.Type.Base), u.Type.Base.Name), q.in(u.SchemaOID, u.Name)...)); err != nil {
				return err
			}
		}
	}
	return nil
}

// atoi32 reads a number of the facts.
func atoi32(s string) int32 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil {
		panic("catalog: bad number in facts: " + s)
	}
	return int32(n)
}
