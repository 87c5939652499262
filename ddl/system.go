package ddl

import (
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// Objects of kinds that cannot be made here: publications, rules, operators, casts … What
// there is of them is the system's own, as pg_catalog shows it. So DROP, COMMENT and ALTER
// look there, and mostly have to say that there is no such thing.

// systemKind is where pg_catalog lists the objects of a kind, how the names of its columns
// begin, and what messages call them.
type systemKind struct{ class, prefix, noun string }

var systemKinds = map[ast.ObjectKind]systemKind{
	ast.ObjectAccessMethod:            {"pg_am", "am", "access method"},
	ast.ObjectCast:                    {"pg_cast", "cast", "cast"},
	ast.ObjectCollation:               {"pg_collation", "coll", "collation"},
	ast.ObjectConversion:              {"pg_conversion", "con", "conversion"},
	ast.ObjectEventTrigger:            {"pg_event_trigger", "evt", "event trigger"},
	ast.ObjectForeignDataWrapper:      {"pg_foreign_data_wrapper", "fdw", "foreign-data wrapper"},
	ast.ObjectForeignServer:           {"pg_foreign_server", "srv", "server"},
	ast.ObjectLanguage:                {"pg_language", "lan", "language"},
	ast.ObjectOperator:                {"pg_operator", "opr", "operator"},
	ast.ObjectOperatorClass:           {"pg_opclass", "opc", "operator class"},
	ast.ObjectOperatorFamily:          {"pg_opfamily", "opf", "operator family"},
	ast.ObjectPolicy:                  {"pg_policy", "pol", "policy"},
	ast.ObjectPublication:             {"pg_publication", "pub", "publication"},
	ast.ObjectRule:                    {"pg_rewrite", "rule", "rule"},
	ast.ObjectStatistics:              {"pg_statistic_ext", "stx", "statistics object"},
	ast.ObjectSubscription:            {"pg_subscription", "sub", "subscription"},
	ast.ObjectTablespace:              {"pg_tablespace", "spc", "tablespace"},
	ast.ObjectTextSearchConfiguration: {"pg_ts_config", "cfg", "text search configuration"},
	ast.ObjectTextSearchDictionary:    {"pg_ts_dict", "dict", "text search dictionary"},
	ast.ObjectTextSearchParser:        {"pg_ts_parser", "prs", "text search parser"},
	ast.ObjectTextSearchTemplate:      {"pg_ts_template", "tmpl", "text search template"},
	ast.ObjectTransform:               {"pg_transform", "trf", "transform"},
}

// lookup is the search for one such object: what its row of pg_catalog meets, and what is
// said if there is none; no conditions: there is none.
type lookup struct {
	where  []string
	err    *pgerr.Error
	notice string // instead of err under IF EXISTS; "": err it is
}

// systemObject finds an object of a systemKind: what messages about dependencies call it,
// "" for none.
func (c *Ctx) systemObject(o *ast.Object) (found string, l lookup, err error) {
	k := systemKinds[o.Kind]
	switch o.Kind {
	case ast.ObjectCast, ast.ObjectTransform:
		l = c.lookupOfTypes(k, o)
	case ast.ObjectOperator:
		l = c.lookupOperator(k, o)
	case ast.ObjectOperatorClass, ast.ObjectOperatorFamily:
		what := fmt.Sprintf("%s %q does not exist for access method %q", k.noun, strings.Join(o.Name, "."), o.Using)
		l = c.lookupNamed(k, o.Name, lookup{err: pgerr.New(pgerr.UndefinedObject, what), notice: what + ", skipping"})
		method := "SELECT oid FROM pg_catalog.pg_am WHERE amname = " + types.QuoteLiteral(o.Using)
		if am, err := c.systemRow("pg_am", "x.oid = ("+method+")"); am == "" {
			return "", lookup{err: pgerr.Newf(pgerr.UndefinedObject, "access method %q does not exist", o.Using)}, err
		}
		l.add(k.prefix + "method = (" + method + ")")
	case ast.ObjectRule, ast.ObjectPolicy:
		l = c.lookupOn(k, o)
	default:
		what := fmt.Sprintf("%s %q", k.noun, strings.Join(o.Name, "."))
		l = lookup{notice: what + " does not exist, skipping"}
		if o.Kind == ast.ObjectCollation {
			what += " for encoding \"UTF8\""
		}
		l.err = pgerr.Newf(pgerr.UndefinedObject, "%s does not exist", what)
		l = c.lookupNamed(k, o.Name, l)
	}
	if l.where != nil {
		found, err = c.systemRow(k.class, strings.Join(l.where, " AND "))
	}
	return found, l, err
}

// add adds a condition to a search that goes on.
func (l *lookup) add(cond string) {
	if l.where != nil {
		l.where = append(l.where, "x."+cond)
	}
}

// none is the search that has ended with an error, which IF EXISTS makes a notice.
func none(err error) lookup {
	e := pgerr.Of(placeless(err))
	return lookup{err: e, notice: e.Message + ", skipping"}
}

// lookupNamed makes l a search by name, in a schema or on the search path if the kind has
// schemas.
func (c *Ctx) lookupNamed(k systemKind, name []string, l lookup) lookup {
	l.where = []string{}
	l.add(k.prefix + "name = " + types.QuoteLiteral(name[len(name)-1]))
	class := c.snap().Table(c.snap().Relation(c.snap().Schema(catalog.PgCatalogOID), k.class))
	if class.ColumnByName(k.prefix+"namespace") == nil {
		return l
	}
	in := "ANY (pg_catalog.current_schemas(true))"
	if len(name) > 1 {
		schema := name[len(name)-2]
		if c.snap().SchemaByName(schema) == nil {
			return none(pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", schema))
		}
		in = types.QuoteLiteral(schema)
	}
	l.add(k.prefix + "namespace IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = " + in + ")")
	return l
}

// lookupOn searches for a rule or policy of a relation.
func (c *Ctx) lookupOn(k systemKind, o *ast.Object) lookup {
	rv := ownerOf(o, o.On)
	rel := c.find(rv)
	if rel == 0 {
		return none(c.missing(rv))
	}
	column, of := "ev_class", "relation"
	if o.Kind == ast.ObjectPolicy {
		column, of = "polrelid", "table"
	}
	l := c.lookupNamed(k, o.Name, lookup{
		err:    pgerr.Newf(pgerr.UndefinedObject, "%s %q for %s %q does not exist", k.noun, o.Name[0], of, rv.Name),
		notice: fmt.Sprintf("%s %q for relation %q does not exist, skipping", k.noun, o.Name[0], relText(rv))})
	l.add(fmt.Sprint(column, " = ", rel))
	return l
}

// lookupOperator searches for an operator by its operands' types.
func (c *Ctx) lookupOperator(k systemKind, o *ast.Object) lookup {
	var oids [2]catalog.OID
	var texts [2]string
	for i, tn := range []*ast.TypeName{o.Left, o.Right} {
		if tn == nil {
			continue
		}
		t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), tn)
		if err != nil {
			return none(err)
		}
		oids[i], texts[i] = t.OID, types.Format(t, -1)
	}
	name := strings.Join(o.Name, ".")
	err := pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", strings.TrimSpace(texts[0]+" "+name+" "+texts[1]))
	if o.Right == nil {
		err = pgerr.New(pgerr.SyntaxError, "postfix operators are not supported")
	}
	l := c.lookupNamed(k, o.Name, lookup{err: err, notice: fmt.Sprintf("operator %s does not exist, skipping", name)})
	l.add(fmt.Sprint("oprleft = ", oids[0]))
	l.add(fmt.Sprint("oprright = ", oids[1]))
	if l.where == nil { // its schema does not exist
		l.err = err
	}
	return l
}

