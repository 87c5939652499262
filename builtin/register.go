package builtin

import (
	"strings"
	"sync"

	"rowkey/types"
)

// How a function gets into the table. Its file says, in init,
//
//	define("length(text) char_length(text)", f1(func(s string) int64 { … }))
//
// The signatures name lines of PostgreSQL's function table (facts.go), which
// gives OID, result type, strictness and the rest; the second argument gives
// what computes it. Operators and casts need no registration: PostgreSQL's
// tables say which function does them, and they exist once it is defined.
//
// A function PostgreSQL does not have is a complete *Func given to
// RegisterFunc.
//
// Variadic functions: one whose last argument is an array (Variadic is its
// element type) gets an array; one whose last argument is "any" gets all its
// arguments separately.

var (
	allFuncs  []*Func
	funcNames = map[string][]*Func{}
	funcOIDs  = map[types.OID]*Func{}
)

// define registers impl under each signature of sigs (separated by spaces).
// Only the fields that say how to compute it are set in impl; NotStrict and
// the like come from the table.
func define(sigs string, impl Func) {
	for _, sig := range strings.Fields(sigs) {
		fc, ok := facts[sig]
		if !ok {
			panic("builtin: no function " + sig + " in PostgreSQL's table")
		}
		f := impl
		f.fill(fc.line)
		add(&f)
	}
}

// Define registers a function that PostgreSQL has, for packages that know how
// to compute what this one cannot: sig is its signature with pg_type names,
// as in "pg_table_is_visible(oid)"; impl has the fields that compute it. Only
// to be called from init.
func Define(sig string, impl Func) { define(sig, impl) }

// RegisterFunc adds a function to the table. Only to be called from init. A
// Func without OID takes everything but its implementation from PostgreSQL's
// function of the same name and argument types.
func RegisterFunc(f *Func) {
	if f.OID == 0 {
		if fc, ok := facts[signature(f.Name, f.Args)]; ok {
			f.fill(fc.line)
		}
	}
	add(f)
}

func add(f *Func) {
	if old := funcOIDs[f.OID]; old != nil && f.OID != 0 {
		panic("builtin: function " + signature(f.Name, f.Args) + " defined twice")
	}
	if f.Eval == nil && f.Kind == Scalar {
		f.Eval = setInScalar
	}
	allFuncs = append(allFuncs, f)
	funcNames[f.Name] = append(funcNames[f.Name], f)
	if f.OID != 0 {
		funcOIDs[f.OID] = f
	}
}

// signature is the key of a function in facts.
func signature(name string, args []*types.Type) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(a.Name)
	}
	b.WriteByte(')')
	return b.String()
}

// Funcs gives the functions of one name, all kinds.
func Funcs(name string) []*Func { return funcNames[name] }

// FuncByOID finds a function by its OID, nil if there is none.
func FuncByOID(oid types.OID) *Func { return funcOIDs[oid] }

// AllFuncs gives every function of the table.
func AllFuncs() []*Func { return allFuncs }

// NotDone tells whether PostgreSQL has a function of this name although this
// table has none: the call deserves a "not supported" rather than a "does not
// exist".
func NotDone(name string) bool {
	if len(funcNames[name]) > 0 {
		return false
	}
	return notDone()[name]
}

// TypeNotDone is NotDone of a type.
func TypeNotDone(name string) bool { return notDone()["type "+name] }

// notDone has names of functions, and of types behind a word.
var notDone = sync.OnceValue(func() map[string]bool {
	m := make(map[string]bool)
	for _, line := range strings.Split(strings.TrimSuffix(absentText, "\n"), "\n") {
		m[line] = true
	}
	for sig := range facts {
		name, _, _ := strings.Cut(sig, "(")
		m[name] = true
	}
	return m
})

// tables holds what follows from the functions: operators and casts. It is
// made at the first look-up, when every init has run.
type tables struct {
	ops     []*Operator
	opNames map[string][]*Operator
	opOIDs  map[types.OID]*Operator
	casts   []*Cast
	castMap map[[2]types.OID]*Cast
}

var built = sync.OnceValue(func() *tables {
	t := &tables{
		opNames: map[string][]*Operator{},
		opOIDs:  map[types.OID]*Operator{},
		castMap: map[[2]types.OID]*Cast{},
	}
	for _, line := range strings.Split(strings.TrimSuffix(operatorsText, "\n"), "\n") {
		c := strings.Split(line, "\t")
		f := funcOIDs[atoOID(c[5])]
		if f == nil {
			continue
		}
		op := &Operator{
			OID: atoOID(c[0]), Name: c[1], Right: mustType(c[3]), Result: mustType(c[4]),
			Func: f, Commutator: c[6], Negator: c[7], Compare: c[8],
		}
		if c[2] != "" {
			op.Left = mustType(c[2])
		}
		t.ops = append(t.ops, op)
		t.opNames[op.Name] = append(t.opNames[op.Name], op)
		t.opOIDs[op.OID] = op
	}
	for _, op := range ownOperators {
		t.ops = append(t.ops, op)
		t.opNames[op.Name] = append(t.opNames[op.Name], op)
		t.opOIDs[op.OID] = op
	}
	for _, line := range strings.Split(strings.TrimSuffix(castsText, "\n"), "\n") {
		c := strings.Split(line, "\t")
		k := &Cast{From: mustType(c[0]), To: mustType(c[1]), Context: CastContext(c[2][0]), Method: c[3][0]}
		switch c[3] {
		case "f":
			if k.Func = funcOIDs[atoOID(c[4])]; k.Func == nil {
				continue
			}
		case "i":
			k.Func = IOCast(k.From, k.To)
		}
		if f := signChange(k.From, k.To); f != nil {
			if k.Func != nil {
				f.OID = k.Func.OID
			}
			k.Func = f
		}
		t.casts = append(t.casts, k)
		t.castMap[[2]types.OID{k.From.OID, k.To.OID}] = k
	}
	return t
})

// signChange gives the conversion between the signed integers and OIDs of four
// bytes, nil for other types.
func signChange(from, to *types.Type) *Func {
	oid := func(t *types.Type) bool {
		return t.Phys == types.PhysInt64 && t.Len == 4 && t != types.Int4 && (t == types.Oid || strings.HasPrefix(t.Name, "reg"))
	}
	var f Func
	switch {
	case (from == types.Int4 || from == types.Int2) && oid(to):
		f = f1(func(v int64) int64 { return int64(uint32(v)) })
	case oid(from) && to == types.Int4:
		f = f1(func(v int64) int64 { return int64(int32(v)) })
	default:
		return nil
	}
	f.Name, f.Args, f.Result, f.Kind, f.Volatility = to.Name, []*types.Type{from}, to, Scalar, Immutable
	return &f
}

func atoOID(s string) types.OID {
	var n types.OID
	for i := 0; i < len(s); i++ {
		n = n*10 + types.OID(s[i]-'0')
	}
	return n
}

// Operators gives the operators of one name.
func Operators(name string) []*Operator { return built().opNames[name] }

// OperatorByOID finds an operator by its OID, nil if there is none.
func OperatorByOID(oid types.OID) *Operator { return built().opOIDs[oid] }

// AllOperators gives every operator of the table.
func AllOperators() []*Operator { return built().ops }

// FindCast gives the table's cast between two types (none is needed from a
// type to itself, where this is the length coercion), nil if there is none.
func FindCast(from, to *types.Type) *Cast { return built().castMap[[2]types.OID{from.OID, to.OID}] }

// Casts gives every cast of the table.
func Casts() []*Cast { return built().casts }
