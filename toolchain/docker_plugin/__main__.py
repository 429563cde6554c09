"""`python -m toolchain.docker_plugin ENGINE`: says its port on the first line of output, then serves until stopped.

The docker package takes a seventh of a second to load, so that is done where the Docker engine is first asked: an
update that moves the route alone, or nothing, asks it nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from toolchain.protocol import only_the_protocol, serving

LOOK_EVERY = 5  # seconds between two looks whether the engine still lives
AT_ONCE = 32  # resources: the engine asks for as many as `--parallel` lets it


def main() -> None:
    """Serves until the engine ends it, or has ended."""
    only_the_protocol()
    from toolchain.docker_plugin.service import Docker, register  # noqa: PLC0415

    parent = os.getppid()
    service = Docker()
    pool = ThreadPoolExecutor(AT_ONCE)
    server = serving(partial(register, service), pool)
    ended = threading.Event()

    def leave(*_: Any) -> None:
        service.engine.cancelled.set()
        ended.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, leave)
    # an engine that was killed stops nobody: its plugin would stay
    while not ended.wait(LOOK_EVERY) and os.getppid() == parent:
        pass
    server.stop(0)
    pool.shutdown()  # what is under way on the engine comes to its end
    os._exit(0)  # an orderly end of the interpreter takes 0.05 s of every command and has nothing to save


main()
