package session

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
	"rowkey/types/charset"
)

// settingKind is the type of a run-time parameter (pg_settings.vartype).
type settingKind uint8

const (
	boolSetting settingKind = iota
	intSetting
	realSetting
	stringSetting
	enumSetting
)

var settingKindNames = [...]string{"bool", "integer", "real", "string", "enum"}

// settingContext says who may change a parameter (pg_settings.context).
type settingContext uint8

const (
	userSet   settingContext = iota
	internal                 // never
	atStart                  // at server start
	onReload                 // by reloading the configuration
	superOnly                // superusers
	atConnect                // when connecting
)

var settingContextNames = [...]string{"user", "internal", "postmaster", "sighup", "superuser", "backend"}

// setting describes one run-time parameter, as pg_settings does.
type setting struct {
	name    string
	kind    settingKind
	context settingContext
	def     string
	unit    string // ms, s, kB, 8kB or none
	min     float64
	max     float64
	enum    []string
	report  bool // sent to the client when it changes (ParameterStatus)
	list    bool // a list of names: SET joins its values
	doc     string
	// canon checks a value and gives its canonical form; nil leaves it as it is.
	canon func(value string) (string, error)
}

var settingTable = map[string]*setting{}

func define(s setting) {
	if s.kind == intSetting && s.max == 0 {
		s.max = math.MaxInt32
	}
	if s.kind == realSetting && s.max == 0 {
		s.max = math.MaxFloat64
	}
	settingTable[strings.ToLower(s.name)] = &s
}

// ServerVersion is the PostgreSQL version whose behaviour this server follows,
// as clients parse it.
const ServerVersion = "15.13"

// ServerVersionNum is the same as a number.
const ServerVersionNum = "150013"

