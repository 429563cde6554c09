"""Ports of loopback for what the tests publish."""

from __future__ import annotations

import random
import socket

# Below those that the kernel gives to outgoing connections: one of these may be taken again at any moment.
LOWEST, HIGHEST = 20000, 32000


def free_port() -> int:
    """A port that nobody has now, and that only someone who asks for it by number will get."""
    while True:
        port = random.randint(LOWEST, HIGHEST)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
