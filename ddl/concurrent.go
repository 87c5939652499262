package ddl

import (
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner"
)

// CREATE and DROP INDEX CONCURRENTLY: writers go on meanwhile. An index is in one of four
// states, which writers with definitions of one state and of the next can be at work in
// together (Rae et al., "Online, Asynchronous Schema Change in F1", VLDB 2013):
//
//	                     writers remove     writers enter entries,     readers
//	                     entries            and may not enter twice    use it
//	absent                    –                     –                     –
//	NotReady, Building        ×                     –                     –
//	Building                  ×                     ×                     –
//	                          ×                     ×                     ×
//
// Each step is a transaction of its own, after which those are waited for that may write by
// the definition before. Skipping one would leave entries behind: who knows nothing of the
// index deletes a row whose entry another has entered. All rows are given their entries in
// the third state. An index that was not finished stays in its state, INVALID, until it is
// dropped or REINDEX fills it.
//
// Readers see definitions and rows of one snapshot; so nobody need wait at the end for old
// snapshots, as PostgreSQL does.
//
// The session holds a lock of the table from before the first commit to the last, so that
// nobody changes the table, or drops it, between the steps: it and the index are there.

// createBeside is CREATE INDEX CONCURRENTLY on t, locked, as ix says.
func (c *Ctx) createBeside(t *catalog.Table, ix *catalog.Index, name string) error {
	release, err := c.Hold(t.OID, kv.LockTableShareUpdateExclusive)
	if err != nil {
		return err
	}
	defer release()
	ix.Building, ix.NotReady = true, true
	if err := c.placeIndex(t, ix, name); err != nil {
		return err
	}
	if err := c.put(t); err != nil {
		return err
	}
	return c.completeBeside(t.OID, ix.OID)
}

// completeBeside makes a NotReady index valid.
func (c *Ctx) completeBeside(table, index catalog.OID) error {
	if err := c.nextStep(table, kv.LockTableShare); err != nil {
		return err
	}
	if err := c.putState(table, index, true, false); err != nil {
		return err
	}
	return c.fillBeside(table, index)
}

// fillBeside makes a Building index valid.
func (c *Ctx) fillBeside(table, index catalog.OID) error {
	if err := c.nextStep(table, kv.LockTableShare); err != nil {
		return err
	}
	t := c.snap().Table(table)
	rules, _, err := planner.TableRules(c.snap(), c.Env, t)
	if err != nil {
		return err
	}
	begin := func() (kv.Txn, error) {
		if err := c.Refresh(); err != nil { // lets go of the older snapshot
			return nil, err
		}
		return c.Beside()
	}
	if err := executor.FillIndex(c.Exec(), t, t.IndexByOID(index), &rules, begin); err != nil {
		return err
	}
	return c.putState(table, index, false, false)
}

// dropBeside is DROP INDEX CONCURRENTLY, of a table locked against other changes of its indexes.
func (c *Ctx) dropBeside(tg target) error {
	table, index := tg.table.OID, tg.index.OID
	if tg.table.Kind == catalog.KindPartitioned {
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot drop partitioned index %q concurrently", tg.index.Name)
	}
	if deps, err := c.dependents(tg); err != nil {
		return err
	} else if len(deps) > 0 {
		return c.dropTargets([]target{tg}, 0, "index") // says what depends on it
	}
	release, err := c.Hold(table, kv.LockTableShareUpdateExclusive)
	if err != nil {
		return err
	}
	defer release()
	if err := c.putState(table, index, true, tg.index.NotReady); err != nil {
		return err
	}
	if err := c.nextStep(table, kv.LockTableAccessExclusive); err != nil {
		return err
	}
	if err := c.putState(table, index, true, true); err != nil {
		return err
	}
	if err := c.nextStep(table, kv.LockTableAccessExclusive); err != nil {
		return err
	}
	e := clone(c.snap().Table(table))
	if err := c.removePart(e, target{table: e, index: e.IndexByOID(index)}); err != nil {
		return err
	}
	return c.put(e)
}

// putState puts an index into a state.
func (c *Ctx) putState(table, index catalog.OID, building, notReady bool) error {
	t, err := c.lock(c.snap().Table(table), kv.LockTableShareUpdateExclusive)
	if err != nil {
		return err
	}
	t = clone(t)
	ix := t.IndexByOID(index)
	ix.Building, ix.NotReady = building, notReady
	return c.put(t)
}

// nextStep commits what was done so far, and waits for the transactions that hold locks
// of the table which conflict with mode.
func (c *Ctx) nextStep(table catalog.OID, mode kv.LockMode) error {
	if err := c.NextTransaction(); err != nil {
		return err
	}
	return c.Await(c.snap().Table(table), mode)
}

// resume is REINDEX INDEX CONCURRENTLY of an index that was left INVALID.
func (c *Ctx) resume(table, index catalog.OID) error {
	release, err := c.Hold(table, kv.LockTableShareUpdateExclusive)
	if err != nil {
		return err
	}
	defer release()
	if c.snap().Table(table).IndexByOID(index).NotReady {
		return c.completeBeside(table, index)
	}
	return c.fillBeside(table, index)
}

// rebuild makes an index that was left INVALID anew, of a table locked against writers.
func (c *Ctx) rebuild(table, index catalog.OID) error {
	t := clone(c.snap().Table(table))
	ix := t.IndexByOID(index)
	if err := c.deleteIndexKeys(t.Storage, ix.Number); err != nil {
		return err
	}
	for _, o := range t.Indexes {
		t.LastIndex = max(t.LastIndex, o.Number)
	}
	t.LastIndex++
	ix.Number, ix.Building, ix.NotReady = t.LastIndex, false, false
	if err := c.put(t); err != nil {
		return err
	}
	return c.fillIndex(table, index)
}
