package memory_test

import (
	"testing"

	"rowkey/kv/kvtest"
	"rowkey/kv/memory"
)

// # The same operations have the same answers: who gives way is never left to chance.
func TestMirrorsItself(t *testing.T) {
	for range 4 {
		kvtest.Mirror(t, memory.New(), memory.New(), 10_000)
	}
}
