package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
)

// exclusion makes the index of an EXCLUDE constraint. Indexes are ordered keys,
// so what can be excluded is equality: such a constraint is a unique one with
// other words.
func (c *Ctx) exclusion(t *catalog.Table, schema *catalog.Schema, k *ast.Constraint, taken []string) (*catalog.Index, string, error) {
	if k.AccessMethod != "" && k.AccessMethod != "btree" {
		return nil, "", pgerr.Unsupported("exclusion constraints using access method %q are not supported", k.AccessMethod).At(k.Pos())
	}
	ix := &catalog.Index{Unique: true, Exclusion: true, Constraint: 1, Deferrable: k.Deferrable, Deferred: k.InitiallyDeferred}
	var names []string
	for _, e := range k.Exclusions {
		if e.Operator[len(e.Operator)-1] != "=" {
			return nil, "", pgerr.Unsupported("exclusion constraints with operators other than = are not supported").At(e.Pos())
		}
		key, name, err := c.indexKey(t, e.Element)
		if err != nil {
			return nil, "", err
		}
		ix.Keys = append(ix.Keys, key)
		names = append(names, name)
	}
	var err error
	if ix.Include, err = columnsNamed(t, k.Including, 0, k.Pos()); err != nil {
		return nil, "", err
	}
	if k.Where != nil {
		if ix.Where, err = c.exprText(planner.ForIndexPredicate, t, k.Where, nil); err != nil {
			return nil, "", err
		}
	}
	name := k.Name
	if name == "" {
		name = chooseName(t.Name, strings.Join(append(names, k.Including...), "_"), "excl", c.relTaken(schema, taken...))
	}
	return ix, name, nil
}
