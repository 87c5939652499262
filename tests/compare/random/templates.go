package random

// weighted are the types columns have, more often what most tables are made of.
var weighted = []string{"int4", "int4", "int4", "int8", "int2", "numeric", "numeric", "float8", "text", "text", "text",
	"varchar", "date", "date", "timestamp", "timestamptz", "interval", "time", "bool", "bool", "uuid", "bytea", "jsonb", "int4[]", "text[]", "mood"}

// crossed are pairs of types that compare with each other.
var crossed = [][2]string{{"int4", "int8"}, {"int2", "int4"}, {"int4", "numeric"}, {"int8", "float8"}, {"numeric", "float8"},
	{"date", "timestamp"}, {"date", "timestamptz"}, {"timestamp", "timestamptz"}, {"text", "varchar"}}

// templates are the expressions of each type. {t} is an expression of type t;
// {any} of any type; {T} and {U} of one comparable type, the same within a
// template; {=} is the expression before it once more; {cmp} a comparison;
// the lower-case names without type are small literals (literals.go).
var templates = map[string][]string{
	"bool": {
		"({T} {cmp} {T})", "({T} {cmp} {T})", "({T} {cmp} {T})", "({A} {cmp} {B})", "({A} {cmp} {B})",
		"({bool} AND {bool})", "({bool} OR {bool})", "({bool} AND {bool})", "({bool} OR {bool})", "(NOT {bool})", "(NOT {bool})",
		"({any} IS NULL)", "({any} IS NOT NULL)", "({bool} IS TRUE)", "({bool} IS NOT TRUE)", "({bool} IS FALSE)", "({bool} IS UNKNOWN)", "({bool} IS NOT FALSE)",
		"({text} LIKE {pat})", "({text} NOT LIKE {pat})", "({text} ILIKE {pat})", "({text} ~ {re})", "({text} ~* {re})", "({text} !~ {re})", "({text} SIMILAR TO {sim})",
		"({T} BETWEEN {T} AND {T})", "({T} NOT BETWEEN {T} AND {T})", "({T} BETWEEN SYMMETRIC {T} AND {T})",
		"({T} IN ({T}, {T}, {T}))", "({T} IN ({lit:T}, {lit:T}, {lit:T}))", "({T} NOT IN ({T}, {T}))", "({T} IS DISTINCT FROM {T})", "({T} IS NOT DISTINCT FROM {T})",
		"({int4} = ANY ({int4[]}))", "({text} <> ALL ({text[]}))", "({int4} < ANY ({int4[]}))", "({int4} = ANY (ARRAY[{int4}, {int4}]))",
		"({int4[]} @> {int4[]})", "({int4[]} && {int4[]})", "({int4[]} <@ {int4[]})", "({text[]} @> {text[]})",
		"({jsonb} @> {jsonb})", "({jsonb} ? {key})", "({jsonb} ?| array['a', 'c'])", "({jsonb} <@ {jsonb})", "({jsonb} ?& array['a', 'b'])",
		"starts_with({text}, {text})", "({text} ^@ {text})", "(({T}, {U}) {cmp} ({T}, {U}))", "(({T}, {U}) IN (({T}, {U}), ({T}, {U})))",
		"(({date}, {date}) OVERLAPS ({date}, {date}))", "(CASE WHEN {bool} THEN {bool} ELSE {bool} END)", "coalesce({bool}, {bool})",
		"(ROW({T}, {U}) IS DISTINCT FROM ROW({T}, {U}))", "(({T}, {U}) IS NULL)", "(num_nulls({any}, {any}) > 0)", "isfinite({date})", "({int4} {cmp} ({int4} + {int4}))",
		"jsonb_exists({jsonb}, {key})", "({row} IS NULL)", "({row} IS NOT NULL)", "({row}.* IS NOT DISTINCT FROM {row}.*)", "({mood} {cmp} {mood})", "({mood} IN ('ok', 'happy'))", "({bool} = {bool})", "({bool} IS DISTINCT FROM {bool})", "({jsonb} IS NOT NULL)",
	},
	"int4": {
		"({int4} + {int4})", "({int4} - {int4})", "({int4} * {int4})", "({int4} / nullif({int4}, 0))", "({int4} % nullif({int4}, 0))", "(- {int4})", "abs({int4})", "({int2} + {int4})",
		"length({text})", "char_length({text})", "octet_length({text})", "ascii({text})", "position({text} in {text})", "strpos({text}, {text})",
		"({date} - {date})", "sign({numeric})::int4", "extract({field} from {date})::int4", "date_part('day', {timestamp})::int4", "extract(hour from {time})::int4",
		"cardinality({int4[]})", "array_length({text[]}, 1)", "array_position({int4[]}, {int4})", "({int4[]})[{pos}]", "array_upper({int4[]}, 1)", "{bool}::int4", "round({numeric})::int4",
		"round({float8})::int4", "({int4} & {int4})", "({int4} | {int4})", "({int4} # {int4})", "(~ {int4})", "({int4} << {tiny})", "({int4} >> {tiny})",
		"(CASE WHEN {bool} THEN {int4} WHEN {bool} THEN {int4} ELSE {int4} END)", "(CASE {T} WHEN {T} THEN {int4} ELSE {int4} END)", "coalesce({int4}, {int4})", "nullif({int4}, {int4})", "greatest({int4}, {int4}, {int4})", "least({int4}, {int4})",
		"mod({int4}, nullif({int4}, 0))", "num_nonnulls({any}, {any}, {any})", "(CASE WHEN {bool} THEN {int4} END)", "bit_length({text})", "width_bucket({numeric}, 0, 10, 5)",
		"length({bytea})", "get_byte('\\x0102'::bytea, 1)", "gcd({int4}, {int4})", "array_ndims({int4[]})", "div({numeric}, nullif({numeric}, 0))::int4", "date_part('year', {date})::int4", "({jsonb} -> 'n')::int4 ", "regexp_count({text}, {re})",
	},
	"int8": {"({int8} + {int4})", "({int8} - {int8})", "({int8} * {int4})", "{int4}::int8", "({int8} / nullif({int8}, 0))", "abs({int8})", "coalesce({int8}, {int8})", "(CASE WHEN {bool} THEN {int8} ELSE {int4} END)", "extract(epoch from {interval})::int8", "round({numeric})::int8", "greatest({int8}, {int4})", "lcm({int8}, {int8})"},
	"mood": {"coalesce({mood}, {mood})", "greatest({mood}, {mood})", "(CASE WHEN {bool} THEN {mood} ELSE {mood} END)", "enum_last({mood})", "nullif({mood}, {mood})"},
	"int2": {"({int2} + {int2})", "(- {int2})", "coalesce({int2}, {int2})", "({int4} % 100)::int2", "(CASE WHEN {bool} THEN {int2} END)"},
	"numeric": {
		"({numeric} + {numeric})", "({numeric} - {int4})", "({numeric} * {numeric})", "round({numeric}, {scale})", "trunc({numeric}, {scale})", "ceil({numeric})", "floor({numeric})", "abs({numeric})", "(- {numeric})",
		"({numeric} / nullif({numeric}, 0))", "({numeric} % nullif({numeric}, 0))", "{int4}::numeric", "{int8}::numeric(12,2)", "coalesce({numeric}, {int4})", "(CASE WHEN {bool} THEN {numeric} ELSE {int4} END)", "greatest({numeric}, {int4})", "nullif({numeric}, {numeric})",
		"extract(epoch from {timestamp})", "extract({field} from {timestamp})", "sqrt(abs({numeric}))", "sign({numeric})", "{float8}::numeric", "mod({numeric}, nullif({int4}, 0))", "({numeric})::numeric(8,1)", "power({numeric}, 2)", "scale({numeric})::numeric", "trim_scale({numeric})", "width_bucket({numeric}, 0, 50, 7)::numeric",
	},
	"float8": {"({float8} + {float8})", "({float8} * {int4})", "({float8} - {numeric})", "({float8} / nullif({float8}, 0))", "abs({float8})", "sqrt(abs({float8}))", "{numeric}::float8", "{int4}::float8", "coalesce({float8}, {int4})", "floor({float8})", "round({float8})", "(CASE WHEN {bool} THEN {float8} ELSE {int4} END)", "extract(epoch from {interval})::float8", "date_part('epoch', {timestamp})", "power({int4} % 5, 2)", "ln(abs({float8}) + 1)", "trunc({float8})"},
	"text": {
		"({text} || {text})", "({text} || {int4})", "({varchar} || {text})", "lower({text})", "upper({text})", "substr({text}, {pos}, {tiny})", "substring({text} from {pos})", "substring({text} from {re})", "replace({text}, {text}, {text})", "left({text}, {pos})", "right({text}, -1)",
		"trim(both 'a' from {text})", "ltrim({text}, 'ab')", "lpad({text}, {len}, 'xy')", "rpad({text}, {len})", "repeat({text}, {tiny})", "reverse({text})", "initcap({text})", "split_part({text}, 'a', {pos})", "regexp_replace({text}, {re}, 'X', 'g')", "regexp_replace({text}, '(.)b', '\\1-')",
		"to_char({date}, 'YYYY-MM-DD Dy')", "to_char({numeric}, 'FM99990.00')", "to_char({timestamp}, 'HH24:MI:SS')", "to_char({int4}, '9999')", "{int4}::text", "{numeric}::text", "{date}::text", "{bool}::text", "{interval}::text", "{timestamptz}::text", "{jsonb}::text", "{int4[]}::text", "{text[]}::text", "{uuid}::text", "{varchar}::text", "concat({any}, {any})", "concat_ws('-', {any}, {any}, {any})", "format('%s-%L', {text}, {text})", "translate({text}, 'ab', 'x')", "md5({text})",
		"({jsonb} ->> {key})", "({jsonb} #>> '{b,c}')", "coalesce({text}, {text})", "nullif({text}, {text})", "(CASE WHEN {bool} THEN {text} WHEN {bool} THEN {text} ELSE {text} END)", "(CASE {T} WHEN {T} THEN {text} WHEN {T} THEN {text} END)", "array_to_string({int4[]}, ',')", "array_to_string({text[]}, '-', '?')", "quote_literal({text})", "quote_ident({text})", "chr(65 + abs({int4} % 26))", "jsonb_typeof({jsonb})", "({text[]})[{pos}]", "greatest({text}, {text})", "encode({bytea}, 'hex')", "overlay({text} placing 'zz' from {pos})", "{T}::text", "quote_nullable({text})", "regexp_substr({text}, {re})", "pg_typeof({any})::text", "to_hex({int4})", "btrim({text})", "({row}.*)::text", "row_to_json({row})::text", "{mood}::text", "ROW({T}, {U})::text", "array_to_string(ARRAY[{text}, {text}], ',', '*')", "json_build_object('a', {any}, 'b', {T})::text", "json_build_array({any}, {T})::text", "jsonb_pretty({jsonb})", "ARRAY[{T}, {T}]::text", "to_json({T})::text", "to_char({timestamptz}, 'YYYY-MM-DD HH12:MI AM')", "to_char({interval}, 'DD HH24:MI')", "to_char({float8}, 'S999D9')", "lower({varchar})", "string_to_array({text}, NULL)::text", "unistr('\\0061')", "normalize({text})",
	},
	"varchar":     {"{text}::varchar", "({text})::varchar(3)", "coalesce({varchar}, {varchar})"},
	"date":        {"({date} + {int4} % 1000)", "({date} - {tiny})", "{timestamp}::date", "coalesce({date}, {date})", "make_date(2020, 1 + abs({int4} % 12), 5)", "greatest({date}, {date})", "(CASE WHEN {bool} THEN {date} ELSE {date} END)", "date_trunc('month', {date})::date", "least({date}, {date})", "to_date('2021-' || (1 + abs({int4} % 9)), 'YYYY-MM')"},
	"timestamp":   {"({timestamp} + {interval})", "({timestamp} - {interval})", "({date} + {time})", "{date}::timestamp", "date_trunc({unit}, {timestamp})", "coalesce({timestamp}, {date})", "({date} + {interval})", "({timestamptz} AT TIME ZONE 'Europe/Berlin')", "date_bin('1 hour', {timestamp}, timestamp '2020-01-01')", "(CASE WHEN {bool} THEN {timestamp} ELSE {date} END)"},
	"timestamptz": {"({timestamptz} + {interval})", "{timestamp}::timestamptz", "{date}::timestamptz", "({timestamp} AT TIME ZONE 'America/New_York')", "date_trunc({unit}, {timestamptz})", "coalesce({timestamptz}, {timestamptz})", "to_timestamp({int4} % 10000)"},
	"interval":    {"({timestamp} - {timestamp})", "({interval} + {interval})", "({interval} - {interval})", "({interval} * {tiny})", "({interval} / 2)", "age({timestamp}, {timestamp})", "justify_days({interval})", "justify_interval({interval})", "make_interval(days => {int4} % 1000)", "({time} - {time})", "coalesce({interval}, {interval})", "(- {interval})", "({timestamptz} - {timestamptz})", "date_trunc('hour', {interval})", "{time}::interval", "(CASE WHEN {bool} THEN {interval} END)"},
	"time":        {"{timestamp}::time", "({time} + {interval})", "coalesce({time}, {time})", "date_trunc('hour', {timestamp})::time"},
	"uuid":        {"md5({text})::uuid", "coalesce({uuid}, {uuid})", "nullif({uuid}, {uuid})"},
	"bytea":       {"convert_to({text}, 'UTF8')", "({bytea} || {bytea})", "substring({bytea} from 2)", "decode(md5({text}), 'hex')", "sha256({bytea})", "coalesce({bytea}, {bytea})"},
	"jsonb": {"to_jsonb({row})", "array_to_json({int4[]})::jsonb", "jsonb_object(ARRAY['a', 'b'], ARRAY[{text}, {text}])", "({jsonb} -> -1)", "({jsonb} #- '{a}')", "jsonb_insert({objlit}, '{z}', {jsonb})", "({jsonb} -> {key})", "({jsonb} -> 0)", "({jsonb} #> '{b,c}')", "to_jsonb({any})", "jsonb_build_object('a', {any}, 'b', {any})", "jsonb_build_array({any}, {any})", "({jsonb} || {jsonb})", "coalesce({jsonb}, {jsonb})", "jsonb_strip_nulls({jsonb})", "jsonb_build_object('k', {jsonb})",
		"to_jsonb(ROW({any}, {any}))", "jsonb_set({objlit}, '{b}', {jsonb})", "({objlit} - {key})"},
	"int4[]": {"ARRAY[{int4}, {int4}]", "({int4[]} || {int4})", "({int4[]} || {int4[]})", "array_append({int4[]}, {int4})", "array_remove({int4[]}, {int4})", "({int4[]})[{pos}:{pos}]", "coalesce({int4[]}, {int4[]})", "array_prepend({int4}, {int4[]})", "array_cat({int4[]}, {int4[]})", "array_replace({int4[]}, {int4}, {int4})", "ARRAY[]::int4[]", "array_fill({int4}, ARRAY[2])"},
	"text[]": {"ARRAY[{text}, {text}]", "string_to_array({text}, 'a')", "({text[]} || {text})", "regexp_split_to_array({text}, {re})", "coalesce({text[]}, {text[]})", "array_remove({text[]}, {text})", "regexp_match({text}, {re})", "{int4[]}::text[]"},
}

