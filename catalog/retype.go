package catalog

import "rowkey/types"

// Descriptors hold pointers to the types they use, and types can be made of
// others: a row type has the types of its table's columns, a domain its base.
// When a type changes, what uses it is made anew, and so on.

// retype makes anew what uses the types, and what uses that.
func (s *Snapshot) retype(changed map[OID]bool) error {
	done := map[OID]bool{}
	for len(changed) > 0 {
		next := map[OID]bool{}
		for oid := range changed {
			if done[oid] {
				continue
			}
			done[oid] = true
			t := s.typeByOID.at(oid)
			if t == nil {
				continue
			}
			if err := s.retypeUsers(t, next); err != nil {
				return err
			}
		}
		changed = next
	}
	return nil
}

// retypeUsers makes anew the tables and domains that use t, noting their types.
func (s *Snapshot) retypeUsers(t *types.Type, next map[OID]bool) error {
	users := append([]OID(nil), s.typeUsers.at(t.OID)...)
	if t.Array != nil {
		users = append(users, s.typeUsers.at(t.Array.OID)...)
	}
	for _, oid := range users {
		u := s.tables.at(oid)
		if u == nil || u.OID == t.RelID {
			continue
		}
		s.removeTable(oid)
		if err := s.addTable(u); err != nil {
			return err
		}
		if u.RowTypeOID != 0 {
			next[u.RowTypeOID] = true
		}
	}
	for oid, u := range s.usertypes.all() {
		if u.BaseOID != t.OID && (t.Array == nil || u.BaseOID != t.Array.OID) {
			continue
		}
		s.removeType(oid)
		if err := s.addType(u); err != nil {
			return err
		}
		next[oid] = true
	}
	for oid, f := range s.functions.all() {
		if f.uses(t) {
			s.removeFunction(oid)
			if err := s.addFunction(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// loadOrder puts descriptors so that types come before what is made of them.
func loadOrder(changes []change) []change {
	known := map[OID]bool{}
	ready := func(c change) bool {
		have := func(oid OID) bool { return oid < FirstUserOID || known[oid] }
		switch o := c.obj.(type) {
		case *UserType:
			return o.BaseOID == 0 || have(o.BaseOID)
		case *Table:
			for i := range o.Columns {
				if col := &o.Columns[i]; !col.Dropped && !have(col.TypeOID) && col.TypeOID != o.RowTypeOID && col.TypeOID != o.ArrayTypeOID {
					return false
				}
			}
		case *Function:
			for i := range o.Params {
				if !have(o.Params[i].TypeOID) {
					return false
				}
			}
			if a := o.Aggregate; a != nil && (!have(a.Transition) || !have(a.Final) || !have(a.StateOID)) {
				return false
			}
			return have(o.ResultOID)
		}
		return true
	}
	out := make([]change, 0, len(changes))
	for len(changes) > 0 {
		var wait []change
		for _, c := range changes {
			if !ready(c) {
				wait = append(wait, c)
				continue
			}
			out = append(out, c)
			switch o := c.obj.(type) {
			case *UserType:
				known[o.OID], known[o.ArrayOID] = true, true
			case *Function:
				known[o.OID] = true
			case *Table:
				known[o.RowTypeOID], known[o.ArrayTypeOID] = true, true
			}
		}
		if len(wait) == len(changes) { // apply tells what is missing
			return append(out, wait...)
		}
		changes = wait
	}
	return out
}

// renewAggregates makes anew the aggregates that call a function.
func (s *Snapshot) renewAggregates(fn OID) error {
	for oid, f := range s.functions.all() {
		if a := f.Aggregate; a == nil || a.Transition != fn && a.Final != fn {
			continue
		}
		s.removeFunction(oid)
		if err := s.addFunction(f); err != nil {
			return err
		}
	}
	return nil
}
