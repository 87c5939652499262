package clients

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/pgtest"
)

// certify puts a new certificate for 127.0.0.1, its own root, and its key into two files.
func certify(t *testing.T, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// `rowkey serve` encrypts both protocols with the certificate in its files, and takes up
// another one when they change.
func TestServeTLS(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key)
	port, err := pgtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	redis := fmt.Sprintf("127.0.0.1:%d", port)
	s, err := pgtest.StartRowkey(program, "", "--tls-cert", cert, "--tls-key", key, "--redis-tls", redis)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	url := strings.Replace(s.URL, "sslmode=disable", "sslmode=verify-full&sslrootcert=", 1)
	for _, renewed := range []bool{false, true} {
		if renewed {
			certify(t, cert, key)
		}
		conn, err := pgx.Connect(ctx, url+cert)
		if err != nil {
			t.Fatalf("renewed %v: %v", renewed, err)
		}
		var ssl string
		if err := conn.QueryRow(ctx, "SHOW ssl").Scan(&ssl); err != nil || ssl != "on" {
			t.Errorf("ssl is %s, %v", ssl, err)
		}
		conn.Close(ctx)
	}

	root := x509.NewCertPool()
	text, err := os.ReadFile(cert)
	if err != nil || !root.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	nc, err := tls.Dial("tcp", redis, &tls.Config{RootCAs: root})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	value := strings.Repeat("v", 100000)
	fmt.Fprintf(nc, "SET k %s\r\nGET k\r\nBLPOP none 0.05\r\n", value[:60000])
	in := bufio.NewReader(nc)
	for _, want := range []string{"+OK", "$60000", value[:60000], "*-1"} {
		line, err := in.ReadString('\n')
		if err != nil || line != want+"\r\n" {
			t.Fatalf("got %.100q, %v; want %.100q", line, err, want)
		}
	}
	if cli, err := exec.LookPath("redis-cli"); err == nil {
		if out, err := exec.CommandContext(ctx, cli, "-p", fmt.Sprint(port), "--tls", "--cacert", cert, "STRLEN", "k").CombinedOutput(); err != nil || string(out) != "60000\n" {
			t.Errorf("redis-cli: %s %v", out, err)
		}
	}
}

// A half of what encryption needs is not taken for none.
func TestServeTLSFlags(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key)
	for _, c := range []struct{ args, want string }{
		{"--tls-only", "--tls-only needs a certificate"},
		{"--tls-cert " + cert, "go together"},
		{"--tls-cert " + key + " --tls-key " + cert, "cannot use the certificate"},
		{"--redis-tls 127.0.0.1:0", "--redis-tls needs a certificate"},
		{"--redis 0.0.0.0:0", "only loopback addresses"},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		out, err := exec.CommandContext(ctx, program, append([]string{"serve", "--listen", "127.0.0.1:0"}, strings.Fields(c.args)...)...).CombinedOutput()
		cancel()
		if err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %s %v", c.args, out, err)
		}
	}
}
