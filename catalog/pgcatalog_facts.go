package catalog

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"rowkey/builtin"
	"rowkey/types"
)

// Facts about PostgreSQL 15 that only the system relations show. Made by
// facts/generate.sh; a test compares them with a live server.
var (
	//go:embed facts/types.txt
	typeFacts string
	//go:embed facts/typeprocs.txt
	typeProcFacts string
	//go:embed facts/procs.txt
	procFacts string
	//go:embed facts/domains.txt
	domainFacts string
	//go:embed facts/opclasses.txt
	opclassFacts string
	//go:embed facts/opfamilies.txt
	opfamilyFacts string
	//go:embed facts/amops.txt
	amopFacts string
	//go:embed facts/amprocs.txt
	amprocFacts string
	//go:embed facts/castoids.txt
	castFacts string
	//go:embed facts/operators.txt
	operatorFacts string
	//go:embed facts/descriptions.txt
	descriptionFacts string
	//go:embed facts/roles.txt
	roleFacts string
	//go:embed facts/settings.txt
	settingFacts string
	//go:embed facts/shared.txt
	sharedFacts string
)

// factLines gives the columns of each line.
func factLines(text string, visit func(c []string)) {
	for rest := text; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		visit(strings.Split(line, "\t"))
	}
}

// Access methods, by PostgreSQL's numbers. Tables and indexes here are ordered
// keys; clients know them as heap and btree.
const (
	heapAM  OID = 2
	btreeAM OID = 403
	hashAM  OID = 405
)

var accessMethods = []struct {
	oid     OID
	name    string
	handler string
	kind    byte
}{
	{heapAM, "heap", "heap_tableam_handler", 't'},
	{btreeAM, "btree", "bthandler", 'i'},
	{hashAM, "hash", "hashhandler", 'i'},
}

// languages of functions. PL/pgSQL is, as in PostgreSQL, what the extension of
// this name brings; all are built in. Functions in C are refused when they are made.
var languages = []struct {
	oid                         OID
	name                        string
	loaded, trusted             bool
	handler, inline, validation OID
}{
	{internalLanguage, "internal", false, false, 0, 0, 2246},
	{cLanguage, "c", false, false, 0, 0, 2247},
	{sqlLanguage, "sql", false, true, 0, 0, 2248},
	{plpgsqlLanguage, "plpgsql", true, true, plpgsqlHandler, plpgsqlInline, plpgsqlValidator},
}

const (
	internalLanguage OID = 12
	cLanguage        OID = 13
	sqlLanguage      OID = 14
	plpgsqlExtension OID = 13559
	rowkeyExtension  OID = 9901 // below PostgreSQL's last: clients take it for built in
	plpgsqlHandler   OID = 13560
	plpgsqlInline    OID = 13561
	plpgsqlValidator OID = 13562
	plpgsqlLanguage  OID = 13563
)

const (
	defaultCollation OID = 100
	cCollation       OID = 950
)

// collations: text compares by bytes, whatever the name.
var collations = []struct {
	oid      OID
	name     string
	provider byte
	encoding int
	locale   string
}{
	{defaultCollation, "default", 'd', -1, ""},
	{cCollation, "C", 'c', -1, "C"},
	{951, "POSIX", 'c', -1, "POSIX"},
	{12340, "ucs_basic", 'c', 6, "C"},
	{12341, "C.utf8", 'c', 6, "C.utf8"},
}

// role is a role that exists by itself.
type role struct {
	oid  OID
	name string
}

var roles = func() []role {
	var out []role
	factLines(roleFacts, func(c []string) { out = append(out, role{parseOID(c[0]), c[1]}) })
	return out
}()

// unfiled holds the relations that pg_class gives no file number: true for those
// that belong to the whole server.
var unfiled = func() map[OID]bool {
	m := map[OID]bool{}
	factLines(sharedFacts, func(c []string) { m[parseOID(c[0])] = c[1] == "t" })
	return m
}()

// typeFact is what pg_type says about a base type beyond types.Type.
type typeFact struct {
	oid                                                             OID
	name                                                            string
	storage                                                         byte
	input, output, receive, send, modIn, modOut, analyze, subscript OID
}

