package ddl

import (
	"slices"
	"sort"
	"strings"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// CREATE and ALTER TRIGGER. A table keeps its triggers by name, the order in
// which they fire; partitions have copies of their parents' row triggers.

func (c *Ctx) createTrigger(n *ast.CreateTriggerStmt) error {
	oid := c.find(n.Table)
	if oid == 0 {
		return c.missing(n.Table)
	}
	if err := c.snap().NoTable(oid, n.Table.Name); err != nil {
		return err
	}
	t := c.snap().Table(oid)
	if t == nil {
		return pgerr.Newf(pgerr.WrongObjectType, "relation %q cannot have triggers", n.Table.Name)
	}
	if t.Virtual != nil {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	if err := c.hasTableRight(t, catalog.TriggerRight); err != nil {
		return err
	}
	t, err := c.lock(t, kv.LockTableShareRowExclusive)
	if err != nil {
		return err
	}
	if err := checkTriggerTarget(t, n); err != nil {
		return err
	}
	tr := &catalog.Trigger{Name: n.Name, Row: n.ForEachRow, Events: catalog.TriggerEvent(n.Events), Args: n.Args, Constraint: n.Constraint,
		Deferrable: n.Deferrable, Deferred: n.InitiallyDeferred, Enabled: 'O',
		Timing: [...]catalog.TriggerTiming{catalog.TriggerBefore, catalog.TriggerAfter, catalog.TriggerInstead}[n.Timing]}
	seen := map[int16]bool{}
	for _, name := range n.Columns {
		col := t.ColumnByName(name)
		if col == nil {
			return pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
		}
		if seen[col.Attnum] {
			return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", name)
		}
		seen[col.Attnum] = true
		tr.Columns = append(tr.Columns, col.Attnum)
	}
	if err := c.triggerTransitions(t, tr, n); err != nil {
		return err
	}
	if n.ConstraintFrom != nil {
		if tr.From = c.find(n.ConstraintFrom); tr.From == 0 {
			return c.missing(n.ConstraintFrom)
		}
	}
	if n.When != nil {
		if tr.When, err = c.triggerWhen(t, tr, n); err != nil {
			return err
		}
	}
	f, err := c.triggerFunction(n.Func)
	if err != nil {
		return err
	}
	if err := c.mayCall(f); err != nil {
		return err
	}
	tr.Function = f.OID
	return c.addTrigger(t, tr, n.OrReplace)
}

// checkTriggerTarget refuses triggers that a relation cannot have.
func checkTriggerTarget(t *catalog.Table, n *ast.CreateTriggerStmt) error {
	wrong := func(format, detail string) error {
		e := pgerr.Newf(pgerr.WrongObjectType, format, t.Name)
		if detail != "" {
			e.WithDetail("%s", detail)
		}
		return e
	}
	switch {
	case t.Kind == catalog.KindView:
		if n.Timing != ast.TriggerInsteadOf && n.ForEachRow {
			return wrong("%q is a view", "Views cannot have row-level BEFORE or AFTER triggers.")
		}
		if n.Events&ast.TriggerTruncate != 0 {
			return wrong("%q is a view", "Views cannot have TRUNCATE triggers.")
		}
	case t.IsTable():
		if n.Timing == ast.TriggerInsteadOf {
			return wrong("%q is a table", "Tables cannot have INSTEAD OF triggers.")
		}
		if t.Kind == catalog.KindPartitioned && n.ForEachRow && len(n.Transitions) > 0 {
			return wrong("%q is a partitioned table", "ROW triggers with transition tables are not supported on partitioned tables.")
		}
	default:
		return pgerr.Newf(pgerr.WrongObjectType, "relation %q cannot have triggers", t.Name).WithDetail("This operation is not supported for materialized views.")
	}
	if n.Timing == ast.TriggerInsteadOf {
		bad := ""
		switch {
		case !n.ForEachRow:
			bad = "INSTEAD OF triggers must be FOR EACH ROW"
		case n.When != nil:
			bad = "INSTEAD OF triggers cannot have WHEN conditions"
		case len(n.Columns) > 0:
			bad = "INSTEAD OF triggers cannot have column lists"
		}
		if bad != "" {
			return pgerr.New(pgerr.FeatureNotSupported, bad)
		}
	}
	if n.ForEachRow && n.Events&ast.TriggerTruncate != 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "TRUNCATE FOR EACH ROW triggers are not supported")
	}
	return nil
}

