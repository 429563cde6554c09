"""Property values as they travel between the Pulumi engine and its plugins: a Struct with signatures for secrets.

Source: sdk/go/common/resource/properties.go and sdk/go/common/resource/plugin/rpc.go of
https://github.com/pulumi/pulumi
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of a secret, not one
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SHORTEST = 3  # characters: a shorter secret would blacken every text it happens to occur in


class Unknown:
    """Stands for a value that only a real update brings."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Properties:
    """Plain values, the names of those that hold a secret anywhere in them, and the secret texts themselves."""

    values: dict[str, Any]
    secret: frozenset[str] = frozenset()
    secret_texts: frozenset[str] = frozenset()


def decode(struct: struct_pb2.Struct) -> Properties:
    """Values without marks: None left out, whole numbers as int, UNKNOWN for what is not known yet."""
    values: dict[str, Any] = {}
    secret: set[str] = set()
    texts: set[str] = set()
    for name, sent in struct.fields.items():
        found: list[Any] = []
        value = _value(sent, found)
        if value is not None:
            values[name] = value
        if found:
            secret.add(name)
            texts.update(text for one in found for text in _texts(one))
    return Properties(values, frozenset(secret), frozenset(texts))


def encode(values: Mapping[str, Any], secret: Collection[str] = ()) -> struct_pb2.Struct:
    """The Struct of `values`; each one named in `secret` is marked so as a whole. None is left out."""
    struct = struct_pb2.Struct()
    for name, value in values.items():
        if value is not None:
            plain = _plain(value)
            struct[name] = {SIGNATURE: SECRET, "value": plain} if name in secret else plain
    return struct


def contains_unknown(value: Any) -> bool:
    """Whether anything in `value` is UNKNOWN."""
    if isinstance(value, Mapping):
        return any(contains_unknown(one) for one in value.values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(one) for one in value)
    return value is UNKNOWN


def _value(sent: struct_pb2.Value, secrets: list[Any]) -> Any:
    kind = sent.WhichOneof("kind")
    if kind == "struct_value":
        return _struct(sent.struct_value, secrets)
    if kind == "list_value":
        return [_value(one, secrets) for one in sent.list_value.values]
    if kind == "string_value":
        return UNKNOWN if sent.string_value == UNKNOWN_TEXT else sent.string_value
    if kind == "number_value":
        return int(sent.number_value) if sent.number_value.is_integer() else sent.number_value
    return sent.bool_value if kind == "bool_value" else None


def _struct(sent: struct_pb2.Struct, secrets: list[Any]) -> Any:
    mark = sent.fields[SIGNATURE].string_value if SIGNATURE in sent.fields else None
    if mark is None:
        held = {name: _value(one, secrets) for name, one in sent.fields.items()}
        return {name: one for name, one in held.items() if one is not None}
    if mark not in (SECRET, OUTPUT):
        raise ValueError("assets, archives and references to resources are not property values of Docker resources")
    value = _value(sent.fields["value"], secrets) if "value" in sent.fields else UNKNOWN
    if mark == SECRET or ("secret" in sent.fields and sent.fields["secret"].bool_value):
        secrets.append(value)
    return value


def _texts(value: Any) -> Iterator[str]:
    """The strings in a secret, and of NAME=VALUE, as environment variables are given, the value too."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield from (text for text in (value, value.partition("=")[2]) if len(text) >= SHORTEST)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return UNKNOWN_TEXT if value is UNKNOWN else value
