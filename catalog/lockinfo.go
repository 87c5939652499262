package catalog

import (
	"fmt"

	"rowkey/builtin"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/types"
)

// AdvisoryLockKey is the name of an advisory lock of a database: pg_advisory_lock(key), or of
// two numbers, which are a space of their own.
func AdvisoryLockKey(database OID, pair bool, key int64) []byte {
	k := keyenc.AppendKind(nil, keyenc.KindLock)
	k = keyenc.AppendString(k, "advisory")
	k = keyenc.AppendUint32(k, uint32(database))
	k = keyenc.AppendBool(k, pair)
	return keyenc.AppendInt64(k, key)
}

// LockName is what a lock's key stands for, as pg_locks has it.
type LockName struct {
	Kind     string // relation, advisory, object or tuple
	Relation OID
	Database OID // not of tuples and objects
	// Of advisory locks: the number's halves, or the two numbers (ObjSubID 2).
	ClassID, ObjID uint32
	ObjSubID       int16
	// Storage is the table, as keys have it, of a tuple.
	Storage uint32
}

// ParseLockKey tells what a key stands for that was locked.
func ParseLockKey(key []byte) LockName {
	if table, _, _, err := keyenc.DecodeIndexPrefix(key); err == nil {
		return LockName{Kind: "tuple", Storage: table}
	}
	if len(key) > 1 && key[0] == byte(keyenc.KindLock) {
		kind, rest, err := keyenc.DecodeText(key[1:], nil)
		if err != nil {
			return LockName{Kind: "object"}
		}
		switch string(kind) {
		case "table":
			database, rest, err := keyenc.DecodeUint32(rest)
			if err != nil {
				break
			}
			if oid, _, err := keyenc.DecodeUint32(rest); err == nil {
				return LockName{Kind: "relation", Relation: OID(oid), Database: OID(database)}
			}
		case "advisory":
			database, rest, err := keyenc.DecodeUint32(rest)
			if err != nil {
				break
			}
			pair, rest, err := keyenc.DecodeBool(rest)
			if err != nil {
				break
			}
			if n, _, err := keyenc.DecodeInt64(rest); err == nil {
				l := LockName{Kind: "advisory", Database: OID(database), ClassID: uint32(uint64(n) >> 32), ObjID: uint32(n), ObjSubID: 1}
				if pair {
					l.ObjSubID = 2
				}
				return l
			}
		}
	}
	return LockName{Kind: "object"}
}

// DescribeLock is a lock as the detail of a deadlock names it.
func DescribeLock(key []byte, mode kv.LockMode) string {
	switch n := ParseLockKey(key); n.Kind {
	case "relation":
		return fmt.Sprintf("%s on relation %d of database %d", mode, n.Relation, n.Database)
	case "advisory":
		if mode == kv.LockTableAccessExclusive {
			mode = kv.LockTableExclusive
		}
		return fmt.Sprintf("%s on advisory lock [%d,%d,%d,%d]", mode, n.Database, n.ClassID, n.ObjID, n.ObjSubID)
	case "tuple":
		return fmt.Sprintf("FOR %s lock on row %s", mode, keyenc.Pretty(key))
	}
	return fmt.Sprintf("%s on %s", mode, keyenc.Pretty(key))
}

// LockInfo is one lock held or waited for, a row of pg_locks. A session lists all
// with Locks() []LockInfo.
type LockInfo struct {
	LockName
	PID     int32
	Mode    kv.LockMode
	Granted bool
	Since   int64 // of a wait: microseconds since 2000-01-01 UTC
}

func lockRows(q *query) error {
	host, ok := q.session().(interface{ Locks() []LockInfo })
	if !ok {
		return nil
	}
	for _, l := range host.Locks() {
		relation, class, obj, sub := vNull(), vNull(), vNull(), vNull()
		mode := l.Mode.String()
		switch l.Kind {
		case "relation":
			relation = vOID(l.Relation)
		case "advisory":
			class, obj, sub = vOID(OID(l.ClassID)), vOID(OID(l.ObjID)), vInt(int(l.ObjSubID))
		case "tuple":
			if l.Relation != 0 {
				relation = vOID(l.Relation)
			}
			mode = rowLockNames[l.Mode]
		}
		if err := q.row(vStr(l.Kind), vOID(l.Database), relation, vNull(), vNull(), vNull(), vNull(), class, obj, sub,
			vStr(fmt.Sprintf("%d/0", l.PID)), vInt(int(l.PID)), vStr(mode), vBool(l.Granted), vBool(false), vTime(l.Since)); err != nil {
			return err
		}
	}
	return nil
}

// rowLockNames are the modes that PostgreSQL's tuple locks have for the four of rows; who
// waits for a row to be settled waits for a transaction there.
var rowLockNames = map[kv.LockMode]string{
	kv.LockKeyShare: "AccessShareLock", kv.LockShare: "RowShareLock",
	kv.LockNoKeyUpdate: "ExclusiveLock", kv.LockUpdate: "AccessExclusiveLock",
	kv.LockForNoKeyUpdate: "ExclusiveLock", kv.LockForUpdate: "AccessExclusiveLock", kv.LockSettled: "ShareLock",
}

// blockers is what pg_blocking_pids asks of a session.
type blockers interface {
	// BlockingPIDs are the sessions that a session waits for.
	BlockingPIDs(pid int32) []int32
	// SafeSnapshotBlockers are those it waits for to begin READ ONLY DEFERRABLE.
	SafeSnapshotBlockers(pid int32) []int32
}

func pidArray(pids []int32) types.Datum {
	var elems []types.Datum
	for _, p := range pids {
		elems = append(elems, types.NewInt(int64(p)))
	}
	return types.NewAny(types.NewArray(types.Int4, elems))
}

func lockFunctions() {
	ask := func(f func(b blockers, pid int32) []int32) builtin.Func {
		return builtin.Func{Eval: func(ctx *builtin.Ctx, a []types.Datum) (types.Datum, error) {
			b, ok := ctx.Session.(blockers)
			if !ok {
				return pidArray(nil), nil
			}
			return pidArray(f(b, int32(a[0].I))), nil
		}}
	}
	builtin.Define("pg_blocking_pids(int4)", ask(blockers.BlockingPIDs))
	builtin.Define("pg_safe_snapshot_blocking_pids(int4)", ask(blockers.SafeSnapshotBlockers))
	builtin.Define("pg_isolation_test_session_is_blocked(int4,_int4)", builtin.Func{Eval: func(ctx *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		b, ok := ctx.Session.(blockers)
		if !ok {
			return vBool(false), nil
		}
		pid := int32(a[0].I)
		if len(b.SafeSnapshotBlockers(pid)) > 0 {
			return vBool(true), nil
		}
		for _, p := range b.BlockingPIDs(pid) {
			for _, e := range a[1].Array().Elems {
				if e.I == int64(p) {
					return vBool(true), nil
				}
			}
		}
		return vBool(false), nil
	}})
}
