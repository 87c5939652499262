package catalog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/types"
)

// Definitions as SQL text: pg_get_indexdef, pg_get_constraintdef and the like.
// Expressions are kept as text in the form PostgreSQL prints them, so this is
// a matter of putting pieces together.

// relationRef names a relation, qualified unless path finds it; a nil path
// always qualifies.
func relationRef(snap *Snapshot, path []string, oid OID) string {
	schema, name, ok := snap.relationName(oid)
	if !ok {
		return ""
	}
	if path != nil && snap.Resolve(path, name) == oid {
		return types.QuoteIdent(name)
	}
	return qualified(schema, name)
}

// exprText gives an expression as it is stored, or without the parentheses it
// can do without.
func exprText(e string, pretty bool) string {
	if pretty {
		return prettyExpr(e)
	}
	return e
}

// storedRegs are the types whose constants are kept by number in stored expressions: a sequence that
// is given another name is the one that a default draws from as before.
var storedRegs = map[string]*types.Type{"regclass": types.RegClass, "regtype": types.RegType, "regproc": types.RegProc,
	"regprocedure": types.RegProcedure, "regnamespace": types.RegNamespace}

// StoredPath finds what stored expressions name.
var StoredPath = []string{"pg_catalog", "public"}

// StoredReg is how a stored expression says that a constant of type kind is an object that users
// made; "" if it is said by name.
func StoredReg(kind *types.Type, oid OID) string {
	if oid < FirstUserOID || storedRegs[kind.Name] != kind {
		return ""
	}
	return strconv.FormatUint(uint64(oid), 10)
}

var storedReg = regexp.MustCompile(`'(\d+)'::(\w+)`)

// renumberExpr changes the numbers of objects in a stored expression or query.
func renumberExpr(e string, number func(OID) (OID, error)) (string, error) {
	var failed error
	e = storedReg.ReplaceAllStringFunc(e, func(m string) string {
		parts := storedReg.FindStringSubmatch(m)
		was, err := strconv.ParseUint(parts[1], 10, 32)
		kind := storedRegs[parts[2]]
		if err != nil || kind == nil || StoredReg(kind, OID(was)) == "" {
			return m
		}
		now, err := number(OID(was))
		if err != nil {
			failed = err
		}
		return "'" + StoredReg(kind, now) + "'::" + parts[2]
	})
	return e, failed
}

// MentionsRelation tells whether a stored expression has the relation as a constant.
func MentionsRelation(e string, oid OID) bool {
	return strings.Contains(e, "'"+StoredReg(types.RegClass, oid)+"'::regclass")
}

// namesAsSeen rewrites what a stored expression names so that path finds it: objects that
// constants stand for, the types of casts, and users' functions. A name that is not qualified is one of
// pg_catalog's or public's; the name of a function that both have is left as it is.
func namesAsSeen(snap *Snapshot, path []string, e string) string {
	if !strings.Contains(e, "::") && !snap.HasFunctions() {
		return e
	}
	if path == nil {
		path = []string{"pg_catalog"}
	}
	toks := exprTokens(e)
	var b strings.Builder
	for i := 0; i < len(toks); i++ {
		if kind := regConstant(toks[i:]); kind != nil {
			text := toks[i].text
			oid, err := ParseReg(snap, StoredPath, kind, strings.ReplaceAll(text[1:len(text)-1], "''", "'"))
			if name := RegName(snap, path, kind, oid); err == nil && name != "" {
				text = types.QuoteLiteral(name)
			}
			b.WriteString(toks[i].space + text)
			continue
		}
		if called, n := snap.functionsAt(toks, i); len(called) > 0 && (n > 1 || len(builtin.Funcs(called[0].Name)) == 0) {
			b.WriteString(toks[i].space + snap.FunctionRef(path, called[0]))
			i += n - 1
			continue
		}
		b.WriteString(toks[i].space + toks[i].text)
		if toks[i].text != "::" || i+1 == len(toks) {
			continue
		}
		parts, n := castName(toks, i)
		var t *types.Type
		if schema, last, err := objectParts(parts); err != nil {
			continue
		} else if schema != "" {
			t = snap.TypeByName(snap.SchemaByName(schema), last)
		} else if types.ByName(last) == nil {
			t = snap.TypeByName(snap.Schema(PublicOID), last)
		}
		if t != nil && t.Schema != "" {
			b.WriteString(formatType(snap, path, t.OID, -1, false))
			i += n
		}
	}
	return b.String()
}

