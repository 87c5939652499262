package builtin

import (
	"context"
	"fmt"
	"math"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/pgerr"
	"rowkey/types"
)

// Every function of the table is called with generated arguments here and on a
// PostgreSQL 15 server, and the results compared as text, errors by SQLSTATE
// and message. Needs ROWKEY_PG, a URL; ROWKEY_SEED repeats a run,
// ROWKEY_FUNC=name narrows it to one function, ROWKEY_CALLS sets how many calls
// each gets.

func connect(t *testing.T) *pgconn.PgConn {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL server to compare with")
	}
	c, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	run(t, c, "set timezone = 'UTC'; set standard_conforming_strings = on; set statement_timeout = '5s'; set client_min_messages = error")
	return c
}

// answer is what a query gave: rows of text fields (nil for NULL) or an error.
type answer struct {
	rows [][]*string
	code string
	msg  string
}

func (a answer) String() string {
	if a.code != "" {
		return a.code + " " + a.msg
	}
	var b strings.Builder
	for i, r := range a.rows {
		if i > 0 {
			b.WriteString("\n")
		}
		for j, f := range r {
			if j > 0 {
				b.WriteString(" | ")
			}
			if f == nil {
				b.WriteString("NULL")
			} else {
				b.WriteString(*f)
			}
		}
	}
	return b.String()
}

func query(c *pgconn.PgConn, sql string) answer {
	var a answer
	r := c.Exec(context.Background(), sql)
	for r.NextResult() {
		rr := r.ResultReader()
		for rr.NextRow() {
			var row []*string
			for _, v := range rr.Values() {
				if v == nil {
					row = append(row, nil)
				} else {
					s := string(v)
					row = append(row, &s)
				}
			}
			a.rows = append(a.rows, row)
		}
	}
	if err := r.Close(); err != nil {
		if pe, ok := err.(*pgconn.PgError); ok {
			return answer{code: pe.Code, msg: pe.Message}
		}
		return answer{code: "client", msg: err.Error()}
	}
	return a
}

func run(t *testing.T, c *pgconn.PgConn, sql string) {
	if a := query(c, sql); a.code != "" {
		t.Fatalf("%s: %s", sql, a)
	}
}

func ourError(err error) answer {
	e := pgerr.Of(err)
	return answer{code: e.Code, msg: e.Message}
}

// concrete replaces polymorphic types; each gives the choices for anyelement.
func concrete(f *Func, elem *types.Type) []*types.Type {
	var list []*types.Type
	for _, a := range f.Args {
		switch a {
		case types.AnyElement, types.AnyNonArray, types.AnyCompatible, types.AnyCompatibleNonArray:
			a = elem
		case types.AnyArray, types.AnyCompatibleArray:
			a = elem.Array
		case types.AnyRange, types.AnyCompatibleRange:
			a = rangeOver(elem)
		case types.AnyMultirange, types.AnyCompatibleMultirange:
			a = rangeOver(elem).Multirange
		case types.AnyType:
			if f.Kind == Aggregate {
				list = append(list, elem)
				continue
			}
			if f.Variadic == nil {
				a = elem
				break
			}
			list = append(list, types.Int4, types.Text, types.Bool, elem)
			continue
		}
		list = append(list, a)
	}
	return list
}

func resultType(t, elem *types.Type) *types.Type {
	switch t {
	case types.AnyElement, types.AnyNonArray, types.AnyCompatible:
		return elem
	case types.AnyArray, types.AnyCompatibleArray:
		return elem.Array
	case types.AnyRange:
		return rangeOver(elem)
	case types.AnyMultirange:
		return rangeOver(elem).Multirange
	}
	return t
}

// rangeOver is the range type over a type, nil if there is none.
func rangeOver(sub *types.Type) *types.Type {
	for _, t := range types.Builtins() {
		if t.Subtype == sub {
			return t
		}
	}
	return nil
}

