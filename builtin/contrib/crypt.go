package contrib

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strings"

	//lint:ignore SA1019 bcrypt is made of it
	"golang.org/x/crypto/blowfish"

	"rowkey/pgerr"
)

// crypt() and gen_salt(): bcrypt ($2a$, $2x$) and the passwords of MD5 ($1$).

// itoa64 are the digits of all kinds of passwords but bcrypt, which has them in another order.
const itoa64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const bcryptDigits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var bcryptBase64 = base64.NewEncoding(bcryptDigits).WithPadding(base64.NoPadding)

func crypt(password, salt string) (string, error) {
	password, _, _ = strings.Cut(password, "\x00")
	switch {
	case strings.HasPrefix(salt, "$2a$"), strings.HasPrefix(salt, "$2x$"):
		return bcrypt(password, salt)
	case strings.HasPrefix(salt, "$2$"):
		return "", invalid("invalid salt")
	case strings.HasPrefix(salt, "$1$"):
		return md5Crypt(password, salt), nil
	case len(salt) < 2, salt[0] == '_' && len(salt) < 9:
		return "", invalid("invalid salt")
	}
	return "", pgerr.Unsupported("passwords of DES are not supported: crypt() knows bf and md5")
}

// bcrypt is expensive by 2^cost expansions of the key and of the salt in turns.
func bcrypt(password, setting string) (string, error) {
	var cost int
	if len(setting) < 29 || setting[6] != '$' {
		return "", invalid("invalid salt")
	}
	if n, err := fmt.Sscanf(setting[4:6], "%02d", &cost); n != 1 || err != nil || cost < 4 || cost > 31 {
		return "", invalid("invalid salt")
	}
	// The last digit has two bits that mean something.
	last := strings.IndexByte(bcryptDigits, setting[28])
	if last < 0 {
		return "", invalid("invalid salt")
	}
	digits := setting[7:28] + string(bcryptDigits[last&0x30])
	salt, err := bcryptBase64.DecodeString(digits)
	if err != nil {
		return "", invalid("invalid salt")
	}
	if setting[2] == 'x' && strings.ContainsFunc(password, func(r rune) bool { return r >= 0x80 }) {
		return "", pgerr.Unsupported("passwords of $2x$ that are not ASCII are not supported")
	}
	key := []byte(password + "\x00")
	key = key[:min(len(key), 72)]
	c, err := blowfish.NewSaltedCipher(key, salt)
	if err != nil {
		return "", invalid("invalid salt")
	}
	for range 1 << cost {
		blowfish.ExpandKey(key, c)
		blowfish.ExpandKey(salt, c)
	}
	text := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(text); i += 8 {
		for range 64 {
			c.Encrypt(text[i:], text[i:])
		}
	}
	return setting[:7] + digits + bcryptBase64.EncodeToString(text[:23]), nil
}

// md5Crypt is the password of MD5 in a thousand rounds.
func md5Crypt(password, setting string) string {
	salt, _, _ := strings.Cut(setting[3:], "$")
	salt = salt[:min(len(salt), 8)]
	inner := md5.Sum([]byte(password + salt + password))
	text := []byte(password + "$1$" + salt)
	for n := len(password); n > 0; n -= 16 {
		text = append(text, inner[:min(n, 16)]...)
	}
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			text = append(text, 0)
		} else {
			text = append(text, password[0])
		}
	}
	sum := md5.Sum(text)
	for i := range 1000 {
		text = text[:0]
		add := func(own bool) {
			if own {
				text = append(text, password...)
			} else {
				text = append(text, sum[:]...)
			}
		}
		add(i&1 != 0)
		if i%3 != 0 {
			text = append(text, salt...)
		}
		if i%7 != 0 {
			text = append(text, password...)
		}
		add(i&1 == 0)
		sum = md5.Sum(text)
	}
	var b strings.Builder
	b.WriteString("$1$" + salt + "$")
	digits := func(v uint32, n int) {
		for range n {
			b.WriteByte(itoa64[v&0x3f])
			v >>= 6
		}
	}
	for _, at := range [5][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}} {
		digits(uint32(sum[at[0]])<<16|uint32(sum[at[1]])<<8|uint32(sum[at[2]]), 4)
	}
	digits(uint32(sum[11]), 2)
	return b.String()
}

// genSalt makes a salt; rounds 0 are the usual ones.
func genSalt(kind string, rounds int64) (string, error) {
	wrong := invalid("gen_salt: Incorrect number of rounds")
	random := func(n int) string {
		b := randomBytes(n)
		for i := range b {
			b[i] = itoa64[b[i]&0x3f]
		}
		return string(b)
	}
	switch strings.ToLower(kind) {
	case "des":
		if rounds != 0 && rounds != 25 {
			return "", wrong
		}
		return random(2), nil
	case "xdes":
		if rounds == 0 {
			rounds = 29 * 25
		}
		if rounds < 1 || rounds > 0xffffff || rounds&1 == 0 {
			return "", wrong
		}
		var b strings.Builder
		b.WriteByte('_')
		for v := rounds; b.Len() < 5; v >>= 6 {
			b.WriteByte(itoa64[v&0x3f])
		}
		return b.String() + random(4), nil
	case "md5":
		if rounds != 0 && rounds != 1000 {
			return "", wrong
		}
		return "$1$" + random(8), nil
	case "bf":
		if rounds == 0 {
			rounds = 6
		}
		if rounds < 4 || rounds > 31 {
			return "", wrong
		}
		return fmt.Sprintf("$2a$%02d$", rounds) + bcryptBase64.EncodeToString(randomBytes(16)), nil
	}
	return "", invalid("gen_salt: Unknown salt algorithm")
}
