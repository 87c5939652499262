package parser

import (
	"io"
	"strconv"
	"strings"
	"sync"

	tidb "github.com/pingcap/tidb/pkg/parser"
	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/charset"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// This file is the seam to the grammar engine: emitted text in, its tree out.
// Nothing but numbers, operators and the words of SELECT goes in, so of the
// engine's value driver only the number is needed.

// engines are parsers to reuse; one is not safe for concurrent use.
var engines = sync.Pool{New: func() any {
	e := tidb.New()
	e.SetSQLMode(mysql.ModePipesAsConcat)
	e.SetParserConfig(tidb.ParserConfig{SkipPositionRecording: true})
	return e
}}

// group lets the grammar group the emitted text.
func group(text string) (tast.StmtNode, error) {
	e := engines.Get().(*tidb.Parser)
	stmts, _, err := e.ParseSQL(text)
	if len(text) <= maxKept { // else its stack has grown large
		defer engines.Put(e)
	}
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, errDisagree
	}
	return stmts[0], nil // the slice is the engine's, its element is ours
}

// errorOffset is where in text the engine stopped, or -1. It reports
// `line 1 column 9 near "rest of the text"`, cut short if it is long.
func errorOffset(text string, err error) int {
	m := err.Error()
	k := strings.Index(m, `near "`)
	if k < 0 {
		return -1
	}
	rest := m[k+len(`near "`):]
	if i := strings.LastIndex(rest, "(total length "); i >= 0 {
		n, _, _ := strings.Cut(rest[i+len("(total length "):], ")")
		if total, err := strconv.Atoi(n); err == nil {
			return len(text) - total
		}
	}
	if i := strings.LastIndexByte(rest, '"'); i >= 0 {
		return len(text) - i
	}
	return -1
}

// number is a number in the emitted text: a hole. It is written out in full,
// without the engine's base node, since that is large and there are many.
type number struct {
	n    int
	flag uint64
}

var _ tast.ValueExpr = (*number)(nil)

func init() {
	tast.NewValueExpr = func(v any, _, _ string) tast.ValueExpr {
		if n, ok := v.(int64); ok {
			return &number{n: int(n)}
		}
		return &number{n: -1}
	}
	// Never reached: none of these is ever emitted.
	tast.NewParamMarkerExpr = func(int) tast.ParamMarkerExpr { return nil }
	tast.NewDecimal = func(s string) (any, error) { return s, nil }
	tast.NewHexLiteral = func(s string) (any, error) { return s, nil }
	tast.NewBitLiteral = func(s string) (any, error) { return s, nil }
}

// What the engine asks of a value. It reads GetValue and sets the flag.

func (x *number) GetValue() any       { return int64(x.n) }
func (x *number) SetFlag(flag uint64) { x.flag = flag }
func (x *number) GetFlag() uint64     { return x.flag }

func (x *number) Accept(v tast.Visitor) (tast.Node, bool) {
	n, _ := v.Enter(x)
	return v.Leave(n)
}

func (x *number) Restore(ctx *format.RestoreCtx) error { ctx.WritePlain(itoa(x.n)); return nil }
func (x *number) Format(w io.Writer)                   { _, _ = io.WriteString(w, itoa(x.n)) }
func (x *number) Text() string                         { return itoa(x.n) }
func (x *number) OriginalText() string                 { return itoa(x.n) }
func (x *number) SetText(charset.Encoding, string)     {}
func (x *number) SetOriginTextPosition(int)            {}
func (x *number) OriginTextPosition() int              { return -1 }
func (x *number) SetType(*types.FieldType)             {}
func (x *number) GetType() *types.FieldType            { return nil }
func (x *number) SetValue(any)                         {}
func (x *number) GetDatumString() string               { return "" }
func (x *number) GetString() string                    { return "" }
func (x *number) GetProjectionOffset() int             { return -1 }
func (x *number) SetProjectionOffset(int)              {}