// aggregates by result type; {d} is DISTINCT or nothing.
var aggregates = map[string][]string{
	"int8":    {"count(*)", "count({any})", "count(DISTINCT {T})", "count({row})", "count(DISTINCT ({T}, {U}))", "sum({d}{int4})", "sum({int2})", "regr_count({float8}, {float8})", "bit_or({int8})", "rank({int4lit}) WITHIN GROUP (ORDER BY {int4})"},
	"int4":    {"min({d}{int4})", "max({int4})", "bit_and({int4})", "count({any})::int4", "mode() WITHIN GROUP (ORDER BY {int4})", "percentile_disc(0.5) WITHIN GROUP (ORDER BY {int4})", "bit_xor({int4})"},
	"int2":    {"min({int2})", "max({int2})"},
	"numeric": {"sum({d}{numeric})", "avg({d}{int4})", "avg({numeric})", "sum({int8})", "min({numeric})", "max({numeric})", "stddev({int4})", "var_pop({numeric})", "avg({int8})", "variance({d}{int4})"},
	"float8":  {"sum({float8})", "avg({float8})", "max({float8})", "stddev_pop({float8})", "corr({int4}, {int4})", "percentile_cont(0.5) WITHIN GROUP (ORDER BY {float8})", "regr_slope({int4}, {int4})", "min({float8})", "covar_samp({int4}, {int4})"},
	"bool":    {"bool_and({bool})", "bool_or({bool})", "every({bool})", "(count(*) > 1)", "(max({int4}) > min({int4}))"},
	"text":    {"string_agg({text}, ',' ORDER BY {=})", "string_agg(DISTINCT {text}, ',')", "min({text})", "max({text})", "string_agg({text}, ',' ORDER BY {=} DESC NULLS LAST)", "array_agg({T} ORDER BY {=})::text", "mode() WITHIN GROUP (ORDER BY {text} DESC)", "json_agg({int4} ORDER BY {=})::text", "array_agg(DISTINCT {T})::text"},
	"varchar": {"max({varchar})::varchar"}, "mood": {"min({mood})", "max({mood})"},
	"date": {"min({date})", "max({date})"}, "timestamp": {"min({timestamp})", "max({timestamp})"}, "timestamptz": {"min({timestamptz})", "max({timestamptz})"},
	"interval": {"sum({interval})", "avg({interval})", "min({interval})", "max({interval})"}, "time": {"min({time})", "max({time})"},
	"jsonb":  {"jsonb_agg({T} ORDER BY {=})", "jsonb_agg({int4} ORDER BY {=} DESC)", "jsonb_object_agg({text} || 'k', {int4} ORDER BY {=})", "jsonb_agg({jsonb} ORDER BY {=})"},
	"int4[]": {"array_agg({int4} ORDER BY {=})", "array_agg(DISTINCT {int4})", "max({int4[]})"},
	"text[]": {"array_agg({text} ORDER BY {=} DESC)", "array_agg(DISTINCT {text})"},
}

