package introspection

import (
	"regexp"
	"strings"
	"testing"
)

// What may differ from PostgreSQL, and why. A difference that nothing here
// explains fails the test:
//
//   - columns     figures that are each server's own: sizes, pages, transaction numbers
//   - own         objects that rowkey has beyond PostgreSQL: schemas kv and rowkey
//   - absent      built-in objects of PostgreSQL's that are truly not here: each is
//     named below, or hangs on one that is, and is missing from the system relations
//
// A row may be missing if it names an absent object, and be too many if it names
// one of rowkey's own; nothing else may.

// columns are not compared.
var columns = regexp.MustCompile(`^(Size|relpages|toastpages|reltuples|relfrozenxid|tfrozenxid|relminmxid|tminmxid|datfrozenxid|datminmxid|toid|` +
	// pg_attribute.attoptions tells in PostgreSQL's later minor releases which one made it.
	`attversion|version)$`)

// absence is a kind of object that PostgreSQL has more of.
type absence struct {
	class string
	// all lists number, name and the numbers of what it hangs on.
	all string
	// names are those that are absent by themselves, and why.
	names, why string
}

var absences = []absence{
	{"access methods", `SELECT oid, amname, '' FROM pg_am`,
		`gist|gin|spgist|brin`, "every index is a range of ordered keys"},
	{"settings", `SELECT 0, name, '' FROM pg_settings`,
		`.*`, "what a setting would set is not here"},
	{"other databases of the server", `SELECT oid, datname, '' FROM pg_database WHERE datname <> current_database()`,
		`.*`, "a server has one database, which goes by the name that was asked for"},
	{"roles of other tests", `SELECT oid, rolname, '' FROM pg_roles WHERE oid >= 16384`, `.*`, "the PostgreSQL is shared"},
	{"languages", `SELECT oid, lanname, '' FROM pg_language`, `c`, "no functions are loaded from C libraries"},
	{"schemas", `SELECT oid, nspname, '' FROM pg_namespace`, `pg_toast`, "long values are no rows elsewhere"},
	{"text search", `SELECT oid, cfgname, '' FROM pg_ts_config UNION ALL SELECT oid, dictname, '' FROM pg_ts_dict
		UNION ALL SELECT oid, prsname, '' FROM pg_ts_parser UNION ALL SELECT oid, tmplname, '' FROM pg_ts_template`, `.*`, "there is no text search"},
	{"collations", `SELECT oid, collname, '' FROM pg_collation WHERE collprovider = 'i' OR collname ~ '^C\.'`, `.*`, "text compares by code points"},
	{"conversions", `SELECT oid, conname, '' FROM pg_conversion`, `.*`, "text is UTF-8"},
	{"indexes of system relations", `SELECT oid, relname, '' FROM pg_class WHERE oid < 16384 AND relkind = 'i' UNION ALL
		SELECT oid, conname, '' FROM pg_constraint WHERE oid < 16384`, `.*`, "system relations are computed"},
	{"triggers of foreign keys", `SELECT oid, tgname, '' FROM pg_trigger WHERE tgisinternal`, `.*`, "the writer looks at foreign keys itself"},
	{"rules of system views", `SELECT oid, '', '' FROM pg_rewrite WHERE ev_class < 16384`, `.*`, "system relations are computed"},
	{"tables of long values", `SELECT oid, relname, '' FROM pg_class WHERE relkind = 't' UNION ALL
		SELECT indexrelid, relname, '' FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname ~ '^pg_toast'`, `.*`, "long values are no rows elsewhere"},
	{"types", `SELECT oid, typname, concat_ws(' ', typelem, nullif(typrelid, 0)) FROM pg_type`,
		`xml|tsvector|tsquery|gtsvector|regconfig|regdictionary|` + // no XML, no text search
			`bit|varbit|\w*range|` + // bit strings and ranges
			`pg_snapshot|txid_snapshot|pg_lsn|` + // of the write-ahead log and transaction numbers
			`pg_ddl_command|event_trigger|fdw_handler|tsm_handler|pg_brin_\w+`, // of event triggers, foreign data and sampling methods written in C
		"nothing here makes or takes their values"},
	{"functions", `SELECT oid, proname, concat_ws(' ', prorettype, proargtypes, array_to_string(proallargtypes, ' '), prolang) FROM pg_proc`,
		absentFunctions, "see there"},
	{"operators", `SELECT oid, '', concat_ws(' ', oprleft, oprright, oprresult, oprcode::oid) FROM pg_operator`, ``, "of absent types"},
	{"casts", `SELECT oid, '', concat_ws(' ', castsource, casttarget, castfunc) FROM pg_cast`, ``, "of absent types"},
	{"operator families", `SELECT f.oid, opfname, concat_ws(' ', opfmethod, (SELECT min(opcintype) FROM pg_opclass WHERE opcfamily = f.oid)) FROM pg_opfamily f`, ``, "of absent types and methods"},
	{"operator classes", `SELECT oid, opcname, concat_ws(' ', opcmethod, opcintype, opcfamily) FROM pg_opclass`, ``, "of absent types and methods"},
}

