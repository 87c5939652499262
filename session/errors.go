package session

import (
	"errors"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/pgerr"
)

// placeless takes the position out of an error where PostgreSQL gives none.
func placeless(err error) error {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err
	}
	cp := *e
	cp.BytePos, cp.Position = 0, 0
	return &cp
}

// mapKV makes SQL errors of errors of the store and the catalog.
func mapKV(err error) error {
	if err == nil {
		return nil
	}
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		return err
	}
	var limit *catalog.ErrSequenceLimit
	switch {
	case errors.As(err, &limit):
		return pgerr.New(pgerr.SequenceGeneratorLimitExceeded, limit.Error()).WithCause(err)
	case errors.Is(err, kv.ErrClosed):
		return pgerr.New(pgerr.AdminShutdown, "the database is closed").WithCause(err)
	}
	return executor.StoreError(err)
}