func init() {
	b := func(name, def, doc string) setting {
		return setting{name: name, kind: boolSetting, def: def, doc: doc}
	}
	n := func(name, def, unit string, min, max float64, doc string) setting {
		return setting{name: name, kind: intSetting, def: def, unit: unit, min: min, max: max, doc: doc}
	}
	r := func(name, def string, min, max float64, doc string) setting {
		return setting{name: name, kind: realSetting, def: def, min: min, max: max, doc: doc}
	}
	t := func(name, def, doc string) setting {
		return setting{name: name, kind: stringSetting, def: def, doc: doc}
	}
	e := func(name, def string, values []string, doc string) setting {
		return setting{name: name, kind: enumSetting, def: def, enum: values, doc: doc}
	}
	with := func(s setting, f func(*setting)) setting { f(&s); return s }
	ctx := func(c settingContext, s setting) setting { s.context = c; return s }
	rep := func(s setting) setting { s.report = true; return s }

	sent := []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"}
	logged := []string{"debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"}
	isolation := []string{"serializable", "repeatable read", "read committed", "read uncommitted"}

	for _, s := range []setting{
		rep(with(t("application_name", "", "Sets the application name to be reported in statistics and logs."), func(s *setting) { s.canon = printable })),
		rep(with(t("client_encoding", "UTF8", "Sets the client's character set encoding."), func(s *setting) { s.canon = canonEncoding })),
		rep(with(t("DateStyle", "ISO, MDY", "Sets the display format for date and time values."), func(s *setting) { s.canon, s.list = canonDateStyle, true })),
		rep(e("IntervalStyle", "postgres", []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}, "Sets the display format for interval values.")),
		rep(with(t("TimeZone", "UTC", "Sets the time zone for displaying and interpreting time stamps."), func(s *setting) { s.canon = canonZone })),
		rep(b("standard_conforming_strings", "on", "Causes '...' strings to treat backslashes literally.")),
		rep(ctx(internal, b("integer_datetimes", "on", "Shows whether datetimes are integer based."))),
		rep(ctx(internal, t("server_version", ServerVersion, "Shows the server version."))),
		ctx(internal, n("server_version_num", ServerVersionNum, "", 0, 0, "Shows the server version as an integer.")),
		rep(ctx(internal, t("server_encoding", "UTF8", "Shows the server (database) character set encoding."))),
		rep(ctx(internal, b("is_superuser", "on", "Shows whether the current user is a superuser."))),
		rep(t("session_authorization", "", "Sets the session user name.")),
		rep(b("default_transaction_read_only", "off", "Sets the default read-only status of new transactions.")),
		rep(ctx(internal, b("in_hot_standby", "off", "Shows whether hot standby is currently active."))),

		with(t("search_path", `"$user", public`, "Sets the schema search order for names that are not schema-qualified."), func(s *setting) { s.list = true }),
		t("role", "none", "Sets the current role."),
		e("default_transaction_isolation", "read committed", isolation, "Sets the transaction isolation level of each new transaction."),
		e("transaction_isolation", "read committed", isolation, "Sets the current transaction's isolation level."),
		b("transaction_read_only", "off", "Sets the current transaction's read-only status."),
		b("transaction_deferrable", "off", "Whether to defer a read-only serializable transaction until it can be executed with no possible serialization failures."),
		b("default_transaction_deferrable", "off", "Sets the default deferrable status of new transactions."),
		e("synchronous_commit", "on", []string{"local", "remote_write", "remote_apply", "on", "off"}, "Sets the current transaction's synchronization level."),
		n("statement_timeout", "0", "ms", 0, 0, "Sets the maximum allowed duration of any statement."),
		n("lock_timeout", "0", "ms", 0, 0, "Sets the maximum allowed duration of any wait for a lock."),
		n("idle_in_transaction_session_timeout", "0", "ms", 0, 0, "Sets the maximum allowed idle time between queries, when in a transaction."),
		n("idle_session_timeout", "0", "ms", 0, 0, "Sets the maximum allowed idle time between queries, when not in a transaction."),
		ctx(superOnly, n("deadlock_timeout", "100", "ms", 1, 0, "Sets the time to wait on a lock before checking for deadlock.")),
		n("extra_float_digits", "1", "", -15, 3, "Sets the number of digits displayed for floating-point values."),
		e("bytea_output", "hex", []string{"escape", "hex"}, "Sets the output format for bytea."),
		e("client_min_messages", "notice", sent, "Sets the message levels that are sent to the client."),
		b("escape_string_warning", "on", "Warn about backslash escapes in ordinary string literals."),
		e("backslash_quote", "safe_encoding", []string{"safe_encoding", "on", "off"}, "Sets whether \"\\'\" is allowed in string literals."),
		b("transform_null_equals", "off", "Treats \"expr=NULL\" as \"expr IS NULL\"."),
		b("array_nulls", "on", "Enable input of NULL elements in arrays."),
		b("check_function_bodies", "on", "Check routine bodies during CREATE FUNCTION and CREATE PROCEDURE."),
		b("row_security", "on", "Enable row security."),
		t("default_tablespace", "", "Sets the default tablespace to create tables and indexes in."),
		t("temp_tablespaces", "", "Sets the tablespace(s) to use for temporary tables and sort files."),
		t("default_table_access_method", "heap", "Sets the default table access method for new tables."),
		e("xmloption", "content", []string{"content", "document"}, "Sets whether XML data in implicit parsing and serialization operations is to be considered as documents or content fragments."),
		e("xmlbinary", "base64", []string{"base64", "hex"}, "Sets how binary values are to be encoded in XML."),
		ctx(superOnly, t("lc_messages", "C.UTF-8", "Sets the language in which messages are displayed.")),
		t("lc_monetary", "C.UTF-8", "Sets the locale for formatting monetary amounts."),
		t("lc_numeric", "C.UTF-8", "Sets the locale for formatting numbers."),
		t("lc_time", "C.UTF-8", "Sets the locale for formatting date and time values."),
		ctx(internal, t("lc_collate", "C.UTF-8", "Shows the collation order locale.")),
		ctx(internal, t("lc_ctype", "C.UTF-8", "Shows the character classification and case conversion locale.")),
		with(t("restrict_nonsystem_relation_kind", "", "Prohibits access to non-system relations of specified kinds."), func(s *setting) { s.canon, s.list = relationKinds, true }),
		t("timezone_abbreviations", "Default", "Selects a file of time zone abbreviations."),
		t("default_text_search_config", "pg_catalog.english", "Sets default text search configuration."),
		ctx(superOnly, n("temp_file_limit", "-1", "kB", -1, 0, "Limits the total size of all temporary files used by each process.")),
		n("work_mem", "65536", "kB", 64, 0, "Sets the maximum memory to be used for query workspaces."),
		n("maintenance_work_mem", "65536", "kB", 1024, 0, "Sets the maximum memory to be used for maintenance operations."),
		n("temp_buffers", "1024", "8kB", 100, 1073741823, "Sets the maximum number of temporary buffers used by each session."),
		n("max_parallel_workers_per_gather", "2", "", 0, 1024, "Sets the maximum number of parallel processes per executor node."),
		n("max_parallel_workers", "8", "", 0, 1024, "Sets the maximum number of parallel workers that can be active at one time."),
		n("max_parallel_maintenance_workers", "2", "", 0, 1024, "Sets the maximum number of parallel processes per maintenance operation."),
		n("effective_cache_size", "524288", "8kB", 1, 0, "Sets the planner's assumption about the total size of the data caches."),
		n("effective_io_concurrency", "1", "", 0, 1000, "Number of simultaneous requests that can be handled efficiently by the disk subsystem."),
		n("default_statistics_target", "100", "", 1, 10000, "Sets the default statistics target."),
		n("from_collapse_limit", "8", "", 1, 0, "Sets the FROM-list size beyond which subqueries are not collapsed."),
		n("join_collapse_limit", "8", "", 1, 0, "Sets the FROM-list size beyond which JOIN constructs are not flattened."),
		n("geqo_threshold", "12", "", 2, 0, "Sets the threshold of FROM items beyond which GEQO is used."),
		b("geqo", "on", "Enables genetic query optimization."),
		b("jit", "on", "Allow JIT compilation."),
		r("jit_above_cost", "100000", -1, 0, "Perform JIT compilation if query is more expensive."),
		r("jit_inline_above_cost", "500000", -1, 0, "Perform JIT inlining if query is more expensive."),
		r("jit_optimize_above_cost", "500000", -1, 0, "Optimize JIT-compiled functions if query is more expensive."),
		r("parallel_setup_cost", "1000", 0, 0, "Sets the planner's estimate of the cost of starting up worker processes for parallel query."),
		r("parallel_tuple_cost", "0.1", 0, 0, "Sets the planner's estimate of the cost of passing each tuple (row) from worker to leader backend."),
		n("min_parallel_table_scan_size", "1024", "8kB", 0, 715827882, "Sets the minimum amount of table data for a parallel scan."),
		n("min_parallel_index_scan_size", "64", "8kB", 0, 715827882, "Sets the minimum amount of index data for a parallel scan."),
		r("hash_mem_multiplier", "2", 1, 1000, "Multiple of work_mem to use for hash tables."),
		e("force_parallel_mode", "off", []string{"off", "on", "regress"}, "Forces use of parallel query facilities."),
		e("default_toast_compression", "pglz", []string{"pglz"}, "Sets the default compression method for compressible values."),
		ctx(superOnly, n("max_stack_depth", "2048", "kB", 100, 0, "Sets the maximum stack depth, in kilobytes.")),
		e("plan_cache_mode", "auto", []string{"auto", "force_generic_plan", "force_custom_plan"}, "Controls the planner's selection of custom or generic plan."),
		e("constraint_exclusion", "partition", []string{"partition", "on", "off"}, "Enables the planner to use constraints to optimize queries."),
		r("seq_page_cost", "1", 0, 0, "Sets the planner's estimate of the cost of a sequentially fetched disk page."),
		r("random_page_cost", "4", 0, 0, "Sets the planner's estimate of the cost of a nonsequentially fetched disk page."),
		r("cpu_tuple_cost", "0.01", 0, 0, "Sets the planner's estimate of the cost of processing each tuple (row)."),
		r("cpu_index_tuple_cost", "0.005", 0, 0, "Sets the planner's estimate of the cost of processing each index entry during an index scan."),
		r("cpu_operator_cost", "0.0025", 0, 0, "Sets the planner's estimate of the cost of processing each operator or function call."),
		r("cursor_tuple_fraction", "0.1", 0, 1, "Sets the planner's estimate of the fraction of a cursor's rows that will be retrieved."),
		b("enable_seqscan", "on", "Enables the planner's use of sequential-scan plans."),
		b("enable_indexscan", "on", "Enables the planner's use of index-scan plans."),
		b("enable_indexonlyscan", "on", "Enables the planner's use of index-only-scan plans."),
		b("enable_bitmapscan", "on", "Enables the planner's use of bitmap-scan plans."),
		b("enable_tidscan", "on", "Enables the planner's use of TID scan plans."),
		b("enable_sort", "on", "Enables the planner's use of explicit sort steps."),
		b("enable_incremental_sort", "on", "Enables the planner's use of incremental sort steps."),
		b("enable_hashagg", "on", "Enables the planner's use of hashed aggregation plans."),
		b("enable_hashjoin", "on", "Enables the planner's use of hash join plans."),
		b("enable_mergejoin", "on", "Enables the planner's use of merge join plans."),
		b("enable_nestloop", "on", "Enables the planner's use of nested-loop join plans."),
		b("enable_material", "on", "Enables the planner's use of materialization."),
		b("enable_memoize", "on", "Enables the planner's use of memoization."),
		b("enable_parallel_hash", "on", "Enables the planner's use of parallel hash plans."),
		b("enable_parallel_append", "on", "Enables the planner's use of parallel append plans."),
		b("enable_gathermerge", "on", "Enables the planner's use of gather merge plans."),
		b("enable_partition_pruning", "on", "Enables plan-time and execution-time partition pruning."),
		b("enable_partitionwise_join", "off", "Enables partitionwise join."),
		b("enable_partitionwise_aggregate", "off", "Enables partitionwise aggregation and grouping."),
		n("gin_fuzzy_search_limit", "0", "", 0, 0, "Sets the maximum allowed result for exact search by GIN."),
		n("vacuum_freeze_min_age", "50000000", "", 0, 1000000000, "Minimum age at which VACUUM should freeze a table row."),
		n("vacuum_freeze_table_age", "150000000", "", 0, 2000000000, "Age at which VACUUM should scan whole table to freeze tuples."),
		b("quote_all_identifiers", "off", "When generating SQL fragments, quote all identifiers."),
		b("parallel_leader_participation", "on", "Controls whether Gather and Gather Merge also run subplans."),
		ctx(superOnly, b("lo_compat_privileges", "off", "Enables backward compatibility mode for privilege checks on large objects.")),
		b("synchronize_seqscans", "on", "Enable synchronized sequential scans."),
		b("debug_print_plan", "off", "Logs each query's execution plan."),
		ctx(superOnly, e("log_statement", "none", []string{"none", "ddl", "mod", "all"}, "Sets the type of statements logged.")),
		ctx(superOnly, n("log_min_duration_statement", "-1", "ms", -1, 0, "Sets the minimum execution time above which all statements will be logged.")),
		ctx(superOnly, e("log_min_messages", "warning", logged, "Sets the message levels that are logged.")),
		ctx(superOnly, e("log_min_error_statement", "error", logged, "Causes all statements generating error at or above this level to be logged.")),
		ctx(superOnly, e("session_replication_role", "origin", []string{"origin", "replica", "local"}, "Sets the session's behavior for triggers and rewrite rules.")),
		ctx(superOnly, b("track_activities", "on", "Collects information about executing commands.")),
		ctx(superOnly, b("track_counts", "on", "Collects statistics on database activity.")),
		ctx(atStart, n("max_connections", "200", "", 1, 262143, "Sets the maximum number of concurrent connections.")),
		ctx(atStart, n("port", "5432", "", 1, 65535, "Sets the TCP port the server listens on.")),
		ctx(atStart, t("listen_addresses", "127.0.0.1", "Sets the host name or IP address(es) to listen to.")),
		ctx(atStart, t("data_directory", "", "Sets the server's data directory.")),
		ctx(atStart, n("shared_buffers", "16384", "8kB", 16, 1073741823, "Sets the number of shared memory buffers used by the server.")),
		ctx(atStart, n("max_prepared_transactions", "0", "", 0, 262143, "Sets the maximum number of simultaneously prepared transactions.")),
		ctx(atStart, n("max_locks_per_transaction", "64", "", 10, 0, "Sets the maximum number of locks per transaction.")),
		ctx(atStart, e("wal_level", "replica", []string{"minimal", "replica", "logical"}, "Sets the level of information written to the WAL.")),
		ctx(onReload, b("fsync", "on", "Forces synchronization of updates to disk.")),
		ctx(onReload, b("autovacuum", "on", "Starts the autovacuum subprocess.")),
		ctx(onReload, b("ssl", "off", "Enables SSL connections.")),
		ctx(onReload, e("password_encryption", "scram-sha-256", []string{"md5", "scram-sha-256"}, "Chooses the algorithm for encrypting passwords.")),
		ctx(internal, n("block_size", "8192", "", 0, 0, "Shows the size of a disk block.")),
		ctx(internal, n("max_identifier_length", "63", "", 0, 0, "Shows the maximum identifier length.")),
		ctx(internal, n("max_index_keys", "32", "", 0, 0, "Shows the maximum number of index keys.")),
		ctx(internal, n("max_function_args", "100", "", 0, 0, "Shows the maximum number of function arguments.")),
		ctx(internal, n("segment_size", "131072", "8kB", 0, 0, "Shows the number of pages per disk file.")),
		ctx(internal, n("wal_block_size", "8192", "", 0, 0, "Shows the block size in the write ahead log.")),
		ctx(internal, b("data_checksums", "on", "Shows whether data checksums are turned on for this cluster.")),
		ctx(internal, b("debug_assertions", "off", "Shows whether the running server has assertion checks enabled.")),
	} {
		define(s)
	}
}

