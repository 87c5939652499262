package ddl

import (
	"sort"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv/keyenc"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

func indexPrefix(storage, number uint32) []byte {
	return keyenc.AppendIndexPrefix(nil, storage, number)
}

// ---- schemas

func (c *Ctx) createSchema(n *ast.CreateSchemaStmt) error {
	name, owner := n.Name, c.role()
	if n.Owner != nil {
		r, err := c.roleOf(n.Owner)
		if err != nil {
			return err
		}
		if owner = r.OID; name == "" {
			name = c.roles().Name(owner)
		}
	}
	if c.snap().DatabaseRights(c.role(), c.snap().Database(), catalog.Create) == 0 {
		return catalog.PermissionDenied("database", c.database())
	}
	if !c.snap().IsMember(c.role(), owner) {
		return denied("must be member of role \"%s\"", c.roles().Name(owner))
	}
	if strings.HasPrefix(name, "pg_") {
		return pgerr.Newf(pgerr.ReservedName, "unacceptable schema name %q", name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	if err := c.lockName(0, name); err != nil {
		return err
	}
	if c.snap().SchemaByName(name) != nil || c.Catalog.Newest().SchemaByName(name) != nil && c.Change.Base().SchemaByName(name) == nil {
		if n.IfNotExists {
			c.notice(pgerr.DuplicateSchema, "schema %q already exists, skipping", name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateSchema, "schema %q already exists", name)
	}
	oid, err := c.newOID()
	if err != nil {
		return err
	}
	if err := c.put(&catalog.Schema{OID: oid, Name: name, Owner: owner}); err != nil {
		return err
	}
	if len(n.Elements) == 0 {
		return nil
	}
	outer := c.CreationPath
	search := c.SearchPath
	role := c.Role
	c.Role = owner // what stands in the schema is its owner's
	defer func() { c.Role = role }()
	c.CreationPath = func() []string { return append([]string{name}, outer()...) }
	c.SearchPath = func() []string { return append([]string{name}, search()...) }
	defer func() { c.CreationPath, c.SearchPath = outer, search }()
	// Whatever the order they stand in: first what others may need.
	for _, first := range []func(ast.Stmt) bool{is[*ast.CreateSequenceStmt], is[*ast.CreateTableStmt], is[*ast.CreateViewStmt],
		is[*ast.CreateIndexStmt], is[*ast.CreateTriggerStmt], is[*ast.GrantStmt]} {
		for _, e := range n.Elements {
			refused := pgerr.New(pgerr.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema")
			switch e := e.(type) {
			case *ast.CreateViewStmt:
				if e.Persistence == ast.Temporary {
					return refused
				}
			case *ast.CreateTableStmt:
				if e.Persistence == ast.Temporary {
					return refused.At(e.Name.Pos())
				}
			}
			if first(e) {
				if _, err := Run(c, e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// is tells whether a statement is of one type.
func is[T ast.Stmt](s ast.Stmt) bool { _, ok := s.(T); return ok }

// ---- views

func (c *Ctx) createView(n *ast.CreateViewStmt) error {
	query := n.Query
	if n.Recursive {
		query = n.FullQuery()
	}
	if query.IntoTarget() != nil {
		return pgerr.New(pgerr.FeatureNotSupported, "views must not contain SELECT INTO")
	}
	schema, err := c.creationSchema(n.Name.Schema, n.Persistence == ast.Temporary, n.Name.Pos())
	if err != nil {
		return err
	}
	info, err := planner.Analyze(planner.Request{Catalog: c.snap(), Stmt: query, SearchPath: c.SearchPath(), Env: c.Env, CurrentUser: c.User, NoParams: true})
	if err != nil {
		return err
	}
	if len(n.Columns) > len(info.Columns) {
		return pgerr.New(pgerr.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	text, deps, err := c.writeView(query)
	if err != nil {
		return err
	}
	temporary := n.Persistence == ast.Temporary
	for _, d := range deps {
		t, seq := c.snap().Table(d), c.snap().Sequence(d)
		if !temporary && (t != nil && t.Persistence == catalog.Temporary || seq != nil && seq.Persistence == catalog.Temporary) {
			temporary = true
			c.notice(pgerr.SuccessfulCompletion, "view %q will be a temporary view", n.Name.Name)
			if schema, err = c.creationSchema(n.Name.Schema, true, -1); err != nil {
				return err
			}
		}
	}
	p := persistence(n.Persistence)
	if temporary {
		p = catalog.Temporary
	}
	b, err := c.newTable(schema, n.Name.Name, catalog.KindView, p)
	if err != nil {
		return err
	}
	if err := b.columnsOf(info.Columns, n.Columns); err != nil {
		return err
	}
	b.t.View = &catalog.View{Query: text, Path: c.SearchPath(), DependsOn: deps}
	if err := checkViewOptions(n.Options); err != nil {
		return err
	}
	b.t.Options = setOptions(nil, n.Options, false)
	switch n.Check {
	case ast.CheckLocal:
		b.t.Options = append(b.t.Options, "check_option=local")
	case ast.CheckCascaded:
		b.t.Options = append(b.t.Options, "check_option=cascaded")
	}
	if err := c.setCheckOption(b.t); err != nil {
		return err
	}
	if old := c.snap().Table(c.snap().Relation(schema, n.Name.Name)); old != nil && n.OrReplace {
		if old.Kind != catalog.KindView {
			return pgerr.Newf(pgerr.WrongObjectType, "%q is not a view", old.Name)
		}
		if err := c.ownTable(old); err != nil {
			return err
		}
		if old, err = c.lock(old, lockForChange); err != nil {
			return err
		}
		if err := c.notInUse(old, "CREATE OR REPLACE VIEW"); err != nil {
			return err
		}
		b.t.Owner, b.t.ACL, b.t.TypeACL = old.Owner, old.ACL, old.TypeACL
		for i := range min(len(old.Columns), len(b.t.Columns)) {
			b.t.Columns[i].ACL = old.Columns[i].ACL
		}
		if len(b.t.Columns) < len(old.Columns) {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop columns from view")
		}
		for i := range old.Columns {
			o, k := &old.Columns[i], &b.t.Columns[i]
			if o.Name != k.Name {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change name of view column %q to %q", o.Name, k.Name).
					WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
			}
			if o.TypeOID != k.TypeOID || o.Typmod != k.Typmod {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change data type of view column %q from %s to %s", o.Name,
					types.Format(o.Type, o.Typmod), types.Format(k.Type, k.Typmod))
			}
		}
		b.t.OID, b.t.RowTypeOID, b.t.ArrayTypeOID, b.t.Comment = old.OID, old.RowTypeOID, old.ArrayTypeOID, old.Comment
		return c.put(b.t)
	}
	if err := c.claim(schema, n.Name.Name); err != nil {
		return err
	}
	return b.finish()
}

// setCheckOption sets a view's check option from its options; only a view that is
// updatable by itself may have one.
func (c *Ctx) setCheckOption(view *catalog.Table) error {
	view.View.CheckOption = checkOption(view.Options)
	if view.View.CheckOption == 0 {
		return nil
	}
	why, err := planner.NotUpdatable(planner.Request{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env, CurrentUser: c.User}, view)
	if err != nil || why == "" {
		return err
	}
	return pgerr.New(pgerr.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views").WithHint("%s", why)
}

// checkOption is the letter of a view's WITH CHECK OPTION, 0 if it has none.
func checkOption(options []string) byte {
	switch optionOf(options, "check_option") {
	case "local":
		return 'l'
	case "cascaded":
		return 'c'
	}
	return 0
}

// ---- enums and domains

func (c *Ctx) claimType(schema *catalog.Schema, name string) error {
	if err := c.lockName(schema.OID, "type "+name); err != nil {
		return err
	}
	if c.snap().TypeByName(schema, name) != nil {
		return pgerr.Newf(pgerr.DuplicateObject, "type %q already exists", name)
	}
	latest := c.Catalog.Newest()
	if t := latest.TypeByName(latest.Schema(schema.OID), name); t != nil && c.Change.Base().Type(t.OID) == nil {
		return pgerr.Newf(pgerr.DuplicateObject, "type %q already exists", name)
	}
	return nil
}

func (c *Ctx) newType(names []string, pos int, kind types.Kind) (*catalog.UserType, error) {
	schema, name, err := c.typeSchema(names, pos)
	if err != nil {
		return nil, err
	}
	if err := c.claimType(schema, name); err != nil {
		return nil, err
	}
	u := &catalog.UserType{SchemaOID: schema.OID, Name: name, Kind: kind, Owner: c.role(), BaseMod: -1}
	if u.OID, err = c.newOID(); err != nil {
		return nil, err
	}
	u.ArrayOID, err = c.newOID()
	return u, err
}

func checkLabel(l string) error {
	if len(l) > maxNameBytes {
		return pgerr.Newf(pgerr.InvalidName, "invalid enum label %q", l).WithDetail("Labels must be %d bytes or less.", maxNameBytes)
	}
	return nil
}

func (c *Ctx) createEnum(n *ast.CreateEnumStmt) error {
	u, err := c.newType(n.Name, n.Pos(), types.KindEnum)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, l := range n.Labels {
		if err := checkLabel(l); err != nil {
			return err
		}
		if seen[l] {
			e := pgerr.Newf(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"").
				WithDetail("Key (enumtypid, enumlabel)=(%d, %s) already exists.", u.OID, l)
			e.Schema, e.Table, e.Constraint = "pg_catalog", "pg_enum", "pg_enum_typid_label_index"
			return e
		}
		seen[l] = true
		oid, err := c.newOID()
		if err != nil {
			return err
		}
		u.Labels = append(u.Labels, types.EnumLabel{OID: oid, Name: l, Sort: int64(i+1) * types.EnumGap})
	}
	return c.put(u)
}

// typeNamed finds a type by its written name, nil if there is none.
func (c *Ctx) typeNamed(names []string) *types.Type {
	if len(names) == 1 {
		return c.snap().ResolveType(c.SearchPath(), names[0])
	}
	return c.snap().TypeByName(c.snap().SchemaOnPath(c.SearchPath(), names[len(names)-2]), names[len(names)-1])
}

// userType finds a type made by a user.
func (c *Ctx) userType(names []string, kind types.Kind, what string) (*catalog.UserType, error) {
	t := c.typeNamed(names)
	if t == nil {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "type %q does not exist", strings.Join(names, "."))
	}
	u := c.snap().UserType(t.OID)
	if u == nil || u.Kind != kind {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%s is not %s", types.Format(t, -1), what)
	}
	if err := c.ownType(u); err != nil {
		return nil, err
	}
	cp := *u
	cp.Labels = append([]types.EnumLabel(nil), u.Labels...)
	cp.Checks = append([]*catalog.Check(nil), u.Checks...)
	return &cp, nil
}

func (c *Ctx) alterEnum(n *ast.AlterEnumStmt) error {
	u, err := c.userType(n.Name, types.KindEnum, "an enum")
	if err != nil {
		return err
	}
	at := func(label string) int {
		for i, l := range u.Labels {
			if l.Name == label {
				return i
			}
		}
		return -1
	}
	if err := checkLabel(n.New); err != nil {
		return err
	}
	if n.Rename {
		i := at(n.Old)
		if i < 0 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "%q is not an existing enum label", n.Old)
		}
		if at(n.New) >= 0 {
			return pgerr.Newf(pgerr.DuplicateObject, "enum label %q already exists", n.New)
		}
		u.Labels[i].Name = n.New
		return c.put(u)
	}
	if at(n.New) >= 0 {
		if n.IfNotExists {
			c.notice(pgerr.DuplicateObject, "enum label %q already exists, skipping", n.New)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateObject, "enum label %q already exists", n.New)
	}
	i := len(u.Labels)
	if n.HasNeighbor {
		if i = at(n.Neighbor); i < 0 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "%q is not an existing enum label", n.Neighbor)
		}
		if n.After {
			i++
		}
	}
	var sort int64
	switch {
	case len(u.Labels) == 0:
		sort = types.EnumGap
	case i == len(u.Labels):
		sort = u.Labels[i-1].Sort + types.EnumGap
	case i == 0:
		sort = u.Labels[0].Sort - types.EnumGap
	default:
		lo, hi := u.Labels[i-1].Sort, u.Labels[i].Sort
		if sort = lo + (hi-lo)/2; sort == lo {
			return pgerr.Newf(pgerr.ProgramLimitExceeded, "enum %s has no room between %q and %q for another label", u.Name, u.Labels[i-1].Name, u.Labels[i].Name)
		}
	}
	oid, err := c.newOID()
	if err != nil {
		return err
	}
	u.Labels = append(u.Labels[:i:i], append([]types.EnumLabel{{OID: oid, Name: n.New, Sort: sort, New: true}}, u.Labels[i:]...)...)
	return c.put(u)
}

func (c *Ctx) createDomain(n *ast.CreateDomainStmt) error {
	u, err := c.newType(n.Name, n.Pos(), types.KindDomain)
	if err != nil {
		return err
	}
	base, mod, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), n.Type)
	if err != nil {
		return placeless(err)
	}
	if err := c.mayUseType(base); err != nil {
		return err
	}
	if base.Kind == types.KindPseudo {
		return pgerr.Newf(pgerr.DatatypeMismatch, "%q is not a valid base type for a domain", types.Format(base, -1))
	}
	u.BaseOID, u.BaseMod = base.OID, mod
	if n.Collation != nil {
		of := catalog.Column{Type: base}
		if err := c.collation(&of, n.Collation); err != nil {
			return placeless(err)
		}
		u.Collation = of.Collation
	}
	null := false
	for _, k := range n.Constraints {
		switch k.Kind {
		case ast.ConstraintNotNull:
			if null {
				return pgerr.New(pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			u.NotNull = true
		case ast.ConstraintNull:
			if u.NotNull {
				return pgerr.New(pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			null = true
		case ast.ConstraintDefault:
			bound, err := planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env,
				Place: planner.ForDefault, Expr: k.Expr, Target: base, TargetMod: mod, Column: u.Name})
			if err != nil {
				return err
			}
			u.Default = c.deparse(bound, nil)
		case ast.ConstraintCheck:
			if err := c.domainCheck(u, base, mod, k); err != nil {
				return err
			}
		default:
			return pgerr.Newf(pgerr.SyntaxError, "%s constraints not possible for domains", strings.ToLower(k.Kind.String())).At(k.Pos())
		}
	}
	return c.put(u)
}

// domainCheck adds a CHECK constraint to a domain.
func (c *Ctx) domainCheck(u *catalog.UserType, base *types.Type, mod int32, k *ast.Constraint) error {
	bound, err := planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env,
		Place: planner.ForDomainCheck, Expr: k.Expr, ValueType: base, ValueMod: mod})
	if err != nil {
		return placeless(err)
	}
	taken := func(s string) bool {
		for _, o := range u.Checks {
			if o.Name == s {
				return true
			}
		}
		return false
	}
	name := k.Name
	if name == "" {
		name = chooseName(u.Name, "", "check", taken)
	} else if taken(name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for domain %q already exists", name, u.Name)
	}
	oid, err := c.newOID()
	if err != nil {
		return err
	}
	u.Checks = append(u.Checks, &catalog.Check{OID: oid, Name: name, Expr: c.deparse(bound, nil), NotValid: k.NotValid})
	return nil
}

// ---- TRUNCATE

func (c *Ctx) truncate(n *ast.TruncateStmt) error {
	set := map[catalog.OID]*catalog.Table{}
	var order []catalog.OID
	for _, rv := range n.Tables {
		named, err := c.tableIf(rv, lockForChange, func(t *catalog.Table) error { return c.hasTableRight(t, catalog.Truncate) })
		if err != nil {
			return err
		}
		tree, err := c.truncateTree(rv, named)
		if err != nil {
			return err
		}
		for _, t := range tree {
			if set[t.OID] == nil {
				if err := c.notInUse(t, "TRUNCATE"); err != nil {
					return err
				}
				set[t.OID] = t
				order = append(order, t.OID)
			}
		}
	}
	for i := 0; i < len(order); i++ {
		refs := append([]*catalog.Table(nil), c.snap().ReferredBy(order[i])...)
		sort.Slice(refs, func(i, j int) bool { return refs[i].OID < refs[j].OID })
		for _, r := range refs {
			if set[r.OID] != nil {
				continue
			}
			if n.Behavior != ast.DropCascade {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table %q references %q.", r.Name, set[order[i]].Name).
					WithHint("Truncate table %q at the same time, or use TRUNCATE ... CASCADE.", r.Name)
			}
			for _, m := range c.snap().Tree(r) {
				if set[m.OID] != nil || m != r && r.Kind != catalog.KindPartitioned {
					continue
				}
				c.notice(pgerr.SuccessfulCompletion, "truncate cascades to table %q", m.Name)
				t, err := c.lock(m, lockForChange)
				if err != nil {
					return err
				}
				if err := c.notInUse(t, "TRUNCATE"); err != nil {
					return err
				}
				set[m.OID] = t
				order = append(order, m.OID)
			}
		}
	}
	state, held := c.Exec().State, &plan.Plan{Opened: order}
	state.Begin(held)
	defer state.End(held)
	for _, oid := range order {
		if err := executor.FireStatement(c.Exec(), set[oid], catalog.TriggerBefore, catalog.OnTruncate); err != nil {
			return err
		}
	}
	for _, oid := range order {
		if done, err := c.truncateKeys(set[oid]); err != nil {
			return err
		} else if done {
			continue
		}
		if t := clone(set[oid]); t.Stored() {
			storage, err := c.newOID()
			if err != nil {
				return err
			}
			if err := c.dropStorage(t.Storage); err != nil {
				return err
			}
			t.Storage = uint32(storage)
			if err := c.put(t); err != nil {
				return err
			}
		}
		if n.RestartIdentity {
			for _, s := range c.snap().Sequences() {
				if s.OwnerTable == oid {
					c.Restart(s, s.Start)
				}
			}
		}
	}
	for _, oid := range order {
		if err := executor.FireStatement(c.Exec(), set[oid], catalog.TriggerAfter, catalog.OnTruncate); err != nil {
			return err
		}
	}
	return nil
}
