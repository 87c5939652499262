package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Partitioned tables: reading PARTITION BY and FOR VALUES.

// maxPartitionKeys is PostgreSQL's PARTITION_MAX_KEYS.
const maxPartitionKeys = 32

// partitionKey reads PARTITION BY.
func (c *Ctx) partitionKey(t *catalog.Table, n *ast.PartitionSpec) (*catalog.PartitionKey, error) {
	key := &catalog.PartitionKey{}
	switch strings.ToLower(n.Strategy) {
	case "list":
		key.Strategy = catalog.PartitionList
		if len(n.Elements) != 1 {
			return nil, pgerr.New(pgerr.InvalidObjectDefinition, "cannot use \"list\" partition strategy with more than one column")
		}
	case "range":
		key.Strategy = catalog.PartitionRange
	case "hash":
		key.Strategy = catalog.PartitionHash
	default:
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized partitioning strategy %q", n.Strategy)
	}
	if len(n.Elements) > maxPartitionKeys {
		return nil, pgerr.Newf(pgerr.TooManyColumns, "cannot partition using more than %d columns", maxPartitionKeys)
	}
	// PostgreSQL reads all expressions before it looks at any column.
	bound, derived := make([]plan.Expr, len(n.Elements)), make([]catalog.OID, len(n.Elements))
	for i, e := range n.Elements {
		if e.Expr == nil {
			continue
		}
		var err error
		if bound[i], err = planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env, Place: planner.ForPartitionKey,
			Table: t, Expr: e.Expr, Collation: &derived[i]}); err != nil {
			return nil, placeless(err)
		}
	}
	for i, e := range n.Elements {
		col, err := c.partitionColumn(t, key, e, bound[i], derived[i], i)
		if err != nil {
			return nil, err
		}
		key.Columns = append(key.Columns, col)
	}
	return key, nil
}

func (c *Ctx) partitionColumn(t *catalog.Table, key *catalog.PartitionKey, e *ast.PartitionElem, x plan.Expr, derived catalog.OID, i int) (col catalog.PartitionColumn, err error) {
	if k, ok := x.(*plan.Col); ok && k.Idx < len(t.Columns) {
		col.Attnum = int16(k.Idx + 1)
	}
	if e.Column != "" {
		if checkSystemColumn(e.Column) != nil {
			return col, pgerr.Newf(pgerr.InvalidObjectDefinition, "cannot use system column %q in partition key", e.Column).At(e.Pos())
		}
		at := t.ColumnByName(e.Column)
		if at == nil {
			return col, pgerr.Newf(pgerr.UndefinedColumn, "column %q named in partition key does not exist", e.Column).At(e.Pos())
		}
		col.Attnum = at.Attnum
	}
	collation := catalog.OID(0)
	generated := func(k *catalog.Column) error {
		return pgerr.New(pgerr.InvalidObjectDefinition, "cannot use generated column in partition key").
			WithDetail("Column %q is a generated column.", k.Name).At(e.Pos())
	}
	if col.Attnum > 0 {
		k := t.Col(col.Attnum)
		if k.Generated != "" {
			return col, generated(k)
		}
		col.Type, collation = k.Type, collationOf(k)
	} else {
		if x.Type() == types.Unknown || x.Type().Kind == types.KindPseudo {
			return col, pgerr.Newf(pgerr.InvalidTableDefinition, "partition key column %d has pseudo-type %s", i+1, types.Display(x.Type()))
		}
		for _, a := range planner.ColumnsUsed(x) {
			if int(a) > len(t.Columns) {
				return col, pgerr.New(pgerr.InvalidObjectDefinition, "partition key expressions cannot contain system column references")
			}
			if k := t.Col(a); k.Generated != "" {
				return col, generated(k)
			}
		}
		if !planner.IsImmutable(x) {
			return col, pgerr.New(pgerr.InvalidObjectDefinition, "functions in partition key expression must be marked IMMUTABLE")
		}
		col.Uses = planner.ColumnsUsed(x)
		if len(col.Uses) == 0 {
			return col, pgerr.New(pgerr.InvalidObjectDefinition, "cannot use constant expression as partition key")
		}
		col.Expr, col.Type, col.ExprType = c.deparse(x, t), x.Type(), x.Type().OID
		if collation = derived; derived == types.Indeterminate { // whatever COLLATE is given
			return col, pgerr.Newf(pgerr.InvalidTableDefinition, "no collation was derived for partition key column %d with collatable type %s", i+1, types.Display(x.Type())).
				WithHint("Use the COLLATE clause to set the collation explicitly.")
		}
	}
	if len(e.Collation) > 0 {
		k := catalog.Column{Type: col.Type}
		if err := c.collation(&k, &ast.CollateClause{At: ast.Unknown, Name: e.Collation}); err != nil {
			return col, err
		}
		if collation = k.Collation; collation == 0 {
			collation = catalog.TypeCollation(col.Type)
		}
	}
	col.Collation = collation
	method := "btree"
	if key.Strategy == catalog.PartitionHash {
		method = "hash"
	}
	if len(e.OpClass) > 0 {
		if col.Opclass, err = c.partitionOpclass(e.OpClass, method, col.Type); err != nil {
			return col, err
		}
	} else if method == "btree" && indexable(col.Type) != nil || method == "hash" && catalog.HashFunction(col.Type) == nil {
		return col, pgerr.Newf(pgerr.UndefinedObject, "data type %s has no default operator class for access method %q", types.Display(col.Type), method).
			WithHint("You must specify a %s operator class or define a default %s operator class for the data type.", method, method)
	}
	return col, nil
}

