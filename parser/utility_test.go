package parser

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/parser/ast"
)

// The claim: Tag is what PostgreSQL completes a statement with, for those of
// testdata/ddl_statements.txt that succeed on an almost empty database.
func TestTagsAgainstPostgres(t *testing.T) {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL to compare with")
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run := func(sql string) (string, error) {
		results, err := conn.Exec(ctx, sql).ReadAll()
		if err != nil {
			return "", err
		}
		return results[len(results)-1].CommandTag.String(), nil
	}
	const setup = `create schema rowkey_tags; set local search_path = rowkey_tags;
		create table t (a int primary key, b text, c int, d int); create table u (a int unique, b text);
		create view v as select 1 as a; create sequence s; create type mood as enum ('a', 'y');
		create type c as (a int); create domain d as int; create function f() returns int language sql as 'select 1';
		create materialized view mv as select 1 as a; create index i on t (b); create statistics st on b, c from t;
		create role x; create role r; create role g; create collation cl from "C"; declare c cursor for select 1;
		prepare p as select 1; savepoint s`
	compared := 0
	for _, sql := range ddlStatements(t) {
		list, err := Parse(sql)
		if err != nil || len(list) != 1 {
			continue
		}
		switch list[0].Stmt.(type) {
		case *ast.TransactionStmt, *ast.CopyStmt, *ast.LoadStmt, *ast.AlterSystemStmt, *ast.DiscardStmt,
			*ast.CreateDatabaseStmt, *ast.AlterDatabaseStmt, *ast.AlterDatabaseSetStmt, *ast.DropDatabaseStmt:
			continue // leave the transaction, wait for data, or touch more than a schema
		case *ast.UnsupportedStmt, *ast.CreateExtensionStmt, *ast.CheckpointStmt:
			continue
		}
		if _, err := run("deallocate all; begin;" + setup); err != nil {
			t.Fatal(err)
		}
		tag, err := run(sql)
		if _, err := run("rollback"); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			continue
		}
		// Row counts and what an EXECUTE ran are the session's business.
		ours := ast.Tag(list[0].Stmt)
		if ours == "EXECUTE" || ours == "CREATE TABLE AS" && strings.HasPrefix(tag, "SELECT ") ||
			ours == "CREATE MATERIALIZED VIEW" && strings.HasPrefix(tag, "SELECT ") {
			continue
		}
		compared++
		if tag != ours && !(strings.HasPrefix(tag, ours+" ") && strings.ContainsAny(tag[len(ours):], "0123456789")) {
			t.Errorf("%s\n\tPostgreSQL %s, ours %s", sql, tag, ours)
		}
	}
	t.Logf("%d tags compared", compared)
	if compared < 100 {
		t.Error("too few statements succeeded")
	}
}

// What is said with an option is read by its helpers as PostgreSQL reads it.
func TestOptionValues(t *testing.T) {
	list, err := Parse("explain (a, b off, c 1, d 'TRUE', e 2, f json, g 'x') select 1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range list[0].Stmt.(*ast.ExplainStmt).Options {
		value, ok := o.AsBool()
		got = append(got, o.Name+"="+map[bool]string{true: "yes", false: "no"}[value]+map[bool]string{false: "?"}[ok]+o.AsText())
	}
	want := "a=yes b=nooff c=yes1 d=yesTRUE e=no?2 f=no?json g=no?x"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// What definitions and utilities cost, all of testdata/ddl_statements.txt at once.
func BenchmarkDefinitions(b *testing.B) {
	list := ddlStatements(b)
	sql := strings.Join(list, ";\n")
	b.SetBytes(int64(len(sql)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(sql); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(list)), "ns/statement")
}

// A recursive view is a view of a recursive query.
func TestRecursiveView(t *testing.T) {
	list, err := Parse("create recursive view s.v (n) as values (1) union all select n + 1 from v")
	if err != nil {
		t.Fatal(err)
	}
	want := "WITH RECURSIVE v(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM v) SELECT n FROM v"
	if got := ast.Format(list[0].Stmt.(*ast.CreateViewStmt).FullQuery()); got != want {
		t.Errorf("got %s", got)
	}
}

// A number in SET reads as PostgreSQL prints it.
func TestSetNumbers(t *testing.T) {
	list, err := Parse("set x = 007, +1, -02, 1.50, -3000000000")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range list[0].Stmt.(*ast.SetStmt).Values {
		got = append(got, v.Text)
	}
	if s := strings.Join(got, " "); s != "7 1 -2 1.50 -3000000000" {
		t.Errorf("got %s", s)
	}
}
