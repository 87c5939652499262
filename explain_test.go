package rowkey

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// What a statement goes through, stage by stage, each seen once.
func TestExplain(t *testing.T) {
	db, err := Open(Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Exec(ctx, `CREATE TABLE dept (id int PRIMARY KEY, name text);
		CREATE TABLE emp (id int PRIMARY KEY, name text, age int, dept int REFERENCES dept);
		CREATE INDEX emp_age ON emp (age);
		INSERT INTO dept VALUES (1, 'R&D'), (2, 'Sales');
		INSERT INTO emp SELECT i, 'e' || i, i, 1 + i % 2 FROM generate_series(1, 1000) i; ANALYZE emp`); err != nil {
		t.Fatal(err)
	}
	x, err := db.Explain(ctx, `SELECT name FROM emp WHERE age = $1 AND dept IN (SELECT id FROM dept WHERE name LIKE 'S%')`, 41)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s--\n%s--\n%s\n--\n%s--\n%s\n--\n%s\n--\n%v", x.Syntax, x.Algebra, strings.Join(x.Rules, ", "), x.Improved,
		plain(x.Plan), operations(x), x.Rows.Collect())
	want := `SelectStmt
├─ Targets ResTarget
│  └─ Value ColumnRef name
├─ From RangeVar Name=emp
└─ Where BoolExpr Op=AND
   ├─ Args OpExpr Op==
   │  ├─ Left ColumnRef age
   │  └─ Right ParamRef $1
   └─ Args SubLink Kind=ANY
      ├─ Test ColumnRef dept
      └─ Query SelectStmt
         ├─ Targets ResTarget
         │  └─ Value ColumnRef id
         ├─ From RangeVar Name=dept
         └─ Where LikeExpr
            ├─ Left ColumnRef name
            └─ Pattern Const 'S%'
--
project emp.name
└─ select ((emp.age = $1) AND (subquery))
   ├─ subquery project dept.id
   │  └─ select (dept.name ~~ 'S%'::text)
   │     └─ get dept
   └─ get emp
--
Decorrelate, PullUpProjects, PushDownPredicates
--
project emp.name
└─ semi join on (emp.dept = dept.id)
   ├─ get emp where (emp.age = $1)
   └─ get dept where (dept.name ~~ 'S%'::text)
--
Nested Loop Semi Join
  ->  Index Scan using emp_age on emp
        Index Cond: (age = $1)
  ->  Index Scan using dept_pkey on dept
        Index Cond: (id = emp.dept)
        Filter: (name ~~ 'S%'::text)
--
Index Scan using emp_age on emp:  scan /Table/emp/emp_age/41/…, 1 pairs
Index Scan using emp_age on emp:  get /Table/emp/emp_pkey/41, 1 pairs
Index Scan using dept_pkey on dept:  get /Table/dept/dept_pkey/2, 1 pairs
--
[[e41]]`
	if got != want {
		t.Errorf("got\n%s", got)
	}

	// In a transaction that is rolled back, a write is explained and not done.
	tx, err := db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	x, err = tx.Explain(ctx, "INSERT INTO emp VALUES (1001, 'Zoe', 20, 2) RETURNING id")
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if got := operations(x); got != `Insert on emp: unique lock /Table/emp/emp_pkey/1001, 0 pairs
Insert on emp: unique get /Table/emp/emp_pkey/1001, 0 pairs
Insert on emp:  put /Table/emp/emp_pkey/1001, 1 pairs
Insert on emp:  put /Table/emp/emp_age/20/1001, 1 pairs
Insert on emp: foreign key emp_dept_fkey lock /Table/dept/dept_pkey/2, 0 pairs
Insert on emp: foreign key emp_dept_fkey get /Table/dept/dept_pkey/2, 1 pairs` {
		t.Errorf("got\n%s", got)
	}
	if rows, err := db.Query(ctx, "SELECT 1 FROM emp WHERE id = 1001"); err != nil || rows.Next() {
		t.Error("the row is there", err)
	}

	// A statement that is no query has a syntax tree only; an error is an error.
	if x, err = db.Explain(ctx, "CREATE TABLE t (a int)"); err != nil || !strings.HasPrefix(x.Syntax, "CreateTableStmt\n") || x.Plan != nil || x.Rows.Tag() != "CREATE TABLE" {
		t.Error(x, err)
	}
	if x, err = db.Explain(ctx, "SELECT nothing"); err == nil {
		t.Error(x)
	}

	// Of many operations the first are kept, the others counted.
	if x, err = db.Explain(ctx, "UPDATE emp SET age = age + 1"); err != nil || len(x.Operations) < 1000 || x.More < 1000 {
		t.Error(len(x.Operations), x.More, err)
	}
	// The session goes on as before.
	if rows, err := db.Query(ctx, "SELECT count(*) FROM emp"); err != nil || fmt.Sprint(rows.Collect()) != "[[1000]]" {
		t.Error(err)
	}
}

