package resp

import (
	"sort"
	"strings"

	"rowkey/keyspace"
)

// command is an entry of the one table of commands: those of package keyspace,
// which run in a transaction, and those of this package, which concern the
// connection or the server.
type command struct {
	name     string // lower case; of a subcommand container|name
	arity    int    // as keyspace.Command has it
	flags    []string
	group    string
	noAuth   bool // may come before AUTH
	inPubSub bool // allowed to a RESP2 client that has subscribed
	// unqueued commands run at once, even between MULTI and EXEC.
	unqueued bool

	plain bool                         // of package keyspace and not blocking: may run with others
	quick bool                         // a loop may run it
	feeds bool                         // may serve clients that block
	keys  *keyspace.Command            // of package keyspace, or
	sql   bool                         // in the same transactions, or
	run   func(c *conn, args [][]byte) // here
	subs  map[string]*command          // by lower-case name
}

// commandTable is all commands by name. It is made once and only read.
var commandTable map[string]*command

// here are the commands of this package.
func here() []*command {
	return []*command{
		{name: "ping", arity: -1, flags: []string{"fast"}, group: "connection", inPubSub: true, run: (*conn).ping},
		{name: "echo", arity: 2, flags: []string{"loading", "stale", "fast"}, group: "connection", run: func(c *conn, args [][]byte) { c.out.Bulk(args[1]) }},
		{name: "hello", arity: -1, flags: []string{"noscript", "loading", "stale", "fast", "no_auth", "allow_busy"}, group: "connection", noAuth: true, run: (*conn).hello},
		{name: "auth", arity: -2, flags: []string{"noscript", "loading", "stale", "fast", "no_auth", "allow_busy"}, group: "connection", noAuth: true, run: (*conn).auth},
		{name: "quit", arity: -1, flags: []string{"noscript", "loading", "stale", "fast", "no_auth", "allow_busy"}, group: "connection", noAuth: true, inPubSub: true, unqueued: true, run: func(c *conn, _ [][]byte) { c.out.OK(); c.quit = true }},
		{name: "reset", arity: 1, flags: []string{"noscript", "loading", "stale", "fast", "no_auth", "allow_busy"}, group: "connection", noAuth: true, inPubSub: true, unqueued: true, run: (*conn).reset},
		{name: "select", arity: 2, flags: []string{"loading", "stale", "fast"}, group: "connection", run: (*conn).selectDB},
		{name: "client", arity: -2, group: "connection", subs: clientCommands},
		{name: "command", arity: -1, flags: []string{"loading", "stale"}, group: "server", run: (*conn).commandAll, subs: commandCommands},
		{name: "config", arity: -2, group: "server", subs: configCommands},
		{name: "info", arity: -1, flags: []string{"loading", "stale"}, group: "server", run: (*conn).info},
		{name: "time", arity: 1, flags: []string{"loading", "stale", "fast"}, group: "server", run: (*conn).time},
		{name: "debug", arity: -2, flags: []string{"admin", "noscript", "loading", "stale"}, group: "server", run: (*conn).debug},
		{name: "lolwut", arity: -1, flags: []string{"readonly", "fast"}, group: "server", run: func(c *conn, _ [][]byte) {
			c.out.Verbatim("txt", "One store, two languages.\nRedis ver. "+redisVersion+"\n")
		}},
		{name: "role", arity: 1, flags: []string{"noscript", "loading", "stale", "fast"}, group: "server", run: func(c *conn, _ [][]byte) {
			c.out.Array(3)
			c.out.BulkString("master")
			c.out.Int(0)
			c.out.Array(0)
		}},
		{name: "multi", arity: 1, flags: []string{"noscript", "loading", "stale", "fast", "allow_busy"}, group: "transactions", unqueued: true, run: (*conn).beginMulti},
		{name: "exec", arity: 1, flags: []string{"noscript", "loading", "stale", "skip_slowlog"}, group: "transactions", unqueued: true, run: (*conn).exec},
		{name: "discard", arity: 1, flags: []string{"noscript", "loading", "stale", "fast", "allow_busy"}, group: "transactions", unqueued: true, run: (*conn).discard},
		{name: "watch", arity: -2, flags: []string{"noscript", "loading", "stale", "fast", "allow_busy"}, group: "transactions", unqueued: true, run: (*conn).watch},
		{name: "unwatch", arity: 1, flags: []string{"noscript", "loading", "stale", "fast", "allow_busy"}, group: "transactions", run: func(c *conn, _ [][]byte) { c.unwatch(); c.out.OK() }},
		{name: "subscribe", arity: -2, flags: []string{"pubsub", "noscript", "loading", "stale"}, group: "pubsub", inPubSub: true, run: subscribing(byChannel)},
		{name: "psubscribe", arity: -2, flags: []string{"pubsub", "noscript", "loading", "stale"}, group: "pubsub", inPubSub: true, run: subscribing(byPattern)},
		{name: "ssubscribe", arity: -2, flags: []string{"pubsub", "noscript", "loading", "stale"}, group: "pubsub", inPubSub: true, run: subscribing(byShard)},
		{name: "unsubscribe", arity: -1, flags: []string{"pubsub", "noscript", "loading", "stale"}, group: "pubsub", inPubSub: true, run: unsubscribing(byChannel)},
		{name: "punsubscribe", arity: -1, flags: []string{"pubsub", "noscript", "loading", "stale"}, group: "pubsub", inPubSub: true, run: unsubscribing(byPattern)},
		{name: "sunsubscribe", arity: -1, flags: []string{"pubsub", "noscript", "loading", "stale"}, group: "pubsub", inPubSub: true, run: unsubscribing(byShard)},
		{name: "publish", arity: 3, flags: []string{"pubsub", "loading", "stale", "fast"}, group: "pubsub", run: publishing(false)},
		{name: "spublish", arity: 3, flags: []string{"pubsub", "loading", "stale", "fast"}, group: "pubsub", run: publishing(true)},
		{name: "pubsub", arity: -2, group: "pubsub", subs: pubsubCommands},
		{name: "sql", arity: -2, flags: []string{"write"}, group: "server", sql: true},
	}
}

