"""What a route file says, also one that an earlier golive wrote. Pure: text in, facts out; routefile.py writes it."""

from __future__ import annotations

from typing import Any

import yaml

from components.slots import SLOTS, Slot

ROUTE_HEADER = "X-Golive-Route"  # answered: which revision of the file the proxy serves
CANDIDATE = "candidate"  # the slot that is being asked whether it is ready


def live_slot(text: str) -> Slot | None:
    """The slot to which `text` sends everyone, None if it sends nobody anywhere. Raises ValueError."""
    return next(iter(serving(text)), None)


def serving(text: str) -> tuple[Slot, ...]:
    """The slots to which `text` sends users while all are healthy, the live one first. Raises ValueError."""
    http = (parsed(text) or {}).get("http") or {}
    named: list[Any] = []
    for router in ("app", "group"):
        service = ((http.get("routers") or {}).get(router) or {}).get("service")
        found = (http.get("services") or {}).get(service) or {}
        shares = (found.get("weighted") or {}).get("services")
        named += [one["name"] for one in shares] if shares else [(found.get("failover") or {}).get("service", service)]
    return tuple(slot for name in named for slot in SLOTS if slot == name)


def revision(text: str) -> str:
    """What the proxy answers in X-Golive-Route once it serves `text`. Raises ValueError."""
    middlewares = ((parsed(text) or {}).get("http") or {}).get("middlewares") or {}
    # Of a candidate and the routes that were there before it, the candidate is what was written last.
    for name in (CANDIDATE, *(f"tester-{slot}" for slot in SLOTS)):
        if found := middlewares.get(name):
            return str(found["headers"]["customResponseHeaders"][ROUTE_HEADER])
    return ""


def parsed(text: str) -> dict[str, Any] | None:
    """The file as a mapping with the key `http`, None if there is nothing in it. Raises ValueError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError("the route file is no YAML") from None
    if document is None:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("http"), dict):
        raise ValueError("the route file has no routes")
    return document
