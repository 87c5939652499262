package resp

import (
	"fmt"
	"strings"
	"time"

	"rowkey/keyspace"
)

var noscript = []string{"noscript", "loading", "stale"}
var adminOnly = []string{"admin", "noscript", "loading", "stale"}

// clientCommands are the subcommands of CLIENT.
var clientCommands = map[string]*command{
	"id": {arity: 2, flags: noscript, run: func(c *conn, _ [][]byte) { c.out.Int(c.id) }},
	"info": {arity: 2, flags: noscript, run: func(c *conn, _ [][]byte) {
		c.out.Verbatim("txt", c.describeClient()+"\n")
	}},
	"list":    {arity: -2, flags: adminOnly, run: (*conn).clientList},
	"getname": {arity: 2, flags: noscript, run: (*conn).clientGetName},
	"setname": {arity: 3, flags: noscript, run: func(c *conn, args [][]byte) {
		if e := checkName(args[2]); e != "" {
			c.out.Error(e)
			return
		}
		c.setName(string(args[2]))
		c.out.OK()
	}},
	"setinfo":  {arity: 4, flags: noscript, run: (*conn).clientSetInfo},
	"kill":     {arity: -3, flags: adminOnly, run: (*conn).clientKill},
	"pause":    {arity: -3, flags: adminOnly, run: (*conn).clientPause},
	"unpause":  {arity: 2, flags: adminOnly, run: func(c *conn, _ [][]byte) { c.s.setPause(time.Time{}, false); c.out.OK() }},
	"unblock":  {arity: -3, flags: adminOnly, run: (*conn).clientUnblock},
	"reply":    {arity: 3, flags: noscript, run: (*conn).clientReply},
	"no-evict": {arity: 3, flags: adminOnly, run: onOff(func(c *conn, on bool) { c.mu.Lock(); c.noEvict = on; c.mu.Unlock() })},
	"no-touch": {arity: 3, flags: noscript, run: onOff(func(*conn, bool) {})}, // nothing is evicted: there is no recency to spare
	"getredir": {arity: 2, flags: noscript, run: func(c *conn, _ [][]byte) { c.out.Int(-1) }},
	"trackinginfo": {arity: 2, flags: noscript, run: func(c *conn, _ [][]byte) {
		c.out.Map(3)
		c.out.BulkString("flags")
		c.out.Set(1)
		c.out.BulkString("off")
		c.out.BulkString("redirect")
		c.out.Int(-1)
		c.out.BulkString("prefixes")
		c.out.Array(0)
	}},
	"tracking": {arity: -3, flags: noscript, run: func(c *conn, args [][]byte) {
		if len(args) == 3 && keyspace.Is(args[2], "OFF") {
			c.out.OK()
			return
		}
		c.out.Error("ERR client-side caching (CLIENT TRACKING) is not supported")
	}},
	"help": {arity: 2, run: help("CLIENT",
		"GETNAME", "    Return the name of the current connection.",
		"ID", "    Return the ID of the current connection.",
		"INFO", "    Return information about the current client connection.",
		"KILL <ip:port> | <option> <value> [<option> <value> [...]]", "    Kill connections. Options: ADDR, LADDR, TYPE, USER, ID, SKIPME.",
		"LIST [TYPE <type> | ID <id> ...]", "    Return information about client connections.",
		"PAUSE <timeout> [WRITE|ALL]", "    Suspend all, or just write, clients for <timeout> milliseconds.",
		"UNPAUSE", "    Stop the current client pause.",
		"REPLY (ON|OFF|SKIP)", "    Control the replies sent to the current connection.",
		"SETNAME <name>", "    Assign the name <name> to the current connection.",
		"SETINFO (LIB-NAME|LIB-VER) <value>", "    Tell the client library and its version.",
		"UNBLOCK <clientid> [TIMEOUT|ERROR]", "    Unblock the specified blocked client.")},
}

func onOff(set func(c *conn, on bool)) func(c *conn, args [][]byte) {
	return func(c *conn, args [][]byte) {
		switch {
		case keyspace.Is(args[2], "ON"):
			set(c, true)
		case keyspace.Is(args[2], "OFF"):
			set(c, false)
		default:
			c.out.Error(keyspace.ErrSyntax)
			return
		}
		c.out.OK()
	}
}

