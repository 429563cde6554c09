"""The proxy's route file: which requests reach which slot. Pure: text in, text out.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/file/
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from components.closed import closed
from components.routereading import CANDIDATE, ROUTE_HEADER, parsed, serving
from components.slots import ALL, SLOTS, Slot, Trial, numbered, other
from components.way import EVERY_REQUEST, SLOT_HEADER, Way

FOLDER = "/etc/golive/routes"  # where the proxy looks for it, in its container
EXPERIMENT_HEADER = "X-Golive-Experiment"  # answered, where asked for: the two versions that are compared
HEAD = "# Written by golive: the next `pulumi up` puts back what is changed here by hand.\n"
# Which router counts where several fit, however long its host name makes its rule.
EVERYONE, GROUP, CLOSED, TESTERS = 1, 100, 500, 1000
# Traefik sends a request again only if not one byte of it had been sent: nobody listened there. So it is safe for a
# POST too. 12 attempts, 100 to 200 ms apart, last 1.6 s: longer than the check takes to find out that a slot is gone.
AGAIN = {"retry": {"attempts": 12, "initialInterval": "100ms"}}
# A container that is gone refuses nothing: neither its name nor its address answers. On one network a connection is
# made within a millisecond, so ask again soon instead. And the proxy drops its idle connections sooner than apps do
# (Node after 5 s): never does it send a request into a connection that is just being closed.
DIAL = {"forwardingTimeouts": {"dialTimeout": "250ms", "idleConnTimeout": "1s"}}
# After each new file a server counts as up until its next check, and a slot that died until then gets requests.
CHECKED_EVERY = "500ms"


@dataclass(frozen=True)
class Target:
    """Where a slot is reached inside the network, and its health path. `timeout`: of one answer, in seconds.

    `name`: the first container's; `replicas`: how many there are.
    """

    name: str
    port: int
    health: str
    timeout: int = 1
    replicas: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """All of its containers."""
        return tuple(numbered(self.name, number) for number in range(self.replicas))


@dataclass(frozen=True)
class Served:
    """Whom the file sends where: everyone to `live`, those of `trial` to the other slot, and all while `live` is down.

    `way`: which requests are for the app. `versions`: by slot. `tell`: whether the answers name the two versions of an
    experiment. `closed`: nobody is let in, and the answer says in how many seconds to come back. `page`: where the page
    is that they are shown then; None: none.
    """

    live: Slot
    targets: Mapping[Slot, Target]
    way: Way = EVERY_REQUEST
    versions: Mapping[Slot, str] = field(default_factory=dict)
    trial: Trial | None = None
    tell: bool = False
    closed: int | None = None
    page: str | None = None

    @property
    def second(self) -> Slot | None:
        """The slot that is not live."""
        return other(self.live) if other(self.live) in self.targets else None

    def router(self, priority: int, service: str, middlewares: list[str], rule: str = "") -> dict[str, Any]:
        """A router for those of the app's requests that fit `rule`."""
        return _router(self.way, priority, service, middlewares, rule, *(one.health for one in self.targets.values()))


def keeper(proxy: str) -> str:
    """The name of the container that keeps the file for the service `proxy` of a swarm."""
    return f"{proxy}-routes"


def route_file(served: Served) -> str:
    """The file as text.

    A request with the header X-Golive-Slot reaches the slot it names, whoever else does, and its answer carries that
    header and the file's revision. In a trial by share each user stays on one side. Either slot stands in for the other
    while that one is not healthy.
    """
    slots = [slot for slot in SLOTS if slot in served.targets]
    routers, services, middlewares = _everyone(served)
    services |= {slot: _service(served.targets[slot], checked=True) for slot in slots}
    if served.closed is not None:
        found, way = closed(served.closed, served.page)
        routers["closed"] = served.router(CLOSED, "nobody", list(way))
        services, middlewares = services | found, middlewares | way
    for slot in slots:
        routers[f"tester-{slot}"] = _tester(slot, slot, served.targets[slot], served.way, TESTERS)
    document = {
        "http": {
            "routers": routers,
            "middlewares": middlewares,
            "services": services,
            "serversTransports": {"slots": DIAL},
        }
    }
    return _text(document, {f"tester-{slot}": slot for slot in slots})


def with_candidate(present: str, slot: Slot, target: Target, way: Way = EVERY_REQUEST) -> str:
    """`present` as it is, and beside it a way to `slot` for those who ask for it by header. "": nothing was there.

    The candidate is not checked by the proxy: its own answers shall be seen, the bad ones too. Raises ValueError where
    `present` is no route file.
    """
    document = parsed(present) or {"http": {}}
    http = document["http"]
    for section in ("routers", "middlewares", "services", "serversTransports"):
        http[section] = dict(http.get(section) or {})
    # The probe's connections go soon, too: else the slot would never count as drained.
    http["serversTransports"]["slots"] = DIAL
    http["routers"][CANDIDATE] = _tester(slot, CANDIDATE, target, way, TESTERS + 1)
    http["services"][CANDIDATE] = _service(target, checked=False)
    return _text(document, {CANDIDATE: slot})


def renewed(text: str, number: int) -> str:
    """`text` with something new of no consequence: the proxy goes by a file anew only where it says something else.

    Raises ValueError where `text` is no route file.
    """
    document = parsed(text) or {"http": {}}
    again = {**(document["http"].get("middlewares") or {}), "renewed": _answering({"X-Golive-Renewed": f"{number}"})}
    return HEAD + yaml.safe_dump({"http": {**document["http"], "middlewares": again}}, sort_keys=False, width=1000)


