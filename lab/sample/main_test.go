package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// running starts the program and waits until it answers.
func running(t *testing.T, values map[string]string) (url string, signals chan os.Signal, ended chan int) {
	t.Helper()
	values["PORT"] = freePort(t)
	signals, ended = make(chan os.Signal, 2), make(chan int, 1)
	go func() { ended <- run(nil, environment(values), io.Discard, signals) }()
	url = "http://127.0.0.1:" + values["PORT"]
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if reply, err := http.Get(url + "/version"); err == nil {
			reply.Body.Close()
			return url, signals, ended
		}
	}
	t.Fatal("the program does not answer")
	return
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(body)
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	reply, err := http.Post(url, "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	answered, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(answered)
}

func expectEnd(t *testing.T, ended <-chan int, wanted int, patience time.Duration) {
	t.Helper()
	select {
	case code := <-ended:
		if code != wanted {
			t.Errorf("ended with %d, want %d", code, wanted)
		}
	case <-time.After(patience):
		t.Fatalf("did not end within %s", patience)
	}
}

func TestAWrongSettingEndsTheProgramAndIsNamed(t *testing.T) {
	for name, value := range map[string]string{
		"PORT": "eighty", "SLOW_MS": "-1", "DRAIN_S": "1.5", "FAIL_HEALTH": "yes", "LOG_LEVEL": "loud",
	} {
		var said strings.Builder
		if code := run(nil, environment(map[string]string{name: value}), &said, nil); code != exitUsage {
			t.Errorf("%s=%s: ended with %d", name, value, code)
		}
		if !strings.Contains(said.String(), name+"="+value+": must be ") {
			t.Errorf("%s=%s: said %q", name, value, said.String())
		}
	}
}

func TestAnUnknownArgumentEndsTheProgram(t *testing.T) {
	for _, arguments := range [][]string{{"-what"}, {"serve"}} {
		if code := run(arguments, environment(nil), io.Discard, nil); code != exitUsage {
			t.Errorf("%v: ended with %d", arguments, code)
		}
	}
}

func TestAPortInUseEndsTheProgram(t *testing.T) {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	if code := run(nil, environment(map[string]string{"PORT": port}), io.Discard, nil); code != exitFailed {
		t.Errorf("ended with %d", code)
	}
}

func TestItsOwnHealthCheckSaysWhetherItIsHealthy(t *testing.T) {
	values := map[string]string{"SWITCHES": "1", "SHUTDOWN_DELAY_S": "0"}
	url, signals, ended := running(t, values)
	if code := run([]string{"-health"}, environment(values), io.Discard, nil); code != exitFine {
		t.Errorf("healthy: %d", code)
	}
	post(t, url+"/switch", `{"fail_health": true}`)
	var said strings.Builder
	if code := run([]string{"-health"}, environment(values), &said, nil); code != exitFailed {
		t.Errorf("failing: %d", code)
	}
	if !strings.Contains(said.String(), "503") {
		t.Errorf("failing: said %q", said.String())
	}
	signals <- syscall.SIGTERM
	expectEnd(t, ended, exitFine, 5*time.Second)
	if code := run([]string{"-health"}, environment(values), io.Discard, nil); code != exitFailed {
		t.Errorf("gone: %d", code)
	}
}

func TestASlowStartDoesNotListenAndCanBeEnded(t *testing.T) {
	values := map[string]string{"PORT": freePort(t), "START_DELAY_S": "60"}
	signals, ended := make(chan os.Signal, 2), make(chan int, 1)
	go func() { ended <- run(nil, environment(values), io.Discard, signals) }()
	time.Sleep(50 * time.Millisecond)
	if _, err := http.Get("http://127.0.0.1:" + values["PORT"] + "/health"); err == nil {
		t.Error("it answers already")
	}
	signals <- syscall.SIGTERM
	expectEnd(t, ended, exitFine, time.Second)
}

func TestMigrationTellsHowItEnded(t *testing.T) {
	signals := make(chan os.Signal, 1)
	if code := run([]string{"-migrate"}, environment(nil), io.Discard, signals); code != exitFine {
		t.Errorf("ended with %d", code)
	}
	failing := environment(map[string]string{"FAIL_MIGRATION": "1"})
	if code := run([]string{"-migrate"}, failing, io.Discard, signals); code != exitFailed {
		t.Errorf("a failing one ended with %d", code)
	}
}

func TestAWorkerEndsWhenItIsToldTo(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	if code := run([]string{"-work"}, environment(nil), io.Discard, signals); code != exitFine {
		t.Errorf("ended with %d", code)
	}
}
