// Package jsonpath is SQL/JSON's path language over values of type jsonb.
//
//	strict $.a[*] ? (@.b > 1 && @.c like_regex "^x").d.size()
//
//	scan.go   text to tokens
//	parse.go  tokens to a tree of nodes, checked
//	path.go   the tree, and its canonical text, in which jsonpath values are kept
//	eval.go   items that a path finds in a value; bool.go: predicates
//	method.go .type() .size() .datetime() and their kind
//
// A path is a chain: each node has what comes after it in next.
//
//	$ ──next──▶ .a ──▶ [*] ──▶ ?(…) ──▶ .d ──▶ .size()
//	                             └arg: && ─ left, right
//
// In lax mode (the default) arrays are unwrapped and scalars wrapped where the
// other is wanted, and what is not there is nothing; strict mode has an error
// for both. Not here: the SQL functions, which package builtin makes of this.
package jsonpath

import (
	"strconv"
	"strings"
	"sync"

	"rowkey/builtin/are"
	"rowkey/types"
)

// Path is a parsed path. It is read-only, and may be used by many at once.
type Path struct {
	Lax  bool
	root *node
}

type kind uint8

// The kinds of nodes.
const (
	kNull kind = iota
	kString
	kNumber
	kBool
	kAnd
	kOr
	kNot
	kIsUnknown
	kEqual
	kNotEqual
	kLess
	kGreater
	kLessEqual
	kGreaterEqual
	kAdd
	kSub
	kMul
	kDiv
	kMod
	kPlus
	kMinus
	kAnyArray
	kAnyKey
	kIndex
	kAny
	kKey
	kCurrent
	kRoot
	kVariable
	kFilter
	kExists
	kType
	kSize
	kAbs
	kFloor
	kCeiling
	kDouble
	kDatetime
	kKeyValue
	kLast
	kStartsWith
	kLikeRegex
)

var names = map[kind]string{kAnd: "&&", kOr: "||", kEqual: "==", kNotEqual: "!=", kLess: "<", kGreater: ">", kLessEqual: "<=",
	kGreaterEqual: ">=", kAdd: "+", kPlus: "+", kSub: "-", kMinus: "-", kMul: "*", kDiv: "/", kMod: "%", kStartsWith: "starts with",
	kType: "type", kSize: "size", kAbs: "abs", kFloor: "floor", kCeiling: "ceiling", kDouble: "double", kDatetime: "datetime", kKeyValue: "keyvalue"}

// lastLevel stands for "last" among the levels of .**.
const lastLevel = 1<<32 - 1

type node struct {
	kind        kind
	next        *node
	left, right *node // operands; left alone: argument of unary ones, filters, exists, datetime
	str         string
	num         types.Decimal
	yes         bool
	first, last uint32 // levels of .**
	index       []subscript
	flags       string
	re          *are.Regexp
}

type subscript struct{ from, to *node }

func (k kind) priority() int {
	switch k {
	case kOr:
		return 0
	case kAnd:
		return 1
	case kEqual, kNotEqual, kLess, kGreater, kLessEqual, kGreaterEqual, kStartsWith:
		return 2
	case kAdd, kSub:
		return 3
	case kMul, kDiv, kMod:
		return 4
	case kPlus, kMinus:
		return 5
	}
	return 6
}

// String gives the canonical text.
func (p *Path) String() string {
	var b strings.Builder
	if !p.Lax {
		b.WriteString("strict ")
	}
	p.root.write(&b, false, true)
	return b.String()
}

func quoted(s string) string { return string(types.AppendJSONString(nil, s)) }

