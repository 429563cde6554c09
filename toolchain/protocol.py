"""How the engine and its plugins speak: the messages, without the rest of Pulumi's SDK, and how a service begins."""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

LARGEST_MESSAGE = 400 * 1024 * 1024  # bytes, as in the engine
WITHOUT = ("pulumi", "pulumi.runtime")


def only_the_protocol() -> None:
    """Lets `pulumi.runtime.proto` be imported without the rest of the SDK, which takes three times as long to load.

    A plugin is started at the beginning of every command, and needs nothing of the SDK but the messages.
    """
    spec = importlib.machinery.PathFinder.find_spec("pulumi")
    if spec is None or spec.origin is None or "pulumi" in sys.modules:
        return
    folder = Path(spec.origin).parent
    for name, path in zip(WITHOUT, (folder, folder / "runtime"), strict=True):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


def all_of_it() -> None:
    """Lets the whole SDK be imported after all; the messages that are loaded stay as they are."""
    for name in WITHOUT:
        module = sys.modules.get(name)
        if module is not None and module.__spec__ is None:
            del sys.modules[name]


def serving(register: Callable[[Any], None], pool: futures.ThreadPoolExecutor) -> Any:
    """A gRPC server that answers by what `register` adds to it, in the threads of `pool`.

    It listens on a free port of the loopback interface, and has told the engine which, on the first line of output.
    """
    import grpc  # noqa: PLC0415 - the tests and the toolchain's own commands need none

    options = [(f"grpc.max_{way}_message_length", LARGEST_MESSAGE) for way in ("receive", "send")]
    server = grpc.server(pool, options=options)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    return server
