package parser

import (
	"fmt"
	"unicode/utf8"
)

// SQLSTATE codes of the errors a parser can give.
const (
	codeSyntax       = "42601" // syntax_error
	codeUnsupported  = "0A000" // feature_not_supported
	codeTooDeep      = "54001" // statement_too_complex
	codeBadEscape    = "22025" // invalid_escape_sequence
	codeBadText      = "22021" // character_not_in_repertoire
	codeNonstdEscape = "22P06" // nonstandard_use_of_escape_character
	codeInvalidParam = "22023" // invalid_parameter_value
	codeWindowing    = "42P20" // windowing_error
	codeInternal     = "XX000" // internal_error
)

// Error is a refused statement, with the fields of a PostgreSQL error report.
type Error struct {
	Code     string // SQLSTATE
	Message  string
	Detail   string
	Hint     string
	Position int // in characters, from 1; 0 if there is none

	at int // byte offset, or -1
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("ERROR: %s (SQLSTATE %s)", e.Message, e.Code)
}

// SQLState is the error's code.
func (e *Error) SQLState() string { return e.Code }

// locate computes Position from the byte offset.
func (e *Error) locate(src string) *Error {
	if e.at >= 0 && e.at <= len(src) {
		e.Position = utf8.RuneCountInString(src[:e.at]) + 1
	}
	return e
}

// raise leaves the parser with an error; Parse and its like recover it. pos is a byte offset.
func raise(pos int, code, format string, args ...any) {
	panic(newError(pos, code, format, args...))
}

func newError(pos int, code, format string, args ...any) *Error {
	msg := format
	if len(args) > 0 {
		msg = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Message: msg, at: pos}
}

// caught turns a recovered panic into an error, letting through what is not ours.
func caught(r any, src string) error {
	if r == nil {
		return nil
	}
	e, ok := r.(*Error)
	if !ok {
		panic(r)
	}
	return e.locate(src)
}
