package builtin

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types"
)

// JSON values are their text. That of jsonb is canonical (keys sorted, one
// space after colon and comma), so a part of a value is a part of its text and
// most functions cut and paste without building a tree:
//
//	{"a": [1, 2], "bc": "x"}
//	 key   value   key   value
//
// Package types has the scanner, which walks over text known to be valid; it
// serves json, with any white space, as well.

func jsonSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// jsonMember is a member of an object: the key with its quotes, the value.
type jsonMember struct{ key, val string }

// jsonEach calls visit with each member of the object or element of the array
// s (key ""), until it says no.
func jsonEach(s string, visit func(key, val string) bool) {
	types.JSONMembers(s, visit)
	types.JSONElements(s, func(val string) bool { return visit("", val) })
}

func jsonMembers(s string) (list []jsonMember) {
	jsonEach(s, func(k, v string) bool {
		list = append(list, jsonMember{k, v})
		return true
	})
	return list
}

func jsonElements(s string) (list []string) {
	jsonEach(s, func(_, v string) bool {
		list = append(list, v)
		return true
	})
	return list
}

// jsonKind is the first byte of a value: { [ " t f n or one of a number.
func jsonKind(s string) byte {
	if i := jsonSpace(s, 0); i < len(s) {
		return s[i]
	}
	return 0
}

