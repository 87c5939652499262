// Package scram keeps passwords and checks them as SCRAM-SHA-256 does (RFC 5802,
// RFC 7677): what is stored proves a password without telling it.
//
//	client                               server
//	n,,n=,r=<nonce c>                    First
//	                                     r=<nonce c><nonce s>,s=<salt>,i=4096
//	c=biws,r=<nonce>,p=<proof>           Final
//	                                     v=<server signature>
//
// A verifier has PostgreSQL's form, so that one can be moved between the two:
//
//	SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>
//
// Over TLS the client may say and prove which certificate it met (SCRAM-SHA-256-PLUS,
// RFC 5929's tls-server-end-point), so that nobody in the middle can pass the exchange on:
//
//	p=tls-server-end-point,,n=,r=<nonce c>
//	c=<base64 of that header and the certificate's hash>,r=<nonce>,p=<proof>
//
// Not here: how the messages travel (wire/pgwire).
package scram

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/secure/precis"
)

// The SASL names of what this package does; with MechanismPlus the exchange is bound to
// the server's certificate.
const (
	Mechanism     = "SCRAM-SHA-256"
	MechanismPlus = "SCRAM-SHA-256-PLUS"
)

// bindingFlag is what a client's first message begins with that binds the exchange.
const bindingFlag = "p=tls-server-end-point"

// iterations of new verifiers, as PostgreSQL 15 has them.
const iterations = 4096

// verifier is a stored password.
type verifier struct {
	iterations           int
	salt                 []byte
	storedKey, serverKey []byte
}

// Verifier makes what is stored for a password. Text that is a verifier
// already stays as it is.
func Verifier(password string) (string, error) {
	if _, err := parse(password); err == nil {
		return password, nil
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	v, err := derive(password, salt, iterations)
	if err != nil {
		return "", err
	}
	b := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d:%s$%s:%s", Mechanism, iterations, b(salt), b(v.storedKey), b(v.serverKey)), nil
}

// Matches tells whether a password is the one that a verifier was made of.
func Matches(stored, password string) bool {
	v, err := parse(stored)
	if err != nil {
		return false
	}
	w, err := derive(password, v.salt, v.iterations)
	return err == nil && hmac.Equal(w.storedKey, v.storedKey)
}

func derive(password string, salt []byte, n int) (*verifier, error) {
	if p, err := precis.OpaqueString.String(password); err == nil {
		password = p // else as it is, as PostgreSQL and its clients do
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, n, sha256.Size)
	if err != nil {
		return nil, err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	return &verifier{iterations: n, salt: salt, storedKey: stored[:], serverKey: mac(salted, "Server Key")}, nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

var errVerifier = errors.New("scram: not a SCRAM-SHA-256 verifier")

func parse(text string) (*verifier, error) {
	rest, ok := strings.CutPrefix(text, Mechanism+"$")
	head, keys, ok2 := strings.Cut(rest, "$")
	count, salt, ok3 := strings.Cut(head, ":")
	stored, server, ok4 := strings.Cut(keys, ":")
	if !ok || !ok2 || !ok3 || !ok4 {
		return nil, errVerifier
	}
	v := &verifier{}
	var err error
	if v.iterations, err = strconv.Atoi(count); err != nil || v.iterations < 1 {
		return nil, errVerifier
	}
	for _, f := range []struct {
		to   *[]byte
		text string
		size int
	}{{&v.salt, salt, 0}, {&v.storedKey, stored, sha256.Size}, {&v.serverKey, server, sha256.Size}} {
		if *f.to, err = base64.StdEncoding.DecodeString(f.text); err != nil || f.size > 0 && len(*f.to) != f.size {
			return nil, errVerifier
		}
	}
	return v, nil
}

// Exchange is the server's side of one authentication.
type Exchange struct {
	v      *verifier
	doomed bool // no such user, or no password: the answers must not show it
	nonce  string
	said   string // client-first-bare , server-first
	bound  string // what the client said of channel binding, to be repeated
	// endpoint identifies the server's certificate; nil: binding was not offered.
	endpoint []byte
	plus     bool // the client chose MechanismPlus
}

// Bind offers channel binding: endpoint is the hash of the certificate that the
// server showed. mechanism is what the client chose.
func (e *Exchange) Bind(endpoint []byte, mechanism string) {
	e.endpoint, e.plus = endpoint, mechanism == MechanismPlus
}

// Begin starts an exchange for a stored verifier; with none that is valid the
// exchange goes on as if there were one, and fails in the end.
func Begin(stored string) (*Exchange, error) {
	v, err := parse(stored)
	if err == nil {
		return &Exchange{v: v}, nil
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	if v, err = derive(string(secret), secret[:16], iterations); err != nil {
		return nil, err
	}
	return &Exchange{v: v, doomed: true}, nil
}

// Errors of an exchange. ErrPassword is that of a wrong password or user.
var (
	ErrPassword = errors.New("scram: wrong password")
	ErrMessage  = errors.New("malformed SCRAM message")
	// ErrNegotiation: the client, which can bind the channel, was not told that the server can.
	ErrNegotiation = errors.New("SCRAM channel binding negotiation error")
	// ErrBinding: the client met another certificate than the server's.
	ErrBinding = errors.New("SCRAM channel binding check failed")
)

// First answers the client's first message.
func (e *Exchange) First(msg string) (string, error) {
	flag, rest, ok := strings.Cut(msg, ",")
	authzid, bare, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 || authzid != "" {
		return "", ErrMessage
	}
	header := []byte(flag + ",,")
	switch {
	case e.plus && flag == bindingFlag:
		header = append(header, e.endpoint...)
	case e.plus || flag != "n" && flag != "y":
		return "", ErrMessage
	case flag == "y" && e.endpoint != nil: // the offer was taken out on the way
		return "", ErrNegotiation
	}
	e.bound = base64.StdEncoding.EncodeToString(header)
	name, nonce, ok := strings.Cut(bare, ",")
	client, ok2 := strings.CutPrefix(nonce, "r=")
	if !ok || !ok2 || !strings.HasPrefix(name, "n=") || client == "" || strings.Contains(client, ",") {
		return "", ErrMessage
	}
	own := make([]byte, 18)
	if _, err := rand.Read(own); err != nil {
		return "", err
	}
	e.nonce = client + base64.StdEncoding.EncodeToString(own)
	answer := fmt.Sprintf("r=%s,s=%s,i=%d", e.nonce, base64.StdEncoding.EncodeToString(e.v.salt), e.v.iterations)
	e.said = bare + "," + answer
	return answer, nil
}

// Final checks the client's last message and gives the server's.
func (e *Exchange) Final(msg string) (string, error) {
	at := strings.LastIndex(msg, ",p=")
	if at < 0 {
		return "", ErrMessage
	}
	without, proofText := msg[:at], msg[at+3:]
	bound, nonce, ok := strings.Cut(without, ",")
	if ok && e.plus && bound != "c="+e.bound {
		return "", ErrBinding
	}
	if !ok || bound != "c="+e.bound || nonce != "r="+e.nonce {
		return "", ErrMessage
	}
	proof, err := base64.StdEncoding.DecodeString(proofText)
	if err != nil || len(proof) != sha256.Size {
		return "", ErrMessage
	}
	said := e.said + "," + without
	key := mac(e.v.storedKey, said)
	for i := range key {
		key[i] ^= proof[i]
	}
	sum := sha256.Sum256(key)
	if !hmac.Equal(sum[:], e.v.storedKey) || e.doomed {
		return "", ErrPassword
	}
	return "v=" + base64.StdEncoding.EncodeToString(mac(e.v.serverKey, said)), nil
}