func badValue(name, value string) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", name, value)
}

func printable(v string) (string, error) {
	b := []byte(v)
	for i, c := range b {
		if c < 32 || c > 126 {
			b[i] = '?'
		}
	}
	if len(b) > 63 {
		b = b[:63]
	}
	return string(b), nil
}

func canonZone(v string) (string, error) {
	z, err := types.ParseZoneSetting(v)
	if err != nil {
		return "", err
	}
	return z.Name, nil
}

// relationKinds checks restrict_nonsystem_relation_kind; there are no foreign tables.
func relationKinds(v string) (string, error) {
	for _, kind := range splitNames(v) {
		if !strings.EqualFold(kind, "view") && !strings.EqualFold(kind, "foreign-table") {
			return "", badValue("restrict_nonsystem_relation_kind", v).WithDetail("Unrecognized key word: %q.", kind)
		}
	}
	return strings.ToLower(v), nil
}

func canonDateStyle(v string) (string, error) { return dateStyleWith("ISO, MDY", v) }

// dateStyleWith applies a DateStyle setting, which may name only style or only
// order, to the current one.
func dateStyleWith(current, v string) (string, error) {
	cur := strings.Split(current, ", ")
	style, order := cur[0], cur[1]
	for _, w := range strings.Split(v, ",") {
		w = strings.Trim(strings.ToLower(strings.TrimSpace(w)), `"'`)
		switch {
		case w == "iso":
			style = "ISO"
		case w == "sql":
			style = "SQL"
		case strings.HasPrefix(w, "postgres"):
			style = "Postgres"
		case w == "german":
			style = "German"
			if !strings.Contains(v, ",") {
				order = "DMY"
			}
		case w == "ymd":
			order = "YMD"
		case w == "dmy" || strings.HasPrefix(w, "euro"):
			order = "DMY"
		case w == "mdy" || w == "us" || strings.HasPrefix(w, "noneuro"):
			order = "MDY"
		case w == "default":
			style, order = "ISO", "MDY"
		default:
			return "", badValue("DateStyle", v).WithDetail("Unrecognized key word: %q.", w)
		}
	}
	return style + ", " + order, nil
}

