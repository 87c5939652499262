package types

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/pgerr"
)

// These tests compare this package with a real PostgreSQL: thousands of
// random inputs of every type, through text and binary forms, order and
// arithmetic. They run when ROWKEY_PG names a server.

// postgres connects to the server under comparison, or skips the test.
func postgres(t *testing.T) *pgx.Conn {
	t.Helper()
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("set ROWKEY_PG to the URL of a PostgreSQL 15 server to compare with it")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	for _, sql := range []string{
		`SET timezone = 'UTC'`,
		// Evaluates an expression over text arguments; errors become text.
		`CREATE FUNCTION pg_temp.ev(expr text, args text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; d text; c text; m text; w text;
BEGIN
  EXECUTE 'SELECT (' || expr || ')::text' INTO r USING args;
  RETURN r;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, c = RETURNED_SQLSTATE, w = PG_EXCEPTION_CONTEXT;
  RETURN 'ERROR ' || c || ': ' || m || CASE WHEN d <> '' THEN ' | ' || d ELSE '' END
    || CASE WHEN w LIKE 'JSON data%' THEN ' | ' || split_part(w, E'\nSQL statement', 1) ELSE '' END;
END $$`,
		// The full name of the type of a column declared so.
		`CREATE FUNCTION pg_temp.column_type(t text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  DROP TABLE IF EXISTS pg_temp.with_column;
  EXECUTE 'CREATE TEMP TABLE with_column (v ' || t || ')';
  RETURN (SELECT format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = 'pg_temp.with_column'::regclass AND attname = 'v');
END $$`,
		// Assignments: unlike casts, they do not cut silently.
		`CREATE FUNCTION pg_temp.vc5(v text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE x varchar(5) := v; BEGIN RETURN x; END $$`,
		`CREATE FUNCTION pg_temp.va2(v text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE y varchar[] := v; x varchar(2)[] := y; BEGIN RETURN x; END $$`,
		`CREATE FUNCTION pg_temp.bp5(v text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE x char(5) := v; BEGIN RETURN x; END $$`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// ask evaluates expr, in which ($1)[i] is the i-th text argument, for each row.
func ask(t *testing.T, conn *pgx.Conn, expr string, rows [][]string) []string {
	t.Helper()
	ctx := context.Background()
	width := len(rows[0])
	flat := make([]string, 0, len(rows)*width)
	for _, r := range rows {
		flat = append(flat, r...)
	}
	res, err := conn.Query(ctx, `SELECT coalesce(pg_temp.ev($1, ($2::text[])[i*$3+1:i*$3+$3]), 'NULL')
FROM generate_series(0, $4::int - 1) AS g(i) ORDER BY i`, expr, flat, width, len(rows))
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(res, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	if len(out) != len(rows) {
		t.Fatalf("%s: %d answers to %d questions", expr, len(out), len(rows))
	}
	return out
}

func errorLine(err error) string {
	e := pgerr.Of(err)
	s := "ERROR " + e.Code + ": " + e.Message
	if e.Detail != "" {
		s += " | " + e.Detail
	}
	if strings.HasPrefix(e.Where, "JSON data") {
		s += " | " + e.Where
	}
	return s
}

func newRand(t *testing.T) *rand.Rand {
	seed := time.Now().UnixNano()
	if s := os.Getenv("ROWKEY_SEED"); s != "" {
		fmt.Sscan(s, &seed)
	}
	t.Logf("seed %d (set ROWKEY_SEED to repeat)", seed)
	return rand.New(rand.NewSource(seed))
}

// sample is a type with a generator of inputs, most of them valid.
type sample struct {
	sql     string // type as SQL writes it
	t       *Type
	typmod  int32
	gen     func(r *rand.Rand) string
	ordered bool // has a b-tree order
	noBin   bool // binary input not compared
	expr    string
}

func pick(r *rand.Rand, s ...string) string { return s[r.Intn(len(s))] }

func genInt(max int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		n := 1 + r.Intn(max)
		s := pick(r, "", "", "", "-", "+", " ", " -", "--")
		for range n {
			s += string(rune('0' + r.Intn(10)))
		}
		return s + pick(r, "", "", "", "", "", " ", "x", ".5", " 1", "\t")
	}
}

func genBound(vals ...string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return pick(r, vals...) }
}

func either(gens ...func(r *rand.Rand) string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return gens[r.Intn(len(gens))](r) }
}

