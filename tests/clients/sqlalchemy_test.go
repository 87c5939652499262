package clients

import (
	"context"
	"encoding/xml"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestSQLAlchemy runs the tests by which SQLAlchemy judges a dialect, some 600
// of them, on PostgreSQL and rowkey at once: each must end alike.
func TestSQLAlchemy(t *testing.T) {
	needPython(t, "sqlalchemy", "pytest", "psycopg2")
	ended := map[string]map[string]string{}
	var lock sync.Mutex
	var both sync.WaitGroup
	for which, u := range ormServers(t) {
		both.Add(1)
		go func() {
			defer both.Done()
			outcomes := dialectSuite(t, which, u)
			lock.Lock()
			defer lock.Unlock()
			ended[which] = outcomes
		}()
	}
	both.Wait()
	want, got := ended["PostgreSQL"], ended["rowkey"]
	if len(want) < 600 {
		t.Fatalf("only %d tests ran on PostgreSQL", len(want))
	}
	passed := 0
	for name, w := range want {
		if g := got[name]; g != w {
			t.Errorf("%s: %s on PostgreSQL, on rowkey %s", name, w, g)
		} else if g == "passed" {
			passed++
		}
	}
	t.Logf("%d tests pass on both, %d are skipped by both", passed, len(want)-passed)
}

// dialectSuite runs the tests on one server and tells how each ended.
func dialectSuite(t *testing.T, which string, server *url.URL) map[string]string {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "sqlalchemy"))); err != nil {
		t.Error(err)
		return nil
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server.String())
	if err != nil {
		t.Error(err)
		return nil
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE SCHEMA test_schema"); err != nil { // that the tests expect
		t.Error(err)
		return nil
	}
	u := *server
	u.Scheme = "postgresql+psycopg2"
	report := filepath.Join(dir, "report.xml")
	c := exec.Command(debianPython, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:warnings", "--maxfail=1000",
		"--junitxml", report, "--dburi", u.String())
	c.Dir = dir
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, _ := c.CombinedOutput() // the report tells of tests that fail
	text, err := os.ReadFile(report)
	if err != nil {
		t.Errorf("%s: %v\n%s", which, err, out)
		return nil
	}
	var doc struct {
		Cases []struct {
			Class   string    `xml:"classname,attr"`
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &doc); err != nil {
		t.Errorf("%s: %v\n%s", which, err, out)
		return nil
	}
	outcomes := map[string]string{}
	for _, k := range doc.Cases {
		class, _, _ := strings.Cut(k.Class, "_postgresql") // the rest tells the server's version
		outcome := "passed"
		switch {
		case k.Failure != nil || k.Error != nil:
			outcome = "failed"
			t.Logf("%s: %s %s fails", which, class, k.Name)
		case k.Skipped != nil:
			outcome = "skipped"
		}
		outcomes[class+" "+k.Name] = outcome
	}
	return outcomes
}
