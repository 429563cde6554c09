"""Asks a slot whether it is ready, the way its users will reach it: through the proxy.

Readiness is `successes` good answers (2xx) of the app's own health path in a row, all from the slot that was asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import urllib3
from urllib3.exceptions import InsecureRequestWarning

from components.progress import NEWS
from components.routereading import ROUTE_HEADER
from components.slots import Slot
from components.way import SLOT_HEADER, Way

# Whether the app is ready does not hang on the certificate: the first one is fetched once users can reach the proxy.
urllib3.disable_warnings(InsecureRequestWarning)
PAUSE = 0.1  # seconds between two questions


@dataclass(frozen=True)
class Answer:
    """`status` 0: none came. `slot`, `route`: who the proxy says answered, and by which revision of the file."""

    status: int
    slot: str = ""
    route: str = ""
    words: str = ""

    @property
    def good(self) -> bool:
        """As health checks take it."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def __str__(self) -> str:
        return f"{self.status}" if self.status else f"no answer ({self.words})"


@dataclass(frozen=True)
class Probe:
    """Where the proxy is reached (`url`), which requests are for the app, and how long one answer may take, in s."""

    url: str
    way: Way
    timeout: float

    def ask(self, path: str, slot: Slot | None) -> Answer:
        """One request to `slot`; None: as any user."""
        headers = {**({SLOT_HEADER: slot} if slot else {}), **self.way.headers}
        try:
            # A connection of its own each time: what an old one says is not what a user would be told.
            pool = urllib3.PoolManager(
                timeout=urllib3.Timeout(total=self.timeout),
                retries=False,
                cert_reqs="NONE",
                server_hostname=self.way.host,
            )
            reply = pool.request("GET", self.url + path, headers={**headers, "Connection": "close"}, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return Answer(0, words=_words(error))
        return Answer(reply.status, reply.headers.get(SLOT_HEADER, ""), reply.headers.get(ROUTE_HEADER, ""))


def _words(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "timed out"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "connection refused"
    return type(error).__name__


class Waiting(Exception):  # noqa: N818 - it is not an error of the program
    """The wait was in vain: `last` is the last answer, `given_up` why it ended before the time, if it did."""

    def __init__(self, last: Answer, given_up: str = "") -> None:
        self.last, self.given_up = last, given_up
        super().__init__(given_up or str(last))


def wait(
    ask: Callable[[], Answer],
    good: Callable[[Answer], bool],
    *,
    successes: int,
    deadline: float,
    pause: float = PAUSE,
    tell: Callable[[Answer, float], None] = lambda *_: None,
    hopeless: Callable[[], str] = lambda: "",
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Asks until `successes` answers in a row are good. `deadline` in seconds from now, the last answer included;
    `pause` in seconds between two questions.

    `tell` hears the last answer and the seconds gone, every other second. `hopeless` says why waiting is in vain ("" if
    it is not). Raises Waiting.
    """
    begun = told = clock()
    row = 0
    while True:
        answer = ask()
        row = row + 1 if good(answer) else 0
        if row >= successes:
            return
        now = clock()
        if now + pause - begun > deadline:
            raise Waiting(answer)
        if row == 0 and (why := hopeless()):
            raise Waiting(answer, why)
        if now - told >= NEWS:
            tell(answer, now - begun)
            told = now
        sleep(pause)
