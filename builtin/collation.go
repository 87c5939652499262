package builtin

import (
	"strings"
	"sync"
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions that go by a collation. Text compares by its bytes under all of them, but the
// collation C (and POSIX, ucs_basic) knows letters and cases of ASCII only.

// needs tells, by name, what functions need a collation for, in the words of the error.
var needs = func() map[string]string {
	out := map[string]string{"lower": "lower() function", "upper": "upper() function", "initcap": "initcap() function"}
	for what, names := range map[string]string{
		"regular expression": "textregexeq textregexne texticregexeq texticregexne bpcharregexeq bpcharregexne bpcharicregexeq bpcharicregexne " +
			"nameregexeq nameregexne nameicregexeq nameicregexne regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace " +
			"regexp_split_to_array regexp_split_to_table regexp_substr",
		"ILIKE": "texticlike texticnlike bpchariclike bpcharicnlike nameiclike nameicnlike",
		"string comparison": "texteq textne text_lt text_le text_gt text_ge bttextcmp text_larger text_smaller " +
			"bpchareq bpcharne bpcharlt bpcharle bpchargt bpcharge bpcharcmp bpchar_larger bpchar_smaller " +
			"strpos position replace split_part string_to_array string_to_table starts_with",
		"string hashing": "hashtext hashtextextended hashbpchar hashbpcharextended",
	} {
		for _, n := range strings.Fields(names) {
			out[n] = what
		}
	}
	return out
}()

// The variants of functions are told from them by these bits of the OID, which no function has.
const (
	variantWithout types.OID = 1 << 30
	variantC       types.OID = 1 << 31
)

// NeedsCollation tells what f needs a collation for, "" if it needs none.
func NeedsCollation(f *Func) string {
	if f.User != nil || f.Kind != Scalar || f.OID >= variantWithout || f.OID == 0 {
		return ""
	}
	what := needs[f.Name]
	if what == "" && f.Name == "substring" && len(f.Args) > 1 && f.Args[1] == types.Text {
		what = "regular expression"
	}
	if what != "" && !f.Args[0].Collate { // lower(range), position of bytes
		return ""
	}
	return what
}

// Itself gives its argument back.
var Itself = &Func{Name: "itself", Args: []*types.Type{types.AnyElement}, Result: types.AnyElement, Volatility: Immutable,
	Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) { return a[0], nil }}

// NoCollation is f where conflicting collations leave it without one: it fails when it is called.
func NoCollation(f *Func, what string) *Func {
	out := *f
	out.OID |= variantWithout
	out.Vec, out.Bind = nil, nil
	out.Eval = func(*Ctx, []types.Datum) (types.Datum, error) { return types.Null, WhichCollation(what) }
	if f.Set != nil {
		out.Set = func(*Ctx, []types.Datum, func([]types.Datum) error) error { return WhichCollation(what) }
	}
	return &out
}

// WhichCollation is the error for what needs a collation, where conflicting ones leave none.
func WhichCollation(what string) *pgerr.Error {
	return pgerr.Newf(pgerr.IndeterminateCollation, "could not determine which collation to use for %s", what).
		WithHint("Use the COLLATE clause to set the collation explicitly.")
}

var underC sync.Map // *Func → *Func

// UnderC is f as the collation C has it; f itself where there is no difference.
func UnderC(f *Func) *Func {
	if v, ok := underC.Load(f); ok {
		return v.(*Func)
	}
	v, _ := underC.LoadOrStore(f, makeUnderC(f))
	return v.(*Func)
}

func makeUnderC(f *Func) *Func {
	what := NeedsCollation(f)
	out := *f
	out.OID |= variantC
	own := func(impl Func) *Func {
		out.Eval, out.Vec, out.Set, out.Bind = impl.Eval, impl.Vec, impl.Set, impl.Bind
		return &out
	}
	switch what {
	case "lower() function":
		return own(mapCase('A', 'Z', lowerRuneC))
	case "upper() function":
		return own(mapCase('a', 'z', upperRuneC))
	case "initcap() function":
		return own(f1(initcapC))
	case "ILIKE":
		return own(likeFunc(strings.HasSuffix(f.Name, "nlike"), lowerASCII, false))
	case "regular expression":
		if strings.HasPrefix(f.Name, "name") {
			return f
		}
		if strings.HasSuffix(f.Name, "regexeq") || strings.HasSuffix(f.Name, "regexne") {
			return own(regexTest(strings.HasSuffix(f.Name, "ne"), strings.Contains(f.Name, "ic"), true))
		}
		mark := func(a []types.Datum) []types.Datum {
			b := append([]types.Datum(nil), a...)
			b[1] = types.NewString(patternOfC + a[1].S)
			return b
		}
		impl := Func{Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			if a[1].IsNull() {
				return f.Eval(ctx, a)
			}
			return f.Eval(ctx, mark(a))
		}}
		if f.Set != nil {
			impl.Set = func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
				return f.Set(ctx, mark(a), emit)
			}
		}
		return own(impl)
	}
	return f
}

func lowerRuneC(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r ^ 0x20
	}
	return r
}

func upperRuneC(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r ^ 0x20
	}
	return r
}

// initcapC is initcap where only ASCII has letters.
func initcapC(s string) string {
	b := []byte(s)
	inWord := false
	for i, c := range b {
		lower, upper := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
		switch {
		case lower && !inWord, upper && inWord:
			b[i] = c ^ 0x20
		}
		inWord = lower || upper || c >= '0' && c <= '9'
	}
	return string(b)
}

// lowerASCII is lower() of the collation C.
func lowerASCII(s string, buf *[]byte) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(lowerRuneC, s)
		}
	}
	return foldCase(s, buf)
}

// patternOfC begins a pattern that is read under the collation C. No text of SQL has its character.
const patternOfC = "\x00"
