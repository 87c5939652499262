package parser

import "rowkey/parser/ast"

// Constraints, of columns and of tables.

// columnQualifiers parses a column's constraints, their attributes and COLLATE,
// in any order. An attribute (DEFERRABLE …) belongs to the constraint before it;
// PostgreSQL finds the misplaced ones when it analyses the statement, and this
// parser, which folds them into their constraint, when it parses it.
func (p *parser) columnQualifiers() (constraints []*ast.Constraint, collation *ast.CollateClause) {
	var last *ast.Constraint // the constraint that attributes go to
	var sawDeferrability, sawInitially bool
	misplaced := func(at ast.At, word string) {
		if last == nil || last.Kind != ast.ConstraintPrimaryKey && last.Kind != ast.ConstraintUnique &&
			last.Kind != ast.ConstraintExclusion && last.Kind != ast.ConstraintForeignKey {
			p.syntaxErrorf(at, "misplaced %s clause", word)
		}
	}
	for {
		at := p.here()
		switch {
		case p.is("collate"):
			if c := p.optCollate(); collation == nil {
				collation = c
			} else {
				p.syntaxErrorf(c.At, "multiple COLLATE clauses not allowed")
			}
		case p.is("deferrable"), p.is("not", "deferrable"):
			deferrable := !p.acceptNot()
			p.advance()
			word := "NOT DEFERRABLE"
			if deferrable {
				word = "DEFERRABLE"
			}
			misplaced(at, word)
			if sawDeferrability {
				p.syntaxErrorf(at, "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed")
			}
			sawDeferrability = true
			if last.Deferrable = deferrable; !deferrable && sawInitially && last.InitiallyDeferred {
				p.syntaxErrorf(at, "constraint declared INITIALLY DEFERRED must be DEFERRABLE")
			}
		case p.accept("initially"):
			deferred := p.accept("deferred")
			if !deferred {
				p.expect("immediate")
			}
			word := "INITIALLY IMMEDIATE"
			if deferred {
				word = "INITIALLY DEFERRED"
			}
			misplaced(at, word)
			if sawInitially {
				p.syntaxErrorf(at, "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed")
			}
			sawInitially = true
			if last.InitiallyDeferred = deferred; deferred {
				if !sawDeferrability {
					last.Deferrable = true
				} else if !last.Deferrable {
					p.syntaxErrorf(at, "constraint declared INITIALLY DEFERRED must be DEFERRABLE")
				}
			}
		default:
			name := ""
			if p.accept("constraint") {
				name = p.colID()
			} else if !p.isColumnConstraint() {
				return constraints, collation
			}
			last = p.columnConstraint()
			if last.Name = name; name != "" {
				last.At = at
			}
			sawDeferrability, sawInitially = false, false
			constraints = append(constraints, last)
		}
	}
}

func (p *parser) isColumnConstraint() bool {
	return p.is("not") || p.is("null") || p.is("unique") || p.is("primary") || p.is("check") ||
		p.is("default") || p.is("generated") || p.is("references")
}

// columnConstraint parses ColConstraintElem.
func (p *parser) columnConstraint() *ast.Constraint {
	c := &ast.Constraint{At: p.here()}
	switch {
	case p.acceptNot():
		p.expect("null")
		c.Kind = ast.ConstraintNotNull
	case p.accept("null"):
		c.Kind = ast.ConstraintNull
	case p.accept("unique"):
		c.Kind = ast.ConstraintUnique
		c.NullsNotDistinct = p.nullsDistinct()
		c.Options = p.optDefinition()
		c.IndexTablespace = p.indexTablespace()
	case p.accept("primary"):
		p.expect("key")
		c.Kind = ast.ConstraintPrimaryKey
		c.Options = p.optDefinition()
		c.IndexTablespace = p.indexTablespace()
	case p.accept("check"):
		c.Kind = ast.ConstraintCheck
		p.expect("(")
		p.expr(&c.Expr)
		p.expect(")")
		if p.accept("no") {
			p.expect("inherit")
			c.NoInherit = true
		}
	case p.accept("default"):
		c.Kind = ast.ConstraintDefault
		if p.is("default") {
			p.fail()
		}
		p.bExpr(&c.Expr)
	case p.accept("generated"):
		p.generatedConstraint(c)
	case p.accept("references"):
		p.references(c)
	default:
		p.fail()
	}
	return c
}

