package catalog

import (
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// The functions of PostgreSQL that read the catalog. Package builtin knows their
// signatures and OIDs (Define); what computes them is here, because it needs a
// Snapshot.

// snapshotOf gives the catalog a statement sees; nil when there is none, as when
// constants are folded.
func snapshotOf(ctx *builtin.Ctx) (*Snapshot, error) {
	if ctx != nil {
		if s, ok := ctx.Catalog.(*Snapshot); ok && s != nil {
			return s, nil
		}
	}
	return nil, pgerr.New(pgerr.InternalError, "function needs a catalog")
}

// searchPath gives the schemas that names are searched in.
func searchPath(ctx *builtin.Ctx) []string {
	if ctx == nil || ctx.Session == nil {
		return []string{"pg_catalog", "public"}
	}
	return ctx.Session.SearchPath(true)
}

// withSnap makes a function of the catalog and its arguments.
func withSnap(eval func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error)) builtin.Func {
	return builtin.Func{Eval: func(ctx *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		snap, err := snapshotOf(ctx)
		if err != nil {
			return types.Null, err
		}
		return eval(ctx, snap, a)
	}}
}

// text makes a function whose result is text or NULL ("" with ok false).
func textOf(eval func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool)) builtin.Func {
	return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		s, ok := eval(ctx, snap, a)
		return nullIf(!ok, types.NewString(s)), nil
	})
}

// constant makes a function that always gives one value.
func constant(d types.Datum) builtin.Func {
	return builtin.Func{Eval: func(*builtin.Ctx, []types.Datum) (types.Datum, error) { return d, nil }}
}

// noRows makes a set-returning function that gives nothing.
func noRows() builtin.Func {
	return builtin.Func{Set: func(*builtin.Ctx, []types.Datum, func([]types.Datum) error) error { return nil }}
}

func arg(a types.Datum) OID { return OID(a.I) }

func init() {
	define := builtin.Define

	define("format_type(oid,int4)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		if a[0].I == 0 {
			return vStr("-"), nil
		}
		typmod := int32(-1)
		if !a[1].IsNull() {
			typmod = int32(a[1].I)
		}
		s := formatType(snap, searchPath(ctx), arg(a[0]), typmod, !a[1].IsNull())
		if s == "" {
			s = "???"
		}
		return vStr(s), nil
	}))
	define("pg_get_userbyid(oid)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		name := roleNames(ctx, snap).Name(arg(a[0]))
		if name == "" {
			name = "unknown (OID=" + string(types.AppendText(nil, types.Oid, a[0], nil)) + ")"
		}
		return vStr(name), nil
	}))

	expr := withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		if s := a[0].S; s == "DEFAULT" || strings.HasPrefix(s, "FOR VALUES ") { // a partition's bound
			return vStr(s), nil
		}
		return vStr(exprText(namesAsSeen(snap, searchPath(ctx), a[0].S), len(a) > 2 && a[2].I != 0)), nil
	})
	define("pg_get_expr(pg_node_tree,oid) pg_get_expr(pg_node_tree,oid,bool)", expr)

	indexDefinition := func(pretty func(a []types.Datum) bool) builtin.Func {
		return textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
			t := snap.TableOfIndex(arg(a[0]))
			if t == nil {
				return "", false
			}
			ix := t.IndexByOID(arg(a[0]))
			if len(a) > 1 && a[1].I != 0 {
				i := int(a[1].I) - 1
				if i < 0 || i >= len(ix.Keys)+len(ix.Include) {
					return "", true
				}
				return indexColumnDef(snap, searchPath(ctx), t, ix, i, pretty(a)), true
			}
			return indexDef(snap, searchPath(ctx), t, ix, pretty(a)), true
		})
	}
	define("pg_get_indexdef(oid)", indexDefinition(func([]types.Datum) bool { return false }))
	define("pg_get_indexdef(oid,int4,bool)", indexDefinition(func(a []types.Datum) bool { return a[2].I != 0 }))

	define("pg_get_constraintdef(oid) pg_get_constraintdef(oid,bool)", textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		ref, ok := snap.index().constraints[arg(a[0])]
		if !ok {
			return "", false
		}
		return constraintDef(snap, searchPath(ctx), ref, len(a) > 1 && a[1].I != 0), true
	}))
	view := textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		t := snap.Table(arg(a[0]))
		if t == nil || t.View == nil {
			return "", false
		}
		pretty, wrap := false, 0
		if len(a) > 1 {
			switch a[1].K {
			case types.PhysBool:
				pretty = a[1].Bool()
			case types.PhysInt64:
				pretty, wrap = true, int(a[1].I)
			}
		}
		return viewDef(snap, searchPath(ctx), ctx.Env, t, pretty, wrap), true
	})
	define("pg_get_viewdef(oid) pg_get_viewdef(oid,bool) pg_get_viewdef(oid,int4)", view)
	define("pg_get_viewdef(text) pg_get_viewdef(text,bool)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		oid, err := parseRegClass(snap, searchPath(ctx), a[0].S)
		if err != nil {
			return types.Null, err
		}
		return view.Eval(ctx, append([]types.Datum{vOID(oid)}, a[1:]...))
	}))
	define("pg_get_ruledef(oid) pg_get_ruledef(oid,bool)", textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		t := snap.index().rules[arg(a[0])]
		if t == nil {
			return "", false
		}
		return ruleDef(snap, searchPath(ctx), ctx.Env, t, len(a) > 1 && a[1].I != 0), true
	}))
	define("pg_get_statisticsobjdef(oid) pg_get_statisticsobjdef_columns(oid) pg_get_statisticsobjdef_expressions(oid)",
		constant(types.Null)) // there are no extended statistics

	functions()
	partitionFunctions()
	visibility()
	comments()
	privileges()
	sizes()
	objectNames()
	serverFacts()
	sequenceFacts()
}

