package catalog

import (
	"sync"

	"rowkey/types"
)

// What sessions know and pg_catalog shows. A session (builtin.Session) that has
// the methods named below fills these relations; without them they are empty.

// SettingInfo is one run-time parameter, a row of pg_settings. A session
// lists them with Settings() []SettingInfo.
type SettingInfo struct {
	Name, Value, Unit, Doc, Context, Kind, Default string
	Min, Max                                       string
	Enum                                           []string
}

// Activity is one session, a row of pg_stat_activity. A session lists all with
// Activity() []Activity. Times are microseconds since 2000-01-01 UTC, 0 for none.
type Activity struct {
	Role                                           OID // that the session connected as
	DatabaseOID                                    OID
	PID                                            int32
	User, Database, Application, State, Query      string
	BackendStart, TxnStart, QueryStart, StateStart int64
	WaitEventType, WaitEvent                       string
	ClientAddr                                     string // host:port, "" for none
	TLS                                            *Encryption
}

// Encryption tells how a connection is encrypted: the version of TLS, the cipher suite
// by its IANA name, the bits of its key.
type Encryption struct {
	Version, Cipher string
	Bits            int
}

// PreparedInfo is a prepared statement, a row of pg_prepared_statements. A
// session lists its own with PreparedStatements() []PreparedInfo.
type PreparedInfo struct {
	Name, Statement string
	Prepared        int64 // microseconds since 2000-01-01 UTC
	Params          []OID
	FromSQL         bool
}

// CursorInfo is an open cursor, a row of pg_cursors. A session lists its own
// with Cursors() []CursorInfo.
type CursorInfo struct {
	Name, Statement              string
	Holdable, Binary, Scrollable bool
	Created                      int64 // microseconds since 2000-01-01 UTC
}

func sessionRows() map[string]rows {
	return map[string]rows{
		"pg_settings":            {"name", settingsRows},
		"pg_stat_activity":       {"", activityRows},
		"pg_stat_ssl":            {"", encryptionRows},
		"pg_locks":               {"", lockRows},
		"pg_prepared_statements": {"", preparedRows},
		"pg_cursors":             {"", cursorRows},
		"pg_timezone_names":      {"", zoneNameRows},
		"pg_timezone_abbrevs":    {"", zoneAbbrevRows},
	}
}

func settingsRows(q *query) error {
	host, ok := q.session().(interface{ Settings() []SettingInfo })
	if !ok {
		return nil
	}
	for _, s := range host.Settings() {
		// A value with a unit is shown as a bare number in that unit.
		if name, ok := q.name("name"); ok && name != s.Name {
			continue
		}
		f, ok := settingsByName()[s.Name]
		if !ok {
			continue // one that PostgreSQL does not list either, such as role
		}
		source := "default"
		switch {
		case s.Value != s.Default:
			source = "session"
		case s.Context != "internal" && s.Name != "client_encoding" && s.Name != "max_stack_depth" && s.Value != f.builtIn:
			source = "configuration file"
		}
		if err := q.row(vStr(s.Name), vStr(s.Value), vOpt(s.Unit), vStr(f.category), vStr(s.Doc), vOpt(f.more), vStr(s.Context), vStr(s.Kind), vStr(source),
			vOpt(s.Min), vOpt(s.Max), vTexts(s.Enum), vStr(f.builtIn), vStr(s.Default), vNull(), vNull(), vBool(false)); err != nil {
			return err
		}
	}
	return nil
}

// settingFact is what pg_settings says of a parameter beyond what a session knows.
type settingFact struct{ category, more, builtIn string }

var settingsByName = sync.OnceValue(func() map[string]settingFact {
	m := map[string]settingFact{}
	factLines(settingFacts, func(c []string) { m[c[0]] = settingFact{c[1], c[2], c[3]} })
	return m
})

// vTime shows a time, NULL for 0.
func vTime(micros int64) types.Datum { return nullIf(micros == 0, types.NewInt(micros)) }

