"""The names in a route file, where several files share one proxy: each app's are its own.

Everything but the proxy's shell knows only the plain names; it puts the app's name before them when it writes a file,
and takes it away when it reads one. Pure: text in, text out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from components.routereading import parsed

SECTIONS = ("routers", "middlewares", "services", "serversTransports")
Renamed = Callable[[str], str]


def named(text: str, service: str) -> str:
    """The file with `service` before all names. Raises ValueError where `text` is no route file."""
    return _rewritten(text, lambda name: f"{service}-{name}") if service else text


def plain(text: str, service: str) -> str:
    """The file without it. A file that cannot be read is given back as it is: who reads it says so."""
    try:
        return _rewritten(text, lambda name: name.removeprefix(f"{service}-")) if service else text
    except ValueError:
        return text


def file_name(service: str) -> str:
    """What the file is called in the proxy's folder."""
    return f"route-{service}.yml" if service else "route.yml"


def _rewritten(text: str, renamed: Renamed) -> str:
    document = parsed(text)
    if document is None:
        return text
    http = {**document["http"]}
    for section in SECTIONS:
        if section in http:
            http[section] = {renamed(name): _references(one, renamed) for name, one in (http[section] or {}).items()}
    comments = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    return comments + yaml.safe_dump({**document, "http": http}, sort_keys=False, width=1000)


def _references(value: Any, renamed: Renamed, key: str = "") -> Any:
    """What a router, service or middleware says, with the names that it mentions renamed."""
    if isinstance(value, Mapping):
        if key == "services[]":
            return {**value, "name": renamed(value["name"])}
        return {one: _references(inner, renamed, one) for one, inner in value.items()}
    if isinstance(value, list):
        return [_references(one, renamed, f"{key}[]") for one in value]
    if key in {"service", "fallback", "serversTransport", "middlewares[]"} and isinstance(value, str):
        return renamed(value)
    return value
