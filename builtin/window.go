package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// The window functions proper. Each fills the column of a whole partition.

func win(eval func(ctx *Ctx, w WinPartition, args []*types.Vec, out *types.Vec) error) Func {
	return Func{Win: &WinFunc{Eval: eval}}
}

// byPeers makes a function of where a row's peer group lies: value is called
// once a group, with its number from 0.
func byPeers(value func(group, from, to, n int) types.Datum) Func {
	return win(func(_ *Ctx, w WinPartition, _ []*types.Vec, out *types.Vec) error {
		n := w.Len()
		for i, group := 0, 0; i < n; group++ {
			from, to := w.Peers(i)
			d := value(group, from, to, n)
			for ; i < to; i++ {
				out.Set(i, d)
			}
		}
		return nil
	})
}

// shifted makes lag (direction -1) and lead (1).
func shifted(direction int64) Func {
	return win(func(_ *Ctx, w WinPartition, args []*types.Vec, out *types.Vec) error {
		n, asked := int64(w.Len()), w.Failures()
		for i := range n {
			if asked != nil {
				if err := shiftFails(asked, args, i, n, direction); err != nil {
					return err
				}
			}
			offset := int64(1)
			if len(args) > 1 {
				if args[1].IsNull(int(i)) {
					out.Set(int(i), types.Null)
					continue
				}
				offset = args[1].I[i]
			}
			switch j := i + direction*offset; {
			case j >= 0 && j < n:
				out.Set(int(i), args[0].Datum(int(j)))
			case len(args) > 2:
				out.Set(int(i), args[2].Datum(int(i)))
			default:
				out.Set(int(i), types.Null)
			}
		}
		return nil
	})
}

// shiftFails tells whether an argument that lag or lead asks for in row i could not be computed.
func shiftFails(failed func(arg, i int) error, args []*types.Vec, i, n, direction int64) error {
	offset := int64(1)
	if len(args) > 1 {
		if err := failed(1, int(i)); err != nil || args[1].IsNull(int(i)) {
			return err
		}
		offset = args[1].I[i]
	}
	switch j := i + direction*offset; {
	case j >= 0 && j < n:
		return failed(0, int(j))
	case len(args) > 2:
		return failed(2, int(i))
	}
	return nil
}

// inFrame makes a function that picks one row of the frame: pick gives the
// row, -1 for none.
func inFrame(pick func(w WinPartition, args []*types.Vec, i int) (int, error)) Func {
	return win(func(_ *Ctx, w WinPartition, args []*types.Vec, out *types.Vec) error {
		failed := w.Failures()
		for i := range w.Len() {
			if failed != nil && len(args) > 1 {
				if err := failed(1, i); err != nil {
					return err
				}
			}
			j, err := pick(w, args, i)
			if err == nil && failed != nil && j >= 0 {
				err = failed(0, j)
			}
			if err != nil {
				return err
			}
			if j < 0 {
				out.Set(i, types.Null)
			} else {
				out.Set(i, args[0].Datum(j))
			}
		}
		return nil
	})
}

func init() {
	define("row_number()", win(func(_ *Ctx, w WinPartition, _ []*types.Vec, out *types.Vec) error {
		for i := range w.Len() {
			out.I[i] = int64(i) + 1
		}
		return nil
	}))
	define("rank()", byPeers(func(_, from, _, _ int) types.Datum { return types.NewInt(int64(from) + 1) }))
	define("dense_rank()", byPeers(func(group, _, _, _ int) types.Datum { return types.NewInt(int64(group) + 1) }))
	define("percent_rank()", byPeers(func(_, from, _, n int) types.Datum {
		if n <= 1 {
			return types.NewFloat(0)
		}
		return types.NewFloat(float64(from) / float64(n-1))
	}))
	define("cume_dist()", byPeers(func(_, _, to, n int) types.Datum { return types.NewFloat(float64(to) / float64(n)) }))
	define("ntile(int4)", win(func(_ *Ctx, w WinPartition, args []*types.Vec, out *types.Vec) error {
		n := w.Len()
		if n == 0 {
			return nil
		}
		if failed := w.Failures(); failed != nil {
			if err := failed(0, 0); err != nil {
				return err
			}
		}
		if args[0].IsNull(0) {
			for i := range n {
				out.Set(i, types.Null)
			}
			return nil
		}
		buckets := args[0].I[0]
		if buckets <= 0 {
			return pgerr.New(pgerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
		}
		// The first n % buckets buckets have one row more than the others.
		small, larger := int64(n)/buckets, int64(n)%buckets
		bucket, left := int64(0), int64(0)
		for i := range n {
			for left == 0 {
				bucket++
				if left = small; bucket <= larger {
					left++
				}
			}
			out.I[i] = bucket
			left--
		}
		return nil
	}))
	define("lag(anyelement) lag(anyelement,int4) lag(anycompatible,int4,anycompatible)", shifted(-1))
	define("lead(anyelement) lead(anyelement,int4) lead(anycompatible,int4,anycompatible)", shifted(1))
	define("first_value(anyelement)", inFrame(func(w WinPartition, _ []*types.Vec, i int) (int, error) {
		first := -1
		w.Frame(i, func(from, to int) bool {
			if from < to {
				first = from
			}
			return from >= to
		})
		return first, nil
	}))
	define("last_value(anyelement)", inFrame(func(w WinPartition, _ []*types.Vec, i int) (int, error) {
		last := -1
		w.Frame(i, func(from, to int) bool {
			if from < to {
				last = to - 1
			}
			return true
		})
		return last, nil
	}))
	define("nth_value(anyelement,int4)", inFrame(func(w WinPartition, args []*types.Vec, i int) (int, error) {
		if args[1].IsNull(i) {
			return -1, nil
		}
		left := args[1].I[i]
		if left <= 0 {
			return 0, pgerr.New(pgerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
		}
		found := -1
		w.Frame(i, func(from, to int) bool {
			if left <= int64(to-from) {
				found = from + int(left) - 1
				return false
			}
			left -= int64(to - from)
			return true
		})
		return found, nil
	}))
}
