package session

import (
	"context"
	"strings"

	"rowkey/keyspace"
)

// keyTables are the tables of a key space; %s is its schema.
const keyTables = `
CREATE TABLE IF NOT EXISTS %s.strings (key bytea PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz);
COMMENT ON TABLE %s.strings IS 'one row a string; invisible once expires_at has passed';
CREATE INDEX IF NOT EXISTS strings_expiry ON %s.strings (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS %s.collections (key bytea PRIMARY KEY, type text NOT NULL, size bigint NOT NULL, expires_at timestamptz,
	first bigint, last bigint, revision bigint NOT NULL);
COMMENT ON TABLE %s.collections IS 'the directory of all keys that are not strings, kept by the system';
CREATE INDEX IF NOT EXISTS collections_expiry ON %s.collections (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS %s.hashes (key bytea, field bytea, value bytea NOT NULL, PRIMARY KEY (key, field));
COMMENT ON TABLE %s.hashes IS 'one row a field';
CREATE TABLE IF NOT EXISTS %s.lists (key bytea, position bigint, value bytea NOT NULL, PRIMARY KEY (key, position));
COMMENT ON TABLE %s.lists IS 'one row an element, in the order of position';
CREATE TABLE IF NOT EXISTS %s.sets (key bytea, member bytea, PRIMARY KEY (key, member));
COMMENT ON TABLE %s.sets IS 'one row a member';
CREATE TABLE IF NOT EXISTS %s.zsets (key bytea, member bytea, score double precision NOT NULL CHECK (score <> 'NaN'), PRIMARY KEY (key, member));
COMMENT ON TABLE %s.zsets IS 'one row a member, in the order of the index by score';
CREATE INDEX IF NOT EXISTS zsets_score ON %s.zsets (key, score, member);
CREATE OR REPLACE VIEW %s.keys AS
	SELECT key, 'string'::text AS type, expires_at, length(value)::bigint AS size FROM %s.strings
	UNION ALL SELECT key, type, expires_at, size FROM %s.collections;
COMMENT ON VIEW %s.keys IS 'every key with its type; size is bytes of a string, elements of all else';
`

// createKeySpace makes the schema and tables of a key space, or completes them.
func (db *DB) createKeySpace(ctx context.Context, number int) error {
	s, err := db.NewSession(ctx, SessionOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	s.system = true
	schema := keyspace.SchemaName(number)
	if old := db.cat.Latest().SchemaByName(schema); old != nil && old.KeySpace == 0 && number > 0 {
		return keyspace.Errorf("ERR DB index %d is not available: there is a schema %s of another purpose", number, schema)
	}
	if err := s.Simple(ctx, "BEGIN; CREATE SCHEMA IF NOT EXISTS "+schema+
		"; COMMENT ON SCHEMA "+schema+" IS 'the key-value model: entries as rows'", Discard); err != nil {
		return err
	}
	marked := *s.snapshot().SchemaByName(schema)
	marked.KeySpace = number + 1
	if err := s.putObject(ctx, &marked); err != nil {
		return err
	}
	return s.Simple(ctx, strings.ReplaceAll(keyTables, "%s", schema)+"COMMIT", Discard)
}

// Keyspace gives the key-value model of the database.
func (db *DB) Keyspace() *keyspace.Keyspace { return db.keys }

// sweepKeys begins to remove keys that have expired, until sweeping is called.
func (db *DB) sweepKeys() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.keys.SweepUntil(ctx)
	}()
	db.sweeping = func() {
		cancel()
		<-done
	}
}
