package builtin

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types"
)

// format(text, …), which fills a template with values as C's sprintf does:
//
//	%[position$][-][width|*|*position$]type     type s, I (identifier) or L (literal)

func init() {
	f := poly(func(argTypes []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			p := formatter{ctx: ctx, template: a[0].S, args: a, types: argTypes}
			return p.run()
		}
	})
	define("format(text)", f)
	define("format(text,any)", f)
}

type formatter struct {
	ctx      *Ctx
	template string
	at       int
	args     []types.Datum // with the template
	types    []*types.Type
	next     int // argument to take next
	out      []byte
}

func badFormat(format string, args ...any) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
}

const percentHint = "For a single \"%%\" use \"%%%%\"."

// advance goes to the next character, which there must be.
func (p *formatter) advance() error {
	if p.at++; p.at >= len(p.template) {
		return badFormat("unterminated format() type specifier").WithHint(percentHint)
	}
	return nil
}

// number reads digits; ok is false when there are none.
func (p *formatter) number() (n int, ok bool, err error) {
	for c := p.template[p.at]; c >= '0' && c <= '9'; c = p.template[p.at] {
		if n = n*10 + int(c-'0'); n > math.MaxInt32 {
			return 0, false, pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")
		}
		ok = true
		if err := p.advance(); err != nil {
			return 0, false, err
		}
	}
	return n, ok, nil
}

// position reads what stands before $.
func (p *formatter) position(n int) (int, error) {
	if n == 0 {
		return 0, badFormat("format specifies argument 0, but arguments are numbered from 1")
	}
	return n, p.advance()
}

func (p *formatter) take(pos int) (types.Datum, *types.Type, error) {
	if pos > 0 {
		p.next = pos
	}
	if p.next >= len(p.args) {
		return types.Null, nil, badFormat("too few arguments for format()")
	}
	p.next++
	return p.args[p.next-1], p.types[p.next-1], nil
}

func (p *formatter) run() (types.Datum, error) {
	p.next = 1
	for ; p.at < len(p.template); p.at++ {
		if c := p.template[p.at]; c != '%' {
			p.out = append(p.out, c)
			continue
		}
		if err := p.advance(); err != nil {
			return types.Null, err
		}
		if p.template[p.at] == '%' {
			p.out = append(p.out, '%')
			continue
		}
		if err := p.specifier(); err != nil {
			return types.Null, err
		}
	}
	return types.NewString(string(p.out)), nil
}

func (p *formatter) specifier() error {
	argPos, width, widthPos, left := 0, 0, -1, false
	n, ok, err := p.number()
	if err != nil {
		return err
	}
	if ok && p.template[p.at] != '$' {
		width = n
	} else {
		if ok {
			if argPos, err = p.position(n); err != nil {
				return err
			}
		}
		for p.template[p.at] == '-' {
			left = true
			if err = p.advance(); err != nil {
				return err
			}
		}
		if p.template[p.at] == '*' {
			if err = p.advance(); err != nil {
				return err
			}
			widthPos = 0
			if n, ok, err = p.number(); err != nil {
				return err
			}
			if ok {
				if p.template[p.at] != '$' {
					return badFormat("width argument position must be ended by \"$\"")
				}
				if widthPos, err = p.position(n); err != nil {
					return err
				}
			}
		} else if width, _, err = p.number(); err != nil {
			return err
		}
	}
	kind := p.template[p.at]
	if kind != 's' && kind != 'I' && kind != 'L' {
		return badFormat("unrecognized format() type specifier \"%s\"", p.template[p.at:p.at+charLen(p.template[p.at:])]).WithHint(percentHint)
	}
	if widthPos >= 0 {
		d, t, err := p.take(widthPos)
		if err != nil {
			return err
		}
		width = 0
		if !d.IsNull() {
			if t == types.Int4 || t == types.Int2 {
				width = int(d.I)
			} else {
				w, err := types.Parse(types.Int4, -1, string(types.AppendText(nil, t, d, p.ctx.env())), nil)
				if err != nil {
					return err
				}
				width = int(w.I)
			}
		}
	}
	d, t, err := p.take(argPos)
	if err != nil {
		return err
	}
	s := ""
	switch {
	case d.IsNull() && kind == 'I':
		return pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	case d.IsNull() && kind == 'L':
		s = "NULL"
	case d.IsNull():
	default:
		s = string(types.AppendText(nil, t, d, p.ctx.env()))
		if kind == 'I' {
			s = types.QuoteIdent(s)
		} else if kind == 'L' {
			s = types.QuoteLiteral(s)
		}
	}
	if width < 0 {
		if width == math.MinInt32 {
			return pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")
		}
		left, width = true, -width
	}
	pad := max(0, width-utf8.RuneCountInString(s))
	if pad > 1<<30 {
		return pgerr.New(pgerr.ProgramLimitExceeded, "invalid memory alloc request size "+strconv.Itoa(pad))
	}
	if left {
		p.out = append(p.out, s...)
	}
	if pad > 0 {
		p.out = append(p.out, strings.Repeat(" ", pad)...)
	}
	if !left {
		p.out = append(p.out, s...)
	}
	return nil
}
