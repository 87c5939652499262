package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// COMMENT ON: the text is stored with what it describes.
func (c *Ctx) comment(n *ast.CommentStmt) error {
	o, text := n.Object, n.Text
	if n.Null {
		text = ""
	}
	switch o.Kind {
	case ast.ObjectTable, ast.ObjectView, ast.ObjectMaterializedView, ast.ObjectForeignTable:
		t, err := c.commented(rangeVarOf(o), c.ownTable)
		if err != nil {
			return err
		}
		if want := strings.ToLower(o.Kind.String()); c.kindOf(t.OID) != want {
			return pgerr.Newf(pgerr.WrongObjectType, "%q is not a %s", t.Name, want)
		}
		t.Comment = text
		return c.put(t)
	case ast.ObjectColumn:
		t, err := c.commented(ownerOf(o, o.Name[:len(o.Name)-1]), c.ownRelation)
		if err != nil {
			return err
		}
		col := t.ColumnByName(o.Name[len(o.Name)-1])
		if col == nil {
			return pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", o.Name[len(o.Name)-1], t.Name)
		}
		t.Columns[col.Attnum-1].Comment = text
		return c.put(t)
	case ast.ObjectIndex:
		rv := rangeVarOf(o)
		oid := c.find(rv)
		tb := c.snap().TableOfIndex(oid)
		if tb == nil {
			if oid == 0 {
				return c.missing(rv)
			}
			return pgerr.Newf(pgerr.WrongObjectType, "%q is not an index", rv.Name)
		}
		if err := c.ownOf(oid); err != nil {
			return err
		}
		t := clone(tb)
		t.IndexByOID(oid).Comment = text
		return c.put(t)
	case ast.ObjectSequence:
		rv := rangeVarOf(o)
		oid := c.find(rv)
		seq := c.snap().Sequence(oid)
		if seq == nil {
			if oid == 0 {
				return c.missing(rv)
			}
			return pgerr.Newf(pgerr.WrongObjectType, "%q is not a sequence", rv.Name)
		}
		if err := c.ownSequence(seq); err != nil {
			return err
		}
		cp := *seq
		cp.Comment = text
		return c.put(&cp)
	case ast.ObjectSchema:
		s := c.snap().SchemaByName(o.Name[0])
		if s == nil {
			return pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", o.Name[0])
		}
		if err := c.ownSchema(s); err != nil {
			return err
		}
		cp := *s
		cp.Comment = text
		return c.put(&cp)
	case ast.ObjectType, ast.ObjectDomain:
		return c.commentType(o, text)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine, ast.ObjectAggregate:
		f, err := c.ownRoutine(o, o.Kind)
		if err != nil {
			return err
		}
		cp := *f
		cp.Comment = text
		return c.put(&cp)
	case ast.ObjectExtension:
		return c.commentExtension(o.Name[0], text)
	case ast.ObjectTrigger:
		t, err := c.commented(ownerOf(o, o.On), c.ownRelation)
		if err != nil {
			return err
		}
		for i, tr := range t.Triggers {
			if tr.Name == o.Name[0] {
				cp := *tr
				cp.Comment = text
				t.Triggers[i] = &cp
				return c.put(t)
			}
		}
		return pgerr.Newf(pgerr.UndefinedObject, "trigger %q for table %q does not exist", o.Name[0], t.Name)
	case ast.ObjectTableConstraint:
		return c.commentConstraint(o, text)
	case ast.ObjectDomainConstraint:
		u, err := c.userType(o.On, types.KindDomain, "a domain")
		if err != nil {
			return err
		}
		for i, k := range u.Checks {
			if k.Name == o.Name[0] {
				cp := *k
				cp.Comment = text
				u.Checks[i] = &cp
				return c.put(u)
			}
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q for domain %s does not exist", o.Name[0], types.Format(u.Type, -1))
	}
	if done, err := c.commentShared(o, text); done {
		return err
	}
	if err := c.noSystemObject(o); err != nil {
		return err
	}
	return pgerr.Unsupported("COMMENT ON %s is not supported", o.Kind)
}

// ownerOf names the relation that a comment's object belongs to.
func ownerOf(o *ast.Object, names []string) *ast.RangeVar {
	rv := &ast.RangeVar{At: o.At, Name: names[len(names)-1]}
	if len(names) > 1 {
		rv.Schema = names[len(names)-2]
	}
	return rv
}

// commented gives a copy of the table or view that rv names, if owned says that it is the current role's.
func (c *Ctx) commented(rv *ast.RangeVar, owned func(*catalog.Table) error) (*catalog.Table, error) {
	oid := c.find(rv)
	if oid == 0 {
		return nil, c.missing(rv)
	}
	t := c.snap().Table(oid)
	if t == nil || t.Virtual != nil {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%q is not a table", rv.Name)
	}
	return clone(t), owned(t)
}

func (c *Ctx) commentType(o *ast.Object, text string) error {
	t := c.typeNamed(o.Type.Names)
	if o.Kind == ast.ObjectType && t != nil && t.Kind == types.KindComposite {
		rel := c.snap().CompositeOf(t.OID)
		if rel == nil {
			return pgerr.Newf(pgerr.WrongObjectType, "%s is not a type of its own", types.Format(t, -1))
		}
		if err := c.ownTable(rel); err != nil {
			return err
		}
		cp := clone(rel)
		cp.Comment = text
		return c.put(cp)
	}
	kind, what := types.KindEnum, "an enum"
	if o.Kind == ast.ObjectDomain || t != nil && t.Kind == types.KindDomain {
		kind, what = types.KindDomain, "a domain"
	}
	u, err := c.userType(o.Type.Names, kind, what)
	if err != nil {
		return err
	}
	u.Comment = text
	return c.put(u)
}

func (c *Ctx) commentConstraint(o *ast.Object, text string) error {
	t, err := c.commented(ownerOf(o, o.On), c.ownRelation)
	if err != nil {
		return err
	}
	for _, k := range t.Checks {
		if k.Name == o.Name[0] {
			k.Comment = text
			return c.put(t)
		}
	}
	for _, k := range t.ForeignKeys {
		if k.Name == o.Name[0] {
			k.Comment = text
			return c.put(t)
		}
	}
	for _, ix := range t.Indexes {
		if ix.Constraint != 0 && ix.Name == o.Name[0] {
			ix.ConstraintComment = text
			return c.put(t)
		}
	}
	return pgerr.Newf(pgerr.UndefinedObject, "constraint %q for table %q does not exist", o.Name[0], t.Name)
}
