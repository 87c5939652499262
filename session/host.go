package session

import (
	"fmt"
	mathrand "math/rand/v2"

	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// host is what SQL functions see of the session (builtin.Session).
type host Session

func (h *host) s() *Session { return (*Session)(h) }

func (h *host) CurrentUser() string {
	return h.s().userName()
}

func (h *host) SessionUser() string     { return h.s().roles().Name(h.s().sessionRole()) }
func (h *host) CurrentDatabase() string { return h.s().databaseName() }
func (h *host) BackendPID() int32       { return h.pid }

func (h *host) SearchPath(implicit bool) []string {
	snap := h.s().snapshot()
	var path []string
	if implicit {
		path = h.s().searchPath()
	} else {
		path = h.s().appendPath(nil)
	}
	out := path[:0]
	for _, p := range path {
		if snap.SchemaByName(p) != nil {
			out = append(out, p)
		}
	}
	return out
}

func (h *host) Setting(name string) (string, bool) { return h.s().show(name) }

func (h *host) SetSetting(name, value string, local bool) (string, error) {
	if err := h.s().setSetting(name, value, local); err != nil {
		return "", err
	}
	v, _ := h.s().show(name)
	return v, nil
}

func (h *host) sequence(oid types.OID) (*catalog.Sequence, error) {
	snap := h.s().snapshot()
	seq := snap.Sequence(oid)
	if seq != nil {
		return seq, nil
	}
	if name := snap.RelationName(oid); name != "" {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%q is not a sequence", name)
	}
	return nil, pgerr.Newf(pgerr.InternalError, "could not open relation with OID %d", oid)
}

func (h *host) Nextval(oid types.OID) (int64, error) { return h.nextval(oid, true) }

func (h *host) NextIdentity(oid types.OID) (int64, error) { return h.nextval(oid, false) }

func (h *host) nextval(oid types.OID, checked bool) (int64, error) {
	seq, err := h.sequence(oid)
	if err != nil {
		return 0, err
	}
	if seq.Persistence != catalog.Temporary {
		if err := h.s().writable("nextval()"); err != nil {
			return 0, err
		}
	}
	if checked {
		if err := h.may(seq, catalog.Usage|catalog.Update); err != nil {
			return 0, err
		}
	}
	if seq, err = h.s().lockSequence(seq); err != nil {
		return 0, err
	}
	var v int64
	if h.tx != nil && h.tx.sequences[oid] != nil {
		v, err = h.tx.sequences[oid].next()
	} else {
		v, err = h.db.seqs.Next(h.ctx, seq)
	}
	if err != nil {
		return 0, mapKV(err)
	}
	h.currvals[oid], h.lastSeq = v, oid
	h.s().usedSequence(seq)
	return v, nil
}

func (h *host) Currval(oid types.OID) (int64, error) {
	seq, err := h.sequence(oid)
	if err != nil {
		return 0, err
	}
	if err := h.may(seq, catalog.Select|catalog.Usage); err != nil {
		return 0, err
	}
	v, ok := h.currvals[oid]
	if !ok {
		return 0, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", seq.Name)
	}
	return v, nil
}

func (h *host) Lastval() (int64, error) {
	v, ok := h.currvals[h.lastSeq]
	seq := h.s().snapshot().Sequence(h.lastSeq)
	if !ok || seq == nil { // none used yet, or dropped since
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	}
	return v, h.may(seq, catalog.Select|catalog.Usage)
}

func (h *host) Setval(oid types.OID, value int64, called bool) error {
	seq, err := h.sequence(oid)
	if err != nil {
		return err
	}
	if seq.Persistence != catalog.Temporary {
		if err := h.s().writable("setval()"); err != nil {
			return err
		}
	}
	if err := h.may(seq, catalog.Update); err != nil {
		return err
	}
	if value < seq.Min || value > seq.Max {
		return pgerr.Newf(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", value, seq.Name, seq.Min, seq.Max)
	}
	if h.tx != nil && h.tx.sequences[oid] != nil {
		q := h.tx.sequences[oid]
		q.last, q.called = value, called
	} else if err := h.db.seqs.Set(h.ctx, seq, value, called); err != nil {
		return mapKV(err)
	}
	if called {
		h.currvals[oid] = value
	}
	h.s().usedSequence(seq)
	return nil
}

func (h *host) Notice(severity, code, message string) { h.s().notice(severity, code, message) }

func (h *host) TxnID() int64 {
	if h.tx == nil {
		return 0
	}
	if h.tx.id == 0 {
		h.tx.id = h.db.txnIDs.Add(1) + 1000
	}
	return h.tx.id
}

func (h *host) Random() float64 { return h.rng.Float64() }

func (h *host) SetSeed(seed float64) {
	bits := uint64(int64(seed * (1 << 53)))
	h.rng = mathrand.New(mathrand.NewPCG(bits, bits^0x9e3779b97f4a7c15))
}

// Settings gives all run-time parameters, for pg_settings.
func (h *host) Settings() []SettingInfo { return h.set.all() }

// SequencePosition tells where a sequence stands, for this transaction.
func (h *host) SequencePosition(seq *catalog.Sequence) (last int64, called bool, err error) {
	if h.tx != nil && h.tx.sequences[seq.OID] != nil {
		q := h.tx.sequences[seq.OID]
		return q.last, q.called, nil
	}
	last, called, err = h.db.seqs.Position(seq)
	return last, called, mapKV(err)
}

// Sequences gives access to sequence positions, for SELECT … FROM a sequence.
func (h *host) Sequences() *catalog.Sequences { return h.db.seqs }

// resolver lets the reg* types find names in the session's catalog.
type resolver struct{ s *Session }

func (r resolver) ParseReg(kind *types.Type, text string) (types.OID, error) {
	if kind == types.RegRole && r.s.bootstrap != "" && text == types.QuoteIdent(r.s.bootstrap) {
		return catalog.BootstrapRoleOID, nil
	}
	return catalog.ParseReg(r.s.snapshot(), r.s.searchPath(), kind, text)
}

func (r resolver) RegName(kind *types.Type, oid types.OID) string {
	if kind == types.RegRole && oid == catalog.BootstrapRoleOID && r.s.bootstrap != "" {
		return types.QuoteIdent(r.s.bootstrap)
	}
	return catalog.RegName(r.s.snapshot(), r.s.searchPath(), kind, oid)
}

// paramContext is the context of an error in a bound parameter. Values are not
// shown, as with PostgreSQL's log_parameter_max_length_on_error of zero.
func paramContext(portal string, n int, format int16) string {
	where := "unnamed portal"
	if portal != "" {
		where = fmt.Sprintf("portal %q", portal)
	}
	if format == 0 {
		return fmt.Sprintf("%s parameter $%d = '...'", where, n)
	}
	return fmt.Sprintf("%s parameter $%d", where, n)
}

// binder binds the expressions of descriptors for the executor.
type binder Session

func (b *binder) RowRules(t *catalog.Table) (*plan.RowRules, error) {
	rules, _, err := planner.TableRules((*Session)(b).snapshot(), (*Session)(b).execEnv(), t)
	return &rules, err
}

func (b *binder) Default(t *catalog.Table, attnum int16) (plan.Expr, error) {
	_, defaults, err := planner.TableRules((*Session)(b).snapshot(), (*Session)(b).execEnv(), t)
	if err != nil || defaults == nil {
		return nil, err
	}
	return defaults[attnum-1], nil
}
