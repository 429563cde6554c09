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
from typing import Any

import pulumi
from pulumi.runtime.invoke import InvokeResult

from components.slots import SLOTS, Previous, Trial, from_json

RELEASE = "golive:app:Release"
ROUTE = "pulumi-python:dynamic/golive:Route"
ASKED = ("golive:github:Environment", "golive:github:Protection")
READ = "pulumi:pulumi:readStackResourceOutputs"
# The engine writes the state while the program reads it, and on a file:// backend not in one stroke: the attributes
# file beside it is emptied and filled again, within about 0.1 ms. Seconds before each further try.
PAUSES = (0.05, 0.1, 0.2, 0.4)


def previous() -> Previous:
    """What runs, as far as the state knows. Raises RunError where the state cannot be understood."""
    return from_resources(_resources())


def from_resources(resources: Collection[Any]) -> Previous:
    """From resources as the engine tells them: `{"type": …, "outputs": {…}}` each. Raises RunError."""
    release = _outputs(resources, RELEASE)
    route = _outputs(resources, ROUTE)
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
    return Previous(live, there, trial, float(route.get("warmSince") or 0))


def _outputs(resources: Collection[Any], kind: str) -> Mapping[str, Any]:
    return next((one.get("outputs") or {} for one in resources if one.get("type") == kind), {})


def reviewer_ids() -> dict[str, int]:
    """The numbers of users and teams that earlier updates asked GitHub for, by `user:alice` and `team:platform`."""
    found: dict[str, int] = {}
    for one in _resources():
        if one.get("type") in ASKED:
            known = (one.get("outputs") or {}).get("reviewerIds") or {}
            # The engine hands numbers over as floats.
            found.update({name: int(number) for name, number in known.items()})
    return found


def _resources() -> Collection[Any]:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = _read(stack).value or {}
    return list((answer.get("outputs") or {}).values())


def _read(stack: str, pauses: Sequence[float] = PAUSES) -> InvokeResult:
    try:
        return pulumi.runtime.invoke(READ, {"stackName": stack})
    except Exception as error:  # the SDK raises nothing narrower
        if not pauses or "failed to load checkpoint" not in str(error):
            raise pulumi.RunError(f"What runs cannot be read from the state: {error}") from None
    time.sleep(pauses[0])
    return _read(stack, pauses[1:])
