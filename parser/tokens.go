package parser

// Token is a lexical token, for languages that hold pieces of SQL: they read
// the tokens and leave the pieces, as text, to Parse.
type Token struct {
	Kind TokenKind
	// Text is the value: a name folded, unquoted and unescaped, a string's contents.
	Text string
	// Pos and End are byte offsets in the source.
	Pos, End int
	// Quoted tells of a name in double quotes.
	Quoted bool
}

// TokenKind is the kind of a Token.
type TokenKind uint8

// The kinds. A TokenWord is a name or a keyword, TokenSymbol an operator or punctuation.
const (
	TokenEnd TokenKind = iota
	TokenWord
	TokenString
	TokenNumber
	TokenParam
	TokenSymbol
)

// Tokens scans a text. The last token is TokenEnd.
func Tokens(src string) ([]Token, error) {
	toks := lex(src)
	out := make([]Token, 0, len(toks))
	for i := range toks {
		t := &toks[i]
		k := Token{Text: t.text, Pos: int(t.pos), End: int(t.end)}
		switch t.kind {
		case tokBad:
			return nil, t.err.locate(src)
		case tokEOF:
			k.Kind = TokenEnd
			k.Pos, k.End = len(src), len(src)
		case tokIdent, tokKeyword:
			k.Kind = TokenWord
			k.Quoted = src[t.pos] == '"'
		case tokString, tokBits:
			k.Kind = TokenString
		case tokInt, tokFloat:
			k.Kind = TokenNumber
		case tokParam:
			k.Kind = TokenParam
		default:
			k.Kind = TokenSymbol
			k.Text = src[t.pos:t.end]
		}
		out = append(out, k)
	}
	if len(out) == 0 || out[len(out)-1].Kind != TokenEnd {
		out = append(out, Token{Pos: len(src), End: len(src)})
	}
	return out, nil
}
