package parser

import (
	"strings"

	"rowkey/parser/ast"
)

// Utility statements: what is neither a query nor a definition. SET, SHOW and
// RESET are in utility_set.go, COPY in utility_copy.go.

// parseUtility parses a statement that starts with one of the words below; nil
// if the current token is none of them.
func (p *parser) parseUtility() ast.Stmt {
	at := p.here()
	t := p.tok()
	if t.kind != tokKeyword {
		return nil
	}
	switch t.text {
	case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release":
		return p.parseTransaction()
	case "set":
		return p.parseSet()
	case "show":
		return p.parseShow()
	case "reset":
		return p.parseReset()
	case "copy":
		return p.parseCopy()
	case "explain":
		return p.parseExplain()
	case "prepare":
		return p.parsePrepare()
	case "execute":
		return p.parseExecute()
	case "deallocate":
		return p.parseDeallocate()
	case "declare":
		return p.parseDeclare()
	case "fetch", "move":
		return p.parseFetch()
	case "close":
		p.advance()
		if p.accept("all") {
			return &ast.CloseStmt{At: at, All: true}
		}
		return &ast.CloseStmt{At: at, Cursor: p.colID()}
	case "vacuum":
		return p.parseVacuum()
	case "analyze", "analyse":
		return p.parseAnalyze()
	case "cluster":
		return p.parseCluster()
	case "reindex":
		return p.parseReindex()
	case "checkpoint":
		p.advance()
		return &ast.CheckpointStmt{At: at}
	case "lock":
		return p.parseLock()
	case "listen":
		p.advance()
		return &ast.ListenStmt{At: at, Channel: p.colID()}
	case "unlisten":
		p.advance()
		if p.accept("*") {
			return &ast.UnlistenStmt{At: at}
		}
		return &ast.UnlistenStmt{At: at, Channel: p.colID()}
	case "notify":
		p.advance()
		s := &ast.NotifyStmt{At: at, Channel: p.colID()}
		if p.accept(",") {
			s.Payload = p.stringConst()
		}
		return s
	case "do":
		return p.parseDo()
	case "call":
		p.advance()
		var call ast.Expr
		return &ast.CallStmt{At: at, Func: p.funcApplication(&call)}
	case "discard":
		return p.parseDiscard()
	case "load":
		p.advance()
		return &ast.LoadStmt{At: at, Filename: p.stringConst()}
	}
	return nil
}

// nameEnds reports whether the word at hand, which could go on as a clause, is
// the last of the statement and so a name: FETCH next, RELEASE savepoint.
func (p *parser) nameEnds() bool {
	t := p.peek(1)
	return t.kind == tokEOF || t.isWord(";")
}

// ---- transactions ----

func (p *parser) parseTransaction() ast.Stmt {
	s := &ast.TransactionStmt{At: p.here()}
	switch word := p.word(); word {
	case "begin":
		s.Kind = ast.TransactionBegin
		p.optTransaction()
		s.Modes = p.transactionModes(true)
	case "start":
		p.expect("transaction")
		s.Kind = ast.TransactionStart
		s.Modes = p.transactionModes(true)
	case "commit", "end":
		s.Kind = ast.TransactionCommit
		if word == "commit" && p.accept("prepared") {
			s.Kind, s.Name = ast.TransactionCommitPrepared, p.stringConst()
			break
		}
		p.optTransaction()
		s.Chain = p.chain()
	case "rollback", "abort":
		s.Kind = ast.TransactionRollback
		if word == "rollback" && p.accept("prepared") {
			s.Kind, s.Name = ast.TransactionRollbackPrepared, p.stringConst()
			break
		}
		p.optTransaction()
		if word == "rollback" && p.accept("to") {
			s.Kind, s.Name = ast.TransactionRollbackTo, p.savepoint()
			break
		}
		s.Chain = p.chain()
	case "savepoint":
		s.Kind, s.Name = ast.TransactionSavepoint, p.colID()
	default:
		s.Kind, s.Name = ast.TransactionRelease, p.savepoint()
	}
	return s
}

