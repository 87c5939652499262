package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rowkey"
)

// defaultListen is where serve listens unless told otherwise.
const defaultListen = "127.0.0.1:5432"

// shutdownTimeout bounds the time that open connections get when the server stops.
const shutdownTimeout = 10 * time.Second

func serveCommand() *cobra.Command {
	var listen, redis, data, logLevel, profiles string
	var logJSON bool
	var maxConns int
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve PostgreSQL and Redis clients",
		Long: `Serve a database to PostgreSQL clients, and with --redis to Redis clients too.

Without --data the database lives in memory and is gone when the server stops.
There is no authentication yet, so only loopback addresses are accepted.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := newLogger(logLevel, logJSON)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			l, err := listenOn(listen, cmd.Flags().Changed("listen"), log)
			if err != nil {
				return err
			}
			defer l.Close()
			var rl net.Listener
			if redis != "" {
				if rl, err = listenOn(redis, true, log); err != nil {
					return err
				}
				defer rl.Close()
			}
			if err := serveProfiles(profiles, log); err != nil {
				return err
			}
			ballast := tuneCollector()
			defer runtime.KeepAlive(ballast)
			db, err := rowkey.Open(data, rowkey.WithLogger(log), rowkey.WithMaxSessions(maxConns))
			if err != nil {
				return err
			}
			defer db.Close()
			greet(cmd, l.Addr(), data)
			if rl != nil {
				greetRedis(cmd, rl.Addr())
				log.Info("serving Redis clients", "address", rl.Addr().String())
				db.Redis().SetPassword(os.Getenv("ROWKEY_REDIS_PASSWORD"))
				go db.Redis().Serve(ctx, rl)
			}
			log.Info("serving", "address", l.Addr().String(), "data", dataName(data), "version", version())
			if err := db.Server().Serve(ctx, l); err != nil {
				return err
			}
			log.Info("shutting down")
			end, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
			defer cancel()
			if rl != nil {
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
	f.StringVar(&data, "data", "", "data directory; empty: in memory")
	f.IntVar(&maxConns, "max-connections", 200, "connections served at once")
	f.StringVar(&logLevel, "log-level", "info", "debug, info, warn or error")
	f.BoolVar(&logJSON, "log-json", false, "log in JSON")
	f.StringVar(&profiles, "pprof", "", "address to serve profiles at, HOST:PORT")
	f.MarkHidden("pprof")
	return cmd
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
func listenOn(addr string, asked bool, log *slog.Logger) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("cannot read the address %q: %w (write HOST:PORT, such as %s)", addr, err, defaultListen)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("refusing to listen on %s: there is no authentication yet, so only loopback addresses such as 127.0.0.1 are safe", addr)
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
func greetRedis(cmd *cobra.Command, addr net.Addr) {
	host, port, _ := net.SplitHostPort(addr.String())
	fmt.Fprintf(cmd.OutOrStdout(), "  redis     redis-cli -h %s -p %s\n", host, port)
}
