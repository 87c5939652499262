package types

import (
	"math/rand"
	"testing"
)

// Ranges and bit strings: what is printed is read back, in both forms, and sets of
// numbers agree with the algebra.

func FuzzRangeText(f *testing.F) {
	for _, s := range []string{"empty", "[1,5)", "(,]", `["1","2"]`, `(\1,2)`, "[1,2),", "{[1,2),(4,5]}", "{}", "{[1,\"2\"),empty}", "0101", "x1f", "b2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []*Type{Int4Range, NumRange, TsRange, DateRange, Int4Range.Multirange, NumRange.Multirange, Bit, VarBit} {
			d, err := Parse(typ, -1, s, nil)
			if err != nil {
				continue
			}
			text := TextOf(typ, d, nil)
			again, err := Parse(typ, -1, text, nil)
			if err != nil || Compare(typ, d, again) != 0 || TextOf(typ, again, nil) != text {
				t.Fatalf("%s: %q prints as %q, which reads as %q: %v", typ, s, text, TextOf(typ, again, nil), err)
			}
			if Hash(typ, d, 1) != Hash(typ, again, 1) {
				t.Fatalf("%s: %q hashes in two ways", typ, s)
			}
			back, err := ParseBinary(typ, -1, AppendBinary(nil, typ, d, nil), nil)
			if err != nil || Compare(typ, d, back) != 0 {
				t.Fatalf("%s: %q in binary: %v", typ, s, err)
			}
		}
	})
}

func FuzzRangeBinary(f *testing.F) {
	for _, s := range []string{"empty", "[1,5)", "(,)"} {
		d, _ := Parse(Int4Range, -1, s, nil)
		f.Add(AppendBinary(nil, Int4Range, d, nil))
	}
	f.Add([]byte{0, 0, 0, 3, 0xa0})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, typ := range []*Type{Int4Range, NumRange, Int8Range.Multirange, TsRange.Multirange, Bit} {
			if d, err := ParseBinary(typ, -1, b, nil); err == nil {
				back, err := ParseBinary(typ, -1, AppendBinary(nil, typ, d, nil), nil)
				if err != nil || Compare(typ, d, back) != 0 {
					t.Fatalf("%s: %x is %s and comes back otherwise: %v", typ, b, TextOf(typ, d, nil), err)
				}
			}
		}
	})
}

// The order of bit strings' values is that of their letters, and nothing is lost.
func TestBitOrder(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	word := func() string {
		b := make([]byte, r.Intn(20))
		for i := range b {
			b[i] = '0' + byte(r.Intn(2))
		}
		return string(b)
	}
	for range 20000 {
		a, b := word(), word()
		if r.Intn(2) == 0 && len(a) > 0 { // a common beginning
			b = a[:r.Intn(len(a))] + word()
		}
		x, errA := Parse(VarBit, -1, a, nil)
		y, errB := Parse(VarBit, -1, b, nil)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got, want := cmpInt(int64(Compare(VarBit, x, y)), 0), cmpString(a, b); got != want {
			t.Fatalf("%q and %q compare %d, want %d", a, b, got, want)
		}
		if TextOf(VarBit, x, nil) != a || BitLen(x.S) != len(a) {
			t.Fatalf("%q came back as %q of %d bits", a, TextOf(VarBit, x, nil), BitLen(x.S))
		}
	}
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Multiranges over small integers behave as the sets of integers that they are.
func TestMultirangeSets(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	const top = 24
	type set [top]bool
	random := func() (*Multirange, set) {
		var list []*Range
		var s set
		for range r.Intn(5) {
			from := r.Intn(top - 4)
			to := from + r.Intn(5)
			x, err := MakeRange(Int4Range, Bound{Val: NewInt(int64(from)), Inc: true, IsLower: true}, Bound{Val: NewInt(int64(to))})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, x)
			for i := from; i < to; i++ {
				s[i] = true
			}
		}
		return MakeMultirange(Int4Range.Multirange, list), s
	}
	check := func(what string, m *Multirange, want func(i int) bool) {
		t.Helper()
		for i := range top {
			if m.ContainsElem(NewInt(int64(i))) != want(i) {
				t.Fatalf("%s: %s is wrong about %d", what, appendMultirangeText(nil, m, DefaultEnv), i)
			}
		}
		for i := 1; i < len(m.Ranges); i++ {
			if a, b := m.Ranges[i-1], m.Ranges[i]; !a.Before(b) || a.Adjacent(b) {
				t.Fatalf("%s: %s is not in canonical form", what, appendMultirangeText(nil, m, DefaultEnv))
			}
		}
	}
	for range 3000 {
		a, s := random()
		b, u := random()
		check("made", a, func(i int) bool { return s[i] })
		check("union", a.Union(b), func(i int) bool { return s[i] || u[i] })
		check("intersection", a.Intersect(b), func(i int) bool { return s[i] && u[i] })
		m, err := a.Minus(b)
		if err != nil {
			t.Fatal(err)
		}
		check("difference", m, func(i int) bool { return s[i] && !u[i] })
		overlap, all := false, true
		for i := range top {
			overlap = overlap || s[i] && u[i]
			all = all && (s[i] || !u[i])
		}
		if a.OverlapsAny(b) != overlap || a.ContainsAll(b) != all {
			t.Fatalf("%s and %s: overlap %v, contained %v", appendMultirangeText(nil, a, DefaultEnv), appendMultirangeText(nil, b, DefaultEnv), overlap, all)
		}
	}
}
