// Package introspection compares what the system relations and functions tell
// clients with what PostgreSQL 15 tells them about the same schema.
package introspection

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed schema.sql
var schema string

// side is one of the two servers.
type side struct {
	name string
	conn *pgconn.PgConn
	// names maps numbers of objects that the schema made to what they are, which is
	// the same on both sides; oids maps back.
	names, oids map[string]string
}

// result is what a statement gave, as text.
type result struct {
	columns []string
	rows    [][]string
	err     string
}

// connect opens a database in which the schema stands.
func connect(t *testing.T, name, url, script string) *side {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(ctx) })
	s := &side{name: name, conn: c.PgConn(), names: map[string]string{}, oids: map[string]string{}}
	if _, err := s.conn.Exec(ctx, script).ReadAll(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, q := range []string{
		`SELECT oid, 'relation ' || relname FROM pg_class WHERE oid >= 16384 ORDER BY 2`,
		`SELECT oid, 'type ' || typname FROM pg_type WHERE oid >= 16384 ORDER BY 2`,
		`SELECT c.oid, 'constraint ' || conname FROM pg_constraint c WHERE c.oid >= 16384 ORDER BY 2`,
		`SELECT d.oid, 'default ' || relname || adnum FROM pg_attrdef d JOIN pg_class c ON c.oid = adrelid ORDER BY 2`,
		`SELECT r.oid, 'rule ' || relname FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class WHERE c.oid >= 16384 ORDER BY 2`,
		`SELECT oid, 'label ' || enumlabel FROM pg_enum ORDER BY 2`,
		`SELECT oid, 'schema ' || nspname FROM pg_namespace WHERE oid >= 16384 ORDER BY 2`,
	} {
		r := s.run(t, q, nil)
		if r.err != "" {
			t.Fatalf("%s: %s: %s", name, q, r.err)
		}
		for _, row := range r.rows {
			s.names[row[0]], s.oids[row[1]] = row[1], row[0]
		}
	}
	return s
}

// run runs one statement. Parameters are chosen by their types.
func (s *side) run(t *testing.T, sql string, param func(oid uint32) []byte) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var args [][]byte
	if param != nil {
		d, err := s.conn.Prepare(ctx, "", sql, nil)
		if err != nil {
			return result{err: errorText(err)}
		}
		for _, oid := range d.ParamOIDs {
			args = append(args, param(oid))
		}
	}
	reader := s.conn.ExecParams(ctx, sql, args, nil, nil, nil)
	r := reader.Read()
	out := result{}
	for _, f := range reader.FieldDescriptions() {
		typ := fmt.Sprint(f.DataTypeOID)
		if name, ok := s.names[typ]; ok {
			typ = name
		}
		out.columns = append(out.columns, f.Name+":"+typ)
	}
	for _, row := range r.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			switch name, ok := s.names[string(v)]; {
			case v == nil:
				line[i] = "NULL"
			case ok:
				line[i] = name
			default:
				line[i] = string(v)
			}
		}
		out.rows = append(out.rows, line)
	}
	if r.Err != nil {
		out.err = errorText(r.Err)
	}
	return out
}

func errorText(err error) string {
	if e, ok := err.(*pgconn.PgError); ok {
		return e.Code + " " + e.Message
	}
	return err.Error()
}

// both connects to an empty database on either side and makes the schema.
func both(t *testing.T) (pg, rk *side) {
	t.Helper()
	pgURL, rkURL := databases(t)
	return connect(t, "PostgreSQL", pgURL, schema), connect(t, "rowkey", rkURL, schema)
}

// freshDatabase makes a database on a server for the time of the test.
func freshDatabase(t *testing.T, url, name string) (ofDatabase string) {
	t.Helper()
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		admin.Close(ctx)
	})
	return inDatabase(url, name)
}

var databasePart = regexp.MustCompile(`/[^/?]*(\?|$)`)

