package random

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Calls are statements of one call each: of any function, operator, cast or
// aggregate that rowkey has, with values of the types that its arguments have, or
// with literals that have none. What exists is asked of rowkey's catalogs, so that
// whatever is added there is compared without anybody thinking of it here.

// callable is a function, operator, aggregate or pair of types.
type callable struct {
	kind byte // f unction, s et-returning, a ggregate, o perator, c ast
	name string
	args []string
}

// kinds are the types that calls are made with, as pg_type has them, and what is
// written for them.
var kinds = map[string]string{}

func init() {
	for _, t := range strings.Fields("bool bytea int8 int2 int4 text json jsonb point lseg path box polygon line float4 float8 circle money cidr inet macaddr macaddr8 bpchar varchar date time timestamp timestamptz interval timetz bit varbit numeric uuid " +
		"int4range int4multirange numrange nummultirange tsrange tstzrange daterange datemultirange int8range oid name") {
		kinds[t] = t
	}
	for _, t := range strings.Fields("bool int2 int4 int8 text numeric float8 date timestamp interval jsonb uuid varchar bytea") {
		kinds["_"+t] = t + "[]"
	}
	kinds["bit"] = "bit varying(4)::bit(4)" // bit alone is bit(1)
	kinds["char"] = `"char"`
}

// polymorphic types stand for one of these, the same within a call.
var families = []string{"int4", "int4", "text", "numeric", "date", "timestamp", "float8", "interval", "int8"}

var subtypes = map[string]string{"int4": "int4range", "numeric": "numrange", "date": "daterange", "timestamp": "tsrange", "int8": "int8range"}

var multiranges = map[string]string{"int4": "int4multirange", "numeric": "nummultirange", "date": "datemultirange"}

// unfit are functions whose answer depends on more than their arguments, or on what
// a server is.
func unfit(name string, args []string) bool {
	for _, p := range []string{"pg_", "current_", "has_", "txid_", "to_reg", "inet_client", "inet_server", "acl", "ri_", "hash", "bt", "ts_", "brin_", "gin", "gist", "spg", "numeric_support", "range_typ", "anyarray", "enum_in", "xml", "table_to", "query_to", "schema_to", "database_to", "cursor_to", "getdatabase", "lo_", "col_desc", "obj_desc", "shobj", "row_security", "xmlparse"} {
		if strings.HasPrefix(name, p) && name != "btrim" {
			return true
		}
	}
	switch name {
	case "now", "transaction_timestamp", "statement_timestamp", "version", "session_user", "user", "age", "format_type", "in_range", "oidvectortypes", "getpgusername", "timetz", "time", "mxid_age",
		"timestamptz", "makeaclitem", "satisfies_hash_partition", "factorial", "row_to_json", "any_value", "binary_upgrade", "concat", "cashlarger":
		return true
	}
	if len(args) == 2 && args[0] == "bytea" && strings.ContainsAny(name, ">#") && len(name) > 1 && name != ">=" && name != "<>" {
		return true // operators of our own: Redis' values as JSON
	}
	return internal.MatchString(name)
}

// internal are names of functions that types and aggregates are made of, of which
// some take and give what only a server's own code understands.
var internal = regexp.MustCompile(`(_support|sel|_ops|out|send|recv|_in|typmodin|sortsupport|equalimage|validator|hash|extended|_accum|_combine|_inv|serialize|_final|_finalfn|_transfn|cmp|_to_record|_to_recordset)$|^float8_(avg|var|stddev|regr|corr|covar)`)

// loadCalls asks for all that can be called.
func (r *runner) loadCalls() {
	add := func(kind byte, sql string) {
		res := r.rk.run(sql, mode{})
		for _, row := range res.rows {
			c := callable{kind: kind, name: string(row[0])}
			if len(row[1]) > 0 {
				c.args = strings.Split(string(row[1]), " ")
			}
			known := !unfit(c.name, c.args)
			for _, a := range c.args {
				_, ok := kinds[a]
				known = known && (ok || strings.HasPrefix(a, "any"))
			}
			if known {
				r.g.calls = append(r.g.calls, c)
			}
		}
	}
	proc := `SELECT proname, array_to_string(ARRAY(SELECT t.typname FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS a(o, n) JOIN pg_type t ON t.oid = a.o ORDER BY n), ' ')
		FROM pg_proc p WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile <> 'v' AND prosrc !~ 'ordered_set|hypothetical|percentile|mode_final' AND `
	add('f', proc+"prokind = 'f' AND NOT proretset ORDER BY oid")
	add('s', proc+"prokind = 'f' AND proretset ORDER BY oid")
	add('a', proc+"prokind = 'a' AND oid NOT IN (SELECT aggfnoid FROM pg_aggregate WHERE aggkind <> 'n') ORDER BY oid")
	add('o', `SELECT oprname, CASE WHEN oprleft = 0 THEN '' ELSE (SELECT typname FROM pg_type WHERE oid = oprleft) || ' ' END || (SELECT typname FROM pg_type WHERE oid = oprright)
		FROM pg_operator ORDER BY oid`)
	var types []string
	for t := range kinds {
		types = append(types, t)
	}
	slices.Sort(types)
	r.g.kinds = types
}

