package contrib

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"rowkey/types"
)

// uuidOSSP is uuid-ossp, version 1.1. Values of type uuid are their sixteen bytes.
var uuidOSSP = Extension{Name: "uuid-ossp", Version: "1.1", Comment: "generate universally unique identifiers (UUIDs)", Functions: []Function{
	fn("uuid_nil", "", "uuid", "uuid_nil", 'i'),
	fn("uuid_ns_dns", "", "uuid", "uuid_ns_dns", 'i'),
	fn("uuid_ns_url", "", "uuid", "uuid_ns_url", 'i'),
	fn("uuid_ns_oid", "", "uuid", "uuid_ns_oid", 'i'),
	fn("uuid_ns_x500", "", "uuid", "uuid_ns_x500", 'i'),
	fn("uuid_generate_v1", "", "uuid", "uuid_generate_v1", 'v'),
	fn("uuid_generate_v1mc", "", "uuid", "uuid_generate_v1mc", 'v'),
	fn("uuid_generate_v3", "namespace:uuid name:text", "uuid", "uuid_generate_v3", 'i'),
	fn("uuid_generate_v4", "", "uuid", "uuid_generate_v4", 'v'),
	fn("uuid_generate_v5", "namespace:uuid name:text", "uuid", "uuid_generate_v5", 'i'),
}}

var uuidKernels = map[string]Kernel{
	"uuid_nil":           fixedUUID("00000000000000000000000000000000"),
	"uuid_ns_dns":        fixedUUID("6ba7b8109dad11d180b400c04fd430c8"),
	"uuid_ns_url":        fixedUUID("6ba7b8119dad11d180b400c04fd430c8"),
	"uuid_ns_oid":        fixedUUID("6ba7b8129dad11d180b400c04fd430c8"),
	"uuid_ns_x500":       fixedUUID("6ba7b8149dad11d180b400c04fd430c8"),
	"uuid_generate_v1":   eval(func([]types.Datum) (types.Datum, error) { return timeUUID(processNode()), nil }),
	"uuid_generate_v1mc": eval(func([]types.Datum) (types.Datum, error) { return timeUUID(randomNode()), nil }),
	"uuid_generate_v3": eval(func(a []types.Datum) (types.Datum, error) {
		sum := md5.Sum([]byte(a[0].S + a[1].S))
		return versioned(sum[:], 3), nil
	}),
	"uuid_generate_v4": eval(func([]types.Datum) (types.Datum, error) { return versioned(randomBytes(16), 4), nil }),
	"uuid_generate_v5": eval(func(a []types.Datum) (types.Datum, error) {
		sum := sha1.Sum([]byte(a[0].S + a[1].S))
		return versioned(sum[:16], 5), nil
	}),
}

func fixedUUID(digits string) Kernel {
	b, _ := hex.DecodeString(digits)
	d := types.NewString(string(b))
	return eval(func([]types.Datum) (types.Datum, error) { return d, nil })
}

// versioned marks sixteen bytes as a UUID of a version.
func versioned(b []byte, version byte) types.Datum {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return types.NewString(string(b))
}

// uuidClock is the time of the last UUID that was made of one: no two are of the same.
var uuidClock struct {
	sync.Mutex
	ticks uint64 // of 100ns, since 1582-10-15
	seq   uint16
}

// sinceGregorian is 1970-01-01 in ticks.
const sinceGregorian = 0x01b21dd213814000

// timeUUID is version 1: the time, and a node.
func timeUUID(node []byte) types.Datum {
	now := uint64(time.Now().UnixNano())/100 + sinceGregorian
	uuidClock.Lock()
	if uuidClock.ticks == 0 {
		uuidClock.seq = binary.BigEndian.Uint16(randomBytes(2))
	}
	uuidClock.ticks = max(now, uuidClock.ticks+1)
	now, seq := uuidClock.ticks, uuidClock.seq
	uuidClock.Unlock()
	b := make([]byte, 16)
	binary.BigEndian.PutUint32(b, uint32(now))
	binary.BigEndian.PutUint16(b[4:], uint16(now>>32))
	binary.BigEndian.PutUint16(b[6:], uint16(now>>48))
	binary.BigEndian.PutUint16(b[8:], seq)
	copy(b[10:], node)
	return versioned(b, 1)
}

// randomNode is an address that no network card has: its multicast bit is set.
func randomNode() []byte {
	n := randomBytes(6)
	n[0] |= 0x03
	return n
}

// processNode stands for this process; the addresses of its network cards are not told.
var processNode = sync.OnceValue(randomNode)
