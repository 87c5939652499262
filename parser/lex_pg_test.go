package parser

import (
	"context"
	"math/rand"
	"strings"
	"testing"

	"rowkey/parser/ast"
)

// Literals have the values that PostgreSQL gives them, names are folded and
// cut as it does, and operators end where it ends them.
func TestLexLikePostgres(t *testing.T) {
	conn := probe(t)
	o := newOracle(t)
	ctx := context.Background()
	const seed = 5
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	body := func() string {
		var b strings.Builder
		for range r.Intn(8) {
			b.WriteString(pick("a", "é", "''", `\\`, `\n`, `\x41`, `\101`, `\u00e9`, `\U0001F600`, `\ud83d\ude00`, `\0061`, `\+01F600`, `\d83d\de00`,
				" ", "$", `"`, "--", "/*", "'\n'", "' -- x\n  '", "\\'", "!", "1", "\\b", "\\x4", "\\8", "\n", `\xc3\xa9`, "' '", `""`))
		}
		return b.String()
	}
	values, names, refused := 0, 0, 0
	for range 3000 {
		sql := "SELECT " + pick("'", "E'", "e'", "U&'", "N'", "'") + body() + "'" + pick("", "", "", " UESCAPE '!'")
		if r.Intn(6) == 0 {
			tag := pick("$$", "$x$", "$é1$")
			sql = "SELECT " + tag + body() + tag
		}
		list, err := Parse(sql)
		if theirs := o.refusal(t, sql); theirs != nil {
			refused++
			if e, ok := err.(*Error); ok && strings.HasPrefix(e.Message, "invalid Unicode escape") {
				continue // PostgreSQL scans one token further before it decodes
			}
			if ours, ok := err.(*Error); !ok || ours.Message != theirs.Message || ours.Position != int(theirs.Position) || ours.Code != theirs.Code {
				t.Errorf("%s\nours   %v\ntheirs %s at %d", sql, describeOurs2(err), describe(theirs), theirs.Position)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s\n%v", sql, describeOurs2(err))
			continue
		}
		targets := list[0].Stmt.(*ast.SelectStmt).Targets
		if len(targets) != 1 {
			continue
		}
		value := targets[0].Value
		if cast, ok := value.(*ast.TypeCast); ok { // N'x'
			value = cast.Arg
		}
		c, ok := value.(*ast.Const)
		if !ok || c.Kind != ast.ConstString {
			continue
		}
		var theirs string
		if err := conn.QueryRow(ctx, sql).Scan(&theirs); err != nil {
			t.Errorf("%s\n%v", sql, err)
			continue
		}
		values++
		if c.Text != theirs {
			t.Errorf("%s\nours %q, theirs %q", sql, c.Text, theirs)
		}
	}
	for range 1000 {
		name := pick(`"`, `U&"`) + strings.NewReplacer("'", "x", "\n", "y").Replace(body()) + strings.Repeat(pick("a", "é", "Z"), r.Intn(70)) + `"`
		if r.Intn(3) == 0 {
			name = pick("a", "É", "_", "Ab") + strings.Repeat(pick("B", "é", "$1"), r.Intn(70))
		}
		sql := "SELECT 1 AS " + name
		list, err := Parse(sql)
		theirs := o.refusal(t, sql)
		if theirs != nil || err != nil {
			refused++
			if ours, ok := err.(*Error); !ok || theirs == nil || ours.Message != theirs.Message || ours.Position != int(theirs.Position) {
				t.Errorf("%s\nours   %v\ntheirs %s", sql, describeOurs2(err), describe(theirs))
			}
			continue
		}
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		field := rows.FieldDescriptions()[0].Name
		rows.Close()
		names++
		if got := list[0].Stmt.(*ast.SelectStmt).Targets[0].Name; got != field {
			t.Errorf("%s\nours %q, theirs %q", sql, got, field)
		}
	}
	operators := 0
	for range 3000 {
		var b strings.Builder
		for range 1 + r.Intn(5) {
			b.WriteByte("+-*/<>=~!@#%^&|`?"[r.Intn(17)])
		}
		sql := "SELECT true " + b.String() + pick("", " ") + "false"
		list, err := Parse(sql)
		if theirs := o.refusal(t, sql); theirs != nil || err != nil {
			refused++
			if ours, ok := err.(*Error); !ok || theirs == nil || ours.Message != theirs.Message || ours.Position != int(theirs.Position) {
				t.Errorf("%s\nours   %v\ntheirs %s", sql, describeOurs2(err), describe(theirs))
			}
			continue
		}
		x, ok := list[0].Stmt.(*ast.SelectStmt).Targets[0].Value.(*ast.OpExpr)
		if !ok {
			continue
		}
		for x.Right != nil { // the operator that PostgreSQL complains of first is the innermost
			inner, ok := x.Right.(*ast.OpExpr)
			if !ok {
				break
			}
			x = inner
		}
		pe := prepare(conn, sql)
		if pe == nil {
			continue
		}
		operators++
		want := "operator does not exist: boolean " + x.Op.Name + " boolean"
		if x.Left == nil {
			want = "operator does not exist: " + x.Op.Name + " boolean"
		}
		if pe.Message != want || int(pe.Position) != x.Pos()+1 {
			t.Errorf("%s\nours   %s at %d\ntheirs %s at %d", sql, want, x.Pos()+1, pe.Message, pe.Position)
		}
	}
	t.Logf("%d values, %d names, %d operators, %d refused by both", values, names, operators, refused)
}

func describeOurs2(err error) string {
	if e, ok := err.(*Error); ok {
		return e.Code + " " + e.Message + " at " + itoa(e.Position)
	}
	return "taken"
}