func (c *Ctx) triggerTransitions(t *catalog.Table, tr *catalog.Trigger, n *ast.CreateTriggerStmt) error {
	bad := func(msg string) error { return pgerr.New(pgerr.InvalidObjectDefinition, msg) }
	for _, x := range n.Transitions {
		switch {
		case !x.Table:
			return pgerr.New(pgerr.FeatureNotSupported, "ROW variable naming in the REFERENCING clause is not supported").
				WithHint("Use OLD TABLE or NEW TABLE for naming transition tables.")
		case t.Kind == catalog.KindView:
			return pgerr.Newf(pgerr.WrongObjectType, "%q is a view", t.Name).WithDetail("Triggers on views cannot have transition tables.")
		case n.Timing != ast.TriggerAfter:
			return bad("transition table name can only be specified for an AFTER trigger")
		case n.Events&ast.TriggerTruncate != 0:
			return bad("TRUNCATE triggers with transition tables are not supported")
		case len(n.Columns) > 0:
			return pgerr.New(pgerr.FeatureNotSupported, "transition tables cannot be specified for triggers with column lists")
		case n.Events&(n.Events-1) != 0:
			return pgerr.New(pgerr.FeatureNotSupported, "transition tables cannot be specified for triggers with more than one event")
		case n.ForEachRow && (t.Bound != nil || c.snap().ParentOf(t) != nil):
			if t.Bound != nil {
				return pgerr.New(pgerr.FeatureNotSupported, "ROW triggers with transition tables are not supported on partitions")
			}
			return pgerr.New(pgerr.FeatureNotSupported, "ROW triggers with transition tables are not supported on inheritance children")
		case x.New && n.Events&(ast.TriggerInsert|ast.TriggerUpdate) == 0:
			return bad("NEW TABLE can only be specified for an INSERT or UPDATE trigger")
		case !x.New && n.Events&(ast.TriggerDelete|ast.TriggerUpdate) == 0:
			return bad("OLD TABLE can only be specified for a DELETE or UPDATE trigger")
		case x.New && tr.NewTable != "":
			return bad("NEW TABLE cannot be specified multiple times")
		case !x.New && tr.OldTable != "":
			return bad("OLD TABLE cannot be specified multiple times")
		}
		if x.New {
			tr.NewTable = x.Name
		} else {
			tr.OldTable = x.Name
		}
	}
	if tr.NewTable != "" && tr.NewTable == tr.OldTable {
		return bad("OLD TABLE name and NEW TABLE name cannot be the same")
	}
	return nil
}

// triggerWhen binds a WHEN condition and gives its text.
func (c *Ctx) triggerWhen(t *catalog.Table, tr *catalog.Trigger, n *ast.CreateTriggerStmt) (string, error) {
	bound, err := planner.BindTriggerWhen(planner.Request{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env}, t, n.When)
	if err != nil {
		return "", err
	}
	uses := planner.TriggerWhenUses(t, bound)
	bad := func(msg string) error { return pgerr.New(pgerr.InvalidObjectDefinition, msg).At(uses.Pos) }
	switch {
	case !tr.Row && (uses.Old || uses.New):
		return "", bad("statement trigger's WHEN condition cannot reference column values")
	case uses.Old && tr.Events&catalog.OnInsert != 0:
		return "", bad("INSERT trigger's WHEN condition cannot reference OLD values")
	case uses.New && tr.Events&catalog.OnDelete != 0:
		return "", bad("DELETE trigger's WHEN condition cannot reference NEW values")
	case uses.Generated != "" && tr.Timing == catalog.TriggerBefore:
		return "", bad("BEFORE trigger's WHEN condition cannot reference NEW generated columns")
	case uses.WholeNew && tr.Timing == catalog.TriggerBefore && hasGenerated(t):
		e := pgerr.New(pgerr.InvalidObjectDefinition, "BEFORE trigger's WHEN condition cannot reference NEW generated columns").
			WithDetail("A whole-row reference is used and the table contains generated columns.")
		return "", e.At(uses.Pos)
	}
	return c.deparse(bound, nil), nil
}

func hasGenerated(t *catalog.Table) bool {
	for i := range t.Columns {
		if t.Columns[i].Generated != "" && !t.Columns[i].Dropped {
			return true
		}
	}
	return false
}

