package catalog

import (
	"rowkey/kv/keyenc"
	"rowkey/types"
)

// TableByStorage finds the table whose rows have that number in their keys,
// nil if there is none (any more).
func (s *Snapshot) TableByStorage(number uint32) *Table {
	return s.index().storages[number]
}

// IndexByNumber finds the index that has that number in its keys, nil if
// there is none.
func (t *Table) IndexByNumber(number uint32) *Index {
	for _, ix := range t.Indexes {
		if ix.Number == number {
			return ix
		}
	}
	return nil
}

// KeyNamer names the tables and indexes in keys, so that they print as
// /Table/people/people_pkey/1; tables of schemas outside of the search path
// print with their schema. Names are quoted as in SQL, so a number is a number.
func (s *Snapshot) KeyNamer(path []string) keyenc.Namer {
	return func(number, index uint32) (table, indexName string) {
		t := s.TableByStorage(number)
		if t == nil {
			return "", ""
		}
		table = types.QuoteIdent(t.Name)
		if t.Schema != nil && s.Resolve(path, t.Name) != t.OID {
			table = types.QuoteIdent(t.Schema.Name) + "." + table
		}
		if ix := t.IndexByNumber(index); ix != nil {
			indexName = ix.KeyName()
		}
		return table, indexName
	}
}

// KeyName is the index's name in the paths of keys: of the rows under hidden
// row ids, "rows".
func (ix *Index) KeyName() string {
	if ix.RowID {
		return "rows"
	}
	return types.QuoteIdent(ix.Name)
}
