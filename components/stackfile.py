"""Which values of the stack's configuration are encrypted where they are kept.

The engine hands values over decrypted and says only of a whole top-level key that something in it is secret, so the
stack file itself is read. Where the configuration came from another file, the engine's word is all there is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str, ...]


def load(folder: Path, stack: str) -> Mapping[str, Any]:
    """The `config` of Pulumi.<stack>.yaml in `folder`; empty where there is none that can be read."""
    for suffix in ("yaml", "yml"):
        try:
            document = yaml.safe_load((folder / f"Pulumi.{stack}.{suffix}").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue  # a broken file is the engine's own error, raised before the program starts
        config = document.get("config") if isinstance(document, dict) else None
        return config if isinstance(config, dict) else {}
    return {}


def secure_paths(
    config: Mapping[str, str], file: Mapping[str, Any], secret_keys: Collection[str], project: str
) -> frozenset[KeyPath]:
    """The paths of values that are kept encrypted.

    `config`: values as the engine hands them over, by full key. `file`: what `load` gave. `secret_keys`: the full keys
    that the engine calls secret. A value below such a key counts as encrypted unless the file has it in clear text.
    """
    found = set()
    for key, text in config.items():
        if key not in secret_keys or not key.startswith(f"{project}:"):
            continue
        name = key.partition(":")[2]
        for path in _leaves(_decoded(text)):
            if not _in_clear(file.get(key), path):
                found.add((name, *path))
    return frozenset(found)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _leaves(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(position)))
    else:
        yield path


def _in_clear(node: Any, path: KeyPath) -> bool:
    """Whether the file has plain text at `path` below `node`."""
    for part in path:
        if isinstance(node, dict) and set(node) == {"secure"}:
            return False
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return False  # not in this file: the engine's word counts
    return node is not None and not isinstance(node, dict | list)
