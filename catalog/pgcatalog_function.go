package catalog

import (
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/types"
)

// Functions that users made, in pg_proc and in the functions that describe them.

// proc finds a function, built in or made by a user, nil if there is none.
func (s *Snapshot) proc(oid OID) *proc {
	if f := s.functions.at(oid); f != nil {
		return f.proc()
	}
	if p := procs().byOID[oid]; p != nil {
		return p
	}
	return s.constructorProc(oid)
}

// proc describes f as the built-in functions are described.
func (f *Function) proc() *proc {
	p := &proc{oid: f.OID, name: f.Name, result: f.ResultOID, fn: f.Func, volatility: f.Volatile, strict: f.Strict, source: f.Source, user: f}
	for _, q := range f.Inputs() {
		p.args = append(p.args, q.TypeOID)
	}
	return p
}

// userProcRow is a user's function's row of pg_proc.
func (q *query) userProcRow(f *Function) error {
	all, modes, names, variadic, defaults := types.Null, types.Null, types.Null, OID(0), 0
	var oids []OID
	var ms []types.Datum
	var ns []string
	named, special := false, false
	for i := range f.Params {
		p := &f.Params[i]
		oids, ms, ns = append(oids, p.TypeOID), append(ms, vChar(p.Mode)), append(ns, p.Name)
		named, special = named || p.Name != "", special || p.Mode != 'i'
		if p.Mode == 'v' && f.Func.Variadic != nil {
			variadic = f.Func.Variadic.OID
		}
		if p.Default != "" {
			defaults++
		}
	}
	if special {
		all, modes = vOIDs(types.Oid, oids), types.NewAny(types.NewArray(types.Char, ms))
	}
	if named {
		names = stringArray(types.Text, ns)
	}
	args := make([]int64, 0, len(f.Params))
	for _, p := range f.Inputs() {
		args = append(args, int64(p.TypeOID))
	}
	config := types.Null
	if len(f.Config) > 0 {
		config = stringArray(types.Text, f.Config)
	}
	body := types.Null
	if f.HasBody {
		body = vStr(sqlBody(f))
	}
	defs := types.Null
	if defaults > 0 {
		defs = vStr(f.argumentDefaults())
	}
	return q.row(vOID(f.OID), vStr(f.Name), vOID(f.SchemaOID), vOID(ownerOr(f.Owner)), vOID(languageOID(f.Language)), vFlt(f.Cost), vFlt(f.Rows), vOID(variadic),
		vOID(0), vChar(f.Kind), vBool(f.Definer), vBool(f.Leakproof), vBool(f.Strict), vBool(f.SetOf), vChar(f.Volatile), vChar(f.Parallel),
		vInt(len(args)), vInt(defaults), vOID(f.ResultOID), types.NewVector(types.OidVector, args...), all, modes, names, defs, vNull(),
		vStr(f.Source), vOpt(f.Library), body, config, vACL(f.ACL, f.ACL != nil))
}

func (f *Function) argumentDefaults() string {
	var out []string
	for i := range f.Params {
		if f.Params[i].Default != "" {
			out = append(out, f.Params[i].Default)
		}
	}
	return strings.Join(out, ", ")
}

func languageOID(name string) OID {
	for _, l := range languages {
		if l.name == name {
			return l.oid
		}
	}
	return internalLanguage
}

// userArguments writes the parameters as CREATE FUNCTION has them; identity
// leaves out what does not tell functions apart.
func (f *Function) userArguments(snap *Snapshot, path []string, identity bool) string {
	var b strings.Builder
	n := 0
	for i := range f.Params {
		p := &f.Params[i]
		if p.Mode == 't' || identity && p.Mode == 'o' && f.Kind != 'p' {
			continue
		}
		if n > 0 {
			b.WriteString(", ")
		}
		n++
		switch p.Mode {
		case 'o':
			b.WriteString("OUT ")
		case 'b':
			b.WriteString("INOUT ")
		case 'v':
			b.WriteString("VARIADIC ")
		default:
			if f.Kind == 'p' {
				b.WriteString("IN ")
			}
		}
		if p.Name != "" {
			b.WriteString(types.QuoteIdent(p.Name) + " ")
		}
		b.WriteString(formatType(snap, path, p.TypeOID, -1, false))
		if p.Default != "" && !identity {
			b.WriteString(" DEFAULT " + namesAsSeen(snap, path, p.Default))
		}
	}
	if f.Kind == 'a' && n == 0 {
		return "*"
	}
	return b.String()
}

