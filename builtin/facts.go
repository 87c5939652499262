package builtin

import (
	_ "embed"
	"strconv"
	"strings"

	"rowkey/types"
)

// The facts about PostgreSQL 15's functions, operators and casts that have
// nothing to do with how they are computed: OIDs, types, strictness,
// volatility, names of arguments, commutators … One line each, tab separated,
// for every one whose types exist here. A line becomes an entry of the tables
// when a function with its signature is defined; the others let the planner
// tell "not done here" from "no such function".
//
//	procs.txt      oid, name(types), result, flags, argument names, output columns, defaults
//	               flags: kind f|a|w, volatility i|s|v, strict s, leakproof l, set r, variadic v
//	operators.txt  oid, name, left, right, result, function oid, commutator, negator, comparison
//	casts.txt      from, to, context, method f|b|i, function oid
//	absent.txt     names of types that do not exist here, and of functions of which no line is kept
//
// A test compares all of them with a live server.
var (
	//go:embed procs.txt
	procsText string
	//go:embed operators.txt
	operatorsText string
	//go:embed casts.txt
	castsText string
	//go:embed absent.txt
	absentText string
)

// fact is one line of procs.txt, not yet taken apart.
type fact struct {
	oid  types.OID
	line string
}

// facts maps a signature, name(type,type), to its line.
var facts = func() map[string]fact {
	m := make(map[string]fact, 2048)
	for rest := procsText; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		oid, tail, _ := strings.Cut(line, "\t")
		sig, _, _ := strings.Cut(tail, "\t")
		n, err := strconv.ParseUint(oid, 10, 32)
		if err != nil {
			panic("builtin: bad line in procs.txt: " + line)
		}
		m[sig] = fact{types.OID(n), line}
	}
	return m
}()

// typeList takes apart a comma separated list of type names.
func typeList(s string) []*types.Type {
	if s == "" {
		return nil
	}
	names := strings.Split(s, ",")
	list := make([]*types.Type, len(names))
	for i, n := range names {
		list[i] = mustType(n)
	}
	return list
}

func mustType(name string) *types.Type {
	t := types.ByName(name)
	if t == nil {
		panic("builtin: no type " + name)
	}
	return t
}

// fill completes f from the line of its fact.
func (f *Func) fill(line string) {
	col := strings.Split(line, "\t")
	oid, _ := strconv.ParseUint(col[0], 10, 32)
	f.OID = types.OID(oid)
	name, args, _ := strings.Cut(strings.TrimSuffix(col[1], ")"), "(")
	f.Name = name
	f.Args = typeList(args)
	f.Result = mustType(col[2])
	flags := col[3]
	f.Kind = Kind(flags[0])
	f.Volatility = Volatility(flags[1])
	f.NotStrict = flags[2] != 's'
	f.Leakproof = flags[3] == 'l'
	f.SetOf = flags[4] == 'r'
	if flags[5] == 'v' {
		last := f.Args[len(f.Args)-1]
		switch {
		case last == types.AnyType:
			f.Variadic = types.AnyType
		case last == types.AnyArray:
			f.Variadic = types.AnyElement
		case last == types.AnyCompatibleArray:
			f.Variadic = types.AnyCompatible
		default:
			f.Variadic = last.Elem
		}
	}
	if col[4] != "" {
		f.ArgNames = strings.Split(col[4], ",")
	}
	if col[5] != "" {
		for _, o := range strings.Split(col[5], ",") {
			i := strings.LastIndexByte(o, ' ')
			f.Out = append(f.Out, types.Field{Name: o[:i], Type: mustType(o[i+1:]), Typmod: -1})
		}
	}
	if col[6] != "" {
		defaults := strings.Split(col[6], ", ")
		first := len(f.Args) - len(defaults)
		for i, d := range defaults {
			f.Defaults = append(f.Defaults, defaultValue(f.Args[first+i], d))
		}
	}
}

// defaultValue reads the few forms of default that the table has: booleans,
// numbers and 'text'::text.
func defaultValue(t *types.Type, s string) types.Datum {
	switch t.Phys {
	case types.PhysBool:
		return types.NewBool(s == "true")
	case types.PhysInt64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic("builtin: bad default " + s)
		}
		return types.NewInt(n)
	case types.PhysFloat64:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic("builtin: bad default " + s)
		}
		return types.NewFloat(n)
	case types.PhysBytes:
		s, _, _ = strings.Cut(strings.TrimPrefix(s, "'"), "'")
		return types.NewString(s)
	}
	panic("builtin: default of type " + t.Name)
}