// checkName tells what is wrong with the name of a connection.
func checkName(name []byte) keyspace.Error {
	for _, b := range name {
		if b < '!' || b > '~' {
			return "ERR Client names cannot contain spaces, newlines or special characters."
		}
	}
	return ""
}

func (c *conn) setName(name string) {
	c.mu.Lock()
	c.name = name
	c.mu.Unlock()
}

func (c *conn) clientGetName(_ [][]byte) {
	c.mu.Lock()
	name := c.name
	c.mu.Unlock()
	if name == "" {
		c.out.Null()
	} else {
		c.out.BulkString(name)
	}
}

func (c *conn) clientSetInfo(args [][]byte) {
	i := 0
	switch {
	case keyspace.Is(args[2], "LIB-NAME"):
	case keyspace.Is(args[2], "LIB-VER"):
		i = 1
	default:
		c.out.Error(keyspace.Errorf("ERR Unrecognized option '%s'", args[2]))
		return
	}
	if checkName(args[3]) != "" {
		c.out.Error(keyspace.Errorf("ERR %s cannot contain spaces, newlines or special characters.", strings.ToLower(string(args[2]))))
		return
	}
	c.mu.Lock()
	c.library[i] = string(args[3])
	c.mu.Unlock()
	c.out.OK()
}

// kind is the type of a client as CLIENT LIST TYPE names it.
func (c *conn) kind() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.shown.subs {
		if n > 0 {
			return "pubsub"
		}
	}
	return "normal"
}

// describeClient is the client's line in CLIENT LIST.
func (c *conn) describeClient() string {
	flags := ""
	kind := c.kind()
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind == "pubsub" {
		flags += "P"
	}
	if c.shown.multi >= 0 {
		flags += "x"
	}
	if c.blocked.Load() != nil {
		flags += "b"
	}
	if c.noEvict {
		flags += "e"
	}
	if flags == "" {
		flags = "N"
	}
	last := "NULL"
	if cmd := c.lastCmd.Load(); cmd != nil {
		last = cmd.name
	}
	version := 2
	if c.pushes.Load() {
		version = 3
	}
	now := time.Now()
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d multi=%d qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=%s user=default redir=-1 resp=%d lib-name=%s lib-ver=%s",
		c.id, c.nc.RemoteAddr(), c.nc.LocalAddr(), c.id, c.name, int64(now.Sub(c.born).Seconds()), max(0, now.UnixMilli()-c.lastAt.Load())/1000, flags,
		c.shown.db, c.shown.subs[byChannel], c.shown.subs[byPattern], c.shown.subs[byShard], c.shown.multi, last, version, c.library[0], c.library[1])
}

// clientKinds are the types that CLIENT LIST and CLIENT KILL know.
func clientKind(b []byte) (string, keyspace.Error) {
	switch kind := strings.ToLower(string(b)); kind {
	case "normal", "pubsub", "master", "replica":
		return kind, ""
	case "slave":
		return "replica", ""
	}
	return "", keyspace.Errorf("ERR Unknown client type '%s'", b)
}

func (c *conn) clientList(args [][]byte) {
	list := c.s.clients()
	c.lastCmd.Store(c.last)
	switch {
	case len(args) == 4 && keyspace.Is(args[2], "TYPE"):
		kind, e := clientKind(args[3])
		if e != "" {
			c.out.Error(e)
			return
		}
		kept := list[:0]
		for _, other := range list {
			if other.kind() == kind {
				kept = append(kept, other)
			}
		}
		list = kept
	case len(args) > 3 && keyspace.Is(args[2], "ID"):
		list = nil
		for _, a := range args[3:] {
			id, ok := parseInt(a)
			if !ok {
				c.out.Error("ERR Invalid client ID")
				return
			}
			if other := c.s.client(id); other != nil {
				list = append(list, other)
			}
		}
	case len(args) != 2:
		c.out.Error(keyspace.ErrSyntax)
		return
	}
	var b strings.Builder
	for _, other := range list {
		b.WriteString(other.describeClient() + "\n")
	}
	c.out.Verbatim("txt", b.String())
}

