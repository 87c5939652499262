package rowkey

import (
	"context"
	"fmt"
	"time"

	"rowkey/pgerr"
	"rowkey/session"
	"rowkey/types"
)

// Result tells what a statement did.
type Result struct {
	Tag  string // command tag, such as "INSERT 0 3"
	Rows int64  // rows written or returned
}

// Column describes a column of Rows.
type Column = session.Column

// Rows is the result of a query, held in memory. The zero row is before the
// first: call Next to get to it.
type Rows struct {
	cols []Column
	data []*types.Batch
	env  types.Env
	tag  string
	b    int // current batch
	i    int // current row of it
}

// Columns gives the result's columns.
func (r *Rows) Columns() []Column { return r.cols }

// Tag gives the statement's command tag.
func (r *Rows) Tag() string { return r.tag }

// Next goes to the next row; false at the end.
func (r *Rows) Next() bool {
	for r.b < len(r.data) {
		if r.i+1 < r.data[r.b].N {
			r.i++
			return true
		}
		r.b, r.i = r.b+1, -1
	}
	return false
}

// Datum gives column c of the current row as the engine holds it.
func (r *Rows) Datum(c int) types.Datum { return r.data[r.b].Cols[c].Datum(r.i) }

// Text gives column c of the current row in PostgreSQL's text form; ok is
// false for NULL.
func (r *Rows) Text(c int) (s string, ok bool) {
	v := r.data[r.b].Cols[c]
	if v.IsNull(r.i) {
		return "", false
	}
	return string(types.AppendTextAt(nil, v, r.i, &r.env)), true
}

// Value gives column c of the current row as a Go value: nil, bool, int64,
// float64, string, []byte (bytea), time.Time (date and timestamps); everything
// else in its text form.
func (r *Rows) Value(c int) any {
	v := r.data[r.b].Cols[c]
	if v.IsNull(r.i) {
		return nil
	}
	switch t := v.Type.Under(); t {
	case types.Bool:
		return v.B[r.i]
	case types.Int2, types.Int4, types.Int8, types.Oid:
		return v.I[r.i]
	case types.Float4, types.Float8:
		return v.F[r.i]
	case types.Bytea:
		return []byte(v.S[r.i])
	case types.Date:
		if d := v.I[r.i]; d > -1<<31 && d < 1<<31-1 {
			return time.Unix(postgresEpochSeconds+d*86400, 0).UTC()
		}
	case types.Timestamp, types.TimestampTZ:
		if us := v.I[r.i]; us > -1<<63 && us < 1<<63-1 {
			return time.UnixMicro(postgresEpochSeconds*1e6 + us).UTC()
		}
	}
	s, _ := r.Text(c)
	return s
}

// postgresEpochSeconds is 2000-01-01 UTC in Unix seconds.
const postgresEpochSeconds = 946684800

// Scan copies the current row into pointers: *bool, *int, *int64, *float64,
// *string, *[]byte, *time.Time, *any, *types.Datum. NULL needs a *any, a
// *types.Datum or a pointer to a pointer of these.
func (r *Rows) Scan(dst ...any) error {
	if len(dst) != len(r.cols) {
		return fmt.Errorf("rowkey: Scan has %d destinations for %d columns", len(dst), len(r.cols))
	}
	for i, d := range dst {
		if err := r.scan(i, d); err != nil {
			return fmt.Errorf("rowkey: column %q: %w", r.cols[i].Name, err)
		}
	}
	return nil
}

func (r *Rows) scan(c int, dst any) error {
	v := r.Value(c)
	switch p := dst.(type) {
	case *any:
		*p = v
		return nil
	case *types.Datum:
		*p = r.Datum(c)
		return nil
	case **string:
		return scanNull(v, p, r, c)
	case **int64:
		return scanNull(v, p, r, c)
	case **int:
		return scanNull(v, p, r, c)
	case **float64:
		return scanNull(v, p, r, c)
	case **bool:
		return scanNull(v, p, r, c)
	case **time.Time:
		return scanNull(v, p, r, c)
	}
	if v == nil {
		return fmt.Errorf("NULL does not fit a %T", dst)
	}
	ok := true
	switch p := dst.(type) {
	case *string:
		*p, _ = r.Text(c)
	case *[]byte:
		if b, is := v.([]byte); is {
			*p = b
		} else {
			s, _ := r.Text(c)
			*p = []byte(s)
		}
	case *bool:
		*p, ok = v.(bool)
	case *int64:
		*p, ok = v.(int64)
	case *int32:
		var n int64
		n, ok = v.(int64)
		*p = int32(n)
		ok = ok && int64(*p) == n
	case *int:
		var n int64
		n, ok = v.(int64)
		*p = int(n)
	case *float64:
		switch n := v.(type) {
		case float64:
			*p = n
		case int64:
			*p = float64(n)
		default:
			ok = false
		}
	case *time.Time:
		*p, ok = v.(time.Time)
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("a %s does not fit a %T", types.Format(r.cols[c].Type, -1), dst)
	}
	return nil
}