// triggerFunction finds the function that a trigger calls.
func (c *Ctx) triggerFunction(name []string) (*catalog.Function, error) {
	for _, g := range planner.LookupFunctions(c.snap(), c.SearchPath(), name) {
		f, ok := g.User.(*catalog.Function)
		if !ok || len(g.Args) > 0 {
			continue
		}
		if f.Result != types.Trigger {
			return nil, pgerr.Newf(pgerr.InvalidObjectDefinition, "function %s must return type %s", strings.Join(name, "."), "trigger")
		}
		return f, nil
	}
	if name[len(name)-1] == "suppress_redundant_updates_trigger" {
		return nil, pgerr.Unsupported("function %s is not supported", name[len(name)-1])
	}
	return nil, pgerr.Newf(pgerr.UndefinedFunction, "function %s() does not exist", strings.Join(name, "."))
}

// addTrigger puts a trigger on a table, and on its partitions.
func (c *Ctx) addTrigger(t *catalog.Table, tr *catalog.Trigger, replace bool) error {
	cp := clone(t)
	at := -1
	for i, k := range cp.Triggers {
		if k.Name == tr.Name {
			at = i
		}
	}
	if at >= 0 {
		old := cp.Triggers[at]
		if !replace {
			return pgerr.Newf(pgerr.DuplicateObject, "trigger %q for relation %q already exists", tr.Name, t.Name)
		}
		if old.Parent != 0 && tr.Parent == 0 {
			return pgerr.Newf(pgerr.DuplicateObject, "trigger %q for relation %q is an internal or a child trigger", tr.Name, t.Name)
		}
		if old.Constraint || tr.Constraint {
			return pgerr.Newf(pgerr.DuplicateObject, "trigger %q for relation %q is a constraint trigger", tr.Name, t.Name)
		}
		tr.OID, tr.Comment = old.OID, old.Comment
		cp.Triggers[at] = tr
	} else {
		oid, err := c.newOID()
		if err != nil {
			return err
		}
		tr.OID = oid
		cp.Triggers = append(cp.Triggers, tr)
		sort.Slice(cp.Triggers, func(i, j int) bool { return cp.Triggers[i].Name < cp.Triggers[j].Name })
	}
	if err := c.put(cp); err != nil {
		return err
	}
	if t.Kind != catalog.KindPartitioned || !tr.Row {
		return nil
	}
	for _, child := range c.snap().Children(t.OID) {
		if err := c.inheritTrigger(t, child, tr, replace); err != nil {
			return err
		}
	}
	return nil
}

// inheritTrigger gives a partition its copy of a trigger.
func (c *Ctx) inheritTrigger(t, child *catalog.Table, tr *catalog.Trigger, replace bool) error {
	if child.Bound == nil {
		return nil
	}
	own := *tr
	own.Parent = tr.OID
	own.Columns = nil
	m := catalog.AttnumMap(t, child)
	for _, a := range tr.Columns {
		own.Columns = append(own.Columns, m[a-1])
	}
	return c.addTrigger(child, &own, replace)
}

// inheritTriggers gives a new partition the row triggers of its parent.
func (c *Ctx) inheritTriggers(parent, child *catalog.Table) error {
	for _, tr := range parent.Triggers {
		if !tr.Row {
			continue
		}
		if err := c.inheritTrigger(parent, c.snap().Table(child.OID), tr, false); err != nil {
			return err
		}
	}
	return nil
}

// dropTrigger finds what DROP TRIGGER names.
func (c *Ctx) dropTrigger(n *ast.DropStmt, o *ast.Object) (target, bool, error) {
	rv := ownerOf(o, o.On)
	oid := c.find(rv)
	if oid == 0 {
		err := c.missing(rv)
		if n.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "%s, skipping", pgerr.Of(err).Message)
			err = nil
		}
		return target{}, false, err
	}
	t := c.snap().Table(oid)
	if t != nil {
		for _, k := range t.Triggers {
			if k.Name != o.Name[0] {
				continue
			}
			if p := c.snap().ParentOf(t); k.Parent != 0 && p != nil {
				return target{}, false, pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop trigger %s on table %s because trigger %s on table %s requires it",
					k.Name, c.relName(t.OID, t.Schema, t.Name), k.Name, c.relName(p.OID, p.Schema, p.Name)).
					WithHint("You can drop trigger %s on table %s instead.", k.Name, c.relName(p.OID, p.Schema, p.Name))
			}
			locked, err := c.lock(t, lockForChange)
			return target{table: locked, trigger: k}, err == nil, err
		}
	}
	if n.IfExists {
		c.notice(pgerr.SuccessfulCompletion, "trigger %q for relation %q does not exist, skipping", o.Name[0], relText(rv))
		return target{}, false, nil
	}
	return target{}, false, pgerr.Newf(pgerr.UndefinedObject, "trigger %q for table %q does not exist", o.Name[0], rv.Name)
}

