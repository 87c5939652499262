package types

import (
	"slices"
	"strconv"
	"strings"
)

// Looking into JSON texts without building a tree: a value is found by
// skipping over its siblings, and is handed out as the part of the text it
// is. All functions here take valid texts (values of type json or jsonb); on
// others they find nothing, but do not fail.

// reorder puts an object's members, which stand in r.out from base on, into
// the order of keys, the last of equal keys winning.
func (r *jsonReader) reorder(base int, pairs []jsonPair) {
	slices.SortStableFunc(pairs, func(a, b jsonPair) int {
		if len(a.key) != len(b.key) {
			return len(a.key) - len(b.key)
		}
		return strings.Compare(a.key, b.key)
	})
	old := append([]byte(nil), r.out[base:]...)
	r.out = r.out[:base]
	for i, p := range pairs {
		if i+1 < len(pairs) && pairs[i+1].key == p.key {
			continue
		}
		if len(r.out) > base {
			r.out = append(r.out, ", "...)
		}
		r.out = append(r.out, old[p.from-base:p.to-base]...)
	}
}

// JSONKind is the kind of a JSON value, in jsonb's order of kinds.
type JSONKind uint8

// The kinds of JSON value.
const (
	JSONNull JSONKind = iota
	JSONString
	JSONNumber
	JSONBool
	JSONArray
	JSONObject
)

// String gives the kind as json_typeof does.
func (k JSONKind) String() string {
	return [...]string{"null", "string", "number", "boolean", "array", "object"}[k]
}

// JSONKindOf gives the kind of the value s.
func JSONKindOf(s string) JSONKind {
	i := jsonSpace(s, 0)
	if i >= len(s) {
		return JSONNull
	}
	switch s[i] {
	case '{':
		return JSONObject
	case '[':
		return JSONArray
	case '"':
		return JSONString
	case 't', 'f':
		return JSONBool
	case 'n':
		return JSONNull
	}
	return JSONNumber
}

func jsonSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// jsonString gives the end of the string that starts (with its quote) at i.
func jsonStringEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// JSONEnd gives the end of the value that starts at i of valid JSON text.
func JSONEnd(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	switch s[i] {
	case '"':
		return jsonStringEnd(s, i)
	case '{', '[':
		depth := 0
		for i < len(s) {
			switch s[i] {
			case '"':
				i = jsonStringEnd(s, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(s)
	}
	for i < len(s) {
		switch s[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r', ':':
			return i
		}
		i++
	}
	return i
}

// JSONMembers calls visit for each member of the object s: its key as it
// stands in the text, with quotes and escapes, and its value. It stops when
// visit gives false, and does nothing when s is no object.
func JSONMembers(s string, visit func(rawKey, val string) bool) {
	i := jsonSpace(s, 0)
	if i >= len(s) || s[i] != '{' {
		return
	}
	i++
	for {
		i = jsonSpace(s, i)
		if i >= len(s) || s[i] != '"' {
			return
		}
		keyEnd := jsonStringEnd(s, i)
		key := s[i:keyEnd]
		i = jsonSpace(s, keyEnd)
		if i >= len(s) || s[i] != ':' {
			return
		}
		i = jsonSpace(s, i+1)
		end := JSONEnd(s, i)
		if !visit(key, s[i:end]) {
			return
		}
		i = jsonSpace(s, end)
		if i >= len(s) || s[i] != ',' {
			return
		}
		i++
	}
}

// JSONElements calls visit for each element of the array s until visit gives
// false; it does nothing when s is no array.
func JSONElements(s string, visit func(val string) bool) {
	i := jsonSpace(s, 0)
	if i >= len(s) || s[i] != '[' {
		return
	}
	i++
	for {
		i = jsonSpace(s, i)
		if i >= len(s) || s[i] == ']' {
			return
		}
		end := JSONEnd(s, i)
		if end == i || !visit(s[i:end]) {
			return
		}
		i = jsonSpace(s, end)
		if i >= len(s) || s[i] != ',' {
			return
		}
		i++
	}
}

// JSONKeyIs reports whether a raw key, as JSONMembers gives it, means key.
func JSONKeyIs(raw, key string) bool {
	if len(raw) < 2 {
		return false
	}
	if body := raw[1 : len(raw)-1]; strings.IndexByte(body, '\\') < 0 {
		return body == key
	}
	k, err := JSONUnquote(raw)
	return err == nil && k == key
}

// JSONField gives the value of an object's member. Where a key repeats, as it
// may in type json, the last counts; unique says that none does (jsonb).
func JSONField(s, key string, unique bool) (val string, ok bool) {
	JSONMembers(s, func(k, v string) bool {
		if JSONKeyIs(k, key) {
			val, ok = v, true
			return !unique
		}
		return true
	})
	return val, ok
}

// JSONLen gives the number of elements of an array or members of an object.
func JSONLen(s string) int {
	n := 0
	if JSONKindOf(s) == JSONObject {
		JSONMembers(s, func(_, _ string) bool { n++; return true })
	} else {
		JSONElements(s, func(string) bool { n++; return true })
	}
	return n
}

// JSONElem gives an array's element by position, from the end if negative.
// In jsonb a lone scalar counts as an array of one (jsonb says which it is).
func JSONElem(s string, i int, jsonb bool) (val string, ok bool) {
	if jsonb && (i == 0 || i == -1) {
		if k := JSONKindOf(s); k != JSONArray && k != JSONObject {
			return s, true
		}
	}
	return jsonElem(s, i)
}

func jsonElem(s string, i int) (val string, ok bool) {
	if i < 0 {
		if i += JSONLen(s); i < 0 || JSONKindOf(s) != JSONArray {
			return "", false
		}
	}
	JSONElements(s, func(v string) bool {
		if i == 0 {
			val, ok = v, true
			return false
		}
		i--
		return true
	})
	return val, ok
}

// JSONPath follows a path of keys and positions, as #> does. Where keys
// repeat, as they may in type json, the last member counts that has the rest
// of the path.
func JSONPath(s string, path []string, unique bool) (val string, ok bool) {
	s = strings.Trim(s, " \t\n\r")
	if len(path) == 0 {
		return s, true
	}
	switch JSONKindOf(s) {
	case JSONObject:
		JSONMembers(s, func(k, v string) bool {
			if JSONKeyIs(k, path[0]) {
				if w, found := JSONPath(v, path[1:], unique); found {
					val, ok = w, true
				}
				return !unique
			}
			return true
		})
		return val, ok
	case JSONArray:
		n, err := strconv.ParseInt(strings.TrimLeft(path[0], " \t\n\v\f\r"), 10, 32)
		if err != nil {
			return "", false
		}
		if s, ok = jsonElem(s, int(n)); ok {
			return JSONPath(s, path[1:], unique)
		}
	}
	return "", false
}

// JSONText gives a value as the ->> operators do: strings without quotes,
// the JSON null as NULL, the rest as it stands.
func JSONText(raw string) (text string, isNull bool, err error) {
	raw = strings.Trim(raw, " \t\n\r")
	switch JSONKindOf(raw) {
	case JSONString:
		text, err = JSONUnquote(raw)
		return text, false, err
	case JSONNull:
		return "", true, nil
	}
	return raw, false, nil
}

// JSONValue is a JSON value as a tree, for operators that rebuild values.
type JSONValue struct {
	Kind    JSONKind
	Bool    bool
	Str     string
	Num     Decimal
	Elems   []*JSONValue // of an array
	Members []JSONMember // of an object, in the order of keys, each key once
}

// JSONMember is one member of an object.
type JSONMember struct {
	Key string
	Val *JSONValue
}

// ParseJSON reads a JSON text into a tree.
func ParseJSON(s string) (*JSONValue, error) {
	c, err := CanonicalJSON(s)
	if err != nil {
		return nil, err
	}
	return jsonTree(c), nil
}

// JSONTree makes the tree of a canonical text (a value of type jsonb).
func JSONTree(s string) *JSONValue { return jsonTree(s) }

func jsonTree(s string) *JSONValue {
	j, _ := jsonNode(s, 0)
	return j
}

// jsonNode makes the tree of the value at s[i:] in one pass, and gives its end.
func jsonNode(s string, i int) (*JSONValue, int) {
	i = jsonSpace(s, i)
	if i >= len(s) {
		return &JSONValue{}, i
	}
	j := &JSONValue{}
	switch s[i] {
	case '{', '[':
		open := s[i]
		j.Kind = JSONArray
		if open == '{' {
			j.Kind = JSONObject
		}
		i++
		for {
			if i = jsonSpace(s, i); i >= len(s) {
				return j, i
			}
			switch s[i] {
			case '}', ']':
				return j, i + 1
			case ',':
				i++
				continue
			}
			var v *JSONValue
			start := i
			if open == '{' {
				end := jsonStringEnd(s, i)
				key, _ := JSONUnquote(s[i:end])
				v, i = jsonNode(s, jsonSpace(s, end)+1)
				j.Members = append(j.Members, JSONMember{key, v})
			} else {
				v, i = jsonNode(s, i)
				j.Elems = append(j.Elems, v)
			}
			if i <= start { // no valid text: give up rather than loop
				return j, len(s)
			}
		}
	}
	end := JSONEnd(s, i)
	switch text := s[i:end]; JSONKindOf(text) {
	case JSONString:
		j.Kind = JSONString
		j.Str, _ = JSONUnquote(text)
	case JSONNumber:
		j.Kind = JSONNumber
		j.Num, _ = ParseDecimal(text)
	case JSONBool:
		j.Kind, j.Bool = JSONBool, text == "true"
	}
	return j, end
}

// Find gives the value of an object's member, nil if there is none.
func (j *JSONValue) Find(key string) *JSONValue {
	i, found := slices.BinarySearchFunc(j.Members, key, func(m JSONMember, k string) int {
		if len(m.Key) != len(k) {
			return len(m.Key) - len(k)
		}
		return strings.Compare(m.Key, k)
	})
	if !found {
		return nil
	}
	return j.Members[i].Val
}

// SortMembers brings an object's members into canonical order, the last of
// equal keys winning; call it after appending members out of order.
func (j *JSONValue) SortMembers() {
	slices.SortStableFunc(j.Members, func(a, b JSONMember) int {
		if len(a.Key) != len(b.Key) {
			return len(a.Key) - len(b.Key)
		}
		return strings.Compare(a.Key, b.Key)
	})
	out := j.Members[:0]
	for i, m := range j.Members {
		if i+1 == len(j.Members) || j.Members[i+1].Key != m.Key {
			out = append(out, m)
		}
	}
	j.Members = out
}

// Append writes the canonical text.
func (j *JSONValue) Append(dst []byte) []byte {
	switch j.Kind {
	case JSONObject:
		dst = append(dst, '{')
		for i, m := range j.Members {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendJSONString(dst, m.Key)
			dst = append(dst, ": "...)
			dst = m.Val.Append(dst)
		}
		return append(dst, '}')
	case JSONArray:
		dst = append(dst, '[')
		for i, e := range j.Elems {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	case JSONString:
		return AppendJSONString(dst, j.Str)
	case JSONNumber:
		return j.Num.Append(dst)
	case JSONBool:
		return strconv.AppendBool(dst, j.Bool)
	}
	return append(dst, "null"...)
}

// String gives the canonical text.
func (j *JSONValue) String() string { return string(j.Append(nil)) }

// CompareJSON gives jsonb's b-tree order of two canonical texts: objects
// above arrays above booleans, numbers, strings, null; containers by their
// number of elements first. An oddity kept from PostgreSQL: at the top, the
// empty array comes before every scalar.
func CompareJSON(a, b string) int {
	if a == b {
		return 0
	}
	ka, kb := JSONKindOf(a), JSONKindOf(b)
	if (ka == JSONArray) != (kb == JSONArray) && ka != JSONObject && kb != JSONObject {
		// A lone scalar counts as an array of one element.
		if ka == JSONArray {
			if JSONLen(a) == 0 {
				return -1
			}
			return 1
		}
		if JSONLen(b) == 0 {
			return 1
		}
		return -1
	}
	return compareJSONValue(a, b, ka, kb)
}

func compareJSONValue(a, b string, ka, kb JSONKind) int {
	if ka != kb {
		return int(ka) - int(kb)
	}
	switch ka {
	case JSONString:
		return compareJSONString(a, b)
	case JSONNumber:
		x, _ := ParseDecimal(a)
		y, _ := ParseDecimal(b)
		return x.Cmp(y)
	case JSONBool:
		return strings.Compare(a, b) // false before true
	case JSONArray, JSONObject:
		if c := JSONLen(a) - JSONLen(b); c != 0 {
			return c
		}
		return compareJSONItems(a, b, ka == JSONObject)
	}
	return 0
}

func compareJSONString(a, b string) int {
	if strings.IndexByte(a, '\\') < 0 && strings.IndexByte(b, '\\') < 0 && len(a) >= 2 && len(b) >= 2 {
		return strings.Compare(a[1:len(a)-1], b[1:len(b)-1])
	}
	x, _ := JSONUnquote(a)
	y, _ := JSONUnquote(b)
	return strings.Compare(x, y)
}

// compareJSONItems walks two containers of equal kind and length in step.
func compareJSONItems(a, b string, object bool) int {
	i, j := jsonSpace(a, 0)+1, jsonSpace(b, 0)+1
	for {
		i, j = jsonSpace(a, i), jsonSpace(b, j)
		if i >= len(a) || j >= len(b) || a[i] == ']' || a[i] == '}' {
			return 0
		}
		if object {
			ie, je := jsonStringEnd(a, i), jsonStringEnd(b, j)
			if c := compareJSONString(a[i:ie], b[j:je]); c != 0 {
				return c
			}
			i, j = jsonSpace(a, jsonSpace(a, ie)+1), jsonSpace(b, jsonSpace(b, je)+1)
			if i >= len(a) || j >= len(b) {
				return 0
			}
		}
		ie, je := JSONEnd(a, i), JSONEnd(b, j)
		x, y := a[i:ie], b[j:je]
		if x != y {
			if c := compareJSONValue(x, y, JSONKindOf(x), JSONKindOf(y)); c != 0 {
				return c
			}
		}
		i, j = jsonSpace(a, ie), jsonSpace(b, je)
		if i >= len(a) || j >= len(b) || a[i] != ',' {
			return 0
		}
		i++
		j++
	}
}

// HashJSON hashes a canonical text so that values equal under CompareJSON
// (numbers of different scale) hash equal.
func HashJSON(s string, seed uint64) uint64 {
	from := 0
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"':
			i = jsonStringEnd(s, i)
		case c == '-' || c-'0' <= 9:
			end := JSONEnd(s, i)
			if d, err := ParseDecimal(s[i:end]); err == nil {
				seed = d.hash(HashString(s[from:i], seed))
				from = end
			}
			i = max(end, i+1)
		default:
			i++
		}
	}
	return HashString(s[from:], seed)
}