func parseBool(v string) (bool, bool) {
	w := strings.ToLower(v)
	for _, s := range []struct {
		word string
		val  bool
		min  int
	}{{"true", true, 1}, {"false", false, 1}, {"yes", true, 1}, {"no", false, 1}, {"on", true, 2}, {"off", false, 2}} {
		if len(w) >= s.min && strings.HasPrefix(s.word, w) {
			return s.val, true
		}
	}
	switch w {
	case "1":
		return true, true
	case "0":
		return false, true
	}
	return false, false
}

var unitScale = map[string]map[string]float64{
	"ms":  {"us": 0.001, "ms": 1, "s": 1000, "min": 60000, "h": 3600000, "d": 86400000},
	"s":   {"us": 0.000001, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400},
	"kB":  {"B": 1.0 / 1024, "kB": 1, "MB": 1024, "GB": 1024 * 1024, "TB": 1024 * 1024 * 1024},
	"8kB": {"B": 1.0 / 8192, "kB": 1.0 / 8, "MB": 128, "GB": 128 * 1024, "TB": 128 * 1024 * 1024},
}

// check gives the canonical form of a value for the parameter.
func (s *setting) check(value string) (string, error) {
	switch s.kind {
	case boolSetting:
		v, ok := parseBool(value)
		if !ok {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "parameter %q requires a Boolean value", s.name)
		}
		if v {
			return "on", nil
		}
		return "off", nil
	case enumSetting:
		for _, w := range s.enum {
			if strings.EqualFold(w, value) {
				return w, nil
			}
		}
		if v, ok := parseBool(value); ok { // on/off spellings of enums such as synchronous_commit
			w := "off"
			if v {
				w = "on"
			}
			for _, x := range s.enum {
				if x == w {
					return w, nil
				}
			}
		}
		return "", badValue(s.name, value).WithHint("Available values: %s.", strings.Join(s.enum, ", "))
	case intSetting, realSetting:
		num, unit := strings.TrimSpace(value), ""
		for i := len(num); i > 0; i-- {
			if c := num[i-1]; c >= '0' && c <= '9' || c == '.' {
				num, unit = num[:i], strings.TrimSpace(num[i:])
				break
			}
		}
		f, err := strconv.ParseFloat(num, 64)
		if err != nil {
			if i, e := strconv.ParseInt(num, 0, 64); e == nil {
				f, err = float64(i), nil
			}
		}
		if err != nil {
			return "", badValue(s.name, value)
		}
		if unit != "" {
			scale, ok := unitScale[s.unit][unit]
			if !ok {
				return "", badValue(s.name, value)
			}
			f *= scale
		}
		if s.kind == intSetting {
			f = math.RoundToEven(f)
		}
		if f < s.min || f > s.max {
			u := ""
			if s.unit != "" {
				u = " " + s.unit
			}
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "%s%s is outside the valid range for parameter %q (%s .. %s)",
				strconv.FormatFloat(f, 'g', -1, 64), u, s.name, strconv.FormatFloat(s.min, 'f', -1, 64), strconv.FormatFloat(s.max, 'f', -1, 64))
		}
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	}
	if s.canon != nil {
		return s.canon(value)
	}
	return value, nil
}

