package catalog

import (
	"strings"
	"unicode"

	"rowkey/pgerr"
	"rowkey/types"
)

// Reading names and type names out of strings: what the reg* types, to_regclass
// and the like are given at run time. The SQL parser is above this package, and
// PostgreSQL too has a reader of its own for names in strings.

// splitName takes a possibly qualified name apart: parts folded to lower case
// unless quoted, as in SQL.
func splitName(text string) ([]string, error) {
	invalid := pgerr.New(pgerr.InvalidName, "invalid name syntax")
	s := strings.TrimLeft(text, " \t\n\r\f\v")
	var parts []string
	for {
		part, rest, ok := takeIdent(s)
		if !ok {
			return nil, invalid
		}
		parts = append(parts, part)
		s = strings.TrimLeft(rest, " \t\n\r\f\v")
		if s == "" {
			return parts, nil
		}
		if s[0] != '.' {
			return nil, invalid
		}
		s = strings.TrimLeft(s[1:], " \t\n\r\f\v")
	}
}

// takeIdent takes one identifier, quoted or not, from the front of s.
func takeIdent(s string) (ident, rest string, ok bool) {
	if s != "" && s[0] == '"' {
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			if s[i] != '"' {
				b.WriteByte(s[i])
				continue
			}
			if i+1 < len(s) && s[i+1] == '"' {
				b.WriteByte('"')
				i++
				continue
			}
			return types.TruncateName(b.String()), s[i+1:], true
		}
		return "", "", false
	}
	n := strings.IndexFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
	if n < 0 {
		n = len(s)
	}
	if n == 0 {
		return "", "", false
	}
	return types.TruncateName(strings.ToLower(s[:n])), s[n:], true
}

// relationParts splits a relation's name into schema ("" if none) and name.
func relationParts(text string) (schema, name string, err error) {
	parts, err := splitName(text)
	if err != nil {
		return "", "", err
	}
	return schemaAndName(parts, "improper relation name")
}

// objectParts splits the name of anything but a relation.
func objectParts(parts []string) (schema, name string, err error) {
	return schemaAndName(parts, "improper qualified name")
}

func schemaAndName(parts []string, improper string) (schema, name string, err error) {
	switch len(parts) {
	case 1:
		return "", parts[0], nil
	case 2:
		return parts[0], parts[1], nil
	case 3:
		return parts[1], parts[2], nil
	}
	return "", "", pgerr.Newf(pgerr.SyntaxError, "%s (too many dotted names): %s", improper, strings.Join(parts, "."))
}

// schemaNamed finds a schema that was named explicitly.
func (s *Snapshot) schemaNamed(path []string, name string) (*Schema, error) {
	if sc := s.SchemaOnPath(path, name); sc != nil {
		return sc, nil
	}
	return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
}

// SchemaOnPath finds a schema by its name, nil if there is none; pg_temp is the
// session's own schema of temporary objects, which is on its path.
func (s *Snapshot) SchemaOnPath(path []string, name string) *Schema {
	if name == "pg_temp" {
		for _, p := range path {
			if strings.HasPrefix(p, "pg_temp_") {
				return s.SchemaByName(p)
			}
		}
	}
	return s.SchemaByName(name)
}

// typeReader reads the SQL name of a type.
type typeReader struct {
	snap *Snapshot
	path []string
	toks []typeToken
	pos  int
}

type typeToken struct {
	kind byte // 'i' identifier, 'q' quoted identifier, 'n' number, else the character itself; 0 at the end
	text string
	num  int64
}

func lexType(text string) ([]typeToken, error) {
	var toks []typeToken
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			i++
		case c == '"':
			id, rest, ok := takeIdent(text[i:])
			if !ok {
				return nil, pgerr.Newf(pgerr.SyntaxError, "unterminated quoted identifier at or near \"%s\"", text[i:])
			}
			toks = append(toks, typeToken{kind: 'q', text: id})
			i = len(text) - len(rest)
		case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80:
			j := i + 1
			for j < len(text) && (text[j] == '_' || text[j] == '$' || text[j] >= '0' && text[j] <= '9' ||
				text[j] >= 'a' && text[j] <= 'z' || text[j] >= 'A' && text[j] <= 'Z' || text[j] >= 0x80) {
				j++
			}
			toks = append(toks, typeToken{kind: 'i', text: types.TruncateName(strings.ToLower(text[i:j]))})
			i = j
		case c >= '0' && c <= '9' || c == '-' && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9':
			j := i + 1
			for j < len(text) && text[j] >= '0' && text[j] <= '9' {
				j++
			}
			n, err := types.ParseInt(text[i:j], 32, "integer")
			if err != nil {
				return nil, err
			}
			toks = append(toks, typeToken{kind: 'n', text: text[i:j], num: n})
			i = j
		default:
			toks = append(toks, typeToken{kind: c, text: string(c)})
			i++
		}
	}
	return toks, nil
}

