package introspection

import (
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
)

// Rows about built-in objects.
//
//	here and in PostgreSQL    equal, column by column, but for values that testdata/absent.txt
//	                          names as relation.column
//	in PostgreSQL only        named in testdata/absent.txt with a reason, or about
//	                          an object that is missing (a cast to xml)
//	here only                 of the schemas kv and rowkey

// relation is a system relation whose rows are compared.
type relation struct {
	name string
	// key names a row, alike on both servers.
	key string
	// on lists what a row is about, as "relation:number": if that is missing, so may the row be.
	on string
	// own tells rows of rowkey's own.
	own string
	// except lists columns that are not compared, and why.
	except, why string
	// texts are columns whose values PostgreSQL keeps in a form of its own, and the text they stand for.
	texts map[string]string
}

const (
	ownSchemas = ` IN (SELECT oid FROM pg_namespace WHERE nspname IN ('kv', 'rowkey'))`
	ownProcs   = ` IN (SELECT oid FROM pg_proc WHERE pronamespace` + ownSchemas + `)`
)

var relations = []relation{
	{name: "pg_am", key: "amname"},
	{name: "pg_language", key: "lanname"},
	{name: "pg_namespace", key: "nspname", own: "nspname IN ('kv', 'rowkey')"},
	{name: "pg_authid", key: "rolname"},
	{name: "pg_auth_members", key: "roleid::regrole || ' ' || member::regrole"},
	{name: "pg_tablespace", key: "spcname"},
	{name: "pg_range", key: "rngtypid::regtype"},
	{name: "pg_collation", key: "CASE collprovider WHEN 'i' THEN 'of ICU' ELSE collname END",
		on: "CASE WHEN collprovider = 'c' AND oid > 12341 THEN 'locale' END"},
	{name: "pg_conversion", key: "conname"},
	{name: "pg_ts_parser", key: "prsname"},
	{name: "pg_ts_template", key: "tmplname"},
	{name: "pg_ts_dict", key: "dictname"},
	{name: "pg_ts_config", key: "cfgname"},
	{name: "pg_ts_config_map", key: "mapcfg || ' ' || maptokentype", on: "'pg_ts_config:' || mapcfg"},
	{name: "pg_class", key: "oid::regclass", own: "relnamespace" + ownSchemas, on: `CASE WHEN relkind = 'i' THEN 'index' WHEN relkind = 't' THEN 'toast' ELSE '' END`,
		except: "relpages reltuples relallvisible relfrozenxid relminmxid reltoastrelid relfilenode relhasindex relhasrules",
		why:    "system relations are computed: nothing of them is stored"},
	{name: "pg_attribute", key: "attrelid::regclass || '.' || attname", own: "attrelid IN (SELECT oid FROM pg_class WHERE relnamespace" + ownSchemas + ")", on: "'pg_class:' || attrelid || CASE WHEN attnum < 0 THEN ' system' ELSE '' END",
		except: "attcacheoff attoptions", why: "PostgreSQL's later minor releases keep in attoptions which one made the row"},
	{name: "pg_type", key: "typname", own: "typnamespace" + ownSchemas, on: "concat_ws(' ', 'pg_type:' || typelem, 'pg_class:' || typrelid)",
		texts: map[string]string{"typdefaultbin": "pg_get_expr(typdefaultbin, 0)"}},
	{name: "pg_proc", key: "oid::regprocedure", own: "pronamespace" + ownSchemas,
		on:     `concat_ws(' ', 'pg_type:' || prorettype, (SELECT string_agg('pg_type:' || a, ' ') FROM unnest(proargtypes) a), (SELECT string_agg('pg_type:' || a, ' ') FROM unnest(proallargtypes) a))`,
		except: "prosupport", why: "the planner knows of functions what it needs without asking others",
		texts: map[string]string{"proargdefaults": "pg_get_expr(proargdefaults, 0)", "prosqlbody": "pg_get_function_sqlbody(oid)"}},
	{name: "pg_aggregate", key: "aggfnoid::oid::regprocedure", on: "'pg_proc:' || aggfnoid::oid",
		except: "aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn aggmfinalfn aggfinalextra aggmfinalextra aggfinalmodify aggmfinalmodify aggtranstype aggtransspace aggmtranstype aggmtransspace agginitval aggminitval",
		why:    "built-in aggregates are not made of functions of states"},
	{name: "pg_operator", key: "oid::regoperator", on: "concat_ws(' ', 'pg_type:' || oprleft, 'pg_type:' || oprright, 'pg_type:' || oprresult, 'pg_proc:' || oprcode::oid)",
		own: "oprcode" + ownProcs, except: "oprrest oprjoin", why: "the planner's estimates are not functions"},
	{name: "pg_cast", key: "castsource::regtype || ' AS ' || casttarget::regtype", on: "concat_ws(' ', 'pg_type:' || castsource, 'pg_type:' || casttarget)"},
	{name: "pg_opfamily", key: "opfmethod || ' ' || opfname", on: "concat_ws(' ', 'pg_am:' || opfmethod, (SELECT string_agg('pg_type:' || opcintype, ' ') FROM pg_opclass WHERE opcfamily = f.oid))"},
	{name: "pg_opclass", key: "opcmethod || ' ' || opcname", on: "concat_ws(' ', 'pg_opfamily:' || opcfamily, 'pg_type:' || opcintype)"},
	{name: "pg_amop", key: "amopfamily || ' ' || amopopr::regoperator", on: "concat_ws(' ', 'pg_opfamily:' || amopfamily, 'pg_operator:' || amopopr)"},
	{name: "pg_amproc", key: "amprocfamily || ' ' || amproc || ' ' || amproclefttype::regtype || ' ' || amprocrighttype::regtype",
		on: "concat_ws(' ', 'pg_opfamily:' || amprocfamily, 'pg_type:' || amproclefttype, 'pg_type:' || amprocrighttype)"},
	{name: "pg_constraint", key: "conname || ' ' || conrelid::regclass", own: "connamespace" + ownSchemas, on: "CASE WHEN conrelid <> 0 THEN 'index' END",
		texts: map[string]string{"conbin": "pg_get_expr(conbin, 0)"}},
	{name: "pg_index", key: "indexrelid::regclass", own: "indrelid IN (SELECT oid FROM pg_class WHERE relnamespace" + ownSchemas + ")", on: "'pg_class:' || indexrelid"},
	{name: "pg_rewrite", key: "ev_class::regclass", own: "ev_class IN (SELECT oid FROM pg_class WHERE relnamespace" + ownSchemas + ")", on: "'rule'"},
	{name: "pg_description", key: "classoid::regclass || ' ' || objoid || ' ' || objsubid", on: "classoid::regclass || ':' || objoid",
		own: "objoid" + ownProcs + " OR objoid" + ownSchemas + " OR objoid IN (SELECT oid FROM pg_class WHERE relnamespace" + ownSchemas + ")"},
	{name: "pg_shdescription", key: "classoid::regclass || ' ' || objoid", on: "classoid::regclass || ':' || objoid"},
	{name: "pg_settings", key: "name", except: "setting reset_val source sourcefile sourceline pending_restart", why: "how each server was configured; see TestSettings",
		texts: map[string]string{ // the minor release is each server's own
			"min_val":  "CASE WHEN name !~ '^server_version' THEN min_val END",
			"max_val":  "CASE WHEN name !~ '^server_version' THEN max_val END",
			"boot_val": "CASE WHEN name !~ '^server_version' THEN boot_val END",
		}},
}

