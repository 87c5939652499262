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
//   - absent      built-in objects of PostgreSQL's that are not here: TestBuiltinRows
//     has a reason for each, by name
//
// A row may be missing if it names an absent object, and be too many if it names
// one of rowkey's own; nothing else may.

// columns are not compared.
var columns = regexp.MustCompile(`^(Size|relpages|toastpages|reltuples|relfrozenxid|tfrozenxid|relminmxid|tminmxid|datfrozenxid|datminmxid|toid|` +
	// pg_attribute.attoptions tells in PostgreSQL's later minor releases which one made it.
	`attversion|version)$`)

// absences list number and name of objects that PostgreSQL has more of. Of
// columns of the type numbers are shown that no name goes with.
var absences = []struct{ class, all string }{
	{"access methods", `SELECT oid, amname FROM pg_am`},
	{"settings", `SELECT 0, name FROM pg_settings`},
	{"other databases of the server", `SELECT oid, datname FROM pg_database WHERE datname <> current_database()`},
	{"roles of other tests", `SELECT oid, rolname FROM pg_roles WHERE oid >= 16384`},
	{"schemas", `SELECT oid, nspname FROM pg_namespace WHERE oid < 16384`},
	{"text search", `SELECT oid, cfgname FROM pg_ts_config UNION ALL SELECT oid, dictname FROM pg_ts_dict
		UNION ALL SELECT oid, prsname FROM pg_ts_parser UNION ALL SELECT oid, tmplname FROM pg_ts_template`},
	{"collations", `SELECT oid, collname FROM pg_collation WHERE oid < 16384`},
	{"conversions", `SELECT oid, conname FROM pg_conversion WHERE oid < 16384`},
	{"indexes of system relations", `SELECT oid, relname FROM pg_class WHERE oid < 16384 AND relkind = 'i' UNION ALL
		SELECT oid, conname FROM pg_constraint WHERE oid < 16384`},
	{"triggers of foreign keys", `SELECT oid, tgname FROM pg_trigger WHERE tgisinternal`},
	{"rules of system views", `SELECT oid, '' FROM pg_rewrite WHERE ev_class < 16384`},
	{"tables of long values", `SELECT oid, relname FROM pg_class WHERE relkind = 't' UNION ALL
		SELECT indexrelid, relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname ~ '^pg_toast'`},
	{"types", `SELECT oid, typname FROM pg_type WHERE oid < 16384`},
	{"functions", `SELECT oid, proname FROM pg_proc WHERE oid < 16384`},
	{"operators", `SELECT oid, '' FROM pg_operator WHERE oid < 16384`},
	{"casts", `SELECT oid, '' FROM pg_cast WHERE oid < 16384`},
	{"operator families", `SELECT oid, opfname FROM pg_opfamily WHERE oid < 16384`},
	{"operator classes", `SELECT oid, opcname FROM pg_opclass WHERE oid < 16384`},
}

// explanation is what the two servers are known not to have in common.
type explanation struct {
	own, absent map[string]bool // numbers and names
}

// explain looks at both servers.
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
		`SELECT o.oid::regoperator FROM pg_operator o JOIN pg_proc p ON p.oid = oprcode JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('kv', 'rowkey')`,
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
		for _, row := range list(pg, a.all) {
			if here[row[0]+" "+row[1]] {
				continue
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
		if a.class == "functions" {
			// The name alone may be that of others.
			for _, row := range list(pg, "SELECT oid, oid::regprocedure, proname || '(' || pg_get_function_arguments(oid) || ')' FROM pg_proc WHERE oid < 16384") {
				if e.absent[row[0]] {
					e.absent[row[1]], e.absent[row[2]] = true, true
				}
			}
		}
		if a.class == "operators" {
			for _, row := range list(pg, "SELECT oid, oid::regoperator FROM pg_operator WHERE oid < 16384") {
				e.absent[row[1]] = e.absent[row[0]]
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
	// Settings are as each server was configured: rowkey's own values are named in
	// testdata/absent.txt, PostgreSQL says of its own where they come from.
	for entry := range absent(t) {
		if name, ok := strings.CutPrefix(entry, "pg_settings.setting\t"); ok {
			e.own[name], e.absent[name] = true, true
		}
	}
	for _, row := range list(pg, "SELECT name FROM pg_settings WHERE source <> 'default'") {
		e.absent[row[0]] = true
	}
	return e
}

// opaque types are known here as those of columns that are NULL, and by nothing else;
// and the columns of pg_subscription have privileges in PostgreSQL only.
var opaque = []string{"3220", "3361", "3402", "5017", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "6100"}

// unexplained gives the rows that differ for no known reason.
func (e *explanation) unexplained(want, got result) (missing, extra []string) {
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
