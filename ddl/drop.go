package ddl

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// target is one thing to drop: an object, or a part of a table.
type target struct {
	table   *catalog.Table
	index   *catalog.Index      // of table
	fk      *catalog.ForeignKey // of table
	column  int16               // of table
	check   *catalog.Check      // of table
	deflt   int16               // of table: the default of a column
	seq     *catalog.Sequence
	typ     *catalog.UserType
	schema  *catalog.Schema
	fn      *catalog.Function
	ext     *catalog.Extension
	trigger *catalog.Trigger // of table
}

func (t target) key() string {
	switch {
	case t.fn != nil:
		return fmt.Sprint("f", t.fn.OID)
	case t.ext != nil:
		return fmt.Sprint("x", t.ext.OID)
	case t.trigger != nil:
		return fmt.Sprint("g", t.trigger.OID)
	case t.typ != nil && t.check != nil:
		return fmt.Sprint("k", t.check.OID)
	case t.index != nil:
		return fmt.Sprint("i", t.index.OID)
	case t.fk != nil:
		return fmt.Sprint("k", t.fk.OID)
	case t.check != nil:
		return fmt.Sprint("k", t.check.OID)
	case t.column > 0:
		return fmt.Sprint("c", t.table.OID, ".", t.column)
	case t.deflt > 0:
		return fmt.Sprint("d", t.table.OID, ".", t.deflt)
	case t.table != nil:
		return fmt.Sprint("t", t.table.OID)
	case t.seq != nil:
		return fmt.Sprint("s", t.seq.OID)
	case t.typ != nil:
		return fmt.Sprint("y", t.typ.OID)
	}
	return fmt.Sprint("n", t.schema.OID)
}

// partOf tells whether t is a part of something that is dropped anyway.
func (t target) partOf(seen map[string]bool) bool {
	switch {
	case t.typ != nil && t.check != nil:
		return seen[target{typ: t.typ}.key()]
	case t.table == nil || t.index == nil && t.fk == nil && t.check == nil && t.trigger == nil && t.column == 0 && t.deflt == 0:
		return false
	case seen[target{table: t.table}.key()]:
		return true
	}
	return t.deflt > 0 && seen[target{table: t.table, column: t.deflt}.key()]
}

// relName prints a relation's name, qualified when the search path does not find it.
func (c *Ctx) relName(oid catalog.OID, schema *catalog.Schema, name string) string {
	if c.snap().Resolve(c.SearchPath(), name) == oid || schema == nil {
		return quoteIdent(name)
	}
	return quoteIdent(schema.Name) + "." + quoteIdent(name)
}

// describe names a target as PostgreSQL's dependency messages do.
func (c *Ctx) describe(t target) string {
	rel := func(tb *catalog.Table) string {
		return c.kindOf(tb.OID) + " " + c.relName(tb.OID, tb.Schema, tb.Name)
	}
	switch {
	case t.fn != nil:
		return "function " + c.functionText(t.fn)
	case t.ext != nil:
		return "extension " + t.ext.Name
	case t.trigger != nil:
		return "trigger " + quoteIdent(t.trigger.Name) + " on " + rel(t.table)
	case t.typ != nil && t.check != nil:
		return "constraint " + quoteIdent(t.check.Name)
	case t.index != nil && t.index.Constraint != 0:
		return "constraint " + quoteIdent(t.index.Name) + " on " + rel(t.table)
	case t.index != nil:
		return "index " + c.relName(t.index.OID, t.table.Schema, t.index.Name)
	case t.fk != nil:
		return "constraint " + quoteIdent(t.fk.Name) + " on " + rel(t.table)
	case t.check != nil:
		return "constraint " + quoteIdent(t.check.Name) + " on " + rel(t.table)
	case t.column > 0 && t.table.Kind == catalog.KindComposite:
		return "column " + quoteIdent(t.table.Col(t.column).Name) + " of composite " + rel(t.table)
	case t.column > 0:
		return "column " + quoteIdent(t.table.Col(t.column).Name) + " of " + rel(t.table)
	case t.deflt > 0:
		return "default value for column " + quoteIdent(t.table.Col(t.deflt).Name) + " of " + rel(t.table)
	case t.table != nil:
		return rel(t.table)
	case t.seq != nil:
		return "sequence " + c.relName(t.seq.OID, t.seq.Schema, t.seq.Name)
	case t.typ != nil:
		return "type " + types.Format(t.typ.Type, -1)
	}
	return "schema " + quoteIdent(t.schema.Name)
}

