// Package resp holds what tests of the Redis protocol share: a small client that
// shows every byte of a reply, and a comparison of two servers by random commands.
//
//	make redis-tcl     Redis' own tests        tests/resp/tcl
//	make bench-redis   redis-benchmark beside  tests/resp/bench
//	go test ./tests/resp -seed N               random commands, compared with redis-server
package resp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Client is one connection. Not safe for concurrent use.
type Client struct {
	Conn net.Conn
	r    *bufio.Reader
}

// Dial connects.
func Dial(addr string) (*Client, error) {
	c, err := net.DialTimeout("tcp", addr, 2*time.Minute)
	if err != nil {
		return nil, err
	}
	return &Client{c, bufio.NewReader(c)}, nil
}

// Close ends the connection.
func (c *Client) Close() { c.Conn.Close() }

// Append appends a command as clients send it.
func Append(dst []byte, args ...string) []byte {
	dst = fmt.Appendf(dst, "*%d\r\n", len(args))
	for _, a := range args {
		dst = fmt.Appendf(dst, "$%d\r\n%s\r\n", len(a), a)
	}
	return dst
}

// Send sends a command.
func (c *Client) Send(args ...string) error {
	_, err := c.Conn.Write(Append(nil, args...))
	return err
}

// Do sends a command and reads its reply.
func (c *Client) Do(args ...string) (Value, error) {
	if err := c.Send(args...); err != nil {
		return Value{}, err
	}
	return c.Read()
}

// Value is a reply. Kind is the byte that begins it; Null has one of its own.
type Value struct {
	Kind  byte
	Text  string
	Items []Value // a map's keys and values in turn
}

// Null is the kind of all nulls: $-1, *-1 and _.
const Null = '0'

// Read reads a reply.
func (c *Client) Read() (Value, error) {
	c.Conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
	return read(c.r)
}

func read(r *bufio.Reader) (Value, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return Value{}, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return Value{}, fmt.Errorf("reply line %q", line)
	}
	v := Value{Kind: line[0], Text: line[1 : len(line)-2]}
	n := 0
	switch v.Kind {
	case '+', '-', ':', ',', '#', '(':
		return v, nil
	case '_':
		return Value{Kind: Null}, nil
	case '$', '=', '*', '%', '~', '>':
		if n, err = strconv.Atoi(v.Text); err != nil {
			return v, fmt.Errorf("reply line %q", line)
		}
	default:
		return v, fmt.Errorf("reply line %q", line)
	}
	if n < 0 {
		return Value{Kind: Null}, nil
	}
	v.Text = ""
	switch v.Kind {
	case '$', '=':
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return v, err
		}
		v.Text = string(b[:n])
		return v, nil
	case '%':
		n *= 2
	}
	for range n {
		item, err := read(r)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
	}
	return v, nil
}

// String prints a reply on one line: kinds where they matter, bytes quoted.
func (v Value) String() string {
	switch v.Kind {
	case Null:
		return "null"
	case '+', '-', ':', ',', '#':
		return string(v.Kind) + v.Text
	case '$', '=':
		return strconv.Quote(v.Text)
	}
	parts := make([]string, len(v.Items))
	for i, item := range v.Items {
		parts[i] = item.String()
	}
	return string(v.Kind) + "[" + strings.Join(parts, " ") + "]"
}
