package ddl

import (
	"rowkey/builtin/contrib"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// CREATE EXTENSION and what else there is to do with one. Package contrib knows the
// extensions; their functions become functions of language c here, which belong to them.

// createExtension is CREATE EXTENSION.
func (c *Ctx) createExtension(n *ast.CreateExtensionStmt) error {
	if c.snap().ExtensionNamed(n.Name) != nil || catalog.FixedExtension(n.Name) {
		if n.IfNotExists {
			c.notice(pgerr.DuplicateObject, "extension %q already exists, skipping", n.Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateObject, "extension %q already exists", n.Name)
	}
	var in, version string
	for _, o := range n.Options {
		switch o.Name {
		case "schema":
			in = o.Text
		case "new_version":
			version = o.Text
		}
	}
	x := contrib.Find(n.Name)
	if x == nil {
		return pgerr.Newf(pgerr.FeatureNotSupported, "extension %q is not available", n.Name).
			WithHint("pg_available_extensions lists those that are.")
	}
	if version != "" && version != x.Version {
		return pgerr.Newf(pgerr.InvalidParameterValue, "extension %q has no installation script nor update path for version %q", n.Name, version)
	}
	// All there are may be trusted: who may create in the database may have them.
	if c.snap().DatabaseRights(c.role(), c.snap().Database(), catalog.Create) == 0 {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to create extension %q", n.Name).
			WithHint("Must have CREATE privilege on current database to create this extension.")
	}
	schema, err := c.extensionSchema(in)
	if err != nil {
		return err
	}
	if err := c.lockName(0, "extension "+n.Name); err != nil {
		return err
	}
	oid, err := c.newOID()
	if err != nil {
		return err
	}
	e := &catalog.Extension{OID: oid, SchemaOID: schema.OID, Name: x.Name, Version: x.Version, Owner: c.role(), Comment: x.Comment}
	if err := c.put(e); err != nil {
		return err
	}
	for i := range x.Functions {
		if err := c.storeFunction(memberFunction(x, &x.Functions[i], e), false); err != nil {
			return err
		}
	}
	return nil
}

// extensionSchema finds where an extension's functions go, "" the first schema of the path.
func (c *Ctx) extensionSchema(name string) (*catalog.Schema, error) {
	if name != "" {
		s := c.snap().SchemaByName(name)
		if s == nil {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", name)
		}
		return c.creationSchema(s.Name, false, -1)
	}
	return c.creationSchema("", false, -1)
}

// memberFunction describes a function of an extension.
func memberFunction(x *contrib.Extension, m *contrib.Function, e *catalog.Extension) *catalog.Function {
	f := &catalog.Function{SchemaOID: e.SchemaOID, Name: m.Name, Kind: 'f', Language: "c", Library: x.Library(), Source: m.Symbol, Extension: e.OID,
		Volatile: m.Volatile, Parallel: 's', Strict: !m.NotStrict, Cost: 1, SetOf: m.SetOf, Result: m.Result, ResultOID: m.Result.OID, Owner: catalog.BootstrapRoleOID}
	if f.SetOf {
		f.Rows = 1000
	}
	for _, p := range m.Args {
		mode := byte('i')
		if p.Out {
			mode = 'o'
		}
		f.Params = append(f.Params, catalog.Param{Name: p.Name, Mode: mode, TypeOID: p.Type.OID, Type: p.Type})
	}
	return f
}

// extension finds an extension that the current role owns.
func (c *Ctx) extension(name string) (*catalog.Extension, error) {
	e := c.snap().ExtensionNamed(name)
	switch {
	case catalog.FixedExtension(name):
		return nil, pgerr.Unsupported("extension %s is a part of rowkey and cannot be changed or dropped", quoteIdent(name))
	case e == nil:
		return nil, pgerr.Newf(pgerr.UndefinedObject, "extension %q does not exist", name)
	case !c.owns(e.Owner):
		return nil, catalog.MustBeOwner("extension", name)
	}
	return e, nil
}

// dropExtension finds what DROP EXTENSION names.
func (c *Ctx) dropExtension(n *ast.DropStmt, name string) (target, bool, error) {
	e, err := c.extension(name)
	if n.IfExists && pgerr.CodeOf(err) == pgerr.UndefinedObject {
		c.notice(pgerr.SuccessfulCompletion, "extension %q does not exist, skipping", name)
		return target{}, false, nil
	}
	return target{ext: e}, err == nil, err
}

// keepMember refuses to drop a function that belongs to an extension.
func (c *Ctx) keepMember(f *catalog.Function) error {
	e := c.snap().Extension(f.Extension)
	if e == nil {
		return nil
	}
	return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop function %s because extension %s requires it", c.functionText(f), quoteIdent(e.Name)).
		WithHint("You can drop extension %s instead.", quoteIdent(e.Name))
}

// moveExtension is ALTER EXTENSION … SET SCHEMA.
func (c *Ctx) moveExtension(name, schema string) error {
	e, err := c.extension(name)
	if err != nil {
		return err
	}
	to, err := c.newHome(schema)
	if err != nil {
		return err
	}
	for _, f := range c.snap().ExtensionMembers(e.OID) {
		if f.SchemaOID != e.SchemaOID {
			return pgerr.Newf(pgerr.FeatureNotSupported, "extension %q does not support SET SCHEMA", e.Name).
				WithDetail("function %s is not in the extension's schema %q", c.functionText(f), c.snap().Schema(e.SchemaOID).Name)
		}
		if f.SchemaOID == to.OID {
			continue
		}
		cp := *f
		cp.SchemaOID = to.OID
		if c.sameFunction(&cp) != nil {
			return c.functionExists(&cp)
		}
		if err := c.putRenamedFunction(f, &cp, c.snap().ExtensionMembers(e.OID)); err != nil {
			return err
		}
	}
	cp := *e
	cp.SchemaOID = to.OID
	return c.put(&cp)
}

// commentExtension is COMMENT ON EXTENSION.
func (c *Ctx) commentExtension(name, text string) error {
	e, err := c.extension(name)
	if err != nil {
		return err
	}
	cp := *e
	cp.Comment = text
	return c.put(&cp)
}