func jsonTypeName(s string) string {
	switch jsonKind(s) {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// jsonString gives the text a quoted string stands for.
func jsonString(q string) string {
	q = q[1 : len(q)-1]
	i := strings.IndexByte(q, '\\')
	if i < 0 {
		return q
	}
	b := append(make([]byte, 0, len(q)), q[:i]...)
	for i < len(q) {
		c := q[i]
		if c != '\\' {
			b = append(b, c)
			i++
			continue
		}
		c = q[i+1]
		i += 2
		switch c {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			u, _ := strconv.ParseUint(q[i:i+4], 16, 32)
			i += 4
			r := rune(u)
			if utf16.IsSurrogate(r) && i+6 <= len(q) {
				lo, _ := strconv.ParseUint(q[i+2:i+6], 16, 32)
				r = utf16.DecodeRune(r, rune(lo))
				i += 6
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// jsonIs tells whether the quoted string q stands for text.
func jsonIs(q, text string) bool {
	if strings.IndexByte(q, '\\') < 0 {
		return len(q) == len(text)+2 && q[1:len(q)-1] == text
	}
	return jsonString(q) == text
}

// jsonField finds a member of an object by key; the last one, should json
// text have several.
func jsonField(s, key string) (val string, ok bool) {
	jsonEach(s, func(k, v string) bool {
		if k != "" && jsonIs(k, key) {
			val, ok = v, true
		}
		return true
	})
	return val, ok
}

func jsonElement(s string, n int64) (val string, ok bool) {
	if jsonKind(s) != '[' {
		return "", false
	}
	if n < 0 {
		list := jsonElements(s)
		if n += int64(len(list)); n < 0 {
			return "", false
		}
		return list[n], true
	}
	jsonEach(s, func(_, v string) bool {
		if n == 0 {
			val, ok = v, true
			return false
		}
		n--
		return true
	})
	return val, ok
}

// jsonIndex reads a path step as an array subscript.
func jsonIndex(step string) (int64, bool) {
	t := strings.TrimLeft(step, " \t\n\v\f\r")
	n, err := strconv.ParseInt(t, 10, 32)
	return n, err == nil
}

// jsonPath follows a path.
func jsonPath(s string, path []types.Datum) (string, bool) {
	for _, step := range path {
		if step.IsNull() {
			return "", false
		}
		ok := false
		switch jsonKind(s) {
		case '{':
			s, ok = jsonField(s, step.S)
		case '[':
			var n int64
			if n, ok = jsonIndex(step.S); ok {
				s, ok = jsonElement(s, n)
			}
		}
		if !ok {
			return "", false
		}
	}
	return s, true
}

// jsonAsText gives a value the way ->> does: strings without quotes, null as
// NULL.
func jsonAsText(v string) types.Datum {
	switch jsonKind(v) {
	case 'n':
		return types.Null
	case '"':
		return types.NewString(jsonString(strings.Trim(v, " \t\r\n")))
	}
	return types.NewString(v)
}

// appendJSONString writes text as a JSON string.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// buildObject writes members, in canonical order; of equal keys the last wins.
func buildObject(members []jsonMember) string {
	type keyed struct {
		jsonMember
		text string
	}
	list := make([]keyed, len(members))
	for i, m := range members {
		list[i] = keyed{m, jsonString(m.key)}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if len(a.text) != len(b.text) {
			return len(a.text) - len(b.text)
		}
		return strings.Compare(a.text, b.text)
	})
	b := []byte{'{'}
	for i, m := range list {
		if i+1 < len(list) && list[i+1].text == m.text {
			continue
		}
		if len(b) > 1 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, m.key...), ": "...), m.val...)
	}
	return string(append(b, '}'))
}

func buildArray(elems []string) string {
	return "[" + strings.Join(elems, ", ") + "]"
}

// appendJSON writes a SQL value as JSON, as to_json does.
func appendJSON(dst []byte, ctx *Ctx, t *types.Type, d types.Datum, pretty bool) []byte {
	if d.IsNull() {
		return append(dst, "null"...)
	}
	t = t.Under()
	switch t {
	case types.Bool:
		return append(dst, boolWord(d.I != 0)...)
	case types.JSON, types.JSONB:
		return append(dst, d.S...)
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		from := len(dst)
		dst = types.AppendText(dst, t, d, ctx.env())
		if c := dst[len(dst)-1]; c == 'y' || c == 'N' {
			// NaN and Infinity are no JSON numbers.
			return appendJSONString(dst[:from], string(dst[from:]))
		}
		return dst
	case types.Date, types.Timestamp, types.TimestampTZ:
		env := *ctx.env()
		env.DateStyle = types.DateISO
		from := len(dst)
		dst = append(types.AppendText(append(dst, '"'), t, d, &env), '"')
		if t != types.Date {
			if i := bytes.IndexByte(dst[from:], ' '); i >= 0 && !bytes.HasSuffix(dst, []byte(" BC\"")) || bytes.Count(dst[from:], []byte(" ")) > 1 {
				dst[from+i] = 'T'
			}
			if t == types.TimestampTZ {
				dst = isoOffset(dst)
			}
		}
		return dst
	}
	if d.K == types.PhysAny {
		switch x := d.X.(type) {
		case *types.Array: // of arrays, anyarray and record[]
			return appendJSONArray(dst, ctx, x, pretty)
		case *types.Tuple:
			return appendJSONRecord(dst, ctx, x, pretty)
		}
	}
	return appendJSONString(dst, textOf(ctx, t, d))
}

// isoOffset completes the zone offset of a quoted timestamptz to hours and
// minutes, as XML and JSON want it.
func isoOffset(dst []byte) []byte {
	end := "\""
	if bytes.HasSuffix(dst, []byte(" BC\"")) {
		end = " BC\""
	}
	n := len(dst) - len(end)
	if n > 3 && (dst[n-3] == '+' || dst[n-3] == '-') {
		return append(append(dst[:n], ":00"...), end...)
	}
	return dst
}

func appendJSONArray(dst []byte, ctx *Ctx, a *types.Array, pretty bool) []byte {
	if len(a.Dims) == 0 {
		return append(dst, "[]"...)
	}
	elems := a.Elems
	var level func(n int)
	level = func(n int) {
		dst = append(dst, '[')
		for i := range int(a.Dims[n].Len) {
			if i > 0 {
				dst = append(dst, ',')
				if n == 0 && pretty {
					dst = append(dst, "\n "...)
				}
			}
			if n+1 < len(a.Dims) {
				level(n + 1)
				continue
			}
			dst = appendJSON(dst, ctx, a.Elem, elems[0], false)
			elems = elems[1:]
		}
		dst = append(dst, ']')
	}
	level(0)
	return dst
}

func appendJSONRecord(dst []byte, ctx *Ctx, r *types.Tuple, pretty bool) []byte {
	dst = append(dst, '{')
	for i, v := range r.Vals {
		if i > 0 {
			dst = append(dst, ',')
			if pretty {
				dst = append(dst, "\n "...)
			}
		}
		name := "f" + strconv.Itoa(i+1)
		t := types.Text
		if i < len(r.Fields) {
			t = r.Fields[i].Type
			if r.Fields[i].Name != "" {
				name = r.Fields[i].Name
			}
		}
		dst = append(appendJSONString(dst, name), ':')
		dst = appendJSON(dst, ctx, t, v, false)
	}
	return append(dst, '}')
}

// toJSONB gives a SQL value as canonical JSON.
func toJSONB(ctx *Ctx, t *types.Type, d types.Datum) (string, error) {
	s := string(appendJSON(nil, ctx, t, d, false))
	switch u := t.Under(); u {
	case types.JSONB, types.Bool, types.Int2, types.Int4, types.Int8:
		return s, nil
	}
	if d.IsNull() {
		return s, nil
	}
	return types.CanonicalJSON(s)
}

func errJSON(format string, args ...any) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
}
