package plan

import (
	"slices"

	"rowkey/catalog"
	"rowkey/pgerr"
)

// Runnable refuses to run a plan for what is in it, not for who asks: a materialized view
// that is written, or without data that is read.
func (p *Plan) Runnable() error {
	if p.Unpopulated == nil {
		return p.Refused
	}
	return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "materialized view %q has not been populated", p.Unpopulated.Name).
		WithHint("Use the REFRESH MATERIALIZED VIEW command.")
}

// Modifies tells whether queries of WITH change data.
func (p *Plan) Modifies() bool {
	return slices.ContainsFunc(p.CTEs, func(c CTE) bool { return c.Modifies })
}

// Authorize refuses to let a role run the plan if it lacks privileges that the
// plan needs (42501). A plan stands for one version of the catalog, so that
// what was found out for a role holds as long as the plan does: asking again
// costs one comparison. Role 0 is nobody, who may run everything. What could not be
// planned is refused to everybody.
func (p *Plan) Authorize(snap *catalog.Snapshot, role catalog.OID) error {
	if p.Fault != nil {
		return p.Fault
	}
	if uint32(role) == p.authorized.Load() || role == 0 {
		return nil
	}
	for _, a := range p.Access {
		if err := a.Check(snap, role); err != nil {
			return err
		}
	}
	for _, oid := range p.Functions {
		if snap.FunctionRights(role, oid, catalog.Execute) == 0 {
			return catalog.PermissionDenied("function", snap.FunctionName(oid))
		}
	}
	p.authorized.Store(uint32(role))
	return nil
}
