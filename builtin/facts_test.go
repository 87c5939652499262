package builtin

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"rowkey/types"
)

// What the tables say about functions, operators and casts is what a server's
// catalogs say.

func TestCatalogAgainstPostgres(t *testing.T) {
	c := connect(t)
	names := func(list []*types.Type) string {
		var b []string
		for _, x := range list {
			b = append(b, x.Name)
		}
		return strings.Join(b, ",")
	}
	server := func(sql string) map[string]string {
		m := map[string]string{}
		a := query(c, sql)
		if a.code != "" {
			t.Fatal(a)
		}
		for _, r := range a.rows {
			var f []string
			for _, v := range r {
				if v == nil {
					f = append(f, "")
				} else {
					f = append(f, *v)
				}
			}
			m[f[0]] = strings.Join(f[1:], " ")
		}
		return m
	}
	procs := server(`select p.oid, proname, array_to_string(array(select t.typname from unnest(proargtypes) with ordinality u(o, n) join pg_type t on t.oid = u.o order by n), ','),
		r.typname, prokind, provolatile, proisstrict, proretset, proleakproof
		from pg_proc p join pg_type r on r.oid = prorettype where pronamespace = 'pg_catalog'::regnamespace`)
	for _, f := range AllFuncs() {
		if ours(f) {
			continue
		}
		got := fmt.Sprintf("%s %s %s %c %c %c %c %c", f.Name, names(f.Args), f.Result.Name, f.Kind, f.Volatility, tf(!f.NotStrict), tf(f.SetOf), tf(f.Leakproof))
		if want := procs[fmt.Sprint(f.OID)]; got != want {
			t.Errorf("function %d\n got  %s\n want %s", f.OID, got, want)
		}
	}
	there := server(`select proname from pg_proc union select 'type ' || typname from pg_type`)
	for name := range notDone() {
		if _, ok := there[name]; !ok {
			t.Errorf("%s is not done, and PostgreSQL has none", name)
		}
	}
	for _, y := range types.Builtins() {
		if TypeNotDone(y.Name) {
			t.Errorf("type %s is there", y.Name)
		}
	}
	ops := server(`select o.oid, oprname, coalesce(l.typname, '-'), r.typname, s.typname, oprcode::oid,
		coalesce((select oprname from pg_operator c where c.oid = o.oprcom), '-'), coalesce((select oprname from pg_operator c where c.oid = o.oprnegate), '-')
		from pg_operator o left join pg_type l on l.oid = oprleft join pg_type r on r.oid = oprright join pg_type s on s.oid = oprresult`)
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	for _, o := range AllOperators() {
		if ours(o.Func) {
			continue
		}
		left := "-"
		if o.Left != nil {
			left = o.Left.Name
		}
		got := fmt.Sprintf("%s %s %s %s %d %s %s", o.Name, left, o.Right.Name, o.Result.Name, o.Func.OID, dash(o.Commutator), dash(o.Negator))
		if want := ops[fmt.Sprint(o.OID)]; got != want {
			t.Errorf("operator %d\n got  %s\n want %s", o.OID, got, want)
		}
	}
	casts := server(`select s.typname || ' ' || d.typname, castcontext, castmethod from pg_cast join pg_type s on s.oid = castsource join pg_type d on d.oid = casttarget`)
	for _, k := range Casts() {
		if got, want := fmt.Sprintf("%c %c", k.Context, k.Method), casts[k.From.Name+" "+k.To.Name]; got != want {
			t.Errorf("cast %s → %s: got %s, want %s", k.From, k.To, got, want)
		}
	}
}

// ours tells that PostgreSQL has no such function.
func ours(f *Func) bool {
	_, there := facts[signature(f.Name, f.Args)]
	return !there
}

func tf(b bool) byte {
	if b {
		return 't'
	}
	return 'f'
}

// With ROWKEY_VERBOSE set, lists what PostgreSQL has for types known here and
// this table has not.
func TestNotDone(t *testing.T) {
	if os.Getenv("ROWKEY_VERBOSE") == "" {
		t.Skip("set ROWKEY_VERBOSE for the list of functions not done")
	}
	var list []string
	for sig, fc := range facts {
		if funcOIDs[fc.oid] == nil {
			list = append(list, sig)
		}
	}
	sort.Strings(list)
	t.Log(strings.Join(list, "\n"))
}
