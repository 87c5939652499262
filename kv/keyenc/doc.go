// Package keyenc turns plain Go values into bytes that compare as the values do.
package keyenc

import "encoding/hex"

// Pretty prints a key as a path.
func Pretty(key []byte) string { return "/" + hex.EncodeToString(key) }