// windows need a total order where {total} says so.
var windows = map[string][]string{
	"int8":     {"row_number() OVER ({total})", "rank() OVER ({win})", "dense_rank() OVER ({win})", "count({any}) OVER ({frame})", "count(*) OVER ({frame})", "sum({int4}) OVER ({frame})", "count(*) FILTER (WHERE {bool}) OVER ({frame})"},
	"int4":     {"lag({int4}) OVER ({total})", "lead({int4}, {tiny}, {int4}) OVER ({total})", "first_value({int4}) OVER ({totalframe})", "last_value({int4}) OVER ({totalframe})", "nth_value({int4}, 2) OVER ({totalframe})", "ntile({pos}) OVER ({total})", "max({int4}) OVER ({frame})", "min({int4}) OVER ({frame})"},
	"numeric":  {"sum({numeric}) OVER ({frame})", "avg({int4}) OVER ({frame})", "sum({int8}) OVER ({frame})", "max({numeric}) OVER ({frame})"},
	"float8":   {"percent_rank() OVER ({win})", "cume_dist() OVER ({win})", "avg({float8}) OVER ({frame})", "sum({float8}) OVER ({frame})"},
	"text":     {"lag({text}, 1, {text}) OVER ({total})", "first_value({text}) OVER ({totalframe})", "max({text}) OVER ({frame})", "string_agg({text}, ',') OVER ({totalframe})", "array_agg({int4}) OVER ({totalframe})::text", "last_value({text}) OVER ({totalframe})"},
	"date":     {"lead({date}) OVER ({total})", "max({date}) OVER ({frame})"},
	"bool":     {"bool_or({bool}) OVER ({frame})", "lag({bool}) OVER ({total})"},
	"interval": {"sum({interval}) OVER ({frame})"},
	"int4[]":   {"array_agg({int4}) OVER ({totalframe})", "nth_value({int4[]}, 2) OVER ({totalframe})"},
	"jsonb":    {"lag({jsonb}) OVER ({total})"},
}
