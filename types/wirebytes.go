package types

import (
	"encoding/binary"

	"rowkey/pgerr"
)

func errInsufficient() error {
	return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
}

func errBadBinary() error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
}

// needBytes checks that a fixed-size binary value has its size.
func needBytes(b []byte, n int) error {
	if len(b) < n {
		return errInsufficient()
	}
	if len(b) > n {
		return errBadBinary()
	}
	return nil
}

// wireReader takes a composite binary value (array, record) apart; after an
// error everything reads as zero.
type wireReader struct {
	b   []byte
	err error
}

func (r *wireReader) uint32() uint32 {
	if len(r.b) < 4 {
		if r.err == nil {
			r.err = errInsufficient()
		}
		r.b = nil
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *wireReader) int32() int32 { return int32(r.uint32()) }

func (r *wireReader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		if r.err == nil {
			r.err = errInsufficient()
		}
		r.b = nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}
