package session

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"rowkey/kv/memory"
	"rowkey/types"
)

var rewriteKeys = flag.Bool("rewrite-keyspace", false, "write testdata/keyspace.txt anew")

// openSession opens a database in memory and a session of it, for the length of a test.
func openSession(t *testing.T) (*DB, *Session) {
	t.Helper()
	db, err := Open(context.Background(), memory.New(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := db.NewSession(context.Background(), SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return db, s
}

// Every statement of testdata/keyspace.txt gives the results written below it.
func TestKeyspaceSQL(t *testing.T) {
	ctx := context.Background()
	_, s := openSession(t)
	const file = "testdata/keyspace.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		q, want, ok := strings.Cut(block, "\n----\n")
		if q, _, _ = strings.Cut(q, "\n----"); !ok {
			want = ""
		}
		if strings.HasPrefix(q, "#") {
			now.WriteString(block + "\n\n")
			continue
		}
		w := &textWriter{}
		if err := s.Simple(ctx, q, w); err != nil {
			w.b.WriteString(err.Error() + "\n")
		}
		got := strings.TrimSuffix(w.b.String(), "\n")
		if got != want && !*rewriteKeys {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", q, got, want)
		}
		now.WriteString(q + "\n----\n" + got + "\n\n")
	}
	if *rewriteKeys {
		if err := os.WriteFile(file, []byte(now.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// textWriter collects results as lines.
type textWriter struct{ b strings.Builder }

func (w *textWriter) Columns([]Column) error { return nil }
func (w *textWriter) Rows(b *types.Batch, cols []Column) error {
	env := &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}
	each := func(i int) {
		for k, c := range cols {
			if k > 0 {
				w.b.WriteByte('|')
			}
			if v := b.Cols[k]; !v.IsNull(i) {
				w.b.WriteString(types.TextOf(c.Type, v.Datum(i), env))
			} else {
				w.b.WriteString("NULL")
			}
		}
		w.b.WriteByte('\n')
	}
	if b.Sel != nil {
		for _, i := range b.Sel {
			each(int(i))
		}
	} else {
		for i := range b.N {
			each(i)
		}
	}
	return nil
}
func (w *textWriter) Complete(tag string) error { w.b.WriteString(tag + "\n"); return nil }
func (w *textWriter) Empty() error              { return nil }
func (w *textWriter) Suspended() error          { return nil }
func (w *textWriter) CopyIn(bool, int) (CopyReader, error) {
	return nil, nil
}
func (w *textWriter) CopyOut(bool, int) error { return nil }
func (w *textWriter) CopyData(p []byte) error { w.b.Write(p); return nil }
func (w *textWriter) CopyDone() error         { return nil }

// A schema that a user made is not taken for a key space.
func TestKeyspaceSchemaOfUser(t *testing.T) {
	ctx := context.Background()
	db, s := openSession(t)
	if err := s.Simple(ctx, "CREATE SCHEMA kv7; CREATE TABLE kv7.strings (a int)", Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Keyspace().Space(ctx, 7); err == nil || !strings.Contains(err.Error(), "another purpose") {
		t.Error(err)
	}
	if err := s.Simple(ctx, "INSERT INTO kv7.strings VALUES (1); DROP SCHEMA kv7 CASCADE", Discard); err != nil {
		t.Error(err)
	}
	if _, err := db.Keyspace().Space(ctx, 7); err != nil {
		t.Error(err)
	}
}
