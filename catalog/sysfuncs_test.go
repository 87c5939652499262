package catalog

import "testing"

// The parentheses that pretty printing leaves out and the ones it keeps, as
// PostgreSQL 15 does.
func TestPrettyExpr(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"(a > 0)", "a > 0"},
		{"((a > 0) AND (b < 5))", "a > 0 AND b < 5"},
		{"((a > 0) OR ((b < 5) AND (c IS NULL)))", "a > 0 OR b < 5 AND c IS NULL"},
		{"(((a > 0) OR (b < 5)) AND (c IS NOT NULL))", "(a > 0 OR b < 5) AND c IS NOT NULL"},
		{"(salary > (10)::numeric)", "salary > 10::numeric"},
		{"((b)::text <> ''::text)", "b::text <> ''::text"},
		{"((a + b) * c)", "(a + b) * c"},
		{"((a * b) + c)", "a * b + c"},
		{"((a - b) - c)", "a - b - c"},
		{"(a - (b - c))", "a - (b - c)"},
		{"((a + 1) > 5)", "(a + 1) > 5"},
		{"(NOT (a > 0))", "NOT a > 0"},
		{"lower(((a || b))::text)", "lower((a || b)::text)"},
		{"((s)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))", "s::text = ANY (ARRAY['x'::character varying, 'y'::character varying]::text[])"},
		{"CASE WHEN (a > 0) THEN (b + 1) ELSE NULL::integer END", "CASE WHEN a > 0 THEN b + 1 ELSE NULL::integer END"},
		{"nextval('t_id_seq'::regclass)", "nextval('t_id_seq'::regclass)"},
		{"'it''s (x)'::text", "'it''s (x)'::text"},
		{"(length(first_name) + 1)", "length(first_name) + 1"},
		{`(NOT (a > 0))`, `NOT a > 0`},
		{`((a > 0) IS TRUE)`, `(a > 0) IS TRUE`},
		{`((- a) > '-5'::integer)`, `(- a) > '-5'::integer`},
		{`((a >= 1) AND (a <= 5))`, `a >= 1 AND a <= 5`},
		{`((a)::text = '5'::text)`, `a::text = '5'::text`},
		{`((a > 0) OR ((b < 5) AND (c IS NULL)))`, `a > 0 OR b < 5 AND c IS NULL`},
		{`(((a > 0) OR (b < 5)) AND (c IS NOT NULL))`, `(a > 0 OR b < 5) AND c IS NOT NULL`},
		{`(t IS DISTINCT FROM (s)::text)`, `t IS DISTINCT FROM s::text`},
		{`((a IS NULL) = (b IS NULL))`, `(a IS NULL) = (b IS NULL)`},
		{`((- (a + b)) > 3)`, `(- (a + b)) > 3`},
		{`(((a + b) * c) > 5)`, `((a + b) * c) > 5`},
		{`((a - (b - c)) > ((a * b) + c))`, `(a - (b - c)) > (a * b + c)`},
		{`(lower((t || (s)::text)) = 'x'::text)`, `lower(t || s::text) = 'x'::text`},
		{`((a > 0) AND ((s)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))`, `a > 0 AND (s::text = ANY (ARRAY['x'::character varying, 'y'::character varying]::text[]))`},
		{"((a > 0) AND (s = ANY (ARRAY[1, 2])))", "a > 0 AND (s = ANY (ARRAY[1, 2]))"},
	} {
		if got := prettyExpr(c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}
