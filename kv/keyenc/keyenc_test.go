package keyenc_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"rowkey/kv/keyenc"
)

func seed(t testing.TB) *rand.Rand {
	s := rand.Uint64()
	if v := os.Getenv("ROWKEY_SEED"); v != "" {
		s, _ = strconv.ParseUint(v, 10, 64)
	}
	t.Logf("ROWKEY_SEED=%d", s)
	return rand.New(rand.NewPCG(s, 0))
}

// law is one type: how to draw a value, encode it, compare two, and decode (nil if that
// is lossy; it must give a value that compares equal).
type law[T any] struct {
	name    string
	draw    func(r *rand.Rand) T
	encode  func(dst []byte, v T) []byte
	compare func(a, b T) int
	decode  func(b []byte) (T, []byte, error)
}

const draws = 3000

// check tests the laws: order both ways, equality, no encoding a prefix of another,
// Skip and decoding ending exactly at the end, in the middle of a key.
func check[T any](t *testing.T, r *rand.Rand, l law[T]) {
	t.Run(l.name, func(t *testing.T) {
		prev := l.draw(r)
		for range draws {
			v := l.draw(r)
			checkPair(t, l, prev, v)
			prev = v
		}
	})
}

func checkPair[T any](t *testing.T, l law[T], a, b T) {
	t.Helper()
	head := []byte("head")
	ea, eb := l.encode(bytes.Clone(head), a)[4:], l.encode(bytes.Clone(head), b)[4:]
	c := l.compare(a, b)
	if got := bytes.Compare(ea, eb); got != c {
		t.Fatalf("%v and %v compare %d, their encodings %x and %x %d", a, b, c, ea, eb, got)
	}
	if c != 0 && (bytes.HasPrefix(ea, eb) || bytes.HasPrefix(eb, ea)) {
		t.Fatalf("of %v and %v one encoding is a prefix of the other: %x, %x", a, b, ea, eb)
	}
	da, db := bytes.Clone(ea), bytes.Clone(eb)
	keyenc.Invert(da)
	keyenc.Invert(db)
	if got := bytes.Compare(db, da); got != c {
		t.Fatalf("%v and %v compare %d, descending %d", a, b, c, got)
	}
	for _, e := range [][]byte{ea, da} {
		for _, tail := range []string{"", "\x00", "\xff\xff", "tail"} {
			whole := append(bytes.Clone(e), tail...)
			rest, err := keyenc.Skip(whole)
			if err != nil || string(rest) != tail {
				t.Fatalf("Skip of %x (%v) before %q leaves %q, %v", e, a, tail, rest, err)
			}
			if l.decode == nil {
				continue
			}
			v, rest, err := l.decode(whole)
			if err != nil || string(rest) != tail {
				t.Fatalf("decoding %x (%v) before %q leaves %q, %v", e, a, tail, rest, err)
			}
			if l.compare(v, a) != 0 {
				t.Fatalf("%v decodes as %v", a, v)
			}
		}
		for i := range e {
			if l.decode != nil {
				if _, _, err := l.decode(e[:i]); err == nil {
					t.Fatalf("%x, cut to %x, decodes", e, e[:i])
				}
			}
			if _, err := keyenc.Skip(e[:i]); err == nil {
				t.Fatalf("%x, cut to %x, is skipped", e, e[:i])
			}
		}
		for _, o := range []keyenc.Order{keyenc.Asc, keyenc.AscNullsFirst, keyenc.Desc, keyenc.DescNullsLast} {
			null := o.AppendNull(nil)
			if (bytes.Compare(null, e) < 0) != o.NullsFirst() {
				t.Fatalf("NULL of order %d is on the wrong side of %x", o, e)
			}
		}
		if p := keyenc.Pretty(append([]byte{1}, e...)); strings.Contains(p, "0x") || !strings.HasPrefix(p, "/Catalog/") {
			t.Fatalf("%v prints as %s", a, p)
		}
	}
}

func drawInt(r *rand.Rand) int64 {
	edge := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 31, -1 << 31, 255, 256, -256}
	switch r.IntN(3) {
	case 0:
		return edge[r.IntN(len(edge))]
	case 1:
		return int64(r.IntN(100)) - 50
	}
	return int64(r.Uint64()) >> r.IntN(64)
}

