package main

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhileLeavingItIsUnhealthyButStillAnswersAndAsksForNewConnections(t *testing.T) {
	url, signals, ended := running(t, map[string]string{"SHUTDOWN_DELAY_S": "30"})
	signals <- syscall.SIGTERM
	deadline := time.Now().Add(5 * time.Second)
	for status, body := get(t, url+"/health"); status != http.StatusServiceUnavailable; status, body = get(t, url+"/health") {
		if time.Now().After(deadline) {
			t.Fatalf("health still answers %d %s", status, body)
		}
		time.Sleep(10 * time.Millisecond)
	}
	reply, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.StatusCode != http.StatusOK || !reply.Close {
		t.Errorf("status %d, connection closed: %t", reply.StatusCode, reply.Close)
	}
	signals <- syscall.SIGTERM // the second one: no waiting
	expectEnd(t, ended, exitFine, 5*time.Second)
}

func TestARequestUnderWayIsFinishedBeforeTheEnd(t *testing.T) {
	url, signals, ended := running(t, map[string]string{"SHUTDOWN_DELAY_S": "0"})
	reply, err := http.Get(url + "/stream?seconds=2") // hands back once the first line is there
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	signals <- syscall.SIGTERM
	body, err := io.ReadAll(reply.Body)
	if err != nil || string(body) != "1 of 2\n2 of 2\n" {
		t.Errorf("got %q, %v", body, err)
	}
	expectEnd(t, ended, exitFine, 5*time.Second)
}

func TestARequestThatTakesTooLongIsCutOffAndTheEndSaysSo(t *testing.T) {
	url, signals, ended := running(t, map[string]string{"SHUTDOWN_DELAY_S": "0", "DRAIN_S": "0"})
	reply, err := http.Get(url + "/stream?seconds=60")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	signals <- syscall.SIGTERM
	if _, err := io.ReadAll(reply.Body); err == nil {
		t.Error("the stream ended as if it were whole")
	}
	expectEnd(t, ended, exitFailed, 5*time.Second)
}

func TestItCrashesWhenToldToByTheEnvironment(t *testing.T) {
	_, _, ended := running(t, map[string]string{"CRASH_AFTER_S": "1"})
	expectEnd(t, ended, exitCrashed, 5*time.Second)
}

func TestItCrashesWhenToldToByASwitchEvenWhileLeaving(t *testing.T) {
	url, signals, ended := running(t, map[string]string{"SWITCHES": "1", "SHUTDOWN_DELAY_S": "30"})
	signals <- syscall.SIGTERM
	status, body := post(t, url+"/switch", `{"crash": true}`)
	if status != http.StatusOK || !strings.Contains(body, `"crash":true`) {
		t.Errorf("answered %d %s", status, body)
	}
	expectEnd(t, ended, exitCrashed, 5*time.Second)
}