// castName gives the name behind the :: at toks[i], and of how many tokens it is.
func castName(toks []exprToken, i int) (parts []string, n int) {
	name, n := toks[i+1].text, 1
	if i+3 < len(toks) && toks[i+2].text == "." {
		name, n = name+"."+toks[i+3].text, 3
	}
	parts, err := splitName(name)
	if err != nil {
		return nil, n
	}
	return parts, n
}

// TypeNames are names of types as definitions say them, and the names that the types are to have
// there: qualified, since what finds a definition's names may not find them otherwise.
type TypeNames map[string][]string

// Add has names of t, by those that are found on path, be as those of a type of that schema and name.
func (m TypeNames) Add(snap *Snapshot, path []string, t *types.Type, schema, name string) {
	now := []string{schema, name}
	m[qualified(t.Schema, t.Name)] = now
	if types.ByName(t.Name) == nil && snap.ResolveType(path, t.Name) == t {
		m[types.QuoteIdent(t.Name)] = now
	}
}

// Of gives the new name of what a definition calls so; nil: it has none.
func (m TypeNames) Of(parts []string) []string {
	switch len(parts) {
	case 1:
		return m[types.QuoteIdent(parts[0])]
	case 2:
		return m[qualified(parts[0], parts[1])]
	}
	return nil
}

// Rewrite writes the casts of a stored expression anew.
func (m TypeNames) Rewrite(e string) string {
	if !strings.Contains(e, "::") {
		return e
	}
	toks := exprTokens(e)
	var b strings.Builder
	for i := 0; i < len(toks); i++ {
		b.WriteString(toks[i].space + toks[i].text)
		if toks[i].text != "::" || i+1 == len(toks) {
			continue
		}
		parts, n := castName(toks, i)
		if now := m.Of(parts); now != nil {
			b.WriteString(storedTypeName(now))
			i += n
		}
	}
	return b.String()
}

// storedTypeName writes a type's name as stored expressions do: what is in public is not qualified
// unless pg_catalog has it, too.
func storedTypeName(parts []string) string {
	if parts[0] == "public" && types.ByName(parts[1]) == nil {
		return types.QuoteIdent(parts[1])
	}
	return qualified(parts[0], parts[1])
}

// Calls tells whether a stored expression calls a function that a user made. Which of several of a
// name is called is not to be seen there: it may be any.
func (s *Snapshot) Calls(e string, f *Function) bool {
	return strings.Contains(e, types.QuoteIdent(f.Name)+"(") && slices.Contains(s.functionsIn(e), f)
}

// functionsIn gives the users' functions that a stored expression calls (functionsAt).
func (s *Snapshot) functionsIn(e string) (list []*Function) {
	if e == "" || !s.HasFunctions() {
		return nil
	}
	toks := exprTokens(e)
	for i := range toks {
		called, _ := s.functionsAt(toks, i)
		for _, f := range called {
			if !slices.Contains(list, f) {
				list = append(list, f)
			}
		}
	}
	return list
}

// functionsAt gives the users' functions that a call at toks[i] may be of, by its name, and how many
// tokens the name has. One that is not qualified is of schema public (StoredPath).
func (s *Snapshot) functionsAt(toks []exprToken, i int) (list []*Function, n int) {
	if !s.HasFunctions() {
		return nil, 0
	}
	parts, n := callName(toks, i)
	if n == 0 {
		return nil, 0
	}
	schema, name, err := objectParts(parts)
	if err != nil {
		return nil, 0
	}
	if schema != "" {
		return s.FunctionsNamed(s.SchemaByName(schema), name), n
	}
	return slices.DeleteFunc(s.FunctionsNamed(s.Schema(PublicOID), name), (*Function).shadowed), n
}

// callName gives the name that is called at toks[i], and of how many tokens it is; 0: nothing is.
func callName(toks []exprToken, i int) (parts []string, n int) {
	if i > 0 && (toks[i-1].text == "." || toks[i-1].text == "::") {
		return nil, 0
	}
	text, n := toks[i].text, 1
	if i+2 < len(toks) && toks[i+1].text == "." {
		text, n = text+"."+toks[i+2].text, 3
	}
	if i+n >= len(toks) || toks[i+n].text != "(" {
		return nil, 0
	}
	parts, err := splitName(text)
	if err != nil || len(parts) == 0 {
		return nil, 0
	}
	return parts, n
}

