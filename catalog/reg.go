package catalog

import (
	"slices"
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// The reg* types: regclass, regtype, regproc … A value is an OID; its text form
// is the object's name, qualified only where the name alone would not find it.

// ParseReg finds the object that text names: a name (qualified or not,
// resolved along path), a number, or - for none. kind is the reg type.
func ParseReg(snap *Snapshot, path []string, kind *types.Type, text string) (types.OID, error) {
	operator := kind == types.RegOper || kind == types.RegOperator
	if text == "-" && !operator || text == "0" {
		return 0, nil
	}
	if text != "" && strings.Trim(text, "0123456789") == "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type oid", text)
		}
		return OID(n), nil
	}
	switch kind {
	case types.RegClass:
		return parseRegClass(snap, path, text)
	case types.RegType:
		t, _, err := parseTypeName(snap, path, text)
		if err != nil {
			return 0, err
		}
		return t.OID, nil
	case types.RegProc:
		return parseRegProc(snap, path, text)
	case types.RegProcedure:
		return parseRegProcedure(snap, path, text)
	case types.RegOper:
		return parseRegOper(snap, text)
	case types.RegOperator:
		return parseRegOperator(snap, path, text)
	}
	parts, err := splitName(text)
	if err != nil {
		return 0, err
	}
	switch kind {
	case types.RegNamespace:
		if len(parts) == 1 {
			s, err := snap.schemaNamed(nil, parts[0])
			if err != nil {
				return 0, err
			}
			return s.OID, nil
		}
	case types.RegRole:
		if len(parts) == 1 {
			if r := snap.RoleNamed(parts[0]); r != nil {
				return r.OID, nil
			}
			return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", parts[0])
		}
	case types.RegCollation:
		schema, name, err := objectParts(parts)
		if err != nil {
			return 0, err
		}
		if schema != "" {
			if _, err := snap.schemaNamed(nil, schema); err != nil {
				return 0, err
			}
		}
		if oid, ok := FindCollation([]string{name}); ok && (schema == "" || schema == "pg_catalog") {
			return oid, nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", strings.Join(parts, "."))
	default:
		return 0, pgerr.Unsupported("names of type %s", kind.Name)
	}
	return 0, pgerr.New(pgerr.InvalidName, "invalid name syntax")
}

func parseRegClass(snap *Snapshot, path []string, text string) (OID, error) {
	schema, name, err := relationParts(text)
	if err != nil {
		return 0, err
	}
	if schema != "" {
		sc, err := snap.schemaNamed(path, schema)
		if err != nil {
			return 0, err
		}
		if oid := snap.Relation(sc, name); oid != 0 {
			return oid, nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s.%s\" does not exist", schema, name)
	}
	if oid := snap.Resolve(path, name); oid != 0 {
		return oid, nil
	}
	return 0, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", name)
}

// proc is a function as the catalog sees it: one of package builtin, or one of
// those that read and write values of a type, which nothing can call but which
// pg_type names.
type proc struct {
	oid    OID
	name   string
	args   []OID
	result OID
	fn     *builtin.Func // nil for the latter, of which the rest says:

	volatility byte
	strict     bool
	source     string
	user       *Function // made by a user
	in         OID       // the schema of a range type that it makes values of
}

// schema is where the function is; 0 if it is built in for a schema that this
// database does not have.
func (p *proc) schema(snap *Snapshot) OID {
	switch {
	case p.user != nil:
		return p.user.SchemaOID
	case p.in != 0:
		return p.in
	case p.fn != nil && strings.HasPrefix(p.fn.Name, keySpacePrefix):
		if sc := snap.SchemaByName("kv"); sc != nil {
			return sc.OID
		}
		return 0
	case p.fn != nil && strings.HasPrefix(p.fn.Name, rowkeyPrefix):
		return RowkeyOID
	case p.oid >= 13000 && p.oid < plpgsqlExtension:
		return InformationSchemaOID
	}
	return PgCatalogOID
}

