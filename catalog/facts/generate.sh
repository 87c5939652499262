#!/bin/sh
# Writes the facts about PostgreSQL's system catalogs that this package is built
# on, from a live PostgreSQL 15 (psql's environment variables say which).
# Object numbers below 16384 are PostgreSQL's own. Run in this directory.
set -eu
q() { psql -XAtq -F '	' -c "$1"; }

# relations.txt: "=oid schema name kind rowtype arraytype" and a line per column:
# name, type, typmod, not null, collation.
q "SELECT line FROM (
  SELECT c.oid, 0 AS n, '=' || concat_ws(E'\t', c.oid, nspname, relname, relkind, reltype, coalesce(t.typarray, 0)) AS line
  FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace LEFT JOIN pg_type t ON t.oid = reltype
  WHERE c.oid < 16384 AND relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema')
  UNION ALL
  SELECT c.oid, attnum, concat_ws(E'\t', attname, atttypid, atttypmod, CASE WHEN attnotnull THEN 't' ELSE 'f' END, attcollation)
  FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid
  WHERE c.oid < 16384 AND relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema') AND attnum > 0
) x ORDER BY oid, n" > relations.txt

# types.txt: base types, ranges and pseudo-types: oid, name, functions, storage, category, preferred.
q "SELECT oid, typname, typlen, CASE WHEN typbyval THEN 't' ELSE 'f' END, typalign, typstorage, typinput::oid, typoutput::oid, typreceive::oid, typsend::oid,
          typmodin::oid, typmodout::oid, typanalyze::oid, typsubscript::oid, typcategory
   FROM pg_type WHERE oid < 16384 AND typtype IN ('b', 'p', 'r', 'm') AND typsubscript::oid <> 6179 OR oid IN (22, 30) ORDER BY oid" > types.txt

# typeprocs.txt: the functions that pg_type names: oid, name, arguments, result, flags.
q "SELECT p.oid, proname, replace(proargtypes::text, ' ', ','), prorettype, provolatile, CASE WHEN proisstrict THEN 't' ELSE 'f' END, prosrc
   FROM pg_proc p WHERE p.oid < 16384 AND p.oid IN (
     SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) FROM pg_type WHERE oid < 16384)
     OR p.oid < 16384 AND proname IN ('enum_in', 'enum_out', 'enum_recv', 'enum_send', 'heap_tableam_handler', 'bthandler', 'hashhandler', 'fmgr_internal_validator', 'fmgr_c_validator', 'fmgr_sql_validator')
     OR p.oid IN (13560, 13561, 13562)
     OR p.oid IN (SELECT amproc FROM pg_amproc JOIN pg_opfamily f ON f.oid = amprocfamily WHERE opfmethod IN (403, 405) AND amprocnum > 1)
   ORDER BY p.oid" > typeprocs.txt

# procs.txt: what package builtin has no use for: oid, source, cost, rows, parallel safety, language, library, body
# (a line's end and a backslash are \n and \\).
q "SELECT oid, replace(replace(prosrc, E'\\\\', E'\\\\\\\\'), E'\n', E'\\\\n'), procost, prorows, proparallel, prolang, coalesce(probin, ''),
          coalesce(replace(replace(pg_get_function_sqlbody(oid), E'\\\\', E'\\\\\\\\'), E'\n', E'\\\\n'), '')
   FROM pg_proc WHERE oid < 16384 AND (prolang IN (12, 14) OR oid IN (13560, 13561, 13562)) AND prosrc !~ E'\t' ORDER BY oid" > procs.txt

# domains.txt: the domains of information_schema: oid, array, name, base type, typmod, check, default.
q "SELECT t.oid, typarray, typname, typbasetype, typtypmod, coalesce(c.oid, 0), coalesce(conname, ''), coalesce(pg_get_expr(conbin, 0), ''), coalesce(typdefault, '')
   FROM pg_type t LEFT JOIN pg_constraint c ON contypid = t.oid WHERE typtype = 'd' AND t.oid < 16384 ORDER BY t.oid" > domains.txt