// lookupOfTypes searches for a cast, or a transform.
func (c *Ctx) lookupOfTypes(k systemKind, o *ast.Object) lookup {
	columns := []string{"trftype"}
	names := []*ast.TypeName{o.Type}
	if o.Kind == ast.ObjectCast {
		columns, names = []string{"castsource", "casttarget"}, append(names, o.Target)
	}
	l := lookup{where: []string{}}
	var shown, written []any
	for i, tn := range names {
		t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), tn)
		if err != nil {
			return none(err)
		}
		l.add(fmt.Sprint(columns[i], " = ", t.OID))
		shown, written = append(shown, types.Format(t, -1)), append(written, strings.Join(tn.Names, "."))
	}
	text := "cast from type %s to type %s does not exist"
	if o.Kind == ast.ObjectTransform {
		text = "transform for type %s language %q does not exist"
		shown, written = append(shown, o.Using), append(written, o.Using)
	}
	l.err, l.notice = pgerr.Newf(pgerr.UndefinedObject, text, shown...), fmt.Sprintf(text, written...)+", skipping"
	if o.Kind == ast.ObjectTransform {
		if _, _, ok := catalog.Language(o.Using); !ok {
			l.where, l.err = nil, pgerr.Newf(pgerr.UndefinedObject, "language %q does not exist", o.Using)
		}
	}
	return l
}

