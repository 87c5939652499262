package ast

// The utility statements: what a session does beside queries and definitions.
//
//	sessions      SetStmt ShowStmt DiscardStmt LoadStmt SetConstraintsStmt
//	transactions  TransactionStmt
//	statements    PrepareStmt ExecuteStmt DeallocateStmt ExplainStmt DoStmt CallStmt
//	cursors       DeclareCursorStmt FetchStmt CloseStmt
//	data          CopyStmt LockStmt
//	upkeep        VacuumStmt ClusterStmt ReindexStmt CheckpointStmt
//	messages      NotifyStmt ListenStmt UnlistenStmt

// Tag is the statement's command tag as PostgreSQL's CommandComplete prints it,
// without the row count that SELECT, INSERT, UPDATE, DELETE, MERGE, COPY, FETCH
// and MOVE append (and the 0 between INSERT and its count).
func Tag(s Stmt) string {
	switch s := s.(type) {
	case *SelectStmt:
		if s.IntoTarget() != nil {
			return "SELECT INTO"
		}
		return "SELECT"
	case *InsertStmt:
		return "INSERT"
	case *UpdateStmt:
		return "UPDATE"
	case *DeleteStmt:
		return "DELETE"
	case *MergeStmt:
		return "MERGE"
	case interface{ Tag() string }:
		return s.Tag()
	}
	return "???"
}

// IntoTarget is the INTO clause of a query: its own, or that of the leftmost
// SELECT of a set operation, where PostgreSQL allows it.
func (s *SelectStmt) IntoTarget() *IntoClause {
	for s.Op != SetNone && s.Left != nil {
		s = s.Left
	}
	return s.Into
}

// TableInto is SELECT INTO as the CREATE TABLE AS that does the same.
func (s *SelectStmt) TableInto() *CreateTableAsStmt {
	into := s.IntoTarget()
	return &CreateTableAsStmt{At: s.At, Name: into.Relation, Persistence: into.Persistence, Query: s.withoutInto()}
}

// withoutInto is the query without its INTO clause. (Trees are shared: the path is copied.)
func (s *SelectStmt) withoutInto() *SelectStmt {
	cp := *s
	if cp.Op != SetNone && cp.Left != nil {
		cp.Left = cp.Left.withoutInto()
	} else {
		cp.Into = nil
	}
	return &cp
}

// CopyStmt is COPY. Query is the SelectStmt, InsertStmt, UpdateStmt or
// DeleteStmt of COPY (query) TO, else Table is set. The two option syntaxes
// give the same options: delimiter, null, header, quote, escape, format, freeze,
// force_quote, force_not_null, force_null, encoding.
type CopyStmt struct {
	At
	Table    *RangeVar
	Columns  []string
	Query    Stmt
	From     bool   // COPY … FROM; else TO
	Filename string // empty with Stdio
	Stdio    bool   // STDIN or STDOUT: the connection
	Program  bool
	Options  []*Option
	Where    Expr
}

// Tag implements Stmt's command tag.
func (*CopyStmt) Tag() string { return "COPY" }

// SetKind is the form of a SetStmt.
type SetKind uint8

// The forms.
const (
	SetValue           SetKind = iota // SET name TO value, …
	SetToDefault                      // SET name TO DEFAULT
	SetFromCurrent                    // SET name FROM CURRENT
	SetTransaction                    // SET TRANSACTION modes: this transaction
	SetCharacteristics                // SET SESSION CHARACTERISTICS AS TRANSACTION modes
	SetSnapshot                       // SET TRANSACTION SNAPSHOT 'id'
	Reset                             // RESET name
	ResetAll                          // RESET ALL
)

// SetValueItem is one value of SET. Word tells an unquoted word from a string:
// PostgreSQL quotes the latter where it joins a list into one setting.
type SetValueItem struct {
	At
	Kind OptionValueKind // OptionString, OptionWord or OptionNumber
	Text string
	// Interval is set for SET TIME ZONE INTERVAL '…' [HOUR TO MINUTE].
	Interval *TypeCast
}

// SetStmt is SET and RESET. The special spellings arrive as the settings they
// stand for: TIME ZONE is timezone, NAMES client_encoding, ROLE role, SCHEMA
// search_path, SESSION AUTHORIZATION session_authorization, XML OPTION
// xmloption; RESET TRANSACTION ISOLATION LEVEL is transaction_isolation.
type SetStmt struct {
	At
	Kind   SetKind
	Local  bool
	Name   string // dotted, parts joined
	Values []*SetValueItem
	Modes  *TransactionModes
}

// Tag is SET or RESET.
func (s *SetStmt) Tag() string {
	if s.Kind == Reset || s.Kind == ResetAll {
		return "RESET"
	}
	return "SET"
}

