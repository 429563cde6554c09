"""`python -m toolchain.docker_plugin ENGINE`: says its port on the first line of output, then serves until stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures
from typing import Any

from toolchain.protocol import LARGEST_MESSAGE, only_the_protocol

LOOK_EVERY = 5  # seconds between two looks whether the engine still lives
AT_ONCE = 32  # resources: the engine asks for as many as `--parallel` lets it


def main() -> None:
    """Serves on a free port of the loopback interface."""
    only_the_protocol()
    import grpc  # noqa: PLC0415

    from toolchain.docker_plugin.service import Docker, register  # noqa: PLC0415

    parent = os.getppid()
    service = Docker()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=AT_ONCE),
        options=[
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ],
    )
    register(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()

    ended = threading.Event()

    def leave(*_: Any) -> None:
        service.engine.cancelled.set()
        ended.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, leave)
    import docker  # noqa: F401, PLC0415 - slow to import: done while the engine is still busy connecting

    # an engine that was killed stops nobody: its plugin would stay
    while not ended.wait(LOOK_EVERY) and os.getppid() == parent:
        pass
    server.stop(0)


main()
