package session

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
)

// copyIn reads rows of COPY FROM into batches of columns. Text and CSV are
// read in chunks of whole lines; a chunk becomes one string that the text values of
// its rows share, so that loading allocates per chunk, not per value.
type copyIn struct {
	opts  *copyOptions
	table *catalog.Table
	cols  []*catalog.Column
	env   *types.Env
	src   io.Reader

	buf       []byte // bytes read and not yet taken
	eof       bool
	line      int64 // number of the line being read, from 1
	field     int   // column being read, -1 none
	nullField bool  // that column is NULL
	value     string
	inRow     bool
	started   bool
	ended     bool
	batch     types.Batch
	scratch   []byte
	nl        newline
	// domains check the values of columns whose type is a domain; nil entries: others.
	domains []func(types.Datum) error
	// lines and texts are the line numbers and (but for binary) lines of the batch's rows.
	lines []int64
	texts []string
	text  string // the line being read
	// keep is COPY's WHERE, for a row of the batch; nil keeps all.
	keep func(b *types.Batch, i int) (bool, error)
}

// newline is the line ending of the input; all lines must have the same.
type newline uint8

const (
	nlUnknown newline = iota
	nlLF
	nlCRLF
	nlCR
)

// copyChunk is how much is read at a time.
const copyChunk = 256 << 10

// maxCopyLine bounds one line (54000).
const maxCopyLine = 1 << 30

func (c *copyIn) init() {
	c.field = -1
	for _, col := range c.cols {
		c.batch.Cols = append(c.batch.Cols, types.NewVec(col.Type, types.BatchSize))
	}
}

// locate adds to an error where in the input it happened.
func (c *copyIn) locate(err error) error {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err
	}
	line := c.line
	if e.Row > 0 && e.Row <= len(c.lines) { // a row of the batch last read
		line = c.lines[e.Row-1]
		c.field, c.inRow = -1, false
		if e.Code != pgerr.UniqueViolation && c.opts.format != copyBinary {
			c.inRow, c.value = true, c.texts[e.Row-1]
		}
	}
	if e.Code == pgerr.QueryCanceled { // the client gave up: in the line after those it sent
		line += int64(bytes.Count(c.buf, []byte{'\n'})) + 1
	}
	if line == 0 {
		return err
	}
	cp := *e
	defer func() {
		if e.Where != "" {
			cp.Where = e.Where + "\n" + cp.Where
		}
	}()
	cp.Where = fmt.Sprintf("COPY %s, line %d", c.table.Name, line)
	if c.field >= 0 {
		cp.Where += ", column " + c.cols[c.field].Name
		switch {
		case c.opts.format == copyBinary:
		case c.nullField:
			cp.Where += ": null input"
		default:
			v := c.value
			if len(v) > 100 {
				v = v[:100] + "..."
			}
			cp.Where += fmt.Sprintf(": \"%s\"", v)
		}
	} else if c.inRow && c.opts.format != copyBinary {
		v := c.value
		if len(v) > 100 {
			v = v[:100] + "..."
		}
		cp.Where += fmt.Sprintf(": \"%s\"", v)
	}
	return &cp
}

// ready tells whether more of the input is there without waiting.
func (c *copyIn) ready() bool {
	r, ok := c.src.(interface{ Ready() bool })
	return !ok || r.Ready()
}

// fill reads more input behind what is left, as much as there is; false at its end.
func (c *copyIn) fill() (bool, error) {
	if c.eof {
		return false, nil
	}
	if cap(c.buf)-len(c.buf) < copyChunk/8 { // what lies before may still be in use
		old := c.buf
		c.buf = make([]byte, len(old), max(copyChunk, 2*len(old)))
		copy(c.buf, old)
	}
	for had := len(c.buf); len(c.buf) < cap(c.buf); {
		// A line that is long and not yet whole is looked at again only when it has doubled.
		if enough := len(c.buf) > had && (had < copyChunk/4 || len(c.buf) >= 2*had); enough && !c.ready() {
			break
		}
		n, err := c.src.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+n]
		if err == io.EOF {
			c.eof = true
			break
		}
		if err != nil {
			return false, err
		}
		if len(c.buf) > maxCopyLine {
			return false, pgerr.Newf(pgerr.ProgramLimitExceeded, "a line of COPY data exceeds the limit of %d bytes", maxCopyLine)
		}
	}
	return true, nil
}

