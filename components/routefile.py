"""The proxy's route file: which requests reach which slot. Pure: text in, text out.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/file/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.slots import SLOTS, Slot

SLOT_HEADER = "X-Golive-Slot"  # asked: which slot; answered: which slot it was
ROUTE_HEADER = "X-Golive-Route"  # answered: which revision of the file the proxy serves
CANDIDATE = "candidate"  # the slot that is being asked whether it is ready
HEAD = "# Written by golive: the next `pulumi up` puts back what is changed here by hand.\n"
TESTERS = 1000  # before the main route, however long its host name makes that one's rule
# Traefik sends a request again only if not one byte of it had been sent: nobody listened there. So it is safe for a
# POST too. 12 attempts, 100 to 200 ms apart, last 1.6 s: longer than the check takes to find out that a slot is gone.
AGAIN = {"retry": {"attempts": 12, "initialInterval": "100ms"}}
# A container that is gone refuses nothing: neither its name nor its address answers. Ask again soon instead.
DIAL = {"forwardingTimeouts": {"dialTimeout": "1s"}}


@dataclass(frozen=True)
class Target:
    """Where a slot is reached inside the network, and its health path. `timeout`: of one answer, in seconds."""

    name: str
    port: int
    health: str
    timeout: int = 1


def route_file(
    live: Slot,
    targets: Mapping[Slot, Target],
    host: str | None = None,
    canary: int = 0,
    versions: Mapping[Slot, str] | None = None,
) -> str:
    """The file in full service: all requests to `live`, or to the other slot, if there is one, while it is not healthy.

    `host`: only requests with this host name; None: all. A request with the header X-Golive-Slot reaches the slot it
    names, and its answer carries that header and the file's revision. `canary`: this percentage of the users gets the
    other slot instead, each of them always the same one; those of a slot that is not healthy get the other one.
    `versions`: of the slots, for the name of the cookie.
    """
    warm = next((slot for slot in targets if slot != live), None)
    routers: dict[str, Any] = {
        "app": {"rule": _rule(host), "priority": 1, "service": "app" if warm else live, "middlewares": ["again"]}
    }
    services: dict[str, Any] = {slot: _service(targets[slot], checked=True) for slot in SLOTS if slot in targets}
    if warm:
        shares = [{"name": live, "weight": 100 - canary}, {"name": warm, "weight": canary}]
        services["app"] = (
            {"weighted": {"services": shares, "sticky": _sticky(live, versions or {}), "healthCheck": {}}}
            if canary
            else {"failover": {"service": live, "fallback": warm}}
        )
    middlewares: dict[str, Any] = {"again": AGAIN}
    for slot in (one for one in SLOTS if one in targets):
        routers[f"tester-{slot}"] = _tester(slot, slot, host, TESTERS)
    document = {
        "http": {
            "routers": routers,
            "middlewares": middlewares,
            "services": services,
            "serversTransports": {"slots": DIAL},
        }
    }
    return _text(document, {f"tester-{slot}": slot for slot in SLOTS if slot in targets})


def with_candidate(present: str, slot: Slot, target: Target, host: str | None = None) -> str:
    """`present` as it is, and beside it a way to `slot` for those who ask for it by header. "": nothing was there.

    The candidate is not checked by the proxy: its own answers shall be seen, the bad ones too. Raises ValueError where
    `present` is no route file.
    """
    document = parsed(present) or {"http": {}}
    http = document["http"]
    for section in ("routers", "middlewares", "services"):
        http[section] = dict(http.get(section) or {})
    http["routers"][CANDIDATE] = _tester(slot, CANDIDATE, host, TESTERS + 1)
    http["services"][CANDIDATE] = _service(target, checked=False)
    return _text(document, {CANDIDATE: slot})


def live_slot(text: str) -> Slot | None:
    """The slot to which `text` sends everyone, None if it sends nobody anywhere. Raises ValueError."""
    return next(iter(serving(text)), None)


def serving(text: str) -> tuple[Slot, ...]:
    """The slots to which `text` sends users while all are healthy, the live one first. Raises ValueError."""
    http = (parsed(text) or {}).get("http") or {}
    service = ((http.get("routers") or {}).get("app") or {}).get("service")
    app = (http.get("services") or {}).get(service) or {}
    shares = (app.get("weighted") or {}).get("services")
    named = [one["name"] for one in shares] if shares else [(app.get("failover") or {}).get("service", service)]
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


def _text(document: dict[str, Any], told: Mapping[str, Slot]) -> str:
    """With the middlewares that tell slot and revision; the revision is of all the rest."""
    told_without = json.dumps([document, dict(told)], sort_keys=True)
    number = hashlib.sha256(told_without.encode()).hexdigest()[:12]
    for name, slot in told.items():
        headers = {SLOT_HEADER: slot, ROUTE_HEADER: number}
        document["http"]["middlewares"][name] = {"headers": {"customResponseHeaders": headers}}
    return HEAD + yaml.safe_dump(document, sort_keys=False, width=1000)


def _sticky(live: Slot, versions: Mapping[Slot, str]) -> dict[str, Any]:
    """A cookie by which a user stays on one side, of its own for each pair of versions: with one that is left over from
    the canary before, all who had stayed on the live slot then would be the canary's now, if the slots have changed."""
    pair = json.dumps([live, dict(versions)], sort_keys=True)
    name = f"golive-{hashlib.sha256(pair.encode()).hexdigest()[:8]}"
    return {"cookie": {"name": name, "httpOnly": True, "sameSite": "lax"}}


def _rule(host: str | None) -> str:
    return f"Host(`{host}`)" if host else "PathPrefix(`/`)"


def _tester(slot: Slot, name: str, host: str | None, priority: int) -> dict[str, Any]:
    rule = f"{_rule(host)} && Header(`{SLOT_HEADER}`, `{slot}`)"
    told = name if name == CANDIDATE else f"tester-{slot}"
    return {"rule": rule, "priority": priority, "service": name, "middlewares": [told]}


def _service(target: Target, *, checked: bool) -> dict[str, Any]:
    balancer: dict[str, Any] = {"servers": [{"url": f"http://{target.name}:{target.port}"}]}
    if checked:
        # After each new file a server counts as up until its next check, so the interval is short.
        balancer["serversTransport"] = "slots"
        balancer["healthCheck"] = {"path": _literal(target.health), "interval": "1s", "timeout": f"{target.timeout}s"}
    return {"loadBalancer": balancer}


def _literal(path: str) -> str:
    """Traefik runs the file as a template first: braces in a path are to be written as a URI has them anyway."""
    return path.replace("{", "%7B").replace("}", "%7D")
