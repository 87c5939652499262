package parser

import (
	"rowkey/parser/ast"
)

// This file takes INSERT, UPDATE, DELETE and MERGE. Each is emitted as the
// SELECT it contains: FROM and WHERE as such, values as fields, and what comes
// after WHERE as items of ORDER BY.

// insert emits INSERT.
func (p *parser) insert() {
	s := &ast.InsertStmt{At: p.here()}
	p.core(hole{kind: holeCore, node: s})
	p.i++
	p.expect("into")
	s.Relation = p.qualifiedName()
	if p.accept("as") {
		s.Relation.Alias = &ast.Alias{At: p.here(), Name: p.colID()}
	}
	if p.is("(") && !p.opensQuery(p.i) {
		p.i++
		if p.is("(") { // only a query could have begun so
			for p.accept("(") {
			}
			p.fail()
		}
		p.targetColumns(&s.Columns)
		p.expect(")")
	}
	if p.is("default") && s.Columns == nil {
		p.i++
		p.expect("values")
	} else {
		s.Overriding = p.overriding()
		if !p.startsQuery(p.i) && !p.is("(") {
			p.fail()
		}
		p.querySlot(slot{query: &s.Source}, false)
	}
	if p.is("on") {
		p.onConflict(s)
	}
	if p.accept("returning") {
		p.targets(&s.Returning)
	}
}

// overriding takes OVERRIDING USER|SYSTEM VALUE, or nothing.
func (p *parser) overriding() ast.Overriding {
	if !p.accept("overriding") {
		return ast.OverridingDefault
	}
	o := ast.OverridingUser
	if !p.accept("user") {
		p.expect("system")
		o = ast.OverridingSystem
	}
	p.expect("value")
	return o
}

// targetColumns takes column, column.field, column[i], ….
func (p *parser) targetColumns(list *[]*ast.ColumnTarget) {
	for first := true; first || p.accept(","); first = false {
		c := &ast.ColumnTarget{At: p.here(), Name: p.colID()}
		p.indirection(&c.Path)
		*list = append(*list, c)
	}
}

// onConflict takes ON CONFLICT ….
func (p *parser) onConflict(s *ast.InsertStmt) {
	c := &ast.OnConflict{At: p.here()}
	s.OnConflict = c
	p.i++
	p.expect("conflict")
	if p.is("(") {
		c.Infer = &ast.Infer{At: p.here()}
		p.i++
		for first := true; first || p.accept(","); first = false {
			c.Infer.Elems = append(c.Infer.Elems, p.indexElem())
		}
		p.expect(")")
		if p.accept("where") {
			p.expr(&c.Infer.Where)
		}
	} else if p.is("on") {
		c.Infer = &ast.Infer{At: p.here()}
		p.i++
		p.expect("constraint")
		c.Infer.Constraint = p.colID()
	}
	p.expect("do")
	if p.accept("nothing") {
		return
	}
	p.expect("update", "set")
	c.Action = ast.ConflictUpdate
	p.assignments(&c.Set)
	if p.accept("where") {
		p.expr(&c.Where)
	}
}

// assignments takes column = value, (a, b) = row, … (set_clause_list).
func (p *parser) assignments(list *[]*ast.Assignment) {
	for first := true; first || p.accept(","); first = false {
		a := &ast.Assignment{At: p.here()}
		*list = append(*list, a)
		if p.accept("(") {
			a.Multi = true
			p.targetColumns(&a.Targets)
			p.expect(")")
		} else {
			c := &ast.ColumnTarget{At: p.here(), Name: p.colID()}
			p.indirection(&c.Path)
			a.Targets = []*ast.ColumnTarget{c}
		}
		p.expect("=")
		p.expr(&a.Value)
	}
}

// target takes the relation of an UPDATE or DELETE (relation_expr_opt_alias).
func (p *parser) target() *ast.RangeVar {
	r := p.relationExpr()
	at := p.here()
	if p.accept("as") {
		r.Alias = &ast.Alias{At: p.here(), Name: p.colID()}
	} else if p.tok().isColID() && !p.is("set") {
		r.Alias = &ast.Alias{At: at, Name: p.colID()}
	}
	return r
}

// fromWhere emits the middle of an UPDATE or DELETE: its tables and condition.
func (p *parser) fromWhere(word string, from *[]ast.TableExpr, where *ast.Expr) {
	emitted := false
	if p.accept(word) {
		p.sep = "from"
		p.fromList(from)
		emitted = p.sep == ","
	}
	if p.accept("where") {
		if p.is("current", "of") {
			n := &ast.CurrentOf{At: p.here()}
			p.i += 2
			n.Cursor = p.colID()
			*where = n
		} else {
			p.sep = "from t0 where"
			if emitted {
				p.sep = "where"
			}
			p.expr(where)
		}
	}
	p.sep = "order by"
}

// update emits UPDATE.
func (p *parser) update() {
	s := &ast.UpdateStmt{At: p.here()}
	p.core(hole{kind: holeCore, node: s})
	p.i++
	s.Relation = p.target()
	p.expect("set")
	p.assignments(&s.Set)
	p.fromWhere("from", &s.From, &s.Where)
	if p.accept("returning") {
		p.targets(&s.Returning)
	}
}

// delete emits DELETE.
func (p *parser) delete() {
	s := &ast.DeleteStmt{At: p.here()}
	p.core(hole{kind: holeCore, node: s})
	p.i++
	p.expect("from")
	s.Relation = p.target()
	p.fromWhere("using", &s.Using, &s.Where)
	if p.accept("returning") {
		p.targets(&s.Returning)
	}
}

// merge emits MERGE.
func (p *parser) merge() {
	s := &ast.MergeStmt{At: p.here()}
	p.core(hole{kind: holeCore, node: s})
	p.i++
	p.expect("into")
	s.Relation = p.target()
	p.expect("using")
	p.sep = "from"
	p.fromItem(slot{one: &s.Source})
	emitted := p.sep == ","
	p.expect("on")
	p.sep = "from t0 where"
	if emitted {
		p.sep = "where"
	}
	p.expr(&s.On)
	p.sep = "order by"
	for first := true; first || p.is("when"); first = false {
		w := &ast.MergeWhen{At: p.here()}
		p.expect("when")
		w.Matched = !p.accept("not")
		p.expect("matched")
		if p.accept("and") {
			p.expr(&w.Cond)
		}
		p.expect("then")
		p.mergeAction(w)
		s.Whens = append(s.Whens, w)
	}
}

func (p *parser) mergeAction(w *ast.MergeWhen) {
	switch {
	case p.is("do"):
		p.i++
		p.expect("nothing")
	case w.Matched && p.accept("update"):
		p.expect("set")
		w.Action = ast.MergeUpdate
		p.assignments(&w.Set)
	case w.Matched && p.accept("delete"):
		w.Action = ast.MergeDelete
	case !w.Matched && p.accept("insert"):
		w.Action = ast.MergeInsert
		if p.accept("default") {
			p.expect("values")
			return
		}
		if p.accept("(") {
			p.targetColumns(&w.Columns)
			p.expect(")")
		}
		w.Overriding = p.overriding()
		p.expect("values", "(")
		p.exprList(&w.Values)
		p.expect(")")
	default:
		p.fail()
	}
}