func drawFloat(r *rand.Rand) float64 {
	edge := []float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000001), math.Inf(1), math.Inf(-1),
		1, -1, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.MaxFloat64, -math.MaxFloat64}
	switch r.IntN(3) {
	case 0:
		return edge[r.IntN(len(edge))]
	case 1:
		return float64(r.IntN(20)-10) / 4
	}
	return math.Float64frombits(r.Uint64())
}

// compareFloat is PostgreSQL's: NaN equals itself and is greatest.
func compareFloat(a, b float64) int {
	switch {
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	case b != b:
		return -1
	}
	return cmp.Compare(a+0, b+0)
}

func drawBytes(r *rand.Rand) []byte {
	alphabet := []byte{0, 0, 0xff, 0xff, 1, 'a', 'b', 0xfe}
	b := make([]byte, r.IntN(7))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return b
}

type dec struct {
	kind  keyenc.DecimalKind
	coef  *big.Int
	scale int32
}

func (d dec) String() string { return fmt.Sprintf("(%d %v e-%d)", d.kind, d.coef, d.scale) }

func drawDecimal(r *rand.Rand) dec {
	d := dec{coef: new(big.Int)}
	switch r.IntN(10) {
	case 0:
		d.kind = keyenc.DecimalKind(r.IntN(4) - 1)
		return d
	case 1:
		return d
	case 2, 3, 4:
		d.coef.SetInt64(int64(r.IntN(300) - 150))
		d.scale = int32(r.IntN(5))
		return d
	}
	d.coef.SetUint64(r.Uint64() >> r.IntN(64))
	for range r.IntN(4) {
		d.coef.Mul(d.coef, big.NewInt(int64(1+r.IntN(1000))))
	}
	if r.IntN(2) == 0 {
		d.coef.Neg(d.coef)
	}
	d.scale = int32(r.IntN(150) - 75)
	return d
}

func compareDecimal(a, b dec) int {
	if a.kind != b.kind {
		return cmp.Compare(a.kind, b.kind)
	}
	if a.kind != keyenc.DecimalFinite {
		return 0
	}
	x, y := new(big.Int).Set(a.coef), new(big.Int).Set(b.coef)
	ten := big.NewInt(10)
	if d := a.scale - b.scale; d > 0 {
		y.Mul(y, new(big.Int).Exp(ten, big.NewInt(int64(d)), nil))
	} else {
		x.Mul(x, new(big.Int).Exp(ten, big.NewInt(int64(-d)), nil))
	}
	return x.Cmp(y)
}

