package local

import "sync"

// history remembers the recent commits, to tell what changed since a version. It
// keeps the write buffers of the transactions as they are: remembering is O(1).
type history struct {
	mu      sync.RWMutex
	records []record // in order of seq, without gaps
	keys    int      // of all records
	bytes   int64    // of their keys and values
	lost    uint64   // commits up to this number are forgotten
}

type record struct {
	seq    uint64
	writes Buffer
	moves  []move
	// untold: the writes were too many to be kept.
	untold bool
}

func newRecord(seq uint64, t *Txn) record {
	if len(t.writes.runs) > 0 {
		return record{seq: seq, moves: t.moves, untold: true}
	}
	return record{seq: seq, writes: t.writes, moves: t.moves}
}

// move is what a transaction said with Moved.
type move struct{ from, to string }

// A transaction that stays open for long while others commit makes the history
// grow; beyond these limits the oldest records go. Point checks then compare the
// key's values instead, and moves are not known.
const (
	maxHistoryRecords = 1 << 18
	maxHistoryKeys    = 1 << 21
	maxHistoryBytes   = 256 << 20
	// farBack is how many records a point check looks through before comparing
	// values becomes cheaper.
	farBack = 64
)

func (h *history) append(r record) {
	h.mu.Lock()
	h.records = append(h.records, r)
	h.keys += r.writes.Len()
	h.bytes += r.writes.Bytes()
	for len(h.records) > maxHistoryRecords || (h.keys > maxHistoryKeys || h.bytes > maxHistoryBytes) && len(h.records) > 1 {
		h.dropFirst()
	}
	h.mu.Unlock()
}

func (h *history) dropFirst() {
	h.lost = h.records[0].seq
	h.keys -= h.records[0].writes.Len()
	h.bytes -= h.records[0].writes.Bytes()
	h.records[0] = record{}
	h.records = h.records[1:]
	if len(h.records) == 0 {
		h.records = nil
	}
}

// takeBack removes the commits from seq on, which did not happen.
func (h *history) takeBack(seq uint64) {
	h.mu.Lock()
	for n := len(h.records); n > 0 && h.records[n-1].seq >= seq; n-- {
		h.keys -= h.records[n-1].writes.Len()
		h.bytes -= h.records[n-1].writes.Bytes()
		h.records = h.records[:n-1]
	}
	h.mu.Unlock()
}

// prune forgets the commits up to seq.
func (h *history) prune(seq uint64) {
	h.mu.Lock()
	if n := len(h.records); n > 0 && h.records[n-1].seq <= seq {
		h.lost = h.records[n-1].seq
		clear(h.records)
		h.records = h.records[:0]
		h.keys, h.bytes = 0, 0
	}
	for len(h.records) > 0 && h.records[0].seq <= seq {
		h.dropFirst()
	}
	h.mu.Unlock()
}

// movedTo follows what was at key through the commits later than seq.
func (h *history) movedTo(key []byte, seq uint64) ([]byte, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	at := string(key)
	for i := range h.records {
		if h.records[i].seq <= seq {
			continue
		}
		for _, m := range h.records[i].moves {
			if m.from == at {
				at = m.to
			}
		}
	}
	return []byte(at), at != string(key)
}

// changed reports whether a commit later than seq wrote key; known is false if the
// history cannot tell, or not quickly.
func (h *history) changed(key []byte, seq uint64) (changed, known bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.lost > seq {
		return false, false
	}
	for n, i := 0, len(h.records)-1; i >= 0 && h.records[i].seq > seq; n, i = n+1, i-1 {
		if n == farBack || h.records[i].untold {
			return false, false
		}
		if _, ok, _ := h.records[i].writes.Get(key); ok {
			return true, true
		}
	}
	return false, true
}
