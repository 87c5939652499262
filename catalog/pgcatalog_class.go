package catalog

import (
	"strconv"
	"strings"

	"rowkey/types"
)

// pg_class, pg_attribute and what hangs on a relation's columns.

func classRows() map[string]rows {
	return map[string]rows{
		"pg_namespace": {"oid nspname", namespaceRows},
		"pg_class":     {"oid relname", pgClassRows},
		"pg_attribute": {"attrelid", attributeRows},
		"pg_attrdef":   {"oid adrelid", attrdefRows},
		"pg_index":     {"indexrelid indrelid", indexRows},
		"pg_sequence":  {"seqrelid", sequenceRows},
		"pg_rewrite":   {"oid ev_class", rewriteRows},
		"pg_am":        {"", amRows},
	}
}

func namespaceRows(q *query) error {
	for _, s := range q.snap.Schemas() {
		acl, owner, set := q.snap.SchemaACL(s)
		if err := q.row(vOID(s.OID), vStr(s.Name), vOID(owner), vACL(acl, set)); err != nil {
			return err
		}
	}
	return nil
}

// barriers are the system views that show each role its own.
var barriers = map[string]bool{"pg_stats": true, "pg_stats_ext": true, "pg_stats_ext_exprs": true}

// isView tells whether a relation is a view, system views included.
func isView(t *Table) bool { return t.Kind == KindView }

func pgClassRows(q *query) error {
	return q.eachRelation("oid", "relname", func(r *relation) error {
		switch {
		case r.ix != nil:
			f := classFacts{am: btreeAM, persistence: r.table.Persistence, owner: r.table.Owner,
				natts: len(r.ix.Keys) + len(r.ix.Include), tuples: max(indexTuples(r.table), 0), pages: 1, filenode: true, partition: r.ix.Parent != 0}
			if !r.table.Stored() {
				f.pages, f.filenode = 0, false
				for _, c := range q.snap.Children(r.table.OID) {
					for _, ix := range c.Indexes {
						f.children = f.children || ix.Parent == r.ix.OID
					}
				}
			}
			return classRow(q, r, f)
		case r.seq != nil:
			return classRow(q, r, classFacts{persistence: r.seq.Persistence, owner: r.seq.Owner, natts: 3, tuples: 1, pages: 1, filenode: true})
		}
		t := r.table
		f := classFacts{rowType: t.RowTypeOID, persistence: t.Persistence, owner: t.Owner, natts: len(t.Columns), checks: len(t.Checks),
			tuples: -1, rules: isView(t) || t.View != nil, triggers: len(t.Triggers) > 0 || len(t.ForeignKeys) > 0 || len(q.snap.ReferredBy(t.OID)) > 0, options: t.Options}
		f.children, f.identity = q.snap.HasChildren(t.OID), t.ReplicaIdentity
		if t.Virtual != nil && barriers[t.Name] {
			f.options = []string{"security_barrier=true"}
		}
		if t.Bound != nil {
			f.partition = true
			if p := q.snap.ParentOf(t); p != nil {
				f.bound = vStr(boundText(envOf(q.ctx), p, t.Bound))
			}
		}
		if !isView(t) {
			if t.Stored() {
				f.am, f.filenode = heapAM, true
			}
			f.hasIndex = t.Virtual != nil && t.SchemaOID == PgCatalogOID // PostgreSQL's have; here, look-ups by the same columns
			for _, ix := range t.Indexes {
				f.hasIndex = f.hasIndex || ix.OID != 0
			}
			if t.Stats != nil {
				f.tuples, f.pages = t.Stats.Rows, tablePages(t)
			}
		}
		return classRow(q, r, f)
	})
}

func indexTuples(t *Table) float64 {
	if t.Stats != nil {
		return t.Stats.Rows
	}
	return 0
}

// tablePages estimates the 8 kB pages PostgreSQL would need, from statistics.
func tablePages(t *Table) int {
	width := 28.0
	for _, c := range t.Stats.Columns {
		width += float64(c.AvgWidth)
	}
	return int((t.Stats.Rows*width + 8191) / 8192)
}

type classFacts struct {
	rowType, am, owner                  OID
	persistence                         Persistence
	natts, checks, pages                int
	tuples                              float64
	hasIndex, rules, triggers, filenode bool
	options                             []string
	children, partition                 bool
	bound                               types.Datum
	identity                            byte // REPLICA IDENTITY
}

