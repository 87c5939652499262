package catalog

import (
	"rowkey/builtin"
	"rowkey/types"
)

// SequenceTable is a sequence as a relation: SELECT last_value, is_called FROM s.
// log_cnt, how many values PostgreSQL's log is ahead, is always zero.
func SequenceTable(s *Sequence) *Table {
	t := &Table{OID: s.OID, SchemaOID: s.SchemaOID, Name: s.Name, Kind: KindTable, Persistence: s.Persistence, Owner: s.Owner, Schema: s.Schema}
	for i, c := range []struct {
		name string
		typ  *types.Type
	}{{"last_value", types.Int8}, {"log_cnt", types.Int8}, {"is_called", types.Bool}} {
		t.Columns = append(t.Columns, Column{Attnum: int16(i + 1), Name: c.name, TypeOID: c.typ.OID, Type: c.typ, Typmod: -1, NotNull: true})
	}
	t.Virtual = &VirtualTable{Rows: func(snap *Snapshot, ctx any, _ int16, _ types.Datum, emit func([]types.Datum) error) error {
		now := snap.Sequence(s.OID)
		bc, _ := ctx.(*builtin.Ctx)
		if now == nil || bc == nil {
			return nil
		}
		host, ok := bc.Session.(interface {
			SequencePosition(*Sequence) (last int64, called bool, err error)
		})
		if !ok {
			return nil
		}
		last, called, err := host.SequencePosition(now)
		if err != nil {
			return err
		}
		return emit([]types.Datum{types.NewInt(last), types.NewInt(0), types.NewBool(called)})
	}}
	return t
}
