package catalog

import (
	"strings"

	"rowkey/builtin"
	"rowkey/types"
)

// Triggers: pg_trigger and pg_get_triggerdef.

// Bits of pg_trigger.tgtype.
const (
	tgRow      = 1
	tgBefore   = 2
	tgInsert   = 4
	tgDelete   = 8
	tgUpdate   = 16
	tgTruncate = 32
	tgInstead  = 64
)

func triggerType(t *Trigger) int {
	n := 0
	for bit, on := range map[int]bool{tgRow: t.Row, tgBefore: t.Timing == TriggerBefore, tgInstead: t.Timing == TriggerInstead,
		tgInsert: t.Events&OnInsert != 0, tgDelete: t.Events&OnDelete != 0, tgUpdate: t.Events&OnUpdate != 0, tgTruncate: t.Events&OnTruncate != 0} {
		if on {
			n |= bit
		}
	}
	return n
}

func triggerRows(q *query) error {
	emit := func(t *Table, tr *Trigger) error {
		attnums := make([]int64, len(tr.Columns))
		for i, a := range tr.Columns {
			attnums[i] = int64(a)
		}
		var args strings.Builder
		for _, a := range tr.Args {
			args.WriteString(a + "\x00")
		}
		constraint := OID(0)
		if tr.Constraint {
			constraint = tr.OID
		}
		return q.row(vOID(tr.OID), vOID(t.OID), vOID(tr.Parent), vStr(tr.Name), vOID(tr.Function), vInt(triggerType(tr)), vChar(tr.Enabled), vBool(false),
			vOID(tr.From), vOID(0), vOID(constraint), vBool(tr.Deferrable), vBool(tr.Deferred), vInt(len(tr.Args)),
			types.NewVector(types.Int2Vector, attnums...), vStr(args.String()), vOpt(tr.When), vOpt(tr.OldTable), vOpt(tr.NewTable))
	}
	oid, byOID := q.oid("oid")
	return q.eachTable("tgrelid", "", func(t *Table) error {
		for _, tr := range t.Triggers {
			if byOID && tr.OID != oid {
				continue
			}
			if err := emit(t, tr); err != nil {
				return err
			}
		}
		return nil
	})
}

// trigger finds a trigger by OID, with its table.
func (s *Snapshot) trigger(oid OID) (*Table, *Trigger) {
	for _, t := range s.tables.all() {
		for _, tr := range t.Triggers {
			if tr.OID == oid {
				return t, tr
			}
		}
	}
	return nil, nil
}

// triggerDef writes CREATE TRIGGER; pretty leaves the schema out where the path finds the table.
func triggerDef(snap *Snapshot, path []string, t *Table, tr *Trigger, pretty bool) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if tr.Constraint {
		b.WriteString("CONSTRAINT ")
	}
	b.WriteString("TRIGGER " + types.QuoteIdent(tr.Name) + " ")
	b.WriteString(map[TriggerTiming]string{TriggerBefore: "BEFORE", TriggerAfter: "AFTER", TriggerInstead: "INSTEAD OF"}[tr.Timing])
	var events []string
	if tr.Events&OnInsert != 0 {
		events = append(events, "INSERT")
	}
	if tr.Events&OnDelete != 0 {
		events = append(events, "DELETE")
	}
	if tr.Events&OnUpdate != 0 {
		s := "UPDATE"
		if len(tr.Columns) > 0 {
			var cols []string
			for _, a := range tr.Columns {
				cols = append(cols, types.QuoteIdent(t.Col(a).Name))
			}
			s += " OF " + strings.Join(cols, ", ")
		}
		events = append(events, s)
	}
	if tr.Events&OnTruncate != 0 {
		events = append(events, "TRUNCATE")
	}
	b.WriteString(" " + strings.Join(events, " OR "))
	var where []string
	if pretty {
		where = path
	}
	b.WriteString(" ON " + relationRef(snap, where, t.OID))
	if tr.Constraint {
		if tr.From != 0 {
			b.WriteString(" FROM " + relationRef(snap, where, tr.From))
		}
		if !tr.Deferrable {
			b.WriteString(" NOT")
		}
		b.WriteString(" DEFERRABLE INITIALLY ")
		if tr.Deferred {
			b.WriteString("DEFERRED")
		} else {
			b.WriteString("IMMEDIATE")
		}
	}
	if tr.OldTable != "" || tr.NewTable != "" {
		b.WriteString(" REFERENCING")
		if tr.OldTable != "" {
			b.WriteString(" OLD TABLE AS " + types.QuoteIdent(tr.OldTable))
		}
		if tr.NewTable != "" {
			b.WriteString(" NEW TABLE AS " + types.QuoteIdent(tr.NewTable))
		}
	}
	if tr.Row {
		b.WriteString(" FOR EACH ROW")
	} else {
		b.WriteString(" FOR EACH STATEMENT")
	}
	if tr.When != "" {
		b.WriteString(" WHEN (" + exprText(namesAsSeen(snap, path, tr.When), pretty) + ")")
	}
	name := ""
	if f := snap.Function(tr.Function); f != nil {
		name = types.QuoteIdent(f.Name)
		if sc := snap.schemaName(f.SchemaOID); !visibleIn(path, sc) {
			name = qualified(sc, f.Name)
		}
	}
	var args []string
	for _, a := range tr.Args {
		args = append(args, types.QuoteLiteral(a))
	}
	b.WriteString(" EXECUTE FUNCTION " + name + "(" + strings.Join(args, ", ") + ")")
	return b.String()
}

func init() {
	def := textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		t, tr := snap.trigger(OID(a[0].I))
		if tr == nil {
			return "", false
		}
		return triggerDef(snap, searchPath(ctx), t, tr, len(a) > 1 && a[1].I != 0), true
	})
	builtin.Define("pg_get_triggerdef(oid)", def)
	builtin.Define("pg_get_triggerdef(oid,bool)", def)
}
