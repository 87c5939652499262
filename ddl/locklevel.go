package ddl

import (
	"rowkey/kv"
	"rowkey/parser/ast"
)

// alterLock is the lock of an ALTER TABLE: the strongest that one of its commands
// needs, as PostgreSQL's manual has them. Most exclude readers; what changes nothing
// that a running statement goes by does not.
func alterLock(n *ast.AlterTableStmt) kv.LockMode {
	mode := kv.LockTableShareUpdateExclusive
	for _, cmd := range n.Commands {
		switch cmd.Op {
		case ast.ValidateConstraint, ast.SetColumnStatistics, ast.SetOptions, ast.ResetOptions, ast.AttachPartition,
			ast.DetachPartitionFinalize:
		case ast.DetachPartition:
			if !cmd.Concurrently {
				return lockForChange
			}
		case ast.AddConstraint:
			if cmd.Constraint.Kind != ast.ConstraintForeignKey {
				return lockForChange
			}
			mode = max(mode, kv.LockTableShareRowExclusive)
		case ast.EnableTrigger, ast.EnableAlwaysTrigger, ast.EnableReplicaTrigger, ast.DisableTrigger,
			ast.EnableTriggerAll, ast.DisableTriggerAll, ast.EnableTriggerUser, ast.DisableTriggerUser:
			mode = max(mode, kv.LockTableShareRowExclusive)
		default:
			return lockForChange
		}
	}
	return mode
}
