"""How a slot is emptied: nobody is sent there any more, and what is under way there comes to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from components import routereading
from components.daemon import EngineError
from components.probe import PAUSE, Answer, Waiting, wait
from components.progress import NEWS, Tell, silent
from components.routefile import Target
from components.slots import Slot
from components.wanted import Wanted

if TYPE_CHECKING:
    from components.proxy import Proxy  # at run time it is handed in

FORGOTTEN = 15  # seconds at most until the proxy goes by what is left; it takes some 0.1 s
# The proxy is told of a changed file by the kernel, once. Seconds without effect after which it is told again.
LOST = 3
SETTLED = 0.5  # seconds within which the proxy takes two changes for one, and more


def drained(
    proxy: Proxy,
    target: Target,
    patience: float,
    tell: Tell = silent,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns once nothing is under way in `target` any more, to which no route leads.

    After `patience` s at the latest: what still is under way is then cut off by its container's stop.
    """
    begun = told = clock()
    while (now := clock()) - begun < patience:
        left = sum(proxy.connections(name, target.port) for name in target.names)
        if not left:
            return
        if now - told >= NEWS:
            tell(f"waiting for {left} connections of {target.name} to end, {now - begun:.0f} s of {patience:.0f} s")
            told = now
        sleep(PAUSE)


def withdrawn(
    proxy: Proxy,
    last: Wanted,
    ask: Callable[[str, Slot | None], Answer],
    tell: Tell = silent,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Takes the whole route `last` away, and returns once its slots are drained. Raises EngineError."""
    present = proxy.present()
    if not present:
        return
    try:
        served = routereading.revision(present)
    except ValueError:
        served = ""  # someone has broken the file: the proxy goes by an older one until it is gone
    proxy.remove()
    health, told = last.targets[last.live].health, clock()

    def asked() -> Answer:
        nonlocal told
        answer = ask(health, last.live)
        if served and answer.route == served and clock() - told >= LOST:
            proxy.place(present)
            sleep(SETTLED)
            proxy.remove()
            told = clock()
        return answer

    try:
        wait(
            asked,
            lambda answer: not served or answer.route != served,
            successes=1,
            deadline=FORGOTTEN,
            clock=clock,
            sleep=sleep,
        )
    except Waiting:
        raise EngineError(f"The proxy at {last.url} still serves a route that was taken away. Run it again.") from None
    for target in last.targets.values():
        drained(proxy, target, last.drain, tell, clock=clock, sleep=sleep)
