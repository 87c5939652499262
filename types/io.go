package types

import (
	"encoding/binary"
	"math"
	"sort"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// This file is the front door of the text and binary forms; the forms
// themselves live beside their types (number.go, text.go, datetime.go, …).
//
//	Parse(t, typmod, s, env)          text in  → Datum     (type input function)
//	AppendText(dst, t, d, env)        Datum    → text out  (type output function)
//	ParseBinary(t, typmod, b, env)    binary in            (type receive function)
//	AppendBinary(dst, t, d, env)      binary out           (type send function)
//	AppendTextAt(dst, v, i, env)      the same two for row i of a vector, without
//	AppendBinaryAt(dst, v, i, env)    making a Datum
//	Compare(t, a, b) int              b-tree order of two non-NULL values
//	CompareAt(v, i, w, j) int         the same for rows of vectors
//	Hash(t, d, seed) uint64           equal values hash equal
//	HashAt(v, i, seed)                the same for row i of a vector, and
//	HashVec(v, n, sel, out)           for many rows, combining into out
//	ApplyTypmod(t, typmod, d, expl)   length coercion: varchar(n), numeric(p,s) …
//	EncodeTypmod(t, args) int32       the typmod of the numbers in parentheses
//	Format(t, typmod) string          SQL name: character varying(10), integer[] …
//
// A nil env stands for DefaultEnv. The output functions take values that are
// not NULL; NULL has no text or binary form of its own.

// DefaultEnv is a fresh session's environment: ISO dates, UTC, shortest floats.
var DefaultEnv = &Env{TimeZone: UTC, ExtraFloatDigit: 1}

// Parse reads the text form of a value of type t, and coerces it to typmod
// as t's input function does (an assignment-like coercion: what does not fit
// is an error). Every domain is read as its base type; its constraints are
// the caller's to check.
func Parse(t *Type, typmod int32, s string, env *Env) (Datum, error) {
	if env == nil {
		env = DefaultEnv
	}
	switch t.OID {
	case oidBool:
		b, ok := ParseBool(s)
		if !ok {
			return Null, badSyntax("boolean", s)
		}
		return NewBool(b), nil
	case oidInt2:
		return intDatum(ParseInt(s, 16, "smallint"))
	case oidInt4:
		return intDatum(ParseInt(s, 32, "integer"))
	case oidMoney:
		return intDatum(parseMoney(s))
	case oidInt8:
		return intDatum(ParseInt(s, 64, "bigint"))
	case oidOid:
		return intDatum(parseOid(s))
	case oidXid, oidCid:
		u, _, _, over := strtoul(s, 0)
		if over {
			u = math.MaxUint64
		}
		return NewInt(int64(uint32(u))), nil
	case oidXid8:
		u, _, _, over := strtoul(s, 0)
		if over {
			u = math.MaxUint64
		}
		return NewInt(int64(u)), nil
	case oidTid:
		return intDatum(parseTid(s))
	case oidChar:
		return NewInt(parseChar(s)), nil
	case oidFloat4:
		return floatDatum(parseFloat(s, 32, "real"))
	case oidFloat8:
		return floatDatum(parseFloat(s, 64, "double precision"))
	case oidNumeric:
		d, err := ParseDecimal(s)
		if err == nil && typmod >= 0 {
			d, err = d.applyTypmod(typmod)
		}
		if err != nil {
			return Null, err
		}
		return NewDecimal(d), nil
	case oidAclItem:
		return parseACL(s, env)
	case oidText, oidUnknown, oidCString, oidRefCursor, oidNodeTree:
		if err := ValidateText(s); err != nil {
			return Null, err
		}
		return NewString(s), nil
	case oidVarChar, oidBPChar:
		if err := ValidateText(s); err != nil {
			return Null, err
		}
		s, err := coerceString(t, typmod, s, false)
		if err != nil {
			return Null, err
		}
		return NewString(s), nil
	case oidName:
		if err := ValidateText(s); err != nil {
			return Null, err
		}
		return NewString(TruncateName(s)), nil
	case oidBytea:
		return stringDatum(parseBytea(s))
	case oidUUID:
		return stringDatum(ParseUUID(s))
	case oidInet, oidCidr:
		return stringDatum(parseInet(s, t.OID == oidCidr))
	case oidMacAddr:
		return stringDatum(parseMac6(s))
	case oidMacAddr8:
		return stringDatum(parseMac8(s))
	case oidBit, oidVarBit:
		return parseBits(t, typmod, s)
	case oidJSON:
		if err := ValidateText(s); err != nil {
			return Null, err
		}
		if err := ValidateJSON(s); err != nil {
			return Null, err
		}
		return NewString(s), nil
	case oidJSONB:
		if err := ValidateText(s); err != nil {
			return Null, err
		}
		return stringDatum(CanonicalJSON(s))
	case oidJSONPath:
		if err := ValidateText(s); err != nil {
			return Null, err
		}
		return stringDatum(CanonicalJSONPath(s))
	case oidDate, oidTime, oidTimestamp, oidTimestampTZ, oidInterval, oidTimeTZ:
		return parseDateTime(t, typmod, s, env)
	case oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle:
		return parseGeo(t, s)
	case oidRegProc, oidRegProcedure, oidRegOper, oidRegOperator, oidRegClass, oidRegType, oidRegRole, oidRegNamespace, oidRegCollation:
		return parseReg(t, s, env)
	case oidInt2Vector, oidOidVector:
		return parseVector(t, s)
	case oidRecord:
		return Null, pgerr.Unsupported("input of anonymous composite types is not implemented")
	case oidVoid:
		return NewString(""), nil
	}
	switch {
	case t.Kind == KindDomain:
		return Parse(t.Base, t.BaseMod, s, env)
	case t.Kind == KindEnum:
		if l := t.LabelByName(s); l != nil {
			if err := l.Usable(t); err != nil {
				return Null, err
			}
			return NewInt(l.Sort), nil
		}
		return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", Format(t, -1), s)
	case t.IsArray():
		return parseArray(t, typmod, s, env)
	case t.Kind == KindRange:
		return parseRange(t, s, env)
	case t.Kind == KindMultirange:
		return parseMultirange(t, s, env)
	case t.Kind == KindComposite:
		return parseRecord(t, s, env)
	}
	return Null, pgerr.Unsupported("cannot accept a value of type %s", Format(t, -1))
}

func intDatum(i int64, err error) (Datum, error) {
	if err != nil {
		return Null, err
	}
	return NewInt(i), nil
}

func floatDatum(f float64, err error) (Datum, error) {
	if err != nil {
		return Null, err
	}
	return NewFloat(f), nil
}

func stringDatum(s string, err error) (Datum, error) {
	if err != nil {
		return Null, err
	}
	return NewString(s), nil
}

// LabelByName finds an enum's label by name, nil if there is none.
func (t *Type) LabelByName(name string) *EnumLabel {
	for i := range t.Labels {
		if t.Labels[i].Name == name {
			return &t.Labels[i]
		}
	}
	return nil
}

// Usable refuses a label of enum t that is not committed yet.
func (l *EnumLabel) Usable(t *Type) error {
	if !l.New {
		return nil
	}
	return pgerr.Newf(pgerr.UnsafeNewEnumValueUsage, "unsafe use of new value \"%s\" of enum type %s", l.Name, Format(t, -1)).
		WithHint("New enum values must be committed before they can be used.")
}

// LabelBySort finds an enum's label by its stored value, nil if there is none.
func (t *Type) LabelBySort(n int64) *EnumLabel {
	i := sort.Search(len(t.Labels), func(i int) bool { return t.Labels[i].Sort >= n })
	if i < len(t.Labels) && t.Labels[i].Sort == n {
		return &t.Labels[i]
	}
	return nil
}

// AppendText writes the text form of d, not NULL, a value of type t.
func AppendText(dst []byte, t *Type, d Datum, env *Env) []byte {
	if env == nil {
		env = DefaultEnv
	}
	t = t.Under()
	switch t.Phys {
	case PhysBool:
		return appendBool(dst, d.I != 0)
	case PhysInt64:
		return appendIntText(dst, t, d.I, env)
	case PhysFloat64:
		return appendFloatText(dst, t, d.Float(), env)
	case PhysBytes:
		return appendStringText(dst, t, d.S, env)
	case PhysDecimal:
		return d.Decimal().Append(dst)
	case PhysInterval:
		return appendDateTime(dst, t, d, env)
	}
	return appendAnyText(dst, t, d.X, env)
}

// AppendTextAt writes the text form of row i of v, which must not be NULL.
func AppendTextAt(dst []byte, v *Vec, i int, env *Env) []byte {
	if env == nil {
		env = DefaultEnv
	}
	t := v.Type.Under()
	switch t.Phys {
	case PhysBool:
		return appendBool(dst, v.B[i])
	case PhysInt64:
		return appendIntText(dst, t, v.I[i], env)
	case PhysFloat64:
		return appendFloatText(dst, t, v.F[i], env)
	case PhysBytes:
		return appendStringText(dst, t, v.S[i], env)
	case PhysDecimal:
		return v.D[i].Append(dst)
	case PhysInterval:
		return appendDateTime(dst, t, NewSpan(v.V[i]), env)
	}
	return appendAnyText(dst, t, v.A[i], env)
}

// TextOf gives the text form of d as a string; for NULL, the empty string.
func TextOf(t *Type, d Datum, env *Env) string {
	if d.K == PhysNull {
		return ""
	}
	if d.K == PhysBytes {
		switch t.Under().OID {
		case oidText, oidVarChar, oidBPChar, oidName, oidJSON, oidJSONB, oidJSONPath, oidUnknown, oidCString:
			return d.S
		}
	}
	return string(AppendText(nil, t, d, env))
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

func appendIntText(dst []byte, t *Type, i int64, env *Env) []byte {
	switch t.OID {
	case oidInt2, oidInt4, oidInt8, oidOid, oidXid, oidCid:
		return strconv.AppendInt(dst, i, 10)
	case oidDate, oidTime, oidTimestamp, oidTimestampTZ:
		return appendDateTime(dst, t, NewInt(i), env)
	case oidMoney:
		return appendMoney(dst, i)
	case oidChar:
		return appendChar(dst, i)
	case oidTid:
		return appendTid(dst, i)
	case oidXid8:
		return strconv.AppendUint(dst, uint64(i), 10)
	case oidRegProc, oidRegProcedure, oidRegOper, oidRegOperator, oidRegClass, oidRegType, oidRegRole, oidRegNamespace, oidRegCollation:
		return appendReg(dst, t, OID(i), env)
	}
	if t.Kind == KindEnum {
		if l := t.LabelBySort(i); l != nil {
			return append(dst, l.Name...)
		}
	}
	return strconv.AppendInt(dst, i, 10)
}

func appendFloatText(dst []byte, t *Type, f float64, env *Env) []byte {
	if t.OID == oidFloat4 {
		return AppendFloat4(dst, f, env.ExtraFloatDigit)
	}
	return AppendFloat8(dst, f, env.ExtraFloatDigit)
}

func appendStringText(dst []byte, t *Type, s string, env *Env) []byte {
	switch t.OID {
	case oidBytea:
		return appendBytea(dst, s, env.ByteaEscape)
	case oidUUID:
		return appendUUID(dst, s)
	case oidInet, oidCidr:
		return appendInet(dst, s, t.OID == oidCidr)
	case oidMacAddr, oidMacAddr8:
		return appendMac(dst, s)
	case oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle:
		return appendGeo(dst, t, s, env)
	case oidBit, oidVarBit:
		return AppendBits(dst, s)
	case oidAclItem:
		return appendACL(dst, s, env)
	}
	return append(dst, s...)
}

func appendAnyText(dst []byte, t *Type, x any, env *Env) []byte {
	switch x := x.(type) {
	case *Array:
		if t.IsVector() {
			return appendVectorText(dst, x)
		}
		return appendArrayText(dst, x, env)
	case *Tuple:
		return appendRecordText(dst, x, env)
	case *Range:
		return appendRangeText(dst, x, env)
	case *Multirange:
		return appendMultirangeText(dst, x, env)
	}
	return dst
}

// ParseBinary reads the binary form of a value of type t, coerced to typmod
// as t's receive function does.
func ParseBinary(t *Type, typmod int32, b []byte, env *Env) (Datum, error) {
	if env == nil {
		env = DefaultEnv
	}
	switch t.OID {
	case oidBool:
		if err := needBytes(b, 1); err != nil {
			return Null, err
		}
		return NewBool(b[0] != 0), nil
	case oidChar:
		if err := needBytes(b, 1); err != nil {
			return Null, err
		}
		return NewInt(int64(b[0])), nil
	case oidInt2:
		if err := needBytes(b, 2); err != nil {
			return Null, err
		}
		return NewInt(int64(int16(binary.BigEndian.Uint16(b)))), nil
	case oidInt4:
		if err := needBytes(b, 4); err != nil {
			return Null, err
		}
		return NewInt(int64(int32(binary.BigEndian.Uint32(b)))), nil
	case oidInt8, oidXid8, oidMoney:
		if err := needBytes(b, 8); err != nil {
			return Null, err
		}
		return NewInt(int64(binary.BigEndian.Uint64(b))), nil
	case oidOid, oidXid, oidCid, oidRegProc, oidRegProcedure, oidRegOper, oidRegOperator, oidRegClass, oidRegType, oidRegRole, oidRegNamespace, oidRegCollation:
		if err := needBytes(b, 4); err != nil {
			return Null, err
		}
		return NewInt(int64(binary.BigEndian.Uint32(b))), nil
	case oidTid:
		if err := needBytes(b, 6); err != nil {
			return Null, err
		}
		return NewInt(int64(binary.BigEndian.Uint32(b))<<16 | int64(binary.BigEndian.Uint16(b[4:]))), nil
	case oidFloat4:
		if err := needBytes(b, 4); err != nil {
			return Null, err
		}
		return NewFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
	case oidFloat8:
		if err := needBytes(b, 8); err != nil {
			return Null, err
		}
		return NewFloat(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	case oidNumeric:
		d, err := ParseDecimalBinary(b)
		if err == nil && typmod >= 0 {
			d, err = d.applyTypmod(typmod)
		}
		if err != nil {
			return Null, err
		}
		return NewDecimal(d), nil
	case oidUUID:
		if err := needBytes(b, 16); err != nil {
			return Null, err
		}
		return NewString(string(b)), nil
	case oidInet, oidCidr:
		return stringDatum(parseInetBinary(b, t.OID == oidCidr))
	case oidMacAddr, oidMacAddr8:
		if len(b) == 6 && t.OID == oidMacAddr8 {
			b = []byte{b[0], b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]}
		}
		if err := needBytes(b, int(t.Len)); err != nil {
			return Null, err
		}
		return NewString(string(b)), nil
	case oidBit, oidVarBit:
		return parseBitsBinary(t, typmod, b)
	case oidBytea:
		return NewString(string(b)), nil
	case oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle:
		return parseGeoBinary(t, b)
	case oidName:
		if len(b) > NameLen {
			return Null, pgerr.New(pgerr.NameTooLong, "identifier too long").WithDetail("Identifier must be less than %d characters.", NameLen+1)
		}
		return Parse(t, typmod, string(b), env)
	case oidText, oidVarChar, oidBPChar, oidUnknown, oidCString, oidRefCursor, oidJSON:
		return Parse(t, typmod, string(b), env)
	case oidJSONB, oidJSONPath:
		if len(b) < 1 {
			return Null, errInsufficient()
		}
		if b[0] != 1 {
			return Null, pgerr.Newf(pgerr.InternalError, "unsupported %s version number %d", t.Name, b[0])
		}
		return Parse(t, typmod, string(b[1:]), env)
	case oidDate, oidTime, oidTimestamp, oidTimestampTZ, oidInterval, oidTimeTZ:
		return parseDateTimeBinary(t, typmod, b, env)
	case oidInt2Vector, oidOidVector:
		return parseVectorBinary(t, b)
	case oidVoid:
		return NewString(""), nil
	case oidRecord:
		return Null, pgerr.Unsupported("input of anonymous composite types is not implemented")
	}
	switch {
	case t.Kind == KindDomain:
		return ParseBinary(t.Base, t.BaseMod, b, env)
	case t.Kind == KindEnum:
		if err := ValidateText(string(b)); err != nil {
			return Null, err
		}
		return Parse(t, typmod, string(b), env)
	case t.IsArray():
		return parseArrayBinary(t, typmod, b, env)
	case t.Kind == KindRange:
		return rangeDatum(parseRangeBinary(t, b, env))
	case t.Kind == KindMultirange:
		return parseMultirangeBinary(t, b, env)
	case t.Kind == KindComposite:
		return parseRecordBinary(t, b, env)
	}
	return Null, pgerr.Newf(pgerr.UndefinedFunction, "no binary input function available for type %s", Format(t, -1))
}

// AppendBinary writes the binary form of d, not NULL, a value of type t.
func AppendBinary(dst []byte, t *Type, d Datum, env *Env) []byte {
	if env == nil {
		env = DefaultEnv
	}
	t = t.Under()
	switch t.Phys {
	case PhysBool:
		return appendBoolBinary(dst, d.I != 0)
	case PhysInt64:
		return appendIntBinary(dst, t, d.I)
	case PhysFloat64:
		return appendFloatBinary(dst, t, d.Float())
	case PhysBytes:
		return appendStringBinary(dst, t, d.S)
	case PhysDecimal:
		return AppendDecimalBinary(dst, d.Decimal())
	case PhysInterval:
		return appendDateTimeBinary(dst, t, d)
	}
	return appendAnyBinary(dst, t, d.X, env)
}

// AppendBinaryAt writes the binary form of row i of v, which must not be NULL.
func AppendBinaryAt(dst []byte, v *Vec, i int, env *Env) []byte {
	if env == nil {
		env = DefaultEnv
	}
	t := v.Type.Under()
	switch t.Phys {
	case PhysBool:
		return appendBoolBinary(dst, v.B[i])
	case PhysInt64:
		return appendIntBinary(dst, t, v.I[i])
	case PhysFloat64:
		return appendFloatBinary(dst, t, v.F[i])
	case PhysBytes:
		return appendStringBinary(dst, t, v.S[i])
	case PhysDecimal:
		return AppendDecimalBinary(dst, v.D[i])
	case PhysInterval:
		return appendDateTimeBinary(dst, t, NewSpan(v.V[i]))
	}
	return appendAnyBinary(dst, t, v.A[i], env)
}

func appendBoolBinary(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendIntBinary(dst []byte, t *Type, i int64) []byte {
	switch t.OID {
	case oidInt8, oidXid8, oidMoney:
		return binary.BigEndian.AppendUint64(dst, uint64(i))
	case oidInt4, oidOid, oidXid, oidCid, oidRegProc, oidRegProcedure, oidRegOper, oidRegOperator, oidRegClass, oidRegType, oidRegRole, oidRegNamespace, oidRegCollation:
		return binary.BigEndian.AppendUint32(dst, uint32(i))
	case oidInt2:
		return binary.BigEndian.AppendUint16(dst, uint16(i))
	case oidChar:
		return append(dst, byte(i))
	case oidTid:
		return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(dst, uint32(i>>16)), uint16(i))
	case oidDate, oidTime, oidTimestamp, oidTimestampTZ:
		return appendDateTimeBinary(dst, t, NewInt(i))
	}
	if t.Kind == KindEnum {
		if l := t.LabelBySort(i); l != nil {
			return append(dst, l.Name...)
		}
	}
	return binary.BigEndian.AppendUint64(dst, uint64(i))
}

func appendFloatBinary(dst []byte, t *Type, f float64) []byte {
	if t.OID == oidFloat4 {
		if f != f {
			return append(dst, 0x7f, 0xc0, 0, 0)
		}
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(f)))
	}
	if f != f { // C's NaN, which is not Go's
		return append(dst, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}

func appendStringBinary(dst []byte, t *Type, s string) []byte {
	if t.OID == oidJSONB || t.OID == oidJSONPath {
		dst = append(dst, 1)
	}
	if t.OID == oidBit || t.OID == oidVarBit {
		return appendBitsBinary(dst, s)
	}
	if t.OID == oidInet || t.OID == oidCidr {
		return appendInetBinary(dst, s, t.OID == oidCidr)
	}
	return append(dst, s...)
}

func appendAnyBinary(dst []byte, t *Type, x any, env *Env) []byte {
	switch x := x.(type) {
	case *Array:
		return appendArrayBinary(dst, t, x, env)
	case *Tuple:
		return appendRecordBinary(dst, x, env)
	case *Range:
		return appendRangeBinary(dst, x, env)
	case *Multirange:
		return appendMultirangeBinary(dst, x, env)
	}
	return dst
}

// parseReg reads a reg* value: a number, - for none, or a name the catalog knows.
func parseReg(t *Type, s string, env *Env) (Datum, error) {
	if s == "-" {
		return NewInt(0), nil
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return intDatum(parseOid(s))
	}
	if env.Names == nil {
		return Null, pgerr.Unsupported("cannot look up the name \"%s\" of type %s here", s, t.Name)
	}
	oid, err := env.Names.ParseReg(t, s)
	if err != nil {
		return Null, err
	}
	return NewInt(int64(oid)), nil
}

func appendReg(dst []byte, t *Type, oid OID, env *Env) []byte {
	if oid == 0 {
		return append(dst, '-')
	}
	if env.Names != nil {
		if name := env.Names.RegName(t, oid); name != "" {
			return append(dst, name...)
		}
	}
	return strconv.AppendUint(dst, uint64(oid), 10)
}
