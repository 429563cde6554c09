"""Stands between a client of any kind and the lab, and holds what passes against GitHub's description."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.engine.lab import description

NOT_PASSED_ON = {"host", "accept-encoding", "connection", "content-length", "transfer-encoding", "date"}


class Recorder(ThreadingHTTPServer):
    """A server on a free port that passes everything on to `target` and collects objections."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = target.rstrip("/")
        self.objections: list[str] = []
        self.calls: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def check(self, method: str, path: str, sent: bytes | None, status: int, got: bytes) -> None:
        known, inner = description.load(), path.removeprefix("/api/v3")
        self.calls.append(f"{method} {inner} {status}")
        try:
            wrong = known.request(method, inner, json.loads(sent) if sent else None)
            if status != 304:
                wrong += known.response(method, inner, status, json.loads(got) if got else None)
        except AssertionError as error:
            wrong = [str(error)]
        self.objections += [f"{method} {inner} {status}: {one}" for one in wrong]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def pass_on(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        sent = self.rfile.read(length) if length else None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        request = urllib.request.Request(self.server.target + self.path, sent, headers, method=self.command)
        try:
            answer: Any = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            got = answer.read()
        self.server.check(self.command, self.path, sent, answer.status, got)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in NOT_PASSED_ON:
                self.send_header(name, value)
        if answer.status not in {204, 304}:
            self.send_header("content-length", str(len(got)))
        self.end_headers()
        self.wfile.write(got)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = pass_on  # noqa: N815 — the base class looks for these names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the base class names it so
        """Nothing: the test reads `calls`."""