// eachActivity hands out the sessions, and whether who asks may know what they do. That they
// are there is no secret.
func eachActivity(q *query, row func(a *Activity, may bool) error) error {
	host, ok := q.session().(interface{ Activity() []Activity })
	if !ok {
		return nil
	}
	me := asking(q.ctx)
	all := q.snap.HasPrivsOf(me, RoleReadAllStats)
	for _, a := range host.Activity() {
		if err := row(&a, all || q.snap.HasPrivsOf(me, ownerOr(a.Role))); err != nil {
			return err
		}
	}
	return nil
}

func activityRows(q *query) error {
	return eachActivity(q, func(a *Activity, may bool) error {
		if !may {
			row := nulls(len(q.table.Columns))
			copy(row, []types.Datum{vOID(a.DatabaseOID), vStr(a.Database), vInt(int(a.PID)), vNull(), vOID(ownerOr(a.Role)), vStr(a.User)})
			row[q.table.ColumnByName("query").Attnum-1] = vStr("<insufficient privilege>")
			return q.emit(row)
		}
		host, port := address(a.ClientAddr)
		return q.row(vOID(a.DatabaseOID), vStr(a.Database), vInt(int(a.PID)), vNull(), vOID(ownerOr(a.Role)), vStr(a.User), vStr(a.Application),
			host, vNull(), port, vTime(a.BackendStart), vTime(a.TxnStart), vTime(a.QueryStart), vTime(a.StateStart),
			vOpt(a.WaitEventType), vOpt(a.WaitEvent), vOpt(a.State), vNull(), vNull(), vNull(), vStr(a.Query), vStr("client backend"))
	})
}

func encryptionRows(q *query) error {
	return eachActivity(q, func(a *Activity, may bool) error {
		if _, port := address(a.ClientAddr); port.IsNull() {
			return nil // an embedded session
		}
		row := nulls(len(q.table.Columns))
		row[0] = vInt(int(a.PID))
		if may {
			row[1] = vBool(a.TLS != nil)
			if e := a.TLS; e != nil {
				copy(row[2:], []types.Datum{vStr(e.Version), vStr(e.Cipher), vInt(e.Bits)})
			}
		}
		return q.emit(row)
	})
}

func preparedRows(q *query) error {
	host, ok := q.session().(interface{ PreparedStatements() []PreparedInfo })
	if !ok {
		return nil
	}
	for _, p := range host.PreparedStatements() {
		params := vOIDs(types.RegType, p.Params)
		if params.IsNull() {
			params = types.NewAny(types.NewArray(types.RegType, nil))
		}
		if err := q.row(vStr(p.Name), vStr(p.Statement), vTime(p.Prepared), params, vBool(p.FromSQL), vNull(), vNull()); err != nil {
			return err
		}
	}
	return nil
}

func cursorRows(q *query) error {
	host, ok := q.session().(interface{ Cursors() []CursorInfo })
	if !ok {
		return nil
	}
	for _, c := range host.Cursors() {
		if err := q.row(vStr(c.Name), vStr(c.Statement), vBool(c.Holdable), vBool(c.Binary), vBool(c.Scrollable), vTime(c.Created)); err != nil {
			return err
		}
	}
	return nil
}

func (q *query) now() int64 {
	if q.ctx == nil {
		return 0
	}
	return q.ctx.StmtMicros
}

func zoneNameRows(q *query) error { return eachZone(q.now(), q.emit) }

func eachZone(now int64, emit func([]types.Datum) error) error {
	for _, name := range types.ZoneNames() {
		z, err := types.LookupZone(name)
		if err != nil {
			continue // not in this machine's zone data
		}
		offset, abbrev, dst := z.At(now)
		if err := emit([]types.Datum{vStr(name), vStr(abbrev), types.NewSpan(types.Span{Micros: int64(offset) * 1e6}), vBool(dst)}); err != nil {
			return err
		}
	}
	return nil
}

func zoneAbbrevRows(q *query) error { return eachZoneAbbrev(q.now(), q.emit) }

func eachZoneAbbrev(now int64, emit func([]types.Datum) error) error {
	for _, a := range types.ZoneAbbrevs(now) {
		if err := emit([]types.Datum{vStr(a.Abbrev), types.NewSpan(types.Span{Micros: int64(a.Offset) * 1e6}), vBool(a.DST)}); err != nil {
			return err
		}
	}
	return nil
}
