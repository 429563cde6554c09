package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// serve answers on the listener until a signal comes or the app crashes; hands back what the process ends with.
func serve(open *shop, listener net.Listener, signals <-chan os.Signal) int {
	server := &http.Server{
		Handler:           open.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		// Longer than a proxy keeps its idle connections (90 s), so that the proxy is the one that closes them: the other
		// way round it could send a request into a connection that is just being closed.
		IdleTimeout: 2 * time.Minute,
	}
	if open.crashAfter > 0 {
		defer time.AfterFunc(open.crashAfter, open.crash).Stop()
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("open", "version", open.version, "slot", open.slot, "address", listener.Addr().String())
	select {
	case err := <-failed:
		slog.Error("can not serve", "error", err)
		return exitFailed
	case <-open.crashed:
		slog.Error("crashing, as told to")
		return exitCrashed
	case signal := <-signals:
		return leave(open, server, signal, signals)
	}
}

// leave ends without losing a request: first unhealthy but answering, so that a proxy looks elsewhere; then no new
// connections, and those under way may end. A second signal cuts the first part short.
func leave(open *shop, server *http.Server, signal os.Signal, signals <-chan os.Signal) int {
	slog.Info("leaving", "signal", signal.String(), "seconds", open.lameDuck.Seconds())
	open.leaving.Store(true)
	select {
	case <-time.After(open.lameDuck):
	case <-signals:
	case <-open.crashed:
		return exitCrashed
	}
	patience, cancel := context.WithTimeout(context.Background(), open.drain)
	defer cancel()
	if err := emptied(patience, open, server); err != nil {
		slog.Error("cut off", "requests", open.underWay.Load(), "after seconds", open.drain.Seconds())
		_ = server.Close() // what is left has had its time
		return exitFailed
	}
	slog.Info("closed")
	return exitFine
}

// emptied takes no new connections and returns once nothing is under way, websockets included, which the server itself
// does not wait for.
func emptied(patience context.Context, open *shop, server *http.Server) error {
	if err := server.Shutdown(patience); err != nil {
		return err
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for open.underWay.Load() > 0 {
		select {
		case <-ticker.C:
		case <-patience.Done():
			return patience.Err()
		}
	}
	return nil
}

// askHealth asks the app at url for its health, for a container whose image has no other program to ask with.
func askHealth(url string) error {
	asked, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(asked, http.MethodGet, url+"/health", http.NoBody)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("health answers %s", reply.Status)
	}
	return nil
}
