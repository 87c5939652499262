package pgwire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"rowkey/pgerr"
	"rowkey/session"
	"rowkey/types"
)

// conn is one client's connection.
type conn struct {
	srv *Server
	nc  net.Conn  // the socket
	to  io.Writer // the socket, or TLS above it
	// tls is what encrypts the connection, nil for nothing; endpoint identifies the
	// certificate that the client was shown, if it can (scram).
	tls      *tls.Conn
	endpoint []byte

	in   input
	back *pgproto3.Backend
	out  []byte
	sess atomic.Pointer[session.Session]
	s    *session.Session
	// failed: an extended-protocol message had an error; skip to Sync.
	failed  bool
	closing atomic.Bool
	rw      rowWriter
	idleMu  sync.Mutex // held by who writes while the connection is idle
	idle    bool
	// status is what the client was last told of reported parameters; changed are
	// those set since, told of before the next ReadyForQuery.
	status  map[string]string
	changed map[string]string
}

// flushBytes is the size at which the output buffer is sent without being asked.
const flushBytes = 64 << 10

func newConn(srv *Server, nc net.Conn) *conn {
	c := &conn{srv: srv, nc: nc, to: nc, in: input{Conn: nc, sock: nc}}
	c.back = pgproto3.NewBackend(&c.in, nil) // what is sent goes through out
	c.back.SetMaxBodyLen(MaxMessageBytes)
	c.rw.c = c
	return c
}

// errClosed ends the connection without a word.
var errClosed = errors.New("pgwire: connection over")

func (c *conn) send(m pgproto3.BackendMessage) error {
	var err error
	if c.out, err = m.Encode(c.out); err != nil {
		return err
	}
	if len(c.out) >= flushBytes {
		return c.flush()
	}
	return nil
}

func (c *conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.to.Write(c.out)
	if cap(c.out) > 1<<20 {
		c.out = nil
	} else {
		c.out = c.out[:0]
	}
	return err
}

// terminate makes the session end soon (server shutdown).
func (c *conn) terminate() {
	if s := c.sess.Load(); s != nil {
		s.Terminate()
	}
	c.interrupt()
}

// interrupt wakes a connection that waits for its client, to end it.
func (c *conn) interrupt() {
	c.closing.Store(true)
	c.nc.SetReadDeadline(time.Now())
}

func (c *conn) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.endTLS()
	if err := c.startup(ctx); err != nil {
		if !errors.Is(err, errClosed) {
			c.fatal(err)
		}
		return
	}
	defer c.s.Close()
	c.rw.s = c.s
	if err := c.loop(ctx); err != nil && !errors.Is(err, errClosed) && !errors.Is(err, io.EOF) {
		c.srv.log.Debug("connection ended", "error", err)
	}
}

// fatal sends an error that ends the connection.
func (c *conn) fatal(err error) {
	e := *pgerr.Of(err)
	e.Severity = "FATAL"
	if c.send(c.errorResponse(&e, false)) == nil {
		c.flush()
	}
}

// startup does everything up to the first ReadyForQuery.
func (c *conn) startup(ctx context.Context) error {
	c.nc.SetReadDeadline(time.Now().Add(startupTimeout))
	for {
		msg, err := c.receiveStartup()
		if err != nil {
			return err
		}
		switch m := msg.(type) {
		case *pgproto3.SSLRequest:
			if c.srv.tls == nil {
				if _, err := c.to.Write([]byte{'N'}); err != nil {
					return errClosed
				}
				continue
			}
			if err := c.encrypt(ctx); err != nil {
				c.srv.log.Debug("no encryption", "error", err, "remote", c.nc.RemoteAddr())
				return errClosed
			}
		case *pgproto3.GSSEncRequest:
			if _, err := c.to.Write([]byte{'N'}); err != nil {
				return errClosed
			}
		case *pgproto3.CancelRequest:
			c.srv.db.Cancel(int32(m.ProcessID), binary.BigEndian.Uint32(m.SecretKey))
			return errClosed
		case *pgproto3.StartupMessage:
			if c.srv.tlsOnly && c.tls == nil {
				return pgerr.New(pgerr.InvalidAuthorization, "this server serves encrypted connections only").WithHint("Connect with sslmode=require or stronger.")
			}
			if err := c.authenticate(ctx, m); err != nil {
				return err
			}
			c.nc.SetReadDeadline(time.Time{})
			return nil
		default:
			return pgerr.New(pgerr.ProtocolViolation, "invalid startup packet")
		}
	}
}