// partitionOpclass accepts the operator classes that order, or hash, as the
// type's own does.
func (c *Ctx) partitionOpclass(name []string, method string, t *types.Type) (string, error) {
	oc := name[len(name)-1]
	found, fits, isDefault := catalog.FindOpclass(oc, method, t)
	switch {
	case !found:
		return "", pgerr.Newf(pgerr.UndefinedObject, "operator class %q does not exist for access method %q", strings.Join(name, "."), method)
	case !fits:
		return "", pgerr.Newf(pgerr.DatatypeMismatch, "operator class %q does not accept data type %s", oc, types.Display(t))
	case isDefault:
		return "", nil
	}
	return oc, nil
}

// partitionBound reads FOR VALUES … of a partition of p.
func (c *Ctx) partitionBound(p *catalog.Table, n *ast.PartitionBound) (*catalog.PartitionBound, error) {
	key := p.PartitionBy
	b := &catalog.PartitionBound{Strategy: key.Strategy}
	if n.Default {
		if key.Strategy == catalog.PartitionHash {
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "a hash-partitioned table may not have a default partition")
		}
		b.Default = true
		return b, nil
	}
	invalid := func(what string) error {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "invalid bound specification for a %s partition", what).At(n.Pos())
	}
	switch key.Strategy {
	case catalog.PartitionHash:
		switch {
		case !n.Hash:
			return nil, invalid("hash")
		case n.Modulus <= 0:
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "modulus for hash partition must be an integer value greater than zero")
		case n.Remainder < 0:
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "remainder for hash partition must be an integer value greater than or equal to zero")
		case n.Remainder >= n.Modulus:
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "remainder for hash partition must be less than modulus")
		}
		b.Modulus, b.Remainder = n.Modulus, n.Remainder
	case catalog.PartitionList:
		if n.Hash || n.In == nil {
			return nil, invalid("list")
		}
		for _, e := range n.In {
			v, err := c.boundValue(p, 0, e)
			if err != nil {
				return nil, err
			}
			again := false
			for _, have := range b.In {
				again = again || have == v
			}
			if !again {
				b.In = append(b.In, v)
			}
		}
	default:
		if n.From == nil || n.To == nil {
			return nil, invalid("range")
		}
		if len(n.From) != len(key.Columns) {
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "FROM must specify exactly one value per partitioning column")
		}
		if len(n.To) != len(key.Columns) {
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "TO must specify exactly one value per partitioning column")
		}
		var err error
		if b.From, err = c.rangeBound(p, n.From); err != nil {
			return nil, err
		}
		if b.To, err = c.rangeBound(p, n.To); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (c *Ctx) rangeBound(p *catalog.Table, list []ast.Expr) ([]catalog.BoundValue, error) {
	out := make([]catalog.BoundValue, len(list))
	for i, e := range list {
		if ref, ok := e.(*ast.ColumnRef); ok && len(ref.Fields) == 1 && !ref.Star {
			switch ref.Fields[0] {
			case "minvalue":
				out[i].Kind = catalog.BoundMinValue
			case "maxvalue":
				out[i].Kind = catalog.BoundMaxValue
			}
		}
		if out[i].Kind == catalog.BoundNull {
			v, err := c.boundValue(p, i, e)
			if err != nil {
				return nil, err
			}
			if v.Kind == catalog.BoundNull {
				return nil, pgerr.New(pgerr.InvalidObjectDefinition, "cannot specify NULL in range bound")
			}
			out[i] = v
		}
	}
	for i := 1; i < len(out); i++ {
		if prev := out[i-1].Kind; prev != catalog.BoundAt && out[i].Kind != prev {
			name := "MINVALUE"
			if prev == catalog.BoundMaxValue {
				name = "MAXVALUE"
			}
			return nil, pgerr.Newf(pgerr.DatatypeMismatch, "every bound following %s must also be %s", name, name).At(exprPos(list[i]))
		}
	}
	return out, nil
}