# Operator classes and families of btree and hash.
q "SELECT oid, opcmethod, opcname, opcfamily, opcintype, CASE WHEN opcdefault THEN 't' ELSE 'f' END, opckeytype
   FROM pg_opclass WHERE opcmethod IN (403, 405) AND oid < 16384 ORDER BY ctid" > opclasses.txt
q "SELECT oid, opfmethod, opfname FROM pg_opfamily WHERE opfmethod IN (403, 405) AND oid < 16384 ORDER BY oid" > opfamilies.txt
q "SELECT oid, amopfamily, amoplefttype, amoprighttype, amopstrategy, amopopr, amopmethod
   FROM pg_amop WHERE amopmethod IN (403, 405) AND oid < 16384 ORDER BY oid" > amops.txt
q "SELECT p.oid, amprocfamily, amproclefttype, amprocrighttype, amprocnum, amproc::oid
   FROM pg_amproc p JOIN pg_opfamily f ON f.oid = amprocfamily WHERE opfmethod IN (403, 405) AND p.oid < 16384 ORDER BY p.oid" > amprocs.txt

# castoids.txt: oid, source, target, function, method (the rest is package builtin's).
q "SELECT oid, castsource, casttarget, castfunc, castmethod FROM pg_cast WHERE oid < 16384 ORDER BY oid" > castoids.txt

# operators.txt: what package builtin has no use for: oid, commutator, negator,
# merges, hashes, restriction and join estimators.
q "SELECT oid, oprcom, oprnegate, CASE WHEN oprcanmerge THEN 't' ELSE 'f' END, CASE WHEN oprcanhash THEN 't' ELSE 'f' END, oprrest::oid, oprjoin::oid
   FROM pg_operator WHERE oid < 16384 ORDER BY oid" > operators.txt

# descriptions.txt: class, oid, text.
q "SELECT classoid, objoid, description FROM pg_description
   WHERE objsubid = 0 AND objoid < 16384 AND classoid IN ('pg_type'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass,
     'pg_am'::regclass, 'pg_collation'::regclass, 'pg_language'::regclass, 'pg_namespace'::regclass, 'pg_extension'::regclass)
     AND NOT (classoid = 'pg_namespace'::regclass AND objoid IN (11, 2200))
   ORDER BY classoid, objoid" > descriptions.txt

# keywords.txt: pg_get_keywords().
q "SELECT word, catcode, CASE WHEN barelabel THEN 't' ELSE 'f' END, catdesc, baredesc FROM pg_get_keywords()" > keywords.txt

# roles.txt: the predefined roles.
q "SELECT oid, rolname FROM pg_authid WHERE oid < 16384 ORDER BY oid" > roles.txt

# features.txt, sizing.txt, parts.txt: information_schema.sql_*.
q "SELECT feature_id, feature_name, sub_feature_id, sub_feature_name, is_supported, comments FROM information_schema.sql_features" > features.txt
q "SELECT sizing_id, sizing_name, coalesce(supported_value::text, '\\N'), comments FROM information_schema.sql_sizing" > sizing.txt
q "SELECT implementation_info_id, implementation_info_name, coalesce(integer_value::text, '\\N'), coalesce(character_value, '\\N'), comments FROM information_schema.sql_implementation_info" > implementation.txt
q "SELECT feature_id, feature_name, is_supported, comments FROM information_schema.sql_parts" > parts.txt

# settings.txt: name, category, more about it, built-in value, bounds.
q "SELECT name, category, coalesce(extra_desc, ''), coalesce(boot_val, ''), coalesce(min_val, ''), coalesce(max_val, '') FROM pg_settings ORDER BY name" > settings.txt

# shared.txt: relations of the whole server; those kept apart from pg_class have no file number.
q "SELECT oid, CASE WHEN relisshared THEN 't' ELSE 'f' END FROM pg_class WHERE relkind = 'r' AND oid < 16384 AND relfilenode = 0 ORDER BY oid" > shared.txt
