package types

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// inet, cidr, macaddr and macaddr8.
//
// A network address is kept as bytes that compare as PostgreSQL compares:
// IPv4 before IPv6, then the bits under both masks, the shorter mask first,
// then the whole address.
//
//	'4' | prefix, 2 bits for each of its bits (01, 10), ended by 00 | address (4 bytes)
//	'6' | …                                                         | address (16 bytes)
//
// A MAC address is its 6 or 8 bytes.

// Inet is a network address taken apart.
type Inet struct {
	Addr []byte // 4 or 16 bytes
	Bits int    // of the mask
}

// V6 tells whether the address is one of IPv6.
func (n Inet) V6() bool { return len(n.Addr) == 16 }

// Max is the number of bits of an address of this family.
func (n Inet) Max() int { return len(n.Addr) * 8 }

// String packs n as a value of inet or cidr.
func (n Inet) String() string {
	out := make([]byte, 1, 52)
	out[0] = '4'
	if n.V6() {
		out[0] = '6'
	}
	var acc byte
	for i := 0; i < n.Bits; i++ {
		code := byte(1)
		if n.Addr[i/8]>>(7-i%8)&1 == 1 {
			code = 2
		}
		acc |= code << (6 - i%4*2)
		if i%4 == 3 {
			out, acc = append(out, acc), 0
		}
	}
	out = append(out, acc) // with the end mark
	return string(append(out, n.Addr...))
}

// InetOf takes a value of inet or cidr apart.
func InetOf(s string) Inet {
	size := 4
	if s[0] == '6' {
		size = 16
	}
	n := Inet{Addr: []byte(s[len(s)-size:])}
	last := s[len(s)-size-1]
	n.Bits = (len(s) - size - 2) * 4
	for last != 0 {
		n.Bits++
		last <<= 2
	}
	return n
}

// Network gives the address with the bits outside the mask cleared.
func (n Inet) Network() Inet {
	out := Inet{Addr: make([]byte, len(n.Addr)), Bits: n.Bits}
	for i := range out.Addr {
		out.Addr[i] = n.Addr[i] & maskByte(n.Bits, i)
	}
	return out
}

// maskByte is the i-th byte of a mask.
func maskByte(n, i int) byte {
	switch n -= i * 8; {
	case n >= 8:
		return 0xff
	case n <= 0:
		return 0
	default:
		return ^byte(0xff >> n)
	}
}

// Mask gives the mask as an address, or its complement.
func (n Inet) Mask(host bool) Inet {
	out := Inet{Addr: make([]byte, len(n.Addr)), Bits: n.Max()}
	for i := range out.Addr {
		out.Addr[i] = maskByte(n.Bits, i)
		if host {
			out.Addr[i] = ^out.Addr[i]
		}
	}
	return out
}

// CommonBits counts the leading bits that two addresses of a family share, up to max.
func CommonBits(a, b []byte, max int) int {
	for i := range a {
		if x := a[i] ^ b[i]; x != 0 {
			return min(max, i*8+bits.LeadingZeros8(x))
		}
	}
	return max
}

// parseInet reads an inet or cidr.
func parseInet(s string, cidr bool) (string, error) {
	name := "inet"
	if cidr {
		name = "cidr"
	}
	var n Inet
	var ok bool
	switch {
	case strings.Contains(s, ":"):
		n, ok = parseInet6(s)
	case cidr:
		n, ok = parseCidr4(s)
	default:
		n, ok = parseInet4(s)
	}
	if !ok {
		return "", pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", name, s)
	}
	if cidr && string(n.Network().Addr) != string(n.Addr) {
		return "", pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid cidr value: \"%s\"", s).WithDetail("Value has bits set to right of mask.")
	}
	return n.String(), nil
}

// octets reads up to four decimal numbers between dots and gives the rest.
func octets(s string) (addr []byte, rest string, ok bool) {
	for {
		i, v := 0, 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			if v = v*10 + int(s[i]-'0'); v > 255 {
				return nil, "", false
			}
			i++
		}
		if i == 0 || len(addr) == 4 {
			return nil, "", false
		}
		addr, s = append(addr, byte(v)), s[i:]
		if s == "" || s[0] == '/' {
			return addr, s, true
		}
		if s[0] != '.' {
			return nil, "", false
		}
		s = s[1:]
	}
}