func genFloat(r *rand.Rand) string {
	switch r.Intn(6) {
	case 0:
		return pick(r, "NaN", "Infinity", "-inf", "+Infinity", "nan", "1e400", "1e-400", "0", "-0", "1e", "0x10", "1e5", "1e15", "1e-5", "1e14", "0.0001", "123456789012345678", "1e39", "1e-46", "inf ", "", " ", ".", ".5", "5.", "1_0", "1e+5", "1e+", "infinit", "1d5")
	case 1:
		return fmt.Sprint(r.NormFloat64() * 1e3)
	case 2:
		return fmt.Sprintf("%d", r.Intn(2000)-1000)
	case 3:
		return fmt.Sprintf("%de%d", r.Intn(2000)-1000, r.Intn(60)-30)
	case 4:
		return fmt.Sprintf("%.3f", r.Float64()*100)
	}
	return fmt.Sprintf("%ve%d", r.Float64(), r.Intn(80)-40)
}

func genNumeric(r *rand.Rand) string {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.Intn(10)))
		}
		return b.String()
	}
	switch r.Intn(10) {
	case 0:
		return pick(r, "NaN", "Infinity", "-Infinity", "inf", "0", "-0", "0.000", "1", "-1", ".", "1.", ".5", "", "1e", "1e-20", "1E+10", "1e1000", "+5", "1 2", " 7 ", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "0.00000000000000000000001", "10000", "9999.9999", "0e5", "000.10")
	case 1:
		return pick(r, "", "-") + digits(1+r.Intn(40)) + "." + digits(r.Intn(40))
	case 2:
		return pick(r, "", "-") + digits(1+r.Intn(5)) + "e" + fmt.Sprint(r.Intn(60)-30)
	case 3:
		return pick(r, "", "-") + digits(1+r.Intn(3))
	case 4:
		return pick(r, "", "-") + digits(1+r.Intn(4)) + strings.Repeat("0", r.Intn(20)) + "." + strings.Repeat("0", r.Intn(10)) + digits(r.Intn(4))
	}
	return pick(r, "", "", "-") + digits(1+r.Intn(10)) + "." + digits(r.Intn(8))
}

func genText(r *rand.Rand) string {
	n := r.Intn(12)
	var b strings.Builder
	for range n {
		b.WriteString(pick(r, "a", "b", "Z", " ", "0", "ä", "€", "😀", "\\", "\"", "'", ",", "{", "}", "(", ")", "\t", "\n", "null", "_"))
	}
	return b.String() + strings.Repeat(" ", r.Intn(8)/5)
}

