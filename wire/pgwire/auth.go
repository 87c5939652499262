package pgwire

import (
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"

	"rowkey/pgerr"
	"rowkey/scram"
)

// maxAuthBytes bounds a message of a client that has not shown its password yet.
const maxAuthBytes = 2048

// RequirePassword makes clients authenticate by SCRAM-SHA-256. Only for roles
// with a password there is a way in then. Call it before Serve.
func (s *Server) RequirePassword() { s.password = true }

// checkPassword lets the client prove that it knows the password of a role. Who
// names a role that does not exist, or has no password, learns nothing from how it fails.
func (c *conn) checkPassword(user string) error {
	ex, err := scram.Begin(c.srv.db.Verifier(user))
	if err != nil {
		return err
	}
	c.back.SetMaxBodyLen(maxAuthBytes)
	defer c.back.SetMaxBodyLen(MaxMessageBytes)
	mechanisms := []string{scram.Mechanism}
	if c.endpoint != nil {
		mechanisms = []string{scram.MechanismPlus, scram.Mechanism}
	}
	if err := c.ask(&pgproto3.AuthenticationSASL{AuthMechanisms: mechanisms}, pgproto3.AuthTypeSASL); err != nil {
		return err
	}
	msg, err := c.back.Receive()
	if err != nil {
		return errClosed
	}
	first, ok := msg.(*pgproto3.SASLInitialResponse)
	if !ok {
		return pgerr.New(pgerr.ProtocolViolation, "expected SASL response")
	}
	if !slices.Contains(mechanisms, first.AuthMechanism) {
		return pgerr.New(pgerr.ProtocolViolation, "client selected an invalid SASL authentication mechanism")
	}
	if c.endpoint != nil {
		ex.Bind(c.endpoint, first.AuthMechanism)
	}
	answer, err := ex.First(string(first.Data))
	if err != nil {
		return authError(user, err)
	}
	if err := c.ask(&pgproto3.AuthenticationSASLContinue{Data: []byte(answer)}, pgproto3.AuthTypeSASLContinue); err != nil {
		return err
	}
	if msg, err = c.back.Receive(); err != nil {
		return errClosed
	}
	last, ok := msg.(*pgproto3.SASLResponse)
	if !ok {
		return pgerr.New(pgerr.ProtocolViolation, "expected SASL response")
	}
	if answer, err = ex.Final(string(last.Data)); err != nil {
		return authError(user, err)
	}
	return c.send(&pgproto3.AuthenticationSASLFinal{Data: []byte(answer)})
}

// ask sends a step of the authentication, and has the answer read as one.
func (c *conn) ask(m pgproto3.BackendMessage, kind uint32) error {
	if err := c.send(m); err != nil {
		return err
	}
	if err := c.back.SetAuthType(kind); err != nil {
		return err
	}
	return c.flush()
}

func authError(user string, err error) error {
	if errors.Is(err, scram.ErrPassword) {
		return pgerr.Newf(pgerr.InvalidPassword, "password authentication failed for user \"%s\"", user)
	}
	code := pgerr.ProtocolViolation
	if errors.Is(err, scram.ErrNegotiation) || errors.Is(err, scram.ErrBinding) {
		code = pgerr.InvalidAuthorization
	}
	return pgerr.New(code, err.Error())
}