// next gives the next batch of rows, nil at the end. The batch lives until the
// following call.
func (c *copyIn) next() (*types.Batch, error) {
	for i, v := range c.batch.Cols {
		v.Init(c.cols[i].Type, types.BatchSize)
		v.Resize(types.BatchSize)
	}
	n := 0
	c.lines, c.texts = c.lines[:0], c.texts[:0]
	for n < types.BatchSize && !c.ended {
		// Rows that are there are checked and stored before waiting for more: the client
		// learns of an error while it sends.
		if n > 0 && len(c.buf) == 0 && !c.eof && !c.ready() {
			break
		}
		var ok bool
		var err error
		if c.opts.format == copyBinary {
			ok, err = c.binaryRow(n)
		} else {
			ok, err = c.textRow(n)
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			c.ended = true
			break
		}
		if c.keep != nil {
			yes, err := c.keep(&c.batch, n)
			if err != nil {
				return nil, err
			}
			if !yes {
				for _, v := range c.batch.Cols {
					if v.HasNulls {
						v.Nulls[n] = false
					}
				}
				continue
			}
		}
		c.lines = append(c.lines, c.line)
		c.texts = append(c.texts, c.text)
		n++
	}

	if n == 0 {
		return nil, nil
	}
	for _, v := range c.batch.Cols {
		v.Resize(n)
	}
	c.batch.N = n
	return &c.batch, nil
}

// takeLine takes the next line off the input, without its ending. A line of
// CSV may hold newlines inside quotes.
func (c *copyIn) takeLine() (line []byte, ok bool, err error) {
	from, quoted := 0, false
	for {
		if c.opts.format == copyCSV {
			for ; from < len(c.buf); from++ {
				ch := c.buf[from]
				if quoted && ch == c.opts.escape && c.opts.escape != c.opts.quote && from+1 < len(c.buf) {
					from++
				} else if ch == c.opts.quote {
					quoted = !quoted
				} else if !quoted && (ch == '\n' || ch == '\r') {
					break
				}
			}
		} else {
			for from < len(c.buf) {
				i := bytes.IndexAny(c.buf[from:], "\n\r\\")
				if i < 0 {
					from = len(c.buf)
					break
				}
				from += i
				if c.buf[from] != '\\' {
					break
				}
				from = min(from+2, len(c.buf)+1) // what follows a backslash is data
			}
		}
		if from < len(c.buf) && (c.buf[from] == '\n' || from+1 < len(c.buf) || c.eof) {
			line = c.buf[:from]
			end := from + 1
			kind := nlLF
			if c.buf[from] == '\r' {
				kind = nlCR
				if from+1 < len(c.buf) && c.buf[from+1] == '\n' {
					kind, end = nlCRLF, from+2
				}
			}
			if c.nl == nlUnknown {
				c.nl = kind
			} else if c.nl != kind {
				c.line++
				what := "newline"
				if kind != nlLF {
					what = "carriage return"
				}
				if c.opts.format == copyCSV {
					return nil, false, pgerr.Newf(pgerr.BadCopyFileFormat, "unquoted %s found in data", what).WithHint("Use quoted CSV field to represent %s.", what)
				}
				esc := `\n`
				if kind != nlLF {
					esc = `\r`
				}
				return nil, false, pgerr.Newf(pgerr.BadCopyFileFormat, "literal %s found in data", what).WithHint("Use %q to represent %s.", esc, what)
			}
			c.buf = c.buf[end:]
			return line, true, nil
		}
		if from > len(c.buf) {
			from = len(c.buf) - 1 // a backslash at the end of what was read: look at it again
		}
		more, err := c.fill()
		if err != nil {
			return nil, false, err
		}
		if !more {
			if len(c.buf) == 0 {
				return nil, false, nil
			}
			if quoted {
				c.line++
				c.inRow, c.value = true, string(c.buf)
				return nil, false, pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
			}
			line, c.buf = c.buf, nil
			return line, true, nil
		}
		if c.opts.format == copyCSV {
			from, quoted = 0, false
		}
	}
}

