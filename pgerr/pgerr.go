// Package pgerr is the vocabulary of SQL errors: an Error carries the fields
// of PostgreSQL's ErrorResponse message, and the constants name the SQLSTATEs
// used here. Everything above the key-value store that can fail towards a
// client fails with a *pgerr.Error; whatever else reaches the session is an
// internal error (XX000).
//
// Source: PostgreSQL 15 manual, appendix A (error codes) and section 55.8
// (error and notice message fields).
package pgerr

import (
	"errors"
	"fmt"
	"strings"
)

// SQLSTATE codes, named as in appendix A of the PostgreSQL manual.
const (
	SuccessfulCompletion               = "00000"
	Warning                            = "01000"
	PrivilegeNotRevoked                = "01006"
	PrivilegeNotGranted                = "01007"
	NoData                             = "02000"
	ConnectionException                = "08000"
	ProtocolViolation                  = "08P01"
	FeatureNotSupported                = "0A000"
	InvalidGrantOperation              = "0LP01"
	CardinalityViolation               = "21000"
	DataException                      = "22000"
	StringDataRightTruncation          = "22001"
	NumericValueOutOfRange             = "22003"
	NullValueNotAllowed                = "22004"
	InvalidDatetimeFormat              = "22007"
	DatetimeFieldOverflow              = "22008"
	InvalidTimeZoneDisplacement        = "22009"
	SubstringError                     = "22011"
	DivisionByZero                     = "22012"
	InvalidPrecedingOrFollowingSize    = "22013"
	IntervalFieldOverflow              = "22015"
	InvalidArgumentForLogarithm        = "2201E"
	InvalidArgumentForPowerFunction    = "2201F"
	InvalidArgumentForWidthBucket      = "2201G"
	InvalidArgumentForNtile            = "22014"
	InvalidArgumentForNthValue         = "22016"
	InvalidRegularExpression           = "2201B"
	InvalidRowCountInLimitClause       = "2201W"
	InvalidRowCountInResultOffset      = "2201X"
	CharacterNotInRepertoire           = "22021"
	InvalidParameterValue              = "22023"
	InvalidEscapeSequence              = "22025"
	StringDataLengthMismatch           = "22026"
	UntranslatableCharacter            = "22P05"
	ArraySubscriptError                = "2202E"
	InvalidTextRepresentation          = "22P02"
	InvalidBinaryRepresentation        = "22P03"
	BadCopyFileFormat                  = "22P04"
	FloatingPointException             = "22P01"
	InvalidJSONText                    = "22030"
	SQLJSONSubscriptError              = "22033"
	SequenceGeneratorLimitExceeded     = "2200H"
	GeneratedAlways                    = "428C9"
	IntegrityConstraintViolation       = "23000"
	RestrictViolation                  = "23001"
	NotNullViolation                   = "23502"
	ForeignKeyViolation                = "23503"
	UniqueViolation                    = "23505"
	CheckViolation                     = "23514"
	ExclusionViolation                 = "23P01"
	WithCheckOptionViolation           = "44000"
	InvalidCursorState                 = "24000"
	InvalidTransactionState            = "25000"
	ActiveSQLTransaction               = "25001"
	NoActiveSQLTransaction             = "25P01"
	InFailedSQLTransaction             = "25P02"
	ReadOnlySQLTransaction             = "25006"
	IdleInTransactionSessionTimeout    = "25P03"
	IdleSessionTimeout                 = "57P05"
	InvalidSQLStatementName            = "26000"
	InvalidAuthorization               = "28000"
	InvalidPassword                    = "28P01"
	DependentObjectsStillExist         = "2BP01"
	InvalidCursorName                  = "34000"
	ExternalRoutineInvocationException = "39000"
	InvalidCatalogName                 = "3D000"
	InvalidSchemaName                  = "3F000"
	SerializationFailure               = "40001"
	DeadlockDetected                   = "40P01"
	SyntaxErrorOrAccessRuleViolation   = "42000"
	InsufficientPrivilege              = "42501"
	SyntaxError                        = "42601"
	InvalidName                        = "42602"
	InvalidColumnDefinition            = "42611"
	NameTooLong                        = "42622"
	DuplicateColumn                    = "42701"
	AmbiguousColumn                    = "42702"
	UndefinedColumn                    = "42703"
	UndefinedObject                    = "42704"
	DuplicateObject                    = "42710"
	DuplicateAlias                     = "42712"
	DuplicateFunction                  = "42723"
	AmbiguousFunction                  = "42725"
	GroupingError                      = "42803"
	DatatypeMismatch                   = "42804"
	WrongObjectType                    = "42809"
	InvalidForeignKey                  = "42830"
	CannotCoerce                       = "42846"
	UndefinedFunction                  = "42883"
	ReservedName                       = "42939"
	UndefinedTable                     = "42P01"
	UndefinedParameter                 = "42P02"
	DuplicateCursor                    = "42P03"
	DuplicateDatabase                  = "42P04"
	DuplicatePreparedStatement         = "42P05"
	DuplicateSchema                    = "42P06"
	DuplicateTable                     = "42P07"
	AmbiguousParameter                 = "42P08"
	AmbiguousAlias                     = "42P09"
	InvalidColumnReference             = "42P10"
	InvalidCursorDefinition            = "42P11"
	InvalidFunctionDefinition          = "42P13"
	InvalidPreparedStatementDef        = "42P14"
	InvalidSchemaDefinition            = "42P15"
	InvalidTableDefinition             = "42P16"
	InvalidObjectDefinition            = "42P17"
	IndeterminateDatatype              = "42P18"
	InvalidRecursion                   = "42P19"
	WindowingError                     = "42P20"
	CollationMismatch                  = "42P21"
	IndeterminateCollation             = "42P22"
	InsufficientResources              = "53000"
	DiskFull                           = "53100"
	OutOfMemory                        = "53200"
	TooManyConnections                 = "53300"
	ConfigurationLimitExceeded         = "53400"
	ProgramLimitExceeded               = "54000"
	StatementTooComplex                = "54001"
	TooManyColumns                     = "54011"
	TooManyArguments                   = "54023"
	ObjectNotInPrerequisiteState       = "55000"
	ObjectInUse                        = "55006"
	CantChangeRuntimeParam             = "55P02"
	LockNotAvailable                   = "55P03"
	UnsafeNewEnumValueUsage            = "55P04"
	QueryCanceled                      = "57014"
	AdminShutdown                      = "57P01"
	CannotConnectNow                   = "57P03"
	IOError                            = "58030"
	UndefinedFile                      = "58P01"
	RaiseException                     = "P0001"
	InternalError                      = "XX000"
	ErrorInAssignment                  = "22005"
	CaseNotFound                       = "20000"
	FunctionExecutedNoReturnStatement  = "2F005"
	InvalidTransactionTermination      = "2D000"
	StackedDiagnosticsWithoutHandler   = "0Z002"
	NoDataFound                        = "P0002"
	TooManyRows                        = "P0003"
	AssertFailure                      = "P0004"
	TriggerProtocolViolated            = "39P01"
	TriggeredDataChangeViolation       = "27000"
	DataCorrupted                      = "XX001"
	IndexCorrupted                     = "XX002"
	InvalidSavepointSpecification      = "3B001"
	InvalidTransactionInitiation       = "0B000"
	LockTimeout                        = LockNotAvailable
	InvalidGroupingOperation           = GroupingError
	InvalidLimitValue                  = InvalidRowCountInLimitClause
	DependentPrivilegeDescriptorsOpen  = "2B000"
)

