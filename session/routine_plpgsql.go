package session

import (
	"context"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
)

func (s *Session) callPLpgSQL(ctx *builtin.Ctx, f *catalog.Function, call *builtin.RoutineCall, args []types.Datum) (types.Datum, error) {
	return types.Null, pgerr.Unsupported("plpgsql")
}

func (s *Session) callSetPLpgSQL(ctx *builtin.Ctx, f *catalog.Function, call *builtin.RoutineCall, args []types.Datum, emit func([]types.Datum) error) error {
	return pgerr.Unsupported("plpgsql")
}

func (s *Session) checkPLpgSQL(f *catalog.Function, text string) error { return nil }

func (s *Session) doPLpgSQL(ctx context.Context, body string) error { return pgerr.Unsupported("plpgsql") }
