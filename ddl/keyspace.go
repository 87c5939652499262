package ddl

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// truncateKeys empties a table of a key space: row by row, since commands know its
// storage by number, and the directory follows the rows.
func (c *Ctx) truncateKeys(t *catalog.Table) (done bool, err error) {
	if t.Schema == nil || t.Schema.KeySpace == 0 {
		return false, nil
	}
	del := &ast.DeleteStmt{Relation: &ast.RangeVar{Schema: t.Schema.Name, Name: t.Name}}
	_, _, err = c.Query(del, func(*types.Batch) error { return nil })
	return true, err
}

// checkKeySpace refuses to change or drop what belongs to a key space: commands
// write its tables without asking the catalog, so their shape is fixed; nor do
// they check foreign keys.
func (c *Ctx) checkKeySpace(o catalog.Object) error {
	if c.System {
		return nil
	}
	switch o := o.(type) {
	case *catalog.Schema:
		if old := c.snap().Schema(o.OID); old != nil && old.KeySpace != 0 {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: schema %q belongs to the key-value model", old.Name)
		}
	case *catalog.Table:
		if s := c.snap().Schema(o.SchemaOID); s != nil && s.KeySpace != 0 {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: schema %q belongs to the key-value model", s.Name).
				WithDetail("The definitions of its tables cannot be changed, nor others be added.")
		}
		for _, fk := range o.ForeignKeys {
			t := c.snap().Table(fk.RefTable)
			if t == nil {
				continue
			}
			if s := c.snap().Schema(t.SchemaOID); s != nil && s.KeySpace != 0 {
				return pgerr.Unsupported("foreign keys that reference the tables of schema %q are not supported", s.Name)
			}
		}
	}
	return nil
}
