package kv

import "rowkey/kv/keyenc"

// Damage is one thing that a check of stored data found wrong.
type Damage struct {
	// Key is where; nil when no single key is, then Place says it.
	Key []byte
	// Place names a file or an object of the catalog.
	Place string
	// What is wrong, without the place.
	What string
	// Harmless marks what is only worth knowing, such as space that nothing uses.
	Harmless bool
}

// String gives the place and what is wrong there.
func (d Damage) String() string {
	at := d.Place
	if d.Key != nil {
		path := keyenc.Pretty(d.Key)
		if at != "" {
			at = path + " (" + at + ")"
		} else {
			at = path
		}
	}
	return at + ": " + d.What
}

// KeyPath prints a key as a path, such as /Table/7/1/42.
func KeyPath(key []byte) string { return keyenc.Pretty(key) }
