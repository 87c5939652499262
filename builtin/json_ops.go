package builtin

import (
	"slices"
	"strings"

	"rowkey/types"
)

// The operators of jsonb: containment, existence, concatenation, deletion and
// replacement by path.

// jsonEqual compares scalars.
func jsonEqual(a, b string) bool {
	if a == b {
		return true
	}
	if jsonTypeName(a) != "number" || jsonTypeName(b) != "number" {
		return false
	}
	x, err1 := types.ParseDecimal(a)
	y, err2 := types.ParseDecimal(b)
	return err1 == nil && err2 == nil && x.Cmp(y) == 0
}

// jsonContains is @> below the top level.
func jsonContains(a, b string) bool {
	ka, kb := jsonKind(a), jsonKind(b)
	switch kb {
	case '{':
		if ka != '{' {
			return false
		}
		ok := true
		jsonEach(b, func(k, want string) bool {
			v, found := jsonField(a, jsonString(k))
			ok = found && jsonContains(v, want)
			return ok
		})
		return ok
	case '[':
		if ka != '[' {
			return false
		}
		list := jsonElements(a)
		ok := true
		jsonEach(b, func(_, want string) bool {
			container := jsonKind(want) == '{' || jsonKind(want) == '['
			ok = slices.ContainsFunc(list, func(v string) bool {
				if container {
					return jsonContains(v, want)
				}
				return jsonEqual(v, want)
			})
			return ok
		})
		return ok
	}
	return ka != '{' && ka != '[' && jsonEqual(a, b)
}

// jsonbContains is @>: as an exception an array contains a scalar that is one
// of its elements.
func jsonbContains(a, b string) bool {
	if kb := jsonKind(b); jsonKind(a) == '[' && kb != '[' && kb != '{' {
		return slices.ContainsFunc(jsonElements(a), func(v string) bool { return jsonEqual(v, b) })
	}
	return jsonContains(a, b)
}

// jsonbExists is ?: a key of an object, a string of an array, or the string
// itself.
func jsonbExists(s, key string) bool {
	switch jsonKind(s) {
	case '{':
		_, ok := jsonField(s, key)
		return ok
	case '[':
		return slices.ContainsFunc(jsonElements(s), func(v string) bool { return v[0] == '"' && jsonIs(v, key) })
	case '"':
		return jsonIs(s, key)
	}
	return false
}

func jsonbConcat(a, b string) (string, error) {
	ka, kb := jsonKind(a), jsonKind(b)
	if ka == '{' && kb == '{' {
		return buildObject(append(jsonMembers(a), jsonMembers(b)...)), nil
	}
	list := func(k byte, s string) []string {
		if k == '[' {
			return jsonElements(s)
		}
		return []string{s}
	}
	return buildArray(append(list(ka, a), list(kb, b)...)), nil
}

func jsonbDeleteKeys(s string, keys []types.Datum) (string, error) {
	match := func(q string) bool {
		return slices.ContainsFunc(keys, func(d types.Datum) bool { return !d.IsNull() && jsonIs(q, d.S) })
	}
	switch jsonKind(s) {
	case '{':
		return buildObject(slices.DeleteFunc(jsonMembers(s), func(m jsonMember) bool { return match(m.key) })), nil
	case '[':
		return buildArray(slices.DeleteFunc(jsonElements(s), func(v string) bool { return v[0] == '"' && match(v) })), nil
	}
	return "", errJSON("cannot delete from scalar")
}

func jsonbDeleteIndex(s string, n int64) (string, error) {
	switch jsonKind(s) {
	case '{':
		return "", errJSON("cannot delete from object using integer index")
	case '[':
		list := jsonElements(s)
		if n < 0 {
			n += int64(len(list))
		}
		if n < 0 || n >= int64(len(list)) {
			return s, nil
		}
		return buildArray(slices.Delete(list, int(n), int(n)+1)), nil
	}
	return "", errJSON("cannot delete from scalar")
}

// pathMode says what setPath does at the end of the path.
type pathMode uint8

const (
	pathSet       pathMode = iota // replace what is there
	pathCreate                    // replace, or add what is not there
	pathInsert                    // before an element; a key only if new
	pathInsertEnd                 // after an element
	pathDelete
)