// dependent is a target that depends on another; auto ones go with it silently.
type dependent struct {
	target
	auto bool
}

// oid is the number of what t stands for (of the table, for its parts without one).
func (t target) oid() catalog.OID {
	switch {
	case t.fn != nil:
		return t.fn.OID
	case t.ext != nil:
		return t.ext.OID
	case t.trigger != nil:
		return t.trigger.OID
	case t.index != nil:
		return t.index.OID
	case t.fk != nil:
		return t.fk.OID
	case t.check != nil:
		return t.check.OID
	case t.table != nil:
		return t.table.OID
	case t.seq != nil:
		return t.seq.OID
	case t.typ != nil:
		return t.typ.OID
	}
	return t.schema.OID
}

// dependents finds what depends directly on t.
func (c *Ctx) dependents(t target) ([]dependent, error) {
	snap := c.snap()
	var out []dependent
	add := func(d target, auto bool) { out = append(out, dependent{d, auto}) }
	viewsOf := func(oid catalog.OID) {
		for _, v := range snap.Tables() {
			if v.View == nil {
				continue
			}
			for _, d := range v.View.DependsOn {
				if d == oid {
					add(target{table: v}, false)
				}
			}
		}
	}
	switch {
	case t.fn != nil:
		c.dependentsOfFunction(t.fn, add)
	case t.ext != nil:
		for _, f := range snap.ExtensionMembers(t.ext.OID) {
			add(target{fn: f}, true)
		}
	case t.trigger != nil:
		for _, child := range snap.AllChildren(t.table.OID) {
			for _, k := range child.Triggers {
				if k.Parent == t.trigger.OID {
					add(target{table: child, trigger: k}, true)
				}
			}
		}
	case t.schema != nil:
		for _, f := range snap.Functions() {
			if f.SchemaOID == t.schema.OID && snap.Extension(f.Extension) == nil {
				add(target{fn: f}, false)
			}
		}
		for _, e := range snap.Extensions() {
			if e.SchemaOID == t.schema.OID {
				add(target{ext: e}, false)
			}
		}
		for _, tb := range snap.Tables() {
			if tb.SchemaOID == t.schema.OID {
				p := snap.ParentOf(tb)
				add(target{table: tb}, p != nil && p.SchemaOID == t.schema.OID)
			}
		}
		for _, s := range snap.Sequences() {
			if s.SchemaOID == t.schema.OID && s.OwnerTable == 0 {
				add(target{seq: s}, false)
			}
		}
		for _, u := range snap.UserTypes() {
			if u.SchemaOID == t.schema.OID {
				add(target{typ: u}, false)
			}
		}
	case t.index != nil:
		if t.index.Constraint != 0 {
			viewsOf(t.index.Constraint)
		}
		for _, part := range c.partsOfIndex(t.table, t.index) {
			add(part, true)
		}
		for _, r := range snap.ReferredBy(t.table.OID) {
			for _, fk := range r.ForeignKeys {
				if fk.RefTable == t.table.OID && fk.RefIndex == t.index.OID {
					add(c.declared(r, fk), false)
				}
			}
		}
	case t.fk != nil:
		for _, m := range snap.Tree(t.table) {
			for _, fk := range m.ForeignKeys {
				if fk.Parent == t.fk.OID {
					add(target{table: m, fk: fk}, true)
				}
			}
		}
	case t.check != nil, t.deflt > 0:
	case t.column > 0:
		for _, ix := range t.table.Indexes {
			if ix.RowID {
				continue
			}
			if indexUses(ix, t.column, t.table.Col(t.column).Name) {
				add(target{table: t.table, index: ix}, true)
			}
		}
		for _, k := range t.table.Checks {
			for _, a := range k.Attnums {
				if a == t.column {
					add(target{table: t.table, check: k}, true)
					break
				}
			}
		}
		for _, fk := range t.table.ForeignKeys {
			for _, a := range fk.Columns {
				if a == t.column {
					add(target{table: t.table, fk: fk}, true)
					break
				}
			}
		}
		for i := range t.table.Columns {
			if col := &t.table.Columns[i]; !col.Dropped && col.Generated != "" && col.Attnum != t.column &&
				mentions(col.Generated, t.table.Col(t.column).Name) {
				add(target{table: t.table, column: col.Attnum}, false)
			}
		}
		for _, s := range snap.Sequences() {
			if s.OwnerTable == t.table.OID && s.OwnerAttnum == t.column {
				add(target{seq: s}, true)
			}
		}
		for _, r := range snap.ReferredBy(t.table.OID) {
			for _, fk := range r.ForeignKeys {
				for _, a := range fk.RefColumns {
					if fk.RefTable == t.table.OID && a == t.column {
						add(target{table: r, fk: fk}, false)
						break
					}
				}
			}
		}
		if err := c.usersWithout(t, add); err != nil {
			return nil, err
		}
		views, err := c.viewsReading(t.table.OID)
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			if v.reads(t.table.OID, t.column) {
				add(target{table: v.view}, false)
			}
		}
	case t.table != nil:
		viewsOf(t.table.OID)
		c.expressionsWith(func(text string) bool { return catalog.MentionsRelation(text, t.table.OID) }, add)
		for _, child := range snap.AllChildren(t.table.OID) {
			add(target{table: child}, t.table.Kind == catalog.KindPartitioned)
		}
		for _, r := range snap.ReferredBy(t.table.OID) {
			if r.OID == t.table.OID {
				continue
			}
			for _, fk := range r.ForeignKeys {
				if fk.RefTable == t.table.OID {
					add(c.declared(r, fk), false)
				}
			}
		}
		for _, s := range snap.Sequences() {
			if s.OwnerTable == t.table.OID {
				add(target{seq: s}, true)
			}
		}
		c.functionsUsing([]catalog.OID{t.table.OID, t.table.RowTypeOID, t.table.ArrayTypeOID}, add)
		if t.table.RowTypeOID != 0 {
			viewsOf(t.table.RowTypeOID)
			c.columnsOfType(t.table.RowTypeOID, t.table.ArrayTypeOID, t.table.OID, add)
			for _, u := range snap.UserTypes() {
				if u.BaseOID == t.table.RowTypeOID || u.BaseOID == t.table.ArrayTypeOID {
					add(target{typ: u}, false)
				}
			}
		}
	case t.seq != nil:
		byName := drawnByName(t.seq)
		c.expressionsWith(func(text string) bool {
			return strings.Contains(text, byName) || catalog.MentionsRelation(text, t.seq.OID)
		}, add)
		viewsOf(t.seq.OID)
	case t.typ != nil:
		c.columnsOfType(t.typ.OID, t.typ.ArrayOID, 0, add)
		c.functionsUsing([]catalog.OID{t.typ.OID, t.typ.ArrayOID}, add)
		if r := t.typ.Range; r != nil {
			c.columnsOfType(r.MultirangeOID, r.MultirangeArrayOID, 0, add)
			c.functionsUsing([]catalog.OID{r.MultirangeOID, r.MultirangeArrayOID}, add)
			for _, u := range snap.UserTypes() {
				if u.BaseOID == r.MultirangeOID {
					add(target{typ: u}, false)
				}
			}
			viewsOf(r.MultirangeOID)
		}
		for _, u := range snap.UserTypes() {
			if u.BaseOID == t.typ.OID || t.typ.ArrayOID != 0 && u.BaseOID == t.typ.ArrayOID {
				add(target{typ: u}, false)
			}
		}
		viewsOf(t.typ.OID)
	}
	return out, nil
}

