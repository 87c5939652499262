package ddl

import (
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
)

func (c *Ctx) addConstraint(t *catalog.Table, k *ast.Constraint) error {
	return c.addConstraintAt(t, k, 0)
}

// addConstraintAt adds a constraint to t, a copy of a stored table, and checks the rows.
func (c *Ctx) addConstraintAt(t *catalog.Table, k *ast.Constraint, column int16) error {
	if k.Name != "" && c.constraintTaken(t, k.Name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", k.Name, t.Name)
	}
	switch k.Kind {
	case ast.ConstraintCheck:
		ck, err := c.newCheck(t, k, column)
		if err != nil {
			return err
		}
		t.Checks = append(t.Checks, ck)
		if err := c.put(t); err != nil || ck.NotValid {
			return err
		}
		return c.validateCheck(c.snap().Table(t.OID), ck)
	case ast.ConstraintForeignKey:
		if err := c.addForeignKey(t, k, column); err != nil {
			return err
		}
		fk := t.ForeignKeys[len(t.ForeignKeys)-1]
		if err := c.put(t); err != nil {
			return err
		}
		if err := c.deriveForeignKey(t.OID, fk.OID); err != nil || fk.NotValid {
			return err
		}
		return c.validateForeignKeyTree(t.OID, fk.OID)
	case ast.ConstraintPrimaryKey, ast.ConstraintUnique:
		if k.UsingIndex != "" {
			return c.constraintUsingIndex(t, k)
		}
		ix, name, err := c.keyConstraint(t, t.Schema, k, column, nil)
		if err != nil {
			if pgerr.CodeOf(err) == pgerr.InvalidTableDefinition {
				return placeless(err)
			}
			return err
		}
		if err := c.claim(t.Schema, name); err != nil {
			return err
		}
		if !ix.Primary {
			return c.buildIndex(t, ix, name)
		}
		for _, key := range ix.Keys {
			if col := t.Col(key.Attnum); !col.NotNull {
				if err := c.checkNoNulls(t, col); err != nil {
					return err
				}
			}
		}
		return c.addPrimaryKey(t, ix, name)
	case ast.ConstraintExclusion:
		if t.Kind == catalog.KindPartitioned {
			return pgerr.New(pgerr.FeatureNotSupported, "exclusion constraints are not supported on partitioned tables").At(k.Pos())
		}
		ix, name, err := c.exclusion(t, t.Schema, k, nil)
		if err != nil {
			return err
		}
		if err := c.claim(t.Schema, name); err != nil {
			return err
		}
		return c.buildIndex(t, ix, name)
	}
	return pgerr.Unsupported("%s constraints are not supported here", k.Kind).At(k.Pos())
}

// addPrimaryKey gives t, a copy of a stored table, a primary key.
func (c *Ctx) addPrimaryKey(t *catalog.Table, ix *catalog.Index, name string) error {
	old := c.snap().Table(t.OID)
	if err := c.placeIndex(t, ix, name); err != nil {
		return err
	}
	err := c.rewrite(old, t, nil, nil) // rows move from their row ids to the key
	if pgerr.CodeOf(err) == pgerr.UniqueViolation {
		e := *pgerr.Of(err)
		e.Message = fmt.Sprintf("could not create unique index %q", name)
		e.Detail = strings.TrimSuffix(e.Detail, "already exists.") + "is duplicated."
		return &e
	}
	return err
}

