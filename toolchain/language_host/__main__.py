"""`python -m toolchain.language_host ENGINE`: says its port on the first line of output, then serves until stopped."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from toolchain.protocol import only_the_protocol, serving

AT_ONCE = 4  # calls: the engine has one program run, and may cancel it


def main() -> None:
    """Serves until the engine ends it."""
    only_the_protocol()
    from pulumi.runtime.proto import language_pb2_grpc  # noqa: PLC0415

    from toolchain.language_host.host import Host  # noqa: PLC0415

    # Leaving at once: an orderly end of the interpreter takes 0.2 s of every command and has nothing to save.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    register = partial(language_pb2_grpc.add_LanguageRuntimeServicer_to_server, Host(sys.argv[-1]))
    serving(register, ThreadPoolExecutor(AT_ONCE)).wait_for_termination()


main()
