package resp

import (
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rowkey/keyspace"
)

// redisVersion is the version whose behaviour this server has, for clients that
// decide by it.
const redisVersion = "7.0.15"

func (c *conn) ping(args [][]byte) {
	switch {
	case len(args) > 2:
		c.out.Error(keyspace.ErrArity("ping"))
	case c.subscribed():
		c.out.Array(2)
		c.out.BulkString("pong")
		if len(args) == 2 {
			c.out.Bulk(args[1])
		} else {
			c.out.BulkString("")
		}
	case len(args) == 2:
		c.out.Bulk(args[1])
	default:
		c.out.SimpleString("PONG")
	}
}

// authenticate checks a name and a password; there is one user, default.
func (c *conn) authenticate(user, password []byte) bool {
	want := c.s.config.get("requirepass")
	ok := string(user) == "default" && (want == "" || subtle.ConstantTimeCompare(password, []byte(want)) == 1)
	if ok {
		c.trusted = true
	} else {
		c.out.Error("WRONGPASS invalid username-password pair or user is disabled.")
	}
	return ok
}

func (c *conn) auth(args [][]byte) {
	switch {
	case len(args) > 3:
		c.out.Error(keyspace.ErrSyntax)
	case len(args) == 2 && c.s.config.get("requirepass") == "":
		c.out.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
	case len(args) == 2 && c.authenticate([]byte("default"), args[1]) || len(args) == 3 && c.authenticate(args[1], args[2]):
		c.out.OK()
	}
}

