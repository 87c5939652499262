package catalog

import (
	"cmp"
	"strings"
	"sync"

	"rowkey/builtin"
	"rowkey/types"
)

// pg_proc, pg_operator, pg_aggregate, pg_cast, pg_language: package builtin's
// tables as relations.

func procRows() map[string]rows {
	return map[string]rows{
		"pg_proc":      {"oid proname", pgProcRows},
		"pg_operator":  {"oid oprname", pgOperatorRows},
		"pg_aggregate": {"aggfnoid", aggregateRows},
		"pg_cast":      {"", castRows},
		"pg_language":  {"", languageRows},
		"pg_extension": {"", extensionRows},
		"pg_available_extensions": {"", func(q *query) error {
			for _, a := range availableExtensions() {
				if err := q.row(vStr(a.name), vStr(a.version), q.installedVersion(a.name), vStr(a.comment)); err != nil {
					return err
				}
			}
			return nil
		}},
		"pg_available_extension_versions": {"", func(q *query) error {
			for _, a := range availableExtensions() {
				row := append([]types.Datum{vStr(a.name), vStr(a.version), vBool(!q.installedVersion(a.name).IsNull())}, a.facts()...)
				if err := q.row(row...); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

// eachProc visits the functions the query is about.
func (q *query) eachProc(oidCol, nameCol string, visit func(p *proc) error) error {
	list := procs().list
	if oid, ok := q.oid(oidCol); ok {
		list = nil
		if p := q.snap.proc(oid); p != nil {
			list = []*proc{p}
		}
	} else if name, ok := q.name(nameCol); ok {
		list = procs().byName[name]
		for _, sc := range q.snap.Schemas() {
			for _, f := range q.snap.FunctionsNamed(sc, name) {
				list = append(list[:len(list):len(list)], f.proc())
			}
		}
		list = append(list[:len(list):len(list)], q.snap.constructorProcs(name)...)
	} else {
		list = list[:len(list):len(list)]
		for _, f := range q.snap.Functions() {
			list = append(list, f.proc())
		}
		list = append(list, q.snap.constructorProcs("")...)
	}
	for _, p := range list {
		if p.schema(q.snap) == 0 {
			continue
		}
		if err := visit(p); err != nil {
			return err
		}
	}
	return nil
}

func (p *proc) kind() byte {
	if p.fn != nil {
		return byte(p.fn.Kind)
	}
	return 'f'
}

func (p *proc) isStrict() bool {
	if p.fn != nil {
		return !p.fn.NotStrict
	}
	return p.strict
}

func pgProcRows(q *query) error {
	return q.eachProc("oid", "proname", func(p *proc) error {
		if p.user != nil {
			return q.userProcRow(p.user)
		}
		volatility, leakproof, setOf, variadic, defaults := p.volatility, false, false, OID(0), 0
		more, ok := procsByOID()[p.oid]
		if !ok {
			more = procFact{source: cmp.Or(p.source, p.name), cost: 1, parallel: 's', language: internalLanguage}
		}
		all, modes, names, given, body, library := types.Null, types.Null, types.Null, types.Null, types.Null, types.Null
		if more.body != "" {
			body = vStr(more.body)
		}
		if more.library != "" {
			library = vStr(more.library)
		}
		if f := p.fn; f != nil {
			if defaults := defaultTexts(f); len(defaults) > 0 {
				given = vStr(strings.Join(defaults, ", "))
			}
			volatility, leakproof, setOf, defaults = byte(f.Volatility), f.Leakproof, f.SetOf, len(f.Defaults)
			if f.Variadic != nil {
				variadic = f.Variadic.OID
			}
			all, modes, names = argumentArrays(f)
		}
		args := make([]int64, len(p.args))
		for i, a := range p.args {
			args[i] = int64(a)
		}
		return q.row(vOID(p.oid), vStr(p.name), vOID(p.schema(q.snap)), vOID(BootstrapRoleOID), vOID(more.language), vFlt(more.cost), vFlt(more.rows), vOID(variadic),
			vOID(0), vChar(p.kind()), vBool(false), vBool(leakproof), vBool(p.isStrict()), vBool(setOf), vChar(volatility), vChar(more.parallel),
			vInt(len(p.args)), vInt(defaults), vOID(p.result), types.NewVector(types.OidVector, args...), all, modes, names, given, vNull(),
			vStr(more.source), library, body, vNull(), q.functionACL(p.oid))
	})
}

// defaultTexts writes the defaults of a built-in function's last arguments.
func defaultTexts(f *builtin.Func) []string {
	var list []string
	for i, d := range f.Defaults {
		list = append(list, literalText(f.Args[len(f.Args)-len(f.Defaults)+i], d))
	}
	return list
}

// functionACL gives proacl.
func (q *query) functionACL(oid OID) types.Datum {
	acl, _, set := q.snap.FunctionACL(oid)
	return vACL(acl, set)
}

// argumentArrays gives proallargtypes, proargmodes and proargnames.
func argumentArrays(f *builtin.Func) (all, modes, names types.Datum) {
	variadic := f.Variadic != nil
	if len(f.Out) > 0 || variadic {
		var oids []OID
		var ms []types.Datum
		for i, a := range f.Args {
			mode := byte('i')
			if variadic && i == len(f.Args)-1 {
				mode = 'v'
			}
			oids, ms = append(oids, a.OID), append(ms, vChar(mode))
		}
		for _, o := range f.Out {
			oids, ms = append(oids, o.Type.OID), append(ms, vChar('o'))
		}
		all, modes = vOIDs(types.Oid, oids), types.NewAny(types.NewArray(types.Char, ms))
	}
	if len(f.ArgNames) > 0 || len(f.Out) > 0 {
		list := make([]string, len(f.Args))
		copy(list, f.ArgNames)
		for _, o := range f.Out {
			list = append(list, o.Name)
		}
		names = stringArray(types.Text, list)
	}
	return all, modes, names
}

// operatorFact is what pg_operator says beyond builtin.Operator.
type operatorFact struct {
	commutator, negator, rest, join OID
	merges, hashes                  bool
}

var operatorsByOID = sync.OnceValue(func() map[OID]operatorFact {
	m := map[OID]operatorFact{}
	factLines(operatorFacts, func(c []string) {
		m[parseOID(c[0])] = operatorFact{parseOID(c[1]), parseOID(c[2]), parseOID(c[5]), parseOID(c[6]), c[3] == "t", c[4] == "t"}
	})
	return m
})

func pgOperatorRows(q *query) error {
	list := builtin.AllOperators()
	if oid, ok := q.oid("oid"); ok {
		list = nil
		if op := builtin.OperatorByOID(oid); op != nil {
			list = []*builtin.Operator{op}
		}
	} else if name, ok := q.name("oprname"); ok {
		list = builtin.Operators(name)
	}
	for _, op := range list {
		f := operatorsByOID()[op.OID]
		left, kind, code := OID(0), byte('l'), OID(0)
		if op.Left != nil {
			left, kind = op.Left.OID, 'b'
		}
		if op.Func != nil {
			code = op.Func.OID
		}
		// The estimators are PostgreSQL's planner's own; nothing here is called so.
		if err := q.row(vOID(op.OID), vStr(op.Name), vOID(PgCatalogOID), vOID(BootstrapRoleOID), vChar(kind), vBool(f.merges), vBool(f.hashes),
			vOID(left), vOID(op.Right.OID), vOID(op.Result.OID), vOID(f.commutator), vOID(f.negator), vOID(code), vOID(0), vOID(0)); err != nil {
			return err
		}
	}
	return nil
}

// sortOperators of aggregates that give the first value in an order.
var sortOperators = map[string]string{"min": "<", "bool_and": "<", "every": "<", "max": ">", "bool_or": ">"}

func aggregateRows(q *query) error {
	return q.eachProc("aggfnoid", "", func(p *proc) error {
		if p.kind() != byte(builtin.Aggregate) {
			return nil
		}
		zero := vOID(0)
		if p.user != nil && p.user.Aggregate != nil {
			a := p.user.Aggregate
			initial := vNull()
			if a.HasInitial {
				initial = vStr(a.Initial)
			}
			m, movingInitial := a.Moving, vNull()
			if m == nil {
				m = &Aggregate{}
			} else if m.HasInitial {
				movingInitial = vStr(m.Initial)
			}
			return q.row(vOID(p.oid), vChar('n'), vInt(0), vOID(a.Transition), vOID(a.Final), zero, zero, zero, vOID(m.Transition), vOID(m.Inverse), vOID(m.Final),
				vBool(a.FinalExtra), vBool(m.FinalExtra), vChar('r'), vChar('r'), zero, vOID(a.StateOID), vInt(0), vOID(m.StateOID), vInt(0), initial, movingInitial)
		}
		kind, direct := byte('n'), 0
		if a := p.fn.Agg; a != nil {
			switch {
			case a.Hypothetical:
				kind, direct = 'h', 1
			case a.OrderedSet:
				kind, direct = 'o', len(p.args)-1
			}
		}
		sortOp := OID(0)
		if name := sortOperators[p.name]; name != "" && len(p.args) == 1 {
			for _, op := range builtin.Operators(name) {
				if op.Left != nil && op.Left.OID == p.args[0] && op.Right.OID == p.args[0] {
					sortOp = op.OID
				}
			}
		}
		return q.row(vOID(p.oid), vChar(kind), vInt(direct), zero, zero, zero, zero, zero, zero, zero, zero, vBool(false), vBool(false), vChar('r'), vChar('r'),
			vOID(sortOp), vOID(types.Internal.OID), vInt(0), zero, vInt(0), vNull(), vNull())
	})
}

// castFact is what pg_cast says beyond builtin.Cast.
type castFact struct {
	oid, fn OID
	method  byte
}

var castsByTypes = sync.OnceValue(func() map[[2]OID]castFact {
	m := map[[2]OID]castFact{}
	factLines(castFacts, func(c []string) {
		m[[2]OID{parseOID(c[1]), parseOID(c[2])}] = castFact{parseOID(c[0]), parseOID(c[3]), c[4][0]}
	})
	return m
})

func castRows(q *query) error {
	for _, c := range builtin.Casts() {
		f := castsByTypes()[[2]OID{c.From.OID, c.To.OID}]
		if err := q.row(vOID(f.oid), vOID(c.From.OID), vOID(c.To.OID), vOID(f.fn), vChar(byte(c.Context)), vChar(f.method)); err != nil {
			return err
		}
	}
	return nil
}

func languageRows(q *query) error {
	for _, l := range languages {
		if err := q.row(vOID(l.oid), vStr(l.name), vOID(BootstrapRoleOID), vBool(l.loaded), vBool(l.trusted),
			vOID(l.handler), vOID(l.inline), vOID(l.validation), vACL(q.snap.LanguageACL(l.oid))); err != nil {
			return err
		}
	}
	return nil
}

// argumentText writes a function's arguments as CREATE FUNCTION would have
// them; identity leaves out what does not tell functions apart.
func (p *proc) argumentText(snap *Snapshot, path []string, identity bool) string {
	if p.user != nil {
		return p.user.userArguments(snap, path, identity)
	}
	ordered := p.fn != nil && p.fn.Kind == builtin.Aggregate && p.fn.Agg != nil && p.fn.Agg.OrderedSet
	if ordered && p.fn.Variadic != nil && len(p.args) == 1 {
		return `VARIADIC "any" ORDER BY VARIADIC "any"` // a hypothetical row has both
	}
	var b strings.Builder
	for i, a := range p.args {
		if i > 0 {
			b.WriteString(", ")
		}
		if p.fn != nil {
			if p.fn.Variadic != nil && i == len(p.args)-1 {
				b.WriteString("VARIADIC ")
			}
			if i < len(p.fn.ArgNames) && p.fn.ArgNames[i] != "" {
				b.WriteString(types.QuoteIdent(p.fn.ArgNames[i]) + " ")
			}
		}
		if ordered && i == len(p.args)-1 {
			s := strings.TrimSuffix(b.String(), ", ")
			b.Reset()
			b.WriteString(s)
			if s != "" {
				b.WriteByte(' ')
			}
			b.WriteString("ORDER BY ")
		}
		b.WriteString(formatType(snap, path, a, -1, false))
		if p.fn != nil && !identity {
			if d := i - (len(p.args) - len(p.fn.Defaults)); d >= 0 {
				b.WriteString(" DEFAULT " + defaultTexts(p.fn)[d])
			}
		}
	}
	if p.fn != nil && !identity {
		for i, o := range p.fn.Out {
			if i > 0 || len(p.args) > 0 {
				b.WriteString(", ")
			}
			b.WriteString("OUT ")
			if o.Name != "" {
				b.WriteString(types.QuoteIdent(o.Name) + " ")
			}
			b.WriteString(formatType(snap, path, o.Type.OID, -1, false))
		}
	}
	return b.String()
}

func literalText(t *types.Type, d types.Datum) string {
	if d.IsNull() {
		return "NULL::" + types.Format(t, -1)
	}
	s := string(types.AppendText(nil, t, d, types.DefaultEnv))
	switch t.Category {
	case 'N':
		if t == types.Float8 && !strings.ContainsAny(s, ".eIN") {
			s += ".0" // as it was written
		}
		return s
	case 'B':
		return map[string]string{"t": "true", "f": "false"}[s]
	}
	return types.QuoteLiteral(s) + "::" + types.Format(t, -1)
}

// resultText writes a function's result type.
func (p *proc) resultText(snap *Snapshot, path []string) string {
	s := formatType(snap, path, p.result, -1, false)
	if p.fn != nil && p.fn.SetOf {
		s = "SETOF " + s
	}
	return s
}
