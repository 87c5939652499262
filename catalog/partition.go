package catalog

import (
	"fmt"
	"slices"
	"sort"

	"rowkey/builtin"
	"rowkey/types"
)

// Inheritance and partitioning. A child names its parents (Table.Inherits); a
// partition has one parent, which is partitioned (Table.PartitionBy) and stores
// nothing itself, and a bound (Table.Bound): which of the parent's rows it has.
//
//	measurement      p  PARTITION BY RANGE (day)
//	├─ m_2023        r  FROM ('2023-01-01') TO ('2024-01-01')
//	├─ m_2024        p  FROM ('2024-01-01') TO ('2025-01-01')  PARTITION BY LIST (city)
//	│  ├─ m_2024_a   r  IN ('a', 'b')
//	│  └─ m_2024_x   r  DEFAULT
//	└─ m_rest        r  DEFAULT
//
// Partitions is a partitioned table's bounds in order, with which a row finds
// its partition (Route).

// PartitionStrategy is pg_partitioned_table.partstrat.
type PartitionStrategy byte

// The ways to partition.
const (
	PartitionList  PartitionStrategy = 'l'
	PartitionRange PartitionStrategy = 'r'
	PartitionHash  PartitionStrategy = 'h'
)

// String is the strategy's keyword.
func (s PartitionStrategy) String() string {
	return map[PartitionStrategy]string{PartitionList: "LIST", PartitionRange: "RANGE", PartitionHash: "HASH"}[s]
}

// PartitionKey is what PARTITION BY says.
type PartitionKey struct {
	Strategy PartitionStrategy
	Columns  []PartitionColumn
}

// PartitionColumn is one column, or expression, of a partition key.
type PartitionColumn struct {
	Attnum    int16  `json:",omitempty"` // 0 for an expression
	Expr      string `json:",omitempty"` // SQL expression when Attnum is 0
	ExprType  OID    `json:",omitempty"`
	Uses      []int16
	Collation OID    `json:",omitempty"`
	Opclass   string `json:",omitempty"` // when it is not the type's default

	Type *types.Type `json:"-"` // resolved in a Snapshot
}

// BoundKind says what a bound's value is.
type BoundKind byte

// The kinds of BoundValue.
const (
	BoundNull     BoundKind = 0
	BoundAt       BoundKind = 'v' // a value
	BoundMinValue BoundKind = '-'
	BoundMaxValue BoundKind = '+'
)

// BoundValue is one value of a partition's bound, as its type's text.
type BoundValue struct {
	Kind BoundKind `json:",omitempty"`
	Text string    `json:",omitempty"`
}

// PartitionBound is FOR VALUES …, or DEFAULT.
type PartitionBound struct {
	Strategy           PartitionStrategy
	Default            bool         `json:",omitempty"`
	In                 []BoundValue `json:",omitempty"`
	From, To           []BoundValue `json:",omitempty"`
	Modulus, Remainder int          `json:",omitempty"`
}

// IsPartition tells whether the table is a part of a partitioned one.
func (t *Table) IsPartition() bool { return t.Bound != nil }

// Stored tells whether the relation has rows of its own: a table that is not
// divided into partitions, or a materialized view.
func (t *Table) Stored() bool { return t.Kind == KindTable || t.Kind == KindMatView }

// Scannable tells whether the relation may be read: whether it is no materialized
// view without data.
func (t *Table) Scannable() bool { return t.View == nil || !t.View.Unpopulated }

// IsTable tells tables, partitioned ones included, from views of both kinds.
func (t *Table) IsTable() bool { return t.Kind == KindTable || t.Kind == KindPartitioned }

// resolvePartitionKey finds the types of a partition key's columns.
func (s *Snapshot) resolvePartitionKey(t *Table) error {
	if t.PartitionBy == nil {
		return nil
	}
	key := *t.PartitionBy
	key.Columns = slices.Clone(key.Columns)
	for i := range key.Columns {
		c := &key.Columns[i]
		if c.Attnum > 0 {
			c.Type = t.Columns[c.Attnum-1].Type
		} else if c.Type = s.Type(c.ExprType); c.Type == nil {
			return fmt.Errorf("catalog: partition key of %s: expression of type %d, which does not exist", t.Name, c.ExprType)
		}
	}
	t.PartitionBy = &key
	return nil
}