// computed are kinds of rows that are missing altogether, and why.
var computed = map[string]string{
	"index":  "system relations are computed",
	"locale": "locales of PostgreSQL's machine",
	"toast":  "long values are no rows elsewhere",
	"rule":   "system views are computed",
	// Of system relations there are no columns ctid, xmin, …
	"system": "system relations are computed",
	// Of the pseudo-type internal are the arguments of functions that only PostgreSQL's own C code calls.
	"pg_type:2281": "no statement can call them",
}

// absent reads testdata/absent.txt: reasons, and under each the rows that are missing for it.
func absent(t *testing.T) map[string]string {
	text, err := os.ReadFile("testdata/absent.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	reason := ""
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		switch {
		case line == "":
		case line[0] == '#':
			reason = strings.TrimPrefix(line, "# ")
		case list[line] != "":
			t.Errorf("testdata/absent.txt names %s twice", line)
		default:
			list[line] = reason
		}
	}
	return list
}

// TestBuiltinRows compares the system relations row by row.
func TestBuiltinRows(t *testing.T) {
	pgURL, rkURL := databases(t)
	pg, rk := connect(t, "PostgreSQL", pgURL, ""), connect(t, "rowkey", rkURL, "")
	pg.names, rk.names = nil, nil // here numbers are themselves
	listed, used, missing := absent(t), map[string]bool{}, map[string]bool{}
	var unlisted []string
	for _, r := range relations {
		columns := pg.run(t, "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND attrelid = 'pg_catalog."+r.name+"'::regclass", nil).rows[0][0]
		var exprs, names []string
		hasOID := false
		for _, c := range strings.Fields(columns) {
			hasOID = hasOID || c == "oid"
			if !slices.Contains(strings.Fields(r.except), c) {
				names, exprs = append(names, c), append(exprs, "("+orElse(r.texts[c], c)+")::text")
			}
		}
		number := "0"
		if hasOID {
			number = "oid"
		}
		sql := "SELECT (" + r.key + ")::text, " + number + "::text, coalesce(" + orElse(r.on, "''") + ", ''), coalesce((" + orElse(r.own, "false") + ")::text, 'false'), " +
			strings.Join(exprs, ", ") + " FROM pg_catalog." + r.name + " f"
		if hasOID {
			sql += " WHERE oid < 16384"
		}
		read := func(s *side) [][]string {
			res := s.run(t, sql, nil)
			if res.err != "" {
				t.Fatalf("%s: %s: %s", s.name, sql, res.err)
			}
			return res.rows
		}
		theirs := map[string][]string{}
		for _, row := range read(pg) {
			theirs[row[0]+" "+row[1]] = row
		}
		here, differing := map[string]bool{}, 0
		for _, row := range read(rk) {
			if row[3] == "true" {
				continue
			}
			k := row[0] + " " + row[1]
			want := theirs[k]
			if want == nil {
				t.Errorf("%s: PostgreSQL has no row %s", r.name, k)
				continue
			}
			here[k] = true
			for i, v := range row[4:] {
				entry := r.name + "." + names[i] + "\t" + row[0]
				if w := want[4+i]; v == w {
					continue
				} else if used[entry] = true; listed[entry] == "" {
					if differing++; differing < 50 {
						t.Errorf("%s %s: %s is %q, want %q", r.name, row[0], names[i], v, w)
					}
				}
			}
		}
		if differing > 0 {
			t.Errorf("%s: %d values differ", r.name, differing)
		}
		n := 0
		for k, row := range theirs {
			if !here[k] {
				n++
				missing[r.name+":"+row[1]] = true
			}
		}
		for k, row := range theirs {
			if here[k] {
				continue
			}
			entry := r.name + "\t" + row[0]
			explained := listed[entry] != ""
			used[entry] = true
			for _, on := range strings.Fields(row[2]) {
				explained = explained || missing[on] || computed[on] != ""
			}
			if !explained && !slices.Contains(unlisted, entry) {
				unlisted = append(unlisted, entry)
			}
		}
		if r.except != "" {
			t.Logf("%s: not compared: %s (%s)", r.name, r.except, r.why)
		}
		t.Logf("%-16s %4d rows equal, %4d are missing", r.name, len(here), n)
	}
	sort.Strings(unlisted)
	for _, u := range unlisted {
		t.Errorf("missing, and not in testdata/absent.txt: %s", u)
	}
	for l := range listed {
		if !used[l] && !strings.HasPrefix(l, "pg_settings.setting\t") {
			t.Errorf("in testdata/absent.txt, but not so: %s", l)
		}
	}
}