// exprPos is the place of an expression in the statement.
func exprPos(e ast.Expr) int { return planner.ExprPos(e) }

// boundValue computes a value of a bound.
func (c *Ctx) boundValue(p *catalog.Table, i int, e ast.Expr) (catalog.BoundValue, error) {
	key := &p.PartitionBy.Columns[i]
	name, mod := key.Expr, int32(-1)
	if key.Attnum > 0 {
		name, mod = p.Col(key.Attnum).Name, p.Col(key.Attnum).Typmod
	}
	x, err := planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env, Place: planner.ForPartitionBound,
		Expr: e, Target: key.Type, TargetMod: mod, Column: name})
	if err != nil {
		return catalog.BoundValue{}, err
	}
	v, err := executor.EvalExpr(c.Exec(), x, nil)
	if err != nil {
		return catalog.BoundValue{}, err
	}
	if v.IsNull() {
		return catalog.BoundValue{}, nil
	}
	return catalog.BoundValue{Kind: catalog.BoundAt, Text: catalog.BoundText(key.Type, v)}, nil
}

// checkBound refuses a bound that is empty or overlaps with partitions there
// are. n, if not nil, is the bound as written.
func (c *Ctx) checkBound(p *catalog.Table, name string, b *catalog.PartitionBound, n *ast.PartitionBound) error {
	parts := catalog.MakePartitions(p, c.snap().AllChildren(p.OID))
	at := func(e *pgerr.Error, list []ast.Expr, i int) error {
		if i < len(list) {
			return e.At(exprPos(list[i]))
		}
		return e.At(n.Pos())
	}
	overlap := func(with *catalog.Table) *pgerr.Error {
		return pgerr.Newf(pgerr.InvalidObjectDefinition, "partition %q would overlap partition %q", name, with.Name)
	}
	if b.Default {
		if parts.Default >= 0 {
			return pgerr.Newf(pgerr.InvalidObjectDefinition, "partition %q conflicts with existing default partition %q", name, parts.Parts[parts.Default].Name).At(n.Pos())
		}
		return nil
	}
	switch b.Strategy {
	case catalog.PartitionHash:
		return c.checkHashBound(parts, b, func(with *catalog.Table) error { return overlap(with).At(n.Pos()) })
	case catalog.PartitionList:
		for i, e := range n.In {
			v, err := c.boundValue(p, 0, e)
			if err != nil {
				return err
			}
			hit := parts.Null
			if v.Kind == catalog.BoundAt {
				hit = parts.Route([]types.Datum{catalog.BoundDatum(parts.Key.Columns[0].Type, v)})
			}
			if hit >= 0 && hit != parts.Default {
				return at(overlap(parts.Parts[hit]), n.In, i)
			}
		}
		return nil
	}
	key := parts.Key
	lower, upper := catalog.Boundary(key, b.From), catalog.Boundary(key, b.To)
	if cmp := key.Compare(lower, upper); cmp >= 0 {
		where := 0
		if cmp > 0 {
			where = key.Differ(lower, upper)
		}
		e := pgerr.Newf(pgerr.InvalidObjectDefinition, "empty range bound specified for partition %q", name).
			WithDetail("Specified lower bound %s is greater than or equal to upper bound %s.", boundList(c.Env, key, b.From), boundList(c.Env, key, b.To))
		return at(e, n.From, where)
	}
	// the last boundary that is not above the lower bound
	last := -1
	for i := range parts.Bounds {
		if key.Compare(parts.Bounds[i], lower) <= 0 {
			last = i
		}
	}
	if last >= 0 && parts.Index[last] >= 0 {
		where := key.Differ(parts.Bounds[last], lower)
		if key.Compare(parts.Bounds[last], lower) == 0 {
			where = 0
			if last > 0 && parts.Index[last-1] >= 0 { // another ends there, below it: the last column that was looked at
				for where < len(lower.Kinds)-1 && lower.Kinds[where] == catalog.BoundAt {
					where++
				}
			}
		}
		return at(overlap(parts.Parts[parts.Index[last]]), n.From, where)
	}
	if next := last + 1; next < len(parts.Bounds) && key.Compare(parts.Bounds[next], upper) < 0 {
		return at(overlap(parts.Parts[parts.Index[next]]), n.To, key.Differ(parts.Bounds[next], upper))
	}
	return nil
}

