package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/compare"
	"rowkey/tests/pgtest"
)

// A chapter is what came of the examples of one page or more.
type chapter struct {
	name    string
	total   int
	equal   int
	failing int // of the equal ones, which fail alike
	refused int // by rowkey, with 0A000
	diffs   []diff
}

// A diff is a statement whose answer differs.
type diff struct {
	page, sql string
	want, got []string
}

// compare runs the examples of a page on both servers, after those that it goes on with.
func (c *chapter) compare(pg, rk, page string, before, examples []example) error {
	var answers [3][][]string
	for i, server := range []string{pg, pg, rk} {
		var err error
		if answers[i], err = runPage(server, append(slices.Clone(before), examples...)); err != nil {
			return err
		}
	}
	at := 0
	for _, e := range before {
		at += len(e)
	}
	for _, e := range examples {
		for _, st := range e {
			want, again, got := answers[0][at], answers[1][at], answers[2][at]
			at++
			if !slices.Equal(want, again) {
				want, got = withoutRows(want), withoutRows(got)
			}
			switch {
			case failsWith(want, "42601") && failsWith(got, "42601"):
				continue
			case slices.Equal(want, got):
				c.equal++
				if failsWith(want, "") {
					c.failing++
				}
			default:
				c.diffs = append(c.diffs, diff{page, st.SQL, want, got})
				if failsWith(got, "0A000") && !failsWith(want, "0A000") {
					c.refused++
				}
			}
			c.total++
		}
	}
	return nil
}

func withoutRows(answer []string) []string {
	return slices.DeleteFunc(slices.Clone(answer), func(l string) bool { return strings.HasPrefix(l, "row ") })
}

// failsWith tells whether an answer is an error of a code, or of any.
func failsWith(answer []string, code string) bool {
	return slices.ContainsFunc(answer, func(l string) bool {
		return strings.HasPrefix(l, "error ERROR "+code) || strings.HasPrefix(l, "error FATAL "+code)
	})
}

const database = "manual"

// runPage runs examples in a database that is made for them and goes with its roles.
func runPage(server string, examples []example) (answers [][]string, err error) {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		return nil, err
	}
	defer admin.Close(ctx)
	url, err := pgtest.MakeDatabase(server, database)
	if err != nil {
		return nil, err
	}
	if _, err := admin.Exec(ctx, "ALTER DATABASE "+database+" SET statement_timeout = '5s'"); err != nil {
		return nil, err
	}
	client, err := compare.Dial(url)
	if err != nil {
		return nil, err
	}
	defer func() { client.Close() }()
	for _, e := range examples {
		for _, st := range e {
			answer, err := runAgain(client, &st)
			if err != nil {
				answer = append(answer, "lost: "+err.Error())
				client.Close()
				if client, err = compare.Dial(url); err != nil {
					return nil, fmt.Errorf("after %s: %w", st.SQL, err)
				}
			}
			answers = append(answers, answer)
		}
		if err := startAfresh(client); err != nil {
			return nil, err
		}
	}
	client.Close()
	return answers, removeTraces(ctx, admin)
}

// taken is the definition of something whose name another example has taken.
var taken = regexp.MustCompile(`(?i)^create\s+(?:or\s+replace\s+)?(?:temp\s+|temporary\s+|unlogged\s+|recursive\s+)?(table|type|domain|view|materialized\s+view|index|sequence|schema|function|procedure|aggregate|role)\s+(?:if\s+not\s+exists\s+)?([\w."]+)`)

// runAgain runs a statement; when an example before has taken the name that it defines, that one's is dropped.
func runAgain(c *compare.Client, st *compare.Statement) ([]string, error) {
	answer, err := c.Run(st, false)
	m := taken.FindStringSubmatch(st.SQL)
	if err != nil || m == nil || !slices.Contains(answer, "ready I") || !slices.ContainsFunc([]string{"42P06", "42P07", "42710", "42723", "42P13"}, func(code string) bool { return failsWith(answer, code) }) {
		return answer, err
	}
	drop := "DROP " + m[1] + " IF EXISTS " + m[2]
	if !strings.EqualFold(m[1], "role") {
		drop += " CASCADE"
	}
	if _, err := c.Run(&compare.Statement{SQL: drop}, false); err != nil {
		return nil, err
	}
	return c.Run(st, false)
}

// startAfresh ends what the next example is not meant to begin in: a transaction that failed, settings, roles.
func startAfresh(c *compare.Client) error {
	answer, err := c.Run(&compare.Statement{SQL: "RESET SESSION AUTHORIZATION"}, false)
	if err == nil && slices.Contains(answer, "ready E") {
		if _, err = c.Run(&compare.Statement{SQL: "ROLLBACK"}, false); err == nil {
			_, err = c.Run(&compare.Statement{SQL: "RESET SESSION AUTHORIZATION"}, false)
		}
	}
	if err == nil {
		_, err = c.Run(&compare.Statement{SQL: "RESET ALL"}, false)
	}
	return err
}

// removeTraces drops the database and the roles that its examples made.
func removeTraces(ctx context.Context, admin *pgx.Conn) error {
	if _, err := admin.Exec(ctx, "DROP DATABASE "+database+" WITH (FORCE)"); err != nil {
		return err
	}
	rows, err := admin.Query(ctx, "SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user")
	if err != nil {
		return err
	}
	drops, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, sql := range drops {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
