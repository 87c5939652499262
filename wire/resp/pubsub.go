package resp

import (
	"sync"

	"rowkey/keyspace"
)

// The three ways to subscribe.
const (
	byChannel = iota
	byPattern
	byShard // channels of a cluster's shard, a name space of their own; here there is one shard
	kindsOfSubscription
)

var subscriptionKinds = [kindsOfSubscription]struct{ subscribe, unsubscribe, message string }{
	{"subscribe", "unsubscribe", "message"},
	{"psubscribe", "punsubscribe", "pmessage"},
	{"ssubscribe", "sunsubscribe", "smessage"},
}

// hub is who listens to what. Messages go from the publisher's goroutine to the
// subscribers' outboxes, which never wait.
//
// A subscription and its confirmation are one step under mu, so that no message
// comes before the confirmation.
type hub struct {
	mu     sync.RWMutex
	topics [kindsOfSubscription]map[string]*audience
}

// audience is the subscribers of a topic, in the order they came.
type audience struct {
	conns []*conn
	name  string
}

func (h *hub) init() {
	for i := range h.topics {
		h.topics[i] = map[string]*audience{}
	}
}

// subscribe adds c and tells it so.
func (h *hub) subscribe(c *conn, kind int, topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.subs[kind] == nil {
		c.subs[kind] = map[string]struct{}{}
	}
	if _, is := c.subs[kind][topic]; !is {
		c.subs[kind][topic] = struct{}{}
		a := h.topics[kind][topic]
		if a == nil {
			a = &audience{name: topic}
			h.topics[kind][topic] = a
		}
		a.conns = append(a.conns, c)
	}
	c.confirm(subscriptionKinds[kind].subscribe, kind, &topic)
	if !c.inExec { // whose replies are one
		c.send() // while nobody can publish
	}
}

// unsubscribe removes c and tells it so; told is false for a connection that ends.
func (h *hub) unsubscribe(c *conn, kind int, topic string, told bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, is := c.subs[kind][topic]; is {
		delete(c.subs[kind], topic)
		a := h.topics[kind][topic]
		for i, other := range a.conns {
			if other == c {
				a.conns = append(a.conns[:i:i], a.conns[i+1:]...)
				break
			}
		}
		if len(a.conns) == 0 {
			delete(h.topics[kind], topic)
		}
	}
	if told {
		c.confirm(subscriptionKinds[kind].unsubscribe, kind, &topic)
	}
}

// confirm tells c of a subscription; topic nil: there was none to end.
func (c *conn) confirm(what string, kind int, topic *string) {
	c.out.Push(3)
	c.out.BulkString(what)
	if topic == nil {
		c.out.Null()
	} else {
		c.out.BulkString(*topic)
	}
	n := len(c.subs[byChannel]) + len(c.subs[byPattern])
	if kind == byShard {
		n = len(c.subs[byShard])
	}
	c.out.Int(int64(n))
}

// forget ends all subscriptions of a connection silently.
func (h *hub) forget(c *conn) {
	for kind := range c.subs {
		for topic := range c.subs[kind] {
			h.unsubscribe(c, kind, topic, false)
		}
	}
}

// publish delivers a message and gives the number of those who get it. from is
// the publisher, nil if there is none.
func (h *hub) publish(from *conn, shard bool, channel, message []byte) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	n := 0
	kind := byChannel
	if shard {
		kind = byShard
	}
	if a := h.topics[kind][string(channel)]; a != nil {
		n += a.deliver(from, kind, channel, message)
	}
	if !shard {
		for pattern, a := range h.topics[byPattern] {
			if keyspace.MatchGlob([]byte(pattern), channel) {
				n += a.deliver(from, byPattern, channel, message)
			}
		}
	}
	return n
}