func encodeDecimal(dst []byte, d dec) []byte {
	if d.kind != keyenc.DecimalFinite {
		return keyenc.AppendDecimalSpecial(dst, d.kind)
	}
	e := keyenc.AppendDecimalBig(nil, d.coef, d.scale)
	if d.coef.IsInt64() {
		if f := keyenc.AppendDecimalInt64(nil, d.coef.Int64(), d.scale); !bytes.Equal(e, f) {
			panic(fmt.Sprintf("%v: as big %x, as int64 %x", d, e, f))
		}
	}
	if abs := new(big.Int).Abs(d.coef); abs.BitLen() <= 128 {
		lo := new(big.Int).And(abs, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
		hi := new(big.Int).Rsh(abs, 64).Uint64()
		if f := keyenc.AppendDecimalInt128(nil, d.coef.Sign() < 0, hi, lo, d.scale); !bytes.Equal(e, f) {
			panic(fmt.Sprintf("%v: as big %x, as int128 %x", d, e, f))
		}
	}
	return append(dst, e...)
}

func decodeDecimal(b []byte) (dec, []byte, error) {
	k, rest, err := keyenc.DecodeDecimal(b, nil)
	if err != nil {
		return dec{}, rest, err
	}
	d := dec{kind: k.Kind, coef: new(big.Int)}
	if len(k.Digits) > 0 {
		d.coef.SetString(string(k.Digits), 10)
		if k.Neg {
			d.coef.Neg(d.coef)
		}
		d.scale = int32(len(k.Digits)) - k.Exp
	}
	return d, rest, nil
}

type interval struct {
	months, days int32
	micros       int64
}

func (i interval) span() *big.Int {
	days := big.NewInt(int64(i.months)*30 + int64(i.days))
	return days.Mul(days, big.NewInt(86_400_000_000)).Add(days, big.NewInt(i.micros))
}

type array struct {
	elems []*int64 // nil: NULL
	lower int32
}

func (a array) String() string {
	var out []string
	for _, e := range a.elems {
		if e == nil {
			out = append(out, "NULL")
		} else {
			out = append(out, fmt.Sprint(*e))
		}
	}
	return fmt.Sprintf("[%d:]{%s}", a.lower, strings.Join(out, ","))
}

func compareArray(a, b array) int {
	for i := 0; i < len(a.elems) && i < len(b.elems); i++ {
		x, y := a.elems[i], b.elems[i]
		switch {
		case x == nil && y == nil:
		case x == nil:
			return 1
		case y == nil:
			return -1
		default:
			if c := cmp.Compare(*x, *y); c != 0 {
				return c
			}
		}
	}
	if c := cmp.Compare(len(a.elems), len(b.elems)); c != 0 {
		return c
	}
	return cmp.Compare(a.lower, b.lower)
}

type timetz struct {
	utc  int64
	zone int32
}

func TestLaws(t *testing.T) {
	r := seed(t)
	ints := func(bits int) func(r *rand.Rand) int64 {
		return func(r *rand.Rand) int64 { return drawInt(r) >> (64 - bits) }
	}
	check(t, r, law[int64]{"int64", drawInt, keyenc.AppendInt64, cmp.Compare[int64], keyenc.DecodeInt64})
	check(t, r, law[int32]{"int32", func(r *rand.Rand) int32 { return int32(ints(32)(r)) }, keyenc.AppendInt32, cmp.Compare[int32], keyenc.DecodeInt32})
	check(t, r, law[int16]{"int16", func(r *rand.Rand) int16 { return int16(ints(16)(r)) }, keyenc.AppendInt16, cmp.Compare[int16], keyenc.DecodeInt16})
	check(t, r, law[uint32]{"uint32", func(r *rand.Rand) uint32 { return uint32(drawInt(r)) }, keyenc.AppendUint32, cmp.Compare[uint32], keyenc.DecodeUint32})
	check(t, r, law[bool]{"bool", func(r *rand.Rand) bool { return r.IntN(2) == 0 }, keyenc.AppendBool, func(a, b bool) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}, keyenc.DecodeBool})
	check(t, r, law[float64]{"float64", drawFloat, keyenc.AppendFloat64, compareFloat, keyenc.DecodeFloat64})
	check(t, r, law[float32]{"float32", func(r *rand.Rand) float32 { return float32(drawFloat(r)) }, keyenc.AppendFloat32,
		func(a, b float32) int { return compareFloat(float64(a), float64(b)) }, keyenc.DecodeFloat32})
	check(t, r, law[[]byte]{"bytes", drawBytes, keyenc.AppendBytes, bytes.Compare,
		func(b []byte) ([]byte, []byte, error) { return keyenc.DecodeBytes(b, nil) }})
	check(t, r, law[string]{"text", func(r *rand.Rand) string { return string(drawBytes(r)) }, func(dst []byte, v string) []byte {
		a, b := keyenc.AppendString(bytes.Clone(dst), v), keyenc.AppendText(dst, []byte(v))
		if !bytes.Equal(a, b) {
			panic("AppendString and AppendText differ")
		}
		return a
	}, strings.Compare, func(b []byte) (string, []byte, error) {
		v, rest, err := keyenc.DecodeText(b, []byte{})
		return string(v), rest, err
	}})
	check(t, r, law[dec]{"decimal", drawDecimal, encodeDecimal, compareDecimal, decodeDecimal})
	check(t, r, law[int32]{"date", func(r *rand.Rand) int32 { return int32(ints(32)(r)) }, keyenc.AppendDate, cmp.Compare[int32], keyenc.DecodeDate})
	check(t, r, law[int64]{"timestamp", drawInt, keyenc.AppendTimestamp, cmp.Compare[int64], keyenc.DecodeTimestamp})
	check(t, r, law[int64]{"timestamptz", drawInt, keyenc.AppendTimestampTZ, cmp.Compare[int64], keyenc.DecodeTimestampTZ})
	check(t, r, law[int64]{"time", drawInt, keyenc.AppendTime, cmp.Compare[int64], keyenc.DecodeTime})
	check(t, r, law[timetz]{"timetz", func(r *rand.Rand) timetz { return timetz{drawInt(r), int32(ints(32)(r))} },
		func(dst []byte, v timetz) []byte { return keyenc.AppendTimeTZ(dst, v.utc, v.zone) },
		func(a, b timetz) int { return cmp.Or(cmp.Compare(a.utc, b.utc), cmp.Compare(a.zone, b.zone)) },
		func(b []byte) (timetz, []byte, error) {
			utc, zone, rest, err := keyenc.DecodeTimeTZ(b)
			return timetz{utc, zone}, rest, err
		}})
	check(t, r, law[interval]{"interval", func(r *rand.Rand) interval {
		if r.IntN(2) == 0 {
			return interval{int32(r.IntN(3)), int32(r.IntN(90) - 45), int64(r.IntN(3)) * 86_400_000_000}
		}
		return interval{int32(ints(32)(r)), int32(ints(32)(r)), drawInt(r)}
	}, func(dst []byte, v interval) []byte { return keyenc.AppendInterval(dst, v.months, v.days, v.micros) },
		func(a, b interval) int { return a.span().Cmp(b.span()) }, nil})
	check(t, r, law[[16]byte]{"uuid", func(r *rand.Rand) (u [16]byte) { copy(u[:], drawBytes(r)); return u }, keyenc.AppendUUID,
		func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }, keyenc.DecodeUUID})
	check(t, r, law[array]{"array", func(r *rand.Rand) array {
		a := array{lower: int32(r.IntN(2))}
		for range r.IntN(4) {
			if r.IntN(4) == 0 {
				a.elems = append(a.elems, nil)
			} else {
				v := int64(r.IntN(3) - 1)
				a.elems = append(a.elems, &v)
			}
		}
		return a
	}, func(dst []byte, a array) []byte {
		dst = keyenc.AppendArrayStart(dst)
		for _, e := range a.elems {
			if e == nil {
				dst = keyenc.AppendElementNull(dst)
			} else {
				dst = keyenc.AppendInt64(dst, *e)
			}
		}
		return keyenc.AppendArrayEnd(dst, keyenc.Dim{Length: int32(len(a.elems)), LowerBound: a.lower})
	}, compareArray, nil})
	check(t, r, law[[2]string]{"tuple", func(r *rand.Rand) [2]string {
		return [2]string{string(drawBytes(r)), string(drawBytes(r))}
	}, func(dst []byte, v [2]string) []byte {
		dst = keyenc.AppendTupleStart(dst)
		for _, s := range v {
			dst = keyenc.AppendString(dst, s)
		}
		return keyenc.AppendTupleEnd(dst)
	}, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }, nil})
}