// call makes a statement of one call.
func (g *gen) call() query {
	g.names, g.subs, g.nested, g.ctes = 0, 0, 0, nil
	c := oneOf(g, g.calls)
	if c.kind == 's' && g.chance(50) {
		c = oneOf(g, g.calls)
	}
	if g.chance(12) {
		c = callable{kind: 'c', args: []string{oneOf(g, g.kinds), oneOf(g, g.kinds)}}
	}
	base := oneOf(g, families)
	types := make([]string, len(c.args))
	for i, a := range c.args {
		types[i] = g.concrete(a, base)
		if g.chance(3) { // a type that nobody asked for
			types[i] = kinds[oneOf(g, g.kinds)]
		}
	}
	if c.kind == 'o' && types[0] == "bytea" && (c.name[0] == '#' || strings.HasPrefix(c.name, "->")) {
		types[0] = "jsonb" // those are operators of our own
	}
	g.within = false
	switch {
	case c.kind == 'a':
		return g.aggregated(c, types)
	case c.kind == 'c' && types[0] == `"char"` && types[1] == "bpchar", c.name == "bpchar" && types[0] == `"char"`:
		return g.call() // of '' PostgreSQL makes a string of a zero byte
	case len(types) == 2 && strings.HasPrefix(types[0], "timestamp") && strings.HasPrefix(types[1], "timestamp"):
		g.within = true // PostgreSQL subtracts without looking for an overflow
	}
	values := types
	if c.kind == 'c' {
		values = types[:1]
	}
	args := make([]any, len(values))
	from := ""
	if len(values) > 0 && g.chance(35) { // values in rows, which nothing folds
		rows := make([]string, 1+g.r.Intn(3))
		for i := range rows {
			var vals []string
			for _, t := range values {
				vals = append(vals, g.callValue(t))
			}
			rows[i] = "(" + strings.Join(vals, ", ") + ")"
		}
		names := make([]string, len(values))
		for i := range names {
			names[i] = "a" + itoa(i)
			args[i] = "v." + names[i]
		}
		from = " FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
	} else {
		for i, t := range values {
			args[i] = g.callArg(t)
		}
	}
	n := structural("SELECT ")
	put := func(parts ...any) { n.parts = append(n.parts, parts...) }
	switch {
	case c.kind == 'c':
		to := types[1]
		if mods := modified[to]; len(mods) > 0 && g.chance(40) {
			to = oneOf(g, mods)
		}
		if g.chance(50) {
			put("CAST(", args[0], " AS ", to, ")")
		} else {
			put("(", args[0], ")::", to)
		}
	case c.kind == 'o' && len(args) == 2:
		put("(", args[0], ") "+c.name+" (", args[1], ")")
	case c.kind == 'o':
		put(c.name+" (", args[0], ")")
	default:
		put(quoteName(c.name) + "(")
		for i, a := range args {
			if i > 0 {
				put(", ")
			}
			if strings.HasPrefix(c.args[i], "any") && i == len(args)-1 && c.args[i] == "any" && g.chance(10) {
				put("VARIADIC ")
			}
			put(a)
		}
		put(")")
	}
	put(from)
	if c.kind == 's' {
		put(" LIMIT 20")
	}
	return query{node: n, single: c.kind != 's'}
}