// RenameCalls writes a stored expression's calls of a function anew as those of next, which is
// the function with another name or schema. All calls that may be of it are taken for such.
func RenameCalls(e string, f, next *Function) string {
	if !strings.Contains(e, types.QuoteIdent(f.Name)+"(") {
		return e
	}
	toks := exprTokens(e)
	var b strings.Builder
	for i := 0; i < len(toks); i++ {
		b.WriteString(toks[i].space)
		if parts, n := callName(toks, i); n > 0 && parts[len(parts)-1] == f.Name {
			name := types.QuoteIdent(next.Name)
			if next.SchemaOID != PublicOID || next.shadowed() {
				name = types.QuoteIdent(next.Schema.Name) + "." + name
			}
			b.WriteString(name)
			i += n - 1
			continue
		}
		b.WriteString(toks[i].text)
	}
	return b.String()
}

// regConstant tells of which type of storedRegs the constant is that tokens begin with; nil: of none.
func regConstant(toks []exprToken) *types.Type {
	if len(toks) < 3 || len(toks[0].text) < 2 || toks[0].text[0] != '\'' || toks[1].text != "::" || len(toks) > 3 && toks[3].text == "[" {
		return nil
	}
	return storedRegs[toks[2].text]
}

// defaultText gives a column's default or generation expression, "" if it has
// none.
func defaultText(c *Column) string {
	if c.Generated != "" {
		return c.Generated
	}
	return c.Default
}

// indexColumnDef writes one column of an index: its name or expression.
func indexColumnDef(snap *Snapshot, path []string, t *Table, ix *Index, i int, pretty bool) string {
	if n := indexAttnum(ix, i); n > 0 {
		return types.QuoteIdent(t.Col(n).Name)
	}
	e := exprText(namesAsSeen(snap, path, ix.Keys[i].Expr), pretty)
	if looksLikeCall(e) {
		return e
	}
	return "(" + e + ")"
}

