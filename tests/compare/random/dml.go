package random

import "strings"

// change makes a statement that writes.
func (g *gen) change() query {
	g.names, g.subs, g.nested, g.ctes = 0, g.r.Intn(2), 0, nil
	t := oneOf(g, g.tables)
	var n *node
	switch g.r.Intn(13) {
	case 10:
		if !t.view {
			n = g.merge(t)
			break
		}
		n = g.update(t)
	case 11:
		n = g.chained()
	case 12:
		if len(g.matviews) > 0 && g.chance(20) {
			n = structural("REFRESH MATERIALIZED VIEW " + oneOf(g, g.matviews))
			break
		}
		n = g.delete(t)
	case 0, 1, 2, 3:
		n = g.insert(t)
	case 4, 5, 6:
		n = g.update(t)
	case 7, 8:
		n = g.delete(t)
	case 9:
		with := g.name("w")
		inner := oneOf(g, []func(*table) *node{g.insert, g.update, g.delete})(t)
		if !strings.Contains(inner.SQL(), " RETURNING ") {
			return query{node: inner}
		}
		n = structural("WITH "+with+" AS (", inner, ") SELECT * FROM "+with)
	}
	return query{node: n}
}

func (g *gen) scopeOf(t *table, alias string) *scope {
	s := &scope{}
	for _, c := range t.cols {
		s.cols = append(s.cols, column{c.typ, colRef(c.typ, alias+"."+c.name)})
	}
	return s
}

func (g *gen) returning(t *table, alias string) *node {
	if !g.chance(60) {
		return optional()
	}
	if g.chance(30) {
		return optional(" RETURNING " + alias + ".*")
	}
	s := g.scopeOf(t, alias)
	s.plain = !g.chance(20)
	items := listOf(", ")
	for range 1 + g.r.Intn(3) {
		items.parts = append(items.parts, g.expr(g.anyType(s), s, 2))
	}
	return optional(" RETURNING ", items)
}

func (g *gen) insert(t *table) *node {
	n := structural()
	alias := g.name("x")
	if g.chance(70) {
		rows := listOf(", ")
		for range 1 + g.r.Intn(3) {
			row := listOf(", ")
			for _, c := range t.cols {
				switch {
				case c.name == "id":
					row.parts = append(row.parts, text(itoa(1+g.r.Intn(t.rows+10))))
				case g.chance(8):
					row.parts = append(row.parts, text("DEFAULT"))
				case g.chance(20):
					row.parts = append(row.parts, g.expr(c.typ, nil, 2))
				default:
					row.parts = append(row.parts, text(quote(g.value(c.typ))))
				}
			}
			rows.parts = append(rows.parts, structural("(", row, ")"))
		}
		n.parts = []any{"INSERT INTO " + t.name + " AS " + alias + " VALUES ", rows}
	} else {
		u := oneOf(g, g.tables)
		s := g.scopeOf(u, "u")
		row := listOf(", ")
		for _, c := range t.cols {
			if c.name == "id" {
				row.parts = append(row.parts, text("u.id + "+itoa(g.r.Intn(40))))
				continue
			}
			row.parts = append(row.parts, g.expr(c.typ, s, 2))
		}
		order := "u.id"
		for _, c := range u.cols[1:] {
			order += ", u." + c.name
		}
		n.parts = []any{"INSERT INTO " + t.name + " AS " + alias + " SELECT ", row, " FROM " + u.name + " AS u", optional(" WHERE ", g.expr("bool", s, 2)), " ORDER BY " + order}
	}
	if g.chance(60) {
		target := ""
		if len(t.unique) > 0 {
			target = " (" + strings.Join(t.unique[0], ", ") + ")"
		}
		if target == "" || g.chance(40) {
			n.parts = append(n.parts, " ON CONFLICT"+target+" DO NOTHING")
		} else {
			s := g.scopeOf(t, alias)
			s.cols = append(s.cols, g.scopeOf(t, "excluded").cols...)
			n.parts = append(n.parts, " ON CONFLICT"+target+" DO UPDATE SET ", g.sets(t, s), optional(" WHERE ", g.expr("bool", s, 2)))
		}
	}
	n.parts = append(n.parts, g.returning(t, alias))
	return n
}

// sets are assignments to columns without unique constraints.
func (g *gen) sets(t *table, s *scope) *node {
	list := listOf(", ")
	var free []tableCol
	for _, c := range t.cols {
		if !strings.Contains(" "+strings.Join(t.pk, " ")+" ", " "+c.name+" ") {
			free = append(free, c)
		}
	}
	g.r.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	if len(free) > 1 && g.chance(10) {
		one := *s
		list.parts = append(list.parts, structural("("+free[0].name+", "+free[1].name+") = (", g.selectNode(&one, []string{free[0].typ, free[1].typ}, selectOpts{small: true, one: true}), ")"))
		return list
	}
	if len(free) > 1 && g.chance(15) {
		list.parts = append(list.parts, structural("("+free[0].name+", "+free[1].name+") = (", g.expr(free[0].typ, s, 2), ", ", g.expr(free[1].typ, s, 2), ")"))
		return list
	}
	for i, c := range free {
		if i > 0 && !g.chance(40) {
			break
		}
		if g.chance(5) {
			list.parts = append(list.parts, text(c.name+" = DEFAULT"))
		} else {
			list.parts = append(list.parts, structural(c.name+" = ", g.expr(c.typ, s, 2)))
		}
	}
	return list
}

func (g *gen) update(t *table) *node {
	alias := g.name("x")
	s := g.scopeOf(t, alias)
	n := structural("UPDATE " + t.name + " AS " + alias + " SET ")
	// At most one row of the other table may match: by its whole primary key.
	var other *table
	for _, u := range g.tables {
		if len(u.pk) == 1 && u.pk[0] == "id" && g.chance(30) {
			other = u
		}
	}
	if other == nil {
		n.parts = append(n.parts, g.sets(t, s), optional(" WHERE ", g.expr("bool", s, 3)))
	} else {
		both := &scope{cols: append(append([]column{}, s.cols...), g.scopeOf(other, "f").cols...)}
		var ints []column
		for _, c := range s.cols {
			if c.typ == "int4" {
				ints = append(ints, c)
			}
		}
		n.parts = append(n.parts, g.sets(t, both), " FROM "+other.name+" AS f WHERE f.id = ", frozen(oneOf(g, ints).expr), optional(" AND ", g.expr("bool", both, 2)))
	}
	n.parts = append(n.parts, g.returning(t, alias))
	return n
}

func (g *gen) delete(t *table) *node {
	alias := g.name("x")
	s := g.scopeOf(t, alias)
	if g.chance(60) {
		return structural("DELETE FROM "+t.name+" AS "+alias, " WHERE "+alias+".id % 3 = "+itoa(g.r.Intn(3))+" AND ", g.expr("bool", s, 3), g.returning(t, alias))
	}
	u := oneOf(g, g.tables)
	both := &scope{cols: append(append([]column{}, s.cols...), g.scopeOf(u, "f").cols...)}
	return structural("DELETE FROM "+t.name+" AS "+alias+" USING "+u.name+" AS f WHERE f.id = "+alias+".id", " AND ", g.expr("bool", both, 2), g.returning(t, alias))
}
