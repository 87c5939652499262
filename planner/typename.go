package planner

import (
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// ResolveTypeName finds the type that a name in SQL text means, and its typmod.
// path is the search path; pg_catalog is searched first unless path has it.
func ResolveTypeName(snap *catalog.Snapshot, path []string, tn *ast.TypeName) (t *types.Type, mod int32, err error) {
	defer caught(&err)
	if tn.PctType {
		return pctType(snap, path, tn)
	}
	name := tn.Names[len(tn.Names)-1]
	switch len(tn.Names) {
	case 1:
		t = lookupType(snap, path, name)
	case 2, 3:
		schema := tn.Names[len(tn.Names)-2]
		s := snap.SchemaOnPath(path, schema)
		if s == nil {
			fail(tn.Pos(), pgerr.InvalidSchemaName, "schema %q does not exist", schema)
		}
		t = snap.TypeByName(s, name)
	default:
		fail(tn.Pos(), pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(tn.Names, "."))
	}
	if t == nil {
		if builtin.TypeNotDone(name) && (len(tn.Names) == 1 || tn.Names[len(tn.Names)-2] == "pg_catalog") {
			bail(pgerr.Unsupported("type %s is not supported", name).WithHint("docs/compatibility.md lists what is.").At(tn.Pos()))
		}
		fail(tn.Pos(), pgerr.UndefinedObject, "type %q does not exist", strings.Join(tn.Names, ".")+strings.Repeat("[]", len(tn.Bounds)))
	}
	mod = typmod(t, tn)
	if len(tn.Bounds) > 0 {
		if t.Array == nil {
			if t.IsArray() {
				return t, mod, nil
			}
			fail(tn.Pos(), pgerr.UndefinedObject, "type \"%s[]\" does not exist", strings.Join(tn.Names, "."))
		}
		t = t.Array
	}
	return t, mod, nil
}

func lookupType(snap *catalog.Snapshot, path []string, name string) *types.Type {
	explicit := false
	for _, s := range path {
		explicit = explicit || s == "pg_catalog"
	}
	if !explicit {
		if t := types.ByName(name); t != nil {
			return t
		}
		if t := snap.TypeByName(snap.SchemaByName("pg_catalog"), name); t != nil {
			return t
		}
	}
	return snap.ResolveType(path, name)
}

func pctType(snap *catalog.Snapshot, path []string, tn *ast.TypeName) (*types.Type, int32, error) {
	n := len(tn.Names)
	if n < 2 {
		fail(tn.Pos(), pgerr.SyntaxError, "improper %%TYPE reference (too few dotted names): %s", strings.Join(tn.Names, "."))
	}
	var oid catalog.OID
	if n >= 3 {
		oid = snap.Relation(snap.SchemaByName(tn.Names[n-3]), tn.Names[n-2])
	} else {
		oid = snap.Resolve(path, tn.Names[0])
	}
	tab := snap.Table(oid)
	if tab == nil {
		fail(tn.Pos(), pgerr.UndefinedTable, "relation %q does not exist", strings.Join(tn.Names[:n-1], "."))
	}
	c := tab.ColumnByName(tn.Names[n-1])
	if c == nil {
		fail(tn.Pos(), pgerr.UndefinedColumn, "column %q of relation %q does not exist", tn.Names[n-1], tab.Name)
	}
	return c.Type, c.Typmod, nil
}

// typmod computes a type's modifier as its typmod-in function would.
func typmod(t *types.Type, tn *ast.TypeName) int32 {
	if len(tn.Mods) == 0 {
		return -1
	}
	var mods []int32
	for _, m := range tn.Mods {
		c, ok := m.(*ast.Const)
		switch {
		case ok && c.Kind == ast.ConstInt:
			mods = append(mods, c.Int)
		case ok && (c.Kind == ast.ConstString || c.Kind == ast.ConstFloat):
			n, err := strconv.ParseInt(strings.TrimSpace(c.Text), 10, 32)
			if err != nil {
				fail(m.Pos(), pgerr.InvalidTextRepresentation, "invalid input syntax for type integer: %q", c.Text)
			}
			mods = append(mods, int32(n))
		case ok && c.Kind == ast.ConstNull:
			fail(tn.Pos(), pgerr.NullValueNotAllowed, "typmod array must not contain nulls")
		default:
			fail(tn.Pos(), pgerr.SyntaxError, "type modifiers must be simple constants or identifiers")
		}
	}
	one := func() int32 {
		if len(mods) != 1 {
			fail(tn.Pos(), pgerr.InvalidParameterValue, "invalid type modifier")
		}
		return mods[0]
	}
	switch t {
	case types.VarChar, types.BPChar:
		n := one()
		name := "varchar"
		if t == types.BPChar {
			name = "char"
		}
		if n < 1 {
			fail(tn.Pos(), pgerr.InvalidParameterValue, "length for type %s must be at least 1", name)
		}
		if n > 10485760 {
			fail(tn.Pos(), pgerr.InvalidParameterValue, "length for type %s cannot exceed 10485760", name)
		}
		return n + 4
	case types.Bit, types.VarBit:
		m, err := types.EncodeTypmod(t, []int64{int64(one())})
		if err != nil {
			bail(pgerr.PlaceAt(err, tn.Pos()))
		}
		return m
	case types.Numeric:
		if len(mods) > 2 {
			fail(tn.Pos(), pgerr.InvalidParameterValue, "invalid NUMERIC type modifier")
		}
		prec := mods[0]
		if prec < 1 || prec > 1000 {
			fail(tn.Pos(), pgerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", prec)
		}
		scale := int32(0)
		if len(mods) == 2 {
			scale = mods[1]
			if scale < -1000 || scale > 1000 {
				fail(tn.Pos(), pgerr.InvalidParameterValue, "NUMERIC scale %d must be between -1000 and 1000", scale)
			}
		}
		return (prec<<16 | scale&0x7ff) + 4
	case types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ:
		n := one()
		if n < 0 {
			what := "TIME"
			if t == types.Timestamp || t == types.TimestampTZ {
				what = "TIMESTAMP"
			}
			if t == types.TimeTZ || t == types.TimestampTZ {
				fail(tn.Pos(), pgerr.InvalidParameterValue, "%s(%d) WITH TIME ZONE precision must not be negative", what, n)
			}
			fail(tn.Pos(), pgerr.InvalidParameterValue, "%s(%d) precision must not be negative", what, n)
		}
		return min(n, 6)
	case types.Interval:
		fields := mods[0]
		prec := int32(0xffff)
		if len(mods) > 1 {
			prec = mods[1]
			if prec < 0 {
				fail(tn.Pos(), pgerr.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", prec)
			}
			prec = min(prec, 6)
		} else if fields == 0x7fff {
			return -1
		}
		return prec | fields<<16
	}
	fail(tn.Pos(), pgerr.SyntaxError, "type modifier is not allowed for type %q", strings.Join(tn.Names, "."))
	return -1
}
