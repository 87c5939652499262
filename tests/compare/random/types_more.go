package random

import (
	"fmt"
	"strings"
)

// furtherTypes are those besides the ones that most tables are made of.
var furtherTypes = []string{"int4range", "daterange", "tsrange", "int4multirange", "varbit", "pair", "float4", "timetz", "bpchar", "inet", "posint", "date[]", "numeric[]"}

// userTypes makes the types that columns have and no system brings along.
var userTypes = []string{
	"CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
	"CREATE TYPE pair AS (x int4, y text)",
	"CREATE DOMAIN posint AS int4 CHECK (VALUE > -1000)",
}

func init() {
	base := weighted
	weighted = append(append(append([]string{}, base...), base...), furtherTypes...)
	for t, list := range furtherTemplates {
		templates[t] = append(templates[t], list...)
	}
	for t, list := range furtherAggregates {
		aggregates[t] = append(aggregates[t], list...)
	}
	// What every type has; literals without a type take it from what stands beside them.
	seen := map[string]bool{}
	for _, t := range weighted {
		if seen[t] {
			continue
		}
		seen[t] = true
		list := []string{"coalesce({%[1]s}, {unknown:%[1]s})", "(CASE WHEN {bool} THEN {%[1]s} ELSE {unknown:%[1]s} END)", "nullif({%[1]s}, {unknown:%[1]s})",
			"({%[1]s}::text::%[1]s)", "greatest({%[1]s}, {unknown:%[1]s}, {%[1]s})", "least({unknown:%[1]s}, {%[1]s})"}
		if !strings.HasSuffix(t, "[]") && t != "posint" {
			list = append(list, "(ARRAY[{%[1]s}, {unknown:%[1]s}, {%[1]s}])[{pos}]")
		}
		for _, s := range list {
			templates[t] = append(templates[t], fmt.Sprintf(s, t))
		}
	}
}

