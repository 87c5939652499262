//go:build !race

package disk

const checked = false
