"""What a dynamic resource says while it works, beside its name in the engine's display.

The engine gives every plugin its own address as first argument and listens there for such lines.
Source: proto/pulumi/engine.proto (Log) of https://github.com/pulumi/pulumi
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Tell = Callable[[str], None]
ADDRESS = re.compile(r"[\w.\[\]:-]+:\d+")
NEWS = 2.0  # seconds between two lines of progress
PATIENCE = 2  # seconds: the work never waits for its own news


def silent(_: str) -> None:
    """Says nothing."""


def teller(urn: str | None, *, lasting: bool = False, warning: bool = False) -> Tell:
    """Shows each line beside the resource `urn` until the next one, or for good; silent where no engine listens.

    A `warning` is for good, and counted as one at the end.
    """
    address = sys.argv[1] if len(sys.argv) > 1 else ""
    if not ADDRESS.fullmatch(address):
        return silent
    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def tell(line: str) -> None:
        severity = engine_pb2.WARNING if warning else engine_pb2.INFO
        passing = not (lasting or warning)
        request = engine_pb2.LogRequest(severity=severity, message=line, urn=urn or "", ephemeral=passing)
        try:
            stub.Log(request, timeout=PATIENCE)
        except grpc.RpcError:
            return  # the engine is about to end; the work goes on

    return tell
