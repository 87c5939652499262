package session

import (
	"rowkey/pgerr"
	"rowkey/types"
	"rowkey/types/charset"
)

// Text is UTF8 within the server. A client may ask for another encoding with
// client_encoding: its texts are then decoded as they come, and what it is told is
// encoded as it goes. The protocol does that for messages, this file for values in
// binary form, copy.go for COPY.

// Charset is the client's encoding, nil where its bytes are text as they are.
func (s *Session) Charset() *charset.Charset { return s.set.charset }

// clientCharset is the charset of a client_encoding.
func clientCharset(name string) *charset.Charset {
	if c := charset.Named(name); c != charset.UTF8 && c != charset.ASCII {
		return c
	}
	return nil
}

// canonEncoding gives the name of an encoding as PostgreSQL writes it.
func canonEncoding(v string) (string, error) {
	c := charset.Named(v)
	if c != nil {
		return c.Name(), nil
	}
	if n := charset.Number(v); n >= 0 {
		return "", pgerr.Unsupported("conversion between %s and UTF8 is not supported", charset.Names[n]).
			WithHint("The encodings offered are UTF8, SQL_ASCII and those of one byte a character.")
	}
	return "", badValue("client_encoding", v)
}

// Where the text is in the binary form of a type.
type textPlace int8

const (
	noText textPlace = iota
	allText
	textBehindVersion // one byte, then text
	textInside        // somewhere
)

func placeOfText(t *types.Type) textPlace {
	switch u := t.Under(); {
	case u == types.JSONB || u == types.JSONPathText:
		return textBehindVersion
	case u == types.Char:
		return noText
	case u.Kind == types.KindEnum, u.Category == 'S', u == types.Unknown, u == types.CString, u == types.RefCursor, u == types.JSON:
		return allText
	case u.IsArray():
		if placeOfText(u.Elem) != noText {
			return textInside
		}
	case u.IsRow():
		return textInside
	}
	return noText
}

func noBinary(t *types.Type, cs *charset.Charset) error {
	return pgerr.Unsupported("the binary form of %s in encoding %s is not supported", t, cs.Name()).
		WithHint("Use its text form, or set client_encoding to UTF8.")
}

// AppendBinary appends the binary form of row i of v, which must not be NULL, in the
// client's encoding.
func AppendBinary(dst []byte, v *types.Vec, i int, env *types.Env, cs *charset.Charset) ([]byte, error) {
	at := len(dst)
	dst = types.AppendBinaryAt(dst, v, i, env)
	if cs == nil {
		return dst, nil
	}
	switch placeOfText(v.Type) {
	case allText:
		return cs.EncodeTail(dst, at)
	case textBehindVersion:
		return cs.EncodeTail(dst, at+1)
	case textInside:
		return dst, noBinary(v.Type, cs)
	}
	return dst, nil
}

// parseBinary is types.ParseBinary of bytes in the client's encoding.
func parseBinary(t *types.Type, mod int32, b []byte, env *types.Env, cs *charset.Charset) (types.Datum, error) {
	if cs != nil {
		from := 0
		switch placeOfText(t) {
		case noText:
			return types.ParseBinary(t, mod, b, env)
		case textBehindVersion:
			from = min(1, len(b))
		case textInside:
			return types.Datum{}, noBinary(t, cs)
		}
		text, err := cs.Decode(string(b[from:]))
		if err != nil {
			return types.Datum{}, err
		}
		b = append(b[:from:from], text...)
	}
	return types.ParseBinary(t, mod, b, env)
}
