"""Loads of a provider's SDK only the modules that are used.

`import pulumi_github` loads all of its hundred resources, half a second of every command. Its modules, one a resource,
can be imported by themselves; so the package is stood in for by one that looks a name up when it is asked for.
"""

from __future__ import annotations

import importlib
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

# `RepositoryFile` and `RepositoryFileArgs` are in repository_file.py; arguments within arguments are in _inputs.py.
WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class LazyPackage(ModuleType):
    """A package whose names are looked up in its modules; the real one takes its place where one is not found there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if self._has(name):  # a module, or the function of the same name in it
            module_ = importlib.import_module(f"{self.__name__}.{name}")
            setattr(self, name, getattr(module_, name, module_))
            return getattr(self, name)
        for module in (WORD.sub("_", name.removesuffix("Args")).lower(), "_inputs"):
            if self._has(module):
                found = getattr(importlib.import_module(f"{self.__name__}.{module}"), name, None)
                if found is not None:
                    setattr(self, name, found)
                    return found
        return getattr(self._whole(), name)

    def _has(self, module: str) -> bool:
        return (Path(self.__path__[0]) / f"{module}.py").exists()

    def _whole(self) -> ModuleType:
        """The package as it is; what was loaded of it stays as it is."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return importlib.import_module(self.__name__)


def lazily(*packages: str) -> None:
    """Lets each of `packages` be loaded by its used parts only, unless it is loaded already or is not there."""
    for name in packages:
        spec = PathFinder.find_spec(name)
        if spec and spec.origin and name not in sys.modules:
            package = LazyPackage(name)
            package.__path__, package.__spec__, package.__file__ = [str(Path(spec.origin).parent)], spec, spec.origin
            sys.modules[name] = package