func init() {
	commandTable = map[string]*command{}
	for _, cmd := range here() {
		commandTable[cmd.name] = cmd
		for name, sub := range cmd.subs {
			sub.name, sub.group = cmd.name+"|"+name, cmd.group
		}
	}
	for _, k := range keyspace.Commands() {
		commandTable[k.Name] = &command{name: k.Name, arity: k.Arity, flags: k.Flags.Names(), keys: k, plain: k.Flags&keyspace.Blocking == 0}
	}
}

// allCommands lists the table by name.
func allCommands() []*command {
	list := make([]*command, 0, len(commandTable))
	for _, cmd := range commandTable {
		list = append(list, cmd)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// lookup finds the command that args name; fail says what is wrong if there is none.
func lookup(args [][]byte) (cmd *command, fail keyspace.Error) {
	var low [32]byte
	if name := args[0]; len(name) <= len(low) {
		for i, c := range name {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			low[i] = c
		}
		cmd = commandTable[string(low[:len(name)])]
	}
	if cmd == nil {
		return nil, keyspace.UnknownCommand(args)
	}
	if cmd.subs != nil && len(args) > 1 {
		sub := cmd.subs[strings.ToLower(string(args[1]))]
		if sub == nil {
			return nil, keyspace.Errorf("ERR unknown subcommand '%.128s'. Try %s HELP.", args[1], strings.ToUpper(cmd.name))
		}
		cmd = sub
	}
	if len(args) != cmd.arity && (cmd.arity >= 0 || len(args) < -cmd.arity) {
		return nil, keyspace.ErrArity(cmd.name)
	}
	return cmd, ""
}

// help answers a HELP subcommand.
func help(of string, lines ...string) func(c *conn, _ [][]byte) {
	return func(c *conn, _ [][]byte) {
		c.out.Array(len(lines) + 3)
		c.out.SimpleString(of + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
		for _, l := range lines {
			c.out.SimpleString(l)
		}
		c.out.SimpleString("HELP")
		c.out.SimpleString("    Print this help.")
	}
}

var commandCommands = map[string]*command{
	"count":   {arity: 2, run: func(c *conn, _ [][]byte) { c.out.Int(int64(len(commandTable))) }},
	"list":    {arity: -2, run: (*conn).commandList},
	"info":    {arity: -2, run: (*conn).commandInfo},
	"docs":    {arity: -2, run: (*conn).commandDocs},
	"getkeys": {arity: -3, run: (*conn).commandGetKeys},
	"help": {arity: 2, run: help("COMMAND",
		"(no subcommand)", "    Return details about all commands.",
		"COUNT", "    Return the number of commands.",
		"LIST [FILTERBY PATTERN <pattern>]", "    Return the names of commands.",
		"INFO [<command-name> ...]", "    Return details about commands, all without names.",
		"DOCS [<command-name> ...]", "    Return documentation of commands, all without names.",
		"GETKEYS <full-command>", "    Return the keys of a command.")},
}

func (c *conn) commandAll(_ [][]byte) {
	list := allCommands()
	c.out.Array(len(list))
	for _, cmd := range list {
		c.describe(cmd)
	}
}

// describe answers as COMMAND does.
func (c *conn) describe(cmd *command) {
	first, last, step := 0, 0, 0
	flags := cmd.flags
	if k := cmd.keys; k != nil {
		first, last, step = k.FirstKey, k.LastKey, k.Step
	}
	c.out.Array(10)
	c.out.BulkString(cmd.name)
	c.out.Int(int64(cmd.arity))
	c.out.Set(len(flags))
	for _, f := range flags {
		c.out.SimpleString(f)
	}
	c.out.Int(int64(first))
	c.out.Int(int64(last))
	c.out.Int(int64(step))
	c.out.Set(len(categories(cmd)))
	for _, name := range categories(cmd) {
		c.out.SimpleString(name)
	}
	c.out.Array(0) // tips
	c.out.Array(0) // key specifications
	subs := subcommands(cmd)
	c.out.Array(len(subs))
	for _, sub := range subs {
		c.describe(sub)
	}
}

func subcommands(cmd *command) []*command {
	var list []*command
	for _, sub := range cmd.subs {
		list = append(list, sub)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// categories are the ACL categories that follow from flags and group.
func categories(cmd *command) []string {
	var out []string
	slow := true
	for _, f := range cmd.flags {
		switch f {
		case "write":
			out = append(out, "@write")
		case "readonly":
			out = append(out, "@read")
		case "admin":
			out = append(out, "@admin", "@dangerous")
		case "pubsub":
			out = append(out, "@pubsub")
		case "blocking":
			out = append(out, "@blocking")
		case "fast":
			out = append(out, "@fast")
			slow = false
		}
	}
	if slow {
		out = append(out, "@slow")
	}
	switch cmd.group {
	case "connection":
		out = append(out, "@connection")
	case "transactions":
		out = append(out, "@transaction")
	}
	return out
}

func (c *conn) commandList(args [][]byte) {
	list := allCommands()
	switch {
	case len(args) == 2:
	case len(args) == 5 && keyspace.Is(args[2], "FILTERBY") && keyspace.Is(args[3], "PATTERN"):
		kept := list[:0]
		for _, cmd := range list {
			if keyspace.MatchGlob([]byte(strings.ToLower(string(args[4]))), []byte(cmd.name)) {
				kept = append(kept, cmd)
			}
		}
		list = kept
	case len(args) == 5 && keyspace.Is(args[2], "FILTERBY") && keyspace.Is(args[3], "MODULE"):
		list = nil
	case len(args) == 5 && keyspace.Is(args[2], "FILTERBY") && keyspace.Is(args[3], "ACLCAT"):
		kept := list[:0]
		for _, cmd := range list {
			for _, name := range categories(cmd) {
				if strings.EqualFold(name[1:], string(args[4])) {
					kept = append(kept, cmd)
					break
				}
			}
		}
		list = kept
	default:
		c.out.Error(keyspace.ErrSyntax)
		return
	}
	c.out.Array(len(list))
	for _, cmd := range list {
		c.out.BulkString(cmd.name)
	}
}

// named finds a command as COMMAND INFO names it: client|setname.
func named(name []byte) *command {
	container, sub, isSub := strings.Cut(strings.ToLower(string(name)), "|")
	cmd := commandTable[container]
	if cmd != nil && isSub {
		cmd = cmd.subs[sub]
	}
	return cmd
}

func (c *conn) commandInfo(args [][]byte) {
	if len(args) == 2 {
		c.commandAll(nil)
		return
	}
	c.out.Array(len(args) - 2)
	for _, name := range args[2:] {
		if cmd := named(name); cmd != nil {
			c.describe(cmd)
		} else {
			c.out.NullArray()
		}
	}
}

func (c *conn) commandDocs(args [][]byte) {
	var list []*command
	if len(args) == 2 {
		list = allCommands()
	}
	for _, name := range args[min(2, len(args)):] {
		if cmd := named(name); cmd != nil {
			list = append(list, cmd)
		}
	}
	c.out.Map(len(list))
	for _, cmd := range list {
		c.out.BulkString(cmd.name)
		c.document(cmd)
	}
}

// document tells of a command what the table knows of it.
func (c *conn) document(cmd *command) {
	n := 1
	subs := subcommands(cmd)
	if len(subs) > 0 {
		n++
	}
	c.out.Map(n)
	c.out.BulkString("group")
	if cmd.group != "" {
		c.out.BulkString(cmd.group)
	} else {
		c.out.BulkString("generic")
	}
	if len(subs) > 0 {
		c.out.BulkString("subcommands")
		c.out.Map(len(subs))
		for _, sub := range subs {
			c.out.BulkString(sub.name)
			c.document(sub)
		}
	}
}

func (c *conn) commandGetKeys(args [][]byte) {
	args = args[2:]
	cmd := named(args[0])
	switch {
	case cmd == nil:
		c.out.Error("ERR Invalid command specified")
	case cmd.keys == nil && cmd.name != "watch" || cmd.keys != nil && cmd.keys.FirstKey == 0 && cmd.keys.Keys == nil:
		c.out.Error("ERR The command has no key arguments")
	case len(args) != cmd.arity && (cmd.arity >= 0 || len(args) < -cmd.arity):
		c.out.Error("ERR Invalid number of arguments specified for command")
	default:
		keys := args[1:]
		if cmd.keys != nil {
			keys = cmd.keys.AppendKeys(nil, args)
		}
		if len(keys) == 0 {
			c.out.Error("ERR Invalid arguments specified for command")
			return
		}
		c.out.Array(len(keys))
		for _, k := range keys {
			c.out.Bulk(k)
		}
	}
}
