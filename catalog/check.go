package catalog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// CheckCatalog verifies the catalog stored in r: that every descriptor decodes, lies at the
// key of its OID, names only what exists, and that names, OIDs and storage numbers are
// taken once. It gives the catalogs of all databases, the main one first; none when they are
// too damaged to be loaded. report is told each damage; an error of its own ends the check.
func CheckCatalog(r kv.Reader, report func(kv.Damage) error) ([]*Snapshot, error) {
	c := &catalogCheck{objects: map[OID][]Object{}, storages: map[uint32]string{}, report: report}
	if err := c.read(r); err != nil {
		return nil, err
	}
	for _, database := range slices.Sorted(maps.Keys(c.objects)) {
		c.database, c.byOID, c.oids, c.names = database, map[OID]Object{}, map[OID]string{}, map[relName]string{}
		for _, o := range c.objects[database] {
			if _, stats := o.(*StatsObject); !stats {
				_, oid := o.objectKey()
				c.byOID[oid] = o
			}
		}
		for _, o := range c.objects[database] {
			if err := c.object(o); err != nil {
				return nil, err
			}
		}
	}
	if err := c.counter(r); err != nil || c.broken {
		return nil, err
	}
	return c.load(r)
}

// catalogCheck is a CheckCatalog under way.
type catalogCheck struct {
	objects  map[OID][]Object // by database; of 0, those of the main one and shared ones
	storages map[uint32]string
	maxOID   OID
	greatest string // what has it
	// Of the database that is being checked:
	database OID
	byOID    map[OID]Object
	oids     map[OID]string // what an OID stands for
	names    map[relName]string
	broken   bool // not fit to be loaded
	report   func(kv.Damage) error
}

func (c *catalogCheck) damaged(key []byte, format string, args ...any) error {
	c.broken = true
	return c.report(kv.Damage{Key: append([]byte(nil), key...), Place: "catalog", What: fmt.Sprintf(format, args...)})
}

// key is where a descriptor of the database that is being checked lies.
func (c *catalogCheck) key(o Object) []byte {
	if shared(o) {
		return descKey(0, o)
	}
	return descKey(c.database, o)
}

// read decodes the descriptors.
func (c *catalogCheck) read(r kv.Reader) error {
	var told error // of report
	undecoded := func(key []byte, err error) error {
		told = c.damaged(key, "the descriptor does not decode: %v", err)
		return told
	}
	err := eachDescriptor(r, func(key, value []byte, database OID, kind objectKind) error {
		o, err := decodeObject(kind, value)
		if err != nil {
			return undecoded(key, err)
		}
		if own := descKey(database, o); string(own) != string(key) {
			told = c.damaged(key, "the descriptor is that of %s", keyenc.Pretty(own))
			return told
		}
		if database != 0 && shared(o) {
			told = c.damaged(key, "what all databases share is in one")
			return told
		}
		c.objects[database] = append(c.objects[database], o)
		return nil
	}, undecoded)
	if err == nil || told != nil {
		return told
	}
	return c.damaged(mainPrefix, "the descriptors cannot be read: %v", err)
}

// take notes that oid stands for what.
func (c *catalogCheck) take(o Object, oid OID, what string) error {
	if oid == 0 {
		return nil
	}
	if was, ok := c.oids[oid]; ok {
		return c.damaged(c.key(o), "%s has OID %d, which %s has too", what, oid, was)
	}
	c.oids[oid] = what
	if oid > c.maxOID {
		c.maxOID, c.greatest = oid, what
	}
	return nil
}

func (c *catalogCheck) name(o Object, schema OID, name, what string) error {
	if _, ok := c.byOID[schema].(*Schema); !ok {
		return c.damaged(c.key(o), "%s is in schema %d, which does not exist", what, schema)
	}
	n := relName{schema, name}
	if was, ok := c.names[n]; ok {
		return c.damaged(c.key(o), "%s has a name that %s has too", what, was)
	}
	c.names[n] = what
	return nil
}

