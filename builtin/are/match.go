package are

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rowkey/pgerr"
)

// maxSteps bounds the work, and so the memory, of one search.
const maxSteps = 10_000_000

// search is the state of one search in one string.
type search struct {
	re    *Regexp
	s     string
	memo  map[memoKey][]int
	caps  []int // byte offsets of captures, -1 unset
	steps int
}

type memoKey struct{ node, at int }

// tooComplex is what ends a search that takes too long; Find turns it into an
// error.
type tooComplex struct{}

// Match tells whether the expression matches anywhere in s.
func (r *Regexp) Match(s string) (bool, error) {
	if r.isLit {
		return strings.Contains(s, r.literal), nil
	}
	if r.fast != nil {
		return r.fast.MatchString(s), nil
	}
	m, err := r.find(s, 0, false)
	return m != nil, err
}

// Find gives the first match that starts at or after byte from: pairs of byte
// offsets for the match and each subexpression, -1 where one took no part; nil
// if there is no match.
func (r *Regexp) Find(s string, from int) ([]int, error) { return r.find(s, from, true) }

func (r *Regexp) find(s string, from int, parts bool) (found []int, err error) {
	if from > len(s) {
		return nil, nil
	}
	if r.isLit {
		i := strings.Index(s[from:], r.literal)
		if i < 0 {
			return nil, nil
		}
		return []int{from + i, from + i + len(r.literal)}, nil
	}
	m := &search{re: r, s: s, caps: make([]int, 2*len(r.groups))}
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(tooComplex); !ok {
				panic(p)
			}
			found, err = nil, pgerr.New(pgerr.StatementTooComplex, "regular expression is too complex for the text it is matched with")
		}
	}()
	if r.fast != nil && (from == 0 || !r.context) {
		loc := r.fast.FindStringIndex(s[from:])
		if loc == nil {
			return nil, nil
		}
		i, j := from+loc[0], from+loc[1]
		if r.root.prefer != shortest && r.NumSub() == 0 {
			return []int{i, j}, nil
		}
		if r.root.prefer != shortest {
			return m.divide(i, j), nil
		}
		return m.from(i), nil
	}
	for i := from; ; {
		if found := m.from(i); found != nil {
			return found, nil
		}
		if i >= len(s) {
			return nil, nil
		}
		_, w := utf8.DecodeRuneInString(s[i:])
		i += w
	}
}

// from looks for a match that starts at i.
func (m *search) from(i int) []int {
	ends := m.ends(m.re.root, i)
	if m.re.root.prefer == shortest {
		for _, j := range ends {
			if f := m.divide(i, j); f != nil {
				return f
			}
		}
		return nil
	}
	for _, j := range slices.Backward(ends) {
		if f := m.divide(i, j); f != nil {
			return f
		}
	}
	return nil
}

// divide divides the match from i to j among the subexpressions; nil if back
// references do not agree.
func (m *search) divide(i, j int) []int {
	for k := range m.caps {
		m.caps[k] = -1
	}
	if !m.dissect(m.re.root, i, j) {
		return nil
	}
	m.caps[0], m.caps[1] = i, j
	return m.caps
}

func (m *search) step() {
	if m.steps++; m.steps > maxSteps {
		panic(tooComplex{})
	}
}

// ends gives the places, ascending, where a match of n that starts at i can
// end. A back reference is taken for another match of its group; dissect sees
// to it that it is the same text.
func (m *search) ends(n *node, i int) []int {
	switch n.kind {
	case kEmpty:
		return []int{i}
	case kSet:
		if i < len(m.s) {
			if r, w := utf8.DecodeRuneInString(m.s[i:]); n.set.has(r) {
				return []int{i + w}
			}
		}
		return nil
	case kCapture:
		return m.ends(n.left, i)
	case kBackref:
		return m.ends(n.left, i)
	case kConcat, kAlt, kRepeat:
		key := memoKey{n.id, i}
		if e, ok := m.memo[key]; ok {
			return e
		}
		m.step()
		var e []int
		switch n.kind {
		case kConcat:
			for _, k := range m.ends(n.left, i) {
				e = m.union(e, m.ends(n.right, k))
			}
		case kAlt:
			for _, s := range n.subs {
				e = m.union(e, m.ends(s, i))
			}
		default:
			e = m.repeatEnds(n, i)
		}
		if m.memo == nil {
			m.memo = map[memoKey][]int{}
		}
		m.memo[key] = e
		return e
	}
	if m.holds(n, i) {
		return []int{i}
	}
	return nil
}

