package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// SessionOptions describe a client.
type SessionOptions struct {
	User string
	// Database is a database's name; "", and the user's if no database has it, mean the main
	// one.
	Database string
	// Settings are run-time parameters given when connecting.
	Settings map[string]string
	// Notice receives notices and warnings; nil drops them.
	Notice func(*pgerr.Error)
	// ParameterStatus is told when a reported parameter changes; nil for none.
	ParameterStatus func(name, value string)
	// Notified is told that Notifications has something; Interrupt, that the session
	// was terminated. Both are called by other sessions' goroutines; nil for none.
	Notified, Interrupt func()
	// RemoteAddr and LocalAddr are the two ends of the connection, "" for none.
	RemoteAddr, LocalAddr string
	// TLS tells how the connection is encrypted, nil for not at all.
	TLS *Encryption
	// inside, if not 0, is the database, for the engine itself: it gets in anywhere.
	inside catalog.OID
}

// Session is one client's state. Not safe for concurrent use but for Cancel
// and Terminate.
type Session struct {
	db   *DB
	cat  *catalog.Catalog // of its database
	opts SessionOptions
	user string // as the client connected
	// authenticated is the role it connected as, definer the owner of the SECURITY
	// DEFINER function that runs, 0 none; bootstrap is the name the session has for
	// the bootstrap role, "" its own.
	authenticated, definer catalog.OID
	bootstrap              string
	pid                    int32
	secret                 uint32
	born                   time.Time
	stepped                time.Time // see Step; zero: no statement is under way

	set      *settings // current
	setStart *settings // as connected: what RESET returns to
	ctx      context.Context
	end      context.CancelFunc
	running  atomic.Pointer[context.CancelCauseFunc]
	closed   atomic.Bool

	tx       *txn
	prepared map[string]*Prepared
	mem      *executor.Account // of named prepared statements; nil until there is one
	portals  map[string]*Portal
	texts    map[string]*Prepared // of PrepareCached
	plans    planCache
	lastSeq  catalog.OID
	currvals map[catalog.OID]int64
	rng      *mathrand.Rand
	fctx     builtin.Ctx
	env      types.Env
	system   bool             // defines key spaces
	runner   *keyspace.Runner // of kv.command
	alive    aliveKeys
	tempName string
	depth    int // of calls of functions that users made
	inside   *running
	routines map[routineKey]any
	// nonAtomic is the depth of the CALL or DO that may end transactions, 0 none.
	nonAtomic   int
	casts       map[castKey]plan.Expr
	castVersion uint64
	triggers    map[*catalog.Trigger]*firedTrigger
	firing      int // triggers that are being fired
	unnamed     int // cursors without a name so far
	// tempOnCommit: there are temporary tables with ON COMMIT DELETE ROWS or DROP.
	tempOnCommit bool
	state        executor.State
	backup       string // directory of the backup in progress, or ""
	// traced, when set, has plans run with a trace, and is told of each run.
	traced func(st *statement, o planner.ExplainOptions) error

	infoMu  sync.Mutex // guards what pg_stat_activity of other sessions reads
	query   string
	queryAt time.Time
	// What pg_stat_activity shows besides: the state and its beginning, the
	// transaction's beginning, the settings after the last statement.
	act      atomic.Int32
	actSince atomic.Int64
	txStart  atomic.Int64
	awaits   atomic.Pointer[[]awaited] // transactions it waits for (awaitUsers)
	shown    atomic.Pointer[settings]

	locks     kv.Locks // advisory locks of the session; nil until used
	advisory  map[builtin.AdvisoryKey]advisory
	listening map[string]struct{}
	inbox     inbox
}

// Column describes a result column.
type Column = plan.Column

// Writer receives the results of statements, in order. Batches are only valid
// during the call.
type Writer interface {
	// Columns announces a result's columns (simple protocol only).
	Columns(cols []Column) error
	// Rows passes rows: the first len(cols) columns of the batch.
	Rows(b *types.Batch, cols []Column) error
	// Complete ends a statement.
	Complete(tag string) error
	// Empty answers a text without a statement.
	Empty() error
	// Suspended ends an Execute that reached its row limit.
	Suspended() error
	// CopyIn begins COPY FROM STDIN: what the client sends comes from the
	// reader, which gives io.EOF after CopyDone and an error after CopyFail.
	CopyIn(binary bool, columns int) (CopyReader, error)
	// CopyOut begins COPY TO STDOUT; CopyData passes a chunk, CopyDone ends it.
	CopyOut(binary bool, columns int) error
	CopyData(p []byte) error
	CopyDone() error
}

