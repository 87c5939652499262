package catalog

import (
	"math"
	"net"
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// What a connection is and does, ages of transactions, and functions of PostgreSQL's
// about its own arrangements that have an answer here.

// address takes apart host:port; NULLs for a connection that is not of the network.
func address(s string) (host, port types.Datum) {
	h, p, err := net.SplitHostPort(s)
	if err != nil {
		return types.Null, types.Null
	}
	addr, err := types.Parse(types.InetType, -1, h, types.DefaultEnv)
	n, bad := strconv.Atoi(p)
	if err != nil || bad != nil {
		return types.Null, types.Null
	}
	return addr, vInt(n)
}

// ends gives a connection's ends, "" if the session tells of none.
func ends(ctx *builtin.Ctx) (client, server string) {
	if ctx != nil {
		if c, ok := ctx.Session.(interface {
			Ends() (client, server string)
		}); ok {
			return c.Ends()
		}
	}
	return "", ""
}

func connections() {
	end := func(server, port bool) builtin.Func {
		return builtin.Func{Eval: func(ctx *builtin.Ctx, _ []types.Datum) (types.Datum, error) {
			at, serverAt := ends(ctx)
			if server {
				at = serverAt
			}
			h, p := address(at)
			if port {
				return p, nil
			}
			return h, nil
		}}
	}
	builtin.Define("inet_client_addr()", end(false, false))
	builtin.Define("inet_client_port()", end(false, true))
	builtin.Define("inet_server_addr()", end(true, false))
	builtin.Define("inet_server_port()", end(true, true))

	builtin.Define("current_query()", builtin.Func{Eval: func(ctx *builtin.Ctx, _ []types.Datum) (types.Datum, error) {
		if host, ok := ctx.Session.(interface{ Activity() []Activity }); ok {
			for _, a := range host.Activity() {
				if a.PID == ctx.Session.BackendPID() {
					return vStr(a.Query), nil
				}
			}
		}
		return types.Null, nil
	}})
	builtin.Define("pg_reload_conf()", constant(vBool(true))) // there is no file to read again
}

// age is how many transactions ago one began. Those before the first are as old as can be.
func age(now, then int64) types.Datum {
	if then < 3 {
		return vInt(math.MaxInt32)
	}
	return vInt(int(int32(uint32(now) - uint32(then))))
}

func ages() {
	builtin.Define("age(xid)", builtin.Func{Eval: func(ctx *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		now := int64(0)
		if ctx != nil && ctx.Session != nil {
			now = ctx.Session.TxnID()
		}
		return age(now, a[0].I), nil
	}})
	// No rows are locked by several transactions under one number: none was given out but the first.
	builtin.Define("mxid_age(xid)", builtin.Func{Eval: func(_ *builtin.Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].I == 0 {
			return vInt(math.MaxInt32), nil
		}
		return vInt(int(int32(1 - uint32(a[0].I)))), nil
	}})
}

func retired() {
	for _, name := range []string{"aclinsert", "aclremove"} {
		builtin.Define(name+"(_aclitem,aclitem)", builtin.Func{Eval: func(*builtin.Ctx, []types.Datum) (types.Datum, error) {
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, name+" is no longer supported")
		}})
	}
	builtin.Define("oidvectortypes(oidvector)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		var list []string
		for _, t := range a[0].Array().Elems {
			list = append(list, formatType(snap, searchPath(ctx), arg(t), -1, false))
		}
		return vStr(strings.Join(list, ", ")), nil
	}))
}

func init() {
	connections()
	ages()
	retired()
}
