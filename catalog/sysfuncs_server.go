package catalog

import (
	_ "embed"
	"strings"
	"time"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
	"rowkey/types/charset"
)

// Sizes, sequences, encodings, and facts about the server.

//go:embed facts/keywords.txt
var keywordFacts string

// serverStart is when this process began: pg_postmaster_start_time().
var serverStart = time.Now()

// micros converts to microseconds since 2000-01-01 UTC.
func micros(t time.Time) int64 { return t.UnixMicro() - 946684800000000 }

// relationSize estimates the bytes of a table's rows or of an index's entries: the
// session's measure if it has one, else what ANALYZE found.
func relationSize(ctx *builtin.Ctx, r *relation) (int64, error) {
	if ctx != nil {
		if m, ok := ctx.Session.(interface {
			RelationBytes(t *Table, ix *Index) (int64, error)
		}); ok && r.table != nil && r.table.Virtual == nil && r.table.Stored() {
			return m.RelationBytes(r.table, r.ix)
		}
	}
	switch {
	case r.seq != nil:
		return 8192, nil
	case r.table.Stats == nil || !r.table.Stored():
		return 0, nil
	case r.ix != nil:
		width := 16.0
		for i := 0; i < len(r.ix.Keys)+len(r.ix.Include); i++ {
			if s := r.table.Stats.Columns[indexAttnum(r.ix, i)]; s != nil {
				width += float64(s.AvgWidth)
			}
		}
		return int64(r.table.Stats.Rows * width), nil
	}
	return int64(tablePages(r.table)) * 8192, nil
}

func sizes() {
	size := func(measure func(ctx *builtin.Ctx, snap *Snapshot, r *relation) (int64, error)) builtin.Func {
		return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
			r := snap.relation(arg(a[0]))
			if r == nil {
				return types.Null, nil
			}
			n, err := measure(ctx, snap, r)
			return types.NewInt(n), err
		})
	}
	indexes := func(ctx *builtin.Ctx, snap *Snapshot, r *relation) (int64, error) {
		total := int64(0)
		if r.ix == nil && r.table != nil {
			for _, ix := range r.table.Indexes {
				if ix.OID != 0 && !ix.Primary { // the primary key's index is the table
					n, err := relationSize(ctx, snap.relation(ix.OID))
					if err != nil {
						return 0, err
					}
					total += n
				}
			}
		}
		return total, nil
	}
	one := func(ctx *builtin.Ctx, _ *Snapshot, r *relation) (int64, error) { return relationSize(ctx, r) }
	total := func(ctx *builtin.Ctx, snap *Snapshot, r *relation) (int64, error) {
		n, err := relationSize(ctx, r)
		if err != nil {
			return 0, err
		}
		m, err := indexes(ctx, snap, r)
		return n + m, err
	}
	builtin.Define("pg_relation_size(regclass) pg_table_size(regclass)", size(one))
	builtin.Define("pg_relation_size(regclass,text)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		switch a[1].S {
		case "main":
			return size(one).Eval(ctx, a[:1])
		case "fsm", "vm", "init":
			return types.NewInt(0), nil
		}
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid fork name").
			WithHint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
	}))
	builtin.Define("pg_indexes_size(regclass)", size(indexes))
	builtin.Define("pg_total_relation_size(regclass)", size(total))
	database := withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		of := snap.Database()
		if len(a) > 0 {
			if a[0].K == types.PhysBytes {
				if of = namedDatabase(ctx, snap, a[0].S); of == nil {
					return types.Null, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", a[0].S)
				}
			} else if arg(a[0]) != defaultTablespace {
				if of = snap.DatabaseByOID(arg(a[0])); of == nil {
					return types.Null, nil
				}
			}
		}
		if of.OID != snap.database {
			other, ok := ctx.Session.(interface{ CatalogOf(database OID) *Snapshot })
			if !ok {
				return types.Null, nil
			}
			snap = other.CatalogOf(of.OID)
		}
		sum := int64(0)
		for _, t := range snap.index().tables {
			if t.Virtual != nil {
				continue
			}
			n, err := total(ctx, snap, snap.relation(t.OID))
			if err != nil {
				return types.Null, err
			}
			sum += n
		}
		return types.NewInt(sum), nil
	})
	builtin.Define("pg_database_size(oid) pg_database_size(name) pg_tablespace_size(oid)", database)
	builtin.Define("pg_tablespace_size(name)", builtin.Func{Eval: func(ctx *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		return database.Eval(ctx, nil)
	}})
	builtin.Define("pg_relation_filenode(regclass)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		r := snap.relation(arg(a[0]))
		return nullIf(r == nil || r.kind() == 'v', a[0]), nil
	}))
	builtin.Define("pg_relation_filepath(regclass)", constant(types.Null)) // rows are not in files of their own
	builtin.Define("pg_relation_is_publishable(regclass)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		r := snap.relation(arg(a[0]))
		return nullIf(r == nil, vBool(r != nil && r.kind() == 'r' && r.table.Virtual == nil && r.table.Persistence == Permanent)), nil
	}))
	updatability()
}

