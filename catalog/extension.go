package catalog

import (
	"slices"

	"rowkey/builtin"
	"rowkey/builtin/contrib"
	"rowkey/types"
)

// Extension describes an extension that was created. What it is made of says so: its functions
// have its OID.
type Extension struct {
	OID       OID
	SchemaOID OID
	Name      string
	Version   string
	Owner     OID    `json:",omitempty"`
	Comment   string `json:",omitempty"`
}

func (o *Extension) objectKey() (objectKind, OID) { return kindExtension, o.OID }

// Extension finds an extension, nil if there is none. Those that are always there have none.
func (s *Snapshot) Extension(oid OID) *Extension { return s.extensions.at(oid) }

// Extensions gives the extensions that were created, by OID.
func (s *Snapshot) Extensions() []*Extension { return sorted(&s.extensions) }

// ExtensionNamed finds an extension that was created, nil if there is none.
func (s *Snapshot) ExtensionNamed(name string) *Extension {
	for _, e := range s.Extensions() {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// ExtensionMembers are the functions of an extension.
func (s *Snapshot) ExtensionMembers(extension OID) (out []*Function) {
	for _, f := range s.Functions() {
		if f.Extension == extension {
			out = append(out, f)
		}
	}
	return out
}

// fixedExtensions are always there, and cannot be dropped.
var fixedExtensions = []*Extension{
	{OID: plpgsqlExtension, SchemaOID: PgCatalogOID, Name: "plpgsql", Version: "1.0", Owner: BootstrapRoleOID, Comment: "PL/pgSQL procedural language"},
	{OID: rowkeyExtension, SchemaOID: PgCatalogOID, Name: "rowkey", Version: "1.0", Owner: BootstrapRoleOID, Comment: "the key-value model"},
}

// FixedExtension tells whether an extension is always there.
func FixedExtension(name string) bool {
	return slices.ContainsFunc(fixedExtensions, func(e *Extension) bool { return e.Name == name })
}

// everyExtension gives the extensions that are always there and those that were created.
func (s *Snapshot) everyExtension() []*Extension {
	return append(slices.Clone(fixedExtensions), s.Extensions()...)
}

// extensionRows is pg_extension. rowkey's own extension is what the schemas kv and rowkey hold,
// which pg_dump leaves out like all that extensions made.
func extensionRows(q *query) error {
	for _, e := range q.snap.everyExtension() {
		relocatable := !FixedExtension(e.Name)
		if err := q.row(vOID(e.OID), vStr(e.Name), vOID(ownerOr(e.Owner)), vOID(e.SchemaOID), vBool(relocatable), vStr(e.Version), vNull(), vNull()); err != nil {
			return err
		}
	}
	return nil
}

// availableExtension is one that there is, created or not.
type availableExtension struct {
	name, version, comment string
	schema                 types.Datum // it goes into, if that is fixed
}

func availableExtensions() []availableExtension {
	plpgsql := fixedExtensions[0]
	out := []availableExtension{{plpgsql.Name, plpgsql.Version, plpgsql.Comment, vStr("pg_catalog")}}
	for _, e := range contrib.Extensions {
		out = append(out, availableExtension{e.Name, e.Version, e.Comment, vNull()})
	}
	return out
}

// facts are superuser, trusted, relocatable, schema, requires and comment.
func (a *availableExtension) facts() []types.Datum {
	return []types.Datum{vBool(true), vBool(true), vBool(a.schema.IsNull()), a.schema, vNull(), vStr(a.comment)}
}

func (q *query) installedVersion(name string) types.Datum {
	for _, e := range q.snap.everyExtension() {
		if e.Name == name {
			return vStr(e.Version)
		}
	}
	return vNull()
}

func init() {
	each := func(row func(a *availableExtension) []types.Datum) builtin.Func {
		return builtin.Func{Set: func(_ *builtin.Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
			for _, a := range availableExtensions() {
				if err := emit(row(&a)); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	builtin.Define("pg_available_extensions()", each(func(a *availableExtension) []types.Datum {
		return []types.Datum{vStr(a.name), vStr(a.version), vStr(a.comment)}
	}))
	builtin.Define("pg_available_extension_versions()", each(func(a *availableExtension) []types.Datum {
		return append([]types.Datum{vStr(a.name), vStr(a.version)}, a.facts()...)
	}))
}
