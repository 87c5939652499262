package builtin

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"rowkey/pgerr"
	"rowkey/types"
)

// to_char of numbers: templates, and writing by them. format_number_in.go
// has to_number.

func init() {
	define("to_char(numeric,text)", f2e(func(d types.Decimal, t string) (string, error) {
		return numberToChar(t, func(nt *numberTemplate) (numberText, error) { return numericText(d, nt) })
	}))
	define("to_char(int4,text)", f2e(func(n int64, t string) (string, error) {
		return numberToChar(t, func(nt *numberTemplate) (numberText, error) { return intText(n, nt, false) })
	}))
	define("to_char(int8,text)", f2e(func(n int64, t string) (string, error) {
		return numberToChar(t, func(nt *numberTemplate) (numberText, error) { return intText(n, nt, true) })
	}))
	define("to_char(float4,text)", f2e(func(f float64, t string) (string, error) {
		return numberToChar(t, func(nt *numberTemplate) (numberText, error) { return floatText(f, nt, 6) })
	}))
	define("to_char(float8,text)", f2e(func(f float64, t string) (string, error) {
		return numberToChar(t, func(nt *numberTemplate) (numberText, error) { return floatText(f, nt, 15) })
	}))
}

type numberKey uint8

const (
	numComma numberKey = iota
	numDec
	num0
	num9
	numB
	numC
	numD
	numE
	numFM
	numG
	numL
	numMI
	numPL
	numPR
	numRN
	numSG
	numSP
	numS
	numTH
	numV
)

var numberWords = []struct {
	name string
	key  numberKey
}{
	{",", numComma}, {".", numDec}, {"0", num0}, {"9", num9}, {"B", numB}, {"C", numC}, {"D", numD}, {"EEEE", numE}, {"FM", numFM},
	{"G", numG}, {"L", numL}, {"MI", numMI}, {"PL", numPL}, {"PR", numPR}, {"RN", numRN}, {"SG", numSG}, {"SP", numSP}, {"S", numS}, {"TH", numTH}, {"V", numV},
}

type numberNode struct {
	pattern bool
	key     numberKey
	low     bool   // written in lower case
	char    string // of a node that is no pattern
}

// numberTemplate is a template taken apart: its pieces, and what they say
// about the number as a whole.
type numberTemplate struct {
	nodes []numberNode

	pre, post, multi   int // digits before and after the point, shifted by V
	zeroStart, zeroEnd int
	sign               signPlace // of S
	signAt             int       // digits before S

	decimal, fill, blank, zero, signS, bracket bool
	minus, plus, roman, multiV, plusPost, eeee bool
	minusPost, localePoint                     bool
}

// signPlace is where S stands.
type signPlace int8

const (
	signNone signPlace = iota
	signBefore
	signAfter
)

var numberTemplates sync.Map
var numberTemplateCount int64

// cacheRoom counts an entry of a cache and tells whether there is room.
func cacheRoom(count *int64) bool { return atomic.AddInt64(count, 1) <= 1000 }

func numberTemplateOf(s string) (numberTemplate, error) {
	if t, ok := numberTemplates.Load(s); ok {
		return *t.(*numberTemplate), nil
	}
	t, err := parseNumberTemplate(s)
	if err == nil && len(s) <= 128 && cacheRoom(&numberTemplateCount) {
		c := t
		numberTemplates.Store(s, &c)
	}
	return t, err
}

func parseNumberTemplate(s string) (numberTemplate, error) {
	var t numberTemplate
next:
	for s != "" {
		for _, w := range numberWords {
			if len(s) < len(w.name) {
				continue
			}
			up := s[:len(w.name)] == w.name
			if !up && !(s[0] >= 'a' && s[:len(w.name)] == strings.ToLower(w.name)) {
				continue
			}
			if err := t.prepare(w.key); err != nil {
				return t, err
			}
			t.nodes = append(t.nodes, numberNode{pattern: true, key: w.key, low: !up})
			s = s[len(w.name):]
			continue next
		}
		var chars []dateNode
		chars, s = templateChars(nil, s)
		for _, c := range chars {
			t.nodes = append(t.nodes, numberNode{char: c.char})
		}
	}
	return t, nil
}

func badTemplate(msg string) *pgerr.Error { return pgerr.New(pgerr.SyntaxError, msg) }

