package clients

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// TestBadInput: random bytes, truncated and garbled messages, huge lengths and
// clients that vanish hurt nobody else.
func TestBadInput(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	url := serve(t, "")
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.JoinHostPort(cfg.Host, itoa(int(cfg.Port)))
	ctx := context.Background()
	good, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close(ctx)
	if _, err := good.Exec(ctx, `CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 1000) i`,
		pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 300; i++ {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatalf("connection %d is refused: %v", i, err)
		}
		c.SetDeadline(time.Now().Add(2 * time.Second))
		c.Write(badClient(r))
		if r.IntN(2) == 0 {
			buf := make([]byte, 1+r.IntN(4096))
			c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
			c.Read(buf)
		}
		if tc, ok := c.(*net.TCPConn); ok && r.IntN(2) == 0 {
			tc.SetLinger(0) // vanish with a reset
		}
		c.Close()
	}
	var n int
	if err := good.QueryRow(ctx, `SELECT count(*) FROM t`).Scan(&n); err != nil || n != 1000 {
		t.Errorf("another session sees %d rows, error %v", n, err)
	}
}

func itoa(n int) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

// badClient makes what a bad client sends.
func badClient(r *rand.Rand) []byte {
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	start, _ := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres"}}).Encode(nil)
	switch r.IntN(7) {
	case 0:
		return random(r.IntN(2000))
	case 1: // a huge startup packet
		return append(binary.BigEndian.AppendUint32(nil, 0x7fffffff), random(100)...)
	case 2: // a huge message
		return append(append(append(start, 'Q'), 0x7f, 0xff, 0xff, 0xff), random(100)...)
	case 3: // negative and tiny lengths
		return append(append(start, 'Q'), 0xff, 0xff, 0xff, byte(r.IntN(256)))
	case 4: // random messages
		for i := 0; i < 1+r.IntN(10); i++ {
			body := random(r.IntN(60))
			start = append(start, "QPBDEHSCFdcfpX"[r.IntN(14)])
			start = binary.BigEndian.AppendUint32(start, uint32(len(body)+4))
			start = append(start, body...)
		}
		return start
	case 5: // a truncated conversation
		for _, m := range []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT * FROM t WHERE a > $1"},
			&pgproto3.Bind{Parameters: [][]byte{[]byte("1")}}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{MaxRows: 10}, &pgproto3.Sync{}} {
			start, _ = m.Encode(start)
		}
		return start[:r.IntN(len(start)+1)]
	default: // a large result that nobody reads, a COPY that never ends
		q := "SELECT a.* FROM t a, t b"
		if r.IntN(2) == 0 {
			q = "COPY t FROM STDIN"
		}
		start, _ = (&pgproto3.Query{String: q}).Encode(start)
		if r.IntN(2) == 0 {
			start, _ = (&pgproto3.CopyData{Data: random(r.IntN(1000))}).Encode(start)
		}
		return start
	}
}
