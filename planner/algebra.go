package planner

// algebra prints a rel as an indented tree.
func (p *planner) algebra(r rel) string { return "" }
