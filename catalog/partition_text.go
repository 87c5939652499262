package catalog

import (
	"fmt"
	"strconv"
	"strings"

	"rowkey/types"
)

// Partition keys, bounds and constraints as SQL text, and what package ddl
// needs of them.

// TypeCollation gives pg_type.typcollation.
func TypeCollation(t *types.Type) OID { return typeCollation(t) }

// FindCollation finds a collation by name, with or without its schema.
func FindCollation(name []string) (OID, bool) {
	if len(name) > 1 && name[len(name)-2] != "pg_catalog" {
		return 0, false
	}
	for _, c := range collations {
		if c.name == name[len(name)-1] {
			return c.oid, true
		}
	}
	return 0, false
}

// CollationName gives a collation's name, "" if there is none of that OID.
func CollationName(oid OID) string { return collationName(oid) }

// ExprColumnName is the name that an index column over an expression gets.
func ExprColumnName(e string) string {
	if !looksLikeCall(e) {
		return "expr"
	}
	name, _, _ := strings.Cut(e, "(")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// FindOpclass looks an operator class up by name for an access method: whether
// there is one, whether it accepts a type, and whether it is that type's default.
func FindOpclass(name, method string, t *types.Type) (found, fits, isDefault bool) {
	am := btreeAM
	if method == "hash" {
		am = hashAM
	}
	u := t.Under()
	for _, k := range opclasses() {
		if k.method != am || k.name != name {
			continue
		}
		found = true
		in := types.ByOID(k.input)
		if in == u || in == types.Text && u == types.VarChar || in == types.AnyArray && u.IsArray() || in == types.AnyEnum && u.Kind == types.KindEnum {
			fits, isDefault = true, k.isDefault
		}
	}
	return found, fits, isDefault
}

// Boundary makes a point of a key's space of stored values.
func Boundary(key *PartitionKey, vals []BoundValue) PartBoundary { return boundary(key, vals) }

// Differ gives the number of the first column in which two boundaries differ, 0
// if they do not.
func (k *PartitionKey) Differ(a, b PartBoundary) int {
	for i := range k.Columns {
		if a.Kinds[i] != b.Kinds[i] {
			return i
		}
		if a.Kinds[i] == BoundAt && types.Compare(k.Columns[i].Type, a.Values[i], b.Values[i]) != 0 {
			return i
		}
	}
	return 0
}

// boundConst prints a value of a bound as a constant without its type.
func boundConst(env *types.Env, t *types.Type, v BoundValue) string {
	switch v.Kind {
	case BoundMinValue:
		return "MINVALUE"
	case BoundMaxValue:
		return "MAXVALUE"
	case BoundNull:
		return "NULL"
	}
	s := types.TextOf(t, BoundDatum(t, v), env)
	switch u := t.Under(); u {
	case types.Int4:
		if s[0] != '-' {
			return s
		}
	case types.Numeric:
		if s[0] >= '0' && s[0] <= '9' && strings.ContainsAny(s, "eE.") {
			return s
		}
	case types.Bool:
		if s == "t" {
			return "true"
		}
		return "false"
	}
	return types.QuoteLiteral(s)
}

// BoundList prints the values of a range bound: (1, MAXVALUE).
func BoundList(env *types.Env, key *PartitionKey, vals []BoundValue) string {
	out := make([]string, len(vals))
	for i, v := range vals {
		out[i] = boundConst(env, key.Columns[i].Type, v)
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// boundText writes FOR VALUES … of a partition: pg_get_expr of relpartbound.
func boundText(env *types.Env, parent *Table, b *PartitionBound) string {
	if b.Default {
		return "DEFAULT"
	}
	key := parent.PartitionBy
	if key == nil {
		return ""
	}
	switch b.Strategy {
	case PartitionHash:
		return fmt.Sprintf("FOR VALUES WITH (modulus %d, remainder %d)", b.Modulus, b.Remainder)
	case PartitionList:
		vals := make([]string, len(b.In))
		for i, v := range b.In {
			vals[i] = boundConst(env, key.Columns[0].Type, v)
		}
		return "FOR VALUES IN (" + strings.Join(vals, ", ") + ")"
	}
	return "FOR VALUES FROM " + BoundList(env, key, b.From) + " TO " + BoundList(env, key, b.To)
}

// partKeyColumn writes one column of a partition key.
func partKeyColumn(t *Table, c *PartitionColumn, pretty bool) string {
	if c.Attnum > 0 {
		return types.QuoteIdent(t.Col(c.Attnum).Name)
	}
	e := exprText(c.Expr, pretty)
	if looksLikeCall(e) {
		return e
	}
	return "(" + e + ")"
}

// partKeyDef is pg_get_partkeydef.
func partKeyDef(t *Table) string {
	cols := make([]string, len(t.PartitionBy.Columns))
	for i := range t.PartitionBy.Columns {
		c := &t.PartitionBy.Columns[i]
		cols[i] = partKeyColumn(t, c, false)
		if c.Collation != 0 && c.Collation != typeCollation(c.Type) {
			cols[i] += " COLLATE " + types.QuoteIdent(collationName(c.Collation))
		}
		if c.Opclass != "" {
			cols[i] += " " + types.QuoteIdent(c.Opclass)
		}
	}
	return t.PartitionBy.Strategy.String() + " (" + strings.Join(cols, ", ") + ")"
}

// typedConst prints a value of a bound as a constant of its type.
func typedConst(snap *Snapshot, env *types.Env, t *types.Type, v BoundValue) string {
	s := boundConst(env, t, v)
	switch t.Under() {
	case types.Int4, types.Bool:
		if s[0] != '\'' {
			return s
		}
	case types.Numeric:
		if s[0] != '\'' {
			return s
		}
	}
	return s + "::" + formatType(snap, []string{"pg_catalog", "public"}, t.OID, -1, false)
}

// PartitionConstraint is what rows of a partition must meet, as SQL text.
func PartitionConstraint(snap *Snapshot, env *types.Env, t *Table) string {
	return partitionConstraint(snap, env, t)
}

// partitionConstraint is what rows of a partition must meet, by its own bound
// and those of the partitions around it; "" for a table that is no partition.
func partitionConstraint(snap *Snapshot, env *types.Env, t *Table) string {
	quals := constraintQuals(snap, env, t, t)
	switch len(quals) {
	case 0:
		return ""
	case 1:
		return quals[0]
	}
	return "(" + strings.Join(quals, " AND ") + ")"
}

// constraintQuals are the conjuncts of the constraint of part, or of one around
// it, in the columns of t.
func constraintQuals(snap *Snapshot, env *types.Env, t, part *Table) []string {
	parent := snap.ParentOf(part)
	if parent == nil || parent.PartitionBy == nil {
		return nil
	}
	out := constraintQuals(snap, env, t, parent)
	w := &qualWriter{snap: snap, env: env, parent: parent, key: parent.PartitionBy}
	return append(out, w.quals(part.Bound)...)
}

type qualWriter struct {
	snap   *Snapshot
	env    *types.Env
	parent *Table
	key    *PartitionKey
}

func (w *qualWriter) col(i int) string {
	c := &w.key.Columns[i]
	s := w.bare(i)
	if c.Type.Under() == types.VarChar {
		s = "(" + s + ")::text"
	}
	return s
}

func (w *qualWriter) bare(i int) string {
	if c := &w.key.Columns[i]; c.Attnum == 0 {
		return c.Expr
	}
	return partKeyColumn(w.parent, &w.key.Columns[i], false)
}

func (w *qualWriter) value(i int, v BoundValue) string {
	t := w.key.Columns[i].Type
	if t.Under() == types.VarChar {
		t = types.Text
	}
	return typedConst(w.snap, w.env, t, v)
}

func (w *qualWriter) quals(b *PartitionBound) []string {
	switch b.Strategy {
	case PartitionHash:
		args := []string{types.QuoteLiteral(strconv.Itoa(int(w.parent.OID))) + "::oid", strconv.Itoa(b.Modulus), strconv.Itoa(b.Remainder)}
		for i := range w.key.Columns {
			args = append(args, w.bare(i))
		}
		return []string{"satisfies_hash_partition(" + strings.Join(args, ", ") + ")"}
	case PartitionList:
		return w.list(b)
	}
	return w.rangeQuals(b)
}

func and(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "(" + strings.Join(list, " AND ") + ")"
}

func (w *qualWriter) list(b *PartitionBound) []string {
	vals := b.In
	if b.Default {
		vals = nil
		for _, p := range w.snap.Partitions(w.parent).Parts {
			if p.Bound != nil && !p.Bound.Default {
				vals = append(vals, p.Bound.In...)
			}
		}
		if len(vals) == 0 {
			return nil
		}
	}
	null := false
	var texts []string
	for _, v := range vals {
		if v.Kind == BoundNull {
			null = true
			continue
		}
		texts = append(texts, w.value(0, v))
	}
	op := ""
	switch len(texts) {
	case 0:
	case 1:
		op = "(" + w.col(0) + " = " + texts[0] + ")"
	default:
		if w.key.Columns[0].Type.Under().IsArray() { // no array of arrays compares with its elements
			for i, t := range texts {
				texts[i] = "(" + w.col(0) + " = " + t + ")"
			}
			op = "(" + strings.Join(texts, " OR ") + ")"
			break
		}
		op = "(" + w.col(0) + " = ANY (ARRAY[" + strings.Join(texts, ", ") + "]))"
	}
	var out []string
	switch {
	case !null:
		out = []string{"(" + w.bare(0) + " IS NOT NULL)", op}
	case op == "":
		out = []string{"(" + w.bare(0) + " IS NULL)"}
	default:
		out = []string{"((" + w.bare(0) + " IS NULL) OR " + op + ")"}
	}
	if b.Default {
		return []string{"(NOT " + and(out) + ")"}
	}
	return out
}

func (w *qualWriter) rangeQuals(b *PartitionBound) []string {
	if b.Default {
		var ors []string
		for _, p := range w.snap.Partitions(w.parent).Parts {
			if p.Bound != nil && !p.Bound.Default {
				ors = append(ors, and(w.bounds(p.Bound)))
			}
		}
		if len(ors) == 0 {
			return nil
		}
		var nn []string
		for i := range w.key.Columns {
			nn = append(nn, "("+w.bare(i)+" IS NOT NULL)")
		}
		or := ors[0]
		if len(ors) > 1 {
			or = "(" + strings.Join(ors, " OR ") + ")"
		}
		if len(ors) == 1 {
			return []string{"(NOT (" + strings.Join(append(nn, w.flat(w.snap.Partitions(w.parent))...), " AND ") + "))"}
		}
		return []string{"(NOT (" + strings.Join(append(nn, or), " AND ") + "))"}
	}
	var out []string
	for i := range w.key.Columns {
		out = append(out, "("+w.bare(i)+" IS NOT NULL)")
	}
	return append(out, w.bounds(b)...)
}

// flat are the conjuncts of the only partition besides the default one.
func (w *qualWriter) flat(p *Partitions) []string {
	for _, t := range p.Parts {
		if t.Bound != nil && !t.Bound.Default {
			return w.bounds(t.Bound)
		}
	}
	return nil
}

// bounds writes the comparisons of a range, as PostgreSQL's get_qual_for_range
// does: columns in which both bounds agree are equalities; then, for the lower
// and the upper bound, an OR over prefixes.
func (w *qualWriter) bounds(b *PartitionBound) []string {
	var out []string
	i := 0
	for ; i < len(w.key.Columns); i++ {
		lo, up := b.From[i], b.To[i]
		if lo.Kind != BoundAt || up.Kind != BoundAt ||
			types.Compare(w.key.Columns[i].Type, BoundDatum(w.key.Columns[i].Type, lo), BoundDatum(w.key.Columns[i].Type, up)) != 0 || i == len(w.key.Columns)-1 {
			break
		}
		out = append(out, "("+w.col(i)+" = "+w.value(i, lo)+")")
	}
	side := func(vals []BoundValue, strict, last string) string {
		var arms []string
		for end := i; end < len(vals); end++ {
			v := vals[end]
			var conj []string
			for k := i; k < end; k++ {
				conj = append(conj, "("+w.col(k)+" = "+w.value(k, vals[k])+")")
			}
			if v.Kind == BoundMinValue || v.Kind == BoundMaxValue {
				// beyond an infinite value, equality of what stands before is all
				open := v.Kind == BoundMinValue && strict == ">" || v.Kind == BoundMaxValue && strict == "<"
				if open {
					if len(conj) == 0 {
						return ""
					}
					arms = append(arms, and(conj))
				}
				break
			}
			op := strict
			// the last column, or one before an infinite value that closes the range
			if end == len(vals)-1 {
				op = last
			} else if n := vals[end+1].Kind; n == BoundMinValue && strict == ">" || n == BoundMaxValue && strict == "<" {
				op = strict + "="
				conj = append(conj, "("+w.col(end)+" "+op+" "+w.value(end, v)+")")
				arms = append(arms, and(conj))
				break
			}
			conj = append(conj, "("+w.col(end)+" "+op+" "+w.value(end, v)+")")
			arms = append(arms, and(conj))
		}
		switch len(arms) {
		case 0:
			return ""
		case 1:
			return arms[0]
		}
		return "(" + strings.Join(arms, " OR ") + ")"
	}
	if s := side(b.From, ">", ">="); s != "" {
		out = append(out, s)
	}
	if s := side(b.To, "<", "<"); s != "" {
		out = append(out, s)
	}
	return out
}