// prepare notes what a pattern says about the number, and what may not stand
// together.
func (t *numberTemplate) prepare(k numberKey) error {
	if t.eeee && k != numE {
		return badTemplate(`"EEEE" must be the last pattern used`)
	}
	switch k {
	case num9:
		switch {
		case t.bracket:
			return badTemplate(`"9" must be ahead of "PR"`)
		case t.multiV:
			t.multi++
		case t.decimal:
			t.post++
		default:
			t.pre++
		}
	case num0:
		if t.bracket {
			return badTemplate(`"0" must be ahead of "PR"`)
		}
		if !t.zero && !t.decimal {
			t.zero = true
			t.zeroStart = t.pre + 1
		}
		if t.decimal {
			t.post++
		} else {
			t.pre++
		}
		t.zeroEnd = t.pre + t.post
	case numB:
		if t.pre == 0 && t.post == 0 && !t.zero {
			t.blank = true
		}
	case numD, numDec:
		if k == numD {
			t.localePoint = true
		}
		if t.decimal {
			return badTemplate("multiple decimal points")
		}
		if t.multiV {
			return badTemplate(`cannot use "V" and decimal point together`)
		}
		t.decimal = true
	case numFM:
		t.fill = true
	case numS:
		if t.signS {
			return badTemplate(`cannot use "S" twice`)
		}
		if t.plus || t.minus || t.bracket {
			return badTemplate(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		}
		t.signS = true
		if !t.decimal {
			t.sign, t.signAt = signBefore, t.pre
		} else if t.sign == signNone {
			t.sign = signAfter
		}
	case numMI:
		if t.signS {
			return badTemplate(`cannot use "S" and "MI" together`)
		}
		t.minus = true
		t.minusPost = t.minusPost || t.decimal
	case numPL:
		if t.signS {
			return badTemplate(`cannot use "S" and "PL" together`)
		}
		t.plus = true
		t.plusPost = t.plusPost || t.decimal
	case numSG:
		if t.signS {
			return badTemplate(`cannot use "S" and "SG" together`)
		}
		t.minus, t.plus = true, true
	case numPR:
		if t.signS || t.plus || t.minus {
			return badTemplate(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		t.bracket = true
	case numRN:
		t.roman = true
	case numV:
		if t.decimal {
			return badTemplate(`cannot use "V" and decimal point together`)
		}
		t.multiV = true
	case numE:
		if t.eeee {
			return badTemplate(`cannot use "EEEE" twice`)
		}
		if t.blank || t.fill || t.signS || t.bracket || t.minus || t.plus || t.roman || t.multiV {
			return badTemplate(`"EEEE" is incompatible with other formats`).
				WithDetail(`"EEEE" may only be used together with digit and decimal point patterns.`)
		}
		t.eeee = true
	}
	return nil
}

// numberText is a number as digits: what a template lays out.
type numberText struct {
	digits string // without sign, with point where there are digits after it
	neg    bool
	spaces int // blanks before it to fill the template
}

func numberToChar(template string, text func(*numberTemplate) (numberText, error)) (string, error) {
	if template == "" {
		return "", nil
	}
	t, err := numberTemplateOf(template)
	if err != nil {
		return "", err
	}
	nt, err := text(&t)
	if err != nil {
		return "", err
	}
	if t.eeee {
		return nt.digits, nil
	}
	w := numberWriter{t: t, numberText: nt, sign: '+'}
	if nt.neg {
		w.sign = '-'
	}
	return w.write()
}

// fit pads or, when there are too many digits, replaces them by #.
func (t *numberTemplate) fit(digits string, neg bool) numberText {
	pre := strings.IndexByte(digits, '.')
	if pre < 0 {
		pre = len(digits)
	}
	switch {
	case pre < t.pre:
		return numberText{digits, neg, t.pre - pre}
	case pre > t.pre:
		return numberText{strings.Repeat("#", t.pre) + "." + strings.Repeat("#", t.post), neg, 0}
	}
	return numberText{digits, neg, 0}
}

// hashes is the text of what has no exponent form.
func (t *numberTemplate) hashes() numberText {
	return numberText{digits: " " + strings.Repeat("#", t.pre) + "." + strings.Repeat("#", t.post+4)}
}

func numericText(d types.Decimal, t *numberTemplate) (numberText, error) {
	switch {
	case t.roman:
		if d.IsNaN() || d.IsInf() {
			what := "NaN"
			if d.IsInf() {
				what = "infinity"
			}
			return numberText{}, pgerr.Newf(pgerr.FeatureNotSupported, "cannot convert %s to integer", what)
		}
		r, err := d.Round(0)
		if err != nil {
			return numberText{}, err
		}
		if r.Big != nil || r.Coef > math.MaxInt32 || r.Coef < math.MinInt32 {
			return numberText{}, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
		return numberText{digits: romanNumber(r.Coef)}, nil
	case t.eeee:
		if d.IsNaN() || d.IsInf() {
			return t.hashes(), nil
		}
		return numberText{digits: scientific(d, t.post)}, nil
	}
	if t.multiV {
		m, err := d.Mul(powerOfTen(t.multi))
		if err != nil {
			return numberText{}, err
		}
		d = m
		t.pre += t.multi
	}
	r, err := d.Round(int32(t.post))
	if err != nil {
		return numberText{}, err
	}
	s := string(types.AppendText(nil, types.Numeric, types.NewDecimal(r), nil))
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	return t.fit(s, neg), nil
}

func powerOfTen(n int) types.Decimal {
	d := types.DecimalInt(1)
	ten := types.DecimalInt(10)
	for ; n > 0; n-- {
		d, _ = d.Mul(ten)
	}
	return d
}

// scientific writes d in exponent form. As in PostgreSQL the significand is
// rounded after the exponent is chosen, so that it may become 10.
func scientific(d types.Decimal, digits int) string {
	s := string(types.AppendText(nil, types.Numeric, types.NewDecimal(d.Abs()), nil))
	whole, frac, _ := strings.Cut(s, ".")
	exp := 0
	all := whole + frac
	lead := strings.TrimLeft(all, "0")
	sig := types.DecimalInt(0)
	if lead != "" {
		exp = len(whole) - 1 - (len(all) - len(lead))
		lead = lead[:min(len(lead), digits+2)] // as many as rounding looks at
		text := lead[:1] + "." + lead[1:] + "0"
		v, err := types.Parse(types.Numeric, -1, text, nil)
		if err == nil {
			sig = v.Decimal()
		}
	}
	sig, err := sig.Round(int32(digits))
	if err != nil {
		return "?"
	}
	out := string(types.AppendText(nil, types.Numeric, types.NewDecimal(sig), nil))
	sign := " "
	if d.Sign() < 0 {
		sign = "-"
	}
	e := strconv.Itoa(exp)
	esign := "+"
	if exp < 0 {
		e, esign = e[1:], "-"
	}
	if len(e) < 2 {
		e = "0" + e
	}
	return sign + out + "e" + esign + e
}

func intText(n int64, t *numberTemplate, wide bool) (numberText, error) {
	switch {
	case t.roman:
		if n > math.MaxInt32 || n < math.MinInt32 {
			return numberText{}, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
		return numberText{digits: romanNumber(n)}, nil
	case t.eeee:
		if wide {
			return numberText{digits: scientific(types.DecimalInt(n), t.post)}, nil
		}
		return numberText{digits: sciFloat(float64(n), t.post)}, nil
	}
	if t.multiV {
		p := int64(1)
		for i := 0; i < t.multi; i++ {
			if p > math.MaxInt64/10 {
				p = 0
				break
			}
			p *= 10
		}
		r := n * p
		overflow := n != 0 && (p == 0 || r/n != p)
		if wide && overflow {
			return numberText{}, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
		}
		if !wide && (overflow || r > math.MaxInt32 || r < math.MinInt32) {
			return numberText{}, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
		n = r
		t.pre += t.multi
	}
	s := strconv.FormatInt(n, 10)
	neg := n < 0
	if neg {
		s = s[1:]
	}
	if t.post > 0 {
		s += "." + strings.Repeat("0", t.post)
	}
	return t.fit(s, neg), nil
}

// sciFloat is C's %+.*e with a blank for the plus.
func sciFloat(f float64, digits int) string {
	s := strconv.FormatFloat(f, 'e', digits, 64)
	if s[0] != '-' {
		s = " " + s
	}
	return s
}

// floatText lays out a float of so many significant decimal digits.
func floatText(f float64, t *numberTemplate, digits int) (numberText, error) {
	switch {
	case t.roman:
		r := math.RoundToEven(f)
		if !(r >= 1 && r <= 3999) {
			r = 0
		}
		return numberText{digits: romanNumber(int64(r))}, nil
	case t.eeee:
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return t.hashes(), nil
		}
		return numberText{digits: sciFloat(f, t.post)}, nil
	}
	if t.multiV {
		p := math.Pow(10, float64(t.multi))
		f *= p
		if digits == 6 {
			f = float64(float32(f))
		}
		t.pre += t.multi
	}
	print := func(x float64, post int) string {
		switch {
		case math.IsNaN(x):
			return "NaN"
		case math.IsInf(x, 1):
			return "Infinity"
		case math.IsInf(x, -1):
			return "-Infinity"
		}
		return strconv.FormatFloat(x, 'f', post, 64)
	}
	n := len(print(math.Abs(f), 0))
	if n >= digits {
		t.post = 0
	} else if n+t.post > digits {
		t.post = digits - n
	}
	s := print(f, t.post)
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	return t.fit(s, neg), nil
}

// romanNumber writes 1 to 3999; there are no others.
func romanNumber(n int64) string {
	if n < 1 || n > 3999 {
		return strings.Repeat("#", 15)
	}
	var b strings.Builder
	for _, r := range []struct {
		v int64
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.v {
			b.WriteString(r.s)
			n -= r.v
		}
	}
	return b.String()
}
