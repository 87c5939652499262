package random

import (
	"fmt"
	"strings"
)

// A script is one transaction of several statements: changes with savepoints around them, to
// which it goes back, cursors that are read in both directions, rows that are locked. Each
// answer is compared, the states of tables at the end too.

// step is a statement of a script.
type step struct {
	sql     string
	ordered bool
	q       *node // the statement in its parts, of a change
}

// script makes the statements between BEGIN and its end.
func (g *gen) script() (steps []step) {
	add := func(format string, args ...any) {
		steps = append(steps, step{sql: fmt.Sprintf(format, args...), ordered: true})
	}
	var marks []string
	for range 3 + g.r.Intn(6) {
		switch k := g.r.Intn(12); {
		case k < 2:
			name := oneOf(g, []string{"a", "b", "c"})
			add("SAVEPOINT %s", name)
			marks = append(marks, name)
		case k == 2 && len(marks) > 0:
			add("RELEASE %s", oneOf(g, marks))
		case k < 5 && len(marks) > 0:
			add("ROLLBACK TO %s", oneOf(g, marks))
		case k < 7:
			steps = append(steps, g.cursor()...)
		case k < 8:
			steps = append(steps, step{sql: g.locking()})
		case k < 9:
			if s := g.partSet(); s != "" {
				steps = append(steps, step{sql: s})
			}
		default:
			q := g.change()
			steps = append(steps, step{sql: q.SQL(), q: q.node})
		}
	}
	return steps
}

// wholeOrder orders by all columns of a table.
func wholeOrder(t *table) string {
	list := make([]string, len(t.cols))
	for i, c := range t.cols {
		list[i] = c.name
	}
	return " ORDER BY " + strings.Join(list, ", ")
}

// cursor makes a cursor over a table or a join, and reads it.
func (g *gen) cursor() (steps []step) {
	t := oneOf(g, g.tables)
	g.cursors++
	name := "cu" + itoa(g.cursors)
	query := "SELECT * FROM " + t.name
	s := g.scopeOf(t, t.name)
	s.plain = true
	if g.chance(50) {
		query += " WHERE " + g.expr("bool", s, 1).SQL()
	}
	if g.chance(20) {
		query = "SELECT " + oneOf(g, t.cols).name + ", count(*) AS n, id FROM " + t.name + " GROUP BY 1, 3"
		query = "SELECT * FROM (" + query + ") q ORDER BY 3, 1, 2"
	} else {
		query += wholeOrder(t)
	}
	if g.chance(15) {
		query += " LIMIT 7"
	}
	scroll := g.chance(75) // whether one that says nothing can be read backwards is its plan's affair
	kind := "NO SCROLL "
	if scroll {
		kind = "SCROLL "
	}
	kind += "CURSOR " + oneOf(g, []string{"", "WITHOUT HOLD ", "WITH HOLD "})
	steps = append(steps, step{sql: "DECLARE " + name + " " + kind + "FOR " + query, ordered: true})
	for range 2 + g.r.Intn(5) {
		n := itoa(g.r.Intn(6))
		move := oneOf(g, []string{"NEXT", n, "FORWARD " + n, "ALL", "FORWARD ALL", "0", "RELATIVE 0"})
		if scroll {
			move = oneOf(g, []string{"NEXT", n, "PRIOR", "FIRST", "LAST", "ABSOLUTE " + n, "ABSOLUTE -" + n, "RELATIVE " + n, "RELATIVE -" + n,
				"FORWARD " + n, "BACKWARD " + n, "BACKWARD ALL", "-" + n, "ALL", "0"})
		}
		steps = append(steps, step{sql: oneOf(g, []string{"FETCH ", "FETCH ", "FETCH ", "MOVE "}) + move + " FROM " + name, ordered: true})
	}
	if g.chance(30) {
		steps = append(steps, step{sql: "CLOSE " + name, ordered: true})
	}
	return steps
}