// textRow reads a line of text or CSV into row i.
func (c *copyIn) textRow(i int) (bool, error) {
	c.field, c.inRow = -1, false
	line, ok, err := c.takeLine()
	if err != nil || !ok {
		return false, err
	}
	c.line++
	if c.opts.charset != nil {
		text, err := c.opts.charset.Decode(string(line))
		if err != nil {
			return false, err
		}
		line = []byte(text)
	}
	if !c.started {
		c.started = true
		if c.opts.header {
			if c.opts.headerMatch {
				if err := c.checkHeader(line); err != nil {
					c.inRow, c.value = true, string(line)
					return false, err
				}
			}
			return c.textRow(i)
		}
	}
	if len(line) == 2 && line[0] == '\\' && line[1] == '.' {
		return false, c.drain()
	}
	if err := types.ValidateText(bytesString(line)); err != nil {
		return false, err
	}
	text := string(line)
	c.inRow, c.value, c.text = true, text, text
	if len(c.cols) == 0 {
		if text != "" {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column")
		}
		return true, nil
	}
	rest, more := text, true
	for k := range c.cols {
		if !more {
			c.field = -1
			c.value = text
			return false, pgerr.Newf(pgerr.BadCopyFileFormat, "missing data for column %q", c.cols[k].Name)
		}
		var v string
		var null bool
		if c.opts.format == copyCSV {
			v, null, rest, more, err = c.csvField(rest, c.cols[k].Name)
		} else {
			v, null, rest, more, err = c.textField(rest)
		}
		if err != nil {
			return false, err
		}
		if null {
			c.batch.Cols[k].SetNull(i)
			if err := c.checkDomain(k, i); err != nil {
				c.field, c.nullField = k, true
				return false, err
			}
			continue
		}
		err := c.set(k, i, v)
		if err == nil {
			err = c.checkDomain(k, i)
		}
		if err != nil {
			c.field, c.value = k, v
			return false, err
		}
	}
	if more {
		return false, pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column")
	}
	return true, nil
}

// checkDomain checks a value of a column whose type is a domain.
func (c *copyIn) checkDomain(k, i int) error {
	if c.domains == nil || c.domains[k] == nil {
		return nil
	}
	return c.domains[k](c.batch.Cols[k].Datum(i))
}

