package scram

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// A verifier proves its own password and no other, and is itself kept as it is.
func TestVerifier(t *testing.T) {
	v, err := Verifier("pencil")
	if err != nil {
		t.Fatal(err)
	}
	if !Matches(v, "pencil") || Matches(v, "Pencil") || Matches("pencil", "pencil") {
		t.Error("a verifier matches what it should not, or not what it should")
	}
	if again, err := Verifier(v); err != nil || again != v {
		t.Error("a verifier was taken for a password")
	}
}

// A whole exchange: the right password ends with a signature, a wrong one, and
// one for a role that does not exist, with ErrPassword; nothing before tells which.
func TestExchange(t *testing.T) {
	stored, err := Verifier("pencil")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stored, password string
		ok               bool
	}{{stored, "pencil", true}, {stored, "pen", false}, {"", "pencil", false}} {
		ex, err := Begin(c.stored)
		if err != nil {
			t.Fatal(err)
		}
		bare := "n=,r=abcdef"
		server, err := ex.First("n,," + bare)
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Split(server, ",")
		salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(f[1], "s="))
		if err != nil || len(f) != 3 || !strings.HasPrefix(f[0], "r=abcdef") || f[2] != "i=4096" {
			t.Fatalf("first answer %q", server)
		}
		final := "c=biws," + f[0]
		answer, err := ex.Final(final + ",p=" + proof(t, c.password, salt, bare+","+server+","+final))
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, ErrPassword) {
			t.Errorf("password %q: %q, %v", c.password, answer, err)
		}
	}
}

// Messages that are none are refused.
func TestMalformed(t *testing.T) {
	for _, m := range []string{"", "n,,", "p=tls-unique,,n=,r=x", "n,,n=", "n,,n=,r=", "n,a=x,n=,r=x"} {
		ex, _ := Begin("")
		if _, err := ex.First(m); !errors.Is(err, ErrMessage) {
			t.Errorf("%q: %v", m, err)
		}
	}
	ex, _ := Begin("")
	if _, err := ex.First("n,,n=,r=x"); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"", "c=biws,r=x,p=AAAA", "c=xxxx," + "r=x,p="} {
		if _, err := ex.Final(m); !errors.Is(err, ErrMessage) {
			t.Errorf("%q: %v", m, err)
		}
	}
}

// proof is the client's side.
func proof(t *testing.T, password string, salt []byte, said string) string {
	t.Helper()
	v, err := derive(password, salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	key := clientKey(t, password, salt)
	if sum := sha256.Sum256(key); string(sum[:]) != string(v.storedKey) {
		t.Fatal("keys do not fit")
	}
	sig := mac(v.storedKey, said)
	for i := range key {
		key[i] ^= sig[i]
	}
	return base64.StdEncoding.EncodeToString(key)
}

func clientKey(t *testing.T, password string, salt []byte) []byte {
	t.Helper()
	// PBKDF2 by hand: one block of 4096 rounds.
	mac1 := func(key, text []byte) []byte { h := hmac.New(sha256.New, key); h.Write(text); return h.Sum(nil) }
	u := mac1([]byte(password), append(append([]byte(nil), salt...), 0, 0, 0, 1))
	out := append([]byte(nil), u...)
	for range 4095 {
		u = mac1([]byte(password), u)
		for i := range out {
			out[i] ^= u[i]
		}
	}
	return mac(out, "Client Key")
}

// An exchange is bound to the certificate that the client met, if the server offers it: another
// certificate, and an offer that was taken out on the way, end it.
func TestBinding(t *testing.T) {
	stored, err := Verifier("pencil")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mechanism, flag, met string
		first, final         error
	}{
		{MechanismPlus, bindingFlag, "mine", nil, nil},
		{MechanismPlus, bindingFlag, "another", nil, ErrBinding},
		{MechanismPlus, "n", "", ErrMessage, nil},
		{MechanismPlus, "y", "", ErrMessage, nil},
		{Mechanism, "n", "", nil, nil},
		{Mechanism, "y", "", ErrNegotiation, nil},
		{Mechanism, bindingFlag, "mine", ErrMessage, nil},
	} {
		ex, err := Begin(stored)
		if err != nil {
			t.Fatal(err)
		}
		ex.Bind([]byte("mine"), c.mechanism)
		bare := "n=,r=abcdef"
		server, err := ex.First(c.flag + ",," + bare)
		if !errors.Is(err, c.first) {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil {
			continue
		}
		f := strings.Split(server, ",")
		salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(f[1], "s="))
		if err != nil {
			t.Fatal(err)
		}
		final := "c=" + base64.StdEncoding.EncodeToString([]byte(c.flag+",,"+c.met)) + "," + f[0]
		if _, err := ex.Final(final + ",p=" + proof(t, "pencil", salt, bare+","+server+","+final)); !errors.Is(err, c.final) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