// Error is one SQL error or notice with the fields the protocol can carry.
// Position is the 1-based character index into the statement's text, 0 when
// there is none; while an error travels up through code that knows only byte
// offsets, BytePos holds offset+1 instead and the session converts it.
type Error struct {
	Severity string // "ERROR" when empty
	Code     string // SQLSTATE
	Message  string
	Detail   string
	Hint     string
	Position int
	BytePos  int
	Where    string
	// Query and QueryPosition name the text, and the place in it, where a query that
	// a function runs has its error; such an error has no Position.
	Query         string
	QueryPosition int
	Schema        string
	Table         string
	Column        string
	DataType      string
	Constraint    string
	// Routine is the function of PostgreSQL's source that reports the error, where clients go by it.
	Routine string
	// Row is, of an error about one row of a batch that is being stored, its place
	// in it, counted from 1; 0 unknown. Clients are not told.
	Row   int
	cause error
}

// Error gives the message with its SQLSTATE.
func (e *Error) Error() string {
	sev := e.Severity
	if sev == "" {
		sev = "ERROR"
	}
	return sev + ": " + e.Message + " (SQLSTATE " + e.Code + ")"
}

// Unwrap gives the error beneath, if any.
func (e *Error) Unwrap() error { return e.cause }

// New makes an error of the given SQLSTATE.
func New(code, message string) *Error { return &Error{Code: code, Message: message} }

// Newf makes an error of the given SQLSTATE with a formatted message.
func Newf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: sprintf(format, args...)}
}

// sprintf is fmt.Sprintf but for %q: PostgreSQL puts quotes around names and
// leaves them as they are inside.
func sprintf(format string, args ...any) string {
	return fmt.Sprintf(strings.ReplaceAll(format, "%q", "\"%v\""), args...)
}

// Unsupported is the 0A000 error for what this engine does not do (yet).
func Unsupported(format string, args ...any) *Error {
	return Newf(FeatureNotSupported, format, args...)
}

// Internal wraps an unexpected error as XX000.
func Internal(err error) *Error {
	return &Error{Code: InternalError, Message: err.Error(), cause: err}
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = sprintf(format, args...)
	return e
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = sprintf(format, args...)
	return e
}

// At sets the position from a 0-based byte offset (as AST nodes carry) unless
// the error has one already; offset -1 means unknown.
func (e *Error) At(offset int) *Error {
	if e.BytePos == 0 && e.Position == 0 && offset >= 0 {
		e.BytePos = offset + 1
	}
	return e
}

// WithCause records the error beneath e.
func (e *Error) WithCause(err error) *Error { e.cause = err; return e }

// Of finds the *Error in err's chain, or wraps err as internal.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Internal(err)
}

// CodeOf gives the SQLSTATE of err, XX000 when it is no *Error, "" for nil.
func CodeOf(err error) string {
	if err == nil {
		return ""
	}
	return Of(err).Code
}

// PlaceAt sets the position on err if it is a *Error without one.
func PlaceAt(err error, offset int) error {
	var e *Error
	if errors.As(err, &e) {
		e.At(offset)
	}
	return err
}
