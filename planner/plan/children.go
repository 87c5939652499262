package plan

// This file lists every node's inputs.

// Children implements Node.
func (n *Values) Children() []Node { return nil }

// Children implements Node.
func (n *Scan) Children() []Node { return nil }

// Children implements Node.
func (n *VirtualScan) Children() []Node { return nil }

// Children implements Node.
func (n *Filter) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Project) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *ProjectSet) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Limit) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Sort) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Agg) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Distinct) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Window) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *HashJoin) Children() []Node { return []Node{n.Left, n.Right} }

// Children implements Node.
func (n *MergeJoin) Children() []Node { return []Node{n.Left, n.Right} }

// Children implements Node.
func (n *NestLoop) Children() []Node { return []Node{n.Left, n.Right} }

// Children implements Node.
func (n *LookupJoin) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Append) Children() []Node { return n.Inputs }

// Children implements Node.
func (n *SetOp) Children() []Node {
	if n.Sorted != nil {
		return []Node{n.Sorted}
	}
	return []Node{n.Left, n.Right}
}

// Children implements Node.
func (n *CTEScan) Children() []Node { return nil }

// Children implements Node.
func (n *RecursiveUnion) Children() []Node { return []Node{n.Seed, n.Step} }

// Children implements Node.
func (n *WorkScan) Children() []Node { return nil }

// Children implements Node.
func (n *FuncScan) Children() []Node { return nil }

// Children implements Node.
func (n *LockRows) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Insert) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Update) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Delete) Children() []Node { return []Node{n.Input} }

// Children implements Node.
func (n *Merge) Children() []Node { return []Node{n.Input} }
