package random

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// An engine answers statements.
type engine struct {
	name string
	conn *pgconn.PgConn
	dial func() (*pgconn.PgConn, error)
}

// timeout bounds a statement; a statement that takes a real server that long is skipped.
const timeout = 10 * time.Second

// result is what an engine answered.
type result struct {
	names []string
	oids  []uint32
	mods  []int32
	rows  [][][]byte
	tag   string
	code  string // SQLSTATE
	msg   string
	took  time.Duration
	bin   bool
}

func newEngine(name string, dial func() (*pgconn.PgConn, error)) (*engine, error) {
	e := &engine{name: name, dial: dial}
	return e, e.connect()
}

func (e *engine) connect() error {
	c, err := e.dial()
	if err != nil {
		return fmt.Errorf("%s: %w", e.name, err)
	}
	e.conn = c
	for _, s := range []string{"SET timezone = 'UTC'", "SET extra_float_digits = 1", "SET statement_timeout = '8s'", "SET jit = off"} {
		if r := e.run(s, mode{}); r.code != "" {
			return fmt.Errorf("%s: %s: %s", e.name, s, r.msg)
		}
	}
	return nil
}

// mode is how a statement travels.
type mode struct {
	extended bool
	binary   bool
	params   []param
}

// values shows the parameters, in comments that may follow the statement.
func (m mode) values() string {
	out := ""
	for i, p := range m.params {
		v := "NULL"
		if p.value != nil {
			v = quote(*p.value)
		}
		out += fmt.Sprintf("  -- $%d = %s", i+1, v)
	}
	return out
}

// run runs a statement. A broken connection is an answer too: code "lost".
func (e *engine) run(sql string, m mode) result {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	start := time.Now()
	var r result
	// fill reads field descriptions itself: Read gives none without rows.
	fill := func(rr *pgconn.ResultReader) error {
		r.names, r.oids, r.mods = nil, nil, nil
		for _, f := range rr.FieldDescriptions() {
			r.names, r.oids, r.mods = append(r.names, f.Name), append(r.oids, f.DataTypeOID), append(r.mods, f.TypeModifier)
		}
		x := rr.Read()
		r.rows, r.tag = x.Rows, x.CommandTag.String()
		return x.Err
	}
	var err error
	if !m.extended {
		res := e.conn.Exec(ctx, sql)
		for res.NextResult() {
			fill(res.ResultReader())
		}
		err = res.Close()
	} else {
		r.bin = m.binary
		var vals [][]byte
		for _, p := range m.params {
			if p.value == nil {
				vals = append(vals, nil)
			} else {
				vals = append(vals, []byte(*p.value))
			}
		}
		formats := []int16{0}
		if m.binary {
			formats[0] = 1
		}
		err = fill(e.conn.ExecParams(ctx, sql, vals, nil, nil, formats))
	}
	r.took = time.Since(start)
	if err != nil {
		r = result{took: r.took}
		var pe *pgconn.PgError
		if errors.As(err, &pe) {
			r.code, r.msg = pe.Code, pe.Message
		} else {
			r.code, r.msg = "lost", err.Error()
		}
		if e.conn.IsClosed() {
			if err := e.connect(); err != nil {
				r.msg += "; " + err.Error()
			}
		}
	}
	return r
}

// difference tells how two answers differ: a class ("" for none) and a text.
func difference(want, got result, ordered bool) (class, detail string) {
	switch {
	case got.code == "lost" || got.code == "XX000" && want.code != "XX000":
		return "crash", fmt.Sprintf("want %s\n     got %s", want.brief(), got.brief())
	case want.code == "57014" || want.code == "lost":
		return "", "" // too slow there
	case want.code != got.code:
		class = "error"
		if got.code == "57014" {
			class = slow
		} else if strings.HasPrefix(want.msg, "FULL JOIN is only supported") || strings.HasPrefix(want.msg, "could not implement") {
			class = refusedThere
		} else if got.code == "0A000" && undoneWords.MatchString(got.msg) {
			class = undone
		} else if want.mistake() && (got.mistake() || strings.HasPrefix(got.code, "22")) || got.mistake() && strings.HasPrefix(want.code, "22") {
			class = severalMistakes // one of them a literal perhaps
		} else if want.violation() && got.violation() ||
			want.runtimeError() && (got.code == "" || got.runtimeError() || got.violation()) ||
			got.runtimeError() && (want.code == "" || want.violation()) {
			// Which rows an expression sees depends on the plan.
			class = orderOfEvaluation
		}
		return class, fmt.Sprintf("want %s\n     got %s", want.brief(), got.brief())
	case want.code != "":
		if want.msg != got.msg && want.code[:2] != "22" && want.code[:2] != "23" {
			class = "message"
			if want.mistake() {
				class = severalMistakes
			} else if want.runtimeError() && got.runtimeError() {
				class = orderOfEvaluation
			}
			return class, fmt.Sprintf("want %s\n     got %s", want.brief(), got.brief())
		}
		return "", ""
	}
	if !sameTypes(want.oids, got.oids) || !sameMods(want.mods, got.mods) {
		return "types", fmt.Sprintf("want %v %v\n     got %v %v", want.oids, want.mods, got.oids, got.mods)
	}
	if fmt.Sprint(want.names) != fmt.Sprint(got.names) {
		return "names", fmt.Sprintf("want %v\n     got %v", want.names, got.names)
	}
	if want.tag != got.tag {
		return "rows", fmt.Sprintf("want %s\n     got %s\n%s", want.tag, got.tag, both(want, got))
	}
	a, b := want.lines(), got.lines()
	if ordered && slices.Equal(a, b) {
		return "", ""
	}
	sort.Strings(a)
	sort.Strings(b)
	if !slices.Equal(a, b) {
		return "rows", both(want, got)
	}
	if ordered && !sameOrder(want, got) {
		return "order", fmt.Sprintf("want %s\n     got %s", preview(want.lines(), 8), preview(got.lines(), 8))
	}
	return "", ""
}

