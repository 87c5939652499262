package builtin

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"rowkey/pgerr"
)

// Functions of bytes: encodings, digests, single bits and bytes.

func errParameter(format string, args ...any) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
}

func encodeBytes(s, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return hex.EncodeToString([]byte(s)), nil
	case "base64":
		enc := base64.StdEncoding.EncodeToString([]byte(s))
		var b strings.Builder
		for len(enc) > 76 {
			b.WriteString(enc[:76])
			b.WriteByte('\n')
			enc = enc[76:]
		}
		b.WriteString(enc)
		return b.String(), nil
	case "escape":
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == 0 || c >= utf8.RuneSelf:
				b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			case c == '\\':
				b = append(b, '\\', '\\')
			default:
				b = append(b, c)
			}
		}
		return string(b), nil
	}
	return "", errParameter("unrecognized encoding: \"%s\"", format)
}

func decodeBytes(s, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return decodeHex(s)
	case "base64":
		return decodeBase64(s)
	case "escape":
		return decodeEscape(s)
	}
	return "", errParameter("unrecognized encoding: \"%s\"", format)
}

func firstChar(s string) string {
	_, w := utf8.DecodeRuneInString(s)
	return s[:w]
}

func decodeHex(s string) (string, error) {
	b := make([]byte, 0, len(s)/2)
	digit := func(c byte) int {
		switch {
		case c >= '0' && c <= '9':
			return int(c - '0')
		case c >= 'a' && c <= 'f':
			return int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			return int(c-'A') + 10
		}
		return -1
	}
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		hi := digit(s[i])
		if hi < 0 {
			return "", errParameter("invalid hexadecimal digit: \"%s\"", firstChar(s[i:]))
		}
		if i++; i >= len(s) {
			return "", errParameter("invalid hexadecimal data: odd number of digits")
		}
		lo := digit(s[i])
		if lo < 0 {
			return "", errParameter("invalid hexadecimal digit: \"%s\"", firstChar(s[i:]))
		}
		i++
		b = append(b, byte(hi<<4|lo))
	}
	return string(b), nil
}

func decodeBase64(s string) (string, error) {
	var (
		out      []byte
		buf      uint32
		pos, end int
	)
	for i := 0; i < len(s); i++ {
		c := s[i]
		var v uint32
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '=':
			if end == 0 {
				switch pos {
				case 2:
					end = 1
				case 3:
					end = 2
				default:
					return "", errParameter("unexpected \"=\" while decoding base64 sequence")
				}
			}
		default:
			k := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c)
			if k < 0 {
				return "", errParameter("invalid symbol \"%s\" found while decoding base64 sequence", firstChar(s[i:]))
			}
			v = uint32(k)
		}
		buf = buf<<6 + v
		if pos++; pos == 4 {
			out = append(out, byte(buf>>16))
			if end == 0 || end > 1 {
				out = append(out, byte(buf>>8))
			}
			if end == 0 || end > 2 {
				out = append(out, byte(buf))
			}
			buf, pos = 0, 0
		}
	}
	if pos != 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return string(out), nil
}

func decodeEscape(s string) (string, error) {
	b := make([]byte, 0, len(s))
	octal := func(c byte, top byte) bool { return c >= '0' && c <= top }
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
			i++
		case i+3 < len(s) && octal(s[i+1], '3') && octal(s[i+2], '7') && octal(s[i+3], '7'):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 4
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i += 2
		default:
			return "", pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(b), nil
}

func chr(n int64) (string, error) {
	switch {
	case n < 0:
		return "", errParameter("character number must be positive")
	case n == 0:
		return "", pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case n > utf8.MaxRune:
		return "", pgerr.Newf(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case n >= 0xd800 && n <= 0xdfff:
		return "", pgerr.Newf(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return string(rune(n)), nil
}

func indexRange(n, top int64) error {
	return pgerr.Newf(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", n, top)
}

func init() {
	define("encode(bytea,text)", f2e(encodeBytes))
	define("decode(text,text)", f2e(decodeBytes))
	define("chr(int4)", f1e(chr))
	define("ascii(text)", f1(func(s string) int64 {
		if s == "" {
			return 0
		}
		r, _ := utf8.DecodeRuneInString(s)
		return int64(r)
	}))
	define("md5(text) md5(bytea)", f1(func(s string) string {
		h := md5.Sum([]byte(s))
		return hex.EncodeToString(h[:])
	}))
	define("sha224(bytea)", f1(func(s string) string { h := sha256.Sum224([]byte(s)); return string(h[:]) }))
	define("sha256(bytea)", f1(func(s string) string { h := sha256.Sum256([]byte(s)); return string(h[:]) }))
	define("sha384(bytea)", f1(func(s string) string { h := sha512.Sum384([]byte(s)); return string(h[:]) }))
	define("sha512(bytea)", f1(func(s string) string { h := sha512.Sum512([]byte(s)); return string(h[:]) }))
	define("to_hex(int4)", f1(func(n int64) string { return strconv.FormatUint(uint64(uint32(n)), 16) }))
	define("to_hex(int8)", f1(func(n int64) string { return strconv.FormatUint(uint64(n), 16) }))
	define("bit_count(bytea)", f1(func(s string) int64 {
		n := 0
		for i := 0; i < len(s); i++ {
			n += bits.OnesCount8(s[i])
		}
		return int64(n)
	}))
	define("get_byte(bytea,int4)", f2e(func(s string, n int64) (int64, error) {
		if n < 0 || n >= int64(len(s)) {
			return 0, indexRange(n, int64(len(s))-1)
		}
		return int64(s[n]), nil
	}))
	define("set_byte(bytea,int4,int4)", f3e(func(s string, n, v int64) (string, error) {
		if n < 0 || n >= int64(len(s)) {
			return "", indexRange(n, int64(len(s))-1)
		}
		b := []byte(s)
		b[n] = byte(v)
		return string(b), nil
	}))
	define("get_bit(bytea,int8)", f2e(func(s string, n int64) (int64, error) {
		if n < 0 || n >= 8*int64(len(s)) {
			return 0, indexRange(n, 8*int64(len(s))-1)
		}
		return int64(s[n/8] >> (n % 8) & 1), nil
	}))
	define("set_bit(bytea,int8,int4)", f3e(func(s string, n, v int64) (string, error) {
		if n < 0 || n >= 8*int64(len(s)) {
			return "", indexRange(n, 8*int64(len(s))-1)
		}
		if v != 0 && v != 1 {
			return "", errParameter("new bit must be 0 or 1")
		}
		b := []byte(s)
		b[n/8] = b[n/8]&^(1<<(n%8)) | byte(v)<<(n%8)
		return string(b), nil
	}))
}
