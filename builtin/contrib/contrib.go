// Package contrib has the extensions that CREATE EXTENSION can make: for each what it is called,
// and its functions with what computes them.
//
//	contrib.go   the extensions and how one is described
//	pgcrypto.go  digests, ciphers, passwords      (crypt.go, cipher.go, armor.go)
//	uuid.go      uuid-ossp
//
// As in PostgreSQL the functions are of language C: a descriptor in the catalog names a library
// and a symbol in it, and Kernel finds what that is. They exist from CREATE EXTENSION to DROP
// EXTENSION only. Not here: descriptors, dependencies (packages catalog and ddl).
package contrib

import (
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// Extension is one that can be created.
type Extension struct {
	Name, Version, Comment string
	Functions              []Function
}

// Function is a function of an extension.
type Function struct {
	Name      string
	Symbol    string
	Args      []Param // inputs, then what is put out
	Result    *types.Type
	SetOf     bool
	Volatile  byte // pg_proc.provolatile
	NotStrict bool
}

// Param is a parameter of a Function.
type Param struct {
	Name string
	Type *types.Type
	Out  bool
}

// Kernel computes a function; one of Eval and Set is there.
type Kernel struct {
	Eval builtin.EvalFunc
	Set  builtin.SetFunc
}

// Extensions are all extensions there are, by name.
var Extensions = []*Extension{&pgcrypto, &uuidOSSP}

// Find finds an extension by its name, nil if there is none.
func Find(name string) *Extension {
	for _, e := range Extensions {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Library is what pg_proc.probin says of the extension's functions.
func (e *Extension) Library() string { return "$libdir/" + e.Name }

// kernels are what the symbols of each library compute.
var kernels = map[string]map[string]Kernel{"$libdir/pgcrypto": pgcryptoKernels, "$libdir/uuid-ossp": uuidKernels}

// FindKernel finds what a symbol of a library computes.
func FindKernel(library, symbol string) (Kernel, bool) {
	k, ok := kernels[library][symbol]
	return k, ok
}

// fn describes a function: its arguments are names of types, with blanks between, each after a
// name and a colon if it has one.
func fn(name, args, result, symbol string, volatile byte) Function {
	f := Function{Name: name, Symbol: symbol, Volatile: volatile, Result: types.ByName(result)}
	for _, a := range strings.Fields(args) {
		p := Param{}
		if n, t, ok := strings.Cut(a, ":"); ok {
			p.Name, a = n, t
		}
		p.Type = types.ByName(a)
		f.Args = append(f.Args, p)
	}
	return f
}

// eval makes a kernel of what computes one value.
func eval(f func(a []types.Datum) (types.Datum, error)) Kernel {
	return Kernel{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) { return f(a) }}
}

func invalid(format string, args ...any) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
}

// failed is what pgcrypto calls errors of the library below it.
func failed(format string, args ...any) error {
	return pgerr.Newf(pgerr.ExternalRoutineInvocationException, format, args...)
}
