package builtin

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/pgerr"
	"rowkey/types"
)

// to_char, to_date, to_timestamp, to_number and format against PostgreSQL,
// with templates put together at random.

var datePatterns = strings.Fields("A.D. AD a.d. bc BC AM a.m. P.M. pm CC cc DAY Day day DDD ddd DD dd DY Dy dy D d FF1 FF3 ff6 FX HH24 hh24 HH12 HH hh IDDD ID IW iw IYYY IYY IY I J j MI mi MM mm MONTH Month month MON Mon mon MS ms OF of Q q RM rm SSSSS SSSS SS ss TZH TZM TZ tz US us WW ww W w Y,YYY y,yyy YYYY yyyy YYY YY Y")

func randomDateTemplate(r *rand.Rand) string {
	var b strings.Builder
	for n := 1 + r.Intn(5); n > 0; n-- {
		switch r.Intn(6) {
		case 0:
			b.WriteString([]string{"FM", "fm", "TM", "FX"}[r.Intn(4)])
		}
		b.WriteString(datePatterns[r.Intn(len(datePatterns))])
		switch r.Intn(8) {
		case 0:
			b.WriteString([]string{"TH", "th", "SP"}[r.Intn(3)])
		}
		b.WriteString([]string{"", " ", "-", "/", ":", "\"T\"", "x", "  ", ",", "\\\"", "é", "\"a\\\"b", "9", "."}[r.Intn(14)])
	}
	return b.String()
}

func randomNumberTemplate(r *rand.Rand) string {
	var b strings.Builder
	for n := 1 + r.Intn(7); n > 0; n-- {
		b.WriteString([]string{"9", "9", "99", "999", "0", "0", "00", ".", "D", ",", "G", "FM", "S", "MI", "PL", "SG", "PR", "TH", "th", "V", "EEEE", "L", "RN", "rn", " ", "x", "B", "C", "\"q9\"", "fm", "9.9", "0.0", "FM9", "99.99"}[r.Intn(34)])
	}
	return b.String()
}

func check(t *testing.T, f *Func, env *types.Env, argTypes []*types.Type, args []types.Datum, want answer, q string, bad *int) {
	t.Helper()
	got := callEnv(f.Bound(argTypes), env, args)
	if !sameAnswer(f, got, want) {
		if *bad++; *bad <= 25 {
			t.Errorf("%s\n got  %q\n want %q", q, got, want)
		}
	}
}

func TestToCharDatesAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	z, _ := types.LookupZone("Europe/Berlin")
	env := &types.Env{TimeZone: z, ExtraFloatDigit: 1}
	run(t, c, "set timezone = 'Europe/Berlin'; set datestyle = 'ISO, MDY'")
	bad := 0
	for k := 0; k < 6000; k++ {
		typ := []*types.Type{types.Timestamp, types.TimestampTZ, types.Interval}[k%3]
		name := typ.Name
		if typ == types.TimestampTZ {
			name = "timestamp"
		}
		pool := dtPools[name]
		s := pool[r.Intn(len(pool))]
		tmpl := randomDateTemplate(r)
		// At the ends of what intervals hold, calendar patterns give overflows there.
		if k%3 == 2 && (strings.Contains(s, "2562047788") || strings.Contains(s, "178956970") || strings.Contains(s, "21474836")) {
			continue
		}
		d, err := types.Parse(typ, -1, s, env)
		if err != nil {
			continue // out of range in this zone
		}
		q := "select to_char(" + sqlLiteral(typ, s) + ", " + types.QuoteLiteral(tmpl) + ")"
		check(t, bySignature("to_char("+typ.Name+",text)"), env, nil, []types.Datum{d, types.NewString(tmpl)}, query(c, q), q, &bad)
	}
	t.Logf("%d differ", bad)
}

func TestToDateAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	z, _ := types.LookupZone("America/New_York")
	env := &types.Env{TimeZone: z, ExtraFloatDigit: 1}
	run(t, c, "set timezone = 'America/New_York'; set datestyle = 'ISO, MDY'")
	bad := 0
	inputs := []string{"2000-01-01", "20200229", "2011-12-18 23:38:15", "1997 AD", "0097/Feb/16", "  2000 JUN ", "15 \"text between quote marks\" 98 54 45", "2020-02-30", "12:00 pm", "97/2/16 8:14:30", "1985 September 12", "05121445482000", "2000January09Sunday", "44-02-01 BC", "2001 131215", "3 4 21 01", "20 -10-15", "+2020-1-5", "-44-02-01", "II 2000", "1,234", "2020-W05-3", "", "x", "1999-12-31 23:59:59.123456+05:30", "12.34.56", "9999999999"}
	templates := []string{"YYYY-MM-DD", "YYYYMMDD", "YYYY-MM-DD HH24:MI:SS", "YYYY BC", "YYYY/MON/DD", "YYYY MON", "HH24 \"text between quote marks\" YY MI SS", "FMYYYY-FMMM-FMDD", "HH:MI AM", "YY/MM/DD HH24:MI:SS", "YYYY FMMonth DD", "MMDDHH24MISSYYYY", "YYYYFMMonthDDFMDay", "YYYY-MM-DD BC", "YYYY DDD", "I ID IW", "D DD CC", "RM YYYY", "Y,YYY", "IYYY-\"W\"IW-ID", "YYYY-MM-DD HH24:MI:SS.USTZH:TZM", "J", "SSSS", "FXYYYY-MM-DD", "YYYY WW", "MM W YYYY", "CC YY", "YYYY-MM-DDTH", "MS US FF3", "DY DAY", "YYYY-DD TZ"}
	for k := 0; k < 8000; k++ {
		in := inputs[r.Intn(len(inputs))]
		tmpl := templates[r.Intn(len(templates))]
		if r.Intn(3) == 0 {
			tmpl = randomDateTemplate(r)
		}
		if r.Intn(2) == 0 {
			// What to_char writes should be readable.
			pool := dtPools["timestamp"]
			d, err := types.Parse(types.Timestamp, -1, pool[r.Intn(len(pool))], env)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := Call(bySignature("to_char(timestamp,text)"), &Ctx{Context: context.Background(), Env: env}, []types.Datum{d, types.NewString(tmpl)}); err == nil && !v.IsNull() {
				in = v.S
			}
		}
		fname := []string{"to_date", "to_timestamp"}[k%2]
		q := "select " + fname + "(" + types.QuoteLiteral(in) + ", " + types.QuoteLiteral(tmpl) + ")"
		check(t, bySignature(fname+"(text,text)"), env, nil, []types.Datum{types.NewString(in), types.NewString(tmpl)}, query(c, q), q, &bad)
	}
	t.Logf("%d differ", bad)
}

func TestToCharNumbersAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	env := types.DefaultEnv
	bad := 0
	for k := 0; k < 12000; k++ {
		typ := []*types.Type{types.Numeric, types.Int4, types.Int8, types.Float8, types.Float4}[k%5]
		pool := []string{"0", "1", "-1", "12", "485", "-485", "1485", "12.34", "-0.1", "0.1", "0.05", "3.14159", "123456.789", "-99.995", "99.995", "1e10", "0.000123", "482", "3999", "NaN", "Infinity", "-Infinity", "9999999", "0.99", "100", "1000000", "12345678901234567890"}
		s := pool[r.Intn(len(pool))]
		if typ == types.Int4 || typ == types.Int8 {
			s = []string{"0", "1", "-1", "12", "485", "-485", "1485", "3999", "4000", "1000000", "2147483647", "-2147483648"}[r.Intn(12)]
		}
		d, err := types.Parse(typ, -1, s, env)
		if err != nil {
			t.Fatal(err)
		}
		tmpl := randomNumberTemplate(r)
		q := "select to_char(" + sqlLiteral(typ, s) + ", " + types.QuoteLiteral(tmpl) + ")"
		check(t, bySignature("to_char("+typ.Name+",text)"), env, nil, []types.Datum{d, types.NewString(tmpl)}, query(c, q), q, &bad)
	}
	t.Logf("%d differ", bad)
}

func TestToNumberAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	env := types.DefaultEnv
	bad := 0
	inputs := []string{"-34,338,492", "-34,338,492.654,878", "<564646.654564>", "0.00001-", "5.01-", "5 4 4 4 4 8 . 7 8", ".01-", "0 #", "34,50", "123,000", "123456", "$1234.56", "1,234.56", "42nd", "123456", "", " 12", "+12", "12+", "-5", "abc", "1.2.3", "12e3", "é12", "99999999999999999999"}
	for k := 0; k < 8000; k++ {
		in := inputs[r.Intn(len(inputs))]
		tmpl := randomNumberTemplate(r)
		if r.Intn(2) == 0 {
			tmpl = []string{"99G999G999", "99G999G999D999G999", "999999.999999PR", "9.999999S", "FM9.999999S", "FM9.999999MI", "9 9 9 9 9 9 . 9 9", "999G", "L9,999.99", "99th", "99999V99", "S999", "999S", "9999.99", "00999"}[r.Intn(15)]
		}
		q := "select to_number(" + types.QuoteLiteral(in) + ", " + types.QuoteLiteral(tmpl) + ")"
		check(t, bySignature("to_number(text,text)"), env, nil, []types.Datum{types.NewString(in), types.NewString(tmpl)}, query(c, q), q, &bad)
	}
	t.Logf("%d differ", bad)
}

func TestFormatAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	env := types.DefaultEnv
	bad := 0
	pieces := []string{"%s", "%I", "%L", "%1$s", "%2$L", "%10s", "%-10s", "%*s", "%-*s", "%*2$s", "%2$*3$s", "%%", "%", "x", "%0$s", "%y", "%5$s", "é", "%-3I", "%3$-*1$L", "%2", "%1$", "%é"}
	for k := 0; k < 3000; k++ {
		var tmpl strings.Builder
		for n := 1 + r.Intn(3); n > 0; n-- {
			tmpl.WriteString(pieces[r.Intn(len(pieces))])
		}
		argTypes := []*types.Type{types.Text, types.Text, types.Int4, types.Int4}
		vals := []string{tmpl.String(), []string{"abc", "A b", "it's", "back\\slash", "select", "日本"}[r.Intn(6)], []string{"5", "-7", "0"}[r.Intn(3)], "12"}
		var args []types.Datum
		var sql []string
		for i, v := range vals {
			d, err := types.Parse(argTypes[i], -1, v, env)
			if err != nil {
				t.Fatal(err)
			}
			args, sql = append(args, d), append(sql, sqlLiteral(argTypes[i], v))
			if i > 0 && r.Intn(12) == 0 {
				args[i], sql[i] = types.Null, "null::"+argTypes[i].Name
			}
		}
		q := fmt.Sprintf("select format(%s)", strings.Join(sql, ", "))
		check(t, bySignature("format(text,any)"), env, argTypes, args, query(c, q), q, &bad)
	}
	t.Logf("%d differ", bad)
}

