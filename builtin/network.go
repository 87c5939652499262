package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of inet, cidr, macaddr and macaddr8. Their values are bytes that
// compare as PostgreSQL compares (see types.Inet), so order and equality are
// those of strings.

func init() {
	strs := comparisons[string]()
	for _, p := range []string{"network_%(inet,inet)", "macaddr_%(macaddr,macaddr)", "macaddr8_%(macaddr8,macaddr8)"} {
		defineSix(p, strs)
	}
	define("network_cmp(inet,inet) macaddr_cmp(macaddr,macaddr) macaddr8_cmp(macaddr8,macaddr8)", strs.cmp)
	define("network_larger(inet,inet)", f2(func(a, b string) string { return max(a, b) }))
	define("network_smaller(inet,inet)", f2(func(a, b string) string { return min(a, b) }))
	define("min(inet)", extreme(func(a, b string) bool { return a < b }))
	define("max(inet)", extreme(func(a, b string) bool { return a > b }))

	// within tells whether b's network has all of a's.
	within := func(equal bool) func(a, b string) bool {
		return func(a, b string) bool {
			x, y := types.InetOf(a), types.InetOf(b)
			if x.V6() != y.V6() || x.Bits < y.Bits || !equal && x.Bits == y.Bits {
				return false
			}
			return types.CommonBits(x.Addr, y.Addr, y.Bits) == y.Bits
		}
	}
	swapped := func(f func(a, b string) bool) func(a, b string) bool {
		return func(a, b string) bool { return f(b, a) }
	}
	define("network_sub(inet,inet)", f2(within(false)))
	define("network_subeq(inet,inet)", f2(within(true)))
	define("network_sup(inet,inet)", f2(swapped(within(false))))
	define("network_supeq(inet,inet)", f2(swapped(within(true))))
	define("network_overlap(inet,inet)", f2(func(a, b string) bool {
		x, y := types.InetOf(a), types.InetOf(b)
		n := min(x.Bits, y.Bits)
		return x.V6() == y.V6() && types.CommonBits(x.Addr, y.Addr, n) == n
	}))
	define("inet_same_family(inet,inet)", f2(func(a, b string) bool { return a[0] == b[0] }))
	define("inet_merge(inet,inet)", f2e(func(a, b string) (string, error) {
		x, y := types.InetOf(a), types.InetOf(b)
		if x.V6() != y.V6() {
			return "", pgerr.New(pgerr.InvalidParameterValue, "cannot merge addresses from different families")
		}
		x.Bits = types.CommonBits(x.Addr, y.Addr, min(x.Bits, y.Bits))
		return x.Network().String(), nil
	}))

	// Parts and forms.
	inet := func(f func(n types.Inet) types.Inet) Func {
		return f1(func(a string) string { return f(types.InetOf(a)).String() })
	}
	define("network(inet) cidr(inet)", inet(types.Inet.Network))
	define("netmask(inet)", inet(func(n types.Inet) types.Inet { return n.Mask(false) }))
	define("hostmask(inet)", inet(func(n types.Inet) types.Inet { return n.Mask(true) }))
	define("broadcast(inet)", inet(func(n types.Inet) types.Inet {
		host := n.Mask(true)
		for i := range host.Addr {
			host.Addr[i] |= n.Addr[i]
		}
		return types.Inet{Addr: host.Addr, Bits: n.Bits}
	}))
	define("masklen(inet)", f1(func(a string) int64 { return int64(types.InetOf(a).Bits) }))
	define("family(inet)", f1(func(a string) int64 { return int64(a[0] - '0') }))
	define("host(inet)", f1(func(a string) string { return string(types.InetOf(a).AppendAddr(nil)) }))
	define("text(inet)", f1(func(a string) string { return types.TextOf(types.Cidr, types.NewString(a), types.DefaultEnv) }))
	define("abbrev(inet)", f1(func(a string) string { return types.TextOf(types.InetType, types.NewString(a), types.DefaultEnv) }))
	define("abbrev(cidr)", f1(func(a string) string { return types.AbbrevCidr(a) }))
	masked := func(network bool) Func {
		return f2e(func(a string, bits int64) (string, error) {
			n := types.InetOf(a)
			if bits < -1 || bits > int64(n.Max()) {
				return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid mask length: %d", bits)
			}
			if n.Bits = int(bits); bits < 0 {
				n.Bits = n.Max()
			}
			if network {
				n = n.Network()
			}
			return n.String(), nil
		})
	}
	define("set_masklen(inet,int4)", masked(false))
	define("set_masklen(cidr,int4)", masked(true))

	// Bits and sums.
	define("inetnot(inet)", inet(func(n types.Inet) types.Inet {
		for i := range n.Addr {
			n.Addr[i] = ^n.Addr[i]
		}
		return n
	}))
	both := func(word string, f func(a, b byte) byte) Func {
		return f2e(func(a, b string) (string, error) {
			x, y := types.InetOf(a), types.InetOf(b)
			if x.V6() != y.V6() {
				return "", pgerr.Newf(pgerr.InvalidParameterValue, "cannot %s inet values of different sizes", word)
			}
			for i := range x.Addr {
				x.Addr[i] = f(x.Addr[i], y.Addr[i])
			}
			x.Bits = max(x.Bits, y.Bits)
			return x.String(), nil
		})
	}
	and, or := func(a, b byte) byte { return a & b }, func(a, b byte) byte { return a | b }
	define("inetand(inet,inet)", both("AND", and))
	define("inetor(inet,inet)", both("OR", or))
	define("inetpl(inet,int8)", f2e(addInet))
	define("int8pl_inet(int8,inet)", f2e(func(n int64, a string) (string, error) { return addInet(a, n) }))
	define("inetmi_int8(inet,int8)", f2e(func(a string, n int64) (string, error) { return addInet(a, -n) }))
	define("inetmi(inet,inet)", f2e(subInet))

	// MAC addresses.
	bytes := func(f func(a, b byte) byte) Func {
		return f2(func(a, b string) string {
			out := make([]byte, len(a))
			for i := range out {
				out[i] = f(a[i], b[i])
			}
			return string(out)
		})
	}
	define("macaddr_and(macaddr,macaddr) macaddr8_and(macaddr8,macaddr8)", bytes(and))
	define("macaddr_or(macaddr,macaddr) macaddr8_or(macaddr8,macaddr8)", bytes(or))
	define("macaddr_not(macaddr) macaddr8_not(macaddr8)", f1(func(a string) string {
		out := []byte(a)
		for i := range out {
			out[i] = ^out[i]
		}
		return string(out)
	}))
	define("trunc(macaddr)", f1(func(a string) string { return a[:3] + "\x00\x00\x00" }))
	define("trunc(macaddr8)", f1(func(a string) string { return a[:3] + "\x00\x00\x00\x00\x00" }))
	define("macaddr8(macaddr)", f1(func(a string) string { return a[:3] + "\xff\xfe" + a[3:] }))
	define("macaddr(macaddr8)", f1e(func(a string) (string, error) {
		if a[3] != 0xff || a[4] != 0xfe {
			return "", pgerr.New(pgerr.NumericValueOutOfRange, "macaddr8 data out of range to convert to macaddr").
				WithHint("Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.")
		}
		return a[:3] + a[5:], nil
	}))
	define("macaddr8_set7bit(macaddr8)", f1(func(a string) string { return string([]byte{a[0] | 2}) + a[1:] }))
	defineHash("hashmacaddr(macaddr) hashmacaddr8(macaddr8)", "hashmacaddrextended(macaddr,int8) hashmacaddr8extended(macaddr8,int8)", hashBytes)
	defineHash("hashinet(inet)", "hashinetextended(inet,int8)", func(s string, seed uint64) uint64 {
		n := types.InetOf(s)
		family := byte(2)
		if n.V6() {
			family = 3
		}
		return hashBytes(string(append([]byte{family, byte(n.Bits)}, n.Addr...)), seed)
	})
}

