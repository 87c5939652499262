package types

import (
	"math"
	"math/big"
)

// Datum is one SQL value. Its zero value is NULL. Which fields hold the value
// depends on the physical class K:
//
//	PhysBool      I (0 or 1)
//	PhysInt64     I
//	PhysFloat64   I (math.Float64bits)
//	PhysBytes     S
//	PhysDecimal   I coefficient, M scale and form, X *big.Int beyond int64 (see Decimal)
//	PhysInterval  I microseconds, D days, M months
//	PhysAny       X (*Array, *Tuple, *Range, *Multirange)
//
// A Datum does not know its SQL type; whoever handles it does.
type Datum struct {
	K Phys
	M int32
	D int32
	I int64
	S string
	X any
}

// Null is the NULL value.
var Null Datum

// Array is an array value: elements in row-major order with dimensions.
type Array struct {
	Elem  *Type
	Dims  []ArrayDim // none for the empty array
	Elems []Datum
}

// At is the element at a place, counted in each dimension from its lower bound; NULL where
// there is none.
func (a *Array) At(at []int64) Datum {
	pos := 0
	for k, d := range a.Dims {
		if len(a.Dims) != len(at) {
			return Null
		}
		n := at[k] - int64(d.Lower)
		if n < 0 || n >= int64(d.Len) {
			return Null
		}
		pos = pos*int(d.Len) + int(n)
	}
	if len(a.Dims) != len(at) || pos >= len(a.Elems) {
		return Null
	}
	return a.Elems[pos]
}

// ArrayDim is the length and lower bound of one array dimension.
type ArrayDim struct {
	Len   int32
	Lower int32
}

// Tuple is a row value (a record). Types has a descriptor for each field.
type Tuple struct {
	Type   *Type // Record itself, or a named row type
	Fields []Field
	Vals   []Datum
}

// Span is the value of an interval (or, in timetz, see package comment).
type Span struct {
	Months int32
	Days   int32
	Micros int64
}

// IsNull reports whether d is NULL.
func (d Datum) IsNull() bool { return d.K == PhysNull }

// NewBool makes a boolean value.
func NewBool(b bool) Datum {
	if b {
		return Datum{K: PhysBool, I: 1}
	}
	return Datum{K: PhysBool}
}

// NewInt makes a value of class Int64.
func NewInt(i int64) Datum { return Datum{K: PhysInt64, I: i} }

// NewFloat makes a value of class Float64.
func NewFloat(f float64) Datum { return Datum{K: PhysFloat64, I: int64(math.Float64bits(f))} }

// NewString makes a value of class Bytes.
func NewString(s string) Datum { return Datum{K: PhysBytes, S: s} }

// NewDecimal makes a numeric value.
func NewDecimal(d Decimal) Datum {
	v := Datum{K: PhysDecimal, I: d.Coef, M: d.Scale, D: int32(d.Form)}
	if d.Big != nil {
		v.X = d.Big
	}
	return v
}

// NewSpan makes an interval value.
func NewSpan(s Span) Datum { return Datum{K: PhysInterval, I: s.Micros, D: s.Days, M: s.Months} }

// NewAny makes a value of class Any; v must not be nil.
func NewAny(v any) Datum { return Datum{K: PhysAny, X: v} }

// Bool gives the value of class Bool.
func (d Datum) Bool() bool { return d.I != 0 }

// Int gives the value of class Int64.
func (d Datum) Int() int64 { return d.I }

// Float gives the value of class Float64.
func (d Datum) Float() float64 { return math.Float64frombits(uint64(d.I)) }

// Str gives the value of class Bytes.
func (d Datum) Str() string { return d.S }

// Decimal gives the value of class Decimal.
func (d Datum) Decimal() Decimal {
	v := Decimal{Coef: d.I, Scale: d.M, Form: DecimalForm(d.D)}
	if d.X != nil {
		v.Big = d.X.(*big.Int)
	}
	return v
}

// Span gives the value of class Interval.
func (d Datum) Span() Span { return Span{Months: d.M, Days: d.D, Micros: d.I} }

// Array gives the array of class Any.
func (d Datum) Array() *Array { return d.X.(*Array) }

// Tuple gives the record of class Any.
func (d Datum) Tuple() *Tuple { return d.X.(*Tuple) }

// Range gives the range of class Any.
func (d Datum) Range() *Range { return d.X.(*Range) }

// Multirange gives the multirange of class Any.
func (d Datum) Multirange() *Multirange { return d.X.(*Multirange) }

// DecimalForm tells finite numbers from the special values.
type DecimalForm uint8

// The forms of a Decimal.
const (
	Finite DecimalForm = iota
	NaN
	PosInf
	NegInf
)

// Decimal is a numeric value: Coef × 10^-Scale, or Big × 10^-Scale when the
// coefficient does not fit an int64 (Big is nil otherwise, and never changed
// once set). Scale is the display scale, 0 to 16383, as in PostgreSQL.
type Decimal struct {
	Coef  int64
	Scale int32
	Form  DecimalForm
	Big   *big.Int
}
