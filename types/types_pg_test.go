package types

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// TestFormat: SQL names of types with modifiers, as format_type gives them.
func TestFormat(t *testing.T) {
	conn := postgres(t)
	var rows [][]string
	var got []string
	mods := []int32{-1, NumericTypmod(10, 2), NumericTypmod(5, -3), NumericTypmod(1000, 1000), CharTypmod(1), CharTypmod(300), 0, 3, 6,
		IntervalTypmod(IntervalYear, -1), IntervalTypmod(IntervalYear|IntervalMonth, -1), IntervalTypmod(IntervalDay|IntervalHour|IntervalMinute|IntervalSecond, 3),
		IntervalTypmod(0, 2), IntervalTypmod(IntervalSecond, 0)}
	for _, ty := range Builtins() {
		for _, m := range mods {
			u := ty
			if ty.IsArray() {
				u = ty.Elem
			}
			switch u.OID {
			case oidNumeric:
				if m >= 0 && m < 1000 {
					continue
				}
			case oidInterval:
				if m >= 0 && m < 1<<16 {
					continue
				}
				if f, _ := IntervalTypmodParts(m); m >= 0 && f != IntervalFullRange && f != IntervalYear && f != IntervalYear|IntervalMonth && f != IntervalSecond && f != IntervalDay|IntervalHour|IntervalMinute|IntervalSecond {
					continue
				}
			case oidVarChar, oidBPChar:
				if m >= 0 && m < 5 {
					continue
				}
			case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ:
				if m > 6 {
					continue
				}
			case oidBit, Bit.Array.OID:
				continue // format_type alone quotes a bit without a modifier
			default:
				if m != -1 {
					continue
				}
			}
			rows = append(rows, []string{fmt.Sprint(ty.OID), fmt.Sprint(m)})
			got = append(got, Format(ty, m))
		}
	}
	want := ask(t, conn, "format_type(($1)[1]::oid, ($1)[2]::int)", rows)
	for i := range rows {
		if got[i] != want[i] {
			t.Errorf("type %s typmod %s: got %s, want %s", rows[i][0], rows[i][1], got[i], want[i])
		}
	}
}

// TestUserTypes: enums, domains and row types, text and binary and order.
func TestUserTypes(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	schema := fmt.Sprintf("rowkey_types_%d", r.Int63())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec("CREATE SCHEMA " + schema)
	defer conn.Exec(t.Context(), "DROP SCHEMA "+schema+" CASCADE")
	exec("SET search_path = " + schema)
	exec(`CREATE TYPE color AS ENUM ('red', 'green', 'dark blue');
CREATE DOMAIN short AS varchar(3);
CREATE TYPE pair AS (a int, b text, c numeric(6,2), d color)`)
	oid := func(name string) OID {
		var o uint32
		if err := conn.QueryRow(t.Context(), "SELECT $1::text::regtype::oid::int8", name).Scan(&o); err != nil {
			t.Fatal(err)
		}
		return OID(o)
	}
	color := &Type{OID: oid("color"), Name: "color", Phys: PhysInt64, Kind: KindEnum, Category: 'E',
		Labels: []EnumLabel{{OID: 1, Name: "red", Sort: 10}, {OID: 3, Name: "green", Sort: 15}, {OID: 2, Name: "dark blue", Sort: 20}}}
	colors := &Type{OID: oid("color[]"), Name: "_color", Phys: PhysAny, Kind: KindBase, Category: 'A', Elem: color}
	short := &Type{OID: oid("short"), Name: "short", Phys: PhysBytes, Kind: KindDomain, Base: VarChar, BaseMod: CharTypmod(3)}
	pair := &Type{OID: oid("pair"), Name: "pair", Phys: PhysAny, Kind: KindComposite, Category: 'C', Fields: []Field{
		{Name: "a", Type: Int4, Typmod: -1, Place: 0}, {Name: "b", Type: Text, Typmod: -1, Place: 1}, {Name: "c", Type: Numeric, Typmod: NumericTypmod(6, 2), Place: 2}, {Name: "d", Type: color, Typmod: -1, Place: 3}}}
	genColor := func(r *rand.Rand) string { return pick(r, "red", "green", "dark blue", "Red", "", "blue") }
	for _, s := range []sample{
		{sql: "color", t: color, typmod: -1, ordered: true, gen: genColor},
		{sql: "color[]", t: colors, typmod: -1, ordered: true, gen: genArray(genColor)},
		{sql: "short", t: short, typmod: -1, gen: func(r *rand.Rand) string { return pick(r, "", "a", "abc", "abc ") }},
		{sql: "pair", t: pair, typmod: -1, ordered: true, gen: func(r *rand.Rand) string {
			s := pick(r, "(", "(", "(", "(", " (", "") + pick(r, "", "1", "22", " 3", "x", "1") + "," +
				pick(r, "", `""`, "abc", `"a b"`, `"q""q"`, `a\,b`, ` x `, `"(,)"`, `x"y z"w`, `"a`) + "," +
				pick(r, "", "1.5", "1.555", "12345.6", "-1") + "," + pick(r, "", "red", "green", `"dark blue"`, "blue") +
				pick(r, ")", ")", ")", ")", ")", ") ", ")x", "", ",)")
			return s
		}},
	} {
		rows := make([][]string, 400)
		for i := range rows {
			rows[i] = []string{clean(s.gen(r))}
		}
		want := ask(t, conn, "($1)[1]::"+s.sql, rows)
		for i := range rows {
			got := ""
			if d, err := Parse(s.t, s.typmod, rows[i][0], nil); err != nil {
				got = errorLine(err)
			} else {
				got = string(AppendText(nil, s.t, d, nil))
			}
			if got != want[i] && !strings.HasSuffix(got, arrayMismatch) {
				t.Errorf("%s %q:\n got %q\nwant %q", s.sql, rows[i][0], got, want[i])
			}
		}
		texts, vals := valid(r, s, 200)
		for i, d := range vals {
			ours := AppendBinary(nil, s.t, d, nil)
			res := conn.PgConn().ExecParams(t.Context(), "SELECT $1::text::"+s.sql, [][]byte{[]byte(texts[i])}, []uint32{25}, nil, []int16{1}).Read()
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			if theirs := res.Rows[0][0]; string(theirs) != string(ours) {
				t.Errorf("%s %q: ours %x, theirs %x", s.sql, texts[i], ours, theirs)
			}
			if e, err := ParseBinary(s.t, -1, ours, nil); err != nil || !Equal(s.t, d, e) {
				t.Errorf("%s %q: %x reads back as %v, %v", s.sql, texts[i], ours, e, err)
			}
		}
		if !s.ordered {
			continue
		}
		rows = rows[:0]
		for i := 0; i+1 < len(texts); i += 2 {
			rows = append(rows, []string{texts[i], texts[i+1]})
		}
		want = ask(t, conn, fmt.Sprintf("CASE WHEN ($1)[1]::%[1]s < ($1)[2]::%[1]s THEN -1 WHEN ($1)[1]::%[1]s = ($1)[2]::%[1]s THEN 0 ELSE 1 END", s.sql), rows)
		for i := range rows {
			if got := fmt.Sprint(cmpInt(int64(Compare(s.t, vals[2*i], vals[2*i+1])), 0)); got != want[i] {
				t.Errorf("%s %q: %s, want %s", s.sql, rows[i], got, want[i])
			}
		}
	}
}

