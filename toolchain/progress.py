"""What a person sees while something takes long: what is done, for how long already, and in what it ended."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

FIRST = 2.0  # seconds before a step says that it still runs
MINUTE = 60  # seconds
EVERY = 15.0  # seconds between two such lines where the output is no terminal


class StepError(RuntimeError):
    """A step can not get what it needs. The message is one line: what is missing, and the remedy."""


def say(text: str) -> None:
    """One line on standard error; standard output is left to results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def step(text: str) -> Iterator[None]:
    """Shows `text` while the block runs, and how long it took; nothing where it takes less than 2 s.

    On a terminal one line counts the seconds; elsewhere a line comes now and then, so that a log shows life.
    """
    started = time.monotonic()
    done = threading.Event()
    thread = threading.Thread(target=_tick, args=(text, started, done), daemon=True)
    thread.start()
    ending = "failed"
    try:
        yield
        ending = "done"
    finally:
        done.set()
        thread.join()
        took = time.monotonic() - started
        if took >= FIRST:
            lead = "\r\x1b[K" if sys.stderr.isatty() else ""
            say(f"{lead}{text}: {ending} in {span(took)}")


def _tick(text: str, started: float, done: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    pause = FIRST
    while not done.wait(pause):
        passed = span(time.monotonic() - started)
        if terminal:
            sys.stderr.write(f"\r\x1b[K{text} … {passed}")
            sys.stderr.flush()
        else:
            say(f"{text} … {passed}")
        pause = 1.0 if terminal else EVERY


def span(seconds: float) -> str:
    """3 s, 2 min 5 s."""
    whole = round(seconds)
    return f"{whole // MINUTE} min {whole % MINUTE} s" if whole >= MINUTE else f"{whole} s"
