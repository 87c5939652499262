package btree

// Touch waits for the memory that calls for keys are about to look at, for that of many keys
// at a time.
func (t *Tree) Touch(keys [][]byte) {
	if t.root == nil {
		return
	}
	for len(keys) > 0 {
		n := min(len(keys), together)
		var at [together]*node
		t.leavesOf(&at, keys[:n])
		keys = keys[n:]
	}
}
