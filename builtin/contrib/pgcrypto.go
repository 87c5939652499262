package contrib

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// pgcrypto, version 1.3. Its digests and ciphers are those of the standard library; PGP
// messages and the passwords of DES are refused (0A000).
var pgcrypto = Extension{Name: "pgcrypto", Version: "1.3", Comment: "cryptographic functions", Functions: []Function{
	fn("digest", "text text", "bytea", "pg_digest", 'i'),
	fn("digest", "bytea text", "bytea", "pg_digest", 'i'),
	fn("hmac", "text text text", "bytea", "pg_hmac", 'i'),
	fn("hmac", "bytea bytea text", "bytea", "pg_hmac", 'i'),
	fn("crypt", "text text", "text", "pg_crypt", 'i'),
	fn("gen_salt", "text", "text", "pg_gen_salt", 'v'),
	fn("gen_salt", "text int4", "text", "pg_gen_salt_rounds", 'v'),
	fn("encrypt", "bytea bytea text", "bytea", "pg_encrypt", 'i'),
	fn("decrypt", "bytea bytea text", "bytea", "pg_decrypt", 'i'),
	fn("encrypt_iv", "bytea bytea bytea text", "bytea", "pg_encrypt_iv", 'i'),
	fn("decrypt_iv", "bytea bytea bytea text", "bytea", "pg_decrypt_iv", 'i'),
	fn("gen_random_bytes", "int4", "bytea", "pg_random_bytes", 'v'),
	{Name: "gen_random_uuid", Symbol: "pg_random_uuid", Result: types.UUID, Volatile: 'v', NotStrict: true},
	fn("pgp_sym_encrypt", "text text", "bytea", "pgp_sym_encrypt_text", 'v'),
	fn("pgp_sym_encrypt_bytea", "bytea text", "bytea", "pgp_sym_encrypt_bytea", 'v'),
	fn("pgp_sym_encrypt", "text text text", "bytea", "pgp_sym_encrypt_text", 'v'),
	fn("pgp_sym_encrypt_bytea", "bytea text text", "bytea", "pgp_sym_encrypt_bytea", 'v'),
	fn("pgp_sym_decrypt", "bytea text", "text", "pgp_sym_decrypt_text", 'i'),
	fn("pgp_sym_decrypt_bytea", "bytea text", "bytea", "pgp_sym_decrypt_bytea", 'i'),
	fn("pgp_sym_decrypt", "bytea text text", "text", "pgp_sym_decrypt_text", 'i'),
	fn("pgp_sym_decrypt_bytea", "bytea text text", "bytea", "pgp_sym_decrypt_bytea", 'i'),
	fn("pgp_pub_encrypt", "text bytea", "bytea", "pgp_pub_encrypt_text", 'v'),
	fn("pgp_pub_encrypt_bytea", "bytea bytea", "bytea", "pgp_pub_encrypt_bytea", 'v'),
	fn("pgp_pub_encrypt", "text bytea text", "bytea", "pgp_pub_encrypt_text", 'v'),
	fn("pgp_pub_encrypt_bytea", "bytea bytea text", "bytea", "pgp_pub_encrypt_bytea", 'v'),
	fn("pgp_pub_decrypt", "bytea bytea", "text", "pgp_pub_decrypt_text", 'i'),
	fn("pgp_pub_decrypt_bytea", "bytea bytea", "bytea", "pgp_pub_decrypt_bytea", 'i'),
	fn("pgp_pub_decrypt", "bytea bytea text", "text", "pgp_pub_decrypt_text", 'i'),
	fn("pgp_pub_decrypt_bytea", "bytea bytea text", "bytea", "pgp_pub_decrypt_bytea", 'i'),
	fn("pgp_pub_decrypt", "bytea bytea text text", "text", "pgp_pub_decrypt_text", 'i'),
	fn("pgp_pub_decrypt_bytea", "bytea bytea text text", "bytea", "pgp_pub_decrypt_bytea", 'i'),
	fn("pgp_key_id", "bytea", "text", "pgp_key_id_w", 'i'),
	fn("armor", "bytea", "text", "pg_armor", 'i'),
	fn("armor", "bytea _text _text", "text", "pg_armor", 'i'),
	fn("dearmor", "text", "bytea", "pg_dearmor", 'i'),
	{Name: "pgp_armor_headers", Symbol: "pgp_armor_headers", Result: types.Record, SetOf: true, Volatile: 'i',
		Args: []Param{{Type: types.Text}, {Name: "key", Type: types.Text, Out: true}, {Name: "value", Type: types.Text, Out: true}}},
}}