// furtherTemplates are expressions over the further types, and those of the
// first types that need more than plain columns.
var furtherTemplates = map[string][]string{
	"bool": {
		"({int4range} && {int4range})", "({int4range} @> {int4})", "({int4} <@ {int4range})", "({int4range} @> {int4range})", "({int4range} << {int4range})", "({int4range} &> {int4range})", "({int4range} &< {int4multirange})",
		"({int4range} -|- {int4range})", "({int4range} {cmp} {int4range})", "({int4multirange} && {int4range})", "({int4multirange} @> {int4})", "({int4multirange} <@ {int4multirange})", "({int4multirange} {cmp} {int4multirange})", "({int4multirange} -|- {int4multirange})",
		"({daterange} @> {date})", "({tsrange} && {tsrange})", "({daterange} <@ {daterange})", "isempty({int4range})", "lower_inc({tsrange})", "upper_inf({daterange})", "({tsrange} >> {tsrange})", "upper_inc({int4range})", "isempty({int4multirange})",
		"({pair} {cmp} {pair})", "({pair} IS NULL)", "({pair} IS NOT NULL)", "(({pair}).y = {text})", "({pair} IS DISTINCT FROM {pair})", "({pair} = ROW({int4}, {text})::pair)", "({pair} IN ({pair}, {pair}))",
		"({inet} <<= {inet})", "({inet} && {inet})", "({inet} {cmp} {inet})", "({varbit} {cmp} {varbit})", "({bpchar} {cmp} {bpchar})", "({bpchar} {cmp} {text})", "({bpchar} LIKE {pat})", "({float4} {cmp} {float8})", "({float4} {cmp} {numeric})", "({timetz} {cmp} {timetz})", "({posint} {cmp} {int4})",
		"({jsonb} @? {jp})", "({jsonb} @@ {jp})", "jsonb_path_exists({jsonb}, {jp}, '{}', true)", "jsonb_path_match({jsonb}, {jp}, silent => true)", "({jsonb} {cmp} {jsonb})", "regexp_like({text}, {re}, 'i')", "({T} {cmp} {unknown:T})", "({T} IN ({unknown:T}, {unknown:T}))", "({T} = ANY (ARRAY[{T}, {T}]))", "({T} BETWEEN {unknown:T} AND {T})",
		"({T} = ANY ({array:T}))", "({T} <> ALL ({array:T}))", "(ROW({T}, {U}, {int4}) {cmp} ROW({T}, {U}, {int4}))", "(({T}, {U}) = ANY (ARRAY[({T}, {U})]))", "({date[]} && {date[]})", "({numeric[]} {cmp} {numeric[]})", "({int4} = ANY ({int4[]}) IS TRUE)", "({text} IS NORMALIZED)",
		"(({timestamp}, {interval}) OVERLAPS ({timestamp}, {interval}))", "(({time}, {time}) OVERLAPS ({time}, {time}))", "({text} LIKE {pat} ESCAPE '!')", "({text} LIKE ANY (ARRAY[{pat}, {pat}]))", "({bytea} LIKE '\\\\x61%')", "(NOT {text} ~~* {pat})", "isfinite({interval})", "isfinite({timestamp})", "({text} COLLATE \"C\" {cmp} {text})",
	},
	"int4":           {"lower({int4range})", "upper({int4range})", "lower({int4multirange})", "upper({int4multirange})", "({pair}).x", "length({varbit})", "masklen({inet})", "family({inet})", "({posint} + {int4})", "{posint}::int4", "(upper({daterange}) - lower({daterange}))", "regexp_instr({text}, {re}, 1, {pos})", "array_length({date[]}, 1)", "array_lower({numeric[]}, 1)", "jsonb_array_length(jsonb_path_query_array({jsonb}, {jp}, silent => true))", "(array_positions({int4[]}, {int4}))[1]", "extract({anyfield} from {timestamp})::int4", "(date {unknown:date} - {date})", "cardinality(array_positions({text[]}, {text}))", "bit_length({bytea})", "get_bit({varbit} || '1', 0)", "position({bytea} in {bytea})", "min_scale({numeric})", "{varbit}::bit(8)::int4", "({int4[]})[array_lower({=}, 1)]", "(SELECT count(*)::int4 FROM unnest({int4[]}) AS uu)", "length({bpchar})", "octet_length({bpchar})", "num_nulls(VARIADIC {text[]})"},
	"int8":           {"bit_count({varbit})", "bit_count({bytea})", "({int8} & {int8})", "{bool}::int4::int8", "extract(epoch from {timestamptz})::int8", "(SELECT count(*) FROM unnest({text[]}) AS uu)", "({int4}::int8 << {tiny})", "factorial({tiny})::int8", "div({int8}, nullif({int8}, 0))::int8", "to_number({text}, {nfmt})::int8"},
	"numeric":        {"extract({anyfield} from {timestamptz})", "extract({anyfield} from {interval})", "extract(second from {time})", "({numeric[]})[{pos}]", "to_number({numeric}::text, {nfmt})", "round({numeric}, {int4} % 20)", "({numeric} ^ {tiny})", "exp({numeric} / 100)", "ln(abs({numeric}) + 1)", "log(abs({numeric}) + 1)", "cbrt({float8})::numeric", "{float4}::numeric", "({numeric}::numeric(20,15) * {numeric})", "({jsonb} -> 'n')::numeric", "round({numeric} / nullif({int4}, 0), 5)", "(lower({int4range}) * 1.5)"},
	"float8":         {"({float4} + {float8})", "({float4} * {float4})", "sin({float8})", "atan2({float8}, {float8})", "degrees({float8})", "tanh({float8})", "cbrt({float8})", "{float4}::float8", "sind({int4})", "log(abs({float8}) + 1)", "sqrt({float4} * {float4})", "{text}::float8"},
	"float4":         {"({float4} + {float4})", "({float4} / nullif({float4}, 0))", "{int4}::float4", "{float8}::float4", "(- {float4})", "{numeric}::float4", "abs({float4})"},
	"int4range":      {"int4range(least({int4}, {int4}), greatest({=}, {int4}))", "({int4range} * {int4range})", "range_merge({int4range}, {int4range})", "range_merge({int4multirange})", "int4range({int4}, NULL, '()')", "('empty')::int4range", "({int4range} + {int4range})", "({int4range} - {int4range})"},
	"daterange":      {"daterange({date}, NULL, '(]')", "({daterange} * {daterange})", "daterange(least({date}, {date}), greatest({=}, {date}), '[]')"},
	"tsrange":        {"tsrange(NULL, {timestamp})", "({tsrange} * {tsrange})", "tsrange(least({timestamp}, {timestamp}), greatest({=}, {timestamp}), '()')"},
	"int4multirange": {"int4multirange({int4range})", "int4multirange({int4range}, {int4range})", "({int4multirange} + {int4multirange})", "({int4multirange} - {int4multirange})", "({int4multirange} * {int4multirange})", "{int4range}::int4multirange", "multirange({int4range})"},
	"varbit":         {"({varbit} || {varbit})", "(~ {varbit})", "substring({varbit} from {pos} for {tiny})", "({varbit} << {tiny})", "{int4}::bit(8)::varbit", "({varbit} >> {tiny})", "overlay({varbit} placing '11' from {pos})", "set_bit({varbit} || '0', 0, 1)", "({varbit}::bit(6) & {varbit}::bit(6))::varbit", "({varbit}::bit(6) # '101010')::varbit"},
	"pair":           {"ROW({int4}, {text})::pair", "({int4}, {text})::pair", "(CASE WHEN {bool} THEN {pair} ELSE {pair} END)", "jsonb_populate_record({pair}, '{\"x\": 5}')"},
	"timetz":         {"({timetz} + {interval})", "{timestamptz}::timetz", "{time}::timetz", "({timetz} AT TIME ZONE {tz})", "({time} AT TIME ZONE '+02')"},
	"bpchar":         {"{text}::bpchar", "{text}::char(3)", "({bpchar}::char(5))", "{varchar}::bpchar"},
	"inet":           {"network({inet})::inet", "host({inet})::inet", "broadcast({inet})", "set_masklen({inet}, {int4} % 32)", "({inet} & {inet})", "(~ {inet})", "({inet} + {tiny})"},
	"posint":         {"{int4}::posint", "({posint} + 1)::posint"},
	"date[]":         {"ARRAY[{date}, {unknown:date}]", "({date[]} || {date})", "array_remove({date[]}, {date})", "({date[]})[{pos}:]", "array_cat({date[]}, {date[]})", "trim_array({date[]} || {date} || {date}, 1)"},
	"numeric[]":      {"ARRAY[{numeric}, {int4}]", "({numeric[]} || {numeric})", "{int4[]}::numeric[]", "array_fill({numeric}, ARRAY[2], ARRAY[{tiny}])", "('[0:1]={1,2.5}')::numeric[]", "array_replace({numeric[]}, {numeric}, 7)"},
	"int4[]":         {"('[2:3]={1,2}')::int4[]", "array_fill({int4}, ARRAY[2,2])", "({int4[]})[:{pos}]", "ARRAY(SELECT uu + 1 FROM unnest({int4[]}) AS uu ORDER BY 1)", "array_positions({int4[]}, {int4})", "trim_array(({int4[]} || 1), 1)", "(ARRAY[ARRAY[{int4}, 1], ARRAY[2, {int4}]])[1:1]"},
	"text[]":         {"ARRAY(SELECT uu::text FROM unnest({int4[]}) AS uu ORDER BY uu DESC NULLS LAST)", "string_to_array({text}, '', 'a')", "({text[]})[{pos}:{pos}]", "parse_ident('a.b')", "array_fill({text}, ARRAY[{tiny}])", "{date[]}::text[]", "(ARRAY[{T}, {unknown:T}])::text[]"},
	"text": {"to_char({timestamp}, {dfmt})", "to_char({timestamptz}, {dfmt})", "to_char({date}, {dfmt})", "to_char({interval}, {dfmt})", "to_char({numeric}, {nfmt})", "to_char({int4}, {nfmt})", "to_char({float8}, {nfmt})", "to_char({int8}, {nfmt})", "to_char(to_date(to_char({date}, {dfmt}), {dfmt}), 'YYYY-MM-DD')",
		"regexp_replace({text}, {re}, '[\\&]', {pos}, {tiny}, 'i')", "regexp_replace({text}, {re}, '<\\1>', 'gi')", "regexp_substr({text}, {re}, 1, {pos}, 'i')", "(regexp_match({text}, '(a)(b)?'))[2]", "jsonb_path_query_array({jsonb}, {jp}, silent => true)::text", "{int4range}::text", "{int4multirange}::text", "{daterange}::text", "{tsrange}::text", "{pair}::text", "({pair}).y", "{varbit}::text", "{inet}::text", "host({inet})", "abbrev({inet})", "{timetz}::text", "{bpchar}::text", "({bpchar} || {text})", "{float4}::text", "{date[]}::text", "{numeric[]}::text", "concat({bpchar}, '|')", "array_dims({int4[]})", "pg_typeof({T})::text", "pg_typeof(coalesce({A}, {B}))::text", "pg_typeof((ARRAY[{A}, {B}]))::text", "to_json({pair})::text", "row_to_json(ROW({T}, {U}))::text", "array_to_json(ARRAY[{T}, {T}])::text", "format('%2$s %1$I', {text}, {T})", "format('%10s|%-5s', {text}, {int4})", "jsonb_pretty(jsonb_build_object('p', {pair}, 'r', {int4range}))", "({timestamp} AT TIME ZONE {tz})::text", "({timestamptz} AT TIME ZONE {tz})::text", "overlay({text} placing {text} from {pos} for {tiny})", "encode({bytea}, 'base64')", "encode({bytea}, 'escape')", "convert_from(convert_to({text}, 'UTF8'), 'UTF8')", "string_to_array({text}, 'a', 'b')::text", "array_to_string({date[]}, '/', 'none')", "trim(leading from {text})", "substring({text} similar 'a#\"%#\"b' escape '#')", "(({T}, {U})::text)", "to_jsonb({T})::text", "ltrim({bpchar})", "rpad({text}, {len}, {text})", "({text} COLLATE \"C\")", "array_to_string({text[]} || {text[]}, ',')", "justify_hours({interval})::text", "({interval})::interval(0)::text", "{timestamp}::timestamp(0)::text", "{time}::time(0)::text", "({interval})::interval day to hour::text", "{jsonb} #>> '{0,a}'", "pg_size_pretty({int8})", "split_part({text}, {text}, {tiny} - 4)"},
	"jsonb":       {"jsonb_path_query_array({jsonb}, {jp}, silent => true)", "jsonb_path_query_first({jsonb}, {jp}, '{}', true)", "({jsonb})['a']", "({jsonb})['b']['c']", "({jsonb})[0]", "to_jsonb({pair})", "to_jsonb({date[]})", "jsonb_set_lax({objlit}, '{a}', {jsonb}, true, 'delete_key')", "to_jsonb({int4range})", "to_jsonb({numeric[]})", "(jsonb_build_array({jsonb}, {int4}) - {tiny})", "({objlit} - ARRAY['a', 'c'])", "jsonb_build_object({text}, {T})", "jsonb_object({text[]}, {text[]})", "to_jsonb({timestamptz})"},
	"date":        {"lower({daterange})", "upper({daterange})", "({date[]})[{pos}]", "to_date(to_char({date}, {dfmt}), {dfmt})", "(date {unknown:date} + {int4})", "({timestamptz} AT TIME ZONE {tz})::date", "make_date({int4}, 1, 1)"},
	"timestamp":   {"lower({tsrange})", "upper({tsrange})", "({timestamptz} AT TIME ZONE {tz})", "to_timestamp(to_char({timestamp}, {dfmt}), {dfmt})::timestamp", "({timestamp} + {interval} * {int4})", "make_timestamp(2020, 1 + abs({int4} % 12), 3, 4, 5, 6.5)", "date_trunc({anyunit}, {timestamp})", "date_bin('36 hours', {timestamp}, {timestamp})"},
	"timestamptz": {"({timestamp} AT TIME ZONE {tz})", "({date} AT TIME ZONE {tz})::timestamptz", "date_trunc({unit}, {timestamptz}, 'Asia/Kolkata')", "make_timestamptz(2021, 1 + abs({int4} % 12), 28, 2, 30, 0, 'America/New_York')", "({timestamptz} - {interval})", "to_timestamp({float8})"},
	"interval":    {"age({timestamptz}, {timestamptz})", "justify_hours({interval})", "({interval} * {float8})", "({interval} / nullif({float8}, 0))", "date_trunc({anyunit}, {interval})", "make_interval({tiny}, {int4}, {tiny}, {int4}, {tiny}, {int4}, {float8})", "({interval})::interval(2)", "({interval})::interval year to month", "({date} - {timestamp})", "({time} - {interval} - {time})", "({numeric}::text || ' hours')::interval"},
	"time":        {"({time} - {interval})", "{timetz}::time", "{interval}::time", "make_time(abs({int4} % 24), 5, 7.25)", "{timestamptz}::time", "({time})::time(0)"},
	"bytea":       {"set_byte({bytea} || '\\x00', 0, 65)", "overlay({bytea} placing '\\xff' from {pos})", "trim({bytea} from {bytea})", "{text}::bytea", "decode(encode({bytea}, 'base64'), 'base64')", "sha224({bytea})", "ltrim({bytea}, '\\x00')"},
	"mood":        {"enum_first({mood})", "({mood}::text)::mood", "(enum_range({mood}, 'happy'))[{pos}]", "(enum_range(NULL::mood))[{pos}]"},
	"varchar":     {"({varchar} || {varchar})::varchar", "{bpchar}::varchar", "{text}::varchar(2)", "upper({varchar})::varchar"},
	"int2":        {"{int4}::int2", "({int2} * {int2})", "{numeric}::int2", "({int2} & {int2})", "{bool}::int4::int2"},
}

