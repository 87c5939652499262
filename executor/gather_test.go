package executor

import (
	"errors"
	"math/rand"
	"slices"
	"testing"
	"time"

	"rowkey/planner/plan"
	"rowkey/types"
)

// batches gives batches of the sizes named, of consecutive numbers among others that
// are not selected; the vector is the same each time.
type batches struct {
	sizes []int
	at    int
	next_ int64
	fails error // after them
	vec   *types.Vec
	out   types.Batch
}

func (o *batches) open() error { o.at, o.next_ = 0, 0; return nil }
func (o *batches) close()      {}

func (o *batches) next() (*types.Batch, error) {
	if o.at == len(o.sizes) {
		return nil, o.fails
	}
	n := o.sizes[o.at]
	o.at++
	o.vec.Resize(2 * n)
	o.out = types.Batch{N: 2 * n, Sel: []int32{}, Cols: []*types.Vec{o.vec}}
	for i := range n {
		o.vec.I[2*i], o.vec.I[2*i+1] = -1, o.next_
		o.out.Sel = append(o.out.Sel, int32(2*i+1))
		o.next_++
	}
	return &o.out, nil
}

// Small batches are put together, in order, and after any number of results no more than
// about twice the batches that they needed have been read. An error comes after all rows.
func TestGather(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	ctx := &Ctx{Memory: NewAccount(0, nil)}
	x := &exec{Ctx: ctx, plan: &plan.Plan{}}
	for range 500 {
		in := &batches{vec: types.NewVec(types.Int8, 0)}
		if r.Intn(2) == 0 {
			in.fails = errors.New("at the end")
		}
		total := 0
		for range r.Intn(60) {
			n := 1 + r.Intn(20)
			if r.Intn(10) == 0 {
				n = 1 + r.Intn(types.BatchSize/2)
			}
			in.sizes = append(in.sizes, n)
			total += n
		}
		o := x.gathered(in, []*types.Type{types.Int8})
		for range 2 { // again after a restart
			if err := o.open(); err != nil {
				t.Fatal(err)
			}
			var got []int64
			for {
				before := in.at
				b, err := o.next()
				if err != in.fails && (err != nil || b == nil) {
					t.Fatal(err)
				}
				if b == nil {
					break
				}
				if b.Rows() == 0 || b.Rows() > types.BatchSize {
					t.Fatalf("a batch of %d rows", b.Rows())
				}
				if in.at > max(2*before, 1) {
					t.Fatalf("%d batches read for the rows after those of %d", in.at, before)
				}
				for _, i := range selected(b.N, b.Sel) {
					got = append(got, b.Cols[0].I[i])
				}
			}
			want := make([]int64, total)
			for i := range want {
				want[i] = int64(i)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("sizes %v: %d rows, want %d", in.sizes, len(got), len(want))
			}
		}
		o.close()
		if u := ctx.Memory.Used(); u != 0 {
			t.Fatalf("%d bytes not given back", u)
		}
	}
}