// setPath changes a jsonb value at a path; step counts the steps taken.
func setPath(s string, path []types.Datum, step int, with string, mode pathMode) (string, error) {
	here := path[step]
	if here.IsNull() {
		return "", pathNull(step)
	}
	last := step == len(path)-1
	switch jsonKind(s) {
	case '{':
		members := jsonMembers(s)
		i := slices.IndexFunc(members, func(m jsonMember) bool { return jsonIs(m.key, here.S) })
		switch {
		case i < 0:
			if last && mode != pathSet && mode != pathDelete {
				members = append(members, jsonMember{string(appendJSONString(nil, here.S)), with})
			} else {
				return s, nil
			}
		case !last:
			v, err := setPath(members[i].val, path, step+1, with, mode)
			if err != nil {
				return "", err
			}
			members[i].val = v
		case mode == pathDelete:
			members = slices.Delete(members, i, i+1)
		case mode == pathInsert || mode == pathInsertEnd:
			return "", errJSONHint("cannot replace existing key", "Try using the function jsonb_set to replace key value.")
		default:
			members[i].val = with
		}
		return buildObject(members), nil
	case '[':
		list := jsonElements(s)
		n, ok := jsonIndex(here.S)
		if !ok {
			return "", errPathNotInteger(step+1, here.S)
		}
		count := int64(len(list))
		at := n
		if at < 0 {
			at += count
		}
		switch {
		case at < 0 || at >= count:
			if !last || mode == pathSet || mode == pathDelete {
				return s, nil
			}
			if at < 0 {
				list = slices.Insert(list, 0, with)
			} else {
				list = append(list, with)
			}
		case !last:
			v, err := setPath(list[at], path, step+1, with, mode)
			if err != nil {
				return "", err
			}
			list[at] = v
		case mode == pathDelete:
			list = slices.Delete(list, int(at), int(at)+1)
		case mode == pathInsert:
			list = slices.Insert(list, int(at), with)
		case mode == pathInsertEnd:
			list = slices.Insert(list, int(at)+1, with)
		default:
			list[at] = with
		}
		return buildArray(list), nil
	}
	return s, nil
}

// jsonbSet changes what path leads to; path is an array of one dimension at most.
func jsonbSet(s string, path *types.Array, with string, mode pathMode) (string, error) {
	switch k := jsonKind(s); {
	case len(path.Dims) > 1:
		return "", errArray("wrong number of array subscripts")
	case k != '{' && k != '[':
		if mode == pathDelete {
			return "", errJSON("cannot delete path in scalar")
		}
		return "", errJSON("cannot set path in scalar")
	case (s == "{}" || s == "[]") && (mode == pathSet || mode == pathDelete):
		return s, nil
	case len(path.Elems) == 0:
		return s, nil
	}
	return setPath(s, path.Elems, 0, with, mode)
}

// jsonbPretty writes a value over several lines.
func jsonbPretty(dst []byte, s string, indent int) []byte {
	k := jsonKind(s)
	if k != '{' && k != '[' {
		return append(dst, s...)
	}
	line := func(n int) {
		dst = append(dst, '\n')
		dst = append(dst, strings.Repeat("    ", n)...)
	}
	dst = append(dst, k)
	first := true
	jsonEach(s, func(key, v string) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		line(indent + 1)
		if key != "" {
			dst = append(append(dst, key...), ": "...)
		}
		dst = jsonbPretty(dst, v, indent+1)
		return true
	})
	line(indent)
	return append(dst, k+2)
}

// stripNulls leaves out members that are null; sep and colon are how the type
// writes separators.
func stripNulls(s, sep, colon string) string {
	s = strings.Trim(s, " \t\r\n")
	k := jsonKind(s)
	if k == '"' {
		return string(appendJSONString(nil, jsonString(s)))
	}
	if k != '{' && k != '[' {
		return s
	}
	b := []byte{k}
	jsonEach(s, func(key, v string) bool {
		if k == '{' && v == "null" {
			return true
		}
		if len(b) > 1 {
			b = append(b, sep...)
		}
		if key != "" {
			b = append(append(b, appendJSONString(nil, jsonString(key))...), colon...)
		}
		b = append(b, stripNulls(v, sep, colon)...)
		return true
	})
	return string(append(b, k+2))
}