// generatedConstraint parses what follows GENERATED in a column.
func (p *parser) generatedConstraint(c *ast.Constraint) {
	when := p.here()
	c.ByDefault = p.generatedWhen()
	p.expect("as")
	if p.accept("identity") {
		c.Kind = ast.ConstraintIdentity
		c.SequenceOptions = p.optParenSequenceOptions()
		return
	}
	c.Kind = ast.ConstraintGenerated
	p.expect("(")
	p.expr(&c.Expr)
	p.expect(")", "stored")
	if c.ByDefault {
		p.syntaxErrorf(when, "for a generated column, GENERATED ALWAYS must be specified")
	}
}

// generatedWhen parses ALWAYS or BY DEFAULT and returns whether it was the latter.
func (p *parser) generatedWhen() bool {
	if p.accept("always") {
		return false
	}
	p.expect("by", "default")
	return true
}

func (p *parser) nullsDistinct() (notDistinct bool) {
	if p.accept("nulls") {
		notDistinct = p.acceptNot()
		p.expect("distinct")
	}
	return notDistinct
}

func (p *parser) indexTablespace() string {
	if p.accept("using") {
		p.expect("index", "tablespace")
		return p.colID()
	}
	return ""
}

// references parses what follows REFERENCES.
func (p *parser) references(c *ast.Constraint) {
	c.Kind = ast.ConstraintForeignKey
	c.References = p.qualifiedName()
	c.RefColumns = p.optParenNames()
	if match := p.here(); p.accept("match") {
		switch {
		case p.accept("full"):
			c.MatchFull = true
		case p.accept("partial"):
			raise(int(match), codeUnsupported, "MATCH PARTIAL not yet implemented")
		default:
			p.expect("simple")
		}
	}
	sawUpdate, sawDelete := false, false
	for !(sawUpdate && sawDelete) {
		on := p.here()
		if !p.accept("on") {
			break
		}
		if !sawUpdate && p.accept("update") {
			sawUpdate = true
			var columns []string
			c.OnUpdate, columns = p.keyAction()
			if columns != nil {
				word := "SET NULL"
				if c.OnUpdate == ast.SetDefault {
					word = "SET DEFAULT"
				}
				raise(int(on), codeUnsupported, "a column list with %s is only supported for ON DELETE actions", word)
			}
		} else if !sawDelete && p.accept("delete") {
			sawDelete = true
			c.OnDelete, c.OnDeleteColumns = p.keyAction()
		} else {
			p.fail()
		}
	}
}

func (p *parser) keyAction() (ast.ForeignKeyAction, []string) {
	switch {
	case p.accept("no"):
		p.expect("action")
		return ast.NoAction, nil
	case p.accept("restrict"):
		return ast.Restrict, nil
	case p.accept("cascade"):
		return ast.Cascade, nil
	}
	p.expect("set")
	if p.accept("null") {
		return ast.SetNull, p.optParenNames()
	}
	p.expect("default")
	return ast.SetDefault, p.optParenNames()
}

// isTableConstraint reports whether a table constraint starts here. EXCLUDE may
// also name a column.
func (p *parser) isTableConstraint() bool {
	return p.is("constraint") || p.is("check") || p.is("unique") || p.is("primary") || p.is("foreign") ||
		p.is("exclude", "using") || p.is("exclude", "(")
}

// tableConstraint parses [CONSTRAINT name] ConstraintElem.
func (p *parser) tableConstraint() *ast.Constraint {
	c := &ast.Constraint{At: p.here()}
	if p.accept("constraint") {
		c.Name = p.colID()
	}
	switch {
	case p.accept("check"):
		c.Kind = ast.ConstraintCheck
		p.expect("(")
		p.expr(&c.Expr)
		p.expect(")")
		p.constraintAttributes(c, "CHECK", attrNotValid|attrNoInherit)
	case p.accept("unique"):
		c.Kind = ast.ConstraintUnique
		p.indexConstraint(c, "UNIQUE")
	case p.accept("primary"):
		p.expect("key")
		c.Kind = ast.ConstraintPrimaryKey
		p.indexConstraint(c, "PRIMARY KEY")
	case p.accept("exclude"):
		c.Kind = ast.ConstraintExclusion
		p.exclusion(c)
	case p.accept("foreign"):
		p.expect("key")
		c.Columns = p.parenNames()
		p.expect("references")
		p.references(c)
		p.constraintAttributes(c, "FOREIGN KEY", attrDeferrable|attrNotValid)
	default:
		p.fail()
	}
	return c
}