// # Columns one after the other compare as tuples do, in mixed directions.
func TestColumns(t *testing.T) {
	r := seed(t)
	type row struct {
		a string
		b int64
	}
	for range 5000 {
		var rows [2]row
		var keys [2][]byte
		orders := [2]keyenc.Order{keyenc.Order(r.IntN(4)), keyenc.Order(r.IntN(4))}
		for i := range rows {
			rows[i] = row{string(drawBytes(r)), int64(r.IntN(3))}
			k := keyenc.AppendIndexPrefix(nil, 7, 2)
			at := len(k)
			k = keyenc.AppendString(k, rows[i].a)
			orders[0].Finish(k, at)
			at = len(k)
			k = keyenc.AppendInt64(k, rows[i].b)
			orders[1].Finish(k, at)
			keys[i] = k
		}
		c := cmp.Compare(rows[0].a, rows[1].a)
		if orders[0].Descending() {
			c = -c
		}
		c2 := cmp.Compare(rows[0].b, rows[1].b)
		if orders[1].Descending() {
			c2 = -c2
		}
		if got := bytes.Compare(keys[0], keys[1]); got != cmp.Or(c, c2) {
			t.Fatalf("%v: %v compare %d, want %d", orders, rows, got, cmp.Or(c, c2))
		}
	}
}

