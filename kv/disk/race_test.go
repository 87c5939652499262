//go:build race

package disk

// checked tells that Pebble runs in its check mode, which the race detector turns on.
const checked = true