// display gives a value as SHOW prints it: numbers with the largest unit that fits.
func (s *setting) display(v string) string {
	if s.kind != intSetting || s.unit == "" {
		return v
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		return v
	}
	type unit struct {
		name  string
		scale int64
	}
	var units []unit
	switch s.unit {
	case "ms":
		units = []unit{{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}}
	case "s":
		units = []unit{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}
	case "8kB":
		n *= 8
		fallthrough
	case "kB":
		units = []unit{{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}}
	}
	for _, u := range units {
		if n%u.scale == 0 {
			return strconv.FormatInt(n/u.scale, 10) + u.name
		}
	}
	return v
}

// settings are the run-time parameters of a session: an immutable value; with
// gives a changed one. What execution needs often is kept parsed.
type settings struct {
	vals map[string]string // lower-case name → canonical value, where not the default
	env  types.Env
	path []string // search_path as names, $user unresolved
	// In bytes; tempLimit is 0 where there is none.
	workMem, hashMem, tempLimit   int64
	statementTimeout, lockTimeout time.Duration // 0: none
	idleTimeout, idleInTxnTimeout time.Duration
	deadlockTimeout               time.Duration
	noSync                        bool // synchronous_commit off
	// Of transactions that do not say otherwise.
	isolation            string
	readOnly, deferrable bool
	replica              bool             // session_replication_role
	charset              *charset.Charset // client_encoding; nil: bytes are text as they are
	epoch                uint64           // changes when planning may depend on the change
	auth, role           catalog.OID      // session_authorization, role (0: none)
}

