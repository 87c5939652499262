package rowenc

import (
	"encoding/hex"
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/types"
)

// ParsePath gives the bytes that a path stands for: those of a whole key, or
// those that all keys below the path begin with. It reads what keyenc.Pretty
// and PrettyNamed print, and hexadecimal digits for the bytes themselves:
//
//	/Table/people/people_name/"bo"    /Table/16400/2/"bo"    020000401000000002
func ParsePath(cat *catalog.Snapshot, path string) ([]byte, error) {
	if !strings.HasPrefix(path, "/") {
		key, err := hex.DecodeString(strings.TrimPrefix(path, `\x`))
		if err != nil {
			return nil, badPath(path, "it begins neither with / nor is it hexadecimal")
		}
		return key, nil
	}
	parts, err := splitPath(path)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	for kind := keyenc.KindCatalog; kind <= keyenc.KindLock; kind++ {
		if parts[0] != kind.String() {
			continue
		}
		key := keyenc.AppendKind(nil, kind)
		if kind == keyenc.KindTable {
			return tablePath(cat, path, key, parts[1:])
		}
		return appendElements(path, key, parts[1:], layouts[kind])
	}
	return nil, badPath(path, "there is no /"+parts[0])
}

// layouts are the columns of the keys that are not of tables.
var layouts = map[keyenc.Kind][]KeyCol{
	keyenc.KindCatalog:  plainColumns(types.Text, types.Int2, types.Oid),
	keyenc.KindSequence: plainColumns(types.Oid),
}

func plainColumns(ts ...*types.Type) []KeyCol {
	cols := make([]KeyCol, len(ts))
	for i, t := range ts {
		cols[i], _ = NewKeyCol(t, false, false)
	}
	return cols
}

func badPath(path, why string) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "%q is not the path of a key", path).WithDetail("%s.", strings.ToUpper(why[:1])+why[1:])
}

// splitPath cuts a path at the slashes outside of quotes: "text" with escapes
// anywhere, 'bytes' without as a whole element. A last element "…", or an
// empty one, stands for nothing.
func splitPath(path string) ([]string, error) {
	var parts []string
	from, quote := 1, byte(0)
	for i := 1; i < len(path); i++ {
		switch c := path[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			} else if c == '\\' && quote == '"' {
				i++
			}
		case c == '"' || c == '\'' && i == from:
			quote = c
		case c == '/':
			parts = append(parts, path[from:i])
			from = i + 1
		}
	}
	if quote != 0 {
		return nil, badPath(path, "a quote is not closed")
	}
	parts = append(parts, path[from:])
	if n := len(parts); n > 0 && (parts[n-1] == "" || parts[n-1] == "…") {
		parts = parts[:n-1]
	}
	return parts, nil
}

// tablePath appends the elements of a path behind /Table.
func tablePath(cat *catalog.Snapshot, path string, key []byte, parts []string) ([]byte, error) {
	if len(parts) == 0 {
		return key, nil
	}
	var t *catalog.Table
	number, err := strconv.ParseUint(parts[0], 10, 32)
	if err == nil {
		if cat != nil {
			t = cat.TableByStorage(uint32(number))
		}
	} else if t = tableNamed(cat, parts[0]); t == nil {
		return nil, badPath(path, "there is no table "+parts[0])
	} else {
		number = uint64(t.Storage)
	}
	if len(parts) == 1 {
		return keyenc.AppendTablePrefix(nil, uint32(number)), nil
	}
	var ix *catalog.Index
	index, err := strconv.ParseUint(parts[1], 10, 32)
	if err == nil {
		if t != nil {
			ix = t.IndexByNumber(uint32(index))
		}
	} else if ix = indexNamed(t, parts[1]); ix == nil {
		return nil, badPath(path, "the table has no index "+parts[1])
	} else {
		index = uint64(ix.Number)
	}
	key = keyenc.AppendIndexPrefix(nil, uint32(number), uint32(index))
	if len(parts) == 2 {
		return key, nil
	}
	x := codecOf(t, ix)
	if x == nil {
		return nil, badPath(path, "the catalog does not have this index, so the types of its columns are not known")
	}
	cols := x.Keys
	if !x.IsPrimary() {
		cols = append(cols[:len(cols):len(cols)], x.Primary.Keys...)
	}
	return appendElements(path, key, parts[2:], cols)
}

// tableNamed finds a table by its name in a path; without a schema, one of
// schema public before others.
func tableNamed(cat *catalog.Snapshot, name string) (found *catalog.Table) {
	if cat == nil {
		return nil
	}
	for _, t := range cat.Tables() {
		if t.Storage == 0 || t.Schema == nil {
			continue
		}
		switch short := types.QuoteIdent(t.Name); name {
		case types.QuoteIdent(t.Schema.Name) + "." + short:
			return t
		case short:
			if found == nil || t.Schema.OID == catalog.PublicOID {
				found = t
			}
		}
	}
	return found
}

func indexNamed(t *catalog.Table, name string) *catalog.Index {
	if t == nil {
		return nil
	}
	for _, ix := range t.Indexes {
		if name == ix.KeyName() {
			return ix
		}
	}
	return nil
}

// appendElements appends values, written as in paths, as key columns.
func appendElements(path string, key []byte, parts []string, cols []KeyCol) ([]byte, error) {
	for i, s := range parts {
		if i >= len(cols) {
			return nil, badPath(path, "it has more elements than such keys have")
		}
		col := &cols[i]
		if s == "NULL" {
			key = col.Append(key, types.Null)
			continue
		}
		if strings.HasPrefix(s, `"`) {
			var err error
			if s, err = strconv.Unquote(s); err != nil {
				return nil, badPath(path, "a quoted text in it is not right")
			}
		} else if strings.HasPrefix(s, "'") {
			s = strings.TrimSuffix(s[1:], "'")
		}
		d, err := types.Parse(col.Type.Under(), -1, s, types.DefaultEnv)
		if err != nil {
			return nil, err
		}
		key = col.Append(key, d)
	}
	return key, nil
}