// TestQuoteIdent compares with quote_ident and quote_literal.
func TestQuoteIdent(t *testing.T) {
	conn := postgres(t)
	var rows [][]string
	for _, s := range []string{"a", "A", "a b", "select", "name", "ä", "1a", "_x1", "a\"b", "", "a$b", "int", "user", "text", `a\b`, "it's"} {
		rows = append(rows, []string{s})
	}
	ids := ask(t, conn, "quote_ident(($1)[1])", rows)
	lits := ask(t, conn, "quote_literal(($1)[1])", rows)
	for i := range rows {
		if got := QuoteIdent(rows[i][0]); got != ids[i] {
			t.Errorf("%q: %s, want %s", rows[i][0], got, ids[i])
		}
		if got := QuoteLiteral(rows[i][0]); got != lits[i] {
			t.Errorf("%q: %s, want %s", rows[i][0], got, lits[i])
		}
	}
}

// TestEncodeTypmod: modifiers in parentheses mean what they do in PostgreSQL,
// and fail as there.
func TestEncodeTypmod(t *testing.T) {
	conn := postgres(t)
	for _, c := range []struct {
		sql  string
		t    *Type
		args []int64
	}{
		{"numeric(5,2)", Numeric, []int64{5, 2}},
		{"numeric(5)", Numeric, []int64{5}},
		{"numeric(5,-2)", Numeric, []int64{5, -2}},
		{"numeric(0)", Numeric, []int64{0}},
		{"numeric(1001)", Numeric, []int64{1001}},
		{"numeric(5,1001)", Numeric, []int64{5, 1001}},
		{"numeric(1,2,3)", Numeric, []int64{1, 2, 3}},
		{"varchar(3)", VarChar, []int64{3}},
		{"varchar(0)", VarChar, []int64{0}},
		{"varchar(10485761)", VarChar, []int64{10485761}},
		{"char(0)", BPChar, []int64{0}},
		{"char(7)", BPChar, []int64{7}},
		{"time(3)", Time, []int64{3}},
		{"timestamptz(2)", TimestampTZ, []int64{2}},
		{"interval(4)", Interval, []int64{4}},
		{"text(3)", Text, []int64{3}},
		{"int4(3)", Int4, []int64{3}},
		{"varchar(3)[]", VarChar.Array, []int64{3}},
	} {
		m, err := EncodeTypmod(c.t, c.args)
		got := Format(c.t, m)
		if err != nil {
			got = errorLine(err)
		}
		want := ask(t, conn, "pg_temp.column_type(($1)[1])", [][]string{{c.sql}})[0]
		if got != want {
			t.Errorf("%s: got %s, want %s", c.sql, got, want)
		}
	}
}
