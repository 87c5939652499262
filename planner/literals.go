package planner

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// literalRows reads VALUES lists that hold nothing but literals straight into
// column vectors: bulk loads spend nothing on expression trees. It gives nil
// when some value is not a literal, or is one that only the slow way can judge
// (an error then comes from there, with its place).
func (p *planner) literalRows(rows [][]ast.Expr, cols []*catalog.Column, at []int, someDefault []bool) []*types.Vec {
	if len(cols) == 0 {
		return nil
	}
	for i := range cols {
		if someDefault[at[i]] {
			return nil
		}
		if _, ok := rows[0][at[i]].(*ast.Const); !ok {
			return nil
		}
	}
	out := make([]*types.Vec, len(cols))
	for i, c := range cols {
		out[i] = types.NewVec(c.Type, len(rows))
		out[i].Resize(len(rows))
	}
	for r, row := range rows { // row by row, for the errors
		for i, c := range cols {
			lit, ok := row[at[i]].(*ast.Const)
			if !ok || !p.literalInto(out[i], r, c, lit) {
				return nil
			}
		}
	}
	return out
}

// literalInto stores a literal in row r of v, as assignment to the column would.
func (p *planner) literalInto(v *types.Vec, r int, c *catalog.Column, lit *ast.Const) bool {
	t := c.Type
	if t.Kind == types.KindDomain {
		return false
	}
	switch lit.Kind {
	case ast.ConstNull:
		v.SetNull(r)
		return true
	case ast.ConstInt:
		switch t {
		case types.Int4, types.Int8:
			v.I[r] = int64(lit.Int)
			return true
		case types.Int2:
			if lit.Int != int32(int16(lit.Int)) {
				return false
			}
			v.I[r] = int64(lit.Int)
			return true
		case types.Float8:
			v.F[r] = float64(lit.Int)
			return true
		case types.Numeric:
			if c.Typmod < 0 {
				v.D[r] = types.DecimalInt(int64(lit.Int))
				return true
			}
		}
	case ast.ConstBool:
		if t == types.Bool {
			v.B[r] = lit.Bool
			return true
		}
	case ast.ConstString:
		switch t {
		case types.Text:
			v.S[r] = lit.Text
			return true
		case types.VarChar:
			if c.Typmod < 0 || len(lit.Text) <= int(c.Typmod-4) {
				v.S[r] = lit.Text
				return true
			}
		case types.Date, types.Timestamp, types.UUID, types.Int4, types.Int8, types.Bool, types.TimestampTZ:
			if c.Typmod < 0 {
				d, err := types.Parse(t, -1, lit.Text, p.env)
				if err != nil {
					return false
				}
				v.Set(r, d)
				return true
			}
		}
	}
	// any other conversion: through the expressions, if they fold to a constant
	b := &binder{p: p, kind: inValues}
	k, ok := p.simplified(p.assign(arg{b.constant(lit), lit.Pos()}, c)).(*plan.Const)
	if !ok {
		return false
	}
	v.Set(r, k.Val)
	return true
}
