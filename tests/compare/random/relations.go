package random

import (
	"fmt"
	"strings"
)

// relations makes what is more than a table: a partitioned table, a table with
// triggers and a generated column, a view that can be changed, one whose
// triggers change what is below it, a materialized view. All of them but the
// last are read and changed like the tables.
func (g *gen) relations() (defs, rows []string) {
	add := func(s ...string) { defs = append(defs, s...) }
	if g.chance(40) {
		t := g.partitioned()
		add(t.defs...)
		rows = append(rows, t.rows...)
	}
	if g.chance(35) {
		add(g.triggered(g.tables[g.r.Intn(len(g.tables))])...)
	}
	if g.chance(40) {
		add(g.updatableView(oneOf(g, g.tables))...)
	}
	if g.chance(25) {
		add(g.insteadOfView(g.tables[0])...)
	}
	return defs, rows
}

type definitions struct{ defs, rows []string }

// partitioned makes a table of three to four partitions, by range, list or hash.
func (g *gen) partitioned() (d definitions) {
	t := &table{name: "tp", rows: 10 + g.r.Intn(20)}
	t.cols = []tableCol{{name: "id", typ: "int4", notNull: true}, {name: "k", typ: oneOf(g, []string{"int4", "text", "date"})}}
	for j := range 2 + g.r.Intn(3) {
		t.cols = append(t.cols, tableCol{name: "p" + itoa(j), typ: oneOf(g, weighted)})
	}
	key, by, kind := "k", t.cols[1].typ, oneOf(g, []string{"RANGE", "LIST", "HASH"})
	if g.chance(50) {
		key, by = "id", "int4"
	}
	if kind == "LIST" && by == "date" {
		kind = "RANGE"
	}
	var cols []string
	for _, c := range t.cols {
		cols = append(cols, c.name+" "+sqlType(c.typ))
	}
	if key == "id" && g.chance(60) {
		t.pk = []string{"id"}
		t.unique = [][]string{{"id"}}
		cols = append(cols, "PRIMARY KEY (id)")
	} else {
		cols[0] += " NOT NULL"
	}
	d.defs = append(d.defs, fmt.Sprintf("CREATE TABLE tp (%s) PARTITION BY %s (%s)", strings.Join(cols, ", "), kind, key))
	bounds := map[string][]string{
		"RANGE int4": {"FROM (MINVALUE) TO (5)", "FROM (5) TO (12)", "FROM (12) TO (200)"},
		"RANGE text": {"FROM (MINVALUE) TO ('a')", "FROM ('a') TO ('b')", "FROM ('b') TO (MAXVALUE)"},
		"RANGE date": {"FROM (MINVALUE) TO ('2020-01-01')", "FROM ('2020-01-01') TO ('2021-01-01')"},
		"LIST int4":  {"IN (1, 2, 3, 4)", "IN (5, 6, 7, 8, NULL)"},
		"LIST text":  {"IN ('a', 'b')", "IN ('', NULL)"},
	}[kind+" "+by]
	if kind == "HASH" {
		bounds = []string{"WITH (MODULUS 3, REMAINDER 0)", "WITH (MODULUS 3, REMAINDER 1)", "WITH (MODULUS 3, REMAINDER 2)"}
	}
	for i, b := range bounds {
		name := "tp" + itoa(i)
		if kind != "HASH" && i == 0 && by == "int4" && g.chance(30) { // partitions of a partition
			d.defs = append(d.defs, fmt.Sprintf("CREATE TABLE %s PARTITION OF tp FOR VALUES %s PARTITION BY HASH (id)", name, b),
				fmt.Sprintf("CREATE TABLE %sx PARTITION OF %s FOR VALUES WITH (MODULUS 2, REMAINDER 0)", name, name),
				fmt.Sprintf("CREATE TABLE %sy PARTITION OF %s FOR VALUES WITH (MODULUS 2, REMAINDER 1)", name, name))
			continue
		}
		d.defs = append(d.defs, fmt.Sprintf("CREATE TABLE %s PARTITION OF tp FOR VALUES %s", name, b))
	}
	if kind != "HASH" && g.chance(70) {
		d.defs = append(d.defs, "CREATE TABLE tpd PARTITION OF tp DEFAULT")
	}
	for i := range t.rows { // one at a time: some have no partition
		d.rows = append(d.rows, "INSERT INTO tp VALUES "+g.row(t, i+1)+" ON CONFLICT DO NOTHING")
	}
	g.tables = append(g.tables, t)
	return d
}