// object checks one descriptor against the others.
func (c *catalogCheck) object(o Object) error {
	switch o := o.(type) {
	case *Schema:
		what := fmt.Sprintf("schema %q", o.Name)
		if err := c.take(o, o.OID, what); err != nil {
			return err
		}
		n := relName{0, o.Name}
		if _, ok := c.names[n]; ok {
			return c.damaged(c.key(o), "%s is there twice", what)
		}
		c.names[n] = what
	case *UserType:
		what := fmt.Sprintf("type %q", o.Name)
		if err := c.take(o, o.OID, what); err != nil {
			return err
		}
		if err := c.take(o, o.ArrayOID, "array of "+what); err != nil {
			return err
		}
		if _, ok := c.byOID[o.SchemaOID].(*Schema); !ok {
			return c.damaged(c.key(o), "%s is in schema %d, which does not exist", what, o.SchemaOID)
		}
	case *Sequence:
		what := fmt.Sprintf("sequence %q", o.Name)
		if err := c.take(o, o.OID, what); err != nil {
			return err
		}
		if err := c.name(o, o.SchemaOID, o.Name, what); err != nil {
			return err
		}
		if o.Increment == 0 || o.Min > o.Max || o.Start < o.Min || o.Start > o.Max {
			return c.damaged(c.key(o), "%s counts by %d from %d within %d and %d", what, o.Increment, o.Start, o.Min, o.Max)
		}
		if t, ok := c.byOID[o.OwnerTable].(*Table); o.OwnerTable != 0 && (!ok || !t.has(o.OwnerAttnum)) {
			return c.damaged(c.key(o), "%s is owned by column %d of table %d, which does not exist", what, o.OwnerAttnum, o.OwnerTable)
		}
	case *Table:
		return c.table(o)
	case *StatsObject:
		if t, ok := c.byOID[o.Table].(*Table); !ok {
			return c.report(kv.Damage{Key: c.key(o), Place: "catalog", What: fmt.Sprintf("statistics of table %d, which does not exist", o.Table), Harmless: true})
		} else if o.Stats != nil {
			for attnum := range o.Stats.Columns {
				if attnum <= 0 || int(attnum) > len(t.Columns) {
					return c.damaged(c.key(o), "statistics of column %d of table %q, which has none", attnum, t.Name)
				}
			}
		}
	}
	return nil
}

// has tells whether a table has a live column of that number.
func (t *Table) has(attnum int16) bool {
	return attnum > 0 && int(attnum) <= len(t.Columns) && !t.Columns[attnum-1].Dropped
}

func (c *catalogCheck) table(t *Table) error {
	what := fmt.Sprintf("table %q", t.Name)
	switch t.Kind {
	case KindView:
		what = fmt.Sprintf("view %q", t.Name)
	case KindMatView:
		what = fmt.Sprintf("materialized view %q", t.Name)
	}
	if err := c.take(t, t.OID, what); err != nil {
		return err
	}
	if err := c.take(t, t.RowTypeOID, "row type of "+what); err != nil {
		return err
	}
	if err := c.take(t, t.ArrayTypeOID, "array type of "+what); err != nil {
		return err
	}
	if err := c.name(t, t.SchemaOID, t.Name, what); err != nil {
		return err
	}
	if t.Storage != 0 {
		if was, ok := c.storages[t.Storage]; ok {
			return c.damaged(c.key(t), "%s keeps its rows under number %d, as %s does", what, t.Storage, was)
		}
		c.storages[t.Storage] = what
	} else if t.Stored() {
		return c.damaged(c.key(t), "%s has no place for its rows", what)
	}
	if err := t.sound(); err != nil {
		return c.damaged(c.key(t), "%s: %v", what, err)
	}
	names := map[string]bool{}
	for i := range t.Columns {
		col := &t.Columns[i]
		if col.Dropped {
			continue
		}
		if names[col.Name] {
			return c.damaged(c.key(t), "%s has two columns %q", what, col.Name)
		}
		names[col.Name] = true
		if _, ok := c.byOID[col.SeqOID].(*Sequence); col.SeqOID != 0 && !ok {
			return c.damaged(c.key(t), "column %q of %s counts by sequence %d, which does not exist", col.Name, what, col.SeqOID)
		}
	}
	numbers := map[uint32]bool{}
	for _, ix := range t.Indexes {
		if numbers[ix.Number] && t.Storage != 0 {
			return c.damaged(c.key(t), "%s has two indexes of number %d", what, ix.Number)
		}
		numbers[ix.Number] = true
		if ix.OID == 0 {
			continue
		}
		iname := fmt.Sprintf("index %q", ix.Name)
		if err := c.take(t, ix.OID, iname); err != nil {
			return err
		}
		if err := c.name(t, t.SchemaOID, ix.Name, iname); err != nil {
			return err
		}
	}
	for _, fk := range t.ForeignKeys {
		to, ok := c.byOID[fk.RefTable].(*Table)
		if !ok {
			return c.damaged(c.key(t), "foreign key %q of %s refers to table %d, which does not exist", fk.Name, what, fk.RefTable)
		}
		for _, a := range fk.RefColumns {
			if !to.has(a) {
				return c.damaged(c.key(t), "foreign key %q of %s refers to column %d of table %q, which does not exist", fk.Name, what, a, to.Name)
			}
		}
		if fk.RefIndex != 0 && to.IndexByOID(fk.RefIndex) == nil {
			return c.damaged(c.key(t), "foreign key %q of %s rests on index %d of table %q, which does not exist", fk.Name, what, fk.RefIndex, to.Name)
		}
	}
	return nil
}