func TestPretty(t *testing.T) {
	row := func(index uint32) []byte { return keyenc.AppendIndexPrefix(nil, 7, index) }
	desc := row(3)
	n := len(desc)
	desc = keyenc.AppendString(desc, "z\x00y")
	keyenc.Invert(desc[n:])
	uuid := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	array := keyenc.AppendInt32(keyenc.AppendElementNull(keyenc.AppendInt32(keyenc.AppendArrayStart(row(1)), 1)), 3)
	for want, key := range map[string][]byte{
		"/":                                 nil,
		"/Table/7":                          keyenc.AppendTablePrefix(nil, 7),
		"/Table/7/2":                        row(2),
		"/Table/7/1/42":                     keyenc.AppendInt32(row(1), 42),
		`/Table/7/2/"bo"/42`:                keyenc.AppendInt64(keyenc.AppendString(row(2), "bo"), 42),
		`/Table/7/2/"bo"+`:                  keyenc.PrefixEnd(keyenc.AppendString(row(2), "bo")),
		`/Table/7/3/"z\x00y"`:               desc,
		"/Table/7/1/-1.5":                   keyenc.AppendDecimalInt64(row(1), -150, 2),
		"/Table/7/1/0.001":                  keyenc.AppendDecimalInt64(row(1), 1, 3),
		"/Table/7/1/1200":                   keyenc.AppendDecimalInt64(row(1), 12, -2),
		"/Table/7/1/NaN":                    keyenc.AppendFloat64(row(1), math.NaN()),
		"/Table/7/1/NULL/1":                 keyenc.AppendInt16(keyenc.Asc.AppendNull(row(1)), 1),
		"/Table/7/1/true":                   keyenc.AppendBool(row(1), true),
		`/Table/7/1/\x0001`:                 keyenc.AppendBytes(row(1), []byte{0, 1}),
		"/Table/7/1/2024-02-29":             keyenc.AppendDate(row(1), 8825),
		"/Table/7/1/2000-01-01T00:00:01.5":  keyenc.AppendTimestamp(row(1), 1_500_000),
		"/Table/7/1/1999-12-31T23:59:59.5Z": keyenc.AppendTimestampTZ(row(1), -500_000),
		"/Table/7/1/01:00:00":               keyenc.AppendTime(row(1), 3_600_000_000),
		"/Table/7/1/2592000000000us":        keyenc.AppendInterval(row(1), 1, 0, 0),
		"/Table/7/1/{1,NULL,3}":             keyenc.AppendArrayEnd(array, keyenc.Dim{Length: 3, LowerBound: 1}),
		"/Catalog/1/\"t\"":                  keyenc.AppendString(keyenc.AppendUint32(keyenc.AppendKind(nil, keyenc.KindCatalog), 1), "t"),
		"/Table/7/1/01020304-0506-0708-090a-0b0c0d0e0f10": keyenc.AppendUUID(row(1), uuid),
		"/Table/7/1/0x2100": append(row(1), 0x21, 0),
		"/Lock/5":           keyenc.AppendInt64(keyenc.AppendKind(nil, keyenc.KindLock), 5),
		"/0x77/0x0102":      {0x77, 1, 2},
	} {
		if got := keyenc.Pretty(key); got != want {
			t.Errorf("%x prints as %s, want %s", key, got, want)
		}
	}
	name := func(table, index uint32) (string, string) {
		if index == 2 {
			return "users", "users_name_idx"
		}
		return "users", ""
	}
	if got := keyenc.PrettyNamed(row(2), name); got != "/Table/users/users_name_idx" {
		t.Error(got)
	}
	if got := keyenc.PrettyRangeNamed(row(1), keyenc.PrefixEnd(row(1)), name); got != "/Table/users/1/…" {
		t.Error(got)
	}
	if got := keyenc.PrettyRangeNamed(row(1), keyenc.PrefixEnd(row(2)), name); got != "[/Table/users/1 - /Table/users/3)" {
		t.Error(got)
	}
	if got := keyenc.PrettyRange(nil, nil); got != "[/Min - /Max)" {
		t.Error(got)
	}
}