// receiveStartup reads one startup packet, of bounded length.
func (c *conn) receiveStartup() (pgproto3.FrontendMessage, error) {
	var head [8]byte
	if _, err := io.ReadFull(c.in.Conn, head[:]); err != nil {
		return nil, errClosed
	}
	n := binary.BigEndian.Uint32(head[:4])
	code := binary.BigEndian.Uint32(head[4:])
	if n < 8 || n > MaxStartupBytes {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid length of startup packet")
	}
	body := make([]byte, n-4)
	copy(body, head[4:])
	if _, err := io.ReadFull(c.in.Conn, body[4:]); err != nil {
		return nil, errClosed
	}
	var m pgproto3.FrontendMessage
	switch {
	case code == 80877103 && c.tls == nil:
		m = &pgproto3.SSLRequest{}
	case code == 80877104 && c.tls == nil:
		m = &pgproto3.GSSEncRequest{}
	case code == 80877102:
		m = &pgproto3.CancelRequest{}
		if len(body) != 12 {
			return nil, errClosed
		}
	case code>>16 == 3:
		if code != pgproto3.ProtocolVersion30 {
			// A newer minor version is negotiated down.
			binary.BigEndian.PutUint32(body, pgproto3.ProtocolVersion30)
		}
		m = &pgproto3.StartupMessage{}
	default:
		return nil, pgerr.Newf(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", code>>16, code&0xffff)
	}
	if err := m.Decode(body); err != nil {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
	}
	return m, nil
}

func (c *conn) authenticate(ctx context.Context, m *pgproto3.StartupMessage) error {
	opts := session.SessionOptions{Settings: map[string]string{}, RemoteAddr: c.nc.RemoteAddr().String(), LocalAddr: c.nc.LocalAddr().String(), TLS: c.encryption()}
	var unknown []string
	for k, v := range m.Parameters {
		switch k {
		case "user":
			opts.User = v
		case "database":
			opts.Database = v
		case "replication":
			if v != "false" && v != "off" && v != "0" && v != "no" {
				return pgerr.New(pgerr.FeatureNotSupported, "replication connections are not supported")
			}
		case "options":
			if err := parseOptions(v, opts.Settings); err != nil {
				return err
			}
		default:
			if strings.HasPrefix(k, "_pq_.") {
				unknown = append(unknown, k)
				continue
			}
			opts.Settings[k] = v
		}
	}
	if opts.User == "" {
		return pgerr.New(pgerr.InvalidAuthorization, "no PostgreSQL user name specified in startup packet")
	}
	if opts.Database == "" {
		opts.Database = opts.User
	}
	if c.srv.password {
		if err := c.checkPassword(opts.User); err != nil {
			return err
		}
	}
	opts.Notice = func(e *pgerr.Error) {
		if c.send((*pgproto3.NoticeResponse)(c.errorResponse(e, true))) == nil {
			c.flush() // the statement may take long yet
		}
	}
	opts.Notified = func() { go c.tellIdle() }
	opts.Interrupt = c.interrupt
	opts.ParameterStatus = func(name, value string) {
		if c.changed == nil {
			c.changed = map[string]string{}
		}
		c.changed[name] = value
	}
	s, err := c.srv.db.NewSession(ctx, opts)
	if err != nil {
		return err
	}
	c.s = s
	c.sess.Store(s)
	if len(unknown) > 0 {
		c.out = append(c.out, 'v')
		at := len(c.out)
		c.out = binary.BigEndian.AppendUint32(append(c.out, 0, 0, 0, 0), 0)
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(len(unknown)))
		for _, u := range unknown {
			c.out = append(append(c.out, u...), 0)
		}
		binary.BigEndian.PutUint32(c.out[at:], uint32(len(c.out)-at))
	}
	if err := c.send(&pgproto3.AuthenticationOk{}); err != nil {
		return err
	}
	c.status, c.changed = s.Reported(), nil
	for _, name := range slices.Sorted(maps.Keys(c.status)) {
		value := c.status[name]
		if err := c.send(&pgproto3.ParameterStatus{Name: name, Value: value}); err != nil {
			return err
		}
	}
	if err := c.send(&pgproto3.BackendKeyData{ProcessID: uint32(s.PID()), SecretKey: binary.BigEndian.AppendUint32(nil, s.Secret())}); err != nil {
		return err
	}
	return c.ready()
}