// sound tells what makes a table's descriptor unfit to be part of a catalog: what
// those who use it take for granted.
func (t *Table) sound() error {
	for i := range t.Columns {
		if int(t.Columns[i].Attnum) != i+1 {
			return fmt.Errorf("column %d has the number %d", i+1, t.Columns[i].Attnum)
		}
	}
	column := func(a int16) error {
		if !t.has(a) {
			return fmt.Errorf("there is no column %d", a)
		}
		return nil
	}
	for _, ix := range t.Indexes {
		if ix == nil {
			return fmt.Errorf("an index is missing")
		}
		for _, k := range ix.Keys {
			if k.Attnum != 0 {
				if err := column(k.Attnum); err != nil {
					return fmt.Errorf("index %q: %w", ix.Name, err)
				}
			} else if k.Expr == "" {
				return fmt.Errorf("index %q: a key is neither column nor expression", ix.Name)
			}
		}
		for _, a := range ix.Include {
			if err := column(a); err != nil {
				return fmt.Errorf("index %q: %w", ix.Name, err)
			}
		}
	}
	for _, k := range t.Checks {
		if k == nil {
			return fmt.Errorf("a check constraint is missing")
		}
	}
	for _, fk := range t.ForeignKeys {
		if fk == nil {
			return fmt.Errorf("a foreign key is missing")
		}
		if len(fk.Columns) == 0 || len(fk.Columns) != len(fk.RefColumns) {
			return fmt.Errorf("foreign key %q has %d columns for %d", fk.Name, len(fk.Columns), len(fk.RefColumns))
		}
		for _, a := range fk.Columns {
			if err := column(a); err != nil {
				return fmt.Errorf("foreign key %q: %w", fk.Name, err)
			}
		}
	}
	if t.Stored() && len(t.Indexes) == 0 {
		return fmt.Errorf("it has no primary index")
	}
	if (t.Kind == KindView || t.Kind == KindMatView) && t.View == nil {
		return fmt.Errorf("it has no query")
	}
	return nil
}

// counter checks that numbers still to be given are above those given.
func (c *catalogCheck) counter(r kv.Reader) error {
	if v, ok, err := r.Get(versionKey); err != nil || !ok || len(v) != 8 {
		return c.damaged(versionKey, "the version is missing or damaged")
	}
	v, ok, err := r.Get(oidKey)
	if err != nil || !ok || len(v) != 4 {
		return c.damaged(oidKey, "the counter is missing or damaged")
	}
	if next := OID(binary.BigEndian.Uint32(v)); next <= c.maxOID {
		return c.damaged(oidKey, "the next OID is %d, but %s has %d", next, c.greatest, c.maxOID)
	}
	return nil
}

// load makes the catalog. What went unseen so far must not end the process.
func (c *catalogCheck) load(r kv.Reader) (all []*Snapshot, err error) {
	defer func() {
		if p := recover(); p != nil {
			all, err = nil, c.damaged(versionKey, "the descriptors make no catalog: %v", p)
		}
	}()
	st, err := load(r)
	if err != nil {
		return nil, c.damaged(versionKey, "the descriptors make no catalog: %v", err)
	}
	for _, d := range st.of[DatabaseOID].Databases() {
		all = append(all, st.of[d.OID])
	}
	return all, nil
}