// aggregated calls an aggregate over a few rows, whose order tells nothing.
func (g *gen) aggregated(c callable, types []string) query {
	rows := make([]string, g.r.Intn(5))
	var names []string
	for i := range types {
		names = append(names, "v.a"+itoa(i))
	}
	for i := range rows {
		var vals []string
		for _, t := range types {
			vals = append(vals, "("+g.callValue(t)+")::"+strings.TrimPrefix(t, "bit varying(4)::"))
		}
		rows[i] = "(" + strings.Join(append(vals, itoa(g.r.Intn(2)), itoa(i)), ", ") + ")"
	}
	args := strings.Join(names, ", ")
	if args == "" {
		args = "*"
	}
	order := ""
	if args != "*" {
		order = " ORDER BY v.n"
	}
	columns := strings.ReplaceAll(strings.Join(append(names, "k", "n"), ", "), "v.", "")
	source := " FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(" + columns + ")"
	if len(rows) == 0 {
		var nulls []string
		for _, t := range types {
			nulls = append(nulls, "NULL::"+strings.TrimPrefix(t, "bit varying(4)::"))
		}
		source = " FROM (SELECT " + strings.Join(append(nulls, "1", "1"), ", ") + " WHERE false) AS v(" + columns + ")"
	}
	name := quoteName(c.name)
	var sql string
	switch g.r.Intn(5) {
	case 0:
		sql = fmt.Sprintf("SELECT v.k, %s(%s%s)%s GROUP BY v.k", name, args, order, source)
	case 1:
		sql = fmt.Sprintf("SELECT %s(%s) OVER (ORDER BY v.n %s)%s", name, args, oneOf(g, []string{"", "ROWS 1 PRECEDING", "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW"}), source)
	case 2:
		sql = fmt.Sprintf("SELECT %s(%s%s) FILTER (WHERE v.k = 1)%s", name, args, order, source)
	case 3:
		if args != "*" {
			sql = fmt.Sprintf("SELECT %s(DISTINCT %s)%s", name, args, source)
			break
		}
		fallthrough
	default:
		sql = fmt.Sprintf("SELECT %s(%s%s)%s", name, args, order, source)
	}
	return query{node: text(sql), single: true}
}

func quoteName(s string) string {
	switch s {
	case "overlay", "position", "substring", "char", "bit", "timestamp", "time", "interval", "float4", "float8", "numeric", "varchar", "bpchar", "int4", "int8", "date", "json", "text", "left", "right", "normalize", "trim", "coalesce", "extract", "overlaps", "name", "similar", "is_normalized", "xmlexists", "timestamptz", "timetz", "bool", "money", "path", "point", "line", "any", "isnull", "notnull", "like", "row", "values":
		return `pg_catalog."` + s + `"`
	}
	return s
}

// concrete is a type for an argument's type.
func (g *gen) concrete(t, base string) string {
	switch t {
	case "any", "anyelement", "anynonarray", "anycompatible", "anycompatiblenonarray":
		if t == "any" {
			return kinds[oneOf(g, g.kinds)]
		}
		return base
	case "anyarray", "anycompatiblearray":
		return base + "[]"
	case "anyenum":
		return "mood"
	case "anyrange", "anycompatiblerange":
		if s := subtypes[base]; s != "" {
			return s
		}
		return "int4range"
	case "anymultirange", "anycompatiblemultirange":
		if s := multiranges[base]; s != "" {
			return s
		}
		return "int4multirange"
	}
	return kinds[t]
}

// modified are types with modifiers.
var modified = map[string][]string{
	"numeric": {"numeric(5,2)", "numeric(3)", "numeric(4,-2)", "numeric(3,5)"}, "varchar": {"varchar(3)", "varchar(1)"}, "bpchar": {"char(2)", "char"}, "varbit": {"varbit(3)"},
	"timestamp": {"timestamp(0)", "timestamp(3)"}, "timestamptz": {"timestamptz(1)"}, "time": {"time(0)"}, "timetz": {"timetz(2)"},
	"interval": {"interval(0)", "interval year to month", "interval day to hour", "interval minute to second(1)", "interval month"}, "numeric[]": {"numeric(4,1)[]"}, "varchar[]": {"varchar(2)[]"},
}

// callArg is a literal with a type, one that takes its type from its place, or a
// value of another type that may do.
func (g *gen) callArg(t string) *node {
	switch v := g.callText(t); {
	case g.chance(6):
		return text("NULL")
	case g.chance(15):
		return text(quote(v))
	case (t == "int4" || t == "numeric" || t == "int8") && g.chance(60) && strings.Trim(v, "-0123456789.") == "" && v != "":
		return text("(" + v + ")")
	case g.chance(6):
		return &node{typ: t, parts: []any{"NULL::" + t}}
	default:
		return &node{typ: t, lit: !strings.Contains(t, "("), parts: []any{quote(v) + "::" + t}}
	}
}

func (g *gen) callValue(t string) string {
	if g.chance(8) {
		return "NULL::" + t
	}
	return quote(g.callText(t)) + "::" + t
}

