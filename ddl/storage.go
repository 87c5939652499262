package ddl

import (
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// What ALTER TABLE says about PostgreSQL's heap files, its statistics and its
// replication: rows are ordered keys here, so nothing is done differently, but
// the catalogs show it, and a dump keeps it.
func (c *Ctx) storageHint(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	switch cmd.Op {
	case ast.ClusterOn:
		ix, err := c.indexNamed(t, cmd.Name)
		if err != nil {
			return err
		}
		if ix.Where != "" {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot cluster on partial index %q", ix.Name)
		}
		t.ClusterOn = ix.OID
	case ast.SetWithoutCluster:
		t.ClusterOn = 0
	case ast.SetReplicaIdentity:
		t.ReplicaIndex = 0
		switch cmd.ReplicaIdentity {
		case ast.ReplicaDefault:
			t.ReplicaIdentity = 0
		case ast.ReplicaFull:
			t.ReplicaIdentity = 'f'
		case ast.ReplicaNothing:
			t.ReplicaIdentity = 'n'
		case ast.ReplicaIndex:
			ix, err := c.indexNamed(t, cmd.Name)
			if err != nil {
				return err
			}
			if err := checkReplicaIndex(t, ix); err != nil {
				return err
			}
			t.ReplicaIdentity, t.ReplicaIndex = 'i', ix.OID
		}
	case ast.SetColumnStatistics, ast.SetColumnStorage, ast.SetColumnCompression, ast.SetColumnOptions, ast.ResetColumnOptions:
		if err := c.columnHint(t, cmd); err != nil {
			return err
		}
	}
	return c.put(t)
}

// indexNamed finds an index of the table.
func (c *Ctx) indexNamed(t *catalog.Table, name string) (*catalog.Index, error) {
	for _, ix := range t.Indexes {
		if ix.OID != 0 && ix.Name == name {
			return ix, nil
		}
	}
	if c.snap().Relation(t.Schema, name) != 0 {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%q is not an index for table %q", name, t.Name)
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "index %q for table %q does not exist", name, t.Name)
}

// checkReplicaIndex refuses what does not identify every row.
func checkReplicaIndex(t *catalog.Table, ix *catalog.Index) error {
	wrong := func(format string) error { return pgerr.Newf(pgerr.WrongObjectType, format, ix.Name) }
	switch {
	case !ix.Unique && !ix.Primary:
		return wrong("cannot use non-unique index %q as replica identity")
	case ix.Deferrable:
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot use non-immediate index %q as replica identity", ix.Name)
	case ix.Where != "":
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot use partial index %q as replica identity", ix.Name)
	}
	for _, k := range ix.Keys {
		if k.Attnum == 0 {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot use expression index %q as replica identity", ix.Name)
		}
		if col := t.Col(k.Attnum); !col.NotNull {
			return pgerr.Newf(pgerr.WrongObjectType, "index %q cannot be used as replica identity because column %q is nullable", ix.Name, col.Name)
		}
	}
	return nil
}

func (c *Ctx) columnHint(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	if cmd.Name == "" {
		return nil // ALTER INDEX … ALTER COLUMN number
	}
	col, err := column(t, cmd.Name)
	if err != nil {
		return err
	}
	switch cmd.Op {
	case ast.SetColumnStatistics:
		n, err := strconv.Atoi(cmd.Value)
		switch {
		case err != nil || n < -1:
			return pgerr.Newf(pgerr.InvalidParameterValue, "statistics target %s is too low", cmd.Value)
		case n > 10000:
			e := pgerr.New(pgerr.InvalidParameterValue, "lowering statistics target to 10000")
			e.Severity = "WARNING"
			c.Notice(e)
			n = 10000
		}
		col.StatTarget = nil
		if n >= 0 {
			col.StatTarget = &n
		}
	case ast.SetColumnStorage:
		kind, ok := map[string]byte{"plain": 'p', "external": 'e', "extended": 'x', "main": 'm'}[strings.ToLower(cmd.Value)]
		if !ok {
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid storage type %q", cmd.Value)
		}
		if kind != 'p' && col.Type.Len != -1 {
			return pgerr.Newf(pgerr.FeatureNotSupported, "column data type %s can only have storage PLAIN", types.Display(col.Type))
		}
		col.Storage = kind
	case ast.SetColumnCompression:
		kind, ok := map[string]byte{"pglz": 'p', "lz4": 'l', "default": 0}[strings.ToLower(cmd.Value)]
		if !ok {
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid compression method %q", cmd.Value)
		}
		if col.Type.Len != -1 {
			return pgerr.Newf(pgerr.FeatureNotSupported, "column data type %s does not support compression", types.Display(col.Type))
		}
		col.Compression = kind
	case ast.SetColumnOptions, ast.ResetColumnOptions:
		col.Options = setOptions(col.Options, cmd.Options, cmd.Op == ast.ResetColumnOptions)
	}
	return nil
}
