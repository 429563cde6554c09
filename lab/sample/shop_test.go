package main

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func opened(t *testing.T, wanted settings) (*shop, string) {
	t.Helper()
	made := newShop(wanted, "v1.2.3")
	server := httptest.NewServer(made.handler())
	t.Cleanup(server.Close)
	return made, server.URL
}

func TestThePageNamesVersionAndSlot(t *testing.T) {
	_, url := opened(t, settings{slot: "blue"})
	status, body := get(t, url+"/")
	if status != http.StatusOK || !strings.Contains(body, "version: v1.2.3") || !strings.Contains(body, "slot: blue") {
		t.Errorf("answered %d %s", status, body)
	}
	if status, _ := get(t, url+"/elsewhere"); status != http.StatusNotFound {
		t.Errorf("another path answers %d", status)
	}
}

func TestTheSlotIsTheHostWhereItHasNoName(t *testing.T) {
	found, err := readSettings(environment(nil))
	if err != nil || found.slot == "" || found.port != defaultPort {
		t.Errorf("read %+v, %v", found, err)
	}
}

func TestTheVersionIsJSON(t *testing.T) {
	_, url := opened(t, settings{})
	if status, body := get(t, url+"/version"); status != http.StatusOK || body != `{"version":"v1.2.3"}`+"\n" {
		t.Errorf("answered %d %s", status, body)
	}
}

func TestHealthFollowsTheSwitch(t *testing.T) {
	_, url := opened(t, settings{switches: true})
	if status, body := get(t, url+"/health"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("answered %d %s", status, body)
	}
	post(t, url+"/switch", `{"fail_health": true}`)
	if status, body := get(t, url+"/health"); status != http.StatusServiceUnavailable || body != "failing\n" {
		t.Errorf("answered %d %s", status, body)
	}
	post(t, url+"/switch", `{"fail_health": false}`)
	if status, _ := get(t, url+"/health"); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
}

func TestAVersionMadeToFailIsNeverHealthyButServes(t *testing.T) {
	_, url := opened(t, settings{failHealth: true})
	if status, _ := get(t, url+"/health"); status != http.StatusServiceUnavailable {
		t.Errorf("health answers %d", status)
	}
	if status, _ := get(t, url+"/"); status != http.StatusOK {
		t.Errorf("the page answers %d", status)
	}
}

func TestASlowVersionIsSlowUntilItIsSwitchedBack(t *testing.T) {
	_, url := opened(t, settings{slow: 300 * time.Millisecond, switches: true})
	began := time.Now()
	get(t, url+"/")
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("took only %s", took)
	}
	if _, body := post(t, url+"/switch", `{"slow_ms": 0}`); !strings.Contains(body, `"slow_ms":0`) {
		t.Errorf("answered %s", body)
	}
	began = time.Now()
	get(t, url+"/")
	if took := time.Since(began); took > 250*time.Millisecond {
		t.Errorf("still takes %s", took)
	}
}

func TestAStreamComesLineByLine(t *testing.T) {
	_, url := opened(t, settings{})
	began := time.Now()
	reply, err := http.Get(url + "/stream?seconds=2")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	lines := bufio.NewScanner(reply.Body)
	if !lines.Scan() || lines.Text() != "1 of 2" || time.Since(began) > 1900*time.Millisecond {
		t.Errorf("first %q after %s", lines.Text(), time.Since(began))
	}
	if !lines.Scan() || lines.Text() != "2 of 2" || lines.Scan() {
		t.Errorf("then %q", lines.Text())
	}
	for _, wrong := range []string{"0", "301", "ten"} {
		if status, _ := get(t, url+"/stream?seconds="+wrong); status != http.StatusBadRequest {
			t.Errorf("seconds=%s answers %d", wrong, status)
		}
	}
}

func TestAnEchoIsTheBodyUpToAMebibyte(t *testing.T) {
	_, url := opened(t, settings{})
	if status, body := post(t, url+"/echo", "<b>hello</b>"); status != http.StatusOK || body != "<b>hello</b>" {
		t.Errorf("answered %d %s", status, body)
	}
	if status, _ := post(t, url+"/echo", strings.Repeat("x", largestEcho+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("answered %d", status)
	}
	if status, _ := get(t, url+"/echo"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET answers %d", status)
	}
}

func TestThereIsNoSwitchUnlessItIsWanted(t *testing.T) {
	made, url := opened(t, settings{})
	if status, _ := post(t, url+"/switch", `{"fail_health": true}`); status != http.StatusNotFound || made.failing.Load() {
		t.Errorf("answered %d, failing %t", status, made.failing.Load())
	}
}

func TestAWrongWishChangesNothing(t *testing.T) {
	made, url := opened(t, settings{switches: true})
	for _, wrong := range []string{"", "fail", `{"explode": true}`, `{"fail_health": true, "slow_ms": -1}`} {
		if status, _ := post(t, url+"/switch", wrong); status != http.StatusBadRequest || made.failing.Load() {
			t.Errorf("%s: answered %d, failing %t", wrong, status, made.failing.Load())
		}
	}
}