// indexConstraint parses the rest of UNIQUE and PRIMARY KEY.
func (p *parser) indexConstraint(c *ast.Constraint, kind string) {
	if p.accept("using") {
		p.expect("index")
		c.UsingIndex = p.colID()
	} else {
		if c.Kind == ast.ConstraintUnique {
			c.NullsNotDistinct = p.nullsDistinct()
		}
		c.Columns = p.parenNames()
		if p.accept("include") {
			c.Including = p.parenNames()
		}
		c.Options = p.optDefinition()
		c.IndexTablespace = p.indexTablespace()
	}
	p.constraintAttributes(c, kind, attrDeferrable)
}

// exclusion parses what follows EXCLUDE.
func (p *parser) exclusion(c *ast.Constraint) {
	if p.accept("using") {
		c.AccessMethod = p.colID()
	}
	c.Exclusions = parenListOf(p, func(p *parser) *ast.ExclusionElem {
		e := &ast.ExclusionElem{At: p.here(), Element: p.indexElem()}
		p.expect("with")
		if p.accept("operator", "(") {
			e.Operator = p.anyOperator()
			p.expect(")")
		} else {
			e.Operator = p.anyOperator()
		}
		return e
	})
	if p.accept("include") {
		c.Including = p.parenNames()
	}
	c.Options = p.optDefinition()
	c.IndexTablespace = p.indexTablespace()
	if p.accept("where") {
		p.expect("(")
		p.expr(&c.Where)
		p.expect(")")
	}
	p.constraintAttributes(c, "EXCLUDE", attrDeferrable)
}

// constraintAttribute is a set of the attributes that may follow a table
// constraint.
type constraintAttribute uint8

const (
	attrNotDeferrable constraintAttribute = 1 << iota
	attrDeferrable
	attrInitiallyImmediate
	attrInitiallyDeferred
	attrNotValid
	attrNoInherit
)

// constraintAttributes parses ConstraintAttributeSpec into c, refusing those
// that are not allowed. As in PostgreSQL the refusals carry no position, but
// for two that contradict each other.
func (p *parser) constraintAttributes(c *ast.Constraint, kind string, allowed constraintAttribute) {
	var all constraintAttribute
	for {
		at := p.here()
		var one constraintAttribute
		switch {
		case p.is("not", "valid"):
			p.advance()
			p.advance()
			one = attrNotValid
		case p.acceptNot():
			p.expect("deferrable")
			one = attrNotDeferrable
		case p.accept("deferrable"):
			one = attrDeferrable
		case p.accept("initially"):
			if one = attrInitiallyDeferred; !p.accept("deferred") {
				p.expect("immediate")
				one = attrInitiallyImmediate
			}
		case p.is("no", "inherit"):
			p.advance()
			p.advance()
			one = attrNoInherit
		case p.accept("no"):
			p.fail()
		default:
			p.applyAttributes(c, kind, all, allowed)
			return
		}
		all |= one
		if all&(attrNotDeferrable|attrInitiallyDeferred) == attrNotDeferrable|attrInitiallyDeferred {
			p.syntaxErrorf(at, "constraint declared INITIALLY DEFERRED must be DEFERRABLE")
		}
		if all&(attrNotDeferrable|attrDeferrable) == attrNotDeferrable|attrDeferrable ||
			all&(attrInitiallyImmediate|attrInitiallyDeferred) == attrInitiallyImmediate|attrInitiallyDeferred {
			p.syntaxErrorf(at, "conflicting constraint properties")
		}
	}
}

func (p *parser) applyAttributes(c *ast.Constraint, kind string, all, allowed constraintAttribute) {
	refuse := func(word string) {
		raise(-1, codeUnsupported, "%s constraints cannot be marked %s", kind, word)
	}
	if all&(attrDeferrable|attrInitiallyDeferred) != 0 {
		if allowed&attrDeferrable == 0 {
			refuse("DEFERRABLE")
		}
		c.Deferrable = true
	}
	c.InitiallyDeferred = all&attrInitiallyDeferred != 0
	if all&attrNotValid != 0 {
		if allowed&attrNotValid == 0 {
			refuse("NOT VALID")
		}
		c.NotValid = true
	}
	if all&attrNoInherit != 0 {
		if allowed&attrNoInherit == 0 {
			refuse("NO INHERIT")
		}
		c.NoInherit = true
	}
}
