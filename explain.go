package rowkey

import (
	"context"

	"rowkey/session"
)

// Explanation is how a statement was understood and done, stage by stage:
//
//	Syntax → Algebra ─Rules→ Improved → Plan → Operations → Rows
type Explanation struct {
	session.Explanation
	Rows *Rows
}

// Operation is one operation on the store that running a plan came down to.
type Operation = session.Operation

// Explain runs one statement, as Query does, and explains it.
func (db *DB) Explain(ctx context.Context, text string, args ...any) (*Explanation, error) {
	s, err := db.session(ctx)
	if err != nil {
		return nil, err
	}
	defer db.release(s)
	x, err := explain(ctx, s, text, args)
	if e := s.Sync(ctx, err != nil); err == nil {
		err = e
	}
	return x, err
}

// Explain is DB.Explain within the transaction, which may be rolled back.
func (tx *Tx) Explain(ctx context.Context, text string, args ...any) (*Explanation, error) {
	if tx.s == nil {
		return nil, errTxDone
	}
	return explain(ctx, tx.s, text, args)
}

func explain(ctx context.Context, s *session.Session, text string, args []any) (*Explanation, error) {
	p, vals, err := bind(ctx, s, text, args)
	if err != nil {
		return nil, err
	}
	w := newCollector()
	w.buf.rows.cols = p.Columns
	x, err := s.Explain(ctx, p, vals, w)
	if err != nil {
		return nil, err
	}
	return &Explanation{*x, w.buf.Rows(s.Env())}, nil
}