func genBytea(r *rand.Rand) string {
	switch r.Intn(4) {
	case 0:
		return genText(r)
	case 1:
		return `\x` + pick(r, "", "0", "zz", "DEADbeef", "00 ff", "0 0", "ä0", "0ä")
	case 2:
		return pick(r, `\000\377`, `a\\b`, `\400`, `\12`, `\`, `\1a1`, `abc`)
	}
	b := make([]byte, r.Intn(10))
	r.Read(b)
	return fmt.Sprintf(`\x%x`, b)
}

func genUUID(r *rand.Rand) string {
	b := make([]byte, 16)
	r.Read(b)
	b[0] &= 3
	switch r.Intn(5) {
	case 0:
		return fmt.Sprintf("{%X}", b)
	case 1:
		return fmt.Sprintf("%x-%x-%x-%x-%x-%x-%x-%x", b[0:2], b[2:4], b[4:6], b[6:8], b[8:10], b[10:12], b[12:14], b[14:])
	case 2:
		return pick(r, "", "{", "}", "abc", fmt.Sprintf("%x-", b), fmt.Sprintf("-%x", b), fmt.Sprintf(" %x", b), fmt.Sprintf("{%x", b), fmt.Sprintf("%x0", b), fmt.Sprintf("%x-%x", b[:1], b[1:]))
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func genJSONText(r *rand.Rand) string {
	s := genJSON(r, 3)
	if r.Intn(3) == 0 { // damage it
		b := []rune(s)
		if len(b) > 0 {
			switch i := r.Intn(len(b)); r.Intn(4) {
			case 0:
				b = append(b[:i:i], b[i+1:]...)
			case 1:
				b[i] = []rune("{}[]:,\"\\x1e-+.tnf \n")[r.Intn(19)]
			case 2:
				b = b[:i]
			case 3:
				b = append(b[:i:i], append([]rune(pick(r, "{", "]", ",", ":", "\"", "1", "nul", "\n")), b[i:]...)...)
			}
		}
		s = string(b)
	}
	return s
}

func genJSON(r *rand.Rand, depth int) string {
	sp := func() string { return pick(r, "", "", "", " ", "\n", "  ") }
	k := r.Intn(8)
	if depth == 0 {
		k %= 5
	}
	switch k {
	case 0:
		return pick(r, "null", "true", "false")
	case 1, 2:
		return pick(r, "0", "-0", "1", "-1", "1.0", "1.00", "10", "1e1", "1.5e-3", "123456789012345678901234567890", "0.10", "2", "3", "01", "1.", "-")
	case 3, 4:
		return `"` + pick(r, "", "a", "b", "aa", "ä", `\n`, `\u00e4`, `\u0041`, `\ud83d\ude00`, `\"`, `\\`, `\/`, "zzz", `\u0000`, `\ud83d`, `\x`, `\u00`, "a\tb", `\u0001`, `\u007f`) + `"`
	case 5:
		s := "["
		for i := range r.Intn(4) {
			if i > 0 {
				s += ","
			}
			s += sp() + genJSON(r, depth-1) + sp()
		}
		return s + "]"
	}
	s := "{"
	for i := range r.Intn(4) {
		if i > 0 {
			s += ","
		}
		s += sp() + `"` + pick(r, "", "a", "b", "aa", "ab", "c", `\u0061`, "ä", "z") + `"` + sp() + ":" + sp() + genJSON(r, depth-1) + sp()
	}
	return s + "}"
}

// validJSON makes only valid texts, for order.
func genValidJSON(r *rand.Rand) string {
	for {
		s := genJSON(r, 2)
		if c, err := CanonicalJSON(s); err == nil {
			return c
		}
	}
}

func genArray(elem func(r *rand.Rand) string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		var level func(dims []int) string
		level = func(dims []int) string {
			s := "{"
			n := dims[0]
			if r.Intn(30) == 0 {
				n++
			}
			for i := range n {
				if i > 0 {
					s += ","
				}
				s += pick(r, "", "", "", " ")
				switch {
				case len(dims) > 1 && r.Intn(40) > 0:
					s += level(dims[1:])
				case r.Intn(8) == 0:
					s += pick(r, "NULL", "null", "Null ")
				case r.Intn(3) > 0:
					s += `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(elem(r)) + `"`
				default:
					s += elem(r)
				}
			}
			return s + pick(r, "", "", "", " ") + "}"
		}
		dims := []int{r.Intn(4)}
		for r.Intn(3) == 0 && len(dims) < 3 {
			dims = append(dims, 1+r.Intn(3))
		}
		s := level(dims)
		if r.Intn(5) == 0 {
			h := ""
			for _, d := range dims {
				lo := r.Intn(5) - 2
				h += fmt.Sprintf("[%d:%d]", lo, lo+d-1)
			}
			s = h + pick(r, "=", "= ", " =", "") + s
		}
		if r.Intn(10) == 0 {
			i := r.Intn(len(s))
			s = s[:i] + pick(r, "{", "}", ",", "[", "]", "\"", "") + s[i+1:]
		}
		return s
	}
}

