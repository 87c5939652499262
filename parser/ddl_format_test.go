package parser

import (
	"testing"

	"rowkey/parser/ast"
)

// The claim: what Format prints of a definition or utility statement parses to
// the same tree, but for the statements of which only the tag is kept.
func TestFormatDefinitions(t *testing.T) {
	for _, sql := range append(ddlStatements(t), regressionStatements(t)...) {
		before, err := Parse(sql)
		if err != nil {
			continue // the business of other tests
		}
		for _, s := range before {
			if unprintable(s.Stmt) {
				continue
			}
			text := ast.Format(s.Stmt)
			after, err := Parse(text)
			if err != nil {
				t.Errorf("%s\nprinted as\n%s\n%v at %d", sql, text, err, err.(*Error).Position)
				continue
			}
			if a, b := dump(s.Stmt, false), dump(after[0].Stmt, false); a != b {
				t.Errorf("%s\nprinted as\n%s\nwas %s\nnow %s", sql, text, a, b)
			}
		}
	}
}

func unprintable(s ast.Stmt) (yes bool) {
	ast.Walk(s, func(n ast.Node) bool {
		if _, ok := n.(*ast.UnsupportedStmt); ok {
			yes = true
		}
		return true
	})
	return yes
}
