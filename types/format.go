package types

import (
	"math/bits"
	"strconv"
	"strings"
)

// SQL names of types, and what their modifiers (typmods) mean:
//
//	numeric(p,s)           ((p << 16) | s as 11 bits) + 4
//	varchar(n), bpchar(n)  n + 4
//	bit(n), varbit(n)      n
//	time…(p)               p
//	interval fields(p)     (fields << 16) | p, 0x7fff all fields, 0xffff no p
//
// -1 is no modifier.

// Interval fields as bits of an interval's typmod.
const (
	IntervalMonth  = 1 << 1
	IntervalYear   = 1 << 2
	IntervalDay    = 1 << 3
	IntervalHour   = 1 << 10
	IntervalMinute = 1 << 11
	IntervalSecond = 1 << 12

	IntervalFullRange     = 0x7fff
	IntervalFullPrecision = 0xffff
)

// NumericTypmod encodes numeric(precision, scale).
func NumericTypmod(precision, scale int) int32 {
	return int32((precision<<16)|(scale&0x7ff)) + 4
}

// NumericTypmodParts decodes a numeric typmod; ok is false for none.
func NumericTypmodParts(typmod int32) (precision, scale int, ok bool) {
	if typmod < 4 {
		return 0, 0, false
	}
	t := typmod - 4
	return int(t >> 16 & 0xffff), int((t&0x7ff)^1024) - 1024, true
}

// CharTypmod encodes varchar(n) and bpchar(n).
func CharTypmod(n int) int32 { return int32(n) + 4 }

// CharTypmodLen decodes the n of varchar(n) and bpchar(n); ok is false for none.
func CharTypmodLen(typmod int32) (n int, ok bool) {
	if typmod < 4 {
		return 0, false
	}
	return int(typmod - 4), true
}

// IntervalTypmod encodes an interval's fields (0 for all) and precision (-1
// for none).
func IntervalTypmod(fields, precision int) int32 {
	if fields == 0 {
		fields = IntervalFullRange
	}
	if precision < 0 {
		if fields == IntervalFullRange {
			return -1
		}
		precision = IntervalFullPrecision
	}
	return int32(fields<<16 | precision)
}

// IntervalTypmodParts decodes an interval typmod: the fields, and the
// precision or -1.
func IntervalTypmodParts(typmod int32) (fields, precision int) {
	if typmod < 0 {
		return IntervalFullRange, -1
	}
	fields, precision = int(typmod>>16&0x7fff), int(typmod&0xffff)
	if precision == IntervalFullPrecision {
		precision = -1
	}
	return fields, precision
}

var sqlNames = map[OID]string{
	oidBool: "boolean", oidInt2: "smallint", oidInt4: "integer", oidInt8: "bigint",
	oidFloat4: "real", oidFloat8: "double precision", oidBPChar: "character",
	oidVarChar: "character varying", oidTime: "time without time zone", oidTimeTZ: "time with time zone",
	oidTimestamp: "timestamp without time zone", oidTimestampTZ: "timestamp with time zone",
	oidBit: "bit", oidVarBit: "bit varying", oidNumeric: "numeric", oidInterval: "interval", oidChar: `"char"`, 2276: `"any"`,
}

// Format gives the SQL name of a type with its modifier, as format_type does:
// character varying(10), integer[] …
func Format(t *Type, typmod int32) string {
	if t == nil {
		return "-"
	}
	if t.IsArray() && !t.IsVector() || t.Elem != nil && t.Category == 'P' {
		return Format(t.Elem, typmod) + "[]"
	}
	name, known := sqlNames[t.OID]
	if !known {
		name = QuoteIdent(t.Name)
		if t.Schema != "" && t.Schema != "public" && t.Schema != "pg_catalog" {
			name = QuoteIdent(t.Schema) + "." + name
		}
	}
	if t.OID == oidBPChar && typmod < 0 {
		return "bpchar" // character would mean character(1)
	}
	if typmod < 0 {
		return name
	}
	mod := FormatTypmod(t, typmod)
	switch t.OID {
	case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ:
		head, tail, _ := strings.Cut(name, " ")
		return head + mod + " " + tail
	}
	return name + mod
}

// Display gives the name of a type as messages have it: Format's, but for a char whose
// length is not known.
func Display(t *Type) string {
	switch name := Format(t, -1); name {
	case "bpchar", "bpchar[]":
		return "character" + name[len("bpchar"):]
	default:
		return name
	}
}

// FormatTypmod gives the text of a modifier as it stands behind the type's
// name: (10,2), (3), or the fields of an interval.
func FormatTypmod(t *Type, typmod int32) string {
	if typmod < 0 {
		return ""
	}
	switch t.OID {
	case oidNumeric:
		if p, s, ok := NumericTypmodParts(typmod); ok {
			return "(" + strconv.Itoa(p) + "," + strconv.Itoa(s) + ")"
		}
	case oidBPChar, oidVarChar:
		if n, ok := CharTypmodLen(typmod); ok {
			return "(" + strconv.Itoa(n) + ")"
		}
	case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ, oidBit, oidVarBit:
		return "(" + strconv.Itoa(int(typmod)) + ")"
	case oidInterval:
		fields, p := IntervalTypmodParts(typmod)
		out := intervalFieldsText(fields)
		if p >= 0 {
			out += "(" + strconv.Itoa(p) + ")"
		}
		return out
	}
	return ""
}

func intervalFieldsText(fields int) string {
	if fields == IntervalFullRange {
		return ""
	}
	names := []struct {
		bit  int
		name string
	}{{IntervalYear, "year"}, {IntervalMonth, "month"}, {IntervalDay, "day"}, {IntervalHour, "hour"}, {IntervalMinute, "minute"}, {IntervalSecond, "second"}}
	first, last := "", ""
	for _, n := range names {
		if fields&n.bit != 0 {
			if first == "" {
				first = n.name
			}
			last = n.name
		}
	}
	if bits.OnesCount(uint(fields)) <= 1 {
		return " " + first
	}
	return " " + first + " to " + last
}
