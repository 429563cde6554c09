"""Where things are kept: what is built once for every clone, what belongs to this clone, and what is the user's own."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "toolchain" / "modules"
OWN = ROOT / ".golive"  # everything of this clone that is not the project's source
ENGINE = OWN / "engine"  # an engine that was built: its binary, its home
STATE = OWN / "state"  # the backend, unless another one is chosen
LAB = OWN / "lab"
VENV = ROOT / ".venv"


def cache() -> Path:
    """Built and downloaded parts, by version. XDG Base Directory: $XDG_CACHE_HOME, else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golive" / "toolchain"


def secrets() -> Path:
    """The passphrase of this clone's stacks, outside the clone so that it is never committed or copied with it."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    clone = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return config / "golive" / f"{ROOT.name}-{clone}"


def passphrase() -> Path:
    """The file that PULUMI_CONFIG_PASSPHRASE_FILE names where nothing else is set."""
    return secrets() / "passphrase"
