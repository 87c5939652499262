package main

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
)

// serveProfiles lets go tool pprof look at the running server at addr, which
// must be loopback: profiles show statements' data. An empty addr does nothing.
func serveProfiles(addr string, log *slog.Logger) error {
	if addr == "" {
		return nil
	}
	l, err := listenOn(addr, true, false, log)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	go serveHTTP(l, mux, log)
	return nil
}

func serveHTTP(l net.Listener, h http.Handler, log *slog.Logger) {
	if err := http.Serve(l, h); err != nil {
		log.Debug("profiles are no longer served", "error", err)
	}
}
