"""Users who never wait for each other: a load at a constant rate, by Vegeta, and what became of every request.

Source: https://github.com/tsenart/vegeta (encode: the columns of its CSV)
"""

from __future__ import annotations

import csv
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import urllib3

LONGEST = 1800  # seconds: a load that nobody ends, ends
TIMEOUT = 5  # seconds for one answer; no answer by then is a failed request
STREAM = 8  # seconds of one stream: less than the app takes to let its last requests come to their end
GOOD = range(200, 300)
# Together 525 requests a second: on kept connections, each on a connection of its own, and with a body.
KINDS = {
    "get": (300, "GET {url}/version\n", ()),
    "fresh": (125, "GET {url}/version\n", ("-keepalive=false",)),
    "post": (100, "POST {url}/echo\n@{body}\n", ()),
}


@dataclass(frozen=True)
class Request:
    """One request: when it began (seconds since the epoch), how long it took (seconds), and whether it was served.

    `stream`: it is meant to take long.
    """

    began: float
    took: float
    good: bool
    error: str = ""
    stream: bool = False


class Load:
    """The load on the app at `url` within the block; afterwards `requests` are all of them, in the order they began."""

    def __init__(self, vegeta: Path, url: str) -> None:
        self.vegeta, self.url = vegeta, url
        self.requests: list[Request] = []
        self._folder = tempfile.TemporaryDirectory(prefix="golive-load-")
        self._attacks: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()
        self._stream = threading.Thread(target=self._streams, daemon=True)
        self._streamed: list[Request] = []

    def __enter__(self) -> Load:
        folder = Path(self._folder.name)
        body = folder / "body"
        body.write_text("an order")
        for kind, (rate, target, more) in KINDS.items():
            (folder / f"{kind}.targets").write_text(target.format(url=self.url, body=body))
            self._attacks.append(
                subprocess.Popen(
                    [self.vegeta, "attack", f"-rate={rate}", f"-duration={LONGEST}s", f"-timeout={TIMEOUT}s",
                     "-max-body=0", "-redirects=-1", *more,
                     f"-targets={folder / kind}.targets", f"-output={folder / kind}.bin"],
                )
            )  # fmt: skip
        self._stream.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for attack in self._attacks:
            attack.send_signal(signal.SIGINT)  # no new request; those under way come to their end
        for attack in self._attacks:
            try:
                attack.wait(TIMEOUT + 10)
            except subprocess.TimeoutExpired:
                attack.kill()
        self._stream.join(STREAM + TIMEOUT)
        found = [one for kind in KINDS for one in self._read(Path(self._folder.name) / f"{kind}.bin")]
        self.requests = sorted([*found, *self._streamed], key=lambda one: one.began)
        self._folder.cleanup()

    def _read(self, file: Path) -> Iterable[Request]:
        encoded = subprocess.run(
            [self.vegeta, "encode", "-to=csv", file], check=True, capture_output=True, text=True
        ).stdout
        for row in csv.reader(encoded.splitlines()):
            began, code, took, error = int(row[0]) / 1e9, int(row[1]), int(row[2]) / 1e9, row[6]
            yield Request(began, took, code in GOOD, error or str(code))

    def _streams(self) -> None:
        """One long answer after the other: each must come whole."""
        while not self._ended.is_set():
            began, seconds, error = time.time(), STREAM, ""
            try:
                answer = urllib3.request("GET", f"{self.url}/stream?seconds={seconds}", timeout=TIMEOUT, retries=False)
                if len(answer.data.splitlines()) != seconds:
                    error = f"stream: {answer.status}, {len(answer.data.splitlines())} of {seconds} lines"
            except urllib3.exceptions.HTTPError as refused:
                error = f"stream: {type(refused).__name__}"
            if error:
                time.sleep(1)  # nobody opens it again at once
            self._streamed.append(Request(began, time.time() - began, not error, error, stream=True))


def within(requests: Iterable[Request], since: float, until: float) -> list[Request]:
    """Those that were under way at some moment of a window: what happens in it may cost any of them."""
    return [one for one in requests if one.began < until and one.began + one.took > since]


def quantile(requests: Iterable[Request], share: float) -> float:
    """The time in milliseconds within which that share of the good ones were answered; 0 where there are none."""
    times = sorted(one.took for one in requests if one.good and not one.stream)
    return round(1000 * times[min(len(times) - 1, int(len(times) * share))], 1) if times else 0.0