// CopyReader gives the data of COPY FROM STDIN. One that has a method Ready() bool
// tells whether Read would give something without waiting; what has come is then
// checked and stored before more is waited for.
type CopyReader interface {
	Read(p []byte) (int, error)
}

// Discard is a Writer that drops results.
var Discard Writer = discard{}

type discard struct{}

func (discard) Columns([]Column) error            { return nil }
func (discard) Rows(*types.Batch, []Column) error { return nil }
func (discard) Complete(string) error             { return nil }
func (discard) Empty() error                      { return nil }
func (discard) Suspended() error                  { return nil }
func (discard) CopyIn(bool, int) (CopyReader, error) {
	return nil, pgerr.Unsupported("COPY FROM STDIN needs a client")
}
func (discard) CopyOut(bool, int) error { return pgerr.Unsupported("COPY TO STDOUT needs a client") }
func (discard) CopyData([]byte) error   { return nil }
func (discard) CopyDone() error         { return nil }

// NewSession opens a session. ctx ends it.
func (db *DB) NewSession(ctx context.Context, opts SessionOptions) (*Session, error) {
	if opts.User == "" {
		opts.User = "postgres"
	}
	s := &Session{db: db, opts: opts, user: opts.User, born: time.Now(), set: db.defaults,
		prepared: map[string]*Prepared{}, portals: map[string]*Portal{}, currvals: map[catalog.OID]int64{}}
	var seed [20]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, err
	}
	s.secret = binary.LittleEndian.Uint32(seed[16:])
	s.rng = mathrand.New(mathrand.NewPCG(binary.LittleEndian.Uint64(seed[:]), binary.LittleEndian.Uint64(seed[8:])))
	if err := s.login(); err != nil {
		return nil, err
	}
	for name, value := range opts.Settings {
		if err := s.assign(name, value, atConnect); err != nil {
			return nil, err
		}
	}
	s.setStart = s.set
	s.shown.Store(s.set)
	s.actSince.Store(nowMicros())
	s.ctx, s.end = context.WithCancel(ctx)
	if err := db.register(s); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// Close ends the session: its transaction is rolled back.
func (s *Session) Close() {
	if s.closed.Swap(true) {
		return
	}
	s.end()
	for _, p := range s.portals {
		p.drop()
	}
	s.mem.Release()
	if s.tx != nil {
		s.rollback()
	}
	s.unlockAll()
	s.listen(listenAction{})
	s.endBackup()
	if err := s.dropAtEnd(); err != nil {
		s.db.log.Error("temporary objects of a session were not dropped", "err", err)
	}
	s.db.unregister(s)
}

// textShare is how many times its size the text of a statement may take to parse and
// plan, of texts that are not short (textShort).
const (
	textShare = 100
	textShort = 256 << 10
)

// readText counts what a long text will take in the memory of all statements; done
// gives it back.
func (s *Session) readText(text string) (done func(), err error) {
	if len(text) < textShort {
		return func() {}, nil
	}
	a := executor.NewAccount(0, s.db.memory)
	if err := a.Take(int64(len(text)) * textShare); err != nil {
		a.Release()
		return nil, err
	}
	return a.Release, nil
}

// preparedBytes is about what a prepared statement takes beside its text.
const preparedBytes = 8 << 10

// keepPrepared keeps a statement under its name, if there is memory for it.
func (s *Session) keepPrepared(p *Prepared) error {
	if p.Name != "" {
		if s.mem == nil {
			s.mem = executor.NewAccount(0, s.db.memory)
		}
		p.bytes = preparedBytes + 2*int64(len(p.Text))
		if err := s.mem.Take(p.bytes); err != nil {
			_ = s.mem.Take(-p.bytes)
			return err
		}
	}
	s.prepared[p.Name] = p
	return nil
}

// dropPrepared forgets a prepared statement, if there is one of that name.
func (s *Session) dropPrepared(name string) {
	if p := s.prepared[name]; p != nil {
		delete(s.prepared, name)
		if p.bytes > 0 {
			_ = s.mem.Take(-p.bytes)
		}
	}
}

// dropAllPrepared forgets all of them.
func (s *Session) dropAllPrepared() {
	s.prepared = map[string]*Prepared{}
	s.mem.Release()
}

// PID and Secret identify the session to Cancel.
func (s *Session) PID() int32     { return s.pid }
func (s *Session) Secret() uint32 { return s.secret }

