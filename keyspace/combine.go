package keyspace

import (
	"context"
	"slices"
	"sync"

	"rowkey/kv"
)

// Where a commit waits for a disk, commands on one key would wait for one sync each:
// a lock is held until its writes are durable. So there, those who come while a commit
// is under way are run together, in one transaction, by the first of them; then one
// sync serves all, as it does with Redis' single thread.
//
// What cannot have its locks at once, because a SQL transaction holds them, is left
// to its own connection, which waits as usual.

// CombineCommits says whether to do so: for stores on disk.
func (k *Keyspace) CombineCommits(on bool) { k.combining.Store(on) }

// CombinesCommits tells whether that was said.
func (k *Keyspace) CombinesCommits() bool { return k.combining.Load() }

// combiner gathers what is to be run together.
type combiner struct {
	mu    sync.Mutex
	queue []*combined
	busy  bool // someone leads
	reqs  []Request
}

// combined is what one connection wants to be run.
type combined struct {
	reqs  []Request
	reply *Reply
	from  int // where its replies begin
	wake  chan fate
}

// fate is what the leader tells those who wait.
type fate uint8

const (
	ran   fate = iota // done, replies are written
	alone             // run yourself
	lead              // you are the first now
)

// maxCombined bounds the commands run together.
const maxCombined = 1024

// combines tells whether requests, of one group, may be run with others'.
func (r *Runner) combines(reqs []Request) bool {
	if r.NoSync || !r.ks.combining.Load() {
		return false
	}
	writes := false
	for i := range reqs {
		if reqs[i].Cmd.Flags&(WholeSpace|Blocking) != 0 {
			return false
		}
		writes = writes || reqs[i].Cmd.Flags&Write != 0
	}
	return writes
}

// runCombined runs requests with those of others; false if they are to be run alone.
func (r *Runner) runCombined(ctx context.Context, reqs []Request, reply *Reply) bool {
	cb := &r.ks.combiner
	j := &combined{reqs: reqs, reply: reply, from: len(reply.Buf)}
	cb.mu.Lock()
	cb.queue = append(cb.queue, j)
	if cb.busy {
		j.wake = make(chan fate, 1)
		cb.mu.Unlock()
		if f := <-j.wake; f != lead {
			return f == ran
		}
		cb.mu.Lock()
	}
	cb.busy = true
	n, total := 0, 0
	for n < len(cb.queue) && (n == 0 || total+len(cb.queue[n].reqs) <= maxCombined) {
		total += len(cb.queue[n].reqs)
		n++
	}
	group := slices.Clone(cb.queue[:n])
	cb.queue = append(cb.queue[:0], cb.queue[n:]...)
	all := cb.reqs[:0]
	cb.mu.Unlock()
	if n == 1 {
		all = append(all, reqs...)
	} else {
		for _, g := range group {
			for _, q := range g.reqs {
				q.To = g.reply
				all = append(all, q)
			}
		}
	}
	// Not the leader's context alone: the others' clients are still there.
	r.nowait = true
	err := r.attempt(context.WithoutCancel(ctx), all, reply, false, nil)
	r.nowait = false
	clear(all)
	verdict := ran
	if err != nil {
		verdict = alone
		for _, g := range group {
			g.reply.Buf = g.reply.Buf[:g.from]
		}
	}
	cb.mu.Lock()
	cb.reqs = all[:0]
	if cb.busy = len(cb.queue) > 0; cb.busy {
		cb.queue[0].wake <- lead
	}
	cb.mu.Unlock()
	for _, g := range group[1:] {
		g.wake <- verdict
	}
	return verdict == ran
}

// waitPolicy is how the attempt at work waits for locks.
func (r *Runner) waitPolicy() kv.WaitPolicy {
	if r.nowait {
		return kv.WaitNot
	}
	return kv.Wait
}
