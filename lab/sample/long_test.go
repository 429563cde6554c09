package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func dialled(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	opened, reply, err := websocket.Dial(context.Background(), url+"/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Body != nil {
		reply.Body.Close()
	}
	t.Cleanup(func() { opened.CloseNow() })
	return opened
}

func said(t *testing.T, opened *websocket.Conn, message string) string {
	t.Helper()
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := opened.Write(patience, websocket.MessageText, []byte(message)); err != nil {
		return err.Error()
	}
	_, answered, err := opened.Read(patience)
	if err != nil {
		return err.Error()
	}
	return string(answered)
}

func TestAWebsocketSaysEveryMessageAgain(t *testing.T) {
	_, url := opened(t, settings{})
	socket := dialled(t, url)
	for _, message := range []string{"one", "two"} {
		if answered := said(t, socket, message); answered != message {
			t.Errorf("%s: answered %q", message, answered)
		}
	}
	if status, _ := get(t, url+"/socket"); status != http.StatusUpgradeRequired {
		t.Errorf("without an upgrade: %d", status)
	}
}

func TestAnUploadIsReadForAsLongAsItComes(t *testing.T) {
	_, url := opened(t, settings{})
	reader, writer := io.Pipe()
	go func() {
		for range 5 {
			_, _ = io.WriteString(writer, strings.Repeat("x", 1000))
			time.Sleep(50 * time.Millisecond)
		}
		writer.Close()
	}()
	reply, err := http.Post(url+"/upload", "application/octet-stream", reader)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if body, _ := io.ReadAll(reply.Body); string(body) != `{"bytes":5000}`+"\n" {
		t.Errorf("answered %d %s", reply.StatusCode, body)
	}
}

func TestAWebsocketIsWaitedForAndCutOffAtTheEnd(t *testing.T) {
	url, signals, ended := running(t, map[string]string{"SHUTDOWN_DELAY_S": "0", "DRAIN_S": "5"})
	socket := dialled(t, url)
	signals <- syscall.SIGTERM
	time.Sleep(200 * time.Millisecond)
	if answered := said(t, socket, "still there"); answered != "still there" {
		t.Errorf("answered %q", answered)
	}
	socket.Close(websocket.StatusNormalClosure, "")
	expectEnd(t, ended, exitFine, 3*time.Second)

	url, signals, ended = running(t, map[string]string{"SHUTDOWN_DELAY_S": "0", "DRAIN_S": "1"})
	dialled(t, url)
	signals <- syscall.SIGTERM
	expectEnd(t, ended, exitFailed, 5*time.Second)
}
