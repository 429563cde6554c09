"""One form for values that mean the same, so that comparing them finds real changes only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from toolchain.docker_plugin.properties import Property
from toolchain.docker_plugin.wire import contains_unknown

NANOSECONDS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


def duration(text: str) -> int | None:
    """Nanoseconds of a Go duration ("1m30s"); None where it is none. Source: https://pkg.go.dev/time#ParseDuration"""
    if text == "0":
        return 0
    parts = PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return round(sum(float(number) * NANOSECONDS[unit] for number, unit in parts))


def written(nanoseconds: int) -> str:
    """The duration text of `nanoseconds`, as Go writes it for whole milliseconds."""
    seconds, rest = divmod(nanoseconds, 10**9)
    if not seconds and rest:
        return f"{rest / 10**6:g}ms"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    spoken = f"{seconds + rest / 10**9:g}s"
    return f"{hours}h{minutes}m{spoken}" if hours else f"{minutes}m{spoken}" if minutes else spoken


def canonical(meant: Property, value: Any) -> Any:
    """`value` with defaults filled in, order taken out where it means nothing, and nothing for empty."""
    if value is None:
        value = meant.default
    if contains_unknown(value):
        return value
    if meant.kind == "object" and isinstance(value, Mapping):
        return _object(meant, value)
    if meant.kind in ("objects", "strings") and isinstance(value, list):
        items = [_object(meant, one) for one in value] if meant.kind == "objects" else [str(one) for one in value]
        return (sorted(items, key=_order) if meant.unordered else items) or None
    if meant.kind == "map" and isinstance(value, Mapping):
        return {name: str(one) for name, one in value.items()} or None
    return _text(meant, value) if isinstance(value, str) else value


def _text(meant: Property, value: str) -> Any:
    if meant.decimal:
        return Decimal(value or 0) or None
    return duration(value) if meant.duration else value or None


def same(meant: Property, one: Any, other: Any) -> bool:
    """Whether both values mean the same; of ports, one side may leave the outer port to the engine."""
    if contains_unknown(one) or contains_unknown(other):
        return False
    left, right = canonical(meant, one), canonical(meant, other)
    if "external" in meant.fields and left and right and len(left) == len(right):
        left, right = _without_free_ports(left, right), _without_free_ports(right, left)
    return bool(left == right)


def _object(meant: Property, value: Mapping[str, Any]) -> dict[str, Any]:
    held = {name: canonical(one, value.get(name)) for name, one in meant.fields.items()}
    if "drops" in held:
        held = {name: sorted(map(_capability, one)) if one else None for name, one in held.items()}
    return {name: one for name, one in held.items() if one is not None}


def _capability(name: str) -> str:
    return name.upper().removeprefix("CAP_")


def _order(item: Any) -> str:
    # the outer port last: it may be the engine's choice on one side, and the same ports should still meet
    if isinstance(item, Mapping):
        return json.dumps(
            [(key, one) for key, one in sorted(item.items(), key=lambda pair: (pair[0] == "external", pair))]
        )
    return str(item)


def _without_free_ports(these: list[dict[str, Any]], those: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in mine.items() if name != "external" or other.get("external")}
        for mine, other in zip(these, those, strict=True)
    ]