var furtherAggregates = map[string][]string{
	"int4multirange": {"range_agg({int4range})", "range_intersect_agg({int4multirange})"}, "int4range": {"range_intersect_agg({int4range})"},
	"inet": {"min({inet})", "max({inet})"}, "timetz": {"min({timetz})", "max({timetz})"}, "bpchar": {"max({bpchar})", "min({d}{bpchar})"}, "float4": {"sum({float4} ORDER BY {=})", "max({float4})"},
	"interval": {"percentile_cont(0.25) WITHIN GROUP (ORDER BY {interval})", "sum({time}::interval)"},
	"int4[]":   {"percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY {int4})", "array_agg({int4} ORDER BY {=} DESC NULLS LAST) FILTER (WHERE {bool})"},
	"int8":     {"dense_rank({int4lit}) WITHIN GROUP (ORDER BY {int4} DESC)", "rank({int4lit}, 'a') WITHIN GROUP (ORDER BY {int4}, {text})", "count(*) FILTER (WHERE {bool})", "count(DISTINCT {row})", "sum(DISTINCT {int4})"},
	"float8":   {"percent_rank({int4lit}) WITHIN GROUP (ORDER BY {int4})", "cume_dist({int4lit}) WITHIN GROUP (ORDER BY {int4} NULLS FIRST)", "regr_r2({int4}, {int4})", "regr_intercept({int4}, {int4})", "covar_pop({int4}, {int4})", "percentile_cont(0.3) WITHIN GROUP (ORDER BY {int4} DESC)"},
	"text":     {"json_object_agg({text} || 'k', 7 ORDER BY {=})::text", "(mode() WITHIN GROUP (ORDER BY {T}))::text", "(percentile_disc(0.4) WITHIN GROUP (ORDER BY {T}))::text", "jsonb_object_agg({text} || 'k', {int4} ORDER BY {=})::text", "(array_agg({numeric[]} ORDER BY {=}) FILTER (WHERE false))::text"},
	"bytea":    {"string_agg({bytea}, '\\x2c' ORDER BY {=})"},
	"bool":     {"(array_agg({T} ORDER BY {=}) = array_agg({T} ORDER BY {=}))", "(avg({int4}) > min({numeric}))", "(bool_and({bool}) IS NOT FALSE)"},
	"numeric":  {"stddev_samp({numeric})", "var_samp(DISTINCT {int4})", "sum({numeric}) FILTER (WHERE {bool})", "avg(DISTINCT {numeric})"},
	"date":     {"percentile_disc(0.5) WITHIN GROUP (ORDER BY {date})", "max({d}{date})"},
}

