package random

import (
	"fmt"
	"strings"
)

// schema makes the tables: the definitions, the indexes (which one of the
// databases goes without) and the rows.
func (g *gen) schema() (tables, indexes, rows []string) {
	g.wild = g.chance(35)
	tables = append([]string{}, userTypes...)
	n := 3 + g.r.Intn(2)
	for i := range n {
		t := &table{name: "t" + itoa(i)}
		t.cols = append(t.cols, tableCol{name: "id", typ: "int4"})
		for j := range 3 + g.r.Intn(5) {
			t.cols = append(t.cols, tableCol{name: string(rune('a'+j)) + itoa(i), typ: oneOf(g, weighted)})
		}
		t.rows = 5 + g.r.Intn(25)
		if i == 0 && g.chance(25) {
			t.rows = oneOf(g, []int{300, 1100})
		}
		if i == n-1 && g.chance(15) {
			t.rows = 0
		}
		var defs []string
		kind := g.r.Intn(10)
		second := &t.cols[1]
		switch {
		case kind < 5:
			t.pk = []string{"id"}
		case kind < 8:
			t.pk = []string{"id", second.name}
			if g.chance(30) {
				t.pk = []string{second.name, "id"}
			}
		}
		for j := range t.cols {
			c := &t.cols[j]
			for _, k := range t.pk {
				if k == c.name {
					c.notNull = true
				}
			}
			d := c.name + " " + sqlType(c.typ)
			if !c.notNull && j > 0 && g.chance(15) {
				c.notNull = true
				d += " NOT NULL"
			}
			if j > 0 && g.chance(10) {
				d += " DEFAULT " + quote(g.value(c.typ)) + "::" + c.typ
			}
			defs = append(defs, d)
		}
		if t.pk != nil {
			defs = append(defs, "PRIMARY KEY ("+strings.Join(t.pk, ", ")+")")
			t.unique = append(t.unique, t.pk)
		}
		if g.chance(20) {
			for _, c := range t.cols[1:] {
				if c.typ == "int4" {
					defs = append(defs, fmt.Sprintf("CONSTRAINT %s_check CHECK (%s < 90)", t.name, c.name))
					break
				}
			}
		}
		if i > 0 && g.chance(40) && len(g.tables[0].pk) == 1 && g.tables[0].rows > 0 {
			for _, c := range t.cols[1:] {
				if c.typ == "int4" {
					defs = append(defs, fmt.Sprintf("CONSTRAINT %s_fk FOREIGN KEY (%s) REFERENCES t0 (id)%s", t.name, c.name,
						oneOf(g, []string{"", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE"})))
					break
				}
			}
		}
		tables = append(tables, "CREATE TABLE "+t.name+" ("+strings.Join(defs, ", ")+")")
		for k := range g.r.Intn(4) {
			c := oneOf(g, t.cols)
			keys := c.name + oneOf(g, []string{"", "", " DESC", " DESC NULLS LAST", " NULLS FIRST"})
			if g.chance(30) {
				d := oneOf(g, t.cols)
				if d.name != c.name {
					keys += ", " + d.name
				}
			}
			where := ""
			if g.chance(10) {
				where = " WHERE " + t.cols[1].name + " IS NOT NULL"
			}
			if g.chance(8) && c.typ == "text" {
				keys = "lower(" + c.name + ")"
			}
			indexes = append(indexes, fmt.Sprintf("CREATE INDEX %s_i%d ON %s (%s)%s", t.name, k, t.name, keys, where))
		}
		for at := 0; at < t.rows; {
			var vals []string
			for ; at < t.rows && len(vals) < 500; at++ {
				vals = append(vals, g.row(t, at+1))
			}
			rows = append(rows, "INSERT INTO "+t.name+" VALUES "+strings.Join(vals, ", ")+" ON CONFLICT DO NOTHING")
		}
		g.tables = append(g.tables, t)
	}
	more, moreRows := g.relations()
	return append(tables, more...), indexes, append(rows, moreRows...)
}

func sqlType(t string) string {
	switch t {
	case "numeric":
		return "numeric(10,2)"
	case "varchar":
		return "varchar(12)"
	case "bpchar":
		return "char(4)"
	}
	return t
}

// viewBody is a view's query, and what makes it the view's again, in another form.
type viewBody struct {
	replace string
	body    *node
}

// makeViews gives definitions of views over the tables.
func (g *gen) makeViews() []string {
	var out []string
	for i := range 1 + g.r.Intn(2) {
		g.subs, g.nested = 1, 1
		src, body := g.derived(nil)
		src.name = "v" + itoa(i)
		kind := "VIEW "
		if g.chance(30) {
			kind = "MATERIALIZED VIEW "
			g.matviews = append(g.matviews, src.name)
		}
		head := src.name + "(" + colNames(src) + ") AS "
		if kind == "VIEW " {
			g.viewBodies = append(g.viewBodies, viewBody{"CREATE OR REPLACE VIEW " + head, body})
		}
		out = append(out, "CREATE "+kind+head+body.SQL())
		g.views = append(g.views, src)
	}
	return out
}

// row is a row of values for a table.
func (g *gen) row(t *table, id int) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, c := range t.cols {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case c.name == "id" && (len(t.pk) > 0 || g.chance(70)):
			b.WriteString(itoa(id))
		case !c.notNull && g.chance(18):
			b.WriteString("NULL")
		default:
			b.WriteString(quote(g.value(c.typ)))
		}
	}
	b.WriteByte(')')
	return b.String()
}