func (c *conn) hello(args [][]byte) {
	version := int64(0)
	if len(args) > 1 {
		var ok bool
		if version, ok = parseInt(args[1]); !ok {
			c.out.Error("ERR Protocol version is not an integer or out of range")
			return
		}
		if version < 2 || version > 3 {
			c.out.Error("NOPROTO unsupported protocol version")
			return
		}
	}
	name := ""
	named := false
	for i := 2; i < len(args); i++ {
		switch {
		case keyspace.Is(args[i], "AUTH") && i+2 < len(args):
			if !c.authenticate(args[i+1], args[i+2]) {
				return
			}
			i += 2
		case keyspace.Is(args[i], "SETNAME") && i+1 < len(args):
			i++
			if e := checkName(args[i]); e != "" {
				c.out.Error(e)
				return
			}
			name, named = string(args[i]), true
		default:
			c.out.Error(keyspace.Errorf("ERR Syntax error in HELLO option '%s'", args[i]))
			return
		}
	}
	if !c.trusted {
		c.out.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if named {
		c.setName(name)
	}
	if version > 0 {
		c.out.Resp3 = version == 3
		c.show()
	}
	c.out.Map(7)
	c.out.BulkString("server")
	c.out.BulkString("redis")
	c.out.BulkString("version")
	c.out.BulkString(redisVersion)
	c.out.BulkString("proto")
	if c.out.Resp3 {
		c.out.Int(3)
	} else {
		c.out.Int(2)
	}
	c.out.BulkString("id")
	c.out.Int(c.id)
	c.out.BulkString("mode")
	c.out.BulkString("standalone")
	c.out.BulkString("role")
	c.out.BulkString("master")
	c.out.BulkString("modules")
	c.out.Array(0)
}

// reset makes the connection as it was when it came.
func (c *conn) reset(_ [][]byte) {
	c.leaveMulti()
	c.s.hub.forget(c)
	c.db = 0
	c.out.Resp3 = false
	c.noReply = replyOn
	c.trusted = c.s.config.get("requirepass") == ""
	if c.sql != nil {
		c.sql.Close()
		c.sql = nil
	}
	c.setName("")
	c.show()
	c.out.SimpleString("RESET")
}

func (c *conn) selectDB(args [][]byte) {
	db, err := keyspace.Database(args[1])
	if err != nil {
		c.out.Error(keyspace.AsError(err))
		return
	}
	c.db = db
	c.show()
	c.out.OK()
}

func (c *conn) time(_ [][]byte) {
	now := time.Now()
	c.out.Array(2)
	c.out.BulkString(strconv.FormatInt(now.Unix(), 10))
	c.out.BulkString(strconv.Itoa(now.Nanosecond() / 1000))
}

// debug has what tests and people need of DEBUG; the rest looks into Redis'
// own memory and files, of which there are none.
func (c *conn) debug(args [][]byte) {
	switch strings.ToLower(string(args[1])) {
	case "sleep":
		if len(args) == 3 {
			if s, err := strconv.ParseFloat(string(args[2]), 64); err == nil && s >= 0 && s < 1e9 {
				t := time.NewTimer(time.Duration(s * float64(time.Second)))
				defer t.Stop()
				select {
				case <-t.C:
				case <-c.ctx.Done():
				}
			}
			c.out.OK()
			return
		}
	case "reload", "loadaof", "quicklist-packed-threshold", "listpack", "change-repl-id", "dict-resizing":
		c.out.OK() // there is nothing apart from the store to reload or to tune
		return
	case "set-active-expire":
		if len(args) == 3 {
			c.out.OK() // what has expired is not there, swept or not
			return
		}
	case "jmap":
		c.out.Error("ERR DEBUG JMAP is not supported")
		return
	}
	c.out.Error(keyspace.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try DEBUG HELP.", args[1]))
}

var configCommands = map[string]*command{
	"get": {arity: -3, flags: []string{"admin", "noscript", "loading", "stale"}, run: func(c *conn, args [][]byte) {
		pairs := c.s.config.match(args[2:])
		c.out.Map(len(pairs))
		for _, p := range pairs {
			c.out.BulkString(p[0])
			c.out.BulkString(p[1])
		}
	}},
	"set": {arity: -4, flags: []string{"admin", "noscript", "loading", "stale"}, run: func(c *conn, args [][]byte) {
		if err := c.s.config.set(args[2:]); err != nil {
			c.out.Error(keyspace.AsError(err))
			return
		}
		c.out.OK()
	}},
	"resetstat": {arity: 2, flags: []string{"admin", "noscript", "loading", "stale"}, run: func(c *conn, _ [][]byte) {
		c.s.commands.Store(0)
		c.s.connections.Store(0)
		c.s.rejected.Store(0)
		c.out.OK()
	}},
	"rewrite": {arity: 2, flags: []string{"admin", "noscript", "loading", "stale"}, run: func(c *conn, _ [][]byte) {
		c.out.Error("ERR The server is running without a config file")
	}},
	"help": {arity: 2, run: help("CONFIG",
		"GET <pattern>", "    Return parameters matching the glob-like <pattern> and their values.",
		"SET <directive> <value>", "    Set the configuration <directive> to <value>.",
		"RESETSTAT", "    Reset statistics reported by the INFO command.")},
}

// info answers INFO: the sections that are asked for, or all.
func (c *conn) info(args [][]byte) {
	want := map[string]bool{}
	for _, a := range args[1:] {
		want[strings.ToLower(string(a))] = true
	}
	all := len(want) == 0 || want["all"] || want["default"] || want["everything"]
	var b strings.Builder
	section := func(name string, lines ...string) {
		if !all && !want[strings.ToLower(name)] {
			return
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + name + "\r\n")
		for _, l := range lines {
			b.WriteString(l + "\r\n")
		}
	}
	s := c.s
	clients := s.clients()
	blocked := int64(0)
	for _, other := range clients {
		if other.blocked.Load() != nil {
			blocked++
		}
	}
	stats := s.db.Store().Stats()
	up := int64(time.Since(s.born).Seconds())
	section("Server", "redis_version:"+redisVersion, "redis_mode:standalone", "run_id:"+s.runID,
		fmt.Sprintf("uptime_in_seconds:%d", up), fmt.Sprintf("uptime_in_days:%d", up/86400))
	section("Clients", fmt.Sprintf("connected_clients:%d", len(clients)), "maxclients:"+s.config.get("maxclients"),
		fmt.Sprintf("blocked_clients:%d", blocked))
	section("Memory", fmt.Sprintf("used_memory_dataset:%d", stats.Bytes), "maxmemory:0", "maxmemory_policy:noeviction")
	section("Persistence", "loading:0", "rdb_bgsave_in_progress:0", "aof_rewrite_in_progress:0", "rdb_changes_since_last_save:0", "aof_enabled:0")
	section("Stats", fmt.Sprintf("total_connections_received:%d", s.connections.Load()),
		fmt.Sprintf("total_commands_processed:%d", s.commands.Load()), fmt.Sprintf("rejected_connections:%d", s.rejected.Load()),
		fmt.Sprintf("pubsub_channels:%d", s.hub.size(byChannel)), fmt.Sprintf("pubsub_patterns:%d", s.hub.size(byPattern)),
		fmt.Sprintf("pubsubshard_channels:%d", s.hub.size(byShard)))
	section("Replication", "role:master", "connected_slaves:0", "master_repl_offset:0")
	section("Rowkey", fmt.Sprintf("commits:%d", stats.Commits), fmt.Sprintf("syncs:%d", stats.Syncs),
		fmt.Sprintf("conflicts:%d", stats.Conflicts), fmt.Sprintf("deadlocks:%d", stats.Deadlocks), fmt.Sprintf("lock_waits:%d", stats.LockWaits))
	if all || want["keyspace"] {
		section("Keyspace", c.keyCounts()...)
	}
	c.out.Verbatim("txt", b.String())
}

// keyCounts gives INFO's lines on the key spaces that have keys.
func (c *conn) keyCounts() (lines []string) {
	for _, n := range c.s.keys.Existing() {
		var r keyspace.Reply
		c.s.keys.Runner().Run(c.ctx, []keyspace.Request{{DB: n, Cmd: keyspace.Find([]byte("dbsize")), Args: [][]byte{[]byte("dbsize")}}}, &r)
		if count := strings.TrimSpace(strings.TrimPrefix(string(r.Buf), ":")); count != "0" {
			lines = append(lines, fmt.Sprintf("db%d:keys=%s,expires=%d,avg_ttl=0", n, count, 0))
		}
	}
	return lines
}
