package keyenc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is the first byte of a key: the part of the keyspace it lies in.
type Kind byte

const (
	KindCatalog  Kind = 1 // descriptors
	KindTable    Kind = 2 // rows and index entries
	KindSequence Kind = 3 // counters
	KindStats    Kind = 4 // planner statistics
	KindLock     Kind = 5 // names to lock, never stored
)

func (k Kind) String() string {
	switch k {
	case KindCatalog:
		return "Catalog"
	case KindTable:
		return "Table"
	case KindSequence:
		return "Sequence"
	case KindStats:
		return "Stats"
	case KindLock:
		return "Lock"
	}
	return fmt.Sprintf("0x%02x", byte(k))
}

// TablePrefixBytes and IndexPrefixBytes are the lengths of the prefixes below.
const (
	TablePrefixBytes = 5
	IndexPrefixBytes = 9
)

// AppendKind begins a key of the given part of the keyspace; fields follow.
func AppendKind(dst []byte, k Kind) []byte { return append(dst, byte(k)) }

// AppendTablePrefix appends /Table/<table>.
func AppendTablePrefix(dst []byte, table uint32) []byte {
	return append4(dst, byte(KindTable), table)
}

// AppendIndexPrefix appends /Table/<table>/<index>; the columns follow.
func AppendIndexPrefix(dst []byte, table, index uint32) []byte {
	return binary.BigEndian.AppendUint32(AppendTablePrefix(dst, table), index)
}

// DecodeIndexPrefix takes /Table/<table>/<index> off the front of a key.
func DecodeIndexPrefix(key []byte) (table, index uint32, rest []byte, err error) {
	if len(key) < IndexPrefixBytes || key[0] != byte(KindTable) {
		return 0, 0, key, ErrMalformed
	}
	return binary.BigEndian.Uint32(key[1:]), binary.BigEndian.Uint32(key[5:]), key[9:], nil
}

// PrefixEnd is the least key greater than all that begin with prefix, or nil if there
// is none.
func PrefixEnd(prefix []byte) []byte {
	return AppendPrefixEnd(nil, prefix)
}

// AppendPrefixEnd appends PrefixEnd(prefix), if there is one.
func AppendPrefixEnd(dst, prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			dst = append(dst, prefix[:i+1]...)
			dst[len(dst)-1]++
			return dst
		}
	}
	return dst
}

// Namer names tables and their indexes; an empty string leaves the number.
type Namer func(table, index uint32) (tableName, indexName string)

// Pretty prints a key as a path, such as /Table/7/2/"bo"/42. A byte string that
// is readable prints as 'bo', any other as \x626fff. Bytes that are no encoding (as in the ends of ranges) print in hexadecimal.
func Pretty(key []byte) string { return PrettyNamed(key, nil) }

// PrettyRange prints the keys k with start <= k < end: as /Table/7/2/5/… if
// they are those that begin with start, else as [/Table/7/2/5 - /Table/7/2/NULL).
func PrettyRange(start, end []byte) string { return PrettyRangeNamed(start, end, nil) }

// PrettyRangeNamed is PrettyRange with names for the tables.
func PrettyRangeNamed(start, end []byte, name Namer) string {
	if len(start) > 0 && bytes.Equal(end, PrefixEnd(start)) {
		return PrettyNamed(start, name) + "/…"
	}
	s, e := "/Min", "/Max"
	if len(start) > 0 {
		s = PrettyNamed(start, name)
	}
	if end != nil {
		e = PrettyNamed(end, name)
	}
	return "[" + s + " - " + e + ")"
}

// PrettyNamed is Pretty with names for the tables.
func PrettyNamed(key []byte, name Namer) string {
	if len(key) == 0 {
		return "/"
	}
	out := append(make([]byte, 0, 64), '/')
	out = append(out, Kind(key[0]).String()...)
	rest := key[1:]
	if Kind(key[0]) == KindTable && len(rest) >= 4 {
		table := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		var index uint32
		hasIndex := len(rest) >= 4
		if hasIndex {
			index = binary.BigEndian.Uint32(rest)
			rest = rest[4:]
		}
		var tableName, indexName string
		if name != nil {
			tableName, indexName = name(table, index)
		}
		out = appendNameOr(append(out, '/'), tableName, table)
		if hasIndex {
			out = appendNameOr(append(out, '/'), indexName, index)
		}
	}
	for len(rest) > 0 {
		out = append(out, '/')
		var ok bool
		if out, rest, ok = appendPretty(out, rest); !ok {
			out = append(append(out, "0x"...), hex.EncodeToString(rest)...)
			break
		}
	}
	return string(out)
}

func appendNameOr(out []byte, name string, number uint32) []byte {
	if name != "" {
		return append(out, name...)
	}
	return strconv.AppendUint(out, uint64(number), 10)
}