func defaultSettings() *settings {
	st := &settings{vals: map[string]string{}, auth: catalog.BootstrapRoleOID}
	st.parse()
	return st
}

func (st *settings) get(name string) (string, bool) {
	lower := strings.ToLower(name)
	if v, ok := st.vals[lower]; ok {
		return v, true
	}
	if s := settingTable[lower]; s != nil {
		return s.def, true
	}
	return "", false
}

func (st *settings) str(name string) string { v, _ := st.get(name); return v }

func (st *settings) int(name string) int64 {
	n, _ := strconv.ParseInt(st.str(name), 10, 64)
	return n
}

func (st *settings) on(name string) bool { return st.str(name) == "on" }

// epochs numbers settings. Those of a transaction that was rolled back keep their
// number for themselves: what was planned with them fits no others.
var epochs atomic.Uint64

// with gives the settings with one parameter changed to a checked value.
func (st *settings) with(name, value string) *settings {
	next := &settings{vals: make(map[string]string, len(st.vals)+1), epoch: st.epoch, auth: st.auth, role: st.role}
	for k, v := range st.vals {
		next.vals[k] = v
	}
	next.vals[strings.ToLower(name)] = value
	switch strings.ToLower(name) {
	case "application_name", "client_encoding", "statement_timeout", "lock_timeout", "transaction_isolation", "transaction_read_only",
		"transaction_deferrable", "client_min_messages", "synchronous_commit", "work_mem", "hash_mem_multiplier", "temp_file_limit":
	default:
		next.epoch = epochs.Add(1)
	}
	next.parse()
	return next
}

