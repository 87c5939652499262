package resp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// Limits of what a client may send. Exceeding one is a protocol error, which
// ends the connection after its reply.
const (
	// MaxInlineBytes bounds a line: an inline command, or the header of a
	// multibulk or a bulk.
	MaxInlineBytes = 64 << 10
	// MaxBulkBytes bounds one argument (Redis' proto-max-bulk-len).
	MaxBulkBytes = 512 << 20
	// MaxQueryBytes bounds a command as sent (Redis' client-query-buffer-limit).
	MaxQueryBytes = 1 << 30

	// Before a client has authenticated, it may send no more than it needs for that.
	maxArgsUnauthenticated = 10
	maxBulkUnauthenticated = 16384
)

// errQueryBuffer ends a connection without a reply, as Redis does.
var errQueryBuffer = errors.New("command longer than client-query-buffer-limit")

// protocolError is what the client is told before its connection ends.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// reader finds commands in what a client sends. The bytes stay where the socket
// put them, and arguments are slices of them:
//
//	buf  *2 $3 GET $1 k  *3 $3 SET $1 k $5 he
//	     ▲               ▲                   ▲
//	     done            start               end
//
// An unfinished command is not read again from its beginning when more arrives:
// spans, want and bulk say how far it was understood.
type reader struct {
	buf        []byte
	start, end int // the command being read begins at start

	pos   int      // what is understood of it ends here, relative to start
	want  int      // arguments of its header that are still to come; -1: no header yet
	bulk  int      // length of the argument being read; -1: no header yet
	spans [][2]int // its arguments, relative to start
	args  [][]byte // of all commands since the last space
}

// newReader makes a reader.
func newReader() *reader {
	return &reader{buf: make([]byte, 16<<10), want: -1, bulk: -1}
}

// keepBytes is the size of the buffer that an idle connection may keep.
const keepBytes = 64 << 10

// space gives room to read into, and read says how much of it was filled. Slices
// that next returned are lost by then.
func (r *reader) space() ([]byte, error) {
	r.args = r.args[:0]
	if r.start == r.end {
		r.start, r.end = 0, 0
		if len(r.buf) > keepBytes && r.want < 0 {
			r.buf = make([]byte, 16<<10)
		}
	}
	if r.end == len(r.buf) || r.bulk > len(r.buf)-r.end {
		if r.start > 0 {
			r.end = copy(r.buf, r.buf[r.start:r.end])
			r.start = 0
		}
		if r.end > len(r.buf)*3/4 {
			if r.end > MaxQueryBytes {
				return nil, errQueryBuffer
			}
			// Grown as bytes arrive, not by what a header promises.
			grown := make([]byte, 2*len(r.buf))
			copy(grown, r.buf[:r.end])
			r.buf = grown
		}
	}
	return r.buf[r.end:], nil
}

func (r *reader) read(n int) { r.end += n }

