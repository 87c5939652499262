package main

import (
	"slices"
	"testing"
)

// Listings give what is typed, cut where psql sends, at outputs and at blank lines; tables of
// functions give expressions; what reaches out of the database is left out.
func TestExamples(t *testing.T) {
	page := `<para><!-- <programlisting>SELECT 0;</programlisting> -->
<programlisting>
CREATE TABLE t (a int,

   b text);   <lineannotation>two columns</lineannotation>
INSERT INTO t VALUES (1, <replaceable>'x;&gt;'</replaceable>)

COPY t FROM '/etc/passwd';
</programlisting>
<screen>
<prompt>db=&gt;</prompt> <userinput>SELECT a, b FROM t;</userinput>
 a | b
---+---
 1 | begin
SELECT 2
 ?column?
----------
        2
</screen>
<literal>abs(-1<optional>, x</optional>)</literal>
<returnvalue>1</returnvalue>
<programlisting><![CDATA[
EXPLAIN SELECT 1 < 2 ORDER BY 1;
]]></programlisting>`
	var got []string
	for _, e := range examples(page) {
		got = append(got, "--")
		for _, st := range e {
			got = append(got, st.SQL)
		}
	}
	want := []string{"--", "CREATE TABLE t (a int,\n\n   b text)", "INSERT INTO t VALUES (1, 'x;>')",
		"--", "SELECT a, b FROM t", "SELECT 2",
		"--", "SELECT abs(-1)",
		"--", "EXPLAIN SELECT 1 < 2 ORDER BY 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
