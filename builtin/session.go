package builtin

import (
	"crypto/rand"
	"math"
	"strings"
	"time"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions that ask the session: names, settings, sequences, identifiers.

// session gives the session; there is none when constants are folded.
func (c *Ctx) session() (Session, error) {
	if c == nil || c.Session == nil {
		return nil, pgerr.New(pgerr.InternalError, "function needs a session")
	}
	return c.Session, nil
}

// ask makes a function of what a session answers.
func ask(answer func(s Session, a []types.Datum) (types.Datum, error)) Func {
	return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		s, err := ctx.session()
		if err != nil {
			return types.Null, err
		}
		return answer(s, a)
	})
}

// NextIdentity is what gives an identity column its values: nextval to whom the table
// is, whoever inserts.
var NextIdentity = func() *Func {
	f := ask(func(s Session, a []types.Datum) (types.Datum, error) {
		n, err := s.NextIdentity(types.OID(a[0].I))
		return types.NewInt(n), err
	})
	f.Name, f.Args, f.Result, f.Volatility = "nextval", []*types.Type{types.RegClass}, types.Int8, Volatile
	return &f
}()

// currentSchemas gives the search path without names that are not schemas;
// "$user" stands for the user's own.
func currentSchemas(s Session, implicit bool) []types.Datum {
	var list []types.Datum
	for _, name := range s.SearchPath(implicit) {
		list = append(list, types.NewString(name))
	}
	return list
}

func setting(s Session, name string, missingOK bool) (types.Datum, error) {
	v, ok := s.Setting(strings.ToLower(name))
	if !ok {
		if missingOK {
			return types.Null, nil
		}
		return types.Null, pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	return types.NewString(v), nil
}

// sleep waits, or gives up when the statement is cancelled.
func sleep(ctx *Ctx, seconds float64) error {
	if math.IsNaN(seconds) || seconds <= 0 {
		return nil
	}
	t := time.NewTimer(time.Duration(min(seconds, 1e9) * float64(time.Second)))
	defer t.Stop()
	if ctx == nil || ctx.Context == nil {
		<-t.C
		return nil
	}
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request").WithCause(ctx.Err())
	}
}

// randomUUID makes a version 4 UUID.
func randomUUID() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", pgerr.Internal(err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return string(b[:]), nil
}

// void is the result of functions that have none.
var void = types.NewString("")

func init() {
	define("version()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		v, _ := s.Setting("server_version")
		return types.NewString("PostgreSQL " + v + " compatible (rowkey)"), nil
	}))
	define("current_database()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		return types.NewString(s.CurrentDatabase()), nil
	}))
	define("current_user() getpgusername()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		return types.NewString(s.CurrentUser()), nil
	}))
	define("session_user()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		return types.NewString(s.SessionUser()), nil
	}))
	define("current_schema()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		if list := currentSchemas(s, false); len(list) > 0 {
			return list[0], nil
		}
		return types.Null, nil
	}))
	define("current_schemas(bool)", ask(func(s Session, a []types.Datum) (types.Datum, error) {
		return arrayOf(types.Name, currentSchemas(s, a[0].I != 0)), nil
	}))
	define("current_setting(text)", ask(func(s Session, a []types.Datum) (types.Datum, error) { return setting(s, a[0].S, false) }))
	define("current_setting(text,bool)", ask(func(s Session, a []types.Datum) (types.Datum, error) {
		return setting(s, a[0].S, a[1].I != 0)
	}))
	define("set_config(text,text,bool)", ask(func(s Session, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "SET requires parameter name")
		}
		v, err := s.SetSetting(a[0].S, a[1].S, a[2].I != 0)
		return types.NewString(v), err
	}))
	define("pg_backend_pid()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		return types.NewInt(int64(s.BackendPID())), nil
	}))
	define("txid_current() pg_current_xact_id() txid_current_if_assigned() pg_current_xact_id_if_assigned()",
		ask(func(s Session, _ []types.Datum) (types.Datum, error) { return types.NewInt(s.TxnID()), nil }))
	define("pg_client_encoding()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		v, _ := s.Setting("client_encoding")
		return types.NewString(v), nil
	}))
	define("getdatabaseencoding()", fn(func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewString("UTF8"), nil }))
	define("pg_is_in_recovery()", fn(func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewBool(false), nil }))

	define("nextval(regclass)", ask(func(s Session, a []types.Datum) (types.Datum, error) {
		n, err := s.Nextval(types.OID(a[0].I))
		return types.NewInt(n), err
	}))
	define("currval(regclass)", ask(func(s Session, a []types.Datum) (types.Datum, error) {
		n, err := s.Currval(types.OID(a[0].I))
		return types.NewInt(n), err
	}))
	define("lastval()", ask(func(s Session, _ []types.Datum) (types.Datum, error) {
		n, err := s.Lastval()
		return types.NewInt(n), err
	}))
	define("setval(regclass,int8) setval(regclass,int8,bool)", ask(func(s Session, a []types.Datum) (types.Datum, error) {
		return a[1], s.Setval(types.OID(a[0].I), a[1].I, len(a) < 3 || a[2].I != 0)
	}))

	define("pg_sleep(float8)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) { return void, sleep(ctx, a[0].Float()) }))
	define("gen_random_uuid()", fn(func(*Ctx, []types.Datum) (types.Datum, error) {
		u, err := randomUUID()
		return types.NewString(u), err
	}))
	define("pg_typeof(any)", poly(func(t []*types.Type) EvalFunc {
		return func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewInt(int64(t[0].OID)), nil }
	}))
	count := func(nulls bool) Func {
		return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			n := int64(0)
			for _, d := range a {
				if d.IsNull() == nulls {
					n++
				}
			}
			return types.NewInt(n), nil
		})
	}
	define("num_nulls(any)", count(true))
	define("num_nonnulls(any)", count(false))
}