func (p *parser) optTransaction() { _ = p.accept("work") || p.accept("transaction") }

// savepoint parses [SAVEPOINT] name.
func (p *parser) savepoint() string {
	if !p.nameEnds() {
		p.accept("savepoint")
	}
	return p.colID()
}

// chain parses [AND [NO] CHAIN].
func (p *parser) chain() bool {
	if !p.accept("and") {
		return false
	}
	no := p.accept("no")
	p.expect("chain")
	return !no
}

// transactionModes parses a list of modes, with or without commas.
func (p *parser) transactionModes(optional bool) *ast.TransactionModes {
	if optional && !p.isTransactionMode() {
		return nil
	}
	m := &ast.TransactionModes{}
	for {
		yes := true
		switch {
		case p.accept("isolation"):
			p.expect("level")
			m.Isolation = p.isolation()
		case p.accept("read"):
			if !p.accept("only") {
				p.expect("write")
				yes = false
			}
			m.ReadOnly = &yes
		case p.acceptNot():
			p.expect("deferrable")
			yes = false
			m.Deferrable = &yes
		default:
			p.expect("deferrable")
			m.Deferrable = &yes
		}
		if !p.accept(",") && !p.isTransactionMode() {
			return m
		}
	}
}

func (p *parser) isTransactionMode() bool {
	return p.is("isolation") || p.is("read") || p.is("deferrable") || p.is("not")
}

func (p *parser) isolation() ast.Isolation {
	switch {
	case p.accept("read"):
		if p.accept("uncommitted") {
			return ast.ReadUncommitted
		}
		p.expect("committed")
		return ast.ReadCommitted
	case p.accept("repeatable"):
		p.expect("read")
		return ast.RepeatableRead
	}
	p.expect("serializable")
	return ast.Serializable
}

// ---- prepared statements ----

func (p *parser) parsePrepare() ast.Stmt {
	at := p.here()
	p.advance()
	if p.is("transaction") && p.peek(1).kind == tokString {
		p.advance()
		return &ast.TransactionStmt{At: at, Kind: ast.TransactionPrepare, Name: p.stringConst()}
	}
	s := &ast.PrepareStmt{At: at, Name: p.colID()}
	if p.accept("(") {
		s.Types = p.typeList()
		p.expect(")")
	}
	p.expect("as")
	p.preparable(&s.Stmt)
	return s
}

func (p *parser) parseExecute() *ast.ExecuteStmt {
	s := &ast.ExecuteStmt{At: p.here()}
	p.expect("execute")
	s.Name = p.colID()
	if p.accept("(") {
		p.exprList(&s.Args)
		p.expect(")")
	}
	return s
}

func (p *parser) parseDeallocate() ast.Stmt {
	s := &ast.DeallocateStmt{At: p.here()}
	p.advance()
	if !p.nameEnds() {
		p.accept("prepare")
	}
	if s.All = p.accept("all"); !s.All {
		s.Name = p.colID()
	}
	return s
}

// parseExplain parses EXPLAIN with either form of options. A parenthesis may
// also open the query.
func (p *parser) parseExplain() ast.Stmt {
	s := &ast.ExplainStmt{At: p.here()}
	p.advance()
	switch {
	case p.is("(") && !p.isQueryParen():
		s.Options = p.utilityOptions()
	default:
		if at := p.here(); p.accept("analyze") || p.accept("analyse") {
			s.Options = append(s.Options, flagOption(at, "analyze"))
		}
		if at := p.here(); p.accept("verbose") {
			s.Options = append(s.Options, flagOption(at, "verbose"))
		}
	}
	switch {
	case p.is("declare"):
		s.Stmt = p.parseDeclare()
	case p.is("create"):
		s.Stmt = p.parseCreate(createAs)
	case p.is("refresh"):
		s.Stmt = p.parseDDL()
	case p.is("execute"):
		s.Stmt = p.parseExecute()
	default:
		p.preparable(&s.Stmt)
	}
	return s
}

