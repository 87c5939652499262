package types

// BatchSize is the number of rows operators aim to pass at a time.
const BatchSize = 1024

// Vec is a column of values of one SQL type. Exactly one of the value slices
// is in use, by the type's physical class, and is at least Len long.
//
// Nulls is meaningful only when HasNulls: Nulls[i] tells whether row i is
// NULL. A kernel that produces a vector sets every selected row's value and,
// when it makes any NULL, HasNulls and the mask (MakeNulls).
//
// A vector belongs to the operator that made it and lives until that
// operator's next Next, unless it says otherwise; strings in it live for ever.
type Vec struct {
	Type     *Type
	Len      int
	HasNulls bool
	Nulls    []bool
	B        []bool
	I        []int64
	F        []float64
	S        []string
	D        []Decimal
	V        []Span
	A        []any
}

// NewVec makes a vector of type t with room for n rows, Len 0.
func NewVec(t *Type, n int) *Vec {
	v := &Vec{}
	v.Init(t, n)
	return v
}

// Init makes v an empty vector of type t with room for n rows, keeping the
// memory it has where that serves.
func (v *Vec) Init(t *Type, n int) {
	v.Type, v.Len, v.HasNulls = t, 0, false
	v.Resize(n)
	v.Len = 0
}

// Resize sets Len to n and makes room for n rows; the values of rows are
// whatever they were (or zero). The null mask is kept in step when HasNulls.
func (v *Vec) Resize(n int) {
	switch v.Type.Phys {
	case PhysBool:
		v.B = resize(v.B, n)
	case PhysInt64:
		v.I = resize(v.I, n)
	case PhysFloat64:
		v.F = resize(v.F, n)
	case PhysBytes:
		v.S = resize(v.S, n)
	case PhysDecimal:
		v.D = resize(v.D, n)
	case PhysInterval:
		v.V = resize(v.V, n)
	default:
		v.A = resize(v.A, n)
	}
	if v.HasNulls {
		old := len(v.Nulls)
		v.Nulls = resize(v.Nulls, n)
		if n > old {
			clear(v.Nulls[old:n])
		}
	}
	v.Len = n
}

func resize[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	c := max(n, 2*cap(s))
	t := make([]T, n, c)
	copy(t, s)
	return t
}

// MakeNulls turns the null mask on, all rows not NULL, if it is off; it
// returns the mask.
func (v *Vec) MakeNulls() []bool {
	if !v.HasNulls {
		v.HasNulls = true
		n := v.Len
		if cap(v.Nulls) >= n {
			v.Nulls = v.Nulls[:n]
			clear(v.Nulls)
		} else {
			v.Nulls = make([]bool, n)
		}
	}
	return v.Nulls
}

// IsNull reports whether row i is NULL.
func (v *Vec) IsNull(i int) bool { return v.HasNulls && v.Nulls[i] }

// SetNull makes row i NULL.
func (v *Vec) SetNull(i int) { v.MakeNulls()[i] = true }

// Datum gives row i as a single value.
func (v *Vec) Datum(i int) Datum {
	if v.HasNulls && v.Nulls[i] {
		return Null
	}
	switch v.Type.Phys {
	case PhysBool:
		return NewBool(v.B[i])
	case PhysInt64:
		return NewInt(v.I[i])
	case PhysFloat64:
		return NewFloat(v.F[i])
	case PhysBytes:
		return NewString(v.S[i])
	case PhysDecimal:
		return NewDecimal(v.D[i])
	case PhysInterval:
		return NewSpan(v.V[i])
	default:
		return NewAny(v.A[i])
	}
}

// Set stores d in row i (i < Len).
func (v *Vec) Set(i int, d Datum) {
	if d.K == PhysNull {
		v.SetNull(i)
		var zero Datum
		d = zero
	} else if v.HasNulls {
		v.Nulls[i] = false
	}
	switch v.Type.Phys {
	case PhysBool:
		v.B[i] = d.I != 0
	case PhysInt64:
		v.I[i] = d.I
	case PhysFloat64:
		v.F[i] = d.Float()
	case PhysBytes:
		v.S[i] = d.S
	case PhysDecimal:
		v.D[i] = d.Decimal()
	case PhysInterval:
		v.V[i] = d.Span()
	default:
		v.A[i] = d.X
	}
}