func serverFacts() {
	builtin.Define("pg_encoding_to_char(int4)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].I < 0 || a[0].I >= int64(len(charset.Names)) {
			return vStr(""), nil
		}
		return vStr(charset.Names[a[0].I]), nil
	}})
	builtin.Define("pg_char_to_encoding(name)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		return vInt(charset.Number(a[0].S)), nil
	}})
	builtin.Define("pg_encoding_max_length(int4)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		switch n := a[0].I; {
		case n == utf8Encoding:
			return vInt(4), nil
		case n == 0 || n >= 8 && n <= 34:
			return vInt(1), nil
		}
		return types.Null, nil
	}})
	start := builtin.Func{Eval: func(*builtin.Ctx, []types.Datum) (types.Datum, error) { return types.NewInt(micros(serverStart)), nil }}
	builtin.Define("pg_postmaster_start_time() pg_conf_load_time()", start)
	builtin.Define("pg_my_temp_schema()", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, _ []types.Datum) (types.Datum, error) {
		for _, name := range searchPath(ctx) {
			if strings.HasPrefix(name, "pg_temp_") {
				if sc := snap.SchemaByName(name); sc != nil {
					return vOID(sc.OID), nil
				}
			}
		}
		return vOID(0), nil
	}))
	builtin.Define("pg_is_other_temp_schema(oid)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		sc := snap.Schema(arg(a[0]))
		return vBool(sc != nil && strings.HasPrefix(sc.Name, "pg_temp_") && !visibleIn(searchPath(ctx), sc.Name)), nil
	}))
	builtin.Define("pg_tablespace_location(oid)", constant(vStr("")))
	lockFunctions()
	builtin.Define("pg_jit_available()", constant(types.NewBool(false)))
	depth := constant(types.Null)
	depth.Eval = func(ctx *builtin.Ctx, _ []types.Datum) (types.Datum, error) {
		if s, ok := ctx.Session.(interface{ TriggerDepth() int }); ok {
			return vInt(s.TriggerDepth()), nil
		}
		return vInt(0), nil
	}
	builtin.Define("pg_trigger_depth()", depth)
	builtin.Define("pg_collation_for(any)", constant(types.Null)) // the planner knows the answer when it binds the call
	builtin.Define("pg_collation_actual_version(oid) pg_database_collation_actual_version(oid)", constant(types.Null))
	builtin.Define("pg_get_replica_identity_index(regclass)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		if t := snap.Table(arg(a[0])); t != nil && t.PrimaryKey() != nil {
			return vOID(t.PrimaryKey().OID), nil
		}
		return types.Null, nil
	}))
	indexProperties()

	builtin.Define("pg_get_keywords()", builtin.Func{Set: func(_ *builtin.Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
		return eachFact(keywordFacts, func(c []string) error {
			return emit([]types.Datum{vStr(c[0]), vChar(c[1][0]), vBool(c[2] == "t"), vStr(c[3]), vStr(c[4])})
		})
	}})
	builtin.Define("pg_options_to_table(_text)", builtin.Func{Set: func(_ *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		for _, e := range a[0].Array().Elems {
			name, value, found := strings.Cut(e.S, "=")
			if err := emit([]types.Datum{vStr(name), nullIf(!found, vStr(value))}); err != nil {
				return err
			}
		}
		return nil
	}})
	// What has no rows here: replication, prepared transactions …
	builtin.Define("pg_lock_status() pg_prepared_xact() pg_tablespace_databases(oid) "+
		"pg_get_publication_tables(text)", noRows())
	for sig, what := range map[string]string{"pg_show_all_settings()": "pg_settings", "pg_prepared_statement()": "pg_prepared_statements", "pg_cursor()": "pg_cursors"} {
		builtin.Define(sig, builtin.Func{Set: func(ctx *builtin.Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
			snap, err := snapshotOf(ctx)
			if err != nil {
				return err
			}
			return sessionRows()[what].visit(&query{snap: snap, ctx: ctx, emit: emit})
		}})
	}
}