func classRow(q *query, r *relation, f classFacts) error {
	if f.persistence == 0 {
		f.persistence = Permanent
	}
	node, space, identity := OID(0), OID(0), byte('n')
	shared, without := unfiled[r.oid]
	if f.filenode && !without {
		node = r.oid
	}
	if shared {
		space = globalTablespace
	}
	if k := r.kind(); (k == 'r' || k == 'p' || k == 'm') && r.schema != PgCatalogOID {
		identity = 'd'
	}
	if f.identity != 0 {
		identity = f.identity
	}
	frozen, firstMulti := vInt(0), vInt(0)
	if k := r.kind(); k == 'r' || k == 'm' {
		frozen, firstMulti = q.frozen(), vInt(1)
	}
	return q.row(
		vOID(r.oid), vStr(r.name), vOID(r.schema), vOID(f.rowType), vOID(0), vOID(ownerOr(f.owner)), vOID(f.am), vOID(node), vOID(space),
		vInt(f.pages), vFlt(float64(float32(f.tuples))), vInt(0), vOID(0), vBool(f.hasIndex), vBool(shared), vChar(byte(f.persistence)),
		vChar(r.kind()), vInt(f.natts), vInt(f.checks), vBool(f.rules), vBool(f.triggers), vBool(f.children), vBool(false), vBool(false),
		vBool(r.table == nil || r.ix != nil || r.table.Scannable()), vChar(identity), vBool(f.partition), vOID(0), frozen, firstMulti, q.relationACL(r), vTexts(f.options), f.bound)
}

// relationACL gives relacl.
func (q *query) relationACL(r *relation) types.Datum {
	switch {
	case r.seq != nil:
		return vACL(r.seq.ACL, r.seq.ACL != nil)
	case r.ix != nil || r.table == nil || r.table.Kind == KindComposite:
		return types.Null
	}
	return vACL(q.snap.TableACL(r.table))
}

// attribute is a row of pg_attribute.
type attribute struct {
	rel              OID
	num              int16
	name             string
	t                *types.Type
	typmod           int32
	notNull          bool
	hasDefault       bool
	missing          types.Datum
	identity         byte
	generated        byte
	dropped          bool
	collation        OID
	inherited        int
	notLocal         bool
	column           *Column // of a table: what its owner said of its storage
	ofView, ofSystem bool
}

func (q *query) attribute(a attribute) error {
	typ, ndims, storage, collation := a.t.OID, 0, factOf(a.t).storage, a.collation
	vector := a.t.IsVector()
	if a.t.IsArray() && !a.ofView && (!vector || a.ofSystem) {
		ndims = 1
	}
	if collation == 0 {
		collation = typeCollation(a.t)
	}
	hasMissing := !a.missing.IsNull()
	missing := types.Null
	if hasMissing {
		missing = types.NewAny(types.NewArray(a.t, []types.Datum{a.missing}))
	}
	target, compression, options, acl := -1, byte(0), types.Null, types.Null
	if c := a.column; c != nil {
		acl = vACL(c.ACL, c.ACL != nil)
		if c.StatTarget != nil {
			target = *c.StatTarget
		}
		if c.Storage != 0 {
			storage = c.Storage
		}
		compression, options = c.Compression, vTexts(c.Options)
	}
	if a.dropped {
		typ, target = 0, 0
	}
	return q.row(
		vOID(a.rel), vStr(a.name), vOID(typ), vInt(target), vInt(int(a.t.Len)), vInt(int(a.num)), vInt(ndims), vInt(-1), vInt(int(a.typmod)),
		vBool(a.t.ByVal), vChar(a.t.Align), vChar(storage), vChar(compression), vBool(a.notNull), vBool(a.hasDefault), vBool(hasMissing),
		vChar(a.identity), vChar(a.generated), vBool(a.dropped), vBool(!a.notLocal), vInt(a.inherited), vOID(collation), acl, options, vNull(), missing)
}

// KeyCollation is the collation of a key of one of the table's indexes.
func (t *Table) KeyCollation(k *IndexKey) OID {
	switch {
	case k.Collation != 0:
		return k.Collation
	case k.Derived != 0:
		return k.Derived
	case k.Attnum > 0 && t.Col(k.Attnum).Collation != 0:
		return t.Col(k.Attnum).Collation
	}
	return typeCollation(k.Type)
}

