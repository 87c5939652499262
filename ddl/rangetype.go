package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// createRange is CREATE TYPE … AS RANGE: it makes a range type, a multirange type and
// their constructors.
func (c *Ctx) createRange(n *ast.CreateRangeTypeStmt) error {
	schema, name, err := c.typeSchema(n.Name, n.Pos())
	if err != nil {
		return err
	}
	if c.snap().TypeByName(schema, name) != nil {
		return pgerr.Newf(pgerr.DuplicateObject, "type %q already exists", name)
	}
	var sub *types.Type
	options := map[string]*ast.Option{}
	for _, o := range n.Options {
		switch o.Name {
		case "subtype", "subtype_opclass", "collation", "canonical", "subtype_diff", "multirange_type_name":
		default:
			return pgerr.Newf(pgerr.SyntaxError, "type attribute %q not recognized", o.Name)
		}
		if options[o.Name] != nil {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos())
		}
		options[o.Name] = o
	}
	if options["subtype"] == nil {
		return pgerr.New(pgerr.SyntaxError, "type attribute \"subtype\" is required")
	}
	if sub, err = c.optionType(options["subtype"]); err != nil {
		return err
	}
	if sub.Kind == types.KindPseudo {
		return pgerr.Newf(pgerr.DatatypeMismatch, "range subtype cannot be %s", types.Display(sub))
	}
	if err := c.mayUseType(sub); err != nil {
		return err
	}
	for d := sub; d.Kind == types.KindDomain; d = d.Base {
		if u := c.snap().UserType(d.OID); u != nil && (u.NotNull || len(u.Checks) > 0) {
			return pgerr.Unsupported("range types over domains with constraints are not supported")
		}
	}
	if options["canonical"] != nil {
		return pgerr.New(pgerr.InvalidObjectDefinition, "cannot specify a canonical function without a pre-created shell type").
			WithHint("Create the type as a shell type, then create its canonicalization function, then do a full CREATE TYPE.")
	}
	if err := indexable(sub); err != nil {
		if e, ok := err.(*pgerr.Error); ok {
			e.Hint = "You must specify an operator class for the range type or define a default operator class for the subtype."
		}
		return err
	}
	if o := options["subtype_opclass"]; o != nil {
		key := &ast.IndexElem{At: o.At, OpClass: optionNames(o)}
		if err := c.opclassFits(key.OpClass, sub); err != nil {
			return err
		}
	}
	r := &catalog.RangeType{}
	if o := options["collation"]; o != nil {
		if !sub.Collate {
			return pgerr.New(pgerr.WrongObjectType, "range collation specified but subtype does not support collation")
		}
		col := catalog.Column{Type: sub}
		if err := c.collation(&col, &ast.CollateClause{At: o.At, Name: optionNames(o)}); err != nil {
			return err
		}
		r.Collation = col.Collation
	}
	if o := options["subtype_diff"]; o != nil {
		if r.Diff, err = c.subtypeDiff(optionNames(o), sub); err != nil {
			return err
		}
	}
	u, err := c.newType(n.Name, n.Pos(), types.KindRange)
	if err != nil {
		return err
	}
	multiSchema := schema
	if o := options["multirange_type_name"]; o != nil {
		names := optionNames(o)
		if multiSchema, r.Multirange, err = c.typeSchema(names, o.Pos()); err != nil {
			return err
		}
		if multiSchema.OID != schema.OID {
			return pgerr.Unsupported("a multirange type in another schema than its range type is not supported")
		}
		if r.Multirange == name || c.snap().TypeByName(schema, r.Multirange) != nil {
			return pgerr.Newf(pgerr.DuplicateObject, "type %q already exists", r.Multirange)
		}
	} else {
		r.Multirange = multirangeName(name)
		if c.snap().TypeByName(schema, r.Multirange) != nil {
			return pgerr.Newf(pgerr.DuplicateObject, "type %q already exists", r.Multirange).
				WithDetail("Failed while creating a multirange type for type %q.", name).
				WithHint("You can manually specify a multirange type name using the \"multirange_type_name\" attribute.")
		}
	}
	if err := c.claimType(schema, r.Multirange); err != nil {
		return err
	}
	u.BaseOID, u.Range = sub.OID, r
	for _, oid := range []*catalog.OID{&r.MultirangeOID, &r.MultirangeArrayOID, &r.Funcs[0], &r.Funcs[1], &r.Funcs[2], &r.Funcs[3], &r.Funcs[4]} {
		if *oid, err = c.newOID(); err != nil {
			return err
		}
	}
	return c.put(u)
}

// multirangeName is the name that a multirange type gets from its range type's.
func multirangeName(name string) string {
	cut := func(s string, n int) string {
		for len(s) > n {
			s = s[:len(s)-1]
			for len(s) > 0 && s[len(s)-1]&0xc0 == 0x80 {
				s = s[:len(s)-1]
			}
		}
		return s
	}
	if i := strings.Index(name, "range"); i >= 0 {
		return cut(name[:i]+"multi"+name[i:], maxNameBytes)
	}
	return cut(name, maxNameBytes-len("_multirange")) + "_multirange"
}

// optionNames is an option's value as a name, which may have a schema.
func optionNames(o *ast.Option) []string {
	if o.Type != nil {
		return o.Type.Names
	}
	return []string{o.Text}
}

// opclassFits checks the operator class named for a subtype: there is one order of a
// type, so only its usual name will do.
func (c *Ctx) opclassFits(names []string, sub *types.Type) error {
	key := &ast.IndexElem{OpClass: names}
	t := &catalog.Table{Columns: []catalog.Column{{Attnum: 1, Name: "x", Type: sub, TypeOID: sub.OID}}}
	key.Name = "x"
	_, _, err := c.indexKey(t, key)
	return err
}

// subtypeDiff finds the function that tells how far two values of a subtype are apart.
func (c *Ctx) subtypeDiff(names []string, sub *types.Type) (catalog.OID, error) {
	f, _ := planner.FindRoutine(c.snap(), c.SearchPath(), names, []*types.Type{sub, sub})
	written := strings.Join(names, ".")
	if f == nil {
		return 0, pgerr.Newf(pgerr.UndefinedFunction, "function %s(%s, %s) does not exist", written, types.Display(sub), types.Display(sub))
	}
	if f.Result != types.Float8 {
		return 0, pgerr.Newf(pgerr.InvalidObjectDefinition, "range subtype diff function %s must return type %s", written, "double precision")
	}
	if f.Volatility != 'i' {
		return 0, pgerr.Newf(pgerr.InvalidObjectDefinition, "range subtype diff function %s must be immutable", written)
	}
	return f.OID, nil
}