func (c *Ctx) checkHashBound(parts *catalog.Partitions, b *catalog.PartitionBound, overlap func(*catalog.Table) error) error {
	bad := func(detail string, with *catalog.Table, m int) error {
		return pgerr.New(pgerr.InvalidObjectDefinition, "every hash partition modulus must be a factor of the next larger modulus").
			WithDetail(detail, b.Modulus, m, with.Name)
	}
	var prev, next *catalog.Table
	for _, q := range parts.Parts {
		if q.Bound.Modulus <= b.Modulus {
			prev = q
		} else if next == nil {
			next = q
		}
	}
	if prev != nil && b.Modulus%prev.Bound.Modulus != 0 {
		return bad("The new modulus %d is not divisible by %d, the modulus of existing partition \"%s\".", prev, prev.Bound.Modulus)
	}
	if next != nil && next.Bound.Modulus%b.Modulus != 0 {
		return bad("The new modulus %d is not a factor of %d, the modulus of existing partition \"%s\".", next, next.Bound.Modulus)
	}
	top := max(parts.Modulus, b.Modulus)
	for r := b.Remainder; r < top && parts.Modulus > 0; r += b.Modulus {
		if with := parts.Remainders[r%parts.Modulus]; with >= 0 {
			return overlap(parts.Parts[with])
		}
	}
	return nil
}

// boundList prints the values of a bound for messages.
func boundList(env *types.Env, key *catalog.PartitionKey, vals []catalog.BoundValue) string {
	return catalog.BoundList(env, key, vals)
}

// ---- CREATE TABLE … PARTITION OF

// partitionOf makes the table being made a partition of its parent.
func (b *builder) partitionOf(n *ast.PartitionBound) error {
	c := b.c
	p := c.snap().Table(b.t.Inherits[0])
	if err := c.notInUse(p, "CREATE TABLE .. PARTITION OF"); err != nil {
		return err
	}
	bound, err := c.partitionBound(p, n)
	if err != nil {
		return err
	}
	if err := c.checkBound(p, b.t.Name, bound, n); err != nil {
		return err
	}
	b.t.Bound = bound
	b.fks = append(b.fks, func() error { return c.inheritTriggers(p, b.t) })
	if !bound.Default {
		parts := c.snap().Partitions(p)
		if parts.Default >= 0 {
			def := parts.Parts[parts.Default]
			for _, m := range c.snap().Tree(def) {
				if _, err := c.lock(m, lockForChange); err != nil {
					return err
				}
			}
			b.fks = append([]func() error{func() error { return c.checkDefaultPartition(def) }}, b.fks...)
		}
	}
	return nil
}

