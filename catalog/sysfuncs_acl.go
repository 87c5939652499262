package catalog

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// aclitem values, and the functions over lists of them.

// datum gives the item as a value of type aclitem.
func (it ACLItem) datum() types.Datum {
	return types.ACLItem(it.Grantee, it.Grantor, uint32(it.Rights))
}

func itemOf(d types.Datum) ACLItem {
	grantee, grantor, rights := types.ACLParts(d)
	return ACLItem{Grantee: grantee, Grantor: grantor, Rights: Rights(rights)}
}

// vACL gives a list as a column of the catalogs has it: NULL for the defaults.
func vACL(acl *ACL, set bool) types.Datum {
	if !set || acl == nil {
		return types.Null
	}
	elems := make([]types.Datum, len(acl.Items))
	for i, it := range acl.Items {
		elems[i] = it.datum()
	}
	return types.NewAny(types.NewArray(types.AclItem, elems))
}

func aclOfDatum(d types.Datum) *ACL {
	out := &ACL{}
	if a, ok := d.X.(*types.Array); ok {
		for _, e := range a.Elems {
			if !e.IsNull() {
				out.Items = append(out.Items, itemOf(e))
			}
		}
	}
	return out
}

func aclFunctions() {
	builtin.Define("acldefault(char,oid)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		kind := byte(a[0].I)
		if kind != ACLColumn && AllRights(kind) == 0 {
			return types.Null, unrecognizedKind(kind)
		}
		return vACL(DefaultFor(kind, arg(a[1])), true), nil
	}})
	builtin.Define("makeaclitem(oid,oid,text,bool)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		rights := RightNamed(a[2].S)
		if rights == 0 {
			return types.Null, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", a[2].S)
		}
		it := ACLItem{Grantee: arg(a[0]), Grantor: arg(a[1]), Rights: rights}
		if a[3].Bool() {
			it.Rights |= rights.Option()
		}
		return it.datum(), nil
	}})
	builtin.Define("aclcontains(_aclitem,aclitem)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		want := itemOf(a[1])
		for _, it := range aclOfDatum(a[0]).Items {
			if it.Grantee == want.Grantee && it.Grantor == want.Grantor && it.Rights&want.Rights == want.Rights {
				return vBool(true), nil
			}
		}
		return vBool(false), nil
	}})
	builtin.Define("aclitemeq(aclitem,aclitem)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		return vBool(a[0].S == a[1].S), nil
	}})
	builtin.Define("aclexplode(_aclitem)", builtin.Func{Set: func(_ *builtin.Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		for _, it := range aclOfDatum(a[0]).Items {
			var err error
			EachRight(it.Rights.Plain(), func(r Rights, _ byte, word string) {
				if err == nil {
					err = emit([]types.Datum{vOID(it.Grantor), vOID(it.Grantee), vStr(word), vBool(it.Rights&r.Option() != 0)})
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	}})
}
