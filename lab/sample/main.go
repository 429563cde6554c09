// Command app is the shop: a small web service that answers plainly, says which version it is, and leaves politely.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// version is set at link time: -ldflags "-X main.version=v1.0.0".
var version = "dev"

const inHand = 200 * time.Millisecond // what one order takes

// What the process ends with.
const (
	exitFine    = 0
	exitFailed  = 1 // could not listen, or requests were cut off
	exitUsage   = 2 // wrong arguments or settings
	exitCrashed = 3 // as it was told to
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	os.Exit(run(os.Args[1:], os.Getenv, os.Stderr, signals))
}

// run is the whole program; what it takes from the system comes in as arguments, so that a test can be the system.
func run(arguments []string, getenv func(string) string, stderr io.Writer, signals <-chan os.Signal) int {
	flags := flag.NewFlagSet("app", flag.ContinueOnError)
	flags.SetOutput(stderr)
	probe := flags.Bool("health", false, "ask the running app whether it is healthy: exit 0 if it is, else 1")
	migrate := flags.Bool("migrate", false, "prepare the data for this version, and end: exit 0 if it is done, else 1")
	work := flags.Bool("work", false, "take orders from the queue instead of serving, until told to end")
	if flags.Parse(arguments) != nil || flags.NArg() > 0 {
		return exitUsage
	}
	wanted, err := readSettings(getenv)
	if err != nil {
		fmt.Fprintln(stderr, "app:", err)
		return exitUsage
	}
	if *migrate {
		return prepare(wanted, os.Stdout)
	}
	if *probe {
		if err := askHealth("http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(wanted.port))); err != nil {
			fmt.Fprintln(stderr, "app:", err)
			return exitFailed
		}
		return exitFine
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: wanted.logLevel})))
	if *work {
		return takeOrders(wanted, signals)
	}
	return start(wanted, signals)
}

// prepare stands for a migration: it says what it does, and fails where it was told to.
func prepare(wanted settings, stdout io.Writer) int {
	fmt.Fprintln(stdout, "preparing the data for", version)
	if wanted.failMigration {
		fmt.Fprintln(stdout, "the data cannot be prepared")
		return exitFailed
	}
	fmt.Fprintln(stdout, "prepared")
	return exitFine
}

// takeOrders stands for a queue's worker: it finishes what it has in hand before it ends.
func takeOrders(wanted settings, signals <-chan os.Signal) int {
	slog.Info("working", "version", version, "slot", wanted.slot)
	signal := <-signals
	slog.Info("finishing the order in hand", "signal", signal.String())
	time.Sleep(inHand)
	slog.Info("done")
	return exitFine
}

// start waits as long as a slow start is meant to take, then serves until it is told to end.
func start(wanted settings, signals <-chan os.Signal) int {
	if wanted.startDelay > 0 {
		slog.Info("starting slowly", "seconds", wanted.startDelay.Seconds())
		select {
		case <-time.After(wanted.startDelay):
		case <-signals:
			return exitFine
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", ":"+strconv.Itoa(wanted.port))
	if err != nil {
		slog.Error("can not listen", "error", err)
		return exitFailed
	}
	return serve(newShop(wanted, version), listener, signals)
}
