package local

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"rowkey/kv"
)

// commit makes t's writes durable and visible.
//
// Where a commit is slow, those who come while one is under way gather in
// store.group; the first of them leads: it waits for its turn, takes all that have
// gathered by then, applies them as one batch, and wakes the others.
func (s *Store) commit(t *Txn) error {
	if most := s.traits.MaxApplyBytes; most > 0 && t.writes.memBytes() > most {
		return kv.ErrTxnTooLarge
	}
	if t.spill != nil && len(t.writes.runs) > 0 {
		if err := t.prepareSpilled(); err != nil {
			return err
		}
	}
	if !s.traits.GroupCommit {
		s.commitMu.Lock()
		t.alone[0] = t
		s.commitGroup(t.alone[:])
		s.commitMu.Unlock()
		return t.commitErr
	}
	s.groupMu.Lock()
	leads := len(s.group) == 0
	if !leads {
		t.committed = make(chan struct{})
	}
	s.group = append(s.group, t)
	if len(s.group) == s.gather.awaited {
		s.gather.complete <- struct{}{}
		s.gather.awaited = 0
	}
	s.groupMu.Unlock()
	if !leads {
		<-t.committed
		return t.commitErr
	}
	s.commitMu.Lock()
	if !t.opts.NoSync {
		s.gatherGroup()
	}
	s.groupMu.Lock()
	group := s.group
	s.group, s.spare = s.spare[:0], nil
	s.groupMu.Unlock()
	start := time.Now()
	for rest := group; len(rest) > 0; {
		n := s.fitting(rest)
		s.commitGroup(rest[:n])
		rest = rest[n:]
	}
	s.gather.learn(len(group)+s.waiting(), time.Since(start))
	s.commitMu.Unlock()
	for _, member := range group {
		if member != t {
			close(member.committed)
		}
	}
	clear(group)
	s.groupMu.Lock()
	s.spare = group[:0]
	s.groupMu.Unlock()
	return t.commitErr
}

// waiting is the size of the next group so far.
func (s *Store) waiting() int {
	s.groupMu.Lock()
	defer s.groupMu.Unlock()
	return len(s.group)
}

// gather makes leaders wait a little for those who have just been served and are
// likely to come again. Without it, sixteen clients fall into two groups of eight
// that take turns, and every sync serves half of those it could.
type gather struct {
	around  int           // members of the last group and those who waited when it ended
	took    time.Duration // by a group, about
	skip    int           // groups not to wait for, since waiting was in vain
	backoff int
	timer   *time.Timer
	// complete is told when the group has the members awaited, if not 0; Store.groupMu.
	awaited  int
	complete chan struct{}
}

// maxGather bounds the wait, which is a quarter of what a group takes.
const maxGather = 500 * time.Microsecond

// gatherGroup waits for the next group to be complete: the last of its members tells. Looking
// again and again would not do: a process that has nothing else to do sleeps for a
// millisecond at least.
func (s *Store) gatherGroup() {
	g := &s.gather
	limit := min(g.took/4, maxGather)
	if g.around < 2 || limit < maxGather/20 {
		return
	}
	if g.skip > 0 {
		g.skip--
		return
	}
	s.groupMu.Lock()
	if len(s.group) >= g.around {
		s.groupMu.Unlock()
		return
	}
	if g.complete == nil {
		g.complete, g.timer = make(chan struct{}, 1), time.NewTimer(limit)
	} else {
		g.timer.Reset(limit)
	}
	g.awaited = g.around
	s.groupMu.Unlock()
	select {
	case <-g.complete:
		g.timer.Stop()
		g.backoff = 0
		return
	case <-g.timer.C:
	}
	s.groupMu.Lock()
	late := g.awaited == 0 // complete at the last moment
	g.awaited = 0
	s.groupMu.Unlock()
	if late {
		<-g.complete
	}
	g.backoff = min(2*g.backoff+1, 63)
	g.skip = g.backoff
}

func (g *gather) learn(around int, took time.Duration) {
	g.around = around
	g.took += (took - g.took) / 8
}

// fitting is how many of the first members one Apply may take. One with runs is alone.
func (s *Store) fitting(group []*Txn) int {
	most, sum := s.traits.MaxApplyBytes, int64(0)
	for i, t := range group {
		runs := len(t.writes.runs) > 0
		if i == 0 && runs {
			return 1
		}
		sum += t.writes.memBytes()
		if i > 0 && (runs || most > 0 && sum > most) {
			return i
		}
	}
	return len(group)
}

