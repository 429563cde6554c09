"""The Go command that builds the sample app."""

from __future__ import annotations

import pytest

from toolchain.go import toolchain


@pytest.fixture(scope="session")
def go() -> str:
    """The machine's own where it is new enough (the sample's go.mod says 1.24), else the one the project brings."""
    return str(toolchain((1, 24)))