// appendPretty prints the value at the front of b. A text or byte string whose end is
// one too great (the PrefixEnd of a range) prints with a plus sign.
func appendPretty(out, b []byte) (_, rest []byte, ok bool) {
	if IsNull(b) {
		return append(out, "NULL"...), b[1:], true
	}
	rest, err := Skip(b)
	if err != nil {
		if n := len(b); n >= 3 && (b[0] == tagText || b[0] == tagBytes) && b[n-1] == 1 && b[n-2] == 0 {
			fixed := append([]byte(nil), b...)
			fixed[n-1] = 0
			if out, rest, ok = appendPretty(out, fixed); ok && len(rest) == 0 {
				return append(out, '+'), nil, true
			}
		}
		return out, b, false
	}
	v := append([]byte(nil), b[:len(b)-len(rest)]...)
	if v[0] >= 0x80 {
		Invert(v)
	}
	return appendAscending(out, v), rest, true
}

// appendAscending prints v, a complete ascending encoding.
func appendAscending(out, v []byte) []byte {
	switch v[0] {
	case tagFalse:
		return append(out, "false"...)
	case tagTrue:
		return append(out, "true"...)
	case tagInt64:
		n, _, _ := DecodeInt64(v)
		return strconv.AppendInt(out, n, 10)
	case tagInt32:
		n, _, _ := DecodeInt32(v)
		return strconv.AppendInt(out, int64(n), 10)
	case tagInt16:
		n, _, _ := DecodeInt16(v)
		return strconv.AppendInt(out, int64(n), 10)
	case tagUint32:
		n, _, _ := DecodeUint32(v)
		return strconv.AppendUint(out, uint64(n), 10)
	case tagFloat64:
		f, _, _ := DecodeFloat64(v)
		return strconv.AppendFloat(out, f, 'g', -1, 64)
	case tagFloat32:
		f, _, _ := DecodeFloat32(v)
		return strconv.AppendFloat(out, float64(f), 'g', -1, 32)
	case tagDecimal:
		d, _, err := DecodeDecimal(v, nil)
		if err != nil {
			return append(append(out, "0x"...), hex.EncodeToString(v)...)
		}
		return append(out, d.String()...)
	case tagText:
		s, _, _ := DecodeText(v, nil)
		return strconv.AppendQuote(out, string(s))
	case tagBytes:
		s, _, _ := DecodeBytes(v, nil)
		if plainText(s) {
			return append(append(append(out, '\''), s...), '\'')
		}
		return append(append(out, `\x`...), hex.EncodeToString(s)...)
	case tagDate:
		d, _, _ := DecodeDate(v)
		return epoch.AddDate(0, 0, int(d)).AppendFormat(out, "2006-01-02")
	case tagTimestamp, tagTimestampTZ:
		u := binary.BigEndian.Uint64(v[1:]) ^ 1<<63
		out = microsAfterEpoch(int64(u)).AppendFormat(out, "2006-01-02T15:04:05.999999")
		if v[0] == tagTimestampTZ {
			out = append(out, 'Z')
		}
		return out
	case tagTime:
		u, _, _ := DecodeTime(v)
		return microsAfterEpoch(u).AppendFormat(out, "15:04:05.999999")
	case tagTimeTZ:
		u, zone, _, _ := DecodeTimeTZ(v)
		out = microsAfterEpoch(u).AppendFormat(out, "15:04:05.999999Z")
		return fmt.Appendf(out, "%+d", -zone)
	case tagInterval:
		hi, lo, _, _ := DecodeInterval(v)
		n := new(big.Int).Lsh(big.NewInt(hi), 64)
		n.Add(n, new(big.Int).SetUint64(lo))
		return append(n.Append(out, 10), "us"...)
	case tagUUID:
		u, _, _ := DecodeUUID(v)
		return fmt.Appendf(out, "%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	case tagArray:
		return append(appendElements(append(out, '{'), v[1:]), '}')
	case tagTuple:
		return append(appendElements(append(out, '('), v[1:]), ')')
	}
	return append(append(out, "0x"...), hex.EncodeToString(v)...)
}

// plainText tells that bytes are best printed as text, in single quotes.
func plainText(b []byte) bool {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) || r == '\'' || r == '\\' {
			return false
		}
		i += n
	}
	return len(b) > 0
}

func appendElements(out, v []byte) []byte {
	for i := 0; v[0] != 0; i++ {
		if i > 0 {
			out = append(out, ',')
		}
		if v[0] == tagNullLast || v[0] == tagNullFirst {
			out, v = append(out, "NULL"...), v[1:]
			continue
		}
		rest, err := skip(v, 0, 0)
		if err != nil {
			return out
		}
		out = appendAscending(out, v[:len(v)-len(rest)])
		v = rest
	}
	return out
}

// epoch is where PostgreSQL counts dates and timestamps from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func microsAfterEpoch(micros int64) time.Time {
	sec := micros / 1_000_000
	return time.Unix(epoch.Unix()+sec, (micros-sec*1_000_000)*1000).UTC()
}