var pgcryptoKernels = func() map[string]Kernel {
	k := map[string]Kernel{
		"pg_digest": eval(func(a []types.Datum) (types.Datum, error) {
			h, err := hashNamed(a[1].S)
			if err != nil {
				return types.Null, err
			}
			d := h()
			d.Write([]byte(a[0].S))
			return types.NewString(string(d.Sum(nil))), nil
		}),
		"pg_hmac": eval(func(a []types.Datum) (types.Datum, error) {
			h, err := hashNamed(a[2].S)
			if err != nil {
				return types.Null, err
			}
			m := hmac.New(h, []byte(a[1].S))
			m.Write([]byte(a[0].S))
			return types.NewString(string(m.Sum(nil))), nil
		}),
		"pg_crypt": eval(func(a []types.Datum) (types.Datum, error) {
			s, err := crypt(a[0].S, a[1].S)
			return types.NewString(s), err
		}),
		"pg_gen_salt": eval(func(a []types.Datum) (types.Datum, error) {
			s, err := genSalt(a[0].S, 0)
			return types.NewString(s), err
		}),
		"pg_gen_salt_rounds": eval(func(a []types.Datum) (types.Datum, error) {
			s, err := genSalt(a[0].S, a[1].I)
			return types.NewString(s), err
		}),
		"pg_encrypt":    cipherKernel(true, false),
		"pg_decrypt":    cipherKernel(false, false),
		"pg_encrypt_iv": cipherKernel(true, true),
		"pg_decrypt_iv": cipherKernel(false, true),
		"pg_random_bytes": eval(func(a []types.Datum) (types.Datum, error) {
			if a[0].I < 1 || a[0].I > 1024 {
				return types.Null, failed("Length not in range")
			}
			return types.NewString(string(randomBytes(int(a[0].I)))), nil
		}),
		"pg_random_uuid": uuidKernels["uuid_generate_v4"],
		"pg_armor": eval(func(a []types.Datum) (types.Datum, error) {
			var headers [][2]string
			if len(a) > 1 {
				var err error
				if headers, err = armorHeaders(a[1].Array(), a[2].Array()); err != nil {
					return types.Null, err
				}
			}
			return types.NewString(armor(a[0].S, headers)), nil
		}),
		"pg_dearmor": eval(func(a []types.Datum) (types.Datum, error) {
			body, _, err := dearmor(a[0].S)
			return types.NewString(body), err
		}),
		"pgp_armor_headers": {Set: func(_ *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			_, headers, err := dearmor(a[0].S)
			for _, h := range headers {
				if err == nil {
					err = emit([]types.Datum{types.NewString(h[0]), types.NewString(h[1])})
				}
			}
			return err
		}},
	}
	for _, f := range pgcrypto.Functions {
		if name := f.Name; strings.HasPrefix(f.Symbol, "pgp_") && !f.SetOf {
			k[f.Symbol] = eval(func([]types.Datum) (types.Datum, error) {
				return types.Null, pgerr.Unsupported("PGP messages are not supported: %s", name)
			})
		}
	}
	return k
}()

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
	"sha512-224": sha512.New512_224, "sha512-256": sha512.New512_256,
	"sha3-224": func() hash.Hash { return sha3.New224() }, "sha3-256": func() hash.Hash { return sha3.New256() },
	"sha3-384": func() hash.Hash { return sha3.New384() }, "sha3-512": func() hash.Hash { return sha3.New512() },
}

func hashNamed(name string) (func() hash.Hash, error) {
	low := strings.ToLower(name)
	if h := hashes[low]; h != nil {
		return h, nil
	}
	switch low {
	case "ripemd160", "rmd160", "blake2b512", "blake2s256", "sm3", "shake128", "shake256", "md5-sha1":
		return nil, pgerr.Unsupported("hash algorithm \"%s\" is not supported", low)
	}
	return nil, invalid("Cannot use \"%s\": No such hash algorithm", name)
}