// checkDefaultPartition checks that no row of the default partition belongs to another
// partition, as the catalog has them now.
func (c *Ctx) checkDefaultPartition(def *catalog.Table) error {
	return c.checkPlaced(def, "updated partition constraint for default partition %q would be violated by some row")
}

// checkPlaced checks that the rows of a partition belong there, as the catalog has it now; violated
// is the message, for the name of a table, if one does not.
func (c *Ctx) checkPlaced(partition *catalog.Table, violated string) error {
	for _, m := range c.snap().Members(c.snap().Table(partition.OID)) {
		bad, err := executor.MisplacedRow(c.Exec(), m)
		if err != nil {
			return err
		}
		if bad {
			e := pgerr.Newf(pgerr.CheckViolation, violated, m.Name)
			e.Table, e.Schema = m.Name, m.Schema.Name
			return e
		}
	}
	return nil
}

// inheritIndexes gives a new partition the indexes of its parent.
func (b *builder) inheritIndexes() error {
	c := b.c
	p := c.snap().Table(b.t.Inherits[0])
	for _, ix := range p.Indexes {
		if ix.RowID {
			continue
		}
		cp, name := c.partIndex(p, ix, b.t, b.schema, b.names)
		if err := keyOfPartition(b.t, cp); err != nil {
			return err
		}
		if err := b.addIndex(cp, name); err != nil {
			return err
		}
	}
	return nil
}

// partIndex makes the descriptor of the index of partition t that is part of ix,
// an index of p, and chooses its name.
func (c *Ctx) partIndex(p *catalog.Table, ix *catalog.Index, t *catalog.Table, schema *catalog.Schema, taken []string) (*catalog.Index, string) {
	m := catalog.AttnumMap(p, t)
	cp := *ix
	cp.OID, cp.Name, cp.Number, cp.Comment, cp.Parent, cp.Invalid = 0, "", 0, "", ix.OID, false
	cp.Keys = append([]catalog.IndexKey(nil), ix.Keys...)
	cp.Include = nil
	var names []string
	add := func(name string) {
		base := name
		for i := 1; contains(names, name); i++ {
			name = base + itoa(i)
		}
		names = append(names, name)
	}
	for i := range cp.Keys {
		k := &cp.Keys[i]
		if k.Attnum > 0 {
			add(p.Col(k.Attnum).Name)
			k.Attnum = m[k.Attnum-1]
		} else {
			add(catalog.ExprColumnName(k.Expr))
		}
	}
	for _, a := range ix.Include {
		add(p.Col(a).Name)
		cp.Include = append(cp.Include, m[a-1])
	}
	used := c.relTaken(schema, taken...)
	switch {
	case ix.Primary:
		return &cp, chooseName(t.Name, "", "pkey", used)
	case ix.Constraint != 0:
		return &cp, chooseName(t.Name, strings.Join(names, "_"), "key", used)
	}
	return &cp, chooseName(t.Name, strings.Join(names, "_"), "idx", used)
}

// keyOfPartition demands that a unique key of a partitioned table has all
// columns of the partition key, so that uniqueness within partitions is
// uniqueness over all of them.
func keyOfPartition(t *catalog.Table, ix *catalog.Index) error {
	if t.PartitionBy == nil || !ix.Unique && !ix.Primary {
		return nil
	}
	what := "UNIQUE"
	if ix.Primary {
		what = "PRIMARY KEY"
	}
	for _, k := range t.PartitionBy.Columns {
		if k.Attnum == 0 {
			return pgerr.Newf(pgerr.FeatureNotSupported, "unsupported %s constraint with partition key definition", what).
				WithDetail("%s constraints cannot be used when partition keys include expressions.", what)
		}
		found := false
		for _, key := range ix.Keys {
			found = found || key.Attnum == k.Attnum
		}
		if !found {
			return pgerr.New(pgerr.FeatureNotSupported, "unique constraint on partitioned table must include all partitioning columns").
				WithDetail("%s constraint on table %q lacks column %q which is part of the partition key.", what, t.Name, t.Col(k.Attnum).Name)
		}
	}
	return nil
}

// ---- ATTACH, DETACH

