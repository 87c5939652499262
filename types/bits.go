package types

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"

	"rowkey/pgerr"
)

// Bit strings: bit(n) and bit varying(n). Their order is that of words over the
// letters 0 and 1: a prefix before what it begins. A value is kept so that its
// bytes compare in that order, and equality, hashing, sorting and keys are those
// of any string: each byte stands for the next seven bits, the last one for the
// one to seven that are left, and its number is the place of those bits among
// all words of up to seven letters in alphabetical order.
//
//	words   "" 0 00 000 0000 00000 000000 0000000 0000001 000001 … 1111111
//	number  0  1 2  3   4    5     6      7       8       9      … 254

// groupBits is the number of bits in a byte of a bit string.
const groupBits = 7

// MaxBits is the greatest n of bit(n).
const MaxBits = 83886080

// A word of up to seven letters by its number, and the other way round.
var (
	wordLen, wordBits [256]byte
	wordNumber        [groupBits + 1][1 << groupBits]byte
)

func init() {
	n := byte(0)
	var walk func(length int, word byte)
	walk = func(length int, word byte) {
		wordLen[n], wordBits[n] = byte(length), word
		wordNumber[length][word] = n
		n++
		if length < groupBits {
			walk(length+1, word<<1)
			walk(length+1, word<<1|1)
		}
	}
	walk(0, 0)
}

// Bits is a bit string taken apart: a byte, 0 or 1, for each bit.
type Bits []byte

// BitsOf takes the value of a bit string apart.
func BitsOf(s string) Bits {
	b := make(Bits, 0, len(s)*groupBits)
	for i := 0; i < len(s); i++ {
		for k, w := int(wordLen[s[i]])-1, wordBits[s[i]]; k >= 0; k-- {
			b = append(b, w>>k&1)
		}
	}
	return b
}

// Pack makes the value of a bit string.
func (b Bits) Pack() string {
	out := make([]byte, 0, (len(b)+groupBits-1)/groupBits)
	for len(b) > 0 {
		n := min(len(b), groupBits)
		w := byte(0)
		for _, v := range b[:n] {
			w = w<<1 | v
		}
		out = append(out, wordNumber[n][w])
		b = b[n:]
	}
	return string(out)
}

// BitLen is the number of bits of a bit string's value.
func BitLen(s string) int {
	if s == "" {
		return 0
	}
	return (len(s)-1)*groupBits + int(wordLen[s[len(s)-1]])
}

// BitAt gives bit n, counted from 0 on the left, of a value that has it.
func BitAt(s string, n int) byte {
	c := s[n/groupBits]
	return wordBits[c] >> (int(wordLen[c]) - 1 - n%groupBits) & 1
}

// parseBits reads 0101, b0101 or x1f.
func parseBits(t *Type, typmod int32, s string) (Datum, error) {
	kind := byte('b')
	digits := s
	if s != "" {
		switch s[0] {
		case 'b', 'B':
			digits = s[1:]
		case 'x', 'X':
			kind, digits = 'x', s[1:]
		}
	}
	bad := func(i int, what string) (Datum, error) {
		c := digits[i:]
		end, _ := charPrefix(c, 1)
		return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "\"%s\" is not a valid %s digit", c[:end], what)
	}
	var b Bits
	if kind == 'b' {
		if err := checkBitLen(t, typmod, len(digits), false); err != nil {
			return Null, err
		}
		b = make(Bits, 0, len(digits))
		for i := 0; i < len(digits); i++ {
			if digits[i] != '0' && digits[i] != '1' {
				return bad(i, "binary")
			}
			b = append(b, digits[i]-'0')
		}
		return NewString(b.Pack()), nil
	}
	if len(digits) > MaxBits/4 {
		return Null, errBitsTooLong()
	}
	if err := checkBitLen(t, typmod, 4*len(digits), false); err != nil {
		return Null, err
	}
	b = make(Bits, 0, 4*len(digits))
	for i := 0; i < len(digits); i++ {
		n := strings.IndexByte("0123456789abcdef", digits[i]|0x20)
		if n < 0 || digits[i] < '0' {
			return bad(i, "hexadecimal")
		}
		b = append(b, byte(n>>3), byte(n>>2&1), byte(n>>1&1), byte(n&1))
	}
	return NewString(b.Pack()), nil
}