func scanNull[T any](v any, p **T, r *Rows, c int) error {
	if v == nil {
		*p = nil
		return nil
	}
	*p = new(T)
	return r.scan(c, *p)
}

// Collect gives all rows that are left as Go values.
func (r *Rows) Collect() [][]any {
	var out [][]any
	for r.Next() {
		row := make([]any, len(r.cols))
		for i := range row {
			row[i] = r.Value(i)
		}
		out = append(out, row)
	}
	return out
}

// ResultBuffer gathers the batches of a result into Rows.
type ResultBuffer struct{ rows Rows }

// NewResultBuffer makes a buffer for a result with these columns.
func NewResultBuffer(cols []Column) *ResultBuffer { return &ResultBuffer{Rows{cols: cols}} }

// Add copies the rows of a batch.
func (r *ResultBuffer) Add(b *types.Batch) {
	n := b.Rows()
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(b.Row(i))
	}
	keep := &types.Batch{N: n, Cols: make([]*types.Vec, len(r.rows.cols))}
	for i := range keep.Cols {
		v := types.NewVec(b.Cols[i].Type, n)
		v.CopyFrom(b.Cols[i], sel)
		keep.Cols[i] = v
	}
	r.rows.data = append(r.rows.data, keep)
}

// Rows gives what was gathered; env decides the text form of values.
func (r *ResultBuffer) Rows(env *types.Env) *Rows {
	r.rows.env, r.rows.i, r.rows.b = *env, -1, 0
	return &r.rows
}

// collector keeps the last result of the statements run (session.Writer).
type collector struct {
	session.Writer
	buf ResultBuffer
}

func newCollector() *collector { return &collector{Writer: session.Discard} }

func (w *collector) Columns(cols []Column) error {
	w.buf = *NewResultBuffer(cols)
	return nil
}

func (w *collector) Rows(b *types.Batch, cols []Column) error {
	if w.buf.rows.cols == nil {
		w.buf.rows.cols = cols
	}
	w.buf.Add(b)
	return nil
}

func (w *collector) Complete(tag string) error { w.buf.rows.tag = tag; return nil }

// session takes a session that nobody uses.
func (db *DB) session(ctx context.Context) (*session.Session, error) {
	db.mu.Lock()
	if n := len(db.idle); n > 0 {
		s := db.idle[n-1]
		db.idle = db.idle[:n-1]
		db.mu.Unlock()
		return s, nil
	}
	db.mu.Unlock()
	return db.eng.NewSession(context.WithoutCancel(ctx), session.SessionOptions{})
}

// release gives a session back.
func (db *DB) release(s *session.Session) {
	db.mu.Lock()
	if len(db.idle) < 16 && s.TxnStatus() == 'I' {
		db.idle = append(db.idle, s)
		s = nil
	}
	db.mu.Unlock()
	if s != nil {
		s.Close()
	}
}

// Query runs one statement and gives its rows. Arguments are $1, $2, …: nil,
// bool, integers, floats, string, []byte, time.Time or types.Datum.
func (db *DB) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	s, err := db.session(ctx)
	if err != nil {
		return nil, err
	}
	defer db.release(s)
	rows, err := run(ctx, s, text, args)
	if e := s.Sync(ctx, err != nil); err == nil {
		err = e
	}
	return rows, err
}

// Exec runs one statement, or several without arguments, and tells what it did.
func (db *DB) Exec(ctx context.Context, text string, args ...any) (Result, error) {
	s, err := db.session(ctx)
	if err != nil {
		return Result{}, err
	}
	defer db.release(s)
	return execOn(ctx, s, text, args)
}

func execOn(ctx context.Context, s *session.Session, text string, args []any) (Result, error) {
	if len(args) == 0 {
		w := newCollector()
		if err := s.Simple(ctx, text, w); err != nil {
			return Result{}, err
		}
		return Result{Tag: w.buf.rows.tag, Rows: tagRows(w.buf.rows.tag)}, nil
	}
	rows, err := run(ctx, s, text, args)
	if e := s.Sync(ctx, err != nil); err == nil {
		err = e
	}
	if err != nil {
		return Result{}, err
	}
	return Result{Tag: rows.tag, Rows: tagRows(rows.tag)}, nil
}

// tagRows reads the number at the end of a command tag.
func tagRows(tag string) int64 {
	n, scale := int64(0), int64(1)
	for i := len(tag) - 1; i >= 0 && tag[i] >= '0' && tag[i] <= '9'; i-- {
		n += int64(tag[i]-'0') * scale
		scale *= 10
	}
	return n
}

// run runs one statement by the extended protocol's steps.
func run(ctx context.Context, s *session.Session, text string, args []any) (*Rows, error) {
	p, vals, err := bind(ctx, s, text, args)
	if err != nil {
		return nil, err
	}
	w := newCollector()
	w.buf.rows.cols = p.Columns
	if err := s.Run(ctx, p, vals, w); err != nil {
		return nil, err
	}
	return w.buf.Rows(s.Env()), nil
}