// EXPLAIN (ANALYZE, KV, FORMAT JSON) is JSON, and names each key twice.
func TestExplainKeysJSON(t *testing.T) {
	db, err := Open(Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Exec(ctx, `CREATE TABLE "T ""1""" (id text PRIMARY KEY); INSERT INTO "T ""1""" SELECT 'k' || i FROM generate_series(1, 2000) i`); err != nil {
		t.Fatal(err)
	}
	plan := func(text string) (p struct {
		Operations []struct {
			Operation, Path, Key, Start, End, Why, Mode string
			Latest                                      bool
			Pairs, Bytes                                int
		}
		More  int `json:"Operations Not Shown"`
		Plans []json.RawMessage
	}) {
		t.Helper()
		rows, err := db.Query(ctx, "EXPLAIN (ANALYZE, KV, FORMAT JSON) "+text)
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		out, _ := rows.Text(0)
		var whole []map[string]json.RawMessage
		if err := json.Unmarshal([]byte(out), &whole); err != nil {
			t.Fatal(err, out)
		}
		if err := json.Unmarshal(whole[0]["Plan"], &p); err != nil {
			t.Fatal(err, out)
		}
		return p
	}
	p := plan(`INSERT INTO "T ""1""" VALUES (E'a"\\\nb')`)
	path := `/Table/"T ""1"""/"T ""1""_pkey"/"a\"\\\nb"`
	if len(p.Operations) != 3 || p.Operations[0].Mode != "UPDATE" || p.Operations[0].Why != "unique" || !p.Operations[1].Latest ||
		p.Operations[2].Path != path || !strings.HasPrefix(p.Operations[2].Key, `\x02`) || p.Operations[2].Bytes == 0 {
		t.Errorf("%+v", p)
	}
	p = plan(`SELECT * FROM "T ""1"""`)
	if len(p.Operations) != 1 || p.Operations[0].Pairs != 2001 || p.Operations[0].Start >= p.Operations[0].End {
		t.Errorf("%+v", p)
	}
	p = plan(`DELETE FROM "T ""1"""`)
	if len(p.Operations) != 1000 || p.More != 2*2001-1000 {
		t.Errorf("%d, %d", len(p.Operations), p.More)
	}
}

// The rows of a join with a filter are those that the filter leaves.
func TestExplainFilteredRows(t *testing.T) {
	db, err := Open(Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(context.Background(), `EXPLAIN (ANALYZE, TIMING off, COSTS off)
		SELECT a.x + 1 FROM generate_series(1, 10) AS a (x) LEFT JOIN generate_series(1, 5) AS b (x) ON a.x = b.x WHERE coalesce(b.x, 0) < 3`)
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	if line, _ := rows.Text(0); line != "Hash Left Join (actual rows=7 loops=1)" {
		t.Error(line)
	}
}

// plain is a plan without its costs.
func plain(plan []string) string {
	var out []string
	for _, l := range plan {
		l, _, _ = strings.Cut(l, "  (cost=")
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

func operations(x *Explanation) string {
	var out []string
	for _, o := range x.Operations {
		out = append(out, fmt.Sprintf("%s: %s %s %s, %d pairs", o.Node, o.Why, o.Op, o.Path, o.Pairs))
	}
	return strings.Join(out, "\n")
}