// procsNamed gives the functions of a name, in the schema if one is given.
func procsNamed(snap *Snapshot, path []string, schema, name string) ([]*proc, error) {
	if schema != "" {
		sc, err := snap.schemaNamed(path, schema)
		if err != nil {
			return nil, err
		}
		schema = sc.Name
	}
	var out []*proc
	for _, p := range procs().byName[name] {
		sc := snap.Schema(p.schema(snap))
		if schema == "" && p.schema(snap) == PgCatalogOID || sc != nil && sc.Name == schema {
			out = append(out, p)
		}
	}
	made := snap.constructorProcs(name)
	if len(made) == 0 && !snap.HasFunctions() {
		return out, nil
	}
	for _, sc := range snap.Schemas() {
		if schema == "" && !visibleIn(path, sc.Name) || schema != "" && sc.Name != schema {
			continue
		}
		for _, f := range snap.FunctionsNamed(sc, name) {
			out = append(out, f.proc())
		}
		for _, p := range made {
			if p.in == sc.OID {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func parseRegProc(snap *Snapshot, path []string, text string) (OID, error) {
	parts, err := splitName(text)
	if err != nil {
		return 0, err
	}
	schema, name, err := objectParts(parts)
	if err != nil {
		return 0, err
	}
	list, err := procsNamed(snap, path, schema, name)
	if err != nil {
		return 0, err
	}
	switch len(list) {
	case 0:
		return 0, pgerr.Newf(pgerr.UndefinedFunction, "function \"%s\" does not exist", text)
	case 1:
		return list[0].oid, nil
	}
	return 0, pgerr.Newf(pgerr.AmbiguousFunction, "more than one function named \"%s\"", text)
}

// nameAndTypes reads name(type, type): the parts of the name and the types;
// NONE, where allowed, is 0.
func nameAndTypes(snap *Snapshot, path []string, text string, none bool) (parts []string, args []OID, err error) {
	// The list begins at the first parenthesis outside quotes.
	open, quoted := -1, false
	for i := 0; i < len(text) && open < 0; i++ {
		switch text[i] {
		case '"':
			quoted = !quoted
		case '(':
			if !quoted {
				open = i
			}
		}
	}
	if open < 0 {
		return nil, nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a left parenthesis")
	}
	if none {
		parts, err = splitOperator(text[:open])
	} else {
		parts, err = splitName(text[:open])
	}
	if err != nil {
		return nil, nil, err
	}
	list := strings.TrimRight(text[open+1:], " \t\n\r\f\v")
	if !strings.HasSuffix(list, ")") {
		return nil, nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a right parenthesis")
	}
	list = list[:len(list)-1]
	if strings.TrimSpace(list) == "" {
		return parts, nil, nil
	}
	depth, start := 0, 0
	quoted = false
	for i := 0; i <= len(list); i++ {
		if i < len(list) {
			switch c := list[i]; {
			case c == '"':
				quoted = !quoted
				continue
			case quoted:
				continue
			case c == '(' || c == '[':
				depth++
				continue
			case c == ')' || c == ']':
				depth--
				continue
			case c != ',' || depth != 0:
				continue
			}
		}
		word := strings.TrimSpace(list[start:i])
		start = i + 1
		if word == "" {
			return nil, nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a type name")
		}
		if none && strings.EqualFold(word, "none") {
			args = append(args, 0)
			continue
		}
		t, _, err := parseTypeName(snap, path, word)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, t.OID)
	}
	return parts, args, nil
}

func parseRegProcedure(snap *Snapshot, path []string, text string) (OID, error) {
	parts, args, err := nameAndTypes(snap, path, text, false)
	if err != nil {
		return 0, err
	}
	schema, name, err := objectParts(parts)
	if err != nil {
		return 0, err
	}
	list, err := procsNamed(snap, path, schema, name)
	if err != nil {
		return 0, err
	}
	for _, p := range list {
		if slices.Equal(p.args, args) {
			return p.oid, nil
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedFunction, "function \"%s\" does not exist", text)
}

// splitOperator takes a possibly qualified operator's name apart.
func splitOperator(text string) ([]string, error) {
	s := strings.TrimSpace(text)
	var parts []string
	for s != "" && (s[0] == '"' || s[0] == '_' || s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') {
		part, rest, ok := takeIdent(s)
		if !ok || rest == "" || rest[0] != '.' {
			return nil, pgerr.New(pgerr.InvalidName, "invalid name syntax")
		}
		parts, s = append(parts, part), rest[1:]
	}
	if s == "" {
		return nil, pgerr.New(pgerr.InvalidName, "invalid name syntax")
	}
	return append(parts, s), nil
}

func operatorsNamed(snap *Snapshot, parts []string) ([]*builtin.Operator, error) {
	schema, name, err := objectParts(parts)
	if err != nil {
		return nil, err
	}
	if schema != "" {
		if _, err := snap.schemaNamed(nil, schema); err != nil {
			return nil, err
		}
		if schema != "pg_catalog" {
			return nil, nil
		}
	}
	return builtin.Operators(name), nil
}

func parseRegOper(snap *Snapshot, text string) (OID, error) {
	parts, err := splitOperator(text)
	if err != nil {
		return 0, err
	}
	ops, err := operatorsNamed(snap, parts)
	if err != nil {
		return 0, err
	}
	switch len(ops) {
	case 0:
		return 0, pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", text)
	case 1:
		return ops[0].OID, nil
	}
	return 0, pgerr.Newf(pgerr.AmbiguousFunction, "more than one operator named %s", text)
}

func parseRegOperator(snap *Snapshot, path []string, text string) (OID, error) {
	parts, args, err := nameAndTypes(snap, path, text, true)
	if err != nil {
		return 0, err
	}
	switch {
	case len(args) == 1:
		return 0, pgerr.New(pgerr.UndefinedParameter, "missing argument").WithHint("Use NONE to denote the missing argument of a unary operator.")
	case len(args) != 2:
		return 0, pgerr.New(pgerr.TooManyArguments, "too many arguments").WithHint("Provide two argument types for operator.")
	}
	ops, err := operatorsNamed(snap, parts)
	if err != nil {
		return 0, err
	}
	for _, op := range ops {
		left := OID(0)
		if op.Left != nil {
			left = op.Left.OID
		}
		if left == args[0] && op.Right.OID == args[1] {
			return op.OID, nil
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", text)
}

// RegName gives the name of an object for the text form of a reg type, ""
// when there is no such object.
func RegName(snap *Snapshot, path []string, kind *types.Type, oid types.OID) string {
	switch kind {
	case types.RegClass:
		schema, name, ok := snap.relationName(oid)
		if !ok {
			return ""
		}
		if snap.Resolve(path, name) == oid {
			return types.QuoteIdent(name)
		}
		return qualified(schema, name)
	case types.RegType:
		return formatType(snap, path, oid, -1, false)
	case types.RegProc:
		p := snap.proc(oid)
		if p == nil {
			return ""
		}
		if list, err := procsNamed(snap, path, "", p.name); err == nil && len(list) == 1 && visibleIn(path, snap.schemaName(p.schema(snap))) {
			return types.QuoteIdent(p.name)
		}
		return qualified(snap.Schema(p.schema(snap)).Name, p.name)
	case types.RegProcedure:
		p := snap.proc(oid)
		if p == nil {
			return ""
		}
		name := types.QuoteIdent(p.name)
		if sc := snap.Schema(p.schema(snap)).Name; !visibleIn(path, sc) {
			name = qualified(sc, p.name)
		}
		var b strings.Builder
		b.WriteString(name)
		b.WriteByte('(')
		for i, a := range p.args {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(formatType(snap, path, a, -1, false))
		}
		b.WriteByte(')')
		return b.String()
	case types.RegOper, types.RegOperator:
		op := builtin.OperatorByOID(oid)
		if op == nil {
			return ""
		}
		if kind == types.RegOper {
			if len(builtin.Operators(op.Name)) == 1 && visibleIn(path, "pg_catalog") {
				return op.Name
			}
			return "pg_catalog." + op.Name
		}
		left := "NONE"
		if op.Left != nil {
			left = formatType(snap, path, op.Left.OID, -1, false)
		}
		name := op.Name
		if !visibleIn(path, "pg_catalog") {
			name = "pg_catalog." + name
		}
		return name + "(" + left + "," + formatType(snap, path, op.Right.OID, -1, false) + ")"
	case types.RegNamespace:
		if s := snap.Schema(oid); s != nil {
			return types.QuoteIdent(s.Name)
		}
	case types.RegRole:
		if r := snap.Role(oid); r != nil {
			return types.QuoteIdent(r.Name)
		}
	case types.RegCollation:
		for _, c := range collations {
			if c.oid == oid {
				if visibleIn(path, "pg_catalog") {
					return types.QuoteIdent(c.name)
				}
				return qualified("pg_catalog", c.name)
			}
		}
	}
	return ""
}

func qualified(schema, name string) string {
	return types.QuoteIdent(schema) + "." + types.QuoteIdent(name)
}

func visibleIn(path []string, schema string) bool {
	for _, p := range path {
		if p == schema {
			return true
		}
	}
	return false
}

// RelationName is the name of a relation of any kind, without its schema; "" if there is none.
func (s *Snapshot) RelationName(oid OID) string {
	_, name, _ := s.relationName(oid)
	return name
}

// relationName gives schema and name of a table, view, index or sequence.
func (s *Snapshot) relationName(oid OID) (schema, name string, ok bool) {
	var sc OID
	if t := s.Table(oid); t != nil {
		sc, name = t.SchemaOID, t.Name
	} else if t := s.TableOfIndex(oid); t != nil {
		sc, name = t.SchemaOID, t.IndexByOID(oid).Name
	} else if q := s.Sequence(oid); q != nil {
		sc, name = q.SchemaOID, q.Name
	} else {
		return "", "", false
	}
	if d := s.Schema(sc); d != nil {
		schema = d.Name
	}
	return schema, name, true
}

// schemaOfType gives the schema a type belongs to.
func (s *Snapshot) schemaOfType(t *types.Type) OID {
	if t.Schema == "" {
		return PgCatalogOID
	}
	if sc := s.SchemaByName(t.Schema); sc != nil {
		return sc.OID
	}
	return PgCatalogOID
}

// formatType is format_type: the SQL name of a type, "" for none. given tells
// that a modifier was asked for, even if it is -1: character without one is
// then bpchar, for character alone would mean character(1).
func formatType(snap *Snapshot, path []string, oid OID, typmod int32, given bool) string {
	t := snap.Type(oid)
	if t == nil {
		return ""
	}
	if t.IsArray() && !t.IsVector() || t.Elem != nil && t.Category == 'P' {
		return formatType(snap, path, t.Elem.OID, typmod, given) + "[]"
	}
	if t == types.BPChar && typmod < 0 && !given {
		return "character"
	}
	if t == types.Bit && typmod < 0 && given {
		return "\"bit\"" // bit alone would mean bit(1)
	}
	if t.Schema == "" {
		name := types.Format(t, typmod)
		if !visibleIn(path, "pg_catalog") && name == types.QuoteIdent(t.Name) {
			return "pg_catalog." + name
		}
		return name
	}
	if found := snap.ResolveType(path, t.Name); found != nil && found.OID == t.OID {
		return types.QuoteIdent(t.Name)
	}
	return qualified(t.Schema, t.Name)
}
