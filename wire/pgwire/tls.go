package pgwire

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"rowkey/session"
)

// UseTLS has the server encrypt the connections of clients that ask for it, with the
// certificates that cfg has; only refuses those that do not ask. Call it before Serve.
func (s *Server) UseTLS(cfg *tls.Config, only bool) {
	s.tls, s.tlsOnly = cfg, only
}

// encrypt answers SSLRequest. Nothing was read beyond it: what else came in plain
// text is taken for a part of the handshake, and fails there.
func (c *conn) encrypt(ctx context.Context) error {
	if _, err := c.to.Write([]byte{'S'}); err != nil {
		return err
	}
	cfg := c.srv.tls.Clone()
	cfg.SessionTicketsDisabled = true // as PostgreSQL; each handshake shows a certificate
	cfg.Certificates = nil            // GetCertificate chooses, and so tells which
	var shown *tls.Certificate
	cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		var err error
		shown, err = certificateFor(c.srv.tls, h)
		return shown, err
	}
	t := tls.Server(c.nc, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	c.endpoint = endpoint(shown)
	c.tls, c.to, c.in.Conn = t, t, t
	return nil
}

// encryption is what pg_stat_ssl tells of the connection.
func (c *conn) encryption() *session.Encryption {
	if c.tls == nil {
		return nil
	}
	st := c.tls.ConnectionState()
	e := &session.Encryption{Version: strings.Replace(tls.VersionName(st.Version), "TLS ", "TLSv", 1), Cipher: tls.CipherSuiteName(st.CipherSuite), Bits: 256}
	if strings.Contains(e.Cipher, "AES_128") {
		e.Bits = 128
	}
	return e
}

// endTLS tells the client that nothing follows, so that it can tell the end from a cut.
func (c *conn) endTLS() {
	if c.tls != nil {
		c.tls.Close()
	}
}

// certificateFor is what crypto/tls does to choose one.
func certificateFor(cfg *tls.Config, h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if cfg.GetCertificate != nil {
		if cert, err := cfg.GetCertificate(h); cert != nil || err != nil {
			return cert, err
		}
	}
	for i := range cfg.Certificates {
		if h.SupportsCertificate(&cfg.Certificates[i]) == nil {
			return &cfg.Certificates[i], nil
		}
	}
	if len(cfg.Certificates) == 0 {
		return nil, errors.New("pgwire: no certificate")
	}
	return &cfg.Certificates[0], nil
}

// endpoint is the hash of a certificate by which a client says which one it met: the one
// of its signature, but SHA-256 for MD5 and SHA-1 (RFC 5929, 4.1). It is nil for a signature
// that names no hash, such as Ed25519: then there is no channel binding.
func endpoint(cert *tls.Certificate) []byte {
	if cert == nil || len(cert.Certificate) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return nil
	}
	switch leaf.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		h := sha512.Sum384(leaf.Raw)
		return h[:]
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		h := sha512.Sum512(leaf.Raw)
		return h[:]
	case x509.PureEd25519:
		return nil
	}
	h := sha256.Sum256(leaf.Raw)
	return h[:]
}