// undoneWords are how rowkey says that it lacks something.
var undoneWords = regexp.MustCompile(`(is|are) not supported$`)

// mistake tells whether an answer is about a mistake in the statement itself.
func (r result) mistake() bool { return strings.HasPrefix(r.code, "42") && !r.runtimeError() }

// runtimeError tells whether a SQLSTATE depends on the rows an expression sees.
// So do some that have the code of a mistake: those about templates of to_char and kin.
func (r result) runtimeError() bool {
	switch r.code {
	case "42804":
		return strings.HasPrefix(r.msg, "cannot compare dissimilar column types") // of two records
	case "42601":
		return !strings.HasPrefix(r.msg, "syntax error")
	case "0A000":
		for _, start := range []string{"formatting field", "cannot convert NaN to ", "cannot convert infinity to ", "unit ", "searching for elements", "removing elements", "timestamps cannot be binned", "interval units", `"RN" not supported`, `"EEEE" not supported`} {
			if strings.HasPrefix(r.msg, start) {
				return true
			}
		}
		return false
	}
	return strings.HasPrefix(r.code, "22") || r.code == "21000"
}

// violation tells whether an answer is about a row that may not be written.
func (r result) violation() bool { return strings.HasPrefix(r.code, "23") || r.code == "44000" }

// sameTypes compares type OIDs; those of types that users make are free.
func sameTypes(want, got []uint32) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && (want[i] < 16384 || got[i] < 16384) {
			return false
		}
	}
	return true
}

// sameMods compares type modifiers. PostgreSQL describes what is left of an
// expression after folding: a modifier may be known there and not here.
func sameMods(want, got []int32) bool {
	for i := range want {
		if want[i] != got[i] && got[i] != -1 {
			return false
		}
	}
	return true
}

// sortKeys gives rows as text that is the same for equal values, though they look
// different; false where that cannot be told.
func (r result) sortKeys() ([]string, bool) {
	keys := make([]string, len(r.rows))
	for i, row := range r.rows {
		for j, v := range row {
			text := string(v)
			switch o := r.oids[j]; {
			case v == nil:
				text = "NULL"
			case o == 701 || o == 700:
				text = r.float(v)
			case o == 1186:
				text = intervalKey(v, r.bin)
			case o == 1042:
				text = strings.TrimRight(text, " ")
			case r.bin && o == 1700:
				text = binaryNumeric(v)
			case r.bin && (arrays[o] || o == 3802 || o >= 16384 || o == 2249):
				return nil, false
			case o == 1187:
				return nil, false // intervals in arrays
			case o == 1700 || o == 3802 || arrays[o] || o >= 16384 || o == 2249:
				text = fractionZeros.ReplaceAllString(text, "$1")
				text = strings.ReplaceAll(text, "-0", "0")
			}
			keys[i] += text + "|"
		}
	}
	return keys, true
}

// fractionZeros are zeros at the end of a fraction, and all of it when it is zero.
var fractionZeros = regexp.MustCompile(`(?:\.0+\b|(\.\d*[1-9])0+\b)`)

// intervalKey is an interval's length, months being of thirty days.
func intervalKey(v []byte, binaryForm bool) string {
	var months, days, micros int64
	if binaryForm && len(v) == 16 {
		micros, days, months = int64(binary.BigEndian.Uint64(v)), int64(int32(binary.BigEndian.Uint32(v[8:]))), int64(int32(binary.BigEndian.Uint32(v[12:])))
	} else {
		words := strings.Fields(string(v))
		for i := 0; i+1 < len(words); i += 2 {
			n, _ := strconv.ParseInt(words[i], 10, 64)
			switch words[i+1][:1] {
			case "y":
				months += 12 * n
			case "m":
				months += n
			case "d":
				days += n
			}
		}
		if len(words)%2 == 1 {
			clock, sign := words[len(words)-1], int64(1)
			if rest, ok := strings.CutPrefix(clock, "-"); ok {
				clock, sign = rest, -1
			}
			var h, m int64
			var s float64
			fmt.Sscanf(clock, "%d:%d:%f", &h, &m, &s)
			micros = sign * ((h*60+m)*60_000_000 + int64(math.Round(s*1e6)))
		}
	}
	total := new(big.Int).Mul(big.NewInt(months*30+days), big.NewInt(86_400_000_000))
	return total.Add(total, big.NewInt(micros)).String()
}

