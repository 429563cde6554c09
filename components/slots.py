"""The two slots, blue and green: what may run in them, and who gets it. Plain data; choice.py decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Slot = Literal["blue", "green"]
SLOTS: tuple[Slot, Slot] = ("blue", "green")
SWARM = "swarm"  # the engine whose slots are services
ALL = 100  # percent of the users


@dataclass(frozen=True)
class Spec:
    """All that makes a slot's container. Two equal ones are the same release, whatever the slot.

    `image`: the whole reference. `secrets`: variables too, but never shown. `command`: empty for the image's own.
    `health`: the path that tells whether this version is ready; `timeout` of one answer and `stop_timeout` in seconds,
    `cpus` in cores, `memory` in MiB. `engine`: docker or swarm; only there are `placement` and `parallelism` of use.
    What is added later needs a default, or what is stored could not be read.
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
    replicas: int = 1
    engine: str = "docker"
    placement: tuple[str, ...] = ()
    parallelism: int = 1

    @property
    def digest(self) -> str:
        """Tells it from any other one. A field that a later golive adds changes it only where it is set."""
        said = {name: value for name, value in asdict(self).items() if value != DEFAULTS.get(name)}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Spec:
        """From what `asdict` made; keys of a later golive are left out. Raises TypeError where one is missing."""
        known = {one.name for one in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        return cls(**{**kept, **{key: tuple(kept.get(key, ())) for key in ("command", "placement")}})


DEFAULTS = asdict(Spec("", ""))


@dataclass(frozen=True)
class Trial:
    """Who gets the slot that is not live: `percent` of the users, or those whose `header` or `cookie` has `value`.

    A canary is meant to grow until it is live; an `experiment` stays as it is beside the live version.
    """

    percent: int = 0
    header: str = ""
    cookie: str = ""
    value: str = ""
    experiment: bool = False

    @property
    def whom(self) -> str:
        """In words: `10 %`, `X-Group: b`, `cookie group=b`."""
        if self.header:
            return f"{self.header}: {self.value}"
        return f"cookie {self.cookie}={self.value}" if self.cookie else f"{self.percent} %"

    def __str__(self) -> str:
        return f"{'experiment' if self.experiment else 'canary'} {self.whom}"

    def props(self) -> dict[str, Any]:
        """As a resource's inputs."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any] | None) -> Trial | None:
        """From a resource's inputs, whose numbers the engine hands over as floats."""
        return cls(**{**values, "percent": int(values["percent"])}) if values else None


@dataclass(frozen=True)
class Previous:
    """What runs: the live slot (None: nothing was ever released) and what each occupied slot was made from.

    `trial`: who gets the slot that is not live; None: nobody. `warm_since`: when that slot was last of use to anyone,
    in seconds since 1970; 0: not known. `images`: of all that was put into a slot, what never became ready among it.
    """

    live: Slot | None = None
    slots: Mapping[Slot, Spec] = field(default_factory=dict)
    trial: Trial | None = None
    warm_since: float = 0
    images: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def live_spec(self) -> Spec | None:
        """What the users get."""
        return self.slots.get(self.live) if self.live else None


@dataclass(frozen=True)
class Plan:
    """What shall run. `live` None: nothing. `trial`: as before. `words`: what moves, for a person."""

    live: Slot | None
    slots: Mapping[Slot, Spec]
    trial: Trial | None = None
    words: str = field(default="", compare=False)

    @property
    def warm(self) -> Slot | None:
        """The slot that is kept to fall back on."""
        return self._second if not self.trial else None

    @property
    def tried(self) -> Slot | None:
        """The slot that is on trial."""
        return self._second if self.trial else None

    @property
    def _second(self) -> Slot | None:
        return other(self.live) if self.live and other(self.live) in self.slots else None


def other(slot: Slot) -> Slot:
    """Green for blue, blue for green."""
    return "green" if slot == "blue" else "blue"


def numbered(name: str, number: int) -> str:
    """The name of a slot's replica: `shop-blue` for 0, `shop-blue-2` for 1."""
    return f"{name}-{number + 1}" if number else name


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
