package planner

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Names collects, while Analyze binds a query, what its names mean. DDL reads
// from it which columns a view uses, and writes views so that they keep their
// meaning when their tables get columns or other names. Only the query itself
// is recorded, not those of views it reads.
type Names struct {
	Columns map[*ast.ColumnRef]Name
	Stars   map[*ast.ColumnRef][]Name
	Tables  map[*ast.RangeVar]catalog.OID
	Natural map[*ast.JoinExpr][]string
	// Regs are the objects that literals of type regclass and kin name, by the literal's position.
	Regs map[int]Reg
	// Using are the columns that joins compare by USING or NATURAL.
	Using []Name

	shapes *shapes // what DeparseQuery needs, nil if that is not asked for
}

// Reg is an object that a literal names, and the literal's type.
type Reg struct {
	Type *types.Type
	OID  catalog.OID
}

// Name is a column as a query can say it, and what it is.
type Name struct {
	Qualifier string // "" where only the bare name will do
	Column    string
	Table     catalog.OID // 0 if it is no table's or view's column
	Attnum    int16
}

// NewNames makes an empty Names for a Request.
func NewNames() *Names {
	return &Names{Columns: map[*ast.ColumnRef]Name{}, Stars: map[*ast.ColumnRef][]Name{},
		Tables: map[*ast.RangeVar]catalog.OID{}, Natural: map[*ast.JoinExpr][]string{}, Regs: map[int]Reg{}}
}

// names gives the collector, nil if nobody asked or a view's own query is being bound.
func (p *planner) names() *Names {
	if p.viewDepth > 0 {
		return nil
	}
	return p.req.Names
}

// nameOf says what a column found at level lv is called from q.
func (p *planner) nameOf(q *query, c rangeCol, lv *query) Name {
	n := Name{Column: c.name}
	want, ok := c.expr.(*plan.Col)
	if !ok {
		return n
	}
	for _, it := range lv.items {
		for i := range it.cols {
			have, ok := it.cols[i].expr.(*plan.Col)
			if !ok || have.Idx != want.Idx || it.cols[i].name != c.name {
				continue
			}
			if info := &p.cols[want.Idx]; it.table != nil && info.attnum > 0 {
				n.Table, n.Attnum = info.tableOID, info.attnum
			}
			if !it.relVisible || it.alias == "" {
				continue
			}
			if hit, _ := p.lookupTable(q, "", it.alias, -1); hit == it {
				n.Qualifier = it.alias
			}
		}
	}
	return n
}

// noteColumn records what a reference was resolved to.
func (b *binder) noteColumn(c *ast.ColumnRef, name string, fd found) {
	if n := b.p.names(); n != nil {
		n.Columns[c] = b.p.nameOf(b.q, rangeCol{name: name, expr: fd.expr}, fd.q)
	}
}

// noteUsing records the columns of a USING or NATURAL join.
func (p *planner) noteUsing(j *ast.JoinExpr, names []string, litems, ritems []*rangeItem) {
	n := p.names()
	if n == nil {
		return
	}
	if j.Natural {
		n.Natural[j] = names
	}
	for _, items := range [][]*rangeItem{litems, ritems} {
		for _, it := range items {
			if !it.colsVisible {
				continue
			}
			for _, c := range it.cols {
				for _, want := range names {
					if col, ok := c.expr.(*plan.Col); ok && c.name == want && p.cols[col.Idx].attnum > 0 {
						n.Using = append(n.Using, Name{Column: want, Table: p.cols[col.Idx].tableOID, Attnum: p.cols[col.Idx].attnum})
					}
				}
			}
		}
	}
}
