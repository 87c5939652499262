package session

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/kv/memory"
)

// # A check names each damage by its key's path, and finds nothing where nothing is wrong.

const checkedSchema = `
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE, n numeric(10,2));
CREATE TABLE child (id int PRIMARY KEY, pid int REFERENCES parent, m mood, t text NOT NULL,
	twice int GENERATED ALWAYS AS (id * 2) STORED, CHECK (id > 0));
CREATE INDEX child_t ON child (t) INCLUDE (m);
CREATE INDEX child_big ON child (pid) WHERE id > 2;
CREATE INDEX child_lower ON child (lower(t));
CREATE TABLE plain (a int, b numeric UNIQUE DEFERRABLE);
CREATE SEQUENCE s MAXVALUE 100;
CREATE VIEW v AS SELECT parent.id, t FROM parent JOIN child ON pid = parent.id;
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20);
INSERT INTO parts VALUES (5), (15);
CREATE TABLE ofparts (a int REFERENCES parts);
INSERT INTO ofparts VALUES (5), (15);
INSERT INTO parent SELECT i, 'code' || i, i / 2.0 FROM generate_series(1, 5) i;
INSERT INTO child SELECT i, i, 'glad', 'T' || i FROM generate_series(1, 5) i;
INSERT INTO plain SELECT i, i FROM generate_series(1, 3) i;
SELECT nextval('s');
`

