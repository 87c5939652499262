package are

import "unicode"

type kind uint8

const (
	kEmpty     kind = iota
	kSet            // one character of a set
	kConcat         // left then right
	kAlt            // one of subs
	kRepeat         // left, min to max times
	kCapture        // left, remembered as number n
	kBackref        // what number n matched
	kBegin          // start of text (or line, when lines)
	kEnd            // end of text (or line)
	kWordStart      // \m
	kWordEnd        // \M
	kWordEdge       // \y
	kNotEdge        // \Y
	kAhead          // (?=left); not: (?!left)
	kBehind         // (?<=left); not: (?<!left)
	kFail           // matches nothing
)

// preference of a match: none of its own, longest, shortest.
type preference uint8

const (
	noPreference preference = iota
	longest
	shortest
)

const unbounded = -1

// node is a node of the tree. Concatenations nest to the right, so that each
// suffix is a node of its own.
type node struct {
	kind        kind
	id          int
	set         *set
	left, right *node
	subs        []*node
	min, max    int
	n           int
	not, lines  bool
	prefer      preference
	inner       bool // has captures or back references inside: must be dissected
	refs        bool // has back references inside
}

// set is a set of characters.
type set struct {
	ranges  []rune // pairs lo, hi
	classes []class
	negate  bool
	// noNewline keeps newlines out of a negated set or dot.
	noNewline bool
	ascii     bool // classes are those of ASCII
}

// class is a named class or its complement.
type class struct {
	name   string
	negate bool
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) && r > 0x7f
}

func inClass(name string, r rune) bool {
	switch name {
	case "alpha":
		return unicode.IsLetter(r)
	case "digit":
		return r >= '0' && r <= '9'
	case "alnum":
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	case "word":
		return isWord(r)
	case "space":
		return r == ' ' || r >= '\t' && r <= '\r' || r > 0x7f && unicode.IsSpace(r) && r != 0xa0 && r != 0x85 && r != 0x2007 && r != 0x202f
	case "upper":
		return unicode.IsUpper(r)
	case "lower":
		return unicode.IsLower(r)
	case "punct":
		return r > ' ' && r < 0x7f && !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > 0x7f && (unicode.IsPunct(r) || unicode.IsSymbol(r))
	case "blank":
		return r == ' ' || r == '\t'
	case "cntrl":
		return unicode.IsControl(r)
	case "graph":
		return r != ' ' && unicode.IsGraphic(r) && !unicode.IsSpace(r)
	case "print":
		return unicode.IsPrint(r)
	case "xdigit":
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
	case "ascii":
		return r < 0x80
	}
	return false
}

// goClass is the class in Go's syntax (inside brackets), "" if it has none.
func goClass(name string) string {
	switch name {
	case "alpha":
		return `\pL`
	case "digit":
		return `0-9`
	case "alnum":
		return `\pL\p{Nd}`
	case "upper":
		return `\p{Lu}`
	case "lower":
		return `\p{Ll}`
	case "blank":
		return ` \t`
	case "xdigit":
		return `0-9a-fA-F`
	}
	return ""
}

func (s *set) has1(r rune) bool {
	for i := 0; i < len(s.ranges); i += 2 {
		if r >= s.ranges[i] && r <= s.ranges[i+1] {
			return true
		}
	}
	for _, c := range s.classes {
		if (inClass(c.name, r) && !(s.ascii && r > 0x7f)) != c.negate {
			return true
		}
	}
	return false
}

func (s *set) has(r rune) bool {
	if s.noNewline && r == '\n' {
		return false
	}
	return s.has1(r) != s.negate
}