func (c *Ctx) attachPartition(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	if t.Kind != catalog.KindPartitioned {
		return pgerr.Newf(pgerr.InvalidObjectDefinition, "table %q is not partitioned", t.Name)
	}
	oid := c.find(cmd.Relation)
	if oid == 0 {
		return c.missing(cmd.Relation)
	}
	part := c.snap().Table(oid)
	if part == nil || !part.IsTable() {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a table", cmd.Relation.Name)
	}
	if part.Virtual != nil {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", part.Name)
	}
	part, err := c.lock(part, lockForChange)
	if err != nil {
		return err
	}
	switch {
	case part.IsPartition():
		return pgerr.Newf(pgerr.WrongObjectType, "%q is already a partition", part.Name)
	case len(part.Inherits) > 0:
		return pgerr.New(pgerr.WrongObjectType, "cannot attach inheritance child as partition")
	case part.Kind != catalog.KindPartitioned && c.snap().HasChildren(part.OID):
		return pgerr.New(pgerr.WrongObjectType, "cannot attach inheritance parent as partition")
	}
	for _, d := range c.snap().Tree(part) {
		if d.OID == t.OID {
			return pgerr.New(pgerr.DuplicateTable, "circular inheritance not allowed").
				WithDetail("%q is already a child of %q.", t.Name, part.Name)
		}
	}
	switch {
	case t.Persistence != catalog.Temporary && part.Persistence == catalog.Temporary:
		return pgerr.Newf(pgerr.WrongObjectType, "cannot attach a temporary relation as partition of permanent relation %q", t.Name)
	case t.Persistence == catalog.Temporary && part.Persistence != catalog.Temporary:
		return pgerr.Newf(pgerr.WrongObjectType, "cannot attach a permanent relation as partition of temporary relation %q", t.Name)
	}
	for i := range part.Columns {
		col := &part.Columns[i]
		if !col.Dropped && t.ColumnByName(col.Name) == nil {
			return pgerr.Newf(pgerr.DatatypeMismatch, "table %q contains column %q not found in parent %q", part.Name, col.Name, t.Name).
				WithDetail("The new partition may contain only the columns present in parent.")
		}
	}
	child := clone(part)
	bound, err := c.partitionBound(t, cmd.Bound)
	if err != nil {
		return err
	}
	if err := c.checkBound(t, part.Name, bound, cmd.Bound); err != nil {
		return err
	}
	var def *catalog.Table
	if parts := c.snap().Partitions(t); parts.Default >= 0 && !bound.Default {
		def = parts.Parts[parts.Default]
		for _, m := range c.snap().Tree(def) {
			if _, err := c.lock(m, lockForChange); err != nil {
				return err
			}
		}
	}
	if err := c.adopt(child, t); err != nil {
		return err
	}
	child.Bound = bound
	if err := c.put(child); err != nil {
		return err
	}
	if err := c.attachIndexes(t.OID, child.OID); err != nil {
		return err
	}
	if err := c.attachForeignKeys(t.OID, child.OID); err != nil {
		return err
	}
	if err := c.inheritTriggers(t, child); err != nil {
		return err
	}
	if err := c.checkPlaced(child, "partition constraint of relation %q is violated by some row"); err != nil {
		return err
	}
	if def != nil {
		return c.checkDefaultPartition(def)
	}
	return nil
}