// bind prepares a statement and makes values of its arguments.
func bind(ctx context.Context, s *session.Session, text string, args []any) (*session.Prepared, []types.Datum, error) {
	p, err := s.PrepareCached(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	if len(args) != len(p.Params) {
		return nil, nil, pgerr.Newf(pgerr.ProtocolViolation, "the statement has %d parameters but %d arguments were given", len(p.Params), len(args))
	}
	vals := make([]types.Datum, len(args))
	for i, a := range args {
		if vals[i], err = datumOf(a, p.Params[i], s.Env()); err != nil {
			return nil, nil, fmt.Errorf("rowkey: argument $%d: %w", i+1, err)
		}
	}
	return p, vals, nil
}

// datumOf makes a value of type t of a Go value.
func datumOf(a any, t *types.Type, env *types.Env) (types.Datum, error) {
	text := ""
	switch v := a.(type) {
	case nil:
		return types.Null, nil
	case types.Datum:
		return v, nil
	case bool:
		if t.Under() == types.Bool {
			return types.NewBool(v), nil
		}
		text = fmt.Sprint(v)
	case string:
		if t == types.Text {
			return types.NewString(v), nil
		}
		text = v
	case []byte:
		if t.Under() == types.Bytea {
			return types.NewString(string(v)), nil
		}
		text = string(v)
	case time.Time:
		switch us := v.UnixMicro() - postgresEpochSeconds*1e6; t.Under() {
		case types.TimestampTZ:
			return types.NewInt(us), nil
		case types.Timestamp:
			_, off := v.Zone()
			return types.NewInt(us + int64(off)*1e6), nil
		}
		text = v.Format("2006-01-02 15:04:05.999999Z07:00")
	case int:
		return intDatum(int64(v), t, env)
	case int64:
		return intDatum(v, t, env)
	case int32:
		return intDatum(int64(v), t, env)
	case int16:
		return intDatum(int64(v), t, env)
	case float64:
		if t.Under() == types.Float8 {
			return types.NewFloat(v), nil
		}
		text = string(types.AppendText(nil, types.Float8, types.NewFloat(v), env))
	case fmt.Stringer:
		text = v.String()
	default:
		text = fmt.Sprint(v)
	}
	return types.Parse(t, -1, text, env)
}

func intDatum(v int64, t *types.Type, env *types.Env) (types.Datum, error) {
	switch t.Under() {
	case types.Int8:
		return types.NewInt(v), nil
	case types.Int4:
		if v == int64(int32(v)) {
			return types.NewInt(v), nil
		}
	}
	return types.Parse(t, -1, fmt.Sprint(v), env)
}

// Tx is a transaction. Not safe for concurrent use. Rollback after Commit does
// nothing, so `defer tx.Rollback(ctx)` is right.
type Tx struct {
	db *DB
	s  *session.Session
}

// Begin starts a transaction.
func (db *DB) Begin(ctx context.Context) (*Tx, error) { return db.BeginMode(ctx, "") }

// BeginMode starts a transaction with modes as BEGIN takes them, such as
// "ISOLATION LEVEL SERIALIZABLE READ ONLY".
func (db *DB) BeginMode(ctx context.Context, modes string) (*Tx, error) {
	s, err := db.session(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Simple(ctx, "BEGIN "+modes, newCollector()); err != nil {
		db.release(s)
		return nil, err
	}
	return &Tx{db, s}, nil
}

var errTxDone = pgerr.New(pgerr.NoActiveSQLTransaction, "the transaction has ended")

// Query is DB.Query within the transaction.
func (tx *Tx) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	if tx.s == nil {
		return nil, errTxDone
	}
	return run(ctx, tx.s, text, args)
}

// Exec is DB.Exec within the transaction.
func (tx *Tx) Exec(ctx context.Context, text string, args ...any) (Result, error) {
	if tx.s == nil {
		return Result{}, errTxDone
	}
	return execOn(ctx, tx.s, text, args)
}

// Commit makes the transaction's changes durable and visible.
func (tx *Tx) Commit(ctx context.Context) error { return tx.end(ctx, "COMMIT") }

// Rollback forgets the transaction's changes.
func (tx *Tx) Rollback(ctx context.Context) error {
	if tx.s == nil {
		return nil
	}
	return tx.end(ctx, "ROLLBACK")
}

func (tx *Tx) end(ctx context.Context, how string) error {
	if tx.s == nil {
		return errTxDone
	}
	failed := tx.s.TxnStatus() == 'E'
	err := tx.s.Simple(ctx, how, newCollector())
	tx.db.release(tx.s)
	tx.s = nil
	if err == nil && failed && how == "COMMIT" {
		return pgerr.New(pgerr.InFailedSQLTransaction, "the transaction had failed and was rolled back")
	}
	return err
}
