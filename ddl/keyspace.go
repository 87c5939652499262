package ddl

import (
	"rowkey/catalog"
	"rowkey/pgerr"
)

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
