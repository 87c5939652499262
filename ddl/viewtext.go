package ddl

import (
	"fmt"
	"slices"
	"sort"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// A view is kept as text, and yet must mean what it meant when it was made:
// PostgreSQL keeps a tree with object numbers. So the text is written out in
// full when the view is made,
//
//	SELECT * FROM t JOIN u USING (a)   →   SELECT a, t.b, u.c FROM public.t JOIN public.u USING (a)
//
// stars expanded, columns and tables qualified, and is written anew when
// something it names gets another name. What literals of type regclass and kin name is written
// by number, as in other stored expressions.

// viewText is a view's query with what its names mean.
type viewText struct {
	view  *catalog.Table
	tree  *ast.SelectStmt // ours alone: may be changed
	names *planner.Names
	// unaliased are to be added to the view's.
	unaliased []string
}

// parseQuery parses the text of a query.
func parseQuery(text string) (*ast.SelectStmt, error) {
	stmts, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, pgerr.Newf(pgerr.InternalError, "the text of a view is not one statement: %s", text)
	}
	tree, ok := stmts[0].Stmt.(*ast.SelectStmt)
	if !ok {
		return nil, pgerr.Newf(pgerr.InternalError, "the text of a view is not a query: %s", text)
	}
	return tree, nil
}

// readQuery parses and analyses the text of a query.
func (c *Ctx) readQuery(text string, path []string) (*ast.SelectStmt, *planner.Names, *planner.Analysis, error) {
	tree, err := parseQuery(text)
	if err != nil {
		return nil, nil, nil, err
	}
	names := planner.NewNames()
	info, err := planner.Analyze(planner.Request{Catalog: c.snap(), Stmt: tree, SearchPath: path, Env: c.Env, CurrentUser: c.User, Names: names})
	return tree, names, info, err
}

// writeView gives the text to keep of a query, and what it depends on.
func (c *Ctx) writeView(q *ast.SelectStmt) (string, []catalog.OID, error) {
	tree, names, info, err := c.readQuery(ast.Format(q), c.SearchPath())
	if err != nil {
		return "", nil, err
	}
	ast.Walk(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			n.Targets = expandStars(n.Targets, names)
			for i, row := range n.Values {
				n.Values[i] = expandValues(row, names)
			}
		case *ast.ColumnRef:
			if m, ok := names.Columns[n]; ok && m.Qualifier != "" && len(n.Fields) == 1 {
				n.Fields = []string{m.Qualifier, n.Fields[0]}
			}
		case *ast.JoinExpr:
			if n.Natural {
				n.Using, n.Natural = names.Natural[n], false
			}
		case *ast.RangeVar:
			if t := c.snap().Table(names.Tables[n]); t != nil && n.Schema == "" {
				n.Schema = t.Schema.Name
			}
		case *ast.Const:
			if r, ok := names.Regs[n.Pos()]; ok && n.Kind == ast.ConstString {
				n.Text, n.As = catalog.StoredReg(r.Type, r.OID), r.Type.Name
			}
		}
		return true
	})
	seen := map[catalog.OID]bool{}
	var deps []catalog.OID
	add := func(oid catalog.OID) {
		if !seen[oid] {
			seen[oid] = true
			deps = append(deps, oid)
		}
	}
	for _, oid := range names.Tables {
		add(oid)
	}
	for _, r := range names.Regs {
		if r.Type == types.RegClass {
			add(r.OID)
		}
	}
	for _, oid := range info.DependsOn { // relations that views in it read are theirs, not ours
		if c.snap().Table(oid) == nil {
			add(oid)
		}
	}
	sort.Slice(deps, func(i, j int) bool { return deps[i] < deps[j] })
	return ast.Format(tree), deps, nil
}

func expandStars(targets []*ast.ResTarget, names *planner.Names) []*ast.ResTarget {
	var out []*ast.ResTarget
	for _, t := range targets {
		ref, ok := t.Value.(*ast.ColumnRef)
		if !ok || !ref.Star || names.Stars[ref] == nil {
			out = append(out, t)
			continue
		}
		for _, n := range names.Stars[ref] {
			fields := []string{n.Column}
			if n.Qualifier != "" {
				fields = []string{n.Qualifier, n.Column}
			}
			out = append(out, &ast.ResTarget{At: t.At, Value: &ast.ColumnRef{At: ref.At, Fields: fields}})
		}
	}
	return out
}

