package local

import "encoding/binary"

// filter tells of most keys that were not written that they were not, as long as few were:
// what a transaction reads it has written rarely, and looking it up costs some comparisons.
// The zero value has none.
type filter [4]uint64

func (f *filter) add(key []byte) {
	h := filterHash(key)
	f[h>>6] |= 1 << (h & 63)
}

// mayHave is false only if key was not added.
func (f *filter) mayHave(key []byte) bool {
	h := filterHash(key)
	return f[h>>6]>>(h&63)&1 != 0
}

// filterHash makes one of 256 of the last sixteen bytes of a key, in which those of a
// transaction differ as a rule.
func filterHash(key []byte) uint64 {
	const mix = 0x9e3779b97f4a7c15
	n := len(key)
	if n >= 16 {
		a, b := binary.LittleEndian.Uint64(key[n-16:]), binary.LittleEndian.Uint64(key[n-8:])
		return (a*mix ^ b) * mix >> 56
	}
	h := uint64(n)
	for _, c := range key {
		h = h*mix + uint64(c)
	}
	return h * mix >> 56
}
