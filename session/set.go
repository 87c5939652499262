package session

import (
	"context"
	"fmt"
	"strings"

	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

func (s *Session) runSet(ctx context.Context, n *ast.SetStmt, w Writer) error {
	switch n.Kind {
	case ast.SetTransaction:
		if s.tx == nil || s.tx.implicit && !s.tx.shared {
			s.warn(pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")
			return w.Complete("SET")
		}
		if err := s.setModes(ctx, n.Modes); err != nil {
			return err
		}
		return w.Complete("SET")
	case ast.SetCharacteristics:
		m := n.Modes
		if m.Isolation != ast.IsolationUnspecified {
			if err := s.setSetting("default_transaction_isolation", m.Isolation.String(), false); err != nil {
				return err
			}
		}
		for name, v := range map[string]*bool{"default_transaction_read_only": m.ReadOnly, "default_transaction_deferrable": m.Deferrable} {
			if v != nil {
				if err := s.setSetting(name, map[bool]string{true: "on", false: "off"}[*v], false); err != nil {
					return err
				}
			}
		}
		return w.Complete("SET")
	case ast.SetSnapshot:
		if s.tx == nil || s.tx.implicit {
			s.warn(pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")
		}
		if err := s.importSnapshot(n.Values[0].Text); err != nil {
			return err
		}
		return w.Complete("SET")
	case ast.ResetAll:
		keep := s.setStart
		for _, name := range []string{"transaction_isolation", "transaction_read_only", "session_authorization", "role", "is_superuser"} {
			if v := s.set.str(name); v != keep.str(name) {
				keep = keep.with(name, v)
			}
		}
		next := *keep
		next.epoch = epochs.Add(1)
		next.auth, next.role = s.set.auth, s.set.role
		s.restore(&next)
		return w.Complete("RESET")
	case ast.Reset, ast.SetToDefault:
		def, ok := s.setStart.get(n.Name)
		if !ok {
			if !strings.Contains(n.Name, ".") {
				return unknownSetting(n.Name)
			}
		}
		if err := s.setSetting(n.Name, def, n.Local); err != nil {
			return err
		}
		return w.Complete(ast.Tag(n))
	case ast.SetFromCurrent:
		return w.Complete("SET")
	}
	value, err := s.setValue(n)
	if err != nil {
		return err
	}
	if err := s.setSetting(n.Name, value, n.Local); err != nil {
		return err
	}
	if n.Local && (s.tx == nil || s.tx.implicit) {
		s.warn(pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")
	}
	return w.Complete("SET")
}

// setValue joins the values of SET as PostgreSQL does.
func (s *Session) setValue(n *ast.SetStmt) (string, error) {
	d := settingTable[strings.ToLower(n.Name)]
	if len(n.Values) > 1 && (d == nil || !d.list) {
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "SET %s takes only one argument", n.Name)
	}
	var parts []string
	for _, v := range n.Values {
		if v.Interval != nil {
			iv, err := types.Parse(types.Interval, -1, v.Text, s.execEnv())
			if err != nil {
				return "", err
			}
			zone, err := zoneOfInterval(iv)
			if err != nil {
				return "", err
			}
			parts = append(parts, zone)
			continue
		}
		t := v.Text
		if d != nil && d.list && strings.EqualFold(n.Name, "search_path") {
			t = ast.QuoteIdent(t)
		}
		parts = append(parts, t)
	}
	return strings.Join(parts, ", "), nil
}

// zoneOfInterval gives the time zone that an interval east of UTC means, as a POSIX name.
func zoneOfInterval(d types.Datum) (string, error) {
	if d.M != 0 || d.D != 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": cannot specify months or days in time zone interval")
	}
	sec := d.I / 1e6
	text := func(n int64) string {
		sign := "+"
		if n < 0 {
			sign, n = "-", -n
		}
		t := fmt.Sprintf("%s%02d", sign, n/3600)
		if n%3600 != 0 {
			t += fmt.Sprintf(":%02d", n/60%60)
		}
		if n%60 != 0 {
			t += fmt.Sprintf(":%02d", n%60)
		}
		return t
	}
	return "<" + text(sec) + ">" + text(-sec), nil
}

func unknownSetting(name string) error {
	return pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
}

// setSetting changes a run-time parameter; within a transaction it is undone
// by rollback, and local changes by its end in any case.
func (s *Session) setSetting(name, value string, local bool) error {
	before := s.set
	if err := s.assign(name, value, userSet); err != nil {
		return err
	}
	if s.tx == nil {
		if local { // over at once
			s.restore(before)
		}
		return nil
	}
	switch {
	case local && s.tx.localSet == nil:
		s.tx.localSet = before
	case !local && s.tx.localSet != nil:
		v, _ := s.set.get(name)
		s.tx.localSet = s.tx.localSet.with(name, v)
	}
	return nil
}

// assign checks and sets a parameter.
func (s *Session) assign(name, value string, who settingContext) error {
	lower := strings.ToLower(name)
	d := settingTable[lower]
	if d == nil {
		if strings.Contains(name, ".") { // a custom parameter
			s.set = s.set.with(name, value)
			return nil
		}
		return unknownSetting(name)
	}
	switch d.context {
	case internal:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.name)
	case atStart:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed without restarting the server", d.name)
	case onReload:
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed now", d.name)
	}
	var v string
	var err error
	if lower == "datestyle" {
		v, err = dateStyleWith(s.set.str("DateStyle"), value)
	} else {
		v, err = d.check(value)
	}
	if err != nil {
		return err
	}
	switch lower {
	case "transaction_isolation":
		if s.tx != nil && !s.tx.implicit {
			return s.setModes(s.ctx, &ast.TransactionModes{Isolation: map[string]ast.Isolation{"read uncommitted": ast.ReadUncommitted,
				"read committed": ast.ReadCommitted, "repeatable read": ast.RepeatableRead, "serializable": ast.Serializable}[v]})
		}
	case "transaction_read_only":
		if s.tx != nil && !s.tx.implicit {
			on := v == "on"
			return s.setModes(s.ctx, &ast.TransactionModes{ReadOnly: &on})
		}
		return nil
	case "standard_conforming_strings":
		if v == "off" { // it would change what '\n' means
			return pgerr.Unsupported("standard_conforming_strings cannot be turned off")
		}
	case "session_authorization", "role":
		next, err := s.setRole(lower, v, who)
		if err == nil {
			s.restore(next)
		}
		return err
	}
	if d.context == superOnly && who == userSet && !s.superuser() {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set parameter \"%s\"", d.name)
	}
	next := s.set.with(d.name, v)
	if d.report && v != s.set.str(d.name) && s.opts.ParameterStatus != nil && who == userSet {
		s.opts.ParameterStatus(d.name, v)
	}
	s.set = next
	return nil
}