// CheckStored verifies what the store holds besides descriptors and the rows of
// tables: positions of sequences, and keys that belong to nothing in any database.
func CheckStored(r kv.Reader, databases []*Snapshot, report func(kv.Damage) error) error {
	seqs := kv.PrefixRange(keyenc.AppendKind(nil, keyenc.KindSequence))
	err := kv.Each(r.Scan(seqs, kv.ScanOptions{}), func(key, value []byte) error {
		oid, rest, err := keyenc.DecodeUint32(key[1:])
		if err != nil || len(rest) > 0 {
			return report(kv.Damage{Key: bytes.Clone(key), Place: "sequences", What: "the key does not decode"})
		}
		var seq *Sequence
		for _, snap := range databases {
			if seq = snap.Sequence(OID(oid)); seq != nil {
				break
			}
		}
		switch {
		case len(value) != 9 || value[8] > 1:
			return report(kv.Damage{Key: bytes.Clone(key), Place: "sequences", What: "the position does not decode"})
		case seq == nil:
			return report(kv.Damage{Key: bytes.Clone(key), Place: "sequences", What: "no sequence has this number", Harmless: true})
		}
		if last := int64(binary.BigEndian.Uint64(value)); last < seq.Min || last > seq.Max {
			return report(kv.Damage{Key: bytes.Clone(key), Place: fmt.Sprintf("sequence %q", seq.Name), What: fmt.Sprintf("the position %d is not within %d and %d", last, seq.Min, seq.Max)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := checkStorages(r, databases, report); err != nil {
		return err
	}
	// Behind tables and sequences lie statistics of a kind that is no longer written,
	// names to lock, and the store's own keys.
	last := kv.PrefixRange(keyenc.AppendKind(nil, keyenc.KindLock))
	return kv.Each(r.Scan(kv.Range{Start: last.Start}, kv.ScanOptions{KeysOnly: true}), func(key, _ []byte) error {
		return report(kv.Damage{Key: bytes.Clone(key), Place: "store", What: "no key lies in this part of the store"})
	})
}

// checkStorages looks for rows that no table names.
func checkStorages(r kv.Reader, databases []*Snapshot, report func(kv.Damage) error) error {
	err := orphans(r, databases, func(part kv.Range) error {
		keys, bytes := r.EstimateKeys(part)
		return report(kv.Damage{Key: part.Start, Place: "store", Harmless: true,
			What: fmt.Sprintf("about %d keys and %d bytes of no table or index", keys, bytes)})
	})
	if damaged := (*unreadable)(nil); errors.As(err, &damaged) {
		return report(kv.Damage{Key: damaged.key, Place: "store", What: damaged.Error()})
	}
	return err
}

// unreadable tells of a key behind which the store cannot be read.
type unreadable struct {
	key []byte
	error
}

// orphans calls found with the keys of each table and index that no database has,
// jumping from one to the next.
func orphans(r kv.Reader, databases []*Snapshot, found func(part kv.Range) error) error {
	owned := map[[2]uint32]bool{}
	for _, snap := range databases {
		for _, t := range snap.Tables() {
			for _, ix := range t.Indexes {
				if t.Storage != 0 {
					owned[[2]uint32{t.Storage, ix.Number}] = true
				}
			}
		}
	}
	rest := kv.PrefixRange(keyenc.AppendKind(nil, keyenc.KindTable))
	for {
		key, ok, err := firstKey(r, rest)
		if err != nil {
			return &unreadable{rest.Start, fmt.Errorf("what follows cannot be read: %w", err)}
		}
		if !ok {
			return nil
		}
		table, index, _, err := keyenc.DecodeIndexPrefix(key)
		if err != nil {
			return &unreadable{key, errors.New("the key names no table and index")}
		}
		part := kv.PrefixRange(keyenc.AppendIndexPrefix(nil, table, index))
		if !owned[[2]uint32{table, index}] {
			if err := found(part); err != nil {
				return err
			}
		}
		rest.Start = part.End
	}
}

func firstKey(r kv.Reader, in kv.Range) ([]byte, bool, error) {
	if in.Empty() {
		return nil, false, nil
	}
	it := r.Scan(in, kv.ScanOptions{Limit: 1, KeysOnly: true})
	defer it.Close()
	var b kv.PairBatch
	n, err := it.Next(&b)
	if err != nil || n == 0 {
		return nil, false, err
	}
	return append([]byte(nil), b.Keys[0]...), true, nil
}