func (n *node) write(b *strings.Builder, inKey, brackets bool) {
	open := func() {
		if brackets {
			b.WriteByte('(')
		}
	}
	shut := func() {
		if brackets {
			b.WriteByte(')')
		}
	}
	operand := func(x *node) { x.write(b, false, x.kind.priority() <= n.kind.priority()) }
	dot := func() {
		if inKey {
			b.WriteByte('.')
		}
	}
	switch n.kind {
	case kNull:
		b.WriteString("null")
	case kKey:
		dot()
		b.WriteString(quoted(n.str))
	case kString:
		b.WriteString(quoted(n.str))
	case kVariable:
		b.WriteString("$" + quoted(n.str))
	case kNumber:
		if n.next != nil {
			b.WriteString("(" + n.num.String() + ")")
		} else {
			b.WriteString(n.num.String())
		}
	case kBool:
		b.WriteString(strconv.FormatBool(n.yes))
	case kAnd, kOr, kEqual, kNotEqual, kLess, kGreater, kLessEqual, kGreaterEqual, kAdd, kSub, kMul, kDiv, kMod, kStartsWith:
		open()
		operand(n.left)
		b.WriteString(" " + names[n.kind] + " ")
		operand(n.right)
		shut()
	case kLikeRegex:
		open()
		operand(n.left)
		b.WriteString(" like_regex " + quoted(n.str))
		if n.flags != "" {
			b.WriteString(` flag "`)
			for _, c := range "ismxq" {
				if strings.ContainsRune(n.flags, c) {
					b.WriteRune(c)
				}
			}
			b.WriteByte('"')
		}
		shut()
	case kPlus, kMinus:
		open()
		b.WriteString(names[n.kind])
		operand(n.left)
		shut()
	case kFilter:
		b.WriteString("?(")
		n.left.write(b, false, false)
		b.WriteByte(')')
	case kNot:
		b.WriteString("!(")
		n.left.write(b, false, false)
		b.WriteByte(')')
	case kIsUnknown:
		b.WriteByte('(')
		n.left.write(b, false, false)
		b.WriteString(") is unknown")
	case kExists:
		b.WriteString("exists (")
		n.left.write(b, false, false)
		b.WriteByte(')')
	case kCurrent:
		b.WriteByte('@')
	case kRoot:
		b.WriteByte('$')
	case kLast:
		b.WriteString("last")
	case kAnyArray:
		b.WriteString("[*]")
	case kAnyKey:
		dot()
		b.WriteByte('*')
	case kIndex:
		b.WriteByte('[')
		for i, s := range n.index {
			if i > 0 {
				b.WriteByte(',')
			}
			s.from.write(b, false, false)
			if s.to != nil {
				b.WriteString(" to ")
				s.to.write(b, false, false)
			}
		}
		b.WriteByte(']')
	case kAny:
		dot()
		level := func(l uint32) string {
			if l == lastLevel {
				return "last"
			}
			return strconv.FormatUint(uint64(l), 10)
		}
		switch {
		case n.first == 0 && n.last == lastLevel:
			b.WriteString("**")
		case n.first == n.last:
			b.WriteString("**{" + level(n.first) + "}")
		default:
			b.WriteString("**{" + level(n.first) + " to " + level(n.last) + "}")
		}
	case kDatetime:
		b.WriteString(".datetime(")
		if n.left != nil {
			n.left.write(b, false, false)
		}
		b.WriteByte(')')
	default: // methods
		b.WriteString("." + names[n.kind] + "()")
	}
	if n.next != nil {
		n.next.write(b, true, true)
	}
}

var parsed struct {
	sync.RWMutex
	m map[string]*Path
}

// Parsed gives the path of a text, parsed once.
func Parsed(s string) (*Path, error) {
	parsed.RLock()
	p := parsed.m[s]
	parsed.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := Parse(s)
	if err != nil {
		return nil, err
	}
	parsed.Lock()
	if parsed.m == nil || len(parsed.m) >= 512 {
		parsed.m = map[string]*Path{}
	}
	parsed.m[s] = p
	parsed.Unlock()
	return p, nil
}

func init() {
	types.CanonicalJSONPath = func(s string) (string, error) {
		p, err := Parse(s)
		if err != nil {
			return "", err
		}
		return p.String(), nil
	}
}