var typesByOID = sync.OnceValue(func() map[OID]*typeFact {
	m := map[OID]*typeFact{}
	factLines(typeFacts, func(c []string) {
		f := &typeFact{oid: parseOID(c[0]), name: c[1], storage: c[5][0]}
		for i, p := range []*OID{&f.input, &f.output, &f.receive, &f.send, &f.modIn, &f.modOut, &f.analyze, &f.subscript} {
			*p = parseOID(c[6+i])
		}
		m[f.oid] = f
	})
	return m
})

// factOf completes what is known of a type: made from its element, base or kind
// if it is not a base type itself.
func factOf(t *types.Type) *typeFact {
	if f := typesByOID()[t.OID]; f != nil {
		return f
	}
	proc := func(name string) OID {
		if list := procs().byName[name]; len(list) > 0 {
			return list[0].oid
		}
		return 0
	}
	f := &typeFact{storage: 'x'}
	switch {
	case t.Kind == types.KindEnum:
		f.storage = 'p'
		f.input, f.output, f.receive, f.send = proc("enum_in"), proc("enum_out"), proc("enum_recv"), proc("enum_send")
	case t.Kind == types.KindDomain:
		base := factOf(t.Base)
		f.storage, f.output, f.send, f.analyze = base.storage, base.output, base.send, base.analyze
		f.input, f.receive = proc("domain_in"), proc("domain_recv")
	case t.IsRange():
		f.input, f.output, f.receive, f.send, f.analyze = proc("range_in"), proc("range_out"), proc("range_recv"), proc("range_send"), proc("range_typanalyze")
	case t.IsMultirange():
		f.input, f.output, f.receive, f.send, f.analyze = proc("multirange_in"), proc("multirange_out"), proc("multirange_recv"), proc("multirange_send"), proc("multirange_typanalyze")
	case t.Kind == types.KindComposite:
		f.input, f.output, f.receive, f.send = proc("record_in"), proc("record_out"), proc("record_recv"), proc("record_send")
	case t.Elem != nil:
		elem := factOf(t.Elem)
		f.modIn, f.modOut = elem.modIn, elem.modOut
		f.input, f.output, f.receive, f.send = proc("array_in"), proc("array_out"), proc("array_recv"), proc("array_send")
		f.analyze, f.subscript = proc("array_typanalyze"), proc("array_subscript_handler")
	}
	return f
}

// procTable is every function that pg_proc shows.
type procTable struct {
	list   []*proc
	byName map[string][]*proc
	byOID  map[OID]*proc
}

// procs gives the functions of package builtin and those that read and write
// values. Made at the first use, when every init has run.
var procs = sync.OnceValue(func() *procTable {
	t := &procTable{byName: map[string][]*proc{}, byOID: map[OID]*proc{}}
	add := func(p *proc) {
		if t.byOID[p.oid] != nil {
			return
		}
		t.list = append(t.list, p)
		t.byName[p.name] = append(t.byName[p.name], p)
		t.byOID[p.oid] = p
	}
	for _, f := range builtin.AllFuncs() {
		if f.OID == 0 {
			continue
		}
		p := &proc{oid: f.OID, name: bareName(f.Name), result: f.Result.OID, fn: f}
		for _, a := range f.Args {
			p.args = append(p.args, a.OID)
		}
		add(p)
	}
	factLines(typeProcFacts, func(c []string) {
		p := &proc{oid: parseOID(c[0]), name: c[1], result: parseOID(c[3]), volatility: c[4][0], strict: c[5] == "t", source: c[6]}
		if c[2] != "" {
			for _, a := range strings.Split(c[2], ",") {
				p.args = append(p.args, parseOID(a))
				if !known(parseOID(a)) {
					return
				}
			}
		}
		if known(p.result) || strings.HasSuffix(p.name, "handler") || strings.HasPrefix(p.name, "plpgsql") {
			add(p)
		}
	})
	return t
})

// bareName takes the schema off the name of a function that has one.
func bareName(name string) string {
	for _, prefix := range []string{schemaPrefix, rowkeyPrefix, keySpacePrefix} {
		if bare, ok := strings.CutPrefix(name, prefix); ok {
			return bare
		}
	}
	return name
}