// ahead is space while commands that were read are still in use: what is there
// stays where it is.
func (r *reader) ahead() []byte {
	if r.end == len(r.buf) {
		grown := make([]byte, 2*len(r.buf))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
	return r.buf[r.end:]
}

// next gives the next command; ok is false if it has not arrived as a whole.
// Without arguments there was nothing to do: an empty line. trusted is false for
// a client that must authenticate and has not. The error is a protocolError.
func (r *reader) next(trusted bool) (args [][]byte, ok bool, err error) {
	if r.start == r.end {
		return nil, false, nil
	}
	if r.want < 0 && r.buf[r.start] != '*' {
		return r.inline()
	}
	if r.want < 0 {
		n, ok, err := r.header("mbulk count", math.MaxInt32, "multibulk length")
		if !ok {
			return nil, false, err
		}
		if n > maxArgsUnauthenticated && !trusted {
			return nil, false, protocolError("unauthenticated multibulk length")
		}
		r.want, r.spans = max(int(n), 0), r.spans[:0]
	}
	for r.want > 0 {
		if r.bulk < 0 {
			line := r.buf[r.start+r.pos : r.end]
			if len(line) > 0 && line[0] != '$' && bytes.IndexByte(line, '\r') >= 0 {
				return nil, false, protocolError(fmt.Sprintf("expected '$', got '%c'", line[0]))
			}
			n, ok, err := r.header("bulk count", MaxBulkBytes, "bulk length")
			if !ok {
				return nil, false, err
			}
			if n < 0 {
				return nil, false, protocolError("invalid bulk length")
			}
			if n > maxBulkUnauthenticated && !trusted {
				return nil, false, protocolError("unauthenticated bulk length")
			}
			r.bulk = int(n)
		}
		if r.start+r.pos+r.bulk+2 > r.end {
			return nil, false, nil
		}
		r.spans = append(r.spans, [2]int{r.pos, r.pos + r.bulk})
		r.pos += r.bulk + 2
		r.bulk = -1
		r.want--
	}
	from := len(r.args) // should it move when it grows, earlier commands keep the old one
	for _, s := range r.spans {
		r.args = append(r.args, r.buf[r.start+s[0]:r.start+s[1]:r.start+s[1]])
	}
	args = r.args[from:len(r.args):len(r.args)]
	r.start += r.pos
	r.pos, r.want = 0, -1
	return args, true, nil
}

// header reads a line such as *3 or $5, whose first byte is not looked at.
func (r *reader) header(line string, most int64, what string) (n int64, ok bool, err error) {
	rest := r.buf[r.start+r.pos : r.end]
	// Nearly always one digit.
	if len(rest) > 3 && rest[2] == '\r' && rest[1] >= '0' && rest[1] <= '9' {
		r.pos += 4
		return int64(rest[1] - '0'), true, nil
	}
	i := bytes.IndexByte(rest, '\r')
	if i < 0 {
		if len(rest) > MaxInlineBytes {
			return 0, false, protocolError("too big " + line + " string")
		}
		return 0, false, nil
	}
	if i+2 > len(rest) {
		return 0, false, nil
	}
	n, good := parseInt(rest[1:i])
	if !good || n > most {
		return 0, false, protocolError("invalid " + what)
	}
	r.pos += i + 2
	return n, true, nil
}

// inline reads a command that is a line of words, as a person types it.
func (r *reader) inline() ([][]byte, bool, error) {
	rest := r.buf[r.start:r.end]
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		if len(rest) > MaxInlineBytes {
			return nil, false, protocolError("too big inline request")
		}
		return nil, false, nil
	}
	r.start += i + 1
	line := rest[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	args, ok := splitWords(line)
	if !ok {
		return nil, false, protocolError("unbalanced quotes in request")
	}
	return args, true, nil
}

// splitWords splits a line into words, which may be quoted: "…" with \xHH, \n, \r,
// \t, \b, \a and \ before any other byte, '…' with \' only.
func splitWords(line []byte) (words [][]byte, ok bool) {
	space := func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
	for i := 0; ; {
		for i < len(line) && space(line[i]) {
			i++
		}
		if i == len(line) || line[i] == 0 {
			return words, true
		}
		word, quote := []byte{}, byte(0)
		for ; ; i++ {
			if i == len(line) || line[i] == 0 {
				if quote != 0 {
					return nil, false
				}
				break
			}
			c := line[i]
			if quote == 0 {
				if space(c) {
					break
				}
				if c == '"' || c == '\'' {
					quote = c
				} else {
					word = append(word, c)
				}
				continue
			}
			switch {
			case c == quote:
				if i+1 < len(line) && line[i+1] != 0 && !space(line[i+1]) {
					return nil, false // a closing quote ends a word
				}
				quote = 0
			case quote == '"' && c == '\\' && i+3 < len(line) && line[i+1] == 'x' && hexDigit(line[i+2]) >= 0 && hexDigit(line[i+3]) >= 0:
				word = append(word, byte(hexDigit(line[i+2])<<4|hexDigit(line[i+3])))
				i += 3
			case quote == '"' && c == '\\' && i+1 < len(line):
				i++
				c = line[i]
				if k := bytes.IndexByte([]byte("nrtba"), c); k >= 0 {
					c = "\n\r\t\b\a"[k]
				}
				word = append(word, c)
			case quote == '\'' && c == '\\' && i+1 < len(line) && line[i+1] == '\'':
				i++
				word = append(word, '\'')
			default:
				word = append(word, c)
			}
		}
		words = append(words, word)
	}
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}

// parseInt reads a decimal number in its one canonical form: no plus sign, no
// leading zeros, no minus zero.
func parseInt(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 || b[0] == '0' && (neg || len(b) > 1) {
		return 0, false
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case neg && n <= 1<<63:
		return -int64(n), true
	case !neg && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}
