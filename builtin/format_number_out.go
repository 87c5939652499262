package builtin

import (
	"bytes"
	"strings"

	"rowkey/pgerr"
)

// to_char of numbers: laying out digits by a template.

// numberWriter lays out a number's digits by a template.
type numberWriter struct {
	t numberTemplate
	numberText
	sign byte // '+' or '-', 0 for roman numbers
	out  []byte
	err  error

	pos          int // next digit
	slot         int // digit patterns passed
	slots        int // their number
	lastRelevant int // position of the last digit to show with FM, -1 for all
	signDone     bool
	started      bool // a digit has been written
}

func (w *numberWriter) digit(i int) byte {
	if i < len(w.digits) {
		return w.digits[i]
	}
	return 0
}

func (w *numberWriter) write() (string, error) {
	t := &w.t
	if t.zeroStart > 0 {
		t.zeroStart--
	}
	if t.roman {
		fill := t.fill
		nodes := t.nodes
		*t = numberTemplate{nodes: nodes, fill: fill, roman: true}
		w.spaces, w.sign = 0, 0
	}
	if t.plus || t.minus {
		w.signDone = !(t.plus && !t.minus)
	} else {
		if w.sign != '-' && t.bracket && t.fill {
			t.bracket = false
		}
		w.signDone = w.sign == '+' && t.fill && !t.signS
		if t.sign == signBefore && t.pre == t.signAt {
			t.sign = signAfter
		}
	}
	w.slots = t.post + t.pre - 1
	w.lastRelevant = -1
	if t.fill && t.decimal {
		if p := strings.IndexByte(w.digits, '.'); p >= 0 {
			w.lastRelevant = p
			for i := p + 1; i < len(w.digits); i++ {
				if w.digits[i] != '0' {
					w.lastRelevant = i
				}
			}
			if t.zeroEnd > w.spaces {
				w.lastRelevant = max(w.lastRelevant, min(len(w.digits)-1, t.zeroEnd-w.spaces))
			}
		}
	}
	if !w.signDone && w.spaces == 0 {
		w.slots++
	}
	for i := range t.nodes {
		w.node(&t.nodes[i])
	}
	// A pattern for which there is nothing left to write ends the text.
	if i := bytes.IndexByte(w.out, 0); i >= 0 {
		w.out = w.out[:i]
	}
	return string(w.out), w.err
}

func (w *numberWriter) node(n *numberNode) {
	t := &w.t
	if !n.pattern {
		w.out = append(w.out, n.char...)
		return
	}
	switch n.key {
	case num9, num0, numDec, numD:
		w.numberPart(n.key)
	case numComma, numG:
		if w.started {
			w.out = append(w.out, ',')
		} else if !t.fill {
			w.out = append(w.out, ' ')
		}
	case numL:
		w.out = append(w.out, ' ')
	case numRN:
		s := w.digits
		if n.low {
			s = strings.ToLower(s)
		}
		if !t.fill {
			for i := len(s); i < 15; i++ {
				w.out = append(w.out, ' ')
			}
		}
		w.out = append(w.out, s...)
	case numTH:
		if t.roman || strings.HasPrefix(w.digits, "#") || w.sign == '-' || t.decimal {
			return
		}
		if last := w.digits[len(w.digits)-1]; last < '0' || last > '9' {
			w.err = pgerr.Newf(pgerr.InvalidTextRepresentation, "\"%s\" is not a number", w.digits)
			return
		}
		th := byte('T')
		if n.low {
			th = 't'
		}
		both := appendOrdinal([]byte(w.digits), 0, th)
		w.out = append(w.out, both[len(w.digits):]...)
	case numMI:
		if w.sign == '-' {
			w.out = append(w.out, '-')
		} else if !t.fill {
			w.out = append(w.out, ' ')
		}
	case numPL:
		if w.sign == '+' {
			w.out = append(w.out, '+')
		} else if !t.fill {
			w.out = append(w.out, ' ')
		}
	case numSG:
		w.out = append(w.out, w.sign)
	}
}

// leadingZeroHidden: the 0 of 0.1 is not shown by 9.9.
func (w *numberWriter) leadingZeroHidden() bool {
	return !w.t.zero && w.pos == 0 && w.digit(0) == '0' && w.t.post != 0
}

func (w *numberWriter) numberPart(k numberKey) {
	t := &w.t
	if t.roman {
		return
	}
	w.started = false
	pointLast := w.lastRelevant >= 0 && w.digits[w.lastRelevant] == '.'
	if !w.signDone && (w.slot >= w.spaces || t.zero && t.zeroStart == w.slot) && (!w.leadingZeroHidden() || pointLast) {
		switch {
		case t.signS:
			if t.sign == signBefore {
				w.out = append(w.out, w.sign)
				w.signDone = true
			}
		case t.bracket:
			if w.sign != '+' {
				w.out = append(w.out, '<')
			} else {
				w.out = append(w.out, ' ')
			}
			w.signDone = true
		case w.sign == '+':
			if !t.fill {
				w.out = append(w.out, ' ')
			}
			w.signDone = true
		case w.sign == '-':
			w.out = append(w.out, '-')
			w.signDone = true
		}
	}
	switch {
	case w.slot < w.spaces && (t.zeroStart > w.slot || !t.zero):
		if !t.fill {
			w.out = append(w.out, ' ')
		}
	case t.zero && w.slot < w.spaces && t.zeroStart <= w.slot:
		w.out = append(w.out, '0')
		w.started = true
	default:
		switch {
		case w.digit(w.pos) == '.':
			if !pointLast || t.fill {
				w.out = append(w.out, '.')
			}
		case w.lastRelevant >= 0 && w.pos > w.lastRelevant && k != num0:
		case w.leadingZeroHidden():
			if !t.fill {
				w.out = append(w.out, ' ')
			} else if pointLast {
				w.out = append(w.out, '0')
			}
		default:
			w.out = append(w.out, w.digit(w.pos))
			w.started = true
		}
		if w.pos < len(w.digits) {
			w.pos++
		}
	}
	end := w.slots
	if w.spaces > 0 {
		end++
	}
	if t.decimal {
		end++
	}
	if w.lastRelevant >= 0 && w.lastRelevant == w.pos {
		end = w.slot
	}
	if w.slot+1 == end {
		if w.signDone && t.bracket {
			if w.sign != '+' {
				w.out = append(w.out, '>')
			} else {
				w.out = append(w.out, ' ')
			}
		} else if t.signS && t.sign == signAfter {
			w.out = append(w.out, w.sign)
		}
	}
	w.slot++
}