// maskBits reads /n; -1 if there is none.
func maskBits(s string, max int) (n int, ok bool) {
	if s == "" {
		return -1, true
	}
	if s = s[1:]; s == "" {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int(c-'0'); n > max {
			return 0, false
		}
	}
	return n, true
}

func parseInet4(s string) (Inet, bool) {
	addr, rest, ok := octets(s)
	if !ok {
		return Inet{}, false
	}
	n, ok := maskBits(rest, 32)
	if n < 0 {
		n, ok = 32, len(addr) == 4 // without a mask, all of it must be there
	}
	return Inet{append(addr, 0, 0, 0, 0)[:4], n}, ok
}

// parseCidr4 reads what may be cut short, its mask then taken from its class.
func parseCidr4(s string) (Inet, bool) {
	var addr []byte
	var rest string
	ok := false
	if hex, isHex := strings.CutPrefix(strings.ToLower(s), "0x"); isHex {
		hex, rest, _ = strings.Cut(hex, "/")
		if rest != "" || strings.Contains(s, "/") {
			rest = "/" + rest
		}
		if len(hex)%2 == 1 {
			hex += "0"
		}
		for ; len(hex) >= 2; hex = hex[2:] {
			v, err := strconv.ParseUint(hex[:2], 16, 8)
			if err != nil || len(addr) == 4 {
				return Inet{}, false
			}
			addr = append(addr, byte(v))
		}
		ok = len(addr) > 0
	} else {
		addr, rest, ok = octets(s)
	}
	if !ok {
		return Inet{}, false
	}
	n, ok := maskBits(rest, 32)
	if n < 0 {
		switch first := addr[0]; {
		case first >= 240:
			n = 32
		case first >= 224:
			n = 8
		case first >= 192:
			n = 24
		case first >= 128:
			n = 16
		default:
			n = 8
		}
		n = max(n, len(addr)*8)
		if n == 8 && addr[0] == 224 {
			n = 4
		}
	}
	return Inet{append(addr, 0, 0, 0, 0)[:4], n}, ok
}

func parseInet6(s string) (Inet, bool) {
	text, rest := s, ""
	if i := strings.IndexByte(s, '/'); i >= 0 {
		text, rest = s[:i], s[i:]
		if len(rest) > 2 && rest[1] == '0' {
			return Inet{}, false
		}
	}
	n, ok := maskBits(rest, 128)
	if !ok {
		return Inet{}, false
	}
	if n < 0 {
		n = 128
	}
	head, tail, gap := strings.Cut(text, "::")
	words := func(s string) ([]byte, bool) {
		if s == "" {
			return nil, true
		}
		var out []byte
		parts := strings.Split(s, ":")
		for i, p := range parts {
			if i == len(parts)-1 && strings.Contains(p, ".") {
				v4, rest, ok := octets(p)
				return append(out, v4...), ok && rest == "" && len(v4) == 4
			}
			v, err := strconv.ParseUint(p, 16, 16)
			if err != nil || len(p) > 4 || p[0] == '+' {
				return nil, false
			}
			out = append(out, byte(v>>8), byte(v))
		}
		return out, true
	}
	a, ok := words(head)
	if !ok || gap && strings.Contains(head, ".") {
		return Inet{}, false
	}
	b, ok := words(tail)
	if !ok || len(a)+len(b) > 16 || gap && len(a)+len(b) > 14 || !gap && len(a) != 16 {
		return Inet{}, false
	}
	addr := make([]byte, 16)
	copy(addr, a)
	copy(addr[16-len(b):], b)
	return Inet{addr, n}, true
}

