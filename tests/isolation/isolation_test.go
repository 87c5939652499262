package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"rowkey/tests/pgtest"
)

// sample is a specification of our own, so that the runner is tested without
// PostgreSQL's sources: steps that wait, markers, notices of all kinds.
const sample = `
# a comment
setup { CREATE TABLE iso_sample (id int PRIMARY KEY, n int); INSERT INTO iso_sample VALUES (1, 10), (2, 20); }
teardown { DROP TABLE iso_sample; }

session s1
setup		{ BEGIN; }
step add1	{ UPDATE iso_sample SET n = n + 1 WHERE id = 1; }
step c1		{ COMMIT; }

session "s two"
step add2	{ UPDATE iso_sample SET n = n * 2 WHERE id = 1 RETURNING n; }
step skip	{ SELECT id FROM iso_sample FOR UPDATE SKIP LOCKED; }
step now	{ SELECT id FROM iso_sample WHERE id = 1 FOR UPDATE NOWAIT; }
step "read" { SELECT n, 'a' AS t FROM iso_sample ORDER BY id; }

permutation add1 add2 c1 "read"
permutation add1 skip now c1
permutation add1 add2(c1) c1 read(*)
`

const sampleOutput = `starting permutation: add1 add2 c1 read
step add1: UPDATE iso_sample SET n = n + 1 WHERE id = 1;
step add2: UPDATE iso_sample SET n = n * 2 WHERE id = 1 RETURNING n; <waiting ...>
step c1: COMMIT;
step add2: <... completed>
 n
--
22
(1 row)

step read: SELECT n, 'a' AS t FROM iso_sample ORDER BY id;
 n|t
--+-
22|a
20|a
(2 rows)

starting permutation: add1 skip now c1
step add1: UPDATE iso_sample SET n = n + 1 WHERE id = 1;
step skip: SELECT id FROM iso_sample FOR UPDATE SKIP LOCKED;
id
--
 2
(1 row)

step now: SELECT id FROM iso_sample WHERE id = 1 FOR UPDATE NOWAIT;
ERROR:  could not obtain lock on row in relation "iso_sample"
step c1: COMMIT;
starting permutation: add1 add2 c1 read
step add1: UPDATE iso_sample SET n = n + 1 WHERE id = 1;
step add2: UPDATE iso_sample SET n = n * 2 WHERE id = 1 RETURNING n; <waiting ...>
step c1: COMMIT;
step add2: <... completed>
 n
--
22
(1 row)

step read: SELECT n, 'a' AS t FROM iso_sample ORDER BY id; <waiting ...>
step read: <... completed>
 n|t
--+-
22|a
20|a
(2 rows)

`

// TestSample: the runner writes what isolationtester writes.
func TestSample(t *testing.T) {
	s, err := parseSpec(sample)
	if err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{"postgres": os.Getenv(pgtest.EnvURL)}
	server, err := pgtest.ServeInProcess("")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	urls["rowkey"] = server.URL
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			if url == "" {
				t.Skip(pgtest.EnvURL + " is not set")
			}
			r, err := newRunner(context.Background(), url, s, 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer r.close()
			var out strings.Builder
			for _, perm := range s.permutations {
				got, err := r.run(perm)
				if err != nil {
					t.Fatal(err)
				}
				out.WriteString(got)
			}
			if out.String() != sampleOutput {
				t.Errorf("got\n%s", out.String())
			}
		})
	}
}

// TestInterleavings: without permutations all interleavings are run, in order.
func TestInterleavings(t *testing.T) {
	s, err := parseSpec("session a step a1 {} step a2 {} session b step b1 {}")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range s.permutations {
		got = append(got, strings.TrimPrefix(title(p), permStart))
	}
	if want := " a1 a2 b1, a1 b1 a2, b1 a1 a2"; strings.Join(got, ",") != want {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"", "session a", "session a step x {} permutation y", "session a step x { permutation x",
		"session a step x {} step x {}", "session a step x {} permutation x(y)", `session "a`, "?"} {
		if s, err := parseSpec(bad); err == nil && len(s.sessions[0].steps) > 0 {
			t.Errorf("%q is a specification", bad)
		}
	}
}
