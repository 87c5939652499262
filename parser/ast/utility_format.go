package ast

import (
	"strconv"
	"strings"
)

// This file prints utility statements.

func (s *CopyStmt) format(p *printer) {
	p.s("COPY ")
	if s.Query != nil {
		p.parens(func() { p.node(s.Query) })
	} else {
		p.relation(s.Table)
		p.columnList(s.Columns)
	}
	p.s(map[bool]string{true: " FROM ", false: " TO "}[s.From])
	p.when(s.Program, "PROGRAM ")
	switch {
	case !s.Stdio:
		p.s(QuoteString(s.Filename))
	case s.From:
		p.s("STDIN")
	default:
		p.s("STDOUT")
	}
	if len(s.Options) > 0 {
		p.s(" WITH ")
		p.options(s.Options, " ")
	}
	p.where(s.Where)
}

func (s *SetStmt) format(p *printer) {
	name := func() {
		for i, part := range strings.Split(s.Name, ".") {
			p.when(i > 0, ".")
			p.settingPart(part)
		}
	}
	switch s.Kind {
	case Reset:
		p.s("RESET ")
		name()
		return
	case ResetAll:
		p.s("RESET ALL")
		return
	}
	p.s("SET ")
	p.when(s.Local, "LOCAL ")
	switch s.Kind {
	case SetTransaction:
		p.s("TRANSACTION ")
		p.modes(s.Modes)
	case SetCharacteristics:
		p.s("SESSION CHARACTERISTICS AS TRANSACTION ")
		p.modes(s.Modes)
	case SetSnapshot:
		p.s("TRANSACTION SNAPSHOT ", QuoteString(s.Values[0].Text))
	case SetToDefault:
		name()
		p.s(" TO DEFAULT")
	case SetFromCurrent:
		name()
		p.s(" FROM CURRENT")
	default:
		if len(s.Values) == 1 && s.Values[0].Interval != nil {
			p.s("TIME ZONE ")
			p.zoneInterval(s.Values[0].Interval)
			return
		}
		name()
		p.s(" TO ")
		commas(p, s.Values, func(v *SetValueItem) {
			p.optionValue(&Option{Kind: v.Kind, Text: v.Text}, "")
		})
	}
}

// settingPart prints a part of a setting's name, which may be a column's keyword.
func (p *printer) settingPart(part string) { p.id(part) }

// zoneInterval prints INTERVAL 'text' with its fields or its precision.
func (p *printer) zoneInterval(c *TypeCast) {
	text := QuoteString(c.Arg.(*Const).Text)
	var b printer
	b.typeName(c.Type)
	// The type prints as interval, interval hour to minute or interval(3).
	words := b.b.String()
	if strings.HasPrefix(strings.ToLower(words), "interval(") {
		p.s(words, " ", text)
		return
	}
	p.s("INTERVAL ", text, words[len("interval"):])
}

func (p *printer) modes(m *TransactionModes) {
	if m == nil {
		return
	}
	sep := ""
	mode := func(words string) {
		p.s(sep, words)
		sep = ", "
	}
	if m.Isolation != IsolationUnspecified {
		mode("ISOLATION LEVEL " + strings.ToUpper(m.Isolation.String()))
	}
	if m.ReadOnly != nil {
		mode(map[bool]string{true: "READ ONLY", false: "READ WRITE"}[*m.ReadOnly])
	}
	if m.Deferrable != nil {
		mode(map[bool]string{true: "DEFERRABLE", false: "NOT DEFERRABLE"}[*m.Deferrable])
	}
}

func (s *ShowStmt) format(p *printer) {
	p.s("SHOW ")
	if s.Name == "all" {
		p.s("ALL")
		return
	}
	for i, part := range strings.Split(s.Name, ".") {
		p.when(i > 0, ".")
		p.settingPart(part)
	}
}

func (s *TransactionStmt) format(p *printer) {
	p.s(s.Tag())
	switch s.Kind {
	case TransactionSavepoint, TransactionRelease:
		p.clause(" ", s.Name)
	case TransactionRollbackTo:
		p.clause(" TO SAVEPOINT ", s.Name)
	case TransactionPrepare, TransactionCommitPrepared, TransactionRollbackPrepared:
		p.s(" ", QuoteString(s.Name))
	}
	p.when(s.Modes != nil, " ")
	p.modes(s.Modes)
	p.when(s.Chain, " AND CHAIN")
}

func (s *ExplainStmt) format(p *printer) {
	p.s("EXPLAIN ")
	if len(s.Options) > 0 {
		p.options(s.Options, " ")
		p.s(" ")
	}
	p.node(s.Stmt)
}

func (s *PrepareStmt) format(p *printer) {
	p.s("PREPARE ")
	p.id(s.Name)
	if len(s.Types) > 0 {
		p.s(" ")
		p.parens(func() { p.types(s.Types) })
	}
	p.s(" AS ")
	p.node(s.Stmt)
}