// AppendAddr writes the address without its mask.
func (n Inet) AppendAddr(dst []byte) []byte {
	if !n.V6() {
		return appendOctets(dst, n.Addr)
	}
	var w [8]int
	best, length := -1, 1
	for i, at := 0, -1; i < 8; i++ {
		w[i] = int(n.Addr[2*i])<<8 | int(n.Addr[2*i+1])
		switch {
		case w[i] != 0:
			at = -1
		case at < 0:
			at = i
		case i-at+1 > length:
			best, length = at, i-at+1
		}
	}
	for i := 0; i < 8; i++ {
		if best >= 0 && i >= best && i < best+length {
			if i == best {
				dst = append(dst, ':')
			}
			continue
		}
		if i > 0 {
			dst = append(dst, ':')
		}
		if i == 6 && best == 0 && (length == 6 || length == 7 && w[7] != 1 || length == 5 && w[5] == 0xffff) {
			return appendOctets(dst, n.Addr[12:])
		}
		dst = strconv.AppendInt(dst, int64(w[i]), 16)
	}
	if best >= 0 && best+length == 8 {
		dst = append(dst, ':')
	}
	return dst
}

func appendOctets(dst, addr []byte) []byte {
	for i, o := range addr {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendInt(dst, int64(o), 10)
	}
	return dst
}

// appendInet writes an inet or cidr; full always shows the mask.
func appendInet(dst []byte, s string, full bool) []byte {
	n := InetOf(s)
	dst = n.AppendAddr(dst)
	if full || n.Bits != n.Max() {
		dst = append(dst, '/')
		dst = strconv.AppendInt(dst, int64(n.Bits), 10)
	}
	return dst
}

// appendInetBinary writes family, mask, whether it is a cidr, length and address.
func appendInetBinary(dst []byte, s string, cidr bool) []byte {
	n := InetOf(s)
	family, flag := byte(2), byte(0)
	if n.V6() {
		family = 3
	}
	if cidr {
		flag = 1
	}
	return append(append(dst, family, byte(n.Bits), flag, byte(len(n.Addr))), n.Addr...)
}

func parseInetBinary(b []byte, cidr bool) (string, error) {
	name := "inet"
	if cidr {
		name = "cidr"
	}
	bad := func(what string) (string, error) {
		return "", pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"%s\" value", what, name)
	}
	if len(b) < 4 || b[0] != 2 && b[0] != 3 {
		return bad("address family")
	}
	size := 4
	if b[0] == 3 {
		size = 16
	}
	if int(b[1]) > size*8 {
		return bad("bits")
	}
	if int(b[3]) != size || len(b) != 4+size {
		return bad("length")
	}
	n := Inet{Addr: append([]byte(nil), b[4:]...), Bits: int(b[1])}
	if cidr && string(n.Network().Addr) != string(n.Addr) {
		return "", pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid external \"cidr\" value").WithDetail("Value has bits set to right of mask.")
	}
	return n.String(), nil
}

// parseMac8 reads a macaddr8.
func parseMac8(s string) (string, error) {
	bad := func() (string, error) {
		return "", pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type macaddr8: \"%s\"", s)
	}
	text := strings.TrimSpace(s)
	var digits []byte
	sep := byte(0) // what stands between groups of digits
	run := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == ':' || c == '-' || c == '.' {
			if sep != 0 && c != sep || run == 0 || run%2 == 1 {
				return bad()
			}
			sep, run = c, 0
			continue
		}
		digits = append(digits, c)
		run++
	}
	if run == 0 || len(digits) != 16 && len(digits) != 12 {
		return bad()
	}
	out := make([]byte, len(digits)/2, 8)
	for i := range out {
		v, err := strconv.ParseUint(string(digits[2*i:2*i+2]), 16, 8)
		if err != nil || digits[2*i] == '+' {
			return bad()
		}
		out[i] = byte(v)
	}
	if len(out) == 6 {
		out = []byte{out[0], out[1], out[2], 0xff, 0xfe, out[3], out[4], out[5]}
	}
	return string(out), nil
}

// macForms are the ways to write a macaddr: digits of a number (0: any number of them), and what stands behind it. PostgreSQL
// reads them with scanf, so that a number may have a sign, 0x and spaces before it.
var macForms = [...]struct {
	digits int
	after  string
}{{0, ":::::"}, {0, "-----"}, {2, "  :  "}, {2, "  -  "}, {2, " . . "}, {2, " - - "}, {2, "     "}}

