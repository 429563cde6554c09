"""`python -m toolchain.docker_plugin ENGINE`: says its port on the first line of output, then serves until stopped."""

from __future__ import annotations

import importlib.machinery
import os
import signal
import sys
import threading
import types
from concurrent import futures
from pathlib import Path
from typing import Any

LARGEST_MESSAGE = 400 * 1024 * 1024  # bytes, as in the engine
LOOK_EVERY = 5  # seconds between two looks whether the engine still lives
AT_ONCE = 32  # resources: the engine asks for as many as `--parallel` lets it


def only_the_protocol() -> None:
    """Lets `pulumi.runtime.proto` be imported without the rest of the SDK, which takes three times as long to load.

    A plugin is started at the beginning of every command, and needs nothing of the SDK but the messages.
    """
    spec = importlib.machinery.PathFinder.find_spec("pulumi")
    if spec is None or spec.origin is None or "pulumi" in sys.modules:
        return
    folder = Path(spec.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


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
