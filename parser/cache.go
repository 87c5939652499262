package parser

import (
	"container/list"
	"sync"

	"rowkey/parser/ast"
)

// Cache remembers the trees of texts that were parsed, up to a number of bytes
// of text, and forgets those unused for longest. It is safe for concurrent
// use; the trees are shared and must not be changed.
type Cache struct {
	mu    sync.Mutex
	limit int
	bytes int
	order *list.List // of *cached, latest first
	byKey map[string]*list.Element
}

type cached struct {
	sql   string
	stmts []*ast.RawStmt
}

// NewCache makes a cache for about limitBytes of trees, guessed from their texts.
func NewCache(limitBytes int) *Cache {
	return &Cache{limit: limitBytes, order: list.New(), byKey: map[string]*list.Element{}}
}

// costFactor is how many bytes of tree, roughly, come of a byte of text.
const costFactor = 16

func (c *cached) cost() int { return 512 + costFactor*len(c.sql) }

// Parse is Parse, remembered. Errors are not. A text of more than an eighth of
// the limit, such as a bulk INSERT, is parsed and not kept.
func (c *Cache) Parse(sql string) ([]*ast.RawStmt, error) {
	c.mu.Lock()
	if e, ok := c.byKey[sql]; ok {
		c.order.MoveToFront(e)
		stmts := e.Value.(*cached).stmts
		c.mu.Unlock()
		return stmts, nil
	}
	c.mu.Unlock()
	stmts, err := Parse(sql)
	if err != nil {
		return nil, err
	}
	entry := &cached{sql: sql, stmts: stmts}
	if entry.cost() > c.limit/8 {
		return stmts, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[sql]; ok { // another session was quicker
		c.order.MoveToFront(e)
		return e.Value.(*cached).stmts, nil
	}
	c.byKey[sql] = c.order.PushFront(entry)
	c.bytes += entry.cost()
	for c.bytes > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*cached)
		delete(c.byKey, old.sql)
		c.bytes -= old.cost()
	}
	return stmts, nil
}

// Len is the number of texts remembered.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}