// ShowStmt is SHOW; Name is "all" for SHOW ALL.
type ShowStmt struct {
	At
	Name string
}

// Tag implements Stmt's command tag.
func (*ShowStmt) Tag() string { return "SHOW" }

// Isolation is a transaction isolation level.
type Isolation uint8

// The levels.
const (
	IsolationUnspecified Isolation = iota
	ReadUncommitted
	ReadCommitted
	RepeatableRead
	Serializable
)

// String is the level as SHOW transaction_isolation prints it.
func (i Isolation) String() string {
	return [...]string{"", "read uncommitted", "read committed", "repeatable read", "serializable"}[i]
}

// TransactionModes are the modes of BEGIN and SET TRANSACTION; of one given
// twice the last counts. A nil pointer is a mode not given.
type TransactionModes struct {
	Isolation  Isolation
	ReadOnly   *bool
	Deferrable *bool
}

// TransactionKind is the kind of a TransactionStmt.
type TransactionKind uint8

// The kinds. END is TransactionCommit, ABORT is TransactionRollback.
const (
	TransactionBegin TransactionKind = iota
	TransactionStart
	TransactionCommit
	TransactionRollback
	TransactionSavepoint
	TransactionRelease
	TransactionRollbackTo
	TransactionPrepare
	TransactionCommitPrepared
	TransactionRollbackPrepared
)

// TransactionStmt is BEGIN, COMMIT, SAVEPOINT and so on.
type TransactionStmt struct {
	At
	Kind  TransactionKind
	Modes *TransactionModes // BEGIN, START TRANSACTION; nil: none given
	Name  string            // of a savepoint or prepared transaction
	Chain bool              // AND CHAIN
}

// Tag is the command's own name: ROLLBACK TO SAVEPOINT completes with ROLLBACK.
func (s *TransactionStmt) Tag() string {
	return [...]string{"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE",
		"ROLLBACK", "PREPARE TRANSACTION", "COMMIT PREPARED", "ROLLBACK PREPARED"}[s.Kind]
}

// ExplainStmt is EXPLAIN. The legacy words ANALYZE and VERBOSE arrive as
// options. Option names are any word: EXPLAIN (KV) is an option kv.
type ExplainStmt struct {
	At
	Options []*Option
	Stmt    Stmt
}

// Tag implements Stmt's command tag.
func (*ExplainStmt) Tag() string { return "EXPLAIN" }

// PrepareStmt is PREPARE.
type PrepareStmt struct {
	At
	Name  string
	Types []*TypeName
	Stmt  Stmt
}

// Tag implements Stmt's command tag.
func (*PrepareStmt) Tag() string { return "PREPARE" }

// ExecuteStmt is EXECUTE.
type ExecuteStmt struct {
	At
	Name string
	Args []Expr
}

// Tag implements Stmt's command tag; the session answers with the tag of the
// statement that it executed.
func (*ExecuteStmt) Tag() string { return "EXECUTE" }

// DeallocateStmt is DEALLOCATE.
type DeallocateStmt struct {
	At
	Name string
	All  bool
}

// Tag is DEALLOCATE or DEALLOCATE ALL.
func (s *DeallocateStmt) Tag() string {
	if s.All {
		return "DEALLOCATE ALL"
	}
	return "DEALLOCATE"
}

// DeclareCursorStmt is DECLARE … CURSOR.
type DeclareCursorStmt struct {
	At
	Name string
	CursorOptions
	Query *SelectStmt
}

// CursorOptions are the words of DECLARE CURSOR that say what kind of cursor it makes.
type CursorOptions struct {
	Binary, Scroll, NoScroll, Insensitive, Asensitive, Hold bool
}

// CursorQuery is the query, with the options of the cursor that it is for.
func (s *DeclareCursorStmt) CursorQuery() *SelectStmt {
	q := *s.Query
	q.Cursor = &s.CursorOptions
	return &q
}

// Tag implements Stmt's command tag.
func (*DeclareCursorStmt) Tag() string { return "DECLARE CURSOR" }

// FetchDirection is the direction of FETCH and MOVE.
type FetchDirection uint8