func openChecked(t *testing.T) (*DB, kv.Store) {
	t.Helper()
	store := memory.New()
	db, err := Open(context.Background(), store, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	runSQL(t, db, checkedSchema)
	return db, store
}

func runSQL(t *testing.T, db *DB, text string) {
	t.Helper()
	s, err := db.NewSession(context.Background(), SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Simple(context.Background(), text, Discard); err != nil {
		t.Fatal(err)
	}
}

func checkAll(t *testing.T, db *DB) []string {
	t.Helper()
	var found []string
	if _, err := db.Check(context.Background(), func(d kv.Damage) error {
		if !d.Harmless {
			found = append(found, d.String())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// raw changes pairs behind the engine's back.
type raw struct {
	t     *testing.T
	store kv.Store
	cat   *catalog.Snapshot
}

// path replaces names: table/index number.
func (r raw) key(path string) []byte {
	r.t.Helper()
	for _, t := range r.cat.Tables() {
		for _, ix := range t.Indexes {
			path = strings.Replace(path, fmt.Sprintf("/%s/%s/", t.Name, ix.Name), fmt.Sprintf("/Table/%d/%d/", t.Storage, ix.Number), 1)
		}
		path = strings.Replace(path, fmt.Sprintf("/%s/rows/", t.Name), fmt.Sprintf("/Table/%d/1/", t.Storage), 1)
	}
	snap := r.store.Snapshot()
	defer snap.Close()
	it := snap.Scan(kv.Range{}, kv.ScanOptions{KeysOnly: true})
	defer it.Close()
	var b kv.PairBatch
	for {
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			r.t.Fatalf("there is no key %s (%v)", path, err)
		}
		for _, k := range b.Keys {
			if keyenc.Pretty(k) == path {
				return bytes.Clone(k)
			}
		}
	}
}

func (r raw) get(path string) []byte {
	snap := r.store.Snapshot()
	defer snap.Close()
	v, _, err := snap.Get(r.key(path))
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r raw) write(f func(kv.Txn) error) {
	r.t.Helper()
	txn, err := r.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := f(txn); err != nil {
		r.t.Fatal(err)
	}
	if err := txn.Commit(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

func (r raw) put(key, value []byte) {
	r.t.Helper()
	r.write(func(t kv.Txn) error { return t.PutCovered(key, value) })
}

func (r raw) del(path string) {
	r.t.Helper()
	key := r.key(path)
	r.write(func(t kv.Txn) error { return t.DeleteCovered(key) })
}

// replace changes bytes within a value.
func (r raw) replace(path, old, new string) {
	r.t.Helper()
	v := r.get(path)
	if !bytes.Contains(v, []byte(old)) {
		r.t.Fatalf("%s has no %q in %q", path, old, v)
	}
	r.put(r.key(path), bytes.Replace(v, []byte(old), []byte(new), 1))
}

func TestCheckFindsNothing(t *testing.T) {
	db, _ := openChecked(t)
	if found := checkAll(t, db); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(r raw)
		want   []string // each part of some line
	}{
		{"a row that does not decode", func(r raw) { r.put(r.key("/child/rows/3"), []byte("rubbish")) },
			[]string{"/Table/C/1/3 (table child): the row does not decode"}},
		{"a row cut short", func(r raw) { v := r.get("/child/rows/3"); r.put(r.key("/child/rows/3"), v[:len(v)-2]) },
			[]string{"/Table/C/1/3 (table child): the row does not decode"}},
		{"a row that is gone", func(r raw) { r.del("/child/rows/3") },
			[]string{`index "child_t" has an entry for the row /Table/C/1/3, which is not there`,
				`index "child_big" has an entry`, `index "child_lower" has an entry`}},
		{"a referenced row that is gone", func(r raw) { r.del("/parent/rows/4") },
			[]string{`/Table/C/1/4 (table child): foreign key "child_pid_fkey" names a row that table parent lacks, there is no key /Table/P/1/4`,
				`index "parent_code_key" has an entry for the row /Table/P/1/4`}},
		{"a referenced row of a partition that is gone", func(r raw) { r.del("/parts_high/rows/15") },
			[]string{`foreign key "ofparts_a_fkey" names a row that table parts lacks`}},
		{"a row at another's key", func(r raw) { r.put(r.key("/child/rows/3"), r.get("/child/rows/4")) },
			[]string{"/Table/C/1/3 (table child): the columns of the row make the key /Table/C/1/4"}},
		{"an entry that is gone", func(r raw) { r.del(`/child/child_t/"T2"/2`) },
			[]string{`/Table/C/1/2 (table child): index "child_t" lacks the entry of this row, there is no key /Table/C/2/"T2"/2`}},
		{"an entry of a unique index that is gone", func(r raw) { r.del(`/parent/parent_code_key/"code2"`) },
			[]string{`/Table/P/1/2 (table parent): index "parent_code_key" lacks the entry`}},
		{"an entry with other stored columns", func(r raw) {
			v := bytes.Clone(r.get(`/child/child_t/"T2"/2`))
			v[len(v)-8] ^= 1
			r.put(r.key(`/child/child_t/"T2"/2`), v)
		}, []string{`/Table/C/2/"T2"/2 (table child): the entry of index "child_t" does not fit the row /Table/C/1/2`}},
		{"an entry that names another row", func(r raw) {
			r.put(r.key(`/parent/parent_code_key/"code2"`), r.get(`/parent/parent_code_key/"code3"`))
		}, []string{`/Table/P/2/"code2" (table parent): index "parent_code_key" has an entry that its row /Table/P/1/3 does not make`,
			`the entry of index "parent_code_key" does not fit the row /Table/P/1/2`}},
		{"an entry too many in a partial index", func(r raw) {
			r.put(bytes.Replace(r.key("/child/child_big/3/3"), []byte{0x80, 0, 0, 3, 0x21, 0x80, 0, 0, 3}, []byte{0x80, 0, 0, 1, 0x21, 0x80, 0, 0, 1}, 1), nil)
		}, []string{`index "child_big" has an entry that its row /Table/C/1/1 does not make`}},
		{"an entry that does not decode", func(r raw) { r.put(r.key(`/child/child_t/"T2"/2`), []byte{9}) },
			[]string{`the entry of index "child_t" does not decode`}},
		{"text that is no UTF-8", func(r raw) { r.replace("/child/rows/3", "T3", "\xffx") },
			[]string{`/Table/C/1/3 (table child): column "t" holds no value of type text`}},
		{"NULL against NOT NULL", func(r raw) {
			// the row value of a table that has the same columns, and no constraint
			runSQL(r.t, r.db(), "CREATE TABLE loose (id int PRIMARY KEY, pid int, m mood, t text, twice int); INSERT INTO loose VALUES (3, 3, 'glad', NULL, 6)")
			r.cat = r.db().Catalog().Latest()
			r.put(r.key("/child/rows/3"), r.get("/loose/rows/3"))
		}, []string{`/Table/C/1/3 (table child): column "t" is null, against its NOT NULL constraint`}},
		{"a violated check, a wrong generated column", func(r raw) {
			runSQL(r.t, r.db(), "CREATE TABLE loose (id int PRIMARY KEY, pid int, m mood, t text, twice int); INSERT INTO loose VALUES (-3, 3, 'glad', 'x', 5)")
			r.cat = r.db().Catalog().Latest()
			prefix := r.key("/child/rows/3")
			own := r.key("/loose/rows/-3")
			r.put(append(bytes.Clone(prefix[:9]), own[9:]...), r.get("/loose/rows/-3"))
		}, []string{`/Table/C/1/-3 (table child): the row violates check constraint "child_id_check"`,
			`/Table/C/1/-3 (table child): generated column "twice" is not what its expression gives`}},
		{"two rows of one deferrable key", func(r raw) {
			row := r.get("/plain/rows/1")
			key := r.key("/plain/rows/1")
			entry := r.key("/plain/plain_b_key/1/1")
			other := bytes.Clone(key)
			other[len(other)-1] = 9
			otherEntry := bytes.Clone(entry)
			otherEntry[len(otherEntry)-1] = 9
			r.put(other, row)
			r.put(otherEntry, r.get("/plain/plain_b_key/1/1"))
		}, []string{`/Table/L/2/1/9 (table plain): another entry of unique index "plain_b_key" has the same columns`}},
		{"a position out of bounds", func(r raw) {
			seq := r.cat.Sequences()[0]
			r.put(catalog.SequenceKey(seq.OID), []byte{0, 0, 0, 0, 0, 0, 1, 0, 1})
		}, []string{`(sequence "s"): the position 256 is not within 1 and 100`}},
		{"a position that does not decode", func(r raw) {
			r.put(catalog.SequenceKey(r.cat.Sequences()[0].OID), []byte{1})
		}, []string{`(sequences): the position does not decode`}},
		{"a key of no kind", func(r raw) { r.put([]byte{0x77, 1}, nil) }, []string{"(store): no key lies in this part of the store"}},
		{"a descriptor that is no JSON", func(r raw) { r.put(r.descriptor("child"), []byte("{")) },
			[]string{"(catalog): the descriptor does not decode"}},
		{"a descriptor of another", func(r raw) { r.put(r.descriptor("child"), r.value(r.descriptor("parent"))) },
			[]string{"(catalog): the descriptor is that of /Catalog"}},
		{"a descriptor that is gone", func(r raw) {
			key := r.descriptor("parent")
			r.write(func(t kv.Txn) error { return t.DeleteCovered(key) })
		}, []string{`(catalog): foreign key "child_pid_fkey" of table "child" refers to table`}},
		{"an index on a column that is not there", func(r raw) {
			key := r.descriptor("child")
			r.put(key, bytes.Replace(r.value(key), []byte(`"Keys":[{"Attnum":4`), []byte(`"Keys":[{"Attnum":44`), 1))
		}, []string{`(catalog): table "child": index "child_t": there is no column 44`}},
		{"a counter that was set back", func(r raw) {
			r.put(r.key(`/Catalog/"next oid"`), []byte{0, 0, 0x40, 0})
		}, []string{`/Catalog/"next oid" (catalog): the next OID is 16384, but`}},
		{"a view that cannot be planned", func(r raw) {
			key := r.descriptor("v")
			r.put(key, bytes.Replace(r.value(key), []byte("JOIN"), []byte("JUNK"), 1))
			r.reload()
		}, []string{`view "v": it cannot be planned`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, store := openChecked(t)
			r := raw{t, store, db.Catalog().Latest()}
			checkedDB = db
			c.damage(r)
			found := strings.Join(checkAll(t, checkedDB), "\n")
			for _, w := range c.want {
				w = strings.NewReplacer("/C/", place(r.cat, "child"), "/P/", place(r.cat, "parent"), "/L/", place(r.cat, "plain")).Replace(w)
				if !strings.Contains(found, w) {
					t.Errorf("the check does not say\n  %s\nbut\n  %s", w, strings.ReplaceAll(found, "\n", "\n  "))
				}
			}
			t.Log(found)
		})
	}
}

var checkedDB *DB // of the case that runs

func (r raw) db() *DB { return checkedDB }

// reload opens the database again, to have the catalog that is stored.
func (r raw) reload() {
	r.t.Helper()
	db, err := Open(context.Background(), r.store, Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	checkedDB = db
}

func place(snap *catalog.Snapshot, name string) string {
	return fmt.Sprintf("/%d/", snap.Table(snap.Relation(snap.SchemaByName("public"), name)).Storage)
}

// descriptor finds the key of a relation's descriptor.
func (r raw) descriptor(name string) []byte {
	r.t.Helper()
	oid := r.cat.Relation(r.cat.SchemaByName("public"), name)
	return r.key(fmt.Sprintf(`/Catalog/"object"/4/%d`, oid))
}

func (r raw) value(key []byte) []byte {
	snap := r.store.Snapshot()
	defer snap.Close()
	v, _, err := snap.Get(key)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// # Whatever bytes of whatever pair are changed, a check ends with a report and no panic.
// What it does not report must be bytes that mean the same, or another valid value.
func TestCheckRandomDamage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	rounds := 150
	if testing.Short() {
		rounds = 30
	}
	silent := 0
	for range rounds {
		store := memory.New()
		db, err := Open(context.Background(), store, Options{})
		if err != nil {
			t.Fatal(err)
		}
		runSQL(t, db, checkedSchema)
		var keys, values [][]byte
		snap := store.Snapshot()
		it := snap.Scan(kv.Range{}, kv.ScanOptions{})
		var b kv.PairBatch
		for {
			n, err := it.Next(&b)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			for i := range b.Keys {
				keys, values = append(keys, bytes.Clone(b.Keys[i])), append(values, bytes.Clone(b.Values[i]))
			}
		}
		it.Close()
		snap.Close()
		i := rng.IntN(len(keys))
		r := raw{t, store, db.Catalog().Latest()}
		key, value := keys[i], values[i]
		if rng.IntN(3) == 0 || len(value) == 0 {
			r.write(func(t kv.Txn) error { return t.DeleteCovered(key) })
			key = bytes.Clone(key)
			key[rng.IntN(len(key))] ^= 1 << rng.IntN(8)
			if key[0] == kv.ReservedByte {
				continue
			}
		} else {
			value[rng.IntN(len(value))] ^= 1 << rng.IntN(8)
		}
		r.put(key, value)
		found := 0
		stored := store.Snapshot()
		_, err = catalog.CheckCatalog(stored, func(kv.Damage) error { found++; return nil })
		stored.Close()
		if err != nil {
			t.Fatal(err)
		}
		if found == 0 {
			// Without a table of a key space, which has got another key, opening is refused.
			if again, err := Open(context.Background(), store, Options{}); err != nil {
				found++
			} else {
				found += len(checkAll(t, again))
			}
		}
		if found == 0 {
			silent++
		}
		db.Close()
	}
	t.Logf("%d of %d damages are valid data", silent, rounds)
	if silent > rounds/2 {
		t.Error("most damages are not found")
	}
}