func (c *conn) clientKill(args [][]byte) {
	var addr, laddr, kind string
	var id int64
	skipMe, old := true, len(args) == 3
	if old {
		addr, skipMe = string(args[2]), false
	} else if len(args)%2 != 0 {
		c.out.Error(keyspace.ErrSyntax)
		return
	}
	for i := 2; !old && i < len(args); i += 2 {
		v := args[i+1]
		switch {
		case keyspace.Is(args[i], "ID"):
			var ok bool
			if id, ok = parseInt(v); !ok || id < 1 {
				c.out.Error("ERR client-id should be greater than 0")
				return
			}
		case keyspace.Is(args[i], "TYPE"):
			var e keyspace.Error
			if kind, e = clientKind(v); e != "" {
				c.out.Error(e)
				return
			}
		case keyspace.Is(args[i], "ADDR"):
			addr = string(v)
		case keyspace.Is(args[i], "LADDR"):
			laddr = string(v)
		case keyspace.Is(args[i], "USER"):
			if string(v) != "default" {
				c.out.Error(keyspace.Errorf("ERR No such user '%s'", v))
				return
			}
		case keyspace.Is(args[i], "SKIPME") && keyspace.Is(v, "YES"):
			skipMe = true
		case keyspace.Is(args[i], "SKIPME") && keyspace.Is(v, "NO"):
			skipMe = false
		default:
			c.out.Error(keyspace.ErrSyntax)
			return
		}
	}
	killed := int64(0)
	for _, other := range c.s.clients() {
		if addr != "" && other.nc.RemoteAddr().String() != addr || laddr != "" && other.nc.LocalAddr().String() != laddr ||
			kind != "" && other.kind() != kind || id != 0 && other.id != id || other == c && skipMe {
			continue
		}
		if other == c {
			c.quit = true
		} else {
			other.kill()
		}
		killed++
	}
	switch {
	case !old:
		c.out.Int(killed)
	case killed == 0:
		c.out.Error("ERR No such client")
	default:
		c.out.OK()
	}
}

func (c *conn) clientPause(args [][]byte) {
	all := true
	if len(args) > 4 {
		c.out.Error(keyspace.ErrArity("client|pause"))
		return
	}
	if len(args) == 4 {
		if all = keyspace.Is(args[3], "ALL"); !all && !keyspace.Is(args[3], "WRITE") {
			c.out.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
			return
		}
	}
	ms, ok := parseInt(args[2])
	switch {
	case !ok:
		c.out.Error("ERR timeout is not an integer or out of range")
		return
	case ms < 0:
		c.out.Error("ERR timeout is negative")
		return
	}
	ms = min(ms, int64(100*365*24*time.Hour/time.Millisecond))
	c.s.setPause(time.Now().Add(time.Duration(ms)*time.Millisecond), all)
	c.out.OK()
}

func (c *conn) clientUnblock(args [][]byte) {
	withError := false
	if len(args) > 4 {
		c.out.Error(keyspace.ErrArity("client|unblock"))
		return
	}
	if len(args) == 4 {
		if withError = keyspace.Is(args[3], "ERROR"); !withError && !keyspace.Is(args[3], "TIMEOUT") {
			c.out.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
			return
		}
	}
	id, ok := parseInt(args[2])
	if !ok {
		c.out.Error(keyspace.ErrNotInteger)
		return
	}
	other := c.s.client(id)
	c.out.Flag(other != nil && c.s.unblock(other, withError))
}

func (c *conn) clientReply(args [][]byte) {
	switch {
	case keyspace.Is(args[2], "ON"):
		c.noReply = replyOn
		c.out.OK()
	case keyspace.Is(args[2], "OFF"):
		c.noReply = replyOff
	case keyspace.Is(args[2], "SKIP"):
		if c.noReply != replyOff {
			c.noReply = replySkipNext
		}
	default:
		c.out.Error(keyspace.ErrSyntax)
	}
}
