package ast

// RenameColumn makes every reference in e to column from one to column to, in
// place: e must be the caller's own, freshly parsed.
func RenameColumn(e Expr, from, to string) Expr {
	Walk(e, func(n Node) bool {
		if c, ok := n.(*ColumnRef); ok && len(c.Fields) > 0 && c.Fields[len(c.Fields)-1] == from {
			c.Fields = append(append([]string(nil), c.Fields[:len(c.Fields)-1]...), to)
		}
		return true
	})
	return e
}