// parseTypeName reads the SQL name of a type: integer, timestamp(3) with time
// zone, numeric(10,2)[], myschema.mytype …
func parseTypeName(snap *Snapshot, path []string, text string) (*types.Type, int32, error) {
	toks, err := lexType(text)
	if err != nil {
		return nil, -1, err
	}
	r := &typeReader{snap: snap, path: path, toks: toks}
	if len(toks) == 0 || r.peek().text == "setof" && r.peek().kind == 'i' {
		return nil, -1, pgerr.Newf(pgerr.SyntaxError, "invalid type name \"%s\"", text)
	}
	t, typmod, err := r.typeName()
	if err != nil {
		return nil, -1, err
	}
	if r.peek().kind != 0 {
		return nil, -1, r.unexpected()
	}
	return t, typmod, nil
}

func (r *typeReader) peek() typeToken {
	if r.pos < len(r.toks) {
		return r.toks[r.pos]
	}
	return typeToken{}
}

func (r *typeReader) unexpected() error {
	if t := r.peek(); t.kind != 0 {
		return pgerr.Newf(pgerr.SyntaxError, "syntax error at or near \"%s\"", t.text)
	}
	return pgerr.New(pgerr.SyntaxError, "syntax error at end of input")
}

// word takes the key word w if it comes next.
func (r *typeReader) word(w string) bool {
	if t := r.peek(); t.kind == 'i' && t.text == w {
		r.pos++
		return true
	}
	return false
}

func (r *typeReader) punct(c byte) bool {
	if r.peek().kind == c {
		r.pos++
		return true
	}
	return false
}

func (r *typeReader) expect(w string) error {
	if r.word(w) {
		return nil
	}
	return r.unexpected()
}

// mods reads a list of modifiers in parentheses, nil if there is none.
func (r *typeReader) mods() ([]int64, error) {
	if !r.punct('(') {
		return nil, nil
	}
	var list []int64
	for {
		t := r.peek()
		if t.kind != 'n' {
			return nil, r.unexpected()
		}
		r.pos++
		list = append(list, t.num)
		if r.punct(')') {
			return list, nil
		}
		if !r.punct(',') {
			return nil, r.unexpected()
		}
	}
}

// plainTypes are the key words of the grammar that name a type by themselves,
// each with whether modifiers may follow.
var plainTypes = map[string]struct {
	t    *types.Type
	mods bool
}{
	"int": {types.Int4, false}, "integer": {types.Int4, false}, "smallint": {types.Int2, false},
	"bigint": {types.Int8, false}, "real": {types.Float4, false}, "boolean": {types.Bool, false},
	"decimal": {types.Numeric, true}, "dec": {types.Numeric, true}, "numeric": {types.Numeric, true},
}

func (r *typeReader) typeName() (*types.Type, int32, error) {
	t, typmod, err := r.simpleType()
	if err != nil {
		return nil, -1, err
	}
	array := false
	if r.word("array") {
		array = true
		if r.punct('[') {
			if !r.punct('n') || !r.punct(']') {
				return nil, -1, r.unexpected()
			}
		}
	}
	for !array || r.peek().kind == '[' {
		if !r.punct('[') {
			break
		}
		r.punct('n')
		if !r.punct(']') {
			return nil, -1, r.unexpected()
		}
		array = true
	}
	if array && !t.IsArray() {
		if t.Array == nil {
			return nil, -1, pgerr.Newf(pgerr.UndefinedObject, "type \"%s[]\" does not exist", types.Format(t, -1))
		}
		t = t.Array
	}
	return t, typmod, nil
}

