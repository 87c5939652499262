// Package catalog knows what exists: schemas, tables, columns, indexes,
// constraints, views, sequences, types. Descriptors are stored in the
// key-value store beside the rows they describe, so DDL is transactional like
// everything else:
//
//	/Catalog/<kind>/<oid>   descriptor, JSON
//	/Catalog/version        counter, raised by every commit that changes a descriptor
//
// A Snapshot is the whole catalog at one version, in memory, immutable; every
// statement is planned against one. A transaction that runs DDL has its own
// Snapshot, derived from the one it began with (Change).
//
// Not here: SQL text to descriptors (package ddl), planning.
package catalog
