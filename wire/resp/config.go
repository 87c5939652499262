package resp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rowkey/keyspace"
)

// setting is a parameter of CONFIG GET and CONFIG SET.
type setting struct {
	name, value string
	check       func(string) (string, error) // nil: cannot be changed
}

// config holds the settings that this server has: those that clients ask for
// when they connect, and those that mean something here. Others do not exist.
type config struct {
	mu       sync.RWMutex
	settings map[string]*setting
}

func oneOf(values ...string) func(string) (string, error) {
	return func(v string) (string, error) {
		if v = strings.ToLower(v); !slices.Contains(values, v) {
			var quoted []string
			for _, s := range values {
				quoted = append(quoted, "'"+s+"'")
			}
			return "", fmt.Errorf("argument must be %s", strings.Join(quoted, " or "))
		}
		return v, nil
	}
}

func number(lo, hi int64) func(string) (string, error) {
	return func(v string) (string, error) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "", fmt.Errorf("argument couldn't be parsed into an integer")
		}
		if n < lo || n > hi {
			return "", fmt.Errorf("argument must be between %d and %d inclusive", lo, hi)
		}
		return v, nil
	}
}

func memorySize(v string) (string, error) {
	low := strings.ToLower(v)
	digits := strings.TrimRight(low, "bkmg")
	scale, ok := map[string]int64{"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000_000, "mb": 1 << 20, "g": 1000_000_000, "gb": 1 << 30}[low[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil {
		return "", fmt.Errorf("argument must be a memory value")
	}
	return strconv.FormatInt(n*scale, 10), nil
}

func anyText(v string) (string, error) { return v, nil }

// settings of a new server. Where a setting of Redis is known but means nothing
// here, it can be set and read, and docs/redis.md says so.
func (g *config) init() {
	g.settings = map[string]*setting{}
	add := func(name, value string, check func(string) (string, error)) {
		g.settings[name] = &setting{name, value, check}
	}
	yesNo := oneOf("yes", "no")
	count := number(0, 1<<62)
	add("databases", "16", nil)
	add("timeout", "0", number(0, 1<<31-1))
	add("maxclients", "10000", number(1, 1<<32-1))
	add("requirepass", "", anyText)
	add("proto-max-bulk-len", strconv.Itoa(MaxBulkBytes), nil)
	add("client-query-buffer-limit", strconv.Itoa(MaxQueryBytes), nil)
	add("appendonly", "no", yesNo)
	add("appendfsync", "always", oneOf("always"))
	add("save", "", anyText)
	add("dbfilename", "", nil)
	add("dir", "", nil)
	add("maxmemory", "0", memorySize)
	add("maxmemory-policy", "noeviction", oneOf("noeviction"))
	// Accepted for the sake of those who set them: OBJECT ENCODING tells of Redis'
	// defaults, and nothing is encoded that way here.
	for name, value := range map[string]string{
		"hash-max-listpack-entries": "512", "hash-max-listpack-value": "64",
		"zset-max-listpack-entries": "128", "zset-max-listpack-value": "64",
		"set-max-intset-entries": "512",
	} {
		add(name, value, count)
		if old := strings.Replace(name, "listpack", "ziplist", 1); old != name {
			g.settings[old] = g.settings[name]
		}
	}
	add("list-max-listpack-size", "-2", number(-1<<31, 1<<31-1))
	g.settings["list-max-ziplist-size"] = g.settings["list-max-listpack-size"]
	for _, name := range []string{"lazyfree-lazy-expire", "lazyfree-lazy-server-del", "lazyfree-lazy-user-del", "lazyfree-lazy-user-flush", "activerehashing", "latency-tracking"} {
		add(name, "no", yesNo)
	}
	add("list-compress-depth", "0", count)
	add("slowlog-log-slower-than", "10000", number(-1, 1<<62))
	add("hz", "10", number(0, 1<<31-1))
}

// get gives a setting's value, "" if there is none.
func (g *config) get(name string) string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if s := g.settings[name]; s != nil {
		return s.value
	}
	return ""
}

// match gives the names and values of the settings that match a pattern.
func (g *config) match(patterns [][]byte) (pairs [][2]string) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for name, s := range g.settings {
		for _, p := range patterns {
			if keyspace.MatchGlob([]byte(strings.ToLower(string(p))), []byte(name)) {
				pairs = append(pairs, [2]string{name, s.value})
				break
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return pairs
}

// set changes settings, all or none.
func (g *config) set(args [][]byte) error {
	if len(args)%2 != 0 {
		return keyspace.ErrSyntax
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	news := make(map[*setting]string, len(args)/2)
	var order []*setting
	for i := 0; i < len(args); i += 2 {
		s := g.settings[strings.ToLower(string(args[i]))]
		if s == nil {
			return keyspace.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", args[i])
		}
		failed := func(why string) error {
			return keyspace.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %s", args[i], why)
		}
		if s.check == nil {
			return failed("can't set immutable config")
		}
		if _, twice := news[s]; twice {
			return failed("duplicate parameter")
		}
		v, err := s.check(string(args[i+1]))
		if err != nil {
			return failed(err.Error())
		}
		news[s] = v
		order = append(order, s)
	}
	for _, s := range order {
		s.value = news[s]
	}
	return nil
}

func (g *config) maxClients() int64 {
	n, _ := strconv.ParseInt(g.get("maxclients"), 10, 64)
	return n
}