func (s *ExecuteStmt) format(p *printer) {
	p.s("EXECUTE ")
	p.id(s.Name)
	if len(s.Args) > 0 {
		p.s(" ")
		p.parens(func() { p.exprs(s.Args) })
	}
}

func (s *DeallocateStmt) format(p *printer) {
	p.s("DEALLOCATE ")
	if s.All {
		p.s("ALL")
	} else {
		p.s("PREPARE ")
		p.id(s.Name)
	}
}

func (s *DeclareCursorStmt) format(p *printer) {
	p.s("DECLARE ")
	p.id(s.Name)
	p.when(s.Binary, " BINARY")
	p.when(s.Insensitive, " INSENSITIVE")
	p.when(s.Asensitive, " ASENSITIVE")
	p.when(s.NoScroll, " NO SCROLL")
	p.when(s.Scroll, " SCROLL")
	p.s(" CURSOR ")
	p.when(s.Hold, "WITH HOLD ")
	p.s("FOR ")
	p.query(s.Query)
}

func (s *FetchStmt) format(p *printer) {
	p.s(s.Tag(), [...]string{FetchForward: " FORWARD ", FetchBackward: " BACKWARD ", FetchAbsolute: " ABSOLUTE ",
		FetchRelative: " RELATIVE "}[s.Direction])
	if s.Count == FetchAll {
		p.s("ALL")
	} else {
		p.s(strconv.FormatInt(s.Count, 10))
	}
	p.clause(" FROM ", s.Cursor)
}

func (s *CloseStmt) format(p *printer) {
	p.s("CLOSE ")
	if s.All {
		p.s("ALL")
	} else {
		p.id(s.Cursor)
	}
}

func (s *VacuumStmt) format(p *printer) {
	p.s(s.Tag())
	if len(s.Options) > 0 {
		p.s(" ")
		p.options(s.Options, " ")
	}
	p.when(len(s.Relations) > 0, " ")
	commas(p, s.Relations, func(r *VacuumRelation) {
		p.relation(r.Table)
		p.columnList(r.Columns)
	})
}

func (s *ClusterStmt) format(p *printer) {
	p.s("CLUSTER")
	if len(s.Options) > 0 {
		if s.Table == nil {
			p.s(" VERBOSE")
			return
		}
		p.s(" ")
		p.options(s.Options, " ")
	}
	if s.Table != nil {
		p.s(" ")
		p.relation(s.Table)
	}
	p.clause(" USING ", s.Index)
}

func (s *ReindexStmt) format(p *printer) {
	p.s("REINDEX ")
	if len(s.Options) > 0 {
		p.options(s.Options, " ")
		p.s(" ")
	}
	if s.Kind == ObjectNone {
		p.s("SYSTEM ")
	} else {
		p.s(s.Kind.String(), " ")
	}
	p.when(s.Concurrently, "CONCURRENTLY ")
	if s.Table != nil {
		p.relation(s.Table)
	} else {
		p.id(s.Name)
	}
}

func (*CheckpointStmt) format(p *printer) { p.s("CHECKPOINT") }

// String is the mode as LOCK TABLE writes it.
func (m LockMode) String() string {
	return [...]string{"", "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE",
		"SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"}[m]
}

func (s *LockStmt) format(p *printer) {
	p.s("LOCK TABLE ")
	p.relations(s.Tables)
	p.s(" IN ", s.Mode.String(), " MODE")
	p.when(s.NoWait, " NOWAIT")
}

func (s *ListenStmt) format(p *printer) { p.clause("LISTEN ", s.Channel) }

func (s *UnlistenStmt) format(p *printer) {
	if s.Channel == "" {
		p.s("UNLISTEN *")
	} else {
		p.clause("UNLISTEN ", s.Channel)
	}
}

func (s *NotifyStmt) format(p *printer) {
	p.clause("NOTIFY ", s.Channel)
	p.when(s.Payload != "", ", "+QuoteString(s.Payload))
}

func (s *DoStmt) format(p *printer) {
	p.s("DO")
	for _, o := range s.Options {
		p.when(o.Name == "language", " LANGUAGE")
		p.s(" ", QuoteString(o.Text))
	}
}

func (s *CallStmt) format(p *printer) {
	p.s("CALL ")
	p.any(s.Func)
}

func (s *DiscardStmt) format(p *printer) { p.s(s.Tag()) }

func (s *LoadStmt) format(p *printer) { p.s("LOAD ", QuoteString(s.Filename)) }

func (s *SetConstraintsStmt) format(p *printer) {
	p.s("SET CONSTRAINTS ")
	if len(s.Names) == 0 {
		p.s("ALL")
	} else {
		p.relations(s.Names)
	}
	p.s(map[bool]string{true: " DEFERRED", false: " IMMEDIATE"}[s.Deferred])
}