// ForeignKey finds a foreign key of the table by OID, nil if there is none.
func (t *Table) ForeignKey(oid OID) *ForeignKey {
	for _, fk := range t.ForeignKeys {
		if fk.OID == oid {
			return fk
		}
	}
	return nil
}

// HasChildren tells whether tables inherit from this one, or it has partitions.
func (s *Snapshot) HasChildren(table OID) bool { return len(s.children.at(table)) > 0 }

// Leaving tells that a partition, at some level below the tables that the older snapshot
// was shows it in, is being detached from them, or was.
func (s *Snapshot) Leaving(part *Table, was *Snapshot) bool {
	for p := part; p != nil && p.Bound != nil; p = was.ParentOf(p) {
		if now := s.Table(p.OID); now == nil || now.Detaching || now.Bound == nil {
			return true
		}
	}
	return false
}

// Children gives the tables that inherit from a table directly, by OID, without
// partitions that are being detached.
func (s *Snapshot) Children(table OID) []*Table {
	return slices.DeleteFunc(s.AllChildren(table), func(t *Table) bool { return t.Detaching })
}

// AllChildren gives the tables that inherit from a table directly, by OID.
func (s *Snapshot) AllChildren(table OID) []*Table {
	oids := slices.Clone(s.children.at(table))
	slices.Sort(oids)
	out := make([]*Table, 0, len(oids))
	for _, oid := range oids {
		if t := s.Table(oid); t != nil {
			out = append(out, t)
		}
	}
	return out
}

