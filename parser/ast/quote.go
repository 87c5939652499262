package ast

import "strings"

// quotedWords are the keywords that are not unreserved: as a name they are
// quoted, wherever they stand. The parser's table is the source; a test there
// compares the two.
var quotedWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(quotedWordList) {
		m[w] = true
	}
	return m
}()

const quotedWordList = "" +
	" all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both" +
	" case cast char character check coalesce collate collation column concurrently constraint create cross" +
	" current_catalog current_date current_role current_schema current_time current_timestamp current_user dec" +
	" decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign" +
	" freeze from full grant greatest group grouping having ilike in initially inner inout int integer" +
	" intersect interval into is isnull join lateral leading least left like limit localtime localtimestamp" +
	" national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer" +
	" overlaps overlay placing position precision primary real references returning right row select" +
	" session_user setof similar smallint some substring symmetric table tablesample then time timestamp to" +
	" trailing treat trim true union unique user using values varchar variadic verbose when where window with" +
	" xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize" +
	" xmltable "

// QuoteIdent prints a name as an SQL identifier, in quotes if it needs them.
func QuoteIdent(name string) string {
	plain := name != "" && !quotedWords[name]
	for i := 0; plain && i < len(name); i++ {
		c := name[i]
		plain = c == '_' || c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '$')
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QuoteString prints a value as an SQL string literal.
func QuoteString(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