func errBitsTooLong() error {
	return pgerr.Newf(pgerr.ProgramLimitExceeded, "bit string length exceeds the maximum allowed (%d)", MaxBits)
}

// checkBitLen tells whether a string of n bits may stand where the type and
// modifier are wanted; an explicit cast makes it fit.
func checkBitLen(t *Type, typmod int32, n int, explicit bool) error {
	switch {
	case typmod <= 0 || explicit:
	case t.OID == oidBit && n != int(typmod):
		return pgerr.Newf(pgerr.StringDataLengthMismatch, "bit string length %d does not match type bit(%d)", n, typmod)
	case t.OID == oidVarBit && n > int(typmod):
		return pgerr.Newf(pgerr.StringDataRightTruncation, "bit string too long for type bit varying(%d)", typmod)
	}
	return nil
}

// coerceBits fits a value to bit(n) or bit varying(n).
func coerceBits(t *Type, typmod int32, s string, explicit bool) (string, error) {
	n := BitLen(s)
	if typmod <= 0 || n == int(typmod) || n < int(typmod) && t.OID == oidVarBit || typmod > math.MaxInt32-7 {
		return s, nil
	}
	if typmod > 1<<27 { // no column's: a call's own number
		return "", pgerr.Unsupported("a bit string of %d bits is not supported", typmod)
	}
	if err := checkBitLen(t, typmod, n, explicit); err != nil {
		return "", err
	}
	b := BitsOf(s)
	if n > int(typmod) {
		return b[:typmod].Pack(), nil
	}
	return append(b, make(Bits, int(typmod)-n)...).Pack(), nil
}

// BitsOfInt gives the last n bits of a number, its sign repeated in front of
// those it has.
func BitsOfInt(v int64, n int) Bits {
	b := make(Bits, n)
	for i := range b {
		b[n-1-i] = byte(v >> min(i, 63) & 1)
	}
	return b
}

// Int gives the number that up to width bits mean; ok is false if there are more.
func (b Bits) Int(width int) (v int64, ok bool) {
	if len(b) > width {
		return 0, false
	}
	for _, x := range b {
		v = v<<1 | int64(x)
	}
	if width == 32 {
		v = int64(int32(v))
	}
	return v, true
}

// AppendBits writes a bit string as zeros and ones.
func AppendBits(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		for k, w := int(wordLen[s[i]])-1, wordBits[s[i]]; k >= 0; k-- {
			dst = append(dst, '0'+(w>>k&1))
		}
	}
	return dst
}

// appendBitsBinary writes the number of bits and the bits, eight a byte.
func appendBitsBinary(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(BitLen(s)))
	return BitsOf(s).AppendBytes(dst)
}

// AppendBytes writes the bits eight a byte, the first one highest.
func (b Bits) AppendBytes(dst []byte) []byte {
	for i, v := range b {
		if i&7 == 0 {
			dst = append(dst, 0)
		}
		dst[len(dst)-1] |= v << (7 - i&7)
	}
	return dst
}

func parseBitsBinary(t *Type, typmod int32, data []byte) (Datum, error) {
	r := wireReader{b: data}
	n := r.int32()
	if r.err != nil {
		return Null, r.err
	}
	if n < 0 || n > MaxBits {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid length in external bit string")
	}
	if err := checkBitLen(t, typmod, int(n), false); err != nil {
		return Null, err
	}
	raw := r.bytes((int(n) + 7) / 8)
	if r.err != nil {
		return Null, r.err
	}
	if len(r.b) > 0 {
		return Null, errBadBinary()
	}
	b := make(Bits, n)
	for i := range b {
		b[i] = raw[i/8] >> (7 - i&7) & 1
	}
	return NewString(b.Pack()), nil
}

// BitCount is the number of ones of a value.
func BitCount(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n += bits.OnesCount8(wordBits[s[i]])
	}
	return n
}