// isQueryParen reports whether a query, not an option, stands behind the
// parenthesis. VALUES could be the name of an option.
func (p *parser) isQueryParen() bool {
	return p.isAt(1, "select") || p.isAt(1, "with") || p.isAt(1, "table") || p.isAt(1, "(") || p.isAt(1, "values", "(")
}

// ---- cursors ----

func (p *parser) parseDeclare() ast.Stmt {
	s := &ast.DeclareCursorStmt{At: p.here()}
	p.advance()
	s.Name = p.colID()
	for {
		switch {
		case p.accept("no"):
			p.expect("scroll")
			s.NoScroll = true
			continue
		case p.accept("scroll"):
			s.Scroll = true
			continue
		case p.accept("binary"):
			s.Binary = true
			continue
		case p.accept("asensitive"):
			s.Asensitive = true
			continue
		case p.accept("insensitive"):
			s.Insensitive = true
			continue
		}
		break
	}
	p.expect("cursor")
	if p.acceptWith() {
		p.expect("hold")
		s.Hold = true
	} else if p.accept("without") {
		p.expect("hold")
	}
	p.expect("for")
	p.query(&s.Query)
	return s
}

// parseFetch parses FETCH and MOVE. The words of directions can be names of
// cursors, if nothing follows them.
func (p *parser) parseFetch() ast.Stmt {
	s := &ast.FetchStmt{At: p.here(), Move: p.is("move"), Count: 1}
	p.advance()
	if !p.tok().isColID() || !p.nameEnds() {
		p.fetchDirection(s)
	}
	if !p.accept("from") {
		p.accept("in")
	}
	s.Cursor = p.colID()
	return s
}

func (p *parser) fetchDirection(s *ast.FetchStmt) {
	switch {
	case p.accept("next"):
	case p.accept("prior"):
		s.Direction = ast.FetchBackward
	case p.accept("first"):
		s.Direction = ast.FetchAbsolute
	case p.accept("last"):
		s.Direction, s.Count = ast.FetchAbsolute, -1
	case p.accept("absolute"):
		s.Direction, s.Count = ast.FetchAbsolute, int64(p.signedInt())
	case p.accept("relative"):
		s.Direction, s.Count = ast.FetchRelative, int64(p.signedInt())
	case p.accept("all"):
		s.Count = ast.FetchAll
	case p.is("forward"), p.is("backward"):
		if p.word() == "backward" {
			s.Direction = ast.FetchBackward
		}
		if p.accept("all") {
			s.Count = ast.FetchAll
		} else if p.isSignedInt() {
			s.Count = int64(p.signedInt())
		}
	case p.isSignedInt():
		s.Count = int64(p.signedInt())
	}
}

func (p *parser) isSignedInt() bool { return p.tok().kind == tokInt || p.is("+") || p.is("-") }

// ---- upkeep ----

func (p *parser) parseVacuum() ast.Stmt {
	s := &ast.VacuumStmt{At: p.here()}
	p.advance()
	if p.is("(") {
		s.Options = p.utilityOptions()
	} else {
		for _, word := range []string{"full", "freeze", "verbose", "analyze"} {
			at := p.here()
			if p.accept(word) || word == "analyze" && p.accept("analyse") {
				s.Options = append(s.Options, flagOption(at, word))
			}
		}
	}
	s.Relations = p.vacuumRelations()
	return s
}

func (p *parser) parseAnalyze() ast.Stmt {
	s := &ast.VacuumStmt{At: p.here(), Analyze: true}
	p.advance()
	if p.is("(") {
		s.Options = p.utilityOptions()
	} else if at := p.here(); p.accept("verbose") {
		s.Options = []*ast.Option{flagOption(at, "verbose")}
	}
	s.Relations = p.vacuumRelations()
	return s
}

func (p *parser) vacuumRelations() []*ast.VacuumRelation {
	if !p.tok().isColID() {
		return nil
	}
	var list []*ast.VacuumRelation
	for {
		r := &ast.VacuumRelation{At: p.here(), Table: p.qualifiedName()}
		r.Columns = p.optParenNames()
		if list = append(list, r); !p.accept(",") {
			return list
		}
	}
}

