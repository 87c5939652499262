package resp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// feed gives the reader the input in chunks and prints what it finds.
func feed(input []byte, chunk func(left int) int) string {
	r := newReader()
	var out strings.Builder
	for {
		for {
			args, ok, err := r.next(true)
			if err != nil {
				fmt.Fprintf(&out, "error %s", err)
				return out.String()
			}
			if !ok {
				break
			}
			fmt.Fprintf(&out, "%q\n", args)
		}
		if len(input) == 0 {
			return out.String()
		}
		p, err := r.space()
		if err != nil {
			return out.String() + err.Error()
		}
		if len(p) == 0 {
			panic("no space to read into")
		}
		n := min(chunk(len(input)), len(input), len(p))
		copy(p, input[:n])
		r.read(n)
		input = input[n:]
	}
}

func whole(left int) int { return left }

// Commands are found whatever the pieces they come in, and limits have Redis'
// words.
func TestReader(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct{ in, want string }{
		{"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", `["GET" "k"]` + "\n"},
		{"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n", "[\"PING\"]\n[\"PING\"]\n"},
		{"PING\r\nset k \"a b\\x41\\n\" 'it\\'s'\n\r\n", "[\"PING\"]\n[\"set\" \"k\" \"a bA\\n\" \"it's\"]\n[]\n"},
		{"*0\r\n*-1\r\n*1\r\n$0\r\n\r\n", "[]\n[]\n[\"\"]\n"},
		{"*1\r\n$100000\r\n" + long + "\r\nPING\r\n", fmt.Sprintf("[%q]\n[\"PING\"]\n", long)},
		{"*x\r\n", "error invalid multibulk length"},
		{"*2147483648\r\n", "error invalid multibulk length"},
		{"*1\r\n$-1\r\n", "error invalid bulk length"},
		{"*1\r\n$536870913\r\n", "error invalid bulk length"},
		{"*1\r\n:3\r\n", "error expected '$', got ':'"},
		{"set k \"a\r\n", "error unbalanced quotes in request"},
		{"set k 'a'b\r\n", "error unbalanced quotes in request"},
		{long, "error too big inline request"},
		{"*" + long, "error too big mbulk count string"},
		{"*1\r\n$" + long, "error too big bulk count string"},
	} {
		for name, chunk := range map[string]func(int) int{"whole": whole, "bytes": func(int) int { return 1 }, "odd": func(int) int { return 1021 }} {
			if got := feed([]byte(c.in), chunk); got != c.want {
				t.Errorf("%.40q in pieces of %s: got %.200q, want %.200q", c.in, name, got, c.want)
			}
		}
	}
	for in, want := range map[string]string{
		"*11\r\n":                        "unauthenticated multibulk length",
		"*2\r\n$4\r\nAUTH\r\n$16385\r\n": "unauthenticated bulk length",
	} {
		r := newReader()
		p, _ := r.space()
		r.read(copy(p, in))
		if _, _, err := r.next(false); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

// The same bytes give the same commands in any pieces; nothing panics.
func FuzzReader(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n"), byte(3))
	f.Add([]byte("set k \"a\\x4\" 'b'\r\n*1\r\n$5\r\nab"), byte(1))
	f.Add([]byte("*3\r\n$-5\r\n"), byte(2))
	f.Fuzz(func(t *testing.T, input []byte, size byte) {
		all := feed(bytes.Clone(input), whole)
		pieces := feed(bytes.Clone(input), func(int) int { return int(size%16) + 1 })
		if all != pieces {
			t.Fatalf("whole: %q\nin pieces: %q", all, pieces)
		}
	})
}
