package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// tlsFlags are the options of serve about encryption.
type tlsFlags struct {
	cert, key string
	only      bool
}

// config reads the certificate; it is nil where none was named.
func (f *tlsFlags) config(log *slog.Logger) (*tls.Config, error) {
	if f.cert == "" && f.key == "" {
		if f.only {
			return nil, errors.New("--tls-only needs a certificate: give --tls-cert and --tls-key")
		}
		return nil, nil
	}
	if f.cert == "" || f.key == "" {
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	files := &certificateFiles{cert: f.cert, key: f.key, log: log}
	if _, err := files.get(); err != nil {
		return nil, fmt.Errorf("cannot use the certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return files.get() },
	}, nil
}

// certificateFiles is a certificate in files, which is read again when they have
// changed: who renews it need not stop the server.
type certificateFiles struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	now     *tls.Certificate
	changed [2]time.Time // of the two files when they were read
}

// get gives the certificate. One that cannot be read leaves the one before in use.
func (c *certificateFiles) get() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var changed [2]time.Time
	for i, name := range []string{c.cert, c.key} {
		if st, err := os.Stat(name); err == nil {
			changed[i] = st.ModTime()
		}
	}
	if c.now != nil && changed == c.changed {
		return c.now, nil
	}
	cert, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		c.now = &cert
	case c.now == nil:
		return nil, err
	default:
		c.log.Warn("the certificate cannot be read again, the one before stays in use", "error", err)
	}
	c.changed = changed
	return c.now, nil
}
