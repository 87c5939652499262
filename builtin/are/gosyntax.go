package are

import (
	"fmt"
	"strings"
)

// goSyntax writes a tree in the syntax of package regexp, for what that can
// express.
type goSyntax struct {
	strings.Builder
	cannot  bool
	context bool // has assertions
}

func (g *goSyntax) write(n *node) {
	switch n.kind {
	case kEmpty:
	case kSet:
		g.set(n.set)
	case kConcat:
		g.write(n.left)
		g.write(n.right)
	case kAlt:
		g.WriteString("(?:")
		for i, s := range n.subs {
			if i > 0 {
				g.WriteByte('|')
			}
			g.write(s)
		}
		g.WriteByte(')')
	case kRepeat:
		g.WriteString("(?:")
		g.write(n.left)
		if n.max == unbounded {
			fmt.Fprintf(g, "){%d,}", n.min)
		} else {
			fmt.Fprintf(g, "){%d,%d}", n.min, n.max)
		}
	case kCapture:
		g.WriteString("(?:")
		g.write(n.left)
		g.WriteByte(')')
	case kBegin:
		g.context = true
		if n.lines {
			g.WriteString("(?m:^)")
		} else {
			g.WriteString(`\A`)
		}
	case kEnd:
		g.context = true
		if n.lines {
			g.WriteString("(?m:$)")
		} else {
			g.WriteString(`\z`)
		}
	default:
		g.cannot = true
	}
}

func (g *goSyntax) set(s *set) {
	if len(s.ranges) == 0 && len(s.classes) == 0 && s.negate {
		if s.noNewline {
			g.WriteString(`[^\n]`)
		} else {
			g.WriteString(`(?s:.)`)
		}
		return
	}
	if s.ascii && len(s.classes) > 0 {
		g.cannot = true
		return
	}
	g.WriteByte('[')
	if s.negate {
		g.WriteByte('^')
		if s.noNewline {
			g.WriteString(`\n`)
		}
	}
	for i := 0; i < len(s.ranges); i += 2 {
		lo, hi := s.ranges[i], s.ranges[i+1]
		fmt.Fprintf(g, `\x{%x}-\x{%x}`, lo, hi)
	}
	for _, c := range s.classes {
		x := goClass(c.name)
		if x == "" || c.negate {
			g.cannot = true
			return
		}
		g.WriteString(x)
	}
	g.WriteByte(']')
}

// literalOf gives the string that a tree of nothing but characters is.
func literalOf(n *node) (string, bool) {
	var b strings.Builder
	for {
		c := n
		if n.kind == kConcat {
			c = n.left
		}
		if c.kind != kSet || c.set.negate || len(c.set.classes) > 0 || len(c.set.ranges) != 2 || c.set.ranges[0] != c.set.ranges[1] {
			return "", false
		}
		b.WriteRune(c.set.ranges[0])
		if n.kind != kConcat {
			return b.String(), true
		}
		n = n.right
	}
}
