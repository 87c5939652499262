package pgwire

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"rowkey/pgerr"
	"rowkey/types"
	"rowkey/types/charset"
)

// What clients send and get is in the encoding that client_encoding names; text within
// the server is UTF8. Values in rows are encoded where they are written (rows.go), data of
// COPY and parameters in the session, since their types decide.

// charset is the client's encoding, nil where its bytes are text as they are.
func (c *conn) charset() *charset.Charset {
	if c.s == nil {
		return nil
	}
	return c.s.Charset()
}

// decode turns the strings of a message into text, or refuses them.
func (c *conn) decode(msg pgproto3.FrontendMessage) error {
	cs := c.charset()
	each := func(texts ...*string) (err error) {
		for _, s := range texts {
			if cs == nil {
				err = types.ValidateText(*s)
			} else {
				*s, err = cs.Decode(*s)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	switch m := msg.(type) {
	case *pgproto3.Query:
		return each(&m.String)
	case *pgproto3.Parse:
		return each(&m.Name, &m.Query)
	case *pgproto3.Bind:
		return each(&m.DestinationPortal, &m.PreparedStatement)
	case *pgproto3.Describe:
		return each(&m.Name)
	case *pgproto3.Execute:
		return each(&m.Portal)
	case *pgproto3.Close:
		return each(&m.Name)
	}
	return nil
}

// encoded is a name or text for the client.
func (c *conn) encoded(s string) (string, error) {
	if cs := c.charset(); cs != nil {
		return cs.Encode(s)
	}
	return s, nil
}

// errorResponse gives the message for an error or notice. One that the client's encoding
// has no characters for is told by that error instead, as in PostgreSQL; of a notice
// they become question marks.
func (c *conn) errorResponse(e *pgerr.Error, notice bool) *pgproto3.ErrorResponse {
	cs := c.charset()
	if cs == nil {
		return errorResponse(e)
	}
	to := *e
	var failed error
	for _, s := range []*string{&to.Message, &to.Detail, &to.Hint, &to.Where, &to.Query, &to.Schema, &to.Table, &to.Column, &to.DataType, &to.Constraint} {
		if text, err := cs.Encode(*s); err == nil {
			*s = text
		} else {
			failed = err
			*s = cs.Shown(*s)
		}
	}
	if failed != nil && !notice {
		no := *pgerr.Of(failed)
		no.Severity = e.Severity
		return errorResponse(&no)
	}
	return errorResponse(&to)
}