func (st *settings) parse() {
	ds := strings.Split(st.str("DateStyle"), ", ")
	st.env.DateStyle = map[string]types.DateStyle{"ISO": types.DateISO, "SQL": types.DateSQL, "Postgres": types.DatePostgres, "German": types.DateGerman}[ds[0]]
	st.env.DateOrder = map[string]types.DateOrder{"MDY": types.OrderMDY, "DMY": types.OrderDMY, "YMD": types.OrderYMD}[ds[1]]
	st.env.IntervalStyle = map[string]types.IntervalStyle{"postgres": types.IntervalPostgres, "postgres_verbose": types.IntervalPostgresVerbose,
		"sql_standard": types.IntervalSQLStandard, "iso_8601": types.IntervalISO8601}[st.str("IntervalStyle")]
	st.env.TimeZone = types.UTC
	if z, err := types.LookupZone(st.str("TimeZone")); err == nil {
		st.env.TimeZone = z
	}
	st.env.ExtraFloatDigit = int(st.int("extra_float_digits"))
	st.env.ByteaEscape = st.str("bytea_output") == "escape"
	st.path = splitNames(st.str("search_path"))
	st.workMem = st.int("work_mem") << 10
	multiple, _ := strconv.ParseFloat(st.str("hash_mem_multiplier"), 64)
	st.hashMem = int64(multiple * float64(st.workMem))
	st.replica = st.str("session_replication_role") == "replica"
	st.tempLimit = max(0, st.int("temp_file_limit")<<10)
	st.statementTimeout = time.Duration(st.int("statement_timeout")) * time.Millisecond
	st.lockTimeout = time.Duration(st.int("lock_timeout")) * time.Millisecond
	st.deadlockTimeout = time.Duration(st.int("deadlock_timeout")) * time.Millisecond
	st.noSync = st.str("synchronous_commit") == "off"
	st.charset = clientCharset(st.str("client_encoding"))
	st.isolation = st.str("default_transaction_isolation")
	st.readOnly, st.deferrable = st.on("default_transaction_read_only"), st.on("default_transaction_deferrable")
	st.idleTimeout = time.Duration(st.int("idle_session_timeout")) * time.Millisecond
	st.idleInTxnTimeout = time.Duration(st.int("idle_in_transaction_session_timeout")) * time.Millisecond
}

