package contrib

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"strings"

	"rowkey/types"
)

// encrypt() and decrypt(): algorithm[-mode][/pad:padding].

// blockCipher is what the last argument of encrypt() says.
type blockCipher struct {
	make func(key []byte) (cipher.Block, error)
	ecb  bool
	pad  bool
}

// ciphers are made of keys that are filled up with zeros, or cut, to a length they take.
var ciphers = map[string]func(key []byte) (cipher.Block, error){
	"aes": func(key []byte) (cipher.Block, error) {
		n := 16
		for n < 32 && len(key) > n {
			n += 8
		}
		return aes.NewCipher(sized(key, n))
	},
	"3des": func(key []byte) (cipher.Block, error) { return des.NewTripleDESCipher(sized(key, 24)) },
	// What OpenSSL 3 has no more either.
	"bf": nil, "des": nil, "cast5": nil,
}

var cipherAliases = map[string]string{"rijndael": "aes", "blowfish": "bf", "des3": "3des", "aes-cbc": "aes", "3des-cbc": "3des", "bf-cbc": "bf", "des-cbc": "des", "cast5-cbc": "cast5"}

func sized(b []byte, n int) []byte {
	out := make([]byte, n)
	copy(out, b)
	return out
}

func parseCipher(text string) (c blockCipher, err error) {
	c.pad = true
	name, options, _ := strings.Cut(strings.ToLower(text), "/")
	for _, o := range strings.Split(options, "/") {
		switch key, value, _ := strings.Cut(o, ":"); {
		case o == "":
		case key != "pad":
			return c, invalid("Cannot use \"%s\": Unknown option", text)
		case value == "pkcs":
		case value == "none":
			c.pad = false
		default:
			return c, invalid("Cannot use \"%s\": No such cipher algorithm", text)
		}
	}
	if base, ok := strings.CutSuffix(name, "-ecb"); ok {
		name, c.ecb = base, true
	}
	if to := cipherAliases[name]; to != "" {
		name = to
	}
	f, ok := ciphers[name]
	if !ok {
		return c, invalid("Cannot use \"%s\": No such cipher algorithm", text)
	}
	c.make = f
	return c, nil
}

func cipherKernel(encrypt, withIV bool) Kernel {
	verb, noun := "encrypt", "Encryption"
	if !encrypt {
		verb, noun = "decrypt", "Decryption"
	}
	return eval(func(a []types.Datum) (types.Datum, error) {
		data, key, iv := []byte(a[0].S), []byte(a[1].S), []byte(nil)
		if withIV {
			iv = []byte(a[2].S)
		}
		c, err := parseCipher(a[len(a)-1].S)
		if err != nil {
			return types.Null, err
		}
		if c.make == nil {
			return types.Null, failed("%s error: Cipher cannot be initialized", verb)
		}
		block, err := c.make(key)
		if err != nil {
			return types.Null, failed("%s error: Cipher cannot be initialized", verb)
		}
		out, ok := c.run(block, data, sized(iv, block.BlockSize()), encrypt)
		if !ok {
			return types.Null, failed("%s error: %s failed", verb, noun)
		}
		return types.NewString(string(out)), nil
	})
}

// run encrypts or decrypts; ok is false if the length or the padding is wrong.
func (c *blockCipher) run(block cipher.Block, data, iv []byte, encrypt bool) (out []byte, ok bool) {
	n := block.BlockSize()
	if encrypt && c.pad {
		pad := n - len(data)%n
		for range pad {
			data = append(data, byte(pad))
		}
	}
	if len(data)%n != 0 || c.pad && len(data) == 0 {
		return nil, false
	}
	out = make([]byte, len(data))
	switch {
	case c.ecb && encrypt:
		for i := 0; i < len(data); i += n {
			block.Encrypt(out[i:], data[i:])
		}
	case c.ecb:
		for i := 0; i < len(data); i += n {
			block.Decrypt(out[i:], data[i:])
		}
	case encrypt:
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, data)
	default:
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	}
	if !encrypt && c.pad {
		pad := int(out[len(out)-1])
		if pad == 0 || pad > n {
			return nil, false
		}
		for _, b := range out[len(out)-pad:] {
			if int(b) != pad {
				return nil, false
			}
		}
		out = out[:len(out)-pad]
	}
	return out, true
}
