package builtin

import (
	"encoding/binary"
	"math"
	"math/bits"

	"rowkey/types"
)

// PostgreSQL's hash functions, whose values people store and shard by: Bob
// Jenkins' lookup3 in its little-endian form. The extended ones take a seed and
// give 64 bits; without seed their lower half is the plain one's value.

// hashBytes hashes bytes.
func hashBytes(k string, seed uint64) uint64 {
	a := 0x9e3779b9 + uint32(len(k)) + 3923095
	b, c := a, a
	if seed != 0 {
		a, b, c = hashMix(a+uint32(seed>>32), b+uint32(seed), c)
	}
	word := func(i int) uint32 {
		return uint32(k[i]) | uint32(k[i+1])<<8 | uint32(k[i+2])<<16 | uint32(k[i+3])<<24
	}
	for len(k) >= 12 {
		a, b, c = hashMix(a+word(0), b+word(4), c+word(8))
		k = k[12:]
	}
	for i := len(k) - 1; i >= 0; i-- {
		v := uint32(k[i])
		switch {
		case i >= 8:
			c += v << (8 * (i - 7)) // the lowest byte of c is for the length
		case i >= 4:
			b += v << (8 * (i - 4))
		default:
			a += v << (8 * i)
		}
	}
	return hashFinal(a, b, c)
}

// hashWord hashes 32 bits.
func hashWord(k uint32, seed uint64) uint64 {
	a := uint32(0x9e3779b9 + 4 + 3923095)
	b, c := a, a
	if seed != 0 {
		a, b, c = hashMix(a+uint32(seed>>32), b+uint32(seed), c)
	}
	return hashFinal(a+k, b, c)
}

func hashMix(a, b, c uint32) (uint32, uint32, uint32) {
	rot := bits.RotateLeft32
	a -= c
	a ^= rot(c, 4)
	c += b
	b -= a
	b ^= rot(a, 6)
	a += c
	c -= b
	c ^= rot(b, 8)
	b += a
	a -= c
	a ^= rot(c, 16)
	c += b
	b -= a
	b ^= rot(a, 19)
	a += c
	c -= b
	c ^= rot(b, 4)
	b += a
	return a, b, c
}

// hashFinal gives b and c, the upper and the lower half of the hash.
func hashFinal(a, b, c uint32) uint64 {
	rot := bits.RotateLeft32
	c ^= b
	c -= rot(b, 14)
	a ^= c
	a -= rot(c, 11)
	b ^= a
	b -= rot(a, 25)
	c ^= b
	c -= rot(b, 16)
	a ^= c
	a -= rot(c, 4)
	b ^= a
	b -= rot(a, 14)
	c ^= b
	c -= rot(b, 24)
	return uint64(b)<<32 | uint64(c)
}

// hashLong hashes a bigint so that small ones hash like the smaller types.
func hashLong(v int64, seed uint64) uint64 {
	lo, hi := uint32(v), uint32(v>>32)
	if v < 0 {
		hi = ^hi
	}
	return hashWord(lo^hi, seed)
}

// hashDouble hashes a float, both zeros alike and all NaNs alike.
func hashDouble(v float64, seed uint64) uint64 {
	switch {
	case v == 0:
		return seed
	case math.IsNaN(v):
		v = math.Float64frombits(0x7ff8000000000000)
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
	return hashBytes(string(b[:]), seed)
}

// defineHash defines a type's hash function and, with its second signature,
// the extended one.
func defineHash[A any](plain, extended string, hash func(v A, seed uint64) uint64) {
	define(plain, f1(func(v A) int64 { return int64(int32(hash(v, 0))) }))
	define(extended, f2(func(v A, seed int64) int64 { return int64(hash(v, uint64(seed))) }))
}

func init() {
	defineHash("hashtext(text) hashname(name) uuid_hash(uuid)",
		"hashtextextended(text,int8) hashnameextended(name,int8) uuid_hash_extended(uuid,int8)", hashBytes)
	defineHash("hashbpchar(bpchar)", "hashbpcharextended(bpchar,int8)",
		func(s string, seed uint64) uint64 { return hashBytes(types.TrimBlanks(s), seed) })
	defineHash("hashint2(int2) hashint4(int4) hashoid(oid)", "hashint2extended(int2,int8) hashint4extended(int4,int8) hashoidextended(oid,int8)",
		func(v int64, seed uint64) uint64 { return hashWord(uint32(v), seed) })
	defineHash("hashchar(char)", "hashcharextended(char,int8)",
		func(v int64, seed uint64) uint64 { return hashWord(uint32(int8(v)), seed) })
	defineHash("hashint8(int8)", "hashint8extended(int8,int8)", hashLong)
	defineHash("hashfloat4(float4) hashfloat8(float8)", "hashfloat4extended(float4,int8) hashfloat8extended(float8,int8)", hashDouble)
}

// hashInt8 is hashint8.
func hashInt8(v int64) int64 { return int64(int32(hashLong(v, 0))) }

// hashUint32 is hashint4 of the bits.
func hashUint32(v uint32) uint32 { return uint32(hashWord(v, 0)) }
