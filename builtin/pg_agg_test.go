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

	"rowkey/types"
)

// Every aggregate over generated rows, here and on the server: in one go, in
// groups, with a selection, and merged from two halves.

func TestAggregatesAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	t.Logf("seed %d", seed())
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	done, times := 0, 12
	if n, err := strconv.Atoi(os.Getenv("ROWKEY_CALLS")); err == nil {
		times = n
	}
	for _, f := range AllFuncs() {
		if f.Kind != Aggregate {
			continue
		}
		elems := elemTypes(f, types.Text, types.Numeric)
		failures := 0
		done++
		for k := 0; k < times && failures < 2; k++ {
			elem := elems[k%len(elems)]
			argTypes := concrete(f, elem)
			if f.Name == "max" || f.Name == "min" {
				if f.Args[0] == types.AnyEnum {
					continue
				}
			}
			direct := 0
			if f.Agg.OrderedSet {
				direct = len(argTypes) - 1
				if f.Agg.Hypothetical {
					argTypes, direct = []*types.Type{elem, elem}, 1
				}
			}
			n := r.Intn(9)
			args := make([]Arg, len(argTypes))
			rowsSQL := make([]string, n)
			var cols []string
			var directSQL []string
			for i, a := range argTypes {
				v := types.NewVec(a, n+1)
				pool := poolFor(f.Name, i, a)
				if f.Agg.OrderedSet && i == 0 && a == types.Float8 {
					pool = []string{"0", "0.5", "0.25", "1", "2"}
				} else if f.Agg.OrderedSet && (a == types.Float8 || a == types.Numeric) {
					pool = []string{"0", "1", "2.5", "-3", "1e10"} // equal values look the same
				}
				if len(pool) == 0 {
					t.Fatalf("no values for %s", a)
				}
				if i < direct {
					s := pool[r.Intn(len(pool))]
					d, err := types.Parse(a, -1, s, nil)
					if err != nil {
						t.Fatal(err)
					}
					v.Append(d)
					args[i] = Arg{Vec: v, Const: true}
					directSQL = append(directSQL, sqlLiteral(a, s))
					continue
				}
				cols = append(cols, fmt.Sprintf("c%d", i))
				narrow := r.Intn(2) == 0
				for j := 0; j < n; j++ {
					sep := ", "
					if rowsSQL[j] == "" {
						sep = ""
					}
					if r.Intn(8) == 0 {
						v.Append(types.Null)
						rowsSQL[j] += sep + `null::pg_catalog."` + a.Name + `"`
						continue
					}
					s := pool[r.Intn(len(pool))]
					if narrow {
						s = pool[r.Intn(min(3, len(pool)))]
					} else if v, ok := randomValue(r, a); ok && !f.Agg.OrderedSet && r.Intn(2) == 0 {
						s = v
					}
					d, err := types.Parse(a, -1, s, nil)
					if err != nil {
						t.Fatal(err)
					}
					v.Append(d)
					rowsSQL[j] += sep + sqlLiteral(a, s)
				}
				args[i] = Arg{Vec: v}
			}
			var q string
			from := "(values (" + strings.Join(rowsSQL, "), (") + ")) t(" + strings.Join(cols, ", ") + ")"
			if len(cols) == 0 {
				from = fmt.Sprintf("generate_series(1, %d)", n)
			} else if n == 0 {
				var nulls []string
				for _, a := range argTypes[direct:] {
					nulls = append(nulls, `null::pg_catalog."`+a.Name+`"`)
				}
				from = "(values (" + strings.Join(nulls, ", ") + ")) t(" + strings.Join(cols, ", ") + ") where false"
			}
			var order []SortOrder
			switch {
			case f.Agg.OrderedSet:
				o := SortOrder{Desc: r.Intn(2) == 0}
				o.NullsFirst = o.Desc
				order = []SortOrder{o}
				by := cols[0]
				if o.Desc {
					by += " desc"
				}
				q = fmt.Sprintf("select pg_catalog.%q(%s) within group (order by %s) from %s", f.Name, strings.Join(directSQL, ", "), by, from)
			case len(cols) == 0:
				q = fmt.Sprintf("select pg_catalog.%q(*) from %s", f.Name, from)
			default:
				q = fmt.Sprintf("select pg_catalog.%q(%s) from %s", f.Name, strings.Join(cols, ", "), from)
			}
			want := query(c, q)
			if n == 0 && f.Agg.OrderedSet && want.code != "" {
				continue // the direct arguments are checked on the first row only
			}
			for variant := 0; variant < 4; variant++ {
				got := aggregate(ctx, f, argTypes, direct, order, args, n, variant, resultType(f.Result, elem))
				if variant == 3 && (inexactAgg(f) && sameMagnitude(got, want) || got.code != "" && want.code != "") {
					continue
				}
				if !sameAnswer(f, got, want) {
					t.Errorf("variant %d: %s\n got  %s\n want %s", variant, q, got, want)
					failures++
					break
				}
			}
		}
	}
	t.Logf("%d aggregates", done)
}

// inexactAgg tells aggregates whose result depends on the order of additions.
func inexactAgg(f *Func) bool { return f.Result.Phys == types.PhysFloat64 }

// sameMagnitude compares the result of merged float sums: near enough where
// both are ordinary numbers. Extremes cancel and overflow by the order of
// additions.
func sameMagnitude(a, b answer) bool {
	if a.code != "" || b.code != "" {
		return true
	}
	x, y := a.rows[0][0], b.rows[0][0]
	if x == nil || y == nil {
		return x == y
	}
	p, _ := strconv.ParseFloat(*x, 64)
	q, _ := strconv.ParseFloat(*y, 64)
	return math.IsNaN(p-q) || math.IsInf(p-q, 0) || math.Abs(p-q) <= 1e-6*max(math.Abs(q), 1) || math.Abs(q) > 1e100
}

// aggregate runs f over n rows: 0 all at once, 1 row by row into a group of its
// own among others, 2 with a selection, 3 in two halves merged.
func aggregate(ctx *Ctx, f *Func, argTypes []*types.Type, direct int, order []SortOrder, args []Arg, n, variant int, result *types.Type) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{code: "panic", msg: fmt.Sprint(p)}
		}
	}()
	state := func() AggState {
		if f.Agg.OrderedSet {
			return f.Agg.NewOrdered(argTypes, direct, order)
		}
		return f.Agg.New(argTypes)
	}
	s := state()
	group := 0
	var err error
	sel := make([]int32, n)
	groups := make([]int32, n)
	for i := range sel {
		sel[i], groups[i] = int32(i), 1
	}
	switch variant {
	case 0:
		s.Grow(1)
		err = s.Add(ctx, args, nil, n, nil)
	case 1:
		s.Grow(3)
		group = 1
		err = s.Add(ctx, args, groups, n, nil)
	case 2:
		s.Grow(1)
		err = s.Add(ctx, args, nil, n, sel)
	case 3:
		s.Grow(1)
		o := state()
		o.Grow(1)
		if err = s.Add(ctx, args, nil, n, sel[:n/2]); err == nil {
			if err = o.Add(ctx, args, nil, n, sel[n/2:]); err == nil {
				err = s.Merge(ctx, o, []int32{0})
			}
		}
	}
	if err != nil {
		return ourError(err)
	}
	_ = s.Bytes()
	out := types.NewVec(result, 1)
	out.Resize(1)
	if err := s.Result(ctx, group, 1, out); err != nil {
		return ourError(err)
	}
	return answer{rows: [][]*string{{textField(result, out.Datum(0))}}}
}
