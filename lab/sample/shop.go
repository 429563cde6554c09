package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	longestStream = 300     // seconds
	largestEcho   = 1 << 20 // bytes
)

// shop answers requests. What can change while it runs is atomic: every request reads it.
type shop struct {
	settings
	version string

	failing  atomic.Bool
	slowness atomic.Int64 // time.Duration
	leaving  atomic.Bool  // told to end: not healthy any more, but still answering
	underWay atomic.Int64 // requests
	crashed  chan struct{}
}

func newShop(wanted settings, version string) *shop {
	made := &shop{settings: wanted, version: version, crashed: make(chan struct{}, 1)}
	made.failing.Store(wanted.failHealth)
	made.slowness.Store(int64(wanted.slow))
	return made
}

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /version", s.versionPage)
	mux.HandleFunc("GET /stream", s.stream)
	mux.HandleFunc("GET /socket", s.socket)
	mux.HandleFunc("POST /echo", s.echo)
	mux.HandleFunc("POST /upload", s.upload)
	if s.switches {
		mux.HandleFunc("POST /switch", s.turn)
	}
	return s.around(mux)
}

// around counts, delays and logs every request.
func (s *shop) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.underWay.Add(1)
		defer s.underWay.Add(-1)
		began := time.Now()
		if s.leaving.Load() {
			// The client opens its next connection elsewhere; closing idle ones now could cut off what is on its way.
			w.Header().Set("Connection", "close")
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if slow := time.Duration(s.slowness.Load()); slow > 0 && r.URL.Path != "/switch" {
			select {
			case <-time.After(slow):
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
		slog.Debug("answered", "method", r.Method, "path", r.URL.Path, "took", time.Since(began))
	})
}

func (s *shop) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "The shop is open.\nversion: %s\nslot: %s\n", s.version, s.slot)
}

func (s *shop) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case s.leaving.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "leaving")
	case s.failing.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "failing")
	default:
		fmt.Fprintln(w, "ok")
	}
}

func (s *shop) versionPage(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"version": s.version})
}

// stream sends one line a second, for as long as it is asked to: a request that is still under way when others end.
func (s *shop) stream(w http.ResponseWriter, r *http.Request) {
	seconds := 5
	if text := r.URL.Query().Get("seconds"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || number > longestStream {
			http.Error(w, fmt.Sprintf("seconds must be a whole number from 1 to %d", longestStream), http.StatusBadRequest)
			return
		}
		seconds = number
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	flusher := http.NewResponseController(w)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for second := 1; second <= seconds; second++ {
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
		fmt.Fprintf(w, "%d of %d\n", second, seconds)
		if flusher.Flush() != nil {
			return
		}
	}
}

func (s *shop) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestEcho))
	if err != nil {
		http.Error(w, fmt.Sprintf("the body could not be read, or is larger than %d bytes", largestEcho),
			http.StatusRequestEntityTooLarge)
		return
	}
	// Whatever came in is bytes to a browser, never a page of ours.
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(body) // a client that is gone can not be told
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone can not be told
}
