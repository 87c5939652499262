package contrib

import (
	"encoding/hex"
	"testing"

	"rowkey/types"
)

// What PostgreSQL's pgcrypto and uuid-ossp give for the same arguments.
func TestAsPostgreSQL(t *testing.T) {
	text := types.NewString
	for _, c := range []struct {
		library, symbol string
		args            []types.Datum
		want            string
		bytes           bool
	}{
		{"pgcrypto", "pg_digest", []types.Datum{text("abc"), text("sha3-256")}, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532", true},
		{"pgcrypto", "pg_hmac", []types.Datum{text("abc"), text("key"), text("MD5")}, "d2fe98063f876b03193afb49b4979591", true},
		{"pgcrypto", "pg_crypt", []types.Datum{text("secret"), text("$2a$06$abcdefghijklmnopqrstuu")}, "$2a$06$abcdefghijklmnopqrstuuxLa0AkDDSrQ9VwNnETzOsObiucpMYgC", false},
		{"pgcrypto", "pg_crypt", []types.Datum{text("sécret"), text("$2a$04$abcdefghijklmnopqrstuu")}, "$2a$04$abcdefghijklmnopqrstuuxgaAVrATsv2cxAkEB3ENsaS.NPyRuGO", false},
		{"pgcrypto", "pg_crypt", []types.Datum{text("secret"), text("$1$abc")}, "$1$abc$iCQ2D3nhptRYi27fDYv2s1", false},
		{"pgcrypto", "pg_crypt", []types.Datum{text(""), text("$1$abcdefghijk$")}, "$1$abcdefgh$M55TzYaaccxVGbptZWaxX/", false},
		{"pgcrypto", "pg_encrypt", []types.Datum{text("hello world"), text("key"), text("aes")}, "ee21283ca34fc340c65234e030efccd8", true},
		{"pgcrypto", "pg_encrypt_iv", []types.Datum{text("hello"), text("key"), text("0123"), text("aes")}, "e2e493eeafd7633756a73a5c236017fd", true},
		{"pgcrypto", "pg_encrypt", []types.Datum{text("x"), text("key"), text("3des")}, "8f689a413c2fd39d", true},
		{"uuid-ossp", "uuid_generate_v3", []types.Datum{text("\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8"), text("http://x")}, "53b148419895312bbb9182c1f08c9edd", true},
	} {
		k, ok := FindKernel("$libdir/"+c.library, c.symbol)
		if !ok {
			t.Fatalf("%s is not there", c.symbol)
		}
		d, err := k.Eval(nil, c.args)
		got := d.S
		if c.bytes {
			got = hex.EncodeToString([]byte(got))
		}
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.symbol, got, err, c.want)
		}
	}
}

// Every function has what computes it, and types that exist.
func TestComplete(t *testing.T) {
	for _, e := range Extensions {
		for _, f := range e.Functions {
			k, ok := FindKernel(e.Library(), f.Symbol)
			if !ok || (k.Set != nil) != f.SetOf || (k.Eval != nil) == f.SetOf || f.Result == nil {
				t.Errorf("%s: %s is not complete", e.Name, f.Name)
			}
			for _, p := range f.Args {
				if p.Type == nil {
					t.Errorf("%s: %s has an argument without a type", e.Name, f.Name)
				}
			}
		}
	}
}

// A decrypted text is the one that was encrypted, and damaged ones are refused, never a panic.
func TestThereAndBack(t *testing.T) {
	for _, how := range []string{"aes", "aes-ecb", "3des-cbc/pad:pkcs", "aes-cbc/pad:none"} {
		for n := range 70 {
			if how == "aes-cbc/pad:none" && n%16 != 0 {
				continue
			}
			args := []types.Datum{types.NewString(string(make([]byte, n))), types.NewString("key"), types.NewString(how)}
			out, err := pgcryptoKernels["pg_encrypt"].Eval(nil, args)
			if err != nil {
				t.Fatal(how, n, err)
			}
			back, err := pgcryptoKernels["pg_decrypt"].Eval(nil, []types.Datum{out, args[1], args[2]})
			if err != nil || back.S != args[0].S {
				t.Fatal(how, n, err)
			}
			for cut := range out.S {
				pgcryptoKernels["pg_decrypt"].Eval(nil, []types.Datum{types.NewString(out.S[:cut]), args[1], args[2]})
			}
		}
	}
	whole := armor("hello, world", [][2]string{{"a", "b"}})
	for cut := range whole {
		dearmor(whole[:cut])
	}
	for _, salt := range []string{"", "$", "$1", "$1$", "$2a$", "$2a$04$", "$2a$04$abcdefghijklmnopqrstu", "$2a$xx$abcdefghijklmnopqrstuu", "_", "_J9..ras"} {
		crypt("secret", salt)
	}
}