// Details and hints of errors.
func TestFormatErrorsAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	run(t, c, "set timezone = 'UTC'; set datestyle = 'ISO, MDY'")
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	calls := [][]string{
		{"date_trunc(text,interval)", "week", "1 day"}, {"date_trunc(text,timestamp)", "dow", "2000-01-01"}, {"extract(text,date)", "hour", "2000-01-01"},
		{"make_timestamptz(int4,int4,int4,int4,int4,float8,text)", "2000", "1", "1", "0", "0", "0", "5"}, {"timezone(interval,timestamp)", "1 day", "2000-01-01"},
		{"format(text,any)", "%z", "x"}, {"format(text,any)", "%", "x"}, {"to_char(interval,text)", "1 day", "Month"}, {"to_date(text,text)", "2000-IW", "YYYY-IW"},
		{"to_char(int4,text)", "1", "9EEEEPR"}, {"to_char(int4,text)", "1", "FM9EEEE"}, {"to_timestamp(text,text)", "13", "HH"},
	}
	for i := 0; i < 1500; i++ {
		in := []string{"2000-01-01", "20000230", "x", "12", "99999999999", "", "jan", "1", "2000 AD", "5 pm"}[r.Intn(10)]
		calls = append(calls, []string{[]string{"to_date(text,text)", "to_timestamp(text,text)", "to_number(text,text)"}[r.Intn(3)], in, randomDateTemplate(r)})
	}
	for _, call := range calls {
		f := bySignature(call[0])
		var args []types.Datum
		var argTypes []*types.Type
		var sql []string
		for i, s := range call[1:] {
			typ := f.Args[min(i, len(f.Args)-1)]
			if typ == types.AnyType {
				typ = types.Text
			}
			d, err := types.Parse(typ, -1, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			args, argTypes, sql = append(args, d), append(argTypes, typ), append(sql, sqlLiteral(typ, s))
		}
		q := "select pg_catalog." + f.Name + "(" + strings.Join(sql, ", ") + ")"
		_, err := c.Exec(context.Background(), q).ReadAll()
		var want *pgconn.PgError
		if !errors.As(err, &want) {
			continue
		}
		_, err = Call(f.Bound(argTypes), ctx, args)
		got := pgerr.Of(err)
		if got == nil || got.Message != want.Message || got.Detail != want.Detail || got.Hint != want.Hint {
			t.Errorf("%s\n got  %v\n want %s; %s; %s", q, got, want.Message, want.Detail, want.Hint)
		}
	}
}

// No template and no text makes a formatting function panic.
func FuzzFormat(f *testing.F) {
	f.Add("YYYY-MM-DD HH24:MI:SS.US", "2000-01-01 12:34:56")
	f.Add("FM999,990.99PR", "-1,234.5")
	f.Add("%1$-10s %L %I%%", "x")
	f.Add("FXIYYY IW ID J Q RM TZH:TZM", "2000 5 3 +05:30")
	f.Add("9.9EEEE", "1e5")
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	f.Fuzz(func(t *testing.T, template, text string) {
		if len(template) > 200 || len(text) > 200 {
			return
		}
		tm, in := types.NewString(template), types.NewString(text)
		for sig, args := range map[string][]types.Datum{
			"to_date(text,text)": {in, tm}, "to_timestamp(text,text)": {in, tm}, "to_number(text,text)": {in, tm},
			"to_char(timestamp,text)": {types.NewInt(int64(len(text)) * 1234567890123), tm}, "to_char(timestamptz,text)": {types.NewInt(5), tm},
			"to_char(interval,text)": {types.NewSpan(types.Span{Months: int32(len(text)) - 20, Days: 5, Micros: -1}), tm},
			"to_char(numeric,text)":  {types.NewDecimal(types.Decimal{Coef: int64(len(text)) * -12345, Scale: 3}), tm}, "to_char(int4,text)": {types.NewInt(-7), tm},
			"to_char(int8,text)": {types.NewInt(1 << 60), tm}, "to_char(float8,text)": {types.NewFloat(-1e-7), tm},
			"extract(text,timestamptz)": {tm, types.NewInt(0)}, "date_trunc(text,interval)": {tm, types.NewSpan(types.Span{})},
			"timezone(text,timestamptz)": {tm, types.NewInt(0)}, "timezone(text,timestamp)": {in, types.NewInt(0)},
		} {
			_, err := Call(bySignature(sig), ctx, args)
			if err != nil && pgerr.CodeOf(err) == pgerr.InternalError {
				t.Errorf("%s: %v", sig, err)
			}
		}
		if len(template) < 20 {
			fm := bySignature("format(text,any)").Bound([]*types.Type{types.Text, types.Text})
			if !strings.ContainsAny(template, "0123456789*") {
				if _, err := Call(fm, ctx, []types.Datum{tm, in}); err != nil && pgerr.CodeOf(err) == pgerr.InternalError {
					t.Error(err)
				}
			}
		}
	})
}
