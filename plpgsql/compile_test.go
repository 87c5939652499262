package plpgsql

import (
	"strings"
	"testing"

	"rowkey/parser"
	"rowkey/pgerr"
	"rowkey/types"
)

// testEnv knows the built-in types and nothing else.
type testEnv struct{}

func (testEnv) Type(text string) (*types.Type, int32, error) {
	name := strings.TrimSpace(strings.ToLower(text))
	for alias, t := range map[string]*types.Type{"int": types.Int4, "integer": types.Int4, "record": types.Record} {
		if name == alias {
			return t, -1, nil
		}
	}
	if t := types.ByName(name); t != nil {
		return t, -1, nil
	}
	return nil, -1, pgerr.Newf(pgerr.UndefinedObject, "type %q does not exist", name)
}

func (testEnv) RowType(name string) (*types.Type, error) {
	return nil, pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", name)
}

func (testEnv) Parse(text string) error {
	_, err := parser.Parse(text)
	return err
}

// What the compiler refuses, with the place in the source.
func TestCompileErrors(t *testing.T) {
	for _, c := range []struct {
		src, message string
		at           string // the source from the error's position on begins so
	}{
		{"begin foo; end", `syntax error at or near "foo"`, "foo"},
		{"begin x := 1; end", `"x" is not a known variable`, "x :="},
		{"declare x int; x int; begin end", "duplicate declaration", "x int; begin"},
		{"declare x constant int := 1; begin x := 2; end", `variable "x" is declared CONSTANT`, "x := 2"},
		{"begin exit; end", "EXIT cannot be used outside a loop, unless it has a label", "exit"},
		{"begin loop exit nowhere; end loop; end", `there is no label "nowhere" attached to any block or loop enclosing this statement`, "nowhere"},
		{"begin if true then null; end", "syntax error at end of input", ""},
		{"begin raise notice '%'; end", "too few parameters specified for RAISE", "-"},
		{"begin raise notice 'x', 1; end", "too many parameters specified for RAISE", "-"},
		{"begin return next 1; end", "cannot use RETURN NEXT in a non-SETOF function", "next"},
		{"<<a>> begin null; end b", `end label "b" differs from block's label "a"`, "b"},
		{"begin exception when nonsense then null; end", `unrecognized exception condition "nonsense"`, "-"},
		{"declare r record; begin for i, r in 1..2 loop null; end loop; end", "integer FOR loop must have only one target variable", "i, r"},
	} {
		_, err := Compile(c.src, Signature{Name: "f()", Result: types.Int4}, testEnv{})
		if err == nil {
			t.Errorf("%s: compiled", c.src)
			continue
		}
		e := pgerr.Of(err)
		if e.Message != c.message {
			t.Errorf("%s:\n got  %s\n want %s", c.src, e.Message, c.message)
			continue
		}
		if c.at != "-" && (e.QueryPosition < 1 || e.QueryPosition > len(c.src)+1 || !strings.HasPrefix(c.src[e.QueryPosition-1:], c.at)) {
			t.Errorf("%s: the error is placed at %d", c.src, e.QueryPosition)
		}
	}
}

// Lines are counted from the start of the source, as contexts show them.
func TestLines(t *testing.T) {
	fn, err := Compile("\ndeclare\n  x int;\nbegin\n  x := 1;\n\n  return x;\nend", Signature{Name: "f()", Result: types.Int4}, testEnv{})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, s := range fn.Body.body {
		line, _ := s.where()
		got = append(got, line)
	}
	if len(got) != 2 || got[0] != 5 || got[1] != 7 {
		t.Errorf("statements at lines %v", got)
	}
}

// A name means the innermost variable; a label reaches the others.
func TestScope(t *testing.T) {
	fn, err := Compile("<<o>> declare x int; begin declare x text; begin x := o.x; end; end", Signature{Name: "f()", Function: "f", Result: types.Void,
		Params: []Param{{Name: "x", Type: types.Int8, In: true}}}, testEnv{})
	if err != nil {
		t.Fatal(err)
	}
	sc := fn.Body.body[0].(*Block).body[0].(*stmtAssign).expr.Scope
	for _, c := range []struct {
		name []string
		typ  *types.Type
	}{{[]string{"x"}, types.Text}, {[]string{"o", "x"}, types.Int4}, {[]string{"f", "x"}, types.Int8}} {
		v, _, ok := sc.Find(c.name)
		if !ok || sc.Var(v).Type != c.typ {
			t.Errorf("%v: not the %s", c.name, c.typ)
		}
	}
}
