package compare

import (
	"encoding/hex"
	"fmt"
	"net"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A Client is a connection spoken to message by message.
type Client struct {
	nc    net.Conn
	front *pgproto3.Frontend
	pid   uint32
	key   []byte
}

// statementTimeout bounds how long an answer may take.
const statementTimeout = 20 * time.Second

// Dial connects to the server of a URL.
func Dial(url string) (*Client, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	nc, err := net.Dial("tcp", net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)))
	if err != nil {
		return nil, err
	}
	return NewClient(nc, cfg.User, cfg.Database)
}

// NewClient logs in on a connection.
func NewClient(nc net.Conn, user, database string) (*Client, error) {
	c := &Client{nc: nc, front: pgproto3.NewFrontend(nc, nc)}
	c.front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{
		"user": user, "database": database, "TimeZone": "UTC", "client_encoding": "UTF8"}})
	if err := c.front.Flush(); err != nil {
		return nil, err
	}
	for {
		m, err := c.Receive()
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.BackendKeyData:
			c.pid, c.key = m.ProcessID, append([]byte(nil), m.SecretKey...)
		case *pgproto3.ErrorResponse:
			return nil, fmt.Errorf("%s (%s)", m.Message, m.Code)
		case *pgproto3.ReadyForQuery:
			return c, nil
		}
	}
}

// Close ends the connection.
func (c *Client) Close() {
	c.front.Send(&pgproto3.Terminate{})
	c.front.Flush()
	c.nc.Close()
}

// Receive gives the next message; it is valid until the next call.
func (c *Client) Receive() (pgproto3.BackendMessage, error) {
	c.nc.SetReadDeadline(time.Now().Add(statementTimeout))
	return c.front.Receive()
}

// Send sends messages.
func (c *Client) Send(msgs ...pgproto3.FrontendMessage) error {
	for _, m := range msgs {
		c.front.Send(m)
	}
	return c.front.Flush()
}

// Run runs a statement and gives what the server answered, a line a message.
func (c *Client) Run(st *Statement, extended bool) ([]string, error) {
	if extended {
		c.front.Send(&pgproto3.Parse{Query: st.SQL})
		c.front.Send(&pgproto3.Describe{ObjectType: 'S'})
		c.front.Send(&pgproto3.Bind{})
		c.front.Send(&pgproto3.Execute{})
		if !st.HasData {
			c.front.Send(&pgproto3.Sync{})
		} else {
			c.front.Send(&pgproto3.Flush{})
		}
	} else {
		c.front.Send(&pgproto3.Query{String: st.SQL})
	}
	if err := c.front.Flush(); err != nil {
		return nil, err
	}
	var out, rows []string
	flushRows := func() {
		if st.IgnoreRows {
			rows = nil
		}
		if st.Unordered {
			sort.Strings(rows)
		}
		out = append(out, rows...)
		rows = nil
	}
	synced := !extended || !st.HasData
	for {
		m, err := c.Receive()
		if err != nil {
			return out, err
		}
		switch m := m.(type) {
		case *pgproto3.ParseComplete, *pgproto3.BindComplete, *pgproto3.ParameterDescription:
			continue
		case *pgproto3.DataRow:
			rows = append(rows, Line(m))
			continue
		case *pgproto3.CopyInResponse:
			out = append(out, Line(m))
			if st.Data != "" {
				c.front.Send(&pgproto3.CopyData{Data: []byte(st.Data)})
			}
			if st.Fail {
				c.front.Send(&pgproto3.CopyFail{Message: "the client gave up"})
			} else {
				c.front.Send(&pgproto3.CopyDone{})
			}
			if !synced {
				c.front.Send(&pgproto3.Sync{})
				synced = true
			}
			if err := c.front.Flush(); err != nil {
				return out, err
			}
			continue
		}
		flushRows()
		out = append(out, Line(m))
		if _, ok := m.(*pgproto3.ErrorResponse); ok && !synced {
			synced = true
			c.Send(&pgproto3.Sync{})
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			return out, nil
		}
	}
}

// firstUserOID begins the OIDs of what users make; they are compared no closer.
const firstUserOID = 16384

func oid(o uint32) string {
	if o >= firstUserOID {
		return "user"
	}
	return fmt.Sprint(o)
}

// Line prints a message in one line, without what may differ between servers.
func Line(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.RowDescription:
		var cols []string
		for _, f := range m.Fields {
			s := fmt.Sprintf("%s:%s", f.Name, oid(f.DataTypeOID))
			if f.TypeModifier != -1 {
				s += fmt.Sprintf("(%d)", f.TypeModifier)
			}
			if f.DataTypeOID < firstUserOID {
				s += fmt.Sprintf("/%d", f.DataTypeSize)
			}
			if f.TableOID != 0 {
				s += fmt.Sprintf("@%s.%d", oid(f.TableOID), f.TableAttributeNumber)
			}
			if f.Format != 0 {
				s += "b"
			}
			cols = append(cols, s)
		}
		return "columns " + strings.Join(cols, " ")
	case *pgproto3.DataRow:
		var vals []string
		for _, v := range m.Values {
			if v == nil {
				vals = append(vals, "∅")
				continue
			}
			vals = append(vals, printable(v))
		}
		return "row " + strings.Join(vals, " | ")
	case *pgproto3.CommandComplete:
		return "done " + string(m.CommandTag)
	case *pgproto3.ErrorResponse:
		return "error" + fields(m)
	case *pgproto3.NoticeResponse:
		return "notice" + fields((*pgproto3.ErrorResponse)(m))
	case *pgproto3.ReadyForQuery:
		return "ready " + string(m.TxStatus)
	case *pgproto3.ParameterStatus:
		return fmt.Sprintf("parameter %s=%s", m.Name, m.Value)
	case *pgproto3.ParameterDescription:
		s := "parameters"
		for _, o := range m.ParameterOIDs {
			s += " " + oid(o)
		}
		return s
	case *pgproto3.CopyInResponse:
		return fmt.Sprintf("copy in %d %v", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("copy out %d %v", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyData:
		return "data " + printable(m.Data)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
}

func printable(v []byte) string {
	for _, c := range v {
		if c < ' ' && c != '\n' && c != '\t' {
			return "0x" + hex.EncodeToString(v)
		}
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(string(v))
}

func fields(e *pgproto3.ErrorResponse) string {
	s := fmt.Sprintf(" %s %s: %s", e.Severity, e.Code, e.Message)
	add := func(name, v string) {
		if v != "" {
			s += fmt.Sprintf(" [%s %s]", name, strings.ReplaceAll(v, "\n", `\n`))
		}
	}
	if e.Position != 0 {
		add("position", fmt.Sprint(e.Position))
	}
	add("detail", e.Detail)
	add("hint", e.Hint)
	add("where", e.Where)
	add("schema", e.SchemaName)
	add("table", e.TableName)
	add("column", e.ColumnName)
	add("type", e.DataTypeName)
	add("constraint", e.ConstraintName)
	return s
}
