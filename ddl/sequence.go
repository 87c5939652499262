package ddl

import (
	"math"
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// newSequence makes a sequence's descriptor. typ is the type unless AS says another.
func (c *Ctx) newSequence(schema *catalog.Schema, name string, typ *types.Type, opts []*ast.SequenceOption) (*catalog.Sequence, error) {
	s := &catalog.Sequence{SchemaOID: schema.OID, Name: name, TypeOID: typ.OID, Increment: 1, Cache: 1, Owner: c.role(),
		Schema: schema, Persistence: catalog.Permanent}
	if err := c.sequenceOptions(s, opts, true); err != nil {
		return nil, err
	}
	oid, err := c.newOID()
	s.OID = oid
	return s, err
}

func seqBounds(oid catalog.OID) (lo, hi int64) {
	switch oid {
	case types.Int2.OID:
		return math.MinInt16, math.MaxInt16
	case types.Int4.OID:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// retype gives a sequence another type: bounds that were the old type's limits become the
// new type's.
func retype(s *catalog.Sequence, t catalog.OID) {
	lo, hi := seqBounds(s.TypeOID)
	nlo, nhi := seqBounds(t)
	if s.Max == hi {
		s.Max = nhi
	}
	if s.Min == lo {
		s.Min = nlo
	}
	s.TypeOID = t
}

// sequenceOptions applies the clauses of CREATE or ALTER SEQUENCE.
func (c *Ctx) sequenceOptions(s *catalog.Sequence, opts []*ast.SequenceOption, create bool) error {
	seen := map[ast.SequenceOptionKind]*ast.SequenceOption{}
	num := func(o *ast.SequenceOption) (int64, error) {
		v, err := strconv.ParseInt(o.Value, 10, 64)
		if err != nil {
			return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "value %q is out of range for type bigint", o.Value)
		}
		return v, nil
	}
	for _, o := range opts {
		if seen[o.Kind] != nil {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos())
		}
		seen[o.Kind] = o
	}
	var err error
	if o := seen[ast.SequenceAs]; o != nil {
		t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), o.Type)
		if err != nil {
			return err
		}
		if t != types.Int2 && t != types.Int4 && t != types.Int8 {
			if s.Internal {
				return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
			}
			return pgerr.New(pgerr.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
		}
		if create {
			s.TypeOID = t.OID
		} else {
			retype(s, t.OID)
		}
	}
	if o := seen[ast.SequenceIncrement]; o != nil {
		if s.Increment, err = num(o); err != nil {
			return err
		}
		if s.Increment == 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "INCREMENT must not be zero")
		}
	}
	if o := seen[ast.SequenceCycle]; o != nil {
		s.Cycle = o.Value != "no"
	}
	lo, hi := seqBounds(s.TypeOID)
	if o := seen[ast.SequenceMaxValue]; o != nil && o.Value != "" {
		if s.Max, err = num(o); err != nil {
			return err
		}
	} else if create || o != nil {
		if s.Max = hi; s.Increment < 0 {
			s.Max = -1
		}
	}
	if o := seen[ast.SequenceMinValue]; o != nil && o.Value != "" {
		if s.Min, err = num(o); err != nil {
			return err
		}
	} else if create || o != nil {
		if s.Min = 1; s.Increment < 0 {
			s.Min = lo
		}
	}
	typeName := types.Format(types.ByOID(s.TypeOID), -1)
	if s.Max > hi || s.Max < lo {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MAXVALUE (%d) is out of range for sequence data type %s", s.Max, typeName)
	}
	if s.Min > hi || s.Min < lo {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MINVALUE (%d) is out of range for sequence data type %s", s.Min, typeName)
	}
	if s.Min >= s.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", s.Min, s.Max)
	}
	if o := seen[ast.SequenceStart]; o != nil {
		if s.Start, err = num(o); err != nil {
			return err
		}
	} else if create {
		if s.Start = s.Min; s.Increment < 0 {
			s.Start = s.Max
		}
	}
	if s.Start < s.Min {
		return pgerr.Newf(pgerr.InvalidParameterValue, "START value (%d) cannot be less than MINVALUE (%d)", s.Start, s.Min)
	}
	if s.Start > s.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "START value (%d) cannot be greater than MAXVALUE (%d)", s.Start, s.Max)
	}
	if o := seen[ast.SequenceCache]; o != nil {
		if s.Cache, err = num(o); err != nil {
			return err
		}
		if s.Cache <= 0 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "CACHE (%d) must be greater than zero", s.Cache)
		}
	}
	if o := seen[ast.SequenceOwnedBy]; o != nil {
		if s.Internal && !create {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot change ownership of identity sequence").
				WithDetail("Sequence %q is linked to table %q.", s.Name, c.snap().Table(s.OwnerTable).Name)
		}
		if len(o.Name) == 1 {
			if !strings.EqualFold(o.Name[0], "none") {
				return pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
			}
			s.OwnerTable, s.OwnerAttnum = 0, 0
		} else {
			rv := &ast.RangeVar{Name: o.Name[len(o.Name)-2]}
			if len(o.Name) > 2 {
				rv.Schema = o.Name[len(o.Name)-3]
			}
			oid := c.find(rv)
			if oid == 0 {
				return c.missing(rv)
			}
			t := c.snap().Table(oid)
			if t == nil {
				return pgerr.Newf(pgerr.WrongObjectType, "sequence cannot be owned by relation %q", rv.Name)
			}
			if t.SchemaOID != s.SchemaOID {
				return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
			}
			col := t.ColumnByName(o.Name[len(o.Name)-1])
			if col == nil {
				return pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", o.Name[len(o.Name)-1], t.Name)
			}
			s.OwnerTable, s.OwnerAttnum = t.OID, col.Attnum
		}
	}
	if o := seen[ast.SequenceRestart]; o != nil && !create {
		v := s.Start
		if o.Value != "" {
			if v, err = num(o); err != nil {
				return err
			}
		}
		if v < s.Min {
			return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", v, s.Min)
		}
		if v > s.Max {
			return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", v, s.Max)
		}
		cp := *s
		c.Restart(&cp, v)
	} else if !create {
		last, _, err := c.Sequences.Position(s)
		if err != nil {
			return executor.StoreError(err)
		}
		if last < s.Min {
			return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", last, s.Min)
		}
		if last > s.Max {
			return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", last, s.Max)
		}
	}
	return nil
}