// Tree gives a table and all that inherit from it at any depth, each once,
// level by level; a level's tables by OID.
func (s *Snapshot) Tree(t *Table) []*Table {
	out := []*Table{t}
	seen := map[OID]bool{t.OID: true}
	for i := 0; i < len(out); i++ {
		if !s.HasChildren(out[i].OID) {
			continue
		}
		for _, c := range s.Children(out[i].OID) {
			if !seen[c.OID] {
				seen[c.OID] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// Members gives the tables whose rows a reference to t reads, in PostgreSQL's
// order: t itself if it stores rows, then its children's; partitions in the
// order of their bounds.
func (s *Snapshot) Members(t *Table) []*Table {
	if t.Kind != KindPartitioned {
		var out []*Table
		for _, m := range s.Tree(t) {
			if m.Stored() {
				out = append(out, m)
			}
		}
		return out
	}
	var out []*Table
	for _, p := range s.Partitions(t).Parts {
		if p.Kind == KindPartitioned {
			out = append(out, s.Members(p)...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// ParentOf gives the table a partition is part of, nil for other tables.
func (s *Snapshot) ParentOf(t *Table) *Table {
	if t.Bound == nil || len(t.Inherits) == 0 {
		return nil
	}
	return s.Table(t.Inherits[0])
}

// RootOf gives the partitioned table at the top of a partition's tree, t itself if it is none.
func (s *Snapshot) RootOf(t *Table) *Table {
	for p := s.ParentOf(t); p != nil; p = s.ParentOf(t) {
		t = p
	}
	return t
}

// AttnumMap gives, by attnum-1 of from's columns, the attnum of the column of
// the same name in to; 0 for dropped columns and those that to lacks.
func AttnumMap(from, to *Table) []int16 {
	m := make([]int16, len(from.Columns))
	for i := range from.Columns {
		if c := &from.Columns[i]; !c.Dropped {
			if d := to.ColumnByName(c.Name); d != nil {
				m[i] = d.Attnum
			}
		}
	}
	return m
}

// Partitions are the partitions of a table in the order of their bounds, the
// default one last.
type Partitions struct {
	Key     *PartitionKey
	Parts   []*Table
	Default int // index of the default partition, -1 if there is none
	Null    int // LIST: index of the partition that has NULL, -1 if none does
	// Bounds are the values at which a partition begins or ends: of LIST the values
	// themselves, of RANGE the lower and upper bounds. Partition i of a value is
	// Index: for LIST that of the value, for RANGE of what begins there; -1 none.
	Bounds []PartBoundary
	Index  []int
	// HASH: the greatest modulus, and the partition of each remainder by it, -1 none.
	Modulus    int
	Remainders []int

	hash []*builtin.Func
}

// PartBoundary is a point in the space of a partition key.
type PartBoundary struct {
	Kinds  []BoundKind
	Values []types.Datum
}

// Partitions gives the partitions of a partitioned table.
func (s *Snapshot) Partitions(t *Table) *Partitions {
	if p, ok := s.parts.Load(t.OID); ok {
		return p.(*Partitions)
	}
	p := MakePartitions(t, s.Children(t.OID))
	s.parts.Store(t.OID, p)
	return p
}

// boundEnv is how values of bounds are read and written as stored text.
var boundEnv = types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}

// BoundText gives a value of a bound as it is stored.
func BoundText(t *types.Type, d types.Datum) string {
	return string(types.AppendText(nil, t, d, &boundEnv))
}

// BoundDatum gives the value of a stored bound.
func BoundDatum(t *types.Type, v BoundValue) types.Datum {
	if v.Kind != BoundAt {
		return types.Null
	}
	d, err := types.Parse(t, -1, v.Text, &boundEnv)
	if err != nil { // what was stored can be read, unless the type has changed
		return types.Null
	}
	return d
}

func boundary(key *PartitionKey, vals []BoundValue) PartBoundary {
	b := PartBoundary{}
	for i, v := range vals {
		b.Kinds = append(b.Kinds, v.Kind)
		b.Values = append(b.Values, BoundDatum(key.Columns[i].Type, v))
	}
	return b
}

// Compare compares two boundaries: MINVALUE before, MAXVALUE behind all values.
func (k *PartitionKey) Compare(a, b PartBoundary) int {
	rank := func(k BoundKind) int {
		switch k {
		case BoundMinValue:
			return -1
		case BoundMaxValue:
			return 1
		}
		return 0
	}
	for i := range k.Columns {
		ra, rb := rank(a.Kinds[i]), rank(b.Kinds[i])
		if ra != rb {
			return ra - rb
		}
		if ra != 0 { // what follows an infinite bound does not count
			return 0
		}
		if c := types.Compare(k.Columns[i].Type, a.Values[i], b.Values[i]); c != 0 {
			return c
		}
	}
	return 0
}

// MakePartitions puts the partitions of t in order.
func MakePartitions(t *Table, children []*Table) *Partitions {
	key := t.PartitionBy
	p := &Partitions{Key: key, Default: -1, Null: -1}
	var def *Table
	var parts []*Table
	for _, c := range children {
		switch {
		case c.Bound == nil:
		case c.Bound.Default:
			def = c
		default:
			parts = append(parts, c)
		}
	}
	switch key.Strategy {
	case PartitionHash:
		p.hashed(parts)
	case PartitionList:
		p.listed(parts)
	default:
		p.ranged(parts)
	}
	if def != nil {
		p.Default = len(p.Parts)
		p.Parts = append(p.Parts, def)
	}
	return p
}

func (p *Partitions) listed(parts []*Table) {
	type entry struct {
		at   PartBoundary
		part *Table
	}
	var list []entry
	var null *Table
	for _, c := range parts {
		for _, v := range c.Bound.In {
			if v.Kind == BoundNull {
				null = c
				continue
			}
			list = append(list, entry{boundary(p.Key, []BoundValue{v}), c})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return p.Key.Compare(list[i].at, list[j].at) < 0 })
	number := map[*Table]int{}
	of := func(c *Table) int {
		n, ok := number[c]
		if !ok {
			n = len(p.Parts)
			number[c] = n
			p.Parts = append(p.Parts, c)
		}
		return n
	}
	for _, e := range list {
		p.Bounds = append(p.Bounds, e.at)
		p.Index = append(p.Index, of(e.part))
	}
	if null != nil {
		p.Null = of(null)
	}
}

func (p *Partitions) ranged(parts []*Table) {
	sort.SliceStable(parts, func(i, j int) bool {
		return p.Key.Compare(boundary(p.Key, parts[i].Bound.From), boundary(p.Key, parts[j].Bound.From)) < 0
	})
	p.Parts = append(p.Parts, parts...)
	for i, c := range parts {
		from, to := boundary(p.Key, c.Bound.From), boundary(p.Key, c.Bound.To)
		if n := len(p.Bounds); n > 0 && p.Key.Compare(p.Bounds[n-1], from) == 0 {
			p.Index[n-1] = i
		} else {
			p.Bounds, p.Index = append(p.Bounds, from), append(p.Index, i)
		}
		p.Bounds, p.Index = append(p.Bounds, to), append(p.Index, -1)
	}
}

func (p *Partitions) hashed(parts []*Table) {
	sort.SliceStable(parts, func(i, j int) bool {
		a, b := parts[i].Bound, parts[j].Bound
		if a.Modulus != b.Modulus {
			return a.Modulus < b.Modulus
		}
		return a.Remainder < b.Remainder
	})
	p.Parts = append(p.Parts, parts...)
	if len(parts) == 0 {
		return
	}
	p.Modulus = parts[len(parts)-1].Bound.Modulus
	p.Remainders = make([]int, p.Modulus)
	for i := range p.Remainders {
		p.Remainders[i] = -1
	}
	for i, c := range parts {
		for r := c.Bound.Remainder; r < p.Modulus; r += c.Bound.Modulus {
			p.Remainders[r] = i
		}
	}
	p.hash = hashFunctions(p.Key)
}

// Route gives the partition for a row with the given values of the partition
// key: an index of Parts, -1 if there is none.
func (p *Partitions) Route(vals []types.Datum) int {
	n := -1
	switch p.Key.Strategy {
	case PartitionHash:
		if p.Modulus > 0 {
			n = p.Remainders[hashRow(p.hash, vals)%uint64(p.Modulus)]
		}
		return n
	case PartitionList:
		if vals[0].IsNull() {
			n = p.Null
		} else if i := p.find(vals); i >= 0 && types.Compare(p.Key.Columns[0].Type, p.Bounds[i].Values[0], vals[0]) == 0 {
			n = p.Index[i]
		}
	default:
		for _, v := range vals {
			if v.IsNull() { // no range has it
				return p.Default
			}
		}
		if i := p.find(vals); i >= 0 {
			n = p.Index[i]
		}
	}
	if n < 0 {
		n = p.Default
	}
	return n
}

// find gives the last boundary that is not above vals, -1 if all are.
func (p *Partitions) find(vals []types.Datum) int {
	return sort.Search(len(p.Bounds), func(i int) bool { return p.compareTo(&p.Bounds[i], vals) > 0 }) - 1
}

// compareTo compares a boundary with the values of a row.
func (p *Partitions) compareTo(b *PartBoundary, vals []types.Datum) int {
	for i := range vals {
		switch b.Kinds[i] {
		case BoundMinValue:
			return -1
		case BoundMaxValue:
			return 1
		}
		if c := types.Compare(p.Key.Columns[i].Type, b.Values[i], vals[i]); c != 0 {
			return c
		}
	}
	return 0
}

// partitionSeed is PostgreSQL's HASH_PARTITION_SEED.
const partitionSeed = 0x7A5B22367996DCFD

// hashRow combines the hashes of a row's values as PostgreSQL does.
func hashRow(fns []*builtin.Func, vals []types.Datum) uint64 {
	var h uint64
	for i, v := range vals {
		if v.IsNull() || i >= len(fns) {
			continue
		}
		var one uint64
		if fns[i] != nil {
			d, err := builtin.Call(fns[i], nil, []types.Datum{v, types.NewInt(partitionSeed)})
			if err != nil {
				continue
			}
			one = uint64(d.I)
		}
		h ^= one + 0x49a0f4dd15e5a8e3 + h<<54 + h>>7
	}
	return h
}

// HashFunction finds the extended hash function of a type's default operator
// class, nil if it has none.
func HashFunction(t *types.Type) *builtin.Func {
	u := t.Under()
	name := map[*types.Type]string{types.Int2: "hashint2extended", types.Int4: "hashint4extended", types.Int8: "hashint8extended",
		types.Oid: "hashoidextended", types.Text: "hashtextextended", types.VarChar: "hashtextextended", types.Name: "hashnameextended",
		types.BPChar: "hashbpcharextended", types.UUID: "uuid_hash_extended", types.Float4: "hashfloat4extended", types.Float8: "hashfloat8extended",
		types.Date: "hashint4extended", types.Timestamp: "hashint8extended", types.TimestampTZ: "hashint8extended", types.Time: "hashint8extended",
		types.Bool: "hashcharextended"}[u]
	if name == "" {
		return nil
	}
	for _, f := range builtin.Funcs(name) {
		return f
	}
	return nil
}

func hashFunctions(k *PartitionKey) []*builtin.Func {
	out := make([]*builtin.Func, len(k.Columns))
	for i := range k.Columns {
		out[i] = HashFunction(k.Columns[i].Type)
	}
	return out
}
