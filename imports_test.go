package rowkey

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers says what each package may import of this module, and why not more.
// A package stands for its sub-packages unless they are listed themselves.
var layers = map[string]struct {
	may []string
	why string
}{
	"pgerr":          {nil, "SQL errors are a vocabulary; they know nothing"},
	"parser":         {nil, "the parser turns text into trees and knows no types or tables"},
	"types":          {[]string{"pgerr"}, "values know nothing of queries"},
	"kv":             {nil, "the store knows nothing of SQL"},
	"scram":          {nil, "passwords are a protocol of their own"},
	"builtin":        {[]string{"types", "pgerr"}, "functions work on values; what they ask of a session is an interface"},
	"catalog":        {[]string{"types", "kv", "pgerr", "builtin"}, "descriptors are below planning and running"},
	"catalog/rowenc": {[]string{"catalog", "types", "kv", "pgerr"}, "the row codec knows descriptors and values"},
	"planner/plan":   {[]string{"catalog", "types", "builtin", "pgerr", "kv"}, "plans are data"},
	"planner":        {[]string{"planner/plan", "catalog", "types", "builtin", "parser", "pgerr", "kv"}, "the planner reads no rows"},
	"keyspace":       {[]string{"catalog", "catalog/rowenc", "kv", "types", "pgerr"}, "commands on keys know rows, not queries"},
	"executor":       {[]string{"planner/plan", "catalog", "catalog/rowenc", "keyspace", "types", "builtin", "kv", "pgerr"}, "the executor runs plans; it neither parses nor plans"},
	"ddl":            {[]string{"catalog", "catalog/rowenc", "executor", "kv", "parser", "pgerr", "planner", "planner/plan", "types", "builtin", "scram"}, "definitions are below sessions"},
	"plpgsql":        {[]string{"parser", "types", "pgerr"}, "a language over SQL; what runs the SQL is an interface"},
	"backup":         {nil, "backups are files; what they mean is not their business"},
	"dump":           {nil, "a dump asks a server, as any client does"},
	"session":        {[]string{"backup", "plpgsql", "catalog", "catalog/rowenc", "keyspace", "ddl", "executor", "kv", "parser", "pgerr", "planner", "planner/plan", "types", "builtin"}, "sessions are below protocols"},
	"wire":           {[]string{"session", "keyspace", "types", "pgerr", "scram"}, "a protocol sees sessions, values and errors"},
	"":               {[]string{"session", "keyspace", "wire", "kv", "types", "pgerr"}, "the library is sessions, a protocol and a store"},
}

// TestImports enforces the direction of dependencies.
func TestImports(t *testing.T) {
	owner := func(pkg string) string {
		for p := pkg; ; p = filepath.Dir(p) {
			if p == "." {
				p = ""
			}
			if _, ok := layers[p]; ok || p == "" {
				return p
			}
		}
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		dir := filepath.Dir(path)
		if top, _, _ := strings.Cut(dir, "/"); top == "cmd" || top == "tests" {
			return nil // programs and tests may use everything
		}
		if dir == "." {
			dir = ""
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		self := owner(dir)
		for _, im := range f.Imports {
			name, _ := strconv.Unquote(im.Path.Value)
			if strings.HasPrefix(name, "github.com/pingcap/tidb") && self != "parser" {
				t.Errorf("%s imports %s: only package parser may", path, name)
			}
			rest, ok := strings.CutPrefix(name, "rowkey/")
			if !ok {
				continue
			}
			target := owner(rest)
			if target == self || dir == rest {
				continue
			}
			allowed := false
			for _, m := range layers[self].may {
				allowed = allowed || m == target
			}
			if !allowed {
				t.Errorf("%s imports %s: %s", path, name, layers[self].why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
