"""The two slots, blue and green, and which version runs in which: decided by one pure function.

The live slot's container is never changed in place. What is new goes into the other slot, and the route moves once it
is ready; the slot that was live stays as it is, warm, to fall back on. With a share below 100 % the new one is a
canary: the live slot stays live, and that share of the users gets the other one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Slot = Literal["blue", "green"]
SLOTS: tuple[Slot, Slot] = ("blue", "green")
ALL = 100  # percent of the users


@dataclass(frozen=True)
class Spec:
    """All that makes a slot's container. Two equal ones are the same release, whatever the slot.

    `image`: the whole reference. `secrets`: variables too, but never shown. `command`: empty for the image's own.
    `health`: the path that tells whether this version is ready; `timeout` of one answer and `stop_timeout` in seconds,
    `cpus` in cores, `memory` in MiB. What is added later needs a default, or what is stored could not be read.
    """

    version: str
    image: str
    port: int = 8080
    health: str = "/health"
    timeout: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: tuple[str, ...] = ()
    cpus: float | None = None
    memory: int | None = None
    read_only: bool = False
    restart: str = "unless-stopped"
    stop_timeout: int = 30
    log_size: str = "10m"
    log_files: int = 3

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Spec:
        """From what `asdict` made; keys of a later golive are left out. Raises TypeError where one is missing."""
        known = {one.name for one in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        return cls(**{**kept, "command": tuple(kept.get("command", ()))})


@dataclass(frozen=True)
class Previous:
    """What runs: the live slot (None: nothing was ever released) and what each occupied slot was made from.

    `canary`: the percentage of users who get the slot that is not live; 0: none.
    """

    live: Slot | None = None
    slots: Mapping[Slot, Spec] = field(default_factory=dict)
    canary: int = 0

    @property
    def live_spec(self) -> Spec | None:
        """What the users get."""
        return self.slots.get(self.live) if self.live else None


@dataclass(frozen=True)
class Plan:
    """What shall run. `live` None: nothing. `canary`: as before. `words`: what moves, for a person."""

    live: Slot | None
    slots: Mapping[Slot, Spec]
    canary: int = 0
    words: str = field(default="", compare=False)

    @property
    def warm(self) -> Slot | None:
        """The slot that is kept to fall back on."""
        return self._second if not self.canary else None

    @property
    def trial(self) -> Slot | None:
        """The slot that gets the canary's share."""
        return self._second if self.canary else None

    @property
    def _second(self) -> Slot | None:
        return other(self.live) if self.live and other(self.live) in self.slots else None


def other(slot: Slot) -> Slot:
    """Green for blue, blue for green."""
    return "green" if slot == "blue" else "blue"


class CanaryError(ValueError):
    """Something else is wanted while a canary is under way. The message says which, and how to end it."""


def plan(previous: Previous, wanted: Spec | None, share: int = 100) -> Plan:
    """Which slot gets what. Pure, and planning again moves nothing.

    `wanted` None: what runs keeps running. `share`: the percentage of users who are to get it, if it is not live yet.
    Raises CanaryError where the slot that it needs is a canary's, which has users.
    """
    made = _placed(previous, wanted, share)
    if previous.canary and made.slots != previous.slots:
        raise CanaryError(_under_way(previous))
    return Plan(made.live, made.slots, made.canary, _words(previous, made))


def _placed(previous: Previous, wanted: Spec | None, share: int) -> Plan:
    live, slots = previous.live, dict(previous.slots)
    if wanted is None:
        return Plan(live, slots, previous.canary) if live else Plan(None, {})
    if live is None:  # nobody to compare with: all of the users get it
        return Plan(SLOTS[0], {SLOTS[0]: wanted})
    if wanted == slots.get(live):
        return Plan(live, slots)
    # A second slot that holds it already is left as it is: only the route moves.
    second = other(live)
    slots[second] = wanted
    return Plan(live, slots, share) if share < ALL else Plan(second, slots)


def _under_way(previous: Previous) -> str:
    assert previous.live  # noqa: S101 - for the type checker: without one there is no canary
    live, trial = previous.slots[previous.live], previous.slots[other(previous.live)]
    return (
        f"a canary of {trial.version} has {previous.canary} % of the users, and its slot is needed. End it first: set "
        f"golive:version to {live.version} to take it back, or to {trial.version} with golive:canary 100 to keep it."
    )


def _words(previous: Previous, made: Plan) -> str:
    """`blue v1.4.0 live → warm, green v1.5.0 idle → live`."""
    said = [_slot_words(slot, previous, made) for slot in SLOTS if slot in made.slots]
    return ", ".join(said) or "nothing runs"


def _role(slot: Slot, runs: Previous | Plan) -> str:
    if slot == runs.live:
        return "live"
    return f"canary {runs.canary} %" if runs.canary else "warm"


def _slot_words(slot: Slot, previous: Previous, made: Plan) -> str:
    before, after = previous.slots.get(slot), made.slots[slot]
    now = _role(slot, made)
    if before is None or previous.live is None:
        return f"{slot} {after.version} idle → {now}"
    was = _role(slot, previous)
    if before.version != after.version:
        return f"{slot} {before.version} {was} → {after.version} {now}"
    settings = " with other settings" if before != after else ""
    moved = f"{was} → {now}" if was != now or settings else f"stays {now}"
    return f"{slot} {after.version} {moved}{settings}"


def to_json(slots: Mapping[Slot, Spec]) -> str:
    """The slots as text, secrets in clear: only ever for a secret output."""
    return json.dumps({slot: asdict(spec) for slot, spec in slots.items()}, sort_keys=True)


def from_json(text: str) -> dict[Slot, Spec]:
    """The slots of `to_json`. Raises ValueError for anything else."""
    try:
        values = json.loads(text)
        return {slot: Spec.of(values[slot]) for slot in SLOTS if values.get(slot)}
    except (TypeError, AttributeError) as error:
        raise ValueError(f"these are no slots: {type(error).__name__}") from None