func (c *Ctx) columnsOfType(oid, array, except catalog.OID, add func(target, bool)) {
	for _, tb := range c.snap().Tables() {
		if tb.OID == except || tb.Virtual != nil {
			continue
		}
		for i := range tb.Columns {
			if col := &tb.Columns[i]; !col.Dropped && (col.TypeOID == oid || array != 0 && col.TypeOID == array) {
				if tb.View != nil { // it goes as a whole
					add(target{table: tb}, false)
					break
				}
				if inPartitionKey(tb, col.Attnum) {
					add(target{table: tb}, false)
					break
				}
				add(target{table: tb, column: col.Attnum}, false)
			}
		}
	}
}

func dependsOn(v *catalog.Table, oid catalog.OID) bool {
	for _, d := range v.View.DependsOn {
		if d == oid {
			return true
		}
	}
	return false
}

func indexUses(ix *catalog.Index, attnum int16, name string) bool {
	for _, k := range ix.Keys {
		if k.Attnum == attnum || k.Attnum == 0 && mentions(k.Expr, name) {
			return true
		}
	}
	for _, a := range ix.Include {
		if a == attnum {
			return true
		}
	}
	return ix.Where != "" && mentions(ix.Where, name)
}

// mentions reports whether an expression's text has the name as a word.
func mentions(text, name string) bool {
	q := quoteIdent(name)
	for i := 0; ; {
		j := strings.Index(text[i:], q)
		if j < 0 {
			return false
		}
		j += i
		before := j == 0 || !wordByte(text[j-1])
		after := j+len(q) == len(text) || !wordByte(text[j+len(q)])
		if before && after {
			return true
		}
		i = j + 1
	}
}

