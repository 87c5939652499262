package keyspace

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

func init() {
	register(
		Command{Name: "zunion", Arity: -3, Flags: ReadOnly, Keys: numberedKeys(1), Run: func(c *Call) error { return zcombine(c, 1, uniteScores) }},
		Command{Name: "zinter", Arity: -3, Flags: ReadOnly, Keys: numberedKeys(1), Run: func(c *Call) error { return zcombine(c, 1, intersectScores) }},
		Command{Name: "zdiff", Arity: -3, Flags: ReadOnly, Keys: numberedKeys(1), Run: func(c *Call) error { return zcombine(c, 1, subtractScores) }},
		Command{Name: "zintercard", Arity: -3, Flags: ReadOnly, Keys: numberedKeys(1), Run: func(c *Call) error { return zcombine(c, 1, countScores) }},
		Command{Name: "zunionstore", Arity: -4, Flags: Write | DenyOOM, Keys: storedKeys, Run: func(c *Call) error { return zcombine(c, 2, uniteScores) }},
		Command{Name: "zinterstore", Arity: -4, Flags: Write | DenyOOM, Keys: storedKeys, Run: func(c *Call) error { return zcombine(c, 2, intersectScores) }},
		Command{Name: "zdiffstore", Arity: -4, Flags: Write | DenyOOM, Keys: storedKeys, Run: func(c *Call) error { return zcombine(c, 2, subtractScores) }},
	)
}

// storedKeys are a destination and numbered sources.
func storedKeys(dst, args [][]byte) [][]byte {
	if len(args) < 2 {
		return dst
	}
	return numberedKeys(2)(append(dst, args[1]), args)
}

// scoreOperation is how sorted sets, and sets with scores of 1, are combined.
type scoreOperation uint8

const (
	uniteScores scoreOperation = iota
	intersectScores
	subtractScores
	countScores // of the intersection
)

// combination is a ZUNION, ZINTER or ZDIFF with its options.
type combination struct {
	sources    []*Collection
	weights    []float64
	aggregate  func(a, b float64) float64
	withScores bool
	limit      int64
}

func sumScores(a, b float64) float64 {
	if s := a + b; !math.IsNaN(s) {
		return s
	}
	return 0 // of infinities of both signs
}

func minScore(a, b float64) float64 {
	if b < a {
		return b
	}
	return a
}

func maxScore(a, b float64) float64 {
	if b > a {
		return b
	}
	return a
}

// zcombine is the commands; at is the argument with the number of keys, 2 when
// the result is stored at argument 1.
func zcombine(c *Call, at int, op scoreOperation) error {
	x, err := parseCombination(c, at, op)
	if err != nil {
		return err
	}
	var list []element
	switch op {
	case uniteScores:
		list, err = x.unite()
	case subtractScores:
		list, err = x.subtract()
	default:
		list, err = x.intersect()
	}
	if err != nil {
		return err
	}
	switch {
	case op == countScores:
		c.Reply.Int(int64(len(list)))
		return nil
	case at == 2:
		return storeScores(c, c.Args[1], list)
	}
	slices.SortFunc(list, func(a, b element) int {
		return cmp.Or(cmp.Compare(a.score, b.score), bytes.Compare(a.elem, b.elem))
	})
	c.Reply.scores(list, x.withScores, c.Reply.Resp3)
	return nil
}