// absentFunctions are absent although all of their types are here.
var absentFunctions = strings.Join([]string{
	`RI_FKey_\w+|unique_key_recheck|suppress_redundant_updates_trigger|satisfies_hash_partition`, // constraints are checked by the writer
	`\w*(sel|joinsel|_support)`, // the planner's estimates are not functions
	`\w*(_accum|_accum_inv|_combine|_serialize|_deserialize|_final\w*|_subdiff|_transfn)|int\w+_sum|int4inc|int8(dec|inc)_\w+|int8dec|\w+_avg|float8_(corr|covar|regr|stddev|var)\w*`, // aggregates are no functions of states
	`record_image_\w+|btrecordimagecmp|hash\w*|jsonb_hash`,                                                                                                           // internals of indexes
	`(gin|gist|brin|spg|bt)\w*|amvalidate|pg_indexam_progress_phasename`,                                                                                             // internals of indexes
	`\w+_(in|out|recv|send|typmodin|typmodout)`,                                                                                                                      // of absent types
	`binary_upgrade_\w+|pg_stop_making_pinned_objects|pg_nextoid|pg_extension_\w+|pg_import_system_collations`,                                                       // pg_upgrade and initdb
	`pg_stat_\w+|pg_show_\w+|pg_get_(backend_memory_contexts|shmem_allocations|multixact_members|catalog_foreign_keys|wal_\w+|replication_slots)`,                    // parts of PostgreSQL's process that are not here
	`\w*(wal|replication|xlog|logical|slot|standby|promote|archive)\w*|pg_backup_\w+|pg_last_\w+|pg_xact_\w+|txid_status|pg_control_\w+|pg_config|mxid_age|currtid2`, // there is no write-ahead log of PostgreSQL's
	`pg_(ls|read|stat)_\w+|pg_current_logfile|pg_rotate_\w+|pg_log_\w+|pg_hba_\w+|pg_ident_\w+|pg_filenode_relation`,                                                 // files of PostgreSQL's
	`(be_)?lo_\w+|loread|lowrite`,                                                      // large objects
	`\w*xml\w*|ts_\w+|tsvector_\w+|get_current_ts_config`,                              // XML and text search
	`pg_event_trigger_\w+|postgresql_fdw_validator|fmgr_c_validator|pg_mcv_list_items`, // event triggers, foreign data, extended statistics
	`current_query|aclinsert|aclremove|age|oidvectortypes|pg_collation_for|pg_column_\w+|inet_(client|server)_addr|pg_settings_get_flags|pg_export_snapshot|pg_reload_conf`, // not yet
	`shell_(in|out)|_pg_truetyp(id|mod)|to_ascii|convert|length|pg_(get_object_address|identify_object_as_address)`,
}, "|")

// explanation is what the two servers are known not to have in common.
type explanation struct {
	own, absent map[string]bool // numbers and names
}

