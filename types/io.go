package types

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
//	Format(t, typmod) string          SQL name: character varying(10), integer[] …