// procFact is what pg_proc says of a function beyond builtin.Func.
type procFact struct {
	source     string
	library    string // the file of a function in C
	body       string // of one that is an SQL statement
	cost, rows float64
	parallel   byte
	language   OID
}

var procsByOID = sync.OnceValue(func() map[OID]procFact {
	m := map[OID]procFact{}
	factLines(procFacts, func(c []string) {
		cost, _ := strconv.ParseFloat(c[2], 64)
		count, _ := strconv.ParseFloat(c[3], 64)
		m[parseOID(c[0])] = procFact{unescape.Replace(c[1]), c[6], unescape.Replace(c[7]), cost, count, c[4][0], parseOID(c[5])}
	})
	return m
})

// unescape gives back the ends of lines that facts have not.
var unescape = strings.NewReplacer(`\n`, "\n", `\\`, `\`)

// opclass is an operator class of an index.
type opclass struct {
	oid, method, family, input, key OID
	name                            string
	isDefault                       bool
}

// known tells whether a type of PostgreSQL's exists here.
func known(t OID) bool { return t == 0 || types.ByOID(t) != nil }

var opclasses = sync.OnceValue(func() []opclass {
	var out []opclass
	factLines(opclassFacts, func(c []string) {
		k := opclass{oid: parseOID(c[0]), method: parseOID(c[1]), name: c[2], family: parseOID(c[3]), input: parseOID(c[4]),
			isDefault: c[5] == "t", key: parseOID(c[6])}
		if known(k.input) {
			out = append(out, k)
		}
	})
	return out
})

// opclassOf finds the b-tree operator class for a column of an index: the one
// named, or the default for its type.
func opclassOf(t *types.Type, name string) *opclass {
	t = t.Under()
	switch {
	case t == types.VarChar:
		t = types.Text
	case t.Kind == types.KindEnum:
		t = types.AnyEnum
	case t.IsRange():
		t = types.AnyRange
	case t.IsMultirange():
		t = types.AnyMultirange
	case t.IsArray() && t != types.OidVector:
		t = types.AnyArray
	case t.Kind == types.KindComposite:
		t = types.Record
	}
	list := opclasses()
	var other *opclass
	for i := range list {
		k := &list[i]
		if k.method != btreeAM {
			continue
		}
		if name != "" {
			if k.name == name && (k.input == t.OID || other == nil) {
				other = k
			}
		} else if k.input == t.OID && k.isDefault {
			return k
		}
	}
	return other
}

// families gives the operator families that a class of a known type uses.
var families = sync.OnceValue(func() map[OID]bool {
	m := map[OID]bool{}
	for _, k := range opclasses() {
		m[k.family] = true
	}
	return m
})

// descriptionTable holds descriptions of built-in objects, by class and OID.
var descriptionTable = sync.OnceValue(func() map[OID]map[OID]string {
	m := map[OID]map[OID]string{}
	factLines(descriptionFacts, func(c []string) {
		class := parseOID(c[0])
		if m[class] == nil {
			m[class] = map[OID]string{}
		}
		m[class][parseOID(c[1])] = c[2]
	})
	for _, f := range builtin.AllFuncs() {
		if f.Doc != "" && f.OID != 0 {
			m[procClass][f.OID] = f.Doc
		}
	}
	return m
})

// schemaDomains gives the domains of information_schema.
var schemaDomains = sync.OnceValue(func() []*UserType {
	var out []*UserType
	factLines(domainFacts, func(c []string) {
		u := &UserType{OID: parseOID(c[0]), ArrayOID: parseOID(c[1]), SchemaOID: InformationSchemaOID, Name: c[2], Kind: types.KindDomain,
			BaseOID: parseOID(c[3]), BaseMod: atoi32(c[4]), Default: c[8], Owner: BootstrapRoleOID}
		if c[6] != "" {
			u.Checks = []*Check{{OID: parseOID(c[5]), Name: c[6], Expr: c[7]}}
		}
		out = append(out, u)
	})
	return out
})