func errInetRange() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "result is out of range")
}

// addInet adds to an address as a number.
func addInet(s string, n int64) (string, error) {
	x := types.InetOf(s)
	carry, sign := 0, byte(n>>63) // the bytes of n beyond its eight
	for i := len(x.Addr) - 1; i >= 0; i-- {
		b := sign
		if shift := len(x.Addr) - 1 - i; shift < 8 {
			b = byte(n >> (8 * shift))
		}
		carry += int(x.Addr[i]) + int(b)
		x.Addr[i] = byte(carry)
		carry >>= 8
	}
	// What is left of n and the carry must cancel out.
	if len(x.Addr) == 4 {
		if n>>32 != 0 && n>>32 != -1 || n>>32 == 0 && carry != 0 || n>>32 == -1 && carry == 0 {
			return "", errInetRange()
		}
	} else if n >= 0 && carry != 0 || n < 0 && carry == 0 {
		return "", errInetRange()
	}
	return x.String(), nil
}

// subInet gives the distance of two addresses.
func subInet(a, b string) (int64, error) {
	x, y := types.InetOf(a), types.InetOf(b)
	if x.V6() != y.V6() {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "cannot subtract inet values of different sizes")
	}
	var res int64
	carry := 1
	for i := len(x.Addr) - 1; i >= 0; i-- {
		carry += int(x.Addr[i]) + int(^y.Addr[i])
		low := byte(carry)
		carry >>= 8
		switch at := len(x.Addr) - 1 - i; {
		case at < 8:
			res |= int64(low) << (8 * at)
		case res < 0 && low != 0xff || res >= 0 && low != 0:
			return 0, errInetRange()
		}
	}
	if carry == 0 && len(x.Addr) < 8 {
		res |= -1 << (8 * len(x.Addr))
	}
	return res, nil
}