// indexProperties defines pg_index_column_has_property and its kin: every
// index is an ordered tree.
func indexProperties() {
	builtin.Define("pg_index_column_has_property(regclass,int4,text)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		t := snap.TableOfIndex(arg(a[0]))
		if t == nil {
			return types.Null, nil
		}
		ix := t.IndexByOID(arg(a[0]))
		i := int(a[1].I) - 1
		if i < 0 || i >= len(ix.Keys)+len(ix.Include) {
			return types.Null, nil
		}
		key := i < len(ix.Keys)
		property := strings.ToLower(a[2].S)
		if !key {
			switch property {
			case "orderable", "distance_orderable":
				return vBool(false), nil
			case "returnable":
				return vBool(true), nil
			}
			return types.Null, nil
		}
		switch k := ix.Keys[i]; property {
		case "asc":
			return vBool(!k.Desc), nil
		case "desc":
			return vBool(k.Desc), nil
		case "nulls_first":
			return vBool(k.NullsFirst), nil
		case "nulls_last":
			return vBool(!k.NullsFirst), nil
		case "orderable", "returnable", "search_array", "search_nulls":
			return vBool(true), nil
		case "distance_orderable":
			return vBool(false), nil
		}
		return types.Null, nil
	}))
	builtin.Define("pg_index_has_property(regclass,text)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		if snap.TableOfIndex(arg(a[0])) == nil {
			return types.Null, nil
		}
		switch strings.ToLower(a[1].S) {
		case "clusterable", "index_scan", "backward_scan":
			return vBool(true), nil
		case "bitmap_scan":
			return vBool(true), nil
		}
		return types.Null, nil
	}))
	builtin.Define("pg_indexam_has_property(oid,text)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		am := arg(a[0])
		if am != btreeAM && am != hashAM {
			return types.Null, nil
		}
		switch strings.ToLower(a[1].S) {
		case "can_order", "can_unique", "can_multi_col", "can_include":
			return vBool(am == btreeAM), nil
		case "can_exclude":
			return vBool(true), nil
		}
		return types.Null, nil
	}})
}

// sequenceFacts defines what describes sequences.
func sequenceFacts() {
	builtin.Define("pg_get_serial_sequence(text,text)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		oid, err := parseRegClass(snap, searchPath(ctx), a[0].S)
		if err != nil {
			return types.Null, err
		}
		t := snap.Table(oid)
		if t == nil {
			return types.Null, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, a[0].S)
		}
		c := t.ColumnByName(a[1].S)
		if c == nil {
			return types.Null, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, t.Name)
		}
		for _, s := range snap.index().owned[t.OID] {
			if s.OwnerAttnum == c.Attnum {
				return vStr(relationRef(snap, nil, s.OID)), nil
			}
		}
		return types.Null, nil
	}))
	fields := []types.Field{}
	for _, f := range []struct {
		name string
		t    *types.Type
	}{{"start_value", types.Int8}, {"minimum_value", types.Int8}, {"maximum_value", types.Int8}, {"increment", types.Int8},
		{"cycle_option", types.Bool}, {"cache_size", types.Int8}, {"data_type", types.Oid}} {
		fields = append(fields, types.Field{Name: f.name, Type: f.t, Typmod: -1})
	}
	builtin.Define("pg_sequence_parameters(oid)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		s := snap.Sequence(arg(a[0]))
		if s == nil {
			return types.Null, pgerr.Newf(pgerr.UndefinedTable, "could not open relation with OID %d", a[0].I)
		}
		return types.NewAny(types.NewTuple(fields, []types.Datum{types.NewInt(s.Start), types.NewInt(s.Min), types.NewInt(s.Max), types.NewInt(s.Increment),
			vBool(s.Cycle), types.NewInt(s.Cache), vOID(s.TypeOID)})), nil
	}))
	builtin.Define("pg_sequence_last_value(regclass)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		s := snap.Sequence(arg(a[0]))
		if s == nil {
			return types.Null, nil
		}
		return lastValue(ctx, s)
	}))
}