// extreme gives a value at the end of a type's range, or beyond.
func (g *gen) extreme(typ string) string {
	if list := extremes[typ]; len(list) > 0 {
		return oneOf(g, list)
	}
	return g.value(typ)
}

var extremes = map[string][]string{
	"int4":        {"2147483647", "-2147483648", "-1", "65536"},
	"int8":        {"9223372036854775807", "-9223372036854775808", "4294967296"},
	"int2":        {"32767", "-32768"},
	"numeric":     {"NaN", "Infinity", "-Infinity", "99999999.99", "-0.01", "0.00", "12345678901234567890.123456789", "1e-20", "1e30"},
	"float8":      {"NaN", "Infinity", "-Infinity", "1e308", "1e-300", "-0", "123456789.125"},
	"float4":      {"NaN", "Infinity", "-Infinity", "3e38", "1e-40", "-0"},
	"date":        {"infinity", "-infinity", "4714-11-24 BC", "5874897-12-31", "1999-12-31", "0001-01-01", "0001-12-31 BC", "2000-02-29"},
	"timestamp":   {"infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999", "2000-02-29 12:00:00.5", "0044-03-15 12:00 BC"},
	"timestamptz": {"infinity", "-infinity", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "2021-03-28 01:30:00+00", "2021-11-07 05:59:59.999+00"},
	"interval":    {"178000000 years", "-178000000 years", "2147483647 days", "1 mon -30 days", "-1 day +24:00:00", "0.000001 sec", "1 year 2 mons -3 days 04:05:06.789", "2562047788 hours"},
	"time":        {"00:00:00", "24:00:00", "23:59:59.999999", "12:30:15.5"},
	"timetz":      {"00:00:00+15:59:59", "24:00:00-15:59:59", "23:59:59.999999+00"},
	"text":        {strings.Repeat("ab ", 30), "\\", "'", "\"", "é\u0301", "𝄞x", "{", "%", "\t\n", "null", "NULL", "0x10", "1e5", " 12 "},
	"int4range":   {"empty", "(,)", "[2147483646,2147483647)", "(,-2147483648)"},
	"inet":        {"::/0", "255.255.255.255/0", "0.0.0.0", "fe80::1%"},
	"jsonb":       {`{"a": {"a": {"a": [1, [2, [3]]]}}}`, `[[], {}, [null]]`, `1e400`, `-0.0`, `"\u00e9"`, `{"": 1}`, `[1.0, 1.00, 1]`},
}

