package main

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"rowkey/tests/compare"
	"rowkey/tests/psql"
)

// An example is the statements of one listing.
type example []compare.Statement

var (
	comment    = regexp.MustCompile(`(?s)<!--.*?-->`)
	cdata      = regexp.MustCompile(`(?s)<!\[CDATA\[(.*?)\]\]>`)
	unspoken   = regexp.MustCompile(`(?s)<(optional|computeroutput|lineannotation)>.*?</(optional|computeroutput|lineannotation)>`)
	markup     = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)
	listing    = regexp.MustCompile(`(?s)<(?:programlisting|screen)>(.*?)</(?:programlisting|screen)>|<literal>([^\n]*?)</literal>\s*<returnvalue>`)
	prompt     = regexp.MustCompile(`^(\w*=[>#]|\w+-[>#]) ?`)
	begins     = regexp.MustCompile(`(?i)^\s*(select|insert|update|delete|create|alter|drop|with|values|table|begin|commit|rollback|savepoint|release|set|reset|show|explain|analyze|vacuum|comment|grant|revoke|truncate|declare|fetch|move|close|copy|prepare|execute|deallocate|lock|listen|notify|unlisten|merge|call|do|start|refresh|cluster|reindex|discard|abort|end|reassign|security|import)\b`)
	ruler      = regexp.MustCompile(`^[ -]*--[-+ ]*$`) // between the head of a table and its rows
	explain    = regexp.MustCompile(`(?i)^\s*explain\b`)
	ordered    = regexp.MustCompile(`(?i)\border\s+by\b`)
	expression = regexp.MustCompile(`(?i)^(select|insert|values|with)\b`)
)

// reachesOut finds what reads or changes anything but the database and its server's roles (other
// servers, programs and files of the machine, other databases, the server itself), and triggers that
// from then on answer every definition.
var reachesOut = regexp.MustCompile(`(?is)\bsubscription\b|dblink|_fdw|\bforeign\b|\bserver\b|\bprogram\b|^\s*copy\b.*\b(from|to)\s+'` +
	`|\bpg_(read|ls|stat)_\w*(file|dir)|\blo_(im|ex)port\b|\b(create|drop|alter)\s+database\b|tablespace|^\s*load\b|\balter\s+system\b` +
	`|pg_(terminate|cancel)_backend|pg_reload|pg_rotate|pg_promote|pg_switch_wal|\bcreate\s+event\s+trigger\b`)

// readExamples gives the examples of a page, in its order: listings, and in tables of functions
// what a result is given of.
func readExamples(dir, page string) ([]example, error) {
	text, err := os.ReadFile(filepath.Join(dir, page+".sgml"))
	if err != nil {
		return nil, err
	}
	return examples(string(text)), nil
}

func examples(sgml string) (out []example) {
	sgml = cdata.ReplaceAllStringFunc(sgml, func(s string) string { return html.EscapeString(cdata.FindStringSubmatch(s)[1]) })
	for _, m := range listing.FindAllStringSubmatch(comment.ReplaceAllString(sgml, ""), -1) {
		e := spoken(m[1])
		if m[2] != "" {
			if e = spoken(m[2]); !expression.MatchString(e) {
				e = "SELECT " + e
			}
		}
		if s := statements(e); len(s) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// spoken is a listing as it is typed.
func spoken(s string) string {
	return html.UnescapeString(markup.ReplaceAllString(unspoken.ReplaceAllString(s, ""), ""))
}

// statements cuts a listing, in which outputs may stand between statements and semicolons be missing.
func statements(text string) (out example) {
	var cur []string // lines of a statement
	var sc psql.Scanner
	end := func() {
		sql := strings.TrimSuffix(strings.TrimSpace(strings.Join(cur, "\n")), ";")
		if sql != "" && !reachesOut.MatchString(sql) {
			out = append(out, compare.Statement{SQL: sql, IgnoreRows: explain.MatchString(sql), Unordered: !ordered.MatchString(sql)})
		}
		cur, sc = nil, psql.Scanner{}
	}
	for _, line := range strings.Split(text, "\n") {
		if at := prompt.FindStringIndex(line); at != nil {
			line = line[at[1]:]
		}
		switch {
		case len(cur) == 0 && !begins.MatchString(line):
			continue
		case len(cur) > 0 && !sc.Nested() && strings.TrimSpace(line) == "":
			end()
			continue
		case len(cur) > 0 && !sc.Quoted() && ruler.MatchString(line):
			cur = cur[:len(cur)-1]
			end()
			continue
		}
		cur = append(cur, line)
		if sc.Line(line); sc.Sent && sc.Clean() {
			end()
		}
	}
	end()
	return out
}
