"""`python -m toolchain.language_host ENGINE`: says its port on the first line of output, then serves until stopped."""

from __future__ import annotations

import os
import signal
import sys
from concurrent import futures

from toolchain.protocol import LARGEST_MESSAGE, only_the_protocol


def main() -> None:
    """Serves until the engine ends it."""
    only_the_protocol()
    import grpc  # noqa: PLC0415
    from pulumi.runtime.proto import language_pb2_grpc  # noqa: PLC0415

    from toolchain.language_host.host import Host  # noqa: PLC0415

    # Leaving at once: an orderly end of the interpreter takes 0.2 s of every command and has nothing to save.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=[
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


main()