// furtherValue is a random value of the further types as text.
func (g *gen) furtherValue(typ string) (string, bool) {
	bounds := func(elem string, less func(a, b string) bool) string {
		a, b := g.value(elem), g.value(elem)
		if less(b, a) {
			a, b = b, a
		}
		switch g.r.Intn(8) {
		case 0:
			return "empty"
		case 1:
			return "(," + b + "]"
		case 2:
			return "[" + a + ",)"
		}
		return oneOf(g, []string{"[", "("}) + a + "," + b + oneOf(g, []string{"]", ")"})
	}
	text := func(a, b string) bool { return a < b }
	number := func(a, b string) bool {
		var x, y int
		fmt.Sscan(a, &x)
		fmt.Sscan(b, &y)
		return x < y
	}
	switch typ {
	case "int4range":
		return bounds("int4", number), true
	case "daterange":
		return bounds("date", text), true
	case "tsrange":
		return bounds("timestamp", text), true
	case "int4multirange":
		var list []string
		for range g.r.Intn(4) {
			list = append(list, bounds("int4", number))
		}
		return "{" + strings.Join(list, ",") + "}", true
	case "varbit":
		return oneOf(g, []string{"", "0", "1", "101", "0110", "111111", "10101010"}), true
	case "pair":
		x, y := g.value("int4"), g.element("text")
		if g.chance(10) {
			x = ""
		}
		if g.chance(10) {
			y = ""
		}
		return "(" + x + "," + y + ")", true
	case "float4":
		return oneOf(g, []string{"0", "1", "-2.5", "0.1", "3.25", "100", "1.1"}), true
	case "timetz":
		return g.value("time") + oneOf(g, []string{"+00", "+02", "-05:30", "+00"}), true
	case "bpchar":
		return oneOf(g, []string{"", "a", "ab", "ab ", "abc", "b", "Foo", "x y"}), true
	case "inet":
		return oneOf(g, []string{"10.0.0.1", "10.0.0.0/8", "10.1.2.3/16", "192.168.0.1/24", "::1", "fe80::1/64", "10.0.0.1/32"}), true
	case "posint":
		return g.value("int4"), true
	}
	return "", false
}