// The directions. NEXT and PRIOR are one row forward and backward, FIRST and
// LAST absolute 1 and -1.
const (
	FetchForward FetchDirection = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// FetchAll is the Count of FETCH ALL.
const FetchAll = int64(1<<63 - 1)

// FetchStmt is FETCH and MOVE.
type FetchStmt struct {
	At
	Move      bool
	Direction FetchDirection
	Count     int64
	Cursor    string
}

// Tag is FETCH or MOVE.
func (s *FetchStmt) Tag() string {
	if s.Move {
		return "MOVE"
	}
	return "FETCH"
}

// CloseStmt is CLOSE.
type CloseStmt struct {
	At
	Cursor string
	All    bool
}

// Tag is CLOSE CURSOR or CLOSE CURSOR ALL.
func (s *CloseStmt) Tag() string {
	if s.All {
		return "CLOSE CURSOR ALL"
	}
	return "CLOSE CURSOR"
}

// VacuumRelation is a table of VACUUM or ANALYZE.
type VacuumRelation struct {
	At
	Table   *RangeVar
	Columns []string
}

// VacuumStmt is VACUUM and ANALYZE; the legacy words arrive as options.
type VacuumStmt struct {
	At
	Analyze   bool // ANALYZE, not VACUUM (ANALYZE)
	Options   []*Option
	Relations []*VacuumRelation
}

// Tag is VACUUM or ANALYZE.
func (s *VacuumStmt) Tag() string {
	if s.Analyze {
		return "ANALYZE"
	}
	return "VACUUM"
}

// ClusterStmt is CLUSTER.
type ClusterStmt struct {
	At
	Table   *RangeVar // nil: all
	Index   string
	Options []*Option
}

// Tag implements Stmt's command tag.
func (*ClusterStmt) Tag() string { return "CLUSTER" }

// ReindexStmt is REINDEX. Kind is ObjectIndex, ObjectTable, ObjectSchema,
// ObjectDatabase, or ObjectNone for SYSTEM.
type ReindexStmt struct {
	At
	Kind         ObjectKind
	Table        *RangeVar // INDEX, TABLE
	Name         string    // SCHEMA, DATABASE, SYSTEM
	Concurrently bool
	Options      []*Option
}

// Tag implements Stmt's command tag.
func (*ReindexStmt) Tag() string { return "REINDEX" }

// CheckpointStmt is CHECKPOINT.
type CheckpointStmt struct{ At }

// Tag implements Stmt's command tag.
func (*CheckpointStmt) Tag() string { return "CHECKPOINT" }

// LockMode is a table lock mode, weakest first, numbered as in PostgreSQL.
type LockMode uint8

// The lock modes.
const (
	AccessShareLock LockMode = iota + 1
	RowShareLock
	RowExclusiveLock
	ShareUpdateExclusiveLock
	ShareLock
	ShareRowExclusiveLock
	ExclusiveLock
	AccessExclusiveLock
)

// LockStmt is LOCK TABLE.
type LockStmt struct {
	At
	Tables []*RangeVar
	Mode   LockMode
	NoWait bool
}

// Tag implements Stmt's command tag.
func (*LockStmt) Tag() string { return "LOCK TABLE" }

// ListenStmt is LISTEN.
type ListenStmt struct {
	At
	Channel string
}

// Tag implements Stmt's command tag.
func (*ListenStmt) Tag() string { return "LISTEN" }

// UnlistenStmt is UNLISTEN.
type UnlistenStmt struct {
	At
	Channel string // empty: all
}

// Tag implements Stmt's command tag.
func (*UnlistenStmt) Tag() string { return "UNLISTEN" }

// NotifyStmt is NOTIFY.
type NotifyStmt struct {
	At
	Channel string
	Payload string
}

// Tag implements Stmt's command tag.
func (*NotifyStmt) Tag() string { return "NOTIFY" }

// DoStmt is DO. Options are as and language, in the order written.
type DoStmt struct {
	At
	Options []*Option
}

// Tag implements Stmt's command tag.
func (*DoStmt) Tag() string { return "DO" }

// CallStmt is CALL.
type CallStmt struct {
	At
	Func *FuncCall
}

// Tag implements Stmt's command tag.
func (*CallStmt) Tag() string { return "CALL" }

// DiscardTarget is what DISCARD discards.
type DiscardTarget uint8

// The targets.
const (
	DiscardAll DiscardTarget = iota
	DiscardPlans
	DiscardSequences
	DiscardTemp
)

// DiscardStmt is DISCARD.
type DiscardStmt struct {
	At
	Target DiscardTarget
}

// Tag is DISCARD and the target.
func (s *DiscardStmt) Tag() string {
	return [...]string{"DISCARD ALL", "DISCARD PLANS", "DISCARD SEQUENCES", "DISCARD TEMP"}[s.Target]
}

// LoadStmt is LOAD.
type LoadStmt struct {
	At
	Filename string
}

// Tag implements Stmt's command tag.
func (*LoadStmt) Tag() string { return "LOAD" }

// SetConstraintsStmt is SET CONSTRAINTS.
type SetConstraintsStmt struct {
	At
	Names    []*RangeVar // empty: ALL
	Deferred bool
}

// Tag implements Stmt's command tag.
func (*SetConstraintsStmt) Tag() string { return "SET CONSTRAINTS" }