// parseMac6 reads a macaddr.
func parseMac6(s string) (string, error) {
	for _, form := range macForms {
		var octets [6]int32
		at, ok := 0, true
		for i := range octets {
			if octets[i], at, ok = scanHex(s, at, form.digits); !ok {
				break
			}
			if i < len(form.after) && form.after[i] != ' ' {
				if ok = at < len(s) && s[at] == form.after[i]; !ok {
					break
				}
				at++
			}
		}
		if !ok || strings.TrimLeft(s[at:], scanSpace) != "" {
			continue
		}
		out := make([]byte, 6)
		for i, v := range octets {
			if v < 0 || v > 255 {
				return "", pgerr.Newf(pgerr.NumericValueOutOfRange, "invalid octet value in \"macaddr\" value: \"%s\"", s)
			}
			out[i] = byte(v)
		}
		return string(out), nil
	}
	return "", pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type macaddr: \"%s\"", s)
}

const scanSpace = " \t\n\v\f\r"

// scanHex is scanf's %x, or %2x with 2 digits: at is where it begins in s, next where it ends.
func scanHex(s string, at, digits int) (v int32, next int, ok bool) {
	for at < len(s) && strings.IndexByte(scanSpace, s[at]) >= 0 {
		at++
	}
	end := len(s)
	if digits > 0 {
		end = min(end, at+digits)
	}
	negative := false
	if at < end && (s[at] == '-' || s[at] == '+') {
		negative = s[at] == '-'
		at++
	}
	if at+1 < end && s[at] == '0' && s[at+1]|0x20 == 'x' {
		at += 2
		ok = true // a lone 0x is 0
	}
	var n uint64
	full := false
	for ; at < end; at++ {
		d, err := strconv.ParseUint(s[at:at+1], 16, 8)
		if err != nil {
			break
		}
		ok = true
		full = full || n>>60 != 0
		n = n<<4 | d
	}
	switch {
	case full:
		n = math.MaxUint64
	case negative:
		n = -n
	}
	return int32(uint32(n)), at, ok
}

func appendMac(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); i++ {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hex[s[i]>>4], hex[s[i]&15])
	}
	return dst
}

// AbbrevCidr writes a cidr without the parts that its mask leaves out.
func AbbrevCidr(s string) string {
	n := InetOf(s)
	var dst []byte
	switch {
	case n.V6():
		dst = n.appendPrefix6(nil)
	case n.Bits == 0:
		dst = append(dst, '0')
	default:
		dst = appendOctets(dst, n.Addr[:(n.Bits+7)/8])
	}
	return string(strconv.AppendInt(append(dst, '/'), int64(n.Bits), 10))
}

// appendPrefix6 writes the words under the mask, two at least; the longest run
// of zeros among them as ::.
func (n Inet) appendPrefix6(dst []byte) []byte {
	if n.Bits == 0 {
		return append(dst, "::"...)
	}
	word := func(i int) int { return int(n.Addr[2*i])<<8 | int(n.Addr[2*i+1]) }
	words := max(2, (n.Bits+15)/16)
	start, length := 0, 0
	for i, run := 0, 0; i < words; i++ {
		if word(i) != 0 {
			run = 0
		} else if run++; run > length {
			start, length = i-run+1, run
		}
	}
	v4 := start == 0 && length != words && (length == 6 || length == 5 && word(5) == 0xffff || length == 7 && n.Addr[14] != 0 && n.Addr[15] != 1)
	for i := 0; i < words; i++ {
		switch {
		case i >= start && i < start+length:
			if i == start {
				dst = append(dst, ':')
			}
			if i == words-1 {
				dst = append(dst, ':')
			}
		case v4 && i > 5:
			sep := byte('.')
			if i == 6 {
				sep = ':'
			}
			dst = strconv.AppendInt(append(dst, sep), int64(n.Addr[2*i]), 10)
			if i != 7 || n.Bits > 120 {
				dst = strconv.AppendInt(append(dst, '.'), int64(n.Addr[2*i+1]), 10)
			}
		default:
			if len(dst) > 0 {
				dst = append(dst, ':')
			}
			dst = strconv.AppendInt(dst, int64(word(i)), 16)
		}
	}
	return dst
}
