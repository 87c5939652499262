package rowkey

import (
	"context"

	"rowkey/types"
)

// KV is the database as keys and values: the rows of kv.strings, which SQL
// sees, joins and changes too. A KV of a DB runs each call in a transaction of
// its own; that of a Tx runs within it. An entry is invisible once its row's
// expires_at has passed.
type KV struct {
	q func(ctx context.Context, text string, args ...any) (*Rows, error)
}

// KV gives the key-value view of the database.
func (db *DB) KV() KV { return KV{db.Query} }

// KV gives the key-value view within the transaction.
func (tx *Tx) KV() KV { return KV{tx.Query} }

// Get gives the value of key; ok is false if there is none.
func (kv KV) Get(ctx context.Context, key []byte) (value []byte, ok bool, err error) {
	rows, err := kv.q(ctx, `SELECT value FROM kv.strings WHERE key = $1 AND (expires_at IS NULL OR expires_at > now())`, key)
	if err != nil || !rows.Next() {
		return nil, false, err
	}
	return []byte(rows.Datum(0).Str()), true, nil
}

// Set gives key a value that does not expire.
func (kv KV) Set(ctx context.Context, key, value []byte) error {
	_, err := kv.q(ctx, `INSERT INTO kv.strings (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = NULL`, key, value)
	return err
}

// Delete removes key and tells whether it was there.
func (kv KV) Delete(ctx context.Context, key []byte) (bool, error) {
	rows, err := kv.q(ctx, `DELETE FROM kv.strings WHERE key = $1 RETURNING expires_at IS NULL OR expires_at > now()`, key)
	if err != nil || !rows.Next() {
		return false, err
	}
	return rows.Datum(0).Bool(), nil
}

// Scan visits the entries with start <= key < end in key order until visit
// returns false. A nil end is no bound.
func (kv KV) Scan(ctx context.Context, start, end []byte, visit func(key, value []byte) bool) error {
	text := `SELECT key, value FROM kv.strings WHERE key >= $1 AND (expires_at IS NULL OR expires_at > now()) ORDER BY key`
	args := []any{types.NewString(string(start))}
	if end != nil {
		text = `SELECT key, value FROM kv.strings WHERE key >= $1 AND key < $2 AND (expires_at IS NULL OR expires_at > now()) ORDER BY key`
		args = append(args, end)
	}
	rows, err := kv.q(ctx, text, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if !visit([]byte(rows.Datum(0).Str()), []byte(rows.Datum(1).Str())) {
			break
		}
	}
	return nil
}