func TestTextPrefix(t *testing.T) {
	p := keyenc.AppendTextPrefix(nil, []byte("ab"))
	end := keyenc.PrefixEnd(p)
	for s, in := range map[string]bool{"ab": true, "abc": true, "ab\x00": true, "ab\xff\xff": true, "aa\xff": false, "ac": false, "a": false} {
		k := keyenc.AppendString(nil, s)
		if got := bytes.Compare(p, k) <= 0 && bytes.Compare(k, end) < 0; got != in {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// # Hostile bytes give errors, not panics, everywhere.
func FuzzHostile(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 7, 0, 0, 0, 1, 0x30, 0x85, 3})
	f.Add([]byte{0x50, 0x51, 0x39, 0, 0, 0, 0, 2})
	f.Add([]byte{0xc7, 0xd4, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) { hostile(b) })
}

func hostile(b []byte) {
	keyenc.Pretty(b)
	_, _ = keyenc.Skip(b)
	_, _, _ = keyenc.DecodeBool(b)
	_, _, _ = keyenc.DecodeInt64(b)
	_, _, _ = keyenc.DecodeInt16(b)
	_, _, _ = keyenc.DecodeFloat32(b)
	_, _, _ = keyenc.DecodeText(b, nil)
	_, _, _ = keyenc.DecodeBytes(b, nil)
	_, _, _, _ = keyenc.DecodeTimeTZ(b)
	_, _, _, _ = keyenc.DecodeInterval(b)
	_, _, _ = keyenc.DecodeUUID(b)
	if d, _, err := keyenc.DecodeDecimal(b, nil); err == nil {
		_ = d.String()
	}
}

func TestHostile(t *testing.T) {
	r := seed(t)
	tags := []byte{0x18, 0x20, 0x21, 0x22, 0x23, 0x28, 0x29, 0x30, 0x38, 0x39, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x48, 0x50, 0x51, 0, 0xfa, 5, 0xff, 0x80, 0xd4}
	for range 200_000 {
		b := make([]byte, r.IntN(24))
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(2) == 0 {
				b[i] = tags[r.IntN(len(tags))]
			}
			if r.IntN(4) == 0 {
				b[i] = ^b[i]
			}
		}
		if len(b) > 9 && r.IntN(2) == 0 {
			b[0] = byte(r.IntN(6))
		}
		hostile(b)
	}
	deep := bytes.Repeat([]byte{0x50}, 1<<20)
	if _, err := keyenc.Skip(deep); err == nil {
		t.Error("a million nested arrays are accepted")
	}
	hostile(deep)
}

func TestNoAllocation(t *testing.T) {
	buf := make([]byte, 0, 256)
	text := []byte("some text")
	if n := testing.AllocsPerRun(100, func() {
		b := keyenc.AppendIndexPrefix(buf[:0], 7, 1)
		b = keyenc.AppendInt64(b, 42)
		b = keyenc.AppendText(b, text)
		b = keyenc.AppendString(b, "more text")
		b = keyenc.AppendDecimalInt64(b, 123456, 3)
		b = keyenc.AppendFloat64(b, 1.5)
		b = keyenc.AppendInterval(b, 1, 2, 3)
		_, _ = keyenc.Skip(b[9:])
		_, _, _ = keyenc.DecodeInt64(b[9:])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendRowKey(b *testing.B) {
	buf := make([]byte, 0, 64)
	for i := 0; b.Loop(); i++ {
		buf = keyenc.AppendInt64(keyenc.AppendIndexPrefix(buf[:0], 7, 1), int64(i))
	}
}

func BenchmarkAppendText(b *testing.B) {
	buf := make([]byte, 0, 64)
	text := []byte("Customer#000000042")
	for b.Loop() {
		buf = keyenc.AppendText(buf[:0], text)
	}
}

func BenchmarkAppendDecimal(b *testing.B) {
	buf := make([]byte, 0, 64)
	for i := 0; b.Loop(); i++ {
		buf = keyenc.AppendDecimalInt64(buf[:0], int64(i)+1234567, 2)
	}
}