def shows(present: str, slot: Slot, target: Target, way: Way = EVERY_REQUEST) -> bool:
    """Whether `present` leads testers to `target` in `slot`, whoever else gets there. Raises ValueError."""
    http = (parsed(present) or {}).get("http") or {}
    routers, services = http.get("routers") or {}, http.get("services") or {}
    tester = _tester(slot, slot, target, way, TESTERS)
    return routers.get(f"tester-{slot}") == tester and services.get(slot) == _service(target, checked=True)


def without(present: str, slot: Slot) -> str:
    """`present` with nothing that leads to `slot`; as it is where that one has users, or is not there.

    Raises ValueError where `present` is no route file.
    """
    document, there = parsed(present), serving(present)
    http = (document or {}).get("http") or {}
    if document is None or not there or slot in there or slot not in (http.get("services") or {}):
        return present
    http["routers"]["app"]["service"] = there[0]
    for section, name in (("services", "app"), ("services", slot), ("routers", f"tester-{slot}"),
                          ("middlewares", f"tester-{slot}")):  # fmt: skip
        http[section].pop(name, None)
    for section in ("routers", "services", "middlewares"):
        http[section].pop(CANDIDATE, None)
    return _text(document, {f"tester-{one}": one for one in there})


def _everyone(served: Served) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Routers, services and middlewares by which the users go."""
    live, second, trial = served.live, served.second, served.trial
    middlewares: dict[str, Any] = {"again": AGAIN}
    if not second:
        return {"app": served.router(EVERYONE, live, ["again"])}, {}, middlewares
    on_the_way = ["again"]
    if trial and served.tell:
        on_the_way.append("compared")
        middlewares["compared"] = _answering(
            {EXPERIMENT_HEADER: f"{served.versions[live]}, {served.versions[second]} ({trial.whom})"}
        )
    routers = {"app": served.router(EVERYONE, "app", on_the_way)}
    services: dict[str, Any] = {"app": _failover(live, second)}
    if trial and trial.percent:
        services["app"] = _shared(served, second, trial)
    elif trial:
        routers["group"] = served.router(GROUP, "group", on_the_way, _group(trial))
        services["group"] = _failover(second, live)
    return routers, services, middlewares


def _text(document: dict[str, Any], told: Mapping[str, Slot]) -> str:
    """With the middlewares that tell slot and revision; the revision is of all the rest."""
    told_without = json.dumps([document, dict(told)], sort_keys=True)
    number = hashlib.sha256(told_without.encode()).hexdigest()[:12]
    for name, slot in told.items():
        document["http"]["middlewares"][name] = _answering({SLOT_HEADER: slot, ROUTE_HEADER: number})
    return HEAD + yaml.safe_dump(document, sort_keys=False, width=1000)


def _answering(headers: Mapping[str, str]) -> dict[str, Any]:
    return {"headers": {"customResponseHeaders": dict(headers)}}


def _failover(service: Slot, fallback: Slot) -> dict[str, Any]:
    return {"failover": {"service": service, "fallback": fallback}}


def _shared(served: Served, second: Slot, trial: Trial) -> dict[str, Any]:
    """With a cookie by which a user stays on one side, of its own for each pair of versions: with one that is left over
    from the trial before, all who had stayed on the live slot would be on the other side if the slots have changed."""
    pair = json.dumps([served.live, dict(served.versions)], sort_keys=True)
    name = f"golive-{hashlib.sha256(pair.encode()).hexdigest()[:8]}"
    return {
        "weighted": {
            "services": [
                {"name": served.live, "weight": ALL - trial.percent},
                {"name": second, "weight": trial.percent},
            ],
            "sticky": {"cookie": {"name": name, "httpOnly": True, "sameSite": "lax"}},
            "healthCheck": {},
        }
    }


def _group(trial: Trial) -> str:
    """The rule for those of an experiment by header or cookie."""
    if trial.header:
        return f"Header(`{trial.header}`, `{trial.value}`)"
    return rf"HeaderRegexp(`Cookie`, `(^|;\s*){re.escape(trial.cookie)}={re.escape(trial.value)}(;|$)`)"


def _router(way: Way, priority: int, service: str, middlewares: list[str], rule: str, *healths: str) -> dict[str, Any]:
    who = way.rule(*healths)
    return {
        "rule": f"{who} && {rule}" if rule else who,
        "priority": way.priority + priority,
        "service": service,
        "middlewares": [*middlewares],  # a list that is shared would be written as an anchor
    }


def _tester(slot: Slot, name: str, target: Target, way: Way, priority: int) -> dict[str, Any]:
    told = name if name == CANDIDATE else f"tester-{slot}"
    return _router(way, priority, name, [told], f"Header(`{SLOT_HEADER}`, `{slot}`)", target.health)


def _service(target: Target, *, checked: bool) -> dict[str, Any]:
    servers = [{"url": f"http://{name}:{target.port}"} for name in target.names]
    balancer: dict[str, Any] = {"servers": servers, "serversTransport": "slots"}
    if checked:
        balancer["healthCheck"] = {
            "path": _literal(target.health),
            "interval": CHECKED_EVERY,
            "timeout": f"{target.timeout}s",
        }
    return {"loadBalancer": balancer}


def _literal(path: str) -> str:
    """Traefik runs the file as a template first: braces in a path are to be written as a URI has them anyway."""
    return path.replace("{", "%7B").replace("}", "%7D")