func genDate(r *rand.Rand) string {
	return fmt.Sprintf("%04d-%02d-%02d", 1900+r.Intn(200), 1+r.Intn(12), 1+r.Intn(28))
}

func genTime(r *rand.Rand) string {
	return fmt.Sprintf("%02d:%02d:%02d.%06d", r.Intn(24), r.Intn(60), r.Intn(60), r.Intn(1e6))
}

func genInterval(r *rand.Rand) string {
	s := pick(r, "", "-", "+") + fmt.Sprintf("%d ", r.Intn(50)) + pick(r, "days", "mons", "years", "hours", "seconds", "weeks")
	if r.Intn(2) == 0 {
		s += " " + pick(r, "", "-") + genTime(r)
	}
	return s
}

func smallInt(r *rand.Rand) string { return fmt.Sprint(r.Intn(200) - 100) }

func asciiWord(r *rand.Rand) string {
	return pick(r, "a", "b", "", "a b", "x,y", "nul", "NULL", "q\"q", "ä")
}

func samples() []sample {
	return []sample{
		{sql: "boolean", t: Bool, typmod: -1, ordered: true, gen: genBound("t", "f", "true", "FALSE", "y", "no", "on", "off", "of", "o", "1", "0", " tr ", "tru e", "", "2", "yess", "01", "ON")},
		{sql: "smallint", t: Int2, typmod: -1, ordered: true, gen: either(genInt(6), genBound("32767", "32768", "-32768", "-32769", "", "-"))},
		{sql: "integer", t: Int4, typmod: -1, ordered: true, gen: either(genInt(11), genBound("2147483647", "2147483648", "-2147483648", "-2147483649"))},
		{sql: "bigint", t: Int8, typmod: -1, ordered: true, gen: either(genInt(20), genBound("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999999"))},
		{sql: "oid", t: Oid, typmod: -1, ordered: true, gen: either(genInt(11), genBound("4294967295", "4294967296", "-1", "-2147483648", "-2147483649", ""))},
		{sql: "xid", t: Xid, typmod: -1, gen: genBound("1", "4294967295", "abc", "0x10", "010", " 7")},
		{sql: "tid", t: Tid, typmod: -1, ordered: true, gen: genBound("(0,1)", "(4294967295,65535)", "(1,65536)", "(1,2", "1,2)", " (1,2)", "(a,b)", "(1,2)x", "(12,7)")},
		{sql: `"char"`, t: Char, typmod: -1, ordered: true, noBin: true, gen: genBound("a", "b", "", "abc", "Z", `\101`, `\303`)},
		{sql: "real", t: Float4, typmod: -1, ordered: true, gen: genFloat},
		{sql: "double precision", t: Float8, typmod: -1, ordered: true, gen: genFloat},
		{sql: "numeric", t: Numeric, typmod: -1, ordered: true, gen: genNumeric},
		{sql: "numeric(10,2)", t: Numeric, typmod: NumericTypmod(10, 2), ordered: true, gen: genNumeric},
		{sql: "numeric(3,5)", t: Numeric, typmod: NumericTypmod(3, 5), gen: either(genNumeric, func(r *rand.Rand) string { return fmt.Sprintf("0.00%d", r.Intn(99999)) })},
		{sql: "numeric(3,-2)", t: Numeric, typmod: NumericTypmod(3, -2), gen: genNumeric},
		{sql: "numeric(5,5)", t: Numeric, typmod: NumericTypmod(5, 5), gen: func(r *rand.Rand) string { return pick(r, "0.99999", "0.999995", "1", "-1", "0.5", "-0.12345678") }},
		{sql: "text", t: Text, typmod: -1, ordered: true, gen: genText},
		{sql: "varchar(5)", t: VarChar, typmod: CharTypmod(5), ordered: true, expr: "pg_temp.vc5(($1)[1])", gen: genText},
		{sql: "char(5)", t: BPChar, typmod: CharTypmod(5), ordered: true, expr: "pg_temp.bp5(($1)[1])", gen: genText},
		{sql: "name", t: Name, typmod: -1, ordered: true, gen: func(r *rand.Rand) string { return strings.Repeat(genText(r), 1+r.Intn(10)) }},
		{sql: "bytea", t: Bytea, typmod: -1, ordered: true, gen: genBytea},
		{sql: "uuid", t: UUID, typmod: -1, ordered: true, gen: genUUID},
		{sql: "json", t: JSON, typmod: -1, gen: genJSONText},
		{sql: "jsonb", t: JSONB, typmod: -1, ordered: true, gen: either(genJSONText, genJSONText, genValidJSON)},
		{sql: "date", t: Date, typmod: -1, ordered: true, gen: genDate},
		{sql: "timestamp", t: Timestamp, typmod: -1, ordered: true, gen: func(r *rand.Rand) string { return genDate(r) + " " + genTime(r) }},
		{sql: "time", t: Time, typmod: -1, ordered: true, gen: genTime},
		{sql: "timestamptz", t: TimestampTZ, typmod: -1, ordered: true, gen: func(r *rand.Rand) string {
			return genDate(r) + " " + genTime(r) + pick(r, "", "Z", "+02", "-05:30")
		}},
		{sql: "timestamp(2)", t: Timestamp, typmod: 2, ordered: true, gen: func(r *rand.Rand) string { return genDate(r) + " " + genTime(r) }},
		{sql: "timetz", t: TimeTZ, typmod: -1, ordered: true, gen: func(r *rand.Rand) string { return genTime(r) + pick(r, "", "Z", "+02", "-05:30", "+01") }},
		{sql: "interval", t: Interval, typmod: -1, ordered: true, gen: genInterval},
		{sql: "interval(1)", t: Interval, typmod: IntervalTypmod(0, 1), ordered: true, gen: genInterval},
		{sql: "interval[]", t: Interval.Array, typmod: -1, ordered: true, gen: genArray(genInterval)},
		{sql: "integer[]", t: Int4.Array, typmod: -1, ordered: true, gen: genArray(smallInt)},
		{sql: "text[]", t: Text.Array, typmod: -1, ordered: true, gen: genArray(asciiWord)},
		{sql: "varchar(2)[]", t: VarChar.Array, typmod: CharTypmod(2), ordered: true, expr: "pg_temp.va2(($1)[1])", gen: genArray(asciiWord)},
		{sql: "numeric[]", t: Numeric.Array, typmod: -1, ordered: true, gen: genArray(genNumeric)},
		{sql: "boolean[]", t: Bool.Array, typmod: -1, ordered: true, gen: genArray(genBound("t", "f"))},
		{sql: "date[]", t: Date.Array, typmod: -1, ordered: true, gen: genArray(genDate)},
		{sql: "int2vector", t: Int2Vector, typmod: -1, noBin: true, gen: genBound("", "1 2 3", " 4  5 ", "-1")},
		{sql: "oidvector", t: OidVector, typmod: -1, ordered: true, noBin: true, gen: genBound("", "1 2 3", " 4  5 ", "7", "9 1")},
	}
}