// show gives a parameter as SHOW prints it.
func (s *Session) show(name string) (string, bool) {
	lower := strings.ToLower(name)
	switch lower {
	case "transaction_isolation":
		if s.tx != nil {
			return s.tx.isolation, true
		}
		return s.set.str("default_transaction_isolation"), true
	case "transaction_read_only":
		on := s.set.readOnly
		if s.tx != nil {
			on = s.tx.readOnly
		}
		return map[bool]string{true: "on", false: "off"}[on], true
	case "transaction_deferrable":
		on := s.set.deferrable
		if s.tx != nil {
			on = s.tx.deferrable
		}
		return map[bool]string{true: "on", false: "off"}[on], true
	}
	v, ok := s.set.get(lower)
	if d := settingTable[lower]; d != nil && ok {
		return d.display(v), true
	}
	return v, ok
}

func (s *Session) runShow(n *ast.ShowStmt, w Writer) error {
	cols, err := s.utilityColumns(s.ctx, n, nil)
	if err != nil {
		return err
	}
	var rows [][]types.Datum
	if n.Name == "all" {
		for _, i := range s.set.all() {
			v, _ := s.show(i.Name)
			rows = append(rows, []types.Datum{types.NewString(i.Name), types.NewString(v), types.NewString(i.Doc)})
		}
	} else {
		v, ok := s.show(n.Name)
		if !ok {
			return unknownSetting(n.Name)
		}
		rows = append(rows, []types.Datum{types.NewString(v)})
	}
	if err := writeRows(w, cols, rows); err != nil {
		return err
	}
	return w.Complete("SHOW")
}