// userResult writes the result type; ok false: a procedure has none.
func (f *Function) userResult(snap *Snapshot, path []string) (string, bool) {
	if f.Kind == 'p' {
		return "", false
	}
	var cols []string
	for i := range f.Params {
		if p := &f.Params[i]; p.Mode == 't' {
			cols = append(cols, types.QuoteIdent(p.Name)+" "+formatType(snap, path, p.TypeOID, -1, false))
		}
	}
	if len(cols) > 0 {
		return "TABLE(" + strings.Join(cols, ", ") + ")", true
	}
	s := formatType(snap, path, f.ResultOID, -1, false)
	if f.SetOf {
		s = "SETOF " + s
	}
	return s, true
}

// sqlBody writes an SQL-standard body.
func sqlBody(f *Function) string {
	if f.Return {
		return "RETURN " + strings.TrimPrefix(f.Body[0], "SELECT ")
	}
	var b strings.Builder
	b.WriteString("BEGIN ATOMIC\n")
	for _, s := range f.Body {
		b.WriteString("  " + s + ";\n")
	}
	b.WriteString("END")
	return b.String()
}

// functionDef writes CREATE OR REPLACE FUNCTION.
func functionDef(snap *Snapshot, path []string, f *Function) string {
	var b strings.Builder
	word := "FUNCTION"
	if f.Kind == 'p' {
		word = "PROCEDURE"
	}
	b.WriteString("CREATE OR REPLACE " + word + " " + qualified(snap.schemaName(f.SchemaOID), f.Name) + "(" + f.userArguments(snap, path, false) + ")\n")
	if r, ok := f.userResult(snap, path); ok {
		b.WriteString(" RETURNS " + r + "\n")
	}
	b.WriteString(" LANGUAGE " + types.QuoteIdent(f.Language) + "\n")
	var opts []string
	if f.Kind == 'w' {
		opts = append(opts, "WINDOW")
	}
	switch f.Volatile {
	case 'i':
		opts = append(opts, "IMMUTABLE")
	case 's':
		opts = append(opts, "STABLE")
	}
	switch f.Parallel {
	case 's':
		opts = append(opts, "PARALLEL SAFE")
	case 'r':
		opts = append(opts, "PARALLEL RESTRICTED")
	}
	if f.Strict {
		opts = append(opts, "STRICT")
	}
	if f.Definer {
		opts = append(opts, "SECURITY DEFINER")
	}
	if f.Leakproof {
		opts = append(opts, "LEAKPROOF")
	}
	cost := 100.0
	if f.Language == "internal" || f.Language == "c" {
		cost = 1
	}
	if f.Cost > 0 && f.Cost != cost {
		opts = append(opts, "COST "+strconv.FormatFloat(f.Cost, 'g', -1, 64))
	}
	if f.Rows > 0 && f.Rows != 1000 {
		opts = append(opts, "ROWS "+strconv.FormatFloat(f.Rows, 'g', -1, 64))
	}
	if len(opts) > 0 {
		b.WriteString(" " + strings.Join(opts, " ") + "\n")
	}
	for _, kv := range f.Config {
		name, value, _ := strings.Cut(kv, "=")
		if name == "search_path" {
			value = literalNames(value)
		} else {
			value = types.QuoteLiteral(value)
		}
		b.WriteString(" SET " + types.QuoteIdent(name) + " TO " + value + "\n")
	}
	if f.HasBody {
		b.WriteString(sqlBody(f) + "\n")
		return b.String()
	}
	if f.Library != "" {
		b.WriteString("AS " + types.QuoteLiteral(f.Library) + ", $" + strings.ToLower(word) + "$" + f.Source + "$" + strings.ToLower(word) + "$\n")
		return b.String()
	}
	quote := "$" + strings.ToLower(word) + "$"
	for strings.Contains(f.Source, strings.TrimSuffix(quote, "$")) {
		quote = quote[:len(quote)-1] + "x$"
	}
	b.WriteString("AS " + quote + f.Source + quote + "\n")
	return b.String()
}

// literalNames writes a list of identifiers as one of string literals.
func literalNames(list string) string {
	var out []string
	for rest := list; rest != ""; {
		var name string
		if rest[0] == '"' {
			end := 1
			for end < len(rest) && (rest[end] != '"' || end+1 < len(rest) && rest[end+1] == '"') {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			name = strings.ReplaceAll(rest[1:min(end, len(rest))], `""`, `"`)
			rest = rest[min(end+1, len(rest)):]
		} else {
			name, _, _ = strings.Cut(rest, ",")
			rest = rest[len(name):]
			name = strings.TrimSpace(name)
		}
		out = append(out, types.QuoteLiteral(name))
		rest = strings.TrimLeft(rest, " ,")
	}
	return strings.Join(out, ", ")
}

func init() {
	builtin.Define("pg_get_function_sqlbody(oid)", textOf(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		oid := OID(a[0].I)
		if f := snap.Function(oid); f != nil {
			if !f.HasBody {
				return "", false
			}
			return sqlBody(f), true
		}
		body := procsByOID()[oid].body
		return body, body != "" && snap.proc(oid) != nil
	}))
}
