package keyspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"rowkey/kv"
)

// Request is one command to run: arguments of a right number, in a key space.
type Request struct {
	DB   int
	Cmd  *Command
	Args [][]byte

	To *Reply // where the reply goes; nil: the one given to Run
}

// Runner runs commands for one connection, with memory that is used again.
// Not safe for concurrent use.
type Runner struct {
	ks    *Keyspace
	call  Call
	locks []lockWish
	keys  [][]byte
	names names
	// nowait makes an attempt give up where it would wait for a lock.
	nowait bool
	// NoSync lets commits return before they are on disk.
	NoSync bool
}

// lockWish is a lock that requests need.
type lockWish struct {
	key       []byte
	exclusive bool
	watched   *watchedKey
}

// Runner gives a Runner of its own.
func (k *Keyspace) Runner() *Runner { return &Runner{ks: k} }

// Fresh gives another Runner, in place of one that was left by a panic.
func (r *Runner) Fresh() *Runner { return r.ks.Runner() }

// Try runs requests of several connections, each with its own Reply, in one
// transaction: none of them may be Blocking or of the WholeSpace. False: nothing was
// done, since a lock could not be had at once or for another reason that concerns
// only one of them; Run is for each then. Replies may have grown even so.
func (r *Runner) Try(ctx context.Context, reqs []Request) (done bool) {
	r.nowait = true
	err := r.attempt(ctx, reqs, nil, false, nil)
	r.nowait = false
	return err == nil
}

// maxAttempts bounds how often a transaction is tried again after a conflict,
// of which there is none but with SQL transactions: commands lock their keys in order.
const maxAttempts = 64

// Run runs requests that came in a pipeline, in order, and appends their
// replies. They share transactions as it serves, each being atomic by itself:
// one that fails undoes nothing of the others. All are committed on return; an
// error other than a command's own is the reply of every request it befell.
func (r *Runner) Run(ctx context.Context, reqs []Request, reply *Reply) {
	for len(reqs) > 0 {
		n := r.together(reqs)
		r.runGroup(ctx, reqs[:n], reply)
		reqs = reqs[n:]
	}
}

// maxGroup bounds the commands of one transaction, for those who wait for its locks.
const maxGroup = 256

// together is how many of the first requests may share a transaction: only
// readers, or commands whose keys are known beforehand.
func (r *Runner) together(reqs []Request) int {
	for i := range reqs {
		if reqs[i].Cmd.Flags&(WholeSpace|Blocking) != 0 || i == maxGroup {
			return max(i, 1)
		}
	}
	return len(reqs)
}

func (r *Runner) runGroup(ctx context.Context, reqs []Request, reply *Reply) {
	if r.combines(reqs) && r.runCombined(ctx, reqs, reply) {
		return
	}
	from := len(reply.Buf)
	var err error
	for range maxAttempts {
		err = r.attempt(ctx, reqs, reply, false, nil)
		if err == nil {
			return
		}
		reply.Buf = reply.Buf[:from]
		if err == errPartly {
			for i := range reqs {
				r.runGroup(ctx, reqs[i:i+1], reply)
			}
			return
		}
		if !retryable(err) {
			break
		}
	}
	e := AsError(err)
	for range reqs {
		reply.Error(e)
	}
}

// Exec runs the requests of a MULTI as one serialisable transaction and appends
// the array of their replies. done is false, with nothing run, when a watched
// key has changed. The watch, which may be nil, is used up.
func (r *Runner) Exec(ctx context.Context, reqs []Request, watch *Watch, reply *Reply) (done bool, err error) {
	from := len(reply.Buf)
	defer watch.Close()
	for range maxAttempts {
		reply.Array(len(reqs))
		err = r.attempt(ctx, reqs, reply, true, watch)
		if err == nil {
			return true, nil
		}
		reply.Buf = reply.Buf[:from]
		if err == errWatched {
			return false, nil
		}
		if !retryable(err) {
			break
		}
	}
	return false, AsError(err)
}

var (
	// errPartly: a command failed after it wrote, or by the store, among others in one
	// transaction: each is to be run alone.
	errPartly = errors.New("command failed among others")
	// errWatched: a watched key has changed.
	errWatched = errors.New("watched key changed")
)