// inDatabase puts another database into a URL.
func inDatabase(url, name string) string { return databasePart.ReplaceAllString(url, "/"+name+"$1") }

// statements reads what clients were seen to send; none if it is not at hand.
func statements(t *testing.T) []string {
	files, _ := filepath.Glob("../../../shared/data/client-statements/*.sql.txt")
	if len(files) == 0 {
		t.Skip("no captured client statements beside the repository")
	}
	var list []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strings.Split(string(text), "\n----\n") {
			if _, body, ok := strings.Cut(s, "\n"); ok && strings.HasPrefix(s, "-- client:") {
				s = body
			}
			if s = strings.TrimSuffix(strings.TrimSpace(s), "\n----"); strings.TrimSpace(s) != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

var (
	userOID  = regexp.MustCompile(`\b(1[6-9]|[2-6][0-9])[0-9]{3}\b`)
	readOnly = regexp.MustCompile(`(?is)^\s*(/\*.*?\*/\s*)*(select|with|show|values)\b`)
)

// TestClientStatements runs every introspection statement of real clients on
// both sides. The results must be equal but for what explained_test.go lists.
func TestClientStatements(t *testing.T) {
	pg, rk := both(t)
	ex := explain(t, pg, rk)
	var names []string
	for n := range pg.oids {
		if strings.HasPrefix(n, "relation ") {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	seen := map[string]bool{}
	equal, explained, both, different := 0, 0, 0, 0
	for _, sql := range statements(t) {
		if seen[sql] || !readOnly.MatchString(sql) {
			continue
		}
		seen[sql] = true
		// Numbers of the captured database's objects become those of relations here.
		order := map[string]string{}
		for _, n := range userOID.FindAllString(sql, -1) {
			if _, ok := order[n]; !ok {
				order[n] = names[len(order)%len(names)]
			}
		}
		on := func(s *side) result {
			text := userOID.ReplaceAllStringFunc(sql, func(n string) string { return s.oids[order[n]] })
			return s.run(t, text, func(oid uint32) []byte {
				switch oid {
				case 19, 25, 1043:
					return []byte("employees")
				case 26:
					return []byte(s.oids["relation employees"])
				case 21, 23, 20:
					return []byte("1")
				}
				return nil
			})
		}
		want, got := on(pg), on(rk)
		switch {
		case want.err != got.err:
			different++
			t.Errorf("want error %q, got %q\n%s", want.err, got.err, sql)
			continue
		case want.err != "":
			both++
			continue
		case fmt.Sprint(want.columns) != fmt.Sprint(got.columns):
			different++
			t.Errorf("columns\n  want %v\n  got  %v\n%s", want.columns, got.columns, sql)
			continue
		}
		missing, extra := diff(want.rows, got.rows)
		if len(missing)+len(extra) == 0 {
			equal++
			continue
		}
		if missing, extra = ex.unexplained(want, got); len(missing)+len(extra) == 0 {
			explained++
			continue
		}
		different++
		t.Errorf("%d rows missing, %d too many\n%s%s%s", len(missing), len(extra), lines("-", missing), lines("+", extra), sql)
	}
	t.Logf("%d equal, %d equal but for what is explained, %d fail on both sides alike, %d different", equal, explained, both, different)
}

func lines(mark string, rows []string) string {
	if len(rows) > 6 && os.Getenv("VERBOSE") == "" {
		rows = append(rows[:6:6], "…")
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString("  " + mark + " " + r + "\n")
	}
	return b.String()
}

// diff compares rows without regard to order.
func diff(want, got [][]string) (missing, extra []string) {
	n := map[string]int{}
	for _, r := range want {
		n[strings.Join(r, " | ")]++
	}
	for _, r := range got {
		k := strings.Join(r, " | ")
		if n[k]--; n[k] < 0 {
			extra = append(extra, k)
		}
	}
	for k, c := range n {
		if c > 0 {
			missing = append(missing, k)
		}
	}
	sort.Strings(missing)
	return missing, extra
}
