package builtin

import (
	"sync"

	"rowkey/types"
)

// Block kernels are the innermost loops of arithmetic and comparison: plain
// loops over slices of equal length, without constants, selections or NULLs,
// so that the compiler can make the best of them. The driver, blocks2, feeds
// them: a constant operand becomes a block full of it, selected rows are
// gathered into blocks and the results scattered back.
//
//	column  ─────────┐ (dense: the column's own memory)
//	constant ─fill──▶ block of 256 ──kernel──▶ out's memory, or block ─scatter─▶ out
//	selection ─gather┘
//
// A kernel that can fail goes on with garbage and reports bad; the driver then
// asks the exact function row by row which row that is NULL or not was to
// blame.

const blockLen = 256

type block2[A, B, O any] func(a []A, b []B, o []O) (bad bool)

// blockBuf is the memory for one call's blocks.
type blockBuf[A, B, O any] struct {
	a [blockLen]A
	b [blockLen]B
	o [blockLen]O
}

// k2 makes a function of a block kernel and the exact function.
func k2[A, B, O any](k block2[A, B, O], exact func(A, B) (O, error)) Func {
	f := f2e(exact)
	pool := &sync.Pool{New: func() any { return new(blockBuf[A, B, O]) }}
	f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		if blocks2(k, pool, args, out, n, sel) {
			a, b := col[A](args[0].Vec), col[B](args[1].Vec)
			ma, mb := args[0].mask(), args[1].mask()
			return rows(n, sel, nullMask(out), func(i int) error {
				_, err := exact(a[i&ma], b[i&mb])
				return err
			})
		}
		return nil
	}
	return f
}

// k2t is k2 for what cannot fail.
func k2t[A, B, O any](k block2[A, B, O], exact func(A, B) O) Func {
	return k2(k, func(a A, b B) (O, error) { return exact(a, b), nil })
}

func rowCount(n int, sel []int32) int {
	if sel != nil {
		return len(sel)
	}
	return n
}

// blocks2 runs a kernel over two operands; it reports whether a row failed.
func blocks2[A, B, O any](k block2[A, B, O], pool *sync.Pool, args []Arg, out *types.Vec, n int, sel []int32) (bad bool) {
	a, b, o := col[A](args[0].Vec), col[B](args[1].Vec), col[O](out)
	ca, cb := args[0].Const, args[1].Const
	if sel == nil && !ca && !cb {
		return k(a[:n], b[:n], o[:n])
	}
	buf := pool.Get().(*blockBuf[A, B, O])
	defer pool.Put(buf)
	total := rowCount(n, sel)
	if ca {
		fillBlock(&buf.a, a[0], total)
	}
	if cb {
		fillBlock(&buf.b, b[0], total)
	}
	for from := 0; from < total; from += blockLen {
		m := min(blockLen, total-from)
		x, y := buf.a[:m], buf.b[:m]
		if sel == nil {
			if !ca {
				x = a[from : from+m]
			}
			if !cb {
				y = b[from : from+m]
			}
			bad = k(x, y, o[from:from+m]) || bad
			continue
		}
		s := sel[from : from+m]
		if !ca {
			gatherRows(x, a, s, -1)
		}
		if !cb {
			gatherRows(y, b, s, -1)
		}
		z := buf.o[:m]
		bad = k(x, y, z) || bad
		for j, i := range s {
			o[i] = z[j]
		}
	}
	return bad
}

func fillBlock[T any](buf *[blockLen]T, v T, total int) {
	for j := range min(blockLen, total) {
		buf[j] = v
	}
}

func gatherRows[T any](dst, src []T, sel []int32, mask int) {
	for j, i := range sel {
		dst[j] = src[int(i)&mask]
	}
}