// commitGroup commits the members in order; each gets its commitErr. commitMu is held.
func (s *Store) commitGroup(group []*Txn) {
	if err := s.writable(); err != nil {
		for _, t := range group {
			t.commitErr = err
		}
		return
	}
	first := s.Seq() + 1
	defer s.reclaimed()
	// A panic must not leave the others waiting, nor let anyone build on what it left.
	defer func() {
		if r := recover(); r != nil {
			s.history.takeBack(first)
			err := s.fail(fmt.Errorf("%w: panic: %v\n%s", kv.ErrCommitUnknown, r, debug.Stack()))
			for _, t := range group {
				t.commitErr = err
			}
		}
	}()
	seq := first
	sync := false
	buffers := s.buffers[:0]
	for _, t := range group {
		if t.serial != nil {
			if t.commitErr = s.ssi.prepare(t.serial, seq); t.commitErr != nil {
				s.conflicts.Add(1)
				continue
			}
		}
		s.history.append(newRecord(seq, t))
		seq++
		buffers = append(buffers, &t.writes)
		sync = sync || !t.opts.NoSync
		t.numbered = true
	}
	defer func() {
		clear(buffers)
		s.buffers = buffers
	}()
	if len(buffers) == 0 {
		return
	}
	seq--
	var err error
	if !s.traits.GroupCommit {
		s.reclaimNewest(group, buffers)
	}
	if spilled := group[0].spill; spilled != nil && len(group[0].writes.runs) > 0 {
		err = spilled.Ingest(seq)
	} else {
		err = s.engine.Apply(buffers, seq, sync)
	}
	var view View
	if err == nil {
		if s.traits.GroupCommit { // readers are not to wait for the disk
			s.reclaimNewest(group, buffers)
		}
		if view, err = s.engine.View(); err != nil {
			err = errors.Join(kv.ErrCommitUnknown, err)
		}
	}
	if err != nil {
		s.history.takeBack(first)
		err = s.fail(err)
		for _, t := range group {
			if t.numbered {
				t.commitErr = err
			}
		}
		return
	}
	s.commits.Add(int64(len(buffers)))
	if sync && s.traits.GroupCommit {
		s.syncs.Add(1)
	}
	for _, t := range group {
		s.active.remove(&t.activity)
	}
	s.publish(seq, view)
	s.reclaimed()
	for _, t := range group {
		if t.serial != nil && t.numbered {
			s.ssi.committed(t.serial)
		}
	}
	s.history.prune(s.active.oldest(seq))
	for _, t := range group {
		// Whoever waits for a lock should not wait for this member to be scheduled,
		// nor the group for a member of very many.
		if t.locker.size() <= 256 {
			s.locks.release(&t.locker)
		}
	}
}

// maxInPlace bounds the writes of a commit that readers wait for.
const maxInPlace = 8192

// reclaimNewest lets the engine change the newest version in place if nobody reads it.
// Those who would, until reclaimed, wait in hold.
func (s *Store) reclaimNewest(group []*Txn, buffers []*Buffer) {
	if !s.traits.Reclaim {
		return
	}
	n := 0
	for _, b := range buffers {
		n += b.Len()
	}
	if n > maxInPlace {
		return
	}
	for _, t := range group {
		t.leave()
	}
	s.reclaim.Lock()
	v := s.current.Load()
	if v.refs.CompareAndSwap(1, 0) {
		if v.view.(Reclaimer).Reclaim() {
			s.reclaiming = v
			return
		}
		v.refs.Store(1)
	}
	s.reclaim.Unlock()
}

// reclaimed ends that. If no other version was published, reading goes on with this one.
func (s *Store) reclaimed() {
	if v := s.reclaiming; v != nil {
		s.reclaiming = nil
		v.refs.CompareAndSwap(0, 1)
		s.reclaim.Unlock()
	}
}

// fail turns an engine's error into a commit's. One whose outcome is unknown closes
// the store for writing: going on could number commits that are not on disk.
func (s *Store) fail(err error) error {
	if errors.Is(err, kv.ErrCommitUnknown) {
		stopped := fmt.Errorf("store accepts no more writes after: %w", err)
		s.failed.CompareAndSwap(nil, &stopped)
	}
	return err
}