// functions defines what describes functions.
func functions() {
	about := func(eval func(ctx *builtin.Ctx, snap *Snapshot, p *proc) string) builtin.Func {
		return textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
			p := snap.proc(arg(a[0]))
			if p == nil {
				return "", false
			}
			return eval(ctx, snap, p), true
		})
	}
	builtin.Define("pg_get_function_arguments(oid)", about(func(ctx *builtin.Ctx, snap *Snapshot, p *proc) string {
		return p.argumentText(snap, searchPath(ctx), false)
	}))
	builtin.Define("pg_get_function_identity_arguments(oid)", about(func(ctx *builtin.Ctx, snap *Snapshot, p *proc) string {
		return p.argumentText(snap, searchPath(ctx), true)
	}))
	builtin.Define("pg_get_function_result(oid)", textOf(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (string, bool) {
		p := snap.proc(arg(a[0]))
		if p == nil {
			return "", false
		}
		if p.user != nil {
			return p.user.userResult(snap, searchPath(ctx))
		}
		return p.resultText(snap, searchPath(ctx)), true
	}))
	builtin.Define("pg_get_function_arg_default(oid,int4)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		p := snap.proc(arg(a[0]))
		if p == nil || p.fn == nil {
			return types.Null, nil
		}
		i := int(a[1].I) - 1
		if p.user != nil {
			in := p.user.Inputs()
			if i < 0 || i >= len(in) || in[i].Default == "" {
				return types.Null, nil
			}
			return vStr(namesAsSeen(snap, searchPath(ctx), in[i].Default)), nil
		}
		d := i - (len(p.args) - len(p.fn.Defaults))
		if d < 0 || i >= len(p.args) {
			return types.Null, nil
		}
		return vStr(literalText(p.fn.Args[i], p.fn.Defaults[d])), nil
	}))
	builtin.Define("pg_get_functiondef(oid)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		p := snap.proc(arg(a[0]))
		switch {
		case p == nil:
			return types.Null, nil
		case p.kind() == byte(builtin.Aggregate):
			return types.Null, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an aggregate function", p.name)
		case p.user != nil:
			return vStr(functionDef(snap, searchPath(ctx), p.user)), nil
		}
		return types.Null, pgerr.Unsupported("the definition of a built-in function")
	}))
}

// visibility defines the pg_…_is_visible functions.
func visibility() {
	visible := func(find func(snap *Snapshot, path []string, oid OID) (visible, exists bool)) builtin.Func {
		return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
			v, ok := find(snap, searchPath(ctx), arg(a[0]))
			return nullIf(!ok, vBool(v)), nil
		})
	}
	inCatalog := func(exists func(oid OID) bool) builtin.Func {
		return visible(func(_ *Snapshot, path []string, oid OID) (bool, bool) {
			return visibleIn(path, "pg_catalog"), exists(oid)
		})
	}
	builtin.Define("pg_table_is_visible(oid)", visible(func(snap *Snapshot, path []string, oid OID) (bool, bool) {
		_, name, ok := snap.relationName(oid)
		return ok && snap.Resolve(path, name) == oid, ok
	}))
	builtin.Define("pg_type_is_visible(oid)", visible(func(snap *Snapshot, path []string, oid OID) (bool, bool) {
		t := snap.Type(oid)
		if t == nil {
			return false, false
		}
		found := snap.ResolveType(path, t.Name)
		return found != nil && found.OID == oid, true
	}))
	builtin.Define("pg_function_is_visible(oid)", visible(func(snap *Snapshot, path []string, oid OID) (bool, bool) {
		p := snap.proc(oid)
		return p != nil && visibleIn(path, snap.schemaName(p.schema(snap))), p != nil
	}))
	builtin.Define("pg_operator_is_visible(oid)", inCatalog(operatorExists))
	builtin.Define("pg_opclass_is_visible(oid)", inCatalog(func(oid OID) bool {
		for _, k := range opclasses() {
			if k.oid == oid {
				return true
			}
		}
		return false
	}))
	builtin.Define("pg_opfamily_is_visible(oid)", inCatalog(func(oid OID) bool { return families()[oid] }))
	builtin.Define("pg_collation_is_visible(oid)", inCatalog(func(oid OID) bool { return collationName(oid) != "" }))
	none := func(OID) bool { return false }
	builtin.Define("pg_conversion_is_visible(oid) pg_ts_parser_is_visible(oid) pg_ts_dict_is_visible(oid) pg_ts_config_is_visible(oid) "+
		"pg_ts_template_is_visible(oid)", inCatalog(none))
}
