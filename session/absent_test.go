package session_test

import "testing"

// Types and functions that only PostgreSQL has are refused as what is not supported, wherever they are
// named; names that neither has, and names that a user gave to something, are not.
func TestAbsent(t *testing.T) {
	s := into(t, open(t), "")
	for sql, message := range map[string]string{
		"SELECT 'a b'::tsvector":                                        "type tsvector is not supported",
		"SELECT CAST(NULL AS pg_catalog.xml)":                           "type xml is not supported",
		"CREATE TABLE t (a tsquery[])":                                  "type tsquery is not supported",
		"CREATE FUNCTION f() RETURNS event_trigger LANGUAGE sql AS ''":  "type event_trigger is not supported",
		"CREATE FUNCTION f(a regconfig) RETURNS int LANGUAGE sql AS ''": "type regconfig is not supported",
		"SELECT to_tsvector('a')":                                       "function to_tsvector(unknown) is not supported",
		"SELECT * FROM pg_backup_stop()":                                "function pg_backup_stop() is not supported",
	} {
		refused(t, s, sql, "0A000", message)
	}
	refused(t, s, "SELECT 'a b'::public.tsvector", "42704", "does not exist")
	refused(t, s, "SELECT 'a b'::tsvectors", "42704", "does not exist")
	must(t, s, "CREATE DOMAIN xml AS text; CREATE FUNCTION strip(text) RETURNS text LANGUAGE sql AS 'SELECT $1'")
	must(t, s, "SELECT strip('<a/>'::xml)")
}
