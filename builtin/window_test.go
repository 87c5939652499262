package builtin

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"rowkey/types"
)

// partition is a sorted partition for tests: its rows are peers when their keys
// are equal, and a row's frame is a range of rows around it, or all up to its
// last peer.
type partition struct {
	keys          []int
	before, after int // rows of the frame; -1 for the default frame
	exclude       bool
}

func (p partition) Len() int { return len(p.keys) }

func (p partition) Peers(i int) (from, to int) {
	from, to = i, i+1
	for from > 0 && p.keys[from-1] == p.keys[i] {
		from--
	}
	for to < len(p.keys) && p.keys[to] == p.keys[i] {
		to++
	}
	return from, to
}

func (p partition) Failures() func(arg, i int) error { return nil }

func (p partition) Frame(i int, visit func(from, to int) bool) {
	if p.before < 0 {
		_, to := p.Peers(i)
		visit(0, to)
		return
	}
	from, to := max(0, i-p.before), min(len(p.keys), i+p.after+1)
	if !p.exclude {
		visit(from, to)
		return
	}
	if visit(from, i) {
		visit(i+1, to)
	}
}

func TestWindowFunctionsAgainstPostgres(t *testing.T) {
	c := connect(t)
	r := rand.New(rand.NewSource(seed()))
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	calls := 0
	for _, f := range AllFuncs() {
		if f.Kind != Window {
			continue
		}
		for k := range 30 {
			n := 1 + r.Intn(8)
			p := partition{before: -1}
			key := 0
			vals, args := []string{}, make([]*types.Vec, len(f.Args))
			argTypes := concrete(f, types.Int4)
			for i, a := range argTypes {
				args[i] = types.NewVec(a, n)
			}
			param := []string{"1", "2", "3", "0", "-1", "null"}[r.Intn(6)]
			for j := range n {
				if r.Intn(2) == 0 {
					key++
				}
				p.keys = append(p.keys, key)
				v := fmt.Sprint(r.Intn(100))
				if r.Intn(5) == 0 {
					v = "null"
				}
				vals = append(vals, fmt.Sprintf("(%d, %d, %s::int)", j, key, v))
				for i := range args {
					s := v
					if i == 1 || f.Name == "ntile" {
						s = param
					} else if i == 2 {
						s = "77"
					}
					if s == "null" {
						args[i].Append(types.Null)
						continue
					}
					d, err := types.Parse(argTypes[i], -1, s, nil)
					if err != nil {
						t.Fatal(err)
					}
					args[i].Append(d)
				}
			}
			frame := ""
			if strings.HasSuffix(f.Name, "_value") && k%3 > 0 {
				p.before, p.after = r.Intn(3), r.Intn(3)
				frame = fmt.Sprintf(" rows between %d preceding and %d following", p.before, p.after)
				if k%3 == 2 {
					p.exclude = true
					frame += " exclude current row"
				}
			}
			call := []string{"", "v", "v, " + param + "::int", "v, " + param + "::int, 77"}[len(args)]
			if f.Name == "ntile" {
				call = param + "::int"
			}
			order := "k"
			if f.Name == "row_number" || strings.HasPrefix(f.Name, "l") || f.Name == "ntile" || frame != "" {
				// Peers have no order among themselves: make it the one given.
				order = "k, j"
				if p.before < 0 {
					for j := range p.keys {
						p.keys[j] = j
					}
				}
			}
			q := fmt.Sprintf("select %s(%s) over (order by %s%s) from (values %s) t(j, k, v) order by j", f.Name, call, order, frame, strings.Join(vals, ", "))
			if order == "k" && strings.HasSuffix(f.Name, "_value") {
				continue
			}
			want := query(c, q)
			out := types.NewVec(resultType(f.Result, types.Int4), n)
			out.Resize(n)
			var got answer
			if err := f.Win.Eval(ctx, p, args, out); err != nil {
				got = ourError(err)
			} else {
				for j := range n {
					got.rows = append(got.rows, []*string{textField(out.Type, out.Datum(j))})
				}
			}
			calls++
			if !sameAnswer(f, got, want) {
				t.Errorf("%s\n got  %s\n want %s", q, got, want)
			}
		}
	}
	t.Logf("%d calls", calls)
}
