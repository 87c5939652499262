package planner

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewriteFlag = flag.Bool("rewrite", false, "rewrite the golden files of testdata")

// TestGolden runs testdata/*: statements and their plans. A case is
//
//	# what it shows
//	plan [expect=Rule …] [expect-not=Rule …] [costs] [verbose] [algebra]
//	SELECT …
//	----
//	expected output, up to an empty line
//
// "ddl" cases make tables, "rows t=1000" sets a table's estimated size.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { golden(t, f) })
	}
}

func golden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestCatalog(t, "")
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
		var comment, body []string
		for _, l := range strings.Split(block, "\n") {
			if strings.HasPrefix(l, "#") && len(body) == 0 {
				comment = append(comment, l)
				continue
			}
			body = append(body, l)
		}
		for _, l := range comment {
			out.WriteString(l + "\n")
		}
		if len(body) == 0 {
			out.WriteString("\n")
			continue
		}
		args := strings.Fields(body[0])
		input, want := body[1:], ""
		for i, l := range body[1:] {
			if l == "----" {
				input = body[1 : i+1]
				want = strings.Join(body[i+2:], "\n")
				break
			}
		}
		sql := strings.Join(input, "\n")
		got := ""
		switch args[0] {
		case "ddl":
			c.exec(sql)
		case "rows":
			for _, a := range args[1:] {
				name, n, _ := strings.Cut(a, "=")
				v := 0.0
				for _, d := range n {
					v = v*10 + float64(d-'0')
				}
				c.rows[name] = v
			}
		case "plan":
			var o ExplainOptions
			for _, a := range args[1:] {
				switch a {
				case "costs":
					o.Costs = true
				case "verbose":
					o.Verbose = true
				case "algebra":
					o.Algebra = true
				case "xml", "json", "yaml":
					o.Format = Formats[a]
				}
			}
			got = c.explain(sql, o)
			p, err := c.plan(sql)
			for _, a := range args[1:] {
				want, not := strings.CutPrefix(a, "expect-not=")
				if !not {
					w, ok := strings.CutPrefix(a, "expect=")
					if !ok {
						continue
					}
					want = w
				}
				fired := false
				if err == nil {
					for _, r := range p.Rules {
						fired = fired || r == want
					}
				}
				if fired == not {
					t.Errorf("%s: %s: fired: %v", sql, a, fired)
				}
			}
		default:
			t.Fatalf("%s: unknown command %q", file, args[0])
		}
		out.WriteString(strings.Join(body[:1+len(input)], "\n") + "\n")
		if args[0] == "plan" {
			out.WriteString("----\n" + got + "\n")
			if !*rewriteFlag && got != want {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", sql, got, want)
			}
		}
		out.WriteString("\n")
	}
	if *rewriteFlag {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