// expandValues is expandStars for a row of VALUES.
func expandValues(row []ast.Expr, names *planner.Names) []ast.Expr {
	var out []ast.Expr
	for _, e := range row {
		ref, ok := e.(*ast.ColumnRef)
		if !ok || !ref.Star {
			out = append(out, e)
			continue
		}
		for _, t := range expandStars([]*ast.ResTarget{{At: ref.At, Value: ref}}, names) {
			out = append(out, t.Value)
		}
	}
	return out
}

// viewsReading gives the views that read a relation directly.
func (c *Ctx) viewsReading(oid catalog.OID) ([]*viewText, error) {
	var out []*viewText
	for _, v := range c.snap().Tables() {
		if v.View == nil || !dependsOn(v, oid) {
			continue
		}
		tree, names, _, err := c.readQuery(v.View.Query, v.View.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, &viewText{view: v, tree: tree, names: names})
	}
	return out, nil
}

// reads tells whether the view uses a column.
func (v *viewText) reads(oid catalog.OID, attnum int16) bool {
	for _, n := range v.names.Columns {
		if n.Table == oid && n.Attnum == attnum {
			return true
		}
	}
	return v.joinsBy(oid, attnum)
}

// joinsBy tells whether the view joins by the column's name.
func (v *viewText) joinsBy(oid catalog.OID, attnum int16) bool {
	for _, n := range v.names.Using {
		if n.Table == oid && n.Attnum == attnum {
			return true
		}
	}
	return false
}

// renameTable writes the relation's new name into the view; what called it by
// its old name still does, as an alias.
func (v *viewText) renameTable(oid catalog.OID, schema, name string) {
	for rv, is := range v.names.Tables {
		if is != oid {
			continue
		}
		if rv.Alias == nil && rv.Name != name {
			rv.Alias = &ast.Alias{At: rv.At, Name: rv.Name}
			v.unaliased = append(v.unaliased, rv.Name)
		}
		rv.Schema, rv.Name = schema, name
	}
}

// renameColumn writes a column's new name into the view, whose own columns
// keep theirs.
func (v *viewText) renameColumn(t *catalog.Table, attnum int16, from, to string) error {
	if v.joinsBy(t.OID, attnum) {
		v.keepColumns(t)
		return nil
	}
	at := 0 // of the column among those that a list of names is for
	for i := range t.Columns[:attnum-1] {
		if !t.Columns[i].Dropped {
			at++
		}
	}
	for rv, is := range v.names.Tables {
		if is == t.OID && rv.Alias != nil && at < len(rv.Alias.Columns) && rv.Alias.Columns[at] == from {
			alias := *rv.Alias
			alias.Columns = append([]string(nil), alias.Columns...)
			alias.Columns[at] = to
			rv.Alias = &alias
		}
	}
	ast.Walk(v.tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectStmt); ok {
			for _, target := range sel.Targets {
				if ref, ok := target.Value.(*ast.ColumnRef); ok && target.Name == "" && v.means(ref, t.OID, attnum, from) {
					target.Name = from
				}
			}
		}
		return true
	})
	for ref := range v.names.Columns {
		if v.means(ref, t.OID, attnum, from) {
			ref.Fields[len(ref.Fields)-1] = to
		}
	}
	return nil
}

// keepColumns has the view call a table's columns what they are called now, whatever
// they will be: FROM t t(a, b). So a join by a column's name goes on as it was.
func (v *viewText) keepColumns(t *catalog.Table) {
	var names []string
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			names = append(names, t.Columns[i].Name)
		}
	}
	for rv, is := range v.names.Tables {
		if is != t.OID {
			continue
		}
		alias := ast.Alias{At: rv.At, Name: rv.Name}
		if rv.Alias != nil {
			alias = *rv.Alias
		} else {
			v.unaliased = append(v.unaliased, rv.Name)
		}
		if n := len(alias.Columns); n < len(names) {
			alias.Columns = append(alias.Columns[:n:n], names[n:]...)
		}
		rv.Alias = &alias
	}
}