// parseOptions reads the command-line form of settings: -c name=value --name=value.
func parseOptions(text string, into map[string]string) error {
	var words []string
	var w strings.Builder
	in := false
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '\\' && i+1 < len(text):
			i++
			w.WriteByte(text[i])
			in = true
		case ch == ' ' || ch == '\t' || ch == '\n':
			if in {
				words = append(words, w.String())
				w.Reset()
				in = false
			}
		default:
			w.WriteByte(ch)
			in = true
		}
	}
	if in {
		words = append(words, w.String())
	}
	for i := 0; i < len(words); i++ {
		arg := words[i]
		switch {
		case arg == "-c" && i+1 < len(words):
			i++
			arg = words[i]
		case strings.HasPrefix(arg, "-c"):
			arg = arg[2:]
		case strings.HasPrefix(arg, "--"):
			arg = arg[2:]
		default:
			return pgerr.Newf(pgerr.SyntaxError, "invalid command-line argument for server process: %s", arg)
		}
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return pgerr.Newf(pgerr.SyntaxError, "-c %s requires a value", arg)
		}
		into[strings.ReplaceAll(name, "-", "_")] = value
	}
	return nil
}

// ready sends ReadyForQuery, and before it what changed of reported parameters.
func (c *conn) ready() error {
	for _, name := range slices.Sorted(maps.Keys(c.changed)) {
		if value := c.changed[name]; value != c.status[name] {
			c.status[name] = value
			if cs := c.charset(); cs != nil {
				value = cs.Shown(value)
			}
			if err := c.send(&pgproto3.ParameterStatus{Name: name, Value: value}); err != nil {
				return err
			}
		}
	}
	clear(c.changed)
	if err := c.sendNotifications(); err != nil {
		return err
	}
	c.out = append(c.out, 'Z', 0, 0, 0, 5, c.s.TxnStatus())
	return c.flush()
}

// sendNotifications sends what has come for the client, unless it is in a transaction.
func (c *conn) sendNotifications() error {
	if !c.s.Listening() || c.s.TxnStatus() != 'I' {
		return nil
	}
	for _, n := range c.s.Notifications() {
		m := &pgproto3.NotificationResponse{PID: uint32(n.PID), Channel: n.Channel, Payload: n.Payload}
		if cs := c.charset(); cs != nil {
			m.Channel, m.Payload = cs.Shown(m.Channel), cs.Shown(m.Payload)
		}
		if err := c.send(m); err != nil {
			return err
		}
	}
	return nil
}

// setIdle tells whether the connection waits for its client, so that notifications
// may be sent by tellIdle. What came just before is sent at once.
func (c *conn) setIdle(idle bool) error {
	c.idleMu.Lock()
	defer c.idleMu.Unlock()
	c.idle = idle
	if !idle {
		return nil
	}
	if err := c.sendNotifications(); err != nil {
		return err
	}
	return c.flush()
}

// tellIdle sends notifications to a client that waits for nothing else.
func (c *conn) tellIdle() {
	c.idleMu.Lock()
	defer c.idleMu.Unlock()
	if c.idle && c.sendNotifications() == nil {
		c.flush() // if it fails, reading will too
	}
}