func (p *parser) parseCluster() ast.Stmt {
	s := &ast.ClusterStmt{At: p.here()}
	p.advance()
	options := p.is("(")
	if options {
		s.Options = p.utilityOptions()
	} else if at := p.here(); p.accept("verbose") {
		s.Options = []*ast.Option{flagOption(at, "verbose")}
	}
	if !options && !p.tok().isColID() {
		return s
	}
	if !options && p.isAt(1, "on") { // CLUSTER index ON table, of old
		s.Index = p.colID()
		p.advance()
		s.Table = p.qualifiedName()
		return s
	}
	s.Table = p.qualifiedName()
	if p.accept("using") {
		s.Index = p.colID()
	}
	return s
}

func (p *parser) parseReindex() ast.Stmt {
	s := &ast.ReindexStmt{At: p.here()}
	p.advance()
	if p.is("(") {
		s.Options = p.utilityOptions()
	}
	switch {
	case p.accept("index"):
		s.Kind = ast.ObjectIndex
	case p.accept("table"):
		s.Kind = ast.ObjectTable
	case p.accept("schema"):
		s.Kind = ast.ObjectSchema
	case p.accept("database"):
		s.Kind = ast.ObjectDatabase
	default:
		p.expect("system")
	}
	s.Concurrently = p.accept("concurrently")
	for _, o := range s.Options {
		if strings.EqualFold(o.Name, "concurrently") {
			on := strings.ToLower(o.Text)
			s.Concurrently = s.Concurrently || o.Kind == ast.OptionAbsent || on == "true" || on == "on" || on == "1"
		}
	}
	if s.Kind == ast.ObjectIndex || s.Kind == ast.ObjectTable {
		s.Table = p.qualifiedName()
	} else {
		s.Name = p.colID()
	}
	return s
}

// ---- the rest ----

func (p *parser) parseLock() ast.Stmt {
	s := &ast.LockStmt{At: p.here(), Mode: ast.AccessExclusiveLock}
	p.advance()
	p.accept("table")
	s.Tables = p.relationList()
	if p.accept("in") {
		s.Mode = p.lockMode()
		p.expect("mode")
	}
	s.NoWait = p.accept("nowait")
	return s
}

func (p *parser) lockMode() ast.LockMode {
	switch {
	case p.accept("access"):
		if p.accept("share") {
			return ast.AccessShareLock
		}
		p.expect("exclusive")
		return ast.AccessExclusiveLock
	case p.accept("row"):
		if p.accept("share") {
			return ast.RowShareLock
		}
		p.expect("exclusive")
		return ast.RowExclusiveLock
	case p.accept("share"):
		if p.accept("update") {
			p.expect("exclusive")
			return ast.ShareUpdateExclusiveLock
		}
		if p.accept("row") {
			p.expect("exclusive")
			return ast.ShareRowExclusiveLock
		}
		return ast.ShareLock
	}
	p.expect("exclusive")
	return ast.ExclusiveLock
}

func (p *parser) parseDo() ast.Stmt {
	s := &ast.DoStmt{At: p.here()}
	p.advance()
	for p.tok().kind == tokString || p.is("language") || len(s.Options) == 0 {
		o := &ast.Option{At: p.here(), Name: "as", Kind: ast.OptionString}
		if p.accept("language") {
			o.Name, o.Text = "language", p.wordOrString()
		} else {
			o.Text = p.stringConst()
		}
		s.Options = append(s.Options, o)
	}
	return s
}

func (p *parser) parseDiscard() ast.Stmt {
	s := &ast.DiscardStmt{At: p.here()}
	p.advance()
	switch {
	case p.accept("all"):
	case p.accept("plans"):
		s.Target = ast.DiscardPlans
	case p.accept("sequences"):
		s.Target = ast.DiscardSequences
	case p.accept("temp"), p.accept("temporary"):
		s.Target = ast.DiscardTemp
	default:
		p.fail()
	}
	return s
}