// sameOrder tells whether the rows of two answers stand in one order, values that
// look different but are equal taken for one.
func sameOrder(want, got result) bool {
	a, ok := want.sortKeys()
	b, also := got.sortKeys()
	return !ok || !also || slices.Equal(a, b)
}

func (r result) brief() string {
	if r.code != "" {
		return r.code + ": " + r.msg
	}
	return fmt.Sprintf("%s %s", r.tag, preview(r.lines(), 3))
}

func preview(lines []string, n int) string {
	if len(lines) > n {
		lines = append(append([]string{}, lines[:n]...), "…")
	}
	return "[" + strings.Join(lines, "] [") + "]"
}

// both shows what only one of the answers has.
func both(want, got result) string {
	count := map[string]int{}
	for _, l := range want.lines() {
		count[l]++
	}
	var extra []string
	for _, l := range got.lines() {
		if count[l] > 0 {
			count[l]--
		} else {
			extra = append(extra, l)
		}
	}
	var missing []string
	for _, l := range want.lines() {
		if count[l] > 0 {
			count[l]--
			missing = append(missing, l)
		}
	}
	return fmt.Sprintf("want %d rows, only there %s\n     got %d rows, only here %s", len(want.rows), preview(missing, 4), len(got.rows), preview(extra, 4))
}

// lines gives rows as text, floats to twelve digits.
func (r result) lines() []string {
	out := make([]string, len(r.rows))
	for i, row := range r.rows {
		var b strings.Builder
		for j, v := range row {
			if j > 0 {
				b.WriteByte('|')
			}
			switch {
			case v == nil:
				b.WriteString("NULL")
			case r.oids[j] == 701 || r.oids[j] == 700:
				b.WriteString(r.float(v))
			case geometric[r.oids[j]]: // sines may differ in the last digit
				if r.bin {
					v = unpackFloats(v)
				}
				b.WriteString(floatWords.ReplaceAllStringFunc(string(v), func(s string) string { return result{}.float([]byte(s)) }))
			case r.bin:
				switch o := r.oids[j]; {
				case o == 1700:
					b.WriteString(binaryNumeric(v))
				case o >= 16384 && (len(v) > 12 && v[3] == 1 || len(v) == 12 && v[3] == 0): // an array, of a type whose OID is free
					fmt.Fprintf(&b, "%x", v[12:])
				case arrays[o] && len(v) > 8: // arrays say whether they have room for NULLs
					fmt.Fprintf(&b, "%x", v[:4])
					fmt.Fprintf(&b, "%x", v[8:])
				default:
					fmt.Fprintf(&b, "%x", v)
				}
			case r.oids[j] == 1700:
				b.WriteString(trimZeros(string(v)))
			default:
				b.Write(v)
			}
		}
		out[i] = b.String()
	}
	return out
}

// geometric are the types made of floats.
var geometric = map[uint32]bool{600: true, 601: true, 602: true, 603: true, 604: true, 628: true, 718: true}

var floatWords = regexp.MustCompile(`-?\d+(\.\d+)?(e[-+]?\d+)?`)

// unpackFloats is a binary value of a geometric type as text.
func unpackFloats(v []byte) []byte {
	out := fmt.Appendf(nil, "%x", v[:len(v)%8])
	for v = v[len(v)%8:]; len(v) > 0; v = v[8:] {
		out = fmt.Appendf(out, " (%s)", strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(v)), 'g', -1, 64))
	}
	return out
}

// arrays are the array types that no user made.
var arrays = map[uint32]bool{1000: true, 1001: true, 1005: true, 1007: true, 1009: true, 1014: true, 1015: true, 1016: true, 1021: true, 1022: true,
	1041: true, 1115: true, 1182: true, 1183: true, 1185: true, 1187: true, 1231: true, 1270: true, 1563: true, 2287: true, 2951: true, 3807: true, 3905: true,
	3909: true, 3913: true, 6150: true}

// trimZeros drops trailing zeros: which of 1.0 and 1.00 represents a group is free.
func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func (r result) float(v []byte) string {
	var f float64
	if r.bin && len(v) == 8 {
		f = math.Float64frombits(binary.BigEndian.Uint64(v))
	} else if r.bin && len(v) == 4 {
		f = float64(math.Float32frombits(binary.BigEndian.Uint32(v)))
	} else {
		f, _ = strconv.ParseFloat(string(v), 64)
	}
	if math.Abs(f) < 1e-12 {
		f = 0
	}
	return strconv.FormatFloat(f, 'g', 11, 64)
}

// binaryNumeric is the digits without the display scale.
func binaryNumeric(v []byte) string {
	if len(v) < 8 {
		return fmt.Sprintf("%x", v)
	}
	return fmt.Sprintf("%x %x %x", v[2:4], v[4:6], v[8:])
}

// timeScale is the shortest time that counts as slow, a fiftieth.
const timeScale = 10 * time.Millisecond
