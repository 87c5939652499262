package ddl

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/types"
)

// Definitions that are stored as text name the types of casts: when a type gets another name or
// schema, they are written anew, as for functions (callers).

// retyping are the definitions that name types, and what the types are to be called in them.
type retyping struct {
	c     *Ctx
	exprs catalog.TypeNames
	// views, and bodies of functions, find what is not qualified on a path of their own.
	views map[catalog.OID]catalog.TypeNames
}

// renaming begins to give types other names or schemas. It is called while they still have the old
// ones; now tells the new. restate ends it.
func (c *Ctx) renaming(list []*types.Type, now func(*types.Type) (schema, name string)) *retyping {
	r := &retyping{c: c, exprs: catalog.TypeNames{}, views: map[catalog.OID]catalog.TypeNames{}}
	for _, t := range list {
		if t == nil { // of a relation without a row type
			continue
		}
		schema, name := now(t)
		r.exprs.Add(c.snap(), catalog.StoredPath, t, schema, name)
		for _, v := range c.snap().Tables() {
			if v.View == nil {
				continue
			}
			if r.views[v.OID] == nil {
				r.views[v.OID] = catalog.TypeNames{}
			}
			r.views[v.OID].Add(c.snap(), v.View.Path, t, schema, name)
		}
	}
	return r
}

// retype gives a type another name or schema, by change, in definitions, too.
func (c *Ctx) retype(oid catalog.OID, schema, name string, change func(r *retyping) error) error {
	r := c.renaming([]*types.Type{c.snap().Type(oid)}, func(*types.Type) (string, string) { return schema, name })
	if err := change(r); err != nil {
		return err
	}
	return r.restate()
}

// moveType is ALTER TYPE and ALTER DOMAIN … SET SCHEMA.
func (c *Ctx) moveType(o *ast.Object, schema string) error {
	u, rel, err := c.alteredType(o)
	if err != nil {
		return err
	}
	if u != nil {
		err = c.ownType(u)
	} else {
		err = c.ownTable(rel)
	}
	if err != nil {
		return err
	}
	to, err := c.newHome(schema)
	if err != nil {
		return err
	}
	if u == nil {
		if rel, err = c.lock(rel, lockForChange); err != nil {
			return err
		}
		if rel.SchemaOID == to.OID {
			return nil
		}
		if err := c.claimType(to, rel.Name); err != nil {
			return err
		}
		if err := c.claim(to, rel.Name); err != nil {
			return err
		}
		cp := clone(rel)
		cp.SchemaOID, cp.Schema = to.OID, to
		return c.putRenamedTable(cp, nil)
	}
	if u.SchemaOID == to.OID {
		return nil
	}
	if err := c.claimType(to, u.Name); err != nil {
		return err
	}
	cp := *u
	cp.SchemaOID, cp.Schema = to.OID, to
	return c.retype(u.OID, to.Name, u.Name, func(*retyping) error { return c.put(&cp) })
}

// view writes the new names into the text of a view that is changed for another reason, too.
func (r *retyping) view(v *viewText) { r.query(v.tree, r.views[v.view.OID]) }

// restate stores the definitions that name the types, with their names as they are now.
func (r *retyping) restate() error {
	c := r.c
	for _, t := range c.snap().Tables() {
		if t.Virtual != nil {
			continue
		}
		if err := r.table(t); err != nil {
			return err
		}
	}
	for _, u := range c.snap().UserTypes() {
		if err := c.rewriteType(u, r.exprs.Rewrite); err != nil {
			return err
		}
	}
	for _, f := range c.snap().Functions() {
		if err := c.rewriteFunction(f, r.exprs.Rewrite, func(n ast.Node) bool { return r.query(n, r.exprs) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *retyping) table(t *catalog.Table) error {
	if t.View == nil {
		return r.c.rewriteTable(t, r.exprs.Rewrite)
	}
	tree, err := parseQuery(t.View.Query)
	if err != nil {
		return err
	}
	if !r.query(tree, r.views[t.OID]) {
		return nil
	}
	return r.c.storeViews([]*viewText{{view: t, tree: tree}})
}

// query writes the new names into a query, and tells whether there were any.
func (r *retyping) query(n ast.Node, names catalog.TypeNames) (changed bool) {
	ast.Walk(n, func(n ast.Node) bool {
		if tn, ok := n.(*ast.TypeName); ok {
			if now := names.Of(tn.Names); now != nil {
				tn.Names, changed = now, true
			}
		}
		return true
	})
	return changed
}