// triggered gives a table triggers: one that changes rows before they are
// written, one that writes down what happened to which rows.
func (g *gen) triggered(t *table) []string {
	g.logs = append(g.logs, "log")
	c := t.cols[len(t.cols)-1]
	change := ""
	if c.name != "id" && !strings.Contains(" "+strings.Join(t.pk, " ")+" ", " "+c.name+" ") {
		change = fmt.Sprintf("NEW.%s := coalesce(NEW.%s, %s);", c.name, c.name, quote(g.value(c.typ)))
	}
	if g.chance(40) {
		change += " IF NEW.id % 7 = 3 THEN RETURN NULL; END IF;"
	}
	return []string{
		"CREATE TABLE log (what text, old_id int4, new_id int4, n int8)",
		"CREATE FUNCTION before_" + t.name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + change + " RETURN NEW; END $$",
		"CREATE TRIGGER b BEFORE INSERT OR UPDATE ON " + t.name + " FOR EACH ROW EXECUTE FUNCTION before_" + t.name + "()",
		"CREATE FUNCTION after_" + t.name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN OLD.id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.id END, NULL); RETURN NULL; END $$",
		"CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON " + t.name + " FOR EACH ROW EXECUTE FUNCTION after_" + t.name + "()",
		"CREATE FUNCTION changed_" + t.name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log SELECT 'all ' || TG_OP, min(id), max(id), count(*) FROM o; RETURN NULL; END $$",
		"CREATE TRIGGER o AFTER UPDATE ON " + t.name + " REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION changed_" + t.name + "()",
	}
}

// updatableView makes a view of some rows of a table, its columns in another order.
func (g *gen) updatableView(t *table) []string {
	v := &table{name: "uv", rows: t.rows, pk: t.pk, unique: t.unique, view: true}
	v.cols = append(append([]tableCol{}, t.cols[1:]...), t.cols[0])
	var names []string
	for _, c := range v.cols {
		names = append(names, c.name)
	}
	where := ""
	if g.chance(70) {
		where = " WHERE " + g.expr("bool", &scope{cols: func() []column {
			var s []column
			for _, c := range t.cols {
				s = append(s, column{c.typ, colRef(c.typ, c.name)})
			}
			return s
		}(), plain: true}, 2).SQL() + oneOf(g, []string{"", "", " OR id > 3"})
		where += oneOf(g, []string{"", " WITH CHECK OPTION", " WITH LOCAL CHECK OPTION"})
	}
	g.tables = append(g.tables, v)
	return []string{"CREATE VIEW uv AS SELECT " + strings.Join(names, ", ") + " FROM " + t.name + where}
}

// insteadOfView makes a view of two tables; a trigger hands its changes to the first.
func (g *gen) insteadOfView(t *table) []string {
	if t.view || t.pk == nil {
		return nil
	}
	v := &table{name: "iv", rows: t.rows, view: true, cols: t.cols}
	var names, sets, values []string
	for _, c := range t.cols {
		names = append(names, "a."+c.name)
		sets = append(sets, c.name+" = NEW."+c.name)
		values = append(values, "NEW."+c.name)
	}
	g.tables = append(g.tables, v)
	return []string{
		"CREATE VIEW iv AS SELECT " + strings.Join(names, ", ") + " FROM " + t.name + " a LEFT JOIN (SELECT DISTINCT id FROM " + t.name + ") b ON a.id = b.id",
		"CREATE FUNCTION iv() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
			"IF TG_OP = 'INSERT' THEN INSERT INTO " + t.name + " VALUES (" + strings.Join(values, ", ") + ") ON CONFLICT DO NOTHING; IF NOT FOUND THEN RETURN NULL; END IF; RETURN NEW; " +
			"ELSIF TG_OP = 'UPDATE' THEN UPDATE " + t.name + " SET " + strings.Join(sets, ", ") + " WHERE id = OLD.id; RETURN NEW; " +
			"ELSE DELETE FROM " + t.name + " WHERE id = OLD.id; RETURN OLD; END IF; END $$",
		"CREATE TRIGGER iv INSTEAD OF INSERT OR UPDATE OR DELETE ON iv FOR EACH ROW EXECUTE FUNCTION iv()",
	}
}

