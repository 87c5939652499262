package ast

// This file prints queries, DML and FROM.

func (p *printer) with(w *WithClause) {
	if w == nil {
		return
	}
	p.s("WITH ")
	if w.Recursive {
		p.s("RECURSIVE ")
	}
	commas(p, w.CTEs, func(c *CTE) {
		p.id(c.Name)
		p.names(c.Columns)
		p.s(" AS ", [...]string{MaterializeDefault: "", MaterializeAlways: "MATERIALIZED ",
			MaterializeNever: "NOT MATERIALIZED "}[c.Materialize], "(")
		p.node(c.Query)
		p.s(")")
		if s := c.Search; s != nil {
			p.s(" SEARCH ", map[bool]string{true: "BREADTH", false: "DEPTH"}[s.Breadth], " FIRST BY ")
			commas(p, s.Columns, p.id)
			p.s(" SET ")
			p.id(s.Sequence)
		}
		if y := c.Cycle; y != nil {
			p.s(" CYCLE ")
			commas(p, y.Columns, p.id)
			p.s(" SET ")
			p.id(y.Mark)
			p.s(" TO ")
			p.literalCast(y.Value)
			p.s(" DEFAULT ")
			p.literalCast(y.DefaultMark)
			p.s(" USING ")
			p.id(y.Path)
		}
	})
	p.s(" ")
}

// literalCast prints a constant as type 'literal', which is all that CYCLE takes.
func (p *printer) literalCast(e Expr) {
	if c, ok := e.(*TypeCast); ok {
		p.typeName(c.Type)
		p.s(" ")
		p.any(c.Arg)
		return
	}
	p.any(e)
}

// query prints a SELECT, VALUES or set operation.
func (p *printer) query(x *SelectStmt) {
	p.with(x.With)
	switch {
	case x.Op != SetNone:
		p.operand(x.Left, x.Left.Op != SetNone && (x.Op == Intersect) != (x.Left.Op == Intersect) && x.Left.Op != Intersect)
		p.s([...]string{Union: " UNION ", Intersect: " INTERSECT ", Except: " EXCEPT "}[x.Op])
		if x.All {
			p.s("ALL ")
		}
		p.operand(x.Right, x.Right.Op != SetNone)
	case x.Values != nil:
		p.s("VALUES ")
		commas(p, x.Values, func(row []Expr) {
			p.s("(")
			p.exprs(row)
			p.s(")")
		})
	default:
		p.selectCore(x)
	}
	p.orderBy(" ORDER BY ", x.OrderBy)
	if x.Limit != nil {
		switch c, ok := x.Limit.(*Const); {
		case x.WithTies:
			p.s(" FETCH FIRST ")
			if level(x.Limit) == levelSign {
				p.any(x.Limit)
			} else {
				p.expr(x.Limit, levelAtom)
			}
			p.s(" ROWS WITH TIES")
		case ok && c.Kind == ConstNull:
			p.s(" LIMIT ALL")
		default:
			p.s(" LIMIT ")
			p.any(x.Limit)
		}
	}
	if x.Offset != nil {
		p.s(" OFFSET ")
		p.any(x.Offset)
	}
	for _, l := range x.Locking {
		p.locking(l)
	}
}

// operand prints an operand of a set operation.
func (p *printer) operand(x *SelectStmt, parens bool) {
	parens = parens || x.With != nil || x.OrderBy != nil || x.Limit != nil || x.Offset != nil || x.Locking != nil
	if parens {
		p.s("(")
	}
	p.query(x)
	if parens {
		p.s(")")
	}
}

func (p *printer) selectCore(x *SelectStmt) {
	p.s("SELECT")
	if x.Distinct {
		p.s(" DISTINCT")
		if len(x.DistinctOn) > 0 {
			p.call(" ON ", x.DistinctOn)
		}
	}
	if len(x.Targets) > 0 {
		p.s(" ")
		commas(p, x.Targets, p.target)
	}
	if i := x.Into; i != nil {
		p.s(" INTO ", [...]string{Permanent: "", Temporary: "TEMPORARY ", Unlogged: "UNLOGGED "}[i.Persistence], "TABLE ")
		p.table(i.Relation)
	}
	if len(x.From) > 0 {
		p.s(" FROM ")
		commas(p, x.From, p.table)
	}
	p.where(x.Where)
	if len(x.GroupBy) > 0 {
		p.s(" GROUP BY ")
		if x.GroupDistinct {
			p.s("DISTINCT ")
		}
		p.exprs(x.GroupBy)
	}
	if x.Having != nil {
		p.s(" HAVING ")
		p.any(x.Having)
	}
	if len(x.Windows) > 0 {
		p.s(" WINDOW ")
		commas(p, x.Windows, func(w *WindowDef) {
			p.id(w.Name)
			p.s(" AS ")
			p.window(w)
		})
	}
}

