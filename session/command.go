package session

import (
	"context"
	"errors"
	"strings"

	"rowkey/keyspace"
	"rowkey/pgerr"
)

// Command runs a command of the key-value model in the open transaction block
// and appends its reply. An error, a command's own (keyspace.Error) too, leaves
// the block to be rolled back, to a savepoint or as a whole.
func (s *Session) Command(ctx context.Context, req keyspace.Request, reply *keyspace.Reply) error {
	if s.tx == nil || s.tx.implicit {
		return pgerr.New(pgerr.NoActiveSQLTransaction, "a command needs a transaction block")
	}
	if s.tx.failed {
		return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	}
	if req.Cmd.Flags&keyspace.Write != 0 {
		if err := s.writable(strings.ToUpper(req.Cmd.Name)); err != nil {
			return err
		}
	}
	if _, err := s.enter(ctx, false); err != nil {
		return err
	}
	s.tx.fresh = false
	if err := s.mainOnly(req.Cmd.Name); err != nil {
		return err
	}
	if s.runner == nil {
		s.runner = s.db.keys.Runner()
	}
	ready, err := s.runner.RunIn(ctx, s.tx.kv, s.tx.level, s.db.keys.Now(), req, reply)
	if err != nil {
		s.fail()
		var own keyspace.Error
		if errors.As(err, &own) {
			return own
		}
		return mapKV(err)
	}
	if ready != nil {
		s.tx.onCommit = append(s.tx.onCommit, ready.Tell)
	}
	return nil
}
