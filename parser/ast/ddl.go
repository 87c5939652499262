package ast

import (
	"strconv"
	"strings"
)

// This file holds what the definition statements share: object kinds and
// references, options, roles, sequences and small enumerations. The statements
// themselves are in ddl_table.go (tables, indexes, views), ddl_object.go
// (everything else that can be created) and ddl_alter.go (what works on any
// kind of object: DROP, RENAME, OWNER, COMMENT, GRANT).
//
//	CREATE TABLE s.t (a int PRIMARY KEY, CHECK (a > 0)) WITH (fillfactor = 70)
//	             │    └─ ColumnDef ─┬──────┘    └ Constraint   └ []Option
//	             └ *RelName         └ Constraint
//
// Names are as the lexer folded them. Nothing is looked up, so a type, a
// relation or an option that does not exist parses as well as one that does.

// ObjectKind is a kind of database object, as named in DROP, COMMENT ON, ALTER
// and GRANT.
type ObjectKind uint8

// The object kinds.
const (
	ObjectNone ObjectKind = iota
	ObjectAccessMethod
	ObjectAggregate
	ObjectAttribute // of a composite type
	ObjectCast
	ObjectCollation
	ObjectColumn
	ObjectConversion
	ObjectDatabase
	ObjectDefault
	ObjectDomain
	ObjectDomainConstraint
	ObjectEventTrigger
	ObjectExtension
	ObjectForeignDataWrapper
	ObjectForeignServer
	ObjectForeignTable
	ObjectFunction
	ObjectIndex
	ObjectLanguage
	ObjectLargeObject
	ObjectMaterializedView
	ObjectOperator
	ObjectOperatorClass
	ObjectOperatorFamily
	ObjectParameter
	ObjectPolicy
	ObjectProcedure
	ObjectPublication
	ObjectRole
	ObjectRoutine
	ObjectRule
	ObjectSchema
	ObjectSequence
	ObjectStatistics
	ObjectSubscription
	ObjectTable
	ObjectTableConstraint
	ObjectTablespace
	ObjectTextSearchConfiguration
	ObjectTextSearchDictionary
	ObjectTextSearchParser
	ObjectTextSearchTemplate
	ObjectTransform
	ObjectTrigger
	ObjectType
	ObjectUserMapping
	ObjectView
)

var objectKindNames = [...]string{
	ObjectNone: "", ObjectAccessMethod: "ACCESS METHOD", ObjectAggregate: "AGGREGATE",
	ObjectAttribute: "ATTRIBUTE", ObjectCast: "CAST", ObjectCollation: "COLLATION", ObjectColumn: "COLUMN",
	ObjectConversion: "CONVERSION", ObjectDatabase: "DATABASE", ObjectDefault: "DEFAULT",
	ObjectDomain: "DOMAIN", ObjectDomainConstraint: "CONSTRAINT", ObjectEventTrigger: "EVENT TRIGGER",
	ObjectExtension: "EXTENSION", ObjectForeignDataWrapper: "FOREIGN DATA WRAPPER",
	ObjectForeignServer: "SERVER", ObjectForeignTable: "FOREIGN TABLE", ObjectFunction: "FUNCTION",
	ObjectIndex: "INDEX", ObjectLanguage: "LANGUAGE", ObjectLargeObject: "LARGE OBJECT",
	ObjectMaterializedView: "MATERIALIZED VIEW", ObjectOperator: "OPERATOR",
	ObjectOperatorClass: "OPERATOR CLASS", ObjectOperatorFamily: "OPERATOR FAMILY",
	ObjectParameter: "PARAMETER", ObjectPolicy: "POLICY", ObjectProcedure: "PROCEDURE",
	ObjectPublication: "PUBLICATION", ObjectRole: "ROLE", ObjectRoutine: "ROUTINE", ObjectRule: "RULE",
	ObjectSchema: "SCHEMA", ObjectSequence: "SEQUENCE", ObjectStatistics: "STATISTICS",
	ObjectSubscription: "SUBSCRIPTION", ObjectTable: "TABLE", ObjectTableConstraint: "CONSTRAINT",
	ObjectTablespace: "TABLESPACE", ObjectTextSearchConfiguration: "TEXT SEARCH CONFIGURATION",
	ObjectTextSearchDictionary: "TEXT SEARCH DICTIONARY", ObjectTextSearchParser: "TEXT SEARCH PARSER",
	ObjectTextSearchTemplate: "TEXT SEARCH TEMPLATE", ObjectTransform: "TRANSFORM",
	ObjectTrigger: "TRIGGER", ObjectType: "TYPE", ObjectUserMapping: "USER MAPPING", ObjectView: "VIEW",
}

// String is the kind as it is written in SQL and in command tags.
func (k ObjectKind) String() string { return objectKindNames[k] }

// Object names one object for the statements that take any kind of object.
// Which fields are set depends on the kind:
//
//	most kinds                      Name
//	COLUMN                          Name, the column last
//	TYPE, DOMAIN                    Type
//	TRIGGER, RULE, POLICY           Name (one part) and On
//	CONSTRAINT                      Name (one part) and On, or OnDomain
//	FUNCTION, PROCEDURE, ROUTINE    Name, Params when ParamsGiven
//	AGGREGATE                       Name, Params, DirectParams or Star
//	OPERATOR                        Name (the symbol last), Left, Right (nil: NONE)
//	OPERATOR CLASS, FAMILY          Name and Using, the access method
//	CAST                            Type, Target
//	TRANSFORM                       Type and Using, the language
//	LARGE OBJECT                    Number
type Object struct {
	At
	Kind   ObjectKind
	Name   []string
	On     []string
	Type   *TypeName
	Target *TypeName
	Using  string
	Number string

	Params       []*FuncParam
	ParamsGiven  bool
	DirectParams int  // AGGREGATE (direct ORDER BY aggregated): so many come first; -1: no ORDER BY
	Star         bool // AGGREGATE f(*)
	Left, Right  *TypeName
}

