package keyenc

// Parts says what the bytes of one encoded value are.
type Parts struct {
	Type       string // "int4", "text" …; "NULL"
	Descending bool
	Tag        int // bytes of the tag, or of the mark for NULL
	Body       int // bytes of the value itself
	End        int // bytes of the terminator
}

// Take takes the value at the front of b apart, whatever its type.
func Take(b []byte) (p Parts, rest []byte, err error) {
	if IsNull(b) {
		return Parts{Type: "NULL", Tag: 1}, b[1:], nil
	}
	if rest, err = Skip(b); err != nil {
		return p, b, err
	}
	tag := b[0]
	if p.Descending = tag >= 0x80; p.Descending {
		tag = ^tag
	}
	p.Type, p.Tag = tagNames[tag], 1
	switch tag {
	case tagText, tagBytes:
		p.End = 2
	case tagTuple:
		p.End = 1
	case tagFalse, tagTrue:
		p.Tag, p.Body = 0, 1 // the tag is the value
	}
	if p.Body == 0 {
		p.Body = len(b) - len(rest) - p.Tag - p.End
	}
	return p, rest, nil
}

// PrettyValue prints the value at the front of b, as Pretty does.
func PrettyValue(b []byte) (text string, rest []byte, err error) {
	out, rest, ok := appendPretty(nil, b)
	if !ok {
		return "", b, ErrMalformed
	}
	return string(out), rest, nil
}

var tagNames = [...]string{
	tagFalse: "bool", tagTrue: "bool", tagInt64: "int8", tagInt32: "int4", tagInt16: "int2", tagUint32: "oid",
	tagFloat64: "float8", tagFloat32: "float4", tagDecimal: "numeric", tagBytes: "bytea", tagText: "text",
	tagDate: "date", tagTimestamp: "timestamp", tagTimestampTZ: "timestamptz", tagTime: "time", tagTimeTZ: "timetz",
	tagInterval: "interval", tagUUID: "uuid", tagArray: "array", tagTuple: "record",
}
