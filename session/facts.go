package session

import (
	"sort"

	"rowkey/catalog"
	"rowkey/types"
)

// What the session tells package catalog for pg_settings, pg_stat_activity,
// pg_prepared_statements and pg_cursors.

// SettingInfo is one row of pg_settings.
type SettingInfo = catalog.SettingInfo

// Activity lists the sessions for pg_stat_activity. Of other sessions it tells
// what may be read while they run.
func (h *host) Activity() []catalog.Activity {
	var out []catalog.Activity
	open := h.db.Sessions()
	sort.Slice(open, func(i, j int) bool { return open[i].pid < open[j].pid })
	for _, s := range open {
		a := catalog.Activity{PID: s.pid, User: s.user, Database: s.databaseName(), BackendStart: s.born.UnixMicro() - postgresEpoch, State: "idle"}
		if s.running.Load() != nil || s == h.s() {
			a.State = "active"
		}
		if s == h.s() {
			a.Application = s.set.str("application_name")
			if s.tx != nil {
				a.TxnStart = s.tx.nowMicros
			}
		}
		s.infoMu.Lock()
		if a.Query = s.query; !s.queryAt.IsZero() {
			a.QueryStart = s.queryAt.UnixMicro() - postgresEpoch
			a.StateStart = a.QueryStart
		}
		s.infoMu.Unlock()
		out = append(out, a)
	}
	return out
}

// PreparedStatements lists the session's named prepared statements.
func (h *host) PreparedStatements() []catalog.PreparedInfo {
	var out []catalog.PreparedInfo
	for name, p := range h.prepared {
		if name == "" {
			continue
		}
		info := catalog.PreparedInfo{Name: name, Statement: p.Text, Prepared: p.born, FromSQL: p.fromSQL}
		for _, t := range p.Params {
			info.Params = append(info.Params, oidOf(t))
		}
		out = append(out, info)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func oidOf(t *types.Type) catalog.OID {
	if t == nil {
		return 0
	}
	return t.OID
}

// Cursors lists the session's open cursors and portals.
func (h *host) Cursors() []catalog.CursorInfo {
	var out []catalog.CursorInfo
	for name, p := range h.portals {
		info := catalog.CursorInfo{Name: name, Statement: p.query, Holdable: p.hold, Created: p.born}
		if p.cursor != nil {
			info.Binary, info.Scrollable = p.cursor.binary, p.cursor.scroll
		}
		out = append(out, info)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}