// pattern is a random template of to_char: pieces put together.
func (g *gen) pattern(pieces []string, n int) string {
	var b strings.Builder
	for range 1 + g.r.Intn(n) {
		b.WriteString(oneOf(g, pieces))
	}
	return quote(b.String())
}

var datePieces = []string{"YYYY", "YY", "Y,YYY", "MM", "Mon", "MONTH", "month", "FMMonth", "DD", "DDD", "D", "Dy", "DAY", "FMDay", "IYYY", "IW", "ID", "IDDD", "WW", "W", "CC", "J", "Q", "RM", "rm",
	"HH", "HH12", "HH24", "MI", "SS", "MS", "US", "FF3", "FF6", "SSSS", "SSSSS", "AM", "p.m.", "BC", "a.d.", "TZ", "tz", "TZH", "TZM", "OF", "-", "/", " ", ":", "DDth", "FMDDTH", "MMth", "\"x\"", "TMMon", "FX", "FM", "."}

var numberPieces = []string{"9", "9", "99", "0", "00", "999", ".", ".99", "D9", "D00", ",", "G", ",999", "S", "MI", "PL", "SG", "PR", "FM", "L", "RN", "TH", "th", "V9", "EEEE", "9.99", "B", "\"x\"", "FM999", "FM0.999", "$", "-"}

var jsonPaths = []string{"$.a", "$.*", "$[*]", "$.b.c", "$.a ? (@ > 0)", "lax $[0]", "strict $.a", "$.**", "$.a.size()", "$.a.type()", "$[*] ? (@.a == 1)", "$.keyvalue()", "exists($.a)", "$.a + 1", "-$.a", "$[last]", "$[0 to 1]",
	"$.a.double()", "$ ? (@ starts with \"a\")", "$ ? (@ like_regex \"^a\")", "$.a == 1", "$[*].a", "strict $.**.a", "$.**{2}", "$.**{1 to last}", "$ ? (exists (@.b))", "$.a ? (@ == null)", "$[*] > 1", "$.a.abs()", "$.a.ceiling() * 2", "!($.a == 1)", "$.a == 1 && $.b == 2", "($.a > 0) is unknown", "$[$.a]", "$ ? (@.a == \"x\" || @.b.c == 2)", "$.c[*].double()", "$[0 to last] ? (@ != 2)", "strict $[5]", "$.a % 2 == 1", "$.\"a\"", "$.type()"}
