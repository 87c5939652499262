package local

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// activeSet is the set of transactions that may ask the history what changed since
// their version. It is striped, so that beginning one is cheap on many cores.
type activeSet struct {
	count   atomic.Int64
	stripes [activeStripes]activeStripe
}

const activeStripes = 8

type activeStripe struct {
	mu   sync.Mutex
	head *activeNode
	_    [48]byte // to a cache line
}

// activeNode is a member: seq is at most the version it reads.
type activeNode struct {
	seq        atomic.Uint64
	prev, next *activeNode
	stripe     *activeStripe
}

func (s *activeSet) add(n *activeNode, seq uint64) {
	n.seq.Store(seq)
	st := &s.stripes[rand.Uint32()%activeStripes]
	n.stripe = st
	st.mu.Lock()
	n.next = st.head
	if st.head != nil {
		st.head.prev = n
	}
	st.head = n
	st.mu.Unlock()
	s.count.Add(1)
}

func (s *activeSet) remove(n *activeNode) {
	st := n.stripe
	if st == nil {
		return
	}
	st.mu.Lock()
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		st.head = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	st.mu.Unlock()
	n.prev, n.next, n.stripe = nil, nil, nil
	s.count.Add(-1)
}

// oldest is the least seq of the members, or otherwise if there are none.
func (s *activeSet) oldest(otherwise uint64) uint64 {
	for i := range s.stripes {
		st := &s.stripes[i]
		st.mu.Lock()
		for n := st.head; n != nil; n = n.next {
			otherwise = min(otherwise, n.seq.Load())
		}
		st.mu.Unlock()
	}
	return otherwise
}