// drain reads the rest of the input after its end marker.
func (c *copyIn) drain() error {
	c.buf = nil
	var p [4096]byte
	for !c.eof {
		if _, err := c.src.Read(p[:]); err == io.EOF {
			c.eof = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// set parses a value into column k of row i.
func (c *copyIn) set(k, i int, v string) error {
	vec, col := c.batch.Cols[k], c.cols[k]
	switch col.Type {
	case types.Text:
		vec.S[i] = v
		return nil
	case types.Int4, types.Int8:
		if n, ok := smallInt(v); ok {
			vec.I[i] = n
			return nil
		}
	}
	d, err := types.Parse(col.Type, col.Typmod, v, c.env)
	if err != nil {
		return err
	}
	vec.Set(i, d)
	return nil
}

// smallInt reads plain integers of up to nine digits, which fit every integer type but int2.
func smallInt(s string) (int64, bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	if neg {
		n = -n
	}
	return n, true
}

// textField takes one field of the text format off a line.
func (c *copyIn) textField(s string) (v string, null bool, rest string, more bool, err error) {
	i := 0
	for i < len(s) && s[i] != c.opts.delim && s[i] != '\\' {
		i++
	}
	if i == len(s) || s[i] == c.opts.delim {
		v = s[:i]
		if i < len(s) {
			rest, more = s[i+1:], true
		}
		return v, v == c.opts.null, rest, more, nil
	}
	// Escapes: find the end of the raw field, then decode.
	end := i
	for end < len(s) && s[end] != c.opts.delim {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(s))
	raw := s[:end]
	if end < len(s) {
		rest, more = s[end+1:], true
	}
	if raw == c.opts.null {
		return "", true, rest, more, nil
	}
	out := append(c.scratch[:0], raw[:i]...)
	for j := i; j < len(raw); j++ {
		ch := raw[j]
		if ch != '\\' || j+1 == len(raw) {
			out = append(out, ch)
			continue
		}
		j++
		switch ch = raw[j]; ch {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'v':
			out = append(out, '\v')
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n := int(ch - '0')
			for k := 0; k < 2 && j+1 < len(raw) && raw[j+1] >= '0' && raw[j+1] <= '7'; k++ {
				j++
				n = n*8 + int(raw[j]-'0')
			}
			out = append(out, byte(n))
		case 'x':
			n, k := 0, 0
			for k < 2 && j+1 < len(raw) {
				h := strings.IndexByte("0123456789abcdef", raw[j+1]|0x20)
				if raw[j+1] >= '0' && raw[j+1] <= '9' {
					h = int(raw[j+1] - '0')
				}
				if h < 0 {
					break
				}
				j++
				k++
				n = n*16 + h
			}
			if k == 0 {
				out = append(out, 'x')
			} else {
				out = append(out, byte(n))
			}
		default:
			out = append(out, ch)
		}
	}
	c.scratch = out
	v = string(out)
	if err := types.ValidateText(v); err != nil {
		return "", false, "", false, err
	}
	return v, false, rest, more, nil
}

// csvField takes one field of the CSV format off a line.
func (c *copyIn) csvField(s, column string) (v string, null bool, rest string, more bool, err error) {
	q, esc := c.opts.quote, c.opts.escape
	plain, i := true, 0
	for i < len(s) && s[i] != c.opts.delim && s[i] != q {
		i++
	}
	if i == len(s) || s[i] == c.opts.delim {
		v = s[:i]
	} else {
		plain = false
		out := append(c.scratch[:0], s[:i]...)
		in := false
		for ; i < len(s); i++ {
			ch := s[i]
			switch {
			case in && ch == esc && i+1 < len(s) && (s[i+1] == q || s[i+1] == esc):
				i++
				out = append(out, s[i])
			case ch == q:
				in = !in
			case !in && ch == c.opts.delim:
				goto done
			default:
				out = append(out, ch)
			}
		}
		if in {
			return "", false, "", false, pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
		}
	done:
		c.scratch = out
		v = string(out)
	}
	if i < len(s) {
		rest, more = s[i+1:], true
	}
	if v == c.opts.null {
		if plain {
			null = !c.opts.notNull[column] && !c.opts.notNull["*"]
		} else {
			null = c.opts.forceNull[column] || c.opts.forceNull["*"]
		}
	}
	return v, null, rest, more, nil
}

func (c *copyIn) checkHeader(line []byte) error {
	rest, more := string(line), true
	n := 0
	var mismatch error // told after another number of fields
	for more {
		var v string
		var null bool
		var err error
		if c.opts.format == copyCSV {
			v, null, rest, more, err = c.csvField(rest, "")
		} else {
			v, null, rest, more, err = c.textField(rest)
		}
		if err != nil {
			return err
		}
		if n < len(c.cols) && mismatch == nil {
			if null {
				mismatch = pgerr.Newf(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got null value (%q), expected %q", n+1, c.opts.null, c.cols[n].Name)
			}
			if !null && v != c.cols[n].Name {
				mismatch = pgerr.Newf(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got %q, expected %q", n+1, v, c.cols[n].Name)
			}
		}
		n++
	}
	if n != len(c.cols) {
		return pgerr.Newf(pgerr.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", n, len(c.cols))
	}
	return mismatch
}

// need makes at least n bytes available.
func (c *copyIn) need(n int) (bool, error) {
	for len(c.buf) < n {
		more, err := c.fill()
		if err != nil {
			return false, err
		}
		if !more {
			return false, nil
		}
	}
	return true, nil
}

// binaryRow reads a row of the binary format into row i.
func (c *copyIn) binaryRow(i int) (bool, error) {
	c.field = -1
	eof := pgerr.New(pgerr.BadCopyFileFormat, "unexpected EOF in COPY data")
	if !c.started {
		c.started = true
		ok, err := c.need(len(binarySignature) + 8)
		if err != nil {
			return false, err
		}
		if !ok || string(c.buf[:len(binarySignature)]) != binarySignature {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "COPY file signature not recognized")
		}
		c.buf = c.buf[len(binarySignature):]
		flags := binary.BigEndian.Uint32(c.buf)
		if flags&(1<<16) != 0 {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (WITH OIDS)")
		}
		if flags>>16 != 0 {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "unrecognized critical flags in COPY file header")
		}
		ext := int32(binary.BigEndian.Uint32(c.buf[4:]))
		if ext < 0 {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (missing length)")
		}
		if ok, err := c.need(8 + int(ext)); err != nil || !ok {
			if err == nil {
				err = pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (wrong length)")
			}
			return false, err
		}
		c.buf = c.buf[8+ext:]
	}
	c.line++
	ok, err := c.need(2)
	if err != nil {
		return false, err
	}
	if !ok {
		if len(c.buf) == 0 {
			return false, nil // without a trailer, as version 2 clients end
		}
		return false, eof
	}
	fields := int16(binary.BigEndian.Uint16(c.buf))
	c.buf = c.buf[2:]
	if fields == -1 {
		if ok, err := c.need(1); err != nil {
			return false, err
		} else if ok {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "received copy data after EOF marker")
		}
		return false, nil
	}
	if int(fields) != len(c.cols) {
		return false, pgerr.Newf(pgerr.BadCopyFileFormat, "row field count is %d, expected %d", fields, len(c.cols))
	}
	for k, col := range c.cols {
		c.field = k
		if ok, err := c.need(4); err != nil || !ok {
			if err == nil {
				err = eof
			}
			return false, err
		}
		n := int32(binary.BigEndian.Uint32(c.buf))
		c.buf = c.buf[4:]
		if n == -1 {
			c.batch.Cols[k].SetNull(i)
			if err := c.checkDomain(k, i); err != nil {
				return false, err
			}
			continue
		}
		if n < 0 || n > maxCopyLine {
			return false, pgerr.New(pgerr.BadCopyFileFormat, "invalid field size")
		}
		if ok, err := c.need(int(n)); err != nil || !ok {
			if err == nil {
				err = eof
			}
			return false, err
		}
		raw := c.buf[:n]
		c.buf = c.buf[n:]
		vec := c.batch.Cols[k]
		switch {
		case col.Type == types.Int4 && n == 4:
			vec.I[i] = int64(int32(binary.BigEndian.Uint32(raw)))
		case col.Type == types.Int8 && n == 8:
			vec.I[i] = int64(binary.BigEndian.Uint64(raw))
		default:
			d, err := parseBinary(col.Type, col.Typmod, raw, c.env, c.opts.charset)
			if err != nil {
				return false, err
			}
			vec.Set(i, d)
		}
		if err := c.checkDomain(k, i); err != nil {
			return false, err
		}
	}
	c.field = -1
	return true, nil
}

// bytesString gives the bytes as a string that must not outlive them.
func bytesString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
