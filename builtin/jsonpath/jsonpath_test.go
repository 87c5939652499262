package jsonpath

import (
	"strings"
	"testing"
)

// Paths, values and what PostgreSQL 15 finds; an error is shown by its message.
func TestQuery(t *testing.T) {
	for _, c := range []struct{ json, path, want string }{
		{`{"a": 12}`, `$`, `{"a": 12}`},
		{`{"a": {"a": 13}}`, `$.a.a`, `13`},
		{`[12, {"a": 13}, {"b": 14}]`, `$.*`, `13;14`},
		{`[12, {"a": 13}, {"b": 14}]`, `lax $[*].a`, `13`},
		{`1`, `lax $[0]`, `1`},
		{`1`, `strict $[0]`, `jsonpath array accessor can only be applied to an array`},
		{`{}`, `strict $.a`, `JSON object does not contain key "a"`},
		{`[1, 2, 3]`, `$[last]`, `3`},
		{`[1, 2, 3]`, `$[last - 1 to last]`, `2;3`},
		{`{"a": {"b": 1}}`, `lax $.**`, `{"a": {"b": 1}};{"b": 1};1`},
		{`{"a": {"b": 1}}`, `lax $.**{last}`, `1`},
		{`[0, 1, -2, -3.4, 5.6]`, `$[*].ceiling()`, `0;1;-2;-3;6`},
		{`{"a": [1, 2, 3]}`, `$.a[*] ? (@ > 1 && @ < 3)`, `2`},
		{`[1, "1", null]`, `$[*] ? ((@ > 0) is unknown)`, `"1"`},
		{`["abc", "axc", "b"]`, `$[*] ? (@ like_regex "^A.C" flag "i")`, `"abc";"axc"`},
		{`["abc", "b"]`, `$[*] ? (@ starts with "a")`, `"abc"`},
		{`{"a": 1, "b": [1, 2]}`, `$.keyvalue()`, `{"id": 0, "key": "a", "value": 1};{"id": 0, "key": "b", "value": [1, 2]}`},
		{`[1, [2, {}]]`, `$[*].type()`, `"number";"array"`},
		{`{"a": 2}`, `($.a - 5).abs() + 10`, `13`},
		{`{"a": "x"}`, `$.a + 1`, `left operand of jsonpath operator + is not a single numeric value`},
		{`"2017-03-10"`, `$.datetime().type()`, `"date"`},
		{`"2017-03-10 12:34:56+3:10"`, `$.datetime()`, `"2017-03-10T12:34:56+03:10"`},
		{`"12:34:56 +3"`, `$.datetime().type()`, `"time with time zone"`},
	} {
		p, err := Parse(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		found, err := p.Query(c.json, &Options{})
		got := strings.Join(found, ";")
		if err != nil {
			got = strings.TrimSuffix(strings.TrimPrefix(err.Error(), "ERROR: "), " (SQLSTATE "+sqlstate(err)+")")
		}
		if got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.path, c.json, got, c.want)
		}
	}
}

func sqlstate(err error) string {
	_, s, _ := strings.Cut(err.Error(), "(SQLSTATE ")
	return strings.TrimSuffix(s, ")")
}

// The canonical text of a path, which reads as the same path; and what is none.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		`lax $.a`:                              `$."a"`,
		`strict $.a.**{2 to 5}.b`:              `strict $."a".**{2 to 5}."b"`,
		`$ ? (@.a < 1 || !(@.b == "x"))`:       `$?(@."a" < 1 || !(@."b" == "x"))`,
		`-1+1*(2 - 3)`:                         `(-1 + 1 * (2 - 3))`,
		`($.a[*] > 3) is unknown`:              `($."a"[*] > 3) is unknown`,
		`$.a ? (@ like_regex "x" flag "si").b`: `$."a"?(@ like_regex "x" flag "is")."b"`,
		`$[1, 0 to $.x, last].size()`:          `$[1,0 to $."x",last].size()`,
		`"\b\u0041" starts with $v`:            `("\bA" starts with $"v")`,
		`/* nothing */ 1.type()`:               "",
		`@ + 1`:                                "",
		`last`:                                 "",
		`$ ? (@.a)`:                            "",
		`$.a like_regex "(" `:                  "",
		`1e`:                                   "",
	} {
		p, err := Parse(in)
		if err != nil {
			if want != "" {
				t.Errorf("%s: %v", in, err)
			}
			continue
		}
		got := p.String()
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
			continue
		}
		again, err := Parse(got)
		if err != nil || again.String() != got {
			t.Errorf("%s does not read as itself: %v, %v", got, again, err)
		}
	}
}
