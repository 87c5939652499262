// Package are implements PostgreSQL's regular expressions: the advanced kind
// (ARE) with its embedded options, the extended kind, and literal strings.
//
//	re, err := are.Compile(pattern, are.Options{})
//	re.Match(s)          does it match anywhere?
//	re.Find(s, from)     byte offsets of the first match at or after from,
//	                     and of its subexpressions
//
// What makes them different from Perl's and Go's expressions is which match is
// found. Among the matches that start earliest an expression wants the longest,
// or the shortest if the first quantifier in it is non-greedy; and within that
// match each subexpression, from left to right, wants the longest or shortest
// part by its own preference. The engine works as the definition does:
//
//	parse.go    pattern → tree of nodes, each with its preference
//	match.go    ends(node, i): all the places where a match of node that
//	            starts at i can end. From these the overall match is chosen
//	dissect.go  divides a match among the subexpressions
//
// Expressions without look-around and back references are also given to Go's
// regexp package, whose automaton quickly says whether and where there is a
// match; the tree is then only used to divide it.
//
// A Regexp may be used by several goroutines.
package are

import (
	"regexp"

	"rowkey/pgerr"
)

// Options says how to read a pattern and how to match.
type Options struct {
	IgnoreCase bool
	// Stop keeps . and [^…] from matching newlines; Lines lets ^ and $ match at
	// them.
	Stop, Lines bool
	// Expanded ignores white space and comments in the pattern.
	Expanded bool
	// Literal takes the pattern as a plain string, Extended without the escapes
	// that only AREs have.
	Literal, Extended bool
	// ASCII is for text of the C collation: other characters are in no class.
	ASCII bool
}

// ParseFlags reads the flags argument of PostgreSQL's regexp functions; g, if
// given, is reported apart.
func ParseFlags(flags string) (o Options, global bool, err error) {
	basic := false
	for i, c := range flags {
		switch c {
		case 'g':
			global = true
		case 'b':
			basic = true // until e or q says otherwise
		case 'c':
			o.IgnoreCase = false
		case 'e':
			o.Extended, o.Literal, basic = true, false, false
		case 'i':
			o.IgnoreCase = true
		case 'm', 'n':
			o.Stop, o.Lines = true, true
		case 'p':
			o.Stop, o.Lines = true, false
		case 'q':
			o.Literal, basic = true, false
		case 's':
			o.Stop, o.Lines = false, false
		case 't':
			o.Expanded = false
		case 'w':
			o.Stop, o.Lines = false, true
		case 'x':
			o.Expanded = true
		default:
			return o, global, pgerr.Newf(pgerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", string([]rune(flags[i:])[:1]))
		}
	}
	if basic {
		return o, global, pgerr.Unsupported("basic regular expressions are not supported")
	}
	return o, global, nil
}

// Regexp is a compiled expression.
type Regexp struct {
	root   *node
	groups []*node // capture nodes by number, from 1
	icase  bool
	ascii  bool
	nodes  int
	// fast decides whether there is a match, nil when Go cannot express the
	// pattern; context tells that it must see the text from its beginning.
	fast    *regexp.Regexp
	context bool
	literal string // the pattern is this string, and nothing else
	isLit   bool
}

// NumSub is the number of capturing parentheses.
func (r *Regexp) NumSub() int { return len(r.groups) - 1 }

// Compile reads a pattern. Errors are those of PostgreSQL.
func Compile(pattern string, o Options) (*Regexp, error) {
	p := &parser{src: []rune(pattern), opt: o, groups: []*node{nil}}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	r := &Regexp{root: root, groups: p.groups, icase: p.opt.IgnoreCase, ascii: o.ASCII, nodes: p.count}
	if lit, ok := literalOf(root); ok {
		r.isLit, r.literal = true, lit
	}
	var g goSyntax
	if g.write(root); !g.cannot && !r.isLit {
		if fast, err := regexp.Compile(g.String()); err == nil {
			fast.Longest()
			r.fast, r.context = fast, g.context
		}
	}
	return r, nil
}

func invalid(what string) error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: "+what)
}
