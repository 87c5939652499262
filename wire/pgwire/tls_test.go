package pgwire

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// certificate makes one for 127.0.0.1 that is its own root, and puts it into a file.
func certificate(t *testing.T, public crypto.PublicKey, key crypto.Signer) (tls.Certificate, string) {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, public, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// encrypted serves with a certificate, passwords and nothing in plain text.
func encrypted(t *testing.T, ctx context.Context, cert tls.Certificate) (addr string) {
	t.Helper()
	return withPasswords(t, ctx, "CREATE USER ann PASSWORD 'right'; CREATE TABLE t (a int CHECK (a < 100000)); GRANT ALL ON t TO ann", func(srv *Server) {
		srv.UseTLS(&tls.Config{Certificates: []tls.Certificate{cert}}, true)
	})
}

// A client that encrypts, knows the certificate and binds its password to it gets in; one
// that does not encrypt is told why it does not.
func TestTLS(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, root := certificate(t, key.Public(), key)
	addr := encrypted(t, ctx, cert)
	url := "postgres://ann:right@" + addr + "/rowkey?sslrootcert=" + root
	for _, c := range [][2]string{
		{"postgres://ann:right@" + addr + "/rowkey?sslmode=disable", "28000"},
		{"postgres://ann:wrong@" + addr + "/rowkey?sslmode=require", "28P01"},
		{"postgres://ann:wrong@" + addr + "/rowkey?sslmode=require&channel_binding=disable", "28P01"},
	} {
		if conn, err := pgx.Connect(ctx, c[0]); err == nil {
			conn.Close(ctx)
			t.Errorf("%s got in", c[0])
		} else if !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, not %s", c[0], err, c[1])
		}
	}
	for _, options := range []string{"sslmode=verify-full&channel_binding=require", "sslmode=require&channel_binding=disable", "sslmode=prefer"} {
		conn, err := pgx.Connect(ctx, url+"&"+options)
		if err != nil {
			t.Errorf("%s: %v", options, err)
			continue
		}
		var on bool
		var version, cipher string
		var bits int
		if err := conn.QueryRow(ctx, "SELECT ssl, version, cipher, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&on, &version, &cipher, &bits); err != nil || !on ||
			version != "TLSv1.3" || !strings.HasPrefix(cipher, "TLS_") || bits < 128 {
			t.Errorf("%s: %v %s %s %d, %v", options, on, version, cipher, bits, err)
		}
		conn.Close(ctx)
	}

	conn, err := pgx.Connect(ctx, url+"&sslmode=verify-full")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	// More rows than any buffer takes, there and back, an error in the middle of COPY, and a cancelled statement.
	rows := func(n int) pgx.CopyFromSource {
		return pgx.CopyFromSlice(n, func(i int) ([]any, error) { return []any{i}, nil })
	}
	if n, err := conn.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"a"}, rows(100000)); err != nil || n != 100000 {
		t.Errorf("COPY: %d, %v", n, err)
	}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"a"}, rows(100001)); err == nil || !strings.Contains(err.Error(), "23514") {
		t.Errorf("COPY of a row that is refused: %v", err)
	}
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&n); err != nil || n != 100000 {
		t.Errorf("%d rows, %v", n, err)
	}
	got := 0
	all, _ := conn.Query(ctx, "SELECT a, repeat('x', 100) FROM t")
	for all.Next() {
		got++
	}
	if all.Err() != nil || got != 100000 {
		t.Errorf("%d rows came, %v", got, all.Err())
	}
	time.AfterFunc(50*time.Millisecond, func() { conn.PgConn().CancelRequest(ctx) })
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(30)"); err == nil || !strings.Contains(err.Error(), "57014") {
		t.Errorf("cancelled: %v", err)
	}
	if err := conn.Ping(ctx); err != nil {
		t.Error(err)
	}

	if psql, err := exec.LookPath("psql"); err == nil {
		host, port, _ := net.SplitHostPort(addr)
		c := exec.CommandContext(ctx, psql, "-XAtq", "host="+host+" port="+port+" user=ann password=right dbname=rowkey sslmode=verify-full channel_binding=require sslrootcert="+root,
			"-c", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
		if out, err := c.CombinedOutput(); err != nil || string(out) != "t\n" {
			t.Errorf("psql: %s %v", out, err)
		}
	}
}

// A certificate whose signature names no hash cannot be bound to; clients get in without.
func TestTLSWithoutBinding(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, root := certificate(t, public, key)
	conn, err := pgx.Connect(ctx, "postgres://ann:right@"+encrypted(t, ctx, cert)+"/rowkey?sslmode=verify-full&sslrootcert="+root)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(ctx)
}

// What comes in plain text before encryption began is not taken for a part of what is encrypted.
func TestTLSBehindPlainText(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := certificate(t, key.Public(), key)
	nc, err := net.Dial("tcp", encrypted(t, ctx, cert))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	startup := []byte("\x00\x00\x00\x00\x00\x03\x00\x00user\x00ann\x00\x00")
	startup[3] = byte(len(startup))
	nc.Write(append([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"), startup...))
	one := make([]byte, 1)
	if _, err := nc.Read(one); err != nil || one[0] != 'S' {
		t.Fatalf("%q, %v", one, err)
	}
	if err := tls.Client(nc, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx); err == nil {
		t.Error("a connection was encrypted behind plain text")
	}
}
