package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// conn is a connection that sends a query and is then asked, as often as one
// likes, whether the answer is complete. A goroutine reads; everything else,
// notices included, happens when the runner asks.
type conn struct {
	name    string
	nc      net.Conn
	front   *pgproto3.Frontend
	in      chan pgproto3.BackendMessage
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
	nc, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	c := &conn{name: name, nc: nc, front: pgproto3.NewFrontend(nc, nc), address: u.Host, in: make(chan pgproto3.BackendMessage, 4096)}
	c.front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{
		"user": u.User.Username(), "database": strings.TrimPrefix(u.Path, "/"), "application_name": "isolation/" + name,
		"datestyle": "Postgres, MDY", "timezone": "PST8PDT", // as pg_regress sets them
	}})
	if err := c.front.Flush(); err != nil {
		return nil, err
	}
	go c.read()
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

// read passes on what the server sends. Messages are copied: pgproto3 reuses them.
func (c *conn) read() {
	defer close(c.in)
	for {
		m, err := c.front.Receive()
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *pgproto3.RowDescription:
			cp := *m
			cp.Fields = append([]pgproto3.FieldDescription(nil), m.Fields...)
			for i := range cp.Fields {
				cp.Fields[i].Name = append([]byte(nil), cp.Fields[i].Name...)
			}
			c.in <- &cp
		case *pgproto3.DataRow:
			cp := &pgproto3.DataRow{}
			for _, v := range m.Values {
				if v != nil {
					v = append([]byte{}, v...)
				}
				cp.Values = append(cp.Values, v)
			}
			c.in <- cp
		case *pgproto3.ErrorResponse:
			cp := *m
			c.in <- &cp
		case *pgproto3.NoticeResponse:
			cp := *m
			c.in <- &cp
		case *pgproto3.NotificationResponse:
			cp := *m
			c.in <- &cp
		case *pgproto3.BackendKeyData:
			cp := *m
			cp.SecretKey = append([]byte(nil), m.SecretKey...)
			c.in <- &cp
		case *pgproto3.CommandComplete:
			c.in <- &pgproto3.CommandComplete{}
		case *pgproto3.ReadyForQuery:
			c.in <- &pgproto3.ReadyForQuery{}
		}
	}
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
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case m, ok := <-c.in:
		c.take(m, ok)
	case <-timer.C:
		return !c.busy
	}
	c.drain()
	return !c.busy
}

// drain takes in what has arrived.
func (c *conn) drain() {
	for c.ended == nil {
		select {
		case m, ok := <-c.in:
			c.take(m, ok)
		default:
			return
		}
	}
}

var errLost = errors.New("the server closed the connection")

func (c *conn) take(m pgproto3.BackendMessage, ok bool) {
	if !ok {
		c.ended, c.busy = errLost, false
		return
	}
	switch m := m.(type) {
	case *pgproto3.RowDescription:
		c.now = &result{hasSet: true}
		for _, f := range m.Fields {
			c.now.cols = append(c.now.cols, string(f.Name))
		}
	case *pgproto3.DataRow:
		row := make([]string, len(m.Values))
		for i, v := range m.Values {
			row[i] = string(v)
		}
		c.now.rows = append(c.now.rows, row)
	case *pgproto3.CommandComplete:
		if c.now != nil {
			c.results = append(c.results, c.now)
			c.now = nil
		}
	case *pgproto3.ErrorResponse:
		c.now = nil // libpq drops the rows of a statement that fails
		c.results = append(c.results, &result{err: &errorInfo{m.Severity, m.Code, m.Message}})
	case *pgproto3.NoticeResponse:
		c.notices++
		if c.onNotice != nil {
			c.onNotice(m)
		}
	case *pgproto3.NotificationResponse:
		c.notifies = append(c.notifies, m)
	case *pgproto3.BackendKeyData:
		c.pid, c.secret = m.ProcessID, m.SecretKey
	case *pgproto3.ReadyForQuery:
		c.busy = false
	}
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