// attempt runs requests in one transaction.
func (r *Runner) attempt(ctx context.Context, reqs []Request, reply *Reply, multi bool, watch *Watch) error {
	c := &r.call
	var flags Flags
	reads := true
	for i := range reqs {
		flags |= reqs[i].Cmd.Flags
		reads = reads && reqs[i].Cmd.Flags&Write == 0
	}
	opts := kv.TxnOptions{ReadOnly: reads && watch == nil, NoSync: r.NoSync, Scattered: true}
	if multi && !reads && (len(reqs) > 1 || flags&WholeSpace != 0) {
		// Locks order it among commands; this does among SQL's serializable transactions,
		// and for what it reads that has no lock.
		opts.Isolation = kv.Serializable
	}
	if watch != nil {
		opts.Owner = watch.owner
	}
	txn, err := r.ks.store.Begin(ctx, opts)
	if err != nil {
		return err
	}
	defer txn.Rollback()
	c.Keyspace, c.Context, c.Txn, c.Reply, c.Multi = r.ks, ctx, txn, reply, multi
	c.latest, c.checked, c.writes = false, false, 0
	c.ready = c.ready[:0]
	c.held, c.holding = nil, len(reqs) > 1 && !multi
	c.plainOf, c.others = nil, false
	c.Now = r.ks.Now()
	r.names.forget()
	if !reads || watch != nil {
		if err := r.lockAll(ctx, txn, reqs, watch); err != nil {
			return err
		}
		c.Now = max(c.Now, r.ks.Now()) // may have waited
	}
	c.ahead.forget()
	if !multi { // of which all reads shall be seen to depend on others' writes
		defer c.ahead.forget()
		if err := c.ahead.look(r, txn, reqs); err != nil {
			return err
		}
	}
	for i := range reqs {
		if c.Reply = reqs[i].To; c.Reply == nil {
			c.Reply = reply
		}
		c.ahead.begin(i)
		c.names = r.names.of(i)
		if err := c.run(&reqs[i], len(reqs) > 1, multi && len(reqs) > 1); err != nil {
			return err
		}
	}
	if err := c.letGo(); err != nil {
		return err
	}
	if c.writes == 0 {
		return nil
	}
	if err := txn.Commit(ctx); err != nil {
		return err
	}
	if len(c.ready) > 0 {
		r.ks.tellReady(c.ready)
	}
	return nil
}

// run runs one request in the call's transaction and writes its reply or error.
// saved brackets it by a savepoint, for what it wrote before it failed.
func (c *Call) run(req *Request, others, saved bool) error {
	space, err := c.Keyspace.Space(c.Context, req.DB)
	if err != nil {
		return err
	}
	if c.held != nil && !c.goesOn(space, req) {
		if err := c.letGo(); err != nil {
			return err
		}
	}
	c.Space, c.namesIn, c.Cmd, c.Args, c.used = space, space, req.Cmd, req.Args, 0
	from, wrote, ready := len(c.Reply.Buf), c.writes, len(c.ready)
	var sp kv.Savepoint
	if saved {
		sp = c.Txn.Savepoint()
	}
	err = req.Cmd.Run(c)
	if err == nil {
		c.hold()
		return nil
	}
	e, own := err.(Error)
	if !own {
		switch {
		case errors.Is(err, kv.ErrKeyTooLarge), errors.Is(err, kv.ErrValueTooLarge):
		case others && !saved && !retryable(err) && c.Context.Err() == nil:
			return errPartly // the store's, perhaps about this command's keys only
		default:
			return err // MULTI is done as a whole, or not
		}
		e = AsError(err)
	}
	c.Reply.Buf = c.Reply.Buf[:from]
	c.Reply.Error(e)
	if c.writes == wrote {
		return nil
	}
	c.ready = c.ready[:ready]
	switch {
	case saved:
		return c.Txn.RollbackTo(sp)
	case others:
		return errPartly
	}
	c.writes = 0 // nothing to commit
	return nil
}

// fewLocks is how many locks are taken one by one at no more cost than together.
const fewLocks = 4