func (p *printer) where(e Expr) {
	if e != nil {
		p.s(" WHERE ")
		p.any(e)
	}
}

func (p *printer) target(x *ResTarget) {
	p.any(x.Value)
	if x.Name != "" {
		p.s(" AS ")
		p.id(x.Name)
	}
}

func (p *printer) locking(l *LockingClause) {
	p.s([...]string{ForKeyShare: " FOR KEY SHARE", ForShare: " FOR SHARE", ForNoKeyUpdate: " FOR NO KEY UPDATE",
		ForUpdate: " FOR UPDATE"}[l.Strength])
	if len(l.Relations) > 0 {
		p.s(" OF ")
		commas(p, l.Relations, func(r *RangeVar) { p.table(r) })
	}
	p.s([...]string{LockBlock: "", LockSkip: " SKIP LOCKED", LockNoWait: " NOWAIT"}[l.Wait])
}

// ---- FROM -----------------------------------------------------------------------

func (p *printer) alias(a *Alias) {
	if a != nil {
		p.s(" AS ")
		p.id(a.Name)
		p.names(a.Columns)
	}
}

func lateral(on bool) string {
	if on {
		return "LATERAL "
	}
	return ""
}

func (p *printer) table(t TableExpr) {
	switch x := t.(type) {
	case *RangeVar:
		p.relation(x)
	case *RangeSubselect:
		p.s(lateral(x.Lateral), "(")
		p.query(x.Query)
		p.s(")")
		p.alias(x.Alias)
	case *RangeFunction:
		p.rangeFunction(x)
	case *RangeTableSample:
		p.table(x.Relation)
		p.s(" TABLESAMPLE ")
		p.name(x.Method)
		p.call("", x.Args)
		if x.Repeatable != nil {
			p.call(" REPEATABLE ", []Expr{x.Repeatable})
		}
	case *JoinExpr:
		if x.Alias != nil {
			p.s("(")
			p.join(x)
			p.s(")")
			p.alias(x.Alias)
			return
		}
		p.join(x)
	}
}

func (p *printer) relation(x *RangeVar) {
	if x.Only {
		p.s("ONLY ")
	}
	if x.Catalog != "" {
		p.id(x.Catalog)
		p.s(".")
	}
	if x.Schema != "" {
		p.id(x.Schema)
		p.s(".")
	}
	p.id(x.Name)
	p.alias(x.Alias)
}

func (p *printer) rangeFunction(x *RangeFunction) {
	p.s(lateral(x.Lateral))
	if x.RowsFrom {
		p.s("ROWS FROM (")
	}
	commas(p, x.Functions, func(f *RangeFuncItem) {
		p.any(f.Func)
		if f.Columns != nil {
			p.s(" AS ")
			p.columns(f.Columns)
		}
	})
	if x.RowsFrom {
		p.s(")")
	}
	if x.Ordinality {
		p.s(" WITH ORDINALITY")
	}
	p.alias(x.Alias)
	if x.Columns != nil {
		if x.Alias == nil {
			p.s(" AS ")
		}
		p.columns(x.Columns)
	}
}

func (p *printer) columns(list []*FuncColumn) {
	p.s("(")
	commas(p, list, func(c *FuncColumn) {
		p.id(c.Name)
		p.s(" ")
		p.typeName(c.Type)
		if c.Collation != nil {
			p.s(" COLLATE ")
			p.name(c.Collation)
		}
	})
	p.s(")")
}

func (p *printer) join(x *JoinExpr) {
	p.table(x.Left)
	cross := x.Kind == JoinInner && !x.Natural && x.Using == nil && x.On == nil
	switch {
	case cross:
		p.s(" CROSS JOIN ")
	case x.Natural:
		p.s(" NATURAL")
		fallthrough
	default:
		p.s([...]string{JoinInner: " JOIN ", JoinLeft: " LEFT JOIN ", JoinFull: " FULL JOIN ", JoinRight: " RIGHT JOIN "}[x.Kind])
	}
	if right, ok := x.Right.(*JoinExpr); ok && right.Alias == nil {
		p.s("(")
		p.join(right)
		p.s(")")
	} else {
		p.table(x.Right)
	}
	if x.On != nil {
		p.s(" ON ")
		p.any(x.On)
	}
	if x.Using != nil {
		p.s(" USING ")
		p.names(x.Using)
		if x.UsingAlias != "" {
			p.s(" AS ")
			p.id(x.UsingAlias)
		}
	}
}

