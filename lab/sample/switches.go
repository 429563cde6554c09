package main

import (
	"encoding/json"
	"net/http"
	"time"
)

const slowest = 60_000 // milliseconds

// wish is what POST /switch takes; what it leaves out stays as it is.
type wish struct {
	FailHealth *bool `json:"fail_health"`
	SlowMS     *int  `json:"slow_ms"`
	Crash      bool  `json:"crash"`
}

// turn makes the running app fail, slow or crash, for rehearsals. It is there only where SWITCHES=1.
func (s *shop) turn(w http.ResponseWriter, r *http.Request) {
	var wanted wish
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		http.Error(w, "want JSON of fail_health, slow_ms and crash: "+err.Error(), http.StatusBadRequest)
		return
	}
	if wanted.SlowMS != nil && (*wanted.SlowMS < 0 || *wanted.SlowMS > slowest) {
		http.Error(w, "slow_ms must be from 0 to 60000", http.StatusBadRequest)
		return
	}
	if wanted.FailHealth != nil {
		s.failing.Store(*wanted.FailHealth)
	}
	if wanted.SlowMS != nil {
		s.slowness.Store(int64(time.Duration(*wanted.SlowMS) * time.Millisecond))
	}
	answer(w, http.StatusOK, map[string]any{
		"fail_health": s.failing.Load(),
		"slow_ms":     time.Duration(s.slowness.Load()).Milliseconds(),
		"crash":       wanted.Crash,
	})
	if wanted.Crash {
		_ = http.NewResponseController(w).Flush() // the answer is out before the end
		s.crash()
	}
}

// crash ends the process without any of the politeness of a shutdown.
func (s *shop) crash() {
	select {
	case s.crashed <- struct{}{}:
	default: // it is crashing already
	}
}
