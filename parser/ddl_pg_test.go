package parser

import (
	"context"
	"errors"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// The claim: what PostgreSQL's raw parser refuses this one refuses, at the same
// place and in the same words, and it takes what PostgreSQL takes – for the
// statements of testdata/ddl_statements.txt and for random mutations of them.

// oracle is a PostgreSQL session in a failed transaction. There a Parse message
// gets as far as the raw parser and no further: a statement that parses is
// answered 25P02, or taken if it would end the transaction.
type oracle struct{ conn *pgconn.PgConn }

func newOracle(t testing.TB) *oracle {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL to compare with")
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	if _, err := conn.Exec(ctx, "begin").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "select 1/0").ReadAll(); err == nil {
		t.Fatal("the transaction did not fail")
	}
	return &oracle{conn}
}

// refusal is PostgreSQL's syntax error, or nil.
func (o *oracle) refusal(t testing.TB, sql string) *pgconn.PgError {
	_, err := o.conn.Prepare(context.Background(), "", sql, nil)
	if err == nil {
		return nil
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		t.Fatalf("%q: %v", sql, err)
	}
	if e.Code == "25P02" || strings.HasPrefix(e.Message, "cannot insert multiple commands") {
		return nil
	}
	return e
}

// verdict is how this parser's answer compares with PostgreSQL's.
type verdict struct{ accept, position, message bool }

func (v verdict) same() bool { return v.accept && v.position && v.message }

func compare(sql string, pg *pgconn.PgError) (verdict, *Error) {
	_, err := Parse(sql)
	var ours *Error
	if err != nil && !errors.As(err, &ours) {
		ours = &Error{Message: "NOT A PARSER ERROR: " + err.Error()}
	}
	if pg == nil || ours == nil {
		v := verdict{accept: pg == nil && ours == nil}
		v.position, v.message = v.accept, v.accept
		return v, ours
	}
	return verdict{true, int(pg.Position) == ours.Position, pg.Message == ours.Message && pg.Code == ours.Code}, ours
}

func ddlStatements(t testing.TB) []string {
	text, err := os.ReadFile("testdata/ddl_statements.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, line := range strings.Split(string(text), "\n") {
		if line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
}

// regressionStatements are the definition and utility statements of
// PostgreSQL's regression suite, if ROWKEY_REGRESS says where it is.
func regressionStatements(t testing.TB) []string {
	var list []string
	files, _ := filepath.Glob(filepath.Join(os.Getenv("ROWKEY_REGRESS"), "*.sql"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range psqlStatements(string(text)) {
			switch word := strings.ToLower(strings.SplitN(sql+" ", " ", 2)[0]); word {
			case "select", "insert", "update", "delete", "with", "values", "merge":
			default:
				list = append(list, sql)
			}
		}
	}
	return list
}

func TestDDLStatementsParse(t *testing.T) {
	for _, sql := range ddlStatements(t) {
		if _, err := Parse(sql); err != nil {
			t.Errorf("%s\n\t%v", sql, err)
		}
	}
}

func TestDDLStatementsAgainstPostgres(t *testing.T) {
	o := newOracle(t)
	for _, sql := range ddlStatements(t) {
		pg := o.refusal(t, sql)
		if v, ours := compare(sql, pg); !v.same() {
			t.Errorf("%s\n\tPostgreSQL %v\n\tours       %v", sql, pg, ours)
		}
	}
}

// mutate changes one token of a statement: drops, doubles or swaps it, puts one
// of another statement in its place or before it, or cuts the statement there.
func mutate(r *rand.Rand, list [][]string) string {
	words := append([]string(nil), list[r.Intn(len(list))]...)
	i := r.Intn(len(words))
	other := list[r.Intn(len(list))]
	word := other[r.Intn(len(other))]
	switch r.Intn(6) {
	case 0:
		words = append(words[:i], words[i+1:]...)
	case 1:
		words = append(words[:i+1], words[i:]...)
	case 2:
		j := min(i+1, len(words)-1)
		words[i], words[j] = words[j], words[i]
	case 3:
		words[i] = word
	case 4:
		words = append(words[:i+1], words[i:]...)
		words[i] = word
	case 5:
		words = words[:i]
	}
	return strings.Join(words, " ")
}

func sourceWords(sql string) []string {
	var words []string
	for _, t := range lex(sql) {
		if t.kind != tokEOF {
			words = append(words, sql[t.pos:t.end])
		}
	}
	return words
}

func TestDDLMutationsAgainstPostgres(t *testing.T) {
	o := newOracle(t)
	seed, count, shownMax := int64(1), 4000, 40
	if os.Getenv("ROWKEY_LONG") != "" {
		seed, count, shownMax = time.Now().UnixNano(), 60000, 1000
	}
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	var list [][]string
	for _, sql := range append(ddlStatements(t), regressionStatements(t)...) {
		if words := sourceWords(sql); len(words) > 0 {
			list = append(list, words)
		}
	}
	var refused, accept, position, message, shown int
	for range count {
		sql := mutate(r, list)
		pg := o.refusal(t, sql)
		v, ours := compare(sql, pg)
		if v.accept {
			accept++
		}
		if pg != nil {
			refused++
			if v.position {
				position++
			}
			if v.message {
				message++
			}
		}
		if !v.same() && shown < shownMax {
			shown++
			t.Logf("%s\n\tPostgreSQL %s\n\tours       %s", sql, describe(pg), describeOurs(ours))
		}
	}
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }
	t.Logf("%d statements: %.2f%% same verdict; of %d refused: %.2f%% same position, %.2f%% same message",
		count, percent(accept, count), refused, percent(position, refused), percent(message, refused))
	if percent(position, refused) < 95 || percent(accept, count) < 97 {
		t.Error("too far from PostgreSQL")
	}
}

func describe(e *pgconn.PgError) string {
	if e == nil {
		return "takes it"
	}
	return e.Code + " " + e.Message + " at " + itoa(int(e.Position))
}

func describeOurs(e *Error) string {
	if e == nil {
		return "takes it"
	}
	return e.Code + " " + e.Message + " at " + itoa(e.Position)
}
