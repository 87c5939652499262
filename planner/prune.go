package planner

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
)

// pruned gives the members of a tree that can have rows that meet the scan's
// conditions, and what is left to decide at execution.
func (p *planner) pruned(s *lScan) ([]*catalog.Table, *plan.PruneStep) {
	return s.tree.members, nil
}
