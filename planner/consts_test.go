package planner

import (
	"strings"
	"testing"
)

// TestFaults: an error of a constant is the plan's, not that of making it, unless nobody
// reads what it makes.
func TestFaults(t *testing.T) {
	for sql, fails := range map[string]bool{
		"SELECT 1/0 FROM t WHERE false":                                    true,
		"SELECT CASE WHEN a > 1 THEN 1/0 END FROM t":                       true,
		"SELECT CASE WHEN false THEN 1/0 ELSE a END FROM t":                false,
		"SELECT a FROM t WHERE false AND 1/0 = 1":                          false,
		"SELECT a FROM t WHERE 1/0 = 1 AND false":                          true,
		"SELECT a FROM (SELECT a, 1/0 AS y FROM t LIMIT 1) s":              false,
		"SELECT y FROM (SELECT a, 1/0 AS y FROM t LIMIT 1) s":              true,
		"SELECT a FROM t WHERE EXISTS (SELECT 1/0 FROM t)":                 false,
		"WITH c AS (SELECT 1/0 AS y) SELECT 1":                             false,
		"WITH c AS MATERIALIZED (SELECT 1/0 AS y, 2 AS z) SELECT z FROM c": true,
		"SELECT 1 / (random() * 0)::int FROM t":                            false,
		"SELECT a FROM t WHERE $1 / 0 = 1":                                 false,
	} {
		c := newTestCatalog(t, "CREATE TABLE t (a int)")
		pl, err := c.plan(sql)
		if err != nil {
			t.Fatal(sql, err)
		}
		if got := pl.Fault != nil; got != fails || got && !strings.Contains(pl.Fault.Error(), "division by zero") {
			t.Errorf("%s: %v", sql, pl.Fault)
		}
	}
}