// enableTriggers is ALTER TABLE … ENABLE and DISABLE TRIGGER. name "" is ALL or USER; ALL has system
// triggers, too, by which PostgreSQL checks foreign keys and deferrable keys.
func (c *Ctx) enableTriggers(t *catalog.Table, name string, state byte, system bool) error {
	cp := clone(t)
	if system {
		if err := c.enableChecks(cp, state == 'O'); err != nil {
			return err
		}
	}
	found := name == ""
	for i, k := range cp.Triggers {
		if name != "" && k.Name != name {
			continue
		}
		found = true
		tr := *k
		tr.Enabled = state
		cp.Triggers[i] = &tr
	}
	if !found {
		return pgerr.Newf(pgerr.UndefinedObject, "trigger %q for table %q does not exist", name, t.Name)
	}
	if err := c.put(cp); err != nil {
		return err
	}
	if t.Kind == catalog.KindPartitioned {
		for _, child := range c.snap().Children(t.OID) {
			own := name
			if name != "" {
				has := false
				for _, k := range child.Triggers {
					has = has || k.Name == name
				}
				if !has {
					continue
				}
			}
			if err := c.enableTriggers(child, own, state, system); err != nil {
				return err
			}
		}
	}
	return nil
}

// enableChecks turns the checks of t's constraints and the actions of those that refer to it on or off.
// t is the caller's alone.
func (c *Ctx) enableChecks(t *catalog.Table, on bool) error {
	mine := func(kind string, oid catalog.OID) error {
		if c.superuser() {
			return nil
		}
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s_%d\" is a system trigger", kind, oid)
	}
	for _, fk := range t.ForeignKeys {
		if err := mine("RI_ConstraintTrigger_c", fk.OID); err != nil {
			return err
		}
		fk.ChecksOff = !on
	}
	for _, ix := range t.Indexes {
		if !ix.Deferrable {
			continue
		}
		if err := mine("PK_ConstraintTrigger", ix.Constraint); err != nil {
			return err
		}
		ix.ChecksOff = !on
	}
	t.ActionsOff = nil
	for _, r := range c.snap().ReferredBy(t.OID) {
		for _, fk := range r.ForeignKeys {
			if fk.RefTable != t.OID {
				continue
			}
			if err := mine("RI_ConstraintTrigger_a", fk.OID); err != nil {
				return err
			}
			if !on {
				t.ActionsOff = append(t.ActionsOff, fk.OID)
			}
		}
	}
	return nil
}

// renameTrigger is ALTER TRIGGER … RENAME.
func (c *Ctx) renameTrigger(t *catalog.Table, from, to string) error {
	cp := clone(t)
	named := func(name string) int {
		return slices.IndexFunc(cp.Triggers, func(k *catalog.Trigger) bool { return k.Name == name })
	}
	at := named(from)
	switch {
	case at < 0:
		return pgerr.Newf(pgerr.UndefinedObject, "trigger %q for table %q does not exist", from, t.Name)
	case from != to && named(to) >= 0:
		return pgerr.Newf(pgerr.DuplicateObject, "trigger %q for relation %q already exists", to, t.Name)
	}
	tr := *cp.Triggers[at]
	tr.Name = to
	cp.Triggers[at] = &tr
	sort.Slice(cp.Triggers, func(i, j int) bool { return cp.Triggers[i].Name < cp.Triggers[j].Name })
	return c.put(cp)
}

// disownTriggers takes from a detached partition the triggers of its parent.
func (c *Ctx) disownTriggers(parent, child *catalog.Table) {
	var own []*catalog.Trigger
	for _, k := range child.Triggers {
		inherited := false
		for _, tr := range parent.Triggers {
			inherited = inherited || k.Parent == tr.OID
		}
		if !inherited {
			own = append(own, k)
		}
	}
	child.Triggers = own
}
