package random

import (
	"fmt"
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

var words = []string{"", "a", "b", "ab", "ba", "abc", "bab", "Foo", "foo", "bar", "Zed", "x y", "a%b", "a_b", "é", "日本", "aab", "1", "12", "cab", "  a"}

// value is a random value of a type as text, never NULL.
func (g *gen) value(typ string) string {
	if elem, ok := strings.CutSuffix(typ, "[]"); ok {
		var parts []string
		for n := g.r.Intn(4); n > 0; n-- {
			if g.chance(10) {
				parts = append(parts, "NULL")
			} else {
				parts = append(parts, g.element(elem))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	if g.wild && g.chance(2) {
		if s := g.extreme(typ); typ != "numeric" || !strings.Contains(s, "e") && len(s) < 12 && !strings.Contains(s, "Inf") {
			return s
		}
	}
	if s, ok := g.furtherValue(typ); ok {
		return s
	}
	switch typ {
	case "int4", "int8", "int2":
		switch g.r.Intn(12) {
		case 0:
			return itoa(g.r.Intn(200) - 100)
		case 1:
			return "0"
		}
		return itoa(g.r.Intn(12))
	case "numeric":
		if g.chance(10) {
			return fmt.Sprintf("%d.%02d", g.r.Intn(2000)-1000, g.r.Intn(100))
		}
		return fmt.Sprintf("%d.%d0", g.r.Intn(20)-4, g.r.Intn(10))
	case "float8":
		return strconv.FormatFloat(float64(g.r.Intn(80)-20)/4, 'g', -1, 64)
	case "text":
		return words[g.r.Intn(len(words))]
	case "varchar":
		return words[1+g.r.Intn(9)]
	case "date":
		return fmt.Sprintf("20%02d-%02d-%02d", 19+g.r.Intn(3), 1+g.r.Intn(12), 1+g.r.Intn(28))
	case "timestamp":
		return fmt.Sprintf("20%02d-%02d-%02d %02d:%02d:00", 19+g.r.Intn(3), 1+g.r.Intn(12), 1+g.r.Intn(28), g.r.Intn(24), g.r.Intn(4)*15)
	case "timestamptz":
		return g.value("timestamp") + []string{"+00", "+02", "-05:30"}[g.r.Intn(3)]
	case "time":
		return fmt.Sprintf("%02d:%02d:%02d", g.r.Intn(24), g.r.Intn(4)*15, g.r.Intn(2)*30)
	case "interval":
		return []string{"1 day", "2 days", "36 hours", "1 mon", "-3 days", "90 minutes", "1 year 2 mons", "00:00:30", "0"}[g.r.Intn(9)]
	case "mood":
		return []string{"sad", "ok", "happy"}[g.r.Intn(3)]
	case "bool":
		return []string{"true", "false"}[g.r.Intn(2)]
	case "uuid":
		return fmt.Sprintf("%08x-0000-4000-8000-00000000000%d", g.r.Intn(4), g.r.Intn(10))
	case "bytea":
		return []string{`\x`, `\x00`, `\x01ff`, `\x6162`, `\x0102`}[g.r.Intn(5)]
	case "jsonb":
		return []string{`{}`, `[]`, `1`, `"a"`, `null`, `{"a": 1}`, `{"a": "x", "b": {"c": 2}}`, `[1, 2, "b"]`, `{"a": null, "c": [1]}`, `true`, `{"b": {"c": "z"}, "a": 1}`, `2.50`, `[{"a": 1}, {"a": 2}]`}[g.r.Intn(13)]
	}
	panic("no such type: " + typ)
}

// literal is an expression without columns.
func (g *gen) literal(typ string) *node {
	n := &node{typ: typ, lit: true}
	switch {
	case g.chance(6):
		n.parts = []any{"NULL::" + typ}
	case g.wild && g.chance(4):
		n.parts = []any{quote(g.extreme(typ)) + "::" + typ}
	case typ == "int4" && g.chance(60):
		v := g.value(typ)
		if v[0] == '-' {
			v = "(" + v + ")"
		}
		n.parts = []any{v}
		n.lit = false
	case typ == "text" && g.chance(20):
		n.parts = []any{quote(g.value(typ))}
		n.lit = false
	case typ == "bool" && g.chance(70):
		n.parts = []any{g.value(typ)}
		n.lit = false
	case typ == "numeric" && g.chance(50):
		n.parts = []any{"(" + g.value(typ) + ")"}
		n.lit = false
	default:
		n.parts = []any{quote(g.value(typ)) + "::" + typ}
	}
	return n
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// small gives the literals that templates name without a type.
func (g *gen) small(name string) (string, bool) {
	pick := func(s ...string) (string, bool) { return s[g.r.Intn(len(s))], true }
	switch name {
	case "cmp":
		return pick("=", "=", "<>", "<", "<=", ">", ">=")
	case "pat":
		return pick("'a%'", "'%a'", "'%a%'", "'_b%'", "'ab'", "'%'", "''", `'a\%b'`, "'%b_'", "'f%o'", "'Foo'", "'_'")
	case "re":
		return pick("'a'", "'^a'", "'b$'", "'a+b'", "'[ab]{2}'", "'(a|b)c?'", "'^.$'", "'o+'", `'\d'`, "'a.*b'", `'\m[A-Z]'`)
	case "sim":
		return pick("'a%'", "'(a|b)+'", "'_[a-c]%'", "'%o'")
	case "key":
		return pick("'a'", "'b'", "'c'", "'zz'")
	case "pos":
		return pick("1", "2", "3")
	case "tiny":
		return pick("0", "1", "2", "3")
	case "scale":
		return pick("0", "1", "2", "-1")
	case "len":
		return pick("0", "2", "4", "6")
	case "int4lit":
		return itoa(g.r.Intn(12)), true
	case "field":
		return pick("year", "month", "day", "dow", "doy", "week", "quarter", "isoyear", "epoch", "century", "decade", "isodow")
	case "unit":
		return pick("'month'", "'day'", "'year'", "'hour'", "'week'", "'quarter'")
	case "objlit":
		return pick(`'{"a": 1}'::jsonb`, `'{"b": 1, "c": [1]}'::jsonb`)
	case "anyfield":
		return pick("microseconds", "milliseconds", "second", "minute", "hour", "day", "month", "year", "decade", "century", "millennium", "epoch", "quarter")
	case "anyunit":
		return pick("'microseconds'", "'milliseconds'", "'second'", "'minute'", "'hour'", "'day'", "'month'", "'quarter'", "'year'", "'decade'", "'century'", "'millennium'")
	case "tz":
		return pick("'UTC'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kolkata'", "'+03'", "'EST5EDT'", "'Australia/Lord_Howe'", "'-03:30'", "'PST'", "interval '2 hours'")
	case "jp":
		return quote(oneOf(g, jsonPaths)), true
	case "dfmt":
		return g.pattern(datePieces, 5), true
	case "nfmt":
		return g.pattern(numberPieces, 5), true
	case "d":
		return pick("", "", "DISTINCT ")
	}
	return "", false
}