// deliver sends a message to all members, encoded once for each protocol.
func (a *audience) deliver(from *conn, kind int, channel, message []byte) int {
	var encoded [2][]byte
	for _, c := range a.conns {
		p := &encoded[0]
		resp3 := c.pushes.Load()
		if resp3 {
			p = &encoded[1]
		}
		if *p == nil {
			o := keyspace.Reply{Resp3: resp3}
			if kind == byPattern {
				o.Push(4)
			} else {
				o.Push(3)
			}
			o.BulkString(subscriptionKinds[kind].message)
			if kind == byPattern {
				o.BulkString(a.name)
			}
			o.Bulk(channel)
			o.Bulk(message)
			*p = o.Buf
		}
		if c == from {
			c.out.Buf = append(c.out.Buf, *p...)
		} else {
			c.box.send(*p, maxPendingMessages)
		}
	}
	return len(a.conns)
}

// size is the number of topics that somebody listens to.
func (h *hub) size(kind int) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[kind])
}

func subscribing(kind int) func(c *conn, args [][]byte) {
	return func(c *conn, args [][]byte) {
		for _, topic := range args[1:] {
			c.s.hub.subscribe(c, kind, string(topic))
		}
		c.show()
	}
}

func unsubscribing(kind int) func(c *conn, args [][]byte) {
	return func(c *conn, args [][]byte) {
		switch {
		case len(args) > 1:
			for _, topic := range args[1:] {
				c.s.hub.unsubscribe(c, kind, string(topic), true)
			}
		case len(c.subs[kind]) == 0:
			c.confirm(subscriptionKinds[kind].unsubscribe, kind, nil)
		default:
			for topic := range c.subs[kind] {
				c.s.hub.unsubscribe(c, kind, topic, true)
			}
		}
		c.show()
	}
}

func publishing(shard bool) func(c *conn, args [][]byte) {
	return func(c *conn, args [][]byte) {
		n := c.s.hub.publish(c, shard, args[1], args[2])
		c.out.Int(int64(n))
	}
}

// pubsubCommands are the subcommands of PUBSUB.
var pubsubCommands = map[string]*command{
	"channels":      {arity: -2, flags: []string{"pubsub", "loading", "stale"}, run: listTopics(byChannel)},
	"shardchannels": {arity: -2, flags: []string{"pubsub", "loading", "stale"}, run: listTopics(byShard)},
	"numsub":        {arity: -2, flags: []string{"pubsub", "loading", "stale"}, run: countSubscribers(byChannel)},
	"shardnumsub":   {arity: -2, flags: []string{"pubsub", "loading", "stale"}, run: countSubscribers(byShard)},
	"numpat":        {arity: 2, flags: []string{"pubsub", "loading", "stale"}, run: func(c *conn, _ [][]byte) { c.out.Int(int64(c.s.hub.size(byPattern))) }},
	"help": {arity: 2, run: help("PUBSUB",
		"CHANNELS [<pattern>]", "    Return the currently active channels matching a <pattern> (default: '*').",
		"NUMPAT", "    Return number of subscriptions to patterns.",
		"NUMSUB [<channel> ...]", "    Return the number of subscribers for the specified channels.",
		"SHARDCHANNELS [<pattern>]", "    Return the currently active shard level channels.",
		"SHARDNUMSUB [<shardchannel> ...]", "    Return the number of subscribers for the specified shard level channel(s).")},
}

func listTopics(kind int) func(c *conn, args [][]byte) {
	return func(c *conn, args [][]byte) {
		if len(args) > 3 {
			c.out.Error(keyspace.ErrArity("pubsub|channels"))
			return
		}
		h := &c.s.hub
		h.mu.RLock()
		defer h.mu.RUnlock()
		mark, n := c.out.Deferred(), 0
		for topic := range h.topics[kind] {
			if len(args) == 2 || keyspace.MatchGlob(args[2], []byte(topic)) {
				c.out.BulkString(topic)
				n++
			}
		}
		c.out.EndArray(mark, n)
	}
}

func countSubscribers(kind int) func(c *conn, args [][]byte) {
	return func(c *conn, args [][]byte) {
		h := &c.s.hub
		h.mu.RLock()
		defer h.mu.RUnlock()
		c.out.Array(2 * (len(args) - 2))
		for _, topic := range args[2:] {
			n := 0
			if a := h.topics[kind][string(topic)]; a != nil {
				n = len(a.conns)
			}
			c.out.Bulk(topic)
			c.out.Int(int64(n))
		}
	}
}
