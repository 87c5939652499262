package builtin

import (
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// to_number: reading a number by a template.

func init() {
	define("to_number(text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" {
			return types.Null, nil
		}
		t, err := numberTemplateOf(a[1].S)
		if err != nil {
			return types.Null, err
		}
		r := numberReader{t: t, in: a[0].S}
		digits, err := r.read()
		if err != nil {
			return types.Null, err
		}
		scale := r.readPost
		precision := t.pre + t.multi + scale
		d, err := types.Parse(types.Numeric, int32(precision<<16|scale)+4, digits, nil)
		if err != nil || !t.multiV {
			return d, err
		}
		p, err := numericTenth(t.multi)
		if err != nil {
			return types.Null, err
		}
		m, err := d.Decimal().Mul(p)
		return types.NewDecimal(m), err
	}))
}

// numericTenth is 10^-n with the display scale that numeric_power gives it.
func numericTenth(n int) (types.Decimal, error) {
	d, err := types.DecimalInt(1).Div(powerOfTen(n))
	if err != nil {
		return d, err
	}
	return d.Round(16)
}

// numberReader takes the digits of a number out of a text.
type numberReader struct {
	t   numberTemplate
	in  string
	at  int
	num []byte

	sign              byte // '+', '-', or ' ' while unknown
	readPre, readPost int
	readPoint         bool
	started           bool
}

func (r *numberReader) over() bool { return r.at >= len(r.in) }

func (r *numberReader) cur() byte {
	if r.over() {
		return 0
	}
	return r.in[r.at]
}

func (r *numberReader) read() (string, error) {
	if r.t.eeee {
		return "", pgerr.New(pgerr.FeatureNotSupported, `"EEEE" not supported for input`)
	}
	if r.t.roman {
		return "", pgerr.New(pgerr.FeatureNotSupported, `"RN" not supported for input`)
	}
	r.sign = ' '
	for i := range r.t.nodes {
		if r.over() {
			break
		}
		r.node(&r.t.nodes[i])
	}
	s := strings.TrimSuffix(string(r.num), ".")
	return string(r.sign) + s, nil
}

// skipText passes over up to n characters that cannot be part of a number.
func (r *numberReader) skipText(n int) {
	for ; n > 0 && !r.over() && strings.IndexByte("0123456789.,+-", r.cur()) < 0; n-- {
		r.at += charLen(r.in[r.at:])
	}
}

func (r *numberReader) node(n *numberNode) {
	if !n.pattern {
		r.at += charLen(r.in[r.at:])
		return
	}
	switch n.key {
	case num9, num0, numDec, numD:
		r.numberPart(n.key)
	case numComma, numG:
		if !r.started && r.t.fill || r.cur() != ',' {
			return
		}
	case numL:
		r.skipText(1)
		return
	case numTH:
		if !r.t.decimal && r.sign != '#' {
			r.skipText(2)
		}
		return
	case numMI:
		if r.cur() != '-' {
			r.skipText(1)
			return
		}
		r.sign = '-'
	case numPL:
		if r.cur() != '+' {
			r.skipText(1)
			return
		}
		r.sign = '+'
	case numSG:
		if c := r.cur(); c == '-' || c == '+' {
			r.sign = c
		} else {
			r.skipText(1)
			return
		}
	default:
		return
	}
	r.at++
}

func (r *numberReader) numberPart(k numberKey) {
	if r.cur() == ' ' {
		r.at++
	}
	if r.over() {
		return
	}
	if r.sign == ' ' && (k == num0 || k == num9) && r.readPre+r.readPost == 0 {
		c := r.cur()
		if r.t.signS && r.t.sign == signBefore {
			if c == '-' || c == '+' {
				r.sign = c
				r.at++
			}
		} else if c == '-' || r.t.bracket && c == '<' {
			r.sign = '-'
			r.at++
		} else if c == '+' {
			r.sign = '+'
			r.at++
		}
	}
	if r.over() {
		return
	}
	isRead := false
	if c := r.cur(); c >= '0' && c <= '9' {
		if r.readPoint && r.readPost == r.t.post {
			return
		}
		r.num = append(r.num, c)
		if r.readPoint {
			r.readPost++
		} else {
			r.readPre++
		}
		isRead = true
	} else if r.t.decimal && !r.readPoint && c == '.' {
		r.num = append(r.num, '.')
		r.readPoint, isRead = true, true
	}
	if r.over() || r.sign != ' ' || r.readPre+r.readPost == 0 {
		return
	}
	// A sign behind the last digit.
	if r.t.signS && isRead && r.at+1 < len(r.in) && !(r.in[r.at+1] >= '0' && r.in[r.at+1] <= '9') {
		if c := r.in[r.at+1]; c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
	} else if !isRead && !r.t.signS && (r.t.plus || r.t.minus) {
		if c := r.cur(); c == '-' || c == '+' {
			r.sign = c
		}
	}
}