// merge makes a MERGE. Its source has one row for each id.
func (g *gen) merge(t *table) *node {
	var sources []*table
	for _, u := range g.tables {
		if len(u.pk) == 1 && u.pk[0] == "id" && !u.view {
			sources = append(sources, u)
		}
	}
	if len(sources) == 0 {
		return g.update(t)
	}
	u := oneOf(g, sources)
	alias := g.name("x")
	s, src := g.scopeOf(t, alias), g.scopeOf(u, "s")
	both := &scope{cols: append(append([]column{}, s.cols...), src.cols...)}
	n := structural("MERGE INTO "+t.name+" AS "+alias+" USING "+u.name+" AS s ON s.id = "+alias+".id", optional(" AND ", g.expr("bool", both, 1)))
	for range 1 + g.r.Intn(3) {
		matched := g.chance(55)
		in := both
		if !matched {
			in = src
		}
		cond := optional()
		if g.chance(50) {
			cond.parts = []any{" AND ", g.expr("bool", in, 2)}
		}
		n.parts = append(n.parts, map[bool]string{true: " WHEN MATCHED", false: " WHEN NOT MATCHED"}[matched], cond, " THEN ")
		switch {
		case g.chance(12):
			n.parts = append(n.parts, "DO NOTHING")
		case matched && (t.name == "tp" && len(g.logs) > 0 || g.chance(35)): // PostgreSQL's transition tables lack rows that MERGE moves
			n.parts = append(n.parts, "DELETE")
		case matched:
			n.parts = append(n.parts, "UPDATE SET ", g.sets(t, both))
		default:
			row := listOf(", ")
			for _, c := range t.cols {
				switch {
				case c.name == "id":
					row.parts = append(row.parts, text("s.id + "+itoa(g.r.Intn(2)*40)))
				case g.chance(15):
					row.parts = append(row.parts, text("DEFAULT"))
				default:
					row.parts = append(row.parts, g.expr(c.typ, src, 2))
				}
			}
			n.parts = append(n.parts, "INSERT VALUES (", row, ")")
		}
	}
	return n
}

// chained makes a statement whose common table expressions change tables, all
// different: changes of one row by two parts of a statement have no order.
func (g *gen) chained() *node {
	with := listOf(", ")
	var names []string
	used := map[string]bool{}
	for range 1 + g.r.Intn(3) {
		t := oneOf(g, g.tables)
		if t.view || used[t.name] || len(g.logs) > 0 {
			continue
		}
		used[t.name] = true
		inner := oneOf(g, []func(*table) *node{g.insert, g.update, g.delete})(t)
		if !strings.Contains(inner.SQL(), " RETURNING ") {
			inner = structural(inner, " RETURNING id")
		}
		name := g.name("w")
		with.parts = append(with.parts, structural(name+" AS (", inner, ")"))
		names = append(names, name)
	}
	if len(names) == 0 {
		return g.update(oneOf(g, g.tables))
	}
	main := "SELECT count(*) FROM " + names[0]
	for i, w := range names[1:] {
		main += fmt.Sprintf(" LEFT JOIN (SELECT count(*) AS n FROM %s) q%d ON q%d.n > 0", w, i, i)
	}
	switch t := oneOf(g, g.tables); {
	case g.chance(40):
		main = "SELECT * FROM " + oneOf(g, names)
	case g.chance(30):
		main = "SELECT id, (SELECT count(*) FROM " + names[0] + ") FROM " + t.name
	}
	return structural("WITH ", with, " "+main)
}

// states are the relations that a change may have changed.
func (g *gen) states() []string {
	var names []string
	for _, t := range g.tables {
		names = append(names, t.name)
	}
	return append(append(names, g.logs...), g.matviews...)
}
