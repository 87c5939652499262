package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowkey"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the output blocks of the pages")

// TestPages: the snippets of the pages print what the pages say. A block of
// SQL, of Redis commands or of command lines is followed by a block of text, its
// output; all of a page use one database. When something has changed on purpose,
// go test ./cmd/rowkey -rewrite writes the new output into the pages.
func TestPages(t *testing.T) {
	for _, path := range []string{"../../docs/tour.md", "../../docs/keys.md", "testdata/keytrace.md", "testdata/keyfuncs.md"} {
		t.Run(filepath.Base(path), func(t *testing.T) { runPage(t, path) })
	}
}

func runPage(t *testing.T, path string) {
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := openPage(t)
	parts := strings.Split(string(src), "```")
	// parts alternate: prose, block, prose, block …; a block begins with its language.
	ran := 0
	for i := 1; i+2 < len(parts); i += 2 {
		language, text, _ := strings.Cut(parts[i], "\n")
		run := p.runners()[language]
		if run == nil {
			continue
		}
		want, ok := strings.CutPrefix(parts[i+2], "text\n")
		if !ok {
			t.Fatalf("this block has no output behind it:\n%s", text)
		}
		p.out.Reset()
		run(text)
		ran++
		got := trimLines(p.out.String())
		if *rewrite {
			parts[i+2] = "text\n" + got
			continue
		}
		if got != want {
			t.Errorf("%s\nprints\n%s\nthe page says\n%s", text, got, want)
		}
	}
	if ran == 0 {
		t.Error("the page has no snippets")
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(parts, "```")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// page runs the snippets of one page.
type page struct {
	t     *testing.T
	dir   string
	out   bytes.Buffer
	db    *rowkey.DB
	sh    *shell
	redis net.Conn
}

func openPage(t *testing.T) *page {
	p := &page{t: t, dir: filepath.Join(t.TempDir(), "data")}
	var err error
	if p.db, err = rowkey.Open(p.dir); err != nil {
		t.Fatal(err)
	}
	p.sh = &shell{db: p.db, out: &p.out, errOut: &p.out}
	if err := p.sh.connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func (p *page) close() {
	if p.redis != nil {
		p.redis.Close()
		p.redis = nil
	}
	if p.db != nil {
		p.sh.s.Close()
		p.db.Close()
		p.db = nil
	}
}

// runners are what runs a block, by its language.
func (p *page) runners() map[string]func(text string) {
	return map[string]func(string){"sql": p.runSQL, "redis": p.runRedis, "sh": p.runShell}
}

func (p *page) runSQL(text string) {
	if err := p.sh.run(text); err != nil {
		p.sh.complain(err, text)
	}
}

// runRedis sends commands to the Redis protocol's server, and prints the bytes
// that go both ways. Words are separated by spaces, except in single quotes.
func (p *page) runRedis(text string) {
	if p.redis == nil {
		var server net.Conn
		p.redis, server = net.Pipe()
		go p.db.Redis().ServeConn(context.Background(), server)
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var words []string
		for i, part := range strings.Split(line, "'") {
			if i%2 == 1 {
				words = append(words, part)
			} else {
				words = append(words, strings.Fields(part)...)
			}
		}
		request := fmt.Sprintf("*%d\r\n", len(words))
		for _, w := range words {
			request += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
		}
		if _, err := p.redis.Write([]byte(request)); err != nil {
			p.t.Fatal(err)
		}
		p.redis.SetReadDeadline(time.Now().Add(10 * time.Second))
		reply := make([]byte, 64<<10) // far more than the pages' replies, each one write
		n, err := p.redis.Read(reply)
		if err != nil {
			p.t.Fatal(err)
		}
		escape := strings.NewReplacer("\r", `\r`, "\n", `\n`)
		fmt.Fprintf(&p.out, "> %s\n< %s\n", escape.Replace(request), escape.Replace(string(reply[:n])))
	}
}

// runShell closes the database, and looks at its directory with "rowkey kv --data data".
func (p *page) runShell(text string) {
	p.close()
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		args, ok := strings.CutPrefix(line, "rowkey kv --data data ")
		if !ok {
			p.t.Fatalf("%q cannot be run here", line)
		}
		p.out.WriteString(runKV(p.dir, strings.Fields(args)...))
	}
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