// explain looks at both servers and fails if an object is absent without a reason.
func explain(t *testing.T, pg, rk *side) *explanation {
	t.Helper()
	e := &explanation{own: map[string]bool{"kv": true, "rowkey": true}, absent: map[string]bool{}}
	known := func() {
		for _, o := range opaque {
			e.absent[o] = true
		}
	}
	known()
	list := func(s *side, sql string) [][]string {
		r := s.run(t, sql, nil)
		if r.err != "" {
			t.Fatalf("%s: %s: %s", s.name, sql, r.err)
		}
		return r.rows
	}
	for _, sql := range []string{
		`SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('kv', 'rowkey')`,
		`SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname IN ('kv', 'rowkey')`,
		`SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('kv', 'rowkey')`,
		`SELECT r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('kv', 'rowkey')`,
		`SELECT k.oid FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace WHERE nspname IN ('kv', 'rowkey')`,
		`SELECT o.oid FROM pg_operator o JOIN pg_proc p ON p.oid = oprcode JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('kv', 'rowkey')`,
		`SELECT oid FROM pg_extension WHERE extname = 'rowkey'`,
		`SELECT oid FROM pg_namespace WHERE nspname IN ('kv', 'rowkey')`,
	} {
		for _, row := range list(rk, sql) {
			for _, name := range []string{row[0], rk.names[row[0]]} {
				e.own[name] = name != ""
			}
		}
	}
	for _, a := range absences {
		here, formatted := map[string]bool{}, []string(nil)
		for _, row := range list(rk, a.all) {
			here[row[0]+" "+row[1]] = true
		}
		named := regexp.MustCompile("^(" + a.names + ")$")
		for _, row := range list(pg, a.all) {
			if here[row[0]+" "+row[1]] {
				continue
			}
			absent := a.names != "" && named.MatchString(row[1])
			for _, on := range strings.Fields(row[2]) {
				absent = absent || e.absent[on] || on == internal
			}
			if !absent {
				t.Errorf("%s: %s %s is not here, without a reason", a.class, row[0], row[1])
			}
			if row[0] != "0" {
				e.absent[row[0]] = true
			}
			if row[1] != "" {
				e.absent[row[1]], e.absent[row[1]+"_"+row[0]] = true, true
			}
			if a.class == "types" {
				formatted = append(formatted, row[0])
			}
		}
		if len(formatted) > 0 {
			for _, row := range list(pg, "SELECT format_type(x, NULL) FROM unnest('{"+strings.Join(formatted, ",")+"}'::oid[]) x") {
				e.absent[row[0]] = true
			}
		}
		for n := range here {
			if _, name, _ := strings.Cut(n, " "); e.absent[name] {
				delete(e.absent, name) // one of several of this name is here
			}
		}
	}
	known()
	return e
}

// opaque types are known here as those of columns that are NULL, and by nothing else;
// and the columns of pg_subscription have privileges in PostgreSQL only.
var opaque = []string{"3220", "3361", "3402", "5017", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "6100"}

// internal is the pseudo-type of values that only PostgreSQL's own C code makes.
const internal = "2281"

// configured lists what each server was configured with.
var configured = regexp.MustCompile(`s\.setting IS DISTINCT FROM s\.boot_val`)

// unexplained gives the rows that differ for no known reason.
func (e *explanation) unexplained(sql string, want, got result) (missing, extra []string) {
	compared := func(r result, known map[string]bool) (rest [][]string) {
		for _, row := range r.rows {
			var kept []string
			named := false
			for i, v := range row {
				name, _, _ := strings.Cut(r.columns[i], ":")
				if columns.MatchString(name) {
					v = "*"
				}
				named = named || known[v]
				kept = append(kept, v)
			}
			if !named {
				rest = append(rest, kept)
			}
		}
		return rest
	}
	w, g := compared(want, nil), compared(got, e.own)
	missing, extra = diff(w, g)
	missing = missing[:0]
	if configured.MatchString(sql) {
		return nil, nil
	}
	count := map[string]int{}
	for _, row := range g {
		count[strings.Join(row, " | ")]++
	}
	for _, row := range w {
		k := strings.Join(row, " | ")
		if count[k]--; count[k] >= 0 {
			continue
		}
		excused := false
		for _, v := range row {
			excused = excused || e.absent[v]
		}
		if !excused {
			missing = append(missing, k)
		}
	}
	return missing, extra
}