func (c *Ctx) createSequence(n *ast.CreateSequenceStmt) error {
	schema, err := c.creationSchema(n.Name.Schema, n.Persistence == ast.Temporary, n.Name.Pos())
	if err != nil {
		return err
	}
	if err := c.claim(schema, n.Name.Name); err != nil {
		if n.IfNotExists && pgerr.CodeOf(err) == pgerr.DuplicateTable {
			c.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", n.Name.Name)
			return nil
		}
		return err
	}
	s, err := c.newSequence(schema, n.Name.Name, types.Int8, n.Options)
	if err != nil {
		return err
	}
	s.Persistence = persistence(n.Persistence)
	return c.put(s)
}

// sequence finds a sequence and gives a copy to change.
func (c *Ctx) sequence(rv *ast.RangeVar) (*catalog.Sequence, error) {
	oid := c.find(rv)
	if oid == 0 {
		return nil, c.missing(rv)
	}
	s := c.snap().Sequence(oid)
	if s == nil {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%q is not a sequence", rv.Name)
	}
	if _, err := c.Txn.Lock(c, catalog.TableLockKey(c.snap().Database().OID, oid), kv.LockOptions{Mode: kv.LockTableShareRowExclusive, Timeout: c.LockTimeout}); err != nil {
		return nil, executor.StoreError(err)
	}
	cp := *s
	return &cp, c.ownSequence(s)
}

func (c *Ctx) alterSequence(n *ast.AlterSequenceStmt) error {
	s, err := c.sequence(n.Name)
	if err != nil {
		if n.IfExists && pgerr.CodeOf(err) == pgerr.UndefinedTable {
			c.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Name.Name)
			return nil
		}
		return err
	}
	if err := c.sequenceOptions(s, n.Options, false); err != nil {
		return err
	}
	return c.put(s)
}
