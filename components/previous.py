"""What the stack's last updates left running, read from the stack's own state.

Two records tell it, each written the moment it is true, so that an update which was cut short anywhere leaves them
right: the release's slots (once their containers are there) and the route's live slot (once the proxy serves it).
Stack outputs would not do: an update that fails after the route has moved leaves them as they were.

Source: the engine's own function readStackResourceOutputs, pkg/resource/deploy/builtins.go of
https://github.com/pulumi/pulumi. It takes 10 ms, also for a stack that never ran (no resources then).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.invoke import InvokeResult

from components.slots import SLOTS, Previous, Trial, from_json

RELEASE = "golive:app:Release"
ROUTE = "pulumi-python:dynamic/golive:Route"
CERTIFICATE = "pulumi-python:dynamic/golive:Certificate"
ASKED = ("golive:github:Environment", "golive:github:Protection")
READ = "pulumi:pulumi:readStackResourceOutputs"
# The engine writes the state while the program reads it, and on a file:// backend not in one stroke: the attributes
# file beside it is emptied and filled again, within about 0.1 ms. Seconds before each further try.
PAUSES = (0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class State:
    """The stack's state. `apps`: what runs, by the app's name. `reviewer_ids`: the numbers of users and teams that
    earlier updates asked GitHub for, by `user:alice` and `team:platform`.
    """

    apps: Mapping[str, Previous]
    reviewer_ids: Mapping[str, int]


def read(names: Collection[str]) -> State:
    """What is known of the apps called so. Raises RunError where the state cannot be understood."""
    resources = _resources()
    return State({name: previous(resources, name) for name in names}, reviewer_ids(resources))


def previous(resources: Mapping[str, Any], app: str = "") -> Previous:
    """What runs of `app`, from resources as the engine tells them: `{URN: {"type": …, "outputs": {…}}}`.

    Raises RunError.
    """
    release = _outputs(resources, RELEASE, f"release-{app}" if app else "release")
    route = _outputs(resources, ROUTE, f"traffic-route-{app}" if app else "traffic-route")
    live = route.get("live")
    if live not in SLOTS or not release.get("slots"):
        return Previous()
    try:
        slots = from_json(release["slots"])
    except ValueError as error:
        raise pulumi.RunError(f"The state does not tell what runs: {error}. See pulumi stack export.") from None
    # A slot whose container is another than the route was made for holds a version that never became ready.
    proven = route.get("containers") or {}
    made = release.get("containers") or {}
    there = {slot: spec for slot, spec in slots.items() if slot == live or made.get(slot) == proven.get(slot)}
    trial = Trial.of(route.get("trial")) if len(there) == len(SLOTS) else None
    images = frozenset(spec.image for spec in slots.values())
    return Previous(live, there, trial, float(route.get("warmSince") or 0), images)


def certificate() -> Mapping[str, Any]:
    """What is known of one's own certificate that the proxy has; nothing where it has none. Raises RunError."""
    return _outputs(_resources(), CERTIFICATE, "traffic-certificate")


def reviewer_ids(resources: Mapping[str, Any]) -> dict[str, int]:
    """The numbers that are known already."""
    found: dict[str, int] = {}
    for one in resources.values():
        if one.get("type") in ASKED:
            known = (one.get("outputs") or {}).get("reviewerIds") or {}
            # The engine hands numbers over as floats.
            found.update({name: int(number) for name, number in known.items()})
    return found


def _outputs(resources: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    """Of the resource of this type and name, which its URN ends with."""
    for urn, one in resources.items():
        if one.get("type") == kind and urn.rpartition("::")[2] == name:
            return one.get("outputs") or {}
    return {}


def _resources() -> Mapping[str, Any]:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    found: Mapping[str, Any] = (_read(stack).value or {}).get("outputs") or {}
    return found


def _read(stack: str, pauses: Sequence[float] = PAUSES) -> InvokeResult:
    try:
        return pulumi.runtime.invoke(READ, {"stackName": stack})
    except Exception as error:  # the SDK raises nothing narrower
        if not pauses or "failed to load checkpoint" not in str(error):
            raise pulumi.RunError(f"What runs cannot be read from the state: {error}") from None
    time.sleep(pauses[0])
    return _read(stack, pauses[1:])
