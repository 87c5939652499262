package keyspace

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

func init() {
	register(
		Command{Name: "sort", Arity: -2, Flags: Write | DenyOOM | WholeSpace, Keys: sortKeys, Run: func(c *Call) error { return sortElements(c, true) }},
		Command{Name: "sort_ro", Arity: -2, Flags: ReadOnly | WholeSpace, FirstKey: 1, LastKey: 1, Step: 1, Run: func(c *Call) error { return sortElements(c, false) }},
	)
}

// sortKeys are the key that is sorted and the one that the result goes to. What
// BY and GET read is named by elements and known only when it is read.
func sortKeys(dst, args [][]byte) [][]byte {
	if len(args) < 2 {
		return dst
	}
	dst = append(dst, args[1])
	var store []byte
	for i := 2; i+1 < len(args); i++ {
		switch {
		case Is(args[i], "LIMIT"):
			i += 2
		case Is(args[i], "BY"), Is(args[i], "GET"):
			i++
		case Is(args[i], "STORE"):
			i++
			store = args[i] // the last one counts
		}
	}
	if store != nil {
		dst = append(dst, store)
	}
	return dst
}

// sortable is an element with what it is sorted by.
type sortable struct {
	elem   []byte
	score  float64
	weight []byte // nil: its key is not there
}

// sortOptions are SORT's.
type sortOptions struct {
	desc, alpha, unsorted bool
	offset, count         int64
	by, store             []byte
	get                   [][]byte
}

func (o *sortOptions) parse(args [][]byte, mayStore bool) error {
	o.count = -1
	for i := 0; i < len(args); i++ {
		left := len(args) - i - 1
		var err error
		switch {
		case Is(args[i], "ASC"):
			o.desc = false
		case Is(args[i], "DESC"):
			o.desc = true
		case Is(args[i], "ALPHA"):
			o.alpha = true
		case Is(args[i], "LIMIT") && left >= 2:
			if o.offset, err = intArg(args[i+1]); err != nil {
				return err
			}
			if o.count, err = intArg(args[i+2]); err != nil {
				return err
			}
			i += 2
		case mayStore && Is(args[i], "STORE") && left >= 1:
			i++
			o.store = args[i]
		case Is(args[i], "BY") && left >= 1:
			i++
			o.by = args[i]
			o.unsorted = bytes.IndexByte(o.by, '*') < 0
		case Is(args[i], "GET") && left >= 1:
			i++
			o.get = append(o.get, args[i])
		default:
			return ErrSyntax
		}
	}
	return nil
}

func sortElements(c *Call, mayStore bool) error {
	var o sortOptions
	if err := o.parse(c.Args[2:], mayStore); err != nil {
		return err
	}
	list, err := o.elements(c)
	if err != nil {
		return err
	}
	n := int64(len(list))
	start := min(max(o.offset, 0), n)
	end := n
	if o.count >= 0 {
		end = min(start+min(o.count, n), n)
	}
	list = list[start:end]
	if o.store != nil {
		return o.storeResult(c, list)
	}
	c.Reply.Array(len(list) * max(len(o.get), 1))
	return o.result(c, list, func(v []byte, ok bool) error {
		c.Reply.BulkOrNull(v, ok)
		return nil
	})
}