// constraintUsingIndex is ADD CONSTRAINT … USING INDEX.
func (c *Ctx) constraintUsingIndex(t *catalog.Table, k *ast.Constraint) error {
	var ix *catalog.Index
	for _, o := range t.Indexes {
		if !o.RowID && o.Name == k.UsingIndex {
			ix = o
		}
	}
	primary := k.Kind == ast.ConstraintPrimaryKey
	switch {
	case ix == nil:
		return pgerr.Newf(pgerr.UndefinedObject, "index %q does not exist", k.UsingIndex).At(k.Pos())
	case primary && t.PrimaryKey() != nil:
		return pgerr.Newf(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name)
	case ix.Constraint != 0:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "index %q is already associated with a constraint", ix.Name).At(k.Pos())
	case ix.Building:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "index %q is not valid", ix.Name).At(k.Pos())
	case !ix.Unique:
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a unique index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
	case ix.Where != "":
		return pgerr.Newf(pgerr.WrongObjectType, "%q is a partial index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
	}
	for i, key := range ix.Keys {
		if key.Attnum == 0 {
			return pgerr.Newf(pgerr.WrongObjectType, "index %q contains expressions", ix.Name).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
		}
		if key.Desc || key.NullsFirst || key.Opclass != "" || key.Collation != 0 && key.Collation != collationOf(t.Col(key.Attnum)) {
			return pgerr.Newf(pgerr.WrongObjectType, "index %q column number %d does not have default sorting behavior", ix.Name, i+1).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
		}
	}
	name := k.Name
	if name == "" {
		name = ix.Name
	}
	if name != ix.Name {
		if err := c.claim(t.Schema, name); err != nil {
			return err
		}
		c.notice(pgerr.SuccessfulCompletion, "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index %q to %q", ix.Name, name)
	}
	if !primary {
		oid, err := c.newOID()
		if err != nil {
			return err
		}
		ix.Name, ix.Constraint, ix.Deferrable, ix.Deferred = name, oid, k.Deferrable, k.InitiallyDeferred
		return c.put(t)
	}
	// The rows move under the key: the index itself goes.
	old := c.snap().Table(t.OID)
	for i, o := range t.Indexes {
		if o == ix {
			t.Indexes = append(t.Indexes[:i:i], t.Indexes[i+1:]...)
			break
		}
	}
	for _, key := range ix.Keys {
		if col := t.Col(key.Attnum); !col.NotNull {
			if err := c.checkNoNulls(t, col); err != nil {
				return err
			}
		}
	}
	pk := &catalog.Index{Primary: true, Unique: true, Constraint: 1, Keys: ix.Keys, Include: ix.Include}
	if err := c.placeIndex(t, pk, name); err != nil {
		return err
	}
	return c.rewrite(old, t, nil, nil)
}

// validateCheck checks that all rows meet a CHECK constraint.
func (c *Ctx) validateCheck(t *catalog.Table, ck *catalog.Check) error {
	e, err := parser.ParseExpr(ck.Expr)
	if err != nil {
		return err
	}
	bound, err := c.bind(planner.ForCheck, t, e, nil)
	if err != nil {
		return err
	}
	return executor.ValidateCheck(c.Exec(), t, ck.Name, bound)
}

func (c *Ctx) validateConstraint(t *catalog.Table, name string) error {
	for _, k := range t.Checks {
		if k.Name == name {
			if !k.NotValid {
				return nil
			}
			if err := c.validateCheck(c.snap().Table(t.OID), k); err != nil {
				return err
			}
			k.NotValid = false
			return c.put(t)
		}
	}
	for _, fk := range t.ForeignKeys {
		if fk.Name == name {
			if !fk.NotValid {
				return nil
			}
			if err := c.validateForeignKey(c.snap().Table(t.OID), fk); err != nil {
				return err
			}
			fk.NotValid = false
			return c.put(t)
		}
	}
	return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", name, t.Name)
}

func (c *Ctx) dropConstraint(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	now := c.snap().Table(t.OID)
	var tg target
	for _, k := range now.Checks {
		if k.Name == cmd.Name {
			tg = target{table: now, check: k}
		}
	}
	for _, k := range now.ForeignKeys {
		if k.Name == cmd.Name {
			tg = target{table: now, fk: k}
			concerned := c.snap().Tree(now)[1:]
			if ref := c.snap().Table(k.RefTable); ref != nil {
				concerned = append(c.snap().Tree(ref), concerned...)
			}
			for _, m := range concerned {
				if err := c.notInUse(m, "ALTER TABLE"); err != nil {
					return err
				}
			}
		}
	}
	for _, ix := range now.Indexes {
		if ix.Constraint != 0 && ix.Name == cmd.Name {
			tg = target{table: now, index: ix}
		}
	}
	if tg.table == nil {
		if cmd.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "constraint %q of relation %q does not exist, skipping", cmd.Name, t.Name)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", cmd.Name, t.Name)
	}
	return c.dropTargets([]target{tg}, cmd.Behavior, "constraint")
}

// dropPrimaryKey moves the rows of e (a copy) from the key to hidden row ids.
func (c *Ctx) dropPrimaryKey(e *catalog.Table, pk *catalog.Index) error {
	old := c.snap().Table(e.OID)
	e.Indexes[0] = &catalog.Index{Number: 1, RowID: true, Unique: true}
	return c.rewrite(old, e, nil, nil)
}