func (r *typeReader) simpleType() (*types.Type, int32, error) {
	tok := r.peek()
	if tok.kind == 'i' {
		if p, ok := plainTypes[tok.text]; ok {
			r.pos++
			if !p.mods {
				return p.t, -1, nil
			}
			return r.withMods(p.t)
		}
		switch tok.text {
		case "float":
			r.pos++
			mods, err := r.mods()
			switch {
			case err != nil:
				return nil, -1, err
			case len(mods) == 0:
				return types.Float8, -1, nil
			case mods[0] < 1:
				return nil, -1, pgerr.New(pgerr.InvalidParameterValue, "precision for type float must be at least 1 bit")
			case mods[0] > 53:
				return nil, -1, pgerr.New(pgerr.InvalidParameterValue, "precision for type float must be less than 54 bits")
			case mods[0] <= 24:
				return types.Float4, -1, nil
			}
			return types.Float8, -1, nil
		case "double":
			if r.pos++; !r.word("precision") {
				r.pos--
				break
			}
			return types.Float8, -1, nil
		case "national":
			r.pos++
			if !r.word("character") && !r.word("char") {
				return nil, -1, r.unexpected()
			}
			return r.character()
		case "character", "char", "nchar":
			r.pos++
			return r.character()
		case "varchar":
			r.pos++
			return r.withMods(types.VarChar)
		case "bit":
			if r.pos++; r.word("varying") {
				return r.withMods(types.VarBit)
			}
			return r.withMods(types.Bit)
		case "timestamp":
			r.pos++
			return r.zoned(types.Timestamp, types.TimestampTZ)
		case "time":
			r.pos++
			return r.zoned(types.Time, types.TimeTZ)
		case "interval":
			r.pos++
			return r.interval()
		}
	}
	if tok.kind != 'i' && tok.kind != 'q' {
		return nil, -1, r.unexpected()
	}
	var parts []string
	for {
		t := r.peek()
		if t.kind != 'i' && t.kind != 'q' {
			return nil, -1, r.unexpected()
		}
		r.pos++
		parts = append(parts, t.text)
		if !r.punct('.') {
			break
		}
	}
	schema, name, err := objectParts(parts)
	if err != nil {
		return nil, -1, err
	}
	var t *types.Type
	if schema != "" {
		sc, err := r.snap.schemaNamed(r.path, schema)
		if err != nil {
			return nil, -1, err
		}
		t = r.snap.TypeByName(sc, name)
	} else {
		t = r.snap.ResolveType(r.path, name)
	}
	if t == nil {
		return nil, -1, pgerr.Newf(pgerr.UndefinedObject, "type \"%s\" does not exist", strings.Join(parts, "."))
	}
	return r.withMods(t)
}

func (r *typeReader) withMods(t *types.Type) (*types.Type, int32, error) {
	mods, err := r.mods()
	if err != nil || mods == nil {
		return t, -1, err
	}
	typmod, err := types.EncodeTypmod(t, mods)
	return t, typmod, err
}

func (r *typeReader) character() (*types.Type, int32, error) {
	t := types.BPChar
	if r.word("varying") {
		t = types.VarChar
	}
	return r.withMods(t)
}

func (r *typeReader) zoned(without, with *types.Type) (*types.Type, int32, error) {
	mods, err := r.mods()
	if err != nil {
		return nil, -1, err
	}
	t := without
	for _, w := range []string{"with", "without"} {
		if !r.word(w) {
			continue
		}
		if err := r.expect("time"); err != nil {
			return nil, -1, err
		}
		if err := r.expect("zone"); err != nil {
			return nil, -1, err
		}
		if w == "with" {
			t = with
		}
		break
	}
	if mods == nil {
		return t, -1, nil
	}
	typmod, err := types.EncodeTypmod(t, mods)
	return t, typmod, err
}

var intervalFields = []struct {
	name string
	bit  int
}{
	{"year", types.IntervalYear}, {"month", types.IntervalMonth}, {"day", types.IntervalDay},
	{"hour", types.IntervalHour}, {"minute", types.IntervalMinute}, {"second", types.IntervalSecond},
}

func (r *typeReader) interval() (*types.Type, int32, error) {
	field := func() int {
		for i, f := range intervalFields {
			if r.word(f.name) {
				return i
			}
		}
		return -1
	}
	precision := func() (int, error) {
		mods, err := r.mods()
		if err != nil || mods == nil {
			return -1, err
		}
		if mods[0] < 0 || len(mods) > 1 {
			return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid type modifier")
		}
		return int(min(mods[0], 6)), nil
	}
	p, err := precision()
	if err != nil {
		return nil, -1, err
	}
	fields := 0
	if from := field(); from >= 0 {
		to := from
		if r.word("to") {
			if to = field(); to <= from {
				return nil, -1, r.unexpected()
			}
		}
		for i := from; i <= to; i++ {
			fields |= intervalFields[i].bit
		}
		if to == len(intervalFields)-1 {
			if p, err = precision(); err != nil {
				return nil, -1, err
			}
		}
	}
	return types.Interval, types.IntervalTypmod(fields, p), nil
}
