package types

import (
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// The text form of arrays: {1,2}, {{a,"b c"},{NULL,""}}, [2:3]={4,5}.

func malformedArray(s, detail string) error {
	e := pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", s)
	e.Detail = detail
	return e
}

// arrayText takes the text form of an array apart: structure first, so that
// its errors come before those of the elements, as in PostgreSQL.
type arrayText struct {
	whole string // for messages
	s     string
	delim byte
	pos   int
	leaf  int                 // depth at which elements stand, 0 until known
	dims  [MaxArrayDims]int32 // length at each depth, -1 until known
	items []arrayItem
	// ragged tells that elements stand at different depths, which PostgreSQL 15
	// does not notice (it invents NULLs or drops elements); here it is an error.
	ragged bool
}

type arrayItem struct {
	text string
	null bool
}

func (p *arrayText) fail(detail string) error { return malformedArray(p.whole, detail) }

func (p *arrayText) unexpected(c byte) error {
	return p.fail("Unexpected \"" + string(rune(c)) + "\" character.")
}

func (p *arrayText) skipSpace() {
	for p.pos < len(p.s) && isSpace(p.s[p.pos]) {
		p.pos++
	}
}

const (
	arrayEnd      = "Unexpected end of input."
	arrayElement  = "Unexpected array element."
	arrayMismatch = "Multidimensional arrays must have sub-arrays with matching dimensions."
)

// level reads what follows an opening brace at the given depth (1 is the
// outermost) up to and including the closing one.
func (p *arrayText) level(depth int) error {
	var count int32
	first, subs := true, false
	for {
		p.skipSpace()
		if p.pos >= len(p.s) {
			return p.fail(arrayEnd)
		}
		c := p.s[p.pos]
		switch {
		case c == '}':
			if !first || depth > 1 {
				return p.unexpected(c)
			}
			p.pos++
			return nil
		case c == p.delim:
			return p.unexpected(c)
		case c == '{':
			if !first && !subs {
				return p.unexpected(c)
			}
			subs = true
			if depth >= MaxArrayDims {
				return errTooManyDims(depth + 1)
			}
			if p.leaf != 0 && depth >= p.leaf {
				p.ragged = true
			}
			p.pos++
			if err := p.level(depth + 1); err != nil {
				return err
			}
		default:
			if subs {
				if c == '\\' {
					return p.unexpected(c)
				}
				return p.fail(arrayElement)
			}
			if p.leaf == 0 {
				p.leaf = depth
			}
			if depth != p.leaf {
				p.ragged = true
			}
			if err := p.element(); err != nil {
				return err
			}
		}
		first = false
		count++
		// After an item: a delimiter or the end of the level.
		p.skipSpace()
		if p.pos >= len(p.s) {
			return p.fail(arrayEnd)
		}
		switch c := p.s[p.pos]; c {
		case p.delim:
			p.pos++
		case '}':
			p.pos++
			if known := p.dims[depth-1]; known >= 0 && known != count {
				return p.fail(arrayMismatch)
			}
			p.dims[depth-1] = count
			return nil
		case '{', '\\':
			return p.unexpected(c)
		default:
			return p.fail(arrayElement)
		}
	}
}

// element reads one element, quoted or not.
func (p *arrayText) element() error {
	s := p.s
	if s[p.pos] == '"' {
		p.pos++
		start := p.pos
		var buf []byte
		for p.pos < len(s) {
			switch s[p.pos] {
			case '"':
				text := s[start:p.pos]
				if buf != nil {
					text = string(append(buf, text...))
				}
				p.pos++
				p.items = append(p.items, arrayItem{text: text})
				return nil
			case '\\':
				if p.pos+1 >= len(s) {
					return p.fail(arrayEnd)
				}
				buf = append(buf, s[start:p.pos]...)
				if buf == nil {
					buf = []byte{}
				}
				start = p.pos + 1
				p.pos += 2
			default:
				p.pos++
			}
		}
		return p.fail(arrayEnd)
	}
	start, end := p.pos, p.pos // end is after the last character that is no space
	var buf []byte
	escaped := false
	for p.pos < len(s) {
		switch c := s[p.pos]; c {
		case p.delim, '}':
			text := s[start:max(end, start)]
			if escaped {
				text = string(append(buf, text...))
			}
			p.items = append(p.items, arrayItem{text: text, null: !escaped && strings.EqualFold(text, "null")})
			return nil
		case '{':
			return p.unexpected(c)
		case '"':
			return p.fail(arrayElement)
		case '\\':
			if p.pos+1 >= len(s) {
				return p.fail(arrayEnd)
			}
			escaped = true
			buf = append(buf, s[start:p.pos]...)
			start = p.pos + 1
			p.pos += 2
			end = p.pos
		default:
			p.pos++
			if !isSpace(c) {
				end = p.pos
			}
		}
	}
	return p.fail(arrayEnd)
}

// header reads explicit dimensions, [lower:upper]… =, if there are any.
func (p *arrayText) header() ([]ArrayDim, error) {
	var dims []ArrayDim
	number := func() (int64, bool) {
		start := p.pos
		for p.pos < len(p.s) && (p.s[p.pos] == '-' || p.s[p.pos] == '+' || p.s[p.pos]-'0' <= 9) {
			p.pos++
		}
		n, _ := strconv.ParseInt(p.s[start:p.pos], 10, 32)
		return n, p.pos > start
	}
	at := func(c byte) bool { return p.pos < len(p.s) && p.s[p.pos] == c }
	for {
		p.skipSpace()
		if !at('[') {
			break
		}
		p.pos++
		if len(dims) >= MaxArrayDims {
			return nil, errTooManyDims(len(dims) + 1)
		}
		lower := int64(1)
		upper, ok := number()
		if !ok {
			return nil, p.fail("\"[\" must introduce explicitly-specified array dimensions.")
		}
		if at(':') {
			p.pos++
			lower = upper
			if upper, ok = number(); !ok {
				return nil, p.fail("Missing array dimension value.")
			}
		}
		if !at(']') {
			return nil, p.fail("Missing \"]\" after array dimensions.")
		}
		p.pos++
		if upper < lower {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		if upper-lower+1 > maxArrayItems {
			return nil, errArraySize()
		}
		dims = append(dims, ArrayDim{Len: int32(upper - lower + 1), Lower: int32(lower)})
	}
	if len(dims) == 0 {
		if !at('{') {
			return nil, p.fail("Array value must start with \"{\" or dimension information.")
		}
		return nil, nil
	}
	if !at('=') {
		return nil, p.fail("Missing \"=\" after array dimensions.")
	}
	p.pos++
	p.skipSpace()
	if !at('{') {
		return nil, p.fail("Array contents must start with \"{\".")
	}
	return dims, nil
}

func parseArray(t *Type, typmod int32, s string, env *Env) (Datum, error) {
	p := arrayText{whole: s, s: s, delim: t.Elem.Delim()}
	for i := range p.dims {
		p.dims[i] = -1
	}
	dims, err := p.header()
	if err != nil {
		return Null, err
	}
	p.whole = s[p.pos:] // what messages about the contents quote
	p.pos++
	if err := p.level(1); err != nil {
		return Null, err
	}
	p.skipSpace()
	if p.ragged {
		return Null, p.fail(arrayMismatch)
	}
	if p.pos < len(p.s) {
		return Null, p.fail("Junk after closing right brace.")
	}
	p.whole = s
	a := &Array{Elem: t.Elem}
	for i := 0; i < p.leaf; i++ {
		a.Dims = append(a.Dims, ArrayDim{Len: p.dims[i], Lower: 1})
	}
	if dims != nil {
		if len(dims) != len(a.Dims) {
			return Null, p.fail("Specified array dimensions do not match array contents.")
		}
		for i := range dims {
			if dims[i].Len != a.Dims[i].Len {
				return Null, p.fail("Specified array dimensions do not match array contents.")
			}
		}
		a.Dims = dims
	}
	if len(p.items) > maxArrayItems {
		return Null, errArraySize()
	}
	a.Elems = make([]Datum, len(p.items))
	for i, item := range p.items {
		if item.null {
			continue
		}
		if a.Elems[i], err = Parse(t.Elem, typmod, item.text, env); err != nil {
			return Null, err
		}
	}
	return NewAny(a), nil
}

func appendArrayText(dst []byte, a *Array, env *Env) []byte {
	if len(a.Elems) == 0 || len(a.Dims) == 0 {
		return append(dst, '{', '}')
	}
	for _, d := range a.Dims {
		if d.Lower != 1 {
			for _, d := range a.Dims {
				dst = append(dst, '[')
				dst = strconv.AppendInt(dst, int64(d.Lower), 10)
				dst = append(dst, ':')
				dst = strconv.AppendInt(dst, int64(d.Lower)+int64(d.Len)-1, 10)
				dst = append(dst, ']')
			}
			dst = append(dst, '=')
			break
		}
	}
	dst, _ = appendArrayLevel(dst, a, a.Dims, a.Elems, env)
	return dst
}

func appendArrayLevel(dst []byte, a *Array, dims []ArrayDim, elems []Datum, env *Env) ([]byte, []Datum) {
	dst = append(dst, '{')
	for i := int32(0); i < dims[0].Len && len(elems) > 0; i++ {
		if i > 0 {
			dst = append(dst, a.Elem.Delim())
		}
		if len(dims) > 1 {
			dst, elems = appendArrayLevel(dst, a, dims[1:], elems, env)
			continue
		}
		if elems[0].K == PhysNull {
			dst = append(dst, "NULL"...)
		} else {
			start := len(dst)
			dst = AppendText(dst, a.Elem, elems[0], env)
			if a.Elem.Delim() == ',' {
				dst = quoteFrom(dst, start, arrayNeedsQuotes, true)
			}
		}
		elems = elems[1:]
	}
	return append(dst, '}'), elems
}

func arrayNeedsQuotes(b []byte) bool {
	if len(b) == 0 || len(b) == 4 && strings.EqualFold(string(b), "null") {
		return true
	}
	for _, c := range b {
		switch c {
		case '"', '\\', '{', '}', ',':
			return true
		}
		if isSpace(c) {
			return true
		}
	}
	return false
}

// quoteFrom puts what dst holds from start on in double quotes if need says
// so; within, quotes and backslashes are escaped by a backslash or, in
// records, by doubling.
func quoteFrom(dst []byte, start int, need func([]byte) bool, backslash bool) []byte {
	if !need(dst[start:]) {
		return dst
	}
	extra := 2
	for _, c := range dst[start:] {
		if c == '"' || c == '\\' {
			extra++
		}
	}
	from := len(dst) - 1
	for range extra {
		dst = append(dst, 0)
	}
	to := len(dst) - 1
	dst[to] = '"'
	to--
	for ; from >= start; from-- {
		c := dst[from]
		dst[to] = c
		to--
		if c == '"' || c == '\\' {
			if backslash {
				c = '\\'
			}
			dst[to] = c
			to--
		}
	}
	dst[start] = '"'
	return dst
}