// typeCollation gives pg_type.typcollation.
func typeCollation(t *types.Type) OID {
	if t.Kind == types.KindDomain {
		if t.Collation != 0 {
			return t.Collation
		}
		c := typeCollation(t.Base)
		if c != 0 && t.OID < FirstUserOID {
			return cCollation // information_schema's domains over strings
		}
		return c
	}
	if t.IsArray() {
		return typeCollation(t.Elem)
	}
	switch {
	case t == types.Name:
		return cCollation
	case t.Collate:
		return defaultCollation
	}
	return 0
}

func attributeRows(q *query) error {
	return q.eachRelation("attrelid", "", func(r *relation) error {
		switch {
		case r.ix != nil:
			for i, name := range indexColumnNames(r.table, r.ix) {
				a := attribute{rel: r.oid, num: int16(i + 1), name: name, typmod: -1}
				if i < len(r.ix.Keys) && r.ix.Keys[i].Attnum == 0 {
					a.t = r.ix.Keys[i].Type
				} else {
					c := r.table.Col(indexAttnum(r.ix, i))
					a.t, a.typmod, a.collation = c.Type, c.Typmod, c.Collation
				}
				if a.t == types.Name { // as its operator class keeps it
					a.t = types.CString
				}
				if err := q.attribute(a); err != nil {
					return err
				}
			}
			return nil
		case r.seq != nil:
			for i, c := range []struct {
				name string
				t    *types.Type
			}{{"last_value", types.Int8}, {"log_cnt", types.Int8}, {"is_called", types.Bool}} {
				if err := q.attribute(attribute{rel: r.oid, num: int16(i + 1), name: c.name, t: c.t, typmod: -1, notNull: true}); err != nil {
					return err
				}
			}
			return nil
		}
		for i := range r.table.Columns {
			c := &r.table.Columns[i]
			a := attribute{rel: r.oid, num: c.Attnum, name: c.Name, t: c.Type, typmod: c.Typmod, notNull: c.NotNull,
				hasDefault: c.Default != "" || c.Generated != "", identity: byte(c.Identity), dropped: c.Dropped, collation: c.Collation,
				inherited: c.InhCount, notLocal: c.NotLocal, column: c, ofSystem: r.table.Virtual != nil}
			a.ofView = r.kind() == 'v' || r.kind() == 'm'
			if c.Generated != "" {
				a.generated = 's'
			}
			if c.HasMissing {
				a.missing = c.MissingVal
			}
			if c.Dropped {
				a.name = "........pg.dropped." + strconv.Itoa(int(c.Attnum)) + "........"
				a.notNull, a.hasDefault, a.missing, a.identity, a.generated = false, false, types.Null, 0, 0
			}
			if err := q.attribute(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// indexAttnum gives the table's column behind the i-th column of an index,
// INCLUDE ones counted on; 0 for an expression.
func indexAttnum(ix *Index, i int) int16 {
	if i < len(ix.Keys) {
		return ix.Keys[i].Attnum
	}
	return ix.Include[i-len(ix.Keys)]
}

// indexColumnNames names the columns of an index as PostgreSQL does: after the
// table's columns, or the function of an expression.
func indexColumnNames(t *Table, ix *Index) []string {
	var names []string
	taken := map[string]bool{}
	for i := 0; i < len(ix.Keys)+len(ix.Include); i++ {
		name := "expr"
		if n := indexAttnum(ix, i); n > 0 {
			name = t.Col(n).Name
		} else if e := ix.Keys[i].Expr; looksLikeCall(e) {
			name, _, _ = strings.Cut(e, "(")
			name = name[strings.LastIndexByte(name, '.')+1:]
		}
		unique := name
		for n := 1; taken[unique]; n++ {
			unique = name + strconv.Itoa(n)
		}
		taken[unique] = true
		names = append(names, unique)
	}
	return names
}

// looksLikeCall tells whether an expression is one call of a function, which
// an index definition shows without parentheses around it.
func looksLikeCall(expr string) bool {
	toks := exprTokens(expr)
	_, n := callName(toks, 0)
	if n == 0 {
		return false
	}
	depth := 0
	for i, t := range toks[n:] {
		switch t.text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			return n+i == len(toks)-1
		}
	}
	return false
}

func attrdefRows(q *query) error {
	x := q.snap.index()
	emit := func(t *Table) error {
		for i := range t.Columns {
			c := &t.Columns[i]
			if oid, ok := x.defaultOID[columnRef{t.OID, c.Attnum}]; ok {
				if err := q.row(vOID(oid), vOID(t.OID), vInt(int(c.Attnum)), vStr(defaultText(c))); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if oid, ok := q.oid("oid"); ok {
		if ref, ok := x.defaults[oid]; ok {
			return emit(q.snap.Table(ref.table))
		}
		return nil
	}
	return q.eachTable("adrelid", "", emit)
}

func indexRows(q *query) error {
	emit := func(t *Table, ix *Index) error {
		n := len(ix.Keys) + len(ix.Include)
		keys := make([]int64, n)
		var collation, class, option []int64
		var exprs []string
		for i := range keys {
			keys[i] = int64(indexAttnum(ix, i))
		}
		for i := range ix.Keys {
			k := &ix.Keys[i]
			coll := t.KeyCollation(k)
			if k.Attnum == 0 {
				exprs = append(exprs, k.Expr)
			}
			collation = append(collation, int64(coll))
			cl := int64(0)
			if oc := opclassOf(k.Type, k.Opclass); oc != nil {
				cl = int64(oc.oid)
			}
			class = append(class, cl)
			o := int64(0)
			if k.Desc {
				o |= 1
			}
			if k.NullsFirst {
				o |= 2
			}
			option = append(option, o)
		}
		return q.row(vOID(ix.OID), vOID(t.OID), vInt(n), vInt(len(ix.Keys)), vBool((ix.Unique || ix.Primary) && !ix.Exclusion), vBool(ix.NullsEqual), vBool(ix.Primary),
			vBool(ix.Exclusion), vBool(!ix.Deferrable), vBool(ix.OID == t.ClusterOn), vBool(!ix.Building && !ix.Invalid), vBool(false), vBool(!ix.NotReady), vBool(true), vBool(ix.OID == t.ReplicaIndex),
			types.NewVector(types.Int2Vector, keys...), types.NewVector(types.OidVector, collation...), types.NewVector(types.OidVector, class...),
			types.NewVector(types.Int2Vector, option...), vOpt(strings.Join(exprs, ", ")), vOpt(ix.Where))
	}
	if oid, ok := q.oid("indexrelid"); ok {
		if t := q.snap.TableOfIndex(oid); t != nil {
			return emit(t, t.IndexByOID(oid))
		}
		return nil
	}
	return q.eachTable("indrelid", "", func(t *Table) error {
		for _, ix := range t.Indexes {
			if ix.OID != 0 {
				if err := emit(t, ix); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eachSequence visits the sequences the query is about.
func (q *query) eachSequence(oidCol, nameCol string, visit func(s *Sequence) error) error {
	if q.col != "" && (q.col == oidCol || q.col == nameCol) {
		return q.eachRelation(oidCol, nameCol, func(r *relation) error {
			if r.seq != nil {
				return visit(r.seq)
			}
			return nil
		})
	}
	for _, s := range q.snap.Sequences() {
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}

func sequenceRows(q *query) error {
	return q.eachSequence("seqrelid", "", func(s *Sequence) error {
		return q.row(vOID(s.OID), vOID(s.TypeOID), types.NewInt(s.Start), types.NewInt(s.Increment), types.NewInt(s.Max), types.NewInt(s.Min),
			types.NewInt(s.Cache), vBool(s.Cycle))
	})
}

func rewriteRows(q *query) error {
	x := q.snap.index()
	emit := func(t *Table) error {
		if t.View == nil {
			return nil
		}
		return q.row(vOID(x.ruleOID[t.OID]), vStr("_RETURN"), vOID(t.OID), vChar('1'), vChar('O'), vBool(true), vStr("<>"), vStr(t.View.Query))
	}
	if oid, ok := q.oid("oid"); ok {
		if t := x.rules[oid]; t != nil {
			return emit(t)
		}
		return nil
	}
	return q.eachTable("ev_class", "", emit)
}

func amRows(q *query) error {
	for _, am := range accessMethods {
		if err := q.row(vOID(am.oid), vStr(am.name), vOID(procOID(am.handler)), vChar(am.kind)); err != nil {
			return err
		}
	}
	return nil
}

// procOID finds a function by a name that only one has, 0 if there is none.
func procOID(name string) OID {
	if list := procs().byName[name]; len(list) > 0 {
		return list[0].oid
	}
	return 0
}