// systemRow describes the object whose row in a relation of pg_catalog meets a condition.
func (c *Ctx) systemRow(class, where string) (described string, err error) {
	list, err := parser.Parse(fmt.Sprintf("SELECT pg_catalog.pg_describe_object('pg_catalog.%s'::regclass, x.oid, 0) FROM pg_catalog.%s x WHERE %s", class, class, where))
	if err != nil {
		return "", err
	}
	_, _, err = c.Query(list[0].Stmt, func(b *types.Batch) error {
		for i := range b.Rows() {
			described = b.Cols[0].Datum(b.Row(i)).S
		}
		return nil
	})
	return described, err
}

// noSystemObject is the error of a statement about an object of a systemKind: there is
// none, or nil.
func (c *Ctx) noSystemObject(o *ast.Object) error {
	if o == nil || systemKinds[o.Kind].class == "" {
		return nil
	}
	found, l, err := c.systemObject(o)
	if err == nil && found == "" {
		err = l.err
	}
	return err
}

// dropSystem is DROP of an object of a systemKind, which cannot be dropped.
func (c *Ctx) dropSystem(n *ast.DropStmt, o *ast.Object) error {
	found, l, err := c.systemObject(o)
	kind := systemKinds[o.Kind].noun
	switch {
	case err != nil:
		return err
	case found == "" && n.IfExists && l.notice != "":
		c.notice(pgerr.SuccessfulCompletion, "%s", l.notice)
		return nil
	case found == "":
		return l.err
	case !c.superuser() && o.Kind == ast.ObjectAccessMethod:
		return denied("must be superuser")
	case !c.superuser() && o.Kind == ast.ObjectCast:
		cast := strings.TrimPrefix(found, "cast from ")
		return catalog.MustBeOwner("type", strings.Replace(cast, " to ", " or type ", 1))
	case !c.superuser() && o.Kind != ast.ObjectRule:
		name := o.Name
		if o.Using != "" {
			name = append([]string{o.Using}, name...)
		}
		return catalog.MustBeOwner(kind, strings.Join(name, "."))
	case o.Kind == ast.ObjectTablespace:
		return catalog.PermissionDenied(kind, o.Name[0])
	case o.Kind == ast.ObjectRule:
		_, view, _ := strings.Cut(found, " on ")
		return requires(found, view)
	case o.Kind == ast.ObjectLanguage && catalog.FixedExtension(o.Name[0]):
		return requires(found, "extension "+o.Name[0])
	}
	return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because it is required by the database system", found)
}

// requires refuses to drop what is part of something else.
func requires(part, whole string) error {
	return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because %s requires it", part, whole).WithHint("You can drop %s instead.", whole)
}