// union merges two ascending lists; it may give back either.
func (m *search) union(a, b []int) []int {
	if m.steps += (len(a) + len(b)) / 8; m.steps > maxSteps {
		panic(tooComplex{})
	}
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	if a[len(a)-1] < b[0] {
		return append(slices.Clip(a), b...)
	}
	u := make([]int, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			u, a = append(u, a[0]), a[1:]
		case a[0] > b[0]:
			u, b = append(u, b[0]), b[1:]
		default:
			u, a, b = append(u, a[0]), a[1:], b[1:]
		}
	}
	return append(append(u, a...), b...)
}

func (m *search) repeatEnds(n *node, i int) []int {
	if n.max == unbounded && n.left.kind == kSet {
		return m.runEnds(n, i)
	}
	cur := []int{i}
	var all []int
	if n.min == 0 {
		all = cur
	}
	for k := 1; len(cur) > 0 && (n.max == unbounded || k <= n.max); k++ {
		var next []int
		for _, p := range cur {
			m.step()
			next = m.union(next, m.ends(n.left, p))
		}
		if k < n.min {
			cur = next
			continue
		}
		// Go on only from places not reached before.
		before := all
		all = m.union(all, next)
		if len(all) == len(before) {
			break
		}
		if n.max == unbounded {
			next = slices.DeleteFunc(slices.Clone(next), func(p int) bool {
				_, had := slices.BinarySearch(before, p)
				return had
			})
		}
		cur = next
	}
	return all
}

// runEnds is repeatEnds for a set without upper bound: a run of characters.
func (m *search) runEnds(n *node, i int) []int {
	var all []int
	for k := 0; ; k++ {
		if k >= n.min {
			all = append(all, i)
		}
		if i >= len(m.s) {
			return all
		}
		m.step()
		r, w := utf8.DecodeRuneInString(m.s[i:])
		if !n.left.set.has(r) {
			return all
		}
		i += w
	}
}

// holds tells whether the constraint n holds at i.
func (m *search) holds(n *node, i int) bool {
	switch n.kind {
	case kBegin:
		return i == 0 || n.lines && m.s[i-1] == '\n'
	case kEnd:
		return i == len(m.s) || n.lines && m.s[i] == '\n'
	case kAhead:
		return (len(m.ends(n.left, i)) > 0) != n.not
	case kBehind:
		for k := i; ; {
			if _, ok := slices.BinarySearch(m.ends(n.left, k), i); ok {
				return !n.not
			}
			if k == 0 {
				return n.not
			}
			_, w := utf8.DecodeLastRuneInString(m.s[:k])
			k -= w
		}
	}
	before, after := false, false
	if i > 0 {
		r, _ := utf8.DecodeLastRuneInString(m.s[:i])
		before = isWord(r) && !(m.re.ascii && r > 0x7f)
	}
	if i < len(m.s) {
		r, _ := utf8.DecodeRuneInString(m.s[i:])
		after = isWord(r) && !(m.re.ascii && r > 0x7f)
	}
	switch n.kind {
	case kWordStart:
		return !before && after
	case kWordEnd:
		return before && !after
	case kWordEdge:
		return before != after
	case kNotEdge:
		return before == after
	}
	return false
}

// sameText compares what a back reference met with what its group matched.
func (m *search) sameText(a, b string) bool {
	if !m.re.icase {
		return a == b
	}
	return strings.Map(unicode.ToLower, a) == strings.Map(unicode.ToLower, b)
}
