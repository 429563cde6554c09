"""Users whose requests last: a stream that comes, an upload that goes, a websocket that is talked through."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from websockets.sync.client import connect

KINDS = ("stream", "upload", "websocket")
BEAT = 0.1  # seconds between two pieces
PIECE = b"x" * 1000
PATIENCE = 20.0  # seconds for one answer, and for the end of what is cut off


class Lasting:
    """Requests of these kinds that take `seconds` each, if nobody cuts them off.

    Entered once all are under way. `ended`: by kind "whole", or what went wrong; `lasted`: by kind the seconds.
    """

    def __init__(
        self, url: str, seconds: int, kinds: tuple[str, ...] = KINDS, headers: Mapping[str, str] | None = None
    ) -> None:
        self.url, self.seconds, self.headers = url, seconds, dict(headers or {})
        self.ended: dict[str, str] = {}
        self.lasted: dict[str, float] = {}
        self._under_way = {kind: threading.Event() for kind in kinds}
        self._threads = [threading.Thread(target=self._run, args=(kind,), daemon=True) for kind in kinds]

    def __enter__(self) -> Lasting:
        for one in self._threads:
            one.start()
        for kind, event in self._under_way.items():
            assert event.wait(PATIENCE), f"the {kind} did not get under way: {self.ended.get(kind)}"
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def wait(self) -> None:
        """Until all have ended, whole or not."""
        for one in self._threads:
            one.join(self.seconds + PATIENCE)
            assert not one.is_alive(), "a request hangs"

    def _run(self, kind: str) -> None:
        ways: dict[str, Callable[[threading.Event], None]] = {
            "stream": self._stream, "upload": self._upload, "websocket": self._websocket,
        }  # fmt: skip
        begun = time.monotonic()
        try:
            ways[kind](self._under_way[kind])
        except Exception as error:  # whatever a client sees is what the test is to tell
            self.ended[kind] = f"{type(error).__name__}: {error}"
        else:
            self.ended[kind] = "whole"
        self.lasted[kind] = time.monotonic() - begun

    def _stream(self, under_way: threading.Event) -> None:
        client = self._client()
        client.request("GET", f"/stream?seconds={self.seconds}", headers=self.headers)
        answer = client.getresponse()
        lines = []
        while line := answer.readline():
            lines.append(line.decode().strip())
            under_way.set()
        assert lines == [f"{number} of {self.seconds}" for number in range(1, self.seconds + 1)], f"got {lines[-1:]}"

    def _upload(self, under_way: threading.Event) -> None:
        pieces = int(self.seconds / BEAT)

        def body() -> Iterator[bytes]:
            for _ in range(pieces):
                yield PIECE
                time.sleep(BEAT)
                under_way.set()

        client = self._client()
        client.request("POST", "/upload", body=body(), headers=self.headers, encode_chunked=True)
        answer = client.getresponse()
        said = answer.read().decode()
        assert answer.status == 200, f"{answer.status} {said}"
        assert json.loads(said) == {"bytes": pieces * len(PIECE)}

    def _websocket(self, under_way: threading.Event) -> None:
        address = f"ws://{urlsplit(self.url).netloc}/socket"
        end = time.monotonic() + self.seconds
        with connect(address, additional_headers=self.headers, proxy=None) as socket:
            number = 0
            while time.monotonic() < end:
                number += 1
                socket.send(str(number))
                assert socket.recv(PATIENCE) == str(number)
                under_way.set()
                time.sleep(BEAT)

    def _client(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