// TestSettings: a setting begins with the value that PostgreSQL has built in, but
// for those that testdata/absent.txt names.
func TestSettings(t *testing.T) {
	pgURL, rkURL := databases(t)
	pg, rk := connect(t, "PostgreSQL", pgURL, ""), connect(t, "rowkey", rkURL, "")
	pg.names, rk.names = nil, nil
	listed, builtIn := absent(t), map[string]string{}
	for _, row := range pg.run(t, "SELECT name, coalesce(boot_val, '') FROM pg_settings", nil).rows {
		builtIn[row[0]] = row[1]
	}
	rows := rk.run(t, "SELECT name, setting FROM pg_settings", nil).rows
	for _, row := range rows {
		want, ok := builtIn[row[0]]
		own := listed["pg_settings.setting\t"+row[0]] != ""
		switch {
		case !ok:
			t.Errorf("PostgreSQL has no setting %s", row[0])
		case row[1] != want && !own:
			t.Errorf("%s is %q, want %q", row[0], row[1], want)
		case row[1] == want && own && !strings.HasPrefix(row[0], "server_version"):
			t.Errorf("%s is as in PostgreSQL, but in testdata/absent.txt", row[0])
		}
	}
	if len(rows) < 100 {
		t.Errorf("only %d settings", len(rows))
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
