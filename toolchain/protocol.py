"""The messages that the engine and its plugins exchange, without the rest of Pulumi's SDK."""

from __future__ import annotations

import importlib.machinery
import sys
import types
from pathlib import Path

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
