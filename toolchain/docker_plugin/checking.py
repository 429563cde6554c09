"""Which inputs are refused before anything is done, and why."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from toolchain.docker_plugin.canonical import duration
from toolchain.docker_plugin.properties import CONTAINER, SETTINGS, Property, Resource
from toolchain.docker_plugin.wire import UNKNOWN

OFFICIAL = "or use the official plugin (`pulumi plugin install resource docker v5.2.0`)"
TYPES: Mapping[str, tuple[str, Any]] = {
    "string": ("a text", str),
    "integer": ("a whole number", int),
    "boolean": ("true or false", bool),
    "strings": ("a list of texts", list),
    "map": ("texts by name", Mapping),
    "object": ("an object", Mapping),
    "objects": ("a list of objects", list),
}


class Refusal(NamedTuple):
    """One input that is refused: the path to it, and why, with the remedy. Values are never told."""

    path: str
    reason: str


def refused_type(token: str) -> str:
    """The sentence for a resource or function that is not implemented."""
    return f"{token} is not implemented by golive's Docker plugin: leave it out, {OFFICIAL}"


def refusals(resource: Resource, inputs: Mapping[str, Any]) -> list[Refusal]:
    """Everything that is wrong with `inputs`, in their order; what is UNKNOWN is checked when it is known."""
    found = list(_object(resource.properties, inputs, ""))
    if resource is CONTAINER:
        found += _uploads(inputs.get("uploads"))
        if inputs.get("uploads") and inputs.get("readOnly") is True:
            reason = "properties uploads and readOnly exclude each other on the Docker engine: mount a volume instead"
            found.append(Refusal("uploads", reason))
    return found


def refused_settings(settings: Mapping[str, Any]) -> list[Refusal]:
    """The provider's own settings that are not implemented, or not of the right form."""
    found = [
        Refusal(name, f"setting docker:{name} is not implemented by golive's Docker plugin: leave it out, {OFFICIAL}")
        for name in settings
        if name not in SETTINGS and not name.startswith("__")
    ]
    host = settings.get("host", "")
    if host is not UNKNOWN and host and not re.match(r"(unix|tcp|ssh|http|https)://.", str(host)):
        found.append(Refusal("host", "docker:host must begin with unix://, tcp:// or ssh://"))
    return found


def _object(known: Mapping[str, Property], given: Mapping[str, Any], within: str) -> Iterator[Refusal]:
    for name, value in given.items():
        path = f"{within}{name}"
        if name.startswith("__"):
            continue
        if name not in known:
            yield Refusal(
                path, f"property {path} is not implemented by golive's Docker plugin: leave it out, {OFFICIAL}"
            )
        elif value is not UNKNOWN:
            yield from _value(known[name], value, path)
    for name, one in known.items():
        if one.required and name not in given:
            yield Refusal(f"{within}{name}", f"property {within}{name} is missing: give it")


def _value(wanted: Property, value: Any, path: str) -> Iterator[Refusal]:
    words, form = TYPES[wanted.kind]
    if not isinstance(value, form) or (form is int and isinstance(value, bool)):
        yield Refusal(path, f"property {path} must be {words}")
    elif wanted.only is not None and value != wanted.only:
        yield Refusal(
            path,
            f"property {path} is implemented as {str(wanted.only).lower()} only by golive's Docker plugin: "
            f"leave it out, {OFFICIAL}",
        )
    elif wanted.kind == "object":
        yield from _object(wanted.fields, value, f"{path}.")
    elif wanted.kind == "objects":
        for at, one in enumerate(value):
            if one is not UNKNOWN:
                yield from _value(Property("object", fields=wanted.fields), one, f"{path}[{at}]")
    elif wanted.kind in ("strings", "map"):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        yield from (
            Refusal(f"{path}[{at}]", f"property {path}[{at}] must be a text")
            for at, one in items
            if one is not UNKNOWN and not isinstance(one, str)
        )
    else:
        yield from _limits(wanted, value, path)


def _limits(wanted: Property, value: Any, path: str) -> Iterator[Refusal]:
    if wanted.least is not None and value < wanted.least:
        yield Refusal(path, f"property {path} must be {wanted.least} or more")
    if wanted.pattern is not None and not re.fullmatch(wanted.pattern, value):
        yield Refusal(path, f"property {path} must match {wanted.pattern}")
    if wanted.duration and duration(value) is None:
        yield Refusal(path, f"property {path} must be a duration such as 500ms, 10s or 1m30s")


def _uploads(uploads: Any) -> Iterator[Refusal]:
    if not isinstance(uploads, list):
        return
    for at, one in enumerate(uploads):
        if not isinstance(one, Mapping):
            continue
        if len({"content", "contentBase64"} & set(one)) != 1:
            yield Refusal(f"uploads[{at}]", f"property uploads[{at}] needs one of content and contentBase64")
        encoded = one.get("contentBase64")
        if isinstance(encoded, str):
            try:
                base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                yield Refusal(f"uploads[{at}].contentBase64", f"property uploads[{at}].contentBase64 is not base64")
