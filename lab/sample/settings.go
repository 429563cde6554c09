package main

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"
)

// settings is what the environment says; README.md has the table.
type settings struct {
	port     int
	slot     string
	logLevel slog.Level

	lameDuck time.Duration // answering, but no longer healthy
	drain    time.Duration // for the requests that are still under way after that

	failHealth bool
	slow       time.Duration
	crashAfter time.Duration
	startDelay time.Duration
	switches   bool

	failMigration bool
}

// What holds where the environment says nothing.
//
// Three seconds are enough for a proxy that checks every second with a timeout of one second; with the drain they stay
// below the ten seconds after which `docker stop` kills.
const (
	defaultPort     = 8080
	defaultLameDuck = 3
	defaultDrain    = 6
)

// readSettings reads the environment. The error names the variable, its value and what it takes.
func readSettings(getenv func(string) string) (settings, error) {
	reader := reader{getenv: getenv}
	found := settings{
		port:       reader.whole("PORT", defaultPort, 1, 65535),
		slot:       getenv("SLOT"),
		lameDuck:   reader.span("SHUTDOWN_DELAY_S", defaultLameDuck, time.Second),
		drain:      reader.span("DRAIN_S", defaultDrain, time.Second),
		failHealth: reader.yes("FAIL_HEALTH"),
		slow:       reader.span("SLOW_MS", 0, time.Millisecond),
		crashAfter: reader.span("CRASH_AFTER_S", 0, time.Second),
		startDelay: reader.span("START_DELAY_S", 0, time.Second),
		switches:   reader.yes("SWITCHES"),

		failMigration: reader.yes("FAIL_MIGRATION"),
	}
	found.logLevel = reader.level("LOG_LEVEL")
	if found.slot == "" {
		found.slot, _ = os.Hostname() // without a name the page simply does not say one
	}
	return found, reader.err
}

// reader keeps the first error, so that the settings above read as one table.
type reader struct {
	getenv func(string) string
	err    error
}

func (r *reader) refuse(name, value, wanted string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s=%s: must be %s", name, value, wanted)
	}
}

func (r *reader) whole(name string, fallback, least, most int) int {
	text := r.getenv(name)
	if text == "" {
		return fallback
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < least || number > most {
		r.refuse(name, text, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return number
}

func (r *reader) span(name string, fallback int, unit time.Duration) time.Duration {
	const most = 24 * time.Hour
	return time.Duration(r.whole(name, fallback, 0, int(most/unit))) * unit
}

func (r *reader) yes(name string) bool {
	text := r.getenv(name)
	if text != "" && text != "0" && text != "1" {
		r.refuse(name, text, "1 or 0")
	}
	return text == "1"
}

func (r *reader) level(name string) slog.Level {
	levels := map[string]slog.Level{
		"": slog.LevelInfo, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn,
		"error": slog.LevelError,
	}
	text := r.getenv(name)
	level, known := levels[text]
	if !known {
		r.refuse(name, text, "debug, info, warning or error")
	}
	return level
}
