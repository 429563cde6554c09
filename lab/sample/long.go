package main

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const (
	largestUpload = 1 << 30 // bytes
	tick          = 50 * time.Millisecond
)

// upload reads a body for as long as it keeps coming, and answers how many bytes that were.
func (s *shop) upload(w http.ResponseWriter, r *http.Request) {
	read, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, largestUpload))
	if err != nil {
		http.Error(w, "the body could not be read to its end", http.StatusBadRequest)
		return
	}
	answer(w, http.StatusOK, map[string]int64{"bytes": read})
}

// socket is a websocket that says every message again, until the client closes it.
func (s *shop) socket(w http.ResponseWriter, r *http.Request) {
	opened, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered already
	}
	defer opened.CloseNow()
	for {
		kind, message, err := opened.Read(r.Context())
		if err != nil {
			slog.Debug("websocket ended", "status", websocket.CloseStatus(err))
			return
		}
		if opened.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}
