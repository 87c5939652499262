package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of schema rowkey that look after what is stored: checks and backups. The
// commands rowkey check and rowkey backup call them.

// Maintainer is implemented by sessions of databases that can be looked after.
type Maintainer interface {
	// CheckStored verifies the database and calls report for each damage.
	CheckStored(ctx *Ctx, report func(damage string) error) error
	// BackupStart makes the files of a backup, which holds what is committed now, and
	// lists them as JSON; they stay until BackupStop or the end of the session.
	BackupStart(ctx *Ctx) (string, error)
	// BackupRead reads at most n bytes of a file of the backup.
	BackupRead(ctx *Ctx, name string, at, n int64) (string, error)
	BackupStop(ctx *Ctx) error
}

func init() {
	const what = "checks and backups"
	add := func(f Func, oid types.OID, name string, args []*types.Type, result *types.Type, doc string) {
		f.OID, f.Name, f.Args, f.Result, f.Kind, f.Volatility, f.Doc = oid, name, args, result, Scalar, Volatile, doc
		RegisterFunc(&f)
	}
	check := setFn(func(ctx *Ctx, _ []types.Datum, emit func([]types.Datum) error) error {
		s, err := ctx.session()
		if err != nil {
			return err
		}
		m, ok := s.(Maintainer)
		if !ok {
			return pgerr.Unsupported("%s are not supported here", what)
		}
		return m.CheckStored(ctx, func(damage string) error { return emit([]types.Datum{types.NewString(damage)}) })
	})
	check.SetOf = true
	add(check, 15150, "rowkey.check", nil, types.Text, "verifies all that is stored and gives a line for each damage")
	add(via(what, func(ctx *Ctx, m Maintainer, _ []types.Datum) (types.Datum, error) {
		list, err := m.BackupStart(ctx)
		return types.NewString(list), err
	}), 15151, "rowkey.backup_start", nil, types.Text, "makes the files of a backup for this session and lists them as JSON")
	add(via(what, func(ctx *Ctx, m Maintainer, a []types.Datum) (types.Datum, error) {
		b, err := m.BackupRead(ctx, a[0].S, a[1].I, a[2].I)
		return types.NewString(b), err
	}), 15152, "rowkey.backup_read", []*types.Type{types.Text, types.Int8, types.Int8}, types.Bytea, "reads a part of a file of the session's backup: name, offset, length")
	add(via(what, func(ctx *Ctx, m Maintainer, _ []types.Datum) (types.Datum, error) {
		return void, m.BackupStop(ctx)
	}), 15153, "rowkey.backup_stop", nil, types.Void, "removes the files of the session's backup")
}