// detachPartition takes a partition away from its table. CONCURRENTLY does it in two
// transactions, between which nobody is kept waiting:
//
//	mark      Detaching: statements that begin now do not see the partition in the
//	          whole; its bounds become a CHECK of its own
//	wait      for the transactions that use the whole, which may see it there
//	finish    end all ties, as DETACH does at once; after a failure FINALIZE does it
func (c *Ctx) detachPartition(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	finalize := cmd.Op == ast.DetachPartitionFinalize
	if t.Kind != catalog.KindPartitioned {
		return pgerr.Newf(pgerr.InvalidObjectDefinition, "table %q is not partitioned", t.Name)
	}
	oid := c.find(cmd.Relation)
	if oid == 0 {
		return c.missing(cmd.Relation)
	}
	part := c.snap().Table(oid)
	if cmd.Concurrently {
		if parts := c.snap().Partitions(t); parts.Default >= 0 {
			return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cannot detach partitions concurrently when a default partition exists")
		}
	}
	mode := lockForChange
	if cmd.Concurrently {
		mode = kv.LockTableShareUpdateExclusive
	}
	if part != nil && part.Virtual == nil {
		var err error
		if part, err = c.lock(part, mode); err != nil {
			return err
		}
		t = c.snap().Table(t.OID)
	}
	if part == nil || part.Bound == nil || part.Inherits[0] != t.OID {
		return pgerr.Newf(pgerr.UndefinedTable, "relation %q is not a partition of relation %q", cmd.Relation.Name, t.Name)
	}
	switch {
	case finalize && !part.Detaching:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot complete detaching partition %q", part.Name).
			WithDetail("There's no pending concurrent detach.")
	case finalize:
		return c.endDetach(t.OID, part.OID)
	case cmd.Concurrently:
		return c.detachBeside(t, part)
	case part.Detaching:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot detach partition %q", part.Name).
			WithDetail("The partition is being detached concurrently or has an unfinished detach.").WithHint(finalizeHint)
	}
	if parts := c.snap().Partitions(t); parts.Default >= 0 {
		if _, err := c.lock(parts.Parts[parts.Default], lockForChange); err != nil {
			return err
		}
	}
	if err := c.checkDetachReferences(t, part); err != nil {
		return err
	}
	return c.endDetach(t.OID, part.OID)
}

const finalizeHint = "Use ALTER TABLE ... DETACH PARTITION ... FINALIZE to complete the pending detach operation."

// detachBeside is DETACH CONCURRENTLY.
func (c *Ctx) detachBeside(t, part *catalog.Table) error {
	for _, p := range c.snap().AllChildren(t.OID) {
		if p.Detaching {
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "partition %q already pending detach in partitioned table \"%s.%s\"", p.Name, t.Schema.Name, t.Name).
				WithHint(finalizeHint)
		}
	}
	if err := c.checkDetachReferences(t, part); err != nil {
		return err
	}
	if err := c.keepBounds(part); err != nil {
		return err
	}
	child := clone(c.snap().Table(part.OID))
	child.Detaching = true
	if err := c.put(child); err != nil {
		return err
	}
	if err := c.NextTransaction(); err != nil {
		return err
	}
	if err := c.Await(t, kv.LockTableAccessExclusive); err != nil {
		return err
	}
	if now, err := c.lockIfThere(t, kv.LockTableShareUpdateExclusive); err != nil {
		return err
	} else if now == nil {
		return pgerr.Newf(pgerr.UndefinedTable, "partitioned table %q was removed concurrently", t.Name)
	}
	now, err := c.lockIfThere(part, lockForChange)
	switch {
	case err != nil:
		return err
	case now == nil:
		return pgerr.Newf(pgerr.UndefinedTable, "partition %q was removed concurrently", part.Name)
	case !now.Detaching || now.Inherits[0] != t.OID: // finished by another
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot complete detaching partition %q", part.Name).
			WithDetail("There's no pending concurrent detach.")
	}
	return c.endDetach(t.OID, part.OID)
}

// keepBounds gives a partition a CHECK that says what its bounds say.
func (c *Ctx) keepBounds(part *catalog.Table) error {
	if part.Bound.Strategy == catalog.PartitionHash {
		return nil // it would name a table that the partition is no part of any more
	}
	text := catalog.PartitionConstraint(c.snap(), c.Env, part)
	if text == "" {
		return nil
	}
	x, err := parser.ParseExpr(text)
	if err != nil {
		return err
	}
	return c.addCheckTree(part.OID, &ast.Constraint{Kind: ast.ConstraintCheck, Expr: x, NotValid: false}, false)
}

// endDetach makes a partition a table by itself.
func (c *Ctx) endDetach(table, part catalog.OID) error {
	t, child := c.snap().Table(table), clone(c.snap().Table(part))
	c.disown(child, t)
	child.Bound, child.Detaching = nil, false
	c.disownTriggers(t, child)
	if err := c.detachParts(t, child); err != nil {
		return err
	}
	return c.put(child)
}
