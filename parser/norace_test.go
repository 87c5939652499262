//go:build !race

package parser

const slowness = 1