// lockAll locks the keys of requests, in one order for all who wait, and moves the
// snapshot to what is there then.
func (r *Runner) lockAll(ctx context.Context, txn kv.Txn, reqs []Request, watch *Watch) error {
	r.locks = r.locks[:0]
	writes := watch == nil
	for i := range reqs {
		q := &reqs[i]
		writes = writes && q.Cmd.Flags&Write != 0
		space, err := r.ks.Space(ctx, q.DB)
		if err != nil {
			return err
		}
		r.keys = q.Cmd.AppendKeys(r.keys[:0], q.Args)
		for _, k := range r.keys {
			r.names.add(space, k)
			r.locks = append(r.locks, lockWish{exclusive: q.Cmd.Flags&Write != 0})
		}
		r.names.end()
	}
	if writes && len(r.locks) >= fewLocks && txn.TryLockAll(r.names.keys, kv.LockUpdate) {
		return txn.Refresh()
	}
	if watch != nil {
		for i := range watch.keys {
			w := &watch.keys[i]
			r.names.add(w.space, w.key)
			r.locks = append(r.locks, lockWish{watched: w})
		}
	}
	for i := range r.locks {
		r.locks[i].key = r.names.keys[i]
	}
	if len(r.locks) > 1 && !r.nowait { // who does not wait needs no order
		slices.SortFunc(r.locks, func(a, b lockWish) int {
			if c := bytes.Compare(a.key, b.key); c != 0 {
				return c
			}
			return cmp.Compare(rank(b), rank(a))
		})
	}
	for i := range r.locks {
		l := &r.locks[i]
		if i > 0 && l.watched == nil && r.locks[i-1].exclusive == l.exclusive && bytes.Equal(r.locks[i-1].key, l.key) {
			continue
		}
		if l.watched != nil {
			if err := l.watched.check(ctx, r.ks.Now()); err != nil {
				return err
			}
			continue
		}
		mode := kv.LockShare
		if l.exclusive {
			mode = kv.LockUpdate
		}
		if _, err := txn.Lock(ctx, l.key, kv.LockOptions{Mode: mode, Wait: r.waitPolicy(), Newest: true, Untold: true}); err != nil {
			return err
		}
	}
	return txn.Refresh()
}

// rank sorts the wishes for one key: exclusive ones first, watches last.
func rank(l lockWish) int {
	switch {
	case l.watched != nil:
		return 0
	case l.exclusive:
		return 2
	}
	return 1
}

// RunIn runs one request in a transaction of someone else's (a SQL statement),
// and writes its reply. An error, a command's own too, asks for a rollback to
// where the transaction was. ready, for Tell after its commit, may be nil.
func (r *Runner) RunIn(ctx context.Context, txn kv.Txn, level kv.Isolation, now int64, req Request, reply *Reply) (ready *Ready, err error) {
	c := &r.call
	if c.Space, err = r.ks.Space(ctx, req.DB); err != nil {
		return nil, err
	}
	c.Keyspace, c.Context, c.Txn, c.Reply, c.Multi = r.ks, ctx, txn, reply, true
	c.latest, c.checked = level == kv.ReadCommitted, level != kv.ReadCommitted
	c.writes, c.Now, c.Cmd, c.Args, c.used = 0, now, req.Cmd, req.Args, 0
	c.held, c.holding, c.names = nil, false, nil
	c.plainOf, c.others = nil, false
	c.ready = nil
	r.keys = req.Cmd.AppendKeys(r.keys[:0], req.Args)
	if req.Cmd.Flags&Write != 0 {
		slices.SortFunc(r.keys, bytes.Compare)
		for _, k := range r.keys {
			if err := c.lock(k); err != nil {
				return nil, err
			}
		}
	} else {
		c.latest = false // as the statement sees it
	}
	if err := req.Cmd.Run(c); err != nil {
		return nil, err
	}
	if len(c.ready) > 0 {
		ready = &Ready{r.ks, c.ready}
	}
	return ready, nil
}

// Ready is the keys that came to be in a transaction that is not committed yet.
type Ready struct {
	ks   *Keyspace
	keys []readyKey
}

// Tell tells those who wait for the keys; to be called after the commit.
func (r *Ready) Tell() {
	if r != nil {
		r.ks.tellReady(r.keys)
	}
}

// Do runs one request in a transaction of its own, for callers without a Runner.
func (k *Keyspace) Do(ctx context.Context, req Request, reply *Reply) {
	r, _ := k.runners.Get().(*Runner)
	if r == nil {
		r = k.Runner()
	}
	r.Run(ctx, []Request{req}, reply)
	k.runners.Put(r)
}
