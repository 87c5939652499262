package session

import (
	"runtime/debug"
	"time"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
)

// planKey identifies a plan: the statement (parsed texts are shared, so the
// pointer stands for the text), the catalog it was planned with, and the settings.
type planKey struct {
	stmt    *ast.RawStmt
	version uint64
	epoch   uint64
}

// planCache keeps the session's recent plans: two generations, the older one
// dropped when the younger is full.
type planCache struct {
	young, old map[planKey]*plan.Plan
	templates  templates
}

// planCacheSize is the number of plans of one generation.
const planCacheSize = 128

// maxCachedPlanText is the longest statement text whose plan is kept.
const maxCachedPlanText = 16 << 10

func (c *planCache) get(k planKey) *plan.Plan {
	if p, ok := c.young[k]; ok {
		return p
	}
	p, ok := c.old[k]
	if ok {
		c.put(k, p)
	}
	return p
}

func (c *planCache) put(k planKey, p *plan.Plan) {
	if len(c.young) >= planCacheSize {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[planKey]*plan.Plan, planCacheSize)
	}
	c.young[k] = p
}

func (c *planCache) clear() { c.young, c.old = nil, nil }

func stackTrace() string { return string(debug.Stack()) }

// The locks of tables that a statement reads, whose rows it locks (SELECT FOR UPDATE),
// and whose rows it writes.
const (
	tableReadLock  = kv.LockTableAccessShare
	tableMarkLock  = kv.LockTableRowShare
	tableWriteLock = kv.LockTableRowExclusive
)

func (s *Session) lockOpts(mode kv.LockMode) kv.LockOptions {
	return kv.LockOptions{Mode: mode, Timeout: s.lockTimeout()}
}

// lockTimeout bounds a wait for a lock; 0 does not.
func (s *Session) lockTimeout() time.Duration { return s.set.lockTimeout }

// primaryRange is the range of keys of a table's rows.
func primaryRange(t *catalog.Table) kv.Range {
	return kv.PrefixRange(keyenc.AppendIndexPrefix(nil, t.Storage, 1))
}

// tablePrefix begins the keys of a table and all its indexes.
func tablePrefix(t *catalog.Table) []byte { return keyenc.AppendTablePrefix(nil, t.Storage) }