// clean leaves out what no text parameter can hold.
func clean(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?") }

const perType = 600

// TestTextForms: a text goes in and comes out, or fails, as PostgreSQL does it.
func TestTextForms(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	for _, s := range samples() {
		rows := make([][]string, perType)
		for i := range rows {
			rows[i] = []string{clean(s.gen(r))}
		}
		if s.expr == "" {
			s.expr = "($1)[1]::" + s.sql
		}
		want := ask(t, conn, s.expr, rows)
		bad := 0
		for i := range rows {
			got := ""
			d, err := Parse(s.t, s.typmod, rows[i][0], nil)
			if err != nil {
				got = errorLine(err)
			} else {
				got = string(AppendText(nil, s.t, d, nil))
				if s.t == BPChar {
					got = TrimBlanks(got) // the cast to text drops them
				}
				if s.t == Bool {
					got = map[string]string{"t": "true", "f": "false"}[got]
				}
				v := NewVec(s.t, 1)
				v.Append(d)
				if at := AppendTextAt(nil, v, 0, nil); s.t != BPChar && s.t != Bool && string(at) != got {
					t.Errorf("%s %q: AppendTextAt %q, AppendText %q", s.sql, rows[i][0], at, got)
				}
			}
			if strings.HasSuffix(got, arrayMismatch) && !strings.HasSuffix(want[i], arrayMismatch) {
				continue // elements at different depths: see arrayText.ragged
			}
			if got != want[i] {
				if bad++; bad <= 5 {
					t.Errorf("%s %q:\n got %q\nwant %q", s.sql, rows[i][0], got, want[i])
				}
			}
		}
		if bad > 5 {
			t.Errorf("%s: %d of %d differ", s.sql, bad, len(rows))
		}
	}
}

// valid generates inputs that Parse accepts (and so, given TestTextForms,
// PostgreSQL).
func valid(r *rand.Rand, s sample, n int) (texts []string, vals []Datum) {
	for tries := 0; len(texts) < n && tries < 50*n; tries++ {
		in := clean(s.gen(r))
		if d, err := Parse(s.t, s.typmod, in, nil); err == nil {
			texts, vals = append(texts, in), append(vals, d)
		}
	}
	return texts, vals
}

// TestBinaryForms: our binary form is byte for byte PostgreSQL's, and each
// reads the other's.
func TestBinaryForms(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	ctx := context.Background()
	for _, s := range samples() {
		if s.noBin {
			continue
		}
		texts, vals := valid(r, s, 200)
		for i, d := range vals {
			ours := AppendBinary(nil, s.t, d, nil)
			res := conn.PgConn().ExecParams(ctx, "SELECT $1::text::"+s.sql+", $2::"+s.sql,
				[][]byte{[]byte(texts[i]), ours}, []uint32{25, uint32(s.t.OID)}, []int16{0, 1}, []int16{1, 1}).Read()
			if res.Err != nil {
				t.Errorf("%s %q sent as %x: %v", s.sql, texts[i], ours, res.Err)
				break
			}
			theirs, back := res.Rows[0][0], res.Rows[0][1]
			if string(ours) != string(theirs) || string(back) != string(ours) {
				t.Errorf("%s %q: ours %x, theirs %x, back %x", s.sql, texts[i], ours, theirs, back)
				break
			}
			e, err := ParseBinary(s.t, s.typmod, theirs, nil)
			if err != nil || string(AppendText(nil, s.t, e, nil)) != string(AppendText(nil, s.t, d, nil)) {
				t.Errorf("%s %q: reading %x gives %v, %v", s.sql, texts[i], theirs, e, err)
				break
			}
		}
	}
}

// TestOrder: Compare agrees with the server's < and =; Equal values hash equal.
func TestOrder(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	for _, s := range samples() {
		if !s.ordered {
			continue
		}
		texts, vals := valid(r, s, 2*perType)
		rows := make([][]string, len(texts)/2)
		for i := range rows {
			rows[i] = texts[2*i : 2*i+2]
		}
		collate := ""
		if s.t.Collate {
			collate = ` COLLATE "C"`
		}
		a, b := "($1)[1]::"+s.sql+collate, "($1)[2]::"+s.sql+collate
		want := ask(t, conn, fmt.Sprintf("CASE WHEN %[1]s < %[2]s THEN -1 WHEN %[1]s = %[2]s THEN 0 WHEN %[1]s > %[2]s THEN 1 ELSE 9 END", a, b), rows)
		bad := 0
		for i := range rows {
			c := Compare(s.t, vals[2*i], vals[2*i+1])
			got := fmt.Sprint(cmpInt(int64(c), 0))
			if got != want[i] {
				if bad++; bad <= 5 {
					t.Errorf("%s %q with %q: %s, want %s", s.sql, rows[i][0], rows[i][1], got, want[i])
				}
			}
			if c == 0 && Hash(s.t, vals[2*i], 7) != Hash(s.t, vals[2*i+1], 7) {
				t.Errorf("%s %q and %q are equal but hash differently", s.sql, rows[i][0], rows[i][1])
			}
		}
	}
}
