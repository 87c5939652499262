package ddl

import (
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// alterDomain is ALTER DOMAIN, but for names and owners.
func (c *Ctx) alterDomain(n *ast.AlterDomainStmt) error {
	u, err := c.userType(n.Name, types.KindDomain, "a domain")
	if err != nil {
		return err
	}
	base := c.snap().Type(u.BaseOID)
	switch n.Op {
	case ast.SetColumnDefault:
		u.Default = ""
		if n.Expr != nil {
			bound, err := planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env,
				Place: planner.ForDefault, Expr: n.Expr, Target: base, TargetMod: u.BaseMod, Column: u.Name})
			if err != nil {
				return placeless(err)
			}
			if k, ok := bound.(*plan.Const); !ok || !k.Val.IsNull() {
				u.Default = c.deparse(bound, nil)
			}
		}
	case ast.SetNotNull:
		if !u.NotNull {
			if err := c.eachColumnOf(u, func(t *catalog.Table, col *catalog.Column) error {
				err := executor.ValidateNotNull(c.Exec(), t, col.Attnum)
				if pgerr.CodeOf(err) == pgerr.NotNullViolation {
					e := pgerr.Newf(pgerr.NotNullViolation, "column %q of table %q contains null values", col.Name, t.Name)
					e.Schema, e.Table, e.Column = t.Schema.Name, t.Name, col.Name
					return e
				}
				return err
			}); err != nil {
				return err
			}
		}
		u.NotNull = true
	case ast.DropNotNull:
		u.NotNull = false
	case ast.AddConstraint:
		switch n.Constraint.Kind {
		case ast.ConstraintCheck:
		case ast.ConstraintNotNull:
			return c.alterDomain(&ast.AlterDomainStmt{At: n.At, Name: n.Name, Op: ast.SetNotNull})
		default:
			return pgerr.Newf(pgerr.FeatureNotSupported, "this form of ALTER DOMAIN is not supported").At(n.Constraint.Pos())
		}
		if err := c.domainCheck(u, base, u.BaseMod, n.Constraint); err != nil {
			return err
		}
		if ck := u.Checks[len(u.Checks)-1]; !ck.NotValid {
			if err := c.validateDomain(u, ck); err != nil {
				return err
			}
		}
	case ast.DropConstraint:
		for i, k := range u.Checks {
			if k.Name == n.ConstraintName {
				u.Checks = append(u.Checks[:i:i], u.Checks[i+1:]...)
				return c.put(u)
			}
		}
		if n.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "constraint %q of domain %q does not exist, skipping", n.ConstraintName, u.Name)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of domain %q does not exist", n.ConstraintName, u.Name)
	case ast.ValidateConstraint:
		for i, k := range u.Checks {
			if k.Name != n.ConstraintName {
				continue
			}
			if k.NotValid {
				if err := c.validateDomain(u, k); err != nil {
					return err
				}
				cp := *k
				cp.NotValid = false
				u.Checks[i] = &cp
			}
			return c.put(u)
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of domain %q does not exist", n.ConstraintName, u.Name)
	default:
		return unsupported(n)
	}
	return c.put(u)
}

// eachColumnOf calls f with every column of the domain's type, or of a domain over
// it, writers kept out. Where values of the domain lie within those of another type
// nothing would check them: such columns are refused, with rows or without.
func (c *Ctx) eachColumnOf(u *catalog.UserType, f func(*catalog.Table, *catalog.Column) error) error {
	for _, t := range c.snap().Tables() {
		if t.Virtual != nil || !t.Stored() && t.Kind != catalog.KindPartitioned {
			continue
		}
		for i := range t.Columns {
			col := &t.Columns[i]
			if col.Dropped {
				continue
			}
			if !overDomain(col.Type, u.OID) {
				if d := domainWithin(col.Type, u.OID); d != nil {
					return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter type %q because column \"%s.%s\" uses it", d.Name, t.Name, col.Name)
				}
				continue
			}
			if !t.Stored() {
				continue
			}
			locked, err := c.lock(t, kv.LockTableShare)
			if err != nil {
				return err
			}
			if err := f(locked, &locked.Columns[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// overDomain tells whether a type is the domain, or a domain over it.
func overDomain(t *types.Type, domain catalog.OID) bool {
	for ; t != nil && t.Kind == types.KindDomain; t = t.Base {
		if t.OID == domain {
			return true
		}
	}
	return false
}

// domainWithin finds, among the types that a type's values are made of, the domain
// or one over it.
func domainWithin(t *types.Type, domain catalog.OID) *types.Type {
	switch {
	case t == nil:
		return nil
	case overDomain(t, domain):
		return t
	}
	for _, part := range []*types.Type{t.Elem, t.Base, t.Subtype, t.Range} {
		if d := domainWithin(part, domain); d != nil {
			return d
		}
	}
	for _, f := range t.Fields {
		if d := domainWithin(f.Type, domain); d != nil {
			return d
		}
	}
	return nil
}

// validateDomain checks the stored values against a constraint: as the CHECK
// constraint of each column would, VALUE standing for the column.
func (c *Ctx) validateDomain(u *catalog.UserType, ck *catalog.Check) error {
	return c.eachColumnOf(u, func(t *catalog.Table, col *catalog.Column) error {
		e, err := parser.ParseExpr(ck.Expr)
		if err != nil {
			return err
		}
		bound, err := c.bind(planner.ForCheck, t, ast.RenameColumn(e, "value", col.Name), nil)
		if err != nil {
			return err
		}
		err = executor.ValidateCheck(c.Exec(), t, ck.Name, bound)
		if pgerr.CodeOf(err) == pgerr.CheckViolation {
			x := pgerr.Newf(pgerr.CheckViolation, "column %q of table %q contains values that violate the new constraint", col.Name, t.Name)
			x.Schema, x.Table, x.Column = t.Schema.Name, t.Name, col.Name
			return x
		}
		return err
	})
}