// joins gives the joins of the view that have an alias, and the columns it joins by.
func (v *viewText) joins() (aliased []*ast.JoinExpr, using map[string]bool) {
	using = map[string]bool{}
	ast.Walk(v.tree, func(n ast.Node) bool {
		if j, ok := n.(*ast.JoinExpr); ok {
			if j.Alias != nil {
				aliased = append(aliased, j)
			}
			for _, name := range j.Using {
				using[name] = true
			}
		}
		return true
	})
	return aliased, using
}

// listed refuses a change of a table's columns below a join that numbers its columns: the
// list would stand for others.
func (v *viewText) listed(aliased []*ast.JoinExpr, table catalog.OID) error {
	for _, j := range aliased {
		if len(j.Alias.Columns) == 0 {
			continue
		}
		within := false
		ast.Walk(j, func(n ast.Node) bool {
			if rv, ok := n.(*ast.RangeVar); ok && v.names.Tables[rv] == table {
				within = true
			}
			return !within
		})
		if within {
			return pgerr.Unsupported("the change is not supported while view %q reads it", v.view.Name)
		}
	}
	return nil
}

// addColumn keeps the view as it is when table t gets a column called name: where the view
// could take that for another, it is called otherwise there.
func (v *viewText) addColumn(t *catalog.Table, name string) error {
	aliased, using := v.joins()
	if err := v.listed(aliased, t.OID); err != nil {
		return err
	}
	ofJoin := map[string]bool{}
	for _, j := range aliased {
		ofJoin[j.Alias.Name] = true
	}
	mistaken, taken := using[name], map[string]bool{}
	ast.Walk(v.tree, func(n ast.Node) bool {
		if ref, ok := n.(*ast.ColumnRef); ok && len(ref.Fields) > 0 {
			last := ref.Fields[len(ref.Fields)-1]
			taken[last] = true
			mistaken = mistaken || last == name && (len(ref.Fields) == 1 || ofJoin[ref.Fields[0]])
		}
		return true
	})
	if !mistaken {
		return nil
	}
	v.keepColumns(t)
	for i := range t.Columns {
		taken[t.Columns[i].Name] = true
	}
	fresh := name
	for i := 1; fresh == name || using[fresh] || taken[fresh]; i++ {
		fresh = fmt.Sprintf("%s_%d", name, i)
	}
	for rv, is := range v.names.Tables {
		if is == t.OID {
			rv.Alias.Columns = append(rv.Alias.Columns, fresh)
		}
	}
	return nil
}

// dropColumn takes a column, which the view does not read, out of the lists of names that
// it has for the table's columns.
func (v *viewText) dropColumn(t *catalog.Table, attnum int16) error {
	aliased, _ := v.joins()
	if err := v.listed(aliased, t.OID); err != nil {
		return err
	}
	at := 0
	for i := range t.Columns[:attnum-1] {
		if !t.Columns[i].Dropped {
			at++
		}
	}
	for rv, is := range v.names.Tables {
		if is == t.OID && rv.Alias != nil && at < len(rv.Alias.Columns) {
			alias := *rv.Alias
			alias.Columns = slices.Delete(slices.Clone(alias.Columns), at, at+1)
			rv.Alias = &alias
		}
	}
	return nil
}

func (v *viewText) means(ref *ast.ColumnRef, oid catalog.OID, attnum int16, name string) bool {
	n, ok := v.names.Columns[ref]
	return ok && n.Table == oid && n.Attnum == attnum && n.Column == name && ref.Fields[len(ref.Fields)-1] == name
}

// storeViews keeps the changed texts of views.
func (c *Ctx) storeViews(views []*viewText) error {
	for _, v := range views {
		t := c.snap().Table(v.view.OID)
		if t == nil || t.View == nil {
			continue
		}
		text := ast.Format(v.tree)
		if text == t.View.Query {
			continue
		}
		if _, _, info, err := c.readQuery(text, t.View.Path); err != nil || len(info.Columns) != len(t.Columns) {
			return pgerr.Unsupported("the change is not supported while view %q reads it", t.Name)
		}
		cp := clone(t)
		view := *t.View
		view.Query = text
		view.Unaliased = append(append([]string(nil), view.Unaliased...), v.unaliased...)
		cp.View = &view
		if err := c.put(cp); err != nil {
			return err
		}
	}
	return nil
}