// splitNames splits a list of identifiers: quoted ones as they are, others
// folded to lower case.
func splitNames(list string) []string {
	var out []string
	for i := 0; i < len(list); {
		switch c := list[i]; {
		case c == ' ' || c == ',' || c == '\t' || c == '\n':
			i++
		case c == '"':
			var b strings.Builder
			for i++; i < len(list); i++ {
				if list[i] == '"' {
					if i+1 < len(list) && list[i+1] == '"' {
						i++
					} else {
						i++
						break
					}
				}
				b.WriteByte(list[i])
			}
			out = append(out, b.String())
		default:
			j := i
			for j < len(list) && list[j] != ',' && list[j] != ' ' {
				j++
			}
			out = append(out, strings.ToLower(list[i:j]))
			i = j
		}
	}
	return out
}

// all gives every parameter with its current value, by name.
// restricts tells whether relations of a kind must not be read.
func (st *settings) restricts(kind string) bool {
	v := st.str("restrict_nonsystem_relation_kind")
	return v != "" && slices.Contains(splitNames(v), kind)
}

// bound gives one end of the range of a numeric setting as pg_settings shows it.
func bound(s *setting, v float64) string {
	if s.kind == intSetting {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func (st *settings) all() []SettingInfo {
	var out []SettingInfo
	for lower, s := range settingTable {
		info := SettingInfo{Name: s.name, Value: st.str(lower), Unit: s.unit, Doc: s.doc, Default: s.def,
			Context: settingContextNames[s.context], Kind: settingKindNames[s.kind], Enum: s.enum}
		switch {
		case s.kind == intSetting && s.context == internal:
			info.Min, info.Max = s.def, s.def
		case s.kind == intSetting || s.kind == realSetting:
			info.Min, info.Max = bound(s, s.min), bound(s, s.max)
		}
		out = append(out, info)
	}
	sort.Slice(out, func(i, j int) bool { return strings.ToLower(out[i].Name) < strings.ToLower(out[j].Name) })
	return out
}