// Append adds d as a new last row.
func (v *Vec) Append(d Datum) {
	v.Resize(v.Len + 1)
	v.Set(v.Len-1, d)
}

// CopyFrom makes v's first len(rows) rows the rows of src that rows names,
// in order; v gets that length. The types' physical classes must agree.
func (v *Vec) CopyFrom(src *Vec, rows []int32) {
	v.HasNulls = false
	v.Resize(len(rows))
	switch v.Type.Phys {
	case PhysBool:
		gather(v.B, src.B, rows)
	case PhysInt64:
		gather(v.I, src.I, rows)
	case PhysFloat64:
		gather(v.F, src.F, rows)
	case PhysBytes:
		gather(v.S, src.S, rows)
	case PhysDecimal:
		gather(v.D, src.D, rows)
	case PhysInterval:
		gather(v.V, src.V, rows)
	default:
		gather(v.A, src.A, rows)
	}
	if src.HasNulls {
		gather(v.MakeNulls(), src.Nulls, rows)
	}
}

func gather[T any](dst, src []T, rows []int32) {
	for i, r := range rows {
		dst[i] = src[r]
	}
}

// AppendRows adds the rows of src that rows names behind v's own.
func (v *Vec) AppendRows(src *Vec, rows []int32) {
	n := v.Len
	v.Resize(n + len(rows))
	switch v.Type.Phys {
	case PhysBool:
		gather(v.B[n:], src.B, rows)
	case PhysInt64:
		gather(v.I[n:], src.I, rows)
	case PhysFloat64:
		gather(v.F[n:], src.F, rows)
	case PhysBytes:
		gather(v.S[n:], src.S, rows)
	case PhysDecimal:
		gather(v.D[n:], src.D, rows)
	case PhysInterval:
		gather(v.V[n:], src.V, rows)
	default:
		gather(v.A[n:], src.A, rows)
	}
	if src.HasNulls {
		gather(v.MakeNulls()[n:], src.Nulls, rows)
	} else if v.HasNulls {
		clear(v.Nulls[n:])
	}
}

// Batch is a set of rows as columns. N is the number of physical rows, the
// Len of every column. When Sel is not nil only the rows it names, in its
// order, belong to the batch; kernels work on those and leave others alone.
type Batch struct {
	Cols []*Vec
	N    int
	Sel  []int32
}

// Rows is the number of rows that belong to the batch.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.N
}

// Row gives the physical index of the batch's i-th row.
func (b *Batch) Row(i int) int {
	if b.Sel != nil {
		return int(b.Sel[i])
	}
	return i
}

// Env is what the text form of values depends on, a session's settings.
type Env struct {
	DateStyle       DateStyle
	DateOrder       DateOrder
	IntervalStyle   IntervalStyle
	TimeZone        *Zone // session time zone
	ExtraFloatDigit int   // extra_float_digits; 1 is shortest round-trip
	ByteaEscape     bool  // bytea_output = escape
	NowMicros       int64 // transaction start, microseconds since 2000-01-01 UTC
	// Names resolves names and OIDs of catalog objects for the reg* types and
	// enums; nil where no catalog is at hand (then reg types are numbers).
	Names NameResolver
}

// NameResolver is what the reg* types ask the catalog. kind is the reg type
// (RegClass, RegType …). Parse gives an error as PostgreSQL does for a name
// that does not exist; Name gives "" for an OID without a name.
type NameResolver interface {
	ParseReg(kind *Type, text string) (OID, error)
	RegName(kind *Type, oid OID) string
}

// DateStyle is the output format part of the DateStyle setting.
type DateStyle uint8

// The output formats of dates.
const (
	DateISO DateStyle = iota
	DateSQL
	DatePostgres
	DateGerman
)

// DateOrder is the field order part of the DateStyle setting.
type DateOrder uint8

// The field orders of ambiguous dates.
const (
	OrderMDY DateOrder = iota
	OrderDMY
	OrderYMD
)

// IntervalStyle is the setting of that name.
type IntervalStyle uint8

// The output formats of intervals.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalPostgresVerbose
	IntervalSQLStandard
	IntervalISO8601
)