// elemTypes are what the any… of a polymorphic function stand for in the tests.
func elemTypes(f *Func, others ...*types.Type) []*types.Type {
	for _, a := range f.Args {
		if a == types.AnyRange || a == types.AnyMultirange {
			return []*types.Type{types.Int4, types.Numeric}
		}
	}
	if polymorphic(f) {
		return append([]*types.Type{types.Int4}, others...)
	}
	return []*types.Type{types.Int4}
}

func polymorphic(f *Func) bool {
	for _, a := range f.Args {
		if a.Kind == types.KindPseudo && a != types.Record {
			return true
		}
	}
	return false
}

func sqlLiteral(t *types.Type, s string) string {
	name := `pg_catalog."` + t.Name + `"`
	return types.QuoteLiteral(s) + "::" + name
}

// skipped are functions whose results depend on the server or on more than
// their arguments.
var skipped = map[string]bool{
	"current_schema": true, "current_schemas": true, "current_user": true, "getpgusername": true, "session_user": true,
	"current_database": true, "version": true, "current_setting": true, "inet_server_port": true, "inet_client_port": true,
	"pg_typeof": true, "pg_listening_channels": true, "pg_timezone_names": true, "pg_timezone_abbrevs": true, "age": true, "pg_backend_pid": true, "regclass": true, "void_send": true,
	"pg_client_encoding": true, "txid_current_if_assigned": true, "pg_current_xact_id_if_assigned": true,
	"now": true, "transaction_timestamp": true, "statement_timestamp": true, "pg_current_xact_id": true, "txid_current": true,
}

// inexact are functions where libraries may differ in the last place.
var inexact = map[string]bool{}

func init() {
	for _, n := range strings.Fields("exp dexp ln dlog1 log log10 dlog10 power pow dpow cbrt dcbrt sin cos tan cot asin acos atan atan2 " +
		"sinh cosh tanh asinh acosh atanh sind cosd tand cotd asind acosd atand atan2d") {
		inexact[n] = true
	}
}

func sameText(f *Func, got, want string) bool {
	if got == want {
		return true
	}
	if strings.HasSuffix(strings.TrimSuffix(f.Name, "_cmp"), "cmp") || strings.HasSuffix(f.Name, "_cmp") {
		// Only the sign of a comparison means anything.
		return (got[0] == '-') == (want[0] == '-') && (got == "0") == (want == "0")
	}
	if !inexact[f.Name] || f.Result.Phys != types.PhysFloat64 {
		return false
	}
	x, err1 := strconv.ParseFloat(got, 64)
	y, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(x-y) <= 4e-16*math.Abs(y)
}

func seed() int64 {
	if n, err := strconv.ParseInt(os.Getenv("ROWKEY_SEED"), 10, 64); err == nil {
		return n
	}
	return 1
}

func TestFunctionsAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	t.Logf("seed %d", seed())
	only := os.Getenv("ROWKEY_FUNC")
	calls, done := 0, 0
	var record []string
	perFunc := 24
	if testing.Short() {
		perFunc = 4
	} else if n, err := strconv.Atoi(os.Getenv("ROWKEY_CALLS")); err == nil {
		perFunc = n
	}
	for _, f := range AllFuncs() {
		if ours(f) {
			continue
		}
		if f.Kind != Scalar || f.Volatility == Volatile || skipped[f.Name] || strings.HasPrefix(f.Name, "to_reg") || f.BindColumns != nil || only != "" && f.Name != only {
			continue
		}
		elems := elemTypes(f, types.Text)
		failures := 0
		done++
		times := perFunc
		if strings.Contains(f.Name, "regex") {
			times *= 20
		}
		for k := 0; k < times && failures < 3; k++ {
			elem := elems[k%len(elems)]
			argTypes := concrete(f, elem)
			args := make([]types.Datum, len(argTypes))
			sql := make([]string, len(argTypes))
			texts := make([]string, len(argTypes))
			ok := true
			for i, a := range argTypes {
				pool := poolFor(f.Name, i, a)
				if len(pool) == 0 {
					ok = false
					break
				}
				s := pool[r.Intn(len(pool))]
				if v, ok := randomValue(r, a); ok && r.Intn(3) == 0 && len(pool) > 0 && len(pools[a.Name]) > 0 && &pool[0] == &pools[a.Name][0] {
					s = v
				}
				if r.Intn(12) == 0 {
					sql[i] = "null::" + `pg_catalog."` + a.Name + `"`
					texts[i] = "NULL"
					continue
				}
				d, err := types.Parse(a, -1, s, nil)
				if err != nil {
					// A pool for text, and this is the function's variant for bytea.
					s = pools[a.Name][0]
					if d, err = types.Parse(a, -1, s, nil); err != nil {
						t.Fatalf("%s: pool value %q: %v", a, s, err)
					}
				}
				args[i] = d
				sql[i] = sqlLiteral(a, s)
				texts[i] = strconv.Quote(s)
			}
			if !ok {
				if os.Getenv("ROWKEY_VERBOSE") != "" {
					t.Logf("no arguments for %s", signature(f.Name, f.Args))
				}
				break
			}
			calls++
			call := `pg_catalog."` + f.Name + `"(` + strings.Join(sql, ", ") + ")"
			if f.Variadic != nil && f.Variadic != types.AnyType && f.Args[len(f.Args)-1] != types.AnyType {
				sql[len(sql)-1] = "variadic " + sql[len(sql)-1]
				call = `pg_catalog."` + f.Name + `"(` + strings.Join(sql, ", ") + ")"
			}
			q := "select " + call
			if f.SetOf && len(f.Out) > 0 {
				q = "select * from " + call
			}
			want := query(c, q)
			if want.code == "client" {
				t.Fatalf("%s: %s", q, want)
			}
			if want.code == pgerr.QueryCanceled {
				continue // too long for PostgreSQL
			}
			got := callOurs(f, argTypes, args, elem)
			if !sameAnswer(f, got, want) {
				t.Errorf("%s\n got  %s\n want %s", q, got, want)
				failures++
			} else if k < 5 && !f.SetOf {
				record = append(record, fmt.Sprintf("%s\t%s\t%s\t%s", signature(f.Name, f.Args), elem.Name, strings.Join(texts, "\t"), strconv.Quote(want.String())))
			}
		}
	}
	t.Logf("%d functions, %d calls", done, calls)
	if os.Getenv("ROWKEY_RECORD") != "" && !t.Failed() {
		if err := os.WriteFile(recorded, []byte(strings.Join(record, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// recorded holds calls with PostgreSQL's answers, so that they can be compared
// without a server; ROWKEY_RECORD=1 writes it anew.
const recorded = "testdata/calls.txt"

func TestRecordedCalls(t *testing.T) {
	data, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range lines {
		col := strings.Split(line, "\t")
		f := bySignature(col[0])
		if f.OID == 0 {
			t.Errorf("%s has gone", col[0])
			continue
		}
		elem := types.ByName(col[1])
		argTypes := concrete(f, elem)
		args := make([]types.Datum, len(argTypes))
		for i, a := range argTypes {
			if col[2+i] == "NULL" {
				continue
			}
			s, err := strconv.Unquote(col[2+i])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if args[i], err = types.Parse(a, -1, s, nil); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		want, err := strconv.Unquote(col[len(col)-1])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if got := callOurs(f, argTypes, args, elem).String(); got != want && !sameText(f, got, want) {
			t.Errorf("%s(%s) with %s\n got  %s\n want %s", f.Name, strings.Join(col[2:len(col)-1], ", "), elem, got, want)
		}
	}
	t.Logf("%d calls", len(lines))
}

// TestCastsAgainstPostgres converts every value of the pools to every type it
// has a cast to, and through text forms.
func TestCastsAgainstPostgres(t *testing.T) {
	c := connect(t)
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	calls := 0
	check := func(from, to *types.Type, f *Func) {
		failures := 0
		for _, s := range pools[from.Name] {
			d, err := types.Parse(from, -1, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := query(c, "select "+sqlLiteral(from, s)+`::pg_catalog."`+to.Name+`"`)
			calls++
			args := []types.Datum{d, types.NewInt(-1), types.NewBool(true)}
			var got answer
			if f == nil {
				got = answer{rows: [][]*string{{textField(to, d)}}}
			} else if r, err := Call(f, ctx, args[:max(1, len(f.Args))]); err != nil {
				got = ourError(err)
			} else {
				got = answer{rows: [][]*string{{textField(to, r)}}}
			}
			if !sameAnswer(&Func{Result: to}, got, want) && failures < 3 {
				failures++
				t.Errorf("%q::%s::%s\n got  %s\n want %s", s, from, to, got, want)
			}
		}
	}
	for _, k := range Casts() {
		if strings.HasPrefix(k.From.Name, "reg") || strings.HasPrefix(k.To.Name, "reg") || k.From == k.To {
			continue
		}
		check(k.From, k.To, k.Func)
	}
	for _, other := range []*types.Type{types.Int4, types.Float8, types.Numeric, types.Date, types.UUID, types.JSONB, types.Int4.Array, types.Text.Array, types.Bytea, types.Bool, types.Interval} {
		if FindCast(types.Text, other) == nil {
			check(types.Text, other, IOCast(types.Text, other))
		}
		if FindCast(other, types.Text) == nil {
			check(other, types.Text, IOCast(other, types.Text))
		}
	}
	for _, k := range [][2]*types.Type{{types.Int4, types.Int8}, {types.Int4, types.Text}, {types.Text, types.Int4}, {types.Numeric, types.Int4}, {types.Text, types.VarChar}} {
		k := k
		elem := IOCast(k[0], k[1])
		if cast := FindCast(k[0], k[1]); cast != nil {
			elem = cast.Func
		}
		check(k[0].Array, k[1].Array, ArrayCast(k[0].Array, k[1].Array, elem, -1, true))
	}
	t.Logf("%d casts", calls)
}

func sameAnswer(f *Func, got, want answer) bool {
	if got.code != want.code {
		return false
	}
	if got.code != "" {
		return got.msg == want.msg
	}
	if len(got.rows) != len(want.rows) {
		return false
	}
	for i, r := range got.rows {
		if len(r) != len(want.rows[i]) {
			return false
		}
		for j, v := range r {
			w := want.rows[i][j]
			if (v == nil) != (w == nil) || v != nil && !sameText(f, *v, *w) {
				return false
			}
		}
	}
	return true
}

func textField(t *types.Type, d types.Datum) *string {
	if d.IsNull() {
		return nil
	}
	s := string(types.AppendText(nil, t, d, nil))
	return &s
}

func callOurs(f *Func, argTypes []*types.Type, args []types.Datum, elem *types.Type) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{code: "panic", msg: fmt.Sprint(p)}
		}
	}()
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	b := f.Bound(argTypes)
	if f.SetOf {
		err := CallSet(b, ctx, args, func(row []types.Datum) error {
			var r []*string
			for i, d := range row {
				rt := resultType(f.Result, elem)
				if len(f.Out) > 0 {
					rt = resultType(f.Out[i].Type, elem)
				}
				r = append(r, textField(rt, d))
			}
			a.rows = append(a.rows, r)
			return nil
		})
		if err != nil {
			return ourError(err)
		}
		return a
	}
	d, err := Call(b, ctx, args)
	if err != nil {
		return ourError(err)
	}
	return answer{rows: [][]*string{{textField(resultType(f.Result, elem), d)}}}
}