// locking locks rows.
func (g *gen) locking() string {
	t, u := oneOf(g, g.tables), oneOf(g, g.tables)
	if t.name == "iv" || u.name == "iv" { // there are two mistakes in locking its rows
		return "SELECT count(*) FROM " + t.name
	}
	how := oneOf(g, []string{"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"})
	wait := oneOf(g, []string{"", "", " NOWAIT", " SKIP LOCKED"})
	s := g.scopeOf(t, "l")
	s.plain = true
	switch g.r.Intn(5) {
	case 0:
		return "SELECT l.*, r.id FROM " + t.name + " l JOIN " + u.name + " r ON r.id = l.id WHERE " + g.expr("bool", s, 1).SQL() + " FOR " + how + oneOf(g, []string{"", " OF l", " OF r"}) + wait
	case 1:
		return "SELECT l.id, r.id FROM " + t.name + " l LEFT JOIN " + u.name + " r ON r.id = l.id FOR " + how + " OF l" + wait
	case 2:
		return "SELECT q.id FROM (SELECT * FROM " + t.name + " l WHERE " + g.expr("bool", s, 1).SQL() + ") q FOR " + how + wait
	case 3:
		return "SELECT id FROM " + t.name + " l WHERE id = ANY (SELECT id FROM " + u.name + " FOR " + how + wait + ")"
	}
	return "SELECT * FROM " + t.name + " l WHERE " + g.expr("bool", s, 2).SQL() + " FOR " + how + wait
}

// partSet assigns to parts of values: elements and slices of arrays, keys of jsonb.
func (g *gen) partSet() string {
	t := oneOf(g, g.tables)
	var sets []string
	for _, c := range t.cols {
		at := itoa(1 + g.r.Intn(4))
		switch c.typ {
		case "int4[]":
			sets = append(sets, oneOf(g, []string{c.name + "[" + at + "] = id", c.name + "[" + at + ":" + at + "] = ARRAY[id]", c.name + "[2:3] = ARRAY[7, 8, 9]",
				c.name + "[:1] = '{5}'", c.name + "[1] = 5, " + c.name + "[3] = NULL"}))
		case "text[]":
			sets = append(sets, oneOf(g, []string{c.name + "[" + at + "] = 'x' || id", c.name + "[2:] = ARRAY['p', 'q', 'r']"}))
		case "jsonb":
			sets = append(sets, oneOf(g, []string{c.name + "['z'] = to_jsonb(id)", c.name + "['b']['c'] = '[1, 2]'", c.name + "[0] = '\"first\"'", c.name + "['a'][3] = '7'", c.name + "[-1] = 'null'"}))
		case "pair":
			sets = append(sets, oneOf(g, []string{c.name + ".x = id", c.name + ".y = 'w', " + c.name + ".x = 3"}))
		}
	}
	if len(sets) == 0 {
		return ""
	}
	where := ""
	if g.chance(50) {
		where = " WHERE id % 3 = " + itoa(g.r.Intn(3))
	}
	return "UPDATE " + t.name + " SET " + strings.Join(sets, ", ") + where + oneOf(g, []string{"", " RETURNING *"})
}

// script compares one transaction.
func (r *runner) script(steps []step) {
	engines := []*engine{r.rk, r.plain}
	if r.pg != nil {
		engines = []*engine{r.pg, r.rk, r.plain}
	}
	for _, name := range r.g.states() {
		steps = append(steps, step{sql: "SELECT * FROM " + name})
	}
	defer r.undo(engines)
	r.each("BEGIN")
	saved := r.g.chance(75) // errors do not end it
	failed := false
	for i, s := range steps {
		r.rep.Statements++
		if !failed {
			r.each("SAVEPOINT step")
		}
		want := engines[0].run(s.sql, mode{})
		if want.code != "" {
			r.rep.Errors++
		}
		for _, e := range engines[1:] {
			got := e.run(s.sql, mode{})
			class, detail := difference(want, got, s.ordered)
			if class == "" {
				continue
			}
			var all []string
			for _, s := range steps[:i+1] {
				all = append(all, s.sql)
			}
			if !failed {
				r.each("ROLLBACK TO step")
				class = r.proof(engines[0], e, want, got, mode{}, s.ordered, within).class(class, s.sql, s.q)
			}
			r.report(class, engines[0].name+" and "+e.name+", in a transaction", strings.Join(all, ";\n  "), detail)
			return
		}
		if want.code == "" {
			continue
		}
		if saved {
			r.each("ROLLBACK TO step")
		} else {
			failed = true // all that follows is refused
		}
	}
	if r.g.chance(50) {
		r.each("COMMIT")
	}
}