// indexDef writes CREATE INDEX. The table is qualified unless path is given
// and finds it; bare leaves the tablespace and such out (there is none here).
func indexDef(snap *Snapshot, path []string, t *Table, ix *Index, pretty bool) string {
	var b strings.Builder
	tablePath := path
	b.WriteString("CREATE ")
	if (ix.Unique || ix.Primary) && !ix.Exclusion {
		b.WriteString("UNIQUE ")
	}
	if !pretty {
		tablePath = nil
	}
	only := ""
	if t.Kind == KindPartitioned {
		only = "ONLY " // those of the partitions are told one by one
	}
	b.WriteString("INDEX " + types.QuoteIdent(ix.Name) + " ON " + only + relationRef(snap, tablePath, t.OID) + " USING btree (")
	for i := range ix.Keys {
		k := &ix.Keys[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(indexColumnDef(snap, path, t, ix, i, pretty))
		if k.Collation != 0 {
			b.WriteString(" COLLATE " + types.QuoteIdent(collationName(k.Collation)))
		}
		if k.Opclass != "" {
			if oc := opclassOf(k.Type, ""); oc == nil || oc.name != k.Opclass {
				b.WriteString(" " + types.QuoteIdent(k.Opclass))
			}
		}
		switch {
		case k.Desc && k.NullsFirst:
			b.WriteString(" DESC")
		case k.Desc:
			b.WriteString(" DESC NULLS LAST")
		case k.NullsFirst:
			b.WriteString(" NULLS FIRST")
		}
	}
	b.WriteByte(')')
	writeInclude(&b, t, ix)
	if ix.NullsEqual {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	if ix.Where != "" {
		b.WriteString(" WHERE " + exprText(namesAsSeen(snap, path, ix.Where), pretty))
	}
	return b.String()
}

func writeInclude(b *strings.Builder, t *Table, ix *Index) {
	if len(ix.Include) > 0 {
		b.WriteString(" INCLUDE " + columnList(t, ix.Include))
	}
}

func columnList(t *Table, nums []int16) string {
	names := make([]string, len(nums))
	for i, n := range nums {
		names[i] = types.QuoteIdent(t.Col(n).Name)
	}
	return "(" + strings.Join(names, ", ") + ")"
}

func collationName(oid OID) string {
	for _, c := range collations {
		if c.oid == oid {
			return c.name
		}
	}
	return ""
}

var actionNames = map[FKAction]string{FKRestrict: "RESTRICT", FKCascade: "CASCADE", FKSetNull: "SET NULL", FKSetDefault: "SET DEFAULT"}

// constraintDef writes a constraint as it stands in CREATE TABLE, without its name.
func constraintDef(snap *Snapshot, path []string, r constraintRef, pretty bool) string {
	var b strings.Builder
	deferrable, deferred, notValid := false, false, false
	switch {
	case r.check != nil:
		b.WriteString("CHECK (" + exprText(namesAsSeen(snap, path, r.check.Expr), pretty) + ")")
		if r.check.NoInherit {
			b.WriteString(" NO INHERIT")
		}
		notValid = r.check.NotValid
	case r.fk != nil:
		f := r.fk
		b.WriteString("FOREIGN KEY " + columnList(r.table, f.Columns) + " REFERENCES " + relationRef(snap, path, f.RefTable))
		if ref := snap.Table(f.RefTable); ref != nil {
			b.WriteString(columnList(ref, f.RefColumns))
		}
		if f.MatchFull {
			b.WriteString(" MATCH FULL")
		}
		if a := actionNames[f.OnUpdate]; a != "" {
			b.WriteString(" ON UPDATE " + a)
		}
		if a := actionNames[f.OnDelete]; a != "" {
			b.WriteString(" ON DELETE " + a)
			if len(f.SetColumns) > 0 {
				b.WriteString(" " + columnList(r.table, f.SetColumns))
			}
		}
		deferrable, deferred, notValid = f.Deferrable, f.Deferred, f.NotValid
	default:
		ix := r.index
		deferrable, deferred = ix.Deferrable, ix.Deferred
		if ix.Exclusion {
			writeExclusion(&b, snap, path, r.table, ix, pretty)
			break
		}
		b.WriteString(map[bool]string{true: "PRIMARY KEY ", false: "UNIQUE "}[ix.Primary])
		if ix.NullsEqual {
			b.WriteString("NULLS NOT DISTINCT ")
		}
		var nums []int16
		for _, k := range ix.Keys {
			nums = append(nums, k.Attnum)
		}
		b.WriteString(columnList(r.table, nums))
		writeInclude(&b, r.table, ix)
	}
	if deferrable {
		b.WriteString(" DEFERRABLE")
	}
	if deferred {
		b.WriteString(" INITIALLY DEFERRED")
	}
	if notValid {
		b.WriteString(" NOT VALID")
	}
	return b.String()
}

// DeparseView prints a view's query as the owner of path would write it: pretty
// without needless parentheses, items of lists sharing lines up to wrap. The
// planner, which can read queries, puts it here.
var DeparseView func(snap *Snapshot, path []string, env *types.Env, t *Table, pretty bool, wrap int) (string, error)

// RelationRef names a relation, qualified unless path finds it; a nil path
// always qualifies.
func (s *Snapshot) RelationRef(path []string, oid OID) string { return relationRef(s, path, oid) }

// FormatType names a type as format_type does, for those who have the path.
func (s *Snapshot) FormatType(path []string, t *types.Type, mod int32) string {
	return formatType(s, path, t.OID, mod, true)
}

// writeExclusion writes EXCLUDE … of a constraint whose operators are equality.
func writeExclusion(b *strings.Builder, snap *Snapshot, path []string, t *Table, ix *Index, pretty bool) {
	b.WriteString("EXCLUDE USING btree (")
	for i := range ix.Keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(indexColumnDef(snap, path, t, ix, i, pretty) + " WITH =")
	}
	b.WriteByte(')')
	writeInclude(b, t, ix)
	if ix.Where != "" {
		b.WriteString(" WHERE (" + exprText(namesAsSeen(snap, path, ix.Where), pretty) + ")")
	}
}

// viewDef writes a view's query.
func viewDef(snap *Snapshot, path []string, env *types.Env, t *Table, pretty bool, wrap int) string {
	if DeparseView != nil {
		if text, err := DeparseView(snap, path, env, t, pretty, wrap); err == nil {
			return text + ";"
		}
	}
	q := strings.TrimRight(t.View.Query, "; \n\t")
	if !strings.HasPrefix(q, " ") {
		q = " " + q
	}
	return q + ";"
}

func ruleDef(snap *Snapshot, path []string, env *types.Env, t *Table, pretty bool) string {
	name := relationRef(snap, nil, t.OID)
	if pretty {
		name = relationRef(snap, path, t.OID)
	}
	return "CREATE RULE \"_RETURN\" AS\n    ON SELECT TO " + name + " DO INSTEAD " + viewDef(snap, path, env, t, pretty, 0)
}