// callText is a value of a type as text, from the ends of its range often.
func (g *gen) callText(t string) string {
	if elem, ok := strings.CutSuffix(t, "[]"); ok {
		if g.chance(15) {
			return oneOf(g, []string{"{}", "{NULL}", "[2:3]={" + g.arrayElem(elem) + "," + g.arrayElem(elem) + "}", "{{" + g.arrayElem(elem) + "},{" + g.arrayElem(elem) + "}}"})
		}
		var parts []string
		for range g.r.Intn(4) {
			parts = append(parts, g.arrayElem(elem))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	if list := extremes[t]; len(list) > 0 && !g.within && g.chance(20) {
		return oneOf(g, list)
	}
	if list := callTexts[t]; len(list) > 0 && (g.chance(40) || !g.knows(t)) {
		return oneOf(g, list)
	}
	return g.value(t)
}

func (g *gen) arrayElem(t string) string {
	if g.chance(10) {
		return "NULL"
	}
	return `"` + strings.ReplaceAll(strings.ReplaceAll(g.callText(t), `\`, `\\`), `"`, `\"`) + `"`
}

// knows tells whether value makes values of the type.
func (g *gen) knows(t string) bool { return simpleTypes[t] }

var simpleTypes = func() map[string]bool {
	m := map[string]bool{}
	for _, list := range [][]string{weighted, furtherTypes} {
		for _, t := range list {
			m[t] = true
		}
	}
	return m
}()

// callTexts are more values, for types that columns do not have and for functions that
// take patterns, templates and names.
var callTexts = map[string][]string{
	"text":  {"day", "month", "YYYY-MM-DD", "HH24:MI:SS.US", "999.99", "FM9990.0", "S99PR", "Europe/Berlin", "UTC", "-03", "a+", "^(a)(b)?", "[[:alpha:]]+", "g", "i", "hex", "base64", "escape", "UTF8", "LATIN1", "NFC", "NFKD", "a", "{a,b}", "$.a", "md5", "%s and %I", "%1$L|%2$s", "epoch", "julian", "2021-03-04", "\\x41", "\\141", "#\"a#\"", "a.b.\"C\"", "tést ß", "ǆ", "İ", "\t x \n", "12", "-1.5", "true", "{\"a\":1}"},
	"json":  {"{\"a\": 1, \"b\": [1, 2, {\"c\": null}]}", "[1, \"a\", null]", "1", "\"a\"", "null", "{}", "[]", " { \"a\" : 1 , \"a\" : 2 } ", "[[1,2],[3]]", "{\"f1\":\"x\"}"},
	"point": {"(0,0)", "(1,2)", "(-1.5,3)", "(1e10,-1e-3)", "(NaN,1)", "(Infinity,0)"}, "lseg": {"[(0,0),(1,1)]", "[(1,0),(1,5)]", "[(2,2),(2,2)]", "[(-1,3),(4,-2)]"}, "line": {"{1,-1,0}", "{0,1,-2}", "{1,0,3}", "{2,3,4}"},
	"path": {"((0,0),(1,1),(2,0))", "[(0,0),(1,1),(2,0)]", "((1,1))", "[(0,0),(3,4)]"}, "box": {"(1,1),(0,0)", "(2,3),(1,1)", "(0,0),(0,0)", "(-1,-1),(-3,-2)", "(5,5),(0.5,0.5)"},
	"polygon": {"((0,0),(1,1),(2,0))", "((0,0),(0,4),(4,4),(4,0))", "((1,1))", "((2,2),(3,3))"}, "circle": {"<(0,0),1>", "<(1,2),3>", "<(5,5),0>", "<(-1,0),2.5>"},
	"money": {"$1.00", "-$1,234.56", "$0.01", "$92,233,720,368,547,758.07", "12"}, "cidr": {"10.0.0.0/8", "192.168.1.0/24", "::/0", "fe80::/10", "1.2.3.4"}, "macaddr": {"08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"}, "macaddr8": {"08:00:2b:01:02:03:04:05", "ff:ff:ff:ff:ff:ff:ff:ff", "08:00:2b:ff:fe:01:02:03"},
	"bit varying(4)::bit(4)": {"1010", "0000", "1111", "0110", "01"}, "numrange": {"[1,2.5)", "empty", "(,)", "[0,0]", "(-1.5,NaN)"}, "nummultirange": {"{}", "{[1,2),[3,4]}", "{(,1.5]}"}, "tstzrange": {"[2020-01-01 00:00+00,2021-01-01 00:00+00)", "empty", "(,2020-06-01 12:00+02]"},
	"datemultirange": {"{}", "{[2020-01-01,2020-02-01),[2021-01-01,)}", "{[2020-01-05,2020-01-06)}"}, "int8range": {"[1,5)", "empty", "[9223372036854775806,9223372036854775807)", "(,0]"}, "oid": {"0", "1", "4294967295", "16384"}, "name": {"a", "Abc", "pg_class", "x y"}, `"char"`: {"a", "", "0", "z"},
	"interval": {"1 day", "-1 mon 15 days", "25:00:00", "1.5 years", "-00:00:00.5", "P1Y2M3DT4H5M6S"}, "int4": {"1", "2", "-1", "0", "100", "3", "10", "-2"}, "int8": {"1", "-7", "100000000000"}, "numeric": {"1", "-1.50", "0.001", "123.456", "1e10", "100"}, "float8": {"1.5", "-0.5", "0", "2", "100", "1e-5"},
}
