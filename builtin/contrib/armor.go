package contrib

import (
	"encoding/base64"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// armor() and dearmor(): bytes as text between lines that say what they are (RFC 4880, 6.2).

const (
	armorBegin = "-----BEGIN PGP MESSAGE-----"
	armorEnd   = "-----END PGP MESSAGE-----"
)

func armor(data string, headers [][2]string) string {
	var b strings.Builder
	b.WriteString(armorBegin + "\n")
	for _, h := range headers {
		b.WriteString(h[0] + ": " + h[1] + "\n")
	}
	b.WriteByte('\n')
	text := base64.StdEncoding.EncodeToString([]byte(data))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	b.WriteString(text)
	if text != "" {
		b.WriteByte('\n')
	}
	b.WriteString("=" + base64.StdEncoding.EncodeToString(crc24(data)) + "\n" + armorEnd + "\n")
	return b.String()
}

// crc24 is the checksum of RFC 4880.
func crc24(data string) []byte {
	crc := uint32(0xb704ce)
	for i := range len(data) {
		crc ^= uint32(data[i]) << 16
		for range 8 {
			if crc <<= 1; crc&0x1000000 != 0 {
				crc ^= 0x1864cfb
			}
		}
	}
	return []byte{byte(crc >> 16), byte(crc >> 8), byte(crc)}
}

// armorHeaders pairs keys with values.
func armorHeaders(keys, values *types.Array) ([][2]string, error) {
	if len(keys.Dims) > 1 || len(values.Dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	if len(keys.Elems) != len(values.Elems) {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
	}
	var out [][2]string
	for i, k := range keys.Elems {
		v := values.Elems[i]
		for _, d := range []struct {
			types.Datum
			what string
		}{{k, "key"}, {v, "value"}} {
			switch {
			case d.IsNull():
				return nil, pgerr.Newf(pgerr.NullValueNotAllowed, "null value not allowed for header %s", d.what)
			case strings.ContainsFunc(d.S, func(r rune) bool { return r >= 0x80 }):
				return nil, invalid("header %s must not contain non-ASCII characters", d.what)
			case d.what == "key" && strings.Contains(d.S, ": "):
				return nil, invalid("header key must not contain \": \"")
			case strings.Contains(d.S, "\n"):
				return nil, invalid("header %s must not contain newlines", d.what)
			}
		}
		out = append(out, [2]string{k.S, v.S})
	}
	return out, nil
}

func dearmor(text string) (data string, headers [][2]string, err error) {
	corrupt := failed("Corrupt ascii-armor")
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	i := 0
	for i < len(lines) && !(strings.HasPrefix(lines[i], "-----BEGIN ") && strings.HasSuffix(strings.TrimRight(lines[i], " \t"), "-----")) {
		i++
	}
	for i++; ; i++ {
		if i >= len(lines) {
			return "", nil, corrupt
		}
		if strings.TrimSpace(lines[i]) == "" {
			break
		}
		key, value, ok := strings.Cut(lines[i], ": ")
		if !ok {
			return "", nil, corrupt
		}
		headers = append(headers, [2]string{key, value})
	}
	var body strings.Builder
	for i++; ; i++ {
		if i >= len(lines) || strings.HasPrefix(lines[i], "-----") {
			return "", nil, corrupt
		}
		if sum, ok := strings.CutPrefix(lines[i], "="); ok {
			raw, err := base64.StdEncoding.DecodeString(body.String())
			want, err2 := base64.StdEncoding.DecodeString(strings.TrimSpace(sum))
			if err != nil || err2 != nil || string(want) != string(crc24(string(raw))) || i+1 >= len(lines) || !strings.HasPrefix(lines[i+1], "-----END ") {
				return "", nil, corrupt
			}
			return string(raw), headers, nil
		}
		body.WriteString(strings.TrimSpace(lines[i]))
	}
}