// loop answers messages until the client leaves.
func (c *conn) loop(ctx context.Context) error {
	timed := false
	for {
		wait, idle := c.s.IdleTimeout()
		if wait > 0 || timed {
			timed = wait > 0
			var t time.Time
			if timed {
				t = time.Now().Add(wait)
			}
			c.nc.SetReadDeadline(t)
			if c.closing.Load() { // whose deadline that may have overwritten
				c.nc.SetReadDeadline(time.Now())
			}
		}
		listening := c.s.Listening()
		if listening {
			if err := c.setIdle(true); err != nil {
				return err
			}
		}
		msg, err := c.back.Receive()
		if listening {
			c.setIdle(false)
		}
		if err != nil {
			if timed && errors.Is(err, os.ErrDeadlineExceeded) && !c.closing.Load() {
				c.fatal(idle)
				return errClosed
			}
			if c.closing.Load() {
				c.fatal(pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command"))
				return errClosed
			}
			var ex *pgproto3.ExceededMaxBodyLenErr
			if errors.As(err, &ex) {
				c.fatal(pgerr.Newf(pgerr.ProtocolViolation, "invalid message length: %d exceeds the limit of %d bytes", ex.ActualBodyLen, ex.MaxExpectedBodyLen))
			} else if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !isNetError(err) {
				c.fatal(pgerr.Newf(pgerr.ProtocolViolation, "invalid frontend message: %v", err))
			}
			return err
		}
		if err := c.handle(ctx, msg); err != nil {
			return err
		}
		if c.closing.Load() {
			c.fatal(pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command"))
			return errClosed
		}
	}
}

func isNetError(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, net.ErrClosed)
}

// handle answers one message. The error it returns ends the connection.
func (c *conn) handle(ctx context.Context, msg pgproto3.FrontendMessage) error {
	switch m := msg.(type) {
	case *pgproto3.Query:
		c.failed = false
		c.rw.formats = nil
		if err := c.decode(m); err != nil {
			if err := c.fail(err); err != nil {
				return err
			}
			return c.ready()
		}
		if err := c.s.Simple(ctx, m.String, &c.rw); err != nil {
			if err := c.fail(err); err != nil {
				return err
			}
		}
		c.failed = false
		return c.ready()
	case *pgproto3.Sync:
		if err := c.s.Sync(ctx, c.failed); err != nil {
			if err := c.fail(err); err != nil {
				return err
			}
		}
		c.failed = false
		return c.ready()
	case *pgproto3.Terminate:
		return errClosed
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // what is left of a COPY that failed
	}
	if c.failed {
		if _, ok := msg.(*pgproto3.Flush); ok {
			return c.flush()
		}
		return nil
	}
	err := c.decode(msg)
	if err != nil {
		c.failed = true
		c.s.Abort()
		return c.fail(err)
	}
	switch m := msg.(type) {
	case *pgproto3.Parse:
		if err = c.s.Step(); err == nil {
			_, err = c.s.Prepare(ctx, m.Name, m.Query, m.ParameterOIDs)
		}
		if err == nil {
			err = c.simple('1')
		}
	case *pgproto3.Bind:
		if err = c.s.Step(); err == nil {
			_, err = c.s.Bind(ctx, m.DestinationPortal, m.PreparedStatement, m.Parameters, m.ParameterFormatCodes, m.ResultFormatCodes)
		}
		if err == nil {
			err = c.simple('2')
		}
	case *pgproto3.Describe:
		if err = c.s.Step(); err == nil {
			err = c.describe(m)
		}
	case *pgproto3.Execute:
		var p *session.Portal
		if p, err = c.s.PortalNamed(m.Portal); err == nil {
			c.rw.formats = p.Formats
			err = c.s.Execute(ctx, m.Portal, int64(m.MaxRows), &c.rw)
		}
	case *pgproto3.Close:
		switch m.ObjectType {
		case 'S':
			c.s.CloseStatement(m.Name)
		case 'P':
			c.s.ClosePortal(m.Name)
		default:
			err = pgerr.Newf(pgerr.ProtocolViolation, "invalid CLOSE message subtype %d", m.ObjectType)
		}
		if err == nil {
			err = c.simple('3')
		}
	case *pgproto3.Flush:
		return c.flush()
	case *pgproto3.FunctionCall:
		err = pgerr.New(pgerr.FeatureNotSupported, "the function call protocol is not supported")
		if err := c.fail(err); err != nil {
			return err
		}
		return c.ready()
	default:
		c.fatal(pgerr.Newf(pgerr.ProtocolViolation, "unexpected message %T", msg))
		return errClosed
	}
	if err != nil {
		c.failed = true
		c.s.Abort()
		return c.fail(err)
	}
	return nil
}

// simple sends a message without a body.
func (c *conn) simple(kind byte) error {
	c.out = append(c.out, kind, 0, 0, 0, 4)
	if len(c.out) >= flushBytes {
		return c.flush()
	}
	return nil
}

// fail sends an error; what it returns is the connection's own failure.
func (c *conn) fail(err error) error {
	if isNetError(err) || errors.Is(err, errClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return err
	}
	e := pgerr.Of(err)
	if err := c.send(c.errorResponse(e, false)); err != nil {
		return err
	}
	if e.Severity == "FATAL" {
		c.flush()
		return errClosed
	}
	return nil
}

func (c *conn) describe(m *pgproto3.Describe) error {
	switch m.ObjectType {
	case 'S':
		p, err := c.s.Statement(m.Name)
		if err != nil {
			return err
		}
		if err := c.s.Describable(p.Columns); err != nil {
			return err
		}
		oids := make([]uint32, len(p.Params))
		for i, t := range p.Params {
			oids[i] = uint32(t.OID)
		}
		if err := c.send(&pgproto3.ParameterDescription{ParameterOIDs: oids}); err != nil {
			return err
		}
		return c.rowDescription(p.Columns, nil)
	case 'P':
		p, err := c.s.PortalNamed(m.Name)
		if err != nil {
			return err
		}
		if err := c.s.Describable(p.Columns()); err != nil {
			return err
		}
		return c.rowDescription(p.Columns(), p.Formats)
	}
	return pgerr.Newf(pgerr.ProtocolViolation, "invalid DESCRIBE message subtype %d", m.ObjectType)
}

// rowDescription sends RowDescription, or NoData for a statement without result.
func (c *conn) rowDescription(cols []session.Column, formats []int16) error {
	if cols == nil {
		return c.simple('n')
	}
	c.out = append(c.out, 'T')
	at := len(c.out)
	c.out = append(c.out, 0, 0, 0, 0)
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(len(cols)))
	for i, col := range cols {
		name, err := c.encoded(col.Name)
		if err != nil {
			c.out = c.out[:at-1]
			return err
		}
		c.out = append(append(c.out, name...), 0)
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(col.TableOID))
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(col.Attnum))
		t, mod := col.Type, col.Typmod
		for t.Kind == types.KindDomain { // clients know the base type
			t, mod = t.Base, t.BaseMod
		}
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(t.OID))
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(t.Len))
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(mod))
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(formatOf(formats, i)))
	}
	binary.BigEndian.PutUint32(c.out[at:], uint32(len(c.out)-at))
	if len(c.out) >= flushBytes {
		return c.flush()
	}
	return nil
}

func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 0:
		return 0
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	}
	return 0
}

// errorResponse gives the message for an error or notice.
func errorResponse(e *pgerr.Error) *pgproto3.ErrorResponse {
	sev := e.Severity
	if sev == "" {
		sev = "ERROR"
	}
	return &pgproto3.ErrorResponse{
		Severity: sev, SeverityUnlocalized: sev, Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint,
		Position: int32(e.Position), Where: e.Where, SchemaName: e.Schema, TableName: e.Table, ColumnName: e.Column,
		DataTypeName: e.DataType, ConstraintName: e.Constraint, InternalPosition: int32(e.QueryPosition), InternalQuery: e.Query,
		Routine: e.Routine,
	}
}
