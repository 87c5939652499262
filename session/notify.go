package session

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// LISTEN and NOTIFY. Both take effect when their transaction commits:
//
//	NOTIFY ──▶ txn.notes ──commit──▶ hub ──▶ inbox of each listening session
//	                                           │ told (SessionOptions.Notified)
//	client ◀── between transactions ◀──────────┘ Session.Notifications
//
// Transactions that notify commit one after the other, so that every session
// receives notifications in the order of the commits. (PostgreSQL's async.c holds a
// lock from before such a commit to its end for the same reason.)

// Notification is what a listening client receives.
type Notification struct {
	PID              int32
	Channel, Payload string
}

// listenAction is a LISTEN or UNLISTEN that waits for its commit.
type listenAction struct {
	listen  bool
	channel string // empty: all
}

// channel is a name that sessions of one database listen to.
type channel struct {
	database catalog.OID
	name     string
}

// hub knows who listens to what.
type hub struct {
	order    sync.Mutex // held by a transaction that notifies, around its commit
	mu       sync.Mutex
	channels map[channel]map[*Session]struct{}
	queued   atomic.Int64 // bytes in inboxes
}

// maxNotifyBytes bounds what waits to be taken by sessions that listen but stay in
// a transaction.
const maxNotifyBytes = 1 << 30

func (n *Notification) bytes() int64 { return int64(len(n.Channel)+len(n.Payload)) + 64 }

// inbox holds a session's notifications until its client can take them.
type inbox struct {
	mu    sync.Mutex
	notes []Notification
}

// Notify implements builtin.Notifier.
func (h *host) Notify(channel, payload string) error {
	h.s().addNote(channel, payload)
	return nil
}

// addNote adds a notification to the transaction, unless it has it already.
func (s *Session) addNote(channel, payload string) {
	t := s.tx
	n := Notification{s.pid, channel, payload}
	if len(t.notes) < 16 {
		if slices.Contains(t.notes, n) {
			return
		}
	} else {
		if len(t.noted) > len(t.notes) || t.noted == nil { // rolled back in part, or not made yet
			t.noted = map[Notification]struct{}{}
			for _, o := range t.notes {
				t.noted[o] = struct{}{}
			}
		}
		if _, ok := t.noted[n]; ok {
			return
		}
		t.noted[n] = struct{}{}
	}
	t.notes = append(t.notes, n)
}

// ListeningChannels implements builtin.Notifier.
func (h *host) ListeningChannels() []string {
	out := make([]string, 0, len(h.listening))
	for c := range h.listening {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// NotificationQueueUsage is the part of the room for notifications that is taken.
func (h *host) NotificationQueueUsage() float64 {
	return float64(h.db.hub.queued.Load()) / maxNotifyBytes
}

// listenNotify runs LISTEN, UNLISTEN and NOTIFY.
func (s *Session) listenNotify(ctx context.Context, st ast.Stmt, w Writer) error {
	if _, err := s.enter(ctx, true); err != nil {
		return err
	}
	switch n := st.(type) {
	case *ast.ListenStmt:
		s.tx.listens = append(s.tx.listens, listenAction{true, n.Channel})
	case *ast.UnlistenStmt:
		s.tx.listens = append(s.tx.listens, listenAction{false, n.Channel})
	case *ast.NotifyStmt:
		if len(n.Payload) > 7999 {
			return pgerr.New(pgerr.InvalidParameterValue, "payload string too long")
		}
		s.addNote(n.Channel, n.Payload)
	}
	return w.Complete(ast.Tag(st))
}

// commitNotes does at commit what the transaction's LISTENs and NOTIFYs said.
func (s *Session) commitNotes(t *txn) {
	for _, a := range t.listens {
		s.listen(a)
	}
	if len(t.notes) == 0 {
		return
	}
	h := &s.db.hub
	h.mu.Lock()
	var told []*Session
	for _, n := range t.notes {
		for l := range h.channels[channel{s.cat.Database(), n.Channel}] {
			l.inbox.mu.Lock()
			if len(l.inbox.notes) == 0 {
				told = append(told, l)
			}
			l.inbox.notes = append(l.inbox.notes, n)
			l.inbox.mu.Unlock()
			h.queued.Add(n.bytes())
		}
	}
	h.mu.Unlock()
	for _, l := range told {
		if l != s && l.opts.Notified != nil {
			l.opts.Notified()
		}
	}
}

func (s *Session) listen(a listenAction) {
	h := &s.db.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case a.listen:
		if h.channels == nil {
			h.channels = map[channel]map[*Session]struct{}{}
		}
		ch := channel{s.cat.Database(), a.channel}
		if h.channels[ch] == nil {
			h.channels[ch] = map[*Session]struct{}{}
		}
		h.channels[ch][s] = struct{}{}
		if s.listening == nil {
			s.listening = map[string]struct{}{}
		}
		s.listening[a.channel] = struct{}{}
	case a.channel == "":
		for c := range s.listening {
			h.drop(c, s)
		}
		clear(s.listening)
	default:
		h.drop(a.channel, s)
		delete(s.listening, a.channel)
	}
	if len(s.listening) == 0 && !a.listen {
		s.inbox.mu.Lock()
		for i := range s.inbox.notes {
			h.queued.Add(-s.inbox.notes[i].bytes())
		}
		s.inbox.notes = nil
		s.inbox.mu.Unlock()
	}
}

func (h *hub) drop(name string, s *Session) {
	ch := channel{s.cat.Database(), name}
	delete(h.channels[ch], s)
	if len(h.channels[ch]) == 0 {
		delete(h.channels, ch)
	}
}

// Listening tells whether the session listens to anything. For its own goroutine.
func (s *Session) Listening() bool { return len(s.listening) > 0 }

// Notifications takes what has come for the client. It is to be called between
// transactions (TxnStatus 'I'), by one goroutine at a time.
func (s *Session) Notifications() []Notification {
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	out := s.inbox.notes
	s.inbox.notes = nil
	for i := range out {
		s.db.hub.queued.Add(-out[i].bytes())
	}
	return out
}