func parseCombination(c *Call, at int, op scoreOperation) (*combination, error) {
	n, err := intArg(c.Args[at])
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, Errorf("ERR at least 1 input key is needed for '%s' command", c.Cmd.Name)
	}
	if n > int64(len(c.Args)-at-1) {
		return nil, ErrSyntax
	}
	x := &combination{aggregate: sumScores, limit: math.MaxInt64}
	for _, key := range c.Args[at+1 : at+1+int(n)] {
		h, err := c.openScored(key)
		if err != nil {
			return nil, err
		}
		x.sources = append(x.sources, h)
		x.weights = append(x.weights, 1)
	}
	combines, store := op == uniteScores || op == intersectScores, at == 2
	rest := c.Args[at+1+int(n):]
	for len(rest) > 0 {
		switch {
		case combines && len(rest) > int(n) && Is(rest[0], "WEIGHTS"):
			for i := range x.weights {
				if x.weights[i], err = floatArg(rest[1+i]); err != nil {
					return nil, Error("ERR weight value is not a float")
				}
			}
			rest = rest[1+n:]
		case combines && len(rest) > 1 && Is(rest[0], "AGGREGATE"):
			switch {
			case Is(rest[1], "SUM"):
				x.aggregate = sumScores
			case Is(rest[1], "MIN"):
				x.aggregate = minScore
			case Is(rest[1], "MAX"):
				x.aggregate = maxScore
			default:
				return nil, ErrSyntax
			}
			rest = rest[2:]
		case !store && op != countScores && Is(rest[0], "WITHSCORES"):
			x.withScores = true
			rest = rest[1:]
		case op == countScores && len(rest) > 1 && Is(rest[0], "LIMIT"):
			if x.limit, err = intArg(rest[1]); err != nil || x.limit < 0 {
				return nil, Error("ERR LIMIT can't be negative")
			}
			if x.limit == 0 {
				x.limit = math.MaxInt64
			}
			rest = rest[2:]
		default:
			return nil, ErrSyntax
		}
	}
	return x, nil
}

// openScored opens a sorted set, or a set, whose members count as of score 1.
func (c *Call) openScored(key []byte) (*Collection, error) {
	h, err := c.Open(key, ZSet)
	if err == ErrWrongType {
		h, err = c.Open(key, Set)
	}
	return h, err
}

func (h *Collection) scored(e element) float64 {
	if h.Type == Set {
		return 1
	}
	return e.score
}

// scoreOrOne is Score where members of a set have score 1.
func (h *Collection) scoreOrOne(member []byte) (float64, bool, error) {
	if h.Type == Set {
		has, err := h.Has(member)
		return 1, has, err
	}
	return h.Score(member)
}

func weigh(score, weight float64) float64 {
	if f := score * weight; !math.IsNaN(f) {
		return f
	}
	return 0
}

// bySize orders the sources from the smallest on, each with its weight.
func (x *combination) bySize() {
	order := make([]int, len(x.sources))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x.sources[a].Size, x.sources[b].Size) })
	sources, weights := slices.Clone(x.sources), slices.Clone(x.weights)
	for i, o := range order {
		x.sources[i], x.weights[i] = sources[o], weights[o]
	}
}

func (x *combination) unite() ([]element, error) {
	x.bySize()
	var out []element
	at := map[string]int{}
	for i, h := range x.sources {
		list, err := h.elements(0)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			score := weigh(h.scored(e), x.weights[i])
			if k, ok := at[string(e.elem)]; ok {
				out[k].score = x.aggregate(out[k].score, score)
				continue
			}
			at[string(e.elem)] = len(out)
			out = append(out, element{elem: e.elem, score: score})
		}
	}
	return out, nil
}

func (x *combination) intersect() ([]element, error) {
	x.bySize()
	first := x.sources[0]
	list, err := first.elements(0)
	if err != nil {
		return nil, err
	}
	var out []element
members:
	for _, e := range list {
		if int64(len(out)) >= x.limit {
			break
		}
		score := weigh(first.scored(e), x.weights[0])
		for i, h := range x.sources[1:] {
			other, ok, err := h.scoreOrOne(e.elem)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue members
			}
			score = x.aggregate(score, other*x.weights[1+i])
		}
		out = append(out, element{elem: e.elem, score: score})
	}
	return out, nil
}

func (x *combination) subtract() ([]element, error) {
	first := x.sources[0]
	list, err := first.elements(0)
	if err != nil {
		return nil, err
	}
	out := list[:0]
members:
	for _, e := range list {
		for _, h := range x.sources[1:] {
			_, ok, err := h.scoreOrOne(e.elem)
			if err != nil {
				return nil, err
			}
			if ok {
				continue members
			}
		}
		out = append(out, element{elem: e.elem, score: first.scored(e)})
	}
	return out, nil
}
