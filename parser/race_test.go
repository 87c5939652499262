//go:build race

package parser

// slowness is how much longer things take under the race detector.
const slowness = 20