// elements gives all elements in the order that is asked for.
func (o *sortOptions) elements(c *Call) ([]sortable, error) {
	e, err := c.Lookup(c.Args[1])
	if err != nil {
		return nil, err
	}
	switch e.Type {
	case None:
		return nil, nil
	case List, Set, ZSet:
	default:
		return nil, ErrWrongType
	}
	h, err := c.Open(c.Args[1], e.Type)
	if err != nil {
		return nil, err
	}
	if o.unsorted && e.Type == Set && o.store != nil { // a list shall not depend on a set's order
		o.unsorted, o.alpha, o.by = false, true, nil
	}
	var list []sortable
	cur := h.Scan(ScanOptions{ByScore: e.Type == ZSet, Reverse: o.unsorted && o.desc && e.Type != Set})
	defer cur.Close()
	for cur.Next() {
		s := sortable{elem: cur.Elem()}
		if e.Type == List {
			s.elem = cur.Value()
		}
		list = append(list, s)
	}
	if err := cur.Err(); err != nil {
		return nil, err
	}
	if o.unsorted {
		return list, nil
	}
	for i := range list {
		if err := o.weigh(c, &list[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, o.compare)
	return list, nil
}

// weigh finds out what an element is sorted by.
func (o *sortOptions) weigh(c *Call, s *sortable) error {
	s.weight = s.elem
	if o.by != nil {
		v, ok, err := c.lookupPattern(o.by, s.elem)
		if err != nil {
			return err
		}
		if !ok {
			s.weight = nil
			return nil
		}
		if s.weight = v; v == nil {
			s.weight = []byte{}
		}
	}
	if o.alpha {
		return nil
	}
	digits := upToZero(bytes.TrimLeft(s.weight, " ")) // as C's strtod reads it
	if len(digits) == 0 {
		return nil
	}
	f, err := floatArg(digits)
	if err != nil || math.IsNaN(f) {
		return Error("ERR One or more scores can't be converted into double")
	}
	s.score = f
	return nil
}

// upToZero is a string as C reads it.
func upToZero(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

func (o *sortOptions) compare(a, b sortable) int {
	n := 0
	switch {
	case !o.alpha:
		n = cmp.Or(cmp.Compare(a.score, b.score), bytes.Compare(a.elem, b.elem))
	case a.weight == nil || b.weight == nil:
		switch {
		case a.weight == nil && b.weight != nil:
			n = -1
		case a.weight != nil:
			n = 1
		}
	case o.store != nil:
		n = bytes.Compare(a.weight, b.weight)
	default: // Redis leaves it to C's strcoll: what is behind a zero byte does not count
		n = bytes.Compare(upToZero(a.weight), upToZero(b.weight))
	}
	if o.desc {
		return -n
	}
	return n
}

// result passes on the elements, or for each what GET asks for.
func (o *sortOptions) result(c *Call, list []sortable, emit func(v []byte, ok bool) error) error {
	for _, s := range list {
		if len(o.get) == 0 {
			if err := emit(s.elem, true); err != nil {
				return err
			}
			continue
		}
		for _, pattern := range o.get {
			v, ok, err := c.lookupPattern(pattern, s.elem)
			if err != nil {
				return err
			}
			if err := emit(v, ok); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *sortOptions) storeResult(c *Call, list []sortable) error {
	var values [][]byte
	if err := o.result(c, list, func(v []byte, _ bool) error {
		values = append(values, v)
		return nil
	}); err != nil {
		return err
	}
	if _, err := c.Delete(o.store); err != nil {
		return err
	}
	h, err := c.Open(o.store, List)
	if err != nil {
		return err
	}
	for _, v := range values {
		if err := h.PushBack(v); err != nil {
			return err
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.Int(int64(len(values)))
	return nil
}

// lookupPattern reads what BY or GET mean for an element: # is the element, a
// key with the element in place of its * a string, and key->field a hash's field.
func (c *Call) lookupPattern(pattern, elem []byte) (value []byte, ok bool, err error) {
	if string(pattern) == "#" {
		return elem, true, nil
	}
	star := bytes.IndexByte(pattern, '*')
	if star < 0 {
		return nil, false, nil
	}
	var field []byte
	if i := bytes.Index(pattern[star+1:], []byte("->")); i >= 0 && star+1+i+2 < len(pattern) {
		field = pattern[star+1+i+2:]
		pattern = pattern[:star+1+i]
	}
	key := slices.Concat(pattern[:star], elem, pattern[star+1:])
	if field == nil {
		value, ok, err = c.String(key)
	} else {
		var h *Collection
		if h, err = c.Open(key, Hash); err == nil {
			value, ok, err = h.Get(field)
		}
	}
	if err == ErrWrongType {
		return nil, false, nil
	}
	return value, ok, err
}