// Reported gives the parameters that a client is told when it connects.
func (s *Session) Reported() map[string]string {
	out := map[string]string{}
	for _, d := range settingTable {
		if d.report {
			out[d.name] = s.set.str(d.name)
		}
	}
	return out
}

// Cancel interrupts the statement that is running, if any (57014).
func (s *Session) Cancel() {
	if c := s.running.Load(); c != nil {
		(*c)(errCanceledByUser)
	}
}

// Terminate interrupts the running statement and makes all later ones fail (57P01).
func (s *Session) Terminate() {
	if c := s.running.Load(); c != nil {
		(*c)(errTerminated)
	}
	s.end()
	if s.opts.Interrupt != nil {
		s.opts.Interrupt()
	}
}

var (
	errCanceledByUser   = pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
	errStatementTimeout = pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout")
	errTerminated       = &pgerr.Error{Severity: "FATAL", Code: pgerr.AdminShutdown, Message: "terminating connection due to administrator command"}
)

// TxnStatus is the transaction state as ReadyForQuery reports it: 'I' idle,
// 'T' in a block, 'E' in a failed block.
func (s *Session) TxnStatus() byte {
	switch {
	case s.tx == nil || s.tx.implicit:
		return 'I'
	case s.tx.failed:
		return 'E'
	}
	return 'T'
}

// IdleTimeout gives how long the client may leave the session waiting for its
// next command now, 0 for ever, and the error that ends the session then.
func (s *Session) IdleTimeout() (time.Duration, *pgerr.Error) {
	d, code, what := s.set.idleTimeout, pgerr.IdleSessionTimeout, "idle-session"
	if s.TxnStatus() != 'I' {
		d, code, what = s.set.idleInTxnTimeout, pgerr.IdleInTransactionSessionTimeout, "idle-in-transaction"
	}
	if d <= 0 {
		return 0, nil
	}
	return d, &pgerr.Error{Severity: "FATAL", Code: code, Message: "terminating connection due to " + what + " timeout"}
}

// Env gives what the text form of results depends on.
func (s *Session) Env() *types.Env { return s.execEnv() }

// execEnv gives the environment of the current statement.
func (s *Session) execEnv() *types.Env {
	s.env = s.set.env
	if s.tx != nil {
		s.env.NowMicros = s.tx.nowMicros
	} else {
		s.env.NowMicros = nowMicros()
	}
	s.env.Names = resolver{s}
	return &s.env
}

// postgresEpoch is 2000-01-01 UTC in Unix microseconds.
const postgresEpoch = 946684800_000000

func nowMicros() int64 { return time.Now().UnixMicro() - postgresEpoch }

// notice sends a notice to the client unless client_min_messages hides it.
func (s *Session) notice(severity, code, message string) {
	s.noticeErr(&pgerr.Error{Severity: severity, Code: code, Message: message})
}

var noticeRank = map[string]int{"DEBUG5": 0, "DEBUG4": 1, "DEBUG3": 2, "DEBUG2": 3, "DEBUG": 4, "LOG": 5, "NOTICE": 6, "WARNING": 7, "ERROR": 8, "INFO": 100}

func (s *Session) noticeErr(e *pgerr.Error) {
	if s.opts.Notice == nil {
		return
	}
	limit := map[string]int{"debug5": 0, "debug4": 1, "debug3": 2, "debug2": 3, "debug1": 4, "log": 5, "notice": 6, "warning": 7, "error": 8}[s.set.str("client_min_messages")]
	if noticeRank[e.Severity] >= limit {
		e.Where = s.contextLines()
		s.opts.Notice(e)
	}
}

func (s *Session) warn(code, message string) { s.notice("WARNING", code, message) }

// searchPath gives the schemas that names are searched in, in order:
// pg_temp and pg_catalog first unless the path names them.
func (s *Session) searchPath() []string {
	out := make([]string, 0, len(s.set.path)+2)
	named := func(n string) bool {
		for _, p := range s.set.path {
			if p == n {
				return true
			}
		}
		return false
	}
	if s.tempName != "" && !named("pg_temp") {
		out = append(out, s.tempName)
	}
	if !named("pg_catalog") {
		out = append(out, "pg_catalog")
	}
	return s.usable(s.appendPath(out))
}

// appendPath appends the schemas that search_path names, $user resolved.
func (s *Session) appendPath(out []string) []string {
	for _, p := range s.set.path {
		switch p {
		case "$user":
			out = append(out, s.userName())
		case "pg_temp":
			if s.tempName != "" {
				out = append(out, s.tempName)
			}
		default:
			out = append(out, p)
		}
	}
	return out
}