func wordByte(b byte) bool {
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

// dropTargets drops objects with what depends on them, or refuses.
func (c *Ctx) dropTargets(targets []target, behavior ast.DropBehavior, what string) error {
	seen := map[string]bool{}
	for _, t := range targets {
		seen[t.key()] = true
	}
	// PostgreSQL's order: what depends on an object is followed latest first, noted
	// once all that depends on it is, and the whole is read backwards.
	type link struct {
		target
		on   target
		auto bool
	}
	var found []link
	var visit func(l link) error
	visit = func(l link) error {
		deps, err := c.dependents(l.target)
		if err != nil {
			return err
		}
		sort.SliceStable(deps, func(i, j int) bool {
			a, b := deps[i].oid(), deps[j].oid()
			return a > b || a == b && max(deps[i].deflt, deps[i].column) > max(deps[j].deflt, deps[j].column)
		})
		for _, d := range deps {
			if seen[d.key()] || d.partOf(seen) {
				continue
			}
			seen[d.key()] = true
			if err := visit(link{d.target, l.target, d.auto}); err != nil {
				return err
			}
		}
		found = append(found, l)
		return nil
	}
	for _, t := range targets {
		if err := visit(link{t, t, true}); err != nil {
			return err
		}
	}
	var all []target
	var cascaded []string
	var blocked []string
	for i := len(found) - 1; i >= 0; i-- {
		l := found[i]
		if l.on.key() != l.key() && l.partOf(seen) { // it goes with its table, found later
			continue
		}
		all = append(all, l.target)
		if l.auto {
			continue
		}
		cascaded = append(cascaded, c.describe(l.target))
		on := c.describe(l.on)
		if l.on.index != nil && l.fk != nil { // a foreign key rests on the index, not on the constraint
			on = "index " + c.relName(l.on.index.OID, l.on.table.Schema, l.on.index.Name)
		}
		if t := l.on.table; l.fn != nil && t != nil && !slices.Contains(l.fn.DependsOn, t.OID) { // takes or gives its rows
			on = "type " + c.relName(t.OID, t.Schema, t.Name)
		}
		blocked = append(blocked, fmt.Sprintf("%s depends on %s", c.describe(l.target), on))
	}
	if len(blocked) > 0 && behavior != ast.DropCascade {
		msg := fmt.Sprintf("cannot drop %s because other objects depend on it", c.describe(targets[0]))
		if len(targets) > 1 {
			msg = "cannot drop desired object(s) because other objects depend on them"
		}
		return pgerr.New(pgerr.DependentObjectsStillExist, msg).WithDetail("%s", strings.Join(blocked, "\n")).
			WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	}
	switch len(cascaded) {
	case 0:
	case 1:
		c.notice(pgerr.SuccessfulCompletion, "drop cascades to %s", cascaded[0])
	default:
		e := pgerr.Newf(pgerr.SuccessfulCompletion, "drop cascades to %d other objects", len(cascaded))
		e.Severity = "NOTICE"
		lines := make([]string, len(cascaded))
		for i, s := range cascaded {
			lines[i] = "drop cascades to " + s
		}
		c.Notice(e.WithDetail("%s", strings.Join(lines, "\n")))
	}
	return c.removeAll(all)
}

// removeAll takes targets out of the catalog, parts before wholes. What others
// dropped in the meantime, with a table, is gone already.
func (c *Ctx) removeAll(all []target) error {
	wholes := map[catalog.OID]bool{}
	for _, t := range all {
		if t.table != nil && t.index == nil && t.fk == nil && t.check == nil && t.trigger == nil && t.column == 0 && t.deflt == 0 {
			wholes[t.table.OID] = true
		}
	}
	edited := map[catalog.OID]*catalog.Table{}
	views := map[catalog.OID][]*viewText{} // that list the columns of an edited table
	for _, t := range all {
		if t.table == nil || wholes[t.table.OID] {
			continue
		}
		e := edited[t.table.OID]
		if e == nil {
			locked, err := c.lockIfThere(t.table, lockForChange)
			if err != nil {
				return err
			}
			if locked == nil {
				continue
			}
			e = clone(locked)
			edited[t.table.OID] = e
		}
		if t.column > 0 {
			if views[e.OID] == nil {
				var err error
				if views[e.OID], err = c.viewsReading(e.OID); err != nil {
					return err
				}
			}
			for _, v := range views[e.OID] {
				if err := v.dropColumn(e, t.column); err != nil && !wholes[v.view.OID] {
					return err
				}
			}
		}
		if err := c.removePart(e, t); err != nil {
			return err
		}
	}
	for _, oid := range sortedOIDs(edited) {
		if err := c.put(edited[oid]); err != nil {
			return err
		}
		stay := slices.DeleteFunc(views[oid], func(v *viewText) bool { return wholes[v.view.OID] })
		if err := c.storeViews(stay); err != nil {
			return err
		}
	}
	// Views and referencing tables come after what they read in all: drop backwards.
	for i := len(all) - 1; i >= 0; i-- {
		t := all[i]
		var err error
		switch {
		case t.table != nil && wholes[t.table.OID]:
			var now *catalog.Table
			if now, err = c.lockIfThere(t.table, lockForChange); err != nil {
				return err
			}
			if now == nil {
				continue
			}
			if err = c.notInUse(now, "DROP TABLE"); err != nil {
				return err
			}
			if now.Storage != 0 {
				if err = c.dropStorage(now.Storage); err != nil {
					return err
				}
			}
			err = c.dropObject(now)
			if err == nil && now.Stats != nil {
				err = c.dropObject(&catalog.StatsObject{Table: now.OID})
			}
		case t.table != nil:
		case t.fn != nil:
			err = c.dropObject(t.fn)
		case t.ext != nil:
			err = c.dropObject(t.ext)
		case t.typ != nil && t.check != nil:
			err = c.dropDomainCheck(t)
		case t.seq != nil:
			err = c.dropSequence(t.seq)
		case t.typ != nil:
			err = c.dropObject(t.typ)
		case t.schema != nil:
			err = c.dropObject(t.schema)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sortedOIDs(m map[catalog.OID]*catalog.Table) []catalog.OID {
	var out []catalog.OID
	for k := range m {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

func (c *Ctx) dropSequence(s *catalog.Sequence) error {
	if err := c.dropObject(s); err != nil {
		return err
	}
	return c.Txn.Delete(catalog.SequenceKey(s.OID))
}

// removePart takes a column, index, constraint or default out of a copy of a table.
func (c *Ctx) removePart(e *catalog.Table, t target) error {
	switch {
	case t.index != nil:
		for i, ix := range e.Indexes {
			if ix.OID != t.index.OID {
				continue
			}
			if err := c.notOpened(ix.OID, ix.Name, "DROP INDEX"); err != nil {
				return err
			}
			if ix.Primary {
				return c.dropPrimaryKey(e, ix)
			}
			e.Indexes = append(e.Indexes[:i:i], e.Indexes[i+1:]...)
			e.LastIndex = max(e.LastIndex, ix.Number)
			return c.deleteIndexKeys(e.Storage, ix.Number)
		}
	case t.fk != nil:
		for i, k := range e.ForeignKeys {
			if k.OID == t.fk.OID {
				e.ForeignKeys = append(e.ForeignKeys[:i:i], e.ForeignKeys[i+1:]...)
				break
			}
		}
	case t.trigger != nil:
		for i, k := range e.Triggers {
			if k.OID == t.trigger.OID {
				e.Triggers = append(e.Triggers[:i:i], e.Triggers[i+1:]...)
				break
			}
		}
	case t.check != nil:
		for i, k := range e.Checks {
			if k.OID == t.check.OID {
				e.Checks = append(e.Checks[:i:i], e.Checks[i+1:]...)
				break
			}
		}
	case t.column > 0:
		if err := c.notInKeys(e); err != nil {
			return err
		}
		col := e.Col(t.column)
		col.Dropped, col.NotNull, col.Default, col.Generated, col.Identity, col.SeqOID = true, false, "", "", 0, 0
		col.Name = fmt.Sprintf("........pg.dropped.%d........", t.column)
		col.Comment = ""
	case t.deflt > 0:
		col := e.Col(t.deflt)
		col.Default, col.SeqOID = "", 0
	}
	return nil
}

// deleteIndexKeys lets go of an index's entries once the transaction commits.
func (c *Ctx) deleteIndexKeys(storage, number uint32) error {
	return c.removeLater(catalog.Dropped{Storage: storage, Index: number})
}

// drop is DROP of any kind.
func (c *Ctx) drop(n *ast.DropStmt) error {
	var targets []target
	switch {
	case n.Concurrently && len(n.Objects) > 1:
		return pgerr.New(pgerr.FeatureNotSupported, "DROP INDEX CONCURRENTLY does not support dropping multiple objects")
	case n.Concurrently && n.Behavior == ast.DropCascade:
		return pgerr.New(pgerr.FeatureNotSupported, "DROP INDEX CONCURRENTLY does not support CASCADE")
	}
	for _, o := range n.Objects {
		t, ok, err := c.dropTarget(n, o)
		if err != nil {
			return err
		}
		if ok {
			if err := c.ownTarget(t); err != nil {
				return err
			}
			targets = append(targets, t)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	for _, t := range targets {
		if t.fn != nil && t.fn.Extension != 0 {
			if err := c.keepMember(t.fn); err != nil {
				return err
			}
		}
		if t.index != nil && t.index.Constraint != 0 {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it",
				quoteIdent(t.index.Name), quoteIdent(t.index.Name), c.relName(t.table.OID, t.table.Schema, t.table.Name)).
				WithHint("You can drop constraint %s on table %s instead.", quoteIdent(t.index.Name), c.relName(t.table.OID, t.table.Schema, t.table.Name))
		}
		if t.index != nil && t.index.Parent != 0 {
			whole := c.snap().TableOfIndex(t.index.Parent)
			name := c.relName(t.index.Parent, whole.Schema, whole.IndexByOID(t.index.Parent).Name)
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop index %s because index %s requires it",
				c.relName(t.index.OID, t.table.Schema, t.index.Name), name).
				WithHint("You can drop index %s instead.", name)
		}
		if t.seq != nil && t.seq.Internal {
			tb := c.snap().Table(t.seq.OwnerTable)
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop sequence %s because column %s of table %s requires it",
				c.relName(t.seq.OID, t.seq.Schema, t.seq.Name), quoteIdent(tb.Col(t.seq.OwnerAttnum).Name), c.relName(tb.OID, tb.Schema, tb.Name)).
				WithHint("You can drop column %s of table %s instead.", quoteIdent(tb.Col(t.seq.OwnerAttnum).Name), c.relName(tb.OID, tb.Schema, tb.Name))
		}
	}
	if n.Concurrently && targets[0].table.Persistence != catalog.Temporary {
		return c.dropBeside(targets[0])
	}
	return c.dropTargets(targets, n.Behavior, n.Kind.String())
}

// dropTarget finds what one name of a DROP means; ok false: IF EXISTS and it does not.
func (c *Ctx) dropTarget(n *ast.DropStmt, o *ast.Object) (target, bool, error) {
	kind := strings.ToLower(n.Kind.String())
	skip := func(code, what, name string) (target, bool, error) {
		if n.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "%s %q does not exist, skipping", what, name)
			return target{}, false, nil
		}
		return target{}, false, pgerr.Newf(code, "%s %q does not exist", what, name)
	}
	switch n.Kind {
	case ast.ObjectTable, ast.ObjectView, ast.ObjectMaterializedView, ast.ObjectIndex, ast.ObjectSequence, ast.ObjectForeignTable:
		rv := rangeVarOf(o)
		if n.IfExists && rv.Schema != "" && rv.Schema != "pg_temp" && c.snap().SchemaByName(rv.Schema) == nil {
			return skip(pgerr.InvalidSchemaName, "schema", rv.Schema)
		}
		oid := c.find(rv)
		if oid == 0 {
			if rv.Schema != "" && rv.Schema != "pg_temp" && (c.snap().SchemaByName(rv.Schema) == nil || c.mayUseSchema(rv.Schema) != nil) {
				return target{}, false, c.missing(rv)
			}
			code := pgerr.UndefinedTable
			if n.Kind == ast.ObjectIndex || n.Kind == ast.ObjectForeignTable {
				code = pgerr.UndefinedObject
			}
			return skip(code, kind, rv.Name)
		}
		if got := c.kindOf(oid); got != kind {
			an := "a"
			if kind == "index" {
				an = "an"
			}
			e := pgerr.Newf(pgerr.WrongObjectType, "%q is not %s %s", rv.Name, an, kind)
			hintAn := "a"
			if got == "index" {
				hintAn = "an"
			}
			return target{}, false, e.WithHint("Use DROP %s to remove %s %s.", strings.ToUpper(got), hintAn, got)
		}
		switch n.Kind {
		case ast.ObjectIndex:
			t := c.snap().TableOfIndex(oid)
			if err := c.ownTarget(target{table: t, index: t.IndexByOID(oid)}); err != nil {
				return target{}, false, err
			}
			mode := lockForChange
			if n.Concurrently && t.Persistence != catalog.Temporary {
				mode = kv.LockTableShareUpdateExclusive
			}
			locked, err := c.lock(t, mode)
			if err != nil {
				return target{}, false, err
			}
			ix := locked.IndexByOID(oid)
			if ix == nil {
				return skip(pgerr.UndefinedObject, kind, rv.Name)
			}
			return target{table: locked, index: ix}, true, nil
		case ast.ObjectSequence:
			return target{seq: c.snap().Sequence(oid)}, true, nil
		}
		t := c.snap().Table(oid)
		if t.Virtual != nil {
			return target{}, false, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
		}
		if p := c.snap().ParentOf(t); p != nil { // before the partition, as others lock them
			if _, err := c.lockIfThere(p, lockForChange); err != nil {
				return target{}, false, err
			}
		}
		locked, err := c.lock(t, lockForChange)
		if pgerr.CodeOf(err) == pgerr.UndefinedTable { // dropped while we waited
			return skip(pgerr.UndefinedTable, kind, rv.Name)
		}
		return target{table: locked}, err == nil, err
	case ast.ObjectSchema:
		s := c.snap().SchemaByName(o.Name[0])
		if s == nil {
			return skip(pgerr.InvalidSchemaName, "schema", o.Name[0])
		}
		if s.OID == catalog.PgCatalogOID || s.OID == catalog.InformationSchemaOID || s.OID == catalog.RowkeyOID {
			return target{}, false, pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", s.Name)
		}
		return target{schema: s}, true, nil
	case ast.ObjectType, ast.ObjectDomain:
		names := o.Type.Names
		t := c.typeNamed(names)
		if t != nil && len(o.Type.Bounds) > 0 {
			t = t.Array
		}
		if t == nil {
			return skip(pgerr.UndefinedObject, "type", strings.Join(names, "."))
		}
		u := c.snap().UserType(t.OID)
		if n.Kind == ast.ObjectDomain && (u == nil || u.Kind != types.KindDomain) {
			return target{}, false, pgerr.Newf(pgerr.WrongObjectType, "%q is not a domain", strings.Join(names, ".")+strings.Repeat("[]", len(o.Type.Bounds)))
		}
		if u == nil {
			if rel := c.snap().Table(t.RelID); rel != nil && rel.Kind == catalog.KindComposite {
				locked, err := c.lock(rel, lockForChange)
				return target{table: locked}, err == nil, err
			}
			if of := c.requiring(t); of != "" {
				return target{}, false, pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop type %s because %s requires it", types.Format(t, -1), of).
					WithHint("You can drop %s instead.", of)
			}
			return target{}, false, pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop type %s because it is required by the database system", types.Format(t, -1))
		}
		return target{typ: u}, true, nil
	}
	switch n.Kind {
	case ast.ObjectExtension:
		return c.dropExtension(n, o.Name[0])
	case ast.ObjectTrigger:
		return c.dropTrigger(n, o)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine, ast.ObjectAggregate:
		return c.dropFunction(n, o)
	}
	if systemKinds[n.Kind].class != "" {
		return target{}, false, c.dropSystem(n, o)
	}
	return target{}, false, pgerr.Unsupported("%s is not supported", ast.Tag(n))
}

// rangeVarOf makes a RangeVar of an object's dotted name.
func rangeVarOf(o *ast.Object) *ast.RangeVar {
	rv := &ast.RangeVar{At: o.At, Name: o.Name[len(o.Name)-1]}
	if len(o.Name) > 1 {
		rv.Schema = o.Name[len(o.Name)-2]
	}
	return rv
}

// indexRange is all keys of one index.
func indexRange(storage, number uint32) kv.Range {
	return kv.PrefixRange(indexPrefix(storage, number))
}

// DropTables drops tables with all that depends on them, without a word: ON COMMIT DROP.
func DropTables(c *Ctx, tables []*catalog.Table) error {
	var targets []target
	for _, t := range tables {
		targets = append(targets, target{table: t})
	}
	return c.dropQuietly(targets)
}

// DropSchema drops a schema with all that is in it and all that depends on that,
// without a word: the temporary objects of a session that ends.
func DropSchema(c *Ctx, s *catalog.Schema) error {
	return c.dropQuietly([]target{{schema: s}})
}

func (c *Ctx) dropQuietly(targets []target) error {
	quiet := *c
	quiet.Notice = func(*pgerr.Error) {}
	return quiet.dropTargets(targets, ast.DropCascade, "")
}

// requiring says what a type of users comes and goes with: the type whose array or multirange
// it is, or the relation whose rows it describes. "" if it is the system's.
func (c *Ctx) requiring(t *types.Type) string {
	if t.OID < catalog.FirstUserOID {
		return ""
	}
	if t.IsArray() {
		return "type " + types.Format(t.Elem, -1)
	}
	if rel := c.snap().Table(t.RelID); rel != nil {
		return c.describe(target{table: rel})
	}
	for _, u := range c.snap().UserTypes() {
		if u.Range != nil && u.Range.MultirangeOID == t.OID {
			return "type " + types.Format(u.Type, -1)
		}
	}
	return ""
}
