package ast_test

import (
	"testing"

	"rowkey/parser"
	"rowkey/parser/ast"
)

// # A tree shows every part that is there, and nothing that is not.
func TestTree(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT a, t.b + 1 AS c FROM s.t JOIN u USING (k) WHERE id = $1 OR x IN (1, NULL) ORDER BY a DESC FOR SHARE": `SelectStmt
├─ Targets ResTarget
│  └─ Value ColumnRef a
├─ Targets ResTarget Name=c
│  └─ Value OpExpr Op=+
│     ├─ Left ColumnRef t.b
│     └─ Right Const 1
├─ From JoinExpr Kind=INNER Using=k
│  ├─ Left RangeVar Schema=s Name=t
│  └─ Right RangeVar Name=u
├─ Where BoolExpr Op=OR
│  ├─ Args OpExpr Op==
│  │  ├─ Left ColumnRef id
│  │  └─ Right ParamRef $1
│  └─ Args InExpr
│     ├─ Left ColumnRef x
│     ├─ List Const 1
│     └─ List Const NULL
├─ OrderBy SortBy Dir=DESC
│  └─ Expr ColumnRef a
└─ Locking LockingClause Strength=SHARE
`,
		"VALUES (1, 'x y'), (DEFAULT, true)": `SelectStmt
├─ Values Row
│  ├─ Const 1
│  └─ Const 'x y'
└─ Values Row
   ├─ Default
   └─ Const true
`,
		"UPDATE t SET a = 1 WHERE EXISTS (SELECT FROM u)": `UpdateStmt
├─ Relation RangeVar Name=t
├─ Set Assignment
│  ├─ Targets ColumnTarget Name=a
│  └─ Value Const 1
└─ Where SubLink Kind=EXISTS
   └─ Query SelectStmt
      └─ From RangeVar Name=u
`,
	} {
		st, err := parser.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := ast.Tree(st[0].Stmt); got != want {
			t.Errorf("%s\ngives\n%s\nnot\n%s", text, got, want)
		}
	}
}
