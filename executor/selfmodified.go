package executor

import (
	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// A statement changes the rows that were there when it began. What it calls meanwhile,
// BEFORE triggers and volatile functions, may change the same rows by statements of its
// own; to write over that what was made of the row as it was would lose it. Such a row
// is an error:
//
//	UPDATE t SET v = f(id)      -- and f updates t: 27000
//	WITH u AS (UPDATE t … RETURNING f(id)) UPDATE t …
//	BEFORE UPDATE ON t          -- and the trigger updates the row, or the next one
//
// FOR UPDATE leaves it out. A statement that calls nothing of the kind asks nothing:
// began is nil then.

// overwritten tells whether something that the statement called has changed a row.
func (x *exec) overwritten(key []byte) (bool, error) {
	if x.began == nil {
		return false, nil
	}
	is, err := x.began.Overwritten(key)
	return is, storeError(err)
}

// untouched fails if something that the statement called has changed one of the rows,
// which are to be done to what verb says.
func (x *exec) untouched(keys []string, verb string) error {
	if x.began == nil {
		return nil
	}
	for _, k := range keys {
		if is, err := x.overwritten([]byte(k)); err != nil {
			return err
		} else if is {
			return errOverwritten(verb)
		}
	}
	return nil
}

// What is about to be done to a row.
const (
	toUpdate = "updated"
	toDelete = "deleted"
	toMerge  = "updated or deleted"
)

func errOverwritten(verb string) error {
	return pgerr.Newf(pgerr.TriggeredDataChangeViolation, "tuple to be %s was already modified by an operation triggered by the current command", verb).
		WithHint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.")
}

// verb is what the statement does to rows that are updated, or deleted.
func (x *exec) verb(update bool) string {
	switch {
	case x.stmt != nil && x.stmt.merging:
		return toMerge
	case update:
		return toUpdate
	}
	return toDelete
}

// fires tells whether a data-modifying node calls BEFORE triggers that could meddle with
// the rows it reads or changes.
func (x *exec) fires(n plan.Node) bool {
	before := func(tables ...*catalog.Table) bool {
		for _, t := range tables {
			for _, tr := range t.Triggers {
				if tr.Timing == catalog.TriggerBefore && x.active(tr) {
					return true
				}
			}
		}
		return false
	}
	if x.Triggers == nil {
		return false
	}
	switch n := n.(type) {
	case *plan.Insert:
		if n.Conflict == nil || n.Conflict.DoNothing {
			reads := false
			walkNodes(n.Input, func(n plan.Node) {
				_, is := n.(*plan.Scan)
				reads = reads || is
			})
			if !reads {
				return false
			}
		}
		if n.Table.Kind == catalog.KindPartitioned {
			return before(x.Catalog.Tree(n.Table)...)
		}
		return before(n.Table)
	case *plan.Update:
		return before(n.Table) || before(n.Tree...)
	case *plan.Delete:
		return before(n.Table) || before(n.Tree...)
	case *plan.Merge:
		return before(n.Table) || before(n.Tree...)
	}
	return false
}

// Where one statement would change a row in several of its parts, the first to come has
// it and the others pass it over, whatever else has changed it meanwhile; but of a row
// that others have changed since the snapshot each part takes the newest version, and that
// is to be the statement's own.

// chases notes that the statement is about to change such a row.
func (s *stmt) chases(key string) {
	if s.chased == nil {
		s.chased = map[string][]byte{}
	}
	s.chased[key] = nil
}

// leaves notes what the statement has made of rows that have the keys fresh now.
func (s *stmt) leaves(keys, fresh []string) error {
	if len(s.chased) == 0 {
		return nil
	}
	for i, k := range keys {
		if _, is := s.chased[k]; !is {
			continue
		}
		value, _, err := s.x.Txn.Written([]byte(fresh[i]))
		if err != nil {
			return storeError(err)
		}
		s.chased[k] = value
	}
	return nil
}

// ours fails if the newest version of a row that the statement has changed, where that
// counts, is not what it made of it.
func (s *stmt) ours(key, verb string) error {
	left, is := s.chased[key]
	if !is {
		return nil
	}
	now, _, err := s.x.Txn.Written([]byte(key))
	if err != nil {
		return storeError(err)
	}
	if string(now) != string(left) {
		return errOverwritten(verb)
	}
	return nil
}
