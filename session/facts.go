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

// Encryption is what pg_stat_ssl tells of a session's connection.
type Encryption = catalog.Encryption

// What a session does, as pg_stat_activity has it.
const (
	actIdle int32 = iota
	actActive
	actInBlock
	actFailed
)

var actNames = [...]string{"idle", "active", "idle in transaction", "idle in transaction (aborted)"}

// rest notes that a statement has ended.
func (s *Session) rest() {
	act := actIdle
	switch s.TxnStatus() {
	case 'T':
		act = actInBlock
	case 'E':
		act = actFailed
	}
	s.shown.Store(s.set)
	s.actSince.Store(nowMicros())
	s.act.Store(act)
}

// Ends gives the addresses of the connection.
func (h *host) Ends() (client, server string) { return h.opts.RemoteAddr, h.opts.LocalAddr }

// Activity lists the sessions for pg_stat_activity.
func (h *host) Activity() []catalog.Activity {
	var out []catalog.Activity
	open := h.db.Sessions()
	sort.Slice(open, func(i, j int) bool { return open[i].pid < open[j].pid })
	waits := h.db.waitEvents()
	for _, s := range open {
		act := s.act.Load()
		a := catalog.Activity{Role: s.authenticated, DatabaseOID: s.cat.Database(), PID: s.pid, User: s.user, Database: s.databaseName(), ClientAddr: s.opts.RemoteAddr, TLS: s.opts.TLS, BackendStart: s.born.UnixMicro() - postgresEpoch,
			State: actNames[act], TxnStart: s.txStart.Load(), StateStart: s.actSince.Load(), Application: s.shown.Load().str("application_name")}
		s.infoMu.Lock()
		if a.Query = s.query; !s.queryAt.IsZero() {
			a.QueryStart = s.queryAt.UnixMicro() - postgresEpoch
		}
		s.infoMu.Unlock()
		if event, ok := waits[s.owner()]; ok {
			a.WaitEventType, a.WaitEvent = "Lock", event
			if event == "SafeSnapshot" {
				a.WaitEventType = "IPC"
			}
		} else if act != actActive {
			a.WaitEventType, a.WaitEvent = "Client", "ClientRead"
		}
		if act == actActive {
			a.StateStart = a.QueryStart
		}
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
