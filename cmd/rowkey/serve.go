package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rowkey"
	"rowkey/session"
)

// defaultListen is where serve listens unless told otherwise.
const defaultListen = "127.0.0.1:5432"

// shutdownTimeout bounds the time that open connections get when the server stops.
const shutdownTimeout = 10 * time.Second

func serveCommand() *cobra.Command {
	var listen, redis, redisTLS, data, logLevel, profiles, auth string
	var encrypt tlsFlags
	var logJSON bool
	var maxConns int
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve PostgreSQL and Redis clients",
		Long: `Serve a database to PostgreSQL clients, and with --redis to Redis clients too.

Without --data the database lives in memory and is gone when the server stops.
With --auth trust (the default) whoever connects is let in, so only loopback addresses are
accepted; with --auth scram-sha-256 clients need the password of a role. ROWKEY_PASSWORD in
the environment becomes that of the superuser, postgres.

With --tls-cert and --tls-key connections are encrypted if the client asks for it (sslmode),
with --tls-only no others are served; the files are read again when they change. --redis-tls is
an address for Redis clients that encrypt. Redis clients are served on other addresses than
loopback only with a password, ROWKEY_REDIS_PASSWORD.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := newLogger(logLevel, logJSON)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if auth != "trust" && auth != "scram-sha-256" {
				return fmt.Errorf("unknown way to authenticate %q: use trust or scram-sha-256", auth)
			}
			tlsConfig, err := encrypt.config(log)
			if err != nil {
				return err
			}
			l, err := listenOn(listen, cmd.Flags().Changed("listen"), auth == "scram-sha-256", log)
			if err != nil {
				return err
			}
			defer l.Close()
			password := os.Getenv("ROWKEY_REDIS_PASSWORD")
			redisListeners, err := listenForRedis(redis, redisTLS, password != "", tlsConfig, log)
			if err != nil {
				return err
			}
			for _, rl := range redisListeners {
				defer rl.Close()
			}
			if err := serveProfiles(profiles, log); err != nil {
				return err
			}
			settings := map[string]string{}
			if tlsConfig != nil {
				settings["ssl"] = "on"
			}
			ballast := tuneCollector()
			defer runtime.KeepAlive(ballast)
			db, err := rowkey.Open(data, rowkey.WithLogger(log), rowkey.WithMaxSessions(maxConns), rowkey.WithSettings(settings))
			if err != nil {
				return err
			}
			defer db.Close()
			if data != "" {
				tuneScheduler() // now: what is sized by the processors has been
			}
			if err := authenticate(ctx, db, auth); err != nil {
				return err
			}
			if tlsConfig != nil {
				db.Server().UseTLS(tlsConfig, encrypt.only)
			}
			greet(cmd, l.Addr(), data)
			if len(redisListeners) > 0 {
				db.Redis().SetPassword(password)
			}
			for _, rl := range redisListeners {
				greetRedis(cmd, rl.Addr(), rl.encrypted)
				log.Info("serving Redis clients", "address", rl.Addr().String(), "encrypted", rl.encrypted)
				go db.Redis().Serve(ctx, rl)
			}
			log.Info("serving", "address", l.Addr().String(), "data", dataName(data), "version", version())
			if err := db.Server().Serve(ctx, l); err != nil {
				return err
			}
			log.Info("shutting down")
			end, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
			defer cancel()
			if len(redisListeners) > 0 {
				db.Redis().Shutdown(end)
			}
			db.Server().Shutdown(end)
			if err := db.Close(); err != nil {
				return err
			}
			log.Info("stopped")
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", defaultListen, "address to listen on, HOST:PORT")
	f.StringVar(&redis, "redis", "", "address to serve Redis clients on, HOST:PORT; empty: none (ROWKEY_REDIS_PASSWORD in the environment makes them authenticate)")
	f.StringVar(&auth, "auth", "trust", "how PostgreSQL clients authenticate: trust, or scram-sha-256")
	f.StringVar(&redisTLS, "redis-tls", "", "address to serve Redis clients on that encrypt, HOST:PORT; empty: none")
	f.StringVar(&encrypt.cert, "tls-cert", "", "file with the server's certificate, and those between it and its root, in PEM")
	f.StringVar(&encrypt.key, "tls-key", "", "file with the certificate's private key, in PEM")
	f.BoolVar(&encrypt.only, "tls-only", false, "refuse PostgreSQL clients that do not encrypt")
	f.StringVar(&data, "data", "", "data directory; empty: in memory")
	f.IntVar(&maxConns, "max-connections", 200, "connections served at once")
	f.StringVar(&logLevel, "log-level", "info", "debug, info, warn or error")
	f.BoolVar(&logJSON, "log-json", false, "log in JSON")
	f.StringVar(&profiles, "pprof", "", "address to serve profiles at, HOST:PORT")
	f.MarkHidden("pprof")
	return cmd
}

// authenticate has clients show a password, if that was asked for. The one in the
// environment is set first; there must be a way in.
func authenticate(ctx context.Context, db *rowkey.DB, how string) error {
	if password := os.Getenv("ROWKEY_PASSWORD"); password != "" {
		s, err := db.Engine().NewSession(ctx, session.SessionOptions{})
		if err != nil {
			return err
		}
		err = s.Simple(ctx, "ALTER ROLE current_user PASSWORD '"+strings.ReplaceAll(password, "'", "''")+"'", session.Discard)
		s.Close()
		if err != nil {
			return fmt.Errorf("setting the superuser's password: %w", err)
		}
	}
	if how != "scram-sha-256" {
		return nil
	}
	for _, r := range db.Engine().Catalog().Latest().Roles() {
		if r.Login && r.Password != "" {
			db.Server().RequirePassword()
			return nil
		}
	}
	return errors.New("no role has a password, so nobody could connect: give the superuser's in the environment as ROWKEY_PASSWORD")
}

func newLogger(level string, asJSON bool) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("unknown log level %q: use debug, info, warn or error", level)
	}
	opts := &slog.HandlerOptions{Level: l}
	if asJSON {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts)), nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts)), nil
}

// listenOn opens the port. When the default one is taken, and nobody asked for
// it, the next free port serves; a port that was asked for is not replaced.
// Without authentication only loopback addresses will do.
func listenOn(addr string, asked, authenticated bool, log *slog.Logger) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("cannot read the address %q: %w (write HOST:PORT, such as %s)", addr, err, defaultListen)
	}
	if ip, err := netip.ParseAddr(host); !authenticated && host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("refusing to listen on %s: clients are not authenticated, so only loopback addresses such as 127.0.0.1 are safe", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if asked {
		return nil, fmt.Errorf("%s is taken by another process; choose another port with --listen", addr)
	}
	p, _ := strconv.Atoi(port)
	for i := 1; i <= 100; i++ {
		next := net.JoinHostPort(host, strconv.Itoa(p+i))
		if l, err = net.Listen("tcp", next); err == nil {
			log.Warn("the default port is taken, using another", "taken", addr, "using", next)
			return l, nil
		}
	}
	return nil, fmt.Errorf("%s and the hundred ports behind it are taken; choose one with --listen", addr)
}

// redisListener is a port for Redis clients.
type redisListener struct {
	net.Listener
	encrypted bool
}

// listenForRedis opens the ports for Redis clients, in plain text and encrypted, of those
// that have an address.
func listenForRedis(plain, encrypted string, authenticated bool, cfg *tls.Config, log *slog.Logger) ([]redisListener, error) {
	if encrypted != "" && cfg == nil {
		return nil, errors.New("--redis-tls needs a certificate: give --tls-cert and --tls-key")
	}
	var ls []redisListener
	for _, addr := range []string{plain, encrypted} {
		if addr == "" {
			continue
		}
		l, err := listenOn(addr, true, authenticated, log)
		if err != nil {
			return nil, err
		}
		ls = append(ls, redisListener{Listener: l})
	}
	if encrypted != "" {
		last := &ls[len(ls)-1]
		last.Listener, last.encrypted = tls.NewListener(last.Listener, cfg), true
	}
	return ls, nil
}

func dataName(dir string) string {
	if dir == "" {
		return "in memory"
	}
	return dir
}

// greet says how to connect.
func greet(cmd *cobra.Command, addr net.Addr, data string) {
	host, port, _ := net.SplitHostPort(addr.String())
	fmt.Fprintf(cmd.OutOrStdout(), `rowkey %s is ready (%s).

  psql      psql -h %s -p %s -U postgres rowkey
  pgx, …    postgres://postgres@%s:%s/rowkey

Ctrl-C stops it.
`, version(), dataName(data), host, port, host, port)
}

// greetRedis says how Redis clients connect.
func greetRedis(cmd *cobra.Command, addr net.Addr, encrypted bool) {
	host, port, _ := net.SplitHostPort(addr.String())
	flag := ""
	if encrypted {
		flag = " --tls"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "  redis     redis-cli -h %s -p %s%s\n", host, port, flag)
}
