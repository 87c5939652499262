package main

import (
	"bufio"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	all := flag.Bool("all", false, "run every file of the corpus")
	sample := flag.Int("sample", 1, "run every n-th query only")
	dir := flag.String("corpus", "../shared/sqllogictest", "folder with dev.tar.xz and exclude-pg15.txt")
	jobs := flag.Int("jobs", 2, "files run at once")
	show := flag.Int("show", 3, "failures shown per cause")
	causes := flag.Int("causes", 40, "causes shown")
	flag.Parse()
	if err := run(*all, *sample, *dir, *jobs, *show, *causes, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sqllogictest:", err)
		os.Exit(1)
	}
}

func run(all bool, sample int, dir string, jobs, show, causes int, args []string) error {
	root, cleanup, err := unpack(dir)
	if err != nil {
		return err
	}
	defer cleanup()
	exclude, err := exclusions(dir)
	if err != nil {
		return err
	}
	var files []string
	err = filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".test") {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !all {
		var picked []string
		for _, f := range files {
			for _, a := range args {
				if strings.Contains(f, a) {
					picked = append(picked, f)
					break
				}
			}
		}
		files = picked
	}
	if len(files) == 0 {
		return fmt.Errorf("no files: give names or parts of them, or -all")
	}
	start := time.Now()
	var mu sync.Mutex
	var sum totals
	byCause := map[string][]string{}
	work := make(chan string)
	var wg sync.WaitGroup
	for range jobs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for f := range work {
				name := strings.TrimPrefix(f, root+"/test/")
				t, err := runOne(f, exclude[name], sample)
				mu.Lock()
				if err != nil {
					fmt.Printf("%s: %v\n", name, err)
					sum.failed++
				}
				sum.passed += t.passed
				sum.failed += t.failed
				sum.excluded += t.excluded
				sum.skipped += t.skipped
				for _, x := range t.failures {
					c := cause(x.why)
					byCause[c] = append(byCause[c], fmt.Sprintf("%s:%d: %s\n      %s", name, x.line, x.why, strings.ReplaceAll(x.sql, "\n", "\n      ")))
				}
				mu.Unlock()
			}
		}()
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	wg.Wait()
	report(byCause, show, causes)
	rate := 100.0
	if n := sum.passed + sum.failed; n > 0 {
		rate = 100 * float64(sum.passed) / float64(n)
	}
	fmt.Printf("%d files, %.1f s: %d passed, %d failed (%.3f %% passed); %d excluded (PostgreSQL differs too), %d not sampled\n",
		len(files), time.Since(start).Seconds(), sum.passed, sum.failed, rate, sum.excluded, sum.skipped)
	if sum.failed > 0 {
		return fmt.Errorf("%d records failed", sum.failed)
	}
	return nil
}

func runOne(path string, exclude map[int]bool, sample int) (totals, error) {
	f, err := os.Open(path)
	if err != nil {
		return totals{}, err
	}
	defer f.Close()
	recs, err := readRecords(f)
	if err != nil {
		return totals{}, err
	}
	return runFile(context.Background(), recs, exclude, func(i int) bool { return i%sample == 0 })
}

// cause groups failures: the message without what differs from record to record.
func cause(why string) string {
	if strings.HasPrefix(why, "wrong result") {
		return "wrong result"
	}
	var b strings.Builder
	quoted := false
	for _, r := range why {
		switch {
		case r == '"':
			quoted = !quoted
			if quoted {
				b.WriteString(`"…"`)
			}
		case quoted:
		case r >= '0' && r <= '9':
			if s := b.String(); !strings.HasSuffix(s, "#") {
				b.WriteByte('#')
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func report(byCause map[string][]string, show, limit int) {
	names := make([]string, 0, len(byCause))
	for c := range byCause {
		names = append(names, c)
	}
	sort.Slice(names, func(i, j int) bool { return len(byCause[names[i]]) > len(byCause[names[j]]) })
	for i, c := range names {
		if i == limit {
			fmt.Printf("… and %d more causes\n", len(names)-limit)
			break
		}
		fmt.Printf("%7d  %s\n", len(byCause[c]), c)
		for _, x := range byCause[c][:min(show, len(byCause[c]))] {
			fmt.Println("    " + x)
		}
	}
}

// unpack gives a folder with the corpus' files.
func unpack(dir string) (root string, cleanup func(), err error) {
	archive := filepath.Join(dir, "dev.tar.xz")
	if _, err := os.Stat(archive); err != nil {
		return "", nil, fmt.Errorf("the corpus is not here: %w", err)
	}
	tmp, err := os.MkdirTemp("", "sqllogictest")
	if err != nil {
		return "", nil, err
	}
	if out, err := exec.Command("tar", "xJf", archive, "-C", tmp).CombinedOutput(); err != nil {
		os.RemoveAll(tmp)
		return "", nil, fmt.Errorf("unpacking %s: %w: %s", archive, err, out)
	}
	return tmp, func() { os.RemoveAll(tmp) }, nil
}

//go:embed exclude.txt
var ownExclude string

// exclusions gives the records that PostgreSQL does not pass: those listed
// beside the corpus, and a few that the list leaves out.
func exclusions(dir string) (map[string]map[int]bool, error) {
	f, err := os.Open(filepath.Join(dir, "exclude-pg15.txt"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readExclude(io.MultiReader(f, strings.NewReader("\n"+ownExclude)))
}

// readExclude reads the records that PostgreSQL does not pass: file name, then line numbers.
func readExclude(r io.Reader) (map[string]map[int]bool, error) {
	out := map[string]map[int]bool{}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		words := strings.Fields(sc.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		lines := map[int]bool{}
		for _, w := range words[1:] {
			n, err := strconv.Atoi(w)
			if err != nil {
				return nil, fmt.Errorf("%s: %q is no line number", words[0], w)
			}
			lines[n] = true
		}
		out[words[0]] = lines
	}
	return out, sc.Err()
}
