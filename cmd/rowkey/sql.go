package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/peterh/liner"
	"github.com/spf13/cobra"

	"rowkey"
	"rowkey/pgerr"
	"rowkey/session"
	"rowkey/types"
)

func sqlCommand() *cobra.Command {
	var data, command string
	cmd := &cobra.Command{
		Use:   "sql",
		Short: "An interactive SQL shell on a database of its own",
		Long: `An interactive SQL shell on a data directory, or on a new database in memory.

It opens the database itself, without a server; to talk to a server, use psql.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := rowkey.Open(data)
			if err != nil {
				return err
			}
			defer db.Close()
			sh := &shell{db: db, out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr()}
			if err := sh.connect(cmd.Context()); err != nil {
				return err
			}
			defer sh.s.Close()
			if command != "" {
				return sh.run(command)
			}
			return sh.loop()
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "data directory; empty: in memory")
	cmd.Flags().StringVarP(&command, "command", "c", "", "run this and exit")
	return cmd
}

// shell is an interactive session.
type shell struct {
	db          *rowkey.DB
	s           *session.Session
	ctx         context.Context
	out, errOut io.Writer
	timing, kv  bool
	trace       []string // of the query at work: its plan with the keys
	pending     string   // a statement not yet ended
}

func (sh *shell) connect(ctx context.Context) error {
	sh.ctx = ctx
	s, err := sh.db.Engine().NewSession(ctx, session.SessionOptions{Notice: func(e *pgerr.Error) {
		fmt.Fprintf(sh.errOut, "%s:  %s\n", e.Severity, e.Message)
		if e.Detail != "" {
			fmt.Fprintln(sh.errOut, "DETAIL:  "+e.Detail)
		}
	}})
	sh.s = s
	return err
}

const shellHelp = `  \d [NAME]   list relations, or describe one
  \dt \di \ds \dv \dn   list tables, indexes, sequences, views, schemas
  \timing     switch the time of each statement on or off
  \kv         switch on or off: show each query's plan with what it asks of the store
  \i FILE     run a file
  \q          quit
A statement ends with a semicolon.
`

func (sh *shell) loop() error {
	line := liner.NewLiner()
	defer line.Close()
	line.SetCtrlCAborts(true)
	line.SetMultiLineMode(true)
	line.SetCompleter(sh.complete)
	history := ""
	if home, err := os.UserHomeDir(); err == nil {
		history = filepath.Join(home, ".rowkey_history")
		if f, err := os.Open(history); err == nil {
			line.ReadHistory(f)
			f.Close()
		}
	}
	defer func() {
		if f, err := os.OpenFile(history, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); history != "" && err == nil {
			line.WriteHistory(f)
			f.Close()
		}
	}()
	fmt.Fprintf(sh.out, "rowkey %s. \\? for help, \\q to quit.\n", version())
	for {
		text, err := line.Prompt(sh.prompt())
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			sh.pending = ""
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(sh.out)
			return nil
		case err != nil:
			return err
		}
		if strings.TrimSpace(text) != "" {
			line.AppendHistory(text)
		}
		if done := sh.line(text); done {
			return nil
		}
	}
}

func (sh *shell) prompt() string {
	mark := map[byte]string{'I': "=", 'T': "*", 'E': "!"}[sh.s.TxnStatus()]
	if sh.pending != "" {
		mark = "-"
	}
	return "rowkey" + mark + "# "
}

// line takes one line of input; true means to quit.
func (sh *shell) line(text string) bool {
	trimmed := strings.TrimSpace(text)
	if sh.pending == "" {
		if trimmed == "" {
			return false
		}
		if strings.HasPrefix(trimmed, `\`) {
			return sh.meta(trimmed)
		}
	}
	sh.pending += text + "\n"
	if !ended(sh.pending) {
		return false
	}
	stmt := sh.pending
	sh.pending = ""
	if err := sh.run(stmt); err != nil {
		sh.complain(err, stmt)
	}
	return false
}

// ended reports whether text ends with a semicolon outside of quotes and comments.
func ended(text string) bool {
	semi := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			j := strings.IndexByte(text[i+1:], c)
			if j < 0 {
				return false
			}
			i += j + 1
			semi = false
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			j := strings.IndexByte(text[i:], '\n')
			if j < 0 {
				return semi
			}
			i += j
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			j := strings.Index(text[i:], "*/")
			if j < 0 {
				return false
			}
			i += j + 1
		case c == '$':
			end := strings.IndexByte(text[i+1:], '$')
			if end < 0 || strings.ContainsAny(text[i+1:i+1+end], " \n\t;'\"(),") {
				semi = false
				continue
			}
			tag := text[i : i+end+2]
			j := strings.Index(text[i+len(tag):], tag)
			if j < 0 {
				return false
			}
			i += len(tag) + j + len(tag) - 1
			semi = false
		case c == ';':
			semi = true
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		default:
			semi = false
		}
	}
	return semi
}

// run runs statements and prints their results.
func (sh *shell) run(text string) error {
	start := time.Now()
	err := sh.s.Simple(sh.ctx, text, &printer{sh: sh})
	if sh.timing {
		fmt.Fprintf(sh.out, "Time: %.3f ms\n", float64(time.Since(start).Microseconds())/1000)
	}
	return err
}

// complain prints an error, with the line of the statement it points into.
func (sh *shell) complain(err error, text string) {
	e := pgerr.Of(err)
	fmt.Fprintf(sh.errOut, "ERROR:  %s\n", e.Message)
	if e.Position > 0 {
		runes := []rune(text)
		if at := e.Position - 1; at <= len(runes) {
			from := at
			for from > 0 && runes[from-1] != '\n' {
				from--
			}
			to := at
			for to < len(runes) && runes[to] != '\n' {
				to++
			}
			n := 1 + strings.Count(string(runes[:from]), "\n")
			head := fmt.Sprintf("LINE %d: ", n)
			fmt.Fprintf(sh.errOut, "%s%s\n%s^\n", head, string(runes[from:to]), strings.Repeat(" ", len(head)+at-from))
		}
	}
	if e.Detail != "" {
		fmt.Fprintln(sh.errOut, "DETAIL:  "+e.Detail)
	}
	if e.Hint != "" {
		fmt.Fprintln(sh.errOut, "HINT:  "+e.Hint)
	}
}

// meta runs a backslash command; true means to quit.
func (sh *shell) meta(text string) bool {
	words := strings.Fields(text)
	arg := ""
	if len(words) > 1 {
		arg = strings.TrimSuffix(words[1], ";")
	}
	var err error
	switch words[0] {
	case `\q`:
		return true
	case `\?`, `\h`, `\help`:
		fmt.Fprint(sh.out, shellHelp)
	case `\timing`:
		sh.timing = !sh.timing
		fmt.Fprintf(sh.out, "Timing is %s.\n", onOff(sh.timing))
	case `\kv`:
		sh.kv = !sh.kv
		sh.s.TraceKeys(nil)
		if sh.kv {
			sh.s.TraceKeys(func(plan []string) { sh.trace = plan })
		}
		fmt.Fprintf(sh.out, "Showing keys is %s.\n", onOff(sh.kv))
	case `\i`:
		var b []byte
		if b, err = os.ReadFile(arg); err == nil {
			err = sh.run(string(b))
		}
	case `\d`:
		if arg != "" {
			err = sh.describe(arg)
		} else {
			err = sh.list("")
		}
	case `\dt`:
		err = sh.list("table")
	case `\dv`:
		err = sh.list("view")
	case `\di`:
		err = sh.list("index")
	case `\ds`:
		err = sh.list("sequence")
	case `\dn`:
		err = sh.listSchemas()
	default:
		fmt.Fprintf(sh.errOut, "invalid command %s\nTry \\? for help.\n", words[0])
	}
	if err != nil {
		sh.complain(err, text)
	}
	return false
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// printer prints results as they come (session.Writer).
type printer struct {
	session.Writer
	sh   *shell
	rows *rowkey.ResultBuffer
}

func (p *printer) Columns(cols []session.Column) error {
	p.rows = rowkey.NewResultBuffer(cols)
	return nil
}

func (p *printer) Rows(b *types.Batch, cols []session.Column) error {
	if p.rows == nil {
		p.rows = rowkey.NewResultBuffer(cols)
	}
	p.rows.Add(b)
	return nil
}

func (p *printer) Complete(tag string) error {
	if p.rows == nil {
		fmt.Fprintln(p.sh.out, tag)
	} else {
		r := p.rows.Rows(p.sh.s.Env())
		p.rows = nil
		if err := printRows(p.sh.out, r); err != nil {
			return err
		}
	}
	for _, l := range p.sh.trace {
		fmt.Fprintln(p.sh.out, l)
	}
	p.sh.trace = nil
	return nil
}

func (p *printer) Empty() error     { return nil }
func (p *printer) Suspended() error { return nil }
func (p *printer) CopyIn(bool, int) (session.CopyReader, error) {
	return nil, pgerr.Unsupported("COPY FROM STDIN is not supported in this shell").WithHint("Use psql, or COPY FROM a file.")
}
func (p *printer) CopyOut(bool, int) error { return nil }
func (p *printer) CopyData(b []byte) error { _, err := p.sh.out.Write(b); return err }
func (p *printer) CopyDone() error         { return nil }