// DropBehavior says what a DROP does with the objects that depend on its own.
type DropBehavior uint8

// RESTRICT is what PostgreSQL does when neither is written.
const (
	DropRestrict DropBehavior = iota
	DropCascade
)

// OptionValueKind says how an option's value was written.
type OptionValueKind uint8

// The forms of option values.
const (
	OptionAbsent   OptionValueKind = iota // the option stands alone: VERBOSE
	OptionString                          // 'text'
	OptionWord                            // a bare word or keyword, as folded: on, true, csv
	OptionNumber                          // 12, -1.5
	OptionType                            // a type name: the value of many CREATE TYPE options
	OptionOperator                        // an operator, possibly qualified
	OptionList                            // (a, b)
	OptionStar                            // *
	OptionDefault                         // DEFAULT
	OptionNull                            // NULL (CREATE ROLE … PASSWORD NULL, SERVER … VERSION NULL)
)

// OptionAction says what ALTER … OPTIONS does with an option of a foreign
// object.
type OptionAction uint8

// The actions.
const (
	OptionUnspecified OptionAction = iota
	OptionSet
	OptionAdd
	OptionDrop
)

// Option is one `name [= value]` of the many lists that have this form: storage
// parameters, EXPLAIN, COPY and VACUUM options, CREATE TYPE attributes. Names
// are folded to lower case; what they mean is not the parser's business.
type Option struct {
	At
	Namespace string // toast.autovacuum_enabled
	Name      string
	Kind      OptionValueKind
	Text      string    // the value's text: String, Word, Number
	Type      *TypeName // Kind OptionType; Text holds its name when it is a single word
	Names     []string  // Kind OptionOperator
	List      []string  // Kind OptionList
	Action    OptionAction
}

// AsBool is the option as a switch: alone it is on, else 0, 1, true, false, on
// or off, in any case. ok is false for any other value.
func (o *Option) AsBool() (value, ok bool) {
	switch o.Kind {
	case OptionAbsent:
		return true, true
	case OptionNumber, OptionString, OptionWord, OptionType:
		switch strings.ToLower(o.AsText()) {
		case "true", "on":
			return true, true
		case "false", "off":
			return false, true
		case "1":
			return true, o.Kind == OptionNumber
		case "0":
			return false, o.Kind == OptionNumber
		}
	}
	return false, false
}

// AsText is the value as text: a string, word or number as it is, a type or an
// operator as SQL writes it, a list with commas; "" if there is none.
func (o *Option) AsText() string {
	switch o.Kind {
	case OptionType:
		if o.Text == "" {
			return Format(o.Type)
		}
	case OptionOperator:
		return strings.Join(o.Names, ".")
	case OptionList:
		return strings.Join(o.List, ",")
	case OptionStar:
		return "*"
	}
	return o.Text
}

// AsInt is the value as an integer; ok is false if it is not one.
func (o *Option) AsInt() (value int64, ok bool) {
	if o.Kind != OptionNumber {
		return 0, false
	}
	value, err := strconv.ParseInt(o.Text, 10, 64)
	return value, err == nil
}

// RoleKind tells a named role from the words that stand for one.
type RoleKind uint8

// The role kinds.
const (
	RoleNamed RoleKind = iota
	RoleCurrentRole
	RoleCurrentUser
	RoleSessionUser
	RolePublic
)

// RoleSpec is a role, by name or as CURRENT_USER and the like.
type RoleSpec struct {
	At
	Kind RoleKind
	Name string
}

// String is the role as it is written, without quotes.
func (r *RoleSpec) String() string {
	switch r.Kind {
	case RoleCurrentRole:
		return "CURRENT_ROLE"
	case RoleCurrentUser:
		return "CURRENT_USER"
	case RoleSessionUser:
		return "SESSION_USER"
	case RolePublic:
		return "public"
	}
	return r.Name
}

// SequenceOptionKind is one clause of CREATE or ALTER SEQUENCE.
type SequenceOptionKind uint8

// The clauses. NO MAXVALUE and NO MINVALUE are the clause with an empty Value.
const (
	SequenceAs SequenceOptionKind = iota
	SequenceCache
	SequenceCycle // Value "" is CYCLE, "no" is NO CYCLE
	SequenceIncrement
	SequenceMaxValue
	SequenceMinValue
	SequenceOwnedBy
	SequenceName
	SequenceStart
	SequenceRestart   // Value "" restarts at the start value
	SequenceLogged    // only for pg_dump's identity columns
	SequenceUnlogged  // likewise
	SequenceGenerated // ALTER COLUMN … SET GENERATED; Value "always" or "by default"
)

// SequenceOption is one clause of CREATE SEQUENCE, ALTER SEQUENCE or an
// identity column. A clause may be repeated in the text; the executor refuses
// that, as PostgreSQL does.
type SequenceOption struct {
	At
	Kind  SequenceOptionKind
	Value string    // a number's text with its sign
	Type  *TypeName // AS
	Name  []string  // OWNED BY (NONE is the one part "none"), SEQUENCE []string
}

// UnsupportedStmt is a statement whose syntax PostgreSQL accepts and which this
// system does not run, whatever its operands. The session answers 0A000 with
// Tag.
type UnsupportedStmt struct {
	At
	Command string // the command tag
	Detail  string // message when there is a better one than "… is not supported"
}

// Tag is the command tag PostgreSQL would complete with.
func (s *UnsupportedStmt) Tag() string { return s.Command }
