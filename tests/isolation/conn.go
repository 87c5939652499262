package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// conn is a connection that sends a query and is then asked, as often as one
// likes, whether the answer is complete. Reading, notices included, happens when the
// runner asks, and nowhere else: what the server sent before it said that a session
// waits is to be seen before that, and a goroutine that reads could be late.
type conn struct {
	name    string
	nc      *net.TCPConn
	raw     syscall.RawConn
	front   *pgproto3.Frontend // sends
	in      []byte             // received, not taken yet
	ended   error
	pid     uint32
	secret  []byte
	address string

	busy     bool
	results  []*result
	now      *result // being received
	notifies []*pgproto3.NotificationResponse
	notices  int
	onNotice func(*pgproto3.NoticeResponse)
	active   *permStep
}

func dial(ctx context.Context, rawURL, name string) (*conn, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	dialed, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	nc := dialed.(*net.TCPConn)
	c := &conn{name: name, nc: nc, front: pgproto3.NewFrontend(nc, nc), address: u.Host}
	if c.raw, err = nc.SyscallConn(); err != nil {
		return nil, err
	}
	c.front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{
		"user": u.User.Username(), "database": strings.TrimPrefix(u.Path, "/"), "application_name": "isolation/" + name,
		"datestyle": "Postgres, MDY", "timezone": "PST8PDT", // as pg_regress sets them
	}})
	if err := c.front.Flush(); err != nil {
		return nil, err
	}
	c.busy = true
	if err := c.finish(10 * time.Second); err != nil {
		return nil, err
	}
	c.results = nil
	return c, nil
}

func (c *conn) close() {
	c.front.Send(&pgproto3.Terminate{})
	c.front.Flush()
	c.nc.Close()
}

// send begins a query.
func (c *conn) send(sql string) error {
	c.results, c.now = nil, nil
	c.busy = true
	c.front.Send(&pgproto3.Query{String: sql})
	return c.front.Flush()
}

// poll takes in what has arrived, waiting up to d for something. It tells
// whether the answer is complete.
func (c *conn) poll(d time.Duration) (done bool) {
	if !c.busy {
		c.drain()
		return true
	}
	c.drain()
	if !c.busy {
		return true
	}
	buf := make([]byte, 8<<10)
	c.nc.SetReadDeadline(time.Now().Add(d))
	n, err := c.nc.Read(buf)
	c.received(buf[:n], err != nil && !errors.Is(err, os.ErrDeadlineExceeded))
	c.drain()
	return !c.busy
}

// drain takes in what has arrived.
func (c *conn) drain() {
	buf := make([]byte, 8<<10)
	c.nc.SetReadDeadline(time.Time{})
	for c.ended == nil {
		var n int
		var err error
		if e := c.raw.Read(func(fd uintptr) bool {
			n, err = syscall.Read(int(fd), buf) // does not block
			return true
		}); e != nil {
			err = e
		}
		if err == syscall.EINTR {
			continue
		}
		if err == syscall.EAGAIN {
			return
		}
		c.received(buf[:max(n, 0)], err != nil || n <= 0)
	}
}

// received takes the messages that are complete with what has come.
func (c *conn) received(b []byte, end bool) {
	c.in = append(c.in, b...)
	for len(c.in) >= 5 {
		n := 1 + int(binary.BigEndian.Uint32(c.in[1:]))
		if len(c.in) < n {
			break
		}
		body := bytes.Clone(c.in[5:n]) // messages keep parts of it
		if err := c.take(c.in[0], body); err != nil && c.ended == nil {
			c.ended, c.busy = err, false
		}
		c.in = c.in[n:]
	}
	if end && c.ended == nil {
		c.ended, c.busy = errLost, false
	}
}

var errLost = errors.New("the server closed the connection")

func (c *conn) take(kind byte, body []byte) error {
	switch kind {
	case 'T':
		var m pgproto3.RowDescription
		if err := m.Decode(body); err != nil {
			return err
		}
		c.now = &result{hasSet: true}
		for _, f := range m.Fields {
			c.now.cols = append(c.now.cols, string(f.Name))
		}
	case 'D':
		var m pgproto3.DataRow
		if err := m.Decode(body); err != nil {
			return err
		}
		row := make([]string, len(m.Values))
		for i, v := range m.Values {
			row[i] = string(v)
		}
		c.now.rows = append(c.now.rows, row)
	case 'C':
		if c.now != nil {
			c.results = append(c.results, c.now)
			c.now = nil
		}
	case 'E':
		var m pgproto3.ErrorResponse
		if err := m.Decode(body); err != nil {
			return err
		}
		c.now = nil // libpq drops the rows of a statement that fails
		c.results = append(c.results, &result{err: &errorInfo{m.Severity, m.Code, m.Message}})
	case 'N':
		var m pgproto3.NoticeResponse
		if err := m.Decode(body); err != nil {
			return err
		}
		c.notices++
		if c.onNotice != nil {
			c.onNotice(&m)
		}
	case 'A':
		var m pgproto3.NotificationResponse
		if err := m.Decode(body); err != nil {
			return err
		}
		c.notifies = append(c.notifies, &m)
	case 'K':
		var m pgproto3.BackendKeyData
		if err := m.Decode(body); err != nil {
			return err
		}
		c.pid, c.secret = m.ProcessID, m.SecretKey
	case 'Z':
		c.busy = false
	}
	return nil
}

// finish waits for the answer to be complete.
func (c *conn) finish(limit time.Duration) error {
	end := time.Now().Add(limit)
	for !c.poll(50 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("no answer within %v", limit)
		}
	}
	return c.ended
}

// exec runs a query to its end.
func (c *conn) exec(sql string) ([]*result, error) {
	if err := c.send(sql); err != nil {
		return nil, err
	}
	if err := c.finish(time.Minute); err != nil {
		return nil, err
	}
	return c.results, nil
}

// cancel asks the server to stop what it does for this connection.
func (c *conn) cancel() {
	nc, err := net.DialTimeout("tcp", c.address, time.Second)
	if err != nil {
		return
	}
	defer nc.Close()
	f := pgproto3.NewFrontend(nc, nc)
	f.Send(&pgproto3.CancelRequest{ProcessID: c.pid, SecretKey: c.secret})
	f.Flush()
	nc.SetReadDeadline(time.Now().Add(time.Second))
	nc.Read(make([]byte, 1))
}