// ---- DML ------------------------------------------------------------------------

func (p *printer) returning(list []*ResTarget) {
	if len(list) > 0 {
		p.s(" RETURNING ")
		commas(p, list, p.target)
	}
}

func (p *printer) columnTarget(c *ColumnTarget) {
	p.id(c.Name)
	p.path(c.Path)
}

func (p *printer) columnTargets(list []*ColumnTarget) {
	if len(list) > 0 {
		p.s(" (")
		commas(p, list, p.columnTarget)
		p.s(")")
	}
}

func overriding(o Overriding) string {
	return [...]string{OverridingDefault: "", OverridingUser: " OVERRIDING USER VALUE",
		OverridingSystem: " OVERRIDING SYSTEM VALUE"}[o]
}

func (p *printer) insert(x *InsertStmt) {
	p.with(x.With)
	p.s("INSERT INTO ")
	p.relation(x.Relation)
	p.columnTargets(x.Columns)
	p.s(overriding(x.Overriding))
	if x.Source == nil {
		p.s(" DEFAULT VALUES")
	} else {
		p.s(" ")
		p.query(x.Source)
	}
	if c := x.OnConflict; c != nil {
		p.onConflict(c)
	}
	p.returning(x.Returning)
}

func (p *printer) onConflict(c *OnConflict) {
	p.s(" ON CONFLICT")
	if i := c.Infer; i != nil && i.Constraint != "" {
		p.s(" ON CONSTRAINT ")
		p.id(i.Constraint)
	} else if i != nil {
		p.s(" (")
		commas(p, i.Elems, p.indexElem)
		p.s(")")
		p.where(i.Where)
	}
	if c.Action == ConflictNothing {
		p.s(" DO NOTHING")
		return
	}
	p.s(" DO UPDATE SET ")
	commas(p, c.Set, p.assignment)
	p.where(c.Where)
}

func (p *printer) indexElem(e *IndexElem) {
	if e.Expr == nil {
		p.id(e.Name)
	} else if f, ok := e.Expr.(*FuncCall); ok && level(f) == levelAtom {
		p.any(e.Expr)
	} else {
		p.s("(")
		p.any(e.Expr)
		p.s(")")
	}
	if e.Collation != nil {
		p.s(" COLLATE ")
		p.name(e.Collation)
	}
	if e.OpClass != nil {
		p.s(" ")
		p.name(e.OpClass)
	}
	p.s([...]string{SortDefault: "", SortAsc: " ASC", SortDesc: " DESC", SortUsing: ""}[e.Dir])
	p.nulls(e.Nulls)
}

func (p *printer) assignment(a *Assignment) {
	if a.Multi {
		p.s("(")
	}
	commas(p, a.Targets, p.columnTarget)
	if a.Multi {
		p.s(")")
	}
	p.s(" = ")
	p.any(a.Value)
}

func (p *printer) update(x *UpdateStmt) {
	p.with(x.With)
	p.s("UPDATE ")
	p.relation(x.Relation)
	p.s(" SET ")
	commas(p, x.Set, p.assignment)
	if len(x.From) > 0 {
		p.s(" FROM ")
		commas(p, x.From, p.table)
	}
	p.where(x.Where)
	p.returning(x.Returning)
}

func (p *printer) delete(x *DeleteStmt) {
	p.with(x.With)
	p.s("DELETE FROM ")
	p.relation(x.Relation)
	if len(x.Using) > 0 {
		p.s(" USING ")
		commas(p, x.Using, p.table)
	}
	p.where(x.Where)
	p.returning(x.Returning)
}

func (p *printer) merge(x *MergeStmt) {
	p.with(x.With)
	p.s("MERGE INTO ")
	p.relation(x.Relation)
	p.s(" USING ")
	p.table(x.Source)
	p.s(" ON ")
	p.any(x.On)
	for _, w := range x.Whens {
		p.s(" WHEN ", not(!w.Matched), "MATCHED")
		if w.Cond != nil {
			p.s(" AND ")
			p.any(w.Cond)
		}
		p.s(" THEN ")
		switch w.Action {
		case MergeNothing:
			p.s("DO NOTHING")
		case MergeUpdate:
			p.s("UPDATE SET ")
			commas(p, w.Set, p.assignment)
		case MergeDelete:
			p.s("DELETE")
		case MergeInsert:
			p.s("INSERT")
			p.columnTargets(w.Columns)
			p.s(overriding(w.Overriding))
			if w.Values == nil {
				p.s(" DEFAULT VALUES")
			} else {
				p.call(" VALUES ", w.Values)
			}
		}
	}
}
